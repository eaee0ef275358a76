//! Who a namespace's log is, whatever address the service has today.

use super::{Service, error::AppError};
use crate::{ledger::Identity, model::Namespace};

impl Service {
    /// That something can be signed for a namespace now, and under which identity: asked before what takes long.
    ///
    /// # Errors
    /// `clock-behind` when the clock is behind the log; when the database fails.
    pub(super) async fn may_sign(&self, namespace: &Namespace) -> Result<(), AppError> {
        self.identity(namespace).await?;
        let newest = self.store.newest_of(namespace).await?;
        self.clock.tick(newest).map(|_| ()).map_err(AppError::clock_behind)
    }

    /// Who the log of a namespace is; of one that has no entry yet, who it will be if this service begins it.
    ///
    /// # Errors
    /// When the database fails, or the log says of itself what cannot be.
    pub async fn identity(&self, namespace: &Namespace) -> Result<Identity, AppError> {
        if let Some(known) = self.notary.known(namespace) {
            return Ok(known);
        }
        let Some(identity) = self.store.identity(namespace, &*self.notary).await? else {
            return Ok(self.notary.identity_of(namespace));
        };
        self.notary.know(namespace, &identity)?;
        Ok(identity)
    }
}
