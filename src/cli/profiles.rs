//! `pgrehearse profiles`: the built-in ones, and checking one's own.

use std::io::Write as _;
use std::path::Path;

use super::arguments::{Profiles, ProfilesAction};
use super::{Usage, exit};
use crate::finding::profile_rules;
use crate::profile::{self, BUILTIN, nearest};

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
            None if is_path(&name) => {
                for target in profile::load_with(&[name], &profile_rules())? {
                    // Several in one folder are several documents.
                    write!(out, "---\n{}", serde_yaml::to_string(&target)?)?;
                }
            }
            None => {
                let hint = match nearest(&name, BUILTIN.iter().map(|(name, _)| *name)) {
                    Some(name) => format!("did you mean {name:?}?"),
                    None => "`pgrehearse profiles list` shows all".into(),
                };
                return Err(Usage(format!("there is no built-in profile {name:?}; {hint}")).into());
            }
        },
        ProfilesAction::Check { profiles } => {
            for target in profile::load_with(&profiles, &profile_rules())? {
                writeln!(out, "{}: ok", target.name)?;
            }
        }
    }
    Ok(exit::PASS)
}

/// Whether it means a file or a folder, as it would for `run`.
fn is_path(name: &str) -> bool {
    name.contains('/') || name.ends_with(".yaml") || name.ends_with(".yml") || Path::new(name).exists()
}
