//! Words that a report prints beside the names of findings and columns, and what they mean.

/// A word of the report.
struct Word {
    /// As reports print it, without numbers.
    name: &'static str,
    /// How somebody else may ask for the same.
    also: &'static [&'static str],
    /// Markdown.
    meaning: &'static str,
}

const WORDS: &[Word] = &[
    Word {
        name: "lost",
        also: &["table lost", "tables lost"],
        meaning: "In a column of the grid: so many things of the dump did not come back, because a statement of the restore \
                  failed or the dump is damaged there. The cause is a finding of its own, in another column, and its block says \
                  what it is and how to mend it; what is lost comes back with that. `1 table lost` in the column `rows` is a \
                  table whose rows are not there, whatever their number.\n\nEach column counts its own things, so one cause \
                  can be `1 error` under `restore`, `1 table lost` under `rows` and `2 lost` under `objects`: \
                  the numbers of columns do not add up to the number of findings. In the JSON report it is `lost` of each check.",
    },
    Word {
        name: "pass",
        also: &[],
        meaning: "The verdict of a target in which every check looked and no finding of the severity that fails it \
                  (`--fail-on`, `error` by default) is open. Exit code 0 where every target passed.",
    },
    Word {
        name: "fail",
        also: &["failed"],
        meaning: "The verdict of a target with at least one open finding of the severity that fails it (`--fail-on`, `error` by \
                  default). Exit code 1.",
    },
    Word {
        name: "untested",
        also: &[],
        meaning: "Something could not be looked at: no engine, no image, a timeout, a check that the server refused. It is \
                  neither a pass nor a fail, and the report begins with the reason. Exit code 3 where nothing failed; \
                  `--allow-untested` makes that 0.",
    },
    Word {
        name: "accepted",
        also: &["accept"],
        meaning: "The profile knows this finding (`accept:`) and says why it may be there, and until when. It stays in the report \
                  and does not fail the target.",
    },
    Word {
        name: "open",
        also: &[],
        meaning: "What of a finding the profile does not accept, where it accepts some of its objects only. This is what counts.",
    },
    Word {
        name: "error",
        also: &["errors"],
        meaning: "The severity of a finding because of which a restore is not what the dump holds, or cannot be used. It fails \
                  its target.\n\nThe grid counts findings, each root cause once: one missing role is one error, however many \
                  statements it made fail.",
    },
    Word {
        name: "warning",
        also: &["warnings"],
        meaning: "The severity of a finding that changes how the restored database behaves, or that production has too, and that \
                  need not be wrong. It fails its target with `--fail-on warning` alone.",
    },
    Word {
        name: "note",
        also: &["notes"],
        meaning: "The severity of a finding that does no harm and is worth knowing. It fails nothing.",
    },
    Word {
        name: "notice",
        also: &["notices"],
        meaning: "A line of the report about the run itself: what was not compared and why, what an option left out. It is no \
                  finding and fails nothing.",
    },
    Word {
        name: "not compared",
        also: &[],
        meaning: "What cannot be compared by its nature, and why: a foreign table's rows are elsewhere, an expression gives \
                  another value each time. It is neither equal nor different, and does not make a target `untested`.",
    },
    Word {
        name: "affects",
        also: &["hits"],
        meaning: "What a cause hit itself: the objects or statements that failed or differ because of it. What failed only as a \
                  result of those stands behind `leads to`.",
    },
    Word {
        name: "leads to",
        also: &["follows", "because", "consequence", "consequences"],
        meaning: "What follows from a cause: statements that failed only because an earlier one had, by kind and name, and \
                  findings of the checks that this cause explains whole. All of it ends when the cause is mended. With `--all` \
                  those findings have blocks of their own, and `because` names the cause. In the JSON report a finding's \
                  `consequences` and `follows` hold it.",
    },
    Word {
        name: "evidence",
        also: &["seen"],
        meaning: "What was seen: the server's own words with their SQLSTATE, or the values that were compared. What may hold \
                  data of rows is masked (`‹masked›`), unless `--show-data` is given.",
    },
    Word {
        name: "‹masked›",
        also: &["masked"],
        meaning: "Stands where the server's words or a statement have something that may be data of a row: reports land in logs \
                  that others read. `--show-data` shows it; secrets stay masked all the same.",
    },
    Word {
        name: "origin",
        also: &["source"],
        meaning: "Whose fault a finding is, and so who can mend it. It is printed where neither the target nor the restore can \
                  help it:\n\n- `source`: the database that was dumped. Production has this too, as the dump itself proves, and \
                  the restore is faithful.\n- the dump: it is damaged or partial, by the way it was made or copied.\n- \
                  pgrehearse: the program itself, or a check that it ran.\n\nThe others are of the target (what it lacks, refuses or \
                  has already) or of the restore (its client, options and order).",
    },
    Word {
        name: "fix",
        also: &["fixes"],
        meaning: "What mends a finding, in words, and below it what to run, ready to paste. `--write-fixes DIRECTORY` writes all of \
                  it into files in the order in which it has to be run.",
    },
    Word {
        name: "severity",
        also: &[],
        meaning: "`error`, `warning` or `note`. The line `severity` stands where the profile has given a finding another one \
                  (`severity:`).",
    },
    Word {
        name: "forecast",
        also: &["foreseen", "expected"],
        meaning: "What a target lacks of what the dump needs, known from the dump and the profile before anything starts. Where \
                  a restore ran, it has the last word; a forecast alone is no result, so such a target is `untested`.",
    },
    Word {
        name: "verdict",
        also: &[],
        meaning: "`pass`, `fail` or `untested`, of each target; that of the run is the worst of them, and decides the exit code.",
    },
];

/// The page of a word, in Markdown.
pub fn page(wanted: &str) -> Option<String> {
    let wanted = wanted.to_lowercase();
    // As the grid writes it: `2 lost`, `1 table lost`.
    let wanted = wanted.trim_start_matches(|c: char| c.is_ascii_digit() || c == ',').trim_start();
    let word = WORDS.iter().find(|word| word.name == wanted || word.also.contains(&wanted))?;
    Some(format!("# {}\n\nA word of the report.\n\n{}\n", word.name, word.meaning))
}

/// What one can ask for.
pub fn names() -> impl Iterator<Item = &'static str> {
    WORDS.iter().map(|word| word.name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::Name;

    #[test]
    fn a_word_is_found_as_the_grid_prints_it_and_by_its_other_names() {
        for wanted in ["lost", "2 lost", "1 table lost", "1,204 tables lost", "LOST"] {
            assert!(page(wanted).is_some_and(|page| page.starts_with("# lost\n")), "{wanted}");
        }
        assert!(page("follows").is_some_and(|page| page.starts_with("# leads to\n")));
        assert_eq!(page("role-missing"), None);
        assert_eq!(page("12"), None);
    }

    #[test]
    fn no_word_is_a_finding_and_none_stands_twice() {
        let mut all: Vec<&str> = WORDS.iter().flat_map(|word| word.also.iter().copied().chain([word.name])).collect();
        assert!(all.iter().all(|word| word.parse::<Name>().is_err()));
        let count = all.len();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), count);
    }
}
