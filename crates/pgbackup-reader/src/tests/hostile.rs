//! Logs and archives that somebody changed: nothing panics, nothing runs without end, and no more memory is taken than is bounded.
//! `PGBACKUP_READER_FUZZ_CASES` and `PGBACKUP_READER_FUZZ_SEED` make it more and others.

use std::fs;

use fastrand::Rng;
use proptest::prelude::*;

use super::place::{Place, at, before, name, primary};
use super::walking::{Bytes, NoMore};
use super::writer::{PAGE, Writer};
use crate::reach::{Goal, Point};
use crate::survey::survey;
use crate::wal::{Expected, Stop, Walker};
use crate::{Lsn, Major, SegmentSize, Timeline};

fn from_environment(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|value| value.parse().ok()).unwrap_or(default)
}

/// Changes a segment: bytes, runs of zeros, pages from elsewhere, its length.
fn change(bytes: &mut Vec<u8>, rng: &mut Rng) {
    let length = bytes.len().max(1);
    let at = rng.usize(..length);
    match rng.u8(..8) {
        0 | 1 => bytes.iter_mut().skip(at).take(rng.usize(1..5)).for_each(|byte| *byte = rng.u8(..)),
        2 => bytes.iter_mut().skip(at).take(rng.usize(1..20_000)).for_each(|byte| *byte = 0),
        3 => bytes.iter_mut().skip(at).take(rng.usize(1..500)).for_each(|byte| *byte = rng.u8(..)),
        4 => {
            let (from, to) = (at / PAGE * PAGE, rng.usize(..length) / PAGE * PAGE);
            if from.max(to) + PAGE <= bytes.len() {
                bytes.copy_within(from..from + PAGE, to);
            }
        }
        5 => {
            let header = at / PAGE * PAGE + rng.usize(..40);
            if let Some(byte) = bytes.get_mut(header) {
                *byte = rng.u8(..);
            }
        }
        6 => bytes.truncate(at),
        _ => bytes.extend(vec![rng.u8(..); rng.usize(1..PAGE)]),
    }
}

#[test]
fn changed_archives_are_read_to_an_end() {
    let mut rng = Rng::with_seed(from_environment("PGBACKUP_READER_FUZZ_SEED", 1));
    let (log, backup) = primary();
    let segments = log.segments();
    let points = [
        at(Point::Latest),
        at(Point::Immediate),
        before(Point::Time(40)),
        at(Point::Lsn(Lsn(5 << 20))),
        at(Point::Xid(4)),
        at(Point::Name("x".to_owned())),
    ];
    let place = Place::of(&log);
    for _ in 0..from_environment("PGBACKUP_READER_FUZZ_CASES", 150) {
        let mut touched = Vec::new();
        for _ in 0..rng.usize(1..4) {
            let name = name(1, rng.u64(2..7));
            let mut bytes = fs::read(place.path(&name)).unwrap();
            change(&mut bytes, &mut rng);
            place.write(&name, &bytes);
            touched.push(name);
        }
        if rng.u8(..4) == 0 {
            let text: Vec<u8> = (0..rng.usize(..60)).map(|_| b"0123456789ABC/\t\n \0#"[rng.usize(..18)]).collect();
            place.write("00000002.history", &text);
        }
        let goals = [Goal::Latest, Goal::Current, Goal::Timeline(Timeline(rng.u32(..4)))];
        let reach = place.reach_with_size(&backup, goals[rng.usize(..3)], &points);
        assert!(reach.end >= Lsn(backup.redo) && reach.end <= Lsn(7 << 20), "{reach:?}");
        assert_eq!(reach.stops.len(), points.len());
        survey(&place.archive());
        for name in touched {
            place.write(&name, &segments[&name]);
        }
        let _ = fs::remove_file(place.path("00000002.history"));
    }
}

/// Reads a log of these bytes, and gives the number of records.
fn read(bytes: Vec<u8>, major: Major) -> usize {
    let segment_size = SegmentSize::new(1 << 20).unwrap();
    let pages = Bytes { start: 2 << 20, bytes, segment_size: 1 << 20 };
    let mut walker = Walker::new(pages, Expected { major, system: None, segment_size });
    walker.begin(Lsn(2 << 20));
    let mut records = 0;
    let mut last = Lsn(0);
    loop {
        match walker.next_record() {
            Ok(record) => {
                assert!(record.at > last && record.end > record.at);
                last = record.at;
                records += 1;
            }
            Err(Stop::End(NoMore) | Stop::Fault { .. }) => return records,
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// Whoever writes a log can write right checksums over anything.
    #[test]
    fn records_of_any_content_are_read_or_refused(
        bodies in proptest::collection::vec(
            (0_u8..25, any::<u8>(), proptest::collection::vec(any::<u8>(), 0..300)),
            1..20,
        ),
        major in 0..6_usize,
    ) {
        let major = Major::ALL[major];
        let mut log = Writer::of(major.magic(), 1 << 20, 2);
        for (manager, info, body) in &bodies {
            log.raw(*manager, *info, 7, body);
        }
        log.bytes.resize(log.bytes.len().next_multiple_of(PAGE), 0);
        prop_assert!(read(log.bytes, major) <= bodies.len());
    }

    #[test]
    fn main_data_of_any_content_is_read(
        data in proptest::collection::vec(any::<u8>(), 0..200),
        manager in 0_u8..2,
        info: u8,
        major in 0..6_usize,
    ) {
        let major = Major::ALL[major];
        let mut log = Writer::of(major.magic(), 1 << 20, 2);
        log.record(manager, info, 7, &data);
        log.bytes.resize(PAGE, 0);
        prop_assert_eq!(read(log.bytes, major), 1);
    }

    #[test]
    fn pages_of_any_content_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..20_000)) {
        prop_assert_eq!(read(bytes, Major::V15), 0);
    }

    /// The last places that a log can have.
    #[test]
    fn reading_can_begin_at_any_place(place: u64, anew: bool) {
        let segment_size = SegmentSize::DEFAULT;
        let pages = Bytes { start: 0, bytes: Writer::new(0).bytes, segment_size: segment_size.bytes() };
        let mut walker = Walker::new(pages, Expected { major: Major::V17, system: None, segment_size });
        let place = Lsn(if anew { u64::MAX - place % 100_000 } else { place });
        walker.begin(place);
        prop_assert!(walker.next_record().is_err());
        prop_assert!(walker.begin_behind(place).is_err());
    }
}

#[test]
fn the_log_can_lie_at_the_end_of_all_places() {
    let number = u64::MAX / (1 << 20) - 1;
    let mut log = Writer::new(number);
    log.begin_page(0);
    let redo = log.here();
    let checkpoint = log.checkpoint(false, redo, 1, 1, 0);
    log.backup_end(redo);
    log.switch();
    log.commit(1, 1);
    let backup = super::place::Backup { redo, checkpoint, from: crate::reach::BackupFrom::Primary };
    let reach = Place::of(&log).reach(&backup);
    assert_eq!(reach.commits, 1);
}

/// A prepared transaction's end with as many subtransactions as that.
fn prepared(subtransactions: u32) -> Vec<u8> {
    let mut data = 77_i64.to_le_bytes().to_vec();
    data.extend((2_u32 | 16).to_le_bytes());
    data.extend(subtransactions.to_le_bytes());
    data.extend(vec![1; subtransactions as usize * 4]);
    data.extend(4711_u32.to_le_bytes());
    data
}

#[test]
fn of_the_longest_ends_of_transactions_the_time_is_known_and_no_more_is_kept() {
    for (subtransactions, xid) in [(100_000, 4711), (1_500_000, 0)] {
        let mut log = Writer::new(2);
        log.record(1, 0x30 | 0x80, 0, &prepared(subtransactions));
        let mut bytes = log.bytes.clone();
        bytes.resize(bytes.len().next_multiple_of(PAGE), 0);
        let segment_size = SegmentSize::new(1 << 20).unwrap();
        let pages = Bytes { start: log.start, bytes, segment_size: 1 << 20 };
        let mut walker = Walker::new(pages, Expected { major: Major::V17, system: None, segment_size });
        walker.begin(Lsn(log.start));
        let record = walker.next_record().unwrap();
        let expected = crate::wal::Transaction { xid, time: 77, prepared: true };
        assert_eq!(record.kind, crate::Kind::Commit(expected));
        assert!(walker.kept() <= 8 << 20);
    }
}
