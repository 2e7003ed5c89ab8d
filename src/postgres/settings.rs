//! The settings of the server.

/// The names of all settings that PostgreSQL 13, 15, 17 and 18 list in `pg_settings`, those that 14 and 16 had beside them,
/// and old names that the server still takes; in lower case. Those of extensions have a dot, and are not among them.
const NAMES: &str = include_str!("settings.txt");

/// Those that the server takes in other letters, takes no longer, or that are words of other meanings too.
const OTHERS: [&str; 15] = [
    "composite_type_mismatch",
    "datestyle",
    "default_with_oids",
    "intervalstyle",
    "is_superuser",
    "replacement_sort_tuples",
    "role",
    "seed",
    "session_authorization",
    "sort_mem",
    "timezone",
    "trace_locks",
    "trace_lwlocks",
    "vacuum_mem",
    "wal_keep_segments",
];

/// The names of PostgreSQL's own settings, of all versions that are known here.
pub fn settings() -> impl Iterator<Item = &'static str> {
    names_of_settings().chain(OTHERS)
}

/// Those that can be nothing but a setting's name.
pub fn names_of_settings() -> impl Iterator<Item = &'static str> {
    NAMES.lines()
}
