//! How slow the peer may be. The peer has a time budget that runs while we wait for it, and every
//! byte that it sends or accepts adds time. The budget is capped, so that a fast start does not pay
//! for hours of waiting.

use std::time::Duration;
use tokio::time::Instant;

/// The time budget of a peer.
#[derive(Debug)]
pub(super) struct Pace {
    /// The cap of the budget.
    stall: Duration,
    /// The number of bytes that add one second.
    rate: u64,
    /// How long everything may take in total, our own time included.
    longest: Option<Duration>,
    /// When everything must be over; `None` before it begins, and without `longest`.
    end: Option<Instant>,
    /// When the budget is used up, while it runs.
    until: Option<Instant>,
    /// Since when it is paused.
    paused: Option<Instant>,
}

impl Pace {
    /// A full budget that does not run yet.
    pub(super) fn new(stall: Duration, rate: u64, longest: Option<Duration>) -> Self {
        Self { stall, rate: rate.max(1), longest, end: None, until: None, paused: None }
    }

    /// Starts the budget if it is paused; returns the moment at which it is used up.
    pub(super) fn run(&mut self, now: Instant) -> Instant {
        let waited = self.paused.take().map_or(Duration::ZERO, |since| now.duration_since(since));
        let until = self.until.map_or(now + self.stall, |until| until + waited);
        self.until = Some(until);
        self.begin(now).map_or(until, |end| end.min(until))
    }

    /// Ends the wait: `bytes` arrived or were accepted.
    pub(super) fn moved(&mut self, bytes: u64, now: Instant) {
        let nanos = u128::from(bytes) * 1_000_000_000 / u128::from(self.rate);
        let earned = Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX)).min(self.stall);
        self.until = self.until.map(|until| (until + earned).min(now + self.stall));
        self.paused = self.paused.or(Some(now));
    }

    /// Begins the total time, whether or not the budget runs; returns the moment at which
    /// everything must be over.
    pub(super) fn begin(&mut self, now: Instant) -> Option<Instant> {
        if let (None, Some(longest)) = (self.end, self.longest) {
            self.end = Some(now + longest);
        }
        self.end
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The number of seconds after which a sender is cut off that sends `bytes` at once and then
    /// one byte every half second.
    fn trickling(mut pace: Pace, bytes: u64) -> Option<f64> {
        let start = Instant::now();
        pace.run(start);
        pace.moved(bytes, start);
        (1..20_000).map(|n| start + Duration::from_millis(500 * n)).find_map(|next| {
            // We have waited for this byte since the previous one arrived.
            let until = pace.run(next - Duration::from_millis(500));
            pace.moved(1, next);
            (until < next).then(|| (until - start).as_secs_f64())
        })
    }

    #[test]
    fn a_fast_start_is_no_leave_to_trickle() {
        for bytes in [0, 64 << 10, 60 << 20] {
            let seconds = trickling(Pace::new(Duration::from_secs(1), 16_384, None), bytes);
            assert!(seconds.is_some_and(|seconds| seconds < 1.01), "{bytes}: {seconds:?}");
        }
    }

    #[test]
    fn silence_is_given_up_and_a_fair_pace_is_not() {
        let (start, stall) = (Instant::now(), Duration::from_secs(30));
        let mut pace = Pace::new(stall, 1_000, None);
        assert_eq!(pace.run(start), start + stall);
        // A thousand bytes a second, in pieces of twenty seconds.
        for n in 1..100 {
            let now = start + Duration::from_secs(20 * n);
            assert!(pace.run(now) > now, "after {n}");
            pace.moved(20_000, now);
            assert_eq!(pace.run(now), now + stall, "no more than that is saved up");
        }
    }

    #[test]
    fn our_own_time_is_not_the_senders() {
        let (start, stall) = (Instant::now(), Duration::from_secs(10));
        let mut pace = Pace::new(stall, 1_000, None);
        pace.run(start);
        pace.moved(1, start + Duration::from_secs(4));
        // We processed that byte for an hour.
        let back = start + Duration::from_secs(3_604);
        let left = pace.run(back) - back;
        assert!(left >= Duration::from_secs(6) && left < Duration::from_secs(7), "{left:?}");
    }

    #[test]
    fn all_of_it_has_an_end_whoever_waits() {
        let (start, second) = (Instant::now(), Duration::from_secs(1));
        let mut pace = Pace::new(30 * second, 1, Some(60 * second));
        for n in 0..60 {
            pace.run(start + n * second);
            pace.moved(1_000, start + n * second);
        }
        assert_eq!(pace.run(start + 59 * second), start + 60 * second);
        assert_eq!(pace.begin(start + 90 * second), Some(start + 60 * second));
        assert_eq!(Pace::new(second, 1, None).begin(start), None);
    }
}
