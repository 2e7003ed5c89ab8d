//! Settings of a sandbox's server that are the same on every engine.

use crate::profile::Limits;

/// Where the server's log is, relative to its log directory: the collector adds the suffix of the format.
pub const LOG_FILE: &str = "postgresql.csv";

/// What a throwaway server runs with: nothing is synced, little is written ahead, errors are logged in full.
///
/// A target's own settings come after these on the command line and win.
pub fn sandbox_settings(limits: &Limits) -> Vec<(String, String)> {
    const MIB: u64 = 1 << 20;
    let eighth = (limits.memory.0 / 8 / MIB).clamp(16, 512);
    let settings: [(&str, String); 22] = [
        ("fsync", "off".into()),
        ("full_page_writes", "off".into()),
        ("synchronous_commit", "off".into()),
        ("wal_level", "minimal".into()),
        ("max_wal_senders", "0".into()),
        ("archive_mode", "off".into()),
        ("max_wal_size", "2GB".into()),
        ("checkpoint_timeout", "30min".into()),
        ("shared_buffers", format!("{eighth}MB")),
        ("maintenance_work_mem", format!("{eighth}MB")),
        ("autovacuum", "off".into()),
        ("update_process_title", "off".into()),
        ("lc_messages", "C".into()),
        ("log_timezone", "UTC".into()),
        ("log_file_mode", "0640".into()),
        ("log_filename", "postgresql.log".into()),
        ("log_rotation_age", "0".into()),
        ("log_rotation_size", "0".into()),
        ("log_min_messages", "warning".into()),
        ("log_min_error_statement", "error".into()),
        ("log_error_verbosity", "verbose".into()),
        ("log_statement", "none".into()),
    ];
    settings.map(|(name, value)| (name.to_owned(), value)).into()
}
