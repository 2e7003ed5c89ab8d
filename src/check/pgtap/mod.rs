//! The profile's own tests in pgTAP, run by the sandbox's psql as one runs them by hand.
//!
//! psql because test files are scripts for it: most begin with `\unset ECHO` and `\set QUIET 1`. It runs inside the sandbox,
//! as the dump does, so whatever a file makes it do stays there.

mod tap;

use async_trait::async_trait;
use tokio::io::{AsyncRead, AsyncReadExt as _};

use super::{Check, Group, Looked, Restored, queries};
use crate::cluster::ClusterError;
use crate::cluster::sql::{identifier, literal};
use crate::engine::{EngineError, Program, Whose};
use crate::finding::mask::{MASK, Mask, Voice};
use crate::finding::{Finding, Name};
use crate::profile::TestFile;
use crate::restore::connection_string;
use crate::source::Witness;
use tap::Tap;

pub struct PgTap;

/// The schema that pgTAP is put into where the database does not have it.
const SCHEMA: &str = "pgrehearse_pgtap";

/// The most that is read of what one file prints.
const MOST: u64 = 16 << 20;

#[async_trait]
impl Check for PgTap {
    fn name(&self) -> &'static str {
        "pgtap"
    }

    fn group(&self) -> Group {
        Group::Queries
    }

    fn witness(&self) -> Witness {
        Witness::Database
    }

    /// It installs pgTAP, and what tests do is theirs.
    fn changes(&self) -> bool {
        true
    }

    async fn look(&self, restored: &Restored<'_>) -> Result<Looked, ClusterError> {
        let mut looked = Looked::default();
        if !queries::is_asked_here(None, restored) {
            looked.looked_at = "0 files".into();
            return Ok(looked);
        }
        let files = &restored.target.checks.pgtap_files;
        let Some(schema) = installed(restored, &mut looked).await? else { return Ok(looked) };
        let mut tests = 0;
        for file in files {
            let ran = run(restored, file, schema.as_deref()).await?;
            match ran.exit_code {
                0 | SCRIPT_FAILED if ran.cut_off => {
                    looked.could_not.push(format!("{}: it prints more than {} MiB", file.name, MOST >> 20));
                }
                0 | SCRIPT_FAILED => {
                    let tap = Tap::read(&ran.stdout);
                    tests += tap.ran;
                    if tap.skipped > 0 {
                        looked.not_compared.push(format!("{}: {} tests skip themselves", file.name, tap.skipped));
                    }
                    if tap.skipped_all.is_some() {
                        looked.not_compared.push(format!("{}: it skips itself", file.name));
                    }
                    looked.findings.extend(judge(file, &tap, &ran, &restored.mask));
                }
                code => looked.could_not.push(format!("{}: psql ended with exit code {code}", file.name)),
            }
        }
        looked.looked_at = format!("{} files, {tests} tests", files.len());
        looked.compared.insert("test".into(), tests);
        Ok(looked)
    }
}

/// psql's exit code where a statement failed and ON_ERROR_STOP is set (`EXIT_USER`, src/bin/psql/settings.h).
const SCRIPT_FAILED: i64 = 3;

/// Sees to it that pgTAP is there, and says in which schema; the inner `None` is one that the dump brought without the
/// extension. The outer `None` is that it cannot be had, which has been said then.
async fn installed(restored: &Restored<'_>, looked: &mut Looked) -> Result<Option<Option<String>>, ClusterError> {
    let session = restored.session;
    let step = "cannot look for pgTAP";
    let sql = "SELECT n.nspname::text FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace
               WHERE e.extname = 'pgtap'";
    if let Some(row) = session.query(sql, &[], step).await?.first() {
        return Ok(Some(Some(row.get(0))));
    }
    // Made by its script, without CREATE EXTENSION.
    let sql = "SELECT FROM pg_proc p JOIN pg_proc f ON f.pronamespace = p.pronamespace
               WHERE p.proname = 'plan' AND f.proname = 'finish' AND p.pronamespace <> 'pg_catalog'::regnamespace LIMIT 1";
    if !session.query(sql, &[], step).await?.is_empty() {
        return Ok(Some(None));
    }
    let sql = "SELECT FROM pg_available_extensions WHERE name = 'pgtap'";
    if session.query(sql, &[], step).await?.is_empty() {
        looked.could_not.push(
            "the target's PostgreSQL has no extension pgtap; install it there (Debian: postgresql-NN-pgtap), or name an \
             `image` that has it"
                .into(),
        );
        return Ok(None);
    }
    let schema = identifier(SCHEMA);
    let sql = format!(
        "BEGIN; CREATE SCHEMA {schema}; GRANT USAGE ON SCHEMA {schema} TO PUBLIC; \
         CREATE EXTENSION pgtap SCHEMA {schema} CASCADE; COMMIT"
    );
    match session.batch(&sql, "pgTAP cannot be installed").await {
        Ok(()) => Ok(Some(Some(SCHEMA.to_owned()))),
        Err(error) => {
            session.batch("ROLLBACK", step).await?;
            looked.could_not.push(restored.mask.cluster(&error));
            Ok(None)
        }
    }
}

/// What psql said of one file.
struct Ran {
    exit_code: i64,
    stdout: String,
    stderr: String,
    cut_off: bool,
}

/// Runs one file in a transaction that is rolled back, unless the file ends it itself. The schema of pgTAP comes last in
/// the search path, so that the application's own names win.
async fn run(restored: &Restored<'_>, file: &TestFile, schema: Option<&str>) -> Result<Ran, ClusterError> {
    let mut argv: Vec<String> =
        ["psql", "-X", "-q", "-A", "-t", "--no-password", "-v", "ON_ERROR_STOP=1", "-v", "VERBOSITY=verbose"]
            .map(String::from)
            .into();
    argv.push(format!("--username={}", restored.target.cluster.superuser));
    argv.push(format!("--dbname={}", connection_string(restored.database)));
    let mut command = |text: String| argv.push(format!("--command={text}"));
    if let Some(schema) = schema {
        command(r"\o /dev/null".into());
        command(format!(
            "SELECT pg_catalog.set_config('search_path', pg_catalog.concat_ws(', ', \
             nullif(pg_catalog.current_setting('search_path'), ''), {}), false)",
            literal(&identifier(schema))
        ));
        command(r"\o".into());
    }
    command("BEGIN".into());
    argv.push("--file=-".into());
    argv.push("--command=ROLLBACK".into());
    let text = file.text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&file.text).to_vec();
    let env = [("PGCLIENTENCODING", "UTF8"), ("PGAPPNAME", crate::cluster::APPLICATION_NAME)];
    let env = env.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    let stdin = Some(Box::pin(std::io::Cursor::new(text)) as crate::engine::BoxedReader);
    let running = restored.sandbox.run(Program { argv, whose: Whose::Server, env, stdin }).await?;
    let (stdout, stderr) = tokio::join!(read(running.stdout), read(running.stderr));
    let exit_code = running.exit.await?;
    let ((stdout, cut_off), (stderr, _)) = (stdout?, stderr?);
    Ok(Ran { exit_code, stdout, stderr, cut_off })
}

/// The text of a stream, and whether there was more of it than is kept.
async fn read(mut stream: impl AsyncRead + Unpin) -> Result<(String, bool), EngineError> {
    let io = |source| EngineError::Io { action: "cannot read what psql says", source };
    let mut bytes = Vec::new();
    (&mut stream).take(MOST).read_to_end(&mut bytes).await.map_err(io)?;
    let more = tokio::io::copy(&mut stream, &mut tokio::io::sink()).await.map_err(io)?;
    Ok((String::from_utf8_lossy(&bytes).into_owned(), more > 0))
}

/// One finding for a file whose tests do not all pass.
fn judge(file: &TestFile, tap: &Tap, ran: &Ran, mask: &Mask<'_>) -> Option<Finding> {
    let text = String::from_utf8_lossy(&file.text);
    let mask = &mask.with_sql(&text);
    let name = &file.name;
    let mut wrong = Vec::new();
    if !tap.failed.is_empty() {
        wrong.push(match tap.ran {
            1 => "its test failed".to_owned(),
            ran => format!("{} of {ran} tests failed", tap.failed.len()),
        });
    }
    if ran.exit_code == SCRIPT_FAILED {
        wrong.push("a statement failed".to_owned());
    }
    // A statement that failed explains tests that did not run.
    if let Some(other) = tap.wrong().filter(|_| ran.exit_code == 0) {
        wrong.push(other);
    }
    if wrong.is_empty() {
        return None;
    }
    let mut finding = Finding::new(Name::PgtapFailed, format!("{name}: {}", wrong.join(", ")));
    finding.count = (tap.failed.len() as u64).max(1);
    finding.objects = tap
        .failed
        .iter()
        .map(|failed| match failed.description.as_str() {
            "" => format!("{name}: test {}", failed.number),
            // One that the file does not have is made of what stands in rows.
            description if !mask.shows_data() && !is_of_file(&text, description, mask) => {
                format!("{name}: test {} {MASK}", failed.number)
            }
            description => format!("{name}: {description}"),
        })
        .collect();
    if finding.objects.is_empty() {
        finding.objects.push(name.clone());
    }
    if ran.exit_code == SCRIPT_FAILED {
        finding.evidence.push(script_error(&ran.stderr, mask));
    }
    const SHOWN: usize = 10;
    let said: Vec<&String> = tap.failed.iter().flat_map(|failed| &failed.diagnostics).collect();
    if mask.shows_data() {
        finding.evidence.extend(said.into_iter().take(SHOWN).cloned());
        finding.evidence.extend(tap.bailed_out.iter().filter(|reason| !reason.is_empty()).cloned());
    } else if !said.is_empty() {
        finding.evidence.push("what the tests found is masked; --show-data shows it".into());
    }
    Some(finding)
}

/// What pgTAP itself says where a test has no description of its own (`has_table` and the like).
const OWN_WORDS: [&str; 28] = [
    "a",
    "and",
    "be",
    "column",
    "default",
    "exist",
    "exists",
    "extension",
    "foreign",
    "function",
    "have",
    "in",
    "index",
    "is",
    "key",
    "not",
    "of",
    "on",
    "primary",
    "role",
    "schema",
    "sequence",
    "should",
    "table",
    "the",
    "trigger",
    "type",
    "view",
];

/// Whether a description can be made of what the file says, so that it holds nothing of a row.
fn is_of_file(text: &str, description: &str, mask: &Mask<'_>) -> bool {
    let words = |text: &str| -> Vec<String> {
        text.split(|c: char| !c.is_alphanumeric() && c != '_')
            .filter(|word| !word.is_empty())
            .map(str::to_owned)
            .collect()
    };
    let of_file: std::collections::HashSet<String> = words(text).into_iter().collect();
    let is_known =
        |word: &String| of_file.contains(word) || OWN_WORDS.contains(&word.to_lowercase().as_str()) || mask.knows(word);
    bare(text).contains(&bare(description)) || words(description).iter().all(is_known)
}

/// A text without what quotes and escapes add to it.
fn bare(text: &str) -> String {
    text.replace(['\\', '\''], "")
}

/// The error that ended a script, in what psql printed on standard error, without row values. Warnings stand before it,
/// which look the same but for a word in the server's language.
fn script_error(stderr: &str, mask: &Mask<'_>) -> String {
    for line in stderr.lines().rev() {
        let Some(rest) = line.strip_prefix("psql:<stdin>:") else { continue };
        let Some((number, said)) = rest.split_once(": ") else { continue };
        // `ERROR:  42P01: relation "x" does not exist`
        let state = said.split_once(":  ").and_then(|(_, rest)| rest.split_once(": ")).filter(|(state, _)| {
            state.len() == 5 && state.bytes().all(|byte| byte.is_ascii_digit() || byte.is_ascii_uppercase())
        });
        match state {
            Some((state, message)) => {
                let message = mask.message(message, Some(state), Voice::Client);
                return format!("line {number}: {message} ({state})");
            }
            // psql's own words, about its own commands.
            None if said.starts_with("error: ") => {
                return format!("line {number}: {}", mask.message(&said["error: ".len()..], None, Voice::Client));
            }
            None => {}
        }
    }
    "psql did not say which one, or not in words that can be shown".into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile;
    use pgdump_reader::Names;

    #[test]
    fn the_error_that_ended_a_script_is_shown_without_values() {
        let hiding = Mask::of_postgres();
        let stderr = "psql:<stdin>:1: WARNING:  25001: there is already a transaction in progress\nLOCATION:  x\n\
                      psql:<stdin>:7: ERROR:  22P02: invalid input syntax for type integer: \"Ada\"\nLINE 1: x\n";
        assert_eq!(
            script_error(stderr, &hiding),
            "line 7: invalid input syntax for type integer: \"‹masked›\" (22P02)"
        );
        let (names, target) = (Names::default(), profile::parse("name: a\npostgres: 17\n", "a").unwrap());
        assert!(script_error(stderr, &Mask::new(&names, &target, true)).contains("Ada"));
        assert_eq!(
            script_error("psql:<stdin>:2: error: other.sql: No such file or directory\n", &hiding),
            "line 2: ‹masked›: No such file or directory"
        );
        assert!(script_error("", &hiding).starts_with("psql did not say"));
    }
}
