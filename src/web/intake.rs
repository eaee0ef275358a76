//! Bodies on their way in: how large, how slow and how many at once. Every body passes here; what a handler does not
//! ask for is small.

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

/// The unit in which memory is given out.
const UNIT: u64 = 1 << 10;
/// Up to here the body of a sender who has proved nothing yet is a small one.
const SMALL_UNPROVED: u64 = 1 << 20;
/// When a sender who was told so may come again, in seconds.
const RETRY_AFTER: u32 = 5;

/// The memory of all bodies, and the time that each has.
#[derive(Debug)]
pub(super) struct Intake {
    memory: Arc<Semaphore>,
    /// The parts of it that senders may hold who have not proved yet who they are: for small bodies, and for large
    /// ones, so that these cannot keep those waiting.
    unproved: [Arc<Semaphore>; 2],
    small: u64,
    stall: Duration,
    rate: u64,
    /// How long the body of a sender may take in all who has proved nothing yet.
    unproved_longest: Duration,
    /// How long a body waits for memory before its sender is told to come again.
    patience: Duration,
}

/// Where the bytes of a body go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Keeping {
    /// Into memory, until the request is answered.
    Memory,
    /// The same, before it is known who sends them.
    Unproved,
    /// To disk, piece by piece.
    Disk,
}

/// Why a body was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Failure {
    Large(u64),
    Slow,
    Full,
}

/// What is known of the body of one request. Its memory is given back when this is gone.
#[derive(Debug)]
pub(super) struct Taken {
    limit: AtomicU64,
    /// Whether nothing more is to come of it.
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
            Arc::new(Semaphore::new(usize::try_from(units).unwrap_or(usize::MAX).min(Semaphore::MAX_PERMITS)))
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

    /// The same request, its body under watch. What is returned must live until the request is answered.
    pub(super) fn watch(self: &Arc<Self>, request: Request, keeping: Keeping) -> (Request, Arc<Taken>) {
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
            pace: Pace::new(self.stall, self.rate, (keeping == Keeping::Unproved).then_some(self.unproved_longest)),
            sleep: None,
            received: 0,
            reserved: 0,
            asking: None,
            next: None,
        });
        (Request::from_parts(parts, body), taken)
    }

    /// Memory for `more` bytes of a body that has `all` now, after a while if need be, but not later than `end`.
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
            let permit = tokio::time::timeout_at(until, Arc::clone(store).acquire_many_owned(units(more)));
            permits.push(permit.await.ok().and_then(Result::ok).ok_or(Failure::Full)?);
        }
        Ok(permits)
    }
}

impl Taken {
    /// Whether the body was read to its end. Where it was not, what is left of it is still to come, so the connection
    /// cannot carry another request.
    pub(super) fn whole(&self) -> bool {
        self.whole.load(Ordering::Relaxed)
    }

    fn fail(&self, failure: Failure) {
        *self.failure.lock().unwrap_or_else(PoisonError::into_inner) = Some(failure);
    }

    /// Why the body was not taken, if it was not.
    fn told(&self) -> Option<Problem> {
        let failure = (*self.failure.lock().unwrap_or_else(PoisonError::into_inner))?;
        Some(match failure {
            Failure::Large(limit) => {
                let detail = format!("the request is larger than the {limit} bytes that this address takes");
                Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "body-too-large", detail)
            }
            Failure::Slow => {
                let detail = "the request's body came too slowly; nothing of it was kept, send it again";
                Problem::new(StatusCode::REQUEST_TIMEOUT, "body-too-slow", detail)
            }
            Failure::Full => {
                let detail = "too many large requests are being read at this moment; nothing was stored, try again";
                Problem::new(StatusCode::SERVICE_UNAVAILABLE, "busy", detail).retry_after(RETRY_AFTER)
            }
        })
    }
}

/// Says how large the body of a request may be, where that is more than a form needs.
pub(super) fn allow(request: &Request, limit: u64) {
    if let Some(taken) = request.extensions().get::<Arc<Taken>>() {
        taken.limit.store(limit, Ordering::Relaxed);
    }
}

/// Why the body of a request was not taken, if that was found here.
pub(super) fn told(extensions: &Extensions) -> Option<Problem> {
    extensions.get::<Arc<Taken>>().and_then(|taken| taken.told())
}

/// Why the body of a request could not be read: what was found here, else that it did not arrive whole.
pub(super) fn unreadable(extensions: &Extensions) -> Problem {
    told(extensions).unwrap_or_else(|| {
        let detail = "the request's body did not arrive whole; nothing of it was kept, send it again";
        Problem::bad("body-unreadable", detail)
    })
}

type Asking = Pin<Box<dyn Future<Output = Result<Vec<OwnedSemaphorePermit>, Failure>> + Send>>;

/// A body under watch.
struct Watching {
    inner: Body,
    taken: Arc<Taken>,
    intake: Arc<Intake>,
    keeping: Keeping,
    /// How long its sender may still be waited for, and what wakes us when that is over.
    pace: Pace,
    sleep: Option<Pin<Box<Sleep>>>,
    received: u64,
    reserved: u64,
    /// Memory that is waited for.
    asking: Option<Asking>,
    /// What waits for it.
    next: Option<Frame<Bytes>>,
}

/// A body that is not taken; why is in [`Taken`].
#[derive(Debug, thiserror::Error)]
#[error("the body was not taken")]
struct NotTaken;

impl Watching {
    fn fail(&self, failure: Failure) -> Result<Frame<Bytes>, axum::Error> {
        self.taken.fail(failure);
        Err(axum::Error::new(NotTaken))
    }

    /// Asks for memory up to `bytes` in all.
    fn ask(&mut self, bytes: u64) {
        if self.keeping != Keeping::Disk && bytes > self.reserved {
            // Whole pieces, so that a body of unknown length does not ask for every packet.
            let more = (bytes - self.reserved).max(64 * UNIT);
            self.reserved += more;
            let end = self.pace.begin(Instant::now());
            self.asking = Some(Box::pin(self.intake.clone().reserve((more, self.reserved), self.keeping, end)));
        }
    }

    /// Whether all memory that was asked for is there.
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
            // Told before it is sent, where the sender says how much it is.
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
            // While memory was waited for, or the bytes before were taken care of, the sender's time did not run.
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
