//! One file a format, and the table that lists them.

pub mod aequitas;
mod fairness_counts;
mod fairness_frame;
pub mod fairlearn_metric_frame;
pub mod mlflow_metrics;
pub mod native;
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
    fairlearn_metric_frame::ADAPTER,
    // Data quality and drift.
    // Language models.
    // Latency and load.
    // Operations.
    // Tests and supply chain.
];
