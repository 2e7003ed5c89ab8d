//! `pgrehearse doctor`: can this machine rehearse, and what is missing.

use std::io::Write as _;

use super::arguments::Doctor;
use super::engines;
use crate::engine::Server;
use crate::engine::choice::Choice;
use crate::engine::local::{bubblewrap, installations};
use crate::exit;
use crate::postgres::Major;
use crate::session::RunError;

/// Less free space than this, in bytes, is worth a word.
const LITTLE_DISK: u64 = 5 << 30;

/// Runs the command; the result is its exit code: 0 when an engine can rehearse at least one version.
pub async fn doctor(arguments: Doctor) -> Result<u8, RunError> {
    let pool = engines::open(&arguments.engine).await?;
    let repository = arguments.engine.image_repository.as_deref();
    let mut lines = Vec::new();
    let choice = pool.engines.choice;
    let mut docker_ready = false;

    match (&pool.engines.docker, &pool.docker) {
        (Ok(engine), Some(about)) => {
            lines.push(Line::good("docker", format!("{}, API {}", about.version, about.api_version)));
            let memory = crate::report::text::size(about.memory);
            lines.push(Line::good("", format!("{} CPUs, {memory} of memory for containers", about.cpus)));
            let mut have = Vec::new();
            for major in Major::tested() {
                if engine.has(&Server::Major(major), repository).await {
                    have.push(major.to_string());
                }
            }
            let name = repository.unwrap_or("postgres");
            if have.is_empty() {
                const NEWEST: Major = Major::NEWEST;
                if engine.can_pull(&Server::Major(NEWEST), repository).await {
                    docker_ready = true;
                    let what =
                        format!("no image of {name} is here yet; the registry answers, and `run` pulls what it needs");
                    lines.push(Line::good("images", what));
                } else {
                    let what = format!(
                        "no image of {name} is here, and no registry that the engine reaches has {name}:{NEWEST}"
                    );
                    let remedy =
                        format!("docker load one as {name}:{NEWEST}, or name where yours are with --image-repository");
                    lines.push(Line::bad("images", what, remedy));
                }
            } else {
                docker_ready = true;
                lines.push(Line::good("images", format!("{name}: {}", have.join(", "))));
            }
        }
        (Err(_), _) if choice == Choice::Local => {}
        (Err(reason), _) => {
            let (what, remedy) =
                reason.split_once("; ").unwrap_or((reason, "start Docker, or let DOCKER_HOST name an engine"));
            lines.push(Line::bad("docker", what.to_owned(), remedy.to_owned()));
        }
        (Ok(_), None) => {}
    }

    let mut local_ready = false;
    if choice != Choice::Docker {
        let (local, ready) = local(arguments.engine.unconfined).await?;
        lines.extend(local);
        local_ready = ready;
    }
    lines.extend(disk(pool.lease.home().dir()));
    lines.push(Line::good("state", pool.lease.home().dir().display().to_string()));

    let mut out = super::stdout();
    for line in &lines {
        let mark = if line.remedy.is_some() { "!" } else { " " };
        writeln!(out, "{mark} {:11} {}", line.about, crate::report::text::visible(&line.what))?;
        if let Some(remedy) = &line.remedy {
            writeln!(out, "              -> {remedy}")?;
        }
    }
    let ready = is_ready(choice, docker_ready, local_ready);
    writeln!(out, "\n{}", end(choice, ready))?;
    pool.close().await?;
    Ok(if ready { exit::PASS } else { exit::UNTESTED })
}

/// Whether an engine that may be used can rehearse.
fn is_ready(choice: Choice, docker: bool, local: bool) -> bool {
    match choice {
        Choice::Auto => docker || local,
        Choice::Docker => docker,
        Choice::Local => local,
    }
}

fn end(choice: Choice, ready: bool) -> &'static str {
    match (ready, choice) {
        (true, Choice::Auto) => "This machine can rehearse.",
        (true, Choice::Docker) => "This machine can rehearse with Docker.",
        (true, Choice::Local) => "This machine can rehearse with the local engine.",
        (false, Choice::Auto) => {
            "This machine cannot rehearse yet: it needs Docker with an image of PostgreSQL (here, or in a registry that the engine \
             reaches), or an installed PostgreSQL with bubblewrap."
        }
        (false, Choice::Docker) => {
            "This machine cannot rehearse with Docker yet: it needs Docker with an image of PostgreSQL, here or in a registry that \
             the engine reaches."
        }
        (false, Choice::Local) => {
            "This machine cannot rehearse with the local engine yet: it needs an installed PostgreSQL with bubblewrap."
        }
    }
}

/// What the local engine has, and whether that is all that it needs.
async fn local(unconfined: bool) -> Result<(Vec<Line>, bool), RunError> {
    let (installed, walls) = tokio::task::spawn_blocking(|| (installations(), bubblewrap())).await?;
    let mut lines = Vec::new();
    if installed.is_empty() {
        lines.push(Line::bad(
            "local",
            "no PostgreSQL server is installed".into(),
            "apt-get install postgresql, or use Docker".into(),
        ));
    }
    for installation in &installed {
        let what = format!("PostgreSQL {} in {}", installation.version, installation.bindir.display());
        lines.push(Line::good("local", what));
    }
    let has_walls = walls.is_ok();
    lines.push(match walls {
        Ok(walls) => Line::good("bubblewrap", walls.version.clone()),
        Err(reason) if unconfined => Line::good("bubblewrap", format!("{reason}; --unconfined goes without")),
        Err(reason) => Line::bad("bubblewrap", reason, "apt-get install bubblewrap; the local engine needs it".into()),
    });
    lines.extend(locales().await);
    Ok((lines, !installed.is_empty() && (has_walls || unconfined)))
}

struct Line {
    about: &'static str,
    what: String,
    remedy: Option<String>,
}

impl Line {
    fn good(about: &'static str, what: String) -> Self {
        Self { about, what, remedy: None }
    }

    fn bad(about: &'static str, what: String, remedy: String) -> Self {
        Self { about, what, remedy: Some(remedy) }
    }
}

/// The locales of this machine, which the local engine cannot add to.
async fn locales() -> Option<Line> {
    let output = tokio::process::Command::new("locale").arg("-a").output().await.ok()?;
    let names: Vec<String> = String::from_utf8_lossy(&output.stdout).lines().map(str::to_owned).collect();
    let shown = names.iter().take(8).cloned().collect::<Vec<_>>().join(", ");
    let more = names.len().saturating_sub(8);
    let what = if more > 0 { format!("{shown}, and {more} more") } else { shown };
    let english = names.iter().any(|name| name.to_ascii_lowercase().replace('-', "") == "en_us.utf8");
    Some(if english {
        Line::good("locales", what)
    } else {
        let remedy = "for profiles with en_US.UTF-8 on the local engine: localedef -i en_US -f UTF-8 en_US.UTF-8";
        Line::bad("locales", what, remedy.into())
    })
}

fn disk(path: &std::path::Path) -> Option<Line> {
    let stat = nix::sys::statvfs::statvfs(path).ok()?;
    let free = stat.blocks_available().saturating_mul(stat.fragment_size());
    let what = format!("{} free", crate::report::text::size(free));
    Some(if free < LITTLE_DISK {
        Line::bad("disk", what, "large dumps need about ten times their compressed size".into())
    } else {
        Line::good("disk", what)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_engine_that_may_be_used_makes_a_machine_ready() {
        assert!(is_ready(Choice::Auto, false, true) && is_ready(Choice::Auto, true, false));
        assert!(is_ready(Choice::Docker, true, false) && !is_ready(Choice::Docker, false, true));
        assert!(is_ready(Choice::Local, false, true) && !is_ready(Choice::Local, true, false));
    }
}
