use crate::finding::kind::Kind;
use crate::finding::rule::{Precedence, Rule};
use crate::finding::{Origin, Severity, Subject};

pub static KIND: Kind = Kind {
    name: "extension-comment-refused",
    severity: Severity::Warning,
    origin: Origin::Target,
    summary: "The restoring role may not comment on an extension that another role owns.",
    page: include_str!("../../../docs/findings/extension-comment-refused.md"),
    rules: &[Rule::new(Precedence::Statement, &["42501"], |failed| {
        let extension = || failed.statement.split_whitespace().nth(3).unwrap_or_default().trim_matches(['"', ';']);
        failed.begins("COMMENT ON EXTENSION").then(|| Subject::Extension(extension().to_owned()).into())
    })],
    names_who: true,
    title: Some(|case| format!("role {:?} may not comment on the extension {:?}", case.who(), case.subject)),
    fix: "Nothing is lost but a comment. Leave the entry out of the list for pg_restore -L if your script stops at \
          errors; --no-comments leaves out all of them.",
    ..Kind::USUAL
};
