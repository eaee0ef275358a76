//! `/api/v1`: one file per resource.

pub(super) mod approvals;
pub(super) mod datasets;
pub(super) mod decisions;
pub(super) mod evaluations;
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
    app::{Published, Service, core::blocking, core::error::AppError, gate::submit},
    model::{Decision, ReleaseId, Verdict},
    web::{Web, problem::Answer, views::paths},
    wire::{
        policy::PublishedV1,
        release::{DecidedV1, LoggedV1},
    },
};
use axum::{
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;

/// A decision with its page and its log indexes.
pub(super) fn decided(service: &Service, release: ReleaseId, decision: Decision) -> DecidedV1 {
    DecidedV1 {
        url: format!("{}{}", service.public_url(), paths::release(&release)),
        release,
        log: logged(&decision),
        decision: decision.id,
        verdict: decision.record.verdict.into(),
        repeated: false,
        ended: None,
        left_out: Vec::new(),
        warnings: Vec::new(),
    }
}

/// The answer to a submission.
pub(super) async fn submitted(web: &Web, answer: submit::Answer) -> Answer<Response> {
    let submit::Answer { release, decision, repeated, ended, left_out, warnings } = answer;
    let status = if repeated { StatusCode::OK } else { StatusCode::CREATED };
    let location =
        [(header::LOCATION, web.renderer.address(&format!("/api/v1/releases/{release}")))];
    let size = size(&decision.record.verdict);
    let body = DecidedV1 {
        repeated,
        ended,
        left_out,
        warnings,
        ..decided(&web.service, release, decision)
    };
    Ok((status, location, json_of(size, body).await?).into_response())
}

/// The approximate size of one finding as JSON, in bytes.
const FINDING: usize = 512;

/// The approximate size of a verdict as JSON, in bytes.
fn size(verdict: &Verdict) -> usize {
    verdict.findings.len() * FINDING
}

/// An answer of about `size` bytes of JSON.
async fn json_of<T: Serialize + Send + 'static>(size: usize, value: T) -> Answer<Response> {
    let written = blocking::run_if_large(size, move || serde_json::to_vec(&value)).await?;
    let bytes = written.map_err(AppError::failed)?;
    Ok(([(header::CONTENT_TYPE, "application/json")], bytes).into_response())
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

/// Bytes that never change, with an entity tag; a client that already has them gets a 304.
fn immutable(
    headers: &HeaderMap,
    content_type: &'static str,
    tag: &str,
    bytes: Vec<u8>,
) -> Response {
    let tag = format!("\"{tag}\"");
    let known = headers.get(header::IF_NONE_MATCH).and_then(|v| v.to_str().ok());
    let caching = [
        (header::ETAG, tag.clone()),
        (header::CACHE_CONTROL, "private, max-age=31536000, immutable".into()),
    ];
    if known.is_some_and(|list| list.split(',').any(|t| t.trim() == tag || t.trim() == "*")) {
        return (StatusCode::NOT_MODIFIED, caching).into_response();
    }
    (caching, [(header::CONTENT_TYPE, content_type)], bytes).into_response()
}
