//! Evidence computed from local files, for policies with `[recompute]`: the same as the service
//! computes from uploads.

use crate::app::{
    core::error::AppError,
    offline::compute::{self, Request},
};
use crate::{
    evidence::computed,
    model::{Against, Claimed, DatasetRef, Digest, Submitted},
    policy::{self, Policy},
};
use std::path::PathBuf;

/// Files of rows: predictions, labels, and data to measure drift against.
#[derive(Debug, Clone, Default)]
pub struct Files {
    /// The candidate's predictions.
    pub predictions: Vec<PathBuf>,
    /// Labels and groups that are not in the files of predictions.
    pub labels: Vec<PathBuf>,
    /// The champion's predictions.
    pub champion: Vec<PathBuf>,
    /// The reference's predictions.
    pub reference: Vec<PathBuf>,
    /// The data that drift is measured against.
    pub drift_reference: Vec<PathBuf>,
}

/// The evidence that was computed.
#[derive(Debug, Clone, Default)]
pub struct Computed {
    /// The candidate's evidence.
    pub evidence: Vec<Submitted>,
    /// The champion's evidence; empty without its predictions.
    pub champion: Vec<Submitted>,
    /// The reference's evidence; empty without its predictions.
    pub reference: Vec<Submitted>,
}

/// Computes the evidence that every policy with `[recompute]` needs. Computes nothing without
/// predictions.
///
/// # Errors
/// When no policy defines the columns, labels are needed but absent, or a file cannot be read or
/// does not fit.
pub fn compute(policies: &[impl AsRef<Policy>], files: &Files) -> Result<Computed, AppError> {
    let mut out = Computed::default();
    if files.predictions.is_empty() && files.champion.is_empty() && files.reference.is_empty() {
        return Ok(out);
    }
    let asking: Vec<&Policy> =
        policies.iter().map(AsRef::as_ref).filter(|p| p.recompute.is_some()).collect();
    if asking.is_empty() {
        let message = "no policy defines the columns of the predictions; add `[recompute]` to one";
        return Err(AppError::invalid("no-recompute", message));
    }
    for policy in asking {
        if !files.predictions.is_empty() {
            add(&mut out.evidence, one(policy, files, &files.predictions, true)?);
        }
        for (rows, to) in
            [(&files.champion, &mut out.champion), (&files.reference, &mut out.reference)]
        {
            if !rows.is_empty() {
                add(to, one(policy, files, rows, false)?);
            }
        }
    }
    Ok(out)
}

fn add(to: &mut Vec<Submitted>, submitted: Submitted) {
    if !to.iter().any(|s| s.evidence.digest == submitted.evidence.digest) {
        to.push(submitted);
    }
}

/// Computes the evidence of one artifact under one policy; the candidate is also compared with the
/// baselines.
fn one(
    policy: &Policy,
    files: &Files,
    rows: &[PathBuf],
    candidate: bool,
) -> Result<Submitted, AppError> {
    let Some(recompute) = &policy.recompute else {
        return Err(AppError::broken("a policy without `[recompute]`"));
    };
    if let Some(name) = recompute.labels.as_ref().filter(|_| files.labels.is_empty()) {
        let message = format!(
            "policy `{}` takes labels from the data set `{name}`; pass it with `--labels`",
            policy.name
        );
        return Err(AppError::invalid("no-labels", message));
    }
    let digests: Vec<Digest> =
        rows.iter().map(|path| compute::digest(path)).collect::<Result<_, _>>()?;
    let mut plan = policy::needs::plan(policy, &digests, 1);
    let there = |against: Against| match against {
        Against::Champion => candidate && !files.champion.is_empty(),
        Against::Reference => candidate && !files.reference.is_empty(),
    };
    plan.contrasts.retain(|c| there(c.against));
    if files.drift_reference.is_empty() || !candidate {
        plan.drift.clear();
    }
    let only = |wanted: bool, list: &[PathBuf]| if wanted { list.to_vec() } else { Vec::new() };
    let compared = |against| plan.contrasts.iter().any(|c| c.against == against);
    let mut evidence = compute::compute(&Request {
        predictions: rows.to_vec(),
        labels: only(recompute.labels.is_some(), &files.labels),
        champion: only(compared(Against::Champion), &files.champion),
        reference: only(compared(Against::Reference), &files.reference),
        drift_reference: only(!plan.drift.is_empty(), &files.drift_reference),
        columns: recompute.columns.clone(),
        plan,
        threads: 0,
    })?;
    let named = |name: &String| DatasetRef { name: Some(name.clone()), digest: None };
    evidence.dataset = recompute.labels.as_ref().map(named);
    let bytes = computed::write(&evidence).map_err(AppError::broken)?;
    let evidence = computed::read(&bytes).map_err(AppError::failed)?;
    Ok(Submitted { evidence, claimed: Claimed::default(), mapping: None })
}
