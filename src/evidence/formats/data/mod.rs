//! Data quality and drift.

mod common;
pub mod dbt_run_results;
pub mod deepchecks;
pub mod evidently;
pub mod evidently_legacy;
pub mod great_expectations;
pub mod nannyml;
pub mod pandera;
pub mod sagemaker_constraint_violations;
pub mod sagemaker_data_quality;
pub mod soda_scan;
