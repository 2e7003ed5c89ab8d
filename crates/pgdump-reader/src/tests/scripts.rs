//! Scripts that pg_dump has not written.

use proptest::prelude::*;

use super::scanned;
use crate::digest::NoDigest;
use crate::{Affects, Scan};

fn scan(text: &str) -> Scan {
    scanned(text.as_bytes()).1
}

/// The places of rows, as `database.table=rows`.
fn rows(scan: &Scan) -> Vec<String> {
    let name = |rows: &crate::TableRows| {
        format!("{}.{}={}", rows.destination.database.as_deref().unwrap_or("-"), rows.destination.table, rows.rows)
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
fn what_a_script_does_to_rows_is_recorded_for_those_that_came_before() {
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
fn rows_of_a_table_that_has_the_name_of_a_temporary_one_are_the_dumps() {
    let copy = |table: &str| format!("COPY {table} FROM stdin;\n1\n\\.\n");
    for text in [
        "SET search_path = public;\nCREATE TEMP TABLE t(a int);\n\nCOPY public.t FROM stdin;\n1\n\\.\n".to_owned(),
        "CREATE TEMP TABLE t(a int);\nINSERT INTO public.t VALUES (1);\n".to_owned(),
        format!("CREATE TEMP TABLE t(a int);\nDROP TABLE t;\nCREATE TABLE t(a int);\n{}", copy("t")),
        "CREATE TEMP TABLE t(a int);\nINSERT INTO t VALUES (1);\nDROP TABLE t;\nINSERT INTO t VALUES (1);\n".to_owned(),
        "INSERT INTO t VALUES (1);\nCREATE TEMP TABLE t(a int);\nINSERT INTO t VALUES (1);\n".to_owned(),
        format!(
            "BEGIN;\nCREATE TEMP TABLE t(a int) ON COMMIT DROP;\n{0}COMMIT;\nCREATE TABLE t(a int);\n{0}",
            copy("t")
        ),
    ] {
        assert_eq!(rows(&scan(&text)), ["-.t=1"], "{text}");
    }
    // What goes into the session's own schema is nobody's.
    assert_eq!(rows(&scan(&format!("CREATE TABLE pg_temp.t(a int);\n{}", copy("pg_temp.t")))), Vec::<String>::new());
    let made = "SET search_path = pg_temp;\nCREATE TABLE t(a int);\nINSERT INTO t VALUES (1);\n";
    assert_eq!((rows(&scan(made)), scan(made).facts.tables.len()), (Vec::new(), 0));
}

#[test]
fn rows_that_may_have_gone_into_a_temporary_table_are_counted_by_nobody() {
    for rows in ["COPY t FROM stdin;\n1\n\\.\n", "INSERT INTO t VALUES (1);\nINSERT INTO t VALUES (1);\n"] {
        let scan = scan(&format!("CREATE TEMP TABLE t(a int);\nDO $$BEGIN DROP TABLE t; END$$;\n{rows}"));
        let digests: Vec<_> = scan.rows.iter().map(|rows| (rows.destination.table.as_str(), rows.digest)).collect();
        assert_eq!(digests, [("t", Err(NoDigest::PerhapsTemporary))], "{rows}");
    }
}

#[test]
fn a_table_that_is_filled_by_what_cannot_be_counted_has_rows() {
    let table = "CREATE TABLE public.t(a int);\n";
    for fills in [
        "WITH x AS (SELECT 1) INSERT INTO public.t VALUES (1);",
        "WITH x AS (INSERT INTO public.t VALUES (1) RETURNING a) SELECT a FROM x;",
        "PREPARE p(int) AS INSERT INTO public.t VALUES ($1);\nEXECUTE p(1);",
        "EXPLAIN ANALYZE INSERT INTO public.t VALUES (1);",
        "MERGE INTO public.t USING (SELECT 1) AS s(a) ON false WHEN NOT MATCHED THEN INSERT VALUES (1);",
        "COPY public.t FROM PROGRAM 'echo 1';",
        "COPY (INSERT INTO public.t VALUES (1) RETURNING a) TO stdout;",
        "SET search_path = public;\nCREATE TABLE u(a int);\nINSERT INTO pg_temp.v WITH x AS (INSERT INTO t VALUES (1) RETURNING a) TABLE x;",
        "COPY public.t FROM stdin;\n\\.\nWITH x AS (SELECT 1) INSERT INTO public.t VALUES (1);",
    ] {
        let scan = scan(&format!("{table}{fills}\n"));
        let uncountable = scan.rows.iter().filter(|rows| rows.rows == 1 && rows.digest == Err(NoDigest::Made));
        assert_eq!(uncountable.map(|rows| rows.destination.table.as_str()).collect::<Vec<_>>(), ["t"], "{fills}");
        assert!(scan.facts.tables.iter().any(|table| table.name == "t" && table.has_data), "{fills}");
    }
    for made in [
        "CREATE TABLE s.t AS SELECT 1;",
        "SELECT 1 AS a INTO s.t;",
        "PREPARE p AS SELECT 1;\nCREATE TABLE s.t AS EXECUTE p;",
    ] {
        let scan = scan(&format!("{made}\nALTER TABLE s.t RENAME TO u;\n"));
        let place = scan.rows.first().map(|rows| (rows.destination.schema.as_deref(), rows.destination.table.as_str()));
        assert_eq!(place, Some((Some("s"), "u")), "{made}");
    }
    for nothing in [
        "CREATE TABLE x AS SELECT 1 AS a;\nDROP TABLE IF EXISTS x;\n",
        "CREATE TEMP TABLE x AS SELECT 1;\nMERGE INTO x USING y ON true WHEN MATCHED THEN DELETE;\n",
        "SELECT 1 INTO TEMP x;\n",
        "PREPARE p(int) AS INSERT INTO public.t VALUES ($1);\n",
        "CREATE TABLE x AS SELECT * FROM public.t WITH NO DATA;\n",
    ] {
        assert_eq!(rows(&scan(&format!("{table}{nothing}"))), Vec::<String>::new(), "{nothing}");
    }
    // Rows that can be counted are compared, and others may be beside them.
    let both =
        scan(&format!("{table}INSERT INTO public.t VALUES (1);\nWITH x AS (SELECT 2) INSERT INTO public.t TABLE x;\n"));
    assert!(both.rows[0].digest.is_ok());
    assert!(both.unfollowed.iter().any(|of| of.effect == crate::Effect::Makes), "{:?}", both.unfollowed);
}

#[test]
fn code_that_may_fill_tables_is_known_before_there_are_any() {
    for text in ["DO $$BEGIN PERFORM 1; END$$;\n", "SELECT public.fill();\n", "CALL fill();\n", "EXECUTE nobody;\n"] {
        let end = scan(&format!("SELECT 1;\n\\c app\n{text}")).end;
        assert!(end.may_fill.contains_key(&Some("app".to_owned())), "{text}");
    }
    assert!(
        scan("SELECT pg_catalog.set_config('search_path', '', false);\nCREATE TABLE t(a int);\n")
            .end
            .may_fill
            .is_empty()
    );
}

#[test]
fn a_mark_of_utf8_at_the_beginning_hides_nothing_behind_it() {
    let made = scan("\u{feff}CREATE TABLE public.t(a int);\nINSERT INTO public.t VALUES (1);\n");
    assert!(made.facts.tables.iter().all(|table| table.created));
    assert_eq!(rows(&made), ["-.t=1"]);
    assert_eq!(rows(&scan("\u{feff}INSERT INTO t VALUES (1);\nSELECT 1;\n")), ["-.t=1"]);
    assert_eq!(rows(&scan("\u{feff}\\c two\nINSERT INTO t VALUES (1);\n")), ["two.t=1"]);
    assert_eq!(scan("\u{feff}SET client_encoding = 'LATIN1';\nSELECT 1;\n").facts.encoding.as_deref(), Some("LATIN1"));
    assert_eq!(scan("\u{feff}BEGIN;\nCREATE TABLE t(a int);\n").end.open_transaction, Some(1));
}

#[test]
fn what_stands_behind_rows_is_known_by_its_last_line() {
    let text = "CREATE TABLE t(a int);\nDELETE FROM t;\nINSERT INTO t VALUES (1);\nDELETE FROM t;\n";
    let scan = scan(text);
    assert_eq!((scan.rows[0].line, scan.unfollowed[0].line, scan.unfollowed[0].last), (3, 2, 4));
}

#[test]
fn rows_in_an_encoding_of_their_own_are_counted() {
    let copy = |row: &str| format!("CREATE TABLE t(b text);\nCOPY t FROM stdin (ENCODING 'LATIN1');\n{row}\n\\.\n");
    let digest = |text: String| scan(&text).rows[0].digest;
    assert_eq!(digest(copy("ä")), Err(NoDigest::Encoding));
    assert_eq!(digest(format!("SET client_encoding = 'UTF8';\n{}", copy("ä"))), Err(NoDigest::Encoding));
    assert!(digest(format!("SET client_encoding = 'latin-1';\n{}", copy("ä"))).is_ok());
    assert!(digest(copy("a")).is_ok());
}

#[test]
fn a_statement_with_a_value_that_is_not_known_is_a_doubt_of_every_kind() {
    for statement in [
        "INSERT INTO t VALUES (:stamp);",
        "INSERT INTO t VALUES (:'stamp') \\g",
        "INSERT INTO :stamp VALUES (1);",
        "INSERT INTO t VALUES (1)\\; INSERT INTO t VALUES (:stamp);",
        "INSERT INTO t VALUES (:stamp)",
        "COPY t FROM stdin DELIMITER :'stamp';\n1\n\\.",
        "DELETE FROM t WHERE a = :stamp;",
    ] {
        for set in ["\\set stamp `date +%s`", "\\getenv stamp HOME"] {
            let text = format!("CREATE TABLE t(a int);\n{set}\n{statement}");
            let doubt = "line 3: the variable \"stamp\", whose value is not known from the text";
            assert_eq!(doubts(&text), [doubt], "{text}");
        }
    }
    let scan = scan("SELECT 1;\nINSERT INTO t VALUES (7);\n\\set x `date`\nINSERT INTO t VALUES (:x);\n");
    assert_eq!((scan.rows[0].rows, scan.rows[0].digest), (2, Err(NoDigest::Expressions)));
}

#[test]
fn an_insert_at_the_end_needs_no_semicolon() {
    let scan = scan("SELECT 1;\nINSERT INTO t VALUES (1);\nINSERT INTO t VALUES (2)");
    assert_eq!((rows(&scan), scan.damage.len()), (vec!["-.t=2".to_owned()], 0));
}

#[test]
fn what_a_script_drops_itself_is_not_looked_for() {
    let left = |text: &str| scan(text).facts.roles_left().cloned().collect::<Vec<_>>();
    assert_eq!(
        left("CREATE ROLE a;\nCREATE USER b;\nCREATE GROUP c;\nDROP ROLE IF EXISTS x, a;\nDROP USER b;\n"),
        ["c"]
    );
    assert_eq!(left("CREATE ROLE a;\nALTER ROLE a RENAME TO \"B\";\n"), ["B"]);
    assert_eq!(left("CREATE ROLE a;\nALTER USER a RENAME TO b;\nALTER GROUP b RENAME TO a;\n"), ["a"]);
    assert_eq!(left("DROP ROLE IF EXISTS a;\nCREATE ROLE a;\n"), ["a"], "as pg_dumpall --clean has it");
    assert_eq!(left("CREATE ROLE a;\nDROP ROLE a;\nCREATE ROLE a;\n"), ["a"]);
    let facts = scan(
        "SELECT setval('s.a', 5);\nDROP SEQUENCE s.a;\nCREATE POLICY p ON s.t;\nDROP POLICY p ON s.t;\n\
         REFRESH MATERIALIZED VIEW s.v;\nREFRESH MATERIALIZED VIEW s.w;\nDROP MATERIALIZED VIEW s.v;\n",
    )
    .facts;
    // They were the dump's, and are lost: that is for the ledger and the checks to say.
    assert_eq!(facts.sequences.iter().map(|value| value.sequence.name.as_str()).collect::<Vec<_>>(), ["a"]);
    assert_eq!(facts.policies.iter().map(|policy| policy.name.as_str()).collect::<Vec<_>>(), ["p"]);
    assert_eq!(facts.refreshed.iter().map(|view| view.name.as_str()).collect::<Vec<_>>(), ["w"]);
}

#[test]
fn what_a_script_undoes_of_row_security_is_known_by_its_last_word() {
    let gone = |text: &str| {
        let gone = scan(text).facts.policies_gone;
        gone.into_iter().map(|(of, name)| format!("{}.{name}", of.name)).collect::<Vec<_>>()
    };
    assert_eq!(gone("CREATE POLICY p ON s.t;\nCREATE POLICY q ON s.t;\nDROP POLICY IF EXISTS p ON s.t;\n"), ["t.p"]);
    assert!(gone("DROP POLICY p ON s.t;\nCREATE POLICY p ON s.t;\n").is_empty(), "as pg_dump --clean has it");
    let facts = scan("CREATE POLICY p ON s.t TO a;\nALTER POLICY p ON s.t RENAME TO q;\n").facts;
    let named: Vec<_> = facts.policies.iter().map(|policy| (policy.name.as_str(), policy.roles.concat())).collect();
    assert_eq!(named, [("p", "a".to_owned()), ("q", "a".to_owned())]);
    let text = "ALTER TABLE s.t ADD CHECK (f(a, b)), ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;\n";
    let off = "ALTER TABLE s.t DISABLE ROW LEVEL SECURITY, NO FORCE ROW LEVEL SECURITY;\n";
    let said = |text: &str| {
        let facts = scan(text).facts;
        let forced = facts.row_security_forced.values().copied().collect::<Vec<_>>();
        (facts.row_security.len(), facts.row_security_off.len(), forced)
    };
    assert_eq!(said(text), (1, 0, vec![true]));
    assert_eq!(said(&format!("{text}{off}")), (1, 1, vec![false]));
    assert_eq!(said(&format!("{text}{off}{text}")), (2, 0, vec![true]));
    assert_eq!(said("ALTER TABLE s.t ENABLE TRIGGER row, FORCE x;\n"), (0, 0, vec![]));
}

#[test]
fn strings_are_read_as_the_session_reads_them_by_then() {
    let tables = |text: &str| scan(text).facts.tables.len();
    for reset in ["RESET ALL;", "RESET standard_conforming_strings;", "DISCARD ALL;", "\\connect app"] {
        let text = format!("SET standard_conforming_strings = off;\n{reset}\nSELECT 'x\\';\nCREATE TABLE t (a int);\n");
        assert_eq!(tables(&text), 1, "{reset}");
    }
    for off in ["of", "'F'", "n", "'0'"] {
        let text = format!("SET standard_conforming_strings = {off};\nSELECT 'x\\';';\nCREATE TABLE t (a int);\n");
        assert_eq!(tables(&text), 1, "{off}");
    }
}

#[test]
fn a_role_ends_with_its_transaction_where_it_was_local_or_taken_back() {
    let acts = |text: &str| {
        let added = scan(&format!("{text}CREATE VIEW v AS SELECT 1;\n")).added;
        added.last().and_then(|added| added.role.clone())
    };
    assert_eq!(acts("BEGIN;\nSET LOCAL ROLE a;\n").as_deref(), Some("a"));
    assert_eq!(acts("BEGIN;\nSET LOCAL ROLE a;\nCOMMIT;\n"), None);
    assert_eq!(acts("BEGIN;\nSET LOCAL SESSION AUTHORIZATION a;\nEND;\n"), None);
    assert_eq!(acts("SET LOCAL ROLE a;\n"), None);
    assert_eq!(acts("START TRANSACTION;\nSET ROLE a;\nCOMMIT;\n").as_deref(), Some("a"));
    assert_eq!(acts("SET ROLE b;\nBEGIN;\nSET ROLE a;\nROLLBACK;\n").as_deref(), Some("b"));
    assert_eq!(acts("BEGIN;\nSET SESSION AUTHORIZATION a;\nROLLBACK TO s;\n").as_deref(), Some("a"));
}

#[test]
fn what_a_sequence_is_set_to_is_seen_wherever_it_stands() {
    let last = |text: &str| {
        let text = format!("SELECT setval('s', 5);\n{text}");
        scan(&text).facts.sequences.last().map(|value| value.value).unwrap()
    };
    assert_eq!(last("WITH x AS (SELECT 1) SELECT setval('s', 9) FROM x;\n"), Some((9, true)));
    assert_eq!(last("WITH x AS (SELECT max(a) AS m FROM t) SELECT setval('s', m) FROM x;\n"), None);
    assert_eq!(last("DELETE FROM t RETURNING setval('s', a);\n"), None);
}

#[test]
fn sequences_that_a_script_starts_anew_stand_where_it_says() {
    let values = |text: &str| {
        let sequences = scan(text).facts.sequences;
        let each = sequences.into_iter().map(|value| (value.sequence.schema, value.sequence.name, value.value));
        each.map(|(schema, name, value)| (schema.unwrap_or_default(), name, value)).collect::<Vec<_>>()
    };
    let is = |text: &str, schema: &str, name: &str, value: Option<(i64, bool)>| {
        assert_eq!(values(text), [(schema.to_owned(), name.to_owned(), value)], "{text}");
    };
    is("ALTER SEQUENCE IF EXISTS a.s RESTART WITH 10;\n", "a", "s", Some((10, false)));
    is("SET search_path = a;\nALTER SEQUENCE s RESTART;\n", "a", "s", None);
    is("ALTER TABLE ONLY a.t ALTER COLUMN id RESTART WITH 7;\n", "a", "t_id_seq", Some((7, false)));
    is("SET search_path = a;\nSELECT setval('s'::regclass, 3, false);\n", "a", "s", Some((3, false)));
    is("SELECT * FROM (SELECT setval('a.s', 3)) x;\n", "a", "s", Some((3, true)));
    is("ALTER SEQUENCE a.s OWNED BY a.t.id;\nSELECT setval('a.s', 1);\n", "a", "s", Some((1, true)));
    let anew = values("SELECT setval('a.s', 4);\nTRUNCATE a.t RESTART IDENTITY;\n");
    assert_eq!(anew.last().map(|last| last.2), Some(None), "only the server knows which start anew");
}

#[test]
fn names_are_those_that_the_server_keeps() {
    let (long, kept) = ("n".repeat(70), "n".repeat(63));
    let text = format!(
        "CREATE TABLE {long} (i int);\nCOPY {long} FROM stdin;\n1\n\\.\nINSERT INTO \"{long}\" VALUES (2);\n\
         INSERT INTO U&\"d\\0061ta\" VALUES (1);\nCOPY data FROM stdin;\n1\n\\.\n"
    );
    let scan = scan(&text);
    let rows = scan.rows.iter().map(|rows| (rows.destination.table.as_str(), rows.rows));
    assert_eq!(rows.collect::<Vec<_>>(), [("data", 2), (kept.as_str(), 2)]);
}

#[test]
fn a_line_break_after_a_backslash_ends_no_row() {
    let scan = scan("COPY t FROM stdin;\n1\ta\\\nb\n2\tc\n\\.\n");
    assert_eq!(scan.rows[0].rows, 2);
}

#[test]
fn a_sequence_that_only_the_server_can_name_is_a_doubt() {
    let scanned = scan("SELECT setval(oid::regclass, 5) FROM pg_class WHERE relkind = 'S';\n");
    assert!(scanned.unfollowed.iter().any(|doubt| doubt.what.contains("setval")), "{:?}", scanned.unfollowed);
    assert_eq!(scan("SELECT setval('s', 5);\n").unfollowed, []);
}

#[test]
fn rows_of_like_statements_go_where_names_lead_by_then() {
    let insert = "INSERT INTO t VALUES (1);\n";
    let scan = scan(&format!("SET search_path = a;\n{insert}SET search_path = b;\n{insert}\\c two\n{insert}"));
    let places = scan
        .rows
        .iter()
        .map(|rows| (rows.destination.database.as_deref(), rows.destination.schema.as_deref(), rows.rows));
    assert_eq!(places.collect::<Vec<_>>(), [(None, Some("a"), 1), (None, Some("b"), 1), (Some("two"), None, 1)]);
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
        if let Ok(dump) = crate::open(&path) {
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

#[test]
fn what_create_schema_makes_in_it_is_made_by_the_script() {
    let scan = scan(
        "SET search_path = a;\nCREATE SCHEMA s CREATE TABLE t (a int) CREATE TABLE s.u (a int) GRANT SELECT ON t TO x;\n\
         CREATE TABLE v (a int);\nCOPY s.t FROM stdin;\n1\n\\.\n",
    );
    let tables = scan.facts.tables.iter().map(|table| (table.schema.as_deref(), table.name.as_str(), table.created));
    assert_eq!(tables.collect::<Vec<_>>(), [(Some("s"), "t", true), (Some("s"), "u", true), (Some("a"), "v", true)]);
    assert!(scan.facts.grants.iter().any(|grant| grant.name == "t" && grant.schema.as_deref() == Some("s")));
}

#[test]
fn large_objects_that_are_changed_out_of_sight_are_a_doubt() {
    let doubts = |text: &str| scan(text).not_followed().map(|of| of.label()).collect::<Vec<_>>();
    for statement in [
        "SELECT lo_from_bytea(7001, '\\x414243');",
        "SELECT pg_catalog.lo_unlink(7001);",
        "SELECT lo_put(7001, 0, '\\x41');",
        "SELECT lo_truncate(lo_open(7001, 131072), 1);",
    ] {
        assert_eq!(doubts(statement).len(), 1, "{statement}");
    }
    for statement in [
        "SELECT pg_catalog.lo_create('4711');\nSELECT pg_catalog.lo_open('4711', 131072);\nSELECT pg_catalog.lo_close(0);",
        "SELECT pg_catalog.lo_unlink(oid) FROM pg_catalog.pg_largeobject_metadata WHERE oid = '4711';",
    ] {
        assert_eq!(doubts(statement), Vec::<String>::new(), "{statement}");
    }
}
