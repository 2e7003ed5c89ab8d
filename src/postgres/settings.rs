//! The settings of the server.

/// The names of all settings that PostgreSQL 13, 15, 17 and 18 list in `pg_settings`, those that 14 and 16 had beside them,
/// and old names that the server still takes; in lower case. Those of extensions have a dot, and are not among them.
const NAMES: &str = include_str!("settings.txt");

/// The names of PostgreSQL's own settings, of all versions that are known here.
pub fn settings() -> impl Iterator<Item = &'static str> {
    NAMES.lines()
}
