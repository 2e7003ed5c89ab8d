//! Whether the database can be made as the profile says, and what is in it in advance.

use std::collections::HashMap;

use super::locale::{Locality, server_encoding};
use super::{Places, roles, settings, steps};
use crate::postgres::predefined_role_since;
use crate::profile::{ProfileError, Target, Template, names};

pub fn check(target: &mut Target, at: &Places<'_>) -> Result<(), ProfileError> {
    if let Some(encoding) = &target.database.encoding {
        target.database.encoding = Some(server_encoding(encoding, "database", at)?.to_owned());
    }
    let database = &target.database;
    if database.encoding.is_some()
        || database.locale.is_some()
        || database.locale_provider.is_some()
        || database.icu_locale.is_some()
    {
        Locality::of_database(target).check(at)?;
    }
    if database.template == Some(Template::Template1) && target.database_differs() {
        let why = "template1 has the encoding and locale of the cluster, and this database has others; PostgreSQL makes \
                   it from template0 only";
        let hint = "leave `template` out".to_owned();
        return Err(at.bad(steps!["database", "template"], why).hint(Some(hint)));
    }
    if database.name == "postgres" && (database.template.is_some() || target.database_differs()) {
        let why = "`postgres` is created by initdb, with the encoding and locale of the cluster";
        return Err(at.bad(steps!["database", "name"], why));
    }
    settings::check(&database.settings, steps!["database", "settings"], at);
    at.each(|| schemas(target, at));
    public(target, at)
}

/// `IsReservedName` in src/backend/catalog/catalog.c.
fn schemas(target: &Target, at: &Places<'_>) -> Result<(), ProfileError> {
    let mut first_of_name = HashMap::new();
    for (index, schema) in target.database.schemas.iter().enumerate() {
        let refused = |why: String| at.bad(steps!["database", "schemas", index], why);
        names::identifier(&schema.name, "schema").map_err(refused)?;
        if schema.name.starts_with("pg_") {
            return Err(refused("PostgreSQL keeps names of schemas that start with `pg_` for itself".into()));
        }
        if ["public", "information_schema"].contains(&schema.name.as_str()) {
            let why = format!("every database has the schema `{}`", schema.name);
            let hint = (schema.name == "public").then(|| "`database.public` says whose it is".to_owned());
            return Err(refused(why).hint(hint));
        }
        if let Some(first) = first_of_name.insert(schema.name.as_str(), index) {
            return Err(refused(format!("`{}` is already the name of schemas[{first}]", schema.name)));
        }
        if let Some(owner) = &schema.owner {
            roles::known_role(target, owner)
                .map_err(|(why, hint)| at.bad(steps!["database", "schemas", index, "owner"], why).hint(hint))?;
        }
    }
    Ok(())
}

fn public(target: &Target, at: &Places<'_>) -> Result<(), ProfileError> {
    let public = &target.database.public;
    match public.owner.as_deref() {
        Some("pg_database_owner") => {
            let since = predefined_role_since("pg_database_owner");
            if let (Some(since), Some(major)) = (since, target.postgres)
                && major < since
            {
                let why = format!(
                    "the predefined role `pg_database_owner` exists from PostgreSQL {since} on, this target is {major}"
                );
                return Err(at.bad(steps!["database", "public", "owner"], why));
            }
        }
        Some(owner) => {
            roles::known_role(target, owner)
                .map_err(|(why, hint)| at.bad(steps!["database", "public", "owner"], why).hint(hint))?;
        }
        None => {}
    }
    for (index, role) in public.create.iter().flatten().enumerate() {
        if role != "PUBLIC" {
            let everybody = (role == "public").then(|| "`PUBLIC` is everybody".to_owned());
            let known = roles::known_role(target, role);
            known
                .map_err(|(why, hint)| (why, everybody.or(hint)))
                .map_err(|(why, hint)| at.bad(steps!["database", "public", "create", index], why).hint(hint))?;
        }
    }
    Ok(())
}
