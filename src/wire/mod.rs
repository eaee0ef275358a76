//! The frozen JSON of the API and of `--format json`, shared by server and command line.

pub mod common;
pub mod inspect;
pub mod policy;
pub mod predictions;
pub mod reference;
pub mod release;
