//! What a profile may decide about each finding.

use std::sync::LazyLock;

use super::Name;
use crate::profile::{Acceptable, KnownFinding, Rules};

/// The rules for profiles of now: every finding of the catalogue, and the date.
pub fn profile_rules() -> Rules<'static> {
    static KNOWN: LazyLock<Vec<KnownFinding<'static>>> = LazyLock::new(|| {
        let known = |name: &Name| KnownFinding { name: name.as_str(), acceptable: name.acceptable() };
        Name::ALL.iter().map(known).collect()
    });
    Rules { known_findings: Some(&KNOWN), ..Rules::default() }
}

impl Name {
    /// How far a profile may decide that it does not count.
    pub fn acceptable(self) -> Acceptable {
        match self {
            Name::UnclassifiedError => Acceptable::ByName,
            // The restore has ended early: what would have come after that was never tried, and the checks cannot tell
            // it from what was lost.
            Name::ClientFailed | Name::ClientTooOld | Name::DumpTruncated => Acceptable::Never,
            Name::AcceptUnused => Acceptable::OfProfile,
            _ => Acceptable::Freely,
        }
    }
}
