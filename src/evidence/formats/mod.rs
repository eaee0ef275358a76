//! One file a format, and the table that lists them.

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
    // Data quality and drift.
    // Language models.
    // Latency and load.
    // Operations.
    // Tests and supply chain.
];
