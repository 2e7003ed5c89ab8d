//! The names of a target and its database.

use super::{Places, steps};
use crate::profile::names::identifier;
use crate::profile::{ProfileError, Target};

pub fn check(target: &Target, at: &Places<'_>) -> Result<(), ProfileError> {
    target_name(&target.name).map_err(|why| at.bad(steps!["name"], why))?;
    database(&target.database.name).map_err(|why| at.bad(steps!["database", "name"], why))?;
    Ok(())
}

/// Target names are file names, labels and test names.
fn target_name(name: &str) -> Result<(), String> {
    const MAX: usize = 100;
    // Brackets and commas are what a matrix puts after a name.
    let plain = |c: char| c.is_ascii_alphanumeric() || "._+@-[,]".contains(c);
    if name.is_empty() {
        return Err("a target needs a name".into());
    }
    if name.len() > MAX {
        return Err(format!("a target's name has at most {MAX} characters"));
    }
    if !name.starts_with(|c: char| c.is_ascii_alphanumeric()) || !name.chars().all(plain) {
        return Err(
            "a target's name is of letters, digits and `.`, `_`, `+`, `@`, `-`, and starts with a letter or digit \
                    (it names files and labels)"
                .into(),
        );
    }
    Ok(())
}

fn database(name: &str) -> Result<(), String> {
    identifier(name, "database")?;
    if ["template0", "template1"].contains(&name) {
        return Err(format!("`{name}` is created by initdb; databases are restored into one of their own"));
    }
    Ok(())
}
