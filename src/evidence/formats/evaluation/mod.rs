//! Evaluation of classifiers and regressors, and the trackers that store the results.

pub mod boosting_evals;
pub mod dvc_metrics;
pub mod dvclive;
pub mod hf_evaluate;
pub mod hf_model_card;
pub mod kubeflow_metrics;
mod leaves;
pub mod mlflow_metrics;
mod plain;
pub mod sagemaker_model_quality;
pub mod sklearn_classification_report;
pub mod sklearn_cross_validate;
pub mod sklearn_metrics;
mod tfma;
pub mod tfma_metrics;
pub mod tfma_validation;
pub mod vertex_evaluation;
pub mod wandb_summary;
pub mod zenml_run;
