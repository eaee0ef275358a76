//! The logs: reading them, checking the database against them, exports, and continuing after a loss.

pub mod continued;
pub mod export;
pub mod integrity;
pub(in crate::app) mod log;
mod logged;
pub(in crate::app) mod row_check;
