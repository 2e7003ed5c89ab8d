//! What a profile decides about findings: each exists, an accepted one has a reason and has not expired, and nothing is
//! waved through behind which anything could stand.

use super::{Places, steps};
use crate::profile::{Accept, Acceptable, Cause, KnownFinding, ProfileError, Rules, Severity, Target, suggest};

pub fn accepts(target: &mut Target, rules: &Rules<'_>, at: &Places<'_>) -> Result<(), ProfileError> {
    for (index, accept) in target.accept.iter().enumerate() {
        at.each(|| accepted(index, accept, rules, at));
    }
    Ok(())
}

fn accepted(index: usize, accept: &Accept, rules: &Rules<'_>, at: &Places<'_>) -> Result<(), ProfileError> {
    let name = accept.finding.as_str();
    let path = format!("`accept[{index}]`");
    let known = known(name, rules).map_err(|hint| {
        let cause = Cause::UnknownFinding { path: path.clone(), finding: name.escape_debug().to_string() };
        at.error(steps!["accept", index, "finding"], cause).hint(hint)
    })?;
    match known.map_or(Acceptable::Freely, |known| known.acceptable) {
        Acceptable::Freely => {}
        Acceptable::Never => {
            let why = format!("`{name}` cannot be accepted: it leaves unknown what did not come back");
            return Err(at.bad(steps!["accept", index, "finding"], why));
        }
        Acceptable::OfProfile => {
            let why = format!("`{name}` cannot be accepted: change the profile that it is about");
            return Err(at.bad(steps!["accept", index, "finding"], why));
        }
        Acceptable::ByName => {
            let why = format!("`{name}` can be any error, so it is accepted for one object at a time");
            let Some(object) = &accept.object else {
                let why = format!("{why}: name it with `object`");
                return Err(at.bad(steps!["accept", index, "finding"], why));
            };
            if object.exact().is_none() {
                let why = format!("{why}, by its whole name without `*` and `?`");
                return Err(at.bad(steps!["accept", index, "object"], why));
            }
        }
    }
    if accept.reason.trim().is_empty() {
        return Err(at.bad(steps!["accept", index, "reason"], "say why it is accepted"));
    }
    if accept.until < rules.today {
        let finding = name.escape_debug().to_string();
        let cause = Cause::AcceptExpired { path, finding, until: accept.until };
        let hint = "fix the cause, or give it a new end";
        return Err(at.error(steps!["accept", index, "until"], cause).hint(Some(hint.into())));
    }
    Ok(())
}

pub fn severities(target: &mut Target, rules: &Rules<'_>, at: &Places<'_>) -> Result<(), ProfileError> {
    for (name, severity) in &target.severity {
        at.each(|| counted_as(name, *severity, rules, at));
    }
    Ok(())
}

fn counted_as(name: &str, severity: Severity, rules: &Rules<'_>, at: &Places<'_>) -> Result<(), ProfileError> {
    let refused = |why: String| at.bad(steps!["severity", name], why);
    let known = known(name, rules).map_err(|hint| {
        let finding = name.escape_debug().to_string();
        at.unknown_key(steps!["severity"], name, Cause::UnknownFinding { path: "`severity`".into(), finding })
            .hint(hint)
    })?;
    match known.map_or(Acceptable::Freely, |known| known.acceptable) {
        Acceptable::Never if severity < Severity::Error => {
            return Err(refused("it is always an error: it leaves unknown what did not come back".into()));
        }
        Acceptable::ByName if severity < Severity::Error => {
            let why = "it is always an error, because it can be any: accept it for single objects instead";
            return Err(refused(why.into()));
        }
        _ => {}
    }
    Ok(())
}

/// The finding of this name; nothing where every name is taken. An error is the hint to the nearest one.
fn known<'a>(name: &str, rules: &Rules<'a>) -> Result<Option<KnownFinding<'a>>, Option<String>> {
    let Some(all) = rules.known_findings else { return Ok(None) };
    match all.iter().find(|known| known.name == name) {
        Some(known) => Ok(Some(*known)),
        None => Err(suggest::nearest(name, all.iter().map(|known| known.name)).map_or_else(
            || Some("`pgrehearse explain` lists all".to_owned()),
            |near| Some(format!("did you mean `{near}`?")),
        )),
    }
}
