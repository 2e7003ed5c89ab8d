//! Removes what dead runs left, and nothing else.

use std::collections::HashMap;

use bollard::Docker;
use bollard::query_parameters::{
    ListContainersOptionsBuilder, ListImagesOptionsBuilder, ListVolumesOptionsBuilder, RemoveContainerOptionsBuilder,
    RemoveImageOptionsBuilder, RemoveVolumeOptions,
};

use super::{call, labels, status};
use crate::engine::lease::{Home, Lease};
use crate::engine::{EngineError, Swept};

type Labels = HashMap<String, String>;

/// Removes what belongs to dead runs, and with `all` the kept data directories too.
pub async fn sweep(docker: &Docker, home: &Home, all: bool) -> Result<Vec<Swept>, EngineError> {
    remove_where(docker, &|labels| is_dead(labels, home), all).await
}

/// Removes what belongs to one live run: its own clean-up of last resort.
pub async fn remove_run(docker: &Docker, lease: &Lease) -> Result<Vec<Swept>, EngineError> {
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
) -> Result<Vec<Swept>, EngineError> {
    let mut swept = Vec::new();
    // Containers first: a volume or an image in use cannot be removed.
    let ours = HashMap::from([("label".to_owned(), vec![labels::RUN.to_owned()])]);
    let options = ListContainersOptionsBuilder::default().all(true).filters(&ours).build();
    let containers = docker.list_containers(Some(options)).await.map_err(call("cannot list containers"))?;
    for container in containers {
        let (Some(id), Some(labels)) = (container.id, container.labels) else { continue };
        if wanted(&labels) {
            let options = RemoveContainerOptionsBuilder::default().force(true).v(true).build();
            gone(docker.remove_container(&id, Some(options)).await, "cannot remove a container")?;
            let name = container.names.and_then(|names| names.into_iter().next()).unwrap_or(id);
            swept.push(Swept { kind: "container", name: name.trim_start_matches('/').to_owned() });
        }
    }
    let options = ListVolumesOptionsBuilder::default().filters(&ours).build();
    let volumes = docker.list_volumes(Some(options)).await.map_err(call("cannot list volumes"))?.volumes;
    for volume in volumes.unwrap_or_default() {
        if wanted(&volume.labels) {
            gone(docker.remove_volume(&volume.name, None::<RemoveVolumeOptions>).await, "cannot remove a volume")?;
            swept.push(Swept { kind: "volume", name: volume.name });
        }
    }
    let options = ListImagesOptionsBuilder::default().filters(&ours).build();
    let images = docker.list_images(Some(options)).await.map_err(call("cannot list images"))?;
    for image in images {
        let is_kept = image.labels.get(labels::KEPT).is_some_and(|key| !key.is_empty());
        // Two homes that kept the same one at once: the tag is the later one's, and the other is of no use to anybody.
        let is_orphan = is_kept && image.repo_tags.iter().all(|name| name.starts_with("<none>"));
        if is_orphan || (kept && is_kept) || (!is_kept && wanted(&image.labels)) {
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
                    Ok(_) => swept.push(Swept { kind: "image", name }),
                    Err(error) if matches!(status(&error), Some(404 | 409)) => {}
                    Err(error) => return Err(call("cannot remove an image")(error)),
                }
            }
        }
    }
    swept.sort();
    Ok(swept)
}

/// What is gone already, or being removed by somebody else, is gone.
fn gone<T>(result: Result<T, bollard::errors::Error>, action: &'static str) -> Result<(), EngineError> {
    match result {
        Ok(_) => Ok(()),
        Err(error) if status(&error) == Some(404) => Ok(()),
        Err(error) if status(&error) == Some(409) && error.to_string().contains("already in progress") => Ok(()),
        Err(error) => Err(call(action)(error)),
    }
}
