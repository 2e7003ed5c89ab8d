//! Text in a dump that is no SQL: what programs have said on their way, written into the same file.

use crate::finding::Failure;

/// How programs begin that are known to write into dumps: `pg_dump … 2>&1`, `docker exec -t`, `kubectl exec`, prompts for
/// passwords, shells. What they are called for people.
const SPEAKERS: [(&str, &str); 22] = [
    ("pg_dump: ", "pg_dump"),
    ("pg_dumpall: ", "pg_dumpall"),
    ("psql: ", "psql"),
    ("Password", "a prompt for a password"),
    ("[sudo]", "sudo"),
    ("sudo: ", "sudo"),
    ("bash: ", "a shell"),
    ("sh: ", "a shell"),
    ("/bin/", "a shell"),
    ("mesg: ", "a shell"),
    ("stty: ", "a shell"),
    ("docker: ", "docker"),
    ("Error response from daemon", "docker"),
    ("time=\"", "docker"),
    ("the input device is not a TTY", "docker"),
    ("Defaulted container ", "kubectl"),
    ("Unable to use a TTY", "kubectl"),
    ("ssh: ", "ssh"),
    ("Pseudo-terminal ", "ssh"),
    ("Connection to ", "ssh"),
    ("Warning: ", "a warning"),
    ("WARNING: ", "a warning"),
];

/// Whose words a statement begins with; empty where nobody is known.
pub(super) fn speaker(statement: &str) -> String {
    speaker_at(statement.trim_start()).unwrap_or_default().to_owned()
}

fn speaker_at(text: &str) -> Option<&'static str> {
    SPEAKERS.iter().find(|(start, _)| text.starts_with(start)).map(|(_, name)| *name)
}

/// The line of `COPY files, line 3: "pg_dump: warning: …"`.
fn line(failure: &Failure) -> Option<&str> {
    let context = failure.context.as_deref()?.strip_prefix("COPY ")?;
    Some(context.split_once(": \"")?.1)
}

/// Whether a line among rows is some program's.
pub(super) fn in_rows(failure: &Failure) -> bool {
    line(failure).and_then(speaker_at).is_some()
}

pub(super) fn speaker_in_rows(failure: &Failure) -> String {
    line(failure).and_then(speaker_at).unwrap_or_default().to_owned()
}
