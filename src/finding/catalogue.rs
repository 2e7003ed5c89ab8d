//! Every finding by its stable name.

use serde::{Deserialize, Serialize};

use super::Severity;

macro_rules! catalogue {
    ($($variant:ident = $name:literal, $severity:ident, $summary:literal;)*) => {
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
    ClientFailed = "client-failed", Error,
        "The client ended with an error that belongs to no statement.";
    ClientTooOld = "client-too-old", Error,
        "The archive was written by a newer pg_dump than this pg_restore can read.";
    CollationVersionDiffers = "collation-version-differs", Warning,
        "A collation was recorded with other sorting rules than the system has.";
    CommentLost = "comment-lost", Warning,
        "A comment of the dump did not come back, and no error said so.";
    ConstraintNotValidated = "constraint-not-validated", Error,
        "The database takes a constraint for not verified that the dump has as verified.";
    DatabaseTooLarge = "database-too-large", Error,
        "The restored databases take more room than the profile's budget.";
    DefinitionChanged = "definition-changed", Error,
        "An object came back with another definition than the dump gives it, and no error said so.";
    DumpTruncated = "dump-truncated", Error,
        "The dump ends early or is damaged: it does not hold all that was dumped.";
    EncodingInvalidBytes = "encoding-invalid-bytes", Error,
        "The dump holds bytes that are not valid in the encoding that it names.";
    EncodingUnrepresentable = "encoding-unrepresentable", Error,
        "The dump holds characters that the target database's encoding cannot represent.";
    EncodingUnverified = "encoding-unverified", Error,
        "The database stores non-ASCII text as bytes of no known encoding.";
    ExtensionNotAllowed = "extension-not-allowed", Error,
        "The dump needs an extension that this target does not let one create.";
    ExtensionUnavailable = "extension-unavailable", Error,
        "The dump needs an extension that the target does not have installed.";
    FeatureMissing = "feature-missing", Error,
        "The dump uses something that the target's version of PostgreSQL does not have.";
    ForeignKeyBroken = "foreign-key-broken", Error,
        "Rows refer to rows that are not there, under a foreign key that the database takes for verified.";
    FunctionBroken = "function-broken", Warning,
        "The body of a function names what is not there.";
    IndexCorrupt = "index-corrupt", Error,
        "An index does not fit its table: queries that use it can miss rows.";
    IndexInvalid = "index-invalid", Error,
        "An index is there and not valid, so that the server does not use it.";
    LargeObjectsChanged = "large-objects-changed", Error,
        "Large objects came back otherwise than the dump holds them, and no error said so.";
    LocaleDiffers = "locale-differs", Warning,
        "The database's locale is not the one that the dump's database had.";
    LocaleUnavailable = "locale-unavailable", Error,
        "The dump creates its database with a locale that the target does not have.";
    MaterializedViewEmpty = "materialized-view-empty", Error,
        "A materialized view that the dump fills is not filled.";
    NotWritable = "not-writable", Error,
        "Rows cannot be written into restored tables.";
    NothingRestored = "nothing-restored", Error,
        "The restored database holds no user table, or only empty ones.";
    ObjectExists = "object-exists", Error,
        "The dump creates something that the target already has.";
    ObjectExtra = "object-extra", Warning,
        "The restored database has an object that the dump does not have.";
    ObjectMissing = "object-missing", Error,
        "An object of the dump is not in the restored database, and no error said so.";
    OwnershipChanged = "ownership-changed", Warning,
        "Objects came back with another owner than the dump gives them.";
    PermissionDenied = "permission-denied", Error,
        "The restoring role may not do what the dump asks for.";
    PgtapFailed = "pgtap-failed", Error,
        "Tests in pgTAP that the profile names did not all pass.";
    PolicyChanged = "policy-changed", Error,
        "A row level security policy came back otherwise than the dump has it, or is one too many.";
    PolicyLost = "policy-lost", Error,
        "A row level security policy of the dump did not come back.";
    PrivilegesChanged = "privileges-changed", Warning,
        "Privileges came back otherwise than the dump grants them.";
    PrivilegesWider = "privileges-wider", Error,
        "Somebody may do more in the restored database than in the dump.";
    QueryFailed = "query-failed", Error,
        "A query of the profile did not give what the profile expects.";
    RestoreTooSlow = "restore-too-slow", Error,
        "The restore took more time than the profile's budget.";
    RlsBypassed = "rls-bypassed", Error,
        "A table's new owner bypasses its row level security policies.";
    RoleChanged = "role-changed", Error,
        "A role or a database has other attributes, memberships or settings than the dump gives it.";
    RoleExists = "role-exists", Note,
        "The dump creates a role that the target already has.";
    RoleMissing = "role-missing", Error,
        "The dump names a role that the target does not have.";
    RoleNameReserved = "role-name-reserved", Error,
        "The dump creates a role whose name PostgreSQL keeps for itself.";
    RowsChanged = "rows-changed", Error,
        "Rows came back with other values than the dump holds, and no error said so.";
    RowsExtra = "rows-extra", Error,
        "A table has rows that the dump does not hold.";
    RowsMissing = "rows-missing", Error,
        "The dump holds rows that did not come back, and no error said so.";
    SecurityDefinerOwnerChanged = "security-definer-owner-changed", Error,
        "A function that runs with its owner's rights has another owner than in the dump.";
    SequenceBehind = "sequence-behind", Error,
        "A sequence would hand out a value that its column already holds.";
    SequenceChanged = "sequence-changed", Error,
        "A sequence stands elsewhere than the dump puts it.";
    SequenceExhausted = "sequence-exhausted", Error,
        "A sequence that feeds a column has no value left to hand out.";
    SequenceNearlyExhausted = "sequence-nearly-exhausted", Warning,
        "A sequence has less than a tenth of its values left.";
    SettingUnknown = "setting-unknown", Note,
        "The dump sets a parameter that the target's server does not know.";
    TablespaceMissing = "tablespace-missing", Error,
        "The dump puts objects into a tablespace that the target does not have.";
    TargetOlder = "target-older", Warning,
        "The target's PostgreSQL is older than the one that was dumped.";
    TriggerStateChanged = "trigger-state-changed", Error,
        "A trigger or a rule is switched on or off otherwise than in the dump.";
    UnclassifiedError = "unclassified-error", Error,
        "A statement failed for a reason that no other finding names.";
    UniqueBroken = "unique-broken", Error,
        "Rows share a key that a unique index or an exclusion constraint should keep apart.";
    ViewBroken = "view-broken", Error,
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
