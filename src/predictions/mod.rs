//! Raw predictions to evidence: readers of columns, and the engine that fulfils a plan.

pub mod block;
mod error;
mod input;
mod limits;
mod num;
mod open;
mod parquet;
mod refusal;
mod text;

pub use error::PredictionsError;
pub use input::Input;
pub use limits::Limits;
pub use open::open;
