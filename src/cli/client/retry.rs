//! Whether a request that got no good answer is sent again, and when.

use super::problem;
use crate::{
    app::core::env::Env,
    cli::exit::{Failure, SERVICE},
};
use reqwest::StatusCode;
use std::time::Duration;
use tokio::time::Instant;

/// The pause before the next attempt, at first and at most.
const PAUSE: (Duration, Duration) = (Duration::from_millis(500), Duration::from_secs(10));
/// Further attempts if the caller does not wait.
const TRIES: u32 = 3;
/// The longest `Retry-After` that is followed if the caller does not wait.
const MOST_ASKED: Duration = Duration::from_secs(30);
/// How long answers that are not from the service are accepted as those of a proxy that waits for
/// it, before the service has ever answered: the address may also be wrong.
const STRANGE: Duration = Duration::from_mins(2);

/// Why a request got no good answer.
#[derive(Debug)]
pub struct Refusal {
    /// The failure of the command, if there is no further attempt.
    pub failure: Failure,
    /// The status, if there was an answer at all.
    status: Option<StatusCode>,
    /// Whether the service itself sent it, and not something in front of it.
    ours: bool,
    /// How long the answer asks to wait before the next attempt.
    pub after: Option<Duration>,
}

impl Refusal {
    /// No complete answer came.
    pub(super) fn unreachable(failure: Failure) -> Self {
        Self { failure, status: None, ours: false, after: None }
    }

    /// Something answered in place of the service.
    pub(super) fn strange(failure: Failure) -> Self {
        Self { failure, status: Some(StatusCode::OK), ours: false, after: None }
    }

    /// An answer that is not a success.
    pub(super) fn answered(status: StatusCode, body: &[u8], after: Option<Duration>) -> Self {
        let (failure, ours) = problem::failure(status, body);
        Self { failure, status: Some(status), ours, after }
    }

    /// Whether the same request may get another answer in a moment.
    fn is_busy(&self) -> bool {
        self.status.is_none_or(|status| matches!(status.as_u16(), 429 | 502 | 503 | 504))
    }

    /// Whether it may get another answer once the service is back: it failed, or something in front
    /// of it answers.
    pub fn is_passing(&self) -> bool {
        !self.ours || self.failure.exit == SERVICE
    }

    /// Whether something in front of the service may give this answer because the service cannot be
    /// reached, and not because of the request.
    fn is_away(&self) -> bool {
        let about_the_request = |status: StatusCode| {
            status.is_client_error() && !matches!(status.as_u16(), 404 | 408 | 421 | 425 | 429)
        };
        self.is_passing() && !self.status.is_some_and(about_the_request)
    }

    /// The failure of a command that has waited for the service until its time was up.
    pub fn at_the_end(self) -> Failure {
        Failure { exit: if self.ours { self.failure.exit } else { SERVICE }, ..self.failure }
    }
}

/// The attempts of one request.
#[derive(Debug)]
pub(super) struct Tries {
    end: Option<Instant>,
    strange_end: Instant,
    left: u32,
    pause: Duration,
}

impl Tries {
    /// A few attempts, or as many as fit until `end`.
    pub(super) fn until(end: Option<Instant>) -> Self {
        Self::from(Instant::now(), end)
    }

    fn from(now: Instant, end: Option<Instant>) -> Self {
        Self { end, strange_end: now + STRANGE, left: TRIES, pause: PAUSE.0 }
    }

    /// How long to wait before the next attempt; `None` if there is no further one.
    pub(super) fn next(&mut self, refusal: &Refusal) -> Option<Duration> {
        self.next_at(Instant::now(), refusal)
    }

    fn next_at(&mut self, now: Instant, refusal: &Refusal) -> Option<Duration> {
        let pause = jittered(self.pause, Env::default().random()[0]);
        self.pause = (self.pause * 2).min(PAUSE.1);
        let asked = refusal.after.unwrap_or_default();
        let Some(end) = self.end else {
            self.left = self.left.checked_sub(1)?;
            return refusal.is_busy().then(|| pause.max(asked.min(MOST_ASKED)));
        };
        let end = if refusal.is_busy() { end } else { end.min(self.strange_end) };
        let left = end.saturating_duration_since(now);
        (refusal.is_away() && !left.is_zero()).then(|| pause.max(asked).min(left))
    }
}

/// A pause of half to the whole of `pause`, so that many clients that were refused at the same time
/// do not come back at the same time.
pub fn jittered(pause: Duration, random: u8) -> Duration {
    pause / 2 + pause / 2 * u32::from(random) / 255
}

/// What a `Retry-After` asks for: seconds, or a date (RFC 9110, section 10.2.3).
pub(super) fn retry_after(value: &str) -> Option<Duration> {
    let value = value.trim();
    if let Ok(seconds) = value.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let at = jiff::fmt::rfc2822::parse(value).ok()?.timestamp().as_microsecond();
    u64::try_from(at - Env::default().now().micros()).ok().map(Duration::from_micros)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(status: u16, body: &str) -> Refusal {
        Refusal::answered(StatusCode::from_u16(status).unwrap(), body.as_bytes(), None)
    }

    const OURS: &str = r#"{"type":"tag:modelgate.dev,2026:problem/not-found","title":"Not Found","status":404,"code":"not-found","detail":"there is no such release"}"#;

    #[test]
    fn what_a_proxy_says_passes_and_what_the_service_says_stays() {
        for status in [404, 502, 503, 504, 500, 302, 408] {
            let refusal = refused(status, "<html><body>default backend</body></html>");
            assert!(refusal.is_passing() && refusal.is_away(), "{status}");
            assert_eq!(refusal.at_the_end().exit, SERVICE, "{status}");
        }
        // JSON alone does not make an answer ours.
        assert!(
            refused(
                404,
                r#"{"type":"about:blank","title":"x","status":404,"code":"not-found","detail":"x"}"#
            )
            .is_passing()
        );
        assert!(!refused(404, OURS).is_passing() && !refused(404, OURS).is_away());
        assert_ne!(refused(404, OURS).at_the_end().exit, SERVICE);
        // A proxy that refuses what was sent would refuse it again.
        assert!(!refused(413, "<html>").is_away() && refused(413, "<html>").is_passing());
    }

    #[test]
    fn who_does_not_wait_tries_a_few_times() {
        let busy = refused(503, "");
        let mut tries = Tries::until(None);
        let pauses: Vec<Duration> = std::iter::from_fn(|| tries.next(&busy)).collect();
        assert_eq!(pauses.len(), 3);
        assert!(pauses.iter().zip([500, 1_000, 2_000]).all(|(p, most)| {
            (Duration::from_millis(most / 2)..=Duration::from_millis(most)).contains(p)
        }));
        assert_eq!(Tries::until(None).next(&refused(404, "<html>")), None);
        assert_eq!(Tries::until(None).next(&refused(500, "")), None);
        let long = Refusal { after: Some(Duration::from_hours(1)), ..refused(429, "") };
        assert_eq!(Tries::until(None).next(&long), Some(MOST_ASKED));
    }

    /// How long a caller who waits an hour keeps trying, and the longest pause.
    fn kept_trying(refusal: &Refusal) -> (Duration, Duration) {
        let began = Instant::now();
        let mut tries = Tries::from(began, Some(began + Duration::from_hours(1)));
        let (mut now, mut longest) = (began, Duration::ZERO);
        while let Some(pause) = tries.next_at(now, refusal) {
            longest = longest.max(pause);
            now += pause;
        }
        (now - began, longest)
    }

    #[test]
    fn who_waits_tries_until_the_end_and_no_longer() {
        let hour = Duration::from_hours(1);
        let (kept, longest) = kept_trying(&refused(502, "<html>"));
        assert_eq!(kept, hour);
        assert!(longest <= PAUSE.1);
        // A wrong address is reported earlier, an answer of ours at once.
        assert_eq!(kept_trying(&refused(404, "<html>")).0, STRANGE);
        assert_eq!(kept_trying(&refused(404, OURS)).0, Duration::ZERO);
        assert_eq!(kept_trying(&refused(413, "<html>")).0, Duration::ZERO);
        // A `Retry-After` is followed, but not beyond the end.
        let now = Instant::now();
        let asked = Refusal { after: Some(Duration::from_mins(20)), ..refused(503, "") };
        assert_eq!(Tries::from(now, Some(now + hour)).next_at(now, &asked), asked.after);
        let minute = Duration::from_mins(1);
        assert_eq!(Tries::from(now, Some(now + minute)).next_at(now, &asked), Some(minute));
    }

    #[test]
    fn a_pause_is_asked_for_in_seconds_or_by_date() {
        assert_eq!(retry_after("120"), Some(Duration::from_mins(2)));
        let soon =
            jiff::Timestamp::from_microsecond(Env::default().now().micros() + 60_000_000).unwrap();
        let date = jiff::fmt::strtime::format("%a, %d %b %Y %H:%M:%S GMT", soon).unwrap();
        let asked = retry_after(&date).unwrap();
        assert!(
            asked <= Duration::from_mins(1) && asked > Duration::from_secs(30),
            "{date}: {asked:?}"
        );
        // RFC 9110's own example is in the past.
        assert_eq!(retry_after("Fri, 31 Dec 1999 23:59:59 GMT"), None);
        assert_eq!(retry_after("soon"), None);
    }

    #[test]
    fn jitter_is_half_to_the_whole() {
        let pause = Duration::from_secs(8);
        assert_eq!((jittered(pause, 0), jittered(pause, 255)), (pause / 2, pause));
    }
}
