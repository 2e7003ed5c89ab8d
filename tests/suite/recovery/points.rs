//! Points that cannot be had: which of them, why, and what could be had instead.

use jiff::SignedDuration;
use pgrehearse::rehearsal::Verdict;

use super::{Wish, assert_passed, complaints, recover, summary};
use crate::support::Home;
use crate::support::backup;
use crate::support::home::findings;

#[test]
fn points_that_the_wal_does_not_have_fail_and_say_what_it_has() {
    let fixture = backup::of(17);
    let facts = &fixture.facts;
    let early = facts.mark(1).at - SignedDuration::from_hours(3);
    let beyond = backup::facts::Lsn(facts.end_lsn.0 + (64 << 20));
    let late = facts.last_transaction(1).at + SignedDuration::from_secs(1);
    let wishes = [
        Wish::new("early", 17, &format!("to: [{{time: {early}}}]")),
        Wish::new("late", 17, &format!("to: [{{time: {late}}}]")),
        Wish::new("name", 17, "to: [{name: no_such_point}]"),
        Wish::new("xid", 17, "to: [{xid: 4000000000}]"),
        Wish::new("lsn", 17, &format!("to: [{{lsn: {beyond}}}]")),
    ];
    let ran = recover(&Home::new(), &fixture.path("base"), &fixture.path("wal"), &wishes);
    let failed = [
        ("early", "point-before-backup"),
        ("late", "point-not-reached"),
        ("name", "point-unknown"),
        ("xid", "point-unknown"),
        ("lsn", "point-not-reached"),
    ];
    for (name, finding) in failed {
        let target = ran.target(name);
        assert_eq!(target.verdict, Verdict::Fail, "{name}: {}", ran.stdout);
        assert_eq!(complaints(target), [finding], "{name}: {}", ran.stdout);
        // What there is up to the end is recovered, and looked at; what lies before the base brings nothing.
        let replayed = summary(target).replayed.as_ref().map(|place| place.lsn.clone());
        assert_eq!(replayed, (name != "early").then(|| facts.end_lsn.to_string()), "{name}");
    }
    ran.expect(1);
    // What is certain by reading starts nothing.
    assert!(ran.target("early").judge.is_none());
    assert!(ran.stderr.contains("early") && !ran.stderr.contains("early: replay"), "{}", ran.stderr);
    let evidence = |name, finding| findings(ran.target(name), finding)[0].evidence.join("\n");
    assert!(evidence("name", "point-unknown").contains("drill_point"));
    let title = &findings(ran.target("late"), "point-not-reached")[0].title;
    assert!(title.contains(&facts.end_lsn.to_string()), "{title}");
}

#[test]
fn each_point_of_a_run_is_a_target_of_its_own() {
    let fixture = backup::of(15);
    let home = Home::new();
    let profile = home.profile("name: nightly\npostgres: 15\n");
    let ran =
        home.finish(home.command(&fixture.path("base"), &[&profile]).arg("--wal").arg(fixture.path("wal")).args([
            "--to",
            "latest",
            "--to",
            "name=drill_point",
        ]));
    ran.expect(0);
    let places =
        [("nightly@latest", fixture.facts.end_lsn), ("nightly@name-drill_point", fixture.facts.restore_point.lsn)];
    for (name, place) in places {
        assert_passed(ran.target(name), &ran);
        assert_eq!(summary(ran.target(name)).replayed.as_ref().unwrap().lsn, place.to_string(), "{name}");
    }
}
