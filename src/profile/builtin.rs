//! The profiles that come with pgrehearse.

macro_rules! profiles {
    ($folder:literal: $($name:literal),+) => {
        &[$(($name, include_str!(concat!("../../", $folder, "/", $name, ".yaml")))),+]
    };
}

/// Name and text of every built-in profile, by name.
pub const BUILTIN: &[(&str, &str)] = profiles!(
    "profiles": "alpine", "azure-flexible-like", "builtin-c-utf8", "cloud-sql-like", "docker-default", "heroku-like", "icu",
    "laptop-linux", "laptop-macos", "latin1", "neon-like", "next-major", "no-roles", "rds-like", "sql-ascii", "supabase-like"
);

/// Name and text of the targets that `pgrehearse demo` rehearses against, in the order in which it shows them.
pub const DEMO: &[(&str, &str)] =
    profiles!("profiles/demo": "demo-twin", "demo-latin1", "demo-no-roles", "demo-managed");

/// The text of a built-in profile.
pub fn builtin(name: &str) -> Option<&'static str> {
    BUILTIN.iter().find(|(known, _)| *known == name).map(|(_, text)| *text)
}

/// What errors and clashes call a built-in profile.
pub(super) fn origin(name: &str) -> String {
    format!("built-in {name}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::{Major, Target, parse};

    fn all() -> Vec<(&'static str, Target)> {
        BUILTIN
            .iter()
            .chain(DEMO)
            .map(|(name, text)| (*name, parse(text, name).unwrap_or_else(|error| panic!("{error}"))))
            .collect()
    }

    #[test]
    fn every_built_in_profile_loads_and_is_called_like_its_file() {
        for (name, target) in all() {
            assert_eq!(target.name, name);
            assert!(!target.description.is_empty(), "{name} has no description");
            assert!(target.postgres.is_some(), "{name} names no version");
        }
    }

    #[test]
    fn every_file_is_listed() {
        for (folder, listed) in [("profiles", BUILTIN), ("profiles/demo", DEMO)] {
            let files = std::fs::read_dir(std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)).unwrap();
            let yaml = files.filter(|file| file.as_ref().unwrap().path().extension().is_some_and(|ext| ext == "yaml"));
            assert_eq!(yaml.count(), listed.len(), "{folder}");
        }
    }

    #[test]
    fn built_in_profiles_are_found_by_name_and_demo_ones_are_not() {
        assert!(builtin("rds-like").is_some());
        assert!(builtin("demo-twin").is_none());
        assert!(builtin("nothing").is_none());
    }

    #[test]
    fn a_profile_printed_reads_back_the_same() {
        for (name, target) in all() {
            let yaml = serde_yaml::to_string(&target).unwrap();
            assert_eq!(parse(&yaml, name).unwrap_or_else(|error| panic!("{error}\n{yaml}")), target);
        }
    }

    #[test]
    fn the_next_major_is_newer_than_the_default() {
        let major = |name| parse(builtin(name).unwrap(), name).unwrap().postgres;
        assert_eq!((major("docker-default"), major("next-major")), (Some(Major(17)), Some(Major(18))));
    }
}
