//! What is typed about base backups, which this version does not rehearse yet: the one place that says so.

use super::arguments::{Inspect, Recovery};
use crate::session::RunError;

/// Refuses what only a base backup needs.
///
/// # Errors
/// [`RunError::Usage`], with the first option of it that was given.
pub fn refuse(recovery: &Recovery) -> Result<(), RunError> {
    let given = [
        ("--wal", recovery.wal.is_some()),
        ("--wal-command", recovery.wal_command.is_some()),
        ("--to", !recovery.to.is_empty()),
        ("--timeline", recovery.timeline.is_some()),
    ];
    match given.into_iter().find(|(_, given)| *given) {
        Some((option, _)) => Err(RunError::Usage(format!(
            "{option} is about a base backup, and this version rehearses dumps only; leave it out for a dump"
        ))),
        None => Ok(()),
    }
}

/// The dump that is to be inspected.
///
/// # Errors
/// As [`refuse`].
pub fn inspected(arguments: &Inspect) -> Result<&std::path::Path, RunError> {
    refuse(&Recovery { wal: arguments.wal.clone(), ..Recovery::default() })?;
    // clap sees to it that there is one without --wal.
    arguments.dump.as_deref().ok_or_else(|| RunError::Usage("no dump is given".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_option_of_a_backup_is_refused_by_its_name_and_none_is_ignored() {
        let none = Recovery::default();
        assert!(refuse(&none).is_ok());
        for (option, recovery) in [
            ("--wal", Recovery { wal: Some("archive".into()), ..none.clone() }),
            ("--wal-command", Recovery { wal_command: Some("get %f %p".into()), ..none.clone() }),
            ("--to", Recovery { to: vec![crate::profile::Point::Latest], ..none.clone() }),
            ("--timeline", Recovery { timeline: Some(crate::profile::TimelineWish::Latest), ..none.clone() }),
        ] {
            let refused = refuse(&recovery).unwrap_err().to_string();
            assert!(refused.starts_with(&format!("{option} is about a base backup")), "{refused}");
        }
    }
}
