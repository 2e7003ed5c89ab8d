//! One statement that failed, or one complaint of the client: what findings are made from.

use super::mask;

/// A failure as the server logged it, joined with what the client said of it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Failure {
    /// `None` where only the client complained.
    pub sqlstate: Option<String>,
    pub message: String,
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
}

impl Failure {
    /// Whether the server's SQLSTATE is this one.
    pub fn is(&self, sqlstate: &str) -> bool {
        self.sqlstate.as_deref() == Some(sqlstate)
    }

    /// The message as it may be shown.
    pub fn shown_message(&self, show_data: bool) -> String {
        if show_data { self.message.clone() } else { mask::message(&self.message, self.sqlstate.as_deref()) }
    }

    /// The first line of the statement as it may be shown.
    pub fn shown_statement(&self, show_data: bool) -> Option<String> {
        let statement = self.statement.as_deref()?.trim();
        let shown = if show_data { statement.to_owned() } else { mask::statement(statement) };
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
