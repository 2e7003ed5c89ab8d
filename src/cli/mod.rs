//! The command line: one file per subcommand, which turns arguments into calls and nothing else.

mod arguments;
mod demo;
mod doctor;
mod engines;
mod explain;
mod init;
mod inspect;
mod output;
mod pager;
mod profiles;
mod recovery;
mod run;
mod signals;
mod stdout;
mod sweep;
mod words;

use std::io::Write as _;
use std::process::ExitCode;

use clap::Parser as _;

use crate::session::{RunError, in_full};
use arguments::{Arguments, Command};
use stdout::stdout;

/// Parses the arguments, runs the command, prints an error once, and returns the exit code of [`exit`](crate::exit).
pub fn main() -> ExitCode {
    // clap ends the process itself, with 2 for bad arguments.
    let arguments = Arguments::parse();
    if let Some(color) = arguments.color {
        anstream::ColorChoice::from(color).write_global();
    }
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return failed(&error.into()),
    };
    let result = runtime.block_on(async {
        match arguments.command {
            Command::Run(arguments) => run::run(*arguments).await,
            Command::Inspect(arguments) => inspect::inspect(&arguments),
            Command::Init(arguments) => init::init(&arguments),
            Command::Profiles(arguments) => profiles::profiles(arguments).await,
            Command::Explain(arguments) => explain::explain(&arguments),
            Command::Sweep(arguments) => sweep::sweep(arguments).await,
            Command::Doctor(arguments) => doctor::doctor(arguments).await,
            Command::Demo(arguments) => demo::demo(arguments).await,
        }
    });
    // A pull or a read that nobody waits for any more must not hold the process.
    runtime.shutdown_background();
    match result {
        Ok(code) => ExitCode::from(code),
        Err(error) => failed(&error),
    }
}

fn failed(error: &RunError) -> ExitCode {
    match error {
        // Each on a line of its own, as editors and CI read them.
        RunError::Profile(errors) => errors.lines().iter().for_each(|line| complain_of(line)),
        other => complain(other),
    }
    ExitCode::from(error.exit_code())
}

/// Says on standard error what went wrong, in one line.
fn complain(error: &dyn std::error::Error) {
    complain_of(&in_full(error));
}

fn complain_of(line: &str) {
    say(&format!("pgrehearse: {}", crate::report::text::visible(line)));
}

/// Says something that is no result. That nobody listens is no error: standard error may be gone, and what was asked for is
/// done all the same.
fn say(text: &str) {
    // eprintln would panic.
    let _ = std::io::stderr().write_all(format!("{text}\n").as_bytes());
}
