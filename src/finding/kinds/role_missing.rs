use crate::cluster::sql::identifier;
use crate::finding::kind::Kind;
use crate::finding::rule::{FailureView, Known, Precedence, Rule};
use crate::finding::{Origin, Severity, Subject};

pub static KIND: Kind = Kind {
    name: "role-missing",
    severity: Severity::Error,
    origin: Origin::Target,
    summary: "The dump names a role that the target does not have.",
    page: include_str!("../../../docs/findings/role-missing.md"),
    rules: &[
        // undefined_object.
        Rule::new(Precedence::Message, &["42704"], |failed| failed.says("role \"").then(|| role(failed))),
        // invalid_parameter_value: SET SESSION AUTHORIZATION, SET ROLE.
        Rule::new(Precedence::Message, &["22023"], |failed| {
            (failed.says("role \"") && failed.message.ends_with("does not exist")).then(|| role(failed))
        }),
    ],
    title: Some(|case| format!("role {:?} does not exist in this target", case.subject)),
    several: Some("roles do not exist in this target"),
    fix: "Create the role before the restore (pg_dump leaves roles out; pg_dumpall --globals-only has them with their \
          memberships and settings), or restore without owners and privileges if they do not matter: pg_restore \
          --no-owner --no-privileges. Policies that name the role are lost even then.",
    commands: Some(|case| vec![format!("CREATE ROLE {};", identifier(&case.subject))]),
    ..Kind::USUAL
};

fn role(failed: &FailureView<'_>) -> Known {
    Subject::Role(failed.quoted()).into()
}
