//! The first error first, and what lies in order, chance and the target's own rows is reported as that.

use std::path::{Path, PathBuf};

use pgrehearse::finding::{Finding, Origin, Severity};

use crate::support::home::findings;
use crate::support::{Home, Ran, bare, several, shared};

fn case(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases").join(name)
}

fn text_of(name: &str) -> String {
    std::fs::read_to_string(case(name)).unwrap()
}

/// The restore's findings: name and how many failures they explain.
fn causes(ran: &Ran) -> Vec<(&'static str, u64)> {
    let restore = ran.only().restore.as_ref().unwrap_or_else(|| panic!("nothing was restored: {}", ran.json));
    restore.findings.iter().map(|finding| (finding.name.as_str(), finding.count)).collect()
}

/// The only cause, which explains every failure.
#[track_caller]
fn only_cause<'a>(ran: &'a Ran, name: &str) -> &'a Finding {
    ran.expect(1);
    let restore = ran.only().restore.as_ref().unwrap_or_else(|| panic!("nothing was restored: {}", ran.json));
    assert_eq!(causes(ran), [(restore.findings[0].name.as_str(), restore.errors)], "{}", ran.json);
    assert_eq!(restore.findings[0].name.as_str(), name, "{}", ran.json);
    assert!(!restore.findings[0].fix.is_empty());
    &restore.findings[0]
}

const READS: &str = "
CREATE FUNCTION public.known(i integer) RETURNS boolean LANGUAGE plpgsql STABLE AS $$ BEGIN RETURN EXISTS (SELECT 1 FROM public.z WHERE id = i); END $$;
";

/// A domain's check, or a constraint that is there before the rows, as pg_dump writes them.
fn reads(name: &str, is_domain: bool) -> String {
    let head = |kind: &str, name: &str| {
        format!("\n--\n-- Name: {name}; Type: {kind}; Schema: public; Owner: postgres\n--\n\n")
    };
    let made = if is_domain {
        format!(
            "{}CREATE DOMAIN public.key AS integer\n\tCONSTRAINT {name} CHECK (public.known(VALUE));",
            head("DOMAIN", "key")
        )
    } else {
        String::new()
    };
    let rows =
        if is_domain { "public.key" } else { &format!("integer,\n    CONSTRAINT {name} CHECK (public.known(r))") };
    format!(
        "SET check_function_bodies = false;\n{}{READS}{made}{}CREATE TABLE public.a (\n    r {rows}\n);\n{}CREATE TABLE public.z (\n    id integer\n);\n\
         COPY public.a (r) FROM stdin;\n1\n\\.\nCOPY public.z (id) FROM stdin;\n1\n\\.\n",
        head("FUNCTION", "known(integer)"),
        head("TABLE", "a"),
        head("TABLE", "z"),
    )
}

/// A table with a doubled key, another one that refers to it, and a view that groups by it where it is the primary key.
fn doubled_key(table: &str, key: &str) -> String {
    let grouped = if key.contains("PRIMARY") {
        format!("CREATE VIEW public.of_{table} AS SELECT id, t, count(*) FROM public.{table} GROUP BY id;\n")
    } else {
        String::new()
    };
    format!(
        "CREATE TABLE public.{table} (id integer, t text);\nCREATE TABLE public.to_{table} (a integer);\n\
         INSERT INTO public.{table} VALUES (1, 'x');\nINSERT INTO public.{table} VALUES (1, 'y');\n{key}\n{grouped}\
         ALTER TABLE ONLY public.to_{table} ADD CONSTRAINT to_{table} FOREIGN KEY (a) REFERENCES public.{table}(id);\n"
    )
}

/// The script whose databases each fail for causes of their own.
fn failing() -> Vec<u8> {
    several::script([
        ("of_domain", reads("known_key", true)),
        ("of_table", reads("known_value", false)),
        ("keyed", doubled_key("a", "ALTER TABLE ONLY public.a ADD CONSTRAINT a_pkey PRIMARY KEY (id);")),
        ("indexed", doubled_key("c", "CREATE UNIQUE INDEX c_id ON public.c (id);")),
        (
            "twice",
            "CREATE TABLE public.twice (id integer PRIMARY KEY);\nCOPY public.twice (id) FROM stdin;\n1\n1\n\\.\n"
                .to_owned(),
        ),
        ("inline", text_of("cause/inline-fk.sql")),
        ("grouping", text_of("cause/view-before-pk.sql")),
        (
            "later",
            "CREATE VIEW v AS SELECT id FROM t;\nCREATE TABLE t (id integer);\n\
             CREATE VIEW w AS SELECT nowhere.id FROM nowhere;\nINSERT INTO t VALUES (1);\n"
                .to_owned(),
        ),
        ("source_of_check", text_of("cause/catalog-column-gone.sql")),
        (
            "gone",
            "CREATE TABLE t (id integer);\nCREATE VIEW v AS SELECT d.adsrc FROM pg_catalog.pg_attrdef d;\n\
             CREATE VIEW w AS SELECT pg_is_in_backup() AS busy;\nCREATE TABLE u (at abstime);\n"
                .to_owned(),
        ),
        ("generated", text_of("cause/generated-column.sql")),
        (
            "computed",
            "CREATE TABLE t (a integer, b integer GENERATED ALWAYS AS (a * 2) STORED);\n\
             INSERT INTO t (a, b) VALUES (1, 2);\nINSERT INTO t VALUES (1, DEFAULT);\n"
                .to_owned(),
        ),
    ])
}

/// Its run, of which every failure is reported with its cause, in the script's order.
fn failed() -> Ran {
    let ran =
        shared::run("order-failing", |home| home.run(&home.file("failing.sql", failing()), &[&bare("failing", 15)]));
    ran.expect(1);
    let all = [
        ("check-reads-rows", 1),
        ("check-reads-rows", 1),
        ("unique-violated", 3),
        ("unique-violated", 2),
        ("unique-violated", 1),
        ("created-later", 1),
        ("value-invalid", 1),
        ("created-later", 2),
        ("created-later", 1),
        ("dependency-missing", 1),
        ("catalog-changed", 2),
        ("catalog-changed", 1),
        ("catalog-changed", 1),
        ("catalog-changed", 1),
        ("generated-column-written", 1),
        ("generated-column-written", 2),
        ("generated-column-written", 1),
    ];
    assert_eq!(causes(&ran), all, "{}", ran.json);
    assert_eq!(all.iter().map(|(_, count)| count).sum::<u64>(), ran.only().restore.as_ref().unwrap().errors);
    ran
}

/// The causes of one of its databases.
fn causes_in<'a>(ran: &'a Ran, database: &str) -> Vec<(&'a str, u64)> {
    let found = several::causes(ran.only(), &failing(), database);
    found.iter().map(|finding| (finding.name.as_str(), finding.count)).collect()
}

/// The only cause in one of its databases, and how many failures it explains.
#[track_caller]
fn only_cause_in<'a>(ran: &'a Ran, database: &str, name: &str, count: u64) -> &'a Finding {
    assert_eq!(causes_in(ran, database), [(name, count)], "{database}: {}", ran.json);
    let finding = several::causes(ran.only(), &failing(), database)[0];
    assert!(!finding.fix.is_empty());
    finding
}

#[test]
fn a_check_that_reads_another_table_has_one_verdict_whatever_the_jobs() {
    let home = Home::new();
    let dump = case("pass/check-reads-table.dump");
    let auto = bare("auto", 15);
    let one = format!("{}restore: {{jobs: 1}}\n", bare("one", 15));
    let ran = home.run(&dump, &[&auto, &one]);
    ran.expect(1);
    for name in ["auto", "one"] {
        let target = ran.target(name);
        let found = findings(target, "check-reads-rows");
        assert_eq!(found.len(), 1, "{}", ran.json);
        assert_eq!(found[0].origin, Origin::Restore);
        assert!(found[0].title.contains("room_exists"), "{}", found[0].title);
        let reported = target.notices.iter().any(|notice| notice.contains("one job, because the order decides"));
        assert_eq!(reported, name == "auto", "{:?}", target.notices);
    }
    // A domain's check, and a constraint that is there before the rows, in scripts.
    let ran = failed();
    for (database, name) in [("of_domain", "known_key"), ("of_table", "known_value")] {
        let finding = only_cause_in(&ran, database, "check-reads-rows", 1);
        assert_eq!(finding.subject_text().as_deref(), Some(name));
    }
}

#[test]
fn what_fails_for_a_key_that_was_not_made_is_a_consequence() {
    let home = Home::new();
    let ran = home.run(&case("cause/fk-after-pk-failed.dump"), &[&bare("keys", 15)]);
    let finding = only_cause(&ran, "unique-violated");
    assert_eq!(finding.consequences[0].kind, "FK CONSTRAINT");
    // The same in a script, by name, with a view that groups by the key; and an index in the key's place.
    let ran = failed();
    only_cause_in(&ran, "keyed", "unique-violated", 3);
    only_cause_in(&ran, "indexed", "unique-violated", 2);
}

#[test]
fn what_the_dump_creates_further_down_is_reported_as_that() {
    let ran = failed();
    let first = [("created-later", 1), ("value-invalid", 1)];
    assert_eq!(causes_in(&ran, "inline"), first, "the first error first: {}", ran.json);
    only_cause_in(&ran, "grouping", "created-later", 2);
    assert_eq!(causes_in(&ran, "later"), [("created-later", 1), ("dependency-missing", 1)], "{}", ran.json);
}

#[test]
fn a_column_that_a_newer_version_has_not_is_reported_as_the_catalogues() {
    let ran = failed();
    let finding = only_cause_in(&ran, "source_of_check", "catalog-changed", 2);
    assert!(finding.title.contains("pg_constraint.consrc") && finding.title.contains("12"), "{}", finding.title);
    let each = [("catalog-changed", 1), ("catalog-changed", 1), ("catalog-changed", 1)];
    assert_eq!(causes_in(&ran, "gone"), each, "{}", ran.json);
}

#[test]
fn values_for_generated_columns_are_reported_as_that() {
    let ran = failed();
    let found = causes_in(&ran, "generated");
    assert_eq!(found, [("generated-column-written", 1), ("generated-column-written", 2)], "{}", ran.json);
    only_cause_in(&ran, "computed", "generated-column-written", 1);
}

#[test]
fn rows_that_lie_in_another_partition_here_are_reported_with_what_helps() {
    let home = Home::new();
    // How many move is for the OIDs to say, and with them what the cluster has made before.
    let ran = home.run(&case("cause/enum-hash-partition.sql"), &[&bare("moved", 15)]);
    let finding = only_cause(&ran, "partition-moved");
    assert_eq!(finding.subject_text().as_deref(), Some("public.things"));
    assert!(finding.commands[0].contains("--load-via-partition-root"), "{finding:?}");
}

#[test]
fn text_that_is_no_sql_takes_the_statement_behind_it_and_all_that_needs_it() {
    let home = Home::new();
    let profile = format!("{}roles: [{{name: h2app}}]\n", bare("text", 17));
    let ran = home.run(&case("cause/warning-in-middle.sql"), &[&profile]);
    let finding = only_cause(&ran, "text-in-dump");
    assert!(finding.title.contains("pg_dump"), "{}", finding.title);
    let whole = "CREATE TABLE public.t (\n    id integer\n);\nCOPY public.t (id) FROM stdin;\n1\n\\.\n";
    let behind = |said: &str, table: &str, place: &str| {
        format!(
            "{whole}{said}CREATE TABLE public.{table} (\n    id integer\n);\nALTER TABLE public.{table} OWNER TO postgres;\n{place}"
        )
    };
    let prompt = behind(
        "Password for user app: \n",
        "v",
        "CREATE TABLE public.u (id integer);\nALTER TABLE public.u OWNER TO postgres;\n",
    );
    let warning = behind("pg_dump: warning: there are circular foreign-key constraints\n", "w", "");
    let among = "CREATE TABLE public.t (id integer, n text);\nCOPY public.t (id, n) FROM stdin;\n1\ta\n\
                 pg_dump: warning: something\n\\.\n";
    let script = several::script([("prompt", prompt), ("warning", warning), ("among", among.to_owned())]);
    let ran = home.run(&home.file("text.sql", &script), &[&bare("text", 17)]);
    ran.expect(1);
    // Each takes a statement and what needs it; the one among the rows only these.
    assert_eq!(causes(&ran), [("text-in-dump", 2), ("text-in-dump", 3)], "{}", ran.json);
    assert_eq!(ran.only().restore.as_ref().unwrap().errors, 5, "{}", ran.json);
    let in_prompt = several::causes(ran.only(), &script, "prompt");
    assert_eq!((in_prompt.len(), in_prompt[0].objects.len()), (1, 1), "{}", ran.json);
    let of_pg_dump = several::causes(ran.only(), &script, "warning");
    assert_eq!((of_pg_dump.len(), of_pg_dump[0].objects.len()), (1, 2), "{}", ran.json);
    assert!(of_pg_dump[0].objects[1].ends_with(": COPY public.t (id, n) FROM stdin;"), "{}", ran.json);
}

#[test]
fn rows_that_were_there_are_distinguished_from_rows_of_the_dump() {
    let home = Home::new();
    let ran = home.run(&case("cause/over-existing.sql"), &[&text_of("cause/over-existing.yaml")]);
    ran.expect(1);
    let restore = ran.only().restore.as_ref().unwrap();
    assert_eq!(restore.findings[0].name.as_str(), "object-exists", "the first error first: {}", ran.json);
    let collide = findings(ran.only(), "rows-collide");
    assert_eq!(collide.len(), 2, "{}", ran.json);
    assert!(
        collide.iter().all(|finding| finding.title.contains("before the restore") && finding.origin == Origin::Target)
    );
    assert!(
        !ran.names().contains(&"unique-violated") && !ran.names().contains(&"unclassified-error"),
        "{:?}",
        ran.names()
    );
    assert!(!ran.json.contains("no error said so") && !ran.json.contains("errors names it"), "{}", ran.json);
    assert!(!ran.names().contains(&"rows-missing"), "the refused COPY explains it: {:?}", ran.names());
    assert!(
        collide.iter().all(|finding| finding.commands.is_empty()),
        "no fix deletes rows of the target's: {}",
        ran.json
    );
    // A trigger of the target writes a row for each that comes in.
    let schema = "CREATE TABLE public.audit (id integer GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY, what text);
        CREATE TABLE public.gyms (id integer PRIMARY KEY, name text, key text);
        CREATE TABLE public.users (id integer PRIMARY KEY, name text);
        CREATE FUNCTION public.write() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO public.audit (what) VALUES ('x'); RETURN NEW; END $$;
        CREATE TRIGGER t AFTER INSERT ON public.gyms FOR EACH ROW EXECUTE FUNCTION public.write();
        CREATE TRIGGER t AFTER INSERT ON public.users FOR EACH ROW EXECUTE FUNCTION public.write();";
    let init: String = schema.lines().map(|line| format!("      {}\n", line.trim())).collect();
    let profile = format!("{}init:\n  - sql: |\n{init}restore: {{options: [--data-only]}}\n", bare("triggers", 17));
    let written =
        "COPY public.users (id, name) FROM stdin;\n1\tu\n\\.\nCOPY public.audit (id, what) FROM stdin;\n1\tu\n\\.\n";
    let profile_of_script = profile.replace("restore: {options: [--data-only]}\n", "");
    let ran = home.run(&home.file("rows.sql", written), &[&profile_of_script]);
    let finding = only_cause(&ran, "rows-collide");
    assert!(finding.title.contains("during the restore"), "{}", finding.title);
    let ran = home.run(&case("cause/trigger-writes-elsewhere.dump"), &[&profile]);
    ran.expect(1);
    assert!(!ran.names().contains(&"unique-violated"), "{:?}", ran.names());
    // The dump's own.
    only_cause_in(&failed(), "twice", "unique-violated", 1);
}

#[test]
fn what_an_extension_has_made_is_no_loss() {
    let home = Home::new();
    let ran = home.run(&case("cause/extension-policy-twice.sql"), &[&text_of("cause/extension-policy-twice.yaml")]);
    let finding = ran.finding("object-exists");
    assert_eq!(
        (finding.severity, finding.subject_text().as_deref()),
        (Severity::Warning, Some("pg_cron")),
        "{}",
        ran.json
    );
}

/// As others do that have it among harmless errors, in scripts and archives.
#[test]
#[ignore = "by itself: scripts/test --full"]
fn full_the_schema_public_is_everywhere_and_no_error() {
    let home = Home::new();
    let ran = home.run(&case("false-alarm/public-exists.sql"), &[&text_of("false-alarm/public-exists.yaml")]);
    ran.expect(0);
    assert_eq!(ran.finding("object-exists").severity, Severity::Note);
}

const WRITES: &str = "CREATE TABLE public.t (id integer);\nCOPY public.t (id) FROM stdin;\n1\n\\.\nCREATE SCHEMA s;\n\
                      CREATE VIEW public.v AS SELECT id FROM public.t;\n";

#[test]
#[ignore = "every place of the setting: scripts/test --full"]
fn full_a_restore_that_may_write_nothing_in_its_database_has_one_cause() {
    let home = Home::new();
    let server = format!("{}database: {{settings: {{default_transaction_read_only: 'on'}}}}\n", bare("server", 17));
    only_cause(&home.run(&home.file("readonly.sql", WRITES), &[&server]), "server-read-only");
}

#[test]
fn a_restore_that_may_write_nothing_has_one_cause() {
    let home = Home::new();
    let text = WRITES;
    let dump = home.file("readonly.sql", text);
    let role = format!(
        "{}roles: [{{name: app, login: true, settings: {{default_transaction_read_only: 'on'}}}}]\ndatabase: {{owner: app}}\nrestore: {{as: app}}\n",
        bare("role", 17)
    );
    only_cause(&home.run(&dump, &[&role]), "server-read-only");
    let own = home.file("readonly.sql", format!("SET default_transaction_read_only = on;\n{text}"));
    only_cause(&home.run(&own, &[&bare("own", 17)]), "server-read-only");
}

#[test]
fn a_script_that_takes_superuser_from_who_restores_it_is_reported_as_that() {
    let home = Home::new();
    let text = text_of("false-alarm/dumpall-clean.sql");
    let demoted = text.replace("ALTER ROLE postgres WITH SUPERUSER", "ALTER ROLE postgres WITH NOSUPERUSER");
    let demoted = demoted.replace(
        "NOSUPERUSER INHERIT CREATEROLE CREATEDB LOGIN REPLICATION BYPASSRLS",
        "NOSUPERUSER INHERIT CREATEROLE CREATEDB LOGIN NOREPLICATION NOBYPASSRLS",
    );
    let ran = home.run(&home.file("demoted.sql", demoted), &[&bare("demoted", 17)]);
    assert!(ran.names().contains(&"superuser-lost"), "{:?}\n{}", ran.names(), ran.stderr);
    assert!(!ran.names().contains(&"permission-denied"), "{:?}", ran.names());
    let last =
        "CREATE TABLE public.t (id integer);\nINSERT INTO public.t VALUES (1);\nALTER ROLE postgres NOSUPERUSER;\n";
    let ran = home.run(&home.file("demoted.sql", last), &[&bare("demoted", 17)]);
    ran.expect(0);
    assert_eq!(ran.finding("superuser-lost").severity, Severity::Warning);
}

#[test]
#[ignore = "every form: scripts/test --full"]
fn full_a_script_of_ones_own_that_takes_superuser_from_who_restores_it_is_reported_as_that() {
    let home = Home::new();
    let alone = "CREATE TABLE public.t (id integer);\nALTER ROLE postgres NOSUPERUSER;\nCREATE EXTENSION file_fdw;\n";
    let ran = home.run(&home.file("demoted.sql", alone), &[&bare("demoted", 17)]);
    assert!(ran.names().contains(&"superuser-lost"), "{:?}\n{}", ran.names(), ran.stderr);
}

#[test]
fn what_pg_dumpall_drops_and_makes_again_is_not_in_the_way_of_pgrehearse() {
    let home = Home::new();
    let ran = home.run(&case("false-alarm/dumpall-clean.sql"), &[&bare("clean", 17)]);
    ran.expect(0);
    assert_eq!(causes(&ran), [("role-exists", 2)], "{}", ran.json);
    let ran = home.finish(&mut {
        let mut command = home.command(&case("false-alarm/pg_dumpall_two_locales.sql"), &[Path::new("same-as-source")]);
        command.env("PGREHEARSE_IMAGE_REPOSITORY", crate::support::images::REPOSITORY);
        command
    });
    assert!(!ran.names().contains(&"locale-unavailable"), "{:?}", ran.names());
}

#[test]
fn a_database_that_cannot_be_made_is_to_be_made_under_the_name_that_the_script_goes_to() {
    let home = Home::new();
    let ran = home.run(&case("cause/create-db-plain.sql"), &[&text_of("cause/create-db-plain.yaml")]);
    let finding = only_cause(&ran, "database-not-creatable");
    assert!(finding.commands[0].starts_with("CREATE DATABASE \"a34\" "), "{finding:?}");
    let ran = home.run(&case("cause/windows-locale.sql"), &[&bare("windows", 15)]);
    let finding = only_cause(&ran, "locale-unavailable");
    assert!(finding.fix.contains("Windows") && finding.commands[0].contains("\"a34\""), "{finding:?}");
    assert!(!finding.commands.iter().any(|command| command.contains("localedef")), "{finding:?}");
}

#[test]
fn an_archive_that_was_changed_as_text_and_one_compressed_twice_are_reported_as_that() {
    let home = Home::new();
    let refused = |dump: &Path| {
        let ran = home.finish(&mut home.command(dump, &[&home.profile(&bare("any", 17))]));
        ran.expect(2).stderr.clone()
    };
    assert!(refused(&case("cause/crlf-custom.dump")).contains("carriage return"));
    assert!(refused(&case("cause/double.sql.gz.gz")).contains("compressed twice"));
    let shop = std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("demo/shop.dump")).unwrap();
    let lossy = String::from_utf8_lossy(&shop).into_owned();
    assert!(refused(&home.file("lossy.dump", lossy)).contains("replaced"));
    let crlf: Vec<u8> =
        shop.iter().flat_map(|byte| if *byte == b'\n' { vec![b'\r', b'\n'] } else { vec![*byte] }).collect();
    assert!(refused(&home.file("crlf.dump", crlf)).contains("carriage return"));
}

#[test]
fn a_dump_that_silences_or_translates_the_servers_log_hides_nothing() {
    hides_nothing("ALTER ROLE postgres SET log_min_messages = panic;\n\\connect app");
    hides_nothing("SET application_name = 'pgrehearse';");
    let home = Home::new();
    // Where nothing has failed, psql's word of its end is not in the log, and no failure of the client either.
    let whole =
        "SET log_min_messages = panic;\nCREATE TABLE public.t (id integer);\nINSERT INTO public.t VALUES (1);\n";
    let ran = home.run(&home.file("whole.sql", whole), &[&bare("silent", 17)]);
    ran.expect(3);
    assert!(!ran.names().contains(&"client-failed"), "{}", ran.json);
    let german = format!("{}cluster: {{locales: [de_DE.UTF-8]}}\n", bare("german", 17));
    let ran = home.run(&home.file("german.sql", format!("SET lc_messages = 'de_DE.UTF-8';\n{UNHEARD}")), &[&german]);
    ran.expect(1);
}

#[test]
#[ignore = "every form: scripts/test --full"]
fn full_a_dump_that_silences_the_servers_log_for_its_session_hides_nothing() {
    hides_nothing("SET log_min_messages = panic;");
}

/// A script whose last statement fails.
const UNHEARD: &str = "CREATE TABLE public.t (id integer);\nINSERT INTO public.t VALUES (1);\n\
                       CREATE VIEW public.v AS SELECT 1 FROM public.gone;\n";

#[track_caller]
fn hides_nothing(silenced: &str) {
    let home = Home::new();
    home.run(&home.file("silent.sql", format!("{silenced}\n{UNHEARD}")), &[&bare("silent", 17)]).expect(1);
}
