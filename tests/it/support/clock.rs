//! A clock that advances only on request.

use modelgate::{
    app::core::env::{Clock, Env},
    model::{Age, Timestamp},
};
use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

#[derive(Clone)]
pub struct TestClock(Arc<AtomicI64>);

impl TestClock {
    pub fn at(moment: &str) -> Self {
        Self(Arc::new(AtomicI64::new(moment.parse::<Timestamp>().unwrap().micros())))
    }

    pub fn forward(&self, age: &str) {
        self.0.fetch_add(age.parse::<Age>().unwrap().micros(), Ordering::SeqCst);
    }

    pub fn back(&self, age: &str) {
        self.0.fetch_sub(age.parse::<Age>().unwrap().micros(), Ordering::SeqCst);
    }

    pub fn env(&self) -> Env {
        Env { clock: Arc::new(self.clone()) }
    }
}

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.0.load(Ordering::SeqCst))
    }
}
