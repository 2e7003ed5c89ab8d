//! Removes what dead runs left, and nothing else.

use std::collections::HashMap;

use bollard::Docker;
use bollard::query_parameters::{
    ListContainersOptionsBuilder, ListImagesOptionsBuilder, ListVolumesOptionsBuilder, RemoveImageOptionsBuilder,
};

use super::{call, labels, remove, status};
use crate::engine::lease::{Home, Lease};
use crate::engine::{EngineError, Sweep, Swept};

type Labels = HashMap<String, String>;

/// How old a kept data directory gets, in seconds: 30 days. One that is still wanted then is made again in a few seconds, and of those
/// that nobody wants any more (an image of last month, a locale that was tried once) nobody else would ever know.
const LONGEST_KEPT: u64 = 30 * 24 * 3600;

/// Removes what belongs to dead runs, and with `all` the kept data directories too.
pub async fn sweep(docker: &Docker, home: &Home, all: bool) -> Result<Sweep, EngineError> {
    remove_where(docker, &|labels| is_dead(labels, home), all).await
}

/// Removes what belongs to one live run: its own clean-up of last resort.
pub async fn remove_run(docker: &Docker, lease: &Lease) -> Result<Sweep, EngineError> {
    let own = |labels: &Labels| {
        labels.get(labels::RUN).is_some_and(|run| run == lease.run())
            && labels.get(labels::HOME).is_some_and(|home| home == lease.home().id())
    };
    remove_where(docker, &own, false).await
}

/// A run of this home is dead when its lease is free; a run of another home when its deadline has passed.
fn is_dead(labels: &Labels, home: &Home) -> bool {
    let (Some(run), Some(of)) = (labels.get(labels::RUN), labels.get(labels::HOME)) else { return false };
    if of == home.id() {
        return home.is_dead(run);
    }
    labels
        .get(labels::DEADLINE)
        .and_then(|deadline| deadline.parse::<u64>().ok())
        .is_some_and(|deadline| deadline < labels::now().as_secs())
}

async fn remove_where(
    docker: &Docker,
    wanted: &(dyn Fn(&Labels) -> bool + Sync),
    kept: bool,
) -> Result<Sweep, EngineError> {
    let mut sweep = Sweep::default();
    // Containers first: a volume or an image in use cannot be removed.
    let ours = HashMap::from([("label".to_owned(), vec![labels::RUN.to_owned()])]);
    let options = ListContainersOptionsBuilder::default().all(true).filters(&ours).build();
    let containers = docker.list_containers(Some(options)).await.map_err(call("cannot list containers"))?;
    for container in containers {
        let (Some(id), Some(labels)) = (container.id, container.labels) else { continue };
        if wanted(&labels) {
            let removed = remove::container(docker, &id).await;
            let name = container.names.and_then(|names| names.into_iter().next()).unwrap_or(id);
            sweep.note("container", name.trim_start_matches('/').to_owned(), removed);
        }
    }
    let options = ListVolumesOptionsBuilder::default().filters(&ours).build();
    let volumes = docker.list_volumes(Some(options)).await.map_err(call("cannot list volumes"))?.volumes;
    for volume in volumes.unwrap_or_default() {
        if wanted(&volume.labels) {
            let removed = remove::volume(docker, &volume.name).await;
            sweep.note("volume", volume.name, removed);
        }
    }
    let options = ListImagesOptionsBuilder::default().filters(&ours).build();
    let images = docker.list_images(Some(options)).await.map_err(call("cannot list images"))?;
    for image in images {
        let is_kept = image.labels.get(labels::KEPT).is_some_and(|key| !key.is_empty());
        // Two homes that kept the same one at once: the tag is the later one's, and the other is of no use to anybody.
        let is_orphan = is_kept && image.repo_tags.iter().all(|name| name.starts_with("<none>"));
        let age = labels::now().as_secs().saturating_sub(u64::try_from(image.created).unwrap_or(0));
        let is_old = is_kept && age > LONGEST_KEPT;
        if is_orphan || is_old || (kept && is_kept) || (!is_kept && wanted(&image.labels)) {
            // Without force: what a live run uses stays, and is not an error.
            // An image whose tag went to a newer one is listed as `<none>:<none>` by older engines.
            let mut names = image.repo_tags;
            names.retain(|name| !name.starts_with("<none>"));
            if names.is_empty() {
                names.push(image.id);
            }
            for name in names {
                let options = RemoveImageOptionsBuilder::default().build();
                match docker.remove_image(&name, Some(options), None).await {
                    Err(error) if matches!(status(&error), Some(404 | 409)) => {}
                    removed => sweep.note("image", name, removed.map(drop)),
                }
            }
        }
    }
    sweep.removed.sort();
    Ok(sweep)
}

impl Sweep {
    /// Notes what came of one removal. What is gone already is gone.
    fn note(&mut self, kind: &'static str, name: String, removed: Result<(), bollard::errors::Error>) {
        match removed {
            Err(error) if status(&error) != Some(404) => {
                self.failed.push(format!("{kind} {name}: {}", reason(error)));
            }
            _ => self.removed.push(Swept { kind, name }),
        }
    }
}

/// Why the engine would not, in its own words.
fn reason(error: bollard::errors::Error) -> String {
    match call("")(error) {
        EngineError::Call { reason, .. } => reason,
        other => other.to_string(),
    }
}
