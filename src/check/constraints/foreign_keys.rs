//! Foreign keys that the database takes for verified: does each row that refers to another find it?
//!
//! The query is the one with which the server verifies a new key (RI_Initial_Check in ri_triggers.c, PostgreSQL 13 to 18):
//! the key's own operators and collations, `ONLY` for tables that have no partitions, nulls by `MATCH SIMPLE` or `FULL`.

use async_trait::async_trait;

use crate::check::catalog::{MOST_NAMED, first_few, of_dump, qualified, restore_failed, sqlstate, words};
use crate::check::{Check, Group, Looked, Restored};
use crate::cluster::{ClusterError, Session, TextRows};
use crate::counted::{self, counted_as};
use crate::finding::mask::Mask;
use crate::finding::{Finding, Name};
use crate::postgres::Change;
use crate::source::Witness;

pub struct ForeignKeys;

/// Rows whose keys are shown where row values may be.
const SHOWN: usize = 3;

#[derive(Debug)]
struct Key {
    name: String,
    schema: String,
    table: String,
    /// `ONLY "public"."orders"`, and the same of the table that it refers to.
    from: String,
    to: String,
    to_label: String,
    /// Which rows refer to one: `f."a" IS NOT NULL AND f."b" IS NOT NULL`.
    refers: String,
    /// `p."id" OPERATOR(pg_catalog.=) f."a"`
    fits: String,
    /// `f."a", f."b"`
    columns: String,
    /// `a, b -> id, b`, for people.
    columns_label: String,
}

impl Key {
    fn label(&self) -> String {
        format!("{}.{} {}", self.schema, self.table, self.name)
    }

    fn broken(&self, what: &str) -> String {
        format!(
            "SELECT {what} FROM {} AS f WHERE ({}) AND NOT EXISTS (SELECT FROM {} AS p WHERE {})",
            self.from, self.refers, self.to, self.fits
        )
    }
}

#[async_trait]
impl Check for ForeignKeys {
    fn name(&self) -> &'static str {
        "foreign keys"
    }

    fn group(&self) -> Group {
        Group::Constraints
    }

    fn witness(&self) -> Witness {
        Witness::Database
    }

    async fn look(&self, restored: &Restored<'_>) -> Result<Looked, ClusterError> {
        let session = restored.session;
        // No plan that a dump's settings ask for, and room for the hash of a key's values.
        session.batch("SET work_mem = '64MB'; SET jit = off", "cannot prepare a connection").await?;
        let (keys, periods) = keys(session).await?;
        let mut looked =
            Looked { looked_at: counted_as(keys.len(), "foreign key", "foreign keys"), ..Looked::default() };
        looked.compared.insert("foreign key".to_owned(), keys.len() as u64);
        looked.not_compared = periods;
        let mut broken = Vec::new();
        for (key, counted) in keys.iter().zip(count(session, &keys, &restored.mask).await?) {
            match counted {
                Ok(0) => {}
                Ok(rows) => broken.push((key, rows)),
                Err(reason) => looked.could_not.push(format!("{}: {reason}", key.label())),
            }
        }
        if restore_failed(restored) {
            let all = broken.len();
            broken = without_explained(session, broken).await;
            looked.lost = (all - broken.len()) as u64;
        }
        looked.findings.extend(broken_keys(session, &broken, restored.mask.shows_data()).await);
        Ok(looked)
    }
}

/// Every key that the server takes for verified and enforces; and those with PERIOD, for people.
async fn keys(session: &Session) -> Result<(Vec<Key>, Vec<String>), ClusterError> {
    let major = session.server_major().await?;
    let enforced = if major.has(Change::NotEnforced) { "con.conenforced" } else { "true" };
    let period = if major.has(Change::PeriodKeys) { "con.conperiod" } else { "false" };
    // A key of a partitioned table has others for its partitions, and for those of the table that it refers to.
    let of_dump = of_dump("t", "n");
    let sql = format!(
        "WITH keys AS (
            SELECT con.oid, con.conname, con.conrelid, con.confrelid, con.confmatchtype, {period} AS period,
                   con.conkey, con.confkey, con.conpfeqop
            FROM pg_constraint con JOIN pg_class t ON t.oid = con.conrelid JOIN pg_namespace n ON n.oid = t.relnamespace
            WHERE con.contype = 'f' AND con.convalidated AND {enforced} AND con.conparentid = 0 AND {of_dump}
         ), columns AS (
            SELECT keys.oid, place, fa.attname AS from_name, pa.attname AS to_name,
                   format('p.%I%s OPERATOR(%I.%s) f.%I%s%s', pa.attname,
                          CASE WHEN o.oprleft <> pa.atttypid AND lt.typtype <> 'p' THEN format('::%I.%I', ln.nspname, lt.typname) END,
                          opn.nspname, o.oprname, fa.attname,
                          CASE WHEN o.oprright <> fa.atttypid AND rt.typtype <> 'p' THEN format('::%I.%I', rn.nspname, rt.typname) END,
                          CASE WHEN pa.attcollation <> fa.attcollation AND pa.attcollation <> 0
                               THEN format(' COLLATE %I.%I', coln.nspname, col.collname) END) AS fits
            FROM keys CROSS JOIN LATERAL unnest(conkey, confkey, conpfeqop) WITH ORDINALITY AS u(f, p, operator, place)
            JOIN pg_attribute fa ON fa.attrelid = keys.conrelid AND fa.attnum = u.f
            JOIN pg_attribute pa ON pa.attrelid = keys.confrelid AND pa.attnum = u.p
            JOIN pg_operator o ON o.oid = u.operator JOIN pg_namespace opn ON opn.oid = o.oprnamespace
            JOIN pg_type lt ON lt.oid = o.oprleft JOIN pg_namespace ln ON ln.oid = lt.typnamespace
            JOIN pg_type rt ON rt.oid = o.oprright JOIN pg_namespace rn ON rn.oid = rt.typnamespace
            LEFT JOIN pg_collation col ON col.oid = pa.attcollation LEFT JOIN pg_namespace coln ON coln.oid = col.collnamespace
         )
         SELECT keys.conname::text, n.nspname::text, t.relname::text, t.relkind = 'p',
                fn.nspname::text, ft.relname::text, ft.relkind = 'p', keys.confmatchtype = 'f', keys.period,
                array_agg(format('f.%I', from_name) ORDER BY place), array_agg(fits ORDER BY place),
                array_agg(from_name::text ORDER BY place), array_agg(to_name::text ORDER BY place),
                cardinality(keys.conkey)
         FROM keys JOIN columns ON columns.oid = keys.oid
         JOIN pg_class t ON t.oid = keys.conrelid JOIN pg_namespace n ON n.oid = t.relnamespace
         JOIN pg_class ft ON ft.oid = keys.confrelid JOIN pg_namespace fn ON fn.oid = ft.relnamespace
         GROUP BY keys.oid, keys.conname, n.nspname, t.relname, t.relkind, fn.nspname, ft.relname, ft.relkind,
                  keys.confmatchtype, keys.period, keys.conkey
         ORDER BY 2, 3, 1"
    );
    let (mut keys, mut periods) = (Vec::new(), Vec::new());
    for row in session.query(&sql, &[], "cannot list foreign keys").await? {
        let (schema, table): (String, String) = (row.get(1), row.get(2));
        let (to_schema, to_table): (String, String) = (row.get(4), row.get(5));
        let only = |partitioned: bool, name: String| if partitioned { name } else { format!("ONLY {name}") };
        let columns: Vec<String> = row.get(9);
        let (fits, from_names, to_names): (Vec<String>, Vec<String>, Vec<String>) =
            (row.get(10), row.get(11), row.get(12));
        let joint = if row.get(7) { " OR " } else { " AND " };
        let refers: Vec<String> = columns.iter().map(|column| format!("{column} IS DISTINCT FROM NULL")).collect();
        let key = Key {
            name: row.get(0),
            from: only(row.get(3), qualified(&schema, &table)),
            to: only(row.get(6), qualified(&to_schema, &to_table)),
            to_label: format!("{to_schema}.{to_table}"),
            refers: refers.join(joint),
            fits: fits.join(" AND "),
            columns: columns.join(", "),
            columns_label: format!("{} -> {}", from_names.join(", "), to_names.join(", ")),
            schema,
            table,
        };
        if row.get(8) {
            periods.push(format!("{}: a foreign key with PERIOD, which only the server can verify", key.label()));
        } else if i32::try_from(columns.len()) != Ok(row.get(13)) {
            let reason = format!("cannot read the columns of {}", key.label());
            return Err(ClusterError::Refused { step: "cannot list foreign keys".into(), reason });
        } else {
            keys.push(key);
        }
    }
    Ok((keys, periods))
}

/// How many rows break each key, or why that could not be counted.
async fn count(session: &Session, keys: &[Key], mask: &Mask<'_>) -> Result<Vec<Result<u64, String>>, ClusterError> {
    let statements: Vec<String> = keys.iter().map(|key| key.broken("count(*)")).collect();
    let mut counted = Vec::with_capacity(keys.len());
    let mut starved = Vec::new();
    for (index, answer) in session.pipelined(&statements).await.into_iter().enumerate() {
        // disk_full is what shared memory gives too, which only parallel workers need.
        if answer.as_ref().is_err_and(|error| sqlstate(error) == "53100") {
            starved.push(index);
        }
        counted.push(number(mask, answer));
    }
    if !starved.is_empty() {
        session.batch("SET max_parallel_workers_per_gather = 0", "cannot prepare a connection").await?;
        let again: Vec<String> = starved.iter().filter_map(|index| statements.get(*index).cloned()).collect();
        for (index, answer) in starved.into_iter().zip(session.pipelined(&again).await) {
            counted[index] = number(mask, answer);
        }
    }
    Ok(counted)
}

fn number(mask: &Mask<'_>, answer: Result<TextRows, tokio_postgres::Error>) -> Result<u64, String> {
    let rows = answer.map_err(|error| words(mask, &error))?;
    let number = rows.first().and_then(|row| row.first().cloned().flatten()).and_then(|number| number.parse().ok());
    number.ok_or_else(|| "the server gave no number".to_owned())
}

/// Where the table that is referred to has no rows at all, the errors of the restore say why.
async fn without_explained<'a>(session: &Session, broken: Vec<(&'a Key, u64)>) -> Vec<(&'a Key, u64)> {
    let statements: Vec<String> = broken.iter().map(|(key, _)| format!("SELECT FROM {} LIMIT 1", key.to)).collect();
    let answers = session.pipelined(&statements).await;
    let kept = broken.into_iter().zip(answers).filter(|(_, answer)| !matches!(answer, Ok(rows) if rows.is_empty()));
    kept.map(|(broken, _)| broken).collect()
}

async fn broken_keys(session: &Session, broken: &[(&Key, u64)], show_data: bool) -> Option<Finding> {
    let rows: u64 = broken.iter().map(|(_, rows)| rows).sum();
    let title = match broken {
        [] => return None,
        [(key, 1)] => format!("1 row of {}.{} references a row that does not exist", key.schema, key.table),
        [(key, rows)] => {
            format!("{} rows of {}.{} reference rows that do not exist", counted::number(*rows), key.schema, key.table)
        }
        _ => format!(
            "{} rows break {} foreign keys: they reference rows that do not exist",
            counted::number(rows),
            broken.len()
        ),
    };
    let mut finding = Finding::new(Name::ForeignKeyBroken, title);
    finding.count = broken.len() as u64;
    finding.objects = broken.iter().map(|(key, _)| format!("FK CONSTRAINT {}", key.label())).collect();
    let describe = |(key, rows): &(&Key, u64)| {
        format!(
            "{} ({}) to {}: {}",
            key.label(),
            key.columns_label,
            key.to_label,
            counted_as(*rows as usize, "row", "rows")
        )
    };
    finding.evidence = first_few(broken.iter().map(describe).collect());
    if show_data {
        let sample = |(key, _): &(&Key, u64)| format!("{} LIMIT {SHOWN}", key.broken(&key.columns));
        let statements: Vec<String> = broken.iter().take(MOST_NAMED).map(sample).collect();
        for ((key, _), answer) in broken.iter().zip(session.pipelined(&statements).await) {
            for row in answer.unwrap_or_default() {
                let values: Vec<String> = row.into_iter().map(|value| value.unwrap_or_else(|| "NULL".into())).collect();
                finding.evidence.push(format!("{}: ({})", key.label(), values.join(", ")));
            }
        }
    }
    finding.commands = broken.iter().map(|(key, _)| format!("{};", key.broken("*"))).collect();
    Some(finding)
}
