//! What one finding says of another of its target, by what distinguishes that one from the others.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{Finding, Name, Subject};

/// Another finding of the same target: one that the preflight had foreseen, or one that a finding follows from. In a report it
/// is one string: `role-missing app`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reference {
    /// By its root cause: a target has one finding of a name and a subject, or several of the same cause.
    Cause { name: Name, subject: Option<Subject> },
    /// What a report of an older version has in its place: a title, which says nothing about which finding it was.
    Title(String),
}

impl Reference {
    /// What this finding is.
    pub fn of(finding: &Finding) -> Self {
        Reference::Cause { name: finding.name, subject: finding.subject.clone() }
    }

    /// Whether this finding is the one that is meant.
    pub fn is(&self, finding: &Finding) -> bool {
        match self {
            Reference::Cause { name, subject } => *name == finding.name && *subject == finding.subject,
            Reference::Title(_) => false,
        }
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Reference::Cause { name, subject: Some(subject) } => write!(f, "{name} {subject}"),
            Reference::Cause { name, subject: None } => write!(f, "{name}"),
            Reference::Title(title) => f.write_str(title),
        }
    }
}

impl Serialize for Reference {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Reference {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let (name, subject) = match text.split_once(' ') {
            Some((name, subject)) => (name, Some(Subject::Words(subject.to_owned()))),
            None => (text.as_str(), None),
        };
        Ok(match name.parse() {
            Ok(name) => Reference::Cause { name, subject },
            Err(()) => Reference::Title(text),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_known_by_its_cause_and_not_by_its_words() {
        let of = |name: Name, subject: &str, title: &str| Finding {
            subject: Some(Subject::Words(subject.to_owned())).filter(|_| !subject.is_empty()),
            ..Finding::new(name, title)
        };
        let role = of(Name::RoleMissing, "an app", "role \"an app\" does not exist");
        let foreseen = Reference::of(&role);
        assert!(foreseen.is(&of(Name::RoleMissing, "an app", "in other words")));
        assert!(
            !foreseen.is(&of(Name::RoleMissing, "app", &role.title))
                && !foreseen.is(&of(Name::RoleExists, "an app", ""))
        );
        // It comes back as it was written.
        for finding in [&role, &of(Name::ClientTooOld, "", "title")] {
            let written = serde_json::to_string(&Reference::of(finding)).unwrap();
            assert_eq!(serde_json::from_str::<Reference>(&written).unwrap(), Reference::of(finding), "{written}");
        }
        assert_eq!(foreseen.to_string(), "role-missing an app");
    }

    #[test]
    fn a_title_in_an_older_report_is_kept_and_is_no_finding() {
        let text = "\"role \\\"app\\\" does not exist in this target\"";
        let read: Reference = serde_json::from_str(text).unwrap();
        assert_eq!(serde_json::to_string(&read).unwrap(), text);
        let Reference::Title(title) = &read else { panic!("{read:?}") };
        assert!(!read.is(&Finding::new(Name::RoleMissing, title.as_str())));
    }
}
