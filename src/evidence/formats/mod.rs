//! One file a format, and the table that lists them.

pub mod ab;
pub mod autocannon;
pub mod fortio;
pub mod ghz;
pub mod hey;
pub mod hyperfine;
pub mod jmeter;
pub mod k6_summary;
mod load_sample;
pub mod locust;
pub mod mlflow_metrics;
pub mod native;
pub mod oha;
pub mod sklearn_classification_report;
pub mod vegeta;
pub mod wrk;

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
    hey::ADAPTER,
    wrk::ADAPTER,
    ab::ADAPTER,
    oha::ADAPTER,
    hyperfine::ADAPTER,
    locust::ADAPTER,
    k6_summary::ADAPTER,
    vegeta::ADAPTER,
    ghz::ADAPTER,
    jmeter::ADAPTER,
    autocannon::ADAPTER,
    fortio::ADAPTER,
    // Operations.
    // Tests and supply chain.
];
