use super::{TestFolder, Writer, error_of, gzip, scanned};
use crate::dump::Content;
use crate::{DumpError, open};

fn looks_like(bytes: &[u8]) -> Option<&'static str> {
    let place = TestFolder::new();
    match open(&place.write("dump.sql", bytes)) {
        Err(DumpError::NotADump { looks_like, .. }) => looks_like,
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_is_no_dump_is_named() {
    assert_eq!(looks_like(b"-- MySQL dump 10.13  Distrib 8.0\n"), Some("a dump of MySQL"));
    assert_eq!(looks_like(b"/*M!999999\\- enable the sandbox mode */\n-- MariaDB dump"), Some("a dump of MariaDB"));
    assert_eq!(looks_like(b"SQLite format 3\0\x10\0"), Some("a SQLite database file"));
    assert_eq!(looks_like(b"\n<!DOCTYPE html><html>"), Some("an HTML page; a download has perhaps failed"));
    assert_eq!(looks_like(b"PK\x03\x04\x14\0\x08\0"), Some("a zip file; unpack it first"));
    assert_eq!(looks_like(b"\x6d\xe2\x99\x81rest"), Some("an archive of mongodump"));
    assert!(looks_like(b"\xff\xfe-\0-\0").unwrap().starts_with("text in UTF-16"));
    assert_eq!(looks_like(b"pg_dump: error: connection to server failed\n"), Some("an error message of pg_dump"));
    assert_eq!(looks_like(&[0x9c, 3, 0, 17, 250, 1, 2, 3]), None);
    assert_eq!(looks_like(b"Dear diary, today I wrote a dump.\n"), None);
}

#[test]
fn a_base_backup_is_no_dump() {
    let place = TestFolder::new();
    let mut tar = tar::Builder::new(Vec::new());
    let mut header = tar::Header::new_ustar();
    header.set_size(3);
    tar.append_data(&mut header, "backup_label", &b"LSN"[..]).unwrap();
    assert_eq!(looks_like(&tar.into_inner().unwrap()), Some("a base backup of pg_basebackup"));
    std::fs::create_dir(place.path("data")).unwrap();
    std::fs::write(place.path("data/PG_VERSION"), "15\n").unwrap();
    let error = open(&place.path("data")).unwrap_err().to_string();
    assert!(error.contains("a PostgreSQL data directory"), "{error}");
}

#[test]
fn a_file_that_cannot_be_read_says_why() {
    let place = TestFolder::new();
    assert!(matches!(open(&place.path("nothing")), Err(DumpError::NotFound { .. })));
    assert!(matches!(open(&place.write("empty", b"")), Err(DumpError::Empty { .. })));
    assert!(matches!(open(&place.write("empty.gz", &gzip(b""))), Err(DumpError::EmptyInside { .. })));
    assert!(matches!(open("/dev/null".as_ref()), Err(DumpError::SpecialFile { kind: "device", .. })));
    let socket = place.path("socket");
    let _listener = std::os::unix::net::UnixListener::bind(&socket).unwrap();
    assert!(matches!(open(&socket), Err(DumpError::SpecialFile { kind: "socket", .. })));
    let pipe = place.path("pipe");
    nix::unistd::mkfifo(&pipe, nix::sys::stat::Mode::S_IRWXU).unwrap();
    assert!(matches!(open(&pipe), Err(DumpError::Pipe { .. })));
    std::fs::create_dir(place.path("folder")).unwrap();
    assert!(matches!(open(&place.path("folder")), Err(DumpError::DirectoryWithoutToc { .. })));
}

#[test]
fn an_archive_inside_compression_says_to_decompress_it() {
    let error = error_of(&gzip(&Writer::shop(14).custom()));
    assert!(error.contains("custom archive of pg_dump inside gzip; decompress it first"), "{error}");
    let error = error_of(&gzip(&Writer::shop(14).tar()));
    assert!(error.contains("tar archive of pg_dump inside gzip"), "{error}");
}

#[test]
fn the_table_of_contents_of_a_directory_is_not_the_dump() {
    let place = TestFolder::new();
    let folder = Writer::shop(14).directory(&place);
    assert!(matches!(open(&folder.join("toc.dat")), Err(DumpError::TocAlone { .. })));
    assert!(matches!(open(&folder).unwrap().content, Content::Archive(_)));
}

#[test]
fn plain_text_is_known_by_its_content_whatever_its_name() {
    let (dump, _) = scanned(b"\xef\xbb\xbf-- made by hand\nCREATE TABLE t (a int);\n");
    assert_eq!(dump.format_label(), "plain SQL");
    let Content::Plain(plain) = dump.content else { panic!() };
    assert!(!plain.from_pg_dump);
    let text = "--\n-- PostgreSQL database dump\n--\n\n\\restrict x\n\n-- Dumped from database version 17.11 (Debian)\n\
                -- Dumped by pg_dump version 18.6\n\nSET statement_timeout = 0;\n";
    let (dump, _) = scanned(&gzip(text.as_bytes()));
    assert_eq!(dump.format_label(), "plain SQL, gzip");
    let Content::Plain(plain) = dump.content else { panic!() };
    assert!(plain.from_pg_dump && !plain.cluster);
    assert_eq!(plain.server_version.as_deref(), Some("17.11 (Debian)"));
    assert_eq!(plain.pg_dump_version.as_deref(), Some("18.6"));
}
