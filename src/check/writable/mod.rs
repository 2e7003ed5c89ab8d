//! Whether rows can be written: one row into each table with a generated key, in a transaction that is rolled back.
//!
//! An insert needs much that no comparison of definitions sees together: sequences that are not behind, defaults and
//! triggers whose functions find what they use, privileges on tables, sequences and schemas, row level security that lets
//! somebody in. As the application's role where the profile names it (`checks.write_as`); otherwise as the superuser, for
//! whom only what is broken for everybody counts.
//!
//! What values an application would write is not known. Where defaults and NULL do, they are written; otherwise a row
//! that is there is copied, with a new key. Where a constraint refuses that, nothing is proved, and the table counts as not
//! tested.

mod insert;
mod judge;
mod tables;

use std::collections::{BTreeMap, BTreeSet};

use pgdump_reader::tag;

use async_trait::async_trait;

use super::scope::in_database;
use super::{Check, Group, Looked, Restored};
use crate::cluster::sql::{identifier, literal};
use crate::cluster::{ClusterError, Session};
use crate::finding::mask::Mask;
use crate::finding::{Finding, Name};
use crate::source::Witness;
use insert::{Refused, Tried};
use judge::{Known, Verdict, WriteFailure};
use tables::Table;

pub struct Writable;

#[async_trait]
impl Check for Writable {
    fn name(&self) -> &'static str {
        "writable"
    }

    fn group(&self) -> Group {
        Group::Usability
    }

    fn witness(&self) -> Witness {
        Witness::Database
    }

    /// It moves sequences on, which no rollback takes back.
    fn changes(&self) -> bool {
        true
    }

    async fn look(&self, restored: &Restored<'_>) -> Result<Looked, ClusterError> {
        let target = restored.target;
        let role = target.checks.write_as.as_deref();
        let mut looked = Looked::default();
        let superuser = &target.cluster.superuser;
        let session = match role {
            Some(role) => {
                match Session::open_as_role(restored.sandbox, restored.session, superuser, role, restored.database)
                    .await?
                {
                    Ok(session) => session,
                    Err(refusal) => {
                        let said = restored.mask.turned_away(&refusal);
                        let mut finding =
                            Finding::new(Name::NotWritable, format!("role {role:?} cannot write: {said}"));
                        finding.objects = vec![format!("ROLE {role}")];
                        finding.evidence = vec![format!("{said} ({})", refusal.sqlstate())];
                        finding.fix =
                            "Give the target the role (`roles` in the profile, or the dump of globals), and what \
                                       it needs to connect."
                                .into();
                        looked.findings.push(finding);
                        return Ok(looked);
                    }
                }
            }
            None => Session::open_as_application(restored.sandbox, superuser, restored.database).await?,
        };
        let mut all = tables::read(restored.session, role).await?;
        all.retain(|table| !restored.is_own_table(&table.schema, &table.name));
        let known = Known { indexes: tables::key_indexes(restored.session).await?, restored };

        let mut outcome = Outcome { looked, causes: BTreeMap::new(), untested: BTreeMap::new(), written: 0 };
        let open = outcome.leave_out(&all, restored, role).await?;
        write(&session, &open, &known, &mut outcome).await?;
        Ok(outcome.finish(all.len(), role, &restored.mask))
    }
}

/// Writes into each table: with defaults, where they do not decide with a copy of a row, and once more with the table's
/// schema in the search path where something was not found.
async fn write(
    session: &Session,
    open: &[&Table],
    known: &Known<'_>,
    outcome: &mut Outcome,
) -> Result<(), ClusterError> {
    let (with_defaults, others): (Vec<&Table>, Vec<&Table>) = open.iter().partition(|table| table.defaults_do);
    let mut broken: Vec<(&Table, Refused, String)> = Vec::new();
    let mut to_copy: Vec<(&Table, String)> = Vec::new();
    let statements: Vec<String> = with_defaults.iter().map(|table| table.insert_defaults()).collect();
    for ((table, tried), statement) in
        with_defaults.into_iter().zip(insert::try_all(session, &statements).await?).zip(&statements)
    {
        match known.verdict(table, &tried, false) {
            Verdict::Wrote => outcome.written += 1,
            Verdict::Broken(refused) => broken.push((table, refused, statement.clone())),
            Verdict::Unproved(why) => to_copy.push((table, why)),
            other => outcome.take(table, other),
        }
    }
    let needs_values = "it has no row to copy, and its columns need values";
    to_copy.extend(others.into_iter().map(|table| (table, needs_values.to_owned())));

    let mut orphans: Vec<(&Table, Refused)> = Vec::new();
    let (can, cannot): (Vec<_>, Vec<_>) = to_copy.into_iter().partition(|(table, _)| table.may_copy);
    for (table, why) in cannot {
        let why = if why == needs_values { "the role may not read a row to copy".to_owned() } else { why };
        outcome.take(table, Verdict::Unproved(why));
    }
    let statements: Vec<String> = can.iter().map(|(table, _)| table.insert_copy()).collect();
    for (((table, why), tried), statement) in
        can.into_iter().zip(insert::try_all(session, &statements).await?).zip(&statements)
    {
        match known.verdict(table, &tried, true) {
            // The copy of no row, after defaults that were refused, proves nothing either.
            Verdict::Wrote if matches!(tried, Tried::Wrote(0)) => outcome.take(table, Verdict::Unproved(why)),
            Verdict::Wrote => outcome.written += 1,
            Verdict::Broken(refused) => broken.push((table, refused, statement.clone())),
            Verdict::Orphan(refused) => orphans.push((table, refused)),
            other => outcome.take(table, other),
        }
    }
    outcome.judge_orphans(known.restored.session, orphans).await?;

    let with_path: Vec<String> = broken
        .iter()
        .map(|(table, _, statement)| {
            let schema = literal(&identifier(&table.schema));
            format!(
                "SELECT pg_catalog.set_config('search_path', pg_catalog.concat_ws(', ', {schema}, \
                 nullif(pg_catalog.current_setting('search_path'), '')), true); {statement}"
            )
        })
        .collect();
    for ((table, refused, _), tried) in broken.into_iter().zip(insert::try_all(session, &with_path).await?) {
        // Anything but the same complaint means that it was found this time.
        let found = match tried {
            Tried::Wrote(_) => true,
            Tried::Refused(other) => !judge::is_undefined(&other) && !judge::ran_out(&other),
        };
        let cause = if found { WriteFailure::SearchPath } else { WriteFailure::Undefined(refused.message.clone()) };
        outcome.take(table, Verdict::Finding(cause, refused));
    }
    Ok(())
}

/// What came of the tables.
struct Outcome {
    looked: Looked,
    causes: BTreeMap<WriteFailure, Vec<(String, Refused)>>,
    /// Tables by why nothing was proved of them.
    untested: BTreeMap<String, Vec<String>>,
    written: u64,
}

impl Outcome {
    fn take(&mut self, table: &Table, verdict: Verdict) {
        match verdict {
            Verdict::Wrote => self.written += 1,
            Verdict::Finding(cause, refused) => self.causes.entry(cause).or_default().push((table.label(), refused)),
            Verdict::Unproved(why) => self.untested.entry(why).or_default().push(table.label()),
            Verdict::CouldNot(why) => self.looked.could_not.push(format!("{}: {why}", table.label())),
            // Both are looked at again before they are taken.
            Verdict::Broken(refused) => {
                let cause = WriteFailure::Undefined(refused.message.clone());
                self.causes.entry(cause).or_default().push((table.label(), refused));
            }
            Verdict::Orphan(_) => {
                self.untested.entry(judge::CONSTRAINT.to_owned()).or_default().push(table.label());
            }
        }
    }

    /// The tables to write into: without those that the role is not meant to write into.
    async fn leave_out<'t>(
        &mut self,
        all: &'t [Table],
        restored: &Restored<'_>,
        role: Option<&str>,
    ) -> Result<Vec<&'t Table>, ClusterError> {
        let (open, closed): (Vec<&Table>, Vec<&Table>) = all.iter().partition(|table| table.may_insert);
        let Some(role) = role.filter(|_| !closed.is_empty()) else { return Ok(open) };
        let meant = meant_to_write(restored, role).await?;
        for table in closed {
            let explained = restored.earlier.iter().any(|finding| {
                // A warning does not fail the target, and a role that is named to write and cannot does.
                finding.fails()
                    && matches!(finding.name, Name::PrivilegesChanged | Name::OwnershipChanged)
                    && finding.objects.iter().any(|object| *object == format!("TABLE {}", table.label()))
            });
            if explained {
                self.take(
                    table,
                    Verdict::Unproved("another finding says that its privileges are not the dump's".into()),
                );
            } else if open.is_empty() || meant.contains(&(table.schema.clone(), table.name.clone())) {
                let message = format!("permission denied for table {}", table.name);
                let refused = Refused { sqlstate: "42501".into(), message, ..Refused::default() };
                self.take(table, Verdict::Finding(WriteFailure::NoInsert, refused));
            } else {
                self.take(table, Verdict::Unproved("the dump does not let the role insert".into()));
            }
        }
        Ok(open)
    }

    /// A copy of a row that is there was refused by a foreign key: the row itself points to nothing, unless the key has the
    /// new value in it or a trigger changed the row.
    async fn judge_orphans(&mut self, session: &Session, orphans: Vec<(&Table, Refused)>) -> Result<(), ClusterError> {
        if orphans.is_empty() {
            return Ok(());
        }
        let copied = tables::copied_foreign_keys(session).await?;
        for (table, refused) in orphans {
            let key = (table.schema.clone(), table.name.clone(), refused.constraint.clone().unwrap_or_default());
            let verdict = match copied.contains(&key) {
                true => Verdict::Finding(WriteFailure::Orphan, refused),
                false => Verdict::Unproved(judge::CONSTRAINT.into()),
            };
            self.take(table, verdict);
        }
        Ok(())
    }

    fn finish(mut self, all: usize, role: Option<&str>, mask: &Mask<'_>) -> Looked {
        self.looked.looked_at = match (self.written, all) {
            (_, 0) => "no table with a generated key".to_owned(),
            (written, all) => format!("a row into {written} of {all} tables with a generated key"),
        };
        self.looked.compared.insert("table".into(), self.written);
        for (why, tables) in &self.untested {
            self.looked.not_compared.push(match tables.as_slice() {
                [one] => format!("{one}: {why}"),
                many => {
                    const SHOWN: usize = 5;
                    let more = many.len().saturating_sub(SHOWN);
                    let names: Vec<&str> = many.iter().take(SHOWN).map(String::as_str).collect();
                    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
                    format!("{} tables ({}{more}): {why}", many.len(), names.join(", "))
                }
            });
        }
        let causes = std::mem::take(&mut self.causes);
        self.looked
            .findings
            .extend(causes.into_iter().map(|(cause, tables)| judge::finding(&cause, tables, role, mask)));
        self.looked
    }
}

/// The tables that the dump lets the role insert into: as their owner, or by a grant to it or to a role that it is a member
/// of.
async fn meant_to_write(restored: &Restored<'_>, role: &str) -> Result<BTreeSet<(String, String)>, ClusterError> {
    let sql = "SELECT rolname::text FROM pg_roles WHERE pg_has_role($1::text, oid, 'USAGE')";
    let rows = restored.session.query(sql, &[&role], "cannot list what a role is a member of").await?;
    let roles: BTreeSet<String> = rows.iter().map(|row| row.get(0)).collect();
    let facts = &restored.scan.facts;
    let mut meant = BTreeSet::new();
    for owned in in_database(&facts.owners, restored, |owned| &owned.database) {
        if owned.kind == tag::TABLE && roles.contains(&owned.owner) {
            meant.insert((super::scope::schema_of(&owned.schema), owned.name.clone()));
        }
    }
    for grant in in_database(&facts.grants, restored, |grant| &grant.database) {
        if grant.kind == tag::TABLE && grant.statements.split(";\n").any(|statement| lets_insert(statement, &roles)) {
            meant.insert((super::scope::schema_of(&grant.schema), grant.name.clone()));
        }
    }
    Ok(meant)
}

/// Whether a statement of a dump grants INSERT to one of these roles or to everybody.
fn lets_insert(statement: &str, roles: &BTreeSet<String>) -> bool {
    let Some(rest) = statement.trim().strip_prefix("GRANT ") else { return false };
    let (Some((privileges, _)), Some((_, grantee))) = (rest.split_once(" ON "), rest.rsplit_once(" TO ")) else {
        return false;
    };
    let grants_it = privileges.split(',').any(|privilege| {
        let word = privilege.trim();
        word == "INSERT" || word == "ALL" || word == "ALL PRIVILEGES"
    });
    let grantee = grantee.trim().trim_end_matches(';').trim_end_matches(" WITH GRANT OPTION").trim();
    grants_it && (grantee == "PUBLIC" || roles.iter().any(|role| grantee == role || grantee == identifier(role)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_grant_of_a_dump_is_read_for_who_may_insert() {
        let roles = BTreeSet::from(["app".to_owned(), "a b".to_owned()]);
        for (statement, lets) in [
            ("GRANT SELECT,INSERT,UPDATE ON TABLE shop.orders TO app;", true),
            ("GRANT ALL ON TABLE shop.orders TO \"a b\" WITH GRANT OPTION;", true),
            ("GRANT INSERT ON TABLE shop.orders TO PUBLIC;", true),
            ("GRANT SELECT ON TABLE shop.orders TO app;", false),
            ("GRANT INSERT ON TABLE shop.orders TO other;", false),
            ("GRANT SELECT ON TABLE shop.\"INSERT ON x\" TO app;", false),
            ("REVOKE ALL ON TABLE shop.orders FROM PUBLIC;", false),
        ] {
            assert_eq!(lets_insert(statement, &roles), lets, "{statement}");
        }
    }
}
