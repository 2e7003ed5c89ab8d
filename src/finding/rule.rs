//! How a failure of a restore is known to be of a kind: by its SQLSTATE and statement first, by its message last.
//!
//! Messages are English, as the sandbox's server and clients are set up (`lc_messages = C`).

use pgdump_reader::{Word, statements};

use super::{Failure, Subject};

/// When a rule is asked: what is more particular before what is more general. Two rules of one place never both know the
/// same failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Precedence {
    /// `CREATE EXTENSION` or `CREATE DATABASE`, with a message of its own.
    Extension,
    /// The same, with a SQLSTATE that others have too.
    ExtensionOtherwise,
    /// A library that the server does not find or has not loaded, whatever the statement.
    Library,
    /// A statement that only drops something.
    Drop,
    /// The words of a function that the dump brings.
    Raised,
    /// A line among the rows of a COPY.
    Rows,
    /// The SQLSTATE, and what the statement is.
    Statement,
    /// The SQLSTATE, and what the message says.
    Message,
    /// The SQLSTATE, and little else.
    State,
    /// What is missing, by its name.
    Missing,
    /// All that is left of a SQLSTATE, or of the client's complaints.
    Otherwise,
    /// Whatever nobody knows.
    Unknown,
}

/// One way to know a kind.
pub struct Rule {
    pub precedence: Precedence,
    /// SQLSTATEs; all of them where none is named.
    states: &'static [&'static str],
    /// Whether it is about what only the client complains of, which has no SQLSTATE.
    of_client: bool,
    known: fn(&FailureView<'_>) -> Option<Known>,
}

impl Rule {
    /// A rule for failures that the server has logged.
    pub const fn new(
        precedence: Precedence,
        states: &'static [&'static str],
        known: fn(&FailureView<'_>) -> Option<Known>,
    ) -> Self {
        Self { precedence, states, of_client: false, known }
    }

    /// A rule for complaints of the client.
    pub const fn of_client(precedence: Precedence, known: fn(&FailureView<'_>) -> Option<Known>) -> Self {
        Self { precedence, states: &[], of_client: true, known }
    }

    /// What a failure is about, if the rule knows it.
    pub fn recognise(&self, failed: &FailureView<'_>) -> Option<Known> {
        let is_meant = self.of_client == failed.failure.sqlstate.is_none()
            && (self.states.is_empty() || self.states.contains(&failed.state));
        if is_meant { (self.known)(failed) } else { None }
    }
}

/// What a rule knows of a failure.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Known {
    pub subject: Subject,
    pub because: Option<Because>,
}

impl From<Subject> for Known {
    fn from(subject: Subject) -> Self {
        Self { subject, because: None }
    }
}

/// What distinguishes causes of one kind and subject.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Because {
    /// This role, which is to own something, was refused; not who asked.
    Owner(String),
    /// Triggers of foreign keys were to be switched off.
    Triggers,
    /// The server refused it.
    Refused,
    /// Rows come before those that they refer to.
    Order,
    /// The dump holds data and none of the tables that they go into.
    DataOnly,
    /// The dump was made without the rows of this table.
    WithoutData(String),
    /// Rows were there before the restore.
    Before,
    /// Something else wrote rows while the dump's came in.
    Meanwhile,
    /// This extension has created it.
    Extension(String),
    /// A check calls this function.
    Calls(String),
    /// Rows are spread by a hash.
    Hash,
    /// The dump holds all that it is about: the source has it too.
    OfSource,
}

/// Undefined table, column, function, object, schema, database.
pub const MISSING: [&str; 6] = ["42P01", "42703", "42883", "42704", "3F000", "3D000"];

/// A failure, as rules look at it.
pub struct FailureView<'a> {
    pub failure: &'a Failure,
    /// Empty where only the client complained.
    pub state: &'a str,
    pub message: &'a str,
    /// From its first word on; empty where there is none.
    pub statement: &'a str,
}

impl<'a> FailureView<'a> {
    pub fn new(failure: &'a Failure) -> Self {
        Self {
            failure,
            state: failure.sqlstate.as_deref().unwrap_or_default(),
            message: &failure.message,
            statement: failure.statement.as_deref().unwrap_or_default().trim_start(),
        }
    }

    /// Whether the statement begins with these words.
    pub fn begins(&self, words: &str) -> bool {
        self.after_words(words).is_some()
    }

    /// The statement behind these first words.
    pub fn after_words(&self, words: &str) -> Option<&'a str> {
        let (head, rest) = self.statement.split_at_checked(words.len())?;
        head.eq_ignore_ascii_case(words).then_some(rest)
    }

    /// Whether the message begins with these words.
    pub fn says(&self, words: &str) -> bool {
        self.message.starts_with(words)
    }

    /// The message behind these words, without quotes around it; all of it where it does not have them.
    pub fn after(&self, words: &str) -> String {
        self.message.split_once(words).map_or(self.message, |(_, rest)| rest).trim_matches('"').to_owned()
    }

    /// What the message has in double quotes, or nothing.
    pub fn quoted(&self) -> String {
        self.failure.quoted().unwrap_or_default().to_owned()
    }

    /// The role that was refused.
    pub fn role(&self) -> String {
        self.failure.role.clone().unwrap_or_default()
    }

    /// The extension of `CREATE EXTENSION [IF NOT EXISTS] name`, as pg_dump writes it.
    pub fn extension(&self) -> Option<String> {
        let words = self.after_words("CREATE EXTENSION")?.trim_start();
        let words = words.strip_prefix("IF NOT EXISTS").unwrap_or(words).trim_start();
        let name = match words.strip_prefix('"') {
            Some(quoted) => quoted.split('"').next(),
            None => words.split([' ', ';', '\n']).next().filter(|name| !name.is_empty()),
        };
        Some(name.map_or_else(|| self.quoted(), str::to_owned))
    }

    /// The words of the statement, of the first where there are several.
    pub fn words(&self) -> Vec<Word> {
        statements(self.statement).into_iter().next().unwrap_or_default()
    }

    /// To whom `ALTER … OWNER TO x` gives something: the server asks whether that role may create in the schema
    /// (AlterObjectOwner_internal in src/backend/commands/alter.c and its like), and not who says it.
    pub fn new_owner(&self) -> Option<String> {
        let is = |word: &Word, name: &str| matches!(word, Word::Name(found) if found == name);
        match self.words().as_slice() {
            [first, .., owner, to, Word::Name(role)] if is(first, "alter") && is(owner, "owner") && is(to, "to") => {
                Some(role.clone())
            }
            _ => None,
        }
    }

    /// `… violates foreign key constraint "orders_customer_id_fkey"`, or the column that is null.
    pub fn constraint(&self) -> String {
        let names: Vec<&str> = self.message.split('"').skip(1).step_by(2).collect();
        match self.message.contains("constraint \"") {
            true => names.last().copied().unwrap_or_default().to_owned(),
            false => names.join(" of "),
        }
    }

    /// What the message says does not exist: `relation "x"`, `function f(integer)`.
    pub fn what_is_missing(&self) -> Option<&'a str> {
        self.message.split(" does not exist").next().filter(|what| what.len() < self.message.len())
    }

    /// The message without the names and numbers in it, so that the same complaint about many objects is one.
    pub fn shape(&self) -> String {
        let mut shape = String::new();
        let mut quoted = false;
        for c in self.message.chars().take(400) {
            match c {
                '"' => {
                    quoted = !quoted;
                    shape.push(if quoted { '"' } else { '…' });
                    if !quoted {
                        shape.push('"');
                    }
                }
                _ if quoted => {}
                '0'..='9' if shape.ends_with('#') => {}
                '0'..='9' => shape.push('#'),
                _ => shape.push(c),
            }
        }
        shape
    }
}
