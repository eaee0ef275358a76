//! Raw predictions to evidence: readers of columns, and the engine that fulfils a plan.

pub mod block;
mod error;

pub use error::PredictionsError;
