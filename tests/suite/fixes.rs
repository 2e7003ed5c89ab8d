//! Fixes as files: each is used as its users would use it, on a real server, and the finding is gone.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use pgdump_reader::{self as dump, Facts};

use crate::support::home::Ran;
use crate::support::several::{databases, fails, of_database};
use crate::support::{Home, SHOP_ROLES, Server, bare, docker, dump, matching, shared, with_statements};

/// A database's name that a shell, psql and libpq would all like to take for something else.
const HOSTILE_DATABASE: &str = "it's \"a\" $(touch /tmp/owned) db; -- =x";

impl Home {
    /// Rehearses with `--write-fixes`, and gives the folder that they go to.
    fn fixes(&self, dump: &Path, profiles: &[&str]) -> (Ran, PathBuf) {
        let into = self.path("fixes");
        let _ = fs::remove_dir_all(&into);
        let ran = self.run_with(dump, profiles, &["--write-fixes", into.to_str().unwrap()]);
        (ran, into)
    }

    /// Rehearses with a profile that was written.
    fn again(&self, dump: &Path, profile: &Path) -> Ran {
        self.finish(&mut self.command(dump, &[profile]))
    }
}

fn files(folder: &Path) -> BTreeSet<String> {
    fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

fn set(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

fn read(path: PathBuf) -> String {
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Runs `restore.sh` on a server, to which the dump and the files are taken; what it says.
fn run_restore(server: &Server, dump: &Path, folder: &Path) -> String {
    server.put(dump);
    server.put(folder);
    assert!(Command::new("bash").arg("-n").arg(folder.join("restore.sh")).status().unwrap().success());
    server.shell(&format!("'{}/restore.sh'", folder.display()))
}

/// What an archive says of access and sequences, to be compared with what another says of the same database.
fn access(archive: &Path) -> [BTreeSet<String>; 5] {
    let opened = dump::open(archive).unwrap();
    let archive = opened.archive().unwrap();
    let Facts { owners, policies, row_security, grants, sequences, .. } = Facts::of_archive(archive);
    let shown = |list: Vec<String>| list.into_iter().collect::<BTreeSet<String>>();
    [
        shown(owners.iter().map(|one| format!("{one:?}")).collect()),
        shown(policies.iter().map(|one| format!("{one:?}")).collect()),
        shown(row_security.iter().map(|one| format!("{one:?}")).collect()),
        shown(grants.iter().map(|one| format!("{one:?}")).collect()),
        shown(sequences.iter().map(|one| format!("{one:?}")).collect()),
    ]
}

// Roles

#[test]
fn with_the_roles_that_were_written_the_shop_comes_back_as_it_was() {
    let home = Home::new();
    let dump = dump(17, "shop.dump");
    let (ran, fixes) = home.fixes(&dump, &[&bare("empty", 17)]);
    ran.expect(1);
    let folder = fixes.join("empty");
    assert_eq!(files(&folder), set(&["after.sql", "profile.yaml", "restore.sh", "roles.sql"]));
    assert_eq!(ran.finding("policy-lost").fix_files, ["after.sql"]);
    for missing in ran.only().findings().filter(|finding| finding.name.as_str() == "role-missing") {
        assert_eq!(missing.fix_files, ["roles.sql", "profile.yaml"]);
    }
    assert!(ran.stdout.contains(&format!("fixes for empty are in {}:", folder.display())), "{}", ran.stdout);

    // The profile: every role is there, and nothing is found.
    let again = home.again(&dump, &folder.join("profile.yaml"));
    again.expect(0);
    assert_eq!(again.names(), Vec::<&str>::new(), "{}", again.json);

    // The files, in order, on a server that has what an earlier try had made before it failed.
    let server = Server::start(17);
    server.put(&folder);
    server.shell(&format!("psql -X -v ON_ERROR_STOP=1 -f '{}/roles.sql'", folder.display()));
    server.sql("postgres", "CREATE DATABASE app");
    let said = run_restore(&server, &dump, &folder);
    assert!(!said.contains("had errors") && !said.contains("ERROR"), "{said}");
    let restored = server.dump("app", home.path("restored.dump"));
    assert_eq!(access(&restored), access(&dump));
    // Once more, and no row is there twice.
    let again = server.shell_as("postgres", &format!("'{}/restore.sh'", folder.display()));
    assert!(!again.status.success() && String::from_utf8_lossy(&again.stderr).contains("empty one"), "{again:?}");
    assert_eq!(access(&server.dump("app", home.path("again.dump"))), access(&dump));
}

#[test]
fn a_role_that_nobody_should_make_is_named_by_no_file_and_the_restore_goes_without_owners() {
    let home = Home::new();
    let dump = dump(17, "small.dump");
    let profile = "name: laptop\npostgres: 17\ncluster: {encoding: UTF8, locale: C, superuser: dev}\n\
                   database: {name: app, owner: dev}\nrestore: {as: dev}\n";
    let (ran, fixes) = home.fixes(&dump, &[profile]);
    ran.expect(1);
    let folder = fixes.join("laptop");
    assert_eq!(ran.finding("role-missing").fix_files, ["profile.yaml"]);
    let script = read(folder.join("restore.sh"));
    assert!(script.contains("--no-owner --no-privileges --role=dev"), "{script}");
    assert!(!files(&folder).contains("roles.sql"));

    let again = home.again(&dump, &folder.join("profile.yaml"));
    assert!(!again.names().contains(&"role-missing"), "{}", again.json);

    // A server without the role, whose superuser is another one.
    let server = Server::start(17);
    server.sql("postgres", "CREATE ROLE dev SUPERUSER LOGIN");
    server.shell("psql -X -U dev -d postgres -c 'ALTER ROLE postgres RENAME TO first'");
    let said = run_restore(&server, &dump, &folder);
    assert!(!said.contains("had errors") && !said.contains("ERROR"), "{said}");
    let owners = "SELECT DISTINCT relowner::regrole FROM pg_class WHERE relnamespace = 'public'::regnamespace";
    let owners = server.shell(&format!("psql -X -U dev -d app -Atc \"{owners}\""));
    assert_eq!(owners.trim(), "dev");

    // What the options have left out is not given to the role either.
    let (_, second) = home.fixes(&dump, &[&read(folder.join("profile.yaml"))]);
    let second = second.join("laptop");
    assert!(
        !second.exists()
            || !files(&second).contains("after.sql")
            || !read(second.join("after.sql")).contains("postgres")
    );
}

#[test]
fn an_archive_that_makes_its_database_in_a_locale_that_is_missing_goes_into_one_of_its_own_name() {
    let home = Home::new();
    let server = Server::start(17);
    let made = server.shell_as("root", "localedef --no-archive -i de_DE -f UTF-8 de_DE.UTF-8");
    assert!(made.status.success(), "{made:?}");
    server.sql("postgres", "CREATE DATABASE elsewhere TEMPLATE template0 LOCALE 'de_DE.UTF-8'");
    server.sql("elsewhere", "CREATE TABLE public.a AS SELECT 1 AS n");
    let archive = server.dump("elsewhere", home.path("elsewhere.dump"));
    let profile = format!("{}restore: {{options: [--create]}}\n", bare("plain", 17));
    let (ran, fixes) = home.fixes(&archive, &[&profile]);
    ran.expect(1);
    ran.finding("locale-unavailable");
    let target = Server::start(17);
    run_restore(&target, &archive, &fixes.join("plain"));
    assert_eq!(target.sql("elsewhere", "SELECT n FROM public.a"), "1");
}

#[test]
fn what_options_have_left_out_is_given_back_after_the_restore_in_a_database_of_any_name() {
    let home = Home::new();
    let dump = dump(17, "shop.dump");
    let quoted = HOSTILE_DATABASE.replace('\'', "''");
    let profile = matching("twin", 17).replace("name: shop, owner", &format!("name: '{quoted}', owner"));
    let profile = format!("{profile}restore: {{options: [--no-owner, --no-privileges]}}\n");
    let (ran, fixes) = home.fixes(&dump, &[&profile]);
    ran.expect(1);
    let folder = fixes.join("twin");
    assert_eq!(files(&folder), set(&["after.sql", "restore.sh"]), "{}", ran.json);

    let server = Server::start(17);
    for role in ["shop_owner", "shop_app", "shop_report", "shop_billing", "Bücher \"\"und\"\" книги; --"] {
        server.sql("postgres", &format!("CREATE ROLE \"{role}\""));
    }
    let said = run_restore(&server, &dump, &folder);
    assert!(!said.contains("had errors"), "{said}");
    assert!(!server.shell("ls /tmp").contains("owned"), "a name was run as a command");
    let restored = server.dump(HOSTILE_DATABASE, home.path("restored.dump"));
    let (restored, dumped) = (access(&restored), access(&dump));
    assert_eq!(restored[0], dumped[0], "owners");
    assert_eq!(restored[3], dumped[3], "privileges");
}

#[test]
fn a_role_of_pg_dumpall_gets_what_the_dump_says_of_it() {
    let home = Home::new();
    // Who restores may make no roles: all that the script says of them fails.
    let text = "--\n-- PostgreSQL database cluster dump\n--\n\\connect postgres\nCREATE ROLE \"gro\"\"up\";\nALTER ROLE \"gro\"\"up\" WITH NOSUPERUSER INHERIT \
        NOCREATEROLE NOCREATEDB NOLOGIN NOREPLICATION NOBYPASSRLS;\nCREATE ROLE app;\nALTER ROLE app WITH NOSUPERUSER INHERIT \
        NOCREATEROLE CREATEDB LOGIN NOREPLICATION NOBYPASSRLS PASSWORD 'SCRAM-SHA-256$secret';\nALTER ROLE app SET search_path TO \
        'a', 'it''s';\nGRANT \"gro\"\"up\" TO app;\n--\n-- PostgreSQL database cluster dump complete\n--\n";
    let script = home.file("all.sql", text.replace("CREATE ROLE", "-- CREATE ROLE"));
    let (ran, fixes) = home.fixes(&script, &[&bare("plain", 17)]);
    ran.expect(1);
    let folder = fixes.join("plain");
    let roles = read(folder.join("roles.sql"));
    assert!(!roles.contains("secret"), "a password's digest stands in it:\n{roles}");

    let server = Server::start(17);
    server.put(&folder);
    server.shell(&format!("psql -X -v ON_ERROR_STOP=1 -f '{}/roles.sql'", folder.display()));
    let app = "SELECT rolcanlogin, rolcreatedb, rolconfig FROM pg_roles WHERE rolname = 'app'";
    assert_eq!(server.sql("postgres", app), "t|t|{\"search_path=a, \\\"it's\\\"\"}");
    let member = "SELECT roleid::regrole, member::regrole FROM pg_auth_members WHERE member = 'app'::regrole";
    assert_eq!(server.sql("postgres", member), "\"gro\"\"up\"|app");

    let profile = read(folder.join("profile.yaml"));
    assert!(profile.contains("login: true") && profile.contains("createdb: true"), "{profile}");
}

#[test]
fn what_stood_in_the_target_before_the_restore_keeps_its_owner() {
    let home = Home::new();
    let statements = "CREATE SCHEMA auth;\nALTER SCHEMA auth OWNER TO other;\nCREATE TABLE auth.users (id integer);\n\
                      ALTER TABLE auth.users OWNER TO other;\nALTER TABLE auth.users ENABLE ROW LEVEL SECURITY;\n\
                      CREATE TABLE public.own (id integer);\nALTER TABLE public.own OWNER TO other;";
    let script = home.file("platform.sql", with_statements(&dump(17, "small.sql"), statements));
    let init =
        "CREATE SCHEMA auth; CREATE TABLE auth.users (id integer); ALTER TABLE auth.users ENABLE ROW LEVEL SECURITY";
    let managed = MANAGED.replace("roles:", "roles:\n  - {name: other}");
    let (ran, fixes) = home.fixes(&script, &[&format!("{}{managed}init: [{{sql: {init}}}]\n", bare("managed", 17))]);
    ran.expect(1);
    let after = read(fixes.join("managed/after.sql"));
    assert!(after.contains("ALTER TABLE public.own OWNER TO \"other\";"), "{after}");
    assert!(!after.contains("auth"), "{after}");
}

// Sequences

#[test]
fn with_the_setvals_that_were_written_no_sequence_is_behind() {
    setvals_mend(&[18]);
}

#[test]
#[ignore = "the whole product of majors: scripts/test --full"]
fn full_with_the_setvals_that_were_written_no_sequence_is_behind_in_the_oldest_major() {
    setvals_mend(&[13]);
}

fn setvals_mend(majors: &[u16]) {
    let home = Home::new();
    for &major in majors {
        let (ran, fixes) = home.fixes(&dump(major, "behind.sql"), &[&bare("plain", major)]);
        ran.expect(0);
        assert_eq!(ran.names(), ["sequence-behind"]);
        let folder = fixes.join("plain");
        assert_eq!(files(&folder), set(&["after.sql", "restore.sh"]));
        let setval = read(folder.join("after.sql"));
        let mended = home.file("mended.sql", with_statements(&dump(major, "behind.sql"), &setval));
        let again = home.run(&mended, &[&bare("plain", major)]);
        again.expect(0);
        assert_eq!(again.names(), Vec::<&str>::new(), "PostgreSQL {major}");
    }
}

const NOISY: &str = "DO $$ BEGIN RAISE NOTICE 'psql:x:1: ERROR:  42P01: y'; RAISE WARNING 'z'; END $$;";
const QUIET: &str = "DO $$ BEGIN RAISE EXCEPTION 'x:7: WARNING:  00000: y'; END $$;";
const FAILING: &str = "SELECT 1 / 0;";

#[test]
fn restore_sh_fails_where_anything_of_it_failed() {
    restore_sh_fails(&[(NOISY, false, false), (FAILING, true, true), (QUIET, false, true)]);
}

#[test]
#[ignore = "every form: scripts/test --full"]
fn full_restore_sh_fails_where_anything_of_it_failed_in_every_form() {
    let all =
        [NOISY, FAILING, QUIET].map(|statement| [false, true].map(|packed| (statement, packed, statement != NOISY)));
    restore_sh_fails(&all.concat());
}

/// With a statement more in the dump, which may be compressed, and where that is to fail.
fn restore_sh_fails(dumps: &[(&str, bool, bool)]) {
    let home = Home::new();
    let server = Server::start(17);
    for (nth, &(statement, packed, fails)) in dumps.iter().enumerate() {
        let text = with_statements(&dump(17, "behind.sql"), statement);
        let dump = if packed {
            home.file("dump.sql.gz", crate::formats::gzip(text.as_bytes()))
        } else {
            home.file("dump.sql", text)
        };
        let profile = format!("{}database: app_{nth}\n", bare("plain", 17));
        let (ran, fixes) = home.fixes(&dump, &[&profile]);
        assert!(ran.names().contains(&"sequence-behind"), "{}", ran.json);
        let folder = fixes.join("plain");
        server.put(&dump);
        server.put(&folder);
        let done = server.shell_as("postgres", &format!("'{}/restore.sh'", folder.display()));
        assert_eq!(done.status.success(), !fails, "{done:?}");
        let said = String::from_utf8_lossy(&done.stderr);
        assert_eq!(said.contains("the restore had errors"), fails, "{said}");
        // What comes after the restore was done all the same.
        let expected = "SELECT last_value = 5 FROM public.by_serial_id_seq";
        assert_eq!(server.sql(&format!("app_{nth}"), expected), "t");
    }
}

// Encoding and locale

#[test]
fn the_profile_that_was_written_makes_room_for_the_dumps_text() {
    let home = Home::new();
    let profile = format!("{}cluster: {{encoding: LATIN1, locale: C}}\n", bare("narrow", 13));
    let dump = dump(13, "three.dump");
    let (ran, fixes) = home.fixes(&dump, &[&profile]);
    ran.expect(1);
    assert!(ran.finding("encoding-unrepresentable").fix_files.contains(&"profile.yaml".to_owned()));
    let again = home.again(&dump, &fixes.join("narrow/profile.yaml"));
    again.expect(0);
    assert_eq!(again.names(), Vec::<&str>::new(), "{}", again.json);
}

#[test]
fn the_profile_that_was_written_has_the_dumps_locale() {
    let home = Home::new();
    let profile = format!("{}cluster: {{locale: C}}\n", matching("plain", 17));
    let dump = dump(17, "shop.dump");
    let (ran, fixes) = home.fixes(&dump, &[&profile]);
    assert_eq!(ran.finding("locale-differs").fix_files, ["profile.yaml"]);
    let written = read(fixes.join("plain/profile.yaml"));
    assert!(!written.contains("superuser: false"), "what every role has stands in it:\n{written}");
    let again = home.again(&dump, &fixes.join("plain/profile.yaml"));
    again.expect(0);
    assert_eq!(again.names(), Vec::<&str>::new(), "{}", again.json);
}

#[test]
fn the_profile_that_was_written_has_what_the_target_was_not_allowed_or_did_not_have() {
    let home = Home::new();
    let old_client = format!("{}restore: {{client: 13}}\n", bare("client", 17));
    let no_locale = format!("{SHOP_ROLES}database: {{name: shop}}\n");
    let shop = dump(17, "shop-create.sql");
    let german = home.file("german.sql", fs::read_to_string(&shop).unwrap().replace("'C.UTF-8'", "'de_DE.UTF-8'"));
    let nowhere = format!("{}{SHOP_ROLES}", bare("disks", 17));
    let create = "CREATE EXTENSION pgcrypto WITH SCHEMA public;";
    let crypt = home.file("crypt.sql", with_statements(&dump(17, "small.sql"), create));
    let strict = format!(
        "{}roles: [{{name: master, login: true}}]\ndatabase: {{owner: master}}\nextensions: {{allowed: []}}\n\
         restore: {{as: master}}\n",
        bare("strict", 17)
    );
    for (dump, profile, finding, added, also) in [
        (dump(17, "small.dump"), old_client, "client-too-old", "client: 17", vec![]),
        (german, format!("{}{no_locale}", bare("locale", 17)), "locale-unavailable", "de_DE.UTF-8", vec![]),
        (dump(17, "needs.dump"), nowhere, "tablespace-missing", "--no-tablespaces", vec![]),
        (crypt, strict, "extension-not-allowed", "pgcrypto", vec!["owner-not-assignable", "ownership-changed"]),
    ] {
        let (ran, fixes) = home.fixes(&dump, &[&profile]);
        ran.expect(1);
        assert!(ran.finding(finding).fix_files.contains(&"profile.yaml".to_owned()), "{finding}: {}", ran.json);
        let written = fixes.join(&ran.only().target).join("profile.yaml");
        assert!(read(written.clone()).contains(added), "{finding}:\n{}", read(written));
        let again = home.again(&dump, &written);
        assert!(!again.names().contains(&finding), "{finding}: {}", again.json);
        let left: Vec<&str> = again.names().into_iter().filter(|name| !also.contains(name)).collect();
        assert_eq!(left, Vec::<&str>::new(), "{finding}: {}", again.json);
    }
}

#[test]
fn a_run_that_is_interrupted_writes_what_it_knows() {
    let home = Home::new();
    let slow =
        format!("{}checks: {{queries: [{{name: slow, sql: SELECT pg_sleep(50), expect: 1}}]}}\n", bare("slow", 17));
    let (quick, slow) = (home.profile(&bare("quick", 17)), home.profile(&slow));
    let into = home.path("fixes");
    let mut command = home.command(&dump(17, "shop.dump"), &[&quick, &slow]);
    command.args(["--jobs", "1", "--write-fixes"]).arg(&into);
    let child = home.start(&mut command);
    // The first target's container goes, hence a look at all of them.
    let asked = "SELECT count(*) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND query LIKE '%pg_sleep(50)%'";
    docker::wait_for("the slow query", Duration::from_secs(60), || {
        let containers = if home.path("state/id").exists() { docker::containers(&home.label()) } else { Vec::new() };
        let psql = ["psql", "-X", "-h", "/pgrehearse/socket", "-U", "postgres", "-Atc", asked];
        let asks = |id: &String| Command::new("docker").args(["exec", id]).args(psql).output().unwrap();
        containers.iter().map(asks).any(|said| said.status.success() && said.stdout != b"0\n").then_some(())
    });
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
    home.wait(child).expect(130);
    home.assert_nothing_left();
    assert_eq!(files(&into), set(&["quick", "slow"]));
    assert!(files(&into.join("quick")).contains("after.sql"), "what the first target came to is known");
    for target in ["quick", "slow"] {
        assert!(read(into.join(target).join("roles.sql")).contains("CREATE ROLE \"shop_owner\" NOLOGIN;"));
    }
}

// Extensions and lists

/// A database that only a superuser restores whole: made here, for no other test needs it.
const PRIVILEGED: &str = r#"
CREATE ROLE "own er";
CREATE SCHEMA "my; ext" AUTHORIZATION "own er";
CREATE EXTENSION postgres_fdw SCHEMA "my; ext";
CREATE EXTENSION citext;
SET ROLE "own er";
CREATE TABLE "my; ext".plain (id serial PRIMARY KEY, name public.citext);
INSERT INTO "my; ext".plain (name) VALUES ('a'), ('b');
CREATE FUNCTION "my; ext".on_ddl() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN NULL; END $$;
RESET ROLE;
CREATE PUBLICATION "every
thing" FOR ALL TABLES;
CREATE EVENT TRIGGER watch ON ddl_command_end EXECUTE FUNCTION "my; ext".on_ddl();
"#;

const MANAGED: &str = "
roles:
  - {name: master, login: true, createdb: true, createrole: true}
database: {name: app, owner: master}
restore: {as: master}
";

#[test]
fn what_only_a_superuser_makes_is_made_in_advance_or_left_out_of_the_list() {
    let home = Home::new();
    let source = Server::start(17);
    source.sql("postgres", "CREATE DATABASE source");
    source.sql("source", PRIVILEGED);
    let dump = source.dump("source", home.path("privileged.dump"));
    let (ran, fixes) = home.fixes(&dump, &[&format!("{}{MANAGED}", bare("managed", 17))]);
    ran.expect(1);
    let folder = fixes.join("managed");
    for name in ["roles.sql", "before.sql", "restore.list", "restore.sh"] {
        assert!(files(&folder).contains(name), "{name}: {:?}\n{}", files(&folder), ran.json);
    }
    assert!(!ran.json.contains("GRANT \\\"postgres"), "who restores becomes a superuser: {}", ran.json);
    let list = read(folder.join("restore.list"));
    for left_out in ["EVENT TRIGGER", "PUBLICATION", "EXTENSION"] {
        let lines = list.lines().filter(|line| line.contains(&format!(" {left_out} - ")) && !line.contains("COMMENT"));
        assert!(
            lines.clone().count() > 0 && lines.clone().all(|line| line.starts_with(';') || line.contains("citext")),
            "{list}"
        );
    }

    // The same server once more, which knows nothing of the source any longer.
    let server = source;
    server.sql("postgres", "DROP DATABASE source");
    server.sql("postgres", "DROP ROLE \"own er\"");
    server.sql("postgres", "CREATE ROLE master LOGIN CREATEDB CREATEROLE");
    let said = run_restore(&server, &dump, &folder);
    assert!(!said.contains("had errors"), "{said}\n{list}\n{}", ran.json);
    assert_eq!(server.sql("app", r#"SELECT count(*) FROM "my; ext".plain"#), "2");
    assert_eq!(server.sql("app", r#"SELECT tableowner FROM pg_tables WHERE tablename = 'plain'"#), "own er");
    let schema = "SELECT extnamespace::regnamespace FROM pg_extension WHERE extname = 'postgres_fdw'";
    assert_eq!(server.sql("app", schema), "\"my; ext\"");
    let owner = "SELECT nspowner::regrole FROM pg_namespace WHERE nspname = 'my; ext'";
    assert_eq!(server.sql("app", owner), "\"own er\"");
    assert_eq!(server.sql("app", "SELECT count(*) FROM pg_publication, pg_event_trigger"), "0");
}

#[test]
fn an_extension_that_is_nowhere_is_left_out_with_all_that_needs_it() {
    let home = Home::new();
    let source = Server::start(17);
    let made = source.shell_as(
        "root",
        "cd $(pg_config --sharedir 2>/dev/null || echo /usr/share/postgresql/17)/extension \
         && printf \"default_version = '1'\\n\" >nowhere.control && echo \"CREATE TYPE shade AS ENUM ('dark');\" >nowhere--1.sql",
    );
    assert!(made.status.success(), "{made:?}");
    source.sql("postgres", "CREATE DATABASE source");
    source.sql(
        "source",
        "CREATE SCHEMA s; CREATE EXTENSION nowhere SCHEMA s; CREATE TABLE public.shaded (id integer PRIMARY KEY, shade s.shade);
         INSERT INTO public.shaded VALUES (1, 'dark'); CREATE VIEW public.dark AS SELECT id FROM public.shaded;
         CREATE TABLE public.plain (id integer); INSERT INTO public.plain VALUES (1);",
    );
    let dump = source.dump("source", home.path("nowhere.dump"));
    let (ran, fixes) = home.fixes(&dump, &[&bare("plain", 17)]);
    ran.expect(1);
    let folder = fixes.join("plain");
    assert_eq!(ran.finding("extension-unavailable").fix_files, ["restore.list"]);
    let server = Server::start(17);
    server.put(&dump);
    server.put(&folder);
    let restore = format!("pg_restore --use-list='{}/restore.list' -d postgres", folder.display());
    let said = server.shell(&format!("{restore} '{}'", dump.display()));
    assert_eq!(said, "", "{}", read(folder.join("restore.list")));
    assert_eq!(
        server.sql("postgres", "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace"),
        "plain"
    );
    assert_eq!(server.sql("postgres", "SELECT count(*) FROM public.plain"), "1");
}

// After the restore

/// Statements that nobody but the server reads: what stands in them is not taken for the dump's own word.
fn hidden(statements: &str) -> String {
    format!("DO $hidden$ BEGIN EXECUTE $run${statements}$run$; END $hidden$;")
}

/// What is broken in one database each, and what begins so is in the file that mends it.
const BROKEN: &[(&str, &str, &str, &[&str])] = &[
    (
        "catalog",
        "catalog.sql",
        BROKEN_CATALOG,
        &["Sets sequences", "Rebuilds indexes", "Validates constraints", "Refreshes materialized views"],
    ),
    ("exhausted", "exhausted.sql", "SELECT 1", &["Gives sequences"]),
    (
        "judged",
        "judged.sql",
        BROKEN_ACCESS,
        &[
            "Creates the objects",
            "Gives objects back",
            "Makes privileges",
            "Restores the dump's policies",
            "Writes the comments",
        ],
    ),
];

/// Restores plain dumps with statements that break them, writes the fixes, and restores them once more with what is to be run after
/// the restore at their ends: what the two runs say of one of the databases.
#[track_caller]
fn broken_and_mended(database: &str) -> (Ran, Ran) {
    let mended = shared::run("fixes-mended", |home| {
        let broken = |of: &str, statements| with_statements(&dump(17, of), &hidden(statements));
        let all = BROKEN.iter().map(|&(name, of, statements, _)| (name, broken(of, statements)));
        let script = home.file("broken.sql", databases(all.clone()));
        let profile = format!("{}{SHOP_ROLES}", bare("mended", 17));
        let (ran, fixes) = home.fixes(&script, &[&profile]);
        shared::run("fixes-broken", |_| ran);
        let mended = all.zip(BROKEN).map(|((name, text), (.., parts))| {
            let mend = read(fixes.join(format!("mended/after.{name}.sql")));
            for part in *parts {
                assert!(mend.contains(&format!("\n-- {part}")), "{part}: {mend}");
            }
            (name, with_statements(&home.file("one.sql", text), &hidden(&mend)))
        });
        home.run(&home.file("mended.sql", databases(mended)), &[&profile])
    });
    let broken = shared::run("fixes-broken", |_| unreachable!("the other run has made it"));
    broken.expect(1);
    // A sequence that got room is another one than the dump's; nothing else is other than in the dump.
    mended.expect(1);
    let restore = mended.only().restore.as_ref().unwrap();
    assert_eq!((restore.exit_code, restore.errors), (0, 0), "a written file fails: {:#?}", restore.findings);
    (of_database(&broken, database), of_database(&mended, database))
}

const BROKEN_CATALOG: &str = r#"
    UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'public.kept_word'::regclass;
    ALTER TABLE public.tree DROP CONSTRAINT tree_up_fkey;
    ALTER TABLE public.tree ADD CONSTRAINT tree_up_fkey FOREIGN KEY (up) REFERENCES public.tree NOT VALID;
    UPDATE pg_constraint SET convalidated = false WHERE conname = 'nach; "oben"';
    SELECT setval('public.fresh', 400, false);
    SELECT nextval('"Käse ""alt""; --"."Fol''ge ""x""\y"');
    SELECT setval('public.children_id_seq', 50);
    REFRESH MATERIALIZED VIEW public.filled WITH NO DATA;"#;

#[test]
fn indexes_constraints_sequences_and_materialized_views_are_mended_after_the_restore() {
    let (ran, again) = broken_and_mended("catalog");
    assert!(fails(&ran), "{}", ran.json);
    let names =
        ["constraint-not-validated", "index-invalid", "materialized-view-empty", "sequence-behind", "sequence-changed"];
    assert_eq!(ran.names(), names);
    assert_eq!(again.names(), Vec::<&str>::new(), "{}", again.json);
}

const BROKEN_ACCESS: &str = "
    GRANT SELECT ON j.people TO PUBLIC; GRANT EXECUTE ON FUNCTION j.first(j.pair) TO PUBLIC;
    REVOKE UPDATE (name) ON j.people FROM shop_app; REVOKE USAGE ON TYPE j.mood FROM PUBLIC;
    REVOKE SELECT ON LARGE OBJECT 5002 FROM shop_app;
    ALTER TABLE j.people OWNER TO shop_billing; ALTER TYPE j.mood OWNER TO shop_billing;
    ALTER FUNCTION j.secret(integer, text[]) OWNER TO shop_billing; ALTER LARGE OBJECT 5002 OWNER TO shop_billing;
    DROP POLICY never ON j.people; ALTER POLICY reads ON j.people USING (true);
    CREATE POLICY more ON j.base USING (true);
    ALTER TABLE j.base NO FORCE ROW LEVEL SECURITY; ALTER TABLE j.people DISABLE ROW LEVEL SECURITY;
    DROP INDEX j.by_code; COMMENT ON TYPE j.mood IS NULL;";

#[test]
fn owners_privileges_policies_and_objects_are_mended_after_the_restore() {
    let (ran, again) = broken_and_mended("judged");
    assert!(fails(&ran), "{}", ran.json);
    for name in [
        "privileges-wider",
        "ownership-changed",
        "policy-lost",
        "policy-changed",
        "rls-bypassed",
        "comment-lost",
        "object-missing",
    ] {
        assert!(ran.names().contains(&name), "{name}: {:?}", ran.names());
    }
    assert_eq!(again.names(), Vec::<&str>::new(), "{}", again.json);
}

#[test]
fn a_sequence_at_its_end_gets_room() {
    let (ran, again) = broken_and_mended("exhausted");
    assert_eq!(ran.names(), ["sequence-exhausted"]);
    assert_eq!(again.names(), ["definition-changed"], "{}", again.json);
}

#[test]
fn roles_and_databases_get_back_what_pg_dumpall_says_of_them() {
    let home = Home::new();
    let script = fs::read_to_string(dump(17, "all.sql")).unwrap();
    let end = script.find("--\n-- PostgreSQL database cluster dump complete").unwrap();
    let with = |statements: &str| {
        home.file("all.sql", format!("{}\\connect shop\n{statements}\n{}", &script[..end], &script[end..]))
    };
    let broken =
        hidden("ALTER ROLE shop_app BYPASSRLS; REVOKE shop_report FROM shop_app; ALTER DATABASE shop RESET ALL;");
    let (ran, fixes) = home.fixes(&with(&broken), &["name: fresh\npostgres: 17\n"]);
    ran.expect(1);
    assert_eq!(ran.finding("role-changed").fix_files, ["after.sql"]);
    let mend = hidden(&read(fixes.join("fresh/after.sql")));
    let again = home.run(&with(&format!("{broken}\n{mend}")), &["name: fresh\npostgres: 17\n"]);
    again.expect(0);
    assert!(!again.names().contains(&"role-changed"), "{:?}", again.names());
}

// The directory

#[test]
fn a_directory_that_cannot_take_fixes_is_an_error_before_anything_starts() {
    let home = Home::new();
    let profile = home.profile(&bare("plain", 17));
    let full = home.file("full/mine.txt", "mine");
    let places =
        [(full.parent().unwrap().to_owned(), "not empty"), (full.join("below"), ""), (full.clone(), "no directory")];
    for (place, words) in places {
        // An engine that is not there would be reported, were it asked.
        let mut command = home.command(&dump(17, "small.dump"), &[&profile]);
        command.arg("--write-fixes").arg(&place).env("DOCKER_HOST", "unix:///nonexistent/docker.sock");
        let ran = home.ran_to_end(&mut command);
        ran.expect(2);
        assert!(ran.stderr.contains("cannot write fixes to") && ran.stderr.contains(words), "{}", ran.stderr);
        assert!(ran.report.is_none() && ran.stdout.is_empty(), "{}", ran.stdout);
    }
    assert_eq!(fs::read(&full).unwrap(), b"mine");
}

#[test]
fn where_nothing_is_to_be_mended_nothing_is_written_and_that_is_said() {
    let home = Home::new();
    let (ran, fixes) = home.fixes(&dump(17, "small.dump"), &[&matching("twin", 17)]);
    ran.expect(0);
    assert!(ran.stdout.contains("no fix to write for twin"), "{}", ran.stdout);
    assert!(!fixes.exists(), "an empty directory is left");
    assert_eq!(ran.only().fixes.as_ref().unwrap().directory, None);
}

#[test]
fn two_targets_have_a_folder_each_and_what_no_file_mends_is_named() {
    let home = Home::new();
    let accepting =
        format!("{}accept:\n  - {{finding: policy-lost, reason: known, until: 2099-01-01}}\n", bare("accepting", 17));
    let (ran, fixes) = home.fixes(&dump(17, "shop.dump"), &[&bare("empty", 17), &accepting]);
    ran.expect(1);
    assert_eq!(files(&fixes), set(&["accepting", "empty"]));
    let policies = |target: &str| read(fixes.join(target).join("after.sql")).contains("CREATE POLICY");
    assert!(policies("empty") && !policies("accepting"), "an accepted finding is left as it is");
    let script = read(fixes.join("accepting/restore.sh"));
    let (_, accepted) = script.split_once("# What the profile accepts:").unwrap_or_else(|| panic!("{script}"));
    assert!(accepted.contains("policy-lost"), "{script}");
}

#[test]
fn a_target_that_could_not_be_tested_has_what_was_foreseen_mended_and_says_so() {
    let home = Home::new();
    let profile = home.profile(&bare("plain", 17));
    let mut command = home.command(&dump(17, "shop.dump"), &[&profile]);
    let into = home.path("fixes");
    command.arg("--write-fixes").arg(&into).env("DOCKER_HOST", "unix:///nonexistent/docker.sock");
    home.ran_to_end(&mut command).expect(3);
    assert_eq!(files(&into.join("plain")), set(&["profile.yaml", "restore.sh", "roles.sql"]));
    assert!(read(into.join("plain/roles.sql")).contains("No restore has put these findings to the test"));
}

// The list

#[test]
fn a_list_holds_what_pg_restore_itself_lists() {
    let home = Home::new();
    let dump = dump(17, "names.dump");
    // The role that restores may not comment on plpgsql or make an event trigger: enough for a list.
    let statements = "CREATE PUBLICATION p FOR ALL TABLES;";
    let source = Server::start(17);
    source.put(&dump);
    source.sql("postgres", "CREATE DATABASE source");
    source.shell(&format!("pg_restore -O -x -d source '{}' || true", dump.display()));
    source.sql("source", statements);
    let dump = source.dump("source", home.path("names.dump"));
    let (ran, fixes) = home.fixes(&dump, &[&format!("{}{MANAGED}", bare("managed", 17))]);
    ran.expect(1);
    let list = read(fixes.join("managed/restore.list"));
    source.put(&dump);
    let listed = source.shell(&format!("pg_restore -l '{}'", dump.display()));
    let taken: Vec<&str> = list.lines().filter(|line| !line.starts_with(';')).collect();
    let left_out: Vec<&str> = list.lines().filter(|line| line.starts_with(';') && line.contains("   ; ")).collect();
    assert!(!left_out.is_empty(), "{list}");
    let theirs: BTreeSet<&str> = listed.lines().filter(|line| !line.starts_with(';')).collect();
    let left_out: BTreeSet<&str> = left_out.iter().map(|line| line[1..].rsplit_once("   ; ").unwrap().0).collect();
    let ours: BTreeSet<&str> = taken.into_iter().chain(left_out).collect();
    assert_eq!(ours, theirs);
}

#[test]
fn rows_that_break_a_foreign_key_are_listed_by_a_query_and_the_key_comes_in_one_of_two_ways() {
    let home = Home::new();
    let server = Server::start(17);
    server.sql(
        "postgres",
        r#"CREATE DATABASE keys; \connect keys
           CREATE TABLE public.parent (a int, "B" text, PRIMARY KEY (a, "B"));
           CREATE TABLE public.child (id int, a int, "B" text,
                CONSTRAINT "to it" FOREIGN KEY (a, "B") REFERENCES public.parent (a, "B") ON DELETE CASCADE);
           SET session_replication_role = replica;
           INSERT INTO public.parent VALUES (1, 'x');
           INSERT INTO public.child VALUES (10, 1, 'x'), (11, 1, 'y'), (12, NULL, 'y');"#,
    );
    let ran = home.run(&server.dump("keys", home.path("keys.dump")), &[&bare("target", 17)]);
    ran.expect(1);
    let finding = ran.finding("foreign-key-violated");
    let [query, added, not_valid] = finding.commands.as_slice() else { panic!("{finding:?}") };
    assert!(added.starts_with("-- one of two: ") && not_valid.starts_with("-- or: "), "{finding:?}");
    // As the restore has left it: the rows, without the key.
    server.sql("keys", r#"ALTER TABLE public.child DROP CONSTRAINT "to it";"#);
    assert_eq!(server.sql("keys", query), "11|1|y");
    server.sql("keys", not_valid);
    assert_eq!(server.sql("keys", "SELECT convalidated FROM pg_constraint WHERE contype = 'f'"), "f");
    server.sql("keys", r#"ALTER TABLE public.child DROP CONSTRAINT "to it"; DELETE FROM public.child WHERE id = 11;"#);
    server.sql("keys", added);
    assert_eq!(server.sql("keys", "SELECT convalidated FROM pg_constraint WHERE contype = 'f'"), "t");
}

#[test]
fn a_database_whose_locale_the_target_lacks_is_made_by_the_script_before_the_dump_comes() {
    let home = Home::new();
    let text = fs::read_to_string(dump(17, "small.sql")).unwrap();
    let create = "CREATE DATABASE elsewhere WITH TEMPLATE = template0 ENCODING = 'UTF8' LOCALE = 'xx_XX.UTF-8';\n\
                  ALTER DATABASE elsewhere OWNER TO postgres;\n\\connect elsewhere\n";
    let at = text.find("SET statement_timeout").unwrap();
    // Whoever restores an older text needs no key for its meta-commands.
    let text = crate::support::unrestricted(&format!("{}{create}{}", &text[..at], &text[at..]));
    let dump = home.file("create.sql", text);
    let (ran, fixes) = home.fixes(&dump, &[&bare("plain", 17)]);
    ran.expect(1);
    let fixes = fixes.join("plain");
    let statement = ran.finding("locale-unavailable").commands.last().unwrap().lines().last().unwrap();
    let script = read(fixes.join("restore.sh"));
    assert!(
        statement.starts_with("CREATE DATABASE \"elsewhere\"") && script.contains("CREATE DATABASE \"elsewhere\""),
        "{script}"
    );
    let server = Server::start(17);
    // It ends with 0: that the dump's own statement finds the database there is no failure.
    run_restore(&server, &dump, &fixes);
    assert_ne!(
        server.sql("elsewhere", "SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace"),
        "0"
    );
}
