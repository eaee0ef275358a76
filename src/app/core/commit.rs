//! The commit of a change that expects nothing which other requests move.

use crate::app::{Service, core::error::AppError, core::once::DeliveryKey};
use crate::store::{Change, Conflict, Receipt};

/// What became of such a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::app) enum Stored {
    /// It is stored.
    Now(Receipt),
    /// The same request was processed before, and made this.
    Before(String),
    /// It was stored already, by another request.
    Known,
}

impl Service {
    /// Stores a change. If it was stored already, the key of the request is stored all the same, so
    /// that it cannot be used for another request.
    ///
    /// # Errors
    /// When the key was used for another request, or the database fails.
    pub(in crate::app) async fn commit(
        &self,
        change: Change,
        key: Option<&DeliveryKey>,
    ) -> Result<Stored, AppError> {
        let (namespace, made) =
            (change.namespace.clone(), change.delivery.as_ref().map(|d| d.subject.clone()));
        match self.writer.write(change).await? {
            Ok(receipt) => Ok(Stored::Now(receipt)),
            Err(Conflict::Duplicate { request, subject }) => {
                key.map_or_else(
                    || Err(AppError::broken("a repetition without an idempotency key")),
                    |key| key.check(request),
                )?;
                Ok(Stored::Before(subject))
            }
            Err(Conflict::Known) => {
                if let Some(made) = made {
                    self.note_delivery(&namespace, key, &made).await?;
                }
                Ok(Stored::Known)
            }
            Err(other) => {
                Err(AppError::broken(format!("a change was refused by the batch: {other:?}")))
            }
        }
    }
}
