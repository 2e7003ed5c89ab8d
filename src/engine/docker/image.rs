//! Images: which one a server needs, whether it is there, and pulling it.

use std::collections::HashMap;

use bollard::Docker;
use bollard::query_parameters::CreateImageOptionsBuilder;
use futures_util::StreamExt as _;

use super::{call, status};
use crate::engine::{EngineError, SandboxSpec, Server};
use crate::event::{EventKind, Events, Phase};
use crate::profile::Pull;

/// Docker's official image.
const OFFICIAL: &str = "postgres";

/// What stands for the major version in a tag.
const MAJOR: &str = "{postgres}";

/// The reference of the image that a server of `spec` needs.
pub fn of(spec: &SandboxSpec, server: &Server) -> String {
    reference(server, spec.image_repository.as_deref(), spec.image_tag.as_deref())
}

/// The reference of the image that a server needs.
pub fn reference(server: &Server, repository: Option<&str>, tag: Option<&str>) -> String {
    match server {
        Server::Major(major) => {
            let tag = tag.unwrap_or(MAJOR).replace(MAJOR, &major.to_string());
            format!("{}:{tag}", repository.unwrap_or(OFFICIAL))
        }
        Server::Image(image) => image.clone(),
    }
}

/// Makes sure that the image is there, pulling it where `pull` says so.
pub async fn provide(docker: &Docker, image: &str, pull: Pull, events: &Events) -> Result<(), EngineError> {
    let is_here = match docker.inspect_image(image).await {
        Ok(_) => true,
        Err(error) if status(&error) == Some(404) => false,
        Err(error) => return Err(call("cannot look at the image")(error)),
    };
    match pull {
        Pull::Missing | Pull::Never if is_here => return Ok(()),
        Pull::Never => {
            return Err(EngineError::Unavailable {
                what: format!("image {image} is not here"),
                reason: "the profile says `pull: never`".into(),
                remedy: format!("load it or pull it yourself (docker pull {image}), or say `pull: missing`"),
            });
        }
        Pull::Missing | Pull::Always => {}
    }
    events.phase(Phase::Image).await;
    let unavailable = |reason: String| EngineError::Unavailable {
        what: match pull {
            Pull::Always => format!("image {image} cannot be pulled, as the profile's `pull: always` wants"),
            Pull::Missing | Pull::Never => format!("image {image} is not here and cannot be pulled"),
        },
        reason,
        remedy: "load it (docker load, docker tag), or name where it is with --image-repository".into(),
    };
    let options = CreateImageOptionsBuilder::default().from_image(&with_tag(image)).build();
    let mut pull = docker.create_image(Some(options), None, None);
    let mut layers: HashMap<String, (u64, u64)> = HashMap::new();
    // A registry that does not answer is waited for, and somebody wants to know for which.
    events.progress(EventKind::Pulling { image: image.to_owned(), done: 0, total: 0 });
    while let Some(step) = pull.next().await {
        let step = step.map_err(|error| match error {
            bollard::errors::Error::DockerResponseServerError { message, .. } => unavailable(message),
            bollard::errors::Error::DockerStreamError { error } => unavailable(error),
            other => unavailable(other.to_string()),
        })?;
        if let Some(error) = step.error_detail.and_then(|detail| detail.message) {
            return Err(unavailable(error));
        }
        if let (Some(layer), Some(progress)) = (step.id, step.progress_detail)
            && let (Some(current), Some(total)) = (progress.current, progress.total)
            && step.status.as_deref() == Some("Downloading")
        {
            layers.insert(layer, (u64::try_from(current).unwrap_or(0), u64::try_from(total).unwrap_or(0)));
            let (done, total) = layers.values().fold((0, 0), |sum, layer| (sum.0 + layer.0, sum.1 + layer.1));
            events.progress(EventKind::Pulling { image: image.to_owned(), done, total });
        }
    }
    docker.inspect_image(image).await.map(drop).map_err(|error| unavailable(error.to_string()))
}

/// Without a tag the API would pull every tag of the repository.
fn with_tag(image: &str) -> String {
    let name = image.rsplit('/').next().unwrap_or(image);
    if name.contains(':') || name.contains('@') { image.to_owned() } else { format!("{image}:latest") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::postgres::Major;

    #[test]
    fn a_major_means_the_official_image_unless_a_repository_is_named() {
        let server = Server::Major(Major(17));
        assert_eq!(reference(&server, None, None), "postgres:17");
        assert_eq!(reference(&server, Some("mirror.example/pg"), None), "mirror.example/pg:17");
        assert_eq!(reference(&Server::Image("a/b:c".into()), Some("x"), Some("y")), "a/b:c");
        let tag = Some("{postgres}-bookworm");
        assert_eq!(reference(&server, None, tag), "postgres:17-bookworm");
    }

    #[test]
    fn a_registry_port_is_no_tag() {
        assert_eq!(with_tag("localhost:5000/pg"), "localhost:5000/pg:latest");
        assert_eq!(with_tag("localhost:5000/pg:17"), "localhost:5000/pg:17");
    }
}
