//! `vegeta report -type=json`: times in nanoseconds.
//!
//! Success is a status of 200 to 399; a request without an answer has the status 0. Percentiles
//! come from a t-digest, and have no sample. `buckets` (`-buckets`) has counts from each key up to
//! the next, the last up to the maximum latency: this is the sample, at the resolution of the keys,
//! if it counts every request. Versions before 7 have no `end` and fewer percentiles.

#[cfg(test)]
mod tests;

use super::sample as load;
use crate::evidence::{
    Adapter, Carries, Collector, Declined, Document, EvidenceError, Family,
    counts::only_count,
    json::{Json, Number, Object},
    precision::Precision,
};
use crate::model::{Bucket, Distribution, Evidence, Producer, Slice, Unit};
use std::sync::Arc;

/// The row of this format in the table of formats.
pub const ADAPTER: Adapter = Adapter {
    id: "vegeta",
    title: "Vegeta: `vegeta report -type=json`",
    family: Family::Load,
    written_by: "vegeta attack -duration=60s < targets | vegeta report -type=json -buckets '[0,50ms,100ms,150ms]' > vegeta.json",
    reads: "latencies with their percentiles, rates, sizes, counts of status codes, the success rate and the error rate with \
            their counts. Quantiles have exact bounds where `-buckets` was given.",
    carries: &[Carries::Metrics, Carries::SampleSize, Carries::Counts, Carries::Checks],
    recognised_by: "`latencies` beside `status_codes`, `bytes_in` and `requests`",
    rule: "id = \"p99\"\nmetric = \"latency\"\nquantile = 0.99\nmax = \"150 ms\"",
    detect,
    read,
};

fn detect(document: &Document<'_>) -> Result<(), Declined> {
    let object = document.object()?;
    let missing = ["latencies", "bytes_in", "status_codes", "requests", "success"]
        .into_iter()
        .find(|key| !object.has(key));
    missing.map_or(Ok(()), |key| Err(Declined::because(format!("no key `{key}`"))))
}

fn read(document: &Document<'_>) -> Result<Evidence, EvidenceError> {
    let json = document.json().map_err(Clone::clone)?;
    let invalid = |at, why: String| document.invalid(ADAPTER.id, at, why);
    let root = document.require(ADAPTER.id, detect(document).and_then(|()| document.object()))?;
    let Some(requests) = root.get("requests").and_then(Json::as_number).and_then(Number::count)
    else {
        return Err(invalid(json.at, "`requests` is no count".to_owned()));
    };
    let mut collector = Collector::new(document, ADAPTER.id).precision(Precision::Full);
    collector.evidence.producer =
        Some(Producer { tool: Some("Vegeta".to_owned()), ..Producer::default() });
    let moment =
        |key: &str| root.get(key).and_then(Json::as_str).and_then(|text| text.parse().ok());
    collector.evidence.produced_at =
        moment("end").or_else(|| moment("latest")).filter(|_| requests > 0);

    let mut codes: Vec<(&str, u64)> = Vec::new();
    for member in collector.members(root.get("status_codes")) {
        let times = member.value.as_number().and_then(Number::count);
        let times = times.ok_or_else(|| {
            invalid(member.value.at, format!("a count of status codes is {}", member.value.kind()))
        })?;
        codes.push((&member.key, times));
    }
    let good = codes
        .iter()
        .filter(|(code, _)| code.parse::<u16>().is_ok_and(|code| (200..400).contains(&code)));
    let good = good.fold(0_u64, |sum, (_, times)| sum.saturating_add(*times));
    let (answers, _) = load::statuses(&mut collector, codes.iter().copied());
    let known = answers == requests;
    if !known {
        collector.warn(format!(
            "the status codes count {answers} requests of {requests}: how many failed is unknown"
        ));
    }
    values(&mut collector, root, requests, known.then_some(good));
    if known {
        load::error_rate(&mut collector, Slice::overall(), requests, requests - good);
        load::Ended::of(requests, requests - good).tell(&mut collector, 0, &Slice::overall(), "");
    } else {
        collector.check(
            "requests succeeded",
            false,
            Some("the status codes are not those of all requests".to_owned()),
        );
    }
    if let Some(errors) =
        root.get("errors").and_then(Json::as_array).filter(|errors| !errors.is_empty())
    {
        let first =
            errors.first().and_then(Json::as_str).map(crate::evidence::quoted).unwrap_or_default();
        collector.warn(format!("{} kinds of error, the first {first}", errors.len()));
    }
    collector.finish()
}

fn values(collector: &mut Collector<'_>, root: &Object<'_>, requests: u64, good: Option<u64>) {
    for member in root {
        let (key, json) = (&*member.key, &member.value);
        match key {
            "latencies" => latencies(collector, root, json, requests),
            "bytes_in" | "bytes_out" => {
                for part in collector.members(Some(json)) {
                    let name = format!("{key}.{}", part.key);
                    if let Some(m) = collector.measure(&name, &name, Slice::overall(), &part.value)
                    {
                        (m.unit, m.n) = (Some(Unit::Bytes), Some(requests));
                    }
                }
            }
            "success" => {
                let Some(m) = collector.measure("pass_rate", key, Slice::overall(), json) else {
                    continue;
                };
                (m.n, m.trials) = (Some(requests), Some(requests));
                m.successes = m
                    .value
                    .and_then(|v| only_count(v, requests, 1e-9))
                    .filter(|k| good.is_none_or(|good| good == *k));
                m.value = m.value.filter(|_| requests > 0);
            }
            "duration" | "wait" | "rate" | "throughput" | "requests" => {
                let Some(m) = collector.measure(key, key, Slice::overall(), json) else { continue };
                m.n = Some(requests).filter(|_| key != "requests");
                m.unit = matches!(key, "duration" | "wait").then_some(Unit::Nanoseconds);
                m.value = m.value.filter(|_| requests > 0 || key == "requests");
            }
            "status_codes" | "errors" | "buckets" | "earliest" | "latest" | "end" => {}
            _ => collector.left_out(key),
        }
    }
}

fn latencies(collector: &mut Collector<'_>, root: &Object<'_>, json: &Json<'_>, requests: u64) {
    let sample = root
        .get("buckets")
        .and_then(Json::as_object)
        .map(|buckets| sample(buckets, json, requests));
    if matches!(sample, Some(None)) {
        collector.warn("`buckets` do not count every request: they are not read");
    }
    let sample = sample.flatten();
    for member in collector.members(Some(json)) {
        let percent = member.key.strip_suffix("th");
        let (ours, theirs) = match percent {
            Some(percent) => ("latency".to_owned(), format!("p{percent}")),
            None => (format!("latencies.{}", member.key), format!("latencies.{}", member.key)),
        };
        let Some(m) = collector.measure(&ours, &theirs, Slice::overall(), &member.value) else {
            continue;
        };
        (m.unit, m.n, m.quantile) =
            (Some(Unit::Nanoseconds), Some(requests), percent.and_then(load::quantile));
        // These are zeros if there was no request.
        m.value = m.value.filter(|_| requests > 0);
        m.distribution = sample.clone().filter(|_| percent.is_some() && m.value.is_some());
    }
}

/// The ranges of `-buckets`, whose keys are their lower ends.
fn sample(buckets: &Object<'_>, latencies: &Json<'_>, requests: u64) -> Option<Arc<Distribution>> {
    let value = |key: &str| latencies.get(key).and_then(Json::as_number).map(Number::value);
    let edges: Vec<(f64, u64)> = buckets
        .iter()
        .map(|member| {
            Some((Number::parse(&member.key)?.value(), member.value.as_number()?.count()?))
        })
        .collect::<Option<_>>()?;
    // Latencies below the first range are counted in the last one.
    if edges.first()?.0 > 0.0 || !edges.iter().zip(edges.iter().skip(1)).all(|(a, b)| a.0 < b.0) {
        return None;
    }
    let most = value("max")?;
    let highs = edges.iter().skip(1).map(|(edge, _)| *edge).chain([most]);
    let ranges = edges.iter().zip(highs).filter(|((_, count), _)| *count > 0);
    // No latency is above the maximum.
    let buckets: Vec<Bucket> = ranges
        .map(|((low, count), high)| Bucket { low: *low, high: high.min(most), count: *count })
        .collect();
    let total = buckets.iter().try_fold(0_u64, |sum, b| sum.checked_add(b.count))?;
    let proper = buckets.iter().all(|b| b.low >= 0.0 && b.low <= b.high);
    (total == requests && total > 0 && proper)
        .then(|| Arc::new(Distribution { method: "histogram".to_owned(), buckets }))
}
