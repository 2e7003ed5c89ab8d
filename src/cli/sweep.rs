//! `pgrehearse sweep`: remove what dead runs left.

use std::io::Write as _;

use super::arguments::{Engine, EngineName, Sweep};
use super::setup::Workshop;
use crate::exit;
use crate::session::RunError;

/// Runs the command; the result is its exit code.
pub async fn sweep(arguments: Sweep) -> Result<u8, RunError> {
    let engine = Engine { engine: EngineName::Auto, unconfined: false, image_repository: None, no_cache: false };
    let workshop = Workshop::open_unswept(&engine).await?;
    let mut swept = workshop.sweep(arguments.all).await?;
    swept.removed.sort();
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
    let code = match &workshop.engines.docker {
        Ok(_) if swept.failed.is_empty() => exit::PASS,
        Ok(_) => exit::UNTESTED,
        // What cannot be asked cannot be called clean.
        Err(reason) => {
            writeln!(out, "Docker was not swept: {reason}")?;
            exit::UNTESTED
        }
    };
    workshop.close().await?;
    Ok(code)
}
