//! Why the engine cannot be reached, in words that help.

use std::error::Error;
use std::io;

/// Says why a call did not reach the engine, and after a semicolon what to do. `host` is what `DOCKER_HOST` says.
pub fn why(error: &(dyn Error + 'static), host: Option<&str>) -> String {
    let at = host.unwrap_or("unix:///var/run/docker.sock");
    match kind(error) {
        Some(io::ErrorKind::PermissionDenied) => format!(
            "permission denied for its socket ({at}); add yourself to the group that owns it (`sudo usermod -aG docker \
             \"$USER\"`, then log in again), or let DOCKER_HOST name a rootless Docker"
        ),
        Some(io::ErrorKind::NotFound) => {
            format!("there is no socket ({at}); start Docker, or let DOCKER_HOST name an engine")
        }
        Some(io::ErrorKind::ConnectionRefused) => {
            format!("nobody answers ({at}); start Docker, or let DOCKER_HOST name an engine")
        }
        _ => format!("{} ({at}); start Docker, or let DOCKER_HOST name an engine", innermost(error)),
    }
}

/// The kind of the input or output error behind an error, if there is one.
fn kind(error: &(dyn Error + 'static)) -> Option<io::ErrorKind> {
    chain(error).find_map(|error| error.downcast_ref::<io::Error>()).map(io::Error::kind)
}

/// What was wrong in the first place: what is wrapped around it says that something was.
fn innermost(error: &(dyn Error + 'static)) -> String {
    chain(error).last().map(ToString::to_string).unwrap_or_default()
}

fn chain<'e>(error: &'e (dyn Error + 'static)) -> impl Iterator<Item = &'e (dyn Error + 'static)> {
    std::iter::successors(Some(error), |error: &&'e (dyn Error + 'static)| (*error).source())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("client error (Connect)")]
    struct Wrapped(#[source] io::Error);

    #[test]
    fn a_socket_without_permission_says_what_to_do() {
        let denied = Wrapped(io::Error::from(io::ErrorKind::PermissionDenied));
        let said = why(&denied, None);
        assert!(said.starts_with("permission denied for its socket (unix:///var/run/docker.sock); "), "{said}");
        assert!(said.contains("usermod -aG docker"), "{said}");
        let missing = Wrapped(io::Error::from(io::ErrorKind::NotFound));
        assert!(why(&missing, Some("unix:///x.sock")).starts_with("there is no socket (unix:///x.sock); start Docker"));
        let other = Wrapped(io::Error::other("certificate has expired"));
        assert!(why(&other, Some("tcp://h:2376")).starts_with("certificate has expired (tcp://h:2376); "));
    }
}
