use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use tempfile::tempdir;

use super::making::{self, IN_TABLESPACE, Tar, gzipped, manifest, pack, write};
use crate::Lsn;
use crate::base::{
    Base, BaseError, EntryKind, Form, Found, Manifest, MemberPath, Oid, Place, Refusal, TablespaceContent,
    Verification, VisitError, recognise,
};

/// Everything that a base gives out: place and path, and for files the content.
fn contents(base: &Base) -> BTreeMap<(Place, String), Vec<u8>> {
    let mut found = BTreeMap::new();
    base.visit(|entry| {
        let mut content = Vec::new();
        entry.content.read_to_end(&mut content)?;
        assert_eq!(content.len() as u64, entry.size, "{entry:?}");
        if entry.kind == EntryKind::File {
            found.insert((entry.place, entry.path.to_string()), content);
        }
        Ok::<_, std::io::Error>(())
    })
    .unwrap();
    found
}

fn verified(base: &Base) -> Verification {
    base.verify(&base.manifest().unwrap().unwrap()).unwrap()
}

#[test]
fn plain_and_tar_form_give_the_same_files() {
    let folder = tempdir().unwrap();
    let plain = contents(&Base::open(&making::plain(folder.path())).unwrap());
    for gzip in [false, true] {
        let mut tar = contents(&Base::open(&making::tar(folder.path(), gzip)).unwrap());
        assert!(tar.remove(&(Place::Data, "tablespace_map".into())).is_some());
        assert_eq!(tar.remove(&(Place::Data, "pg_wal/000000010000000000000003".into())), Some(vec![2; 9]));
        let without_manifest = plain.iter().filter(|((_, path), _)| path != "backup_manifest");
        assert!(tar.iter().eq(without_manifest), "gzip: {gzip}");
        fs::remove_dir_all(folder.path().join("tar")).unwrap();
    }
    assert_eq!(plain[&(Place::Tablespace(Oid(16384)), IN_TABLESPACE.0.into())], IN_TABLESPACE.1);
}

#[test]
fn a_survey_says_what_a_base_holds() {
    let folder = tempdir().unwrap();
    for gzip in [false, true] {
        let base = Base::open(&making::tar(folder.path(), gzip)).unwrap();
        let survey = base.survey().unwrap();
        assert_eq!((base.form(), survey.head.major()), (Form::Tar, Some(17)));
        assert_eq!(survey.head.control().unwrap().system_identifier, 7_714_073_660_676_874_260);
        assert_eq!(survey.wal, ["000000010000000000000002", "000000010000000000000003"]);
        assert_eq!(survey.unlogged.first, ["base/5/16388_init"]);
        assert!(survey.standby_signal && !survey.recovery_signal && !survey.postmaster_pid && !survey.is_incremental());
        assert_eq!(survey.tablespaces[0].location.as_deref(), Some(Path::new("/srv/ts one")));
        assert_eq!(survey.tablespace_files[&Oid(16384)], 1);
        assert_eq!(survey.configuration("postgresql.conf").unwrap().text, "port = 5433\n");
        assert!(!format!("{survey:?}").contains("secret"));
        fs::remove_dir_all(folder.path().join("tar")).unwrap();
    }
}

#[test]
fn the_label_of_an_archive_is_read_without_the_rest_of_it() {
    let folder = tempdir().unwrap();
    let files = making::files();
    let mut tar =
        Tar::default().file("backup_label", &files[0].1).file("tablespace_map", &files[1].1).directory("base");
    tar.0.extend_from_slice(b"what follows is not looked at");
    let path = pack(folder.path(), "base.tar", &tar.0, false);
    for path in [path.as_path(), folder.path()] {
        let base = Base::open(path).unwrap();
        assert_eq!(base.head().label().unwrap().start, Lsn(0x200_0028));
        assert_eq!(base.tablespaces()[0].content, TablespaceContent::Missing);
        assert!(matches!(base.survey(), Err(BaseError::Tar { .. })));
    }
}

#[test]
fn a_good_base_agrees_with_its_manifest() {
    let folder = tempdir().unwrap();
    let plain = verified(&Base::open(&making::plain(folder.path())).unwrap());
    assert!(plain.is_good(), "{plain:?}");
    // postgresql.auto.conf and standby.signal are left out, as pg_verifybackup does.
    assert_eq!((plain.good, plain.without_checksum), (8, 0));
    let tar = verified(&Base::open(&making::tar(folder.path(), true)).unwrap());
    assert!(tar.is_good() && tar.good == 9, "{tar:?}");
}

#[test]
fn what_was_changed_after_the_backup_is_told_apart() {
    let folder = tempdir().unwrap();
    let path = making::plain(folder.path());
    let mut content = fs::read(path.join("base/5/16388")).unwrap();
    content[69_999] ^= 1;
    write(&path, "base/5/16388", &content);
    write(&path, "PG_VERSION", b"17\n\n");
    write(&path, "base/5/9999", b"x");
    write(&path, "postgresql.auto.conf", b"changed");
    write(&path, "recovery.signal", b"");
    write(&path, "pg_wal/000000010000000000000009", b"x");
    fs::remove_file(path.join("base/5/16388_init")).unwrap();
    let found = verified(&Base::open(&path).unwrap());
    assert_eq!(found.other_checksum.first, ["base/5/16388"]);
    assert_eq!(found.other_size.first, ["PG_VERSION"]);
    assert_eq!(found.extra.first, ["base/5/9999"]);
    assert_eq!(found.missing.first, ["base/5/16388_init"]);
    let counts = [&found.other_checksum, &found.other_size, &found.extra, &found.missing].map(|some| some.count);
    assert_eq!(counts, [1; 4]);
}

#[test]
fn an_endless_list_of_differences_is_counted_and_not_kept() {
    let folder = tempdir().unwrap();
    let base = Base::open(&making::plain(folder.path())).unwrap();
    let many = manifest(|files| files.extend((0..3000).map(|n| (format!("base/6/{n}"), vec![]))));
    let found = base.verify(&Manifest::read(many.as_bytes()).unwrap()).unwrap();
    assert_eq!((found.missing.count, found.missing.first.len()), (3001, 1000));
}

#[test]
fn a_tablespace_that_is_not_there_is_missing_and_can_be_given() {
    let folder = tempdir().unwrap();
    let path = making::plain(folder.path());
    let moved = folder.path().join("elsewhere");
    fs::rename(folder.path().join("ts"), &moved).unwrap();
    let mut base = Base::open(&path).unwrap();
    assert_eq!(base.tablespaces()[0].content, TablespaceContent::Missing);
    assert_eq!(verified(&base).missing.count, 1);
    base.has_tablespace(Oid(16384), TablespaceContent::InBackup(moved));
    assert!(verified(&base).is_good());
}

#[test]
fn of_a_directory_outside_only_this_cluster_s_files_are_taken() {
    let folder = tempdir().unwrap();
    let path = making::plain(folder.path());
    write(folder.path(), "ts/private", b"x");
    write(folder.path(), "ts/PG_16_202307071/5/1", b"x");
    let base = Base::open(&path).unwrap();
    let given = contents(&base);
    let of_tablespace: Vec<_> = given.keys().filter(|(place, _)| *place != Place::Data).collect();
    assert_eq!(of_tablespace, [&(Place::Tablespace(Oid(16384)), IN_TABLESPACE.0.to_owned())]);
    // A link to where no cluster has files is not followed at all.
    fs::remove_dir_all(folder.path().join("ts")).unwrap();
    write(folder.path(), "ts/passwd", b"x");
    assert_eq!(Base::open(&path).unwrap().tablespaces()[0].content, TablespaceContent::Missing);
}

#[test]
fn a_pg_wal_that_is_a_link_gives_only_wal() {
    let folder = tempdir().unwrap();
    let path = making::plain(folder.path());
    fs::rename(path.join("pg_wal"), folder.path().join("wal")).unwrap();
    write(folder.path(), "wal/id_rsa", b"private");
    write(folder.path(), "wal/00000002.history", b"1\t0/1\tx\n");
    std::os::unix::fs::symlink(folder.path().join("wal"), path.join("pg_wal")).unwrap();
    let base = Base::open(&path).unwrap();
    assert_eq!(base.survey().unwrap().wal, ["000000010000000000000002", "00000002.history"]);
    assert!(contents(&base).keys().all(|(_, path)| !path.contains("id_rsa")));
}

#[test]
fn links_in_a_directory_are_left_out_at_the_top_and_refused_below() {
    let folder = tempdir().unwrap();
    let path = making::plain(folder.path());
    std::os::unix::fs::symlink("/etc/passwd", path.join("server.crt")).unwrap();
    let base = Base::open(&path).unwrap();
    assert_eq!(base.survey().unwrap().left_out[0].name, "server.crt");
    assert!(contents(&base).keys().all(|(_, path)| path != "server.crt"));
    std::os::unix::fs::symlink("/etc/passwd", path.join("base/5/1259")).unwrap();
    let error = base.survey().unwrap_err();
    assert!(
        matches!(&error, BaseError::Refused { member, refusal: Refusal::Link, .. } if member == "base/5/1259"),
        "{error}"
    );
}

#[test]
fn a_damaged_or_truncated_compression_names_the_file() {
    let folder = tempdir().unwrap();
    let path = making::tar(folder.path(), true);
    let file = path.join("base.tar.gz");
    let whole = fs::read(&file).unwrap();
    for length in [whole.len() - 1, whole.len() - 8, whole.len() / 2] {
        fs::write(&file, &whole[..length]).unwrap();
        let error = Base::open(&path).and_then(|base| base.survey()).unwrap_err();
        assert!(matches!(&error, BaseError::Compression { file: named, .. } if *named == file), "{length}: {error}");
    }
    // The last eight bytes are the checksum and the length of what it holds.
    let mut changed = whole.clone();
    changed[whole.len() - 6] ^= 1;
    fs::write(&file, &changed).unwrap();
    assert!(matches!(Base::open(&path).unwrap().survey(), Err(BaseError::Compression { .. })));
}

#[test]
fn an_archive_that_was_cut_off_is_never_taken_for_a_shorter_one() {
    let folder = tempdir().unwrap();
    let whole =
        Tar::default().file("PG_VERSION", b"17\n").file("backup_manifest", &[b'x'; 600]).directory("base").end();
    for length in (0..whole.len()).filter(|length| length % 37 == 0 || (length + 1) % 512 < 3) {
        let path = write(folder.path(), "base.tar", &whole[..length]);
        let outcome = Base::open(&path).and_then(|base| base.survey());
        assert!(matches!(outcome, Err(BaseError::Tar { .. })), "{length}: {outcome:?}");
        let path = write(folder.path(), "base.tar.gz", &gzipped(&whole[..length]));
        assert!(Base::open(&path).and_then(|base| base.survey()).is_err(), "{length}");
        fs::remove_file(path).unwrap();
    }
    let path = write(folder.path(), "base.tar", &whole);
    assert_eq!(Base::open(&path).unwrap().survey().unwrap().files, 2);
}

#[test]
fn the_error_of_a_visitor_comes_back_as_it_is() {
    let folder = tempdir().unwrap();
    let base = Base::open(&making::tar(folder.path(), true)).unwrap();
    let mut seen = 0;
    let outcome = base.visit(|_| {
        seen += 1;
        if seen == 3 { Err("enough") } else { Ok(()) }
    });
    assert!(matches!(outcome, Err(VisitError::Visitor("enough"))) && seen == 3);
}

#[test]
fn what_is_no_base_is_said_to_be_none() {
    let folder = tempdir().unwrap();
    let not_a_base = |path: &Path| matches!(Base::open(path), Err(BaseError::NotABase { .. }));
    assert!(not_a_base(folder.path()));
    assert!(not_a_base(&write(folder.path(), "dump.sql", b"create table x();\n")));
    // A dump in tar form is an archive too, and so is one of a folder with a base in it.
    for first in ["toc.dat", "plain/PG_VERSION"] {
        let path = write(folder.path(), "dump.tar", &Tar::default().file(first, b"PGDMP").end());
        assert!(not_a_base(&path), "{first}");
    }
    let path =
        write(folder.path(), "nightly.tar.gz", &gzipped(&Tar::default().directory("./").directory("./global").end()));
    assert_eq!(Base::open(&path).unwrap().form(), Form::Tar);
    assert!(matches!(Base::open(&folder.path().join("nothing")), Err(BaseError::Io { .. })));
    let both = folder.path().join("both");
    write(&both, "base.tar", &Tar::default().end());
    write(&both, "base.tar.gz", &gzipped(&Tar::default().end()));
    assert!(matches!(Base::open(&both), Err(BaseError::NotABase { why, .. }) if why.contains("more than once")));
}

#[test]
fn repositories_are_told_from_bases() {
    let folder = tempdir().unwrap();
    let pgbackrest = folder.path().join("repo");
    write(&pgbackrest, "backup/main/backup.info", b"[backrest]\n");
    write(&pgbackrest, "archive/main/archive.info", b"[backrest]\n");
    assert!(matches!(recognise(&pgbackrest), Ok(Found::PgBackRest(_))));
    assert!(matches!(Base::open(&pgbackrest), Err(BaseError::NotABase { why, .. }) if why.contains("pgBackRest")));
    // An encrypted or broken repository without its information is none.
    fs::remove_file(pgbackrest.join("backup/main/backup.info")).unwrap();
    assert!(recognise(&pgbackrest).is_err());
}

#[test]
fn a_path_of_a_tablespace_is_found_in_the_manifest() {
    let manifest = Manifest::read(manifest(|_| ()).as_bytes()).unwrap();
    let path = MemberPath::new(format!("pg_tblspc/16384/{}", IN_TABLESPACE.0).as_bytes()).unwrap();
    assert_eq!(manifest.find(&path).unwrap().1.size, 4);
}
