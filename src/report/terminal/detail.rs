//! How much a page says of each thing on it.

/// How much is said of each finding, from all of it to its name. A page is drawn in the most that fits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Detail {
    /// Every object, all evidence, every statement.
    All,
    /// The first few objects, evidence and statements of each.
    Full,
    /// The same without evidence, except of what failed first; warnings have no fix.
    Brief,
    /// The first causes with their fixes, of all else its first line.
    Short,
    /// The same of fewer causes.
    Shorter,
    /// The first cause, of a few others their first line.
    First,
    /// The first cause, the names of all else.
    Least,
}

impl Detail {
    /// Those that a page of limited length tries, in turn.
    pub const BOUNDED: [Detail; 6] =
        [Detail::Full, Detail::Brief, Detail::Short, Detail::Shorter, Detail::First, Detail::Least];

    /// How many objects, and lines of evidence, stand for the others.
    pub fn items(self) -> usize {
        match self {
            Detail::All => usize::MAX - 1,
            Detail::Full | Detail::Brief => 3,
            Detail::Short | Detail::Shorter | Detail::First | Detail::Least => 2,
        }
    }

    /// How many targets are named.
    pub fn targets(self) -> usize {
        match self {
            Detail::All => usize::MAX - 1,
            Detail::Full => 24,
            Detail::Brief => 12,
            Detail::Short | Detail::Shorter | Detail::First | Detail::Least => 4,
        }
    }

    /// How many statements of a fix are shown.
    pub fn commands(self) -> usize {
        match self {
            Detail::All => usize::MAX - 1,
            Detail::Full => 10,
            Detail::Brief => 4,
            Detail::Short => 3,
            Detail::Shorter | Detail::First => 2,
            Detail::Least => 1,
        }
    }

    /// How many fixes of one cause are shown, where targets need different ones.
    pub fn fixes(self) -> usize {
        match self {
            Detail::All | Detail::Full => usize::MAX,
            Detail::Brief | Detail::Short | Detail::Shorter | Detail::First | Detail::Least => 1,
        }
    }

    /// How many blocks have more than their first line.
    pub fn blocks(self) -> usize {
        match self {
            Detail::All | Detail::Full | Detail::Brief => usize::MAX,
            Detail::Short => 3,
            Detail::Shorter => 2,
            Detail::First | Detail::Least => 1,
        }
    }

    /// How many rows of the grid there are.
    pub fn rows(self) -> usize {
        match self {
            Detail::All => usize::MAX,
            Detail::Full => 24,
            Detail::Brief => 16,
            Detail::Short | Detail::Shorter | Detail::First => 10,
            Detail::Least => 6,
        }
    }
}
