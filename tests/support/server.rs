//! A server of the tests' own, on which files that the program has written are run, as its users would run them.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use super::{docker, images};

/// A PostgreSQL in a container without a network. It goes with the value, and after ten minutes in any case.
pub struct Server {
    id: String,
}

/// As superuser `postgres`; `PGHOST` and `PGUSER` say how it is reached. `timeout` of the newest Debian ends at once as the
/// container's first process, so a shell stays before it.
const SERVER: &str = "initdb -D /data/pg --no-sync -A trust -U postgres -E UTF8 --locale=C.UTF-8 >/dev/null \
    && timeout 600 postgres -D /data/pg -c unix_socket_directories=/tmp -c listen_addresses= -c fsync=off \
       -c wal_level=logical || exit";

impl Server {
    pub fn start(major: u16) -> Self {
        images::ensure();
        let image = format!("{}:{major}", images::REPOSITORY);
        let id = docker::output(&[
            "run",
            "--detach",
            "--rm",
            "--network",
            "none",
            // In memory: on the file system of a container a server takes twice as long to start.
            "--tmpfs",
            "/data:rw,mode=1777,size=2g",
            "--user",
            "postgres",
            "--env",
            "PGHOST=/tmp",
            "--entrypoint",
            "/bin/sh",
            &image,
            "-c",
            SERVER,
        ]);
        let server = Self { id };
        // One program that waits, not one for each look.
        let wait = "for i in $(seq 600); do psql -XAtc 'SELECT 1' > /dev/null 2>&1 && exit; sleep 0.1; done; exit 1";
        assert!(server.exec("postgres", wait).status.success(), "a server did not start within a minute");
        server
    }

    /// Its container, in which the mutation test runs programs.
    #[allow(dead_code)]
    pub fn id(&self) -> &str {
        &self.id
    }

    fn exec(&self, user: &str, script: &str) -> Output {
        let arguments = ["exec", "--user", user, &self.id, "sh", "-c", script];
        Command::new("docker").args(arguments).stdin(Stdio::null()).output().expect("docker is installed")
    }

    /// Runs a shell script as this user of the system.
    pub fn shell_as(&self, user: &str, script: &str) -> Output {
        self.exec(user, script)
    }

    /// Runs a shell script that has to succeed, and returns what it prints, errors too.
    #[track_caller]
    pub fn shell(&self, script: &str) -> String {
        let output = self.exec("postgres", &format!("exec 2>&1\n{script}"));
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success(), "{script}\n{said}");
        said
    }

    /// Runs SQL in a database, and returns the rows, without alignment.
    #[track_caller]
    pub fn sql(&self, database: &str, sql: &str) -> String {
        let arguments = [
            "exec",
            "--env",
            &format!("PGDATABASE={database}"),
            "--interactive",
            &self.id,
            "psql",
            "-XAtq",
            "-v",
            "ON_ERROR_STOP=1",
        ];
        let mut psql = Command::new("docker")
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("docker is installed");
        std::io::Write::write_all(&mut psql.stdin.take().unwrap(), sql.as_bytes()).unwrap();
        let output = psql.wait_with_output().unwrap();
        assert!(output.status.success(), "{sql}\n{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().trim_end().to_owned()
    }

    /// Puts a file or folder to the same path in the container, for everybody to read.
    pub fn put(&self, path: &Path) {
        let parent = path.parent().unwrap().display().to_string();
        let made = self.exec("root", &format!("mkdir -p '{parent}' && chmod -R a+rX '{parent}'"));
        assert!(made.status.success());
        docker::output(&["cp", "--quiet", &path.display().to_string(), &format!("{}:{parent}/", self.id)]);
        let made = self.exec("root", &format!("chmod -R a+rX '{}'", path.display()));
        assert!(made.status.success());
    }

    /// Dumps a database as a custom archive into this file.
    #[track_caller]
    pub fn dump(&self, database: &str, into: PathBuf) -> PathBuf {
        let arguments = ["exec", "--env", &format!("PGDATABASE={database}"), &self.id, "pg_dump", "-Fc"];
        let output = Command::new("docker").args(arguments).output().expect("docker is installed");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        std::fs::write(&into, output.stdout).unwrap();
        into
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        docker::succeeds(&["rm", "--force", "--volumes", &self.id]);
    }
}
