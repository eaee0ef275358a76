//! One file a format, and the table that lists them.

pub mod ab;
pub mod aequitas;
pub mod aif360;
pub mod aiperf;
pub mod alertmanager;
pub mod autocannon;
pub mod boosting_evals;
pub mod codecarbon;
pub mod cyclonedx_mlbom;
mod data_tools;
pub mod dbt_run_results;
pub mod deepchecks;
pub mod deepeval;
pub mod dvc_metrics;
pub mod dvclive;
mod evaluation_leaves;
pub mod evidently;
pub mod evidently_legacy;
pub mod fairlearn_metric_frame;
mod fairness_counts;
mod fairness_frame;
pub mod fortio;
pub mod ghz;
pub mod giskard;
pub mod great_expectations;
pub mod hey;
pub mod hf_evaluate;
pub mod hf_model_card;
pub mod hyperfine;
pub mod inspect_ai;
pub mod jmeter;
pub mod junit;
pub mod k6_summary;
pub mod kubeflow_metrics;
mod language_models;
pub mod lm_eval;
mod load_sample;
pub mod locust;
pub mod mlflow_metrics;
pub mod mlperf_loadgen;
pub mod model_signing;
pub mod modelscan;
pub mod nannyml;
pub mod native;
pub mod oha;
pub mod onnxruntime_perf_test;
pub mod onnxruntime_profile;
pub mod pandera;
pub mod perf_analyzer;
mod perf_labels;
mod perf_shared;
mod plain_json;
pub mod prometheus_exposition;
pub mod prometheus_query;
pub mod promptfoo;
pub mod pytest_json_report;
mod recorded;
pub mod sagemaker_clarify;
pub mod sagemaker_constraint_violations;
pub mod sagemaker_data_quality;
mod sagemaker_matrix;
pub mod sagemaker_model_quality;
pub mod sarif;
pub mod sklearn_classification_report;
pub mod sklearn_cross_validate;
pub mod sklearn_metrics;
pub mod soda_scan;
pub mod spdx_ai;
mod supply_chain;
mod tfma;
pub mod tfma_metrics;
pub mod tfma_validation;
pub mod vegeta;
pub mod vertex_evaluation;
pub mod vllm_benchmark;
pub mod wandb_summary;
pub mod wrk;
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
    boosting_evals::ADAPTER,
    hf_evaluate::ADAPTER,
    hf_model_card::ADAPTER,
    mlflow_metrics::ADAPTER,
    sklearn_cross_validate::ADAPTER,
    wandb_summary::ADAPTER,
    sklearn_metrics::ADAPTER,
    // Fairness.
    aequitas::ADAPTER,
    aif360::ADAPTER,
    fairlearn_metric_frame::ADAPTER,
    sagemaker_clarify::ADAPTER,
    // Data quality and drift.
    evidently::ADAPTER,
    evidently_legacy::ADAPTER,
    deepchecks::ADAPTER,
    great_expectations::ADAPTER,
    nannyml::ADAPTER,
    pandera::ADAPTER,
    soda_scan::ADAPTER,
    dbt_run_results::ADAPTER,
    sagemaker_data_quality::ADAPTER,
    // Language models.
    lm_eval::ADAPTER,
    inspect_ai::ADAPTER,
    promptfoo::ADAPTER,
    deepeval::ADAPTER,
    giskard::ADAPTER,
    // Latency and load.
    aiperf::ADAPTER,
    mlperf_loadgen::ADAPTER,
    onnxruntime_perf_test::ADAPTER,
    onnxruntime_profile::ADAPTER,
    perf_analyzer::ADAPTER,
    vllm_benchmark::ADAPTER,
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
    alertmanager::ADAPTER,
    codecarbon::ADAPTER,
    prometheus_exposition::ADAPTER,
    prometheus_query::ADAPTER,
    sagemaker_model_quality::ADAPTER,
    sagemaker_constraint_violations::ADAPTER,
    // Tests and supply chain.
    junit::ADAPTER,
    pytest_json_report::ADAPTER,
    modelscan::ADAPTER,
    cyclonedx_mlbom::ADAPTER,
    spdx_ai::ADAPTER,
    model_signing::ADAPTER,
    sarif::ADAPTER,
];
