//! `/api/v1/gate`: the question of deploy tools.

use crate::web::extract::Query;
use crate::{
    model::{Decision, Digest, Environment, ModelId, Outcome},
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

fn answer(decision: Decision) -> GateDataV1 {
    let verdict = &decision.record.verdict;
    let findings = verdict.blocking().map(|finding| finding.message.clone());
    let missing = verdict
        .approvals
        .iter()
        .filter(|a| a.given < a.needed)
        .map(|a| format!("{} of {} approvals by {} are given", a.given, a.needed, a.role));
    let rejected = verdict.approvals.iter().filter(|a| a.rejected > 0).map(|a| format!("{} rejected it", a.role));
    let ok = verdict.verdict == Outcome::Allow;
    let reasons = if ok { Vec::new() } else { findings.chain(rejected).chain(missing).collect() };
    GateDataV1 {
        ok,
        verdict: verdict.verdict.to_string(),
        release: Some(decision.release),
        decision: Some(decision.id),
        reasons,
    }
}
