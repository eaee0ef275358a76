//! The form for audit reports.

use super::{Frame, Section, Viewer, paths, samples};
use crate::render::Page;
use serde::Serialize;

/// The form.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ReportsPage {
    frame: Frame,
    action: &'static str,
    namespace: String,
    from: String,
    to: String,
    error: Option<String>,
    releases: &'static str,
}

impl Page for ReportsPage {
    const TEMPLATE: &'static str = "pages/reports";
}

impl ReportsPage {
    /// The form with `from` and `to` filled in: days as `2026-11-20`, both included, in UTC.
    pub fn new(
        viewer: &Viewer,
        log_size: u64,
        from: String,
        to: String,
        error: Option<String>,
    ) -> Self {
        Self {
            frame: Frame::new("Reports", Section::Reports, Some(viewer), Some(log_size)),
            action: paths::AUDIT,
            namespace: viewer.namespace.to_string(),
            from,
            to,
            error,
            releases: paths::RELEASES,
        }
    }

    /// The form before it is sent.
    pub fn sample() -> Self {
        Self::new(&samples::reviewer(), 48, "2026-11-01".into(), "2026-11-20".into(), None)
    }

    /// The form with an error.
    pub fn mistaken() -> Self {
        let error = Some("The period ends before it starts.".into());
        Self::new(&samples::reviewer(), 48, "2026-11-20".into(), "2026-11-01".into(), error)
    }
}
