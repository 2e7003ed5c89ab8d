//! Programs in a running container.

use std::pin::Pin;
use std::time::Duration;

use bollard::Docker;
use bollard::container::LogOutput;
use bollard::exec::{CreateExecOptions, StartExecOptions, StartExecResults};
use bollard::query_parameters::AttachContainerOptionsBuilder;
use futures_util::{Stream, StreamExt as _};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, DuplexStream};
use tokio_util::io::StreamReader;

use super::call;
use crate::engine::{BoxedReader, EngineError, Running};

type Output = Pin<Box<dyn Stream<Item = Result<LogOutput, bollard::errors::Error>> + Send>>;
type Input = Pin<Box<dyn AsyncWrite + Send>>;

/// One `docker exec`, started and attached.
pub struct Attached {
    pub id: String,
    pub output: Output,
    pub input: Input,
}

impl Attached {
    /// What the program writes to its standard output, and its standard input, as one stream.
    pub fn into_stream(self) -> impl AsyncRead + AsyncWrite + Send + Unpin {
        tokio::io::join(stdout(self.output), self.input)
    }
}

/// What comes to the standard output of a program or a container, without the rest.
pub fn stdout(output: impl Stream<Item = Result<LogOutput, bollard::errors::Error>> + Send + 'static) -> BoxedReader {
    let bytes = output.filter_map(async |item| match item {
        Ok(LogOutput::StdOut { message } | LogOutput::Console { message }) => Some(Ok(message)),
        Ok(LogOutput::StdErr { .. } | LogOutput::StdIn { .. }) => None,
        Err(error) => Some(Err(std::io::Error::other(error))),
    });
    Box::pin(StreamReader::new(Box::pin(bytes)))
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

/// Both streams of a program, for whoever brings what it writes. A reader that was dropped does not want the rest; the program must
/// still be able to write it.
pub struct Streams {
    stdout: DuplexStream,
    stderr: DuplexStream,
}

impl Streams {
    /// These, and where they are read.
    pub fn new() -> (Self, BoxedReader, BoxedReader) {
        const BUFFER: usize = 64 * 1024;
        let (to_stdout, of_stdout) = tokio::io::duplex(BUFFER);
        let (to_stderr, of_stderr) = tokio::io::duplex(BUFFER);
        (Self { stdout: to_stdout, stderr: to_stderr }, Box::pin(of_stdout), Box::pin(of_stderr))
    }

    pub async fn stdout(&mut self, bytes: &[u8]) {
        let _ = self.stdout.write_all(bytes).await;
    }

    pub async fn stderr(&mut self, bytes: &[u8]) {
        let _ = self.stderr.write_all(bytes).await;
    }
}

/// Runs a program with its streams apart. Backpressure goes all the way: a slow reader slows the program down.
pub async fn run(docker: &Docker, exec: Exec<'_>, stdin: Option<BoxedReader>) -> Result<Running, EngineError> {
    let Attached { id, mut output, mut input } = start(docker, exec).await?;
    if let Some(mut stdin) = stdin {
        tokio::spawn(async move {
            // A program that ends before its input does closes the pipe: its exit code says what is wrong, not this.
            let _ = tokio::io::copy(&mut stdin, &mut input).await;
            let _ = input.shutdown().await;
        });
    }
    let (mut streams, stdout, stderr) = Streams::new();
    let streams = tokio::spawn(async move {
        while let Some(item) = output.next().await {
            match item {
                Ok(LogOutput::StdOut { message } | LogOutput::Console { message }) => streams.stdout(&message).await,
                Ok(LogOutput::StdErr { message }) => streams.stderr(&message).await,
                Ok(LogOutput::StdIn { .. }) => {}
                Err(_) => break,
            }
        }
    });
    let docker = docker.clone();
    let exit = async move {
        let _ = streams.await;
        exit_code(&docker, &id).await
    };
    Ok(Running { stdout, stderr, exit: Box::pin(exit) })
}

/// The exit code of a program whose streams have ended: the engine learns of it a moment later.
pub async fn exit_code(docker: &Docker, id: &str) -> Result<i64, EngineError> {
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
