//! `ALTER …` and `DROP …`.

use super::Collector;
use crate::facts::{Constraint, Policy, Relation, RowSecurity};
use crate::lexer::{Statement, Token, TokenKind};
use crate::object_kind::ObjectKind;
use crate::sequences::{self, Named};
use crate::sql::identifier;
use crate::tag;
use crate::words::Words;

impl Collector {
    /// What the script removes itself is not looked for.
    pub(super) fn drop(&mut self, words: &mut Words<'_>) -> Option<()> {
        let kind = words.word()?;
        if kind == "materialized" {
            words.eat("view")?;
        }
        words.if_exists();
        match kind {
            "database" => {
                let name = words.name()?;
                self.facts.creates_database.retain(|created| created.name != name);
            }
            "role" | "user" | "group" => loop {
                let role = words.name()?;
                let is_created = self.facts.roles_created.contains(&role);
                if is_created || self.facts.roles_altered.contains(&role) {
                    self.facts.role_statements.push(format!("DROP ROLE {}", identifier(&role)));
                }
                if is_created {
                    self.facts.roles_gone.insert(role);
                }
                words.sign(b',')?;
            },
            "materialized" => loop {
                let (schema, name) = self.qualified(words)?;
                let relation = Relation { database: self.database.clone(), schema, name };
                self.facts.refreshed.remove(&relation);
                words.sign(b',')?;
            },
            "policy" => {
                let name = words.name()?;
                words.eat("on")?;
                let (schema, table) = self.qualified(words)?;
                let of = Relation { database: self.database.clone(), schema, name: table };
                self.facts.policies_gone.insert((of, name));
            }
            _ => {}
        }
        Some(())
    }

    /// `ALTER POLICY name ON table RENAME TO other`
    fn rename_policy(&mut self, mut words: Words<'_>) -> Option<()> {
        words.eat("policy")?;
        let from = words.name()?;
        words.eat("on")?;
        let (schema, table) = self.qualified(&mut words)?;
        words.eat("rename")?;
        words.eat("to")?;
        let to = words.name()?;
        let of = Relation { database: self.database.clone(), schema: schema.clone(), name: table.clone() };
        let is_it = |policy: &&Policy| {
            policy.name == from
                && policy.table == table
                && (&policy.database, &policy.schema) == (&of.database, &schema)
        };
        let roles = self.facts.policies.iter().rev().find(is_it).map(|policy| policy.roles.clone()).unwrap_or_default();
        self.facts.policies_gone.insert((of, from));
        self.has_policy(schema, table, to, roles);
        Some(())
    }

    /// What the commands of an `ALTER TABLE` say of row level security.
    fn row_security(&mut self, words: Words<'_>, schema: &Option<String>, table: &str) {
        let of = Relation { database: self.database.clone(), schema: schema.clone(), name: table.to_owned() };
        for mut command in words.commands() {
            let Some(verb) = command.word() else { continue };
            let is_forced = match verb {
                "no" if command.eat("force").is_some() => Some(false),
                "force" => Some(true),
                "enable" | "disable" => None,
                _ => continue,
            };
            if !command.begin_with(&["row", "level", "security"]) {
                continue;
            }
            match is_forced {
                Some(forced) => {
                    self.facts.row_security_forced.insert(of.clone(), forced);
                }
                None if verb == "enable" => {
                    self.facts.row_security_off.remove(&of);
                    let (database, schema, table) = (of.database.clone(), of.schema.clone(), of.name.clone());
                    self.facts.row_security.push(RowSecurity { database, schema, table });
                }
                None => {
                    self.facts.row_security_off.insert(of.clone());
                }
            }
        }
    }

    /// `ALTER ROLE name RENAME TO other`
    pub(super) fn rename_role(&mut self, mut words: Words<'_>, statement: &Statement) -> Option<()> {
        words.eat("role").or_else(|| words.eat("user")).or_else(|| words.eat("group"))?;
        let from = words.name()?;
        words.eat("rename")?;
        words.eat("to")?;
        let to = words.name()?;
        self.facts.role_statements.push(statement.text.clone());
        if self.facts.roles_created.contains(&from) {
            self.facts.roles_gone.insert(from);
        }
        self.creates_role(to);
        Some(())
    }

    pub(super) fn alter(&mut self, words: &mut Words<'_>, statement: &Statement) -> Option<()> {
        if self.rename_role(*words, statement).is_some() {
            return Some(());
        }
        if self.rename_policy(*words).is_some() {
            return Some(());
        }
        if words.eat("default").is_some() {
            words.eat("privileges")?;
            return self.default_privileges(words, statement);
        }
        if words.eat("index").is_some() {
            let (schema, name) = self.qualified(words)?;
            words.eat("attach")?;
            let index = Relation { database: self.database.clone(), schema, name };
            *self.facts.attached.entry(index).or_default() += 1;
            return Some(());
        }
        let kind = words.kind(ObjectKind::words_of_owned())?;
        if kind == tag::ROLE {
            // `ALTER ROLE ALL SET …` names none.
            let all =
                matches!(words.tokens.first().map(|token| &token.kind), Some(TokenKind::Word(word)) if word == "all");
            self.facts.role_statements.push(statement.text.clone());
            let role = words.name().filter(|_| !all)?;
            self.facts.roles_altered.insert(role);
            return Some(());
        }
        if kind == tag::DATABASE && self.rename(*words).is_some() {
            return Some(());
        }
        if kind == tag::DATABASE && self.database_setting(*words) {
            self.facts.role_statements.push(statement.text.clone());
            return Some(());
        }
        words.if_exists();
        if kind == tag::TABLE {
            let _ = words.eat("only");
        }
        let (schema, name) = self.object(words, kind)?;
        match kind {
            tag::SEQUENCE => {
                if let Some(value) = sequences::restarted(*words) {
                    self.set_sequence(Named::Itself((schema.clone(), name.clone())), value);
                }
            }
            tag::TABLE => {
                self.row_security(*words, &schema, &name);
                for (column, value) in sequences::restarted_columns(*words) {
                    self.set_sequence(Named::OfColumn((schema.clone(), name.clone()), column), value);
                }
            }
            _ => {}
        }
        match words.word()? {
            "owner" => {
                words.eat("to")?;
                let owner = words.name()?;
                let name = self.as_tagged(name);
                self.owner(kind, schema, name, owner);
            }
            "add" if kind == tag::TABLE || kind == tag::DOMAIN => {
                words.eat("constraint")?;
                let constraint = words.name()?;
                // Where the end was not kept, nobody knows what it ends with.
                if statement.cut || is_unverified(words.tokens) {
                    let of = Relation { database: self.database.clone(), schema, name };
                    self.facts.unverified.insert(Constraint { of, name: constraint });
                }
            }
            _ => {}
        }
        Some(())
    }

    /// `ALTER DATABASE name RENAME TO other`
    pub(super) fn rename(&mut self, mut words: Words<'_>) -> Option<()> {
        let from = words.name()?;
        words.eat("rename")?;
        words.eat("to")?;
        self.facts.renamed.push(from, words.name()?);
        Some(())
    }

    /// `ALTER DATABASE name SET …`, `… CONNECTION LIMIT …`, `… IS_TEMPLATE …` sets no owner.
    pub(super) fn database_setting(&self, mut words: Words<'_>) -> bool {
        words.name().is_some() && words.eat("owner").is_none()
    }
}

/// Whether the definition of a constraint ends with `NOT VALID` or `NOT ENFORCED` (pg_get_constraintdef_worker in
/// ruleutils.c, PostgreSQL 18, writes them last).
fn is_unverified(definition: &[Token]) -> bool {
    let [.., before, last] = definition else { return false };
    before.kind.is_word("not") && (last.kind.is_word("valid") || last.kind.is_word("enforced"))
}
