//! Accepted findings: each exists, has a reason, and has not expired.

use super::{Places, steps};
use crate::profile::{Accept, Cause, ProfileError, Rules, suggest};

pub fn check(accepts: &[Accept], rules: &Rules<'_>, at: &Places<'_>) -> Result<(), ProfileError> {
    for (index, accept) in accepts.iter().enumerate() {
        let name = accept.finding.as_str();
        let path = format!("`accept[{index}]`");
        if let Some(known) = rules.known_findings
            && !known.contains(&name)
        {
            let cause = Cause::UnknownFinding { path, finding: name.escape_debug().to_string() };
            let hint = suggest::nearest(name, known.iter().copied()).map(|near| format!("did you mean `{near}`?"));
            return Err(at.error(steps!["accept", index, "finding"], cause).hint(hint));
        }
        if accept.reason.trim().is_empty() {
            return Err(at.bad(steps!["accept", index, "reason"], "say why it is accepted"));
        }
        if accept.until < rules.today {
            let finding = name.escape_debug().to_string();
            let cause = Cause::AcceptExpired { path, finding, until: accept.until };
            let hint = "mend the cause, or give it a new end";
            return Err(at.error(steps!["accept", index, "until"], cause).hint(Some(hint.into())));
        }
    }
    Ok(())
}
