//! Reads what pg_restore and psql print on standard error.
//!
//! pg_restore (12 and later) prints `pg_restore: error: …` with the entry before and the statement after it; psql prints
//! `psql:<stdin>:LINE: ERROR:  …`. Neither prints SQLSTATEs: those come from the server's log.

use std::collections::VecDeque;

/// One error of the client.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ClientError {
    /// The server's message without its severity, or the client's own.
    pub message: String,
    /// Whether the message is the server's.
    pub from_server: bool,
    /// The table of contents entry that pg_restore names.
    pub entry: Option<i32>,
    /// The line of the script that psql names.
    pub line: Option<u64>,
    /// Whether psql could not make a connection that the script asks for.
    pub connecting: bool,
    /// Whether the severity is written in another language, so that it may be no error.
    pub unknown_severity: bool,
}

/// What one line of progress or error says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClientMessage {
    /// An error is complete.
    Error(ClientError),
    /// pg_restore is done with, or at, one more entry of its list.
    Entry,
    /// pg_restore has come to its end, with errors on the way.
    End,
}

/// Whose lines they are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Client {
    Psql,
    PgRestore,
    /// Of pg_restore with parallel jobs, which write to one stream.
    #[default]
    Jobs,
}

/// Reads the lines of one client as they come.
///
/// pg_restore's parallel jobs write to one stream, each message in several pieces (`pg_restore:`, a space, `error: `, the
/// text, the line end; `pg_log_generic_v` in `src/common/logging.c`), so that pieces of two messages can stand in one line and
/// a text in a line of its own.
#[derive(Debug, Default)]
pub struct ClientErrors {
    client: Client,
    /// Entries that were named and whose error has not come yet: several jobs can name theirs before the first error comes.
    entries: VecDeque<i32>,
    /// An `error: ` whose text has not come yet.
    awaiting_text: bool,
}

/// How each message begins.
const NAME: &str = "pg_restore:";

/// How pg_restore's own messages begin that are no errors (`pg_backup_archiver.c`, PostgreSQL 13 to 18).
const PROGRESS: [&str; 22] = [
    "connecting to ",
    "creating ",
    "processing ",
    "executing ",
    "finished ",
    "restoring ",
    "restored ",
    "launching ",
    "entering ",
    "skipping ",
    "enabling ",
    "disabling ",
    "dropping ",
    "implied ",
    "setting owner ",
    "reading ",
    "allocating ",
    "warning: ",
    "detail: ",
    "hint: ",
    "while ",
    "table ",
];

/// Those of them that stand for one entry each. With jobs an entry is launched and finished; without, announced once.
const ENTRIES: [&str; 5] = ["creating ", "processing data for table ", "executing ", "finished item ", "restoring "];

/// How lines begin that say more of the message before, by what they say (`pqBuildErrorMessage3` and `reportErrorPosition` in
/// fe-protocol3.c, `ahprintf` in pg_backup_db.c): values stand in them.
const FURTHER: [&str; 7] = ["DETAIL:  ", "HINT:  ", "QUERY:  ", "CONTEXT:  ", "LINE ", "STATEMENT:  ", "Command was: "];

impl ClientErrors {
    /// Reads those of this client.
    pub fn of(client: Client) -> Self {
        Self { client, ..Self::default() }
    }

    /// Takes one line, without its line end, and says what is in it.
    pub fn line(&mut self, line: &str) -> Vec<ClientMessage> {
        match self.client {
            Client::Psql => of_psql(line).into_iter().collect(),
            Client::PgRestore => line.strip_prefix(NAME).and_then(|piece| self.piece(piece)).into_iter().collect(),
            Client::Jobs => self.of_jobs(line),
        }
    }

    fn of_jobs(&mut self, line: &str) -> Vec<ClientMessage> {
        if FURTHER.iter().any(|beginning| line.starts_with(beginning)) {
            return Vec::new();
        }
        let mut pieces = line.split(NAME);
        let mut messages = Vec::new();
        // DETAIL, CONTEXT, `Command was:` and the lines of a statement are passed over: the server's log has them whole.
        let before = pieces.next().unwrap_or_default();
        let alone = pieces.clone().next().is_none();
        if !before.trim().is_empty() && (self.is_torn_off(before) || (self.awaiting_text && alone)) {
            messages.extend(self.piece(before));
        }
        for piece in pieces {
            messages.extend(self.piece(piece));
        }
        messages
    }

    /// Whether a text without the client's name before it is the client's all the same.
    fn is_torn_off(&self, text: &str) -> bool {
        let (start, spaced) = (text.trim_start(), text.starts_with(' '));
        is_text_of_server_error(start)
            || start.starts_with("error: ")
            || entry_number(start).is_some()
            || (spaced && PROGRESS.iter().any(|beginning| start.starts_with(beginning)))
    }

    fn piece(&mut self, piece: &str) -> Option<ClientMessage> {
        let piece = piece.trim_start();
        if let Some(entry) = entry_number(piece) {
            if self.client != Client::Jobs {
                self.entries.clear();
            }
            self.entries.push_back(entry);
            return None;
        }
        if let Some(text) = piece.strip_prefix("error: ").or_else(|| piece.strip_prefix("fatal: ")) {
            let text = text.trim_start();
            if text.is_empty() || entry_number(text).is_some() || is_progress(text) {
                let message = self.piece(text);
                self.awaiting_text = true;
                return message;
            }
            return Some(self.error(text));
        }
        if piece.starts_with("warning: errors ignored on restore: ") {
            return Some(ClientMessage::End);
        }
        if ENTRIES.iter().any(|beginning| piece.starts_with(beginning)) {
            return Some(ClientMessage::Entry);
        }
        // A text whose `error: ` came in another line.
        let is_text =
            is_text_of_server_error(piece) || (self.awaiting_text && !piece.is_empty() && !is_progress(piece));
        is_text.then(|| self.error(piece))
    }

    fn error(&mut self, text: &str) -> ClientMessage {
        self.awaiting_text = false;
        let entry = self.entries.pop_front();
        // `could not execute query: ERROR:  …`, `COPY failed for table "t": ERROR:  …`
        ClientMessage::Error(match server_message(text) {
            Some(server) => ClientError { message: server.into(), from_server: true, entry, ..ClientError::default() },
            None => ClientError { message: text.into(), entry, ..ClientError::default() },
        })
    }
}

/// The dump id in `from TOC entry 3433; 0 0 ACL TABLE orders postgres`.
fn entry_number(text: &str) -> Option<i32> {
    text.strip_prefix("from TOC entry ")?.split(';').next()?.trim().parse().ok()
}

fn is_progress(text: &str) -> bool {
    PROGRESS.iter().any(|beginning| text.starts_with(beginning))
}

fn is_text_of_server_error(text: &str) -> bool {
    ["could not execute query: ", "COPY failed for table ", "error returned by PQ"]
        .iter()
        .any(|beginning| text.starts_with(beginning) && server_message(text).is_some())
}

fn of_psql(line: &str) -> Option<ClientMessage> {
    if let Some(rest) = line.strip_prefix("psql: ") {
        return psql(rest, None);
    }
    let (number, rest) = line.strip_prefix("psql:<stdin>:")?.split_once(": ")?;
    psql(rest, number.parse().ok())
}

fn psql(rest: &str, line: Option<u64>) -> Option<ClientMessage> {
    let error = if let Some((severity, server)) = severity(rest) {
        // What the server says beside errors (`error_severity` in src/backend/utils/error/elog.c).
        if matches!(severity, "NOTICE" | "WARNING" | "INFO" | "LOG" | "DEBUG") {
            return None;
        }
        let unknown_severity = !ERRORS.contains(&severity);
        ClientError { message: server.into(), from_server: true, line, unknown_severity, ..ClientError::default() }
    } else if let Some(own) = rest.strip_prefix("error: ").or_else(|| rest.strip_prefix("fatal: ")) {
        // `\connect: connection to server … failed: FATAL:  database "x" does not exist`
        let server = server_message(own);
        let message = server.unwrap_or(own).into();
        let connecting = own.starts_with("\\connect: ");
        ClientError { message, from_server: server.is_some(), connecting, line, ..ClientError::default() }
    } else {
        // `warning: `, `info: ` of psql itself.
        return None;
    };
    Some(ClientMessage::Error(error))
}

const ERRORS: [&str; 3] = ["ERROR", "FATAL", "PANIC"];

/// The server's message after a client's words.
fn server_message(message: &str) -> Option<&str> {
    let english = ERRORS.iter().filter_map(|word| {
        let at = message.find(&format!("{word}:  "))?;
        Some((at, &message[at + word.len() + 3..]))
    });
    let first = english.min_by_key(|(at, _)| *at).map(|(_, text)| text);
    // In another language it stands after the client's own words.
    first.or_else(|| {
        let (own, rest) = message.split_once(": ")?;
        let is_ours = own == "could not execute query" || own.starts_with("COPY failed for table ");
        is_ours.then(|| severity(rest)).flatten().map(|(_, text)| text)
    })
}

/// A severity and what follows it, as libpq writes them: one word, a colon and two spaces (`pqGetErrorNotice3` in
/// src/interfaces/libpq/fe-protocol3.c). The word is in the language of the session's `lc_messages`.
fn severity(text: &str) -> Option<(&str, &str)> {
    let (word, rest) = text.split_once(":  ")?;
    (!word.is_empty() && word.chars().count() <= 24 && word.chars().all(char::is_alphabetic)).then_some((word, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn errors(text: &str) -> Vec<ClientError> {
        let is_psql = text.starts_with("psql:");
        errors_of(if is_psql { Client::Psql } else { Client::Jobs }, text)
    }

    fn errors_of(client: Client, text: &str) -> Vec<ClientError> {
        let mut reader = ClientErrors::of(client);
        let messages = text.lines().flat_map(|line| reader.line(line));
        let error = |message| if let ClientMessage::Error(error) = message { Some(error) } else { None };
        messages.filter_map(error).collect()
    }

    #[test]
    fn an_error_of_pg_restore_has_its_entry_and_the_servers_message() {
        let text = "pg_restore: while PROCESSING TOC:\n\
            pg_restore: from TOC entry 3433; 0 0 ACL TABLE orders postgres\n\
            pg_restore: error: could not execute query: ERROR:  role \"shop_app\" does not exist\n\
            Command was: GRANT SELECT ON TABLE public.orders TO shop_app;\n";
        let expected = ClientError {
            message: "role \"shop_app\" does not exist".into(),
            from_server: true,
            entry: Some(3433),
            ..ClientError::default()
        };
        assert_eq!(errors(text), [expected]);
    }

    #[test]
    fn what_looks_like_a_message_inside_of_another_one_is_none() {
        let psql = "psql:<stdin>:12: ERROR:  invalid input syntax for type integer: \"x pg_restore: error: y\"\n\
            LINE 1: INSERT INTO t VALUES ('x\\npg_restore: error: y');\npg_restore: error: z\n";
        assert_eq!(errors_of(Client::Psql, psql).len(), 1);
        let pg_restore = "pg_restore: from TOC entry 7; 0 0 TABLE DATA t u\n\
            pg_restore: error: could not execute query: ERROR:  bad value: \"x pg_restore: error: y\"\n\
            LINE 1: INSERT INTO t VALUES ('x pg_restore: error: y');\nDETAIL:  pg_restore: error: y\n\
            Command was: INSERT INTO t VALUES ('pg_restore: error: y');\npsql: error: z\n";
        let found = errors_of(Client::PgRestore, pg_restore);
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!((found[0].message.as_str(), found[0].entry), ("bad value: \"x pg_restore: error: y\"", Some(7)));
        let further = pg_restore.lines().skip(2).collect::<Vec<_>>().join("\n");
        assert_eq!(errors_of(Client::Jobs, &further), []);
    }

    #[test]
    fn an_entry_belongs_to_one_error_only() {
        let text = "pg_restore: from TOC entry 1; 0 0 ACL x y\npg_restore: error: could not execute query: ERROR:  a\n\
            pg_restore: error: could not read from input file: end of file\n";
        let errors = errors(text);
        assert_eq!(errors[0].entry, Some(1));
        assert_eq!((errors[1].entry, errors[1].from_server), (None, false));
    }

    #[test]
    fn an_error_of_psql_has_its_line() {
        let text = "psql:<stdin>:12: ERROR:  relation \"t\" does not exist\nLINE 1: select 1\n\
            psql:<stdin>:13: error: backslash commands are restricted; only \\unrestrict is allowed\n\
            psql:<stdin>:14: NOTICE:  hello\n";
        let errors = errors(text);
        assert_eq!((errors[0].line, errors[0].from_server), (Some(12), true));
        assert_eq!((errors[1].line, errors[1].from_server), (Some(13), false));
        assert_eq!(errors.len(), 2);
    }

    #[test]
    fn messages_of_parallel_jobs_that_ran_into_each_other_are_separated() {
        let text = "pg_restore: error: pg_restore: finished item 3769 ACL FUNCTION current_user_id()\n\
            could not execute query: ERROR:  role \"x\" does not exist\nCommand was: GRANT ALL TO x;\n\n\
            pg_restore: pg_restore: launching item 3 ACL t\nerror: \n\
            pg_restore: error: pg_restore: from TOC entry 7; 0 0 ACL u v\ncould not read from input file: end of file\n";
        let errors = errors(text);
        assert_eq!(errors.len(), 2, "{errors:?}");
        assert_eq!((errors[0].message.as_str(), errors[0].from_server), ("role \"x\" does not exist", true));
        assert_eq!(
            (errors[1].message.as_str(), errors[1].from_server),
            ("could not read from input file: end of file", false)
        );
    }

    #[test]
    fn a_message_that_was_torn_apart_is_one_error_or_none() {
        // Seen of pg_restore 17 with two jobs.
        let text = " from TOC entry 3144; 3256 16587 POLICY customers app_serves_country shop_owner\n\
            error: pg_restore:could not execute query: ERROR:  role \"x\" does not exist\n\
            from TOC entry 3167; 0 0 ACL FUNCTION f(integer) shop_owner\n\
            pg_restore: error: pg_restore:could not execute query: ERROR:  role \"y\" does not exist\n\
            pg_restore: pg_restore:creating ACL \"shop.TABLE customers\"\n \
            finished item 3167 ACL FUNCTION f(integer)\n pg_restore:launching item 3174 ACL TABLE invoices\n\
            pg_restore: error:  from TOC entry 3173; 0 0 ACL SEQUENCE invoice_number shop_billing\n\
            could not execute query: ERROR:  role \"z\" does not exist\nCommand was: error: GRANT\n";
        let errors: Vec<_> = errors(text).into_iter().map(|error| (error.message, error.entry)).collect();
        let expected = [("x", 3144), ("y", 3167), ("z", 3173)];
        let expected = expected.map(|(role, entry)| (format!("role \"{role}\" does not exist"), Some(entry)));
        assert_eq!(errors, expected);
    }

    #[test]
    fn a_severity_in_another_language_is_read_as_one_that_nobody_knows() {
        let text = "psql:<stdin>:12: FEHLER:  Relation »t« existiert nicht\npsql:<stdin>:13: WARNING:  x\n\
            psql:<stdin>:14: ОШИБКА:  y\npsql:<stdin>:15: DEBUG:  z\npsql:<stdin>:16: 错误:  w\n";
        let errors = errors(text);
        let messages: Vec<_> = errors.iter().map(|error| (error.message.as_str(), error.unknown_severity)).collect();
        assert_eq!(messages, [("Relation »t« existiert nicht", true), ("y", true), ("w", true)]);
        let text = "pg_restore: error: could not execute query: FEHLER:  Rolle »x« existiert nicht\n";
        assert_eq!(super::tests::errors(text)[0].message, "Rolle »x« existiert nicht");
    }

    #[test]
    fn warnings_and_progress_are_no_errors() {
        let text = "pg_restore: creating TABLE \"public.t\"\npg_restore: warning: errors ignored on restore: 4\n";
        assert_eq!(errors(text), []);
    }

    #[test]
    fn pg_restore_says_when_it_has_come_to_its_end() {
        let mut reader = ClientErrors::default();
        assert_eq!(reader.line("pg_restore: warning: errors ignored on restore: 4"), [ClientMessage::End]);
    }
}
