use pgdump_reader::begins_with_command;

use crate::finding::kind::{Kind, SubjectIs};
use crate::finding::qualified::name_at;
use crate::finding::rule::{Precedence, Rule};
use crate::finding::{Failure, Origin, Severity, Subject};

pub static KIND: Kind = Kind {
    name: "text-in-dump",
    severity: Severity::Error,
    origin: Origin::Dump,
    summary: "The dump contains text that is not SQL: a program's messages, or a prompt.",
    page: include_str!("../../../docs/findings/text-in-dump.md"),
    rules: &[
        // bad_copy_file_format, or what its first words are to a column: a line of another program's among the rows.
        Rule::new(Precedence::Rows, &[], |failed| {
            let speaker = line(failed.failure).and_then(speaker_at).filter(|_| failed.state.starts_with("22"))?;
            Some(Subject::Words(speaker.to_owned()).into())
        }),
        // syntax_error where nothing of SQL begins; rows that psql takes for statements are reported by what refused them.
        Rule::new(Precedence::Statement, &["42601"], |failed| {
            let speaker = || Subject::Words(speaker_at(failed.statement).unwrap_or_default().to_owned()).into();
            (!begins_with_command(failed.statement)).then(speaker)
        }),
    ],
    subject: SubjectIs::OwnWords,
    may_follow: true,
    title: Some(|case| match &*case.subject {
        "" => "the dump contains text that is not SQL".to_owned(),
        speaker => format!("the dump contains text that is not SQL, from {speaker}"),
    }),
    fix: "Dump again, and keep messages out of the dump: use pg_dump's -f, no 2>&1, and docker exec and ssh without -t. \
          Or remove the lines from this file; the statement after them was lost with them.",
    commands: Some(|_| vec!["pg_dump -f FILE …".into()]),
    ..Kind::USUAL
};

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

fn speaker_at(text: &str) -> Option<&'static str> {
    SPEAKERS.iter().find(|(start, _)| text.starts_with(start)).map(|(_, name)| *name)
}

/// The line of `COPY files, line 3: "pg_dump: warning: …"`, or of `COPY files, line 3, column id: "pg_dump: warning: …"`
/// where that is its beginning (`CopyFromErrorCallback` in src/backend/commands/copyfrom.c).
fn line(failure: &Failure) -> Option<&str> {
    let context = failure.context.as_deref()?.lines().find_map(|line| line.strip_prefix("COPY "))?;
    let (place, text) = context.split_once(": \"")?;
    match place.split_once(", column ") {
        Some((_, column)) if !is_first_column(failure, column) => None,
        _ => Some(text),
    }
}

/// Whether a COPY begins its lines with this column. One that names none is written by hand, and has its table's.
fn is_first_column(failure: &Failure, column: &str) -> bool {
    let columns = failure.statement.as_deref().and_then(|statement| statement.split_once('(')).map(|(_, rest)| rest);
    let first = columns.and_then(name_at).and_then(|mut parts| parts.pop());
    first.is_some_and(|first| first == column)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_among_rows_is_a_programs_where_it_begins_so() {
        let of = |context: &str, statement: &str| {
            let failure =
                Failure { context: Some(context.into()), statement: Some(statement.into()), ..Failure::default() };
            line(&failure).and_then(speaker_at).unwrap_or_default()
        };
        let copy = "COPY public.t (id, \"the name\") FROM stdin;";
        assert_eq!(of("COPY t, line 2: \"pg_dump: warning: x\"", copy), "pg_dump");
        assert_eq!(of("COPY t, line 2, column id: \"pg_dump: warning: x\"", copy), "pg_dump");
        // A value further on in the line is the dump's.
        assert_eq!(of("COPY t, line 2, column the name: \"pg_dump: warning: x\"", copy), "");
        assert_eq!(of("COPY t, line 2, column id: \"x pg_dump: warning\"", copy), "");
        assert_eq!(of("PL/pgSQL function f() line 1 at RAISE\nCOPY t, line 2: \"psql: x\"", copy), "psql");
    }
}
