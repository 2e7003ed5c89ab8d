//! The profiles that come with pgrehearse.

use super::schema::SCHEMA_URL;

macro_rules! profiles {
    ($folder:literal: $($name:literal),+) => {
        &[$(($name, include_str!(concat!("../../", $folder, "/", $name, ".yaml")))),+]
    };
}

/// Name and text of every built-in profile, by name.
pub const BUILTIN: &[(&str, &str)] = profiles!(
    "profiles": "alpine", "aurora-like", "azure-flexible-like", "builtin-c-utf8", "cloud-sql-like", "docker-default",
    "heroku-like", "icu", "laptop-linux", "laptop-macos", "latin1", "neon-like", "next-major", "no-roles", "oldest", "rds-like",
    "same-as-source", "sql-ascii", "supabase-like", "upgrade-gate"
);

/// Name and text of the targets that `pgrehearse demo` rehearses against, in the order in which it shows them.
pub const DEMO: &[(&str, &str)] =
    profiles!("profiles/demo": "demo-twin", "demo-latin1", "demo-no-roles", "demo-managed");

/// Name and text of the targets of `pgrehearse demo --recovery`, in the order in which it shows them.
pub const RECOVERY_DEMO: &[(&str, &str)] =
    profiles!("profiles/demo-recovery": "demo-before-the-accident", "demo-gap", "demo-lost-timeline");

/// The text of a built-in profile.
pub fn builtin(name: &str) -> Option<&'static str> {
    BUILTIN.iter().find(|(known, _)| *known == name).map(|(_, text)| *text)
}

/// What errors and clashes call a built-in profile.
pub(super) fn origin(name: &str) -> String {
    format!("built-in {name}")
}

/// The first line of a profile, by which it names its schema to the YAML language server.
pub fn modeline() -> String {
    format!("# yaml-language-server: $schema={SCHEMA_URL}\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::postgres::Major;
    use crate::profile::{Rules, Target, parse, parse_all};

    fn all() -> Vec<(&'static str, Target)> {
        let targets = |(name, text): &(&'static str, &str)| {
            let targets = parse_all(text, name, &Rules::default()).unwrap_or_else(|error| panic!("{error}"));
            targets.into_iter().map(|target| (*name, target)).collect::<Vec<_>>()
        };
        BUILTIN.iter().chain(DEMO).chain(RECOVERY_DEMO).flat_map(targets).collect()
    }

    #[test]
    fn every_built_in_profile_loads_and_is_called_like_its_file() {
        for (name, target) in all() {
            assert!(target.name == name || target.name.starts_with(&format!("{name}[")), "{}", target.name);
            assert!(!target.description.is_empty(), "{name} has no description");
            assert!(target.postgres.is_some(), "{name} names no version");
        }
    }

    #[test]
    fn every_built_in_profile_says_first_what_it_imitates_by_which_sources_what_it_leaves_out_and_when_it_was_compared()
    {
        for (name, text) in BUILTIN {
            let header: Vec<&str> =
                text.lines().skip(1).map_while(|line| line.strip_prefix('#')).map(str::trim_start).collect();
            let header = header.join("\n");
            assert!(header.starts_with("Imitates: "), "{name}: {header}");
            let rest = header.split_once("\nSource:").and_then(|(_, rest)| rest.split_once("\nLeft out: "));
            let (source, rest) = rest.unwrap_or_else(|| panic!("{name}: {header}"));
            assert!(source.contains("https://"), "{name} names no public source");
            let compared = rest.split_once("\nLast compared: ").map(|(_, compared)| compared);
            let date = compared.and_then(|compared| compared.get(..10)).unwrap_or_else(|| panic!("{name}: {header}"));
            assert!(date.parse::<jiff::civil::Date>().is_ok(), "{name}: {date}");
        }
    }

    #[test]
    fn every_built_in_profile_names_the_schema_by_its_id() {
        let id = crate::profile::schema(&[])["$id"].clone();
        for (name, text) in BUILTIN.iter().chain(DEMO).chain(RECOVERY_DEMO) {
            let named = text.lines().next().and_then(|line| line.strip_prefix("# yaml-language-server: $schema="));
            assert_eq!(named, id.as_str(), "{name}");
            assert!(text.starts_with(&modeline()), "{name}");
        }
    }

    #[test]
    fn every_file_is_listed() {
        for (folder, listed) in
            [("profiles", BUILTIN), ("profiles/demo", DEMO), ("profiles/demo-recovery", RECOVERY_DEMO)]
        {
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
            let read = parse(&yaml, name).unwrap_or_else(|error| panic!("{error}\n{yaml}"));
            let written = Target { takes_from_dump: false, notices: Vec::new(), ..target };
            assert_eq!(read, written);
        }
    }

    #[test]
    fn the_next_major_is_newer_than_the_default() {
        let major = |name| parse(builtin(name).unwrap(), name).unwrap().postgres;
        assert_eq!((major("docker-default"), major("next-major")), (Some(Major(17)), Some(Major(18))));
    }
}
