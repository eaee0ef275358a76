//! The clock that gives log entries their time: the machine's clock, compared with the newest
//! entry.
//!
//! The clock of a machine may be set back. If it is behind the newest entry by at most
//! `TOLERANCE_US`, the time of that entry is used instead, so that signed times never decrease.
//! If it is further behind, nothing is signed: the time of the entry may be the wrong one, and only
//! an operator can decide that.

use crate::app::core::env::Clock;
use crate::model::{Namespace, Timestamp};
use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicI64, Ordering},
    },
};

/// How far the clock may be behind the newest entry, in microseconds: the usual difference between
/// services that share a database and synchronise their clocks over the network.
const TOLERANCE_US: i64 = 2_000_000;

/// How long the newest entry of a log is remembered, in microseconds. Another service may add one meanwhile; a batch
/// compares the clock with the newest entry again, under the lock of the log.
const REMEMBERED_US: i64 = 1_000_000;

/// A clock, and the time of the newest entry that it has seen.
pub struct LogClock {
    inner: Arc<dyn Clock>,
    newest_us: AtomicI64,
    /// The time of the newest entry of each log, and when it was read, in microseconds.
    read: Mutex<HashMap<Namespace, (i64, i64)>>,
}

impl LogClock {
    /// A clock for log entries, on top of the machine's clock.
    pub fn over(inner: Arc<dyn Clock>) -> Self {
        Self { inner, newest_us: AtomicI64::new(0), read: Mutex::default() }
    }

    /// The time of the newest entry of a log, if it was read a moment ago.
    pub(in crate::app) fn newest(&self, namespace: &Namespace) -> Option<i64> {
        let now = self.inner.now().micros();
        let read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        let (newest_us, at) = read.get(namespace)?;
        (0..REMEMBERED_US).contains(&now.saturating_sub(*at)).then_some(*newest_us)
    }

    /// Remembers the time of the newest entry of a log for a moment.
    pub(in crate::app) fn remember(&self, namespace: &Namespace, newest_us: i64) {
        let now = self.inner.now().micros();
        let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        read.insert(namespace.clone(), (newest_us, now));
    }

    /// The time of an entry that is added now, after an entry of `newest_us`.
    ///
    /// # Errors
    /// The number of microseconds that the clock is behind that entry, if it is more than the
    /// tolerance.
    pub fn tick(&self, newest_us: i64) -> Result<i64, i64> {
        let now = self.inner.now().micros();
        let behind = newest_us.saturating_sub(now);
        if behind > TOLERANCE_US {
            return Err(behind);
        }
        let at = now.max(newest_us);
        self.newest_us.fetch_max(at, Ordering::SeqCst);
        Ok(at)
    }
}

impl Clock for LogClock {
    /// The current time, never slightly before an existing entry. A clock that is far behind is
    /// reported as it is, because nothing is signed then.
    fn now(&self) -> Timestamp {
        let (now, newest) = (self.inner.now().micros(), self.newest_us.load(Ordering::SeqCst));
        Timestamp::from_micros(if newest.saturating_sub(now) > TOLERANCE_US {
            now
        } else {
            now.max(newest)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Still(AtomicI64);

    impl Clock for Still {
        fn now(&self) -> Timestamp {
            Timestamp::from_micros(self.0.load(Ordering::SeqCst))
        }
    }

    #[test]
    fn time_does_not_run_backwards_and_a_clock_far_behind_signs_nothing() {
        let still = Arc::new(Still(AtomicI64::new(100_000_000)));
        let clock = LogClock::over(still.clone());
        assert_eq!(clock.tick(0), Ok(100_000_000));
        assert_eq!(clock.tick(101_000_000), Ok(101_000_000), "another service was a second ahead");
        assert_eq!(clock.now().micros(), 101_000_000);
        still.0.store(99_000_000, Ordering::SeqCst);
        assert_eq!((clock.tick(101_000_000), clock.now().micros()), (Ok(101_000_000), 101_000_000));
        still.0.store(98_999_999, Ordering::SeqCst);
        assert_eq!((clock.tick(101_000_000), clock.now().micros()), (Err(2_000_001), 98_999_999));
        still.0.store(102_000_000, Ordering::SeqCst);
        assert_eq!(clock.tick(101_000_000), Ok(102_000_000));
    }
}
