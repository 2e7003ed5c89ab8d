//! Comparisons as people say them, which would be taken for texts.

use super::{Decimal, OPERATORS, Operator};

/// What a text that people write for a comparison has to be instead: `at least 1`, `1 row`, `> 0 rows`, `not null`.
pub(super) fn meant(text: &str) -> Option<String> {
    let text = text.trim().to_lowercase();
    if ["empty", "not empty"].contains(&text.as_str()) {
        return Some(text);
    }
    let words: Vec<&str> = text.split_whitespace().collect();
    let (words, of_rows) = match words.split_last() {
        Some((&("row" | "rows" | "record" | "records"), rest)) => (rest, true),
        _ => (&words[..], false),
    };
    let number = |word: &str| match word {
        "a" | "one" => Some("1".to_owned()),
        _ => Decimal::parse(word).map(|_| word.to_owned()),
    };
    let compared = |operator: Operator, word: &str| number(word).map(|number| format!("\"{operator} {number}\""));
    match *words {
        ["non-empty" | "nonempty" | "non_empty" | "notempty" | "not_empty" | "not-empty"] => {
            Some("not empty".to_owned())
        }
        ["no" | "zero"] if of_rows => Some("empty".to_owned()),
        ["any" | "some"] if of_rows => Some("not empty".to_owned()),
        ["not" | "non", "null"] | ["is", "not", "null"] | ["notnull"] => Some("\"~ '.*'\"".to_owned()),
        ["is", "null"] => Some("null".to_owned()),
        ["at", "least", count] => compared(Operator::GreaterOrEqual, count),
        ["at", "most", count] => compared(Operator::LessOrEqual, count),
        ["more" | "greater", "than", count] | ["over", count] => compared(Operator::Greater, count),
        ["less" | "fewer", "than", count] | ["under", count] => compared(Operator::Less, count),
        ["exactly" | "equals", count] => compared(Operator::Equal, count),
        [count, "or", "more"] => compared(Operator::GreaterOrEqual, count),
        [count, "or", "less" | "fewer"] => compared(Operator::LessOrEqual, count),
        [count] if of_rows => {
            // `>0 rows`, and a number alone.
            let sign = OPERATORS.iter().find(|(sign, _)| count.starts_with(sign));
            let (operator, count) =
                sign.map_or((Operator::Equal, count), |(sign, operator)| (*operator, &count[sign.len()..]));
            compared(operator, count)
        }
        [sign, count] if of_rows => {
            let (_, operator) = OPERATORS.iter().find(|(known, _)| *known == sign)?;
            compared(*operator, count)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::Expect;
    use super::Operator;

    fn read(yaml: &str) -> Result<Expect, String> {
        serde_yaml::from_str(yaml).map_err(|error| error.to_string())
    }

    #[test]
    fn a_comparison_in_words_is_refused_with_how_to_write_it() {
        for (written, instead) in [
            ("1 row", "\"= 1\""),
            ("at least 1", "\">= 1\""),
            ("At most 3 rows", "\"<= 3\""),
            ("more than 1000", "\"> 1000\""),
            ("'> 0 rows'", "\"> 0\""),
            ("'>=10 rows'", "\">= 10\""),
            ("no rows", "empty"),
            ("non-empty", "not empty"),
            ("Not Empty", "not empty"),
            ("not null", "\"~ '.*'\""),
            ("is null", "null"),
            ("one row", "\"= 1\""),
            ("5 or more", "\">= 5\""),
        ] {
            let error = read(written).unwrap_err();
            assert!(
                error.contains(&format!("would be compared as a text; write `{instead}`, or for that text")),
                "{error}"
            );
        }
        let error = read("|\n  > 0\n").unwrap_err();
        assert!(error.contains("put it in quotes: `\"> 0\"`"), "{error}");
    }

    #[test]
    fn text_of_that_look_can_still_be_expected() {
        let operand = "1 row".to_owned();
        assert_eq!(read("\"= '1 row'\""), Ok(Expect::Compare { operator: Operator::Equal, operand: operand.clone() }));
        assert_eq!(read("[1 row]"), Ok(Expect::Rows(vec![vec![Some(operand)]])));
        for text in
            ["hello", "row", "rows of trees", "at least", "at least some", "null island", "no", "not", "v1 rows of it"]
        {
            assert_eq!(read(text), Ok(Expect::Exactly(Some(text.into()))), "{text}");
        }
        let text = Expect::Exactly(Some("1 row".into()));
        let written = serde_yaml::to_string(&text).unwrap();
        assert!(read(&written).unwrap().met_by(&[vec![Some("1 row".into())]]), "{written}");
    }
}
