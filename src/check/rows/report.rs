//! What the comparison of rows comes to, for people.

use std::collections::{BTreeMap, BTreeSet};

use pgdump_reader::digest::{Digest, NoDigest};
use pgdump_reader::{Effect, LargeObjectData, TableRows, Unfollowed};

use super::difference::RowDifference;
use super::plan::Unit;
use super::relations::{Alters, Table};
use crate::check::scope::{BY_END, fills, is_of_end, unsaid};
use crate::check::{Apart, ItemKind, Looked, Restored};
use crate::cluster::sql::{identifier, literal};
use crate::counted::counted;
use crate::finding::{Finding, Name};
use crate::source::RowMode;

/// Evidence lines of one finding.
const MOST_NAMED: usize = 5;

/// Gathers what was compared.
pub struct RowsReport<'a> {
    restored: &'a Restored<'a>,
    /// Whether the restore has failed with errors that are open, which explain tables that are empty or not there.
    failed: bool,
    /// Objects and statements that the restore has failed on and that the profile accepts: what it accepts of one table
    /// says nothing of another.
    accepted: Vec<&'a str>,
    pub not_compared: Vec<String>,
    /// What was not compared, by table.
    pub apart: Vec<Apart>,
    /// What the server could not do.
    pub errors: Vec<String>,
    rows: u64,
    tables: u64,
    explained: u64,
    /// Tables whose rows are damaged in the dump: nobody knows what they should hold.
    damaged: u64,
    differing: Vec<Differing>,
    /// The statements of the script that remove or change such rows.
    by_script: Vec<String>,
    /// Those that may have made rows that the dump does not hold.
    may_fill: Vec<String>,
    large_objects: Option<(LargeObjectData, u64, Digest)>,
}

/// Whose doing it is that rows are not as the dump has them.
enum Doing {
    /// It is reported: nothing in the script leaves it open, or the script itself loses them.
    Reported,
    /// The script makes rows that stand nowhere in its text.
    Makes(String),
    /// Nobody can say what they should be.
    Unknown(String),
}

/// Whose the triggers and rules are that may alter a table's rows as they come in.
enum Altering {
    /// There are none, or the restore itself has brought them: what they do is the dump's own doing.
    Nobody,
    /// One that was there before the restore, for people: `trigger t`.
    Target(String),
    /// Why that is not known.
    Unknown(String),
}

/// By those of a table; `was_there` says whether one was there before the restore, where that is known.
fn altering(alters: &[Alters], was_there: impl Fn(&Alters) -> Option<bool>) -> Altering {
    let with = |wanted: Option<bool>| alters.iter().find(|alters| was_there(alters) == wanted);
    match (with(Some(true)), with(Some(false)), with(None)) {
        (_, _, Some(unknown)) => {
            Altering::Unknown(format!("its {unknown} may alter rows, and whether it was there before is not known"))
        }
        (Some(own), Some(brought), None) => Altering::Unknown(format!(
            "its {own}, which was there before, may alter rows, and its {brought}, which the restore brings: which did \
             is not known"
        )),
        (Some(own), None, None) => Altering::Target(own.to_string()),
        (None, _, None) => Altering::Nobody,
    }
}

struct Differing {
    label: String,
    schema: String,
    name: String,
    difference: RowDifference,
}

/// Whether a finding says how the script ended, and not what was lost by that.
fn is_about_end(finding: &Finding) -> bool {
    matches!(finding.name, Name::TransactionOpen | Name::TransactionLost | Name::InputUnread)
}

/// What has changed rows that differ by the signs of zeros alone.
const NEGATIVE_ZERO: &str = "pg_dump --inserts writes floating point numbers without quotes, and SQL reads a negative zero as the \
     integer 0. Dump with COPY, as pg_dump does by itself, where the sign matters.";

/// What of these findings the profile accepts.
fn accepted(restore: &[Finding]) -> Vec<&str> {
    restore
        .iter()
        .filter(|finding| finding.accepted.is_some())
        .flat_map(|finding| finding.hit())
        .map(String::as_str)
        .collect()
}

/// `line 7: DELETE FROM t and 2 other statements`, where there is any.
fn statements(labels: &[String]) -> Option<String> {
    let first = labels.first()?;
    let others = labels.iter().collect::<BTreeSet<_>>().len() - 1;
    Some(match others {
        0 => first.clone(),
        1 => format!("{first} and another statement"),
        _ => format!("{first} and {others} other statements"),
    })
}

impl<'a> RowsReport<'a> {
    pub fn new(restored: &'a Restored<'a>) -> Self {
        Self {
            restored,
            failed: restored.restore_findings.iter().any(|finding| finding.fails() && !is_about_end(finding)),
            accepted: accepted(restored.restore_findings),
            not_compared: Vec::new(),
            apart: Vec::new(),
            errors: Vec::new(),
            rows: 0,
            tables: 0,
            explained: 0,
            damaged: 0,
            differing: Vec::new(),
            by_script: Vec::new(),
            may_fill: Vec::new(),
            large_objects: None,
        }
    }

    pub fn mode(&self) -> RowMode {
        self.restored.rows
    }

    /// A table that the server could not read as it should.
    pub fn could_not(&mut self, unit: &Unit, error: String) {
        self.errors.push(format!("{}: {error}", unit.label()));
        let apart = |(schema, name): &Table| Apart::untested(ItemKind::Rows, (schema, name), error.clone());
        self.apart.extend(unit.tables().iter().map(apart));
    }

    fn set_apart(&mut self, unit: &Unit, why: &str) {
        let apart = |(schema, name): &Table| Apart::not_compared(ItemKind::Rows, (schema, name), why);
        self.apart.extend(unit.tables().iter().map(apart));
    }

    /// A table that holds rows, and none in the dump.
    pub fn should_be_empty(&mut self, (schema, name): Table, rows: u64) {
        let label = format!("{schema}.{name}");
        let difference = RowDifference::all_missing(0, rows);
        match self.doing([(schema.as_str(), name.as_str())].into_iter(), &difference) {
            Doing::Makes(what) => {
                self.not_compared.push(format!("{label}: {what}"));
                self.apart.push(Apart::not_compared(ItemKind::Rows, (&schema, &name), what));
            }
            Doing::Unknown(why) => {
                self.errors.push(format!("{label}: {why}"));
                self.apart.push(Apart::untested(ItemKind::Rows, (&schema, &name), why));
            }
            Doing::Reported => self.differing.push(Differing { label, schema, name, difference }),
        }
    }

    pub fn equal(&mut self, unit: &Unit) {
        if unit.order_unknown && self.mode() == RowMode::Digest {
            let why = "its INSERT statements name no columns, and a table that inherits may have them in another order here \
                       than in the source: dump with --column-inserts, or without --inserts";
            self.could_not(unit, why.to_owned());
            return;
        }
        if let Some(makes) = self.makes(unit) {
            let why = format!(
                "the script itself makes rows of it ({makes}), and none are there beside those that its text holds"
            );
            self.could_not(unit, why);
            return;
        }
        self.rows += unit.rows;
        self.tables += 1;
    }

    /// What the script does to the rows of these tables.
    fn unfollowed<'p>(&self, tables: impl Iterator<Item = (&'p str, &'p str)>) -> Vec<&'a Unfollowed> {
        let place = &self.restored.place;
        let tables: Vec<_> = tables.collect();
        let concerned = |of: &&Unfollowed| {
            tables.iter().any(|(schema, table)| of.concerns(|name| place.is_known_as(name), schema, table))
        };
        self.restored.scan.unfollowed.iter().filter(concerned).collect()
    }

    /// The statement of the script that makes rows of this unit which stand nowhere in its text.
    fn makes(&self, unit: &Unit) -> Option<String> {
        let tables = unit.tables();
        let list = self.unfollowed(tables.iter().map(|(schema, table)| (schema.as_str(), table.as_str())));
        list.into_iter().find(|of| of.effect == Effect::Makes).map(Unfollowed::label)
    }

    /// Whether the restore's own errors say why so many rows are not there: COPY brings all rows or none, each INSERT
    /// stands alone.
    pub fn explains(&self, unit: &Unit, found: u64) -> bool {
        let (schema, name) = &unit.form.table;
        (self.failed || self.is_accepted(schema, name)) && (found == 0 || unit.inserts && found < unit.rows)
            || self.restored.baseline.has_table(schema, name) && !unit.inserts && self.is_refused(schema, name)
    }

    /// Whether the restore has failed on the COPY of this table: what is there was there before.
    fn is_refused(&self, schema: &str, name: &str) -> bool {
        let mut refused = self.restored.restore_findings.iter().filter(|finding| finding.fails());
        refused.any(|finding| finding.hit().any(|object| fills(object, schema, name)))
    }

    /// Whether the profile accepts that the rows of this table were refused.
    fn is_accepted(&self, schema: &str, name: &str) -> bool {
        self.accepted.iter().any(|object| fills(object, schema, name))
    }

    /// What the script itself does to the rows of these tables that are not as the dump has them.
    fn doing<'p>(&mut self, tables: impl Iterator<Item = (&'p str, &'p str)>, difference: &RowDifference) -> Doing {
        let list = self.unfollowed(tables);
        let with = |effect: Effect| list.iter().filter(move |of| of.effect == effect);
        let only_extra = difference.missing == 0 && difference.changed == 0;
        if let Some(makes) = with(Effect::Makes).next().filter(|_| only_extra) {
            return Doing::Makes(format!("the script itself makes rows of it ({})", makes.label()));
        }
        let loses: Vec<String> = with(Effect::Loses).map(|of| of.label()).collect();
        match with(Effect::Unknown).next() {
            // Whoever has made them: the dump does not hold them.
            Some(unknown) if only_extra => {
                self.may_fill.push(unknown.label());
                Doing::Reported
            }
            Some(unknown) if loses.is_empty() => Doing::Unknown(format!(
                "{}; reading the script does not show which rows it should have",
                unknown.label()
            )),
            _ => {
                self.by_script.extend(loses);
                Doing::Reported
            }
        }
    }

    /// The statement of the script behind the first of these rows that changes or removes some of them, or may do so. Where
    /// values are not compared, nothing else would show it.
    fn altered_by_script(&self, unit: &Unit) -> Option<String> {
        let tables = unit.tables();
        let list = self.unfollowed(tables.iter().map(|(schema, table)| (schema.as_str(), table.as_str())));
        // A column more changes no value.
        let alters = |of: &&Unfollowed| of.effect != Effect::Makes && !of.what.ends_with("ADD COLUMN");
        list.into_iter().filter(alters).find(|of| of.last >= unit.line).map(Unfollowed::label)
    }

    /// A table that has rows in the dump and is not there.
    pub fn absent(&mut self, (schema, name): (&str, &str), rows: u64, of_dump: &[&TableRows]) {
        let label = format!("{schema}.{name}");
        let difference = RowDifference::all_missing(rows, 0);
        if let Doing::Unknown(doubt) = self.doing([(schema, name)].into_iter(), &difference) {
            self.errors.push(format!("{label}: {doubt}"));
            self.apart.push(Apart::untested(ItemKind::Rows, (schema, name), doubt));
            return;
        }
        let uncountable = of_dump.iter().find_map(|rows| rows.digest.err().filter(|why| why.is_uncountable()));
        if let Some(why) = uncountable {
            self.errors.push(format!("{label}: it is not there, and {why}"));
            self.apart.push(Apart::untested(ItemKind::Rows, (schema, name), why.to_string()));
            return;
        }
        if self.failed || self.is_accepted(schema, name) {
            self.explained += 1;
            return;
        }
        self.differing.push(Differing { label, schema: schema.to_owned(), name: name.to_owned(), difference });
    }

    /// A table whose rows could only be counted.
    pub fn counted(&mut self, unit: &Unit, found: u64, why: NoDigest) {
        // Rows without columns are all alike: their number is all there is to them.
        let all_alike = unit.form.columns.is_empty();
        let is_wanted = !matches!(why, NoDigest::NotWanted | NoDigest::Damaged) && !all_alike;
        let too_few = found < unit.rows;
        if let Some(statement) = self.altered_by_script(unit).filter(|_| is_wanted && !too_few) {
            self.could_not(unit, format!("{statement}; what is left of its values is not known, because {why}"));
            return;
        }
        // Each query counts as one row, and may have given any number of them.
        if why.is_of_query() && found >= unit.rows {
            self.set_apart(unit, &why.to_string());
            self.not_compared.push(format!("{}: {why}", unit.label()));
            return;
        }
        if why.is_uncountable() {
            self.could_not(unit, format!("{why}, so which rows it should have is not known"));
            return;
        }
        match why {
            _ if all_alike => {}
            NoDigest::NotWanted => self.set_apart(unit, "only counted (--rows count)"),
            _ => {
                self.set_apart(unit, &format!("only counted, because {why}"));
                self.not_compared.push(format!("{}: only counted, because {why}", unit.label()));
            }
        }
        // What is damaged in the dump is the dump's own finding, and nobody knows how many rows it had.
        if why == NoDigest::Damaged {
            self.damaged += 1;
            return;
        }
        // Where an INSERT could not be read, so many rows are the least; an extension brings its own.
        let too_many = found > unit.rows && !unit.relation.of_extension && (all_alike || !unit.inserts);
        if too_few || too_many {
            self.differs(unit, RowDifference::all_missing(unit.rows, found));
        } else {
            self.equal(unit);
        }
    }

    fn altering(&self, unit: &Unit) -> Altering {
        let Unit { relation, form, created, .. } = unit;
        if *created {
            return Altering::Nobody;
        }
        let (schema, name) = &form.table;
        let of = |(schema, name): &Table, alters: &Alters| {
            self.restored.baseline.has_of_table(alters.desc, (schema, name), &alters.name)
        };
        let is_made = self.restored.is_made_by_the_dump();
        altering(&relation.alters, |alters| {
            // What belongs to an extension is in no dump.
            let is_of_target = relation.of_extension
                || of(&(schema.clone(), name.clone()), alters)
                // A partition has those of what it is a part of.
                || relation.root.as_ref().is_some_and(|root| of(root, alters));
            match self.restored.place.own {
                true => Some(is_of_target),
                false if relation.of_extension => Some(true),
                // What others held before was not looked at.
                false => is_made.then_some(false),
            }
        })
    }

    pub fn differs(&mut self, unit: &Unit, difference: RowDifference) {
        if self.explains(unit, difference.found) {
            self.explained += 1;
            return;
        }
        let only_extra = difference.exact && difference.missing == 0 && difference.changed == 0;
        if unit.relation.of_extension && only_extra {
            self.equal(unit);
            return;
        }
        let mut difference = difference;
        let altering = self.altering(unit);
        if let Altering::Unknown(why) = &altering
            && difference.found >= difference.dumped
        {
            return self.could_not(unit, why.clone());
        }
        if let Altering::Target(alters) = altering {
            // What it alters, it may; a row that it drops is lost.
            if difference.found >= difference.dumped {
                if let Some(statement) = self.altered_by_script(unit) {
                    let why = format!("{statement}, and its {alters} may alter rows too: which did is not known");
                    self.could_not(unit, why);
                    return;
                }
                self.set_apart(&unit.clone(), "a trigger or rule of the table may alter rows that come in");
                self.not_compared.push(format!("{}: its {alters} may alter rows that come in", unit.label()));
                return;
            }
            difference = RowDifference::all_missing(difference.dumped, difference.found);
            difference.places = vec![format!("its {alters} was there before the rows, and may have dropped them")];
        }
        // Whatever comes first comes in, so there is one row at least. Rows that pg_dump has written are not in each other's way.
        let dump = self.restored.dump;
        let at_most =
            unit.at_most && !(unit.created && dump.is_some_and(|dump| dump.is_archive() || dump.is_from_pg_dump()));
        if at_most && difference.found > 0 && difference.missing + difference.changed > 0 {
            let why = "its INSERT statements leave out rows that are there (ON CONFLICT DO NOTHING), and some are not as \
                       the script has them: reading it does not show which it should have";
            self.could_not(unit, why.to_owned());
            return;
        }
        let tables = unit.tables();
        match self.doing(tables.iter().map(|(schema, table)| (schema.as_str(), table.as_str())), &difference) {
            Doing::Reported => {}
            Doing::Unknown(why) => return self.could_not(unit, why),
            Doing::Makes(what) => {
                self.set_apart(unit, &what);
                self.not_compared.push(format!("{}: {what}", unit.label()));
                return;
            }
        }
        // PostgreSQL empties unlogged tables when it restarts after a crash (ResetUnloggedRelations in reinit.c).
        if self.restored.restarted && unit.relation.unlogged && difference.missing > 0 {
            let why = "it is unlogged, and the server's processes have ended since the restore, which empties it";
            self.could_not(unit, why.to_owned());
            return;
        }
        let (schema, name) = unit.form.table.clone();
        self.differing.push(Differing { label: unit.label(), schema, name, difference });
    }

    pub fn large_objects(&mut self, dumped: &LargeObjectData, objects: u64, pages: Digest) {
        self.large_objects = Some((*dumped, objects, pages));
    }

    pub fn into_looked(mut self) -> Looked {
        self.differing.sort_by(|a, b| a.label.cmp(&b.label));
        let mut findings = Vec::new();
        findings.extend(self.missing());
        findings.extend(self.changed());
        findings.extend(self.extra());
        findings.extend(self.large_objects_changed());
        let verb = if self.mode() == RowMode::Count { "counted" } else { "compared" };
        let mut looked_at = format!("{} rows in {} tables {verb}", self.rows, self.tables);
        if self.explained > 0 {
            looked_at.push_str(&format!(", {} tables left out that the restore has failed on", self.explained));
        }
        if self.damaged > 0 {
            looked_at
                .push_str(&format!(", {} that are damaged in the dump only counted", counted(self.damaged, "table")));
        }
        let large_objects_lost = self.are_large_objects_lost();
        if let Some((dumped, ..)) = &self.large_objects {
            looked_at.push_str(&format!(", {} large objects", dumped.objects));
        }
        let mut compared = BTreeMap::from([("table".to_owned(), self.tables), ("row".to_owned(), self.rows)]);
        if let Some((dumped, ..)) = &self.large_objects {
            compared.insert("large object".to_owned(), if large_objects_lost { 0 } else { dumped.objects });
        }
        Looked {
            findings,
            looked_at,
            compared,
            lost: self.explained + self.damaged + u64::from(large_objects_lost),
            not_compared: self.not_compared,
            could_not: self.errors,
            apart: self.apart,
            ..Looked::default()
        }
    }

    fn finding(&self, name: Name, number: impl Fn(&RowDifference) -> u64, what: &str) -> Option<(Finding, &Differing)> {
        let hit: Vec<&Differing> = self.differing.iter().filter(|table| number(&table.difference) > 0).collect();
        let first = *hit.first()?;
        let rows: u64 = hit.iter().map(|table| number(&table.difference)).sum();
        let least = if hit.iter().all(|table| table.difference.exact) { "" } else { "at least " };
        let rows = counted(rows, "row");
        let tables = counted(hit.len(), "table");
        let mut finding = Finding::new(name, format!("{least}{rows} of {tables} {what}"));
        finding.count = hit.len() as u64;
        finding.objects = hit.iter().map(|table| format!("TABLE {}", table.label)).collect();
        for table in &hit {
            let RowDifference { dumped, found, places, .. } = &table.difference;
            if dumped != found {
                let label = &table.label;
                finding.evidence.push(format!("{label}: the dump holds {dumped} rows, the database {found}"));
            }
            finding.evidence.extend(places.iter().map(|place| format!("{}: {place}", table.label)));
        }
        finding.evidence.truncate(MOST_NAMED);
        Some((finding, first))
    }

    /// Where the script itself removes or changes rows: which statements, and what to do.
    fn own_doing(&self) -> Option<String> {
        let said = statements(&self.by_script)?;
        Some(format!(
            "The script itself removes or changes rows after it has brought them: {said}. Take that out, or dump again where \
             the source has them."
        ))
    }

    fn missing(&self) -> Option<Finding> {
        let what = format!("did not come back, {}", unsaid(self.restored));
        let (mut finding, first) = self.finding(Name::RowsMissing, |difference| difference.missing, &what)?;
        let by_end = is_of_end(self.restored).then(|| BY_END.to_owned());
        if let Some(fix) = self.own_doing().or(by_end) {
            finding.fix = fix;
        }
        let regclass = literal(&format!("{}.{}", identifier(&first.schema), identifier(&first.name)));
        finding.commands = vec![format!(
            "SELECT to_regclass({regclass}), count(*) FROM {}.{};",
            identifier(&first.schema),
            identifier(&first.name)
        )];
        Some(finding)
    }

    fn changed(&self) -> Option<Finding> {
        let what = format!("came back with different values, {}", unsaid(self.restored));
        let (mut finding, _) = self.finding(Name::RowsChanged, |difference| difference.changed, &what)?;
        let changed = self.differing.iter().filter(|table| table.difference.changed > 0);
        let by_zeros = changed.clone().all(|table| table.difference.zeros == table.difference.changed);
        let zeros = by_zeros.then(|| NEGATIVE_ZERO.to_owned());
        if let Some(fix) = self.own_doing().or(zeros) {
            finding.fix = fix;
        }
        Some(finding)
    }

    fn extra(&self) -> Option<Finding> {
        let what = "exist that the dump does not hold";
        let (mut finding, _) = self.finding(Name::RowsExtra, |difference| difference.extra, what)?;
        finding.fix = match statements(&self.may_fill) {
            Some(said) => format!("The script itself runs what may make rows: {said}. Take that out, or dump again."),
            None => {
                "Restore once, into an empty database: rows existed before, were loaded twice, or were written by a \
                 trigger or a script."
                    .into()
            }
        };
        Some(finding)
    }

    /// Whether the dump's large objects are not there, which the restore's errors explain.
    fn are_large_objects_lost(&self) -> bool {
        let lost = |(dumped, objects, _): &(LargeObjectData, u64, Digest)| dumped.objects > 0 && *objects == 0;
        self.failed && self.large_objects.as_ref().is_some_and(lost)
    }

    fn large_objects_changed(&self) -> Option<Finding> {
        let (dumped, objects, pages) = self.large_objects.as_ref()?;
        if (dumped.objects, dumped.pages) == (*objects, *pages)
            || self.mode() == RowMode::Count && dumped.objects == *objects
        {
            return None;
        }
        if self.are_large_objects_lost() {
            return None;
        }
        let title = if dumped.objects == *objects {
            format!("the {objects} large objects came back with different contents")
        } else {
            format!("the dump holds {} large objects, the database {objects}", dumped.objects)
        };
        let mut finding = Finding::new(Name::LargeObjectsChanged, title);
        finding.evidence =
            vec![format!("the dump holds {} pages of large objects, the database {}", dumped.pages.rows, pages.rows)];
        finding.commands = vec!["SELECT count(*) FROM pg_largeobject_metadata;".into()];
        Some(finding)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trigger_that_the_restore_brings_is_no_excuse_for_rows_that_are_not_as_the_dump_has_them() {
        let who_alters = |list: &[(&str, Option<bool>)]| {
            let alters: Vec<Alters> =
                list.iter().map(|(name, _)| Alters { desc: "TRIGGER", name: (*name).to_owned() }).collect();
            let was_there =
                |alters: &Alters| list.iter().find(|(name, _)| *name == alters.name).and_then(|(_, was)| *was);
            match altering(&alters, was_there) {
                Altering::Nobody => "nobody".to_owned(),
                Altering::Target(alters) => alters,
                Altering::Unknown(_) => "not known".to_owned(),
            }
        };
        assert_eq!(who_alters(&[]), "nobody");
        assert_eq!(who_alters(&[("sw", Some(false))]), "nobody");
        assert_eq!(who_alters(&[("sw", Some(true))]), "trigger sw");
        assert_eq!(who_alters(&[("a", Some(false)), ("sw", Some(true))]), "not known");
        assert_eq!(who_alters(&[("a", Some(true)), ("sw", None)]), "not known");
    }
}
