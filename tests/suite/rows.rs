//! Every row that a dump holds is there again, and where it is not, that is found.

use pgrehearse::finding::{Finding, Name};
use pgrehearse::rehearsal::Rehearsal;

use crate::support::{Home, MAJORS, bare, dump, matching, with_statements};

/// What the check of rows says of a target.
fn rows(target: &Rehearsal) -> &pgrehearse::check::CheckResult {
    target.checks.iter().find(|result| result.check == "rows").expect("rows were looked at")
}

fn found(target: &Rehearsal, name: Name) -> &Finding {
    let mut found = target.findings().filter(|finding| finding.name == name);
    let first = found.next().unwrap_or_else(|| panic!("no {name}: {:#?}", target.findings().collect::<Vec<_>>()));
    assert!(found.next().is_none(), "more than one {name}");
    first
}

fn assert_no_finding(target: &Rehearsal, what: &str) {
    let findings: Vec<&Finding> = target.findings().collect();
    assert!(findings.is_empty(), "{what}: {findings:#?}");
}

#[test]
fn values_of_every_type_of_every_major_are_equal_in_every_format() {
    // Three formats of each source: each format comes from two majors, plain rows go from every major to the newest and from the
    // newest to the oldest.
    values_are_equal(|source, number, form| match (form, source) {
        ("types.sql", 18) => vec![13],
        ("types.sql", _) => vec![18],
        _ if (usize::from(source) / 2 + number) % 2 == 0 => vec![source],
        _ => vec![],
    });
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
                let rows = rows(target);
                // Of a table that inherits, INSERT statements without columns do not say which value belongs to which.
                let (could_not, compared) = match form {
                    "types-inserts.sql" => (vec!["public.child: its INSERT statements"], "1619 rows in 13 tables"),
                    _ => (vec![], "1669 rows in 14 tables"),
                };
                assert_eq!(rows.could_not.len(), could_not.len(), "{what}: {:?}", rows.could_not);
                let is_told = rows.could_not.iter().zip(could_not).all(|(told, begins)| told.starts_with(begins));
                assert!(is_told, "{what}: {:?}", rows.could_not);
                // What pg_dump 13 wrote as \200 is another "char" in 16, and no such value is in it.
                assert_eq!(rows.not_compared, Vec::<String>::new(), "{what}");
                let compared = format!("{compared} compared");
                assert!(rows.looked_at.starts_with(&compared), "{what}: {}", rows.looked_at);
                assert!(rows.looked_at.ends_with("2 large objects"), "{what}: {}", rows.looked_at);
            }
        }
    }
}

#[test]
fn rows_that_are_loaded_through_their_root_are_equal_wherever_they_land() {
    let home = Home::new();
    for form in ["types-root.dump", "types-root.sql"] {
        let ran = home.run(&dump(17, form), &[&bare("to", 18)]);
        ran.expect(0);
        assert_no_finding(ran.only(), form);
        // Two trees are one table each now.
        assert!(rows(ran.only()).looked_at.starts_with("1669 rows in 12 tables compared"), "{form}: {}", ran.json);
    }
}

#[test]
fn a_changed_byte_a_lost_row_a_doubled_row_and_swapped_values_are_found_in_every_format() {
    let home = Home::new();
    let forms = [
        (13, "tampered.dump"),
        (15, "tampered.dir"),
        (15, "tampered.tar"),
        (17, "tampered.sql"),
        (17, "tampered-inserts.sql"),
        (17, "tampered-lz4.dump"),
        (18, "tampered-zstd.dir"),
    ];
    for (major, form) in forms {
        let ran = home.run(&dump(major, form), &[&bare("copy", 18)]);
        ran.expect(1);
        let target = ran.only();
        let restore = target.restore.as_ref().unwrap();
        assert_eq!((restore.exit_code, restore.errors), (0, 0), "the restore has noticed it");
        let changed = found(target, Name::RowsChanged);
        assert_eq!(changed.title, "3 rows of 2 tables came back with different values, and no error said so");
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
        let missing = found(target, Name::RowsMissing);
        assert_eq!(missing.objects, ["TABLE public.lost"]);
        assert_eq!(
            missing.evidence,
            [
                "public.lost: the dump holds 5000 rows, the database 4999",
                "public.lost: row 501 of the dump is not there as the dump has it",
            ]
        );
        let extra = found(target, Name::RowsExtra);
        assert_eq!(extra.objects, ["TABLE public.doubled"]);
        assert_eq!(extra.evidence, ["public.doubled: the dump holds 5000 rows, the database 5001"]);
        assert_eq!(target.findings().count(), 3, "{:#?}", target.findings().collect::<Vec<_>>());
        assert!(!ran.json.contains("secret") && !ran.stdout.contains("secret"), "a row's value is shown");
    }
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

#[test]
fn rows_that_nobody_wants_compared_are_said_not_to_be() {
    let home = Home::new();
    let ran = home.run_with(&dump(17, "tampered.dump"), &[&bare("copy", 17)], &["--rows", "off"]);
    ran.expect(0);
    assert!(ran.only().checks.iter().all(|result| result.check != "rows"));
    assert_eq!(ran.only().notices, ["rows were not compared (--rows off)"]);
}

#[test]
fn text_is_equal_in_another_encoding_and_a_change_in_it_is_found() {
    let home = Home::new();
    for form in ["latin.dump", "latin.sql"] {
        let encodings = ["UTF8", "LATIN1", "SQL_ASCII"];
        for database in ["app", "tampered"] {
            let profiles = encodings.map(|encoding| {
                format!(
                    "name: {}\npostgres: 17\ncluster: {{encoding: {encoding}, locale: C}}\ndatabase: {{name: {database}}}\n",
                    encoding.to_lowercase().replace('_', "-")
                )
            });
            let ran = home.run(&dump(17, form), &[&profiles[0], &profiles[1], &profiles[2]]);
            for target in &ran.report().targets {
                let names: Vec<Name> = target.findings().map(|finding| finding.name).collect();
                let rows: Vec<&Name> = names.iter().filter(|name| name.as_str().starts_with("rows")).collect();
                match database {
                    "app" => assert!(rows.is_empty(), "{form} {}: {rows:?}", target.target),
                    _ => {
                        let changed = found(target, Name::RowsChanged);
                        assert_eq!(changed.objects, ["TABLE public.altered"], "{form} {}", target.target);
                        let evidence = ["public.altered: row 2 of the dump: column \"word\" differs"];
                        assert_eq!(changed.evidence, evidence, "{form} {}", target.target);
                    }
                }
            }
        }
    }
}

#[test]
fn a_change_in_a_large_object_is_found_in_every_format() {
    let home = Home::new();
    let tampered = "name: tampered\npostgres: 18\ndatabase: {name: tampered}\n";
    for form in ["objects.dump", "objects.dir", "objects.tar", "objects.sql"] {
        let ran = home.run(&dump(17, form), &[&bare("same", 18), tampered]);
        ran.expect(1);
        let [same, tampered] = &*ran.report().targets else { panic!("two targets") };
        assert_no_finding(same, form);
        assert!(rows(same).looked_at.ends_with("10 large objects"), "{}", rows(same).looked_at);
        let changed = found(tampered, Name::LargeObjectsChanged);
        assert_eq!(changed.title, "the 10 large objects came back with different contents", "{form}");
    }
}

#[test]
fn a_script_that_deletes_updates_or_inserts_at_its_end_is_found_out() {
    let home = Home::new();
    let statements = "DELETE FROM public.stations;
        UPDATE public.readings SET what = upper(what) WHERE id = 7;
        INSERT INTO public.readings VALUES (20001, 'more');";
    let path = home.file("edited.sql", with_statements(&dump(17, "rows.sql"), statements));
    let ran = home.run(&path, &[&bare("edited", 17)]);
    ran.expect(1);
    let target = ran.only();
    assert_eq!(found(target, Name::RowsMissing).objects, ["TABLE public.stations"]);
    assert_eq!(
        found(target, Name::RowsChanged).evidence,
        ["public.readings: row 7 of the dump: column \"what\" differs"]
    );
    // The INSERT is in the dump as its row, so it is no other row than the dump's.
    assert_eq!(target.findings().count(), 2, "{:#?}", target.findings().collect::<Vec<_>>());
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
    let home = Home::new();
    let ran = home.run(&dump(15, "shop.dump"), &[&matching("shop", 18)]);
    ran.expect(0);
    assert!(rows(ran.only()).looked_at.contains(" compared"), "{}", rows(ran.only()).looked_at);
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

#[test]
fn rows_that_are_all_alike_are_told_apart_by_their_number() {
    let home = Home::new();
    let table = "CREATE TABLE public.votes (up boolean);\nCOPY public.votes (up) FROM stdin;\n";
    let votes = "t\n".repeat(60_000);
    let script = |statement: &str| format!("{table}{votes}\\.\n{statement}\n");
    let some =
        "DO $$ BEGIN DELETE FROM public.votes WHERE ctid IN (SELECT ctid FROM public.votes LIMIT 30000); END $$;";
    let all = "DO $$ BEGIN UPDATE public.votes SET up = false; END $$;";
    for (statement, names) in [(some, vec!["rows-missing"]), (all, vec!["rows-missing", "rows-extra"])] {
        let ran = home.run(&home.file("votes.sql", script(statement)), &[&bare("target", 17)]);
        let verdicts: Vec<&str> = ran.only().findings().map(|finding| finding.name.as_str()).collect();
        let is_untested = ran.only().untested.iter().any(|reason| reason.contains("DO"));
        assert!(verdicts == names || is_untested, "{statement}: {verdicts:?} {:?}", ran.only().untested);
    }
}

#[test]
fn values_that_a_script_writes_in_its_own_words_are_compared_as_the_server_reads_them() {
    let home = Home::new();
    let table = "CREATE TABLE public.t (id int PRIMARY KEY, price numeric(10,2), doc jsonb, at timestamptz, day date, \
                 yes boolean, code char(5));\n";
    let row = r#"(1, 1.5, '{"a":1}', '2024-01-05', '2024-1-5', 'yes', 'ab')"#;
    let copied = "2\t1.5\t{\"a\":1}\t2024-01-05\t2024-1-5\ton\tab\n";
    let script = |statement: &str| {
        format!("{table}INSERT INTO public.t VALUES {row};\nCOPY public.t FROM stdin;\n{copied}\\.\n{statement}\n")
    };
    let ran = home.run(&home.file("words.sql", script("")), &[&bare("target", 17)]);
    ran.expect(0);
    assert_no_finding(ran.only(), "as it is");
    let trigger = "CREATE FUNCTION public.f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.price := 2; RETURN NEW; END $$;\n\
                   CREATE TRIGGER f BEFORE INSERT ON public.t FOR EACH ROW EXECUTE FUNCTION public.f();\n";
    let altered = script("").replace("INSERT INTO", &format!("{trigger}INSERT INTO"));
    let ran = home.run(&home.file("altered.sql", altered), &[&bare("target", 17)]);
    ran.expect(1);
    let changed = found(ran.only(), Name::RowsChanged);
    assert!(changed.title.starts_with("2 rows of 1 table"), "{changed:#?}");
}
