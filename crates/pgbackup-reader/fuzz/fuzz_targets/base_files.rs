//! The small files by which a base backup says what it is. The first byte chooses one of them.
#![no_main]

use pgbackup_reader::base::{BackupInfo, Configuration, Control, Label, Manifest, MemberPath, parse_tablespace_map};

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    let Some((&choice, bytes)) = input.split_first() else { return };
    match choice % 7 {
        0 => drop(Label::parse(bytes)),
        1 => drop(parse_tablespace_map(bytes)),
        2 => drop(Manifest::read(bytes)),
        3 => drop(BackupInfo::parse(bytes)),
        4 => {
            let mut configuration = Configuration::default();
            configuration.add("postgresql.conf", &String::from_utf8_lossy(bytes));
            assert!(configuration.effective().count() <= configuration.settings.len());
        }
        5 => {
            // Made to hold, or nothing behind the checksum would ever be read.
            let mut bytes = bytes.to_vec();
            bytes.resize(512, 0);
            let (version, at) = if bytes[8] & 1 == 0 { (1300u32, 288) } else { (1800, 292) };
            bytes[8..12].copy_from_slice(&version.to_le_bytes());
            let crc = crc32c::crc32c(&bytes[..at]);
            bytes[at..at + 4].copy_from_slice(&crc.to_le_bytes());
            drop(Control::parse(&bytes));
        }
        _ => {
            if let Ok(Some(path)) = MemberPath::from_archive(bytes) {
                assert!(path.parts().all(|part| !matches!(part, b"" | b"." | b"..")));
            }
        }
    }
});
