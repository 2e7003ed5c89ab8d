//! Why a table has no digest.

use std::fmt;

/// Why rows could not be digested. They were counted, as far as that goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoDigest {
    /// Nobody asked for one.
    NotWanted,
    /// One row is longer than this program keeps in memory.
    LongRow,
    /// An INSERT has something other than constants.
    Expressions,
    /// An INSERT leaves a value to its default in some rows and not in others.
    Defaults,
    /// The data are damaged.
    Damaged,
    /// An INSERT takes its rows from a query.
    Query,
    /// The script makes rows that stand nowhere in its text, by something else than an INSERT.
    Made,
    /// An INSERT changes rows that are there.
    Upsert,
    /// A COPY decides by a condition, or by errors, which of its rows come in.
    Filtered,
    /// A COPY has rows in binary form.
    Binary,
    /// A COPY has options by which the same text is another value in another column.
    Options,
    /// The rows are in another encoding than the rest of the dump.
    Encoding,
    /// The session has had a table of this name, and the rows may have gone into that.
    PerhapsTemporary,
}

impl NoDigest {
    /// Whether the text does not even show how many rows there are.
    pub fn is_uncountable(self) -> bool {
        matches!(
            self,
            NoDigest::Query
                | NoDigest::Made
                | NoDigest::Upsert
                | NoDigest::Filtered
                | NoDigest::Binary
                | NoDigest::PerhapsTemporary
        )
    }

    /// Whether each row that is counted stands for any number of rows that a query gives.
    pub fn is_of_query(self) -> bool {
        matches!(self, NoDigest::Query | NoDigest::Made)
    }

    /// The reason of two that leaves less known.
    pub fn or(self, other: NoDigest) -> NoDigest {
        let rank =
            |why: NoDigest| u8::from(why.is_uncountable()) + u8::from(why.is_uncountable() && !why.is_of_query());
        if rank(other) > rank(self) { other } else { self }
    }
}

impl fmt::Display for NoDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            NoDigest::NotWanted => "no digest was asked for",
            NoDigest::LongRow => "a row is longer than 64 MiB",
            NoDigest::Expressions => "its INSERT statements hold expressions",
            NoDigest::Defaults => "its statements leave values to their defaults in some rows",
            NoDigest::Damaged => "its data are damaged in the dump",
            NoDigest::Query => "its INSERT statements take their rows from queries",
            NoDigest::Made => "the script makes rows of it that stand nowhere in its text",
            NoDigest::Upsert => "its INSERT statements change rows that are there (ON CONFLICT DO UPDATE)",
            NoDigest::Filtered => "its COPY takes some of its rows only (WHERE, ON_ERROR)",
            NoDigest::Binary => "its COPY has rows in binary form",
            NoDigest::Options => "its COPY has options that decide what a value is",
            NoDigest::Encoding => "its rows are in another encoding than the rest of the dump",
            NoDigest::PerhapsTemporary => "its rows may have gone into a temporary table of the same name",
        })
    }
}
