use crate::finding::kind::Kind;
use crate::finding::rule::{Known, Precedence, Rule};
use crate::finding::{Origin, Severity};
use crate::profile::Acceptable;

pub static KIND: Kind = Kind {
    name: "dump-truncated",
    severity: Severity::Error,
    origin: Origin::Dump,
    summary: "The dump is cut off or damaged: a part of what was dumped is missing.",
    page: include_str!("../../../docs/findings/dump-truncated.md"),
    rules: &[Rule::of_client(Precedence::Message, |failed| {
        const ENDS: [&str; 6] = [
            "end of file",
            "input file is too short",
            "unexpected end",
            "could not find block ID",
            "corrupt",
            "crc error",
        ];
        let said = without_names(failed.message);
        ENDS.iter().any(|end| said.contains(end)).then(Known::default)
    })],
    acceptable: Acceptable::Never,
    title: Some(|_| TITLE.to_owned()),
    fix: "Dump again, and check that the whole file arrived: pg_dump's exit code, the size and a checksum on both \
          sides. What follows the break cannot be recovered from this file.",
    ..Kind::USUAL
};

/// The same whether the restore or the dump itself has shown it.
pub const TITLE: &str = "the dump is cut off or damaged";

/// A message without what stands between quotes in it: names of files say nothing.
fn without_names(message: &str) -> String {
    message.split('"').step_by(2).collect::<Vec<_>>().join("\"\"")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_files_name_is_no_damage() {
        assert_eq!(without_names("could not open input file \"corrupt.dump\": x"), "could not open input file \"\": x");
        assert!(without_names("corrupt tar header found in a").contains("corrupt"));
    }
}
