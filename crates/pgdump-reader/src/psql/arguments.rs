//! The arguments of a backslash command (psqlscanslash.l, PostgreSQL 13 to 18).

use super::variables::{Value, Variables};

/// What follows a command's name in its line.
pub(super) struct Arguments<'a> {
    rest: &'a [u8],
    variables: &'a Variables,
    /// Whether a quote was left open, which psql refuses together with the command.
    pub(super) broken: bool,
}

/// One argument.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Argument {
    /// With double quotes as they stand there.
    pub(super) text: String,
    /// Whether a quote of any kind was in it.
    pub(super) quoted: bool,
    /// Whether something in it is not known: a variable's value, what a command of the shell prints.
    pub(super) unknown: bool,
    /// Whether it is the name of the database that the restore connects to.
    pub(super) own: bool,
}

impl Argument {
    /// The name that it is, as a command takes it that knows quotes and no case (dequote_downcase_identifier with OT_SQLIDHACK).
    pub(super) fn name(&self) -> String {
        let mut name = String::new();
        let mut letters = self.text.chars().peekable();
        let mut inside = false;
        while let Some(letter) = letters.next() {
            match letter {
                '"' if inside && letters.next_if_eq(&'"').is_some() => name.push('"'),
                '"' => inside = !inside,
                other => name.push(other),
            }
        }
        name
    }
}

impl<'a> Arguments<'a> {
    pub(super) fn of(rest: &'a [u8], variables: &'a Variables) -> Self {
        Self { rest, variables, broken: false }
    }

    /// The next argument; with `semicolon`, without semicolons at its end.
    pub(super) fn next(&mut self, semicolon: bool) -> Option<Argument> {
        // A vertical tab is a space too; left there, no argument would ever follow it.
        while let Some((b'\t' | b'\n' | 0x0b | 0x0c | b'\r' | b' ', after)) = self.rest.split_first() {
            self.rest = after;
        }
        if self.rest.is_empty() || self.rest[0] == b'\\' {
            return None;
        }
        let mut text = Vec::new();
        let mut argument = Argument::default();
        let mut parts = 0;
        // Of the end, what no quote has touched.
        let mut bare = 0;
        while let Some((&first, after)) = self.rest.split_first() {
            match first {
                b'\\' => break,
                byte if byte.is_ascii_whitespace() || byte == 0x0b => break,
                b'\'' => {
                    self.rest = after;
                    self.single_quoted(&mut text);
                    (argument.quoted, bare) = (true, 0);
                }
                b'"' => {
                    let end = memchr::memchr(b'"', after);
                    self.broken |= end.is_none();
                    let length = end.map_or(after.len(), |end| end + 1);
                    text.push(b'"');
                    text.extend_from_slice(&after[..length]);
                    self.rest = &after[length..];
                    (argument.quoted, bare) = (true, 0);
                }
                b'`' => {
                    let end = memchr::memchr(b'`', after);
                    self.broken |= end.is_none();
                    self.rest = end.map_or(&[][..], |end| &after[end + 1..]);
                    (argument.unknown, bare) = (true, 0);
                }
                b':' => {
                    bare = if self.variable(&mut text, &mut argument) { 0 } else { bare + 1 };
                    if argument.own && (parts > 0 || !text.is_empty()) {
                        (argument.own, argument.unknown) = (false, true);
                    }
                }
                byte => {
                    text.push(byte);
                    self.rest = after;
                    bare += 1;
                }
            }
            parts += 1;
        }
        if argument.own && parts > 1 {
            (argument.own, argument.unknown) = (false, true);
        }
        if semicolon {
            while bare > 0 && text.last().is_some_and(|byte| *byte == b';' || byte.is_ascii_whitespace()) {
                text.pop();
                bare -= 1;
            }
        }
        if self.broken {
            self.rest = &[];
            return None;
        }
        argument.text = crate::charset::Charset::default().text(text);
        Some(argument)
    }

    /// `'…'` after its first quote.
    fn single_quoted(&mut self, text: &mut Vec<u8>) {
        loop {
            let Some((&first, after)) = self.rest.split_first() else {
                self.broken = true;
                return;
            };
            self.rest = after;
            match (first, after.first().copied()) {
                (b'\'', Some(b'\'')) => {
                    text.push(b'\'');
                    self.rest = &after[1..];
                }
                (b'\'', _) => return,
                (b'\\', Some(escaped)) => {
                    let digits = |base: u32, from: usize, most: usize| {
                        let found = after[from..].iter().take(most);
                        found.take_while(|digit| char::from(**digit).is_digit(base)).count()
                    };
                    let value = |from: usize, length: usize, base: u32| {
                        let number = std::str::from_utf8(&after[from..from + length]).unwrap_or_default();
                        (u32::from_str_radix(number, base).unwrap_or_default() & 0xff) as u8
                    };
                    let (byte, length) = match escaped {
                        b'n' => (b'\n', 1),
                        b't' => (b'\t', 1),
                        b'b' => (8, 1),
                        b'r' => (b'\r', 1),
                        b'f' => (12, 1),
                        b'0'..=b'7' => (value(0, digits(8, 0, 3), 8), digits(8, 0, 3)),
                        b'x' if digits(16, 1, 2) > 0 => (value(1, digits(16, 1, 2), 16), 1 + digits(16, 1, 2)),
                        other => (other, 1),
                    };
                    text.push(byte);
                    self.rest = &after[length..];
                }
                _ => text.push(first),
            }
        }
    }

    /// `:name`, `:'name'`, `:"name"` or `:{?name}`; whether it was one.
    fn variable(&mut self, text: &mut Vec<u8>, argument: &mut Argument) -> bool {
        let after = &self.rest[1..];
        let (form, opening) = match after {
            [quote @ (b'\'' | b'"'), ..] => (*quote, 1),
            [b'{', b'?', ..] => (b'?', 2),
            _ => (b' ', 0),
        };
        let length = after[opening..].iter().take_while(|byte| Variables::is_name_part(**byte)).count();
        let closing = after.get(opening + length).copied();
        let closed = match form {
            b' ' => true,
            b'?' => closing == Some(b'}'),
            quote => closing == Some(quote),
        };
        let name = crate::charset::Charset::default().text(after[opening..opening + length].to_vec());
        let known = self.variables.get(&name).filter(|_| closed && length > 0);
        let passed = 1 + opening + length + usize::from(form != b' ');
        match (form, known) {
            (b'?', _) if closed && length > 0 => {
                argument.unknown |= self.variables.is_unsure();
                text.extend_from_slice(if known.is_some() { b"TRUE" } else { b"FALSE" });
            }
            (_, Some(Value::Known(value))) => match form {
                b' ' => text.extend_from_slice(value.as_bytes()),
                quote => {
                    let (quote, twice) = (char::from(quote), format!("{0}{0}", char::from(quote)));
                    text.extend_from_slice(format!("{quote}{}{quote}", value.replace(quote, &twice)).as_bytes());
                }
            },
            (b' ' | b'"', Some(Value::Own)) => argument.own = true,
            (_, Some(_)) => argument.unknown = true,
            (_, None) => {
                argument.unknown |= self.variables.is_unsure() && closed && length > 0;
                text.push(b':');
                self.rest = after;
                return false;
            }
        }
        argument.quoted |= form == b'"' || form == b'\'';
        self.rest = &self.rest[passed..];
        true
    }

    /// All that is left of the line.
    pub(super) fn whole_line(&mut self) -> String {
        let line = std::mem::take(&mut self.rest).trim_ascii_start();
        crate::charset::Charset::default().text(line.to_vec())
    }

    /// Passes over what is left of this command, and gives what the line goes on with.
    pub(super) fn finish(mut self) -> Vec<u8> {
        while self.next(false).is_some() {}
        // Two backslashes end a command, and one begins the next.
        self.rest.strip_prefix(b"\\\\").unwrap_or(self.rest).to_vec()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Vec<String> {
        let mut variables = Variables::default();
        variables.set("a", Value::Known("it's".into()));
        let mut arguments = Arguments::of(line.as_bytes(), &variables);
        std::iter::from_fn(|| arguments.next(true)).map(|argument| argument.text).collect()
    }

    #[test]
    fn arguments_are_read_as_psql_reads_them() {
        assert_eq!(read(" app postgres"), ["app", "postgres"]);
        assert_eq!(read("app;"), ["app"]);
        assert_eq!(read("'a b;' x ;"), ["a b;", "x", ""]);
        assert_eq!(read("'it''s' 'a\\tb' 'c\\x41\\101'"), ["it's", "a\tb", "cAA"]);
        assert_eq!(read("\"a b\"\"c\" x'y'"), ["\"a b\"\"c\"", "xy"]);
        assert_eq!(read(":a :'a' :\"a\" :b :{?a} :{?b}"), ["it's", "'it''s'", "\"it's\"", ":b", "TRUE", "FALSE"]);
        assert_eq!(read("a\\echo b"), ["a"]);
        assert_eq!(read(" a \u{b} b\u{b}"), ["a", "b"]);
    }

    #[test]
    fn what_the_line_goes_on_with_is_kept() {
        let variables = Variables::default();
        let finish = |line: &str| String::from_utf8(Arguments::of(line.as_bytes(), &variables).finish()).unwrap();
        assert_eq!(finish(" a b \\\\ SELECT 1;"), " SELECT 1;");
        assert_eq!(finish(" a \\echo b"), "\\echo b");
        assert_eq!(finish(" a '\\' b"), "");
    }

    #[test]
    fn what_is_not_known_is_said() {
        let variables = Variables::default();
        let one = |line: &str| Arguments::of(line.as_bytes(), &variables).next(true).unwrap();
        assert!(one("`date`").unknown && one("x:USER").unknown && one(":HOST").unknown);
        assert!(one(":DBNAME").own && one(":\"DBNAME\"").own && one(":DBNAME;").unknown);
        assert!(one(":DBNAME:DBNAME").unknown && !one("app").unknown);
    }
}
