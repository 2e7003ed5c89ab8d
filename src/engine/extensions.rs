//! What a sandbox's server lets one do with extensions.
//!
//! PostgreSQL decides by control files: without one an extension is not available, and one that is marked as trusted (from
//! PostgreSQL 13 on) can be created by whoever may create in the database, its script running as the bootstrap superuser.
//! Managed services do it so, and so does a sandbox, in its own copy of the directory.

use std::collections::BTreeSet;

/// What becomes of the control files; the rest of an extension stays as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct ExtensionRights {
    /// Marked as trusted.
    pub trusted: BTreeSet<String>,
    /// Marked as a superuser's alone.
    pub restricted: BTreeSet<String>,
    /// Taken away.
    pub removed: BTreeSet<String>,
    /// Where given, all others are taken away.
    pub only: Option<BTreeSet<String>>,
}

/// What becomes of one control file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Control {
    AsShipped,
    Trusted,
    Restricted,
    Removed,
}

impl ExtensionRights {
    /// Whether nothing is changed.
    pub fn are_as_shipped(&self) -> bool {
        *self == Self::default()
    }

    /// What becomes of the control file of this extension.
    pub fn of(&self, extension: &str) -> Control {
        let is_other = self.only.as_ref().is_some_and(|only| !only.contains(extension));
        if is_other || self.removed.contains(extension) {
            Control::Removed
        } else if self.restricted.contains(extension) {
            Control::Restricted
        } else if self.trusted.contains(extension) {
            Control::Trusted
        } else {
            Control::AsShipped
        }
    }
}

impl Control {
    /// Lines for the end of the control file, where they win over earlier ones (`parse_extension_control_file` in
    /// src/backend/commands/extension.c).
    pub fn lines(self) -> &'static str {
        match self {
            Control::AsShipped | Control::Removed => "",
            Control::Trusted => "\ntrusted = true\n",
            Control::Restricted => "\nsuperuser = true\ntrusted = false\n",
        }
    }
}
