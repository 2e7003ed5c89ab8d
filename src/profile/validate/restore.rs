//! Who restores, and how.

use super::{Places, files, roles, steps};
use crate::postgres::Tool;
use crate::profile::{Jobs, ProfileError, Target};

/// The most that a list may hold: more than the table of contents of any archive takes.
const LONGEST_LIST: u64 = 64 << 20;

pub fn check(target: &mut Target, at: &Places<'_>) -> Result<(), ProfileError> {
    if let Some(name) = &target.restore.as_role {
        let role = roles::known_role(target, name);
        match role.map_err(|(why, hint)| at.bad(steps!["restore", "as"], why).hint(hint))? {
            Some(role) if !role.login => {
                let why = format!("the role `{}` cannot log in", role.name);
                let hint = "give it `login: true`".to_owned();
                return Err(at.bad(steps!["restore", "as"], why).hint(Some(hint)));
            }
            Some(_) | None => {}
        }
    }
    if target.restore.jobs == Jobs::Exactly(0) {
        at.each(|| Err(at.bad(steps!["restore", "jobs"], "at least one job must restore")));
    }
    options(&target.restore.options, at);
    if let Some(list) = &target.restore.list {
        let refused = |why: String| at.bad(steps!["restore", "list"], why);
        let folder = at.folder(steps!["restore", "list"]).ok_or_else(|| {
            refused("the list is looked for beside the profile's file, and this profile is in none".into())
        })?;
        target.restore.list_text = Some(files::read(&folder.join(list), LONGEST_LIST).map_err(refused)?);
    }
    Ok(())
}

/// Options that are pgrehearse's own, or that a key of the profile says, with what to do instead.
const OWN: [(&str, &str); 7] = [
    ("--dbname", "pgrehearse connects to the sandbox; `database.name` says which database it restores into"),
    ("--host", "pgrehearse connects to the sandbox; leave it out"),
    ("--port", "pgrehearse connects to the sandbox; leave it out"),
    ("--username", "`restore.as` says who restores"),
    ("--file", "with it nothing is restored; pgrehearse gives the client the dump itself"),
    ("--format", "pgrehearse recognises the dump's format; leave it out"),
    ("--jobs", "`restore.jobs` says how many jobs restore"),
];

/// Options that each are one argument of pg_restore or psql, and leave the connection to pgrehearse.
fn options(options: &[String], at: &Places<'_>) {
    for (index, option) in options.iter().enumerate() {
        let refused = |why: String| at.bad(steps!["restore", "options", index], why);
        at.each(|| {
            if option.is_empty() {
                return Err(refused("an option cannot be empty".into()));
            }
            if let Some(items) = several(option) {
                let why = "it is one argument, and several are written in it".to_owned();
                return Err(refused(why).hint(Some(format!("write an item for each: `[{items}]`"))));
            }
            let new = |long: &str| {
                Tool::PgRestore.has(&options[..=index], long) && !Tool::PgRestore.has(&options[..index], long)
            };
            match OWN.iter().find(|(long, _)| new(long)) {
                // psql has the letter for something else, and pg_restore's own forms are one letter and a word.
                Some(("--format", _)) if *option == "-F" || !is_format(option) => Ok(()),
                Some((long, instead)) => Err(refused(format!("`{long}` cannot be given here: {instead}"))),
                None => Ok(()),
            }
        });
    }
}

/// Whether it is surely pg_restore's `--format`.
fn is_format(option: &str) -> bool {
    const FORMATS: [&str; 8] = ["c", "custom", "d", "directory", "t", "tar", "p", "plain"];
    option.starts_with("--") || option.strip_prefix("-F").is_some_and(|format| FORMATS.contains(&format))
}

/// The items that a text with several arguments would be, as a list is written. A value may hold blanks.
fn several(option: &str) -> Option<String> {
    let words: Vec<&str> = option.split_whitespace().collect();
    let (first, others) = words.split_first()?;
    let is_more = others.iter().any(|word| word.starts_with('-')) || !others.is_empty() && !first.contains('=');
    let quoted = |word: &&str| {
        if word.starts_with('-') { (*word).to_owned() } else { format!("\"{word}\"") }
    };
    (first.starts_with('-') && is_more).then(|| words.iter().map(quoted).collect::<Vec<_>>().join(", "))
}

#[cfg(test)]
mod tests {
    use crate::profile::parse;

    fn read(options: &str) -> Result<(), String> {
        let text = format!("name: x\npostgres: 17\nrestore: {{options: [{options}]}}\n");
        parse(&text, "x.yaml").map(|_| ()).map_err(|error| error.to_string())
    }

    #[test]
    fn several_options_in_one_item_are_refused_with_how_to_write_them() {
        let wanted = "x.yaml:3:21: `restore.options[0]`: it is one argument, and several are written in it; write an item for \
                      each: `[--no-owner, --no-acl]`";
        assert_eq!(read("\"--no-owner --no-acl\"").unwrap_err(), wanted);
        assert!(read("-n shop").unwrap_err().ends_with("`[-n, \"shop\"]`"));
        assert!(read("--schema=shop -O").is_err());
    }

    #[test]
    fn what_pgrehearse_sets_itself_is_refused_with_where_it_belongs() {
        for (option, instead) in [
            ("--dbname=x", "`--dbname` cannot be given here"),
            ("-O, -d, x", "x.yaml:3:25:"),
            ("--host=h", "`--host`"),
            ("-p5432", "`--port`"),
            ("-U, me", "`restore.as` says who restores"),
            ("--file=out.sql", "nothing is restored"),
            ("--format=custom", "`--format`"),
            ("-Fc", "`--format`"),
            ("-j4", "`restore.jobs`"),
            ("--jobs, '4'", "`restore.jobs`"),
        ] {
            let error = read(option).unwrap_err();
            assert!(error.contains(instead) && error.lines().count() == 1, "{option}: {error}");
        }
    }

    #[test]
    fn options_of_the_clients_are_taken_as_they_are() {
        for options in [
            "--no-owner, -x",
            "-n, shop, --schema=my shop, '--table=a b'",
            "-v, A=some text",
            "--set=VERBOSITY=verbose",
            "'-t', 'a table with blanks'",
            "--create, --clean, --if-exists, '-1'",
            "-F, ','",
        ] {
            assert_eq!(read(options), Ok(()), "{options}");
        }
    }
}
