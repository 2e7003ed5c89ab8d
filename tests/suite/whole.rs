//! What a cluster keeps of its roles and databases comes back as pg_dumpall wrote it, or is reported.

use std::path::PathBuf;

use pgrehearse::finding::Name;

use crate::support::{Home, bare, dump};

/// What the dump says, as pg_dumpall writes it.
const SAID: &str = "
ALTER ROLE shop_app WITH NOSUPERUSER INHERIT NOCREATEROLE NOCREATEDB LOGIN NOREPLICATION NOBYPASSRLS CONNECTION LIMIT 7 VALID UNTIL '2030-01-01 00:00:00+00';
ALTER ROLE shop_billing WITH NOSUPERUSER INHERIT NOCREATEROLE NOCREATEDB LOGIN NOREPLICATION NOBYPASSRLS PASSWORD 'md500000000000000000000000000000000';
COMMENT ON ROLE shop_app IS 'The application';
ALTER ROLE shop_app SET work_mem TO '8MB';
GRANT shop_owner TO shop_billing WITH ADMIN OPTION;
";

/// The dump of a cluster with more at its end.
fn with(home: &Home, more: &str) -> PathBuf {
    let text = std::fs::read_to_string(dump(17, "all.sql")).unwrap();
    home.file("all.sql", format!("{text}{more}"))
}

#[test]
fn a_cluster_that_came_back_whole_has_no_finding_about_its_roles_and_databases() {
    let home = Home::new();
    let script = with(&home, SAID);
    let ran = home.run(&script, &[&bare("whole", 17)]);
    ran.expect(0);
    let reported =
        ["role-changed", "object-missing", "object-extra", "comment-lost", "privileges-wider", "privileges-changed"];
    assert!(ran.names().iter().all(|name| !reported.contains(name)), "{}", ran.json);
}

#[test]
fn roles_and_databases_that_are_not_as_the_dump_has_them_are_found() {
    let home = Home::new();
    // In a block, so that the dump itself does not say it.
    let changes = "
DO $$ BEGIN
    ALTER ROLE shop_app CONNECTION LIMIT 8 VALID UNTIL '2031-01-01 00:00:00+00';
    ALTER ROLE shop_billing PASSWORD 'another';
    COMMENT ON ROLE shop_app IS 'Another';
    ALTER ROLE shop_report SET work_mem = '1MB';
    GRANT shop_owner TO shop_report;
    REVOKE ADMIN OPTION FOR shop_owner FROM shop_billing;
    CREATE ROLE added SUPERUSER;
    ALTER DATABASE shop CONNECTION LIMIT 3;
    COMMENT ON DATABASE shop IS 'Another';
    GRANT SELECT ON pg_catalog.pg_authid TO PUBLIC;
    GRANT SET ON PARAMETER log_statement TO PUBLIC;
END $$;";
    let script = with(&home, &format!("{SAID}{changes}"));
    let ran = home.run(&script, &[&bare("changed", 17)]);
    ran.expect(1);
    let changed = ran.finding("role-changed");
    for line in [
        "DATABASE shop: CONNECTION LIMIT -1 in the dump, 3 here",
        "ROLE shop_app: CONNECTION LIMIT 7 in the dump, 8 here",
        "ROLE shop_app: its password is valid until another moment",
        "ROLE shop_billing: it has another password",
        "ROLE shop_billing: may no longer make others members of \"shop_owner\"",
        "ROLE shop_report: a member of \"shop_owner\", and not in the dump",
        "ROLE shop_report: work_mem is set, and not in the dump",
    ] {
        assert!(changed.evidence.iter().any(|evidence| evidence == line), "{line}: {:#?}", changed.evidence);
    }
    assert_eq!(ran.finding("object-extra").objects, ["ROLE added"]);
    assert_eq!(ran.finding("comment-lost").objects, ["ROLE shop_app", "DATABASE shop"], "as the dump has them");
    let wider: Vec<_> = ran.only().findings().filter(|finding| finding.name == Name::PrivilegesWider).collect();
    let names = |object: &str| wider.iter().any(|finding| finding.objects.iter().any(|one| one.contains(object)));
    assert!(names("PARAMETER log_statement") && names("pg_authid"), "{wider:#?}");
    // No digest of a password stands anywhere.
    assert!(!ran.json.contains("SCRAM-SHA-256") && !ran.json.contains("md50000"), "{}", ran.json);
}
