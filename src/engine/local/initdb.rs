//! How `initdb` is called in each major version.

use std::ffi::OsString;

use crate::engine::InitdbOptions;
use crate::postgres::{Change, Major};
use crate::profile::LocaleProvider;

/// The `initdb` command; which options exist since when is in its documentation.
pub(super) fn arguments(options: &InitdbOptions, major: Major, pgdata: &str) -> Vec<OsString> {
    let mut argv = vec![
        "initdb".to_owned(),
        format!("--pgdata={pgdata}"),
        format!("--username={}", options.superuser),
        format!("--encoding={}", options.encoding),
        "--auth=trust".to_owned(),
        "--no-sync".to_owned(),
        "--lc-messages=C".to_owned(),
    ];
    match options.locale_provider {
        LocaleProvider::Libc => argv.push(format!("--locale={}", options.locale)),
        LocaleProvider::Icu => {
            argv.extend(["--locale-provider=icu".to_owned(), format!("--locale={}", options.locale)]);
            // Required in 15; taken from the locale's name since 16.
            argv.extend(options.icu_locale.as_ref().map(|locale| format!("--icu-locale={locale}")));
        }
        LocaleProvider::Builtin => {
            // The operating system knows nothing of the builtin provider's names, so the categories that it still
            // decides are C.
            argv.extend(["--locale-provider=builtin".to_owned(), "--locale=C".to_owned()]);
            argv.push(format!("--builtin-locale={}", builtin_name(&options.locale)));
        }
    }
    if major.has(Change::NoInstructions) {
        argv.push("--no-instructions".to_owned());
    }
    argv.extend(options.page_arguments(major.has(Change::ChecksumsByDefault)));
    argv.into_iter().map(OsString::from).collect()
}

/// The builtin provider takes two spellings of its UTF-8 locale, and people write more.
fn builtin_name(locale: &str) -> &str {
    if locale.eq_ignore_ascii_case("C.UTF8") || locale.eq_ignore_ascii_case("C.UTF-8") { "C.UTF-8" } else { locale }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(locale_provider: LocaleProvider, locale: &str) -> InitdbOptions {
        InitdbOptions {
            encoding: "UTF8".into(),
            locale: locale.into(),
            locale_provider,
            icu_locale: Some("en-US".into()),
            superuser: "postgres".into(),
            locales: Vec::new(),
            checksums: None,
            wal_segment_size: None,
        }
    }

    fn written(options: &InitdbOptions, major: u16) -> String {
        let argv = arguments(options, Major(major), "/data/pgdata");
        argv.iter().map(|argument| argument.to_string_lossy()).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn initdb_gets_only_options_that_its_version_knows() {
        let old = written(&options(LocaleProvider::Libc, "C"), 13);
        assert!(!old.contains("--locale-provider") && !old.contains("--no-instructions"), "{old}");
        let icu = written(&options(LocaleProvider::Icu, "C.UTF-8"), 15);
        assert!(icu.contains("--locale-provider=icu --locale=C.UTF-8 --icu-locale=en-US"), "{icu}");
        let builtin = written(&options(LocaleProvider::Builtin, "C.utf8"), 17);
        assert!(builtin.contains("--locale-provider=builtin --locale=C --builtin-locale=C.UTF-8"), "{builtin}");
    }
}
