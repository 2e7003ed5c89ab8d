//! Everything that a dump holds ends in the report's ledger: compared, not compared with a reason, or untested with one.
//! That it adds up is asserted for every report of the suite.

use std::path::{Path, PathBuf};

use pgdump_reader::{self as dump};
use pgrehearse::check::ItemKind;
use pgrehearse::rehearsal::Verdict;

use crate::support::home::{assert_every_check_looked, entry, findings, names};
use crate::support::{Home, Ran, bare, dump as made, matching, several};

fn case(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases").join(name)
}

#[test]
fn a_healthy_restore_has_everything_compared_in_every_format() {
    let mut runs: Vec<(&str, Ran)> =
        ["shop.dump", "shop.dir", "shop.tar"].map(|name| (name, super::formats::in_parallel(name))).into();
    runs.extend(["shop.sql", "shop-inserts.sql"].map(|name| (name, super::formats::plain_shop(17, name))));
    for (name, ran) in &runs {
        ran.expect(0);
        let target = ran.only();
        assert_every_check_looked(target);
        for kind in [ItemKind::Database, ItemKind::Table, ItemKind::Rows, ItemKind::SequenceValue, ItemKind::Definition]
        {
            let entry = entry(target, kind);
            // What hangs on the database itself comes with `--create` alone.
            let of_database: u64 = entry.not_compared.iter().map(|part| part.count).sum();
            assert!(kind == ItemKind::Definition && of_database <= 2 || of_database == 0, "{name}: {entry:?}");
            assert!(entry.compared + of_database == entry.held && entry.compared > 0, "{name}: {entry:?}");
        }
        assert!(!ran.stdout.contains("of the dump's"), "{}", ran.stdout);
    }
}

#[test]
fn what_a_list_leaves_out_is_reported_and_the_rest_is_compared_to_the_last_row() {
    let home = Home::new();
    let list = case("missed/nodata.list").display().to_string();
    let profile =
        |extra: &str| format!("{}database: {{name: qa}}\nrestore: {{list: '{list}'}}\n{extra}", bare("listed", 15));
    let ran = home.run(&case("missed/list.dump"), &[&profile("")]);
    ran.expect(0);
    let reported = ran.finding("left-out");
    assert!(reported.objects.contains(&"TABLE DATA public.t".to_owned()), "{reported:?}");
    assert!(reported.objects.contains(&"SEQUENCE SET public.free".to_owned()), "{reported:?}");
    assert!(reported.title.starts_with("restore.list leaves out the rows of 1 table, and "), "{reported:?}");
    let rows = entry(ran.only(), ItemKind::Rows);
    assert_eq!((rows.held, rows.compared), (2, 1), "{rows:?}");
    assert_eq!(
        (rows.not_compared[0].reason.as_str(), &*rows.not_compared[0].names),
        ("left out by restore.list", &["public.t".to_owned()][..])
    );
    let values = entry(ran.only(), ItemKind::SequenceValue);
    assert_eq!((values.held, values.compared), (2, 1), "{values:?}");
    let unwrapped = ran.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(
        unwrapped.contains("of the dump's 2 tables with rows: 1 compared, 1 not compared (left out by restore.list)"),
        "{}",
        ran.stdout
    );
    home.run_with(&case("missed/list.dump"), &[&profile("")], &["--fail-on", "warning"]).expect(1);
}

#[test]
fn what_options_leave_out_is_what_pg_restore_itself_says() {
    let ran = left_out_by(&[SCHEMA_ONLY, LETTERS, ONE_TABLE, DATA, NO_COMMENTS]);
    assert_eq!(ran.target("schema-only").verdict, Verdict::Pass, "{}", ran.json);
}

#[test]
#[ignore = "every option: scripts/test --full"]
fn full_what_every_option_leaves_out_is_what_pg_restore_itself_says() {
    let ran = left_out_by(&[
        ("whole", "--verbose"),
        SCHEMA_ONLY,
        ("sections", "--section=pre-data, --section=post-data"),
        LETTERS,
        ONE_TABLE,
        ("without", "--exclude-schema=shop"),
        DATA,
        NO_COMMENTS,
    ]);
    assert_eq!(ran.target("schema-only").verdict, Verdict::Pass, "{}", ran.json);
}

const SCHEMA_ONLY: (&str, &str) = ("schema-only", "--schema-only");
const LETTERS: (&str, &str) = ("letters", "-Os");
const ONE_TABLE: (&str, &str) = ("one-table", "-t, orders");
const DATA: (&str, &str) = ("data", "--section=pre-data, --section=data");
const NO_COMMENTS: (&str, &str) = ("no-comments", "--no-comments");

/// The shop in targets of these names, with these options.
fn left_out_by(options: &[(&str, &str)]) -> Ran {
    let home = Home::new();
    let profiles: Vec<String> = options
        .iter()
        .map(|(name, options)| format!("{}restore: {{options: [{options}]}}\n", matching(name, 17)))
        .collect();
    let profiles: Vec<&str> = profiles.iter().map(String::as_str).collect();
    let ran = home.run(&made(17, "shop.dump"), &profiles);
    for &(name, _) in options {
        let target = ran.target(name);
        let rows = entry(target, ItemKind::Rows);
        let left_out = findings(target, "left-out");
        let (held, compared) = (rows.held, rows.compared);
        match name {
            "whole" | "no-comments" => assert!(compared == held && left_out.is_empty(), "{name}: {rows:?}"),
            // The view is filled after the data.
            "data" => {
                assert_eq!(compared, held);
                assert!(left_out[0].objects.iter().all(|object| object.starts_with("MATERIALIZED VIEW DATA ")));
            }
            "schema-only" | "sections" | "letters" => {
                assert!(compared == 0 && left_out.len() == 1 && rows.not_compared[0].count == held, "{name}: {rows:?}");
            }
            _ => assert!(left_out.len() == 1 && compared < held, "{name}: {rows:?}"),
        }
        assert!(findings(target, "rows-missing").is_empty() && findings(target, "rows-extra").is_empty(), "{name}");
        assert!(findings(target, "nothing-restored").is_empty(), "{name}: {:?}", names(target));
    }
    assert_eq!(findings(ran.target("no-comments"), "comment-lost").len(), 1);
    ran
}

#[test]
fn what_a_full_list_restores_and_something_removes_is_missing_and_no_warning() {
    let home = Home::new();
    let init = "init: [{sql: 'CREATE SCHEMA keep; CREATE FUNCTION keep.f() RETURNS event_trigger LANGUAGE plpgsql AS \
                $$ BEGIN EXECUTE ''DROP VIEW IF EXISTS public.adults''; END $$; \
                CREATE EVENT TRIGGER keep ON ddl_command_end WHEN TAG IN (''ALTER TABLE'') EXECUTE FUNCTION keep.f()'}]";
    let script = crate::support::Server::start(17);
    script.sql(
        "postgres",
        "CREATE TABLE public.people (id integer, age integer); INSERT INTO public.people VALUES (1, 20);
        CREATE VIEW public.adults AS SELECT * FROM public.people WHERE age > 17;
        ALTER TABLE public.people ADD PRIMARY KEY (id);",
    );
    let path = script.dump("postgres", home.path("people.dump"));
    let opened = dump::open(&path).unwrap();
    let archive = opened.archive().unwrap();
    let list = archive.entries.iter().map(|entry| format!("{}; {}\n", entry.id, entry.desc)).collect::<String>();
    let list = home.file("all.list", list);
    let profile = format!("{}restore: {{jobs: 1, list: '{}'}}\n{init}\n", bare("full", 17), list.display());
    let ran = home.run(&path, &[&profile]);
    ran.expect(1);
    assert_eq!(ran.finding("object-missing").objects, ["VIEW public.adults"]);
    assert_eq!(ran.finding("object-missing").severity.label(), "error");
    // A name makes no view a part of the database itself: what a list leaves out is reported whatever its name.
    script.sql("postgres", "ALTER VIEW public.adults RENAME TO \"DATABASE sizes\"");
    let path = script.dump("postgres", home.path("sizes.dump"));
    let entries = dump::open(&path).unwrap().archive().unwrap().entries.clone();
    let kept = entries.iter().filter(|entry| entry.desc != "VIEW");
    let list = home.file("most.list", kept.map(|entry| format!("{}; {}\n", entry.id, entry.desc)).collect::<String>());
    let profile = |name: &str, more: &str| format!("{}restore: {{jobs: 1{more}}}\n", bare(name, 17));
    let most = profile("most", &format!(", list: '{}'", list.display()));
    let ran = home.run(&path, &[&most, &profile("all", "")]);
    let reported = findings(ran.target("most"), "object-missing");
    assert_eq!(
        reported.iter().flat_map(|reported| &reported.objects).collect::<Vec<_>>(),
        ["VIEW public.DATABASE sizes"]
    );
    let parts = &entry(ran.target("most"), ItemKind::Definition).not_compared;
    let left_out = parts.iter().find(|part| part.reason == "left out by restore.list").unwrap();
    assert_eq!(left_out.names, ["VIEW public.DATABASE sizes"]);
    assert!(ran.target("all").findings().next().is_none(), "{}", ran.json);
    let definitions = entry(ran.target("all"), ItemKind::Definition);
    let not_compared: Vec<&String> = definitions.not_compared.iter().flat_map(|part| &part.names).collect();
    assert_eq!(not_compared, ["COMMENT DATABASE postgres"]);
}

#[test]
fn rows_that_are_not_looked_at_or_only_counted_are_not_compared() {
    let counted = Home::new().run_with(&made(17, "small.dump"), &[&bare("small", 17)], &["--rows", "count"]);
    for (ran, reason) in
        [(super::rows::off(), "rows were not compared (--rows off)"), (counted, "only counted (--rows count)")]
    {
        ran.expect(0);
        let rows = entry(ran.only(), ItemKind::Rows);
        assert_eq!((rows.compared, rows.not_compared.len()), (0, 1), "{rows:?}");
        assert_eq!(rows.not_compared[0].reason, reason);
    }
}

#[test]
fn tables_and_values_that_a_script_makes_and_that_are_not_there_are_untested() {
    let home = Home::new();
    let script = "CREATE TABLE public.kept (a int);\nINSERT INTO public.kept VALUES (1);\nCREATE SEQUENCE public.s;\n\
                  CREATE TABLE public.lost (a int);\nSELECT setval('public.s', 7, true);\nDROP TABLE public.lost;\nDROP SEQUENCE public.s;\n";
    let ran = home.run(&home.file("script.sql", script), &[&bare("script", 17)]);
    ran.expect(3);
    let tables = entry(ran.only(), ItemKind::Table);
    assert_eq!((tables.held, tables.compared), (2, 1));
    assert_eq!(tables.untested[0].names, ["public.lost"]);
    assert_eq!(entry(ran.only(), ItemKind::SequenceValue).untested[0].names, ["public.s"]);
    assert!(ran.only().untested.iter().any(|why| why.contains("table public.lost")), "{:?}", ran.only().untested);
    // Where they stay, all is compared but the definitions, which the script does not name.
    let whole = script.replace("DROP TABLE public.lost;\n", "").replace("DROP SEQUENCE public.s;\n", "");
    let ran = home.run(&home.file("whole.sql", whole), &[&bare("script", 17)]);
    ran.expect(0);
    assert_eq!(entry(ran.only(), ItemKind::Definition).not_compared[0].count, 3);
}

/// The report of a run without its times.
fn timeless(json: &str) -> serde_json::Value {
    fn without(value: &mut serde_json::Value) {
        if let Some(object) = value.as_object_mut() {
            ["started", "elapsed", "timings"].iter().for_each(|key| drop(object.remove(*key)));
            object.values_mut().for_each(without);
        }
        value.as_array_mut().into_iter().flatten().for_each(without);
    }
    let mut value = serde_json::from_str(json).unwrap();
    without(&mut value);
    value
}

/// The whole cluster of 17 in one that has nothing, which other modules look at too.
pub fn cluster() -> Ran {
    super::formats::whole_cluster(17)
}

#[test]
fn one_failing_dump_gives_the_same_report_every_time_times_aside() {
    let [once, again] = super::matrix::twice();
    assert_eq!(once.target("empty").verdict, Verdict::Fail);
    pretty_assert(&timeless(&once.json), &timeless(&again.json));
}

#[test]
#[ignore = "more often: scripts/test --full"]
fn full_one_failing_dump_gives_the_same_report_every_time_times_aside() {
    let home = Home::new();
    let profile = format!("{}restore: {{jobs: 4}}\n", bare("bare", 17));
    let cluster = bare("cluster", 17);
    for (name, profile) in [("shop.dump", &profile), ("all.sql", &cluster)] {
        let first = timeless(&home.run(&made(17, name), &[profile]).json);
        for _ in 0..3 {
            pretty_assert(&first, &timeless(&home.run(&made(17, name), &[profile]).json));
        }
    }
}

#[track_caller]
fn pretty_assert(one: &serde_json::Value, other: &serde_json::Value) {
    let text = |value| serde_json::to_string_pretty(value).unwrap();
    let (one, other) = (text(one), text(other));
    let first = one.lines().zip(other.lines()).find(|(one, other)| one != other);
    assert!(one == other, "{first:#?}");
}

#[test]
fn a_sequence_that_a_script_names_by_its_column_is_found_by_that() {
    let script = |value: &str| {
        format!(
            "CREATE TABLE public.t (old serial PRIMARY KEY);\nALTER TABLE public.t RENAME COLUMN old TO new;\n\
             INSERT INTO public.t VALUES (1), (2);\nSELECT setval('public.t_old_seq', 1);\n\
             SELECT setval(pg_get_serial_sequence('public.t', 'new'), 2);\n{value}"
        )
    };
    let later = "DO $$ BEGIN PERFORM setval('public.t_old_seq', 1, false); END $$;\n";
    let parts = several::script([("renamed", script("")), ("later", script(later))]);
    let home = Home::new();
    let ran = home.run(&home.file("renamed.sql", parts), &[&bare("renamed", 17)]);
    ran.expect(1);
    let found = |database: &str| several::findings(ran.only(), database);
    assert!(found("renamed").is_empty() && several::untested(ran.only(), "renamed").is_empty(), "{}", ran.json);
    let values = entry(ran.only(), ItemKind::SequenceValue);
    assert_eq!((values.held, values.compared), (4, 4), "{values:?}");
    assert!(found("later").iter().any(|finding| finding.name.as_str().starts_with("sequence-")), "{}", ran.json);
}
