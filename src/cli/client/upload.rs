//! Sending a file that may be larger than memory.

use super::{Client, Refusal, Tries, answer, parsed};
use crate::{
    cli::{exit::Failure, output::plain, progress::Progress},
    wire::predictions::{UploadV1, UploadedV1},
};
use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use std::{
    fs::File,
    io::{self, Read as _},
    path::Path,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};
use tokio::{
    sync::mpsc::{self, Receiver},
    time::Instant,
};

/// How long one file may take.
const TIMEOUT: Duration = Duration::from_hours(6);
/// The bytes of one piece, and the number of pieces in transit.
const PIECE: usize = 256 << 10;
const AHEAD: usize = 8;

impl Client {
    /// Uploads a file of predictions or labels. The service knows it by its digest, so that sending
    /// it again is harmless. A caller who waits tries again until `end`.
    ///
    /// # Errors
    /// `predictions-unreadable` when the file cannot be read; else as [`Self::get`].
    pub async fn upload(&self, path: &Path, end: Option<Instant>) -> Result<UploadV1, Failure> {
        let mut tries = Tries::until(end);
        loop {
            let (body, size) = open(path)?;
            let request =
                self.http.put(format!("{}/api/v1/predictions", self.base)).bearer_auth(&self.token);
            let request = request
                .header("content-type", "application/octet-stream")
                .header("content-length", size);
            let outcome =
                match request.timeout(TIMEOUT).body(reqwest::Body::wrap(body)).send().await {
                    Ok(response) => answer(response).await.and_then(parsed::<UploadedV1>),
                    Err(error) => Err(Refusal::unreachable(self.unreachable(&error))),
                };
            match outcome {
                Ok(uploaded) => return Ok(uploaded.data),
                Err(refusal) => match tries.next(&refusal) {
                    Some(pause) => tokio::time::sleep(pause).await,
                    None => return Err(refusal.failure),
                },
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
    let name = plain(&path.file_name().unwrap_or_default().to_string_lossy());
    let mut progress = Progress::new(&format!("uploading {name}"), size);
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
            // The receiver is gone when the request has ended.
            if ended || sender.blocking_send(read).is_err() || failed {
                progress.end();
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
