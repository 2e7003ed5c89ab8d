//! What is read from an archive's table of contents is what PostgreSQL's own `pg_restore --list` says of it.
//!
//! The newest pg_restore lists every archive of the suite. The lines that it has to print are made from what was read
//! here and compared as they stand: a line cannot be taken apart again, since names may hold spaces and semicolons.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Stdio};

use pgdump_reader::{self as dump, Archive, ArchiveCompression, Container, TocEntry};

use crate::support::{dump, images};

/// Lists every archive of a folder that comes as a tar stream: with `-l`, and with `-l -v`.
const LIST_ALL: &str = r#"
set -e
mkdir /tmp/dumps && cd /tmp/dumps && tar x
for archive in *; do
    for option in "" -v; do
        echo "=== $archive $option"
        TZ=UTC pg_restore -l $option "$archive" 2>/dev/null
    done
done
"#;

#[test]
fn pg_restore_lists_the_same_header_and_entries_for_every_archive_of_13() {
    assert_lists_agree(13, 20);
}

#[test]
fn pg_restore_lists_the_same_header_and_entries_for_every_archive_of_15() {
    assert_lists_agree(15, 20);
}

#[test]
fn pg_restore_lists_the_same_header_and_entries_for_every_archive_of_17() {
    assert_lists_agree(17, 28);
}

#[test]
fn pg_restore_lists_the_same_header_and_entries_for_every_archive_of_18() {
    assert_lists_agree(18, 29);
}

/// Compares all archives of a major, of which there are at least so many.
fn assert_lists_agree(major: u16, at_least: usize) {
    let small = dump(major, "small.dump");
    let folder = small.parent().unwrap();
    let listed = lists(folder, &archives(folder));
    assert!(listed.len() >= at_least, "only {} archives of {major}", listed.len());
    for (name, [brief, verbose]) in &listed {
        let opened = dump::open(&folder.join(name)).unwrap();
        let archive = opened.archive().unwrap_or_else(|| panic!("{name} is an archive"));
        let head = head(archive);
        assert_same(&format!("{major} {name}"), brief, &[head.clone(), brief_list(archive)].concat());
        assert_same(&format!("{major} {name}, with -v"), verbose, &[head, verbose_list(archive)].concat());
    }
    let many = &listed["many.dump"][1];
    assert!(many.iter().filter(|line| line.contains(" TABLE DATA public tenant_")).count() == 5000);
}

#[test]
fn the_list_distinguishes_archives_that_differ_in_one_owner_or_dependency() {
    // What the comparison above is worth.
    let path = dump(17, "shop.dump");
    let opened = dump::open(&path).unwrap();
    let archive = opened.archive().unwrap();
    let list = verbose_list(archive);
    let changes: [fn(&mut TocEntry); 7] = [
        |entry| entry.owner.push('x'),
        |entry| entry.dependencies.reverse(),
        |entry| entry.oid += 1,
        |entry| entry.table_oid += 1,
        |entry| entry.tag.push('x'),
        |entry| entry.schema = None,
        |entry| entry.desc.push('x'),
    ];
    for (index, change) in changes.iter().enumerate() {
        let mut changed = archive.clone();
        let entries = changed.entries.iter_mut();
        change(entries.filter(|entry| entry.schema.is_some()).find(|entry| entry.dependencies.len() > 1).unwrap());
        assert_ne!(list, verbose_list(&changed), "change {index}");
    }
}

/// The names of the archives in a folder: files in custom and tar format, folders in directory format.
fn archives(folder: &Path) -> Vec<String> {
    let names = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.filter(|name| [".dump", ".dir", ".tar"].iter().any(|ending| name.ends_with(ending))).collect()
}

/// What `pg_restore -l` and `pg_restore -l -v` print, line by line.
fn lists(folder: &Path, names: &[String]) -> BTreeMap<String, [Vec<String>; 2]> {
    let image = format!("{}:18", images::REPOSITORY);
    let mut pack =
        Command::new("tar").arg("-C").arg(folder).arg("-c").args(names).stdout(Stdio::piped()).spawn().unwrap();
    let output = Command::new("docker")
        .args(["run", "--rm", "--interactive", "--network", "none", "--user", "0", "--entrypoint", "bash", &image])
        .args(["-c", LIST_ALL])
        .stdin(pack.stdout.take().unwrap())
        .output()
        .unwrap();
    assert!(pack.wait().unwrap().success());
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let mut lists: BTreeMap<String, [Vec<String>; 2]> = BTreeMap::new();
    let mut current = None;
    // Names of databases that are not in UTF-8 come as they are, and are read as Latin-1 here and there.
    for line in output.stdout.split(|byte| *byte == b'\n') {
        let line = match std::str::from_utf8(line) {
            Ok(line) => line.to_owned(),
            Err(_) => line.iter().copied().map(char::from).collect(),
        };
        match line.strip_prefix("=== ") {
            Some(title) => {
                let (name, option) = title.split_once(' ').unwrap();
                current = Some((name.to_owned(), usize::from(option == "-v")));
            }
            None => {
                if let Some((name, place)) = &current {
                    lists.entry(name.clone()).or_default()[*place].push(line);
                }
            }
        }
    }
    lists
}

#[track_caller]
fn assert_same(what: &str, theirs: &[String], ours: &[String]) {
    let theirs: Vec<&String> = theirs.iter().filter(|line| !line.is_empty()).collect();
    for (place, (theirs, ours)) in theirs.iter().zip(ours).enumerate() {
        assert_eq!(*theirs, ours, "line {place} of the list of {what}");
    }
    assert_eq!(theirs.len(), ours.len(), "lines of the list of {what}");
}

/// The header (PrintTOCSummary in src/bin/pg_dump/pg_backup_archiver.c, PostgreSQL 18).
fn head(archive: &Archive) -> Vec<String> {
    let compression = match archive.compression {
        ArchiveCompression::None => "none",
        other => other.label(),
    };
    let format = match archive.container {
        Container::Custom => "CUSTOM",
        Container::Directory => "DIRECTORY",
        Container::Tar => "TAR",
    };
    let version = archive.version;
    vec![
        ";".to_owned(),
        format!("; Archive created at {} UTC", archive.created.unwrap().strftime("%Y-%m-%d %H:%M:%S")),
        format!(";     dbname: {}", on_one_line(&archive.database)),
        format!(";     TOC Entries: {}", archive.entries.len()),
        format!(";     Compression: {compression}"),
        format!(";     Dump Version: {}.{}-{}", version.major, version.minor, version.revision),
        format!(";     Format: {format}"),
        format!(";     Integer: {} bytes", archive.layout.int_size),
        format!(";     Offset: {} bytes", archive.layout.offset_size),
        format!(";     Dumped from database version: {}", archive.server_version),
        format!(";     Dumped by pg_dump version: {}", archive.pg_dump_version),
        ";".to_owned(),
        ";".to_owned(),
        "; Selected TOC Entries:".to_owned(),
        ";".to_owned(),
    ]
}

fn brief_list(archive: &Archive) -> Vec<String> {
    archive.entries.iter().filter(|entry| is_listed(entry)).map(line).collect()
}

/// With `-v` no entry is left out, and what each depends on is said.
fn verbose_list(archive: &Archive) -> Vec<String> {
    let lines = archive.entries.iter().flat_map(|entry| {
        let mut dependencies = ";\tdepends on:".to_owned();
        for dependency in &entry.dependencies {
            dependencies.push_str(&format!(" {dependency}"));
        }
        [Some(line(entry)), (!entry.dependencies.is_empty()).then_some(dependencies)]
    });
    lines.flatten().collect()
}

fn line(entry: &TocEntry) -> String {
    let schema = entry.schema.as_deref().map_or("-".to_owned(), on_one_line);
    let TocEntry { id, table_oid, oid, desc, .. } = entry;
    format!("{id}; {table_oid} {oid} {desc} {schema} {} {}", on_one_line(&entry.tag), on_one_line(&entry.owner))
}

/// A name as sanitize_line writes it (src/bin/pg_dump/dumputils.c, PostgreSQL 13 to 18).
fn on_one_line(name: &str) -> String {
    name.replace(['\n', '\r'], " ")
}

/// Whether `pg_restore -l` without further options shows the entry (_tocEntryRequired in pg_backup_archiver.c,
/// PostgreSQL 18: what of it takes effect without options that select).
fn is_listed(entry: &TocEntry) -> bool {
    let is = |descs: &[&str]| descs.contains(&entry.desc.as_str());
    if is(&["ENCODING", "STDSTRINGS", "SEARCHPATH", "DATABASE", "DATABASE PROPERTIES"]) {
        return false;
    }
    if is(&["STATISTICS DATA"]) {
        return true;
    }
    let about = is(&["ACL", "COMMENT", "SECURITY LABEL"]);
    if about && entry.tag.starts_with("DATABASE ") {
        return false;
    }
    let is_data = is(&["SEQUENCE SET", "BLOB", "BLOB METADATA"]) || about && entry.tag.starts_with("LARGE OBJECT");
    let is_schema = !entry.defn.is_empty() && !entry.defn.starts_with("-- load via partition root ");
    entry.has_dumper || is_data || is_schema
}
