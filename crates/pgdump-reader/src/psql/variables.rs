//! psql's variables.

use std::collections::HashMap;

use crate::sql::boolean;

/// What a variable holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Value {
    Known(String),
    /// It is set, to something that the text does not say.
    Unknown,
    /// The name of the database that the restore connects to, which the text does not say either.
    Own,
}

/// All variables that are set.
#[derive(Debug, Clone)]
pub(crate) struct Variables {
    values: HashMap<String, Value>,
    /// Whether the script has set one that psql does not have by itself.
    own: bool,
    /// Whether any name may have been set or changed, by the result of a query.
    unsure: bool,
}

/// Those that psql sets by itself when it starts or connects (startup.c, command.c and common.c, PostgreSQL 13 to 18); some
/// versions have fewer.
const SET_BY_PSQL: [&str; 35] = [
    "AUTOCOMMIT",
    "COMP_KEYWORD_CASE",
    "ECHO",
    "ECHO_HIDDEN",
    "ENCODING",
    "ERROR",
    "FETCH_COUNT",
    "HIDE_TABLEAM",
    "HIDE_TOAST_COMPRESSION",
    "HISTCONTROL",
    "HISTSIZE",
    "HOST",
    "IGNOREEOF",
    "LAST_ERROR_MESSAGE",
    "LAST_ERROR_SQLSTATE",
    "ON_ERROR_ROLLBACK",
    "ON_ERROR_STOP",
    "PORT",
    "PROMPT1",
    "PROMPT2",
    "PROMPT3",
    "QUIET",
    "ROW_COUNT",
    "SERVER_VERSION_NAME",
    "SERVER_VERSION_NUM",
    "SHELL_ERROR",
    "SHELL_EXIT_CODE",
    "SHOW_ALL_RESULTS",
    "SHOW_CONTEXT",
    "SINGLELINE",
    "SINGLESTEP",
    "SQLSTATE",
    "USER",
    "VERBOSITY",
    "VERSION_NUM",
];

impl Default for Variables {
    fn default() -> Self {
        let mut values: HashMap<String, Value> =
            SET_BY_PSQL.into_iter().map(|name| (name.to_owned(), Value::Unknown)).collect();
        values.insert("DBNAME".to_owned(), Value::Own);
        Self { values, own: false, unsure: false }
    }
}

impl Variables {
    pub(crate) fn get(&self, name: &str) -> Option<&Value> {
        let value = self.values.get(name);
        if self.unsure && value.is_some() { Some(&Value::Unknown) } else { value }
    }

    /// Whether `:name` can stand for something that the script has set.
    pub(crate) fn has_own(&self) -> bool {
        self.own || self.unsure
    }

    pub(crate) fn is_unsure(&self) -> bool {
        self.unsure
    }

    /// Whether one of psql's own, which takes on and off, is set to this by the script.
    pub(crate) fn is(&self, name: &str, wanted: bool) -> bool {
        matches!(self.get(name), Some(Value::Known(text)) if boolean(text) == Some(wanted))
    }

    pub(super) fn set(&mut self, name: &str, value: Value) {
        self.own |= !SET_BY_PSQL.contains(&name);
        self.values.insert(name.to_owned(), value);
    }

    /// Psql sets it as it connects.
    pub(super) fn set_database(&mut self, value: Value) {
        self.values.insert("DBNAME".to_owned(), value);
    }

    pub(super) fn unset(&mut self, name: &str) {
        self.values.remove(name);
    }

    /// From here on any variable may hold anything.
    pub(super) fn lose(&mut self) {
        self.unsure = true;
    }

    /// Whether a byte can be part of a variable's name (`variable_char` in psqlscan.l).
    pub(crate) fn is_name_part(byte: u8) -> bool {
        byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80
    }

    pub(super) fn is_name(name: &str) -> bool {
        !name.is_empty() && name.bytes().all(Self::is_name_part)
    }
}
