//! One statement that failed, or one complaint of the client: what findings are made from.

use super::mask::{Mask, Voice, holds_any};

/// How a context names a function in PL/pgSQL (`plpgsql_exec_error_callback` in pl_exec.c).
pub(super) const FUNCTION: &str = "PL/pgSQL function ";

/// A failure as the server logged it, joined with what the client said of it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Failure {
    /// `None` where only the client complained.
    pub sqlstate: Option<String>,
    pub message: String,
    /// Of whose code the message is.
    pub voice: Voice,
    pub hint: Option<String>,
    /// Can hold row values; only its shape is ever shown.
    pub context: Option<String>,
    pub statement: Option<String>,
    /// The table in which a row is missing that another one refers to, without its schema.
    pub referenced: Option<String>,
    pub database: Option<String>,
    /// The role that was refused.
    pub role: Option<String>,
    /// The dump id of the archive's entry, where pg_restore named it.
    pub entry: Option<i32>,
    /// The line of the script, where psql named it.
    pub line: Option<u64>,
    /// Whether its transaction had written something, which an error takes back.
    pub had_written: bool,
}

impl Failure {
    /// Whether the server's SQLSTATE is this one.
    pub fn is(&self, sqlstate: &str) -> bool {
        self.sqlstate.as_deref() == Some(sqlstate)
    }

    /// The same with words that may be shown, as far as they are the server's or the client's.
    pub(super) fn shown(&self, mask: &Mask<'_>) -> Failure {
        let statement = self.statement.as_deref().unwrap_or_default().trim_start();
        let voice = match self.voice {
            // The script of an extension is the target's, and has its own way to say what it lacks.
            Voice::Raised if statement.get(..16).is_some_and(|head| head.eq_ignore_ascii_case("CREATE EXTENSION")) => {
                Voice::Client
            }
            voice => voice,
        };
        // A secret without its quotes is what the message is about.
        let hiding = (mask.shows_data() && holds_any(statement)).then(|| mask.without_data());
        let mask = hiding.as_ref().unwrap_or(mask);
        Failure {
            message: mask.message(&self.message, self.sqlstate.as_deref(), voice),
            hint: self.hint.as_deref().and_then(|hint| mask.hint(hint, voice)),
            context: self.context.as_deref().and_then(|context| mask.context(context)),
            voice,
            ..self.clone()
        }
    }

    /// The function in PL/pgSQL that refused; empty for a DO block and where none is named.
    pub(super) fn running(&self) -> String {
        let context = self.context.as_deref().unwrap_or_default();
        let function = context.lines().find_map(|line| line.strip_prefix(FUNCTION));
        let name = function.map_or("", |after| after.split(" line ").next().unwrap_or(after));
        if name == "inline_code_block" { String::new() } else { name.to_owned() }
    }

    /// Whether a row was refused that a function wrote while rows of the dump came in.
    pub(super) fn writes_within(&self) -> bool {
        let statement = self.statement.as_deref().unwrap_or_default().trim_start();
        let brings_rows = ["COPY ", "INSERT INTO "].iter().any(|begin| statement.starts_with(begin));
        brings_rows && self.context.iter().flat_map(|context| context.lines()).any(|line| line.starts_with(FUNCTION))
    }

    /// The first line of the statement as it may be shown.
    pub fn shown_statement(&self, mask: &Mask<'_>) -> Option<String> {
        let shown = mask.statement(self.statement.as_deref()?.trim());
        let mut line: String = shown.split_whitespace().collect::<Vec<_>>().join(" ");
        const MOST: usize = 160;
        if line.len() > MOST {
            line.truncate(line.floor_char_boundary(MOST));
            line.push('…');
        }
        Some(line)
    }

    /// `the text between the first pair of double quotes` of the message.
    pub fn quoted(&self) -> Option<&str> {
        let start = self.message.find('"')? + 1;
        // A name can hold quotes itself; the message ends soon after the closing one.
        let end = self.message.rfind('"').filter(|end| *end > start)?;
        Some(&self.message[start..end])
    }
}
