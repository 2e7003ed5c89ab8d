use std::io::Write as _;

use crate::tests::writer::{PAGE, Writer};
use crate::wal::{Expected, Fault, Pages, Stop, Transaction, Walker};
use crate::{Kind, Lsn, Major, SegmentSize};

/// Pages from memory.
pub(super) struct Bytes {
    pub(super) start: u64,
    pub(super) bytes: Vec<u8>,
    pub(super) segment_size: u64,
}

#[derive(Debug, PartialEq)]
pub(super) struct NoMore;

impl Pages for Bytes {
    type End = NoMore;

    fn read(&mut self, place: Lsn, _: bool, into: &mut [u8]) -> Result<usize, NoMore> {
        let from = place.0.checked_sub(self.start).ok_or(NoMore)? as usize;
        let there = self.bytes.get(from..).filter(|rest| !rest.is_empty()).ok_or(NoMore)?;
        let in_segment = (self.segment_size - place.0 % self.segment_size) as usize;
        let count = there.len().min(into.len()).min(in_segment);
        into[..count].copy_from_slice(&there[..count]);
        Ok(count)
    }
}

/// The last page is filled up with zeros, as in a segment.
fn walker_of(major: Major, writer: &Writer, mut bytes: Vec<u8>) -> Walker<Bytes> {
    bytes.resize(bytes.len().next_multiple_of(PAGE), 0);
    let segment_size = SegmentSize::new(writer.segment_size as u32).unwrap();
    let pages = Bytes { start: writer.start, bytes, segment_size: segment_size.bytes() };
    let mut walker = Walker::new(pages, Expected { major, system: Some(writer.system), segment_size });
    walker.begin(Lsn(writer.start));
    walker
}

/// All records, and why there are no more.
fn walked(writer: &Writer, bytes: Vec<u8>) -> (Vec<(u64, Kind)>, Stop<NoMore>) {
    let mut walker = walker_of(Major::of_magic(writer.magic).unwrap(), writer, bytes);
    let mut records = Vec::new();
    loop {
        match walker.next_record() {
            Ok(record) => records.push((record.at.0, record.kind)),
            Err(stop) => return (records, stop),
        }
    }
}

fn fault_of(writer: &Writer, bytes: Vec<u8>) -> (usize, u64, Fault) {
    let (records, stop) = walked(writer, bytes);
    match stop {
        Stop::Fault { at, fault } => (records.len(), at.0, fault),
        Stop::End(end) => panic!("{end:?} after {} records", records.len()),
    }
}

fn transaction(xid: u32, time: i64) -> Transaction {
    Transaction { xid, time, prepared: false }
}

#[test]
fn records_are_read_across_pages_and_segments_whatever_their_length() {
    for magic in Major::ALL.map(Major::magic) {
        let mut log = Writer::of(magic, 1 << 20, 5);
        let mut expected = Vec::new();
        for length in [0, 1, 229, 230, 231, 8000, 8191, 8192, 8193, 70_000, 300_000, 1_200_000, 3] {
            expected.push((log.other(length), Kind::Other));
            expected.push((log.commit(length as u32, 7), Kind::Commit(transaction(length as u32, 7))));
        }
        let (records, stop) = walked(&log, log.bytes.clone());
        assert_eq!(records, expected, "{magic:X}");
        assert!(matches!(stop, Stop::Fault { fault: Fault::RecordLength { found: 0 }, .. }), "{stop:?}");
    }
}

#[test]
fn a_record_header_can_be_split_between_two_pages() {
    for rest in [8, 16] {
        let mut log = Writer::new(1);
        log.begin_page(0);
        // What is left of the page is shorter than a header.
        while PAGE - log.bytes.len() % PAGE > 24 + rest + 104 {
            log.other(64);
        }
        let left = PAGE - log.bytes.len() % PAGE - rest;
        log.other(left - 24 - 2);
        assert_eq!(PAGE - log.bytes.len() % PAGE, rest);
        let at = log.commit(9, 11);
        log.commit(10, 12);
        let (records, _) = walked(&log, log.bytes.clone());
        assert!(records.contains(&(at, Kind::Commit(transaction(9, 11)))));
        assert_eq!(records.last().unwrap().1, Kind::Commit(transaction(10, 12)));
    }
}

#[test]
fn what_records_say_is_read() {
    let mut log = Writer::new(1);
    log.restore_point("before_the_migration", 99);
    log.abort(4, 5);
    let mut parameters = Vec::new();
    for value in [200, 8, 10, 5, 64, 1] {
        parameters.write_all(&i32::to_le_bytes(value)).unwrap();
    }
    parameters.extend([1, 0, 0, 0]);
    log.record(0, 0x60, 0, &parameters);
    log.checkpoint(true, 0x123, 2, 1, 1_700_000_000);
    log.end_of_recovery(3, 2);
    log.backup_end(0x28);
    let (records, _) = walked(&log, log.bytes.clone());
    let kinds: Vec<Kind> = records.into_iter().map(|(_, kind)| kind).collect();
    assert_eq!(kinds[0], Kind::RestorePoint { name: "before_the_migration".to_owned(), time: 99 });
    assert_eq!(kinds[1], Kind::Abort(transaction(4, 5)));
    let Kind::ParameterChange(parameters) = kinds[2] else { panic!("{kinds:?}") };
    assert_eq!((parameters.max_connections, parameters.max_locks_per_transaction), (200, 64));
    assert_eq!((parameters.wal_level, parameters.wal_log_hints), (1, true));
    let Kind::Checkpoint(checkpoint) = kinds[3] else { panic!("{kinds:?}") };
    assert!(checkpoint.shutdown);
    assert_eq!((checkpoint.redo, checkpoint.timeline.0, checkpoint.previous.0), (Lsn(0x123), 2, 1));
    assert_eq!((checkpoint.time, checkpoint.next_xid), (1_700_000_000, 1000));
    assert!(matches!(kinds[4], Kind::EndOfRecovery { timeline, previous, .. } if (timeline.0, previous.0) == (3, 2)));
    assert_eq!(kinds[5], Kind::BackupEnd { start: Lsn(0x28) });
}

/// The end of a prepared transaction, with lists before its own number as that major writes them.
fn prepared(major: Major) -> Vec<u8> {
    let mut data = 77_i64.to_le_bytes().to_vec();
    let statistics = major >= Major::V15;
    data.extend((1_u32 | 2 | 4 | 8 | 16 | if statistics { 256 } else { 0 }).to_le_bytes());
    data.extend([1; 8]);
    let mut list = |count: u32, item: usize| {
        data.extend(count.to_le_bytes());
        data.extend(vec![0xCC; count as usize * item]);
    };
    list(3000, 4);
    list(2, 12);
    if statistics {
        list(3, if major >= Major::V18 { 16 } else { 12 });
    }
    list(5, 16);
    data.extend(4711_u32.to_le_bytes());
    data
}

#[test]
fn a_prepared_transaction_has_its_own_number_in_every_major() {
    for major in Major::ALL {
        let mut log = Writer::of(major.magic(), 1 << 20, 1);
        log.record(1, 0x30 | 0x80, 0, &prepared(major));
        let (records, _) = walked(&log, log.bytes.clone());
        let expected = Transaction { xid: 4711, time: 77, prepared: true };
        assert_eq!(records[0].1, Kind::Commit(expected), "{major}");
    }
}

#[test]
fn a_switch_ends_at_the_next_segment() {
    let mut log = Writer::new(3);
    log.commit(1, 1);
    log.switch();
    let next = log.here();
    let second = log.commit(2, 2);
    assert_eq!(next, 4 << 20);
    let mut walker = walker_of(Major::V17, &log, log.bytes.clone());
    walker.next_record().unwrap();
    let switch = walker.next_record().unwrap();
    assert_eq!((switch.kind, switch.end), (Kind::Switch, Lsn(next)));
    assert_eq!(walker.next_record().unwrap().at, Lsn(second));
}

#[test]
fn every_changed_byte_of_a_record_is_found() {
    let mut log = Writer::new(1);
    log.commit(1, 1);
    let at = log.other(300);
    let from = (at - log.start) as usize;
    for byte in from..from + 24 + 305 {
        let mut bytes = log.bytes.clone();
        bytes[byte] ^= 1;
        // The two bytes of padding in a header are under the checksum as well. A greater length can lead behind all pages.
        let (records, stop) = walked(&log, bytes);
        assert_eq!(records.len(), 1, "byte {}", byte - from);
        assert!(
            matches!(stop, Stop::Fault { at: place, .. } if place.0 == at) || stop == Stop::End(NoMore),
            "{stop:?}"
        );
    }
}

#[test]
fn zeros_are_told_from_damage() {
    let mut log = Writer::new(1);
    log.fill_to(3 * PAGE);
    let zeroed = |from: usize| {
        let mut bytes = log.bytes.clone();
        bytes.resize(1 << 20, 0);
        bytes[from..].fill(0);
        fault_of(&log, bytes).2
    };
    assert!(zeroed(0).is_empty());
    assert!(zeroed(PAGE).is_empty() || zeroed(PAGE) == Fault::Magic { found: 0 });
    let (_, _, fault) = fault_of(&log, {
        let mut bytes = log.bytes.clone();
        bytes.resize(1 << 20, 0);
        bytes
    });
    assert_eq!(fault, Fault::RecordLength { found: 0 });
    assert!(fault.is_empty());
    assert!(!Fault::Checksum.is_empty());
}

#[test]
fn headers_of_pages_are_judged_as_the_server_does() {
    let mut log = Writer::new(1);
    log.fill_to(3 * PAGE);
    let with = |at: usize, bytes: &[u8]| {
        let mut changed = log.bytes.clone();
        changed[at..at + bytes.len()].copy_from_slice(bytes);
        fault_of(&log, changed).2
    };
    assert_eq!(with(0, &0xD110_u16.to_le_bytes()), Fault::Magic { found: 0xD110 });
    assert_eq!(with(2, &0x12_u16.to_le_bytes()), Fault::InfoBits { found: 0x12 });
    assert_eq!(with(2, &0_u16.to_le_bytes()), Fault::InfoBits { found: 0 });
    assert_eq!(with(8, &5_u64.to_le_bytes()), Fault::PageAddress { found: Lsn(5) });
    assert_eq!(with(24, &7_u64.to_le_bytes()), Fault::OtherSystem { found: 7, expected: 42 });
    assert_eq!(with(32, &(2_u32 << 20).to_le_bytes()), Fault::OtherSegmentSize { found: 2 << 20 });
    assert_eq!(with(36, &4096_u32.to_le_bytes()), Fault::OtherPageSize { found: 4096 });
    let backwards = with(PAGE + 4, &0_u32.to_le_bytes());
    assert!(matches!(backwards, Fault::TimelineBackwards { .. }), "{backwards:?}");
    assert!(matches!(with(PAGE + 16, &9999_u32.to_le_bytes()), Fault::ContinuationLength { found: 9999, .. }));
    assert_eq!(with(PAGE + 2, &0_u16.to_le_bytes()), Fault::NoContinuation);
}

#[test]
fn a_resource_manager_of_an_extension_is_one_from_15_on() {
    for major in Major::ALL {
        let mut log = Writer::of(major.magic(), 1 << 20, 1);
        log.record(130, 0, 1, b"x");
        let (records, _) = walked(&log, log.bytes.clone());
        assert_eq!(records.len(), usize::from(major >= Major::V15), "{major}");
        let mut log = Writer::of(major.magic(), 1 << 20, 1);
        log.record(22, 0, 1, b"x");
        assert_eq!(fault_of(&log, log.bytes.clone()).2, Fault::ResourceManager { found: 22 });
    }
}

#[test]
fn a_record_lost_in_a_crash_is_skipped_and_remembered() {
    let mut log = Writer::new(1);
    log.commit(1, 1);
    let lost = log.here();
    // Its beginning is there, and then the server crashed and went on on the next page.
    let mut record = 30_000_u32.to_le_bytes().to_vec();
    record.extend(5_u32.to_le_bytes());
    record.extend((log.start + 40).to_le_bytes());
    record.extend([0, 10, 0, 0, 0, 0, 0, 0]);
    log.bytes.extend(&record);
    log.bytes.resize(PAGE, 0xEE);
    log.begin_page(8);
    let mut data = lost.to_le_bytes().to_vec();
    data.extend(3_i64.to_le_bytes());
    log.record(0, 0xD0, 0, &data);
    log.commit(2, 2);
    let mut walker = walker_of(Major::V17, &log, log.bytes.clone());
    walker.next_record().unwrap();
    let skipped = walker.next_record().unwrap();
    assert_eq!(skipped.kind, Kind::OverwriteContrecord { overwritten: Lsn(lost), time: 3 });
    assert_eq!(walker.take_overwritten(), Some(Lsn(lost)));
    assert_eq!(walker.next_record().unwrap().kind, Kind::Commit(transaction(2, 2)));
}

#[test]
fn a_record_that_claims_a_gibibyte_takes_no_memory() {
    let mut log = Writer::new(1);
    log.begin_page(0);
    let at = log.here();
    let mut record = 0x3fff_ff00_u32.to_le_bytes().to_vec();
    record.resize(24, 0);
    log.bytes.extend(&record);
    log.bytes.resize(PAGE, 1);
    // Page after page goes on with it.
    let mut left = 0x3fff_ff00_u32 - (PAGE - 40) as u32;
    while log.bytes.len() < 4 << 20 {
        let long = log.here() % (1 << 20) == 0;
        let mut header = 0xD116_u16.to_le_bytes().to_vec();
        header.extend((1 | if long { 2_u16 } else { 0 }).to_le_bytes());
        header.extend(1_u32.to_le_bytes());
        header.extend(log.here().to_le_bytes());
        header.extend(left.to_le_bytes());
        header.extend([0; 4]);
        if long {
            header.extend(42_u64.to_le_bytes());
            header.extend((1_u32 << 20).to_le_bytes());
            header.extend(8192_u32.to_le_bytes());
        }
        left -= (PAGE - header.len()) as u32;
        log.bytes.extend(&header);
        log.bytes.resize(log.bytes.len().next_multiple_of(PAGE), 1);
    }
    let mut walker = walker_of(Major::V17, &log, log.bytes.clone());
    walker.begin(Lsn(at));
    assert_eq!(walker.next_record(), Err(Stop::End(NoMore)));
}

#[test]
fn reading_can_begin_behind_any_place() {
    let mut log = Writer::new(2);
    for length in [100, 20_000, 8100, 50] {
        log.other(length);
    }
    let all = walked(&log, log.bytes.clone()).0;
    for place in (log.start..log.here()).step_by(997) {
        let mut walker = walker_of(Major::V17, &log, log.bytes.clone());
        let expected = all.iter().map(|(at, _)| *at).find(|at| *at >= place);
        let found = walker.begin_behind(Lsn(place)).and_then(|()| walker.next_record()).ok().map(|record| record.at.0);
        assert_eq!(found, expected, "{place:X}");
    }
}
