//! Shows the rows of a table: `cargo run --example rows DUMP SCHEMA.TABLE`.

use std::io::Write as _;

use pgdump_reader::digest::Recipe;
use pgdump_reader::{Destination, DumpError, VisitedRow, Visitor};

/// Takes the rows of one table.
struct Show {
    table: String,
}

impl Show {
    fn is(&self, destination: &Destination) -> bool {
        let schema = destination.schema.as_deref().unwrap_or("public");
        format!("{schema}.{}", destination.table) == self.table
    }
}

impl Visitor for Show {
    fn may_want(&self, destination: &Destination) -> bool {
        self.is(destination)
    }

    fn wants(&mut self, destination: &Destination) -> Option<Recipe> {
        self.is(destination).then(Recipe::default)
    }

    fn row(&mut self, _destination: &Destination, row: VisitedRow<'_>) {
        let mut out = std::io::stdout().lock();
        for (number, value) in row.row().values().enumerate() {
            let separator = if number == 0 { "" } else { "\t" };
            // Whoever reads the output can have gone.
            let _ = write!(out, "{separator}").and_then(|()| out.write_all(value.unwrap_or(b"\\N")));
        }
        let _ = writeln!(out);
    }
}

fn main() -> Result<(), DumpError> {
    let mut arguments = std::env::args_os().skip(1);
    let (path, table) = (arguments.next().unwrap_or_default(), arguments.next().unwrap_or_default());
    let mut show = Show { table: table.to_string_lossy().into_owned() };
    pgdump_reader::open(path.as_ref())?.visit(&mut show)
}
