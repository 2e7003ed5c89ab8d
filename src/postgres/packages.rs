//! Where extensions come from that PostgreSQL does not bring: packages and images that their projects document.

use super::Major;

/// What a Debian package is called, behind `postgresql-17-`, where it is not called as the extension (apt.postgresql.org).
const PACKAGES: &[(&str, &str)] = &[
    ("pg_cron", "cron"),
    ("pg_partman", "partman"),
    ("pg_repack", "repack"),
    ("plpgsql_check", "plpgsql-check"),
    ("vector", "pgvector"),
];

/// The package that has an extension on Debian.
pub fn debian_package(extension: &str, major: Option<Major>) -> String {
    let major = major.map_or_else(|| "NN".to_owned(), |major| major.0.to_string());
    if is_of_postgis(extension) {
        return format!("postgresql-{major}-postgis-3");
    }
    // Languages: postgresql-plperl-17, also for the untrusted one.
    for language in ["plperl", "plpython3", "pltcl"] {
        if extension.strip_prefix(language).is_some_and(|rest| ["", "u"].contains(&rest)) {
            return format!("postgresql-{language}-{major}");
        }
    }
    let known = PACKAGES.iter().find(|(name, _)| *name == extension);
    let package = known.map_or_else(|| extension.to_ascii_lowercase().replace('_', "-"), |(_, it)| (*it).to_owned());
    format!("postgresql-{major}-{package}")
}

/// An image of this major version that has an extension, where its project publishes one.
pub fn image_with(extension: &str, major: Major) -> Option<String> {
    match (extension, major.0) {
        ("vector", major) => Some(format!("pgvector/pgvector:pg{major}")),
        ("timescaledb", major @ 15..) => Some(format!("timescale/timescaledb:latest-pg{major}")),
        (extension, 18) if is_of_postgis(extension) => Some("postgis/postgis:18-3.6".to_owned()),
        (extension, major @ 13..=17) if is_of_postgis(extension) => Some(format!("postgis/postgis:{major}-3.5")),
        _ => None,
    }
}

fn is_of_postgis(extension: &str) -> bool {
    extension == "postgis" || extension.starts_with("postgis_") || extension.starts_with("address_standardizer")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_is_named_only_where_its_project_has_one() {
        assert_eq!(image_with("vector", Major(17)).unwrap(), "pgvector/pgvector:pg17");
        assert_eq!(image_with("postgis_topology", Major(16)).unwrap(), "postgis/postgis:16-3.5");
        assert_eq!(image_with("pg_stat_kcache", Major(17)), None);
    }

    #[test]
    fn a_package_is_called_as_debian_calls_it() {
        for (extension, package) in [
            ("vector", "postgresql-17-pgvector"),
            ("postgis", "postgresql-17-postgis-3"),
            ("plpython3u", "postgresql-plpython3-17"),
            ("pg_stat_kcache", "postgresql-17-pg-stat-kcache"),
        ] {
            assert_eq!(debian_package(extension, Some(Major(17))), package);
        }
    }
}
