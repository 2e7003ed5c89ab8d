//! Server settings that are pgrehearse's own: they decide whether it can reach the server, read its log and throw it away.

/// Each with the reason. A profile that gives one is refused, and no engine takes one from a target.
const RESERVED: [(&str, &str); 26] = [
    ("archive_command", "a sandbox archives nothing"),
    ("archive_library", "a sandbox archives nothing"),
    ("config_file", "a sandbox has its own files"),
    ("data_directory", "a sandbox has its own files"),
    ("external_pid_file", "a sandbox has its own files"),
    ("hba_file", "a sandbox has its own files"),
    ("ident_file", "a sandbox has its own files"),
    ("listen_addresses", "a sandbox is reached through its own socket only"),
    ("port", "a sandbox is reached through its own socket only"),
    ("unix_socket_directories", "a sandbox is reached through its own socket only"),
    ("unix_socket_group", "a sandbox is reached through its own socket only"),
    ("unix_socket_permissions", "a sandbox is reached through its own socket only"),
    ("logging_collector", "errors are read from the sandbox's log"),
    ("log_destination", "errors are read from the sandbox's log"),
    ("log_directory", "errors are read from the sandbox's log"),
    ("log_error_verbosity", "errors are read from the sandbox's log"),
    ("log_file_mode", "errors are read from the sandbox's log"),
    ("log_filename", "errors are read from the sandbox's log"),
    ("log_min_error_statement", "errors are read from the sandbox's log"),
    ("log_min_messages", "errors are read from the sandbox's log"),
    ("log_rotation_age", "errors are read from the sandbox's log"),
    ("log_rotation_size", "errors are read from the sandbox's log"),
    ("log_truncate_on_rotation", "errors are read from the sandbox's log"),
    ("lc_messages", "errors are read from the sandbox's log"),
    ("primary_conninfo", "a sandbox follows no other server"),
    ("restore_command", "a sandbox follows no other server"),
];

/// All of them.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    RESERVED.iter().map(|(name, _)| *name)
}

/// Why a setting, in lower case, cannot be a target's, where it cannot.
pub fn why(setting: &str) -> Option<&'static str> {
    RESERVED.iter().find(|(reserved, _)| *reserved == setting).map(|(_, why)| *why)
}

/// More of a server that recovers a backup, beside those above.
const RESERVED_IN_RECOVERY: [(&str, &str); 11] = [
    ("hot_standby", "a recovered server is asked while it has stopped at its point"),
    ("ignore_checksum_failure", "what is damaged in the backup is to be found"),
    ("ignore_invalid_pages", "what is damaged in the backup is to be found"),
    ("ignore_system_indexes", "what is damaged in the backup is to be found"),
    ("primary_slot_name", "a sandbox follows no other server"),
    ("promote_trigger_file", "a recovered server is promoted when it has been looked at"),
    ("recovery_end_command", "a sandbox runs no command of others"),
    ("synchronous_standby_names", "a sandbox has no standby that it could wait for"),
    ("wal_level", "a recovered server archives nothing, and nobody follows it"),
    ("zero_damaged_pages", "what is damaged in the backup is to be found"),
    ("recovery_min_apply_delay", "a rehearsal waits for nothing"),
];

/// How the names of whole families of settings begin that are pgrehearse's own there.
const FAMILIES_IN_RECOVERY: [(&str, &str); 3] = [
    ("archive_", "a sandbox archives nothing"),
    ("log_", "errors are read from the sandbox's log"),
    ("recovery_target", "`recovery.to` and `recovery.timeline` say where recovery stops"),
];

/// Those of a recovered server alone.
pub(super) fn names_in_recovery() -> impl Iterator<Item = &'static str> {
    RESERVED_IN_RECOVERY.iter().map(|(name, _)| *name)
}

/// How the names of those begin of which there are several.
pub(super) fn families_in_recovery() -> impl Iterator<Item = &'static str> {
    FAMILIES_IN_RECOVERY.iter().map(|(begin, _)| *begin)
}

/// Why a setting, in lower case, cannot be a recovered server's, where it cannot.
pub fn why_in_recovery(setting: &str) -> Option<&'static str> {
    let by_name = || RESERVED_IN_RECOVERY.iter().find(|(reserved, _)| *reserved == setting);
    let by_family = || FAMILIES_IN_RECOVERY.iter().find(|(begin, _)| setting.starts_with(begin));
    why(setting).or_else(|| by_name().or_else(by_family).map(|(_, why)| *why))
}
