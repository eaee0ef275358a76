//! One file a format, and the table that lists them.

pub mod boosting_evals;
mod evaluation_leaves;
pub mod hf_evaluate;
pub mod hf_model_card;
pub mod mlflow_metrics;
pub mod native;
pub mod sklearn_classification_report;
pub mod sklearn_cross_validate;
pub mod sklearn_metrics;
pub mod wandb_summary;

use super::Adapter;

/// Every format we read, the most specific first.
pub const ADAPTERS: &[Adapter] = &[
    native::ADAPTER,
    sklearn_classification_report::ADAPTER,
    // Evaluation and tracking.
    boosting_evals::ADAPTER,
    hf_evaluate::ADAPTER,
    hf_model_card::ADAPTER,
    mlflow_metrics::ADAPTER,
    sklearn_cross_validate::ADAPTER,
    wandb_summary::ADAPTER,
    sklearn_metrics::ADAPTER,
    // Fairness.
    // Data quality and drift.
    // Language models.
    // Latency and load.
    // Operations.
    // Tests and supply chain.
];
