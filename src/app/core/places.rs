//! Limits on how many large requests run at once: a number in all, and a smaller number for one
//! namespace, so that the callers of one namespace cannot block all others.

use crate::app::core::error::{AppError, Kind};
use crate::model::Namespace;
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError, Weak},
    time::Duration,
};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// After how many seconds a refused caller can try again.
const RETRY_AFTER: u32 = 30;

/// The permits in all, and those of each namespace.
#[derive(Debug)]
pub(in crate::app) struct Places {
    all: Arc<Semaphore>,
    each: usize,
    wait: Duration,
    /// The permits of each namespace that holds any.
    own: Mutex<HashMap<Namespace, Weak<Semaphore>>>,
}

/// A permit, released when it is dropped.
#[derive(Debug)]
pub(in crate::app) struct Place {
    _own: OwnedSemaphorePermit,
    _all: OwnedSemaphorePermit,
}

impl Places {
    /// At most `all` permits at once, and at most `each` for one namespace. A caller who gets none
    /// within `wait` is refused.
    pub(in crate::app) fn new(all: usize, each: usize, wait: Duration) -> Self {
        Self { all: Arc::new(Semaphore::new(all)), each, wait, own: Mutex::default() }
    }

    /// A permit for a caller of that namespace.
    ///
    /// # Errors
    /// When none became free within the waiting time.
    pub(in crate::app) async fn enter(&self, namespace: &Namespace) -> Result<Place, AppError> {
        let own = self.own(namespace);
        let both = async {
            // The namespace's own permit first: a caller that waits for it holds no permit that
            // other namespaces need.
            let own = own.acquire_owned().await?;
            let all = self.all.clone().acquire_owned().await?;
            Ok::<_, tokio::sync::AcquireError>(Place { _own: own, _all: all })
        };
        if let Ok(place) = tokio::time::timeout(self.wait, both).await {
            return place.map_err(AppError::failed);
        }
        let message = "this service is already making as many reports or exports as it can at once; try again";
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
        assert_eq!(
            places.enter(&c).await.unwrap_err().code,
            "reports-busy",
            "that was the last one"
        );
        drop(first);
        let _again = places.enter(&a).await.unwrap();
        drop(other);
        assert!(places.enter(&c).await.is_ok());
    }
}
