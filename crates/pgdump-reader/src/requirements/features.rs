//! What only some major versions of the server have, and how it is known in the statements that pg_dump writes.
//!
//! Each row names the release note that brought it (appendix E of PostgreSQL's manual) and, where pg_dump has code of its
//! own for it, the routine that writes it. Words are matched as tokens, so what stands in strings, comments, names in
//! double quotes and bodies in dollar quotes is never taken for a feature.

use std::cell::OnceCell;

use crate::lexer::{Item, Lexer, Statement, Token, TokenKind};

/// Something that not every supported version of the server has.
#[derive(Debug, PartialEq, Eq)]
pub struct Feature {
    /// For people: `NULLS NOT DISTINCT`.
    pub name: &'static str,
    /// The first major version that has it; `None` where all had it before [`Feature::gone`].
    pub since: Option<u16>,
    /// The first major version that no longer has it.
    pub gone: Option<u16>,
    /// Where PostgreSQL says so.
    pub source: &'static str,
}

impl Feature {
    /// Whether a server of this major version lacks it.
    pub fn lacks(&self, major: u16) -> bool {
        self.since.is_some_and(|since| major < since) || self.gone.is_some_and(|gone| major >= gone)
    }

    /// Which versions have it, for people: `PostgreSQL 15 and newer`.
    pub fn versions(&self) -> String {
        match (self.since, self.gone) {
            (Some(since), _) => format!("PostgreSQL {since} and newer"),
            (None, Some(gone)) => format!("PostgreSQL {} and older", gone - 1),
            (None, None) => "every version".to_owned(),
        }
    }
}

macro_rules! features {
    ($($id:ident = $name:literal, $since:expr, $gone:expr, $source:literal;)*) => {
        $(pub(super) static $id: Feature = Feature { name: $name, since: $since, gone: $gone, source: $source };)*
        /// All of them.
        pub static FEATURES: &[&Feature] = &[$(&$id),*];
    };
}

features! {
    PROCEDURE = "procedures", Some(11), None, "release notes 11, E.3.3.4; dumpFunc in pg_dump.c";
    GENERATED_STORED = "stored generated columns", Some(12), None, "release notes 12; dumpTableSchema in pg_dump.c";
    NONDETERMINISTIC = "nondeterministic collations", Some(12), None, "release notes 12; dumpCollation in pg_dump.c";
    MULTIRANGE = "multirange types", Some(14), None, "release notes 14, Data Types; dumpRangeType in pg_dump.c";
    BEGIN_ATOMIC = "function bodies in standard SQL", Some(14), None, "release notes 14, Functions; dumpFunc in pg_dump.c";
    COMPRESSION = "column compression methods", Some(14), None, "release notes 14, Utility Commands; dumpTableSchema in pg_dump.c";
    OUT_IN_PROCEDURE = "OUT parameters of procedures", Some(14), None, "release notes 14, Functions";
    STATISTICS_EXPRESSION = "extended statistics on expressions", Some(14), None, "release notes 14, Optimizer";
    NULLS_NOT_DISTINCT = "NULLS NOT DISTINCT", Some(15), None, "release notes 15, Indexes; dumpConstraint in pg_dump.c";
    SECURITY_INVOKER = "security_invoker views", Some(15), None, "release notes 15, Privileges";
    PUBLICATION_FILTER = "row filters and column lists of publications", Some(15), None, "release notes 15, Logical Replication; dumpPublicationTable in pg_dump.c";
    PUBLICATION_SCHEMA = "publications of whole schemas", Some(15), None, "release notes 15, Logical Replication; dumpPublicationNamespace in pg_dump.c";
    PARAMETER = "privileges on parameters", Some(15), None, "release notes 15, Privileges; dumpRoleGUCPrivs in pg_dumpall.c";
    SET_NULL_COLUMNS = "ON DELETE SET NULL with a list of columns", Some(15), None, "release notes 15, Utility Commands";
    NEGATIVE_SCALE = "numeric with a negative scale", Some(15), None, "release notes 15, Data Types";
    DATABASE_PROVIDER = "a locale provider for databases", Some(15), None, "release notes 15, Server Configuration; dumpDatabase in pg_dump.c";
    ICU_RULES = "rules of ICU collations", Some(16), None, "release notes 16, Localization; dumpDatabase and dumpCollation in pg_dump.c";
    MEMBER_OPTIONS = "INHERIT and SET options of memberships", Some(16), None, "release notes 16, Privileges; dumpRoleMembership in pg_dumpall.c";
    JSON_CONSTRUCTORS = "JSON constructors and IS JSON", Some(16), None, "release notes 16, Functions; get_json_constructor in ruleutils.c";
    BUILTIN_PROVIDER = "the builtin locale provider", Some(17), None, "release notes 17, Locales; dumpDatabase and dumpCollation in pg_dump.c";
    MAINTAIN = "the MAINTAIN privilege", Some(17), None, "release notes 17, Privileges; parseAclItem in dumputils.c";
    JSON_QUERIES = "JSON_TABLE and the SQL/JSON query functions", Some(17), None, "release notes 17, SQL Commands; get_json_expr_options in ruleutils.c";
    LOGIN_TRIGGER = "event triggers on login", Some(17), None, "release notes 17, Utility Commands; dumpEventTrigger in pg_dump.c";
    VIRTUAL = "virtual generated columns", Some(18), None, "release notes 18; dumpTableSchema in pg_dump.c";
    WITHOUT_OVERLAPS = "WITHOUT OVERLAPS and PERIOD keys", Some(18), None, "release notes 18, Constraints; dumpConstraint in pg_dump.c";
    NOT_ENFORCED = "NOT ENFORCED constraints", Some(18), None, "release notes 18, Constraints";
    NAMED_NOT_NULL = "NOT NULL as a table constraint", Some(18), None, "release notes 18, Constraints; dumpTableSchema in pg_dump.c";
    STATISTICS_DATA = "statistics data", Some(18), None, "release notes 18, pg_dump; dumpRelationStats in pg_dump.c";
    LARGE_OBJECT_DEFAULTS = "default privileges of large objects", Some(18), None, "release notes 18, Privileges; buildDefaultACLCommands in dumputils.c";
    SUBSCRIPTION_14 = "subscription options of PostgreSQL 14", Some(14), None, "release notes 14, Logical Replication; dumpSubscription in pg_dump.c";
    SUBSCRIPTION_15 = "subscription options of PostgreSQL 15", Some(15), None, "release notes 15, Logical Replication; dumpSubscription in pg_dump.c";
    SUBSCRIPTION_16 = "subscription options of PostgreSQL 16", Some(16), None, "release notes 16, Logical Replication; dumpSubscription in pg_dump.c";
    SUBSCRIPTION_17 = "subscription options of PostgreSQL 17", Some(17), None, "release notes 17, Logical Replication; dumpSubscription in pg_dump.c";
    PUBLICATION_18 = "publications of generated columns", Some(18), None, "release notes 18, Logical Replication; dumpPublication in pg_dump.c";
    FUNCTIONS_14 = "built-in functions of PostgreSQL 14", Some(14), None, "release notes 14, Functions; src/include/catalog/pg_proc.dat";
    FUNCTIONS_15 = "built-in functions of PostgreSQL 15", Some(15), None, "release notes 15, Functions; src/include/catalog/pg_proc.dat";
    FUNCTIONS_16 = "built-in functions of PostgreSQL 16", Some(16), None, "release notes 16, Functions; src/include/catalog/pg_proc.dat";
    FUNCTIONS_17 = "built-in functions of PostgreSQL 17", Some(17), None, "release notes 17, Functions; src/include/catalog/pg_proc.dat";
    FUNCTIONS_18 = "built-in functions of PostgreSQL 18", Some(18), None, "release notes 18, Functions; src/include/catalog/pg_proc.dat";
    SEARCH_CYCLE = "SEARCH and CYCLE of recursive queries", Some(14), None, "release notes 14, SELECT, INSERT; get_with_clause in ruleutils.c";
    JOIN_ALIAS = "aliases of JOIN … USING", Some(14), None, "release notes 14, SELECT, INSERT; get_from_clause_item in ruleutils.c";
    GROUP_BY_DISTINCT = "GROUP BY DISTINCT", Some(14), None, "release notes 14, SELECT, INSERT; get_basic_select_query in ruleutils.c";
    SUBSTRING_SIMILAR = "SUBSTRING … SIMILAR … ESCAPE", Some(14), None, "release notes 14, Functions; get_func_sql_syntax in ruleutils.c";
    JSONB_SUBSCRIPTS = "subscripts of jsonb and other types that are no arrays", Some(14), None, "release notes 14, Data Types";
    SPGIST_INCLUDE = "INCLUDE columns of SP-GiST indexes", Some(14), None, "release notes 14, Indexes";
    UNLOGGED_SEQUENCE = "unlogged sequences", Some(15), None, "release notes 15, Utility Commands; dumpSequence in pg_dump.c";
    MERGE = "MERGE", Some(15), None, "release notes 15, Utility Commands; get_merge_query_def in ruleutils.c";
    SYSTEM_USER = "SYSTEM_USER", Some(16), None, "release notes 16, Privileges; get_rule_expr in ruleutils.c";
    UNNAMED_SUBQUERY = "subqueries without an alias", Some(16), None, "release notes 16, General Queries";
    AT_LOCAL = "AT LOCAL", Some(17), None, "release notes 17, Data Types; get_func_sql_syntax in ruleutils.c";
    PARTITIONED_EXCLUSION = "exclusion constraints on partitioned tables", Some(17), None, "release notes 17, Partitioning";
    PARTITIONED_IDENTITY = "identity columns of partitions", Some(17), None, "release notes 17, Partitioning";
    PARTITIONED_METHOD = "access methods of partitioned tables", Some(17), None, "release notes 17, Partitioning";
    PARTITIONED_NOT_VALID = "NOT VALID foreign keys on partitioned tables", Some(18), None, "release notes 18, Partitioning";
    NONDETERMINISTIC_LIKE = "LIKE with nondeterministic collations", Some(18), None, "release notes 18, Functions";
    UNLOGGED_PARTITIONED = "unlogged partitioned tables", None, Some(18), "release notes 18, Migration; DefineRelation in tablecmds.c";
    WITH_OIDS = "tables with OIDs", None, Some(12), "release notes 12, Migration; check_default_with_oids in guc.c";
    POSTFIX = "postfix operators", None, Some(14), "release notes 14, Migration";
    ARRAY_AGGREGATE = "aggregates over array functions of anyarray", None, Some(14), "release notes 14, Migration";
}

/// Built-in functions that definitions call without a schema, by the version that brought them: the difference of
/// `pg_proc` in PostgreSQL 13, 15, 17 and 18, and the release notes for what lies between.
static FUNCTIONS: &[(&Feature, &[&str])] = &[
    (
        &FUNCTIONS_14,
        &[
            "bit_count",
            "date_bin",
            "string_to_table",
            "trim_array",
            "unistr",
            "range_agg",
            "range_intersect_agg",
            "bit_xor",
        ],
    ),
    (&FUNCTIONS_15, &["regexp_count", "regexp_instr", "regexp_like", "regexp_substr"]),
    (
        &FUNCTIONS_16,
        &["any_value", "array_sample", "array_shuffle", "date_add", "date_subtract", "erf", "erfc", "random_normal"],
    ),
    (&FUNCTIONS_17, &["to_bin", "to_oct", "uuid_extract_timestamp", "uuid_extract_version", "xmltext"]),
    (
        &FUNCTIONS_18,
        &["array_reverse", "array_sort", "casefold", "crc32", "crc32c", "gamma", "lgamma", "uuidv4", "uuidv7"],
    ),
];

/// parse_subscription_options in src/backend/commands/subscriptioncmds.c of PostgreSQL 13 to 18.
static SUBSCRIPTION_OPTIONS: &[(&Feature, &[&str])] = &[
    (&SUBSCRIPTION_17, &["failover"]),
    (&SUBSCRIPTION_16, &["password_required", "run_as_owner", "origin"]),
    (&SUBSCRIPTION_15, &["two_phase", "disable_on_error"]),
    (&SUBSCRIPTION_14, &["binary", "streaming"]),
];

/// How a server begins or ends a message about what its version does not do yet, or no more, where the statement alone does
/// not show: whether a table is partitioned stands in another one.
static REFUSALS: &[(&Feature, &str, &str)] = &[
    // transformColumnNameList, ATAddForeignKeyConstraint in tablecmds.c
    (&PARTITIONED_NOT_VALID, "cannot add NOT VALID foreign key on partitioned table ", ""),
    // transformTableConstraint in parse_utilcmd.c
    (&PARTITIONED_EXCLUSION, "exclusion constraints are not supported on partitioned tables", ""),
    (&PARTITIONED_IDENTITY, "identity columns are not supported on partitions", ""),
    // DefineRelation and ATPrepSetAccessMethod in tablecmds.c
    (&PARTITIONED_METHOD, "specifying a table access method is not supported on a partitioned table", ""),
    (&PARTITIONED_METHOD, "cannot change access method of a partitioned table", ""),
    (&UNLOGGED_PARTITIONED, "partitioned tables cannot be unlogged", ""),
    // DefineSequence in sequence.c
    (&UNLOGGED_SEQUENCE, "unlogged sequences are not supported", ""),
    // DefineIndex in indexcmds.c
    (&SPGIST_INCLUDE, "access method \"spgist\" does not support included columns", ""),
    // transformContainerType in parse_node.c
    (&JSONB_SUBSCRIPTS, "cannot subscript type ", " because it is not an array"),
    // transformRangeSubselect in gram.y
    (&UNNAMED_SUBQUERY, "subquery in FROM must have an alias", ""),
    // transformColumnRef in parse_expr.c: what newer versions take for a word is a name there
    (&SYSTEM_USER, "column \"system_user\" does not exist", ""),
    // numerictypmodin in numeric.c
    (&NEGATIVE_SCALE, "NUMERIC scale ", ""),
    // Generic_Text_IC_like and GenericMatchText in like.c
    (&NONDETERMINISTIC_LIKE, "nondeterministic collations are not supported for LIKE", ""),
];

/// What a server says that it does not do, where that hangs on its version.
pub fn feature_refused(message: &str) -> Option<&'static Feature> {
    let is_said = |(_, begin, end): &&(&Feature, &str, &str)| message.starts_with(begin) && message.ends_with(end);
    REFUSALS.iter().find(is_said).map(|(feature, ..)| *feature)
}

const MULTIRANGES: &[&str] =
    &["int4multirange", "int8multirange", "nummultirange", "datemultirange", "tsmultirange", "tstzmultirange"];

/// What the statements of this text use. Names without a schema are taken for built-in ones.
pub fn features_in(sql: &str) -> Vec<&'static Feature> {
    let mut features = Vec::new();
    let mut lexer = Lexer::of_text(sql);
    let mut see = |statement: &Statement| {
        for feature in of_statement(statement, true) {
            if !features.contains(&feature) {
                features.push(feature);
            }
        }
    };
    // Reading from memory cannot fail. A logged statement has lost its semicolon.
    while let Ok(Some(item)) = lexer.next() {
        if let Item::Statement(statement) | Item::Unfinished(statement) = item {
            see(&statement);
        }
    }
    features
}

/// What one statement uses.
pub(super) fn of_statement(statement: &Statement, built_in: bool) -> Vec<&'static Feature> {
    let look = Look { tokens: &statement.tokens, closings: OnceCell::new() };
    let mut found: Vec<&'static Feature> = Vec::new();
    let words: Vec<&str> = (0..4).filter_map(|at| look.word(at)).collect();
    match words.as_slice() {
        ["create", "or", "replace", kind, ..] | ["create", kind, ..] => look.create(kind, &mut found),
        ["alter", "table", ..] | ["alter", "foreign", "table", ..] | ["alter", "domain", ..] => look.table(&mut found),
        // `ALTER OPERATOR ! (integer, NONE)`
        ["alter", "operator", ..] => {
            let none =
                (1..look.tokens.len()).any(|at| look.word(at) == Some("none") && look.sign(at - 1) == Some(b','));
            look.when(none, &POSTFIX, &mut found);
        }
        ["alter", "sequence", ..] => {
            let is_set = look.find("set logged").is_some() || look.find("set unlogged").is_some();
            look.when(is_set, &UNLOGGED_SEQUENCE, &mut found);
        }
        ["alter", "publication", ..] => look.publication(&mut found),
        ["alter", "default", "privileges", ..] => {
            look.when(look.has("large objects"), &LARGE_OBJECT_DEFAULTS, &mut found);
            look.when(look.has("maintain"), &MAINTAIN, &mut found);
        }
        ["grant" | "revoke", ..] => look.grant(&mut found),
        ["select", ..] => {
            let restores = ["pg_restore_relation_stats", "pg_restore_attribute_stats"];
            look.when(restores.iter().any(|function| look.has(function)), &STATISTICS_DATA, &mut found);
        }
        ["set", "default_with_oids", ..] => look.when(look.has("true"), &WITH_OIDS, &mut found),
        _ => {}
    }
    if built_in && matches!(words.first(), Some(&("create" | "alter"))) {
        look.calls(&mut found);
    }
    found.dedup();
    found
}

/// The tokens of a statement, looked at as a whole.
struct Look<'a> {
    tokens: &'a [Token],
    /// For each token that opens a parenthesis, where that closes: looked for once, since they can be nested without end.
    closings: OnceCell<Vec<Option<usize>>>,
}

type Found = Vec<&'static Feature>;

impl<'a> Look<'a> {
    fn when(&self, is: bool, feature: &'static Feature, found: &mut Found) {
        if is && !found.contains(&feature) {
            found.push(feature);
        }
    }

    fn word(&self, at: usize) -> Option<&'a str> {
        match self.tokens.get(at).map(|token| &token.kind) {
            Some(TokenKind::Word(word)) => Some(word),
            _ => None,
        }
    }

    fn sign(&self, at: usize) -> Option<u8> {
        match self.tokens.get(at).map(|token| &token.kind) {
            Some(TokenKind::Sign(sign)) => Some(*sign),
            _ => None,
        }
    }

    /// Where these words stand one after another, none of them as a part of a dotted name.
    fn find(&self, words: &str) -> Option<usize> {
        let words: Vec<&str> = words.split(' ').collect();
        (0..self.tokens.len()).find(|at| {
            let before = at.checked_sub(1).and_then(|before| self.sign(before));
            before != Some(b'.') && words.iter().enumerate().all(|(index, word)| self.word(at + index) == Some(word))
        })
    }

    /// The same, for words that qualified names such as `pg_catalog.f` may end with.
    fn has(&self, words: &str) -> bool {
        let words: Vec<&str> = words.split(' ').collect();
        (0..self.tokens.len())
            .any(|at| words.iter().enumerate().all(|(index, word)| self.word(at + index) == Some(word)))
    }

    fn create(&self, kind: &str, found: &mut Found) {
        match kind {
            "unlogged" if self.word(2) == Some("sequence") => self.when(true, &UNLOGGED_SEQUENCE, found),
            "table" | "unlogged" | "foreign" => {
                self.when(kind == "unlogged" && self.find("partition by").is_some(), &UNLOGGED_PARTITIONED, found);
                self.table(found);
            }
            "unique" | "index" => self.when(self.find("nulls not distinct").is_some(), &NULLS_NOT_DISTINCT, found),
            "procedure" => {
                self.when(true, &PROCEDURE, found);
                let out = |at: usize| self.word(at) == Some("out") && matches!(self.sign(at - 1), Some(b'(' | b','));
                self.when((1..self.tokens.len()).any(out), &OUT_IN_PROCEDURE, found);
                self.routine(found);
            }
            "function" => self.routine(found),
            "view" | "materialized" => {
                self.when(self.option("security_invoker"), &SECURITY_INVOKER, found);
                self.query(found);
            }
            "type" => self.when(self.option("multirange_type_name"), &MULTIRANGE, found),
            "statistics" => {
                let on = self.find("on").unwrap_or(self.tokens.len());
                let from = self.find("from").unwrap_or(self.tokens.len());
                let has_expression = (on..from).any(|at| self.sign(at) == Some(b'('));
                self.when(has_expression, &STATISTICS_EXPRESSION, found);
            }
            "collation" => {
                self.when(self.option("rules"), &ICU_RULES, found);
                self.when(self.value("provider") == Some("builtin"), &BUILTIN_PROVIDER, found);
                self.when(self.value("deterministic") == Some("false"), &NONDETERMINISTIC, found);
            }
            // The newest alone: each of them fails the same statement.
            "database" => match self.value("locale_provider") {
                Some("builtin") => self.when(true, &BUILTIN_PROVIDER, found),
                _ if self.option("icu_rules") => self.when(true, &ICU_RULES, found),
                Some(_) => self.when(true, &DATABASE_PROVIDER, found),
                None => {}
            },
            "event" => self.when(self.find("on login").is_some(), &LOGIN_TRIGGER, found),
            "publication" => self.publication(found),
            "subscription" => {
                let used = SUBSCRIPTION_OPTIONS.iter().find(|(_, names)| names.iter().any(|name| self.option(name)));
                if let Some((feature, _)) = used {
                    self.when(true, feature, found);
                }
            }
            "operator" => {
                let postfix = self.option("leftarg") && !self.option("rightarg");
                self.when(postfix && self.word(2) != Some("class"), &POSTFIX, found);
            }
            "aggregate" => {
                let functions = ["array_append", "array_prepend", "array_cat"];
                let by_array = self.value("sfunc").is_some_and(|function| functions.contains(&function));
                self.when(by_array && self.value("stype") == Some("anyarray"), &ARRAY_AGGREGATE, found);
            }
            _ => {}
        }
    }

    /// Whether a definition list has `name = …` in it.
    fn option(&self, name: &str) -> bool {
        (1..self.tokens.len()).any(|at| self.word(at) == Some(name) && self.sign(at + 1) == Some(b'='))
    }

    /// The word or text in `name = value`, its last part where it is dotted.
    fn value(&self, name: &str) -> Option<&'a str> {
        let mut at =
            (1..self.tokens.len()).find(|at| self.word(*at) == Some(name) && self.sign(at + 1) == Some(b'='))?;
        at += 2;
        while self.sign(at + 1) == Some(b'.') {
            at += 2;
        }
        match &self.tokens.get(at)?.kind {
            TokenKind::Word(value) | TokenKind::Name(value) | TokenKind::Text(value) => Some(value),
            TokenKind::Sign(_) => None,
        }
    }

    fn routine(&self, found: &mut Found) {
        let returns = self.depths().skip(1).any(|(at, depth)| {
            depth == 0 && self.word(at) == Some("return") && !matches!(self.sign(at - 1), Some(b'.'))
        });
        let in_sql = returns || self.find("begin atomic").is_some();
        self.when(in_sql, &BEGIN_ATOMIC, found);
        if in_sql {
            self.when(self.find("merge into").is_some(), &MERGE, found);
            self.query(found);
        }
        self.types(found);
    }

    /// What queries can say, as views and bodies in standard SQL hold them.
    fn query(&self, found: &mut Found) {
        let first_by = ["search depth first by", "search breadth first by"];
        let cycles = (1..self.tokens.len()).any(|at| {
            let begins = self.word(at) == Some("cycle") && self.sign(at - 1) == Some(b')');
            begins && (at..self.tokens.len()).any(|at| self.word(at) == Some("using"))
        });
        let searches = first_by.iter().any(|words| self.find(words).is_some());
        let is_recursive = self.find("with recursive").is_some();
        self.when(is_recursive && (searches || cycles), &SEARCH_CYCLE, found);
        let named = (0..self.tokens.len()).any(|at| {
            let opens = self.word(at) == Some("using") && self.sign(at + 1) == Some(b'(');
            opens && self.closing(at + 1).is_some_and(|end| self.word(end + 1) == Some("as"))
        });
        self.when(named, &JOIN_ALIAS, found);
        self.when(self.find("group by distinct").is_some(), &GROUP_BY_DISTINCT, found);
        self.when(self.find("at local").is_some(), &AT_LOCAL, found);
        let similar = (0..self.tokens.len()).any(|at| {
            let end = (self.word(at) == Some("substring")).then(|| self.closing(at + 1)).flatten();
            end.is_some_and(|end| {
                let has = |word: &str| (at..end).any(|at| self.word(at) == Some(word));
                has("similar") && has("escape")
            })
        });
        self.when(similar, &SUBSTRING_SIMILAR, found);
    }

    /// Columns, their types and constraints, in CREATE TABLE and ALTER TABLE.
    fn table(&self, found: &mut Found) {
        self.when(self.find("nulls not distinct").is_some(), &NULLS_NOT_DISTINCT, found);
        self.when(self.find("without overlaps").is_some() || self.has_period_key(), &WITHOUT_OVERLAPS, found);
        self.when(self.find("not enforced").is_some(), &NOT_ENFORCED, found);
        self.when(self.find("set compression").is_some(), &COMPRESSION, found);
        let listed = |words: &str| {
            let length = words.split(' ').count();
            self.find(words).is_some_and(|at| self.sign(at + length) == Some(b'('))
        };
        let columns = listed("on delete set null") || listed("on delete set default");
        self.when(columns, &SET_NULL_COLUMNS, found);
        self.generated(found);
        self.not_null(found);
        self.types(found);
    }

    fn has_period_key(&self) -> bool {
        let Some(key) = self.find("foreign key") else { return false };
        (key..self.tokens.len()).any(|at| {
            let names = matches!(
                self.tokens.get(at + 1).map(|token| &token.kind),
                Some(TokenKind::Word(_) | TokenKind::Name(_))
            );
            self.word(at) == Some("period") && self.sign(at - 1) == Some(b',') && names
        })
    }

    /// `GENERATED ALWAYS AS (…) STORED`, and virtual without the last word. `AS IDENTITY` is another matter.
    fn generated(&self, found: &mut Found) {
        for at in 0..self.tokens.len() {
            let begins =
                ["generated", "always", "as"].iter().enumerate().all(|(i, word)| self.word(at + i) == Some(word));
            if !begins || self.sign(at + 3) != Some(b'(') {
                continue;
            }
            let Some(end) = self.closing(at + 3) else { continue };
            let stored = self.word(end + 1) == Some("stored");
            self.when(true, if stored { &GENERATED_STORED } else { &VIRTUAL }, found);
        }
    }

    /// `, NOT NULL a`, `, CONSTRAINT c NOT NULL a` and `ADD CONSTRAINT c NOT NULL a`: before 18 only a column has it.
    fn not_null(&self, found: &mut Found) {
        let is_named = self.depths().skip(1).any(|(at, depth)| {
            let starts = matches!(self.sign(at - 1), Some(b',' | b'(')) || self.word(at - 1) == Some("add");
            let after = if self.word(at) == Some("constraint") { at + 2 } else { at };
            starts && depth <= 1 && self.word(after) == Some("not") && self.word(after + 1) == Some("null")
        });
        self.when(is_named || self.find("not null no inherit").is_some(), &NAMED_NOT_NULL, found);
    }

    /// Each token's place, and how many parentheses are open before it.
    fn depths(&self) -> impl Iterator<Item = (usize, usize)> {
        let mut depth = 0_usize;
        self.tokens.iter().enumerate().map(move |(at, token)| {
            let before = depth;
            match token.kind {
                TokenKind::Sign(b'(') => depth += 1,
                TokenKind::Sign(b')') => depth = depth.saturating_sub(1),
                _ => {}
            }
            (at, before)
        })
    }

    /// Where the parenthesis that opens here closes.
    fn closing(&self, open: usize) -> Option<usize> {
        let closings = self.closings.get_or_init(|| {
            let (mut closings, mut open) = (vec![None; self.tokens.len()], Vec::new());
            for at in 0..self.tokens.len() {
                match self.sign(at) {
                    Some(b'(') => open.push(at),
                    Some(b')') => {
                        if let Some(opening) = open.pop() {
                            closings[opening] = Some(at);
                        }
                    }
                    _ => {}
                }
            }
            closings
        });
        closings.get(open).copied().flatten()
    }

    /// Names of types that are built in. After `(` or `,` a word is a column's name.
    fn types(&self, found: &mut Found) {
        for at in 1..self.tokens.len() {
            let Some(word) = self.word(at) else { continue };
            let is_type = !matches!(self.sign(at - 1), Some(b'.' | b'(' | b','));
            self.when(is_type && MULTIRANGES.contains(&word), &MULTIRANGE, found);
            let scale = word == "numeric" && self.sign(at + 1) == Some(b'(') && self.sign(at + 3) == Some(b',');
            self.when(is_type && scale && self.sign(at + 4) == Some(b'-'), &NEGATIVE_SCALE, found);
        }
    }

    fn publication(&self, found: &mut Found) {
        self.when(self.option("publish_generated_columns"), &PUBLICATION_18, found);
        self.when(self.find("tables in schema").is_some(), &PUBLICATION_SCHEMA, found);
        if let Some(at) = self.find("add table") {
            let filtered = (at..self.tokens.len()).any(|at| self.sign(at) == Some(b'('));
            self.when(filtered, &PUBLICATION_FILTER, found);
        }
    }

    fn grant(&self, found: &mut Found) {
        let Some(on) = self.find("on") else {
            // A membership.
            let options = ["inherit true", "inherit false", "inherit option", "set true", "set false", "set option"];
            self.when(options.iter().any(|option| self.find(option).is_some()), &MEMBER_OPTIONS, found);
            return;
        };
        self.when(self.word(on + 1) == Some("parameter"), &PARAMETER, found);
        let maintain =
            self.depths().take(on).skip(1).any(|(at, depth)| depth == 0 && self.word(at) == Some("maintain"));
        self.when(maintain, &MAINTAIN, found);
    }

    /// Calls of built-in functions, which are written without a schema.
    fn calls(&self, found: &mut Found) {
        let mut returning: Option<Vec<usize>> = None;
        for at in 1..self.tokens.len() {
            let Some(word) = self.word(at) else { continue };
            if matches!(word, "json") {
                let is_json = self.word(at - 1) == Some("is") || self.has_at(at.wrapping_sub(2), &["is", "not"]);
                self.when(is_json, &JSON_CONSTRUCTORS, found);
            }
            if self.sign(at + 1) != Some(b'(') || !self.is_expression(at - 1) {
                continue;
            }
            match word {
                "json_table" | "json_query" | "json_value" | "json_exists" | "json_scalar" | "json_serialize" => {
                    self.when(true, &JSON_QUERIES, found);
                }
                // The old functions of two of these names have no RETURNING.
                "json_object" | "json_array" | "json_objectagg" | "json_arrayagg" => {
                    let end = self.closing(at + 1).unwrap_or(at);
                    let places = returning.get_or_insert_with(|| {
                        (0..self.tokens.len()).filter(|at| self.word(*at) == Some("returning")).collect()
                    });
                    let next = places.get(places.partition_point(|place| *place < at));
                    self.when(next.is_some_and(|next| *next < end), &JSON_CONSTRUCTORS, found);
                }
                _ => {
                    let known = FUNCTIONS.iter().find(|(_, names)| names.contains(&word));
                    if let Some((feature, _)) = known {
                        self.when(true, feature, found);
                    }
                }
            }
        }
    }

    fn has_at(&self, at: usize, words: &[&str]) -> bool {
        words.iter().enumerate().all(|(index, word)| self.word(at.wrapping_add(index)) == Some(word))
    }

    /// Whether an expression can begin after this token, so that a word with `(` after it is a call: not after a name, of
    /// which it could be an alias with a list of columns, and not after a dot.
    fn is_expression(&self, before: usize) -> bool {
        const WORDS: &[&str] = &[
            "select", "distinct", "when", "then", "else", "case", "and", "or", "not", "default", "where", "on", "by",
            "having", "return", "from", "join", "lateral", "in", "using", "between", "like", "is", "limit", "set",
            "all", "any",
        ];
        match &self.tokens[before].kind {
            TokenKind::Sign(sign) => !matches!(sign, b'.' | b')' | b']'),
            TokenKind::Word(word) => WORDS.contains(&word.as_str()),
            TokenKind::Name(_) | TokenKind::Text(_) => false,
        }
    }
}
