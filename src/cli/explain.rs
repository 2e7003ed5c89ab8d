//! `pgrehearse explain`: the page of a finding, a column or a word of the report, or all findings.

use std::io::IsTerminal as _;

use super::arguments::Explain;
use super::output::{PROSE_WIDTH, terminal_options};
use super::{pager, words};
use crate::check::Group;
use crate::exit;
use crate::finding::Name;
use crate::profile::nearest;
use crate::report::page;
use crate::report::terminal::TerminalOptions;
use crate::session::RunError;

/// Runs the command; the result is its exit code.
pub fn explain(arguments: &Explain) -> Result<u8, RunError> {
    let options = terminal_options(false, PROSE_WIDTH);
    let mut text = Vec::new();
    match &arguments.finding {
        None => {
            // A line for each where no terminal breaks it, so that `grep` finds all of it.
            let width = if std::io::stdout().is_terminal() { options.width } else { usize::MAX };
            page::write_list(&mut text, &TerminalOptions { width, ..options })?;
        }
        Some(wanted) => match column(wanted).or_else(|| words::page(wanted)) {
            Some(page) => page::write(&page, &mut text, &options)?,
            None => page::write(finding(wanted)?.page(), &mut text, &options)?,
        },
    }
    pager::show(&String::from_utf8_lossy(&text))?;
    Ok(exit::PASS)
}

/// The page of a column of the grid.
fn column(wanted: &str) -> Option<String> {
    const RESTORE: &str = "The restore itself, by the target's own `pg_restore` or `psql`: every error that it met, each cause \
                           once. What the causes led to stands below them.";
    let explanation = match wanted {
        "restore" => RESTORE,
        _ => Group::ALL.iter().find(|group| group.label() == wanted)?.explanation(),
    };
    Some(format!("# {wanted}\n\nA column of the report.\n\n{explanation}\n"))
}

fn finding(wanted: &str) -> Result<Name, RunError> {
    // As reports write it, too: `error[role-missing]`.
    let name = wanted.split_once('[').and_then(|(_, rest)| rest.strip_suffix(']')).unwrap_or(wanted);
    name.parse().map_err(|()| {
        let names = Name::ALL.iter().map(|name| name.as_str());
        let names = names.chain(Group::ALL.iter().map(|group| group.label())).chain(words::names());
        let hint = match nearest(name, names) {
            Some(name) => format!("did you mean {name:?}?"),
            None => "`pgrehearse explain --list` shows all".into(),
        };
        RunError::Usage(format!("there is no finding, column or word {wanted:?}; {hint}"))
    })
}
