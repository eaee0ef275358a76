//! The `OpenAPI` document, generated from the handlers and the wire types.

use super::{
    approvals, datasets, decisions, evidence, gate, log, mappings, models, policies, predictions, references, releases,
    reports,
};
use crate::web::Web;
use axum::{Json, extract::State};
use utoipa::{
    Modify, OpenApi,
    openapi::{
        OpenApi as Document, Server,
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
        reports::release,
        reports::audit,
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
pub fn document() -> Document {
    Api::openapi()
}

/// Serves it, with the address that others know this service by.
pub async fn serve(State(web): State<Web>) -> Json<Document> {
    let mut document = document();
    document.servers = Some(vec![Server::new(web.service.public_url())]);
    Json(document)
}
