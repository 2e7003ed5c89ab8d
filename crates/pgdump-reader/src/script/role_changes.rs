//! As whom a script acts, line by line: `SET SESSION AUTHORIZATION`, `SET ROLE`, `\connect - role`.

/// Where a script changes the role that it acts as.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RoleChanges {
    /// The line of the statement, and the role from then on; `None` is whoever restores it.
    changes: Vec<(u64, Option<String>)>,
    /// The line from which on changes are no longer kept.
    more: Option<u64>,
}

/// Of a script of millions the first are enough.
const MAX_CHANGES: usize = 100_000;

impl RoleChanges {
    pub(crate) fn push(&mut self, line: u64, role: Option<&str>) {
        if self.changes.last().and_then(|(_, last)| last.as_deref()) == role {
            return;
        }
        if self.changes.len() < MAX_CHANGES {
            self.changes.push((line, role.map(str::to_owned)));
        } else {
            self.more.get_or_insert(line);
        }
    }

    /// The role that is in force where a statement ends in this line; `None` where it is whoever restores, or not known.
    /// `is_refused` says of a line whether the change in it was refused.
    pub fn at(&self, line: u64, is_refused: impl Fn(u64) -> bool) -> Option<&str> {
        if self.more.is_some_and(|more| more <= line) {
            return None;
        }
        let until = self.changes.partition_point(|(at, _)| *at <= line);
        let last = self.changes[..until].iter().rev().find(|(at, _)| !is_refused(*at));
        last.and_then(|(_, role)| role.as_deref())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_change_that_was_not_refused_is_in_force() {
        let mut acting = RoleChanges::default();
        for (line, role) in [(1, None), (3, Some("a")), (4, Some("a")), (7, Some("b")), (9, None)] {
            acting.push(line, role);
        }
        let at = |line: u64| acting.at(line, |_| false);
        assert_eq!([1, 3, 6, 8, 9, 99].map(at), [None, Some("a"), Some("a"), Some("b"), None, None]);
        assert_eq!(acting.at(8, |line| line == 7), Some("a"));
    }
}
