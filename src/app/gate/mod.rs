//! The gate: submissions, votes, decisions, and what they are compared with.

pub mod approve;
pub(in crate::app) mod attempts;
pub(in crate::app) mod baselines;
pub(in crate::app) mod decide;
pub(in crate::app) mod documents;
pub(in crate::app) mod evaluate_again;
pub(in crate::app) mod proved;
pub(in crate::app) mod proved_baselines;
pub(in crate::app) mod recompute;
pub mod releases;
pub(in crate::app) mod rows;
pub mod standing;
pub mod submission;
pub mod submit;
