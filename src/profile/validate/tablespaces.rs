//! Whether the tablespaces can be made.

use std::collections::HashMap;

use super::{Places, roles, steps};
use crate::profile::{ProfileError, Target, names};

/// `CreateTableSpace` in src/backend/commands/tablespace.c.
pub fn check(target: &Target, at: &Places<'_>) -> Result<(), ProfileError> {
    let mut first_of_name = HashMap::new();
    for (index, tablespace) in target.tablespaces.iter().enumerate() {
        let refused = |why: String| at.bad(steps!["tablespaces", index], why);
        names::identifier(&tablespace.name, "tablespace").map_err(refused)?;
        if tablespace.name.starts_with("pg_") {
            return Err(refused("PostgreSQL keeps names of tablespaces that start with `pg_` for itself".into()));
        }
        if let Some(first) = first_of_name.insert(tablespace.name.as_str(), index) {
            return Err(refused(format!("`{}` is already the name of tablespaces[{first}]", tablespace.name)));
        }
        if let Some(owner) = &tablespace.owner {
            roles::known_role(target, owner)
                .map_err(|(why, hint)| at.bad(steps!["tablespaces", index, "owner"], why).hint(hint))?;
        }
    }
    Ok(())
}
