//! Every built-in profile starts and is what it says, on every major at hand: what it says is asked of the server that it
//! made, by queries made from the profile, in the same run.

use std::path::{Path, PathBuf};

use pgrehearse::profile::{self, BUILTIN, Expect, LocaleProvider, Major, Query, Role, Target};

use crate::support::home::{assert_every_check_looked, findings};
use crate::support::{Home, Server, images};

/// What these say depends on the dump: they are tested where the words taken from it are.
const BY_THE_DUMP: [&str; 4] = ["next-major", "oldest", "same-as-source", "upgrade-gate"];

/// What an image of PostgreSQL alone cannot create without loading a library at the start.
const PRELOADED: &str = "pg_cron";

/// What a later version than 13 has: who may use which predefined role, and from which version on.
const LATER_ROLES: [(&str, &str, &str, u16); 7] = [
    ("rds-like", "postgres", "pg_write_all_data", 14),
    ("rds-like", "postgres", "pg_checkpoint", 15),
    ("rds-like", "postgres", "pg_create_subscription", 16),
    ("azure-flexible-like", "azureadmin", "pg_read_all_data", 14),
    ("azure-flexible-like", "azureadmin", "pg_create_subscription", 16),
    ("supabase-like", "postgres", "pg_read_all_data", 14),
    ("supabase-like", "postgres", "pg_create_subscription", 16),
];

/// Who may set session_replication_role without being a superuser, from 15 on.
const SETS_REPLICATION_ROLE: [&str; 2] = ["rds-like", "supabase-like"];

/// The built-in profiles whose cluster this major can be.
fn built_in(major: u16) -> Vec<Target> {
    let names = BUILTIN.iter().map(|(name, _)| *name).filter(|name| !BY_THE_DUMP.contains(name));
    let targets = names.map(|name| profile::load(&[name.to_owned()]).unwrap().remove(0));
    let starts = |target: &Target| {
        let since = match target.cluster.locale_provider {
            LocaleProvider::Libc => 0,
            LocaleProvider::Icu => 15,
            LocaleProvider::Builtin => 17,
        };
        // Only the official repository has images with another tag.
        major >= since && target.image_tag.is_none()
    };
    targets.filter(starts).collect()
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

/// Memberships in roles of the profile, and those in predefined ones that it names.
fn memberships(target: &Target, major: u16) -> Query {
    let mut rows = Vec::new();
    let mut predefined = Vec::new();
    for role in &target.roles {
        for of in &role.member_of {
            let mut row = row([&role.name, &of.role, yes(of.admin)]);
            if major >= 16 {
                row.push(yes(of.inherit.unwrap_or(role.inherit)).into());
                row.push(yes(of.set.unwrap_or(true)).into());
            }
            rows.push(row);
            if of.role.starts_with("pg_") {
                predefined.push(format!("{} in {}", role.name, of.role));
            }
        }
    }
    let options = if major >= 16 { ", m.inherit_option, m.set_option" } else { "" };
    let sql = format!(
        r"SELECT member.rolname, role.rolname, m.admin_option{options} FROM pg_auth_members AS m
          JOIN pg_roles AS member ON member.oid = m.member JOIN pg_roles AS role ON role.oid = m.roleid
          WHERE member.rolname NOT LIKE 'pg\_%' AND (role.rolname NOT LIKE 'pg\_%' OR
              member.rolname || ' in ' || role.rolname = ANY ({}))",
        array(predefined.iter().map(String::as_str))
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

fn database(target: &Target, major: u16) -> Query {
    let (cluster, database) = (&target.cluster, &target.database);
    let encoding = database.encoding.as_ref().unwrap_or(&cluster.encoding);
    let locale = database.locale.as_ref().unwrap_or(&cluster.locale);
    let owner = database.owner.as_ref().unwrap_or(&cluster.superuser);
    let provider = database.locale_provider.unwrap_or(cluster.locale_provider);
    // libc, which does not know PostgreSQL's own locales, gets C beside them.
    let libc = if provider == LocaleProvider::Builtin { "C" } else { locale };
    let mut expected = row([&database.name, owner, encoding, libc, libc]);
    let mut more = String::new();
    if major >= 15 {
        let (letter, own) = match provider {
            LocaleProvider::Libc => ("c", ""),
            LocaleProvider::Icu => {
                ("i", database.icu_locale.as_ref().or(cluster.icu_locale.as_ref()).unwrap().as_str())
            }
            LocaleProvider::Builtin => ("b", locale.as_str()),
        };
        expected.extend(row([letter, own]));
        let column = if major >= 17 { "datlocale" } else { "daticulocale" };
        more = format!(", datlocprovider, coalesce({column}, '')");
    }
    let sql = format!(
        "SELECT datname, pg_get_userbyid(datdba), pg_encoding_to_char(encoding), datcollate, datctype{more}
         FROM pg_database WHERE datname = current_database()"
    );
    ask("database", &sql, vec![expected])
}

/// Who owns the schema public, and who else may create in it.
fn public(target: &Target, major: u16) -> Query {
    let public = &target.database.public;
    // The master user owns it there, which from 15 on is the same as pg_database_owner.
    let by_init = (target.name == "rds-like" || target.name == "aurora-like").then_some("postgres");
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

fn schemas(target: &Target) -> Query {
    let superuser = &target.cluster.superuser;
    let rows =
        target.database.schemas.iter().map(|schema| row([&schema.name, schema.owner.as_ref().unwrap_or(superuser)]));
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
fn extensions(target: &Target, available: &[String]) -> Query {
    let extensions = &target.extensions;
    let mut rows = vec![row(["plpgsql", "pg_catalog"])];
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

/// What the profile's own SQL has given to the one who restores.
fn rights(target: &Target, major: u16) -> Option<Query> {
    let mut asked = Vec::new();
    for (_, role, group, since) in LATER_ROLES.iter().filter(|(name, ..)| *name == target.name) {
        if major >= *since {
            asked.push((format!("pg_has_role({}, {}, 'MEMBER')", literal(role), literal(group)), *group));
        }
    }
    if major >= 15 && SETS_REPLICATION_ROLE.contains(&target.name.as_str()) {
        let role = target.restore.as_role.as_ref().unwrap();
        let sql = format!("has_parameter_privilege({}, 'session_replication_role', 'SET')", literal(role));
        asked.push((sql, "session_replication_role"));
    }
    let selects: Vec<String> = asked.iter().map(|(sql, what)| format!("SELECT {}, {sql}", literal(what))).collect();
    let rows = asked.iter().map(|(_, what)| row([what, "t"])).collect();
    (!selects.is_empty()).then(|| ask("rights", &selects.join(" UNION ALL "), rows))
}

/// Writes a target as a profile of the tests' images, and where.
fn written(home: &Home, mut target: Target) -> PathBuf {
    target.image_repository = Some(images::REPOSITORY.to_owned());
    home.file(&format!("profiles/{}.yaml", target.name), serde_yaml::to_string(&target).unwrap())
}

/// Restores a dump into targets, each of which asks its server for all that it says.
fn assert_each_is_what_it_says(home: &Home, dump: &Path, targets: &[Target], major: u16, available: &[String]) {
    let mut files = Vec::new();
    for mut target in targets.iter().cloned() {
        target.postgres = Some(Major(major));
        let mut queries = vec![
            roles(&target),
            memberships(&target, major),
            settings(&target),
            server_settings(&target),
            database(&target, major),
            public(&target, major),
            schemas(&target),
            tablespaces(&target),
            extensions(&target, available),
        ];
        queries.extend(rights(&target, major));
        target.checks.queries = queries;
        files.push(written(home, target));
    }
    let files: Vec<&Path> = files.iter().map(PathBuf::as_path).collect();
    let ran = home.finish(home.command(dump, &files).args(["--show-data"]));
    assert_eq!(ran.report().targets.len(), targets.len());
    let mut otherwise = Vec::new();
    for target in &ran.report().targets {
        assert!(target.restore.is_some(), "{} of {major}: {:?}", target.target, target.untested);
        let failed = findings(target, "query-failed");
        otherwise.extend(failed.iter().map(|finding| (&target.target, &finding.title, &finding.evidence)));
        assert_every_check_looked(target);
        assert!(findings(target, "unclassified-error").is_empty(), "{} of {major}: {}", target.target, ran.json);
    }
    assert!(otherwise.is_empty(), "PostgreSQL {major}: {otherwise:#?}");
}

fn every_built_in_is_what_it_says(major: u16) {
    let home = Home::new();
    let server = Server::start(major);
    server.sql("postgres", "CREATE TABLE public.people AS SELECT 1 AS id");
    let small = server.dump("postgres", home.path("small.dump"));
    let list =
        format!("SELECT name FROM pg_available_extensions WHERE name NOT IN ('{PRELOADED}', 'plpgsql') ORDER BY name");
    let available: Vec<String> = server.sql("postgres", &list).lines().map(str::to_owned).collect();
    assert!(available.len() > 30, "{available:?}");
    let create = available.iter().map(|name| format!("CREATE EXTENSION IF NOT EXISTS \"{name}\" CASCADE;\n"));
    server.sql("postgres", &create.collect::<String>());
    let every_extension = server.dump("postgres", home.path("extensions.dump"));

    // A superuser creates every extension, of which other tests tell.
    let (services, plain): (Vec<Target>, Vec<Target>) =
        built_in(major).into_iter().partition(|target| target.extensions.allowed.is_some());
    assert!(services.len() >= 6 && plain.len() >= 5, "{major}: {} and {}", services.len(), plain.len());
    assert_each_is_what_it_says(&home, &every_extension, &services, major, &available);
    assert_each_is_what_it_says(&home, &small, &plain, major, &[]);
}

#[test]
fn every_built_in_profile_starts_and_is_what_it_says_on_13() {
    every_built_in_is_what_it_says(13);
}

#[test]
fn every_built_in_profile_starts_and_is_what_it_says_on_15() {
    every_built_in_is_what_it_says(15);
}

#[test]
fn every_built_in_profile_starts_and_is_what_it_says_on_17() {
    every_built_in_is_what_it_says(17);
}

#[test]
fn every_built_in_profile_starts_and_is_what_it_says_on_18() {
    every_built_in_is_what_it_says(18);
}
