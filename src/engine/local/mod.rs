//! Clusters of a PostgreSQL that is installed on this machine, inside bubblewrap.
//!
//! No image, no daemon: `initdb`, `postgres` and the clients run behind walls that an ordinary user can build, around
//! one private directory. Where bubblewrap is missing the same can be done without walls, if that is asked for; then
//! the dump's code has the rights of the user it runs as.

mod bubblewrap;
mod directory;
mod disk;
mod extensions;
mod initdb;
mod input;
mod installation;
mod keeper;
mod launch;
mod locale;
mod process;
mod sandbox;
mod table;
mod tail;
mod user;
mod watch;

use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use tokio::sync::OnceCell;

pub use bubblewrap::{Bubblewrap, bubblewrap};
pub use installation::{Installation, installations};
pub use user::RunAs;

use super::{Engine, EngineError, EngineKind, Sandbox, SandboxSpec, Server, Sweep};
use crate::event::Events;
use crate::postgres::Major;
use crate::profile::{Entrypoint, LocaleProvider};

/// Whether walls are built around what runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Confinement {
    /// Inside bubblewrap.
    Confined,
    /// With the rights of a user of this machine, and its network.
    Unconfined,
}

/// Whose a sandbox is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunTag {
    /// The identity of the state directory.
    pub home: String,
    /// The id of this run.
    pub run: String,
}

/// Says whether the run with this id is over.
pub type IsDead = Arc<dyn Fn(&str) -> bool + Send + Sync>;

/// The engine that uses what is installed.
pub struct LocalEngine {
    confinement: Confinement,
    run: RunTag,
    is_dead: IsDead,
    machine: OnceCell<Machine>,
}

/// What this machine has; looked up once.
#[derive(Debug)]
struct Machine {
    installations: Vec<Installation>,
    /// Only looked for where it is needed.
    bubblewrap: Result<Bubblewrap, String>,
}

/// What a spec needs, found.
#[derive(Debug)]
struct Means {
    bubblewrap: Option<Bubblewrap>,
    run_as: Option<RunAs>,
    server: Installation,
    client: Installation,
    /// The input behind links.
    input: Option<PathBuf>,
}

impl LocalEngine {
    /// An engine whose sandboxes belong to `run`, and that sweeps those whose runs `is_dead`.
    pub fn new(confinement: Confinement, run: RunTag, is_dead: IsDead) -> Self {
        Self { confinement, run, is_dead, machine: OnceCell::new() }
    }

    async fn machine(&self) -> Result<&Machine, EngineError> {
        let confinement = self.confinement;
        let look = move || Machine {
            installations: installations(),
            bubblewrap: match confinement {
                Confinement::Confined => bubblewrap(),
                Confinement::Unconfined => Err(String::new()),
            },
        };
        self.machine.get_or_try_init(|| blocking("look for PostgreSQL", look)).await
    }

    /// Whether this engine can do what `spec` asks for beside its PostgreSQL.
    fn can_do(&self, spec: &SandboxSpec) -> Result<(), EngineError> {
        if spec.entrypoint == Entrypoint::Image {
            return Err(EngineError::Unavailable {
                what: "`entrypoint: image`".into(),
                reason: "only an image has an entrypoint, and this is the local engine".into(),
                remedy: "use `--engine docker`".into(),
            });
        }
        if self.confinement == Confinement::Unconfined && !spec.extensions.are_as_shipped() {
            return Err(EngineError::Unavailable {
                what: "what the profile says under `extensions`".into(),
                reason: "without a sandbox the server sees this machine's own directory of extensions".into(),
                remedy: "use `--engine docker`, or install bubblewrap and leave out `--unconfined`".into(),
            });
        }
        Ok(())
    }

    /// Finds everything that `spec` needs.
    async fn means(&self, spec: &SandboxSpec) -> Result<Means, EngineError> {
        let machine = self.machine().await?;
        let run_as = user::run_as(self.confinement)?;
        let server = machine.find(&spec.server)?;
        let client = match &spec.client {
            Some(client) => machine.find(client)?,
            None => server.clone(),
        };
        let bubblewrap = match self.confinement {
            Confinement::Unconfined => None,
            Confinement::Confined => Some(machine.bubblewrap.clone().map_err(no_bubblewrap)?),
        };
        provider_exists(spec.initdb.locale_provider, server.major)?;
        self.can_do(spec)?;
        let options = spec.initdb.clone();
        let given = spec.input.clone();
        let input = blocking("look at the input", move || {
            locale::check(&options)?;
            let resolved = given.as_deref().map(input::resolve).transpose();
            resolved.map_err(|source| EngineError::Io { action: "read the sandbox's input", source })
        })
        .await??;
        Ok(Means { bubblewrap, run_as, server, client, input })
    }
}

impl Machine {
    fn find(&self, server: &Server) -> Result<Installation, EngineError> {
        let major = match server {
            Server::Major(major) => *major,
            Server::Image(image) => {
                return Err(EngineError::Unavailable {
                    what: format!("image {image}"),
                    reason: "an image needs Docker, and this is the local engine".into(),
                    remedy: "use `--engine docker`".into(),
                });
            }
        };
        let found = self.installations.iter().find(|installation| installation.major == major);
        found.cloned().ok_or_else(|| EngineError::Unavailable {
            what: format!("PostgreSQL {major}"),
            reason: self.what_there_is(),
            remedy: installation::how_to_install(major),
        })
    }

    fn what_there_is(&self) -> String {
        if self.installations.is_empty() {
            return "no PostgreSQL server is installed on this machine".into();
        }
        let majors: Vec<String> = self.installations.iter().map(|installed| installed.major.to_string()).collect();
        format!("it is not installed on this machine, which has {}", majors.join(", "))
    }
}

fn no_bubblewrap(reason: String) -> EngineError {
    EngineError::Unavailable {
        what: "confinement".into(),
        reason,
        remedy:
            "install it (`apt-get install bubblewrap`, `dnf install bubblewrap`) and allow user namespaces, or use \
                 `--engine docker`; `--unconfined` runs a dump's code without a sandbox"
                .into(),
    }
}

fn provider_exists(provider: LocaleProvider, major: Major) -> Result<(), EngineError> {
    let (name, since) = match provider {
        LocaleProvider::Libc => return Ok(()),
        LocaleProvider::Icu => ("icu", 15),
        LocaleProvider::Builtin => ("builtin", 17),
    };
    if major.0 >= since {
        return Ok(());
    }
    Err(EngineError::Unavailable {
        what: format!("locale provider {name}"),
        reason: format!("PostgreSQL {major} does not have it for a whole cluster; {since} and later do"),
        remedy: "use another `postgres` or `locale_provider` in the profile".into(),
    })
}

/// Runs what may wait for the machine where waiting does no harm.
async fn blocking<T: Send + 'static>(
    action: &'static str,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, EngineError> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|error| EngineError::Call { action, reason: error.to_string() })
}

#[async_trait]
impl Engine for LocalEngine {
    fn kind(&self) -> EngineKind {
        match self.confinement {
            Confinement::Confined => EngineKind::Local,
            Confinement::Unconfined => EngineKind::LocalUnconfined,
        }
    }

    async fn has(&self, server: &Server, _image_repository: Option<&str>) -> bool {
        match self.machine().await {
            Ok(machine) => {
                let walls = self.confinement == Confinement::Unconfined || machine.bubblewrap.is_ok();
                walls && machine.find(server).is_ok()
            }
            Err(_) => false,
        }
    }

    async fn provide(&self, spec: &SandboxSpec, _events: &Events) -> Result<(), EngineError> {
        self.means(spec).await.map(|_| ())
    }

    /// `spec.storage` and `spec.cache` make no difference here: the data is in the directory for temporary files, with
    /// nothing synced, and `initdb` runs each time.
    async fn start(&self, spec: &SandboxSpec, events: &Events) -> Result<Box<dyn Sandbox>, EngineError> {
        let means = self.means(spec).await?;
        Ok(Box::new(sandbox::start(means, &self.run, spec, events).await?))
    }

    async fn sweep(&self, _all: bool) -> Result<Sweep, EngineError> {
        let home = self.run.home.clone();
        let is_dead = Arc::clone(&self.is_dead);
        blocking("sweep", move || directory::sweep(&home, &*is_dead, &process::kill_all_in)).await
    }
}
