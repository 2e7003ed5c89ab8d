//! Dumps of every source major in targets of their own major and of the newest; `full` has every pair.

use crate::support::home::assert_every_check_looked;
use crate::support::{Home, MAJORS, dump, matching, own_and_newest};

/// pg_restore of 15 and older cannot read what 17 and 18 write.
fn needs_newer_client(source: u16, target: u16) -> bool {
    source >= 17 && target <= 15
}

#[test]
fn a_dump_of_every_major_comes_back_in_its_own_major_and_in_the_newest() {
    shop_comes_back(own_and_newest);
}

#[test]
#[ignore = "the whole product of majors: scripts/test --full"]
fn full_a_dump_comes_back_in_every_major_whose_pg_restore_can_read_it() {
    shop_comes_back(|source| MAJORS.into_iter().filter(|target| !needs_newer_client(source, *target)).collect());
}

/// The shop of every major, in the targets of its major, without any finding.
fn shop_comes_back(targets: impl Fn(u16) -> Vec<u16>) {
    let home = Home::new();
    for source in MAJORS {
        let targets = targets(source).into_iter();
        let profiles: Vec<String> = targets.map(|target| matching(&format!("to-{target}"), target)).collect();
        let profiles: Vec<&str> = profiles.iter().map(String::as_str).collect();
        let ran = home.run(&dump(source, "shop.dump"), &profiles);
        ran.expect(0);
        assert_eq!(ran.report().targets.len(), profiles.len());
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
}

#[test]
fn an_archive_that_is_too_new_for_the_target_comes_back_with_the_client_of_its_own_major() {
    let home = Home::new();
    for source in [17, 18] {
        let profiles = [13, 15]
            .map(|target| format!("{}restore: {{client: {source}}}\n", matching(&format!("to-{target}"), target)));
        let ran = home.run(&dump(source, "shop.dump"), &[&profiles[0], &profiles[1]]);
        ran.expect(0);
        for target in &ran.report().targets {
            assert_eq!(crate::support::home::names(target), ["setting-unknown"], "{source} {}", target.target);
            let restore = target.restore.as_ref().unwrap();
            assert!(restore.client_version.starts_with(&source.to_string()), "{}", restore.client_version);
            assert_eq!(restore.findings[0].title, "the server does not know the parameter \"transaction_timeout\"");
        }
    }
}

#[test]
fn an_archive_that_is_too_new_for_the_client_is_one_finding_that_says_which_client_to_take() {
    let home = Home::new();
    for source in [17, 18] {
        let ran = home.run(&dump(source, "shop.dump"), &[&matching("old", 13), &matching("older", 15)]);
        ran.expect(1);
        for target in &ran.report().targets {
            assert_eq!(crate::support::home::names(target), ["client-too-old"]);
            let finding = target.findings().next().unwrap();
            assert_eq!(finding.commands, [format!("restore: {{client: {source}}}")]);
        }
    }
}
