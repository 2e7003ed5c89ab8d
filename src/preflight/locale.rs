//! The locale of a database against the one that was dumped: by whose rules text is sorted, and by which.

use pgdump_reader::CreatedDatabase;

use crate::cluster::sql::{identifier, literal};
use crate::finding::{Finding, Name};
use crate::postgres::encoding::normal_encoding;
use crate::postgres::normal_locale;
use crate::profile::Target;

/// What a database goes by.
#[derive(Debug, Default)]
pub struct Locale {
    pub collate: String,
    pub ctype: String,
    /// `libc`, `icu` or `builtin`.
    pub provider: String,
    /// The provider's own, where that is not libc.
    pub provider_locale: Option<String>,
}

impl Locale {
    /// That of a dumped database, as far as the dump says it. Before 15 there was libc alone.
    fn dumped(created: &CreatedDatabase) -> Self {
        let of_libc = |own: &Option<String>| own.clone().or_else(|| created.locale.clone()).unwrap_or_default();
        Self {
            collate: of_libc(&created.lc_collate),
            ctype: of_libc(&created.lc_ctype),
            provider: created.locale_provider.as_deref().unwrap_or("libc").to_ascii_lowercase(),
            provider_locale: created.provider_locale.clone(),
        }
    }

    fn of_libc(&self) -> String {
        match self.collate == self.ctype {
            true => self.collate.clone(),
            false => format!("{}/{}", self.collate, self.ctype),
        }
    }

    fn by_provider(&self) -> String {
        match &self.provider_locale {
            Some(locale) => format!("{locale:?} by {}", self.provider),
            None => format!("{} by {}", self.of_libc(), self.provider).trim_start().to_owned(),
        }
    }

    /// Those of `CREATE DATABASE`.
    fn options(&self) -> String {
        let mut options = match (self.provider.as_str(), &self.provider_locale) {
            ("libc", _) => "LOCALE_PROVIDER libc".to_owned(),
            ("icu", Some(locale)) => format!("LOCALE_PROVIDER icu ICU_LOCALE {}", literal(locale)),
            (provider, Some(locale)) => format!("LOCALE_PROVIDER {provider} BUILTIN_LOCALE {}", literal(locale)),
            (provider, None) => format!("LOCALE_PROVIDER {provider}"),
        };
        for (option, locale) in [("LC_COLLATE", &self.collate), ("LC_CTYPE", &self.ctype)] {
            if !locale.is_empty() {
                options.push_str(&format!(" {option} {}", literal(locale)));
            }
        }
        options
    }
}

/// A locale that differs changes sorting, upper and lower case, and which characters are letters. Where another provider
/// than libc sorts, LC_COLLATE means nothing.
pub fn other_locale(created: &CreatedDatabase, own: &Locale, target: &Target, makes_own: bool) -> Option<Finding> {
    let dumped = Locale::dumped(created);
    let differ = |dumped: &str, own: &str| !dumped.is_empty() && normal_locale(dumped) != normal_locale(own);
    let language = |locale: &Option<String>| locale.as_deref().map(|name| normal_locale(name).replace('_', ""));
    let by_libc = own.provider == "libc";
    let sorts_otherwise = dumped.provider != own.provider
        || !by_libc && language(&dumped.provider_locale) != language(&own.provider_locale);
    let classifies_otherwise = by_libc && differ(&dumped.collate, &own.collate) || differ(&dumped.ctype, &own.ctype);
    let options = dumped.options();
    let (now, then, options) = match (sorts_otherwise, classifies_otherwise) {
        (true, _) => (own.by_provider(), dumped.by_provider(), options.as_str()),
        (false, true) => {
            (own.of_libc(), dumped.of_libc(), options.strip_prefix("LOCALE_PROVIDER libc ").unwrap_or(&options))
        }
        (false, false) => return None,
    };
    let mut finding =
        Finding::new(Name::LocaleDiffers, format!("the database's locale is {now}, the dump's was {then}"));
    finding.evidence =
        vec!["ORDER BY, upper(), LIKE and ranges of text can answer otherwise than in the source".into()];
    if makes_own {
        finding.fix = "The dump makes its database itself, with its locale: look why that came to nothing.".into();
        return Some(finding);
    }
    if !target.may_recreate_database() {
        finding.fix =
            "Who restores here cannot create the database. Where the order of text matters, name a collation in \
                       columns, indexes and queries (COLLATE), or choose a target with the source's locale."
                .into();
        return Some(finding);
    }
    // Text without an encoding is bytes: that is no encoding to ask for, and only C goes with each that the target has.
    let no_encoding = |name: &&String| normal_encoding(name) == "SQLASCII";
    let encoding = match created.encoding.as_ref().filter(no_encoding) {
        None => created.encoding.as_deref(),
        Some(_) if [&dumped.collate, &dumped.ctype].iter().all(|locale| ["C", "POSIX"].contains(&locale.as_str())) => {
            Some(target.database_encoding())
        }
        Some(_) => return Some(finding),
    };
    let encoding = encoding.map(|name| format!(" ENCODING {}", literal(name))).unwrap_or_default();
    let name = identifier(&target.database.name);
    finding.commands = vec![format!("CREATE DATABASE {name} TEMPLATE template0{encoding} {options};")];
    Some(finding)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(locale: &str, provider: &str, provider_locale: Option<&str>) -> Locale {
        Locale {
            collate: locale.into(),
            ctype: locale.into(),
            provider: provider.into(),
            provider_locale: provider_locale.map(str::to_owned),
        }
    }

    fn dumped(locale: &str, provider: Option<&str>, provider_locale: Option<&str>) -> CreatedDatabase {
        CreatedDatabase {
            name: "app".into(),
            locale: Some(locale.to_owned()).filter(|locale| !locale.is_empty()),
            locale_provider: provider.map(str::to_owned),
            provider_locale: provider_locale.map(str::to_owned),
            ..CreatedDatabase::default()
        }
    }

    fn difference(created: &CreatedDatabase, own: &Locale) -> Option<(String, String)> {
        other_locale(created, own, &target(""), false).map(|finding| {
            let title = finding.title.replace("the database's locale is ", "").replace(", the dump's was ", " for ");
            (title, finding.commands[0].replace("CREATE DATABASE \"app\" TEMPLATE template0 ", ""))
        })
    }

    fn target(more: &str) -> Target {
        crate::profile::parse(&format!("name: a\npostgres: 17\n{more}"), "a").unwrap()
    }

    #[test]
    fn a_database_is_only_made_again_by_who_may_and_in_an_encoding() {
        let own = of("C.UTF-8", "libc", None);
        let commands = |created: &CreatedDatabase, more: &str, makes_own: bool| {
            other_locale(created, &own, &target(more), makes_own).unwrap().commands
        };
        let german = dumped("de_DE.UTF-8", None, None);
        assert_eq!(commands(&german, "", false).len(), 1);
        let service = "roles: [{name: app, login: true}]\ndatabase: {owner: app}\nrestore: {as: app}\n";
        assert_eq!(commands(&german, service, false), Vec::<String>::new());
        assert_eq!(commands(&german, "", true), Vec::<String>::new());
        assert_eq!(commands(&german, &service.replace("true}", "true, createdb: true}"), false).len(), 1);
        let bytes = |locale| CreatedDatabase { encoding: Some("SQL_ASCII".into()), ..dumped(locale, None, None) };
        let made = commands(&bytes("C"), "", false);
        assert!(made[0].contains("ENCODING 'UTF8'"), "{made:?}");
        assert_eq!(commands(&bytes("de_DE"), "", false), Vec::<String>::new());
    }

    fn pair(title: &str, options: &str) -> Option<(String, String)> {
        Some((title.to_owned(), format!("{options};")))
    }

    #[test]
    fn a_dump_that_names_no_locale_has_none_to_differ() {
        assert_eq!(difference(&CreatedDatabase::default(), &of("C", "libc", None)), None);
    }

    #[test]
    fn locales_of_libc_differ_by_name() {
        let own = of("C.UTF-8", "libc", None);
        assert_eq!(difference(&dumped("C.utf8", Some("libc"), None), &own), None);
        assert_eq!(
            difference(&dumped("de_DE.UTF-8", None, None), &own),
            pair("C.UTF-8 for de_DE.UTF-8", "LC_COLLATE 'de_DE.UTF-8' LC_CTYPE 'de_DE.UTF-8'")
        );
        let ctype = CreatedDatabase { lc_ctype: Some("C".into()), ..dumped("C.UTF-8", None, None) };
        assert_eq!(difference(&ctype, &own), pair("C.UTF-8 for C.UTF-8/C", "LC_COLLATE 'C.UTF-8' LC_CTYPE 'C'"));
    }

    #[test]
    fn who_sorts_is_named_before_what_does_not_sort() {
        let icu = of("C.UTF-8", "icu", Some("en-US"));
        assert_eq!(difference(&dumped("C.UTF-8", Some("icu"), Some("en_US")), &icu), None);
        assert_eq!(
            difference(&dumped("en_US.UTF-8", Some("libc"), None), &icu),
            pair(
                "\"en-US\" by icu for en_US.UTF-8 by libc",
                "LOCALE_PROVIDER libc LC_COLLATE 'en_US.UTF-8' LC_CTYPE 'en_US.UTF-8'"
            )
        );
        assert_eq!(
            difference(&dumped("", Some("icu"), Some("de")), &icu),
            pair("\"en-US\" by icu for \"de\" by icu", "LOCALE_PROVIDER icu ICU_LOCALE 'de'")
        );
        // LC_COLLATE sorts nothing there; LC_CTYPE decides what a word is.
        let collate =
            CreatedDatabase { lc_collate: Some("de_DE.UTF-8".into()), ..dumped("C.UTF-8", Some("icu"), Some("en-US")) };
        assert_eq!(difference(&collate, &icu), None);
        let ctype =
            CreatedDatabase { lc_ctype: Some("de_DE.UTF-8".into()), ..dumped("C.UTF-8", Some("icu"), Some("en-US")) };
        assert!(difference(&ctype, &icu).is_some());
        let builtin = of("C", "builtin", Some("C.UTF-8"));
        assert_eq!(difference(&dumped("C", Some("builtin"), Some("C.UTF-8")), &builtin), None);
        assert_eq!(
            difference(&dumped("C.UTF-8", Some("builtin"), Some("C.UTF-8")), &of("C.UTF-8", "libc", None)),
            pair(
                "C.UTF-8 by libc for \"C.UTF-8\" by builtin",
                "LOCALE_PROVIDER builtin BUILTIN_LOCALE 'C.UTF-8' LC_COLLATE 'C.UTF-8' LC_CTYPE 'C.UTF-8'"
            )
        );
        // A dump of a server before 15 does not say.
        assert!(difference(&CreatedDatabase::default(), &icu).is_some());
    }
}
