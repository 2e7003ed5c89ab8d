//! What a restored database's catalog promises, it holds: constraints, indexes, sequences, collations, views.

use std::fs;

use pgrehearse::check::CheckResult;
use pgrehearse::finding::{Finding, Severity};
use pgrehearse::rehearsal::Rehearsal;

use crate::support::home::assert_every_check_looked;
use crate::support::several::{databases, fails, of_database};
use crate::support::{Home, MAJORS, Ran, SHOP_ROLES, bare, dump, matching, own_and_newest, shared, with_statements};

#[track_caller]
fn check<'a>(target: &'a Rehearsal, name: &str) -> &'a CheckResult {
    target.checks.iter().find(|result| result.check == name).unwrap_or_else(|| panic!("{name} did not look"))
}

#[track_caller]
fn assert_well(target: &Rehearsal, what: &str) {
    let findings: Vec<&Finding> = target.findings().collect();
    assert!(findings.is_empty(), "{what}: {findings:#?}");
    assert_every_check_looked(target);
    for result in &target.checks {
        assert!(result.could_not.is_empty(), "{what}: {result:?}");
    }
}

/// What is done to the catalog in one database each, by statements that nobody but the server reads. The quick tests restore these
/// into the oldest major alone, and the others into the newest; `full` restores all into every one.
const IN_OLDEST: &[(&str, &str)] = &[
    ("constraints", UNVERIFIED_CONSTRAINTS),
    ("corrupt", CORRUPT_INDEX),
    ("sequences", MOVED_SEQUENCES),
    ("old_collation", OLD_COLLATION),
];

const IN_NEWEST: &[(&str, &str)] = &[
    ("indexes", INVALID_INDEXES),
    ("foreign_keys", BROKEN_KEYS),
    ("uniqueness", BROKEN_UNIQUENESS),
    ("views", BROKEN_VIEWS),
];

/// The same, where the source is 18.
const TAMPERED_18: &[(&str, &str)] = &[("not_enforced", NOT_ENFORCED), ("sequences", MOVED_SEQUENCES)];

/// The catalog's plain dump with statements at its end that nobody but the server reads.
fn hidden(source: u16, statements: &str) -> String {
    with_statements(&dump(source, "catalog.sql"), &format!("DO $tamper$ BEGIN {statements} END $tamper$;"))
}

/// What a restore of tampered catalogs into one target says of one of them.
#[track_caller]
fn tampered(source: u16, target: u16, database: &str) -> Ran {
    let every = [IN_OLDEST, IN_NEWEST].concat();
    let quick = match (source, target) {
        (18, _) => TAMPERED_18,
        (_, 13) => IN_OLDEST,
        _ => IN_NEWEST,
    };
    let is_quick = quick.iter().any(|(name, _)| *name == database) && [13, 18].contains(&target);
    let all = if is_quick { quick } else { &every };
    let ran = shared::run(&format!("catalog-tampered-{source}-{target}-{}", all.len()), |home| {
        let script = databases(all.iter().map(|(name, statements)| (*name, hidden(source, statements))));
        home.run(&home.file("tampered.sql", script), &[&bare("tampered", target)])
    });
    ran.expect(1);
    let restore = ran.only().restore.as_ref().unwrap();
    assert_eq!((restore.exit_code, restore.errors), (0, 0), "the restore has noticed it: {:#?}", restore.findings);
    let mut names: Vec<&str> = all.iter().map(|(name, _)| *name).collect();
    names.sort_unstable();
    assert_eq!(restore.databases, names);
    of_database(&ran, database)
}

/// Plain dumps of healthy sources, as databases of one script for the newest major; what a restore says.
#[track_caller]
fn healthy(source: u16) -> Ran {
    let names = if source == 18 { ["catalog", "objects", "types"] } else { ["catalog", "healthy", "types"] };
    let ran = shared::run(&format!("catalog-healthy-{source}"), |home| {
        let text = |name: &str| fs::read_to_string(dump(source, &format!("{name}.sql"))).unwrap();
        let script = databases(names.map(|name| (name, text(name))));
        home.run(&home.file("healthy.sql", script), &[&bare("to-18", 18)])
    });
    ran.expect(0);
    assert_eq!(ran.only().restore.as_ref().unwrap().databases, names);
    ran
}

#[test]
fn a_catalog_that_is_well_has_no_finding_in_any_format() {
    // Either format of an older and of a newer source.
    for (source, target) in [(13, 18), (17, 17)] {
        let ran = catalog_archive(source, target);
        assert_catalog_is_well(ran.only(), source, &format!("catalog.dump of {source} to-{target}"));
    }
    for source in [15, 18] {
        let ran = of_database(&healthy(source), "catalog");
        assert_catalog_is_well(ran.only(), source, &format!("catalog.sql of {source} to-18"));
    }
}

/// What a restore of the catalog's archive says. One of them is the restore of `formats` too.
pub fn catalog_archive(source: u16, target: u16) -> Ran {
    shared::run(&format!("catalog-archive-{source}-{target}"), |home| {
        home.run(&dump(source, "catalog.dump"), &[&bare(&format!("to-{target}"), target)])
    })
}

#[test]
#[ignore = "the whole product of majors: scripts/test --full"]
fn full_a_catalog_that_is_well_has_no_finding_in_any_format_of_any_major() {
    let home = Home::new();
    for source in MAJORS {
        let profiles: Vec<String> =
            own_and_newest(source).iter().map(|target| bare(&format!("to-{target}"), *target)).collect();
        let profiles: Vec<&str> = profiles.iter().map(String::as_str).collect();
        for form in ["catalog.dump", "catalog.sql"] {
            for target in &home.run(&dump(source, form), &profiles).report().targets {
                assert_catalog_is_well(target, source, &format!("{form} of {source} {}", target.target));
            }
        }
    }
}

#[track_caller]
fn assert_catalog_is_well(target: &Rehearsal, source: u16, what: &str) {
    assert_well(target, what);
    let keys = check(target, "foreign keys");
    assert_eq!(keys.looked_at, "10 foreign keys", "{what}");
    let periods: &[&str] = match source {
        18 => &["public.guests guests_id_during_fkey: a foreign key with PERIOD, which only the server can verify"],
        _ => &[],
    };
    assert_eq!(keys.not_compared, periods, "{what}");
    let indexes = check(target, "indexes");
    assert!(indexes.looked_at.ends_with(" indexes, 1 not valid in the dump either"), "{}", indexes.looked_at);
    let compared = &check(target, "unique").compared;
    let unique = (compared["unique index"], compared["B-tree index"]);
    assert_eq!(unique, [(14, 16), (15, 17), (16, 17)][usize::from(source >= 15) + usize::from(source >= 18)]);
    assert_eq!(check(target, "views").looked_at, "3 views, 2 materialized views", "{what}");
    let functions = &check(target, "functions").looked_at;
    assert!(functions.starts_with("4 SQL functions, 1 PL/pgSQL functions, "), "{what}: {functions}");
}

#[test]
fn the_dumps_of_other_healthy_sources_have_no_finding_either() {
    for source in [15, 18] {
        assert_well(healthy(source).only(), &format!("plain dumps of {source}"));
    }
    assert_well(crate::pairs::shop(13).target("to-18"), "shop.dump of 13");
}

#[test]
#[ignore = "the whole product of majors: scripts/test --full"]
fn full_the_dumps_of_other_healthy_sources_of_every_major_have_no_finding_either() {
    for source in MAJORS {
        let forms = ["types.dump", "objects.sql", "healthy.dump", "shop.dump"];
        others_are_well(source, &own_and_newest(source), &forms);
    }
}

fn others_are_well(source: u16, targets: &[u16], forms: &[&str]) {
    let home = Home::new();
    for form in forms {
        let of = if *form == "shop.dump" { matching } else { bare };
        let profiles: Vec<String> = targets.iter().map(|target| of(&format!("to-{target}"), *target)).collect();
        let profiles: Vec<&str> = profiles.iter().map(String::as_str).collect();
        let ran = home.run(&dump(source, form), &profiles);
        for target in &ran.report().targets {
            assert_well(target, &format!("{form} of {source} {}", target.target));
        }
    }
}

#[test]
fn names_that_hold_anything_come_back_without_a_finding() {
    // From the oldest to the newest.
    names_come_back(&[13], |_| vec![18]);
}

#[test]
#[ignore = "the whole product of majors: scripts/test --full"]
fn full_names_that_hold_anything_come_back_without_a_finding_in_their_own_major_too() {
    names_come_back(&MAJORS, own_and_newest);
}

fn names_come_back(sources: &[u16], targets: fn(u16) -> Vec<u16>) {
    let home = Home::new();
    let with_role = |name: &str, major: u16| {
        format!("{}roles:\n  - {{name: \"line\\nbreak; 1 \\\"role\\\"\"}}\n", bare(name, major))
    };
    for &source in sources {
        let profiles: Vec<String> =
            targets(source).iter().map(|target| with_role(&format!("to-{target}"), *target)).collect();
        let profiles: Vec<&str> = profiles.iter().map(String::as_str).collect();
        let ran = home.run(&dump(source, "names.dump"), &profiles);
        for target in &ran.report().targets {
            assert_well(target, &format!("names.dump of {source} {}", target.target));
        }
    }
}

#[test]
fn objects_that_ask_something_of_a_target_come_back_without_a_finding_where_they_get_it() {
    // Version 13 has what no newer one does.
    needs_come_back(&[(13, &[13]), (18, &[18])]);
}

#[test]
#[ignore = "the whole product of majors: scripts/test --full"]
fn full_objects_that_ask_something_of_a_target_come_back_without_a_finding_from_every_major() {
    needs_come_back(&[(15, &[15, 18]), (17, &[17, 18])]);
}

fn needs_come_back(pairs: &[(u16, &[u16])]) {
    let home = Home::new();
    for &(source, targets) in pairs {
        // A profile makes no tablespace.
        let profiles: Vec<String> = targets
            .iter()
            .map(|target| {
                format!(
                    "{}{SHOP_ROLES}restore: {{options: [--no-tablespaces]}}\n",
                    bare(&format!("to-{target}"), *target)
                )
            })
            .collect();
        let profiles: Vec<&str> = profiles.iter().map(String::as_str).collect();
        let ran = home.run(&dump(source, "needs.dump"), &profiles);
        for target in &ran.report().targets {
            assert_well(target, &format!("needs.dump of {source} {}", target.target));
        }
    }
}

#[test]
fn five_thousand_tables_come_back_without_a_finding() {
    let home = Home::new();
    let settings = "cluster: {settings: {max_locks_per_transaction: 2000}}\n";
    let ran = home.run(&dump(17, "many.dump"), &[&format!("{}{settings}", bare("many", 18))]);
    assert_well(ran.only(), "many.dump");
}

#[test]
fn an_index_that_is_not_valid_is_found_and_one_that_the_dump_has_so_is_not() {
    invalid_indexes_are_found(&[18]);
}

#[test]
#[ignore = "the whole product of majors: scripts/test --full"]
fn full_an_index_that_is_not_valid_is_found_in_every_major() {
    invalid_indexes_are_found(&MAJORS);
}

const INVALID_INDEXES: &str = "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'public.kept_word'::regclass;
    UPDATE pg_index SET indisready = false, indisvalid = false WHERE indexrelid = 'public.measures_at'::regclass;";

fn invalid_indexes_are_found(targets: &[u16]) {
    for &target in targets {
        let ran = tampered(13, target, "indexes");
        assert!(fails(&ran), "{}", ran.json);
        assert_eq!(ran.names(), ["index-invalid"]);
        let finding = ran.finding("index-invalid");
        assert_eq!(finding.title, "2 indexes are not valid, so the server does not use them");
        assert_eq!(finding.objects, ["INDEX public.kept_word", "INDEX public.measures_at"]);
        assert_eq!(finding.commands[0], r#"REINDEX INDEX "public"."kept_word";"#);
        assert_eq!(
            finding.evidence[1],
            "public.measures_at on public.measures: 2 of 2 partitions have an index attached to it"
        );
    }
}

const UNVERIFIED_CONSTRAINTS: &str = r#"
    ALTER TABLE public.tree DROP CONSTRAINT tree_up_fkey;
    ALTER TABLE public.tree ADD CONSTRAINT tree_up_fkey FOREIGN KEY (up) REFERENCES public.tree NOT VALID;
    UPDATE pg_constraint SET convalidated = false WHERE conname = 'nach; "oben"';"#;

const NOT_ENFORCED: &str = "ALTER TABLE public.tree ALTER CONSTRAINT tree_up_fkey NOT ENFORCED;";

#[test]
fn a_constraint_that_was_verified_in_the_dump_and_is_not_is_found() {
    unverified_constraints_are_found(&[13]);
    let ran = tampered(18, 18, "not_enforced");
    let finding = ran.finding("constraint-not-validated");
    assert_eq!(finding.title, "constraint tree_up_fkey of public.tree is NOT ENFORCED, but not in the dump");
    assert_eq!(finding.commands, [r#"ALTER TABLE "public"."tree" ALTER CONSTRAINT "tree_up_fkey" ENFORCED;"#]);
}

#[test]
#[ignore = "the whole product of majors: scripts/test --full"]
fn full_a_constraint_that_was_verified_in_the_dump_and_is_not_is_found_in_every_major() {
    unverified_constraints_are_found(&MAJORS);
}

fn unverified_constraints_are_found(targets: &[u16]) {
    for &target in targets {
        let ran = tampered(13, target, "constraints");
        assert!(fails(&ran), "{}", ran.json);
        assert_eq!(ran.names(), ["constraint-not-validated"]);
        let finding = ran.finding("constraint-not-validated");
        assert_eq!(
            finding.objects,
            [r#"CONSTRAINT Käse "alt"; --.Größe '$1' nach; "oben""#, "CONSTRAINT public.tree tree_up_fkey"]
        );
        assert_eq!(
            finding.commands[0],
            r#"ALTER TABLE "Käse ""alt""; --"."Größe '$1'" VALIDATE CONSTRAINT "nach; ""oben""";"#
        );
        let looked_at = &check(ran.only(), "constraints").looked_at;
        assert!(looked_at.ends_with(", 3 not verified in the dump either"), "{looked_at}");
    }
}

#[test]
fn a_foreign_key_that_rows_break_is_found_whatever_its_form() {
    broken_keys_are_found(&[18]);
}

#[test]
#[ignore = "the whole product of majors: scripts/test --full"]
fn full_a_foreign_key_that_rows_break_is_found_in_every_major() {
    broken_keys_are_found(&MAJORS);
}

const BROKEN_KEYS: &str = r#"
    SET LOCAL session_replication_role = replica;
    DELETE FROM public.parents WHERE id <= 2;
    DELETE FROM public.tree WHERE id = 1;
    DELETE FROM public.states WHERE state = 'new';
    DELETE FROM public.pairs WHERE a = 1;
    INSERT INTO public.full_references VALUES (1, NULL);
    DELETE FROM public.measures WHERE id IN (1, 60);
    DELETE FROM "Käse ""alt""; --"."Größe '$1'" WHERE "Num mer" = 1;"#;

fn broken_keys_are_found(targets: &[u16]) {
    for &target in targets {
        let ran = tampered(13, target, "foreign_keys");
        assert!(fails(&ran), "{}", ran.json);
        let finding = ran.finding("foreign-key-broken");
        assert_eq!(finding.title, "14 rows break 8 foreign keys: they reference rows that do not exist");
        assert_eq!(
            finding.objects,
            [
                r#"FK CONSTRAINT Käse "alt"; --.Größe '$1' nach; "oben""#,
                "FK CONSTRAINT public.children children_code_fkey",
                "FK CONSTRAINT public.children children_parent_fkey",
                "FK CONSTRAINT public.full_references full_key",
                "FK CONSTRAINT public.measure_notes measure_notes_id_at_fkey",
                "FK CONSTRAINT public.of_states of_states_state_fkey",
                "FK CONSTRAINT public.simple_references simple_references_a_b_fkey",
                "FK CONSTRAINT public.tree tree_up_fkey",
            ]
        );
        assert_eq!(
            finding.evidence[2],
            "public.children children_parent_fkey (parent -> id) to public.parents: 3 rows"
        );
        assert_eq!(finding.evidence[5], "and 3 more");
        assert!(!ran.json.contains("code 1") && !ran.json.contains("code 2"), "a row's value is shown");
        // Nothing but the rows that are gone is found beside it.
        assert!(
            ran.names().iter().all(|name| name.starts_with("rows-") || *name == "foreign-key-broken"),
            "{:?}",
            ran.names()
        );
    }
}

#[test]
fn keys_of_rows_that_break_a_foreign_key_are_shown_where_data_may_be_shown() {
    let home = Home::new();
    let statements = "SET LOCAL session_replication_role = replica; DELETE FROM public.parents WHERE id = 2;";
    let path = home.file("tampered.sql", hidden(17, statements));
    let ran = home.run_with(&path, &[&bare("tampered", 17)], &["--show-data"]);
    let evidence = &ran.finding("foreign-key-broken").evidence;
    assert!(evidence.contains(&"public.children children_code_fkey: (code 2)".to_owned()), "{evidence:?}");
}

#[test]
fn rows_that_break_a_unique_key_or_exclude_each_other_are_found() {
    broken_uniqueness_is_found(&[18]);
}

#[test]
#[ignore = "the whole product of majors: scripts/test --full"]
fn full_rows_that_break_a_unique_key_or_exclude_each_other_are_found_in_every_major() {
    broken_uniqueness_is_found(&MAJORS);
}

/// Rows that come while nobody guards the key, as from a damaged disk.
const BROKEN_UNIQUENESS: &str = "
    UPDATE pg_index SET indisunique = false WHERE indexrelid = 'public.states_pkey'::regclass;
    UPDATE pg_index SET indisready = false WHERE indexrelid IN ('public.not_twice'::regclass);
    EXECUTE 'INSERT INTO public.states VALUES (''new'', ''{7}'')';
    EXECUTE 'INSERT INTO public.bookings VALUES (2, ''[3,4)'', false)';
    UPDATE pg_index SET indisunique = true WHERE indexrelid = 'public.states_pkey'::regclass;
    UPDATE pg_index SET indisready = true WHERE indexrelid IN ('public.not_twice'::regclass);";

fn broken_uniqueness_is_found(targets: &[u16]) {
    for &target in targets {
        let ran = tampered(13, target, "uniqueness");
        assert!(fails(&ran), "{}", ran.json);
        let finding = ran.finding("unique-broken");
        assert!(finding.objects.contains(&"CONSTRAINT public.states states_pkey".to_owned()), "{:?}", finding.objects);
        let evidence = finding.evidence.join("\n");
        assert!(!evidence.contains("{7}"), "a row's value is shown: {evidence}");
    }
}

#[test]
fn an_index_whose_function_has_changed_misses_rows_and_is_found() {
    corrupt_indexes_are_found(&[13]);
}

#[test]
#[ignore = "the whole product of majors: scripts/test --full"]
fn full_an_index_whose_function_has_changed_misses_rows_and_is_found_in_every_major() {
    corrupt_indexes_are_found(&MAJORS);
}

const CORRUPT_INDEX: &str =
    "EXECUTE 'CREATE OR REPLACE FUNCTION public.folded(text) RETURNS text LANGUAGE sql IMMUTABLE AS
    ''SELECT upper($1)''';";

fn corrupt_indexes_are_found(targets: &[u16]) {
    for &target in targets {
        let ran = tampered(13, target, "corrupt");
        assert!(fails(&ran), "{}", ran.json);
        let finding = ran.finding("index-corrupt");
        assert_eq!(finding.title, "index public.parents_folded does not match its table");
        assert_eq!(finding.objects, ["INDEX public.parents_folded"]);
        assert_eq!(finding.severity, Severity::Error);
    }
}

const MOVED_SEQUENCES: &str = r#"
    PERFORM setval('public.fresh', 400, false);
    PERFORM setval('public.downwards', -3);
    PERFORM nextval('"Käse ""alt""; --"."Fol''ge ""x""\y"');
    PERFORM setval('public.children_id_seq', 50);"#;

#[test]
fn sequences_that_stand_elsewhere_than_the_dump_puts_them_are_found_behind_and_beyond() {
    moved_sequences_are_found(&[(13, 13), (18, 18)]);
}

#[test]
#[ignore = "the whole product of majors: scripts/test --full"]
fn full_sequences_that_stand_elsewhere_than_the_dump_puts_them_are_found_in_every_major() {
    moved_sequences_are_found(&MAJORS.map(|target| (13, target)));
}

fn moved_sequences_are_found(pairs: &[(u16, u16)]) {
    for &(source, target) in pairs {
        let ran = tampered(source, target, "sequences");
        assert!(fails(&ran), "{}", ran.json);
        // One that its column collides with is reported by that alone.
        assert_eq!(ran.names(), ["sequence-behind", "sequence-changed"]);
        assert_eq!(ran.finding("sequence-behind").objects, ["SEQUENCE public.children_id_seq"]);
        let changed: Vec<&Finding> =
            ran.only().findings().filter(|finding| finding.name.as_str() == "sequence-changed").collect();
        let [behind, beyond] = changed[..] else { panic!("{changed:#?}") };
        assert_eq!(behind.severity, Severity::Error);
        assert_eq!(behind.title, "2 sequences stand behind where the dump puts them");
        assert_eq!(behind.objects, ["SEQUENCE public.downwards", "SEQUENCE public.fresh"]);
        assert_eq!(
            behind.evidence[1],
            "public.fresh: last_value 500, is_called false in the dump; last_value 400, is_called false in the database"
        );
        assert_eq!(behind.commands[0], r#"SELECT pg_catalog.setval('"public"."downwards"', -7, true);"#);
        assert_eq!(beyond.severity, Severity::Warning);
        assert_eq!(beyond.objects, [r#"SEQUENCE Käse "alt"; --.Fol'ge "x"\y"#]);
    }
}

#[test]
fn a_sequence_near_its_end_is_a_warning_and_the_last_setval_of_a_dump_is_the_one_that_counts() {
    let home = Home::new();
    let statements = "SELECT pg_catalog.setval('public.starts_high', 2147483000, true);
        SELECT setval('public.fresh', 400);
        SELECT setval('public.downwards', (SELECT -count(*) FROM public.tree));";
    let path = home.file("near.sql", with_statements(&dump(17, "catalog.sql"), statements));
    let ran = home.run(&path, &[&bare("near", 17)]);
    ran.expect(0);
    assert_eq!(ran.names(), ["sequence-nearly-exhausted"]);
    let finding = ran.finding("sequence-nearly-exhausted");
    assert_eq!(finding.title, "sequence public.starts_high has 647 values left");
    assert_eq!(finding.severity, Severity::Warning);
    let looked_at = &check(ran.only(), "sequences").looked_at;
    assert_eq!(looked_at, "7 sequences, 1 that feed a column, 6 compared with the dump's setval");
}

const BROKEN_VIEWS: &str = "
    REFRESH MATERIALIZED VIEW public.filled WITH NO DATA;
    EXECUTE 'SET LOCAL check_function_bodies = off';
    EXECUTE 'CREATE OR REPLACE FUNCTION public.how_many() RETURNS bigint LANGUAGE sql STABLE AS ''SELECT count(*) FROM gone''';
    EXECUTE 'CREATE OR REPLACE FUNCTION public.total(integer) RETURNS integer LANGUAGE plpgsql AS ''BEGIN RETURN ; END''';";

#[test]
fn a_materialized_view_that_lost_its_rows_and_a_view_that_cannot_be_read_are_found() {
    broken_views_are_found(&[18]);
}

#[test]
#[ignore = "the whole product of majors: scripts/test --full"]
fn full_a_materialized_view_that_lost_its_rows_and_a_view_that_cannot_be_read_are_found_in_every_major() {
    broken_views_are_found(&MAJORS);
}

fn broken_views_are_found(targets: &[u16]) {
    for &target in targets {
        let ran = tampered(13, target, "views");
        assert!(fails(&ran), "{}", ran.json);
        assert_eq!(ran.names(), ["definition-changed", "function-broken", "materialized-view-empty", "view-broken"]);
        let empty = ran.finding("materialized-view-empty");
        assert_eq!(empty.objects, ["MATERIALIZED VIEW public.filled"]);
        assert_eq!(empty.commands, [r#"REFRESH MATERIALIZED VIEW "public"."filled";"#]);
        let broken = ran.finding("view-broken");
        // Neither the dump nor the profile has this name, so nobody knows that it is one.
        let title = r#"no query can use VIEW public.of_function: relation "‹masked›" does not exist (42P01)"#;
        assert_eq!(broken.title, title);
        let functions: Vec<&str> = ran
            .only()
            .findings()
            .filter(|finding| finding.name.as_str() == "function-broken")
            .flat_map(|finding| finding.objects.iter().map(String::as_str))
            .collect();
        assert_eq!(functions, ["FUNCTION public.total(integer)", "FUNCTION public.how_many()"]);
    }
}

const OLD_COLLATION: &str = "
    EXECUTE 'CREATE COLLATION public.german (provider = icu, locale = ''de'')';
    EXECUTE 'CREATE TABLE public.words (word text COLLATE public.german PRIMARY KEY)';
    UPDATE pg_collation SET collversion = '1.0' WHERE collname = 'german';";

#[test]
fn what_goes_by_the_order_of_text_is_named_where_locale_or_rules_are_other_than_they_were() {
    old_collations_are_named(&[13]);
    let home = Home::new();
    // The database's own, which has a version since 15.
    let update = "UPDATE pg_database SET datcollversion = '1.0' WHERE datname = current_database();";
    let path = home.file("own.sql", hidden(17, update));
    let german = format!("{}cluster: {{locale: de_DE.UTF-8}}\n", bare("german", 17));
    let ran = home.run(&path, &[&german]);
    let finding = ran.finding("collation-version-differs");
    assert_eq!(finding.objects[0], "DATABASE app");
    assert!(finding.objects.contains(&"PRIMARY KEY public.pairs_pkey".to_owned()), "{:?}", finding.objects);
    // The dump's own locale is reported by an archive.
    let ran = home.run(&dump(17, "catalog.dump"), &[&german]);
    ran.expect(0);
    assert_eq!(ran.names(), ["locale-differs"]);
    let finding = ran.finding("locale-differs");
    assert!(finding.objects.contains(&"PRIMARY KEY public.pairs_pkey".to_owned()), "{:?}", finding.objects);
    assert!(finding.objects.contains(&"MATERIALIZED VIEW public.left_empty".to_owned()), "{:?}", finding.objects);
    assert!(!finding.objects.iter().any(|object| object.contains("parents_pkey")), "{:?}", finding.objects);
}

#[test]
#[ignore = "the whole product of majors: scripts/test --full"]
fn full_what_goes_by_the_order_of_text_is_named_where_its_rules_are_other_than_they_were_in_every_major() {
    old_collations_are_named(&MAJORS);
}

fn old_collations_are_named(targets: &[u16]) {
    for &target in targets {
        let ran = tampered(13, target, "old_collation");
        assert!(!fails(&ran), "{}", ran.json);
        assert_eq!(ran.names(), ["collation-version-differs", "object-extra"]);
        let finding = ran.finding("collation-version-differs");
        assert_eq!(finding.objects, ["COLLATION public.german", "PRIMARY KEY public.words_pkey"]);
        assert_eq!(finding.commands, [r#"ALTER COLLATION "public"."german" REFRESH VERSION;"#]);
        assert!(finding.evidence[0].starts_with("COLLATION public.german: version 1.0 recorded, "), "{finding:?}");
    }
}
