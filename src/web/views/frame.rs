//! The frame of every page: the user, the navigation, the size of the log.

use super::paths;
use crate::model::{Namespace, Person, number::grouped};
use serde::Serialize;

/// The user who views a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Viewer {
    /// Who they are.
    pub person: Person,
    /// The roles they have in the namespace.
    pub roles: Vec<String>,
    /// The token that each of their forms carries.
    pub csrf: String,
    /// The namespace they are in.
    pub namespace: Namespace,
}

/// Which part of the navigation a page belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Section {
    /// The releases that wait for the viewer.
    Queue,
    /// All releases.
    Releases,
    /// Reports.
    Reports,
    /// The log.
    Log,
    /// None of them.
    None,
}

/// A line at the top of a page about the last action.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Notice {
    /// `good` or `bad`.
    pub tone: &'static str,
    /// What to say.
    pub text: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct NavItem {
    href: &'static str,
    label: &'static str,
    current: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct SignedIn {
    name: String,
    roles: String,
    namespace: String,
    csrf: String,
    sign_out: &'static str,
}

/// The frame of every page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Frame {
    title: String,
    home: &'static str,
    nav: Vec<NavItem>,
    viewer: Option<SignedIn>,
    notice: Option<Notice>,
    log_size: Option<String>,
    log: &'static str,
    version: &'static str,
}

impl Frame {
    /// The frame of a page called `title`; `viewer` is `None` before sign-in, `log_size` if it is
    /// not known.
    pub fn new(
        title: impl Into<String>,
        section: Section,
        viewer: Option<&Viewer>,
        log_size: Option<u64>,
    ) -> Self {
        let places = [
            (Section::Queue, paths::QUEUE, "Queue"),
            (Section::Releases, paths::RELEASES, "Releases"),
            (Section::Reports, paths::REPORTS, "Reports"),
            (Section::Log, paths::LOG, "Log"),
        ];
        let item = |(place, href, label)| NavItem { href, label, current: place == section };
        Self {
            title: title.into(),
            home: paths::QUEUE,
            nav: if viewer.is_some() { places.map(item).into() } else { Vec::new() },
            viewer: viewer.map(|v| SignedIn {
                name: v.person.name.clone(),
                roles: v.roles.join(", "),
                namespace: v.namespace.to_string(),
                csrf: v.csrf.clone(),
                sign_out: paths::SIGN_OUT,
            }),
            notice: None,
            log_size: log_size.map(grouped),
            log: paths::LOG,
            version: env!("CARGO_PKG_VERSION"),
        }
    }

    /// Adds a line at the top about the last action.
    #[must_use]
    pub fn with_notice(mut self, notice: Option<Notice>) -> Self {
        self.notice = notice;
        self
    }
}
