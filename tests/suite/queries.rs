//! The profile's own queries, the check that stands in where there are none, and what is masked.

use crate::support::home::findings;
use crate::support::{Home, Ran, bare, dump, shared, with_statements};

/// A value of a row of `small.dump`.
const VALUE: &str = "Ada Lovelace";

fn with_queries(name: &str, queries: &[(&str, &str)]) -> String {
    let mut yaml = format!("{}checks:\n  queries:\n", bare(name, 17));
    for (number, (sql, expect)) in queries.iter().enumerate() {
        let sql = sql.replace('"', "\\\"");
        yaml.push_str(&format!("    - {{name: query {number}, sql: \"{sql}\", expect: {expect}}}\n"));
    }
    yaml
}

fn met() -> Ran {
    let profile = with_queries(
        "met",
        &[
            ("SELECT count(*) FROM people", "3"),
            ("SELECT count(*) FROM people", "\">= 1\""),
            ("SELECT count(*) FROM people", "\"!= 0\""),
            ("SELECT count(*) FROM people", "\"< 10\""),
            ("SELECT avg(born) FROM people", "\"= 1860.5\""),
            ("SELECT name FROM people WHERE id = 1", "Ada Lovelace"),
            ("SELECT name FROM people WHERE id = 3", "Émilie du Châtelet"),
            ("SELECT born FROM people WHERE id = 3", "null"),
            ("SELECT true", "true"),
            ("SELECT id, born FROM people", "[[3, null], [1, 1815], [2, 1906]]"),
            ("SELECT id FROM people", "[2, 3, 1]"),
            ("SELECT FROM people WHERE id > 3", "empty"),
            ("TABLE people", "not empty"),
            ("SELECT 'empty'", "\"= 'empty'\""),
            // For another test.
            ("DELETE FROM people; SELECT count(*) FROM people", "0"),
            ("SELECT count(*) FROM people", "3"),
        ],
    );
    shared::run("queries-met", |home| home.run(&dump(17, "small.dump"), &[&profile]))
}

#[test]
fn queries_that_give_what_is_expected_pass_in_every_form() {
    let ran = met();
    ran.expect(0);
    let queries = ran.only().checks.iter().find(|check| check.check == "queries").unwrap();
    assert_eq!(queries.looked_at, "16 queries");
}

#[test]
fn queries_that_give_something_else_fail_in_every_form() {
    let home = Home::new();
    let queries = [
        ("SELECT count(*) FROM people", "4"),
        ("SELECT count(*) FROM people", "\"> 3\""),
        ("SELECT born FROM people WHERE id = 3", "\"!= 1\""),
        ("SELECT name FROM people", "Ada Lovelace"),
        ("SELECT name FROM people WHERE id = 2", "ada lovelace"),
        ("SELECT id, born FROM people", "[[1, 1815], [2, 1906]]"),
        ("SELECT id FROM people", "[1, 2, 3, 3]"),
        ("TABLE people", "empty"),
        ("SELECT FROM people WHERE id > 3", "not empty"),
        ("SELECT no_such_column FROM people", "1"),
        ("SELEC 1", "1"),
    ];
    let ran = home.run(&dump(17, "small.dump"), &[&with_queries("unmet", &queries)]);
    ran.expect(1);
    assert_eq!(ran.names(), ["query-failed"]);
    let failed: Vec<&str> = ran.only().findings().flat_map(|finding| &finding.objects).map(String::as_str).collect();
    let all: Vec<String> = (0..queries.len()).map(|number| format!("query {number}")).collect();
    assert_eq!(failed, all);
    // What to run is what the profile says.
    assert_eq!(ran.only().findings().next().unwrap().commands, ["SELECT count(*) FROM people"]);
}

#[test]
fn a_query_does_not_see_what_another_one_did() {
    // The last but one deletes the rows that the last counts.
    met().expect(0);
}

#[test]
fn row_values_stay_out_of_every_output_unless_they_are_asked_for() {
    let home = Home::new();
    // A query whose result is a value, one whose error quotes one, and statements of the dump that fail on one.
    let profile = with_queries(
        "masked",
        &[
            ("SELECT name FROM people WHERE id = 1", "somebody else"),
            ("SELECT name::integer FROM people WHERE id = 1", "1"),
        ],
    );
    let statements = "INSERT INTO public.people (id, name) VALUES (1, 'Ada Lovelace');
ALTER TABLE public.people ADD UNIQUE (born);
INSERT INTO public.people (id, name, born) VALUES (10, 'Ada Lovelace', 'Ada Lovelace');
COPY public.people (id, name, born) FROM stdin;
11\tAda Lovelace\tAda Lovelace
\\.
DO $$ BEGIN RAISE EXCEPTION 'found %', (SELECT name FROM public.people WHERE id = 1); END $$;
COPY public.missing (id, name) FROM stdin;
12\tAda Lovelace
\\.
ALTER TABLE public.people ALTER COLUMN name TYPE integer USING name::integer;";
    let damaged = home.file("damaged.sql", with_statements(&dump(17, "small.sql"), statements));
    let ran = home.run(&damaged, &[&profile]);
    ran.expect(1);
    assert!(ran.only().restore.as_ref().unwrap().errors >= 6, "{}", ran.json);
    for (output, text) in [("stdout", &ran.stdout), ("stderr", &ran.stderr), ("json", &ran.json)] {
        assert!(!text.contains(VALUE), "{output} shows a row value:\n{text}");
        assert!(!text.contains("Lovelace"), "{output} shows a part of a row value:\n{text}");
    }
    assert!(ran.stdout.contains("masked"), "{}", ran.stdout);

    let ran = home.run_with(&damaged, &[&profile], &["--show-data", "--all"]);
    ran.expect(1);
    assert!(ran.stdout.contains(VALUE), "{}", ran.stdout);
    let failed = findings(ran.only(), "query-failed");
    assert!(failed[0].evidence.iter().any(|line| line == "got one value: Ada Lovelace"), "{failed:?}");
}

#[test]
fn without_queries_a_dump_that_brings_no_table_fails() {
    let home = Home::new();
    let nothing = home.file("nothing.sql", with_statements(&dump(17, "small.sql"), "DROP TABLE public.people;"));
    let ran = home.run(&nothing, &[&bare("plain", 17)]);
    ran.expect(1);
    assert!(ran.names().contains(&"nothing-restored"), "{}", ran.json);
}

#[test]
fn without_queries_a_dump_whose_tables_are_all_empty_passes_with_a_word_about_it() {
    let home = Home::new();
    let text = std::fs::read_to_string(dump(17, "small.sql")).unwrap();
    let rows = text.find("FROM stdin;\n").unwrap() + "FROM stdin;\n".len()..text.find("\\.\n").unwrap();
    let empty = home.file("empty.sql", format!("{}{}", &text[..rows.start], &text[rows.end..]));
    let ran = home.run(&empty, &[&bare("plain", 17)]);
    ran.expect(0);
    assert_eq!(ran.names(), ["nothing-restored"], "{}", ran.json);
    assert_eq!(ran.finding("nothing-restored").severity.label(), "warning");
    // Somebody who knows that says so.
    let profile = with_queries("known", &[("SELECT count(*) FROM people", "0")]);
    home.run(&empty, &[&profile]).expect(0);
}

#[test]
fn a_server_that_logs_every_statement_logs_no_look_at_its_log() {
    let home = Home::new();
    let looks = "SELECT count(*) FROM regexp_matches(pg_read_file(pg_current_logfile('csvlog')), 'pg_read_binary_file[(]pg_current', 'g')";
    let settings = "cluster: {settings: {log_statement: all, log_min_duration_statement: 0, log_duration: on}}\n";
    let profile = with_queries("logs", &[(looks, "0")]);
    home.run(&dump(17, "small.dump"), &[&format!("{profile}{settings}")]).expect(0);
}

#[test]
fn a_query_that_raises_what_a_timeout_raises_fails_and_is_not_said_to_be_late() {
    let home = Home::new();
    let raises = "CREATE FUNCTION public.raises() RETURNS int LANGUAGE plpgsql AS
        $$BEGIN RAISE EXCEPTION 'not today' USING ERRCODE = 'query_canceled'; END$$;";
    let script = home.file("raises.sql", with_statements(&dump(17, "small.sql"), raises));
    let ran = home.run(&script, &[&with_queries("raises", &[("SELECT public.raises()", "1")])]);
    ran.expect(1);
    assert_eq!(ran.finding("query-failed").title, "query \"query 0\" failed", "{}", ran.json);
    assert!(!ran.json.contains("did not end within"), "{}", ran.json);
}
