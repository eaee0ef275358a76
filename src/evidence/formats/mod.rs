//! One file a format, and the table that lists them.

pub mod cyclonedx_mlbom;
pub mod junit;
pub mod mlflow_metrics;
pub mod model_signing;
pub mod modelscan;
pub mod native;
pub mod pytest_json_report;
mod recorded;
pub mod sarif;
pub mod sklearn_classification_report;
pub mod spdx_ai;
mod supply_chain;

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
    junit::ADAPTER,
    pytest_json_report::ADAPTER,
    modelscan::ADAPTER,
    cyclonedx_mlbom::ADAPTER,
    spdx_ai::ADAPTER,
    model_signing::ADAPTER,
    sarif::ADAPTER,
];
