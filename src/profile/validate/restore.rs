//! Who restores, and how.

use super::{Places, roles, steps};
use crate::profile::{Jobs, ProfileError, Target};

pub fn check(target: &Target, at: &Places<'_>) -> Result<(), ProfileError> {
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
    Ok(())
}
