//! A row, and how its form is made of it.

use super::escapes::form_of_line;
use super::hash::hash;
use super::tabs::Tabs;
use super::total::NULL;
use super::zones::to_utc;

/// How a column's text in the dump becomes what the restored server writes for the same value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Treatment {
    /// The text is the same on both sides.
    AsIs,
    /// Moments are written in UTC, as a server with that TimeZone does.
    Zoned,
    /// A number of 4 or 8 bytes, which versions write with other digits: its bytes, in hexadecimal.
    Real,
    /// The same for a number of 8 bytes.
    Double,
    /// Bytes in the escape form (`bytea_output = escape` where the dump was made) are written in hexadecimal.
    Bytes,
    /// Left out.
    Skip,
}

impl Treatment {
    /// The function with which a server gives the bytes of a value that is compared by them.
    pub fn sent_by(self) -> Option<&'static str> {
        match self {
            Treatment::Real => Some("float4send"),
            Treatment::Double => Some("float8send"),
            _ => None,
        }
    }
}

/// How the form of a block's rows is made.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Recipe {
    /// By place in the row; values beyond the end are taken as they are.
    pub columns: Vec<Treatment>,
    /// The places in the order in which they enter the form, where that is another one.
    pub order: Option<Vec<usize>>,
    /// Whether the form is hashed in hexadecimal, which a server of another encoding can do too (`encode(convert_to(…))`).
    pub hex: bool,
}

impl Recipe {
    fn is_plain(&self) -> bool {
        self.columns.iter().all(|treatment| *treatment == Treatment::AsIs) && self.order.is_none() && !self.hex
    }

    fn treatment(&self, place: usize) -> Treatment {
        self.columns.get(place).copied().unwrap_or(Treatment::AsIs)
    }
}

/// The values of one row, without escapes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Row {
    text: Vec<u8>,
    /// Where each value lies in `text`; `None` is NULL.
    places: Vec<Option<(usize, usize)>>,
    /// The places of values that an INSERT leaves to their default.
    pub(crate) defaults: Vec<usize>,
}

impl Row {
    /// The values in order; `None` is NULL, or a default that the dump does not say.
    pub fn values(&self) -> impl ExactSizeIterator<Item = Option<&[u8]>> {
        self.places.iter().map(|place| place.map(|(start, end)| &self.text[start..end]))
    }

    pub(super) fn clear(&mut self) {
        self.text.clear();
        self.places.clear();
        self.defaults.clear();
    }

    /// The text of the value that comes next.
    pub(super) fn text(&mut self) -> &mut Vec<u8> {
        &mut self.text
    }

    /// Ends the value that began where the one before ended.
    pub(super) fn end_value(&mut self, start: usize) {
        self.places.push(Some((start, self.text.len())));
    }

    pub(super) fn push_null(&mut self) {
        self.places.push(None);
    }

    pub(super) fn push_default(&mut self) {
        self.defaults.push(self.places.len());
        self.places.push(None);
    }

    pub(super) fn len(&self) -> usize {
        self.text.len()
    }
}

/// Makes the form of rows.
#[derive(Debug, Default)]
pub(crate) struct RowHasher {
    pub(crate) recipe: Recipe,
    plain: bool,
    /// Up to the last column that is not taken as it is.
    treated: usize,
    form: Vec<u8>,
}

impl RowHasher {
    pub(crate) fn new(recipe: Recipe) -> Self {
        let treated = recipe.columns.iter().rposition(|treatment| *treatment != Treatment::AsIs).map_or(0, |at| at + 1);
        Self { plain: recipe.is_plain(), treated, recipe, form: Vec::new() }
    }

    /// The hash of a row's form.
    pub(crate) fn hash(&mut self, row: &Row) -> i64 {
        self.form.clear();
        match self.recipe.order.take() {
            None => {
                for (place, value) in row.values().enumerate() {
                    self.value(place, value);
                }
            }
            Some(order) => {
                for place in &order {
                    let value = row.places.get(*place).copied().flatten();
                    self.value(*place, value.map(|(start, end)| &row.text[start..end]));
                }
                self.recipe.order = Some(order);
            }
        }
        // Every value brings the TAB before it; the first one has none.
        let form = self.form.get(1..).unwrap_or_default();
        if self.recipe.hex { hash(&hexadecimal(form)) } else { hash(form) }
    }

    /// The hash of each value on its own, treated as in the form; NULL has the hash of [`NULL`].
    pub(crate) fn value_hashes(&mut self, row: &Row) -> Vec<i64> {
        let mut hashes = Vec::new();
        for (place, value) in row.values().enumerate() {
            self.form.clear();
            self.value(place, value);
            let form = self.form.get(1..).unwrap_or_default();
            hashes.push(if self.recipe.hex { hash(&hexadecimal(form)) } else { hash(form) });
        }
        hashes
    }

    fn value(&mut self, place: usize, value: Option<&[u8]>) {
        let treatment = self.recipe.treatment(place);
        if treatment == Treatment::Skip {
            return;
        }
        self.form.push(b'\t');
        let Some(value) = value else {
            self.form.extend_from_slice(NULL.as_bytes());
            return;
        };
        match treatment {
            Treatment::Zoned if !value.ends_with(b"+00") => to_utc(value, &mut self.form),
            Treatment::Real => number::<f32, 4>(value, f32::to_be_bytes, &mut self.form),
            Treatment::Double => number::<f64, 8>(value, f64::to_be_bytes, &mut self.form),
            Treatment::Bytes if !value.starts_with(b"\\x") => bytes_of_escapes(value, &mut self.form),
            _ => self.form.extend_from_slice(value),
        }
    }

    /// The hash of a line of COPY text whose values need no treatment; `None` for any other.
    pub(super) fn hash_line(&mut self, line: &[u8]) -> Option<i64> {
        if !self.takes_as_it_is(line) {
            return None;
        }
        Some(match memchr::memchr(b'\\', line) {
            None => hash(line),
            Some(backslash) => {
                form_of_line(line, backslash, &mut self.form);
                hash(&self.form)
            }
        })
    }

    /// Whether the form of a line of COPY text is the line, but for its escapes.
    pub(super) fn takes_as_it_is(&self, line: &[u8]) -> bool {
        self.plain || self.needs_no_treatment(line)
    }

    /// Whether every moment in the line is in UTC, or NULL.
    fn needs_no_treatment(&self, line: &[u8]) -> bool {
        if self.recipe.order.is_some() || self.recipe.hex {
            return false;
        }
        let mut start = 0;
        let mut ends = Tabs::of(line).chain([line.len()]);
        for treatment in &self.recipe.columns[..self.treated] {
            let Some(end) = ends.next() else { return false };
            let fits = match treatment {
                Treatment::AsIs => true,
                Treatment::Zoned => line[start..end].ends_with(b"+00") || &line[start..end] == b"\\N",
                Treatment::Real | Treatment::Double | Treatment::Bytes | Treatment::Skip => false,
            };
            if !fits {
                return false;
            }
            start = end + 1;
        }
        true
    }
}

/// The bytes of a number, in hexadecimal; what is none stays as it is.
fn number<T: std::str::FromStr, const N: usize>(value: &[u8], bytes: fn(T) -> [u8; N], out: &mut Vec<u8>) {
    match std::str::from_utf8(value).ok().and_then(|text| text.parse().ok()) {
        Some(number) => push_hexadecimal(bytes(number).into_iter(), out),
        None => out.extend_from_slice(value),
    }
}

fn hexadecimal(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len() * 2);
    push_hexadecimal(bytes.iter().copied(), &mut out);
    out
}

pub(crate) fn push_hexadecimal(bytes: impl Iterator<Item = u8>, out: &mut Vec<u8>) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    for byte in bytes {
        out.push(DIGITS[usize::from(byte >> 4)]);
        out.push(DIGITS[usize::from(byte & 15)]);
    }
}

/// `a\\b\001` as `\x615c6201` (byteaout in src/backend/utils/adt/varlena.c, PostgreSQL 13 to 18).
fn bytes_of_escapes(value: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(b"\\x");
    let mut rest = value;
    while let Some((&first, after)) = rest.split_first() {
        let octal = |digit: &u8| (b'0'..=b'7').contains(digit).then(|| digit - b'0');
        let (byte, after) = match (first, after) {
            (b'\\', [b'\\', after @ ..]) => (b'\\', after),
            (b'\\', [one, two, three, after @ ..]) => match (octal(one), octal(two), octal(three)) {
                (Some(one @ 0..=3), Some(two), Some(three)) => (one << 6 | two << 3 | three, after),
                _ => (first, &rest[1..]),
            },
            _ => (first, after),
        };
        push_hexadecimal([byte].into_iter(), out);
        rest = after;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(values: &[Option<&str>]) -> Row {
        let mut row = Row::default();
        for value in values {
            match value {
                None => row.push_null(),
                Some(value) => {
                    let start = row.len();
                    row.text().extend_from_slice(value.as_bytes());
                    row.end_value(start);
                }
            }
        }
        row
    }

    fn form(recipe: Recipe, values: &[Option<&str>]) -> String {
        let mut hasher = RowHasher::new(recipe);
        hasher.hash(&row(values));
        String::from_utf8_lossy(hasher.form.get(1..).unwrap_or_default()).into_owned()
    }

    #[test]
    fn null_is_not_an_empty_text() {
        assert_ne!(form(Recipe::default(), &[None]), form(Recipe::default(), &[Some("")]));
        assert_eq!(form(Recipe::default(), &[Some("a"), None, Some("")]), "a\t\u{1b}N\t");
    }

    #[test]
    fn columns_are_treated_left_out_and_put_in_order() {
        let recipe = Recipe {
            columns: vec![Treatment::Zoned, Treatment::Skip, Treatment::Bytes],
            order: Some(vec![2, 1, 0]),
            hex: false,
        };
        let values = [Some("2024-07-01 14:00:00+02"), Some("left out"), Some("a\\\\b\\001\\\\")];
        assert_eq!(form(recipe, &values), "\\x615c62015c\t2024-07-01 12:00:00+00");
    }

    #[test]
    fn numbers_with_other_digits_are_the_same_number() {
        let recipe = || Recipe { columns: vec![Treatment::Real, Treatment::Double], ..Recipe::default() };
        let one = form(recipe(), &[Some("45.9000015"), Some("0.10000000000000001")]);
        assert_eq!(one, form(recipe(), &[Some("45.9"), Some("0.1")]));
        assert_eq!(one, "4237999a\t3fb999999999999a");
        assert_ne!(one, form(recipe(), &[Some("45.90001"), Some("0.1")]));
        assert_eq!(form(recipe(), &[Some("NaN"), Some("-Infinity")]), "7fc00000\tfff0000000000000");
    }

    #[test]
    fn hexadecimal_is_what_is_hashed_where_it_is_asked_for() {
        let mut hasher = RowHasher::new(Recipe { hex: true, ..Recipe::default() });
        assert_eq!(hasher.hash(&row(&[Some("é")])), hash(b"c3a9"));
        assert_eq!(hasher.value_hashes(&row(&[Some("é"), None])), [hash(b"c3a9"), hash(b"1b4e")]);
    }
}
