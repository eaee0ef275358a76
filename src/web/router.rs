//! Every address of the service, in one table.

use super::{
    Web,
    api::{
        approvals, datasets, decisions, evaluations, evidence, gate, log, mappings, models,
        openapi, policies, predictions, references, releases, reports,
    },
    hooks,
    layers::{self, HOOK, PREDICTIONS},
    metrics, pages, public,
};
use axum::{
    Router,
    extract::Request,
    http::Uri,
    middleware,
    routing::{get, post, put},
};
use tower::ServiceExt as _;

/// The routes of the whole service.
pub fn router(web: &Web) -> Router {
    let api = Router::new()
        .route("/api/v1/openapi.json", get(openapi::serve))
        .route("/api/v1/releases", post(releases::submit).get(releases::list))
        .route("/api/v1/releases/{release}", get(releases::get))
        .route("/api/v1/releases/{release}/approvals", post(approvals::vote))
        .route("/api/v1/releases/{release}/evaluations", post(evaluations::again))
        .route("/api/v1/decisions/{decision}", get(decisions::get))
        .route("/api/v1/decisions/{decision}/export", get(decisions::export))
        .route("/api/v1/evidence/{digest}", get(evidence::get))
        .route("/api/v1/policies", post(policies::publish).get(policies::list))
        .route("/api/v1/policies/{digest}", get(policies::get))
        .route("/api/v1/mappings", post(mappings::publish).get(mappings::list))
        .route("/api/v1/mappings/{digest}", get(mappings::get))
        .route(PREDICTIONS, put(predictions::upload))
        .route("/api/v1/datasets", post(datasets::register).get(datasets::list))
        .route("/api/v1/datasets/{*name}", get(datasets::get))
        .route("/api/v1/references", post(references::propose).get(references::list))
        .route("/api/v1/references/{reference}/approvals", post(references::approve))
        .route("/api/v1/models", get(models::list))
        .route("/api/v1/gate", get(gate::get))
        .route("/api/v1/log", get(log::head))
        .route("/api/v1/log/entries", get(log::entries))
        .route("/api/v1/reports/audit", get(reports::period))
        .route("/api/v1/reports/releases/{release}", get(reports::of_release))
        .route(HOOK, post(hooks::ci::receive));
    let log = Router::new()
        .route("/log/{namespace}/checkpoint", get(public::checkpoint))
        .route("/log/{namespace}/vkey", get(public::verifier_key))
        .route("/log/{namespace}/tile/{*path}", get(public::tile));
    let proved = pages::router(web).merge(api).merge(log);
    let proved = proved.route_layer(middleware::from_fn_with_state(web.clone(), layers::provable));
    let public = Router::new()
        .route("/.well-known/jwks.json", get(public::jwks))
        .route("/healthz", get(public::healthz))
        .route("/readyz", get(public::readyz));
    let mut all = proved.merge(public);
    if !web.metrics_apart {
        all = all.route("/metrics", get(metrics::serve));
    }
    let all = all.fallback(public::unknown).method_not_allowed_fallback(public::wrong_method);
    below(web.renderer.base(), layers::wrap(all.with_state(web.clone()), web))
}

/// The routes at the address for metrics: monitoring needs no others.
pub fn metrics(web: &Web) -> Router {
    let all = Router::new()
        .route("/metrics", get(metrics::serve))
        .route("/healthz", get(public::healthz))
        .route("/readyz", get(public::readyz))
        .fallback(public::unknown)
        .method_not_allowed_fallback(public::wrong_method);
    layers::wrap(all.with_state(web.clone()), web)
}

/// The router for a service below a path of its host, whether or not the proxy in front of it
/// strips that path.
fn below(base: &str, router: Router) -> Router {
    if base.is_empty() {
        return router;
    }
    let base = base.to_owned();
    let stripped = move |mut request: Request| {
        if let Some(uri) = without(&base, request.uri()) {
            *request.uri_mut() = uri;
        }
        request
    };
    Router::new().fallback_service(router.map_request(stripped))
}

/// The address without `base`; `None` if it does not begin with it.
fn without(base: &str, uri: &Uri) -> Option<Uri> {
    let rest =
        uri.path().strip_prefix(base).filter(|rest| rest.is_empty() || rest.starts_with('/'))?;
    let path = if rest.is_empty() { "/" } else { rest };
    let query = uri.query().map(|query| format!("?{query}")).unwrap_or_default();
    format!("{path}{query}").parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_base_is_taken_off_whole() {
        let without =
            |uri: &str| without("/gate", &uri.parse().unwrap()).map(|uri| uri.to_string());
        for (asked, meant) in [
            ("/gate", "/"),
            ("/gate/", "/"),
            ("/gate?a=b", "/?a=b"),
            ("/gate/releases?a=%2F", "/releases?a=%2F"),
            ("/gate/api/v1/datasets/a%2Fb", "/api/v1/datasets/a%2Fb"),
        ] {
            assert_eq!(without(asked).as_deref(), Some(meant));
        }
        for other in ["/", "/gateway", "/api/v1/gate", "/releases"] {
            assert_eq!(without(other), None);
        }
    }
}
