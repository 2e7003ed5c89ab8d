//! `restore.sh`, which restores with the other files in order, and says what they are and what they leave.

use std::collections::BTreeSet;

use pgdump_reader::schema_or_public;

use super::text::{head, on_one_line};
use super::{FixFile, Request, Use, kept};
use crate::cluster::sql::{identifier, literal};
use crate::cluster::{MAINTENANCE_DATABASE, database_statements};
use crate::finding::{Finding, Name};
use crate::postgres::Tool;
use crate::profile::{Client, Entrypoint, Target};
use crate::restore::{self, connection_string, shell_words};

/// `restore.sh`: the whole restore with these files, which fails where anything of it did. `target` is the target with what it
/// lacked.
pub fn restore(request: &Request<'_>, target: &Target, files: &[FixFile]) -> FixFile {
    let all: BTreeSet<usize> = files.iter().flat_map(|file| &file.findings).copied().collect();
    let mut content = String::from("#!/bin/sh\n");
    content.push_str(&head(
        request,
        "#",
        "Restores the dump with the files beside this one. PGHOST, PGPORT and the like say where the server is.",
        &all,
        "It creates roles and a database on that server, as the files say. Read it before you run it.",
    ));
    content.push_str(&left(request, &all));
    content.push_str(
        "set -eu\nhere=$(CDPATH='' cd -- \"$(dirname -- \"$0\")\" && pwd)\nstate=$(mktemp -d)\n\
         trap 'rm -rf -- \"$state\"' EXIT\n",
    );
    let superuser = target.cluster.superuser.as_str();
    let run = |database: &str, file: &str| {
        let words = words(&[
            "psql",
            "-X",
            "--set=ON_ERROR_STOP=1",
            &format!("--username={superuser}"),
            &format!("--dbname={}", connection_string(database)),
        ]);
        // The names of these files are plain.
        format!("{words} --file=\"$here/{file}\"\n")
    };
    let of = |wanted: fn(&Use) -> bool| files.iter().filter(move |file| wanted(&file.used));
    let mut step = |what: &str, lines: String| content.push_str(&format!("\n# {}\n{lines}", on_one_line(what)));
    for file in of(|used| *used == Use::BeforeDatabase) {
        step("The roles.", run(MAINTENANCE_DATABASE, &file.name));
    }
    let by_hand = made_by_hand(request);
    let without_create = without_create(request, target);
    // What pg_restore cannot make is made before it, and it goes into that.
    let target = if by_hand.is_some() && request.dump.is_archive() { &without_create } else { target };
    let made = made_by_dump(request, target);
    let makes_own = made.is_some();
    match made {
        // A script of pg_dumpall's makes many.
        Some(Made::Several) => {}
        Some(Made::One(database)) => {
            let there = not_twice(request, target, &database);
            match &by_hand {
                None => step("The database, which the dump makes.", there),
                Some(ByHand { statement, .. }) => {
                    let mut argv = psql(target, MAINTENANCE_DATABASE);
                    argv.push(format!("--command={statement}"));
                    let lines =
                        format!("{there}if ! {}; then\n    {}\nfi\n", is_there(target, &database), shell_words(&argv));
                    step("The database: the dump's own statement fails here, and its \\connect finds this one.", lines);
                }
            }
        }
        None => step("The database.", making_database(request, target)),
    }
    for file in of(|used| *used == Use::BeforeRestore) {
        if makes_own {
            let how = format!("{}: run it in the database once the dump has created it, and restore again.", file.name);
            step(&how, String::new());
        } else {
            step("The extensions.", run(request.database(), &file.name));
        }
    }
    let list = of(|used| *used == Use::List).next().map(|file| file.name.as_str());
    let what = match target.restore.client {
        Client::Major(major) => {
            format!(
                "The restore, with the client of PostgreSQL {major}. It goes on after an error, which is not forgotten."
            )
        }
        Client::Target => "The restore. It goes on after an error, which is not forgotten.".to_owned(),
    };
    let kept = kept::missing(request);
    let others = match kept::options(request, &kept).is_empty() {
        true => BTreeSet::new(),
        false => kept::other_roles(request, &kept),
    };
    let what = if others.is_empty() { what } else { format!("{what} {}", kept::of_others(&others)) };
    step(&what, restoring(request, target, makes_own, by_hand.and_then(|by_hand| by_hand.fails_in), list));
    for file in of(|used| matches!(used, Use::After(_))) {
        if let Use::After(database) = &file.used {
            step("What the restore leaves to be done.", run(database, &file.name));
        }
    }
    content.push_str(
        "\nif [ -e \"$state/failed\" ]; then\n    echo \"$0: the restore had errors; they stand above\" >&2\n    exit 1\nfi\n",
    );
    FixFile { name: "restore.sh".into(), content, used: Use::Restore, findings: BTreeSet::new() }
}

/// The findings that no file mends, and those that the profile accepts, in comments.
fn left(request: &Request<'_>, mended: &BTreeSet<usize>) -> String {
    let mut text = String::new();
    let mut part = |title: &str, findings: Vec<&Finding>, with_fix: bool| {
        if findings.is_empty() {
            return;
        }
        text.push_str(&format!("#\n# {title}\n"));
        for finding in findings {
            text.push_str(&format!("#   {}: {}\n", finding.name, on_one_line(&finding.title)));
            if with_fix && !finding.fix.is_empty() {
                text.push_str(&format!("#     {}\n", on_one_line(&finding.fix)));
            }
        }
    };
    let unmended = request.open().filter(|(at, _)| !mended.contains(at)).map(|(_, one)| one).collect();
    part("What no file fixes:", unmended, true);
    let accepted = request.findings.iter().filter(|finding| finding.accepted.is_some()).copied().collect();
    part("What the profile accepts:", accepted, false);
    text
}

fn words(argv: &[&str]) -> String {
    shell_words(&argv.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>())
}

/// The statement that makes the database, where the findings say that it has to be made before the restore: the dump's own
/// fails.
fn made_by_hand(request: &Request<'_>) -> Option<ByHand> {
    let of_database = |name: Name| matches!(name, Name::LocaleUnavailable | Name::DatabaseNotCreatable);
    let mut findings = request.open().filter(|(_, finding)| of_database(finding.name) && finding.fails());
    findings.find_map(|(_, finding)| {
        let mut lines = finding.commands.iter().flat_map(|command| command.lines());
        let statement = lines.find(|line| line.starts_with("CREATE DATABASE "))?.to_owned();
        // `line 29: CREATE DATABASE shop …`, or the line alone where that is not shown.
        let line_of = |object: &String| object.strip_prefix("line ")?.split(':').next()?.trim().parse().ok();
        let mut of_dump = finding.objects.iter().filter(|object| !object.contains("ALTER DATABASE "));
        Some(ByHand { statement, fails_in: of_dump.find_map(line_of) })
    })
}

/// What makes a database that the dump cannot make.
struct ByHand {
    statement: String,
    /// The line of the dump's own statement, whose failure does no harm.
    fails_in: Option<u64>,
}

/// The target with a restore that makes no database, but goes into one that bears the dump's name.
fn without_create(request: &Request<'_>, target: &Target) -> Target {
    let mut target = target.clone();
    if let Some(archive) = request.dump.archive() {
        target.database.name.clone_from(&archive.database);
    }
    target.restore.options.retain(|option| !matches!(option.as_str(), "--create" | "-C"));
    target
}

/// Databases that the dump makes itself.
enum Made {
    One(String),
    Several,
}

/// Those that the restore makes, whatever the target's own is called.
fn made_by_dump(request: &Request<'_>, target: &Target) -> Option<Made> {
    match (request.dump.archive(), request.dump.plain()) {
        (Some(archive), _) => {
            let creates = Tool::PgRestore.has(&target.restore.options, "--create");
            creates.then(|| Made::One(archive.database.clone()))
        }
        (None, Some(plain)) if plain.cluster => Some(Made::Several),
        (None, Some(plain)) => match plain.creates_databases.as_slice() {
            [] => None,
            [one] => Some(Made::One(one.clone())),
            _ => Some(Made::Several),
        },
        (None, None) => None,
    }
}

/// psql as the superuser, in this database.
fn psql(target: &Target, database: &str) -> Vec<String> {
    let mut argv = ["psql", "-X", "--set=ON_ERROR_STOP=1"].map(str::to_owned).to_vec();
    argv.push(format!("--username={}", target.cluster.superuser));
    argv.push(format!("--dbname={}", connection_string(database)));
    argv
}

/// Makes the database by the statements that make it in the sandbox, where it is not there.
fn making_database(request: &Request<'_>, target: &Target) -> String {
    let name = &target.database.name;
    let there = not_twice(request, target, name);
    if name == MAINTENANCE_DATABASE {
        return there;
    }
    let mut argv = psql(target, MAINTENANCE_DATABASE);
    argv.extend(database_statements(target).into_iter().map(|sql| format!("--command={sql}")));
    format!("{there}if ! {}; then\n    {}\nfi\n", is_there(target, name), shell_words(&argv))
}

/// What holds where the database is there.
fn is_there(target: &Target, database: &str) -> String {
    let mut argv = psql(target, MAINTENANCE_DATABASE);
    argv.push("--tuples-only".to_owned());
    argv.push(format!("--command=SELECT 'yes' FROM pg_catalog.pg_database WHERE datname = {}", literal(database)));
    format!("{} | grep -q yes", shell_words(&argv))
}

/// How many of the dump's tables are looked for.
const TABLES: usize = 20;

/// Stops where the database holds the dump's tables: the rows would be there twice. Where the target has objects of its own
/// from the beginning, tables of these names can be those.
fn not_twice(request: &Request<'_>, target: &Target, database: &str) -> String {
    let has_own = !target.init.is_empty() || target.entrypoint == Entrypoint::Image;
    let is_added =
        !["--clean", "--data-only"].iter().any(|option| Tool::PgRestore.has(&target.restore.options, option));
    let tables: Vec<String> = request
        .facts
        .tables
        .iter()
        // Those of a dump of data alone have to be there.
        .filter(|table| table.created)
        .take(TABLES)
        .map(|table| {
            let schema = schema_or_public(table.schema.as_deref());
            literal(&format!("{}.{}", identifier(schema), identifier(&table.name)))
        })
        .collect();
    if has_own || !is_added || tables.is_empty() {
        return String::new();
    }
    let mut argv = psql(target, database);
    argv.push("--tuples-only".to_owned());
    argv.push(format!(
        "--command=SELECT 'yes' FROM (VALUES ({})) AS of_dump (name) WHERE pg_catalog.to_regclass(name) IS NOT NULL",
        tables.join("), (")
    ));
    let said = "$0: the database holds tables of the dump already, and each row would be there twice: restore into an \
                empty one";
    format!(
        "if {} && {} | grep -q yes; then\n    echo \"{said}\" >&2\n    exit 1\nfi\n",
        is_there(target, database),
        shell_words(&argv)
    )
}

/// The client's command line: that of the rehearsal, without what only a machine wants.
fn restoring(
    request: &Request<'_>,
    target: &Target,
    makes_own: bool,
    fails_in: Option<u64>,
    list: Option<&str>,
) -> String {
    let mut argv = restore::client_command(request.dump, target, makes_own).argv;
    let machine = ["--verbose", "--no-password", "--file=-"];
    argv.retain(|word| !machine.contains(&word.as_str()));
    let dump = request.dump.path.display().to_string();
    const FAILED: &str = "|| : >\"$state/failed\"";
    let Some(plain) = request.dump.plain() else {
        let list = list.map(|list| format!(" --use-list=\"$here/{list}\"")).unwrap_or_default();
        return format!("{}{list} {} {FAILED}\n", shell_words(&argv), words(&[&dump]));
    };
    argv.push("--set=VERBOSITY=verbose".to_owned());
    let psql = shell_words(&argv);
    let line = match plain.compression.map(decompressing) {
        Some(program) => format!("{{ {program} {} {FAILED}; }} | {psql} --file=-", words(&[&dump])),
        None => format!("{psql} --file={}", words(&[&dump])),
    };
    let judged = no_error(&dump, fails_in);
    // psql exits with 0 whatever statements failed; it names the line of each message.
    format!(
        "{line} 2>\"$state/messages\" {FAILED}\ncat -- \"$state/messages\" >&2\n\
         # Messages of the classes 00 and 01 are notices and warnings, in whatever language; all others are errors.\n\
         if grep -E '^psql:.*:[0-9]+: ' \"$state/messages\" | grep -Evq '{judged}'; then\n    : >\"$state/failed\"\nfi\n"
    )
}

/// The message of no error, as grep -E finds it.
fn no_error(dump: &str, fails_in: Option<u64>) -> String {
    let place = format!("{{{}}}", dump.matches(':').count() + 1);
    let judged = NO_ERROR.replace("{N}", &place);
    match fails_in {
        Some(line) => format!("{judged}|^psql:([^:]*:){place}{line}: "),
        None => judged,
    }
}

/// What begins with psql's place, a severity in the server's language and an SQLSTATE that is no error's (class 00 or
/// 01, errcodes.txt; pqBuildErrorMessage3 in fe-protocol3.c writes the state where VERBOSITY is verbose). The file's
/// name has as many colons as it has, so that nothing in a text reads as a state.
const NO_ERROR: &str = "^psql:([^:]*:){N}[0-9]+: [^:]*:  0[01][0-9A-Z][0-9A-Z][0-9A-Z]: ";

fn decompressing(compression: pgdump_reader::Compression) -> &'static str {
    use pgdump_reader::Compression;
    match compression {
        Compression::Gzip => "gzip -dc",
        Compression::Zstd => "zstd -dc",
        Compression::Lz4 => "lz4 -dc",
        Compression::Bzip2 => "bzip2 -dc",
        Compression::Xz => "xz -dc",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_an_error_by_its_state_and_not_by_its_words() {
        let is_error = |dump: &str, message: &str| {
            let grep = "printf '%s\\n' \"$1\" | grep -Evq \"$2\"";
            let found =
                std::process::Command::new("sh").args(["-c", grep, "sh", message, &no_error(dump, None)]).status();
            found.unwrap().success()
        };
        assert!(!is_error("a.sql", "psql:a.sql:3: HINWEIS:  00000: Tabelle fehlt"));
        assert!(!is_error("<stdin>", "psql:<stdin>:3: WARNING:  01007: no privileges were granted"));
        assert!(!is_error("a:b.sql", "psql:a:b.sql:3: ATTENTION :  01000: x"));
        assert!(is_error("a.sql", "psql:a.sql:3: FEHLER:  42P01: Relation fehlt"));
        assert!(is_error("a.sql", "psql:a.sql:3: ERROR:  P0001: x:7: WARNING:  00000: y"));
        assert!(is_error("a.sql", "psql:a.sql:3: error: invalid command \\foo"));
    }
}
