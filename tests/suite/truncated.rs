//! Dumps that end early. PostgreSQL's own tools take some of them for whole.

use std::fs;
use std::path::{Path, PathBuf};

use crate::support::{Home, MAJORS, Ran, bare, dump};

#[track_caller]
fn assert_truncated(ran: &Ran) {
    ran.expect(1);
    assert!(ran.names().contains(&"dump-truncated"), "{}", ran.json);
    // The dump is cut off; nothing else is wrong with it, and the tools' own words for the cut are no second cause.
    let failing: Vec<&str> =
        ran.only().findings().filter(|finding| finding.fails()).map(|finding| finding.name.as_str()).collect();
    let expected = ["dump-truncated", "nothing-restored"];
    assert!(failing.iter().all(|name| expected.contains(name)), "{failing:?}\n{}", ran.json);
}

fn cut(home: &Home, dump: &Path, name: &str, keep: impl Fn(usize) -> usize) -> PathBuf {
    let bytes = fs::read(dump).unwrap();
    home.file(name, &bytes[..keep(bytes.len())])
}

#[test]
fn a_plain_dump_that_ends_amid_the_rows_of_a_table_fails_although_psql_says_nothing() {
    ends_amid_the_rows(13);
}

#[test]
#[ignore = "in more majors: scripts/test --full"]
fn full_a_dump_of_every_format_that_ends_early_fails() {
    for major in MAJORS {
        ends_amid_the_rows(major);
        archive_ends_early(major);
        directory_ends_early(major);
    }
}

fn ends_amid_the_rows(major: u16) {
    let home = Home::new();
    let path = cut(&home, &dump(major, "rows.sql"), "cut.sql", |length| length / 2);
    let mut text = fs::read_to_string(&path).unwrap();
    assert!(!text.contains("\\.\n"), "the cut is not amid the rows");
    text.truncate(text.rfind('\n').unwrap() + 1);
    let ran = home.run(&home.file("line.sql", text), &[&bare("plain", major)]);
    assert_truncated(&ran);
    let restore = ran.only().restore.as_ref().unwrap();
    assert_eq!((restore.exit_code, restore.errors), (0, 0), "psql has noticed it: {}", ran.json);
}

#[test]
fn a_plain_dump_that_ends_amid_a_row_fails_for_that_reason_alone() {
    let home = Home::new();
    let path = cut(&home, &dump(17, "rows.sql"), "cut.sql", |length| length / 2);
    assert_truncated(&home.run(&path, &[&bare("plain", 17)]));
}

#[test]
#[ignore = "in more places: scripts/test --full"]
fn full_a_plain_dump_that_ends_amid_a_number_fails_for_that_reason_alone() {
    let home = Home::new();
    let path = cut(&home, &dump(17, "rows.sql"), "cut.sql", |length| length / 2);
    let text = fs::read_to_string(&path).unwrap();
    let amid_a_number = home.file("number.sql", &text[..text.rfind('\n').unwrap() + 2]);
    assert_truncated(&home.run(&amid_a_number, &[&bare("plain", 17)]));
}

#[test]
fn a_plain_dump_that_ends_before_its_constraints_fails() {
    let home = Home::new();
    let text = fs::read_to_string(dump(17, "rows.sql")).unwrap();
    let end = text.find("ALTER TABLE ONLY public.readings\n    ADD CONSTRAINT").expect("a primary key");
    assert_truncated(&home.run(&home.file("cut.sql", &text[..end]), &[&bare("plain", 17)]));
}

#[test]
fn a_compressed_plain_dump_that_ends_early_fails() {
    let home = Home::new();
    let text = fs::read(dump(17, "rows.sql")).unwrap();
    let compressed = zstd::encode_all(text.as_slice(), 3).unwrap();
    let path = home.file("cut.sql.zst", &compressed[..compressed.len() * 2 / 3]);
    assert_truncated(&home.run(&path, &[&bare("plain", 17)]));
}

#[test]
fn a_custom_archive_that_ends_early_fails() {
    archive_ends_early(18);
}

fn archive_ends_early(major: u16) {
    let home = Home::new();
    let path = cut(&home, &dump(major, "rows.dump"), "cut.dump", |length| length * 6 / 10);
    assert_truncated(&home.run(&path, &[&bare("plain", major)]));
}

#[test]
fn a_tar_archive_that_ends_early_fails() {
    let home = Home::new();
    let path = cut(&home, &dump(17, "rows.tar"), "cut.tar", |length| length / 2);
    assert_truncated(&home.run(&path, &[&bare("plain", 17)]));
}

#[test]
fn a_dump_in_directory_format_with_a_data_file_cut_off_or_missing_fails() {
    directory_ends_early(15);
    let home = Home::new();
    let path = copy_of(&home, &dump(17, "rows.dir"));
    fs::remove_file(data_files(&path).pop().unwrap()).unwrap();
    assert_truncated(&home.run(&path, &[&bare("plain", 17)]));
}

fn directory_ends_early(major: u16) {
    let home = Home::new();
    let path = copy_of(&home, &dump(major, "rows.dir"));
    let largest = data_files(&path).pop().unwrap();
    let bytes = fs::read(&largest).unwrap();
    fs::write(&largest, &bytes[..bytes.len() / 2]).unwrap();
    assert_truncated(&home.run(&path, &[&bare("plain", major)]));
}

fn copy_of(home: &Home, directory: &Path) -> PathBuf {
    let copy = home.path("copy.dir");
    let _ = fs::remove_dir_all(&copy);
    fs::create_dir(&copy).unwrap();
    for entry in fs::read_dir(directory).unwrap() {
        let entry = entry.unwrap();
        fs::copy(entry.path(), copy.join(entry.file_name())).unwrap();
    }
    copy
}

/// The data files of a dump in directory format, the largest last.
fn data_files(directory: &Path) -> Vec<PathBuf> {
    let files = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<PathBuf> =
        files.filter(|path| path.extension().is_some_and(|extension| extension == "gz")).collect();
    files.sort_by_key(|path| fs::metadata(path).unwrap().len());
    files
}
