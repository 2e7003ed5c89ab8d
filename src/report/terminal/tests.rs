use super::super::sample;
use super::*;
use crate::finding::{Consequence, Finding, Name, Subject};
use crate::rehearsal::Rehearsal;
use crate::session::SourceFacts;

fn drawn(report: &Report, options: TerminalOptions) -> String {
    let mut out = Vec::new();
    write(report, &mut out, &options).unwrap();
    String::from_utf8(out).unwrap()
}

fn plain(report: &Report) -> String {
    drawn(report, TerminalOptions::default())
}

/// Where insta keeps the snapshots of this module: `src/report/snapshots`.
macro_rules! snapshot {
    ($name:literal, $text:expr) => {
        insta::with_settings!({ snapshot_path => "../snapshots", prepend_module_to_snapshot => false, omit_expression => true }, {
            insta::assert_snapshot!($name, $text);
        });
    };
}

#[test]
fn a_run_in_which_all_targets_pass_is_short() {
    snapshot!("terminal_all_pass", plain(&sample::all_pass()));
}

#[test]
fn each_root_cause_is_drawn_once_with_its_targets_and_its_fix() {
    snapshot!("terminal_three_classics", plain(&sample::three_classics()));
}

#[test]
fn each_of_several_sources_has_its_own_part() {
    snapshot!("terminal_two_sources", plain(&sample::two_sources()));
}

#[test]
fn what_is_untested_says_why() {
    snapshot!("terminal_untested", plain(&sample::untested()));
}

#[test]
fn written_fixes_are_named_with_their_place() {
    snapshot!("terminal_fixes", plain(&sample::with_fixes()));
}

#[test]
fn hostile_names_are_shown_and_do_nothing() {
    let options = TerminalOptions { all: true, ..TerminalOptions::default() };
    let text = drawn(&sample::hostile(), options);
    assert!(text.chars().all(|character| character == '\n' || !text::is_hidden(character)));
    assert!(!text.lines().any(|line| line.starts_with("PASS")));
    snapshot!("terminal_hostile", text);
}

#[test]
fn a_narrow_terminal_gets_a_list_in_place_of_the_grid() {
    let options = TerminalOptions { width: 60, ..TerminalOptions::default() };
    snapshot!("terminal_narrow", drawn(&sample::three_classics(), options));
}

#[test]
fn many_objects_are_counted_and_the_first_few_named() {
    snapshot!("terminal_many_objects", plain(&sample::many_objects()));
}

#[test]
fn all_objects_are_named_where_all_are_asked_for() {
    let text = drawn(&sample::many_objects(), TerminalOptions { all: true, ..TerminalOptions::default() });
    assert!((1..=41).all(|number| text.contains(&format!("measurements_2026_{number:02}"))));
    assert!(!text.contains(" more"));
}

#[test]
fn warnings_notes_and_accepted_findings_of_passing_targets_are_brief() {
    snapshot!("terminal_warnings", plain(&sample::with_warnings()));
}

#[test]
fn colours_are_only_written_where_asked_for_and_change_no_text() {
    for report in sample::all() {
        let colored = drawn(&report, TerminalOptions { color: true, ..TerminalOptions::default() });
        assert!(colored.contains('\u{1b}'));
        assert_eq!(anstream::adapter::strip_str(&colored).to_string(), plain(&report));
    }
}

#[test]
fn prose_stays_within_eighty_columns() {
    for report in [sample::all_pass(), sample::three_classics(), sample::untested(), sample::with_warnings()] {
        let text = plain(&report);
        let is_command = |line: &str| line.starts_with("    ") && !line.starts_with("     ");
        for line in text.lines().filter(|line| !is_command(line)) {
            assert!(text::width(line) <= 80, "{} columns: {line}", text::width(line));
        }
    }
}

#[test]
fn the_grid_is_never_wider_than_the_terminal() {
    for width in 40..120 {
        let text = drawn(&sample::three_classics(), TerminalOptions { width, ..TerminalOptions::default() });
        let grid = text.lines().skip_while(|line| !line.is_empty()).skip(1).take_while(|line| !line.is_empty());
        for line in grid {
            assert!(text::width(line) <= width, "{width}: {line}");
        }
    }
}

#[test]
fn wide_characters_do_not_bend_the_grid() {
    let report = sample::report(vec![
        sample::target("東京-17", "17.11", Vec::new(), Vec::new()),
        sample::target("plain-17", "17.11", Vec::new(), Vec::new()),
    ]);
    let text = plain(&report);
    let column = |name: &str| {
        let line = text.lines().find(|line| line.starts_with(name)).unwrap();
        text::width(&line[..line.find("ok").unwrap()])
    };
    assert_eq!(column("東京-17"), column("plain-17"));
}

#[test]
fn different_fixes_are_not_merged() {
    let other = Finding { commands: vec!["CREATE ROLE shop_app NOLOGIN;".to_owned()], ..sample::role_missing() };
    let report = sample::report(vec![
        sample::target("a", "15.18", vec![sample::role_missing()], Vec::new()),
        sample::target("b", "15.18", vec![other], Vec::new()),
    ]);
    assert_eq!(plain(&report).matches("error[role-missing]").count(), 2);
}

#[test]
fn the_words_of_different_servers_stand_in_one_block() {
    let denied = |words: &str| Finding {
        evidence: vec![words.to_owned()],
        ..Finding::new(Name::PermissionDenied, "master may not give objects to postgres")
    };
    let report = sample::report(vec![
        sample::target("a", "15.18", vec![denied("must be member of role \"postgres\"")], Vec::new()),
        sample::target("b", "17.11", vec![denied("must be able to SET ROLE \"postgres\"")], Vec::new()),
    ]);
    let text = plain(&report);
    assert_eq!(text.matches("error[permission-denied]").count(), 1);
    assert!(text.contains("member of role") && text.contains("SET ROLE"));
}

#[test]
fn one_cause_is_one_block_whatever_figure_each_target_names_and_two_are_two() {
    let lacks = |server: u16, feature: &'static str| Finding {
        subject: Some(Subject::Feature(feature)),
        ..Finding::new(Name::FeatureMissing, format!("PostgreSQL {server} has no {feature:?}"))
    };
    let with = |name: &str, check_of: Option<&str>, finding: Finding| {
        let mut result = sample::check("definitions", vec![finding]);
        result.database = check_of.map(str::to_owned);
        sample::target(name, "17.11", Vec::new(), vec![result])
    };
    let first = || with("a", None, lacks(13, "x"));
    let blocks = |targets: Vec<Rehearsal>| {
        let text = plain(&sample::report(targets));
        (text.matches("error[").count(), text)
    };
    let (count, text) = blocks(vec![first(), with("b", None, lacks(14, "x"))]);
    assert_eq!(count, 1, "{text}");
    assert!(text.contains("PostgreSQL 13 has no") && text.contains("also     PostgreSQL 14 has no"), "{text}");
    assert_eq!(blocks(vec![first(), with("b", None, lacks(13, "y"))]).0, 2);
    // Without a subject the objects, how many they are, and the database distinguish it.
    let bare = |count: u64| Finding {
        count,
        objects: vec!["TABLE public.t".to_owned()],
        ..Finding::new(Name::RowsMissing, format!("{count} rows"))
    };
    let pair = |database: Option<&str>, count: u64| {
        blocks(vec![with("a", Some("app"), bare(2)), with("b", database, bare(count))]).0
    };
    assert_eq!((pair(Some("app"), 2), pair(Some("app"), 3), pair(Some("log"), 2)), (1, 2, 2));
}

fn role(name: &str, consequences: Vec<Consequence>) -> Finding {
    Finding {
        subject: Some(Subject::Role(name.to_owned())),
        commands: vec![format!("CREATE ROLE {name};")],
        consequences,
        ..Finding::new(Name::RoleMissing, format!("role {name:?} does not exist in this target"))
    }
}

#[test]
fn what_failed_only_because_of_a_cause_is_counted_by_kind_and_listed_on_demand() {
    let of = |kind: &str, objects: &[&str]| Consequence {
        kind: kind.to_owned(),
        count: objects.len() as u64,
        objects: objects.iter().map(|object| (*object).to_owned()).collect(),
    };
    let followed = vec![of("INDEX", &["INDEX public.a"]), of("TABLE", &["TABLE public.b", "TABLE public.c"])];
    let finding = Finding { count: 4, ..role("app", followed) };
    let report = sample::report(vec![sample::target("a", "17.11", vec![finding], Vec::new())]);
    let text = plain(&report);
    assert!(text.contains("then     3 failed because of it: 2 TABLE, 1 INDEX\n"), "{text}");
    assert!(!text.contains("public.c"), "{text}");
    let all = drawn(&report, TerminalOptions { all: true, ..TerminalOptions::default() });
    assert!(all.contains("TABLE public.b, TABLE public.c"), "{all}");
}

#[test]
fn many_findings_of_one_kind_are_one_block_and_a_few_are_not() {
    let names = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l", "m", "n"];
    let block = |count: usize| {
        let findings = names[..count].iter().map(|name| role(name, Vec::new())).collect();
        plain(&sample::report(vec![sample::target("a", "17.11", findings, Vec::new())]))
    };
    assert_eq!(block(2).matches("error[role-missing]").count(), 2);
    let text = block(14);
    assert_eq!(text.matches("error[role-missing]").count(), 1, "{text}");
    assert!(text.contains("role \"a\" does not exist in this target, and 13 more of this\n  kind"), "{text}");
    assert!(text.contains("l (1), and 2 more") && text.contains("hits     14 statements: a (1), b (1)"), "{text}");
    assert!(text.contains("CREATE ROLE a;") && text.contains("… and 10 more (--all)"), "{text}");
}

#[test]
fn errors_that_no_finding_explains_do_not_look_like_success() {
    let mut target = sample::target("a", "15.18", Vec::new(), Vec::new());
    let restore = target.restore.as_mut().unwrap();
    (restore.errors, restore.exit_code) = (7, 1);
    assert!(plain(&sample::report(vec![target])).contains("7 errors"));
}

#[test]
fn the_last_line_is_the_verdict() {
    let last = |report: &Report| plain(report).lines().last().unwrap().to_owned();
    assert_eq!(last(&sample::all_pass()), "PASS  backups/shop.dump comes back in all 3 targets (12.3 s)");
    // Several sources in one target are as many rehearsals.
    let mut several = sample::all_pass();
    let other = SourceFacts { path: "tue/shop.dump".into(), ..several.sources[0].clone() };
    several.sources.push(other);
    assert_eq!(last(&several), "PASS  2 dumps come back in all 3 rehearsals (12.3 s)");
    several.targets[0].verdict = Verdict::Untested;
    let untested = format!("1 of 3 rehearsals is untested: backups/shop.dump in {}", several.targets[0].target);
    assert!(last(&several).contains(&untested), "{}", last(&several));
    assert_eq!(
        last(&sample::report(vec![sample::target("a", "17.11", Vec::new(), Vec::new())])),
        "PASS  backups/shop.dump comes back in a (12.3 s)"
    );
    assert_eq!(last(&sample::many_objects()), "FAIL  1 of 1 target does not come back: debian-15 (12.3 s)");
    assert_eq!(last(&sample::report(Vec::new())), "UNTESTED  no target was rehearsed (12.3 s)");
}

#[test]
fn a_check_that_only_some_targets_have_keeps_its_place() {
    let extra = sample::target("b", "17.11", Vec::new(), vec![sample::check("definitions", Vec::new())]);
    let mut fewer = sample::target("a", "17.11", Vec::new(), Vec::new());
    fewer.checks.remove(1);
    let text = plain(&sample::report(vec![fewer, extra]));
    let header = text.lines().find(|line| line.starts_with("target")).unwrap();
    let columns: Vec<&str> = header.split_whitespace().collect();
    assert_eq!(columns, ["target", "restore", "rows", "objects", "access", "sequences", "verdict", "time"]);
}

#[test]
fn the_preflight_comes_first_and_repeats_nothing() {
    let text = plain(&sample::foreseen());
    let header = text.lines().find(|line| line.starts_with("target")).unwrap();
    assert!(header.split_whitespace().skip(1).take(2).eq(["needs", "restore"]), "{header}");
    // Once for the two targets that have it.
    assert_eq!(text.matches("[role-missing]").count(), 1, "{text}");
    snapshot!("terminal_foreseen", text);
}

#[test]
fn what_the_profile_has_decided_is_shown_with_the_finding() {
    let text = plain(&sample::decided());
    snapshot!("terminal_decided", text);
}

#[test]
fn a_target_that_fails_for_warnings_alone_has_come_back() {
    let mut report = sample::decided();
    report.targets.remove(0);
    let text = plain(&report);
    let last: Vec<&str> = text.lines().rev().take(2).collect();
    assert_eq!(
        [last[1], last[0]].map(str::trim_start).join(" "),
        "FAIL  1 of 1 target comes back with warnings and fails, as --fail-on warning asks: warned (12.3 s)"
    );
}
