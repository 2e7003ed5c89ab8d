//! Where rows differ: the dump is read once more for the tables at hand, with what the restored database says of their
//! columns, first to find the buckets that differ and then to look at the rows in a few of them.

use std::collections::{BTreeSet, HashMap};

use pgdump_reader::digest::{self, Digest, Recipe, Treatment};
use pgdump_reader::{Destination, Dump, DumpError, VisitedRow, Visitor};

use super::difference::RowDifference;
use super::form::{self, Form};
use super::plan::Unit;
use crate::cluster::{ClusterError, Session};

/// Rows that are looked at one by one in a table, on each side.
const LOOKED_AT: usize = 20_000;
/// Rows whose place is named.
const MOST_NAMED: usize = 5;

/// A table whose rows are read again.
#[derive(Debug, Clone)]
pub struct Suspect {
    pub unit: Unit,
    /// As the types of the form's columns ask for.
    pub treatments: Vec<Treatment>,
    /// The places, in the form's columns, of the primary key.
    pub key: Vec<usize>,
    /// The columns of each of the unit's destinations, in the order of its rows.
    pub columns: Vec<Vec<String>>,
    /// Whether a column holds bytes inside something else.
    pub has_nested_bytes: bool,
    /// Whether a column holds names of objects.
    pub has_names: bool,
    /// Columns of the form, by place, whose text can be another for the same value, and why.
    pub doubtful: Vec<(usize, String)>,
    /// What was left out of the form for that.
    pub left_out: Vec<String>,
    buckets: Vec<Digest>,
}

impl Suspect {
    pub fn new(unit: Unit, treatments: Vec<Treatment>, key: Vec<usize>, columns: Vec<Vec<String>>) -> Self {
        // A few hundred rows in each.
        let buckets = usize::try_from(unit.rows / 256).unwrap_or(usize::MAX).clamp(64, 65_536).next_power_of_two();
        let buckets = vec![Digest::default(); buckets];
        let (doubtful, left_out) = (Vec::new(), Vec::new());
        let (has_nested_bytes, has_names) = (false, false);
        Self { unit, treatments, key, columns, has_nested_bytes, has_names, doubtful, left_out, buckets }
    }

    /// The same without the columns that are doubtful.
    pub fn without_doubtful(mut self) -> Self {
        let doubtful: BTreeSet<usize> = self.doubtful.iter().map(|(place, _)| *place).collect();
        // A key with such a column is none.
        if self.key.iter().any(|place| doubtful.contains(place)) {
            self.key.clear();
        }
        for place in &mut self.key {
            *place -= doubtful.range(..*place).count();
        }
        let mut place = 0;
        self.unit.form.columns.retain(|_| {
            place += 1;
            !doubtful.contains(&(place - 1))
        });
        place = 0;
        self.treatments.retain(|_| {
            place += 1;
            !doubtful.contains(&(place - 1))
        });
        self.left_out = self.doubtful.drain(..).map(|(_, why)| why).collect();
        self
    }

    /// The same where the server writes bytes in the escape form, as the dump may have them.
    pub fn with_escaped_bytes(mut self) -> Self {
        for treatment in &mut self.treatments {
            if *treatment == Treatment::Bytes {
                *treatment = Treatment::AsIs;
            }
        }
        self
    }

    /// How the rows of one of the unit's destinations become the form.
    pub(super) fn recipe(&self, destination: &Destination) -> Option<Recipe> {
        let number = self.unit.destinations.iter().position(|other| other == destination)?;
        let own = self.columns.get(number)?;
        let wanted = &self.unit.form.columns;
        let order: Option<Vec<usize>> =
            wanted.iter().map(|name| own.iter().position(|column| column == name)).collect();
        let order = order?;
        let mut columns = vec![Treatment::Skip; own.len()];
        for (treatment, at) in self.treatments.iter().zip(&order) {
            columns[*at] = *treatment;
        }
        let hex = self.unit.form.hex.is_some();
        Some(Recipe { columns, order: Some(order), hex })
    }
}

/// Finds out how each suspect differs; `None` for one that does not, read with its columns' types.
pub async fn differences(
    dump: &std::sync::Arc<Dump>,
    suspects: Vec<Suspect>,
    session: &Session,
    show_data: bool,
) -> Result<Vec<(Unit, Option<RowDifference>)>, ClusterError> {
    let (suspects, read) = visit(dump, Buckets { suspects: Suspects::new(suspects) }).await?;
    read?;
    let suspects = suspects.suspects;
    let mut searches = Vec::new();
    let mut equal = Vec::new();
    for suspect in suspects.list {
        let found = form::buckets(session, &suspect.unit.form, suspect.buckets.len()).await?;
        let differing: Vec<usize> =
            (0..found.len()).filter(|bucket| found[*bucket] != suspect.buckets[*bucket]).collect();
        if differing.is_empty() {
            equal.push((suspect.unit, None));
            continue;
        }
        searches.push(Search::new(suspect, &found, differing));
    }
    let (searches, read) = visit(dump, Rows { searches: Suspects::new(searches), show_data }).await?;
    read?;
    let mut differences = equal;
    for search in searches.searches.list {
        let buckets = search.suspect.buckets.len();
        let wanted: Vec<i32> = search.wanted.iter().filter_map(|bucket| i32::try_from(*bucket).ok()).collect();
        let most = LOOKED_AT as i64;
        let found = form::rows_of(session, &search.suspect.unit.form, buckets, &wanted, most).await?;
        let difference = search.compare(found);
        differences.push((search.suspect.unit, Some(difference)));
    }
    Ok(differences)
}

/// Reads the dump on a thread of its own.
pub(super) async fn visit<V: Visitor + 'static>(
    dump: &std::sync::Arc<Dump>,
    mut visitor: V,
) -> Result<(V, Result<(), ClusterError>), ClusterError> {
    let dump = std::sync::Arc::clone(dump);
    let read = tokio::task::spawn_blocking(move || {
        let read: Result<(), DumpError> = dump.visit(&mut visitor);
        (visitor, read)
    });
    let (visitor, read) = read.await.map_err(|error| cannot_read(&error.to_string()))?;
    Ok((visitor, read.map_err(|error| cannot_read(&error.to_string()))))
}

fn cannot_read(reason: &str) -> ClusterError {
    ClusterError::Refused { step: "cannot read the dump once more".into(), reason: reason.to_owned() }
}

/// Suspects, found by the destinations of their rows.
struct Suspects<T> {
    list: Vec<T>,
    by_destination: HashMap<Destination, usize>,
}

impl<T: AsSuspect> Suspects<T> {
    fn new(list: Vec<T>) -> Self {
        let each = list.iter().enumerate().flat_map(|(index, one)| {
            one.suspect().unit.destinations.iter().map(move |destination| (destination.clone(), index))
        });
        let by_destination = each.collect();
        Self { list, by_destination }
    }

    fn at(&mut self, destination: &Destination) -> Option<&mut T> {
        self.list.get_mut(*self.by_destination.get(destination)?)
    }

    fn may_want(&self, destination: &Destination) -> bool {
        self.by_destination
            .keys()
            .any(|wanted| (&wanted.schema, &wanted.table) == (&destination.schema, &destination.table))
    }
}

trait AsSuspect {
    fn suspect(&self) -> &Suspect;
}

impl AsSuspect for Suspect {
    fn suspect(&self) -> &Suspect {
        self
    }
}

/// Adds up rows by bucket.
struct Buckets {
    suspects: Suspects<Suspect>,
}

impl Visitor for Buckets {
    fn may_want(&self, destination: &Destination) -> bool {
        self.suspects.may_want(destination)
    }

    fn wants(&mut self, destination: &Destination) -> Option<Recipe> {
        self.suspects.at(destination)?.recipe(destination)
    }

    fn row(&mut self, destination: &Destination, mut row: VisitedRow<'_>) {
        if let Some(suspect) = self.suspects.at(destination) {
            let hash = row.hash();
            let bucket = bucket(hash, suspect.buckets.len());
            suspect.buckets[bucket].add(hash);
        }
    }
}

fn bucket(hash: i64, buckets: usize) -> usize {
    // As the server does: the lowest bits, whatever the sign.
    (hash as u64 & (buckets as u64 - 1)) as usize
}

/// A table whose differing buckets are known.
struct Search {
    suspect: Suspect,
    found: u64,
    dumped: u64,
    wanted: BTreeSet<usize>,
    /// What is known of the differing buckets that are not looked at, by the number of their rows alone.
    unseen: Unseen,
    rows: Vec<DumpRow>,
}

/// Rows that differ in buckets of which the rows are not looked at: at least so many.
#[derive(Debug, Default, PartialEq, Eq)]
struct Unseen {
    missing: u64,
    extra: u64,
}

impl Unseen {
    /// A bucket of so many rows in the dump and in the database, that differs.
    fn add(&mut self, ours: u64, theirs: u64) {
        self.missing += ours.saturating_sub(theirs);
        self.extra += theirs.saturating_sub(ours);
        if ours == theirs {
            // As many rows, and others: one of the dump's is not there, and another one is.
            self.missing += 1;
            self.extra += 1;
        }
    }
}

struct DumpRow {
    hash: i64,
    number: u64,
    /// In the order of the form's columns.
    values: Vec<i64>,
    /// The key's values, where values may be shown.
    key: Option<String>,
}

impl AsSuspect for Search {
    fn suspect(&self) -> &Suspect {
        &self.suspect
    }
}

impl Search {
    fn new(suspect: Suspect, found: &[Digest], differing: Vec<usize>) -> Self {
        let all_rows = |digests: &[Digest]| digests.iter().map(|digest| digest.rows).sum();
        let (mut room, mut wanted, mut unseen) = (LOOKED_AT as u64, BTreeSet::new(), Unseen::default());
        for bucket in differing {
            let (theirs, ours) = (found[bucket].rows, suspect.buckets[bucket].rows);
            // Rows that are all alike share a bucket, however many they are; behind it there may be smaller ones.
            match room.checked_sub(theirs.max(ours)) {
                Some(left) => {
                    room = left;
                    wanted.insert(bucket);
                }
                None => unseen.add(ours, theirs),
            }
        }
        let (found, dumped) = (all_rows(found), all_rows(&suspect.buckets));
        Self { unseen, suspect, found, dumped, wanted, rows: Vec::new() }
    }

    /// Compares the rows of the buckets, those of the dump with those that were found.
    fn compare(&self, found: Vec<(i64, Vec<i64>)>) -> RowDifference {
        let mut theirs: HashMap<i64, Vec<Vec<i64>>> = HashMap::new();
        for (hash, values) in found {
            theirs.entry(hash).or_default().push(values);
        }
        // What both have is taken away; what is left differs.
        let mut ours = Vec::new();
        for row in &self.rows {
            match theirs.get_mut(&row.hash) {
                Some(same) if !same.is_empty() => {
                    same.pop();
                }
                _ => ours.push(row),
            }
        }
        let mut extra: u64 = 0;
        let mut by_key: HashMap<Vec<i64>, Vec<Vec<i64>>> = HashMap::new();
        for values in theirs.into_values().flatten() {
            extra += 1;
            by_key.entry(self.key(&values)).or_default().push(values);
        }
        let mut difference = RowDifference {
            dumped: self.dumped,
            found: self.found,
            missing: self.unseen.missing,
            exact: self.unseen == Unseen::default(),
            ..RowDifference::default()
        };
        for row in ours {
            let place = format!("row {} of the dump{}", row.number, row.key.as_deref().unwrap_or_default());
            let has_room = difference.places.len() < MOST_NAMED;
            let has_key = !self.suspect.key.is_empty();
            let same = by_key.get_mut(&self.key(&row.values)).filter(|_| has_key);
            match same.and_then(Vec::pop) {
                Some(other) => {
                    extra -= 1;
                    difference.changed += 1;
                    difference.zeros += u64::from(self.lost_signs_of_zero(&row.values, &other));
                    if has_room {
                        let columns = self.changed(&row.values, &other);
                        difference.places.push(format!("{place}: {columns}"));
                    }
                }
                None => {
                    difference.missing += 1;
                    if has_room {
                        difference.places.push(format!("{place} is not there as the dump has it"));
                    }
                }
            }
        }
        difference.extra = extra + self.unseen.extra;
        difference
    }

    fn key(&self, values: &[i64]) -> Vec<i64> {
        self.suspect.key.iter().filter_map(|place| values.get(*place)).copied().collect()
    }

    /// Whether all that differs is that a negative zero is a zero here. INSERT statements hold numbers without quotes
    /// (dumpTableData_insert in src/bin/pg_dump/pg_dump.c), and `-0` is then the integer 0.
    fn lost_signs_of_zero(&self, one: &[i64], other: &[i64]) -> bool {
        let pairs = one.iter().zip(other).zip(&self.suspect.treatments);
        self.suspect.unit.inserts
            && pairs.into_iter().all(|((one, other), treatment)| one == other || is_lost_sign(*treatment, *one, *other))
    }

    fn changed(&self, one: &[i64], other: &[i64]) -> String {
        let columns = self.suspect.unit.form.columns.iter().enumerate();
        let differ = columns.filter(|(place, _)| one.get(*place) != other.get(*place));
        let names: Vec<String> = differ.map(|(_, name)| format!("{name:?}")).collect();
        match names.as_slice() {
            [one] => format!("column {one} differs"),
            many => format!("columns {} differ", many.join(", ")),
        }
    }
}

/// Whether these are the hashes of a negative zero and of a zero.
fn is_lost_sign(treatment: Treatment, one: i64, other: i64) -> bool {
    let zeros = match treatment {
        Treatment::Real => ["80000000", "00000000"],
        Treatment::Double => ["8000000000000000", "0000000000000000"],
        _ => return false,
    };
    zeros.map(|digits| digest::hash(digits.as_bytes())) == [one, other]
}

/// Keeps the rows of the buckets that differ.
struct Rows {
    searches: Suspects<Search>,
    show_data: bool,
}

impl Visitor for Rows {
    fn may_want(&self, destination: &Destination) -> bool {
        self.searches.may_want(destination)
    }

    fn wants(&mut self, destination: &Destination) -> Option<Recipe> {
        self.searches.at(destination)?.suspect.recipe(destination)
    }

    fn row(&mut self, destination: &Destination, mut row: VisitedRow<'_>) {
        let Some(search) = self.searches.at(destination) else { return };
        let hash = row.hash();
        if !search.wanted.contains(&bucket(hash, search.suspect.buckets.len())) || search.rows.len() >= LOOKED_AT {
            return;
        }
        let Some(order) = search.suspect.recipe(destination).and_then(|recipe| recipe.order) else { return };
        let all = row.value_hashes();
        let values = order.iter().filter_map(|at| all.get(*at)).copied().collect();
        let key = self.show_data.then(|| key_of(&search.suspect, &order, &row)).flatten();
        search.rows.push(DumpRow { hash, number: row.number, values, key });
    }
}

/// ` (id = 4711)`
fn key_of(suspect: &Suspect, order: &[usize], row: &VisitedRow<'_>) -> Option<String> {
    let form: &Form = &suspect.unit.form;
    let parts: Vec<String> = suspect
        .key
        .iter()
        .map(|place| {
            let value = order.get(*place).and_then(|at| row.row().values().nth(*at)).flatten().unwrap_or_default();
            format!("{} = {}", form.columns[*place], String::from_utf8_lossy(value))
        })
        .collect();
    (!parts.is_empty()).then(|| format!(" ({})", parts.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_negative_zero_that_is_a_zero_is_distinguished_from_another_value() {
        let of = |text: &str| digest::hash(text.as_bytes());
        assert!(is_lost_sign(Treatment::Real, of("80000000"), of("00000000")));
        assert!(is_lost_sign(Treatment::Double, of("8000000000000000"), of("0000000000000000")));
        assert!(!is_lost_sign(Treatment::Double, of("0000000000000000"), of("8000000000000000")));
        assert!(!is_lost_sign(Treatment::Real, of("80000001"), of("00000000")));
        assert!(!is_lost_sign(Treatment::AsIs, of("80000000"), of("00000000")));
    }
}
