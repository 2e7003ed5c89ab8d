use crate::finding::kind::Kind;
use crate::finding::{Origin, Severity};

pub static KIND: Kind = Kind {
    name: "sequence-nearly-exhausted",
    severity: Severity::Warning,
    origin: Origin::Source,
    summary: "A sequence has less than a tenth of its values left.",
    page: include_str!("../../../docs/findings/sequence-nearly-exhausted.md"),
    fix: "Give the sequence, and the column that it feeds, a larger type before inserts fail. The source is just as \
          close to its end.",
    ..Kind::USUAL
};
