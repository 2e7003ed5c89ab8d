//! `pgrehearse profiles`: the built-in ones, and checking one's own.

use std::io::Write as _;

use pgdump_reader as dump;
use tokio_util::sync::CancellationToken;

use super::arguments::{self, Profiles, ProfilesAction};
use super::{engines, say, signals};
use crate::cluster::ClusterError;
use crate::engine::EngineError;
use crate::event::{EventKind, Recorder, Reporter};
use crate::exit;
use crate::finding::mask::{Hider, Mask};
use crate::finding::profile_rules;
use crate::profile::{self, BUILTIN, Made, Rules};
use crate::rehearsal::trial::{Trial, TrialError};
use crate::report::text::visible;
use crate::session::{self, RunError};

/// Runs the command; the result is its exit code.
pub async fn profiles(arguments: Profiles) -> Result<u8, RunError> {
    let mut out = super::stdout();
    match arguments.action.unwrap_or(ProfilesAction::List) {
        ProfilesAction::List => {
            let width = BUILTIN.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
            for (name, text) in BUILTIN {
                let targets = profile::parse_all(text, name, &profile_rules())?;
                let description = targets.first().map_or("", |target| &target.description);
                writeln!(out, "{name:width$}  {description}")?;
            }
        }
        ProfilesAction::Show { names, raw: true, .. } => {
            for name in names {
                write!(out, "{}", profile::text_of(&name)?)?;
            }
        }
        ProfilesAction::Show { names, dump, .. } => {
            let source = match dump {
                Some(path) => {
                    let dump = dump::open(&path)?;
                    Some(session::source_of(&dump, || Ok(dump.count()?.facts))?)
                }
                None => None,
            };
            let rules = Rules { source: source.as_ref(), ..profile_rules() };
            let made = profile::made_by(&names, &rules)?;
            for (index, made) in made.iter().enumerate() {
                if index > 0 {
                    // Several are several documents.
                    writeln!(out, "---")?;
                }
                if made.target.takes_from_dump && source.is_none() {
                    writeln!(out, "# Takes values from the dump; without --dump something stands in for them.")?;
                }
                for notice in &made.target.notices {
                    writeln!(out, "# {notice}")?;
                }
                write!(out, "{}", made.annotated().map_err(std::io::Error::other)?)?;
            }
        }
        ProfilesAction::Schema => writeln!(out, "{:#}", schema())?,
        ProfilesAction::Check { profiles, live, engine } => {
            let made = profile::made_by(&profiles, &profile_rules())?;
            if live {
                return check_live(&made, &engine).await;
            }
            for made in made {
                writeln!(out, "{}: ok", made.target.name)?;
                for notice in &made.target.notices {
                    say(&format!("pgrehearse: {}: {}", made.target.name, visible(notice)));
                }
            }
        }
    }
    Ok(exit::PASS)
}

/// The schema of profiles, with the findings of now.
fn schema() -> serde_json::Value {
    profile::schema(profile_rules().known_findings.unwrap_or_default())
}

/// Makes the cluster of each target, one after the other, and says what came of it.
async fn check_live(all: &[Made], engine: &arguments::Engine) -> Result<u8, RunError> {
    let pool = engines::open(engine).await?;
    let interrupt = CancellationToken::new();
    let signal = signals::watch(interrupt.clone())?;
    let trial = Trial {
        engines: &pool.engines,
        image_repository: engine.image_repository.as_deref(),
        cache: !engine.no_cache,
        interrupt: &interrupt,
    };
    let mut code = exit::PASS;
    for profile in all {
        let target = &profile.target;
        let recorder = Recorder::default();
        let reporter = Reporter::default().with(recorder.clone());
        let made = trial.of(target, &reporter.of_target(&target.name)).await;
        reporter.finish().await;
        let line = match made {
            Ok(server) => format!("{}: ok, {server}", target.name),
            Err(failed) => {
                // A profile that a server refuses is a bad one; what could not be looked at is not known to be a good one.
                let refused = matches!(
                    failed,
                    TrialError::Cluster(
                        ClusterError::Refused { .. }
                            | ClusterError::Server { .. }
                            | ClusterError::Engine(EngineError::Start { .. } | EngineError::NoLocale { .. })
                    )
                );
                if refused || code == exit::PASS {
                    code = if refused { exit::USAGE } else { exit::UNTESTED };
                }
                let mut line = format!("{}: {}", target.name, in_short(&failed, profile));
                Hider { of_environment: &target.secrets }.text(&mut line);
                line
            }
        };
        writeln!(super::stdout(), "{}", visible(&line))?;
        for event in recorder.events() {
            if let EventKind::Notice { text } = event.kind {
                say(&format!("pgrehearse: {}: {}", target.name, visible(&text)));
            }
        }
        if interrupt.is_cancelled() {
            break;
        }
    }
    pool.close().await?;
    let signal = *signal.borrow();
    Ok(signal.map_or(code, signals::Signal::exit_code))
}

/// What a server says when it does not start, without the form of its log, and where the profile gives the setting or the locale
/// that it is about; anything else as it is.
fn in_short(failed: &TrialError, profile: &Made) -> String {
    if let TrialError::Cluster(ClusterError::Engine(error @ EngineError::NoLocale { locale, .. })) = failed {
        return match profile.place_of_locale(locale) {
            Some(place) => format!("{place}: {error}"),
            None => error.to_string(),
        };
    }
    let failed = match failed {
        TrialError::Cluster(error) => Mask::of_target(&profile.target).cluster(error),
        other => other.to_string(),
    };
    let fatal = failed.split_once("FATAL:").map(|(_, fatal)| fatal.lines().next().unwrap_or_default().trim());
    let said = match fatal.map(|fatal| (fatal, fatal.split_once(": "))) {
        // Verbose logs have the SQLSTATE in front.
        Some((_, Some((state, words))))
            if state.len() == 5 && state.bytes().all(|byte| byte.is_ascii_alphanumeric()) =>
        {
            format!("the server does not start: {words} ({state})")
        }
        Some((fatal, _)) => format!("the server does not start: {fatal}"),
        None => failed.clone(),
    };
    let setting = failed.split_once("parameter \"").and_then(|(_, rest)| rest.split_once('"')).map(|(name, _)| name);
    match setting.and_then(|name| profile.place_of_setting(name)) {
        Some(place) => format!("{place}: {said}"),
        None => said,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_schema_in_the_repository_is_this_one() {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/profile.schema.json");
        let text = std::fs::read_to_string(&path).unwrap_or_default();
        let hint = "write it with: cargo run -- profiles schema > docs/profile.schema.json";
        assert_eq!(text, format!("{:#}\n", schema()), "{hint}");
    }
}
