//! Several targets at once, and what the whole run comes to.

use crate::support::home::names;
use crate::support::{Home, Ran, bare, dump, images, matching, shared};

fn nowhere(name: &str) -> String {
    format!("name: {name}\nimage: {}-nowhere:17\n", images::REPOSITORY)
}

fn with_one_untested() -> Ran {
    let (good, also, gone) = (bare("z-good", 17), bare("a-good", 18), nowhere("g-gone"));
    shared::run("matrix-untested", |home| home.run(&dump(17, "small.dump"), &[&good, &gone, &also]))
}

#[test]
fn one_bad_target_does_not_stop_the_others_and_the_worst_verdict_is_the_run_s() {
    let home = Home::new();
    let small = dump(17, "small.dump");
    let fails = format!("{}checks: {{queries: [{{name: no, sql: SELECT 1, expect: 2}}]}}\n", bare("m-fails", 17));
    let (good, gone) = (bare("z-good", 17), nowhere("g-gone"));

    let ran = with_one_untested();
    ran.expect(3);
    let verdicts: Vec<(&str, &str)> =
        ran.report().targets.iter().map(|target| (target.target.as_str(), target.verdict.label())).collect();
    assert_eq!(verdicts, [("a-good", "pass"), ("g-gone", "untested"), ("z-good", "pass")], "by name, not by time");

    let ran = home.run(&small, &[&good, &gone, &fails]);
    ran.expect(1);
    assert_eq!(ran.target("z-good").verdict.label(), "pass");
    assert_eq!(ran.target("m-fails").verdict.label(), "fail");
}

/// Two dumps in two targets of which one fails, one rehearsal after the other.
fn several_dumps() -> Ran {
    let fails = format!("{}checks: {{queries: [{{name: no, sql: SELECT 1, expect: 2}}]}}\n", bare("fails", 17));
    let other = dump(17, "small.sql").display().to_string();
    shared::run("matrix-several", |home| {
        home.run_with(&dump(17, "small.dump"), &[&bare("good", 17), &fails], &[&other, "--jobs", "1"])
    })
}

#[test]
fn each_of_several_dumps_is_rehearsed_in_every_target() {
    let home = Home::new();
    let small = dump(17, "small.dump");
    let ran = several_dumps();
    ran.expect(1);
    let report = ran.report();
    let sources: Vec<&str> = report.sources.iter().map(|source| source.path.as_str()).collect();
    assert!(sources[0].ends_with("small.dump") && sources[1].ends_with("small.sql"), "{sources:?}");
    let all: Vec<(&str, &str, &str)> =
        report.targets.iter().map(|one| (one.source.as_str(), one.target.as_str(), one.verdict.label())).collect();
    let expected = [
        (sources[0], "fails", "fail"),
        (sources[0], "good", "pass"),
        (sources[1], "fails", "fail"),
        (sources[1], "good", "pass"),
    ];
    assert_eq!(all, expected);
    let unwrapped = ran.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(
        unwrapped.starts_with(
            "FAIL: 2 of 4 rehearsals restored, but not as the profile's own checks ask: small.dump in fails, small.sql in \
             fails"
        ),
        "{unwrapped}"
    );

    let twice = home.run_with(&small, &[&bare("good", 17)], &[small.to_str().unwrap()]);
    twice.expect(2);
    assert!(twice.stderr.contains("small.dump is given twice"), "{}", twice.stderr);
}

#[test]
fn what_is_untested_is_no_pass_unless_it_is_allowed() {
    let home = Home::new();
    let profiles = [bare("good", 17), nowhere("gone")];
    let profiles: Vec<&str> = profiles.iter().map(String::as_str).collect();
    let small = dump(17, "small.dump");
    with_one_untested().expect(3);
    home.run_with(&small, &profiles, &["--allow-untested"]).expect(0);
}

#[test]
fn fail_fast_leaves_what_is_not_begun_untested() {
    let home = Home::new();
    let fails = format!("{}checks: {{queries: [{{name: no, sql: SELECT 1, expect: 2}}]}}\n", bare("a", 17));
    let ran = home.run_with(
        &dump(17, "small.dump"),
        &[&fails, &bare("b", 17), &bare("c", 17)],
        &["--fail-fast", "--jobs", "1"],
    );
    ran.expect(1);
    assert_eq!(ran.target("a").verdict.label(), "fail");
    for name in ["b", "c"] {
        let target = ran.target(name);
        assert_eq!(target.verdict.label(), "untested");
        assert_eq!(target.untested, ["not begun: a failed, and --fail-fast is given"]);
    }
    // Nobody has interrupted what was under way, and what fails a target is the same in all.
    let slow = format!("{}init: [{{sql: 'SELECT pg_sleep(90)'}}]\n", bare("slow", 17));
    let options = ["--fail-fast", "--jobs", "2", "--fail-on", "warning"];
    let ran = home.run_with(&dump(17, "small.dump"), &[&fails, &slow, &bare("z", 17)], &options);
    ran.expect(1);
    assert_eq!(ran.target("slow").untested, ["stopped before it was done: a failed, and --fail-fast is given"]);
    assert_eq!(ran.target("z").untested, ["not begun: a failed, and --fail-fast is given"]);
    assert_eq!(ran.target("z").fail_on, ran.target("a").fail_on);
}

#[test]
fn jobs_bound_how_many_rehearsals_run_at_once() {
    let ran = several_dumps();
    // Each is over before the next one begins.
    let order: Vec<(&str, &str)> = ran
        .stderr
        .lines()
        .filter_map(|line| line.split_once("] ")?.1.split_once(": "))
        .filter(|(_, phase)| *phase == "restore" || *phase == "PASS" || phase.starts_with("FAIL: "))
        .collect();
    assert_eq!(order.len(), 8, "{}", ran.stderr);
    for pair in order.chunks(2) {
        assert_eq!((pair[0].0, pair[0].1), (pair[1].0, "restore"), "{}", ran.stderr);
        assert_ne!(pair[1].1, "restore", "{}", ran.stderr);
    }
    let mut names: Vec<&str> = order.iter().map(|(name, _)| *name).collect();
    names.dedup();
    assert_eq!(names.len(), 4, "{}", ran.stderr);
}

/// The shop in targets in which it fails, comes back and is untested: two runs that have to say the same.
pub fn twice() -> [Ran; 2] {
    let profiles = [
        format!("{}restore: {{jobs: 4}}\n", bare("empty", 17)),
        matching("twin", 18),
        format!("{}cluster: {{encoding: LATIN1, locale: C}}\n", matching("latin", 17)),
        nowhere("gone"),
    ];
    let profiles: Vec<&str> = profiles.iter().map(String::as_str).collect();
    ["matrix-once", "matrix-again"].map(|name| shared::run(name, |home| home.run(&dump(17, "shop.dump"), &profiles)))
}

#[test]
fn the_same_input_gives_the_same_report_apart_from_times() {
    let reports = twice().map(|ran| {
        ran.expect(1);
        let mut report: serde_json::Value = serde_json::from_str(&ran.json).unwrap();
        forget_times(&mut report);
        serde_json::to_string_pretty(&report).unwrap()
    });
    let differing: Vec<(&str, &str)> =
        reports[0].lines().zip(reports[1].lines()).filter(|(one, other)| one != other).take(10).collect();
    assert_eq!(differing, Vec::<(&str, &str)>::new());
    assert_eq!(reports[0].lines().count(), reports[1].lines().count());
}

fn forget_times(value: &mut serde_json::Value) {
    match value {
        serde_json::Value::Object(map) => {
            for key in ["started", "elapsed", "timings"] {
                map.remove(key);
            }
            map.values_mut().for_each(forget_times);
        }
        serde_json::Value::Array(values) => values.iter_mut().for_each(forget_times),
        _ => {}
    }
}

#[test]
fn an_accepted_finding_does_not_fail_its_target() {
    let home = Home::new();
    let profile = |object: &str| {
        format!(
            "{}severity: {{sequence-exhausted: error}}\naccept:\n  - {{finding: sequence-exhausted, object: {object}, reason: archived, until: 2999-12-31}}\n",
            bare("known", 17)
        )
    };
    let ran = home.run(&dump(17, "exhausted.dump"), &[&profile("public.short")]);
    ran.expect(0);
    assert_eq!(ran.finding("sequence-exhausted").accepted.as_deref(), Some("archived (until 2999-12-31)"));
    home.run(&dump(17, "exhausted.dump"), &[&profile("public.other")]).expect(1);
}

#[test]
fn a_report_on_standard_output_is_nothing_but_the_report() {
    let home = Home::new();
    let profile = home.profile(&bare("plain", 17));
    let mut command = home.program();
    command.arg("run").arg(dump(17, "small.dump")).arg("-p").arg(&profile);
    let ran = home.finish(command.args(["--engine", "docker", "--report", "json", "--quiet"]));
    ran.expect(0);
    let report = pgrehearse::report::json::read(&ran.stdout).expect("standard output is a report");
    assert_eq!(report.targets.len(), 1);
    assert_eq!(ran.stderr, "");
}

// In the everyday suite other tests find these, in smaller dumps.
#[test]
#[ignore = "more of the same: scripts/test --full"]
fn full_extensions_that_a_target_does_not_allow_or_have_are_findings() {
    let home = Home::new();
    let none = format!("{}extensions: {{allowed: []}}\n", matching("none", 17));
    let ran = home.run(&dump(17, "shop.dump"), &[&none]);
    ran.expect(1);
    assert_eq!(names(ran.only()), ["extension-not-allowed"]);
    let allowed = format!("{}extensions: {{allowed: [citext]}}\n", matching("citext", 17));
    home.run(&dump(17, "shop.dump"), &[&allowed]).expect(0);

    let text = std::fs::read_to_string(dump(17, "shop.sql")).unwrap();
    let missing = home.file("missing.sql", text.replace("citext", "no_such_text"));
    let ran = home.run(&missing, &[&matching("twin", 17)]);
    ran.expect(1);
    let failing: Vec<&str> =
        ran.only().findings().filter(|finding| finding.fails()).map(|finding| finding.name.as_str()).collect();
    assert_eq!(failing, ["extension-unavailable"], "{}", ran.json);
}
