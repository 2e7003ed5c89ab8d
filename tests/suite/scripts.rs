//! Scripts are read as psql reads them, and where reading cannot tell, psql's own word or nobody's decides: never a pass.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use pgdump_reader::{self as dump, Affects, Scan};
use pgrehearse::check::CheckResult;

use crate::support::home::findings;
use crate::support::{Home, Ran, Server, several, shared};

const APP: &str = "name: t15\npostgres: 15\ndatabase: {name: app}\n";

fn case(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases").join(name)
}

/// Rehearses a script of this text.
fn run(home: &Home, text: impl AsRef<[u8]>) -> Ran {
    home.run(&home.file("script.sql", text), &[APP])
}

#[track_caller]
fn assert_fails_with(ran: &Ran, name: &str) {
    ran.expect(1);
    assert!(!findings(ran.only(), name).is_empty(), "no {name}:\n{}", ran.json);
}

/// A database of the script below, what the script does in it, and why nobody knows what it should hold.
type Doubt = (&'static str, String, &'static str);

/// The script whose databases are each untested for a reason of their own.
fn doubts() -> String {
    let all = [followed(), uncounted(), counted(), left_out(), partly_taken()].concat();
    let script = several::script(all.iter().map(|(database, script, _)| (*database, script)));
    String::from_utf8(script).unwrap()
}

/// Its run, which fails for nothing.
fn in_doubt() -> Ran {
    let ran = shared::run("scripts-in-doubt", |home| run(home, doubts()));
    ran.expect(3);
    assert_eq!(ran.only().restore.as_ref().unwrap().errors, 0, "{}", ran.json);
    ran
}

#[track_caller]
fn assert_untested_for(ran: &Ran, doubts: &[Doubt]) {
    for (database, _, reason) in doubts {
        let untested = several::untested(ran.only(), database);
        assert!(untested.iter().any(|said| said.contains(reason)), "{database}, {reason}: {:#?}", ran.only().untested);
        assert!(several::findings(ran.only(), database).is_empty(), "{database}: {}", ran.json);
    }
}

/// The run of one script whose databases each lose rows that no error tells of.
fn losing() -> Ran {
    let temporary = "SET search_path = public;\nCREATE TEMP TABLE t(a int);\n";
    let number = "CREATE TABLE t (id int, r real, d double precision[]);\n\
        CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.r = NEW.r + 1; RETURN NEW; END';\n\
        CREATE TRIGGER x BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION f();\n\
        COPY t FROM stdin;\n1\t45.9000015\t{1.5}\n\\.\n";
    let ran = shared::run("scripts-losing", |home| {
        let parts = [
            // The first one, so that its lines are known.
            ("deleted", format!("{KEPT}DELETE FROM public.kept;\n")),
            ("copied", format!("{DROPPING}{temporary}COPY public.t FROM stdin;\n1\tx\n\\.\n")),
            ("inserted", format!("{DROPPING}{ON_CONFLICT}")),
            ("number", number.to_owned()),
        ];
        run(home, several::script(parts))
    });
    ran.expect(1);
    ran
}

#[track_caller]
fn assert_misses_rows(ran: &Ran, database: &str) {
    let found = several::findings(ran.only(), database);
    assert!(found.iter().any(|finding| finding.name.as_str() == "rows-missing"), "{database}: {}", ran.json);
}

/// The run of one script that comes back whole, whose databases each have something that only looks like a loss.
fn whole() -> Ran {
    let ran = shared::run("scripts-whole", |home| {
        let mut parts: Vec<(&str, Vec<u8>)> = vec![
            ("harmless", harmless_in_no_transaction().into()),
            ("made", format!("{KEPT}{MADE}").into()),
            ("kept", format!("{KEPT}DELETE FROM public.kept WHERE a = 7;\n\\set x kept\nANALYZE public.:x;\n").into()),
            ("definitions", DEFINITIONS_AND_MADE.into()),
            ("before", CHANGED_BEFORE.into()),
            ("conflict", format!("{CONFLICTING}{ON_CONFLICT}").into()),
            ("copied", EVERY_COPY.into()),
            (
                "secure",
                "SET row_security = on;\nCREATE TABLE public.t(a int);\nINSERT INTO public.t VALUES (1);\n".into(),
            ),
        ];
        parts.extend(BACKSLASHES.map(|(encoding, character)| (encoding, like_a_backslash(encoding, *character))));
        // Behind the end that it has, there is nothing to be missed.
        run(home, [&*several::script(parts), b"\\q\n-- the end\n"].concat())
    });
    ran.expect(0);
    ran
}

/// What the check of rows says of a database.
#[track_caller]
fn rows<'a>(ran: &'a Ran, database: &str) -> &'a CheckResult {
    several::check(ran.only(), database, "rows")
}

/// Scripts that once were misread, each in a database of its own.
fn misread() -> Ran {
    let cases = ["copy-csv", "old_float", "old_names", "sed-removed-comment"];
    shared::run("scripts-misread", |home| {
        let text = |name: &str| std::fs::read(case(&format!("false-alarm/{name}.sql"))).unwrap();
        let script = several::script(cases.iter().zip(MISREAD).map(|(name, database)| (database, text(name))));
        home.run(&home.file("misread.sql", script), &[&format!("{APP}roles: [{{name: h2app}}]\n")])
    })
}

const MISREAD: [&str; 4] = ["csv", "floats", "names", "edited"];

/// None of these findings is there in one of their databases, which was looked at and has no cause.
#[track_caller]
fn assert_none_in(database: &str, names: &[&str]) {
    let ran = misread();
    let found = several::findings(ran.only(), database);
    assert!(found.iter().all(|finding| !names.contains(&finding.name.as_str())), "{database}: {}", ran.json);
    assert!(rows(&ran, database).could_not.is_empty(), "{database}: {}", ran.json);
}

#[test]
fn a_script_that_ends_inside_a_transaction_fails_in_every_form_of_connect() {
    let home = Home::new();
    assert_fails_with(&home.run(&case("pass/pass-connect-user.sql"), &[APP]), "transaction-open");
    assert_fails_with(&super::places::second(), "transaction-open");
    assert_fails_with(&run(&home, format!("\\c app;\n\\set AUTOCOMMIT off\n{LOST}")), "transaction-open");
    let failed = run(&home, format!("BEGIN;\n{LOST}SELECT 1/0;\n"));
    assert_fails_with(&failed, "transaction-open");
    assert!(failed.finding("transaction-open").title.contains("line 1"), "{}", failed.json);
}

const LOST: &str = "CREATE TABLE public.lost(a int);\nINSERT INTO public.lost VALUES (1);\n";

#[test]
#[ignore = "every form: scripts/test --full"]
fn full_a_script_that_ends_inside_a_transaction_fails_where_it_connects_by_a_string() {
    let script = format!("CREATE TABLE public.kept(a int);\n\\c \"dbname=app user=postgres\"\nBEGIN;\n{LOST}");
    assert_fails_with(&run(&Home::new(), script), "transaction-open");
}

/// Errors that are only notes.
const HARMLESS: [&str; 3] = ["CREATE ROLE postgres;\n", "CREATE SCHEMA public;\n", "DROP TABLE public.no;\n"];

const TABLE: &str = "CREATE TABLE public.t(a int);\nINSERT INTO public.t VALUES (1);\n";

fn function(name: &str) -> String {
    format!("CREATE FUNCTION public.f{name}() RETURNS integer LANGUAGE sql AS 'SELECT 1';\n")
}

/// A script in which each of them takes back nothing, or nothing but what is reported.
fn harmless_in_no_transaction() -> String {
    let mut script = TABLE.to_owned();
    for (number, harmless) in HARMLESS.iter().enumerate() {
        let function = |part: &str| function(&format!("{number}_{part}"));
        script.push_str(&format!("{}BEGIN;\n{harmless}COMMIT;\n", function("before")));
        script.push_str(&format!("BEGIN;\n{}COMMIT;\n{harmless}", function("within")));
        script.push_str("\\set ON_ERROR_ROLLBACK on\n");
        script.push_str(&format!("BEGIN;\n{}{harmless}COMMIT;\n\\set ON_ERROR_ROLLBACK off\n", function("beside")));
    }
    script
}

const OPTIONS: [&str; 2] = ["'-1'", "-v, ON_ERROR_STOP=1"];

/// Under an option, a harmless error takes all back.
fn harmless_under(option: &str, harmless: &str) {
    let home = Home::new();
    let script = format!("{TABLE}{}{harmless}", function(""));
    let ran = home.run(&home.file("script.sql", script), &[&format!("{APP}restore: {{options: [{option}]}}\n")]);
    assert_fails_with(&ran, if option.contains("ON_ERROR_STOP") { "client-failed" } else { "transaction-lost" });
}

/// An error that is only a note takes back its transaction all the same, and nothing complains of that.
#[test]
fn what_a_harmless_error_takes_back_is_reported() {
    let home = Home::new();
    let mut script = TABLE.to_owned();
    let mut failing = Vec::new();
    for harmless in HARMLESS {
        for (begin, end) in [("BEGIN;\n", ""), ("\\set AUTOCOMMIT off\n", "\\set AUTOCOMMIT on\n")] {
            script.push_str(&format!("{begin}{}", function(&failing.len().to_string())));
            failing.push(format!("line {}: {}", script.lines().count() + 1, harmless.trim_end()));
            script.push_str(&format!("{harmless}COMMIT;\n{end}"));
        }
    }
    let ran = run(&home, script);
    ran.expect(1);
    let lost = ran.finding("transaction-lost");
    assert_eq!((&lost.objects, lost.count), (&failing, 6), "{}", ran.json);
    harmless_under(OPTIONS[0], HARMLESS[0]);
    harmless_under(OPTIONS[1], HARMLESS[2]);
    // Nothing is lost, or nothing but what is reported.
    let whole = whole();
    assert_eq!(whole.only().restore.as_ref().unwrap().errors, 9, "{}", whole.json);
    assert!(findings(whole.only(), "transaction-lost").is_empty(), "{}", whole.json);
    assert!(several::findings(whole.only(), "harmless").is_empty(), "{}", whole.json);

    let accepted = format!("{APP}accept:\n- {{finding: role-missing, reason: known, until: 2099-01-01}}\n");
    let script = format!("BEGIN;\n{}GRANT ALL ON SCHEMA public TO nobody;\nCOMMIT;\n", function(""));
    assert_fails_with(&home.run(&home.file("script.sql", script), &[&accepted]), "transaction-lost");
}

#[test]
#[ignore = "every harmless error under every option: scripts/test --full"]
fn full_what_a_harmless_error_takes_back_is_reported_under_every_option() {
    for option in OPTIONS {
        for harmless in HARMLESS {
            harmless_under(option, harmless);
        }
    }
}

#[test]
fn what_follows_a_quit_is_missed() {
    let home = Home::new();
    let ran = home.run(&case("pass/pass-quit-definitions.sql"), &[APP]);
    assert_fails_with(&ran, "input-unread");
    let ran = run(&home, "CREATE TABLE public.kept(a int);\n\\echo x \\q\nCREATE VIEW public.v AS SELECT 1;\n");
    assert_fails_with(&ran, "input-unread");
    let whole = whole();
    assert!(findings(whole.only(), "input-unread").is_empty(), "{}", whole.json);
}

const KEPT: &str = "CREATE TABLE public.other(a int);\nINSERT INTO public.other VALUES (1);\n\
    CREATE TABLE public.kept(a int);\nINSERT INTO public.kept VALUES (1), (2);\n";

/// Rows that a query of the script makes.
const MADE: &str = "CREATE TABLE public.made(a int);\nINSERT INTO public.made SELECT generate_series(1, 9);\n";
const WHY_MADE: &str = "public.made: its INSERT statements take their rows from queries";

fn followed() -> Vec<Doubt> {
    [
        ("by_gexec", "SELECT 'DROP TABLE public.kept' \\gexec\n", "\\gexec"),
        ("by_gset", "SELECT 'public.kept' AS t \\gset\nTRUNCATE :t;\n", "\\gset"),
        ("by_do", "DO $$ BEGIN DELETE FROM public.kept; END $$;\n", "DO runs code"),
        ("renamed", "ALTER TABLE public.kept RENAME TO gone;\n", "RENAME"),
        ("made", &format!("{MADE}TRUNCATE public.made;\n"), WHY_MADE),
    ]
    .map(|(database, tail, reason)| (database, format!("{KEPT}{tail}"), reason))
    .to_vec()
}

#[test]
fn what_a_script_takes_back_or_cannot_be_followed_in_is_no_pass() {
    let home = Home::new();
    let ran = home.run(&case("pass/pass-meta-copy.sql"), &[APP]);
    assert_fails_with(&ran, "rows-missing");
    assert_fails_with(&super::places::renamed(), "rows-missing");
    assert_untested_for(&in_doubt(), &followed());
    let ran = losing();
    let found = several::findings(ran.only(), "deleted");
    let missing = found.iter().find(|finding| finding.name.as_str() == "rows-missing").expect(&ran.json);
    // Two lines that make the database, and four before it.
    assert!(missing.fix.contains("line 7: DELETE FROM public.kept."), "{}", missing.fix);
    // Rows that a query of the script makes are reported as such, beside others that are compared.
    let whole = whole();
    assert_eq!(rows(&whole, "made").not_compared, [WHY_MADE], "{}", whole.json);
    // What changes nothing after all is no harm.
    assert!(rows(&whole, "kept").looked_at.starts_with("3 rows in 2 tables compared"), "{}", whole.json);
}

/// A table whose trigger drops what comes in, so that whatever a script brings is lost.
const DROPPING: &str = "CREATE TABLE public.t(a int, b text);\n\
    CREATE FUNCTION public.f() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RETURN NULL; END$$;\n\
    CREATE TRIGGER f BEFORE INSERT ON public.t FOR EACH ROW EXECUTE FUNCTION public.f();\n";

const DEFINITIONS_AND_MADE: &str = "CREATE TABLE public.t(a int);\n\
    WITH x AS (SELECT 1) INSERT INTO public.t VALUES (1);\nCREATE TABLE public.u AS SELECT 1;\n";

fn uncounted() -> Vec<Doubt> {
    [
        (
            "by_with",
            "WITH x AS (SELECT 1) INSERT INTO public.t VALUES (1, 'x');",
            "public.t: the script makes rows of it",
        ),
        (
            "prepared",
            "PREPARE p AS INSERT INTO public.t VALUES ($1, $2);\nEXECUTE p(1, 'x');",
            "public.t: the script makes rows of it",
        ),
        ("by_code", "DO $$BEGIN INSERT INTO public.t VALUES (1, 'x'); END$$;", "DO runs code"),
        (
            "beside",
            "CREATE TABLE public.kept AS SELECT 1;\nWITH x AS (SELECT 1) INSERT INTO public.t VALUES (1);",
            "public.t: the script",
        ),
    ]
    .map(|(database, fills, reason)| (database, format!("{DROPPING}{fills}\n"), reason))
    .to_vec()
}

#[test]
fn rows_that_nobody_can_count_are_no_dump_of_definitions_alone() {
    assert_untested_for(&in_doubt(), &uncounted());
    let whole = whole();
    assert_eq!(rows(&whole, "definitions").not_compared.len(), 2, "{}", whole.json);
    assert_misses_rows(&losing(), "copied");
}

const CHANGED_BEFORE: &str = "CREATE TABLE public.t(a int, b text);\nDELETE FROM public.t;\n\
    INSERT INTO public.t VALUES (1, 'x' || 'y');\nALTER TABLE public.t ADD COLUMN c int;\n";

fn counted() -> Vec<Doubt> {
    let counted = "CREATE TABLE public.t(a int, b text);\nINSERT INTO public.t VALUES (1, 'x' || 'y');\n";
    [
        ("updated", "UPDATE public.t SET b = 'lost';", "UPDATE public.t"),
        ("truncated", "TRUNCATE public.t;\nDO $$BEGIN INSERT INTO public.t VALUES (9); END$$;", "TRUNCATE public.t"),
        ("altered", "ALTER TABLE public.t ALTER COLUMN b TYPE text USING '';", "ALTER TABLE public.t"),
    ]
    .map(|(database, change, reason)| (database, format!("{counted}{change}\n"), reason))
    .to_vec()
}

#[test]
fn rows_that_are_only_counted_are_untested_where_the_script_changes_them() {
    let ran = in_doubt();
    assert_untested_for(&ran, &counted());
    let script = doubts();
    for (database, _, change) in counted() {
        // In the line that is reported, it stands.
        let said = several::untested(ran.only(), database).join("\n");
        let line = 1 + script.lines().take_while(|line| *line != format!("\\connect {database}")).count() + 3;
        assert!(script.lines().nth(line - 1).unwrap().starts_with(change), "{script}");
        assert!(said.contains(&format!("line {line}: {change}")), "{said}");
    }
    // What was done before the first of them came is no harm to them.
    assert!(rows(&whole(), "before").could_not.is_empty());
}

const CONFLICTING: &str = "CREATE TABLE public.t(a int PRIMARY KEY, b text);\n";
const ON_CONFLICT: &str = "INSERT INTO public.t VALUES (1, 'x') ON CONFLICT DO NOTHING;\n";

fn left_out() -> Vec<Doubt> {
    vec![("conflicting", format!("{CONFLICTING}{ON_CONFLICT}{ON_CONFLICT}"), "ON CONFLICT DO NOTHING")]
}

#[test]
fn rows_that_a_statement_may_leave_out_are_neither_lost_nor_passed_over() {
    assert!(rows(&whole(), "conflict").could_not.is_empty());
    assert_untested_for(&in_doubt(), &left_out());
    assert_misses_rows(&losing(), "inserted");
}

const EVERY_COPY: &str = "CREATE TABLE public.t(a int, b text, c text);\n\
    COPY public.t FROM stdin WITH (FORMAT csv, HEADER, NULL 'NIL', QUOTE '''');\na,b,c\n1,'two\nlines',NIL\n2,'it''s',''\n\\.\n\
    COPY public.t (a, b, c) FROM stdin DELIMITER '|' NULL 'x';\n3|a\tb|x\n4|\\||\\\\N\n\\.\n\
    \\copy public.t (c, b, a) from stdin csv delimiter ';'\n\"a;b\";;5\n;x;6\n\\.\n\
    COPY public.t FROM stdin; SELECT 1;\r\n7\tx\ty\r\n\\.\r\n";

fn partly_taken() -> Vec<Doubt> {
    let script = "CREATE TABLE public.t(a int);\nCOPY public.t FROM stdin WHERE a > 1;\n1\n2\n\\.\n";
    vec![("partly", script.to_owned(), "public.t: its COPY takes some of its rows only")]
}

#[test]
fn rows_of_every_form_of_copy_are_compared() {
    assert_none_in("csv", &["rows-missing", "rows-extra"]);
    let whole = whole();
    let copied = rows(&whole, "copied");
    assert!(copied.looked_at.starts_with("7 rows in 1 tables compared"), "{copied:?}");
    assert_eq!(copied.not_compared, Vec::<String>::new());
    assert_untested_for(&in_doubt(), &partly_taken());
}

/// Characters whose second byte is 0x5C, by their encoding, for which their database is called.
const BACKSLASHES: [(&str, &[u8; 2]); 5] = [
    ("sjis", b"\x95\x5c"),
    ("gbk", b"\x81\x5c"),
    ("gb18030", b"\x81\x5c"),
    ("shift_jis_2004", b"\x95\x5c"),
    ("big5", b"\xa5\x5c"),
];

/// Rows and names with such a character.
fn like_a_backslash(encoding: &str, character: [u8; 2]) -> Vec<u8> {
    let text = format!(
        "SET client_encoding = '{encoding}';\nCREATE TABLE public.\"@\"(a text, \"@\" text);\nCOPY public.\"@\" FROM stdin;\n"
    );
    let mut text: Vec<u8> = text.split('@').map(str::as_bytes).collect::<Vec<_>>().join(&character[..]);
    for (before, after) in [("", "\t\\N\n"), ("a", "n\tb\\tc\n"), ("\\\\", "\tx\n")] {
        text.extend_from_slice(before.as_bytes());
        text.extend_from_slice(&character);
        text.extend_from_slice(after.as_bytes());
    }
    text.extend_from_slice(b"\\.\n");
    text
}

#[test]
fn a_byte_of_a_character_that_looks_like_a_backslash_is_none() {
    // The case alone: nothing but its end says that all of it is well.
    Home::new().run(&case("false-alarm/false-fail-sjis.sql"), &[APP]).expect(0);
    let whole = whole();
    for (encoding, _) in BACKSLASHES {
        let rows = rows(&whole, encoding);
        assert!(rows.looked_at.starts_with("3 rows in 1 tables compared"), "{encoding}: {}", rows.looked_at);
    }
}

#[test]
fn scripts_of_old_servers_and_edited_ones_come_back() {
    for database in ["floats", "names"] {
        assert_none_in(database, &["rows-changed", "rows-missing", "object-missing"]);
    }
    assert_none_in("edited", &["object-missing"]);
    // A number that is another one is found.
    assert_misses_rows(&losing(), "number");
}

#[test]
fn a_dump_under_row_level_security_is_reported() {
    let home = Home::new();
    let profile = format!("{APP}roles: [{{name: backup_u}}]\n");
    let ran = home.run(&case("pass/rls-on-silent.sql"), &[&profile]);
    assert_fails_with(&ran, "dump-filtered");
    let inspected = home.finish(home.program().arg("inspect").arg(case("pass/rls-on-silent.sql")));
    assert!(inspected.stdout.contains("row_security = on"), "{}", inspected.stdout);
    // Without a table that has it nothing can be left out.
    let whole = whole();
    assert!(rows(&whole, "secure").looked_at.starts_with("1 rows in 1 tables compared"), "{}", whole.json);
    assert!(findings(whole.only(), "dump-filtered").is_empty(), "{}", whole.json);
}

#[test]
fn no_script_is_read_with_more_certainty_than_psql_has() {
    psql_is_no_less_certain(20_261_128, 70);
}

#[test]
#[ignore = "more scripts: scripts/test --full"]
fn full_none_of_many_more_scripts_is_read_with_more_certainty_than_psql_has() {
    psql_is_no_less_certain(20_261_128 + 70, 330);
}

/// Of so many scripts, made from this seed on.
fn psql_is_no_less_certain(seed: u64, scripts: u64) {
    let server = Server::start(17);
    server.shell("createdb app && createdb two");
    let folder = tempfile::tempdir().unwrap();
    for number in 0..scripts {
        let mut random = fastrand::Rng::with_seed(seed + number);
        std::fs::write(folder.path().join(format!("{number}.sql")), script(&mut random)).unwrap();
    }
    server.put(folder.path());
    // Each script runs in two empty databases; what is reported are errors, the end, and what there is then.
    let run = format!(
        r#"cd '{}'
cat >/tmp/tables.sql <<'SQL'
SELECT current_database() || ' ' || n.nspname || '.' || c.relname || '=' || (xpath('/row/c/text()',
  query_to_xml(format('SELECT count(*) AS c FROM %I.%I', n.nspname, c.relname), false, true, '')))[1]::text
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind = 'r' AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname !~ '^pg_' ORDER BY 1;
SQL
for n in $(seq 0 {}); do
  echo "script $n"
  timeout 20 psql -X -q -w -v ON_ERROR_STOP=0 -o /dev/null -d app -f - \
    -c "SELECT set_config('client_min_messages', 'warning', false)" \
    -c "DO \$\$BEGIN RAISE WARNING 'end=%=%', current_database(), txid_current_if_assigned() IS NULL; END\$\$" \
    <"$n.sql" 2>&1 >/dev/null | LC_ALL=C grep -aE 'ERROR|error:|end=' | sed 's/^/said /' | head -20
  for d in app two; do
    psql -XAtq -d $d -f /tmp/tables.sql \
      -c 'DROP SCHEMA IF EXISTS s CASCADE' -c 'DROP SCHEMA public CASCADE' -c 'CREATE SCHEMA public' 2>/dev/null
  done
done"#,
        folder.path().display(),
        scripts - 1
    );
    let reported = server.shell(&run);
    let (mut sure, mut compared) = (0, 0);
    for part in reported.split("script ").skip(1) {
        let mut lines = part.lines();
        let number: u64 = lines.next().unwrap().parse().unwrap();
        let path = folder.path().join(format!("{number}.sql"));
        let text = String::from_utf8_lossy(&std::fs::read(&path).unwrap()).into_owned();
        let Ok(dump) = dump::open(&path) else { continue };
        let scan = dump.scan().unwrap();
        let said: Vec<&str> = lines.clone().filter_map(|line| line.strip_prefix("said ")).collect();
        let failed = said.iter().any(|line| line.contains("ERROR") || line.contains("error:"));
        let end = said.iter().find_map(|line| line.split_once("end=")).map(|(_, end)| end.to_owned());
        let is_sure = scan.damage.is_empty()
            && scan.not_followed().next().is_none()
            && (scan.end.quits, scan.end.open_transaction) == (None, None);
        let is_closed = end.as_deref().is_some_and(|end| end.contains("=t"));
        let at = scan.end.database.clone().map(|database| database.unwrap_or_else(|| "app".into()));
        let is_there = end.as_deref().and_then(|end| end.split('=').next()) == at.as_deref();
        // What psql itself tells otherwise is no pass, whatever reading says.
        if !is_sure || failed || !is_closed || !is_there {
            continue;
        }
        sure += 1;
        let there: BTreeMap<&str, u64> = lines
            .filter(|line| !line.starts_with("said "))
            .filter_map(|line| line.rsplit_once('='))
            .map(|(table, rows)| (table, rows.parse().unwrap()))
            .collect();
        compared += compare(&scan, &there)
            .unwrap_or_else(|what| panic!("script {number}: {what}\n{text}\n{there:?}\n{scan:#?}"));
    }
    assert!(sure >= scripts / 8 && compared >= scripts / 8, "{sure} scripts were sure, {compared} tables compared");
}

/// Compares what reading says with what is there; how many tables could be compared.
fn compare(scan: &Scan, there: &BTreeMap<&str, u64>) -> Result<u64, String> {
    let mut held: BTreeMap<String, u64> = BTreeMap::new();
    let mut doubted = BTreeMap::new();
    let found = |table: &str| there.get(table).copied().unwrap_or(0);
    for rows in &scan.rows {
        let schema = rows.destination.schema.as_deref().unwrap_or("public");
        let name =
            format!("{} {schema}.{}", rows.destination.database.as_deref().unwrap_or("app"), rows.destination.table);
        let is_in = |name: Option<&str>| name == rows.destination.database.as_deref();
        let is_doubted = scan.unfollowed.iter().any(|of| of.concerns(is_in, schema, &rows.destination.table));
        if is_doubted || rows.digest.is_err() {
            *doubted.entry(name).or_default() += rows.rows;
        } else {
            *held.entry(name).or_default() += rows.rows;
        }
    }
    // Rows that are in doubt, and are not as the script has them, leave the target untested.
    if doubted.iter().any(|(table, rows): (&String, &u64)| found(table) != *rows) {
        return Ok(0);
    }
    for (table, rows) in &held {
        if !doubted.contains_key(table) && found(table) != *rows {
            return Err(format!("{table} is held with {rows} rows"));
        }
    }
    let fills = |table: &str| {
        scan.unfollowed.iter().any(|unfollowed| match &unfollowed.affects {
            Affects::Everything | Affects::Databases => true,
            Affects::Database(database) => table.starts_with(&format!("{} ", database.as_deref().unwrap_or("app"))),
            Affects::Table(named) => table.ends_with(&format!(".{}", named.name)),
        })
    };
    for (table, rows) in there {
        if *rows > 0 && !held.contains_key(*table) && !doubted.contains_key(*table) && !fills(table) {
            return Err(format!("{table} has {rows} rows that were not read"));
        }
    }
    Ok(held.keys().filter(|table| !doubted.contains_key(*table)).count() as u64)
}

/// A script of odd but mostly valid pieces.
fn script(random: &mut fastrand::Rng) -> Vec<u8> {
    let mut text = Vec::new();
    let mut number = 0;
    for _ in 0..random.usize(3..9) {
        number += 1;
        let table = format!("t{number}");
        let rows = random.usize(0..4);
        let lines = |form: fn(usize) -> String| (0..rows).map(form).collect::<String>();
        let made = format!("CREATE TABLE {table}(a int, b text);\n");
        let piece = match random.u32(0..34) {
            0 => format!("{made}COPY {table} FROM stdin;\n{}\\.\n", lines(|row| format!("{row}\tx\\ty\n"))),
            1 => format!(
                "{made}COPY {table} (b, a) FROM stdin CSV;\n{}\\.\n",
                lines(|row| format!("\"a\nb\"\"{row}\",{row}\n"))
            ),
            2 => format!(
                "{made}\\copy {table} from stdin with (format csv, delimiter ';')\n{}\\.\n",
                lines(|row| format!("{row};\"x;y\"\n"))
            ),
            3 => format!(
                "{made}COPY {table} FROM stdin; INSERT INTO {table} VALUES (9, 'after');\n{}\\.\n",
                lines(|row| format!("{row}\tx\n"))
            ),
            4 => format!("{made}INSERT INTO {table} VALUES (1, 'a;b'), (2, 'it''s') \\g\n"),
            5 => format!("{made}INSERT INTO {table} (a) VALUES (1)\\; INSERT INTO {table} VALUES (2, $x$;'$x$);\n"),
            6 => format!("\\set v {table}\n{made}INSERT INTO :v VALUES (1, :'v');\nINSERT INTO :\"v\" VALUES (2);\n"),
            7 => format!(
                "{made}\\if {}\nINSERT INTO {table} VALUES (1);\n\\else\nINSERT INTO {table} VALUES (1), (2);\n\\endif\n",
                random.choice(["true", "0", "off", ":v", "'x'"]).unwrap()
            ),
            8 => "\\connect two\n".into(),
            9 => "\\c app\n".into(),
            10 => "\\c \"dbname=two\"\n".into(),
            11 => "\\c -\n".into(),
            12 => "\\c :DBNAME postgres\n".into(),
            13 => format!("\\c two; \\\\ {made}"),
            14 => format!(
                "BEGIN;\n{made}INSERT INTO {table} VALUES (1);\n{};\n",
                random.choice(["COMMIT", "ROLLBACK", "END", "ABORT", "COMMIT AND CHAIN"]).unwrap()
            ),
            15 => "SELECT 1 \\gset p_\n".into(),
            16 => format!("{made}INSERT INTO {table} VALUES (1);\nDELETE FROM {table};\n"),
            17 => format!("{made}INSERT INTO {table} SELECT * FROM (VALUES (1, 'x'), (2, 'y')) AS v;\n"),
            18 => format!("CREATE TABLE {table} AS SELECT 1 AS a;\n"),
            19 => format!(
                "CREATE SCHEMA s;\nSET search_path = s, public;\n{made}INSERT INTO {table} VALUES (1);\nDROP SCHEMA IF EXISTS nobody;\n"
            ),
            20 => format!("CREATE TEMP TABLE {table}(a int);\nINSERT INTO {table} VALUES (1);\n"),
            21 => format!("/* \\q ; ' */ {made}-- it's\nINSERT INTO {table} VALUES (1, E'\\'; \\\\q ');\n"),
            22 => format!(
                "{made}INSERT INTO {table} VALUES (1, 'x'); \\echo 'a;b' `echo c` \\\\ INSERT INTO {table} VALUES (2);\n"
            ),
            23 => format!("{made}INSERT INTO {table} VALUES (7)\\r\nINSERT INTO {table} VALUES (1);\n"),
            24 => format!(
                "SET standard_conforming_strings = off;\n{made}INSERT INTO {table} VALUES (1, 'a\\'; b');\nSET standard_conforming_strings = on;\n"
            ),
            25 => format!("{made}\\set x '(1), (2)'\nINSERT INTO {table} (a) VALUES :x;\n"),
            26 => format!("{made}DO $$ BEGIN INSERT INTO {table} VALUES (1); END $$;\n"),
            27 => format!("SELECT 'CREATE TABLE {table}(a int)' \\gexec\n"),
            28 => format!("{made}INSERT INTO {table} VALUES (1);\nALTER TABLE {table} RENAME TO r{number};\n"),
            29 => {
                format!("\\set AUTOCOMMIT off\n{made}INSERT INTO {table} VALUES (1);\nCOMMIT;\n\\set AUTOCOMMIT on\n")
            }
            30 => format!("{made}INSERT INTO {table} VALUES (1)\n;\n\\echo \\q\n"),
            31 => {
                format!("\\encoding SJIS\n{made}COPY {table} FROM stdin;\n1\t\u{1}\n\\.\n").replace('\u{1}', "\u{fffd}")
            }
            32 => format!("{made}COPY {table} FROM stdin\\; COPY {table} FROM stdin;\n1\tx\n\\.\n2\ty\n\\.\n"),
            _ => format!(
                "CREATE FUNCTION f{number}() RETURNS int BEGIN ATOMIC SELECT 1; SELECT CASE WHEN true THEN 2 END; END;\n{made}INSERT INTO {table} VALUES (1);\n"
            ),
        };
        // A character of SJIS with a backslash for its second byte.
        for part in piece.split_inclusive('\u{fffd}') {
            let plain = part.strip_suffix('\u{fffd}');
            text.extend_from_slice(plain.unwrap_or(part).as_bytes());
            if plain.is_some() {
                text.extend_from_slice(b"\x95\x5c");
            }
        }
        if random.u32(0..12) == 0 {
            text.extend_from_slice(b"\\restrict k\n\\unrestrict k\n");
        }
    }
    text
}
