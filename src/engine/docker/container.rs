//! How a sandbox's container is created: as tightly confined as a server allows.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path;

use bollard::models::{
    ContainerCreateBody, HostConfig, HostConfigLogConfig, Mount, MountBindOptions, MountBindOptionsPropagationEnum,
    MountType, ResourcesUlimits,
};

use crate::engine::settings::{self, Given, given, server_settings};
use crate::engine::{DataDirectory, SandboxSpec, Storage, room_in_memory};

/// The one directory that a server writes to. In memory it is a mount of its own. A volume takes the owner of the
/// directory that it is mounted over, and every image of PostgreSQL has one that belongs to the server's user.
pub fn data_dir(storage: Storage) -> &'static str {
    match storage {
        Storage::Memory => "/pgrehearse/data",
        Storage::Disk => "/var/lib/postgresql",
    }
}

/// Where the server's socket is.
pub const SOCKET: &str = "/pgrehearse/socket";
/// Where a client's container keeps an input that could not be mounted.
pub const UPLOAD: &str = "/pgrehearse/upload";
/// Where a file of the host is seen.
pub const INPUT: &str = "/pgrehearse/input";
/// Where a directory of the host is seen, what says that it is an archive.
pub const INPUT_TOC: &str = "/pgrehearse/input/toc.dat";

/// How long the container outlives the rehearsal's own deadline, so that the run has time to say what happened.
const MARGIN_SECONDS: u64 = 60;

/// Creates the data directory, by copying a kept one or by initdb, and becomes the server (or waits for programs to bring it in), which stops when its time is
/// up even if nobody is left to stop it.
const START: &str = include_str!("start.sh");

/// Exit code of [`START`]: the image lacks a locale, which only a prepared image can have.
pub const NO_LOCALE: i64 = 90;

/// Exit code of [`START`]: initdb refused.
pub const NO_INITDB: i64 = 93;

/// What [`START`] prints last where a signal ended the server and the script is still there to say so.
pub const KILLED_INSIDE: &str = "pgrehearse: a signal ended the server";

/// How many seconds a container lives at most.
pub fn seconds(spec: &SandboxSpec) -> String {
    spec.limits.timeout.0.as_secs().saturating_add(MARGIN_SECONDS).to_string()
}

/// The container of a sandbox's server. `volume` is the data volume where the spec wants the data on disk.
pub fn server(
    image: &str,
    spec: &SandboxSpec,
    labels: HashMap<String, String>,
    volume: Option<&str>,
    mount_input: bool,
) -> ContainerCreateBody {
    let limits = &spec.limits;
    let mut command = vec![seconds(spec), data_dir(spec.storage).to_owned()];
    let settings = settings_at_start(spec);
    command.extend(settings.arguments);
    let mut host = confined(spec);
    host.network_mode = Some("none".into());
    host.shm_size = i64::try_from(limits.shm.0).ok();
    let mut tmpfs = host.tmpfs.take().unwrap_or_default();
    tmpfs.insert(SOCKET.into(), "rw,mode=1777,size=1m".into());
    let mut mounts = Vec::new();
    match (spec.storage, volume) {
        (Storage::Disk, Some(volume)) => mounts.push(Mount {
            target: Some(data_dir(spec.storage).into()),
            source: Some(volume.to_owned()),
            typ: Some(MountType::VOLUME),
            ..Mount::default()
        }),
        _ => {
            tmpfs.insert(
                data_dir(Storage::Memory).into(),
                format!("rw,mode=1777,size={}", room_in_memory(&spec.limits).min(spec.limits.disk.0)),
            );
        }
    }
    host.tmpfs = Some(tmpfs);
    if mount_input {
        mounts.extend(spec.input.as_deref().map(input_mount));
    }
    host.mounts = Some(mounts);
    ContainerCreateBody {
        image: Some(image.to_owned()),
        user: Some("postgres".into()),
        entrypoint: Some(vec!["/bin/sh".into(), "-c".into(), START.into(), "pgrehearse".into()]),
        cmd: Some(command),
        env: Some(
            environment()
                .into_iter()
                .chain(super::kept::initdb_environment(&spec.initdb))
                .chain([format!("PGREHEARSE_TABLESPACES={}", spec.tablespaces)])
                .chain((spec.data == DataDirectory::BroughtIn).then(|| "PGREHEARSE_BROUGHT_IN=yes".to_owned()))
                .chain(hidden_lines(&settings.file))
                .collect(),
        ),
        open_stdin: Some(!settings.file.is_empty()),
        labels: Some(labels),
        host_config: Some(host),
        // A first process that is a shell takes no other.
        stop_signal: Some("SIGKILL".into()),
        ..ContainerCreateBody::default()
    }
}

/// The container of a client of another version: it shares the server's network, which is a loopback and nothing else.
pub fn client(
    image: &str,
    server_id: &str,
    spec: &SandboxSpec,
    labels: HashMap<String, String>,
    mount_input: bool,
) -> ContainerCreateBody {
    let mut host = confined(spec);
    host.network_mode = Some(format!("container:{server_id}"));
    if let Some(tmpfs) = &mut host.tmpfs {
        tmpfs.insert(UPLOAD.into(), format!("rw,mode=1777,size={}", spec.limits.memory.0 / 2));
    }
    if mount_input {
        host.mounts = Some(spec.input.as_deref().map(input_mount).into_iter().collect());
    }
    ContainerCreateBody {
        image: Some(image.to_owned()),
        user: Some("postgres".into()),
        entrypoint: Some(vec![
            "/bin/sh".into(),
            "-c".into(),
            r#"timeout "$1" sleep "$1" || exit $?"#.into(),
            "pgrehearse".into(),
        ]),
        cmd: Some(vec![seconds(spec)]),
        env: Some(environment()),
        labels: Some(labels),
        host_config: Some(host),
        stop_signal: Some("SIGKILL".into()),
        ..ContainerCreateBody::default()
    }
}

/// What holds for every container that a dump can reach.
pub fn confined(spec: &SandboxSpec) -> HostConfig {
    let limits = &spec.limits;
    let memory = i64::try_from(limits.memory.0).ok();
    HostConfig {
        cap_drop: Some(vec!["ALL".into()]),
        security_opt: Some(vec!["no-new-privileges:true".into()]),
        readonly_rootfs: Some(true),
        privileged: Some(false),
        ipc_mode: Some("private".into()),
        memory,
        // The same as the memory: no swap.
        memory_swap: memory,
        nano_cpus: Some((limits.cpus * 1e9) as i64),
        pids_limit: Some(i64::from(limits.pids)),
        ulimits: Some(ulimits(spec)),
        log_config: Some(short_log()),
        tmpfs: Some(HashMap::from([("/tmp".into(), "rw,mode=1777,size=64m".into())])),
        ..HostConfig::default()
    }
}

fn ulimits(spec: &SandboxSpec) -> Vec<ResourcesUlimits> {
    let mut ulimits = vec![ulimit("core", 0)];
    if spec.storage == Storage::Disk {
        // Between two looks at the disk the kernel keeps one file from outgrowing it.
        ulimits.push(ulimit("fsize", spec.limits.disk.0));
    }
    ulimits
}

fn ulimit(name: &str, most: u64) -> ResourcesUlimits {
    let most = i64::try_from(most).unwrap_or(i64::MAX);
    ResourcesUlimits { name: Some(name.into()), soft: Some(most), hard: Some(most) }
}

/// A container's log is read when it fails to start; one that talks a lot must not fill the host's disk.
pub fn short_log() -> HostConfigLogConfig {
    HostConfigLogConfig {
        typ: Some("json-file".into()),
        config: Some(HashMap::from([("max-size".into(), "1m".into()), ("max-file".into(), "1".into())])),
    }
}

pub fn input_mount(path: &Path) -> Mount {
    Mount {
        target: Some(INPUT.into()),
        source: Some(path.display().to_string()),
        typ: Some(MountType::BIND),
        read_only: Some(true),
        bind_options: Some(MountBindOptions {
            propagation: Some(MountBindOptionsPropagationEnum::RPRIVATE),
            ..MountBindOptions::default()
        }),
        ..Mount::default()
    }
}

pub fn environment() -> Vec<String> {
    // Messages are recognised and quoted in English, whatever the image's own language is.
    vec!["LC_MESSAGES=C".into(), "LANG=C".into(), "TZ=UTC".into()]
}

/// All settings of the server.
pub fn settings(spec: &SandboxSpec) -> Given {
    given(&server_settings(&spec.limits, spec.storage, &spec.settings, &own_settings(spec)), &spec.hidden)
}

/// Paths and addresses, and what the place of the data asks for.
fn own_settings(spec: &SandboxSpec) -> Vec<(&'static str, String)> {
    let mut own = vec![
        ("listen_addresses", "127.0.0.1".to_owned()),
        ("port", "5432".to_owned()),
        ("unix_socket_directories", SOCKET.to_owned()),
        ("log_directory", format!("{}/log", data_dir(spec.storage))),
        ("log_filename", "postgresql.log".to_owned()),
    ];
    if spec.storage == Storage::Memory {
        // Where the data are in memory the WAL is too, and the limit is near.
        own.push(("max_wal_size", "256MB".to_owned()));
    }
    own
}

/// Those of the server that the container begins with, where it begins with one.
pub fn settings_at_start(spec: &SandboxSpec) -> Given {
    match spec.data {
        DataDirectory::Initdb => settings(spec),
        DataDirectory::BroughtIn => Given::default(),
    }
}

/// The settings of a server of a data directory that was brought in, as arguments. Others go before them: its own paths and addresses
/// are what they are.
pub fn settings_of_brought_in(spec: &SandboxSpec, others: &BTreeMap<String, String>) -> Vec<String> {
    let settings = settings::settings_of_brought_in(&spec.limits, spec.storage, others, &own_settings(spec));
    given(&settings, &BTreeSet::new()).arguments
}

/// How many lines of settings the container's first process reads from its standard input, where there are any.
pub fn hidden_lines(file: &str) -> Option<String> {
    (!file.is_empty()).then(|| format!("PGREHEARSE_SETTINGS={}", file.lines().count()))
}
