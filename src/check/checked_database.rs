//! A database that is looked at.

/// A database of the sandbox, and what the dump calls it: a script can have given it another name since.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct CheckedDatabase {
    /// Its name now.
    pub name: String,
    /// The names under which the dump puts something into it; `None` is the database that the client connects to first.
    pub known_as: Vec<Option<String>>,
    /// Whether it is the target's own, which was there before the restore.
    pub own: bool,
}

impl CheckedDatabase {
    /// Whether what the dump puts into a database of this name is here.
    pub fn is_known_as(&self, name: Option<&str>) -> bool {
        self.known_as.iter().any(|known| known.as_deref() == name)
    }

    /// The name that the dump gives it.
    pub fn dumped_name(&self) -> &str {
        self.known_as.iter().flatten().next().unwrap_or(&self.name)
    }
}
