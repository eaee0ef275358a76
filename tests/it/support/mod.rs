//! What the tests stand on: a database of either engine, a clock that stands still, the whole service.

pub mod app;
pub mod clock;
pub mod database;
pub mod facts;
pub mod process;
pub mod served;
pub mod source;
