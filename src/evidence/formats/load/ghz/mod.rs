//! ghz: `-O json` and `-O pretty`. Times are in nanoseconds, the marks of its histogram in seconds.
//!
//! `average` and `rps` are over every call; percentiles, `fastest` and `slowest` over the calls
//! without an error, unless `--count-errors` was given. `details` has every call, up to a million:
//! it is the whole sample if it has as many calls as `count` says. `histogram` counts the calls
//! that the percentiles are computed from, even where old versions lost some of them. Percentiles
//! that need more calls than there are have the percentage 0.

#[cfg(test)]
mod tests;

use super::sample::{self as load, Ended, Sample};
use crate::evidence::{
    Adapter, Carries, Collector, Declined, Document, EvidenceError, Family,
    json::{Json, Number, Object},
    precision::Precision,
};
use crate::model::{Evidence, Producer, Slice, Unit};
use crate::stats::proportion::counted;

/// The row of this format in the table of formats.
pub const ADAPTER: Adapter = Adapter {
    id: "ghz",
    title: "ghz: its JSON report",
    family: Family::Load,
    written_by: "ghz --call predict.Service.Score -n 10000 -O json host:443 > ghz.json",
    reads: "latencies of gRPC calls with their percentiles and the whole sample, so that quantiles have exact bounds; calls a \
            second, counts of status codes, the error rate with its counts.",
    carries: &[Carries::Metrics, Carries::SampleSize, Carries::Counts, Carries::Checks],
    recognised_by: "`count` and `rps` beside `statusCodeDistribution` and `latencyDistribution`",
    rule: "id = \"p99\"\nmetric = \"latency\"\nquantile = 0.99\nmax = \"150 ms\"",
    detect,
    read,
};

fn detect(document: &Document<'_>) -> Result<(), Declined> {
    let object = document.object()?;
    let keys = ["count", "average", "rps", "statusCodeDistribution", "latencyDistribution"];
    let missing = keys.into_iter().find(|key| !object.has(key));
    missing.map_or(Ok(()), |key| Err(Declined::because(format!("no key `{key}`"))))
}

fn read(document: &Document<'_>) -> Result<Evidence, EvidenceError> {
    let json = document.json().map_err(Clone::clone)?;
    let invalid = |at, why: String| document.invalid(ADAPTER.id, at, why);
    let root = document.require(ADAPTER.id, detect(document).and_then(|()| document.object()))?;
    let Some(count) = root.get("count").and_then(Json::as_number).and_then(Number::count) else {
        return Err(invalid(json.at, "`count` is no count".to_owned()));
    };
    let mut collector = Collector::new(document, ADAPTER.id).precision(Precision::Full);
    collector.evidence.producer =
        Some(Producer { tool: Some("ghz".to_owned()), ..Producer::default() });
    collector.evidence.produced_at =
        root.get("date").and_then(Json::as_str).and_then(|text| text.parse().ok());
    load::count(&mut collector, "count", Slice::overall(), count, None);

    let (mut calls, mut good) = (0_u64, 0_u64);
    for member in collector.members(root.get("statusCodeDistribution")) {
        let times = member.value.as_number().and_then(Number::count);
        let times = times.ok_or_else(|| {
            invalid(member.value.at, format!("a count of status codes is {}", member.value.kind()))
        })?;
        load::count(
            &mut collector,
            &format!("status_{}", member.key),
            Slice::overall(),
            times,
            None,
        );
        calls = calls.saturating_add(times);
        good = good.saturating_add(if member.key == "OK" { times } else { 0 });
    }
    let latencies = sample(root, count);
    if latencies.is_none() && count > 0 {
        collector.warn("`details` do not hold every call: the percentiles have no sample");
    }
    let ranked = latencies.as_ref().map(Sample::count).or_else(|| ranked(root));
    numbers(&mut collector, root, count, ranked);
    percentiles(&mut collector, root, latencies.as_ref(), ranked);
    if calls == count {
        load::error_rate(&mut collector, Slice::overall(), count, count - good);
        let ended = Ended {
            requests: count,
            failed: count - good,
            unfinished: asked(root).saturating_sub(count),
        };
        ended.tell(&mut collector, 0, &Slice::overall(), "");
    } else {
        collector.check(
            "requests succeeded",
            false,
            Some(format!("status codes of {calls} calls, and {count} were made")),
        );
    }
    if let Some(reason) =
        root.get("endReason").and_then(Json::as_str).filter(|reason| *reason != "normal")
    {
        collector.warn(format!("the run ended by {}", crate::evidence::quoted(reason)));
    }
    collector.finish()
}

/// How many calls were asked for; 0 if the run was to last for a fixed time. Then ghz writes no
/// total, or the largest possible one.
fn asked(root: &Object<'_>) -> u64 {
    const UNLIMITED: u64 = 0x7fff_ffff;
    let options = root.get("options");
    let total = ["total", "n"].iter().find_map(|key| options?.get(key)?.as_number());
    total.and_then(Number::count).filter(|total| *total < UNLIMITED).unwrap_or(0)
}

/// The latencies that the percentiles are computed from; `None` unless every call has one.
fn sample(root: &Object<'_>, count: u64) -> Option<Sample> {
    let details = root.get("details")?.as_array()?;
    let errors =
        root.get("options").and_then(|o| o.get("count-errors")).is_some_and(|c| c.kind() == "true");
    let mut values = Vec::with_capacity(details.len());
    for call in details {
        let latency = call.get("latency")?.as_number()?.value();
        if errors || call.get("error").and_then(Json::as_str).is_none_or(str::is_empty) {
            values.push(latency);
        }
    }
    // ghz converts latencies to seconds as doubles on the way, which may lose a nanosecond.
    (counted(details.len()) == count).then(|| Sample::of(values, 1.0, Unit::Nanoseconds))?
}

/// How many calls the percentiles are computed from: those that the histogram counts.
fn ranked(root: &Object<'_>) -> Option<u64> {
    let buckets = root.get("histogram")?.as_array()?;
    let counts = buckets.iter().map(|bucket| bucket.get("count")?.as_number()?.count());
    counts.sum::<Option<u64>>().filter(|total| *total > 0)
}

fn numbers(collector: &mut Collector<'_>, root: &Object<'_>, count: u64, ranked: Option<u64>) {
    for member in root {
        let key = &*member.key;
        match key {
            "total" | "average" | "fastest" | "slowest" | "rps" => {
                let Some(m) = collector.measure(key, key, Slice::overall(), &member.value) else {
                    continue;
                };
                m.unit = (key != "rps").then_some(Unit::Nanoseconds);
                m.n = if matches!(key, "fastest" | "slowest") { ranked } else { Some(count) };
                // These are zeros if there was no call, or none was answered.
                m.value = m.value.filter(|v| *v > 0.0);
            }
            "name"
            | "endReason"
            | "date"
            | "options"
            | "count"
            | "errorDistribution"
            | "statusCodeDistribution"
            | "latencyDistribution"
            | "histogram"
            | "details"
            | "tags" => {}
            _ => collector.left_out(key),
        }
    }
}

fn percentiles(
    collector: &mut Collector<'_>,
    root: &Object<'_>,
    sample: Option<&Sample>,
    ranked: Option<u64>,
) {
    for json in collector.list(root.get("latencyDistribution")) {
        let percent = json.get("percentage").and_then(Json::as_number).filter(|p| p.value() > 0.0);
        let Some((percent, latency)) = percent.zip(json.get("latency")) else {
            collector.left_out("percentiles that so few calls do not have");
            continue;
        };
        let name = load::percentile_name(percent.text());
        if let Some(m) = collector.measure("latency", &name, Slice::overall(), latency) {
            m.quantile = load::quantile(percent.text());
            (m.unit, m.n) = (Some(Unit::Nanoseconds), ranked);
            if let Some(sample) = sample {
                sample.fill(m);
            }
        }
    }
}
