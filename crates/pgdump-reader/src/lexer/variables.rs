//! The variables of psql, in whose place it puts their values (psqlscan.l).

use std::io::{self, Read};

use super::Lexer;
use super::limits::{MAX_TOKEN_BYTES, MAX_VARIABLES_PER_LINE};
use crate::psql::{Value, Variables};
use crate::sql;

impl<R: Read> Lexer<R> {
    pub(super) fn has_variables(&self) -> bool {
        self.variables.as_ref().is_some_and(Variables::has_own)
    }

    /// A colon, and what psql puts in place of `:name`, `:'name'`, `:"name"` and `:{?name}` (psqlscan.l).
    pub(super) fn colon(&mut self) -> io::Result<()> {
        let (form, opening) = match self.peek(1)? {
            Some(b':') => {
                self.sign(b':');
                self.sign(b':');
                return Ok(());
            }
            Some(quote @ (b'\'' | b'"')) => (quote, 2),
            Some(b'{') if self.peek(2)? == Some(b'?') => (b'?', 3),
            _ => (b' ', 1),
        };
        let mut length = opening;
        while self.peek(length)?.is_some_and(Variables::is_name_part) && length < 256 {
            length += 1;
        }
        let closed = match form {
            b' ' => true,
            b'?' => self.peek(length)? == Some(b'}'),
            quote => self.peek(length)? == Some(quote),
        };
        let name = String::from_utf8_lossy(self.bytes(self.position + opening, self.position + length)).into_owned();
        let known = self.variables.as_ref().and_then(|variables| variables.get(&name));
        let Some(value) = known.filter(|_| closed && !name.is_empty()) else {
            let is_question = form == b'?' && closed && !name.is_empty();
            if is_question && self.variables.as_ref().is_some_and(|variables| !variables.is_unsure()) {
                self.pass_over(length + 1);
                self.inject(b"FALSE");
            } else {
                if closed && !name.is_empty() && self.variables.as_ref().is_some_and(Variables::is_unsure) {
                    self.statement.unknown.get_or_insert(name);
                }
                self.sign(b':');
            }
            return Ok(());
        };
        let text = match (form, value) {
            (b'?', _) => "TRUE".to_owned(),
            (_, Value::Unknown | Value::Own) => {
                self.statement.unknown.get_or_insert_with(|| name.clone());
                "0".to_owned()
            }
            (b'\'', Value::Known(text)) if text.contains('\\') => {
                format!(" E'{}'", text.replace('\\', "\\\\").replace('\'', "''"))
            }
            (b'\'', Value::Known(text)) => format!("'{}'", text.replace('\'', "''")),
            (b'"', Value::Known(text)) => sql::identifier(text),
            (_, Value::Known(text)) => text.clone(),
        };
        self.pass_over(length + usize::from(form != b' '));
        // A value that names itself is not put in again by psql; here it comes to an end with its line.
        let line = self.line();
        self.expanded = if self.expanded.0 == line { (line, self.expanded.1 + 1) } else { (line, 1) };
        if self.expanded.1 > MAX_VARIABLES_PER_LINE || text.len() > MAX_TOKEN_BYTES {
            self.statement.unknown.get_or_insert(name);
        } else {
            self.inject(text.as_bytes());
        }
        Ok(())
    }
}
