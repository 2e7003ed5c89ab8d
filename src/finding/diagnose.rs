//! From failures to findings: each root cause once, with what failed only because of it.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::recognise::{Cause, recognise};
use super::{Failure, Finding, Name, Severity, fixes};
use crate::dump::{Content, Damage, Dump, TocEntry, features_in};
use crate::profile::Target;

/// What is known beside the failures themselves.
pub struct Situation<'a> {
    pub dump: &'a Dump,
    /// What is wrong with the dump itself, as a full pass over it has found.
    pub damage: &'a [Damage],
    pub target: &'a Target,
    /// The major version of the client that restored.
    pub client: &'a str,
    /// The major version of the server, where it is known.
    pub server: Option<u16>,
    /// Whether row values may be shown.
    pub show_data: bool,
}

/// Findings of a restore, by severity, then by name.
pub fn diagnose(failures: &[Failure], situation: &Situation) -> Vec<Finding> {
    let archive = Entries::of(situation.dump);
    let mut causes: BTreeMap<Cause, Found> = BTreeMap::new();
    // What has failed so far, by entry and by the object that a statement would have made.
    let mut by_entry: HashMap<i32, Cause> = HashMap::new();
    let mut by_object: HashMap<String, Cause> = HashMap::new();
    let mut before: Option<Cause> = None;
    for failure in failures {
        let own = of_version(failure, recognise(failure), situation.server);
        let earlier = Earlier { by_entry: &by_entry, by_object: &by_object, before: before.as_ref(), causes: &causes };
        let root =
            of_damage(failure, &own, situation.damage).or_else(|| consequence_of(failure, &own, &archive, &earlier));
        let is_consequence = root.is_some();
        let cause = root.unwrap_or(own);
        before = Some(cause.clone());
        if let Some(entry) = failure.entry {
            by_entry.entry(entry).or_insert_with(|| cause.clone());
        }
        if let Some(object) = created_object(failure) {
            by_object.entry(object).or_insert_with(|| cause.clone());
        }
        causes.entry(cause).or_default().add(failure, is_consequence, &archive, situation.show_data);
    }
    let mut findings: Vec<Finding> =
        causes.into_iter().map(|(cause, found)| found.into_finding(&cause, situation)).collect();
    findings.sort_by(|a, b| b.severity.cmp(&a.severity).then_with(|| a.name.as_str().cmp(b.name.as_str())));
    findings
}

/// The archive's entries by dump id; nothing for a plain dump.
struct Entries<'a>(HashMap<i32, &'a TocEntry>);

impl<'a> Entries<'a> {
    fn of(dump: &'a Dump) -> Self {
        match &dump.content {
            Content::Archive(archive) => Self(archive.entries.iter().map(|entry| (entry.id, entry)).collect()),
            Content::Plain(_) => Self(HashMap::new()),
        }
    }

    /// The first cause among all that an entry depends on.
    fn failed_dependency(&self, entry: i32, failed: &HashMap<i32, Cause>) -> Option<Cause> {
        let mut seen = HashSet::from([entry]);
        let mut open = vec![entry];
        while let Some(id) = open.pop() {
            if id != entry
                && let Some(cause) = failed.get(&id)
            {
                return Some(cause.clone());
            }
            for dependency in self.0.get(&id).into_iter().flat_map(|entry| &entry.dependencies) {
                if seen.insert(*dependency) {
                    open.push(*dependency);
                }
            }
        }
        None
    }

    /// `TABLE public.orders`, `ACL TABLE public.orders`.
    fn label(&self, id: i32) -> Option<String> {
        self.0.get(&id).map(|entry| entry.label())
    }
}

/// What failed before.
struct Earlier<'a> {
    by_entry: &'a HashMap<i32, Cause>,
    by_object: &'a HashMap<String, Cause>,
    /// The failure just before.
    before: Option<&'a Cause>,
    causes: &'a BTreeMap<Cause, Found>,
}

/// A statement that uses what the server's version lacks, and that the server did not understand, has failed for that.
fn of_version(failure: &Failure, own: Cause, server: Option<u16>) -> Cause {
    // syntax_error, undefined object and function, feature_not_supported, invalid parameter, invalid definition.
    let states = ["42601", "42704", "42883", "0A000", "22023", "42P13", "42P17"];
    let (Some(server), Some(statement)) = (server, failure.statement.as_deref()) else { return own };
    if own.name != Name::UnclassifiedError || !states.iter().any(|state| failure.is(state)) {
        return own;
    }
    let lacking = features_in(statement).into_iter().find(|feature| feature.lacks(server));
    lacking.map_or(own, |feature| Cause { name: Name::FeatureMissing, subject: feature.name.to_owned() })
}

/// Whether a failure only follows from what is wrong with the dump itself: the client ends where the archive does, the
/// server loses its client, and the rows of a table that is cut off are not whole.
fn of_damage(failure: &Failure, own: &Cause, damage: &[Damage]) -> Option<Cause> {
    if damage.is_empty() || !matches!(own.name, Name::UnclassifiedError | Name::ClientFailed) {
        return None;
    }
    // connection_failure, protocol_violation.
    let lost = failure.is("08006") || failure.is("08P01");
    let copied = failure.statement.as_deref().and_then(|statement| statement.strip_prefix("COPY "));
    // query_canceled: by a parallel job that ends early.
    let cut_off = copied.is_some_and(|copied| {
        let table =
            plain_name(copied.split(" (").next().and_then(|name| name.split(" FROM ").next()).unwrap_or(copied));
        let mut cut = damage.iter().filter_map(|damage| damage.table.as_deref());
        failure.is("57014") || cut.any(|cut| plain_name(cut) == table)
    });
    let follows = failure.sqlstate.is_none() || lost || cut_off;
    follows.then(|| Cause { name: Name::DumpTruncated, subject: String::new() })
}

/// Whether a failure only follows from an earlier one, and which cause that had.
fn consequence_of(failure: &Failure, own: &Cause, archive: &Entries, earlier: &Earlier) -> Option<Cause> {
    if !matches!(own.name, Name::UnclassifiedError | Name::ClientFailed) {
        return None;
    }
    // What psql says when it takes rows for statements, because the COPY before them failed.
    let rows_as_sql = failure.is("42601") || failure.message.starts_with("backslash commands are restricted");
    // undefined table, object, function, column, schema, database; datatype mismatch.
    let misses_something =
        ["42P01", "42704", "42883", "42703", "3F000", "3D000", "42804"].iter().any(|state| failure.is(state));
    // foreign_key_violation: rows that point to those of a table whose COPY failed.
    if failure.is("23503") {
        return referenced_table(failure).and_then(|table| earlier.by_object.get(&table)).cloned();
    }
    if !rows_as_sql && !misses_something {
        return None;
    }
    // What an archive's entry makes is then altered: ALTER … OWNER TO.
    if let Some(cause) = failure.entry.and_then(|entry| earlier.by_entry.get(&entry)) {
        return Some(cause.clone());
    }
    if let Some(entry) = failure.entry
        && let Some(cause) = archive.failed_dependency(entry, earlier.by_entry)
    {
        return Some(cause);
    }
    if rows_as_sql {
        return earlier.before.cloned().filter(|_| failure.entry.is_none());
    }
    let routine = ["function ", "procedure ", "aggregate "];
    let routine = routine.iter().find_map(|kind| failure.message.strip_prefix(kind)?.split('(').next());
    // `collation "c" for encoding "UTF8" does not exist`: the name can hold quotes, or others can follow it.
    let first = failure.message.split('"').nth(1);
    let mut named = [failure.quoted(), first, routine].into_iter().flatten();
    if let Some(cause) = named.find_map(|name| earlier.by_object.get(&plain_name(name))) {
        return Some(cause.clone());
    }
    // A type, function or operator that nothing in the dump makes: an extension would have brought it.
    let from_extension = failure.is("42704") || failure.is("42883");
    let mut extensions = earlier
        .causes
        .keys()
        .filter(|cause| matches!(cause.name, Name::ExtensionUnavailable | Name::ExtensionNotAllowed));
    extensions.next().filter(|_| from_extension && failure.entry.is_none()).cloned()
}

/// The table that `ALTER TABLE … ADD … FOREIGN KEY (…) REFERENCES table(…)` points to, by its name without schema.
fn referenced_table(failure: &Failure) -> Option<String> {
    let (_, table) = failure.statement.as_deref()?.split_once(" REFERENCES ")?;
    table.split_whitespace().next().map(plain_name)
}

/// What a `CREATE` statement would have made, by its name without schema; for plain dumps, which have no entries.
fn created_object(failure: &Failure) -> Option<String> {
    let statement = failure.statement.as_deref()?;
    let mut words = statement.split_whitespace();
    let first = words.next()?;
    if first.eq_ignore_ascii_case("COPY") {
        return words.next().map(plain_name);
    }
    if !first.eq_ignore_ascii_case("CREATE") {
        return None;
    }
    const KINDS: [&str; 19] = [
        "SUBSCRIPTION",
        "PUBLICATION",
        "STATISTICS",
        "TRIGGER",
        "WRAPPER",
        "SERVER",
        "TABLE",
        "TYPE",
        "DOMAIN",
        "SCHEMA",
        "SEQUENCE",
        "FUNCTION",
        "PROCEDURE",
        "VIEW",
        "AGGREGATE",
        "OPERATOR",
        "DATABASE",
        "COLLATION",
        "EXTENSION",
    ];
    words.find(|word| KINDS.contains(word))?;
    words.find(|word| !["IF", "NOT", "EXISTS", "CLASS", "FAMILY"].contains(word)).map(plain_name)
}

/// The last part of a name, without quotes and arguments.
fn plain_name(name: &str) -> String {
    let name = name.split('(').next().unwrap_or(name);
    name.rsplit('.').next().unwrap_or(name).trim_matches(['"', ';']).to_owned()
}

/// What belongs to one cause.
#[derive(Debug)]
struct Found {
    count: u64,
    consequences: u64,
    objects: Vec<String>,
    seen: HashSet<String>,
    evidence: Vec<String>,
    /// The first failure that is not a consequence.
    hint: Option<String>,
    /// Whether nothing but the session's own settings was refused.
    only_preamble: bool,
}

impl Default for Found {
    fn default() -> Self {
        Self {
            count: 0,
            consequences: 0,
            objects: Vec::new(),
            seen: HashSet::new(),
            evidence: Vec::new(),
            hint: None,
            only_preamble: true,
        }
    }
}

/// Lines of evidence that a finding carries; the objects are all there, the server's words repeat.
const MOST_EVIDENCE: usize = 3;

impl Found {
    fn add(&mut self, failure: &Failure, consequence: bool, archive: &Entries, show_data: bool) {
        self.count += 1;
        self.consequences += u64::from(consequence);
        self.only_preamble &= failure.statement.as_deref().is_some_and(is_preamble);
        let statement = failure.shown_statement(show_data);
        let object =
            failure.entry.and_then(|entry| archive.label(entry)).or_else(|| match (failure.line, &statement) {
                (Some(line), Some(statement)) => Some(format!("line {line}: {statement}")),
                (None, Some(statement)) => Some(statement.clone()),
                (Some(line), None) => Some(format!("line {line}")),
                (None, None) => None,
            });
        if let Some(object) = object
            && self.seen.insert(object.clone())
        {
            self.objects.push(object);
        }
        if !consequence && self.evidence.len() < MOST_EVIDENCE {
            let state = failure.sqlstate.as_deref().map(|state| format!(" ({state})")).unwrap_or_default();
            let line = format!("{}{state}", failure.shown_message(show_data));
            if !self.evidence.contains(&line) {
                self.evidence.push(line);
            }
            if self.hint.is_none() {
                self.hint = failure.hint.clone();
            }
        }
    }

    fn into_finding(self, cause: &Cause, situation: &Situation) -> Finding {
        let mut finding = Finding::new(cause.name, fixes::title(cause, &self.evidence, situation));
        finding.count = self.count;
        finding.objects = self.objects;
        finding.evidence = self.evidence;
        finding.evidence.extend(self.hint.map(|hint| format!("HINT: {hint}")));
        if self.consequences > 0 {
            let of = self.consequences;
            finding.evidence.push(format!("{of} of the {} failed only because of an earlier one", self.count));
        }
        // A preamble's parameter only shapes how the session restores; one of a function or a role takes that with it.
        if cause.name == Name::SettingUnknown && !self.only_preamble {
            finding.severity = Severity::Error;
        }
        fixes::fix(&mut finding, cause, situation);
        finding
    }
}

/// Whether a statement only sets a parameter of the session.
fn is_preamble(statement: &str) -> bool {
    let statement = statement.trim_start();
    statement.starts_with("SET ") || statement.starts_with("SELECT pg_catalog.set_config(")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile;

    fn failure(sqlstate: &str, message: &str, statement: &str) -> Failure {
        Failure {
            sqlstate: Some(sqlstate.into()),
            message: message.into(),
            statement: Some(statement.into()),
            ..Failure::default()
        }
    }

    fn diagnosed(failures: &[Failure]) -> Vec<(Name, u64)> {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("demo/shop.dump");
        let dump = crate::dump::open(&path).unwrap();
        let target = profile::parse("name: a\npostgres: 17\n", "a").unwrap();
        let situation =
            Situation { dump: &dump, target: &target, client: "17", server: Some(17), damage: &[], show_data: false };
        diagnose(failures, &situation).into_iter().map(|finding| (finding.name, finding.count)).collect()
    }

    const FOREIGN_KEY: &str = "ALTER TABLE ONLY shop.orders\n    ADD CONSTRAINT orders_customer_id_fkey FOREIGN KEY \
                               (customer_id) REFERENCES shop.customers(id);";

    #[test]
    fn a_foreign_key_to_rows_that_did_not_come_is_a_consequence() {
        let copy = failure(
            "22P05",
            "character with byte sequence 0xc5 0x81 in encoding \"UTF8\" has no equivalent in encoding \"LATIN1\"",
            "COPY shop.customers (id, name) FROM stdin;",
        );
        let key = failure("23503", "insert or update on table \"orders\" violates foreign key constraint", FOREIGN_KEY);
        assert_eq!(diagnosed(&[copy, key]), [(Name::EncodingUnrepresentable, 2)]);
    }

    #[test]
    fn a_foreign_key_that_is_violated_although_all_rows_came_is_a_cause() {
        let other = failure("22P05", "…", "COPY shop.products (id, name) FROM stdin;");
        let key = failure("23503", "insert or update on table \"orders\" violates foreign key constraint", FOREIGN_KEY);
        let found = diagnosed(&[other, key]);
        assert!(found.contains(&(Name::UnclassifiedError, 1)), "{found:?}");
    }
}
