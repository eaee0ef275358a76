//! Sending a file that may be larger than memory.

use super::{Client, PAUSES, answer, parsed, passing};
use crate::{
    cli::{
        exit::Failure,
        output::{self, plain},
    },
    wire::predictions::{UploadV1, UploadedV1},
};
use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use std::{
    fs::File,
    io::{self, IsTerminal as _, Read as _},
    path::Path,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};
use tokio::sync::mpsc::{self, Receiver};

/// How long one file may take.
const TIMEOUT: Duration = Duration::from_hours(6);
/// Bytes of one piece, and pieces on their way.
const PIECE: usize = 256 << 10;
const AHEAD: usize = 8;

impl Client {
    /// Uploads a file of predictions or labels. The service knows it by its digest, so that sending it again is harmless.
    ///
    /// # Errors
    /// `predictions-unreadable` when the file cannot be read; else as [`Self::get`].
    pub async fn upload(&self, path: &Path) -> Result<UploadV1, Failure> {
        let mut pauses = PAUSES.iter();
        loop {
            let (body, size) = open(path)?;
            let request = self.http.put(format!("{}/api/v1/predictions", self.base)).bearer_auth(&self.token);
            let request = request.header("content-type", "application/octet-stream").header("content-length", size);
            let outcome = request.timeout(TIMEOUT).body(reqwest::Body::wrap(body)).send().await;
            let worth_another = outcome.as_ref().map_or(true, |response| passing(response.status()));
            match pauses.next() {
                Some(pause) if worth_another => tokio::time::sleep(*pause).await,
                _ => {
                    let bytes = answer(outcome.map_err(|e| self.unreachable(&e))?).await?;
                    return Ok(parsed::<UploadedV1>(&bytes)?.data);
                }
            }
        }
    }
}

fn unreadable(path: &Path, error: &io::Error) -> Failure {
    let path = plain(&path.display().to_string());
    Failure::input("predictions-unreadable", format!("cannot read `{path}`: {error}"))
}

/// The pieces of a file as they are read, and its size.
fn open(path: &Path) -> Result<(Pieces, u64), Failure> {
    let mut file = File::open(path).map_err(|e| unreadable(path, &e))?;
    let metadata = file.metadata().map_err(|e| unreadable(path, &e))?;
    if !metadata.is_file() {
        return Err(unreadable(path, &io::Error::from(io::ErrorKind::IsADirectory)));
    }
    let size = metadata.len();
    let (sender, pieces) = mpsc::channel(AHEAD);
    let mut progress = Progress::new(path, size);
    tokio::task::spawn_blocking(move || {
        loop {
            let mut piece = vec![0; PIECE];
            let read = file.read(&mut piece).map(|count| {
                piece.truncate(count);
                Bytes::from(piece)
            });
            let ended = read.as_ref().is_ok_and(Bytes::is_empty);
            let failed = read.is_err();
            progress.more(read.as_ref().map_or(0, Bytes::len));
            // Nobody listens any more when the request has ended.
            if ended || sender.blocking_send(read).is_err() || failed {
                return;
            }
        }
    });
    Ok((Pieces { pieces, left: size }, size))
}

struct Pieces {
    pieces: Receiver<io::Result<Bytes>>,
    left: u64,
}

impl Body for Pieces {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        let frame = self.pieces.poll_recv(context);
        if let Poll::Ready(Some(Ok(piece))) = &frame {
            self.left = self.left.saturating_sub(piece.len() as u64);
        }
        frame.map(|piece| piece.map(|bytes| bytes.map(Frame::data)))
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left)
    }
}

/// How far an upload is, on a terminal only.
struct Progress {
    name: String,
    size: u64,
    sent: u64,
    told: Option<u64>,
}

impl Progress {
    fn new(path: &Path, size: u64) -> Self {
        let name = plain(&path.file_name().unwrap_or_default().to_string_lossy());
        // A small file is there before anybody could read how far it is.
        let told = (io::stderr().is_terminal() && size > 8 << 20).then_some(0);
        Self { name, size, sent: 0, told }
    }

    fn more(&mut self, bytes: usize) {
        self.sent += bytes as u64;
        let percent = self.sent.saturating_mul(100) / self.size.max(1);
        if self.told.is_some_and(|told| told < percent) {
            self.told = Some(percent);
            output::note_over(&format!("uploading {}: {percent}% of {} MiB", self.name, self.size >> 20));
            if percent == 100 {
                output::note("");
            }
        }
    }
}
