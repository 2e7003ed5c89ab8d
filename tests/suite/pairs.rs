//! Dumps of every source major in targets of their own major and of the newest; `full` has every pair.

use crate::support::home::{assert_every_check_looked, names};
use crate::support::{Home, MAJORS, Ran, dump, matching, own_and_newest, shared};

/// pg_restore of 15 and older cannot read what 17 and 18 write.
fn needs_newer_client(source: u16, target: u16) -> bool {
    source >= 17 && target <= 15
}

/// The shop of a major in its own major and the newest, which other modules look at too: its targets are `to-15`, `to-18`.
pub fn shop(source: u16) -> Ran {
    shared::run(&format!("pairs-{source}"), |home| run(home, source, &own_and_newest(source)))
}

fn run(home: &Home, source: u16, targets: &[u16]) -> Ran {
    let profiles: Vec<String> = targets.iter().map(|target| matching(&format!("to-{target}"), *target)).collect();
    let profiles: Vec<&str> = profiles.iter().map(String::as_str).collect();
    home.run(&dump(source, "shop.dump"), &profiles)
}

#[test]
fn a_dump_of_every_major_comes_back_in_its_own_major_and_in_the_newest() {
    for source in MAJORS {
        assert_comes_back(&shop(source), source, own_and_newest(source).len());
    }
}

#[test]
#[ignore = "the whole product of majors: scripts/test --full"]
fn full_a_dump_comes_back_in_every_major_whose_pg_restore_can_read_it() {
    for source in MAJORS {
        let targets: Vec<u16> = MAJORS.into_iter().filter(|target| !needs_newer_client(source, *target)).collect();
        assert_comes_back(&run(&Home::new(), source, &targets), source, targets.len());
    }
}

/// The shop in all its targets, without any finding.
fn assert_comes_back(ran: &Ran, source: u16, targets: usize) {
    ran.expect(0);
    assert_eq!(ran.report().targets.len(), targets);
    for target in &ran.report().targets {
        assert_eq!(
            target.findings().collect::<Vec<_>>(),
            Vec::<&pgrehearse::finding::Finding>::new(),
            "{source} {}",
            target.target
        );
        assert_every_check_looked(target);
        let restore = target.restore.as_ref().unwrap();
        assert_eq!((restore.exit_code, restore.errors), (0, 0));
    }
}

#[test]
fn an_archive_that_is_too_new_for_the_target_comes_back_with_the_client_of_its_own_major() {
    comes_back_by_its_own_client(18, &[13]);
}

#[test]
#[ignore = "the whole product of majors: scripts/test --full"]
fn full_an_archive_that_is_too_new_for_the_target_comes_back_with_the_client_of_its_own_major() {
    for source in [17, 18] {
        comes_back_by_its_own_client(source, &[13, 15]);
    }
}

fn comes_back_by_its_own_client(source: u16, targets: &[u16]) {
    let profile =
        |target: &u16| format!("{}restore: {{client: {source}}}\n", matching(&format!("to-{target}"), *target));
    let profiles: Vec<String> = targets.iter().map(profile).collect();
    let profiles: Vec<&str> = profiles.iter().map(String::as_str).collect();
    let ran = Home::new().run(&dump(source, "shop.dump"), &profiles);
    ran.expect(0);
    assert_eq!(ran.report().targets.len(), targets.len());
    for target in &ran.report().targets {
        assert_eq!(names(target), ["setting-unknown"], "{source} {}", target.target);
        let restore = target.restore.as_ref().unwrap();
        assert!(restore.client_version.starts_with(&source.to_string()), "{}", restore.client_version);
        assert_eq!(restore.findings[0].title, "the server does not know the parameter \"transaction_timeout\"");
    }
}

#[test]
fn an_archive_that_is_too_new_for_the_client_is_one_finding_that_says_which_client_to_take() {
    is_too_new_for_the_client(17, &[15]);
}

#[test]
#[ignore = "the whole product of majors: scripts/test --full"]
fn full_an_archive_that_is_too_new_for_the_client_is_one_finding_that_says_which_client_to_take() {
    for source in [17, 18] {
        is_too_new_for_the_client(source, &[13, 15]);
    }
}

fn is_too_new_for_the_client(source: u16, targets: &[u16]) {
    let ran = run(&Home::new(), source, targets);
    ran.expect(1);
    assert_eq!(ran.report().targets.len(), targets.len());
    for target in &ran.report().targets {
        assert_eq!(names(target), ["client-too-old"]);
        let finding = target.findings().next().unwrap();
        assert_eq!(finding.commands, [format!("restore: {{client: {source}}}")]);
    }
}
