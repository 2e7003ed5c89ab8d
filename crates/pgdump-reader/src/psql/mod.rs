//! psql's own part of a script: backslash commands, their arguments, variables and conditions, as psql reads them.
//!
//! The rules are those of src/bin/psql (psqlscanslash.l, command.c, variables.c, copy.c) of PostgreSQL 13 to 18. What cannot
//! be known from the text alone (what a file, a command of the shell or a query's result holds) is never guessed: the step
//! says that it is not known.

mod arguments;
mod command;
mod connect;
mod variables;

pub(super) use command::{Psql, Step};
pub(super) use connect::Connect;
pub(super) use variables::{Value, Variables};
