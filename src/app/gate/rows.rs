//! Uploads as the engine reads them: named by their digests, because their paths must not appear in
//! messages.

use crate::app::{
    core::error::AppError,
    offline::compute::{Files, Threads},
    registry::blobs::Blobs,
};
use crate::{
    model::{Against, Columns, Digest, Evidence, Plan, Role, Source},
    predictions::{self, Job},
};

/// The uploads, and what to compute from them.
pub(in crate::app) struct Rows {
    pub(in crate::app) blobs: Blobs,
    pub(in crate::app) predictions: Vec<Digest>,
    pub(in crate::app) labels: Vec<Digest>,
    pub(in crate::app) champion: Vec<Digest>,
    pub(in crate::app) reference: Vec<Digest>,
    pub(in crate::app) columns: Columns,
    pub(in crate::app) plan: Plan,
}

impl Rows {
    /// Computes the evidence, which records the digests of its sources.
    ///
    /// # Errors
    /// When an upload is missing, does not match its digest, cannot be read, or does not fit.
    pub(in crate::app) fn compute(&self) -> Result<Evidence, AppError> {
        let predictions = self.files(&self.predictions)?;
        let labels = self.files(&self.labels)?;
        let (champion, reference) = (self.files(&self.champion)?, self.files(&self.reference)?);
        let mut baselines: Vec<(Against, &dyn predictions::Source)> = Vec::new();
        for (against, files) in [(Against::Champion, &champion), (Against::Reference, &reference)] {
            if !files.0.is_empty() {
                baselines.push((against, files));
            }
        }
        let job = Job {
            predictions: &predictions,
            labels: (!labels.0.is_empty()).then_some(&labels),
            baselines: &baselines,
            drift_reference: None,
            columns: &self.columns,
            plan: &self.plan,
            pool: &Threads::new(0),
        };
        let mut evidence =
            predictions::compute(&job).map_err(|e| AppError::invalid(e.code, e.message))?;
        if let Some(computed) = &mut evidence.computed {
            computed.sources = self.sources();
        }
        Ok(evidence)
    }

    fn files(&self, digests: &[Digest]) -> Result<Files, AppError> {
        // A file's name is the digest of its bytes only if the file was not changed, so check it.
        let file = |digest: &Digest| Ok((digest.to_string(), self.blobs.checked(digest)?));
        Ok(Files(digests.iter().map(file).collect::<Result<_, AppError>>()?))
    }

    fn sources(&self) -> Vec<Source> {
        let roles = [
            (Role::Predictions, &self.predictions),
            (Role::Labels, &self.labels),
            (Role::Champion, &self.champion),
            (Role::Reference, &self.reference),
        ];
        let all = roles
            .into_iter()
            .flat_map(|(role, list)| list.iter().map(move |d| Source { role, digest: *d }));
        let mut sources: Vec<Source> = all.collect();
        sources.sort();
        sources
    }
}
