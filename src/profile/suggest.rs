//! The nearest valid word to one that was mistyped.

/// The candidate that `word` most probably was meant to be, if one is near enough to be worth proposing.
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let word = comparable(word);
    candidates
        .into_iter()
        .map(|candidate| (strsim::damerau_levenshtein(&word, &comparable(candidate)), candidate))
        .filter(|(distance, candidate)| *distance <= 1.max(candidate.chars().count().max(word.chars().count()) / 3))
        // Two swapped letters are a likelier mistake than a missing one: of equally near words, the one as long wins.
        .min_by_key(|(distance, candidate)| (*distance, candidate.len().abs_diff(word.len())))
        .map(|(_, candidate)| candidate)
}

/// The candidate that a name most probably was meant to be: one that is near, or else one that it is the beginning or a part of.
pub fn nearest_name<'a>(name: &str, candidates: &[&'a str]) -> Option<&'a str> {
    const LEAST: usize = 3;
    let part = comparable(name);
    let begins = |candidate: &&&str| part.len() >= LEAST && comparable(candidate).starts_with(&part);
    let holds = |candidate: &&&str| part.len() >= LEAST && comparable(candidate).contains(&part);
    nearest(name, candidates.iter().copied())
        .or_else(|| candidates.iter().find(begins).copied())
        .or_else(|| candidates.iter().find(holds).copied())
}

/// `did you mean …?`, or the words to choose from where none is near and they are few enough to read.
pub fn hint(word: &str, candidates: &[&str]) -> Option<String> {
    const READABLE: usize = 16;
    if let Some(near) = nearest(word, candidates.iter().copied()) {
        return Some(format!("did you mean `{near}`?"));
    }
    let list: Vec<_> = candidates.iter().map(|candidate| format!("`{candidate}`")).collect();
    (1..=READABLE).contains(&list.len()).then(|| format!("known here: {}", list.join(", ")))
}

/// `shared-buffers`, `sharedBuffers` and `shared_buffers` are the same word mistyped.
/// Only the first characters count, so that a word of a megabyte costs nothing.
fn comparable(word: &str) -> String {
    word.chars().take(64).map(|c| if c == '-' { '_' } else { c.to_ascii_lowercase() }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn proposes_the_word_that_was_mistyped() {
        assert_eq!(hint("encodng", &["encoding", "locale"]).unwrap(), "did you mean `encoding`?");
        assert_eq!(hint("createDB", &["createdb", "createrole"]).unwrap(), "did you mean `createdb`?");
        assert_eq!(hint("rolse", &["role", "roles", "rules"]).unwrap(), "did you mean `roles`?");
    }

    #[test]
    fn proposes_what_a_name_is_a_part_of() {
        let names = ["azure-flexible-like", "cloud-sql-like", "docker-default", "rds-like", "sql-ascii"];
        for (name, near) in [
            ("rds", "rds-like"),
            ("azure", "azure-flexible-like"),
            ("sql", "sql-ascii"),
            ("flexible", "azure-flexible-like"),
        ] {
            assert_eq!(nearest_name(name, &names), Some(near), "{name}");
        }
        assert_eq!((nearest_name("x", &names), nearest_name("oracle", &names)), (None, None));
    }

    #[test]
    fn lists_the_words_when_none_is_near() {
        assert_eq!(hint("zzz", &["name", "owner"]).unwrap(), "known here: `name`, `owner`");
        assert_eq!(hint("zzz", &["something"; 30]), None);
        assert_eq!(hint("zzz", &[]), None);
    }
}
