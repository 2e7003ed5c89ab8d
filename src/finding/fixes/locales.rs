//! Words for databases that the dump cannot make here: by whom, or with which locale.

use super::{Told, restoring};
use crate::cluster::sql::identifier;
use crate::finding::recognise::Cause;
use crate::finding::{Name, Situation};

/// How the locale of a database is said that is made by hand.
const LOCALE: &str = "LOCALE 'C.UTF-8'";

pub(super) fn fix(cause: &Cause, situation: &Situation) -> Option<Told> {
    let (mut words, mut commands) = (String::new(), Vec::new());
    let database = identifier(&database(situation));
    match cause.name {
        Name::LocaleUnavailable if of_windows(&cause.subject) => {
            words.push_str("The locale is one of Windows, which no other system has under that name. ");
            words.push_str(&by_hand(situation));
            commands.push(format!("CREATE DATABASE {database} TEMPLATE template0 ENCODING 'UTF8' {LOCALE};"));
        }
        Name::LocaleUnavailable => {
            words.push_str(&by_hand(situation));
            words.push_str(" Or install the locale on the target (as root, then restart the server).");
            let (language, charset) = parts(&cause.subject);
            commands.push(format!("localedef -c -i {language} -f {charset} {}", cause.subject));
            commands.push(format!("CREATE DATABASE {database} TEMPLATE template0 {LOCALE};"));
        }
        Name::DatabaseNotCreatable => {
            words.push_str(&by_hand(situation));
            words.push_str(" It has to be made by somebody who may; or give the role CREATEDB.");
            let owner = identifier(restoring(situation.target));
            commands.push(format!("CREATE DATABASE {database} OWNER {owner} TEMPLATE template0;"));
        }
        _ => return None,
    }
    Some((words, commands))
}

/// Whether a locale is written as Windows does: `English_United States.1252`, `German_Germany.utf8`.
fn of_windows(locale: &str) -> bool {
    let (language, country) = locale.split('.').next().unwrap_or(locale).split_once('_').unwrap_or_default();
    language.len() > 3 && language.starts_with(|c: char| c.is_ascii_uppercase()) && country.len() > 2
}

/// What `localedef` is given.
fn parts(locale: &str) -> (&str, &str) {
    let language = locale.split(['.', '@']).next().unwrap_or(locale);
    (language, locale.split_once('.').map_or("ISO-8859-1", |(_, charset)| charset))
}

/// How a database that somebody has made is restored into.
fn by_hand(situation: &Situation) -> String {
    if situation.dump.is_archive() {
        return "Make the database beforehand, and restore into it without --create.".to_owned();
    }
    // It connects to its own name, whatever database psql was given.
    "Make the database beforehand under the name that the script connects to: its CREATE DATABASE then fails without \
     harm, and its \\connect finds it."
        .to_owned()
}

/// The database that the dump makes and goes into.
fn database(situation: &Situation) -> String {
    let own = || situation.target.database.name.clone();
    let last = situation.scan.facts.creates_database.last().filter(|_| !situation.dump.is_archive());
    last.map_or_else(own, |created| created.name.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_locale_of_windows_is_known_by_its_form() {
        for locale in ["English_United States.1252", "German_Germany.1252", "Chinese (Simplified)_China.936"] {
            assert!(of_windows(locale), "{locale}");
        }
        for locale in ["en_US.UTF-8", "de_DE@euro", "C.UTF-8", "POSIX", "sr_RS.UTF-8@latin"] {
            assert!(!of_windows(locale), "{locale}");
        }
    }
}
