//! The backups that other tests look at are what they are said to be: PostgreSQL's own programs say so.

use std::collections::BTreeMap;
use std::fs;
use std::io::Read;
use std::process::Output;

use crate::support::MAJORS;
use crate::support::backup::{self, ByHand, Compression, End, Ended};

#[track_caller]
fn succeeds(output: &Output) -> String {
    let said = String::from_utf8_lossy(&[&output.stdout[..], &output.stderr[..]].concat()).into_owned();
    assert!(output.status.success(), "{said}");
    said
}

#[test]
fn pg_verifybackup_accepts_the_plain_base_backups_and_finds_their_wal_in_the_archive() {
    for major in MAJORS {
        let fixture = backup::of(major);
        let plain = ByHand::of(major, &fixture.path("base"));
        succeeds(&plain.verify(None));
        succeeds(&plain.verify(Some(&fixture.path("wal"))));
        let archive = fixture.copy_archive();
        archive.remove(&fixture.facts.segment_of(1, fixture.facts.bases["base"].start_lsn));
        assert!(!plain.verify(Some(archive.path())).status.success(), "{major}: a segment that it needs is missing");
    }
}

#[test]
fn the_facts_know_every_mark_and_every_segment() {
    for major in MAJORS {
        let facts = &backup::of(major).facts;
        assert_eq!(facts.major, major);
        let numbers: Vec<(u32, i32)> = facts.marks.iter().map(|mark| (mark.timeline, mark.n)).collect();
        assert_eq!(numbers, [(1, 1), (1, 2), (1, 3), (1, 4), (1, 5), (1, 6), (1, 7), (2, 8), (2, 9)], "{major}");
        assert!(facts.marks.iter().all(|mark| mark.lsn <= mark.commit_lsn && mark.at <= mark.committed_at), "{major}");
        for pair in facts.segments.windows(2) {
            assert_eq!(
                facts.begin_of(&pair[1]).0 - facts.begin_of(&pair[0]).0,
                facts.segment_bytes,
                "{major}: {pair:?}"
            );
        }
        let last = facts.segments.last().unwrap();
        assert_eq!(facts.begin_of(last).0 + facts.segment_bytes, facts.end_lsn.0, "{major}");
        assert_eq!(&facts.segment_of(1, facts.begin_of(last)), last, "{major}");
        let after = facts.segments.iter().filter(|name| facts.begin_of(name) > facts.bases["base"].end_lsn).count();
        assert!((9..15).contains(&after), "{major}: {after} segments after the base backup");
        assert_eq!(facts.last_transaction(1).kind, Ended::Abort, "{major}");
        assert_eq!(facts.last_commit(1).xid, facts.mark(7).xid, "{major}");
        assert_eq!(facts.last_transaction(2).xid, facts.mark(9).xid, "{major}");
        assert_eq!(facts.fork_lsn, Some(facts.accident.commit_lsn), "{major}");
    }
}

#[test]
fn what_happened_to_a_source_cluster_is_told_in_its_order() {
    for major in MAJORS {
        let facts = &backup::of(major).facts;
        let (point, accident) = (&facts.restore_point, &facts.accident);
        let times = [facts.mark(3).at, point.at, facts.mark(4).at, facts.mark(5).at, accident.at, facts.mark(6).at];
        assert!(times.is_sorted(), "{major}: {times:?}");
        let places = [facts.mark(3).commit_lsn, point.lsn, facts.mark(4).commit_lsn, accident.lsn, accident.commit_lsn];
        assert!(places.is_sorted(), "{major}: {places:?}");
        assert!(accident.at <= accident.committed_at && accident.committed_at < facts.mark(6).committed_at, "{major}");
        assert_eq!((point.name.as_str(), facts.mark(7).what.as_str()), ("drill_point", "the last commit"), "{major}");
        for one in [1, 2] {
            let of_it = facts.transactions.iter().filter(|transaction| transaction.timeline == one);
            assert!(of_it.map(|transaction| transaction.lsn).is_sorted(), "{major}: timeline {one}");
        }
    }
}

#[test]
fn the_system_identifier_of_the_facts_is_that_of_the_base_backup() {
    let fixture = backup::of(17);
    let said = succeeds(&ByHand::of(17, &fixture.path("base")).shell("pg_controldata /data/base"));
    let line = said.lines().find(|line| line.starts_with("Database system identifier:")).unwrap();
    assert!(line.ends_with(&fixture.facts.system_identifier), "{line}");
}

#[test]
fn recovery_by_hand_reaches_the_end_of_the_archive_that_the_facts_name() {
    for major in MAJORS {
        let fixture = backup::of(major);
        let facts = &fixture.facts;
        // The forms are the same in all majors; the oldest and the newest speak for the others.
        let forms: &[&str] = if [13, 18].contains(&major) { &["base", "base_stream", "base_tar"] } else { &["base"] };
        for base in forms {
            let recovered = backup::recover_by_hand(major, &fixture.path(base), &fixture.path("wal"), &[]);
            assert_eq!(recovered.end, End::Promoted, "{major} {base}: {}", recovered.log);
            assert_eq!(recovered.replay_lsn, Some(facts.end_lsn), "{major} {base}");
            assert_eq!(recovered.last_xact_time, Some(facts.last_transaction(1).at), "{major} {base}");
            assert_eq!(recovered.marks, [2, 3, 4, 5, 6, 7], "{major} {base}");
            assert!(recovered.accident, "{major} {base}");
            assert_eq!(recovered.in_tablespace, Some(1000), "{major} {base}");
            assert_eq!(recovered.timeline, Some(2), "{major} {base}");
        }
    }
}

#[test]
fn recovery_by_hand_stops_where_the_facts_say_that_a_point_is() {
    for major in [13, 18] {
        let fixture = backup::of(major);
        let facts = &fixture.facts;
        let by_hand = ByHand::of(major, &fixture.path("base"));
        // A record that begins at the LSN is still replayed, unless one says otherwise.
        let time = format!("recovery_target_time={}", backup::target_time(facts.mark(5).committed_at));
        let lsn = format!("recovery_target_lsn={}", facts.accident.commit_lsn);
        for (point, inclusive) in [(time, "on"), (lsn, "off")] {
            let inclusive = format!("recovery_target_inclusive={inclusive}");
            let recovered = by_hand.recover(&fixture.path("wal"), &[&point, &inclusive]);
            assert_eq!(recovered.end, End::Paused, "{major} {point}: {}", recovered.log);
            assert_eq!(recovered.marks, [1, 2, 3, 4, 5], "{major} {point}");
            assert!(!recovered.accident, "{major} {point}");
        }
        let accident = format!("recovery_target_xid={}", facts.accident.xid);
        let recovered = by_hand.recover(&fixture.path("wal"), &[&accident, "recovery_target_inclusive=off"]);
        assert_eq!(recovered.replay_lsn, Some(facts.accident.commit_lsn), "{major}: {}", recovered.log);
        assert_eq!(
            recovered.last_xact_time,
            Some(facts.last_transaction_before(facts.accident.commit_lsn).at),
            "{major}"
        );
        let recovered = by_hand.recover(&fixture.path("wal"), &["recovery_target_name=drill_point"]);
        assert_eq!(recovered.replay_lsn, Some(facts.restore_point.lsn), "{major}: {}", recovered.log);
        assert_eq!(recovered.marks, [1, 2, 3], "{major}");
    }
}

#[test]
fn timeline_2_leaves_before_the_accident_and_goes_on() {
    for major in MAJORS {
        let fixture = backup::of(major);
        let facts = &fixture.facts;
        let recovered = backup::recover_by_hand(major, &fixture.path("base"), &fixture.path("wal_tl2"), &[]);
        assert_eq!(recovered.end, End::Promoted, "{major}: {}", recovered.log);
        assert_eq!(recovered.replay_lsn, facts.end_lsn_tl2, "{major}");
        assert_eq!(recovered.last_xact_time, Some(facts.last_transaction(2).at), "{major}");
        assert_eq!(recovered.marks, [1, 2, 3, 4, 5, 8, 9], "{major}");
        assert!(!recovered.accident, "{major}");
        assert_eq!(recovered.timeline, Some(3), "{major}");
    }
}

#[test]
fn segments_of_16_mib_are_there_for_those_who_need_the_usual_size() {
    let fixture = backup::of_default_segments(17);
    let facts = &fixture.facts;
    let segment = fixture.path("wal").join(&facts.segments[0]);
    assert_eq!(fs::metadata(segment).unwrap().len(), 16 * 1024 * 1024);
    let recovered = backup::recover_by_hand(17, &fixture.path("base"), &fixture.path("wal"), &[]);
    assert_eq!((recovered.end, recovered.replay_lsn), (End::Promoted, Some(facts.end_lsn)), "{}", recovered.log);
}

#[test]
fn the_incremental_backups_combine_with_the_full_ones_to_what_pg_verifybackup_accepts() {
    for major in [17, 18] {
        let fixture = backup::of(major);
        let full = ByHand::of(major, &fixture.path("incr/full"));
        full.put(&fixture.path("incr/incremental"), "/data/incremental");
        full.put(&fixture.path("incr/incremental_tblspc/one"), "/data/incremental_tblspc");
        let oid = &fixture.facts.tablespace;
        succeeds(&full.shell(&format!(
            "set -e
             ln -sfn /data/tblspc/{oid} /data/base/pg_tblspc/{oid}
             ln -sfn /data/incremental_tblspc /data/incremental/pg_tblspc/{oid}
             pg_combinebackup /data/base /data/incremental -o /data/whole -T /data/incremental_tblspc=/data/whole_tblspc
             pg_verifybackup -n /data/whole"
        )));
    }
}

/// What each damage does to a recovery to the end, as PostgreSQL 17 has it.
#[test]
fn each_damage_of_an_archive_ends_recovery_at_the_damaged_segment() {
    let fixture = backup::of(17);
    let facts = &fixture.facts;
    let segment = facts.segment_of(1, facts.mark(6).commit_lsn);
    let (begin, end) = (facts.begin_of(&segment), facts.begin_of(&segment).0 + facts.segment_bytes);
    let at = segment.as_str();
    let before = &facts.segments[facts.segments.iter().position(|name| name == at).unwrap() - 1];
    let by_hand = ByHand::of(17, &fixture.path("base"));
    type Damage<'a> = &'a dyn Fn(&backup::damage::Archive);
    let promoting: [(&str, Damage<'_>, &str); 11] = [
        ("removed", &|archive| archive.remove(at), "redo done"),
        ("zero", &|archive| archive.zero(at, 0), "invalid magic number 0000 in WAL segment"),
        ("zero from its middle on", &|archive| archive.zero(at, 1 << 19), "offset 524288"),
        ("flipped", &|archive| archive.flip(at, 300_100), "incorrect resource manager data checksum"),
        ("another one", &|archive| archive.replace_by_other(at, before), "unexpected pageaddr"),
        ("a directory", &|archive| archive.make_directory(at), "omitting directory"),
        ("unreadable", &|archive| archive.unreadable(at), "Too many levels of symbolic links"),
        ("foreign", &|archive| archive.of_other_system(at, fixture), "WAL file is from different database system"),
        ("of another major", &|archive| archive.of_other_major(at, backup::of(15)), "invalid magic number D110"),
        ("partial", &|archive| archive.rename_to_partial(at), "redo done"),
        ("gzipped with a suffix", &|archive| archive.compress(at, Compression::Gzip, true), "redo done"),
    ];
    for (what, damage, words) in promoting {
        let archive = fixture.copy_archive();
        damage(&archive);
        let recovered = by_hand.recover(archive.path(), &[]);
        assert_eq!(recovered.end, End::Promoted, "{what}: {}", recovered.log);
        let reached = recovered.replay_lsn.unwrap();
        assert!(begin <= reached && reached.0 < end, "{what}: {reached}, not {begin}: {}", recovered.log);
        assert!(recovered.log.contains(words), "{what}: {}", recovered.log);
    }
    let refused: [(&str, Damage<'_>); 3] = [
        ("cut", &|archive| archive.truncate(at, 1 << 19)),
        ("empty", &|archive| archive.empty(at)),
        ("zstd under its own name", &|archive| archive.compress(at, Compression::Zstd, false)),
    ];
    for (what, damage) in refused {
        let archive = fixture.copy_archive();
        damage(&archive);
        let recovered = by_hand.recover(archive.path(), &[]);
        assert_eq!(recovered.end, End::Exited(1), "{what}: {}", recovered.log);
        assert!(recovered.log.contains("has wrong size"), "{what}: {}", recovered.log);
    }
}

fn content(archive: &backup::damage::Archive) -> BTreeMap<String, Vec<u8>> {
    archive.names().into_iter().map(|name| (name.clone(), fs::read(archive.file(&name)).unwrap_or_default())).collect()
}

#[test]
fn what_is_compressed_is_the_same_when_it_is_unpacked() {
    let fixture = backup::of(17);
    let whole = content(&fixture.copy_archive());
    for how in Compression::ALL {
        let archive = fixture.copy_archive();
        archive.compress_all(how, true);
        for (name, plain) in &whole {
            let packed = fs::read(archive.file(&format!("{name}{}", how.suffix()))).unwrap();
            let mut unpacked = Vec::new();
            match how {
                Compression::Gzip => flate2::read::GzDecoder::new(&packed[..]).read_to_end(&mut unpacked),
                Compression::Zstd => zstd::Decoder::new(&packed[..]).unwrap().read_to_end(&mut unpacked),
                Compression::Lz4 => lz4_flex::frame::FrameDecoder::new(&packed[..]).read_to_end(&mut unpacked),
                Compression::Bzip2 => bzip2::read::BzDecoder::new(&packed[..]).read_to_end(&mut unpacked),
                Compression::Xz => liblzma::read::XzDecoder::new(&packed[..]).read_to_end(&mut unpacked),
            }
            .unwrap();
            assert!(&unpacked == plain, "{how:?}: {name}");
        }
    }
}

#[test]
fn random_damage_is_the_same_for_the_same_seed_and_spares_the_original() {
    let fixture = backup::of(17);
    let whole = content(&fixture.copy_archive());
    for seed in 0..40 {
        let (first, second) = (fixture.copy_archive(), fixture.copy_archive());
        let done = first.damage_at_random(seed);
        assert_eq!(done, second.damage_at_random(seed));
        assert!(content(&first) == content(&second), "{done}");
        assert!(content(&first) != whole, "{done}");
    }
    assert!(content(&fixture.copy_archive()) == whole);
}

#[test]
fn an_archive_in_subfolders_has_its_histories_beside_them() {
    let archive = backup::of(17).copy_archive_of_both_timelines();
    let segments = archive.segments();
    archive.move_to_subfolders();
    assert_eq!(archive.names(), ["0000000100000000", "00000002.history", "0000000200000000"]);
    assert!(segments.iter().all(|name| archive.file(&name[..16]).join(name).exists()));
}

#[test]
fn a_copied_base_backup_has_tablespaces_of_its_own() {
    for base in ["base", "base_stream"] {
        let fixture = backup::of(17);
        let copy = fixture.copy_base(base);
        let link =
            |base: &std::path::Path| fs::canonicalize(base.join("pg_tblspc").join(&fixture.facts.tablespace)).unwrap();
        assert_ne!(link(copy.path()), link(&fixture.path(base)));
        assert!(link(copy.path()).read_dir().unwrap().next().is_some(), "{base}: it is not empty");
    }
}

/// Starts a server on `/data/pg`, which a repository's program has laid out, and asks it for the marks.
const START: &str = "
    pg_ctl -D /data/pg -l /data/log -w -o '-c unix_socket_directories=/data -c archive_mode=off' start > /dev/null || { cat /data/log; exit 1; }
    for i in $(seq 100); do
        [ \"$(psql -h /data -U postgres -XAtc 'select pg_is_in_recovery()')\" = f ] && break; sleep 0.1
    done
    psql -h /data -U postgres -XAtc \"select string_agg(n::text, ',' order by n) from marks\" \
        -c 'select count(*) from in_tablespace'";

#[test]
fn a_server_recovers_to_the_last_commit_from_the_repository_of_pgbackrest() {
    for major in backup::repositories::MAJORS {
        let facts = &backup::repositories(major).facts;
        assert_eq!(facts.marks.iter().map(|mark| mark.n).collect::<Vec<_>>(), [1, 2, 3, 4, 5, 6, 7], "{major}");
        assert!(facts.accident.lsn < facts.marks[6].commit_lsn && facts.marks[6].commit_lsn < facts.end_lsn, "{major}");
        let said = succeeds(&backup::repositories(major).shell(&format!(
            "mkdir -m 700 /data/pg /data/ts
             printf '[global]\\nrepo1-path=%s\\nlog-level-file=off\\nlock-path=/data/lock\\n[main]\\npg1-path=/data/pg\\n' \
                 $PWD/pgbackrest > /data/conf
             set -e
             pgbackrest --config=/data/conf --stanza=main --output=json info | grep -o '\"type\":\"[a-z]*\"' | tr -d '\\n'
             echo
             pgbackrest --config=/data/conf --stanza=main --tablespace-map-all=/data/ts restore
             pg_controldata /data/pg | sed -nE 's/^Database system identifier: +//p'
             {START}"
        )));
        let lines: Vec<&str> = said.lines().collect();
        let types = r#""type":"full""type":"diff""type":"incr""#;
        assert_eq!(lines, [types, &facts.system_identifier, "2,3,4,5,6,7", "1000"], "{major}");
    }
}

#[test]
fn a_server_recovers_to_the_last_commit_from_both_servers_of_barman() {
    for major in backup::repositories::MAJORS {
        for server in ["plain", "gzipped"] {
            let said = succeeds(&backup::repositories(major).shell(&format!(
                "mkdir -m 700 /data/ts
                 printf '[barman]\\nbarman_home = %s\\nbarman_user = %s\\nbarman_lock_directory = /data\\nlog_file = /data/barman.log\\n\
                     [{server}]\\ndescription = x\\nconninfo = host=/data\\nbackup_method = postgres\\narchiver = on\\n\
                     streaming_conninfo = host=/data\\n' $PWD/barman postgres > /data/conf
                 set -e
                 barman -q -c /data/conf recover {server} latest /data/pg --tablespace one:/data/ts/one 2> /data/said || {{ cat /data/said; exit 1; }}
                 {START}"
            )));
            assert_eq!(said.lines().collect::<Vec<_>>(), ["2,3,4,5,6,7", "1000"], "{major} {server}");
        }
        let wal = |server: &str| backup::repositories(major).path("barman").join(server).join("wals/0000000100000000");
        let last = wal("plain").read_dir().unwrap().map(|entry| entry.unwrap().file_name()).max().unwrap();
        assert_eq!(fs::read(wal("gzipped").join(&last)).unwrap()[..2], [0x1f, 0x8b], "{major}");
        assert_ne!(fs::read(wal("plain").join(&last)).unwrap()[..2], [0x1f, 0x8b], "{major}");
    }
}
