//! What a failure is once more is known than the failure itself: the server's version, the profile, the dump's own
//! definitions, what was in the database before.

use std::cell::OnceCell;
use std::collections::BTreeSet;

use pgdump_reader::reading::{Readers, pieces_of};
use pgdump_reader::{Declared, feature_refused, features_in};

use super::consequences::referenced_table;
use super::qualified::{name_at, relation_at, table_name};
use super::recognise::{Cause, FUNCTION, running};
use super::there::bare_routine;
use super::{Failure, Name, Situation};
use crate::cluster::sql::identifier;

/// What is worked out once for all failures, when the first one asks for it.
pub(super) struct Refine<'a> {
    situation: &'a Situation<'a>,
    readers: OnceCell<Readers>,
    made: OnceCell<Made>,
}

/// What the dump makes, by name with its schema and without.
#[derive(Default)]
struct Made {
    qualified: BTreeSet<String>,
    plain: BTreeSet<String>,
}

impl<'a> Refine<'a> {
    pub(super) fn new(situation: &'a Situation<'a>) -> Self {
        Self { situation, readers: OnceCell::new(), made: OnceCell::new() }
    }

    /// The cause of a failure, with all that is known.
    pub(super) fn cause(&self, failure: &Failure, own: Cause) -> Cause {
        let own = self.of_profile(self.of_version(failure, own));
        match own.name {
            Name::PermissionDenied | Name::RoleNotCreatable | Name::DatabaseNotCreatable => {
                self.of_superuser(failure, own)
            }
            Name::UniqueViolated => self.of_other_rows(failure, own),
            Name::CheckViolated => self.of_function(failure).unwrap_or_else(|| self.of_check(failure, own)),
            Name::FunctionRaised => Cause { subject: self.with_schema(own.subject), ..own },
            Name::PartitionMoved => self.of_partition(own),
            Name::ForeignKeyViolated if !is_made(failure) => Cause { who: Some(ORDER.into()), ..own },
            Name::ForeignKeyViolated => self.of_left_out(failure, own),
            Name::DependencyMissing => self.of_order(failure, own),
            Name::ObjectExists if own.subject.is_empty() => self.of_extension(failure, own),
            _ => own,
        }
    }

    /// Rows that a key refers to, directly or in a partition, and that the dump was made without.
    fn of_left_out(&self, failure: &Failure, own: Cause) -> Cause {
        let Some(referenced) = referenced_table(failure) else { return own };
        let attached: Vec<(String, String)> =
            self.situation.scan.declared.iter().filter_map(|object| attaches(&object.definition)).collect();
        let mut tables = vec![referenced];
        let mut at = 0;
        while let Some(table) = tables.get(at).cloned() {
            if self.situation.without_data.contains(&table) {
                return Cause { who: Some(table), ..own };
            }
            let parts = attached.iter().filter(|(parent, _)| *parent == table).map(|(_, part)| part.clone());
            let new: Vec<String> = parts.filter(|part| !tables.contains(part)).collect();
            tables.extend(new);
            at += 1;
        }
        own
    }

    /// What the profile rules out is missing for that, or refused for that.
    fn of_profile(&self, own: Cause) -> Cause {
        match own.name {
            Name::ExtensionUnavailable if self.situation.target.extensions.rule_out(&own.subject).is_some() => {
                Cause { name: Name::ExtensionNotAllowed, ..own }
            }
            _ => own,
        }
    }

    /// A statement that uses what the server's version lacks, and that the server did not understand, has failed for that.
    fn of_version(&self, failure: &Failure, own: Cause) -> Cause {
        // syntax_error, undefined object and function, feature_not_supported, invalid parameter, invalid definition.
        let states = ["42601", "42704", "42883", "0A000", "22023", "42P13", "42P17"];
        let (Some(server), Some(statement)) = (self.situation.server, failure.statement.as_deref()) else { return own };
        let is_open = matches!(own.name, Name::UnclassifiedError | Name::DependencyMissing | Name::LibraryMissing);
        if !is_open {
            return own;
        }
        // It says itself what it does not do.
        if let Some(feature) = feature_refused(&failure.message).filter(|feature| feature.lacks(server)) {
            return Cause::new(Name::FeatureMissing, feature.name);
        }
        if !states.iter().any(|state| failure.is(state)) {
            return own;
        }
        let lacking = features_in(statement).into_iter().find(|feature| feature.lacks(server));
        lacking.map_or(own, |feature| Cause::new(Name::FeatureMissing, feature.name))
    }

    /// A superuser is refused next to nothing, unless the script has taken that from it.
    fn of_superuser(&self, failure: &Failure, own: Cause) -> Cause {
        let superuser = self.situation.target.cluster.superuser.as_str();
        let is_meant = self.situation.superuser_lost && failure.role.as_deref() == Some(superuser);
        // A catalogue's table is refused to a superuser too.
        let of_system = failure.message.contains(" is a system catalog");
        if is_meant && !of_system { Cause::new(Name::SuperuserLost, superuser) } else { own }
    }

    /// Whether rows of the dump collide with each other, or with rows that somebody else has written.
    fn of_other_rows(&self, failure: &Failure, own: Cause) -> Cause {
        if writes_within(failure) {
            let Some(table) = written_within(failure) else { return own };
            let table = self.situation.mask.name(&table);
            return Cause { who: Some("meanwhile".into()), ..Cause::new(Name::RowsCollide, table) };
        }
        let Some(table) = table_name(failure) else { return own };
        let there = &self.situation.there;
        let who = match there.of_extension.get(&table) {
            Some(extension) => format!("extension {extension}"),
            None if there.filled_before.contains(&table) => "before".into(),
            // All rows of a COPY come or none do: those that are there came another way.
            None if is_copy(failure) && there.filled_now.contains(&table) => "meanwhile".into(),
            None => return own,
        };
        Cause { who: Some(who), ..Cause::new(Name::RowsCollide, table) }
    }

    /// What a function wrote while rows of the dump came in is the function's: a trigger's, as a rule.
    fn of_function(&self, failure: &Failure) -> Option<Cause> {
        let context = failure.context.as_deref().filter(|_| writes_within(failure))?;
        let shown = Failure { context: self.situation.mask.context(context), ..Failure::default() };
        Some(Cause::new(Name::FunctionRaised, self.with_schema(running(&shown))))
    }

    /// A function as the server names it, `f(integer)`, with its schema where that is told of one alone.
    fn with_schema(&self, function: String) -> String {
        let schema = bare_routine(&function).and_then(|name| self.situation.there.schema_of_routine.get(&name));
        match schema.filter(|schema| self.situation.mask.knows(schema)) {
            // As the server writes it, which quotes what needs it (quote_identifier in ruleutils.c).
            Some(schema) if schema.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_') => {
                format!("{schema}.{function}")
            }
            Some(schema) => format!("{}.{function}", identifier(schema)),
            None => function,
        }
    }

    /// A check that reads other rows holds or not by the order in which rows come.
    fn of_check(&self, failure: &Failure, own: Cause) -> Cause {
        if !failure.is("23514") || own.subject.is_empty() {
            return own;
        }
        let declared = &self.situation.scan.declared;
        let readers = self.readers.get_or_init(|| Readers::of(pieces_of(declared)));
        let has_it = |line: &&str| {
            let after = line.split_once("CONSTRAINT ").map(|(_, after)| after.trim_start_matches('"'));
            after.is_some_and(|after| after.starts_with(own.subject.as_str()))
        };
        let of_rows = |object: &&Declared| {
            matches!(object.desc.as_str(), "TABLE" | "DOMAIN" | "CHECK CONSTRAINT" | "DOMAIN CONSTRAINT")
        };
        let mut lines = declared.iter().filter(of_rows).flat_map(|object| object.definition.lines()).filter(has_it);
        match lines.find_map(|line| readers.called_in(line)) {
            Some(function) => Cause { who: Some(function.to_owned()), ..Cause::new(Name::CheckReadsRows, own.subject) },
            None => own,
        }
    }

    /// The partitioned table that a partition belongs to: one cause for all of its partitions.
    fn of_partition(&self, own: Cause) -> Cause {
        let attach = |object: &&Declared| {
            object.desc == "TABLE ATTACH" && object.tag.rsplit(' ').next() == Some(own.subject.as_str())
        };
        let found = self.situation.scan.declared.iter().find(attach);
        let parent = found.and_then(|object| object.definition.split("ALTER TABLE ONLY ").nth(1)?.split(' ').next());
        let is_hash = found.is_some_and(|object| object.definition.contains("modulus"));
        let who = is_hash.then(|| "hash".to_owned());
        Cause { who, ..Cause::new(Name::PartitionMoved, parent.unwrap_or(&own.subject)) }
    }

    /// What the dump makes and what is not there when it is needed comes later. (What failed before is told by that.)
    fn of_order(&self, failure: &Failure, own: Cause) -> Cause {
        let routine = ["function ", "procedure ", "aggregate "];
        let routine = routine.iter().find_map(|kind| failure.message.strip_prefix(kind)?.split('(').next());
        let name = match routine {
            Some(name) => name,
            None if ["42P01", "42704"].iter().any(|state| failure.is(state)) => failure.quoted().unwrap_or_default(),
            None => return own,
        };
        let made = self.made.get_or_init(|| self.made());
        // pg_dump names everything with its schema, so that a name without one is a name that nothing finds.
        let by_pg_dump = self.situation.dump.is_from_pg_dump();
        let comes = made.qualified.contains(name) || !by_pg_dump && made.plain.contains(name);
        if comes { Cause::new(Name::CreatedLater, own.subject) } else { own }
    }

    fn made(&self) -> Made {
        const KINDS: [&str; 12] = [
            "VIEW",
            "MATERIALIZED VIEW",
            "SEQUENCE",
            "FUNCTION",
            "PROCEDURE",
            "AGGREGATE",
            "TYPE",
            "DOMAIN",
            "TABLE",
            "FOREIGN TABLE",
            "COLLATION",
            "SHELL TYPE",
        ];
        let scan = self.situation.scan;
        let mut made = Made::default();
        let tables = scan.facts.tables.iter().filter(|table| table.created);
        let tables = tables.map(|table| (table.schema.as_deref(), table.name.as_str()));
        let declared = scan.declared.iter().filter(|object| KINDS.contains(&object.desc.as_str()));
        let declared =
            declared.map(|object| (object.schema.as_deref(), object.tag.split('(').next().unwrap_or(&object.tag)));
        for (schema, name) in tables.chain(declared) {
            made.qualified.insert(format!("{}.{name}", schema.unwrap_or("public")));
            made.plain.insert(name.to_owned());
        }
        made
    }

    /// What an extension has made and the dump makes again: pg_dump writes policies and others of an extension's tables.
    fn of_extension(&self, failure: &Failure, own: Cause) -> Cause {
        let statement = failure.statement.as_deref().unwrap_or_default();
        let made = super::consequences::made_by(statement).map(|parts| parts.join("."));
        let names = [made, table_name(failure)];
        let there = &self.situation.there.of_extension;
        match names.iter().flatten().find_map(|name| there.get(name)) {
            Some(extension) => Cause { who: Some(extension.clone()), ..Cause::new(Name::ObjectExists, extension) },
            None => own,
        }
    }
}

/// What is said of rows that come before those that they refer to.
pub(super) const ORDER: &str = "order";

/// `ALTER TABLE ONLY public.p ATTACH PARTITION public.p1 …`: the table and its partition.
fn attaches(definition: &str) -> Option<(String, String)> {
    let (parent, part) = definition.split_once(" ATTACH PARTITION ")?;
    let parent = parent.trim_start().strip_prefix("ALTER TABLE ONLY ")?;
    Some((name_at(parent)?.join("."), name_at(part)?.join(".")))
}

/// Whether a foreign key failed as it was made, after the rows; it was there before them otherwise.
fn is_made(failure: &Failure) -> bool {
    failure.statement.as_deref().unwrap_or_default().trim_start().starts_with("ALTER ")
}

/// Whether a row was refused that a function wrote while rows of the dump came in.
fn writes_within(failure: &Failure) -> bool {
    let statement = failure.statement.as_deref().unwrap_or_default().trim_start();
    let brings_rows = ["COPY ", "INSERT INTO "].iter().any(|begin| statement.starts_with(begin));
    brings_rows && failure.context.iter().flat_map(|context| context.lines()).any(|line| line.starts_with(FUNCTION))
}

/// The table of `SQL statement "INSERT INTO public.audit …"` (`_SPI_error_callback` in src/backend/executor/spi.c).
fn written_within(failure: &Failure) -> Option<String> {
    let context = failure.context.as_deref()?;
    let sql = context.lines().find_map(|line| line.strip_prefix("SQL statement \""))?.trim_start();
    // "insert  into"
    let mut words = sql.splitn(3, char::is_whitespace);
    let (first, second, rest) = (words.next()?, words.next()?, words.next().unwrap_or_default());
    let name = match first.to_ascii_lowercase().as_str() {
        "insert" | "merge" if second.eq_ignore_ascii_case("into") => rest,
        "update" => second,
        _ => return None,
    };
    relation_at(name).map(|(schema, table)| format!("{schema}.{table}"))
}

fn is_copy(failure: &Failure) -> bool {
    failure.statement.as_deref().unwrap_or_default().trim_start().starts_with("COPY ")
}
