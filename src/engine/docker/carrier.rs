//! One program in a container that carries all connections to its server, and all programs without standard input, and watches
//! over its limits.
//!
//! To start a program in a container through the engine costs more processor time than most of what it then does, so this one is started
//! once. It is written in Perl, which every Debian has; where an image lacks it, [shells](super::shell) do the same, one for each.

use std::collections::{HashMap, VecDeque};
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker, ready};

use bollard::container::LogOutput;
use bytes::{Buf as _, BufMut as _, Bytes, BytesMut};
use futures_util::StreamExt as _;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt as _, ReadBuf};
use tokio::sync::mpsc;

use super::exec::{Attached, Streams};
use crate::engine::{EngineError, Running};

/// The program. Its first comment says what goes over its streams.
pub const SCRIPT: &str = include_str!("carrier.pl");

/// How many bytes may be on their way on a channel, in each direction.
const CREDIT: usize = 256 * 1024;

/// The longest piece that is sent at once, and what is read before the program hears of it.
const PIECE: usize = 64 * 1024;

/// A kind, a channel and a length.
const HEAD: usize = 9;

/// The carrier of one container. It ends when nobody has it, nor any of its channels.
#[derive(Clone)]
pub struct Carrier {
    shared: Arc<Shared>,
}

struct Shared {
    frames: mpsc::UnboundedSender<Bytes>,
    channels: Mutex<Channels>,
}

#[derive(Default)]
struct Channels {
    last: u32,
    open: HashMap<u32, Arc<Mutex<Flow>>>,
    /// The program has ended, and with it everything.
    gone: bool,
}

/// What one channel has to give and may take.
#[derive(Default)]
struct Flow {
    /// What has come and is not read yet: bytes of the connection or of a program's standard output, and of its standard error.
    came: VecDeque<(Stream, Bytes)>,
    /// How many bytes have come that have not been acknowledged as read.
    unread: usize,
    /// How many bytes may be sent.
    credit: usize,
    /// It has ended, with what code.
    ended: Option<Option<i64>>,
    reader: Option<Waker>,
    writer: Option<Waker>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stream {
    Data,
    Error,
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn frame(kind: u8, channel: u32, bytes: &[u8]) -> Bytes {
    let mut frame = BytesMut::with_capacity(HEAD + bytes.len());
    frame.put_u8(kind);
    frame.put_u32(channel);
    frame.put_u32(u32::try_from(bytes.len()).unwrap_or(u32::MAX));
    frame.put_slice(bytes);
    frame.freeze()
}

impl Carrier {
    /// Takes over a program that runs [`SCRIPT`]; `unread` is what has come of it already.
    pub fn over(attached: Attached, unread: &[u8]) -> Self {
        let Attached { mut output, mut input, .. } = attached;
        let (frames, mut to_send) = mpsc::unbounded_channel::<Bytes>();
        let shared = Arc::new(Shared { frames, channels: Mutex::default() });
        tokio::spawn(async move {
            while let Some(frame) = to_send.recv().await {
                let mut sent = input.write_all(&frame).await;
                if sent.is_ok() && to_send.is_empty() {
                    sent = input.flush().await;
                }
                if sent.is_err() {
                    break;
                }
            }
            let _ = input.shutdown().await;
        });
        let weak = Arc::downgrade(&shared);
        let mut received = BytesMut::from(unread);
        tokio::spawn(async move {
            loop {
                let Some(shared) = weak.upgrade() else { return };
                let is_sound = shared.take(&mut received);
                drop(shared);
                if !is_sound {
                    break;
                }
                match output.next().await {
                    Some(Ok(LogOutput::StdOut { message })) => received.extend_from_slice(&message),
                    // What the program itself has to say is no frame.
                    Some(Ok(_)) => {}
                    Some(Err(_)) | None => break,
                }
            }
            if let Some(shared) = weak.upgrade() {
                shared.end();
            }
        });
        Self { shared }
    }

    /// Whether the program has ended, and with it everything.
    pub fn is_gone(&self) -> bool {
        locked(&self.shared.channels).gone
    }

    fn open(&self, kind: u8, bytes: &[u8]) -> Channel {
        let flow = Arc::new(Mutex::new(Flow { credit: CREDIT, ..Flow::default() }));
        let mut channels = locked(&self.shared.channels);
        channels.last = channels.last.wrapping_add(1);
        let number = channels.last;
        if channels.gone {
            locked(&flow).ended = Some(None);
        } else {
            channels.open.insert(number, Arc::clone(&flow));
            let _ = self.shared.frames.send(frame(kind, number, bytes));
        }
        drop(channels);
        Channel { shared: Arc::clone(&self.shared), number, flow, unread: None, read: 0 }
    }

    /// A connection to the server. Where it takes none, the stream is at its end.
    pub fn connect(&self) -> Channel {
        self.open(b'C', &[])
    }

    /// What is known of the container's limits: the lines of [`super::watch`], which asks for the next one by sending anything.
    pub fn limits(&self) -> Channel {
        self.open(b'L', &[])
    }

    /// Runs a program with its streams apart, as [`super::exec::run`] does. `env` is `NAME=VALUE`.
    pub fn run(&self, argv: &[String], env: &[String]) -> Running {
        let mut words = format!("{}\0", env.len()).into_bytes();
        for word in env.iter().chain(argv) {
            words.extend_from_slice(word.as_bytes());
            words.push(0);
        }
        let mut channel = self.open(b'R', &words);
        let (mut streams, stdout, stderr) = Streams::new();
        let ended = tokio::spawn(async move {
            while let Some((stream, bytes)) = std::future::poll_fn(|cx| channel.poll_next(cx)).await {
                match stream {
                    Stream::Data => streams.stdout(&bytes).await,
                    Stream::Error => streams.stderr(&bytes).await,
                }
                channel.was_read(bytes.len());
            }
            let ended = locked(&channel.flow).ended;
            ended.flatten()
        });
        let exit = async move {
            match ended.await {
                Ok(Some(code)) => Ok(code),
                Ok(None) => Err(EngineError::Gone("a program in it ended early".into())),
                Err(error) => Err(EngineError::Gone(format!("a program in it cannot be followed: {error}"))),
            }
        };
        Running { stdout, stderr, exit: Box::pin(exit) }
    }
}

impl Shared {
    /// Hands on all frames that have come whole. Whether they are what the program sends: what a dump runs can send anything in its
    /// place, and must not take memory here.
    fn take(&self, received: &mut BytesMut) -> bool {
        while let Some(head) = received.get(..HEAD) {
            let mut head = Bytes::copy_from_slice(head);
            let (kind, number, length) = (head.get_u8(), head.get_u32(), head.get_u32() as usize);
            if length > PIECE {
                return false;
            }
            if received.len() - HEAD < length {
                return true;
            }
            received.advance(HEAD);
            let bytes = received.split_to(length).freeze();
            let mut channels = locked(&self.channels);
            let flow = match kind {
                b'X' => channels.open.remove(&number),
                _ => channels.open.get(&number).cloned(),
            };
            drop(channels);
            // One that nobody has any more.
            let Some(flow) = flow else { continue };
            let mut flow = locked(&flow);
            flow.take(kind, bytes);
            if flow.unread > CREDIT {
                return false;
            }
        }
        true
    }

    fn end(&self) {
        let mut channels = locked(&self.channels);
        channels.gone = true;
        for (_, flow) in channels.open.drain() {
            locked(&flow).take(b'X', Bytes::new());
        }
    }
}

impl Flow {
    fn take(&mut self, kind: u8, bytes: Bytes) {
        if matches!(kind, b'D' | b'F') {
            self.unread += bytes.len();
        }
        match kind {
            // Nothing is nothing, however often it comes.
            b'D' | b'F' if bytes.is_empty() => {}
            b'D' => self.came.push_back((Stream::Data, bytes)),
            b'F' => self.came.push_back((Stream::Error, bytes)),
            b'W' => {
                let read = bytes.get(..4).map_or(0, |mut bytes| bytes.get_u32() as usize);
                self.credit = self.credit.saturating_add(read);
            }
            b'X' => self.ended = Some(std::str::from_utf8(&bytes).ok().and_then(|code| code.parse().ok())),
            _ => {}
        }
        for waker in [self.reader.take(), self.writer.take()].into_iter().flatten() {
            waker.wake();
        }
    }
}

/// One connection, or one program.
pub struct Channel {
    shared: Arc<Shared>,
    number: u32,
    flow: Arc<Mutex<Flow>>,
    unread: Option<Bytes>,
    /// How many bytes were read that have not been acknowledged.
    read: usize,
}

impl Channel {
    /// What came next; `None` where there is no more.
    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<(Stream, Bytes)>> {
        let mut flow = locked(&self.flow);
        if let Some(next) = flow.came.pop_front() {
            return Poll::Ready(Some(next));
        }
        if flow.ended.is_some() {
            return Poll::Ready(None);
        }
        flow.reader = Some(cx.waker().clone());
        Poll::Pending
    }

    fn was_read(&mut self, bytes: usize) {
        self.read += bytes;
        if self.read < PIECE {
            return;
        }
        let read = u32::try_from(std::mem::take(&mut self.read)).unwrap_or(u32::MAX);
        let mut flow = locked(&self.flow);
        flow.unread = flow.unread.saturating_sub(read as usize);
        drop(flow);
        let _ = self.shared.frames.send(frame(b'W', self.number, &read.to_be_bytes()));
    }
}

impl AsyncRead for Channel {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let mut bytes = match self.unread.take() {
            Some(bytes) => bytes,
            None => match ready!(self.poll_next(cx)) {
                Some((_, bytes)) => bytes,
                None => return Poll::Ready(Ok(())),
            },
        };
        let length = bytes.len().min(buf.remaining());
        buf.put_slice(&bytes.split_to(length));
        self.was_read(length);
        self.unread = (!bytes.is_empty()).then_some(bytes);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Channel {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let mut flow = locked(&self.flow);
        if flow.ended.is_some() {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        }
        let length = buf.len().min(flow.credit).min(PIECE);
        if length == 0 && !buf.is_empty() {
            flow.writer = Some(cx.waker().clone());
            return Poll::Pending;
        }
        flow.credit -= length;
        let sent = self.shared.frames.send(frame(b'D', self.number, buf.get(..length).unwrap_or_default()));
        Poll::Ready(sent.map(|()| length).map_err(|_| io::ErrorKind::BrokenPipe.into()))
    }

    /// What is sent is on its way.
    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        let _ = self.shared.frames.send(frame(b'E', self.number, &[]));
        Poll::Ready(Ok(()))
    }
}

impl Drop for Channel {
    /// What has not ended by itself ends with it.
    fn drop(&mut self) {
        if locked(&self.shared.channels).open.remove(&self.number).is_some() {
            let _ = self.shared.frames.send(frame(b'K', self.number, &[]));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shared() -> (Shared, Arc<Mutex<Flow>>) {
        let (frames, _) = mpsc::unbounded_channel();
        let flow = Arc::new(Mutex::new(Flow::default()));
        let channels = Channels { last: 7, open: [(7, Arc::clone(&flow))].into(), gone: false };
        (Shared { frames, channels: Mutex::new(channels) }, flow)
    }

    #[test]
    fn frames_are_read_however_they_are_cut() {
        let frames = [
            frame(b'D', 7, b"one"),
            frame(b'D', 8, b"of a channel that is no more"),
            frame(b'F', 7, b"aside"),
            frame(b'W', 7, &9_u32.to_be_bytes()),
            frame(b'X', 7, b"137"),
        ]
        .concat();
        for piece in 1..=frames.len() {
            let (shared, flow) = shared();
            let mut received = BytesMut::new();
            for bytes in frames.chunks(piece) {
                received.extend_from_slice(bytes);
                assert!(shared.take(&mut received), "in pieces of {piece}");
            }
            let flow = locked(&flow);
            let came: Vec<_> = flow.came.iter().map(|(stream, bytes)| (*stream, bytes.as_ref())).collect();
            assert_eq!(came, [(Stream::Data, b"one".as_slice()), (Stream::Error, b"aside")], "in pieces of {piece}");
            assert_eq!((flow.credit, flow.ended), (9, Some(Some(137))));
        }
    }

    #[test]
    fn more_than_was_asked_for_is_not_taken() {
        let (one, _) = shared();
        let mut long = BytesMut::from(frame(b'D', 7, &vec![0; PIECE]).as_ref());
        assert!(one.take(&mut long));
        let mut longer =
            BytesMut::from([b"D".as_slice(), &7_u32.to_be_bytes(), &u32::MAX.to_be_bytes()].concat().as_slice());
        assert!(!one.take(&mut longer), "a frame of four gigabytes");

        let (two, _) = shared();
        let piece = frame(b'F', 7, &vec![0; PIECE]);
        let sound = (0..10).take_while(|_| two.take(&mut BytesMut::from(piece.as_ref()))).count();
        assert_eq!(sound, CREDIT / PIECE, "a program that sends on although nobody reads");
    }
}
