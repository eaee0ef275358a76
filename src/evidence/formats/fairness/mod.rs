//! Fairness.

pub mod aequitas;
pub mod aif360;
pub mod fairlearn_metric_frame;
mod group_counts;
pub mod sagemaker_clarify;
