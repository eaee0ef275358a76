//! HTTP, and the only module that names axum: the API, webhooks, the public log, and pages for people.

mod api;
mod asked;
mod audit;
mod caller;
mod doors;
mod extract;
mod hooks;
mod intake;
mod layers;
mod metrics;
mod nearest;
mod negotiate;
mod pace;
mod pages;
mod problem;
mod public;
mod release_report;
mod router;
mod server;
mod stream;
pub mod views;
mod watched;

pub use api::openapi::document as openapi;
pub use metrics::Requests;
pub use router::router;
pub use server::{Bound, Running, bind, start, start_metrics};

use crate::{app::Service, config::Limits, render::Renderer};
use std::sync::Arc;

/// The networks that `trusted_proxies` names: addresses, or networks such as `10.0.0.0/8`.
///
/// # Errors
/// With the first word that is neither.
pub fn networks(words: &[String]) -> Result<Arc<[ipnet::IpNet]>, String> {
    let network = |word: &String| {
        let address = || word.parse::<std::net::IpAddr>().map(ipnet::IpNet::from);
        word.parse::<ipnet::IpNet>().or_else(|_| address()).map_err(|_| word.clone())
    };
    words.iter().map(network).collect()
}

/// The state that every handler can use.
#[derive(Clone)]
pub struct Web {
    /// The service.
    pub service: Arc<Service>,
    /// The counts of answered requests.
    pub requests: Arc<Requests>,
    /// The templates.
    pub renderer: Arc<Renderer>,
    /// The largest request body, in bytes.
    pub max_body: usize,
    /// Whether `/metrics` is served at a separate address.
    pub metrics_apart: bool,
    /// The limits on what clients can use.
    pub limits: Limits,
    /// Proxies whose `X-Forwarded-For` is trusted, and that may have any number of connections.
    pub trusted_proxies: Arc<[ipnet::IpNet]>,
}
