//! This machine's own PostgreSQL judges as a container does, without Docker.

use std::path::Path;

use pgrehearse::engine::local::installations;
use pgrehearse::rehearsal::Verdict;

use crate::support::home::{Ran, assert_every_check_looked};
use crate::support::{Home, MAJORS, bare, dump, matching};

/// The version that is installed, and the newest one no newer than it that dumps are made of.
fn majors() -> (u16, u16) {
    let installed = installations().first().expect("these tests need an installed PostgreSQL").major.0;
    let dumped = MAJORS.into_iter().filter(|major| *major <= installed).max();
    (installed, dumped.expect("PostgreSQL 13 or newer is installed"))
}

fn run(home: &Home, dump: &Path, profiles: &[&str]) -> Ran {
    let mut command = home.program();
    command.arg("run").arg(dump).args(["--engine", "local"]);
    for profile in profiles {
        command.arg("--profile").arg(home.profile(profile));
    }
    command.arg("--report").arg(format!("json={}", home.path("report.json").display()));
    let ran = home.finish(&mut command);
    for target in &ran.report.as_ref().unwrap_or_else(|| panic!("{}", ran.stderr)).targets {
        assert_eq!(target.judge.as_ref().map(|judge| judge.engine.as_str()), Some("local"), "{}", ran.stdout);
    }
    ran
}

#[test]
fn a_dump_comes_back_from_an_archive_and_from_text() {
    // A folder is what an engine has most to do with.
    come_back(&["shop.dir", "shop.sql"]);
}

#[test]
#[ignore = "every format: scripts/test --full"]
fn full_a_dump_of_every_format_comes_back() {
    come_back(&["shop.dump", "shop.dir", "shop.tar", "shop.sql"]);
}

fn come_back(files: &[&str]) {
    let home = Home::new();
    let (installed, dumped) = majors();
    for file in files {
        let ran = run(&home, &dump(dumped, file), &[&matching("twin", installed)]);
        assert_eq!((ran.code, ran.names()), (Some(0), Vec::new()), "{file}: {}{}", ran.stdout, ran.stderr);
        assert_every_check_looked(ran.only());
    }
}

#[test]
fn what_a_target_does_not_take_fails() {
    does_not_take("shop.dump", "latin", "encoding-unrepresentable");
}

#[test]
#[ignore = "both targets in both forms: scripts/test --full"]
fn full_what_a_target_does_not_take_fails() {
    for file in ["shop.dump", "shop.sql"] {
        does_not_take(file, "bare", "role-missing");
        does_not_take(file, "latin", "encoding-unrepresentable");
    }
}

fn does_not_take(file: &str, name: &str, finding: &str) {
    let home = Home::new();
    let (installed, dumped) = majors();
    let encoding = if name == "latin" { "cluster: {encoding: LATIN1, locale: C}\n" } else { "" };
    let ran = run(&home, &dump(dumped, file), &[&format!("{}{encoding}", bare(name, installed))]);
    ran.expect(1);
    let target = ran.only();
    assert_eq!(target.verdict, Verdict::Fail, "{file} {name}: {}", ran.stdout);
    assert!(target.findings().any(|found| found.name.as_str() == finding), "{file} {name}: {}", ran.stdout);
}

#[test]
fn the_targets_of_managed_services_are_what_they_are_in_a_container() {
    managed_takes(&["small.dump"]);
}

#[test]
#[ignore = "every form: scripts/test --full"]
fn full_the_targets_of_managed_services_are_what_they_are_in_a_container_for_text_too() {
    managed_takes(&["small.sql"]);
}

fn managed_takes(files: &[&str]) {
    let home = Home::new();
    let (installed, dumped) = majors();
    // The service's own locale is one that a machine need not have.
    let service = format!("name: service\nextends: rds-like\npostgres: {installed}\ncluster: {{locale: C.UTF-8}}\n");
    for file in files {
        run(&home, &dump(dumped, file), &[&service]).expect(0);
    }
}
