//! A first profile for a base backup.

use std::path::Path;

use super::text::{comment, value};
use super::{InitPlan, Written};
use crate::finding::profile_rules;
use crate::postgres::Major;
use crate::profile::{self, ProfileErrors};

/// The file's name.
const FILE: &str = "recovery.yaml";

/// Plans what is written for a base backup of this version. No server is asked, so nothing of its databases is known: what names
/// one of their tables is an example.
///
/// # Errors
/// Where what would be written cannot be read again, which no base backup is known to bring about.
pub fn plan_backup(base: &Path, major: Major, has_wal: bool) -> Result<InitPlan, ProfileErrors> {
    let name = base.file_name().unwrap_or(base.as_os_str()).to_string_lossy();
    let content = profile_of(&name, major);
    profile::parse_with(&content, FILE, &profile_rules())?;
    let about = format!("PostgreSQL {major}: to the end of the WAL, and to an hour before its last commit");
    let mut remarks =
        vec![format!("{FILE} has examples of `before` and `after`: only such queries know whether the data are right")];
    if !has_wal {
        remarks.push("no --wal is given: a run recovers only what the base backup itself has".to_owned());
    }
    Ok(InitPlan { files: vec![Written { path: FILE, content, about }], remarks })
}

fn profile_of(name: &str, major: Major) -> String {
    format!(
        "{modeline}# How the base backup in {shown} is recovered. Written by `pgrehearse init`; it is yours now.\n\
         # Every key: docs/profile-reference.md of pgrehearse. What is proved and what is not: docs/recovery.md\n\
         name: recovery\n\
         description: {description}\n\
         # A base backup comes back in its own major version alone.\n\
         postgres: {major}\n\
         # A target whose image lacks a locale of the databases is untested, and names it. Add it here:\n\
         # cluster:\n\
         #   locales: [de_DE.UTF-8]\n\
         recovery:\n  \
           # Each is a rehearsal of its own: all that the archive has, and an hour before its last commit, which fails as long as\n  \
           # the base backup is younger.\n  \
           to: [latest, {{time: -1h}}]\n  \
           # What you can bear: work that is lost (RPO), time until the server takes writes (RTO), age of the base backup. More\n  \
           # fails the target.\n  \
           # max_data_loss: 15m\n  \
           # max_duration: 45m\n  \
           # max_base_age: 36h\n  \
           # What must be there at the point. Put a table of yours in the place of public.orders, and a row that is known.\n  \
           # before:\n  \
           #   - {{name: order 4711, sql: SELECT count(*) FROM public.orders WHERE id = 4711, expect: \"= 1\"}}\n  \
           # What came after the point and must not be there. It is asked at every point, so it belongs into a profile of one.\n  \
           # after:\n  \
           #   - {{name: the accident, sql: SELECT count(*) FROM pg_class WHERE relname = 'accident', expect: \"= 0\"}}\n",
        modeline = profile::modeline(),
        shown = comment(name),
        description = value(&format!("Recovers the base backup in {name}")),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::{Point, parse};

    #[test]
    fn the_profile_of_a_backup_is_of_its_version_and_has_two_points() {
        let plan = plan_backup(Path::new("/backups/a: b #1\n"), Major(15), true).unwrap();
        let target = parse(&plan.files[0].content, FILE).unwrap();
        assert_eq!(target.postgres, Some(Major(15)));
        let points: Vec<String> = target.recovery.to.iter().map(Point::to_string).collect();
        assert_eq!(points, ["latest", "time=-1h"]);
        assert!(target.recovery.before.is_empty() && target.recovery.max_data_loss.is_none());
        assert!(plan.files[0].content.starts_with(&profile::modeline()), "{}", plan.files[0].content);
    }

    #[test]
    fn every_example_in_it_is_right_once_it_is_no_comment() {
        let content = profile_of("base", Major(17));
        let is_example = |line: &str| {
            let example = line.trim_start().strip_prefix("# ").unwrap_or_default().trim_start().to_owned();
            let keys = ["cluster:", "locales:", "max_", "before:", "after:", "- {"];
            keys.iter().any(|key| example.starts_with(key))
        };
        let text: Vec<String> = content
            .lines()
            .map(|line| if is_example(line) { line.replacen("# ", "", 1) } else { line.to_owned() })
            .collect();
        let target = parse(&text.join("\n"), FILE).unwrap_or_else(|error| panic!("{error}\n{}", text.join("\n")));
        assert_eq!(target.cluster.locales, ["de_DE.UTF-8"]);
        let recovery = &target.recovery;
        assert_eq!((recovery.before.len(), recovery.after.len()), (1, 1));
        assert!(recovery.max_data_loss.is_some() && recovery.max_duration.is_some() && recovery.max_base_age.is_some());
    }

    #[test]
    fn without_an_archive_it_is_said_how_far_that_goes() {
        let remarks = |has_wal| plan_backup(Path::new("base"), Major(17), has_wal).unwrap().remarks.join("\n");
        assert!(remarks(false).contains("no --wal is given"));
        assert!(!remarks(true).contains("--wal"));
    }
}
