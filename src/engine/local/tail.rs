//! The end of what a program prints.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use tokio::io::{AsyncRead, AsyncReadExt as _};

/// The last of what a program printed.
#[derive(Debug, Default)]
pub(super) struct Tail(Mutex<VecDeque<u8>>);

impl Tail {
    const MOST: usize = 16 * 1024;

    pub async fn read(&self, stream: Option<impl AsyncRead + Unpin>) {
        let Some(mut stream) = stream else { return };
        let mut buffer = vec![0; 4096];
        while let Ok(read @ 1..) = stream.read(&mut buffer).await {
            let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            last.extend(&buffer[..read]);
            let excess = last.len().saturating_sub(Self::MOST);
            last.drain(..excess);
        }
    }

    pub fn text(&self) -> String {
        let last: Vec<u8> = self.0.lock().unwrap_or_else(PoisonError::into_inner).iter().copied().collect();
        String::from_utf8_lossy(&last).into_owned()
    }
}
