//! The summary that oha prints.

use super::ended::{Ended, rate};
use super::{Collector, Document, EvidenceError, Slice, load};
use crate::evidence::json::Number;
use std::sync::Arc;

pub(super) fn read(
    document: &Document<'_>,
    collector: &mut Collector<'_>,
) -> Result<(), EvidenceError> {
    let text = document.text()?;
    let Some(codes) = load::section(text, "Status code distribution:") else {
        let why = "no `Status code distribution:`: the summary was cut off";
        return Err(document.invalid(collector.format(), text.len(), why));
    };
    let counted = |line: &&str| {
        let (code, rest) = load::bracketed(line)?;
        Some((code.to_owned(), rest.strip_suffix(" responses")?.parse().ok()?))
    };
    let codes: Vec<(String, u64)> = codes.iter().filter_map(counted).collect();
    let mut ended = Ended::default();
    (ended.answers, ended.bad) =
        load::statuses(collector, codes.iter().map(|(code, n)| (code.as_str(), *n)));
    for line in load::section(text, "Error distribution:").unwrap_or_default() {
        if let Some((times, what)) =
            load::bracketed(line).and_then(|(n, what)| Some((n.parse().ok()?, what)))
        {
            ended.error(what, times);
        }
    }
    // The histogram counts the answers, too. If its count differs, something was cut off.
    let marks = marks(text, "Response time histogram:");
    let shown = marks.iter().fold(0_u64, |sum, (_, n)| sum.saturating_add(*n));
    if shown != ended.answers {
        collector.warn(format!(
            "the histogram counts {shown} answers, the status codes {}: counts are unknown",
            ended.answers
        ));
    }
    let whole = shown == ended.answers;
    head(
        collector,
        &load::section(load::whole_lines(text), "Summary:").unwrap_or_default(),
        ended,
        whole,
    );
    for (heading, of) in [("", ""), (" (2xx only)", "2xx."), (" (4xx + 5xx only)", "4xx + 5xx.")] {
        distribution(collector, text, heading, of, ended, whole);
    }
    details(collector, text);
    if whole {
        ended.verdict(collector);
    } else {
        load::succeeded(collector, "", ended.counted(), ended.counted());
    }
    Ok(())
}

fn head(collector: &mut Collector<'_>, lines: &[&str], ended: Ended, whole: bool) {
    for line in lines {
        let Some((name, rest)) = line.split_once(':') else { continue };
        let m = match name {
            "Success rate" => collector.measure_text("pass_rate", name, Slice::overall(), rest),
            "Total" | "Slowest" | "Fastest" | "Average" => load::time(collector, name, name, rest),
            "Requests/sec" => collector.measure_text(name, name, Slice::overall(), rest),
            "Total data" | "Size/request" | "Size/sec" if !rest.trim().starts_with("NaN") => {
                load::size(collector, name, rest)
            }
            _ => {
                collector.left_out(name);
                continue;
            }
        };
        let Some(m) = m else { continue };
        m.n = match name {
            "Success rate" if whole => {
                rate(m, ended);
                continue;
            }
            "Total" | "Requests/sec" => Some(ended.all()),
            _ => Some(ended.answers),
        };
        m.n = m.n.filter(|_| whole);
        if ended.answers == 0 && name != "Total" {
            m.value = m.value.filter(|_| name == "Success rate");
        }
    }
}

/// Reads the ranges of a histogram: `  52.420 ms [129] |■■■`, and before 1.5 `  0.052 [129] |■■■`.
fn marks(text: &str, heading: &str) -> Vec<(f64, u64)> {
    let mark = |line: &&str| {
        let (mark, rest) = line.split_once(" [")?;
        let (number, _) = load::split(mark);
        Some((Number::parse(number)?.value(), rest.split_once(']')?.0.trim().parse().ok()?))
    };
    load::section(text, heading).unwrap_or_default().iter().filter_map(mark).collect()
}

fn distribution(
    collector: &mut Collector<'_>,
    text: &str,
    heading: &str,
    of: &str,
    ended: Ended,
    whole: bool,
) {
    /// Half a unit of the third decimal.
    const SLACK: f64 = 0.000_5;
    let lines = load::section(text, &format!("Response time distribution{heading}:"));
    let lines =
        lines.or_else(|| load::section(text, "Latency distribution:").filter(|_| of.is_empty()));
    let marks = marks(text, &format!("Response time histogram{heading}:"));
    let total = marks.iter().fold(0_u64, |sum, (_, n)| sum.saturating_add(*n));
    let n = if of.is_empty() { ended.answers } else { total };
    for line in lines.unwrap_or_default() {
        let Some((percent, time)) = line.split_once('%') else { continue };
        // The unit is at the end of a line: one that was cut off has none, or another.
        let Some(time) = time.trim().strip_prefix("in ").filter(|_| whole) else {
            collector.left_out("a distribution that was cut off");
            continue;
        };
        let name = load::percentile_name(percent);
        let ours = if of.is_empty() { "latency".to_owned() } else { format!("{of}latency") };
        let Some(m) = load::time(collector, &ours, &format!("{of}{name}"), time) else { continue };
        (m.quantile, m.n) = (load::quantile(percent), Some(n));
        let plain = matches!(load::split(time).1, "ns" | "us" | "ms" | "sec" | "secs");
        m.distribution = load::histogram(&marks, SLACK, n)
            .filter(|_| plain && m.value.is_some())
            .map(|sample| Arc::clone(&sample));
    }
}

fn details(collector: &mut Collector<'_>, text: &str) {
    for line in load::section(text, "Details (average, fastest, slowest):").unwrap_or_default() {
        let Some((name, rest)) = line.split_once(':') else { continue };
        let times: Vec<&str> = rest.split(',').map(str::trim).collect();
        if times.len() != 3 {
            collector.left_out(name);
            continue;
        }
        for (what, time) in ["average", "fastest", "slowest"].iter().zip(times) {
            let name = format!("{name}.{what}");
            load::time(collector, &name, &name, time);
        }
    }
}
