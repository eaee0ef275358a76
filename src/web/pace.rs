//! How slow the other side may be. It has some time that runs while we wait for it, and what it sends or takes gives it
//! back; only so much can be saved up, so that a fast start does not pay for hours of waiting.

use std::time::Duration;
use tokio::time::Instant;

/// The time that somebody has for bytes.
#[derive(Debug)]
pub(super) struct Pace {
    /// The most time that there is at any moment.
    stall: Duration,
    /// Bytes that give a second back.
    rate: u64,
    /// How long it may take in all, our own time included.
    longest: Option<Duration>,
    /// When it has to be over, where there is a longest time.
    end: Option<Instant>,
    /// When the time is used up, as long as it runs.
    until: Option<Instant>,
    /// Since when it does not run.
    paused: Option<Instant>,
}

impl Pace {
    /// Full time, which does not run yet.
    pub(super) fn new(stall: Duration, rate: u64, longest: Option<Duration>) -> Self {
        Self { stall, rate: rate.max(1), longest, end: None, until: None, paused: None }
    }

    /// We wait from now on, if we did not before; gives the moment at which we no longer do.
    pub(super) fn run(&mut self, now: Instant) -> Instant {
        let waited = self.paused.take().map_or(Duration::ZERO, |since| now.duration_since(since));
        let until = self.until.map_or(now + self.stall, |until| until + waited);
        self.until = Some(until);
        self.begin(now).map_or(until, |end| end.min(until))
    }

    /// The wait is over: so many bytes came, or were taken.
    pub(super) fn moved(&mut self, bytes: u64, now: Instant) {
        let nanos = u128::from(bytes) * 1_000_000_000 / u128::from(self.rate);
        let earned = Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX)).min(self.stall);
        self.until = self.until.map(|until| (until + earned).min(now + self.stall));
        self.paused = self.paused.or(Some(now));
    }

    /// It is under way, whoever waits; gives the moment at which all of it has to be over.
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

    /// After how many seconds a sender is given up that sends `bytes` at once and then one byte every half second.
    fn trickling(mut pace: Pace, bytes: u64) -> Option<f64> {
        let start = Instant::now();
        pace.run(start);
        pace.moved(bytes, start);
        (1..20_000).map(|n| start + Duration::from_millis(500 * n)).find_map(|next| {
            // It was asked for this one when the one before had come.
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
        // For an hour we took care of that byte.
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
