use super::super::sample;
use super::*;
use crate::check::CheckResult;
use crate::finding::{Consequence, Finding, Name, Origin, Reference, Severity, Subject};
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
fn different_fixes_of_one_cause_stand_in_one_block_each_with_its_target() {
    let with = |command: &str| Finding {
        subject: Some(Subject::Role("shop_app".to_owned())),
        commands: vec![command.to_owned()],
        ..sample::role_missing()
    };
    let report = |subject: bool| {
        let of = |command| Finding { subject: with("").subject.filter(|_| subject), ..with(command) };
        plain(&sample::report(vec![
            sample::target("a", "15.18", vec![of("CREATE ROLE shop_app;")], Vec::new()),
            sample::target("b", "15.18", vec![of("CREATE ROLE shop_app NOLOGIN;")], Vec::new()),
        ]))
    };
    let text = report(true);
    assert_eq!(text.matches("error[role-missing]").count(), 1, "{text}");
    let places: Vec<usize> = ["in a: ", "CREATE ROLE shop_app;", "in b: ", "CREATE ROLE shop_app NOLOGIN;"]
        .map(|part| text.find(part).unwrap_or_else(|| panic!("{part} in {text}")))
        .to_vec();
    assert!(places.is_sorted(), "{text}");
    // Without a subject nothing says that they are one cause.
    assert_eq!(report(false).matches("error[role-missing]").count(), 2);
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
    assert!(text.contains("PostgreSQL 13 has no") && text.contains("also      PostgreSQL 14 has no"), "{text}");
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
fn what_failed_only_because_of_a_cause_is_named_where_there_is_little_of_it_and_counted_by_kind_where_there_is_more() {
    let of = |kind: &str, objects: &[&str]| Consequence {
        kind: kind.to_owned(),
        count: objects.len() as u64,
        objects: objects.iter().map(|object| (*object).to_owned()).collect(),
    };
    let text = |followed: Vec<Consequence>, all: bool| {
        let count = 1 + followed.iter().map(|one| one.count).sum::<u64>();
        let finding = Finding { count, ..role("app", followed) };
        let report = sample::report(vec![sample::target("a", "17.11", vec![finding], Vec::new())]);
        drawn(&report, TerminalOptions { all, ..TerminalOptions::default() })
    };
    let few = || vec![of("INDEX", &["INDEX public.a"]), of("TABLE", &["TABLE public.b", "TABLE public.c"])];
    let named = text(few(), false);
    assert!(named.contains("leads to  3 statements that failed because of it: INDEX public.a,"), "{named}");
    assert!(named.contains("TABLE public.b, TABLE public.c\n"), "{named}");
    let more = || few().into_iter().chain([of("owner", &["TABLE public.b", "TABLE public.c"])]).collect();
    let counted = text(more(), false);
    assert!(counted.contains("5 statements that failed because of it: 2 ALTER … OWNER, 2 TABLE,"), "{counted}");
    assert!(!counted.contains("public.c"), "{counted}");
    let all = text(more(), true);
    assert!(all.contains("TABLE public.b, TABLE public.c"), "{all}");
}

#[test]
fn several_missing_roles_are_one_block_and_so_are_many_findings_of_any_other_kind() {
    let names = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l", "m", "n"];
    let block = |kind: fn(&str) -> Finding, count: usize| {
        let findings = names[..count].iter().map(|name| kind(name)).collect();
        plain(&sample::report(vec![sample::target("a", "17.11", findings, Vec::new())]))
    };
    let text = block(|name| role(name, Vec::new()), 2);
    assert_eq!(text.matches("error[role-missing]").count(), 1, "{text}");
    assert!(text.contains("2 roles do not exist in this target: a, b") && text.contains("CREATE ROLE b;"), "{text}");
    // One that nobody is to make has other words.
    let kept = |name: &str| match name {
        "b" => Finding { commands: Vec::new(), fix: "Do not create it.".to_owned(), ..role(name, Vec::new()) },
        name => role(name, Vec::new()),
    };
    let text = block(kept, 3);
    assert_eq!(text.matches("error[role-missing]").count(), 2, "{text}");
    assert!(text.contains("2 roles do not exist in this target: a, c") && text.contains("Do not create it."), "{text}");
    let text = block(|name| role(name, Vec::new()), 14);
    assert!(
        text.contains("14 roles do not exist in this target: a, b, c,") && text.contains("k, l, and 2 more"),
        "{text}"
    );
    assert!(!text.contains("affects"), "each was hit once, and named: {text}");
    assert!(text.contains("CREATE ROLE j;") && text.contains("… and 4 more: --write-fixes DIR"), "{text}");
    let extension = |name: &str| Finding {
        subject: Some(Subject::Extension(name.to_owned())),
        ..Finding::new(Name::ExtensionUnavailable, format!("extension {name:?} is not installed"))
    };
    assert_eq!(block(extension, 2).matches("error[extension-unavailable]").count(), 2);
    let text = block(extension, 14);
    assert_eq!(text.matches("error[extension-unavailable]").count(), 1, "{text}");
    assert!(text.contains("extension \"a\" is not installed, and 13"), "{text}");
}

#[test]
fn what_follows_from_a_cause_is_a_line_of_it_wherever_the_cause_is_there_too() {
    let follower = Finding {
        follows: Some(Reference::of(&role("app", Vec::new()))),
        objects: vec!["POLICY own".to_owned()],
        ..Finding::new(Name::PolicyLost, "1 policy did not come back")
    };
    let of = |restore: Vec<Finding>, follower: &Finding| {
        let check = sample::check("policies", vec![follower.clone()]);
        sample::target("a", "17.11", restore, vec![check])
    };
    let blocks = |targets: Vec<Rehearsal>| plain(&sample::report(targets)).matches("\nerror[").count();
    let report = sample::report(vec![of(vec![role("app", Vec::new())], &follower)]);
    let text = plain(&report);
    assert!(text.contains("leads to  error[policy-lost]: 1 policy did not come back: POLICY own\n"), "{text}");
    assert!(
        text.starts_with("FAIL: shop.dump did not restore cleanly on a: role \"app\" does not exist in this\n"),
        "{text}"
    );
    // All that there is to say of it is there with --all.
    let all = drawn(&report, TerminalOptions { all: true, ..TerminalOptions::default() });
    assert!(all.contains("\nerror[policy-lost]") && all.contains("because   role-missing app"), "{all}");
    // Another role, a cause that is accepted, and a cause that is milder explain nothing.
    let accepted = Finding { accepted: Some("known".to_owned()), ..role("app", Vec::new()) };
    let milder = Finding { severity: Severity::Warning, ..role("app", Vec::new()) };
    let one = vec![role("app", Vec::new())];
    assert_eq!(blocks(vec![of(one, &follower)]), 1);
    assert_eq!(blocks(vec![of(vec![role("web", Vec::new())], &follower)]), 2);
    assert_eq!((blocks(vec![of(vec![accepted], &follower)]), blocks(vec![of(vec![milder], &follower)])), (1, 1));
    let accepted_follower = Finding { accepted: Some("known".to_owned()), ..follower };
    let text = plain(&sample::report(vec![of(vec![role("app", Vec::new())], &accepted_follower)]));
    assert!(text.contains("\naccepted error[policy-lost]"), "{text}");
}

#[test]
fn no_finding_is_left_out_whatever_it_is_said_to_follow_from() {
    let named = |name: Name, of: Option<Name>| Finding {
        follows: of.map(|of| Reference::Cause { name: of, subject: None }),
        ..Finding::new(name, format!("this is {name}"))
    };
    // From itself, from what follows from something else, from each other, from what is not there.
    let chains = [
        vec![(Name::PolicyLost, Some(Name::PolicyLost))],
        vec![
            (Name::RoleMissing, None),
            (Name::PolicyLost, Some(Name::RoleMissing)),
            (Name::RlsBypassed, Some(Name::PolicyLost)),
        ],
        vec![(Name::PolicyLost, Some(Name::RlsBypassed)), (Name::RlsBypassed, Some(Name::PolicyLost))],
        vec![(Name::PolicyLost, Some(Name::RoleMissing))],
    ];
    for chain in chains {
        let findings = || chain.iter().map(|(name, of)| named(*name, *of)).collect::<Vec<_>>();
        let report = sample::report(vec![sample::target("a", "17.11", findings(), Vec::new())]);
        for all in [false, true] {
            let text = drawn(&report, TerminalOptions { all, ..TerminalOptions::default() });
            assert!(chain.iter().all(|(name, _)| text.contains(&format!("[{name}]: this is {name}"))), "{text}");
        }
    }
}

#[test]
fn a_report_has_forty_lines_at_most_however_much_there_is_and_says_what_it_leaves_out() {
    let many = |targets: usize, findings: usize| {
        let names = (0..targets).map(|nth| format!("a-target-with-a-long-name-{nth}"));
        let of = |nth: usize| Finding {
            subject: Some(Subject::Constraint(format!("constraint_{nth}"))),
            objects: (0..9).map(|object| format!("TABLE public.a_table_of_{nth}_{object}")).collect(),
            evidence: vec!["x".repeat(300); 4],
            commands: vec!["ALTER TABLE t VALIDATE CONSTRAINT c;".to_owned(); 9],
            fix: "do this and that ".repeat(20),
            severity: if nth % 3 == 2 { Severity::Warning } else { Severity::Error },
            origin: if nth.is_multiple_of(2) { Origin::Target } else { Origin::Dump },
            ..Finding::new(Name::ALL[nth % Name::ALL.len()], format!("finding {nth} {}", "words ".repeat(30)))
        };
        let mut report = sample::report(
            names.map(|name| sample::target(&name, "17.11", (0..findings).map(of).collect(), Vec::new())).collect(),
        );
        for (nth, target) in report.targets.iter_mut().enumerate() {
            target.untested = vec![format!("reason {nth} {}", "why ".repeat(200)); nth % 2];
            target.notices = vec![format!("notice {nth} {}", "word ".repeat(50))];
        }
        report
    };
    for (targets, findings) in [(1, 1), (1, 3), (1, 40), (3, 9), (30, 2), (60, 80)] {
        for width in [60, 80, 120] {
            let report = many(targets, findings);
            let text = drawn(&report, TerminalOptions { width, ..TerminalOptions::default() });
            let lines = text.lines().count();
            assert!(lines <= 40, "{lines} lines for {targets} targets and {findings} findings at {width}:\n{text}");
            assert!(text.contains("--all") || findings < 3, "{text}");
            assert!(text.starts_with("FAIL: "), "{text}");
        }
    }
    let all = drawn(&many(3, 9), TerminalOptions { all: true, ..TerminalOptions::default() });
    assert!((0..9).all(|nth| all.contains(&format!("finding {nth} "))) && !all.contains("--all"), "{all}");
}

#[test]
fn a_pass_says_what_was_compared() {
    let mut report = sample::all_pass();
    for target in &mut report.targets {
        let rows = target.checks.iter_mut().find(|result| result.check == "rows").unwrap();
        rows.compared = [("row".to_owned(), 2610), ("table".to_owned(), 5)].into();
    }
    let text = plain(&report);
    assert!(text.contains("\nCompared with the dump: 2,610 rows in 5 tables.\n"), "{text}");
    report.targets[1].checks[0].compared = [("row".to_owned(), 1), ("table".to_owned(), 1)].into();
    let text = plain(&report);
    assert!(text.contains("in debian-17: 1 row in 1 table."), "{text}");
}

#[test]
fn what_production_has_too_is_a_verdict_of_its_own() {
    let behind = Finding { origin: Origin::Source, ..Finding::new(Name::SequenceBehind, "behind") }.of_source();
    let check = || sample::check("sequences", vec![behind.clone()]);
    let faithful = plain(&sample::report(vec![sample::target("a", "17.11", Vec::new(), vec![check()])]));
    let of_source = |text: &str| text.lines().find(|line| line.starts_with("SOURCE")).unwrap_or_default().to_owned();
    assert_eq!(of_source(&faithful), "SOURCE: the restore is faithful; production has this problem too:");
    let failing = vec![sample::role_missing()];
    let failing = plain(&sample::report(vec![sample::target("a", "17.11", failing, vec![check()])]));
    assert_eq!(of_source(&failing), "SOURCE: production itself has this problem too: sequence-behind");
}

#[test]
fn a_damaged_archive_is_said_to_be_the_backups_and_missing_segments_are_one_block() {
    let missing = |segment: &str| Finding {
        subject: Some(Subject::Words(segment.to_owned())),
        ..Finding::new(Name::WalMissing, format!("segment {segment} is missing"))
    };
    let findings = vec![missing("00000001000000000000000D"), missing("000000010000000000000010")];
    let text = plain(&sample::report(vec![sample::target("a", "17.11", findings, Vec::new())]));
    let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let several = "2 segments are missing from the WAL archive: 00000001000000000000000D, 000000010000000000000010";
    assert!(words.contains(several) && words.contains("origin the backup or its archive"), "{text}");
}

#[test]
fn errors_that_no_finding_explains_do_not_look_like_success() {
    let mut target = sample::target("a", "15.18", Vec::new(), Vec::new());
    let restore = target.restore.as_mut().unwrap();
    (restore.errors, restore.exit_code) = (7, 1);
    assert!(plain(&sample::report(vec![target])).contains("7 errors"));
}

/// The verdict, as one line.
fn verdict_of(report: &Report) -> String {
    let text = plain(report);
    text.lines().take_while(|line| !line.is_empty()).map(str::trim).collect::<Vec<_>>().join(" ")
}

#[test]
fn the_first_line_is_the_verdict() {
    let first = verdict_of;
    assert_eq!(first(&sample::all_pass()), "PASS: shop.dump restored completely on all 3 targets (12.3 s)");
    // Several sources in one target are as many rehearsals.
    let mut several = sample::all_pass();
    let other = SourceFacts { path: "tue/shop.dump".into(), ..several.sources[0].clone() };
    several.sources.push(other);
    assert_eq!(first(&several), "PASS: 2 dumps restored completely in all 3 rehearsals (12.3 s)");
    several.targets[0].verdict = Verdict::Untested;
    let untested = "1 of 3 rehearsals could not be tested: backups/shop.dump in ";
    assert!(first(&several).contains(untested), "{}", first(&several));
    assert_eq!(
        first(&sample::report(vec![sample::target("a", "17.11", Vec::new(), Vec::new())])),
        "PASS: shop.dump restored completely on a (12.3 s)"
    );
    assert_eq!(
        first(&sample::many_objects()),
        "FAIL: shop.dump did not restore cleanly on debian-15: role \"shop_app\" does not exist in this target (12.3 s)"
    );
    assert_eq!(first(&sample::report(Vec::new())), "UNTESTED: no target was rehearsed (12.3 s)");
    let query = Finding::new(Name::QueryFailed, "users exist");
    let result = CheckResult { group: crate::check::Group::Queries, ..sample::check("queries", vec![query]) };
    assert!(
        first(&sample::report(vec![sample::target("a", "17.11", Vec::new(), vec![result])]))
            .starts_with("FAIL: shop.dump restored, but not as the profile's own checks ask, on a: users exist (")
    );
}

#[test]
fn the_verdict_stands_alone_where_nothing_else_is_asked_for() {
    let options = TerminalOptions { verdict_only: true, ..TerminalOptions::default() };
    let text = drawn(&sample::all_pass(), options);
    assert_eq!(text, "PASS: shop.dump restored completely on all 3 targets (12.3 s)\n");
}

#[test]
fn columns_that_say_the_same_of_all_targets_and_nothing_bad_are_one() {
    let header = |report: &Report| plain(report).lines().find(|line| line.starts_with("target")).unwrap().to_owned();
    let columns = |report: &Report| header(report).split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(columns(&sample::all_pass()), ["target", "server", "4", "checks", "verdict", "time"]);
    // What only some targets have keeps its place.
    let extra = sample::target("b", "17.11", Vec::new(), vec![sample::check("definitions", Vec::new())]);
    let mut fewer = sample::target("a", "17.11", Vec::new(), Vec::new());
    fewer.checks.remove(1);
    let mixed = columns(&sample::report(vec![fewer, extra]));
    assert_eq!(mixed, ["target", "server", "3", "checks", "2", "checks", "verdict", "time"]);
    let failing = columns(&sample::three_classics());
    assert_eq!(failing, ["target", "server", "restore", "rows", "permissions", "sequences", "verdict", "time"]);
    let all = TerminalOptions { all: true, ..TerminalOptions::default() };
    let all = drawn(&sample::all_pass(), all);
    assert!(all.contains("restore  rows  permissions  sequences"), "{all}");
}

#[test]
fn the_preflight_comes_first_and_repeats_nothing() {
    let text = plain(&sample::foreseen());
    let header = text.lines().find(|line| line.starts_with("target")).unwrap();
    assert!(header.split_whitespace().skip(2).take(2).eq(["requirements", "restore"]), "{header}");
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
    let first: Vec<&str> = text.lines().take(2).collect();
    assert_eq!(
        [first[0], first[1]].map(str::trim_start).join(" "),
        "FAIL: shop.dump restored with warnings, which fail here (--fail-on warning), on warned (12.3 s)"
    );
}

#[test]
fn a_cut_never_leaves_a_finding_without_its_fix() {
    let block = "one\n\nerror[a]: x\n  affects   1\n  evidence  2\n  fix       do it\n            so\n\nlast\n";
    let cut = |room: usize| super::cut(block.as_bytes(), room);
    assert_eq!(cut(4), "one\n\nerror[a]: x\n  fix       do it\n… 5 more lines: --all shows everything\n");
    assert_eq!(cut(3), "one\n\n… 7 more lines: --all shows everything\n");
    assert!(cut(6).ends_with("  fix       do it\n… 3 more lines: --all shows everything\n"));
}

#[test]
fn fixes_are_offered_only_where_there_are_some_to_write_and_none_were_written() {
    let drawn = |nothing_to_write: bool, written: bool| {
        let findings: Vec<Finding> = (0..40)
            .map(|nth| Finding {
                evidence: vec![format!("seen {nth}")],
                ..Finding::new(Name::UnclassifiedError, format!("the server said {nth}"))
            })
            .collect();
        let mut target = sample::target("a", "17.11", findings, Vec::new());
        target.nothing_to_write = nothing_to_write;
        target.fixes = written.then(crate::rehearsal::WrittenFixes::default);
        plain(&sample::report(vec![target]))
    };
    for (nothing_to_write, written, offered) in [(false, false, true), (true, false, false), (false, true, false)] {
        let text = drawn(nothing_to_write, written);
        assert!(text.contains("Shortened: --all"), "{text}");
        assert_eq!(text.contains("--write-fixes DIR"), offered, "{text}");
    }
}
