//! Scripts that pg_dump has not written.

use proptest::prelude::*;

use super::super::{Affects, Scan};
use super::scanned;

fn scan(text: &str) -> Scan {
    scanned(text.as_bytes()).1
}

/// The places of rows, as `database.table=rows`.
fn rows(scan: &Scan) -> Vec<String> {
    let name = |rows: &super::super::TableRows| {
        format!("{}.{}={}", rows.place.database.as_deref().unwrap_or("-"), rows.place.table, rows.rows)
    };
    scan.rows.iter().map(name).collect()
}

fn doubts(text: &str) -> Vec<String> {
    scan(text).not_followed().map(|unfollowed| unfollowed.label()).collect()
}

#[test]
fn rows_go_where_psql_is_connected_to() {
    let insert = "INSERT INTO t VALUES (1);\n";
    for connect in
        ["\\c two", "\\connect two postgres;", "\\c \"dbname=two\"", "\\c postgresql:///two", "SELECT 1; \\c 'two'"]
    {
        let scan = scan(&format!("CREATE TABLE t(a int);\n{connect}\n{insert}"));
        assert_eq!((rows(&scan), scan.unfollowed.len()), (vec!["two.t=1".to_owned()], 0), "{connect}");
        assert_eq!(scan.end.database, Some(Some("two".into())), "{connect}");
    }
    assert_eq!(rows(&scan(&format!("SELECT 1;\n\\c -\n{insert}\\c :DBNAME\n{insert}"))), ["-.t=2"]);
    assert_eq!(
        doubts("SELECT 1;\n\\set d `echo x`\n\\c :d\n"),
        ["line 3: \\connect to a database whose name is not known from the text"]
    );
    assert_eq!(rows(&scan(&format!("SELECT 1;\n\\set d two\n\\c :d\n{insert}"))), ["two.t=1"]);
}

#[test]
fn commands_inside_of_statements_and_lines_are_followed() {
    assert_eq!(
        rows(&scan("INSERT INTO t VALUES (1) \\g\nINSERT INTO t VALUES (2)\\; INSERT INTO u VALUES (3);\n")),
        ["-.t=2", "-.u=1"]
    );
    assert_eq!(
        rows(&scan("SELECT 1; \\echo a \\\\ INSERT INTO t VALUES (1);\nINSERT INTO t VALUES (7) \\r\n")),
        ["-.t=1"]
    );
    assert_eq!(rows(&scan("\\set x t\n\\set v '(1), (2)'\nINSERT INTO :x VALUES :v;\n")), ["-.t=2"]);
    let two = "SELECT 1;\nCOPY t FROM stdin\\; COPY u FROM stdin;\n1\n\\.\n2\n3\n\\.\nINSERT INTO t VALUES (1);\n";
    assert_eq!(rows(&scan(two)), ["-.t=2", "-.u=2"]);
    let mixed = "COPY t FROM stdin\\; INSERT INTO u VALUES (5);\n7\n\\.\nINSERT INTO u VALUES (6);\n";
    assert_eq!(rows(&scan(mixed)), ["-.t=1", "-.u=2"]);
    let rest = "SELECT 1;\nCOPY t FROM stdin\\; COPY u FROM stdin; INSERT INTO u VALUES (1);\n1\n\\.\n2\n3\n\\.\n";
    assert_eq!(rows(&scan(rest)), ["-.t=1", "-.u=3"]);
    for unsure in
        ["COPY t FROM stdin\\;;\n7\n\\.\n", "SELECT 1;\nINSERT INTO t VALUES (1)\\; SELECT 2 \\r\nSELECT 3;\n"]
    {
        assert_eq!(doubts(unsure).len(), 1, "{unsure}");
    }
    let after = "COPY t FROM stdin; INSERT INTO u VALUES (1);\n1\n\\.\nINSERT INTO u VALUES (2);\n";
    assert_eq!(rows(&scan(after)), ["-.t=1", "-.u=2"]);
    assert_eq!(rows(&scan("SELECT 1;\n\\copy t (a) from stdin csv\n\"1\n2\"\n\\.\n")), ["-.t=1"]);
    // Without a semicolon at its end.
    let last = scan("INSERT INTO t VALUES (1);\nCREATE TABLE u(a int)");
    assert_eq!((last.damage.len(), last.facts.tables.len()), (0, 2));
}

#[test]
fn a_variable_that_names_itself_comes_to_an_end() {
    assert!(!doubts("SELECT 1;\n\\set a ';:a'\n:a\n;\nSELECT 2;\n").is_empty());
    assert!(!doubts("SELECT 1;\n\\set a ':b'\n\\set b ':a'\nSELECT :a;\n").is_empty());
}

#[test]
fn branches_that_are_not_taken_are_doubts() {
    let branches = |condition: &str| {
        scan(&format!(
            "SELECT 1;\n\\if {condition}\nINSERT INTO t VALUES (1);\n\\else\nINSERT INTO u VALUES (1);\n\\endif\n"
        ))
    };
    assert_eq!(rows(&branches("yes")), ["-.t=1"]);
    assert_eq!(rows(&branches("0")), ["-.u=1"]);
    assert!(branches("1").not_followed().next().is_some());
    assert_eq!(doubts("SELECT 1;\n\\if true\nSELECT 2;\n\\endif\n"), Vec::<String>::new());
    assert_eq!(doubts("SELECT 1;\n\\if true\nSELECT 2;\n"), ["line 2: \\if without its \\endif"]);
}

#[test]
fn the_end_of_a_script_is_known() {
    let end = |text: &str| scan(text).end;
    assert_eq!(end("BEGIN;\nCREATE TABLE t(a int);\n").open_transaction, Some(1));
    assert_eq!(end("BEGIN;\nCREATE TABLE t(a int);\nCOMMIT;\n").open_transaction, None);
    assert_eq!(end("BEGIN;\nSELECT 1;\n").open_transaction, None);
    assert_eq!(end("SELECT 1;\n\\q\nSELECT 2;\n").quits, Some(2));
    assert_eq!(end("SELECT 1;\n\\q\n-- the end\n").quits, None);
    assert_eq!(
        doubts("BEGIN;\nCREATE TABLE t(a int);\nROLLBACK;\n"),
        ["line 3: ROLLBACK takes back what was done since line 1"]
    );
    assert_eq!(
        doubts("BEGIN;\nCREATE TABLE t(a int);\n\\c two\n"),
        ["line 3: \\connect inside a transaction takes back what was done since line 1"]
    );
}

#[test]
fn what_a_script_does_to_rows_is_told_of_those_that_came_before() {
    let of = |text: &str| -> Vec<Affects> {
        scan(text).unfollowed.into_iter().map(|unfollowed| unfollowed.affects).collect()
    };
    assert_eq!(of("DELETE FROM t;\nCREATE TABLE t(a int);\n"), []);
    assert_eq!(of("CREATE TABLE t(a int);\nDELETE FROM t;\nDELETE FROM t;\n"), [Affects::Database(None)]);
    assert!(
        matches!(of("CREATE TABLE t(a int);\nDROP TABLE t;\n").as_slice(), [Affects::Table(table)] if table.name == "t")
    );
    assert_eq!(of("DROP DATABASE IF EXISTS app;\nCREATE DATABASE app;\n\\connect app\n"), []);
    assert_eq!(of("CREATE TABLE t(a int);\nALTER DATABASE app RENAME TO b;\n"), []);
    // A name that a database had before is another database's.
    let again = "\\connect a\nCREATE TABLE t(a int);\n\\connect b\nALTER DATABASE a RENAME TO c;\nCREATE DATABASE a;\n";
    assert_eq!(of(again), [Affects::Everything]);
    // What is dropped before anything goes into it, as pg_dumpall --clean does, has lost nothing.
    let other = "\\connect other\nCREATE TABLE t(a int);\nCOPY t FROM stdin;\n1\n\\.\n\\connect template1\n";
    let clean = "UPDATE pg_catalog.pg_database SET datistemplate = false WHERE datname = 'app';\nCREATE ROLE r;\nGRANT r TO s;\n\
                 COMMENT ON ROLE r IS 'x';\nGRANT ALL ON TABLESPACE a TO r;\nDROP DATABASE app;\nCREATE DATABASE app;\n";
    assert_eq!(of(&format!("{other}{clean}\\connect app\nCREATE TABLE t(a int);\n")), []);
    for put in [
        "CREATE TABLE t(a int);",
        "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1';",
        "COMMENT ON SCHEMA public IS 'x';",
        "SELECT lo_create('1');",
    ] {
        let script = format!("\\connect app\n{put}\n\\connect postgres\nDROP DATABASE app;\n");
        assert_eq!(of(&script), [], "it is gone, which is seen: {put}");
        assert_eq!(of(&format!("{script}CREATE DATABASE app;\n")), [Affects::Everything], "{put}");
    }
    // A query in an INSERT.
    let query = scan("CREATE TABLE t(a int);\nINSERT INTO t SELECT * FROM (VALUES (1), (2)) AS v;\n");
    assert!(query.rows[0].digest.is_err_and(|why| why.is_uncountable()));
}

#[test]
fn tables_of_the_session_hold_no_rows_of_the_dump() {
    assert_eq!(
        rows(&scan(
            "CREATE TEMP TABLE t(a int);\nINSERT INTO t VALUES (1);\nCOPY t FROM stdin;\n1\n\\.\nINSERT INTO public.u VALUES (1);\n"
        )),
        ["-.u=1"]
    );
}

#[test]
fn a_comment_alone_declares_nothing() {
    let text = "--\n-- PostgreSQL database dump\n--\n\n-- Name: a; Type: TABLE; Schema: public; Owner: x\n\nCREATE TABLE public.a (i int);\n\n\
        -- Name: TABLE a; Type: COMMENT; Schema: public; Owner: x\n\n-- Name: b; Type: SCHEMA; Schema: -; Owner: x\n\nALTER SCHEMA b OWNER TO x;\n\n\
        -- Name: k; Type: CONSTRAINT; Schema: public; Owner: x; Tablespace: \n\nALTER TABLE ONLY a ADD CONSTRAINT k UNIQUE (i);\n\n\
        --\n-- PostgreSQL database dump complete\n--\n";
    let scan = scan(text);
    let names: Vec<String> = scan.declared.iter().map(|declared| declared.label()).collect();
    assert_eq!(names, ["TABLE public.a", "SCHEMA b", "CONSTRAINT public.a k"]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    /// Whatever psql's grammar is put together to, reading it comes to its end.
    #[test]
    fn no_script_stops_the_reader(pieces in prop::collection::vec(prop::sample::select(vec![
        "SELECT", " ", "\n", "'", "\"", "$x$", "$$", ";", "\\;", "\\g", "\\gset", "\\q", "\\c ", "two", ":a", ":'a'", ":\"a\"", ":{?a}",
        "\\set a ", "\\if ", "true", "\\else", "\\endif", "\\\\", "`", "(", ")", "--", "/*", "*/", "COPY t FROM stdin", " CSV", "\\.",
        "\\copy t from stdin", "INSERT INTO t VALUES (1)", "BEGIN", "COMMIT", "E'", "\\encoding SJIS", "表", "SET client_encoding = 'GB18030'",
        "\\r", "\\restrict k", "\\unrestrict k", "\\lo_import x", "::", ":", "\r\n", "\t", "\\N", ",", "\0",
    ]), 1..60)) {
        let text = format!("SELECT 1;\n{}", pieces.concat());
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("script.sql");
        std::fs::write(&path, &text).unwrap();
        if let Ok(dump) = super::super::open(&path) {
            let first = dump.scan().unwrap();
            prop_assert_eq!(&dump.scan().unwrap(), &first);
            let counted = dump.count().unwrap();
            prop_assert_eq!(&counted.unfollowed, &first.unfollowed);
            prop_assert_eq!(counted.end, first.end);
        }
    }
}

#[test]
fn the_transactions_of_a_script_are_known_by_their_lines() {
    let at = |text: &str, line: u64| scan(text).end.transactions.at(line).map(|found| (found.begins, found.ends));
    let begun = "SELECT 1;\nBEGIN;\nCREATE ROLE a;\nCOMMIT;\nCREATE ROLE b;\n";
    assert_eq!([1, 3, 5].map(|line| at(begun, line)), [None, Some((2, 4)), None]);
    let off = "\\set AUTOCOMMIT off\nCREATE ROLE a;\nCOMMIT;\n\\set AUTOCOMMIT on\nCREATE ROLE b;\n";
    assert_eq!([2, 5].map(|line| at(off, line)), [Some((2, 3)), None]);
    let inserts = "\\set AUTOCOMMIT off\nINSERT INTO t VALUES (1);\nCREATE ROLE a;\nEND;\nVACUUM;\n";
    assert_eq!([3, 5].map(|line| at(inserts, line)), [Some((2, 4)), None]);
    let chained = "BEGIN;\nCOMMIT AND CHAIN;\nCREATE ROLE a;\nROLLBACK;\nCREATE ROLE b;\n";
    assert_eq!([3, 5].map(|line| at(chained, line)), [Some((2, 4)), None]);
}

#[test]
fn what_goes_back_to_a_savepoint_and_what_is_only_set_is_known_of_a_transaction() {
    let of = |text: &str| scan(text).end.transactions.at(2).map(|found| (found.sets, found.resumed));
    assert_eq!(of("BEGIN;\nCREATE ROLE a;\nCOMMIT;\n"), Some((None, None)));
    assert_eq!(of("BEGIN;\nSET search_path = a;\nCOMMIT;\n"), Some((Some(2), None)));
    assert_eq!(of("BEGIN;\nSAVEPOINT s;\nCREATE ROLE a;\nROLLBACK TO s;\nCOMMIT;\n"), Some((None, Some(4))));
    assert_eq!(of("\\set ON_ERROR_ROLLBACK on\nBEGIN;\nCREATE ROLE\na;\nCOMMIT;\n"), Some((None, Some(5))));
}
