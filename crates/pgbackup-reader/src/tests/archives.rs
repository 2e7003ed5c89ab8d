use std::fs;
use std::io::Write as _;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};

use crate::archive::{Archive, FileKind, FolderArchive, Found, Trouble};
use crate::wal::MemberKind;

const NAME: &str = "00000001000000000000000D";

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn write(root: &Path, path: &str, bytes: &[u8]) -> PathBuf {
    let at = root.join(path);
    fs::create_dir_all(at.parent().unwrap()).unwrap();
    fs::write(&at, bytes).unwrap();
    at
}

fn opened(root: &Path, name: &str) -> Found {
    FolderArchive::open(root).unwrap().open(name, 100)
}

fn content(found: Found) -> Vec<u8> {
    let Found::File(mut opened) = found else { panic!("{found:?}") };
    let mut bytes = vec![0; 1000];
    let count = opened.read(&mut bytes).unwrap();
    opened.finish().unwrap();
    bytes.truncate(count);
    bytes
}

fn trouble(found: Found) -> Trouble {
    match found {
        Found::Broken(trouble) => trouble,
        other => panic!("{other:?}"),
    }
}

#[test]
fn segments_are_found_in_every_layout() {
    for path in [
        NAME.to_owned(),
        format!("{NAME}.gz"),
        format!("0000000100000000/{NAME}"),
        format!("wals/{NAME}"),
        format!("wals/0000000100000000/{NAME}"),
        format!("wals/0000000100000000/{NAME}.zst"),
    ] {
        let root = folder();
        let bytes = match path.rsplit_once('.') {
            Some((_, "gz")) => gzip(b"content"),
            Some(_) => zstd::encode_all(&b"content"[..], 1).unwrap(),
            None => b"content".to_vec(),
        };
        write(root.path(), &path, &bytes);
        assert_eq!(content(opened(root.path(), NAME)), b"content", "{path}");
    }
}

#[test]
fn a_compressed_segment_without_an_ending_is_known_by_its_content() {
    let root = folder();
    write(root.path(), NAME, &gzip(b"content"));
    assert_eq!(content(opened(root.path(), NAME)), b"content");
}

#[test]
fn other_folders_and_files_are_no_part_of_the_archive() {
    let root = folder();
    write(root.path(), "xlog.db", b"");
    write(root.path(), &format!("backup/{NAME}"), b"x");
    write(root.path(), &format!("0000000100000000/0000000100000000/{NAME}"), b"x");
    let archive = FolderArchive::open(root.path()).unwrap();
    assert_eq!(archive.members().unwrap(), []);
    assert_eq!(archive.foreign(), 3);
    assert!(matches!(archive.open(NAME, 100), Found::Absent));
}

#[test]
fn a_missing_archive_is_an_error_and_not_an_empty_one() {
    let root = folder();
    assert!(FolderArchive::open(&root.path().join("none")).is_err());
}

#[test]
fn kinds_of_trouble_are_told_apart() {
    let root = folder();
    let at = root.path();
    fs::create_dir(at.join(NAME)).unwrap();
    assert!(matches!(trouble(opened(at, NAME)), Trouble::Folder { .. }));
    fs::remove_dir(at.join(NAME)).unwrap();

    let whole = gzip(&[7; 90]);
    write(at, NAME, &whole[..whole.len() - 3]);
    assert!(matches!(trouble(opened(at, NAME)), Trouble::Compression { .. }));
    fs::remove_file(at.join(NAME)).unwrap();

    nix::unistd::mkfifo(&at.join(NAME), nix::sys::stat::Mode::S_IRWXU).unwrap();
    assert_eq!(trouble(opened(at, NAME)), Trouble::NotAFile { path: NAME.into(), what: "pipe" });
    fs::remove_file(at.join(NAME)).unwrap();

    let lzo = format!("{NAME}.lzo");
    write(at, &lzo, b"x");
    let unknown = Trouble::UnknownCompression { path: lzo.clone().into(), ending: ".lzo" };
    assert_eq!(trouble(opened(at, NAME)), unknown);
    assert!(unknown.to_string().contains(".lzo"));
    fs::remove_file(at.join(lzo)).unwrap();

    write(at, &format!("{NAME}.gz"), b"plain");
    assert!(matches!(trouble(opened(at, NAME)), Trouble::NotCompressed { .. }));
}

#[test]
fn links_are_followed_within_the_archive_and_never_out_of_it() {
    let (root, outside) = (folder(), folder());
    let elsewhere = write(outside.path(), NAME, b"secret");
    symlink(&elsewhere, root.path().join(NAME)).unwrap();
    assert_eq!(trouble(opened(root.path(), NAME)), Trouble::LinkOutside { path: NAME.into() });
    fs::remove_file(root.path().join(NAME)).unwrap();

    write(root.path(), "kept", b"content");
    symlink("kept", root.path().join(NAME)).unwrap();
    let archive = FolderArchive::open(root.path()).unwrap();
    assert_eq!(archive.members().unwrap()[0].file, FileKind::LinkInside);
    assert_eq!(content(archive.open(NAME, 100)), b"content");
    // It leads elsewhere by the time it is opened.
    fs::remove_file(root.path().join(NAME)).unwrap();
    symlink(&elsewhere, root.path().join(NAME)).unwrap();
    assert_eq!(trouble(archive.open(NAME, 100)), Trouble::LinkOutside { path: NAME.into() });
}

#[test]
fn what_a_folder_that_is_not_followed_holds_is_not_called_absent() {
    let (root, outside) = (folder(), folder());
    symlink(outside.path(), root.path().join("0000000100000000")).unwrap();
    assert!(matches!(trouble(opened(root.path(), NAME)), Trouble::Unlisted { .. }));
}

#[test]
fn an_unreadable_segment_is_no_absent_one() {
    let root = folder();
    let at = write(root.path(), NAME, b"content");
    fs::set_permissions(&at, fs::Permissions::from_mode(0)).unwrap();
    match opened(root.path(), NAME) {
        Found::Broken(Trouble::Unreadable { .. }) => {}
        // The superuser reads everything.
        found => assert_eq!(content(found), b"content"),
    }
}

#[test]
fn a_segment_that_vanishes_or_changes_is_trouble() {
    let root = folder();
    let at = write(root.path(), NAME, &[1; 50]);
    let archive = FolderArchive::open(root.path()).unwrap();
    let Found::File(mut file) = archive.open(NAME, 100) else { panic!() };
    fs::write(&at, [1; 20]).unwrap();
    assert_eq!(file.read(&mut [0; 100]), Err(Trouble::Changed { path: NAME.into() }));
    assert_eq!(file.finish(), Err(Trouble::Changed { path: NAME.into() }));
    fs::remove_file(&at).unwrap();
    assert_eq!(trouble(archive.open(NAME, 100)), Trouble::Vanished { path: NAME.into() });
}

#[test]
fn copies_are_compared() {
    let root = folder();
    write(root.path(), NAME, b"content");
    write(root.path(), &format!("{NAME}.gz"), &gzip(b"content"));
    let Found::File(same) = opened(root.path(), NAME) else { panic!() };
    assert_eq!(same.differing(), [] as [PathBuf; 0]);
    write(root.path(), &format!("wals/0000000100000000/{NAME}"), b"Content");
    let found = opened(root.path(), NAME);
    let Found::File(file) = &found else { panic!() };
    assert_eq!(file.differing(), [PathBuf::from(format!("wals/0000000100000000/{NAME}"))]);
    assert_eq!(content(found), b"content");
}

#[test]
fn a_broken_copy_beside_a_good_one_is_told() {
    let root = folder();
    write(root.path(), NAME, b"content");
    write(root.path(), &format!("{NAME}.gz"), &gzip(b"content")[..12]);
    let found = opened(root.path(), NAME);
    let Found::File(file) = &found else { panic!() };
    assert_eq!(file.broken_copies().len(), 1);
    assert_eq!(content(found), b"content");
}

#[test]
fn no_more_is_unpacked_than_was_asked_for() {
    let root = folder();
    write(root.path(), NAME, &gzip(&vec![0; 10 << 20]));
    for limit in [100, 20 << 20] {
        let Found::File(file) = FolderArchive::open(root.path()).unwrap().open(NAME, limit) else { panic!() };
        assert_eq!(file.length(), if limit == 100 { 101 } else { 10 << 20 });
    }
    let Found::File(mut file) = FolderArchive::open(root.path()).unwrap().open(NAME, 20 << 20) else { panic!() };
    let mut bytes = vec![1; 11 << 20];
    assert_eq!(file.read(&mut bytes), Ok(10 << 20));
}

#[test]
fn members_are_listed_with_what_they_are() {
    let root = folder();
    for name in
        [NAME, "00000002.history", "000000010000000000000006.00000028.backup", "00000001000000000000000E.partial"]
    {
        write(root.path(), name, b"12345");
    }
    let archive = FolderArchive::open(root.path()).unwrap();
    let members = archive.members().unwrap();
    let names: Vec<String> = members.iter().map(super::super::archive::Member::asked_name).collect();
    assert_eq!(names.len(), 4);
    for member in members {
        assert_eq!((member.size, member.file), (5, FileKind::Regular));
        assert_eq!(member.path, PathBuf::from(member.asked_name()));
    }
    assert!(members.iter().any(|member| matches!(member.kind, MemberKind::BackupHistory(_, 0x28))));
}
