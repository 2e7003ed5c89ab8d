//! `inspect` of base backups and of WAL: what it says agrees with what the servers did that made them, to the byte.

use std::path::Path;

use jiff::Timestamp;
use serde_json::Value;

use crate::support::backup;
use crate::support::backup::facts::{Facts, Transaction};
use crate::support::{Home, MAJORS};

/// `pgrehearse inspect … --json`; the exit code must be this one.
#[track_caller]
fn inspected(arguments: &[&Path], code: i32) -> Value {
    let home = Home::new();
    let ran = home.program().arg("inspect").args(arguments).arg("--json").output().unwrap();
    let (stdout, stderr) = (String::from_utf8_lossy(&ran.stdout), String::from_utf8_lossy(&ran.stderr));
    assert_eq!(ran.status.code(), Some(code), "{stderr}\n{stdout}");
    serde_json::from_slice(&ran.stdout).unwrap()
}

#[track_caller]
fn with_archive(base: &Path, archive: &Path, code: i32) -> Value {
    inspected(&[base, Path::new("--wal"), archive], code)
}

fn names(inspection: &Value) -> Vec<&str> {
    inspection["findings"].as_array().unwrap().iter().map(|finding| finding["name"].as_str().unwrap()).collect()
}

/// The reach along a timeline.
#[track_caller]
fn along(inspection: &Value, timeline: u32) -> &Value {
    let all = inspection["reach"].as_array().unwrap();
    let found = all.iter().find(|reach| reach["timeline"] == timeline);
    found.unwrap_or_else(|| panic!("timeline {timeline} was not followed: {inspection:#}"))
}

#[track_caller]
fn assert_is(seen: &Value, fact: &Transaction) {
    let at: Timestamp = seen["at"].as_str().unwrap().parse().unwrap();
    let seen = (seen["lsn"].as_str().unwrap(), seen["xid"].to_string(), at);
    assert_eq!(seen, (fact.lsn.to_string().as_str(), fact.xid.clone(), fact.at));
}

/// What both timelines come to, by the facts.
#[track_caller]
fn assert_reach(reach: &Value, facts: &Facts, timeline: u32) {
    let end = if timeline == 1 { Some(facts.end_lsn) } else { facts.end_lsn_tl2 };
    assert_eq!(reach["is_complete"], true, "{reach:#}");
    assert_eq!(reach["end_lsn"], end.unwrap().to_string(), "{reach:#}");
    assert_is(&reach["last_commit"], facts.last_commit(timeline));
    assert_is(&reach["last_transaction"], facts.last_transaction(timeline));
    assert_eq!(reach["restore_points"][0]["name"], facts.restore_point.name);
    assert_eq!(reach["restore_points"][0]["lsn"], facts.restore_point.lsn.to_string());
}

#[test]
fn what_a_base_can_be_recovered_to_is_what_its_server_did() {
    for major in MAJORS {
        let fixture = backup::of(major);
        let facts = &fixture.facts;
        for form in ["base", "base_stream", "base_tar"] {
            let seen = with_archive(&fixture.path(form), &fixture.path("wal"), 0);
            assert_eq!(seen["base"]["postgres"], major, "{form}");
            assert_eq!(seen["base"]["system_identifier"], facts.system_identifier, "{form}");
            assert_eq!(seen["base"]["manifest"]["state"], "good", "{form}");
            let needs = &seen["base"]["needs"];
            let (start, end) = (facts.bases[form].start_lsn, facts.bases[form].end_lsn);
            assert_eq!(needs["start_lsn"], start.to_string(), "{form}");
            assert_eq!(needs["end_lsn"], end.to_string(), "{form}");
            assert_eq!((&needs["known_by"], &needs["missing"]), (&"backup_manifest".into(), &Value::Array(vec![])));
            let latest = along(&seen, 1);
            assert_eq!(latest["earliest"]["lsn"], end.to_string(), "{form}");
            assert_reach(latest, facts, 1);
        }
    }
}

#[test]
fn each_timeline_has_its_own_latest_point() {
    for major in MAJORS {
        let fixture = backup::of(major);
        let seen = with_archive(&fixture.path("base"), &fixture.path("wal_tl2"), 0);
        assert_reach(along(&seen, 1), &fixture.facts, 1);
        assert_reach(along(&seen, 2), &fixture.facts, 2);
        assert_eq!(along(&seen, 2)["is_latest"], true);
    }
}

#[test]
fn an_archive_alone_is_told_segment_by_segment() {
    for major in MAJORS {
        let fixture = backup::of(major);
        let facts = &fixture.facts;
        let seen = inspected(&[Path::new("--wal"), &fixture.path("wal")], 0);
        let archive = &seen["archive"];
        assert_eq!(archive["clusters"][0]["system_identifier"], facts.system_identifier);
        assert_eq!(archive["clusters"][0]["postgres"], major);
        assert_eq!(archive["clusters"][0]["segment_size"], facts.segment_bytes);
        let timeline = &archive["timelines"][0];
        let range = &timeline["ranges"][0]["segments"];
        assert_eq!(range["first"], facts.segments[0]);
        assert_eq!(range["last"], *facts.segments.last().unwrap());
        assert_eq!(range["segments"], facts.segments.len());
        assert_is(&timeline["last_commit"], facts.last_commit(1));
        let commits = facts.transactions.iter().filter(|one| one.timeline == 1 && one.kind == backup::Ended::Commit);
        assert_eq!(timeline["commits"], commits.count());
        assert_eq!(timeline["restore_points"][0]["name"], facts.restore_point.name);
    }
}

#[test]
fn a_gap_is_told_with_what_lies_behind_it() {
    let fixture = backup::of(17);
    let facts = &fixture.facts;
    let archive = fixture.copy_archive();
    let missing = &facts.segments[facts.segments.len() - 3];
    archive.remove(missing);
    let alone = inspected(&[Path::new("--wal"), archive.path()], 1);
    let gap = &alone["archive"]["timelines"][0]["gaps"][0];
    assert_eq!((&gap["segments"]["first"], &gap["segments_behind"]), (&missing.as_str().into(), &2.into()));
    assert_is(&gap["last_commit_behind"], facts.last_commit(1));
    assert_eq!(names(&alone), ["wal-missing"]);

    let seen = with_archive(&fixture.path("base"), archive.path(), 1);
    let latest = along(&seen, 1);
    assert_eq!(latest["end_lsn"], facts.begin_of(missing).to_string());
    assert!(latest["because"].as_str().unwrap().contains(missing), "{latest:#}");
    assert_eq!(latest["beyond"]["segments"]["segments"], 2);
    assert!(names(&seen).contains(&"wal-missing"), "{:?}", names(&seen));
}

#[test]
fn a_base_whose_own_wal_is_not_there_is_nothing() {
    let fixture = backup::of(17);
    let archive = fixture.copy_archive();
    let needed = fixture.facts.segment_of(1, fixture.facts.bases["base"].start_lsn);
    archive.remove(&needed);
    let seen = with_archive(&fixture.path("base"), archive.path(), 1);
    assert_eq!(seen["base"]["needs"]["missing"][0], needed);
    assert_eq!(along(&seen, 1)["earliest"], Value::Null);
    assert!(names(&seen).contains(&"backup-wal-missing"), "{:?}", names(&seen));
}

#[test]
fn a_base_without_any_wal_says_what_it_needs_and_does_not_fail() {
    let fixture = backup::of(17);
    let seen = inspected(&[&fixture.path("base")], 0);
    assert!(seen["no_reach"].as_str().unwrap().contains("--wal"), "{seen:#}");
    assert_eq!(seen["base"]["needs"]["present"], 0);
    // One that carries its WAL comes as far as that.
    let stream = inspected(&[&fixture.path("base_stream")], 0);
    assert_eq!(along(&stream, 1)["earliest"]["lsn"], fixture.facts.bases["base_stream"].end_lsn.to_string());
}

#[test]
fn a_file_that_differs_from_the_manifest_is_found_and_quick_does_not_look() {
    let fixture = backup::of(17);
    let base = fixture.copy_base("base");
    let file = base.path().join("global/1262");
    let mut content = std::fs::read(&file).unwrap();
    content[100] = !content[100];
    std::fs::write(&file, content).unwrap();
    let seen = inspected(&[base.path()], 1);
    assert_eq!(seen["base"]["manifest"]["state"], "differs");
    assert!(names(&seen).contains(&"backup-changed"), "{:?}", names(&seen));
    let quick = inspected(&[base.path(), Path::new("--quick")], 0);
    assert_eq!(quick["base"]["manifest"]["state"], "not compared");
}

#[test]
fn what_the_configuration_would_do_elsewhere_is_a_warning_by_file_and_line() {
    let fixture = backup::of(17);
    let base = fixture.copy_base("base");
    let file = base.path().join("postgresql.auto.conf");
    std::fs::write(&file, "huge_pages = on\narchive_mode = on\narchive_command = 'push hunter2 %p'\n").unwrap();
    let seen = inspected(&[base.path()], 0);
    let text = seen.to_string();
    assert!(
        text.contains("huge_pages = on needs huge pages set aside on the machine (postgresql.auto.conf:1)"),
        "{text}"
    );
    assert!(names(&seen).contains(&"archive-would-be-written") && !text.contains("hunter2"), "{text}");
}

#[test]
fn a_page_for_people_has_room_on_one_screen() {
    let fixture = backup::of(17);
    let archive = fixture.copy_archive_of_both_timelines();
    archive.remove(fixture.facts.segments.last().unwrap());
    archive.flip(&fixture.facts.segments[4], 200_000);
    let home = Home::new();
    let mut command = home.program();
    let ran = command.arg("inspect").arg(fixture.path("base")).arg("--wal").arg(archive.path()).output().unwrap();
    let text = String::from_utf8(ran.stdout).unwrap();
    assert!(text.lines().count() <= 40, "{text}");
    assert!(text.contains("needs WAL") && text.contains("earliest point") && text.contains("latest point"), "{text}");
}

#[test]
fn a_dump_is_not_inspected_with_wal_and_a_base_backup_not_with_a_profile() {
    let fixture = backup::of(17);
    let home = Home::new();
    let said = |arguments: &[&Path]| {
        let ran = home.program().arg("inspect").args(arguments).output().unwrap();
        assert_eq!(ran.status.code(), Some(2));
        String::from_utf8(ran.stderr).unwrap()
    };
    let refused = said(&[&fixture.path("base"), Path::new("-p"), Path::new("docker-default")]);
    assert!(refused.contains("only a dump can be compared with a profile"), "{refused}");
    let dump = Path::new(env!("CARGO_MANIFEST_DIR")).join("demo/shop.dump");
    let refused = said(&[&dump, Path::new("--wal"), &fixture.path("wal")]);
    assert!(refused.contains("is a dump: --wal is for base backups"), "{refused}");
}

#[test]
fn the_backups_that_barman_keeps_are_listed_with_how_far_each_comes() {
    let made = backup::repositories(17);
    let seen = inspected(&[&made.path("barman")], 0);
    let servers = seen["servers"].as_array().unwrap();
    let named: Vec<&str> = servers.iter().map(|server| server["name"].as_str().unwrap()).collect();
    assert_eq!(named, ["gzipped", "plain"]);
    for server in servers {
        let [kept] = server["backups"].as_array().unwrap().as_slice() else { panic!("{server:#}") };
        assert_eq!(kept["status"], "DONE", "{kept:#}");
        assert_eq!(kept["reach"]["is_complete"], true, "{kept:#}");
        let last = made.facts.marks.last().unwrap();
        let commit = &kept["reach"]["last_commit"];
        let at: Timestamp = commit["at"].as_str().unwrap().parse().unwrap();
        assert_eq!((commit["xid"].to_string(), at), (last.xid.clone(), last.committed_at));
    }
}
