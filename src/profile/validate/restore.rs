//! Who restores, and how.

use super::{Places, files, roles, steps};
use crate::profile::{Jobs, ProfileError, Target};

/// The most that a list may hold: more than the table of contents of any archive takes.
const LONGEST_LIST: u64 = 64 << 20;

pub fn check(target: &mut Target, at: &Places<'_>) -> Result<(), ProfileError> {
    if let Some(name) = &target.restore.as_role {
        let role = roles::known_role(target, name);
        match role.map_err(|(why, hint)| at.bad(steps!["restore", "as"], why).hint(hint))? {
            Some(role) if !role.login => {
                let why = format!("the role `{}` cannot log in", role.name);
                let hint = "give it `login: true`".to_owned();
                return Err(at.bad(steps!["restore", "as"], why).hint(Some(hint)));
            }
            Some(_) | None => {}
        }
    }
    if target.restore.jobs == Jobs::Exactly(0) {
        return Err(at.bad(steps!["restore", "jobs"], "at least one job must restore"));
    }
    if let Some(index) = target.restore.options.iter().position(String::is_empty) {
        return Err(at.bad(steps!["restore", "options", index], "an option cannot be empty"));
    }
    if let Some(list) = &target.restore.list {
        let refused = |why: String| at.bad(steps!["restore", "list"], why);
        let folder = at.folder(steps!["restore", "list"]).ok_or_else(|| {
            refused("the list is looked for beside the profile's file, and this profile is in none".into())
        })?;
        target.restore.list_text = Some(files::read(&folder.join(list), LONGEST_LIST).map_err(refused)?);
    }
    Ok(())
}
