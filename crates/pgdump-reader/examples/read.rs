//! Reads a dump to its end, and says what is damaged in it: `cargo run --release --example read DUMP`.

use std::process::ExitCode;

fn main() -> Result<ExitCode, pgdump_reader::DumpError> {
    let path = std::env::args_os().nth(1).unwrap_or_default();
    let scan = pgdump_reader::open(path.as_ref())?.scan()?;
    scan.damage.iter().for_each(|damage| eprintln!("{}", damage.what));
    Ok(if scan.damage.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
