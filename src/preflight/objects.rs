//! The client, the server's version and what it brings, extensions, tablespaces and settings.

use std::collections::BTreeMap;

use pgdump_reader::{ObjectKind, Part, Pass, major_of};

use super::has::Has;
use super::{PreflightFinding, Request};
use crate::finding::{Name, Severity, Subject};
use crate::postgres::{Availability, Change, Major, availability};
use crate::profile::RuledOut;

/// A pg_restore that is too old to read the archive.
pub fn client(request: &Request<'_>, has: &Has<'_>) -> Option<PreflightFinding> {
    let (client, oldest) = (has.client?, request.requirements.client?);
    let archive = request.dump.archive()?;
    if client >= oldest {
        return None;
    }
    let because = request.requirements.client_because.clone().unwrap_or_default();
    let newest = major_of(&archive.pg_dump_version).unwrap_or(oldest).max(oldest);
    let cause = Name::ClientTooOld.cause(Subject::Words(archive.version.to_string()));
    let mut expected = PreflightFinding::of(&cause, request)
        .seen([format!("{because} needs pg_restore {oldest} or newer")])
        .of_any_subject();
    expected.finding.commands = vec![format!("restore: {{client: {newest}}}")];
    Some(expected)
}

/// A server that is older than the one that was dumped.
pub fn older_server(request: &Request<'_>, has: &Has<'_>, foreseen: &mut Vec<PreflightFinding>) {
    let (Some(source), Some(server)) = (request.dump.server_major(), has.server) else { return };
    if server >= source {
        return;
    }
    let title = format!("the dump is of PostgreSQL {source}, and this target is older: {server}");
    foreseen.push(PreflightFinding::new(Name::TargetOlder, Subject::None, title));
}

/// Extensions that the profile forbids, that the server's version does not have, or that the restoring role may not
/// create.
pub fn extensions(request: &Request<'_>, has: &Has<'_>, foreseen: &mut Vec<PreflightFinding>) {
    for extension in &request.requirements.extensions {
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
            let mut expected = PreflightFinding::of(&not_allowed, request).objects(object);
            if let RuledOut::NotAllowed(allowed) = ruled_out {
                expected = expected.seen([format!("the profile allows: {}", allowed.join(", "))]);
            }
            expected.is_rule = true;
            foreseen.push(expected);
            continue;
        }
        if rules.allowed.is_some() || rules.installed.iter().any(|installed| installed.name == name) {
            continue;
        }
        let availability = availability(name, has.server);
        let lacks = availability == Availability::InOtherVersions;
        if lacks || availability == Availability::Separate {
            let title = match lacks {
                true => format!("extension {name:?} is not installed in this target"),
                false => format!("extension {name:?} may not be installed in this target"),
            };
            let evidence = match has.server.filter(|_| lacks) {
                Some(server) => format!("PostgreSQL {server} comes without it"),
                None => "PostgreSQL comes without it; the profile does not say whether the image has it".to_owned(),
            };
            let cause = Name::ExtensionUnavailable.cause(subject);
            let mut expected = PreflightFinding::of(&cause, request).objects(object).seen([evidence]);
            expected.finding.title = title;
            foreseen.push(if lacks { expected } else { expected.may() });
        } else if !has.is_superuser
            && !rules.trusted.contains(&extension.name)
            && (availability == Availability::Included { trusted: false }
                || has.server.is_some_and(|server| !Major(server).has(Change::TrustedExtensions)))
        {
            let seen = "only a superuser creates it: its control file does not say that it is trusted".to_owned();
            foreseen.push(PreflightFinding::of(&not_allowed, request).objects(object).seen([seen]));
        }
    }
    by_extension(request, foreseen);
}

/// Languages and access methods that something else than the dump must bring.
fn by_extension(request: &Request<'_>, foreseen: &mut Vec<PreflightFinding>) {
    let requirements = request.requirements;
    let languages = requirements.languages.iter().filter(|language| *language != "plpgsql");
    let languages = languages.map(|language| ("language", language));
    // An extension of the dump can bring an access method of any name.
    let methods = requirements.access_methods.iter().filter(|_| requirements.extensions.len() <= 1);
    for (kind, name) in languages.chain(methods.map(|method| ("table access method", method))) {
        let title = format!("{kind} {name:?} may not be installed in this target");
        foreseen.push(
            PreflightFinding::new(Name::ExtensionUnavailable, Subject::Extension(name.clone()), title)
                .may()
                .objects(vec![format!("{} {name}", kind.to_ascii_uppercase())])
                .seen(["it comes with an extension that the dump does not create".to_owned()])
                .fix("Use an image that has it, and create the extension before the restore.", Vec::new()),
        );
    }
}

/// Tablespaces that the profile does not have.
pub fn tablespaces(request: &Request<'_>, has: &Has<'_>, foreseen: &mut Vec<PreflightFinding>) {
    if has.no_tablespaces {
        return;
    }
    let is_there = |name: &&String| has.target.tablespaces.iter().any(|known| known.name == **name);
    let missing = |name: &String| {
        let cause = Name::TablespaceMissing.cause(Subject::Tablespace(name.clone()));
        PreflightFinding::of(&cause, request).objects(vec![format!("TABLESPACE {name}")])
    };
    foreseen.extend(request.requirements.tablespaces.iter().filter(|name| !is_there(name)).map(missing));
    for name in request.facts.tablespaces_created.iter().filter(|name| !is_there(name)) {
        let mut expected = missing(name).may();
        expected.finding.title = format!("tablespace {name:?} may have no directory in this target");
        foreseen.push(expected);
    }
}

/// Whether it comes with the database itself, which is created with `--create` alone.
fn is_of_database(kind: Option<&ObjectKind>) -> bool {
    kind.is_some_and(|kind| kind.part == Part::Database)
}

/// What the dump uses and a server of this version lacks.
pub fn features(request: &Request<'_>, has: &Has<'_>, foreseen: &mut Vec<PreflightFinding>) {
    let Some(server) = has.server else { return };
    let requirements = request.requirements;
    let of_database = requirements.database_features.iter().filter(|_| has.creates_database);
    for (feature, objects) in requirements.features.iter().chain(of_database) {
        let objects: Vec<String> = objects
            .iter()
            .filter(|object| {
                let kind = ObjectKind::of_label(object);
                let is_privilege = kind.is_some_and(|kind| kind.pass == Pass::Acl);
                !(has.no_privileges && is_privilege) && (has.creates_database || !is_of_database(kind))
            })
            .cloned()
            .collect();
        if !feature.lacks(server) || objects.is_empty() {
            continue;
        }
        let cause = Name::FeatureMissing.cause(Subject::Feature(feature.name));
        let seen = format!("{} needs {}", feature.name, feature.versions());
        foreseen.push(PreflightFinding::of(&cause, request).objects(objects).seen([seen]));
    }
}

/// Settings that the server does not know: of objects, which are lost with them, and of the session, which does no harm.
pub fn settings(request: &Request<'_>, has: &Has<'_>, foreseen: &mut Vec<PreflightFinding>) {
    let Some(server) = has.server else { return };
    let lacks_setting = |name: &str| Major(server).lacks_setting(name);
    let has_timeout = |major: u16| Major(major).has(Change::TransactionTimeout);
    let requirements = request.requirements;
    let mut unknown: BTreeMap<&str, Option<Vec<String>>> = BTreeMap::new();
    if !request.dump.is_archive() {
        let session = requirements.session_settings.iter().filter(|name| lacks_setting(name));
        unknown.extend(session.map(|name| (name.as_str(), None)));
    } else if has.client.is_some_and(has_timeout) && !has_timeout(server) {
        // pg_restore makes its own settings, those of its version (_doSetFixedOutputState in pg_backup_archiver.c).
        unknown.insert("transaction_timeout", None);
    }
    for (name, objects) in &requirements.object_settings {
        let objects: Vec<String> = objects
            .iter()
            .filter(|object| has.creates_database || !is_of_database(ObjectKind::of_label(object)))
            .cloned()
            .collect();
        if lacks_setting(name) && !objects.is_empty() {
            unknown.insert(name, Some(objects));
        }
    }
    for (name, objects) in unknown {
        let cause = Name::SettingUnknown.cause(Subject::Setting(name.to_owned()));
        foreseen.push(match objects {
            None => PreflightFinding::of(&cause, request)
                .fix("Nothing is lost: the setting only affects the restoring session.", Vec::new()),
            Some(objects) => {
                let mut expected = PreflightFinding::of(&cause, request).objects(objects);
                expected.finding.severity = Severity::Error;
                expected.finding.advise(&cause, &request.context);
                expected
            }
        });
    }
}
