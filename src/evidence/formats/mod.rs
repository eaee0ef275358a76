//! One file per format, in the folder of its family, and the table that lists them all.

mod common;
pub mod data;
pub mod evaluation;
pub mod fairness;
mod frame;
mod labels;
pub mod language_models;
pub mod load;
pub mod native;
pub mod operations;
mod rows;
mod sagemaker;
pub mod supply_chain;

use super::Adapter;

/// Every format we read, the most specific first.
pub const ADAPTERS: &[Adapter] = &[
    native::ADAPTER,
    evaluation::sklearn_classification_report::ADAPTER,
    // Evaluation and tracking.
    evaluation::tfma_metrics::ADAPTER,
    evaluation::tfma_validation::ADAPTER,
    evaluation::vertex_evaluation::ADAPTER,
    evaluation::dvc_metrics::ADAPTER,
    evaluation::dvclive::ADAPTER,
    evaluation::kubeflow_metrics::ADAPTER,
    evaluation::zenml_run::ADAPTER,
    evaluation::boosting_evals::ADAPTER,
    evaluation::hf_evaluate::ADAPTER,
    evaluation::hf_model_card::ADAPTER,
    evaluation::mlflow_metrics::ADAPTER,
    evaluation::sklearn_cross_validate::ADAPTER,
    evaluation::wandb_summary::ADAPTER,
    evaluation::sklearn_metrics::ADAPTER,
    // Fairness.
    fairness::aequitas::ADAPTER,
    fairness::aif360::ADAPTER,
    fairness::fairlearn_metric_frame::ADAPTER,
    fairness::sagemaker_clarify::ADAPTER,
    // Data quality and drift.
    data::evidently::ADAPTER,
    data::evidently_legacy::ADAPTER,
    data::deepchecks::ADAPTER,
    data::great_expectations::ADAPTER,
    data::nannyml::ADAPTER,
    data::pandera::ADAPTER,
    data::soda_scan::ADAPTER,
    data::dbt_run_results::ADAPTER,
    data::sagemaker_data_quality::ADAPTER,
    // Language models.
    language_models::lm_eval::ADAPTER,
    language_models::inspect_ai::ADAPTER,
    language_models::promptfoo::ADAPTER,
    language_models::deepeval::ADAPTER,
    language_models::giskard::ADAPTER,
    // Latency and load.
    load::aiperf::ADAPTER,
    load::mlperf_loadgen::ADAPTER,
    load::onnxruntime_perf_test::ADAPTER,
    load::onnxruntime_profile::ADAPTER,
    load::perf_analyzer::ADAPTER,
    load::vllm_benchmark::ADAPTER,
    load::hey::ADAPTER,
    load::wrk::ADAPTER,
    load::ab::ADAPTER,
    load::oha::ADAPTER,
    load::hyperfine::ADAPTER,
    load::locust::ADAPTER,
    load::k6_summary::ADAPTER,
    load::vegeta::ADAPTER,
    load::ghz::ADAPTER,
    load::jmeter::ADAPTER,
    load::autocannon::ADAPTER,
    load::fortio::ADAPTER,
    // Operations.
    operations::alertmanager::ADAPTER,
    operations::codecarbon::ADAPTER,
    operations::prometheus_exposition::ADAPTER,
    operations::prometheus_query::ADAPTER,
    evaluation::sagemaker_model_quality::ADAPTER,
    data::sagemaker_constraint_violations::ADAPTER,
    // Tests and supply chain.
    supply_chain::junit::ADAPTER,
    supply_chain::pytest_json_report::ADAPTER,
    supply_chain::modelscan::ADAPTER,
    supply_chain::cyclonedx_mlbom::ADAPTER,
    supply_chain::spdx_ai::ADAPTER,
    supply_chain::model_signing::ADAPTER,
    supply_chain::sarif::ADAPTER,
];
