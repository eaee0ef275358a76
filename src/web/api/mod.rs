//! `/api/v1`: one file a resource.

pub(super) mod approvals;
pub(super) mod datasets;
pub(super) mod decisions;
pub(super) mod evidence;
pub(super) mod gate;
pub(super) mod log;
pub(super) mod mappings;
pub(super) mod models;
pub mod openapi;
mod page;
pub(super) mod policies;
pub(super) mod predictions;
pub(super) mod references;
pub(super) mod releases;
pub(super) mod reports;
pub(super) mod submission;
mod truth;

use crate::{
    app::{Service, submit::Answer},
    model::{Decision, ReleaseId},
    store::Published,
    web::views::paths,
    wire::{
        policy::PublishedV1,
        release::{DecidedV1, LoggedV1},
    },
};
use axum::{
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};

/// A decision with where to find it.
pub(super) fn decided(service: &Service, release: ReleaseId, decision: Decision) -> DecidedV1 {
    DecidedV1 {
        url: format!("{}{}", service.public_url(), paths::release(&release)),
        release,
        log: logged(&decision),
        decision: decision.id,
        verdict: decision.record.verdict,
        repeated: false,
        ended: None,
        left_out: Vec::new(),
        warnings: Vec::new(),
    }
}

/// What became of a submission.
pub(super) fn submitted(service: &Service, answer: Answer) -> DecidedV1 {
    let Answer { release, decision, repeated, ended, left_out, warnings } = answer;
    DecidedV1 { repeated, ended, left_out, warnings, ..decided(service, release, decision) }
}

/// A version of a policy or of a mapping.
pub(super) fn published(stored: Published) -> PublishedV1 {
    PublishedV1 {
        name: stored.name,
        version: stored.version,
        digest: stored.digest,
        published_by: stored.published_by,
        published_at: stored.published_at,
        log_index: stored.log_index,
        warnings: Vec::new(),
    }
}

fn logged(decision: &Decision) -> LoggedV1 {
    LoggedV1 { record: decision.record_index, summary: decision.vsa_index }
}

/// Bytes that never change, with the tag by which a client that has them is told so.
fn immutable(headers: &HeaderMap, content_type: &'static str, tag: &str, bytes: Vec<u8>) -> Response {
    let tag = format!("\"{tag}\"");
    let known = headers.get(header::IF_NONE_MATCH).and_then(|v| v.to_str().ok());
    let caching = [(header::ETAG, tag.clone()), (header::CACHE_CONTROL, "private, max-age=31536000, immutable".into())];
    if known.is_some_and(|list| list.split(',').any(|t| t.trim() == tag || t.trim() == "*")) {
        return (StatusCode::NOT_MODIFIED, caching).into_response();
    }
    (caching, [(header::CONTENT_TYPE, content_type)], bytes).into_response()
}
