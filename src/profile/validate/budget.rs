//! Budgets that a restore can keep.

use std::time::Duration;

use super::{Places, steps};
use crate::profile::{Budget, ByteSize, ProfileError};

pub fn check(budget: Option<&Budget>, at: &Places<'_>) -> Result<(), ProfileError> {
    let Some(budget) = budget else { return Ok(()) };
    if *budget == Budget::default() {
        let why = "says nothing; give `restore`, `size` or both";
        return Err(at.bad(steps!["checks", "budget"], why));
    }
    if budget.restore.is_some_and(|restore| restore.0 == Duration::ZERO) {
        return Err(at.bad(steps!["checks", "budget", "restore"], "must be more than 0"));
    }
    if budget.size == Some(ByteSize(0)) {
        return Err(at.bad(steps!["checks", "budget", "size"], "must be more than 0"));
    }
    Ok(())
}
