//! Reads what pg_restore and psql print on standard error.
//!
//! pg_restore (12 and later) prints `pg_restore: error: …` with the entry before and the statement after it; psql prints
//! `psql:<stdin>:LINE: ERROR:  …`. Neither prints SQLSTATEs: those come from the server's log.

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
}

/// What one line of progress or error tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Told {
    /// An error is complete.
    Error(ClientError),
    /// pg_restore is done with, or at, one more entry of its list.
    Entry,
}

/// Reads the lines of one client as they come.
#[derive(Debug, Default)]
pub struct ClientErrors {
    entry: Option<i32>,
}

impl ClientErrors {
    /// Takes one line, without its line end.
    pub fn line(&mut self, line: &str) -> Option<Told> {
        if let Some(rest) = line.strip_prefix("pg_restore: ") {
            self.pg_restore(rest)
        } else if let Some(rest) = line.strip_prefix("psql: ") {
            psql(rest, None)
        } else if let Some((number, rest)) = line.strip_prefix("psql:<stdin>:").and_then(|rest| rest.split_once(": ")) {
            psql(rest, number.parse().ok())
        } else {
            // DETAIL, CONTEXT, `Command was:` and the lines of a statement: the server's log has them whole.
            None
        }
    }

    fn pg_restore(&mut self, rest: &str) -> Option<Told> {
        if let Some(entry) = rest.strip_prefix("from TOC entry ") {
            self.entry = entry.split(';').next().and_then(|id| id.trim().parse().ok());
            return None;
        }
        let Some(message) = rest.strip_prefix("error: ").or_else(|| rest.strip_prefix("fatal: ")) else {
            let entry = ["creating ", "processing data for table ", "executing ", "finished item ", "restoring "];
            // With jobs an entry is launched and finished; without, it is announced once.
            return entry.iter().any(|prefix| rest.starts_with(prefix)).then_some(Told::Entry);
        };
        let entry = self.entry.take();
        // `could not execute query: ERROR:  …`, `COPY failed for table "t": ERROR:  …`
        let error = match server_message(message) {
            Some(server) => ClientError { message: server.into(), from_server: true, entry, line: None },
            None => ClientError { message: message.into(), from_server: false, entry, line: None },
        };
        Some(Told::Error(error))
    }
}

fn psql(rest: &str, line: Option<u64>) -> Option<Told> {
    let error = if let Some(server) = severity(rest) {
        ClientError { message: server.into(), from_server: true, entry: None, line }
    } else if let Some(own) = rest.strip_prefix("error: ").or_else(|| rest.strip_prefix("fatal: ")) {
        ClientError { message: own.into(), from_server: false, entry: None, line }
    } else {
        // Notices and warnings of the server.
        return None;
    };
    Some(Told::Error(error))
}

/// The server's message after a client's words.
fn server_message(message: &str) -> Option<&str> {
    ["ERROR:  ", "FATAL:  ", "PANIC:  "]
        .iter()
        .filter_map(|mark| message.find(mark).map(|at| (at, &message[at + mark.len()..])))
        .min_by_key(|(at, _)| *at)
        .map(|(_, text)| text)
}

fn severity(text: &str) -> Option<&str> {
    ["ERROR:  ", "FATAL:  ", "PANIC:  "].iter().find_map(|mark| text.strip_prefix(mark))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn errors(text: &str) -> Vec<ClientError> {
        let mut reader = ClientErrors::default();
        let told = text.lines().filter_map(|line| reader.line(line));
        told.filter_map(|told| if let Told::Error(error) = told { Some(error) } else { None }).collect()
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
            line: None,
        };
        assert_eq!(errors(text), [expected]);
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
    fn warnings_and_progress_are_no_errors() {
        let text = "pg_restore: creating TABLE \"public.t\"\npg_restore: warning: errors ignored on restore: 4\n";
        assert_eq!(errors(text), []);
    }
}
