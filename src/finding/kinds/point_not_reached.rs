use crate::finding::kind::Kind;
use crate::finding::{Origin, Severity};
use crate::profile::Acceptable;

pub static KIND: Kind = Kind {
    name: "point-not-reached",
    severity: Severity::Error,
    origin: Origin::Restore,
    summary: "The point lies behind the last commit that can be recovered.",
    page: include_str!("../../../docs/findings/point-not-reached.md"),
    fix: "Ask for a point up to the one that the finding names, or for `latest`. If WAL up to that point should be in \
          the archive, look at archiving: pg_stat_archiver on the primary, `SELECT pg_switch_wal()` to have the \
          current segment archived now, and archive_timeout.",
    acceptable: Acceptable::Never,
    ..Kind::USUAL
};
