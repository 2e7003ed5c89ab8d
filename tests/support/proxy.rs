//! A way to the engine that can freeze or break, as engines do.

use std::io::{Read as _, Write as _};
use std::net::Shutdown;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

const OPEN: u8 = 0;
const FROZEN: u8 = 1;
const CUT: u8 = 2;

/// A socket behind which the real engine is. Dropping it cuts it.
pub struct Proxy {
    socket: PathBuf,
    state: Arc<AtomicU8>,
    /// Which request freezes it.
    freeze_at: Arc<Mutex<Option<&'static str>>>,
}

impl Proxy {
    /// Listens at `socket`.
    pub fn at(socket: PathBuf) -> Self {
        let listener = UnixListener::bind(&socket).unwrap();
        let proxy = Self { socket, state: Arc::default(), freeze_at: Arc::default() };
        let (state, freeze_at) = (Arc::clone(&proxy.state), Arc::clone(&proxy.freeze_at));
        std::thread::spawn(move || {
            for client in listener.incoming() {
                let Ok(client) = client else { break };
                if state.load(Ordering::SeqCst) == CUT {
                    break;
                }
                let engine = UnixStream::connect(super::docker::SOCKET).unwrap();
                let (from, to) = (client.try_clone().unwrap(), engine.try_clone().unwrap());
                let (there, back, marks) = (Arc::clone(&state), Arc::clone(&state), Arc::clone(&freeze_at));
                std::thread::spawn(move || carry(from, to, &there, &marks));
                std::thread::spawn(move || carry(engine, client, &back, &Mutex::new(None)));
            }
        });
        proxy
    }

    /// What `DOCKER_HOST` is to be.
    pub fn host(&self) -> String {
        format!("unix://{}", self.socket.display())
    }

    /// From now on nothing comes through, and nothing ends.
    pub fn freeze(&self) {
        self.state.store(FROZEN, Ordering::SeqCst);
    }

    /// All goes on.
    pub fn thaw(&self) {
        self.state.store(OPEN, Ordering::SeqCst);
    }

    /// Freezes when a request with this in it goes by.
    pub fn freeze_at(&self, request: &'static str) {
        *self.freeze_at.lock().unwrap() = Some(request);
    }

    pub fn is_frozen(&self) -> bool {
        self.state.load(Ordering::SeqCst) == FROZEN
    }

    /// Every connection ends, and no other can be made.
    pub fn cut(&self) {
        self.state.store(CUT, Ordering::SeqCst);
        let _ = std::fs::remove_file(Path::new(&self.socket));
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.cut();
    }
}

fn carry(mut from: UnixStream, mut to: UnixStream, state: &AtomicU8, marks: &Mutex<Option<&'static str>>) {
    from.set_read_timeout(Some(Duration::from_millis(20))).unwrap();
    let mut buffer = [0; 16 * 1024];
    loop {
        match state.load(Ordering::SeqCst) {
            CUT => break,
            FROZEN => {
                std::thread::sleep(Duration::from_millis(20));
                continue;
            }
            _ => {}
        }
        let read = match from.read(&mut buffer) {
            Ok(0) => {
                let _ = to.shutdown(Shutdown::Write);
                return;
            }
            Ok(read) => read,
            Err(error) if matches!(error.kind(), std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut) => {
                continue;
            }
            Err(_) => break,
        };
        let text = String::from_utf8_lossy(&buffer[..read]);
        if marks.lock().unwrap().is_some_and(|mark| text.contains(mark)) {
            state.store(FROZEN, Ordering::SeqCst);
        }
        if to.write_all(&buffer[..read]).is_err() {
            break;
        }
    }
    let _ = from.shutdown(Shutdown::Both);
    let _ = to.shutdown(Shutdown::Both);
}
