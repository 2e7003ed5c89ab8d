//! `pgrehearse sweep`: remove what dead runs left.

use std::io::Write as _;

use super::arguments::{Engine, EngineName, Sweep};
use super::exit;
use super::setup::Workshop;

/// Runs the command; the result is its exit code.
pub async fn sweep(arguments: Sweep) -> anyhow::Result<u8> {
    let engine = Engine { engine: EngineName::Auto, unconfined: false, image_repository: None, no_cache: false };
    let workshop = Workshop::open_unswept(&engine).await?;
    let mut swept = workshop.sweep(arguments.all).await?;
    swept.sort();
    let mut out = super::stdout();
    for thing in &swept {
        writeln!(out, "removed {} {}", thing.kind, thing.name)?;
    }
    if swept.is_empty() {
        writeln!(out, "nothing to remove")?;
    }
    let code = match &workshop.engines.docker {
        Ok(_) => exit::PASS,
        // What cannot be asked cannot be called clean.
        Err(reason) => {
            writeln!(out, "Docker was not swept: {reason}")?;
            exit::UNTESTED
        }
    };
    drop(out);
    workshop.close().await?;
    Ok(code)
}
