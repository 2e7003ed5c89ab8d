//! `commands.sh`, which uses the files in order, and `README.md`, which says what they are and what they leave.

use std::collections::BTreeSet;

use super::text::{head, on_one_line};
use super::{Asked, FixFile, Use};
use crate::cluster::MAINTENANCE_DATABASE;
use crate::finding::Finding;
use crate::profile::{Client, LocaleProvider, Target};
use crate::restore::{self, connection_string, shell_words};

/// `commands.sh`: the whole restore with these files. `target` is the target with what it lacked.
pub fn commands(asked: &Asked<'_>, target: &Target, files: &[FixFile]) -> FixFile {
    let all: BTreeSet<usize> = files.iter().flat_map(|file| &file.findings).copied().collect();
    let mut content = String::from("#!/bin/sh\n");
    content.push_str(&head(
        asked,
        "#",
        "Restores the dump with the files beside this one. PGHOST, PGPORT and the like say where the server is.",
        &all,
        "It makes roles and a database on that server, as the files say. Read it before you run it.",
    ));
    content.push_str("set -eu\nhere=$(CDPATH='' cd -- \"$(dirname -- \"$0\")\" && pwd)\n");
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
    let makes_own = restore::makes_database(asked.dump, target);
    if !makes_own && target.database.name != MAINTENANCE_DATABASE {
        step("The database.", format!("{}\n", createdb(target)));
    }
    for file in of(|used| *used == Use::BeforeRestore) {
        if makes_own {
            let how = format!("{}: run it in the database once the dump has made it, and restore again.", file.name);
            step(&how, String::new());
        } else {
            step("The extensions.", run(asked.database(), &file.name));
        }
    }
    let list = of(|used| *used == Use::List).next().map(|file| file.name.as_str());
    let what = match target.restore.client {
        Client::Major(major) => {
            format!("The restore, with the client of PostgreSQL {major}. What fails is told; it goes on.")
        }
        Client::Target => "The restore. What fails is told; it goes on.".to_owned(),
    };
    step(&what, restoring(asked, target, makes_own, list));
    let mut after: Vec<&FixFile> = of(|used| matches!(used, Use::After(..))).collect();
    after.sort_by(|a, b| a.used.cmp(&b.used));
    for file in after {
        if let Use::After(_, database) = &file.used {
            step("What the restore leaves to be done.", run(database, &file.name));
        }
    }
    FixFile { name: "commands.sh".into(), content, used: Use::Commands, findings: BTreeSet::new() }
}

fn words(argv: &[&str]) -> String {
    shell_words(&argv.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>())
}

fn createdb(target: &Target) -> String {
    let cluster = &target.cluster;
    let mut argv = vec!["createdb".to_owned(), format!("--username={}", cluster.superuser)];
    argv.push(format!("--maintenance-db={MAINTENANCE_DATABASE}"));
    argv.push("--template=template0".to_owned());
    argv.push(format!("--encoding={}", target.database_encoding()));
    argv.push(format!("--locale={}", target.database_locale()));
    match (target.database_locale_provider(), target.database_icu_locale()) {
        (LocaleProvider::Icu, Some(locale)) => {
            argv.extend(["--locale-provider=icu".to_owned(), format!("--icu-locale={locale}")]);
        }
        (LocaleProvider::Builtin, _) => argv.push("--locale-provider=builtin".to_owned()),
        _ => {}
    }
    argv.extend(target.database.owner.iter().map(|owner| format!("--owner={owner}")));
    argv.extend(["--".to_owned(), target.database.name.clone()]);
    shell_words(&argv)
}

/// The client's command line: that of the rehearsal, without what only a machine wants.
fn restoring(asked: &Asked<'_>, target: &Target, makes_own: bool, list: Option<&str>) -> String {
    let mut argv = restore::client_command(asked.dump, target, makes_own).argv;
    let machine = ["--verbose", "--no-password", "--file=-"];
    argv.retain(|word| !machine.contains(&word.as_str()));
    let dump = asked.dump.path.display().to_string();
    let told = "|| echo \"$0: the restore had errors\" >&2\n";
    match asked.dump.plain() {
        None => {
            let list = list.map(|list| format!(" --use-list=\"$here/{list}\"")).unwrap_or_default();
            format!("{}{list} {} {told}", shell_words(&argv), words(&[&dump]))
        }
        Some(plain) => match plain.compression.map(decompressing) {
            Some(program) => format!("{program} {} | {} {told}", words(&[&dump]), shell_words(&argv)),
            None => format!("{} --file={} {told}", shell_words(&argv), words(&[&dump])),
        },
    }
}

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

/// `README.md`
pub fn read_me(asked: &Asked<'_>, files: &[FixFile]) -> FixFile {
    let mut content = format!("# Fixes for target {}\n\n", asked.target.name);
    content.push_str("Written by `pgrehearse run --write-fixes` for this dump:\n\n");
    content.push_str(&format!("    {}\n\n", on_one_line(&asked.dump.path.display().to_string())));
    if asked.databases.is_empty() {
        content.push_str("The target could not be tested: no restore has put these findings to the test.\n\n");
    }
    content.push_str(
        "Each file says at its beginning what it is for and what it costs. `commands.sh` uses them in order, on a server \
         that does not have the database yet. In a database that is restored already, those of after the restore mend what \
         they are about; what the restore itself failed on needs another restore.\n\n## Files\n\n",
    );
    let mut files: Vec<&FixFile> = files.iter().collect();
    files.sort_by(|a, b| a.used.cmp(&b.used).then_with(|| a.name.cmp(&b.name)));
    for file in &files {
        let when = match &file.used {
            Use::BeforeDatabase => "before the database is made",
            Use::BeforeRestore => "in the new database, before the restore",
            Use::List => "for `pg_restore --use-list`",
            Use::After(..) => "after the restore",
            Use::Profile => "for the next rehearsal: `pgrehearse run DUMP -p profile.yaml`",
            Use::Part => "belongs to `profile.yaml`",
            Use::Commands => "the whole restore",
            Use::ReadMe => continue,
        };
        content.push_str(&format!("- `{}`: {when}\n", file.name));
    }
    let mended = |at: usize| files.iter().any(|file| file.findings.contains(&at));
    let open: Vec<(usize, &Finding)> = asked.open().collect();
    let mut section = |title: &str, findings: Vec<&Finding>, with_fix: bool| {
        if findings.is_empty() {
            return;
        }
        content.push_str(&format!("\n## {title}\n"));
        for finding in findings {
            content.push_str(&format!("\n    {}: {}\n", finding.name, on_one_line(&finding.title)));
            if with_fix && !finding.fix.is_empty() {
                content.push_str(&format!("    {}\n", on_one_line(&finding.fix)));
            }
        }
    };
    section(
        "What these files are about",
        open.iter().filter(|(at, _)| mended(*at)).map(|(_, one)| *one).collect(),
        false,
    );
    let unmended = open.iter().filter(|(at, _)| !mended(*at)).map(|(_, one)| *one).collect();
    section("What no file mends", unmended, true);
    let accepted = asked.findings.iter().filter(|finding| finding.accepted.is_some()).copied().collect();
    section("What the profile accepts", accepted, false);
    FixFile { name: "README.md".into(), content, used: Use::ReadMe, findings: BTreeSet::new() }
}
