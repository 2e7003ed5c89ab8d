//! Reads the options that a profile gives to pg_restore or psql, as getopt_long reads them: letters can stand together, the
//! rest behind a letter that takes a value is that value, long names can be cut short, and `--` ends them.

use pgdump_reader::Dump;

/// Whose options they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tool {
    PgRestore,
    Psql,
}

/// An option by its long name and its letter (`\0` for none), and whether a value follows it.
type Known = (&'static str, char, bool);

/// `cmdopts` in pg_restore.c and the letters given to getopt_long there (PostgreSQL 13 to 18).
const PG_RESTORE: [Known; 53] = [
    ("--clean", 'c', false),
    ("--create", 'C', false),
    ("--data-only", 'a', false),
    ("--dbname", 'd', true),
    ("--exit-on-error", 'e', false),
    ("--exclude-schema", 'N', true),
    ("--file", 'f', true),
    ("--format", 'F', true),
    ("--function", 'P', true),
    ("--host", 'h', true),
    ("--index", 'I', true),
    ("--jobs", 'j', true),
    ("--list", 'l', false),
    ("--no-privileges", 'x', false),
    ("--no-acl", 'x', false),
    ("--no-owner", 'O', false),
    ("--no-reconnect", 'R', false),
    ("--port", 'p', true),
    ("--no-password", 'w', false),
    ("--password", 'W', false),
    ("--schema", 'n', true),
    ("--schema-only", 's', false),
    ("--superuser", 'S', true),
    ("--single-transaction", '1', false),
    ("--table", 't', true),
    ("--trigger", 'T', true),
    ("--use-list", 'L', true),
    ("--username", 'U', true),
    ("--verbose", 'v', false),
    ("--disable-triggers", '\0', false),
    ("--enable-row-security", '\0', false),
    ("--filter", '\0', true),
    ("--if-exists", '\0', false),
    ("--no-data-for-failed-tables", '\0', false),
    ("--no-tablespaces", '\0', false),
    ("--no-table-access-method", '\0', false),
    ("--role", '\0', true),
    ("--restrict-key", '\0', true),
    ("--section", '\0', true),
    ("--strict-names", '\0', false),
    ("--transaction-size", '\0', true),
    ("--use-set-session-authorization", '\0', false),
    ("--no-comments", '\0', false),
    ("--no-data", '\0', false),
    ("--no-policies", '\0', false),
    ("--no-publications", '\0', false),
    ("--no-schema", '\0', false),
    ("--no-security-labels", '\0', false),
    ("--no-statistics", '\0', false),
    ("--no-subscriptions", '\0', false),
    ("--statistics", '\0', false),
    ("--statistics-only", '\0', false),
    ("--help", '?', false),
];

/// `long_options` in startup.c of psql (PostgreSQL 13 to 18).
const PSQL: [Known; 36] = [
    ("--echo-all", 'a', false),
    ("--no-align", 'A', false),
    ("--echo-errors", 'b', false),
    ("--command", 'c', true),
    ("--dbname", 'd', true),
    ("--echo-queries", 'e', false),
    ("--echo-hidden", 'E', false),
    ("--file", 'f', true),
    ("--field-separator", 'F', true),
    ("--field-separator-zero", 'z', false),
    ("--host", 'h', true),
    ("--html", 'H', false),
    ("--list", 'l', false),
    ("--log-file", 'L', true),
    ("--no-readline", 'n', false),
    ("--single-transaction", '1', false),
    ("--output", 'o', true),
    ("--port", 'p', true),
    ("--pset", 'P', true),
    ("--quiet", 'q', false),
    ("--record-separator", 'R', true),
    ("--record-separator-zero", '0', false),
    ("--single-step", 's', false),
    ("--single-line", 'S', false),
    ("--tuples-only", 't', false),
    ("--table-attr", 'T', true),
    ("--username", 'U', true),
    ("--set", 'v', true),
    ("--variable", 'v', true),
    ("--version", 'V', false),
    ("--no-password", 'w', false),
    ("--password", 'W', false),
    ("--expanded", 'x', false),
    ("--no-psqlrc", 'X', false),
    ("--help", '?', false),
    ("--csv", '\0', false),
];

impl Tool {
    /// The one that restores a dump of this kind.
    pub fn of(dump: &Dump) -> Self {
        if dump.is_archive() { Self::PgRestore } else { Self::Psql }
    }

    fn known(self) -> &'static [Known] {
        match self {
            Self::PgRestore => &PG_RESTORE,
            Self::Psql => &PSQL,
        }
    }

    /// Whether an option is given, by its long name or its letter.
    pub fn has(self, options: &[String], long: &str) -> bool {
        self.values(options, long).next().is_some()
    }

    /// The value of an option that is given; the last one counts.
    pub fn value<'a>(self, options: &'a [String], long: &str) -> Option<&'a str> {
        self.values(options, long).last()
    }

    /// All values that an option is given, empty where it takes none.
    pub fn values<'a>(self, options: &'a [String], long: &str) -> impl Iterator<Item = &'a str> {
        let letter = self.known().iter().find(|known| known.0 == long).map_or('\0', |known| known.1);
        let is_meant = move |known: Known| known.0 == long || letter != '\0' && known.1 == letter;
        self.read(options).into_iter().filter(move |(known, _)| is_meant(*known)).map(|(_, value)| value)
    }

    /// All options in their order. What the client itself does not understand is none.
    fn read(self, options: &[String]) -> Vec<(Known, &str)> {
        let mut read = Vec::new();
        let mut words = options.iter().map(String::as_str);
        while let Some(word) = words.next() {
            if word == "--" {
                break;
            }
            if word.starts_with("--") {
                let (name, attached) = word.split_once('=').map_or((word, None), |(name, value)| (name, Some(value)));
                let Some(known) = self.by_name(name) else { continue };
                let value = if known.2 { attached.or_else(|| words.next()) } else { attached };
                read.push((known, value.unwrap_or_default()));
            } else if let Some(letters) = word.strip_prefix('-') {
                for (at, letter) in letters.char_indices() {
                    let Some(known) = self.known().iter().find(|known| known.1 == letter && letter != '\0') else {
                        continue;
                    };
                    if !known.2 {
                        read.push((*known, ""));
                        continue;
                    }
                    // All that follows is the value, and the next word where nothing does.
                    let attached = Some(&letters[at + letter.len_utf8()..]).filter(|rest| !rest.is_empty());
                    read.push((*known, attached.or_else(|| words.next()).unwrap_or_default()));
                    break;
                }
            }
        }
        read
    }

    /// The option of this name, or the one that alone begins so.
    fn by_name(self, name: &str) -> Option<Known> {
        let known = self.known();
        let mut begun = known.iter().filter(|known| known.0.starts_with(name));
        let exact = known.iter().find(|known| known.0 == name);
        let only = begun.next().filter(|first| begun.all(|other| other.1 == first.1 && first.1 != '\0'));
        exact.or(only).copied()
    }
}

/// What a variable of psql is given to begin with (`-v NAME=VALUE`), where it is.
pub fn psql_variable<'a>(options: &'a [String], name: &str) -> Option<&'a str> {
    let given = Tool::Psql.values(options, "--variable").filter_map(|text| text.split_once('='));
    given.filter(|(variable, _)| *variable == name).last().map(|(_, value)| value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(words: &[&str]) -> Vec<String> {
        words.iter().map(|word| (*word).to_owned()).collect()
    }

    fn given(words: &[&str], long: &str) -> bool {
        Tool::PgRestore.has(&options(words), long)
    }

    #[test]
    fn options_are_known_in_all_their_forms() {
        assert!(given(&["--no-owner"], "--no-owner"));
        assert!(given(&["-Ox"], "--no-privileges") && given(&["-Ox"], "--no-acl"));
        assert!(given(&["--jobs=4"], "--jobs") && given(&["-j", "4"], "--jobs"));
        assert!(!given(&["--no-privileges"], "--no-owner"));
        assert!(given(&["--data"], "--data-only") && given(&["--si"], "--single-transaction"));
    }

    #[test]
    fn a_value_is_no_option() {
        assert!(!given(&["-nCRM"], "--create") && given(&["-nCRM"], "--schema"));
        assert!(!given(&["-ndata"], "--data-only"));
        assert!(!given(&["-tOrders"], "--no-owner") && given(&["-OtOrders"], "--no-owner"));
        assert!(!given(&["-n", "-C"], "--create") && !given(&["--schema", "--create"], "--create"));
        assert!(!given(&["--schema=--create"], "--create"));
        assert!(!given(&["--", "--create"], "--create") && !given(&["C"], "--create"));
        assert_eq!(Tool::PgRestore.value(&options(&["-vj4", "--jobs", "2"]), "--jobs"), Some("2"));
    }

    #[test]
    fn a_name_that_several_begin_with_is_none_of_them() {
        assert!(!given(&["--sc"], "--schema") && !given(&["--sc"], "--schema-only"));
        // One option under two names, and a whole name that another one begins with.
        assert!(given(&["--schema", "x"], "--schema") && !given(&["--schema", "x"], "--schema-only"));
    }

    /// The same letters mean other things to psql.
    #[test]
    fn each_tool_has_letters_of_its_own() {
        assert!(!Tool::Psql.has(&options(&["-c", "-1"]), "--single-transaction"));
        assert!(Tool::Psql.has(&options(&["-q1"]), "--single-transaction"));
        let set = options(&["-vA=1", "--set", "A=2", "--variable=B=x=y", "-v", "C"]);
        assert_eq!(psql_variable(&set, "A"), Some("2"));
        assert_eq!((psql_variable(&set, "B"), psql_variable(&set, "C")), (Some("x=y"), None));
    }
}
