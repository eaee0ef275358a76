//! `/releases`: every release, with a filter.

use super::{
    draw,
    queue::{items, log_size},
    session::Session,
};
use crate::web::extract::Query;
use crate::{
    app::{self, Page},
    model::verdict::UnknownOutcome,
    web::{
        Web,
        problem::{Answer, Problem},
        views::{Filter, ReleasesPage, paths, releases::Names},
    },
};
use axum::{extract::State, response::Response};
use serde::Deserialize;

const PAGE: u32 = 30;
/// The maximum number of models and environments in the filter.
const MOST_NAMES: u32 = 200;

#[derive(Debug, Default, Deserialize)]
pub(super) struct ListQuery {
    #[serde(default)]
    verdict: String,
    #[serde(default)]
    model: String,
    #[serde(default)]
    environment: String,
    before: Option<u64>,
}

pub(super) async fn show(
    State(web): State<Web>,
    session: Session,
    Query(query): Query<ListQuery>,
) -> Answer<Response> {
    let said = |text: &String| Some(text.clone()).filter(|t| !t.is_empty());
    let filter = app::Filter {
        model: said(&query.model),
        environment: said(&query.environment),
        verdict: said(&query.verdict).map(|word| word.parse()).transpose().map_err(unknown)?,
        before: query.before,
        limit: PAGE,
    };
    let releases = web.service.current(&session.actor, &filter).await?;
    let last = releases.last().map(|current| current.release.log_index);
    let full = releases.len() == usize::try_from(PAGE).unwrap_or(usize::MAX);
    let latest = Page { before: None, limit: MOST_NAMES };
    let models = web.service.models(&session.actor, latest).await?;
    let mut models: Vec<String> =
        models.into_iter().map(|asking| asking.model.to_string()).collect();
    models.sort();
    let environments = web.service.environments(&session.actor, MOST_NAMES).await?;
    let next = last.filter(|_| full).map(|before| address(&query, before));
    let filter =
        Filter { verdict: query.verdict, model: query.model, environment: query.environment };
    let size = log_size(&web, &session).await;
    let page = move || {
        let names = Names { models: &models, environments: &environments };
        ReleasesPage::new(&session.viewer, size, &filter, names, &items(&releases), next)
    };
    draw(&web, page).await
}

fn unknown(error: UnknownOutcome) -> Problem {
    Problem::bad("invalid-query", error.to_string())
}

/// The address of the next part. Only values that a filter can match are repeated, so nothing needs
/// an escape.
fn address(query: &ListQuery, before: u64) -> String {
    let mut address = format!("{}?before={before}", paths::RELEASES);
    let plain = |text: &str| {
        !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"/-_.".contains(&b))
    };
    for (name, value) in
        [("verdict", &query.verdict), ("model", &query.model), ("environment", &query.environment)]
    {
        if plain(value) {
            address.push_str(&format!("&{name}={value}"));
        }
    }
    address
}
