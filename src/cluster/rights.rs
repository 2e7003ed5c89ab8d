//! What a target lets one do with extensions, as its server's control files say it.

use std::collections::BTreeSet;

use crate::engine::ExtensionRights;
use crate::profile::Target;

/// Extensions that pgrehearse's own checks borrow where the image has them.
const BORROWED: [&str; 3] = ["amcheck", "pgtap", "plpgsql_check"];

/// As the image ships them where the profile says nothing of it.
pub fn rights_of(target: &Target) -> ExtensionRights {
    let extensions = &target.extensions;
    let names = |list: &[String]| -> BTreeSet<String> { list.iter().cloned().collect() };
    let superuser_restores = target.restores_as_superuser();
    let mut rights = ExtensionRights { trusted: names(&extensions.trusted), ..ExtensionRights::default() };
    // A superuser may create whatever has a control file.
    match superuser_restores {
        true => rights.removed = names(&extensions.forbidden),
        false => rights.restricted = names(&extensions.forbidden),
    }
    if let Some(allowed) = &extensions.allowed {
        let mut only = names(allowed);
        if !superuser_restores {
            rights.trusted.extend(only.clone());
        }
        only.extend(extensions.installed.iter().map(|installed| installed.name.clone()));
        only.insert("plpgsql".to_owned());
        only.extend(rights.restricted.clone());
        rights.only = Some(only);
    }
    for borrowed in BORROWED.map(str::to_owned) {
        let is_removed =
            rights.removed.remove(&borrowed) || rights.only.as_mut().is_some_and(|only| only.insert(borrowed.clone()));
        if is_removed {
            rights.restricted.insert(borrowed);
        }
    }
    rights
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::parse;

    fn rights(rest: &str) -> ExtensionRights {
        let yaml = format!("name: x\npostgres: 17\nroles: [{{name: master, login: true}}]\n{rest}");
        rights_of(&parse(&yaml, "x.yaml").unwrap())
    }

    fn set(names: &[&str]) -> BTreeSet<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn a_profile_that_says_nothing_of_extensions_changes_nothing() {
        assert!(rights("").are_as_shipped());
        assert!(rights("extensions: {installed: [pgcrypto]}").are_as_shipped());
    }

    #[test]
    fn what_is_allowed_is_trusted_where_no_superuser_restores() {
        let own = rights("extensions: {allowed: [dblink], forbidden: [file_fdw]}\nrestore: {as: master}\n");
        assert_eq!(own.trusted, set(&["dblink"]));
        assert_eq!(own.restricted, set(&["amcheck", "file_fdw", "pgtap", "plpgsql_check"]));
        assert_eq!(own.removed, set(&[]));
        let only = ["amcheck", "dblink", "file_fdw", "pgtap", "plpgsql", "plpgsql_check"];
        assert_eq!(own.only, Some(set(&only)));
    }

    #[test]
    fn a_superuser_does_not_find_what_is_forbidden() {
        let own = rights("extensions: {forbidden: [dblink, amcheck]}\n");
        assert_eq!((own.removed, own.restricted), (set(&["dblink"]), set(&["amcheck"])));
        assert_eq!((own.trusted, own.only), (set(&[]), None));
    }
}
