//! Whatever the bytes are, there is an answer, and soon.

use proptest::prelude::*;

use super::{TestFolder, Writer, gzip};
use crate::open;

fn survive(bytes: &[u8]) {
    let place = TestFolder::new();
    if let Ok(dump) = open(&place.write("dump", bytes)) {
        let _ = dump.scan();
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn arbitrary_bytes_do_not_panic(bytes in proptest::collection::vec(any::<u8>(), 0..2000)) {
        survive(&bytes);
    }

    #[test]
    fn arbitrary_bytes_behind_a_magic_number_do_not_panic(
        magic in prop::sample::select(vec![
            &b"PGDMP\x01\x0e\x00\x04\x08\x01"[..],
            b"PGDMP\x01\x10\x00\x04\x08\x01\x02",
            b"\x1f\x8b\x08\0\0\0\0\0\0\x03",
            b"\x28\xb5\x2f\xfd",
            b"\x04\x22\x4d\x18\x64\x40\xa7",
            b"BZh91AY&SY",
            b"\xfd7zXZ\0\0\x04",
        ]),
        bytes in proptest::collection::vec(any::<u8>(), 0..500),
    ) {
        survive(&[magic, &bytes].concat());
    }

    #[test]
    fn mutated_archives_do_not_panic(
        minor in 12_u8..=16,
        compression in 0_u8..=3,
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
        cut in any::<prop::sample::Index>(),
    ) {
        let compression = if minor >= 15 { compression } else { compression.min(1) };
        let writer = Writer { compression, ..Writer::shop(minor) };
        for mut bytes in [writer.custom(), writer.tar()] {
            for (index, value) in &changes {
                let at = index.index(bytes.len());
                bytes[at] = *value;
            }
            survive(&bytes);
            survive(&bytes[..cut.index(bytes.len())]);
        }
    }

    #[test]
    fn arbitrary_sql_like_text_does_not_panic(
        pieces in proptest::collection::vec(prop::sample::select(vec![
            "CREATE ", "POLICY ", "ALTER ", "TABLE ", "FUNCTION ", "GRANT ", "REVOKE ", "ON ", "TO ", "FROM ", "COPY ",
            "stdin", ";", "\n", "'", "\"", "$$", "$a$", "\\.", "\\connect ", "--", "/*", "*/", "(", ")", "a", ".", ",",
            "E'", "U&\"", "\\", "BEGIN ", "END", "OWNER TO ", "SET ", "=", "DEFAULT PRIVILEGES ", "OPERATOR ", "é",
        ]), 0..60),
        compressed in any::<bool>(),
    ) {
        let text = format!("SET x = 1;\n{}", pieces.concat());
        survive(&if compressed { gzip(text.as_bytes()) } else { text.into_bytes() });
    }
}

#[test]
fn a_length_of_two_gigabytes_takes_no_memory_and_ends() {
    let mut bytes = Writer::shop(14).custom();
    let at = bytes.windows(4).position(|window| window == b"shop").unwrap();
    bytes[at - 4..at].copy_from_slice(&0x7fff_ffff_u32.to_le_bytes());
    let place = TestFolder::new();
    let error = open(&place.write("dump", &bytes)).unwrap_err().to_string();
    assert!(error.contains("damaged"), "{error}");
}
