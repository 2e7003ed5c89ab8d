//! Archives of versions and machines that no PostgreSQL at hand writes, by the rules of ReadHead, ReadToc, ReadInt and
//! ReadOffset in src/bin/pg_dump/pg_backup_archiver.c (PostgreSQL 13 to 18).

use std::os::unix::fs::symlink;
use std::path::Path;

use super::{Entry, TestFolder, Writer, damage_of, error_of, scanned};
use crate::dump::Content;
use crate::{Archive, ArchiveCompression, DataState, Dump, open};

fn archive(dump: &Dump) -> &Archive {
    let Content::Archive(archive) = &dump.content else { panic!("{:?} is no archive", dump.content) };
    archive
}

#[test]
fn numbers_of_every_size_are_read() {
    for minor in 12..=16 {
        for (int_size, offset_size) in [(4, 8), (4, 4), (8, 8), (8, 4)] {
            for piped in [true, false] {
                let writer = Writer { int_size, offset_size, piped, ..Writer::with_large_objects(minor) };
                let (dump, scan) = scanned(&writer.custom());
                assert_eq!(scan.damage, [], "1.{minor}, {int_size} and {offset_size} bytes");
                let archive = archive(&dump);
                assert_eq!((archive.layout.int_size, archive.layout.offset_size), (int_size, offset_size));
                assert_eq!(archive.entries.len(), writer.entries.len());
                assert_eq!(archive.entries[0].data, DataState::None);
                assert_eq!(matches!(archive.entries[3].data, DataState::At(_)), !piped);
                assert_eq!(archive.entries[3].data == DataState::Somewhere, piped);
            }
        }
    }
}

#[test]
fn sizes_of_numbers_that_no_machine_has_are_refused() {
    for (int_size, offset_size) in [(1, 8), (9, 8), (33, 8), (4, 3), (4, 9)] {
        let mut bytes = Writer::shop(16).custom();
        (bytes[8], bytes[9]) = (int_size, offset_size);
        let error = error_of(&bytes);
        assert!(error.contains(&format!("numbers of {int_size} and {offset_size} bytes")), "{error}");
    }
}

#[test]
fn what_a_version_does_not_have_is_not_read() {
    for minor in 12..=16 {
        let (dump, _) = scanned(&Writer::shop(minor).custom());
        let archive = archive(&dump);
        let table = &archive.entries[2];
        // K_VERS_1_14 and K_VERS_1_16.
        assert_eq!(table.table_access_method.as_deref(), (minor >= 14).then_some("heap"), "1.{minor}");
        assert_eq!(table.relkind, (minor >= 16).then_some('r'), "1.{minor}");
        assert_eq!((table.owner.as_str(), table.with_oids), ("shop_owner", false));
        let gzip = ArchiveCompression::Gzip { level: None };
        assert_eq!(archive.compression, gzip);
    }
}

#[test]
fn the_revision_and_summer_time_of_the_header_are_kept() {
    for (flag, expected) in [(0, Some(false)), (1, Some(true)), (-1, None)] {
        let mut bytes = Writer { summer_time: flag, ..Writer::shop(13) }.custom();
        bytes[7] = 3;
        let (dump, _) = scanned(&bytes);
        assert_eq!(archive(&dump).created_in_summer_time, expected);
        assert_eq!(archive(&dump).version.to_string(), "1.13.3");
    }
}

#[test]
fn an_archive_of_one_version_that_says_it_is_another_is_damaged() {
    // A field more or less in each entry puts everything behind it in the wrong place.
    for (minor, said) in [(13, 14), (14, 13), (14, 16), (16, 14), (15, 16), (16, 15)] {
        let mut bytes = Writer::shop(minor).custom();
        bytes[6] = said;
        assert!(error_of(&bytes).contains("damaged at byte "), "1.{minor} that says 1.{said}");
    }
}

#[test]
fn large_objects_of_every_version_and_format_are_counted() {
    for minor in 12..=16 {
        for compression in 0..=if minor >= 15 { 3 } else { 1 } {
            let writer = Writer { compression, ..Writer::with_large_objects(minor) };
            assert_eq!(damage_of(&writer.custom()), [], "custom 1.{minor}, {compression}");
            let place = TestFolder::new();
            let damage = open(&writer.directory(&place)).unwrap().scan().unwrap().damage;
            assert_eq!(damage, [], "directory 1.{minor}, {compression}");
        }
    }
    for minor in [14, 16] {
        let mut fewer = Writer::with_large_objects(minor);
        fewer.entries.last_mut().unwrap().large_objects.pop();
        let damage = damage_of(&fewer.custom());
        assert_eq!(damage[0].what, "2 large objects are declared and the data of 1 are there");
    }
}

#[test]
fn a_listed_place_that_is_not_where_the_data_are_is_damage_with_both_places() {
    let writer = Writer { piped: false, ..Writer::shop(16) };
    let bytes = writer.custom();
    let place = writer.toc(1, |_| vec![0; 9]).len();
    let at = bytes.windows(9).position(|window| window[0] == 2 && window[1..] == (place as u64).to_le_bytes()).unwrap();
    let mut moved = bytes;
    moved[at + 1] ^= 1;
    let damage = damage_of(&moved);
    let expected = format!("the data of public.orders is at byte {place}, not at byte {} as listed", place ^ 1);
    assert_eq!(damage[0].what, expected);
    assert_eq!((damage[0].at, damage[0].table.as_deref()), (Some(place as u64), Some("public.orders")));
}

#[test]
fn a_cut_archive_says_after_how_many_rows_it_ends_and_how_much_is_missing_at_least() {
    let mut writer = Writer { piped: false, compression: 0, ..Writer::shop(16) };
    let second = Entry { id: 90, tag: "lines", ..writer.entries[3].clone() };
    writer.entries.push(second);
    let bytes = writer.custom();
    let place = writer.toc(1, |_| vec![0; 9]).len();
    let (length, listed) = (place + 30, (bytes.len() + place) / 2);
    let damage = damage_of(&bytes[..length]);
    assert_eq!(damage[0].what, "ends inside the data of public.orders, after 2 whole rows");
    assert_eq!((damage[0].at, damage[0].table.as_deref()), (Some(length as u64), Some("public.orders")));
    assert_eq!(damage[1].what, "the data of public.lines is missing");
    let expected =
        format!("at least {} bytes are missing: the last data listed begin at byte {listed}", listed - length);
    assert_eq!(damage[2].what, expected);
}

#[test]
fn a_cut_file_of_a_folder_or_tar_archive_says_after_how_many_rows_it_ends() {
    let place = TestFolder::new();
    let path = Writer { compression: 1, ..Writer::shop(16) }.directory(&place);
    let file = path.join("4.dat.gz");
    let bytes = std::fs::read(&file).unwrap();
    std::fs::write(&file, &bytes[..bytes.len() - 4]).unwrap();
    assert!(directory_damage(&path).ends_with(", after 2 whole rows)"), "{}", directory_damage(&path));
    let tar = Writer { compression: 0, ..Writer::shop(16) }.tar();
    let at = tar.windows(7).rposition(|window| window == b"\n\\.\n\n\n\0").unwrap();
    let damage = damage_of(&tar[..at + 1]);
    assert!(damage[0].what.contains("the tar file ends here, 5 bytes early, after 2 whole rows"), "{damage:?}");
}

fn directory_damage(path: &Path) -> String {
    open(path).unwrap().scan().unwrap().damage.first().map_or("whole".to_owned(), |damage| damage.what.clone())
}

#[test]
fn rows_behind_the_end_mark_and_a_file_that_is_there_twice_are_damage() {
    let place = TestFolder::new();
    let folder = Writer { compression: 0, ..Writer::shop(16) }.directory(&place);
    let file = folder.join("4.dat");
    let rows = std::fs::read(&file).unwrap();
    std::fs::write(&file, [rows.as_slice(), b"\n\n"].concat()).unwrap();
    assert_eq!(directory_damage(&folder), "whole");
    std::fs::write(&file, [rows.as_slice(), rows.as_slice()].concat()).unwrap();
    let damage = directory_damage(&folder);
    assert!(damage.contains("goes on behind its end mark"), "{damage}");
    std::fs::write(&file, &rows).unwrap();
    std::fs::write(folder.join("4.dat.gz"), b"other rows").unwrap();
    let damage = directory_damage(&folder);
    assert!(damage.contains("lies there both compressed and not"), "{damage}");
}

#[test]
fn nothing_but_a_regular_file_is_read_in_a_folder() {
    for name in ["4.dat", "blobs_8.toc", "blob_16401.dat"] {
        // What is put in a file's place, and what is said of it: at once, and where it came after the folder was looked at.
        type Put = fn(&TestFolder, &Path, &[u8]);
        let link: Put = |place, file, content| symlink(place.write("outside", content), file).unwrap();
        let up: Put = |place, file, content| {
            place.write("outside", content);
            symlink("../outside", file).unwrap();
        };
        let within: Put = |_, file, content| {
            std::fs::write(file.with_file_name("other"), content).unwrap();
            symlink("other", file).unwrap();
        };
        let to_a_folder: Put = |place, file, _| symlink(place.path(""), file).unwrap();
        let pipe: Put = |_, file, _| nix::unistd::mkfifo(file, nix::sys::stat::Mode::S_IRWXU).unwrap();
        let socket: Put = |_, file, _| drop(std::os::unix::net::UnixListener::bind(file).unwrap());
        for (put, kind) in [
            (link, "symbolic link"),
            (up, "symbolic link"),
            (within, "symbolic link"),
            (to_a_folder, "symbolic link"),
            (pipe, "pipe"),
            (socket, "socket"),
        ] {
            let place = TestFolder::new();
            let path = Writer { compression: 0, ..Writer::with_large_objects(16) }.directory(&place);
            let opened = open(&path).unwrap();
            let file = path.join(name);
            let content = std::fs::read(&file).unwrap();
            std::fs::remove_file(&file).unwrap();
            put(&place, &file, &content);
            let damage = opened.scan().unwrap().damage;
            assert!(damage[0].what.contains(kind), "{name}: {damage:?}");
            let refused = open(&path).unwrap_err().to_string();
            assert!(refused.contains(&format!("holds a {kind}, {name:?}")), "{refused}");
        }
        let place = TestFolder::new();
        let path = Writer { compression: 0, ..Writer::with_large_objects(16) }.directory(&place);
        std::fs::remove_file(path.join(name)).unwrap();
        assert!(directory_damage(&path).contains("is missing"), "{name}: {}", directory_damage(&path));
        std::fs::create_dir(path.join(name)).unwrap();
        assert!(directory_damage(&path).contains("it is a folder"), "{name}: {}", directory_damage(&path));
    }
}

#[test]
fn a_dump_given_as_a_link_and_files_with_two_names_are_the_users_own() {
    let place = TestFolder::new();
    let path = Writer::shop(16).directory(&place);
    std::fs::hard_link(path.join("4.dat.gz"), place.path("second name")).unwrap();
    symlink(&path, place.path("link")).unwrap();
    assert_eq!(directory_damage(&place.path("link")), "whole");
}

#[test]
fn a_table_of_contents_that_is_a_link_is_not_followed() {
    let place = TestFolder::new();
    let path = Writer::shop(16).directory(&place);
    std::fs::rename(path.join("toc.dat"), place.path("elsewhere")).unwrap();
    symlink(place.path("elsewhere"), path.join("toc.dat")).unwrap();
    assert!(open(&path).is_err());
}

#[test]
fn names_that_lead_out_of_the_folder_are_not_opened_wherever_they_stand() {
    for name in ["../outside", "/etc/passwd", "..", ".", "sub/file", "", "outside\0"] {
        // In the list of large objects.
        let place = TestFolder::new();
        place.write("outside", b"secret");
        let path = Writer { compression: 0, ..Writer::with_large_objects(16) }.directory(&place);
        let list = format!("16401 {name}\n16402 blob_16402.dat\n");
        std::fs::write(path.join("blobs_8.toc"), list).unwrap();
        let expected = if name.is_empty() { "names no large object" } else { "leads out of the folder" };
        assert!(directory_damage(&path).contains(expected), "{name}: {}", directory_damage(&path));
        // In the table of contents.
        if name.is_empty() {
            continue;
        }
        let writer = Writer { compression: 0, ..Writer::shop(16) };
        let toc = writer.toc(3, |entry| writer.string(Some(if entry.data.is_some() { name } else { "" })));
        std::fs::write(path.join("toc.dat"), toc).unwrap();
        assert!(directory_damage(&path).contains("leads out of the folder"), "{name}: {}", directory_damage(&path));
    }
}

#[test]
fn tar_members_are_read_in_place_whatever_their_names() {
    let mut tar = tar::Builder::new(Vec::new());
    let writer = Writer { compression: 0, ..Writer::shop(16) };
    let toc = writer.toc(3, |entry| writer.string(Some(if entry.data.is_some() { "../../tmp/x" } else { "" })));
    for (name, bytes) in [(&b"toc.dat"[..], toc.as_slice()), (b"../../tmp/x", b"1\tone\n\\.\n\n\n"), (b"/etc/x", b"x")]
    {
        let mut header = tar::Header::new_ustar();
        header.as_mut_bytes()[..name.len()].copy_from_slice(name);
        header.set_size(bytes.len() as u64);
        header.set_mode(0o600);
        header.set_cksum();
        tar.append(&header, bytes).unwrap();
    }
    let (_, scan) = scanned(&tar.into_inner().unwrap());
    assert_eq!(scan.damage, []);
    assert_eq!(scan.facts.tables[0].rows, Some(1));
}
