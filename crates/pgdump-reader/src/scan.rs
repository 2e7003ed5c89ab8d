//! What a full pass over a dump finds: is it whole, and what does it declare?

use std::io;

use crate::declared::{Added, Declared};
use crate::facts::Facts;
use crate::large_objects::LargeObjectData;
use crate::names::Names;
use crate::rows::TableRows;
use crate::script::unfollowed::{Affects, ScriptEnd, Unfollowed};

/// What a full pass has found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Scan {
    /// Empty where the dump is whole.
    pub damage: Vec<Damage>,
    /// What it declares.
    pub facts: Facts,
    /// Every object with its definition.
    pub declared: Vec<Declared>,
    /// What somebody has added to a plain dump.
    pub added: Vec<Added>,
    /// Whether definitions were left out because they are too long in all to be kept.
    pub abridged: bool,
    /// By destination.
    pub rows: Vec<TableRows>,
    /// By database, as in [`Destination`](crate::Destination).
    pub large_objects: Vec<(Option<String>, LargeObjectData)>,
    /// Every name in its statements.
    pub names: Names,
    /// What a script does that is not known from its text, in its order.
    pub unfollowed: Vec<Unfollowed>,
    /// How a script ends.
    pub end: ScriptEnd,
}

impl Scan {
    /// What of a script makes it unknown whether all that the dump holds is looked at.
    pub fn not_followed(&self) -> impl Iterator<Item = &Unfollowed> {
        self.unfollowed.iter().filter(|unfollowed| unfollowed.affects == Affects::Everything)
    }
}

/// A place where a dump is not what pg_dump writes: something is cut off, missing or corrupt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Damage {
    /// For people: `ends inside the COPY data of public.orders, line 9012`.
    pub what: String,
    /// Bytes from the beginning of the file (of the decompressed text of a compressed plain dump).
    pub at: Option<u64>,
    /// The table whose data it hits.
    pub table: Option<String>,
}

/// So many damaged places are listed one by one.
pub(crate) const MAX_DAMAGE: usize = 100;

/// What an error while decompressing says of the bytes.
pub(crate) fn error_state(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => "is cut off",
        io::ErrorKind::OutOfMemory => "cannot be decompressed",
        _ => "is corrupt",
    }
}
