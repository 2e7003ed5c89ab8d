//! Damaged archives: PostgreSQL promotes on most of them and calls itself ready. Each is a failure here, says what is wrong with which
//! file, and how far the archive brings this base, which a server that recovers by hand agrees with.

use std::path::Path;

use pgrehearse::rehearsal::{Rehearsal, Verdict};

use super::{Wish, assert_passed, complaints, recover, summary};
use crate::support::backup::damage::Archive;
use crate::support::backup::facts::Lsn;
use crate::support::backup::fixture::BackupFixture;
use crate::support::backup::{self, ByHand, End, HandRecovered};
use crate::support::home::findings;
use crate::support::{Home, Ran};

/// An archive with one damage, and what has to be said of it.
struct Case {
    what: &'static str,
    archive: Archive,
    finding: &'static str,
    /// What the title has to name.
    names: Vec<String>,
}

/// The segment that is damaged: it holds the accident and what is around it.
fn victim(fixture: &BackupFixture) -> String {
    fixture.facts.segment_of(1, fixture.facts.accident.commit_lsn)
}

fn following(fixture: &BackupFixture, segment: &str) -> String {
    let place = fixture.facts.begin_of(segment).0 + fixture.facts.segment_bytes;
    fixture.facts.segment_of(1, Lsn(place))
}

fn case(
    what: &'static str,
    finding: &'static str,
    fixture: &BackupFixture,
    damage: impl FnOnce(&Archive, &str),
) -> Case {
    let (archive, victim) = (fixture.copy_archive(), victim(fixture));
    damage(&archive, &victim);
    Case { what, archive, finding, names: vec![victim] }
}

/// Every damage to one segment in the middle.
fn cases(fixture: &'static BackupFixture, other_major: &BackupFixture) -> Vec<Case> {
    let half = usize::try_from(fixture.facts.segment_bytes / 2).unwrap();
    let before = fixture.facts.begin_of(&victim(fixture)).0 - fixture.facts.segment_bytes;
    let before = fixture.facts.segment_of(1, Lsn(before));
    vec![
        case("missing", "wal-missing", fixture, |archive, victim| archive.remove(victim)),
        case("unreadable", "wal-unreadable", fixture, |archive, victim| archive.unreadable(victim)),
        case("directory", "wal-unreadable", fixture, |archive, victim| archive.make_directory(victim)),
        case("zeros", "wal-damaged", fixture, |archive, victim| archive.zero(victim, 0)),
        // Within what is written of it, and not where a page begins.
        case("zeros-inside", "wal-damaged", fixture, |archive, victim| archive.zero(victim, 5 * 8192 + 24)),
        case("flipped", "wal-damaged", fixture, |archive, victim| archive.flip(victim, 6 * 8192 + 4000)),
        case("copy-of-another", "wal-misnamed", fixture, |archive, victim| archive.replace_by_other(victim, &before)),
        case("other-major", "wal-foreign", fixture, |archive, victim| archive.of_other_major(victim, other_major)),
        case("other-system", "wal-foreign", fixture, |archive, victim| archive.of_other_system(victim, fixture)),
        case("half", "wal-truncated", fixture, |archive, victim| archive.truncate(victim, half)),
        case("empty", "wal-truncated", fixture, |archive, victim| archive.empty(victim)),
    ]
}

/// Fails unless the report names the place at which a server that recovers by hand has ended, and the time of its last transaction.
#[track_caller]
fn assert_ends_as(target: &Rehearsal, by_hand: &HandRecovered, what: &str) {
    let reach = &summary(target).reach;
    match by_hand.end {
        End::Promoted => {
            assert_eq!(reach.lsn.parse::<Lsn>().ok(), by_hand.replay_lsn, "{what}: {}", by_hand.log);
            assert_eq!(reach.last_transaction, by_hand.last_xact_time, "{what}: {}", by_hand.log);
        }
        // What gives up says nothing of its end; its log says how far redo came where it came that far.
        End::Exited(_) => assert!(by_hand.log.contains("FATAL"), "{what}: {}", by_hand.log),
        End::Paused => panic!("{what}: nothing was asked for at which it could pause"),
    }
}

fn fails_with(ran: &Ran, name: &str, finding: &str, names: &[String], what: &str) {
    let target = ran.target(name);
    assert_eq!(target.verdict, Verdict::Fail, "{what}: {}", ran.stdout);
    assert_eq!(complaints(target), [finding], "{what}: {}", ran.stdout);
    let found = findings(target, finding);
    assert_eq!(found.len(), 1, "{what}: {}", ran.stdout);
    for part in names {
        assert!(found[0].title.contains(part), "{what}: {part} is not in {:?}", found[0].title);
    }
}

/// Recovers with each damaged archive to the end, to a point before the damage and to one behind it.
fn every_damage(fixture: &'static BackupFixture, cases: Vec<Case>) {
    let facts = &fixture.facts;
    let base = fixture.path("base");
    let by_hand = ByHand::of(facts.major, &base);
    let home = Home::new();
    for Case { what, archive, finding, mut names } in cases {
        let ran = recover(&home, &base, archive.path(), &[Wish::new("latest", facts.major, "to: [latest]")]);
        let recovered = by_hand.recover(archive.path(), &[]);
        if let Some(end) = recovered.replay_lsn {
            names.push(end.to_string());
        }
        fails_with(&ran, "latest", finding, &names, what);
        assert_ends_as(ran.target("latest"), &recovered, what);
        assert!(ran.code == Some(1), "{what}: {:?}", ran.code);
        // What lies behind the damage is told.
        let evidence = findings(ran.target("latest"), finding)[0].evidence.join("\n");
        let next = following(fixture, &victim(fixture));
        assert!(evidence.contains(&next), "{what}: {next} is not in {evidence:?}");
    }
}

#[test]
fn each_damage_to_a_segment_fails_with_its_own_finding_and_where_recovery_ends() {
    let (fixture, other) = (backup::of(15), backup::of(17));
    every_damage(fixture, cases(fixture, other));
}

#[test]
#[ignore = "more of the same: scripts/test --full"]
fn full_each_damage_to_a_segment_fails_on_17_too() {
    let (fixture, other) = (backup::of(17), backup::of(15));
    every_damage(fixture, cases(fixture, other));
}

#[test]
fn a_point_before_a_gap_is_reached_and_one_behind_it_is_not() {
    let fixture = backup::of(17);
    let facts = &fixture.facts;
    let archive = fixture.copy_archive();
    // The gap lies behind mark 5, or the point would not be before it.
    let gap = following(fixture, &victim(fixture));
    assert!(facts.begin_of(&gap) > facts.mark(5).commit_lsn);
    archive.remove(&gap);
    let time = |at| format!("to: [{{time: {at}}}]");
    let wishes = [
        Wish::new("before", 17, &time(facts.mark(5).committed_at)).brings(&[1, 2, 3, 4, 5], false),
        Wish::new("behind", 17, &time(facts.mark(7).committed_at)),
    ];
    let ran = recover(&Home::new(), &fixture.path("base"), archive.path(), &wishes);
    assert_passed(ran.target("before"), &ran);
    let behind = ran.target("behind");
    assert_eq!(behind.verdict, Verdict::Fail);
    assert_eq!(complaints(behind), ["point-not-reached", "wal-missing"], "{}", ran.stdout);
    assert!(findings(behind, "wal-missing")[0].title.contains(&gap));
}

#[test]
fn a_gap_that_no_recovery_of_this_base_meets_is_none() {
    let fixture = backup::of(15);
    let facts = &fixture.facts;
    let archive = fixture.copy_archive_of_both_timelines();
    let needed = facts.segment_of(1, facts.bases["base"].start_lsn);
    for older in facts.segments.iter().filter(|name| **name < needed) {
        archive.remove(older);
    }
    // What timeline 1 has behind the fork, timeline 2 does not need.
    let fork = facts.segment_of(1, facts.fork_lsn.unwrap());
    archive.remove(&following(fixture, &fork));
    let latest = Wish::new("latest", 15, "to: [latest]").brings(&[1, 2, 3, 4, 5, 8, 9], false);
    let first = Wish::new("first", 15, "to: [latest], timeline: 1");
    let ran = recover(&Home::new(), &fixture.path("base"), archive.path(), &[latest, first]);
    assert_passed(ran.target("latest"), &ran);
    fails_with(&ran, "first", "wal-missing", &[following(fixture, &fork)], "the abandoned timeline");
}

#[test]
fn wal_of_the_backup_itself_that_is_missing_leaves_nothing_to_recover() {
    let fixture = backup::of(15);
    let facts = &fixture.facts;
    let archive = fixture.copy_archive();
    archive.remove(&facts.segment_of(1, facts.bases["base"].start_lsn));
    let ran = recover(
        &Home::new(),
        &fixture.path("base"),
        archive.path(),
        &[Wish::new("latest", 15, "to: [latest]"), Wish::new("immediate", 15, "to: [immediate]")],
    );
    for name in ["latest", "immediate"] {
        let target = ran.target(name);
        assert_eq!(target.verdict, Verdict::Fail, "{}", ran.stdout);
        assert!(complaints(target).contains(&"backup-wal-missing"), "{name}: {}", ran.stdout);
        assert!(!complaints(target).contains(&"wal-missing"), "{name}: {}", ran.stdout);
    }
    let by_hand = backup::recover_by_hand(15, &fixture.path("base"), archive.path(), &[]);
    assert_eq!(by_hand.end, End::Exited(1), "{}", by_hand.log);
}

#[test]
fn the_newest_segment_that_is_only_partial_is_warned_of_with_what_it_would_have_brought() {
    let fixture = backup::of(17);
    let archive = fixture.copy_archive();
    let newest = fixture.facts.segments.last().unwrap();
    archive.rename_to_partial(newest);
    let ran = recover(&Home::new(), &fixture.path("base"), archive.path(), &[Wish::new("latest", 17, "to: [latest]")]);
    let by_hand = backup::recover_by_hand(17, &fixture.path("base"), archive.path(), &[]);
    assert_eq!(complaints(ran.only()), ["wal-only-partial"], "{}", ran.stdout);
    assert_eq!(ran.only().verdict, Verdict::Pass, "{}", ran.stdout);
    let found = ran.finding("wal-only-partial");
    let end = by_hand.replay_lsn.unwrap().to_string();
    assert!(found.title.contains(newest.as_str()) && found.title.contains(&end), "{found:?}");
    assert_ends_as(ran.only(), &by_hand, "partial");
}

/// Recovers with an archive of both timelines to the end of the newest.
fn along_the_newest(fixture: &BackupFixture, archive: &Path, base: &str) -> Ran {
    let major = fixture.facts.major;
    recover(&Home::new(), &fixture.path(base), archive, &[Wish::new("latest", major, "to: [latest]")])
}

#[test]
fn an_abandoned_branch_that_would_come_back_fails() {
    let fixture = backup::of(15);
    let archive = fixture.copy_archive_of_both_timelines();
    let wanted = fixture.facts.segment_of(2, fixture.facts.fork_lsn.unwrap());
    archive.remove(&wanted);
    let ran = along_the_newest(fixture, archive.path(), "base");
    assert_eq!(ran.only().verdict, Verdict::Fail, "{}", ran.stdout);
    assert!(ran.finding("timeline-segment-missing").title.contains(&wanted), "{}", ran.stdout);
    let by_hand = backup::recover_by_hand(15, &fixture.path("base"), archive.path(), &[]);
    assert!(by_hand.end == End::Promoted && by_hand.accident, "{}", by_hand.log);
}

#[test]
fn a_timeline_without_its_history_fails() {
    let fixture = backup::of(17);
    let archive = fixture.copy_archive_of_both_timelines();
    archive.remove("00000002.history");
    let ran = along_the_newest(fixture, archive.path(), "base");
    assert_eq!(ran.only().verdict, Verdict::Fail, "{}", ran.stdout);
    assert_eq!(complaints(ran.only()), ["timeline-history-missing"], "{}", ran.stdout);
    assert!(ran.finding("timeline-history-missing").title.contains("00000002.history"));
}

#[test]
fn a_timeline_that_nobody_knows_cannot_be_followed() {
    let fixture = backup::of(17);
    let home = Home::new();
    let wishes = [Wish::new("seven", 17, "to: [latest], timeline: 7")];
    let ran = recover(&home, &fixture.path("base"), &fixture.path("wal_tl2"), &wishes);
    assert_eq!(complaints(ran.only()), ["timeline-not-reachable"], "{}", ran.stdout);
    assert_eq!(ran.only().verdict, Verdict::Fail);
    let by_hand =
        backup::recover_by_hand(17, &fixture.path("base"), &fixture.path("wal_tl2"), &["recovery_target_timeline=7"]);
    assert!(
        matches!(by_hand.end, End::Exited(1)) && by_hand.log.contains("timeline 7 does not exist"),
        "{}",
        by_hand.log
    );
}

#[test]
fn a_segment_in_the_middle_that_is_only_partial_fails() {
    let fixture = backup::of(17);
    let (archive, victim) = (fixture.copy_archive(), victim(fixture));
    archive.rename_to_partial(&victim);
    let ran = recover(&Home::new(), &fixture.path("base"), archive.path(), &[Wish::new("latest", 17, "to: [latest]")]);
    assert_eq!(ran.only().verdict, Verdict::Fail, "{}", ran.stdout);
}

#[test]
fn a_base_from_behind_the_fork_cannot_be_followed_to_the_newer_timeline() {
    let fixture = backup::of(15);
    let archive = fixture.copy_archive_of_both_timelines();
    // Timeline 2 parts before the base begins.
    let fork = fixture.facts.begin_of(&fixture.facts.segments[0]);
    assert!(fork < fixture.facts.bases["base"].start_lsn);
    std::fs::write(archive.file("00000002.history"), format!("1\t{fork}\tbefore the base\n")).unwrap();
    let ran = along_the_newest(fixture, archive.path(), "base");
    assert_eq!(ran.only().verdict, Verdict::Fail, "{}", ran.stdout);
    assert_eq!(complaints(ran.only()), ["timeline-not-reachable"], "{}", ran.stdout);
    let by_hand = backup::recover_by_hand(15, &fixture.path("base"), archive.path(), &[]);
    assert!(by_hand.log.contains("is not a child of this server's history"), "{}", by_hand.log);
}

#[test]
fn a_history_that_cannot_be_understood_fails() {
    let fixture = backup::of(17);
    let archive = fixture.copy_archive_of_both_timelines();
    std::fs::write(archive.file("00000002.history"), "one\ttwo\tthree\n").unwrap();
    let ran = along_the_newest(fixture, archive.path(), "base");
    assert_eq!(ran.only().verdict, Verdict::Fail, "{}", ran.stdout);
    assert_eq!(complaints(ran.only()), ["timeline-history-missing"], "{}", ran.stdout);
    let by_hand = backup::recover_by_hand(17, &fixture.path("base"), archive.path(), &[]);
    assert_eq!(by_hand.end, End::Exited(1), "{}", by_hand.log);
}
