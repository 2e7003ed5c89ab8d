//! The digest of a table, and what its rows are made of.

/// Stands for NULL in a row's form.
pub const NULL: &str = "\u{1b}N";

/// No longer row is kept: PostgreSQL takes values of up to 1 GB, and a hostile dump could have many tables of them.
pub(crate) const MAX_ROW: usize = 64 << 20;

/// The rows of a table, added up.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Digest {
    /// How many rows were added.
    pub rows: u64,
    /// Of the rows' hashes.
    pub sum: i128,
}

impl Digest {
    /// Adds one row, by its form's hash ([`hash()`](super::hash())).
    pub fn add(&mut self, hash: i64) {
        self.rows += 1;
        // 2^63 rows with the largest hash are less than an i128 holds.
        self.sum += i128::from(hash);
    }
}

impl std::ops::AddAssign for Digest {
    fn add_assign(&mut self, other: Self) {
        self.rows += other.rows;
        self.sum += other.sum;
    }
}
