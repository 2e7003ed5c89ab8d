//! Tables with a generated key, and what an insert into them needs to know.

use std::collections::BTreeSet;

use crate::cluster::sql::identifier;
use crate::cluster::{ClusterError, Session};

/// A table with a column that is filled from a sequence.
#[derive(Debug)]
pub struct Table {
    pub schema: String,
    pub name: String,
    /// The columns that a sequence fills.
    pub keys: Vec<String>,
    /// Every other column that can be written.
    pub others: Vec<String>,
    /// Whether defaults and NULL can be all that is written.
    pub defaults_do: bool,
    pub may_insert: bool,
    /// Whether a row may be read and written into every column.
    pub may_copy: bool,
    /// Whether row level security holds for the role, and no policy lets it insert anything.
    pub shut: bool,
}

impl Table {
    pub fn label(&self) -> String {
        format!("{}.{}", self.schema, self.name)
    }

    fn qualified(&self) -> String {
        format!("{}.{}", identifier(&self.schema), identifier(&self.name))
    }

    pub fn insert_defaults(&self) -> String {
        format!("INSERT INTO {} DEFAULT VALUES", self.qualified())
    }

    /// The row stays inside the server.
    pub fn insert_copy(&self) -> String {
        let table = self.qualified();
        if self.others.is_empty() {
            return self.insert_defaults();
        }
        let columns: Vec<String> = self.others.iter().map(|column| identifier(column)).collect();
        let columns = columns.join(", ");
        format!("INSERT INTO {table} ({columns}) SELECT {columns} FROM {table} LIMIT 1")
    }
}

/// Columns that a sequence fills, by table: identity columns, and those with `nextval` in their default. How many there are no
/// planner knows, so queries begin with them and find the rest by indexes.
const KEYED: &str = "
keyed AS (
    SELECT a.attrelid, array_agg(a.attnum) AS numbers, array_agg(a.attname) AS names
    FROM pg_attribute a LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
    WHERE a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
      AND (a.attidentity <> '' OR pg_get_expr(d.adbin, d.adrelid) LIKE '%nextval(%')
    GROUP BY a.attrelid),
below AS (
    SELECT t.relid::oid AS oid, k.names
    FROM keyed k JOIN pg_class r ON r.oid = k.attrelid CROSS JOIN pg_partition_tree(k.attrelid) t
    WHERE r.relkind = 'p' AND t.relid <> k.attrelid)";

/// Partitions are left to the table that they are part of, where that has a generated key. Privileges are those of the role
/// `$1`; without one, the superuser's.
const TABLES: &str = "
SELECT n.nspname::text, c.relname::text,
       array_agg(a.attname::text ORDER BY a.attnum) FILTER (WHERE a.attnum = ANY (k.numbers)),
       coalesce(array_agg(a.attname::text ORDER BY a.attnum) FILTER (WHERE a.attnum <> ALL (k.numbers) AND a.attgenerated = ''), '{}'),
       bool_and(a.attnum = ANY (k.numbers) OR a.attgenerated <> '' OR a.atthasdef OR NOT (a.attnotnull OR t.typnotnull)),
       $1::text IS NULL OR has_table_privilege($1, c.oid, 'INSERT') OR has_any_column_privilege($1, c.oid, 'INSERT'),
       $1::text IS NULL OR has_table_privilege($1, c.oid, 'INSERT') AND has_table_privilege($1, c.oid, 'SELECT'),
       $1::text IS NOT NULL AND c.relrowsecurity AND NOT EXISTS (
           SELECT FROM pg_policy p
           WHERE p.polrelid = c.oid AND p.polpermissive AND p.polcmd IN ('*', 'a')
             AND EXISTS (SELECT FROM unnest(p.polroles) AS r (oid) WHERE r.oid = 0 OR pg_has_role($1, r.oid, 'USAGE')))
FROM keyed k
JOIN pg_class c ON c.oid = k.attrelid
JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
JOIN pg_type t ON t.oid = a.atttypid
WHERE c.relkind IN ('r', 'p') AND c.relpersistence <> 't'
  AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname !~ '^pg_(toast|temp)'
  AND c.oid NOT IN (SELECT below.oid FROM below)
  AND NOT EXISTS (SELECT FROM pg_depend d
                  WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
GROUP BY c.oid, n.nspname, c.relname, c.relrowsecurity
ORDER BY 1, 2";

/// All tables with a generated key, by name.
pub async fn read(session: &Session, role: Option<&str>) -> Result<Vec<Table>, ClusterError> {
    let sql = format!("WITH {KEYED} {TABLES}");
    let rows = session.query(&sql, &[&role], "cannot list tables").await?;
    Ok(rows
        .iter()
        .map(|row| Table {
            schema: row.get(0),
            name: row.get(1),
            keys: row.get(2),
            others: row.get(3),
            defaults_do: row.get(4),
            may_insert: row.get(5),
            may_copy: row.get(6),
            shut: row.get(7),
        })
        .collect())
}

/// Unique indexes with a column that a sequence fills, also where that column's default is the partitioned table's.
const KEY_INDEXES: &str = "
SELECT n.nspname::text, ic.relname::text
FROM (SELECT k.attrelid AS oid, k.names FROM keyed k UNION ALL SELECT below.oid, below.names FROM below) k
JOIN pg_class c ON c.oid = k.oid
JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_index i ON i.indrelid = c.oid
JOIN pg_class ic ON ic.oid = i.indexrelid
JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = ANY ((i.indkey::int2[])[0:i.indnkeyatts - 1])
WHERE i.indisunique AND n.nspname <> 'pg_catalog' AND a.attname = ANY (k.names)";

/// Schemas and names of the unique indexes in which a generated key can collide.
pub async fn key_indexes(session: &Session) -> Result<BTreeSet<(String, String)>, ClusterError> {
    let sql = format!("WITH {KEYED} {KEY_INDEXES}");
    let rows = session.query(&sql, &[], "cannot list unique indexes").await?;
    Ok(rows.iter().map(|row| (row.get(0), row.get(1))).collect())
}

/// Foreign keys of which a copied row brings every column as it is: none of them generated, and no trigger before the
/// insert (`TRIGGER_TYPE_*` in src/include/catalog/pg_trigger.h: row 1, before 2, insert 4) to change them.
const COPIED: &str = "
SELECT n.nspname::text, c.relname::text, f.conname::text
FROM pg_constraint f JOIN pg_class c ON c.oid = f.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE f.contype = 'f'
  AND NOT EXISTS (SELECT FROM keyed WHERE keyed.attrelid = c.oid AND keyed.numbers && f.conkey)
  AND NOT EXISTS (SELECT FROM pg_attribute a
                  WHERE a.attrelid = c.oid AND a.attnum = ANY (f.conkey) AND a.attgenerated <> '')
  AND NOT EXISTS (SELECT FROM pg_trigger t WHERE t.tgrelid = c.oid AND t.tgtype & 7 = 7 AND NOT t.tgisinternal
                    AND t.tgenabled <> 'D')";

/// Schema, table and name of these foreign keys.
pub async fn copied_foreign_keys(session: &Session) -> Result<BTreeSet<(String, String, String)>, ClusterError> {
    let sql = format!("WITH {KEYED} {COPIED}");
    let rows = session.query(&sql, &[], "cannot list foreign keys").await?;
    Ok(rows.iter().map(|row| (row.get(0), row.get(1), row.get(2))).collect())
}
