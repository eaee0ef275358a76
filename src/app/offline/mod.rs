//! What needs no service: check, compute, replay, policy tests.

pub mod compute;
pub mod inspect;
pub mod predictions;
pub mod replay;
pub mod scenarios;
