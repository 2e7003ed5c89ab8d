//! Names of files in an archive.
#![no_main]

use pgbackup_reader::SegmentSize;
use pgbackup_reader::wal::{MemberKind, parse_member};

libfuzzer_sys::fuzz_target!(|name: &str| {
    if let Some((MemberKind::Segment(segment), ending)) = parse_member(name) {
        assert_eq!(format!("{segment}{}", ending.text()), name);
        for size in (20..=30).filter_map(|log2| SegmentSize::new(1 << log2)) {
            if let Some(found) = segment.segment(size) {
                assert_eq!(found.name(size), segment);
                let _ = (found.first(size), found.end(size), found.next());
            }
        }
    }
});
