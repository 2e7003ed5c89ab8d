use pgdump_reader::Word;

use crate::finding::kind::{Cause, Kind};
use crate::finding::refine::Refine;
use crate::finding::rule::{Because, FailureView, Known, Precedence, Rule};
use crate::finding::{Failure, Name, Origin, Severity, Subject};

pub static KIND: Kind = Kind {
    name: "superuser-lost",
    severity: Severity::Error,
    origin: Origin::Restore,
    summary: "The script takes superuser away from the role that restores it.",
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
                "the script takes superuser away from {:?}, who created the cluster; the server refuses that",
                case.subject
            )
        }
        _ => format!("the script takes superuser away from {:?}, the role that restores it", case.subject),
    }),
    fix: "Take the line that alters this role out of the script, or restore as another superuser: managed services write \
          it, because nobody is a superuser there.",
    commands: Some(|case| vec![format!("grep -Ev {} DUMP | psql …", pattern(&case.subject))]),
    ..Kind::USUAL
};

/// What finds the statement with grep -E, as a word of the shell: pg_dumpall puts a name between quotes where it has
/// to.
fn pattern(role: &str) -> String {
    let mut name = String::new();
    for sign in role.replace('"', "\"\"").chars() {
        if !sign.is_alphanumeric() && !matches!(sign, '_' | ' ' | '-' | '"' | '\'') {
            name.push('\\');
        }
        name.push(sign);
    }
    format!("'^ALTER ROLE \"?{}\"? '", name.replace('\'', "'\\''"))
}

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_statement_is_found_whatever_the_roles_name() {
        for role in ["postgres", "My Role", "a.b", "o'x", "q\"d", "a$1"] {
            let line = format!("ALTER ROLE {} WITH NOSUPERUSER;", crate::cluster::sql::identifier(role));
            let grep = format!("printf '%s\\n' \"$1\" | grep -Eq {}", pattern(role));
            let status = std::process::Command::new("sh").args(["-c", &grep, "sh", &line]).status().unwrap();
            assert!(status.success(), "{role}");
            let other = line.replacen("ALTER ROLE \"", "ALTER ROLE \"x", 1);
            let status = std::process::Command::new("sh").args(["-c", &grep, "sh", &other]).status().unwrap();
            assert!(!status.success(), "{role}");
        }
    }
}
