//! What a finding holds is looked over once more before anything is drawn from it: whoever made it, no secret stays in it.

use super::secret::secrets;
use super::{MASK, postgres, secret};
use crate::finding::{AcceptedObjects, Consequence, Difference, Finding, Reference, Subject};

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

    /// Of what says which finding is meant, as of that finding.
    pub fn reference(&self, reference: &mut Reference) {
        match reference {
            Reference::Cause { subject, .. } => self.subject(subject),
            Reference::Title(title) => self.text(title),
        }
    }

    /// Of a finding. Each field is named: what comes to findings has to be decided here too.
    pub fn finding(&self, finding: &mut Finding) {
        let Finding {
            name: _,
            severity: _,
            origin: _,
            title,
            subject,
            count: _,
            objects,
            consequences,
            follows,
            evidence,
            differences,
            fix,
            commands,
            fix_files: _,
            remedy,
            takes_back: _,
            accepted,
            accepted_objects,
            own_severity: _,
        } = finding;
        let texts = [title, fix].into_iter().chain(objects).chain(evidence).chain(accepted);
        texts.for_each(|text| self.text(text));
        self.subject(subject);
        follows.iter_mut().for_each(|cause| self.reference(cause));
        for Consequence { kind: _, count: _, objects } in consequences {
            objects.iter_mut().for_each(|text| self.text(text));
        }
        for Difference { object, dump, restored, diff } in differences {
            let texts = [object, diff].into_iter().chain(dump).chain(restored);
            texts.for_each(|text| self.text(text));
        }
        for AcceptedObjects { objects, reason } in accepted_objects {
            objects.iter_mut().chain([reason]).for_each(|text| self.text(text));
        }
        let after = remedy.after.iter_mut().flat_map(|after| &mut after.statements);
        commands.iter_mut().chain(after).for_each(|text| self.statement(text));
    }
}
