//! What a demo says, and whether what it promises came so.

use super::promises::{Promise, Story};
use crate::engine::EngineKind;
use crate::finding::Name;
use crate::rehearsal::{Rehearsal, Verdict};
use crate::report::text::wrap;
use crate::session::{CommonEngine, NoCommonEngine, Report};

/// What a demo came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    AsPromised,
    /// Something was tested, and went other than promised.
    Otherwise,
    /// Something could not be tested; the rest went as promised.
    Untested,
}

/// Columns of the closing words.
const WIDTH: usize = 80;

/// `PostgreSQL 17 in Docker`
fn describe(judge: &CommonEngine) -> String {
    let of = match judge.engine {
        EngineKind::Docker => "in Docker",
        EngineKind::Local => "of this machine, in bubblewrap",
        EngineKind::LocalUnconfined => "of this machine, UNCONFINED",
    };
    format!("PostgreSQL {} {of}", judge.major)
}

/// What must be said before anything is restored.
pub fn warning(story: &Story, judge: &CommonEngine) -> Option<String> {
    let reason = judge.no_walls.as_deref()?;
    let (own, done) = (story.words.own, story.words.done);
    Some(format!(
        "warning: {reason}: the demo's own {own}, which is part of this program, is {done} WITHOUT WALLS; any other \
         {own} needs Docker or bubblewrap"
    ))
}

/// Why the demo cannot take place, and what to do.
pub fn nowhere(story: &Story, nothing: &NoCommonEngine) -> String {
    let package = story.package;
    let mut text = String::from("The demo cannot take place here, and nothing was tested:\n");
    for (name, reason) in [("docker", &nothing.docker), ("local", &nothing.local)] {
        if let Some(reason) = reason {
            text.push_str(&format!("  {name:6}  {reason}\n"));
        }
    }
    text.push_str(&match (&nothing.docker, &nothing.local) {
        (Some(_), None) => "Start Docker, or leave out --engine docker.".to_owned(),
        (None, Some(_)) => format!("apt-get install {package} bubblewrap, or leave out --engine local."),
        _ => format!("Start Docker, or apt-get install {package} bubblewrap; `pgrehearse doctor` says more."),
    });
    text
}

/// What is going to happen.
pub fn intro(story: &Story, judge: &CommonEngine) -> String {
    let (happens, expected) = story.intro;
    format!("{happens} {}.\n{expected}", describe(judge))
}

/// What has been seen, compared with what was promised.
pub fn closing(story: &Story, report: &Report, judge: &CommonEngine) -> (String, Outcome) {
    let mut text = format!("What you have just seen, on {}:\n", describe(judge));
    let mut outcome = Outcome::AsPromised;
    for promise in story.promises {
        let rehearsal = report.targets.iter().find(|rehearsal| rehearsal.target == promise.target);
        let (line, one) = line_about(promise, rehearsal);
        text.push('\n');
        for (index, line) in wrap(&line, WIDTH - 2).iter().enumerate() {
            text.push_str(if index == 0 { "  " } else { "      " });
            text.push_str(line);
            text.push('\n');
        }
        outcome = match (outcome, one) {
            (Outcome::Otherwise, _) | (_, Outcome::Otherwise) => Outcome::Otherwise,
            (Outcome::Untested, _) | (_, Outcome::Untested) => Outcome::Untested,
            _ => Outcome::AsPromised,
        };
    }
    text.push('\n');
    text.push_str(&match outcome {
        Outcome::AsPromised => {
            format!("All of it went as it should, the {} failures included.\n{}", failures(story), story.next)
        }
        Outcome::Otherwise => {
            "Something did NOT GO AS IT SHOULD, so the demo fails. The cause can be this machine's PostgreSQL or a\n\
             bug in pgrehearse; please report it with the output above."
                .to_owned()
        }
        Outcome::Untested => {
            "Something could not be tested: the reasons are above. `pgrehearse doctor` says what is missing.".to_owned()
        }
    });
    (text, outcome)
}

/// How many targets must fail.
fn failures(story: &Story) -> &'static str {
    match story.promises.iter().filter(|promise| promise.verdict == Verdict::Fail).count() {
        2 => "two",
        _ => "three",
    }
}

/// One target's line.
fn line_about(promise: &Promise, rehearsal: Option<&Rehearsal>) -> (String, Outcome) {
    let target = promise.target;
    let Some(rehearsal) = rehearsal else {
        return (format!("{target}: UNTESTED, it is not in the report"), Outcome::Untested);
    };
    let seen = names(rehearsal);
    if rehearsal.verdict == Verdict::Untested && seen.is_empty() {
        let reason = crate::report::text::visible(&rehearsal.summary()).into_owned();
        return (format!("{target}: UNTESTED, {reason}"), Outcome::Untested);
    }
    if rehearsal.verdict == promise.verdict && seen == promise.findings {
        let verdict = match promise.verdict {
            Verdict::Pass => "passes",
            _ => "fails, as it should",
        };
        let mut line = format!("{target} {verdict}: {}", promise.because);
        if !seen.is_empty() {
            line.push_str(&format!(" ({})", listed(&seen)));
        }
        return (line, Outcome::AsPromised);
    }
    let line = format!(
        "{target} is NOT AS IT SHOULD BE: expected {}, seen {}",
        described(promise.verdict, promise.findings),
        described(rehearsal.verdict, &seen)
    );
    (line, Outcome::Otherwise)
}

/// The findings of a rehearsal, each name once, by name.
fn names(rehearsal: &Rehearsal) -> Vec<Name> {
    let mut names: Vec<Name> = rehearsal.shown_findings().map(|finding| finding.name).collect();
    names.sort_by_key(|name| name.as_str());
    names.dedup();
    names
}

fn listed(names: &[Name]) -> String {
    names.iter().map(|name| name.as_str()).collect::<Vec<_>>().join(", ")
}

fn described(verdict: Verdict, names: &[Name]) -> String {
    match names {
        [] => format!("{} without a finding", verdict.label()),
        names => format!("{} with {}", verdict.label(), listed(names)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::demo::promises::{RECOVERY, SHOP};

    #[test]
    fn nowhere_says_what_to_do() {
        let nothing = NoCommonEngine { docker: Some("no".into()), local: Some("none".into()) };
        insta::assert_snapshot!(nowhere(&SHOP, &nothing), @r"
        The demo cannot take place here, and nothing was tested:
          docker  no
          local   none
        Start Docker, or apt-get install postgresql bubblewrap; `pgrehearse doctor` says more.
        ");
    }

    #[test]
    fn the_recovery_demo_names_the_package_of_its_version() {
        let nothing = NoCommonEngine { docker: None, local: Some("none".into()) };
        let said = nowhere(&RECOVERY, &nothing);
        assert!(said.ends_with("apt-get install postgresql-17 bubblewrap, or leave out --engine local."), "{said}");
    }

    use crate::check::{CheckResult, Outcome as Looked};
    use crate::finding::Finding;

    fn rehearsal(target: &str, verdict: Verdict, findings: &[Name]) -> Rehearsal {
        let findings = findings.iter().map(|name| Finding::new(*name, name.summary())).collect();
        Rehearsal {
            verdict,
            checks: vec![CheckResult {
                outcome: Looked::Looked { findings },
                ..CheckResult::new("a", crate::check::Group::Objects)
            }],
            ..Rehearsal::untested("shop.dump", target, "", vec!["no engine".into()])
        }
    }

    #[test]
    fn what_came_as_promised_says_why() {
        let (line, outcome) =
            line_about(&SHOP.promises[3], Some(&rehearsal("demo-managed", Verdict::Fail, SHOP.promises[3].findings)));
        assert_eq!(outcome, Outcome::AsPromised);
        assert!(line.starts_with("demo-managed fails, as it should: "), "{line}");
        assert!(line.ends_with("(permission-denied, sequence-behind)"), "{line}");
    }

    #[test]
    fn what_differs_is_said_exactly() {
        let (line, outcome) =
            line_about(&SHOP.promises[3], Some(&rehearsal("demo-managed", Verdict::Fail, &[Name::PermissionDenied])));
        assert_eq!(outcome, Outcome::Otherwise);
        assert_eq!(
            line,
            "demo-managed is NOT AS IT SHOULD BE: expected fail with permission-denied, sequence-behind, seen fail with \
             permission-denied"
        );
        let (line, outcome) =
            line_about(&SHOP.promises[0], Some(&rehearsal("demo-twin", Verdict::Pass, &[Name::LocaleDiffers])));
        assert_eq!(outcome, Outcome::Otherwise);
        assert!(line.ends_with("expected pass without a finding, seen pass with locale-differs"), "{line}");
    }

    #[test]
    fn what_could_not_be_tested_is_no_promise_kept() {
        let (line, outcome) = line_about(&SHOP.promises[0], Some(&rehearsal("demo-twin", Verdict::Untested, &[])));
        assert_eq!((line.as_str(), outcome), ("demo-twin: UNTESTED, no engine", Outcome::Untested));
        assert_eq!(line_about(&SHOP.promises[0], None).1, Outcome::Untested);
    }
}
