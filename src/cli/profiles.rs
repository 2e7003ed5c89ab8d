//! `pgrehearse profiles`: the built-in ones, and checking one's own.

use std::io::Write as _;

use super::arguments::{Profiles, ProfilesAction};
use super::{Usage, exit};
use crate::finding::Name;
use crate::profile::{self, BUILTIN, Rules, nearest};

/// Runs the command; the result is its exit code.
pub fn profiles(arguments: Profiles) -> anyhow::Result<u8> {
    let mut out = std::io::stdout().lock();
    match arguments.action.unwrap_or(ProfilesAction::List) {
        ProfilesAction::List => {
            let width = BUILTIN.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
            for (name, text) in BUILTIN {
                let target = profile::parse(text, name)?;
                writeln!(out, "{name:width$}  {}", target.description)?;
            }
        }
        ProfilesAction::Show { name } => match profile::builtin(&name) {
            Some(text) => write!(out, "{text}")?,
            None => {
                let hint = match nearest(&name, BUILTIN.iter().map(|(name, _)| *name)) {
                    Some(name) => format!("did you mean {name:?}?"),
                    None => "`pgrehearse profiles list` shows all".into(),
                };
                return Err(Usage(format!("there is no built-in profile {name:?}; {hint}")).into());
            }
        },
        ProfilesAction::Check { profiles } => {
            let names: Vec<&str> = Name::ALL.iter().map(|name| name.as_str()).collect();
            let rules = Rules { known_findings: Some(&names), ..Rules::default() };
            for target in profile::load_with(&profiles, &rules)? {
                writeln!(out, "{}: ok", target.name)?;
            }
        }
    }
    Ok(exit::PASS)
}
