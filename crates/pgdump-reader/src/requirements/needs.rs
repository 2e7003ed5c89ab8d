//! What a dump's definitions ask of a server, gathered statement by statement.
//!
//! Sources: src/bin/pg_dump/pg_dump.c and pg_dumpall.c of PostgreSQL 13 to 18. Who may make what: the checks of
//! `superuser()` in src/backend/commands of the same versions.

use std::collections::{BTreeMap, BTreeSet};

use super::features::{Feature, of_statement};
use crate::lexer::{Statement, TokenKind};
use crate::object_kind::ObjectKind;
use crate::tag;
use crate::words::Words;

/// What definitions ask for, as far as their statements say it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Needs {
    /// By the feature's name.
    features: BTreeMap<&'static str, (&'static Feature, BTreeSet<String>)>,
    /// `COLLATE` clauses: schema (where there is one) and name.
    collations: BTreeSet<(Option<String>, String)>,
    /// Collations that it creates.
    pub collations_created: Vec<Collation>,
    /// Publications that it creates, by name.
    pub publications: BTreeSet<String>,
    /// Subscriptions that it creates, by name.
    pub subscriptions: BTreeSet<String>,
    /// Event triggers that it creates, by name.
    pub event_triggers: BTreeSet<String>,
    /// Foreign data wrappers.
    pub wrappers: BTreeSet<String>,
    /// Foreign servers.
    pub servers: BTreeSet<String>,
    /// Providers of security labels; an empty name for the only one that is loaded.
    pub label_providers: BTreeSet<String>,
    /// Settings of functions, roles and databases, with the objects that have them.
    pub settings: BTreeMap<String, BTreeSet<String>>,
    /// Table access methods that it uses, `heap` among them.
    pub access_methods: BTreeSet<String>,
    /// Access methods that it creates.
    pub access_methods_created: BTreeSet<String>,
    /// What only a superuser may make.
    pub privileged: Vec<PrivilegedUse>,
    /// Whether a statement was too long to be looked into as a whole.
    pub cut: bool,
}

/// A `CREATE COLLATION`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Collation {
    /// `None` where the statement names none.
    pub schema: Option<String>,
    /// Without quotes.
    pub name: String,
    /// `libc`, `icu` or `builtin`.
    pub provider: Option<String>,
    /// `LOCALE`, or what stands for it: `LC_COLLATE`.
    pub locale: Option<String>,
}

/// An object that only a superuser may make.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PrivilegedUse {
    /// For people: `event triggers`.
    pub kind: &'static str,
    /// The object as a table of contents labels it: `FUNCTION public.f(integer)`.
    pub object: String,
}

/// Where a statement stands.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Context<'a> {
    /// What the archive calls the object.
    pub(crate) label: Option<&'a str>,
    /// Whether names without a schema are of built-in objects alone.
    pub(crate) built_in: bool,
}

impl Needs {
    /// What only some versions have, with the objects that use it, by name.
    pub fn features(&self) -> Vec<(&'static Feature, Vec<String>)> {
        self.features.values().map(|(feature, objects)| (*feature, objects.iter().cloned().collect())).collect()
    }

    /// Collations that are named and not created, with their schemas. The standard's are left out: every server has them.
    pub fn collations_not_created(&self) -> Vec<String> {
        const EVERYWHERE: &[&str] = &["C", "POSIX", "default", "ucs_basic"];
        let created = |schema: &Option<String>, name: &str| {
            self.collations_created.iter().any(|created| created.name == *name && created.schema == *schema)
        };
        self.collations
            .iter()
            .filter(|(schema, name)| !EVERYWHERE.contains(&name.as_str()) && !created(schema, name))
            .map(|(schema, name)| match schema {
                Some(schema) => format!("{schema}.{name}"),
                None => name.clone(),
            })
            .collect()
    }

    /// Takes one statement.
    pub(crate) fn see(&mut self, statement: &Statement, context: &Context<'_>) {
        self.cut |= statement.cut;
        for feature in of_statement(statement, context.built_in) {
            let label = label(statement, context);
            let (_, objects) = self.features.entry(feature.name).or_insert_with(|| (feature, BTreeSet::new()));
            objects.insert(label);
        }
        // What is not understood asks for nothing that is known here.
        let _ = self.read(statement, context);
    }

    fn read(&mut self, statement: &Statement, context: &Context<'_>) -> Option<()> {
        let mut words = Words::of(statement);
        match words.word()? {
            "create" => {
                self.collate(words);
                self.create(words, statement, context)
            }
            "alter" => {
                self.collate(words);
                self.alter(words, statement, context)
            }
            "set" => {
                words.eat("default_table_access_method")?;
                words.sign(b'=')?;
                let method = words.name_or_text().filter(|method| !method.is_empty())?;
                self.access_methods.insert(method);
                Some(())
            }
            "security" => {
                words.eat("label")?;
                let provider = words.eat("for").and_then(|()| words.name_or_text()).unwrap_or_default();
                self.label_providers.insert(provider);
                Some(())
            }
            "grant" => {
                words.skip_to("on")?;
                words.eat("parameter")?;
                self.privileged("privileges on parameters", statement, context);
                Some(())
            }
            _ => None,
        }
    }

    fn create(&mut self, mut words: Words<'_>, statement: &Statement, context: &Context<'_>) -> Option<()> {
        if words.eat("or").is_some() {
            words.eat("replace")?;
        }
        let trusted = words.eat("trusted").is_some();
        let kind = words.kind(ObjectKind::words_of_created())?;
        words.if_not_exists();
        match kind {
            tag::COLLATION => self.collation(words)?,
            tag::PUBLICATION => {
                self.publications.insert(words.name()?);
                if words.eat("for").is_some() && words.eat("all").is_some() {
                    self.privileged("publications of all tables", statement, context);
                }
            }
            tag::SUBSCRIPTION => {
                self.subscriptions.insert(words.name()?);
                self.privileged(SUBSCRIPTIONS, statement, context);
            }
            tag::EVENT_TRIGGER => {
                self.event_triggers.insert(words.name()?);
                self.privileged("event triggers", statement, context);
            }
            tag::FOREIGN_DATA_WRAPPER => {
                self.wrappers.insert(words.name()?);
                self.privileged("foreign data wrappers", statement, context);
            }
            tag::SERVER => {
                self.servers.insert(words.name()?);
            }
            tag::ACCESS_METHOD => {
                self.access_methods_created.insert(words.name()?);
                self.privileged("access methods", statement, context);
            }
            tag::TABLESPACE => self.privileged("tablespaces", statement, context),
            tag::OPERATOR_CLASS | tag::OPERATOR_FAMILY => {
                self.privileged("operator classes and families", statement, context);
            }
            tag::TEXT_SEARCH_PARSER | tag::TEXT_SEARCH_TEMPLATE => {
                self.privileged("text search parsers and templates", statement, context);
            }
            tag::CAST => {
                words.skip_to("without")?;
                self.privileged("casts without a function", statement, context);
            }
            // A shell type, or one with functions for its input.
            tag::TYPE => {
                words.qualified()?;
                let is_base = match words.next() {
                    None => true,
                    Some(TokenKind::Sign(b'(')) => {
                        words.tokens.iter().any(|token| matches!(&token.kind, TokenKind::Word(word) if word == "input"))
                    }
                    Some(_) => false,
                };
                if is_base {
                    self.privileged("base types", statement, context);
                }
            }
            // CREATE LANGUAGE without a handler creates the extension of that name, which may be trusted.
            tag::LANGUAGE | tag::PROCEDURAL_LANGUAGE if !trusted => {
                words.skip_to("handler")?;
                self.privileged("untrusted languages", statement, context);
            }
            tag::FUNCTION | tag::PROCEDURE => self.routine(words, statement, context)?,
            _ => {}
        }
        Some(())
    }

    /// The clauses of a function: what stands after its arguments and outside of parentheses.
    fn routine(&mut self, mut words: Words<'_>, statement: &Statement, context: &Context<'_>) -> Option<()> {
        words.qualified()?;
        words.parentheses()?;
        let mut depth = 0_usize;
        while let Some(token) = words.next() {
            match token {
                TokenKind::Sign(b'(') => depth += 1,
                TokenKind::Sign(b')') => depth = depth.saturating_sub(1),
                TokenKind::Word(word) if depth == 0 => match word.as_str() {
                    // A body follows.
                    "begin" | "return" => return Some(()),
                    "language" => {
                        let language = words.name_or_text()?.to_ascii_lowercase();
                        if language == "c" || language == "internal" {
                            self.privileged("functions in C", statement, context);
                        }
                    }
                    "leakproof" => self.privileged("leakproof functions", statement, context),
                    "set" => self.setting(&mut words, label(statement, context)),
                    _ => {}
                },
                _ => {}
            }
        }
        Some(())
    }

    /// `name TO value`, after SET.
    fn setting(&mut self, words: &mut Words<'_>, object: String) {
        let Some(mut name) = words.name() else { return };
        while words.sign(b'.').is_some() {
            let Some(part) = words.name() else { return };
            name = format!("{name}.{part}");
        }
        if words.eat("to").or_else(|| words.sign(b'=')).or_else(|| words.eat("from")).is_some() {
            self.settings.entry(name).or_default().insert(object);
        }
    }

    fn collation(&mut self, mut words: Words<'_>) -> Option<()> {
        let (schema, name) = words.qualified()?;
        let mut created = Collation { schema, name, provider: None, locale: None };
        words.sign(b'(')?;
        while let Some(option) = words.name() {
            words.sign(b'=')?;
            let value = words.name_or_text();
            match option.as_str() {
                "provider" => created.provider = value,
                "locale" | "lc_collate" => created.locale = value,
                _ => {}
            }
            if words.sign(b',').is_none() {
                break;
            }
        }
        self.collations_created.push(created);
        Some(())
    }

    fn alter(&mut self, mut words: Words<'_>, statement: &Statement, context: &Context<'_>) -> Option<()> {
        match words.kind(ObjectKind::words_of_created())? {
            tag::PUBLICATION => {
                words.name()?;
                words.eat("add")?;
                words.eat("tables")?;
                self.privileged("publications of whole schemas", statement, context);
            }
            tag::ROLE => {
                let role = words.name()?;
                let mut object = format!("ROLE {role}");
                if words.eat("with").is_some() {
                    let is = words
                        .tokens
                        .iter()
                        .any(|token| matches!(&token.kind, TokenKind::Word(word) if word == "superuser"));
                    if is {
                        self.privileged("superusers", statement, context);
                    }
                    return Some(());
                }
                if words.eat("in").is_some() {
                    words.eat("database")?;
                    object = format!("{object} in DATABASE {}", words.name()?);
                }
                words.eat("set")?;
                self.setting(&mut words, object);
            }
            tag::DATABASE => {
                let object = format!("DATABASE {}", words.name()?);
                words.eat("set")?;
                self.setting(&mut words, object);
            }
            _ => {}
        }
        Some(())
    }

    /// Every `COLLATE name` of a statement.
    fn collate(&mut self, mut words: Words<'_>) {
        while let Some(token) = words.next() {
            if matches!(token, TokenKind::Word(word) if word == "collate") {
                let mut ahead = words;
                if let Some(collation) = ahead.qualified() {
                    self.collations.insert(collation);
                }
            }
        }
    }

    fn privileged(&mut self, kind: &'static str, statement: &Statement, context: &Context<'_>) {
        self.privileged.push(PrivilegedUse { kind, object: label(statement, context) });
    }
}

/// What [`PrivilegedUse::kind`] is for subscriptions, which need no superuser from PostgreSQL 16 on.
pub const SUBSCRIPTIONS: &str = "subscriptions";

/// The object of a statement: as the archive calls it, or by its kind and name.
fn label(statement: &Statement, context: &Context<'_>) -> String {
    if let Some(label) = context.label {
        return label.to_owned();
    }
    let mut words = Words::of(statement);
    let name = named(&mut words);
    name.unwrap_or_else(|| format!("the statement in line {}", statement.line))
}

fn named(words: &mut Words<'_>) -> Option<String> {
    match words.word()? {
        "create" | "alter" => {}
        "select" => {
            words.sign(b'*');
            words.eat("from");
            return words.qualified().map(|(_, function)| format!("FUNCTION {function}"));
        }
        "grant" | "revoke" => {
            let mut privileges = *words;
            if privileges.skip_to("on").is_none() {
                return words.name().map(|role| format!("ROLE {role}"));
            }
            let kind = privileges.kind(ObjectKind::words_of_granted()).unwrap_or(tag::TABLE);
            return privileges.qualified().map(|name| format!("ACL {kind} {}", dotted(name)));
        }
        _ => return None,
    }
    if words.eat("or").is_some() {
        words.eat("replace")?;
    }
    for word in ["trusted", "unlogged", "unique", "recursive", "constraint"] {
        let _ = words.eat(word);
    }
    if words.eat("default").is_some() {
        return Some(tag::DEFAULT_PRIVILEGES.to_owned());
    }
    let kind = words.kind(ObjectKind::words_of_created())?;
    words.if_not_exists();
    let _ = words.eat("only");
    if kind == tag::OPERATOR {
        return words.operator().map(|name| format!("{kind} {}", dotted(name)));
    }
    words.qualified().map(|name| format!("{kind} {}", dotted(name)))
}

fn dotted((schema, name): (Option<String>, String)) -> String {
    match schema {
        Some(schema) => format!("{schema}.{name}"),
        None => name,
    }
}
