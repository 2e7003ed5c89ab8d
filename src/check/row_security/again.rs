//! The statements that make policies again as the dump defines them.

use std::collections::{BTreeMap, HashMap};

use pgdump_reader::{Declared, Policy, Word, statements, tag};

use super::{Table, sql};
use crate::check::Restored;
use crate::check::scope::in_database;
use crate::cluster::sql::identifier;

/// What the dump states of policies, by table and name.
pub struct Again<'a> {
    policies: HashMap<(Table, String), &'a Declared>,
    comments: HashMap<(Table, String), &'a Declared>,
}

impl<'a> Again<'a> {
    pub fn of(restored: &'a Restored<'_>) -> Self {
        let mut again = Self { policies: HashMap::new(), comments: HashMap::new() };
        for object in in_database(&restored.scan.declared, restored, |object| &object.database) {
            let place = match object.desc.as_str() {
                tag::POLICY => &mut again.policies,
                tag::COMMENT if matches!(object.subject(), Some((tag::POLICY, _))) => &mut again.comments,
                _ => continue,
            };
            place.extend(named(&object.definition).map(|policy| (policy, object)));
        }
        again
    }

    /// Those that are lost. A restore with the roles makes them too, hence the `DROP`.
    pub fn lost(&self, lost: &BTreeMap<Table, Vec<&Policy>>) -> Vec<String> {
        let policies =
            lost.iter().flat_map(|(table, policies)| policies.iter().map(|one| (table.clone(), one.name.clone())));
        policies.flat_map(|policy| self.made(policy)).collect()
    }

    /// Those that came back otherwise, made as they were, and those that are too many, dropped.
    pub fn changed(&self, changed: &[(Declared, Declared)], extra: &[Declared]) -> Vec<String> {
        let made = changed.iter().filter_map(|(dump, _)| named(&dump.definition)).flat_map(|policy| self.made(policy));
        made.chain(extra.iter().filter_map(|object| named(&object.definition)).map(|policy| drop(&policy))).collect()
    }

    /// Nothing where the dump's definition is not known: a policy must not be dropped that cannot be made.
    fn made(&self, policy: (Table, String)) -> Vec<String> {
        let definition = |object: &&Declared| object.definition.trim().to_owned();
        let Some(create) = self.policies.get(&policy).map(definition).filter(|create| !create.is_empty()) else {
            return Vec::new();
        };
        // A comment goes with its policy.
        let comment = self.comments.get(&policy).map(definition);
        [drop(&policy), create].into_iter().chain(comment).collect()
    }
}

fn drop((table, name): &(Table, String)) -> String {
    format!("DROP POLICY IF EXISTS {} ON {};", identifier(name), sql(table))
}

/// The table and name of the policy in `CREATE POLICY name ON schema.table …` or `COMMENT ON POLICY name ON schema.table …`.
pub(super) fn named(definition: &str) -> Option<(Table, String)> {
    let words = statements(definition).into_iter().next()?;
    let word = |at: usize| match words.get(at) {
        Some(Word::Name(name)) => Some(name.as_str()),
        _ => None,
    };
    let at = match (word(0)?, word(1)?, word(2)?) {
        ("create", "policy", _) => 2,
        ("comment", "on", "policy") => 3,
        _ => return None,
    };
    let is_name = word(at + 1) == Some("on") && words.get(at + 3) == Some(&Word::Sign(b'.'));
    is_name.then_some(((word(at + 2)?.to_owned(), word(at + 4)?.to_owned()), word(at)?.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_policy_is_named_by_its_statement_and_by_its_comment() {
        let policy = (("a.b".to_owned(), "c\nd".to_owned()), "on; \"x\"".to_owned());
        let name = "\"on; \"\"x\"\"\" ON \"a.b\".\"c\nd\"";
        assert_eq!(named(&format!("CREATE POLICY {name} TO x USING (true);")), Some(policy.clone()));
        assert_eq!(named(&format!("COMMENT ON POLICY {name} IS 'ON a.b';")), Some(policy));
        assert_eq!(named("CREATE POLICY p ON t USING (true);"), None);
        assert_eq!(named("COMMENT ON TABLE a.b IS 'POLICY p ON a.b';"), None);
    }
}
