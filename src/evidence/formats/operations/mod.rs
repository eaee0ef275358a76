//! Operations.

pub mod alertmanager;
pub mod codecarbon;
pub mod prometheus_exposition;
pub mod prometheus_query;
