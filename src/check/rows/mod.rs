//! Rows: every one that the dump holds is there again, as it was, and no other.
//!
//! The dump's side was digested as it was read ([`pgdump_reader::digest`]), the database's side is digested by its server,
//! so no row crosses. Where the two differ the table is looked into ([`locate`]). With `--rows count` rows are only counted.

mod by_value;
mod difference;
mod form;
mod locate;
mod plan;
mod relations;
mod report;

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use pgdump_reader::digest::{Digest, NoDigest};
use pgdump_reader::{Dump, TableRows, tag};

use self::by_value::ByValue;
use self::difference::RowDifference;
use self::form::Form;
use self::locate::Suspect;
use self::plan::Unit;
use self::relations::Table;
use self::report::RowsReport;
use super::scope::{in_database, schema_of};
use super::{Check, Group, Looked, Restored};
use crate::cluster::{ClusterError, Session};
use crate::finding::mask::Mask;
use crate::source::{RowMode, Witness};

pub struct Rows;

/// Tables that one statement digests together, and the bytes of their data in the dump.
const TABLES_AT_ONCE: usize = 100;
const BYTES_AT_ONCE: u64 = 8 << 20;
/// Less than this is digested faster than a second connection is made.
const BYTES_FOR_ONE_SESSION: u64 = 32 << 20;
/// Most connections at once.
const MOST_SESSIONS: usize = 8;

#[async_trait]
impl Check for Rows {
    fn name(&self) -> &'static str {
        super::ROWS
    }

    fn group(&self) -> Group {
        Group::Rows
    }

    fn witness(&self) -> Witness {
        Witness::Dump
    }

    async fn look(&self, restored: &Restored<'_>) -> Result<Looked, ClusterError> {
        let session = Session::open(restored.sandbox, &restored.target.cluster.superuser, restored.database).await?;
        session.batch(form::SETTINGS, "cannot prepare a connection").await?;
        let relations = relations::relations(&session).await?;
        let rows: Vec<(Table, &TableRows)> =
            in_database(&restored.scan.rows, restored, |rows| &rows.destination.database)
                .filter(|rows| rows.rows > 0)
                .map(|rows| ((schema_of(&rows.destination.schema), rows.destination.table.clone()), rows))
                .collect();
        let unnamed = plan::unnamed(&rows, &relations);
        let columns = relations::columns(&session, &unnamed).await?;
        let created: BTreeSet<Table> = in_database(&restored.scan.facts.tables, restored, |table| &table.database)
            .filter(|table| table.created)
            .map(|table| (schema_of(&table.schema), table.name.clone()))
            .collect();
        let plan = plan::plan(&rows, &relations, &columns, &created, empty(restored));
        let mut report = RowsReport::new(restored);
        (report.not_compared, report.errors, report.apart) = (plan.not_compared, plan.could_not, plan.apart);
        for (table, count) in plan.absent {
            let places = rows.iter().filter(|(other, _)| *other == table).map(|(_, rows)| *rows);
            report.absent((&table.0, &table.1), count, &places.collect::<Vec<_>>());
        }
        let found = digest_all(restored, session, plan.units, report.mode()).await?;
        let session = found.session;
        for (unit, error) in found.errors {
            report.could_not(&unit, error);
        }
        for (table, rows) in filled(&session, &plan.empty).await? {
            report.should_be_empty(table, rows);
        }
        let foreign = foreign_encoding(restored, &session).await?;
        let mut suspects = Vec::new();
        for (unit, found) in found.digests {
            match compare(&unit, found, report.mode(), foreign.is_some()) {
                Compared::Equal => report.equal(&unit),
                Compared::Counted(why) => report.counted(&unit, found.rows, why),
                Compared::Differs => suspects.push((unit, found)),
            }
        }
        look_into(restored, &session, suspects, foreign, &mut report).await?;
        large_objects(restored, &session, &mut report).await?;
        Ok(report.into_looked())
    }
}

/// The tables of which the dump is known to hold no row: it has an empty block of rows, or pg_dump has written no rows for
/// a table that it creates. What somebody else's script fills a table with by other means nobody knows.
fn empty(restored: &Restored<'_>) -> BTreeSet<Table> {
    let filled: BTreeSet<Table> = in_database(&restored.scan.rows, restored, |rows| &rows.destination.database)
        .filter(|rows| rows.rows > 0 || rows.digest.is_err())
        .map(|rows| (schema_of(&rows.destination.schema), rows.destination.table.clone()))
        .collect();
    let by_pg_dump: BTreeSet<Table> = in_database(&restored.scan.declared, restored, |object| &object.database)
        // One that was left out is the target's own where it is there, with whatever it holds.
        .filter(|object| object.desc == tag::TABLE && object.id.is_none_or(|id| !restored.left_out.0.contains(&id)))
        .map(|object| (schema_of(&object.schema), object.tag.clone()))
        .collect();
    in_database(&restored.scan.facts.tables, restored, |table| &table.database)
        .map(|table| (table, (schema_of(&table.schema), table.name.clone())))
        .filter(|(table, name)| {
            // What is damaged may have had rows.
            let may_have_some = !restored.scan.damage.is_empty() || table.rows.is_some_and(|rows| rows > 0);
            !may_have_some
                && (table.rows == Some(0) || table.created && by_pg_dump.contains(name))
                && !filled.contains(name)
        })
        .map(|(_, name)| name)
        .collect()
}

/// Those of the tables that are not empty, and how many rows each has.
async fn filled(session: &Session, tables: &[Table]) -> Result<Vec<(Table, u64)>, ClusterError> {
    let mut filled = Vec::new();
    for tables in tables.chunks(TABLES_AT_ONCE) {
        let form = |table: &Table| Form {
            table: table.clone(),
            only: true,
            columns: Vec::new(),
            hex: None,
            sent: BTreeMap::new(),
        };
        let forms = tables.iter().map(form);
        let forms: Vec<Form> = forms.collect();
        let counts = form::counts(session, &forms.iter().collect::<Vec<_>>()).await?;
        let not_empty = tables.iter().zip(counts).filter(|(_, count)| count.rows > 0);
        filled.extend(not_empty.map(|(table, count)| (table.clone(), count.rows)));
    }
    Ok(filled)
}

enum Compared {
    Equal,
    /// No digest can be compared, and why.
    Counted(NoDigest),
    /// The digests differ, or are in different encodings.
    Differs,
}

fn compare(unit: &Unit, found: Digest, mode: RowMode, foreign_encoding: bool) -> Compared {
    match unit.digest {
        Err(why) if why.is_uncountable() => Compared::Counted(why),
        _ if mode == RowMode::Count => Compared::Counted(NoDigest::NotWanted),
        Err(why) => Compared::Counted(why),
        // Rows in another encoding, or in another order of columns, are hashed anew.
        Ok(_) if foreign_encoding && !unit.ascii || !unit.uniform => Compared::Differs,
        Ok(digest) if digest == found => Compared::Equal,
        Ok(_) => Compared::Differs,
    }
}

struct Found {
    session: Session,
    digests: Vec<(Unit, Digest)>,
    /// What the server could not do, and why.
    errors: Vec<(Unit, String)>,
}

/// Digests all units, the largest first, over several connections where that pays.
async fn digest_all(
    restored: &Restored<'_>,
    session: Session,
    mut units: Vec<Unit>,
    mode: RowMode,
) -> Result<Found, ClusterError> {
    units.sort_by(|a, b| b.bytes.cmp(&a.bytes).then_with(|| a.form.table.cmp(&b.form.table)));
    let bytes: u64 = units.iter().map(|unit| unit.bytes).sum();
    let batches = Mutex::new(batches(units));
    let done = Mutex::new((Vec::new(), Vec::new()));
    let worker = async |session: &Session| {
        loop {
            let next = batches.lock().ok().and_then(|mut batches| batches.pop_front());
            let Some(batch) = next else { break };
            let (digests, errors) = digest_batch(session, batch, mode, &restored.mask).await;
            if let Ok(mut done) = done.lock() {
                done.0.extend(digests);
                done.1.extend(errors);
            }
        }
    };
    let cpus = restored.target.limits.cpus.ceil().clamp(1.0, MOST_SESSIONS as f64) as usize;
    let more = if bytes > BYTES_FOR_ONE_SESSION { cpus - 1 } else { 0 };
    let others = (0..more).map(|_| async {
        let superuser = &restored.target.cluster.superuser;
        // Without it the others do the work.
        if let Ok(session) = Session::open(restored.sandbox, superuser, restored.database).await
            && session.batch(form::SETTINGS, "cannot prepare a connection").await.is_ok()
        {
            worker(&session).await;
        }
    });
    tokio::join!(worker(&session), futures_util::future::join_all(others));
    let (mut digests, mut errors) = done.into_inner().unwrap_or_default();
    digests.sort_by(|(a, _): &(Unit, Digest), (b, _)| a.form.table.cmp(&b.form.table));
    errors.sort_by(|(a, _): &(Unit, String), (b, _)| a.form.table.cmp(&b.form.table));
    Ok(Found { session, digests, errors })
}

/// Large tables alone, small ones together.
fn batches(units: Vec<Unit>) -> VecDeque<Vec<Unit>> {
    let mut batches: VecDeque<Vec<Unit>> = VecDeque::new();
    let mut bytes = u64::MAX;
    for unit in units {
        match batches.back_mut() {
            Some(batch) if bytes.saturating_add(unit.bytes) <= BYTES_AT_ONCE && batch.len() < TABLES_AT_ONCE => {
                bytes += unit.bytes;
                batch.push(unit);
            }
            _ => {
                bytes = unit.bytes;
                batches.push_back(vec![unit]);
            }
        }
    }
    batches
}

/// Digests a batch; where the server refuses it, one by one, so that one table takes no other down.
async fn digest_batch(
    session: &Session,
    batch: Vec<Unit>,
    mode: RowMode,
    mask: &Mask<'_>,
) -> (Vec<(Unit, Digest)>, Vec<(Unit, String)>) {
    let ask = async |forms: &[&Form]| match mode {
        RowMode::Digest => form::digests(session, forms).await,
        RowMode::Count | RowMode::Off => form::counts(session, forms).await,
    };
    let forms: Vec<&Form> = batch.iter().map(|unit| &unit.form).collect();
    if let Ok(digests) = ask(&forms).await {
        return (batch.into_iter().zip(digests).collect(), Vec::new());
    }
    let (mut digests, mut errors) = (Vec::new(), Vec::new());
    for unit in batch {
        match ask(&[&unit.form]).await {
            Ok(found) => digests.extend(found.first().map(|digest| (unit, *digest))),
            // A table that lacks a column of the dump's has no rows either, unless it had them before.
            Err(error) => match form::counts(session, &[&unit.form]).await {
                Ok(counts) if counts.iter().all(|count| count.rows == 0) => digests.push((unit, Digest::default())),
                _ => errors.push((unit, mask.cluster(&error))),
            },
        }
    }
    (digests, errors)
}

/// The dump's encoding, where the database has another one, so that the same text has other bytes.
async fn foreign_encoding(restored: &Restored<'_>, session: &Session) -> Result<Option<String>, ClusterError> {
    let Some(encoding) = restored.encoding() else { return Ok(None) };
    // A name has many spellings. SQL_ASCII, which is 0, means bytes as they are.
    let sql = "SELECT pg_char_to_encoding($1), encoding FROM pg_database WHERE datname = current_database()";
    let rows = session.query(sql, &[&encoding], "cannot ask for the encoding").await?;
    let Some((dumped, own)) = rows.first().map(|row| (row.get::<_, i32>(0), row.get::<_, i32>(1))) else {
        return Ok(None);
    };
    Ok((dumped != own && dumped > 0 && own > 0).then(|| encoding.to_owned()))
}

/// Reads the tables again that seem to differ, and says how they do.
async fn look_into(
    restored: &Restored<'_>,
    session: &Session,
    suspects: Vec<(Unit, Digest)>,
    foreign: Option<String>,
    report: &mut RowsReport<'_>,
) -> Result<(), ClusterError> {
    let mut again = Vec::new();
    for (unit, found) in suspects {
        // Nothing is there to be looked into, or it was explained already.
        if found.rows == 0 || report.explains(&unit, found.rows) {
            report.differs(&unit, RowDifference::all_missing(unit.rows, found.rows));
        } else {
            again.push(unit);
        }
    }
    if again.is_empty() {
        return Ok(());
    }
    let oids: Vec<u32> = again.iter().map(|unit| unit.relation.oid).collect();
    let columns = relations::columns(session, &oids).await?;
    let majors = (restored.dumped()?.server_major(), session.server_major().await?.0);
    let suspects = again.into_iter().map(|unit| {
        let own = columns.get(&unit.relation.oid).map(Vec::as_slice).unwrap_or_default();
        suspect(unit, own, foreign.as_deref(), majors)
    });
    let suspects: Vec<Suspect> = suspects.collect();
    let mut search =
        Search { dump: restored.dumped()?, session, show_data: restored.mask.shows_data(), found: BTreeMap::new() };
    search.run(suspects.clone(), report).await?;
    // Where bytes stand inside arrays or other types, those that the dump has in the escape form are known only by having
    // the server write them so too.
    let nested = suspects.iter().filter(|suspect| suspect.has_nested_bytes && search.is_open(suspect));
    let nested: Vec<Suspect> = nested.cloned().map(Suspect::with_escaped_bytes).collect();
    search.run_with(["SET bytea_output = 'escape'", "SET bytea_output = 'hex'"], nested, report).await?;
    // So it is with names of objects that `pg_dump --quote-all-identifiers` had written in quotes.
    let named = suspects.iter().filter(|suspect| suspect.has_names && search.is_open(suspect)).cloned().collect();
    let quoted = ["SET quote_all_identifiers = on", "SET quote_all_identifiers = off"];
    search.run_with(quoted, named, report).await?;
    // What may be written otherwise for the same value is left out, where that is all that differs.
    let all = suspects.clone();
    let doubtful = suspects.into_iter().filter(|suspect| !suspect.doubtful.is_empty() && search.is_open(suspect));
    let doubtful: Vec<Suspect> = doubtful.map(Suspect::without_doubtful).collect();
    search.run(doubtful, report).await?;
    if !restored.dumped()?.is_from_pg_dump() {
        search.compare_values(&all, restored.encoding(), report).await?;
    }
    for (unit, difference) in search.found.into_values() {
        match difference {
            None => report.equal(&unit),
            Some(difference) => report.differs(&unit, difference),
        }
    }
    Ok(())
}

/// What is known so far of the tables that are read again.
struct Search<'a> {
    dump: &'a Arc<Dump>,
    session: &'a Session,
    show_data: bool,
    found: BTreeMap<Table, (Unit, Option<RowDifference>)>,
}

impl Search<'_> {
    /// Reads these tables, and keeps what is better than what was known.
    async fn run(&mut self, suspects: Vec<Suspect>, report: &mut RowsReport<'_>) -> Result<(), ClusterError> {
        if suspects.is_empty() {
            return Ok(());
        }
        let left_out: BTreeMap<Table, Vec<String>> =
            suspects.iter().map(|suspect| (suspect.unit.form.table.clone(), suspect.left_out.clone())).collect();
        for (unit, found) in locate::differences(self.dump, suspects, self.session, self.show_data).await? {
            let table = unit.form.table.clone();
            let rows = |found: &Option<RowDifference>| found.as_ref().map_or(0, RowDifference::rows);
            let known = self.found.get(&table).map(|(_, known)| rows(known));
            if known.is_none_or(|known| rows(&found) < known) {
                report.not_compared.extend(left_out.get(&table).into_iter().flatten().cloned());
                self.found.insert(table, (unit, found));
            }
        }
        Ok(())
    }

    /// The same under another setting of the session, and how it is set back.
    async fn run_with(
        &mut self,
        [setting, back]: [&str; 2],
        suspects: Vec<Suspect>,
        report: &mut RowsReport<'_>,
    ) -> Result<(), ClusterError> {
        if suspects.is_empty() {
            return Ok(());
        }
        self.session.batch(setting, "cannot prepare a connection").await?;
        self.run(suspects, report).await?;
        self.session.batch(back, "cannot prepare a connection").await
    }

    /// What a script says in other words than a server is compared as the server has read it.
    async fn compare_values(
        &mut self,
        suspects: &[Suspect],
        encoding: Option<&str>,
        report: &mut RowsReport<'_>,
    ) -> Result<(), ClusterError> {
        for suspect in suspects {
            let table = &suspect.unit.form.table;
            if !self.is_open(suspect) {
                continue;
            }
            let difference = match by_value::compare(self.dump, suspect, self.session, encoding).await? {
                ByValue::Equal => None,
                ByValue::Differs(difference) => Some(difference),
                ByValue::CannotTell(why) => match self.found.get(table) {
                    // That rows are missing is certain by their number.
                    Some((unit, Some(difference))) if difference.found < unit.rows => {
                        Some(RowDifference::all_missing(unit.rows, difference.found))
                    }
                    _ => {
                        self.found.remove(table);
                        report.could_not(&suspect.unit, why.to_owned());
                        continue;
                    }
                },
            };
            self.found.insert(table.clone(), (suspect.unit.clone(), difference));
        }
        Ok(())
    }

    fn is_open(&self, suspect: &Suspect) -> bool {
        self.found.get(&suspect.unit.form.table).is_some_and(|(_, found)| found.is_some())
    }
}

/// Makes ready to read a table again, with what its columns' types ask for. `majors` are the source's and the target's.
fn suspect(
    mut unit: Unit,
    own: &[relations::Column],
    foreign: Option<&str>,
    (source, target): (Option<u16>, u16),
) -> Suspect {
    let all = |rows_of_inserts: bool| -> Vec<String> {
        let columns = own.iter().filter(|column| rows_of_inserts || !column.generated);
        columns.map(|column| column.name.clone()).collect()
    };
    let columns_of_each = unit.destinations.iter();
    let columns_of_each =
        columns_of_each.map(|destination| destination.columns.clone().unwrap_or_else(|| all(unit.inserts))).collect();
    let (mut treatments, mut key, mut kept, mut doubtful) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let by_name: HashMap<&str, &relations::Column> = own.iter().map(|column| (column.name.as_str(), column)).collect();
    let (mut has_nested_bytes, mut has_names) = (false, false);
    for name in std::mem::take(&mut unit.form.columns) {
        let Some(column) = by_name.get(name.as_str()) else { continue };
        let (treatment, why) = column.treatment(source, target);
        if let Some(why) = why {
            doubtful.push((kept.len(), format!("{}, column {name:?}: {why}", unit.label())));
        }
        has_nested_bytes |= column.has_nested_bytes();
        has_names |= column.has_names();
        if column.key {
            key.push(kept.len());
        }
        if let Some(sent) = treatment.sent_by() {
            unit.form.sent.insert(name.clone(), sent);
        }
        kept.push(name);
        treatments.push(treatment);
    }
    // Half a key is none.
    if key.len() < own.iter().filter(|column| column.key).count() {
        key.clear();
    }
    unit.form.columns = kept;
    unit.form.hex = foreign.map(str::to_owned);
    let mut suspect = Suspect::new(unit, treatments, key, columns_of_each);
    suspect.doubtful = doubtful;
    (suspect.has_nested_bytes, suspect.has_names) = (has_nested_bytes, has_names);
    suspect
}

async fn large_objects(
    restored: &Restored<'_>,
    session: &Session,
    report: &mut RowsReport<'_>,
) -> Result<(), ClusterError> {
    let dumped = in_database(&restored.scan.large_objects, restored, |(database, _)| database);
    let Some((_, dumped)) = dumped.into_iter().find(|(_, dumped)| dumped.objects > 0) else { return Ok(()) };
    let (objects, pages) = form::large_objects(session).await?;
    report.large_objects(dumped, objects, pages);
    Ok(())
}
