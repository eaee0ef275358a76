//! `/metrics`: the metrics that Prometheus scrapes. Totals of the whole service only, never those
//! of a namespace.

use super::Web;
use crate::app::core::tally::VERDICTS;
use axum::{
    extract::State,
    http::header::CONTENT_TYPE,
    response::{IntoResponse as _, Response},
};
use std::{
    fmt::Write as _,
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

const CLASSES: [&str; 5] = ["1xx", "2xx", "3xx", "4xx", "5xx"];

/// Requests since the process was started.
#[derive(Debug, Default)]
pub struct Requests {
    by_class: [AtomicU64; CLASSES.len()],
    micros: AtomicU64,
}

impl Requests {
    /// Counts an answered request.
    pub fn count(&self, status: u16, took: Duration) {
        let class = usize::from(status / 100).saturating_sub(1).min(CLASSES.len() - 1);
        self.by_class[class].fetch_add(1, Ordering::Relaxed);
        self.micros
            .fetch_add(u64::try_from(took.as_micros()).unwrap_or(u64::MAX), Ordering::Relaxed);
    }
}

/// The metrics in Prometheus' text format, version 0.0.4.
pub async fn serve(State(web): State<Web>) -> Response {
    ([(CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text(&web)).into_response()
}

fn text(web: &Web) -> String {
    let mut out = String::new();
    let head = |out: &mut String, name: &str, help: &str| {
        // Writing to a string cannot fail.
        let _ = writeln!(out, "# HELP {name} {help}\n# TYPE {name} counter");
    };
    head(&mut out, "modelgate_http_requests_total", "Requests answered, by class of status.");
    for (class, count) in CLASSES.iter().zip(&web.requests.by_class) {
        let count = count.load(Ordering::Relaxed);
        let _ = writeln!(out, "modelgate_http_requests_total{{class=\"{class}\"}} {count}");
    }
    head(&mut out, "modelgate_http_request_seconds_total", "Time that answering took, in seconds.");
    let seconds = Duration::from_micros(web.requests.micros.load(Ordering::Relaxed)).as_secs_f64();
    let _ = writeln!(out, "modelgate_http_request_seconds_total {seconds}");
    head(&mut out, "modelgate_decisions_total", "Decisions made durable and signed, by verdict.");
    for (verdict, count) in VERDICTS.iter().zip(web.service.decided()) {
        let _ = writeln!(out, "modelgate_decisions_total{{verdict=\"{verdict}\"}} {count}");
    }
    out
}
