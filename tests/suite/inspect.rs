//! `inspect`: what it says of dumps by real servers, and that what it foresees is what a restore then meets.

use std::path::Path;

use pgrehearse::finding::{Finding, Name, Severity};
use serde_json::Value;

use crate::classics::{latin1, small_in_latin1};
use crate::support::home::Ran;
use crate::support::{Home, MAJORS, SHOP_ROLES, bare, dump, matching};

/// `pgrehearse inspect DUMP --json` with more arguments; the exit code must be this one.
#[track_caller]
fn inspected(home: &Home, dump: &Path, arguments: &[&str], code: i32) -> Value {
    let ran = home.program().arg("inspect").arg(dump).arg("--json").args(arguments).output().unwrap();
    let stderr = String::from_utf8_lossy(&ran.stderr);
    assert_eq!(ran.status.code(), Some(code), "{stderr}\n{}", String::from_utf8_lossy(&ran.stdout));
    serde_json::from_slice(&ran.stdout).unwrap()
}

fn names(list: &Value) -> Vec<&str> {
    list.as_array().unwrap().iter().map(|item| item.as_str().or_else(|| item["name"].as_str()).unwrap()).collect()
}

/// The findings that are expected for the profile, which is written to the home.
fn expected(home: &Home, dump: &Path, profile: &str) -> Vec<Finding> {
    let path = home.profile(profile);
    let output = home.program().arg("inspect").arg(dump).args(["--json", "-p"]).arg(path).output().unwrap();
    let inspection: Value = serde_json::from_slice(&output.stdout).unwrap();
    let findings: Vec<Finding> = serde_json::from_value(inspection["targets"][0]["findings"].clone()).unwrap();
    let fails = findings.iter().any(Finding::fails);
    assert_eq!(output.status.code(), Some(i32::from(fails)), "{findings:?}");
    findings
}

/// What the preflight is about; everything else only a restore can find.
const FORESEEABLE: &[Name] = &[
    Name::ClientTooOld,
    Name::DatabaseNotCreatable,
    Name::EventTriggerRefused,
    Name::ExtensionNotAllowed,
    Name::FeatureMissing,
    Name::OwnerNotAssignable,
    Name::PermissionDenied,
    Name::ReplicationRefused,
    Name::RoleMissing,
    Name::RoleNameReserved,
    Name::RoleNotCreatable,
    Name::SettingUnknown,
    Name::TablespaceMissing,
    Name::UnclassifiedError,
];

/// Rehearses, and fails unless the restore met every error that was foreseen, and no other of the kinds that can be.
#[track_caller]
fn assert_agreement(home: &Home, dump: &Path, profile: &str) -> Ran {
    let expected = expected(home, dump, profile);
    let ran = home.run(dump, &[profile]);
    let target = ran.only();
    let needs = target.checks.iter().find(|check| check.check == "requirements").expect("the preflight is a check");
    let restore = target.restore.as_ref().unwrap_or_else(|| panic!("nothing was restored: {}", ran.json));
    for finding in expected.iter().filter(|finding| finding.severity == Severity::Error) {
        // Of two things that a table's version lacks the server complains of one.
        let explained = |object: &String| {
            expected.iter().any(|other| other.title != finding.title && other.fails() && other.objects.contains(object))
        };
        let met = restore.findings.iter().any(|met| met.name == finding.name && same_subject(met, finding))
            || finding.name == Name::FeatureMissing && finding.objects.iter().all(explained);
        assert!(met, "not met by the restore: {finding:#?}\n{:#?}", restore.findings);
    }
    let unforeseen: Vec<&Finding> = restore
        .findings
        .iter()
        .filter(|met| met.severity == Severity::Error && FORESEEABLE.contains(&met.name))
        .filter(|met| !needs.foreseen.iter().any(|foreseen| foreseen.is(met)))
        .collect();
    assert!(unforeseen.is_empty(), "not foreseen: {unforeseen:#?}\nforeseen: {:#?}", needs.foreseen);
    ran
}

fn same_subject(one: &Finding, other: &Finding) -> bool {
    one.title == other.title || matches!(one.name, Name::ClientTooOld | Name::PermissionDenied)
}

#[test]
fn a_dump_of_every_major_says_what_it_is_and_what_it_holds() {
    let home = Home::new();
    for major in MAJORS {
        for file in ["needs.dump", "needs.sql"] {
            let seen = inspected(&home, &dump(major, file), &[], 0);
            let version = seen["dump"]["server_version"].as_str().unwrap();
            assert!(version.starts_with(&format!("{major}.")), "{version}");
            assert_eq!(seen["dump"]["encoding"], "UTF8");
            assert_eq!(seen["read_whole"], true);
            let plain = seen["tables"].as_array().unwrap().iter().find(|table| table["name"] == "plain").unwrap();
            assert_eq!(plain["rows"], 20, "{major} {file}");
        }
    }
}

#[test]
fn a_dump_of_every_major_says_what_it_requires() {
    let home = Home::new();
    for major in MAJORS {
        for file in ["needs.dump", "needs.sql"] {
            let seen = inspected(&home, &dump(major, file), &["--quick"], 0);
            let requires = if file == "needs.sql" {
                inspected(&home, &dump(major, file), &[], 0)["requires"].clone()
            } else {
                seen["requires"].clone()
            };
            let label = format!("{major} {file}: {requires:#}");
            let roles = names(&requires["roles"]);
            for role in ["postgres", "shop_app", "shop_owner", "shop_report"] {
                assert!(roles.contains(&role), "{role} {label}");
            }
            assert_eq!(names(&requires["extensions"]), ["hstore", "postgres_fdw"], "{label}");
            assert_eq!(names(&requires["tablespaces"]), ["fast"], "{label}");
            assert_eq!(names(&requires["collations"]), ["pg_catalog.de-x-icu"], "{label}");
            assert!(names(&requires["collations_created"]).contains(&"n.german"), "{label}");
            assert_eq!(names(&requires["foreign_data_wrappers"]), ["idle"], "{label}");
            assert_eq!(names(&requires["foreign_servers"]), ["other"], "{label}");
            for (kind, name) in [("publications", "everything"), ("subscriptions", "sub"), ("event_triggers", "watch")]
            {
                assert!(names(&requires[kind]).contains(&name), "{kind} {label}");
            }
            assert!(names(&requires["object_settings"]).contains(&"work_mem"), "{label}");
            let wanted = match major {
                13 => Value::from(12),
                15 => Value::from(15),
                17 => Value::from(17),
                _ => Value::from(18),
            };
            assert_eq!(requires["server_from"], wanted, "{label}");
            assert_eq!(requires["server_to"], if major == 13 { Value::from(13) } else { Value::Null }, "{label}");
        }
    }
}

#[test]
fn archive_and_text_of_one_database_require_the_same() {
    let home = Home::new();
    for major in MAJORS {
        let archive = inspected(&home, &dump(major, "needs.dump"), &[], 0)["requires"].clone();
        let text = inspected(&home, &dump(major, "needs.sql"), &[], 0)["requires"].clone();
        for kind in [
            "roles",
            "extensions",
            "tablespaces",
            "collations",
            "publications",
            "subscriptions",
            "event_triggers",
            "foreign_data_wrappers",
            "foreign_servers",
            "features",
            "superuser",
            "object_settings",
        ] {
            assert_eq!(names_or_kinds(&archive[kind]), names_or_kinds(&text[kind]), "{major} {kind}");
        }
    }
}

fn names_or_kinds(list: &Value) -> Vec<&str> {
    list.as_array()
        .unwrap()
        .iter()
        .map(|item| item.as_str().or_else(|| item["name"].as_str()).or_else(|| item["kind"].as_str()).unwrap())
        .collect()
}

/// A profile that has everything of the source but what it cannot have: the tablespace.
fn twin(major: u16, more: &str) -> String {
    format!("name: twin\npostgres: {major}\n{SHOP_ROLES}{more}")
}

#[test]
fn what_older_versions_lack_is_what_they_fail_on() {
    // The widest step, and one that is not seen in it: what 16 and 17 have brought.
    for (source, target) in [(18, 13), (17, 15)] {
        lacks_what_it_fails_on(source, "needs.sql", target);
    }
}

#[test]
fn what_newer_versions_no_longer_have_is_what_they_fail_on() {
    lacks_what_it_fails_on(13, "needs.dump", 18);
}

#[test]
#[ignore = "of the newest, and as a script: scripts/test --full"]
fn full_roles_that_are_missing_are_foreseen() {
    let laptop = "name: laptop\npostgres: 17\ncluster: {superuser: dev}\n";
    assert_agreement(&Home::new(), &dump(18, "shop.sql"), laptop);
}

#[test]
#[ignore = "more pairs of majors: scripts/test --full"]
fn full_what_other_versions_lack_is_what_they_fail_on() {
    for (source, target) in [(18, 17), (18, 13), (17, 15), (15, 13)] {
        lacks_what_it_fails_on(source, "needs.sql", target);
    }
    for target in [15, 18] {
        lacks_what_it_fails_on(13, "needs.dump", target);
    }
}

fn lacks_what_it_fails_on(source: u16, file: &str, target: u16) {
    let ran = assert_agreement(&Home::new(), &dump(source, file), &twin(target, ""));
    assert!(ran.names().contains(&"feature-missing"), "{source} into {target}: {:?}", ran.names());
}

#[test]
fn roles_and_tablespaces_that_are_missing_are_foreseen() {
    missing_needs_are_foreseen(17, "needs.dump");
    let laptop = "name: laptop\npostgres: 17\ncluster: {superuser: dev}\n";
    assert_agreement(&Home::new(), &dump(17, "shop.dump"), laptop);
}

#[test]
#[ignore = "every form: scripts/test --full"]
fn full_roles_and_tablespaces_that_are_missing_are_foreseen_in_text() {
    missing_needs_are_foreseen(15, "needs.sql");
}

fn missing_needs_are_foreseen(major: u16, file: &str) {
    let ran = assert_agreement(&Home::new(), &dump(major, file), &bare("bare", major));
    assert_eq!(ran.finding("tablespace-missing").title, "tablespace \"fast\" does not exist in this target");
    assert!(ran.names().contains(&"role-missing"));
}

#[test]
fn what_only_a_superuser_may_is_foreseen() {
    let home = Home::new();
    let master = "  - {name: master, login: true, member_of: [shop_owner, shop_app, shop_report, shop_billing]}\n";
    let profile = format!(
        "name: managed\npostgres: 17\n{SHOP_ROLES}{master}database: {{name: needs, owner: master}}\nrestore: {{as: master}}\n"
    );
    let ran = assert_agreement(&home, &dump(17, "needs.dump"), &profile);
    assert!(ran.names().contains(&"permission-denied"), "{:?}", ran.names());
    assert_eq!(ran.finding("extension-not-allowed").objects[0], "EXTENSION postgres_fdw");
}

#[test]
fn a_client_that_is_too_old_is_foreseen() {
    let ran = assert_agreement(&Home::new(), &dump(17, "shop.dump"), &bare("older", 15));
    assert_eq!(ran.names(), ["client-too-old"]);
}

#[test]
fn nothing_is_foreseen_where_everything_is_there() {
    let home = Home::new();
    for major in MAJORS {
        for file in ["shop.dump", "shop.sql", "shop.dir", "shop-inserts.sql", "shop-create.sql"] {
            let found = expected(&home, &dump(major, file), &matching("twin", major));
            assert_eq!(found, [], "{major} {file}");
        }
    }
}

#[test]
fn what_the_restore_proves_wrong_is_foreseen_no_more() {
    let home = Home::new();
    // Its rows are ASCII, which the preflight does not look at.
    let found = expected(&home, &dump(17, "small.dump"), &latin1());
    assert!(found.iter().any(|finding| finding.name == Name::EncodingUnrepresentable), "{found:?}");
    let ran = small_in_latin1();
    let needs = &ran.only().checks[0];
    assert_eq!(needs.check, "requirements");
    assert!(!ran.names().contains(&"encoding-unrepresentable"), "{:?}", ran.names());
}

#[test]
fn a_damaged_dump_is_reported_with_its_place_and_fails() {
    let home = Home::new();
    let text = std::fs::read(dump(17, "shop.sql")).unwrap();
    let cut = home.file("cut.sql", &text[..text.len() / 2]);
    let seen = inspected(&home, &cut, &[], 1);
    assert_eq!(seen["damage"].as_array().unwrap().len(), 1);
    let ran = home.program().arg("inspect").arg(&cut).output().unwrap();
    assert!(String::from_utf8_lossy(&ran.stdout).contains("DAMAGED"));
}

#[test]
fn what_is_no_dump_and_what_is_no_profile_are_bad_arguments() {
    let home = Home::new();
    let text = home.file("notes.txt", "Dear diary,");
    for arguments in
        [vec![text.display().to_string()], vec![dump(17, "small.dump").display().to_string(), "-pnone".into()]]
    {
        let ran = home.program().arg("inspect").args(&arguments).output().unwrap();
        assert_eq!(ran.status.code(), Some(2), "{arguments:?}");
    }
}

#[test]
fn where_no_engine_answers_the_preflight_is_all_that_is_known() {
    let home = Home::new();
    let profile = home.profile(&bare("bare", 17));
    let mut command = home.command(&dump(17, "shop.dump"), &[&profile]);
    let ran = home.finish(command.env("DOCKER_HOST", "tcp://127.0.0.1:9"));
    ran.expect(3);
    let target = ran.only();
    assert_eq!(ran.names(), ["role-missing"]);
    assert!(target.restore.is_none());
    assert!(ran.stdout.contains("requirements"), "{}", ran.stdout);
}
