//! Which PostgreSQL versions are installed on this machine, and where.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::postgres::Major;

/// An installed PostgreSQL with a server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Installation {
    pub major: Major,
    /// As `postgres --version` says it, for example `15.18 (Debian 15.18-0+deb12u1)`.
    pub version: String,
    /// The directory that holds `initdb`, `postgres`, `psql` and `pg_restore`.
    pub bindir: PathBuf,
}

/// Where packages put a version's programs: a directory of versions, how a version's name begins, what follows it.
const PLACES: [(&str, &str, &str); 6] = [
    // Debian and Ubuntu
    ("/usr/lib/postgresql", "", "bin"),
    // Red Hat, from PostgreSQL's own repository
    ("/usr", "pgsql-", "bin"),
    // Alpine
    ("/usr/libexec", "postgresql", ""),
    // Homebrew on Apple silicon and on Intel
    ("/opt/homebrew/opt", "postgresql@", "bin"),
    ("/usr/local/opt", "postgresql@", "bin"),
    // EDB's installer for macOS
    ("/Library/PostgreSQL", "", "bin"),
];

/// The installed PostgreSQL versions, newest major first; of one major the first that was found.
pub fn installations() -> Vec<Installation> {
    let mut bindirs: Vec<PathBuf> = Vec::new();
    for (parent, prefix, below) in PLACES {
        let Ok(entries) = std::fs::read_dir(parent) else { continue };
        let mut found: Vec<PathBuf> = entries
            .flatten()
            .filter(|entry| entry.file_name().to_string_lossy().starts_with(prefix))
            .map(|entry| if below.is_empty() { entry.path() } else { entry.path().join(below) })
            .collect();
        found.sort();
        bindirs.extend(found);
    }
    bindirs.extend(bindir_on_path());

    let mut installed: Vec<Installation> = Vec::new();
    for bindir in bindirs {
        let Some(installation) = look_into(&bindir) else { continue };
        if !installed.iter().any(|known| known.major == installation.major) {
            installed.push(installation);
        }
    }
    installed.sort_by_key(|installation| std::cmp::Reverse(installation.major));
    installed
}

/// What the `pg_config` on PATH names.
fn bindir_on_path() -> Option<PathBuf> {
    let output = Command::new("pg_config").arg("--bindir").stdin(Stdio::null()).output().ok()?;
    let bindir = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| PathBuf::from(bindir.trim()))
}

fn look_into(bindir: &Path) -> Option<Installation> {
    if !bindir.join("initdb").is_file() {
        return None;
    }
    let output = Command::new(bindir.join("postgres")).arg("--version").stdin(Stdio::null()).output().ok()?;
    let (major, version) = parse_version(&String::from_utf8(output.stdout).ok()?)?;
    Some(Installation { major, version, bindir: bindir.to_owned() })
}

/// Reads `postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)`, `… 17beta1` and the like.
fn parse_version(line: &str) -> Option<(Major, String)> {
    let version = line.split_once("(PostgreSQL) ")?.1.trim();
    let digits = version.find(|c: char| !c.is_ascii_digit()).unwrap_or(version.len());
    let major = version[..digits].parse().ok()?;
    Some((Major(major), version.to_owned()))
}

/// How a missing major is installed.
pub(super) fn how_to_install(major: Major) -> String {
    if cfg!(target_os = "macos") {
        format!("install it with `brew install postgresql@{major}`")
    } else if Path::new("/usr/bin/dnf").exists() {
        format!(
            "install it with `dnf install postgresql{major}-server postgresql{major}-contrib` from yum.postgresql.org, \
             or use `--engine docker`"
        )
    } else {
        format!(
            "install it with `apt-get install postgresql-{major}` (from apt.postgresql.org if the distribution does not \
             have it), or use `--engine docker`"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_of_releases_and_betas_are_read() {
        let debian = parse_version("postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)\n");
        assert_eq!(debian, Some((Major(15), "15.18 (Debian 15.18-0+deb12u1)".to_owned())));
        assert_eq!(parse_version("postgres (PostgreSQL) 18beta2\n"), Some((Major(18), "18beta2".to_owned())));
        assert_eq!(parse_version("bash: postgres: not found"), None);
    }
}
