//! Byte streams to a container's server, each through a [shell](super::shell) in that container.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bollard::container::LogOutput;
use bytes::{Buf as _, Bytes};
use futures_util::StreamExt as _;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, ReadBuf};

use super::carrier::{self, Carrier};
use super::shell::{Borrowed, Shells, TURN};
use crate::engine::{EngineError, Pipe};

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

/// Waits until there is an empty data directory that something can be brought into.
pub const WAIT_FOR_DIRECTORY: &str = r#"
for i in {1..6000}; do
    [[ -d $1/pgdata ]] && break
    sleep 0.02
done
"#;

/// Becomes the [carrier], which is the last argument, where the image has Perl.
const CARRY: &str = r#"command -v perl > /dev/null && exec perl -e "${!#}" 5432 2> /dev/null"#;

/// A connection to the server, which accepts connections already. To the server it is a new one, whatever its shell has carried.
pub async fn connect(shells: &Shells) -> Result<Box<dyn Pipe>, EngineError> {
    if let Some(carrier) = shells.carrier() {
        return Ok(Box::new(carrier.connect()));
    }
    Ok(Box::new(Connection::over(shells.connect().await?)))
}

/// The same, once the server accepts connections, which the script `wait` waits for: only a stream that has begun to flow is
/// returned. Beside it what the script `before` printed, which runs first and has the arguments too.
pub async fn first(
    shells: &Shells,
    before: &str,
    wait: &str,
    arguments: &[&str],
) -> Result<(Box<dyn Pipe>, String), EngineError> {
    let script = format!("{before}\n{wait}\n");
    let with_carrier: Vec<&str> = arguments.iter().copied().chain([carrier::SCRIPT]).collect();
    match begin(shells, &format!("{script}{CARRY}"), &with_carrier).await {
        Ok(begun) => Ok(begun),
        // The image's Perl is none that can run it. Where the server has ended, this ends at once.
        Err(_) => begin(shells, &script, arguments).await,
    }
}

/// Runs a script, and then what carries connections.
async fn begin(shells: &Shells, script: &str, arguments: &[&str]) -> Result<(Box<dyn Pipe>, String), EngineError> {
    const READY: &[u8] = b"ready\n";
    const CARRIED: &[u8] = b"carried\n";
    /// What the script may print.
    const MOST: usize = 4096;
    let mut connection = Connection::over(shells.first(&format!("{script}\necho ready"), arguments).await?);
    let mut printed = Vec::new();
    while !(printed.ends_with(READY) || printed.ends_with(CARRIED)) {
        match connection.read_u8().await {
            Ok(byte) if printed.len() < MOST => printed.push(byte),
            _ => return Err(EngineError::Gone("its server did not get ready".into())),
        }
    }
    let said = |before: &[u8]| String::from_utf8_lossy(before).into_owned();
    if let Some(before) = printed.strip_suffix(CARRIED)
        && let Some(attached) = connection.shell.take().and_then(Borrowed::into_attached)
    {
        let carrier = Carrier::over(attached, &connection.unread);
        return Ok((Box::new(shells.are_replaced_by(carrier).connect()), said(before)));
    }
    let before = printed.strip_suffix(READY).unwrap_or(&printed);
    Ok((Box::new(connection), said(before)))
}

/// Whether the shell says so that a connection has ended. It can have other things to say, such as that the pid file went away between
/// two looks, as it does while initdb runs.
fn is_end(message: &[u8]) -> bool {
    message.contains(&0)
}

/// Waits for the end of a connection that has not been read to its end. Whether there can be another one.
async fn ends(shell: &mut Borrowed) -> bool {
    let Some(attached) = shell.attached() else { return false };
    let end = async {
        loop {
            match attached.output.next().await {
                Some(Ok(LogOutput::StdErr { message })) if is_end(&message) => return true,
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return false,
            }
        }
    };
    tokio::time::timeout(TURN, end).await.unwrap_or(false)
}

/// One connection.
struct Connection {
    /// `None` when it has been given back.
    shell: Option<Borrowed>,
    unread: Bytes,
    /// The shell has said that the connection has ended.
    is_over: bool,
    /// Whether the shell can do something else then.
    is_usable: bool,
    input_is_closed: bool,
    /// The client has said goodbye.
    is_ending: bool,
}

impl Connection {
    fn over(shell: Borrowed) -> Self {
        Self {
            shell: Some(shell),
            unread: Bytes::new(),
            is_over: false,
            is_usable: true,
            input_is_closed: false,
            is_ending: false,
        }
    }
}

impl AsyncRead for Connection {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        let Some(attached) = this.shell.as_mut().and_then(Borrowed::attached) else { return Poll::Ready(Ok(())) };
        while this.unread.is_empty() {
            if this.is_over && !this.input_is_closed {
                // The server has closed the connection itself. What it said last may still be on its way: all of it is there
                // when the shell has ended, which it does with its input.
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
        match self.shell.as_mut().and_then(Borrowed::attached) {
            Some(attached) => attached.input.as_mut().poll_write(cx, buf),
            None => Poll::Ready(Err(io::ErrorKind::BrokenPipe.into())),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.shell.as_mut().and_then(Borrowed::attached) {
            Some(attached) => attached.input.as_mut().poll_flush(cx),
            None => Poll::Ready(Ok(())),
        }
    }

    /// The client has sent its Terminate message: the server closes the connection, and the shell is free.
    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.is_ending = true;
        if let Some(shell) = &mut self.shell {
            shell.is_ending();
        }
        self.poll_flush(cx)
    }
}

impl Drop for Connection {
    /// A shell whose connection was not ended in order ends with it.
    fn drop(&mut self) {
        let Some(mut shell) = self.shell.take().filter(|_| self.is_ending && self.is_usable) else { return };
        let is_over = self.is_over;
        // Without a runtime there are no more connections.
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(async move {
                if is_over || ends(&mut shell).await {
                    shell.free();
                }
            });
        }
    }
}
