use std::io::{Read, Write};

use super::{damage_of, gzip, lz4, scanned};
use crate::{Compression, DumpError};

fn text() -> Vec<u8> {
    let mut text = b"CREATE TABLE t (a int);\nCOPY t (a) FROM stdin;\n".to_vec();
    for row in 0..20_000 {
        writeln!(text, "{}", row * 7919 % 10_007).unwrap();
    }
    text.extend_from_slice(b"\\.\n");
    text
}

pub(super) fn packed(compression: Compression, bytes: &[u8]) -> Vec<u8> {
    match compression {
        Compression::Gzip => gzip(bytes),
        Compression::Lz4 => lz4(bytes),
        Compression::Zstd => zstd::encode_all(bytes, 1).unwrap(),
        Compression::Bzip2 => {
            let mut encoder = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::fast());
            encoder.write_all(bytes).unwrap();
            encoder.finish().unwrap()
        }
        Compression::Xz => {
            let mut encoder = liblzma::write::XzEncoder::new(Vec::new(), 1);
            encoder.write_all(bytes).unwrap();
            encoder.finish().unwrap()
        }
    }
}

pub(super) const ALL: [Compression; 5] =
    [Compression::Gzip, Compression::Zstd, Compression::Lz4, Compression::Bzip2, Compression::Xz];

#[test]
fn every_compression_is_known_by_its_content_and_read_whole() {
    for compression in ALL {
        let (dump, scan) = scanned(&packed(compression, &text()));
        assert_eq!(dump.format_label(), format!("plain SQL, {compression}"));
        assert_eq!(scan.damage, [], "{compression}");
        assert_eq!(scan.facts.tables[0].rows, Some(20_000), "{compression}");
    }
}

#[test]
fn a_compressed_text_in_several_streams_is_read_to_its_end() {
    // pigz, pzstd, `cat a.gz b.gz` and parallel compressors write several.
    let text = text();
    for compression in ALL {
        let (first, second) = text.split_at(30_000);
        let both = [packed(compression, first), packed(compression, second)].concat();
        let (_, scan) = scanned(&both);
        assert_eq!(scan.damage, [], "{compression}");
        assert_eq!(scan.facts.tables[0].rows, Some(20_000), "{compression}");
    }
}

#[test]
fn a_compressed_text_that_is_cut_off_is_damaged_even_behind_its_last_row() {
    for compression in ALL {
        let bytes = packed(compression, &text());
        for cut in [1, 2, 4, 5, 8, 9, 100, bytes.len() / 2] {
            let place = super::TestFolder::new();
            match crate::open(&place.write("dump", &bytes[..bytes.len() - cut])) {
                Ok(dump) => {
                    let damage = dump.scan().unwrap().damage;
                    assert!(!damage.is_empty(), "{compression} without its last {cut} bytes");
                }
                // Where not even the first block is whole, nothing shows that it is a dump.
                Err(DumpError::DamagedCompression { .. }) => {}
                Err(error) => panic!("{error}"),
            }
        }
    }
}

#[test]
fn damage_in_a_compressed_text_names_the_place() {
    let bytes = gzip(&text());
    let damage = damage_of(&bytes[..bytes.len() / 2]);
    assert!(damage[0].what.starts_with("the gzip stream is cut off"), "{damage:?}");
    assert!(damage[0].what.contains("inside the COPY data of t, line "), "{damage:?}");
    assert_eq!(damage[0].table.as_deref(), Some("t"));
}

#[test]
fn the_reader_counts_bytes_of_the_file() {
    let bytes = gzip(&text());
    let place = super::TestFolder::new();
    let dump = crate::open(&place.write("dump", &bytes)).unwrap();
    let mut reader = dump.reader().unwrap();
    let consumed = reader.consumed();
    let mut read = Vec::new();
    reader.read_to_end(&mut read).unwrap();
    assert_eq!(read, text());
    assert_eq!(consumed.load(std::sync::atomic::Ordering::Relaxed), bytes.len() as u64);
}
