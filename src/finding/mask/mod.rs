//! What may be shown of the words of a server, a client or a dump.
//!
//! A dump holds personal data and passwords, and reports land in logs that many read. A message quotes names and values in the
//! same quotes, and a function of the dump can say anything with any SQLSTATE; so nothing is shown because it looks harmless.
//! Shown is what is *known* to hold no value of a row: the fixed words of PostgreSQL's own messages, keywords, and names that
//! the dump's statements, the target's profile or PostgreSQL itself have. Everything else is [`MASK`]ed.
//!
//! `--show-data` shows values of rows. Secrets are shown by nothing: see [`secrets`].

mod hide;
mod known;
mod message;
mod parts;
mod postgres;
mod secret;
mod statement;
mod templates;
#[cfg(test)]
mod tests;

use std::sync::LazyLock;

pub use hide::Hider;
pub use secret::{holds_any, secrets, statement as runnable};

use pgdump_reader::Names;

use crate::cluster::{ClusterError, Refusal, Said};
use crate::profile::Target;

/// What stands for what is not shown.
pub const MASK: &str = "‹masked›";

/// Whose words they are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Voice {
    /// PostgreSQL's own code, by the place in its source that the server names.
    Server,
    /// A function of the dump, which can say anything.
    Raised,
    /// Those of a client, or of a server as a client repeats them.
    #[default]
    Client,
}

impl Voice {
    /// By the place that the server logged: `exec_stmt_raise, pl_exec.c:3893`.
    pub fn at(location: Option<&str>) -> Self {
        let Some(location) = location else { return Voice::Client };
        let (routine, place) = location.split_once(", ").unwrap_or(("", location));
        Self::of(routine, place.split(':').next().unwrap_or(place))
    }

    /// By the function and the file of the source.
    pub fn of(routine: &str, file: &str) -> Self {
        // RAISE and ASSERT; other languages hand on whatever their code says; the other server's words come from dblink,
        // postgres_fdw and the replication client (src/pl, contrib, PostgreSQL 13 to 18).
        const ROUTINES: [&str; 5] =
            ["exec_stmt_raise", "exec_stmt_assert", "dblink_res_error", "pgfdw_report_error", "ThrowErrorData"];
        const FILES: [&str; 5] = ["plperl.c", "pltcl.c", "plpy_", "plv8", "libpqwalreceiver.c"];
        let is_raised = ROUTINES.contains(&routine) || FILES.iter().any(|begin| file.starts_with(begin));
        match (is_raised, file.ends_with(".c") || file.ends_with(".y") || file.ends_with(".l")) {
            (true, _) => Voice::Raised,
            (false, true) => Voice::Server,
            (false, false) => Voice::Client,
        }
    }
}

/// Knows names, and shows by them.
#[derive(Debug, Clone)]
pub struct Mask<'a> {
    dump: Option<&'a Names>,
    /// Of the target's profile, and of statements that are not the dump's.
    own: Names,
    show_data: bool,
}

static NONE: LazyLock<Names> = LazyLock::new(Names::default);

impl Mask<'static> {
    /// Knows PostgreSQL's own names alone.
    pub fn of_postgres() -> Self {
        Self { dump: Some(&NONE), own: Names::default(), show_data: false }
    }
}

impl<'a> Mask<'a> {
    /// Knows the names of a dump and those of a target.
    pub fn new(dump: &'a Names, target: &Target, show_data: bool) -> Self {
        Self { dump: Some(dump), own: known::of_target(target), show_data }
    }

    /// Knows those in a statement of the profile's own too.
    pub fn with_sql(&self, sql: &str) -> Mask<'a> {
        let mut mask = self.clone();
        mask.own.take(sql);
        mask
    }

    /// Knows this name too.
    pub fn with_name(mut self, name: &str) -> Mask<'a> {
        self.own.add(name);
        self
    }

    /// Knows PostgreSQL's names and those of a target.
    pub fn of_target(target: &Target) -> Mask<'static> {
        Mask { dump: Some(&NONE), own: known::of_target(target), show_data: false }
    }

    /// Whether values of rows are shown.
    pub fn shows_data(&self) -> bool {
        self.show_data
    }

    /// The same, showing no values of rows.
    pub fn without_data(&self) -> Self {
        Self { show_data: false, ..self.clone() }
    }

    /// Whether something is called so.
    pub fn knows(&self, name: &str) -> bool {
        let holds = |name: &str| self.own.holds(name) || self.dump.is_some_and(|names| names.holds(name));
        holds(name) || postgres::is_name(name) || known::is_numbered(name) || known::is_made_of(name, &holds)
    }

    /// A message. Of one that nothing is known of, its condition is named.
    pub fn message(&self, text: &str, sqlstate: Option<&str>, voice: Voice) -> String {
        if self.show_data {
            return secrets(text);
        }
        message::shown(self, text, voice).map(|shown| secrets(&shown)).unwrap_or_else(|| {
            match sqlstate.and_then(postgres::condition) {
                Some(condition) => format!("{condition}: {MASK}"),
                None => MASK.to_owned(),
            }
        })
    }

    /// What an error of the server says in a session of pgrehearse's own.
    pub fn refusal(&self, error: &tokio_postgres::error::DbError) -> String {
        let voice = Voice::of(error.routine().unwrap_or_default(), error.file().unwrap_or_default());
        self.message(error.message(), Some(error.code().code()), voice)
    }

    /// Why a role has no session. The name of a role that is not there is the profile's.
    pub fn turned_away(&self, refusal: &Refusal) -> String {
        match refusal {
            Refusal::NoRole(role) => format!("role {role:?} does not exist"),
            Refusal::Said(said) => self.said(said),
        }
    }

    fn said(&self, said: &Said) -> String {
        self.message(&said.message, Some(&said.sqlstate), Voice::of(&said.routine, &said.file))
    }

    /// Why something could not be done in a cluster.
    pub fn cluster(&self, error: &ClusterError) -> String {
        match error {
            ClusterError::Server { step, said } => {
                format!("{step}: {} ({})", self.said(said), said.sqlstate)
            }
            other => secrets(&other.to_string()),
        }
    }

    /// A hint; `None` where nothing is known of it.
    pub fn hint(&self, text: &str, voice: Voice) -> Option<String> {
        if self.show_data { Some(secrets(text)) } else { message::shown(self, text, voice) }
    }

    /// The lines of an error's context that name what ran.
    pub fn context(&self, text: &str) -> Option<String> {
        if self.show_data {
            return Some(secrets(text));
        }
        let lines: Vec<String> = text.lines().filter_map(|line| self.ran(line)).collect();
        (!lines.is_empty()).then(|| lines.join("\n"))
    }

    /// `PL/pgSQL function public.f(integer) line 3 at RAISE`, `SQL function "f" during inlining`.
    fn ran(&self, line: &str) -> Option<String> {
        if let Some(after) = line.strip_prefix("PL/pgSQL function ") {
            let end = after.find(" line ").or_else(|| after.find(" at ")).or_else(|| after.find(" during "));
            let function = &after[..end.unwrap_or(after.len())];
            return parts::is_known(self, function).then(|| format!("PL/pgSQL function {function} line …"));
        }
        let function = line.strip_prefix("SQL function \"")?.split("\" ").next()?;
        parts::is_known(self, function).then(|| format!("SQL function \"{function}\" statement"))
    }

    /// A statement.
    pub fn statement(&self, sql: &str) -> String {
        if self.show_data { secrets(sql) } else { statement::shown(self, sql) }
    }

    /// A name, a type or a signature.
    pub fn name(&self, text: &str) -> String {
        if self.show_data { secrets(text) } else { parts::names(self, text) }
    }
}

/// Whether words are of PostgreSQL's grammar, as `MATERIALIZED VIEW` is.
pub fn is_grammar(words: &str) -> bool {
    words.split(' ').all(postgres::is_keyword)
}
