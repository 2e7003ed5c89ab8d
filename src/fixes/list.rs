//! `restore.list`: what of an archive is to be restored, in the format of `pg_restore --list`, for `pg_restore --use-list`.
//!
//! An entry that is left out stays in the list as a comment with the reason, so that everybody sees what is missing, and can
//! take it in again.

use std::collections::{BTreeSet, HashMap, HashSet};

use pgdump_reader::{Archive, ObjectKind, TocEntry, tag};

use super::statements::{extensions_ahead, schemas_ahead};
use super::text::{head, on_one_line};
use super::{FixFile, Request, Use};
use crate::finding::Name;
use crate::restore::selecting_option;

/// Why entries are left out, by dump id.
#[derive(Default)]
struct LeftOut(HashMap<i32, String>);

impl LeftOut {
    fn add(&mut self, entry: &TocEntry, why: &str) {
        self.0.entry(entry.id).or_insert_with(|| why.to_owned());
    }

    /// Leaves out what depends on an entry, directly or not. An archive lists what others need before them only mostly, so
    /// this goes on until nothing more is found.
    fn dependents(&mut self, archive: &Archive, roots: &HashSet<i32>) {
        let mut gone = roots.clone();
        loop {
            let mut found = false;
            for entry in &archive.entries {
                if !gone.contains(&entry.id) && entry.dependencies.iter().any(|needed| gone.contains(needed)) {
                    gone.insert(entry.id);
                    self.0.entry(entry.id).or_insert_with(|| "needs what is left out".to_owned());
                    found = true;
                }
            }
            if !found {
                return;
            }
        }
    }
}

/// The list; `None` for a plain dump, where nothing is to be left out, and where the profile itself restores a part.
pub fn file(request: &Request<'_>) -> Option<FixFile> {
    let archive = request.dump.archive()?;
    if selecting_option(&request.target.restore, request.dump).is_some() {
        return None;
    }
    let (left_out, findings) = left_out(request, archive);
    if left_out.0.is_empty() {
        return None;
    }
    let mut content = head(
        request,
        ";",
        "Restores all but what is behind a semicolon: pg_restore --use-list=restore.list",
        &findings,
        &format!("{} entries of the archive are left out; each says why.", left_out.0.len()),
    );
    content.push_str(";\n");
    for entry in archive.entries.iter().filter(|entry| is_listed(entry)) {
        match left_out.0.get(&entry.id) {
            Some(why) => content.push_str(&format!(";{}   ; {}\n", line(entry), on_one_line(why))),
            None => content.push_str(&format!("{}\n", line(entry))),
        }
    }
    Some(FixFile { name: "restore.list".into(), content, used: Use::List, findings })
}

fn left_out(request: &Request<'_>, archive: &Archive) -> (LeftOut, BTreeSet<usize>) {
    let mut left_out = LeftOut::default();
    let mut findings = BTreeSet::new();
    let mut lost = HashSet::new();
    let unavailable = request.subjects(Name::ExtensionUnavailable);
    let mut not_allowed = request.subjects(Name::ExtensionNotAllowed);
    not_allowed.retain(|(name, _)| request.target.extensions.rule_out(name).is_some());
    let ahead = extensions_ahead(request);
    let schemas = schemas_ahead(request);
    for entry in archive.entries.iter() {
        let extension = match entry.desc.as_str() {
            tag::EXTENSION => Some(entry.tag.as_str()),
            _ => entry
                .subject()
                .filter(|(kind, _)| entry.desc == tag::COMMENT && *kind == tag::EXTENSION)
                .map(|(_, name)| name),
        };
        if let Some((_, places)) = unavailable.iter().find(|(name, _)| Some(*name) == extension) {
            left_out.add(entry, "the extension is not installed on the target");
            findings.extend(places);
            lost.insert(entry.id);
        } else if let Some((_, places)) = not_allowed.iter().find(|(name, _)| Some(*name) == extension) {
            left_out.add(entry, "the target does not allow the extension");
            findings.extend(places);
            lost.insert(entry.id);
        } else if let Some((_, places)) = ahead.iter().find(|(known, _)| Some(known.name.as_str()) == extension) {
            let why =
                if entry.desc == tag::COMMENT { "only the extension's owner may" } else { "before.sql creates it" };
            left_out.add(entry, why);
            findings.extend(places);
        } else if extension.is_some() && entry.desc == tag::COMMENT && request.unprivileged().is_some() {
            left_out.add(entry, "only the extension's owner may, and the extension brings its own");
        } else if entry.desc == tag::SCHEMA && schemas.iter().any(|(schema, _)| *schema == entry.tag) {
            left_out.add(entry, "before.sql creates it");
        }
    }
    for (at, finding) in request.open() {
        let (why, wholly) = match finding.name {
            Name::PermissionDenied
            | Name::DefaultPrivilegesRefused
            | Name::EventTriggerRefused
            | Name::ExtensionCommentRefused
            | Name::OwnerNotAssignable
            | Name::ParameterRefused
            | Name::ReplicationRefused => ("the restoring role may not do this", false),
            Name::LibraryMissing => ("the target has no such library", true),
            Name::FeatureMissing => ("the target's version of PostgreSQL does not have what it uses", true),
            _ => continue,
        };
        for entry in archive.entries.iter().filter(|entry| finding.remedy.entries.contains(&entry.id)) {
            if wholly || ObjectKind::of_tag(&entry.desc).is_some_and(|kind| kind.is_alone) {
                left_out.add(entry, why);
                lost.insert(entry.id);
                findings.insert(at);
            }
        }
    }
    // A comment that the role may not write is no reason for a list of its own.
    if findings.is_empty() {
        return (LeftOut::default(), findings);
    }
    left_out.dependents(archive, &lost);
    (left_out, findings)
}

/// A line of `pg_restore --list` (PrintTOCSummary in pg_backup_archiver.c, PostgreSQL 13 to 18). Of a line pg_restore reads
/// the number at its beginning and leaves out what follows a semicolon (SortTocFromFile).
fn line(entry: &TocEntry) -> String {
    let shown = |name: &str| name.replace(['\n', '\r'], " ");
    let schema = entry.schema.as_deref().map_or("-".to_owned(), shown);
    let TocEntry { id, table_oid, oid, desc, .. } = entry;
    format!("{id}; {table_oid} {oid} {desc} {schema} {} {}", shown(&entry.tag), shown(&entry.owner))
}

/// Whether a list decides on an entry: some are restored or left out whatever it says (_tocEntryRequired in
/// pg_backup_archiver.c, PostgreSQL 13 to 18).
fn is_listed(entry: &TocEntry) -> bool {
    !ObjectKind::of_tag(&entry.desc).is_some_and(ObjectKind::is_of_whole)
}
