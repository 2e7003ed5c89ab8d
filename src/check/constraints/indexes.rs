//! Indexes that the server does not use, or does not keep up to date.
//!
//! pg_dump leaves out an index that is not valid, save one of a partitioned table, of which some partitions may have no
//! index (getIndexes in pg_dump.c, PostgreSQL 13 to 18): that one is not valid in the source either.

use std::collections::{BTreeMap, HashMap, HashSet};

use async_trait::async_trait;
use pgdump_reader::Relation;

use crate::check::catalog::{first_few, of_dump, qualified, restore_failed};
use crate::check::scope::{in_database, schema_of};
use crate::check::{Check, Group, Looked, Restored};
use crate::cluster::ClusterError;
use crate::counted::counted_as;
use crate::finding::{AfterKind, Finding, Name};
use crate::source::Witness;

pub struct Indexes;

struct Invalid {
    oid: u32,
    schema: String,
    name: String,
    table: String,
    partitioned: bool,
    /// How many partitions of the table could have an index, and how many have one that is attached.
    partitions: i64,
    attached: i64,
    /// The index of the partitioned table that it belongs to.
    parent: Option<u32>,
}

impl Invalid {
    fn label(&self) -> String {
        format!("{}.{}", self.schema, self.name)
    }
}

#[async_trait]
impl Check for Indexes {
    fn name(&self) -> &'static str {
        "indexes"
    }

    fn group(&self) -> Group {
        Group::Constraints
    }

    fn witness(&self) -> Witness {
        Witness::Database
    }

    async fn look(&self, restored: &Restored<'_>) -> Result<Looked, ClusterError> {
        let session = restored.session;
        let of_dump = of_dump("t", "n");
        let all = format!(
            "SELECT count(*) FROM pg_index x JOIN pg_class t ON t.oid = x.indrelid
             JOIN pg_namespace n ON n.oid = t.relnamespace WHERE {of_dump}"
        );
        let counted = session.query(&all, &[], "cannot count indexes").await?;
        let count: i64 = counted.first().map_or(0, |row| row.get(0));
        let invalid = format!(
            "SELECT i.oid, n.nspname::text, i.relname::text, t.relname::text, i.relkind = 'I',
                    (SELECT count(*) FROM pg_inherits h JOIN pg_class p ON p.oid = h.inhrelid
                     WHERE h.inhparent = t.oid AND p.relkind <> 'f'),
                    (SELECT count(*) FROM pg_inherits h WHERE h.inhparent = i.oid),
                    (SELECT h.inhparent FROM pg_inherits h WHERE h.inhrelid = i.oid LIMIT 1)
             FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid JOIN pg_class t ON t.oid = x.indrelid
             JOIN pg_namespace n ON n.oid = t.relnamespace
             WHERE NOT (x.indisvalid AND x.indisready AND x.indislive) AND {of_dump} ORDER BY 2, 3"
        );
        let rows = session.query(&invalid, &[], "cannot look for indexes that are not valid").await?;
        let invalid: Vec<Invalid> = rows
            .iter()
            .map(|row| Invalid {
                oid: row.get(0),
                schema: row.get(1),
                name: row.get(2),
                table: row.get(3),
                partitioned: row.get(4),
                partitions: row.get(5),
                attached: row.get(6),
                parent: row.get(7),
            })
            .collect();
        let in_dump = so_in_dump(&invalid, restored);
        let mut looked_at = format!("{count} indexes");
        if !in_dump.is_empty() {
            looked_at.push_str(&format!(", {} not valid in the dump either", in_dump.len()));
        }
        let mut lost: Vec<Invalid> = invalid.into_iter().filter(|index| !in_dump.contains(&index.oid)).collect();
        let invalid = lost.len();
        if restore_failed(restored) {
            // Indexes of partitions that could not be made are what the restore complains of.
            lost.retain(|index| !index.partitioned || index.attached == index.partitions);
        }
        let compared = BTreeMap::from([("index".to_owned(), u64::try_from(count).unwrap_or(0))]);
        let explained = (invalid - lost.len()) as u64;
        let findings = invalid_indexes(&lost).into_iter().collect();
        Ok(Looked { findings, looked_at, compared, lost: explained, ..Looked::default() })
    }
}

/// Those that the dump has as not valid: it attaches fewer indexes than there are partitions, or such an index.
fn so_in_dump(invalid: &[Invalid], restored: &Restored<'_>) -> HashSet<u32> {
    let facts = &restored.scan.facts.attached;
    let attached: Vec<(&Relation, &u64)> = facts.iter().collect();
    let attached: HashMap<(String, &str), u64> = in_database(&attached, restored, |(index, _)| &index.database)
        .map(|(index, count)| ((schema_of(&index.schema), index.name.as_str()), **count))
        .collect();
    let in_dump = |index: &&Invalid| {
        let count = attached.get(&(index.schema.clone(), index.name.as_str())).copied().unwrap_or(0);
        index.partitioned && count < u64::try_from(index.partitions).unwrap_or(0)
    };
    let mut found: HashSet<u32> = invalid.iter().filter(in_dump).map(|index| index.oid).collect();
    // What an invalid one is attached to cannot be valid.
    loop {
        let above: Vec<u32> = invalid
            .iter()
            .filter(|index| found.contains(&index.oid))
            .filter_map(|index| index.parent)
            .filter(|parent| !found.contains(parent) && invalid.iter().any(|index| index.oid == *parent))
            .collect();
        if above.is_empty() {
            return found;
        }
        found.extend(above);
    }
}

fn invalid_indexes(invalid: &[Invalid]) -> Option<Finding> {
    let first = invalid.first()?;
    let title = match invalid {
        [only] => format!("index {} is not valid, so the server does not use it", only.label()),
        _ => {
            format!("{} are not valid, so the server does not use them", counted_as(invalid.len(), "index", "indexes"))
        }
    };
    let mut finding = Finding::new(Name::IndexInvalid, title);
    finding.count = invalid.len() as u64;
    finding.objects = invalid.iter().map(|index| format!("INDEX {}", index.label())).collect();
    finding.evidence = first_few(
        invalid
            .iter()
            .map(|index| match index.partitioned {
                true => format!(
                    "{} on {}.{}: {} of {} partitions have an index attached to it",
                    index.label(),
                    index.schema,
                    index.table,
                    index.attached,
                    index.partitions
                ),
                false => format!("{} on {}.{}", index.label(), index.schema, index.table),
            })
            .collect(),
    );
    finding.fix = if first.partitioned && first.attached < first.partitions {
        "Create the index on each partition that has none, and attach it: the index becomes valid when every partition \
         has its own."
            .into()
    } else {
        "Rebuild the index. If that fails, the error says what is wrong.".into()
    };
    let index_of = |index: &Invalid| format!("REINDEX INDEX {};", qualified(&index.schema, &index.name));
    finding.mend(AfterKind::Reindex, invalid.iter().map(index_of).collect());
    Some(finding)
}
