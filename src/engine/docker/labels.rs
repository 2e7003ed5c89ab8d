//! The labels of everything that pgrehearse creates.

use std::collections::HashMap;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::engine::lease::Lease;

/// The home of the run that created it.
pub const HOME: &str = "io.pgrehearse.home";
/// The run that created it.
pub const RUN: &str = "io.pgrehearse.run";
/// When the run that created it is over at the latest, in seconds since 1970: for those who cannot look into its home.
pub const DEADLINE: &str = "io.pgrehearse.deadline";
/// The target that it was created for.
pub const TARGET: &str = "io.pgrehearse.target";
/// A data directory kept between runs, by its key.
pub const KEPT: &str = "io.pgrehearse.kept";

/// After a sandbox's own deadline, how long its run may still be busy with removing it.
const GRACE: Duration = Duration::from_secs(10 * 60);

/// The labels of something that belongs to a run and must be over within `lifetime`.
pub fn of_run(lease: &Lease, target: &str, lifetime: Duration) -> HashMap<String, String> {
    HashMap::from([
        (HOME.to_owned(), lease.home().id().to_owned()),
        (RUN.to_owned(), lease.run().to_owned()),
        (TARGET.to_owned(), target.to_owned()),
        (DEADLINE.to_owned(), (now() + lifetime + GRACE).as_secs().to_string()),
    ])
}

/// The time since 1970.
pub fn now() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}
