//! `/api/v1/predictions`: files of rows, streamed to disk.

use crate::{
    app::registry::uploads::Uploaded,
    identity::Actor,
    web::{
        Web,
        extract::Bearer,
        intake,
        problem::{Answer, Problem},
    },
    wire::{
        common::ProblemV1,
        predictions::{UploadV1, UploadedV1},
    },
};
use axum::{
    Json,
    body::HttpBody as _,
    extract::{Request, State},
    http::StatusCode,
};
use std::{future::poll_fn, pin::Pin};

/// Upload a file of raw predictions, or of labels and groups. A submission names it by the digest
/// in the answer.
#[utoipa::path(
    put, path = "/api/v1/predictions", tag = "predictions",
    request_body(content = String, content_type = "application/octet-stream"),
    responses(
        (status = 201, body = UploadedV1), (status = 200, body = UploadedV1, description = "The same file was uploaded before"),
        (status = 400, body = ProblemV1), (status = 401, body = ProblemV1), (status = 403, body = ProblemV1),
        (status = 408, body = ProblemV1), (status = 413, body = ProblemV1), (status = 503, body = ProblemV1)
    ),
    security(("token" = []))
)]
pub async fn upload(
    State(web): State<Web>,
    Bearer(actor): Bearer,
    request: Request,
) -> Answer<(StatusCode, Json<UploadedV1>)> {
    let deadline = web.service.upload_deadline();
    let uploaded =
        tokio::time::timeout(deadline, receive(&web, &actor, request)).await.map_err(|_| {
            let detail = format!(
                "the upload did not end within {} seconds and was discarded",
                deadline.as_secs()
            );
            Problem::new(StatusCode::REQUEST_TIMEOUT, "upload-too-slow", detail)
        })??;
    let status = if uploaded.new { StatusCode::CREATED } else { StatusCode::OK };
    Ok((
        status,
        Json(UploadedV1 { data: UploadV1 { digest: uploaded.digest, size: uploaded.size } }),
    ))
}

async fn receive(web: &Web, actor: &Actor, request: Request) -> Answer<Uploaded> {
    let (parts, mut body) = request.into_parts();
    let mut upload = web.service.begin_upload(actor).await?;
    // Refused before the file is sent, if the sender declares its size.
    upload.expect(body.size_hint().lower())?;
    let mut empty = true;
    while let Some(frame) = poll_fn(|context| Pin::new(&mut body).poll_frame(context)).await {
        // Trailers are not part of the file.
        if let Ok(bytes) = frame.map_err(|_| intake::unreadable(&parts.extensions))?.into_data() {
            empty &= bytes.is_empty();
            upload.write(&bytes).await?;
        }
    }
    if empty {
        let detail = "the file is empty; send the rows as the body of the request";
        return Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "upload-empty", detail));
    }
    Ok(web.service.finish_upload(actor, upload).await?)
}
