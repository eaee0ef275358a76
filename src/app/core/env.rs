//! The clock and the randomness of the service. Both are passed in, so that tests can fix them.

use crate::model::Timestamp;
use std::{
    sync::Arc,
    time::{SystemTime, UNIX_EPOCH},
};

/// Where `now` comes from.
pub trait Clock: Send + Sync {
    /// The current time.
    fn now(&self) -> Timestamp;
}

/// The machine's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the machine's clock")]
    fn now(&self) -> Timestamp {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Timestamp::from_micros(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
    }
}

/// Clock and randomness.
#[derive(Clone)]
pub struct Env {
    /// Where `now` comes from.
    pub clock: Arc<dyn Clock>,
}

impl Default for Env {
    fn default() -> Self {
        Self { clock: Arc::new(SystemClock) }
    }
}

impl Env {
    /// The current time.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// 32 random bytes from the operating system.
    ///
    /// # Panics
    /// When the operating system provides no randomness; nothing can be done safely then.
    #[expect(clippy::disallowed_methods, reason = "the one place that draws randomness")]
    pub fn random(&self) -> [u8; 32] {
        let mut bytes = [0; 32];
        getrandom::fill(&mut bytes).expect("the operating system gives randomness");
        bytes
    }

    /// A new identifier: a ULID, so that identifiers sort by time.
    pub fn new_id(&self) -> String {
        let millis = u64::try_from(self.now().micros() / 1_000).unwrap_or(0);
        let mut low = [0; 16];
        low.copy_from_slice(&self.random()[..16]);
        ulid::Ulid::from_parts(millis, u128::from_be_bytes(low)).to_string()
    }
}
