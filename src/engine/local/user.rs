//! Whose rights a sandbox's processes have.

use std::path::Path;

use nix::unistd::{Gid, Uid, User};

use super::Confinement;
use crate::engine::EngineError;

/// The unprivileged user that processes run as when pgrehearse was started by root.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunAs {
    pub uid: u32,
    pub gid: u32,
    pub name: String,
}

/// Who a sandbox's processes run as: `None` is the user that started pgrehearse.
///
/// PostgreSQL refuses to run as root. Inside bubblewrap the choice is `postgres`, since dumps are often readable for
/// that user. Without bubblewrap it is `nobody`: `postgres` owns the machine's real clusters, and nothing else would
/// keep a dump's code from their files.
///
/// # Errors
/// [`EngineError::Unavailable`] when root has no such user to switch to.
pub(super) fn run_as(confinement: Confinement) -> Result<Option<RunAs>, EngineError> {
    if !nix::unistd::geteuid().is_root() {
        return Ok(None);
    }
    let candidates = match confinement {
        Confinement::Confined => ["postgres", "nobody"],
        Confinement::Unconfined => ["nobody", "postgres"],
    };
    candidates
        .iter()
        .find_map(|name| User::from_name(name).ok().flatten())
        .filter(|user| !user.uid.is_root())
        .map(|user| Some(RunAs { uid: user.uid.as_raw(), gid: user.gid.as_raw(), name: user.name }))
        .ok_or_else(|| EngineError::Unavailable {
            what: "the local engine".into(),
            reason: "it was started by root, and there is no user `postgres` or `nobody` to run PostgreSQL as".into(),
            remedy: "start pgrehearse as another user".into(),
        })
}

/// Gives `path` itself to the user, where there is one to give it to.
pub(super) fn give(path: &Path, run_as: Option<&RunAs>) -> std::io::Result<()> {
    match run_as {
        None => Ok(()),
        Some(user) => std::os::unix::fs::lchown(path, Some(user.uid), Some(user.gid)),
    }
}

/// The numbers that processes see as their own.
pub(super) fn ids(run_as: Option<&RunAs>) -> (u32, u32) {
    match run_as {
        Some(user) => (user.uid, user.gid),
        None => (Uid::effective().as_raw(), Gid::effective().as_raw()),
    }
}
