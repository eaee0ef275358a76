//! Limits on request bodies: how large, how slow and how many at once. Every body passes here;
//! unless a handler allows more, only a small body is accepted.

use super::{pace::Pace, problem::Problem};
use crate::config::Limits;
use axum::{
    body::Body,
    extract::Request,
    http::{Extensions, StatusCode},
};
use bytes::Bytes;
use http_body::{Body as HttpBody, Frame, SizeHint};
use std::{
    pin::Pin,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::{Instant, Sleep, sleep_until},
};

/// The unit in which memory is reserved.
const UNIT: u64 = 1 << 10;
/// The size up to which the body of an unauthenticated sender is a small one.
const SMALL_UNPROVED: u64 = 1 << 20;
/// How long a refused sender should wait before the next attempt, in seconds.
const RETRY_AFTER: u32 = 5;

/// The memory for all bodies, and the time limit of each.
#[derive(Debug)]
pub(super) struct Intake {
    memory: Arc<Semaphore>,
    /// The parts of it for senders who are not yet authenticated: one for small bodies and one for
    /// large ones, so that large bodies cannot keep small ones waiting.
    unproved: [Arc<Semaphore>; 2],
    small: u64,
    stall: Duration,
    rate: u64,
    /// The total time for the body of a sender who is not yet authenticated.
    unproved_longest: Duration,
    /// How long a body waits for memory before its sender is asked to try again later.
    patience: Duration,
}

/// Where the bytes of a body are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Keeping {
    /// In memory, until the request is answered.
    Memory,
    /// In memory, before the sender is authenticated.
    Unproved,
    /// On disk, piece by piece.
    Disk,
}

/// Why a body was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Failure {
    Large(u64),
    Slow,
    Full,
}

/// The state of the body of one request. Its memory is released when this is dropped.
#[derive(Debug)]
pub(super) struct Taken {
    limit: AtomicU64,
    /// Whether the body was read to its end.
    whole: AtomicBool,
    failure: Mutex<Option<Failure>>,
    memory: Mutex<Vec<OwnedSemaphorePermit>>,
}

fn units(bytes: u64) -> u32 {
    u32::try_from(bytes.div_ceil(UNIT)).unwrap_or(u32::MAX)
}

impl Intake {
    pub(super) fn new(limits: &Limits) -> Self {
        let all = limits.body_memory.div_ceil(UNIT);
        let semaphore = |units: u64| {
            Arc::new(Semaphore::new(
                usize::try_from(units).unwrap_or(usize::MAX).min(Semaphore::MAX_PERMITS),
            ))
        };
        Self {
            memory: semaphore(all),
            unproved: [semaphore(all / 8), semaphore(all / 8 * 3)],
            small: limits.small_body,
            stall: Duration::from_secs(limits.stall_seconds),
            rate: limits.body_rate,
            unproved_longest: Duration::from_secs(limits.hook_seconds),
            patience: Duration::from_secs(limits.body_wait_seconds),
        }
    }

    /// The request with a watched body. The returned [`Taken`] must live until the request is
    /// answered.
    pub(super) fn watch(
        self: &Arc<Self>,
        request: Request,
        keeping: Keeping,
    ) -> (Request, Arc<Taken>) {
        let taken = Arc::new(Taken {
            limit: AtomicU64::new(if keeping == Keeping::Disk { u64::MAX } else { self.small }),
            whole: AtomicBool::new(request.body().is_end_stream()),
            failure: Mutex::default(),
            memory: Mutex::default(),
        });
        let (mut parts, inner) = request.into_parts();
        parts.extensions.insert(taken.clone());
        let body = Body::new(Watching {
            inner,
            taken: taken.clone(),
            intake: self.clone(),
            keeping,
            pace: Pace::new(
                self.stall,
                self.rate,
                (keeping == Keeping::Unproved).then_some(self.unproved_longest),
            ),
            sleep: None,
            received: 0,
            reserved: 0,
            asking: None,
            next: None,
        });
        (Request::from_parts(parts, body), taken)
    }

    /// Reserves memory for `more` bytes of a body that has `all` now; waits if necessary, but not
    /// longer than until `end`.
    async fn reserve(
        self: Arc<Self>,
        (more, all): (u64, u64),
        keeping: Keeping,
        end: Option<Instant>,
    ) -> Result<Vec<OwnedSemaphorePermit>, Failure> {
        let unproved = &self.unproved[usize::from(all > SMALL_UNPROVED)];
        let stores: &[&Arc<Semaphore>] = match keeping {
            Keeping::Memory => &[&self.memory],
            Keeping::Unproved => &[unproved, &self.memory],
            Keeping::Disk => &[],
        };
        let mut permits = Vec::new();
        let until = Instant::now() + self.patience;
        let until = end.map_or(until, |end| end.min(until));
        for store in stores {
            let permit =
                tokio::time::timeout_at(until, Arc::clone(store).acquire_many_owned(units(more)));
            permits.push(permit.await.ok().and_then(Result::ok).ok_or(Failure::Full)?);
        }
        Ok(permits)
    }
}

impl Taken {
    /// Whether the body was read to its end. If not, the rest of it is still to come, so the
    /// connection cannot carry another request.
    pub(super) fn whole(&self) -> bool {
        self.whole.load(Ordering::Relaxed)
    }

    fn fail(&self, failure: Failure) {
        *self.failure.lock().unwrap_or_else(PoisonError::into_inner) = Some(failure);
    }

    /// Why the body was refused; `None` if it was not.
    fn told(&self) -> Option<Problem> {
        let failure = (*self.failure.lock().unwrap_or_else(PoisonError::into_inner))?;
        Some(match failure {
            Failure::Large(limit) => {
                let detail = format!(
                    "the request is larger than the {limit} bytes that this address accepts"
                );
                Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "body-too-large", detail)
            }
            Failure::Slow => {
                let detail = "the request's body came too slowly and was discarded; send it again";
                Problem::new(StatusCode::REQUEST_TIMEOUT, "body-too-slow", detail)
            }
            Failure::Full => {
                let detail = "too many large requests are being read at this moment; nothing was stored, try again";
                Problem::new(StatusCode::SERVICE_UNAVAILABLE, "busy", detail)
                    .retry_after(RETRY_AFTER)
            }
        })
    }
}

/// Sets how large the body of a request may be, if that is more than a form needs.
pub(super) fn allow(request: &Request, limit: u64) {
    if let Some(taken) = request.extensions().get::<Arc<Taken>>() {
        taken.limit.store(limit, Ordering::Relaxed);
    }
}

/// Why this module refused the body of a request; `None` if it did not.
pub(super) fn told(extensions: &Extensions) -> Option<Problem> {
    extensions.get::<Arc<Taken>>().and_then(|taken| taken.told())
}

/// Why the body of a request could not be read: the refusal of this module, else that it arrived
/// incomplete.
pub(super) fn unreadable(extensions: &Extensions) -> Problem {
    told(extensions).unwrap_or_else(|| {
        let detail = "the request's body arrived incomplete and was discarded; send it again";
        Problem::bad("body-unreadable", detail)
    })
}

type Asking = Pin<Box<dyn Future<Output = Result<Vec<OwnedSemaphorePermit>, Failure>> + Send>>;

/// A watched body.
struct Watching {
    inner: Body,
    taken: Arc<Taken>,
    intake: Arc<Intake>,
    keeping: Keeping,
    /// The time that its sender still has, and the timer that wakes us at its end.
    pace: Pace,
    sleep: Option<Pin<Box<Sleep>>>,
    received: u64,
    reserved: u64,
    /// The reservation of memory that is pending.
    asking: Option<Asking>,
    /// The frame that waits for that memory.
    next: Option<Frame<Bytes>>,
}

/// A refused body; [`Taken`] has the reason.
#[derive(Debug, thiserror::Error)]
#[error("the body was refused")]
struct NotTaken;

impl Watching {
    fn fail(&self, failure: Failure) -> Result<Frame<Bytes>, axum::Error> {
        self.taken.fail(failure);
        Err(axum::Error::new(NotTaken))
    }

    /// Requests memory up to `bytes` in total.
    fn ask(&mut self, bytes: u64) {
        if self.keeping != Keeping::Disk && bytes > self.reserved {
            // In large steps, so that a body of unknown length does not ask once per packet.
            let more = (bytes - self.reserved).max(64 * UNIT);
            self.reserved += more;
            let end = self.pace.begin(Instant::now());
            self.asking = Some(Box::pin(self.intake.clone().reserve(
                (more, self.reserved),
                self.keeping,
                end,
            )));
        }
    }

    /// Polls whether all requested memory is reserved.
    fn poll_memory(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Failure>> {
        let Some(asking) = &mut self.asking else { return Poll::Ready(Ok(())) };
        let Poll::Ready(got) = asking.as_mut().poll(context) else { return Poll::Pending };
        self.asking = None;
        Poll::Ready(got.map(|permits| {
            self.taken.memory.lock().unwrap_or_else(PoisonError::into_inner).extend(permits);
        }))
    }

    fn limit(&self) -> u64 {
        self.taken.limit.load(Ordering::Relaxed)
    }
}

impl HttpBody for Watching {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let this = &mut *self;
        if this.received == 0 && this.reserved == 0 {
            // Refused before the body is sent, if the sender declares its size.
            let said = this.inner.size_hint().lower();
            if said > this.limit() {
                return Poll::Ready(Some(this.fail(Failure::Large(this.limit()))));
            }
            this.ask(said);
        }
        loop {
            match this.poll_memory(context) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(Err(failure)) => return Poll::Ready(Some(this.fail(failure))),
                Poll::Ready(Ok(())) => {}
            }
            if let Some(frame) = this.next.take() {
                return Poll::Ready(Some(Ok(frame)));
            }
            // The sender's time did not run while we waited for memory or processed earlier bytes.
            let until = this.pace.run(Instant::now());
            match Pin::new(&mut this.inner).poll_frame(context) {
                Poll::Ready(Some(Ok(frame))) => {
                    let bytes = frame.data_ref().map_or(0, |bytes| bytes.len() as u64);
                    this.received += bytes;
                    this.pace.moved(bytes, Instant::now());
                    if this.received > this.limit() {
                        return Poll::Ready(Some(this.fail(Failure::Large(this.limit()))));
                    }
                    this.taken.whole.store(this.inner.is_end_stream(), Ordering::Relaxed);
                    this.ask(this.received);
                    this.next = Some(frame);
                }
                Poll::Ready(None) => {
                    this.taken.whole.store(true, Ordering::Relaxed);
                    return Poll::Ready(None);
                }
                Poll::Ready(Some(Err(error))) => return Poll::Ready(Some(Err(error))),
                Poll::Pending => {
                    let sleep = this.sleep.get_or_insert_with(|| Box::pin(sleep_until(until)));
                    if sleep.deadline() != until {
                        sleep.as_mut().reset(until);
                    }
                    if sleep.as_mut().poll(context).is_ready() {
                        return Poll::Ready(Some(this.fail(Failure::Slow)));
                    }
                    return Poll::Pending;
                }
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.next.is_none() && self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        if self.next.is_some() { SizeHint::default() } else { self.inner.size_hint() }
    }
}
