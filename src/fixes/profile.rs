//! `profile.yaml`: the target's own profile with what it lacks, for the next rehearsal.

use std::collections::BTreeSet;

use serde_json::Value;

use super::text::head;
use super::{FixFile, Request, Use, kept, roles};
use crate::finding::Name;
use crate::postgres::Major;
use crate::profile::{self, Client, LocaleProvider, Membership, Role, Target};

/// The target with what it lacks.
pub struct Patch {
    pub target: Target,
    /// What was added, for people.
    added: Vec<String>,
    findings: BTreeSet<usize>,
}

impl Patch {
    fn add(&mut self, what: String, findings: &BTreeSet<usize>) {
        self.added.push(what);
        self.findings.extend(findings);
    }

    /// `profile.yaml`, and the files of tests and SQL that it names; none where nothing was added, or where this program would not
    /// read the result.
    pub fn files(&self, request: &Request<'_>) -> Vec<FixFile> {
        if self.added.is_empty() {
            return Vec::new();
        }
        let mut target = self.target.clone();
        // Paths hold from the folder of the profile's file, which is another one now.
        let mut files: Vec<FixFile> = Vec::new();
        target.checks.pgtap.clear();
        for (nth, test) in self.target.checks.pgtap_files.iter().enumerate() {
            let Ok(content) = String::from_utf8(test.text.clone()) else { return Vec::new() };
            let name = format!("pgtap-{}.sql", nth + 1);
            target.checks.pgtap.push(name.clone());
            files.push(FixFile { name, content, used: Use::Part, findings: BTreeSet::new() });
        }
        let of_files = target.init.iter_mut().filter(|init| init.file.is_some());
        for (nth, init) in of_files.enumerate() {
            let name = format!("init-{}.sql", nth + 1);
            let content = init.file_text.clone().unwrap_or_default();
            init.file = Some(name.clone());
            files.push(FixFile { name, content, used: Use::Part, findings: BTreeSet::new() });
        }
        let Some(yaml) = written(&target) else { return Vec::new() };
        let mut content = head(
            request,
            "#",
            "The target's profile with what it lacks: pgrehearse run DUMP -p profile.yaml",
            &self.findings,
            "It describes a target that has this. Yours has it only when you have created it there too.",
        );
        content.push_str("#\n");
        for line in &self.added {
            content.push_str(&format!("# added: {}\n", super::text::on_one_line(line)));
        }
        content.push('\n');
        content.push_str(&yaml);
        // Without the files beside it, which are read with it.
        let mut alone = target;
        alone.checks.pgtap.clear();
        alone.init.retain(|init| init.file.is_none());
        if written(&alone).is_none_or(|text| profile::parse(&text, "profile.yaml").is_err()) {
            return Vec::new();
        }
        let findings = self.findings.clone();
        files.push(FixFile { name: "profile.yaml".into(), content, used: Use::Profile, findings });
        files
    }
}

/// Adds what the findings say is lacking.
pub fn patch(request: &Request<'_>) -> Patch {
    let mut patch = Patch { target: request.target.clone(), added: Vec::new(), findings: BTreeSet::new() };
    missing_roles(request, &mut patch);
    kept_roles(request, &mut patch);
    for (extension, findings) in request.subjects(Name::ExtensionNotAllowed) {
        let forbidden = &mut patch.target.extensions.forbidden;
        if forbidden.iter().any(|known| known == extension) {
            forbidden.retain(|known| known != extension);
            patch.add(format!("extensions.forbidden: without {extension}"), &findings);
        }
        if let Some(allowed) = &mut patch.target.extensions.allowed
            && !allowed.iter().any(|known| known == extension)
        {
            allowed.push(extension.to_owned());
            patch.add(format!("extensions.allowed: {extension}"), &findings);
        }
    }
    for (locale, findings) in request.subjects(Name::LocaleUnavailable) {
        patch.target.cluster.locales.push(locale.to_owned());
        patch.add(format!("cluster.locales: {locale}"), &findings);
    }
    for (tablespace, findings) in request.subjects(Name::TablespaceMissing) {
        let option = "--no-tablespaces".to_owned();
        if request.is_archive() {
            if !patch.target.restore.options.contains(&option) {
                patch.target.restore.options.push(option);
            }
            patch.add(format!("restore.options: --no-tablespaces, instead of {tablespace:?}"), &findings);
        }
    }
    let of_name = |names: &[Name]| -> BTreeSet<usize> {
        request.open().filter(|(_, finding)| names.contains(&finding.name)).map(|(at, _)| at).collect()
    };
    let encoding = of_name(&[Name::EncodingUnrepresentable, Name::EncodingUnverified]);
    if !encoding.is_empty() {
        let database = &mut patch.target.database;
        (database.encoding, database.locale) = (None, None);
        let cluster = &mut patch.target.cluster;
        cluster.encoding = "UTF8".to_owned();
        // Another locale can belong to another encoding.
        if !cluster.locale.to_ascii_uppercase().replace('-', "").ends_with("UTF8") {
            cluster.locale = "C.UTF-8".to_owned();
        }
        let what = format!("cluster.encoding: UTF8, cluster.locale: {}", cluster.locale);
        patch.add(what, &encoding);
    }
    let locale = of_name(&[Name::LocaleDiffers]);
    if let Some(dumped) = dumped_locale(request).filter(|_| !locale.is_empty() && encoding.is_empty()) {
        // A locale goes with an encoding, as in the dump's own database.
        let dumped_encoding = request.facts.creates_database.first().and_then(|created| created.encoding.clone());
        let encoding = dumped_encoding.unwrap_or_else(|| patch.target.database_encoding().to_owned());
        (patch.target.database.encoding, patch.target.database.locale) = (None, None);
        (patch.target.cluster.encoding, patch.target.cluster.locale) = (encoding, dumped.to_owned());
        patch.add(format!("cluster.locale: {dumped}"), &locale);
    }
    let client = of_name(&[Name::ClientTooOld]);
    if request.dump.is_archive()
        && let Some(major) = request.dump.pg_dump_major().filter(|_| !client.is_empty())
    {
        patch.target.restore.client = Client::Major(Major(major));
        patch.add(format!("restore.client: {major}"), &client);
    }
    patch
}

/// The locale of the dumped database, where there is one for both order and character types, of the C library as the
/// target's.
fn dumped_locale<'a>(request: &Request<'a>) -> Option<&'a str> {
    let [created] = request.facts.creates_database.as_slice() else { return None };
    let of_libc = created.locale_provider.as_deref().is_none_or(|provider| provider == "libc");
    let locale = created.locale.as_deref();
    let (collate, ctype) = (created.lc_collate.as_deref().or(locale)?, created.lc_ctype.as_deref().or(locale)?);
    let providers = [request.target.cluster.locale_provider, request.target.database_locale_provider()];
    let same = of_libc && collate == ctype && providers == [LocaleProvider::Libc; 2];
    same.then_some(collate)
}

fn missing_roles(request: &Request<'_>, patch: &mut Patch) {
    let missing = roles::missing(request);
    let mut known: Vec<&str> = request.target.roles.iter().map(|role| role.name.as_str()).collect();
    known.extend(missing.iter().map(|(role, _)| *role));
    for (role, findings) in &missing {
        patch.target.roles.push(roles::of_profile(request, role, &known));
        patch.add(format!("roles: {role:?}"), findings);
    }
    // Who is no superuser may give objects only to roles that it is a member of.
    if let Some(restoring) = request.unprivileged()
        && let Some(role) = patch.target.roles.iter_mut().find(|role| role.name == restoring)
    {
        let names = roles::to_act_for(request, &missing);
        role.member_of.extend(names.into_iter().map(|name| Membership::from(name.to_owned())));
    }
}

/// Leaves out what would name a role that nobody should make: the same options as those that the finding's fix names.
fn kept_roles(request: &Request<'_>, patch: &mut Patch) {
    let kept = kept::missing(request);
    let options = kept::options(request, &kept);
    if options.is_empty() {
        return;
    }
    let names: Vec<String> = kept.iter().map(|(role, _)| format!("{role:?}")).collect();
    let findings: BTreeSet<usize> = kept.iter().flat_map(|(_, places)| places).copied().collect();
    patch.add(format!("restore.options: {}, instead of {}", options.join(" "), names.join(", ")), &findings);
    patch.target.restore.options.extend(options);
    let others = kept::other_roles(request, &kept);
    if !others.is_empty() {
        patch.added.push(kept::of_others(&others));
    }
}

/// A target as a profile: what is as in every profile is left out.
fn written(target: &Target) -> Option<String> {
    let plain = profile::parse("name: plain\npostgres: 17\n", "plain").ok()?;
    let plain = serde_json::to_value(&plain).ok()?;
    let mut own = serde_json::to_value(target).ok()?;
    // Of a role too only what is not as in every role.
    let role = serde_json::to_value(Role { inherit: true, ..Role::default() }).ok()?;
    if let Some(Value::Array(roles)) = own.get_mut("roles") {
        for one in roles {
            *one = without(std::mem::take(one), &role, true);
        }
    }
    profile::to_text(&without(own, &plain, true)).ok()
}

/// A value without what another has alike; `name` and `postgres`, at the top, always stay.
fn without(own: Value, plain: &Value, top: bool) -> Value {
    let Value::Object(own) = own else { return own };
    let kept = own.into_iter().filter_map(|(key, value)| {
        let stays = top && ["name", "postgres"].contains(&key.as_str());
        let same = plain.get(&key);
        if value.is_null() || !stays && same == Some(&value) {
            return None;
        }
        let value = match same {
            Some(same @ Value::Object(_)) => without(value, same, false),
            _ => value,
        };
        Some((key, value))
    });
    Value::Object(kept.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_built_in_profile_is_read_as_it_was_written() {
        for (name, text) in profile::BUILTIN {
            for target in profile::parse_all(text, name, &profile::Rules::default()).unwrap() {
                let text = written(&target).unwrap();
                let target = Target { takes_from_dump: false, notices: Vec::new(), ..target };
                assert_eq!(profile::parse(&text, name).unwrap(), target, "{text}");
            }
        }
    }

    #[test]
    fn a_profile_that_says_everything_is_read_as_it_was_written() {
        let text = include_str!("../../tests/profiles/good.yaml");
        let mut target = profile::parse(text, "good").unwrap();
        target.checks.pgtap.clear();
        let text = written(&target).unwrap();
        assert_eq!(profile::parse(&text, "good").unwrap(), target, "{text}");
    }
}
