//! k6: the data of `handleSummary`, `--summary-export`, and the machine-readable summary of 1.5.
//!
//! There are three forms. `handleSummary` is given `metrics.NAME.values`, `type` and `contains`.
//! `--summary-export` wrote the values into the metric itself, calls a rate `value`, and says of a
//! threshold **whether it was crossed**, the opposite of `ok`. The summary of 1.5 and 2 lists its
//! metrics, and rates have `matches` and `total`; its schema says `k6Version` and `p(95)`, but k6
//! itself writes `k6_version` and `p95`. Times are in milliseconds, whatever unit the text on the
//! screen has.
//!
//! A rate counts how often its sample was true: `passes` of `http_req_failed` are failures. A
//! sub-metric such as `http_req_duration{expected_response:true}` is a slice by its tags.
//! `http_req_*` has one sample for each of `http_reqs`, which gives n if the trend has no `count`.

mod metric;
#[cfg(test)]
mod tests;
mod threshold;

use super::sample as load;
use crate::evidence::{
    Adapter, Carries, Collector, Declined, Document, EvidenceError, Family,
    json::{Json, Number, Object},
    precision::Precision,
};
use crate::model::{Evidence, Producer, Slice, Unit};
use metric::Metrics;

/// The row of this format in the table of formats.
pub const ADAPTER: Adapter = Adapter {
    id: "k6-summary",
    title: "k6: the summary at the end of a test, as JSON",
    family: Family::Load,
    written_by: "k6 run --summary-export=summary.json script.js; or handleSummary(data) { return { 'summary.json': JSON.stringify(data) } }",
    reads: "every metric with its statistics: percentiles of trends, rates with their exact counts, counters; thresholds and \
            checks as checks. Tags of sub-metrics are slices.",
    carries: &[
        Carries::Metrics,
        Carries::Slices,
        Carries::SampleSize,
        Carries::Counts,
        Carries::Checks,
    ],
    recognised_by: "`metrics` beside `root_group`, metrics with `type`, `contains` and `values`, or `metadata.k6_version`",
    rule: "id = \"errors\"\nmetric = \"error_rate\"\nmax = 0.01",
    detect,
    read,
};

/// The names of one key: in the schema, and as k6 writes it.
const VERSION: [&str; 2] = ["k6Version", "k6_version"];
const MOMENT: [&str; 2] = ["generatedAt", "generated_at"];

fn detect(document: &Document<'_>) -> Result<(), Declined> {
    let object = document.object()?;
    let described =
        |json: &Json<'_>| ["type", "contains", "values"].iter().all(|key| json.get(key).is_some());
    let listed = object
        .get("results")
        .and_then(|results| results.get("metrics"))
        .and_then(Json::as_array)
        .is_some();
    let version = |about: &Json<'_>| VERSION.iter().any(|key| about.get(key).is_some());
    if listed && object.get("metadata").is_some_and(version) {
        return Ok(());
    }
    let Some(metrics) = object.get("metrics").and_then(Json::as_object) else {
        return Err(Declined::because("no object `metrics`, and no `metadata.k6_version`"));
    };
    let grouped = object.get("root_group").is_some_and(|group| group.get("checks").is_some());
    let all = !metrics.is_empty() && metrics.iter().all(|member| described(&member.value));
    (grouped || all).then_some(()).ok_or_else(|| {
        Declined::because("no `root_group`, and no metrics with `type`, `contains` and `values`")
    })
}

fn read(document: &Document<'_>) -> Result<Evidence, EvidenceError> {
    let root = document.json().map_err(Clone::clone)?;
    document.require(ADAPTER.id, detect(document))?;
    let mut collector = Collector::new(document, ADAPTER.id).precision(Precision::Full);
    let mut producer = Producer { tool: Some("k6".to_owned()), ..Producer::default() };
    let about = |keys: [&str; 2]| {
        keys.iter().find_map(|key| root.at_path(&["metadata", key]).and_then(Json::as_str))
    };
    producer.version = about(VERSION).map(str::to_owned);
    collector.evidence.produced_at = about(MOMENT).and_then(|moment| moment.parse().ok());
    collector.evidence.producer = Some(producer);

    let mut metrics = Metrics::default();
    let listed = root.at_path(&["results", "metrics"]).or_else(|| root.get("metrics"));
    if let Some(list) = listed.and_then(Json::as_array) {
        let more = collector.list(root.at_path(&["results", "checks", "metrics"]));
        for json in list.iter().chain(more) {
            let name = json.get("name").and_then(Json::as_str);
            let found = name.zip(json.as_object());
            let (name, metric) = found.ok_or_else(|| {
                document.invalid(ADAPTER.id, json.at, "a metric without a `name`")
            })?;
            metrics.add(&mut collector, name, metric);
        }
    } else {
        for member in collector.members(listed) {
            if let Some(metric) = collector.object(Some(&member.value)) {
                metrics.add(&mut collector, &member.key, metric);
            }
        }
    }
    metrics.write(&mut collector);
    for (path, unit) in [
        (["state", "testRunDurationMs"], Unit::Milliseconds),
        (["config", "duration"], Unit::Seconds),
    ] {
        let [_, key] = path;
        if let Some(m) =
            root.at_path(&path).and_then(|json| collector.measure(key, key, Slice::overall(), json))
        {
            m.unit = Some(unit);
        }
    }
    if let Some(group) = collector.object(root.get("root_group")) {
        self::group(&mut collector, group, "", 0);
    }
    let checks = collector.object(root.at_path(&["results", "checks"]));
    for check in collector.objects(checks.and_then(|checks| checks.get("results"))) {
        self::check(&mut collector, "", check);
    }
    collector.finish()
}

/// The objects of a list, or of an object by name: k6 writes groups and checks in both ways.
fn elements<'o, 'a>(
    collector: &mut Collector<'_>,
    json: Option<&'o Json<'a>>,
) -> Vec<&'o Object<'a>> {
    match json.and_then(Json::as_object) {
        Some(object) => {
            object.iter().filter_map(|member| collector.object(Some(&member.value))).collect()
        }
        None => collector.objects(json),
    }
}

fn group(collector: &mut Collector<'_>, group: &Object<'_>, path: &str, depth: u8) {
    for check in elements(collector, group.get("checks")) {
        self::check(collector, path, check);
    }
    // The parser already bounds the depth of a document; this bound protects the stack
    // independently.
    if depth < u8::MAX {
        for inner in elements(collector, group.get("groups")) {
            let name = inner.get("name").and_then(Json::as_str).unwrap_or("");
            self::group(collector, inner, &format!("{path}::{name}"), depth + 1);
        }
    }
}

/// Adds a check, which passes if it was made and never failed. k6 tags it with its name and its
/// group.
fn check(collector: &mut Collector<'_>, group: &str, check: &Object<'_>) {
    let count = |key: &str| check.get(key).and_then(Json::as_number).and_then(Number::count);
    let name = check.get("name").and_then(Json::as_str).unwrap_or("");
    let full = if group.is_empty() {
        name.to_owned()
    } else {
        format!("{}::{name}", group.trim_start_matches("::"))
    };
    let Some((passes, fails)) = count("passes").zip(count("fails")) else {
        collector.check(full, false, Some("it does not say how often it passed".to_owned()));
        return;
    };
    let made = passes.saturating_add(fails);
    let mut slice = Slice::one("check", name);
    if !group.is_empty() {
        slice.0.insert("group".to_owned(), group.to_owned());
    }
    if made > 0
        && let Some(m) = collector.number(
            "pass_rate",
            "check",
            slice,
            crate::stats::proportion::float(passes) / crate::stats::proportion::float(made),
        )
    {
        (m.n, m.trials, m.successes) = (Some(made), Some(made), Some(passes));
    }
    collector.check(full, fails == 0 && passes > 0, Some(format!("{fails} of {made} failed")));
}
