//! Containers whose server the image's own entrypoint starts (`entrypoint: image`).
//!
//! Such an image creates roles, schemas or extensions of its own when it is first started, with a temporary server, as root
//! and in its own directories: so the root file system is writable, and root has what entrypoints of PostgreSQL need. All
//! else is as in any sandbox: no network, nothing to be gained, bounded resources, an end. What a dump can reach, the server
//! and its clients, runs as the server's user and has no capability.

use std::collections::HashMap;

use bollard::Docker;
use bollard::models::ContainerCreateBody;

use super::exec::{self, Exec};
use super::{call, container, kept};
use crate::engine::settings::{Given, given, server_settings};
use crate::engine::{EngineError, InitdbOptions, SandboxSpec, Server};
use crate::postgres::Major;
use crate::profile::{Cluster, LocaleProvider};

/// The operating system's user that runs the server.
pub const USER: &str = "postgres";

/// The directory that images of PostgreSQL keep all data below; it belongs to the server's user.
pub const DATA: &str = "/var/lib/postgresql";

/// Where tablespaces are.
pub const TABLESPACES: &str = "/var/lib/postgresql/pgrehearse-tablespaces";

/// Where an input is kept that could not be mounted.
pub const UPLOAD: &str = "/tmp/pgrehearse";

/// Waits until the final server accepts connections: the temporary one listens on no port. The container ends where its
/// time does, and this with it.
pub const WAIT: &str = r#"
for dir in /usr/lib/postgresql/*/bin /usr/local/bin; do PATH="$PATH:$dir"; done
command -v pg_isready > /dev/null || exit
until pg_isready -q -h 127.0.0.1 -p 5432 -t 1; do sleep 0.05; done
"#;

/// Ends the container when its time is up. Not exec: timeout of coreutils 9.10 ends with 125 where it is the first process.
/// Settings that no command line may show come by the standard input, into a file that reads the cluster's own first.
const START: &str = r#"
seconds=$0
if [ "${PGREHEARSE_SETTINGS-}" ]; then
    file=/tmp/pgrehearse.conf lines=0
    printf "include_if_exists = '%s/postgresql.conf'\n" "${PGDATA:-/var/lib/postgresql/data}" > "$file"
    while [ "$lines" -lt "$PGREHEARSE_SETTINGS" ]; do
        IFS= read -r line || exit 1
        printf '%s\n' "$line" >> "$file"
        lines=$((lines + 1))
    done
    chown postgres "$file" && chmod 600 "$file"
    set -- "$@" -c "config_file=$file"
fi
timeout -s QUIT "$seconds" "$@" || exit $?"#;

/// Directories for so many tablespaces, below the second argument, of the user that is the third.
const MAKE_TABLESPACES: &str = r#"
number=0
while [ "$number" -lt "$1" ]; do
    number=$((number + 1))
    mkdir -p "$2/$number"
done
chown -R "$3" "$2"
"#;

/// How an image says that it is started.
#[derive(Debug, Default)]
pub struct Own {
    entrypoint: Vec<String>,
    command: Vec<String>,
    /// POSTGRES_INITDB_ARGS, which the official entrypoint gives to initdb.
    initdb: String,
}

impl Own {
    /// Asks the engine.
    pub async fn of(docker: &Docker, image: &str) -> Result<Self, EngineError> {
        let inspected = docker.inspect_image(image).await.map_err(call("cannot look at the image"))?;
        let config = inspected.config.unwrap_or_default();
        let own = Self {
            entrypoint: config.entrypoint.unwrap_or_default(),
            command: config.cmd.unwrap_or_default(),
            initdb: config
                .env
                .unwrap_or_default()
                .iter()
                .find_map(|variable| variable.strip_prefix("POSTGRES_INITDB_ARGS="))
                .unwrap_or_default()
                .to_owned(),
        };
        if own.entrypoint.is_empty() {
            return Err(EngineError::Unavailable {
                what: format!("the entrypoint of image {image}"),
                reason: "the profile says `entrypoint: image`, and the image has none".into(),
                remedy: "leave `entrypoint` out".into(),
            });
        }
        Ok(own)
    }

    /// The server's container.
    pub fn server(
        &self,
        image: &str,
        spec: &SandboxSpec,
        labels: HashMap<String, String>,
        mount_input: bool,
    ) -> ContainerCreateBody {
        let mut command = vec![container::seconds(spec)];
        command.extend(self.entrypoint.iter().cloned());
        match self.command.as_slice() {
            [] => command.push("postgres".to_owned()),
            own => command.extend(own.iter().cloned()),
        }
        let settings = settings(spec);
        command.extend(settings.arguments);
        let mut host = container::confined(spec);
        host.network_mode = Some("none".into());
        host.shm_size = i64::try_from(spec.limits.shm.0).ok();
        host.readonly_rootfs = Some(false);
        // To give files to the server's user, and to become it.
        host.cap_add = Some(["CHOWN", "SETUID", "SETGID", "DAC_OVERRIDE", "FOWNER"].map(String::from).into());
        host.mounts = mount_input.then(|| spec.input.as_deref().map(container::input_mount).into_iter().collect());
        ContainerCreateBody {
            image: Some(image.to_owned()),
            entrypoint: Some(vec!["/bin/sh".into(), "-c".into(), START.into()]),
            cmd: Some(command),
            env: Some(self.environment(spec).into_iter().chain(container::hidden_lines(&settings.file)).collect()),
            open_stdin: Some(!settings.file.is_empty()),
            labels: Some(labels),
            host_config: Some(host),
            // A first process that is a shell takes no other.
            stop_signal: Some("SIGKILL".into()),
            ..ContainerCreateBody::default()
        }
    }

    /// The variables of the official entrypoint, which others take over.
    fn environment(&self, spec: &SandboxSpec) -> Vec<String> {
        let superuser = &spec.initdb.superuser;
        let mut environment = container::environment();
        environment.extend([
            format!("POSTGRES_USER={superuser}"),
            // Nobody but this container's own programs reaches the server, and they need none.
            "POSTGRES_PASSWORD=pgrehearse".to_owned(),
            "POSTGRES_HOST_AUTH_METHOD=trust".to_owned(),
            "POSTGRES_DB=postgres".to_owned(),
            format!("POSTGRES_INITDB_ARGS={}", self.initdb_arguments(spec)),
        ]);
        environment
    }

    /// The image's own, unless the profile says something of encoding and locale; and what else the profile says.
    fn initdb_arguments(&self, spec: &SandboxSpec) -> String {
        let initdb = &spec.initdb;
        let mut arguments = match is_as_any(initdb) {
            true => vec![self.initdb.clone()],
            false => vec![format!("--encoding={}", initdb.encoding), kept::provider_options(initdb)],
        };
        arguments.push("--no-sync".to_owned());
        arguments.extend(initdb.page_arguments(matches!(spec.server, Server::Major(Major(18..)))));
        arguments.join(" ").trim().to_owned()
    }
}

/// Whether the profile says nothing of encoding and locale.
fn is_as_any(initdb: &InitdbOptions) -> bool {
    let any = Cluster::default();
    initdb.encoding == any.encoding
        && initdb.locale == any.locale
        && initdb.locale_provider == LocaleProvider::Libc
        && initdb.icu_locale.is_none()
}

/// All settings of the server beside those of its image. Its sockets stay where the entrypoint looks for them.
pub fn settings(spec: &SandboxSpec) -> Given {
    let own = [
        ("listen_addresses", "127.0.0.1".to_owned()),
        ("port", "5432".to_owned()),
        ("log_directory", format!("{DATA}/pgrehearse-log")),
        ("log_filename", "postgresql.log".to_owned()),
    ];
    given(&server_settings(&spec.limits, spec.storage, &spec.settings, &own), &spec.hidden)
}

/// Does as root what a profile asks for and no entrypoint does.
pub async fn finish(docker: &Docker, container: &str, spec: &SandboxSpec) -> Result<(), EngineError> {
    let as_root = async |argv: Vec<String>, env: Vec<String>| {
        let exec = Exec { container, argv, env, user: Some("root".into()), stdin: false };
        match exec::capture(docker, exec, None).await? {
            (0, _) => Ok(()),
            (_, log) => Err(EngineError::Start { step: "preparing the image's server", log: log.trim().to_owned() }),
        }
    };
    if !spec.extensions.are_as_shipped() {
        let argv = ["sh", "-c", kept::RIGHTS].map(String::from).into();
        as_root(argv, kept::extensions_environment(&spec.extensions)).await?;
    }
    if spec.tablespaces > 0 {
        let count = spec.tablespaces.to_string();
        let argv = ["sh", "-ec", MAKE_TABLESPACES, "sh", &count, TABLESPACES, USER].map(String::from).into();
        as_root(argv, Vec::new()).await?;
    }
    Ok(())
}
