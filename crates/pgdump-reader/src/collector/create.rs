//! `CREATE …`, and what fills a materialized view.

use super::Collector;
use super::effect::Effect;
use crate::facts::{CreatedDatabase, Extension, Grant, Policy, Relation};
use crate::object_kind::ObjectKind;
use crate::tag;
use crate::words::Words;

impl Collector {
    /// `REFRESH MATERIALIZED VIEW public.turnover`
    pub(super) fn refresh(&mut self, words: &mut Words<'_>) -> Option<()> {
        words.eat("materialized")?;
        words.eat("view")?;
        let _ = words.eat("concurrently");
        let (schema, name) = self.qualified(words)?;
        let view = Relation { database: self.database.clone(), schema, name };
        let empties = words.eat("with").is_some() && words.eat("no").is_some();
        if empties {
            self.facts.refreshed.remove(&view)
        } else {
            self.facts.refreshed.insert(view)
        };
        Some(())
    }

    /// `CREATE MATERIALIZED VIEW x AS …`, which fills it where it does not end in `WITH NO DATA`, as pg_dump writes it.
    pub(super) fn filled_as_made(&mut self, mut words: Words<'_>) -> Option<()> {
        let _ = words.eat("unlogged");
        words.eat("materialized")?;
        words.eat("view")?;
        words.if_not_exists();
        let (schema, name) = self.qualified(&mut words)?;
        if !words.end_with(&["with", "no", "data"]) {
            self.facts.refreshed.insert(Relation { database: self.database.clone(), schema, name });
        }
        Some(())
    }

    pub(super) fn create(&mut self, words: &mut Words<'_>) -> Option<Effect> {
        if words.eat("or").is_some() {
            words.eat("replace")?;
        }
        self.session_owner(*words);
        let _ = words.eat("trusted");
        let _ = words.eat("unlogged");
        let mut own = *words;
        let _ = own.eat("global").or_else(|| own.eat("local"));
        if own.eat("temporary").or_else(|| own.eat("temp")).is_some() {
            // It goes with the session.
            return Some(Effect::None);
        }
        let mut foreign = *words;
        let foreign = foreign.eat("foreign").and_then(|()| foreign.eat("table")).map(|()| foreign);
        if let Some(rest) = foreign {
            *words = rest;
            self.view(words, tag::FOREIGN_TABLE)?;
            return Some(Effect::None);
        }
        match words.word()? {
            "role" | "group" => self.creates_role(words.name()?),
            "user" if words.eat("mapping").is_some() => self.user_mapping(words)?,
            "user" => self.creates_role(words.name()?),
            "tablespace" => {
                let name = words.name()?;
                self.facts.tablespaces_created.insert(name);
            }
            "database" => self.database(words)?,
            "extension" => {
                words.if_not_exists();
                let name = words.name()?;
                let _ = words.eat("with");
                let schema = words.eat("schema").and_then(|()| words.name());
                let version = words.eat("version").and_then(|()| words.name_or_text());
                self.facts.extensions.push(Extension { database: self.database.clone(), name, schema, version });
            }
            "procedural" | "language" => {
                let _ = words.eat("language");
                self.facts.languages.insert(words.name()?);
            }
            "policy" => self.policy(words)?,
            "table" => {
                words.if_not_exists();
                let (schema, name) = words.qualified()?;
                if self.temporary.makes(schema.as_deref()) {
                    return Some(Effect::None);
                }
                let schema = schema.or_else(|| self.schema.clone());
                self.table(schema, name).created = true;
                return Some(Effect::CreatesTable);
            }
            "view" => self.view(words, tag::VIEW)?,
            "recursive" => {
                words.eat("view")?;
                self.view(words, tag::VIEW)?;
            }
            "sequence" => self.view(words, tag::SEQUENCE)?,
            "materialized" => {
                words.eat("view")?;
                self.view(words, tag::MATERIALIZED_VIEW)?;
            }
            _ => {}
        }
        Some(Effect::None)
    }

    /// With `--use-set-session-authorization` there is no OWNER TO: what is created belongs to the session's role.
    pub(super) fn session_owner(&mut self, mut words: Words<'_>) -> Option<()> {
        let owner = self.acts.session().cloned()?;
        let kind = words.kind(ObjectKind::words_of_owned())?;
        words.if_not_exists();
        let (schema, name) = match ObjectKind::is_word_in_schema(kind) {
            true => self.qualified(&mut words)?,
            false => (None, words.name()?),
        };
        let tagged = self.tag.strip_prefix(&name).is_some_and(|rest| rest.starts_with('('));
        let name = if tagged { self.tag.clone() } else { name };
        self.owner(kind, schema, name, owner);
        Some(())
    }

    pub(super) fn view(&mut self, words: &mut Words<'_>, kind: &'static str) -> Option<()> {
        words.if_not_exists();
        let (schema, name) = self.qualified(words)?;
        self.relation(schema, name, kind);
        Some(())
    }

    pub(super) fn relation(&mut self, schema: Option<String>, name: String, kind: &'static str) {
        self.relations.insert((self.database.clone(), schema, name), kind);
    }

    pub(super) fn database(&mut self, words: &mut Words<'_>) -> Option<()> {
        let mut created = CreatedDatabase { name: words.name()?, ..CreatedDatabase::default() };
        let _ = words.eat("with");
        while let Some(option) = words.name() {
            let _ = words.sign(b'=');
            let Some(value) = words.name_or_text() else { break };
            let field = match option.as_str() {
                "owner" => &mut created.owner,
                "encoding" => &mut created.encoding,
                "locale" => &mut created.locale,
                "lc_collate" => &mut created.lc_collate,
                "lc_ctype" => &mut created.lc_ctype,
                "locale_provider" => &mut created.locale_provider,
                "icu_locale" | "builtin_locale" => &mut created.provider_locale,
                "tablespace" => &mut created.tablespace,
                _ => continue,
            };
            *field = Some(value);
        }
        if let Some(tablespace) = &created.tablespace {
            self.facts.tablespaces.insert(tablespace.clone());
        }
        self.facts.creates_database.push(created);
        Some(())
    }

    pub(super) fn policy(&mut self, words: &mut Words<'_>) -> Option<()> {
        let name = words.name()?;
        words.eat("on")?;
        let (schema, table) = self.qualified(words)?;
        if words.eat("as").is_some() {
            words.word()?;
        }
        if words.eat("for").is_some() {
            words.word()?;
        }
        let mut roles = Vec::new();
        if words.eat("to").is_some() {
            roles = words.roles();
        }
        self.has_policy(schema, table, name, roles);
        Some(())
    }

    pub(super) fn has_policy(&mut self, schema: Option<String>, table: String, name: String, roles: Vec<String>) {
        let of = Relation { database: self.database.clone(), schema: schema.clone(), name: table.clone() };
        self.facts.policies_gone.remove(&(of, name.clone()));
        self.facts.policies.push(Policy { database: self.database.clone(), schema, table, name, roles });
    }

    /// `CREATE USER MAPPING FOR role SERVER name`
    pub(super) fn user_mapping(&mut self, words: &mut Words<'_>) -> Option<()> {
        words.if_not_exists();
        words.eat("for")?;
        let grantees = words.roles();
        words.eat("server")?;
        let name = words.name()?;
        self.facts.grants.push(Grant {
            database: self.database.clone(),
            kind: tag::USER_MAPPING.to_owned(),
            schema: None,
            name,
            grantees,
            grantors: Vec::new(),
            statements: String::new(),
            revokes_public: false,
        });
        Some(())
    }

    pub(super) fn creates_role(&mut self, role: String) {
        self.facts.roles_gone.remove(&role);
        self.facts.roles_created.insert(role);
    }
}
