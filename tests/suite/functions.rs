//! Functions in PL/pgSQL whose statements name what is not there. The image of 17 has the extension plpgsql_check.

use pgrehearse::check::CheckResult;

use crate::support::home::names;
use crate::support::several::{databases, fails, of_database};
use crate::support::{Home, Ran, bare, dump, shared, with_statements};

/// The small dump with these statements at its end.
fn with(statements: &str) -> String {
    with_statements(&dump(13, "small.sql"), statements)
}

/// What a run says of one of two databases: functions that are well, and functions that are broken.
#[track_caller]
fn in_database(database: &str) -> Ran {
    let ran = shared::run("functions", |home| {
        let script = databases([("well", with(WELL)), ("broken", with(BROKEN))]);
        home.run(&home.file("functions.sql", script), &[&bare("functions", 17)])
    });
    // In the broken one a trigger keeps its table from being written.
    ran.expect(1);
    of_database(&ran, database)
}

fn functions(ran: &Ran) -> &CheckResult {
    ran.only().checks.iter().find(|check| check.check == "functions").unwrap()
}

const WELL: &str = r#"
CREATE SCHEMA "o'dd";
CREATE TABLE "o'dd".notes (id integer, note text);
CREATE FUNCTION public.by_own_path() RETURNS bigint LANGUAGE plpgsql SET search_path = "o'dd"
    AS $f$ BEGIN RETURN (SELECT count(*) FROM notes); END $f$;
CREATE FUNCTION public.by_any_path() RETURNS bigint LANGUAGE plpgsql
    AS $f$ BEGIN RETURN (SELECT count(*) FROM notes); END $f$;
CREATE FUNCTION public.makes_its_table() RETURNS void LANGUAGE plpgsql
    AS $f$ BEGIN CREATE TEMPORARY TABLE scratch (n integer); INSERT INTO scratch VALUES (1); END $f$;
CREATE FUNCTION public.by_text() RETURNS integer LANGUAGE plpgsql
    AS $f$ DECLARE found record; BEGIN EXECUTE 'SELECT 1 AS n' INTO found; RETURN found.n; END $f$;
CREATE FUNCTION public.any_kind(anyelement) RETURNS anyelement LANGUAGE plpgsql AS $f$ BEGIN RETURN $1; END $f$;
CREATE FUNCTION public.on_note() RETURNS trigger LANGUAGE plpgsql
    AS $f$ BEGIN NEW.note := coalesce(NEW.note, ''); RETURN NEW; END $f$;
CREATE TRIGGER on_note BEFORE INSERT ON "o'dd".notes FOR EACH ROW EXECUTE FUNCTION public.on_note();
CREATE FUNCTION public.count_new() RETURNS trigger LANGUAGE plpgsql
    AS $f$ BEGIN PERFORM count(*) FROM added; RETURN NULL; END $f$;
CREATE TRIGGER count_new AFTER INSERT ON "o'dd".notes REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION public.count_new();
CREATE FUNCTION public.of_no_trigger() RETURNS trigger LANGUAGE plpgsql AS $f$ BEGIN NEW.x := 1; RETURN NEW; END $f$;
"#;

#[test]
fn functions_whose_statements_name_what_is_there_are_well() {
    let ran = in_database("well");
    assert!(ran.names().is_empty(), "{}", ran.json);
    let looked = functions(&ran);
    assert_eq!(looked.looked_at, "0 SQL functions, 8 PL/pgSQL functions, the statements of 7 looked into");
    let reason = "FUNCTION public.makes_its_table(): it creates temporary objects, which are not there until it runs";
    assert_eq!(looked.not_compared, [reason]);
    assert!(looked.could_not.is_empty(), "{looked:?}");
}

const BROKEN: &str = r#"
CREATE FUNCTION public.of_table() RETURNS integer LANGUAGE plpgsql AS $f$
BEGIN
    PERFORM 1;
    RETURN (SELECT n FROM "gone; DROP");
END $f$;
CREATE FUNCTION public.of_column() RETURNS trigger LANGUAGE plpgsql AS $f$ BEGIN NEW.gone := 1; RETURN NEW; END $f$;
CREATE TRIGGER of_column BEFORE INSERT ON public.people FOR EACH ROW EXECUTE FUNCTION public.of_column();
CREATE FUNCTION public.of_own_path() RETURNS bigint LANGUAGE plpgsql SET search_path = pg_catalog
    AS $f$ BEGIN RETURN (SELECT count(*) FROM people); END $f$;
CREATE PROCEDURE public.of_function() LANGUAGE plpgsql AS $f$ BEGIN PERFORM public.gone(1); END $f$;
"#;

#[test]
fn functions_whose_statements_name_what_is_not_there_are_found() {
    let ran = in_database("broken");
    assert!(fails(&ran), "{}", ran.json);
    let mut titles: Vec<&str> = ran
        .only()
        .findings()
        .filter(|finding| finding.name.as_str() == "function-broken")
        .map(|finding| finding.title.as_str())
        .collect();
    titles.sort();
    assert_eq!(
        titles,
        [
            r#"the body of FUNCTION public.of_column() is not valid: line 1: record "new" has no field "gone" (42703)"#,
            r#"the body of FUNCTION public.of_own_path() is not valid: line 1: relation "people" does not exist (42P01)"#,
            r#"the body of FUNCTION public.of_table() is not valid: line 4: relation "gone; DROP" does not exist (42P01)"#,
            "the body of PROCEDURE public.of_function() is not valid: line 1: function public.gone(integer) does not exist (42883)",
        ]
    );
    // What was borrowed for it is not there afterwards.
    assert!(!ran.json.contains("pgrehearse plpgsql_check"), "{}", ran.json);
}

#[test]
fn a_target_without_plpgsql_check_says_that_statements_were_not_looked_into() {
    let home = Home::new();
    let ran = home.run(&home.file("well.sql", with(WELL)), &[&bare("functions", 15)]);
    ran.expect(0);
    let said =
        "0 SQL functions, 8 PL/pgSQL functions, their statements not looked into: the image has no plpgsql_check";
    assert_eq!(functions(&ran).looked_at, said);
}

#[test]
fn an_accept_of_what_only_plpgsql_check_finds_is_unused_where_the_image_has_it_alone() {
    let home = Home::new();
    let accept = "accept: [{finding: function-broken, reason: known, until: 2099-01-01}]\n";
    let profile = |name: &str, major| format!("{}{accept}", bare(name, major));
    let ran = home.run(&home.file("well.sql", with(WELL)), &[&profile("without", 15), &profile("has", 17)]);
    ran.expect(0);
    let names = |target: &str| names(ran.target(target));
    assert_eq!((names("without"), names("has")), (vec![], vec!["accept-unused"]), "{}", ran.json);
}
