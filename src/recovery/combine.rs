//! A chain of base backups is joined to one, by the target's own pg_combinebackup.

use pgbackup_reader::base::Base;

use super::lay_out::member;
use super::verify::{Verified, run, verify_at};
use crate::engine::{EngineError, Sandbox};
use crate::finding::{Finding, Name};

/// Compares each base of a chain with its manifest, joins them to the one that the server is started on, and takes the parts away. `last`
/// is the base that is recovered, `count` how many the chain has.
///
/// # Errors
/// When nothing can be run in the sandbox.
pub async fn combine(sandbox: &dyn Sandbox, last: &Base, count: usize) -> Result<Verified, EngineError> {
    let directory = sandbox.directory();
    let data = |number: usize| format!("{directory}/{}/pgdata", member(number));
    let mut verified = Verified::default();
    // What pg_combinebackup makes has a manifest of what it has read, so what is damaged has to be found before.
    for number in 1..=count {
        let Verified { findings, could_not } = verify_at(sandbox, &data(number)).await?;
        verified.findings.extend(findings);
        verified.could_not = verified.could_not.or(could_not);
    }
    let mut argv =
        vec!["pg_combinebackup".to_owned(), "--no-sync".to_owned(), "-o".to_owned(), format!("{directory}/pgdata")];
    for oid in last.tablespaces().iter().map(|tablespace| tablespace.oid) {
        let from = format!("{directory}/{}/tablespaces/{oid}", member(count));
        argv.extend(["-T".to_owned(), format!("{from}={directory}/tablespaces/{oid}")]);
    }
    argv.extend((1..=count).map(data));
    let argv: Vec<&str> = argv.iter().map(String::as_str).collect();
    let (code, said) = run(sandbox, &argv).await?;
    if code != 0 {
        let errors = said.lines().filter_map(|line| line.strip_prefix("pg_combinebackup: error: "));
        let errors: Vec<String> = errors.map(|words| words.replace(&format!("{directory}/"), "")).collect();
        let first = errors.first().map_or_else(|| format!("it ended with exit code {code}"), Clone::clone);
        let mut finding =
            Finding::new(Name::BackupChainBroken, format!("pg_combinebackup cannot join the chain: {first}"));
        finding.objects = vec![last.path().display().to_string()];
        finding.evidence = errors.into_iter().skip(1).take(5).collect();
        verified.findings.push(finding);
        return Ok(verified);
    }
    let finish = r#"rm -rf "$1/chain" && : > "$1/pgdata/recovery.signal""#;
    match run(sandbox, &["sh", "-c", finish, "sh", &directory]).await? {
        (0, _) => Ok(verified),
        (_, said) => Err(EngineError::Call { action: "cannot make the joined base ready", reason: said }),
    }
}
