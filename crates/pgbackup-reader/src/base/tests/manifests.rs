use proptest::prelude::*;
use sha2::{Digest, Sha256};

use super::fixture;
use crate::base::{Algorithm, Manifest, ManifestError, MemberPath, PathRefusal, WalRange, read_manifest};
use crate::{Lsn, Timeline};

/// A manifest of these files whose own checksum holds.
fn sealed(files: &str) -> String {
    seal(&format!(
        "{{ \"PostgreSQL-Backup-Manifest-Version\": 1,\n\"Files\": [\n{files}\n],\n\"WAL-Ranges\": [\n\
         {{ \"Timeline\": 1, \"Start-LSN\": \"0/2000028\", \"End-LSN\": \"0/2000120\" }}\n],\n"
    ))
}

fn seal(text: &str) -> String {
    let digest: String = Sha256::digest(text).iter().map(|b| format!("{b:02x}")).collect();
    format!("{text}\"Manifest-Checksum\": \"{digest}\"}}\n")
}

fn file(path: &str) -> String {
    format!("{{ \"Path\": \"{path}\", \"Size\": 5, \"Checksum-Algorithm\": \"CRC32C\", \"Checksum\": \"0a0B0c0d\" }}")
}

fn error(text: &str) -> ManifestError {
    Manifest::read(text.as_bytes()).unwrap_err()
}

#[test]
fn a_manifest_of_version_1_is_read() {
    let manifest = Manifest::read(&fixture("manifest_13_plain.gz")[..]).unwrap();
    assert_eq!((manifest.head().version, manifest.head().system_identifier), (1, None));
    let range = WalRange { timeline: Timeline(1), start: Lsn(0x200_0028), end: Lsn(0x200_0100) };
    assert_eq!(manifest.head().wal_ranges, [range]);
    let (_, control) = manifest.find(&MemberPath::new(b"global/pg_control").unwrap()).unwrap();
    assert_eq!((control.size, control.checksum.algorithm, control.checksum.bytes.len()), (8192, Algorithm::Crc32c, 4));
    assert!(manifest.len() > 900 && manifest.find(&MemberPath::new(b"global/pg").unwrap()).is_none());
    let sizes: u64 = manifest.files().map(|file| file.size).sum();
    assert_eq!(sizes, manifest.total_size());
}

#[test]
fn a_manifest_of_version_2_names_its_cluster_and_its_files_in_tablespaces() {
    let manifest = Manifest::read(&fixture("manifest_17_plain.gz")[..]).unwrap();
    assert_eq!(manifest.head().version, 2);
    assert_eq!(manifest.head().system_identifier, Some(7_714_073_660_676_874_260));
    assert!(manifest.files().any(|file| file.path.starts_with(b"pg_tblspc/16384/PG_17_202406281/5/")));
}

#[test]
fn encoded_paths_and_other_checksums_are_read() {
    let manifest = Manifest::read(&fixture("manifest_18_tar.gz")[..]).unwrap();
    let (_, version) = manifest.find(&MemberPath::new(b"PG_VERSION").unwrap()).unwrap();
    assert_eq!((version.size, version.checksum.algorithm), (3, Algorithm::Sha256));
    assert_eq!(version.checksum.bytes, Sha256::digest("18\n").as_slice());
}

#[test]
fn files_are_read_without_being_kept_and_one_that_is_there_twice_is_refused() {
    let mut files: Vec<String> = (0..20_000).map(|n| file(&format!("base/5/{n}"))).collect();
    let mut seen = 0;
    read_manifest(sealed(&files.join(",\n")).as_bytes(), |_| {
        seen += 1;
        Ok(())
    })
    .unwrap();
    assert_eq!(seen, 20_000);
    files.push(file("base/5/7"));
    assert!(matches!(error(&sealed(&files.join(",\n"))), ManifestError::Duplicate(path) if path == "base/5/7"));
}

#[test]
fn a_file_that_lies_elsewhere_is_refused() {
    for (path, why) in [
        ("../x", PathRefusal::Upwards),
        ("base/../../x", PathRefusal::Upwards),
        ("/etc/passwd", PathRefusal::Absolute),
        ("", PathRefusal::Empty),
        ("a\\u0000b", PathRefusal::Nul),
        ("./x", PathRefusal::NotCanonical),
    ] {
        let got = error(&sealed(&file(path)));
        assert!(matches!(got, ManifestError::Path { refusal, .. } if refusal == why), "{path}: {got:?}");
    }
    let encoded = file("x").replace("\"Path\": \"x\"", "\"Encoded-Path\": \"2e2e2f78\"");
    assert!(matches!(error(&sealed(&encoded)), ManifestError::Path { .. }));
}

#[test]
fn a_change_of_the_manifest_is_seen_by_its_own_checksum() {
    let whole = sealed(&file("base/1"));
    assert!(matches!(error(&whole.replace("\"Size\": 5", "\"Size\": 6")), ManifestError::Mismatch));
    assert!(matches!(
        error(&whole.replace("\"Manifest-Checksum\": \"", "\"Manifest-Checksum\": \"0")),
        ManifestError::Mismatch
    ));
    // A line more is another text, although it is the same JSON.
    assert!(matches!(error(&whole.replace(",\n\"Files\"", ",\n\n\"Files\"")), ManifestError::Mismatch));
}

#[test]
fn what_is_no_manifest_is_refused_with_the_reason() {
    let good = file("base/1");
    let form = |text: &str, says: &str| {
        let got = error(text);
        assert!(matches!(&got, ManifestError::Form(why) if why.contains(says)), "{says}: {got:?}");
    };
    let changed = |from: &str, to: &str| sealed(&good.replace(from, to));
    form(&changed("\"Path\": \"base/1\", ", ""), "no path");
    form(&changed("\"Path\"", "\"Encoded-Path\": \"61\", \"Path\""), "and an encoded path");
    form(&changed("\"Size\": 5, ", ""), "no size");
    form(&changed("\"Size\": 5", "\"Size\": -5"), "invalid value");
    form(&changed("\"Size\": 5", "\"Size\": 5, \"Size\": 6"), "Size is there twice");
    form(&changed("\"Size\"", "\"Sise\""), "unknown field \"Sise\"");
    form(&changed("\"Checksum-Algorithm\": \"CRC32C\", ", ""), "no kind of it");
    form(&sealed(&good).replace("\"Files\"", "\"Fichiers\""), "unknown field");
    form(&sealed(&good).replace("0/2000028", "0/3000028"), "ends before it begins");
    form(&sealed(&good).replace("Backup-Manifest", "Manifest"), "version does not stand first");
    form(&format!("{}{{}}", sealed(&good)), "trailing characters");
    form(sealed(&good).trim_end(), "last line does not end");
    form("", "EOF");
    form(&seal("{ \"PostgreSQL-Backup-Manifest-Version\": 1,\n\"Files\": [],\n"), "no WAL-Ranges");
    assert!(matches!(error(&changed("CRC32C", "MD5")), ManifestError::UnknownAlgorithm { .. }));
    assert!(matches!(error(&changed("0a0B0c0d", "0a0B0c")), ManifestError::InvalidChecksum(_)));
    assert!(matches!(error(&changed("0a0B0c0d", "0a0B0c0x")), ManifestError::InvalidChecksum(_)));
    assert!(matches!(error(&sealed(&good).replace("Version\": 1", "Version\": 3")), ManifestError::UnknownVersion(3)));
}

#[test]
fn a_line_without_end_takes_no_memory() {
    let endless =
        std::io::Read::chain(&b"{ \"PostgreSQL-Backup-Manifest-Version\": 1, \"Files\": \""[..], std::io::repeat(b'a'));
    assert!(matches!(Manifest::read(endless), Err(ManifestError::LongLine)));
    let deep = std::io::repeat(b'[');
    assert!(Manifest::read(deep).is_err());
}

#[test]
fn a_manifest_that_was_cut_off_is_never_taken() {
    let whole = sealed(&[file("base/1"), file("base/2")].join(",\n"));
    for length in 0..whole.len() {
        assert!(Manifest::read(&whole.as_bytes()[..length]).is_err(), "{length}");
    }
}

#[test]
fn an_error_of_reading_is_not_taken_for_a_form() {
    struct Broken;
    impl std::io::Read for Broken {
        fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
            Err(std::io::Error::other("the disk is gone"))
        }
    }
    assert!(
        matches!(Manifest::read(Broken), Err(ManifestError::Read(error)) if error.to_string() == "the disk is gone")
    );
}

proptest! {
    #[test]
    fn no_change_of_a_manifest_is_taken_or_makes_it_panic(at in 0usize..400, with in proptest::collection::vec(any::<u8>(), 1..8)) {
        let whole = sealed(&[file("base/1"), file("base/2")].join(",\n")).into_bytes();
        let mut bytes = whole.clone();
        bytes.splice(at.min(whole.len())..(at + 3).min(whole.len()), with);
        let taken = Manifest::read(&bytes[..]).is_ok();
        // Space may stand in the last line, and hexadecimal digits may be capitals.
        let same = |text: &[u8]| text.to_ascii_lowercase().into_iter().filter(|b| !b.is_ascii_whitespace()).collect::<Vec<_>>();
        prop_assert!(!taken || same(&bytes) == same(&whole));
    }
}
