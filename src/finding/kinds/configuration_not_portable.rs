use crate::finding::kind::Kind;
use crate::finding::{Origin, Severity};

pub static KIND: Kind = Kind {
    name: "configuration-not-portable",
    severity: Severity::Warning,
    origin: Origin::Backup,
    summary: "The base backup's own configuration stops the server from starting on another machine.",
    page: include_str!("../../../docs/findings/configuration-not-portable.md"),
    fix: "Keep a postgresql.conf for emergencies beside the backups, or write down what has to be changed: the finding \
          lists each line. Start with `-c config_file=… -c hba_file=… -c ident_file=…` and with postgresql.auto.conf \
          moved aside; -c alone does not override a bad value in a file.",
    several: Some("settings of the backup's own configuration stop a start elsewhere"),
    ..Kind::USUAL
};
