//! What a profile may decide about each finding.

use std::sync::LazyLock;

use super::Name;
use crate::profile::{KnownFinding, Rules};

/// The rules for profiles of now: every finding of the catalogue, and the date.
pub fn profile_rules() -> Rules<'static> {
    static KNOWN: LazyLock<Vec<KnownFinding<'static>>> = LazyLock::new(|| {
        let known = |name: &Name| KnownFinding { name: name.as_str(), acceptable: name.acceptable() };
        Name::ALL.iter().map(known).collect()
    });
    Rules { known_findings: Some(&KNOWN), ..Rules::default() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::{Origin, Severity};
    use crate::profile::Acceptable;

    /// Those of a backup whose loss is known by name, or that are against a limit of the profile's own.
    const KNOWN_LOSSES: [Name; 3] = [Name::TablespaceNotInBackup, Name::RecoveryPointTooOld, Name::BaseTooOld];

    #[test]
    fn an_error_of_a_backup_is_never_accepted_where_it_leaves_unknown_what_is_lost() {
        let of_backup = Name::ALL.iter().filter(|name| name.origin() == Origin::Backup);
        for name in of_backup.filter(|name| name.severity() == Severity::Error) {
            let wanted = if KNOWN_LOSSES.contains(name) { Acceptable::Freely } else { Acceptable::Never };
            assert_eq!(name.acceptable(), wanted, "{name}");
        }
    }

    #[test]
    fn a_point_that_was_not_reached_is_never_accepted() {
        let missed =
            Name::ALL.iter().filter(|name| name.as_str().starts_with("point-") && name.severity() == Severity::Error);
        let missed: Vec<_> = missed.collect();
        assert!(missed.len() >= 4 && missed.iter().all(|name| name.acceptable() == Acceptable::Never), "{missed:?}");
    }

    #[test]
    fn no_warning_is_beyond_what_a_profile_may_decide() {
        let warnings = Name::ALL.iter().filter(|name| name.severity() < Severity::Error);
        for name in warnings {
            assert!(matches!(name.acceptable(), Acceptable::Freely | Acceptable::OfProfile), "{name}");
        }
    }
}
