//! One metric of k6: a trend, a rate, a counter or a gauge.

use super::load;
use crate::evidence::{
    Collector,
    json::{Json, Number, Object},
};
use crate::model::{Slice, Unit};
use crate::stats::proportion::float;

/// The metrics of a summary. Some say how many samples others have, so that all are gathered first.
#[derive(Default)]
pub(super) struct Metrics<'j> {
    all: Vec<(String, Slice, &'j Object<'j>)>,
    requests: Option<u64>,
    iterations: Option<u64>,
}

/// The numbers of a metric: in `values`, or in the metric itself.
fn values<'j>(metric: &'j Object<'j>) -> &'j Object<'j> {
    metric.get("values").and_then(Json::as_object).unwrap_or(metric)
}

fn count(values: &Object<'_>, key: &str) -> Option<u64> {
    values.get(key).and_then(Json::as_number).and_then(Number::count)
}

/// The name and the tags of `http_req_duration{expected_response:true, status:200}`.
fn tagged(name: &str) -> (String, Slice) {
    let plain = || (name.to_owned(), Slice::overall());
    let Some((base, tags)) = name.split_once('{').and_then(|(base, rest)| Some((base, rest.strip_suffix('}')?))) else {
        return plain();
    };
    let quotes = |text: &str| text.trim().trim_matches(['"', '\'']).to_owned();
    let tags = tags.split(',').map(|tag| tag.split_once(':').map(|(key, value)| (quotes(key), quotes(value))));
    match tags.collect::<Option<_>>() {
        Some(tags) => (base.to_owned(), Slice(tags)),
        None => plain(),
    }
}

impl<'j> Metrics<'j> {
    pub(super) fn add(&mut self, out: &mut Collector<'_>, name: &str, metric: &'j Object<'j>) {
        out.object(metric.get("values"));
        match name {
            "http_reqs" => self.requests = count(values(metric), "count"),
            "iterations" => self.iterations = count(values(metric), "count"),
            _ => {}
        }
        thresholds(out, name, metric);
        let (base, slice) = tagged(name);
        self.all.push((base, slice, metric));
    }

    pub(super) fn write(&self, out: &mut Collector<'_>) {
        for (name, slice, metric) in &self.all {
            let values = values(metric);
            let n = count(values, "count").or_else(|| self.samples(name).filter(|_| slice.is_overall()));
            if values.has("passes") || values.has("matches") {
                rate(out, name, slice, values);
            } else if is_trend(metric, values) {
                trend(out, name, slice, values, n, unit(name, metric, true));
            } else {
                plain(out, name, slice, values, unit(name, metric, false));
            }
        }
        if self.all.is_empty() {
            load::succeeded(out, "", 0, 0);
        }
    }

    /// Of how many samples a trend is made that k6 fills once for each request or iteration.
    fn samples(&self, name: &str) -> Option<u64> {
        match name {
            "iteration_duration" => self.iterations,
            _ if name.starts_with("http_req_") => self.requests,
            _ => None,
        }
    }
}

/// Whether it is a trend: an export without `type` has one of the usual statistics, unless others were asked for.
fn is_trend(metric: &Object<'_>, values: &Object<'_>) -> bool {
    metric.get("type").and_then(Json::as_str) == Some("trend")
        || values.has("avg")
        || values.has("med")
        || values.iter().any(|member| member.key.starts_with("p("))
}

/// The unit of a metric: what it `contains`, or what k6 itself measures. Trends of the script's own may be anything.
fn unit(name: &str, metric: &Object<'_>, trend: bool) -> Option<Unit> {
    const TIMES: [&str; 8] = [
        "iteration_duration",
        "group_duration",
        "grpc_req_duration",
        "ws_connecting",
        "ws_session_duration",
        "ws_ping",
        "browser_http_req_duration",
        "dropped_iteration_duration",
    ];
    match metric.get("contains").and_then(Json::as_str) {
        Some("time") => Some(Unit::Milliseconds),
        Some("data") => Some(Unit::Bytes),
        None if trend && (name.starts_with("http_req_") || TIMES.contains(&name)) => Some(Unit::Milliseconds),
        None if matches!(name, "data_received" | "data_sent") => Some(Unit::Bytes),
        _ => None,
    }
}

fn trend(out: &mut Collector<'_>, name: &str, slice: &Slice, values: &Object<'_>, n: Option<u64>, unit: Option<Unit>) {
    let unanswered = name == "http_req_duration" && all_zero(values);
    if unanswered {
        out.warn(format!("every time of {} is 0: no request was answered", crate::evidence::quoted(name)));
    }
    for member in values {
        let (key, theirs) = (&*member.key, format!("{name}.{}", member.key));
        if is_about(key) {
            continue;
        }
        let percent = key.strip_prefix("p(").and_then(|rest| rest.strip_suffix(')')).or_else(|| key.strip_prefix('p'));
        let quantile = if key == "med" { Some(0.5) } else { percent.and_then(load::quantile) };
        let ours = match (quantile, name) {
            (Some(_), "http_req_duration") => "latency",
            (Some(_), _) => name,
            (None, _) => &*theirs,
        };
        let Some(m) = out.measure(ours, &theirs, slice.clone(), &member.value) else { continue };
        if key == "count" {
            continue;
        }
        (m.quantile, m.unit, m.n) = (quantile, unit, n);
        // Zeros of no sample.
        m.value = m.value.filter(|_| n != Some(0) && !unanswered);
    }
}

/// Whether every time is 0: k6 writes that for a sub-metric without samples, and for requests whose connection was refused.
fn all_zero(values: &Object<'_>) -> bool {
    let mut times = values.iter().filter(|member| member.key != "count").filter_map(|m| m.value.as_number()).peekable();
    times.peek().is_some() && times.all(|time| time.value() == 0.0)
}

/// Whether a key says something of the metric and is no statistic.
fn is_about(key: &str) -> bool {
    matches!(key, "thresholds" | "type" | "contains" | "name")
}

/// How often a sample was true. For `http_req_failed` that is a failure.
fn rate(out: &mut Collector<'_>, name: &str, slice: &Slice, values: &Object<'_>) {
    let trues = count(values, "passes").or_else(|| count(values, "matches"));
    let all = count(values, "total").or_else(|| trues.zip(count(values, "fails")).and_then(|(t, f)| t.checked_add(f)));
    let ours = match name {
        "http_req_failed" => "error_rate",
        "checks" | "checks_succeeded" => "pass_rate",
        other => other,
    };
    for member in values {
        let theirs = format!("{name}.{}", member.key);
        match &*member.key {
            "thresholds" => {}
            "rate" | "value" => {
                let Some(m) = out.measure(ours, &theirs, slice.clone(), &member.value) else { continue };
                let fits = |(trues, all): (u64, u64)| {
                    m.value.is_some_and(|v| all > 0 && (float(trues) / float(all) - v).abs() <= 1e-9)
                };
                (m.n, m.trials) = (all, all);
                m.successes = trues.zip(all).filter(|counts| fits(*counts)).map(|(trues, _)| trues);
                let odd = m.successes.is_none() && all != Some(0);
                if odd || all == Some(0) {
                    // Another proportion than its counts, or one of nothing.
                    m.value = None;
                }
                if odd {
                    out.warn(format!(
                        "the counts of {} are not those of its rate: it is undefined",
                        crate::evidence::quoted(name)
                    ));
                }
            }
            _ => {
                if let Some(m) = out.measure(&theirs, &theirs, slice.clone(), &member.value) {
                    m.n = all.filter(|_| member.key != "total");
                }
            }
        }
    }
    if name == "http_req_failed" && slice.is_overall() {
        match trues.zip(all) {
            Some((failed, all)) => load::succeeded(out, "", all, failed),
            None => out.check("requests succeeded", false, Some("it does not say how many failed".to_owned())),
        }
    }
}

/// A counter or a gauge.
fn plain(out: &mut Collector<'_>, name: &str, slice: &Slice, values: &Object<'_>, unit: Option<Unit>) {
    for member in values.iter().filter(|member| !is_about(&member.key)) {
        let theirs = format!("{name}.{}", member.key);
        if let Some(m) = out.measure(&theirs, &theirs, slice.clone(), &member.value) {
            m.unit = unit.filter(|_| member.key != "rate");
        }
    }
}

/// Thresholds are objects with `ok`; in `--summary-export` they are bare, and true when they were crossed.
fn thresholds(out: &mut Collector<'_>, name: &str, metric: &Object<'_>) {
    for member in out.members(metric.get("thresholds")) {
        let check = format!("{name}: {}", member.key);
        let passed = match (&member.value.value, member.value.get("ok").map(|ok| &ok.value)) {
            (crate::evidence::json::Value::Bool(crossed), _) => Some(!crossed),
            (_, Some(crate::evidence::json::Value::Bool(ok))) => Some(*ok),
            _ => None,
        };
        match passed {
            Some(passed) => out.check(check, passed, None),
            None => out.check(check, false, Some("it does not say whether it held".to_owned())),
        }
    }
}
