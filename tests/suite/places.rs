//! Every database that a dump puts something into is looked at, under whatever name it has by then, or is untested by name.

use std::path::{Path, PathBuf};

use pgrehearse::check::{CheckResult, ItemKind, Outcome};
use pgrehearse::finding::Finding;
use pgrehearse::rehearsal::{Rehearsal, Verdict};

use crate::support::home::{entry, findings, names};
use crate::support::{Home, Ran, bare, shared};

fn case(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases").join(name)
}

fn run(home: &Home, script: &str) -> Ran {
    let path = home.file("script.sql", script);
    home.run(&path, &[&format!("{}database: {{name: app}}\n", bare("app", 15))])
}

fn titles<'a>(target: &'a Rehearsal, name: &str) -> Vec<&'a str> {
    findings(target, name).iter().map(|finding| finding.title.as_str()).collect()
}

fn run_case(name: &str, script: &str) -> Ran {
    shared::run(name, |home| home.run(&case(script), &[&format!("{}database: {{name: app}}\n", bare("app", 15))]))
}

/// A script that fills a second database in a transaction that it leaves open.
pub fn second() -> Ran {
    run_case("places-second", "pass/pass-second-db.sql")
}

/// One that renames its database after rows of it were lost.
pub fn renamed() -> Ran {
    run_case("places-renamed", "pass/pass-rename.sql")
}

#[test]
fn rows_that_a_second_or_a_renamed_database_has_lost_are_missing() {
    let home = Home::new();
    let ran = second();
    ran.expect(1);
    assert_eq!(titles(ran.only(), "rows-missing").len(), 1, "{}", ran.json);
    assert!(ran.finding("rows-missing").title.ends_with("(database \"postgres\")"), "{}", ran.json);
    let ran = renamed();
    ran.expect(1);
    assert_eq!(ran.finding("rows-missing").objects, ["TABLE public.lost"]);
    assert_eq!(ran.only().restore.as_ref().unwrap().databases, ["app2"]);
    // Whole, and under another name: it is looked at there.
    let whole = std::fs::read_to_string(case("pass/pass-rename.sql")).unwrap().replace("DELETE FROM public.lost;", "");
    let ran = run(&home, &whole);
    ran.expect(0);
    assert_eq!((entry(ran.only(), ItemKind::Rows).held, entry(ran.only(), ItemKind::Rows).compared), (2, 2));
}

/// Two tables in a database, and how one of them loses its rows.
const FILL: &str = "CREATE TABLE public.t (a int);\nCOPY public.t (a) FROM stdin;\n1\n2\n\\.\nCREATE TABLE public.whole (a int);\nCOPY public.whole (a) FROM stdin;\n1\n\\.\n";
const LOSE: &str = "DELETE FROM public.t;\n";

fn filled(database: &str) -> String {
    format!("\\connect {database}\n{FILL}{LOSE}")
}

/// A template, a database that is closed, and template1, each of which loses rows, with one more that is made before them.
fn odd_databases(more: &str, end: &str) -> String {
    format!(
        "CREATE DATABASE pattern IS_TEMPLATE true;\nCREATE DATABASE closed;\n{more}{}{}{}\\connect postgres\n\
         ALTER DATABASE closed ALLOW_CONNECTIONS false;\n{end}",
        filled("pattern"),
        filled("closed"),
        filled("template1"),
    )
}

/// With one that is renamed.
fn with_renamed() -> String {
    let former = format!("CREATE DATABASE former;\n{}\\connect postgres\n", filled("former"));
    odd_databases(&former, "ALTER DATABASE former RENAME TO latter;\n")
}

#[test]
#[ignore = "whole, too: scripts/test --full"]
fn full_templates_closed_and_renamed_databases_that_are_whole_pass() {
    let ran = run(&Home::new(), &with_renamed().replace(LOSE, ""));
    ran.expect(0);
    assert!(entry(ran.only(), ItemKind::Database).held >= 4);
}

#[test]
fn templates_closed_and_renamed_databases_are_looked_at_and_one_that_is_gone_is_named() {
    let home = Home::new();
    let ran = run(&home, &with_renamed());
    ran.expect(1);
    let missing = titles(ran.only(), "rows-missing");
    for database in ["pattern", "closed", "latter", "template1"] {
        let end = format!("(database {database:?})");
        assert!(missing.iter().any(|title| title.ends_with(&end)), "{database}: {missing:?}");
    }
    let rows = entry(ran.only(), ItemKind::Rows);
    assert_eq!((rows.held, rows.compared), (8, 8), "{rows:?}");
    // Whole, each of them passes: beside one that is gone, nothing else is untested.
    let gone = format!("CREATE DATABASE gone;\n\\connect gone\n{FILL}\\connect postgres\n");
    let gone = odd_databases(&gone, "DROP DATABASE gone;\n").replace(LOSE, "");
    let ran = run(&home, &gone);
    ran.expect(3);
    let reason = "database \"gone\", into which the dump puts 2 tables, is not there after the restore";
    assert_eq!(ran.only().untested, [reason]);
    let rows = entry(ran.only(), ItemKind::Rows);
    assert_eq!((rows.held, rows.compared), (8, 6), "{rows:?}");
    assert_eq!(rows.untested[0].names, ["gone: public.t", "gone: public.whole"]);
    let of_database = &entry(ran.only(), ItemKind::Database).untested[0];
    assert_eq!((of_database.reason.as_str(), &*of_database.names), (reason, &["gone".to_owned()][..]));
}

#[test]
fn what_a_template_database_has_lost_is_missed_whether_the_cluster_or_it_alone_was_dumped() {
    template_is_judged(1);
}

#[test]
#[ignore = "whole, too: scripts/test --full"]
fn full_a_template_database_that_is_whole_passes_whether_the_cluster_or_it_alone_was_dumped() {
    template_is_judged(0);
}

/// Without its rows, or whole: the exit code that it comes to.
fn template_is_judged(code: i32) {
    let home = Home::new();
    // A BEGIN too many: what follows in the database "tpl" is never committed.
    let lossy = std::fs::read_to_string(case("pass/pass-pg_dumpall-template.sql")).unwrap();
    let text = if code == 0 { lossy.replace("\nBEGIN;\n", "\n") } else { lossy };
    let at = |text: &str| text.find("--\n-- Name: tpl; Type: DATABASE").unwrap();
    // As `pg_dump -C` of the template writes it.
    let alone = |text: &str| {
        let end = text.find("--\n-- PostgreSQL database cluster dump complete").unwrap();
        format!("--\n-- PostgreSQL database dump\n--\n\n{}", &text[at(text)..end])
    };
    let (cluster, only) = (bare("cluster", 15), format!("{}database: {{name: tpl}}\n", bare("alone", 15)));
    for (text, profile) in [(text.clone(), &cluster), (alone(&text), &only)] {
        let ran = home.run(&home.file("tpl.sql", text), &[profile]);
        ran.expect(code);
        let databases = &ran.only().restore.as_ref().unwrap().databases;
        assert!(databases.contains(&"tpl".to_owned()), "{databases:?}");
        assert_eq!(names(ran.only()).contains(&"rows-missing"), code == 1, "{}", ran.json);
        let rows = entry(ran.only(), ItemKind::Rows);
        assert!(rows.held > 0 && rows.compared == rows.held, "{rows:?}");
    }
}

/// The results of a check, by database.
fn results<'a>(target: &'a Rehearsal, check: &str) -> Vec<(&'a str, &'a Outcome)> {
    let results = target.checks.iter().filter(|result| result.check == check);
    results.map(|result: &CheckResult| (result.database.as_deref().unwrap_or_default(), &result.outcome)).collect()
}

#[test]
fn what_a_check_found_in_one_database_displaces_nothing_that_it_could_not_see_in_another() {
    // Either kind once, and either order.
    displaces_nothing("a", "b", false);
    displaces_nothing("b", "a", true);
}

#[test]
#[ignore = "both kinds in both orders: scripts/test --full"]
fn full_what_a_check_found_in_one_database_displaces_nothing_in_any_order() {
    displaces_nothing("a", "b", true);
    displaces_nothing("b", "a", false);
}

/// What is lost in one database, an error or no more than a warning, where another one cannot be seen.
fn displaces_nothing(of: &str, unseen: &str, is_error: bool) {
    let home = Home::new();
    let table = "--\n-- Name: t; Type: TABLE; Schema: public; Owner: postgres\n--\n\nCREATE TABLE public.t (\n    a integer\n);\n\n\
                 --\n-- Name: TABLE t; Type: COMMENT; Schema: public; Owner: postgres\n--\n\nCOMMENT ON TABLE public.t IS 'x';\n\n";
    // Nobody can connect to a database whose library does not exist.
    let closed = |name: &str| format!("ALTER DATABASE {name} SET session_preload_libraries = 'nowhere';\n");
    let script = |loss: &str, of: &str, unseen: &str| {
        let mut script = "CREATE DATABASE a;\nCREATE DATABASE b;\n".to_owned();
        for database in ["a", "b"] {
            script.push_str(&format!("\\connect {database}\n{table}{}", if database == of { loss } else { "" }));
        }
        script + "\\connect postgres\n" + &closed(unseen)
    };
    if is_error {
        // An error beside what could not be looked at fails.
        let ran = run(&home, &script("DROP TABLE public.t;\n", of, unseen));
        ran.expect(1);
        assert_eq!(ran.only().verdict, Verdict::Fail);
        assert!(names(ran.only()).contains(&"object-missing") && !ran.only().untested.is_empty(), "{}", ran.json);
        return;
    }
    let ran = run(&home, &script("COMMENT ON TABLE public.t IS NULL;\n", of, unseen));
    ran.expect(3);
    for (database, outcome) in results(ran.only(), "objects") {
        match outcome {
            Outcome::Looked { findings } => {
                let names: Vec<&str> = findings.iter().map(|finding: &Finding| finding.name.as_str()).collect();
                assert_eq!((database, names), (of, vec!["comment-lost"]));
            }
            Outcome::CouldNotLook { .. } => assert_eq!(database, unseen),
        }
    }
    assert_eq!(results(ran.only(), "objects").len(), 2);
    assert!(!entry(ran.only(), ItemKind::Definition).untested.is_empty());
    let said = format!("check objects could not look at database {unseen:?}");
    assert!(ran.only().untested.iter().any(|reason| reason.starts_with(&said)), "{:?}", ran.only().untested);
}
