//! What a profile asks of a restored database: queries and their roles, tables, budgets.

use std::time::Duration;

use pgrehearse::finding::Finding;

use crate::classics::{behind, exhausted, healthy};
use crate::decisions::warned;
use crate::support::home::{Ran, findings};
use crate::support::several::{databases, fails, of_database};
use crate::support::{Home, SHOP_ROLES, bare, dump, matching, shared, with_statements};

fn check<'a>(ran: &'a Ran, name: &str) -> &'a pgrehearse::check::CheckResult {
    let found = ran.only().checks.iter().find(|check| check.check == name);
    found.unwrap_or_else(|| panic!("no check {name}: {}", ran.json))
}

/// A profile of one query on `small.dump`, of which more is said.
fn with_query(name: &str, sql: &str, more: &str) -> String {
    format!("{}checks:\n  queries:\n    - {{name: it, sql: \"{sql}\", {more}}}\n", bare(name, 17))
}

/// The roles as which queries are asked.
const ASKING: &str = "roles:\n  - {name: 'the \"app\"; --', login: true}\n  - {name: group}\n";

/// A run of whose queries and tables each is met, with a budget that is kept. Its roles have settings, restored with the
/// database's.
#[track_caller]
fn met() -> Ran {
    let ran = shared::run("asks-met", |home| {
        let statements = r#"ALTER ROLE "the ""app""; --" SET work_mem = '3MB';
ALTER ROLE "the ""app""; --" IN DATABASE app SET search_path = elsewhere;
ALTER DATABASE app SET statement_timeout = '12345s';
ALTER ROLE "group" SET work_mem = '5MB';
GRANT SELECT ON public.people TO "group";"#;
        let path = home.file("roles.sql", with_statements(&dump(17, "small.sql"), statements));
        let one = "SELECT name FROM public.people WHERE id = 1";
        let app = r#"as: 'the "app"; --'"#;
        let profile = format!(
            "{}{ASKING}checks:
  budget: {{restore: 10m, size: 1GiB}}
  queries:
    - {{name: matches, sql: \"{one}\", expect: \"~ '^Ada [A-Z]'\"}}
    - {{name: differs, sql: \"{one}\", expect: \"!~ 'Grace'\"}}
    - {{name: who, sql: \"SELECT current_user, session_user\", expect: [['the \"app\"; --', 'the \"app\"; --']], {app}}}
    - {{name: its own, sql: SHOW work_mem, expect: 3MB, {app}}}
    - {{name: its own in the database, sql: SHOW search_path, expect: elsewhere, {app}}}
    - {{name: a group, sql: \"SELECT current_user, session_user\", expect: [[group, postgres]], as: group}}
    - {{name: what a group may, sql: SELECT count(*) FROM public.people, expect: 3, as: group}}
    - {{name: a group's settings are nobody's, sql: SHOW work_mem, expect: \"!~ '5MB'\", as: group}}
    - {{name: nobody's role, sql: SELECT rolsuper FROM pg_roles WHERE rolname = current_user, expect: true}}\n",
            bare("met", 17)
        );
        home.run(&path, &[&profile])
    });
    ran.expect(0);
    assert_eq!(ran.names(), Vec::<&str>::new());
    assert_eq!(check(&ran, "queries").looked_at, "9 queries");
    ran
}

/// A run of whose queries and tables most are not met, each for a reason of its own, and whose budget is exceeded.
#[track_caller]
fn unmet() -> Ran {
    let ran = shared::run("asks-unmet", |home| {
        let profile = format!(
            "{}{ASKING}checks:
  budget: {{restore: 1ms, size: 1MiB}}
  queries:
    - {{name: slow, sql: SELECT pg_sleep(30), expect: '', timeout: 200ms}}
    - {{name: other, sql: SELECT 1, expect: 2}}
    - {{name: pattern, sql: SELECT name FROM people WHERE id = 1, expect: \"~ '^Grace'\"}}
    - {{name: as the app, sql: SELECT count(*) FROM public.people, expect: 3, as: 'the \"app\"; --'}}
    - {{name: as the superuser, sql: SELECT count(*) FROM public.people, expect: 3}}
    - {{name: one, sql: SELECT 1, expect: 1, as: ghost}}
    - {{name: two, sql: SELECT 1, expect: 1, as: ghost}}
    - {{name: three, sql: SELECT 1, expect: 1}}
    - {{name: elsewhere, sql: SELECT 1, expect: 1, database: other}}
  tables:
    people: {{rows: '>= 4'}}
    public.people: {{rows: empty}}
    shop.orders: {{rows: not empty}}
    orders: {{rows: 1}}\n",
            bare("unmet", 17)
        );
        home.run(&dump(17, "small.dump"), &[&profile])
    });
    ran.expect(1);
    // Nothing else is found, neither of a query that is met nor of one that takes too long.
    assert_eq!(ran.names(), ["database-too-large", "query-failed", "restore-too-slow"]);
    let mut failed: Vec<Vec<String>> =
        findings(ran.only(), "query-failed").iter().map(|finding| finding.objects.clone()).collect();
    failed.sort();
    let expected: [&[&str]; 6] =
        [&["as the app"], &["elsewhere"], &["one", "two"], &["orders", "shop.orders"], &["other"], &["pattern"]];
    let mut expected: Vec<&[&str]> = expected.into();
    expected.push(&["people", "public.people"]);
    expected.sort();
    assert_eq!(failed, expected);
    ran
}

/// The finding of a query or table that is not met, which fails the run.
#[track_caller]
fn failed<'a>(ran: &'a Ran, query: &str) -> &'a Finding {
    let all = findings(ran.only(), "query-failed");
    let found = all.iter().find(|finding| finding.objects.iter().any(|object| object == query));
    let found = found.unwrap_or_else(|| panic!("{query} is met: {all:#?}"));
    assert!(found.fails(), "{found:?}");
    found
}

#[test]
fn a_pattern_holds_where_the_value_matches() {
    met();
    let ran = unmet();
    assert_eq!(failed(&ran, "pattern").evidence[0], "expected a single value that matches `^Grace`");
    assert!(!ran.json.contains("Lovelace"), "{}", ran.json);
}

#[test]
fn a_query_of_less_weight_warns() {
    let ran = warned();
    ran.expect(0);
    assert_eq!(ran.finding("query-failed").severity.label(), "warning");
}

#[test]
fn a_query_that_runs_out_of_time_is_untested_and_takes_no_other_down() {
    let ran = unmet();
    assert_eq!(check(&ran, "queries").could_not, ["query \"slow\": did not end within 200ms"]);
    assert_eq!(failed(&ran, "other").objects, ["other"]);

    let home = Home::new();
    let ran =
        home.run(&dump(17, "small.dump"), &[&with_query("late", "SELECT pg_sleep(30)", "expect: '', timeout: 200ms")]);
    ran.expect(3);
}

#[test]
fn a_role_asks_with_its_own_settings_and_the_databases() {
    met();
}

#[test]
fn a_role_that_may_not_read_fails_its_query_and_only_its_own() {
    let ran = unmet();
    let finding = failed(&ran, "as the app");
    assert_eq!(finding.objects, ["as the app"]);
    assert!(finding.evidence.iter().any(|line| line == "permission denied for table people (42501)"), "{finding:?}");
}

#[test]
fn a_role_that_is_not_there_is_one_finding_for_all_its_queries() {
    let ran = unmet();
    let finding = failed(&ran, "one");
    assert_eq!(finding.objects, ["one", "two"]);
    assert_eq!(
        finding.title,
        "role \"ghost\", which each of 2 queries uses, cannot be used: role \"ghost\" does not exist"
    );
}

#[test]
fn a_query_of_a_database_that_was_not_restored_is_not_passed_over() {
    let ran = unmet();
    assert_eq!(failed(&ran, "elsewhere").title, "database \"other\", which a query asks, was not restored");
}

fn with_tables(profile: &str, tables: &str) -> String {
    format!("{profile}checks:\n  tables:\n{tables}")
}

/// A shop of whose tables and tests in pgTAP all go through. The dump sets the database's search_path to shop, public.
#[track_caller]
fn asked_shop() -> Ran {
    let ran = shared::run("asks-shop", |home| {
        let text = "SELECT plan(2);\nSELECT has_table('orders');\nSELECT is(current_setting('search_path') LIKE 'shop, public%', true, 'path');\n";
        home.file("profiles/shop/a.sql", text);
        let tables = r#"    shop.customers: {rows: not empty}
    orders: {rows: 50}
    shop.products: {rows: ">= 200"}
    slot_log: {rows: "< 4"}
    paid: {rows: not empty}
    'Löwe "quoted" \ 雪."; DROP TABLE shop.orders; --': {rows: 4}
"#;
        let profile = format!("{}  pgtap: [shop/a.sql]\n", with_tables(&matching("counted", 17), tables));
        home.run(&dump(17, "shop-create.sql"), &[&profile])
    });
    ran.expect(0);
    ran
}

#[test]
fn tables_are_found_with_and_without_their_schema_and_counted() {
    assert_eq!(check(&asked_shop(), "queries").looked_at, "6 tables");
}

#[test]
fn tables_that_are_missing_or_hold_something_else_are_reported() {
    let ran = unmet();
    let missing = failed(&ran, "orders");
    assert_eq!(missing.objects, ["orders", "shop.orders"]);
    assert_eq!(missing.title, "2 tables that the profile asks for do not exist");
    let other = failed(&ran, "people");
    assert_eq!(other.objects, ["people", "public.people"]);
    assert_eq!(other.evidence, ["people: expected >= 4 rows, found 3", "public.people: expected no row, found rows"]);
}

#[test]
fn tables_of_the_profile_take_the_place_of_the_smoke_test() {
    let home = Home::new();
    let nothing = home.file("nothing.sql", with_statements(&dump(17, "small.sql"), "DELETE FROM public.people;"));
    let tables = "    people: {rows: empty}\n";
    let ran = home.run_with(&nothing, &[&with_tables(&bare("known", 17), tables)], &["--rows", "off"]);
    ran.expect(0);
    assert!(ran.only().checks.iter().all(|check| check.check != "tables"), "{}", ran.json);
}

#[test]
fn a_budget_that_is_kept_passes_and_without_one_there_is_no_check() {
    let has = |ran: &Ran| ran.only().checks.iter().any(|check| check.check == "budget");
    assert!(has(&met()), "{}", met().json);
    assert!(!has(&tapped()), "{}", tapped().json);
}

#[test]
fn a_budget_that_is_not_kept_fails_with_what_was_measured() {
    let ran = unmet();
    assert!(ran.finding("restore-too-slow").fails() && ran.finding("database-too-large").fails(), "{}", ran.json);
    assert!(ran.finding("restore-too-slow").title.ends_with(" s, more than its budget of 1ms"));
    let large = ran.finding("database-too-large");
    assert!(large.title.contains(" MiB, more than the budget of 1MiB"), "{}", large.title);
    assert_eq!(large.objects, ["DATABASE app"]);
    assert!(ran.only().timings.restore > Duration::from_millis(1));
}

#[test]
fn all_restored_databases_share_one_budget() {
    let home = Home::new();
    // Two databases of 7 MiB and more each: one would keep it.
    let profile = format!("name: both\npostgres: 17\n{SHOP_ROLES}checks: {{budget: {{size: 12MiB}}}}\n");
    let ran = home.run(&dump(17, "all.sql"), &[&profile]);
    ran.expect(1);
    let large = ran.finding("database-too-large");
    assert_eq!(large.count, 2, "{large:?}");
    assert!(large.title.starts_with("the databases take "), "{}", large.title);
    assert!(!large.title.contains("(database "), "{}", large.title);
}

/// What a run says of one of these databases, each a plain dump of people with statements added.
#[track_caller]
fn with_trouble(run: &str, all: &[(&str, &str)], more: &str, database: &str) -> Ran {
    let ran = shared::run(run, |home| {
        let people = dump(17, "small.sql");
        let script = databases(all.iter().map(|(name, statements)| (*name, with_statements(&people, statements))));
        home.run(&home.file("trouble.sql", script), &[&format!("{}{more}", bare("trouble", 17))])
    });
    ran.expect(1);
    let restore = ran.only().restore.as_ref().unwrap();
    assert_eq!((restore.exit_code, restore.errors), (0, 0), "{:#?}", restore.findings);
    of_database(&ran, database)
}

/// Whoever restores writes into these.
const TROUBLE: &[(&str, &str)] = &[
    ("trigger", TRIGGER),
    ("lost", SEARCH_PATH),
    ("kept", SEARCH_PATH_KEPT),
    ("codes", CODES),
    ("unproved", UNPROVED),
    ("orphans", ORPHANS),
    ("frozen", "ALTER DATABASE frozen SET default_transaction_read_only = on;"),
    ("shapes", SHAPES),
];

#[track_caller]
fn in_trouble(database: &str) -> Ran {
    with_trouble("asks-trouble", TROUBLE, "", database)
}

#[test]
fn rows_can_be_written_into_what_came_back_whole() {
    let ran = healthy(18);
    ran.expect(0);
    assert_eq!(check(&ran, "writable").looked_at, "a row into 9 of 9 tables with a generated key");
    let home = Home::new();
    let ran = home.run(&dump(13, "shop.dump"), &[&matching("shop", 13)]);
    ran.expect(0);
    let writable = check(&ran, "writable");
    assert_eq!(writable.looked_at, "a row into 5 of 6 tables with a generated key", "{writable:?}");
    assert_eq!(writable.compared["table"], 5);
    // Its addresses are unique and must be given.
    let reason = "shop.customers: a constraint refuses the values that pgrehearse could write";
    assert_eq!(writable.not_compared, [reason]);
}

const TRIGGER: &str = "CREATE FUNCTION public.audit() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN INSERT INTO public.log VALUES (NEW.id); RETURN NEW; END$$;
CREATE TABLE public.\"it's \"\"b\"\"; --\" (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY);
CREATE TRIGGER audit AFTER INSERT ON public.people FOR EACH ROW EXECUTE FUNCTION public.audit();
CREATE TRIGGER audit AFTER INSERT ON public.\"it's \"\"b\"\"; --\" FOR EACH ROW EXECUTE FUNCTION public.audit();
CREATE TABLE public.fine (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY);";

#[test]
fn a_trigger_that_misses_what_it_uses_is_one_finding_for_all_its_tables() {
    let ran = in_trouble("trigger");
    assert!(fails(&ran), "{}", ran.json);
    let finding = ran.finding("not-writable");
    assert_eq!(finding.title, "2 tables cannot be written: relation \"public.log\" does not exist");
    assert_eq!(finding.objects, ["TABLE public.it's \"b\"; --", "TABLE public.people"]);
    assert_eq!(finding.evidence[1], "public.people: relation \"public.log\" does not exist (42P01)");
}

macro_rules! search_path {
    () => {
        "CREATE SCHEMA shop;
CREATE TABLE shop.log (id integer);
CREATE TABLE shop.orders (id serial PRIMARY KEY, what text NOT NULL DEFAULT 'x');
CREATE FUNCTION shop.audit() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN INSERT INTO log VALUES (NEW.id); RETURN NEW; END$$;
CREATE TRIGGER audit AFTER INSERT ON shop.orders FOR EACH ROW EXECUTE FUNCTION shop.audit();"
    };
}

const SEARCH_PATH: &str = search_path!();

const SEARCH_PATH_KEPT: &str = concat!(search_path!(), "\nALTER DATABASE kept SET search_path = shop, public;");

#[test]
fn a_trigger_that_needs_a_search_path_warns_until_the_database_has_it() {
    let ran = in_trouble("lost");
    assert!(!fails(&ran), "{}", ran.json);
    let finding = ran.finding("not-writable");
    assert_eq!(finding.severity.label(), "warning");
    assert!(finding.title.contains("search_path"), "{}", finding.title);
    let ran = in_trouble("kept");
    assert_eq!(ran.names(), Vec::<&str>::new());
}

const CODES: &str = "CREATE SEQUENCE public.codes;
CREATE TABLE public.invoices (code text PRIMARY KEY DEFAULT 'A' || nextval('public.codes'));
INSERT INTO public.invoices VALUES ('A1');";

#[test]
fn a_key_that_collides_is_reported_once() {
    // The check of sequences does not look into expressions.
    let ran = in_trouble("codes");
    assert!(fails(&ran), "{}", ran.json);
    assert_eq!(ran.names(), ["not-writable"]);
    assert_eq!(
        ran.finding("not-writable").title,
        "table public.invoices cannot be written: its generated key already exists"
    );
    let ran = behind(18);
    ran.expect(0);
    assert_eq!(ran.names(), ["sequence-behind"], "{}", ran.json);
    let ran = exhausted();
    ran.expect(0);
    assert_eq!(ran.names(), ["sequence-exhausted"], "{}", ran.json);
}

const UNPROVED: &str = "CREATE TABLE public.named (id serial PRIMARY KEY, name text NOT NULL UNIQUE);
INSERT INTO public.named (name) VALUES ('Ada Lovelace');
CREATE TABLE public.empty (id serial PRIMARY KEY, name text NOT NULL);
CREATE TABLE public.who (id serial PRIMARY KEY, made_by text DEFAULT current_setting('app.user'));
CREATE FUNCTION public.never() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RAISE EXCEPTION 'not Ada Lovelace'; END$$;
CREATE TABLE public.closed (id serial PRIMARY KEY);
CREATE TRIGGER never BEFORE INSERT ON public.closed FOR EACH ROW EXECUTE FUNCTION public.never();";

#[test]
fn a_row_that_a_constraint_refuses_proves_nothing() {
    let ran = in_trouble("unproved");
    assert!(!fails(&ran), "{}", ran.json);
    assert_eq!(ran.names(), Vec::<&str>::new());
    let writable = check(&ran, "writable");
    assert_eq!(writable.looked_at, "a row into 1 of 5 tables with a generated key");
    assert_eq!(
        writable.not_compared,
        [
            "public.named: a constraint refuses the values that pgrehearse could write",
            "public.closed: a trigger of its own refuses the row",
            "public.empty: it has no row to copy, and its columns need values",
            "public.who: it reads a setting that the application makes",
        ]
    );
    assert!(!ran.json.contains("Lovelace"), "{}", ran.json);
}

const ORPHANS: &str = "CREATE TABLE public.letters (id serial PRIMARY KEY, person integer NOT NULL);
INSERT INTO public.letters (person) VALUES (987654321);
ALTER TABLE public.letters ADD FOREIGN KEY (person) REFERENCES public.people NOT VALID;";

#[test]
fn a_row_that_points_to_nothing_is_found_by_its_copy() {
    let ran = in_trouble("orphans");
    assert!(fails(&ran), "{}", ran.json);
    let finding = ran.finding("not-writable");
    assert!(finding.title.ends_with("the row points to nothing"), "{}", finding.title);
    assert!(!ran.json.contains("987654321"), "{}", ran.json);
}

#[test]
fn a_database_that_is_read_only_cannot_be_written() {
    let ran = in_trouble("frozen");
    assert!(fails(&ran), "{}", ran.json);
    assert_eq!(ran.finding("not-writable").title, "table public.people cannot be written: transactions are read-only");
}

const SHAPES: &str = "CREATE DOMAIN public.name AS text NOT NULL;
CREATE TABLE public.parts (id bigserial, at date NOT NULL, PRIMARY KEY (id, at)) PARTITION BY RANGE (at);
CREATE TABLE public.parts_1 PARTITION OF public.parts FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
INSERT INTO public.parts (at) VALUES ('2025-05-05');
CREATE TABLE public.domains (id serial PRIMARY KEY, name public.name, twice integer GENERATED ALWAYS AS (id * 2) STORED);
INSERT INTO public.domains (name) VALUES ('x');
CREATE TABLE public.no_key (name text NOT NULL);";

#[test]
fn partitions_domains_and_other_shapes_are_written() {
    let ran = in_trouble("shapes");
    assert!(!fails(&ran), "{}", ran.json);
    let writable = check(&ran, "writable");
    assert_eq!(writable.looked_at, "a row into 3 of 3 tables with a generated key", "{writable:?}");
}

/// The application's role writes into these.
const OF_APP: &[(&str, &str)] = &[("may", MAY), ("lacks", LACKS), ("nothing", "SELECT 1;")];

#[track_caller]
fn as_app(database: &str) -> Ran {
    with_trouble("asks-trouble-of-app", OF_APP, APP, database)
}

const APP: &str = "roles:\n  - {name: app, login: true}\nchecks: {write_as: app}\n";

const MAY: &str = "GRANT SELECT, INSERT ON public.people TO app;
GRANT USAGE ON SEQUENCE public.people_id_seq TO app;
CREATE TABLE public.not_for_it (id serial PRIMARY KEY);
CREATE TABLE public.notes (id serial PRIMARY KEY, who text NOT NULL DEFAULT current_user);
GRANT ALL ON public.notes, public.notes_id_seq TO app;
ALTER TABLE public.notes ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON public.notes TO app USING (who = current_user);
CREATE TABLE public.tenants (id serial PRIMARY KEY, tenant text);
GRANT ALL ON public.tenants, public.tenants_id_seq TO app;
ALTER TABLE public.tenants ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON public.tenants TO app USING (tenant = current_setting('app.tenant', true));";

#[test]
fn a_role_writes_what_it_may() {
    let ran = as_app("may");
    assert!(!fails(&ran), "{}", ran.json);
    assert_eq!(ran.names(), Vec::<&str>::new());
    let writable = check(&ran, "writable");
    assert_eq!(writable.looked_at, "a row into 2 of 4 tables with a generated key");
    assert_eq!(
        writable.not_compared,
        [
            "public.tenants: row level security refuses the values that pgrehearse could write",
            "public.not_for_it: the dump does not let the role insert",
        ]
    );
}

const LACKS: &str = "GRANT SELECT, INSERT ON public.people TO app;
CREATE TABLE public.notes (id serial PRIMARY KEY);
GRANT INSERT ON public.notes TO app;
CREATE TABLE public.shut (id serial PRIMARY KEY);
GRANT ALL ON public.shut, public.shut_id_seq TO app;
ALTER TABLE public.shut ENABLE ROW LEVEL SECURITY;
CREATE TABLE public.taken (id serial PRIMARY KEY);
GRANT ALL ON public.taken, public.taken_id_seq TO app;
DO $$BEGIN EXECUTE 'REVOKE ALL ON public.taken FROM app'; END$$;";

#[test]
fn a_role_that_lacks_what_an_insert_needs_is_found() {
    let ran = as_app("lacks");
    assert!(fails(&ran), "{}", ran.json);
    let titles: Vec<&str> = findings(ran.only(), "not-writable").iter().map(|finding| finding.title.as_str()).collect();
    assert_eq!(
        titles,
        [
            "table public.taken cannot be written by role \"app\": permission denied",
            "2 tables cannot be written by role \"app\": permission denied for sequence",
            "table public.shut cannot be written by role \"app\": row level security lets it insert no row: no policy \
             applies to it",
        ]
    );
}

#[test]
fn a_role_that_may_write_nothing_or_is_not_there_does_not_pass() {
    let ran = as_app("nothing");
    assert!(fails(&ran), "{}", ran.json);
    assert_eq!(ran.finding("not-writable").objects, ["TABLE public.people"]);
    let ran = untapped(&[]);
    ran.expect(1);
    let finding = ran.finding("not-writable");
    assert!(finding.fails(), "{finding:?}");
    assert_eq!(
        finding.title,
        "role \"it's a \\\"ghost\\\"\" cannot write: role \"it's a \\\"ghost\\\"\" does not exist"
    );
}

/// A profile with test files, which are written beside it.
fn with_tests(home: &Home, name: &str, major: u16, files: &[(&str, &str)]) -> String {
    for (file, text) in files {
        home.file(&format!("profiles/{name}/{file}"), text);
    }
    format!("{}checks: {{pgtap: ['{name}/*.sql']}}\n", bare(name, major))
}

/// Test files that pass: as people write them for pg_prove, with psql's own commands, a transaction of their own or none.
#[track_caller]
fn tapped() -> Ran {
    let ran = shared::run("asks-tapped", |home| {
        let profile = with_tests(
            home,
            "tap",
            17,
            &[
                (
                    "a.sql",
                    "\\unset ECHO\n\\set QUIET 1\n\\pset format unaligned\n\\pset tuples_only true\n\\pset pager off\nBEGIN;\nSELECT plan(3);
SELECT has_table('people');\nSELECT is((SELECT count(*) FROM people), 3::bigint, 'Ada \"and\" others \\');
DELETE FROM people;\nSELECT is_empty('TABLE people', 'gone');\nSELECT * FROM finish();\nROLLBACK;\n",
                ),
                (
                    "b.sql",
                    "\u{feff}SELECT * FROM no_plan();\nSELECT is((SELECT count(*) FROM people), 3::bigint, 'what a.sql did is gone');
SELECT skip('no time', 1);\nSELECT todo('later', 1);\nSELECT ok(false, 'some day');\nSELECT * FROM finish();\n",
                ),
                ("c.sql", "SELECT plan(1);\nSELECT is((SELECT count(*) FROM people), 3::bigint);\n"),
            ],
        );
        home.run(&dump(17, "small.dump"), &[&profile])
    });
    ran.expect(0);
    ran
}

#[test]
fn tests_in_pgtap_that_pass_are_counted() {
    let ran = tapped();
    let pgtap = check(&ran, "pgtap");
    assert_eq!(pgtap.looked_at, "3 files, 7 tests", "{pgtap:?}");
    assert_eq!(pgtap.not_compared, ["tap/b.sql: 1 tests skip themselves"]);
    assert_eq!(ran.names(), Vec::<&str>::new());
}

/// Test files that fail, each in its own way, where who is to write is not there.
fn untapped(arguments: &[&str]) -> Ran {
    shared::run(if arguments.is_empty() { "asks-untapped" } else { "asks-untapped-shown" }, |home| {
        let profile = with_tests(
            home,
            "fails",
            17,
            &[
                (
                    "a.sql",
                    "SELECT plan(3);\nSELECT has_table('nowhere');\nSELECT ok(true);\nSELECT is((SELECT name FROM people WHERE id = 1), 'x', 'the name');\nSELECT * FROM finish();\n",
                ),
                ("b.sql", "SELECT plan(2);\nSELECT ok(true);\nSELECT 'Ada Lovelace'::integer;\nSELECT ok(true);\n"),
                ("c.sql", "SELECT plan(2);\nSELECT ok(true);\nSELECT * FROM finish();\n"),
                ("d.sql", "SELECT count(*) FROM people;\n"),
                ("e.sql", "SELECT plan(1);\nSELECT bail_out('Ada Lovelace');\n"),
                ("f.sql", "SELECT plan(1);\nSELECT ok(true);\n"),
            ],
        );
        let profile = profile.replace("checks: {", "checks: {write_as: 'it''s a \"ghost\"', ");
        home.run_with(&dump(17, "small.dump"), &[&profile], arguments)
    })
}

#[test]
fn tests_in_pgtap_that_fail_are_one_finding_for_each_file() {
    let ran = untapped(&[]);
    ran.expect(1);
    assert_eq!(ran.names(), ["not-writable", "pgtap-failed"]);
    let failed = findings(ran.only(), "pgtap-failed");
    assert!(failed.iter().all(|finding| finding.fails()), "{failed:#?}");
    let titles: Vec<&str> = failed.iter().map(|finding| finding.title.as_str()).collect();
    assert_eq!(
        titles,
        [
            "fails/a.sql: 2 of 3 tests failed",
            "fails/b.sql: a statement failed",
            "fails/c.sql: planned 2 tests and ran 1",
            "fails/d.sql: printed no plan, so it is not known whether all its tests ran",
            "fails/e.sql: a statement failed",
        ],
        "{failed:#?}"
    );
    assert_eq!(failed[0].objects, ["fails/a.sql: Table nowhere should exist", "fails/a.sql: the name"]);
    assert_eq!(failed[1].evidence, ["line 3: invalid input syntax for type integer: \"‹masked›\" (22P02)"]);
    assert!(!ran.json.contains("Lovelace"), "{}", ran.json);

    let ran = untapped(&["--show-data"]);
    assert!(ran.json.contains("have: Ada Lovelace"), "{}", ran.json);
}

#[test]
fn tests_in_pgtap_see_the_settings_of_the_database_and_the_dumps_own_pgtap() {
    assert_eq!(check(&asked_shop(), "pgtap").looked_at, "1 files, 2 tests");

    let home = Home::new();
    let statements = "CREATE SCHEMA \"my \"\"tap\"; CREATE EXTENSION pgtap SCHEMA \"my \"\"tap\";";
    let path = home.file("own.sql", with_statements(&dump(17, "small.sql"), statements));
    let profile = with_tests(&home, "own", 17, &[("a.sql", "SELECT plan(1);\nSELECT has_extension('pgtap');\n")]);
    let ran = home.run(&path, &[&profile]);
    ran.expect(0);
    assert!(ran.names().is_empty(), "{:?}", ran.names());
}

#[test]
fn tests_in_pgtap_are_untested_where_the_server_does_not_have_it() {
    let home = Home::new();
    let profile = with_tests(&home, "without", 15, &[("a.sql", "SELECT plan(1);\nSELECT ok(true);\n")]);
    let ran = home.run(&dump(15, "small.dump"), &[&profile]);
    ran.expect(3);
    let pgtap = check(&ran, "pgtap");
    assert!(pgtap.could_not[0].starts_with("the target's PostgreSQL has no extension pgtap"), "{pgtap:?}");
}

#[test]
fn what_was_written_to_see_whether_it_can_be_is_gone() {
    // The tests in pgTAP, which count the rows, come after it.
    let ran = tapped();
    assert_eq!(check(&ran, "writable").compared["table"], 1);
}
