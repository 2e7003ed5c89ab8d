//! Versions of PostgreSQL, and what each brought: one row for each major.

use std::ops::RangeInclusive;

use serde::Serialize;

/// A PostgreSQL major version, such as 17. From 10 on a major is one number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Major(pub u16);

/// Something that a major version brought, or does otherwise than those before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// Floating point numbers are written with the fewest digits that give the same value (release notes of 12, E.X.3.1.6).
    ShortestFloats,
    /// An extension can be marked as trusted, so that whoever may create in the database creates it.
    TrustedExtensions,
    /// `initdb --no-instructions`
    NoInstructions,
    /// A database can have a locale of ICU: `pg_database` names its provider and its own locale.
    IcuDatabases,
    /// `pg_database` records the version of the rules by which text is sorted.
    CollationVersionOfDatabases,
    /// `UNIQUE NULLS NOT DISTINCT`
    NullsNotDistinct,
    /// `GRANT SET ON PARAMETER`
    ParameterPrivileges,
    /// Nobody but the owner of the database may create in the schema public.
    ClosedPublic,
    /// Memberships have the options INHERIT and SET.
    MembershipOptions,
    /// Who is no superuser can own a subscription (AlterSubscriptionOwner_internal in subscriptioncmds.c).
    OwnedSubscriptions,
    /// Bytes beyond ASCII of `"char"` are written as \ooo (charout in src/backend/utils/adt/char.c).
    EscapedChar,
    /// The builtin locale provider; `pg_database` has one column for the locale of any provider since.
    BuiltinProvider,
    /// The privilege MAINTAIN (acl.h, ACL_ALL_RIGHTS_RELATION).
    Maintain,
    /// pg_restore sets `transaction_timeout` for its session (_doSetFixedOutputState in pg_backup_archiver.c).
    TransactionTimeout,
    /// The builtin locale PG_UNICODE_FAST.
    UnicodeFast,
    /// `NOT ENFORCED` of foreign keys.
    NotEnforced,
    /// `PERIOD` of foreign keys, `WITHOUT OVERLAPS` of unique ones.
    PeriodKeys,
    /// A partitioned table can have a foreign key that is NOT VALID (ATAddForeignKeyConstraint in tablecmds.c).
    PartitionedNotValid,
    /// initdb makes data checksums unless an option says not to.
    ChecksumsByDefault,
}

/// One major version.
pub struct Row {
    pub major: Major,
    /// Whether the tests run on it.
    pub tested: bool,
    pub changes: &'static [Change],
    /// The predefined roles that came with it and that roles can be made members of (src/include/catalog/pg_authid.dat).
    pub roles: &'static [&'static str],
    /// Settings that a function, a role or a database can have, and that came with it (release notes; `pg_settings`). Not
    /// known of versions before 14.
    pub settings: &'static [&'static str],
    /// Settings that it no longer knows.
    pub settings_gone: &'static [&'static str],
}

impl Row {
    const fn untested(major: u16) -> Self {
        Self { major: Major(major), tested: false, changes: &[], roles: &[], settings: &[], settings_gone: &[] }
    }

    const fn tested(major: u16) -> Self {
        Self { tested: true, ..Self::untested(major) }
    }
}

/// All that are known here, from the oldest that has an image.
pub const MAJORS: &[Row] = &[
    Row {
        roles: &["pg_monitor", "pg_read_all_settings", "pg_read_all_stats", "pg_signal_backend", "pg_stat_scan_tables"],
        ..Row::untested(10)
    },
    Row { roles: &["pg_execute_server_program", "pg_read_server_files", "pg_write_server_files"], ..Row::untested(11) },
    Row { changes: &[Change::ShortestFloats], ..Row::untested(12) },
    Row { changes: &[Change::TrustedExtensions], ..Row::tested(13) },
    Row {
        changes: &[Change::NoInstructions],
        roles: &["pg_read_all_data", "pg_write_all_data"],
        settings: &[
            "client_connection_check_interval",
            "compute_query_id",
            "debug_discard_caches",
            "default_toast_compression",
            "enable_async_append",
            "enable_memoize",
            "idle_session_timeout",
            "track_wal_io_timing",
            "vacuum_failsafe_age",
            "vacuum_multixact_failsafe_age",
        ],
        settings_gone: &["operator_precedence_warning", "vacuum_cleanup_index_scale_factor"],
        ..Row::tested(14)
    },
    Row {
        changes: &[
            Change::IcuDatabases,
            Change::CollationVersionOfDatabases,
            Change::NullsNotDistinct,
            Change::ParameterPrivileges,
            Change::ClosedPublic,
        ],
        roles: &["pg_checkpoint"],
        settings: &["recursive_worktable_factor", "stats_fetch_consistency"],
        ..Row::tested(15)
    },
    Row {
        changes: &[Change::MembershipOptions, Change::OwnedSubscriptions, Change::EscapedChar],
        roles: &["pg_create_subscription", "pg_use_reserved_connections"],
        // `force_parallel_mode` is not gone: the server still takes its old name.
        settings: &[
            "createrole_self_grant",
            "debug_parallel_query",
            "enable_presorted_aggregate",
            "icu_validation_level",
            "scram_iterations",
            "vacuum_buffer_usage_limit",
        ],
        ..Row::tested(16)
    },
    Row {
        changes: &[Change::BuiltinProvider, Change::Maintain, Change::TransactionTimeout],
        roles: &["pg_maintain"],
        settings: &["enable_group_by_reordering", "event_triggers", "io_combine_limit", "transaction_timeout"],
        ..Row::tested(17)
    },
    Row {
        changes: &[
            Change::UnicodeFast,
            Change::NotEnforced,
            Change::PeriodKeys,
            Change::PartitionedNotValid,
            Change::ChecksumsByDefault,
        ],
        roles: &["pg_signal_autovacuum_worker"],
        settings: &[
            "enable_distinct_reordering",
            "enable_self_join_elimination",
            "extension_control_path",
            "file_copy_method",
            "log_lock_failures",
            "md5_password_warnings",
            "track_cost_delay_timing",
            "vacuum_max_eager_freeze_failure_rate",
            "vacuum_truncate",
        ],
        ..Row::tested(18)
    },
];

/// `pg_database_owner`, of which no role can be made a member.
const DATABASE_OWNER_SINCE: Major = Major(14);

impl Major {
    /// The oldest that there is an image of.
    pub const OLDEST: Major = MAJORS[0].major;

    /// The newest that pgrehearse knows and is tested with.
    pub const NEWEST: Major = MAJORS[MAJORS.len() - 1].major;

    /// One that is much in use, where nothing says which one is meant.
    pub const USUAL: Major = Major(17);

    /// What a profile may name: from 10 on a major version is one number; beyond 30 it is a typing error.
    pub const PLAUSIBLE: RangeInclusive<u16> = Major::OLDEST.0..=30;

    /// Those that the tests run on.
    pub fn tested() -> impl DoubleEndedIterator<Item = Major> {
        MAJORS.iter().filter(|row| row.tested).map(|row| row.major)
    }

    /// Whether it has what a version brought. One that is newer than all known ones has it too.
    pub fn has(self, change: Change) -> bool {
        self >= change.since()
    }

    /// Whether its server surely does not know a setting: it came later, or is gone.
    pub fn lacks_setting(self, name: &str) -> bool {
        let first = |of: fn(&Row) -> &'static [&'static str]| MAJORS.iter().find(|row| of(row).contains(&name));
        first(|row| row.settings).is_some_and(|row| self < row.major)
            || first(|row| row.settings_gone).is_some_and(|row| self >= row.major)
    }
}

impl Change {
    /// The version that brought it.
    pub fn since(self) -> Major {
        // A test holds that each has a row.
        MAJORS.iter().find(|row| row.changes.contains(&self)).map_or(Major(u16::MAX), |row| row.major)
    }
}

/// PostgreSQL's predefined roles that roles can be made members of.
pub fn predefined_roles() -> impl Iterator<Item = &'static str> {
    MAJORS.iter().flat_map(|row| row.roles.iter().copied())
}

/// The major version that brought a predefined role; `None` for a name that is not known as one.
pub fn predefined_role_since(name: &str) -> Option<Major> {
    match name {
        "pg_database_owner" => Some(DATABASE_OWNER_SINCE),
        _ => MAJORS.iter().find(|row| row.roles.contains(&name)).map(|row| row.major),
    }
}

impl std::fmt::Display for Major {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn majors_stand_one_after_the_other() {
        assert!(MAJORS.windows(2).all(|two| two[0].major.0 + 1 == two[1].major.0));
        assert!(Major::tested().eq((13..=18).map(Major)));
    }

    #[test]
    fn what_a_version_brought_all_later_ones_have() {
        assert_eq!([11, 12, 19].map(|major| Major(major).has(Change::ShortestFloats)), [false, true, true]);
        assert_eq!([17, 18, 30].map(|major| Major(major).has(Change::ChecksumsByDefault)), [false, true, true]);
        let all = MAJORS.iter().flat_map(|row| row.changes).map(|change| change.since());
        assert!(all.into_iter().all(|since| since <= Major::NEWEST));
    }

    #[test]
    fn a_setting_is_lacking_before_it_came_and_once_it_is_gone() {
        let lacks = |name: &str| MAJORS.iter().filter(|row| row.major.lacks_setting(name)).count();
        assert_eq!((lacks("transaction_timeout"), lacks("operator_precedence_warning"), lacks("work_mem")), (7, 5, 0));
    }
}
