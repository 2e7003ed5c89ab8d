//! What did not come back because a statement failed is never `ok` in its own column of the grid.

use pgrehearse::check::Group;
use pgrehearse::rehearsal::Rehearsal;

use crate::support::{Home, bare, dump, matching, shared};

/// How many of a column are lost.
fn lost(target: &Rehearsal, group: Group) -> u64 {
    target.checks.iter().filter(|result| result.group == group).map(|result| result.lost).sum()
}

/// An SQL file for a profile's `init` that refuses every statement of these kinds.
fn refusing(tags: &str) -> String {
    format!(
        "init:\n  - sql: |\n      CREATE FUNCTION public.refuse() RETURNS event_trigger LANGUAGE plpgsql \
         AS $$ BEGIN RAISE EXCEPTION 'refused here'; END $$;\n      CREATE EVENT TRIGGER refuse ON ddl_command_start \
         WHEN TAG IN ({tags}) EXECUTE FUNCTION public.refuse();\n"
    )
}

#[test]
fn indexes_policies_grants_and_rows_of_materialized_views_that_a_refused_statement_took_are_lost_in_their_columns() {
    let home = Home::new();
    let tags = "'CREATE INDEX', 'CREATE POLICY', 'REFRESH MATERIALIZED VIEW', 'GRANT'";
    let profile = format!("{}{}", matching("refusing", 17), refusing(tags));
    let ran = home.run(&dump(17, "shop.dump"), &[&profile]);
    ran.expect(1);
    let target = ran.only();
    for group in [Group::Constraints, Group::Permissions, Group::Usability, Group::Objects] {
        assert!(lost(target, group) > 0, "{group:?}: {:#?}", target.checks);
    }
    let verdict = ran.stdout.lines().find(|line| line.starts_with("refusing ")).unwrap();
    assert!(verdict.matches(" lost").count() >= 2, "{}", ran.stdout);
    // All rows of tables came, and each sequence was set.
    assert_eq!((lost(target, Group::Rows), lost(target, Group::Sequences)), (0, 0), "{:#?}", target.checks);
}

#[test]
fn nothing_is_lost_where_all_came_back() {
    let ran = shared::run("lost-nothing", |home| home.run(&dump(17, "shop.dump"), &[&matching("whole", 17)]));
    ran.expect(0);
    assert!(ran.only().checks.iter().all(|result| result.lost == 0), "{:#?}", ran.only().checks);
    assert!(!ran.stdout.contains(" lost"), "{}", ran.stdout);
}

#[test]
fn constraints_of_a_script_that_does_not_name_its_objects_and_a_role_that_was_refused_are_lost() {
    let home = Home::new();
    let script = "CREATE ROLE \"pg_made\";\nCREATE TABLE public.t (id int);\nCOPY public.t (id) FROM stdin;\n1\n1\n\\.\n\
        ALTER TABLE ONLY public.t\n    ADD CONSTRAINT t_pkey PRIMARY KEY (id);\nCREATE UNIQUE INDEX t_id ON public.t (id);\n\
        CREATE INDEX t_other ON public.t (id);\n";
    let ran = home.run(&home.file("unnamed.sql", script), &[&bare("plain", 17)]);
    ran.expect(1);
    let target = ran.only();
    assert_eq!(lost(target, Group::Constraints), 2, "{:#?}", target.checks);
    assert_eq!(lost(target, Group::Permissions), 1, "{:#?}", target.checks);
    assert_eq!(lost(target, Group::Rows), 0, "{:#?}", target.checks);
}

#[test]
fn large_objects_that_did_not_come_are_lost_and_no_table() {
    let home = Home::new();
    let no_objects =
        "init:\n  - sql: REVOKE EXECUTE ON FUNCTION pg_catalog.lo_create(oid) FROM PUBLIC\nrestore: {as: shop_app}\n";
    let ran = home.run(&dump(13, "shop.sql"), &[&format!("{}{no_objects}", matching("plain", 17))]);
    ran.expect(1);
    let rows = ran.only().checks.iter().find(|result| result.check == "rows").unwrap();
    assert!(rows.lost > 0 && rows.compared["large object"] == 0, "{rows:#?}");
    let line = ran.stdout.lines().find(|line| line.starts_with("plain ")).unwrap();
    assert!(line.contains(" lost") && !line.contains("table lost"), "{}", ran.stdout);
}
