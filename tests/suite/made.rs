//! A profile says what the cluster is like, and the cluster is like that: read back by queries of the same rehearsal.

use pgrehearse::cluster::sql::identifier;

use crate::support::home::assert_every_check_looked;
use crate::support::yaml::{query, quoted};
use crate::support::{Home, bare, dump, with_statements};

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
#[ignore = "the whole product of majors: scripts/test --full"]
fn full_a_cluster_of_15_is_made_as_its_profile_says() {
    is_made_as_it_says(1);
}

#[test]
#[ignore = "the whole product of majors: scripts/test --full"]
fn full_a_cluster_of_17_is_made_as_its_profile_says() {
    is_made_as_it_says(2);
}

#[test]
fn a_cluster_of_18_is_made_as_its_profile_says() {
    is_made_as_it_says(3);
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
fn a_dump_that_creates_its_database_has_a_notice_of_what_does_not_apply() {
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
    let reported = "so this of the profile does not apply: database.schemas, extensions.installed";
    assert!(notices.iter().any(|notice| notice.ends_with(reported)), "{notices:?}\n{}", ran.json);
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
