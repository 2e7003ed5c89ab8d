use crate::cluster::sql::identifier;
use crate::finding::kind::{Advice, Kind};
use crate::finding::rule::{Precedence, Rule};
use crate::finding::{Origin, Severity, Subject};

pub static KIND: Kind = Kind {
    name: "locale-unavailable",
    severity: Severity::Error,
    origin: Origin::Target,
    summary: "The dump creates its database with a locale that the target does not have.",
    page: include_str!("../../../docs/findings/locale-unavailable.md"),
    rules: &[
        // `invalid locale name`, `invalid LC_COLLATE locale name`: wrong_object_type, invalid_parameter_value.
        Rule::new(Precedence::Extension, &["42809", "22023"], |failed| {
            let says = failed.says("invalid") && failed.message.contains("locale");
            (failed.begins("CREATE DATABASE") && says).then(|| Subject::Locale(failed.quoted()).into())
        }),
    ],
    title: Some(|case| format!("locale {:?} does not exist in this target", case.subject)),
    advice: Some(|case| {
        let (locale, database) = (&*case.subject, identifier(&case.context.database_made()));
        if of_windows(locale) {
            return Advice::words(format!(
                "The locale is one of Windows; no other system has it under that name. {}",
                case.context.made_by_hand()
            ))
            .run(format!("CREATE DATABASE {database} TEMPLATE template0 ENCODING 'UTF8' {LOCALE};"));
        }
        let (language, charset) = parts(locale);
        Advice::words(format!(
            "{} Or install the locale on the target (as root, then restart the server).",
            case.context.made_by_hand()
        ))
        .one_of([
            ("#", "the locale is installed", format!("localedef -c -i {language} -f {charset} {locale}")),
            ("--", "a database in another locale", format!("CREATE DATABASE {database} TEMPLATE template0 {LOCALE};")),
        ])
    }),
    ..Kind::USUAL
};

/// How the locale of a database is said that is made by hand.
const LOCALE: &str = "LOCALE 'C.UTF-8'";

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
