//! The throttle of sign-in attempts: by name, whether or not a user has that name, and by address.
//!
//! Attempts are counted in memory, so that a stranger cannot make the database write. Each replica
//! counts separately, so n replicas permit n times as many attempts, and a restart resets the
//! count. Neither makes a password of twelve characters guessable.

use crate::app::accounts::address::network;
use crate::model::Timestamp;
use std::{
    collections::HashMap,
    hash::{BuildHasher as _, Hash, RandomState},
    net::IpAddr,
    sync::{Mutex, PoisonError},
};

/// The attempts that are left at some time; they are restored at a constant rate.
#[derive(Debug, Clone, Copy)]
struct Bucket {
    left: f64,
    at: Timestamp,
}

/// The attempts by name and by address. Both are hashed with a key of this process into 65,536
/// buckets, so that memory is bounded and no input of strangers can remove a count.
#[derive(Debug)]
pub(in crate::app) struct Throttle {
    name: f64,
    address: f64,
    window_micros: f64,
    key: RandomState,
    buckets: Mutex<[HashMap<u16, Bucket>; 2]>,
}

impl Throttle {
    /// A throttle with this many attempts for one name, and from one address, in this many minutes.
    #[expect(clippy::cast_precision_loss, reason = "limits are small")]
    pub(in crate::app) fn new(name: u64, address: u64, minutes: u64) -> Self {
        Self {
            name: name.max(1) as f64,
            address: address.max(1) as f64,
            window_micros: minutes.max(1) as f64 * 60e6,
            key: RandomState::new(),
            buckets: Mutex::default(),
        }
    }

    /// Takes one attempt from both buckets.
    ///
    /// # Errors
    /// The number of seconds until the next attempt, if one of the buckets is empty.
    pub(in crate::app) fn take(
        &self,
        name: &str,
        address: IpAddr,
        now: Timestamp,
    ) -> Result<(), u32> {
        let places = self.places(name, address);
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        let mut wait: f64 = 0.0;
        let mut filled = [Bucket { left: 0.0, at: now }; 2];
        for (i, (place, most)) in places.into_iter().enumerate() {
            filled[i].left = self.left(buckets[i].get(&place), most, now);
            wait = wait.max((1.0 - filled[i].left) * self.window_micros / most);
        }
        if wait > 0.0 {
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "a window of minutes fits"
            )]
            return Err((wait / 1e6).ceil().max(1.0) as u32);
        }
        for (i, (place, _)) in places.into_iter().enumerate() {
            buckets[i].insert(place, Bucket { left: filled[i].left - 1.0, at: now });
        }
        Ok(())
    }

    /// Returns the attempt to the address, and all attempts to the name, after a successful
    /// sign-in.
    pub(in crate::app) fn succeeded(&self, name: &str, address: IpAddr) {
        let [(name, _), (address, most)] = self.places(name, address);
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        buckets[0].remove(&name);
        if let Some(bucket) = buckets[1].get_mut(&address) {
            bucket.left = (bucket.left + 1.0).min(most);
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "a time of minutes, in microseconds")]
    fn left(&self, bucket: Option<&Bucket>, most: f64, now: Timestamp) -> f64 {
        bucket.map_or(most, |b| {
            let passed = now.micros_since(b.at).max(0) as f64;
            (b.left + most * passed / self.window_micros).min(most)
        })
    }

    fn places(&self, name: &str, address: IpAddr) -> [(u16, f64); 2] {
        let address = network(address);
        [(self.place(name), self.name), (self.place(address), self.address)]
    }

    #[expect(clippy::cast_possible_truncation, reason = "any sixteen bits of the hash will do")]
    fn place(&self, what: impl Hash) -> u16 {
        self.key.hash_one(what) as u16
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOME: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1));

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_micros(seconds * 1_000_000)
    }

    fn other(n: u8) -> IpAddr {
        IpAddr::from([198, 51, 100, n])
    }

    #[test]
    fn a_name_has_its_tries_from_wherever_they_come() {
        let throttle = Throttle::new(3, 100, 15);
        for n in 0..3 {
            assert_eq!(throttle.take("ada", other(n), at(0)), Ok(()));
        }
        assert_eq!(
            throttle.take("ada", other(9), at(0)),
            Err(300),
            "one attempt is restored every five minutes"
        );
        assert_eq!(throttle.take("bob", other(9), at(0)), Ok(()));
        assert_eq!(throttle.take("ada", other(9), at(300)), Ok(()));
        assert!(throttle.take("ada", other(9), at(300)).is_err());
        assert!(
            throttle.take("ada", other(9), at(-900)).is_err(),
            "a clock that is set back restores nothing"
        );
    }

    #[test]
    fn an_address_has_its_tries_whatever_the_names() {
        let throttle = Throttle::new(100, 3, 15);
        for name in ["a", "b", "c"] {
            assert_eq!(throttle.take(name, HOME, at(0)), Ok(()));
        }
        assert!(throttle.take("d", HOME, at(0)).is_err());
        assert_eq!(throttle.take("d", other(1), at(0)), Ok(()));
        let six = |text: &str| text.parse::<IpAddr>().unwrap();
        for last in 1..4 {
            assert_eq!(throttle.take("e", six(&format!("2001:db8::{last}")), at(0)), Ok(()));
        }
        assert!(throttle.take("e", six("2001:db8::ffff:1"), at(0)).is_err());
    }

    #[test]
    fn who_signs_in_has_not_tried() {
        let throttle = Throttle::new(2, 3, 15);
        for _ in 0..50 {
            assert_eq!(throttle.take("ada", HOME, at(0)), Ok(()));
            throttle.succeeded("ada", HOME);
        }
    }
}
