//! Lists what a dump needs of a server: `cargo run --example requirements DUMP`.

use pgdump_reader::Requirements;

fn main() -> Result<(), pgdump_reader::DumpError> {
    let path = std::env::args_os().nth(1).unwrap_or_default();
    let dump = pgdump_reader::open(path.as_ref())?;
    let needs = Requirements::of(&dump, &dump.scan()?.facts);
    if let Some(major) = needs.oldest_server() {
        println!("PostgreSQL {major} or newer");
    }
    needs.roles.keys().for_each(|role| println!("role {role}"));
    needs.extensions.iter().for_each(|extension| println!("extension {}", extension.name));
    Ok(())
}
