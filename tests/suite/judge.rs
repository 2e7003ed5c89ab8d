//! What came back is compared with the dump, object by object: owners, privileges, row level security, definitions.

use pgrehearse::finding::{Finding, Name, Severity};
use pgrehearse::rehearsal::Rehearsal;

use crate::support::home::assert_every_check_looked;
use crate::support::home::findings;
use crate::support::{Home, MAJORS, Ran, bare, dump, matching, own_and_newer, several, shared, with_statements};

fn assert_no_finding(target: &Rehearsal, what: &str) {
    let findings: Vec<&Finding> = target.findings().collect();
    assert!(findings.is_empty(), "{what}: {findings:#?}");
    assert_every_check_looked(target);
}

/// How many objects of a kind were compared.
fn compared(target: &Rehearsal, kind: &str) -> u64 {
    target.checks.iter().filter_map(|result| result.compared.get(kind)).sum()
}

#[test]
fn objects_of_every_kind_of_every_major_come_back_as_they_were() {
    // Either format, in its own major; and the oldest in the newest. Another test has the newest in its own.
    objects_come_back(
        |source| match source {
            15 => &["judged.sql"],
            18 => &[],
            _ => &["judged.dump"],
        },
        |source| vec![if source == 13 { 18 } else { source }],
    );
}

#[test]
#[ignore = "the whole product of majors: scripts/test --full"]
fn full_objects_of_every_kind_come_back_as_they_were_in_every_pair_of_majors() {
    objects_come_back(|_| &["judged.dump", "judged.sql"], own_and_newer);
}

/// The judged database of every major, in the targets of its major, without any finding.
fn objects_come_back(forms: impl Fn(u16) -> &'static [&'static str], targets: impl Fn(u16) -> Vec<u16>) {
    let home = Home::new();
    for source in MAJORS {
        for form in forms(source) {
            let targets: Vec<String> =
                targets(source).into_iter().map(|major| matching(&format!("to-{major}"), major)).collect();
            let targets: Vec<&str> = targets.iter().map(String::as_str).collect();
            let ran = home.run(&dump(source, form), &targets);
            for target in &ran.report().targets {
                assert_no_finding(target, &format!("{form} of {source} {}", target.target));
                for (kind, least) in
                    [("table", 11), ("view", 5), ("policy", 3), ("trigger", 3), ("comment", 7), ("rule", 2)]
                {
                    assert!(compared(target, kind) >= least, "{form}: {kind}: {}", ran.json);
                }
            }
        }
    }
}

/// Restores the plain dump of a major into the same one, with statements that a restore takes without an error.
fn with_mischief(home: &Home, major: u16, statements: &str, more: &str) -> Rehearsal {
    let script = home.file("judged.sql", with_statements(&dump(major, "judged.sql"), statements));
    let ran = home.run(&script, &[&format!("{}{more}", matching("judged", major))]);
    let restore = ran.only().restore.as_ref().unwrap();
    assert_eq!((restore.exit_code, restore.errors), (0, 0), "the restore has noticed it: {:#?}", restore.findings);
    ran.only().clone()
}

/// The run of one script with the judged database of 17 several times, in each of which other statements do other mischief.
fn mischief() -> Ran {
    let ran = shared::run("judge-mischief", |home| {
        let source = dump(17, "judged.sql");
        let parts = [
            ("policies", POLICIES_CHANGED.to_owned()),
            ("own_policies", POLICIES_OF_ITS_OWN.to_owned()),
            ("secured", "ALTER TABLE j.people DISABLE ROW LEVEL SECURITY;".to_owned()),
            ("owners", owners_changed()),
            ("privileges", PRIVILEGES_CHANGED.to_owned()),
            ("added", ADDED.to_owned()),
            ("changed", GONE_CHANGED_AND_NEW.to_owned()),
        ];
        let parts = parts.map(|(database, statements)| (database, with_statements(&source, &statements)));
        home.run(&home.file("judged.sql", several::script(parts)), &[&matching("judged", 17)])
    });
    ran.expect(1);
    let restore = ran.only().restore.as_ref().unwrap();
    assert_eq!((restore.exit_code, restore.errors), (0, 0), "the restore has noticed it: {:#?}", restore.findings);
    assert_every_check_looked(ran.only());
    ran
}

type Found<'a> = (Name, Severity, Vec<&'a str>);

/// The findings of one of several databases.
fn found_in<'a>(ran: &'a Ran, database: &str) -> Vec<Found<'a>> {
    listed(several::findings(ran.only(), database).into_iter())
}

/// As `name: objects`, in order.
fn listed<'a>(findings: impl Iterator<Item = &'a Finding>) -> Vec<Found<'a>> {
    let mut found: Vec<_> = findings
        .map(|finding| (finding.name, finding.severity, finding.objects.iter().map(String::as_str).collect::<Vec<_>>()))
        .collect();
    found.sort();
    found
}

const GONE_CHANGED_AND_NEW: &str = "
    DROP INDEX j.by_code; DROP STATISTICS j.together; ALTER TABLE j.people DROP CONSTRAINT later;
    DROP SCHEMA public; DROP RULE quiet ON j.other; DROP CAST (j.pair AS integer); DROP OPERATOR j.=== (j.pair, integer);
    ALTER TABLE j.base ENABLE TRIGGER off; ALTER EVENT TRIGGER noted ENABLE;
    DO $$ BEGIN EXECUTE 'CREATE OR REPLACE VIEW j.tree AS SELECT 1 AS id, 2 AS depth'; END $$;
    ALTER FUNCTION j.touch() STABLE; ALTER PUBLICATION of_people SET (publish = 'delete');
    ALTER TABLE j.people ALTER COLUMN kind SET DEFAULT 'b'; ALTER SEQUENCE j.odd INCREMENT 4;
    COMMENT ON TABLE j.people IS NULL;
    DO $$ BEGIN EXECUTE 'CREATE TABLE j.\"more; DROP\" (id integer)'; END $$;";

#[test]
fn objects_that_are_gone_changed_or_new_are_found() {
    let ran = mischief();
    assert_gone_changed_and_new(&several::findings(ran.only(), "changed"));
}

#[test]
#[ignore = "in every major: scripts/test --full"]
fn full_objects_that_are_gone_changed_or_new_are_found() {
    for major in MAJORS.into_iter().filter(|major| *major >= 15) {
        let target = with_mischief(&Home::new(), major, GONE_CHANGED_AND_NEW, "");
        assert_gone_changed_and_new(&target.findings().collect::<Vec<_>>());
    }
}

#[track_caller]
fn assert_gone_changed_and_new(found: &[&Finding]) {
    use Name::{CommentLost, DefinitionChanged, ObjectExtra, ObjectMissing, TriggerStateChanged};
    use Severity::{Error, Warning};
    let missing = vec![
        "CAST CAST (j.pair AS integer)",
        "CHECK CONSTRAINT j.people later",
        "INDEX j.by_code",
        "OPERATOR j.===",
        "RULE j.other quiet",
        "SCHEMA public",
        "STATISTICS j.together",
    ];
    let changed =
        vec!["FUNCTION j.touch()", "PUBLICATION of_people", "SEQUENCE j.odd", "TABLE j.people", "VIEW j.tree"];
    let expected = [
        (CommentLost, Warning, vec!["COMMENT TABLE j.people"]),
        (DefinitionChanged, Error, changed),
        (ObjectExtra, Warning, vec!["TABLE j.more; DROP"]),
        (ObjectMissing, Error, missing),
        (TriggerStateChanged, Error, vec!["EVENT TRIGGER noted", "TRIGGER j.base off"]),
    ];
    assert_eq!(listed(found.iter().copied()), expected);
    let changed = found.iter().find(|finding| finding.name == DefinitionChanged).unwrap();
    let sequence = changed.differences.iter().find(|difference| difference.object == "SEQUENCE j.odd").unwrap();
    assert!(sequence.diff.contains("-    INCREMENT BY 2\n+    INCREMENT BY 4\n"), "{}", sequence.diff);
}

#[test]
fn what_was_left_out_by_an_option_is_a_warning_that_names_it() {
    let home = Home::new();
    let options = "restore: {options: [--no-publications, --no-comments]}\n";
    let ran = home.run(&dump(17, "judged.dump"), &[&format!("{}{options}", matching("judged", 17))]);
    ran.expect(0);
    assert_eq!(ran.names(), ["comment-lost", "object-missing"]);
    let missing = ran.finding("object-missing");
    assert_eq!(missing.severity, Severity::Warning);
    assert_eq!(missing.evidence, ["--no-publications restores a part of the dump"]);
    assert!(missing.objects.iter().all(|object| object.starts_with("PUBLICATION ")), "{:?}", missing.objects);
}

const PRIVILEGES_CHANGED: &str = "
    DO $$ BEGIN
        GRANT SELECT ON j.people TO PUBLIC; GRANT EXECUTE ON FUNCTION j.first(j.pair) TO PUBLIC;
        REVOKE UPDATE (name) ON j.people FROM shop_app; REVOKE USAGE ON TYPE j.mood FROM PUBLIC;
        REVOKE GRANT OPTION FOR SELECT ON j.base FROM shop_report;
        REVOKE SELECT ON LARGE OBJECT 5002 FROM shop_app;
    END $$;";

#[test]
fn privileges_that_are_wider_or_narrower_are_found() {
    let ran = mischief();
    assert_privileges_changed(&several::findings(ran.only(), "privileges"), " (database \"privileges\")");
}

#[test]
#[ignore = "in every major: scripts/test --full"]
fn full_privileges_that_are_wider_or_narrower_are_found() {
    for major in MAJORS {
        let target = with_mischief(&Home::new(), major, PRIVILEGES_CHANGED, "");
        assert_privileges_changed(&target.findings().collect::<Vec<_>>(), "");
    }
}

fn assert_privileges_changed(found: &[&Finding], place: &str) {
    let expected = [
        (
            Name::PrivilegesChanged,
            Severity::Warning,
            vec!["COLUMN j.people.name", "LARGE OBJECT 5002", "TABLE j.base", "TYPE j.mood"],
        ),
        (Name::PrivilegesWider, Severity::Error, vec!["FUNCTION j.first(j.pair)", "TABLE j.people"]),
    ];
    assert_eq!(listed(found.iter().copied()), expected);
    let wider = found.iter().find(|finding| finding.name == Name::PrivilegesWider).unwrap();
    assert_eq!(wider.title, format!("PUBLIC may do more than in the dump on 2 objects{place}"));
    assert_eq!(
        wider.commands,
        ["REVOKE EXECUTE ON ROUTINE j.first(j.pair) FROM PUBLIC;", "REVOKE SELECT ON TABLE j.people FROM PUBLIC;"]
    );
}

const POLICIES_CHANGED: &str = "
    ALTER POLICY reads ON j.people USING (true); DROP POLICY never ON j.people;
    DO $$ BEGIN CREATE POLICY more ON j.base USING (true); END $$; ALTER TABLE j.base NO FORCE ROW LEVEL SECURITY;";

/// What a statement of the script's own makes excuses itself and nothing else.
const POLICIES_OF_ITS_OWN: &str = "
    CREATE POLICY mine ON j.people USING (true); ALTER POLICY mine ON j.people RENAME TO own;
    CREATE POLICY gone ON j.people USING (true); DROP POLICY gone ON j.people;
    ALTER TABLE j.other ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY; ALTER TABLE j.other DISABLE ROW LEVEL SECURITY;
    DO $$ BEGIN CREATE POLICY more ON j.base USING (true); ALTER TABLE j.people FORCE ROW LEVEL SECURITY; END $$;";

#[test]
fn policies_that_are_gone_changed_or_new_and_tables_that_lost_their_force_are_found() {
    let ran = mischief();
    let expected = [
        (Name::PolicyChanged, Severity::Error, vec!["POLICY j.people reads", "POLICY j.base more"]),
        (Name::PolicyLost, Severity::Error, vec!["POLICY never ON j.people TO PUBLIC"]),
        (Name::RlsBypassed, Severity::Error, vec!["TABLE j.base"]),
    ];
    assert_eq!(found_in(&ran, "policies"), expected);
    let expected = [
        (Name::PolicyChanged, Severity::Error, vec!["POLICY j.base more"]),
        (Name::PolicyChanged, Severity::Error, vec!["TABLE j.people"]),
    ];
    assert_eq!(found_in(&ran, "own_policies"), expected);
    assert_eq!(found_in(&ran, "secured"), [(Name::RlsBypassed, Severity::Error, vec!["TABLE j.people"])]);
}

#[test]
fn a_revoke_that_was_undone_with_a_grant_that_failed_leaves_everybody_with_more() {
    let home = Home::new();
    // Who gets it is missing, so the whole entry of the archive fails, its REVOKE FROM PUBLIC too.
    let roles = "roles: [{name: shop_owner}, {name: shop_report}]\ndatabase: {name: judged, owner: shop_owner}\n";
    let ran = home.run(&dump(15, "judged.dump"), &[&format!("name: fewer\npostgres: 15\n{roles}")]);
    ran.expect(1);
    let wider = ran.finding("privileges-wider");
    assert_eq!(wider.objects, ["FUNCTION j.secret(a integer, VARIADIC b text[])"], "{wider:#?}");
    assert_eq!(wider.evidence, ["PUBLIC gains EXECUTE on FUNCTION j.secret(a integer, VARIADIC b text[])"]);
    assert!(ran.names().contains(&"role-missing"), "{:?}", ran.names());
}

#[test]
fn what_the_targets_default_privileges_give_is_reported_with_them() {
    let home = Home::new();
    let profile = |init: &str| {
        let roles = "roles: [{name: reader}, {name: 'the \"other'}]\n";
        format!("{}{roles}init:\n  - sql: |\n{init}", bare("giving", 17))
    };
    let giving = "      ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT ON TABLES TO reader, \"the \"\"other\";\n      \
                  ALTER DEFAULT PRIVILEGES GRANT EXECUTE ON FUNCTIONS TO reader;\n      \
                  ALTER DEFAULT PRIVILEGES FOR ROLE reader GRANT SELECT ON TABLES TO PUBLIC;\n";
    let ran = home.run(&dump(17, "small.dump"), &[&profile(giving)]);
    ran.expect(1);
    let finding = ran.finding("privileges-wider");
    assert_eq!(finding.evidence[0], "default privileges of the target give them on what \"postgres\" creates");
    let revoke = "ALTER DEFAULT PRIVILEGES FOR ROLE \"postgres\" IN SCHEMA public REVOKE ALL ON TABLES FROM \"reader\", \
                  \"the \"\"other\";";
    assert_eq!(finding.commands[0], revoke);
    assert!(finding.commands[1].starts_with("REVOKE SELECT ON TABLE public."), "{:?}", finding.commands);
    // With that said before the restore, there is nothing to tell.
    let ran = home.run(&dump(17, "small.dump"), &[&profile(&format!("{giving}      {revoke}\n"))]);
    ran.expect(0);
    assert_eq!(ran.names(), Vec::<&str>::new());
}

#[test]
fn without_owners_and_privileges_every_lost_one_is_listed_and_nothing_else() {
    let home = Home::new();
    let options = "restore: {options: [--no-owner, --no-privileges]}\n";
    let ran = home.run(&dump(17, "judged.dump"), &[&format!("{}{options}", matching("judged", 18))]);
    ran.expect(1);
    let names = [
        "ownership-changed",
        "privileges-changed",
        "privileges-wider",
        "rls-bypassed",
        "security-definer-owner-changed",
    ];
    assert_eq!(ran.names(), names);
    let (public, changed): (Vec<&Finding>, Vec<&Finding>) = ran
        .only()
        .findings()
        .filter(|finding| finding.name == Name::OwnershipChanged)
        .partition(|finding| finding.objects == ["SCHEMA public"]);
    let [changed] = changed[..] else { panic!("one for each owner in the dump: {changed:#?}") };
    assert_eq!(public.len(), 1, "the schema public belongs to postgres in the dump");
    let large = changed.objects.iter().filter(|object| object.starts_with("LARGE OBJECT")).collect::<Vec<_>>();
    assert_eq!(large, ["LARGE OBJECT 5001"]);
    // Every owner that the dump states but for the function's that runs with its owner's rights.
    let stated = pgdump_reader::open(&dump(17, "judged.dump")).unwrap().glance().unwrap().owners;
    let stated = stated.iter().filter(|owned| owned.owner == "shop_owner").count();
    assert_eq!(changed.objects.len(), stated - 1, "{:#?}", changed.objects);
    let definer = ran.finding("security-definer-owner-changed");
    assert_eq!(definer.objects, ["FUNCTION j.secret(integer, text[])"]);
    assert_eq!(
        definer.title,
        "1 function that runs with the rights of \"shop_owner\" in the dump now runs with those of the superuser \
         \"postgres\""
    );
    assert_eq!(definer.commands, [r#"ALTER ROUTINE j.secret(a integer, VARIADIC b text[]) OWNER TO "shop_owner";"#]);
    // What belongs to a cluster's first superuser cannot be reassigned as a whole; another's can.
    assert_eq!(changed.commands.len(), changed.objects.len(), "{:#?}", changed.commands);
    // What has no statement that gives it back is named.
    let is_said = |command: &String| command.starts_with("ALTER ") || command.starts_with("-- not among these");
    assert!(changed.commands.iter().all(is_said), "{:#?}", changed.commands);
    let boss = matching("boss", 18).replace("roles:", "roles:\n  - {name: boss, login: true, superuser: true}");
    let by_boss =
        home.run(&dump(17, "judged.dump"), &[&format!("{boss}restore: {{as: boss, options: [--no-owner]}}\n")]);
    let reassign = r#"REASSIGN OWNED BY "boss" TO "shop_owner";   -- all that "boss" owns, the database too"#;
    assert!(by_boss.only().findings().any(|finding| finding.commands == [reassign]), "{}", by_boss.stdout);
    let wider = findings(ran.only(), "privileges-wider");
    assert_eq!(wider.len(), 2, "privileges and default privileges");
    assert!(wider.iter().all(|finding| finding.severity == Severity::Warning), "{wider:#?}");
    assert_eq!(wider[1].objects, ["DEFAULT PRIVILEGES FOR FUNCTIONS OF shop_owner"]);
    let lost: Vec<&Finding> = ran.only().findings().filter(|finding| finding.name == Name::PrivilegesChanged).collect();
    assert_eq!(lost.len(), 2, "privileges and default privileges");
    for object in
        ["COLUMN j.people.name", "FOREIGN SERVER files", "LARGE OBJECT 5003", "SCHEMA j", "TABLE j.parts_old_eu"]
    {
        assert!(lost[0].objects.iter().any(|lost| lost == object), "{object}: {:#?}", lost[0].objects);
    }
    assert_eq!(lost[1].objects, ["DEFAULT ACL j.DEFAULT PRIVILEGES FOR TABLES"]);
}

#[test]
fn a_script_without_the_comments_of_pg_dump_has_its_definitions_not_compared() {
    let home = Home::new();
    let text = std::fs::read_to_string(dump(17, "judged.sql")).unwrap();
    let lines = text.lines().filter(|line| !line.starts_with("-- Name: "));
    let script = home.file("bare.sql", lines.map(|line| format!("{line}\n")).collect::<String>());
    let ran = home.run(&script, &[&matching("judged", 17)]);
    ran.expect(0);
    assert_no_finding(ran.only(), "without comments");
    let objects = ran.only().checks.iter().find(|result| result.check == "objects").unwrap();
    assert_eq!(
        objects.not_compared,
        ["definitions of objects: the script does not name its objects, pg_dump's comments were taken out of it"]
    );
}

fn owners_changed() -> String {
    // The dump's own last word is what counts, so nothing that names the owner may stand in the script.
    let owner = |what: &str| format!("EXECUTE 'ALTER {what} ' || 'OWNER TO shop_billing';");
    let objects = [
        "TABLE j.people",
        "FUNCTION j.secret(integer, text[])",
        "TYPE j.mood",
        "TEXT SEARCH DICTIONARY j.stem",
        "LARGE OBJECT 5002",
        "FOREIGN TABLE j.passwords",
        "OPERATOR j.=== (j.pair, integer)",
        "PUBLICATION of_people",
    ];
    format!("DO $$ BEGIN {} END $$;", objects.map(owner).concat())
}

#[test]
fn owners_that_something_has_changed_are_found_for_objects_of_every_kind() {
    let ran = mischief();
    let of = |name: Name| -> Vec<String> {
        let found = several::findings(ran.only(), "owners").into_iter();
        let mut objects: Vec<String> =
            found.filter(|finding| finding.name == name).flat_map(|finding| finding.objects.clone()).collect();
        objects.sort();
        objects
    };
    assert_eq!(
        of(Name::OwnershipChanged),
        [
            "FOREIGN TABLE j.passwords",
            "LARGE OBJECT 5002",
            "OPERATOR j.===",
            "PUBLICATION of_people",
            "TABLE j.people",
            "TEXT SEARCH DICTIONARY j.stem",
            "TYPE j.mood",
        ]
    );
    assert_eq!(of(Name::SecurityDefinerOwnerChanged), ["FUNCTION j.secret(integer, text[])"]);
}

#[test]
fn attributes_memberships_and_settings_of_roles_are_compared_with_what_pg_dumpall_wrote() {
    let home = Home::new();
    let script = std::fs::read_to_string(dump(17, "all.sql")).unwrap();
    let ran = super::ledger::cluster();
    ran.expect(0);
    assert!(compared(ran.only(), "role attribute") >= 35, "{}", ran.json);
    assert_eq!(compared(ran.only(), "membership"), 1);
    assert!(compared(ran.only(), "setting of a role or database") >= 1);
    assert!(!ran.names().contains(&"role-changed"), "{:?}", ran.names());
    let mischief = "\\connect shop\nDO $$ BEGIN EXECUTE 'ALTER ROLE shop_app BYPASSRLS'; \
                    EXECUTE 'REVOKE shop_report FROM shop_app'; \
                    EXECUTE 'ALTER DATABASE shop RESET ALL'; END $$;\n";
    let end = script.find("--\n-- PostgreSQL database cluster dump complete").unwrap();
    // The databases of the cluster come before its end, which `\restrict` encloses since the minors of 2025.
    let script = home.file("all.sql", format!("{}{mischief}{}", &script[..end], &script[end..]));
    let ran = home.run(&script, &["name: fresh\npostgres: 17\n"]);
    ran.expect(1);
    let changed = ran.finding("role-changed");
    assert_eq!(changed.objects, ["ROLE shop_app", "DATABASE shop"]);
    assert_eq!(
        changed.evidence,
        [
            "ROLE shop_app: NOBYPASSRLS in the dump, BYPASSRLS here",
            "ROLE shop_app: no longer a member of \"shop_report\"",
            "DATABASE shop: search_path is not set",
        ]
    );
}

const ADDED: &str = "
    CREATE TABLE j.more (id integer); GRANT SELECT ON j.more, j.base TO PUBLIC; GRANT UPDATE (name) ON j.people TO PUBLIC;";

#[test]
fn what_somebody_has_added_to_a_script_is_its_own_word() {
    let ran = mischief();
    assert_eq!(found_in(&ran, "added"), []);
    let of_added = ran.only().checks.iter().filter(|result| result.database.as_deref() == Some("added"));
    let not_compared: Vec<&String> = of_added.flat_map(|result| &result.not_compared).collect();
    let made = "TABLE j.more: the script creates objects by statements that pg_dump has not written";
    assert!(not_compared.iter().any(|what| *what == made), "{not_compared:?}");
}

#[test]
fn privileges_of_a_database_that_the_dump_makes_are_compared_and_those_of_another_are_not() {
    let home = Home::new();
    let own = "REVOKE CONNECT ON DATABASE shop FROM PUBLIC;\nGRANT CONNECT ON DATABASE shop TO shop_app;";
    let later = "DO $$ BEGIN EXECUTE 'GRANT CONNECT ON DATABASE shop TO PUBLIC';
        EXECUTE 'REVOKE CONNECT ON DATABASE shop FROM shop_app'; END $$;";
    let source = dump(17, "shop-create.sql");
    let well = home.file("well.sql", with_statements(&source, own));
    let ran = home.run(&well, &[&matching("well", 18)]);
    ran.expect(0);
    assert!(ran.names().is_empty(), "{}", ran.json);

    let opened = home.file("opened.sql", with_statements(&source, &format!("{own}\n{later}")));
    let ran = home.run(&opened, &[&matching("opened", 17)]);
    ran.expect(1);
    let wider = ran.finding("privileges-wider");
    assert_eq!(wider.objects, ["DATABASE shop"]);
    assert_eq!(wider.evidence, ["PUBLIC gains CONNECT on DATABASE shop"]);
    assert_eq!(wider.commands, ["REVOKE CONNECT ON DATABASE shop FROM PUBLIC;"]);
    assert_eq!(ran.finding("privileges-changed").evidence, ["\"shop_app\" lacks CONNECT on DATABASE shop"]);

    let other = home.file("other.sql", with_statements(&dump(17, "shop.sql"), later));
    let ran = home.run(&other, &[&matching("other", 17)]);
    ran.expect(0);
    assert!(ran.names().is_empty(), "{}", ran.json);
}
