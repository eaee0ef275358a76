//! oha: `--output-format json`, `csv`, and the summary it prints.
//!
//! Versions: JSON since 0.5.5, with `latencyPercentilesSuccessful` and similar keys under
//! `--stats-success-breakdown`, times to the first byte since 1.9, and `metrics` (the same numbers
//! in milliseconds) since 1.13. Each line of the summary names its unit; before 1.0 the summary has
//! the success rate as a fraction.
//!
//! `successRate` counts every answer, including a 503, and omits requests that the end of the run
//! cut short. Latencies are those of answers only. Without any answer they are null, while the rate
//! of requests is high. The keys of a histogram are the upper ends of its ranges, the first one the
//! minimum latency. If all latencies are equal, the keys are all the same, and the histogram loses
//! its counts: it is a sample only if it counts every answer.

mod ended;
mod table;
#[cfg(test)]
mod tests;
mod text;

use super::sample as load;
use crate::evidence::{
    Adapter, Carries, Collector, Declined, Document, EvidenceError, Family,
    json::{Json, Number, Object},
    precision::Precision,
};
use crate::model::{Distribution, Evidence, Producer, Slice, Unit};
use ended::{Ended, rate};
use std::sync::Arc;

/// The row of this format in the table of formats.
pub const ADAPTER: Adapter = Adapter {
    id: "oha",
    title: "oha: its JSON, CSV or summary",
    family: Family::Load,
    written_by: "oha --no-tui --output-format json -n 10000 https://service/predict > oha.json",
    reads: "latencies with their percentiles, rates, sizes, counts of status codes and errors, the success rate and the error \
            rate with their counts. Quantiles have exact bounds: from every request in the CSV, else from the histogram.",
    carries: &[Carries::Metrics, Carries::SampleSize, Carries::Counts, Carries::Checks],
    recognised_by: "`summary.successRate` beside `responseTimeHistogram`; the columns of the CSV; `Success rate:` below `Summary:`",
    rule: "id = \"p99\"\nmetric = \"latency\"\nquantile = 0.99\nmax = \"150 ms\"",
    detect,
    read,
};

enum Form {
    Json,
    Csv,
    Text,
}

fn form(document: &Document<'_>) -> Result<Form, Declined> {
    if document.looks_like_json() {
        let object = document.object()?;
        let rate =
            object.get("summary").is_some_and(|summary| summary.get("successRate").is_some());
        let ours = rate && object.has("responseTimeHistogram") && object.has("latencyPercentiles");
        let why =
            "no `summary.successRate` beside `responseTimeHistogram` and `latencyPercentiles`";
        return ours.then_some(Form::Json).ok_or_else(|| Declined::because(why));
    }
    let text = document.text().map_err(|_| Declined::because("not text"))?;
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    match lines.next() {
        Some("request-start,DNS,DNS+dialup,Response-delay,request-duration,bytes,status") => {
            Ok(Form::Csv)
        }
        Some("Summary:") if lines.next().is_some_and(|line| line.starts_with("Success rate:")) => {
            Ok(Form::Text)
        }
        _ => Err(Declined::because(
            "not JSON, not the columns of oha, and no `Success rate:` below `Summary:`",
        )),
    }
}

fn detect(document: &Document<'_>) -> Result<(), Declined> {
    form(document).map(|_| ())
}

fn read(document: &Document<'_>) -> Result<Evidence, EvidenceError> {
    if document.looks_like_json() {
        document.json().map_err(Clone::clone)?;
    }
    let form = document.require(ADAPTER.id, form(document))?;
    let precision = if matches!(form, Form::Text) { Precision::AsWritten } else { Precision::Full };
    let mut collector = Collector::new(document, ADAPTER.id).precision(precision);
    collector.evidence.producer =
        Some(Producer { tool: Some("oha".to_owned()), ..Producer::default() });
    match form {
        Form::Json => json(document, &mut collector)?,
        Form::Csv => table::read(document, &mut collector)?,
        Form::Text => text::read(document, &mut collector)?,
    }
    collector.finish()
}

fn json(document: &Document<'_>, collector: &mut Collector<'_>) -> Result<(), EvidenceError> {
    let root = document.json().map_err(Clone::clone)?;
    let invalid = |at, why: String| document.invalid(ADAPTER.id, at, why);
    let mut ended = Ended::default();
    let mut codes: Vec<(&str, u64)> = Vec::new();
    for key in ["statusCodeDistribution", "errorDistribution"] {
        let Some(found) = root.get(key).and_then(Json::as_object) else {
            return Err(invalid(root.at, format!("no object `{key}`")));
        };
        for member in found {
            let Some(times) = member.value.as_number().and_then(Number::count) else {
                return Err(invalid(
                    member.value.at,
                    format!("a count in `{key}` is {}", member.value.kind()),
                ));
            };
            if key == "errorDistribution" {
                ended.error(&member.key, times);
            } else {
                codes.push((&member.key, times));
            }
        }
    }
    (ended.answers, ended.bad) = load::statuses(collector, codes);
    for member in collector.members(Some(root)) {
        let Some(part) = member.value.as_object() else {
            collector.left_out(&member.key);
            continue;
        };
        let histogram = |key: &str, n| {
            root.get(key).and_then(Json::as_object).and_then(|marks| sample(marks, n))
        };
        match &*member.key {
            "summary" => summary(collector, part, ended),
            "latencyPercentiles" => {
                let sample = histogram("responseTimeHistogram", Some(ended.answers));
                percentiles(collector, part, "latency", "", sample.as_ref(), Some(ended.answers));
            }
            "firstBytePercentiles"
            | "latencyPercentilesSuccessful"
            | "latencyPercentilesNotSuccessful" => {
                let marks = member
                    .key
                    .replace("latencyPercentiles", "responseTimeHistogram")
                    .replace("Percentiles", "Histogram");
                let sample = histogram(&marks, None);
                let n = sample.as_ref().map(|sample| sample.count());
                percentiles(
                    collector,
                    part,
                    &member.key,
                    &format!("{}.", member.key),
                    sample.as_ref(),
                    n,
                );
            }
            "rps" | "details" | "metrics" => leaves(collector, &member.key, part, ended),
            "statusCodeDistribution" | "errorDistribution" => {}
            key if key.contains("Histogram") => {}
            _ => collector.left_out(&member.key),
        }
    }
    ended.verdict(collector);
    Ok(())
}

fn summary(collector: &mut Collector<'_>, part: &Object<'_>, ended: Ended) {
    for member in part {
        let ours = if member.key == "successRate" { "pass_rate" } else { &*member.key };
        let Some(m) = collector.measure(ours, &member.key, Slice::overall(), &member.value) else {
            continue;
        };
        m.n = Some(ended.answers);
        match &*member.key {
            "successRate" => rate(m, ended),
            "total" => (m.unit, m.n) = (Some(Unit::Seconds), Some(ended.all())),
            "slowest" | "fastest" | "average" => m.unit = Some(Unit::Seconds),
            "totalData" | "sizePerRequest" | "sizePerSec" => m.unit = Some(Unit::Bytes),
            "requestsPerSec" => m.n = Some(ended.all()),
            _ => m.n = None,
        }
        // Rates of requests that were not answered are not valid.
        if ended.answers == 0
            && matches!(&*member.key, "requestsPerSec" | "sizePerSec" | "totalData")
        {
            m.value = None;
        }
    }
    if ended.answers == 0 {
        collector.warn("no request was answered: times and rates are undefined");
    }
}

/// How many ranges a histogram of oha has.
const RANGES: usize = 11;

/// The sample of a histogram, whose keys are ordered as text; `None` unless it counts `n`, or any
/// number if n is unknown.
fn sample(marks: &Object<'_>, n: Option<u64>) -> Option<Arc<Distribution>> {
    let mark = |key: &str| Number::parse(key).map(Number::value);
    let mut marks: Vec<(f64, u64)> = marks
        .iter()
        .map(|member| Some((mark(&member.key)?, member.value.as_number()?.count()?)))
        .collect::<Option<_>>()?;
    marks.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
    let total = marks.iter().try_fold(0_u64, |sum, (_, count)| sum.checked_add(*count))?;
    // oha computes the ends in floating point, so a value may be beyond its end by the error of
    // that.
    let slack = marks.last().map_or(0.0, |(mark, _)| mark * 1e-12);
    // Equal keys are one key, which leaves fewer ranges than oha writes.
    let whole = n.is_some() || marks.len() == RANGES;
    load::histogram(&marks, slack, n.unwrap_or(total)).filter(|_| whole)
}

fn percentiles(
    collector: &mut Collector<'_>,
    part: &Object<'_>,
    ours: &str,
    path: &str,
    sample: Option<&Arc<Distribution>>,
    n: Option<u64>,
) {
    for member in part {
        let theirs = format!("{path}{}", member.key);
        let Some(m) = collector.measure(ours, &theirs, Slice::overall(), &member.value) else {
            continue;
        };
        m.unit = Some(Unit::Seconds);
        m.quantile = member.key.strip_prefix('p').and_then(load::quantile);
        m.n = n;
        m.distribution = sample.filter(|_| m.value.is_some()).map(Arc::clone);
    }
}

/// Adds every number below `path`, named by its own path.
fn leaves(collector: &mut Collector<'_>, path: &str, part: &Object<'_>, ended: Ended) {
    for member in part {
        let path = format!("{path}.{}", member.key);
        if let Some(part) = member.value.as_object() {
            leaves(collector, &path, part, ended);
            continue;
        }
        let Some(m) = collector.measure(&path, &path, Slice::overall(), &member.value) else {
            continue;
        };
        if path.starts_with("rps.percentiles.") || path.starts_with("metrics.latency_ms.p") {
            m.quantile = member.key.strip_prefix('p').and_then(load::quantile);
        }
        if path.starts_with("details.") {
            m.unit = Some(Unit::Seconds);
        }
        if path.starts_with("metrics.latency_ms.") {
            // Rounded to a thousandth of a millisecond.
            (m.unit, m.n, m.rounding) = (Some(Unit::Milliseconds), Some(ended.answers), 0.000_5);
        }
        match path.as_str() {
            "metrics.success_rate" => rate(m, ended),
            "metrics.requests_per_sec" => {
                m.n = Some(ended.all());
                if ended.answers == 0 {
                    m.value = None;
                }
            }
            _ => {}
        }
    }
}
