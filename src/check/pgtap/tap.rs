//! The Test Anything Protocol, as pgTAP prints it (<https://testanything.org/tap-version-12-specification.html>).
//!
//! No crate on crates.io reads it that is kept up.

/// What the tests of one file said.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Tap {
    /// How many tests the plan announces.
    pub planned: Option<u64>,
    /// Why the plan skips all of them.
    pub skipped_all: Option<String>,
    /// How many results were printed.
    pub ran: u64,
    /// Results that are no proof: `# SKIP`.
    pub skipped: u64,
    pub failed: Vec<FailedTest>,
    pub bailed_out: Option<String>,
}

/// One test that failed and was not expected to.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct FailedTest {
    pub number: u64,
    pub description: String,
    /// What it said of itself, which can hold row values.
    pub diagnostics: Vec<String>,
}

impl Tap {
    /// Reads what was printed. What is not TAP is passed over; results of subtests are indented, and their sum is the result
    /// after them.
    pub fn read(text: &str) -> Self {
        let mut tap = Self::default();
        // Diagnostics follow the result that they belong to.
        let mut after_failure = false;
        for line in text.lines() {
            let line = line.trim_end();
            if let Some(said) = line.strip_prefix('#') {
                if let (true, Some(failed)) = (after_failure, tap.failed.last_mut()) {
                    failed.diagnostics.push(said.trim().to_owned());
                }
            } else if let Some(reason) = line.strip_prefix("Bail out!") {
                tap.bailed_out = Some(reason.trim().to_owned());
            } else if let Some((planned, skipped)) = plan(line) {
                tap.planned = Some(planned);
                tap.skipped_all = skipped;
            } else if let Some(result) = TestResult::read(line) {
                tap.ran += 1;
                after_failure = false;
                match result.directive {
                    Some(Directive::Skip) => tap.skipped += 1,
                    Some(Directive::Todo) => {}
                    None if result.ok => {}
                    None => {
                        after_failure = true;
                        let number = result.number.unwrap_or(tap.ran);
                        let description = result.description;
                        tap.failed.push(FailedTest { number, description, diagnostics: Vec::new() });
                    }
                }
            }
        }
        tap
    }

    /// What is wrong with the run as a whole, beside tests that failed.
    pub fn wrong(&self) -> Option<String> {
        if self.bailed_out.is_some() {
            return Some("bailed out".into());
        }
        match self.planned {
            None => Some("printed no plan, so it is not known whether all its tests ran".into()),
            Some(planned) if planned != self.ran => Some(format!("planned {planned} tests and ran {}", self.ran)),
            Some(0) if self.skipped_all.is_none() => Some("tests nothing".into()),
            Some(_) => None,
        }
    }
}

/// `1..5`, or `1..0 # SKIP no reason`.
fn plan(line: &str) -> Option<(u64, Option<String>)> {
    let rest = line.strip_prefix("1..")?;
    let (number, comment) = match rest.split_once('#') {
        Some((number, comment)) => (number, Some(comment)),
        None => (rest, None),
    };
    let planned = number.trim().parse().ok()?;
    let skipped = comment.map(str::trim).filter(|comment| starts_with_word(comment, "skip"));
    Some((planned, skipped.map(|comment| comment[4..].trim().to_owned())))
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Directive {
    Skip,
    Todo,
}

struct TestResult {
    ok: bool,
    number: Option<u64>,
    description: String,
    directive: Option<Directive>,
}

impl TestResult {
    /// `not ok 3 - users exist # TODO later`
    fn read(line: &str) -> Option<Self> {
        let (ok, rest) = match line.strip_prefix("not ok") {
            Some(rest) => (false, rest),
            None => (true, line.strip_prefix("ok")?),
        };
        if !(rest.is_empty() || rest.starts_with(' ')) {
            return None;
        }
        let rest = rest.trim_start();
        let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        let is_number = rest[digits..].is_empty() || rest[digits..].starts_with(' ');
        let (number, rest) = if is_number { (rest[..digits].parse().ok(), &rest[digits..]) } else { (None, rest) };
        let (description, directive) = directive(rest.trim_start());
        let description = description.strip_prefix('-').unwrap_or(description).trim();
        // A `#` of the description itself is escaped.
        Some(Self { ok, number, description: description.replace(r"\#", "#"), directive })
    }
}

/// A description and the directive after it: the last `#` that no backslash stands before and that one of the two words
/// follows.
fn directive(text: &str) -> (&str, Option<Directive>) {
    for (at, _) in text.match_indices('#') {
        if text[..at].ends_with('\\') {
            continue;
        }
        let word = text[at + 1..].trim_start();
        let found = match () {
            () if starts_with_word(word, "skip") => Directive::Skip,
            () if starts_with_word(word, "todo") => Directive::Todo,
            () => continue,
        };
        return (&text[..at], Some(found));
    }
    (text, None)
}

fn starts_with_word(text: &str, word: &str) -> bool {
    text.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_run_in_which_all_is_well_is_read() {
        let tap = Tap::read("1..2\nok 1 - users exist\nok 2\n");
        assert_eq!(tap, Tap { planned: Some(2), ran: 2, ..Tap::default() });
        assert_eq!(tap.wrong(), None);
    }

    #[test]
    fn a_failed_test_keeps_what_it_said() {
        let tap = Tap::read(
            "1..3\nok 1 - a\nnot ok 2 - b \\# c\n# FailedTest test 2: \"b # c\"\n#         have: 1\nok 3 - d\n# Looks like you failed 1 test of 3\n",
        );
        assert_eq!(tap.failed.len(), 1);
        assert_eq!((tap.failed[0].number, tap.failed[0].description.as_str()), (2, "b # c"));
        assert_eq!(tap.failed[0].diagnostics, ["FailedTest test 2: \"b # c\"", "have: 1"]);
        assert_eq!(tap.wrong(), None);
    }

    #[test]
    fn directives_decide_what_a_result_means() {
        let tap = Tap::read(
            "1..4\nnot ok 1 - later # TODO not yet\nok 2 # SKIP no time\nok 3 - x # todo\nnot ok 4 - # skip x\n",
        );
        assert_eq!((tap.failed.len(), tap.skipped, tap.ran), (0, 2, 4));
        assert_eq!(Tap::read("1..0 # SKIP nothing to do\n").skipped_all.as_deref(), Some("nothing to do"));
        assert_eq!(Tap::read("1..0 # SKIP nothing to do\n").wrong(), None);
        assert_eq!(Tap::read("1..1\nnot ok 1 - number # 5 of many\n").failed[0].description, "number # 5 of many");
    }

    #[test]
    fn a_run_that_is_not_whole_is_wrong() {
        let wrong = |text| Tap::read(text).wrong().unwrap_or_default();
        assert_eq!(wrong("1..3\nok 1\nok 2\n"), "planned 3 tests and ran 2");
        assert_eq!(wrong("1..1\nok 1\nok 2\n"), "planned 1 tests and ran 2");
        assert!(wrong("ok 1\n").starts_with("printed no plan"));
        assert!(wrong("").starts_with("printed no plan"));
        assert_eq!(wrong("1..0\n"), "tests nothing");
        assert_eq!(wrong("1..2\nok 1\nBail out! no database\n"), "bailed out");
    }

    #[test]
    fn what_is_no_result_is_passed_over() {
        let tap = Tap::read("okay\nnot okay\n    not ok 1 - inner\n    1..1\nok 1 - outer\n1..x\n1..1\nok_then\n\n");
        assert_eq!(tap, Tap { planned: Some(1), ran: 1, ..Tap::default() });
        let tap = Tap::read("not ok 17th of June\n1..1\n");
        assert_eq!(tap.failed[0].description, "17th of June");
    }

    proptest! {
        #[test]
        fn no_text_makes_reading_panic(text in "((not )?ok|1\\.\\.|Bail out!|#|\\\\|todo|SKIP|[0-9 -]|\\PC|\n){0,40}") {
            let tap = Tap::read(&text);
            prop_assert!(tap.failed.len() as u64 <= tap.ran);
        }
    }
}
