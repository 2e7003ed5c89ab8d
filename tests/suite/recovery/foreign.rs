//! Bases as production leaves them: what their own files would do to a server, and what is missing of them.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use pgrehearse::rehearsal::Verdict;

use super::{Wish, assert_passed, complaints, recover, summary};
use crate::support::backup::fixture::BaseCopy;
use crate::support::{Home, backup};

/// What a base can hold that would keep a server from starting, or let it do what it must not.
const OF_PRODUCTION: &str = "
archive_mode = on
archive_command = 'touch /tmp/command_ran'
restore_command = 'touch /tmp/command_ran; false'
archive_cleanup_command = 'touch /tmp/command_ran'
recovery_end_command = 'touch /tmp/command_ran'
shared_preload_libraries = 'no_such_library'
ssl = on
ssl_cert_file = '/etc/ssl/certs/prod.pem'
data_directory = '/var/lib/postgresql/15/main'
hba_file = '/etc/postgresql/15/main/pg_hba.conf'
listen_addresses = '*'
shared_buffers = 64GB
huge_pages = on
lc_messages = 'tlh_QO.UTF-8'
include = '/etc/postgresql/no_such_file.conf'
include_dir = '/nowhere'
";

/// What a restored restore left.
const LEFT_OVER: &str = "
primary_conninfo = 'host=10.0.0.1 user=replicator'
recovery_target_name = 'drill_point'
recovery_target_time = '2001-01-01 00:00:00+00'
nonsense = 1
";

fn append(base: &BaseCopy, name: &str, text: &str) {
    let path = base.path().join(name);
    let before = fs::read_to_string(&path).unwrap_or_default();
    fs::write(path, before + text).unwrap();
}

#[test]
fn nothing_that_a_base_says_of_its_own_server_is_done() {
    let fixture = backup::of(15);
    let base = fixture.copy_base("base");
    append(&base, "postgresql.conf", OF_PRODUCTION);
    append(&base, "postgresql.auto.conf", LEFT_OVER);
    append(&base, "standby.signal", "");
    append(&base, "postmaster.pid", "1\n/var/lib/postgresql/15/main\n");
    fs::set_permissions(base.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let mut wish = Wish::new("latest", 15, "to: [latest]").brings(&[2, 3, 4, 5, 6, 7], true);
    wish.yaml.push_str(
        "    - {name: nothing ran, sql: \"SELECT (pg_stat_file('/tmp/command_ran', true)).size IS NULL\", expect: true}
    - {name: nothing was archived, sql: \"SELECT archived_count + failed_count FROM pg_stat_archiver\", expect: 0}
    - {name: no archiving, sql: \"SELECT current_setting('archive_mode')\", expect: 'off'}
    - {name: nobody is asked, sql: \"SELECT current_setting('primary_conninfo')\", expect: ''}
    - {name: nobody is listened to, sql: \"SELECT current_setting('ssl')\", expect: 'off'}
",
    );
    let ran = recover(&Home::new(), base.path(), &fixture.path("wal"), &[wish]);
    let target = ran.only();
    assert_eq!(summary(target).replayed.as_ref().unwrap().lsn, fixture.facts.end_lsn.to_string(), "{}", ran.stdout);
    // The manifest does not know what was put there; nothing else is wrong with it.
    assert!(complaints(target).iter().all(|name| *name == "backup-changed"), "{}", ran.stdout);
    // What is left in a base is the source's; it was not changed.
    assert!(base.path().join("standby.signal").exists() && base.path().join("postmaster.pid").exists());
}

#[test]
fn a_base_without_a_configuration_of_its_own_comes_back() {
    // Debian keeps it in /etc.
    let fixture = backup::of(15);
    let base = fixture.copy_base("base");
    for name in ["postgresql.conf", "pg_hba.conf", "pg_ident.conf", "postgresql.auto.conf", "backup_manifest"] {
        fs::remove_file(base.path().join(name)).unwrap();
    }
    let wish = Wish::new("latest", 15, "to: [latest]").brings(&[2, 3, 4, 5, 6, 7], true);
    let ran = recover(&Home::new(), base.path(), &fixture.path("wal"), &[wish]);
    assert_eq!(ran.only().verdict, Verdict::Pass, "{}", ran.stdout);
    assert_eq!(complaints(ran.only()), ["backup-unverifiable"], "{}", ran.stdout);
}

#[test]
fn a_copy_of_a_data_directory_is_no_backup_and_nothing_is_started() {
    let fixture = backup::of(17);
    let base = fixture.copy_base("base_stream");
    fs::remove_file(base.path().join("backup_label")).unwrap();
    let wish = Wish::new("latest", 17, "to: [latest]");
    let ran = recover(&Home::new(), base.path(), &fixture.path("wal"), &[wish]);
    assert_eq!(ran.only().verdict, Verdict::Fail, "{}", ran.stdout);
    assert_eq!(complaints(ran.only()), ["backup-label-missing"], "{}", ran.stdout);
    assert!(ran.only().judge.is_none());
}

/// The largest file of a folder and what is in it.
fn largest(folder: &Path) -> PathBuf {
    let mut all = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let entry = entry.unwrap();
            match entry.metadata().unwrap() {
                found if found.is_dir() => folders.push(entry.path()),
                found => all.push((found.len(), entry.path())),
            }
        }
    }
    all.into_iter().max().expect("a file is there").1
}

#[test]
fn a_page_that_was_damaged_in_the_base_is_found_by_its_manifest_and_by_its_checksum() {
    let fixture = backup::of(17);
    let base = fixture.copy_base("base");
    let tablespace = fs::read_link(base.path().join(format!("pg_tblspc/{}", fixture.facts.tablespace))).unwrap();
    let file = largest(&tablespace);
    let mut content = fs::read(&file).unwrap();
    content[8192 + 4000] ^= 0xFF;
    fs::write(&file, content).unwrap();
    let wish = Wish::new("latest", 17, "to: [latest]");
    let ran = recover(&Home::new(), base.path(), &fixture.path("wal"), &[wish]);
    assert_eq!(ran.only().verdict, Verdict::Fail, "{}", ran.stdout);
    let found = complaints(ran.only());
    assert!(found.contains(&"backup-changed") && found.contains(&"pages-corrupt"), "{}", ran.stdout);
}

#[test]
fn files_that_are_missing_of_a_base_are_named() {
    let fixture = backup::of(15);
    let base = fixture.copy_base("base");
    // What nobody reads before a session does.
    fs::remove_file(base.path().join("base/5/1259")).unwrap();
    let wish = || [Wish::new("latest", 15, "to: [latest]")];
    let ran = recover(&Home::new(), base.path(), &fixture.path("wal"), &wish());
    assert_eq!(ran.only().verdict, Verdict::Fail, "{}", ran.stdout);
    assert!(ran.finding("backup-incomplete").objects.iter().any(|name| name == "base/5/1259"), "{}", ran.stdout);

    let base = fixture.copy_base("base");
    let link = base.path().join(format!("pg_tblspc/{}", fixture.facts.tablespace));
    fs::remove_dir_all(fs::read_link(link).unwrap()).unwrap();
    let ran = recover(&Home::new(), base.path(), &fixture.path("wal"), &wish());
    assert_eq!(ran.only().verdict, Verdict::Fail, "{}", ran.stdout);
    let found = ran.finding("tablespace-not-in-backup");
    assert_eq!(found.objects, [format!("pg_tblspc/{}", fixture.facts.tablespace)], "{}", ran.stdout);
}

#[test]
fn a_base_of_another_major_than_the_target_is_untested_and_says_why() {
    let fixture = backup::of(15);
    let ran = recover(
        &Home::new(),
        &fixture.path("base"),
        &fixture.path("wal"),
        &[Wish::new("newer", 17, "to: [latest]"), Wish::new("own", 15, "to: [latest]")],
    );
    assert_eq!(ran.target("newer").verdict, Verdict::Untested, "{}", ran.stdout);
    assert!(ran.target("newer").untested.concat().contains("the base is of PostgreSQL 15"), "{}", ran.stdout);
    assert_passed(ran.target("own"), &ran);
    ran.expect(3);
}
