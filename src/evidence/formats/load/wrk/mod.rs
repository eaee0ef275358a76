//! wrk 4, with and without `--latency`, and wrk2 with its `HdrHistogram`.
//!
//! Times are written in µs, ms, s or minutes, depending on their size, rates with `k` and `M` for
//! thousands and millions, sizes with units of 1024. wrk prints no line for errors if there are
//! none. With `--latency` its percentiles are from a sample that it corrected for coordinated
//! omission; n is the number of requests that it states. wrk2 states how many latencies it recorded
//! (it omits the first ten seconds) and how many are below each value: the whole sample, to three
//! digits.

#[cfg(test)]
mod tests;

use super::sample as load;
use crate::evidence::{
    Adapter, Carries, Collector, Declined, Document, EvidenceError, Family, json::Number,
};
use crate::model::{
    Bucket, Distribution, Evidence, Measurement, Producer, Slice, Unit, number::round12,
};
use std::sync::Arc;

/// The row of this format in the table of formats.
pub const ADAPTER: Adapter = Adapter {
    id: "wrk",
    title: "wrk and wrk2: what they print",
    family: Family::Load,
    written_by: "wrk -t2 -c64 -d30s --latency https://service/predict > wrk.txt",
    reads: "latencies and their percentiles, requests a second, failed answers and socket errors, the error rate with its \
            counts. Quantiles of wrk2 have exact bounds, from its spectrum of percentiles.",
    carries: &[Carries::Metrics, Carries::SampleSize, Carries::Counts, Carries::Checks],
    recognised_by: "a first line `Running … test @ …`",
    rule: "id = \"median\"\nmetric = \"latency\"\nquantile = 0.5\nmax = \"50 ms\"\npoint_estimate = \"allow\"",
    detect,
    read,
};

fn detect(document: &Document<'_>) -> Result<(), Declined> {
    let text = document.text().map_err(|_| Declined::because("not text"))?;
    let first = text.lines().find(|line| !line.trim().is_empty()).unwrap_or("");
    if first.starts_with("Running ") && first.contains(" test @ ") {
        return Ok(());
    }
    Err(Declined::because("the first line is not `Running … test @ …`"))
}

fn read(document: &Document<'_>) -> Result<Evidence, EvidenceError> {
    document.require(ADAPTER.id, detect(document))?;
    let text = document.text()?;
    let invalid = |at, why: &str| document.invalid(ADAPTER.id, at, why);
    let lines: Vec<&str> = lines(text);
    if lines.iter().filter(|line| line.starts_with("Running ") && line.contains(" test @ ")).count()
        > 1
    {
        return Err(invalid(0, "more than one run: submit each as a document of its own"));
    }
    let requests = lines.iter().find_map(|line| {
        let (number, rest) = line.trim().split_once(" requests in ")?;
        Some((number.parse::<u64>().ok()?, rest))
    });
    let Some((requests, rest_of_line)) = requests else {
        return Err(invalid(text.len(), "no line `… requests in …`: the output was cut off"));
    };
    let mut collector = Collector::new(document, ADAPTER.id);
    let spectra = spectra(&lines);
    let tool = if lines
        .iter()
        .any(|line| line.contains("HdrHistogram") || line.contains("Thread calibration"))
    {
        "wrk2"
    } else {
        "wrk"
    };
    collector.evidence.producer =
        Some(Producer { tool: Some(tool.to_owned()), ..Producer::default() });
    load::count(&mut collector, "requests", Slice::overall(), requests, None);
    if let Some((duration, read)) = rest_of_line.split_once(", ") {
        load::time(&mut collector, "duration", "duration", duration);
        if let Some(size) = read.strip_suffix(" read") {
            load::size(&mut collector, "read", size);
        }
    }
    let mut reader = Reader { collector: &mut collector, requests, spectra: &spectra, part: 0 };
    for line in &lines {
        reader.line(line.trim());
    }
    failures(&mut collector, &lines, requests);
    collector.finish()
}

/// The complete lines. The last one is kept without its line break if it is complete otherwise.
fn lines(text: &str) -> Vec<&str> {
    let whole = load::whole_lines(text);
    let rest = text.get(whole.len()..).unwrap_or("");
    let last = Some(rest).filter(|rest| rest.starts_with("Transfer/sec:") && rest.ends_with('B'));
    whole.lines().chain(last).collect()
}

/// One `HdrHistogram` of wrk2.
#[derive(Default)]
struct Spectrum {
    /// Values, and how many are at or below each.
    rows: Vec<(f64, u64)>,
    total: Option<u64>,
    sample: Option<Arc<Distribution>>,
}

/// Every spectrum, in the order of the file.
fn spectra(lines: &[&str]) -> Vec<Spectrum> {
    let mut all: Vec<Spectrum> = Vec::new();
    for line in lines {
        let line = line.trim();
        if line == "Detailed Percentile spectrum:" {
            all.push(Spectrum::default());
            continue;
        }
        let Some(spectrum) = all.last_mut() else { continue };
        let cells: Vec<&str> = line.split_whitespace().collect();
        if let [value, percentile, count, _] = cells.as_slice() {
            if let (Some(value), Some(_), Ok(count)) =
                (Number::parse(value), Number::parse(percentile), count.parse())
            {
                spectrum.rows.push((value.value(), count));
            }
        } else if let Some((_, count)) = line.split_once("Total count") {
            spectrum.total = count.trim_matches(|c: char| !c.is_ascii_digit()).parse().ok();
        }
    }
    for spectrum in &mut all {
        spectrum.sample = spectrum.total.and_then(|n| cumulated(&spectrum.rows, n));
    }
    all
}

/// The sample of a cumulative count, in milliseconds with three decimals; `None` unless it ends at
/// `n`.
fn cumulated(rows: &[(f64, u64)], n: u64) -> Option<Arc<Distribution>> {
    /// Half a unit of the third decimal.
    const SLACK: f64 = 0.000_5;
    let mut buckets: Vec<Bucket> = Vec::new();
    // The lowest values are only known to be times.
    let (mut below, mut counted) = (0.0, 0);
    for (value, count) in rows {
        if *value < below || *count < counted {
            return None;
        }
        if *count > counted {
            let low = if buckets.is_empty() { 0.0 } else { round12((below - SLACK).max(0.0)) };
            buckets.push(Bucket { low, high: round12(value + SLACK), count: count - counted });
        }
        (below, counted) = (*value, *count);
    }
    (counted == n && n > 0).then(|| Arc::new(Distribution { method: "hdr".to_owned(), buckets }))
}

struct Reader<'r, 'd> {
    collector: &'r mut Collector<'d>,
    requests: u64,
    spectra: &'r [Spectrum],
    /// How many tables of percentiles have begun.
    part: usize,
}

impl Reader<'_, '_> {
    fn line(&mut self, line: &str) {
        let cells: Vec<&str> = line.split_whitespace().collect();
        match cells.as_slice() {
            ["Latency", "Distribution", ..] => self.part += 1,
            ["Latency", avg, stdev, max, within] => {
                for (what, text) in [("Avg", avg), ("Stdev", stdev), ("Max", max)] {
                    let name = format!("Latency.{what}");
                    let m = load::time(self.collector, &name, &name, text);
                    settle(m, self.requests);
                }
                self.within("Latency", within);
            }
            ["Req/Sec", avg, stdev, max, within] => {
                for (what, text) in [("Avg", avg), ("Stdev", stdev), ("Max", max)] {
                    self.thousands(&format!("Req/Sec.{what}"), text);
                }
                self.within("Req/Sec", within);
            }
            ["Requests/sec:", rate] => {
                // A rate of 0.00 is correct if there was no request.
                if let Some(m) = self.collector.measure_text(
                    "Requests/sec",
                    "Requests/sec",
                    Slice::overall(),
                    rate,
                ) {
                    m.n = Some(self.requests);
                }
            }
            ["Transfer/sec:", rate] => {
                let m = load::size(self.collector, "Transfer/sec", rate);
                settle(m, self.requests);
            }
            [percent, value] => {
                if let Some(percent) = percent.strip_suffix('%') {
                    self.percentile(percent, value);
                }
            }
            _ => {}
        }
    }

    fn percentile(&mut self, percent: &str, value: &str) {
        let name = load::percentile_name(percent);
        let spectrum = self.part.checked_sub(1).and_then(|part| self.spectra.get(part));
        // wrk2 -U adds the latencies without the waiting time, which are another metric.
        let (ours, theirs) = if self.part > 1 {
            ("uncorrected_latency", format!("uncorrected.{name}"))
        } else {
            ("latency", name)
        };
        let Some(m) = load::time(self.collector, ours, &theirs, value) else { return };
        m.quantile = load::quantile(percent);
        m.n = spectrum.and_then(|s| s.total).or(Some(self.requests));
        if m.n == Some(0) {
            m.value = None;
        }
        let sample = spectrum.and_then(|s| s.sample.as_deref());
        m.distribution =
            sample.zip(m.unit).and_then(|(sample, unit)| within(sample, unit)).map(Arc::new);
    }

    /// Reads a rate with `k`, `M` or `G` after it.
    fn thousands(&mut self, name: &str, text: &str) {
        let (number, written) = load::split(text);
        let scale = match written {
            "" => 1.0,
            "k" => 1e3,
            "M" => 1e6,
            "G" => 1e9,
            _ => return self.collector.left_out(name),
        };
        let Some(m) = self.collector.measure_text(name, name, Slice::overall(), number) else {
            return;
        };
        m.value = m.value.map(|v| round12(v * scale));
        m.rounding *= scale;
        settle(Some(m), self.requests);
    }

    fn within(&mut self, of: &str, text: &str) {
        let name = format!("{of}.+/- Stdev");
        let m =
            self.collector.measure_text(&name, &name, Slice::overall(), text.trim_end_matches('%'));
        if let Some(m) = m {
            m.unit = Some(Unit::Percent);
        }
    }
}

/// Fills the number of requests; times and rates of no request are not valid.
fn settle(m: Option<&mut Measurement>, requests: u64) {
    let Some(m) = m else { return };
    m.n = Some(requests);
    if requests == 0 {
        m.value = None;
    }
}

/// A sample in milliseconds, converted to another unit.
fn within(sample: &Distribution, unit: Unit) -> Option<Distribution> {
    let edge = |x: f64| Unit::Milliseconds.convert(x, unit);
    let bucket =
        |b: &Bucket| Some(Bucket { low: edge(b.low)?, high: edge(b.high)?, count: b.count });
    let buckets = sample.buckets.iter().map(bucket).collect::<Option<_>>()?;
    Some(Distribution { method: sample.method.clone(), buckets })
}

fn failures(collector: &mut Collector<'_>, lines: &[&str], requests: u64) {
    let after = |start: &str| lines.iter().find_map(|line| line.trim().strip_prefix(start));
    let status =
        after("Non-2xx or 3xx responses:").map_or(Some(0), |n| n.trim().parse::<u64>().ok());
    let mut sockets = 0_u64;
    for part in after("Socket errors:")
        .unwrap_or("")
        .split(',')
        .map(str::trim)
        .filter(|part| !part.is_empty())
    {
        let Some((kind, n)) =
            part.split_once(' ').and_then(|(kind, n)| Some((kind, n.parse::<u64>().ok()?)))
        else {
            collector.left_out("Socket errors");
            continue;
        };
        load::count(collector, &format!("Socket errors.{kind}"), Slice::overall(), n, None);
        sockets = sockets.saturating_add(n);
    }
    // Both lines come before the rate. If the rate is missing, they may have been cut off.
    let (Some(status), Some(_)) = (status, after("Requests/sec:")) else {
        collector.warn("the output was cut off: whether requests failed is unknown");
        collector.check("requests succeeded", false, Some("the output was cut off".to_owned()));
        return;
    };
    load::count(collector, "non_2xx", Slice::overall(), status, Some(requests));
    if sockets == 0 {
        load::error_rate(collector, Slice::overall(), requests, status);
    } else {
        collector.warn(format!(
            "{sockets} socket errors, which may or may not be among the {requests} requests: the error rate is unknown"
        ));
    }
    // wrk might not count a request whose connection was refused.
    let all = if requests == 0 { sockets } else { requests.saturating_add(sockets) };
    load::Ended::of(all, status.saturating_add(sockets)).tell(collector, 0, &Slice::overall(), "");
}
