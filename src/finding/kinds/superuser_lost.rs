use pgdump_reader::Word;

use crate::cluster::sql::identifier;
use crate::finding::kind::{Cause, Kind};
use crate::finding::refine::Refine;
use crate::finding::rule::{Because, FailureView, Known, Precedence, Rule};
use crate::finding::{Failure, Name, Origin, Severity, Subject};

pub static KIND: Kind = Kind {
    name: "superuser-lost",
    severity: Severity::Error,
    origin: Origin::Restore,
    summary: "The script takes superuser from the role that restores it.",
    page: include_str!("../../../docs/findings/superuser-lost.md"),
    rules: &[
        // feature_not_supported (AlterRole in user.c, from 16 on): `The bootstrap user must have the SUPERUSER attribute.`
        Rule::new(Precedence::Message, &["0A000"], |failed| {
            (failed.message == "permission denied to alter role")
                .then(|| Known { because: Some(Because::Refused), subject: Subject::Role(altered(failed)) })
        }),
    ],
    // It stays superuser, who needs none of what else the statement says.
    weight: |cause, usual| if cause.because.is_some() { Severity::Warning } else { usual },
    title: Some(|case| match case.because {
        Some(Because::Refused) => {
            format!(
                "the script takes superuser from {:?}, who made the cluster; the server does not let it",
                case.subject
            )
        }
        _ => format!("the script takes superuser from {:?}, the role that restores it", case.subject),
    }),
    fix: "Take the line that alters this role out of the script, or restore as another superuser: managed services \
          write it, since nobody is superuser there.",
    commands: Some(|case| {
        vec![format!("grep -v '^ALTER ROLE {} ' DUMP | psql …", identifier(&case.subject).trim_matches('"'))]
    }),
    ..Kind::USUAL
};

/// The role of `ALTER ROLE x WITH …`.
fn altered(failed: &FailureView<'_>) -> String {
    match failed.words().as_slice() {
        [_, _, Word::Name(role), ..] => role.clone(),
        _ => String::new(),
    }
}

/// A superuser is refused next to nothing, unless the script has taken that from it.
pub(super) fn of_superuser(refine: &Refine<'_>, failure: &Failure, cause: Cause) -> Cause {
    let superuser = refine.situation.target.cluster.superuser.as_str();
    let is_meant = refine.situation.superuser_lost && failure.role.as_deref() == Some(superuser);
    // A catalogue's table is refused to a superuser too.
    let of_system = failure.message.contains(" is a system catalog");
    if is_meant && !of_system { Name::SuperuserLost.cause(Subject::Role(superuser.to_owned())) } else { cause }
}
