//! One metric of k6: a trend, a rate, a counter or a gauge.

use super::{load, threshold};
use crate::evidence::{
    Collector,
    json::{Json, Number, Object},
};
use crate::model::{Slice, Unit};
use crate::stats::proportion::float;

/// The metrics of a summary. Some say how many samples others have, so all of them are collected
/// first.
#[derive(Default)]
pub(super) struct Metrics<'j> {
    all: Vec<Metric<'j>>,
    requests: Option<u64>,
    iterations: Option<u64>,
    dropped: Option<u64>,
    /// How requests ended, if the summary says how many failed.
    ended: Option<load::Ended>,
}

/// One metric: its name as written, its name without tags, and its tags.
struct Metric<'j> {
    written: String,
    name: String,
    slice: Slice,
    object: &'j Object<'j>,
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
    let Some((base, tags)) =
        name.split_once('{').and_then(|(base, rest)| Some((base, rest.strip_suffix('}')?)))
    else {
        return plain();
    };
    let quotes = |text: &str| text.trim().trim_matches(['"', '\'']).to_owned();
    let tags = tags
        .split(',')
        .map(|tag| tag.split_once(':').map(|(key, value)| (quotes(key), quotes(value))));
    match tags.collect::<Option<_>>() {
        Some(tags) => (base.to_owned(), Slice(tags)),
        None => plain(),
    }
}

impl<'j> Metrics<'j> {
    pub(super) fn add(
        &mut self,
        collector: &mut Collector<'_>,
        name: &str,
        metric: &'j Object<'j>,
    ) {
        collector.object(metric.get("values"));
        match name {
            "http_reqs" => self.requests = count(values(metric), "count"),
            "iterations" => self.iterations = count(values(metric), "count"),
            "dropped_iterations" => self.dropped = count(values(metric), "count"),
            _ => {}
        }
        let (base, slice) = tagged(name);
        self.all.push(Metric { written: name.to_owned(), name: base, slice, object: metric });
    }

    pub(super) fn write(&mut self, collector: &mut Collector<'_>) {
        let from = collector.evidence.measurements.len();
        for metric in &self.all {
            threshold::read(collector, &metric.written, metric.object, self.nothing(metric));
        }
        let mut ended = None;
        for metric in &self.all {
            let Metric { name, slice, object, .. } = metric;
            let (values, n) = (values(object), self.n(metric));
            if is_rate(values) {
                ended = rate(collector, name, slice, values).or(ended);
            } else if is_trend(object, values) {
                let none = self.nothing(metric).is_some();
                trend(collector, name, slice, values, n, unit(name, object, true), none);
            } else {
                plain(collector, name, slice, values, unit(name, object, false));
            }
        }
        self.ended = ended;
        self.verdict(collector, from);
    }

    fn verdict(&self, collector: &mut Collector<'_>, from: usize) {
        if self.all.is_empty() {
            load::succeeded(collector, "", 0, 0);
        }
        if let Some(ended) = self.ended {
            ended.mark(collector, from, |m| !m.slice.is_overall());
            ended.tell(collector, from, &Slice::overall(), "");
        }
        let (dropped, done) = (self.dropped.unwrap_or(0), self.iterations.unwrap_or(0));
        if dropped > done {
            let all = dropped.saturating_add(done);
            collector.check(
                "iterations started",
                false,
                Some(format!("{dropped} of {all} iterations were never started")),
            );
        }
    }

    fn n(&self, metric: &Metric<'_>) -> Option<u64> {
        let own = count(values(metric.object), "count");
        own.or_else(|| self.samples(&metric.name).filter(|_| metric.slice.is_overall()))
    }

    /// Why a metric measured nothing, if it did: k6 then writes zeros, and reports its thresholds
    /// as kept.
    fn nothing(&self, metric: &Metric<'_>) -> Option<threshold::Nothing> {
        let (values, n) = (values(metric.object), self.n(metric));
        if is_rate(values) {
            let (_, all) = trues_of_all(values);
            return (all == Some(0)).then_some(threshold::Nothing::of_rate(&metric.name));
        }
        if !is_trend(metric.object, values) {
            return None;
        }
        // A trend without a sample is in the summary only if a threshold refers to it.
        let unasked = !metric.object.has("thresholds");
        let zeros =
            all_zero(values) && (metric.name == "http_req_duration" || n.is_none() && !unasked);
        (n == Some(0) || zeros).then_some(threshold::Nothing::of_trend(&metric.name))
    }

    /// How many samples a trend has that k6 records once per request or iteration.
    fn samples(&self, name: &str) -> Option<u64> {
        match name {
            "iteration_duration" => self.iterations,
            _ if name.starts_with("http_req_") => self.requests,
            _ => None,
        }
    }
}

/// Whether the metric is a trend: an export without `type` has one of the usual statistics, unless
/// others were asked for.
fn is_trend(metric: &Object<'_>, values: &Object<'_>) -> bool {
    metric.get("type").and_then(Json::as_str) == Some("trend")
        || values.has("avg")
        || values.has("med")
        || values.iter().any(|member| member.key.starts_with("p("))
}

/// The unit of a metric: from `contains`, or known for k6's own metrics. Custom trends may have any
/// unit.
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
        None if trend && (name.starts_with("http_req_") || TIMES.contains(&name)) => {
            Some(Unit::Milliseconds)
        }
        None if matches!(name, "data_received" | "data_sent") => Some(Unit::Bytes),
        _ => None,
    }
}

fn trend(
    collector: &mut Collector<'_>,
    name: &str,
    slice: &Slice,
    values: &Object<'_>,
    n: Option<u64>,
    unit: Option<Unit>,
    none: bool,
) {
    if name == "http_req_duration" && all_zero(values) {
        collector.warn(format!(
            "every time of {} is 0: no request was answered",
            crate::evidence::quoted(name)
        ));
    }
    for member in values {
        let (key, theirs) = (&*member.key, format!("{name}.{}", member.key));
        if is_about(key) {
            continue;
        }
        let percent = key
            .strip_prefix("p(")
            .and_then(|rest| rest.strip_suffix(')'))
            .or_else(|| key.strip_prefix('p'));
        let quantile = if key == "med" { Some(0.5) } else { percent.and_then(load::quantile) };
        let ours = match (quantile, name) {
            (Some(_), "http_req_duration") => "latency",
            (Some(_), _) => name,
            (None, _) => &*theirs,
        };
        let Some(m) = collector.measure(ours, &theirs, slice.clone(), &member.value) else {
            continue;
        };
        if key == "count" {
            continue;
        }
        (m.quantile, m.unit, m.n) = (quantile, unit, n);
        // These are zeros if there was no sample.
        m.value = m.value.filter(|_| !none);
    }
}

/// Whether every time is 0. k6 writes that for a sub-metric without samples, and for requests whose
/// connection was refused.
fn all_zero(values: &Object<'_>) -> bool {
    let mut times = values
        .iter()
        .filter(|member| member.key != "count")
        .filter_map(|m| m.value.as_number())
        .peekable();
    times.peek().is_some() && times.all(|time| time.value() == 0.0)
}

/// Whether a key describes the metric and is not a statistic.
fn is_about(key: &str) -> bool {
    matches!(key, "thresholds" | "type" | "contains" | "name")
}

fn is_rate(values: &Object<'_>) -> bool {
    values.has("passes") || values.has("matches")
}

/// How often a sample was true, and how many there were.
fn trues_of_all(values: &Object<'_>) -> (Option<u64>, Option<u64>) {
    let trues = count(values, "passes").or_else(|| count(values, "matches"));
    let all = count(values, "total")
        .or_else(|| trues.zip(count(values, "fails")).and_then(|(t, f)| t.checked_add(f)));
    (trues, all)
}

/// Reads how often a sample was true. For `http_req_failed` this is a failure, and shows how
/// requests ended.
fn rate(
    collector: &mut Collector<'_>,
    name: &str,
    slice: &Slice,
    values: &Object<'_>,
) -> Option<load::Ended> {
    let (trues, all) = trues_of_all(values);
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
                let Some(m) = collector.measure(ours, &theirs, slice.clone(), &member.value) else {
                    continue;
                };
                let fits = |(trues, all): (u64, u64)| {
                    m.value
                        .is_some_and(|v| all > 0 && (float(trues) / float(all) - v).abs() <= 1e-9)
                };
                (m.n, m.trials) = (all, all);
                m.successes = trues.zip(all).filter(|counts| fits(*counts)).map(|(trues, _)| trues);
                let odd = m.successes.is_none() && all != Some(0);
                if odd || all == Some(0) {
                    // The rate contradicts its counts, or is a proportion of nothing.
                    m.value = None;
                }
                if odd {
                    collector.warn(format!(
                        "the counts of {} are not those of its rate: it is undefined",
                        crate::evidence::quoted(name)
                    ));
                }
            }
            _ => {
                if let Some(m) = collector.measure(&theirs, &theirs, slice.clone(), &member.value) {
                    m.n = all.filter(|_| member.key != "total");
                }
            }
        }
    }
    if name != "http_req_failed" || !slice.is_overall() {
        return None;
    }
    let ended = trues.zip(all).map(|(failed, all)| load::Ended::of(all, failed));
    if ended.is_none() {
        collector.check(
            "requests succeeded",
            false,
            Some("it does not say how many failed".to_owned()),
        );
    }
    ended
}

/// Reads a counter or a gauge.
fn plain(
    collector: &mut Collector<'_>,
    name: &str,
    slice: &Slice,
    values: &Object<'_>,
    unit: Option<Unit>,
) {
    for member in values.iter().filter(|member| !is_about(&member.key)) {
        let theirs = format!("{name}.{}", member.key);
        if let Some(m) = collector.measure(&theirs, &theirs, slice.clone(), &member.value) {
            m.unit = unit.filter(|_| member.key != "rate");
        }
    }
}
