//! Extensions that come with PostgreSQL: those of contrib.

/// Contrib's extensions that a role may create which is no superuser, if it may create in the database: those with
/// `trusted = true` in their control files (contrib/*/*.control, PostgreSQL 13 to 18).
const TRUSTED: &[&str] = &[
    "btree_gin",
    "btree_gist",
    "citext",
    "cube",
    "dict_int",
    "fuzzystrmatch",
    "hstore",
    "intarray",
    "isn",
    "lo",
    "ltree",
    "pg_trgm",
    "pgcrypto",
    "seg",
    "tablefunc",
    "tcn",
    "tsm_system_rows",
    "tsm_system_time",
    "unaccent",
    "uuid-ossp",
];

/// Contrib's other extensions, which only a superuser creates: name, first version (0 where older than 13), the first
/// version that no longer has it.
const UNTRUSTED: &[(&str, u16, Option<u16>)] = &[
    ("adminpack", 0, Some(17)),
    ("amcheck", 0, None),
    ("autoinc", 0, None),
    ("bloom", 0, None),
    ("chkpass", 0, Some(11)),
    ("dblink", 0, None),
    ("dict_xsyn", 0, None),
    ("earthdistance", 0, None),
    ("file_fdw", 0, None),
    ("insert_username", 0, None),
    ("intagg", 0, None),
    ("moddatetime", 0, None),
    ("old_snapshot", 14, Some(17)),
    ("pageinspect", 0, None),
    ("pg_buffercache", 0, None),
    ("pg_freespacemap", 0, None),
    ("pg_logicalinspect", 18, None),
    ("pg_prewarm", 0, None),
    ("pg_stat_statements", 0, None),
    ("pg_surgery", 14, None),
    ("pg_visibility", 0, None),
    ("pg_walinspect", 15, None),
    ("pgrowlocks", 0, None),
    ("pgstattuple", 0, None),
    ("postgres_fdw", 0, None),
    ("refint", 0, None),
    ("sslinfo", 0, None),
    ("timetravel", 0, Some(12)),
    ("tsearch2", 0, Some(10)),
    ("xml2", 0, None),
];

/// Whether an extension comes with PostgreSQL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Availability {
    /// With every version, or with this one; whether it is marked as trusted, from 13 on.
    Included {
        trusted: bool,
    },
    InOtherVersions,
    /// It is none of contrib's.
    Separate,
}

/// Looks an extension of contrib up; what comes with any version comes with one that is not known.
pub fn availability(extension: &str, major: Option<u16>) -> Availability {
    if TRUSTED.contains(&extension) {
        return Availability::Included { trusted: true };
    }
    let Some((_, since, gone)) = UNTRUSTED.iter().find(|(known, ..)| *known == extension) else {
        return Availability::Separate;
    };
    match major.is_some_and(|major| major < *since || gone.is_some_and(|gone| major >= gone)) {
        true => Availability::InOtherVersions,
        false => Availability::Included { trusted: false },
    }
}

/// Whether an extension is in the official images of this major version.
pub fn comes_with_postgresql(extension: &str, major: u16) -> bool {
    extension == "plpgsql" || matches!(availability(extension, Some(major)), Availability::Included { .. })
}
