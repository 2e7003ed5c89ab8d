//! Which PostgreSQL.

use super::{Places, steps};
use crate::postgres::Major;
use crate::profile::{Cause, Client, ProfileError, Target};

pub fn check(target: &Target, at: &Places<'_>) -> Result<(), ProfileError> {
    if target.postgres.is_none() && target.image.is_none() {
        let cause = Cause::MissingKey { key: "postgres".into(), holder: "the profile".into() };
        let hint = "write `postgres: 17`, or name an image with `image:`";
        return Err(at.error(&[], cause).hint(Some(hint.into())));
    }
    if let Some(major) = target.postgres {
        self::major(major).map_err(|why| at.bad(steps!["postgres"], why))?;
    }
    if let Client::Major(major) = target.restore.client {
        self::major(major).map_err(|why| at.bad(steps!["restore", "client"], why))?;
    }
    Ok(())
}

fn major(Major(major): Major) -> Result<(), String> {
    if Major::PLAUSIBLE.contains(&major) {
        return Ok(());
    }
    let (oldest, newest) = Major::PLAUSIBLE.into_inner();
    Err(format!("{major} is no major version of PostgreSQL from {oldest} to {newest}"))
}
