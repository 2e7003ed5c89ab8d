//! The image that a profile names: pulled as it says, and started by its own entrypoint where that makes the cluster.

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::support::home::assert_every_check_looked;
use crate::support::yaml::query;
use crate::support::{Home, docker, dump};

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
    let reported = ran.only().untested.join("\n");
    assert!(reported.contains("cannot be pulled, as the profile's `pull: always` wants"), "{reported}");
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

    fn profile(&self, name: &str, rest: &str) -> String {
        format!("name: {name}\nimage: {}\npostgres: 17\nentrypoint: image\npull: never\n{rest}", self.0)
    }
}

impl Drop for OwnImage {
    fn drop(&mut self) {
        docker::succeeds(&["rmi", &self.0]);
    }
}

#[test]
#[ignore = "more of the same: scripts/test --full"]
fn full_an_image_that_makes_roles_of_its_own_is_started_by_its_entrypoint_in_another_encoding() {
    let home = Home::new();
    let image = OwnImage::build(&home);
    let another = "cluster: {superuser: admin, encoding: LATIN1, locale: C}\nroles: [{name: postgres}]\n";
    home.run(&dump(17, "small.sql"), &[&image.profile("another", another)]).expect(0);
}

#[test]
fn an_image_that_makes_roles_of_its_own_is_started_by_its_entrypoint() {
    let home = Home::new();
    let image = OwnImage::build(&home);
    let of_image = |name: &str, rest: &str| image.profile(name, rest);
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
    let ran = home.run(&dump(17, "small.sql"), &[&own]);
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
    let deaf = "the image's entrypoint has not set up the cluster as profile deaf says: checksums are off, the WAL segment \
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
        let containers = docker::containers(&home.path("state/id").exists().then(|| home.label())?);
        // One of them can be gone by the time it is asked.
        let said = |id: &String| {
            let output = std::process::Command::new("docker").args(["logs", id]).output().unwrap();
            String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).contains("ok")
        };
        containers.iter().any(said).then_some(())
    });
    kill(Pid::from_raw(i32::try_from(child.id()).unwrap()), Signal::SIGINT).unwrap();
    let ran = home.wait(child);
    ran.expect(130);
    home.assert_nothing_left();
}
