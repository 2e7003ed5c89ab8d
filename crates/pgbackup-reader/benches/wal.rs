//! How fast the log is read: records, their checksums and what they say.

use divan::counter::BytesCount;
use pgbackup_reader::wal::{Expected, Pages, Walker};
use pgbackup_reader::{Lsn, Major, SegmentSize};

#[allow(dead_code)]
#[path = "../src/tests/writer.rs"]
mod writer;

use writer::Writer;

fn main() {
    divan::main();
}

/// A log in memory.
struct Bytes<'a> {
    start: u64,
    bytes: &'a [u8],
}

impl Pages for Bytes<'_> {
    type End = ();

    fn read(&mut self, place: Lsn, _: bool, into: &mut [u8]) -> Result<usize, ()> {
        let rest = self.bytes.get((place.0 - self.start) as usize..).filter(|rest| !rest.is_empty()).ok_or(())?;
        let in_segment = ((16 << 20) - place.0 % (16 << 20)) as usize;
        let count = rest.len().min(into.len()).min(in_segment);
        into[..count].copy_from_slice(&rest[..count]);
        Ok(count)
    }
}

/// Four segments of records as long as given, with a commit after every fourth.
fn log(length: usize) -> Writer {
    let mut log = Writer::of(Major::V17.magic(), 16 << 20, 1);
    let mut xid = 1000;
    while log.bytes.len() < 64 << 20 {
        for _ in 0..4 {
            log.other(length);
        }
        xid += 1;
        log.commit(xid, i64::from(xid));
    }
    log.bytes.truncate(64 << 20);
    log
}

/// Records of pgbench have some 100 to 200 bytes; a page's image has up to 8 kB.
#[divan::bench(args = [60, 130, 400, 8000])]
fn records_of(bencher: divan::Bencher<'_, '_>, length: usize) {
    let log = log(length);
    let expected = Expected { major: Major::V17, system: Some(42), segment_size: SegmentSize::DEFAULT };
    bencher.counter(BytesCount::new(log.bytes.len())).bench_local(|| {
        let mut walker = Walker::new(Bytes { start: log.start, bytes: &log.bytes }, expected);
        walker.begin(Lsn(log.start));
        let mut records = 0_u64;
        while walker.next_record().is_ok() {
            records += 1;
        }
        assert!(records > 1000);
        records
    });
}
