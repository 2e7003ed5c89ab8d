//! Good backups come back, to every kind of point, from every form of base and every layout of an archive.

use super::{Wish, assert_passed, assert_stopped_as, recover, summary};
use crate::support::Home;
use crate::support::backup::{self, ByHand, Compression, target_time};

/// A point as a profile has it and as the settings of a server have it, and what is there then.
struct Known {
    name: &'static str,
    recovery: String,
    settings: Vec<String>,
    marks: Vec<i32>,
    accident: bool,
}

fn known(name: &'static str, recovery: String, settings: Vec<String>, marks: &[i32], accident: bool) -> Known {
    Known { name, recovery, settings, marks: marks.to_vec(), accident }
}

/// Recovers the plain base of a major to these points, and a server by hand beside it.
fn recovered_as_by_hand(major: u16, archive: &str, points: &[Known]) {
    let fixture = backup::of(major);
    let wishes: Vec<Wish> = points
        .iter()
        .map(|point| Wish::new(point.name, major, &point.recovery).brings(&point.marks, point.accident))
        .collect();
    let (base, archive) = (fixture.path("base"), fixture.path(archive));
    let ran = recover(&Home::new(), &base, &archive, &wishes);
    let by_hand = ByHand::of(major, &base);
    for point in points {
        let target = ran.target(point.name);
        assert_passed(target, &ran);
        let settings: Vec<&str> = point.settings.iter().map(String::as_str).collect();
        let recovered = by_hand.recover(&archive, &settings);
        assert_eq!((&recovered.marks, recovered.accident), (&point.marks, point.accident), "{major} {}", point.name);
        assert_stopped_as(target, &recovered);
    }
}

/// Every kind of point on timeline 1.
fn every_point(major: u16) {
    let facts = &backup::of(major).facts;
    let accident = &facts.accident;
    let time = |at| target_time(at);
    let exclusive = "recovery_target_inclusive=off".to_owned();
    let back = facts.last_commit(1).at.duration_since(facts.mark(5).committed_at).as_micros();
    let back = format!("{}ms", u64::try_from(back).unwrap().div_ceil(1000));
    let point = |name, recovery: &str, setting: String, exclusively: bool, marks, has_accident| {
        let mut settings = vec![setting];
        settings.extend(exclusively.then(|| exclusive.clone()));
        known(name, recovery.to_owned(), settings, marks, has_accident)
    };
    let (mark, xid, lsn) = (facts.mark(5), &accident.xid, accident.commit_lsn);
    let at = mark.committed_at;
    let counted_back = {
        let millis = i64::try_from(back.trim_end_matches("ms").parse::<u64>().unwrap()).unwrap();
        facts.last_commit(1).at.checked_sub(jiff::SignedDuration::from_millis(millis)).unwrap()
    };
    let points = [
        known("latest", "to: [latest]".to_owned(), Vec::new(), &[2, 3, 4, 5, 6, 7], true),
        point("immediate", "to: [immediate]", "recovery_target=immediate".into(), false, &[1], false),
        point(
            "time",
            &format!("to: [{{time: {at}}}]"),
            format!("recovery_target_time={}", time(at)),
            false,
            &[1, 2, 3, 4, 5],
            false,
        ),
        point(
            "time-without",
            &format!("to: [{{time: {at}, inclusive: false}}]"),
            format!("recovery_target_time={}", time(at)),
            true,
            &[1, 2, 3, 4],
            false,
        ),
        point(
            "back",
            &format!("to: [{{time: -{back}}}]"),
            format!("recovery_target_time={}", time(counted_back)),
            false,
            &[1, 2, 3, 4],
            false,
        ),
        point(
            "lsn",
            &format!("to: [{{lsn: {lsn}}}]"),
            format!("recovery_target_lsn={lsn}"),
            false,
            &[2, 3, 4, 5],
            true,
        ),
        point(
            "lsn-without",
            &format!("to: [{{lsn: {lsn}, inclusive: false}}]"),
            format!("recovery_target_lsn={lsn}"),
            true,
            &[1, 2, 3, 4, 5],
            false,
        ),
        point(
            "xid",
            &format!("to: [{{xid: {xid}}}]"),
            format!("recovery_target_xid={xid}"),
            false,
            &[2, 3, 4, 5],
            true,
        ),
        point(
            "xid-without",
            &format!("to: [{{xid: {xid}, inclusive: false}}]"),
            format!("recovery_target_xid={xid}"),
            true,
            &[1, 2, 3, 4, 5],
            false,
        ),
        point("name", "to: [{name: drill_point}]", "recovery_target_name=drill_point".into(), false, &[1, 2, 3], false),
    ];
    recovered_as_by_hand(major, "wal", &points);
}

#[test]
fn a_backup_of_17_is_recovered_to_every_kind_of_point() {
    every_point(17);
}

#[test]
#[ignore = "more of the same: scripts/test --full"]
fn full_a_backup_of_every_major_is_recovered_to_every_kind_of_point() {
    [13, 15, 18].into_iter().for_each(every_point);
}

/// The latest timeline, that of the base, and the first.
fn every_timeline(major: u16) {
    let latest = [1, 2, 3, 4, 5, 8, 9];
    let first = [2, 3, 4, 5, 6, 7];
    let along = |timeline: &str| vec![format!("recovery_target_timeline={timeline}")];
    let points = [
        known("latest", "to: [latest]".to_owned(), Vec::new(), &latest, false),
        known("current", "to: [latest], timeline: current".to_owned(), along("current"), &first, true),
        known("first", "to: [latest], timeline: 1".to_owned(), along("1"), &first, true),
    ];
    recovered_as_by_hand(major, "wal_tl2", &points);
}

#[test]
fn recovery_follows_the_timeline_that_it_is_told() {
    every_timeline(15);
}

#[test]
#[ignore = "more of the same: scripts/test --full"]
fn full_recovery_follows_the_timeline_that_it_is_told_on_17() {
    every_timeline(17);
}

#[test]
fn a_base_in_tar_form_and_one_that_needs_no_archive_come_back_too() {
    let fixture = backup::of(15);
    let end = fixture.facts.end_lsn.to_string();
    let home = Home::new();
    let all = [Wish::new("tar", 15, "to: [latest]").brings(&[2, 3, 4, 5, 6, 7], true)];
    let ran = recover(&home, &fixture.path("base_tar"), &fixture.path("wal"), &all);
    assert_passed(ran.only(), &ran);
    assert_eq!(summary(ran.only()).replayed.as_ref().unwrap().lsn, end);

    // All that there is is in its pg_wal.
    for base in ["base_stream", "base_tar"] {
        let profile = home.profile(&Wish::new("alone", 15, "to: [latest]").brings(&[1], false).yaml);
        let ran = home.finish(&mut home.command(&fixture.path(base), &[&profile]));
        assert_passed(ran.only(), &ran);
        let nothing = tempfile::tempdir().unwrap();
        assert_stopped_as(ran.only(), &backup::recover_by_hand(15, &fixture.path(base), nothing.path(), &[]));
    }
}

/// Recovers the plain base of a major with an archive that was changed in its form only.
fn comes_back_from(major: u16, change: impl FnOnce(&backup::damage::Archive)) {
    let fixture = backup::of(major);
    let archive = fixture.copy_archive_of_both_timelines();
    change(&archive);
    let wish = Wish::new("latest", major, "to: [latest]").brings(&[1, 2, 3, 4, 5, 8, 9], false);
    let ran = recover(&Home::new(), &fixture.path("base"), archive.path(), &[wish]);
    assert_passed(ran.only(), &ran);
    let replayed = summary(ran.only()).replayed.as_ref().unwrap();
    assert_eq!(Some(replayed.lsn.clone()), fixture.facts.end_lsn_tl2.map(|end| end.to_string()));
    assert_eq!(replayed.last_transaction, Some(fixture.facts.last_transaction(2).at));
}

#[test]
fn an_archive_may_be_in_folders_and_every_file_of_it_compressed_in_its_own_way() {
    comes_back_from(13, |archive| {
        for (number, name) in archive.names().iter().enumerate() {
            let how = Compression::ALL[number / 2 % Compression::ALL.len()];
            archive.compress(name, how, number % 2 == 0);
        }
    });
    comes_back_from(18, |archive| archive.move_to_subfolders());
}

#[test]
#[ignore = "more of the same: scripts/test --full"]
fn full_an_archive_may_be_compressed_in_every_way_with_and_without_a_suffix() {
    for how in Compression::ALL {
        for with_suffix in [true, false] {
            comes_back_from(18, |archive| archive.compress_all(how, with_suffix));
        }
    }
}
