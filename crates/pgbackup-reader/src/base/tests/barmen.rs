use std::path::Path;

use proptest::prelude::*;
use tempfile::tempdir;

use super::fixture;
use super::making::{self, write};
use crate::base::{
    BackupInfo, BackupInfoError, BackupStatus, BarmanServer, BarmanTablespace, Base, BaseError, Choice, ChoiceError,
    Form, Found, Oid, TablespaceContent, recognise,
};
use crate::{Lsn, Timeline};

/// A home with the server `main`: one backup done, in plain form with its tablespace beside it, and others in other states.
fn home(root: &Path) -> std::path::PathBuf {
    let home = root.join("barman");
    let server = home.join("main");
    write(&server, "identity.json", br#"{"systemid": "7714073660676874260", "version": "17"}"#);
    write(&server, "wals/0000000100000000/000000010000000000000006", b"x");
    write(&server, "meta/20261128T113813-backup.info", &fixture("barman_done.info"));
    let made = making::plain(root);
    std::fs::create_dir_all(server.join("base/20261128T113813")).unwrap();
    std::fs::rename(&made, server.join("base/20261128T113813/data")).unwrap();
    std::fs::rename(root.join("ts"), server.join("base/20261128T113813/16384")).unwrap();
    // An older version put it here.
    write(&server, "base/20261128T120000/backup.info", &fixture("barman_failed.info"));
    write(&server, "base/20261127T000000/data/x", b"");
    home
}

#[test]
fn the_word_of_barman_on_a_backup_is_read() {
    let info = BackupInfo::parse(&fixture("barman_done.info")).unwrap();
    assert_eq!((info.status, info.version, info.timeline), (BackupStatus::Done, Some(170_012), Some(Timeline(1))));
    assert_eq!((info.begin_lsn, info.end_lsn), (Some(Lsn(0x600_0028)), Some(Lsn(0x600_0120))));
    assert_eq!(info.begin_wal.as_deref(), Some("000000010000000000000006"));
    assert_eq!(info.begin_time, Some("2026-11-28T11:38:13.123456Z".parse().unwrap()));
    assert_eq!((info.wal_segment_size, info.system_identifier), (16 << 20, Some(7_714_073_660_676_874_260)));
    let tablespace = |name: &str, oid, location: &str| BarmanTablespace {
        name: name.into(),
        oid: Oid(oid),
        location: location.into(),
    };
    assert_eq!(info.tablespaces, [tablespace("one", 16384, "/w/ts/one space"), tablespace("it's", 16385, "/w/ts/ü")]);
    assert_eq!((info.parent, info.compression, info.encryption, info.error), (None, None, None, None));
}

#[test]
fn a_failed_backup_says_why() {
    let info = BackupInfo::parse(&fixture("barman_failed.info")).unwrap();
    assert_eq!(info.status, BackupStatus::Failed);
    assert_eq!(info.error.as_deref(), Some("failure getting x (it's \"y\")"));
    assert_eq!((info.begin_lsn, info.timeline, info.tablespaces), (None, None, vec![]));
}

#[test]
fn what_barman_does_not_write_is_refused() {
    let value = |text: &str| match BackupInfo::parse(text.as_bytes()) {
        Err(BackupInfoError::Value { key, .. }) => key,
        other => panic!("{other:?}"),
    };
    assert_eq!(value("begin_xlog=elsewhere"), "begin_xlog");
    assert_eq!(value("timeline=0"), "timeline");
    assert_eq!(value("xlog_segment_size=16000000"), "xlog_segment_size");
    for list in
        ["[", "[('a', 1)]", "[('a', 0, '/b')]", "[('a', 1, '/b') x", "[('a', 1, '/b\\q')]", "x", "[('a', 1, '/b')] y"]
    {
        assert_eq!(value(&format!("tablespaces={list}")), "tablespaces", "{list}");
    }
    assert!(matches!(BackupInfo::parse(b"# x\n\nstatus\n"), Err(BackupInfoError::Line { line: 3, .. })));
    assert_eq!(BackupInfo::parse(b"status=ODD").unwrap().status, BackupStatus::Other("ODD".into()));
    assert_eq!(BackupInfo::parse(&vec![b'\n'; 2 << 20]), Err(BackupInfoError::TooLong));
}

#[test]
fn a_home_lists_its_servers_and_backups_with_their_states() {
    let folder = tempdir().unwrap();
    let home = home(folder.path());
    assert!(matches!(recognise(&home), Ok(Found::BarmanHome(_))));
    assert!(matches!(recognise(&home.join("main")), Ok(Found::BarmanServer(_))));
    assert!(matches!(Base::open(&home), Err(BaseError::NotABase { why, .. }) if why.contains("home of Barman")));
    let servers = BarmanServer::all_in(&home).unwrap();
    let [main] = &servers[..] else { panic!("{servers:?}") };
    let identity = main.identity().unwrap();
    assert_eq!((main.name(), identity.version.as_deref()), ("main", Some("17")));
    assert_eq!(identity.system_identifier, Some(7_714_073_660_676_874_260));
    let states: Vec<_> =
        main.backups().iter().map(|b| (b.id.as_str(), b.info.as_ref().map(|i| i.status.clone()))).collect();
    assert_eq!(
        states,
        [
            ("20261127T000000", Err(&BackupInfoError::Absent)),
            ("20261128T113813", Ok(BackupStatus::Done)),
            ("20261128T120000", Ok(BackupStatus::Failed)),
        ]
    );
}

#[test]
fn only_a_backup_that_is_there_is_the_newest_or_the_oldest() {
    let folder = tempdir().unwrap();
    let server = BarmanServer::open(&home(folder.path()).join("main")).unwrap();
    let id = |choice| server.choose(&choice).map(|backup| backup.id.clone());
    assert_eq!(id(Choice::Newest).as_deref(), Ok("20261128T113813"));
    assert_eq!(id(Choice::Oldest).as_deref(), Ok("20261128T113813"));
    assert_eq!(id(Choice::Id("20261128T120000".into())).as_deref(), Ok("20261128T120000"));
    assert!(matches!(id(Choice::Id("x".into())), Err(ChoiceError::Unknown { there, .. }) if there.len() == 3));
    write(&folder.path().join("barman/main"), "meta/20261128T113813-backup.info", b"status=STARTED\n");
    let server = BarmanServer::open(&folder.path().join("barman/main")).unwrap();
    assert_eq!(server.choose(&Choice::Newest).unwrap_err(), ChoiceError::NoneDone(3));
}

#[test]
fn a_backup_of_barman_is_a_base_with_its_tablespaces_beside_it() {
    let folder = tempdir().unwrap();
    let server = BarmanServer::open(&home(folder.path()).join("main")).unwrap();
    let backup = server.choose(&Choice::Newest).unwrap();
    let base = server.open_base(backup).unwrap();
    let beside = base.path().join("16384");
    assert_eq!((base.form(), &base.tablespaces()[0].content), (Form::Plain, &TablespaceContent::InBackup(beside)));
    assert_eq!(BackupInfo::of(base.barman().unwrap()).as_ref(), backup.info.as_ref());
    assert!(base.verify(&base.manifest().unwrap().unwrap()).unwrap().is_good());
}

#[test]
fn a_link_of_barman_s_copy_is_never_followed_to_the_living_cluster() {
    let folder = tempdir().unwrap();
    let home = home(folder.path());
    std::fs::rename(home.join("main/base/20261128T113813/16384"), folder.path().join("ts")).unwrap();
    let backup = home.join("main/base/20261128T113813");
    assert_eq!(Base::open(&backup).unwrap().tablespaces()[0].content, TablespaceContent::Missing);
    // Without a word of Barman it is a base in a folder called data, as others keep one.
    std::fs::remove_dir_all(home.join("main/meta")).unwrap();
    let base = Base::open(&backup).unwrap();
    assert!(base.barman().is_none() && matches!(base.tablespaces()[0].content, TablespaceContent::Followed(_)));
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(text in "(tablespaces=)?[\\[('\"a-z0-9=, \\\\xuN)\\]\n]{0,60}") {
        let _ = BackupInfo::parse(text.as_bytes());
    }
}
