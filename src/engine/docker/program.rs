//! Programs without standard input, over a [shell](super::shell) of the container.

use bollard::container::LogOutput;
use futures_util::StreamExt as _;

use super::exec::Streams;
use super::shell::{Borrowed, Shells};
use crate::engine::{EngineError, Running};

/// Runs a program with its streams apart, as [`super::exec::run`] does. `env` is `NAME=VALUE`.
pub async fn run(shells: &Shells, argv: &[String], env: &[String]) -> Result<Running, EngineError> {
    if let Some(carrier) = shells.carrier() {
        return Ok(carrier.run(argv, env));
    }
    let (mut shell, token) = shells.run(argv, env).await?;
    let (mut streams, stdout, stderr) = Streams::new();
    let ended = tokio::spawn(async move {
        let mut out = Framed::begun(&token);
        let mut err = Framed::new(&token);
        while !(out.code.is_some() && err.code.is_some()) {
            match next(&mut shell).await {
                Some(LogOutput::StdOut { message }) => streams.stdout(&out.push(&message)).await,
                Some(LogOutput::StdErr { message }) => streams.stderr(&err.push(&message)).await,
                Some(_) => {}
                // The shell has ended with its program, or its container has.
                None => {
                    streams.stdout(&out.rest()).await;
                    streams.stderr(&err.rest()).await;
                    return Err(shell);
                }
            }
        }
        shell.free();
        Ok(out.code.unwrap_or_default())
    });
    let shells = shells.clone();
    let exit = async move {
        match ended.await {
            Ok(Ok(code)) => Ok(code),
            Ok(Err(mut shell)) => match shell.attached() {
                Some(attached) => shells.exit_code(&attached.id).await,
                None => Err(EngineError::Gone("a program in it ended early".into())),
            },
            Err(error) => Err(EngineError::Gone(format!("a program in it cannot be followed: {error}"))),
        }
    };
    Ok(Running { stdout, stderr, exit: Box::pin(exit) })
}

async fn next(shell: &mut Borrowed) -> Option<LogOutput> {
    shell.attached()?.output.next().await?.ok()
}

/// Where bytes are found in others.
fn position(all: &[u8], wanted: &[u8]) -> Option<usize> {
    all.windows(wanted.len()).position(|window| window == wanted)
}

/// What a program writes to one stream: `TOKEN`, all of it, `TOKEN CODE` and the end of a line.
struct Framed {
    token: Vec<u8>,
    /// Whether the token that it begins with has come.
    has_begun: bool,
    /// What may be the beginning of the end.
    held: Vec<u8>,
    /// The program's exit code, once it has ended.
    code: Option<i64>,
}

impl Framed {
    /// The longest code, with the end of its line.
    const CODE: usize = "255\n".len();

    fn new(token: &str) -> Self {
        Self { token: token.as_bytes().to_vec(), has_begun: false, held: Vec::new(), code: None }
    }

    /// One whose first token has been read already.
    fn begun(token: &str) -> Self {
        Self { has_begun: true, ..Self::new(token) }
    }

    /// Takes what came, and returns what the program has written, as far as that is known.
    fn push(&mut self, message: &[u8]) -> Vec<u8> {
        self.held.extend_from_slice(message);
        if !self.has_begun {
            let Some(at) = position(&self.held, &self.token) else { return Vec::new() };
            self.held.drain(..at + self.token.len());
            self.has_begun = true;
        }
        // The end of the stream, if it is that, is the last that comes.
        let end = self.token.len() + Self::CODE;
        let tail = self.held.len().saturating_sub(end);
        if let Some(at) = self.held.get(tail..).and_then(|tail| position(tail, &self.token)) {
            let code = self.held.get(tail + at + self.token.len()..).unwrap_or_default();
            if let Some(code) = code.strip_suffix(b"\n").and_then(|code| std::str::from_utf8(code).ok()) {
                self.code = code.parse().ok();
            }
            if self.code.is_some() {
                self.held.truncate(tail + at);
                return self.rest();
            }
        }
        self.held.drain(..tail).collect()
    }

    /// What is still held back.
    fn rest(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.held)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOKEN: &str = "0123456789abcdef0123456789abcdef";

    /// What a program that writes this is seen to write, in pieces of a size, and its exit code.
    fn seen(written: &[u8], piece: usize) -> (Vec<u8>, Option<i64>) {
        let mut framed = Framed::new(TOKEN);
        let stream = [b"of before", TOKEN.as_bytes(), written, TOKEN.as_bytes(), b"93\n"].concat();
        let mut all = Vec::new();
        for message in stream.chunks(piece) {
            assert_eq!(framed.code, None, "it ended early");
            all.extend(framed.push(message));
        }
        (all, framed.code)
    }

    #[test]
    fn what_a_program_writes_comes_whole_however_it_is_cut() {
        let like_a_token = TOKEN.as_bytes().get(..31).unwrap_or_default().to_vec();
        let long = [&like_a_token, "\0\n7\n".as_bytes(), &like_a_token].concat().repeat(50);
        for written in [b"".to_vec(), b"x".to_vec(), b"12\n".to_vec(), like_a_token, long] {
            for piece in [1, 2, 3, 7, 31, 32, 33, 64, 1000, 100_000] {
                assert_eq!(seen(&written, piece), (written.clone(), Some(93)), "in pieces of {piece}");
            }
        }
    }
}
