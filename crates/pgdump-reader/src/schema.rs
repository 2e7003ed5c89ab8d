//! The schema of a name that is written without one.

/// The schema that a name is in. One that is written without it, as only scripts written by hand do, goes where `search_path`
/// points by default.
pub fn schema_or_public(schema: Option<&str>) -> &str {
    schema.filter(|schema| !schema.is_empty()).unwrap_or("public")
}
