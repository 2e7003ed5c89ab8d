//! Names and values in SQL text, where a statement takes no parameters.

/// An identifier, always quoted, so that no name can be anything else.
///
/// ```
/// assert_eq!(pgrehearse::cluster::sql::identifier(r#"a"; DROP"#), r#""a""; DROP""#);
/// ```
pub fn identifier(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

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
