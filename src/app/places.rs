//! Places among those who ask for much at once: so many in all, and fewer for one namespace, so that the callers of one
//! never keep all others out.

use super::error::{AppError, Kind};
use crate::model::Namespace;
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError, Weak},
    time::Duration,
};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// When a caller who got no place may come again, in seconds.
const RETRY_AFTER: u32 = 30;

/// The places, and who has them.
#[derive(Debug)]
pub(super) struct Places {
    all: Arc<Semaphore>,
    each: usize,
    wait: Duration,
    /// Those of a namespace that has some.
    own: Mutex<HashMap<Namespace, Weak<Semaphore>>>,
}

/// A place, given back when it is dropped.
#[derive(Debug)]
pub(super) struct Place {
    _own: OwnedSemaphorePermit,
    _all: OwnedSemaphorePermit,
}

impl Places {
    /// So many in all and for each namespace; one who gets none is refused after `wait`.
    pub(super) fn new(all: usize, each: usize, wait: Duration) -> Self {
        Self { all: Arc::new(Semaphore::new(all)), each, wait, own: Mutex::default() }
    }

    /// A place for a caller of that namespace.
    ///
    /// # Errors
    /// When there was none for too long.
    pub(super) async fn enter(&self, namespace: &Namespace) -> Result<Place, AppError> {
        let own = self.own(namespace);
        let both = async {
            // Its own first: who waits for that holds no place of others.
            let own = own.acquire_owned().await?;
            let all = self.all.clone().acquire_owned().await?;
            Ok::<_, tokio::sync::AcquireError>(Place { _own: own, _all: all })
        };
        if let Ok(place) = tokio::time::timeout(self.wait, both).await {
            return place.map_err(AppError::failed);
        }
        let message = "other reports or exports are being made, as many as this service makes at once; try again";
        Err(AppError::new(Kind::Failed, "reports-busy", message).retry_after(RETRY_AFTER))
    }

    fn own(&self, namespace: &Namespace) -> Arc<Semaphore> {
        let mut all = self.own.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(own) = all.get(namespace).and_then(Weak::upgrade) {
            return own;
        }
        all.retain(|_, own| own.strong_count() > 0);
        let own = Arc::new(Semaphore::new(self.each));
        all.insert(namespace.clone(), Arc::downgrade(&own));
        own
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn one_namespace_cannot_have_all_places() {
        let places = Places::new(3, 2, Duration::ZERO);
        let [a, b, c] = ["a", "b", "c"].map(|name| name.parse::<Namespace>().unwrap());
        let first = places.enter(&a).await.unwrap();
        let _second = places.enter(&a).await.unwrap();
        let refused = places.enter(&a).await.unwrap_err();
        assert_eq!((refused.code, refused.retry_after), ("reports-busy", Some(RETRY_AFTER)));
        let other = places.enter(&b).await.unwrap();
        assert_eq!(places.enter(&c).await.unwrap_err().code, "reports-busy", "that was the last one");
        drop(first);
        let _again = places.enter(&a).await.unwrap();
        drop(other);
        assert!(places.enter(&c).await.is_ok());
    }
}
