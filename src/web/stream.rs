//! Answers that are produced while they are sent, so that an answer of any length needs the memory
//! of one piece.
//!
//! An answer that breaks off must not look complete: the connection is cut and the answer is not
//! ended.

use super::pace::Pace;
use crate::app::core::error::AppError;
use axum::{
    Extension,
    body::Body,
    http::header::CONTENT_TYPE,
    response::{IntoResponse as _, Response},
};
use bytes::Bytes;
use http_body::Frame;
use std::{
    io,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll},
    time::Duration,
};
use tokio::{
    sync::{mpsc, oneshot},
    time::Instant,
};

/// How many pieces are produced before the receiver accepts them.
const AHEAD: usize = 2;
/// How long a receiver may accept nothing, and how many bytes a second it must accept otherwise: an
/// answer that is not read blocks the place of another.
const PATIENCE: Duration = Duration::from_mins(1);
const RATE: u64 = 16 << 10;
/// How long a whole answer may take.
const LONGEST: Duration = Duration::from_mins(30);

enum Piece {
    Data(Bytes),
    End,
    Broken,
}

/// Why an answer is not continued.
pub(super) enum Stopped {
    /// Its receiver accepts no more.
    Gone,
    /// It cannot be produced.
    Failed(AppError),
}

impl<E: Into<AppError>> From<E> for Stopped {
    fn from(error: E) -> Self {
        Self::Failed(error.into())
    }
}

/// The sender of the pieces of an answer.
pub(super) struct Pieces {
    to: mpsc::Sender<Piece>,
    pace: Mutex<Pace>,
}

impl Pieces {
    fn new(to: mpsc::Sender<Piece>) -> Self {
        Self { to, pace: Mutex::new(Pace::new(PATIENCE, RATE, None)) }
    }

    fn pace(&self) -> MutexGuard<'_, Pace> {
        self.pace.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sends a piece once the receiver has accepted the earlier ones.
    pub(super) async fn send(&self, piece: impl Into<Bytes>) -> Result<(), Stopped> {
        let piece = piece.into();
        if piece.is_empty() {
            return Ok(());
        }
        let (bytes, until) = (piece.len() as u64, self.pace().run(Instant::now()));
        match tokio::time::timeout_at(until, self.to.send(Piece::Data(piece))).await {
            Ok(Ok(())) => {
                self.pace().moved(bytes, Instant::now());
                Ok(())
            }
            Ok(Err(_)) => Err(Stopped::Gone),
            Err(_) => {
                Err(AppError::broken("the receiver of an answer accepts no more of it").into())
            }
        }
    }
}

/// Reports the code of the error that broke an answer off. The layers around the answer learn of it
/// only here, because its head was sent long before.
#[derive(Clone)]
pub(super) struct Break(Arc<Mutex<oneshot::Receiver<&'static str>>>);

impl Break {
    /// Runs `then` with the code if the answer breaks off.
    pub(super) fn on(self, then: impl FnOnce(&'static str) + Send + 'static) {
        let told = Arc::into_inner(self.0).and_then(|told| told.into_inner().ok());
        let Some(told) = told else { return };
        tokio::spawn(async move {
            if let Ok(code) = told.await {
                then(code);
            }
        });
    }
}

/// An answer that `write` produces.
pub(super) fn answer<F>(content_type: &'static str, write: impl FnOnce(Pieces) -> F) -> Response
where
    F: Future<Output = Result<(), Stopped>> + Send + 'static,
{
    let (sender, pieces) = mpsc::channel(AHEAD);
    let (broke, told) = oneshot::channel();
    let writing = write(Pieces::new(sender.clone()));
    tokio::spawn(async move {
        let last = match tokio::time::timeout(LONGEST, writing).await {
            Ok(Ok(())) => Piece::End,
            // The receiver is gone.
            Ok(Err(Stopped::Gone)) => return,
            Ok(Err(Stopped::Failed(error))) => {
                let cause = std::error::Error::source(&error).map(ToString::to_string);
                tracing::error!(code = error.code, cause, "an answer broke off");
                let _ = broke.send(error.code);
                Piece::Broken
            }
            Err(_) => {
                tracing::error!("an answer took too long and was broken off");
                Piece::Broken
            }
        };
        let _ = sender.send(last).await;
    });
    let head = ([(CONTENT_TYPE, content_type)], Extension(Break(Arc::new(Mutex::new(told)))));
    (head, Body::new(Written { pieces, ended: false })).into_response()
}

/// A body that ends normally only if its writer said that it is complete.
struct Written {
    pieces: mpsc::Receiver<Piece>,
    ended: bool,
}

impl http_body::Body for Written {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        if self.ended {
            return Poll::Ready(None);
        }
        self.pieces.poll_recv(context).map(|piece| match piece {
            Some(Piece::Data(bytes)) => Some(Ok(Frame::data(bytes))),
            Some(Piece::End) => {
                self.ended = true;
                None
            }
            Some(Piece::Broken) | None => {
                self.ended = true;
                Some(Err(io::Error::other("the answer broke off")))
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http_body::Body as _;

    async fn all(response: Response) -> (Vec<u8>, bool) {
        let (mut body, mut bytes) = (response.into_body(), Vec::new());
        loop {
            match std::future::poll_fn(|context| Pin::new(&mut body).poll_frame(context)).await {
                None => return (bytes, true),
                Some(Err(_)) => return (bytes, false),
                Some(Ok(frame)) => bytes.extend_from_slice(&frame.into_data().unwrap()),
            }
        }
    }

    #[tokio::test]
    async fn an_answer_ends_well_only_if_it_was_written_to_its_end() {
        let half = |pieces: Pieces| async move { pieces.send("half").await.map(|()| pieces) };
        let whole = answer("text/plain", |pieces| async move { half(pieces).await.map(drop) });
        assert_eq!(all(whole).await, (b"half".to_vec(), true));
        let failed = answer("text/plain", |pieces| async move {
            half(pieces).await?;
            Err(AppError::broken("the disk").into())
        });
        assert_eq!(all(failed).await, (b"half".to_vec(), false));
        let panicked = answer("text/plain", |pieces| async move {
            half(pieces).await?;
            panic!("a mistake of ours")
        });
        assert_eq!(all(panicked).await, (b"half".to_vec(), false));
    }
}
