use pgdump_reader::Dump;

use super::terminal;
use super::{Inspection, TargetPreflight};
use crate::finding::{Finding, Name};
use crate::report::terminal::TerminalOptions;
use crate::report::text::is_hidden;

/// Where insta keeps the snapshots of this module: `src/report/snapshots`.
macro_rules! snapshot {
    ($name:literal, $text:expr) => {
        insta::with_settings!({ snapshot_path => "../snapshots", prepend_module_to_snapshot => false, omit_expression => true }, {
            insta::assert_snapshot!($name, $text);
        });
    };
}

fn opened(text: &str) -> (tempfile::TempDir, Dump) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("dump.sql");
    std::fs::write(&path, text).unwrap();
    let dump = pgdump_reader::open(&path).unwrap();
    (folder, dump)
}

fn inspected(dump: &Dump, targets: Vec<TargetPreflight>) -> Inspection {
    let scan = dump.count().unwrap();
    let mut inspection = Inspection::of(dump, &scan.facts, Some(&scan), targets);
    inspection.dump.path = "backups/app.sql".to_owned();
    inspection
}

fn drawn(inspection: &Inspection, options: TerminalOptions) -> String {
    let mut out = Vec::new();
    terminal::write(inspection, &mut out, &options).unwrap();
    String::from_utf8(out).unwrap()
}

const HEAD: &str = "--\n-- PostgreSQL database dump\n--\n\n\\restrict key\n\n-- Dumped from database version 18.1\n\
                    -- Dumped by pg_dump version 18.1\n\nSET client_encoding = 'UTF8';\n\
                    SELECT pg_catalog.set_config('search_path', '', false);\n";
const TRAILER: &str = "\n--\n-- PostgreSQL database dump complete\n--\n\n\\unrestrict key\n\n";

/// A dump with something of most that there is to say.
fn rich() -> String {
    format!(
        "{HEAD}CREATE EXTENSION IF NOT EXISTS hstore WITH SCHEMA public;\nCREATE EXTENSION IF NOT EXISTS postgis;\n\
         SET default_tablespace = fast;\n\
         CREATE TABLE app.orders (id integer, next integer GENERATED ALWAYS AS ((id + 1)), name text COLLATE pg_catalog.\"de-x-icu\");\n\
         ALTER TABLE app.orders OWNER TO app_owner;\nCREATE TABLE app.notes (id integer);\nCREATE TABLE app.empty (id integer);\n\
         CREATE VIEW app.v WITH (security_invoker='true') AS SELECT uuidv7();\n\
         CREATE EVENT TRIGGER watch ON ddl_command_end EXECUTE FUNCTION app.f();\n\
         COPY app.orders (id) FROM stdin;\n{}\\.\n\nINSERT INTO app.notes VALUES (1);\nINSERT INTO app.notes VALUES (2);\n\
         CREATE POLICY p ON app.orders TO reader USING (true);\nALTER TABLE app.notes ENABLE ROW LEVEL SECURITY;\n\
         GRANT SELECT ON TABLE app.orders TO reader;\n{TRAILER}",
        "1\n".repeat(1234)
    )
}

#[test]
fn a_dump_is_described_by_what_it_is_what_it_requires_and_what_it_holds() {
    let (_folder, dump) = opened(&rich());
    snapshot!("inspect_rich", drawn(&inspected(&dump, Vec::new()), TerminalOptions::default()));
}

#[test]
fn targets_have_a_line_each_and_causes_are_named_once() {
    let (_folder, dump) = opened(&rich());
    let role = Finding::new(Name::RoleMissing, "role \"reader\" does not exist in this target");
    let of = |name: &str, findings: Vec<Finding>| TargetPreflight {
        target: name.to_owned(),
        description: String::new(),
        findings,
    };
    let targets = vec![of("laptop", vec![role.clone()]), of("managed", vec![role]), of("twin", Vec::new())];
    let inspection = inspected(&dump, targets);
    assert!(inspection.fails());
    let text = drawn(&inspection, TerminalOptions::default());
    let targets = text.split("preflight, nothing restored").nth(1).unwrap();
    snapshot!("inspect_targets", targets);
}

#[test]
fn damage_is_listed_with_its_places_and_named_in_the_last_line() {
    let (_folder, dump) = opened(&format!("{HEAD}COPY app.orders (id) FROM stdin;\n1\n2\n"));
    let inspection = inspected(&dump, Vec::new());
    assert!(inspection.fails());
    snapshot!("inspect_damaged", drawn(&inspection, TerminalOptions::default()));
}

#[test]
fn hostile_names_are_shown_and_do_nothing() {
    let evil = "x\u{1b}[2J\nok  all is well";
    let (_folder, dump) = opened(&format!(
        "{HEAD}CREATE EXTENSION \"{evil}\";\nALTER TABLE \"{evil}\".\"{evil}\" OWNER TO \"{evil}\";\n\
         CREATE TABLE a.\"{evil}\" (id integer);\nCOPY a.\"{evil}\" (id) FROM stdin;\n1\n\\.\n{TRAILER}"
    ));
    let text = drawn(&inspected(&dump, Vec::new()), TerminalOptions { all: true, ..TerminalOptions::default() });
    assert!(text.chars().all(|character| character == '\n' || !is_hidden(character)), "{text:?}");
    assert!(!text.lines().any(|line| line.starts_with("ok  all")), "{text}");
}

#[test]
fn what_is_unusual_is_said() {
    let unusual = |text: &str| {
        let (_folder, dump) = opened(text);
        inspected(&dump, Vec::new()).unusual.join("\n")
    };
    assert_eq!(unusual(&format!("{HEAD}ALTER SCHEMA a OWNER TO b;{TRAILER}")), "");
    let table = "CREATE TABLE a.t (id integer);\n";
    let owned = "ALTER TABLE a.t OWNER TO o;\n";
    let rows = "COPY a.t (id) FROM stdin;\n1\n\\.\n";
    assert_eq!(unusual(&format!("{HEAD}{table}{owned}{rows}{TRAILER}")), "");
    assert!(unusual(&format!("{HEAD}{table}{rows}{TRAILER}")).contains("names no owners"));
    assert!(unusual(&format!("{HEAD}{table}{owned}{TRAILER}")).contains("definitions only"));
    assert!(unusual(&format!("{HEAD}{rows}{TRAILER}")).contains("data only"));
    assert!(unusual(&format!("{HEAD}{table}{owned}INSERT INTO a.t VALUES (1);{TRAILER}")).contains("INSERT"));
    assert!(unusual(&format!("{HEAD}{TRAILER}").replace("UTF8", "SQL_ASCII")).contains("SQL_ASCII"));
    assert!(unusual("CREATE TABLE a.t (id integer);").contains("nothing shows whether it is whole"));
    let secured = format!("{HEAD}{table}{owned}{rows}ALTER TABLE a.t ENABLE ROW LEVEL SECURITY;\n{TRAILER}");
    assert!(unusual(&secured).contains("row level security and no policy, so only its owner sees rows: a.t"));
    let two = format!("{HEAD}{TRAILER}\\connect one\n{HEAD}{TRAILER}\\connect two\n{HEAD}{TRAILER}");
    assert!(unusual(&two).contains("2 databases"));
}

#[test]
fn the_documented_schema_is_what_is_written() {
    let documentation = include_str!("../../../docs/inspect.md");
    let (_folder, dump) = opened(&rich());
    let finding = Finding::new(Name::RoleMissing, "role \"reader\" does not exist in this target");
    let target = TargetPreflight { target: "a".to_owned(), description: String::new(), findings: vec![finding] };
    let value = serde_json::to_value(inspected(&dump, vec![target])).unwrap();
    let mut open = vec![&value];
    while let Some(value) = open.pop() {
        match value {
            serde_json::Value::Object(map) => {
                for (key, value) in map {
                    let is_there = documentation.contains(&format!("`{key}`"));
                    // A finding's fields are documented with the report.
                    let elsewhere = include_str!("../../../docs/report-schema.md").contains(&format!("`{key}`"));
                    assert!(is_there || elsewhere, "docs/inspect.md does not document `{key}`");
                    open.push(value);
                }
            }
            serde_json::Value::Array(values) => open.extend(values),
            _ => {}
        }
    }
}

#[test]
fn a_script_without_an_end_mark_is_read_to_its_end_and_not_called_whole() {
    let last = |text: &str| {
        let (_folder, dump) = opened(text);
        drawn(&inspected(&dump, Vec::new()), TerminalOptions::default()).lines().last().unwrap_or_default().to_owned()
    };
    let said = last("CREATE TABLE a.t (id integer);\n");
    assert!(!said.contains("whole"), "{said}");
    assert!(last(&format!("{HEAD}{TRAILER}")).ends_with("was read to its end, and is whole"));
}
