//! A profile says what the cluster is like, and the cluster is like that: read back by queries of the same rehearsal.

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use pgrehearse::cluster::sql::identifier;

use crate::support::home::{assert_every_check_looked, findings};
use crate::support::{Home, bare, docker, dump, with_statements};

/// Text as a quoted scalar of YAML.
fn quoted(text: &str) -> String {
    serde_json::to_string(text).unwrap()
}

/// A query of a profile: SQL, what must come back, and further keys.
fn query(sql: &str, expect: &str, more: &str) -> String {
    format!("    - {{name: {}, sql: {}, expect: {expect}{more}}}\n", quoted(sql), quoted(sql))
}

/// What one major's target says beside what all say.
struct Made {
    major: u16,
    dump: &'static str,
    cluster: &'static str,
    database: &'static str,
    /// The encoding, the provider's letter (`c` before 15), LC_COLLATE of the database.
    is: [&'static str; 3],
    public: &'static str,
    /// Who owns `public`, and whether `app`, `other` may create in it.
    public_is: &'static str,
    checksums: bool,
}

const MADE: [Made; 4] = [
    Made {
        major: 13,
        dump: "small.dump",
        cluster: "locale: C",
        database: "locale: C.UTF-8",
        is: ["UTF8", "c", "C.UTF-8"],
        public: "{owner: app, create: []}",
        public_is: "[[app, true, false]]",
        checksums: true,
    },
    Made {
        major: 15,
        dump: "small.dump",
        cluster: "locale_provider: icu, icu_locale: de-DE",
        database: "locale_provider: libc",
        is: ["UTF8", "c", "C.UTF-8"],
        public: "{create: [PUBLIC]}",
        public_is: "[[pg_database_owner, true, true]]",
        checksums: true,
    },
    Made {
        major: 17,
        dump: "small.sql",
        cluster: "locale: C",
        database: "locale_provider: builtin, locale: C.UTF-8, template: template0",
        is: ["UTF8", "b", "C"],
        public: "{create: [other]}",
        public_is: "[[pg_database_owner, true, true]]",
        checksums: false,
    },
    Made {
        major: 18,
        dump: "small.sql",
        cluster: "locale_provider: builtin, locale: PG_UNICODE_FAST",
        database: "encoding: UTF8, locale_provider: icu, icu_locale: sv-SE, locale: C.UTF-8",
        is: ["UTF8", "i", "C.UTF-8"],
        public: "{owner: other}",
        public_is: "[[other, false, true]]",
        checksums: false,
    },
];

/// A name that would be something else in SQL, a shell or a connection string where it is not taken as a name.
const HOSTILE: &str = r#"a"b'; DROP ROLE app; -- $(id) é\ dbname=x"#;

impl Made {
    fn profile(&self) -> String {
        let Made { major, cluster, database, public, checksums, .. } = self;
        let hostile = quoted(HOSTILE);
        // The options are known from 16 on.
        let options = if *major >= 16 { ", inherit: false, set: false" } else { "" };
        let mut yaml = format!(
            r#"name: made-{major}
postgres: {major}
image_tag: "{{postgres}}"
pull: never
cluster:
  {{{cluster}, checksums: {checksums}, wal_segment_size: 32MiB, shared_preload_libraries: [pg_stat_statements, auto_explain],
   time_zone: Asia/Kathmandu, settings: {{work_mem: 5MB}}}}
roles:
  - {{name: other}}
  - {{name: {hostile}}}
  - name: app
    login: true
    createdb: true
    connection_limit: 5
    settings: {{search_path: '"$user", Extensions', work_mem: 7MB}}
    member_of: [pg_monitor, {{role: other, admin: true{options}}}, {hostile}]
tablespaces: [fast, {{name: {hostile}, owner: app}}]
database:
  name: app
  owner: {hostile}
  {database}
  settings: {{work_mem: 6MB, "app.mode": "it's"}}
  schemas: [extensions, {{name: {hostile}, owner: app}}]
  public: {public}
extensions:
  installed: [pg_stat_statements, {{name: dblink, schema: extensions}}, {{name: pgcrypto, schema: {hostile}, version: 1.3}}]
  forbidden: [file_fdw]
  trusted: [earthdistance]
init:
  - {{sql: "CREATE TABLE made (by text, in_tablespace int) TABLESPACE fast; INSERT INTO made VALUES (current_user, 1)"}}
  - {{sql: {own}, as: app}}
  - {{sql: "COMMENT ON DATABASE postgres IS 'said by init'", database: postgres}}
checks:
  queries:
"#,
            own = quoted(&format!("CREATE TABLE {}.made AS SELECT current_user::text AS by", identifier(HOSTILE))),
        ); // Keys of the database stand one on a line.
        yaml = yaml.replace(database, &database.replace(", ", "\n  "));
        for query in self.queries() {
            yaml.push_str(&query);
        }
        yaml
    }

    fn queries(&self) -> Vec<String> {
        let hostile = quoted(HOSTILE);
        let [encoding, provider, collate] = self.is;
        let provider_column = if self.major >= 15 { "datlocprovider::text" } else { "'c'" };
        let members = match self.major {
            16.. => format!(
                "[[{hostile}, false, true, true], [other, true, false, false], [pg_monitor, false, true, true]]"
            ),
            _ => {
                format!("[[{hostile}, false, null, null], [other, true, null, null], [pg_monitor, false, null, null]]")
            }
        };
        let options = if self.major >= 16 { "inherit_option, set_option" } else { "NULL, NULL" };
        let shows = if self.checksums { "on" } else { "off" };
        vec![
            query(
                "SELECT rolcanlogin, rolsuper, rolcreatedb, rolinherit, rolconnlimit FROM pg_roles WHERE rolname = 'app'",
                "[[true, false, true, true, 5]]",
                "",
            ),
            query(
                "SELECT unnest(setconfig) FROM pg_db_role_setting WHERE setrole = 'app'::regrole",
                r#"['search_path="$user", extensions', work_mem=7MB]"#,
                "",
            ),
            query("SHOW work_mem", "7MB", ", as: app"),
            query("SELECT current_setting('work_mem')", "6MB", ""),
            query("SHOW app.mode", "it's", ""),
            query(
                &format!(
                    "SELECT roleid::regrole::text = quote_ident('{0}'), 1 FROM pg_auth_members WHERE member = 'app'::regrole \
                     AND roleid::regrole::text = quote_ident('{0}')",
                    HOSTILE.replace('\'', "''")
                ),
                "[[true, 1]]",
                "",
            ),
            query(
                &format!(
                    "SELECT rolname, admin_option, {options} FROM pg_auth_members JOIN pg_roles r ON r.oid = roleid \
                     WHERE member = 'app'::regrole"
                ),
                &members,
                "",
            ),
            query(
                "SELECT spcname, pg_get_userbyid(spcowner) FROM pg_tablespace WHERE spcname !~ '^pg_'",
                &format!("[[fast, postgres], [{hostile}, app]]"),
                "",
            ),
            query(
                &format!(
                    "SELECT pg_encoding_to_char(encoding), {provider_column}, datcollate, pg_get_userbyid(datdba) \
                     FROM pg_database WHERE datname = current_database()"
                ),
                &format!("[[{encoding}, {provider}, {collate}, {hostile}]]"),
                "",
            ),
            query(
                "SELECT nspname, pg_get_userbyid(nspowner) FROM pg_namespace WHERE nspname !~ '^pg_|^information_schema$|^public$'",
                &format!("[[extensions, postgres], [{hostile}, app]]"),
                "",
            ),
            query(
                "SELECT pg_get_userbyid(nspowner), has_schema_privilege('app', oid, 'CREATE'), \
                 has_schema_privilege('other', oid, 'CREATE') FROM pg_namespace WHERE nspname = 'public'",
                self.public_is,
                "",
            ),
            query(
                "SELECT extname, extnamespace::regnamespace::text = quote_ident(nspname), nspname FROM pg_extension e \
                 JOIN pg_namespace n ON n.oid = extnamespace WHERE extname <> 'plpgsql'",
                &format!(
                    "[[pg_stat_statements, true, public], [dblink, true, extensions], [pgcrypto, true, {hostile}]]"
                ),
                "",
            ),
            query(
                "SELECT current_setting('data_checksums'), current_setting('wal_segment_size'), \
                 current_setting('TimeZone'), current_setting('shared_preload_libraries')",
                &format!("[[{shows}, 32MB, Asia/Kathmandu, 'pg_stat_statements, auto_explain']]"),
                "",
            ),
            query("SELECT count(*) FROM pg_stat_statements", "\">= 1\"", ""),
            query("SELECT by, in_tablespace FROM public.made", "[[postgres, 1]]", ""),
            query(&format!("SELECT by FROM {}.made", identifier(HOSTILE)), "app", ""),
            query(
                "SELECT t.spcname FROM pg_class c JOIN pg_tablespace t ON t.oid = reltablespace WHERE relname = 'made'",
                "fast",
                "",
            ),
            query(
                "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = 'postgres'",
                "said by init",
                "",
            ),
        ]
    }
}

fn is_made_as_it_says(index: usize) {
    let made = &MADE[index];
    let home = Home::new();
    let ran = home.run(&dump(made.major, made.dump), &[&made.profile()]);
    ran.expect(0);
    assert_every_check_looked(ran.only());
    assert_eq!(ran.names(), [""; 0], "what the profile itself has made is no finding:\n{}", ran.json);
}

#[test]
fn a_cluster_of_13_is_made_as_its_profile_says() {
    is_made_as_it_says(0);
}

#[test]
fn a_cluster_of_15_is_made_as_its_profile_says() {
    is_made_as_it_says(1);
}

#[test]
fn a_cluster_of_17_is_made_as_its_profile_says() {
    is_made_as_it_says(2);
}

#[test]
fn a_cluster_of_18_is_made_as_its_profile_says() {
    is_made_as_it_says(3);
}

const MASTER: &str = "roles: [{name: master, login: true}]\ndatabase: {owner: master}\nrestore: {as: master}\n";

/// A plain dump that creates these extensions and nothing else.
fn creating(home: &Home, extensions: &[&str]) -> std::path::PathBuf {
    let statements: String = extensions
        .iter()
        .map(|extension| format!("CREATE EXTENSION IF NOT EXISTS {extension} WITH SCHEMA public;\n"))
        .collect();
    let text = with_statements(&dump(13, "small.sql"), &statements);
    home.file("creating.sql", text.replace("OWNER TO postgres", "OWNER TO master"))
}

#[test]
fn who_is_no_superuser_creates_what_the_service_allows_and_nothing_else() {
    let home = Home::new();
    let dump = creating(&home, &["dblink", "pageinspect", "cube", "earthdistance"]);
    let service = |name: &str, extensions: &str| format!("{}{MASTER}extensions: {extensions}\n", bare(name, 17));
    let ran = home.run(
        &dump,
        &[
            &service("allowed", "{allowed: [dblink, pageinspect, cube, earthdistance]}"),
            &service("trusted", "{trusted: [dblink, pageinspect, earthdistance]}"),
            &service("in-advance", "{installed: [pageinspect], allowed: [dblink, cube, earthdistance]}"),
            &service("plain", "{}"),
            &service("forbidden", "{trusted: [dblink, pageinspect, earthdistance], forbidden: [cube]}"),
            &service("other", "{allowed: [dblink, pageinspect, cube]}"),
        ],
    );
    ran.expect(1);
    for name in ["allowed", "trusted", "in-advance"] {
        let target = ran.target(name);
        assert_eq!(target.findings().count(), 0, "{name}: {}", ran.json);
        assert_every_check_looked(target);
    }
    let refused = |name: &str| -> Vec<(String, String)> {
        let found = findings(ran.target(name), "extension-not-allowed");
        assert_eq!(found.len(), ran.target(name).findings().count(), "{name}: {}", ran.json);
        found.iter().map(|finding| (finding.title.clone(), finding.evidence.join("\n"))).collect()
    };
    let plain: Vec<String> = refused("plain").into_iter().map(|(title, _)| title).collect();
    assert_eq!(
        plain,
        ["dblink", "earthdistance", "pageinspect"]
            .map(|extension| format!("extension {extension:?} may not be created here by \"master\""))
    );
    let forbidden = refused("forbidden");
    assert_eq!(forbidden.len(), 1, "{forbidden:?}");
    assert_eq!(forbidden[0].0, "extension \"cube\" is forbidden in this target");
    assert!(
        forbidden[0].1.contains("permission denied to create extension \"cube\""),
        "the server's own words: {forbidden:?}"
    );
    let other = refused("other");
    assert_eq!(other.len(), 1, "{other:?}");
    assert_eq!(other[0].0, "extension \"earthdistance\" is not among those that this target allows");
    assert!(other[0].1.contains("extension \"earthdistance\" is not available"), "the server's own words: {other:?}");
}

#[test]
fn a_superuser_does_not_find_what_is_forbidden_or_not_listed() {
    let home = Home::new();
    let dump = creating(&home, &["dblink", "pageinspect"]);
    let roles = "roles: [{name: master}]\n";
    let ran = home.run(
        &dump,
        &[
            &format!("{}{roles}extensions: {{forbidden: [dblink]}}\n", bare("forbidden", 13)),
            &format!("{}{roles}extensions: {{allowed: [pageinspect]}}\n", bare("listed", 18)),
        ],
    );
    ran.expect(1);
    for (name, title) in [
        ("forbidden", "extension \"dblink\" is forbidden in this target"),
        ("listed", "extension \"dblink\" is not among those that this target allows"),
    ] {
        let found: Vec<_> = ran.target(name).findings().collect();
        assert_eq!(found.len(), 1, "{name}: {}", ran.json);
        assert_eq!((found[0].name.as_str(), found[0].title.as_str()), ("extension-not-allowed", title));
    }
}

#[test]
fn what_the_server_refuses_of_a_profile_is_untested_with_its_words() {
    let home = Home::new();
    let cases = [
        (
            "init",
            "init: [{sql: SELECT 1}, {sql: SELECT * FROM gone, as: app}]",
            "init[1] of profile init cannot be run in \
          database \"app\" as \"app\": relation \"gone\" does not exist (42P01)",
        ),
        (
            "extension",
            "extensions: {installed: [no_such]}",
            "cannot install extension \"no_such\" of profile extension: \
          extension \"no_such\" is not available (0A000)",
        ),
        (
            "role-setting",
            "roles: [{name: b, settings: {no_such: 1}}]",
            "cannot set no_such of role \"b\" of profile \
          role-setting: unrecognized configuration parameter \"no_such\" (42704)",
        ),
        (
            "time-zone",
            "cluster: {time_zone: Mars/Olympus}",
            "invalid value for parameter \"TimeZone\": \"Mars/Olympus\"",
        ),
        ("library", "cluster: {shared_preload_libraries: [no_such]}", "could not access file \"no_such\""),
    ];
    let profiles: Vec<String> = cases
        .iter()
        .map(|(name, yaml, _)| {
            let roles = if yaml.starts_with("roles") { "" } else { "roles: [{name: app}]\n" };
            format!("{}{roles}{yaml}\n", bare(name, 17))
        })
        .collect();
    let profiles: Vec<&str> = profiles.iter().map(String::as_str).collect();
    let ran = home.run(&dump(17, "small.dump"), &profiles);
    ran.expect(3);
    for (name, _, words) in cases {
        let untested = ran.target(name).untested.join("\n");
        assert!(untested.contains(words), "{name}: {untested}");
    }
}

#[test]
fn a_dump_that_makes_its_database_is_told_what_does_not_apply() {
    let home = Home::new();
    let where_it_ran = "SELECT shobj_description('by_init'::regrole, 'pg_authid'), current_setting('data_checksums'), \
                        current_setting('wal_segment_size')";
    let profile = format!(
        "{}database: {{name: small, schemas: [mine]}}\nextensions: {{installed: [dblink]}}\n\
         cluster: {{checksums: false, wal_segment_size: 1MiB}}\ninit: [{{sql: CREATE ROLE by_init}}, {{file: before.sql}}]\nrestore: {{options: [--create]}}\n\
         checks: {{queries: [{{name: where, sql: \"{where_it_ran}\", expect: [[postgres, \"off\", 1MB]]}}]}}\n",
        bare("own", 18)
    );
    let comment = "DO $$ BEGIN EXECUTE format('COMMENT ON ROLE by_init IS %L', current_database()); END $$;\n";
    home.file("profiles/before.sql", format!("\u{feff}{comment}"));
    let ran = home.run(&dump(17, "small.dump"), &[&profile]);
    let notices = &ran.only().notices;
    ran.expect(0);
    let told = "so this of the profile does not apply: database.schemas, extensions.installed";
    assert!(notices.iter().any(|notice| notice.ends_with(told)), "{notices:?}\n{}", ran.json);
}

#[test]
fn an_image_is_pulled_as_the_profile_says() {
    let home = Home::new();
    // Nothing listens there: whoever tries to pull says so.
    let nowhere = "image: localhost:1/pgrehearse/postgres:17\n";
    let here = "pgrehearse-test/postgres:17";
    let ran = home.run(
        &dump(17, "small.dump"),
        &[
            &format!("name: never\n{nowhere}pull: never\n"),
            &format!("name: missing\n{nowhere}"),
            &format!("name: always\nimage: localhost:1/{here}\npull: always\n"),
            "name: tag\npostgres: 17\npull: never\nimage_tag: \"{postgres}-none\"\n",
        ],
    );
    ran.expect(3);
    let untested = |name: &str| ran.target(name).untested.join("\n");
    assert!(
        untested("never").contains("the profile says `pull: never`; load it or pull it yourself"),
        "{}",
        untested("never")
    );
    assert!(untested("tag").contains("image pgrehearse-test/postgres:17-none is not here"), "{}", untested("tag"));
    for name in ["missing", "always"] {
        assert!(untested(name).contains("localhost:1"), "{name}: {}", untested(name));
    }
    // An installed PostgreSQL is no way out.
    let tag = home.profile("name: auto\npostgres: 15\npull: never\nimage_tag: \"{postgres}-none\"\n");
    let report = format!("json={}", home.path("report.json").display());
    let small = dump(15, "small.dump");
    let ran = home.finish(
        home.program().arg("run").arg(small).arg("-p").arg(tag).args(["--engine", "auto", "--report", &report]),
    );
    ran.expect(3);
    assert!(ran.only().untested.join("\n").contains("the profile says `pull: never`"), "{}", ran.json);
    // What is here is no way out where the profile wants it pulled.
    docker::output(&["tag", here, &format!("localhost:1/{here}")]);
    let ran = home.run(&dump(17, "small.dump"), &[&format!("name: always\nimage: localhost:1/{here}\npull: always\n")]);
    docker::output(&["rmi", "--no-prune", &format!("localhost:1/{here}")]);
    ran.expect(3);
    let told = ran.only().untested.join("\n");
    assert!(told.contains("cannot be pulled, as the profile's `pull: always` wants"), "{told}");
}

/// Makes roles and tables of its own in a temporary server when it is first started, as the official entrypoint and those
/// made after it do, and takes its time.
const ENTRYPOINT: &str = r#"#!/bin/bash
set -e
PATH="/usr/lib/postgresql/17/bin:$PATH"
if [ "$(id -u)" = 0 ]; then
    mkdir -p "$PGDATA" /var/run/postgresql
    chown -R postgres "$PGDATA" /var/run/postgresql
    exec setpriv --reuid=postgres --regid=postgres --init-groups "$0" "$@"
fi
# One that does not listen.
case "$*" in *work_mem=7MB*) POSTGRES_INITDB_ARGS= ;; esac
eval 'initdb --username="$POSTGRES_USER" '"$POSTGRES_INITDB_ARGS"
pg_ctl -o "$(printf '%q ' "${@:2}") -c listen_addresses= -p 5432" -w start
psql -v ON_ERROR_STOP=1 -U "$POSTGRES_USER" -d "$POSTGRES_DB" <<'SQL'
CREATE ROLE of_the_image LOGIN;
CREATE SCHEMA of_the_image AUTHORIZATION of_the_image;
CREATE TABLE of_the_image.facts AS SELECT 'by the entrypoint' AS made;
CREATE EXTENSION pgcrypto SCHEMA of_the_image;
GRANT CREATE ON SCHEMA public TO of_the_image;
SELECT pg_sleep(2);
SQL
pg_ctl -m fast -w stop
exec "$@"
"#;

/// An image with that entrypoint; removed with the value.
struct OwnImage(String);

impl OwnImage {
    fn build(home: &Home) -> Self {
        let script = home.file("entrypoint.sh", ENTRYPOINT);
        std::fs::set_permissions(&script, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
        let container = docker::output(&["create", "pgrehearse-test/postgres:17", "true"]);
        docker::output(&["cp", "--quiet", &script.display().to_string(), &format!("{container}:/entrypoint.sh")]);
        let name = format!("pgrehearse-test/own-entrypoint:{}", std::process::id());
        let changes = [
            "USER root",
            "ENV PGDATA=/var/lib/postgresql/data",
            "ENV POSTGRES_INITDB_ARGS=\"--encoding=UTF8 --locale=C\"",
            "ENTRYPOINT [\"/entrypoint.sh\"]",
            "CMD [\"postgres\"]",
        ];
        let mut commit = vec!["commit"];
        commit.extend(changes.iter().flat_map(|change| ["--change", change]));
        commit.extend([container.as_str(), name.as_str()]);
        docker::output(&commit);
        docker::output(&["rm", &container]);
        Self(name)
    }
}

impl Drop for OwnImage {
    fn drop(&mut self) {
        docker::succeeds(&["rmi", &self.0]);
    }
}

#[test]
fn an_image_that_makes_roles_of_its_own_is_started_by_its_entrypoint() {
    let home = Home::new();
    let image = OwnImage::build(&home);
    let of_image = |name: &str, rest: &str| {
        format!("name: {name}\nimage: {}\npostgres: 17\nentrypoint: image\npull: never\n{rest}", image.0)
    };
    let mut own = of_image(
        "own",
        "cluster: {superuser: admin, checksums: true, settings: {work_mem: 5MB}}\n\
         roles: [{name: postgres}, {name: of_the_image, login: true, createdb: true}]\n\
         tablespaces: [fast]\n\
         database: {name: postgres}\n\
         extensions: {forbidden: [dblink], trusted: [pageinspect]}\n\
         init:\n  - {sql: CREATE TABLE public.spaced (id int) TABLESPACE fast}\n\
         checks:\n  queries:\n",
    );
    let status = |word: &str| format!(r"SELECT substring(pg_read_file('/proc/self/status') from '{word}:\s*(\w+)')");
    for query in [
        query("SELECT made FROM of_the_image.facts", "by the entrypoint", ""),
        query("SELECT rolcreatedb FROM pg_roles WHERE rolname = 'of_the_image'", "true", ""),
        query("SELECT current_setting('data_checksums'), current_setting('work_mem')", "[[\"on\", 5MB]]", ""),
        query(
            "SELECT pg_get_userbyid(datdba), datcollate FROM pg_database WHERE datname = 'postgres'",
            "[[admin, C]]",
            "",
        ),
        query("SELECT count(*) FROM pg_available_extensions WHERE name = 'dblink'", "0", ""),
        query("SELECT spcname FROM pg_tablespace WHERE spcname = 'fast'", "not empty", ""),
        // What runs a dump's code has no capability and can gain none.
        query(&status("CapPrm"), "\"= '0000000000000000'\"", ""),
        query(&status("NoNewPrivs"), "1", ""),
    ] {
        own.push_str(&query);
    }
    let ran = home.run(
        &dump(17, "small.sql"),
        &[
            &own,
            &of_image(
                "another",
                "cluster: {superuser: admin, encoding: LATIN1, locale: C}\nroles: [{name: postgres}]\n",
            ),
        ],
    );
    ran.expect(0);
    assert_eq!(ran.target("own").findings().count(), 0, "{}", ran.json);
    assert_every_check_looked(ran.target("own"));

    // An entrypoint that ends before there is a server says why; an image without one is none.
    let ran = home.run(
        &dump(17, "small.dump"),
        &[
            &of_image("deaf", "cluster: {checksums: true, wal_segment_size: 32MiB, settings: {work_mem: 7MB}}\n"),
            &of_image("broken", "cluster: {settings: {no_such_setting: 1}}\n"),
            "name: none\npostgres: 17\nentrypoint: image\n",
        ],
    );
    ran.expect(3);
    let untested = |name: &str| ran.target(name).untested.join("\n");
    let deaf = "the image's entrypoint has not made the cluster as profile deaf says: checksums are off, the WAL segment \
                size is 16MiB";
    assert_eq!(untested("deaf"), deaf);
    assert!(
        untested("broken").contains("unrecognized configuration parameter \"no_such_setting\""),
        "{}",
        untested("broken")
    );
    assert!(
        untested("none").contains("the profile says `entrypoint: image`, and the image has none"),
        "{}",
        untested("none")
    );

    // Ctrl-C is not kept waiting by an entrypoint that takes its time.
    let profile = home.profile(&of_image("slow", ""));
    let child = home.start(&mut home.command(&dump(17, "small.dump"), &[&profile]));
    docker::wait_for("the entrypoint", std::time::Duration::from_secs(60), || {
        let id = docker::containers(&home.path("state/id").exists().then(|| home.label())?).into_iter().next()?;
        docker::output(&["logs", &id]).contains("ok").then_some(())
    });
    kill(Pid::from_raw(i32::try_from(child.id()).unwrap()), Signal::SIGINT).unwrap();
    let ran = home.wait(child);
    ran.expect(130);
    home.assert_nothing_left();
}

#[test]
fn tables_that_the_profile_has_made_prove_nothing_of_the_dump() {
    let home = Home::new();
    let emptied = home.file("emptied.sql", with_statements(&dump(17, "small.sql"), "TRUNCATE public.people;"));
    let init = "CREATE TABLE own (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, word text); \
                INSERT INTO own (word) VALUES ('a row'); \
                CREATE FUNCTION no() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''never''; END'; \
                CREATE TRIGGER no BEFORE INSERT ON own FOR EACH ROW EXECUTE FUNCTION no()";
    let ran = home.run(&emptied, &[&format!("{}init: [{{sql: {}}}]\n", bare("own", 17), quoted(init))]);
    ran.expect(1);
    assert!(ran.finding("nothing-restored").title.starts_with("the only user table"), "{}", ran.json);
    for about_the_own in ["not-writable", "object-extra"] {
        assert!(!ran.names().contains(&about_the_own), "{}", ran.json);
    }
}
