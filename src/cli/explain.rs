//! `pgrehearse explain`: the page of a finding.

use std::io::Write as _;

use super::arguments::Explain;
use super::{Usage, exit};
use crate::finding::Name;
use crate::profile::nearest;

/// Runs the command; the result is its exit code.
pub fn explain(arguments: &Explain) -> anyhow::Result<u8> {
    let mut out = std::io::stdout().lock();
    let Some(wanted) = &arguments.finding else {
        let width = Name::ALL.iter().map(|name| name.as_str().len()).max().unwrap_or(0);
        for name in Name::ALL {
            writeln!(out, "{:width$}  {:7}  {}", name.as_str(), name.severity().label(), name.summary())?;
        }
        return Ok(exit::PASS);
    };
    match wanted.parse::<Name>() {
        Ok(name) => {
            write!(out, "{}", name.page())?;
            Ok(exit::PASS)
        }
        Err(()) => {
            let hint = match nearest(wanted, Name::ALL.iter().map(|name| name.as_str())) {
                Some(name) => format!("did you mean {name:?}?"),
                None => "`pgrehearse explain` lists all".into(),
            };
            Err(Usage(format!("there is no finding {wanted:?}; {hint}")).into())
        }
    }
}
