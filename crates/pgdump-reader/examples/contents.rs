//! Lists what is in an archive, as `pg_restore --list` does: `cargo run --example contents DUMP`.

fn main() -> Result<(), pgdump_reader::DumpError> {
    let path = std::env::args_os().nth(1).unwrap_or_default();
    let dump = pgdump_reader::open(path.as_ref())?;
    println!("{}", dump.format_label());
    for entry in dump.entries() {
        println!("{:>6}  {}", entry.id, entry.label());
    }
    Ok(())
}
