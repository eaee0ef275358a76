//! Fortio: the JSON of `fortio load -json`. Times are in seconds, except `ActualDuration`, which is
//! in nanoseconds.
//!
//! `DurationHistogram` counts all calls by ranges: this is the whole sample, at the resolution of
//! the ranges. Its percentiles are interpolated within a range. `ErrorsDurationHistogram` (since
//! 1.60) counts the calls that failed; in older versions the status codes show this, where -1 is a
//! connection that failed. A run that did not start has `error` and no histogram.

#[cfg(test)]
mod tests;

use super::sample::{self as load, Ended};
use crate::evidence::{
    Adapter, Carries, Collector, Declined, Document, EvidenceError, Family,
    json::{Json, Number, Object},
    precision::Precision,
};
use crate::model::{Bucket, Distribution, Evidence, Producer, Slice, Unit};
use std::sync::Arc;

/// The row of this format in the table of formats.
pub const ADAPTER: Adapter = Adapter {
    id: "fortio",
    title: "Fortio: `fortio load -json`",
    family: Family::Load,
    written_by: "fortio load -json fortio.json -qps 100 -t 60s https://service/predict",
    reads: "latencies with their percentiles and the histogram, so that quantiles have exact bounds; calls a second, counts of \
            status codes, the error rate with its counts.",
    carries: &[Carries::Metrics, Carries::SampleSize, Carries::Counts, Carries::Checks],
    recognised_by: "`RunType` and `ActualQPS` beside `DurationHistogram`",
    rule: "id = \"p99\"\nmetric = \"latency\"\nquantile = 0.99\nmax = \"150 ms\"",
    detect,
    read,
};

/// Fortio counts this status as success.
const TEAPOT: &str = "418";

/// Other histograms: what they measure, and in which unit.
const OTHERS: [(&str, Unit); 4] = [
    ("ErrorsDurationHistogram", Unit::Seconds),
    ("ConnectionStats", Unit::Seconds),
    ("Sizes", Unit::Bytes),
    ("HeaderSizes", Unit::Bytes),
];

fn detect(document: &Document<'_>) -> Result<(), Declined> {
    let object = document.object()?;
    let missing = ["RunType", "ActualQPS", "ActualDuration", "DurationHistogram"]
        .into_iter()
        .find(|key| !object.has(key));
    missing.map_or(Ok(()), |key| Err(Declined::because(format!("no key `{key}`"))))
}

fn read(document: &Document<'_>) -> Result<Evidence, EvidenceError> {
    let json = document.json().map_err(Clone::clone)?;
    let invalid = |at, why: String| document.invalid(ADAPTER.id, at, why);
    let root = document.require(ADAPTER.id, detect(document).and_then(|()| document.object()))?;
    let mut collector = Collector::new(document, ADAPTER.id).precision(Precision::Full);
    let text = |key: &str| root.get(key).and_then(Json::as_str);
    let version = text("Version").filter(|version| !version.is_empty()).map(str::to_owned);
    collector.evidence.producer =
        Some(Producer { tool: Some("Fortio".to_owned()), version, run: None });
    collector.evidence.produced_at = text("StartTime").and_then(|text| text.parse().ok());

    let Some(all) = collector.object(root.get("DurationHistogram")) else {
        collector.check("requests succeeded", false, Some("the run has no histogram".to_owned()));
        return collector.finish();
    };
    let count =
        |part: &Object<'_>| part.get("Count").and_then(Json::as_number).and_then(Number::count);
    let n = count(all)
        .ok_or_else(|| invalid(json.at, "`DurationHistogram` has no `Count`".to_owned()))?;
    histogram(&mut collector, all, n);
    for (key, unit) in OTHERS {
        if let Some((part, n)) =
            collector.object(root.get(key)).and_then(|part| Some((part, count(part)?)))
        {
            statistics(&mut collector, key, part, n, unit);
        }
    }
    let (mut answers, mut bad) = (0_u64, 0_u64);
    for member in collector.members(root.get("RetCodes")) {
        let Some(times) = member.value.as_number().and_then(Number::count) else {
            return Err(invalid(
                member.value.at,
                format!("a count in `RetCodes` is {}", member.value.kind()),
            ));
        };
        load::count(
            &mut collector,
            &format!("status_{}", member.key),
            Slice::overall(),
            times,
            None,
        );
        answers = answers.saturating_add(times);
        // An HTTP status, or the status of a gRPC health check.
        let http = member.key.starts_with('2') && member.key.len() == 3 || member.key == TEAPOT;
        let good = http || matches!(&*member.key, "SERVING" | "OK");
        bad = bad.saturating_add(if good { 0 } else { times });
    }
    for (key, unit) in [("ActualQPS", None), ("ActualDuration", Some(Unit::Nanoseconds))] {
        if let Some(m) =
            root.get(key).and_then(|json| collector.measure(key, key, Slice::overall(), json))
        {
            (m.unit, m.n) = (unit, Some(n));
            m.value = m.value.filter(|_| n > 0);
        }
    }
    let stated = root.get("ErrorsDurationHistogram").and_then(Json::as_object).and_then(count);
    if let Some(failed) = stated.or_else(|| (answers == n).then_some(bad)) {
        load::error_rate(&mut collector, Slice::overall(), n, failed);
        // How many calls were asked for, unless the run was to last for a fixed time.
        let asked =
            root.get("Exactly").and_then(Json::as_number).and_then(Number::count).unwrap_or(0);
        let ended = Ended { requests: n, failed, unfinished: asked.saturating_sub(n) };
        ended.tell(&mut collector, 0, &Slice::overall(), "");
    } else {
        collector.warn(
            "neither `ErrorsDurationHistogram` nor `RetCodes` say of every call whether it failed",
        );
        let why = "it does not say of every call whether it failed";
        collector.check("requests succeeded", false, Some(why.to_owned()));
    }
    collector.finish()
}

fn histogram(collector: &mut Collector<'_>, all: &Object<'_>, n: u64) {
    let sample = all.get("Data").and_then(Json::as_array).and_then(|data| sample(data, n));
    statistics(collector, "DurationHistogram", all, n, Unit::Seconds);
    for json in collector.list(all.get("Percentiles")) {
        let percent = json.get("Percentile").and_then(Json::as_number);
        let Some((percent, value)) = percent.zip(json.get("Value")) else { continue };
        let name = load::percentile_name(percent.text());
        let Some(m) = collector.measure("latency", &name, Slice::overall(), value) else {
            continue;
        };
        (m.quantile, m.unit, m.n) = (load::quantile(percent.text()), Some(Unit::Seconds), Some(n));
        m.value = m.value.filter(|_| n > 0);
        m.distribution = sample.clone().filter(|_| m.value.is_some());
    }
    load::count(collector, "Count", Slice::overall(), n, None);
}

/// Adds the statistics of a histogram as a whole.
fn statistics(collector: &mut Collector<'_>, of: &str, histogram: &Object<'_>, n: u64, unit: Unit) {
    for key in ["Min", "Max", "Avg", "StdDev", "Sum"] {
        let name = format!("{of}.{key}");
        let Some(json) = histogram.get(key) else { continue };
        let Some(m) = collector.measure(&name, &name, Slice::overall(), json) else { continue };
        (m.unit, m.n) = (Some(unit), Some(n));
        m.value = m.value.filter(|_| n > 0);
    }
}

/// The ranges with their counts; `None` unless they are ascending and count every call.
fn sample(data: &[Json<'_>], n: u64) -> Option<Arc<Distribution>> {
    let mut buckets: Vec<Bucket> = Vec::with_capacity(data.len());
    for json in data {
        let number = |key: &str| json.get(key).and_then(Json::as_number);
        let (low, high, count) =
            (number("Start")?.value(), number("End")?.value(), number("Count")?.count()?);
        let ascends = buckets.last().is_none_or(|last| last.high <= low);
        if low < 0.0 || high < low || !ascends {
            return None;
        }
        if count > 0 {
            buckets.push(Bucket { low, high, count });
        }
    }
    let total = buckets.iter().try_fold(0_u64, |sum, b| sum.checked_add(b.count))?;
    (total == n && n > 0)
        .then(|| Arc::new(Distribution { method: "histogram".to_owned(), buckets }))
}
