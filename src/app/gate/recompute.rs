//! Evidence computed from uploads, for policies with `[recompute]`: the numbers that CI sends need
//! not be trusted.

use crate::app::{
    Service, core::blocking, core::error::AppError, gate::baselines::Compared,
    gate::documents::Documents, gate::rows::Rows, gate::submission::Submission,
};
use crate::{
    evidence::computed,
    identity::Actor,
    model::{
        Against, Claimed, DatasetRef, Digest, Namespace, Plan, Role, Subject, Submitted, Timestamp,
    },
    policy::{self, Policy, Side},
    store::StoredDataset,
};
use bytes::Bytes;
use std::{borrow::Cow, collections::BTreeSet, sync::Arc};

/// The most files of predictions that one submission may name.
const MAX_FILES: usize = 1_000;
/// The most computations at once; each uses every processor.
pub(in crate::app) const AT_ONCE: usize = 2;

/// The documents computed for a submission, so that evaluating it again computes only what has
/// changed.
#[derive(Default)]
pub(in crate::app) struct Memo(Vec<(Wanted, Submitted, Bytes)>);

/// The sources and the plan of a computed document.
#[derive(Clone, PartialEq)]
struct Wanted {
    policy: Digest,
    plan: Plan,
    labels: Option<Digest>,
    champion: Vec<Digest>,
    reference: Vec<Digest>,
}

/// The predictions of a submission, all of which its namespace has uploaded.
pub(in crate::app) struct Predictions {
    digests: Vec<Digest>,
    /// When the oldest of them was uploaded: computed numbers are as old as their rows.
    since: Option<Timestamp>,
}

impl Service {
    /// The predictions that a submission names, each once.
    ///
    /// # Errors
    /// When there are too many, the namespace lacks one, one is a data set of labels, or the database fails.
    pub(in crate::app) async fn predictions(
        &self,
        actor: &Actor,
        named: &[Digest],
    ) -> Result<Predictions, AppError> {
        let digests: BTreeSet<Digest> = named.iter().copied().collect();
        if digests.len() > MAX_FILES {
            return Err(AppError::invalid(
                "too-many-predictions",
                format!("a submission can name at most {MAX_FILES} files"),
            ));
        }
        let mut since = None;
        for digest in &digests {
            let upload = self.require_upload(actor, digest).await?;
            if self.store.is_dataset(&actor.namespace, digest).await? {
                // A caller who must not see labels must not have them evaluated as predictions, nor
                // quoted in a message.
                let message = format!(
                    "{digest} is a registered data set; labels cannot be submitted as predictions"
                );
                return Err(AppError::invalid("predictions-are-labels", message));
            }
            since = Some(since.map_or(upload.at, |since: Timestamp| since.min(upload.at)));
        }
        Ok(Predictions { digests: digests.into_iter().collect(), since })
    }

    /// The documents of a submission, and those that its policies compute from its predictions.
    ///
    /// # Errors
    /// When a file cannot be read as the policy describes it, its labels are not registered or do
    /// not fit, or the service fails. Then nothing is stored.
    pub(in crate::app) async fn with_computed<'d>(
        &self,
        actor: &Actor,
        submission: &Submission,
        predictions: &Predictions,
        materials: (&'d Documents, &[Arc<Policy>], &Compared),
        memo: &mut Memo,
    ) -> Result<Cow<'d, Documents>, AppError> {
        let (documents, policies, compared) = materials;
        if predictions.digests.is_empty() {
            return Ok(Cow::Borrowed(documents));
        }
        let mut all = documents.clone();
        for policy in policies.iter().filter(|p| p.recompute.is_some()) {
            let labels = self.labels(&actor.namespace, policy).await?;
            let dataset = dataset(submission, policy, labels.as_ref())?;
            let key = dataset.as_ref().and_then(|d| d.name.clone()).unwrap_or_default();
            let one = std::slice::from_ref(policy);
            let attempts = self
                .attempts(&submission.model, &submission.artifact, one, &BTreeSet::from([key]))
                .await?;
            let tries = attempts.first().map_or(1, |attempt| attempt.tries);
            let there = |digest: &Digest| self.blobs.find(digest).is_ok();
            let wanted = wanted(policy, predictions, labels.as_ref(), compared, tries, there);
            if let Some((_, submitted, bytes)) = memo.0.iter().find(|(known, ..)| *known == wanted)
            {
                all.add(submitted.clone(), bytes.clone());
                continue;
            }
            let about = (submission, dataset, predictions.since);
            let (submitted, bytes) = self.computed(policy, predictions, &wanted, about).await?;
            all.add(submitted.clone(), bytes.clone());
            memo.0.push((wanted, submitted, bytes));
        }
        Ok(Cow::Owned(all))
    }

    /// The registered data set that a policy takes labels from. It must have the columns that the
    /// policy names.
    async fn labels(
        &self,
        namespace: &Namespace,
        policy: &Policy,
    ) -> Result<Option<StoredDataset>, AppError> {
        let Some(recompute) = &policy.recompute else { return Ok(None) };
        let Some(name) = &recompute.labels else { return Ok(None) };
        let unknown = || {
            let message = format!(
                "policy `{}` takes labels from the data set `{name}`, which is not registered; register it with \
                 `modelgate dataset register`",
                policy.name
            );
            AppError::invalid("unknown-dataset", message)
        };
        let stored = self.dataset_row(namespace, name).await?.ok_or_else(unknown)?;
        let columns = &recompute.columns;
        let fits = columns.id.as_ref() == Some(&stored.id)
            && (columns.label.is_none() || columns.label == stored.label)
            && columns.groups.iter().all(|group| stored.groups.contains(group));
        if fits {
            return Ok(Some(stored));
        }
        let message = format!(
            "policy `{}` and the data set `{name}` name different columns: in the data set, the id is `{}`, the label \
             {}, the groups {}; change the policy, or register the data set under another name",
            policy.name,
            stored.id,
            stored.label.as_ref().map_or("absent".to_owned(), |l| format!("`{l}`")),
            if stored.groups.is_empty() {
                "absent".to_owned()
            } else {
                format!("`{}`", stored.groups.join("`, `"))
            },
        );
        Err(AppError::invalid("dataset-unfit", message))
    }

    async fn computed(
        &self,
        policy: &Policy,
        predictions: &Predictions,
        wanted: &Wanted,
        (submission, dataset, since): (&Submission, Option<DatasetRef>, Option<Timestamp>),
    ) -> Result<(Submitted, Bytes), AppError> {
        let Some(recompute) = &policy.recompute else {
            return Err(AppError::broken(
                "a policy without `[recompute]` cannot say which column is what",
            ));
        };
        let rows = Rows {
            blobs: self.blobs.clone(),
            predictions: predictions.digests.clone(),
            labels: wanted.labels.into_iter().collect(),
            champion: wanted.champion.clone(),
            reference: wanted.reference.clone(),
            columns: recompute.columns.clone(),
            plan: wanted.plan.clone(),
        };
        let permit = self.computing.clone().acquire_owned().await.map_err(AppError::failed)?;
        let work = move || {
            // The caller may be gone, but the permit is held until the computation ends.
            let _permit = permit;
            rows.compute()
        };
        let mut evidence = blocking::run(work).await??;
        evidence.subject = Some(Subject {
            model: Some(submission.model.clone()),
            version: None,
            digest: Some(submission.artifact),
        });
        evidence.dataset = dataset;
        evidence.produced_at = since;
        let bytes = computed::write(&evidence).map_err(AppError::broken)?;
        // Read the document in the same way as later, so that evaluating it again gives the same
        // result.
        let evidence = computed::read(&bytes).map_err(AppError::failed)?;
        Ok((Submitted { evidence, claimed: Claimed::default(), mapping: None }, bytes.into()))
    }
}

/// The data set of the computed numbers: the registered data set if there is one, otherwise the one
/// that the submission names.
fn dataset(
    submission: &Submission,
    policy: &Policy,
    labels: Option<&StoredDataset>,
) -> Result<Option<DatasetRef>, AppError> {
    let claimed = submission.dataset.as_ref();
    let Some(labels) = labels else {
        return Ok(claimed.map(|name| DatasetRef { name: Some(name.clone()), digest: None }));
    };
    if let Some(claimed) = claimed.filter(|name| **name != labels.name) {
        let message = format!(
            "the submission names the data set `{claimed}` for its predictions, but policy `{}` evaluates them on \
             `{}`; omit `dataset`, or predict on that data set",
            policy.name, labels.name
        );
        return Err(AppError::invalid("dataset-differs", message));
    }
    Ok(Some(DatasetRef { name: Some(labels.name.clone()), digest: Some(labels.digest) }))
}

fn wanted(
    policy: &Policy,
    predictions: &Predictions,
    labels: Option<&StoredDataset>,
    compared: &Compared,
    tries: u64,
    there: impl Fn(&Digest) -> bool,
) -> Wanted {
    let mut plan = policy::needs::plan(policy, &predictions.digests, tries);
    // There are no rows to measure drift against: rules about drift read what the submitted
    // evidence says.
    plan.drift.clear();
    let mut of = |against: Against, side: &Option<Side>| {
        let rows = side.as_ref().map(|side| sources(&side.evidence)).unwrap_or_default();
        if rows.is_empty() || !rows.iter().all(&there) {
            // Without the baseline's rows nothing can be paired; the policy compares the evidence
            // that exists.
            plan.contrasts.retain(|contrast| contrast.against != against);
        }
        if plan.contrasts.iter().any(|contrast| contrast.against == against) {
            rows
        } else {
            Vec::new()
        }
    };
    let champion = of(Against::Champion, &compared.champion);
    let reference = of(Against::Reference, &compared.reference);
    Wanted { policy: policy.digest, plan, labels: labels.map(|l| l.digest), champion, reference }
}

/// The predictions that evidence was computed from.
pub(in crate::app) fn sources(evidence: &[Submitted]) -> Vec<Digest> {
    let computed = evidence.iter().filter_map(|s| s.evidence.computed.as_ref());
    let sources = computed.flat_map(|c| &c.sources).filter(|s| s.role == Role::Predictions);
    sources.map(|s| s.digest).collect::<BTreeSet<_>>().into_iter().collect()
}
