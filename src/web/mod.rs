//! HTTP, and the only module that names axum: the API, webhooks, the public log, and pages for people.

mod api;
mod extract;
mod hooks;
mod layers;
mod metrics;
mod negotiate;
mod pages;
mod problem;
mod public;
mod router;
mod server;
pub mod views;

pub use api::openapi::document as openapi;
pub use metrics::Requests;
pub use router::router;
pub use server::{Bound, Running, bind, start, start_metrics};

use crate::{app::Service, render::Renderer};
use std::sync::Arc;

/// What every handler may use.
#[derive(Clone)]
pub struct Web {
    /// The service.
    pub service: Arc<Service>,
    /// What was answered.
    pub requests: Arc<Requests>,
    /// The templates.
    pub renderer: Arc<Renderer>,
    /// The largest request body, in bytes.
    pub max_body: usize,
    /// Whether `/metrics` is served at an address of its own.
    pub metrics_apart: bool,
}
