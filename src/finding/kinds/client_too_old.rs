use crate::finding::kind::{Case, Kind};
use crate::finding::rule::{Precedence, Rule};
use crate::finding::{Origin, Severity, Subject};
use crate::profile::Acceptable;

pub static KIND: Kind = Kind {
    name: "client-too-old",
    severity: Severity::Error,
    origin: Origin::Restore,
    summary: "The archive was written by a pg_dump that is too new for this pg_restore.",
    page: include_str!("../../../docs/findings/client-too-old.md"),
    rules: &[Rule::of_client(Precedence::Message, |failed| {
        let says = failed.says("unsupported version") && failed.message.contains("file header");
        let version = failed.after("unsupported version (");
        says.then(|| Subject::Words(version.split(')').next().unwrap_or_default().to_owned()).into())
    })],
    acceptable: Acceptable::Never,
    title: Some(|case| format!("pg_restore {} cannot read archives of version {}", case.context.client, case.subject)),
    fix: "Use the pg_restore of the version that made the dump, or a newer one; it can restore into an older server. In \
          the profile, set restore.client.",
    commands: Some(|case| vec![format!("restore: {{client: {}}}", newest(case))]),
    ..Kind::USUAL
};

/// The major version of the pg_dump that wrote the archive.
fn newest<'a>(case: &Case<'a>) -> &'a str {
    let archive = case.context.dump.archive();
    archive.and_then(|archive| archive.pg_dump_version.split(['.', ' ']).next()).unwrap_or("NN")
}
