//! autocannon: `--json`. Latencies are whole milliseconds from an `HdrHistogram`; percentiles are
//! keys such as `p97_5`.
//!
//! `latency.totalCount` is the number of answers in the histogram (since version 5; with a fixed
//! rate it also contains corrections for coordinated omission). `errors` are connections that
//! failed, including timeouts. Answers are counted by the first digit of their status, and since
//! version 7 by status. `requests` and `throughput` are statistics of seconds, not of requests.

#[cfg(test)]
mod tests;

use super::sample::{self as load, Ended};
use crate::evidence::{
    Adapter, Carries, Collector, Declined, Document, EvidenceError, Family,
    json::{Json, Number, Object},
    precision::Precision,
};
use crate::model::{Evidence, Producer, Slice, Unit};

/// The row of this format in the table of formats.
pub const ADAPTER: Adapter = Adapter {
    id: "autocannon",
    title: "autocannon: `--json`",
    family: Family::Load,
    written_by: "autocannon --json -d 30 https://service/predict > autocannon.json",
    reads: "latencies with their percentiles, requests and bytes a second, counts of status codes, the error rate with its \
            counts.",
    carries: &[Carries::Metrics, Carries::SampleSize, Carries::Counts, Carries::Checks],
    recognised_by: "`latency`, `requests` and `throughput` beside `non2xx` and `timeouts`",
    rule: "id = \"errors\"\nmetric = \"error_rate\"\nmax = 0.01",
    detect,
    read,
};

fn detect(document: &Document<'_>) -> Result<(), Declined> {
    let object = document.object()?;
    let keys = ["latency", "requests", "throughput", "errors", "timeouts", "non2xx"];
    let missing = keys.into_iter().find(|key| !object.has(key));
    missing.map_or(Ok(()), |key| Err(Declined::because(format!("no key `{key}`"))))
}

fn read(document: &Document<'_>) -> Result<Evidence, EvidenceError> {
    let json = document.json().map_err(Clone::clone)?;
    let invalid = |why: String| document.invalid(ADAPTER.id, json.at, why);
    let root = document.require(ADAPTER.id, detect(document).and_then(|()| document.object()))?;
    let mut collector = Collector::new(document, ADAPTER.id).precision(Precision::Full);
    collector.evidence.producer =
        Some(Producer { tool: Some("autocannon".to_owned()), ..Producer::default() });
    collector.evidence.produced_at =
        root.get("finish").and_then(Json::as_str).and_then(|text| text.parse().ok());
    let count = |key: &str| root.get(key).and_then(Json::as_number).and_then(Number::count);
    let digits = ["1xx", "2xx", "3xx", "4xx", "5xx"].map(count);
    let [_, _, _, client, server] = digits;
    let (Some(answers), Some(client), Some(server), Some(errors)) = (
        digits.into_iter().try_fold(0_u64, |sum, n| sum.checked_add(n?)),
        client,
        server,
        count("errors"),
    ) else {
        return Err(invalid("no counts of answers (`1xx` to `5xx`) and `errors`".to_owned()));
    };
    for member in collector.members(root.get("statusCodeStats")) {
        let times = member.value.get("count").and_then(Json::as_number).and_then(Number::count);
        match times {
            Some(times) => load::count(
                &mut collector,
                &format!("status_{}", member.key),
                Slice::overall(),
                times,
                None,
            ),
            None => collector.mistake(member.value.at, "a status code without its `count`"),
        }
    }
    for member in root {
        let key = &*member.key;
        match key {
            "latency" | "requests" | "throughput" => {
                if let Some(part) = collector.object(Some(&member.value)) {
                    histogram(&mut collector, key, part, answers);
                }
            }
            "errors" | "timeouts" | "mismatches" | "non2xx" | "resets" | "1xx" | "2xx" | "3xx"
            | "4xx" | "5xx" | "duration" => {
                if let Some(m) = collector.measure(key, key, Slice::overall(), &member.value) {
                    m.unit = (key == "duration").then_some(Unit::Seconds);
                    m.n = Some(answers.saturating_add(errors)).filter(|_| key != "duration");
                }
            }
            "title" | "url" | "socketPath" | "connections" | "sampleInt" | "pipelining"
            | "workers" | "samples" | "start" | "finish" | "statusCodeStats" => {}
            _ => collector.left_out(key),
        }
    }
    let failed = client.saturating_add(server).saturating_add(errors);
    let all = answers.saturating_add(errors);
    load::error_rate(&mut collector, Slice::overall(), all, failed);
    // `sent` also counts the requests that the end of the run cut short.
    let sent =
        root.get("requests").and_then(|requests| requests.get("sent")).and_then(Json::as_number);
    let unfinished = sent.and_then(Number::count).map_or(0, |sent| sent.saturating_sub(all));
    let ended =
        Ended { requests: all, failed: failed.max(count("mismatches").unwrap_or(0)), unfinished };
    ended.tell(&mut collector, 0, &Slice::overall(), "");
    collector.finish()
}

fn histogram(collector: &mut Collector<'_>, of: &str, part: &Object<'_>, answers: u64) {
    let latency = of == "latency";
    let n = part
        .get("totalCount")
        .and_then(Json::as_number)
        .and_then(Number::count)
        .filter(|_| latency);
    for member in part {
        let percent = member.key.strip_prefix('p').map(|percent| percent.replace('_', "."));
        let quantile = percent.as_deref().and_then(load::quantile);
        let (ours, theirs) = match (&percent, quantile) {
            (Some(percent), Some(_)) if latency => {
                ("latency".to_owned(), load::percentile_name(percent))
            }
            _ => (format!("{of}.{}", member.key), format!("{of}.{}", member.key)),
        };
        let Some(m) = collector.measure(&ours, &theirs, Slice::overall(), &member.value) else {
            continue;
        };
        m.quantile = quantile;
        if latency && member.key != "totalCount" {
            (m.n, m.unit) = (n, Some(Unit::Milliseconds));
        } else if of == "throughput" {
            m.unit = Some(Unit::Bytes);
        }
        // The histogram stores whole numbers.
        if quantile.is_some() || matches!(&*member.key, "min" | "max") {
            m.rounding = 0.5;
        }
        // These are zeros if there was no answer.
        m.value = m
            .value
            .filter(|_| answers > 0 || matches!(&*member.key, "totalCount" | "total" | "sent"));
    }
}
