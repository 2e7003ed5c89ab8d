//! Engines as commands ask for them.

use super::arguments::Engine as Arguments;
use super::say;
use crate::report::text::visible;
use crate::session::{EngineOptions, EnginePool, RunError};

/// What the arguments allow.
pub fn options(arguments: &Arguments) -> EngineOptions {
    EngineOptions {
        choice: arguments.engine.into(),
        unconfined: arguments.unconfined,
        image_repository: arguments.image_repository.clone(),
        cache: !arguments.no_cache,
    }
}

/// Opens the engines that the arguments allow, removes what dead runs left, and says what could not be removed.
pub async fn open(arguments: &Arguments) -> Result<EnginePool, RunError> {
    let pool = EnginePool::open(options(arguments)).await?;
    for left in pool.tidy().await {
        say(&format!("pgrehearse: {}", visible(&left)));
    }
    Ok(pool)
}
