//! Every row that a dump holds is there again, and where it is not, that is found.

use pgrehearse::check::CheckResult;
use pgrehearse::finding::{Finding, Name};
use pgrehearse::rehearsal::Rehearsal;

use crate::support::{Home, MAJORS, Ran, bare, dump, several, shared, with_statements};

/// What the check of rows says of a target.
fn rows(target: &Rehearsal) -> &CheckResult {
    target.checks.iter().find(|result| result.check == "rows").expect("rows were looked at")
}

#[track_caller]
fn found(target: &Rehearsal, name: Name) -> &Finding {
    only(target.findings(), name)
}

#[track_caller]
fn only<'a>(findings: impl Iterator<Item = &'a Finding>, name: Name) -> &'a Finding {
    let all: Vec<&Finding> = findings.collect();
    let found: Vec<&&Finding> = all.iter().filter(|finding| finding.name == name).collect();
    assert_eq!(found.len(), 1, "findings called {name}: {all:#?}");
    found[0]
}

fn assert_no_finding(target: &Rehearsal, what: &str) {
    let findings: Vec<&Finding> = target.findings().collect();
    assert!(findings.is_empty(), "{what}: {findings:#?}");
}

/// The run of one script with the plain dumps of 17, each restored into a database of its own, in 18.
fn scripts() -> Ran {
    let ran = shared::run("rows-scripts", |home| {
        let text = |name: &str| std::fs::read_to_string(dump(17, name)).unwrap();
        let parts = [
            ("inserts", text("types-inserts.sql")),
            ("by_root", text("types-root.sql")),
            ("changed", text("tampered.sql")),
            ("changed_inserts", text("tampered-inserts.sql")),
            // This one is changed where the database is called so.
            ("same", text("objects.sql")),
            ("tampered", text("objects.sql")),
            ("edited", with_statements(&dump(17, "rows.sql"), EDITED)),
            ("of_some", votes(SOME_VOTES)),
            ("of_all", votes(ALL_VOTES)),
        ];
        home.run(&home.file("scripts.sql", several::script(parts)), &[&bare("scripts", 18)])
    });
    ran.expect(1);
    let restore = ran.only().restore.as_ref().unwrap();
    assert_eq!((restore.exit_code, restore.errors), (0, 0), "the restore has noticed it");
    ran
}

/// What the check of rows says of one of its databases.
#[track_caller]
fn rows_in<'a>(ran: &'a Ran, database: &str) -> &'a CheckResult {
    several::check(ran.only(), database, "rows")
}

/// The only finding of this name in one of its databases.
#[track_caller]
fn found_in<'a>(ran: &'a Ran, database: &str, name: Name) -> &'a Finding {
    only(several::findings(ran.only(), database).into_iter(), name)
}

#[test]
fn values_of_every_type_of_every_major_are_equal_in_every_format() {
    // Every format once, every major at least once; plain rows go from the oldest to the newest and back. Custom archives are
    // those of other tests here.
    values_are_equal(|source, _, form| match (form, source) {
        ("types.sql", 13) => vec![18],
        ("types.sql", 18) => vec![13],
        ("types.tar", 15) | ("types.dir", 17) | ("types-inserts.dump", 18) => vec![source],
        _ => vec![],
    });
    let scripts = scripts();
    assert_types_are_equal(rows_in(&scripts, "inserts"), "types-inserts.sql", "types-inserts.sql of 17 in 18");
    assert_eq!(several::findings(scripts.only(), "inserts").iter().filter(|finding| finding.fails()).count(), 0);
}

#[test]
#[ignore = "the whole product of majors: scripts/test --full"]
fn full_values_of_every_type_are_equal_in_every_pair_of_majors_and_every_format() {
    // Each format once for each source, and every pair of majors with one of them.
    values_are_equal(|source, number, form| match form {
        "types.sql" => MAJORS.into_iter().collect(),
        _ => vec![MAJORS[(number + usize::from(source)) % 4].max(source)],
    });
}

/// The types of every major in every format that has targets, by source, number and name of the format.
fn values_are_equal(targets: impl Fn(u16, usize, &str) -> Vec<u16>) {
    let home = Home::new();
    let forms = ["types.dump", "types.dir", "types.tar", "types.sql", "types-inserts.sql", "types-inserts.dump"];
    for source in MAJORS {
        for (number, form) in forms.into_iter().enumerate() {
            let targets = targets(source, number, form);
            if targets.is_empty() {
                continue;
            }
            let profiles: Vec<String> = targets.iter().map(|target| bare(&format!("to-{target}"), *target)).collect();
            let profiles: Vec<&str> = profiles.iter().map(String::as_str).collect();
            let ran = home.run(&dump(source, form), &profiles);
            for target in &ran.report().targets {
                let what = format!("{form} of {source} {}", target.target);
                let failing: Vec<&Finding> = target.findings().filter(|finding| finding.fails()).collect();
                assert!(failing.is_empty(), "{what}: {failing:#?}");
                assert_types_are_equal(rows(target), form, &what);
            }
        }
    }
}

fn assert_types_are_equal(rows: &CheckResult, form: &str, what: &str) {
    // Of a table that inherits, INSERT statements without columns do not say which value belongs to which.
    let (could_not, compared) = match form {
        "types-inserts.sql" => (vec!["public.child: its INSERT statements"], "1619 rows in 13 tables"),
        _ => (vec![], "1669 rows in 14 tables"),
    };
    assert_eq!(rows.could_not.len(), could_not.len(), "{what}: {:?}", rows.could_not);
    let is_said = rows.could_not.iter().zip(could_not).all(|(said, begins)| said.starts_with(begins));
    assert!(is_said, "{what}: {:?}", rows.could_not);
    // What pg_dump 13 wrote as \200 is another "char" in 16, and no such value is in it.
    assert_eq!(rows.not_compared, Vec::<String>::new(), "{what}");
    let compared = format!("{compared} compared");
    assert!(rows.looked_at.starts_with(&compared), "{what}: {}", rows.looked_at);
    assert!(rows.looked_at.ends_with("2 large objects"), "{what}: {}", rows.looked_at);
}

#[test]
fn rows_that_are_loaded_through_their_root_are_equal_wherever_they_land() {
    let ran = Home::new().run(&dump(17, "types-root.dump"), &[&bare("to", 18)]);
    ran.expect(0);
    assert_no_finding(ran.only(), "types-root.dump");
    // Two trees are one table each now.
    assert!(rows(ran.only()).looked_at.starts_with("1669 rows in 12 tables compared"), "{}", ran.json);
    let ran = scripts();
    assert_eq!(several::findings(ran.only(), "by_root"), Vec::<&Finding>::new());
    assert!(rows_in(&ran, "by_root").looked_at.starts_with("1669 rows in 12 tables compared"), "{}", ran.json);
}

#[test]
fn a_changed_byte_a_lost_row_a_doubled_row_and_swapped_values_are_found_in_every_format() {
    tampered_rows_are_found(&[(13, "tampered.dump"), (15, "tampered.tar"), (18, "tampered-zstd.dir")]);
    let ran = scripts();
    for (database, form) in [("changed", "tampered.sql"), ("changed_inserts", "tampered-inserts.sql")] {
        let place = format!(" (database \"{database}\")");
        assert_tampered(&ran, &several::findings(ran.only(), database), form, &place);
    }
}

#[test]
#[ignore = "every form: scripts/test --full"]
fn full_a_changed_byte_a_lost_row_a_doubled_row_and_swapped_values_are_found_in_more_formats() {
    tampered_rows_are_found(&[(15, "tampered.dir"), (17, "tampered-lz4.dump")]);
}

fn tampered_rows_are_found(forms: &[(u16, &str)]) {
    let home = Home::new();
    for &(major, form) in forms {
        let ran = home.run(&dump(major, form), &[&bare("copy", 18)]);
        ran.expect(1);
        let restore = ran.only().restore.as_ref().unwrap();
        assert_eq!((restore.exit_code, restore.errors), (0, 0), "the restore has noticed it");
        assert_tampered(&ran, &ran.only().findings().collect::<Vec<_>>(), form, "");
    }
}

fn assert_tampered(ran: &Ran, findings: &[&Finding], form: &str, place: &str) {
    let found = |name: Name| only(findings.iter().copied(), name);
    let changed = found(Name::RowsChanged);
    assert_eq!(
        changed.title,
        format!("3 rows of 2 tables came back with different values, and no error said so{place}")
    );
    assert_eq!(changed.objects, ["TABLE public.changed", "TABLE public.swapped"], "{form}");
    assert_eq!(
        changed.evidence,
        [
            "public.changed: row 500 of the dump: column \"note\" differs",
            "public.swapped: row 10 of the dump: column \"a\" differs",
            "public.swapped: row 20 of the dump: column \"a\" differs",
        ],
        "{form}"
    );
    let missing = found(Name::RowsMissing);
    assert_eq!(missing.objects, ["TABLE public.lost"]);
    assert_eq!(
        missing.evidence,
        [
            "public.lost: the dump holds 5000 rows, the database 4999",
            "public.lost: row 501 of the dump is not there as the dump has it",
        ]
    );
    let extra = found(Name::RowsExtra);
    assert_eq!(extra.objects, ["TABLE public.doubled"]);
    assert_eq!(extra.evidence, ["public.doubled: the dump holds 5000 rows, the database 5001"]);
    assert_eq!(findings.len(), 3, "{findings:#?}");
    assert!(!ran.json.contains("secret") && !ran.stdout.contains("secret"), "a row's value is shown");
}

#[test]
fn the_key_of_a_row_is_shown_where_data_may_be_shown() {
    let home = Home::new();
    let ran = home.run_with(&dump(17, "tampered.dump"), &[&bare("copy", 17)], &["--show-data"]);
    let lost = found(ran.only(), Name::RowsMissing);
    assert!(lost.evidence[1].contains("row 501 of the dump (id = 501) is not there"), "{:?}", lost.evidence);
}

#[test]
fn counting_alone_finds_rows_that_are_gone_and_says_that_values_were_not_compared() {
    let home = Home::new();
    let ran = home.run_with(&dump(17, "tampered.dump"), &[&bare("copy", 17)], &["--rows", "count"]);
    ran.expect(1);
    let target = ran.only();
    assert_eq!(found(target, Name::RowsMissing).objects, ["TABLE public.lost"]);
    assert_eq!(found(target, Name::RowsExtra).objects, ["TABLE public.doubled"]);
    assert_eq!(target.findings().count(), 2);
    assert_eq!(target.notices, ["rows were counted and not compared (--rows count)"]);
}

/// The run of a dump whose rows nobody wants compared, which the ledger's tests look at too.
pub fn off() -> Ran {
    shared::run("rows-off", |home| home.run_with(&dump(17, "tampered.dump"), &[&bare("copy", 17)], &["--rows", "off"]))
}

#[test]
fn rows_that_nobody_wants_compared_are_said_not_to_be() {
    let ran = off();
    ran.expect(0);
    assert!(ran.only().checks.iter().all(|result| result.check != "rows"));
    assert_eq!(ran.only().notices, ["rows were not compared (--rows off)"]);
}

#[test]
fn text_is_equal_in_another_encoding_and_a_change_in_it_is_found() {
    text_in_other_encodings("latin.dump", "tampered", &["UTF8"]);
    // Both at once: a script can make its databases.
    let home = Home::new();
    let text = std::fs::read(dump(17, "latin.sql")).unwrap();
    let script = several::script([("same", &text), ("tampered", &text)]);
    let profiles = in_encodings("app", &["LATIN1", "SQL_ASCII"]);
    let profiles: Vec<&str> = profiles.iter().map(String::as_str).collect();
    let ran = home.run(&home.file("latin.sql", script), &profiles);
    assert_eq!(ran.report().targets.len(), 2);
    for target in &ran.report().targets {
        for database in ["same", "tampered"] {
            assert_text(
                several::findings(target, database).into_iter(),
                database,
                &format!("latin.sql {}", target.target),
            );
        }
    }
}

#[test]
#[ignore = "every form in every encoding, with the change and without: scripts/test --full"]
fn full_text_is_equal_in_another_encoding_and_a_change_in_it_is_found_in_every_format() {
    for form in ["latin.dump", "latin.sql"] {
        for database in ["app", "tampered"] {
            text_in_other_encodings(form, database, &ENCODINGS);
        }
    }
}

const ENCODINGS: [&str; 3] = ["UTF8", "LATIN1", "SQL_ASCII"];

fn in_encodings(database: &str, encodings: &[&str]) -> Vec<String> {
    let profile = |encoding: &&str| {
        format!(
            "name: {}\npostgres: 17\ncluster: {{encoding: {encoding}, locale: C}}\ndatabase: {{name: {database}}}\n",
            encoding.to_lowercase().replace('_', "-")
        )
    };
    encodings.iter().map(profile).collect()
}

fn text_in_other_encodings(form: &str, database: &str, encodings: &[&str]) {
    let home = Home::new();
    let profiles = in_encodings(database, encodings);
    let profiles: Vec<&str> = profiles.iter().map(String::as_str).collect();
    let ran = home.run(&dump(17, form), &profiles);
    assert_eq!(ran.report().targets.len(), encodings.len());
    for target in &ran.report().targets {
        assert_text(target.findings(), database, &format!("{form} {}", target.target));
    }
}

/// In a database that is called `tampered` the dump changes a row.
fn assert_text<'a>(findings: impl Iterator<Item = &'a Finding>, database: &str, what: &str) {
    let rows: Vec<&Finding> = findings.filter(|finding| finding.name.as_str().starts_with("rows")).collect();
    if database != "tampered" {
        assert_eq!(rows, Vec::<&Finding>::new(), "{what}");
        return;
    }
    assert_eq!(rows.len(), 1, "{what}: {rows:#?}");
    let changed = only(rows.into_iter(), Name::RowsChanged);
    assert_eq!(changed.objects, ["TABLE public.altered"], "{what}");
    let evidence = ["public.altered: row 2 of the dump: column \"word\" differs"];
    assert_eq!(changed.evidence, evidence, "{what}");
}

const WITH_OBJECTS: [&str; 4] = ["objects.dump", "objects.dir", "objects.tar", "objects.sql"];

#[test]
fn a_change_in_a_large_object_is_found_in_every_format() {
    // That they are equal where nothing changes them is shown of every format by the values of every type.
    changed_objects_are_found(&["objects.dump", "objects.tar"]);
    let ran = scripts();
    assert_eq!(several::findings(ran.only(), "same"), Vec::<&Finding>::new());
    assert!(rows_in(&ran, "same").looked_at.ends_with("10 large objects"), "{}", ran.json);
    let changed = found_in(&ran, "tampered", Name::LargeObjectsChanged);
    assert_eq!(changed.title, "the 10 large objects came back with different contents (database \"tampered\")");
}

fn changed_objects_are_found(forms: &[&str]) {
    let tampered = "name: tampered\npostgres: 18\ndatabase: {name: tampered}\n";
    for form in forms {
        let ran = Home::new().run(&dump(17, form), &[tampered]);
        ran.expect(1);
        let changed = found(ran.only(), Name::LargeObjectsChanged);
        assert_eq!(changed.title, "the 10 large objects came back with different contents", "{form}");
    }
}

#[test]
#[ignore = "every format: scripts/test --full"]
fn full_a_change_in_a_large_object_is_found_in_directory_format_too() {
    changed_objects_are_found(&["objects.dir"]);
}

#[test]
#[ignore = "every format: scripts/test --full"]
fn full_large_objects_are_equal_in_every_format() {
    unchanged_objects_are_equal(&WITH_OBJECTS);
}

fn unchanged_objects_are_equal(forms: &[&str]) {
    for form in forms {
        let ran = Home::new().run(&dump(17, form), &[&bare("same", 18)]);
        ran.expect(0);
        assert_no_finding(ran.only(), form);
        assert!(rows(ran.only()).looked_at.ends_with("10 large objects"), "{}", rows(ran.only()).looked_at);
    }
}

const EDITED: &str = "DELETE FROM public.stations;
        UPDATE public.readings SET what = upper(what) WHERE id = 7;
        INSERT INTO public.readings VALUES (20001, 'more');";

#[test]
fn a_script_that_deletes_updates_or_inserts_at_its_end_is_found_out() {
    let ran = scripts();
    assert_eq!(found_in(&ran, "edited", Name::RowsMissing).objects, ["TABLE public.stations"]);
    assert_eq!(
        found_in(&ran, "edited", Name::RowsChanged).evidence,
        ["public.readings: row 7 of the dump: column \"what\" differs"]
    );
    // The INSERT is in the dump as its row, so it is no other row than the dump's.
    let found = several::findings(ran.only(), "edited");
    assert_eq!(found.len(), 2, "{found:#?}");
}

#[test]
fn rows_that_the_restore_itself_failed_on_are_explained_and_all_others_are_still_compared() {
    let home = Home::new();
    let text = std::fs::read_to_string(dump(17, "rows.sql")).unwrap();
    let broken = text.replace("COPY public.stations (id, name)", "COPY public.stations (id, nome)");
    let path = home.file("broken.sql", broken);
    let path = home.file("edited.sql", with_statements(&path, "DELETE FROM public.readings WHERE id = 9;"));
    let ran = home.run(&path, &[&bare("edited", 17)]);
    ran.expect(1);
    let missing = found(ran.only(), Name::RowsMissing);
    assert_eq!(missing.objects, ["TABLE public.readings"]);
    assert!(rows(ran.only()).looked_at.contains("1 tables left out"), "{}", rows(ran.only()).looked_at);
}

#[test]
fn a_dump_with_roles_and_policies_has_its_rows_compared_too() {
    let ran = super::pairs::shop(15);
    ran.expect(0);
    let rows = rows(ran.target("to-18"));
    assert!(rows.looked_at.contains(" compared"), "{}", rows.looked_at);
}

#[test]
fn fields_that_are_null_make_no_null_and_names_of_objects_may_be_in_quotes() {
    let home = Home::new();
    for (name, rows_compared) in [("null_fields.dump", "8 rows"), ("quoted_object_names.sql", "2 rows")] {
        let case = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/false-alarm").join(name);
        let ran = home.run(&case, &["name: same\nextends: same-as-source\n"]);
        ran.expect(0);
        assert_no_finding(ran.only(), name);
        assert!(rows(ran.only()).looked_at.starts_with(rows_compared), "{}", rows(ran.only()).looked_at);
    }
}

const SOME_VOTES: &str =
    "DO $$ BEGIN DELETE FROM public.votes WHERE ctid IN (SELECT ctid FROM public.votes LIMIT 30000); END $$;";
const ALL_VOTES: &str = "DO $$ BEGIN UPDATE public.votes SET up = false; END $$;";

/// A table whose rows are all alike, and a statement that changes them.
fn votes(statement: &str) -> String {
    let votes = "t\n".repeat(60_000);
    format!("CREATE TABLE public.votes (up boolean);\nCOPY public.votes (up) FROM stdin;\n{votes}\\.\n{statement}\n")
}

#[test]
fn rows_that_are_all_alike_are_distinguished_by_their_number() {
    let ran = scripts();
    for (database, names) in [("of_some", vec!["rows-missing"]), ("of_all", vec!["rows-missing", "rows-extra"])] {
        let found = several::findings(ran.only(), database);
        let verdicts: Vec<&str> = found.iter().map(|finding| finding.name.as_str()).collect();
        let is_untested = several::untested(ran.only(), database).iter().any(|reason| reason.contains("DO"));
        assert!(verdicts == names || is_untested, "{database}: {verdicts:?} {:?}", ran.only().untested);
    }
}

/// A trigger that changes a price.
const DOUBLING: &str = "CREATE FUNCTION public.f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.price := 2; RETURN NEW; END $$;\n\
    CREATE TRIGGER f BEFORE INSERT ON public.t FOR EACH ROW EXECUTE FUNCTION public.f();\n";

/// Two rows, in words that no server would write, and what is made before them.
fn own_words(before: &str) -> String {
    let table = "CREATE TABLE public.t (id int PRIMARY KEY, price numeric(10,2), doc jsonb, at timestamptz, day date, \
                 yes boolean, code char(5));\n";
    let row = r#"(1, 1.5, '{"a":1}', '2024-01-05', '2024-1-5', 'yes', 'ab')"#;
    let copied = "2\t1.5\t{\"a\":1}\t2024-01-05\t2024-1-5\ton\tab\n";
    format!("{table}{before}INSERT INTO public.t VALUES {row};\nCOPY public.t FROM stdin;\n{copied}\\.\n")
}

#[test]
fn values_that_a_script_writes_in_its_own_words_are_compared_as_the_server_reads_them() {
    // pg_dump has written nothing of this script.
    let home = Home::new();
    let script = several::script([("as_it_is", own_words("")), ("altered", own_words(DOUBLING))]);
    let ran = home.run(&home.file("words.sql", script), &[&bare("target", 17)]);
    ran.expect(1);
    assert_eq!(several::findings(ran.only(), "as_it_is"), Vec::<&Finding>::new());
    assert!(several::untested(ran.only(), "as_it_is").is_empty(), "{:?}", ran.only().untested);
    assert!(rows_in(&ran, "as_it_is").looked_at.starts_with("2 rows in 1 tables compared"), "{}", ran.json);
    let changed = found_in(&ran, "altered", Name::RowsChanged);
    assert!(changed.title.starts_with("2 rows of 1 table"), "{changed:#?}");
}
