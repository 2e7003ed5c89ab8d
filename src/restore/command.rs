//! The command that restores a dump into a target.

use crate::cluster::MAINTENANCE_DATABASE;
use crate::dump::{Archive, Container, Content, Dump};
use crate::profile::{Jobs, Restore, Target};

/// What to run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Command {
    /// `pg_restore` or `psql`, with arguments but for the input.
    pub argv: Vec<String>,
    /// Whether the dump is read from standard input; otherwise its path is the last argument.
    pub reads_stdin: bool,
}

/// Builds the command: what the design allows, and what the profile asks for, and nothing else. Where the dump makes the
/// target's database itself, the client first connects to another.
pub fn command(dump: &Dump, target: &Target, makes_database: bool) -> Command {
    match &dump.content {
        Content::Archive(archive) => pg_restore(archive, target),
        Content::Plain(_) => psql(target, makes_database),
    }
}

/// The options of pg_restore that leave something out, by their long name and their letter (pg_restore.c, PostgreSQL 13 to
/// 18).
const SELECTING: [(&str, char); 20] = [
    ("--schema-only", 's'),
    ("--data-only", 'a'),
    ("--table", 't'),
    ("--schema", 'n'),
    ("--exclude-schema", 'N'),
    ("--use-list", 'L'),
    ("--section", '\0'),
    ("--index", 'I'),
    ("--function", 'P'),
    ("--trigger", 'T'),
    ("--filter", '\0'),
    ("--no-data", '\0'),
    ("--no-schema", '\0'),
    ("--no-policies", '\0'),
    ("--no-publications", '\0'),
    ("--no-subscriptions", '\0'),
    ("--no-statistics", '\0'),
    ("--statistics-only", '\0'),
    ("--role", '\0'),
    ("--list", 'l'),
];

/// The option, if any, with which pg_restore leaves parts of an archive out.
pub fn selecting_option(restore: &Restore, dump: &Dump) -> Option<&'static str> {
    let is_archive = matches!(dump.content, Content::Archive(_));
    is_archive.then(|| selecting(restore))?
}

fn selecting(restore: &Restore) -> Option<&'static str> {
    let options = options(restore);
    SELECTING.iter().find(|(long, short)| has_option(&options, long, *short)).map(|(long, _)| *long)
}

/// The profile's options, and that for its list, which pg_restore reads from its standard input.
fn options(restore: &Restore) -> Vec<String> {
    let list = restore.list.as_ref().map(|_| "--use-list=/dev/stdin".to_owned());
    restore.options.iter().cloned().chain(list).collect()
}

fn pg_restore(archive: &Archive, target: &Target) -> Command {
    let options = &target.restore.options;
    let creates_database = has_option(options, "--create", 'C');
    // Connecting to the database that is about to be created is not possible.
    let database = if creates_database { MAINTENANCE_DATABASE } else { &target.database.name };
    let mut argv: Vec<String> = ["pg_restore", "--verbose", "--no-password"].map(String::from).into();
    argv.push(format!("--username={}", user(target)));
    argv.push(format!("--dbname={}", connection_string(database)));
    // pg_restore refuses jobs for tar archives and together with one transaction (pg_restore.c, main).
    let parallel = matches!(archive.container, Container::Custom | Container::Directory)
        && !has_option(options, "--single-transaction", '1')
        && !has_option(options, "--jobs", 'j')
        && !has_option(options, "--transaction-size", '\0');
    if parallel {
        argv.push(format!("--jobs={}", jobs(archive, target)));
    }
    argv.extend(self::options(&target.restore));
    Command { argv, reads_stdin: false }
}

fn psql(target: &Target, makes_database: bool) -> Command {
    let database = if makes_database { MAINTENANCE_DATABASE } else { &target.database.name };
    let mut argv: Vec<String> =
        ["psql", "-X", "--quiet", "--no-password", "-v", "ON_ERROR_STOP=0", "--output=/dev/null"]
            .map(String::from)
            .into();
    argv.push(format!("--username={}", user(target)));
    argv.push(format!("--dbname={}", connection_string(database)));
    argv.extend(target.restore.options.iter().cloned());
    argv.push("--file=-".into());
    Command { argv, reads_stdin: true }
}

fn user(target: &Target) -> &str {
    crate::finding::restoring(target)
}

fn jobs(archive: &Archive, target: &Target) -> u16 {
    match target.restore.jobs {
        Jobs::Exactly(jobs) => jobs.max(1),
        Jobs::Auto if constraint_races_with_rows(archive) => 1,
        // More jobs than CPUs wait for each other; fewer leave one idle.
        Jobs::Auto => target.limits.cpus.ceil().clamp(1.0, 64.0) as u16,
    }
}

/// Whether parallel jobs may make a constraint before the rows that break it. A domain's constraint that is NOT VALID depends
/// on the domain alone, so nothing but the order of the archive puts it behind the rows (dumpConstraint in pg_dump.c).
fn constraint_races_with_rows(archive: &Archive) -> bool {
    archive.entries.iter().any(|entry| {
        let definition = entry.defn.trim_end();
        entry.desc == "CHECK CONSTRAINT" && definition.starts_with("ALTER DOMAIN") && definition.ends_with("NOT VALID;")
    })
}

/// A database name that libpq cannot take for something else: a name with `=` in it would be read as a whole connection
/// string.
pub fn connection_string(database: &str) -> String {
    if database.contains('=') || database.starts_with("postgres") && database.contains("://") {
        format!("dbname='{}'", database.replace('\\', "\\\\").replace('\'', "\\'"))
    } else {
        database.to_owned()
    }
}

/// Whether an option is given by its long name (or enough of it, as getopt allows) or its letter.
pub fn has_option(options: &[String], long: &str, short: char) -> bool {
    options.iter().any(|option| {
        let name = option.split('=').next().unwrap_or(option);
        let is_long = name.len() > 4 && name.starts_with("--") && long.starts_with(name);
        let is_short = option.len() > 1
            && option.starts_with('-')
            && !option.starts_with("--")
            // Letters that take no value can stand together: `-Ox`.
            && option[1..].chars().take_while(|letter| letter.is_ascii_alphanumeric()).any(|letter| letter == short);
        is_long || is_short
    })
}

/// A command as a shell would take it.
pub fn shell_words(argv: &[String]) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_=./:,@%+".contains(c);
    let quote = |word: &String| match word.chars().all(plain) && !word.is_empty() {
        true => word.clone(),
        false => format!("'{}'", word.replace('\'', r"'\''")),
    };
    argv.iter().map(quote).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(words: &[&str]) -> Vec<String> {
        words.iter().map(|word| (*word).to_owned()).collect()
    }

    #[test]
    fn options_are_known_in_all_their_forms() {
        assert!(has_option(&options(&["--no-owner"]), "--no-owner", 'O'));
        assert!(has_option(&options(&["-Ox"]), "--no-privileges", 'x'));
        assert!(has_option(&options(&["--jobs=4"]), "--jobs", 'j'));
        assert!(!has_option(&options(&["--no-privileges"]), "--no-owner", 'O'));
    }

    #[test]
    fn options_that_leave_something_out_are_known() {
        let given = |words: &[&str]| selecting(&Restore { options: options(words), ..Restore::default() });
        assert_eq!(given(&["--no-owner", "-x"]), None);
        assert_eq!(given(&["--section=pre-data"]), Some("--section"));
        assert_eq!(given(&["-t", "orders"]), Some("--table"));
        let restore = Restore { list: Some("part.list".into()), ..Restore::default() };
        assert_eq!(selecting(&restore), Some("--use-list"));
    }

    #[test]
    fn a_database_name_is_never_a_connection_string() {
        assert_eq!(connection_string("a=b'c"), r"dbname='a=b\'c'");
        assert_eq!(connection_string("shop"), "shop");
    }

    #[test]
    fn words_are_quoted_as_a_shell_needs_it() {
        assert_eq!(shell_words(&options(&["psql", "it's a db", ""])), r"psql 'it'\''s a db' ''");
    }
}
