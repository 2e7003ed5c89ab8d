//! The server settings of a sandbox, as far as every engine shares them.
//!
//! A sandbox's data is thrown away, so nothing is made durable; its log is evidence, so its form is fixed.

use std::collections::{BTreeMap, BTreeSet};

use super::Storage;
use crate::profile::{Limits, reserved};

const MIB: u64 = 1 << 20;
const GIB: u64 = 1 << 30;

/// Bytes that WAL files may take as a rule: at least some of the usual size, at most what leaves room for the data.
pub fn max_wal_size(limits: &Limits) -> u64 {
    (limits.disk.0 / 4).clamp(64 * MIB, 8 * GIB)
}

/// The most that a server gets whose data are in memory anyway: PostgreSQL's default. Each page of them costs time at the start, as each
/// buffer's descriptor is written then.
const BUFFERS_BESIDE_MEMORY: u64 = 128 * MIB;

/// Settings for a throwaway server that may use `limits`, without paths and addresses, which are the engine's matter.
///
/// All of them exist in PostgreSQL 13 to 18.
pub fn sandbox_settings(limits: &Limits, storage: Storage) -> Vec<(String, String)> {
    let memory = limits.memory.0;
    let most = match storage {
        Storage::Memory => BUFFERS_BESIDE_MEMORY,
        Storage::Disk => GIB,
    };
    let shared_buffers = (memory / 4).clamp(16 * MIB, most);
    // pg_restore's parallel jobs each may use this much, beside the shared buffers.
    let maintenance_work_mem = (memory / 8).clamp(16 * MIB, 512 * MIB);
    let max_wal_size = max_wal_size(limits);
    [
        ("fsync", "off".to_owned()),
        ("full_page_writes", "off".to_owned()),
        ("synchronous_commit", "off".to_owned()),
        ("wal_level", "minimal".to_owned()),
        ("max_wal_senders", "0".to_owned()),
        ("archive_mode", "off".to_owned()),
        ("max_wal_size", format!("{}MB", max_wal_size / MIB)),
        ("checkpoint_timeout", "30min".to_owned()),
        ("shared_buffers", format!("{}MB", shared_buffers / MIB)),
        ("maintenance_work_mem", format!("{}MB", maintenance_work_mem / MIB)),
        // Huge pages would come from the machine's pool and escape the memory limit.
        ("huge_pages", "off".to_owned()),
        ("lc_messages", "C".to_owned()),
        ("timezone", "UTC".to_owned()),
        ("log_timezone", "UTC".to_owned()),
        ("logging_collector", "on".to_owned()),
        ("log_destination", "csvlog".to_owned()),
        // One file for the sandbox's whole life.
        ("log_rotation_age", "0".to_owned()),
        ("log_rotation_size", "0".to_owned()),
        ("log_truncate_on_rotation", "off".to_owned()),
        ("log_error_verbosity", "verbose".to_owned()),
        // All that a client receives by default, so that what stands inside of a message is distinguished from a message.
        ("log_min_messages", "info".to_owned()),
        ("log_min_error_statement", "error".to_owned()),
        ("log_checkpoints", "off".to_owned()),
        // It would compete with the restore for CPUs, and a rehearsal ends before its statistics matter.
        ("autovacuum", "off".to_owned()),
    ]
    .into_iter()
    .map(|(name, value)| (name.to_owned(), value))
    .collect()
}

/// Puts together what a server is started with: the sandbox's settings, over them the target's, over those the
/// engine's own (paths and addresses). The target cannot change what pgrehearse needs to reach the server and its log.
pub fn server_settings(
    limits: &Limits,
    storage: Storage,
    target: &BTreeMap<String, String>,
    engine: &[(&str, String)],
) -> BTreeMap<String, String> {
    let mut settings: BTreeMap<String, String> = sandbox_settings(limits, storage).into_iter().collect();
    for (name, value) in target {
        let name = name.to_ascii_lowercase();
        if reserved::why(&name).is_none() {
            settings.insert(name, value.clone());
        }
    }
    settings.extend(engine.iter().map(|(name, value)| ((*name).to_owned(), value.clone())));
    settings
}

/// The same for a server of a data directory that was brought in: over the sandbox's settings those of who brought it in, over these the
/// engine's own.
pub fn settings_of_brought_in(
    limits: &Limits,
    storage: Storage,
    wanted: &BTreeMap<String, String>,
    engine: &[(&str, String)],
) -> BTreeMap<String, String> {
    let mut settings: BTreeMap<String, String> = sandbox_settings(limits, storage).into_iter().collect();
    settings.extend(wanted.iter().map(|(name, value)| (name.to_ascii_lowercase(), value.clone())));
    settings.extend(engine.iter().map(|(name, value)| ((*name).to_owned(), value.clone())));
    settings
}

/// Settings as they go to the server.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Given {
    /// `-c name=value …`
    pub arguments: Vec<String>,
    /// Lines of postgresql.conf; empty where all are arguments.
    pub file: String,
}

/// Parts settings into those that stand on the command line, which nothing inside can change, and those that are hidden.
pub fn given(settings: &BTreeMap<String, String>, hidden: &BTreeSet<String>) -> Given {
    let mut given = Given { arguments: Vec::new(), file: String::new() };
    for (name, value) in settings {
        if hidden.contains(name) && reserved::why(name).is_none() {
            given.file.push_str(&format!("{name} = '{}'\n", escaped(value)));
        } else {
            given.arguments.extend(["-c".to_owned(), format!("{name}={value}")]);
        }
    }
    given
}

/// A value between quotes of postgresql.conf (`GUC_scanstr` in src/backend/utils/misc/guc-file.l): one line.
fn escaped(value: &str) -> String {
    value.replace('\\', "\\\\").replace('\'', "''").replace('\n', "\\n").replace('\r', "\\r")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn a_targets_setting_wins_over_the_sandboxs() {
        let wanted = target(&[("FSYNC", "on"), ("work_mem", "8MB")]);
        let settings = server_settings(&Limits::default(), Storage::Disk, &wanted, &[]);
        assert_eq!(settings["fsync"], "on");
        assert_eq!(settings["work_mem"], "8MB");
        assert_eq!(settings["shared_buffers"], "512MB");
    }

    #[test]
    fn buffers_are_few_where_the_data_are_in_memory_and_the_targets_where_it_says_so() {
        let buffers = |target: &BTreeMap<String, String>| {
            server_settings(&Limits::default(), Storage::Memory, target, &[])["shared_buffers"].clone()
        };
        assert_eq!(buffers(&target(&[])), "128MB");
        assert_eq!(buffers(&target(&[("shared_buffers", "1GB")])), "1GB");
    }

    #[test]
    fn all_that_the_log_is_read_by_is_set_and_no_targets() {
        for (name, value) in sandbox_settings(&Limits::default(), Storage::Disk) {
            let is_of_log = (name.starts_with("log_") || name.starts_with("logging_") || name == "lc_messages")
                && !matches!(name.as_str(), "log_timezone" | "log_checkpoints");
            assert_eq!(reserved::why(&name).is_some(), is_of_log, "{name}");
            let settings = server_settings(&Limits::default(), Storage::Disk, &target(&[(&name, "other")]), &[]);
            assert_eq!(settings[&name], if is_of_log { value } else { "other".to_owned() }, "{name}");
        }
    }

    #[test]
    fn what_is_hidden_stands_in_a_file() {
        let settings = target(&[("a.key", "it's \\ a\nsecret"), ("work_mem", "8MB"), ("port", "1")]);
        let hidden = ["a.key", "port"].map(String::from).into();
        let given = given(&settings, &hidden);
        assert_eq!(given.arguments, ["-c", "port=1", "-c", "work_mem=8MB"]);
        assert_eq!(given.file, "a.key = 'it''s \\\\ a\\nsecret'\n");
    }

    #[test]
    fn a_target_cannot_move_the_log_or_the_socket() {
        let engine = [("listen_addresses", String::new())];
        let wanted = target(&[("log_destination", "stderr"), ("Listen_Addresses", "*"), ("port", "1")]);
        let settings = server_settings(&Limits::default(), Storage::Disk, &wanted, &engine);
        assert_eq!(settings["log_destination"], "csvlog");
        assert_eq!(settings["listen_addresses"], "");
        assert!(!settings.contains_key("port"));
    }
}
