//! What the comparison of roles and databases comes to, for people.

use std::collections::BTreeSet;

use super::compare::Differences;
use super::stated::{ParameterPrivilege, Stated};
use crate::check::Restored;
use crate::check::scope::{BY_END, is_of_end, unsaid};
use crate::cluster::sql::identifier;
use crate::counted::{agreeing, counted_as};
use crate::finding::{AfterKind, Finding, Name, Origin};

pub fn all(differences: Differences, stated: &Stated, there: &Stated, restored: &Restored<'_>) -> Vec<Finding> {
    let (unsaid, by_end) = (unsaid(restored), is_of_end(restored));
    let mut findings = Vec::new();
    findings.extend(changed(&differences.changed).map(|mut finding| {
        if by_end {
            finding.title = format!("{}, {unsaid}", finding.title);
        }
        // Who acts for a superuser is one.
        let back = stated.without(there).without_members_of(|role| restored.target.is_administrator(role));
        finding.mend_silently(AfterKind::RoleSettings, back.statements());
        finding
    }));
    if !differences.missing.is_empty() {
        let count = differences.missing.len();
        let verb = agreeing(count, "is", "are");
        let what = counted_as(count, "role or database", "roles or databases");
        let title = format!("{what} of the dump {verb} not there, {unsaid}");
        let mut finding = Finding::new(Name::ObjectMissing, title);
        finding.count = count as u64;
        finding.objects = differences.missing;
        finding.fix = match by_end {
            true => BY_END.into(),
            false => "Find out what has dropped or renamed them after the dump had created them.".into(),
        };
        findings.push(finding);
    }
    if !differences.extra.is_empty() {
        let count = differences.extra.len();
        let verb = agreeing(count, "is", "are");
        let title = format!(
            "{} {verb} there that the dump does not have",
            counted_as(count, "role or database", "roles or databases")
        );
        let mut finding = Finding::new(Name::ObjectExtra, title);
        finding.count = count as u64;
        finding.objects = differences.extra;
        finding.fix = "Find out what created them: neither the dump nor the profile does.".into();
        findings.push(finding);
    }
    if !differences.comments.is_empty() {
        let count = differences.comments.len();
        let verb = agreeing(count, "is", "are");
        let what = counted_as(count, "comment of a role or database", "comments of roles or databases");
        let mut finding = Finding::new(Name::CommentLost, format!("{what} {verb} not as in the dump, {unsaid}"));
        finding.count = count as u64;
        finding.objects = differences.comments;
        finding.fix = "Run the dump's COMMENT statements about them again.".into();
        findings.push(finding);
    }
    findings.extend(parameters(Name::PrivilegesWider, &differences.wider));
    findings.extend(parameters(Name::PrivilegesChanged, &differences.narrower));
    findings
}

fn changed(differences: &[(String, String)]) -> Option<Finding> {
    if differences.is_empty() {
        return None;
    }
    // Roles before databases, as the dump has them.
    let mut seen = BTreeSet::new();
    let objects = differences.iter().map(|(object, _)| object).filter(|object| seen.insert(*object));
    let objects: Vec<String> = objects.cloned().collect();
    let verb = agreeing(objects.len(), "is", "are");
    let noun = counted_as(objects.len(), "role or database", "roles or databases");
    let mut finding = Finding::new(Name::RoleChanged, format!("{noun} {verb} not as in the dump"));
    finding.count = differences.len() as u64;
    finding.objects = objects;
    finding.evidence = differences.iter().map(|(object, line)| format!("{object}: {line}")).collect();
    finding.fix =
        "Run the dump's statements about these roles again (ALTER ROLE, GRANT, ALTER DATABASE … SET): it writes \
                   them before the databases."
            .into();
    Some(finding)
}

/// Who may set parameters otherwise than in the dump.
fn parameters(name: Name, privileges: &[ParameterPrivilege]) -> Option<Finding> {
    if privileges.is_empty() {
        return None;
    }
    let (more, verb) = if name == Name::PrivilegesWider { ("more", "REVOKE") } else { ("less", "GRANT") };
    let objects: BTreeSet<String> = privileges.iter().map(|one| format!("PARAMETER {}", one.parameter)).collect();
    let title = format!(
        "somebody may do {more} than in the dump with {}",
        counted_as(objects.len(), "parameter", "parameters")
    );
    let mut finding = Finding::new(name, title);
    if name == Name::PrivilegesChanged {
        finding.origin = Origin::Restore;
    }
    finding.count = privileges.len() as u64;
    finding.objects = objects.into_iter().collect();
    finding.commands = privileges
        .iter()
        .map(|one| {
            let (to, option) = if verb == "GRANT" { ("TO", one.grantable) } else { ("FROM", false) };
            let grantee = if one.grantee.is_empty() { "PUBLIC".to_owned() } else { identifier(&one.grantee) };
            let parameter: Vec<String> = one.parameter.split('.').map(identifier).collect();
            let option = if option { " WITH GRANT OPTION" } else { "" };
            format!("{verb} {} ON PARAMETER {} {to} {grantee}{option};", one.privilege, parameter.join("."))
        })
        .collect();
    finding.fix = "Run the statements below as a superuser, or find out what has granted or revoked it.".into();
    Some(finding)
}
