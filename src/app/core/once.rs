//! Idempotency: recognises a repeated request by the sender's key, and finds what the first request
//! made.

use crate::app::{
    Service,
    core::error::{AppError, Kind},
};
use crate::{
    identity::Actor,
    model::{Digest, Namespace},
    store::{Change, Conflict, Delivery},
};

/// The idempotency key of a request.
#[derive(Debug, Clone)]
pub struct DeliveryKey {
    /// Whose keys they are: `api:<actor>`, `hook:ci`.
    pub source: String,
    /// The key.
    pub key: String,
    /// The digest of the request as it was sent: method, path and body.
    pub request: Digest,
    /// The digest that an earlier version stored for it, which covered the body alone.
    pub formerly: Option<Digest>,
}

impl Service {
    /// What the first processing of this same request made, if there was one.
    ///
    /// # Errors
    /// When the key was used for another request, or the database fails.
    pub(in crate::app) async fn made_before(
        &self,
        actor: &Actor,
        key: Option<&DeliveryKey>,
    ) -> Result<Option<String>, AppError> {
        let Some(key) = key else { return Ok(None) };
        let Some((request, made)) =
            self.store.delivery(&actor.namespace, &key.source, &key.key).await?
        else {
            return Ok(None);
        };
        key.check(request)?;
        Ok(Some(made))
    }

    /// Stores the key of a request that changed nothing, so that it cannot be used for another
    /// request.
    ///
    /// # Errors
    /// When another request used the key at the same time, or the database fails.
    pub(in crate::app) async fn note_delivery(
        &self,
        namespace: &Namespace,
        key: Option<&DeliveryKey>,
        made: &str,
    ) -> Result<(), AppError> {
        let Some(key) = key else { return Ok(()) };
        let mut change = Change::new(namespace.clone(), self.env.now());
        change.delivery = Some(key.delivery(made));
        match self.writer.write(change).await? {
            Err(Conflict::Duplicate { request, .. }) => key.check(request),
            _ => Ok(()),
        }
    }
}

impl DeliveryKey {
    /// Refuses a key that was used for another request.
    pub(in crate::app) fn check(&self, first: Digest) -> Result<(), AppError> {
        if self.request == first || self.formerly == Some(first) {
            return Ok(());
        }
        Err(Self::reused())
    }

    /// The refusal of a key that was used for another request.
    pub(in crate::app) fn reused() -> AppError {
        let message =
            "this idempotency key was used for another request; use a new key for every request";
        AppError::new(Kind::Conflict, "idempotency-key-reused", message)
    }

    /// The delivery that made `subject`.
    pub(in crate::app) fn delivery(&self, subject: &str) -> Delivery {
        Delivery {
            source: self.source.clone(),
            key: self.key.clone(),
            request: self.request,
            subject: subject.to_owned(),
        }
    }
}
