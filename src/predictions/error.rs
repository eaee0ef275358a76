//! Why predictions could not be read or used. Nothing is guessed and no row is left out.

/// Why raw predictions were refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct PredictionsError {
    /// The stable error code for scripts.
    pub code: &'static str,
    /// What is wrong, where, and what to do.
    pub message: String,
}

impl PredictionsError {
    /// An error with this code.
    pub fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }
}
