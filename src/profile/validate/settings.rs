//! Server settings that a profile may give.

use std::collections::BTreeMap;

use super::Places;
use crate::postgres;
use crate::profile::yaml::Step;
use crate::profile::{Setting, reserved, suggest};

/// Checks the settings at `path`, of the server, a role or a database.
pub fn check(settings: &BTreeMap<String, Setting>, path: &[Step<'_>], at: &Places<'_>) {
    check_but(reserved::why, settings, path, at);
}

/// Checks the settings at `path`; `why` says why one cannot be the profile's, where it cannot.
pub fn check_but(
    why: fn(&str) -> Option<&'static str>,
    settings: &BTreeMap<String, Setting>,
    path: &[Step<'_>],
    at: &Places<'_>,
) {
    let mut seen: BTreeMap<String, &str> = BTreeMap::new();
    for (name, Setting(value)) in settings {
        at.each(|| {
            let refused = |why: String| at.bad_key(path, name, why);
            if !is_setting_name(name) {
                return Err(refused(
                    "a setting's name is of letters, digits, `_` and `.`, and starts with a letter".into(),
                ));
            }
            let folded = name.to_ascii_lowercase();
            if let Some(reason) = why(&folded) {
                return Err(refused(format!("pgrehearse sets this itself: {reason}")));
            }
            if at.of_a_known_version
                && let Some(near) = mistyped(&folded)
            {
                let hint = format!("did you mean `{near}`?");
                return Err(refused("PostgreSQL has no setting of this name".into()).hint(Some(hint)));
            }
            if let Some(first) = seen.insert(folded, name) {
                return Err(refused(format!("`{first}` is the same setting: upper and lower case make no difference")));
            }
            if value.contains(['\n', '\r']) {
                let why = "a setting's value is one line of postgresql.conf";
                let whole: Vec<_> = path.iter().copied().chain([Step::from(name)]).collect();
                return Err(at.bad(&whole, why));
            }
            Ok(())
        });
    }
}

/// The setting that a name is meant to be, where PostgreSQL has none of that name and one that is nearly the same. What is far
/// from all may be one of a library or of another kind of server.
fn mistyped(name: &str) -> Option<&'static str> {
    const MOST_LETTERS: usize = 2;
    if name.contains('.') || postgres::settings().any(|known| known == name) {
        return None;
    }
    suggest::nearest(name, postgres::settings()).filter(|near| strsim::damerau_levenshtein(name, near) <= MOST_LETTERS)
}

fn is_setting_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '.')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::parse;

    fn read(settings: &str) -> Result<(), String> {
        let text = format!("name: x\npostgres: 17\ncluster: {{settings: {{{settings}}}}}\n");
        parse(&text, "x.yaml").map(|_| ()).map_err(|error| error.to_string())
    }

    #[test]
    fn a_setting_that_is_nearly_one_of_postgresql_is_a_mistake() {
        let wanted = "x.yaml:3:22: `cluster.settings.max_connection`: PostgreSQL has no setting of this name; did you mean \
                      `max_connections`?";
        assert_eq!(read("max_connection: 10").unwrap_err(), wanted);
        assert!(read("Work-mem: 4MB").is_err() && read("wrk_mem: 4MB").is_err());
    }

    #[test]
    fn settings_of_postgresql_of_extensions_and_of_what_is_not_known_are_taken() {
        for known in
            ["max_connections: 10", "DateStyle: ISO", "timezone: UTC", "pg_stat_statements.max: 10", "a.work_mm: 1"]
        {
            assert_eq!(read(known), Ok(()), "{known}");
        }
        assert_eq!(read("something_of_a_library: 1"), Ok(()));
        assert!(
            parse("name: x\npostgres: 19\ncluster: {settings: {work_men: 1}}\n", "x.yaml").is_ok(),
            "not known yet"
        );
        assert!(postgres::settings().count() > 400 && mistyped("work_mem").is_none());
    }
}
