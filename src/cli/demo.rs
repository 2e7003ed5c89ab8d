//! `pgrehearse demo`: an embedded dump in embedded targets.

use super::arguments::Demo;
use super::exit;

/// Runs the command; the result is its exit code.
pub async fn demo(_arguments: Demo) -> anyhow::Result<u8> {
    Ok(exit::UNTESTED)
}
