//! The base as it was laid out, compared with its manifest by the target's own pg_verifybackup.

use tokio::io::AsyncReadExt as _;

use crate::counted::counted;
use crate::engine::{EngineError, Program, Sandbox, Whose};
use crate::finding::{Finding, Name};

/// How much of what it says is read, in bytes.
const MOST: u64 = 1 << 20;

/// What pg_verifybackup found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Verified {
    pub findings: Vec<Finding>,
    /// Why it says nothing, where it does not.
    pub could_not: Option<String>,
}

/// Compares what was laid out with its manifest. WAL is left out: reading the archive has proved that.
///
/// # Errors
/// When it cannot be run.
pub async fn verify(sandbox: &dyn Sandbox) -> Result<Verified, EngineError> {
    verify_at(sandbox, &format!("{}/pgdata", sandbox.directory())).await
}

/// The same of a base in this directory.
pub(super) async fn verify_at(sandbox: &dyn Sandbox, data: &str) -> Result<Verified, EngineError> {
    let (code, said) = run(sandbox, &["pg_verifybackup", "-n", data]).await?;
    if code == 0 {
        return Ok(Verified::default());
    }
    Ok(judge(&said))
}

/// Takes away what only pg_verifybackup had to see: `tablespace_map` says where tablespaces lay on the source, and the server would
/// link them there.
///
/// # Errors
/// When it cannot be done.
pub async fn ready(sandbox: &dyn Sandbox) -> Result<(), EngineError> {
    let map = format!("{}/pgdata/tablespace_map", sandbox.directory());
    match run(sandbox, &["rm", "-f", &map]).await? {
        (0, _) => Ok(()),
        (_, said) => Err(EngineError::Call { action: "cannot make the laid out base ready", reason: said }),
    }
}

/// The version of the sandbox's server, which need not run: `17.6 (Debian 17.6-1.pgdg13+1)`.
///
/// # Errors
/// When it cannot be asked.
pub async fn version(sandbox: &dyn Sandbox) -> Result<String, EngineError> {
    let (_, said) = run(sandbox, &["postgres", "--version"]).await?;
    let version = said.trim().strip_prefix("postgres (PostgreSQL) ").map(str::to_owned);
    version.ok_or(EngineError::Call { action: "cannot ask the server for its version", reason: said })
}

/// Runs a program of the server's to its end, and gives its exit code and all that it said.
pub(super) async fn run(sandbox: &dyn Sandbox, argv: &[&str]) -> Result<(i64, String), EngineError> {
    let argv = argv.iter().map(|word| (*word).to_owned()).collect();
    let running = sandbox.run(Program { argv, whose: Whose::Owner, env: Vec::new(), stdin: None }).await?;
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let (mut stdout, mut stderr) = (running.stdout.take(MOST), running.stderr.take(MOST));
    let (first, second) = tokio::join!(stdout.read_to_end(&mut out), stderr.read_to_end(&mut err));
    first.and(second).map_err(|source| EngineError::Io { action: "cannot read a program's output", source })?;
    drop((stdout, stderr));
    let code = running.exit.await?;
    out.extend(err);
    Ok((code, String::from_utf8_lossy(&out).into_owned()))
}

/// What its words mean (`report_backup_error` in src/bin/pg_verifybackup/pg_verifybackup.c, PostgreSQL 13 to 18).
fn judge(said: &str) -> Verified {
    let (mut missing, mut changed, mut others) = (Vec::new(), Vec::new(), Vec::new());
    for line in said.lines() {
        let Some(words) = line.strip_prefix("pg_verifybackup: error: ") else { continue };
        let name = words.split('"').nth(1).unwrap_or_default().to_owned();
        if words.ends_with("is present in the manifest but not on disk") {
            missing.push(name);
        } else if words.starts_with("checksum mismatch for file")
            || words.contains("on disk but size")
            || words.ends_with("is present on disk but not in the manifest")
        {
            changed.push((name, words.to_owned()));
        } else {
            others.push(words.to_owned());
        }
    }
    let mut verified = Verified::default();
    if !missing.is_empty() {
        let title =
            format!("{} of the manifest {} not in the base", counted(missing.len(), "file"), are(missing.len()));
        let mut finding = Finding::new(Name::BackupIncomplete, title);
        finding.count = missing.len() as u64;
        finding.objects = missing;
        verified.findings.push(finding);
    }
    if !changed.is_empty() {
        let title = format!("{} {} not as the manifest has them", counted(changed.len(), "file"), are(changed.len()));
        let mut finding = Finding::new(Name::BackupChanged, title);
        finding.count = changed.len() as u64;
        finding.evidence = changed.iter().take(10).map(|(_, words)| words.clone()).collect();
        finding.objects = changed.into_iter().map(|(name, _)| name).collect();
        verified.findings.push(finding);
    }
    match others.first() {
        Some(first) if verified.findings.is_empty() && first.contains("manifest") => {
            let mut finding = Finding::new(Name::BackupChanged, "its manifest cannot be trusted");
            finding.objects = vec!["backup_manifest".to_owned()];
            finding.evidence = others;
            verified.findings.push(finding);
        }
        Some(first) if verified.findings.is_empty() => verified.could_not = Some(first.clone()),
        None if verified.findings.is_empty() => {
            let said = said.lines().next().unwrap_or("nothing").to_owned();
            verified.could_not = Some(format!("pg_verifybackup failed and said: {said}"));
        }
        _ => {}
    }
    verified
}

fn are(count: usize) -> &'static str {
    if count == 1 { "is" } else { "are" }
}

/// Reads every page of a stopped server's data, where pages have checksums.
///
/// # Errors
/// When pg_checksums cannot be run.
pub async fn pages(sandbox: &dyn Sandbox) -> Result<Verified, EngineError> {
    let data = format!("{}/pgdata", sandbox.directory());
    let (code, said) = run(sandbox, &["pg_checksums", "--check", "-D", &data]).await?;
    if code == 0 {
        return Ok(Verified::default());
    }
    let bad: Vec<String> =
        said.lines().filter(|line| line.contains("checksum verification failed")).map(str::to_owned).collect();
    if bad.is_empty() {
        let said = said.lines().next().unwrap_or("nothing").to_owned();
        return Ok(Verified { findings: Vec::new(), could_not: Some(format!("pg_checksums failed and said: {said}")) });
    }
    let mut finding = Finding::new(
        Name::PagesCorrupt,
        format!("{} of the recovered data {} damaged", counted(bad.len(), "page"), are(bad.len())),
    );
    finding.count = bad.len() as u64;
    // `pg_checksums: error: checksum verification failed in file "…/base/5/1259", block 0: calculated …`
    let mut files: Vec<String> = bad
        .iter()
        .filter_map(|line| line.split('"').nth(1))
        .map(|file| file.replace(&format!("{data}/"), ""))
        .collect();
    files.dedup();
    finding.objects = files;
    finding.evidence = bad.into_iter().take(5).collect();
    Ok(Verified { findings: vec![finding], could_not: None })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_pg_verifybackup_says_is_missing_or_changed() {
        let said = "pg_verifybackup: error: \"base/1/1259\" is present in the manifest but not on disk\n\
                    pg_verifybackup: error: checksum mismatch for file \"global/1262\"\n\
                    pg_verifybackup: error: \"extra\" is present on disk but not in the manifest\n\
                    pg_verifybackup: error: \"base/1/2\" has size 1 on disk but size 2 in the manifest\n";
        let found = judge(said);
        assert_eq!(found.could_not, None);
        let names: Vec<_> = found.findings.iter().map(|finding| (finding.name, finding.objects.len())).collect();
        assert_eq!(names, [(Name::BackupIncomplete, 1), (Name::BackupChanged, 3)]);
    }

    #[test]
    fn what_it_does_not_say_is_no_finding_and_no_pass() {
        assert!(
            judge("pg_verifybackup: error: could not open directory \"/x\": Permission denied\n").could_not.is_some()
        );
        assert!(judge("").could_not.is_some());
    }
}
