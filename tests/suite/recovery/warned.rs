//! What is worth knowing of a backup that comes back: each of these is said where it is so, and not where it is not.

use std::fs;

use pgrehearse::rehearsal::Verdict;

use super::{Wish, assert_passed, complaints, recover};
use crate::support::backup::{self, Compression};
use crate::support::home::{findings, names};
use crate::support::{Home, Ran};

fn latest(archive: &backup::damage::Archive) -> Ran {
    let wish = Wish::new("latest", 17, "to: [latest]");
    recover(&Home::new(), &backup::of(17).path("base"), archive.path(), &[wish])
}

#[test]
fn a_segment_that_is_there_twice_is_warned_of_where_the_two_differ() {
    let fixture = backup::of(17);
    let segment = fixture.facts.segments.last().unwrap();
    let archive = fixture.copy_archive();
    let plain = fs::read(archive.file(segment)).unwrap();
    archive.compress(segment, Compression::Gzip, true);
    fs::write(archive.file(segment), &plain).unwrap();
    let same = latest(&archive);
    assert_passed(same.only(), &same);

    // The other copy is of another time: a segment before it.
    fs::remove_file(archive.file(&format!("{segment}.gz"))).unwrap();
    let before = &fixture.facts.segments[fixture.facts.segments.len() - 2];
    let other = fs::read(archive.file(before)).unwrap();
    fs::write(archive.file(segment), other).unwrap();
    archive.compress(segment, Compression::Gzip, true);
    fs::write(archive.file(segment), &plain).unwrap();
    let differs = latest(&archive);
    assert_eq!(complaints(differs.only()), ["wal-ambiguous"], "{}", differs.stdout);
    assert_eq!(differs.only().verdict, Verdict::Pass, "{}", differs.stdout);
    let found = differs.finding("wal-ambiguous");
    assert!(found.title.contains(segment.as_str()), "{found:?}");
    assert!(found.evidence.iter().any(|line| line.contains(&format!("{segment}.gz"))), "{found:?}");
}

#[test]
fn what_a_profile_allows_to_be_lost_and_how_old_a_base_may_be_is_held_to() {
    let fixture = backup::of(15);
    let wishes = [
        Wish::new("strict", 15, "to: [latest], max_data_loss: 1s, max_base_age: 1s"),
        Wish::new("patient", 15, "to: [latest], max_data_loss: 9000h, max_base_age: 9000h"),
    ];
    let ran = recover(&Home::new(), &fixture.path("base"), &fixture.path("wal"), &wishes);
    assert_eq!(complaints(ran.target("strict")), ["base-too-old", "recovery-point-too-old"], "{}", ran.stdout);
    assert_eq!(ran.target("strict").verdict, Verdict::Fail);
    assert_passed(ran.target("patient"), &ran);
    // These are true of every recovery of this base: nobody says what it brings, and an unlogged table is in it.
    for name in ["point-unasserted", "unlogged-tables-empty"] {
        assert!(names(ran.target("patient")).contains(&name), "{name}: {}", ran.stdout);
    }
    assert_eq!(findings(ran.target("patient"), "unlogged-tables-empty")[0].count, 1);
}
