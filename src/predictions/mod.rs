//! Raw predictions to evidence: readers of columns, and the engine that fulfils a plan.

mod arrow;
pub mod block;
mod csv;
mod error;
mod input;
mod jsonl;
mod limits;
mod num;
mod number;
mod open;
mod parquet;
mod pieces;
mod refusal;
mod stream;
mod text;

pub use error::PredictionsError;
pub use input::Input;
pub use limits::Limits;
pub use open::open;
