//! A check takes no other down: what ends the server's process when it is looked at is named, and all else is looked at.

use std::path::PathBuf;

use pgrehearse::check::{CheckResult, Outcome};
use pgrehearse::finding::Origin;
use pgrehearse::rehearsal::Rehearsal;

use crate::support::{Home, Ran, bare, dump, shared, with_statements};

fn check<'a>(target: &'a Rehearsal, name: &str) -> &'a CheckResult {
    target.checks.iter().find(|result| result.check == name).unwrap_or_else(|| panic!("no check {name}"))
}

/// A healthy dump with functions and views of its own.
fn with(home: &Home, statements: &str) -> PathBuf {
    home.file("own.sql", with_statements(&dump(17, "small.sql"), statements))
}

/// An immutable function, which planning a query runs, and a view that names it.
fn planned(name: &str, body: &str) -> String {
    format!(
        "CREATE FUNCTION public.{name}() RETURNS int LANGUAGE plpgsql IMMUTABLE AS $f$ BEGIN {body} RETURN 1; END $f$;
         CREATE VIEW public.v_{name} AS SELECT public.{name}() AS one FROM public.people;\n"
    )
}

/// Fails unless all that was found is that one check brought the server down, and all others looked.
#[track_caller]
fn assert_only_crashed<'a>(ran: &'a Ran, of: &str, objects: &[&str]) -> &'a CheckResult {
    ran.expect(3);
    assert_eq!(ran.names(), ["check-crashed"], "{}", ran.json);
    let finding = ran.finding("check-crashed");
    assert_eq!(finding.origin, Origin::Tool);
    assert_eq!(finding.objects, objects, "{}", ran.json);
    assert!(finding.title.contains(&format!("check {of} ended the server's process")), "{}", finding.title);
    for result in &ran.only().checks {
        assert!(matches!(result.outcome, Outcome::Looked { .. }), "{result:?}");
        assert!(result.check == of || result.could_not.is_empty(), "{result:?}");
    }
    check(ran.only(), of)
}

#[test]
fn a_function_at_which_plpgsql_check_crashes_the_server_is_named_and_no_other_check_is_lost() {
    let home = Home::new();
    // plpgsql_check takes what is behind EXECUTE for a constant, and crashes by what lies there in memory: at one table not
    // always, at one of so many as good as always.
    let mut statements = "CREATE FUNCTION public.f() RETURNS trigger LANGUAGE plpgsql AS $$
        DECLARE s text;
        BEGIN
          EXECUTE 'SELECT ' || a.normalizer || '(' || quote_literal(NEW.label) || ')' FROM public.c a WHERE a.id = NEW.cls INTO s;
          NEW.sortkey := s;
          RETURN NEW;
        END $$;
        CREATE TABLE public.c (id integer NOT NULL, normalizer text);\n"
        .to_owned();
    for number in 1..=40 {
        statements += &format!(
            "CREATE TABLE public.n{number} (id integer NOT NULL, cls integer, label text, sortkey text);
             CREATE TRIGGER t BEFORE INSERT ON public.n{number} FOR EACH ROW EXECUTE FUNCTION public.f();\n"
        );
    }
    let ran = home.run(&with(&home, &statements), &[&bare("su17", 17)]);
    let crashed = ran.finding("check-crashed").objects.clone();
    let objects: Vec<&str> = crashed.iter().map(String::as_str).collect();
    let functions = assert_only_crashed(&ran, "functions", &objects);
    assert!(objects.len() == 1 && objects[0].starts_with("FUNCTION public."), "{objects:?}");
    assert_eq!(functions.could_not, [format!("{}: the server's process ends when it is looked at", objects[0])]);
}

/// A dump with views that end the server's process when they are planned, beside tables and sequences that a crash empties.
#[track_caller]
fn planned_crash() -> Ran {
    shared::run("crashes-planned", |home| {
        // What is immutable may run no program, and what it calls may.
        let statements = "CREATE FUNCTION public.segv() RETURNS void LANGUAGE plpgsql AS
            $f$ BEGIN COPY (SELECT 1) TO PROGRAM 'kill -SEGV $PPID'; END $f$;
            CREATE UNLOGGED TABLE public.cache (id integer);
            INSERT INTO public.cache VALUES (1);
            INSERT INTO public.cache VALUES (2);
            CREATE UNLOGGED SEQUENCE public.numbers;
            SELECT pg_catalog.setval('public.numbers', 41, true);\n"
            .to_owned()
            + &planned("crash", "PERFORM public.segv();")
            + &planned("leave", "PERFORM pg_terminate_backend(pg_backend_pid());")
            + "CREATE VIEW public.fine AS SELECT 1 AS one;
               CREATE VIEW public.v_gone AS SELECT 1 AS one;";
        home.run(&with(home, &statements), &[&bare("plain", 17)])
    })
}

#[test]
fn a_view_that_crashes_the_server_when_it_is_planned_is_named_and_the_others_are_looked_at() {
    let ran = planned_crash();
    let views = assert_only_crashed(&ran, "views", &["VIEW public.v_crash", "VIEW public.v_leave"]);
    assert_eq!(views.compared["view"], 2, "{views:?}");
}

#[test]
fn what_a_crash_takes_from_unlogged_tables_and_sequences_is_no_fault_of_the_restore() {
    let ran = planned_crash();
    ran.expect(3);
    assert_eq!(ran.names(), ["check-crashed"], "{}", ran.json);
}

#[test]
fn a_function_that_ends_all_other_sessions_costs_no_check() {
    let home = Home::new();
    let body = "PERFORM pg_terminate_backend(pid) FROM pg_stat_activity
                WHERE backend_type = 'client backend' AND pid <> pg_backend_pid();";
    let ran = home.run(&with(&home, &planned("alone", body)), &[&bare("plain", 17)]);
    ran.expect(0);
    assert_eq!(ran.names(), Vec::<&str>::new(), "{}", ran.json);
    assert!(ran.only().checks.iter().all(|result| result.could_not.is_empty()), "{}", ran.json);
}

#[test]
fn a_query_of_the_profile_that_crashes_the_server_is_named_and_the_others_are_asked() {
    let home = Home::new();
    let statements = "CREATE FUNCTION public.crash() RETURNS int LANGUAGE plpgsql AS
        $f$ BEGIN COPY (SELECT 1) TO PROGRAM 'kill -SEGV $PPID'; RETURN 1; END $f$;";
    let profile = format!(
        "{}checks: {{queries: [{{name: before, sql: SELECT 1, expect: 1}}, \
         {{name: bad, sql: SELECT public.crash(), expect: 1}}, {{name: wrong, sql: SELECT 2, expect: 3}}]}}\n",
        bare("plain", 17)
    );
    let ran = home.run(&with(&home, statements), &[&profile]);
    // The query after the one that crashes is asked, and fails for its own reason.
    ran.expect(1);
    assert_eq!(ran.names(), ["check-crashed", "query-failed"], "{}", ran.json);
    assert_eq!(ran.finding("check-crashed").objects, [r#"query "bad""#]);
    assert_eq!(ran.finding("query-failed").objects, ["wrong"]);
}

#[test]
fn a_trigger_that_crashes_the_server_when_a_row_is_written_is_the_write_check_s_alone() {
    let home = Home::new();
    let statements = "CREATE FUNCTION public.crash() RETURNS trigger LANGUAGE plpgsql AS
        $f$ BEGIN COPY (SELECT 1) TO PROGRAM 'kill -SEGV $PPID'; RETURN new; END $f$;
        CREATE TABLE public.keys (id serial PRIMARY KEY);
        CREATE TRIGGER crash BEFORE INSERT ON public.keys FOR EACH ROW EXECUTE FUNCTION public.crash();";
    let ran = home.run(&with(&home, statements), &[&bare("plain", 17)]);
    assert_only_crashed(&ran, "writable", &[]);
}

#[test]
fn a_view_whose_plan_never_ends_takes_its_own_time_and_not_that_of_the_others() {
    let home = Home::new();
    let statements = planned("endless", "LOOP END LOOP;") + "CREATE VIEW public.v_far AS SELECT 1 AS one;";
    let profile = format!("{}checks: {{timeout: 12s}}\n", bare("plain", 17));
    let ran = home.run(&with(&home, &statements), &[&profile]);
    ran.expect(3);
    assert_eq!(ran.names(), Vec::<&str>::new(), "{}", ran.json);
    let views = check(ran.only(), "views");
    assert_eq!(views.could_not.len(), 1, "{views:?}");
    assert!(views.could_not[0].starts_with("VIEW public.v_endless: canceling statement"), "{views:?}");
    assert_eq!(views.compared["view"], 2);
}
