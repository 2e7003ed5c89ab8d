//! What a profile decides about findings: what it accepts, what they count as; and what fails a run.

use pgrehearse::finding::Severity;

use crate::classics::exhausted;
use crate::support::home::names;
use crate::support::{Home, Ran, bare, dump, matching, shared, with_statements};

const END: &str = "reason: known, until: 2999-12-31";

/// A profile with decisions.
fn deciding(profile: &str, decisions: &str) -> String {
    format!("{profile}{decisions}\n")
}

#[test]
fn objects_are_accepted_by_pattern_and_one_that_is_not_keeps_its_finding_open() {
    let home = Home::new();
    // What the source is itself is a warning, until the profile says otherwise.
    let strict = |name: &str| format!("{}severity: {{sequence-exhausted: error}}\n", bare(name, 17));
    assert_eq!(exhausted().finding("sequence-exhausted").objects, ["SEQUENCE public.short"]);

    let accept = |name: &str, object: &str, target: &str| {
        let accept =
            format!("accept: [{{finding: sequence-exhausted, object: '{object}', target: '{target}', {END}}}]");
        deciding(&strict(name), &accept)
    };
    let profiles = [
        accept("by-kind", "SEQUENCE public.*", "by-*"),
        accept("other", "public.long*", "*"),
        accept("far", "*", "by-*"),
    ];
    let profiles: Vec<&str> = profiles.iter().map(String::as_str).collect();
    let ran = home.run(&dump(17, "exhausted.dump"), &profiles);
    ran.expect(1);
    assert_eq!(ran.target("by-kind").verdict.label(), "pass");
    assert_eq!(names(ran.target("by-kind")), ["sequence-exhausted"], "it is shown");
    assert_eq!(ran.target("other").verdict.label(), "fail");
    let unused = ran.target("other").findings().find(|finding| finding.name.as_str() == "accept-unused").unwrap();
    assert_eq!(unused.severity, Severity::Warning);
    assert!(unused.evidence.iter().any(|line| line.contains("SEQUENCE public.short")), "{unused:?}");
    assert_eq!(ran.target("far").verdict.label(), "fail");
    assert!(!names(ran.target("far")).contains(&"accept-unused"), "it is for other targets");
}

#[test]
fn of_several_objects_those_that_are_not_accepted_fail_the_target() {
    let home = Home::new();
    let source = r#"
CREATE TABLE public."audit; DROP TABLE x; --" (id int);
ALTER TABLE public."audit; DROP TABLE x; --" OWNER TO nobody_here;
CREATE TABLE public.orders (id int);
ALTER TABLE public.orders OWNER TO nobody_here;"#;
    let script = home.file("two.sql", with_statements(&dump(17, "small.sql"), source));
    let accept = |name: &str, objects: &[&str]| {
        let accepts: Vec<String> =
            objects.iter().map(|object| format!("  - {{finding: role-missing, object: '{object}', {END}}}")).collect();
        deciding(&bare(name, 17), &format!("accept:\n{}", accepts.join("\n")))
    };
    let hostile = r#"ALTER TABLE public."audit; DROP TABLE x; --" OWNER TO *"#;
    let one = accept("one", &[hostile]);
    let both = accept("both", &[hostile, "ALTER TABLE public.orders OWNER TO nobody_here;"]);
    let ran = home.run(&script, &[&one, &both]);
    ran.expect(1);
    let finding = |target: &str| {
        ran.target(target).findings().find(|finding| finding.name.as_str() == "role-missing").unwrap().clone()
    };
    let part = finding("one");
    assert!(part.fails() && part.accepted.is_none(), "{part:?}");
    assert_eq!(part.accepted_objects[0].objects.len(), 1, "{part:?}");
    assert!(part.accepted_objects[0].objects[0].contains("audit"), "{part:?}");
    assert!(ran.stdout.contains("open      1 of 2"), "{}", ran.stdout);
    assert!(!finding("both").fails(), "{:?}", finding("both"));
}

#[test]
fn an_accepted_error_explains_nothing_else_that_is_missing() {
    let home = Home::new();
    // What nobody reports: rows that go after they came, beside an error that is accepted.
    let script = with_statements(
        &dump(17, "small.sql"),
        "CREATE TABLE public.kept (id int);\nCOPY public.kept (id) FROM stdin;\n1\n2\n\\.\n\n\
         CREATE FUNCTION public.gone() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN TRUNCATE public.kept; END';\n\
         CREATE EVENT TRIGGER gone ON ddl_command_end WHEN TAG IN ('COMMENT') EXECUTE FUNCTION public.gone();\n\
         COMMENT ON SCHEMA public IS 'x';\nDROP EVENT TRIGGER gone;\n\
         ALTER TABLE public.kept OWNER TO nobody_here;",
    );
    let script = home.file("gone.sql", script);
    let accepting = deciding(&bare("accepting", 17), &format!("accept: [{{finding: role-missing, {END}}}]"));
    let milder = deciding(&bare("milder", 17), "severity: {role-missing: note}");
    let ran = home.run(&script, &[&accepting, &milder]);
    ran.expect(1);
    for target in ["accepting", "milder"] {
        let failing: Vec<&str> = ran.target(target).failing().map(|finding| finding.name.as_str()).collect();
        assert_eq!(failing, ["rows-missing"], "{target}: {}", ran.stdout);
    }
}

#[test]
fn what_could_not_even_begin_is_untested_although_it_is_accepted() {
    let home = Home::new();
    let script =
        "CREATE DATABASE nowhere TEMPLATE template0 LOCALE 'xx_XX.UTF-8';\n\\connect nowhere\nCREATE TABLE t ();\n";
    let script = home.file("nowhere.sql", script);
    let profile = deciding(&bare("nowhere", 17), &format!("accept: [{{finding: locale-unavailable, {END}}}]"));
    let ran = home.run(&script, &[&profile]);
    ran.expect(3);
    // What is missing by its name, and nothing that only follows from it: that psql had no connection at its end.
    let gone = "database \"nowhere\", into which the dump puts 1 table, is not there after the restore";
    assert_eq!(ran.only().untested, [gone]);
    assert_eq!(ran.only().findings().count(), 1, "{}", ran.json);
}

#[test]
fn severities_of_the_profile_are_what_counts_and_are_shown() {
    let home = Home::new();
    let shop = dump(17, "shop.dump");
    let role = "severity: {role-missing: warning, privileges-changed: note, ownership-changed: note}";
    let ran = home.run_with(&shop, &[&deciding(&bare("milder", 17), role)], &["--all"]);
    let finding = ran.only().findings().find(|finding| finding.name.as_str() == "role-missing").unwrap();
    assert_eq!((finding.severity, finding.own_severity), (Severity::Warning, Some(Severity::Error)));
    assert!(ran.stdout.contains("severity  warning by the profile; error without it"), "{}", ran.stdout);

    let small = dump(17, "small.dump");
    let unused = format!("accept: [{{finding: role-missing, {END}}}]\nseverity: {{accept-unused: error}}");
    let ran = home.run(&small, &[&deciding(&bare("strict", 17), &unused)]);
    ran.expect(1);
    assert_eq!(names(ran.only()), ["accept-unused"]);
}

/// A profile that has a query of less weight, which is not met.
fn warned_profile() -> String {
    let query = "checks: {queries: [{name: no, sql: SELECT 1, expect: 2, severity: warning}]}";
    deciding(&bare("warned", 17), query)
}

/// A run with it.
pub fn warned() -> Ran {
    shared::run("decisions-warned", |home| home.run(&dump(17, "small.dump"), &[&warned_profile()]))
}

#[test]
#[ignore = "in words: scripts/test --full"]
fn full_warnings_pass_where_the_run_asks_for_errors() {
    Home::new().run_with(&dump(17, "small.dump"), &[&warned_profile()], &["--fail-on", "error"]).expect(0);
}

#[test]
fn warnings_fail_where_the_run_asks_for_it_and_the_verdict_says_so() {
    let home = Home::new();
    let small = dump(17, "small.dump");
    warned().expect(0);
    let warned = warned_profile();
    let ran = home.run_with(&small, &[&warned], &["--fail-on", "warning"]);
    ran.expect(1);
    assert_eq!(ran.only().fail_on, Severity::Warning);
    let words = ran.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(words.contains("restored with warnings, which fail here (--fail-on warning), on warned"), "{}", ran.stdout);
    assert!(ran.json.contains("\"fail_on\": \"warning\""), "{}", ran.json);
    // What is accepted does not count, and a clean target stays clean.
    let accepted = deciding(&warned, &format!("accept: [{{finding: query-failed, object: 'no', {END}}}]"));
    home.run_with(&small, &[&accepted], &["--fail-on", "warning"]).expect(0);
    home.run_with(&small, &[&matching("clean", 17)], &["--fail-on", "warning"]).expect(0);
}
