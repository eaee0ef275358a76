//! The log's head, and how to check it without this service.

use super::{Frame, Section, Viewer, paths, samples};
use crate::{model::number::grouped, render::Page, report::audit::LogHead};
use serde::Serialize;

/// The log of a namespace.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LogPage {
    frame: Frame,
    namespace: String,
    size: String,
    head: LogHead,
    checkpoint_href: String,
    checkpoint_url: String,
}

impl Page for LogPage {
    const TEMPLATE: &'static str = "pages/log";
}

impl LogPage {
    /// The page of `head`; `public_url` is the public address of this service, without a slash at
    /// its end.
    pub fn new(viewer: &Viewer, head: LogHead, public_url: &str) -> Self {
        let checkpoint_href = paths::checkpoint(&viewer.namespace);
        Self {
            frame: Frame::new("Log", Section::Log, Some(viewer), Some(head.size)),
            namespace: viewer.namespace.to_string(),
            size: grouped(head.size),
            checkpoint_url: format!("{public_url}{checkpoint_href}"),
            checkpoint_href,
            head,
        }
    }

    /// The page of a log with 48 entries.
    pub fn sample() -> Self {
        Self::new(&samples::reviewer(), samples::head(48), "https://gate.example.org")
    }
}
