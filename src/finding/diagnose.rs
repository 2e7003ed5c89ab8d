//! From failures to findings: each root cause once, with what failed only because of it.

use std::collections::{BTreeMap, HashSet};

use pgdump_reader::{Damage, TocEntry};

use super::acting::Acting;
use super::consequences::{Earlier, Entries, OWNER, consequence_of, is_of_elsewhere, is_of_other_worker, kind_of};
use super::kind::{Advice, Case, Cause, Context, SubjectIs};
use super::mask::{MASK, Mask};
use super::qualified::name_at;
use super::recognise::recognise;
use super::refine::Refine;
use super::rule::Because;
use super::{Consequence, Failure, Finding, Lost, Name, Severity, Situation, Subject};

/// Findings of a restore, by severity, then as they first happened. Each failure is counted in one of them.
pub fn diagnose(failures: &[Failure], situation: &Situation) -> Vec<Finding> {
    let archive = Entries::of(situation.dump);
    let refine = Refine::new(situation);
    let mut causes: BTreeMap<Cause, Found> = BTreeMap::new();
    let mut earlier = Earlier::default();
    let acting = Acting::new(failures, situation);
    let mut in_order: Vec<(usize, &Failure)> = failures.iter().enumerate().collect();
    // What was cancelled because of another failure can stand before it in the log.
    in_order.sort_by_key(|(_, failure)| is_of_other_worker(failure));
    for (time, failure) in in_order {
        let acting = acting.of(failure);
        // The log names who connected.
        let as_acting = acting.clone().map(|role| Failure { role: Some(role), ..failure.clone() });
        let failure = as_acting.as_ref().unwrap_or(failure);
        let shown = failure.shown(&situation.mask);
        let own = named(failure, &shown, &situation.mask);
        let mut own = own.kind().refine.map_or_else(|| own.clone(), |refined| refined(&refine, failure, own.clone()));
        own.acting = acting.filter(|_| own.kind().names_who).map(|role| situation.mask.name(&role));
        let root = of_damage(failure, &own, &situation.scan.damage)
            .or_else(|| consequence_of(failure, &own, &archive, &earlier));
        let is_consequence = root.is_some();
        let cause = root.unwrap_or(own);
        earlier.add(failure, &cause);
        let found = causes.entry(cause).or_insert_with(|| Found { first: time, ..Found::default() });
        found.add(&shown, is_consequence, &archive, &situation.mask);
        found.takes_back.extend(Lost::of(failure, situation).filter(|_| !is_consequence));
    }
    let mut causes: Vec<(Cause, Found)> = causes.into_iter().collect();
    causes.sort_by_key(|(_, found)| found.first);
    let mut findings: Vec<Finding> =
        causes.into_iter().map(|(cause, found)| found.into_finding(&cause, situation)).collect();
    if situation.superuser_lost && !findings.iter().any(|finding| finding.name == Name::SuperuserLost) {
        findings.push(nothing_refused(situation));
    }
    findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    findings
}

/// The script took superuser away, and nothing came after that needs it.
fn nothing_refused(situation: &Situation) -> Finding {
    let superuser = situation.target.cluster.superuser.clone();
    let cause = Name::SuperuserLost.cause(Subject::Role(superuser));
    let mut finding = Finding::of(&cause, &situation.context());
    finding.severity = Severity::Warning;
    finding.evidence.push("nothing was refused for it: no statement that needs superuser came after".into());
    finding
}

/// The cause of a failure: what it is called is known by all that was said, whatever of it may be shown. What it is about may
/// be named where it stands in words that may be shown, or is known; a statement can be a row that psql took for one.
fn named(failure: &Failure, shown: &Failure, mask: &Mask<'_>) -> Cause {
    let said = recognise(&Failure { voice: shown.voice, ..failure.clone() });
    let said_kind = said.kind();
    let because = said.because.map(|because| match because {
        Because::Owner(role) => Because::Owner(mask.name(&role)),
        // In words of pgrehearse's own.
        because => because,
    });
    let has_name = said_kind.subject != SubjectIs::Form;
    if said_kind.subject == SubjectIs::OwnWords {
        return Cause { because, ..said.name.cause(said.subject) };
    }
    let of_shown = recognise(shown);
    let mut own = match of_shown.name == said.name {
        true => Cause { because, ..of_shown },
        false if said.subject.is_empty() || has_name => Cause { because, ..said.name.cause(said.subject) },
        false => Cause { because, ..said.name.cause(Subject::Words(shown.message.clone())) },
    };
    if !own.subject.is_empty() && has_name && !shown.message.contains(&*own.subject.text()) {
        own.subject = own.subject.renamed(|name| mask.name(name));
    }
    own
}

/// Whether a failure only follows from what is wrong with the dump itself: the client ends where the archive does, the
/// server loses its client, and the rows of a table that is cut off are not whole.
fn of_damage(failure: &Failure, own: &Cause, damage: &[Damage]) -> Option<Cause> {
    let is_open = [Name::UnclassifiedError, Name::ClientFailed, Name::ValueInvalid].iter().any(|name| own.is(*name));
    if damage.is_empty() || !is_open {
        return None;
    }
    // connection_failure, protocol_violation; query_canceled, which a parallel job that ends early asks for.
    let lost = (failure.is("08006") || failure.is("08P01")) && !is_of_elsewhere(failure)
        || failure.is("57014") && failure.message.contains("user request");
    let copied = failure.statement.as_deref().and_then(|statement| statement.strip_prefix("COPY "));
    let cut_off = copied.and_then(name_at).is_some_and(|parts| {
        let (table, whole) = (parts.last().map(String::as_str), parts.join("."));
        let mut cut = damage.iter().filter_map(|damage| damage.table.as_deref());
        cut.any(|cut| cut == whole || Some(cut) == table)
    });
    let follows = failure.sqlstate.is_none() || lost || cut_off;
    follows.then(|| Name::DumpTruncated.cause(Subject::None))
}

/// What belongs to one cause.
#[derive(Debug)]
struct Found {
    /// Which failure was the first.
    first: usize,
    count: u64,
    objects: Vec<String>,
    seen: HashSet<String>,
    consequences: BTreeMap<String, Consequence>,
    evidence: Vec<String>,
    /// Of the first failure that is not a consequence.
    hint: Option<String>,
    /// Of the same, as it may be shown.
    statement: Option<String>,
    /// Dump ids of what failed for this cause itself.
    entries: Vec<i32>,
    /// Whether nothing but the session's own settings was refused.
    only_preamble: bool,
    /// Transactions that were taken back for it.
    takes_back: Vec<Lost>,
}

impl Default for Found {
    fn default() -> Self {
        Self {
            first: 0,
            count: 0,
            objects: Vec::new(),
            seen: HashSet::new(),
            consequences: BTreeMap::new(),
            evidence: Vec::new(),
            hint: None,
            statement: None,
            entries: Vec::new(),
            only_preamble: true,
            takes_back: Vec::new(),
        }
    }
}

/// Lines of evidence that a finding carries; the objects are all there, the server's words repeat.
const MOST_EVIDENCE: usize = 3;

impl Found {
    /// Takes a failure whose words may be shown.
    fn add(&mut self, failure: &Failure, consequence: bool, archive: &Entries, mask: &Mask<'_>) {
        self.count += 1;
        if !consequence && let Some(entry) = failure.entry.filter(|entry| !self.entries.contains(entry)) {
            self.entries.push(entry);
        }
        let statement = failure.shown_statement(mask);
        let entry = failure.entry.and_then(|entry| archive.get(entry));
        let object = entry.map(TocEntry::label).or_else(|| match (failure.line, &statement) {
            (Some(line), Some(statement)) => Some(format!("line {line}: {statement}")),
            (None, Some(statement)) => Some(statement.clone()),
            (Some(line), None) => Some(format!("line {line}")),
            (None, None) => None,
        });
        let is_new = object.as_ref().is_some_and(|object| self.seen.insert(object.clone()));
        let object = object.filter(|_| is_new);
        if consequence {
            let of_statement = kind_of(failure.statement.as_deref().unwrap_or_default().trim_start());
            let kind = entry.filter(|_| of_statement != OWNER).map_or(of_statement, |entry| entry.desc.clone());
            let kind = self.consequences.entry(kind).or_insert_with_key(|kind| Consequence {
                kind: kind.clone(),
                count: 0,
                objects: Vec::new(),
            });
            kind.count += 1;
            kind.objects.extend(object);
            return;
        }
        self.objects.extend(object);
        if self.statement.is_none() {
            self.statement = statement;
        }
        self.only_preamble &= failure.statement.as_deref().is_some_and(is_preamble);
        if self.evidence.len() < MOST_EVIDENCE {
            let state = failure.sqlstate.as_deref().map(|state| format!(" ({state})")).unwrap_or_default();
            let line = format!("{}{state}", failure.message);
            if !self.evidence.contains(&line) {
                self.evidence.push(line);
            }
            if self.hint.is_none() {
                self.hint = failure.hint.clone();
            }
        }
    }

    fn into_finding(self, cause: &Cause, situation: &Situation) -> Finding {
        let is_unclassified = cause.is(Name::UnclassifiedError);
        let mut finding = Finding::of(cause, &situation.context());
        finding.count = self.count;
        finding.objects = self.objects;
        finding.consequences = self.consequences.into_values().collect();
        finding.consequences.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.kind.cmp(&b.kind)));
        if let Some(first) = self.evidence.first().filter(|_| cause.kind().title.is_none()) {
            finding.title.clone_from(first);
        }
        finding.evidence = self.evidence;
        finding.evidence.extend(self.hint.map(|hint| format!("HINT: {hint}")));
        if is_unclassified {
            finding.subject = None;
            finding.evidence.extend(self.statement.map(|statement| format!("STATEMENT: {statement}")));
        }
        // Whatever the cause is worth by itself, something else was lost for it. A preamble's parameter only shapes how the
        // session restores; one of a function or a role takes that with it.
        let lost_more = !finding.consequences.is_empty() || cause.is(Name::SettingUnknown) && !self.only_preamble;
        if lost_more {
            finding.severity = Severity::Error;
            finding.advise(cause, &situation.context());
        }
        if finding.subject.as_ref().is_some_and(|subject| subject.text().contains(MASK)) {
            finding.subject = None;
        }
        // Nobody can run what names nothing.
        finding.commands.retain(|command| !command.contains(MASK));
        finding.remedy.entries = self.entries;
        finding.takes_back = self.takes_back;
        // By itself it would be nothing to do.
        if cause.kind().severity == Severity::Note && !finding.takes_back.is_empty() && !finding.consequences.is_empty()
        {
            finding.fix =
                "It rolled back its whole transaction: move it out of the transaction, and restore again.".into();
            finding.commands.clear();
        }
        finding
    }
}

impl Finding {
    /// A finding of this cause in this target, in the words of its kind.
    pub fn of(cause: &Cause, context: &Context<'_>) -> Self {
        let kind = cause.kind();
        let severity = (kind.weight)(cause, kind.severity);
        let case = Case::new(cause, severity, context);
        let mut finding =
            Finding::new(cause.name, kind.title.map_or_else(|| kind.summary.to_owned(), |title| title(&case)));
        finding.severity = severity;
        finding.origin = (kind.blame)(cause, kind.origin);
        finding.subject = Some(cause.subject.clone()).filter(|subject| !subject.is_empty());
        finding.advise(cause, context);
        finding
    }

    /// Takes the words of its kind for what to do, as they are for its severity.
    pub fn advise(&mut self, cause: &Cause, context: &Context<'_>) {
        let case = Case::new(cause, self.severity, context);
        let Advice { words, commands } = match cause.kind().advice {
            Some(advice) => advice(&case),
            None => Advice {
                words: cause.kind().fix.to_owned(),
                commands: cause.kind().commands.map(|commands| commands(&case)).unwrap_or_default(),
            },
        };
        (self.fix, self.commands) = (words, commands);
    }
}

/// Whether a statement only sets a parameter of the session.
fn is_preamble(statement: &str) -> bool {
    let statement = statement.trim_start();
    statement.starts_with("SET ") || statement.starts_with("SELECT pg_catalog.set_config(")
}

#[cfg(test)]
mod tests {
    use pgdump_reader::{Dump, Scan};

    use super::*;
    use crate::finding::{DatabaseFacts, Origin};
    use crate::profile::{self, Target};

    fn failure(sqlstate: &str, message: &str, statement: &str) -> Failure {
        Failure {
            sqlstate: Some(sqlstate.into()),
            message: message.into(),
            statement: Some(statement.into()),
            ..Failure::default()
        }
    }

    /// As pg_restore does with the statements of its other workers, which the log can have before the failure itself.
    #[test]
    fn what_the_client_cancelled_follows_from_what_ended_it() {
        let cancelled = failure("57014", "canceling statement due to user request", "CREATE INDEX i ON t (a)");
        let lost = failure("08006", "connection to client lost", "COPY t FROM stdin");
        assert_eq!(diagnosed(&[cancelled.clone(), lost]), [(Name::UnclassifiedError, 2)]);
        assert_eq!(diagnosed(&[cancelled]), [(Name::UnclassifiedError, 1)]);
    }

    fn names(dump: &Dump) -> pgdump_reader::Names {
        let mut names = dump.scan().unwrap().names;
        ["x", "one", "b", "shop.t", "t"].iter().for_each(|name| names.add(name));
        names
    }

    fn mask<'a>(names: &'a pgdump_reader::Names, target: &Target) -> Mask<'a> {
        Mask::new(names, target, false)
    }

    fn diagnosed(failures: &[Failure]) -> Vec<(Name, u64)> {
        found(failures, &Scan::default()).into_iter().map(|finding| (finding.name, finding.count)).collect()
    }

    fn found(failures: &[Failure], scan: &Scan) -> Vec<Finding> {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("demo/shop.dump");
        let dump = pgdump_reader::open(&path).unwrap();
        let target = profile::parse("name: a\npostgres: 17\n", "a").unwrap();
        let databases = DatabaseFacts::default();
        let names = names(&dump);
        let situation = Situation {
            dump: &dump,
            target: &target,
            client: "17",
            server: Some(17),
            scan,
            databases: &databases,
            superuser_lost: false,
            without_data: Vec::new(),
            mask: mask(&names, &target),
        };
        diagnose(failures, &situation)
    }

    #[test]
    fn a_key_that_the_dumps_own_rows_break_is_broken_in_the_source_as_far_as_the_dump_proves_it() {
        let said = "insert or update on table \"orders\" violates foreign key constraint \"orders_customer_id_fkey\"";
        let key = [failure("23503", said, FOREIGN_KEY)];
        let origin = |scan: &Scan| found(&key, scan)[0].origin;
        assert_eq!(origin(&Scan::default()), Origin::Source);
        // Characters that are alike in one locale only.
        let table = pgdump_reader::Declared {
            desc: "TABLE".into(),
            schema: Some("shop".into()),
            tag: "orders".into(),
            definition: "CREATE TABLE shop.orders (customer_id public.citext);".into(),
            ..pgdump_reader::Declared::default()
        };
        assert_eq!(origin(&Scan { declared: vec![table], ..Scan::default() }), Origin::Dump);
        // A table whose rows the dump does not hold.
        let other = [failure("23503", said, &FOREIGN_KEY.replace("shop.customers", "shop.nowhere"))];
        assert_eq!(found(&other, &Scan::default())[0].origin, Origin::Dump);
    }

    const FOREIGN_KEY: &str = "ALTER TABLE ONLY shop.orders\n    ADD CONSTRAINT orders_customer_id_fkey FOREIGN KEY \
                               (customer_id) REFERENCES shop.customers(id);";

    #[test]
    fn a_foreign_key_to_rows_that_did_not_come_is_a_consequence() {
        let copy = failure(
            "22P05",
            "character with byte sequence 0xc5 0x81 in encoding \"UTF8\" has no equivalent in encoding \"LATIN1\"",
            "COPY shop.customers (id, name) FROM stdin;",
        );
        let key = failure("23503", "insert or update on table \"orders\" violates foreign key constraint", FOREIGN_KEY);
        assert_eq!(diagnosed(&[copy, key]), [(Name::EncodingUnrepresentable, 2)]);
    }

    #[test]
    fn a_statement_that_the_server_does_not_understand_is_a_cause_unless_rows_are_taken_for_it() {
        let note = failure("42704", "unrecognized configuration parameter \"x\"", "SET x = 0;");
        let syntax = |statement: &str| failure("42601", "syntax error at or near \"x\"", statement);
        let found = diagnosed(&[note, syntax("CREATE TABLE shop.t (x x x);")]);
        assert!(found.contains(&(Name::UnclassifiedError, 1)), "{found:?}");

        let copy = failure("42P01", "relation \"shop.gone\" does not exist", "COPY shop.gone (id) FROM stdin;");
        let restricted = Failure {
            message: "backslash commands are restricted; only \\unrestrict is allowed".into(),
            ..Failure::default()
        };
        let found = diagnosed(&[copy, syntax("1\tone"), restricted, syntax("2\ttwo")]);
        assert_eq!(found, [(Name::DependencyMissing, 4)]);
    }

    #[test]
    fn a_cause_that_is_worth_a_note_is_an_error_where_something_failed_for_it() {
        let own = failure("42501", "must be owner of extension x", "COMMENT ON EXTENSION x IS 'y';");
        let aborted = failure("25P02", "current transaction is aborted", "CREATE TABLE shop.t (id integer);");
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("demo/shop.dump");
        let (dump, target) =
            (pgdump_reader::open(&path).unwrap(), profile::parse("name: a\npostgres: 17\n", "a").unwrap());
        let (scan, databases) = (Scan::default(), DatabaseFacts::default());
        let names = names(&dump);
        let situation = Situation {
            dump: &dump,
            target: &target,
            client: "17",
            server: Some(17),
            scan: &scan,
            databases: &databases,
            superuser_lost: false,
            without_data: Vec::new(),
            mask: mask(&names, &target),
        };
        let severities = |failures: &[Failure]| -> Vec<Severity> {
            diagnose(failures, &situation).iter().map(|finding| finding.severity).collect()
        };
        assert_eq!(severities(std::slice::from_ref(&own)), [Severity::Warning]);
        assert_eq!(severities(&[own, aborted]), [Severity::Error]);
    }

    /// Recognised by what may not be shown, and named in words that no mask may take.
    #[test]
    fn a_cause_in_our_own_words_is_shown_under_the_mask() {
        let names = pgdump_reader::Names::default();
        let target = profile::parse("name: a\npostgres: 17\n", "a").unwrap();
        let mask = mask(&names, &target);
        let cause = |failure: &Failure| named(failure, &failure.shown(&mask), &mask);

        let mut rows = failure("22P04", "missing data for column \"name\"", "COPY shop.files (id, name) FROM stdin;");
        rows.context = Some("COPY files, line 3: \"pg_dump: warning: there are circular constraints\"".into());
        assert_eq!(cause(&rows), Name::TextInDump.cause(Subject::Words("pg_dump".into())));

        let prompt = failure("42601", "syntax error at or near \"Password\"", "Password for user secretary:");
        assert_eq!(cause(&prompt), Name::TextInDump.cause(Subject::Words("a prompt for a password".into())));

        let gone =
            failure("42703", "column s.consrc does not exist", "CREATE VIEW v AS SELECT consrc FROM pg_constraint s");
        let gone = cause(&gone);
        assert_eq!(gone.name, Name::CatalogChanged);
        assert!(!gone.subject.text().contains(MASK), "{}", gone.subject);

        let switched = "ALTER TABLE shop.t DISABLE TRIGGER ALL;";
        let refused = failure("42501", "permission denied: \"RI_ConstraintTrigger_a_1\" is a system trigger", switched);
        let refused = cause(&refused);
        assert_eq!((refused.name, refused.because), (Name::PermissionDenied, Some(Because::Triggers)));
    }

    /// Every object of a schema depends on it in an archive.
    #[test]
    fn that_something_is_there_explains_nothing_that_is_missing() {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("demo/shop.dump");
        let dump = pgdump_reader::open(&path).unwrap();
        let entry = |desc: &str, tag: &str| {
            dump.entries().iter().find(|entry| entry.desc == desc && entry.tag == tag).map(|entry| entry.id).unwrap()
        };
        let of = |entry: i32, failure: Failure| Failure { entry: Some(entry), ..failure };
        let (schema, table) = (entry("SCHEMA", "shop"), entry("TABLE", "customers"));
        let rows = entry("TABLE DATA", "customers");
        let exists = of(schema, failure("42P06", "schema \"shop\" already exists", "CREATE SCHEMA shop;"));
        let create = "CREATE TABLE shop.customers (id x.one);";
        let missing = of(table, failure("3F000", "schema \"x\" does not exist", create));
        let copy = "COPY shop.customers (id) FROM stdin;";
        let gone = of(rows, failure("42P01", "relation \"shop.customers\" does not exist", copy));
        let found = diagnosed(&[exists.clone(), missing, gone]);
        assert!(found.contains(&(Name::ObjectExists, 1)) && found.contains(&(Name::SchemaMissing, 2)), "{found:?}");

        let refused = of(table, failure("42501", "permission denied for language c", "CREATE FUNCTION shop.t()"));
        let found = diagnosed(&[exists, refused]);
        assert!(found.contains(&(Name::PermissionDenied, 1)), "{found:?}");

        // Another table of that name has not its columns.
        let exists = of(table, failure("42P07", "relation \"customers\" already exists", create));
        let other = of(rows, failure("42703", "column \"b\" of relation \"customers\" does not exist", copy));
        assert_eq!(diagnosed(&[exists, other]), [(Name::ObjectExists, 2)]);
    }

    /// A type of its name is there, and the table is not.
    #[test]
    fn what_is_not_made_for_a_type_of_its_name_is_missing_for_that() {
        let create = "CREATE TABLE shop.t (id integer);";
        let exists = failure("42710", "type \"t\" already exists", create);
        let gone = failure("42P01", "relation \"shop.t\" does not exist", "COPY shop.t (id) FROM stdin;");
        assert_eq!(diagnosed(&[exists, gone]), [(Name::ObjectExists, 2)]);
    }

    #[test]
    fn a_foreign_key_that_is_violated_although_all_rows_came_is_a_cause() {
        let other = failure("22P05", "…", "COPY shop.products (id, name) FROM stdin;");
        let key = failure("23503", "insert or update on table \"orders\" violates foreign key constraint", FOREIGN_KEY);
        let found = diagnosed(&[other, key]);
        assert!(found.contains(&(Name::ForeignKeyViolated, 1)), "{found:?}");
    }

    #[test]
    fn a_foreign_key_to_what_the_dump_was_made_without_blames_no_rows() {
        let target = profile::parse("name: a\npostgres: 17\n", "a").unwrap();
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("demo/shop.dump");
        let dump = pgdump_reader::open(&path).unwrap();
        let attach = pgdump_reader::Declared {
            database: None,
            desc: "TABLE ATTACH".into(),
            schema: Some("public".into()),
            tag: "p1".into(),
            owner: String::new(),
            tablespace: None,
            access_method: None,
            search_path: None,
            definition: "ALTER TABLE ONLY public.p ATTACH PARTITION public.p1 FOR VALUES IN (1);\n".into(),
            id: None,
        };
        let (scan, databases) = (Scan { declared: vec![attach], ..Scan::default() }, DatabaseFacts::default());
        let names = names(&dump);
        let diagnosed = |without: &str| {
            let situation = Situation {
                dump: &dump,
                target: &target,
                client: "17",
                server: Some(17),
                scan: &scan,
                databases: &databases,
                superuser_lost: false,
                without_data: vec![without.to_owned()],
                mask: mask(&names, &target),
            };
            let key = "ALTER TABLE ONLY public.r ADD CONSTRAINT k FOREIGN KEY (a) REFERENCES public.p(a);";
            let message = "insert or update on table \"r\" violates foreign key constraint \"k\"";
            diagnose(&[failure("23503", message, key)], &situation).remove(0)
        };
        for without in ["public.p", "public.p1"] {
            let finding = diagnosed(without);
            assert!(finding.title.starts_with("rows reference rows that the dump leaves out"), "{}", finding.title);
            assert!(finding.title.ends_with(&format!("data of {without}")), "{}", finding.title);
            assert!(finding.fix.contains("--exclude-table-data"), "{}", finding.fix);
            assert_eq!(finding.origin, Origin::Dump);
        }
        assert!(diagnosed("public.other").title.starts_with("rows of the dump violate"));
    }

    #[test]
    fn what_an_older_server_says_that_it_does_not_do_is_a_feature_that_it_lacks() {
        let target = profile::parse("name: a\npostgres: 17\n", "a").unwrap();
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("demo/shop.dump");
        let dump = pgdump_reader::open(&path).unwrap();
        let (scan, databases, names) = (Scan::default(), DatabaseFacts::default(), names(&dump));
        let named = |server: u16, state: &str, message: &str, statement: &str| {
            let situation = Situation {
                dump: &dump,
                target: &target,
                client: "17",
                server: Some(server),
                scan: &scan,
                databases: &databases,
                superuser_lost: false,
                without_data: Vec::new(),
                mask: mask(&names, &target),
            };
            diagnose(&[failure(state, message, statement)], &situation).remove(0).name
        };
        let refused = "cannot add NOT VALID foreign key on partitioned table \"p\" referencing relation \"r\"";
        let key = "ALTER TABLE p ADD CONSTRAINT k FOREIGN KEY (a) REFERENCES r(a) NOT VALID;";
        assert_eq!(named(17, "42809", refused, key), Name::FeatureMissing);
        assert_eq!(named(18, "42809", refused, key), Name::UnclassifiedError);
        let user = "CREATE FUNCTION f() RETURNS text LANGUAGE sql RETURN SYSTEM_USER;";
        assert_eq!(named(15, "42703", "column \"system_user\" does not exist", user), Name::FeatureMissing);
        let body = "CREATE FUNCTION f(x text) RETURNS text LANGUAGE sql RETURN (x || 'y'::text);";
        assert_eq!(named(13, "42601", "syntax error at or near \"RETURN\"", body), Name::FeatureMissing);
    }
}
