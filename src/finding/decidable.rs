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
