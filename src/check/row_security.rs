//! Row level security: is it on where the dump has it on, are its policies there, and does a new owner bypass them?
//!
//! A policy whose role is missing is lost, and its table keeps row security on with what is left, possibly nothing, so
//! that only its owner and superusers see rows. An owner bypasses the policies of its own tables unless they are
//! forced on it (`FORCE ROW LEVEL SECURITY`).

mod again;

use std::collections::{BTreeMap, HashMap, HashSet};

use async_trait::async_trait;
use pgdump_reader::{Declared, Relation, Word, statements, tag};

use super::catalog::qualified;
use super::ownership::Owners;
use super::scope::{in_database, is_missing, of_missing_roles, schema_of};
use super::{Check, Group, Looked, Restored, objects};
use crate::cluster::ClusterError;
use crate::cluster::sql::identifier;
use crate::counted::{agreeing, counted, counted_as};
use crate::finding::{AfterKind, Difference, Finding, Name, Subject};
use crate::source::Witness;
use again::Again;

pub struct RowSecurity;

const TABLES: &str = "
SELECT n.nspname::text, c.relname::text, c.relrowsecurity, c.relforcerowsecurity
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p') AND n.nspname <> 'pg_catalog'";

const POLICIES: &str = "
SELECT n.nspname::text, c.relname::text, p.polname::text
FROM pg_policy p JOIN pg_class c ON c.oid = p.polrelid JOIN pg_namespace n ON n.oid = c.relnamespace";

/// Schema and name.
type Table = (String, String);

#[async_trait]
impl Check for RowSecurity {
    fn name(&self) -> &'static str {
        super::ROW_SECURITY
    }

    fn group(&self) -> Group {
        Group::Permissions
    }

    fn witness(&self) -> Witness {
        Witness::Dump
    }

    async fn look(&self, restored: &Restored<'_>) -> Result<Looked, ClusterError> {
        let facts = &restored.scan.facts;
        let policies: Vec<_> = in_database(&facts.policies, restored, |policy| &policy.database).collect();
        let secured: Vec<_> = in_database(&facts.row_security, restored, |table| &table.database).collect();
        let looked_at = format!("{} tables with row level security, {} policies", secured.len(), policies.len());
        let compared = BTreeMap::from([
            ("policy".to_owned(), policies.len() as u64),
            ("table with row level security".to_owned(), secured.len() as u64),
        ]);
        let session = restored.session;
        let tables: HashMap<Table, (bool, bool)> = session
            .query(TABLES, &[], "cannot list row level security")
            .await?
            .iter()
            .map(|row| ((row.get(0), row.get(1)), (row.get(2), row.get(3))))
            .collect();
        let present: HashSet<(String, String, String)> = session
            .query(POLICIES, &[], "cannot list policies")
            .await?
            .iter()
            .map(|row| (row.get(0), row.get(1), row.get(2)))
            .collect();
        let mut findings = Vec::new();
        let own = OwnWord::of(restored);

        // Tables that did not come back at all are the restore's findings.
        let mut absent = 0;
        let mut lost: BTreeMap<Table, Vec<&pgdump_reader::Policy>> = BTreeMap::new();
        let mut declared: HashMap<Table, usize> = HashMap::new();
        for policy in &policies {
            let table = (schema_of(&policy.schema), policy.table.clone());
            *declared.entry(table.clone()).or_default() += 1;
            let key = (table.0.clone(), table.1.clone(), policy.name.clone());
            if tables.contains_key(&table) && !present.contains(&key) && !own.drops(&table, &policy.name) {
                lost.entry(table).or_default().push(policy);
            } else if !tables.contains_key(&table) {
                absent += 1;
            }
        }
        let again = Again::of(restored);
        let mut policies_lost = policies_lost(&lost, &declared, &tables, &|role| is_missing(restored, role));
        if let Some(finding) = &mut policies_lost {
            finding.mend_silently(AfterKind::Policies, again.lost(&lost));
            let roles = lost.values().flatten().map(|policy| &policy.roles);
            // A policy follows from a missing role where it names one that is.
            let missing = roles.map(|roles| roles.iter().find(|role| is_missing(restored, role)));
            let missing: Option<Vec<&str>> = missing.map(|role| role.map(String::as_str)).collect();
            finding.follows = missing.and_then(|roles| of_missing_roles(restored, roles));
        }
        findings.extend(policies_lost);

        let mut off = Vec::new();
        let mut bypassed: BTreeMap<(String, String), Vec<Table>> = BTreeMap::new();
        let owners = Owners::read(session).await?;
        let of_dump: HashMap<Table, &String> = in_database(&facts.owners, restored, |owned| &owned.database)
            .filter(|owned| owned.kind == tag::TABLE)
            .map(|owned| ((schema_of(&owned.schema), owned.name.clone()), &owned.owner))
            .collect();
        for table in secured {
            let table = (schema_of(&table.schema), table.table.clone());
            match tables.get(&table) {
                Some((false, _)) if own.switches_off(&table) => {}
                Some((false, _)) => off.push(table),
                Some((true, false)) => {
                    // The target's own table keeps its owner.
                    let before = restored.baseline.owners();
                    let stays = before.is_some_and(|before| before.has_relation_still(&owners, &table.0, &table.1));
                    if let (Some(now), Some(dumped)) = (owners.of_relation(&table.0, &table.1), of_dump.get(&table))
                        && now != dumped.as_str()
                        && !stays
                    {
                        let objects = bypassed.entry((now.to_owned(), (*dumped).clone())).or_default();
                        objects.push(table);
                    }
                }
                Some((true, true)) => {}
                None => absent += 1,
            }
        }
        findings.extend(switched_off(&off));
        findings.extend(no_longer_forced(&forced(restored), &tables));
        let of_rows = |object: &Declared| matches!(object.desc.as_str(), tag::POLICY | tag::ROW_SECURITY);
        let mut policies = objects::compare_only(restored, of_rows).await?;
        let (switched_on, extra): (Vec<Declared>, Vec<Declared>) =
            policies.extra.drain(..).partition(|object| object.desc == tag::ROW_SECURITY);
        policies.extra = extra;
        // A script can switch it on by a statement of its own.
        let by_dump: HashSet<Table> = in_database(&restored.scan.facts.row_security, restored, |table| &table.database)
            .map(|table| (schema_of(&table.schema), table.table.clone()))
            .collect();
        let is_added = |object: &Declared| !by_dump.contains(&(schema_of(&object.schema), object.tag.clone()));
        let switched_on: Vec<Declared> = switched_on.into_iter().filter(is_added).collect();
        policies.changed.retain(|(dump, _)| dump.desc == tag::POLICY);
        let (could_not, apart) = objects::undecided(&policies);
        // Policies that somebody has added to a script are the script's own word.
        policies.extra.retain(|object| again::named(&object.definition).is_none_or(|policy| !own.makes(&policy)));
        let mut policies_changed = policies_changed(&policies.changed, &policies.extra);
        if let Some(finding) = &mut policies_changed {
            finding.mend_silently(AfterKind::Policies, again.changed(&policies.changed, &policies.extra));
        }
        findings.extend(policies_changed);
        let forced_too = forced_too(&forced(restored), &tables, restored);
        findings.extend(restricted(&switched_on, &forced_too));
        findings.extend(bypassed.into_iter().map(|((now, dumped), tables)| Finding {
            follows: of_missing_roles(restored, [dumped.as_str()]),
            ..owner_bypasses(&now, &dumped, &tables)
        }));
        Ok(Looked { findings, looked_at, compared, lost: absent, could_not, apart, ..Looked::default() })
    }
}

/// What to do about lost policies, by whether roles that they name are missing.
fn lost_fix(misses_roles: bool) -> &'static str {
    match misses_roles {
        true => {
            "Create the roles that the policies name before the restore: --no-owner and --no-privileges do not remove \
             them from a policy."
        }
        false => {
            "No role is missing for them. Restore what else they name (their conditions name tables, functions and \
             types), as the errors of the restore say, or find out what has dropped them; then create them again."
        }
    }
}

fn policies_lost(
    lost: &BTreeMap<Table, Vec<&pgdump_reader::Policy>>,
    declared: &HashMap<Table, usize>,
    tables: &HashMap<Table, (bool, bool)>,
    is_missing: &dyn Fn(&str) -> bool,
) -> Option<Finding> {
    let count: usize = lost.values().map(Vec::len).sum();
    if count == 0 {
        return None;
    }
    let what = counted_as(count, "policy", "policies");
    let mut finding =
        Finding::new(Name::PolicyLost, format!("{what} of {} did not come back", counted(lost.len(), "table")));
    finding.count = count as u64;
    for (table, policies) in lost {
        let label = format!("{}.{}", table.0, table.1);
        finding.objects.extend(policies.iter().map(|policy| {
            let roles = if policy.roles.is_empty() { "PUBLIC".to_owned() } else { policy.roles.join(", ") };
            format!("POLICY {} ON {label} TO {roles}", policy.name)
        }));
        let left = declared.get(table).copied().unwrap_or(0).saturating_sub(policies.len());
        let on = tables.get(table).is_some_and(|(on, _)| *on);
        finding.evidence.push(match (on, left) {
            (true, 0) => format!(
                "{label} keeps row level security on with no policy: only its owner, superusers and BYPASSRLS roles see rows"
            ),
            (true, left) => format!("{label} keeps row level security on with {left} of its policies"),
            (false, _) => format!("{label} has row level security off: who may read it sees every row"),
        });
    }
    let roles: std::collections::BTreeSet<&String> =
        lost.values().flatten().flat_map(|policy| &policy.roles).filter(|role| is_missing(role)).collect();
    finding.fix = lost_fix(!roles.is_empty()).into();
    finding.commands = roles.into_iter().map(|role| format!("CREATE ROLE {};", identifier(role))).collect();
    Some(finding)
}

/// The tables whose owner obeys the policies too (`FORCE ROW LEVEL SECURITY`), which pg_dump says with the table.
fn forced(restored: &Restored<'_>) -> Vec<Table> {
    in_database(&restored.scan.declared, restored, |object| &object.database)
        .filter(|object| object.desc == tag::TABLE && forces(&object.definition))
        .map(|object| (schema_of(&object.schema), object.tag.clone()))
        .collect()
}

/// Whether the statements of a table force its policies on its owner, by their last word on it.
fn forces(definition: &str) -> bool {
    const WORDS: [&str; 4] = ["force", "row", "level", "security"];
    let is = |word: &Word, wanted: &str| matches!(word, Word::Name(name) if name == wanted);
    let altered =
        statements(definition).into_iter().filter(|words| words.first().is_some_and(|word| is(word, "alter")));
    let said = altered.flat_map(|words| {
        let stands_at =
            |at: &usize| words[*at..].iter().zip(WORDS).filter(|(word, wanted)| is(word, wanted)).count() == 4;
        let places: Vec<usize> = (0..words.len()).filter(stands_at).collect();
        places.into_iter().map(|at| at == 0 || !is(&words[at - 1], "no")).collect::<Vec<bool>>()
    });
    said.last().unwrap_or(false)
}

fn is_named(restored: &Restored<'_>, of: &Relation, table: &Table) -> bool {
    restored.place.is_known_as(of.database.as_deref()) && schema_of(&of.schema) == table.0 && of.name == table.1
}

/// What a script says by statements of its own, beside those that pg_dump has written. What pg_dump has written stays
/// the dump's, whatever a later statement does to it.
struct OwnWord {
    made: HashSet<(Table, String)>,
    dropped: HashSet<(Table, String)>,
    switched_off: HashSet<Table>,
}

impl OwnWord {
    fn of(restored: &Restored<'_>) -> Self {
        let facts = &restored.scan.facts;
        let table = |of: &Relation| (schema_of(&of.schema), of.name.clone());
        let is_here = |of: &Relation| restored.place.is_known_as(of.database.as_deref());
        let mut own = Self {
            made: in_database(&facts.policies, restored, |policy| &policy.database)
                .map(|policy| ((schema_of(&policy.schema), policy.table.clone()), policy.name.clone()))
                .collect(),
            dropped: (facts.policies_gone.iter().filter(|(of, _)| is_here(of)))
                .map(|(of, name)| (table(of), name.clone()))
                .collect(),
            switched_off: facts.row_security_off.iter().filter(|of| is_here(of)).map(table).collect(),
        };
        for object in in_database(&restored.scan.declared, restored, |object| &object.database) {
            match object.desc.as_str() {
                tag::POLICY => {
                    // Where its definition was not kept, the policies of its table stay the dump's.
                    let of = again::named(&object.definition);
                    own.dropped.retain(|(table, name)| match &of {
                        Some(of) => (table, name) != (&of.0, &of.1),
                        None => !object.tag.starts_with(table.1.as_str()),
                    });
                }
                tag::ROW_SECURITY => {
                    own.switched_off.remove(&(schema_of(&object.schema), object.tag.clone()));
                }
                _ => {}
            }
        }
        own
    }

    /// Whether it creates the policy, at whatever place.
    fn makes(&self, policy: &(Table, String)) -> bool {
        self.made.contains(policy)
    }

    fn drops(&self, table: &Table, policy: &str) -> bool {
        !self.dropped.is_empty() && self.dropped.contains(&(table.clone(), policy.to_owned()))
    }

    fn switches_off(&self, table: &Table) -> bool {
        self.switched_off.contains(table)
    }
}

fn no_longer_forced(forced: &[Table], tables: &HashMap<Table, (bool, bool)>) -> Option<Finding> {
    let lost: Vec<&Table> = forced.iter().filter(|table| matches!(tables.get(table), Some((true, false)))).collect();
    if lost.is_empty() {
        return None;
    }
    let mut finding = Finding::new(
        Name::RlsBypassed,
        format!("the owner of {} obeys the policies in the dump and bypasses them here", counted(lost.len(), "table")),
    );
    finding.count = lost.len() as u64;
    finding.objects = lost.iter().map(|(schema, name)| format!("TABLE {schema}.{name}")).collect();
    finding.evidence = vec!["row level security is no longer forced: the owner sees every row".into()];
    finding.fix = "Force it before anyone connects.".into();
    let force = |table: &&Table| format!("ALTER TABLE {} FORCE ROW LEVEL SECURITY;", sql(table));
    finding.mend(AfterKind::Policies, lost.iter().map(force).collect());
    Some(finding)
}

/// Policies that let other rows through than the dump's do, and such as the dump does not have.
fn policies_changed(changed: &[(Declared, Declared)], extra: &[Declared]) -> Option<Finding> {
    let count = changed.len() + extra.len();
    if count == 0 {
        return None;
    }
    let (noun, verb) = (counted_as(count, "policy", "policies"), agreeing(count, "is", "are"));
    let title = format!("{noun} {verb} not as in the dump");
    let mut finding = objects::with_differences(Name::PolicyChanged, title, changed, usize::MAX);
    finding.count = count as u64;
    for object in extra {
        finding.evidence.push(format!("{} is not in the dump", object.label()));
        finding.objects.push(object.label());
        finding.differences.push(Difference {
            object: object.label(),
            dump: None,
            restored: Some(object.definition.trim().to_owned()),
            diff: String::new(),
        });
    }
    finding.fix = "Drop these policies and create them as in the dump, before anyone connects.".into();
    finding.commands = changed.iter().map(|(dump, _)| dump.definition.trim().to_owned()).collect();
    Some(finding)
}

/// Tables of the dump whose owner obeys the policies here and does not in the dump. A script can force them by a statement
/// of its own, and of a definition that was not kept nobody knows.
fn forced_too(forced: &[Table], tables: &HashMap<Table, (bool, bool)>, restored: &Restored<'_>) -> Vec<Table> {
    let is_scripts_own = |table: &Table| {
        let mut said = restored.scan.facts.row_security_forced.iter();
        said.any(|(of, forced)| *forced && is_named(restored, of, table))
    };
    in_database(&restored.scan.declared, restored, |object| &object.database)
        .filter(|object| object.desc == tag::TABLE && !object.definition.is_empty())
        .map(|object| (schema_of(&object.schema), object.tag.clone()))
        .filter(|table| matches!(tables.get(table), Some((_, true))) && !forced.contains(table))
        .filter(|table| !is_scripts_own(table))
        .collect()
}

/// Row level security that the dump does not have: whoever reads these tables sees fewer rows.
fn restricted(switched_on: &[Declared], forced: &[Table]) -> Option<Finding> {
    if switched_on.is_empty() && forced.is_empty() {
        return None;
    }
    let tables = switched_on.iter().map(|object| (schema_of(&object.schema), object.tag.clone()));
    let tables: std::collections::BTreeSet<Table> = tables.chain(forced.iter().cloned()).collect();
    let title =
        format!("row level security is enabled on {} where it is not in the dump", counted(tables.len(), "table"));
    let mut finding = Finding::new(Name::PolicyChanged, title);
    finding.count = tables.len() as u64;
    finding.objects = tables.iter().map(|(schema, name)| format!("TABLE {schema}.{name}")).collect();
    finding.evidence =
        vec!["roles that saw every row now see only those that policies let through, possibly none".into()];
    finding.fix = "Disable it, and find out what has enabled it.".into();
    let off = switched_on.iter().map(|object| {
        format!("ALTER TABLE {} DISABLE ROW LEVEL SECURITY;", qualified(&schema_of(&object.schema), &object.tag))
    });
    let not_forced = forced.iter().map(|table| format!("ALTER TABLE {} NO FORCE ROW LEVEL SECURITY;", sql(table)));
    finding.commands = off.chain(not_forced).collect();
    Some(finding)
}

fn switched_off(off: &[Table]) -> Option<Finding> {
    if off.is_empty() {
        return None;
    }
    let mut finding = Finding::new(
        Name::RlsBypassed,
        format!("row level security is disabled on {} where it is enabled in the dump", counted(off.len(), "table")),
    );
    finding.count = off.len() as u64;
    finding.objects = off.iter().map(|(schema, name)| format!("TABLE {schema}.{name}")).collect();
    finding.evidence = vec!["whoever may read these tables sees every row".into()];
    finding.fix = "Enable it before anyone connects; this takes the table's owner.".into();
    let enable = |table: &Table| format!("ALTER TABLE {} ENABLE ROW LEVEL SECURITY;", sql(table));
    finding.mend(AfterKind::Policies, off.iter().map(enable).collect());
    Some(finding)
}

fn owner_bypasses(now: &str, dumped: &str, tables: &[Table]) -> Finding {
    let mut finding = Finding::new(
        Name::RlsBypassed,
        format!("{now:?} owns {} with row level security and bypasses the policies", counted(tables.len(), "table")),
    );
    finding.subject = Some(Subject::Role(dumped.to_owned()));
    finding.count = tables.len() as u64;
    finding.objects = tables.iter().map(|(schema, name)| format!("TABLE {schema}.{name}")).collect();
    finding.evidence =
        vec![format!("the owner in the dump is {dumped:?}; an application that connects as {now:?} sees every row")];
    finding.fix = format!("Give the tables to {dumped:?}, or force the policies on their owner.");
    let owner = identifier(dumped);
    let back = tables.iter().map(|table| format!("ALTER TABLE {} OWNER TO {owner};", sql(table))).collect();
    finding.mend(AfterKind::Ownership, back);
    finding
}

fn sql((schema, name): &Table) -> String {
    qualified(schema, name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_is_forced_by_its_own_statements_and_not_by_a_text_in_them() {
        assert!(forces("CREATE TABLE s.t (a int);\nALTER TABLE ONLY s.t FORCE ROW LEVEL SECURITY;"));
        assert!(forces("ALTER TABLE s.t ENABLE ROW LEVEL SECURITY, force  row level\nsecurity;"));
        assert!(!forces("ALTER TABLE ONLY s.t NO FORCE ROW LEVEL SECURITY;"));
        assert!(!forces("CREATE TABLE s.t (a text DEFAULT 'x FORCE ROW LEVEL SECURITY');"));
        assert!(!forces("ALTER TABLE s.t ALTER a SET DEFAULT 'x FORCE ROW LEVEL SECURITY';"));
    }

    #[test]
    fn roles_are_made_for_lost_policies_only_where_they_are_missing() {
        let policy = pgdump_reader::Policy {
            database: None,
            schema: None,
            table: "t".into(),
            name: "p".into(),
            roles: vec!["app".into()],
        };
        let lost = BTreeMap::from([(("public".to_owned(), "t".to_owned()), vec![&policy])]);
        let finding = |missing: bool| policies_lost(&lost, &HashMap::new(), &HashMap::new(), &|_| missing).unwrap();
        assert_eq!(finding(true).commands, ["CREATE ROLE \"app\";"]);
        assert!(finding(true).fix.starts_with("Create the roles"), "{}", finding(true).fix);
        assert!(finding(false).commands.is_empty());
        assert!(finding(false).fix.starts_with("No role is missing"), "{}", finding(false).fix);
    }
}
