//! Backups that repositories keep, and chains of incremental ones, come back; and what is wrong with them is found.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use pgrehearse::rehearsal::Verdict;

use crate::support::Home;
use crate::support::backup::{self, repositories::Repositories, target_time};

/// A profile that asks for what is there before the accident, and for the accident.
fn profile(major: u16, recovery: &str) -> String {
    format!(
        "name: nightly\npostgres: {major}\nrecovery:\n  before:\n    - {{name: mark 6, sql: SELECT count(*) FROM public.marks WHERE n = 6, \
         expect: \"= 1\"}}\n  after:\n    - {{name: the accident, sql: \"SELECT count(*) FROM pg_class WHERE relname = 'accident'\", \
         expect: \"= 0\"}}\n{recovery}"
    )
}

/// A home of Barman of a test's own.
fn barman(home: &Home, repositories: &Repositories) -> PathBuf {
    let to = home.path("barman");
    let copied = Command::new("cp").args(["-R", "-p"]).arg(repositories.path("barman")).arg(&to).output().unwrap();
    assert!(copied.status.success(), "{}", String::from_utf8_lossy(&copied.stderr));
    to
}

/// The file of the WAL in which mark 6 is committed, below a folder.
fn segment_of_mark_6(repositories: &Repositories, wals: &Path) -> PathBuf {
    let number = repositories.facts.marks.iter().find(|mark| mark.n == 6).unwrap().commit_lsn.0 >> 20;
    let name = format!("00000001{:08X}{:08X}", number >> 12, number & 0xFFF);
    let path = wals.join(&name[..16]).join(&name);
    assert!(path.exists(), "{}", path.display());
    path
}

/// The time of mark 6, after which the accident comes.
fn before_the_accident(repositories: &Repositories) -> String {
    let mark = repositories.facts.marks.iter().find(|mark| mark.n == 6).unwrap();
    format!("time={}", target_time(mark.committed_at))
}

fn comes_back_from_barman_and_fails_without_a_segment(major: u16, server: &str) {
    let home = Home::new();
    let repositories = backup::repositories(major);
    let barman = barman(&home, repositories);
    let source = PathBuf::from(format!("barman:{}?server={server}", barman.display()));
    let to = before_the_accident(repositories);
    let profile = profile(major, "");
    let whole = home.run_with(&source, &[&profile], &["--to", &to]);
    whole.expect(0);
    assert_eq!(whole.only().verdict, Verdict::Pass);
    assert!(whole.json.contains("kept by Barman as "), "{}", whole.json);

    fs::remove_file(segment_of_mark_6(repositories, &barman.join(server).join("wals"))).unwrap();
    let cut = home.run_with(&source, &[&profile], &["--to", &to]);
    cut.expect(1);
    assert!(cut.names().contains(&"wal-missing"), "{:?}", cut.names());
}

#[test]
fn a_server_of_barman_comes_back_to_a_time_and_fails_where_a_segment_is_missing() {
    comes_back_from_barman_and_fails_without_a_segment(17, "gzipped");
}

#[test]
fn full_each_server_of_barman_comes_back_to_a_time_and_fails_where_a_segment_is_missing() {
    for (major, server) in [(15, "plain"), (15, "gzipped"), (17, "plain")] {
        comes_back_from_barman_and_fails_without_a_segment(major, server);
    }
}

#[test]
fn a_home_of_barman_with_several_servers_asks_for_one_and_lists_them() {
    let home = Home::new();
    let barman = backup::repositories(17).path("barman");
    let ran = home.run(&barman, &[&profile(17, "")]);
    ran.expect(2);
    assert!(ran.stderr.contains("gzipped, plain; name one: barman:"), "{}", ran.stderr);
}

#[test]
fn a_backup_that_barman_does_not_call_done_is_incomplete_although_it_comes_back() {
    let home = Home::new();
    let repositories = backup::repositories(17);
    let server = barman(&home, repositories).join("plain");
    let info = fs::read_dir(server.join("meta")).unwrap().map(|entry| entry.unwrap().path());
    let info = info.into_iter().find(|path| path.to_string_lossy().ends_with("-backup.info")).unwrap();
    let text = fs::read_to_string(&info).unwrap();
    assert!(text.contains("status=DONE"), "{text}");
    fs::write(&info, text.replace("status=DONE", "status=WAITING_FOR_WALS")).unwrap();
    let ran = home.run_with(&server, &[&profile(17, "")], &["--to", &before_the_accident(repositories)]);
    ran.expect(1);
    assert!(ran.names().contains(&"backup-incomplete"), "{:?}", ran.names());
    assert!(ran.finding("backup-incomplete").title.contains("WAITING_FOR_WALS"), "{}", ran.json);
    assert!(ran.only().recovery.as_ref().unwrap().replayed.is_some(), "it was recovered all the same: {}", ran.json);
}

#[test]
fn a_backup_that_barman_does_not_have_is_refused_with_those_that_it_has() {
    let home = Home::new();
    let server = backup::repositories(17).path("barman/plain");
    let ran = home.run(&server, &[&profile(17, "  base: 20200101T000000\n")]);
    ran.expect(2);
    assert!(ran.stderr.contains("there is no backup 20200101T000000; there are 20"), "{}", ran.stderr);
}

/// What the profile asks of a chain, whose incremental base was made after the accident.
fn of_chain(major: u16) -> String {
    format!(
        "name: nightly\npostgres: {major}\nrecovery:\n  before:\n    - {{name: the last mark, \
         sql: SELECT count(*) FROM public.marks WHERE n = 7, expect: \"= 1\"}}\n"
    )
}

#[test]
fn an_incremental_base_comes_back_with_its_full_one_and_fails_alone() {
    let fixture = backup::of(17);
    let home = Home::new();
    let alone = fixture.copy_base("incr/incremental");
    let wal = fixture.path("wal").display().to_string();
    let ran = home.run_with(alone.path(), &[&of_chain(17)], &["--wal", &wal]);
    ran.expect(1);
    assert_eq!(ran.names(), ["backup-chain-broken"]);
    assert!(ran.finding("backup-chain-broken").title.contains("which is not there"), "{}", ran.json);

    let full = fixture.path("incr/full").display().to_string();
    let ran = home.run_with(alone.path(), &[&of_chain(17)], &["--wal", &wal, "--base-dir", &full]);
    ran.expect(0);
    assert_eq!(ran.only().verdict, Verdict::Pass);
}

#[test]
fn full_an_incremental_base_finds_its_full_one_beside_it() {
    for major in [17, 18] {
        let fixture = backup::of(major);
        let wal = fixture.path("wal").display().to_string();
        let home = Home::new();
        home.run_with(&fixture.path("incr/incremental"), &[&of_chain(major)], &["--wal", &wal]).expect(0);
    }
}

#[test]
fn a_damaged_full_base_is_found_under_its_incremental_one() {
    let fixture = backup::of(17);
    let home = Home::new();
    let full = fixture.copy_base("incr/full");
    let file = full.path().join("base/1/1259");
    let mut content = fs::read(&file).unwrap();
    content[100] ^= 1;
    fs::write(&file, content).unwrap();
    let (wal, full) = (fixture.path("wal").display().to_string(), full.path().display().to_string());
    let ran = home.run_with(&fixture.path("incr/incremental"), &[&of_chain(17)], &["--wal", &wal, "--base-dir", &full]);
    ran.expect(1);
    assert!(ran.names().contains(&"backup-changed"), "{:?}", ran.names());
}
