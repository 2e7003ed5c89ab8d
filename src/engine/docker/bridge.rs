//! Byte streams to the server of a container, through `docker exec`.
//!
//! To start a program in a container costs the engine more processor time than most of what is then asked over a connection. So
//! a bridge whose connection has ended in order stays, and carries the next one, which is as new to the server as any.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bollard::Docker;
use bollard::container::LogOutput;
use bytes::{Buf as _, Bytes};
use futures_util::StreamExt as _;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, ReadBuf};
use tokio::sync::Notify;

use super::exec::{self, Attached, Exec};
use crate::engine::{EngineError, Pipe};

/// Joins standard input and output to the server's port, for one connection after the other.
///
/// Of the two copies whichever ends first ends the other, so that neither a server process that dies silently nor a client that
/// goes away leaves the other side hanging. Each connection has a shell of its own: `wait -n` of the same one can return for a copy
/// of the connection before. A zero byte on standard error says that a connection has ended. The line that comes in after it is printed
/// before the next connection begins: what was still on its way of the former one is before that line.
const BRIDGE: &str = r#"
while :; do
    (
        exec 3<>/dev/tcp/127.0.0.1/5432 || exit 111
        cat <&3 & a=$!
        cat <&0 >&3 & b=$!
        wait -n
        kill $a $b 2> /dev/null
        wait
        exit 0
    ) || exit
    printf '\0' >&2
    IFS= read -r line || exit 0
    printf '%s' "$line"
done
"#;

/// Waits until the server accepts connections, and says so. The postmaster writes `ready` into its pid file then
/// (PostgreSQL 10 and later, `AddToDataDirLockFile` in `src/backend/utils/init/miscinit.c`). The container ends where
/// the server does, and this with it.
pub const WAIT: &str = r#"
pid=$1/pgdata/postmaster.pid
for i in {1..6000}; do
    if [[ -r $pid ]]; then
        mapfile -t lines < "$pid"
        [[ ${lines[7]-} == ready* ]] && break
    fi
    sleep 0.02
done
"#;

/// How long a bridge may take from one connection to the next. One that takes longer is left, and another one started.
const TURN: Duration = Duration::from_secs(1);

/// How long to wait for the end of some connection before another program is started.
const GOODBYE: Duration = Duration::from_millis(5);

/// The bridges of one container.
pub struct Bridges {
    docker: Docker,
    container: String,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    /// A bridge has come back, or will not.
    changed: Notify,
}

#[derive(Default)]
struct State {
    idle: Vec<Bridge>,
    /// Connections that somebody has.
    open: usize,
    /// Those whose end has begun.
    ending: usize,
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Bridges {
    pub fn new(docker: &Docker, container: &str) -> Self {
        Self { docker: docker.clone(), container: container.to_owned(), shared: Arc::default() }
    }

    /// A connection to the server, which accepts connections already.
    pub async fn connect(&self) -> Result<Box<dyn Pipe>, EngineError> {
        while let Some(mut bridge) = self.idle().await {
            if bridge.begin().await {
                return Ok(Box::new(self.connection(bridge)));
            }
        }
        let bridge = self.start(vec!["bash".into(), "-c".into(), BRIDGE.into()]).await?;
        Ok(Box::new(self.connection(bridge)))
    }

    /// The same, once the server accepts connections, which the script `wait` waits for: only a stream that has begun to flow
    /// is returned.
    pub async fn first(&self, wait: &str, data: &str) -> Result<Box<dyn Pipe>, EngineError> {
        let script = format!("{wait}echo ready\n{BRIDGE}");
        let bridge = self.start(["bash", "-c", &script, "bridge", data].map(String::from).into()).await?;
        let mut connection = self.connection(bridge);
        let mut word = [0; 6];
        match connection.read_exact(&mut word).await {
            Ok(_) if &word == b"ready\n" => Ok(Box::new(connection)),
            _ => Err(EngineError::Gone("its server did not get ready".into())),
        }
    }

    /// A bridge that is free, or about to be.
    async fn idle(&self) -> Option<Bridge> {
        loop {
            let mut changed = std::pin::pin!(self.shared.changed.notified());
            changed.as_mut().enable();
            let patience = {
                let mut state = self.shared.state();
                if let Some(bridge) = state.idle.pop() {
                    return Some(bridge);
                }
                match (state.ending, state.open) {
                    (0, 0) => return None,
                    // A session that was dropped just now has yet to say goodbye.
                    (0, _) => GOODBYE,
                    _ => TURN,
                }
            };
            tokio::time::timeout(patience, changed).await.ok()?;
        }
    }

    async fn start(&self, argv: Vec<String>) -> Result<Bridge, EngineError> {
        let exec = Exec { container: &self.container, argv, env: Vec::new(), user: None, stdin: true };
        exec::start(&self.docker, exec).await.map(Bridge)
    }

    fn connection(&self, bridge: Bridge) -> Connection {
        self.shared.state().open += 1;
        Connection {
            bridge: Some(bridge),
            unread: Bytes::new(),
            is_over: false,
            is_usable: true,
            input_is_closed: false,
            is_ending: false,
            shared: Arc::clone(&self.shared),
        }
    }
}

/// Whether the bridge says so that a connection has ended. The shell can have other things to say, such as that the pid file went
/// away between two looks, as it does while initdb runs.
fn is_end(message: &[u8]) -> bool {
    message.contains(&0)
}

/// A bridge, be it in use or not.
struct Bridge(Attached);

impl Bridge {
    /// Begins another connection. Whether it does: one that has ended meanwhile cannot.
    async fn begin(&mut self) -> bool {
        let line = format!("{:016x}{:016x}", fastrand::u64(..), fastrand::u64(..));
        let turn = async {
            self.0.input.write_all(format!("{line}\n").as_bytes()).await.ok()?;
            self.0.input.flush().await.ok()?;
            let mut printed = Vec::new();
            while !printed.ends_with(line.as_bytes()) {
                if let LogOutput::StdOut { message } = self.0.output.next().await?.ok()? {
                    printed.extend_from_slice(&message);
                }
            }
            Some(())
        };
        tokio::time::timeout(TURN, turn).await.is_ok_and(|begun| begun.is_some())
    }

    /// Waits for the end of the connection. Whether there can be another one.
    async fn ends(&mut self) -> bool {
        let end = async {
            loop {
                match self.0.output.next().await {
                    Some(Ok(LogOutput::StdErr { message })) if is_end(&message) => return true,
                    Some(Ok(_)) => {}
                    Some(Err(_)) | None => return false,
                }
            }
        };
        tokio::time::timeout(TURN, end).await.unwrap_or(false)
    }
}

/// One connection over a bridge.
struct Connection {
    /// `None` when it has been given back.
    bridge: Option<Bridge>,
    unread: Bytes,
    /// The bridge has said that the connection has ended.
    is_over: bool,
    /// Whether the bridge can carry another connection.
    is_usable: bool,
    input_is_closed: bool,
    /// The client has said goodbye.
    is_ending: bool,
    shared: Arc<Shared>,
}

impl AsyncRead for Connection {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        let Some(Bridge(attached)) = &mut this.bridge else { return Poll::Ready(Ok(())) };
        while this.unread.is_empty() {
            if this.is_over && !this.input_is_closed {
                // The server has closed the connection of itself. What it said last may still be on its way: all of it is there
                // when the bridge has ended, which it does with its input.
                this.is_usable = false;
                this.input_is_closed = attached.input.as_mut().poll_shutdown(cx).is_ready();
            }
            match ready!(attached.output.as_mut().poll_next(cx)) {
                Some(Ok(LogOutput::StdOut { message } | LogOutput::Console { message })) => this.unread = message,
                Some(Ok(LogOutput::StdErr { message })) if is_end(&message) => {
                    this.is_over = true;
                    if this.is_ending {
                        return Poll::Ready(Ok(()));
                    }
                }
                // What the shell itself has to say is no part of the stream.
                Some(Ok(LogOutput::StdErr { .. } | LogOutput::StdIn { .. })) => {}
                Some(Err(error)) => return Poll::Ready(Err(io::Error::other(error))),
                None => return Poll::Ready(Ok(())),
            }
        }
        let length = this.unread.len().min(buf.remaining());
        buf.put_slice(&this.unread[..length]);
        this.unread.advance(length);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Connection {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        match &mut self.bridge {
            Some(Bridge(attached)) => attached.input.as_mut().poll_write(cx, buf),
            None => Poll::Ready(Err(io::ErrorKind::BrokenPipe.into())),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.bridge {
            Some(Bridge(attached)) => attached.input.as_mut().poll_flush(cx),
            None => Poll::Ready(Ok(())),
        }
    }

    /// The client has sent its Terminate message: the server closes the connection, and the bridge is free.
    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if !self.is_ending {
            self.is_ending = true;
            self.shared.state().ending += 1;
            self.shared.changed.notify_waiters();
        }
        self.poll_flush(cx)
    }
}

impl Drop for Connection {
    /// A bridge whose connection was not ended in order ends with it.
    fn drop(&mut self) {
        let shared = Arc::clone(&self.shared);
        shared.state().open -= 1;
        if !self.is_ending {
            return;
        }
        let (is_over, is_usable) = (self.is_over, self.is_usable);
        let bridge = self.bridge.take().filter(|_| is_usable);
        let give_back = async move {
            let free = match bridge {
                Some(bridge) if is_over => Some(bridge),
                Some(mut bridge) => bridge.ends().await.then_some(bridge),
                None => None,
            };
            let mut state = shared.state();
            state.ending -= 1;
            state.idle.extend(free);
            drop(state);
            shared.changed.notify_waiters();
        };
        // Without a runtime nobody connects any more.
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(give_back);
        }
    }
}
