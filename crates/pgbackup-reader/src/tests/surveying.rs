use std::fs;

use super::place::{Place, backup_in, name, primary};
use super::writer::{PAGE, Writer};
use crate::survey::{Damage, Gap, Survey, survey};
use crate::wal::Fault;
use crate::{Lsn, Major, Segment, Timeline};

fn segment(timeline: u32, number: u64) -> Segment {
    Segment { timeline: Timeline(timeline), number }
}

fn of(place: &Place) -> Survey {
    survey(&place.archive()).unwrap()
}

#[test]
fn a_whole_archive_is_one_range() {
    let (log, _) = primary();
    let found = of(&Place::of(&log));
    assert_eq!(found.timelines.len(), 1);
    let timeline = &found.timelines[0];
    assert_eq!((timeline.gaps.len(), timeline.damaged.len(), timeline.partial.len()), (0, 0, 0));
    let [range] = &timeline.ranges[..] else { panic!("{timeline:?}") };
    assert_eq!((range.first, range.last, range.end), (segment(1, 2), segment(1, 6), Lsn(7 << 20)));
    assert_eq!((range.content.commits, range.unfilled), (5, false));
    assert_eq!(range.content.last_commit.unwrap().xid, 6);
    let (identity, count) = found.identities[0];
    assert_eq!((identity.major, identity.system, identity.segment_size.bytes(), count), (Major::V17, 42, 1 << 20, 5));
}

#[test]
fn gaps_are_told_with_what_lies_behind() {
    let (log, _) = primary();
    let place = Place::of(&log);
    place.remove(&name(1, 4));
    let found = of(&place);
    let timeline = &found.timelines[0];
    assert_eq!(timeline.gaps, [Gap { first: segment(1, 4), last: segment(1, 4) }]);
    assert_eq!(timeline.gaps[0].segments(), 1);
    let commits: Vec<u32> = timeline.ranges.iter().map(|range| range.content.last_commit.unwrap().xid).collect();
    assert_eq!(commits, [3, 6]);
}

#[test]
fn every_segment_is_read_also_behind_damage() {
    let (log, _) = primary();
    let place = Place::of(&log);
    place.patch(&name(1, 3), 5 * PAGE + 500, &[0x77]);
    place.write(&name(1, 5), b"short");
    let found = of(&place);
    let timeline = &found.timelines[0];
    let damaged: Vec<(u64, bool)> = timeline
        .damaged
        .iter()
        .map(|damaged| (damaged.segment.number, matches!(damaged.why, Damage::WrongSize(5))))
        .collect();
    assert_eq!(damaged, [(3, false), (5, true)]);
    assert!(matches!(timeline.damaged[0].why, Damage::Fault { fault: Fault::Checksum, .. }));
    let last: Vec<u64> = timeline.ranges.iter().map(|range| range.last.number).collect();
    assert_eq!(last, [3, 4, 6]);
}

#[test]
fn a_last_segment_that_was_never_filled_is_no_damage() {
    let mut log = Writer::new(2);
    backup_in(&mut log);
    let found = of(&Place::of(&log));
    let timeline = &found.timelines[0];
    assert!(timeline.ranges[0].unfilled);
    assert_eq!((timeline.damaged.len(), timeline.ranges[0].end), (0, Lsn(log.here())));
    // With another segment behind it, it is.
    let mut next = Writer::new(3);
    next.commit(1, 1);
    let place = Place::of(&log);
    place.add(&next);
    let found = of(&place);
    assert_eq!(found.timelines[0].damaged[0].segment, segment(1, 2));
}

#[test]
fn segments_of_another_cluster_are_set_apart() {
    let (log, _) = primary();
    let place = Place::of(&log);
    let mut other = Writer::new(8);
    other.system = 7;
    other.commit(1, 1);
    place.add(&other);
    let found = of(&place);
    assert_eq!(
        found.identities.iter().map(|(identity, count)| (identity.system, *count)).collect::<Vec<_>>(),
        [(42, 5), (7, 1)]
    );
    assert_eq!(found.of_others.iter().map(ToString::to_string).collect::<Vec<_>>(), [name(1, 8)]);
    assert_eq!(found.timelines[0].ranges.len(), 1);
}

#[test]
fn what_a_partial_segment_alone_holds_is_told() {
    let (log, _) = primary();
    let place = Place::of(&log);
    for number in [5, 6] {
        let bytes = fs::read(place.path(&name(1, number))).unwrap();
        place.write(&format!("{}.partial", name(1, number)), &bytes);
    }
    place.remove(&name(1, 6));
    let found = of(&place);
    let [partial] = &found.timelines[0].partial[..] else { panic!("{found:?}") };
    assert_eq!(partial.segment, segment(1, 6));
    assert_eq!(partial.content.last_commit.unwrap().xid, 6);
}

/// Timeline 2 leaves timeline 1 amid segment 3. The times of the last commits of both are given.
fn forked(parent: i64, child: Option<i64>) -> Place {
    let mut log = Writer::new(2);
    backup_in(&mut log);
    log.switch();
    log.commit(3, 3);
    let fork = log.here();
    let mut second = log.fork(2);
    log.commit(4, parent);
    log.switch();
    log.switch();
    second.end_of_recovery(2, 1);
    if let Some(child) = child {
        second.commit(5, child);
    }
    second.switch();
    let place = Place::of(&log);
    place.add(&second);
    place.remove(&name(2, 2));
    place.write("00000002.history", format!("1\t{}\tx\n", Lsn(fork)).as_bytes());
    place
}

#[test]
fn a_timeline_that_nobody_continued_is_told_from_a_failover() {
    let polluted = |place: &Place| of(place).timelines.into_iter().find_map(|timeline| timeline.polluted);
    assert_eq!(polluted(&forked(40, Some(50))), None);
    let found = polluted(&forked(60, Some(50))).unwrap();
    assert_eq!((found.parent, found.parent_commit.xid), (Timeline(1), 4));
    assert_eq!(found.own_commit.map(|commit| commit.xid), Some(5));
    assert!(polluted(&forked(40, None)).unwrap().own_commit.is_none());
    // Timeline 3 continues it.
    let place = forked(60, Some(50));
    let history = fs::read_to_string(place.path("00000002.history")).unwrap();
    place.write("00000003.history", format!("{history}2\t0/400000\tx\n").as_bytes());
    assert_eq!(polluted(&place), None);
}

#[test]
fn segments_that_are_missing_around_a_fork_are_gaps() {
    let place = forked(40, Some(50));
    place.remove(&name(1, 4));
    let second = fs::read(place.path(&name(2, 3))).unwrap();
    place.write(&name(2, 9), &second);
    place.remove(&name(2, 3));
    let found = of(&place);
    assert_eq!(found.timelines[0].gaps, []);
    assert_eq!(found.timelines[1].gaps, [Gap { first: segment(2, 3), last: segment(2, 8) }]);
    place.write("00000002.history", b"1\t0/700000\tx\n");
    assert_eq!(of(&place).timelines[0].gaps, [Gap { first: segment(1, 4), last: segment(1, 6) }]);
}

#[test]
fn histories_are_read_and_broken_ones_told() {
    let place = forked(40, Some(50));
    place.write("00000005.history", b"x");
    let found = of(&place);
    assert!(matches!(found.timelines[1].history, Some(Ok(_))));
    assert_eq!(found.timelines[2].timeline, Timeline(5));
    assert!(matches!(found.timelines[2].history, Some(Err(_))));
    assert!(found.timelines[0].history.is_none());
}

#[test]
fn an_archive_without_segments_says_nothing() {
    assert_eq!(survey(&Place::new().archive()), None);
}

#[test]
fn copies_that_differ_and_copies_that_are_broken_are_told() {
    let (log, _) = primary();
    let place = Place::of(&log);
    let bytes = fs::read(place.path(&name(1, 4))).unwrap();
    let packed = zstd::encode_all(&bytes[..], 1).unwrap();
    place.write(&format!("{}.zst", name(1, 4)), &packed);
    place.patch(&name(1, 4), 1_000_000, &[1]);
    place.write(&format!("{}.zst", name(1, 5)), &packed[..packed.len() / 2]);
    let found = of(&place);
    let [(segment, read, others)] = &found.ambiguous[..] else { panic!("{found:?}") };
    assert_eq!((segment.to_string(), read.to_str(), others.len()), (name(1, 4), Some(name(1, 4).as_str()), 1));
    let [crate::archive::Trouble::Compression { path, .. }] = &found.troubles[..] else { panic!("{found:?}") };
    assert_eq!(path.to_str(), Some(format!("{}.zst", name(1, 5)).as_str()));
    assert_eq!(found.timelines[0].ranges.len(), 1);
}
