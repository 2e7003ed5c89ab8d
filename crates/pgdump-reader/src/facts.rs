//! What a dump declares, as data.

use std::collections::{BTreeMap, BTreeSet};

use crate::renamed::Renamed;
use crate::requirements::needs::Needs;

/// What a dump declares: for an archive by its table of contents, for a plain dump by its statements.
///
/// A plain dump can hold several databases; `database` is then the name given to `\connect`, and `None` is the database
/// that the restore connects to. What an archive says of the database itself (its owner, privileges and settings)
/// only takes effect with `pg_restore --create`, so it stands in [`Facts::creates_database`] alone.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Facts {
    /// The dump's `client_encoding`; the first, where it has several.
    pub encoding: Option<String>,
    /// That of each database of a pg_dumpall, which is its own.
    pub encodings: BTreeMap<String, String>,
    /// Databases that it creates with `CREATE DATABASE`, but for those that it drops itself.
    pub creates_database: Vec<CreatedDatabase>,
    /// The names given to `\connect`, in order, each once; a database that the script renames has its first one everywhere.
    pub databases: Vec<String>,
    /// Databases that it gives another name.
    pub renamed: Renamed,
    /// At any time: [`Facts::roles_left`] are those that are there at its end.
    pub roles_created: BTreeSet<String>,
    /// Those of them that a script drops or renames itself.
    pub roles_gone: BTreeSet<String>,
    /// Those that `CREATE TABLESPACE` makes.
    pub tablespaces_created: BTreeSet<String>,
    /// Every tablespace that an object is put into.
    pub tablespaces: BTreeSet<String>,
    /// Procedural languages that it creates.
    pub languages: BTreeSet<String>,
    /// Who owns what; the last owner that the dump names counts.
    pub owners: Vec<Owned>,
    /// Privileges that it grants or revokes, one for statements on the same object that follow each other.
    pub grants: Vec<Grant>,
    /// The policies of row level security.
    pub policies: Vec<Policy>,
    /// Policies that its own last word drops or gives another name: table and name. They stay in [`Facts::policies`].
    pub policies_gone: BTreeSet<(Relation, String)>,
    /// Whether the dump itself was made under row level security (`pg_dump --enable-row-security`), so that rows that its
    /// role may not see are not in it. Only a script says so.
    pub row_security_on: bool,
    /// Tables whose row level security is switched on.
    pub row_security: Vec<RowSecurity>,
    /// Those of them that it switches off again.
    pub row_security_off: BTreeSet<Relation>,
    /// Whether a table's owner obeys its policies too, by the last `FORCE` or `NO FORCE ROW LEVEL SECURITY`. Of an
    /// archive nothing: it says so with the table's definition.
    pub row_security_forced: BTreeMap<Relation, bool>,
    /// Extensions that it creates, in its order.
    pub extensions: Vec<Extension>,
    /// The settings that it SETs for the session, in order, each once.
    pub settings: Vec<String>,
    /// Tables that it creates or fills, in its order.
    pub tables: Vec<TableData>,
    /// Roles that the session becomes: `SET SESSION AUTHORIZATION`, `SET ROLE`.
    pub sessions: BTreeSet<String>,
    /// Roles whose attributes or settings it changes: `ALTER ROLE`.
    pub roles_altered: BTreeSet<String>,
    /// `CREATE ROLE …`, `ALTER ROLE …`, `DROP ROLE …`, `ALTER DATABASE … SET …` and `GRANT role TO role`, as they stand there: they can hold the digests of
    /// passwords, and are never shown.
    pub role_statements: Vec<String>,
    /// The settings of an archive's database, as statements; they only take effect with `pg_restore --create`.
    pub database_properties: String,
    /// How many large objects it creates.
    pub large_objects: u64,
    /// Entries or statements with what the planner knows of a table.
    pub statistics: u64,
    /// Whether rows are INSERT statements.
    pub inserts: bool,
    /// What sequences are set to, in order; the last word on a sequence counts.
    pub sequences: Vec<SequenceValue>,
    /// Constraints that the dump itself has as not verified: `NOT VALID`, `NOT ENFORCED`.
    pub unverified: BTreeSet<Constraint>,
    /// How many indexes of partitions it attaches to each index of a partitioned table.
    pub attached: BTreeMap<Relation, u64>,
    /// Materialized views that it fills, by REFRESH or as it creates them.
    pub refreshed: BTreeSet<Relation>,
    /// What its definitions ask of a server.
    pub needs: Needs,
}

/// What a `setval` of the dump says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SequenceValue {
    /// The sequence that is set.
    pub sequence: Relation,
    /// The table and column whose sequence it is, where the dump names it by those alone: its own name is then the one
    /// that a server usually gives it, and after a rename it has another one.
    pub of_column: Option<(Relation, String)>,
    /// `last_value` and `is_called`; `None` where they are not written as constants.
    pub value: Option<(i64, bool)>,
}

/// A table, an index, a view or the like.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Relation {
    /// The database by its name in `\connect`; `None` is the one that the restore connects to.
    pub database: Option<String>,
    /// Its schema; `None` where neither the name nor `search_path` gives one.
    pub schema: Option<String>,
    /// Without quotes.
    pub name: String,
}

/// A constraint and the table or domain that it belongs to.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Constraint {
    /// The table or domain.
    pub of: Relation,
    /// Its own name, without quotes.
    pub name: String,
}

/// A `CREATE DATABASE`; what it does not state is `None`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CreatedDatabase {
    /// Its name, without quotes.
    pub name: String,
    /// The role that `OWNER` names; in an archive, that of the entry.
    pub owner: Option<String>,
    /// `ENCODING`, as the dump spells it.
    pub encoding: Option<String>,
    /// `LOCALE`, which stands for both of the next two.
    pub locale: Option<String>,
    /// `LC_COLLATE`.
    pub lc_collate: Option<String>,
    /// `LC_CTYPE`.
    pub lc_ctype: Option<String>,
    /// `libc`, `icu` or `builtin`.
    pub locale_provider: Option<String>,
    /// `ICU_LOCALE` or `BUILTIN_LOCALE`.
    pub provider_locale: Option<String>,
    /// `TABLESPACE`.
    pub tablespace: Option<String>,
}

/// An object and the role that owns it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owned {
    /// The database by its name in `\connect`; `None` is the one that the restore connects to.
    pub database: Option<String>,
    /// `TABLE`, `FUNCTION`, `MATERIALIZED VIEW`
    pub kind: String,
    /// `None` for what is in no schema.
    pub schema: Option<String>,
    /// As in pg_dump's table of contents: with argument types for functions.
    pub name: String,
    /// The role.
    pub owner: String,
}

/// Privileges of one object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// The database by its name in `\connect`; `None` is the one that the restore connects to.
    pub database: Option<String>,
    /// `TABLE`, `COLUMN`, `FUNCTION`, `SCHEMA`; `DEFAULT PRIVILEGES`, `ROLE` (membership), `USER MAPPING`.
    pub kind: String,
    /// `None` for what is in no schema; for default privileges the schema of `IN SCHEMA`.
    pub schema: Option<String>,
    /// `orders`, `orders.price` for a column, `f(integer)`; for default privileges the kind of object: `TABLES`.
    pub name: String,
    /// The roles that get or lose something, each once; PUBLIC is not one.
    pub grantees: Vec<String>,
    /// Who grants: `GRANTED BY`, `SET SESSION AUTHORIZATION`, or `FOR ROLE` of default privileges.
    pub grantors: Vec<String>,
    /// The statements as the dump has them.
    pub statements: String,
    /// Whether it takes something from PUBLIC, which is lost where the restore of the entry fails.
    pub revokes_public: bool,
}

/// A policy of row level security (`CREATE POLICY`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// The database by its name in `\connect`; `None` is the one that the restore connects to.
    pub database: Option<String>,
    /// The schema of its table.
    pub schema: Option<String>,
    /// The table that it guards.
    pub table: String,
    /// The policy's own name.
    pub name: String,
    /// Empty for PUBLIC.
    pub roles: Vec<String>,
}

/// A table whose row level security is switched on (`ENABLE ROW LEVEL SECURITY`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowSecurity {
    /// The database by its name in `\connect`; `None` is the one that the restore connects to.
    pub database: Option<String>,
    /// Its schema; `None` where neither the name nor `search_path` gives one.
    pub schema: Option<String>,
    /// Its name, without quotes.
    pub table: String,
}

/// An extension that the dump creates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Extension {
    /// The database by its name in `\connect`; `None` is the one that the restore connects to.
    pub database: Option<String>,
    /// As in `pg_available_extensions`.
    pub name: String,
    /// The schema that `CREATE EXTENSION … SCHEMA` names.
    pub schema: Option<String>,
    /// pg_dump leaves it out, except where it upgrades a cluster in place.
    pub version: Option<String>,
}

/// A table and the rows that the dump has for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableData {
    /// The database by its name in `\connect`; `None` is the one that the restore connects to.
    pub database: Option<String>,
    /// Its schema; `None` where neither the name nor `search_path` gives one.
    pub schema: Option<String>,
    /// Its name, without quotes.
    pub name: String,
    /// At least one row. Before the data are read ([`Facts::of_archive`]): whether there is an entry for data.
    pub has_data: bool,
    /// `None` where they were not counted: damage, or no pass over the data.
    pub rows: Option<u64>,
    /// Of the data as text, decompressed; 0 before they are read.
    pub bytes: u64,
    /// Whether the dump creates it; false in a dump of data alone.
    pub created: bool,
}

/// How often a role is named.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RoleUse {
    /// Objects that it owns.
    pub owns: u64,
    /// Objects with privileges for it or by it.
    pub granted: u64,
    /// Policies for it.
    pub policies: u64,
    /// How often the session becomes it, or it is itself altered.
    pub other: u64,
}

impl Facts {
    /// The encoding that text of a database has in the dump.
    pub fn encoding_of(&self, database: &str) -> Option<&str> {
        self.encodings.get(database).or(self.encoding.as_ref()).map(String::as_str)
    }

    /// The roles that it creates and leaves.
    pub fn roles_left(&self) -> impl Iterator<Item = &String> {
        self.roles_created.difference(&self.roles_gone)
    }

    /// Every role that the dump names in a statement that fails where the role does not exist.
    pub fn roles(&self) -> BTreeMap<String, RoleUse> {
        let mut roles: BTreeMap<String, RoleUse> = BTreeMap::new();
        for owned in &self.owners {
            roles.entry(owned.owner.clone()).or_default().owns += 1;
        }
        for grant in &self.grants {
            let named: BTreeSet<&String> = grant.grantees.iter().chain(&grant.grantors).collect();
            for role in named {
                roles.entry(role.clone()).or_default().granted += 1;
            }
        }
        for policy in &self.policies {
            for role in &policy.roles {
                roles.entry(role.clone()).or_default().policies += 1;
            }
        }
        for role in self.sessions.iter().chain(&self.roles_altered) {
            roles.entry(role.clone()).or_default().other += 1;
        }
        roles
    }
}
