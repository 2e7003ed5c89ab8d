//! `pgrehearse profiles`: what profiles come to, and whether servers take them.

use crate::support::{Home, dump, images};

#[test]
fn what_extends_and_varies_is_shown_with_where_each_value_comes_from() {
    let home = Home::new();
    home.file("base/common.yaml", "name: base\nroles: [{name: owner}]\nlimits: {timeout: 10m}\n");
    let path = home.file(
        "x.yaml",
        "name: x\nextends: base/common.yaml\nroles+: [{name: app, login: true}]\nmatrix:\n  postgres: [15, 17]\n",
    );
    let ran = home.finish(home.program().args(["profiles", "show"]).arg(&path));
    ran.expect(0);
    let shown: Vec<String> =
        ran.stdout.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
    let from = |line: usize, column: usize| format!("# {}:{line}:{column}", path.display());
    let parent = path.with_file_name("base").join("common.yaml");
    for wanted in [
        format!("name: \"x[15]\" {}", from(1, 7)),
        format!("name: \"x[17]\" {}", from(1, 7)),
        format!("postgres: 17 {}", from(5, 18)),
        format!("- name: app {}", from(3, 17)),
        format!("- name: owner # {}:2:16", parent.display()),
        format!("timeout: 10m # {}:3:19", parent.display()),
        "memory: 2GiB # default".to_owned(),
    ] {
        assert!(shown.contains(&wanted), "{wanted}\n{}", ran.stdout);
    }
    let documents: Vec<&str> = ran.stdout.split("---\n").collect();
    assert_eq!(documents.len(), 2, "one for each target");
    let again = home.file("again.yaml", documents[1]);
    home.finish(home.program().args(["profiles", "check"]).arg(again)).expect(0);
    let ran = home.finish(home.program().args(["profiles", "show", "--raw", "rds-like"]));
    ran.expect(0);
    let file = std::fs::read_to_string("profiles/rds-like.yaml").unwrap();
    assert_eq!(ran.stdout, file);
}

#[test]
fn what_is_taken_from_a_dump_is_shown_for_that_dump() {
    let home = Home::new();
    let ran =
        home.finish(home.program().args(["profiles", "show", "same-as-source", "--dump"]).arg(dump(15, "shop.dump")));
    ran.expect(0);
    let lines: Vec<&str> = ran.stdout.lines().collect();
    for wanted in ["postgres: 15 ", "  encoding: UTF8 ", "  - name: shop_owner "] {
        assert!(lines.iter().any(|line| line.starts_with(wanted)), "{wanted}\n{}", ran.stdout);
    }
    let ran = home.finish(home.program().args(["profiles", "show", "same-as-source"]));
    ran.expect(0);
    assert!(ran.stdout.starts_with("# Takes values from the dump"), "{}", ran.stdout);
}

#[test]
fn what_only_a_server_refuses_is_found_where_it_may_look() {
    let home = Home::new();
    let profile = |name: &str, yaml: &str| home.profile(&format!("name: {name}\npostgres: 17\n{yaml}"));
    let good =
        profile("good", "cluster: {locale: de_DE.UTF-8, settings: {work_mem: 5MB}}\nroles: [{name: 'o\"k; DROP'}]");
    let setting = profile("bad-setting", "cluster: {settings: {work_memory: 5MB}}");
    let locale = profile("bad-locale", "cluster: {locale: xx_XX.UTF-8}");
    let sql = profile("bad-sql", "init: [{sql: 'CREATE TABL x ()'}]");
    let check = |live: bool, paths: &[&std::path::PathBuf]| {
        let mut command = home.program();
        command.args(["profiles", "check"]).args(paths);
        if live {
            command.args(["--live", "--engine", "docker"]);
        }
        home.finish(&mut command)
    };
    check(false, &[&setting, &good, &locale, &sql]).expect(0);
    let ran = check(true, &[&setting, &good, &sql]);
    ran.expect(2);
    let lines: Vec<&str> = ran.stdout.lines().collect();
    assert_eq!(lines.len(), 3, "a line each: {}", ran.stdout);
    let wanted = "bad-setting.yaml:3:22: `cluster.settings.work_memory`: the server does not start: unrecognized \
                  configuration parameter \"work_memory\" (42704)";
    assert!(lines[0].starts_with("bad-setting: ") && lines[0].ends_with(wanted), "{}", lines[0]);
    assert!(lines[1].starts_with("good: ok, PostgreSQL 17."), "{}", lines[1]);
    assert!(lines[2].starts_with("bad-sql: ") && lines[2].contains("TABL"), "{}", lines[2]);
    check(true, &[&good]).expect(0);
    let ran = check(true, &[&locale]);
    ran.expect(2);
    let wanted = "bad-locale.yaml:3:19: `cluster.locale`: locale xx_XX.UTF-8: the image lacks it, and localedef cannot make it (";
    assert!(ran.stdout.starts_with("bad-locale: ") && ran.stdout.contains(wanted), "{}", ran.stdout);

    let other = profile("other-version", &format!("image: {}:15", images::REPOSITORY));
    let ran = check(true, &[&other]);
    ran.expect(2);
    assert!(ran.stdout.contains("the profile says PostgreSQL 17, and the image holds 15"), "{}", ran.stdout);
    let ran = home.run(&dump(15, "small.dump"), &["name: x\nmatrix: {postgres: [17]}\n"]);
    ran.expect(0);
    let wrong = format!("name: x\nimage: {}:15\nmatrix: {{postgres: [17]}}\n", images::REPOSITORY);
    home.run(&dump(15, "small.dump"), &[&wrong]).expect(3);

    let nowhere =
        home.file("nowhere.yaml", "name: nowhere\npostgres: 17\nimage_repository: localhost/none\npull: never\n");
    let ran = check(true, &[&nowhere]);
    ran.expect(3);
    assert!(ran.stdout.starts_with("nowhere: ") && !images::REPOSITORY.is_empty(), "{}", ran.stdout);
}

#[test]
fn the_schema_is_json() {
    let home = Home::new();
    let ran = home.finish(home.program().args(["profiles", "schema"]));
    ran.expect(0);
    let schema: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    assert!(schema["properties"]["cluster"]["description"].is_string());
    assert!(schema["$defs"]["Accept"]["properties"]["finding"].to_string().contains("\"role-missing\""));
}

#[test]
fn all_errors_of_all_profiles_are_printed_a_line_each() {
    let home = Home::new();
    let one = home.file("one.yaml", "name: one\npostgres: 17\nlocale: C\ncluster: {encodng: UTF8}\n");
    let other = home.file("other.yaml", "name: other\nversion: 17\n");
    let ran = home.finish(home.program().args(["profiles", "check"]).args([&one, &other]));
    ran.expect(2);
    let said = |path: &std::path::Path, rest: &str| format!("pgrehearse: {}:{rest}", path.display());
    let wanted = [
        said(&one, "3:1: unknown key `locale` in the profile; it belongs in `cluster` or `database`"),
        said(&one, "4:11: unknown key `encodng` in `cluster`; did you mean `encoding`?"),
        said(&other, "2:1: unknown key `version` in the profile; did you mean `postgres`?"),
    ];
    assert_eq!(ran.stderr.lines().collect::<Vec<_>>(), wanted, "{}", ran.stderr);
}
