//! Whether initdb could make this cluster.

use super::{Places, names, steps};
use crate::profile::encoding::{self, Encoding};
use crate::profile::{Cluster, LocaleProvider, Major, ProfileError, suggest};

pub fn check(cluster: &mut Cluster, postgres: Option<Major>, at: &Places<'_>) -> Result<(), ProfileError> {
    names::role(&cluster.superuser).map_err(|why| at.bad(steps!["cluster", "superuser"], why))?;
    names::locale(&cluster.locale).map_err(|why| at.bad(steps!["cluster", "locale"], why))?;
    for (index, locale) in cluster.locales.iter().enumerate() {
        names::locale(locale).map_err(|why| at.bad(steps!["cluster", "locales", index], why))?;
    }
    cluster.encoding = server_encoding(&cluster.encoding, at)?.to_owned();
    provider(cluster, postgres, at)?;
    locale_fits_encoding(cluster, at)
}

/// The encoding as PostgreSQL prints it.
fn server_encoding(name: &str, at: &Places<'_>) -> Result<&'static str, ProfileError> {
    match encoding::find(name) {
        Some(Encoding::Server(canonical)) => Ok(canonical),
        Some(Encoding::ClientOnly(canonical)) => {
            let why = format!("{canonical} is an encoding for clients only; no database can have it");
            Err(at.bad(steps!["cluster", "encoding"], why))
        }
        None => {
            let hint = suggest::nearest(name, encoding::server_names()).map(|near| format!("did you mean `{near}`?"));
            Err(at.bad(steps!["cluster", "encoding"], "PostgreSQL knows no encoding of this name").hint(hint))
        }
    }
}

fn provider(cluster: &Cluster, postgres: Option<Major>, at: &Places<'_>) -> Result<(), ProfileError> {
    // Where only an image is named, its version is known when it runs.
    let older_than = |since: u16| postgres.filter(|Major(major)| *major < since);
    let too_old = |provider: &str, since: u16| {
        older_than(since).map(|major| {
            let why = format!("the {provider} provider exists from PostgreSQL {since} on, this target is {major}");
            at.bad(steps!["cluster", "locale_provider"], why)
        })
    };
    match (cluster.locale_provider, &cluster.icu_locale) {
        (LocaleProvider::Icu, Some(locale)) => {
            names::locale(locale).map_err(|why| at.bad(steps!["cluster", "icu_locale"], why))?;
            if let Some(error) = too_old("icu", 15) {
                return Err(error);
            }
            if cluster.encoding == "SQL_ASCII" {
                return Err(at.bad(steps!["cluster", "encoding"], "ICU cannot work with SQL_ASCII"));
            }
        }
        (LocaleProvider::Icu, None) => {
            let why = "the icu provider needs `icu_locale`, for example `icu_locale: en-US`";
            return Err(at.bad(steps!["cluster", "locale_provider"], why));
        }
        (LocaleProvider::Libc | LocaleProvider::Builtin, Some(_)) => {
            let why = "only used with `locale_provider: icu`";
            return Err(at.bad_key(steps!["cluster"], "icu_locale", why));
        }
        (LocaleProvider::Builtin, None) => {
            if let Some(error) = too_old("builtin", 17) {
                return Err(error);
            }
            if !["C", "C.UTF-8", "C.UTF8"].contains(&cluster.locale.as_str()) {
                let why = "the builtin provider knows the locales `C` and `C.UTF-8`";
                return Err(at.bad(steps!["cluster", "locale"], why));
            }
        }
        (LocaleProvider::Libc, None) => {}
    }
    Ok(())
}

/// initdb refuses a locale whose character set is not the encoding, except for SQL_ASCII (`check_locale_encoding`,
/// src/bin/initdb/initdb.c).
fn locale_fits_encoding(cluster: &Cluster, at: &Places<'_>) -> Result<(), ProfileError> {
    let Some((_, charset)) = cluster.locale.split_once('.') else { return Ok(()) };
    let charset = charset.split('@').next().unwrap_or_default();
    match encoding::find(charset) {
        Some(Encoding::Server(of_locale)) if of_locale != cluster.encoding && cluster.encoding != "SQL_ASCII" => {
            let (locale, encoding) = (&cluster.locale, &cluster.encoding);
            let why = format!("initdb refuses {encoding} with the locale {locale}, whose characters are {of_locale}");
            let hint = "set `locale: C`, which fits every encoding";
            Err(at.bad(steps!["cluster", "encoding"], why).hint(Some(hint.into())))
        }
        _ => Ok(()),
    }
}
