//! Archives with more than one timeline.

use std::fs;

use super::place::{Backup, Place, backup_in, name};
use super::writer::Writer;
use crate::reach::{End, Goal, Question, Refusal, ServerWould, Start, reach};
use crate::{Lsn, Segment, Timeline};

/// A primary whose timeline 2 left it amid segment 4: commit 40 is before the fork, 41 the accident behind it, 42 on timeline 2.
fn forked() -> (Place, Backup, u64) {
    let mut log = Writer::new(2);
    let backup = backup_in(&mut log);
    log.switch();
    log.fill_to(200_000);
    log.switch();
    log.commit(40, 40);
    let fork = log.here();
    let mut child = log.fork(2);
    log.commit(41, 41);
    log.switch();
    log.commit(50, 50);
    log.switch();
    child.end_of_recovery(2, 1);
    child.commit(42, 42);
    child.switch();
    child.commit(51, 51);
    child.switch();
    let place = Place::of(&log);
    place.add(&child);
    // The child's own segments begin with that of the fork.
    for number in [2, 3] {
        place.remove(&name(2, number));
    }
    let text = format!("1\t{}\tno recovery target specified\n", Lsn(fork));
    place.write("00000002.history", text.as_bytes());
    (place, backup, fork)
}

#[test]
fn the_newest_timeline_is_followed_over_the_fork() {
    let (place, backup, _) = forked();
    let reach = place.reach(&backup);
    assert_eq!((reach.end_timeline, reach.last_commit.unwrap().xid), (Timeline(2), 51));
    assert_eq!(reach.why, End::Archive { newest: Segment { timeline: Timeline(2), number: 5 } });
    let read: Vec<(u32, u64)> =
        reach.segments.iter().map(|read| (read.segment.timeline.0, read.segment.number)).collect();
    assert_eq!(read, [(1, 2), (1, 3), (2, 4), (2, 5)]);
    assert_eq!(reach.fell_off, None);
}

#[test]
fn another_timeline_is_followed_where_it_is_asked_for() {
    let (place, backup, _) = forked();
    for (goal, xid) in [(Goal::Current, 50), (Goal::Timeline(Timeline(1)), 50), (Goal::Timeline(Timeline(2)), 51)] {
        assert_eq!(place.reach_to(&backup, goal, &[]).last_commit.unwrap().xid, xid, "{goal:?}");
    }
    let refused = place.reach_to(&backup, Goal::Timeline(Timeline(7)), &[]);
    let refusal = Refusal::TimelineUnknown { wanted: Timeline(7) };
    assert_eq!(refused.server_would, ServerWould::Refuse(refusal.clone()));
    assert_eq!(refused.why, End::Refused(refusal));
}

#[test]
fn without_its_segment_at_the_fork_the_abandoned_branch_comes_back() {
    let (place, backup, fork) = forked();
    place.remove(&name(2, 4));
    let reach = place.reach(&backup);
    assert!(!reach.is_complete() && reach.is_abandoned(reach.end) && !reach.is_abandoned(Lsn(fork)));
    let fell = reach.fell_off.unwrap();
    assert_eq!((fell.wanted.to_string(), fell.read.to_string(), fell.fork), (name(2, 4), name(1, 4), Lsn(fork)));
    assert!(fell.came_back);
    // The accident is replayed, and the server is content.
    assert_eq!(reach.server_would, ServerWould::Promote);
    assert!(reach.end > Lsn(fork));
    assert_eq!(reach.last_commit.unwrap().xid, 41);
}

#[test]
fn an_older_segment_that_ends_at_the_fork_is_no_abandoned_branch() {
    let (place, backup, fork) = forked();
    place.remove(&name(2, 4));
    let offset = (fork % (1 << 20)) as usize;
    place.patch(&name(1, 4), offset, &vec![0; (1 << 20) - offset]);
    let reach = place.reach(&backup);
    assert_eq!((reach.end, reach.is_abandoned(reach.end)), (Lsn(fork), false));
    assert!(!reach.fell_off.unwrap().came_back);
}

#[test]
fn the_partial_segment_of_the_timeline_that_was_left_is_told() {
    let (place, backup, _) = forked();
    for number in [4, 5] {
        place.remove(&name(2, number));
    }
    place.remove(&name(1, 5));
    let file = format!("{}.partial", name(1, 4));
    fs::rename(place.path(&name(1, 4)), place.path(&file)).unwrap();
    let reach = place.reach(&backup);
    assert_eq!(
        reach.why,
        End::OnlyPartial { segment: crate::wal::SegmentName::parse(&name(1, 4)).unwrap(), path: file.into() }
    );
    assert_eq!(reach.beyond.unwrap().last_commit.unwrap().xid, 41);
}

#[test]
fn a_timeline_without_its_history_is_ignored_and_told() {
    let (place, backup, _) = forked();
    place.remove("00000002.history");
    let reach = place.reach(&backup);
    assert_eq!((reach.end_timeline, reach.last_commit.unwrap().xid), (Timeline(1), 50));
    assert_eq!(reach.without_history, [Timeline(2)]);
    assert_eq!(reach.server_would, ServerWould::Promote);
}

#[test]
fn a_gap_in_the_numbers_of_timelines_hides_the_later_ones() {
    let (place, backup, _) = forked();
    fs::rename(place.path("00000002.history"), place.path("00000003.history")).unwrap();
    assert_eq!(place.reach(&backup).history.timeline(), Timeline(1));
}

#[test]
fn a_broken_history_stops_the_server() {
    let (place, backup, _) = forked();
    place.write("00000002.history", b"one\t0/0\n");
    let would = place.reach(&backup).server_would;
    assert!(matches!(would, ServerWould::Refuse(Refusal::HistoryBroken { timeline: Timeline(2), .. })), "{would:?}");
}

#[test]
fn a_timeline_that_left_before_the_backup_cannot_be_reached() {
    let (place, backup, _) = forked();
    place.write("00000002.history", b"1\t0/200020\tx\n");
    let reach = place.reach(&backup);
    let refusal = Refusal::NotAChild {
        wanted: Timeline(2),
        start: Timeline(1),
        checkpoint: Lsn(backup.checkpoint),
        fork: Some(Lsn(0x20_0020)),
    };
    assert_eq!(reach.server_would, ServerWould::Refuse(refusal));
    // A history of nothing makes it a timeline without ancestors: no segment of timeline 1 is looked for.
    place.write("00000002.history", b"");
    let would = place.reach(&backup).server_would;
    assert!(matches!(would, ServerWould::Refuse(Refusal::CheckpointMissing { .. })), "{would:?}");
}

#[test]
fn a_switch_that_the_histories_do_not_tell_stops_the_server() {
    let (place, backup, _) = forked();
    // Timeline 1's segment goes on on a timeline that it should not know.
    let child = fs::read(place.path(&name(2, 4))).unwrap();
    place.write(&name(1, 4), &child);
    place.remove("00000002.history");
    let reach = place.reach(&backup);
    // Its pages say timeline 2 from the next page on; the switch itself is on the first.
    let from = Timeline(1);
    assert!(
        matches!(reach.server_would, ServerWould::Refuse(Refusal::TimelineSwitch { from: f, to: Timeline(2), .. }) if f == from),
        "{:?}",
        reach.server_would
    );
}

#[test]
fn the_latest_timeline_is_looked_for_from_the_one_that_the_backup_knows() {
    let (place, backup, _) = forked();
    // Without a history of 2 in between, 3 is found by a backup whose pg_control knows 2.
    let history = fs::read(place.path("00000002.history")).unwrap();
    place.remove("00000002.history");
    let later = format!("{}2\t0/500000\tx\n", String::from_utf8(history).unwrap());
    place.write("00000003.history", later.as_bytes());
    let archive = place.archive();
    let newest = |control_timeline| {
        let start = Start { control_timeline, ..backup.start() };
        let question = Question { archive: &archive, pg_wal: None, start, goal: Goal::Latest, points: &[] };
        reach(&question).unwrap().history.timeline()
    };
    assert_eq!((newest(None), newest(Some(Timeline(2)))), (Timeline(1), Timeline(3)));
}
