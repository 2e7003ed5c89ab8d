use crate::finding::kind::Kind;
use crate::finding::{Origin, Severity};
use crate::profile::Acceptable;

pub static KIND: Kind = Kind {
    name: "pages-corrupt",
    severity: Severity::Error,
    origin: Origin::Backup,
    summary: "Pages of the recovered cluster are corrupt.",
    page: include_str!("../../../docs/findings/pages-corrupt.md"),
    fix: "Find out whether production has it too: run pg_amcheck there, and read the table in full. If it does not, \
          the backup or its storage is damaged: take a new base backup now and check the storage. If it does, keep the \
          oldest good backup, and repair production first: an index by REINDEX, a table from a backup.",
    acceptable: Acceptable::Never,
    several: Some("relations have corrupt pages"),
    ..Kind::USUAL
};
