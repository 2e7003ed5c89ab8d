//! How the rows of a table differ from the dump's.

/// How a table's rows differ.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RowDifference {
    pub dumped: u64,
    pub found: u64,
    /// Rows of the dump that are not there, rows that the dump does not hold, and rows with the dump's key and other
    /// values. At least so many, where `exact` is not set.
    pub missing: u64,
    pub extra: u64,
    pub changed: u64,
    pub exact: bool,
    /// How many of those that have changed did so only by negative zeros that have become zeros.
    pub zeros: u64,
    /// For people: `row 4711 of the dump: column "price" differs`.
    pub places: Vec<String>,
}

impl RowDifference {
    /// Rows that differ in any way.
    pub fn rows(&self) -> u64 {
        self.missing + self.extra + self.changed
    }

    /// Of a table of which no row needs to be looked at.
    pub fn all_missing(dumped: u64, found: u64) -> Self {
        let (missing, extra) = (dumped.saturating_sub(found), found.saturating_sub(dumped));
        Self { dumped, found, missing, extra, exact: true, ..Self::default() }
    }
}
