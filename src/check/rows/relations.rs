//! What the restored database says of the tables that rows went into.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt;

use pgdump_reader::tag;

use pgdump_reader::digest::Treatment;

use crate::cluster::{ClusterError, Session};
use crate::postgres::{Change, Major};

/// Schema and name.
pub type Table = (String, String);

/// One table, by what matters for a comparison of its rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Relation {
    pub oid: u32,
    /// `pg_class.relkind`
    pub kind: char,
    /// Of a partition: the partitioned table at the top.
    pub root: Option<Table>,
    /// Whether an extension created it, which may bring rows of its own.
    pub of_extension: bool,
    /// Triggers and rules that may alter a row that is inserted.
    pub alters: Vec<Alters>,
    /// Whether its columns may stand in another order than in the source: it inherits, and it or what it inherits from has
    /// columns of its own or several parents. Those come after the parents' columns here, whenever they were added there
    /// (MergeAttributes in src/backend/commands/tablecmds.c).
    pub reordered: bool,
    /// Whether a crash of the server empties it, or a partition of it.
    pub unlogged: bool,
}

/// A trigger or a rule that may alter a row on its way into a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alters {
    /// `TRIGGER` or `RULE`, as pg_dump calls it.
    pub desc: &'static str,
    pub name: String,
}

impl fmt::Display for Alters {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} {}", self.desc.to_lowercase(), self.name)
    }
}

const RELATIONS: &str = "
WITH RECURSIVE up (start, oid) AS (
    SELECT c.oid, c.oid FROM pg_class c JOIN pg_inherits h ON h.inhrelid = c.oid
    WHERE c.relkind = 'r' AND NOT c.relispartition
    UNION
    SELECT up.start, h.inhparent FROM up JOIN pg_inherits h ON h.inhrelid = up.oid),
reordered AS (
    SELECT up.start FROM up JOIN pg_inherits h ON h.inhrelid = up.oid
    GROUP BY up.start, up.oid
    HAVING count(*) > 1 OR EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = up.oid AND a.attnum > 0
                                   AND NOT a.attisdropped AND a.attislocal))
SELECT c.oid, n.nspname::text, c.relname::text, c.relkind::text, pn.nspname::text, p.relname::text,
       EXISTS (SELECT FROM pg_depend d
               WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e'),
       -- A row trigger (1) before (2) insertion (4): TRIGGER_TYPE_* in src/include/catalog/pg_trigger.h.
       ARRAY(SELECT t.tgname::text FROM pg_trigger t
             WHERE t.tgrelid = c.oid AND t.tgtype & 7 = 7 AND NOT t.tgisinternal AND t.tgenabled <> 'D'
             ORDER BY t.tgname),
       ARRAY(SELECT r.rulename::text FROM pg_rewrite r
             WHERE r.ev_class = c.oid AND r.ev_type = '3' AND r.ev_enabled <> 'D' ORDER BY r.rulename),
       c.oid IN (SELECT start FROM reordered),
       CASE c.relkind WHEN 'p' THEN EXISTS (SELECT FROM pg_partition_tree(c.oid) t JOIN pg_class u ON u.oid = t.relid
                                            WHERE u.relpersistence = 'u')
                      ELSE c.relpersistence = 'u' END
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_class p ON c.relispartition AND p.oid = pg_partition_root(c.oid)
LEFT JOIN pg_namespace pn ON pn.oid = p.relnamespace
WHERE c.relkind IN ('r', 'p', 'f', 'v', 'm') AND n.nspname <> 'pg_catalog'";

/// All tables and views of the database.
pub async fn relations(session: &Session) -> Result<BTreeMap<Table, Relation>, ClusterError> {
    let rows = session.query(RELATIONS, &[], "cannot list tables").await?;
    Ok(rows
        .iter()
        .map(|row| {
            let kind: String = row.get(3);
            let relation = Relation {
                oid: row.get(0),
                kind: kind.chars().next().unwrap_or('r'),
                root: row.get::<_, Option<String>>(4).zip(row.get(5)),
                of_extension: row.get(6),
                alters: [(tag::TRIGGER, row.get::<_, Vec<String>>(7)), (tag::RULE, row.get(8))]
                    .into_iter()
                    .flat_map(|(desc, names)| names.into_iter().map(move |name| Alters { desc, name }))
                    .collect(),
                reordered: row.get(9),
                unlogged: row.get(10),
            };
            ((row.get(1), row.get(2)), relation)
        })
        .collect())
}

/// A column of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    pub name: String,
    pub generated: bool,
    /// Whether it is part of the primary key.
    pub key: bool,
    /// The oids of its type and of all that the type is made of.
    pub types: HashSet<u32>,
}

/// The columns of these tables, in the tables' order. The types that a type is made of are those of a domain, an array, a
/// range and a composite type.
const COLUMNS: &str = "
WITH RECURSIVE types (relation, number, type) AS (
    SELECT a.attrelid, a.attnum, a.atttypid FROM pg_attribute a
    WHERE a.attrelid = ANY ($1) AND a.attnum > 0 AND NOT a.attisdropped
    UNION
    SELECT t.relation, t.number, inner_type.oid
    FROM types t JOIN pg_type y ON y.oid = t.type,
    LATERAL (SELECT y.typbasetype AS oid WHERE y.typtype = 'd'
             UNION ALL SELECT y.typelem WHERE y.typelem <> 0 AND y.typlen = -1
             UNION ALL SELECT r.rngsubtype FROM pg_range r WHERE r.rngtypid = y.oid
             UNION ALL SELECT a.atttypid FROM pg_attribute a
                       WHERE y.typtype = 'c' AND a.attrelid = y.typrelid AND a.attnum > 0 AND NOT a.attisdropped)
        inner_type)
SELECT a.attrelid, a.attname::text, a.attgenerated <> '', coalesce(a.attnum = ANY (k.conkey), false),
       array_agg(t.type)
FROM pg_attribute a JOIN types t ON t.relation = a.attrelid AND t.number = a.attnum
LEFT JOIN pg_constraint k ON k.conrelid = a.attrelid AND k.contype = 'p'
GROUP BY a.attrelid, a.attnum, a.attname, a.attgenerated, k.conkey
ORDER BY a.attrelid, a.attnum";

/// The columns of these tables, by oid.
pub async fn columns(session: &Session, oids: &[u32]) -> Result<HashMap<u32, Vec<Column>>, ClusterError> {
    let rows = session.query(COLUMNS, &[&oids], "cannot list columns").await?;
    let mut columns: HashMap<u32, Vec<Column>> = HashMap::new();
    for row in &rows {
        let types: Vec<u32> = row.get(4);
        let column =
            Column { name: row.get(1), generated: row.get(2), key: row.get(3), types: types.into_iter().collect() };
        columns.entry(row.get(0)).or_default().push(column);
    }
    Ok(columns)
}

/// Oids of src/include/catalog/pg_type.dat, which never change.
const TIMESTAMPTZ: u32 = 1184;
const TSTZMULTIRANGE: u32 = 4536;
/// regproc, regprocedure, regoper, regoperator, regclass, regtype, regrole, regnamespace, regconfig, regdictionary and
/// regcollation (src/include/catalog/pg_type.dat).
const NAMES_OF_OBJECTS: [u32; 11] = [24, 2202, 2203, 2204, 2205, 2206, 4096, 4089, 3734, 3769, 4191];
const BYTEA: u32 = 17;
const CHAR: u32 = 18;
const MONEY: u32 = 790;
/// float4, float8 and the geometric types, which are made of them.
const FLOATS: [u32; 9] = [700, 701, 600, 601, 602, 603, 604, 628, 718];

impl Column {
    /// Whether it holds bytes inside an array, a composite type or another.
    pub fn has_nested_bytes(&self) -> bool {
        self.types.len() > 1 && self.types.contains(&BYTEA)
    }

    /// Whether it holds names of objects, which `quote_all_identifiers` decides the text of (src/backend/utils/adt/regproc.c).
    pub fn has_names(&self) -> bool {
        NAMES_OF_OBJECTS.into_iter().any(|oid| self.types.contains(&oid))
    }

    /// How the dump's text becomes what this server writes, and where it may be another text for the same value, why.
    pub fn treatment(&self, source: Option<u16>, target: u16) -> (Treatment, Option<&'static str>) {
        let has = |oid: u32| self.types.contains(&oid);
        let escapes = |major: u16| Major(major).has(Change::EscapedChar);
        if has(MONEY) {
            return (Treatment::AsIs, Some("money is written by the source's lc_monetary, which dumps do not state"));
        }
        // By value, whatever digits the server wrote that was dumped.
        if self.types.len() == 1 && has(FLOATS[0]) {
            return (Treatment::Real, None);
        }
        if self.types.len() == 1 && has(FLOATS[1]) {
            return (Treatment::Double, None);
        }
        if source.is_some_and(|source| !Major(source).has(Change::ShortestFloats)) && FLOATS.into_iter().any(has) {
            // Release notes of PostgreSQL 12, section E.X.3.1.6: the shortest text that gives the same value.
            return (Treatment::AsIs, Some("servers before 12 wrote floating point numbers with other digits"));
        }
        if source.is_some_and(|source| !escapes(source)) && escapes(target) && has(CHAR) {
            // charout in src/backend/utils/adt/char.c since 16: bytes beyond ASCII as \ooo.
            return (Treatment::AsIs, Some("servers before 16 wrote \"char\" otherwise"));
        }
        if has(TIMESTAMPTZ) || has(TSTZMULTIRANGE) {
            (Treatment::Zoned, None)
        } else if self.types.len() == 1 && has(BYTEA) {
            (Treatment::Bytes, None)
        } else {
            (Treatment::AsIs, None)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn treatment(types: &[u32], source: Option<u16>, target: u16) -> (Treatment, bool) {
        let types = types.iter().copied().collect();
        let column = Column { name: "c".into(), generated: false, key: false, types };
        let (treatment, why) = column.treatment(source, target);
        (treatment, why.is_some())
    }

    #[test]
    fn a_column_is_treated_by_its_type_and_by_who_wrote_it() {
        assert_eq!(treatment(&[23], None, 17), (Treatment::AsIs, false));
        assert_eq!(treatment(&[1185, 1184], Some(17), 17), (Treatment::Zoned, false));
        assert_eq!(treatment(&[17], Some(13), 17), (Treatment::Bytes, false));
        assert_eq!(treatment(&[1001, 17], Some(13), 17), (Treatment::AsIs, false));
        assert_eq!(treatment(&[700], None, 17), (Treatment::Real, false));
        assert_eq!(treatment(&[701], Some(11), 17), (Treatment::Double, false));
        assert_eq!(treatment(&[1022, 701], Some(11), 17), (Treatment::AsIs, true));
        assert_eq!(treatment(&[1022, 701], Some(12), 17), (Treatment::AsIs, false));
        assert_eq!(treatment(&[18], Some(15), 17), (Treatment::AsIs, true));
        assert_eq!(treatment(&[18], Some(16), 17), (Treatment::AsIs, false));
        assert_eq!(treatment(&[18], Some(13), 15), (Treatment::AsIs, false));
        assert_eq!(treatment(&[790], Some(17), 17), (Treatment::AsIs, true));
    }
}
