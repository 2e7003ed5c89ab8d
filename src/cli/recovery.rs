//! What is typed about base backups.

use super::arguments::Recovery;
use crate::session::{RecoveryOptions, WalWish};

/// How base backups are to be recovered.
pub fn options(recovery: Recovery) -> RecoveryOptions {
    let Recovery { wal, wal_command, to, timeline, dump, base, base_dirs, as_of } = recovery;
    let wal = wal.map(WalWish::Folder).or(wal_command.map(WalWish::Command));
    RecoveryOptions { wal, to, timeline, dump, base, earlier: base_dirs, as_of }
}
