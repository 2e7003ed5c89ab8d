//! A first set of profiles for a dump, or a first profile for a base backup: what `pgrehearse init` writes.
//!
//! Everything in them is taken from the dump or the backup and is meant to be changed by hand, so each file says what it is and why.

mod backup;
mod queries;
mod text;
mod workflow;

use std::path::Path;

use crate::finding::{Severity, profile_rules};
use crate::postgres::{self, Major};
use crate::preflight;
use crate::profile::{self, DumpFacts, LocaleProvider, ProfileErrors, Target};
pub use backup::plan_backup;
use pgdump_reader::{Dump, Facts, Requirements};
use text::{comment, value};

/// A file of the folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// Its path from the folder on.
    pub path: &'static str,
    pub content: String,
    /// For people, in a few words.
    pub about: String,
}

/// What is written for a dump.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InitPlan {
    pub files: Vec<Written>,
    /// Targets that would make sense and are not written, or that come back only in part, with why.
    pub remarks: Vec<String>,
}

/// Plans what is written to `folder` for a dump, by a full pass over it.
///
/// # Errors
/// Where what would be written cannot be read again, which no dump is known to bring about.
pub fn plan(dump: &Dump, facts: &Facts, folder: &Path) -> Result<InitPlan, ProfileErrors> {
    let source = DumpFacts::of(dump, facts);
    let requirements = Requirements::of(dump, facts);
    let started = Started { dump, facts, source: &source, requirements: &requirements, name: name_of(dump) };
    let mut plan = InitPlan { files: Vec::new(), remarks: Vec::new() };

    let content = started.source_profile();
    let target = profile::parse_with(&content, "source.yaml", &profile_rules())?;
    for objection in objections(dump, facts, &target) {
        plan.remarks.push(format!("source.yaml will not come back whole: {objection}"));
    }
    let about = format!("like the server that it comes from: {}", started.in_words(&target));
    plan.files.push(Written { path: "source.yaml", content, about });

    match target.postgres.and_then(profile::next_major) {
        Some(next) => {
            let objections = objections(dump, facts, &Target { postgres: Some(next), ..target.clone() });
            match objections.first() {
                None => plan.files.push(Written {
                    path: "next-major.yaml",
                    content: started.next_major(next),
                    about: format!("the same with PostgreSQL {next}"),
                }),
                Some(objection) => plan.remarks.push(format!("next-major.yaml is not written: {objection}")),
            }
        }
        None => plan.remarks.push("next-major.yaml is not written: no newer version is known here".into()),
    }

    let service = profile::load_with(&["rds-like".to_owned()], &profile_rules())?;
    let content = service.first().map(|service| started.managed(&target, service)).unwrap_or_default();
    let managed = profile::parse_with(&content, "managed.yaml", &profile_rules())?;
    // Where it fails, that is what one runs it to see.
    let objections = objections(dump, facts, &managed);
    let content = format!("{}{}{content}", profile::modeline(), fails_on(&objections));
    let about = match objections.len() {
        0 => "a managed service: no superuser restores".to_owned(),
        _ => "a managed service: no superuser restores; this dump fails there, the file says on what".to_owned(),
    };
    let others: Vec<&str> = plan.files.iter().map(|file| file.path).collect();
    let only = (!objections.is_empty()).then_some(others.as_slice());
    let workflow = workflow::github(&started.name, folder, only);
    plan.files.push(Written { path: "managed.yaml", content, about });
    plan.files.push(Written {
        path: "ci/github.yaml",
        content: workflow,
        about: "a workflow for GitHub Actions".into(),
    });
    Ok(plan)
}

/// A comment on what will fail, a line for each.
fn fails_on(objections: &[String]) -> String {
    if objections.is_empty() {
        return String::new();
    }
    let lines: String = objections.iter().map(|objection| format!("#   {}\n", comment(objection))).collect();
    format!("# This dump fails here, on:\n{lines}")
}

/// What is known to fail there before anything is started.
fn objections(dump: &Dump, facts: &Facts, target: &Target) -> Vec<String> {
    let foreseen = preflight::run(dump, facts, target).into_iter().map(|expected| expected.finding);
    let errors = foreseen.filter(|finding| finding.severity == Severity::Error);
    errors.map(|finding| format!("{}: {}", finding.name, finding.title)).collect()
}

/// The file's name, as commands and comments call it.
fn name_of(dump: &Dump) -> String {
    let name = dump.path.file_name().unwrap_or(dump.path.as_os_str());
    name.to_string_lossy().into_owned()
}

struct Started<'a> {
    dump: &'a Dump,
    facts: &'a Facts,
    source: &'a DumpFacts,
    requirements: &'a Requirements,
    name: String,
}

impl Started<'_> {
    fn major(&self) -> Major {
        // A dump that does not say where it comes from is taken to be of a version that is much in use.
        self.source.major.filter(|major| *major >= Major::OLDEST).unwrap_or(Major::USUAL)
    }

    fn source_profile(&self) -> String {
        let mut text = format!(
            "{}# Like the server that {} comes from, as far as the dump shows. Written by `pgrehearse init`; it is yours now.\n\
             # Every key: docs/profile-reference.md of pgrehearse. Where each value comes from: pgrehearse profiles show source.yaml\n\
             name: source\n\
             description: {}\n",
            profile::modeline(),
            comment(&self.name),
            value(&format!("Like the server that {} comes from", self.name)),
        );
        if self.source.major.is_none_or(|major| major.0 < 10) {
            text.push_str("# The dump does not say its version, or one for which there is no image.\n");
        }
        text.push_str(&format!("postgres: {}\n", self.major()));
        let others = self.not_contrib();
        if !others.is_empty() {
            text.push_str(&format!(
                "# The dump needs {}, which the official image does not have. Name one that has it:\n\
                 # image: registry.example.com/postgres-with-extensions:{}\n",
                comment(&others.join(", ")),
                self.major()
            ));
        }
        text.push_str(&self.cluster());
        let roles = &self.source.roles;
        if !roles.is_empty() {
            text.push_str(
                "# The dump names these roles and does not create them. `pg_dumpall --globals-only` says what they may do:\n\
                 # add `login: true`, `member_of: [\u{2026}]` and so on.\nroles:\n",
            );
            for role in roles {
                text.push_str(&format!("  - name: {}\n", value(role)));
                if self.source.superusers.contains(role) {
                    text.push_str("    superuser: true   # it owns what only a superuser can own\n");
                }
            }
        }
        if !self.source.tablespaces.is_empty() {
            text.push_str("tablespaces:\n");
            self.source.tablespaces.iter().for_each(|name| text.push_str(&format!("  - {}\n", value(name))));
        }
        if let Some(name) = self.database() {
            text.push_str(&format!("database: {{name: {}}}\n", value(name)));
        }
        text.push_str(&self.checks());
        text
    }

    /// Encoding and locale, without what is the default.
    fn cluster(&self) -> String {
        let source = self.source;
        let mut text = String::from("cluster:\n");
        let encoding = source.encoding.as_deref().unwrap_or("UTF8");
        text.push_str(&format!("  encoding: {}\n", value(encoding)));
        let (locale, remark) = source.fitting_locale();
        if let Some(remark) = remark {
            text.push_str(&format!("  # {}\n", comment(&remark)));
        }
        text.push_str(&format!("  locale: {}\n", value(&locale)));
        match source.locale_provider {
            Some(LocaleProvider::Icu) => {
                text.push_str("  locale_provider: icu\n");
                let locale = source.icu_locale.as_deref().unwrap_or("und");
                text.push_str(&format!("  icu_locale: {}\n", value(locale)));
            }
            Some(LocaleProvider::Builtin) => text.push_str("  locale_provider: builtin\n"),
            Some(LocaleProvider::Libc) | None => {}
        }
        if !source.locales.is_empty() {
            let locales: Vec<String> = source.locales.iter().map(|locale| value(locale)).collect();
            text.push_str(&format!("  # For collations of the dump.\n  locales: [{}]\n", locales.join(", ")));
        }
        text
    }

    fn next_major(&self, next: Major) -> String {
        format!(
            "{}# The next major version that is supported: whether {} survives the upgrade. All else is as in source.yaml.\n\
             name: next-major\n\
             description: The next major version after the one that the dump comes from\n\
             extends: source.yaml\n\
             postgres: {next}\n",
            profile::modeline(),
            comment(&self.name)
        )
    }

    fn managed(&self, source: &Target, service: &Target) -> String {
        let mut text = format!(
            "# A managed service: no superuser restores, and only listed extensions exist. `pgrehearse profiles show \
             --raw rds-like`\n\
             # says what it imitates; cloud-sql-like, azure-flexible-like, supabase-like and others can stand in its place.\n\
             name: managed\n\
             description: A managed service without superuser\n\
             extends: {}\n\
             postgres: {}\n",
            service.name,
            self.major()
        );
        let roles: Vec<&str> = source.roles.iter().map(|role| role.name.as_str()).collect();
        if !roles.is_empty() {
            text.push_str(
                "# Create these on the service before the restore. The role that restores can give objects only to roles that it is a\n\
                 # member of.\nroles+:\n",
            );
            let restoring = service.restore.as_role.as_deref().unwrap_or_default();
            for role in roles.into_iter().filter(|role| !service.roles.iter().any(|known| known.name == *role)) {
                text.push_str(&format!("  - {{name: {}, members: [{}]}}\n", value(role), value(restoring)));
            }
        }
        if let Some(name) = self.database() {
            text.push_str(&format!("database: {{name: {}}}\n", value(name)));
        }
        text.push_str(&self.checks());
        text
    }

    fn checks(&self) -> String {
        queries::of(self.facts, self.dump.is_archive())
    }

    /// The database that is restored into; none where the default will do, or the dump creates its own.
    fn database(&self) -> Option<&str> {
        let name = self.dump.database()?;
        let usable = name.len() <= 63 && !["template0", "template1"].contains(&name);
        usable.then_some(name)
    }

    fn not_contrib(&self) -> Vec<String> {
        let names = self.requirements.extensions.iter().map(|extension| extension.name.clone());
        let comes = |name: &str| postgres::comes_with_postgresql(name, self.major().0) || name.starts_with("pl");
        names.filter(|name| !comes(name)).collect()
    }

    fn in_words(&self, target: &Target) -> String {
        let roles = match target.roles.len() {
            0 => String::new(),
            1 => ", 1 role".to_owned(),
            many => format!(", {many} roles"),
        };
        format!("PostgreSQL {}, {}, {}{roles}", self.major(), target.cluster.encoding, target.cluster.locale)
    }
}
