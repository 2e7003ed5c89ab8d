//! Server settings that a profile may give.

use std::collections::BTreeMap;

use super::Places;
use crate::profile::yaml::Step;
use crate::profile::{ProfileError, Setting};

/// Settings that decide whether pgrehearse can reach the server, read its log and throw it away.
const RESERVED: [(&str, &str); 22] = [
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
    ("log_destination", "errors are read from the sandbox's log"),
    ("log_directory", "errors are read from the sandbox's log"),
    ("log_error_verbosity", "errors are read from the sandbox's log"),
    ("log_file_mode", "errors are read from the sandbox's log"),
    ("log_filename", "errors are read from the sandbox's log"),
    ("log_min_error_statement", "errors are read from the sandbox's log"),
    ("log_min_messages", "errors are read from the sandbox's log"),
    ("logging_collector", "errors are read from the sandbox's log"),
    ("primary_conninfo", "a sandbox follows no other server"),
    ("restore_command", "a sandbox follows no other server"),
];

/// Checks the settings at `path`, of the server, a role or a database.
pub fn check(settings: &BTreeMap<String, Setting>, path: &[Step<'_>], at: &Places<'_>) -> Result<(), ProfileError> {
    let mut seen: BTreeMap<String, &str> = BTreeMap::new();
    for (name, Setting(value)) in settings {
        let refused = |why: String| at.bad_key(path, name, why);
        if !is_setting_name(name) {
            return Err(refused(
                "a setting's name is of letters, digits, `_` and `.`, and starts with a letter".into(),
            ));
        }
        let folded = name.to_ascii_lowercase();
        if let Some((_, reason)) = RESERVED.iter().find(|(reserved, _)| *reserved == folded) {
            return Err(refused(format!("pgrehearse sets this itself: {reason}")));
        }
        if let Some(first) = seen.insert(folded, name) {
            return Err(refused(format!("`{first}` is the same setting: upper and lower case make no difference")));
        }
        if value.contains(['\n', '\r']) {
            let why = "a setting's value is one line of postgresql.conf";
            let whole: Vec<_> = path.iter().copied().chain([Step::from(name)]).collect();
            return Err(at.bad(&whole, why));
        }
    }
    Ok(())
}

fn is_setting_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '.')
}
