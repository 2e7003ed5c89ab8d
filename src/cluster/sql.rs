//! Names and values in SQL text, where a statement takes no parameters.

pub use pgdump_reader::sql::identifier;

/// A string constant; with a backslash it is written in the escape form, which means the same whatever
/// `standard_conforming_strings` is.
///
/// ```
/// assert_eq!(pgrehearse::cluster::sql::literal("it's"), "'it''s'");
/// assert_eq!(pgrehearse::cluster::sql::literal(r"a\b"), r"E'a\\b'");
/// ```
pub fn literal(text: &str) -> String {
    let quoted = text.replace('\'', "''");
    if text.contains('\\') { format!("E'{}'", quoted.replace('\\', "\\\\")) } else { format!("'{quoted}'") }
}
