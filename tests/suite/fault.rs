//! Whose fault it is: the verdict is about the restore. What the dump itself proves to be the source's own is a warning, and
//! what the dump does not hold is said.

use std::path::{Path, PathBuf};

use pgrehearse::check::ItemKind;
use pgrehearse::finding::{Finding, Origin, Severity};
use pgrehearse::rehearsal::Verdict;

use crate::classics::{behind, exhausted};
use crate::support::home::{assert_every_check_looked, entry, findings, names};
use crate::support::several::{databases, fails, of_database};
use crate::support::{Home, Server, bare, dump, with_statements};

fn case(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases").join(name)
}

#[test]
fn a_sequence_that_the_dump_itself_has_behind_is_the_sources() {
    let ran = behind(18);
    ran.expect(0);
    for finding in findings(ran.only(), "sequence-behind") {
        assert_eq!((finding.origin, finding.severity), (Origin::Source, Severity::Warning), "{finding:?}");
    }
    assert!(!findings(ran.only(), "sequence-behind").is_empty());
    assert!(ran.stdout.contains("source: production has this too"), "{}", ran.stdout);
    assert!(ran.json.contains("\"origin\": \"source\""));
    let home = Home::new();
    home.run_with(&dump(17, "behind.dump"), &[&bare("behind", 17)], &["--fail-on", "warning"]).expect(1);
    let raised = format!("{}severity: {{sequence-behind: error}}\n", bare("raised", 17));
    let ran = home.run(&dump(17, "behind.dump"), &[&raised]);
    ran.expect(1);
    // Without its setval, the dump is no proof; nor where the setval has failed, which is not what was done.
    let text = std::fs::read_to_string(dump(17, "behind.sql")).unwrap();
    let without: String =
        text.lines().filter(|line| !line.contains("pg_catalog.setval(")).map(|line| format!("{line}\n")).collect();
    let failed = text.replace("SELECT pg_catalog.setval('", "SELECT pg_catalog.setval('nowhere.");
    let script = databases([("without", without), ("failed", failed)]);
    let ran = home.run(&home.file("setvals.sql", script), &[&bare("setvals", 17)]);
    ran.expect(1);
    let is_made = |finding: &&Finding| finding.origin == Origin::Restore && finding.fails();
    let without = of_database(&ran, "without");
    let behind = findings(without.only(), "sequence-behind");
    assert!(!behind.is_empty() && behind.iter().all(is_made), "{behind:?}");
    // A sequence of which it says what a new one has is as the dump has it all the same.
    let failed = of_database(&ran, "failed");
    let behind = findings(failed.only(), "sequence-behind");
    assert!(behind.iter().any(is_made), "{behind:?}");
}

#[test]
fn a_sequence_that_the_dump_itself_has_at_its_end_is_the_sources() {
    let ran = exhausted();
    ran.expect(0);
    let finding = ran.finding("sequence-exhausted");
    assert_eq!((finding.origin, finding.severity), (Origin::Source, Severity::Warning));
    let home = Home::new();
    // A script that takes the last number has taken it, not production.
    let taken = "CREATE TABLE public.t (id smallint PRIMARY KEY);\nINSERT INTO public.t VALUES (1);\n\
                 CREATE SEQUENCE public.s AS smallint MAXVALUE 2 OWNED BY public.t.id;\n\
                 ALTER TABLE public.t ALTER COLUMN id SET DEFAULT nextval('public.s');\n\
                 SELECT setval('public.s', 1, true);\nDO $$ BEGIN PERFORM nextval('public.s'); END $$;\n";
    let ran = home.run(&home.file("taken.sql", taken), &[&bare("taken", 17)]);
    ran.expect(1);
    assert_eq!(ran.finding("sequence-exhausted").origin, Origin::Restore);
}

#[test]
fn a_table_that_the_dump_holds_empty_must_be_empty() {
    // The same without the block of rows, as --inserts writes an empty table; and without the rows.
    let text = std::fs::read_to_string(case("pass/pass-rows-extra.sql")).unwrap();
    let no_block = text.replace("COPY app.audit (a) FROM stdin;\n\\.\n", "");
    let filled = "DO $$ begin insert into app.audit select generate_series(1,50); end $$;";
    assert!(no_block != text && text.contains(filled));
    let home = Home::new();
    let script = databases([("extra", text.clone()), ("inserts", no_block), ("whole", text.replace(filled, ""))]);
    let ran = home.run(&home.file("extra.sql", script), &[&bare("extra", 15)]);
    ran.expect(1);
    for database in ["extra", "inserts"] {
        let of = of_database(&ran, database);
        assert!(fails(&of), "{}", ran.json);
        assert_eq!(of.finding("rows-extra").objects, ["TABLE app.audit"], "{database}");
        assert_eq!(of.finding("rows-extra").evidence[0], "app.audit: the dump holds 0 rows, the database 50");
    }
    let whole = of_database(&ran, "whole");
    assert!(!fails(&whole) && findings(whole.only(), "rows-extra").is_empty(), "{}", ran.json);
    // A script of somebody's own fills its tables as it likes.
    let own = "CREATE TABLE public.t (a int);\nDO $$ BEGIN INSERT INTO public.t VALUES (1); END $$;\n";
    home.run(&home.file("own.sql", own), &[&bare("own", 15)]).expect(0);
}

#[test]
fn globals_alone_are_judged_by_their_roles_even_where_the_profile_names_a_database() {
    globals_are_judged("named");
}

#[test]
#[ignore = "every pair: scripts/test --full"]
fn full_globals_alone_are_judged_by_their_roles_where_the_profile_names_none() {
    globals_are_judged("bare");
}

/// Few roles, more of them, and those of which one is lost, in the target of this name.
fn globals_are_judged(in_target: &str) {
    let home = Home::new();
    let database = if in_target == "bare" { "" } else { "database: {name: app}\n" };
    let profile = format!("{}{database}", bare(in_target, 15));
    let text = std::fs::read_to_string(case("false-alarm/globals-only.sql")).unwrap();
    let more = text.replace(
        "--\n-- User Configurations\n--\n",
        "CREATE ROLE reader;\nALTER ROLE reader WITH NOSUPERUSER INHERIT NOCREATEROLE NOCREATEDB LOGIN NOREPLICATION NOBYPASSRLS;\n\
         CREATE ROLE group_of;\nALTER ROLE group_of WITH NOSUPERUSER INHERIT NOCREATEROLE NOCREATEDB NOLOGIN NOREPLICATION NOBYPASSRLS;\n\
         GRANT group_of TO reader;\nALTER ROLE reader SET work_mem TO '8MB';\n",
    );
    for (text, roles) in [(text, 1), (more.clone(), 3)] {
        let ran = home.run(&home.file("globals.sql", text), &[&profile]);
        ran.expect(0);
        let target = ran.only();
        assert_every_check_looked(target);
        assert_eq!(entry(target, ItemKind::Role).compared, roles);
        let nothing = findings(target, "nothing-restored")[0];
        assert_eq!(nothing.title, "the dump holds only roles and their settings, and no database");
        assert_eq!(nothing.severity, Severity::Warning);
    }
    // What the script drops in its own words it does not hold any more; here nobody can read it off the script.
    let lost = more.replace("\\unrestrict", "DO $$ BEGIN EXECUTE 'DROP ROLE group_of'; END $$;\n\\unrestrict");
    let ran = home.run(&home.file("globals.sql", lost), &[&profile]);
    ran.expect(1);
    // A role that is gone is no role that has changed.
    assert_eq!(findings(ran.target(in_target), "object-missing")[0].objects, ["ROLE group_of"]);
}

const NO_ROW: &str = "the dump holds no row for its only table in database";
/// A dump that was made without rows has no finding, and a notice.
const DEFINITIONS: &str = "";
const LARGE_OBJECTS: &str = "the dump holds only large objects, and no table";

/// A server with databases that hold little: nothing, a table and a view, a large object.
fn with_little() -> Server {
    let server = Server::start(17);
    server.sql("postgres", "CREATE DATABASE empty; CREATE DATABASE bare; CREATE DATABASE large;");
    server
        .sql("bare", "CREATE TABLE public.t (id serial PRIMARY KEY); CREATE VIEW public.v AS SELECT * FROM public.t;");
    server.sql("large", "SELECT lo_from_bytea(4711, 'x'::bytea);");
    server
}

/// A plain dump that pg_dump makes with these options.
fn plain(server: &Server, home: &Home, options: &str) -> PathBuf {
    home.file(&format!("plain{}.sql", options.replace(' ', "")), server.shell(&format!("pg_dump {options}")))
}

#[track_caller]
fn assert_holds_little(home: &Home, dumps: &[(PathBuf, &str)]) {
    for (path, title) in dumps {
        let ran = home.run(path, &[&bare("t", 17)]);
        ran.expect(0);
        if title.is_empty() {
            assert_eq!(ran.names(), Vec::<&str>::new(), "{}", ran.json);
            assert_eq!(ran.only().notices, ["the dump holds definitions only, and no rows to compare"], "{}", ran.json);
            continue;
        }
        assert_eq!(ran.names(), ["nothing-restored"], "{}", ran.json);
        let nothing = ran.finding("nothing-restored");
        assert!(nothing.title.starts_with(title) && nothing.severity == Severity::Warning, "{nothing:?}");
    }
}

#[track_caller]
fn assert_holds_nothing(home: &Home, dump: &Path) {
    let ran = home.run(dump, &[&bare("t", 17)]);
    ran.expect(1);
    assert_eq!(ran.finding("nothing-restored").title, "the dump holds nothing", "{}", dump.display());
    assert!(!ran.stdout.contains("does not name its objects"), "{}", ran.stdout);
}

#[test]
#[ignore = "the whole product of forms: scripts/test --full"]
fn full_a_dump_without_rows_or_without_tables_passes_in_every_form() {
    let home = Home::new();
    let server = with_little();
    let dumps = [
        (server.dump("bare", home.path("bare.dump")), NO_ROW),
        (plain(&server, &home, "--inserts bare"), DEFINITIONS),
        (plain(&server, &home, "large"), LARGE_OBJECTS),
    ];
    assert_holds_little(&home, &dumps);
    assert_holds_nothing(&home, &plain(&server, &home, "empty"));
    assert_holds_nothing(&home, &plain(&server, &home, "-C empty"));
}

#[test]
fn a_dump_without_rows_or_without_tables_passes_with_a_word_on_what_it_does_not_hold() {
    let home = Home::new();
    let server = with_little();
    let dumps = [
        (plain(&server, &home, "bare"), NO_ROW),
        (plain(&server, &home, "-s bare"), DEFINITIONS),
        (server.dump("large", home.path("large.dump")), LARGE_OBJECTS),
    ];
    assert_holds_little(&home, &dumps);
    // A backup of nothing at all is none.
    assert_holds_nothing(&home, &server.dump("empty", home.path("empty.dump")));
    // Nor is one of databases that nobody has put anything into, but roles are in it.
    let cluster = server.shell("pg_dumpall --exclude-database=bare --exclude-database=large");
    let ran = home.run(&home.file("cluster.sql", cluster), &[&bare("t", 17)]);
    ran.expect(0);
    assert_eq!(ran.finding("nothing-restored").title, "the dump holds roles, and databases with nothing in them");
    // The tables of the dump have to come, rows or none.
    let lost = std::fs::read_to_string(plain(&server, &home, "-s bare")).unwrap() + "\nDROP TABLE public.t CASCADE;\n";
    let ran = home.run(&home.file("lost.sql", lost), &[&bare("t", 17)]);
    ran.expect(1);
    assert!(names(ran.only()).contains(&"object-missing"), "{}", ran.json);
}

#[test]
fn a_broken_key_that_production_has_too_is_the_sources_and_one_that_the_restore_made_is_not() {
    let home = Home::new();
    let server = Server::start(17);
    server.sql(
        "postgres",
        "CREATE DATABASE keys; \\connect keys
         CREATE TABLE public.parent (id int PRIMARY KEY); CREATE TABLE public.child (id int REFERENCES public.parent);
         INSERT INTO public.parent VALUES (1); INSERT INTO public.child VALUES (1);",
    );
    let schema = server.shell("pg_dump --section=pre-data --section=post-data keys");
    let data = "SET session_replication_role = replica;\nCOPY public.parent (id) FROM stdin;\n1\n\\.\n\nCOPY public.child (id) FROM stdin;\n1\n2\n\\.\n\n";
    let script = |after: &str| {
        schema.replace(
            "--\n-- PostgreSQL database dump complete",
            &format!("{data}{after}\n--\n-- PostgreSQL database dump complete"),
        )
    };
    let both = databases([("source", script("")), ("made", script("DELETE FROM public.parent;"))]);
    let ran = home.run(&home.file("keys.sql", both), &[&bare("keys", 17)]);
    ran.expect(1);
    let source = of_database(&ran, "source");
    let broken = source.finding("foreign-key-broken");
    assert_eq!((broken.origin, broken.severity), (Origin::Source, Severity::Warning), "{broken:?}");
    assert!(!fails(&source), "{}", ran.json);
    let made = of_database(&ran, "made");
    let broken = made.finding("foreign-key-broken");
    assert_eq!((broken.origin, broken.severity), (Origin::Restore, Severity::Error), "{broken:?}");
    assert!(fails(&made), "{}", ran.json);
    // Of what the options leave out nobody knows whether production has it.
    let archive = base64(&server.shell("pg_dump -Fc -a -f /tmp/keys keys && base64 /tmp/keys"));
    let init = "init: [{sql: 'CREATE TABLE public.parent (id int PRIMARY KEY); \
                CREATE TABLE public.child (id int REFERENCES public.parent)'}]\n";
    let options = "restore: {options: [-a, --disable-triggers, -t, child]}\n";
    let ran = home.run(&home.file("child.dump", archive), &[&format!("{}{init}{options}", bare("child", 17))]);
    ran.expect(1);
    let broken = ran.finding("foreign-key-broken");
    assert_eq!((broken.origin, broken.severity), (Origin::Restore, Severity::Error), "{broken:?}");
}

#[test]
fn signs_that_a_dump_is_partial_by_its_making_are_said() {
    let home = Home::new();
    let server = with_audit();
    assert_says_what_it_leaves_out(&home, &server, "-Fc");
    let data = server.shell("pg_dump -a part");
    let init = "init: [{sql: 'CREATE TABLE a (id int); CREATE TABLE audit (id int); CREATE TABLE empty (id int)'}]\n";
    let ran = home.run(&home.file("data.sql", data), &[&format!("{}{init}", bare("data", 17))]);
    ran.expect(0);
    let sign = "the dump holds data only: it creates none of the tables that its rows go into";
    assert!(ran.only().notices.contains(&sign.to_owned()), "{:?}", ran.only().notices);
}

#[test]
#[ignore = "every form: scripts/test --full"]
fn full_signs_that_a_plain_dump_is_partial_by_its_making_are_said() {
    assert_says_what_it_leaves_out(&Home::new(), &with_audit(), "-Fp");
}

/// A server with a database of which a part may be left out.
fn with_audit() -> Server {
    let server = Server::start(17);
    server.sql("postgres", "CREATE DATABASE part;");
    server.sql("part", "CREATE TABLE public.a (id int); INSERT INTO public.a VALUES (1); CREATE TABLE public.audit (id int);
        INSERT INTO public.audit VALUES (1); CREATE TABLE public.empty (id int); CREATE TABLE public.p (id int) PARTITION BY LIST (id);");
    server
}

#[track_caller]
fn assert_says_what_it_leaves_out(home: &Home, server: &Server, form: &str) {
    let text = server
        .shell(&format!("pg_dump {form} --exclude-table-data=public.audit -f /tmp/part part && base64 /tmp/part"));
    let ran = home.run(&home.file("part.dump", base64(&text)), &[&bare("part", 17)]);
    ran.expect(0);
    let sign =
        "the dump creates public.audit and holds no data for it: it was made without (pg_dump --exclude-table-data)";
    assert!(ran.only().notices.contains(&sign.to_owned()), "{:?}", ran.only().notices);
}

/// What `base64` printed.
fn base64(text: &str) -> Vec<u8> {
    let value = |letter: u8| match letter {
        b'A'..=b'Z' => Some(letter - b'A'),
        b'a'..=b'z' => Some(letter - b'a' + 26),
        b'0'..=b'9' => Some(letter - b'0' + 52),
        b'+' => Some(62),
        b'/' => Some(63),
        _ => None,
    };
    let (mut out, mut bits, mut count) = (Vec::new(), 0u32, 0);
    for six in text.bytes().filter_map(value) {
        (bits, count) = (bits << 6 | u32::from(six), count + 6);
        if count >= 8 {
            count -= 8;
            out.push((bits >> count) as u8);
        }
    }
    out
}

#[test]
fn what_the_restore_failed_on_stands_though_time_runs_out_while_checks_look() {
    let home = Home::new();
    let query = "{name: slow, sql: SELECT 1 FROM pg_sleep(300), expect: 1}";
    let slow = format!("limits: {{timeout: 25s}}\nchecks: {{timeout: 10m, queries: [{query}]}}\n");
    let refused = with_statements(&dump(17, "small.sql"), "ALTER TABLE public.people OWNER TO nobody_here;");
    let ran = home.run(&home.file("refused.sql", refused), &[&format!("{}{slow}", bare("slow", 17))]);
    ran.expect(1);
    assert_eq!(ran.only().verdict, Verdict::Fail);
    assert!(names(ran.only()).contains(&"role-missing"), "{}", ran.json);
    assert!(
        ran.only().untested.iter().any(|reason| reason.starts_with("limit reached: timeout (25s)")),
        "{}",
        ran.json
    );
}
