//! `/releases/{release}`: one release, and the vote on it.

use super::{draw, queue::log_size, session::Session};
use crate::web::extract::{Form, Path, Query};
use crate::{
    app::gate::approve::Ballot,
    model::{Digest, Outcome, ReleaseId, Vote},
    web::{
        Web,
        problem::{Answer, Problem},
        views::{Notice, ReleasePage, paths, release::Source},
    },
};
use axum::{
    extract::State,
    response::{IntoResponse as _, Redirect, Response},
};
use serde::Deserialize;

#[derive(Debug, Deserialize)]
pub(super) struct Done {
    done: Option<Did>,
    /// The part of the findings that is shown, counted from 1.
    findings: Option<usize>,
}

pub(super) async fn show(
    State(web): State<Web>,
    session: Session,
    Path(id): Path<ReleaseId>,
    Query(query): Query<Done>,
) -> Answer<Response> {
    let (history, indexes) = web.service.story(&session.actor, &id).await?;
    let latest = history.latest().map(|d| d.record.verdict.verdict);
    let notice = query.done.map(|done| notice(done, latest));
    let log_size = log_size(&web, &session).await;
    let page = move || {
        let source = Source {
            release: &history.stored.release,
            decisions: &history.decisions,
            approvals: &history.votes(),
            standing: Some(&history.standing),
            indexes: &indexes,
            log_size,
            part: query.findings.unwrap_or(1),
        };
        ReleasePage::new(&source, &session.viewer, notice)
    };
    draw(&web, page).await
}

/// What the viewer has just done.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Did {
    Approve,
    Reject,
    Evaluate,
}

fn notice(did: Did, latest: Option<Outcome>) -> Notice {
    let text = match (did, latest) {
        (Did::Evaluate, Some(Outcome::Pending)) => {
            "The release was evaluated again. Read what changed, then vote."
        }
        (Did::Evaluate, _) => "The release was evaluated again.",
        (Did::Reject, _) => "Your rejection is recorded, signed and logged.",
        (Did::Approve, Some(Outcome::Allow)) => {
            "Your approval is recorded. The release is allowed."
        }
        (Did::Approve, _) => "Your approval is recorded, signed and logged.",
    };
    Notice { tone: "good", text: text.to_owned() }
}

#[derive(Deserialize)]
pub(super) struct VoteForm {
    csrf: String,
    vote: Vote,
    #[serde(default)]
    comment: String,
    inputs_digest: String,
}

pub(super) async fn vote(
    State(web): State<Web>,
    session: Session,
    Path(release): Path<ReleaseId>,
    Form(form): Form<VoteForm>,
) -> Result<Response, Problem> {
    session.check(&form.csrf)?;
    let inputs_digest: Digest = form
        .inputs_digest
        .parse()
        .map_err(|_| Problem::bad("invalid-form", "the form names no inputs; reload it"))?;
    let ballot = Ballot {
        release: release.clone(),
        vote: form.vote,
        comment: form.comment,
        inputs_digest,
        delivery: None,
    };
    web.service.vote(&session.actor, ballot).await?;
    let done = format!("{}?done={}", paths::release(&release), form.vote.as_str());
    Ok(Redirect::to(&web.renderer.address(&done)).into_response())
}

#[derive(Deserialize)]
pub(super) struct EvaluateForm {
    csrf: String,
}

pub(super) async fn evaluate_again(
    State(web): State<Web>,
    session: Session,
    Path(release): Path<ReleaseId>,
    Form(form): Form<EvaluateForm>,
) -> Result<Response, Problem> {
    session.check(&form.csrf)?;
    web.service.evaluate_again(&session.actor, &release).await?;
    let done = format!("{}?done=evaluate", paths::release(&release));
    Ok(Redirect::to(&web.renderer.address(&done)).into_response())
}
