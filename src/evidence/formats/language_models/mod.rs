//! Evaluation of language models.

mod common;
pub mod deepeval;
pub mod giskard;
pub mod inspect_ai;
pub mod lm_eval;
pub mod promptfoo;
