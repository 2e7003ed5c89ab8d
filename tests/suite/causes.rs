//! One root cause, one finding: what makes statements fail is known by name, and what failed only because of it is counted
//! under it.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use pgrehearse::finding::Severity;

use crate::support::home::findings;
use crate::support::{Home, Ran, bare, dump, images, with_statements};

/// Restores the small dump with statements at its end.
fn with(home: &Home, profile: &str, statements: &str) -> Ran {
    let path = home.file("broken.sql", with_statements(&dump(13, "small.sql"), statements));
    home.run(&path, &[profile])
}

/// All that the restore itself has found: name, severity and what it is about.
fn causes(ran: &Ran) -> Vec<(&str, Severity, String)> {
    let restore = ran.only().restore.as_ref().unwrap_or_else(|| panic!("nothing was restored: {}", ran.json));
    let mut causes: Vec<(&str, Severity, String)> = restore
        .findings
        .iter()
        .map(|finding| (finding.name.as_str(), finding.severity, finding.subject_text().unwrap_or_default()))
        .collect();
    causes.sort();
    causes
}

/// Every failure is counted in one finding, and in no other.
#[track_caller]
fn assert_all_accounted_for(ran: &Ran) {
    let restore = ran.only().restore.as_ref().unwrap();
    let counted: u64 = restore.findings.iter().map(|finding| finding.count).sum();
    assert_eq!(counted, restore.errors, "{:#?}", restore.findings);
    for finding in &restore.findings {
        assert!(finding.own_count() > 0, "a cause has a failure of its own: {finding:?}");
        assert!(!finding.fix.is_empty(), "{finding:?}");
    }
}

const MASTER: &str = "roles:
  - {name: shop_owner}
  - {name: master, login: true, createdb: true}
database: {name: app, owner: master}
restore: {as: master}
";

fn as_master(major: u16) -> String {
    format!("{}{MASTER}", bare("managed", major))
}

const REFUSED: &str = "
CREATE FUNCTION public.on_ddl() RETURNS event_trigger LANGUAGE plpgsql AS $f$ BEGIN NULL; END $f$;
CREATE EVENT TRIGGER watch ON ddl_command_end EXECUTE FUNCTION public.on_ddl();
CREATE PUBLICATION everything FOR ALL TABLES;
ALTER DEFAULT PRIVILEGES FOR ROLE shop_owner IN SCHEMA public GRANT SELECT ON TABLES TO master;
ALTER TABLE public.people OWNER TO shop_owner;
COMMENT ON EXTENSION plpgsql IS 'PL/pgSQL procedural language';
SET session_replication_role = replica;
GRANT pg_read_all_data TO master;
CREATE ROLE another;
CREATE EXTENSION file_fdw WITH SCHEMA public;
CREATE FUNCTION public.quiet() RETURNS integer LANGUAGE sql SET log_statement TO 'none' AS 'SELECT 1';
ALTER TABLE pg_catalog.pg_class OWNER TO master;
";

#[test]
fn what_a_role_without_superuser_is_refused_is_reported_by_its_cause() {
    refusals_are_reported_by_cause(&[15, 18]);
}

#[test]
#[ignore = "the whole product of majors: scripts/test --full"]
fn full_what_a_role_without_superuser_is_refused_is_reported_by_its_cause_in_a_major_between() {
    refusals_are_reported_by_cause(&[17]);
}

fn refusals_are_reported_by_cause(majors: &[u16]) {
    let home = Home::new();
    for &major in majors {
        let ran = with(&home, &as_master(major), REFUSED);
        ran.expect(1);
        let (error, warning) = (Severity::Error, Severity::Warning);
        let expected: Vec<(&str, Severity, String)> = [
            ("default-privileges-refused", error, "shop_owner"),
            ("event-trigger-refused", error, ""),
            ("extension-comment-refused", warning, "plpgsql"),
            ("extension-not-allowed", error, "file_fdw"),
            ("owner-not-assignable", error, "postgres"),
            ("owner-not-assignable", error, "shop_owner"),
            ("parameter-refused", error, "log_statement"),
            ("parameter-refused", error, "session_replication_role"),
            ("permission-denied", error, "master"),
            ("replication-refused", error, "master"),
            ("role-grant-refused", error, "pg_read_all_data"),
            ("role-not-creatable", error, "master"),
        ]
        .map(|(name, severity, subject)| (name, severity, subject.to_owned()))
        .into();
        assert_eq!(causes(&ran), expected, "{major}: {}", ran.json);
        assert_all_accounted_for(&ran);
    }
}

#[test]
fn a_database_whose_public_schema_is_closed_is_one_cause_with_everything_that_follows() {
    closed_public_is_one_cause(&[(18, "small.sql")]);
}

#[test]
#[ignore = "the whole product of majors: scripts/test --full"]
fn full_a_database_whose_public_schema_is_closed_is_one_cause_in_either_form() {
    closed_public_is_one_cause(&[(15, "small.sql"), (15, "small.dump"), (18, "small.dump")]);
}

fn closed_public_is_one_cause(dumps: &[(u16, &str)]) {
    let home = Home::new();
    for &(major, file) in dumps {
        let profile = as_master(major).replace("database: {name: app, owner: master}\n", "");
        let ran = home.run(&dump(13, file), &[&profile]);
        ran.expect(1);
        let found = causes(&ran);
        let names: Vec<&str> = found.iter().map(|(name, ..)| *name).collect();
        assert!(names.contains(&"schema-not-writable"), "{names:?}");
        assert!(!names.contains(&"dependency-missing") && !names.contains(&"unclassified-error"), "{names:?}");
        let finding = ran.finding("schema-not-writable");
        assert_eq!(finding.subject_text().as_deref(), Some("public"));
        let kinds: Vec<&str> = finding.consequences.iter().map(|of| of.kind.as_str()).collect();
        assert!(kinds.contains(&"TABLE DATA"), "{file}: {kinds:?}");
        // One of two ways, and said to be so.
        let labels: Vec<&str> = finding.commands.iter().filter_map(|command| command.split(':').next()).collect();
        assert_eq!(labels, ["-- one of two", "-- or"], "{finding:?}");
        assert!(finding.commands[1].ends_with("\nGRANT CREATE ON SCHEMA \"public\" TO \"master\";"), "{finding:?}");
        assert_all_accounted_for(&ran);
    }
}

#[test]
fn an_object_whose_new_owner_may_not_create_in_its_schema_is_reported_with_that_owner() {
    let home = Home::new();
    let given = "
CREATE TABLE public.given (id integer);
ALTER TABLE public.given OWNER TO \"the \"\"app\";
CREATE SCHEMA closed;
CREATE TABLE closed.kept (id integer);
ALTER TABLE closed.kept OWNER TO \"the \"\"app\";
";
    let roles =
        "roles:\n  - {name: 'the \"app'}\n  - {name: master, login: true, createdb: true, member_of: ['the \"app']}\n";
    let profile = |public: &str| {
        let database = format!("database: {{name: app, owner: master{public}}}\nrestore: {{as: master}}\n");
        format!("{}{roles}{database}", bare("managed", 17))
    };
    let script = home.file("broken.sql", unowned(&with_statements(&dump(13, "small.sql"), given)));
    let ran = home.run(&script, &[&profile("")]);
    ran.expect(1);
    let refused = |schema: &str| ("schema-not-writable", Severity::Error, schema.to_owned());
    assert_eq!(causes(&ran), [refused("closed"), refused("public")]);
    // The first that failed stands first.
    let finding = findings(ran.only(), "schema-not-writable").remove(0);
    assert_eq!(finding.title, r#"role "the \"app" may not own anything in schema "public", where it may not create"#);
    assert_eq!(finding.commands, [r#"GRANT CREATE ON SCHEMA "public" TO "the ""app";"#]);
    assert_all_accounted_for(&ran);
    // With what it says to do, it is no longer refused there.
    let opened = home.run(&script, &[&profile(", public: {create: ['the \"app']}")]);
    assert_eq!(causes(&opened), [refused("closed")]);
}

/// Without the statements that hand over what the small dump has.
fn unowned(text: &str) -> String {
    let is_kept = |line: &&str| !line.ends_with(" OWNER TO postgres;");
    text.lines().filter(is_kept).map(|line| format!("{line}\n")).collect()
}

const UNMET: &str = r#"
CREATE TABLE public.twice (id integer, word text);
INSERT INTO public.twice VALUES (1, 'a'), (1, NULL), (99, repeat('x', 10));
ALTER TABLE ONLY public.twice ADD CONSTRAINT twice_key UNIQUE (id);
ALTER TABLE ONLY public.twice ADD CONSTRAINT twice_people FOREIGN KEY (id) REFERENCES public.people(id);
ALTER TABLE ONLY public.twice ADD CONSTRAINT short CHECK (length(word) < 5);
CREATE TABLE public.numbers (n integer);
COPY public.numbers (n) FROM stdin;
1
secret
\.
CREATE TABLE public.long (t text);
INSERT INTO public.long SELECT string_agg(md5(n::text), '') FROM generate_series(1, 400) AS n;
CREATE INDEX long_t ON public.long (t);
CREATE FUNCTION public.refuse(integer) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS $f$ BEGIN RAISE EXCEPTION 'secret %', $1; END $f$;
ALTER TABLE public.people ADD CONSTRAINT refused CHECK (public.refuse(id));
CREATE FUNCTION public.count_people() RETURNS bigint LANGUAGE sql STABLE AS 'SELECT count(*) FROM people';
CREATE MATERIALIZED VIEW public.counted AS SELECT public.count_people() AS n WITH NO DATA;
REFRESH MATERIALIZED VIEW public.counted;
CREATE VIEW public.broken AS SELECT public.gone(1) AS one;
GRANT SELECT ON TABLE public.broken TO postgres;
CREATE VIEW public.on_broken AS SELECT broken.one FROM public.broken;
CREATE EXTENSION pgcrypto WITH SCHEMA heroku_ext;
CREATE FUNCTION public.area(integer) RETURNS integer LANGUAGE c AS '$libdir/postgis-1.5', 'area';
CREATE SCHEMA pg_app;
CREATE VIEW public.ambiguous AS SELECT id FROM public.people a, public.people b;
DROP INDEX public.never_was;
ALTER TABLE ONLY public.never_there DROP CONSTRAINT never_there_pkey;
"#;

#[test]
fn rows_and_objects_that_a_target_does_not_take_are_reported_by_their_cause() {
    unmet_needs_are_reported_by_cause(&[18]);
}

#[test]
#[ignore = "the whole product of majors: scripts/test --full"]
fn full_rows_and_objects_that_a_target_does_not_take_are_reported_by_their_cause_in_older_majors() {
    unmet_needs_are_reported_by_cause(&[13, 15, 17]);
}

fn unmet_needs_are_reported_by_cause(majors: &[u16]) {
    let home = Home::new();
    for &major in majors {
        let ran = with(&home, &bare("unmet", major), UNMET);
        ran.expect(1);
        let names: Vec<&str> = causes(&ran).into_iter().map(|(name, ..)| name).collect();
        let expected = [
            "check-violated",
            "column-ambiguous",
            "dependency-missing",
            "foreign-key-violated",
            "function-raised",
            "index-row-too-large",
            "library-missing",
            "nothing-to-drop",
            "schema-missing",
            "schema-reserved",
            "search-path-function",
            "unique-violated",
            "value-invalid",
        ];
        assert_eq!(names, expected, "{major}: {}", ran.json);
        assert_all_accounted_for(&ran);
        let subject = |name: &str| ran.finding(name).subject_text().unwrap_or_default();
        assert_eq!(subject("search-path-function"), "count_people");
        assert_eq!(subject("schema-missing"), "heroku_ext");
        assert_eq!(subject("library-missing"), "postgis-1.5");
        assert_eq!(subject("dependency-missing"), "function public.gone(integer)");
        assert_eq!(subject("unique-violated"), "twice_key");
        let follows = &ran.finding("dependency-missing").consequences;
        let kinds: Vec<(&str, u64)> = follows.iter().map(|of| (of.kind.as_str(), of.count)).collect();
        assert_eq!(kinds, [("ACL", 1), ("VIEW", 1)]);
        assert!(!ran.json.contains("secret"), "{}", ran.json);
        assert!(!ran.stdout.contains("secret"), "{}", ran.stdout);
    }
}

#[test]
fn databases_that_cannot_be_made_say_why() {
    let home = Home::new();
    let source = std::fs::read_to_string(dump(17, "shop-create.sql")).unwrap();
    let old = home.run(&dump(17, "shop-create.sql"), &[&bare("old", 13)]);
    old.expect(1);
    let option = old.finding("database-option-unknown");
    assert_eq!(option.subject_text().as_deref(), Some("locale_provider"));

    let line = source.lines().find(|line| line.starts_with("CREATE DATABASE shop ")).unwrap();
    let made = |with: &str| format!("CREATE DATABASE shop WITH {with};");
    let mismatch = made("TEMPLATE = template0 ENCODING = 'LATIN1' LOCALE_PROVIDER = libc LOCALE = 'C.UTF-8'");
    let template = made("TEMPLATE = template1 ENCODING = 'LATIN1' LOCALE = 'C'");
    let own = made("TEMPLATE = template0 ENCODING = 'UTF8'");
    let no_superuser = "roles: [{name: app, login: true}]\nrestore: {as: app}\n";
    for (names, statements, other) in [
        (&["encoding-locale-mismatch", "template-incompatible"][..], format!("{mismatch}\n{template}"), ""),
        (&["database-not-creatable"], own, no_superuser),
    ] {
        let text = source.replace(line, &statements);
        let ran = home.run(&home.file("made.sql", text), &[&format!("{}{other}", bare("made", 17))]);
        ran.expect(1);
        for name in names {
            assert!(ran.names().contains(name), "{name}: {:?}", ran.names());
            assert!(!ran.finding(name).commands.is_empty());
        }
    }
}

#[test]
fn extensions_that_want_more_than_their_files_say_what() {
    let home = Home::new();
    let create = "CREATE EXTENSION pg_cron;";
    let ran = with(&home, &bare("plain", 17), create);
    ran.expect(1);
    assert_eq!(ran.finding("library-not-preloaded").subject_text().as_deref(), Some("pg_cron"));
    let loaded = format!("{}cluster: {{settings: {{shared_preload_libraries: pg_cron}}}}\n", bare("loaded", 17));
    let ran = with(&home, &loaded, create);
    ran.expect(1);
    let finding = ran.finding("extension-database-fixed");
    assert_eq!(finding.commands, ["cron.database_name = 'app'"]);
    let own = loaded.replace("pg_cron}", "pg_cron, cron.database_name: app}");
    let ran = with(&home, &own, "CREATE EXTENSION pg_cron WITH SCHEMA public;");
    ran.expect(1);
    assert_eq!(ran.finding("extension-schema-fixed").subject_text().as_deref(), Some("pg_cron"));
}

#[test]
fn a_restore_in_one_transaction_that_needs_too_many_locks_says_so() {
    let home = Home::new();
    // With few locks they end soon.
    let settings = "cluster: {settings: {max_locks_per_transaction: 10, max_connections: 20}}\n";
    let profile = format!("{}{settings}restore: {{options: [--single-transaction]}}\n", bare("locks", 17));
    let ran = home.run(&dump(17, "many.dump"), &[&profile]);
    ran.expect(1);
    let finding = ran.finding("locks-exhausted");
    assert!(finding.evidence.iter().any(|line| line.contains("max_locks_per_transaction")), "{finding:?}");
    assert_all_accounted_for(&ran);
}

/// Restores in a container of its own, without pgrehearse, and counts the errors in the server's log.
fn errors_in_log(major: u16, dump: &Path) -> u64 {
    const RESTORE: &str = r#"
set -e
export PGHOST=/tmp PGUSER=postgres PGDATA=/data/pg
cat >/tmp/dump
{
    initdb --no-sync -A trust -U postgres -E UTF8 --locale=C.UTF-8
    pg_ctl -w start -l /tmp/log -o '-k /tmp -h "" -c fsync=off'
    createdb app
} >/dev/null
if head -c 5 /tmp/dump | grep -q PGDMP; then
    pg_restore -d app /tmp/dump >/dev/null 2>&1 || true
else
    psql -X -q -d app -f /tmp/dump >/dev/null 2>&1 || true
fi
grep -c ' ERROR: ' /tmp/log
"#;
    images::ensure();
    let image = format!("pgrehearse-test/postgres:{major}");
    let mut child = Command::new("docker")
        .args([
            "run",
            "--rm",
            "-i",
            "--network",
            "none",
            "--tmpfs",
            "/data:rw,mode=1777",
            "--entrypoint",
            "bash",
            &image,
            "-c",
            RESTORE,
        ])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(&std::fs::read(dump).unwrap()).unwrap();
    let output = child.wait_with_output().unwrap();
    String::from_utf8_lossy(&output.stdout).trim().parse().expect("a number of errors")
}

#[test]
fn hundreds_of_errors_from_forty_causes_are_read_on_one_page_and_each_is_accounted_for() {
    hundreds_of_errors_are_read(&["supabase.dump"]);
}

#[test]
#[ignore = "every form: scripts/test --full"]
fn full_hundreds_of_errors_of_a_plain_dump_are_read_on_one_page_and_each_is_accounted_for() {
    hundreds_of_errors_are_read(&["supabase.sql"]);
}

fn hundreds_of_errors_are_read(files: &[&str]) {
    let home = Home::new();
    for file in files {
        let path = dump(17, file);
        let ran = home.run(&path, &[&bare("plain", 18)]);
        ran.expect(1);
        let restore = ran.only().restore.as_ref().unwrap();
        assert!(restore.errors > 300, "{}", restore.errors);
        assert_eq!(restore.errors, errors_in_log(18, &path), "{file}");
        assert_all_accounted_for(&ran);
        assert_eq!(findings(ran.only(), "role-missing").len(), 37, "{}", ran.json);
        let extensions = findings(ran.only(), "extension-unavailable");
        let mut subjects: Vec<String> = extensions.iter().filter_map(|finding| finding.subject_text()).collect();
        subjects.sort_unstable();
        assert_eq!(subjects, ["pgtap", "plpgsql_check", "vector"]);
        let vector = extensions.iter().find(|finding| finding.subject_text().as_deref() == Some("vector")).unwrap();
        let of = |kind: &str| vector.consequences.iter().find(|of| of.kind == kind).map_or(0, |of| of.count);
        assert_eq!((of("TABLE"), of("VIEW"), of("INDEX"), of("TABLE DATA")), (10, 10, 10, 10), "{file}: {vector:#?}");
        let unclassified = findings(ran.only(), "unclassified-error");
        assert!(unclassified.is_empty(), "{unclassified:#?}");
        let lines = ran.stdout.lines().take_while(|line| !line.starts_with('{')).count();
        assert!(lines < 60, "{lines} lines: {}", ran.stdout);
    }
}

/// As `pg_dump -n public` writes it where types of the table are in another schema.
#[test]
fn that_the_schema_public_is_there_hides_no_other_cause() {
    let home = Home::new();
    let cases = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
    let (error, note) = (Severity::Error, Severity::Note);
    let ran = home.run(&cases.join("cause/schema-public-chosen.dump"), &[&bare("bare", 17)]);
    ran.expect(1);
    let expected = [("object-exists", note, "public".to_owned()), ("schema-missing", error, "ext".to_owned())];
    assert_eq!(causes(&ran), expected, "{}", ran.json);
    assert_all_accounted_for(&ran);
    // Nor where the profile takes it for less.
    let milder = format!("{}severity: {{object-exists: warning}}\n", bare("milder", 17));
    home.run(&cases.join("pass/schema-public-chosen-definitions.dump"), &[&milder]).expect(1);
}

#[test]
fn a_value_that_the_target_does_not_take_is_reported_by_its_parameter() {
    values_are_reported_by_parameter(&[18]);
}

#[test]
#[ignore = "the whole product of majors: scripts/test --full"]
fn full_a_value_that_the_target_does_not_take_is_reported_by_its_parameter_in_the_oldest_major() {
    values_are_reported_by_parameter(&[13]);
}

fn values_are_reported_by_parameter(majors: &[u16]) {
    let home = Home::new();
    let broken = "SET default_table_access_method = heap2;
SET default_text_search_config = 'public.gone';
SET \"TimeZone\" = 'No/Where';
SET statement_timeout = -5;
CREATE FUNCTION public.f() RETURNS integer LANGUAGE sql SET lc_monetary TO 'xx_YY.UTF-8' AS 'SELECT 1';
SET search_path = gone;
CREATE TABLE nowhere (id integer);
";
    for &major in majors {
        let ran = with(&home, &bare("bare", major), broken);
        ran.expect(1);
        let found = causes(&ran);
        let named: Vec<(&str, &str)> = found.iter().map(|(name, _, subject)| (*name, subject.as_str())).collect();
        for wanted in [
            ("dependency-missing", "access method \"heap2\""),
            ("dependency-missing", "text search configuration \"public.gone\""),
            ("setting-invalid", "TimeZone"),
            ("setting-invalid", "statement_timeout"),
            ("setting-invalid", "lc_monetary"),
            ("schema-missing", ""),
        ] {
            assert!(named.contains(&wanted), "{wanted:?} on {major}: {named:?}\n{}", ran.json);
        }
        assert!(findings(ran.only(), "unclassified-error").is_empty(), "{}", ran.json);
        assert_all_accounted_for(&ran);
    }
}

#[test]
fn who_was_refused_is_who_the_restore_acted_as() {
    let home = Home::new();
    let refused = "CREATE SCHEMA closed;
GRANT CREATE ON SCHEMA public TO app;
SET SESSION AUTHORIZATION 'app';
CREATE TABLE closed.t (id integer);
CREATE FUNCTION public.f() RETURNS integer LANGUAGE c AS 'f', 'f';
SET SESSION AUTHORIZATION 'nobody';
CREATE FUNCTION public.g() RETURNS integer LANGUAGE c AS 'f', 'f';
SET SESSION AUTHORIZATION DEFAULT;
";
    let profile = format!("{}roles: [{{name: app}}]\n", bare("bare", 17));
    let ran = with(&home, &profile, refused);
    ran.expect(1);
    let closed = ran.finding("schema-not-writable");
    assert_eq!(closed.title, "role \"app\" may not create anything in schema \"closed\"", "{}", ran.json);
    assert_eq!(closed.commands, [r#"GRANT CREATE ON SCHEMA "closed" TO "app";"#]);
    // A change that was refused is none.
    let denied = ran.finding("permission-denied");
    assert_eq!((denied.subject_text().as_deref(), denied.own_count()), (Some("app"), 2), "{}", ran.json);
    assert!(denied.fix.contains("--use-set-session-authorization"), "{}", denied.fix);
}
