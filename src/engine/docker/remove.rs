//! Removes containers and volumes, and comes back when they are gone.
//!
//! The engine refuses to remove what is being removed already, and a volume as long as a container that goes away still has
//! it: both are over in a moment, so they are waited for.

use std::time::{Duration, Instant};

use bollard::Docker;
use bollard::errors::Error;
use bollard::query_parameters::{
    InspectContainerOptions, ListContainersOptionsBuilder, RemoveContainerOptionsBuilder, RemoveVolumeOptions,
};

use super::status;

/// How long a container may take to go once the engine has begun to remove it. One of many gigabytes on a slow disk takes
/// some seconds.
const PATIENCE: Duration = Duration::from_secs(20);

/// Between two looks.
const PAUSE: Duration = Duration::from_millis(100);

/// Removes a container with its own volumes, whatever it does. One that is gone, or goes, is gone when this comes back.
///
/// # Errors
/// When the engine refuses, or the container is still there although it is being removed.
pub async fn container(docker: &Docker, name: &str) -> Result<(), Error> {
    let options = RemoveContainerOptionsBuilder::default().force(true).v(true).build();
    match docker.remove_container(name, Some(options)).await {
        Err(error) if is_gone(&error) => Ok(()),
        Err(error) if is_going(&error) => {
            let until = Instant::now() + PATIENCE;
            loop {
                match docker.inspect_container(name, None::<InspectContainerOptions>).await {
                    Err(error) if is_gone(&error) => return Ok(()),
                    Err(error) => return Err(error),
                    Ok(_) if Instant::now() > until => return Err(error),
                    Ok(_) => tokio::time::sleep(PAUSE).await,
                }
            }
        }
        removed => removed,
    }
}

/// Removes a volume. Containers that still have it and go away are waited for.
///
/// # Errors
/// When the engine refuses, also because a container has it that stays.
pub async fn volume(docker: &Docker, name: &str) -> Result<(), Error> {
    let until = Instant::now() + PATIENCE;
    loop {
        match docker.remove_volume(name, None::<RemoveVolumeOptions>).await {
            Err(error) if is_gone(&error) => return Ok(()),
            Err(error) if status(&error) == Some(409) => {
                if Instant::now() > until || is_held(docker, name).await? {
                    return Err(error);
                }
                tokio::time::sleep(PAUSE).await;
            }
            removed => return removed,
        }
    }
}

/// Whether a container has the volume that is not being removed.
async fn is_held(docker: &Docker, volume: &str) -> Result<bool, Error> {
    let with_it = std::collections::HashMap::from([("volume".to_owned(), vec![volume.to_owned()])]);
    let options = ListContainersOptionsBuilder::default().all(true).filters(&with_it).build();
    let containers = docker.list_containers(Some(options)).await?;
    for id in containers.into_iter().filter_map(|container| container.id) {
        match docker.inspect_container(&id, None::<InspectContainerOptions>).await {
            Err(error) if is_gone(&error) => {}
            Err(error) => return Err(error),
            // `removing`, and `dead` where a first try has failed half way.
            Ok(container) => {
                let state = container.state.and_then(|state| state.status).map(|status| status.to_string());
                if !matches!(state.as_deref(), Some("removing" | "dead")) {
                    return Ok(true);
                }
            }
        }
    }
    Ok(false)
}

fn is_gone(error: &Error) -> bool {
    status(error) == Some(404)
}

fn is_going(error: &Error) -> bool {
    status(error) == Some(409) && error.to_string().contains("already in progress")
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::UnixListener;

    use super::*;

    const IN_USE: (u16, &str) = (409, r#"{"message":"remove v: volume is in use - [c]"}"#);
    const IN_PROGRESS: (u16, &str) = (409, r#"{"message":"removal of container c is already in progress"}"#);
    const NONE: (u16, &str) = (404, r#"{"message":"no such thing"}"#);
    const LISTED: (u16, &str) = (200, r#"[{"Id":"c"}]"#);
    const GOING: (u16, &str) = (200, r#"{"Id":"c","State":{"Status":"removing"}}"#);
    const RUNNING: (u16, &str) = (200, r#"{"Id":"c","State":{"Status":"running"}}"#);

    /// An engine that gives these answers, one after the other, and what it was asked.
    async fn engine(answers: &[(u16, &'static str)]) -> (tempfile::TempDir, Docker, Arc<Mutex<Vec<String>>>) {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("docker.sock");
        let listener = UnixListener::bind(&path).unwrap();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let (answers, seen) = (answers.to_vec(), Arc::clone(&asked));
        tokio::spawn(async move {
            for (code, body) in answers {
                let (mut stream, _) = listener.accept().await.unwrap();
                let mut head = Vec::new();
                while !head.ends_with(b"\r\n\r\n") {
                    head.push(stream.read_u8().await.unwrap());
                }
                let line = String::from_utf8(head).unwrap().lines().next().unwrap().to_owned();
                let words: Vec<&str> = line.split([' ', '?']).collect();
                let path = words[1].trim_start_matches(|c: char| "/v.0123456789".contains(c));
                seen.lock().unwrap().push(format!("{} {path}", words[0]));
                let answer = format!(
                    "HTTP/1.1 {code} X\r\ncontent-type: application/json\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}",
                    body.len()
                );
                stream.write_all(answer.as_bytes()).await.unwrap();
            }
        });
        let docker = Docker::connect_with_unix(path.to_str().unwrap(), 5, bollard::API_DEFAULT_VERSION).unwrap();
        (place, docker, asked)
    }

    #[tokio::test]
    async fn a_container_that_goes_already_is_waited_for() {
        let (_place, docker, asked) = engine(&[IN_PROGRESS, GOING, NONE]).await;
        container(&docker, "c").await.unwrap();
        assert_eq!(*asked.lock().unwrap(), ["DELETE containers/c", "GET containers/c/json", "GET containers/c/json"]);
        let (_place, docker, _) = engine(&[NONE]).await;
        container(&docker, "c").await.unwrap();
    }

    #[tokio::test]
    async fn a_volume_is_waited_for_while_its_container_goes_away() {
        let (_place, docker, asked) = engine(&[IN_USE, LISTED, GOING, IN_USE, (200, "[]"), (204, "")]).await;
        volume(&docker, "v").await.unwrap();
        assert_eq!(asked.lock().unwrap().len(), 6);
        let (_place, docker, _) = engine(&[NONE]).await;
        volume(&docker, "v").await.unwrap();
    }

    #[tokio::test]
    async fn a_volume_of_a_container_that_stays_is_refused_at_once() {
        let (_place, docker, asked) = engine(&[IN_USE, LISTED, RUNNING]).await;
        let refused = volume(&docker, "v").await.unwrap_err();
        assert!(refused.to_string().contains("volume is in use"), "{refused}");
        assert_eq!(asked.lock().unwrap().len(), 3);
    }
}
