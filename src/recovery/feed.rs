//! The archive, answered file by file: the server's restore_command asks, through a program of the sandbox, and this side answers.
//!
//! So no mount is needed, an archive may be compressed in any way, and what is not there is known apart from what cannot be read. To
//! PostgreSQL both would be the end of the WAL: a recovery that goes on without a segment that is only out of reach ends early and
//! calls itself complete.

use std::io::{self, Read};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, DuplexStream};
use tokio::task::JoinHandle;

use super::DIRECTORY;
use crate::engine::{EngineError, Program, Sandbox, Whose};

/// The program of the sandbox that hands over what is asked for.
const FEED: &str = include_str!("feed.sh");

/// What the server runs as its restore_command.
pub(super) const ASK: &str = include_str!("ask.sh");

/// How many bytes go over at once, at most.
const PIECE: usize = 256 * 1024;

/// Files are handed over in blocks of this many bytes, where they are a multiple of it; others are one block.
const BLOCK: u64 = 1 << 20;

/// Where files of an archive come from.
pub trait Fetch: Send + Sync {
    /// The file that recovery asks for by this name, such as `00000001000000000000000D` or `00000002.history`. This may block.
    fn fetch(&self, name: &str) -> Fetched;

    /// What recovery asks for next as a rule, where it pays to have that ready.
    fn after(&self, _name: &str) -> Option<String> {
        None
    }
}

/// What came of asking for a file.
pub enum Fetched {
    /// It is there: how many bytes, and what reads them, not compressed.
    Here { size: u64, bytes: Box<dyn Read + Send> },
    /// The archive could be looked into, and it has no such file.
    Absent,
    /// It could not be had, and why: nobody may take that for the end of the WAL.
    Broken(String),
}

/// One file that was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    pub name: String,
    pub answer: Answer,
}

/// What was answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    Here,
    Absent,
    Broken(String),
}

/// What the feed has done so far.
#[derive(Debug, Default)]
pub struct Fed {
    asked: Mutex<Vec<Asked>>,
    bytes: AtomicU64,
}

impl Fed {
    /// Every file that was asked for, in order.
    pub fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// How many bytes were handed over.
    pub fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    /// The first file that could not be had, with why.
    pub fn broken(&self) -> Option<Asked> {
        self.asked().into_iter().find(|asked| matches!(asked.answer, Answer::Broken(_)))
    }

    fn add(&self, name: &str, answer: Answer) {
        let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        asked.push(Asked { name: name.to_owned(), answer });
    }
}

/// Files up to this size, in bytes, are read whole, and the next one ahead of time: a segment of the usual size and one of four times
/// that. At most two are held at once.
const HELD: u64 = 64 << 20;

/// Fetches a file, and reads it whole where it is small enough.
fn load(archive: &dyn Fetch, name: &str) -> Fetched {
    match archive.fetch(name) {
        Fetched::Here { size, mut bytes } if size <= HELD => {
            let mut whole = vec![0; usize::try_from(size).unwrap_or_default()];
            match bytes.read_exact(&mut whole) {
                Ok(()) => Fetched::Here { size, bytes: Box::new(io::Cursor::new(whole)) },
                Err(error) => Fetched::Broken(error.to_string()),
            }
        }
        other => other,
    }
}

/// What is fetched while the server replays what it has.
struct Ahead {
    name: String,
    coming: JoinHandle<Fetched>,
}

/// Fetches what is asked for, which may be on its way already.
async fn fetched(archive: &Arc<dyn Fetch>, name: &str, ahead: Option<Ahead>) -> Fetched {
    let coming = match ahead {
        Some(ahead) if ahead.name == name => ahead.coming,
        _ => begin(archive, name).coming,
    };
    coming.await.unwrap_or_else(|error| Fetched::Broken(format!("a bug of pgrehearse: {error}")))
}

fn begin(archive: &Arc<dyn Fetch>, name: &str) -> Ahead {
    let (archive, of) = (Arc::clone(archive), name.to_owned());
    Ahead { name: name.to_owned(), coming: tokio::task::spawn_blocking(move || load(&*archive, &of)) }
}

/// Feeds a sandbox until its program ends, which is an error: it is to go on as long as anybody listens.
///
/// # Errors
/// When the program cannot be run, or ends.
pub async fn feed(
    sandbox: &dyn Sandbox,
    archive: Arc<dyn Fetch>,
    fed: &Fed,
) -> Result<std::convert::Infallible, EngineError> {
    let directory = format!("{}/{DIRECTORY}", sandbox.directory());
    let argv = ["sh", "-c", FEED, "sh", &directory].map(str::to_owned).into();
    let (mut answers, stdin) = tokio::io::duplex(PIECE);
    let program = Program { argv, whose: Whose::Owner, env: Vec::new(), stdin: Some(Box::pin(stdin)) };
    let running = sandbox.run(program).await?;
    let mut names = BufReader::new(running.stdout).lines();
    let io = |source| EngineError::Io { action: "cannot hand WAL to the sandbox", source };
    let mut ahead = None;
    while let Some(name) = names.next_line().await.map_err(io)? {
        let fetched = fetched(&archive, &name, ahead.take()).await;
        if matches!(&fetched, Fetched::Here { size, .. } if *size <= HELD) {
            ahead = archive.after(&name).map(|next| begin(&archive, &next));
        }
        let answer = match fetched {
            Fetched::Absent => {
                answers.write_all(b"absent\n").await.map_err(io)?;
                Answer::Absent
            }
            Fetched::Broken(why) => {
                answers.write_all(b"broken\n").await.map_err(io)?;
                Answer::Broken(why)
            }
            // It has been said how long it is before it is read, and what is said is kept: what cannot be read is made up with zeros,
            // which no server takes for WAL.
            Fetched::Here { size, bytes } => match hand_over(&mut answers, size, bytes, fed).await.map_err(io)? {
                Ok(()) => Answer::Here,
                Err(why) => Answer::Broken(why),
            },
        };
        answers.flush().await.map_err(io)?;
        let is_broken = matches!(answer, Answer::Broken(_));
        fed.add(&name, answer);
        if is_broken {
            break;
        }
    }
    match fed.broken() {
        Some(Asked { name, answer: Answer::Broken(why) }) => {
            Err(EngineError::Call { action: "cannot hand WAL to the sandbox", reason: format!("{name}: {why}") })
        }
        _ => Err(EngineError::Gone("the program that hands it WAL has ended".to_owned())),
    }
}

/// Hands over a file. The inner error says why it could not be read; the server has got as many bytes as it was promised all the same.
async fn hand_over(
    answers: &mut DuplexStream,
    size: u64,
    mut bytes: Box<dyn Read + Send>,
    fed: &Fed,
) -> io::Result<Result<(), String>> {
    let (block, count) = if size.is_multiple_of(BLOCK) { (BLOCK, size / BLOCK) } else { (size, 1) };
    let (block, count) = if size == 0 { (1, 0) } else { (block, count) };
    answers.write_all(format!("here {block} {count}\n").as_bytes()).await?;
    let mut left = size;
    let mut trouble = None;
    while left > 0 {
        let wanted = usize::try_from(left).unwrap_or(PIECE).min(PIECE);
        let read = match &trouble {
            Some(_) => (bytes, Ok(vec![0; wanted])),
            None => tokio::task::spawn_blocking(move || {
                let mut piece = vec![0; wanted];
                let read = bytes.read_exact(&mut piece).map(|()| piece);
                (bytes, read)
            })
            .await
            .map_err(io::Error::other)?,
        };
        bytes = read.0;
        match read.1 {
            Ok(piece) => {
                answers.write_all(&piece).await?;
                left -= piece.len() as u64;
                fed.bytes.fetch_add(piece.len() as u64, Ordering::Relaxed);
            }
            Err(error) => trouble = Some(error.to_string()),
        }
    }
    Ok(trouble.map_or(Ok(()), Err))
}
