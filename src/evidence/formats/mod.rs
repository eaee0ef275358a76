//! One file a format, and the table that lists them.

pub mod dvc_metrics;
pub mod dvclive;
pub mod kubeflow_metrics;
pub mod mlflow_metrics;
pub mod native;
mod plain_json;
pub mod sklearn_classification_report;
mod tfma;
pub mod tfma_metrics;
pub mod tfma_validation;
pub mod vertex_evaluation;
pub mod zenml_run;

use super::Adapter;

/// Every format we read, the most specific first.
pub const ADAPTERS: &[Adapter] = &[
    native::ADAPTER,
    sklearn_classification_report::ADAPTER,
    // Evaluation and tracking.
    tfma_metrics::ADAPTER,
    tfma_validation::ADAPTER,
    vertex_evaluation::ADAPTER,
    dvc_metrics::ADAPTER,
    dvclive::ADAPTER,
    kubeflow_metrics::ADAPTER,
    zenml_run::ADAPTER,
    mlflow_metrics::ADAPTER,
    // Fairness.
    // Data quality and drift.
    // Language models.
    // Latency and load.
    // Operations.
    // Tests and supply chain.
];
