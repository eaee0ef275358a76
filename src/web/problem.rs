//! The one mapping from failures to HTTP: RFC 9457 problem documents with a stable code.

use crate::{
    app::{
        core::error::{AppError, Kind},
        registry::publish::PublishError,
    },
    policy::Mistakes,
    wire::common::{MistakeV1, ProblemV1},
};
use axum::{
    Json,
    http::{
        HeaderValue, StatusCode,
        header::{CONTENT_TYPE, RETRY_AFTER},
    },
    response::{IntoResponse, Response},
};
use std::error::Error as _;

/// The media type of a problem document (RFC 9457).
pub const PROBLEM: &str = "application/problem+json";

/// A failure, ready to be answered.
#[derive(Debug)]
pub struct Problem {
    /// The HTTP status.
    pub status: StatusCode,
    /// The stable code.
    pub code: String,
    /// What is wrong and what to do next.
    pub detail: String,
    /// When the caller may try again, in seconds.
    pub retry_after: Option<u32>,
    mistakes: Vec<MistakeV1>,
}

/// The result of every handler of the API.
pub type Answer<T> = Result<T, Problem>;

impl Problem {
    /// A problem with that status and code.
    pub fn new(status: StatusCode, code: impl Into<String>, detail: impl Into<String>) -> Self {
        Self {
            status,
            code: code.into(),
            detail: detail.into(),
            retry_after: None,
            mistakes: Vec::new(),
        }
    }

    /// The request is wrong.
    pub fn bad(code: &'static str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, detail)
    }

    /// Asks the caller to try again after so many seconds.
    #[must_use]
    pub fn retry_after(self, seconds: u32) -> Self {
        Self { retry_after: Some(seconds), ..self }
    }

    /// The problem document. The id of the request is added when the answer is sent.
    pub fn document(&self) -> ProblemV1 {
        ProblemV1 {
            r#type: format!("tag:modelgate.dev,2026:problem/{}", self.code),
            title: self.status.canonical_reason().unwrap_or("Problem").to_owned(),
            status: self.status.as_u16(),
            code: self.code.clone(),
            detail: self.detail.clone(),
            request_id: None,
            mistakes: self.mistakes.clone(),
        }
    }
}

impl From<AppError> for Problem {
    fn from(error: AppError) -> Self {
        let status = match error.kind {
            Kind::Invalid => StatusCode::UNPROCESSABLE_ENTITY,
            Kind::Unauthenticated => StatusCode::UNAUTHORIZED,
            Kind::Forbidden => StatusCode::FORBIDDEN,
            Kind::NotFound => StatusCode::NOT_FOUND,
            Kind::Conflict => StatusCode::CONFLICT,
            Kind::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Kind::TooMany => StatusCode::TOO_MANY_REQUESTS,
            Kind::Failed => StatusCode::SERVICE_UNAVAILABLE,
        };
        if let Some(cause) = error.source() {
            // The cause is for the operator; the caller gets a sentence and a code.
            tracing::error!(code = error.code, %cause, "a request failed");
        }
        Self { retry_after: error.retry_after, ..Self::new(status, error.code, error.message) }
    }
}

impl From<PublishError> for Problem {
    fn from(error: PublishError) -> Self {
        match error {
            PublishError::App(error) => error.into(),
            PublishError::Mistakes(mistakes) => Self {
                status: StatusCode::UNPROCESSABLE_ENTITY,
                code: "policy-invalid".into(),
                detail: format!(
                    "the policy has {}; nothing was published",
                    count(mistakes.list.len())
                ),
                retry_after: None,
                mistakes: told(&mistakes),
            },
        }
    }
}

fn count(mistakes: usize) -> String {
    if mistakes == 1 { "1 mistake".into() } else { format!("{mistakes} mistakes") }
}

/// The maximum number of mistakes that are listed; the sentence counts all of them.
const MOST_TOLD: usize = 200;

fn told(mistakes: &Mistakes) -> Vec<MistakeV1> {
    let told = mistakes.list.iter().take(MOST_TOLD).map(|mistake| MistakeV1 {
        code: mistake.code.to_owned(),
        message: mistake.message.clone(),
        line: mistake.line,
        column: mistake.column,
        length: mistake.length,
        help: mistake.help.clone(),
    });
    told.collect()
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = (self.status, Json(self.document())).into_response();
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(PROBLEM));
        if self.status == StatusCode::UNAUTHORIZED {
            response.headers_mut().insert("www-authenticate", HeaderValue::from_static("Bearer"));
        }
        if let Some(seconds) = self.retry_after {
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        response.extensions_mut().insert(std::sync::Arc::new(self));
        response
    }
}
