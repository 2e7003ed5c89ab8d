//! The demo of recovery keeps its promises, says where it cannot, and what `init` writes for its base backup can be run.

use std::path::Path;

use pgrehearse::rehearsal::Verdict;

use crate::support::home::names;
use crate::support::{Home, Ran, images};

/// The demo's base backup and its archives.
const BACKUP: &[u8] = include_bytes!("../../demo/recovery.tar.xz");

#[test]
fn the_demo_of_recovery_goes_as_it_says_in_docker() {
    let home = Home::new();
    let report = format!("json={}", home.path("report.json").display());
    let arguments = ["demo", "--recovery", "--report", &report, "--image-repository", images::REPOSITORY];
    let ran = home.finish(home.program().args(arguments));
    ran.expect(0);
    let seen = |target: &str| {
        let target = ran.target(target);
        (target.verdict, names(target))
    };
    assert_eq!(seen("demo-before-the-accident"), (Verdict::Pass, vec![]));
    assert_eq!(seen("demo-gap"), (Verdict::Fail, vec!["before-absent", "wal-missing"]));
    assert_eq!(seen("demo-lost-timeline"), (Verdict::Fail, vec!["after-present", "timeline-segment-missing"]));

    let whole = ran.report().targets.iter().find(|target| target.target == "demo-before-the-accident").unwrap();
    assert_eq!(whole.source, "shop, whole archive");
    assert!(ran.stderr.starts_with("The base backup of a small shop is now recovered"), "{}", ran.stderr);
    assert!(ran.stdout.contains("All of it went as it should, the two failures included."), "{}", ran.stdout);
    assert_eq!(files_of_runs(&home), Vec::<String>::new());
}

#[test]
fn without_its_version_the_demo_of_recovery_says_what_to_do_and_ends_with_3() {
    let home = Home::new();
    let ran = home.finish(
        home.program().args(["demo", "--recovery", "--engine", "docker"]).env("DOCKER_HOST", "tcp://127.0.0.1:9"),
    );
    ran.expect(3);
    assert_eq!(ran.stdout, "");
    assert!(ran.stderr.starts_with("The demo cannot take place here, and nothing was tested:"), "{}", ran.stderr);
    assert_eq!(files_of_runs(&home), Vec::<String>::new());
}

#[test]
fn the_profile_that_init_writes_for_a_base_backup_is_right_and_can_be_run() {
    let home = Home::new();
    unpack(&home.path(""));
    let in_home = |arguments: &[&str]| -> Ran {
        home.finish(
            home.program()
                .args(arguments)
                .current_dir(home.path(""))
                .env("PGREHEARSE_IMAGE_REPOSITORY", images::REPOSITORY),
        )
    };
    let made = in_home(&["init", "base", "--wal", "wal"]);
    made.expect(0);
    assert!(made.stdout.contains("pgrehearse/recovery.yaml  PostgreSQL 17: "), "{}", made.stdout);
    assert!(made.stdout.ends_with("next: pgrehearse run base --wal wal\n"), "{}", made.stdout);
    in_home(&["profiles", "check", "pgrehearse/recovery.yaml"]).expect(0);

    // An hour before the last commit is before this base backup was made, so it is asked for what it has.
    let report = format!("json={}", home.path("report.json").display());
    let ran = in_home(&["run", "base", "--wal", "wal", "--to", "latest", "--report", &report]);
    ran.expect(0);
    assert_eq!(names(ran.target("recovery")), ["point-unasserted"]);
}

#[test]
fn an_archive_of_wal_is_not_asked_of_a_dump() {
    let home = Home::new();
    let dump = Path::new(env!("CARGO_MANIFEST_DIR")).join("demo/shop.dump");
    let dump = dump.to_str().unwrap();
    let ran = home.finish(home.program().args(["init", dump, "--wal", "."]).current_dir(home.path("")));
    ran.expect(2);
    assert!(!home.path("pgrehearse").exists(), "{}", ran.stderr);
}

fn unpack(directory: &Path) {
    tar::Archive::new(liblzma::read::XzDecoder::new(BACKUP)).unpack(directory).unwrap();
}

/// What runs have left in the state directory.
fn files_of_runs(home: &Home) -> Vec<String> {
    let entries = std::fs::read_dir(home.path("state/runs")).unwrap().flatten();
    entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
}
