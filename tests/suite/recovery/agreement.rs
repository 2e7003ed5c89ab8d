//! Archives that are damaged at random: what reading says of them is what a server does with them, and nothing that is lost passes.

use pgbackup_reader::FolderArchive;
use pgbackup_reader::base::Base;
use pgbackup_reader::from_postgres;
use pgbackup_reader::reach::ServerWould;
use pgrehearse::finding::{Finding, Name};
use pgrehearse::profile::{Point, Recovery};
use pgrehearse::recovery::{Material, Plan};
use pgrehearse::rehearsal::Verdict;

use super::{Wish, recover};
use crate::support::Home;
use crate::support::backup::facts::Lsn;
use crate::support::backup::{self, ByHand, End};

/// Compares reading with a server for these seeds; the first few are rehearsed too.
fn agree(major: u16, seeds: std::ops::Range<u64>, rehearsed: usize) {
    let fixture = backup::of(major);
    let path = fixture.path("base");
    let base = Base::open(&path).unwrap();
    let survey = base.survey().unwrap();
    let manifest = base.manifest().unwrap().unwrap();
    let needs_until = manifest.head().wal_ranges.last().map(|range| range.end);
    let by_hand = ByHand::of(major, &path);
    let home = Home::new();
    let mut lost = 0;
    for (number, seed) in seeds.enumerate() {
        let archive = fixture.copy_archive();
        let done = archive.damage_at_random(seed);
        let folder = FolderArchive::open(archive.path()).unwrap();
        let material = Material { survey: &survey, needs_until, archive: Some(&folder), pg_wal: None };
        let plan = Plan::make(&material, &Recovery::default(), &Point::Latest);
        let reach = plan.reach.as_ref().unwrap_or_else(|| panic!("{done}: nothing is known: {:?}", plan.findings));
        let recovered = by_hand.recover(archive.path(), &[]);
        match recovered.end {
            End::Promoted => {
                assert_eq!(reach.server_would, ServerWould::Promote, "{done}\n{}", recovered.log);
                assert_eq!(Some(Lsn(reach.end.0)), recovered.replay_lsn, "{done}\n{}", recovered.log);
                let at = reach.last_transaction.and_then(|ended| from_postgres(ended.time));
                assert_eq!(at, recovered.last_xact_time, "{done}\n{}", recovered.log);
            }
            End::Exited(_) => {
                assert!(matches!(reach.server_would, ServerWould::Refuse(_)), "{done}: {reach:?}\n{}", recovered.log);
            }
            End::Paused => panic!("{done}: nothing was asked for at which it could pause"),
        }
        let is_whole = recovered.replay_lsn == Some(fixture.facts.end_lsn);
        let fails = plan.findings.iter().any(Finding::fails);
        // Only the newest segment, and as a `.partial`, is lost with a warning.
        let is_warned = plan.findings.iter().any(|finding| finding.name == Name::WalOnlyPartial);
        assert!(is_whole || fails || is_warned, "{done}: something is lost, and nothing is said: {:?}", plan.findings);
        assert!(!(is_whole && fails), "{done}: nothing is lost: {:?}", plan.findings);
        lost += usize::from(!is_whole);
        if number < rehearsed {
            let ran = recover(&home, &path, archive.path(), &[Wish::new("latest", major, "to: [latest]")]);
            let verdict = if fails { Verdict::Fail } else { Verdict::Pass };
            assert_eq!(ran.only().verdict, verdict, "{done}: {}", ran.stdout);
        }
    }
    assert!(lost > 0, "no damage mattered");
}

#[test]
fn reading_damaged_archives_says_what_a_server_does_with_them() {
    agree(17, 0..30, 3);
}

#[test]
#[ignore = "more of the same: scripts/test --full"]
fn full_reading_damaged_archives_says_what_servers_of_every_major_do_with_them() {
    for major in [13, 15, 18] {
        agree(major, 1000..1040, 0);
    }
}
