//! Says what a base backup holds, and compares it with its manifest: `cargo run --example base -- PATH`.

use std::error::Error;
use std::path::Path;

use pgbackup_reader::base::Base;

fn main() -> Result<(), Box<dyn Error>> {
    let path = std::env::args().nth(1).ok_or("name a base backup")?;
    let base = Base::open(Path::new(&path))?;
    println!("{:?} base at {}", base.form(), base.path().display());
    if let Some(label) = base.head().label() {
        println!("label: {label:?}");
    }
    let survey = base.survey()?;
    println!("major: {:?}, incremental: {}", survey.head.major(), survey.is_incremental());
    println!("files: {}, bytes: {}, WAL: {:?}", survey.files, survey.bytes, survey.wal);
    println!("tablespaces: {:?} {:?}", survey.tablespaces, survey.tablespace_files);
    println!("unlogged: {:?}, left out: {:?}", survey.unlogged, survey.left_out);
    println!("control: {:?}", survey.head.control().map(|control| (control.system_identifier, control.checkpoint)));
    println!("configuration: {:?}", survey.configuration);
    match base.manifest() {
        None => println!("no manifest"),
        Some(manifest) => {
            let manifest = manifest?;
            println!("manifest: {:?}, {} bytes", manifest, manifest.total_size());
            println!("{:?}", base.verify(&manifest)?);
        }
    }
    Ok(())
}
