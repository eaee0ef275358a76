//! Reads submissions, as JSON or as a multipart form, for the API and for webhooks.

use crate::{
    app::{
        core::blocking,
        gate::submission::{Document, Submission},
    },
    model::Digest,
    web::{
        extract::{body_within, json},
        intake,
        problem::Problem,
    },
    wire::release::{DocumentV1, SubmitV1},
};
use axum::{
    extract::{FromRequest as _, Multipart, Request},
    http::{Extensions, StatusCode, header::CONTENT_TYPE},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;

/// A submission, and the digest by which a repetition of the request is recognised.
pub(in crate::web) type Received = (Submission, Digest);

/// The submission of a request of up to `limit` bytes.
pub(in crate::web) async fn receive(request: Request, limit: u64) -> Result<Received, Problem> {
    if is_multipart(&request) {
        intake::allow(&request, limit);
        from_multipart(request).await
    } else {
        from_json(body_within(request, limit).await?).await
    }
}

fn is_multipart(request: &Request) -> bool {
    let kind =
        request.headers().get(CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or_default();
    kind.trim_start().to_ascii_lowercase().starts_with("multipart/form-data")
}

/// A submission from JSON.
pub(in crate::web) async fn from_json(bytes: Bytes) -> Result<Received, Problem> {
    let size = bytes.len();
    let read = move || -> Result<Received, Problem> {
        let wire: SubmitV1 = json(&bytes)?;
        let documents = wire.evidence.iter().enumerate().map(|(i, d)| document(d, i));
        let evidence = documents.collect::<Result<_, _>>()?;
        Ok((submission(wire, evidence), Digest::of(&bytes)))
    };
    blocking::run_if_large(size, read).await?
}

fn submission(wire: SubmitV1, evidence: Vec<Document>) -> Submission {
    Submission {
        model: wire.model,
        version: wire.version,
        artifact: wire.artifact,
        environment: wire.environment,
        comment: wire.comment,
        context: wire.context,
        evidence,
        predictions: wire.predictions,
        dataset: wire.dataset,
        again: wire.again,
        delivery: None,
    }
}

fn document(wire: &DocumentV1, index: usize) -> Result<Document, Problem> {
    let name = wire.name.clone().unwrap_or_else(|| format!("evidence {}", index + 1));
    let bytes = match (&wire.document, &wire.content_base64) {
        (Some(raw), None) => Bytes::copy_from_slice(raw.get().as_bytes()),
        (None, Some(text)) => STANDARD.decode(text).map(Bytes::from).map_err(|e| {
            Problem::bad("invalid-base64", format!("{name}: `content_base64` is not base64: {e}"))
        })?,
        _ => {
            let detail = format!("{name}: give either `document`, as JSON, or `content_base64`");
            return Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid-evidence", detail));
        }
    };
    Ok(Document {
        name,
        bytes,
        format: wire.format.clone(),
        mapping: wire.mapping.clone(),
        dataset: wire.dataset.clone(),
        produced_at: wire.produced_at,
    })
}

/// One part of a form.
struct Part {
    kind: String,
    name: Option<String>,
    bytes: Bytes,
}

/// A submission from a multipart form: a part `request` with the JSON of the request, and a part
/// `evidence` for each document. An entry of the request's `evidence` describes the document whose
/// file name is its `name`.
async fn from_multipart(request: Request) -> Result<Received, Problem> {
    let extensions = request.extensions().clone();
    let mut form = Multipart::from_request(request, &())
        .await
        .map_err(|e| Problem::bad("invalid-form", e.body_text()))?;
    let mut parts = Vec::new();
    while let Some(field) = form.next_field().await.map_err(|e| form_error(&e, &extensions))? {
        let kind = field.name().unwrap_or_default().to_owned();
        let name = field.file_name().map(str::to_owned);
        parts.push(Part {
            kind,
            name,
            bytes: field.bytes().await.map_err(|e| form_error(&e, &extensions))?,
        });
    }
    let size = parts.iter().map(|part| part.bytes.len()).sum();
    blocking::run_if_large(size, move || from_parts(parts)).await?
}

fn from_parts(parts: Vec<Part>) -> Result<Received, Problem> {
    let (mut wire, mut evidence, mut digested) = (None, Vec::new(), Vec::new());
    for Part { kind, name, bytes } in parts {
        // The parts identify the request, not the boundary that a client puts between them.
        digested.extend_from_slice(Digest::of(&bytes).as_bytes());
        match kind.as_str() {
            "request" => wire = Some(json::<SubmitV1>(&bytes)?),
            "evidence" => evidence.push((name, bytes)),
            other => {
                let detail = format!(
                    "unknown part `{}`: expected `request` and `evidence`",
                    other.escape_debug()
                );
                return Err(Problem::bad("invalid-form", detail));
            }
        }
    }
    let wire = wire.ok_or_else(|| {
        Problem::bad("invalid-form", "the part `request`, the request as JSON, is missing")
    })?;
    let evidence = joined(&wire.evidence, evidence)?;
    Ok((submission(wire, evidence), Digest::of(&digested)))
}

/// Documents from their parts, each with what the request says about the part of that name.
fn joined(
    said: &[DocumentV1],
    parts: Vec<(Option<String>, Bytes)>,
) -> Result<Vec<Document>, Problem> {
    let mut unused: Vec<&DocumentV1> = said.iter().collect();
    let mut documents = Vec::with_capacity(parts.len());
    for (i, (name, bytes)) in parts.into_iter().enumerate() {
        let at = unused.iter().position(|d| d.name.is_some() && d.name == name);
        let said = at.map(|at| unused.remove(at).clone()).unwrap_or_default();
        documents.push(Document {
            name: name.unwrap_or_else(|| format!("evidence {}", i + 1)),
            bytes,
            format: said.format,
            mapping: said.mapping,
            dataset: said.dataset,
            produced_at: said.produced_at,
        });
    }
    for (i, said) in unused.into_iter().enumerate() {
        documents.push(document(said, i)?);
    }
    Ok(documents)
}

fn form_error(
    error: &axum::extract::multipart::MultipartError,
    extensions: &Extensions,
) -> Problem {
    let told = intake::told(extensions);
    told.unwrap_or_else(|| Problem::bad("invalid-form", error.body_text()))
}
