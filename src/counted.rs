//! Counts with their nouns and verbs, for people.

/// `1 error`, `2 errors`.
pub fn counted(count: impl TryInto<u64>, noun: &str) -> String {
    counted_as(count, noun, &format!("{noun}s"))
}

/// `1 policy`, `3 policies`: what several are called is more than one letter longer.
pub fn counted_as(count: impl TryInto<u64>, one: &str, several: &str) -> String {
    let count = count.try_into().unwrap_or(u64::MAX);
    format!("{} {}", number(count), agreeing(count, one, several))
}

/// A number with its thousands apart: `2,610`.
pub fn number(count: u64) -> String {
    let digits = count.to_string();
    let mut apart = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.char_indices() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            apart.push(',');
        }
        apart.push(digit);
    }
    apart
}

/// The word that goes with a count: `is` with one, `are` with none and with several.
pub fn agreeing<'a>(count: impl TryInto<u64>, one: &'a str, several: &'a str) -> &'a str {
    if count.try_into().is_ok_and(|count| count == 1) { one } else { several }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_stand_apart() {
        let numbers = [0, 7, 999, 1000, 2610, 12_345, 999_999, 1_000_000, u64::MAX];
        let apart = ["0", "7", "999", "1,000", "2,610", "12,345", "999,999", "1,000,000", "18,446,744,073,709,551,615"];
        assert_eq!(numbers.map(number), apart);
    }

    #[test]
    fn one_is_singular_and_all_other_counts_are_plural() {
        assert_eq!([0_u64, 1, 2].map(|count| counted(count, "error")), ["0 errors", "1 error", "2 errors"]);
        assert_eq!(
            (counted_as(1_usize, "policy", "policies"), agreeing(3_usize, "is", "are")),
            ("1 policy".into(), "are")
        );
    }
}
