//! Every address of the service, in one table.

use super::{
    Web,
    api::{
        approvals, datasets, decisions, evidence, gate, log, mappings, models, openapi, policies, predictions,
        references, releases, reports,
    },
    hooks, layers, metrics, pages, public,
};
use axum::{
    Router,
    routing::{get, post, put},
};

/// The whole service.
pub fn router(web: &Web) -> Router {
    let api = Router::new()
        .route("/api/v1/openapi.json", get(openapi::serve))
        .route("/api/v1/releases", post(releases::submit).get(releases::list))
        .route("/api/v1/releases/{release}", get(releases::get))
        .route("/api/v1/releases/{release}/approvals", post(approvals::vote))
        .route("/api/v1/decisions/{decision}", get(decisions::get))
        .route("/api/v1/decisions/{decision}/export", get(decisions::export))
        .route("/api/v1/evidence/{digest}", get(evidence::get))
        .route("/api/v1/policies", post(policies::publish).get(policies::list))
        .route("/api/v1/policies/{digest}", get(policies::get))
        .route("/api/v1/mappings", post(mappings::publish).get(mappings::list))
        .route("/api/v1/mappings/{digest}", get(mappings::get))
        .route("/api/v1/predictions", put(predictions::upload))
        .route("/api/v1/datasets", post(datasets::register).get(datasets::list))
        .route("/api/v1/datasets/{*name}", get(datasets::get))
        .route("/api/v1/references", post(references::propose).get(references::list))
        .route("/api/v1/references/{reference}/approvals", post(references::approve))
        .route("/api/v1/models", get(models::list))
        .route("/api/v1/gate", get(gate::get))
        .route("/api/v1/log", get(log::head))
        .route("/api/v1/log/entries", get(log::entries))
        .route("/api/v1/reports/audit", get(reports::audit))
        .route("/api/v1/reports/releases/{release}", get(reports::release))
        .route("/hooks/ci", post(hooks::ci::receive));
    let public = Router::new()
        .route("/log/{namespace}/checkpoint", get(public::checkpoint))
        .route("/log/{namespace}/vkey", get(public::verifier_key))
        .route("/log/{namespace}/tile/{*path}", get(public::tile))
        .route("/.well-known/jwks.json", get(public::jwks))
        .route("/healthz", get(public::healthz))
        .route("/readyz", get(public::readyz))
        .route("/metrics", get(metrics::serve));
    let all = pages::router(web)
        .merge(api)
        .merge(public)
        .fallback(public::unknown)
        .method_not_allowed_fallback(public::wrong_method);
    layers::wrap(all.with_state(web.clone()), web)
}
