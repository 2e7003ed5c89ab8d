//! What a script sets for its session: the role, the schemas that are searched, the encoding.

use super::Collector;
use super::effect::Effect;
use crate::sql::boolean;
use crate::temporary::Searched;
use crate::words::Words;

impl Collector {
    /// Looks for names without a schema in these from now on; none are those of the server's configuration.
    pub(super) fn search(&mut self, schemas: Vec<String>) {
        self.temporary.searched = Searched::of(schemas.iter().map(String::as_str));
        self.schema = leading_schema(schemas);
    }

    pub(super) fn set(&mut self, words: &mut Words<'_>) -> Option<Effect> {
        let is_local = words.eat("local").is_some();
        if words.eat("session").is_some() && words.eat("authorization").is_some() {
            let role = words.name_or_text().filter(|role| role != "default");
            self.facts.sessions.extend(role.clone());
            self.acts.become_session(role, is_local);
            return Some(Effect::None);
        }
        // `SET SCHEMA 'x'`, `SET NAMES 'x'`, `SET TIME ZONE x`.
        if words.eat("schema").is_some() {
            let schema = words.text()?;
            return Some(self.set_to("search_path", Some(schema), *words, is_local));
        }
        if words.eat("names").is_some() {
            let encoding = words.name_or_text();
            return Some(self.set_to("client_encoding", encoding, *words, is_local));
        }
        // `SET ROLE name` takes no equals sign.
        let mut role = *words;
        if role.eat("role").is_some()
            && let Some(role) = role.name_or_text()
        {
            let role = (role != "none").then_some(role);
            self.facts.sessions.extend(role.clone());
            self.acts.become_role(role, is_local);
            return Some(Effect::None);
        }
        let mut name = words.name()?;
        while words.sign(b'.').is_some() {
            name = format!("{name}.{}", words.name()?);
        }
        if words.sign(b'=').is_none() {
            words.eat("to")?;
        }
        let value = words.name_or_text();
        let rest = *words;
        let effect = self.set_to(&name, value, rest, is_local);
        self.setting(name);
        Some(effect)
    }

    /// `SET name = value`; more values may follow.
    pub(super) fn set_to(&mut self, name: &str, value: Option<String>, mut rest: Words<'_>, is_local: bool) -> Effect {
        let is_default = matches!(&value, Some(value) if value == "default");
        let value = value.filter(|_| !is_default);
        match name {
            _ if is_local && matches!(name, "client_encoding" | "search_path" | "standard_conforming_strings") => {
                return Effect::Unknown("SET LOCAL, which ends with its transaction");
            }
            "client_encoding" => {
                self.encode(value);
                return Effect::Encoding;
            }
            "standard_conforming_strings" => {
                // What is no boolean is refused, and changes nothing; DEFAULT is on.
                let on = value.map_or(Some(true), |value| boolean(&value));
                return on.map_or(Effect::None, Effect::StdStrings);
            }
            "default_tablespace" => {
                if let Some(tablespace) = value.filter(|tablespace| !tablespace.is_empty()) {
                    self.facts.tablespaces.insert(tablespace);
                }
            }
            "row_security" => {
                self.facts.row_security_on |= value.and_then(|value| boolean(&value)) == Some(true);
            }
            // Dumps older than 10.3 set it for each object (K_VERS_1_13 in pg_backup_archiver.h).
            "search_path" => {
                self.built_in = matches!(&value, Some(value) if value.is_empty());
                let mut schemas: Vec<String> = value.into_iter().collect();
                while rest.sign(b',').is_some() {
                    schemas.extend(rest.name_or_text());
                }
                self.search(schemas);
            }
            _ => {}
        }
        Effect::None
    }

    /// Takes what the client's encoding is set to.
    pub(crate) fn encode(&mut self, encoding: Option<String>) {
        if let (Some(database), Some(encoding)) = (&self.database, &encoding) {
            self.facts.encodings.entry(database.clone()).or_insert_with(|| encoding.clone());
        }
        self.facts.encoding = self.facts.encoding.take().or_else(|| encoding.clone());
        self.encoding = encoding;
    }

    /// Whether text is now in another encoding than that which the facts give for the database.
    pub(crate) fn is_encoded_otherwise(&self) -> bool {
        match (&self.encoding, self.stated_encoding()) {
            (Some(now), Some(stated)) => !is_same_encoding(now, stated),
            (None, Some(_)) => true,
            _ => false,
        }
    }

    /// The same of rows whose own statement says their encoding. Where the script says none for the rest, that is in the
    /// database's own, which the text does not say.
    pub(crate) fn is_other_encoding(&self, encoding: &str) -> bool {
        self.stated_encoding().is_none_or(|stated| !is_same_encoding(encoding, stated))
    }

    pub(super) fn stated_encoding(&self) -> Option<&str> {
        match &self.database {
            Some(database) => self.facts.encoding_of(database),
            None => self.facts.encoding.as_deref(),
        }
    }

    pub(super) fn setting(&mut self, name: String) {
        if self.settings.insert(name.clone()) {
            self.facts.settings.push(name);
        }
    }
}

/// Whether two names of encodings are spellings of the same.
fn is_same_encoding(one: &str, other: &str) -> bool {
    let normal = |name: &str| {
        let letters = name.chars().filter(char::is_ascii_alphanumeric);
        letters.collect::<String>().to_ascii_lowercase().replace("unicode", "utf8")
    };
    normal(one) == normal(other)
}

/// The schema that names without one are in: the first of search_path that is neither the session's role's own, which hardly
/// any database has, nor the system's.
fn leading_schema(schemas: Vec<String>) -> Option<String> {
    schemas.into_iter().find(|schema| !matches!(schema.as_str(), "" | "pg_catalog" | "$user" | "pg_temp"))
}
