//! Where a script ends, and whether that is the end of a dump: pg_dump and pg_dumpall close their text with a comment.

use std::io;

use super::ScriptPass;
use crate::collector::CopyTarget;
use crate::lexer::{Statement, TokenKind};
use crate::plain::{CLUSTER_HEADER, CLUSTER_TRAILER, HEADER, TRAILER};
use crate::scan::{Damage, MAX_DAMAGE};

/// How the text ends.
pub(super) enum End {
    BetweenStatements,
    InStatement(Statement),
    InRows(CopyTarget, u64),
    /// It declares more than is kept, so the rest was not read.
    TooMuch,
}

impl<R: io::Read> ScriptPass<'_, '_, R> {
    pub(super) fn comment(&mut self, text: &str, line: u64) {
        match text {
            HEADER => {
                if let Some(begun) = self.open.replace(line) {
                    let what = format!(
                        "the dump that begins in line {begun} has no end: the next one begins in line {line} without \
                         its closing comment"
                    );
                    self.say(what);
                }
            }
            CLUSTER_HEADER => self.cluster_open = Some(line),
            TRAILER => {
                self.open = None;
                self.declarations.comment(text, None);
            }
            CLUSTER_TRAILER => {
                self.cluster_open = None;
                self.declarations.comment(text, None);
            }
            other => {
                self.collector.comment(other);
                self.kept += self.declarations.comment(other, self.collector.database.as_deref());
            }
        }
    }

    pub(super) fn say(&mut self, what: String) {
        let at = Some(self.lexer.offset());
        // Of a text damaged all over, the first places are enough.
        if self.damage.len() < MAX_DAMAGE {
            self.damage.push(Damage { what, at, table: self.last.clone() });
        }
    }

    /// Where the pass has come to, for people.
    pub(super) fn place(&mut self) -> String {
        let line = self.lexer.line();
        match (&self.last, self.lexer.interrupted()) {
            (Some(table), _) => format!("inside the COPY data of {table}, line {line}"),
            (None, Some(statement)) => format!("inside the statement that begins in line {}", statement.line),
            (None, None) => format!("after line {line}"),
        }
    }

    pub(super) fn judge_end(&mut self, end: End) {
        let line = self.lexer.line();
        match end {
            End::InRows(target, rows) => {
                let table = target.label();
                self.last = Some(table.clone());
                let trailer = if self.is_open() { " and no trailer" } else { "" };
                self.say(format!(
                    "ends inside the COPY data of {table}, line {line}, after {rows} whole rows: no end of data{trailer}"
                ));
            }
            End::InStatement(statement) => {
                let begins = beginning(&statement);
                let begun = statement.line;
                self.say(format!(
                    "ends inside a statement ({begins}) that begins in line {begun}: the rest is missing"
                ));
            }
            End::TooMuch => self.say(format!(
                "declares more objects and privileges than can be kept in {} MiB, in line {line}: what follows was not \
                 read",
                self.max_kept >> 20
            )),
            End::BetweenStatements => {
                if let Some(begun) = self.open.or(self.cluster_open) {
                    self.say(format!(
                        "ends after line {line} without pg_dump's closing comment: what follows is missing from the \
                         dump that begins in line {begun}"
                    ));
                }
            }
        }
    }

    pub(super) fn is_open(&self) -> bool {
        self.open.is_some() || self.cluster_open.is_some()
    }
}

/// The first words of a statement, for people; never a value from a row.
fn beginning(statement: &Statement) -> String {
    let mut words = String::new();
    for token in statement.tokens.iter().take(6) {
        match &token.kind {
            TokenKind::Word(word) | TokenKind::Name(word) => {
                if !words.is_empty() && !words.ends_with('.') {
                    words.push(' ');
                }
                words.push_str(word);
            }
            TokenKind::Sign(b'.') => words.push('.'),
            _ => break,
        }
    }
    if words.is_empty() { "a comment or a string".to_owned() } else { words }
}
