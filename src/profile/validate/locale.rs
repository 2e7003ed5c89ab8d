//! Whether initdb could make a cluster, or CREATE DATABASE a database, of this encoding and locale.

use super::{Places, steps};
use crate::postgres::encoding::{self, Encoding};
use crate::postgres::{Change, Major};
use crate::profile::{LocaleProvider, ProfileError, Target, names, suggest};

/// The encoding and locale of a cluster or of a database.
pub struct Locality<'a> {
    /// `cluster` or `database`: the key that says it.
    pub holder: &'a str,
    pub encoding: &'a str,
    pub locale: &'a str,
    pub provider: LocaleProvider,
    pub icu_locale: Option<&'a str>,
    pub postgres: Option<Major>,
}

impl<'a> Locality<'a> {
    pub fn of_cluster(target: &'a Target) -> Self {
        let cluster = &target.cluster;
        Self {
            holder: "cluster",
            encoding: &cluster.encoding,
            locale: &cluster.locale,
            provider: cluster.locale_provider,
            icu_locale: cluster.icu_locale.as_deref(),
            postgres: target.postgres,
        }
    }

    /// With what the database takes from the cluster.
    pub fn of_database(target: &'a Target) -> Self {
        Self {
            holder: "database",
            encoding: target.database_encoding(),
            locale: target.database_locale(),
            provider: target.database_locale_provider(),
            icu_locale: target.database_icu_locale(),
            postgres: target.postgres,
        }
    }

    pub fn check(&self, at: &Places<'_>) -> Result<(), ProfileError> {
        names::locale(self.locale).map_err(|why| at.bad(steps![self.holder, "locale"], why))?;
        self.provider(at)?;
        self.locale_fits_encoding(at)
    }

    fn provider(&self, at: &Places<'_>) -> Result<(), ProfileError> {
        // Where only an image is named, its version is known when it runs.
        let too_old = |change: Change| {
            let since = change.since();
            self.postgres.filter(|major| *major < since).map(|major| {
                let provider = self.provider.name();
                let why = format!("the {provider} provider exists from PostgreSQL {since} on, this target is {major}");
                at.bad(steps![self.holder, "locale_provider"], why)
            })
        };
        match (self.provider, self.icu_locale) {
            (LocaleProvider::Icu, Some(locale)) => {
                names::locale(locale).map_err(|why| at.bad(steps![self.holder, "icu_locale"], why))?;
                if let Some(error) = too_old(Change::IcuDatabases) {
                    return Err(error);
                }
                if self.encoding == "SQL_ASCII" {
                    return Err(at.bad(steps![self.holder, "encoding"], "ICU cannot work with SQL_ASCII"));
                }
            }
            (LocaleProvider::Icu, None) => {
                let why = "the icu provider needs `icu_locale`, for example `icu_locale: en-US`";
                return Err(at.bad(steps![self.holder, "locale_provider"], why));
            }
            (LocaleProvider::Libc | LocaleProvider::Builtin, Some(_)) => {
                let why = "only used with `locale_provider: icu`";
                return Err(at.bad_key(steps![self.holder], "icu_locale", why));
            }
            (LocaleProvider::Builtin, None) => {
                if let Some(error) = too_old(Change::BuiltinProvider) {
                    return Err(error);
                }
                if let Err(why) = self.builtin_locale() {
                    return Err(at.bad(steps![self.holder, "locale"], why));
                }
            }
            (LocaleProvider::Libc, None) => {}
        }
        Ok(())
    }

    /// `builtin_validate_locale` in src/backend/utils/adt/pg_locale.c, PostgreSQL 17 and 18.
    fn builtin_locale(&self) -> Result<(), String> {
        match (self.locale, self.postgres) {
            ("C", _) => Ok(()),
            ("PG_UNICODE_FAST", Some(major)) if !major.has(Change::UnicodeFast) => {
                let since = Change::UnicodeFast.since();
                Err(format!("the locale `PG_UNICODE_FAST` exists from PostgreSQL {since} on, this target is {major}"))
            }
            ("C.UTF-8" | "C.UTF8" | "PG_UNICODE_FAST", _) if self.encoding != "UTF8" => {
                Err(format!("the builtin locale `{}` is for UTF8, and the encoding is {}", self.locale, self.encoding))
            }
            ("C.UTF-8" | "C.UTF8" | "PG_UNICODE_FAST", _) => Ok(()),
            _ => Err("the builtin provider knows the locales `C` and `C.UTF-8`, and from PostgreSQL 18 on \
                      `PG_UNICODE_FAST`"
                .into()),
        }
    }

    /// initdb refuses a locale whose character set is not the encoding, except for SQL_ASCII (`check_locale_encoding`,
    /// src/bin/initdb/initdb.c), and so does CREATE DATABASE.
    fn locale_fits_encoding(&self, at: &Places<'_>) -> Result<(), ProfileError> {
        let Some((_, charset)) = self.locale.split_once('.') else { return Ok(()) };
        let charset = charset.split('@').next().unwrap_or_default();
        match encoding::find(charset) {
            Some(Encoding::Server(of_locale)) if of_locale != self.encoding && self.encoding != "SQL_ASCII" => {
                let (locale, encoding) = (self.locale, self.encoding);
                let who = if self.holder == "cluster" { "initdb" } else { "PostgreSQL" };
                let why =
                    format!("{who} refuses {encoding} with the locale {locale}, whose characters are {of_locale}");
                let hint = "set `locale: C`, which fits every encoding";
                Err(at.bad(steps![self.holder, "encoding"], why).hint(Some(hint.into())))
            }
            _ => Ok(()),
        }
    }
}

/// The encoding as PostgreSQL prints it.
pub fn server_encoding(name: &str, holder: &str, at: &Places<'_>) -> Result<&'static str, ProfileError> {
    match encoding::find(name) {
        Some(Encoding::Server(canonical)) => Ok(canonical),
        Some(Encoding::ClientOnly(canonical)) => {
            let why = format!("{canonical} is an encoding for clients only; no database can have it");
            Err(at.bad(steps![holder, "encoding"], why))
        }
        None => {
            let hint = suggest::nearest(name, encoding::server_names()).map(|near| format!("did you mean `{near}`?"));
            Err(at.bad(steps![holder, "encoding"], "PostgreSQL knows no encoding of this name").hint(hint))
        }
    }
}
