//! Reports for the tests of the renderers.

use std::time::Duration;

use super::{Report, SCHEMA, SourceFacts, SourceKind};
use crate::check::{CheckResult, Group, Outcome, REQUIREMENTS};
use crate::finding::{AcceptedObjects, Finding, Name, Reference, Severity, Subject};
use crate::rehearsal::{Judge, Rehearsal, RestoreSummary, Timings, Verdict, WrittenFixes};

/// What the samples' rehearsals are of.
pub const SHOP: &str = "backups/shop.dump";

pub const CHECKS: [&str; 4] = ["rows", "sequences", "owners", "policies"];

/// Every sample.
pub fn all() -> Vec<Report> {
    vec![
        all_pass(),
        three_classics(),
        untested(),
        hostile(),
        many_objects(),
        with_warnings(),
        foreseen(),
        decided(),
        with_fixes(),
        two_sources(),
    ]
}

pub fn report(targets: Vec<Rehearsal>) -> Report {
    Report {
        schema: SCHEMA.to_owned(),
        pgrehearse: "0.1.0".to_owned(),
        started: "2026-11-05T03:00:00Z".parse().unwrap(),
        elapsed: Duration::from_millis(12_345),
        sources: vec![SourceFacts {
            kind: SourceKind::Dump,
            path: SHOP.to_owned(),
            format: "custom archive 1.14, gzip".to_owned(),
            size: 12_400_000,
            server_version: Some("15.18 (Debian 15.18-1.pgdg12+1)".to_owned()),
            pg_dump_version: Some("15.18".to_owned()),
            encoding: Some("UTF8".to_owned()),
        }],
        verdict: targets.iter().map(|target| target.verdict).max().unwrap_or(Verdict::Untested),
        targets,
    }
}

/// The group of a sample's check.
fn group(check: &str) -> Group {
    match check {
        REQUIREMENTS => Group::Requirements,
        "rows" => Group::Rows,
        "sequences" => Group::Sequences,
        "owners" | "policies" => Group::Permissions,
        _ => Group::Objects,
    }
}

pub fn check(name: &str, findings: Vec<Finding>) -> CheckResult {
    CheckResult {
        outcome: Outcome::Looked { findings },
        looked_at: "12 objects".to_owned(),
        ..CheckResult::new(name, group(name))
    }
}

pub fn could_not_look(name: &str, reason: &str) -> CheckResult {
    CheckResult { outcome: Outcome::CouldNotLook { reason: reason.to_owned() }, ..CheckResult::new(name, group(name)) }
}

/// A target whose restore had these findings; every check that is not given found nothing.
pub fn target(name: &str, version: &str, restore: Vec<Finding>, checks: Vec<CheckResult>) -> Rehearsal {
    let mut results: Vec<CheckResult> = CHECKS.iter().map(|name| check(name, Vec::new())).collect();
    for given in checks {
        match results.iter_mut().find(|result| result.check == given.check) {
            Some(result) => *result = given,
            None => results.push(given),
        }
    }
    let errors =
        restore.iter().filter(|finding| finding.severity != Severity::Warning).map(|finding| finding.count).sum();
    let mut rehearsal = Rehearsal {
        source: SHOP.to_owned(),
        target: name.to_owned(),
        description: String::new(),
        verdict: Verdict::Pass,
        fail_on: Severity::Error,
        untested: Vec::new(),
        judge: Some(Judge {
            engine: "docker".to_owned(),
            server_version: format!("{version} (Debian {version}-1)"),
            source: format!("postgres:{version}"),
        }),
        restore: Some(RestoreSummary {
            command: "pg_restore --dbname app /dump/shop.dump".to_owned(),
            client_version: version.to_owned(),
            exit_code: i64::from(errors > 0),
            errors,
            findings: restore,
            databases: vec!["app".to_owned()],
        }),
        recovery: None,
        checks: results,
        notices: Vec::new(),
        ledger: Vec::new(),
        fixes: None,
        nothing_to_write: false,
        timings: Timings {
            ready: Duration::from_millis(500),
            restore: Duration::from_millis(2_500),
            checks: Duration::from_millis(900),
            teardown: Duration::from_millis(200),
            total: Duration::from_millis(4_100),
        },
    };
    for result in &rehearsal.checks {
        if let Outcome::CouldNotLook { reason } = &result.outcome {
            rehearsal.untested.push(format!("check {} could not look: {reason}", result.check));
        }
    }
    if rehearsal.findings().any(Finding::fails) {
        rehearsal.verdict = Verdict::Fail;
    }
    rehearsal
}

/// A target that nothing could judge.
pub fn unjudged(name: &str, reason: &str) -> Rehearsal {
    Rehearsal {
        verdict: Verdict::Untested,
        untested: vec![reason.to_owned()],
        judge: None,
        restore: None,
        checks: Vec::new(),
        timings: Timings { total: Duration::from_millis(300), ..Timings::default() },
        ..target(name, "17.11", Vec::new(), Vec::new())
    }
}

pub fn all_pass() -> Report {
    report(vec![
        target("debian-15", "15.18", Vec::new(), Vec::new()),
        target("debian-17", "17.11", Vec::new(), Vec::new()),
        target("rds-like", "17.11", Vec::new(), Vec::new()),
    ])
}

fn objects(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

pub fn role_missing() -> Finding {
    Finding {
        count: 14,
        objects: objects(&[
            "ACL public.orders",
            "SCHEMA shop",
            "TABLE public.customers",
            "TABLE public.invoices",
            "TABLE public.orders",
            "VIEW public.sales",
        ]),
        evidence: vec!["ERROR:  role \"shop_app\" does not exist (SQLSTATE 42704)".to_owned()],
        fix: "Roles are not part of a pg_dump archive. Create the role before the restore, or take the roles of the \
              source along with pg_dumpall --roles-only."
            .to_owned(),
        commands: vec!["CREATE ROLE shop_app;".to_owned()],
        ..Finding::new(Name::RoleMissing, "role \"shop_app\" does not exist in this target")
    }
}

fn extension_unavailable() -> Finding {
    Finding {
        count: 3,
        objects: objects(&["EXTENSION vector", "TABLE public.embeddings", "TABLE DATA public.embeddings"]),
        evidence: vec![
            "ERROR:  extension \"vector\" is not available (SQLSTATE 0A000)".to_owned(),
            "DETAIL:  Could not open extension control file \"/usr/share/postgresql/17/extension/vector.control\": \
             No such file or directory."
                .to_owned(),
        ],
        fix: "Use an image that has pgvector, for example in the profile:".to_owned(),
        commands: vec!["image: pgvector/pgvector:pg17".to_owned()],
        ..Finding::new(Name::ExtensionUnavailable, "extension \"vector\" is not installed on this server")
    }
}

fn sequence_behind() -> Finding {
    Finding {
        objects: objects(&["SEQUENCE public.orders_id_seq"]),
        evidence: vec!["next value 120, but public.orders.id already holds 4711".to_owned()],
        fix: "Set the sequence behind the largest value of its column, in the source, and dump again.".to_owned(),
        commands: vec![
            "SELECT pg_catalog.setval('public.orders_id_seq', (SELECT max(id) FROM public.orders));".to_owned(),
        ],
        ..Finding::new(Name::SequenceBehind, "the next value of public.orders_id_seq is already in use")
    }
}

pub fn ownership_changed() -> Finding {
    Finding {
        count: 5,
        objects: objects(&[
            "SCHEMA shop",
            "TABLE public.customers",
            "TABLE public.invoices",
            "TABLE public.orders",
            "VIEW public.sales",
        ]),
        evidence: vec!["owner master, in the dump shop_app".to_owned()],
        fix: "Give them back to their owner after the restore.".to_owned(),
        commands: vec!["ALTER TABLE public.customers OWNER TO shop_app;".to_owned()],
        ..Finding::new(Name::OwnershipChanged, "5 objects came back with another owner")
    }
}

pub fn three_classics() -> Report {
    let mut rds = target(
        "rds-like",
        "17.11",
        vec![extension_unavailable()],
        vec![check("sequences", vec![sequence_behind()]), check("owners", vec![ownership_changed()])],
    );
    rds.notices
        .push("restored with --no-owner: the profile asks for it; owners are those of role \"master\"".to_owned());
    report(vec![
        target("debian-15", "15.18", vec![role_missing()], vec![check("sequences", vec![sequence_behind()])]),
        target(
            "debian-17",
            "17.11",
            vec![role_missing(), extension_unavailable()],
            vec![check("sequences", vec![sequence_behind()])],
        ),
        rds,
        target("twin", "15.18", Vec::new(), Vec::new()),
    ])
}

pub fn untested() -> Report {
    let mut partly = target(
        "debian-17",
        "17.11",
        Vec::new(),
        vec![could_not_look(
            "rows",
            "the server ended while the rows of public.events were counted; raise limits.memory",
        )],
    );
    partly.verdict = Verdict::Untested;
    let reason = "no engine can start it: Docker does not answer at unix:///var/run/docker.sock, and PostgreSQL 18 is \
                  not installed here; start Docker or install postgresql-18";
    report(vec![
        target("debian-15", "15.18", Vec::new(), Vec::new()),
        partly,
        unjudged("debian-18", reason),
        unjudged("rds-like-18", reason),
    ])
}

pub fn hostile() -> Report {
    let table = "TABLE public.\"x\u{1b}[2J\u{1b}[1;32mok\nPASS  all is well\u{202e}\"";
    let finding = Finding {
        objects: objects(&[table]),
        evidence: vec!["ERROR:  role \"\u{9b}31mroot\r\nPASS\" does not exist".to_owned()],
        fix: "Create the role.\nPASS".to_owned(),
        commands: vec!["CREATE ROLE \"\u{9b}31mroot\r\nPASS\";".to_owned(), "SELECT 'таблица';".to_owned()],
        ..Finding::new(Name::RoleMissing, "role \"\u{9b}31mroot\r\nPASS\" does not exist in this target")
    };
    let mut target = target("evil\u{1b}]0;title\u{7}", "15.18", vec![finding], Vec::new());
    target.notices.push("line\nPASS".to_owned());
    let mut report = report(vec![target]);
    report.sources[0].path = "dumps/\u{202e}pmud.sql".to_owned();
    report.targets[0].source = report.sources[0].path.clone();
    report.sources[0].encoding = Some("UTF8\u{1b}[0m".to_owned());
    report
}

pub fn many_objects() -> Report {
    let finding = Finding {
        count: 412,
        objects: (1..=41).map(|number| format!("TABLE public.measurements_2026_{number:02}")).collect(),
        ..role_missing()
    };
    report(vec![target("debian-15", "15.18", vec![finding], Vec::new())])
}

/// Two dumps: one comes back, and the other does not in one of its targets.
pub fn two_sources() -> Report {
    let mut report = report(vec![
        target("debian-15", "15.18", Vec::new(), Vec::new()),
        target("debian-17", "17.11", Vec::new(), Vec::new()),
        target("debian-15", "15.18", vec![role_missing()], Vec::new()),
        target("debian-17", "17.11", Vec::new(), Vec::new()),
    ]);
    let path = "backups/crm.sql".to_owned();
    report.targets[2..].iter_mut().for_each(|rehearsal| rehearsal.source = path.clone());
    report.sources.push(SourceFacts { path, format: "plain SQL, zstd".to_owned(), ..report.sources[0].clone() });
    report
}

/// Nothing fails: a warning, a note and an accepted error.
pub fn with_warnings() -> Report {
    let accepted = Finding {
        objects: objects(&["COMMENT EXTENSION plpgsql"]),
        evidence: vec!["ERROR:  must be owner of extension plpgsql".to_owned()],
        accepted: Some("managed, until 2027-01-01".to_owned()),
        ..Finding::new(Name::PermissionDenied, "role \"master\" may not comment on extension plpgsql")
    };
    let note = Finding {
        evidence: vec!["ERROR:  unrecognized configuration parameter \"transaction_timeout\"".to_owned()],
        fix: "Nothing needs to be done.".to_owned(),
        ..Finding::new(Name::SettingUnknown, "the server does not know \"transaction_timeout\"")
    };
    report(vec![
        target("debian-15", "15.18", vec![note], Vec::new()),
        target("rds-like", "17.11", vec![accepted], vec![check("owners", vec![ownership_changed()])]),
    ])
}

/// Fixes were written for one target; for the other there was nothing to write.
pub fn with_fixes() -> Report {
    let finding = Finding { fix_files: vec!["roles.sql".to_owned()], ..role_missing() };
    let mut mended = target("debian-15", "15.18", vec![finding], Vec::new());
    let files = ["roles.sql", "profile.yaml", "restore.sh"].map(str::to_owned).into();
    mended.fixes = Some(WrittenFixes { directory: Some("/srv/fixes/debian-15".to_owned()), files, failed: None });
    let mut good = target("twin", "17.11", Vec::new(), Vec::new());
    good.fixes = Some(WrittenFixes::default());
    report(vec![mended, good])
}

/// A cause foreseen that the restore met, one that holds by the profile's rule, and one that nothing put to the test.
pub fn foreseen() -> Report {
    let role = Finding { subject: Some(Subject::Words("shop_app".to_owned())), ..role_missing() };
    let mut met = check(REQUIREMENTS, Vec::new());
    met.foreseen = vec![Reference::of(&role)];
    let mut laptop = target("laptop", "17.11", vec![role.clone()], Vec::new());
    laptop.checks.insert(0, met);
    let mut rule = target("managed", "17.11", Vec::new(), Vec::new());
    let title = "extension \"dblink\" is not among those that this target allows";
    rule.checks.insert(0, check(REQUIREMENTS, vec![Finding::new(Name::ExtensionNotAllowed, title)]));
    rule.verdict = Verdict::Fail;
    let mut nobody = unjudged("nowhere", "Docker does not answer");
    nobody.checks.insert(0, check(REQUIREMENTS, vec![role]));
    let mut good = target("twin", "17.11", Vec::new(), Vec::new());
    good.checks.insert(0, check(REQUIREMENTS, Vec::new()));
    report(vec![laptop, rule, nobody, good])
}

/// What profiles have decided: some objects of a finding are accepted, a severity is set, warnings fail.
pub fn decided() -> Report {
    let reason = "kept by the hosting company (until 2027-01-01)";
    let part = Finding {
        accepted_objects: vec![AcceptedObjects {
            objects: objects(&["ACL public.orders", "SCHEMA shop"]),
            reason: reason.to_owned(),
        }],
        ..role_missing()
    };
    let milder = Finding { severity: Severity::Warning, own_severity: Some(Severity::Error), ..role_missing() };
    let mut warned = target("warned", "17.11", vec![milder], Vec::new());
    warned.fail_on = Severity::Warning;
    warned.verdict = Verdict::Fail;
    report(vec![target("partly", "17.11", vec![part], Vec::new()), warned])
}
