//! `/api/v1/gate`: the question of deploy tools.

use crate::web::extract::Query;
use crate::{
    model::{Decision, Digest, Environment, ModelId, ObserveOnly, Outcome},
    web::{Web, extract::Bearer, problem::Answer},
    wire::{
        common::ProblemV1,
        release::{GateDataV1, GateV1},
    },
};
use axum::{Json, extract::State};
use serde::Deserialize;
use utoipa::IntoParams;

/// What to ask about.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct GateQuery {
    /// The model, `namespace/name`.
    #[param(value_type = String)]
    model: ModelId,
    /// The artifact, `sha256:<hex>`.
    #[param(value_type = String)]
    digest: Digest,
    /// Where it is to go.
    #[param(value_type = String)]
    environment: Environment,
}

/// Is this artifact allowed there now? Answers 200 whatever the verdict.
#[utoipa::path(
    get, path = "/api/v1/gate", tag = "gate", params(GateQuery),
    responses((status = 200, body = GateV1), (status = 400, body = ProblemV1), (status = 401, body = ProblemV1)),
    security(("token" = []))
)]
pub async fn get(
    State(web): State<Web>,
    Bearer(actor): Bearer,
    Query(query): Query<GateQuery>,
) -> Answer<Json<GateV1>> {
    let decision = web.service.gate(&actor, &query.model, &query.digest, &query.environment).await?;
    Ok(Json(GateV1 { data: decision.map_or_else(unasked, answer) }))
}

/// Nobody ever asked: that is no permission.
fn unasked() -> GateDataV1 {
    let reason = "no release of this artifact to this environment was ever requested".to_owned();
    GateDataV1 { ok: false, verdict: Outcome::Deny.to_string(), release: None, decision: None, reasons: vec![reason] }
}

/// So many reasons are told; the release has them all.
const MOST_REASONS: usize = 50;

fn some(mut reasons: impl Iterator<Item = String>) -> Vec<String> {
    let mut told: Vec<String> = reasons.by_ref().take(MOST_REASONS).collect();
    match reasons.count() {
        0 => {}
        more => told.push(format!("and {more} more, which the release has")),
    }
    told
}

const UNVOUCHED: &str = "only policies that observe judged this release, and none enforces; submit it again";

fn answer(decision: Decision) -> GateDataV1 {
    let verdict = &decision.record.verdict;
    let findings = verdict.blocking().map(|finding| finding.message.clone());
    let missing = verdict
        .approvals
        .iter()
        .filter(|a| a.given < a.needed)
        .map(|a| format!("{} of {} approvals by {} are given", a.given, a.needed, a.role));
    let rejected = verdict.approvals.iter().filter(|a| a.rejected > 0).map(|a| format!("{} rejected it", a.role));
    // Decisions of earlier versions allowed whatever policies only observed: that is no permission, nor is it one now.
    let vouched = verdict.is_enforced() || decision.record.inputs.observe_only == Some(ObserveOnly::Allow);
    let unvouched_allow = verdict.verdict == Outcome::Allow && !vouched;
    let unvouched = unvouched_allow.then(|| UNVOUCHED.to_owned());
    let ok = verdict.verdict == Outcome::Allow && vouched;
    let mut reasons = Vec::new();
    if !ok {
        reasons.extend(unvouched);
        reasons.extend(some(findings));
        reasons.extend(rejected.chain(missing));
    }
    GateDataV1 {
        ok,
        verdict: if unvouched_allow { Outcome::Deny } else { verdict.verdict }.to_string(),
        release: Some(decision.release),
        decision: Some(decision.id),
        reasons,
    }
}
