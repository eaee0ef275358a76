//! Raw predictions to evidence: readers of columns, and the engine that fulfils a plan.
#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "counts of rows stay far below 2^53, and places in tables below 2^32"
)]

mod arrow;
pub mod block;
mod bootstrap;
mod cells;
mod compute;
mod confusion;
mod contrast;
mod counts;
mod crew;
mod csv;
mod disparity;
mod draw;
mod drift;
mod error;
mod hash;
mod heap;
mod input;
mod job;
mod join;
mod jsonl;
mod keys;
mod latency;
mod limits;
mod names;
mod num;
mod number;
mod open;
mod paired;
mod parquet;
mod pieces;
mod rates;
mod refusal;
mod roles;
mod rows;
mod scan;
mod scores;
mod sheet;
mod stream;
mod sum;
mod sweep;
mod task;
mod text;
mod values;

pub use compute::compute;
pub use error::PredictionsError;
pub use input::Input;
pub use job::{Alone, Crew, Job, Source};
pub use limits::Limits;
pub use open::open;
