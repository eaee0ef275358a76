//! Reports about a whole namespace.

pub mod audit;
