//! A repetition of a request is one: the sender's own number of it, and what it made the first time.

use super::{
    Service,
    error::{AppError, Kind},
};
use crate::{
    identity::Actor,
    model::Digest,
    store::{Delivery, Done, Work},
};

/// The sender's own number of a request.
#[derive(Debug, Clone)]
pub struct DeliveryKey {
    /// Who numbers: `api:<actor>`, `hook:ci`.
    pub source: String,
    /// The number.
    pub key: String,
    /// The digest of the request as it was sent: method, path and body.
    pub request: Digest,
    /// The digest that an earlier version kept of it, which covered the body alone.
    pub formerly: Option<Digest>,
}

impl Service {
    /// What the first processing of this very request made, if there was one.
    ///
    /// # Errors
    /// When the number was used for another request, or the database fails.
    pub(super) async fn made_before(
        &self,
        actor: &Actor,
        key: Option<&DeliveryKey>,
    ) -> Result<Option<String>, AppError> {
        let Some(key) = key else { return Ok(None) };
        let Some((request, made)) = self.store.delivery(&actor.namespace, &key.source, &key.key).await? else {
            return Ok(None);
        };
        key.check(request)?;
        Ok(Some(made))
    }

    /// Keeps the number of a request that changed nothing, so that it is used for no other.
    ///
    /// # Errors
    /// When it was used for another one at this moment, or the database fails.
    pub(super) async fn note_delivery(
        &self,
        actor: &Actor,
        key: Option<&DeliveryKey>,
        made: &str,
    ) -> Result<(), AppError> {
        let Some(key) = key else { return Ok(()) };
        let mut work = Work::new(actor.namespace.clone(), self.env.now());
        work.delivery = Some(key.delivery(made));
        match self.writer.write(work).await? {
            Done::Duplicate { request, .. } => key.check(request),
            _ => Ok(()),
        }
    }
}

impl DeliveryKey {
    /// Refuses a number that was used for another request.
    fn check(&self, first: Digest) -> Result<(), AppError> {
        if self.request == first || self.formerly == Some(first) {
            return Ok(());
        }
        Err(Self::reused())
    }

    /// The refusal of a number that was used for another request.
    pub(super) fn reused() -> AppError {
        let message = "this idempotency key was used for another request; give every request its own";
        AppError::new(Kind::Conflict, "idempotency-key-reused", message)
    }

    /// The delivery that made `subject`.
    pub(super) fn delivery(&self, subject: &str) -> Delivery {
        Delivery {
            source: self.source.clone(),
            key: self.key.clone(),
            request: self.request,
            subject: subject.to_owned(),
        }
    }
}

/// Refuses a number whose first request, `first`, was another one.
pub(super) fn same(key: Option<&DeliveryKey>, first: Digest) -> Result<(), AppError> {
    key.map_or_else(|| Err(AppError::broken("a repetition without a number")), |key| key.check(first))
}
