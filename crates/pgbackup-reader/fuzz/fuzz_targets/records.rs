//! One record after another on one page after another, each with a right header and checksum around what the fuzzer gives.
#![no_main]

use pgbackup_reader::wal::{Expected, PAGE_SIZE, Pages, Walker};
use pgbackup_reader::{Lsn, Major, SegmentSize};

struct Page(Vec<u8>);

impl Pages for Page {
    type End = ();

    fn read(&mut self, place: Lsn, _: bool, into: &mut [u8]) -> Result<usize, ()> {
        if place != Lsn(0) {
            return Err(());
        }
        into[..PAGE_SIZE].copy_from_slice(&self.0);
        Ok(PAGE_SIZE)
    }
}

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    let [choice, manager, info, body @ ..] = input else { return };
    let body = &body[..body.len().min(PAGE_SIZE - 64)];
    let major = Major::ALL[usize::from(*choice) % Major::ALL.len()];
    let mut page = Vec::new();
    page.extend(major.magic().to_le_bytes());
    page.extend(2_u16.to_le_bytes());
    page.extend(1_u32.to_le_bytes());
    page.extend([0; 24]);
    page.extend((1_u32 << 20).to_le_bytes());
    page.extend((PAGE_SIZE as u32).to_le_bytes());
    let mut header = Vec::new();
    header.extend((24 + body.len() as u32).to_le_bytes());
    header.extend([0; 12]);
    header.extend([*info, *manager % 25, 0, 0]);
    let checksum = crc32c::crc32c_append(crc32c::crc32c(body), &header);
    page.extend(header);
    page.extend(checksum.to_le_bytes());
    page.extend(body);
    page.resize(PAGE_SIZE, 0);
    let Some(segment_size) = SegmentSize::new(1 << 20) else { return };
    let mut walker = Walker::new(Page(page), Expected { major, system: None, segment_size });
    walker.begin(Lsn(40));
    while walker.next_record().is_ok() {}
});
