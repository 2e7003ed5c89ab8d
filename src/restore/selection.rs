//! What of an archive pg_restore restores with a profile's list and options: it says so itself.

use std::collections::HashSet;

use pgdump_reader::Dump;
use tokio::io::AsyncReadExt as _;

use super::selecting_option;
use crate::engine::{EngineError, Program, Sandbox, Whose};
use crate::postgres::Tool;
use crate::profile::Target;

/// Options that leave out what hangs on objects.
const REMARKS: [&str; 2] = ["--no-comments", "--no-security-labels"];

/// The ids of the entries that are restored, and what selects them; `None` where nothing is left out.
///
/// # Errors
/// When pg_restore could not say it.
pub async fn selection(
    sandbox: &dyn Sandbox,
    dump: &Dump,
    target: &Target,
) -> Result<Option<(HashSet<i32>, String)>, EngineError> {
    let is_archive = dump.is_archive();
    let remark = REMARKS.into_iter().find(|option| is_archive && Tool::PgRestore.has(&target.restore.options, option));
    let Some(option) = selecting_option(&target.restore, dump).or(remark) else { return Ok(None) };
    let mut argv = vec!["pg_restore".to_owned(), "--list".to_owned()];
    argv.extend(target.restore.options.iter().cloned());
    argv.extend(sandbox.input().await?);
    let program = Program { argv, whose: Whose::Client, env: Vec::new(), stdin: None };
    let mut running = sandbox.run(program).await?;
    let (mut text, mut said) = (Vec::new(), Vec::new());
    let read = tokio::join!(running.stdout.read_to_end(&mut text), running.stderr.read_to_end(&mut said));
    let code = running.exit.await?;
    if code != 0 || read.0.is_err() {
        let words = String::from_utf8_lossy(&said);
        let reason = words.lines().next().unwrap_or("it says nothing").to_owned();
        return Err(EngineError::Call { action: "cannot ask pg_restore what it would restore", reason });
    }
    // Names have no line breaks there (sanitize_line in PrintTOCSummary, pg_backup_archiver.c, PostgreSQL 13 to 18).
    let mut kept: HashSet<i32> = ids(&String::from_utf8_lossy(&text));
    let mut by = option.to_owned();
    if let Some(list) = &target.restore.list_text {
        let listed = ids(&String::from_utf8_lossy(list));
        kept.retain(|id| listed.contains(id));
        by = "restore.list".to_owned();
    }
    Ok(Some((kept, by)))
}

/// The ids that a list names, as SortTocFromFile in pg_backup_archiver.c reads it: what follows a semicolon is a comment, and
/// a line begins with its id.
fn ids(list: &str) -> HashSet<i32> {
    let id = |line: &str| {
        let line = line.split(';').next().unwrap_or_default().trim_start();
        let digits: String = line.chars().take_while(char::is_ascii_digit).collect();
        digits.parse().ok()
    };
    list.lines().filter_map(id).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_read_as_pg_restore_reads_it() {
        let list = "; Archive created at 2026\n;\n2; 3079 116913 EXTENSION - citext \n;3450; 0 117019 TABLE DATA public t x\n  \
                    17;rest\n\nnonsense\n-4; no\n0; x";
        assert_eq!(ids(list), HashSet::from([2, 17, 0]));
    }
}
