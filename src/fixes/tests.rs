//! What files hold, of dumps and targets that nothing was restored into.

use std::collections::BTreeMap;
use std::path::Path;

use crate::finding::Finding;
use crate::fixes::{Request, plan};
use crate::preflight;
use crate::profile;

/// The files for a plain dump of these statements and this target, by name, with what the preflight expects.
fn files(sql: &str, yaml: &str) -> BTreeMap<String, String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("dump.sql");
    let text = format!(
        "--\n-- PostgreSQL database dump\n--\n\n-- Dumped from database version 17.6\n\nSET client_encoding = 'UTF8';\n\
         {sql}\n--\n-- PostgreSQL database dump complete\n--\n"
    );
    std::fs::write(&path, text).unwrap();
    files_of(&path, yaml)
}

/// The same for a dump that is there.
fn files_of(path: &Path, yaml: &str) -> BTreeMap<String, String> {
    let dump = pgdump_reader::open(path).unwrap();
    let facts = dump.count().unwrap().facts;
    let target = profile::parse(&format!("name: a\n{yaml}"), "a").unwrap();
    let foreseen = preflight::run(&dump, &facts, &target);
    let findings: Vec<&Finding> = foreseen.iter().map(|expected| &expected.finding).collect();
    let request = Request { dump: &dump, facts: &facts, target: &target, findings: &findings, databases: &[] };
    let files = plan(&request).map(|plan| plan.files).unwrap_or_default();
    files.into_iter().map(|file| (file.name, file.content)).collect()
}

const SERVICE: &str = "postgres: 17\ncluster: {superuser: service_admin}\nroles: [{name: app, login: true}]\n\
                       database: {owner: app}\nrestore: {as: app}\n";

#[test]
fn no_file_makes_a_superusers_role_or_lets_anybody_act_for_one() {
    let owners = "ALTER TABLE a.t OWNER TO postgres;\nALTER TABLE a.u OWNER TO service_admin;\n\
                  ALTER TABLE a.v OWNER TO rdsadmin;\n";
    let with_one = format!("{owners}ALTER TABLE a.w OWNER TO report;\n");
    for sql in [owners, &with_one] {
        for content in files(sql, SERVICE).values() {
            for role in ["postgres", "service_admin", "rdsadmin"] {
                for verb in ["CREATE ROLE", "GRANT"] {
                    assert!(!content.contains(&format!("{verb} \"{role}\"")), "{content}");
                }
                assert!(!content.contains(&format!("name: {role}\n")), "{content}");
            }
        }
    }
    assert!(files(&with_one, SERVICE)["roles.sql"].contains("GRANT \"report\" TO \"app\";"));
}

#[test]
fn who_restores_is_no_member_of_what_is_a_superuser_in_the_dump() {
    let sql = "ALTER ROLE boss WITH SUPERUSER;\nALTER ROLE clerk WITH NOSUPERUSER;\nGRANT postgres TO clerk;\n\
               GRANT boss TO clerk;\nALTER TABLE a.t OWNER TO boss;\nALTER TABLE a.u OWNER TO clerk;\n";
    let files = files(sql, SERVICE);
    let roles = &files["roles.sql"];
    assert!(roles.contains("GRANT \"clerk\" TO \"app\";"), "{roles}");
    assert!(!roles.contains("GRANT \"boss\" TO") && !roles.contains("GRANT \"postgres\""), "{roles}");
}

/// The demo's archive, which has citext.
fn of_shop(yaml: &str) -> BTreeMap<String, String> {
    files_of(&Path::new(env!("CARGO_MANIFEST_DIR")).join("demo/shop.dump"), yaml)
}

#[test]
fn what_the_target_does_not_allow_is_left_out_and_made_by_no_file() {
    let without = of_shop("postgres: 17\nextensions: {allowed: []}\n");
    assert!(!without.contains_key("before.sql"), "{without:#?}");
    let list = &without["restore.list"];
    let citext = |line: &&str| line.contains(" EXTENSION - citext ");
    let line = list.lines().find(citext).unwrap();
    assert!(line.starts_with(';') && line.ends_with("the target does not allow the extension"), "{line}");
    assert!(list.lines().any(|line| line.starts_with(';') && line.ends_with("needs what is left out")), "{list}");
    assert!(!without["restore.sh"].contains("before.sql"));
    assert!(!of_shop("postgres: 17\nextensions: {allowed: [citext]}\n").contains_key("restore.list"));
}

#[test]
fn files_can_be_used_twice_and_no_database_is_made_that_nobody_needs() {
    let app = of_shop("postgres: 17\n");
    assert!(app["roles.sql"].contains("IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = 'shop_app')"));
    let made = |files: &BTreeMap<String, String>| files["restore.sh"].matches("CREATE DATABASE").count();
    assert_eq!(made(&app), 1);
    assert!(app["restore.sh"].contains("if ! psql"), "{}", app["restore.sh"]);
    assert_eq!(made(&of_shop("postgres: 17\nrestore: {options: [--create]}\n")), 0);
    // Rows are loaded twice only where the dump makes their tables.
    let stops = |sql: &str| {
        let sql = format!("{sql}GRANT SELECT ON TABLE a.t TO reader;\nCOPY a.t (id) FROM stdin;\n1\n\\.\n");
        files(&sql, "postgres: 17\n")["restore.sh"].contains("to_regclass")
    };
    assert!(stops("CREATE TABLE a.t (id integer);\n"));
    assert!(!stops(""));
}

#[test]
fn the_head_of_a_file_says_each_thing_once() {
    let finding = Finding::new(crate::finding::Name::RlsBypassed, "\"x\" owns 1 table");
    let other = Finding::new(crate::finding::Name::RlsBypassed, "\"x\" owns 2 tables");
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("demo/shop.dump");
    let dump = pgdump_reader::open(&path).unwrap();
    let facts = pgdump_reader::Facts::default();
    let target = profile::parse("name: a\npostgres: 17\n", "a").unwrap();
    let findings = [&finding, &finding, &other];
    let request = Request { dump: &dump, facts: &facts, target: &target, findings: &findings, databases: &[] };
    let head = super::text::head(&request, "#", "x", &std::collections::BTreeSet::from([0, 1, 2]), "nothing");
    assert_eq!(head.matches("owns 1 table").count(), 1, "{head}");
    assert!(head.contains("owns 2 tables"), "{head}");
}
