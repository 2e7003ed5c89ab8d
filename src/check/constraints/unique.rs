//! Indexes that hold every row, and keys that no two rows share.
//!
//! The extension amcheck compares each B-tree with its table, and since its version 1.4 (PostgreSQL 17) looks for equal
//! keys too; where it is older or not there, the server groups the rows by the key without the help of any index.

use std::collections::BTreeMap;

use async_trait::async_trait;

use crate::check::borrowed::Borrowed;
use crate::check::catalog::{first_few, of_dump, qualified, sqlstate, words};
use crate::check::{Check, Group, Looked, Restored};
use crate::cluster::{ClusterError, Session, TextRows};
use crate::counted::counted_as;
use crate::finding::mask::Mask;
use crate::finding::{AfterKind, Finding, Name};
use crate::postgres::{Change, Major};
use crate::source::Witness;

pub struct Unique;

/// Pairs of rows that are counted at most where an exclusion constraint does not hold.
const MOST_PAIRS: u32 = 1000;

#[derive(Debug)]
struct Index {
    oid: u32,
    schema: String,
    name: String,
    table: String,
    /// The constraint that it serves has its name.
    is_constraint: bool,
    is_btree: bool,
    /// Counts keys that several rows share, or pairs of rows that exclude each other; `None` where nothing forbids them
    /// or their equality cannot be asked for.
    duplicates: Option<String>,
    /// It has to be unique, by an equality of its own.
    not_asked: bool,
    is_exclusion: bool,
}

impl Index {
    fn label(&self) -> String {
        format!("{}.{}", self.schema, self.name)
    }
}

struct Corrupt {
    label: String,
    said: String,
    command: String,
}

/// What may be wrong with an index.
#[derive(Default)]
struct Wrong {
    /// What amcheck says of which index, and what builds that anew.
    corrupt: Vec<Corrupt>,
    /// What rows break it.
    broken: Vec<(String, String, String)>,
    could_not: Vec<String>,
}

#[async_trait]
impl Check for Unique {
    fn name(&self) -> &'static str {
        "unique"
    }

    fn group(&self) -> Group {
        Group::Constraints
    }

    fn witness(&self) -> Witness {
        Witness::Database
    }

    async fn look(&self, restored: &Restored<'_>) -> Result<Looked, ClusterError> {
        let session = restored.session;
        let major = session.server_major().await?;
        let indexes = indexes(session, major).await?;
        let trees: Vec<&Index> = indexes.iter().filter(|index| index.is_btree).collect();
        let mut looked = Looked::default();
        let mut wrong = Wrong::default();
        let (mut compared_trees, mut finds_duplicates) = (0, false);
        if !trees.is_empty() {
            match Borrowed::of(session, "amcheck").await? {
                Ok(amcheck) => {
                    compared_trees = trees.len();
                    finds_duplicates = amcheck.is_at_least(1, 4);
                    amcheck_all(&amcheck, &trees, finds_duplicates, &restored.mask, &mut wrong).await;
                    amcheck.give_back().await?;
                }
                Err(why) => {
                    looked.not_compared.push(format!("{} B-tree indexes with their tables: {why}", trees.len()));
                    looked.not_in_full.push(Name::IndexCorrupt);
                }
            }
        }
        let asked: Vec<&Index> = indexes
            .iter()
            .filter(|index| index.duplicates.is_some() && !(finds_duplicates && index.is_btree))
            .collect();
        group_all(session, &asked, &restored.mask, &mut wrong).await?;
        let not_asked = indexes.iter().filter(|index| index.not_asked && !(finds_duplicates && index.is_btree));
        let why = "unique by an operator class of its own, which a query cannot group by";
        looked.not_compared.extend(not_asked.map(|index| format!("{}: {why}", index.label())));
        let keys = indexes.iter().filter(|index| index.duplicates.is_some() || index.not_asked).count();
        looked.looked_at = format!("{} indexes, {keys} of them unique", indexes.len());
        let kinds = [("unique index", keys), ("B-tree index", compared_trees)];
        let kinds = kinds.into_iter().filter(|(_, count)| *count > 0);
        looked.compared = kinds.map(|(kind, count)| (kind.to_owned(), count as u64)).collect::<BTreeMap<_, _>>();
        looked.findings.extend(corrupt(&wrong.corrupt));
        looked.findings.extend(broken(&wrong.broken));
        looked.could_not = wrong.could_not;
        Ok(looked)
    }
}

async fn indexes(session: &Session, major: Major) -> Result<Vec<Index>, ClusterError> {
    let nulls_equal = if major.has(Change::NullsNotDistinct) { "x.indnullsnotdistinct" } else { "false" };
    let of_dump = of_dump("t", "n");
    let sql = format!(
        "SELECT i.oid, n.nspname::text, i.relname::text, t.relname::text, con.oid IS NOT NULL, am.amname = 'btree',
                x.indisunique AND NOT x.indisexclusion, x.indisexclusion, {nulls_equal},
                pg_get_expr(x.indpred, x.indrelid), keys.expressions, keys.operators, keys.is_usual
         FROM pg_index x
         JOIN pg_class i ON i.oid = x.indexrelid JOIN pg_am am ON am.oid = i.relam
         JOIN pg_class t ON t.oid = x.indrelid JOIN pg_namespace n ON n.oid = t.relnamespace
         LEFT JOIN pg_constraint con ON con.conindid = i.oid AND con.conrelid = t.oid AND con.contype IN ('p', 'u', 'x')
         LEFT JOIN LATERAL (
            SELECT array_agg('(' || pg_get_indexdef(i.oid, k, false) || ')'
                             || coalesce(' COLLATE ' || quote_ident(cn.nspname) || '.' || quote_ident(c.collname), '') ORDER BY k) AS expressions,
                   array_agg('OPERATOR(' || quote_ident(opn.nspname) || '.' || o.oprname || ')' ORDER BY k)
                      FILTER (WHERE o.oid IS NOT NULL) AS operators,
                   bool_and(oc.opcdefault OR oc.opcname LIKE '%pattern_ops') AS is_usual
            FROM generate_series(1, x.indnkeyatts) AS k
            JOIN pg_opclass oc ON oc.oid = x.indclass[k - 1]
            LEFT JOIN pg_collation c ON c.oid = x.indcollation[k - 1] AND c.oid <> 100
            LEFT JOIN pg_namespace cn ON cn.oid = c.collnamespace
            LEFT JOIN pg_operator o ON o.oid = con.conexclop[k] LEFT JOIN pg_namespace opn ON opn.oid = o.oprnamespace
         ) AS keys ON x.indisunique OR x.indisexclusion
         WHERE i.relkind = 'i' AND (t.relkind = 'r' OR t.relkind = 'm' AND t.relispopulated)
           AND x.indisvalid AND x.indisready AND x.indislive AND {of_dump}
         ORDER BY 2, 3"
    );
    let rows = session.query(&sql, &[], "cannot list indexes").await?;
    Ok(rows.iter().map(index).collect())
}

fn index(row: &tokio_postgres::Row) -> Index {
    let (schema, table): (String, String) = (row.get(1), row.get(3));
    let (unique, exclusion): (bool, bool) = (row.get(6), row.get(7));
    let nulls_equal: bool = row.get(8);
    let predicate: Option<String> = row.get(9);
    let expressions: Vec<String> = row.get::<_, Option<Vec<String>>>(10).unwrap_or_default();
    let operators: Vec<String> = row.get::<_, Option<Vec<String>>>(11).unwrap_or_default();
    let is_usual = row.get::<_, Option<bool>>(12).unwrap_or(false);
    let rows = qualified(&schema, &table);
    let where_clause = predicate.map(|predicate| format!(" WHERE ({predicate})")).unwrap_or_default();
    let duplicates = if exclusion {
        // Named by their places, so that a predicate can name the table's own columns.
        let columns: Vec<String> = expressions.iter().enumerate().map(|(k, key)| format!("{key} AS k{k}")).collect();
        let side = format!("(SELECT ctid AS place, {} FROM ONLY {rows}{where_clause})", columns.join(", "));
        let pairs: Vec<String> =
            operators.iter().enumerate().map(|(k, operator)| format!("a.k{k} {operator} b.k{k}")).collect();
        Some(format!(
            "SELECT count(*) FROM (SELECT FROM {side} AS a JOIN {side} AS b ON a.place < b.place AND {} LIMIT \
             {MOST_PAIRS}) AS pairs",
            pairs.join(" AND ")
        ))
    } else if unique && is_usual {
        let columns: Vec<String> = expressions.iter().enumerate().map(|(k, key)| format!("{key} AS k{k}")).collect();
        let keys: Vec<String> = (0..expressions.len()).map(|k| format!("k{k}")).collect();
        let not_null: Vec<String> = keys.iter().map(|key| format!("{key} IS DISTINCT FROM NULL")).collect();
        let not_null = if nulls_equal { "true".to_owned() } else { not_null.join(" AND ") };
        Some(format!(
            "SELECT count(*) FROM (SELECT FROM (SELECT {} FROM ONLY {rows}{where_clause}) AS keys WHERE {not_null} \
             GROUP BY {} HAVING count(*) > 1) AS shared",
            columns.join(", "),
            keys.join(", ")
        ))
    } else {
        None
    };
    Index {
        oid: row.get(0),
        name: row.get(2),
        is_constraint: row.get(4),
        is_btree: row.get(5),
        not_asked: unique && duplicates.is_none(),
        duplicates,
        is_exclusion: exclusion,
        schema,
        table,
    }
}

/// Asks amcheck about each index.
async fn amcheck_all(
    amcheck: &Borrowed<'_>,
    trees: &[&Index],
    finds_duplicates: bool,
    mask: &Mask<'_>,
    wrong: &mut Wrong,
) {
    let duplicates = if finds_duplicates { ", checkunique => true" } else { "" };
    let ask = |index: &&Index| {
        let (schema, oid) = (&amcheck.schema, index.oid);
        format!("SELECT {schema}.bt_index_check(index => {oid}::regclass, heapallindexed => true{duplicates})")
    };
    for (index, answer) in trees.iter().zip(amcheck.ask(trees.iter().map(ask)).await) {
        wrong.take_amcheck(mask, index, answer);
    }
}

/// Asks for the keys that several rows share, without the index that should not have let them in.
async fn group_all(
    session: &Session,
    indexes: &[&Index],
    mask: &Mask<'_>,
    wrong: &mut Wrong,
) -> Result<(), ClusterError> {
    const SETTINGS: &str = "SET work_mem = '64MB'; SET jit = off; SET max_parallel_workers_per_gather = 0";
    session.batch(SETTINGS, "cannot prepare a connection").await?;
    // Rows that exclude each other are only found through the index, one by one.
    for (of_exclusions, settings) in [
        (false, "SET enable_indexscan = off; SET enable_indexonlyscan = off; SET enable_bitmapscan = off"),
        (
            true,
            "RESET enable_indexscan; RESET enable_bitmapscan; SET enable_hashjoin = off; SET enable_mergejoin = off",
        ),
    ] {
        session.batch(settings, "cannot prepare a connection").await?;
        let some: Vec<&&Index> = indexes.iter().filter(|index| index.is_exclusion == of_exclusions).collect();
        let statements: Vec<String> = some.iter().filter_map(|index| index.duplicates.clone()).collect();
        for (index, answer) in some.iter().zip(session.pipelined(&statements).await) {
            wrong.take_duplicates(mask, index, answer);
        }
    }
    Ok(())
}

impl Wrong {
    fn take_amcheck(&mut self, mask: &Mask<'_>, index: &Index, answer: Result<TextRows, tokio_postgres::Error>) {
        let Err(error) = answer else { return };
        let said = error.as_db_error().map(|error| error.message().to_owned()).unwrap_or_default();
        match sqlstate(&error) {
            // `index uniqueness is violated for index "…"` (bt_report_duplicate in verify_nbtree.c, PostgreSQL 17).
            "XX002" if said.starts_with("index uniqueness is violated") => self.break_by(index, "rows share a key"),
            // index_corrupted, data_corrupted.
            "XX001" | "XX002" => {
                let command = format!("REINDEX INDEX {};", qualified(&index.schema, &index.name));
                let said = words(mask, &error);
                self.corrupt.push(Corrupt { label: index.label(), said, command });
            }
            _ => self.could_not.push(format!("{}: {}", index.label(), words(mask, &error))),
        }
    }

    fn take_duplicates(&mut self, mask: &Mask<'_>, index: &Index, answer: Result<TextRows, tokio_postgres::Error>) {
        let number = answer.map_err(|error| words(mask, &error)).and_then(|rows| {
            let number = rows.first().and_then(|row| row.first().cloned().flatten());
            number.and_then(|number| number.parse::<u64>().ok()).ok_or_else(|| "the server gave no number".to_owned())
        });
        match number {
            Ok(0) => {}
            Ok(count) if index.is_exclusion => {
                let least = if count >= u64::from(MOST_PAIRS) { "at least " } else { "" };
                self.break_by(
                    index,
                    &format!("{least}{}", counted_as(count as usize, "pair of rows", "pairs of rows")),
                );
            }
            Ok(count) => {
                self.break_by(index, &format!("{} in several rows", counted_as(count as usize, "key", "keys")))
            }
            Err(reason) => self.could_not.push(format!("{}: {reason}", index.label())),
        }
    }

    fn break_by(&mut self, index: &Index, how: &str) {
        let object = match index.is_constraint {
            true => format!("CONSTRAINT {}.{} {}", index.schema, index.table, index.name),
            false => format!("INDEX {}", index.label()),
        };
        self.broken.push((object, format!("{}.{}", index.schema, index.table), how.to_owned()));
    }
}

fn corrupt(corrupt: &[Corrupt]) -> Option<Finding> {
    let title = match corrupt {
        [] => return None,
        [only] => format!("index {} does not match its table", only.label),
        _ => format!("{} indexes do not match their tables", corrupt.len()),
    };
    let mut finding = Finding::new(Name::IndexCorrupt, title);
    finding.count = corrupt.len() as u64;
    finding.objects = corrupt.iter().map(|one| format!("INDEX {}", one.label)).collect();
    finding.evidence = first_few(corrupt.iter().map(|one| one.said.clone()).collect());
    let reindex = corrupt.iter().map(|one| one.command.clone()).collect();
    finding.mend(AfterKind::Reindex, reindex);
    Some(finding)
}

fn broken(broken: &[(String, String, String)]) -> Option<Finding> {
    let title = match broken {
        [] => return None,
        [(_, table, _)] => format!("rows of {table} break a key that should keep them apart"),
        _ => format!("rows break {} keys that should keep them apart", broken.len()),
    };
    let mut finding = Finding::new(Name::UniqueBroken, title);
    finding.count = broken.len() as u64;
    finding.objects = broken.iter().map(|(object, _, _)| object.clone()).collect();
    finding.evidence = first_few(broken.iter().map(|(object, _, how)| format!("{object}: {how}")).collect());
    Some(finding)
}
