//! What is known of one kind of finding: the form of every file in `kinds/`.

use std::borrow::Cow;

use pgdump_reader::{Declared, Dump, Facts};

use super::refine::Refine;
use super::rule::{Because, Rule};
use super::{Failure, Name, Origin, Severity, Subject};
use crate::cluster::sql::identifier;
use crate::profile::{Acceptable, Target};

/// One kind of finding.
pub struct Kind {
    /// Its stable name, in kebab-case: about the cause.
    pub name: &'static str,
    /// How bad it is unless what was lost says otherwise.
    pub severity: Severity,
    /// Whose fault it is unless what was seen says otherwise.
    pub origin: Origin,
    /// The cause in one sentence.
    pub summary: &'static str,
    /// The page that explains it, in Markdown.
    pub page: &'static str,
    /// How far a profile may decide that it does not count.
    pub acceptable: Acceptable,
    /// What to do, in words, where that is the same for all of its kind.
    pub fix: &'static str,

    /// How an error is known to be of it; nothing where only checks find it.
    pub rules: &'static [Rule],
    /// What it is once more is known than the failure itself.
    pub refine: Option<fn(&Refine<'_>, &Failure, Cause) -> Cause>,
    /// What its subject is.
    pub subject: SubjectIs,
    /// How bad it is, where that hangs on more than its name.
    pub weight: fn(&Cause, Severity) -> Severity,
    /// Whose fault it is, where that hangs on more than its name.
    pub blame: fn(&Cause, Origin) -> Origin,
    /// Whether a failure of it can follow from another one.
    pub may_follow: bool,
    /// Whether what it lacks would have brought objects that others need.
    pub lacks_objects: bool,
    /// Whether nothing is missing for it: what it is about is there.
    pub leaves_all: bool,
    /// Whether it says who was refused.
    pub names_who: bool,

    /// One line that stands alone; the first evidence or the summary where there is none.
    pub title: Option<fn(&Case<'_>) -> String>,
    /// What follows the number of several causes of this kind: `roles do not exist in this target`.
    pub several: Option<&'static str>,
    /// What to run or write, beside the words of `fix`.
    pub commands: Option<fn(&Case<'_>) -> Vec<String>>,
    /// What to do, where the words hang on the case; instead of `fix` and `commands`.
    pub advice: Option<fn(&Case<'_>) -> Advice>,
}

impl Kind {
    /// What most kinds have; the first five are every kind's own.
    pub const USUAL: Kind = Kind {
        name: "",
        severity: Severity::Error,
        origin: Origin::Restore,
        summary: "",
        page: "",
        acceptable: Acceptable::Freely,
        fix: "",
        rules: &[],
        refine: None,
        subject: SubjectIs::Name,
        weight: |_, usual| usual,
        blame: |_, usual| usual,
        may_follow: false,
        lacks_objects: false,
        leaves_all: false,
        names_who: false,
        title: None,
        several: None,
        commands: None,
        advice: None,
    };
}

/// What the subject of a kind is, which says what of it may be shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SubjectIs {
    /// A name, shown where it is known.
    Name,
    /// The form of a message.
    Form,
    /// Words of pgrehearse's own, which hold nothing of the dump's.
    OwnWords,
}

/// A cause, and what it is about: failures with the same cause are one finding.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Cause {
    pub name: Name,
    pub subject: Subject,
    /// What else distinguishes it.
    pub because: Option<Because>,
    /// As whom the statement ran, where the restore acted as another role than it connects as.
    pub acting: Option<String>,
}

/// What words for people rest on, beside the cause itself.
pub struct Context<'a> {
    pub dump: &'a Dump,
    pub target: &'a Target,
    pub facts: &'a Facts,
    pub declared: &'a [Declared],
    /// The version of the client that restores: `17.6`, before it has run its major alone, and nothing where that is not known.
    pub client: Cow<'a, str>,
    /// The major version of the server, where it is known.
    pub server: Option<u16>,
    /// Whether the target has objects of its own in the database that is restored into.
    pub has_own: bool,
}

impl<'a> Context<'a> {
    /// The role that restores.
    pub fn restoring(&self) -> &'a str {
        self.target.restoring()
    }

    /// The target's database, as a statement has it.
    pub fn database(&self) -> String {
        identifier(&self.target.database.name)
    }

    /// The database that the dump creates and goes into.
    pub fn database_made(&self) -> String {
        let last = self.facts.creates_database.last().filter(|_| !self.dump.is_archive());
        last.map_or_else(|| self.target.database.name.clone(), |created| created.name.clone())
    }

    /// How objects of this role come where nobody may act for it.
    pub fn without_owner(&self, role: &str) -> String {
        let without = match self.dump.is_archive() {
            true => "restore with --no-owner",
            false => "dump again with --no-owner",
        };
        // Those of the cluster's first superuser cannot be reassigned (shdepReassignOwned in pg_shdepend.c).
        format!(
            "{role:?} is an administrator, and whoever becomes a member of it can do all that it can: {without}. Or make \
             the application's role the owner in the source before the dump (ALTER … OWNER TO, or REASSIGN OWNED BY for \
             all that a role owns other than the cluster's first superuser)."
        )
    }

    /// How a database that somebody has created is restored into.
    pub fn made_by_hand(&self) -> &'static str {
        match self.dump.is_archive() {
            true => "Create the database first, and restore into it without --create.",
            // It connects to its own name, whatever database psql was given.
            false => {
                "Create the database first, under the name that the script connects to: its CREATE DATABASE then fails \
                 without harm, and its \\connect finds it."
            }
        }
    }
}

/// One cause in one target, as words are found for it.
pub struct Case<'a> {
    pub context: &'a Context<'a>,
    pub of: &'a Subject,
    /// The text of the same.
    pub subject: Cow<'a, str>,
    pub because: Option<&'a Because>,
    /// As whom the statement ran, where that is not the restoring role.
    pub acting: Option<&'a str>,
    pub severity: Severity,
}

impl<'a> Case<'a> {
    pub fn new(cause: &'a Cause, severity: Severity, context: &'a Context<'a>) -> Self {
        Self {
            context,
            of: &cause.subject,
            subject: cause.subject.text(),
            because: cause.because.as_ref(),
            acting: cause.acting.as_deref(),
            severity,
        }
    }

    /// The role that was refused.
    pub fn who(&self) -> &'a str {
        self.acting.unwrap_or_else(|| self.context.restoring())
    }
}

/// What to do.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Advice {
    /// In words; a sentence or two.
    pub words: String,
    /// What to run or write, line by line.
    pub commands: Vec<String>,
}

impl Advice {
    pub fn words(words: impl Into<String>) -> Self {
        Self { words: words.into(), commands: Vec::new() }
    }

    /// The same with one more line to run.
    #[must_use]
    pub fn run(mut self, command: impl Into<String>) -> Self {
        self.commands.push(command.into());
        self
    }

    /// The same with two ways of which one is enough, each under what it does; `comment` begins a comment where each is run.
    #[must_use]
    pub fn one_of(self, [one, other]: [(&str, &str, String); 2]) -> Self {
        let labelled =
            |word: &str, (comment, what, command): (&str, &str, String)| format!("{comment} {word}: {what}\n{command}");
        self.run(labelled("one of two", one)).run(labelled("or", other))
    }
}
