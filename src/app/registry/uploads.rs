//! The upload of files of rows: predictions, and the labels and groups that belong to them.

use crate::app::{
    Service, core::blocking, core::commit::Stored, core::error::AppError, core::notary::row_entry,
    registry::blobs::Upload,
};
use crate::{
    identity::{Actor, Scope},
    ledger::Fact,
    model::Digest,
    store::{Change, NewUpload, StoredUpload, Write},
};
use std::{path::PathBuf, time::Duration};

/// A finished upload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Uploaded {
    /// The digest of its bytes, by which submissions name it.
    pub digest: Digest,
    /// Its size, in bytes.
    pub size: u64,
    /// Whether the namespace did not have it before.
    pub new: bool,
}

impl Service {
    /// Begins an upload.
    ///
    /// # Errors
    /// When the actor lacks the scope, or the folder of blobs cannot be written.
    pub async fn begin_upload(&self, actor: &Actor) -> Result<Upload, AppError> {
        actor.require(Scope::Submit)?;
        self.blobs.begin(&self.env.new_id()).await
    }

    /// How long an upload may take.
    pub fn upload_deadline(&self) -> Duration {
        self.blobs.limits().deadline
    }

    /// Makes an upload durable, and available to the actor's namespace.
    ///
    /// # Errors
    /// When the file or the database cannot be written.
    pub async fn finish_upload(&self, actor: &Actor, upload: Upload) -> Result<Uploaded, AppError> {
        let (digest, size) = upload.finish().await?;
        if self.upload_row(&actor.namespace, &digest).await?.is_some() {
            return Ok(Uploaded { digest, size, new: false });
        }
        let entry = row_entry(Fact::PredictionsAccepted, &digest.to_string(), &digest);
        let row = NewUpload { digest, size, by: actor.who.id.clone(), entry };
        let change = Change::new(actor.namespace.clone(), self.env.now()).with(Write::Upload(row));
        let new = matches!(self.commit(change, None).await?, Stored::Now(_));
        tracing::info!(namespace = %actor.namespace, %digest, size, new, "upload accepted");
        Ok(Uploaded { digest, size, new })
    }

    /// The path of an upload, after checking that its bytes match its digest. This may read the
    /// whole file.
    pub(in crate::app) async fn checked_blob(&self, digest: Digest) -> Result<PathBuf, AppError> {
        let blobs = self.blobs.clone();
        blocking::run(move || blobs.checked(&digest)).await?
    }

    /// Refuses an upload that the actor's namespace does not have, even if another namespace has
    /// it.
    pub(in crate::app) async fn require_upload(
        &self,
        actor: &Actor,
        digest: &Digest,
    ) -> Result<StoredUpload, AppError> {
        self.upload_row(&actor.namespace, digest).await?.ok_or_else(|| {
            let message =
                format!("there is no upload {digest} here; send the file with `PUT /api/v1/predictions` first");
            AppError::invalid("unknown-upload", message)
        })
    }
}
