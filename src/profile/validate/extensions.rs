//! Whether what the profile says of extensions goes together.

use std::collections::HashMap;

use super::{Places, steps};
use crate::profile::{ProfileError, Target, names};

/// Every cluster has it in every database.
const ALWAYS_THERE: &str = "plpgsql";

pub fn check(target: &Target, at: &Places<'_>) -> Result<(), ProfileError> {
    let extensions = &target.extensions;
    installed(target, at)?;
    let allowed = extensions.allowed.as_deref();
    let lists = [
        ("allowed", allowed.unwrap_or_default()),
        ("forbidden", extensions.forbidden.as_slice()),
        ("trusted", extensions.trusted.as_slice()),
    ];
    for (key, list) in lists {
        for (index, extension) in list.iter().enumerate() {
            at.each(|| names::extension(extension).map_err(|why| at.bad(steps!["extensions", key, index], why)));
        }
    }
    for (index, extension) in extensions.forbidden.iter().enumerate() {
        let refused = |why: String| Err(at.bad(steps!["extensions", "forbidden", index], why));
        if extension == ALWAYS_THERE {
            return refused("every database has plpgsql".into());
        }
        let also = lists.iter().find(|(key, list)| *key != "forbidden" && list.contains(extension));
        if let Some((key, _)) = also {
            return refused(format!("`{extension}` is in `extensions.{key}` too; it can only be one of the two"));
        }
        if extensions.installed.iter().any(|installed| installed.name == *extension) {
            return refused(format!("`{extension}` is in `extensions.installed` too; it can only be one of the two"));
        }
    }
    if let Some(allowed) = allowed {
        for (index, extension) in extensions.trusted.iter().enumerate() {
            if !allowed.contains(extension) {
                let why = format!("`{extension}` is not among `extensions.allowed`, so nobody creates it");
                let hint = "add it there; what is allowed need not be in `trusted`".to_owned();
                return Err(at.bad(steps!["extensions", "trusted", index], why).hint(Some(hint)));
            }
        }
    }
    Ok(())
}

fn installed(target: &Target, at: &Places<'_>) -> Result<(), ProfileError> {
    let mut first_of_name = HashMap::new();
    for (index, extension) in target.extensions.installed.iter().enumerate() {
        let bad_name = |why: String| at.bad(steps!["extensions", "installed", index], why);
        let refused = |key: &str, why: String| at.bad(steps!["extensions", "installed", index, key], why);
        names::extension(&extension.name).map_err(bad_name)?;
        if let Some(first) = first_of_name.insert(extension.name.as_str(), index) {
            return Err(bad_name(format!("`{}` is already the name of installed[{first}]", extension.name)));
        }
        if let Some(schema) = &extension.schema {
            names::identifier(schema, "schema").map_err(|why| refused("schema", why))?;
            let known = |schema: &str| target.database.schemas.iter().any(|known| known.name == *schema);
            if !known(schema) && !["public", "pg_catalog"].contains(&schema.as_str()) {
                let why = format!("no schema of this profile is called `{}`", schema.escape_debug());
                let hint = "name it in `database.schemas`, which are created first".to_owned();
                return Err(refused("schema", why).hint(Some(hint)));
            }
        }
        // `check_valid_version_name` in src/backend/commands/extension.c.
        if let Some(version) = &extension.version
            && (version.is_empty()
                || version.contains("--")
                || version.contains(['/', '\\'])
                || version.starts_with('-')
                || version.ends_with('-'))
        {
            return Err(refused("version", "an extension's version is a text such as \"1.10\"".into()));
        }
    }
    Ok(())
}
