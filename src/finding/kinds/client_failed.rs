use crate::finding::kind::{Advice, Kind, SubjectIs};
use crate::finding::rule::{Precedence, Rule};
use crate::finding::{Origin, Severity, Subject};
use crate::profile::Acceptable;

pub static KIND: Kind = Kind {
    name: "client-failed",
    severity: Severity::Error,
    origin: Origin::Restore,
    summary: "The client ended with an error that belongs to no statement.",
    page: include_str!("../../../docs/findings/client-failed.md"),
    rules: &[Rule::of_client(Precedence::Otherwise, |failed| Some(Subject::Words(failed.shape()).into()))],
    acceptable: Acceptable::Never,
    subject: SubjectIs::Form,
    may_follow: true,
    advice: Some(|_| Advice::words("Read the client's message; it stopped or skipped something for its own reason.")),
    ..Kind::USUAL
};
