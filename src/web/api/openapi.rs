//! The `OpenAPI` document, generated from the handlers and the wire types.

use super::{
    approvals, datasets, decisions, evaluations, evidence, gate, log, mappings, models, policies,
    predictions, references, releases, reports, truth,
};
use crate::web::{Web, hooks};
use axum::{Json, extract::State};
use serde_json::{Value, json};
use utoipa::{
    Modify, OpenApi,
    openapi::{
        OpenApi as Document,
        security::{Http, HttpAuthScheme, SecurityScheme},
    },
};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "modelgate",
        description = "A gate for machine-learning models: evidence in, a signed and logged verdict out.",
        license(name = "Apache-2.0")
    ),
    paths(
        releases::submit,
        releases::list,
        releases::get,
        approvals::vote,
        evaluations::again,
        decisions::get,
        decisions::export,
        evidence::get,
        policies::publish,
        policies::list,
        policies::get,
        predictions::upload,
        mappings::publish,
        mappings::list,
        mappings::get,
        datasets::register,
        datasets::list,
        datasets::get,
        references::propose,
        references::approve,
        references::list,
        models::list,
        gate::get,
        log::head,
        log::entries,
        reports::of_release,
        reports::period,
        hooks::ci::receive,
    ),
    modifiers(&Token)
)]
struct Api;

struct Token;

impl Modify for Token {
    fn modify(&self, document: &mut Document) {
        let scheme = SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer));
        document.components.get_or_insert_default().add_security_scheme("token", scheme);
    }
}

/// The document that describes the API.
pub fn document() -> Value {
    // A document that is generated from our own types has a JSON form.
    let mut document = serde_json::to_value(Api::openapi()).unwrap_or_default();
    truth::complete(&mut document);
    document
}

/// Serves the document, with the public address of this service.
pub async fn serve(State(web): State<Web>) -> Json<Value> {
    let mut document = document();
    document["servers"] = json!([{"url": web.service.public_url()}]);
    Json(document)
}
