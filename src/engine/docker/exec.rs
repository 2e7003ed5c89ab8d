//! Programs in a running container, and byte streams to its server.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bollard::Docker;
use bollard::container::LogOutput;
use bollard::exec::{CreateExecOptions, StartExecOptions, StartExecResults};
use bollard::query_parameters::AttachContainerOptionsBuilder;
use futures_util::{Stream, StreamExt as _};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, ReadBuf};
use tokio_util::io::StreamReader;

use super::call;
use crate::engine::{BoxedReader, EngineError, Pipe, Running};

/// Joins standard input and output to the server's port.
///
/// Of the two copies whichever ends first ends the other, so that neither a server process that dies silently nor a
/// client that goes away leaves the other side hanging.
const BRIDGE: &str = r#"
exec 3<>/dev/tcp/127.0.0.1/5432 || exit 111
cat <&3 & a=$!
cat <&0 >&3 & b=$!
wait -n
kill $a $b 2> /dev/null
wait
exit 0
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

type Output = Pin<Box<dyn Stream<Item = Result<LogOutput, bollard::errors::Error>> + Send>>;
type Input = Pin<Box<dyn AsyncWrite + Send>>;

/// One `docker exec`, started and attached.
pub struct Attached {
    pub id: String,
    pub output: Output,
    pub input: Input,
}

/// What to run, and as whom.
pub struct Exec<'a> {
    pub container: &'a str,
    pub argv: Vec<String>,
    pub env: Vec<String>,
    /// A user name or `uid:gid`; the container's own user where `None`.
    pub user: Option<String>,
    pub stdin: bool,
}

pub async fn start(docker: &Docker, exec: Exec<'_>) -> Result<Attached, EngineError> {
    let options = CreateExecOptions {
        attach_stdin: Some(exec.stdin),
        attach_stdout: Some(true),
        attach_stderr: Some(true),
        tty: Some(false),
        env: Some(exec.env),
        cmd: Some(exec.argv),
        user: exec.user,
        ..CreateExecOptions::default()
    };
    let id = docker.create_exec(exec.container, options).await.map_err(call("cannot run a program in the sandbox"))?.id;
    let options = StartExecOptions { detach: false, tty: false, output_capacity: Some(64 * 1024) };
    match docker.start_exec(&id, Some(options)).await.map_err(call("cannot run a program in the sandbox"))? {
        StartExecResults::Attached { output, input } => Ok(Attached { id, output, input }),
        StartExecResults::Detached => Err(EngineError::Call {
            action: "cannot run a program in the sandbox",
            reason: "the engine did not attach to it".into(),
        }),
    }
}

/// A byte stream to the server of the container, which accepts connections already.
pub async fn bridge(docker: &Docker, container: &str) -> Result<Box<dyn Pipe>, EngineError> {
    bridge_with(docker, container, vec!["bash".into(), "-c".into(), BRIDGE.into()]).await
}

/// The same, once the server accepts connections: only a stream that has begun to flow is returned.
pub async fn first_bridge(
    docker: &Docker,
    container: &str,
    wait: &str,
    data: &str,
) -> Result<Box<dyn Pipe>, EngineError> {
    let script = format!("{wait}echo ready\n{BRIDGE}");
    let argv = ["bash", "-c", &script, "bridge", data].map(String::from).into();
    let mut pipe = bridge_with(docker, container, argv).await?;
    let mut word = [0; 6];
    match pipe.read_exact(&mut word).await {
        Ok(_) if &word == b"ready\n" => Ok(pipe),
        _ => Err(EngineError::Gone("its server did not get ready".into())),
    }
}

async fn bridge_with(docker: &Docker, container: &str, argv: Vec<String>) -> Result<Box<dyn Pipe>, EngineError> {
    let attached = start(docker, Exec { container, argv, env: Vec::new(), user: None, stdin: true }).await?;
    let bytes = attached.output.filter_map(async |item| match item {
        Ok(LogOutput::StdOut { message } | LogOutput::Console { message }) => Some(Ok(message)),
        // What the bridge itself has to say is no part of the stream.
        Ok(LogOutput::StdErr { .. } | LogOutput::StdIn { .. }) => None,
        Err(error) => Some(Err(std::io::Error::other(error))),
    });
    Ok(Box::new(Joined { reader: Box::pin(StreamReader::new(Box::pin(bytes))), writer: attached.input }))
}

/// Two halves as one stream.
struct Joined {
    reader: BoxedReader,
    writer: Input,
}

impl AsyncRead for Joined {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<std::io::Result<()>> {
        self.reader.as_mut().poll_read(cx, buf)
    }
}

impl AsyncWrite for Joined {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<std::io::Result<usize>> {
        self.writer.as_mut().poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        self.writer.as_mut().poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        self.writer.as_mut().poll_shutdown(cx)
    }
}

/// Runs a program with its streams apart. Backpressure goes all the way: a slow reader slows the program down.
pub async fn run(docker: &Docker, exec: Exec<'_>, stdin: Option<BoxedReader>) -> Result<Running, EngineError> {
    let Attached { id, mut output, mut input } = start(docker, exec).await?;
    if let Some(mut stdin) = stdin {
        tokio::spawn(async move {
            // A program that ends before its input does closes the pipe: its exit code tells, not this.
            let _ = tokio::io::copy(&mut stdin, &mut input).await;
            let _ = input.shutdown().await;
        });
    }
    const BUFFER: usize = 64 * 1024;
    let (mut to_stdout, stdout) = tokio::io::duplex(BUFFER);
    let (mut to_stderr, stderr) = tokio::io::duplex(BUFFER);
    let streams = tokio::spawn(async move {
        while let Some(item) = output.next().await {
            // A reader that was dropped does not want the rest; the program must still be able to write it.
            let _ = match item {
                Ok(LogOutput::StdOut { message } | LogOutput::Console { message }) => {
                    to_stdout.write_all(&message).await
                }
                Ok(LogOutput::StdErr { message }) => to_stderr.write_all(&message).await,
                Ok(LogOutput::StdIn { .. }) => Ok(()),
                Err(_) => break,
            };
        }
    });
    let docker = docker.clone();
    let exit = async move {
        let _ = streams.await;
        exit_code(&docker, &id).await
    };
    Ok(Running { stdout: Box::pin(stdout), stderr: Box::pin(stderr), exit: Box::pin(exit) })
}

/// The exit code of a program whose streams have ended: the engine learns of it a moment later.
async fn exit_code(docker: &Docker, id: &str) -> Result<i64, EngineError> {
    let mut pause = Duration::from_millis(2);
    for _ in 0..200 {
        let state = docker.inspect_exec(id).await.map_err(call("cannot ask for a program's exit code"))?;
        if state.running != Some(true)
            && let Some(code) = state.exit_code
        {
            return Ok(code);
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(Duration::from_millis(100));
    }
    Err(EngineError::Gone("a program closed its output but did not end".into()))
}

/// Writes a text to the standard input of a container's first process.
pub async fn tell(docker: &Docker, container: &str, text: &str) -> Result<(), EngineError> {
    let options = AttachContainerOptionsBuilder::default().stdin(true).stream(true).build();
    let attached = docker.attach_container(container, Some(options)).await;
    let mut input = attached.map_err(call("cannot talk to the sandbox's container"))?.input;
    let io = |source| EngineError::Io { action: "cannot give the sandbox its settings", source };
    input.write_all(text.as_bytes()).await.map_err(io)?;
    input.flush().await.map_err(io)
}

/// Runs a program to its end and returns its exit code and what it printed, as far as 64 KiB of each stream.
pub async fn capture(
    docker: &Docker,
    exec: Exec<'_>,
    stdin: Option<BoxedReader>,
) -> Result<(i64, String), EngineError> {
    const MOST: u64 = 64 * 1024;
    let running = run(docker, exec, stdin).await?;
    let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
    let (mut out, mut err) = (running.stdout.take(MOST), running.stderr.take(MOST));
    let (first, second) = tokio::join!(out.read_to_end(&mut stdout), err.read_to_end(&mut stderr));
    first.and(second).map_err(|source| EngineError::Io { action: "cannot read a program's output", source })?;
    drop((out, err));
    let code = running.exit.await?;
    stdout.extend(stderr);
    Ok((code, String::from_utf8_lossy(&stdout).into_owned()))
}
