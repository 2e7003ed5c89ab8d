//! What a statement means for how the text goes on.

use crate::copy_format::CopyFormat;
use crate::temporary::Persistence;

/// A COPY statement whose rows follow in the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CopyTarget {
    pub(crate) schema: Option<String>,
    pub(crate) table: String,
    pub(crate) columns: Option<Vec<String>>,
    pub(crate) format: CopyFormat,
    pub(crate) persistence: Persistence,
}

impl CopyTarget {
    /// `public.orders`, for people.
    pub(crate) fn label(&self) -> String {
        match &self.schema {
            Some(schema) => format!("{schema}.{}", self.table),
            None => self.table.clone(),
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Effect {
    None,
    /// Rows follow.
    Copy(CopyTarget),
    CreatesTable,
    LargeObject(LargeObjectCall),
    StdStrings(bool),
    /// All that was set for the session is as it was when it began, so strings and the encoding are too.
    Reset,
    /// The client's encoding is another one now.
    Encoding,
    /// What the statement sets, or where what follows goes, is not known; why.
    Unknown(&'static str),
}

/// A function that writes a large object's data (StartRestoreLO and ahwrite in pg_backup_archiver.c, PostgreSQL 15 to
/// 18): `SELECT pg_catalog.lo_open('16401', 131072);`, `SELECT pg_catalog.lowrite(0, '\\x…');`
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum LargeObjectCall {
    Open(u32),
    Write(Vec<u8>),
    Close,
}
