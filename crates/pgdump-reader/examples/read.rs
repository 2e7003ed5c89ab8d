//! Reads a dump to its end and says whether it is whole: `cargo run --release --example read DUMP`.

use std::process::ExitCode;

fn main() -> ExitCode {
    let path = std::env::args_os().nth(1).unwrap_or_default();
    let scan = pgdump_reader::open(path.as_ref()).and_then(|dump| dump.scan());
    match scan {
        Ok(scan) if scan.damage.is_empty() => ExitCode::SUCCESS,
        Ok(scan) => {
            eprintln!("{}", scan.damage[0].what);
            ExitCode::FAILURE
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}
