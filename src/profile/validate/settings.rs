//! Server settings that a profile may give.

use std::collections::BTreeMap;

use super::Places;
use crate::profile::yaml::Step;
use crate::profile::{ProfileError, Setting, reserved};

/// Checks the settings at `path`, of the server, a role or a database.
pub fn check(settings: &BTreeMap<String, Setting>, path: &[Step<'_>], at: &Places<'_>) -> Result<(), ProfileError> {
    let mut seen: BTreeMap<String, &str> = BTreeMap::new();
    for (name, Setting(value)) in settings {
        let refused = |why: String| at.bad_key(path, name, why);
        if !is_setting_name(name) {
            return Err(refused(
                "a setting's name is of letters, digits, `_` and `.`, and starts with a letter".into(),
            ));
        }
        let folded = name.to_ascii_lowercase();
        if let Some(reason) = reserved::why(&folded) {
            return Err(refused(format!("pgrehearse sets this itself: {reason}")));
        }
        if let Some(first) = seen.insert(folded, name) {
            return Err(refused(format!("`{first}` is the same setting: upper and lower case make no difference")));
        }
        if value.contains(['\n', '\r']) {
            let why = "a setting's value is one line of postgresql.conf";
            let whole: Vec<_> = path.iter().copied().chain([Step::from(name)]).collect();
            return Err(at.bad(&whole, why));
        }
    }
    Ok(())
}

fn is_setting_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '.')
}
