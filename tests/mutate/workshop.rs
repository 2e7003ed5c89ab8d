//! What rehearsals of one process share: an engine, a state directory, the end on Ctrl-C.

use std::path::Path;
use std::sync::Arc;

use pgdump_reader as dump;
use pgrehearse::engine::Engine;
use pgrehearse::engine::choice::{Choice, Engines};
use pgrehearse::engine::docker::DockerEngine;
use pgrehearse::engine::lease::{Home, Lease};
use pgrehearse::event::Reporter;
use pgrehearse::finding::Severity;
use pgrehearse::profile;
use pgrehearse::rehearsal::{AfterRestore, Context, Rehearsal, rehearse};
use pgrehearse::source::RowMode;
use pgrehearse::source::Source;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use crate::support::images;

/// Sandboxes at once: most of a check is one or two busy processes.
const AT_ONCE: usize = 2;

pub struct Workshop {
    directory: tempfile::TempDir,
    engines: Arc<Engines>,
    docker: Arc<DockerEngine>,
    interrupt: CancellationToken,
    room: Semaphore,
    _lease: Arc<Lease>,
}

impl Workshop {
    pub async fn open() -> Self {
        images::ensure();
        let directory = tempfile::tempdir().expect("there is room for dumps");
        // Those who run as somebody else read dumps in it.
        std::fs::set_permissions(directory.path(), std::os::unix::fs::PermissionsExt::from_mode(0o755))
            .expect("the directory is this user's");
        let home = Home::at(&directory.path().join("state")).expect("a state directory can be made");
        let lease = Arc::new(home.begin_run().expect("a run can begin"));
        let docker = Arc::new(DockerEngine::connect(Arc::clone(&lease)).await.expect("Docker answers"));
        let engines = Arc::new(Engines {
            choice: Choice::Docker,
            docker: Ok(Arc::clone(&docker) as Arc<dyn Engine>),
            // It is never asked.
            local: Arc::clone(&docker) as Arc<dyn Engine>,
        });
        let interrupt = CancellationToken::new();
        tokio::spawn({
            let interrupt = interrupt.clone();
            async move {
                let _ = tokio::signal::ctrl_c().await;
                interrupt.cancel();
            }
        });
        Self { directory, engines, docker, interrupt, room: Semaphore::new(AT_ONCE), _lease: lease }
    }

    /// Where dumps are.
    pub fn directory(&self) -> &Path {
        self.directory.path()
    }

    /// Rehearses, as a run does, and then what is given.
    pub async fn rehearse(&self, dump: &Path, profile: &str, after: Option<Arc<dyn AfterRestore>>) -> Rehearsal {
        let _permit = self.room.acquire().await.expect("nobody closes it");
        let target = profile::parse(profile, "the mutation test").expect("the profile is valid");
        let dump = Arc::new(dump::open(dump).expect("the dump can be read"));
        let context = Context {
            engines: Arc::clone(&self.engines),
            source: Source::of_dump(dump, None, RowMode::Digest),
            image_repository: Some(images::REPOSITORY.to_owned()),
            cache: false,
            rows: RowMode::Digest,
            show_data: false,
            fail_on: Severity::Error,
            interrupt: self.interrupt.clone(),
            stopped_by: Arc::default(),
            after,
        };
        // Nobody listens.
        rehearse(&context, &target, &Reporter::default().of_target(&target.name)).await
    }

    /// Removes whatever is still there.
    pub async fn close(&self) {
        if let Err(error) = self.docker.close().await {
            eprintln!("mutate: something was left behind: {error}");
        }
    }
}
