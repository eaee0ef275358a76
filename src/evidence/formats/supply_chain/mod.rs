//! Tests, scanners, bills of materials.

mod common;
pub mod cyclonedx_mlbom;
pub mod junit;
pub mod model_signing;
pub mod modelscan;
pub mod pytest_json_report;
mod recorded;
pub mod sarif;
pub mod spdx_ai;
