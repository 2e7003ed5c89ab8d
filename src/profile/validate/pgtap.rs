//! Files of tests that are there.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use super::{Places, steps};
use crate::profile::{ByteSize, Checks, ProfileError, TestFile};

/// The most that all test files of a profile may hold.
const MOST: u64 = 64 << 20;

/// Finds the files that the patterns mean and reads them.
pub fn check(checks: &mut Checks, at: &Places<'_>) -> Result<(), ProfileError> {
    // Each with the folder that it was looked for in.
    let mut paths: Vec<(PathBuf, PathBuf)> = Vec::new();
    for (index, pattern) in checks.pgtap.iter().enumerate() {
        let refused = |why: String| at.bad(steps!["checks", "pgtap", index], why);
        let Some(folder) = at.folder(steps!["checks", "pgtap", index]) else {
            return Err(refused(
                "test files are looked for beside the profile's file, and this profile is in none".into(),
            ));
        };
        let files = meant(pattern, &folder).map_err(refused)?;
        paths.extend(files.into_iter().map(|file| (folder.clone(), file)));
    }
    let mut room = MOST;
    for (folder, path) in paths {
        // The same file by another pattern.
        let name = path.strip_prefix(&folder).unwrap_or(&path).display().to_string();
        if checks.pgtap_files.iter().any(|file| file.name == name) {
            continue;
        }
        let refused = |why: String| at.bad(steps!["checks", "pgtap"], why);
        let mut text = Vec::new();
        pgdump_reader::ordinary::open(&path)
            .and_then(|file| file.take(room + 1).read_to_end(&mut text))
            .map_err(|error| refused(format!("{name:?} cannot be read: {error}")))?;
        room = room
            .checked_sub(text.len() as u64)
            .ok_or_else(|| refused(format!("the files hold more than {}", ByteSize(MOST))))?;
        checks.pgtap_files.push(TestFile { name, text });
    }
    Ok(())
}

/// The files that a pattern means, by name.
fn meant(pattern: &str, folder: &Path) -> Result<Vec<PathBuf>, String> {
    if pattern.is_empty() {
        return Err("names no file".into());
    }
    let Some(from) = folder.to_str() else { return Err("the path of the profile's file is not UTF-8".into()) };
    let pattern = pattern.strip_prefix("./").unwrap_or(pattern);
    let whole = match from {
        _ if pattern.starts_with('/') => pattern.to_owned(),
        "" => pattern.to_owned(),
        // The folder itself is no pattern.
        from => format!("{}/{pattern}", glob::Pattern::escape(from)),
    };
    let options = glob::MatchOptions { require_literal_leading_dot: true, ..glob::MatchOptions::default() };
    let found = glob::glob_with(&whole, options)
        .map_err(|error| format!("`{}` is no pattern: {}", pattern.escape_debug(), error.msg))?;
    let mut files = Vec::new();
    for path in found {
        let path = path.map_err(|error| format!("{} cannot be read: {}", error.path().display(), error.error()))?;
        if path.is_file() {
            files.push(path);
        }
    }
    if files.is_empty() {
        return Err(format!("no file is `{}`, looked for from the folder of the profile", pattern.escape_debug()));
    }
    files.sort();
    Ok(files)
}
