//! SQL that is run before the restore.

use super::{Places, files, roles, steps};
use crate::profile::{ProfileError, Target, names};

/// The most that one file may hold.
const LONGEST: u64 = 16 << 20;

/// Checks the statements, and reads their files.
pub fn check(target: &mut Target, at: &Places<'_>) -> Result<(), ProfileError> {
    for index in 0..target.init.len() {
        let checked = one(target, index, at);
        at.each(|| checked);
    }
    Ok(())
}

fn one(target: &mut Target, index: usize, at: &Places<'_>) -> Result<(), ProfileError> {
    let one = &target.init[index];
    if let Some(role) = &one.as_role {
        roles::known_role(target, role).map_err(|(why, hint)| at.bad(steps!["init", index, "as"], why).hint(hint))?;
    }
    if let Some(database) = &one.database {
        names::identifier(database, "database").map_err(|why| at.bad(steps!["init", index, "database"], why))?;
    }
    match (&one.sql, &one.file) {
        (Some(sql), None) if sql.trim().is_empty() => {
            return Err(at.bad(steps!["init", index, "sql"], "there is nothing to run"));
        }
        (Some(_), None) => {}
        (None, Some(file)) => {
            let refused = |why: String| at.bad(steps!["init", index, "file"], why);
            if file.is_empty() {
                return Err(refused("names no file".into()));
            }
            let folder = at.folder(steps!["init", index, "file"]).ok_or_else(|| {
                refused("the file is looked for beside the profile's file, and this profile is in none".into())
            })?;
            let path = folder.join(file);
            let text = String::from_utf8(files::read(&path, LONGEST).map_err(refused)?)
                .map_err(|_| refused(format!("{} is not UTF-8", path.display())))?;
            let text = text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text);
            if text.contains('\0') {
                return Err(refused(format!("{} holds a NUL character, which no SQL can", path.display())));
            }
            if text.trim().is_empty() {
                return Err(refused(format!("{} is empty: there is nothing to run", path.display())));
            }
            target.init[index].file_text = Some(text);
        }
        (Some(_), Some(_)) => {
            return Err(at.bad_key(steps!["init", index], "file", "`sql` says already what is run; leave out one"));
        }
        (None, None) => {
            return Err(at.bad(steps!["init", index], "nothing says what is run: give it `sql` or `file`"));
        }
    }
    Ok(())
}
