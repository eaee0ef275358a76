//! The foundation of the tests: a database of either engine, a clock under control, the whole
//! service.

pub mod app;
pub mod areas;
pub mod clock;
pub mod database;
#[cfg(target_os = "linux")]
pub mod disk;
pub mod facts;
pub mod files;
pub mod process;
pub mod served;
pub mod source;
pub mod wire;
