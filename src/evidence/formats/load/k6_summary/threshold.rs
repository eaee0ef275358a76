//! Thresholds of a metric, and those that were kept because nothing was measured.
//!
//! k6 calls a threshold kept when no sample went into its metric (grafana/k6#4283). Over its own metrics, and where it
//! asks for a least value, such a threshold failed here: nothing was checked, or nothing was requested. Only a rate of the
//! script's own with a greatest value may stay, because many scripts count nothing but errors in one.

use crate::evidence::{
    Collector,
    json::{Object, Value},
    quoted,
};

/// That a metric has no sample.
#[derive(Debug, Clone, Copy)]
pub(super) struct Nothing {
    why: &'static str,
    /// Whether no sample may be good news.
    may_be_good: bool,
}

impl Nothing {
    /// Of a rate.
    pub(super) fn of_rate(name: &str) -> Self {
        match name {
            "checks" | "checks_succeeded" | "checks_failed" => Self { why: "no check was made", may_be_good: false },
            "http_req_failed" | "browser_http_req_failed" => Self { why: "no request was made", may_be_good: false },
            _ => Self { why: "no sample was taken", may_be_good: true },
        }
    }

    /// Of a trend.
    pub(super) fn of_trend(name: &str) -> Self {
        let why = if name == "http_req_duration" { "no request was answered" } else { "no sample was taken" };
        Self { why, may_be_good: false }
    }
}

/// Thresholds are objects with `ok`; in `--summary-export` they are bare, and true when they were crossed.
pub(super) fn read(out: &mut Collector<'_>, name: &str, metric: &Object<'_>, nothing: Option<Nothing>) {
    for member in out.members(metric.get("thresholds")) {
        let check = format!("{name}: {}", member.key);
        let kept = match (&member.value.value, member.value.get("ok").map(|ok| &ok.value)) {
            (Value::Bool(crossed), _) => Some(!crossed),
            (_, Some(Value::Bool(ok))) => Some(*ok),
            _ => None,
        };
        let Some(kept) = kept else {
            out.check(check, false, Some("it does not say whether it held".to_owned()));
            continue;
        };
        match nothing {
            Some(nothing) if nothing.may_be_good && !member.key.contains('>') => {
                out.warn(format!("the threshold {} rests on no sample", quoted(&check)));
                out.check(check, kept, Some(nothing.why.to_owned()));
            }
            Some(nothing) => out.check(check, false, Some(nothing.why.to_owned())),
            None => out.check(check, kept, None),
        }
    }
}
