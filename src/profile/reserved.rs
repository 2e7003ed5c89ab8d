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
