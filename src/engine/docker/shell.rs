//! Shells in a container that carry one thing after the other: connections to its server, and programs.
//!
//! To start a program in a container through the engine costs more processor time than most of what it then does (some 45 ms of a
//! processor for `docker exec … true`). A shell that is done with one errand stays for the next one.

use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use bollard::Docker;
use bollard::container::LogOutput;
use futures_util::StreamExt as _;
use tokio::io::AsyncWriteExt as _;
use tokio::sync::Notify;

use super::carrier::Carrier;
use super::exec::{self, Attached, Exec};
use crate::engine::EngineError;

/// Does errands until its standard input ends. Its first argument is the first one: `connect`, or none.
///
/// An errand is a line `TOKEN KIND`, which is answered by the token: what was still on its way of the errand before is before it.
///
/// `connect` joins standard input and output to the server's port. Of the two copies whichever ends first ends the other, so that
/// neither a server process that dies silently nor a client that goes away leaves the other side hanging. Each connection has a
/// shell of its own: `wait -n` of the same one can return for a copy of the connection before. A zero byte on standard error says
/// that the connection has ended.
///
/// `run` runs a program. What is run comes only after the answer, as a line `WORDS VARIABLES` and so many words, each with a zero byte
/// after it, the first VARIABLES of which are its environment: a shell that answers too late, and is left, runs nothing. What the
/// program writes to each stream is between two tokens; its exit code comes behind the last one. What the shell has to say of a program that a signal ended is not the program's.
const SCRIPT: &str = r#"
exec 4>&2
connect() {
    exec 3<>/dev/tcp/127.0.0.1/5432 || exit 111
    cat <&3 & a=$!
    cat <&0 >&3 & b=$!
    wait -n
    kill $a $b 2> /dev/null
    wait
    exit 0
}
run() {
    local variables=$1
    shift
    for (( ; variables > 0; variables-- )); do
        export "$1"
        shift
    done
    # Debian keeps the programs of each version in a directory of their own, which an image's PATH may lack.
    for dir in /usr/lib/postgresql/*/bin; do PATH="$PATH:$dir"; done
    exec "$@" < /dev/null 2>&4 4>&-
}
kind=$1
while :; do
    case $kind in
        connect)
            (connect) || exit
            printf '\0' >&2 ;;
        run)
            IFS=' ' read -r count variables || exit 0
            words=()
            for (( ; count > 0; count-- )); do
                IFS= read -r -d '' word || exit 0
                words+=("$word")
            done
            printf '%s' "$token" >&2
            { (run "$variables" "${words[@]}"); code=$?; } 2> /dev/null
            printf '%s%s\n' "$token" "$code"
            printf '%s%s\n' "$token" "$code" >&2 ;;
    esac
    IFS=' ' read -r token kind || exit 0
    printf '%s' "$token"
done
"#;

/// How long a shell may take from one errand to the next. One that takes longer is left, and another one started.
pub const TURN: Duration = Duration::from_secs(1);

/// How long to wait for the end of some connection before another shell is started.
const GOODBYE: Duration = Duration::from_millis(5);

/// How long a new shell may take until it listens.
const START: Duration = Duration::from_secs(60);

/// The shells of one container.
#[derive(Clone)]
pub struct Shells {
    docker: Docker,
    container: String,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    /// What carries everything in their place, where the image can run it.
    carrier: OnceLock<Carrier>,
    state: Mutex<State>,
    /// A shell has come back, or will not.
    changed: Notify,
}

#[derive(Default)]
struct State {
    idle: Vec<Shell>,
    /// Shells that somebody has.
    used: usize,
    /// Those whose connection is about to end.
    ending: usize,
}

impl Shells {
    pub fn new(docker: &Docker, container: &str) -> Self {
        Self { docker: docker.clone(), container: container.to_owned(), shared: Arc::default() }
    }

    /// What carries connections and programs in their place, unless there is no such thing, or it has ended.
    pub fn carrier(&self) -> Option<&Carrier> {
        self.shared.carrier.get().filter(|carrier| !carrier.is_gone())
    }

    /// From now on this carries everything.
    pub fn are_replaced_by(&self, carrier: Carrier) -> &Carrier {
        self.shared.carrier.get_or_init(|| carrier)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.shared.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A shell that carries a connection.
    pub async fn connect(&self) -> Result<Borrowed, EngineError> {
        while let Some(mut shell) = self.idle().await {
            if shell.begin("connect").await.is_some() {
                return Ok(self.lend(shell));
            }
        }
        Ok(self.lend(self.start(SCRIPT, &["connect"]).await?))
    }

    /// A shell that runs a program with this environment, given as `NAME=VALUE`, and the token between which its output is.
    pub async fn run(&self, argv: &[String], env: &[String]) -> Result<(Borrowed, String), EngineError> {
        let (mut shell, token) = loop {
            let Some(mut shell) = self.idle().await else {
                let mut shell = self.start(SCRIPT, &["wait"]).await?;
                let token = shell.begin("run").await;
                break (shell, token.ok_or_else(|| EngineError::Gone("a program in it did not start".into()))?);
            };
            if let Some(token) = shell.begin("run").await {
                break (shell, token);
            }
        };
        let io = |source| EngineError::Io { action: "cannot run a program in the sandbox", source };
        let mut asked = format!("{} {}\n", env.len() + argv.len(), env.len());
        for word in env.iter().chain(argv) {
            asked.push_str(word);
            asked.push('\0');
        }
        shell.attached.input.write_all(asked.as_bytes()).await.map_err(io)?;
        shell.attached.input.flush().await.map_err(io)?;
        Ok((self.lend(shell), token))
    }

    /// A shell that runs a script first, with these arguments, and carries a connection then.
    pub async fn first(&self, script: &str, arguments: &[&str]) -> Result<Borrowed, EngineError> {
        let script = format!("{script}\nset -- connect\n{SCRIPT}");
        Ok(self.lend(self.start(&script, arguments).await?))
    }

    /// A shell that is free, or about to be.
    async fn idle(&self) -> Option<Shell> {
        loop {
            let mut changed = std::pin::pin!(self.shared.changed.notified());
            changed.as_mut().enable();
            let patience = {
                let mut state = self.state();
                if let Some(shell) = state.idle.pop() {
                    return Some(shell);
                }
                match (state.ending, state.used) {
                    (0, 0) => return None,
                    // A session that was dropped just now has yet to say goodbye.
                    (0, _) => GOODBYE,
                    _ => TURN,
                }
            };
            tokio::time::timeout(patience, changed).await.ok()?;
        }
    }

    async fn start(&self, script: &str, arguments: &[&str]) -> Result<Shell, EngineError> {
        let argv = ["bash", "-c", script, "shell"].iter().chain(arguments).map(|word| (*word).to_owned()).collect();
        let exec = Exec { container: &self.container, argv, env: Vec::new(), user: None, stdin: true };
        Ok(Shell { attached: exec::start(&self.docker, exec).await?, is_proved: false })
    }

    fn lend(&self, shell: Shell) -> Borrowed {
        self.state().used += 1;
        Borrowed { shell: Some(shell), shells: self.clone(), is_ending: false, is_free: false }
    }

    /// The exit code of a shell that has ended, or was ended.
    pub async fn exit_code(&self, id: &str) -> Result<i64, EngineError> {
        exec::exit_code(&self.docker, id).await
    }
}

/// A shell, be it in use or not.
struct Shell {
    attached: Attached,
    /// Whether it has done an errand.
    is_proved: bool,
}

impl Shell {
    /// Begins another errand and returns its token, unless the shell has ended meanwhile or takes too long.
    async fn begin(&mut self, kind: &str) -> Option<String> {
        let token = format!("{:016x}{:016x}", fastrand::u64(..), fastrand::u64(..));
        let turn = async {
            self.attached.input.write_all(format!("{token} {kind}\n").as_bytes()).await.ok()?;
            self.attached.input.flush().await.ok()?;
            let mut printed = Vec::new();
            while !printed.ends_with(token.as_bytes()) {
                if let LogOutput::StdOut { message } = self.attached.output.next().await?.ok()? {
                    printed.extend_from_slice(&message);
                }
            }
            Some(())
        };
        let patience = if self.is_proved { TURN } else { START };
        tokio::time::timeout(patience, turn).await.ok().flatten()?;
        self.is_proved = true;
        Some(token)
    }
}

/// A shell that is about an errand. One that is dropped before it is free ends.
pub struct Borrowed {
    /// `None` when it has been given back.
    shell: Option<Shell>,
    shells: Shells,
    is_ending: bool,
    is_free: bool,
}

impl Borrowed {
    /// Its streams. `None` is never seen by who has one.
    pub fn attached(&mut self) -> Option<&mut Attached> {
        self.shell.as_mut().map(|shell| &mut shell.attached)
    }

    /// What it was, to be something else from now on.
    pub fn into_attached(mut self) -> Option<Attached> {
        self.shell.take().map(|shell| shell.attached)
    }

    /// Its connection is about to end, so that it is worth waiting for.
    pub fn is_ending(&mut self) {
        if !self.is_ending {
            self.is_ending = true;
            self.shells.state().ending += 1;
            self.shells.shared.changed.notify_waiters();
        }
    }

    /// Its errand is over, and it can have another one.
    pub fn free(mut self) {
        self.is_free = true;
    }
}

impl Drop for Borrowed {
    fn drop(&mut self) {
        let mut state = self.shells.state();
        state.used -= 1;
        if self.is_ending {
            state.ending -= 1;
        }
        if let Some(mut shell) = self.shell.take().filter(|_| self.is_free) {
            shell.is_proved = true;
            state.idle.push(shell);
        }
        drop(state);
        self.shells.shared.changed.notify_waiters();
    }
}
