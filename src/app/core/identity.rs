//! The identity of a namespace's log, which stays the same when the address of the service changes.

use crate::app::{Service, core::error::AppError, core::notary::Notary};
use crate::{ledger::Identity, model::Namespace, store::Store};

impl Service {
    /// Checks that entries can be signed for a namespace now, and loads its identity. Called before
    /// long work starts.
    ///
    /// # Errors
    /// `clock-behind` when the clock is behind the log; when the database fails.
    pub(in crate::app) async fn may_sign(&self, namespace: &Namespace) -> Result<(), AppError> {
        self.identity(namespace).await?;
        let newest = if let Some(newest) = self.clock.newest(namespace) {
            newest
        } else {
            let newest = self.store.newest_of(namespace).await?;
            self.clock.remember(namespace, newest);
            newest
        };
        self.clock.tick(newest).map(|_| ()).map_err(AppError::clock_behind)
    }

    /// The identity of a namespace's log; for a log without entries, the identity that it gets if
    /// this service begins it.
    ///
    /// # Errors
    /// When the database fails, or the log's record of its identity is invalid.
    pub async fn identity(&self, namespace: &Namespace) -> Result<Identity, AppError> {
        identity(&self.store, &self.notary, namespace).await
    }
}

/// The identity of a log, as [`Service::identity`] gives it.
pub(in crate::app) async fn identity(
    store: &Store,
    notary: &Notary,
    namespace: &Namespace,
) -> Result<Identity, AppError> {
    if let Some(known) = notary.known(namespace) {
        return Ok(known);
    }
    let Some(identity) = store.identity(namespace, notary).await? else {
        return Ok(notary.identity_of(namespace));
    };
    notary.know(namespace, &identity)?;
    Ok(identity)
}
