//! Server settings that a profile may give.

use std::collections::BTreeMap;

use super::{Places, steps};
use crate::profile::{ProfileError, Setting};

/// Settings that decide whether pgrehearse can reach the server, read its log and throw it away.
const RESERVED: [(&str, &str); 16] = [
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
    ("log_destination", "errors are read from the sandbox's log"),
    ("log_directory", "errors are read from the sandbox's log"),
    ("log_filename", "errors are read from the sandbox's log"),
    ("logging_collector", "errors are read from the sandbox's log"),
    ("primary_conninfo", "a sandbox follows no other server"),
    ("restore_command", "a sandbox follows no other server"),
];

pub fn check(settings: &BTreeMap<String, Setting>, at: &Places<'_>) -> Result<(), ProfileError> {
    for (name, Setting(value)) in settings {
        let refused = |why: String| at.bad_key(steps!["cluster", "settings"], name, why);
        if !is_setting_name(name) {
            return Err(refused(
                "a setting's name is of letters, digits, `_` and `.`, and starts with a letter".into(),
            ));
        }
        let folded = name.to_ascii_lowercase();
        if let Some((_, reason)) = RESERVED.iter().find(|(reserved, _)| *reserved == folded) {
            return Err(refused(format!("pgrehearse sets this itself: {reason}")));
        }
        if value.contains(['\n', '\r']) {
            let why = "a setting's value is one line of postgresql.conf";
            return Err(at.bad(steps!["cluster", "settings", name], why));
        }
    }
    Ok(())
}

fn is_setting_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '.')
}
