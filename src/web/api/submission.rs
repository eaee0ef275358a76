//! A submission as it arrives, as JSON or as a multipart form, for the API and for webhooks alike.

use crate::{
    app::submit::{Document, Submission},
    web::{extract::json, intake, problem::Problem},
    wire::release::{DocumentV1, SubmitV1},
};
use axum::{
    extract::{FromRequest as _, Multipart, Request},
    http::{Extensions, header::CONTENT_TYPE},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;

/// Whether a request is a multipart form.
pub(in crate::web) fn is_multipart(request: &Request) -> bool {
    let kind = request.headers().get(CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or_default();
    kind.trim_start().to_ascii_lowercase().starts_with("multipart/form-data")
}

/// A submission from JSON.
pub(in crate::web) fn from_json(bytes: &Bytes) -> Result<Submission, Problem> {
    let wire: SubmitV1 = json(bytes)?;
    let documents = wire.evidence.iter().enumerate().map(|(i, d)| document(d, i));
    let evidence = documents.collect::<Result<_, _>>()?;
    Ok(submission(wire, evidence))
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
        (None, Some(text)) => STANDARD
            .decode(text)
            .map(Bytes::from)
            .map_err(|e| Problem::bad("invalid-base64", format!("{name}: `content_base64` is not base64: {e}")))?,
        _ => {
            let detail = format!("{name}: give either `document`, as JSON, or `content_base64`");
            return Err(Problem::bad("invalid-evidence", detail));
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

/// A submission from a multipart form: a part `request` with the JSON of the request, and a part `evidence` for each
/// document, whose file name the request's `evidence` may name to say more of it.
pub(in crate::web) async fn from_multipart(request: Request) -> Result<(Submission, Vec<u8>), Problem> {
    let extensions = request.extensions().clone();
    let mut form =
        Multipart::from_request(request, &()).await.map_err(|e| Problem::bad("invalid-form", e.body_text()))?;
    let (mut wire, mut parts, mut digested) = (None, Vec::new(), Vec::new());
    while let Some(field) = form.next_field().await.map_err(|e| form_error(&e, &extensions))? {
        let kind = field.name().unwrap_or_default().to_owned();
        let name = field.file_name().map(str::to_owned);
        let bytes = field.bytes().await.map_err(|e| form_error(&e, &extensions))?;
        // What identifies the request is its parts, not the boundary that a client drew between them.
        digested.extend_from_slice(crate::model::Digest::of(&bytes).as_bytes());
        match kind.as_str() {
            "request" => wire = Some(json::<SubmitV1>(&bytes)?),
            "evidence" => parts.push((name, bytes)),
            other => {
                let detail = format!("unknown part `{}`: expected `request` and `evidence`", other.escape_debug());
                return Err(Problem::bad("invalid-form", detail));
            }
        }
    }
    let wire =
        wire.ok_or_else(|| Problem::bad("invalid-form", "the part `request`, the request as JSON, is missing"))?;
    let evidence = joined(&wire.evidence, parts)?;
    Ok((submission(wire, evidence), digested))
}

/// Documents from their parts, each with what the request says of the part of that name.
fn joined(said: &[DocumentV1], parts: Vec<(Option<String>, Bytes)>) -> Result<Vec<Document>, Problem> {
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

fn form_error(error: &axum::extract::multipart::MultipartError, extensions: &Extensions) -> Problem {
    let told = intake::told(extensions);
    told.unwrap_or_else(|| Problem::bad("invalid-form", error.body_text()))
}
