//! One file a format, and the table that lists them.

pub mod aequitas;
pub mod aif360;
mod fairness_counts;
mod fairness_frame;
pub mod fairlearn_metric_frame;
pub mod mlflow_metrics;
pub mod native;
pub mod sagemaker_clarify;
pub mod sagemaker_constraint_violations;
pub mod sagemaker_data_quality;
mod sagemaker_matrix;
pub mod sagemaker_model_quality;
pub mod sklearn_classification_report;

use super::Adapter;

/// Every format we read, the most specific first.
pub const ADAPTERS: &[Adapter] = &[
    native::ADAPTER,
    sklearn_classification_report::ADAPTER,
    // Evaluation and tracking.
    mlflow_metrics::ADAPTER,
    // Fairness.
    aequitas::ADAPTER,
    aif360::ADAPTER,
    fairlearn_metric_frame::ADAPTER,
    sagemaker_clarify::ADAPTER,
    // Data quality and drift.
    sagemaker_data_quality::ADAPTER,
    // Language models.
    // Latency and load.
    // Operations.
    sagemaker_model_quality::ADAPTER,
    sagemaker_constraint_violations::ADAPTER,
    // Tests and supply chain.
];
