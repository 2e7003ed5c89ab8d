//! Rehearses a dump in two targets, and says what came of it: `cargo run --example rehearse -- shop.dump`

use std::process::ExitCode;

use pgrehearse::event::Reporter;
use pgrehearse::exit;
use pgrehearse::session::{Run, RunError, Targets};

#[tokio::main]
async fn main() -> Result<ExitCode, RunError> {
    let dump = std::env::args().nth(1).unwrap_or_else(|| "shop.dump".to_owned());
    let targets = Targets::named(["docker-default", "rds-like"]);
    let report = Run::new(dump, targets).execute(&Reporter::default()).await?;
    for rehearsal in &report.targets {
        println!("{}: {} {}", rehearsal.target, rehearsal.verdict.label(), rehearsal.summary());
    }
    Ok(exit::of(report.verdict, false).into())
}
