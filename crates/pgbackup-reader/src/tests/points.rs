//! Where recovery stops for a point.

use super::place::{Backup, Place, at, backup_in, before, primary};
use super::writer::Writer;
use crate::reach::{Asked, BackupFrom, Goal, Outcome, Point, StopAt};
use crate::{Lsn, to_postgres};

/// A log with a backup, commits 11 to 14 at the times 110 to 140, of which 13 is rolled back, and a restore point before 14.
fn log() -> (Writer, Backup, Vec<u64>) {
    let mut log = Writer::new(2);
    let backup = backup_in(&mut log);
    let places = vec![
        log.commit(11, 110),
        log.commit(12, 120),
        log.abort(13, 130),
        log.restore_point("here", 135),
        log.commit(14, 140),
        log.other(10),
        log.here(),
    ];
    (log, backup, places)
}

fn stop(asked: Asked) -> StopAt {
    let (log, backup, _) = log();
    Place::of(&log).reach_to(&backup, Goal::Latest, &[asked]).stops.remove(0)
}

/// The outcome, the index of the first record that is not replayed, and the time that the server shows.
fn short(asked: Asked) -> (Outcome, Option<usize>, Option<i64>) {
    let (_, _, places) = log();
    let stop = stop(asked);
    let index = places.iter().position(|place| Lsn(*place) == stop.lsn);
    (stop.outcome, index, stop.last_transaction.map(|ended| ended.time))
}

#[test]
fn a_time_stops_before_the_first_end_of_a_transaction_behind_it() {
    assert_eq!(short(at(Point::Time(120))), (Outcome::Reached, Some(2), Some(120)));
    assert_eq!(short(before(Point::Time(120))), (Outcome::Reached, Some(1), Some(110)));
    // A rollback stops it too, and counts for the time that the server shows.
    assert_eq!(short(at(Point::Time(125))), (Outcome::Reached, Some(2), Some(120)));
    assert_eq!(short(at(Point::Time(130))), (Outcome::Reached, Some(4), Some(130)));
    assert_eq!(short(at(Point::Time(140))), (Outcome::NotReached, Some(6), Some(140)));
}

#[test]
fn a_transaction_stops_behind_or_before_its_end_and_counts_where_it_was_rolled_back() {
    assert_eq!(short(at(Point::Xid(12))), (Outcome::Reached, Some(2), Some(120)));
    assert_eq!(short(before(Point::Xid(12))), (Outcome::Reached, Some(1), Some(110)));
    assert_eq!(short(at(Point::Xid(13))), (Outcome::Reached, Some(3), Some(130)));
    assert_eq!(short(at(Point::Xid(99))).0, Outcome::NotReached);
}

#[test]
fn a_place_stops_behind_or_before_the_record_that_begins_there_or_next() {
    let (_, _, places) = log();
    // What ends exactly there has ended, and the server does not say its time.
    assert_eq!(short(at(Point::Lsn(Lsn(places[1])))), (Outcome::Reached, Some(2), Some(110)));
    assert_eq!(stop(at(Point::Lsn(Lsn(places[1])))).last_commit.map(|ended| ended.time), Some(120));
    assert_eq!(short(before(Point::Lsn(Lsn(places[1])))), (Outcome::Reached, Some(1), Some(110)));
    assert_eq!(short(at(Point::Lsn(Lsn(places[1] + 1)))), (Outcome::Reached, Some(3), Some(120)));
    assert_eq!(short(at(Point::Lsn(Lsn(places[6])))).0, Outcome::NotReached);
}

#[test]
fn a_restore_point_stops_behind_its_record() {
    assert_eq!(short(at(Point::Name("here".to_owned()))), (Outcome::Reached, Some(4), Some(130)));
    assert_eq!(short(at(Point::Name("her".to_owned()))).0, Outcome::NotReached);
}

#[test]
fn immediate_stops_where_the_backup_is_consistent_if_anything_follows() {
    assert_eq!(short(at(Point::Immediate)), (Outcome::Reached, Some(0), None));
    let mut log = Writer::new(2);
    let backup = backup_in(&mut log);
    let asked = [at(Point::Immediate)];
    let stops = Place::of(&log).reach_to(&backup, Goal::Latest, &asked).stops;
    assert_eq!(stops[0].outcome, Outcome::NotReached);
}

#[test]
fn points_before_the_backup_is_consistent_are_told() {
    let mut log = Writer::new(2);
    log.begin_page(0);
    let redo = log.here();
    let checkpoint = log.checkpoint(false, redo, 1, 1, 0);
    log.commit(5, 50);
    log.backup_end(redo);
    log.commit(6, 60);
    let backup = Backup { redo, checkpoint, from: BackupFrom::Primary };
    let asked = [at(Point::Time(40)), at(Point::Time(55)), at(Point::Lsn(Lsn(redo))), at(Point::Xid(5))];
    let stops = Place::of(&log).reach_to(&backup, Goal::Latest, &asked).stops;
    let outcomes: Vec<Outcome> = stops.iter().map(|stop| stop.outcome).collect();
    assert_eq!(
        outcomes,
        [Outcome::BeforeConsistency, Outcome::Reached, Outcome::BeforeConsistency, Outcome::BeforeConsistency]
    );
}

#[test]
fn a_time_before_the_backup_is_reached_too_late_and_told() {
    let moment: jiff::Timestamp = "2001-09-09T01:46:39Z".parse().unwrap();
    // The backup's checkpoint was made a second later.
    let (log, backup) = primary();
    let asked = [at(Point::Time(to_postgres(moment))), at(Point::Time(to_postgres(moment) + 2_000_000))];
    let stops = Place::of(&log).reach_to(&backup, Goal::Latest, &asked).stops;
    assert!(stops[0].before_backup && !stops[1].before_backup);
}

#[test]
fn what_comes_next_is_told() {
    let stop = stop(at(Point::Time(120)));
    assert_eq!(stop.last_commit.unwrap().xid, 12);
    let (log, backup, _) = log();
    let place = Place::of(&log);
    let archive = place.archive();
    let question =
        crate::Question { archive: &archive, pg_wal: None, start: backup.start(), goal: Goal::Latest, points: &[] };
    assert_eq!(crate::reach::stop_at(&question, &at(Point::Time(120))), Ok(stop.clone()));
    assert_eq!(stop.next_transaction.map(|next| (next.xid, next.committed)), Some((13, false)));
}

#[test]
fn latest_is_the_end_and_refused_where_the_server_refuses() {
    let (log, backup, places) = log();
    let place = Place::of(&log);
    let asked = [at(Point::Latest)];
    let stops = place.reach_to(&backup, Goal::Latest, &asked).stops;
    assert_eq!((stops[0].outcome, stops[0].lsn), (Outcome::Reached, Lsn(places[6])));
    place.write(&super::place::name(1, 2), b"short");
    let start = crate::reach::Start {
        major: Some(crate::Major::V17),
        segment_size: crate::SegmentSize::new(1 << 20),
        ..backup.start()
    };
    let archive = place.archive();
    let question = crate::Question { archive: &archive, pg_wal: None, start, goal: Goal::Latest, points: &asked };
    assert_eq!(crate::reach::reach(&question).unwrap().stops[0].outcome, Outcome::Refused);
}
