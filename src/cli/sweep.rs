//! `pgrehearse sweep`: remove what dead runs left.

use std::io::Write as _;

use super::arguments::Sweep;
use crate::exit;
use crate::session::{EngineOptions, EnginePool, RunError};

/// Runs the command; the result is its exit code.
pub async fn sweep(arguments: Sweep) -> Result<u8, RunError> {
    let pool = EnginePool::open(EngineOptions::default()).await?;
    let swept = pool.sweep(arguments.all).await?;
    let mut out = super::stdout();
    for thing in &swept.removed {
        writeln!(out, "removed {} {}", thing.kind, thing.name)?;
    }
    for failed in &swept.failed {
        writeln!(out, "could not remove {}", crate::report::text::visible(failed))?;
    }
    if swept.removed.is_empty() && swept.failed.is_empty() {
        writeln!(out, "nothing to remove")?;
    }
    let code = match &pool.engines.docker {
        Ok(_) if swept.failed.is_empty() => exit::PASS,
        Ok(_) => exit::UNTESTED,
        // What cannot be asked cannot be called clean.
        Err(reason) => {
            writeln!(out, "Docker was not swept: {reason}")?;
            exit::UNTESTED
        }
    };
    pool.close().await?;
    Ok(code)
}
