//! What a finding holds is looked over once more before anything is drawn from it: whoever made it, no secret stays in it.

use super::secret::secrets;
use super::{MASK, postgres, secret};
use crate::finding::{Finding, Reference, Subject};

/// Takes the secrets out of texts.
#[derive(Debug, Clone, Copy)]
pub struct Hider<'a> {
    /// Values that a profile takes from the environment into settings.
    pub of_environment: &'a [String],
}

impl Hider<'_> {
    /// Of one text.
    pub fn text(&self, text: &mut String) {
        if secret::may_hold_any(text) {
            *text = secrets(text);
        }
        self.environment(text);
    }

    fn environment(&self, text: &mut String) {
        for value in self.of_environment {
            // What is a number or a word of PostgreSQL's is no secret, and is found everywhere.
            let is_number = value.bytes().all(|byte| byte.is_ascii_digit());
            let is_known = postgres::is_word(value) || postgres::is_keyword(value) || postgres::is_name(value);
            let is_secret = value.len() >= 4 && !is_number && !is_known;
            if is_secret && text.contains(value.as_str()) {
                *text = text.replace(value.as_str(), MASK);
            }
        }
    }

    fn statement(&self, text: &mut String) {
        *text = secret::statement(text);
        self.environment(text);
    }

    fn subject(&self, subject: &mut Option<Subject>) {
        *subject = subject.take().map(|subject| {
            subject.renamed(|text| {
                let mut text = text.to_owned();
                self.text(&mut text);
                text
            })
        });
    }

    /// Of what says which finding was foreseen, as of the finding.
    pub fn foreseen(&self, foreseen: &mut Reference) {
        match foreseen {
            Reference::Cause { subject, .. } => self.subject(subject),
            Reference::Title(title) => self.text(title),
        }
    }

    /// Of a finding.
    pub fn finding(&self, finding: &mut Finding) {
        self.text(&mut finding.title);
        self.text(&mut finding.fix);
        let texts = finding.evidence.iter_mut().chain(&mut finding.objects);
        texts.for_each(|text| self.text(text));
        self.subject(&mut finding.subject);
        for consequence in &mut finding.consequences {
            consequence.objects.iter_mut().for_each(|text| self.text(text));
        }
        for difference in &mut finding.differences {
            let texts = difference.dump.iter_mut().chain(&mut difference.restored).chain([&mut difference.diff]);
            texts.for_each(|text| self.text(text));
        }
        finding.commands.iter_mut().for_each(|text| self.statement(text));
        if let Some(after) = &mut finding.remedy.after {
            after.statements.iter_mut().for_each(|text| self.statement(text));
        }
    }
}
