use crate::cluster::sql::identifier;
use crate::finding::kind::{Advice, Case, Context, Kind};
use crate::finding::rule::{FailureView, Known, Precedence, Rule};
use crate::finding::{Origin, Severity, Subject};
use crate::postgres::Tool;

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
    advice: Some(|case| {
        let target = case.context.target;
        if target.keeps_to_itself(&case.subject) {
            return Advice::words(kept(case));
        }
        let otherwise = match without_both(case) {
            true => {
                ". The restore leaves owners and privileges out already; what is left that names the role needs it."
            }
            false => {
                ", or restore without owners and privileges if they do not matter: pg_restore --no-owner \
                 --no-privileges. Policies that name the role are lost even then."
            }
        };
        Advice::words(format!(
            "Create the role before the restore (pg_dump leaves roles out; pg_dumpall --globals-only has them with their \
             memberships and settings){otherwise}"
        ))
        .run(format!("CREATE ROLE {};", identifier(&case.subject)))
    }),
    ..Kind::USUAL
};

/// Whether the restore leaves owners and privileges out.
fn without_both(case: &Case<'_>) -> bool {
    let has = |option| Tool::PgRestore.has(&case.context.target.restore.options, option);
    case.context.dump.is_archive() && has("--no-owner") && has("--no-privileges")
}

/// What to do about a role that nobody should make for a restore.
fn kept(case: &Case<'_>) -> String {
    let Context { target, dump, .. } = case.context;
    let not_yours = match target.restores_as_superuser() {
        true => format!("Do not create {:?}: it is the name of a cluster's first superuser.", case.subject),
        false => format!(
            "{:?} is not {:?}'s to create: only an administrator of the service could.",
            case.subject,
            target.restoring()
        ),
    };
    let instead = match (without_both(case), dump.is_archive()) {
        (true, _) => {
            "The restore leaves owners and privileges out already; change in the source what else names the role, and \
             dump again."
                .to_owned()
        }
        (false, true) => format!(
            "Restore without owners and privileges, as the role that is to own the objects: pg_restore --no-owner \
             --no-privileges --role={}. Or give the objects to the application's role in the source before the dump \
             (ALTER … OWNER TO).",
            target.restoring()
        ),
        (false, false) => {
            "Dump again with --no-owner --no-privileges, and restore as the role that is to own the objects. Or give the \
             objects to the application's role in the source before the dump (ALTER … OWNER TO)."
                .to_owned()
        }
    };
    format!("{not_yours} {instead}")
}

fn role(failed: &FailureView<'_>) -> Known {
    Subject::Role(failed.quoted()).into()
}
