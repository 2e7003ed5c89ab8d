//! Pages as they come. The first bytes of each that have to be right are made so, or nothing would ever be read.
#![no_main]

use pgbackup_reader::wal::{Expected, PAGE_SIZE, Pages, Walker};
use pgbackup_reader::{Lsn, Major, SegmentSize};

struct Bytes<'a>(&'a [u8]);

impl Pages for Bytes<'_> {
    type End = ();

    fn read(&mut self, place: Lsn, _: bool, into: &mut [u8]) -> Result<usize, ()> {
        let at = usize::try_from(place.0).map_err(|_| ())?;
        let rest = self.0.get(at..).filter(|rest| !rest.is_empty()).ok_or(())?;
        let count = rest.len().min(into.len()).min((1 << 20) - at % (1 << 20));
        into[..count].copy_from_slice(&rest[..count]);
        Ok(count)
    }
}

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    let Some((&choice, bytes)) = input.split_first() else { return };
    let major = Major::ALL[usize::from(choice) % Major::ALL.len()];
    let mut bytes = bytes.to_vec();
    bytes.resize(bytes.len().next_multiple_of(PAGE_SIZE), 0);
    for (index, page) in bytes.chunks_mut(PAGE_SIZE).enumerate() {
        page[..2].copy_from_slice(&major.magic().to_le_bytes());
        page[8..16].copy_from_slice(&((index * PAGE_SIZE) as u64).to_le_bytes());
        page[2] = page[2] & 0x0F | if index % 128 == 0 { 2 } else { 0 };
        page[3] = 0;
        if page[2] & 2 != 0 {
            page[32..36].copy_from_slice(&(1_u32 << 20).to_le_bytes());
            page[36..40].copy_from_slice(&(PAGE_SIZE as u32).to_le_bytes());
        }
    }
    let Some(segment_size) = SegmentSize::new(1 << 20) else { return };
    let mut walker = Walker::new(Bytes(&bytes), Expected { major, system: None, segment_size });
    for place in [0, 40, 8192 + 24] {
        walker.begin(Lsn(place));
        while walker.next_record().is_ok() {}
        if walker.begin_behind(Lsn(place)).is_ok() {
            while walker.next_record().is_ok() {}
        }
    }
});
