//! The page of a failure: what went wrong, and what to do next.

use super::{Frame, Section, Viewer, paths, samples};
use crate::render::Page;
use serde::Serialize;

/// The page that is shown instead of the requested one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ProblemPage {
    frame: Frame,
    status: u16,
    title: String,
    detail: String,
    advice: String,
    code: String,
    request_id: Option<String>,
    home: &'static str,
}

impl Page for ProblemPage {
    const TEMPLATE: &'static str = "pages/problem";
}

/// The content of a problem document, for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The HTTP status.
    pub status: u16,
    /// The stable code.
    pub code: String,
    /// What went wrong, in a few words.
    pub title: String,
    /// What went wrong here; may be empty.
    pub detail: String,
    /// The id of this request in the logs.
    pub request_id: Option<String>,
}

impl ProblemPage {
    /// The page of `problem`; `viewer` is `None` before sign-in.
    pub fn new(problem: Problem, viewer: Option<&Viewer>) -> Self {
        Self {
            frame: Frame::new(problem.title.clone(), Section::None, viewer, None),
            status: problem.status,
            advice: advice(problem.status).to_owned(),
            title: problem.title,
            detail: problem.detail,
            code: problem.code,
            request_id: problem.request_id,
            home: paths::QUEUE,
        }
    }

    /// A release that does not exist.
    pub fn sample() -> Self {
        let problem = Problem {
            status: 404,
            code: "release-not-found".into(),
            title: "There is no such release".into(),
            detail: "No release in acme has the id r-2041.".into(),
            request_id: Some("01JD3M9Q4N8T".into()),
        };
        Self::new(problem, Some(&samples::reviewer()))
    }

    /// A failure of the service, before sign-in.
    pub fn failure() -> Self {
        let problem = Problem {
            status: 500,
            code: "internal".into(),
            title: "Something failed on our side".into(),
            detail: String::new(),
            request_id: None,
        };
        Self::new(problem, None)
    }
}

fn advice(status: u16) -> &'static str {
    match status {
        401 => "Sign in and try again.",
        403 => "Ask the person who manages this namespace for the role that you need.",
        404 => {
            "Check the address, or start from the queue. What belongs to another namespace is not shown here."
        }
        409 => "Another request changed this first. Reload the page and look again before you act.",
        413 => "Send a smaller document.",
        429 => "Wait a moment, then try again.",
        500.. => {
            "Nothing was recorded. Try again; if it fails again, give the request id to the operator."
        }
        _ => "Go back, correct it and try again.",
    }
}
