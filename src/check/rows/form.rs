//! The server's side of a digest: the same form of a row, and the same sums, as [`pgdump_reader::digest`] makes them.

use std::collections::BTreeMap;

use pgdump_reader::digest::{Digest, NULL};

use super::difference::RowDifference;
use super::relations::Table;
use crate::cluster::sql::{identifier, literal};
use crate::cluster::{ClusterError, Session};

/// What else a session has that reads rows. How they are written is decided by pgrehearse's own settings, which are those of
/// pg_dump (setup_connection in src/bin/pg_dump/pg_dump.c, PostgreSQL 13 to 18) where it has some.
pub const SETTINGS: &str = "SET row_security = off; SET jit = off";

/// No function takes more arguments than this (FUNC_MAX_ARGS in src/include/pg_config_manual.h); each column takes two.
const COLUMNS_AT_ONCE: usize = 50;

/// The rows of a table, as the server reads them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Form {
    pub table: Table,
    /// Whether rows of tables below it do not count: it has heirs of its own right, not partitions.
    pub only: bool,
    /// In the order of the dump's rows.
    pub columns: Vec<String>,
    /// The dump's encoding, where the form is hashed in hexadecimal.
    pub hex: Option<String>,
    /// Columns that are compared by value and not by text, with the function that gives the value's bytes.
    pub sent: BTreeMap<String, &'static str>,
}

impl Form {
    fn from(&self) -> String {
        let only = if self.only { "ONLY " } else { "" };
        format!("{only}{}.{}", identifier(&self.table.0), identifier(&self.table.1))
    }

    /// A column as it stands in the form; anything but NULL.
    fn value(&self, name: &str) -> String {
        let column = identifier(name);
        match self.sent.get(name) {
            None => column,
            Some(function) => format!("encode({function}({column}), 'hex')"),
        }
    }

    /// The hash of a row.
    fn hash(&self) -> String {
        let mut parts = Vec::new();
        for (group, columns) in self.columns.chunks(COLUMNS_AT_ONCE).enumerate() {
            let mut arguments = Vec::new();
            for (place, name) in columns.iter().enumerate() {
                let (column, shown) = (identifier(name), self.value(name));
                let tab = if group + place == 0 { "" } else { "\t" };
                let (value, null) = (literal(tab), literal(&format!("{tab}{NULL}")));
                arguments.push(format!("CASE WHEN {} THEN {null} ELSE {value} END, {shown}", is_null(&column)));
            }
            parts.push(format!("concat({})", arguments.join(", ")));
        }
        let text = match parts.as_slice() {
            [] => "''".to_owned(),
            [one] => one.clone(),
            many => format!("concat({})", many.join(", ")),
        };
        self.hash_of(&text)
    }

    fn hash_of(&self, text: &str) -> String {
        match &self.hex {
            None => format!("hashtextextended({text} COLLATE \"C\", 0)"),
            Some(encoding) => {
                let encoding = literal(encoding);
                format!("hashtextextended(encode(convert_to({text}, {encoding}), 'hex') COLLATE \"C\", 0)")
            }
        }
    }

    fn value_hashes(&self) -> String {
        let hashes: Vec<String> = self
            .columns
            .iter()
            .map(|name| {
                let (column, shown) = (identifier(name), self.value(name));
                let (is_null, null) = (is_null(&column), literal(NULL));
                self.hash_of(&format!("CASE WHEN {is_null} THEN {null} ELSE concat({shown}) END"))
            })
            .collect();
        format!("ARRAY[{}]::bigint[]", hashes.join(", "))
    }

    /// The digest of all rows.
    fn digest(&self, number: usize) -> String {
        let (hash, from) = (self.hash(), self.from());
        format!("SELECT {number}::int, count(*), coalesce(sum({hash}), 0)::text FROM {from}")
    }
}

/// Whether a column holds NULL itself. `IS NULL` says so of a composite value too whose fields are all NULL, which is another
/// value and another text, `(,)`; this form does not (make_nulltest_from_distinct in src/backend/parser/parse_expr.c), and
/// needs no operator of the type.
fn is_null(column: &str) -> String {
    format!("{column} IS NOT DISTINCT FROM NULL")
}

/// The digests of several tables, in one statement.
pub async fn digests(session: &Session, forms: &[&Form]) -> Result<Vec<Digest>, ClusterError> {
    let selects: Vec<String> = forms.iter().enumerate().map(|(number, form)| form.digest(number)).collect();
    let rows = session.query(&selects.join("\nUNION ALL "), &[], "cannot digest rows").await?;
    let mut digests = vec![Digest::default(); forms.len()];
    for row in &rows {
        let number: i32 = row.get(0);
        if let Some(digest) = usize::try_from(number).ok().and_then(|number| digests.get_mut(number)) {
            *digest = read_digest(row.get(1), row.get(2))?;
        }
    }
    Ok(digests)
}

/// The number of rows of several tables, in one statement.
pub async fn counts(session: &Session, forms: &[&Form]) -> Result<Vec<Digest>, ClusterError> {
    let selects: Vec<String> = forms.iter().map(|form| format!("(SELECT count(*) FROM {})", form.from())).collect();
    let sql = format!("SELECT ARRAY[{}]::bigint[]", selects.join(", "));
    let rows = session.query(&sql, &[], "cannot count rows").await?;
    let counts: Vec<i64> = rows.first().map(|row| row.get(0)).unwrap_or_default();
    Ok(counts.into_iter().map(|count| Digest { rows: u64::try_from(count).unwrap_or(0), sum: 0 }).collect())
}

/// The digests of a table's rows by the lowest bits of their hashes. `buckets` is a power of two.
pub async fn buckets(session: &Session, form: &Form, buckets: usize) -> Result<Vec<Digest>, ClusterError> {
    let (hash, from, mask) = (form.hash(), form.from(), buckets - 1);
    let sql = format!(
        "SELECT (h & {mask})::int, count(*), sum(h)::text FROM (SELECT {hash} AS h FROM {from}) AS rows GROUP BY 1"
    );
    let rows = session.query(&sql, &[], "cannot digest rows").await?;
    let mut digests = vec![Digest::default(); buckets];
    for row in &rows {
        let bucket: i32 = row.get(0);
        if let Some(digest) = usize::try_from(bucket).ok().and_then(|bucket| digests.get_mut(bucket)) {
            *digest = read_digest(row.get(1), row.get(2))?;
        }
    }
    Ok(digests)
}

/// The hashes of the rows in some buckets, each with those of its values; no more than `most`.
pub async fn rows_of(
    session: &Session,
    form: &Form,
    buckets: usize,
    wanted: &[i32],
    most: i64,
) -> Result<Vec<(i64, Vec<i64>)>, ClusterError> {
    let (hash, hashes, from, mask) = (form.hash(), form.value_hashes(), form.from(), buckets - 1);
    let sql = format!(
        "SELECT h, hashes FROM (SELECT {hash} AS h, {hashes} AS hashes FROM {from}) AS rows
         WHERE (h & {mask})::int = ANY ($1) LIMIT $2"
    );
    let rows = session.query(&sql, &[&wanted, &most], "cannot look for rows").await?;
    Ok(rows.iter().map(|row| (row.get(0), row.get(1))).collect())
}

/// How the rows of two tables of the same columns differ, however they are ordered. `key` is the primary key: rows that have
/// it in common are one row that has changed.
pub async fn difference(
    session: &Session,
    ours: &Form,
    theirs: &Form,
    key: &[&str],
) -> Result<RowDifference, ClusterError> {
    let keys = Form { columns: key.iter().map(|name| (*name).to_owned()).collect(), ..ours.clone() };
    let key_hash = if key.is_empty() { "0::bigint".to_owned() } else { keys.hash() };
    let rows = |form: &Form| {
        format!(
            "SELECT h, k, count(*) AS n FROM (SELECT {} AS h, {key_hash} AS k FROM {}) AS rows GROUP BY 1, 2",
            form.hash(),
            form.from()
        )
    };
    let sql = format!(
        "WITH ours AS ({}), theirs AS ({}), differing AS (
             SELECT k, greatest(coalesce(o.n, 0) - coalesce(t.n, 0), 0) AS missing,
                    greatest(coalesce(t.n, 0) - coalesce(o.n, 0), 0) AS extra
             FROM ours o FULL JOIN theirs t USING (h, k))
         SELECT (SELECT coalesce(sum(n), 0)::bigint FROM ours), (SELECT coalesce(sum(n), 0)::bigint FROM theirs),
                (SELECT coalesce(sum(missing), 0)::bigint FROM differing),
                (SELECT coalesce(sum(extra), 0)::bigint FROM differing),
                (SELECT count(*) FROM (SELECT k FROM differing WHERE missing > 0
                                       INTERSECT SELECT k FROM differing WHERE extra > 0) AS same_key)",
        rows(ours),
        rows(theirs)
    );
    let rows = session.query(&sql, &[], "cannot compare rows by value").await?;
    let number = |column: usize| rows.first().map_or(0, |row| u64::try_from(row.get::<_, i64>(column)).unwrap_or(0));
    let changed = if key.is_empty() { 0 } else { number(4) };
    let (missing, extra) = (number(2).saturating_sub(changed), number(3).saturating_sub(changed));
    Ok(RowDifference {
        dumped: number(0),
        found: number(1),
        missing,
        extra,
        changed,
        exact: true,
        ..RowDifference::default()
    })
}

/// The large objects: how many there are, and the digest of their pages.
pub async fn large_objects(session: &Session) -> Result<(u64, Digest), ClusterError> {
    const SQL: &str = "
SELECT (SELECT count(*) FROM pg_largeobject_metadata), count(*),
       coalesce(sum(hashtextextended(concat(loid, ':', pageno, ':', encode(data, 'hex')) COLLATE \"C\", 0)), 0)::text
FROM pg_largeobject";
    let rows = session.query(SQL, &[], "cannot digest large objects").await?;
    let Some(row) = rows.first() else { return Ok((0, Digest::default())) };
    let objects: i64 = row.get(0);
    Ok((u64::try_from(objects).unwrap_or(0), read_digest(row.get(1), row.get(2))?))
}

fn read_digest(rows: i64, sum: &str) -> Result<Digest, ClusterError> {
    let sum = sum.parse().map_err(|_| ClusterError::Refused {
        step: "cannot digest rows".into(),
        reason: format!("the sum {sum:?} is no number"),
    })?;
    Ok(Digest { rows: u64::try_from(rows).unwrap_or(0), sum })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wide_table_is_put_together_from_parts_and_hostile_names_are_quoted() {
        let form = |number: usize| Form {
            table: ("s".into(), "t\"; DROP".into()),
            only: true,
            columns: (0..number).map(|number| format!("c{number}")).collect(),
            hex: None,
            sent: BTreeMap::new(),
        };
        assert_eq!(
            form(1).digest(0),
            "SELECT 0::int, count(*), coalesce(sum(hashtextextended(concat(CASE WHEN \"c0\" IS NOT DISTINCT FROM NULL \
             THEN '\u{1b}N' ELSE '' END, \"c0\") COLLATE \"C\", 0)), 0)::text FROM ONLY \"s\".\"t\"\"; DROP\""
        );
        assert_eq!(form(0).hash(), "hashtextextended('' COLLATE \"C\", 0)");
        assert_eq!(form(101).hash().matches("concat(").count(), 4);
        assert_eq!(form(101).hash().matches("ELSE '\t' END").count(), 100);
    }
}
