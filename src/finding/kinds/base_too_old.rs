use crate::finding::kind::Kind;
use crate::finding::{Origin, Severity};

pub static KIND: Kind = Kind {
    name: "base-too-old",
    severity: Severity::Error,
    origin: Origin::Backup,
    summary: "The newest base backup is older than the profile's max_base_age allows.",
    page: include_str!("../../../docs/findings/base-too-old.md"),
    fix: "Look why no newer one was finished (`barman list-backups`, `pgbackrest info`, the log of the job), mend \
          that, and take a base backup now.",
    ..Kind::USUAL
};
