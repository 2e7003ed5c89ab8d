//! Memberships that are written at the role that has the members.

use super::{Places, roles, steps};
use crate::profile::{Membership, ProfileError, Target};

/// Writes each `members` as `member_of` of those members.
pub fn check(target: &mut Target, at: &Places<'_>) -> Result<(), ProfileError> {
    for index in 0..target.roles.len() {
        let group = target.roles[index].name.clone();
        for (nth, member) in std::mem::take(&mut target.roles[index].members).into_iter().enumerate() {
            let path = steps!["roles", index, "members", nth];
            let known = roles::known_role(target, &member).map_err(|(why, hint)| at.bad(path, why).hint(hint))?;
            if known.is_none() {
                return Err(at.bad(path, format!("`{member}` is the superuser, who needs no membership")));
            }
            if let Some(role) = target.roles.iter_mut().find(|role| role.name == member)
                && !role.member_of.iter().any(|membership| membership.role == group)
            {
                role.member_of.push(Membership::from(group.clone()));
            }
        }
    }
    Ok(())
}
