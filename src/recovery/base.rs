//! What a base itself shows, as findings.

use pgbackup_reader::base::{Some1000, Survey, TablespaceContent, Verification};

use crate::counted::{agreeing, counted};
use crate::finding::{Finding, Name};

/// What of the base itself would matter in a real recovery.
pub fn of_base(survey: &Survey) -> Vec<Finding> {
    let mut findings = Vec::new();
    let missing: Vec<String> = survey
        .tablespaces
        .iter()
        .filter(|tablespace| {
            tablespace.content == TablespaceContent::Missing
                || survey.tablespace_files.get(&tablespace.oid).is_none_or(|files| *files == 0)
        })
        .map(|tablespace| format!("pg_tblspc/{}", tablespace.oid))
        .collect();
    if !missing.is_empty() {
        let (tablespaces, has) = (counted(missing.len(), "tablespace"), agreeing(missing.len(), "has", "have"));
        let title = format!("{tablespaces} of the source {has} no files in the base");
        let mut finding = Finding::new(Name::TablespaceNotInBackup, title);
        finding.count = missing.len() as u64;
        finding.objects = missing;
        findings.push(finding);
    }
    if survey.unlogged.count > 0 {
        let relations = counted(survey.unlogged.count, "unlogged relation");
        let title = format!("{relations} will come back empty: a base backup holds none of their rows");
        findings.push(about(Name::UnloggedTablesEmpty, title, &[&survey.unlogged]));
    }
    findings
}

/// Its manifest cannot be trusted.
pub fn manifest_broken(why: &str) -> Finding {
    let mut finding = Finding::new(Name::BackupChanged, format!("its manifest cannot be trusted: {why}"));
    finding.objects = vec!["backup_manifest".to_owned()];
    finding
}

/// It has no manifest.
pub fn unverifiable() -> Finding {
    let title = "it has no backup_manifest, so its files cannot be compared with what they were";
    Finding::new(Name::BackupUnverifiable, title)
}

/// Where the base is not what its manifest lists.
pub fn of_verification(verification: &Verification) -> Vec<Finding> {
    let mut findings = Vec::new();
    let Verification { missing, extra, other_size, other_checksum, .. } = verification;
    if missing.count > 0 {
        let (files, are) = (counted(missing.count, "file"), agreeing(missing.count, "is", "are"));
        let title = format!("{files} of the manifest {are} not in the base");
        findings.push(about(Name::BackupIncomplete, title, &[missing]));
    }
    let changed = [other_size, other_checksum, extra];
    let count: u64 = changed.iter().map(|some| some.count).sum();
    if count > 0 {
        let title = format!("{} {} not as the manifest has them", counted(count, "file"), agreeing(count, "is", "are"));
        let mut finding = about(Name::BackupChanged, title, &changed);
        for (some, what) in [(other_size, "another size"), (other_checksum, "another checksum")] {
            if let Some(first) = some.first.first() {
                finding.evidence.push(format!("{} of {what}, such as {first}", counted(some.count, "file")));
            }
        }
        if let Some(first) = extra.first.first() {
            let files = counted(extra.count, "file");
            finding.evidence.push(format!("{files} that the manifest does not know, such as {first}"));
        }
        findings.push(finding);
    }
    findings
}

fn about(name: Name, title: String, all: &[&Some1000]) -> Finding {
    let mut finding = Finding::new(name, title);
    finding.count = all.iter().map(|some| some.count).sum();
    finding.objects = all.iter().flat_map(|some| some.first.iter().cloned()).collect();
    finding
}

#[cfg(test)]
mod tests {
    use super::*;

    fn some(names: &[&str]) -> Some1000 {
        Some1000 { count: names.len() as u64, first: names.iter().map(|name| (*name).to_owned()).collect() }
    }

    #[test]
    fn files_that_are_missing_and_files_that_differ_are_two_findings() {
        let verification = Verification {
            missing: some(&["base/1/1259"]),
            extra: some(&["left_here"]),
            other_checksum: some(&["global/1262"]),
            ..Verification::default()
        };
        let findings = of_verification(&verification);
        let names: Vec<_> = findings.iter().map(|finding| (finding.name, finding.count)).collect();
        assert_eq!(names, [(Name::BackupIncomplete, 1), (Name::BackupChanged, 2)]);
        assert_eq!(findings[1].objects, ["global/1262", "left_here"]);
        assert_eq!(of_verification(&Verification { good: 3, ..Verification::default() }), []);
    }

    #[test]
    fn unlogged_relations_are_named() {
        let survey = Survey { unlogged: some(&["base/5/16400_init"]), ..Survey::default() };
        let findings = of_base(&survey);
        assert_eq!((findings[0].name, findings[0].objects.len()), (Name::UnloggedTablesEmpty, 1));
    }
}
