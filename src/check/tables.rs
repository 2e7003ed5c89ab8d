//! The smoke test that everyone should have: there are user tables, and they are not all empty. It stands in where the
//! profile has no queries of its own.

use async_trait::async_trait;
use pgdump_reader::digest::NoDigest;
use pgdump_reader::{Holding, TableData, TableRows};

use super::scope::{fills, in_database, makes, schema_of};
use super::{Check, Group, Looked, Restored};
use crate::cluster::sql::identifier;
use crate::cluster::{ClusterError, MAINTENANCE_DATABASE};
use crate::counted::counted;
use crate::finding::{Finding, Name, Origin, Reference, Severity};
use crate::source::{RowMode, Witness};

pub struct Tables;

/// Tables that hold rows of their own: ordinary ones and partitions, of no extension.
const TABLES: &str = "
SELECT n.nspname::text, c.relname::text, c.relpersistence = 'u'
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind = 'r' AND c.relpersistence <> 't'
  AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname !~ '^pg_toast'
  AND NOT EXISTS (SELECT FROM pg_depend d
                  WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
ORDER BY pg_relation_size(c.oid) DESC, 1, 2";

#[async_trait]
impl Check for Tables {
    fn name(&self) -> &'static str {
        "tables"
    }

    fn group(&self) -> Group {
        Group::Rows
    }

    fn witness(&self) -> Witness {
        Witness::Dump
    }

    async fn look(&self, restored: &Restored<'_>) -> Result<Looked, ClusterError> {
        let mut tables = restored.session.query(TABLES, &[], "cannot list tables").await?;
        // Rows of the target's own tables did not come with the dump.
        tables.retain(|table| !restored.is_own_table(table.get(0), table.get(1)));
        let looked_at = format!("{} tables", tables.len());
        // Largest first: as a rule the first one decides.
        for table in &tables {
            let (schema, name): (&str, &str) = (table.get(0), table.get(1));
            let sql = format!("SELECT FROM {}.{} LIMIT 1", identifier(schema), identifier(name));
            if !restored.session.query(&sql, &[], "cannot look into a table").await?.is_empty() {
                return Ok(Looked { findings: Vec::new(), looked_at, ..Looked::default() });
            }
        }
        // A crash of the server empties unlogged tables.
        if restored.restarted && tables.iter().any(|table| table.get(2)) {
            let why = "unlogged tables are empty, and the server's processes have ended since the restore, which empties them";
            return Ok(Looked { looked_at, could_not: vec![why.to_owned()], ..Looked::default() });
        }
        if let Some(why) = uncountable(restored) {
            return Ok(Looked { looked_at, could_not: vec![why], ..Looked::default() });
        }
        let findings: Vec<Finding> = judge(restored, tables.len()).into_iter().collect();
        // Where rows are compared, that says it.
        let lost = if findings.is_empty() && restored.rows == RowMode::Off { with_rows(restored) } else { 0 };
        Ok(Looked { findings, looked_at, lost, ..Looked::default() })
    }
}

/// Why it is not known whether the dump holds any row, where that is so: a script can fill tables by statements of which the
/// text does not say what they bring.
fn uncountable(restored: &Restored<'_>) -> Option<String> {
    let scan = restored.scan;
    let of_dump = in_database(&scan.rows, restored, |rows| &rows.destination.database).filter(|rows| rows.rows > 0);
    let of_dump: Vec<_> = of_dump.collect();
    let is_countable = |rows: &&TableRows| !rows.digest.is_err_and(NoDigest::is_uncountable);
    let what = match of_dump.first() {
        _ if of_dump.iter().any(is_countable) => return None,
        Some(rows) => {
            let why = rows.digest.err()?;
            format!("{}.{}: {why}", schema_of(&rows.destination.schema), rows.destination.table)
        }
        None => {
            let mut may_fill = scan.end.may_fill.iter();
            may_fill.find(|(database, _)| restored.place.is_known_as(database.as_deref()))?.1.clone()
        }
    };
    Some(format!("no table has a row, and reading the script does not show whether any should have ({what})"))
}

/// How many tables have rows in the dump.
fn with_rows(restored: &Restored<'_>) -> u64 {
    let declared = in_database(&restored.scan.facts.tables, restored, |table| &table.database);
    declared.filter(|table| table.has_data).count() as u64
}

/// What it means that no table here has a row.
fn judge(restored: &Restored<'_>, tables: usize) -> Option<Finding> {
    let declared: Vec<_> = in_database(&restored.scan.facts.tables, restored, |table| &table.database).collect();
    let with_rows = declared.iter().filter(|table| table.has_data).count();
    let none_came = tables == 0 && declared.iter().any(|table| table.created);
    if with_rows == 0 && !none_came && restored.scan.damage.is_empty() {
        return not_in_the_dump(restored, &declared);
    }
    // The restore's own finding says of each of them why it is not there.
    let failing: Vec<&String> =
        restored.restore_findings.iter().filter(|finding| finding.fails()).flat_map(Finding::hit).collect();
    let is_reported = |table: &&TableData| {
        let schema = schema_of(&table.schema);
        failing.iter().any(|object| fills(object, &schema, &table.name) || makes(object, &schema, &table.name))
    };
    if with_rows > 0 && declared.iter().filter(|table| table.has_data).all(is_reported) {
        return None;
    }
    let title = match tables {
        0 => format!("database {:?} holds no user table", restored.database),
        1 => format!("the only user table of database {:?} is empty", restored.database),
        many => format!("all {many} user tables of database {:?} are empty", restored.database),
    };
    let mut finding = Finding::new(Name::NothingRestored, title);
    finding.evidence =
        vec![format!("the dump declares {}, {with_rows} of them with rows", counted(declared.len(), "table"))];
    finding.fix = "The other findings say why the rows did not come back.".into();
    finding.follows = restored.restore_findings.iter().find(|finding| finding.fails()).map(Reference::of);
    Some(finding)
}

/// What the dump does not hold, the restore cannot bring: it came back as it is, which is worth a word all the same.
fn not_in_the_dump(restored: &Restored<'_>, declared: &[&TableData]) -> Option<Finding> {
    let scan = restored.scan;
    // What the profile's own list or options leave out is reported as that.
    if !restored.left_out.0.is_empty() {
        return None;
    }
    let holding = scan.holding();
    let whole = match holding {
        Holding::Objects => None,
        Holding::LargeObjects => Some("only large objects, and no table"),
        Holding::Statistics => Some("only statistics for the planner"),
        Holding::EmptyDatabases => Some("roles, and databases with nothing in them"),
        Holding::Roles => Some("only roles and their settings, and no database"),
        Holding::Tablespaces => Some("only tablespaces, and no database"),
        Holding::Nothing => Some("nothing"),
    };
    let is_everywhere = [MAINTENANCE_DATABASE, "template1"].contains(&restored.database);
    let (title, origin) = if let Some(what) = whole {
        // It is the same in all of its databases.
        if restored.databases.first().is_some_and(|first| first != restored.database) {
            return None;
        }
        (format!("the dump holds {what}"), Origin::Dump)
    // Every cluster has these, and most have nothing in them.
    } else if declared.is_empty() && is_everywhere {
        return None;
    } else if declared.is_empty() {
        (format!("the dump holds no table for database {:?}", restored.database), Origin::Source)
    // It was made without rows, which is no defect of it; a notice says so.
    } else if declared.iter().all(|table| table.rows.is_none()) {
        return None;
    } else {
        let noun =
            if declared.len() == 1 { "its only table".into() } else { format!("any of its {} tables", declared.len()) };
        (format!("the dump holds no row for {noun} in database {:?}", restored.database), Origin::Source)
    };
    let mut finding = Finding::new(Name::NothingRestored, title).of_source();
    finding.origin = origin;
    if holding == Holding::Nothing {
        // Nobody keeps a backup of nothing on purpose.
        finding.severity = Severity::Error;
    }
    finding.evidence = vec![format!("the dump declares {}, none of them with rows", counted(declared.len(), "table"))];
    finding.fix =
        "The dump itself holds no rows: check that the right database was dumped, with its data. If that is how it \
         should be, accept the finding in the profile."
            .into();
    finding.commands = vec!["accept: [{finding: nothing-restored, reason: …, until: …}]".into()];
    Some(finding)
}
