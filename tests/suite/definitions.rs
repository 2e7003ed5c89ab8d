//! Definitions are compared by what the server makes of them: what is written otherwise is the same object, and what is
//! another object is found, however little of its text has changed.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use pgrehearse::check::Outcome;
use pgrehearse::finding::Name;
use pgrehearse::rehearsal::{Rehearsal, Verdict};

use crate::support::home::{assert_every_check_looked, names};
use crate::support::several::{databases, fails, of_database, untested};
use crate::support::yaml::quoted;
use crate::support::{Home, dump, matching, with_statements};

/// An input that was once judged wrongly.
fn case(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases").join(name)
}

/// Fails unless all was looked at and nothing was found.
#[track_caller]
fn assert_whole(target: &Rehearsal, what: &str) {
    assert_every_check_looked(target);
    let found: Vec<String> =
        target.findings().map(|finding| format!("{}: {:?}", finding.title, finding.objects)).collect();
    assert!(found.is_empty(), "{what}: {found:#?}");
    assert_eq!(target.verdict, Verdict::Pass, "{what}: {:?}", target.untested);
}

/// Every object that a finding names, with the finding's name.
fn found_in(target: &Rehearsal) -> BTreeSet<(Name, String)> {
    target.findings().flat_map(|finding| finding.objects.iter().map(|object| (finding.name, object.clone()))).collect()
}

/// The statements in one that no reader of the dump takes for the dump's own.
fn mischief(statements: &[&str]) -> String {
    let each: String = statements.iter().map(|statement| format!("EXECUTE $q${statement}$q$;\n")).collect();
    format!("DO $mischief$ BEGIN\n{each}END $mischief$;")
}

#[test]
fn what_is_written_otherwise_is_the_same_object() {
    let home = Home::new();
    let same = ["name: same\nextends: same-as-source\n"];
    let scripts = ["disable_dollar_quoting", "quote_all_identifiers", "view_null_union"];
    let text = |name: &str| std::fs::read_to_string(case("false-alarm").join(format!("{name}.sql"))).unwrap();
    let script = databases(scripts.map(|name| (name, text(name))));
    let ran = home.run(&home.file("scripts.sql", script), &same);
    ran.expect(0);
    assert_eq!(ran.only().restore.as_ref().unwrap().databases, scripts);
    for name in scripts {
        assert_whole(of_database(&ran, name).only(), name);
    }
    for name in ["backslash_escapes.dump", "foreign_table_not_valid.dump", "lo_comment.dump"] {
        let ran = home.run(&case("false-alarm").join(name), &same);
        ran.expect(0);
        assert_whole(ran.only(), name);
    }
}

#[test]
fn the_options_of_pg_dump_and_the_majors_of_both_sides_make_no_other_objects() {
    no_other_objects(&[(13, &[18]), (17, &[18])]);
}

#[test]
#[ignore = "the whole product of majors: scripts/test --full"]
fn full_the_options_of_pg_dump_and_all_majors_of_both_sides_make_no_other_objects() {
    no_other_objects(&[(13, &[13]), (15, &[15, 18]), (17, &[17]), (18, &[18])]);
}

fn no_other_objects(pairs: &[(u16, &[u16])]) {
    let home = Home::new();
    for &(source, targets) in pairs {
        let targets: Vec<String> = targets.iter().map(|major| matching(&format!("to-{major}"), *major)).collect();
        let targets: Vec<&str> = targets.iter().map(String::as_str).collect();
        let form = if source % 2 == 0 || source == 13 { "judged-quoted.sql" } else { "judged-quoted.dump" };
        for target in &home.run(&dump(source, form), &targets).report().targets {
            assert_whole(target, &format!("{form} of {source} {}", target.target));
        }
    }
}

#[test]
fn a_change_of_any_size_is_found_where_the_text_of_the_dump_is_the_servers_own() {
    let home = Home::new();
    let yaml = std::fs::read_to_string(case("missed/altered_target.yaml")).unwrap();
    // Each changes one object while the dump is restored, by an event trigger: the statements that make this.
    let variant = |name: &str| -> String {
        let line = yaml.lines().find_map(|line| line.trim_start().strip_prefix(&format!("{name}: "))).unwrap();
        let sql = line.strip_prefix("{init: [{sql: '").unwrap().trim_end().strip_suffix("'}]}").unwrap();
        sql.replace("''", "'")
    };
    let paren_check = variant("paren-check");
    let statement_at = paren_check.find("ALTER TABLE public.t DROP").unwrap();
    let statement_end = statement_at + paren_check[statement_at..].find(" END IF;").unwrap();
    let own = |statement| format!("{}{statement};{}", &paren_check[..statement_at], &paren_check[statement_end..]);
    // Two of one's own: an `OR` that became an `AND` in a CHECK, and a function that no longer is as volatile as it was.
    let check =
        "ALTER TABLE public.t DROP CONSTRAINT IF EXISTS ck; ALTER TABLE public.t ADD CONSTRAINT ck CHECK (a > 0)";
    let immutable = "ALTER FUNCTION public.f_short(int) IMMUTABLE";
    // No two of a target change the same object.
    let first = [
        (variant("f-short"), Name::DefinitionChanged, "FUNCTION public.f_short(integer)"),
        (variant("f-60"), Name::DefinitionChanged, "FUNCTION public.f_60(integer)"),
        (variant("f-long"), Name::DefinitionChanged, "FUNCTION public.f_long(integer)"),
        (variant("paren-policy"), Name::PolicyChanged, "POLICY public.t p"),
        (variant("paren-view"), Name::DefinitionChanged, "VIEW public.v"),
        (variant("paren-check"), Name::DefinitionChanged, "TABLE public.t"),
        (variant("ri-off"), Name::TriggerStateChanged, "TABLE public.u"),
    ];
    let second = [
        (variant("cast-view"), Name::DefinitionChanged, "VIEW public.v"),
        (own(check), Name::DefinitionChanged, "TABLE public.t"),
        (own(immutable), Name::DefinitionChanged, "FUNCTION public.f_short(integer)"),
    ];
    let altered = [("first", &first[..]), ("second", &second)];
    let mut profiles: Vec<String> = Vec::new();
    for (name, variants) in altered {
        // They know of each other by the setting altering.busy alone.
        let apart = |(number, (sql, ..)): (usize, &(String, Name, &str))| {
            let sql = sql.replace("altering", &format!("altering{number}"));
            format!("{{sql: {}}}", quoted(&sql.replace(&format!("'altering{number}.busy'"), "'altering.busy'")))
        };
        let init: Vec<String> = variants.iter().enumerate().map(apart).collect();
        profiles.push(format!(
            "name: {name}\nextends: same-as-source\nrestore: {{jobs: 1}}\ninit: [{}]\n",
            init.join(", ")
        ));
    }
    let profiles = [profiles[0].as_str(), &profiles[1], "name: same\nextends: same-as-source\n"];
    let ran = home.run(&case("missed/function_body_short.dump"), &profiles);
    ran.expect(1);
    for (name, variants) in altered {
        let target = ran.target(name);
        assert_eq!(target.verdict, Verdict::Fail, "{name}");
        for (_, finding, object) in variants {
            assert!(found_in(target).contains(&(*finding, (*object).to_owned())), "{object}: {:?}", found_in(target));
        }
        assert_eq!(found_in(target).len(), variants.len(), "{:?}", found_in(target));
        let failing: BTreeSet<&str> =
            target.failing().flat_map(|finding| &finding.objects).map(String::as_str).collect();
        assert_eq!(failing.len(), variants.len(), "each fails its target: {failing:?}");
    }
    assert_whole(ran.target("same"), "unaltered");
}

/// A change of an object, as a statement, and the finding and object that tell it. `0` stands for every major, or the first
/// that knows the statement.
const CHANGES: &[(u16, &str, Name, &str)] = &[
    (0, "COMMENT ON TABLE j.people IS 'other words'", Name::DefinitionChanged, "COMMENT TABLE j.people"),
    (0, "COMMENT ON LARGE OBJECT 5002 IS 'other words'", Name::DefinitionChanged, "COMMENT LARGE OBJECT 5002"),
    (0, "COMMENT ON COLUMN j.base.id IS 'new'", Name::ObjectExtra, "COMMENT COLUMN j.base.id"),
    (0, "ALTER TABLE j.copy SET (fillfactor = 50)", Name::DefinitionChanged, "TABLE j.copy"),
    // Without ONLY the tables that inherit the column are changed as well.
    (0, "ALTER TABLE ONLY j.base ALTER note SET STATISTICS 7", Name::DefinitionChanged, "TABLE j.base"),
    (0, "ALTER TABLE j.other ALTER note SET STORAGE EXTERNAL", Name::DefinitionChanged, "TABLE j.other"),
    (14, "ALTER TABLE j.child ALTER note SET COMPRESSION pglz", Name::DefinitionChanged, "TABLE j.child"),
    (0, "ALTER TABLE j.people ALTER id SET GENERATED ALWAYS", Name::DefinitionChanged, "SEQUENCE j.people_id_seq"),
    (0, "ALTER SEQUENCE j.odd CYCLE", Name::DefinitionChanged, "SEQUENCE j.odd"),
    (0, "ALTER SEQUENCE j.quick_id_seq OWNED BY NONE", Name::ObjectMissing, "SEQUENCE OWNED BY j.quick_id_seq"),
    (0, "ALTER TABLE j.quick REPLICA IDENTITY FULL", Name::DefinitionChanged, "TABLE j.quick"),
    (0, "ALTER TABLE j.people SET WITHOUT CLUSTER", Name::DefinitionChanged, "CONSTRAINT j.people named"),
    (0, "ALTER TABLE j.people ALTER kind SET DEFAULT 'b'", Name::DefinitionChanged, "TABLE j.people"),
    (
        0,
        "ALTER TABLE j.people ALTER CONSTRAINT own_boss NOT DEFERRABLE",
        Name::DefinitionChanged,
        "FK CONSTRAINT j.people own_boss",
    ),
    (
        0,
        "ALTER TABLE j.parts_old DETACH PARTITION j.parts_old_eu; \
         ALTER TABLE j.parts_old ATTACH PARTITION j.parts_old_eu FOR VALUES IN ('de')",
        Name::DefinitionChanged,
        "TABLE ATTACH j.parts_old_eu",
    ),
    (0, "ALTER TYPE j.mood ADD VALUE 'meh' BEFORE 'ok'", Name::DefinitionChanged, "TYPE j.mood"),
    (
        0,
        "ALTER DOMAIN j.code DROP CONSTRAINT short; ALTER DOMAIN j.code ADD CONSTRAINT short CHECK (VALUE <> 'q')",
        Name::DefinitionChanged,
        "DOMAIN j.code",
    ),
    (15, "ALTER VIEW j.many SET (security_invoker = true)", Name::DefinitionChanged, "VIEW j.many"),
    (0, "ALTER VIEW j.checked RESET (security_barrier)", Name::DefinitionChanged, "VIEW j.checked"),
    (
        0,
        "CREATE OR REPLACE VIEW j.one AS SELECT id, name, kind FROM j.people WHERE kind = 'a'::char",
        Name::DefinitionChanged,
        "VIEW j.one",
    ),
    (
        0,
        "ALTER FUNCTION j.secret(integer, text[]) COST 6",
        Name::DefinitionChanged,
        "FUNCTION j.secret(integer, text[])",
    ),
    (0, "ALTER FUNCTION j.eq(j.pair, integer) LEAKPROOF", Name::DefinitionChanged, "FUNCTION j.eq(j.pair, integer)"),
    (0, "ALTER FUNCTION j.first(j.pair) VOLATILE", Name::DefinitionChanged, "FUNCTION j.first(j.pair)"),
    (0, "ALTER FUNCTION j.touch() SET work_mem = '1MB'", Name::DefinitionChanged, "FUNCTION j.touch()"),
    (
        0,
        "CREATE OR REPLACE PROCEDURE j.proceed(INOUT n integer) LANGUAGE plpgsql AS ' BEGIN n := n + 2; END '",
        Name::DefinitionChanged,
        "PROCEDURE j.proceed(integer)",
    ),
    (
        0,
        "CREATE OR REPLACE AGGREGATE j.total(integer) (SFUNC = int4pl, STYPE = integer, INITCOND = '1')",
        Name::DefinitionChanged,
        "AGGREGATE j.total(integer)",
    ),
    (0, "ALTER TABLE j.child DISABLE TRIGGER always", Name::TriggerStateChanged, "TRIGGER j.child always"),
    (0, "ALTER TABLE j.other DISABLE RULE quiet", Name::TriggerStateChanged, "RULE j.other quiet"),
    (0, "ALTER EVENT TRIGGER noted ENABLE", Name::TriggerStateChanged, "EVENT TRIGGER noted"),
    (0, "ALTER TABLE j.people DISABLE TRIGGER ALL", Name::TriggerStateChanged, "TABLE j.people"),
    (0, "ALTER POLICY reads ON j.people TO shop_app", Name::PolicyChanged, "POLICY j.people reads"),
    (0, "ALTER TABLE j.copy ENABLE ROW LEVEL SECURITY", Name::PolicyChanged, "TABLE j.copy"),
    (0, "ALTER TABLE j.child FORCE ROW LEVEL SECURITY", Name::PolicyChanged, "TABLE j.child"),
    (
        15,
        "ALTER PUBLICATION of_people SET TABLE j.people WHERE (id > 5), j.base",
        Name::DefinitionChanged,
        "PUBLICATION TABLE j.of_people people",
    ),
    (
        0,
        "ALTER TEXT SEARCH CONFIGURATION j.words DROP MAPPING FOR word",
        Name::DefinitionChanged,
        "TEXT SEARCH CONFIGURATION j.words",
    ),
    (
        0,
        "ALTER TEXT SEARCH DICTIONARY j.stem (language = german)",
        Name::DefinitionChanged,
        "TEXT SEARCH DICTIONARY j.stem",
    ),
    (
        0,
        "ALTER OPERATOR FAMILY j.family USING btree ADD OPERATOR 1 < (int4, int8)",
        Name::DefinitionChanged,
        "OPERATOR FAMILY j.family",
    ),
    (
        0,
        "DROP CAST (j.pair AS integer); CREATE CAST (j.pair AS integer) WITH FUNCTION j.first(j.pair) AS IMPLICIT",
        Name::DefinitionChanged,
        "CAST CAST (j.pair AS integer)",
    ),
    (0, "ALTER STATISTICS j.together SET STATISTICS 50", Name::DefinitionChanged, "STATISTICS j.together"),
    (
        0,
        "DROP INDEX j.by_mood; CREATE INDEX by_mood ON j.people (mood DESC, lower(name::text)) INCLUDE (born) \
         WHERE kind::text = 'a'",
        Name::DefinitionChanged,
        "INDEX j.by_mood",
    ),
    (0, "ALTER INDEX j.by_code SET (fillfactor = 50)", Name::DefinitionChanged, "INDEX j.by_code"),
    (
        0,
        "ALTER FOREIGN TABLE j.passwords OPTIONS (SET filename '/x')",
        Name::DefinitionChanged,
        "FOREIGN TABLE j.passwords",
    ),
    (0, "ALTER SERVER files VERSION '2'", Name::DefinitionChanged, "SERVER files"),
    (
        0,
        "ALTER DEFAULT PRIVILEGES FOR ROLE shop_owner GRANT SELECT ON TABLES TO PUBLIC",
        Name::PrivilegesWider,
        "DEFAULT PRIVILEGES FOR TABLES OF shop_owner",
    ),
    (
        0,
        "ALTER DEFAULT PRIVILEGES FOR ROLE shop_owner IN SCHEMA j GRANT USAGE ON SEQUENCES TO shop_report",
        Name::PrivilegesWider,
        "DEFAULT PRIVILEGES FOR SEQUENCES IN SCHEMA j OF shop_owner",
    ),
    (
        0,
        "ALTER DEFAULT PRIVILEGES FOR ROLE shop_report REVOKE USAGE ON TYPES FROM PUBLIC",
        Name::PrivilegesChanged,
        "DEFAULT PRIVILEGES FOR TYPES OF shop_report",
    ),
];

#[test]
fn every_part_of_a_definition_is_compared() {
    parts_are_compared(&[(15, 18)]);
}

#[test]
#[ignore = "the whole product of majors: scripts/test --full"]
fn full_every_part_of_a_definition_is_compared_between_more_majors() {
    parts_are_compared(&[(15, 15), (13, 18)]);
}

fn parts_are_compared(pairs: &[(u16, u16)]) {
    let home = Home::new();
    for &(source, major) in pairs {
        // The option of a column of a view can be changed only where both know it.
        let changes: Vec<_> = CHANGES.iter().filter(|(since, ..)| *since <= source).collect();
        let statements: Vec<&str> = changes.iter().map(|(_, statements, ..)| *statements).collect();
        let script = with_statements(&dump(source, "judged.sql"), &mischief(&statements));
        let ran = home.run(&home.file("judged.sql", script), &[&matching("judged", major)]);
        let target = ran.only();
        let restore = target.restore.as_ref().unwrap();
        assert_eq!((restore.exit_code, restore.errors), (0, 0), "{:#?}", restore.findings);
        let mut found = found_in(target);
        let mut expected: BTreeSet<(Name, String)> =
            changes.iter().map(|(.., name, object)| (*name, (*object).to_owned())).collect();
        // The default of a column whose sequence is its own no longer stands by itself.
        expected.insert((Name::ObjectMissing, "DEFAULT j.quick id".to_owned()));
        let silent: Vec<_> = expected.difference(&found).collect();
        assert!(silent.is_empty(), "{source} to {major}: not found: {silent:#?}\nfound: {found:#?}");
        // And nothing else is accused of having changed.
        found.retain(|(name, _)| *name != Name::RlsBypassed);
        let accused: Vec<_> = found.difference(&expected).collect();
        assert!(accused.is_empty(), "{source} to {major}: {accused:#?}");
        assert_every_check_looked(target);
    }
}

#[test]
fn what_only_the_target_makes_possible_is_untested_where_its_text_differs() {
    let home = Home::new();
    // The view needs a function that the profile made: there is nothing to compare its other words with.
    let text = "--\n-- PostgreSQL database dump\n--\n\n-- Dumped from database version 17.6\n\n\
        --\n-- Name: t; Type: TABLE; Schema: public; Owner: postgres\n--\n\nCREATE TABLE public.t (\n    a integer\n);\n\n\n\
        --\n-- Name: v; Type: VIEW; Schema: public; Owner: postgres\n--\n\n\
        CREATE VIEW public.v AS\n SELECT own.f(t.a)  AS f\n   FROM public.t;\n\n\n\
        --\n-- Data for Name: t; Type: TABLE DATA; Schema: public; Owner: postgres\n--\n\n\
        COPY public.t (a) FROM stdin;\n1\n\\.\n\n\n\
        --\n-- PostgreSQL database dump complete\n--\n";
    let init =
        "init: [{sql: \"CREATE SCHEMA own; CREATE FUNCTION own.f(int) RETURNS int LANGUAGE sql AS 'SELECT 1'\"}]\n";
    let profile = format!("name: own\npostgres: 17\n{init}");
    let ran = home.run(&home.file("own.sql", text), &[&profile]);
    ran.expect(3);
    assert_eq!(names(ran.only()), [""; 0], "{}", ran.json);
    let objects = ran.only().checks.iter().find(|result| result.check == "objects").unwrap();
    assert_eq!(
        objects.could_not,
        ["1 definition: the dump's definition cannot be run without what this target had before the restore (3F000): \
          VIEW public.v"]
    );
}

#[test]
fn values_without_the_names_of_their_columns_prove_nothing_of_a_table_that_inherits() {
    let home = Home::new();
    let columns = |target: &Rehearsal| -> Vec<String> {
        target.checks.iter().find(|result| result.check == "rows").unwrap().could_not.clone()
    };
    let inherit = std::fs::read_to_string(case("missed/inherit_inserts.sql")).unwrap();
    // One level further down, with no column of its own; and a child of two parents.
    let below = inherit.replace("INTO public.b2 VALUES", "INTO public.c2 VALUES").replace(
        "--\n-- Data for Name: a2",
        "--\n-- Name: c2; Type: TABLE; Schema: public; Owner: postgres\n--\n\n\
         CREATE TABLE public.c2 (\n)\nINHERITS (public.b2);\n\n\n--\n-- Data for Name: a2",
    );
    let same = ["name: same\nextends: same-as-source\n"];
    // With the names of columns, or where all columns come from one parent, there is no doubt.
    let named = inherit.replace("INTO public.b2 VALUES", "INTO public.b2 (k, t, u, w) VALUES");
    let plain = inherit.replace("    u text\n", "").replace(", 'w'", "").replace(", 'w2'", "");
    let script = databases([("child", inherit), ("below", below), ("named", named), ("plain", plain)]);
    let ran = home.run(&home.file("unnamed.sql", script), &same);
    ran.expect(3);
    for (database, table) in [("child", "public.b2"), ("below", "public.c2")] {
        let could_not = columns(of_database(&ran, database).only());
        assert!(could_not.len() == 1 && could_not[0].starts_with(&format!("{table}: its INSERT ")), "{could_not:?}");
    }
    for database in ["named", "plain"] {
        let of = of_database(&ran, database);
        assert_eq!(columns(of.only()), [""; 0]);
        assert!(untested(ran.only(), database).is_empty() && !fails(&of), "{database}: {}", ran.json);
    }
}

#[test]
fn rows_that_a_trigger_of_the_target_drops_are_missing() {
    trigger_drops(&[("IF NEW.id = 1 THEN RETURN NULL; END IF; RETURN NEW;", 1), ("RETURN NEW;", 0)]);
}

#[test]
#[ignore = "every trigger: scripts/test --full"]
fn full_rows_that_a_trigger_of_the_target_drops_are_missing_where_it_drops_all() {
    trigger_drops(&[("RETURN NULL;", 1)]);
}

/// What triggers do, and the exit code that it comes to.
fn trigger_drops(bodies: &[(&str, i32)]) {
    let home = Home::new();
    let text = std::fs::read_to_string(dump(17, "small.sql")).unwrap();
    // As `--data-only` leaves it.
    let begin = text.find("-- Data for Name: ").unwrap();
    let head = text.find("--\n-- Name: ").unwrap();
    let constraint = text.find("; Type: CONSTRAINT").unwrap();
    let after = text[..constraint].rfind("--\n-- Name: ").unwrap();
    let end = text.find("--\n-- PostgreSQL database dump complete").unwrap();
    let data = format!("{}--\n{}{}", &text[..head], &text[begin..after], &text[end..]);
    let table = data.split("COPY ").nth(1).unwrap().split(" (").next().unwrap().to_owned();
    let create = &text[head..begin];
    let make: String = create.lines().filter(|line| !line.starts_with("--")).collect::<Vec<_>>().join(" ");
    for &(body, code) in bodies {
        let init = format!(
            "{make} CREATE FUNCTION own() RETURNS trigger LANGUAGE plpgsql AS $f$ BEGIN {body} END $f$; \
             CREATE TRIGGER drops BEFORE INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION own();"
        );
        let profile = format!("name: own\npostgres: 17\ninit: [{{sql: {}}}]\n", quoted(&init));
        let ran = home.run(&home.file("data.sql", &data), &[&profile]);
        let missing = names(ran.only()).contains(&"rows-missing");
        assert_eq!((missing, ran.code), (code == 1, Some(code)), "{body}: {}\n{}", ran.stdout, ran.json);
        if missing {
            let looked = |result: &&pgrehearse::check::CheckResult| matches!(&result.outcome, Outcome::Looked { .. });
            assert!(ran.only().checks.iter().all(|result| looked(&result)));
            let evidence = &ran.finding("rows-missing").evidence;
            assert!(evidence.iter().any(|line| line.contains("its trigger drops was there before")), "{evidence:?}");
        }
    }
}
