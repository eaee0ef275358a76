//! `locust --json`: an entry for each endpoint.

use super::rows::{around, slices};
use super::{Collector, Document, EvidenceError, Slice, load};
use crate::evidence::json::{Json, Number, Object};
use crate::model::{Bucket, Distribution, Timestamp, Unit};
use crate::stats::proportion::float;
use std::sync::Arc;

/// Quantiles that Locust's own tables show.
const QUANTILES: [(&str, f64); 6] =
    [("p50", 0.5), ("p75", 0.75), ("p90", 0.9), ("p95", 0.95), ("p99", 0.99), ("p99.9", 0.999)];

pub(super) fn read(
    document: &Document<'_>,
    collector: &mut Collector<'_>,
) -> Result<(), EvidenceError> {
    let entries = collector.list(Some(document.json().map_err(Clone::clone)?));
    let text =
        |json: &Json<'_>, key: &str| json.get(key).and_then(Json::as_str).unwrap_or("").to_owned();
    let endpoints: Vec<(String, String)> =
        entries.iter().map(|e| (text(e, "method"), text(e, "name"))).collect();
    let (mut requests, mut failures) = (0_u64, 0_u64);
    let mut parts = Vec::with_capacity(entries.len());
    for ((json, slice), (method, name)) in entries.iter().zip(slices(&endpoints)).zip(&endpoints) {
        let invalid = |what: &str| {
            document.invalid(collector.format(), json.at, format!("an entry without {what}"))
        };
        let entry = json.as_object().ok_or_else(|| invalid("keys"))?;
        let count = |key: &str| entry.get(key).and_then(Json::as_number).and_then(Number::count);
        let (Some(n), Some(failed)) = (count("num_requests"), count("num_failures")) else {
            return Err(invalid("counts of requests and failures"));
        };
        let sample = sample(entry);
        let from = collector.evidence.measurements.len();
        values(collector, entry, &slice, n);
        match &sample {
            Some(sample) => quantiles(collector, &slice, sample),
            None if n > 0 => collector.warn(format!(
                "the times of {} do not fit their rounding: no quantiles",
                crate::evidence::quoted(name)
            )),
            None => {}
        }
        load::error_rate(collector, slice.clone(), n, failed);
        load::Ended::of(n.max(failed), failed).tell(
            collector,
            from,
            &slice,
            format!("{method} {name}").trim(),
        );
        (requests, failures) = (requests.saturating_add(n), failures.saturating_add(failed));
        parts.push(sample.filter(|_| n > 0));
        moment(collector, entry);
    }
    load::count(collector, "num_requests", Slice::overall(), requests, None);
    load::count(collector, "num_failures", Slice::overall(), failures, Some(requests));
    load::error_rate(collector, Slice::overall(), requests, failures);
    let from = collector.evidence.measurements.len();
    // All endpoints together, if each has its sample. Ranges of the same rounding are equal or
    // disjoint.
    if let Some(all) = parts.iter().map(|part| part.as_deref().cloned()).collect::<Option<Vec<_>>>()
        && let Some(all) = Distribution::merged(&all)
    {
        quantiles(collector, &Slice::overall(), &Arc::new(all));
    }
    load::Ended::of(requests.max(failures), failures).tell(collector, from, &Slice::overall(), "");
    Ok(())
}

fn values(collector: &mut Collector<'_>, entry: &Object<'_>, slice: &Slice, n: u64) {
    for member in entry {
        match &*member.key {
            "num_requests"
            | "num_none_requests"
            | "num_failures"
            | "total_response_time"
            | "max_response_time"
            | "min_response_time"
            | "total_content_length" => {
                let Some(m) =
                    collector.measure(&member.key, &member.key, slice.clone(), &member.value)
                else {
                    continue;
                };
                m.n = Some(n).filter(|_| member.key != "num_requests");
                if member.key.ends_with("_time") {
                    m.unit = Some(Unit::Milliseconds);
                    // These are zeros if there was no request.
                    m.value = m.value.filter(|_| n > 0);
                } else if member.key == "total_content_length" {
                    m.unit = Some(Unit::Bytes);
                }
            }
            "name" | "method" | "response_times" | "start_time" | "last_request_timestamp" => {}
            _ => collector.left_out(&member.key),
        }
    }
    let number = |key: &str| entry.get(key).and_then(Json::as_number);
    let timed = n.checked_sub(number("num_none_requests").and_then(Number::count).unwrap_or(0));
    if let Some((total, timed)) =
        number("total_response_time").zip(timed.filter(|timed| *timed > 0))
    {
        let mean = total.value() / float(timed);
        if let Some(m) = collector.number("mean", "mean response_time", slice.clone(), mean) {
            (m.unit, m.n) = (Some(Unit::Milliseconds), Some(timed));
        }
    }
}

/// The times with their counts; `None` unless they count every timed request, and the stated
/// minimum, maximum and sum of all times are possible for them.
fn sample(entry: &Object<'_>) -> Option<Arc<Distribution>> {
    let number = |key: &str| entry.get(key).and_then(Json::as_number);
    let mut bins: Vec<(f64, u64)> = Vec::new();
    for member in entry.get("response_times")?.as_object()? {
        let rounded = Number::parse(&member.key)?.count().map(float)?;
        let (_, step) = around(rounded);
        // This time was not rounded in Locust's way.
        if (rounded / (2.0 * step)).fract() != 0.0 {
            return None;
        }
        bins.push((rounded, member.value.as_number()?.count()?));
    }
    bins.retain(|(_, count)| *count > 0);
    bins.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
    let n = bins.iter().try_fold(0_u64, |sum, (_, count)| sum.checked_add(*count))?;
    let timed = number("num_requests")?
        .count()?
        .checked_sub(number("num_none_requests").and_then(Number::count).unwrap_or(0))?;
    let range = |rounded: f64| {
        let (below, above) = around(rounded);
        ((rounded - below).max(0.0), rounded + above)
    };
    let within = |key: &str, of: Option<&(f64, u64)>| {
        let ((low, high), value) = (range(of?.0), number(key)?.value());
        (low..=high).contains(&value).then_some(())
    };
    (n == timed && n > 0).then_some(())?;
    within("min_response_time", bins.first())?;
    within("max_response_time", bins.last())?;
    let (least, most) = bins.iter().fold((0.0, 0.0), |(least, most), (rounded, count)| {
        let ((low, high), count) = (range(*rounded), float(*count));
        (least + low * count, most + high * count)
    });
    let sum = number("total_response_time")?.value();
    (least <= sum * (1.0 + 1e-9) && sum <= most * (1.0 + 1e-9)).then_some(())?;
    let bucket = |(rounded, count): &(f64, u64)| Bucket {
        low: range(*rounded).0,
        high: range(*rounded).1,
        count: *count,
    };
    Some(Arc::new(Distribution {
        method: "locust".to_owned(),
        buckets: bins.iter().map(bucket).collect(),
    }))
}

fn quantiles(collector: &mut Collector<'_>, slice: &Slice, sample: &Arc<Distribution>) {
    let n = sample.count();
    for (name, q) in QUANTILES {
        // As Locust defines it: the smallest value with at most a share q of the times below it.
        let rank = crate::evidence::counts::whole((float(n) * q).floor())
            .map_or(n, |below| (below + 1).min(n));
        let Some(bucket) = sample.at(rank) else { continue };
        // The bucket is the range around the rounded time, which is recovered from it.
        let value = if bucket.low > 0.0 { rounded(bucket) } else { 0.0 };
        if let Some(m) = collector.number("latency", name, slice.clone(), value) {
            (m.quantile, m.unit, m.n) = (Some(q), Some(Unit::Milliseconds), Some(n));
            m.rounding = m.rounding.max(bucket.high - value).max(value - bucket.low);
            m.distribution = Some(Arc::clone(sample));
        }
    }
}

/// The rounded time that this range was made from.
fn rounded(bucket: &Bucket) -> f64 {
    let near = |step: f64| bucket.high - step;
    [0.5, 5.0, 50.0]
        .into_iter()
        .find(|step| (around(near(*step)).1 - step).abs() < 1e-9)
        .map_or_else(|| near(500.0), near)
}

/// Sets the moment of the evidence to that of the last request.
fn moment(collector: &mut Collector<'_>, entry: &Object<'_>) {
    let seconds = entry.get("last_request_timestamp").and_then(Json::as_number).map(Number::value);
    let micros = seconds
        .and_then(|s| crate::evidence::counts::whole((s * 1e6).floor()))
        .and_then(|m| i64::try_from(m).ok());
    let moment = micros.map(Timestamp::from_micros);
    collector.evidence.produced_at = collector.evidence.produced_at.max(moment);
}
