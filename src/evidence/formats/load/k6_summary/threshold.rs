//! Thresholds of a metric, including those that were kept only because nothing was measured.
//!
//! k6 reports a threshold as kept if its metric has no sample (grafana/k6#4283). On k6's own
//! metrics, and if it requires a minimum, such a threshold is a failure here: nothing was checked,
//! or nothing was requested. It is accepted only for a custom rate with a maximum, because many
//! scripts count only errors in such a rate.

use crate::evidence::{
    Collector,
    json::{Object, Value},
    quoted,
};

/// Says that a metric has no sample.
#[derive(Debug, Clone, Copy)]
pub(super) struct Nothing {
    why: &'static str,
    /// Whether it can be good that there is no sample.
    may_be_good: bool,
}

impl Nothing {
    /// For a rate.
    pub(super) fn of_rate(name: &str) -> Self {
        match name {
            "checks" | "checks_succeeded" | "checks_failed" => {
                Self { why: "no check was made", may_be_good: false }
            }
            "http_req_failed" | "browser_http_req_failed" => {
                Self { why: "no request was made", may_be_good: false }
            }
            _ => Self { why: "no sample was taken", may_be_good: true },
        }
    }

    /// For a trend.
    pub(super) fn of_trend(name: &str) -> Self {
        let why = if name == "http_req_duration" {
            "no request was answered"
        } else {
            "no sample was taken"
        };
        Self { why, may_be_good: false }
    }
}

/// Reads the thresholds: objects with `ok`. In `--summary-export` they are booleans, and true if
/// they were crossed.
pub(super) fn read(
    collector: &mut Collector<'_>,
    name: &str,
    metric: &Object<'_>,
    nothing: Option<Nothing>,
) {
    for member in collector.members(metric.get("thresholds")) {
        let check = format!("{name}: {}", member.key);
        let kept = match (&member.value.value, member.value.get("ok").map(|ok| &ok.value)) {
            (Value::Bool(crossed), _) => Some(!crossed),
            (_, Some(Value::Bool(ok))) => Some(*ok),
            _ => None,
        };
        let Some(kept) = kept else {
            collector.check(check, false, Some("it does not say whether it held".to_owned()));
            continue;
        };
        match nothing {
            Some(nothing) if nothing.may_be_good && !member.key.contains('>') => {
                collector.warn(format!("the threshold {} rests on no sample", quoted(&check)));
                collector.check(check, kept, Some(nothing.why.to_owned()));
            }
            Some(nothing) => collector.check(check, false, Some(nothing.why.to_owned())),
            None => collector.check(check, kept, None),
        }
    }
}
