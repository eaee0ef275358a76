//! `/releases/{release}`: one release, and the vote on it.

use super::{draw, queue::log_size, session::Session};
use crate::web::extract::{Form, Path, Query};
use crate::{
    app::approve::Ballot,
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
    done: Option<Vote>,
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
    let notice = query.done.map(|vote| notice(vote, latest));
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

fn notice(vote: Vote, latest: Option<Outcome>) -> Notice {
    let text = match (vote, latest) {
        (Vote::Reject, _) => "Your rejection is recorded, signed and logged.",
        (Vote::Approve, Some(Outcome::Allow)) => {
            "Your approval is recorded. The release is allowed."
        }
        (Vote::Approve, _) => "Your approval is recorded, signed and logged.",
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
