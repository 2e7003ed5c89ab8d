use crate::finding::kind::Kind;
use crate::finding::{Origin, Severity};

pub static KIND: Kind = Kind {
    name: "locale-differs",
    severity: Severity::Warning,
    origin: Origin::Target,
    summary: "The database's locale is not the one that the dump's database had.",
    page: include_str!("../../../docs/findings/locale-differs.md"),
    fix: "Create the database with the source's locale if the order of text matters.",
    ..Kind::USUAL
};
