//! Shows the rows of a table: `cargo run --example rows DUMP SCHEMA TABLE`.

use std::io::Write as _;

fn main() -> Result<(), pgdump_reader::DumpError> {
    let argument = |number| std::env::args().nth(number).unwrap_or_default();
    pgdump_reader::open(argument(1).as_ref())?.rows_of(&argument(2), &argument(3), |row| {
        let values: Vec<&[u8]> = row.values().map(|value| value.unwrap_or(b"\\N")).collect();
        // Whoever reads the output can have gone.
        let _ = std::io::stdout().write_all(&[&values.join(&b'\t'), b"\n".as_slice()].concat());
    })
}
