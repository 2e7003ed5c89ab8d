//! Rows that a target refuses, and resources that it runs out of.

use super::{Named, shape};
use crate::finding::{Failure, Name};

/// Rows that break a rule, or values that a type does not take.
pub(super) fn of_rows(state: &str, failure: &Failure) -> Option<Named> {
    let quoted = || failure.quoted().unwrap_or_default().to_owned();
    let message = failure.message.as_str();
    Some(match state {
        // unique_violation, exclusion_violation: `could not create unique index "x"`.
        "23505" | "23P01" => (Name::UniqueViolated, quoted()),
        // foreign_key_violation.
        "23503" => (Name::ForeignKeyViolated, constraint(message)),
        // check_violation: `new row for relation "x" violates partition constraint`.
        "23514" if message.ends_with(" violates partition constraint") => (Name::PartitionMoved, quoted()),
        // check_violation, not_null_violation.
        "23514" | "23502" => (Name::CheckViolated, constraint(message)),
        // raise_exception, and what a body can do wrong: a function of the dump refused.
        "P0001" | "P0002" | "P0003" | "P0004" => (Name::FunctionRaised, running(failure)),
        // program_limit_exceeded: `index row size 2712 exceeds btree version 4 maximum 2704 for index "x"`.
        // Of a hash index and others without the name: `index row requires 32016 bytes, maximum size is 8191` (indextuple.c).
        "54000" if message.starts_with("index row ") => {
            (Name::IndexRowTooLarge, failure.quoted().map_or_else(|| made_index(failure), str::to_owned))
        }
        // Text that is no number, no date, too long; a number out of range. 22021 and 22P05 are of encodings.
        "22P02" | "22003" | "22007" | "22008" | "22001" | "22P03" | "22004" | "22P04" => {
            (Name::ValueInvalid, format!("{state} {}", shape(message)))
        }
        _ => return None,
    })
}

/// The index that a statement makes: `CREATE INDEX i ON …`, `… ADD CONSTRAINT c PRIMARY KEY …`; empty for one that brings rows.
fn made_index(failure: &Failure) -> String {
    let statements = pgdump_reader::statements(failure.statement.as_deref().unwrap_or_default());
    let names: Vec<&str> = statements.first().into_iter().flatten().map(word).collect();
    let after = |mark: &str| names.iter().position(|name| *name == mark).and_then(|at| names.get(at + 1..));
    let rest = match names.first() {
        Some(&"create") => after("index"),
        Some(&"alter") => after("constraint"),
        _ => None,
    };
    let skipped = ["concurrently", "if", "not", "exists"];
    let name = rest.into_iter().flatten().find(|name| !skipped.contains(name));
    name.filter(|name| **name != "on").map(|name| (*name).to_owned()).unwrap_or_default()
}

fn word(word: &pgdump_reader::Word) -> &str {
    match word {
        pgdump_reader::Word::Name(name) => name,
        _ => "",
    }
}

/// Locks, memory, and others at work.
pub(super) fn of_resources(state: &str, failure: &Failure) -> Option<Named> {
    let message = failure.message.as_str();
    Some(match state {
        // out_of_memory: `out of shared memory`, with the hint to raise max_locks_per_transaction (lock.c).
        "53200" if message == "out of shared memory" => (Name::LocksExhausted, String::new()),
        // disk_full: `could not resize shared memory segment "…" to … bytes: No space left on device` (dsm_impl.c).
        "53100" if message.starts_with("could not resize shared memory segment ") => {
            (Name::SharedMemoryTooSmall, String::new())
        }
        // deadlock_detected.
        "40P01" => (Name::Deadlock, String::new()),
        _ => return None,
    })
}

/// `… violates foreign key constraint "orders_customer_id_fkey"`, or the column that is null.
fn constraint(message: &str) -> String {
    let names: Vec<&str> = message.split('"').skip(1).step_by(2).collect();
    match message.contains("constraint \"") {
        true => names.last().copied().unwrap_or_default().to_owned(),
        false => names.join(" of "),
    }
}

/// How a context names a function in PL/pgSQL (`plpgsql_exec_error_callback` in pl_exec.c).
pub(in crate::finding) const FUNCTION: &str = "PL/pgSQL function ";

/// The function that refused; empty for a DO block and where none is told.
pub(in crate::finding) fn running(failure: &Failure) -> String {
    let context = failure.context.as_deref().unwrap_or_default();
    let function = context.lines().find_map(|line| line.strip_prefix(FUNCTION));
    let name = function.map_or("", |after| after.split(" line ").next().unwrap_or(after));
    if name == "inline_code_block" { String::new() } else { name.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_index_that_the_server_does_not_name_is_named_by_the_statement() {
        let of = |statement: &str| {
            let message = "index row requires 32016 bytes, maximum size is 8191".to_owned();
            let failure = Failure { message, statement: Some(statement.into()), ..Failure::default() };
            of_rows("54000", &failure).map(|(_, name)| name).unwrap_or_default()
        };
        assert_eq!(of("CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS \"I x\" ON a.t USING hash (b)"), "I x");
        assert_eq!(of("ALTER TABLE ONLY a.t ADD CONSTRAINT t_key UNIQUE (b)"), "t_key");
        assert_eq!(of("CREATE INDEX ON a.t (b)"), "");
        assert_eq!(of("COPY a.t (b) FROM stdin;"), "");
    }
}
