//! What stands at the head of every file, in comments that no name can leave.

use std::collections::BTreeSet;

use super::Request;

/// Text for a comment: on one line, whatever it holds.
pub fn on_one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') { ' ' } else { c }).collect()
}

/// The head of a file: for which dump, target and findings, and what using it costs. `mark` begins a comment.
pub fn head(request: &Request<'_>, mark: &str, what: &str, findings: &BTreeSet<usize>, costs: &str) -> String {
    let mut lines = vec![
        what.to_owned(),
        String::new(),
        format!("dump     {}", request.dump.path.display()),
        format!("target   {}", request.target.name),
    ];
    let mut named: Vec<String> = Vec::new();
    for finding in findings.iter().filter_map(|at| request.findings.get(*at)) {
        let line = format!("{}: {}", finding.name, finding.title);
        if !named.contains(&line) {
            named.push(line);
        }
    }
    for (nth, line) in named.iter().enumerate() {
        let label = if nth == 0 { "finding " } else { "        " };
        lines.push(format!("{label} {line}"));
    }
    lines.push(format!("costs    {costs}"));
    if request.databases.is_empty() {
        lines.push("         No restore has put these findings to the test.".to_owned());
    }
    lines.push(format!("by       pgrehearse {} --write-fixes", env!("CARGO_PKG_VERSION")));
    lines.iter().map(|line| format!("{mark} {}", on_one_line(line)).trim_end().to_owned() + "\n").collect()
}

/// The head of a file of statements for psql.
pub fn sql_head(request: &Request<'_>, what: &str, findings: &BTreeSet<usize>, costs: &str) -> String {
    format!("{}\nSET client_encoding = 'UTF8';\n\n", head(request, "--", what, findings, costs))
}

/// A part of a file's name: a name of the database's that no shell and no file system takes for something else. Names that
/// differ stay different.
pub fn file_part(name: &str) -> String {
    use sha2::{Digest as _, Sha256};
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "_-".contains(c);
    if !name.is_empty() && name.len() <= 63 && name.chars().all(is_plain) && !name.starts_with('-') {
        return name.to_owned();
    }
    let digest: String = Sha256::digest(name.as_bytes()).iter().take(4).map(|byte| format!("{byte:02x}")).collect();
    let kept: String = name.chars().map(|c| if is_plain(c) { c } else { '_' }).take(40).collect();
    format!("{}.{digest}", kept.trim_start_matches('-'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_of_a_file_name_leads_nowhere_and_stays_its_own() {
        assert_eq!(file_part("shop_2"), "shop_2");
        for name in ["", "..", "../x", "a/b", "a\nb", "-rf", "$(id)", "Größe", ".hidden", "\u{202e}"] {
            let part = file_part(name);
            assert!(part.chars().all(|c| c.is_ascii_alphanumeric() || "_-.".contains(c)), "{part}");
            assert!(!part.starts_with('-') && !part.contains(".."), "{part}");
        }
        assert_ne!(file_part("a/b"), file_part("a b"));
    }

    #[test]
    fn a_comment_is_one_line() {
        assert_eq!(on_one_line("a\nDROP DATABASE b;\r\n"), "a DROP DATABASE b;  ");
    }
}
