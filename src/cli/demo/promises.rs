//! What the two demos are there to show.

use crate::finding::Name;
use crate::rehearsal::Verdict;

/// A demo: what it says before, what must come of it, what it says after.
pub struct Story {
    /// What is going to happen, with the engine between the two, and what is to be expected.
    pub intro: (&'static str, &'static str),
    /// In the order of the demo's targets.
    pub promises: &'static [Promise],
    /// What is embedded, what is done with it, and what others like it are called.
    pub words: Words,
    /// The package of Debian that has its server.
    pub package: &'static str,
    /// What one can do next.
    pub next: &'static str,
}

/// `the demo's own DUMP is RESTORED without walls; any other DUMP needs them`
pub struct Words {
    pub own: &'static str,
    pub done: &'static str,
}

/// What one of the demo's targets must come to.
pub struct Promise {
    pub target: &'static str,
    pub verdict: Verdict,
    /// Every finding that there must be, by name; there must be no other.
    pub findings: &'static [Name],
    /// Why, for people.
    pub because: &'static str,
}

/// The dump of a shop. Its targets are those of [`crate::profile::DEMO`].
pub const SHOP: Story = Story {
    intro: (
        "The dump of a small shop is now restored into four throwaway clusters:",
        "It comes back whole in one of them, and must fail in the others, each for a reason of its own.",
    ),
    promises: &SHOP_PROMISES,
    words: Words { own: "dump", done: "restored" },
    package: "postgresql",
    next: "Next, with a dump of your own: pgrehearse run your.dump -p laptop-linux",
};

/// The base backup of a shop. Its targets are those of [`crate::profile::RECOVERY_DEMO`].
pub const RECOVERY: Story = Story {
    intro: (
        "The base backup of a small shop is now recovered in three throwaway clusters:",
        "It has another archive of WAL in each. One brings it back, and two must fail, although the server says of \
         none\nof them that anything is wrong.",
    ),
    promises: &RECOVERY_PROMISES,
    words: Words { own: "base backup", done: "recovered" },
    package: "postgresql-17",
    next: "Next, with a base backup of your own: pgrehearse inspect BASE --wal ARCHIVE",
};

const SHOP_PROMISES: [Promise; 4] = [
    Promise {
        target: "demo-twin",
        verdict: Verdict::Pass,
        findings: &[],
        because: "the source's twin. Every table, owner, policy and sequence came back, and four queries of the profile \
                  gave what they should.",
    },
    Promise {
        target: "demo-latin1",
        verdict: Verdict::Fail,
        findings: &[Name::EncodingUnrepresentable, Name::LocaleDiffers],
        because: "LATIN1 has no Ł and no €. One such name, and not one of the customers came back.",
    },
    Promise {
        target: "demo-no-roles",
        verdict: Verdict::Fail,
        findings: &[
            Name::PolicyLost,
            Name::PrivilegesWider,
            Name::RlsBypassed,
            Name::RoleMissing,
            Name::SecurityDefinerOwnerChanged,
        ],
        because: "a laptop where nobody created the shop's four roles. All rows came back, but not their owners, grants and \
                  row level security: everybody may call what only billing could, with a superuser's rights.",
    },
    Promise {
        target: "demo-managed",
        verdict: Verdict::Fail,
        findings: &[Name::PermissionDenied, Name::SequenceBehind],
        because: "no superuser restores here, and the one who does may not set billing's sequence. All rows came back, \
                  and the next invoice would get the number of the first.",
    },
];

const RECOVERY_PROMISES: [Promise; 3] = [
    Promise {
        target: "demo-before-the-accident",
        verdict: Verdict::Pass,
        findings: &[],
        because: "a release had cancelled every order. The archive is whole, and recovery stopped at the restore point that \
                  was set before it: every order until then is there, and none is cancelled.",
    },
    Promise {
        target: "demo-gap",
        verdict: Verdict::Fail,
        findings: &[Name::BeforeAbsent, Name::WalMissing],
        because: "one segment of the archive is missing. The server takes that for the end of the WAL and says that it is \
                  ready; all that was committed later is lost, and the finding says which commit is the last.",
    },
    Promise {
        target: "demo-lost-timeline",
        verdict: Verdict::Fail,
        findings: &[Name::AfterPresent, Name::TimelineSegmentMissing],
        because: "the shop was recovered to before the release and went on, on timeline 2, whose first segment never came \
                  into the archive. So the server followed timeline 1 past the fork, and the cancelled orders are back.",
    },
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::{DEMO, RECOVERY_DEMO};

    #[test]
    fn every_target_of_a_demo_has_its_promise() {
        for (story, targets) in [(&SHOP, DEMO), (&RECOVERY, RECOVERY_DEMO)] {
            let promised = story.promises.iter().map(|promise| promise.target);
            assert!(promised.eq(targets.iter().map(|(name, _)| *name)));
            for promise in story.promises {
                assert!(promise.findings.is_sorted_by_key(|name| name.as_str()), "{}", promise.target);
            }
        }
    }
}
