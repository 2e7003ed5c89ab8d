//! `pgrehearse profiles`: the built-in ones, and checking one's own.

use std::io::Write as _;

use super::arguments::{Profiles, ProfilesAction};
use super::{exit, targets};
use crate::dump;
use crate::finding::profile_rules;
use crate::profile::{self, BUILTIN, Rules};

/// Runs the command; the result is its exit code.
pub fn profiles(arguments: Profiles) -> anyhow::Result<u8> {
    let mut out = std::io::stdout().lock();
    match arguments.action.unwrap_or(ProfilesAction::List) {
        ProfilesAction::List => {
            let width = BUILTIN.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
            for (name, text) in BUILTIN {
                let targets = profile::parse_all(text, name, &profile_rules())?;
                let description = targets.first().map_or("", |target| &target.description);
                writeln!(out, "{name:width$}  {description}")?;
            }
        }
        ProfilesAction::Show { names, raw: true, .. } => {
            for name in names {
                let text = profile::text_of(&name)?;
                write!(out, "{text}")?;
            }
        }
        ProfilesAction::Show { names, dump, .. } => {
            let source = match dump {
                Some(path) => Some(targets::source_of(&dump::open(&path)?)?),
                None => None,
            };
            let rules = Rules { source: source.as_ref(), ..profile_rules() };
            let made = profile::made_by(&names, &rules)?;
            for (index, made) in made.iter().enumerate() {
                if index > 0 {
                    // Several are several documents.
                    writeln!(out, "---")?;
                }
                if made.target.takes_from_dump && source.is_none() {
                    writeln!(out, "# Takes values from the dump; without --dump something stands in for them.")?;
                }
                for notice in &made.target.notices {
                    writeln!(out, "# {notice}")?;
                }
                write!(out, "{}", made.annotated()?)?;
            }
        }
        ProfilesAction::Check { profiles } => {
            for target in profile::load_with(&profiles, &profile_rules())? {
                writeln!(out, "{}: ok", target.name)?;
            }
        }
    }
    Ok(exit::PASS)
}
