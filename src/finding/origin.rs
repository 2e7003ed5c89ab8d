//! Whose fault a finding is.

use serde::{Deserialize, Serialize};

/// Whose fault a finding is, and so who can mend it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Origin {
    /// The dump: damaged, or partial by the way it was made.
    Dump,
    /// The backup: its base, its archive of WAL, or how the two are made.
    Backup,
    /// The database that was dumped: production has this too, as the dump itself proves.
    Source,
    /// The target: what it lacks, refuses or has already.
    Target,
    /// The restore: its client, options, order or parallel jobs, or what it lost without a word.
    #[default]
    Restore,
    /// pgrehearse itself, or a check that it has run.
    Tool,
}

impl Origin {
    /// As reports write it.
    pub fn label(self) -> &'static str {
        match self {
            Origin::Dump => "dump",
            Origin::Backup => "backup",
            Origin::Source => "source",
            Origin::Target => "target",
            Origin::Restore => "restore",
            Origin::Tool => "tool",
        }
    }
}
