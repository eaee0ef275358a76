//! Style sheets and drawings, compiled in. Their addresses contain their digest, so that browsers
//! may cache them permanently.

use crate::model::Digest;
use std::sync::OnceLock;

/// One file that pages refer to.
#[derive(Debug, Clone, Copy)]
pub struct Asset {
    /// Its media type.
    pub content_type: &'static str,
    /// Its bytes.
    pub bytes: &'static [u8],
    /// Its entity tag, quotes included.
    pub etag: &'static str,
}

const BASE: &str = include_str!("../../templates/assets/base.css");
const REPORT: &str = include_str!("../../templates/assets/report.css");

/// The styles that a document contains, as partials.
pub(super) const STYLES: &[(&str, &str)] = &[("assets/base", BASE), ("assets/report", REPORT)];

const FILES: [(&str, &str, &str); 3] = [
    ("base.css", "text/css; charset=utf-8", BASE),
    ("app.css", "text/css; charset=utf-8", include_str!("../../templates/assets/app.css")),
    ("mark.svg", "image/svg+xml", include_str!("../../templates/assets/mark.svg")),
];

fn etags() -> &'static [String; 3] {
    static ETAGS: OnceLock<[String; 3]> = OnceLock::new();
    ETAGS.get_or_init(|| {
        FILES.map(|(_, _, text)| format!("\"{:.16}\"", Digest::of(text.as_bytes()).hex()))
    })
}

/// The asset at `path`, the part of the address after `/assets/`; `None` if there is no such asset.
pub fn asset(path: &str) -> Option<Asset> {
    let found = FILES.iter().zip(etags()).find(|((name, _, _), _)| *name == path);
    found.map(|((_, content_type, text), etag)| Asset {
        content_type,
        bytes: text.as_bytes(),
        etag,
    })
}
