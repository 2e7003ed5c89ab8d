//! Every format, distinguished by content and restored.

use std::fs;
use std::io::Write as _;
use std::path::Path;

use crate::support::home::{Ran, assert_every_check_looked, names};
use crate::support::{Home, MAJORS, bare, dump, matching, shared, unrestricted};

/// Fails unless the dump came back whole, and returns what the report calls its format.
#[track_caller]
fn comes_back(home: &Home, dump: &Path, major: u16) -> String {
    let ran = home.run(dump, &[&matching("twin", major)]);
    assert_whole(&ran);
    ran.report().sources[0].format.clone()
}

#[track_caller]
fn assert_whole(ran: &Ran) {
    ran.expect(0);
    assert_eq!(ran.names(), Vec::<&str>::new(), "{}", ran.json);
    assert_every_check_looked(ran.only());
}

#[test]
fn a_custom_archive_comes_back_however_it_is_compressed() {
    custom_archives_come_back(&[
        (13, "shop-none.dump", "custom archive 1.14, not compressed"),
        (17, "shop-lz4.dump", "custom archive 1.16, lz4"),
    ]);
}

#[test]
#[ignore = "the whole product of majors: scripts/test --full"]
fn full_a_custom_archive_of_more_majors_comes_back_however_it_is_compressed() {
    custom_archives_come_back(&[
        (15, "shop-gzip.dump", "custom archive 1.14, gzip"),
        (17, "shop-none.dump", "custom archive 1.16, not compressed"),
        (17, "shop-gzip.dump", "custom archive 1.16, gzip"),
        (18, "shop-zstd.dump", "custom archive 1.16, zstd"),
    ]);
}

fn custom_archives_come_back(archives: &[(u16, &str, &str)]) {
    let home = Home::new();
    for &(major, file, label) in archives {
        assert_eq!(comes_back(&home, &dump(major, file), major), label, "{major} {file}");
    }
}

#[test]
fn an_archive_that_was_written_to_a_pipe_comes_back() {
    piped_archives_come_back(&[17]);
}

#[test]
#[ignore = "the whole product of majors: scripts/test --full"]
fn full_an_archive_that_an_older_major_wrote_to_a_pipe_comes_back() {
    piped_archives_come_back(&[15]);
}

fn piped_archives_come_back(majors: &[u16]) {
    let home = Home::new();
    for &major in majors {
        comes_back(&home, &dump(major, "shop-piped.dump"), major);
    }
}

#[test]
fn an_archive_with_statistics_comes_back() {
    comes_back(&Home::new(), &dump(18, "shop-statistics.dump"), 18);
}

#[test]
fn a_dump_in_directory_format_comes_back_however_it_is_compressed() {
    directories_come_back(&[
        (13, "shop.dir", "directory archive 1.14, gzip"),
        (18, "shop-zstd.dir", "directory archive 1.16, zstd"),
    ]);
}

#[test]
#[ignore = "the whole product of majors: scripts/test --full"]
fn full_a_dump_in_directory_format_of_majors_between_comes_back_however_it_is_compressed() {
    directories_come_back(&[
        (15, "shop-none.dir", "directory archive 1.14, not compressed"),
        (17, "shop-none.dir", "directory archive 1.16, not compressed"),
        (17, "shop-lz4.dir", "directory archive 1.16, lz4"),
    ]);
}

fn directories_come_back(directories: &[(u16, &str, &str)]) {
    let home = Home::new();
    for &(major, directory, label) in directories {
        assert_eq!(comes_back(&home, &dump(major, directory), major), label, "{major} {directory}");
    }
}

#[test]
fn a_tar_archive_comes_back() {
    let ran = in_parallel("shop.tar");
    assert_whole(&ran);
    let label = &ran.report().sources[0].format;
    assert!(label.starts_with("tar archive"), "{label}");
}

#[test]
#[ignore = "the whole product of majors: scripts/test --full"]
fn full_a_tar_archive_of_the_oldest_and_the_newest_major_comes_back() {
    tar_archives_come_back(&[13, 18]);
}

fn tar_archives_come_back(majors: &[u16]) {
    let home = Home::new();
    for &major in majors {
        let label = comes_back(&home, &dump(major, "shop.tar"), major);
        assert!(label.starts_with("tar archive"), "{label}");
    }
}

/// What a restore of the shop's archive of 17 into its own major says where there are jobs. The ledger's tests look at it too.
pub fn in_parallel(file: &str) -> Ran {
    shared::run(&format!("formats-parallel-{}", file.replace('.', "-")), |home| {
        home.run(&dump(17, file), &[&format!("{}restore: {{jobs: 3}}\n", matching("twin", 17))])
    })
}

#[test]
fn archives_are_restored_by_pg_restore_in_parallel_where_their_format_allows() {
    for (file, parallel) in [("shop.dump", true), ("shop.dir", true), ("shop.tar", false)] {
        let ran = in_parallel(file);
        assert_whole(&ran);
        let command = &ran.only().restore.as_ref().unwrap().command;
        assert!(command.starts_with("pg_restore "), "{command}");
        assert_eq!(command.contains(" --jobs=3 "), parallel, "{command}");
    }
}

#[test]
fn rows_come_before_a_constraint_that_some_of_them_break_and_that_does_not_wait_for_them() {
    let ran = crate::catalog::catalog_archive(17, 17);
    assert_whole(&ran);
    let command = &ran.only().restore.as_ref().unwrap().command;
    assert!(command.contains(" --jobs=1 "), "{command}");
}

/// What a restore of the shop's plain dump into its own major says, of COPY or of INSERT statements. The ledger's tests look at
/// it too.
pub fn plain_shop(major: u16, file: &str) -> Ran {
    shared::run(&format!("formats-plain-{major}-{}", file.replace('.', "-")), |home| {
        home.run(&dump(major, file), &[&matching("twin", major)])
    })
}

#[test]
fn a_plain_dump_comes_back() {
    // What others have written is restored into the newest major by tests of the catalog.
    plain_dumps_come_back(&[13, 17]);
}

#[test]
#[ignore = "the whole product of majors: scripts/test --full"]
fn full_a_plain_dump_of_every_major_comes_back() {
    plain_dumps_come_back(&MAJORS);
}

fn plain_dumps_come_back(majors: &[u16]) {
    for &major in majors {
        let ran = plain_shop(major, "shop.sql");
        assert_whole(&ran);
        assert_eq!(ran.report().sources[0].format, "plain SQL");
    }
}

#[test]
fn a_plain_dump_with_and_without_restricted_commands_comes_back() {
    let text = fs::read_to_string(dump(17, "shop.sql")).unwrap();
    assert!(text.contains("\n\\restrict "), "this pg_dump writes no \\restrict");
    assert_whole(&plain_shop(17, "shop.sql"));
    let home = Home::new();
    let older = home.file("older.sql", unrestricted(&text));
    comes_back(&home, &older, 17);
}

#[test]
fn every_database_of_a_cluster_is_judged_by_its_own_encoding_and_settings() {
    let home = Home::new();
    let ran = home.run(&dump(15, "all-needs.sql"), &["name: cluster\nextends: same-as-source\n"]);
    // The databases behind and exhausted are made to have these, a view of the database escape fills a table that the dump holds
    // empty when it is refreshed, and a container has no /tmp/fast.
    let mut names = ran.names();
    names.dedup();
    let expected = ["role-exists", "rows-extra", "sequence-behind", "sequence-exhausted", "tablespace-missing"];
    assert_eq!(names, expected, "{}", ran.stdout);
    let databases = ["ascii", "latin", "types"];
    for database in databases {
        assert!(
            ran.only().restore.as_ref().unwrap().databases.iter().any(|restored| restored == database),
            "{database}"
        );
    }
}

#[test]
fn a_plain_dump_of_inserts_comes_back() {
    inserts_come_back(&[17]);
}

#[test]
#[ignore = "the whole product of majors: scripts/test --full"]
fn full_a_plain_dump_of_inserts_of_the_oldest_major_comes_back() {
    inserts_come_back(&[13]);
}

fn inserts_come_back(majors: &[u16]) {
    for &major in majors {
        assert_whole(&plain_shop(major, "shop-inserts.sql"));
    }
}

#[test]
fn a_plain_dump_comes_back_however_it_is_compressed() {
    // Another test restores one that is compressed by xz.
    let plain = fs::read(dump(17, "shop.sql")).unwrap();
    // Twins of gzip and lz4 in several members or frames are what `cat a.gz b.gz` and parallel compressors write.
    let half = plain.len() / 2;
    let several = [gzip(&plain[..half]), gzip(&plain[half..])].concat();
    compressed_come_back(&[("gzip", several), ("lz4", lz4(&plain))]);
}

#[test]
#[ignore = "every form: scripts/test --full"]
fn full_a_plain_dump_comes_back_from_one_member_of_gzip_and_from_zstd_bzip2_and_xz() {
    let plain = fs::read(dump(17, "shop.sql")).unwrap();
    compressed_come_back(&[
        ("gzip", gzip(&plain)),
        ("zstd", zstd::encode_all(plain.as_slice(), 3).unwrap()),
        ("bzip2", bzip2(&plain)),
        ("xz", xz(&plain)),
    ]);
}

fn compressed_come_back(dumps: &[(&str, Vec<u8>)]) {
    let home = Home::new();
    for (label, bytes) in dumps {
        let file = home.file("shop.sql", bytes);
        assert_eq!(comes_back(&home, &file, 17), format!("plain SQL, {label}"));
    }
}

#[test]
fn a_dump_is_recognised_by_its_content_whatever_its_name_says() {
    let home = Home::new();
    recognised(&home, &[("small.dump", "archive.sql", "custom archive 1.16, gzip")]);
    let xz_called_gz = home.file("small.sql.gz", xz(&fs::read(dump(17, "small.sql")).unwrap()));
    let ran = home.run(&xz_called_gz, &[&bare("plain", 17)]);
    assert_whole(&ran);
    assert_eq!(ran.report().sources[0].format, "plain SQL, xz");
}

#[test]
#[ignore = "every form: scripts/test --full"]
fn full_a_text_or_tar_archive_is_recognised_by_its_content_whatever_its_name_says() {
    let others = [("small.sql", "plain.dump", "plain SQL"), ("rows.tar", "tar.gz", "tar archive 1.16, not compressed")];
    recognised(&Home::new(), &others);
}

fn recognised(home: &Home, dumps: &[(&str, &str, &str)]) {
    for &(file, name, label) in dumps {
        let path = home.file(name, fs::read(dump(17, file)).unwrap());
        let ran = home.run(&path, &[&bare("plain", 17)]);
        assert_whole(&ran);
        assert_eq!(ran.report().sources[0].format, label);
    }
}

#[test]
fn a_dump_that_creates_its_database_comes_back_into_the_one_that_it_makes() {
    makes_its_database(17, "other");
}

#[test]
#[ignore = "the whole product of majors: scripts/test --full"]
fn full_a_dump_that_creates_its_database_comes_back_whatever_the_profile_names() {
    makes_its_database(13, "shop");
    makes_its_database(13, "other");
    makes_its_database(17, "shop");
}

fn makes_its_database(major: u16, named: &str) {
    let home = Home::new();
    let profile = matching("named", major).replace("name: shop,", &format!("name: {named},"));
    let ran = home.run(&dump(major, "shop-create.sql"), &[&profile]);
    assert_whole(&ran);
    assert_eq!(ran.only().restore.as_ref().unwrap().databases, ["shop"]);
}

#[test]
fn an_archive_comes_back_with_the_option_to_create_its_database() {
    created_database_comes_back(&[18]);
}

#[test]
#[ignore = "the whole product of majors: scripts/test --full"]
fn full_an_archive_of_an_older_major_comes_back_with_the_option_to_create_its_database() {
    created_database_comes_back(&[15]);
}

fn created_database_comes_back(majors: &[u16]) {
    let home = Home::new();
    for &major in majors {
        let profile = format!("{}restore: {{options: [--create]}}\n", matching("twin", major));
        let ran = home.run(&dump(major, "shop-create.dump"), &[&profile]);
        assert_whole(&ran);
        assert_eq!(ran.only().restore.as_ref().unwrap().databases, ["shop"]);
    }
}

#[test]
fn what_pg_dumpall_writes_comes_back_with_its_roles_and_all_its_databases() {
    pg_dumpall_comes_back(&[17]);
}

#[test]
#[ignore = "the whole product of majors: scripts/test --full"]
fn full_what_an_older_pg_dumpall_writes_comes_back_with_its_roles_and_all_its_databases() {
    pg_dumpall_comes_back(&[15]);
}

/// What a restore of a whole cluster into one that has nothing says. Tests of the ledger and of what is judged look at it too.
pub fn whole_cluster(major: u16) -> Ran {
    shared::run(&format!("formats-cluster-{major}"), |home| {
        // Nothing but the version: the roles come from the dump.
        let profile = format!(
            "{}checks:\n  queries:\n    \
             - {{name: shop, database: shop, sql: 'SELECT count(*) FROM shop.customers', expect: 5}}\n    \
             - {{name: stock, database: stock, sql: 'SELECT count(*) FROM bins', expect: 20}}\n    \
             - {{name: roles, database: stock, sql: \"SELECT count(*) FROM pg_roles WHERE rolname LIKE 'shop%'\", expect: 4}}\n",
            bare("empty", major)
        );
        home.run(&dump(major, "all.sql"), &[&profile])
    })
}

fn pg_dumpall_comes_back(majors: &[u16]) {
    for &major in majors {
        let ran = whole_cluster(major);
        ran.expect(0);
        assert_eq!(ran.report().sources[0].format, "pg_dumpall SQL");
        assert_eq!(ran.only().restore.as_ref().unwrap().databases, ["shop", "stock"]);
        // Every cluster has its superuser already; nothing else may be said.
        assert_eq!(names(ran.only()), ["role-exists"]);
        assert_eq!(ran.finding("role-exists").objects.len(), 1);
    }
}

pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn lz4(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = lz4_flex::frame::FrameEncoder::new(Vec::new());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn bzip2(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn xz(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = liblzma::write::XzEncoder::new(Vec::new(), 6);
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}
