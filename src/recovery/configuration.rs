//! What a base's own configuration would do on another machine, as findings. It is read as text and never used.

use pgbackup_reader::base::{Configuration, Obstacle, ObstacleKind, Survey, obstacles};

use crate::finding::{Finding, Name};

/// What the configuration of a base would stop a start on elsewhere, and whether a server started on it would write into the archive.
///
/// There is a finding for each setting, so that one of them can be accepted; no value that may hold a password is in any.
pub fn of_configuration(survey: &Survey) -> Vec<Finding> {
    let found = obstacles(survey);
    let writes = found.iter().any(|obstacle| obstacle.kind == ObstacleKind::WritesArchive);
    let mut findings: Vec<Finding> = Vec::new();
    if writes {
        findings.push(archives(&found, survey));
    }
    let others = found.iter().filter(|obstacle| obstacle.kind != ObstacleKind::WritesArchive);
    findings.extend(others.map(not_portable));
    findings
}

fn not_portable(obstacle: &Obstacle) -> Finding {
    let mut finding = Finding::new(Name::ConfigurationNotPortable, obstacle.to_string());
    finding.objects = vec![obstacle.setting.clone()];
    finding
}

/// `archive_mode` and what it archives with, each with its place.
fn archives(found: &[Obstacle], survey: &Survey) -> Finding {
    let first = found.iter().find(|obstacle| obstacle.kind == ObstacleKind::WritesArchive);
    let title = first.map(ToString::to_string).unwrap_or_default();
    let mut finding = Finding::new(Name::ArchiveWouldBeWritten, title);
    let mut configuration = Configuration::default();
    for name in ["postgresql.conf", "postgresql.auto.conf"] {
        if let Some(file) = survey.configuration(name) {
            configuration.add(&file.name, &file.text);
        }
    }
    for name in ["archive_mode", "archive_command", "archive_library"] {
        if let Some(setting) = configuration.get(name).filter(|setting| !setting.value.is_empty()) {
            finding.objects.push(name.to_owned());
            finding.evidence.push(format!("{name} is set at {}", setting.place));
        }
    }
    finding
}

#[cfg(test)]
mod tests {
    use pgbackup_reader::base::ConfigurationText;

    use super::*;

    fn survey(text: &str) -> Survey {
        let text = text.to_owned();
        let file = ConfigurationText { name: "postgresql.conf".to_owned(), text, cut: false };
        Survey { configuration: vec![file], ..Survey::default() }
    }

    #[test]
    fn each_setting_that_is_bound_to_its_machine_is_a_warning_with_file_and_line() {
        let findings = of_configuration(&survey("port = 1\ninclude 'custom.conf'\nhuge_pages = on\n"));
        let said: Vec<_> =
            findings.iter().map(|finding| (finding.objects[0].as_str(), finding.title.as_str())).collect();
        assert_eq!(
            said,
            [
                ("include", "include needs custom.conf, which is not in the backup (postgresql.conf:2)"),
                ("huge_pages", "huge_pages = on needs huge pages set aside on the machine (postgresql.conf:3)"),
            ]
        );
        assert!(findings.iter().all(|finding| finding.name == Name::ConfigurationNotPortable && !finding.fails()));
    }

    #[test]
    fn archiving_is_one_warning_that_does_not_show_the_command() {
        let findings = of_configuration(&survey("archive_mode = on\narchive_command = 'push --password=hunter2 %p'\n"));
        let [finding] = findings.as_slice() else { panic!("{findings:#?}") };
        assert_eq!((finding.name, finding.fails()), (Name::ArchiveWouldBeWritten, false));
        assert_eq!(
            finding.evidence,
            ["archive_mode is set at postgresql.conf:1", "archive_command is set at postgresql.conf:2"]
        );
        assert!(!format!("{finding:?}").contains("hunter2"));
    }

    #[test]
    fn a_configuration_of_initdb_has_nothing_to_say() {
        assert_eq!(of_configuration(&survey("max_connections = 100\nshared_buffers = 128MB\nlc_messages = 'C'\n")), []);
    }
}
