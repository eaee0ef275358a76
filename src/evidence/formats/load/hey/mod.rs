//! hey: the summary it prints, and `-o csv`.
//!
//! The summary is in seconds with four decimals. hey makes a multiple of `-c` requests: 296 for
//! `-n 300 -c 8`, and only the counts in the file show this. Without any answer it prints
//! `NaN secs`, zeros and a high rate of requests. With few answers it prints `0% in 0.0000 secs`
//! for percentiles that it cannot compute. Some builds print `10%%`.
//!
//! The CSV has a row for each answer, with four decimals, and no row for a request that was never
//! answered.

mod csv;
#[cfg(test)]
mod tests;

use super::sample::{self as load, Ended, Sample};
use crate::evidence::{
    Adapter, Carries, Collector, Declined, Document, EvidenceError, Family, json::Number, quoted,
};
use crate::model::{Distribution, Evidence, Producer, Slice};
use crate::stats::proportion::float;
use std::sync::Arc;

/// The row of this format in the table of formats.
pub const ADAPTER: Adapter = Adapter {
    id: "hey",
    title: "hey: its summary, or `-o csv`",
    family: Family::Load,
    written_by: "hey -n 10000 -c 8 https://service/predict > hey.txt",
    reads: "latencies with their percentiles, requests a second, counts of status codes and errors, and the error rate with \
            its counts. Quantiles have exact bounds: from every request in the CSV, from the printed histogram in the summary.",
    carries: &[Carries::Metrics, Carries::SampleSize, Carries::Counts, Carries::Checks],
    recognised_by: "a `Summary:` that starts with `Total:`, or the columns `response-time` and `DNS+dialup`",
    rule: "id = \"p99\"\nmetric = \"latency\"\nquantile = 0.99\nmax = \"150 ms\"",
    detect,
    read,
};

fn is_csv(document: &Document<'_>) -> bool {
    document
        .header(b',')
        .is_ok_and(|header| matches!(header.as_slice(), [a, b, ..] if a == "response-time" && b == "DNS+dialup"))
}

fn detect(document: &Document<'_>) -> Result<(), Declined> {
    let text = document.text().map_err(|_| Declined::because("not text"))?;
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    if lines.next() == Some("Summary:") {
        let total = lines.next().is_some_and(|line| line.starts_with("Total:"));
        return total
            .then_some(())
            .ok_or_else(|| Declined::because("no `Total:` below `Summary:`"));
    }
    is_csv(document).then_some(()).ok_or_else(|| {
        Declined::because("no `Summary:`, and no columns `response-time` and `DNS+dialup`")
    })
}

fn read(document: &Document<'_>) -> Result<Evidence, EvidenceError> {
    document.require(ADAPTER.id, detect(document))?;
    let mut collector = Collector::new(document, ADAPTER.id);
    collector.evidence.producer =
        Some(Producer { tool: Some("hey".to_owned()), ..Producer::default() });
    if is_csv(document) {
        csv::read(document, &mut collector)?;
    } else {
        summary(document, &mut collector)?;
    }
    collector.finish()
}

/// The counts that the summary states.
struct Counts {
    /// Answers, if the histogram counts the same number.
    answers: Option<u64>,
    /// Answers and errors, if the rate of requests corresponds to their sum.
    requests: Option<u64>,
}

fn summary(document: &Document<'_>, collector: &mut Collector<'_>) -> Result<(), EvidenceError> {
    let text = document.text()?;
    let cut = || {
        document.invalid(
            ADAPTER.id,
            text.len(),
            "no `Status code distribution:`: the summary was cut off",
        )
    };
    let codes = load::section(text, "Status code distribution:").ok_or_else(cut)?;
    let head = load::section(load::whole_lines(text), "Summary:").unwrap_or_default();
    let counted = |line: &&str| {
        let (code, rest) = load::bracketed(line)?;
        let times = rest.strip_suffix(" responses")?.parse().ok()?;
        Some((code.to_owned(), times))
    };
    let codes: Vec<(String, u64)> = codes.iter().filter_map(counted).collect();
    let errors = load::section(text, "Error distribution:").unwrap_or_default();
    let errors: Vec<(u64, &str)> = errors
        .iter()
        .filter_map(|line| load::bracketed(line))
        .filter_map(|(n, what)| Some((n.parse().ok()?, what)))
        .collect();

    let (answers, bad) =
        load::statuses(collector, codes.iter().map(|(code, n)| (code.as_str(), *n)));
    let lost = errors.iter().fold(0_u64, |sum, (n, _)| sum.saturating_add(*n));
    let marks = marks(text);
    let shown = marks.iter().fold(0_u64, |sum, (_, n)| sum.saturating_add(*n));
    let requests = answers.saturating_add(lost);
    let whole = stands_for(&head, requests);
    let counts = Counts {
        answers: (shown == answers).then_some(answers),
        requests: whole.then_some(requests),
    };
    if counts.answers.is_none() {
        collector.warn(format!(
            "the histogram counts {shown} answers, the status codes {answers}: n is unknown"
        ));
    }
    if counts.requests.is_none() {
        collector.warn(format!(
            "the rate of requests does not stand for {requests} requests: how many there were is unknown"
        ));
    }
    let failed = bad.saturating_add(lost);
    head_lines(collector, &head, &counts);
    latencies(collector, text, &counts, load::histogram(&marks, 0.0005, answers).as_ref());
    details(collector, text, &counts);
    if lost > 0 {
        load::count(collector, "errors", Slice::overall(), lost, counts.requests);
        collector.warn(format!(
            "{lost} requests had no answer, the first with: {}",
            errors.first().map_or_else(String::new, |(_, what)| quoted(what))
        ));
    }
    if let Some(requests) = counts.requests {
        load::error_rate(collector, Slice::overall(), requests, failed);
    }
    if counts.requests.is_some() || failed > 0 || requests == 0 {
        Ended::of(requests, failed).tell(collector, 0, &Slice::overall(), "");
    }
    Ok(())
}

/// Whether requests per second times seconds can be this many requests, given the rounding of both.
fn stands_for(head: &[&str], requests: u64) -> bool {
    let value = |key: &str| {
        head.iter()
            .find_map(|line| line.strip_prefix(key))
            .map(load::split)
            .and_then(|(n, _)| Number::parse(n))
    };
    let Some((total, rate)) = value("Total:").zip(value("Requests/sec:")) else { return false };
    let slack = total.rounding() * (rate.value() + 1.0) + rate.rounding() * total.value();
    (total.value() * rate.value() - float(requests)).abs() <= slack
}

fn head_lines(collector: &mut Collector<'_>, head: &[&str], counts: &Counts) {
    let none = counts.answers == Some(0);
    for line in head {
        let Some((name, rest)) = line.split_once(':') else { continue };
        let m = match name {
            "Total" | "Slowest" | "Fastest" | "Average" => load::time(collector, name, name, rest),
            "Requests/sec" => collector.measure_text(name, name, Slice::overall(), rest),
            "Total data" | "Size/request" => load::size(collector, name, rest),
            _ => {
                collector.left_out(name);
                continue;
            }
        };
        let Some(m) = m else { continue };
        m.n =
            if matches!(name, "Total" | "Requests/sec") { counts.requests } else { counts.answers };
        // Zeros and rates of requests that were not answered are not valid.
        if none && name != "Total" {
            m.value = None;
        }
    }
    if none {
        collector.warn("no request was answered: times and rates are undefined");
    }
}

fn marks(text: &str) -> Vec<(f64, u64)> {
    let lines = load::section(text, "Response time histogram:").unwrap_or_default();
    let mark = |line: &&str| {
        let (mark, rest) = line.split_once(" [")?;
        let (count, _) = rest.split_once(']')?;
        Some((Number::parse(mark)?.value(), count.parse().ok()?))
    };
    lines.iter().filter_map(mark).collect()
}

fn latencies(
    collector: &mut Collector<'_>,
    text: &str,
    counts: &Counts,
    sample: Option<&Arc<Distribution>>,
) {
    for line in load::section(text, "Latency distribution:").unwrap_or_default() {
        let Some((percent, rest)) = line.split_once('%') else { continue };
        let rest = rest.trim_start_matches('%').trim_start();
        let Some(time) = rest.strip_prefix("in ").filter(|time| time.ends_with("secs")) else {
            continue;
        };
        let name = load::percentile_name(percent);
        if percent == "0" {
            collector.left_out("percentiles that so few answers do not have");
        } else if let Some(m) = load::time(collector, "latency", &name, time) {
            m.quantile = load::quantile(percent);
            m.n = counts.answers;
            m.distribution = sample.map(Arc::clone);
        }
    }
}

fn details(collector: &mut Collector<'_>, text: &str, counts: &Counts) {
    for line in load::section(text, "Details (average, fastest, slowest):").unwrap_or_default() {
        let Some((name, rest)) = line.split_once(':') else { continue };
        let times: Vec<&str> = rest.split(',').map(str::trim).collect();
        if times.len() != 3 || !times.iter().all(|time| time.ends_with("secs")) {
            collector.left_out(name);
            continue;
        }
        for (what, time) in ["average", "fastest", "slowest"].iter().zip(times) {
            let name = format!("{name}.{what}");
            let Some(m) = load::time(collector, &name, &name, time) else { continue };
            m.n = counts.answers;
            if counts.answers == Some(0) {
                m.value = None;
            }
        }
    }
}
