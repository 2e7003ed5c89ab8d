//! The databases that are restored and changed, and their dumps: of a server of their own, made once for each major.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;

use crate::support::{SHOP_ROLES, Server};

/// A version, and how its dumps are written: what reads text and what reads archives are both tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Form {
    pub major: u16,
    pub archive: bool,
}

pub const FORMS: [Form; 2] = [Form { major: 15, archive: false }, Form { major: 17, archive: true }];

impl Form {
    /// `15 plain`.
    pub fn label(self) -> String {
        format!("{} {}", self.major, if self.archive { "archive" } else { "plain" })
    }
}

/// What `pg_dumpall` writes: everything but that is a dump of one database.
const WHOLE: &str = "whole";

/// The profile that goes with a database.
pub fn profile(database: &str, form: Form) -> String {
    let head =
        format!("name: {database}-{}\npostgres: {}\nlimits: {{timeout: 3h, disk: 4GiB}}\n", form.major, form.major);
    if database == WHOLE {
        return head;
    }
    format!("{head}{SHOP_ROLES}tablespaces: [fast]\ndatabase: {{name: {database}, owner: shop_owner}}\n")
}

/// The dump of a database, in `directory`.
pub fn dump(directory: &Path, database: &str, form: Form) -> PathBuf {
    /// Two servers at once would only wait for each other.
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    let _guard = ONE_AT_A_TIME.lock().expect("no other has failed");
    let made = directory.join(form.major.to_string());
    if !made.exists() {
        fs::create_dir(&made).expect("a directory can be made");
        make(&made, form);
    }
    made.join(format!("{database}.{}", if form.archive && database != WHOLE { "dump" } else { "sql" }))
}

fn make(into: &Path, form: Form) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    let text = |path: &str| fs::read_to_string(root.join(path)).expect("the source's SQL is there");
    let server = Server::start(form.major);
    server.shell("mkdir -p /tmp/fast");
    // What a cluster holds beside its databases; it goes again, since the others do not have it.
    server.sql("postgres", &text("mutations/sources/whole.sql"));
    write(&server, &["pg_dumpall"], &into.join("whole.sql"));
    server.sql("postgres", &text("mutations/sources/whole_gone.sql"));

    server.sql("postgres", &text("support/source/roles.sql"));
    server.sql("postgres", "CREATE TABLESPACE fast LOCATION '/tmp/fast'");
    for (database, sources) in [
        ("everything", &["support/source/judged.sql", "mutations/sources/everything.sql"][..]),
        ("shop", &["support/source/shop.sql"]),
        ("types", &["support/source/types.sql", "mutations/sources/types.sql"]),
    ] {
        server.sql("postgres", &format!("CREATE DATABASE {database} OWNER shop_owner TEMPLATE template0"));
        for source in sources {
            server.sql(database, &text(source));
        }
        match form.archive {
            true => write(&server, &["pg_dump", "-Fc", database], &into.join(format!("{database}.dump"))),
            false => write(&server, &["pg_dump", database], &into.join(format!("{database}.sql"))),
        }
    }
}

fn write(server: &Server, command: &[&str], into: &Path) {
    let output =
        Command::new("docker").args(["exec", server.id()]).args(command).output().expect("docker is installed");
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    fs::write(into, output.stdout).expect("a dump can be written");
}
