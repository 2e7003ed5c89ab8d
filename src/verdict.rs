//! What a rehearsal, or a whole run, comes to.

use serde::{Deserialize, Serialize};

/// What a rehearsal, or a whole run, comes to. The order is from best to worst, so the worst is the maximum.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    Pass,
    Untested,
    Fail,
}

impl Verdict {
    /// As it is printed.
    pub fn label(self) -> &'static str {
        match self {
            Verdict::Pass => "pass",
            Verdict::Untested => "untested",
            Verdict::Fail => "fail",
        }
    }

    /// What several come to: the worst of them. Nothing at all is no pass.
    pub fn worst(verdicts: impl IntoIterator<Item = Verdict>) -> Verdict {
        verdicts.into_iter().max().unwrap_or(Verdict::Untested)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_tested_is_no_pass() {
        assert_eq!(Verdict::worst([]), Verdict::Untested);
        assert_eq!(Verdict::worst([Verdict::Pass, Verdict::Untested]), Verdict::Untested);
        assert_eq!(Verdict::worst([Verdict::Pass, Verdict::Fail, Verdict::Untested]), Verdict::Fail);
    }
}
