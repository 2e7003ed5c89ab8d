//! Which PostgreSQL.

use super::{Places, steps};
use crate::postgres::Major;
use crate::profile::{Cause, Client, ProfileError, Target};

pub fn check(target: &mut Target, at: &Places<'_>) -> Result<(), ProfileError> {
    if target.postgres.is_none() && target.image.is_none() {
        let cause = Cause::MissingKey { key: "postgres".into(), holder: "the profile".into() };
        let hint = "write `postgres: 17`, or name an image with `image:`";
        return Err(at.error(&[], cause).hint(Some(hint.into())));
    }
    if let Some(major) = target.postgres {
        self::major(major).map_err(|why| at.bad(steps!["postgres"], why).hint(Some(tested())))?;
        if !Major::tested().any(|tested| tested == major) {
            target.notices.push(format!("pgrehearse is not tested with PostgreSQL {major}; {}", self::tested()));
        }
    }
    if let Client::Major(major) = target.restore.client {
        self::major(major).map_err(|why| at.bad(steps!["restore", "client"], why))?;
    }
    Ok(())
}

/// `13 to 18 are tested`
fn tested() -> String {
    let all: Vec<Major> = Major::tested().collect();
    match (all.first(), all.last()) {
        (Some(first), Some(last)) => format!("{first} to {last} are tested"),
        _ => String::new(),
    }
}

fn major(Major(major): Major) -> Result<(), String> {
    if Major::PLAUSIBLE.contains(&major) {
        return Ok(());
    }
    let (oldest, newest) = Major::PLAUSIBLE.into_inner();
    Err(format!("{major} is no major version of PostgreSQL from {oldest} to {newest}"))
}

#[cfg(test)]
mod tests {
    use crate::profile::parse;

    fn notices(major: &str) -> Vec<String> {
        parse(&format!("name: x\npostgres: {major}\n"), "x.yaml").unwrap().notices
    }

    #[test]
    fn a_version_that_is_not_tested_is_taken_with_a_notice() {
        assert_eq!(notices("12"), ["pgrehearse is not tested with PostgreSQL 12; 13 to 18 are tested"]);
        assert_eq!(notices("19").len(), 1);
        let refused = parse("name: x\npostgres: 9.6\n", "x.yaml").unwrap_err().to_string();
        assert!(refused.ends_with("must be a major version such as 17, not the number 9.6"), "{refused}");
    }

    #[test]
    fn a_version_that_is_tested_has_no_notice() {
        assert!(["13", "18"].into_iter().all(|major| notices(major).is_empty()));
    }
}
