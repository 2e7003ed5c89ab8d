//! Parses the command line, runs it, prints an error once.

use std::process::ExitCode;

fn main() -> ExitCode {
    pgrehearse::cli::main()
}
