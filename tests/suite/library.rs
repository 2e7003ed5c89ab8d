//! Every built-in profile starts and is what it says, on every major at hand: what it says is asked of the server that it
//! made, by queries made from the profile, in the same run.

use std::path::{Path, PathBuf};

use pgrehearse::postgres::Major;
use pgrehearse::profile::{self, BUILTIN, Expect, LocaleProvider, Query, Role, Target};

use crate::support::home::{assert_every_check_looked, findings};
use crate::support::{Home, Ran, Server, images, shared};

/// What these say depends on the dump: they are tested where the words taken from it are.
const BY_THE_DUMP: [&str; 4] = ["next-major", "oldest", "same-as-source", "upgrade-gate"];

/// What an image of PostgreSQL alone cannot create without loading a library at the start.
const PRELOADED: &str = "pg_cron";

/// Memberships in predefined roles that a later version than 13 has, which the profiles' own SQL makes: of which profile, who,
/// in what, with ADMIN OPTION or not, and from which version on.
const BY_INIT: [(&str, &str, &str, bool, u16); 15] = [
    ("rds-like", "rds_superuser", "pg_read_all_data", true, 14),
    ("rds-like", "rds_superuser", "pg_write_all_data", true, 14),
    ("rds-like", "rds_superuser", "pg_checkpoint", true, 15),
    ("rds-like", "rds_superuser", "pg_create_subscription", true, 16),
    ("rds-like", "rds_superuser", "pg_use_reserved_connections", true, 16),
    ("rds-like", "rds_superuser", "pg_maintain", true, 17),
    ("azure-flexible-like", "azure_pg_admin", "pg_read_all_data", true, 14),
    ("azure-flexible-like", "azure_pg_admin", "pg_checkpoint", true, 15),
    ("azure-flexible-like", "azure_pg_admin", "pg_create_subscription", true, 16),
    ("azure-flexible-like", "replication", "pg_use_reserved_connections", false, 16),
    ("cloud-sql-like", "cloudsqlsuperuser", "pg_create_subscription", false, 16),
    ("supabase-like", "postgres", "pg_read_all_data", true, 14),
    ("supabase-like", "supabase_etl_admin", "pg_read_all_data", false, 14),
    ("supabase-like", "supabase_read_only_user", "pg_read_all_data", false, 14),
    ("supabase-like", "postgres", "pg_create_subscription", true, 16),
];

/// Who may set session_replication_role without being a superuser, from 15 on.
const SETS_REPLICATION_ROLE: [&str; 2] = ["rds-like", "supabase-like"];

/// The built-in profiles whose cluster this major can be.
fn built_in(major: u16) -> Vec<Target> {
    let names = BUILTIN.iter().map(|(name, _)| *name).filter(|name| !BY_THE_DUMP.contains(name));
    // alpine's own image is nowhere at hand: all that it says but the image is asked of the image that is.
    let targets = names.map(|name| Target { image_tag: None, ..profile::load(&[name.to_owned()]).unwrap().remove(0) });
    let starts = |target: &Target| {
        let since = match target.cluster.locale_provider {
            LocaleProvider::Libc => 0,
            LocaleProvider::Icu => 15,
            LocaleProvider::Builtin => 17,
        };
        major >= since
    };
    targets.filter(starts).collect()
}

/// The profile whose own SQL a target runs.
fn like(target: &Target) -> &str {
    if target.name == "aurora-like" { "rds-like" } else { &target.name }
}

/// A text as an SQL literal.
fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

fn array<'a>(texts: impl IntoIterator<Item = &'a str>) -> String {
    let texts: Vec<String> = texts.into_iter().map(literal).collect();
    format!("ARRAY[{}]::text[]", texts.join(", "))
}

fn ask(name: &str, sql: &str, rows: Vec<Vec<String>>) -> Query {
    let rows = rows.into_iter().map(|row| row.into_iter().map(Some).collect()).collect();
    Query {
        name: name.to_owned(),
        sql: sql.to_owned(),
        database: None,
        expect: Expect::Rows(rows),
        timeout: Query::default_timeout(),
        as_role: None,
        severity: Default::default(),
    }
}

fn row<const N: usize>(values: [&str; N]) -> Vec<String> {
    values.map(str::to_owned).into()
}

fn yes(is: bool) -> &'static str {
    if is { "t" } else { "f" }
}

fn roles(target: &Target) -> Query {
    let superuser = Role {
        name: target.cluster.superuser.clone(),
        login: true,
        superuser: true,
        createdb: true,
        createrole: true,
        replication: true,
        bypassrls: true,
        inherit: true,
        ..Role::default()
    };
    let rows = target.roles.iter().chain([&superuser]).map(|role| {
        let limit = role.connection_limit.map_or("-1".to_owned(), |limit| limit.to_string());
        let attributes = [
            role.superuser,
            role.createdb,
            role.createrole,
            role.login,
            role.replication,
            role.bypassrls,
            role.inherit,
        ];
        let mut row = vec![role.name.clone(), limit];
        row.extend(attributes.map(|is| yes(is).to_owned()));
        row
    });
    ask(
        "roles",
        r"SELECT rolname, rolconnlimit, rolsuper, rolcreatedb, rolcreaterole, rolcanlogin, rolreplication, rolbypassrls,
              rolinherit FROM pg_roles WHERE rolname NOT LIKE 'pg\_%'",
        rows.collect(),
    )
}

/// Every membership but those of PostgreSQL's own roles in each other.
fn memberships(target: &Target, major: u16) -> Query {
    let mut rows = Vec::new();
    let mut expect = |member: &str, of: &str, admin: bool, inherit: bool, set: bool| {
        let mut row = row([member, of, yes(admin)]);
        if major >= 16 {
            row.extend([yes(inherit).to_owned(), yes(set).to_owned()]);
        }
        rows.push(row);
    };
    for role in &target.roles {
        for of in &role.member_of {
            expect(&role.name, &of.role, of.admin, of.inherit.unwrap_or(role.inherit), of.set.unwrap_or(true));
        }
    }
    for (_, member, of, admin, since) in BY_INIT.iter().filter(|(name, ..)| *name == like(target)) {
        if major >= *since {
            expect(member, of, *admin, true, true);
        }
    }
    let options = if major >= 16 { ", m.inherit_option, m.set_option" } else { "" };
    let sql = format!(
        r"SELECT member.rolname, role.rolname, m.admin_option{options} FROM pg_auth_members AS m
          JOIN pg_roles AS member ON member.oid = m.member JOIN pg_roles AS role ON role.oid = m.roleid
          WHERE member.rolname NOT LIKE 'pg\_%'"
    );
    ask("memberships", &sql, rows)
}

/// What sessions begin with, of roles and of the database.
fn settings(target: &Target) -> Query {
    let of_roles = target.roles.iter().flat_map(|role| {
        role.settings.iter().map(|(name, value)| row([&role.name, "", &format!("{name}={}", value.0)]))
    });
    let database = &target.database;
    let of_database =
        database.settings.iter().map(|(name, value)| row(["", &database.name, &format!("{name}={}", value.0)]));
    ask(
        "settings",
        "SELECT coalesce(r.rolname, ''), coalesce(d.datname, ''), unnest(s.setconfig) FROM pg_db_role_setting AS s
         LEFT JOIN pg_roles AS r ON r.oid = s.setrole LEFT JOIN pg_database AS d ON d.oid = s.setdatabase",
        of_roles.chain(of_database).collect(),
    )
}

fn server_settings(target: &Target) -> Query {
    let cluster = &target.cluster;
    let mut rows = vec![row(["shared_preload_libraries", &cluster.shared_preload_libraries.join(", ")])];
    rows.push(row(["TimeZone", cluster.time_zone.as_deref().unwrap_or("UTC")]));
    rows.extend(cluster.settings.iter().map(|(name, value)| row([name, &value.0])));
    let names = rows.iter().map(|row| row[0].as_str());
    let sql = format!("SELECT name, current_setting(name) FROM pg_settings WHERE name = ANY ({})", array(names));
    ask("server", &sql, rows)
}

/// What the cluster's databases are like, of which template0 is one, and the one that is restored into.
fn databases(target: &Target, major: u16) -> Query {
    let (cluster, database) = (&target.cluster, &target.database);
    let icu = |of_database: &Option<String>| of_database.clone().or_else(|| cluster.icu_locale.clone());
    let cluster_row = database_row(
        ["template0", &cluster.superuser, &cluster.encoding, &cluster.locale],
        cluster.locale_provider,
        icu(&None),
        major,
    );
    let own_row = database_row(
        [
            &database.name,
            database.owner.as_ref().unwrap_or(&cluster.superuser),
            database.encoding.as_ref().unwrap_or(&cluster.encoding),
            database.locale.as_ref().unwrap_or(&cluster.locale),
        ],
        database.locale_provider.unwrap_or(cluster.locale_provider),
        icu(&database.icu_locale),
        major,
    );
    let locale = match major {
        17.. => ", datlocprovider, coalesce(datlocale, '')",
        15.. => ", datlocprovider, coalesce(daticulocale, '')",
        _ => "",
    };
    let sql = format!(
        "SELECT datname, pg_get_userbyid(datdba), pg_encoding_to_char(encoding), datcollate, datctype,
             datconnlimit, datallowconn, spcname{locale}
         FROM pg_database JOIN pg_tablespace AS s ON s.oid = dattablespace
         WHERE datname IN ('template0', current_database())"
    );
    ask("databases", &sql, vec![cluster_row, own_row])
}

fn database_row(
    [name, owner, encoding, locale]: [&str; 4],
    provider: LocaleProvider,
    icu: Option<String>,
    major: u16,
) -> Vec<String> {
    // libc, which does not know PostgreSQL's own locales, gets C beside them.
    let libc = if provider == LocaleProvider::Builtin { "C" } else { locale };
    let mut row = row([name, owner, encoding, libc, libc, "-1", yes(name != "template0"), "pg_default"]);
    if major >= 15 {
        let (letter, own) = match provider {
            LocaleProvider::Libc => ("c", String::new()),
            LocaleProvider::Icu => ("i", icu.unwrap()),
            LocaleProvider::Builtin => ("b", locale.to_owned()),
        };
        row.extend([letter.to_owned(), own]);
    }
    row
}

/// Who owns the schema public, and who else may create in it.
fn public(target: &Target, major: u16) -> Query {
    let public = &target.database.public;
    // The master user owns it there, which from 15 on is the same as pg_database_owner.
    let by_init = (like(target) == "rds-like").then_some("postgres");
    let before_15 = by_init.unwrap_or(&target.cluster.superuser);
    let owner = public.owner.as_deref().unwrap_or(if major >= 15 { "pg_database_owner" } else { before_15 });
    let everybody = if major >= 15 { Vec::new() } else { vec!["PUBLIC".to_owned()] };
    let mut rows = vec![row(["owner", owner])];
    rows.extend(public.create.clone().unwrap_or(everybody).iter().map(|who| row(["creates", who])));
    ask(
        "public",
        "SELECT 'owner', pg_get_userbyid(nspowner)::text FROM pg_namespace WHERE nspname = 'public'
         UNION ALL SELECT 'creates', CASE grantee WHEN 0 THEN 'PUBLIC' ELSE pg_get_userbyid(grantee)::text END
         FROM pg_namespace, aclexplode(coalesce(nspacl, acldefault('n', nspowner)))
         WHERE nspname = 'public' AND privilege_type = 'CREATE' AND grantee <> nspowner",
        rows,
    )
}

/// With those that the dump brings.
fn schemas(target: &Target, brought: &[&str]) -> Query {
    let superuser = &target.cluster.superuser;
    let made =
        target.database.schemas.iter().map(|schema| row([&schema.name, schema.owner.as_ref().unwrap_or(superuser)]));
    let rows = made.chain(brought.iter().map(|name| row([name, superuser])));
    ask(
        "schemas",
        r"SELECT nspname, pg_get_userbyid(nspowner) FROM pg_namespace
          WHERE nspname NOT LIKE 'pg\_%' AND nspname NOT IN ('public', 'information_schema')",
        rows.collect(),
    )
}

fn tablespaces(target: &Target) -> Query {
    let superuser = &target.cluster.superuser;
    let rows = target.tablespaces.iter().map(|space| row([&space.name, space.owner.as_ref().unwrap_or(superuser)]));
    ask(
        "tablespaces",
        r"SELECT spcname, pg_get_userbyid(spcowner) FROM pg_tablespace WHERE spcname NOT LIKE 'pg\_%'",
        rows.collect(),
    )
}

/// What was made in advance is there, in its schema, and of all that the image has and the dump creates what the restoring
/// role may create came back and nothing else.
fn extensions(target: &Target, available: &[String], brought: &[[&str; 2]]) -> Query {
    let extensions = &target.extensions;
    let mut rows = vec![row(["plpgsql", "pg_catalog"])];
    rows.extend(brought.iter().copied().map(row));
    for installed in &extensions.installed {
        rows.push(row([&installed.name, installed.schema.as_deref().unwrap_or("public")]));
    }
    for name in available {
        let may = extensions.allowed.as_ref().is_none_or(|allowed| allowed.contains(name));
        let is_there = extensions.installed.iter().any(|installed| installed.name == *name);
        if may && !is_there && !extensions.forbidden.contains(name) {
            rows.push(row([name, "public"]));
        }
    }
    ask(
        "extensions",
        "SELECT extname, CASE WHEN extname = 'adminpack' THEN 'public' ELSE nspname END
         FROM pg_extension JOIN pg_namespace AS n ON n.oid = extnamespace",
        rows,
    )
}

/// Whether the one who restores may set session_replication_role, and that he is no superuser where the profile says so.
fn rights(target: &Target, major: u16) -> Query {
    let who = target.restore.as_role.as_ref().unwrap_or(&target.cluster.superuser);
    let may_set = if major < 15 {
        "rolsuper".to_owned()
    } else {
        format!("has_parameter_privilege({}, 'session_replication_role', 'SET')", literal(who))
    };
    let is_super = target.restores_as_superuser();
    let may = is_super || major >= 15 && SETS_REPLICATION_ROLE.contains(&like(target));
    let sql = format!("SELECT rolsuper, {may_set} FROM pg_roles WHERE rolname = {}", literal(who));
    ask("rights", &sql, vec![row([yes(is_super), yes(may)])])
}

/// Writes a target as a profile of the tests' images, and where.
fn written(home: &Home, mut target: Target) -> PathBuf {
    target.image_repository = Some(images::REPOSITORY.to_owned());
    home.file(&format!("profiles/{}.yaml", target.name), serde_yaml::to_string(&target).unwrap())
}

/// What the dump brings into every target: schemas, and extensions with theirs; and those that may be created of what it creates.
#[derive(Default)]
struct Brought<'a> {
    schemas: &'a [&'a str],
    extensions: &'a [[&'a str; 2]],
    available: &'a [String],
}

/// Restores a dump into targets, each of which asks its server for all that it says, and into others.
fn restored(home: &Home, dump: &Path, targets: &[Target], major: u16, brought: &Brought, others: &[PathBuf]) -> Ran {
    let mut files = others.to_vec();
    for mut target in targets.iter().cloned() {
        target.postgres = Some(Major(major));
        let queries = vec![
            roles(&target),
            memberships(&target, major),
            settings(&target),
            server_settings(&target),
            databases(&target, major),
            public(&target, major),
            schemas(&target, brought.schemas),
            tablespaces(&target),
            extensions(&target, brought.available, brought.extensions),
            rights(&target, major),
        ];
        target.checks.queries = queries;
        files.push(written(home, target));
    }
    let files: Vec<&Path> = files.iter().map(PathBuf::as_path).collect();
    home.finish(home.command(dump, &files).args(["--show-data"]))
}

/// Those that are no service's and differ most: locales and names as the official image has them, a superuser of another name,
/// another encoding. Other tests make clusters and databases of other providers of locales.
pub const TELLING: [&str; 3] = ["docker-default", "laptop-linux", "latin1"];

/// One dump with what every service leaves in it, restored into every built-in profile that is no service, or into the telling
/// ones, and into these as they are, of which other tests tell.
pub fn everywhere(major: u16, all: bool, others: &[&str]) -> Ran {
    let which = if all { "all" } else { "telling" };
    shared::run(&format!("library-everywhere-{major}-{which}"), |home| {
        let server = Server::start(major);
        server.sql("postgres", super::services::FROM_EVERYWHERE);
        let dump = server.dump("postgres", home.path("everywhere.dump"));
        let brought = Brought {
            schemas: &["heroku_ext", "_heroku"],
            extensions: &[["pgcrypto", "heroku_ext"]],
            ..Brought::default()
        };
        let others: Vec<PathBuf> = others.iter().map(|name| home.profile(profile::builtin(name).unwrap())).collect();
        restored(home, &dump, &plain(major, all), major, &brought, &others)
    })
}

/// Of every target that this is about.
fn assert_each_is_what_it_says(ran: &Ran, targets: &[Target], major: u16) {
    let mut otherwise = Vec::new();
    for target in targets.iter().map(|target| ran.target(&target.name)) {
        let restore = target.restore.as_ref().unwrap_or_else(|| panic!("{}: {:?}", target.target, target.untested));
        let who = targets.iter().find(|said| said.name == target.target).and_then(|said| said.restore.as_role.clone());
        if let Some(who) = who {
            assert!(restore.command.contains(&format!(" --username={who} ")), "{}: {}", target.target, restore.command);
        }
        let failed = findings(target, "query-failed");
        otherwise.extend(failed.iter().map(|finding| (&target.target, &finding.title, &finding.evidence)));
        assert_every_check_looked(target);
        assert!(findings(target, "unclassified-error").is_empty(), "{} of {major}: {}", target.target, ran.json);
    }
    assert!(otherwise.is_empty(), "PostgreSQL {major}: {otherwise:#?}");
}

/// The built-in profiles that imitate a service, in which not everybody creates every extension.
fn services(major: u16) -> Vec<Target> {
    built_in(major).into_iter().filter(|target| target.extensions.allowed.is_some()).collect()
}

/// The others, in which a superuser does.
fn plain(major: u16, all: bool) -> Vec<Target> {
    let mut targets = built_in(major);
    targets.retain(|target| target.extensions.allowed.is_none());
    assert_eq!(targets.len(), 7 + of_other_providers(major), "{major}");
    targets.retain(|target| all || TELLING.contains(&target.name.as_str()));
    targets
}

/// Those of services, which a dump with every extension that there is goes through.
fn every_service_is_what_it_says(major: u16) {
    let home = Home::new();
    let server = Server::start(major);
    server.sql("postgres", "CREATE TABLE public.people AS SELECT 1 AS id");
    let list =
        format!("SELECT name FROM pg_available_extensions WHERE name NOT IN ('{PRELOADED}', 'plpgsql') ORDER BY name");
    let available: Vec<String> = server.sql("postgres", &list).lines().map(str::to_owned).collect();
    assert!(available.len() > 30, "{available:?}");
    let create = available.iter().map(|name| format!("CREATE EXTENSION IF NOT EXISTS \"{name}\" CASCADE;\n"));
    server.sql("postgres", &create.collect::<String>());
    let every_extension = server.dump("postgres", home.path("extensions.dump"));

    let services = services(major);
    assert_eq!(services.len(), 5 + of_other_providers(major), "{major}");
    let brought = Brought { available: &available, ..Brought::default() };
    let ran = restored(&home, &every_extension, &services, major, &brought, &[]);
    assert_each_is_what_it_says(&ran, &services, major);
}

/// Of the services one is of ICU and one of PostgreSQL's own locales, and of the others one each as well.
fn of_other_providers(major: u16) -> usize {
    usize::from(major >= 15) + usize::from(major >= 17)
}

/// Those that are no service's.
fn every_other_is_what_it_says(major: u16) {
    let others: &[&str] = if major == 17 { &super::services::AS_THEY_ARE } else { &[] };
    assert_each_is_what_it_says(&everywhere(major, true, others), &plain(major, true), major);
}

#[test]
fn built_in_profiles_that_are_no_services_start_and_are_what_they_say() {
    let telling = plain(17, false);
    assert_eq!(telling.len(), TELLING.len());
    assert_each_is_what_it_says(&everywhere(17, false, &super::services::TELLING), &telling, 17);
}

#[test]
#[ignore = "the whole product of majors: scripts/test --full"]
fn full_every_service_starts_and_is_what_it_says_on_17() {
    every_service_is_what_it_says(17);
}

#[test]
#[ignore = "every profile: scripts/test --full"]
fn full_every_built_in_profile_that_is_no_services_starts_and_is_what_it_says_on_17() {
    every_other_is_what_it_says(17);
}

#[test]
#[ignore = "the whole product of majors: scripts/test --full"]
fn full_every_built_in_profile_starts_and_is_what_it_says_on_13() {
    every_service_is_what_it_says(13);
    every_other_is_what_it_says(13);
}

#[test]
#[ignore = "the whole product of majors: scripts/test --full"]
fn full_every_built_in_profile_starts_and_is_what_it_says_on_15() {
    every_service_is_what_it_says(15);
    every_other_is_what_it_says(15);
}

#[test]
#[ignore = "the whole product of majors: scripts/test --full"]
fn full_every_built_in_profile_starts_and_is_what_it_says_on_18() {
    every_service_is_what_it_says(18);
    every_other_is_what_it_says(18);
}
