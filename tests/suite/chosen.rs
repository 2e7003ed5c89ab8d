//! Which targets a run has: those that are named, those of a folder, those that suit the dump, and those that `init` writes.

use std::path::{Path, PathBuf};

use pgrehearse::rehearsal::Verdict;

use crate::support::home::findings;
use crate::support::{Home, Ran, Server, dump, images, with_statements};

/// `run` in the home's own folder, as somebody types it there.
fn run(home: &Home, dump: &Path, arguments: &[&str]) -> Ran {
    run_with_images(home, images::REPOSITORY, dump, arguments)
}

fn run_with_images(home: &Home, repository: &str, dump: &Path, arguments: &[&str]) -> Ran {
    let mut command = home.command(dump, &[]);
    command.args(["--image-repository", repository]).args(arguments).current_dir(home.path(""));
    home.finish(&mut command)
}

fn targets(ran: &Ran) -> Vec<(String, Verdict)> {
    let report = ran.report.as_ref().unwrap_or_else(|| panic!("{}", ran.stderr));
    report.targets.iter().map(|target| (target.target.clone(), target.verdict)).collect()
}

#[test]
fn where_nothing_is_named_the_set_suits_the_dump() {
    let home = Home::new();
    let ran = run(&home, &dump(17, "small.dump"), &[]);
    ran.expect(0);
    let names = ["docker-default", "next-major", "rds-like", "same-as-source"];
    assert_eq!(targets(&ran), names.map(|name| (name.to_owned(), Verdict::Pass)));
    assert!(
        ran.stderr.contains(
            "pgrehearse: no -p is given and there is no folder pgrehearse/ or profiles/ here, so what suits this dump: \
             same-as-source (PostgreSQL 17), docker-default (PostgreSQL 17), rds-like (PostgreSQL 17), next-major \
             (PostgreSQL 18)\n"
        ),
        "{}",
        ran.stderr
    );
    assert!(!ran.stdout.contains("does not say its locale"), "an archive says it: {}", ran.stdout);
    // Which set that is says the dump, whether there are images of it or not.
    newest_dump_has_its_set("localhost:1/none", 3);
}

#[test]
#[ignore = "the whole product of majors: scripts/test --full"]
fn full_where_nothing_is_named_a_dump_of_the_newest_version_comes_back_in_the_set_that_suits_it() {
    newest_dump_has_its_set(images::REPOSITORY, 0);
}

/// Nothing older than the dump, and no version after the newest.
fn newest_dump_has_its_set(repository: &str, code: i32) {
    let home = Home::new();
    let ran = run_with_images(&home, repository, &dump(18, "small.sql"), &[]);
    ran.expect(code);
    assert_eq!(targets(&ran).len(), 3, "{:?}", targets(&ran));
    assert!(
        ran.stderr.contains("docker-default (PostgreSQL 18), rds-like (PostgreSQL 18); next-major is left out"),
        "{}",
        ran.stderr
    );
    assert!(ran.stdout.contains("PostgreSQL 18 instead of 17: no older than the dump's server"), "{}", ran.stdout);
}

#[test]
fn that_nobody_listens_to_why_is_no_reason_not_to_rehearse() {
    let home = Home::new();
    home.profile("name: mine\npostgres: 18");
    let ran = unheard(&home, &dump(18, "small.dump"));
    ran.expect(0);
    assert_eq!(targets(&ran), [("mine".to_owned(), Verdict::Pass)]);
}

#[test]
#[ignore = "more of the same: scripts/test --full"]
fn full_that_nobody_listens_to_why_a_set_suits_the_dump_is_no_reason_not_to_rehearse() {
    let ran = unheard(&Home::new(), &dump(18, "shop.dump"));
    ran.expect(1);
    assert_eq!(targets(&ran).len(), 3, "{}", ran.stdout);
}

/// A run of which no target is named, and of which nobody reads why it has those that it has.
fn unheard(home: &Home, dump: &Path) -> Ran {
    let mut command = home.command(dump, &[]);
    command.args(["--image-repository", images::REPOSITORY, "--rows", "off"]).current_dir(home.path(""));
    let mut child = home.start(&mut command);
    drop(child.stderr.take());
    let ran = home.wait(child);
    home.assert_nothing_left();
    ran
}

#[test]
fn where_there_is_a_folder_of_profiles_it_is_taken() {
    let home = Home::new();
    home.profile("name: mine\npostgres: 17");
    let ran = run(&home, &dump(17, "small.dump"), &["--quiet"]);
    ran.expect(0);
    assert_eq!(targets(&ran), [("mine".to_owned(), Verdict::Pass)]);
    assert!(!ran.stderr.contains("no -p"), "{}", ran.stderr);
    home.file("pgrehearse/first.yaml", "name: first\npostgres: 17\n");
    let ran = run(&home, &dump(17, "small.dump"), &[]);
    ran.expect(0);
    assert_eq!(targets(&ran), [("first".to_owned(), Verdict::Pass)]);
    assert!(ran.stderr.contains("so every profile in pgrehearse/: first (PostgreSQL 17)"), "{}", ran.stderr);
    // A folder that is there and of no use is no reason to take something else.
    std::fs::remove_file(home.path("pgrehearse/first.yaml")).unwrap();
    run(&home, &dump(17, "small.dump"), &[]).expect(2);
}

#[test]
fn every_kind_of_object_comes_back_where_it_comes_from() {
    // Text, which does not say its locale.
    every_kind_comes_back(&[(18, "judged.sql")]);
}

#[test]
#[ignore = "the whole product of majors: scripts/test --full"]
fn full_every_kind_of_object_comes_back_where_it_comes_from_in_either_form() {
    every_kind_comes_back(&[
        (13, "judged.dump"),
        (13, "judged.sql"),
        (15, "judged.dump"),
        (17, "judged.sql"),
        (18, "judged.dump"),
    ]);
}

fn every_kind_comes_back(dumps: &[(u16, &str)]) {
    let home = Home::new();
    for &(major, name) in dumps {
        let ran = run(&home, &dump(major, name), &["-p", "same-as-source"]);
        ran.expect(0);
        let report = ran.report.as_ref().unwrap();
        assert_eq!(report.targets[0].findings().count(), 0, "{major} {name}: {}", ran.stdout);
        let judge = report.targets[0].judge.as_ref().unwrap();
        assert!(judge.server_version.starts_with(&format!("{major}.")), "{}", judge.server_version);
        let says_no_locale = ran.stdout.contains("the dump does not say its locale: it is C.UTF-8 here");
        assert_eq!(says_no_locale, name.ends_with(".sql"), "{}", ran.stdout);
    }
}

/// What version 14 broke: array_append takes other types since (its release notes, "Migration").
const BROKEN_BY_14: &str =
    "CREATE AGGREGATE public.collect(anyelement) (SFUNC = array_append, STYPE = anyarray, INITCOND = '{}');";

/// An archive of 13 with it.
fn broken_by_14(home: &Home) -> PathBuf {
    let server = Server::start(13);
    server.sql("postgres", &format!("CREATE TABLE public.notes AS SELECT 1 AS id; {BROKEN_BY_14}"));
    server.dump("postgres", home.path("old.dump"))
}

#[test]
fn what_an_upgrade_breaks_is_found_on_the_version_after_it() {
    let home = Home::new();
    let broken = home.file("old.sql", with_statements(&dump(13, "small.sql"), BROKEN_BY_14));
    let ran = run(&home, &broken, &["-p", "next-major", "-p", "same-as-source"]);
    ran.expect(1);
    let wanted = [("next-major", Verdict::Fail), ("same-as-source", Verdict::Pass)];
    assert_eq!(targets(&ran), wanted.map(|(name, verdict)| (name.to_owned(), verdict)));
    let found = findings(ran.target("next-major"), "feature-missing");
    assert!(found.iter().any(|found| found.evidence.join("\n").contains("array_append")), "{}", ran.json);
}

#[test]
#[ignore = "the whole product of majors: scripts/test --full"]
fn full_what_an_upgrade_breaks_is_found_on_the_versions_after_it_and_on_no_other() {
    let home = Home::new();
    let dump = broken_by_14(&home);
    let names = ["upgrade-gate", "next-major", "same-as-source", "oldest"];
    let ran = run(&home, &dump, &names.map(|name| ["-p", name]).concat());
    ran.expect(1);
    let with = |verdict| -> Vec<String> {
        targets(&ran).into_iter().filter(|(_, is)| *is == verdict).map(|(name, _)| name).collect()
    };
    assert_eq!(with(Verdict::Pass), ["oldest", "same-as-source", "upgrade-gate[13,target]"]);
    let gate =
        |majors: [u16; 3]| majors.map(|major| ["13", "target"].map(|client| format!("upgrade-gate[{major},{client}]")));
    let mut broken = gate([15, 17, 18]).concat();
    broken.insert(0, "next-major".to_owned());
    assert_eq!(with(Verdict::Fail), broken);
    for name in &broken {
        let found = findings(ran.target(name), "feature-missing");
        assert!(found.iter().any(|found| found.evidence.join("\n").contains("array_append")), "{name}: {}", ran.json);
    }
    // The tests have no images of these.
    assert_eq!(with(Verdict::Untested).len(), 4, "{:?}", targets(&ran));
}

#[test]
fn what_the_oldest_version_does_not_know_fails_there() {
    fails_on_the_oldest("small.sql", "setting-unknown");
}

#[test]
#[ignore = "every form: scripts/test --full"]
fn full_what_the_oldest_version_cannot_read_fails_there() {
    fails_on_the_oldest("small.dump", "client-too-old");
}

fn fails_on_the_oldest(name: &str, finding: &str) {
    let home = Home::new();
    let ran = run(&home, &dump(17, name), &["-p", "oldest"]);
    assert_eq!(ran.names(), [finding], "{name}: {}", ran.json);
    assert_eq!(ran.only().restore.as_ref().map(|restore| restore.client_version.contains("13.")), Some(true));
}

#[test]
fn a_matrix_is_a_target_for_each_combination() {
    let excluded = "{postgres: source, provider: icu}, {postgres: 18, provider: libc}";
    matrix_is_its_combinations(
        "small.dump",
        excluded,
        &["gate[17,target,libc]", "gate[18,17,icu]", "gate[18,target,icu]"],
    );
}

#[test]
#[ignore = "the whole product of majors: scripts/test --full"]
fn full_a_matrix_is_a_target_for_each_of_more_combinations() {
    matrix_is_its_combinations(
        "judged.dump",
        "{postgres: source, provider: icu}",
        &["gate[17,target,libc]", "gate[18,17,icu]", "gate[18,17,libc]", "gate[18,target,icu]", "gate[18,target,libc]"],
    );
}

/// Of two versions, two clients and two providers, but for what is left out.
fn matrix_is_its_combinations(name: &str, excluded: &str, wanted: &[&str]) {
    let home = Home::new();
    let path = home.file(
        "gate.yaml",
        format!(
            "name: gate\nextends: upgrade-gate\nmatrix:\n  postgres: [source, 18]\n  provider: {{libc: , icu: {{cluster: \
             {{locale_provider: icu, icu_locale: en-US}}}}}}\n  exclude: [{excluded}]\naccept:\n  - {{finding: locale-differs, \
             target: \"*icu]\", reason: wanted, until: 2099-12-31}}\n"
        ),
    );
    let ran = run(&home, &dump(17, name), &["-p", path.to_str().unwrap()]);
    let names: Vec<String> = targets(&ran).into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, wanted);
    ran.expect(0);
    let report = ran.report.as_ref().unwrap();
    for target in &report.targets {
        let is_icu = target.target.contains("icu");
        let accepted: Vec<_> = target.findings().filter(|finding| finding.accepted.is_some()).collect();
        assert_eq!(accepted.len(), usize::from(is_icu), "{}: {}", target.target, ran.stdout);
        let client = &target.restore.as_ref().unwrap().client_version;
        let major = if target.target.contains("[18,target") { "18" } else { "17" };
        assert!(client.contains(&format!(" {major}.")) || client.starts_with(&format!("{major}.")), "{client}");
    }
}

/// Names of any kind, text without a version of its own, and nothing but definitions.
const OTHERS: [(u16, &str); 3] = [(17, "names.dump"), (13, "all.sql"), (18, "judged.sql")];

fn init(home: &Home, dump: &Path, arguments: &[&str]) -> Ran {
    let mut command = home.program();
    command.arg("init").arg(dump).args(arguments).current_dir(home.path(""));
    home.finish(&mut command)
}

/// Has `init` write for a dump, checks that, and returns the profile of where the dump comes from.
fn written_for(home: &Home, (major, name): (u16, &str)) -> PathBuf {
    let folder = format!("of-{}-{major}", name.replace('.', "-"));
    let ran = init(home, &dump(major, name), &["--dir", &folder]);
    ran.expect(0);
    assert!(ran.stdout.trim_end().ends_with(&format!("-p {folder}/")), "{}", ran.stdout);
    home.finish(home.program().args(["profiles", "check"]).arg(home.path(&folder))).expect(0);
    home.path(&format!("{folder}/source.yaml"))
}

fn comes_back_in(home: &Home, (major, name): (u16, &str), source: &Path) {
    run(home, &dump(major, name), &["-p", source.to_str().unwrap()]).expect(0);
}

#[test]
#[ignore = "more of the same: scripts/test --full"]
fn full_what_init_writes_for_other_dumps_comes_back_as_written() {
    let home = Home::new();
    for other in &OTHERS[1..] {
        comes_back_in(&home, *other, &written_for(&home, *other));
    }
    init(&home, &dump(17, "small.dump"), &["--dir", "small"]).expect(0);
    let ran = run(&home, &dump(17, "small.dump"), &["-p", "small/"]);
    ran.expect(0);
    let names = ["managed", "next-major", "source"];
    assert_eq!(targets(&ran), names.map(|name| (name.to_owned(), Verdict::Pass)));
}

#[test]
fn what_init_writes_is_checked_and_comes_back_as_written() {
    let home = Home::new();
    let init = |dump: &Path, arguments: &[&str]| init(&home, dump, arguments);
    let files = |ran: &Ran| -> Vec<String> {
        ran.stdout.lines().filter_map(|line| line.split_once("  ").map(|(file, _)| file.to_owned())).collect()
    };
    let ran = init(&dump(17, "small.dump"), &["--dir", "small"]);
    ran.expect(0);
    let wanted = ["source.yaml", "next-major.yaml", "managed.yaml", "ci/github.yaml"];
    assert_eq!(files(&ran), wanted.map(|name| format!("small/{name}")), "{}", ran.stdout);
    let ran = run(&home, &dump(17, "small.dump"), &["-p", "small/managed.yaml"]);
    ran.expect(0);
    assert_eq!(targets(&ran), [("managed".to_owned(), Verdict::Pass)]);

    // A managed service is written where it fails too, which is what one runs it to see.
    let ran = init(&dump(17, "shop.dump"), &[]);
    ran.expect(0);
    let wanted = ["source.yaml", "next-major.yaml", "managed.yaml", "ci/github.yaml"];
    assert_eq!(files(&ran), wanted.map(|name| format!("pgrehearse/{name}")), "{}", ran.stdout);
    let managed = std::fs::read_to_string(home.path("pgrehearse/managed.yaml")).unwrap();
    assert!(managed.contains("# This dump fails here") && managed.contains("\n#   schema-not-writable: "), "{managed}");
    let small = std::fs::read_to_string(home.path("small/managed.yaml")).unwrap();
    assert!(!small.contains("fails here") && small.starts_with("# yaml-language-server: $schema=https://"), "{small}");
    let source = std::fs::read_to_string(home.path("pgrehearse/source.yaml")).unwrap();
    for wanted in ["postgres: 17\n", "  - name: shop_owner\n", "database: {name: shop}\n", "SELECT count(*) FROM shop."]
    {
        assert!(source.contains(wanted), "{wanted}: {source}");
    }
    home.finish(home.program().args(["profiles", "check"]).arg(home.path("pgrehearse"))).expect(0);
    std::fs::remove_file(home.path("pgrehearse/managed.yaml")).unwrap();
    let ran = run(&home, &dump(17, "shop.dump"), &[]);
    ran.expect(0);
    assert_eq!(targets(&ran), ["next-major", "source"].map(|name| (name.to_owned(), Verdict::Pass)));
    let asked = ran
        .report
        .as_ref()
        .unwrap()
        .targets
        .iter()
        .map(|target| target.checks.iter().any(|check| check.check == "queries"));
    assert!(asked.into_iter().all(|asked| asked), "its queries are asked");

    // What is there is never written over.
    let ran = init(&dump(17, "shop.dump"), &[]);
    ran.expect(2);
    assert!(ran.stderr.contains("pgrehearse is not empty") && ran.stderr.contains("--dir"), "{}", ran.stderr);
    assert_eq!(std::fs::read_to_string(home.path("pgrehearse/source.yaml")).unwrap(), source);

    // Only the first, with names of any kind, is restored as well.
    for (nth, other) in OTHERS.into_iter().enumerate() {
        let source = written_for(&home, other);
        if nth == 0 {
            comes_back_in(&home, other, &source);
        }
    }

    // The first of its databases, by name, is SQL_ASCII, and most are UTF8.
    init(&dump(15, "all-needs.sql"), &["--dir", "cluster"]).expect(0);
    let source = std::fs::read_to_string(home.path("cluster/source.yaml")).unwrap();
    assert!(source.contains("  encoding: UTF8\n  locale: C.UTF-8\n"), "{source}");
    let workflow = |folder: &str| std::fs::read_to_string(home.path(&format!("{folder}/ci/github.yaml"))).unwrap();
    assert!(workflow("small").contains("run newest.dump -p small/ --report"), "{}", workflow("small"));
    // Where the dump is known to fail, no job fails every night.
    let wanted = "run newest.dump -p cluster/source.yaml -p cluster/next-major.yaml --report";
    assert!(workflow("cluster").contains(wanted), "{}", workflow("cluster"));

    let whole = std::fs::read(dump(17, "shop.dump")).unwrap();
    let cut = home.file("cut.dump", &whole[..whole.len() - 50]);
    let ran = init(&cut, &["--dir", "cut"]);
    ran.expect(2);
    assert!(
        ran.stderr.contains("cut.dump: ") && ran.stderr.contains("half a dump") && !home.path("cut").exists(),
        "{}",
        ran.stderr
    );
}
