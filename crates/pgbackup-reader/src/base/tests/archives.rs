use proptest::prelude::*;
use tempfile::tempdir;

use super::making::{Tar, header, seal, write};
use crate::base::{Base, BaseError, EntryKind, HeaderFault, Oid, PathRefusal, Refusal, TarError};

/// Every path that an archive gives out, or why it is refused.
fn opened(archive: &[u8]) -> Result<Vec<(String, EntryKind)>, BaseError> {
    let folder = tempdir().unwrap();
    let path = write(folder.path(), "base.tar", archive);
    let base = Base::open(&path)?;
    let mut paths = Vec::new();
    let visited = base.visit(|entry| {
        paths.push((entry.path.to_string(), entry.kind.clone()));
        Ok::<_, std::convert::Infallible>(())
    });
    match visited {
        Ok(_) => Ok(paths),
        Err(crate::base::VisitError::Base(error)) => Err(error),
        Err(crate::base::VisitError::Visitor(never)) => match never {},
    }
}

fn refusal(archive: Tar) -> Refusal {
    match opened(&archive.end()) {
        Err(BaseError::Refused { refusal, .. }) => refusal,
        other => panic!("{other:?}"),
    }
}

fn tar_error(archive: &[u8]) -> TarError {
    match opened(archive) {
        Err(BaseError::Tar { error, .. }) => error,
        other => panic!("{other:?}"),
    }
}

fn tar() -> Tar {
    Tar::default().file("PG_VERSION", b"17\n")
}

#[test]
fn members_that_lead_elsewhere_are_refused() {
    assert_eq!(refusal(tar().file("../../etc/cron.d/x", b"x")), Refusal::Path(PathRefusal::Upwards));
    assert_eq!(refusal(tar().file("/etc/passwd", b"x")), Refusal::Path(PathRefusal::Absolute));
    assert_eq!(refusal(tar().file(".//etc/passwd", b"x")), Refusal::Path(PathRefusal::Absolute));
    assert_eq!(refusal(tar().directory("base/..")), Refusal::Path(PathRefusal::Upwards));
    assert_eq!(refusal(tar().file("", b"x")), Refusal::Path(PathRefusal::Empty));
    assert_eq!(refusal(tar().file(".", b"x")), Refusal::Path(PathRefusal::Empty));
    assert_eq!(refusal(tar().file(&"a/".repeat(40), b"")), Refusal::Path(PathRefusal::TooDeep));
    assert_eq!(refusal(tar().pax("path", "../x").file("x", b"x")), Refusal::Path(PathRefusal::Upwards));
    assert_eq!(
        refusal(tar().member("././@LongLink", b'L', "", b"../x\0").file("x", b"x")),
        Refusal::Path(PathRefusal::Upwards)
    );
}

#[test]
fn links_are_refused_unless_they_are_a_tablespace_s() {
    let links = tar().link("pg_tblspc/16384", "/srv/ts").end();
    let link = EntryKind::TablespaceLink { oid: Oid(16384), target: "/srv/ts".into() };
    assert_eq!(opened(&links).unwrap()[1], ("pg_tblspc/16384".to_owned(), link));
    for path in
        ["pg_tblspc/x", "pg_tblspc/016384", "pg_tblspc/1/2", "base/5/1259", "global", "pg_tblspc", "pg_tblspc/0"]
    {
        assert_eq!(refusal(tar().link(path, "/etc")), Refusal::Link, "{path}");
    }
    let wal = opened(&tar().link("pg_wal", "/mnt/wal").end()).unwrap();
    assert_eq!(wal[1], ("pg_wal".to_owned(), EntryKind::Directory));
}

#[test]
fn nothing_is_put_where_a_link_leads() {
    let through = tar().link("pg_tblspc/16384", "/etc").file("pg_tblspc/16384/passwd", b"x");
    assert_eq!(refusal(through), Refusal::InNoDirectory("pg_tblspc/16384".into()));
    assert_eq!(refusal(tar().file("PG_VERSION/x", b"x")), Refusal::InNoDirectory("PG_VERSION".into()));
}

#[test]
fn a_member_that_is_there_twice_is_refused_but_not_a_directory() {
    assert_eq!(refusal(tar().file("PG_VERSION", b"18\n")), Refusal::Duplicate);
    assert_eq!(refusal(tar().file("./PG_VERSION", b"18\n")), Refusal::Duplicate);
    assert_eq!(refusal(tar().directory("PG_VERSION")), Refusal::Duplicate);
    assert_eq!(refusal(tar().link("pg_tblspc/1", "/a").link("pg_tblspc/1", "/b")), Refusal::Duplicate);
    assert_eq!(opened(&tar().directory("base").directory("base/").end()).unwrap().len(), 3);
}

#[test]
fn devices_pipes_hard_links_and_sparse_files_are_refused_by_name() {
    for (kind, words) in [
        (b'1', "a hard link"),
        (b'3', "a character device"),
        (b'4', "a block device"),
        (b'6', "a named pipe"),
        (b'7', "a contiguous file"),
        (b'S', "a sparse file"),
        (b'V', "a label of a volume"),
        (b'\x1b', "unknown kind '\\x1b'"),
    ] {
        let error = tar_error(&tar().member("base/5/1", kind, "", b"").end());
        assert!(matches!(&error, TarError::Kind { member, .. } if member == "base/5/1"), "{error}");
        assert!(error.to_string().contains(words), "{error}");
    }
}

#[test]
fn long_names_of_gnu_and_of_pax_are_read() {
    let long = format!("base/{}", "n".repeat(150));
    let gnu = tar().member("././@LongLink", b'L', "", format!("{long}\0").as_bytes()).file("base/nnn", b"x").end();
    assert_eq!(opened(&gnu).unwrap()[1].0, long);
    let pax = tar().pax("mtime", "1.5").pax("path", &long).file("base/nnn", b"x").end();
    assert_eq!(opened(&pax).unwrap()[1].0, long);
    let target = "/srv/".to_owned() + &"t".repeat(150);
    let link =
        tar().member("././@LongLink", b'K', "", format!("{target}\0").as_bytes()).link("pg_tblspc/7", "/srv").end();
    assert_eq!(opened(&link).unwrap()[1].1, EntryKind::TablespaceLink { oid: Oid(7), target: target.into() });
}

#[test]
fn extended_headers_that_could_deceive_are_refused() {
    let extended = |archive: Tar| {
        let error = tar_error(&archive.end());
        assert!(matches!(error, TarError::Extended { .. }), "{error}");
        error.to_string()
    };
    assert!(extended(tar().pax("GNU.sparse.size", "9").file("x", b"")).contains("sparse"));
    assert!(extended(tar().pax("path", "a").pax("path", "b").file("x", b"")).contains("twice"));
    assert!(extended(tar().member("x", b'L', "", b"a\0").pax("path", "b").file("x", b"")).contains("twice"));
    assert!(extended(tar().pax("size", "-1").file("x", b"")).contains("no number"));
    assert!(extended(tar().pax("path", "a")).contains("no member follows"));
    assert!(extended(tar().member("x", b'x', "", b"99 path=a\n").file("x", b"")).contains("damaged"));
    assert!(extended(tar().member("x", b'x', "", b"path=a\n").file("x", b"")).contains("damaged"));
    assert!(extended(tar().member("x", b'g', "", b"10 path=a\n").file("x", b"")).contains("all files after it"));
    assert!(extended(tar().member("x", b'x', "", &[b'9'; 70_000]).file("x", b"")).contains("64 KiB"));
}

#[test]
fn a_size_of_pax_that_lies_is_seen() {
    let error = tar_error(&tar().pax("size", "99999999999").file("x", b"abc").end());
    assert!(matches!(error, TarError::Truncated { ref after, .. } if after == "inside \"x\""), "{error}");
    let error = tar_error(&tar().pax("size", "18446744073709551615").file("x", b"abc").end());
    assert!(matches!(error, TarError::Header { fault: HeaderFault::Number("size"), .. }), "{error}");
}

#[test]
fn a_header_that_does_not_hold_is_refused() {
    let header_of = |change: &dyn Fn(&mut [u8; 512])| {
        let mut block = header("base/5/1", b'0', "", 3);
        change(&mut block);
        let mut archive = tar();
        archive.0.extend_from_slice(&block);
        match tar_error(&archive.end()) {
            TarError::Header { offset: 1024, fault } => fault,
            error => panic!("{error}"),
        }
    };
    assert_eq!(header_of(&|block| block[0] = b'x'), HeaderFault::Checksum);
    assert_eq!(header_of(&|block| block[150] = b'x'), HeaderFault::Checksum);
    let sealed = |at: usize, with: &'static [u8]| {
        header_of(&move |block| {
            block[at..at + with.len()].copy_from_slice(with);
            seal(block);
        })
    };
    assert_eq!(sealed(124, b"0000000000x "), HeaderFault::Number("size"));
    assert_eq!(sealed(124, b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"), HeaderFault::Number("size"));
    assert_eq!(sealed(156, b"5"), HeaderFault::Content);
}

#[test]
fn a_name_in_another_encoding_is_kept_as_it_is() {
    let mut archive = tar();
    let mut block = header("grun", b'0', "", 0);
    block[..5].copy_from_slice(b"gr\xfcn\xdf");
    seal(&mut block);
    archive.0.extend_from_slice(&block);
    assert_eq!(opened(&archive.end()).unwrap()[1].0, "gr\\xfcn\\xdf");
}

#[test]
fn something_after_the_end_is_seen() {
    let mut archive = tar().end();
    archive.extend_from_slice(&[0; 4096]);
    assert!(opened(&archive).is_ok());
    archive.extend_from_slice(&tar().end());
    assert!(matches!(tar_error(&archive), TarError::AfterEnd(_)));
    let mut archive = tar().0;
    archive.extend_from_slice(&[0; 512]);
    archive.extend_from_slice(&tar().end());
    assert!(matches!(tar_error(&archive), TarError::AfterEnd(_)));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    #[test]
    fn no_change_of_an_archive_makes_it_panic_or_lead_elsewhere(
        changes in proptest::collection::vec((0usize..5000, any::<u8>()), 1..6),
        sealed in any::<bool>(),
    ) {
        let mut archive = tar().pax("mtime", "1").file("base/5/1", &[1; 600]).link("pg_tblspc/7", "/srv").end();
        for (at, byte) in changes {
            let length = archive.len();
            archive[at % length] = byte;
        }
        if sealed {
            // As somebody would who means harm: the checksums of all headers hold.
            for at in (0..archive.len()).step_by(512) {
                if archive[at + 257..].starts_with(b"ustar") {
                    let mut block: [u8; 512] = archive[at..at + 512].try_into().unwrap();
                    seal(&mut block);
                    archive[at..at + 512].copy_from_slice(&block);
                }
            }
        }
        for (path, _) in opened(&archive).unwrap_or_default() {
            prop_assert!(!path.starts_with('/') && path.split('/').all(|part| part != ".."));
        }
    }
}
