//! Every finding by its stable name: one file each, and one line below.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::kind::{Cause, Kind};
use super::{Origin, Severity, Subject};
use crate::profile::Acceptable;

macro_rules! kinds {
    ($($module:ident: $name:ident,)*) => {
        $(pub mod $module;)*

        /// The stable name of a finding. It is what `accept:` and `explain` take.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Name {
            $($name,)*
        }

        impl Name {
            /// All of them, by name.
            pub const ALL: &'static [Name] = &[$(Name::$name,)*];

            /// What is known of it.
            pub fn kind(self) -> &'static Kind {
                match self { $(Name::$name => &$module::KIND,)* }
            }
        }
    };
}

kinds! {
    accept_unused: AcceptUnused,
    after_present: AfterPresent,
    archive_would_be_written: ArchiveWouldBeWritten,
    backup_chain_broken: BackupChainBroken,
    backup_changed: BackupChanged,
    backup_incomplete: BackupIncomplete,
    backup_label_missing: BackupLabelMissing,
    backup_unverifiable: BackupUnverifiable,
    backup_wal_missing: BackupWalMissing,
    base_too_old: BaseTooOld,
    before_absent: BeforeAbsent,
    catalog_changed: CatalogChanged,
    check_crashed: CheckCrashed,
    check_reads_rows: CheckReadsRows,
    check_violated: CheckViolated,
    client_failed: ClientFailed,
    client_too_old: ClientTooOld,
    collation_version_differs: CollationVersionDiffers,
    column_ambiguous: ColumnAmbiguous,
    comment_lost: CommentLost,
    configuration_not_portable: ConfigurationNotPortable,
    constraint_not_validated: ConstraintNotValidated,
    created_later: CreatedLater,
    database_not_creatable: DatabaseNotCreatable,
    database_option_unknown: DatabaseOptionUnknown,
    database_too_large: DatabaseTooLarge,
    deadlock: Deadlock,
    default_privileges_refused: DefaultPrivilegesRefused,
    definition_changed: DefinitionChanged,
    dependency_missing: DependencyMissing,
    dump_filtered: DumpFiltered,
    dump_truncated: DumpTruncated,
    encoding_invalid_bytes: EncodingInvalidBytes,
    encoding_locale_mismatch: EncodingLocaleMismatch,
    encoding_unrepresentable: EncodingUnrepresentable,
    encoding_unverified: EncodingUnverified,
    event_trigger_refused: EventTriggerRefused,
    extension_comment_refused: ExtensionCommentRefused,
    extension_database_fixed: ExtensionDatabaseFixed,
    extension_not_allowed: ExtensionNotAllowed,
    extension_schema_fixed: ExtensionSchemaFixed,
    extension_unavailable: ExtensionUnavailable,
    feature_missing: FeatureMissing,
    foreign_key_broken: ForeignKeyBroken,
    foreign_key_violated: ForeignKeyViolated,
    function_broken: FunctionBroken,
    function_raised: FunctionRaised,
    generated_column_written: GeneratedColumnWritten,
    index_corrupt: IndexCorrupt,
    index_invalid: IndexInvalid,
    index_row_too_large: IndexRowTooLarge,
    input_unread: InputUnread,
    large_objects_changed: LargeObjectsChanged,
    left_out: LeftOut,
    library_missing: LibraryMissing,
    library_not_preloaded: LibraryNotPreloaded,
    locale_differs: LocaleDiffers,
    locale_unavailable: LocaleUnavailable,
    locks_exhausted: LocksExhausted,
    materialized_view_empty: MaterializedViewEmpty,
    not_writable: NotWritable,
    nothing_restored: NothingRestored,
    nothing_to_drop: NothingToDrop,
    object_exists: ObjectExists,
    object_extra: ObjectExtra,
    object_missing: ObjectMissing,
    owner_not_assignable: OwnerNotAssignable,
    ownership_changed: OwnershipChanged,
    pages_corrupt: PagesCorrupt,
    parameter_refused: ParameterRefused,
    partition_moved: PartitionMoved,
    permission_denied: PermissionDenied,
    pgtap_failed: PgtapFailed,
    point_before_backup: PointBeforeBackup,
    point_not_reached: PointNotReached,
    point_passed: PointPassed,
    point_unasserted: PointUnasserted,
    point_unknown: PointUnknown,
    policy_changed: PolicyChanged,
    policy_lost: PolicyLost,
    privileges_changed: PrivilegesChanged,
    privileges_wider: PrivilegesWider,
    psql_too_old: PsqlTooOld,
    query_failed: QueryFailed,
    recovery_point_too_old: RecoveryPointTooOld,
    recovery_refused: RecoveryRefused,
    recovery_too_slow: RecoveryTooSlow,
    replication_refused: ReplicationRefused,
    restore_too_slow: RestoreTooSlow,
    rls_bypassed: RlsBypassed,
    role_changed: RoleChanged,
    role_exists: RoleExists,
    role_grant_refused: RoleGrantRefused,
    role_missing: RoleMissing,
    role_name_reserved: RoleNameReserved,
    role_not_creatable: RoleNotCreatable,
    rows_changed: RowsChanged,
    rows_collide: RowsCollide,
    rows_extra: RowsExtra,
    rows_missing: RowsMissing,
    schema_missing: SchemaMissing,
    schema_not_writable: SchemaNotWritable,
    schema_reserved: SchemaReserved,
    search_path_function: SearchPathFunction,
    security_definer_owner_changed: SecurityDefinerOwnerChanged,
    sequence_behind: SequenceBehind,
    sequence_changed: SequenceChanged,
    sequence_exhausted: SequenceExhausted,
    sequence_nearly_exhausted: SequenceNearlyExhausted,
    server_read_only: ServerReadOnly,
    setting_invalid: SettingInvalid,
    setting_unknown: SettingUnknown,
    shared_memory_too_small: SharedMemoryTooSmall,
    superuser_lost: SuperuserLost,
    tablespace_missing: TablespaceMissing,
    tablespace_not_in_backup: TablespaceNotInBackup,
    target_older: TargetOlder,
    template_incompatible: TemplateIncompatible,
    text_in_dump: TextInDump,
    timeline_history_missing: TimelineHistoryMissing,
    timeline_not_reachable: TimelineNotReachable,
    timeline_polluted: TimelinePolluted,
    timeline_segment_missing: TimelineSegmentMissing,
    transaction_lost: TransactionLost,
    transaction_open: TransactionOpen,
    trigger_state_changed: TriggerStateChanged,
    unclassified_error: UnclassifiedError,
    unique_broken: UniqueBroken,
    unique_violated: UniqueViolated,
    unlogged_tables_empty: UnloggedTablesEmpty,
    value_invalid: ValueInvalid,
    view_broken: ViewBroken,
    wal_ambiguous: WalAmbiguous,
    wal_damaged: WalDamaged,
    wal_fetch_failed: WalFetchFailed,
    wal_foreign: WalForeign,
    wal_misnamed: WalMisnamed,
    wal_missing: WalMissing,
    wal_only_partial: WalOnlyPartial,
    wal_truncated: WalTruncated,
    wal_unreadable: WalUnreadable,
}

impl Name {
    /// Kebab-case, about the cause.
    pub fn as_str(self) -> &'static str {
        self.kind().name
    }

    /// How bad it is unless what was lost says otherwise.
    pub fn severity(self) -> Severity {
        self.kind().severity
    }

    /// Whose fault it is unless what was seen says otherwise.
    pub fn origin(self) -> Origin {
        self.kind().origin
    }

    /// The cause in one sentence.
    pub fn summary(self) -> &'static str {
        self.kind().summary
    }

    /// The page that explains it, in Markdown.
    pub fn page(self) -> &'static str {
        self.kind().page
    }

    /// How far a profile may decide that it does not count.
    pub fn acceptable(self) -> Acceptable {
        self.kind().acceptable
    }

    /// A cause of this name.
    pub fn cause(self, subject: Subject) -> Cause {
        Cause { name: self, subject, because: None, acting: None }
    }
}

impl Cause {
    /// What is known of its name.
    pub(super) fn kind(&self) -> &'static Kind {
        self.name.kind()
    }

    /// Whether it is of this name.
    pub fn is(&self, name: Name) -> bool {
        self.name == name
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Name {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Name::ALL.iter().copied().find(|name| name.as_str() == text).ok_or(())
    }
}

impl Serialize for Name {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Name {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(|()| de::Error::custom(format!("unknown finding {text:?}")))
    }
}
