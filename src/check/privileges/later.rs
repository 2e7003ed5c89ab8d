//! What is granted on objects that are created later: the dump's default privileges against those of the database.

use std::collections::{BTreeMap, BTreeSet};

use pgdump_reader::{Declared, statements, tag};

use super::acl::{Acl, privilege};
use super::defaults::{DefaultsOf, is_of_defaults, read, read_change};
use super::{letters, role_label};
use crate::check::scope::in_database;
use crate::check::{Restored, objects};
use crate::cluster::ClusterError;
use crate::counted::{agreeing, counted};
use crate::finding::{AfterKind, Finding, Name, Severity};

/// Where a role gains privileges, and which, with their grant option; `""` is PUBLIC.
type Gained<'a> = (&'a DefaultsOf, String, Vec<(char, bool)>);

/// The result of the dump's `ALTER DEFAULT PRIVILEGES` against what the database has, and the labels of those that are not
/// understood. `roles` says who is a superuser.
pub(super) async fn compare(
    restored: &Restored<'_>,
    declared: &[&Declared],
    left_out: Option<&str>,
    roles: &BTreeMap<String, bool>,
    major: u16,
) -> Result<(Vec<Finding>, BTreeSet<String>), ClusterError> {
    let there = read(restored.session).await?.acls;
    let before = &restored.baseline.default_privileges().acls;
    let entries: Vec<Declared> =
        declared.iter().filter(|entry| entry.desc == tag::DEFAULT_ACL).map(|entry| (*entry).clone()).collect();
    let failed = objects::failed(&entries, restored.failures);
    let begin = |place: &DefaultsOf| before.get(place).cloned().unwrap_or_else(|| place.initial(major));
    let mut expected: BTreeMap<DefaultsOf, Acl> = BTreeMap::new();
    // Each entry with the place that it is about, and whether the restore has failed on it.
    let mut stated: Vec<(DefaultsOf, &Declared, bool)> = Vec::new();
    let mut unread = BTreeSet::new();
    let who = restored.target.restoring();
    let added = in_database(&restored.scan.added, restored, |added| &added.database).flat_map(|added| {
        let maker = added.role.as_deref().unwrap_or(who);
        statements(&added.statement).into_iter().map(move |words| (words, maker, None))
    });
    let of_dump = entries.iter().enumerate().flat_map(|(index, entry)| {
        statements(&entry.definition).into_iter().map(move |words| (words, who, Some((index, entry))))
    });
    for (words, maker, entry) in of_dump.chain(added) {
        let Some((place, changes)) = read_change(&words, maker, major) else {
            // What else a script's author has added is no default privilege.
            unread.extend(entry.filter(|_| is_of_defaults(&words)).map(|(_, entry)| entry.label()));
            continue;
        };
        let acl = expected.entry(place.clone()).or_insert_with(|| begin(&place));
        changes.iter().for_each(|change| acl.apply(change, str::to_owned));
        stated.extend(entry.map(|(index, entry)| (place, entry, failed.contains(&index))));
    }
    let mut wider: Vec<Gained<'_>> = Vec::new();
    let mut lost: Vec<&Declared> = Vec::new();
    // Those that the dump does not state: what every object has from the beginning.
    let mut lost_unstated: Vec<&DefaultsOf> = Vec::new();
    let places: BTreeSet<&DefaultsOf> = expected.keys().chain(there.keys()).chain(before.keys()).collect();
    for place in places.into_iter().filter(|place| roles.contains_key(&place.role)) {
        let wanted = expected.get(place).cloned().unwrap_or_else(|| begin(place));
        let is = there.get(place).cloned().unwrap_or_else(|| place.initial(major));
        // What the restore was not allowed to set has a finding of the restore.
        let was_refused = stated.iter().any(|(of, _, failed)| of == place && *failed);
        let more = is.beyond(&wanted).into_iter().filter(|(role, _)| !was_refused && roles.get(role) != Some(&true));
        wider.extend(more.map(|(role, privileges)| (place, role, privileges)));
        let is_lost = |role: &String| role.is_empty() || roles.get(role) == Some(&false);
        if wanted.beyond(&is).keys().any(is_lost) {
            let mut here = stated.iter().filter(|(of, ..)| of == place).peekable();
            lost_unstated.extend(here.peek().is_none().then_some(place));
            for (_, entry, _) in here.filter(|(.., failed)| !failed) {
                if !lost.iter().any(|lost| std::ptr::eq(*lost, *entry)) {
                    lost.push(entry);
                }
            }
        }
    }
    let wider = wider_than_dumped(&wider, left_out);
    Ok((wider.into_iter().chain(lost_of_dump(&lost, &lost_unstated, left_out)).collect(), unread))
}

fn wider_than_dumped(wider: &[Gained<'_>], left_out: Option<&str>) -> Option<Finding> {
    if wider.is_empty() {
        return None;
    }
    let places: BTreeSet<String> = wider.iter().map(|(place, ..)| place.label()).collect();
    let noun = match places.len() {
        1 => "1 default privilege gives".to_owned(),
        count => format!("{count} default privileges give"),
    };
    let mut finding = Finding::new(Name::PrivilegesWider, format!("{noun} more than in the dump"));
    finding.count = places.len() as u64;
    finding.objects = places.into_iter().collect();
    let line = |(place, role, privileges): &Gained<'_>| {
        format!("{} gains {} on what comes: {}", role_label(role), letters(privileges), place.label())
    };
    finding.evidence = wider.iter().map(line).collect();
    finding.fix =
        "Revoke them before anything is created there: objects that are created later will be open to more roles than in \
                   the source."
            .into();
    if let Some(option) = left_out {
        finding.severity = Severity::Warning;
        finding.evidence.push(format!("{option} leaves out every REVOKE of the dump"));
        finding.fix = format!("Restore without {option}, or revoke them before anything is created there.");
    }
    let revokes = wider.iter().map(|(place, role, privileges)| {
        let names: Vec<&str> = privileges.iter().map(|(letter, _)| privilege(*letter)).collect();
        place.revoke(&names.join(", "), role)
    });
    finding.mend(AfterKind::Privileges, revokes.collect());
    Some(finding)
}

fn lost_of_dump(lost: &[&Declared], unstated: &[&DefaultsOf], left_out: Option<&str>) -> Option<Finding> {
    let count = lost.len() + unstated.len();
    if count == 0 {
        return None;
    }
    let (noun, verb) = (counted(count, "default privilege"), agreeing(count, "is", "are"));
    let mut finding = Finding::new(Name::PrivilegesChanged, format!("{noun} of the dump {verb} not there"));
    finding.count = count as u64;
    let unstated = unstated.iter().map(|place| place.label());
    finding.objects = lost.iter().map(|object| object.label()).chain(unstated).collect();
    finding.evidence = vec!["objects that are created later will have other privileges than in the source".into()];
    finding.fix = match left_out {
        Some(option) => format!("Restore without {option}, or run the statements below."),
        None => "Run the statements below.".into(),
    };
    let grants = lost.iter().map(|object| object.definition.trim().to_owned()).collect();
    finding.mend(AfterKind::Privileges, grants);
    Some(finding)
}
