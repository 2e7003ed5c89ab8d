//! Privileges: every role may do what the dump allows, and nothing more.
//!
//! The result of a dump's GRANT and REVOKE statements is computed as the server does it, and compared with the catalogs.
//! A missing privilege is noticed when it is needed. One too many is not noticed, and it happens easily: pg_restore sends
//! each entry's statements as one, so that a GRANT to a role that is missing takes the `REVOKE … FROM PUBLIC` beside it
//! along.

mod acl;
mod actual;
mod defaults;
mod later;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use async_trait::async_trait;
use pgdump_reader::{Declared, GrantedKind, Word, statements, tag};

pub use self::acl::{Acl, Object};
use self::acl::{PrivilegeChange, changes, privilege};
pub use self::actual::{Held, read as held};
use self::defaults::DefaultPrivilege;
pub use self::defaults::{Defaults, read as defaults};
use super::scope::{in_database, of_refused_privileges};
use super::{Apart, Check, Group, Looked, Restored, objects};
use crate::cluster::sql::identifier;
use crate::cluster::{ClusterError, Session};
use crate::counted::{agreeing, counted};
use crate::finding::{AfterKind, Failure, Finding, Name, Severity};
use crate::postgres::Tool;
use crate::restore::made_by_dump;
use crate::source::Witness;

pub struct Privileges;

/// Why privileges that the dump grants were not compared: a newer version can have them of what older ones do not know.
const NOT_READ: &str = "it grants privileges in a form that pgrehearse does not know";

/// How many statements to paste are shown, where there are thousands.

#[async_trait]
impl Check for Privileges {
    fn name(&self) -> &'static str {
        super::PRIVILEGES
    }

    fn group(&self) -> Group {
        Group::Permissions
    }

    fn witness(&self) -> Witness {
        Witness::Dump
    }

    async fn look(&self, restored: &Restored<'_>) -> Result<Looked, ClusterError> {
        let major = restored.session.server_major().await?.0;
        let declared: Vec<&Declared> =
            in_database(&restored.scan.declared, restored, |object| &object.database).collect();
        if declared.is_empty() {
            // Without objects there is nothing to report.
            let held = restored.scan.held();
            let mut held = held.iter().filter(|(database, _)| restored.place.is_known_as(**database));
            let is_unnamed = !restored.dumped()?.is_archive() && held.any(|(_, held)| held.tables + held.others > 0);
            let why = "privileges: the script does not name its objects as pg_dump does".to_owned();
            return Ok(Looked { not_compared: is_unnamed.then_some(why).into_iter().collect(), ..Looked::default() });
        }
        let mut held = actual::read(restored.session).await?;
        // The initial privileges of the target's own objects are those from the profile or the image.
        for (object, held) in &mut held {
            if let Some(before) = restored.baseline.privileges(object, &held.owner) {
                held.initial = before;
            }
        }
        let roles = roles(restored.session).await?;
        let (mut dumped, mut unread) = dumped(&declared, restored.failures, major);
        // Statements that somebody has added to a script count as much as those that pg_dump wrote.
        let mut not_compared = Vec::new();
        let added = in_database(&restored.scan.added, restored, |added| &added.database);
        for words in added.flat_map(|added| statements(&added.statement)) {
            let is_other = matches!(words.first(), Some(Word::Name(first)) if first == "create" || first == "alter");
            match changes(&words, major) {
                _ if is_other => {}
                None => {
                    not_compared =
                        vec!["privileges: the script has GRANT statements that pg_dump has not written".to_owned()]
                }
                Some(changes) => {
                    for change in changes {
                        let is_sequence = held.contains_key(&(GrantedKind::SEQUENCE, change.object.1.clone()));
                        let change = if is_sequence { change.of_sequence() } else { change };
                        dumped.entry(change.object.clone()).or_default().changes.push(change);
                    }
                }
            }
        }
        if !not_compared.is_empty() {
            let acls = declared.iter().filter(|object| matches!(object.desc.as_str(), tag::ACL | tag::DEFAULT_ACL));
            let why = "the script has GRANT statements that pg_dump has not written";
            let apart =
                acls.map(|acl| Apart::not_compared(super::ItemKind::Definition, ("", &acl.label()), why)).collect();
            return Ok(Looked { not_compared, apart, ..Looked::default() });
        }
        let left_out = left_out(restored);
        // A database that the dump does not create has the privileges from its target.
        if !made_by_dump(restored.dumped()?, restored.target, restored.place.dumped_name()) {
            held.retain(|object, _| object.0 != GrantedKind::DATABASE);
        }
        for object in dumped.keys().filter(|object| object.0 == GrantedKind::COLUMN) {
            add_column(&mut held, object);
        }
        let mut by_role = ByRole::default();
        let absent = dumped.iter().filter(|(object, granted)| granted.failed && !held.contains_key(*object)).count();
        let mut refused = absent as u64;
        for (object, held) in &held {
            by_role.compared += 1;
            let granted = dumped.get(object);
            let expected = expected(held, granted);
            let (mut wider, mut lost) = (held.now.beyond(&expected), expected.beyond(&held.now));
            // To a superuser privileges mean nothing, and who owns the object in the dump has all of them there: the schema
            // public of a server before 15 belongs to somebody else since.
            let owner = granted.and_then(|granted| granted.owner.as_deref());
            wider.retain(|role, _| owner != Some(role.as_str()) && roles.get(role) != Some(&true));
            lost.retain(|role, _| role.is_empty() || roles.get(role) == Some(&false));
            if granted.is_some_and(|granted| granted.failed) {
                refused += u64::from(!lost.is_empty());
                lost.clear();
            }
            for (role, privileges) in wider {
                by_role.wider.entry(role).or_default().push((label(object.0, held), object.0, held, privileges));
            }
            for (role, privileges) in lost {
                by_role.lost.entry(role).or_default().push((label(object.0, held), object.0, held, privileges));
            }
        }
        let mut findings = Vec::new();
        findings.extend(by_role.wider(left_out, &of_target(restored)));
        findings.extend(by_role.lost(left_out));
        let (of_later, unread_of_later) = later::compare(restored, &declared, left_out, &roles, major).await?;
        findings.extend(of_later);
        for finding in &mut findings {
            finding.follows = of_refused_privileges(restored, &finding.objects);
        }
        unread.extend(unread_of_later);
        let looked_at = format!("privileges of {} objects", by_role.compared);
        let compared = BTreeMap::from([("privileges".to_owned(), by_role.compared)]);
        let untested = |label: &String| Apart::untested(super::ItemKind::Definition, ("", label), NOT_READ);
        let apart = unread.iter().map(untested).collect();
        let could_not = unread.iter().map(|label| format!("{label}: {NOT_READ}")).collect();
        Ok(Looked { findings, looked_at, compared, lost: refused, could_not, apart, ..Looked::default() })
    }
}

/// The default privileges that the target had before the restore, for what the restoring role creates.
fn of_target<'a>(restored: &'a Restored<'_>) -> Vec<&'a DefaultPrivilege> {
    let maker = restored.target.restoring();
    restored.baseline.default_privileges().given.iter().filter(|default| default.role == maker).collect()
}

/// The option with which the restore left privileges out, if it did.
fn left_out(restored: &Restored<'_>) -> Option<&'static str> {
    let options = &restored.target.restore.options;
    let leaves_out = Tool::PgRestore.has(options, "--no-privileges");
    leaves_out.then_some("--no-privileges")
}

/// Every role, and whether it is a superuser.
async fn roles(session: &Session) -> Result<BTreeMap<String, bool>, ClusterError> {
    let rows = session.query("SELECT rolname::text, rolsuper FROM pg_roles", &[], "cannot list roles").await?;
    Ok(rows.iter().map(|row| (row.get(0), row.get(1))).collect())
}

/// What the dump changes about the privileges of one object.
#[derive(Debug, Default)]
struct Granted {
    changes: Vec<PrivilegeChange>,
    /// Who owns the object in the dump, where it says.
    owner: Option<String>,
    /// Whether the restore has failed on it: its finding says that a privilege is missing.
    failed: bool,
}

type Dumped = HashMap<Object, Granted>;

/// What the dump's GRANT and REVOKE statements change, and the labels of the entries with statements that are not understood.
fn dumped(declared: &[&Declared], failures: &[Failure], major: u16) -> (Dumped, BTreeSet<String>) {
    let entries: Vec<Declared> =
        declared.iter().filter(|entry| entry.desc == tag::ACL).map(|entry| (*entry).clone()).collect();
    let failed = objects::failed(&entries, failures);
    let (mut dumped, mut unread) = (Dumped::new(), BTreeSet::new());
    for (index, entry) in entries.iter().enumerate() {
        for words in statements(&entry.definition) {
            // Others say as whom it is granted: SET SESSION AUTHORIZATION.
            if !matches!(words.first(), Some(Word::Name(first)) if first == "grant" || first == "revoke") {
                continue;
            }
            let Some(changes) = changes(&words, major) else {
                unread.insert(entry.label());
                continue;
            };
            for change in changes {
                let granted = dumped.entry(change.object.clone()).or_default();
                granted.owner = Some(entry.owner.clone()).filter(|owner| !owner.is_empty());
                granted.failed |= failed.contains(&index);
                granted.changes.push(change);
            }
        }
    }
    (dumped, unread)
}

/// A column that has no privileges of its own is not listed; where its table is there, it has none.
fn add_column(held: &mut HashMap<Object, Held>, object: &Object) {
    let Some((_, table)) = object.1.split_last_chunk::<2>().map(|(table, last)| (last, table.to_vec())) else { return };
    if held.contains_key(object) {
        return;
    }
    let Some(owner) = held.get(&(GrantedKind::TABLE, table)).map(|table| (table.owner.clone(), table.name.clone()))
    else {
        return;
    };
    let Some(Word::Name(column)) = object.1.last() else { return };
    let is_plain = column.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
    let name = format!("{}.{}", owner.1, if is_plain { column.clone() } else { identifier(column) });
    held.insert(object.clone(), Held { owner: owner.0, initial: Acl::default(), now: Acl::default(), name });
}

/// An object's privileges after all statements of the dump. Its owner here takes the place of its owner in the dump: the check
/// of owners reports that they differ.
fn expected(held: &Held, granted: Option<&Granted>) -> Acl {
    let mut acl = held.initial.clone();
    let Some(Granted { changes, owner, .. }) = granted else { return acl };
    for change in changes {
        let is_owner = |role: &str| owner.as_deref() == Some(role);
        acl.apply(change, |role| if is_owner(role) { held.owner.clone() } else { role.to_owned() });
    }
    acl
}

fn label(kind: GrantedKind, held: &Held) -> String {
    match kind {
        GrantedKind::COLUMN => format!("COLUMN {}", held.name),
        GrantedKind::ROUTINE => format!("FUNCTION {}", held.name),
        kind => format!("{} {}", kind.sql, held.name),
    }
}

type Hit<'a> = (String, GrantedKind, &'a Held, Vec<(char, bool)>);

/// Differences by role; `""` is PUBLIC.
#[derive(Default)]
struct ByRole<'a> {
    compared: u64,
    wider: BTreeMap<String, Vec<Hit<'a>>>,
    lost: BTreeMap<String, Vec<Hit<'a>>>,
}

impl ByRole<'_> {
    /// `defaults` are those of the target for what the restore creates.
    fn wider(&mut self, left_out: Option<&str>, defaults: &[&DefaultPrivilege]) -> Option<Finding> {
        let (objects, count) = hits(&mut self.wider)?;
        let who = who(&self.wider);
        let verb = agreeing(self.wider.len(), "may do more", "may each do more");
        let mut finding = Finding::new(
            Name::PrivilegesWider,
            format!("{who} {verb} than in the dump on {}", counted(count, "object")),
        );
        finding.count = count as u64;
        finding.objects = objects;
        finding.evidence = evidence(&self.wider, "gains");
        finding.fix =
            "Revoke these privileges before anyone connects. Where a GRANT on the same object failed, its REVOKE was \
                       rolled back with it: create the missing roles first and restore again."
                .into();
        if let Some(option) = left_out {
            finding.severity = Severity::Warning;
            finding.evidence.push(format!("{option} leaves out every REVOKE of the dump"));
            finding.fix = format!("Restore without {option}, or revoke these privileges before anyone connects.");
        }
        finding.mend(AfterKind::Privileges, statements_of(&self.wider, "REVOKE", "FROM"));
        self.explain_by_defaults(&mut finding, defaults);
        Some(finding)
    }

    /// What a target grants on every object that is created in it has no cause in the dump.
    fn explain_by_defaults(&self, finding: &mut Finding, defaults: &[&DefaultPrivilege]) {
        let gives = |default: &&&DefaultPrivilege| {
            let mut hits = self.wider.get(&default.grantee).into_iter().flatten();
            hits.any(|(_, kind, held, _)| default.gives_on(*kind, &held.name))
        };
        let giving: Vec<&DefaultPrivilege> = defaults.iter().filter(gives).copied().collect();
        let Some(first) = giving.first() else { return };
        let given = format!("default privileges of the target give them on what {:?} creates", first.role);
        finding.evidence.insert(0, given);
        finding.fix =
            "Decide whether these roles should have them here. If not, remove them from the target's default privileges \
                       before the restore, or revoke them before anyone connects."
                .into();
        let commands = defaults::revoke(&giving).into_iter().chain(std::mem::take(&mut finding.commands));
        finding.commands = commands.collect();
    }

    fn lost(&mut self, left_out: Option<&str>) -> Option<Finding> {
        let (objects, count) = hits(&mut self.lost)?;
        let who = who(&self.lost);
        let title = format!("{who} may do less than in the dump on {}", counted(count, "object"));
        let mut finding = Finding::new(Name::PrivilegesChanged, title);
        finding.count = count as u64;
        finding.objects = objects;
        finding.evidence = evidence(&self.lost, "lacks");
        finding.fix = match left_out {
            Some(option) => format!("Restore without {option}, or grant them afterwards."),
            None => {
                "Grant these privileges, or create the missing roles first and restore again: a GRANT that fails rolls \
                     back the others on its object."
                    .into()
            }
        };
        finding.mend(AfterKind::Privileges, statements_of(&self.lost, "GRANT", "TO"));
        Some(finding)
    }
}

/// The objects that are hit, each once, by name.
fn hits(by_role: &mut BTreeMap<String, Vec<Hit<'_>>>) -> Option<(Vec<String>, usize)> {
    for hits in by_role.values_mut() {
        hits.sort_by(|a, b| a.0.cmp(&b.0));
    }
    let objects: BTreeSet<&String> = by_role.values().flatten().map(|hit| &hit.0).collect();
    let objects: Vec<String> = objects.into_iter().cloned().collect();
    let count = objects.len();
    (count > 0).then_some((objects, count))
}

fn role_label(role: &str) -> String {
    if role.is_empty() { "PUBLIC".to_owned() } else { format!("{role:?}") }
}

fn who(by_role: &BTreeMap<String, Vec<Hit<'_>>>) -> String {
    let mut names: Vec<String> = by_role.keys().map(|role| role_label(role)).collect();
    const NAMED: usize = 3;
    if names.len() > NAMED {
        return format!("{} roles", names.len());
    }
    let last = names.pop().unwrap_or_default();
    if names.is_empty() { last } else { format!("{} and {last}", names.join(", ")) }
}

fn letters(privileges: &[(char, bool)]) -> String {
    let name = |(letter, grantable): &(char, bool)| {
        format!("{}{}", privilege(*letter), if *grantable { " WITH GRANT OPTION" } else { "" })
    };
    privileges.iter().map(name).collect::<Vec<_>>().join(", ")
}

fn evidence(by_role: &BTreeMap<String, Vec<Hit<'_>>>, verb: &str) -> Vec<String> {
    let lines = by_role.iter().flat_map(|(role, hits)| {
        // The same for many objects is said once.
        let mut same: BTreeMap<String, Vec<&str>> = BTreeMap::new();
        for (label, _, _, privileges) in hits {
            same.entry(letters(privileges)).or_default().push(label);
        }
        same.into_iter().map(move |(what, objects)| {
            let others = if objects.len() > 1 { format!(" and {} more", objects.len() - 1) } else { String::new() };
            format!("{} {verb} {what} on {}{others}", role_label(role), objects[0])
        })
    });
    lines.collect()
}

/// The table and the column of `schema.table."a.b"`, as SQL: a dot between quotes separates nothing.
fn off_column(name: &str) -> Option<(&str, &str)> {
    let mut quoted = false;
    let dots = name.bytes().enumerate().filter(|(_, byte)| {
        quoted ^= *byte == b'"';
        *byte == b'.' && !quoted
    });
    let (at, _) = dots.last()?;
    Some((&name[..at], &name[at + 1..]))
}

fn statements_of(by_role: &BTreeMap<String, Vec<Hit<'_>>>, verb: &str, to: &str) -> Vec<String> {
    let all = by_role.iter().flat_map(|(role, hits)| hits.iter().map(move |hit| (role, hit)));
    all.map(|(role, (_, kind, held, privileges))| {
        let role = if role.is_empty() { "PUBLIC".to_owned() } else { identifier(role) };
        let (table, column) = match *kind {
            GrantedKind::COLUMN => off_column(&held.name).unwrap_or((held.name.as_str(), "")),
            _ => (held.name.as_str(), ""),
        };
        let names: Vec<String> = privileges
            .iter()
            .map(|(letter, _)| {
                let name = privilege(*letter);
                // A word that the catalog writes without quotes can need them here.
                let quoted = if column.starts_with('"') { column.to_owned() } else { identifier(column) };
                if column.is_empty() { name.to_owned() } else { format!("{name}({quoted})") }
            })
            .collect();
        format!("{verb} {} ON {} {table} {to} {role};", names.join(", "), kind.sql)
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn acl(tag: &str, definition: &str) -> Declared {
        Declared { desc: "ACL".into(), tag: tag.into(), definition: definition.into(), ..Declared::default() }
    }

    #[test]
    fn a_grant_of_a_kind_that_nobody_knows_is_untested_by_name_and_others_are_read() {
        let known = acl(
            "TABLE t",
            "SET SESSION AUTHORIZATION o;\nGRANT SELECT ON TABLE public.t TO a;\nRESET SESSION AUTHORIZATION;\n",
        );
        let unknown = acl("FUTURE THING t", "GRANT SELECT ON FUTURE THING public.t TO a;\n");
        let privilege = acl("TABLE u", "GRANT SELECT ON TABLE public.u TO a;\nGRANT FORESEE ON TABLE public.u TO a;\n");
        let (dumped, unread) = dumped(&[&known, &unknown, &privilege], &[], 18);
        assert_eq!(dumped.len(), 2, "{dumped:?}");
        assert_eq!(unread.into_iter().collect::<Vec<_>>(), ["ACL FUTURE THING t", "ACL TABLE u"]);
    }

    #[test]
    fn a_dot_in_a_name_parts_no_column_off() {
        assert_eq!(off_column(r#"public.t."a.b""#), Some(("public.t", r#""a.b""#)));
        assert_eq!(off_column(r#""x.y"."t""u.v".a"#), Some((r#""x.y"."t""u.v""#, "a")));
        assert_eq!(off_column("t"), None);
    }
}
