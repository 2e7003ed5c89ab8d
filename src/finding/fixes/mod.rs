//! What each cause is called in one line, and what to do about it.

mod locales;
mod met;
mod refused;
mod unmet;

use pgdump_reader::{Dump, FEATURES, Feature};

use super::recognise::Cause;
use super::{Finding, Name, Situation};
use crate::cluster::sql::identifier;
use crate::profile::{RuledOut, Target};

/// The title: one line that stands alone.
pub fn title(cause: &Cause, evidence: &[String], situation: &Situation) -> String {
    let subject = &cause.subject;
    let target = situation.target;
    if let Some(title) = met::title(cause).or_else(|| refused::title(cause, target)).or_else(|| unmet::title(cause)) {
        return title;
    }
    match cause.name {
        Name::RoleMissing => format!("role {subject:?} does not exist in this target"),
        Name::ExtensionUnavailable => format!("extension {subject:?} is not installed in this target"),
        Name::ExtensionNotAllowed => match target.extensions.rule_out(subject) {
            Some(ruled_out) => ruled_out_words(subject, ruled_out).title,
            None => format!("extension {subject:?} may not be created here by {:?}", restoring(target)),
        },
        Name::SettingUnknown => format!("the server does not know the parameter {subject:?}"),
        Name::EncodingUnrepresentable => format!("text of the dump cannot be stored in encoding {subject:?}"),
        Name::EncodingInvalidBytes => format!("the dump holds bytes that are not valid {subject}"),
        Name::RoleExists => format!("role {subject:?} exists already"),
        Name::ObjectExists => "objects of the dump exist in the target already".into(),
        Name::LocaleUnavailable => format!("locale {subject:?} does not exist in this target"),
        Name::ClientTooOld => {
            format!("pg_restore {} cannot read archives of version {subject}", situation.client)
        }
        Name::DumpTruncated => "the dump is cut off or damaged".into(),
        Name::TablespaceMissing => format!("tablespace {subject:?} does not exist in this target"),
        Name::RoleNameReserved => format!("role name {subject:?} is reserved"),
        Name::FeatureMissing => match (feature(subject), situation.server) {
            (Some(feature), Some(server)) => feature_missing_title(feature, server),
            _ => format!("the server has no {subject}"),
        },
        _ => evidence.first().cloned().unwrap_or_else(|| cause.name.summary().to_owned()),
    }
}

/// What a finding says of one subject, and advises.
pub struct Words {
    pub title: String,
    pub fix: String,
    pub commands: Vec<String>,
}

/// The words for what a target refuses, as a restore's own finding has them.
pub fn words(cause: &Cause, target: &Target) -> Words {
    let title = refused::title(cause, target).unwrap_or_else(|| cause.name.summary().to_owned());
    let (fix, commands) = refused::fix(cause, target).unwrap_or_default();
    Words { title, fix, commands }
}

/// The words for an extension that the profile rules out, the same before the restore and after it.
pub fn ruled_out_words(extension: &str, ruled_out: RuledOut<'_>) -> Words {
    let (title, key) = match ruled_out {
        RuledOut::Forbidden => (
            format!("extension {extension:?} is forbidden in this target"),
            "take it out of extensions.forbidden in the profile",
        ),
        RuledOut::NotAllowed(_) => (
            format!("extension {extension:?} is not among those that this target allows"),
            "add it to extensions.allowed in the profile",
        ),
    };
    Words {
        title,
        fix: format!("Do without the extension, or choose a target that has it; if it is allowed after all, {key}."),
        commands: vec![format!("DROP EXTENSION {};   -- in the source, before the dump", identifier(extension))],
    }
}

/// What to do in words, and what to run.
type Told = (String, Vec<String>);

/// Fills in what to do.
pub fn fix(finding: &mut Finding, cause: &Cause, situation: &Situation) {
    let told = met::fix(cause, situation)
        .or_else(|| locales::fix(cause, situation))
        .or_else(|| refused::fix(cause, situation.target))
        .or_else(|| unmet::fix(cause, situation));
    if let Some((fix, commands)) = told {
        finding.fix = fix;
        finding.commands = commands;
        return;
    }
    let subject = &cause.subject;
    let target = situation.target;
    if cause.name == Name::ExtensionNotAllowed
        && let Some(ruled_out) = target.extensions.rule_out(subject)
    {
        let words = ruled_out_words(subject, ruled_out);
        (finding.fix, finding.commands) = (words.fix, words.commands);
        return;
    }
    let (fix, commands): Told = match cause.name {
        Name::RoleMissing => (
            ROLE_MISSING_FIX.into(),
            vec![format!("CREATE ROLE {};", identifier(subject))],
        ),
        Name::ExtensionUnavailable => (
            format!(
                "Install the package that has the extension on the target's server (on Debian postgresql-{major}-{subject} \
                 or postgresql-contrib), or use an image that has it; what uses its types and functions cannot be \
                 restored without.",
                major = target.postgres.map_or_else(|| "NN".to_owned(), |major| major.to_string())
            ),
            vec![format!("SELECT * FROM pg_available_extensions WHERE name = '{}';", subject.replace('\'', "''"))],
        ),
        Name::ExtensionNotAllowed => (
            "Have somebody who may create it do so before the restore; the dump's CREATE EXTENSION IF NOT EXISTS then \
             finds it."
                .into(),
            vec![format!("CREATE EXTENSION IF NOT EXISTS {};", identifier(subject))],
        ),
        Name::SettingUnknown if finding.severity == super::Severity::Note => (
            format!(
                "Nothing was lost: it only shapes the restoring session. A client of the target's own version would not \
                 send it, as far as the dump is an archive; in a plain dump, remove the line that sets {subject}."
            ),
            Vec::new(),
        ),
        Name::SettingUnknown => (
            format!("Remove the setting of {subject} from the object that it belongs to, or load what defines it."),
            Vec::new(),
        ),
        Name::EncodingUnrepresentable => (
            "Create the target database in UTF8, which holds every character; or find and change the rows whose \
             characters it lacks."
                .into(),
            vec![format!(
                "CREATE DATABASE {} TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C';",
                identifier(&target.database.name)
            )],
        ),
        Name::EncodingInvalidBytes => (
            "The source stored bytes that are no text in the encoding that the dump names (often a SQL_ASCII database). \
             Find out the real encoding and dump with it named, or repair the rows in the source."
                .into(),
            vec!["pg_dump --encoding=LATIN1 …   # if the bytes are Latin-1".into()],
        ),
        Name::RoleExists => ("Nothing to do: pg_dumpall creates every role of the source; this one was there.".into(), Vec::new()),
        Name::ObjectExists => (
            "Restore into an empty database, created from template0.".into(),
            vec![format!("CREATE DATABASE {} TEMPLATE template0;", identifier(&target.database.name))],
        ),
        Name::ClientTooOld => (
            "Restore with the pg_restore of the version that made the dump, or a newer one; it can restore into an older \
             server. In the profile: restore.client."
                .into(),
            vec![format!("restore: {{client: {}}}", newest_client(situation))],
        ),
        Name::DumpTruncated => (DUMP_TRUNCATED_FIX.into(), Vec::new()),
        Name::TablespaceMissing => (
            TABLESPACE_MISSING_FIX.into(),
            vec![
                without_tablespaces(situation.dump).into(),
                format!("CREATE TABLESPACE {} LOCATION '…';", identifier(subject)),
            ],
        ),
        Name::RoleNameReserved => (
            "Rename the role in the source: PostgreSQL keeps names that begin with pg_ for itself.".into(),
            vec![format!("ALTER ROLE {} RENAME TO …;   -- in the source, before the dump", identifier(subject))],
        ),
        Name::FeatureMissing => {
            (feature(subject).map(feature_missing_fix).unwrap_or_default(), Vec::new())
        }
        Name::ClientFailed => (
            "Read the client's message; it stopped or skipped something for a reason of its own.".into(),
            Vec::new(),
        ),
        _ => (
            "No finding names this failure yet. The statement and the server's words are above; look the SQLSTATE up in \
             PostgreSQL's manual, appendix A."
                .into(),
            Vec::new(),
        ),
    };
    finding.fix = fix;
    finding.commands = commands;
}

/// What to do about a dump that is not whole, whether the restore or the dump itself has told it.
pub const DUMP_TRUNCATED_FIX: &str = "Dump again, and check that the whole file arrived: pg_dump's exit code, the size and a \
                                      checksum on both sides. What follows the break cannot be recovered from this file.";

/// What to do about a missing role.
pub const ROLE_MISSING_FIX: &str = "Create the role before the restore (pg_dump leaves roles out; pg_dumpall --globals-only has them with their \
     memberships and settings), or restore without owners and privileges where they do not matter: pg_restore --no-owner \
     --no-privileges. Policies that name the role are lost all the same.";

/// The title of a [`Name::FeatureMissing`] on a server of this major version.
pub fn feature_missing_title(feature: &Feature, server: u16) -> String {
    format!("PostgreSQL {server} has no {:?}", feature.name)
}

/// What to do about a feature that the server's version lacks.
pub fn feature_missing_fix(feature: &Feature) -> String {
    format!("Restore into {}, or change what uses it in the source before the dump.", feature.versions())
}

fn feature(name: &str) -> Option<&'static Feature> {
    FEATURES.iter().copied().find(|feature| feature.name == name)
}

/// The role that restores into a target.
pub fn restoring(target: &Target) -> &str {
    target.restore.as_role.as_deref().unwrap_or(&target.cluster.superuser)
}

/// The major version of the pg_dump that wrote the archive.
/// What there is to do about a tablespace that is missing.
pub const TABLESPACE_MISSING_FIX: &str = "Do without tablespaces: everything then goes into the database's own. Or create the \
     tablespace before the restore.";

/// The command that leaves tablespaces out: a script has them in its text, so that only another dump is without them.
pub fn without_tablespaces(dump: &Dump) -> &'static str {
    match dump.plain() {
        None => "pg_restore --no-tablespaces …",
        Some(plain) if plain.cluster => "pg_dumpall --no-tablespaces …",
        Some(_) => "pg_dump --no-tablespaces …",
    }
}

fn newest_client(situation: &Situation) -> String {
    let archive = situation.dump.archive();
    archive.and_then(|archive| archive.pg_dump_version.split(['.', ' ']).next()).unwrap_or("NN").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tablespaces_are_left_out_by_who_can_do_it() {
        let folder = tempfile::tempdir().unwrap();
        let of = |begin: &str| {
            let path = folder.path().join("dump.sql");
            std::fs::write(&path, format!("--\n-- PostgreSQL database {begin}\n--\n\nCREATE TABLE t (a integer);\n"))
                .unwrap();
            without_tablespaces(&pgdump_reader::open(&path).unwrap())
        };
        assert_eq!(of("cluster dump"), "pg_dumpall --no-tablespaces …");
        assert_eq!(of("dump"), "pg_dump --no-tablespaces …");
        let archive = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("demo/shop.dump");
        assert_eq!(without_tablespaces(&pgdump_reader::open(&archive).unwrap()), "pg_restore --no-tablespaces …");
    }
}
