//! From raw predictions to evidence: readers of columns, and the engine that executes a plan.
//!
//! The lints against indexing, conversions and panics that the other pure floors deny are not
//! denied here: these loops run over every row, and index tables whose size they have just set. The
//! content of files is checked where it is read, every reader is fuzzed, and the caller runs the
//! engine behind a fence that turns a panic into an error.
#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "counts of rows stay far below 2^53, and places in tables below 2^32"
)]

mod arrays;
mod arrow;
pub mod block;
mod bootstrap;
mod cells;
mod class;
mod compute;
mod confusion;
mod contrast;
mod counts;
mod csv;
mod dictionary;
mod disparity;
mod draw;
mod drift;
mod error;
mod fence;
mod hash;
mod input;
mod job;
mod join;
mod jsonl;
mod keys;
mod latency;
mod limited;
mod limits;
mod num;
mod number;
mod open;
mod paired;
mod parquet;
mod pieces;
mod pool;
mod radix;
mod rates;
mod refusal;
mod roles;
mod rows;
mod scan;
mod scores;
mod shared;
mod sink;
mod stream;
mod sum;
mod sweep;
mod task;
mod text;
mod values;

pub use compute::compute;
pub use error::PredictionsError;
pub use fence::is_fenced;
pub use input::Input;
pub use job::{Job, SingleThread, Source, ThreadPool};
pub use limits::Limits;
pub use open::open;
