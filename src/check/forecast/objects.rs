//! The client, the server's version and what it brings, extensions, tablespaces and settings.

use std::collections::BTreeMap;

use pgdump_reader::major_of;

use super::has::Has;
use super::{Asked, Forecast};
use crate::finding::{Name, Severity, Subject};
use crate::profile::{Change, Major, RuledOut};

/// A pg_restore that is too old to read the archive.
pub fn client(asked: &Asked<'_>, has: &Has<'_>) -> Option<Forecast> {
    let (client, oldest) = (has.client?, asked.requirements.client?);
    let archive = asked.dump.archive()?;
    if client >= oldest {
        return None;
    }
    let because = asked.requirements.client_because.clone().unwrap_or_default();
    let newest = major_of(&archive.pg_dump_version).unwrap_or(oldest).max(oldest);
    let cause = Name::ClientTooOld.cause(Subject::Words(archive.version.to_string()));
    let mut forecast =
        Forecast::of(&cause, asked).seen([format!("{because} needs pg_restore {oldest} or newer")]).of_any_subject();
    forecast.finding.commands = vec![format!("restore: {{client: {newest}}}")];
    Some(forecast)
}

/// A server that is older than the one that was dumped.
pub fn older_server(asked: &Asked<'_>, has: &Has<'_>, forecasts: &mut Vec<Forecast>) {
    let (Some(source), Some(server)) = (asked.dump.server_major(), has.server) else { return };
    if server >= source {
        return;
    }
    let title = format!("the dump is of PostgreSQL {source}, and this target is older: {server}");
    forecasts.push(Forecast::new(Name::TargetOlder, Subject::None, title));
}

/// Contrib's extensions that a role may create which is no superuser, if it may create in the database: those with
/// `trusted = true` in their control files (contrib/*/*.control, PostgreSQL 13 to 18).
const TRUSTED: &[&str] = &[
    "btree_gin",
    "btree_gist",
    "citext",
    "cube",
    "dict_int",
    "fuzzystrmatch",
    "hstore",
    "intarray",
    "isn",
    "lo",
    "ltree",
    "pg_trgm",
    "pgcrypto",
    "seg",
    "tablefunc",
    "tcn",
    "tsm_system_rows",
    "tsm_system_time",
    "unaccent",
    "uuid-ossp",
];

/// Contrib's other extensions, which only a superuser creates: name, first version (0 where older than 13), the first
/// version that no longer has it.
const UNTRUSTED: &[(&str, u16, Option<u16>)] = &[
    ("adminpack", 0, Some(17)),
    ("amcheck", 0, None),
    ("autoinc", 0, None),
    ("bloom", 0, None),
    ("chkpass", 0, Some(11)),
    ("dblink", 0, None),
    ("dict_xsyn", 0, None),
    ("earthdistance", 0, None),
    ("file_fdw", 0, None),
    ("insert_username", 0, None),
    ("intagg", 0, None),
    ("moddatetime", 0, None),
    ("old_snapshot", 14, Some(17)),
    ("pageinspect", 0, None),
    ("pg_buffercache", 0, None),
    ("pg_freespacemap", 0, None),
    ("pg_logicalinspect", 18, None),
    ("pg_prewarm", 0, None),
    ("pg_stat_statements", 0, None),
    ("pg_surgery", 14, None),
    ("pg_visibility", 0, None),
    ("pg_walinspect", 15, None),
    ("pgrowlocks", 0, None),
    ("pgstattuple", 0, None),
    ("postgres_fdw", 0, None),
    ("refint", 0, None),
    ("sslinfo", 0, None),
    ("timetravel", 0, Some(12)),
    ("tsearch2", 0, Some(10)),
    ("xml2", 0, None),
];

/// Whether an extension comes with PostgreSQL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Comes {
    /// With every version, or with this one; whether it is marked as trusted, from 13 on.
    Here {
        trusted: bool,
    },
    /// With other versions.
    Elsewhere,
    No,
}

/// Looks an extension of contrib up; what comes with any version comes with one that is not known.
fn comes(extension: &str, major: Option<u16>) -> Comes {
    if TRUSTED.contains(&extension) {
        return Comes::Here { trusted: true };
    }
    let Some((_, since, gone)) = UNTRUSTED.iter().find(|(known, ..)| *known == extension) else { return Comes::No };
    match major.is_some_and(|major| major < *since || gone.is_some_and(|gone| major >= gone)) {
        true => Comes::Elsewhere,
        false => Comes::Here { trusted: false },
    }
}

/// Whether an extension is in the official images of this major version.
pub fn comes_with_postgresql(extension: &str, major: u16) -> bool {
    extension == "plpgsql" || matches!(comes(extension, Some(major)), Comes::Here { .. })
}

/// Extensions that the profile forbids, that the server's version does not have, or that the restoring role may not
/// create.
pub fn extensions(asked: &Asked<'_>, has: &Has<'_>, forecasts: &mut Vec<Forecast>) {
    for extension in &asked.requirements.extensions {
        let name = extension.name.as_str();
        // plpgsql is there in every cluster.
        if name == "plpgsql" {
            continue;
        }
        let object = vec![format!("EXTENSION {name}")];
        let subject = Subject::Extension(extension.name.clone());
        let not_allowed = Name::ExtensionNotAllowed.cause(subject.clone());
        let rules = &has.target.extensions;
        if let Some(ruled_out) = rules.rule_out(name) {
            let mut forecast = Forecast::of(&not_allowed, asked).objects(object);
            if let RuledOut::NotAllowed(allowed) = ruled_out {
                forecast = forecast.seen([format!("the profile allows: {}", allowed.join(", "))]);
            }
            forecast.is_rule = true;
            forecasts.push(forecast);
            continue;
        }
        if rules.allowed.is_some() || rules.installed.iter().any(|installed| installed.name == name) {
            continue;
        }
        let comes = comes(name, has.server);
        let lacks = comes == Comes::Elsewhere;
        if lacks || comes == Comes::No {
            let title = match lacks {
                true => format!("extension {name:?} is not installed in this target"),
                false => format!("extension {name:?} may not be installed in this target"),
            };
            let evidence = match has.server.filter(|_| lacks) {
                Some(server) => format!("PostgreSQL {server} comes without it"),
                None => "PostgreSQL comes without it; the profile does not say whether the image has it".to_owned(),
            };
            let forecast =
                Forecast::new(Name::ExtensionUnavailable, subject, title).objects(object).seen([evidence]).fix(
                    "Use an image that has the extension (image: in the profile); what uses its types and functions \
                     cannot be restored without.",
                    vec![format!("SELECT * FROM pg_available_extensions WHERE name = '{}';", name.replace('\'', "''"))],
                );
            forecasts.push(if lacks { forecast } else { forecast.may() });
        } else if !has.is_superuser
            && !rules.trusted.contains(&extension.name)
            && (comes == Comes::Here { trusted: false }
                || has.server.is_some_and(|server| !Major(server).has(Change::TrustedExtensions)))
        {
            let seen = "only a superuser creates it: its control file does not say that it is trusted".to_owned();
            forecasts.push(Forecast::of(&not_allowed, asked).objects(object).seen([seen]));
        }
    }
    by_extension(asked, forecasts);
}

/// Languages and access methods that something else than the dump must bring.
fn by_extension(asked: &Asked<'_>, forecasts: &mut Vec<Forecast>) {
    let requirements = asked.requirements;
    let languages = requirements.languages.iter().filter(|language| *language != "plpgsql");
    let languages = languages.map(|language| ("language", language));
    // An extension of the dump can bring an access method of any name.
    let methods = requirements.access_methods.iter().filter(|_| requirements.extensions.len() <= 1);
    for (kind, name) in languages.chain(methods.map(|method| ("table access method", method))) {
        let title = format!("{kind} {name:?} may not be installed in this target");
        forecasts.push(
            Forecast::new(Name::ExtensionUnavailable, Subject::Extension(name.clone()), title)
                .may()
                .objects(vec![format!("{} {name}", kind.to_ascii_uppercase())])
                .seen(["it comes with an extension that the dump does not create".to_owned()])
                .fix("Use an image that has it, and create the extension before the restore.", Vec::new()),
        );
    }
}

/// Tablespaces that the profile does not have.
pub fn tablespaces(asked: &Asked<'_>, has: &Has<'_>, forecasts: &mut Vec<Forecast>) {
    if has.no_tablespaces {
        return;
    }
    let is_there = |name: &&String| has.target.tablespaces.iter().any(|known| known.name == **name);
    let missing = |name: &String| {
        let cause = Name::TablespaceMissing.cause(Subject::Tablespace(name.clone()));
        Forecast::of(&cause, asked).objects(vec![format!("TABLESPACE {name}")])
    };
    forecasts.extend(asked.requirements.tablespaces.iter().filter(|name| !is_there(name)).map(missing));
    for name in asked.facts.tablespaces_created.iter().filter(|name| !is_there(name)) {
        let mut forecast = missing(name).may();
        forecast.finding.title = format!("tablespace {name:?} may have no directory in this target");
        forecasts.push(forecast);
    }
}

/// What the dump uses and a server of this version lacks.
pub fn features(asked: &Asked<'_>, has: &Has<'_>, forecasts: &mut Vec<Forecast>) {
    let Some(server) = has.server else { return };
    let requirements = asked.requirements;
    let of_database = requirements.database_features.iter().filter(|_| has.creates_database);
    for (feature, objects) in requirements.features.iter().chain(of_database) {
        let objects: Vec<String> = objects
            .iter()
            .filter(|object| !(has.no_privileges && (object.starts_with("ACL ") || object.starts_with("DEFAULT ACL "))))
            .filter(|object| has.creates_database || !object.starts_with("DATABASE "))
            .cloned()
            .collect();
        if !feature.lacks(server) || objects.is_empty() {
            continue;
        }
        let cause = Name::FeatureMissing.cause(Subject::Feature(feature.name));
        let seen = format!("{} needs {}", feature.name, feature.versions());
        forecasts.push(Forecast::of(&cause, asked).objects(objects).seen([seen]));
    }
}

/// Settings that the server does not know: of objects, which are lost with them, and of the session, which does no harm.
pub fn settings(asked: &Asked<'_>, has: &Has<'_>, forecasts: &mut Vec<Forecast>) {
    let Some(server) = has.server else { return };
    let lacks_setting = |name: &str| Major(server).lacks_setting(name);
    let has_timeout = |major: u16| Major(major).has(Change::TransactionTimeout);
    let requirements = asked.requirements;
    let mut unknown: BTreeMap<&str, Option<Vec<String>>> = BTreeMap::new();
    if !asked.dump.is_archive() {
        let session = requirements.session_settings.iter().filter(|name| lacks_setting(name));
        unknown.extend(session.map(|name| (name.as_str(), None)));
    } else if has.client.is_some_and(has_timeout) && !has_timeout(server) {
        // pg_restore makes its own settings, those of its version (_doSetFixedOutputState in pg_backup_archiver.c).
        unknown.insert("transaction_timeout", None);
    }
    for (name, objects) in &requirements.object_settings {
        let objects: Vec<String> =
            objects.iter().filter(|object| has.creates_database || !object.starts_with("DATABASE ")).cloned().collect();
        if lacks_setting(name) && !objects.is_empty() {
            unknown.insert(name, Some(objects));
        }
    }
    for (name, objects) in unknown {
        let cause = Name::SettingUnknown.cause(Subject::Setting(name.to_owned()));
        forecasts.push(match objects {
            None => {
                Forecast::of(&cause, asked).fix("Nothing is lost: it only shapes the restoring session.", Vec::new())
            }
            Some(objects) => {
                let mut forecast = Forecast::of(&cause, asked).objects(objects);
                forecast.finding.severity = Severity::Error;
                forecast.finding.advise(&cause, &asked.context);
                forecast
            }
        });
    }
}
