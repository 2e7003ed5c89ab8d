use pgdump_reader::{Dump, Facts};

use super::{PreflightFinding, run};
use crate::finding::{Name, Severity};
use crate::profile::{self, Target};

fn target(yaml: &str) -> Target {
    profile::parse(&format!("name: a\n{yaml}"), "a").unwrap()
}

/// A plain dump of these statements, and what is expected of it in this target.
fn of_text(sql: &str, yaml: &str) -> Vec<PreflightFinding> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("dump.sql");
    let text = format!(
        "--\n-- PostgreSQL database dump\n--\n\n-- Dumped from database version 17.6\n\nSET client_encoding = 'UTF8';\n\
         SELECT pg_catalog.set_config('search_path', '', false);\n{sql}\n--\n-- PostgreSQL database dump complete\n--\n"
    );
    std::fs::write(&path, text).unwrap();
    let dump = pgdump_reader::open(&path).unwrap();
    let scan = dump.count().unwrap();
    assert_eq!(scan.damage, []);
    run(&dump, &scan.facts, &target(yaml))
}

/// The demo's archive: PostgreSQL 13, 1.14, four roles, citext.
fn shop() -> (Dump, Facts) {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("demo/shop.dump");
    let dump = pgdump_reader::open(&path).unwrap();
    let facts = dump.glance().unwrap();
    (dump, facts)
}

fn of_shop(yaml: &str) -> Vec<PreflightFinding> {
    let (dump, facts) = shop();
    run(&dump, &facts, &target(yaml))
}

fn named(foreseen: &[PreflightFinding]) -> Vec<(Name, Severity)> {
    foreseen.iter().map(|expected| (expected.finding.name, expected.finding.severity)).collect()
}

const ROLES: &str = "roles: [{name: shop_owner}, {name: shop_app}, {name: shop_report}, {name: shop_billing}]\n";
const ERROR: Severity = Severity::Error;
const MAY: Severity = Severity::Warning;

#[test]
fn nothing_is_expected_where_the_target_has_all() {
    assert_eq!(of_shop(&format!("postgres: 17\n{ROLES}")), []);
}

#[test]
fn a_role_is_missing_unless_options_leave_out_what_names_it() {
    assert_eq!(named(&of_shop("postgres: 17\n")), [(Name::RoleMissing, ERROR); 4]);
    let without = of_shop("postgres: 17\nrestore: {options: [-O, --no-privileges]}\n");
    let titles: Vec<&str> = without.iter().map(|expected| expected.finding.title.as_str()).collect();
    // Policies name them all the same.
    assert_eq!(
        titles,
        ["role \"shop_app\" does not exist in this target", "role \"shop_report\" does not exist in this target"]
    );
    assert_eq!(without[0].finding.count, 2);
}

#[test]
fn a_role_that_the_dump_creates_is_not_missing() {
    assert_eq!(of_text("CREATE ROLE x;\nALTER TABLE a.t OWNER TO x;", "postgres: 17\n"), []);
    assert_eq!(named(&of_text("ALTER TABLE a.t OWNER TO x;", "postgres: 17\n")), [(Name::RoleMissing, ERROR)]);
}

#[test]
fn a_predefined_role_is_missing_before_its_version() {
    let sql = "GRANT SELECT ON TABLE a.t TO pg_maintain;";
    assert_eq!(of_text(sql, "postgres: 17\n"), []);
    let older = of_text(sql, "postgres: 16\n");
    assert!(named(&older).contains(&(Name::RoleMissing, ERROR)), "{older:?}");
    assert_eq!(of_text("GRANT a TO pg_unheard_of;\nCREATE ROLE a;", "postgres: 17\n"), []);
}

#[test]
fn reserved_names_cannot_be_created() {
    assert_eq!(named(&of_text("CREATE ROLE pg_mine;", "postgres: 17\n")), [(Name::RoleNameReserved, ERROR)]);
}

#[test]
fn an_extension_is_not_allowed_unavailable_or_refused() {
    let create = |name: &str| format!("CREATE EXTENSION IF NOT EXISTS {name} WITH SCHEMA public;");
    assert_eq!(of_text(&create("plpgsql"), "postgres: 17\nextensions: {allowed: []}\n"), []);
    assert_eq!(of_text(&create("hstore"), "postgres: 17\n"), []);
    let named_of = |name: &str, yaml: &str| named(&of_text(&create(name), yaml));
    assert_eq!(
        named_of("hstore", "postgres: 17\nextensions: {allowed: [citext]}\n"),
        [(Name::ExtensionNotAllowed, ERROR)]
    );
    assert_eq!(named_of("postgis", "postgres: 17\n"), [(Name::ExtensionUnavailable, MAY)]);
    assert_eq!(named_of("postgis", "postgres: 17\nextensions: {allowed: [postgis]}\n"), []);
    assert_eq!(named_of("adminpack", "postgres: 17\n"), [(Name::ExtensionUnavailable, ERROR)]);
    assert_eq!(named_of("adminpack", "postgres: 16\n").first(), Some(&(Name::TargetOlder, MAY)));
    let master = "postgres: 17\nroles: [{name: master, login: true}]\nrestore: {as: master}\n";
    assert_eq!(named_of("dblink", master), [(Name::ExtensionNotAllowed, ERROR)]);
    assert_eq!(named_of("hstore", master), []);
}

#[test]
fn a_client_is_too_old_and_nothing_else_matters() {
    let (dump, facts) = shop();
    let version = pgdump_reader::ArchiveVersion::new(1, 16);
    let mut archive = dump.archive().unwrap().clone();
    archive.version = version;
    let dump = Dump::of_archive(dump.path, dump.size, archive);
    let named_in = |yaml: &str| named(&run(&dump, &facts, &target(yaml)));
    assert_eq!(named_in("postgres: 15\n"), [(Name::ClientTooOld, ERROR)]);
    assert_eq!(named_in(&format!("postgres: 17\n{ROLES}")), []);
    // The newer client sets what the older server does not know.
    assert_eq!(
        named_in(&format!("postgres: 15\nrestore: {{client: 17}}\n{ROLES}")),
        [(Name::SettingUnknown, Severity::Note)]
    );
}

#[test]
fn an_older_target_is_reported_with_what_it_lacks() {
    let sql = "CREATE TABLE a.t (b integer GENERATED ALWAYS AS ((1)));";
    let found = of_text(sql, "postgres: 15\n");
    assert_eq!(named(&found), [(Name::FeatureMissing, ERROR), (Name::TargetOlder, MAY)]);
    assert_eq!(found[0].finding.title, "PostgreSQL 15 has no \"virtual generated columns\"");
    assert_eq!(of_text(sql, "postgres: 18\n"), []);
    // Which version an image has is not known before it runs.
    assert_eq!(of_text(sql, "image: some/postgres:15\n"), []);
}

#[test]
fn tablespaces_are_missing_unless_they_are_left_out() {
    let found = of_text("SET default_tablespace = fast;", "postgres: 17\n");
    assert_eq!(named(&found), [(Name::TablespaceMissing, ERROR)]);
    assert_eq!(of_text("SET default_tablespace = '';", "postgres: 17\n"), []);
    let made = of_text("CREATE TABLESPACE fast LOCATION '/srv';\nSET default_tablespace = fast;", "postgres: 17\n");
    assert_eq!(named(&made), [(Name::TablespaceMissing, MAY)]);
}

#[test]
fn settings_of_functions_are_lost_with_them_and_those_of_the_session_do_no_harm() {
    let function = "CREATE FUNCTION a.f() RETURNS integer LANGUAGE sql SET enable_memoize TO off AS 'SELECT 1';";
    assert!(named(&of_text(function, "postgres: 13\n")).contains(&(Name::SettingUnknown, ERROR)));
    assert_eq!(of_text(function, "postgres: 17\n"), []);
    let session = of_text("SET transaction_timeout = 0;", "postgres: 15\n");
    assert!(named(&session).contains(&(Name::SettingUnknown, Severity::Note)));
    let own = "CREATE FUNCTION a.f() RETURNS integer LANGUAGE sql SET app.x TO 'y' AS 'SELECT 1';";
    assert_eq!(of_text(own, "postgres: 17\n"), []);
}

#[test]
fn one_who_is_no_superuser_is_refused_what_needs_one_and_what_is_others() {
    let master = |more: &str| {
        format!("postgres: 17\nroles: [{{name: o}}, {{name: master, login: true{more}}}]\nrestore: {{as: master}}\n")
    };
    let sql = "CREATE EVENT TRIGGER e ON ddl_command_end EXECUTE FUNCTION a.f();\nALTER TABLE a.t OWNER TO o;";
    let found = of_text(sql, &master(""));
    assert_eq!(named(&found), [(Name::EventTriggerRefused, ERROR), (Name::OwnerNotAssignable, ERROR)]);
    assert_eq!(found[0].finding.objects, ["EVENT TRIGGER e"]);
    assert_eq!(found[1].finding.title, "role \"master\" may not give objects to \"o\"");
    assert_eq!(found[1].finding.objects, ["TABLE a.t"]);
    assert_eq!(of_text("ALTER TABLE a.t OWNER TO o;", &master(", member_of: [o]")), []);
    assert_eq!(of_text("ALTER TABLE a.t OWNER TO master;", &master("")), []);
    assert_eq!(of_text(sql, &master(", superuser: true")), []);
    let public = "ALTER SCHEMA public OWNER TO pg_database_owner;";
    assert_eq!(named(&of_text(public, &master(""))), [(Name::PermissionDenied, ERROR)]);
    assert_eq!(of_text(public, &format!("{}database: {{owner: master}}\n", master(""))), []);
    let roles = "CREATE ROLE x;";
    assert_eq!(named(&of_text(roles, &master(""))), [(Name::RoleNotCreatable, ERROR)]);
    assert_eq!(of_text(roles, &master(", createrole: true")), []);
    let subscription = "CREATE SUBSCRIPTION s CONNECTION '' PUBLICATION p WITH (connect = false);";
    assert_eq!(named(&of_text(subscription, &master(""))), [(Name::ReplicationRefused, ERROR)]);
    assert_eq!(of_text(subscription, &master(", member_of: [pg_create_subscription]")), []);
}

#[test]
fn nothing_is_handed_to_one_who_may_not_create_in_the_schema() {
    let master = |postgres: u16, more: &str| {
        format!(
            "postgres: {postgres}\nroles: [{{name: o}}, {{name: g}}, {{name: master, login: true, member_of: [o, g]}}]\n\
             restore: {{as: master}}\n{more}"
        )
    };
    let sql = "CREATE TABLE public.t (id integer);\nALTER TABLE public.t OWNER TO o;";
    let refused = [(Name::SchemaNotWritable, ERROR)];
    // Text from 17, which versions before it are warned of.
    let named_in = |sql: &str, yaml: &str| {
        let named = named(&of_text(sql, yaml)).into_iter();
        named.filter(|(name, _)| *name != Name::TargetOlder).collect::<Vec<_>>()
    };
    let database = |of: &str| format!("database: {{name: app, owner: master, {of}}}\n");
    let found = of_text(sql, &master(17, &database("")));
    assert_eq!(named(&found), refused);
    assert_eq!(found[0].finding.title, "role \"o\" may not own anything in schema \"public\", where it may not create");
    assert_eq!(found[0].finding.commands, ["GRANT CREATE ON SCHEMA \"public\" TO \"o\";"]);
    for (postgres, of) in
        [(13, ""), (17, "public: {create: [PUBLIC]}"), (17, "public: {create: [o]}"), (17, "public: {owner: o}")]
    {
        assert_eq!(named_in(sql, &master(postgres, &database(of))), [], "{postgres} {of}");
    }
    assert_eq!(of_text(sql, &master(17, "database: {name: app, owner: o}\n")), []);
    for (postgres, of) in [(13, "public: {create: [g]}"), (17, "public: {owner: g}")] {
        assert_eq!(named_in(sql, &master(postgres, &database(of))), refused, "{postgres} {of}");
    }
    // What the database holds before the restore may open it.
    let init = "init: [{sql: GRANT CREATE ON SCHEMA public TO o}]\n";
    assert_eq!(of_text(sql, &master(17, &format!("{}{init}", database("")))), []);
    let schema = "CREATE SCHEMA s;\nALTER SCHEMA s OWNER TO g;\nALTER TABLE s.t OWNER TO o;";
    assert_eq!(named_in(schema, &master(13, &database(""))), refused);
}

#[test]
fn an_encoding_that_may_not_hold_the_text_is_a_warning() {
    let named_in =
        |encoding: &str| named(&of_text("", &format!("postgres: 17\ncluster: {{encoding: {encoding}, locale: C}}\n")));
    assert_eq!(named_in("LATIN1"), [(Name::EncodingUnrepresentable, MAY)]);
    assert_eq!(named_in("SQL_ASCII"), [(Name::EncodingUnverified, MAY)]);
    assert_eq!(named_in("UTF8"), []);
    let ascii = of_text("SET client_encoding = 'SQL_ASCII';", "postgres: 17\n");
    // The first client_encoding counts.
    assert_eq!(ascii, []);
}

#[test]
fn a_locale_is_looked_at_where_the_dump_makes_its_database() {
    let sql = "CREATE DATABASE d WITH TEMPLATE = template0 ENCODING = 'UTF8' LOCALE = 'et_EE.UTF-8';\n\\connect d\n";
    assert_eq!(named(&of_text(sql, "postgres: 17\n")), [(Name::LocaleUnavailable, MAY)]);
    assert_eq!(of_text(sql, "postgres: 17\ncluster: {locales: [et_EE.UTF-8]}\n"), []);
    let differs = of_shop(&format!("postgres: 17\ncluster: {{locale: C}}\n{ROLES}"));
    assert_eq!(named(&differs), [(Name::LocaleDiffers, MAY)]);
}

#[test]
fn a_restore_of_a_part_needs_perhaps_less() {
    let found = of_shop("postgres: 17\nrestore: {options: [--schema=shop]}\n");
    assert_eq!(named(&found), [(Name::RoleMissing, MAY); 4]);
}

const SERVICE: &str = "postgres: 17\ncluster: {superuser: service_admin}\nroles: [{name: app, login: true}, {name: other}]\n\
                       database: {owner: app}\nrestore: {as: app}\n";

#[test]
fn nobody_is_to_become_a_member_of_a_superusers_role() {
    let sql = "ALTER TABLE a.t OWNER TO service_admin;\nALTER DEFAULT PRIVILEGES FOR ROLE service_admin GRANT ALL ON \
               TABLES TO app;";
    for expected in of_text(sql, SERVICE) {
        assert_eq!(expected.finding.commands, Vec::<String>::new(), "{:?}", expected.finding);
    }
    let foreseen = of_text("ALTER TABLE a.t OWNER TO service_admin;", SERVICE);
    let owner = foreseen.iter().find(|expected| expected.finding.name == Name::OwnerNotAssignable).unwrap();
    assert!(
        owner.finding.fix.contains("--no-owner") && owner.finding.fix.contains("OWNER TO"),
        "{}",
        owner.finding.fix
    );
    let foreseen = of_text("ALTER TABLE a.t OWNER TO other;", SERVICE);
    let owner = foreseen.iter().find(|expected| expected.finding.name == Name::OwnerNotAssignable).unwrap();
    assert_eq!(owner.finding.commands, ["GRANT \"other\" TO \"app\";"]);
}

#[test]
fn the_first_superusers_role_is_not_to_be_made_and_another_is() {
    let missing = of_text("ALTER TABLE a.t OWNER TO postgres;", SERVICE);
    assert_eq!(named(&missing), [(Name::RoleMissing, ERROR)]);
    assert_eq!(missing[0].finding.commands, Vec::<String>::new());
    assert!(missing[0].finding.fix.contains("administrator") && missing[0].finding.fix.contains("--no-owner"));
    let missing = of_text("ALTER TABLE a.t OWNER TO somebody;", SERVICE);
    assert_eq!(missing[0].finding.commands, ["CREATE ROLE \"somebody\";"]);
}

#[test]
fn options_that_a_target_has_already_are_not_advised() {
    let fix = |yaml: &str| of_shop(yaml)[0].finding.fix.clone();
    assert!(fix("postgres: 17\n").contains("--no-owner --no-privileges"));
    assert!(!fix("postgres: 17\nrestore: {options: [-O, --no-privileges]}\n").contains("--no-owner"));
}

#[test]
fn what_is_to_be_run_for_an_extension_can_be_run() {
    let commands = |name: &str, yaml: &str| {
        let foreseen = of_text(&format!("CREATE EXTENSION IF NOT EXISTS {name} WITH SCHEMA public;"), yaml);
        (foreseen[0].finding.commands.clone(), foreseen[0].finding.fix.clone())
    };
    let nothing = Vec::<String>::new();
    assert_eq!(commands("vector", "postgres: 17\n").0, ["image: pgvector/pgvector:pg17"]);
    let (none, fix) = commands("pg_stat_kcache", "postgres: 17\n");
    assert_eq!(none, nothing);
    assert!(fix.contains("postgresql-17-pg-stat-kcache"), "{fix}");
    let (none, fix) = commands("adminpack", "postgres: 17\n");
    assert_eq!(none, nothing);
    assert!(!fix.contains("package"), "nothing installs it: {fix}");
    let (none, fix) = commands("hstore", "postgres: 17\nextensions: {forbidden: [hstore]}\n");
    assert_eq!(none, nothing);
    assert!(!fix.contains("DROP"), "{fix}");
}

#[test]
fn a_list_of_entries_is_made_and_used_where_the_dump_is_an_archive() {
    let sql = "CREATE EVENT TRIGGER watch ON ddl_command_end EXECUTE FUNCTION a.f();";
    let foreseen = of_text(sql, SERVICE);
    let refused = foreseen.iter().find(|expected| expected.finding.name == Name::EventTriggerRefused).unwrap();
    assert_eq!(refused.finding.commands, Vec::<String>::new(), "pg_restore reads no script");
}

#[test]
fn statistics_that_a_server_does_not_take_are_a_warning() {
    let sql = "SELECT * FROM pg_catalog.pg_restore_relation_stats('version', '180006'::integer);";
    let foreseen = of_text(sql, "postgres: 13\n");
    let of = foreseen.iter().find(|expected| expected.finding.name == Name::FeatureMissing).unwrap();
    assert_eq!(
        (of.finding.severity, of.finding.commands.as_slice()),
        (MAY, &["pg_dump --no-statistics …".to_owned()][..])
    );
    let other = of_text("CREATE TABLE a.t (a integer, b integer GENERATED ALWAYS AS (a) VIRTUAL);", "postgres: 13\n");
    assert!(other.iter().any(|expected| expected.finding.severity == ERROR), "{:?}", named(&other));
}
