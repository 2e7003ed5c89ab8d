//! What a query must bring back: reading it, judging a result by it, saying it in words.

mod in_words;

use std::cmp::Ordering;
use std::fmt;

use serde::de::{self, Deserializer, SeqAccess, Visitor};
use serde::ser::SerializeSeq;
use serde::{Deserialize, Serialize, Serializer};

use super::decimal::Decimal;
use super::pattern::Pattern;
use super::types::{Expect, Operator};
use crate::counted::counted;

/// Longer operators first: `>=` must not be read as `>`.
const OPERATORS: [(&str, Operator); 7] = [
    ("!=", Operator::NotEqual),
    ("<>", Operator::NotEqual),
    ("<=", Operator::LessOrEqual),
    (">=", Operator::GreaterOrEqual),
    ("=", Operator::Equal),
    ("<", Operator::Less),
    (">", Operator::Greater),
];

/// How a text begins that holds a pattern, and whether it must not match.
const MATCHES: [(&str, bool); 2] = [("!~", true), ("~", false)];

impl Operator {
    /// As it is written in a profile and in SQL.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Equal => "=",
            Self::NotEqual => "!=",
            Self::Less => "<",
            Self::LessOrEqual => "<=",
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
        }
    }

    fn accepts(self, ordering: Ordering) -> bool {
        match self {
            Self::Equal => ordering.is_eq(),
            Self::NotEqual => ordering.is_ne(),
            Self::Less => ordering.is_lt(),
            Self::LessOrEqual => ordering.is_le(),
            Self::Greater => ordering.is_gt(),
            Self::GreaterOrEqual => ordering.is_ge(),
        }
    }
}

impl fmt::Display for Operator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Expect {
    /// Whether a query's result is what was expected. Values are as PostgreSQL prints them; `None` is SQL NULL.
    ///
    /// NULL meets no comparison, not even `!=`, as in SQL.
    pub fn met_by(&self, rows: &[Vec<Option<String>>]) -> bool {
        match self {
            Self::Empty => rows.is_empty(),
            Self::NotEmpty => !rows.is_empty(),
            Self::Exactly(expected) => single_value(rows).is_some_and(|value| value == expected.as_deref()),
            Self::Compare { operator, operand } => match single_value(rows) {
                Some(Some(value)) => operator.accepts(compare(value, operand)),
                Some(None) | None => false,
            },
            Self::Matches { pattern, negated } => match single_value(rows) {
                Some(Some(value)) => pattern.matches(value) != *negated,
                Some(None) | None => false,
            },
            Self::Rows(expected) => {
                let sorted = |rows: &[Vec<Option<String>>]| {
                    let mut rows = rows.to_vec();
                    rows.sort_unstable();
                    rows
                };
                sorted(expected) == sorted(rows)
            }
        }
    }

    /// Whether a number of rows is what was expected of a table.
    pub fn met_by_count(&self, rows: u64) -> bool {
        match self {
            Self::Empty => rows == 0,
            Self::NotEmpty => rows > 0,
            other => other.met_by(&[vec![Some(rows.to_string())]]),
        }
    }

    /// Whether it can be said of a number of rows.
    pub fn fits_count(&self) -> bool {
        let whole = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        match self {
            Self::Empty | Self::NotEmpty => true,
            Self::Compare { operand, .. } => whole(operand),
            Self::Exactly(value) => value.as_deref().is_some_and(whole),
            Self::Matches { .. } | Self::Rows(_) => false,
        }
    }

    /// What is expected of a table's rows, in words that follow "expected": `>= 1000 rows`.
    pub fn describe_count(&self) -> String {
        match self {
            Self::Compare { operator, operand } => format!("{operator} {operand} rows"),
            Self::Exactly(Some(count)) => format!("{count} rows"),
            other => other.describe(),
        }
    }

    /// What is expected, in words that follow "expected": `a single value >= 1`.
    pub fn describe(&self) -> String {
        match self {
            Self::Empty => "no row".to_owned(),
            Self::NotEmpty => "at least one row".to_owned(),
            Self::Exactly(None) => "a single NULL".to_owned(),
            Self::Exactly(Some(value)) => format!("the single value `{value}`"),
            Self::Compare { operator, operand } => format!("a single value {operator} {}", operand_text(operand)),
            Self::Matches { pattern, negated: false } => format!("a single value that matches `{}`", pattern.as_str()),
            Self::Matches { pattern, negated: true } => {
                format!("a single value that does not match `{}`", pattern.as_str())
            }
            Self::Rows(rows) if rows.is_empty() => "no row".to_owned(),
            Self::Rows(rows) if rows.len() == 1 => "exactly the one given row".to_owned(),
            Self::Rows(rows) => format!("exactly the {} given rows, in any order", rows.len()),
        }
    }

    /// Reads the forms that a text can have.
    fn from_text(text: &str) -> Result<Self, String> {
        match text {
            "empty" => return Ok(Self::Empty),
            "not empty" => return Ok(Self::NotEmpty),
            _ => {}
        }
        if let Some((sign, negated)) = MATCHES.iter().find(|(sign, _)| text.starts_with(sign)) {
            let written = text[sign.len()..].trim();
            if written.is_empty() {
                return Err(format!("`{text}` matches with nothing; write it like `{sign} '^[0-9]+$'`"));
            }
            if written.starts_with(['~', '*']) {
                let why = "starts with no operator of ~, !~; a pattern that ignores case begins with (?i)";
                return Err(format!("`{text}` {why}"));
            }
            let pattern = Pattern::new(&unquoted(written).unwrap_or_else(|| written.to_owned()))?;
            return Ok(Self::Matches { pattern, negated: *negated });
        }
        if let Some(instead) = in_words::meant(text) {
            let literally = text.trim().replace('\'', "''").escape_debug().to_string();
            return Err(format!(
                "`{literally}` would be compared as a text; write `{instead}`, or for that text `\"= '{literally}'\"`"
            ));
        }
        if text.ends_with('\n') && text.trim_end() != "" {
            let line = text.trim().escape_debug();
            return Err(format!(
                "it ends with a line break, as YAML's `|` and `>` write it; put it in quotes: `\"{line}\"`"
            ));
        }
        let Some((sign, operator)) = OPERATORS.iter().find(|(sign, _)| text.starts_with(sign)) else {
            return Ok(Self::Exactly(Some(text.to_owned())));
        };
        let written = text[sign.len()..].trim();
        match unquoted(written) {
            Some(operand) => Ok(Self::Compare { operator: *operator, operand }),
            None if written.is_empty() => Err(format!("`{text}` compares with nothing; write it like `{sign} 1`")),
            // `== 1` and `=> 1` are typing errors, not comparisons with the texts `= 1` and `> 1`.
            None if written.starts_with(['=', '<', '>', '!']) => {
                let operators = "=, !=, <, <=, >, >=";
                Err(format!("`{text}` starts with no operator of {operators}; a text is quoted: `{sign} '{written}'`"))
            }
            None => Ok(Self::Compare { operator: *operator, operand: written.to_owned() }),
        }
    }
}

/// The value of a result with one row and one column.
fn single_value(rows: &[Vec<Option<String>>]) -> Option<Option<&str>> {
    match rows {
        [row] => match row.as_slice() {
            [value] => Some(value.as_deref()),
            _ => None,
        },
        _ => None,
    }
}

fn compare(value: &str, operand: &str) -> Ordering {
    match (Decimal::parse(value), Decimal::parse(operand)) {
        (Some(value), Some(operand)) => value.cmp(&operand),
        _ => value.as_bytes().cmp(operand.as_bytes()),
    }
}

/// What stands between the quotes of a quoted text.
fn unquoted(written: &str) -> Option<String> {
    let inner = written.strip_prefix('\'').and_then(|rest| rest.strip_suffix('\''))?;
    Some(inner.replace("''", "'"))
}

/// The operand as it is written in a profile.
fn operand_text(operand: &str) -> String {
    if Decimal::parse(operand).is_some() { operand.to_owned() } else { format!("'{}'", operand.replace('\'', "''")) }
}

impl Serialize for Expect {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Empty => serializer.serialize_str("empty"),
            Self::NotEmpty => serializer.serialize_str("not empty"),
            Self::Compare { operator, operand } => {
                serializer.collect_str(&format_args!("{operator} {}", operand_text(operand)))
            }
            Self::Matches { pattern, negated } => {
                let sign = if *negated { "!~" } else { "~" };
                serializer.collect_str(&format_args!("{sign} '{}'", pattern.as_str().replace('\'', "''")))
            }
            Self::Exactly(None) => serializer.serialize_unit(),
            Self::Exactly(Some(text)) => match Self::from_text(text) {
                Ok(Self::Exactly(_)) => serializer.serialize_str(text),
                // A text that reads as something else is written as the one value of one row, which means the same.
                _ => [[text]].serialize(serializer),
            },
            Self::Rows(rows) => {
                let mut sequence = serializer.serialize_seq(Some(rows.len()))?;
                for row in rows {
                    sequence.serialize_element(row)?;
                }
                sequence.end()
            }
        }
    }
}

impl<'de> Deserialize<'de> for Expect {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ExpectVisitor)
    }
}

struct ExpectVisitor;

impl<'de> Visitor<'de> for ExpectVisitor {
    type Value = Expect;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "`empty`, `not empty`, a comparison such as `>= 1`, a pattern such as `~ 'x'`, a value or a list of rows",
        )
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Expect, E> {
        Expect::from_text(text).map_err(E::custom)
    }

    fn visit_bool<E: de::Error>(self, value: bool) -> Result<Expect, E> {
        ValueVisitor.visit_bool(value).map(Expect::Exactly)
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<Expect, E> {
        ValueVisitor.visit_i64(value).map(Expect::Exactly)
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<Expect, E> {
        ValueVisitor.visit_u64(value).map(Expect::Exactly)
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Expect, E> {
        ValueVisitor.visit_f64(value).map(Expect::Exactly)
    }

    fn visit_unit<E: de::Error>(self) -> Result<Expect, E> {
        Ok(Expect::Exactly(None))
    }

    fn visit_none<E: de::Error>(self) -> Result<Expect, E> {
        Ok(Expect::Exactly(None))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Expect, A::Error> {
        let mut rows: Vec<Vec<Option<String>>> = Vec::new();
        while let Some(Row(row)) = sequence.next_element()? {
            if let Some(first) = rows.first()
                && first.len() != row.len()
            {
                let (first, this) = (columns(first.len()), columns(row.len()));
                let number = rows.len() + 1;
                return Err(de::Error::custom(format!("row {number} has {this}, but the first row has {first}")));
            }
            rows.push(row);
        }
        Ok(Expect::Rows(rows))
    }
}

fn columns(count: usize) -> String {
    counted(count, "column")
}

/// A list of values, or one value for a row of one column.
struct Row(Vec<Option<String>>);

impl<'de> Deserialize<'de> for Row {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct RowVisitor;
        impl<'de> Visitor<'de> for RowVisitor {
            type Value = Row;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a row, which is a list of values, or a value")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Row, A::Error> {
                let mut row = Vec::new();
                while let Some(Value(value)) = sequence.next_element()? {
                    row.push(value);
                }
                Ok(Row(row))
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Row, E> {
                ValueVisitor.visit_str(text).map(|value| Row(vec![value]))
            }

            fn visit_bool<E: de::Error>(self, value: bool) -> Result<Row, E> {
                ValueVisitor.visit_bool(value).map(|value| Row(vec![value]))
            }

            fn visit_i64<E: de::Error>(self, value: i64) -> Result<Row, E> {
                ValueVisitor.visit_i64(value).map(|value| Row(vec![value]))
            }

            fn visit_u64<E: de::Error>(self, value: u64) -> Result<Row, E> {
                ValueVisitor.visit_u64(value).map(|value| Row(vec![value]))
            }

            fn visit_f64<E: de::Error>(self, value: f64) -> Result<Row, E> {
                ValueVisitor.visit_f64(value).map(|value| Row(vec![value]))
            }

            fn visit_unit<E: de::Error>(self) -> Result<Row, E> {
                Ok(Row(vec![None]))
            }
        }
        deserializer.deserialize_any(RowVisitor)
    }
}

/// One value as PostgreSQL prints it.
struct Value(Option<String>);

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ValueVisitor).map(Value)
    }
}

struct ValueVisitor;

impl Visitor<'_> for ValueVisitor {
    type Value = Option<String>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value: text, a number, true, false or null")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Some(text.to_owned()))
    }

    fn visit_bool<E: de::Error>(self, value: bool) -> Result<Self::Value, E> {
        Ok(Some(if value { "t" } else { "f" }.to_owned()))
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<Self::Value, E> {
        Ok(Some(value.to_string()))
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<Self::Value, E> {
        Ok(Some(value.to_string()))
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Self::Value, E> {
        Ok(Some(value.to_string()))
    }

    fn visit_unit<E: de::Error>(self) -> Result<Self::Value, E> {
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(yaml: &str) -> Expect {
        serde_yaml::from_str(yaml).unwrap()
    }

    fn refusal(yaml: &str) -> String {
        serde_yaml::from_str::<Expect>(yaml).unwrap_err().to_string()
    }

    fn compares(operator: Operator, operand: &str) -> Expect {
        Expect::Compare { operator, operand: operand.into() }
    }

    fn one(value: &str) -> Vec<Vec<Option<String>>> {
        vec![vec![Some(value.into())]]
    }

    fn rows(rows: &[&[&str]]) -> Vec<Vec<Option<String>>> {
        rows.iter().map(|row| row.iter().map(|value| Some((*value).to_owned())).collect()).collect()
    }

    #[test]
    fn words_mean_emptiness() {
        assert_eq!(read("empty"), Expect::Empty);
        assert_eq!(read("not empty"), Expect::NotEmpty);
    }

    #[test]
    fn an_operator_makes_a_comparison() {
        assert_eq!(read("'>= 1'"), compares(Operator::GreaterOrEqual, "1"));
        assert_eq!(read("'>=1'"), compares(Operator::GreaterOrEqual, "1"));
        assert_eq!(read("'!= 0'"), compares(Operator::NotEqual, "0"));
        assert_eq!(read("'<> 0'"), compares(Operator::NotEqual, "0"));
        assert_eq!(read("'< -2.5'"), compares(Operator::Less, "-2.5"));
        assert_eq!(read("\"= 'x y'\""), compares(Operator::Equal, "x y"));
        assert_eq!(read("= x y"), compares(Operator::Equal, "x y"));
        assert_eq!(read("\"= 'it''s'\""), compares(Operator::Equal, "it's"));
        assert_eq!(read("\"!= ''\""), compares(Operator::NotEqual, ""));
    }

    #[test]
    fn a_mistyped_operator_is_refused_rather_than_compared_as_text() {
        assert!(refusal("'== 1'").contains("starts with no operator"));
        assert!(refusal("'=> 1'").contains("a text is quoted: `= '> 1'`"));
        assert!(refusal("'>='").contains("compares with nothing"));
    }

    #[test]
    fn other_scalars_are_exact_as_postgresql_prints_them() {
        assert_eq!(read("5"), Expect::Exactly(Some("5".into())));
        assert_eq!(read("-5"), Expect::Exactly(Some("-5".into())));
        assert_eq!(read("true"), Expect::Exactly(Some("t".into())));
        assert_eq!(read("false"), Expect::Exactly(Some("f".into())));
        assert_eq!(read("'true'"), Expect::Exactly(Some("true".into())));
        assert_eq!(read("hello world"), Expect::Exactly(Some("hello world".into())));
        assert_eq!(read("null"), Expect::Exactly(None));
        assert_eq!(read("''"), Expect::Exactly(Some("".into())));
    }

    #[test]
    fn lists_are_rows_or_one_column() {
        assert_eq!(read("[[1, a], [2, b]]"), Expect::Rows(rows(&[&["1", "a"], &["2", "b"]])));
        assert_eq!(read("[a, b]"), Expect::Rows(rows(&[&["a"], &["b"]])));
        assert_eq!(read("[true, null]"), Expect::Rows(vec![vec![Some("t".into())], vec![None]]));
        assert_eq!(read("[]"), Expect::Rows(vec![]));
        assert!(refusal("[[1, 2], [3]]").contains("row 2 has 1 column, but the first row has 2 columns"));
        assert!(refusal("{a: 1}").contains("expected `empty`"));
        assert!(refusal("[[[1]]]").contains("expected a value"));
    }

    #[test]
    fn emptiness_counts_rows() {
        assert!(Expect::Empty.met_by(&[]));
        assert!(!Expect::Empty.met_by(&one("")));
        assert!(Expect::NotEmpty.met_by(&one("x")));
        assert!(!Expect::NotEmpty.met_by(&[]));
    }

    #[test]
    fn comparisons_are_numeric_where_both_sides_are_numbers() {
        let at_least = |operand| compares(Operator::GreaterOrEqual, operand);
        assert!(at_least("9").met_by(&one("10")));
        assert!(!at_least("9007199254740993").met_by(&one("9007199254740992")));
        assert!(compares(Operator::Equal, "1").met_by(&one("1.00")));
        assert!(compares(Operator::Less, "b9").met_by(&one("b10")));
        assert!(compares(Operator::Less, "1").met_by(&one("-1e20")));
        assert!(compares(Operator::Greater, "9").met_by(&one("NaN")), "text order");
    }

    #[test]
    fn every_operator_draws_its_line() {
        use Operator::*;
        for (operator, below, same, above) in [
            (Equal, false, true, false),
            (NotEqual, true, false, true),
            (Less, true, false, false),
            (LessOrEqual, true, true, false),
            (Greater, false, false, true),
            (GreaterOrEqual, false, true, true),
        ] {
            let met = |value| compares(operator, "5").met_by(&one(value));
            assert_eq!((met("4"), met("5"), met("6")), (below, same, above), "{operator}");
        }
    }

    #[test]
    fn a_comparison_needs_exactly_one_value_that_is_not_null() {
        let differs = compares(Operator::NotEqual, "1");
        assert!(!differs.met_by(&[]));
        assert!(!differs.met_by(&rows(&[&["2"], &["3"]])));
        assert!(!differs.met_by(&rows(&[&["2", "3"]])));
        assert!(!differs.met_by(&[vec![None]]));
        assert!(!Expect::Exactly(Some("1".into())).met_by(&rows(&[&["1", "1"]])));
    }

    #[test]
    fn null_is_distinguished_from_text() {
        assert!(Expect::Exactly(None).met_by(&[vec![None]]));
        assert!(!Expect::Exactly(None).met_by(&one("")));
        assert!(!Expect::Exactly(Some("".into())).met_by(&[vec![None]]));
    }

    #[test]
    fn rows_match_in_any_order_and_as_often_as_given() {
        let expected = Expect::Rows(rows(&[&["1", "a"], &["2", "b"]]));
        assert!(expected.met_by(&rows(&[&["2", "b"], &["1", "a"]])));
        assert!(!expected.met_by(&rows(&[&["2", "b"], &["1", "a"], &["1", "a"]])));
        assert!(!expected.met_by(&rows(&[&["2", "b"]])));
        assert!(Expect::Rows(vec![]).met_by(&[]));
    }

    #[test]
    fn a_tilde_makes_a_pattern() {
        let matches = |yaml: &str, value: &str| read(yaml).met_by(&one(value));
        assert!(matches("\"~ '^1[0-9]$'\"", "17"));
        assert!(!matches("\"~ '^1[0-9]$'\"", "170"));
        assert!(matches("\"~ 1\"", "017"), "it matches anywhere");
        assert!(matches("\"!~ 'x'\"", "abc"));
        assert!(!matches("\"!~ 'b'\"", "abc"));
        assert!(matches("\"~ 'it''s'\"", "it's so"));
        assert!(matches("'~ (?i)ADA'", "Ada"));
    }

    #[test]
    fn null_and_many_values_match_no_pattern() {
        for yaml in ["'~ .*'", "'!~ x'"] {
            assert!(!read(yaml).met_by(&[vec![None]]), "{yaml}");
            assert!(!read(yaml).met_by(&rows(&[&["a"], &["b"]])), "{yaml}");
            assert!(!read(yaml).met_by(&[]), "{yaml}");
        }
    }

    #[test]
    fn what_is_no_pattern_is_refused() {
        assert!(refusal("'~'").contains("`~` matches with nothing"));
        assert!(refusal("\"!~ '('\"").contains("`(` is no regular expression: unclosed group"));
        assert!(refusal("'~* a'").contains("begins with (?i)"));
        assert!(refusal("'~ x{1000}{1000}{1000}'").contains("too large"));
    }

    #[test]
    fn a_number_of_rows_is_compared_by_number() {
        let met = |yaml: &str, rows| read(yaml).met_by_count(rows);
        assert!(met("'>= 1000'", 1000) && !met("'>= 1000'", 999));
        assert!(met("empty", 0) && !met("empty", 1));
        assert!(met("not empty", 1) && !met("not empty", 0));
        assert!(met("3", 3) && !met("3", 4));
        for (yaml, fits) in
            [("'< 5'", true), ("5", true), ("'= x'", false), ("-1", false), ("[1]", false), ("'~ 1'", false)]
        {
            assert_eq!(read(yaml).fits_count(), fits, "{yaml}");
        }
    }

    #[test]
    fn expectations_are_said_in_words() {
        assert_eq!(compares(Operator::GreaterOrEqual, "1").describe(), "a single value >= 1");
        assert_eq!(compares(Operator::Equal, "it's").describe(), "a single value = 'it''s'");
        assert_eq!(Expect::NotEmpty.describe(), "at least one row");
        assert_eq!(Expect::Rows(rows(&[&["1"], &["2"]])).describe(), "exactly the 2 given rows, in any order");
    }

    proptest! {
        #[test]
        fn a_text_read_exactly_reads_back_with_the_same_meaning(text in "(= |>|empty|not empty|~ |!~)?[ -~]{0,12}") {
            let yaml = serde_yaml::to_string(&Expect::Exactly(Some(text.clone()))).unwrap();
            prop_assert!(read(&yaml).met_by(&one(&text)), "{}", yaml);
            prop_assert!(!read(&yaml).met_by(&one(&format!("{text}x"))), "{}", yaml);
        }

        #[test]
        fn a_pattern_reads_back(text in "[ -~]{1,12}", negated: bool) {
            if let Ok(pattern) = Pattern::new(&text) {
                let expect = Expect::Matches { pattern, negated };
                prop_assert_eq!(read(&serde_yaml::to_string(&expect).unwrap()), expect);
            }
        }

        #[test]
        fn a_comparison_reads_back(text in "[ -~]{0,12}") {
            let expect = compares(Operator::LessOrEqual, &text);
            prop_assert_eq!(read(&serde_yaml::to_string(&expect).unwrap()), expect);
        }
    }
}
