//! Pieces of profiles as the tests write them.

/// Text as a quoted scalar of YAML.
pub fn quoted(text: &str) -> String {
    serde_json::to_string(text).unwrap()
}

/// A query of a profile: SQL, what must come back, and further keys.
pub fn query(sql: &str, expect: &str, more: &str) -> String {
    format!("    - {{name: {}, sql: {}, expect: {expect}{more}}}\n", quoted(sql), quoted(sql))
}
