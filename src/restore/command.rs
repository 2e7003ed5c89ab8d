//! The command that restores a dump into a target.

use pgdump_reader::reading::{Readers, pieces_of_archive};
use pgdump_reader::{Archive, Container, Dump, TocEntry, schema_or_public, tag};

use crate::cluster::MAINTENANCE_DATABASE;
use crate::postgres::Tool;
use crate::profile::{Jobs, Restore, Target};

/// What to run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Command {
    /// `pg_restore` or `psql`, with arguments but for the input.
    pub argv: Vec<String>,
    /// Whether the dump is read from standard input; otherwise its path is the last argument.
    pub reads_stdin: bool,
}

/// Builds the command: what the design allows, and what the profile asks for, and nothing else. Where the dump creates the
/// target's database itself, the client first connects to another.
pub fn command(dump: &Dump, target: &Target, makes_database: bool) -> Command {
    match dump.archive() {
        Some(archive) => pg_restore(archive, target),
        None => psql(target, makes_database),
    }
}

/// The options of pg_restore by which it may ask less, or other things, of a target than the dump does: those that leave
/// something out, `--list`, which restores nothing, and `--role` (pg_restore.c, PostgreSQL 13 to 18).
const SELECTING: [&str; 20] = [
    "--schema-only",
    "--data-only",
    "--table",
    "--schema",
    "--exclude-schema",
    "--use-list",
    "--section",
    "--index",
    "--function",
    "--trigger",
    "--filter",
    "--no-data",
    "--no-schema",
    "--no-policies",
    "--no-publications",
    "--no-subscriptions",
    "--no-statistics",
    "--statistics-only",
    "--role",
    "--list",
];

/// The option, if any, with which pg_restore may ask less of a target than the archive does.
pub fn selecting_option(restore: &Restore, dump: &Dump) -> Option<&'static str> {
    dump.is_archive().then(|| selecting(restore))?
}

fn selecting(restore: &Restore) -> Option<&'static str> {
    let options = options(restore);
    SELECTING.into_iter().find(|long| Tool::PgRestore.has(&options, long))
}

/// The profile's options, and that for its list, which pg_restore reads from its standard input.
fn options(restore: &Restore) -> Vec<String> {
    let list = restore.list.as_ref().map(|_| "--use-list=/dev/stdin".to_owned());
    restore.options.iter().cloned().chain(list).collect()
}

fn pg_restore(archive: &Archive, target: &Target) -> Command {
    let options = &target.restore.options;
    let creates_database = Tool::PgRestore.has(options, "--create");
    // Connecting to the database that is about to be created is not possible.
    let database = if creates_database { MAINTENANCE_DATABASE } else { &target.database.name };
    let mut argv: Vec<String> = ["pg_restore", "--verbose", "--no-password"].map(String::from).into();
    argv.push(format!("--username={}", user(target)));
    argv.push(format!("--dbname={}", connection_string(database)));
    // pg_restore refuses jobs for tar archives and together with one transaction (pg_restore.c, main).
    let parallel = matches!(archive.container, Container::Custom | Container::Directory)
        && !Tool::PgRestore.has(options, "--single-transaction")
        && !Tool::PgRestore.has(options, "--transaction-size");
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
    target.restoring()
}

fn jobs(archive: &Archive, target: &Target) -> u16 {
    match target.restore.jobs {
        Jobs::Exactly(jobs) => jobs.max(1),
        Jobs::Auto if decided_by_order(archive, target).is_some() => 1,
        Jobs::Auto => jobs_for(target),
    }
}

/// More jobs than CPUs wait for each other; fewer leave one idle.
fn jobs_for(target: &Target) -> u16 {
    target.limits.cpus.ceil().clamp(1.0, 64.0) as u16
}

/// Whether a client's command has several jobs at work at once.
pub fn is_parallel(argv: &[String]) -> bool {
    let [tool, options @ ..] = argv else { return false };
    tool == "pg_restore" && Tool::PgRestore.value(options, "--jobs").is_some_and(|jobs| jobs.trim() != "1")
}

/// What a person should know of jobs and order: that there is one job although there could be more, or that there are
/// several where they may decide the outcome.
pub fn order_notice(dump: &Dump, target: &Target) -> Option<String> {
    let archive = dump.archive()?;
    let Command { argv, .. } = pg_restore(archive, target);
    if is_parallel(&argv) {
        let why = decided_by_order(archive, target)?;
        return Some(format!(
            "several jobs restored, as the profile says, and the order in which they came to it may have decided the outcome: {why}"
        ));
    }
    let by_itself = target.restore.jobs == Jobs::Auto && argv.iter().any(|word| word == "--jobs=1");
    let why = decided_by_order(archive, target).filter(|_| by_itself && jobs_for(target) > 1)?;
    Some(format!("restored with one job, because the order decides: {why}"))
}

/// Why the order in which rows, constraints and indexes come may decide what a restore comes to, where it may: jobs that
/// run beside each other would leave that to chance.
fn decided_by_order(archive: &Archive, target: &Target) -> Option<String> {
    // A domain's constraint that is NOT VALID depends on the domain alone, so nothing but the order of the archive puts it
    // behind the rows (dumpConstraint in pg_dump.c).
    let not_valid = archive.entries.iter().find(|entry| {
        let definition = entry.defn.trim_end();
        entry.desc == tag::CHECK_CONSTRAINT
            && definition.starts_with("ALTER DOMAIN")
            && definition.ends_with("NOT VALID;")
    });
    if let Some(entry) = not_valid {
        return Some(format!("{} is not valid for rows that come before it", entry.label()));
    }
    if let Some(entry) = into_tables_of_others(archive, target) {
        return Some(format!("the rows of {entry} go into a table that is there before, with its triggers and keys"));
    }
    if let Some(key) = key_under_forced_policies(archive, target) {
        return Some(format!("{key} cannot be checked once a table's policies hold for its owner, who restores"));
    }
    let pieces = pieces_of_archive(archive);
    let call = Readers::of(pieces.clone()).calls(pieces)?;
    Some(format!("{} calls {}, which may read other tables", call.object, call.function))
}

/// A foreign key that is checked by whoever restores: by one who is no superuser, not on a table whose policies are forced on
/// its owner (`query would be affected by row-level security policy`, RI_Initial_Check in src/backend/utils/adt/ri_triggers.c).
/// The archive's order puts policies behind keys.
fn key_under_forced_policies(archive: &Archive, target: &Target) -> Option<String> {
    let forced = |entry: &TocEntry| entry.desc == tag::TABLE && entry.defn.contains(" FORCE ROW LEVEL SECURITY");
    if target.restores_as_superuser() || !archive.entries.iter().any(forced) {
        return None;
    }
    archive.entries.iter().find(|entry| entry.desc == tag::FK_CONSTRAINT).map(TocEntry::label)
}

/// A table whose rows come into what the target has already: of a dump of data alone, or where the target is not empty.
fn into_tables_of_others(archive: &Archive, target: &Target) -> Option<String> {
    let options = options(&target.restore);
    let data_alone = Tool::PgRestore.has(&options, "--data-only")
        || Tool::PgRestore.has(&options, "--no-schema")
        || Tool::PgRestore.has(&options, "--section")
            && !Tool::PgRestore.values(&options, "--section").any(|of| of == "pre-data");
    // What init makes is the target's, and not known by name; only what can meet rows is meant.
    let words = ["table", "trigger"];
    let filled = target.init.iter().any(|init| {
        let text = init.text().to_ascii_lowercase();
        words.iter().any(|word| text.contains(word))
    });
    let made = |desc: &str| archive.entries.iter().any(|entry| entry.desc == desc);
    let alone = data_alone || filled || !made(tag::TABLE) && !made(tag::EXTENSION);
    let rows = archive.entries.iter().find(|entry| entry.desc == tag::TABLE_DATA);
    rows.filter(|_| alone).map(|entry| format!("{}.{}", schema_or_public(entry.schema.as_deref()), entry.tag))
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
    fn options_that_leave_something_out_are_known() {
        let given = |words: &[&str]| selecting(&Restore { options: options(words), ..Restore::default() });
        assert_eq!(given(&["--no-owner", "-x"]), None);
        assert_eq!(given(&["--section=pre-data"]), Some("--section"));
        assert_eq!(given(&["-t", "orders"]), Some("--table"));
        assert_eq!(given(&["-ndata"]), Some("--schema"));
        let restore = Restore { list: Some("part.list".into()), ..Restore::default() };
        assert_eq!(selecting(&restore), Some("--use-list"));
    }

    fn target(rest: &str) -> Target {
        crate::profile::parse(&format!("name: a\npostgres: 17\nlimits: {{cpus: 4}}\n{rest}"), "a").unwrap()
    }

    fn case(name: &str) -> Dump {
        pgdump_reader::open(&std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(name)).unwrap()
    }

    fn parallel(dump: &Dump, rest: &str) -> bool {
        is_parallel(&command(dump, &target(rest), false).argv)
    }

    #[test]
    fn jobs_run_beside_each_other_only_where_order_decides_nothing() {
        let (shop, check) = (case("demo/shop.dump"), case("tests/cases/pass/check-reads-table.dump"));
        assert!(parallel(&shop, "") && order_notice(&shop, &target("")).is_none());
        assert!(!parallel(&check, ""));
        let said = order_notice(&check, &target("")).unwrap();
        assert!(said.contains("one job") && said.contains("TABLE public.bookings calls room_exists"), "{said}");
        let alone = case("tests/cases/cause/trigger-writes-elsewhere.dump");
        assert!(!parallel(&alone, "") && order_notice(&alone, &target("")).unwrap().contains("public.audit"));
        for rest in ["restore: {options: [-a]}", "init: [{sql: CREATE TABLE public.t (id integer)}]"] {
            assert!(!parallel(&shop, rest), "{rest}");
        }
        assert!(parallel(&shop, "init: [{sql: CREATE SCHEMA extensions}]"));
    }

    #[test]
    fn jobs_that_a_profile_asks_for_are_reported_where_order_decides() {
        let check = case("tests/cases/pass/check-reads-table.dump");
        for rest in ["restore: {jobs: 3}", "restore: {jobs: '3'}"] {
            assert!(parallel(&check, rest), "{rest}");
            assert!(order_notice(&check, &target(rest)).unwrap().starts_with("several jobs"), "{rest}");
        }
        for rest in ["restore: {jobs: 1}", "restore: {options: ['-1']}"] {
            assert!(!parallel(&check, rest) && order_notice(&check, &target(rest)).is_none(), "{rest}");
        }
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
