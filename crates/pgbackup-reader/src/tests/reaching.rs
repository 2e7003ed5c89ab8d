use std::fs;

use super::place::{Backup, Place, backup_in, name, primary};
use super::writer::{PAGE, Writer};
use crate::archive::Trouble;
use crate::reach::{BackupFrom, End, Goal, Question, ReadFrom, Refusal, ServerWould, Start, reach};
use crate::wal::{Fault, SegmentName};
use crate::{Lsn, Major, Segment, Timeline};

fn segment_name(timeline: u32, number: u64) -> SegmentName {
    SegmentName::parse(&name(timeline, number)).unwrap()
}

fn segment(timeline: u32, number: u64) -> Segment {
    Segment { timeline: Timeline(timeline), number }
}

/// What a recovery of the primary's log with something changed ends with: the end in segments, the last commit, and why.
fn after(change: impl FnOnce(&Place)) -> (u64, Option<u32>, End, ServerWould) {
    let (log, backup) = primary();
    let place = Place::of(&log);
    change(&place);
    let reach = place.reach(&backup);
    let last = reach.last_commit.map(|commit| commit.xid);
    (reach.end.0 >> 20, last, reach.why, reach.server_would)
}

#[test]
fn a_whole_archive_is_read_to_its_newest_segment() {
    let (log, backup) = primary();
    let reach = Place::of(&log).reach(&backup);
    assert_eq!(reach.why, End::Archive { newest: segment(1, 6) });
    assert_eq!(reach.server_would, ServerWould::Promote);
    assert_eq!((reach.end, reach.end_timeline), (Lsn(7 << 20), Timeline(1)));
    assert_eq!(reach.last_commit.map(|commit| (commit.xid, commit.time)), Some((6, 60)));
    assert_eq!(reach.first_commit.map(|commit| commit.xid), Some(2));
    assert_eq!((reach.commits, reach.segments.len()), (5, 5));
    assert!(reach.is_complete());
    assert_eq!((reach.beyond, reach.fell_off), (None, None));
    assert_eq!(reach.checkpoint_time, Some(1_000_000_000));
    assert!(reach.consistent.unwrap() < Lsn((2 << 20) + 1000));
    assert_eq!(reach.expected.major, Major::V17);
}

#[test]
fn a_missing_segment_is_named_with_what_lies_behind_it() {
    let (log, backup) = primary();
    let place = Place::of(&log);
    place.remove(&name(1, 4));
    let reach = place.reach(&backup);
    assert_eq!(reach.why, End::Missing { segment: segment_name(1, 4) });
    assert_eq!((reach.end, reach.server_would), (Lsn(4 << 20), ServerWould::Promote));
    let beyond = reach.beyond.unwrap();
    assert_eq!((beyond.first, beyond.last, beyond.segments), (segment(1, 5), segment(1, 6), 2));
    assert_eq!(beyond.last_commit.map(|commit| commit.xid), Some(6));
}

#[test]
fn gaps_before_the_backup_and_behind_the_path_raise_nothing() {
    let (log, backup) = primary();
    let place = Place::of(&log);
    let expected = place.reach(&backup);
    let old = fs::read(place.path(&name(1, 2))).unwrap();
    place.write(&name(1, 0), &old);
    // A timeline that is not on the path.
    place.write(&name(7, 9), &old);
    let reach = place.reach(&backup);
    assert_eq!((reach.why, reach.beyond, reach.end), (expected.why, expected.beyond, expected.end));
    assert_eq!(reach.without_history, [Timeline(7)]);
}

#[test]
fn a_segment_of_zeros_ends_the_log_before_it() {
    let (end, last, why, server) = after(|place| place.write(&name(1, 4), &vec![0; 1 << 20]));
    assert_eq!((end, last, server), (4, Some(3), ServerWould::Promote));
    assert_eq!(why, End::Zeroed { at: Lsn(4 << 20), segment: segment(1, 4) });
}

#[test]
fn zeros_amid_a_segment_end_the_log_amid_it() {
    let (log, backup) = primary();
    let place = Place::of(&log);
    place.patch(&name(1, 4), 6 * PAGE, &vec![0; (1 << 20) - 6 * PAGE]);
    let reach = place.reach(&backup);
    assert!(matches!(reach.why, End::Zeroed { .. }), "{:?}", reach.why);
    assert!(reach.end > Lsn((4 << 20) + 5 * PAGE as u64) && reach.end < Lsn((4 << 20) + 6 * PAGE as u64));
    assert_eq!(reach.beyond.unwrap().segments, 2);
}

#[test]
fn a_flipped_byte_is_found_and_the_log_behind_it_too() {
    let (log, backup) = primary();
    let place = Place::of(&log);
    place.patch(&name(1, 4), 5 * PAGE + 500, &[0x77]);
    let reach = place.reach(&backup);
    let End::BadChecksum { at, segment: found } = reach.why else { panic!("{:?}", reach.why) };
    assert_eq!((at, found), (reach.end, segment(1, 4)));
    assert_eq!(reach.last_commit.unwrap().xid, 3);
    assert_eq!(reach.beyond.unwrap().last_commit.unwrap().xid, 6);
}

#[test]
fn a_segment_under_another_name_is_told_by_its_pages() {
    let (_, last, why, _) = after(|place| {
        let other = fs::read(place.path(&name(1, 3))).unwrap();
        place.write(&name(1, 4), &other);
    });
    let found = End::PageOfAnotherSegment { at: Lsn(4 << 20), segment: segment(1, 4), found: Lsn(3 << 20) };
    assert_eq!((last, why), (Some(3), found));
}

#[test]
fn segments_of_another_cluster_and_of_another_major_are_told() {
    let (_, _, why, server) = after(|place| place.patch(&name(1, 4), 24, &7_u64.to_le_bytes()));
    assert_eq!((why, server), (End::OtherSystem { segment: segment(1, 4), found: 7 }, ServerWould::Promote));
    let (_, _, why, _) = after(|place| place.patch(&name(1, 4), 0, &0xD110_u16.to_le_bytes()));
    assert_eq!(why, End::OtherMajor { segment: segment(1, 4), found: Major::V15 });
}

#[test]
fn a_segment_of_a_wrong_size_stops_the_server() {
    for length in [0, 100, 1 << 19, (1 << 20) + 1] {
        let (end, _, why, server) = after(|place| place.write(&name(1, 4), &vec![1; length]));
        let length = length as u64;
        assert_eq!(why, End::WrongSize { segment: segment(1, 4), length, expected: 1 << 20 });
        assert_eq!(server, ServerWould::Refuse(Refusal::WrongSize { length, expected: 1 << 20 }));
        assert_eq!(end, 4);
    }
    // That of the checkpoint too, before anything is said of the checkpoint.
    let (_, _, _, server) = after(|place| place.write(&name(1, 2), &[1; 5000]));
    assert_eq!(server, ServerWould::Refuse(Refusal::WrongSize { length: 5000, expected: 1 << 20 }));
}

#[test]
fn a_segment_that_cannot_be_read_is_not_called_missing() {
    let (log, backup) = primary();
    let place = Place::of(&log);
    place.remove(&name(1, 4));
    fs::create_dir(place.path(&name(1, 4))).unwrap();
    let reach = place.reach(&backup);
    let trouble = Trouble::Folder { path: name(1, 4).into() };
    assert_eq!(reach.why, End::Unreadable { segment: segment_name(1, 4), trouble: trouble.clone() });
    assert_eq!((reach.troubles, reach.server_would), (vec![trouble], ServerWould::Promote));
    assert_eq!(reach.beyond.unwrap().segments, 2);
}

#[test]
fn a_partial_segment_is_told_where_nothing_else_is() {
    let (log, backup) = primary();
    let place = Place::of(&log);
    fs::rename(place.path(&name(1, 6)), place.path(&format!("{}.partial", name(1, 6)))).unwrap();
    let reach = place.reach(&backup);
    let path = format!("{}.partial", name(1, 6)).into();
    assert_eq!(reach.why, End::OnlyPartial { segment: segment_name(1, 6), path });
    assert_eq!((reach.end, reach.is_complete()), (Lsn(6 << 20), false));
    // What it would have brought.
    assert_eq!(reach.beyond.unwrap().last_commit.unwrap().xid, 6);
}

#[test]
fn without_the_first_segment_nothing_starts() {
    let (_, _, why, server) = after(|place| place.remove(&name(1, 2)));
    assert_eq!(why, End::Missing { segment: segment_name(1, 2) });
    let ServerWould::Refuse(Refusal::CheckpointMissing { at }) = server else { panic!("{server:?}") };
    assert_eq!(at.0 >> 20, 2);
}

#[test]
fn a_backup_whose_end_is_not_there_is_refused() {
    let mut log = Writer::new(2);
    log.begin_page(0);
    let redo = log.here();
    let checkpoint = log.checkpoint(false, redo, 1, 1, 0);
    log.switch();
    log.backup_end(redo);
    log.switch();
    let place = Place::of(&log);
    let backup = Backup { redo, checkpoint, from: BackupFrom::Primary };
    assert_eq!(place.reach(&backup).server_would, ServerWould::Promote);
    place.remove(&name(1, 3));
    let reach = place.reach(&backup);
    let refusal = Refusal::BackupWalMissing { end: Lsn(3 << 20), needed: None };
    assert_eq!((reach.server_would, reach.consistent), (ServerWould::Refuse(refusal), None));
    // A server that was stopped has no end of a backup.
    let stopped = Backup { from: BackupFrom::Stopped, ..backup };
    assert_eq!(place.reach(&stopped).server_would, ServerWould::Promote);
}

#[test]
fn a_backup_of_a_standby_is_consistent_at_its_minimum() {
    let (log, backup) = primary();
    let place = Place::of(&log);
    let from = |minimum: u64| BackupFrom::Standby { minimum: Lsn(minimum), timeline: Timeline(1) };
    let reach = place.reach(&Backup { from: from(5 << 20), ..backup });
    assert_eq!(reach.consistent, Some(Lsn(5 << 20)));
    let reach = place.reach(&Backup { from: from((7 << 20) + 8), ..backup });
    let refusal = Refusal::BackupWalMissing { end: Lsn(7 << 20), needed: Some(Lsn((7 << 20) + 8)) };
    assert_eq!(reach.server_would, ServerWould::Refuse(refusal));
}

#[test]
fn the_backups_own_wal_is_read_after_the_archive() {
    let (log, backup) = primary();
    let (archive, pg_wal) = (Place::of(&log), Place::of(&log));
    archive.remove(&name(1, 2));
    archive.remove(&name(1, 3));
    let reach = archive.with_pg_wal(&backup, &pg_wal.archive());
    assert_eq!(reach.end, Lsn(7 << 20));
    let from: Vec<ReadFrom> = reach.segments.iter().map(|read| read.from).collect();
    assert_eq!(from, [ReadFrom::PgWal, ReadFrom::PgWal, ReadFrom::Archive, ReadFrom::Archive, ReadFrom::Archive]);
    // A file there may be of any size; its pages end where they end.
    archive.remove(&name(1, 4));
    let half = fs::read(pg_wal.path(&name(1, 4))).unwrap();
    pg_wal.write(&name(1, 4), &half[..5 * PAGE + 100]);
    let reach = archive.with_pg_wal(&backup, &pg_wal.archive());
    assert!(matches!(reach.why, End::Damaged { fault: Fault::ShortPage { found: 100 }, .. }), "{:?}", reach.why);
    assert_eq!(reach.server_would, ServerWould::Promote);
}

#[test]
fn compressed_segments_are_read_as_plain_ones() {
    let (log, backup) = primary();
    let expected = Place::of(&log).reach(&backup);
    let place = Place::of(&log);
    for number in [3, 5] {
        let bytes = fs::read(place.path(&name(1, number))).unwrap();
        place.remove(&name(1, number));
        place.write(&format!("{}.zst", name(1, number)), &zstd::encode_all(&bytes[..], 1).unwrap());
    }
    let reach = place.reach(&backup);
    assert_eq!((reach.end, reach.why, reach.commits), (expected.end, expected.why, expected.commits));
    assert_eq!(reach.segments[1].compression, Some(compressed::Compression::Zstd));
}

#[test]
fn copies_with_another_content_are_told() {
    let (log, backup) = primary();
    let place = Place::of(&log);
    let bytes = fs::read(place.path(&name(1, 4))).unwrap();
    place.write(&format!("{}.zst", name(1, 4)), &zstd::encode_all(&bytes[..], 1).unwrap());
    assert_eq!(place.reach(&backup).ambiguous, []);
    place.patch(&name(1, 4), 900_000, &[1]);
    let ambiguous = place.reach(&backup).ambiguous;
    assert_eq!(ambiguous.len(), 1);
    assert_eq!(ambiguous[0].segment, segment_name(1, 4));
    assert_eq!(ambiguous[0].others, [std::path::PathBuf::from(format!("{}.zst", name(1, 4)))]);
}

#[test]
fn a_server_that_was_stopped_during_the_backup_refuses_it() {
    let mut log = Writer::new(2);
    log.begin_page(0);
    let redo = log.here();
    let checkpoint = log.checkpoint(false, redo, 1, 1, 0);
    let at = log.here();
    log.checkpoint(true, at, 1, 1, 0);
    log.commit(1, 1);
    let reach = Place::of(&log).reach(&Backup { redo, checkpoint, from: BackupFrom::Primary });
    assert_eq!(reach.server_would, ServerWould::Refuse(Refusal::BackupCancelled { at: Lsn(at) }));
    assert_eq!(reach.commits, 0);
}

#[test]
fn a_time_of_minimal_wal_cannot_be_recovered_over() {
    let mut log = Writer::new(2);
    let backup = backup_in(&mut log);
    log.commit(1, 1);
    let at = log.record(0, 0x60, 0, &[0; 28]);
    log.commit(2, 2);
    let reach = Place::of(&log).reach(&backup);
    assert_eq!(reach.server_would, ServerWould::Refuse(Refusal::MinimalWal { at: Lsn(at) }));
    assert_eq!((reach.end, reach.commits), (Lsn(at), 1));
}

#[test]
fn settings_and_restore_points_of_the_path_are_collected() {
    let mut log = Writer::new(2);
    let backup = backup_in(&mut log);
    for (connections, workers) in [(100, 32), (300, 8)] {
        let mut data = Vec::new();
        for value in [connections, workers, 10, 0, 64, 1_i32] {
            data.extend(value.to_le_bytes());
        }
        data.extend([0; 4]);
        log.record(0, 0x60, 0, &data);
    }
    log.restore_point("one", 5);
    log.record(131, 0, 3, b"custom");
    let end = log.restore_point("two", 6);
    let reach = Place::of(&log).reach(&backup);
    let parameters = reach.parameters.unwrap();
    assert_eq!((parameters.max_connections, parameters.max_worker_processes), (300, 32));
    let points: Vec<(&str, i64)> = reach.restore_points.iter().map(|point| (point.name.as_str(), point.time)).collect();
    assert_eq!(points, [("one", 5), ("two", 6)]);
    assert!(reach.restore_points[1].end > Lsn(end));
    assert_eq!(reach.custom_resource_managers, [131]);
}

#[test]
fn a_skipped_record_has_to_be_the_one_that_was_lost() {
    for (said, refused) in [(0, false), (8, true)] {
        let mut log = Writer::new(2);
        let backup = backup_in(&mut log);
        let lost = log.here();
        let mut record = 30_000_u32.to_le_bytes().to_vec();
        record.extend(5_u32.to_le_bytes());
        record.extend(log.previous().to_le_bytes());
        record.extend([0, 10, 0, 0, 0, 0, 0, 0]);
        log.bytes.extend(&record);
        log.bytes.resize(PAGE, 0xEE);
        log.begin_page(8);
        let mut data = (lost + said).to_le_bytes().to_vec();
        data.extend(3_i64.to_le_bytes());
        let at = log.record(0, 0xD0, 0, &data);
        log.commit(2, 2);
        let reach = Place::of(&log).reach(&backup);
        let refusal = ServerWould::Refuse(Refusal::OverwrittenDiffers { at: Lsn(at) });
        assert_eq!(reach.server_would == refusal, refused, "{:?}", reach.server_would);
        assert_eq!(reach.commits, u64::from(!refused));
    }
}

#[test]
fn an_archive_that_tells_nothing_is_an_error() {
    let (_, backup) = primary();
    let place = Place::new();
    let archive = place.archive();
    let question = Question { archive: &archive, pg_wal: None, start: backup.start(), goal: Goal::Latest, points: &[] };
    assert!(reach(&question).is_err());
}

#[test]
fn a_start_without_its_checkpoint_and_its_cluster_comes_as_far() {
    let (log, backup) = primary();
    let place = Place::of(&log);
    let expected = place.reach(&backup);
    let archive = place.archive();
    let start = Start::new(Timeline(1), Lsn(backup.redo));
    let question = Question { archive: &archive, pg_wal: None, start, goal: Goal::Latest, points: &[] };
    let found = reach(&question).unwrap();
    assert_eq!((found.end, found.why, found.commits), (expected.end, expected.why, expected.commits));
    assert_eq!((found.expected, found.checkpoint_time), (expected.expected, None));
    place.remove(&name(1, 2));
    let archive = place.archive();
    let would = reach(&Question { archive: &archive, ..question }).unwrap().server_would;
    assert_eq!(would, ServerWould::Refuse(Refusal::RedoMissing { at: Lsn(backup.redo) }));
}

#[test]
fn where_no_checkpoint_stands_nothing_starts() {
    let (log, backup) = primary();
    let place = Place::of(&log);
    for checkpoint in [backup.redo, backup.checkpoint + 8, backup.checkpoint & !0x1FFF] {
        let would = place.reach(&Backup { checkpoint, ..backup }).server_would;
        let missing = Refusal::CheckpointMissing { at: Lsn(checkpoint) };
        assert_eq!(would, ServerWould::Refuse(missing));
    }
}
