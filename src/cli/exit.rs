//! How a command ends: an exit code, or a failure that says what to do next.

use crate::app::core::error::{AppError, Kind};
use std::fmt;

/// What a command returns: its exit code, or why it could not do its work.
pub type Outcome = Result<u8, Failure>;

/// The call, or an input, is wrong.
pub const USAGE: u8 = 2;
/// The service failed or cannot be reached.
pub const SERVICE: u8 = 5;

/// Why a command could not do its work. The code is stable; the message is for people.
#[derive(Debug)]
pub struct Failure {
    /// The exit code.
    pub exit: u8,
    /// A stable word for scripts, such as `evidence-not-understood`.
    pub code: String,
    /// What is wrong and what to do next; may have many lines.
    pub message: String,
}

impl Failure {
    /// The call or an input is wrong.
    pub fn input(code: impl Into<String>, message: impl fmt::Display) -> Self {
        Self { exit: USAGE, code: code.into(), message: message.to_string() }
    }

    /// The service failed or cannot be reached.
    pub fn service(code: impl Into<String>, message: impl fmt::Display) -> Self {
        Self { exit: SERVICE, code: code.into(), message: message.to_string() }
    }

    /// A failure with its own exit code.
    pub fn with_exit(exit: u8, code: impl Into<String>, message: impl fmt::Display) -> Self {
        Self { exit, code: code.into(), message: message.to_string() }
    }
}

impl From<AppError> for Failure {
    fn from(error: AppError) -> Self {
        use std::error::Error as _;
        let message = match error.source() {
            Some(cause) => format!("{error}: {cause}"),
            None => error.to_string(),
        };
        let exit = if error.kind == Kind::Failed { SERVICE } else { USAGE };
        Self { exit, code: error.code.to_owned(), message }
    }
}
