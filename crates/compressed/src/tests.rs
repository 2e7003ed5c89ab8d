use std::io::{self, Read, Write};

use crate::Compression;

const ALL: [Compression; 5] =
    [Compression::Gzip, Compression::Zstd, Compression::Lz4, Compression::Bzip2, Compression::Xz];

fn packed(compression: Compression, bytes: &[u8]) -> Vec<u8> {
    match compression {
        Compression::Gzip => {
            let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
            encoder.write_all(bytes).unwrap();
            encoder.finish().unwrap()
        }
        Compression::Lz4 => {
            let mut encoder = lz4_flex::frame::FrameEncoder::new(Vec::new());
            encoder.write_all(bytes).unwrap();
            encoder.finish().unwrap()
        }
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

fn text() -> Vec<u8> {
    (0..20_000_u32).flat_map(|n| format!("{}\n", n * 7919 % 10_007).into_bytes()).collect()
}

fn unpacked(compression: Compression, bytes: &[u8]) -> io::Result<Vec<u8>> {
    let mut read = Vec::new();
    compression.decode_file(io::Cursor::new(bytes.to_vec()))?.read_to_end(&mut read)?;
    Ok(read)
}

#[test]
fn every_compression_is_known_by_its_content_and_read_whole() {
    for compression in ALL {
        let bytes = packed(compression, &text());
        assert_eq!(Compression::sniff(&bytes), Some(compression));
        assert_eq!(unpacked(compression, &bytes).unwrap(), text(), "{compression}");
    }
}

#[test]
fn several_streams_after_one_another_are_read_to_the_end_of_the_last() {
    for compression in ALL {
        let both = [packed(compression, b"first "), packed(compression, b"second")].concat();
        assert_eq!(unpacked(compression, &both).unwrap(), b"first second", "{compression}");
    }
}

#[test]
fn a_stream_without_its_end_is_an_error_wherever_it_is_cut() {
    for compression in ALL {
        let bytes = packed(compression, &text());
        for cut in [1, 2, 4, 5, 8, 9, 100, bytes.len() / 2, bytes.len() - 7] {
            assert!(unpacked(compression, &bytes[..bytes.len() - cut]).is_err(), "{compression} without {cut} bytes");
        }
    }
}

#[test]
fn a_stream_that_asks_for_more_memory_than_is_given_is_refused() {
    let mut encoder = zstd::Encoder::new(Vec::new(), 1).unwrap();
    encoder.window_log(28).unwrap();
    encoder.write_all(&text()).unwrap();
    let error = unpacked(Compression::Zstd, &encoder.finish().unwrap()).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::OutOfMemory);
}
