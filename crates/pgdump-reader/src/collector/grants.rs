//! `GRANT`, `REVOKE` and `ALTER DEFAULT PRIVILEGES`.

use std::collections::HashSet;

use super::Collector;
use crate::facts::Grant;
use crate::lexer::Statement;
use crate::object_kind::ObjectKind;
use crate::tag;
use crate::words::Words;

impl Collector {
    pub(super) fn default_privileges(&mut self, words: &mut Words<'_>, statement: &Statement) -> Option<()> {
        let mut grantors = Vec::new();
        if words.eat("for").is_some() {
            words.eat("role").or_else(|| words.eat("user"))?;
            grantors = words.roles();
        }
        let mut schema = None;
        if words.eat("in").is_some() {
            words.eat("schema")?;
            schema = words.name();
        }
        let revokes = match words.word()? {
            "grant" => false,
            "revoke" => true,
            _ => return None,
        };
        words.skip_to("on")?;
        let mut name = words.word()?.to_ascii_uppercase();
        if name == "LARGE" {
            words.eat("objects")?;
            name = "LARGE OBJECTS".to_owned();
        }
        words.eat(if revokes { "from" } else { "to" })?;
        let (grantees, public) = words.roles_and_public();
        self.add_grant(
            Grant {
                database: self.database.clone(),
                kind: tag::DEFAULT_PRIVILEGES.to_owned(),
                schema,
                name,
                grantees,
                grantors,
                statements: String::new(),
                revokes_public: revokes && public,
            },
            statement,
        );
        Some(())
    }

    pub(super) fn grant(&mut self, words: &mut Words<'_>, statement: &Statement, revokes: bool) -> Option<()> {
        let mut grant = Grant {
            database: self.database.clone(),
            kind: String::new(),
            schema: None,
            name: String::new(),
            grantees: Vec::new(),
            grantors: self.acts.session().into_iter().cloned().collect(),
            statements: String::new(),
            revokes_public: false,
        };
        let preposition = if revokes { "from" } else { "to" };
        let mut privileges = *words;
        if words.skip_to_either("on", preposition)? == "on" {
            let kind = words.kind(ObjectKind::words_of_granted()).unwrap_or(tag::TABLE);
            if kind == tag::PARAMETER {
                self.facts.role_statements.push(statement.text.clone());
            }
            let (schema, name) = self.object(words, kind)?;
            grant.schema = schema;
            // Column privileges list the columns with the privilege: `GRANT SELECT(price) ON TABLE …`.
            let column = (kind == tag::TABLE).then(|| privileges.column()).flatten();
            (grant.kind, grant.name) = match column {
                Some(column) => (tag::COLUMN.to_owned(), format!("{name}.{column}")),
                None => (kind.to_owned(), name),
            };
            words.skip_to(preposition)?;
        } else {
            grant.kind = tag::ROLE.to_owned();
            self.facts.role_statements.push(statement.text.clone());
            let roles = privileges.roles();
            grant.name = roles.first()?.clone();
            grant.grantees = roles;
        }
        let (grantees, public) = words.roles_and_public();
        grant.grantees.extend(grantees);
        grant.revokes_public = revokes && public;
        while words.skip_to("granted").is_some() {
            if words.eat("by").is_some()
                && let Some(role) = words.name()
            {
                grant.grantors.push(role);
            }
        }
        self.add_grant(grant, statement);
        Some(())
    }

    /// Statements on the same object, one after another, are one grant.
    fn add_grant(&mut self, new: Grant, statement: &Statement) {
        let same = |old: &&mut Grant| {
            (&old.database, &old.kind, &old.schema, &old.name) == (&new.database, &new.kind, &new.schema, &new.name)
        };
        let mut text = statement.text.clone();
        text.push(';');
        match self.facts.grants.last_mut().filter(same) {
            Some(old) => {
                let [grantees, grantors] = &mut self.last_grant;
                add_new(&mut old.grantees, grantees, new.grantees);
                add_new(&mut old.grantors, grantors, new.grantors);
                old.revokes_public |= new.revokes_public;
                old.statements.push('\n');
                old.statements.push_str(&text);
            }
            None => {
                let (mut grantees, mut grantors) = (Vec::new(), Vec::new());
                self.last_grant = Default::default();
                add_new(&mut grantees, &mut self.last_grant[0], new.grantees);
                add_new(&mut grantors, &mut self.last_grant[1], new.grantors);
                self.facts.grants.push(Grant { grantees, grantors, statements: text, ..new });
            }
        }
    }
}

/// `seen` holds what the list holds.
fn add_new(list: &mut Vec<String>, seen: &mut HashSet<String>, new: Vec<String>) {
    for item in new {
        if seen.insert(item.clone()) {
            list.push(item);
        }
    }
}
