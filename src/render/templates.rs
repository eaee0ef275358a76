//! The templates, compiled in, by their path under `templates/`.

macro_rules! embed {
    ($($name:literal),+ $(,)?) => {
        &[$(($name, include_str!(concat!("../../templates/", $name, ".hbs")))),+]
    };
}

pub(super) const TEMPLATES: &[(&str, &str)] = embed![
    "pages/document",
    "pages/log",
    "pages/problem",
    "pages/queue",
    "pages/release",
    "pages/releases",
    "pages/reports",
    "pages/sign-in",
    "partials/approvals",
    "partials/chart",
    "partials/evidence",
    "partials/facts",
    "partials/finding",
    "partials/findings",
    "partials/gate",
    "partials/history",
    "partials/icon",
    "partials/layout",
    "partials/release-row",
    "partials/time",
    "partials/turn",
    "partials/verdict",
    "partials/vote",
    "reports/audit",
    "reports/audit-decisions",
    "reports/audit-end",
    "reports/audit-changes",
    "reports/audit-overrides",
    "reports/audit-votes",
    "reports/layout",
    "reports/operating-curve",
    "reports/release",
];
