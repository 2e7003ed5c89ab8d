//! The restored database's schema as the target's own pg_dump writes it, read as the dump itself is.

use tokio::io::AsyncReadExt as _;
use tokio::sync::OnceCell;

use crate::cluster::ClusterError;
use crate::dump::{self, Declared};
use crate::engine::{EngineError, Program, Sandbox, Whose};

/// What one restored database declares. The first check that asks has it made.
#[derive(Default)]
pub struct Schema(OnceCell<Result<Vec<Declared>, String>>);

/// More is no schema: it is read into memory.
const MOST_BYTES: u64 = 1 << 30;

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
        let read = self.0.get_or_init(|| async {
            match read(sandbox, superuser, database, encoding).await {
                // The server may know no way from its encoding to the dump's.
                Ok(Err(_)) | Err(_) if encoding.is_some() => read(sandbox, superuser, database, None).await,
                other => other,
            }
            .unwrap_or_else(|error| Err(error.to_string()))
        });
        read.await.as_deref().map_err(|reason| ClusterError::Refused {
            step: "pg_dump cannot dump the restored database again".into(),
            reason: reason.clone(),
        })
    }
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
    let env = vec![("PGDATABASE".to_owned(), database.to_owned()), ("PGUSER".to_owned(), superuser.to_owned())];
    let running = sandbox.run(Program { argv, whose: Whose::Server, env, stdin: None }).await?;
    let (mut archive, mut said) = (Vec::new(), String::new());
    let (mut stdout, mut stderr) = (running.stdout.take(MOST_BYTES), running.stderr.take(1 << 16));
    let (read, _) = tokio::join!(stdout.read_to_end(&mut archive), stderr.read_to_string(&mut said));
    read.map_err(|source| EngineError::Io { action: "read what pg_dump writes", source })?;
    drop((stdout, stderr));
    let code = running.exit.await?;
    if code != 0 {
        let said = said.lines().next().unwrap_or("it says nothing").to_owned();
        return Ok(Err(format!("exit code {code}: {said}")));
    }
    Ok(dump::table_of_contents(&archive).map(|archive| Declared::of_archive(&archive)))
}
