//! What a dump says of the server that it comes from.

use pgdump_reader::{Collation, CreatedDatabase, Dump, Facts, ObjectKind, Requirements, major_of, tag};

use super::DumpFacts;
use crate::postgres::encoding::{self, Encoding};
use crate::postgres::{Change, Major};
use crate::profile::LocaleProvider;
use crate::profile::names::{is_locale_name, is_role_name};

impl DumpFacts {
    /// By a dump and its facts: those of its table of contents, or of a pass over all of it.
    ///
    /// Roles are those that a fresh server lacks: without those that the dump creates, that PostgreSQL itself has, and without
    /// `postgres`, which is the superuser where a profile says nothing else.
    pub fn of(dump: &Dump, facts: &Facts) -> Self {
        let requirements = Requirements::of(dump, facts);
        let (server, client) = dump.find_versions();
        let database = database(dump, facts);
        let encoding = database.encoding.as_ref().or(facts.encoding.as_ref());
        let locale_provider = match database.locale_provider.as_deref() {
            Some("icu") => Some(LocaleProvider::Icu),
            Some("builtin") => Some(LocaleProvider::Builtin),
            Some("libc") => Some(LocaleProvider::Libc),
            Some(_) | None => None,
        };
        let of_libc = database.lc_collate.clone().or(database.locale.clone()).or(database.lc_ctype.clone());
        Self {
            major: server.as_deref().and_then(major_of).map(Major),
            client: client.as_deref().and_then(major_of).map(Major),
            encoding: encoding.and_then(|name| match encoding::find(name) {
                Some(Encoding::Server(canonical)) => Some(canonical.to_owned()),
                Some(Encoding::ClientOnly(_)) | None => None,
            }),
            locale: match locale_provider {
                Some(LocaleProvider::Builtin) => database.provider_locale.clone().or(of_libc),
                _ => of_libc,
            },
            icu_locale: match locale_provider {
                Some(LocaleProvider::Icu) => database.provider_locale.clone().or(database.locale.clone()),
                _ => None,
            },
            locale_provider,
            locales: locales(&requirements, facts),
            roles: requirements
                .roles
                .keys()
                .filter(|role| is_role_name(role) && *role != "postgres")
                .cloned()
                .collect(),
            superusers: superusers(facts, server.as_deref().and_then(major_of)),
            tablespaces: requirements.tablespaces.clone(),
        }
    }
}

/// The owners of what no server lets anybody but a superuser own, whoever gives it to them, and up to 15 of subscriptions (AlterSubscriptionOwner_internal in subscriptioncmds.c). A superuser can give
/// functions in C and publications FOR ALL TABLES to anybody.
fn superusers(facts: &Facts, server: Option<u16>) -> Vec<String> {
    let is_proof = |kind: &str| match kind {
        tag::SUBSCRIPTION => server.is_some_and(|major| !Major(major).has(Change::OwnedSubscriptions)),
        _ => ObjectKind::of_sql(kind).is_some_and(|kind| kind.is_of_superuser),
    };
    let mut owners: Vec<String> =
        facts.owners.iter().filter(|owned| is_proof(&owned.kind)).map(|owned| owned.owner.clone()).collect();
    owners.sort();
    owners.dedup();
    owners
}

/// The dumped database as the dump would create it. Of several, the first of those with the encoding and locale that most of
/// them have: a server's own are as a rule those of its databases, and one in another encoding is the exception.
fn database(dump: &Dump, facts: &Facts) -> CreatedDatabase {
    let own = dump.database().and_then(|name| facts.creates_database.iter().find(|created| created.name == name));
    let like = |database: &CreatedDatabase| {
        let CreatedDatabase {
            name: _,
            owner: _,
            tablespace: _,
            encoding,
            locale_provider,
            locale,
            lc_collate,
            lc_ctype,
            provider_locale,
        } = database;
        [encoding, locale_provider, locale, lc_collate, lc_ctype, provider_locale].map(Clone::clone)
    };
    let alike = |database: &CreatedDatabase| {
        facts.creates_database.iter().filter(|other| like(other) == like(database)).count()
    };
    // Of equals, `max_by_key` takes the last.
    let usual = facts.creates_database.iter().rev().max_by_key(|database| alike(database));
    own.or(usual).cloned().unwrap_or_default()
}

/// The locales of the operating system that databases and collations need: of those that the dump creates, and of those that
/// initdb has made of them in the source (`de_DE`, `de_DE.utf8`).
fn locales(requirements: &Requirements, facts: &Facts) -> Vec<String> {
    // Every system has these.
    const EVERYWHERE: [&str; 4] = ["C", "POSIX", "C.UTF-8", "C.utf8"];
    let of_databases = facts.creates_database.iter().flat_map(|database| {
        let CreatedDatabase { locale, lc_collate, lc_ctype, .. } = database;
        [locale, lc_collate, lc_ctype].into_iter().flatten().cloned()
    });
    let of_databases = of_databases.filter(|locale| !EVERYWHERE.contains(&locale.as_str()));
    let of_libc = |collation: &&Collation| matches!(collation.provider.as_deref(), None | Some("libc"));
    let made = requirements.collations_created.iter().filter(of_libc).filter_map(|created| created.locale.clone());
    let named = requirements.collations.iter().filter_map(|name| {
        let name = name.strip_prefix("pg_catalog.").unwrap_or(name);
        looks_like_a_locale(name).then(|| match name.split_once('.') {
            Some((language, "utf8")) => format!("{language}.UTF-8"),
            Some(_) => name.to_owned(),
            None => format!("{name}.UTF-8"),
        })
    });
    let mut locales: Vec<String> =
        of_databases.chain(made).chain(named).filter(|locale| is_locale_name(locale)).collect();
    locales.sort();
    locales.dedup();
    locales
}

/// Language and country, as in `de_DE.utf8`.
fn looks_like_a_locale(name: &str) -> bool {
    let language_and_country = name.split('.').next().unwrap_or_default();
    match language_and_country.split_once('_') {
        Some((language, country)) => {
            (2..=3).contains(&language.len())
                && language.chars().all(|c| c.is_ascii_lowercase())
                && country.len() == 2
                && country.chars().all(|c| c.is_ascii_uppercase())
        }
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use pgdump_reader::Owned;

    #[test]
    fn who_owns_what_only_a_superuser_can_own_is_one() {
        let owned = |kind: &str, owner: &str| Owned {
            database: None,
            kind: kind.into(),
            schema: None,
            name: "x".into(),
            owner: owner.into(),
        };
        let facts = Facts {
            owners: vec![
                owned("EVENT TRIGGER", "admin"),
                owned("FOREIGN DATA WRAPPER", "admin"),
                owned("FOREIGN DATA WRAPPER", "boss"),
                owned("SUBSCRIPTION", "replicator"),
                owned("PUBLICATION", "app"),
                owned("TABLE", "app"),
            ],
            ..Facts::default()
        };
        assert_eq!(superusers(&facts, Some(15)), ["admin", "boss", "replicator"]);
        assert_eq!(superusers(&facts, Some(17)), ["admin", "boss"]);
        assert_eq!(superusers(&facts, None), ["admin", "boss"]);
    }
}
