//! One file a format, and the table that lists them.

pub mod aiperf;
pub mod alertmanager;
pub mod codecarbon;
pub mod mlflow_metrics;
pub mod mlperf_loadgen;
pub mod native;
pub mod onnxruntime_perf_test;
pub mod onnxruntime_profile;
pub mod perf_analyzer;
mod perf_labels;
mod perf_shared;
pub mod prometheus_exposition;
pub mod prometheus_query;
pub mod sklearn_classification_report;
pub mod vllm_benchmark;

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
    aiperf::ADAPTER,
    mlperf_loadgen::ADAPTER,
    onnxruntime_perf_test::ADAPTER,
    onnxruntime_profile::ADAPTER,
    perf_analyzer::ADAPTER,
    vllm_benchmark::ADAPTER,
    // Operations.
    alertmanager::ADAPTER,
    codecarbon::ADAPTER,
    prometheus_exposition::ADAPTER,
    prometheus_query::ADAPTER,
    // Tests and supply chain.
];
