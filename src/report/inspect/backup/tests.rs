use std::fs;

use pgbackup_reader::FolderArchive;

use super::archived::ArchiveSeen;
use super::{BackupInspection, terminal};
use crate::finding::{Finding, Name};
use crate::report::terminal::TerminalOptions;
use crate::report::text::is_hidden;

fn drawn(inspection: &BackupInspection, all: bool) -> String {
    let mut out = Vec::new();
    terminal::write(inspection, &mut out, &TerminalOptions { all, ..TerminalOptions::default() }).unwrap();
    String::from_utf8(out).unwrap()
}

fn archive(files: &[(&str, &[u8])]) -> (tempfile::TempDir, FolderArchive) {
    let folder = tempfile::tempdir().unwrap();
    for (name, content) in files {
        fs::write(folder.path().join(name), content).unwrap();
    }
    let archive = FolderArchive::open(folder.path()).unwrap();
    (folder, archive)
}

#[test]
fn an_archive_without_a_segment_fails() {
    let (_folder, archive) = archive(&[("notes.txt", b"hello"), ("00000002.history", b"1\t0/3000000\tno reason\n\n")]);
    let inspection = BackupInspection::of_archive(&archive, false);
    assert!(inspection.fails());
    let seen = inspection.archive.as_ref().unwrap();
    assert_eq!((seen.foreign_files, seen.histories, seen.segment_count()), (1, 1, 0));
    assert!(drawn(&inspection, false).contains("there is no segment in the archive"));
}

#[test]
fn a_quick_look_lists_an_archive_and_promises_nothing() {
    let (_folder, archive) = archive(&[("000000010000000000000002", b"x"), ("000000010000000000000003.gz", b"x")]);
    let inspection = BackupInspection::of_archive(&archive, true);
    assert!(!inspection.fails());
    assert!(!inspection.archive.as_ref().unwrap().read_whole);
    let page = drawn(&inspection, false);
    assert!(page.contains("2 segments of WAL in 2 bytes, 1 .gz") && page.contains("not read"), "{page}");
}

#[test]
fn findings_of_a_kind_are_one_on_the_page_with_as_many_lines_as_have_room() {
    let (_folder, archive) = archive(&[]);
    let mut inspection = BackupInspection::of_archive(&archive, true);
    inspection.findings = (0..200)
        .map(|number| Finding::new(Name::ConfigurationNotPortable, format!("setting{number} needs more than there is")))
        .collect();
    let page = drawn(&inspection, false);
    let said = page.replace("\n    ", " ");
    assert!(said.contains("200 settings of the backup's own configuration stop a start elsewhere"), "{page}");
    assert!(page.lines().count() <= 40 && !page.contains("setting199"), "{page}");
    assert!(drawn(&inspection, true).contains("setting199"));
}

#[test]
fn nothing_that_a_backup_names_reaches_the_terminal_as_it_is() {
    let (_folder, archive) = archive(&[]);
    let mut inspection = BackupInspection::of_archive(&archive, true);
    let mut seen = ArchiveSeen { path: "wal\u{1b}[2J\nPASS".to_owned(), ..ArchiveSeen::default() };
    seen.troubles.push("\u{1b}[2J".to_owned());
    inspection.archive = Some(seen);
    let mut finding = Finding::new(Name::WalUnreadable, "x\u{1b}[2J\nPASS");
    finding.evidence.push("\u{9b}31m".to_owned());
    finding.objects.push("\u{202e}".to_owned());
    inspection.findings.push(finding);
    for all in [false, true] {
        let page = drawn(&inspection, all);
        assert!(!page.replace('\n', "").chars().any(is_hidden), "{page:?}");
    }
}
