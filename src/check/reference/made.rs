//! What comes of the reference database.

use std::collections::HashMap;

use pgdump_reader::Declared;

use crate::check::constraints::Unverified;
use crate::check::key::Key;

/// What the reference database came to.
#[derive(Debug, Default)]
pub struct Reference {
    /// Its objects, as the target's own pg_dump writes them.
    pub declared: Vec<Declared>,
    /// The dump's objects that this server did not make there, and the SQLSTATE of its refusal.
    pub refused: HashMap<Key, String>,
    /// Its constraints that are not verified.
    pub unverified: Vec<Unverified>,
    /// Whether objects are among them that the script creates by statements that pg_dump has not written.
    pub has_added: bool,
}
