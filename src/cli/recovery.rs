//! What is typed about base backups.

use super::arguments::{Inspect, Recovery};
use crate::session::{RecoveryOptions, RunError, WalWish};

/// How base backups are to be recovered.
pub fn options(recovery: Recovery) -> RecoveryOptions {
    let Recovery { wal, wal_command, to, timeline, base, base_dirs, as_of } = recovery;
    let wal = wal.map(WalWish::Folder).or(wal_command.map(WalWish::Command));
    RecoveryOptions { wal, to, timeline, base, earlier: base_dirs, as_of }
}

/// The dump that is to be inspected.
///
/// # Errors
/// Where there is none.
pub fn inspected(arguments: &Inspect) -> Result<&std::path::Path, RunError> {
    // clap sees to it that there is one without --wal.
    arguments.dump.as_deref().ok_or_else(|| RunError::Usage("no dump is given".to_owned()))
}
