use crate::finding::kind::Kind;
use crate::finding::{Origin, Severity};

pub static KIND: Kind = Kind {
    name: "recovery-point-too-old",
    severity: Severity::Error,
    origin: Origin::Backup,
    summary: "The last commit that can be recovered is older than the profile's max_data_loss allows.",
    page: include_str!("../../../docs/findings/recovery-point-too-old.md"),
    fix: "If the archive is behind, look at pg_stat_archiver on the primary and mend archiving. If it is merely slow, \
          set archive_timeout below the loss that you allow, or stream the WAL with pg_receivewal or Barman. If the \
          database was idle, nothing is lost: let it write something at intervals.",
    ..Kind::USUAL
};
