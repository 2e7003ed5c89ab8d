//! A database's schema as the target's own pg_dump writes it, read as the dump itself is.

use pgdump_reader::{self as dump, Declared};
use tokio::io::AsyncReadExt as _;
use tokio::sync::OnceCell;

use super::reference::made::Reference;
use crate::cluster::{ClusterError, Session};
use crate::engine::{EngineError, Program, Sandbox, Whose};
use crate::finding::mask::{Mask, Voice};

/// What one restored database declares, and what this server makes of the dump's own definitions. The first check that
/// asks has each made.
#[derive(Default)]
pub struct Schema {
    restored: OnceCell<Result<Vec<Declared>, String>>,
    pub(super) reference: OnceCell<Result<Reference, String>>,
}

/// More is no schema: it is read into memory.
const MOST_BYTES: u64 = 1 << 30;

/// What pg_dump leaves to the database, in one form for every database of the cluster: a moment, a name, bytes and money are
/// written as these say (PostgreSQL 13 to 18).
const OPTIONS: &str = "-c role=none -c TimeZone=UTC -c quote_all_identifiers=off -c bytea_output=hex -c standard_conforming_strings=on \
                       -c lc_monetary=C";

impl Schema {
    /// Every object of the database, in pg_dump's order.
    ///
    /// # Errors
    /// When pg_dump could not dump the database again, which is no fact about the dump.
    pub async fn get(
        &self,
        sandbox: &dyn Sandbox,
        superuser: &str,
        database: &str,
        encoding: Option<&str>,
    ) -> Result<&[Declared], ClusterError> {
        let read = self.restored.get_or_init(|| async { written(sandbox, superuser, database, encoding).await });
        read.await.as_deref().map_err(|reason| refused(reason))
    }
}

/// Every object of a database, in pg_dump's order. Names are in the dump's encoding.
///
/// # Errors
/// When pg_dump could not dump it.
pub(super) async fn read_of(
    sandbox: &dyn Sandbox,
    superuser: &str,
    database: &str,
    encoding: Option<&str>,
) -> Result<Vec<Declared>, ClusterError> {
    written(sandbox, superuser, database, encoding).await.map_err(|reason| refused(&reason))
}

fn refused(reason: &str) -> ClusterError {
    let step = "pg_dump cannot dump the restored database again".into();
    ClusterError::Refused { step, reason: reason.to_owned() }
}

async fn written(
    sandbox: &dyn Sandbox,
    superuser: &str,
    database: &str,
    encoding: Option<&str>,
) -> Result<Vec<Declared>, String> {
    let encoding = encoding.filter(|encoding| *encoding != "SQL_ASCII");
    match read(sandbox, superuser, database, encoding).await {
        // The server may know no way from its encoding to the dump's.
        Ok(Err(_)) | Err(_) if encoding.is_some() => read(sandbox, superuser, database, None).await,
        other => other,
    }
    .unwrap_or_else(|error| Err(error.to_string()))
}

/// What is said of large objects, which pg_dump leaves out with their data.
const LARGE_OBJECTS: &str = "
SELECT 'COMMENT', objoid::text, NULL, description FROM pg_description WHERE classoid = 'pg_largeobject'::regclass
UNION ALL
SELECT 'SECURITY LABEL', objoid::text, provider, label FROM pg_seclabel WHERE classoid = 'pg_largeobject'::regclass";

/// Comments and security labels of large objects, as pg_dump writes them in a dump with data (dumpComment and dumpSecLabel).
///
/// # Errors
/// When the server refuses.
pub(super) async fn large_objects(session: &Session) -> Result<Vec<Declared>, ClusterError> {
    let rows = session.query(LARGE_OBJECTS, &[], "cannot list comments of large objects").await?;
    let one = |row: &tokio_postgres::Row| {
        let (desc, oid, text): (String, &str, &str) = (row.get(0), row.get(1), row.get(3));
        let provider = row.get::<_, Option<&str>>(2).map(|name| format!(" FOR {name}")).unwrap_or_default();
        // pg_dump takes backslashes as they are.
        let text = text.replace('\'', "''");
        let definition = format!("{desc}{provider} ON LARGE OBJECT {oid} IS '{text}';\n");
        Declared { desc, tag: format!("LARGE OBJECT {oid}"), definition, ..Declared::default() }
    };
    Ok(rows.iter().map(one).collect())
}

async fn read(
    sandbox: &dyn Sandbox,
    superuser: &str,
    database: &str,
    encoding: Option<&str>,
) -> Result<Result<Vec<Declared>, String>, EngineError> {
    let mut argv: Vec<String> =
        ["pg_dump", "--format=custom", "--compress=0", "--schema-only", "--no-password"].map(String::from).into();
    argv.extend(encoding.map(|encoding| format!("--encoding={encoding}")));
    // As an option a name with an equals sign would be a connection string.
    let env = vec![
        ("PGDATABASE".to_owned(), database.to_owned()),
        ("PGUSER".to_owned(), superuser.to_owned()),
        ("PGOPTIONS".to_owned(), OPTIONS.to_owned()),
    ];
    let running = sandbox.run(Program { argv, whose: Whose::Server, env, stdin: None }).await?;
    let (mut archive, mut said) = (Vec::new(), String::new());
    let (mut stdout, mut stderr) = (running.stdout.take(MOST_BYTES), running.stderr.take(1 << 16));
    let (read, _) = tokio::join!(stdout.read_to_end(&mut archive), stderr.read_to_string(&mut said));
    read.map_err(|source| EngineError::Io { action: "read what pg_dump writes", source })?;
    drop((stdout, stderr));
    let code = running.exit.await?;
    if code != 0 {
        // What the server says to it can be a trigger's words: of a login, with values of rows.
        let said = said.lines().next().map(|line| line.strip_prefix("pg_dump: error: ").unwrap_or(line));
        let said = said.map(|said| Mask::of_postgres().message(said, None, Voice::Client));
        return Ok(Err(format!("exit code {code}: {}", said.as_deref().unwrap_or("it says nothing"))));
    }
    Ok(dump::table_of_contents(&archive).map(|archive| Declared::of_archive(&archive)))
}
