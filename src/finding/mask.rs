//! Keeps row values out of what is shown.
//!
//! A message of the server names objects in double quotes, which are wanted, but some also quote data: those of the
//! SQLSTATE classes 22 (data exception) and 23 (integrity constraint violation), and syntax errors where psql took rows
//! for SQL. Statements that hold data have their literals replaced.

const MASK: &str = "‹masked›";

/// A message without row values.
pub fn message(text: &str, sqlstate: Option<&str>) -> String {
    match sqlstate {
        // Bytes of one character, without which the message says nothing.
        Some("22021" | "22P05") => text.to_owned(),
        // What a setting is set to is in the statement too, and no row's.
        Some("22023") if text.starts_with("invalid value for parameter ") => text.to_owned(),
        Some(state) if state.starts_with("22") || state == "42601" => between_quotes(text),
        // An expression that a function raised can say anything (P0001).
        Some("P0001") => MASK.to_owned(),
        _ => text.to_owned(),
    }
}

/// A statement without row values. Statements that define things are shown; others show how they begin.
pub fn statement(text: &str) -> String {
    const DEFINES: [&str; 12] = [
        "CREATE", "ALTER", "GRANT", "REVOKE", "COMMENT", "DROP", "SET", "COPY", "SECURITY", "REFRESH", "ANALYZE",
        "REINDEX",
    ];
    let first = text.split(|c: char| !c.is_ascii_alphabetic()).next().unwrap_or_default().to_ascii_uppercase();
    if DEFINES.contains(&first.as_str()) {
        return text.to_owned();
    }
    if first == "SELECT" && text.contains("setval") && text.contains("pg_catalog") {
        return text.to_owned();
    }
    if first == "INSERT" {
        let head = text.split('(').next().unwrap_or_default();
        return format!("{}(…) {MASK}", head.split("VALUES").next().unwrap_or_default().trim_end());
    }
    if ["SELECT", "UPDATE", "DELETE", "DO", "CALL", "WITH"].contains(&first.as_str()) {
        return format!("{first} {MASK}");
    }
    // Not a statement at all: rows that psql took for one.
    MASK.to_owned()
}

fn between_quotes(text: &str) -> String {
    match (text.find('"'), text.rfind('"')) {
        (Some(start), Some(end)) if start < end => format!("{}\"{MASK}\"{}", &text[..start], &text[end + 1..]),
        _ => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_in_a_message_is_masked() {
        let text = "invalid input syntax for type integer: \"Ada Lovelace\"";
        assert_eq!(message(text, Some("22P02")), "invalid input syntax for type integer: \"‹masked›\"");
    }

    #[test]
    fn a_name_in_a_message_is_kept() {
        assert_eq!(message("role \"x\" does not exist", Some("42704")), "role \"x\" does not exist");
    }

    #[test]
    fn the_value_of_a_setting_is_kept() {
        let text = "invalid value for parameter \"default_tablespace\": \"fast\"";
        assert_eq!(message(text, Some("22023")), text);
    }

    #[test]
    fn rows_taken_for_a_statement_are_masked() {
        assert_eq!(statement("1\tAda\tada@example.com"), "‹masked›");
        assert_eq!(message("syntax error at or near \"Ada\"", Some("42601")), "syntax error at or near \"‹masked›\"");
    }

    #[test]
    fn an_insert_shows_its_table_only() {
        assert_eq!(statement("INSERT INTO public.users VALUES (1, 'Ada')"), "INSERT INTO public.users(…) ‹masked›");
    }

    #[test]
    fn a_definition_is_shown() {
        let sql = "CREATE POLICY p ON t TO x USING (true)";
        assert_eq!(statement(sql), sql);
    }
}
