//! Exact comparison of decimal numbers of any length.
//!
//! PostgreSQL prints `bigint` and `numeric` values that a float cannot hold; two counts that differ by one must not
//! compare as equal.

use std::cmp::Ordering;

/// A decimal number as written: its value is `0.digits * 10^magnitude`. Zero has no digits and is not negative.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decimal {
    negative: bool,
    magnitude: i64,
    /// The significant digits before and after the point, without zeros at either end.
    digits: String,
}

impl Decimal {
    /// Reads `12`, `-12.50`, `+.5`, `1e+20`; `None` for anything else, such as `NaN` or text.
    pub fn parse(text: &str) -> Option<Self> {
        let (negative, unsigned) = match text.as_bytes().first()? {
            b'-' => (true, &text[1..]),
            b'+' => (false, &text[1..]),
            _ => (false, text),
        };
        let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
            // An exponent that does not fit 32 bits is no number that PostgreSQL prints.
            Some((mantissa, exponent)) => (mantissa, i64::from(exponent.parse::<i32>().ok()?)),
            None => (unsigned, 0),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let only_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        if (whole.is_empty() && fraction.is_empty()) || !only_digits(whole) || !only_digits(fraction) {
            return None;
        }

        let all = format!("{whole}{fraction}");
        let significant = all.trim_start_matches('0');
        let leading_zeros = all.len() - significant.len();
        let digits = significant.trim_end_matches('0').to_owned();
        if digits.is_empty() {
            return Some(Self { negative: false, magnitude: 0, digits: String::new() });
        }
        let magnitude = whole.len() as i64 - leading_zeros as i64 + exponent;
        Some(Self { negative, magnitude, digits })
    }

    fn cmp_magnitude(&self, other: &Self) -> Ordering {
        match (self.digits.is_empty(), other.digits.is_empty()) {
            (true, true) => Ordering::Equal,
            (true, false) => Ordering::Less,
            (false, true) => Ordering::Greater,
            // Digits stand right of the point, so comparing them as text is comparing them as fractions.
            (false, false) => self.magnitude.cmp(&other.magnitude).then_with(|| self.digits.cmp(&other.digits)),
        }
    }
}

impl PartialOrd for Decimal {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Decimal {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self.negative, other.negative) {
            (false, true) => Ordering::Greater,
            (true, false) => Ordering::Less,
            (false, false) => self.cmp_magnitude(other),
            (true, true) => other.cmp_magnitude(self),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn compare(left: &str, right: &str) -> Ordering {
        Decimal::parse(left).unwrap().cmp(&Decimal::parse(right).unwrap())
    }

    #[test]
    fn numbers_that_a_float_cannot_tell_apart_differ() {
        assert_eq!(compare("9007199254740993", "9007199254740992"), Ordering::Greater);
        assert_eq!(compare("0.1000000000000000000001", "0.1"), Ordering::Greater);
    }

    #[test]
    fn the_same_value_written_differently_is_equal() {
        for (left, right) in
            [("1.50", "01.5"), ("-0", "0.000"), ("1e3", "1000"), ("+.5", "0.50"), ("120e-1", "12"), ("1e+20", "1E20")]
        {
            assert_eq!(compare(left, right), Ordering::Equal, "{left} {right}");
        }
    }

    #[test]
    fn order_knows_sign_and_size() {
        for (less, greater) in
            [("-2", "-1"), ("-1", "0"), ("0", "0.001"), ("9", "10"), ("0.09", "0.1"), ("99.99", "100"), ("-10", "9")]
        {
            assert_eq!(compare(less, greater), Ordering::Less, "{less} {greater}");
        }
    }

    #[test]
    fn text_is_no_number() {
        for text in ["", "-", ".", "1,5", "NaN", "Infinity", "1e", "e5", "1.2.3", "0x10", " 1", "1e99999999999", "١"] {
            assert_eq!(Decimal::parse(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn agrees_with_integer_order(left: i128, right: i128) {
            prop_assert_eq!(compare(&left.to_string(), &right.to_string()), left.cmp(&right));
        }

        #[test]
        fn agrees_with_integer_order_after_a_shift(left: i32, right: i32, zeros in 0usize..5) {
            let shifted = format!("{left}{}.0", "0".repeat(zeros));
            let expected = (i64::from(left) * 10i64.pow(zeros as u32)).cmp(&i64::from(right));
            prop_assert_eq!(compare(&shifted, &right.to_string()), expected);
        }
    }
}
