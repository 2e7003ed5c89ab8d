//! Limits under which a server can start and a restore can end.

use std::time::Duration;

use super::{Places, steps};
use crate::profile::{ByteSize, Limits, ProfileError};

/// Below this a server with its default shared_buffers (128 MiB, mostly untouched) and a client do not fit.
const LEAST_MEMORY: ByteSize = ByteSize(128 << 20);
/// A server alone has about ten processes, and each client one on either side.
const LEAST_PIDS: u32 = 32;
/// With less, servers of PostgreSQL 15 and later do not start (their dynamic shared memory).
const LEAST_SHM: ByteSize = ByteSize(2 << 20);
/// A fresh cluster has about 40 MiB and its first WAL segments 32 MiB.
const LEAST_DISK: ByteSize = ByteSize(128 << 20);
/// More than any machine has, and exact as the nanoseconds that engines count in.
const MOST_CPUS: f64 = 4096.0;

pub fn check(limits: &Limits, at: &Places<'_>) -> Result<(), ProfileError> {
    let sizes =
        [("memory", limits.memory, LEAST_MEMORY), ("shm", limits.shm, LEAST_SHM), ("disk", limits.disk, LEAST_DISK)];
    for (name, size, least) in sizes {
        if size < least {
            let why = format!("{size} is too little for a server; at least {least}");
            at.each(|| Err(at.bad(steps!["limits", name], why)));
        }
    }
    if !(limits.cpus > 0.0 && limits.cpus <= MOST_CPUS) {
        at.each(|| Err(at.bad(steps!["limits", "cpus"], format!("must be more than 0 and at most {MOST_CPUS}"))));
    }
    if limits.pids < LEAST_PIDS {
        let why = format!("{} processes are too few for a server; at least {LEAST_PIDS}", limits.pids);
        at.each(|| Err(at.bad(steps!["limits", "pids"], why)));
    }
    if limits.timeout.0 == Duration::ZERO {
        return Err(at.bad(steps!["limits", "timeout"], "must be more than 0"));
    }
    Ok(())
}
