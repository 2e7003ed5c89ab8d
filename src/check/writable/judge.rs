//! What a refused insert says.

use std::collections::BTreeSet;

use super::insert::{Refused, STATEMENT_TIMEOUT, Tried};
use super::tables::Table;
use crate::check::Restored;
use crate::cluster::was_cancelled;
use crate::finding::mask::Mask;
use crate::finding::{Finding, Name, Severity};

/// What a try comes to.
#[derive(Debug)]
pub enum Verdict {
    Wrote,
    Finding(WriteFailure, Refused),
    /// Something that the insert uses is not there, or not where it looks.
    Broken(Refused),
    /// A foreign key refuses the copy of a row that is there.
    Orphan(Refused),
    /// Nothing is proved, and why.
    Unproved(String),
    CouldNot(String),
}

/// Why rows cannot be written; one finding each, in this order.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum WriteFailure {
    /// The generated key is there already.
    KeyTaken,
    /// The sequence has no more values.
    SequenceEnd,
    /// What the server says that it does not find.
    Undefined(String),
    /// It is found with the table's schema in `search_path`.
    SearchPath,
    /// The dump lets the role insert; the database does not.
    NoInsert,
    /// What the role lacks beyond INSERT: `permission denied for sequence`.
    Denied(String),
    /// Row level security without a policy for the role.
    Shut,
    Orphan,
    ReadOnly,
    /// Anything else that is no matter of values.
    Other(String, String),
}

/// Why a constraint's refusal proves nothing.
pub const CONSTRAINT: &str = "a constraint refuses the values that pgrehearse could write";

/// What verdicts are made with.
pub struct Known<'a> {
    /// Unique indexes in which a generated key can collide.
    pub indexes: BTreeSet<(String, String)>,
    pub restored: &'a Restored<'a>,
}

/// Whether something does not exist, as the server sees it.
pub fn is_undefined(refused: &Refused) -> bool {
    // A setting of the application's own, which it makes before it writes: current_setting('app.user').
    let of_application = matches!(refused.routine.as_deref(), Some("GetConfigOptionByName" | "find_option"));
    let states = ["42P01", "42883", "42703", "42704", "3F000", "58P01"];
    !of_application && states.contains(&refused.sqlstate.as_str())
}

/// Whether it did not come to its end.
pub fn ran_out(refused: &Refused) -> bool {
    matches!(refused.sqlstate.as_str(), "57014" | "55P03") || refused.sqlstate.starts_with("53")
}

impl Known<'_> {
    /// What a try says; `copied` is whether it wrote the values of a row that is there.
    pub fn verdict(&self, table: &Table, tried: &Tried, copied: bool) -> Verdict {
        let refused = match tried {
            Tried::Wrote(_) => return Verdict::Wrote,
            Tried::Refused(refused) => refused.clone(),
        };
        if ran_out(&refused) {
            let why = match refused.sqlstate.as_str() {
                state if was_cancelled(state, refused.routine.as_deref()) => {
                    format!("an insert did not end within {STATEMENT_TIMEOUT}")
                }
                // A trigger can raise any SQLSTATE, with a row's values in its words.
                state => {
                    let said = self.restored.mask.message(&refused.message, Some(state), refused.voice);
                    format!("{said} ({state})")
                }
            };
            return Verdict::CouldNot(why);
        }
        if is_undefined(&refused) {
            return match self.explained(&refused) {
                Some(by) => Verdict::Unproved(format!("it needs what the finding {by} says is missing")),
                None => Verdict::Broken(refused),
            };
        }
        match refused.sqlstate.as_str() {
            "23505" if self.is_key(&refused) => match self.is_explained(table, &refused) {
                true => Verdict::Unproved(format!("its key collides, as {} says", Name::SequenceBehind)),
                false => Verdict::Finding(WriteFailure::KeyTaken, refused),
            },
            "2200H" => match self.is_found_exhausted(&refused) {
                true => Verdict::Unproved(format!("its sequence is at its end, as {} says", Name::SequenceExhausted)),
                false => Verdict::Finding(WriteFailure::SequenceEnd, refused),
            },
            // Only where the constraint is the table's own: a trigger may have written elsewhere.
            "23503" if copied && self.is_own(table, &refused) => Verdict::Orphan(refused),
            "42501" if refused.routine.as_deref() == Some("ExecWithCheckOptions") => match table.shut {
                true => Verdict::Finding(WriteFailure::Shut, refused),
                false => Verdict::Unproved("row level security refuses the values that pgrehearse could write".into()),
            },
            "42501" => Verdict::Finding(WriteFailure::Denied(denied_shape(&refused.message)), refused),
            "25006" => Verdict::Finding(WriteFailure::ReadOnly, refused),
            "42704" => Verdict::Unproved("it reads a setting that the application makes".into()),
            state if state.starts_with("23") => Verdict::Unproved(CONSTRAINT.into()),
            // Syntax, types and ambiguity inside of functions, broken storage, system errors.
            state if state.starts_with("42") || state.starts_with("XX") || state.starts_with("58") => {
                Verdict::Finding(WriteFailure::Other(state.to_owned(), refused.message.clone()), refused)
            }
            state if state.starts_with("22") => Verdict::Unproved(format!(
                "a default or trigger refuses the values that pgrehearse could write ({state})"
            )),
            "P0001" => Verdict::Unproved("a trigger of its own refuses the row".into()),
            state => Verdict::Unproved(format!("the server refuses the row ({state})")),
        }
    }

    fn is_own(&self, table: &Table, refused: &Refused) -> bool {
        refused.schema.as_deref() == Some(&table.schema) && refused.table.as_deref() == Some(&table.name)
    }

    /// Whether the index that refused holds a generated key.
    fn is_key(&self, refused: &Refused) -> bool {
        match (&refused.schema, &refused.constraint) {
            (Some(schema), Some(index)) => self.indexes.contains(&(schema.clone(), index.clone())),
            _ => false,
        }
    }

    /// Whether the check of sequences has reported it: a column of the table, or of the one that was refused, is named in
    /// its evidence.
    fn is_explained(&self, table: &Table, refused: &Refused) -> bool {
        let mut columns: Vec<String> = table.keys.iter().map(|key| format!("{}.{key} ", table.label())).collect();
        if let (Some(schema), Some(other)) = (&refused.schema, &refused.table) {
            columns.extend(table.keys.iter().map(|key| format!("{schema}.{other}.{key} ")));
            columns.push(format!("{schema}.{other}."));
        }
        let behind = self.restored.earlier.iter().filter(|finding| finding.name == Name::SequenceBehind);
        behind.flat_map(|finding| &finding.evidence).any(|line| columns.iter().any(|column| line.starts_with(column)))
    }

    fn is_found_exhausted(&self, refused: &Refused) -> bool {
        let exhausted = self.restored.earlier.iter().filter(|finding| finding.name == Name::SequenceExhausted);
        // `nextval: reached maximum value of sequence "name" (9)`: names can hold dots, so nothing is cut off at one.
        let named = refused.message.split_once('"').and_then(|(_, rest)| Some(rest.rsplit_once('"')?.0));
        let end = format!(".{}", named.unwrap_or_default());
        named.is_some() && exhausted.flat_map(|finding| &finding.objects).any(|object| object.ends_with(&end))
    }

    /// The restore's finding that explains why something is missing: an extension that could not be created, or the very
    /// object.
    fn explained(&self, refused: &Refused) -> Option<Name> {
        let of_extension = matches!(refused.sqlstate.as_str(), "42883" | "42704" | "58P01" | "3F000");
        let subject = subject(&refused.message);
        let explains = |finding: &&Finding| match finding.name {
            Name::ExtensionUnavailable | Name::ExtensionNotAllowed if of_extension => true,
            _ => subject.is_some_and(|subject| {
                let names = |text: &str| words(text).any(|word| word == subject);
                let texts = finding.objects.iter().chain(&finding.evidence);
                texts.map(String::as_str).any(names) || finding.subject.as_ref().is_some_and(|of| names(&of.text()))
            }),
        };
        self.restored.restore_findings.iter().find(explains).map(|finding| finding.name)
    }
}

/// The last part of the name that a message is about: `log` of `relation "audit.log" does not exist`, `digest` of
/// `function digest(text, unknown) does not exist`.
fn subject(message: &str) -> Option<&str> {
    let name = match message.split_once('"') {
        Some((_, rest)) => rest.rsplit_once('"')?.0,
        None => message.strip_prefix("function ")?.split('(').next()?,
    };
    let last = name.rsplit('.').next().unwrap_or(name).trim();
    (!last.is_empty()).then_some(last)
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !(c.is_alphanumeric() || c == '_' || c == '$')).filter(|word| !word.is_empty())
}

/// A refusal without the name of what was refused, except for a schema, which is the cause for all in it.
fn denied_shape(message: &str) -> String {
    let mut words = message.split_whitespace();
    let shape: Vec<&str> = words.by_ref().take(4).collect();
    let is_kind = shape.starts_with(&["permission", "denied", "for"]);
    match shape.last() {
        Some(&"schema") | None => message.to_owned(),
        Some(_) if is_kind => shape.join(" "),
        Some(_) => message.to_owned(),
    }
}

/// One finding for all tables with the same cause.
pub fn finding(cause: &WriteFailure, tables: Vec<(String, Refused)>, role: Option<&str>, mask: &Mask<'_>) -> Finding {
    let shown = |refused: &Refused| mask.message(&refused.message, Some(&refused.sqlstate), refused.voice);
    let what = match tables.len() {
        1 => format!("table {}", tables[0].0),
        many => format!("{many} tables"),
    };
    let as_role = role.map(|role| format!(" by role {role:?}")).unwrap_or_default();
    let first = tables.first().map(|(_, refused)| shown(refused)).unwrap_or_default();
    let (why, fix) = match cause {
        WriteFailure::KeyTaken => (
            "its generated key already exists".to_owned(),
            "Set the sequence past the existing values, before the application writes: `SELECT setval(…)`.",
        ),
        WriteFailure::SequenceEnd => (
            "the sequence of its key is at its end".to_owned(),
            "Give the sequence more room: `ALTER SEQUENCE … AS bigint NO MAXVALUE`; its column may need a larger type too.",
        ),
        WriteFailure::Undefined(_) => (
            first,
            "A default or trigger uses something that did not come back, or no longer finds it: restore that too, or \
             name it with its schema in the function.",
        ),
        WriteFailure::SearchPath => (
            "a default or trigger finds what it uses only with the table's schema in search_path".to_owned(),
            "Set it as at the source (`ALTER DATABASE … SET search_path`, which only `pg_dump -C` and `pg_dumpall` bring), or \
             have the application set it, or give the function a search_path of its own.",
        ),
        WriteFailure::NoInsert => (
            "permission denied".to_owned(),
            "Grant what the dump grants: restore without `--no-privileges`, with the roles that it names.",
        ),
        WriteFailure::Denied(_) => {
            let shape = if mask.shows_data() { first } else { denied_shape(&first) };
            (shape, "Grant the role what an insert needs beside the table: the sequence, the schema, the functions.")
        }
        WriteFailure::Shut => (
            "row level security lets it insert no row: no policy applies to it".to_owned(),
            "Restore the policies, with the roles that they name; the findings above say which were lost.",
        ),
        WriteFailure::Orphan => (
            "a copy of a row that is there breaks a foreign key: the row points to nothing".to_owned(),
            "Find the rows without the one that they refer to; the dump was taken with broken references, or rows are missing.",
        ),
        WriteFailure::ReadOnly => (
            "transactions are read-only".to_owned(),
            "Remove `default_transaction_read_only` from the database or the role, or from the profile's settings.",
        ),
        WriteFailure::Other(..) => (first, "Read what the default or trigger does; the server's words are above."),
    };
    let mut finding = Finding::new(Name::NotWritable, format!("{what} cannot be written{as_role}: {why}"));
    if *cause == WriteFailure::SearchPath {
        // Applications that set it themselves write well.
        finding.severity = Severity::Warning;
    }
    finding.count = tables.len() as u64;
    const SHOWN: usize = 5;
    finding.evidence = tables
        .iter()
        .take(SHOWN)
        .map(|(table, refused)| format!("{table}: {} ({})", shown(refused), refused.sqlstate))
        .collect();
    finding.objects = tables.into_iter().map(|(table, _)| format!("TABLE {table}")).collect();
    finding.fix = fix.to_owned();
    finding
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(sqlstate: &str, message: &str, routine: &str) -> Refused {
        let (sqlstate, message) = (sqlstate.to_owned(), message.to_owned());
        Refused { sqlstate, message, routine: Some(routine.into()), ..Refused::default() }
    }

    #[test]
    fn a_setting_of_the_application_is_nothing_that_is_missing() {
        let message = "unrecognized configuration parameter \"app.user\"";
        assert!(!is_undefined(&refused("42704", message, "find_option")));
        assert!(is_undefined(&refused("42704", "type \"x\" does not exist", "typenameType")));
        assert!(is_undefined(&refused("42P01", "relation \"x\" does not exist", "parserOpenTable")));
        assert!(!is_undefined(&refused("23505", "duplicate key", "_bt_check_unique")));
    }

    #[test]
    fn the_subject_of_a_message_is_the_last_part_of_its_name() {
        assert_eq!(subject("relation \"audit.log\" does not exist"), Some("log"));
        assert_eq!(subject("function public.digest(text, unknown) does not exist"), Some("digest"));
        assert_eq!(subject("something else"), None);
    }

    #[test]
    fn what_is_denied_is_grouped_by_its_kind() {
        assert_eq!(denied_shape("permission denied for sequence a_id_seq"), "permission denied for sequence");
        assert_eq!(denied_shape("permission denied for schema shop"), "permission denied for schema shop");
        assert_eq!(denied_shape("must be owner of x"), "must be owner of x");
    }
}
