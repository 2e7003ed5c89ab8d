//! What a recovering server runs with.

use std::collections::BTreeMap;

use super::{CONFIGURATION, DIRECTORY, Wanted};

/// Settings that a standby needs at least as high as its primary had them (`CheckRequiredParameterValues` in
/// src/backend/access/transam/xlogrecovery.c; xlog.c before PostgreSQL 15), by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Least {
    pub max_connections: u32,
    pub max_worker_processes: u32,
    pub max_wal_senders: u32,
    pub max_prepared_transactions: u32,
    pub max_locks_per_transaction: u32,
}

impl Least {
    /// These, in PostgreSQL's order of them; what is negative is nothing.
    pub fn of(connections: i32, workers: i32, senders: i32, prepared: i32, locks: i32) -> Self {
        let of = |value: i32| u32::try_from(value).unwrap_or_default();
        Least {
            max_connections: of(connections),
            max_worker_processes: of(workers),
            max_wal_senders: of(senders),
            max_prepared_transactions: of(prepared),
            max_locks_per_transaction: of(locks),
        }
    }

    /// The higher of both, one by one.
    #[must_use]
    pub fn and(self, other: Least) -> Least {
        Least {
            max_connections: self.max_connections.max(other.max_connections),
            max_worker_processes: self.max_worker_processes.max(other.max_worker_processes),
            max_wal_senders: self.max_wal_senders.max(other.max_wal_senders),
            max_prepared_transactions: self.max_prepared_transactions.max(other.max_prepared_transactions),
            max_locks_per_transaction: self.max_locks_per_transaction.max(other.max_locks_per_transaction),
        }
    }

    fn settings(self) -> [(&'static str, u32); 5] {
        [
            // Fewer than the sandbox's own checks need would help nobody.
            ("max_connections", self.max_connections.max(20)),
            ("max_worker_processes", self.max_worker_processes),
            ("max_wal_senders", self.max_wal_senders),
            ("max_prepared_transactions", self.max_prepared_transactions),
            ("max_locks_per_transaction", self.max_locks_per_transaction.max(64)),
        ]
    }
}

/// All settings of the server: what the profile asks for, and over it what a recovery in a sandbox is. `directory` is
/// [`Sandbox::directory`](crate::engine::Sandbox::directory).
///
/// Nothing of the backup's own configuration is used: a value in it that is wrong here keeps a server from starting, whatever the command
/// line says, and what it says of archiving must never run.
///
/// `version` is what the server calls its own version. From 15 on, a server reads ahead in the WAL (`recovery_prefetch`), and where that meets
/// a page of another timeline it ends up to 512 kB earlier, by chance: it is off, so that the same archive ends in the same place each time.
pub fn settings(wanted: &Wanted, least: Least, directory: &str, version: &str) -> BTreeMap<String, String> {
    let own = format!("{directory}/{CONFIGURATION}");
    let mut settings: BTreeMap<String, String> = wanted.settings.clone();
    settings.extend(least.settings().map(|(name, value)| (name.to_owned(), value.to_string())));
    let fixed = [
        ("config_file", format!("{own}/postgresql.conf")),
        ("hba_file", format!("{own}/pg_hba.conf")),
        ("ident_file", format!("{own}/pg_ident.conf")),
        ("wal_level", "replica".to_owned()),
        ("hot_standby", "on".to_owned()),
        ("archive_mode", "off".to_owned()),
        (
            "restore_command",
            format!("sh {} {} %f %p", word(&format!("{own}/ask.sh")), word(&format!("{directory}/{DIRECTORY}"))),
        ),
        ("recovery_target_timeline", wanted.timeline.clone()),
        ("recovery_target_action", "pause".to_owned()),
    ];
    settings.extend(fixed.map(|(name, value)| (name.to_owned(), value)));
    if pgdump_reader::major_of(version).is_some_and(|major| major >= 15) {
        settings.insert("recovery_prefetch".to_owned(), "off".to_owned());
    }
    settings.extend(wanted.stop.settings().map(|(name, value)| (name.to_owned(), value)));
    settings
}

/// A path as one word of a shell inside of restore_command, where a percent sign begins a name of PostgreSQL's.
fn word(path: &str) -> String {
    format!("'{}'", path.replace('\'', r"'\''").replace('%', "%%"))
}
