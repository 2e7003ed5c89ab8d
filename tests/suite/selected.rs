//! A restore of what a list for pg_restore names, which is what somebody may have edited too much out of.

use std::path::Path;

use pgdump_reader::{self as dump, TocEntry};

use crate::support::home::findings;
use crate::support::{Home, MAJORS, Ran, dump, matching};

/// The list of a dump without some of its entries, each as pg_restore needs it: its number, and a semicolon.
fn list(home: &Home, dump: &Path, keep: impl Fn(&TocEntry) -> bool) -> String {
    let opened = dump::open(dump).unwrap();
    let archive = opened.archive().unwrap();
    let lines = archive.entries.iter().map(|entry| match keep(entry) {
        true => format!("{}; {}\n", entry.id, entry.desc),
        false => format!(";{}; {}\n", entry.id, entry.desc),
    });
    let path = home.file("keep.list", format!("; edited by hand\n\n{}", lines.collect::<String>()));
    path.display().to_string()
}

fn restored(home: &Home, major: u16, keep: impl Fn(&TocEntry) -> bool) -> Ran {
    let dump = dump(major, "shop.dump");
    let list = list(home, &dump, keep);
    let profile = format!("{}restore: {{list: '{list}'}}\n", matching("listed", major));
    let ran = home.run(&dump, &[&profile]);
    let restore = ran.only().restore.as_ref().unwrap();
    assert_eq!((restore.exit_code, restore.errors), (0, 0), "{}", ran.json);
    ran
}

#[test]
fn a_policy_that_a_list_leaves_out_is_lost_although_pg_restore_is_content() {
    loses_its_policy(13);
}

#[test]
#[ignore = "in every major: scripts/test --full"]
fn full_a_policy_that_a_list_leaves_out_is_lost_although_pg_restore_is_content() {
    MAJORS.into_iter().for_each(loses_its_policy);
}

fn loses_its_policy(major: u16) {
    let home = Home::new();
    let ran = restored(&home, major, |entry| !(entry.desc == "POLICY" && entry.tag.contains("own_orders")));
    ran.expect(1);
    let lost = findings(ran.only(), "policy-lost");
    assert_eq!(lost.len(), 1, "{}", ran.json);
    assert_eq!(lost[0].objects, ["POLICY own_orders ON shop.orders TO shop_app"]);
    assert_eq!(ran.names(), ["policy-lost"]);
}

#[test]
fn an_index_that_a_list_leaves_out_is_shown_with_the_list_as_its_reason() {
    let home = Home::new();
    let ran = restored(&home, 17, |entry| entry.desc != "INDEX");
    ran.expect(0);
    assert_eq!(ran.names(), ["object-missing"]);
    let missing = ran.finding("object-missing");
    assert_eq!(missing.severity.label(), "warning");
    assert!(missing.objects.iter().all(|object| object.starts_with("INDEX shop.")), "{missing:?}");
    assert!(missing.evidence.contains(&"restore.list restores a part of the dump".to_owned()), "{missing:?}");
}

#[test]
fn a_list_of_everything_restores_everything_and_the_report_names_it() {
    let home = Home::new();
    let ran = restored(&home, 17, |_| true);
    ran.expect(0);
    assert!(ran.names().is_empty(), "{}", ran.json);
    let only = ran.only();
    assert!(only.restore.as_ref().unwrap().command.contains(" --use-list=/dev/stdin "), "{}", ran.json);
    assert!(only.notices.iter().any(|notice| notice.ends_with("keep.list\" lists")), "{:?}", only.notices);
}

#[test]
fn a_list_and_a_dump_without_entries_leave_the_target_untested() {
    let home = Home::new();
    home.file("keep.list", "1; whatever\n");
    let list = home.path("keep.list").display().to_string();
    let profile = format!("{}restore: {{list: '{list}'}}\n", matching("listed", 17));
    let ran = home.run(&dump(17, "shop.sql"), &[&profile]);
    ran.expect(3);
    let why = "the profile's restore.list lists entries of an archive, and this dump is plain SQL";
    assert_eq!(ran.only().untested, [why]);
}
