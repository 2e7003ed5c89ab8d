//! What a profile asks of a point, a dump that was made there, and WAL that a command fetches.

use std::path::Path;

use pgrehearse::rehearsal::Verdict;

use super::{EXPECTED, Wish, assert_passed, complaints, summary};
use crate::support::backup::{self, ByHand, target_time};
use crate::support::home::findings;
use crate::support::{Home, Ran};

const ASKED: &str = "before: [{name: mark 3, sql: \"SELECT count(*) FROM marks WHERE n = 3\", expect: \"= 1\"}], \
                     after: [{name: the accident, sql: \"SELECT to_regclass('accident') IS NULL\", expect: true}]";

#[test]
fn both_sides_of_a_point_are_asked_and_each_that_does_not_hold_is_a_finding() {
    let fixture = backup::of(17);
    let (mark, accident) = (fixture.facts.mark(2), &fixture.facts.accident);
    let wishes = [
        Wish::new("right", 17, &format!("to: {{lsn: \"{}\", inclusive: false}}, {ASKED}", accident.commit_lsn)),
        Wish::new("early", 17, &format!("to: {{time: \"{}\"}}, {ASKED}", target_time(mark.committed_at))),
        Wish::new("late", 17, &format!("to: latest, {ASKED}")),
    ];
    let ran = super::recover(&Home::new(), &fixture.path("base"), &fixture.path("wal"), &wishes);
    assert_passed(ran.target("right"), &ran);
    assert!(findings(ran.target("right"), "point-unasserted").is_empty(), "{}", ran.stdout);
    assert_eq!(complaints(ran.target("early")), ["before-absent"], "{}", ran.stdout);
    assert_eq!(findings(ran.target("early"), "before-absent")[0].objects, ["mark 3"]);
    // The accident deleted the marks up to it.
    let late = complaints(ran.target("late"));
    assert!(late.contains(&"after-present") && ran.target("late").verdict == Verdict::Fail, "{}", ran.stdout);
}

fn by_command(command: &str, to: &str) -> Ran {
    let fixture = backup::of(15);
    let home = Home::new();
    let profile = home.profile(&Wish::new("fetched", 15, &format!("to: {to}")).yaml);
    home.finish(home.command(&fixture.path("base"), &[Path::new(&profile)]).args(["--wal-command", command]))
}

#[test]
fn wal_that_a_command_fetches_brings_the_same_and_what_it_cannot_fetch_is_not_taken_for_the_end() {
    let fixture = backup::of(15);
    let wal = fixture.path("wal");
    let copy = format!("cp '{}/'%f %p", wal.display());
    let whole = by_command(&copy, "latest");
    assert_passed(whole.only(), &whole);
    let end = fixture.facts.transactions.iter().filter(|ended| ended.timeline == 1).map(|ended| ended.at).max();
    assert_eq!(summary(whole.only()).replayed.as_ref().unwrap().last_transaction, end, "{}", whole.stdout);

    let last = fixture.facts.segments.last().unwrap();
    let broken = by_command(&format!("[ %f != {last} ] || exit 2; {copy}"), "latest");
    assert_eq!(broken.only().verdict, Verdict::Untested, "{}", broken.stdout);
    assert!(broken.only().untested.iter().any(|reason| reason.contains(last.as_str())), "{}", broken.stdout);

    let nothing = by_command("false", "latest");
    assert!(complaints(nothing.only()).contains(&"wal-fetch-failed"), "{}", nothing.stdout);
    assert_eq!(nothing.only().verdict, Verdict::Fail);
}

#[test]
fn an_archive_that_has_nothing_for_a_base_is_no_pass_though_the_base_has_wal_of_its_own() {
    let fixture = backup::of(17);
    let empty = tempfile::tempdir().unwrap();
    let wish = || [Wish::new("latest", 17, "to: latest")];
    let ran = super::recover(&Home::new(), &fixture.path("base_stream"), empty.path(), &wish());
    assert_eq!(complaints(ran.only()), ["wal-missing"], "{}", ran.stdout);
    assert_eq!(ran.only().verdict, Verdict::Fail);
}

/// Starts what was recovered once more, and dumps it to standard output.
const SERVE_AND_DUMP: &str = "
    postgres -D /data/run/pg -c unix_socket_directories=/tmp -c listen_addresses= -c archive_mode=off -c logging_collector=off \
        >/tmp/served 2>&1 &
    for _ in {1..100}; do pg_isready -q -h /tmp && break; sleep 0.1; done
    pg_dump -Fc -U postgres -h /tmp postgres; code=$?
    kill -QUIT %1; wait; exit $code";

#[test]
fn a_dump_of_the_same_moment_is_compared_where_the_profile_says_that_it_is_one() {
    let fixture = backup::of(17);
    let by_hand = ByHand::of(17, &fixture.path("base"));
    let recovered = by_hand.recover(&fixture.path("wal"), &[]);
    assert!(recovered.replay_lsn.is_some(), "{}", recovered.log);
    let dumped = by_hand.shell(SERVE_AND_DUMP);
    assert!(dumped.status.success(), "{}", String::from_utf8_lossy(&dumped.stderr));
    let folder = tempfile::tempdir().unwrap();
    let dump = folder.path().join("same.dump");
    std::fs::write(&dump, &dumped.stdout).unwrap();

    let home = Home::new();
    let wishes = [
        Wish::new("same", 17, "to: latest, same_as_dump: true"),
        Wish::new(
            "earlier",
            17,
            &format!("to: {{time: \"{}\"}}, same_as_dump: true", target_time(fixture.facts.mark(3).committed_at)),
        ),
        Wish::new("unsaid", 17, "to: latest"),
    ];
    let profiles: Vec<_> = wishes.iter().map(|wish| home.profile(&wish.yaml)).collect();
    let profiles: Vec<&Path> = profiles.iter().map(AsRef::as_ref).collect();
    let mut command = home.command(&fixture.path("base"), &profiles);
    let ran = home.finish(command.arg("--wal").arg(fixture.path("wal")).arg("--dump").arg(&dump));
    // An unlogged table comes back empty, and the dump has its rows or not.
    let same: Vec<_> = complaints(ran.target("same")).into_iter().filter(|name| !EXPECTED.contains(name)).collect();
    assert!(
        ran.target("same").checks.iter().any(|result| result.check == "rows" && result.compared["row"] > 1000),
        "{}",
        ran.stdout
    );
    assert_eq!(same, [""; 0], "{}", ran.stdout);
    assert_eq!(ran.target("earlier").verdict, Verdict::Fail, "{}", ran.stdout);
    assert!(!ran.target("unsaid").checks.iter().any(|result| result.check == "rows"), "{}", ran.stdout);
    assert!(ran.target("unsaid").notices.iter().any(|notice| notice.contains("same_as_dump")), "{}", ran.stdout);
}

#[test]
fn what_keeps_a_server_from_starting_is_told_in_its_words_and_a_slow_recovery_too() {
    let fixture = backup::of(15);
    let wishes = [
        Wish::new("preloads", 15, "to: latest, settings: {shared_preload_libraries: no_such_library}"),
        Wish::new("hurries", 15, "to: latest, max_duration: 1ms"),
        Wish::new("waits", 15, "to: latest, max_duration: 10m"),
    ];
    let ran = super::recover(&Home::new(), &fixture.path("base"), &fixture.path("wal"), &wishes);
    let refused = findings(ran.target("preloads"), "recovery-refused");
    assert!(refused.len() == 1 && refused[0].title.contains("no_such_library"), "{}", ran.stdout);
    assert_eq!(findings(ran.target("hurries"), "recovery-too-slow").len(), 1, "{}", ran.stdout);
    assert_passed(ran.target("waits"), &ran);
}

#[test]
fn a_time_before_the_base_is_refused_also_where_nothing_can_be_read_of_the_wal() {
    let fixture = backup::of(15);
    let before = target_time(fixture.facts.mark(1).committed_at - jiff::SignedDuration::from_mins(1));
    let ran = by_command(&format!("cp '{}/'%f %p", fixture.path("wal").display()), &format!("{{time: \"{before}\"}}"));
    assert_eq!(complaints(ran.only()), ["point-before-backup"], "{}", ran.stdout);
    assert!(ran.only().judge.is_none(), "something was started: {}", ran.stdout);
}
