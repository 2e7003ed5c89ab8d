//! Settings of roles and databases, from postgresql.conf's words to SQL's.

use crate::cluster::sql::{identifier, literal};
use crate::profile::Setting;

/// Settings that are lists of names: SQL takes each name as a value of its own (`GUC_LIST_QUOTE` in
/// src/backend/utils/misc/guc_tables.c; the list of `variable_is_guc_list_quote` in src/bin/pg_dump/dumputils.c).
const LISTS: [&str; 6] = [
    "local_preload_libraries",
    "search_path",
    "session_preload_libraries",
    "shared_preload_libraries",
    "temp_tablespaces",
    "unix_socket_directories",
];

/// Whether a parameter is a list of names, in lower case.
pub fn is_list_of_names(parameter: &str) -> bool {
    LISTS.contains(&parameter)
}

/// The names of such a list as the server keeps it, which quotes what needs it and folds nothing any more.
pub fn names_of_list(kept: &str) -> Option<Vec<String>> {
    elements(kept, false)
}

/// `"work_mem" TO '8MB'`
pub fn assignment(name: &str, Setting(value): &Setting) -> String {
    let parts: Vec<String> = name.split('.').map(identifier).collect();
    let folded = name.to_ascii_lowercase();
    let values = match is_list_of_names(&folded) {
        // Names of files keep their capital letters.
        true => elements(value, !folded.ends_with("_libraries") && !folded.ends_with("_directories")),
        false => None,
    };
    let values = values.unwrap_or_else(|| vec![value.clone()]);
    let values: Vec<String> = values.iter().map(|value| literal(value)).collect();
    format!("{} TO {}", parts.join("."), values.join(", "))
}

/// The names of a list as `SplitIdentifierString` (src/backend/utils/adt/varlena.c) takes them apart; `None` where it is
/// none, which the server then says.
fn elements(list: &str, folds: bool) -> Option<Vec<String>> {
    let mut elements = Vec::new();
    let mut rest = list.trim();
    while !rest.is_empty() {
        let name;
        if let Some(quoted) = rest.strip_prefix('"') {
            let mut text = String::new();
            let mut from = quoted;
            loop {
                let (before, after) = from.split_once('"')?;
                text.push_str(before);
                match after.strip_prefix('"') {
                    Some(after) => {
                        text.push('"');
                        from = after;
                    }
                    None => {
                        rest = after.trim_start();
                        break;
                    }
                }
            }
            name = text;
        } else {
            let end = rest.find(',').unwrap_or(rest.len());
            let word = rest[..end].trim_end();
            if word.is_empty() || word.contains(char::is_whitespace) {
                return None;
            }
            name = if folds { word.to_lowercase() } else { word.to_owned() };
            rest = &rest[end..];
        }
        elements.push(name);
        rest = match rest.strip_prefix(',') {
            Some(more) if !more.trim().is_empty() => more.trim_start(),
            Some(_) => return None,
            None if rest.is_empty() => rest,
            None => return None,
        };
    }
    (!elements.is_empty()).then_some(elements)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_of_names_becomes_a_list_of_values() {
        let set = |name: &str, value: &str| assignment(name, &Setting(value.to_owned()));
        assert_eq!(
            set("search_path", r#""$user", App, "a ""b"", c""#),
            r#""search_path" TO '$user', 'app', 'a "b", c'"#
        );
        assert_eq!(set("Search_Path", ""), r#""Search_Path" TO ''"#);
        assert_eq!(
            set("session_preload_libraries", "Auto_Explain"),
            r#""session_preload_libraries" TO 'Auto_Explain'"#
        );
        assert_eq!(set("DateStyle", "ISO, MDY"), r#""DateStyle" TO 'ISO, MDY'"#);
        assert_eq!(set("app.mode", "it's"), r#""app"."mode" TO 'it''s'"#);
    }

    #[test]
    fn what_is_no_list_of_names_is_left_for_the_server_to_refuse() {
        for list in ["a b", "a,", ",a", r#""a"#, r#""a"b"#] {
            assert_eq!(elements(list, true), None, "{list}");
        }
    }
}
