//! One file a format, and the table that lists them.

pub mod deepeval;
pub mod giskard;
pub mod inspect_ai;
mod language_models;
pub mod lm_eval;
pub mod mlflow_metrics;
pub mod native;
pub mod promptfoo;
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
    lm_eval::ADAPTER,
    inspect_ai::ADAPTER,
    promptfoo::ADAPTER,
    deepeval::ADAPTER,
    giskard::ADAPTER,
    // Latency and load.
    // Operations.
    // Tests and supply chain.
];
