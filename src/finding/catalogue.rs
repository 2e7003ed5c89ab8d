//! Every finding by its stable name.

use serde::{Deserialize, Serialize};

use super::{Origin, Severity};

macro_rules! catalogue {
    ($($variant:ident = $name:literal, $severity:ident, $origin:ident, $summary:literal;)*) => {
        /// The stable name of a finding: kebab-case, about the cause. It is what `accept:` and `explain` take.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum Name {
            $(#[doc = $summary] #[serde(rename = $name)] $variant,)*
        }

        impl Name {
            /// All of them, by name.
            pub const ALL: &'static [Name] = &[$(Name::$variant),*];

            pub fn as_str(self) -> &'static str {
                match self { $(Name::$variant => $name,)* }
            }

            /// How bad it is unless what was lost says otherwise.
            pub fn severity(self) -> Severity {
                match self { $(Name::$variant => Severity::$severity,)* }
            }

            /// Whose fault it is unless what was seen says otherwise.
            pub fn origin(self) -> Origin {
                match self { $(Name::$variant => Origin::$origin,)* }
            }

            /// The cause in one sentence.
            pub fn summary(self) -> &'static str {
                match self { $(Name::$variant => $summary,)* }
            }

            /// The page that explains it, in Markdown.
            pub fn page(self) -> &'static str {
                match self {
                    $(Name::$variant => include_str!(concat!("../../docs/findings/", $name, ".md")),)*
                }
            }
        }
    };
}

catalogue! {
    AcceptUnused = "accept-unused", Warning, Target,
        "The profile accepts something that this target does not have.";
    CatalogChanged = "catalog-changed", Error, Target,
        "The dump uses something of PostgreSQL's own catalogue that the target's version does not have.";
    CheckCrashed = "check-crashed", Warning, Tool,
        "The server's process ended when a check looked at an object.";
    CheckReadsRows = "check-reads-rows", Error, Restore,
        "A check calls a function that reads tables, which are not filled yet when it runs.";
    CheckViolated = "check-violated", Error, Dump,
        "Rows of the dump break a check or NOT NULL constraint.";
    ClientFailed = "client-failed", Error, Restore,
        "The client ended with an error that belongs to no statement.";
    ClientTooOld = "client-too-old", Error, Restore,
        "The archive was written by a newer pg_dump than this pg_restore can read.";
    CollationVersionDiffers = "collation-version-differs", Warning, Target,
        "A collation was recorded with other sorting rules than the system has.";
    ColumnAmbiguous = "column-ambiguous", Error, Target,
        "A query of the dump names a column that the target has twice.";
    CommentLost = "comment-lost", Warning, Restore,
        "A comment of the dump did not come back, and no error said so.";
    ConstraintNotValidated = "constraint-not-validated", Error, Restore,
        "The database takes a constraint for not verified that the dump has as verified.";
    CreatedLater = "created-later", Error, Dump,
        "A statement needs something that the dump makes only further down.";
    DatabaseNotCreatable = "database-not-creatable", Error, Target,
        "The restoring role may not create the database that the dump creates.";
    DatabaseOptionUnknown = "database-option-unknown", Error, Target,
        "The dump creates its database with an option that the target's version does not know.";
    DatabaseTooLarge = "database-too-large", Error, Target,
        "The restored databases take more room than the profile's budget.";
    Deadlock = "deadlock", Error, Restore,
        "Two sessions of the restore waited for each other, and the server ended one statement.";
    DefaultPrivilegesRefused = "default-privileges-refused", Error, Target,
        "The restoring role may not set default privileges for another role.";
    DefinitionChanged = "definition-changed", Error, Restore,
        "An object came back with another definition than the dump gives it, and no error said so.";
    DependencyMissing = "dependency-missing", Error, Target,
        "A statement needs something that does not exist in the target when it runs.";
    DumpFiltered = "dump-filtered", Error, Dump,
        "The dump was made under row level security: rows that its role may not see are not in it.";
    DumpTruncated = "dump-truncated", Error, Dump,
        "The dump ends early or is damaged: it does not hold all that was dumped.";
    EncodingInvalidBytes = "encoding-invalid-bytes", Error, Dump,
        "The dump holds bytes that are not valid in the encoding that it names.";
    EncodingLocaleMismatch = "encoding-locale-mismatch", Error, Target,
        "The dump creates its database with an encoding that does not go with its locale.";
    EncodingUnrepresentable = "encoding-unrepresentable", Error, Target,
        "The dump holds characters that the target database's encoding cannot represent.";
    EncodingUnverified = "encoding-unverified", Error, Dump,
        "The database stores non-ASCII text as bytes of no known encoding.";
    EventTriggerRefused = "event-trigger-refused", Error, Target,
        "The restoring role may not create an event trigger that the dump has.";
    ExtensionCommentRefused = "extension-comment-refused", Warning, Target,
        "The restoring role may not comment on an extension that another role owns.";
    ExtensionDatabaseFixed = "extension-database-fixed", Error, Target,
        "The dump needs an extension that the target lets one create in another database only.";
    ExtensionNotAllowed = "extension-not-allowed", Error, Target,
        "The dump needs an extension that this target does not let one create.";
    ExtensionSchemaFixed = "extension-schema-fixed", Error, Target,
        "The dump puts an extension into a schema that the target's version of it does not take.";
    ExtensionUnavailable = "extension-unavailable", Error, Target,
        "The dump needs an extension that the target does not have installed.";
    FeatureMissing = "feature-missing", Error, Target,
        "The dump uses something that the target's version of PostgreSQL does not have.";
    ForeignKeyBroken = "foreign-key-broken", Error, Restore,
        "Rows refer to rows that are not there, under a foreign key that the database takes for verified.";
    ForeignKeyViolated = "foreign-key-violated", Error, Dump,
        "Rows of the dump refer to rows that did not come.";
    FunctionBroken = "function-broken", Warning, Restore,
        "The body of a function names what is not there.";
    FunctionRaised = "function-raised", Error, Dump,
        "A function of the dump, run by the restore, refused what it was given.";
    GeneratedColumnWritten = "generated-column-written", Error, Dump,
        "The dump writes values into a column that the server generates itself.";
    IndexCorrupt = "index-corrupt", Error, Restore,
        "An index does not fit its table: queries that use it can miss rows.";
    IndexInvalid = "index-invalid", Error, Restore,
        "An index is there and not valid, so that the server does not use it.";
    IndexRowTooLarge = "index-row-too-large", Error, Dump,
        "A row of the dump is too long for one of its indexes.";
    InputUnread = "input-unread", Error, Dump,
        "psql stopped reading before the end of the script.";
    LargeObjectsChanged = "large-objects-changed", Error, Restore,
        "Large objects came back otherwise than the dump holds them, and no error said so.";
    LeftOut = "left-out", Warning, Restore,
        "The profile's own list or options leave out data that the dump holds.";
    LibraryMissing = "library-missing", Error, Target,
        "The dump makes functions of a library that the target does not have.";
    LibraryNotPreloaded = "library-not-preloaded", Error, Target,
        "The dump needs an extension whose library must be loaded when the server starts.";
    LocaleDiffers = "locale-differs", Warning, Target,
        "The database's locale is not the one that the dump's database had.";
    LocaleUnavailable = "locale-unavailable", Error, Target,
        "The dump creates its database with a locale that the target does not have.";
    LocksExhausted = "locks-exhausted", Error, Target,
        "The restore needs more locks at once than the target has room for.";
    MaterializedViewEmpty = "materialized-view-empty", Error, Restore,
        "A materialized view that the dump fills is not filled.";
    NotWritable = "not-writable", Error, Restore,
        "Rows cannot be written into restored tables.";
    NothingRestored = "nothing-restored", Error, Restore,
        "The restored database holds no user table, or only empty ones.";
    NothingToDrop = "nothing-to-drop", Note, Restore,
        "The dump drops what the target does not have.";
    ObjectExists = "object-exists", Error, Target,
        "The dump creates something that the target already has.";
    ObjectExtra = "object-extra", Warning, Restore,
        "The restored database has an object that the dump does not have.";
    ObjectMissing = "object-missing", Error, Restore,
        "An object of the dump is not in the restored database, and no error said so.";
    OwnerNotAssignable = "owner-not-assignable", Error, Target,
        "The restoring role may not hand objects to the owner that the dump names.";
    OwnershipChanged = "ownership-changed", Warning, Target,
        "Objects came back with another owner than the dump gives them.";
    ParameterRefused = "parameter-refused", Error, Target,
        "The restoring role may not set a parameter that the dump sets.";
    PartitionMoved = "partition-moved", Error, Dump,
        "Rows do not belong into the partition here that they were dumped from.";
    PermissionDenied = "permission-denied", Error, Target,
        "The restoring role may not do what the dump asks for.";
    PgtapFailed = "pgtap-failed", Error, Restore,
        "Tests in pgTAP that the profile names did not all pass.";
    PolicyChanged = "policy-changed", Error, Restore,
        "A row level security policy came back otherwise than the dump has it, or is one too many.";
    PolicyLost = "policy-lost", Error, Restore,
        "A row level security policy of the dump did not come back.";
    PrivilegesChanged = "privileges-changed", Warning, Target,
        "Privileges came back otherwise than the dump grants them.";
    PrivilegesWider = "privileges-wider", Error, Target,
        "Somebody may do more in the restored database than in the dump.";
    PsqlTooOld = "psql-too-old", Warning, Restore,
        "The script begins with a command that this psql does not know.";
    QueryFailed = "query-failed", Error, Restore,
        "A query of the profile did not give what the profile expects.";
    ReplicationRefused = "replication-refused", Error, Target,
        "The restoring role may not create a publication or subscription that the dump has.";
    RestoreTooSlow = "restore-too-slow", Error, Restore,
        "The restore took more time than the profile's budget.";
    RlsBypassed = "rls-bypassed", Error, Target,
        "A table's new owner bypasses its row level security policies.";
    RoleChanged = "role-changed", Error, Target,
        "A role or a database has other attributes, memberships or settings than the dump gives it.";
    RoleExists = "role-exists", Note, Target,
        "The dump creates a role that the target already has.";
    RoleGrantRefused = "role-grant-refused", Error, Target,
        "The restoring role may not make others members of a role as the dump does.";
    RoleMissing = "role-missing", Error, Target,
        "The dump names a role that the target does not have.";
    RoleNameReserved = "role-name-reserved", Error, Target,
        "The dump creates a role whose name PostgreSQL keeps for itself.";
    RoleNotCreatable = "role-not-creatable", Error, Target,
        "The restoring role may not create or change a role that the dump creates.";
    RowsChanged = "rows-changed", Error, Restore,
        "Rows came back with other values than the dump holds, and no error said so.";
    RowsCollide = "rows-collide", Error, Target,
        "Rows of the dump collide with rows that something else has written.";
    RowsExtra = "rows-extra", Error, Restore,
        "A table has rows that the dump does not hold.";
    RowsMissing = "rows-missing", Error, Restore,
        "The dump holds rows that did not come back, and no error said so.";
    SchemaMissing = "schema-missing", Error, Target,
        "A statement puts something into a schema that the target does not have.";
    SchemaNotWritable = "schema-not-writable", Error, Target,
        "The restoring role, or who is to own its objects, may not create in a schema.";
    SchemaReserved = "schema-reserved", Error, Target,
        "The dump uses a schema whose name the target keeps for itself.";
    SearchPathFunction = "search-path-function", Error, Dump,
        "A function that the restore runs names something without its schema.";
    SecurityDefinerOwnerChanged = "security-definer-owner-changed", Error, Target,
        "A function that runs with its owner's rights has another owner than in the dump.";
    SequenceBehind = "sequence-behind", Error, Restore,
        "A sequence would hand out a value that its column already holds.";
    SequenceChanged = "sequence-changed", Error, Restore,
        "A sequence stands elsewhere than the dump puts it.";
    SequenceExhausted = "sequence-exhausted", Error, Source,
        "A sequence that feeds a column has no value left to hand out.";
    SequenceNearlyExhausted = "sequence-nearly-exhausted", Warning, Source,
        "A sequence has less than a tenth of its values left.";
    ServerReadOnly = "server-read-only", Error, Target,
        "The restore may change nothing: its session is read-only.";
    SettingInvalid = "setting-invalid", Error, Target,
        "The dump sets a parameter to a value that the target does not take.";
    SettingUnknown = "setting-unknown", Note, Target,
        "The dump sets a parameter that the target's server does not know.";
    SharedMemoryTooSmall = "shared-memory-too-small", Error, Target,
        "The target has too little shared memory for what the restore does in parallel.";
    SuperuserLost = "superuser-lost", Error, Restore,
        "The script takes superuser from the role that restores it.";
    TablespaceMissing = "tablespace-missing", Error, Target,
        "The dump puts objects into a tablespace that the target does not have.";
    TargetOlder = "target-older", Warning, Target,
        "The target's PostgreSQL is older than the one that was dumped.";
    TemplateIncompatible = "template-incompatible", Error, Target,
        "The dump creates its database from a template that has another encoding or locale.";
    TextInDump = "text-in-dump", Error, Dump,
        "Text that is no SQL stands in the dump: a program's messages, a prompt.";
    TransactionLost = "transaction-lost", Error, Dump,
        "An error that matters little by itself stands inside a transaction, and took back all that this did.";
    TransactionOpen = "transaction-open", Error, Dump,
        "The script ends inside a transaction, so what it did there is taken back.";
    TriggerStateChanged = "trigger-state-changed", Error, Restore,
        "A trigger or a rule is switched on or off otherwise than in the dump.";
    UnclassifiedError = "unclassified-error", Error, Restore,
        "A statement failed for a reason that no other finding names.";
    UniqueBroken = "unique-broken", Error, Restore,
        "Rows share a key that a unique index or an exclusion constraint should keep apart.";
    UniqueViolated = "unique-violated", Error, Dump,
        "Rows of the dump share a key that has to be unique.";
    ValueInvalid = "value-invalid", Error, Dump,
        "Rows of the dump hold values that the target's types do not take.";
    ViewBroken = "view-broken", Error, Restore,
        "A view cannot be read: no plan can be made for it.";
}

impl std::fmt::Display for Name {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

impl std::str::FromStr for Name {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Name::ALL.iter().copied().find(|name| name.as_str() == text).ok_or(())
    }
}
