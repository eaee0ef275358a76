//! What the formats of load tools share: whole samples and their quantiles, times with their units,
//! and whether requests succeeded.

pub(super) use super::ended::Ended;
use crate::evidence::{Collector, Document, EvidenceError, json::Number, quoted, table::Table};
use crate::model::{Bucket, Distribution, Measurement, Slice, Unit, number::round12};
use crate::stats::{
    proportion::{counted, float},
    quantile::type7,
};
use std::sync::Arc;

/// The quantiles that are computed from a sample if the file names none.
const QUANTILES: [(&str, f64); 6] =
    [("p50", 0.5), ("p75", 0.75), ("p90", 0.9), ("p95", 0.95), ("p99", 0.99), ("p99.9", 0.999)];

/// How a tool rounds what it measured.
#[derive(Debug, Clone, Copy)]
pub(super) enum Written {
    /// At most this far from it, above or below.
    Within(f64),
    /// At most this much less than it.
    Cut(f64),
}

impl Written {
    /// How far a written value may be from what was measured.
    const fn slack(self) -> f64 {
        match self {
            Self::Within(slack) | Self::Cut(slack) => slack,
        }
    }

    /// The range of measurements that are written as `value`.
    fn range(self, value: f64) -> (f64, f64) {
        match self {
            Self::Within(slack) if slack > 0.0 => {
                (round12((value - slack).max(0.0)), round12(value + slack))
            }
            Self::Within(_) => (value, value),
            Self::Cut(cut) => (value, value + cut),
        }
    }
}

/// Sorted values as the whole sample; `None` if there are no values, or one is negative or not a
/// number.
pub(super) fn distribution(sorted: &[f64], written: Written) -> Option<Distribution> {
    if sorted.is_empty() || !sorted.iter().all(|v| v.is_finite() && *v >= 0.0) {
        return None;
    }
    let mut buckets: Vec<Bucket> = Vec::new();
    let mut last = None;
    for value in sorted {
        match buckets.last_mut() {
            Some(bucket) if last == Some(value.to_bits()) => {
                bucket.count = bucket.count.saturating_add(1);
            }
            _ => {
                let (low, high) = written.range(*value);
                buckets.push(Bucket { low, high, count: 1 });
            }
        }
        last = Some(value.to_bits());
    }
    Some(Distribution { method: "samples".to_owned(), buckets })
}

/// The usual quantiles of sorted values, by linear interpolation as `numpy.quantile` does.
fn usual(sorted: &[f64]) -> impl Iterator<Item = (&'static str, f64, f64)> {
    QUANTILES.into_iter().filter_map(|(name, q)| Some((name, q, type7(sorted, q)?)))
}

/// Every latency of a run, sorted.
pub(super) struct Sample {
    values: Vec<f64>,
    slack: f64,
    unit: Unit,
    pub(super) distribution: Arc<Distribution>,
}

impl Sample {
    /// A sample of values that the tool wrote to within `slack` of what it measured; `None` if
    /// there are no values, or one is negative or not a number: such values are not latencies.
    pub(super) fn of(mut values: Vec<f64>, slack: f64, unit: Unit) -> Option<Self> {
        values.sort_unstable_by(f64::total_cmp);
        let distribution = Arc::new(distribution(&values, Written::Within(slack))?);
        Some(Self { values, slack, unit, distribution })
    }

    /// How many values there are.
    pub(super) fn count(&self) -> u64 {
        counted(self.values.len())
    }

    /// Adds the usual quantiles, except those in `given`.
    pub(super) fn quantiles(&self, collector: &mut Collector<'_>, slice: &Slice, given: &[f64]) {
        for (name, q, value) in usual(&self.values).filter(|(_, q, _)| !given.contains(q)) {
            if let Some(m) = collector.number("latency", name, slice.clone(), value) {
                m.quantile = Some(q);
                self.fill(m);
            }
        }
    }

    /// Fills the fields of a quantile of this sample.
    pub(super) fn fill(&self, m: &mut Measurement) {
        m.unit = Some(self.unit);
        m.n = Some(self.count());
        m.rounding = m.rounding.max(self.slack);
        m.distribution = Some(Arc::clone(&self.distribution));
    }
}

/// Statistics of values that a document lists one by one, without summarising them.
pub(super) struct Statistics<'s> {
    /// Our name of the metric that has the quantiles: `latency`.
    pub metric: &'s str,
    /// Makes the source's name of one statistic, from `mean`, `p99` and so on.
    pub name: &'s dyn Fn(&str) -> String,
    /// The name of the mean in the source's tools.
    pub mean: &'s str,
    pub unit: Option<Unit>,
    pub written: Written,
    pub slice: &'s Slice,
}

impl Statistics<'_> {
    /// Adds mean, minimum, maximum and the usual quantiles of the values, which are finite.
    /// Quantiles carry the whole sample if no value is negative.
    pub(super) fn add(&self, collector: &mut Collector<'_>, mut values: Vec<f64>) {
        values.sort_unstable_by(f64::total_cmp);
        let (Some(least), Some(greatest)) = (values.first().copied(), values.last().copied())
        else {
            return;
        };
        let n = counted(values.len());
        let mean = values.iter().sum::<f64>() / float(n);
        let whole = distribution(&values, self.written).map(Arc::new);
        let mut add = |stat: &str, q: Option<f64>, value: f64| {
            let name = (self.name)(stat);
            let metric = if q.is_some() { self.metric } else { &name };
            let Some(m) = collector.number(metric, &name, self.slice.clone(), value) else {
                return;
            };
            (m.n, m.unit, m.quantile) = (Some(n), self.unit, q);
            m.rounding = m.rounding.max(self.written.slack());
            m.distribution = q.and(whole.clone());
        };
        for (stat, value) in [(self.mean, mean), ("min", least), ("max", greatest)] {
            add(stat, None, value);
        }
        for (name, q, value) in usual(&values) {
            add(name, Some(q), value);
        }
    }
}

/// Adds the mean of numbers that were each written to within `slack`.
pub(super) fn mean(
    collector: &mut Collector<'_>,
    name: &str,
    slice: Slice,
    values: &[f64],
    slack: f64,
    unit: Option<Unit>,
) {
    let n = counted(values.len());
    let mean = values.iter().sum::<f64>() / float(n);
    if let Some(m) = Some(mean)
        .filter(|m| m.is_finite())
        .and_then(|mean| collector.number(name, name, slice, mean))
    {
        m.unit = unit;
        m.n = Some(n);
        m.rounding = m.rounding.max(slack);
    }
}

/// A histogram whose buckets each end at a mark (the first contains only values at its own mark),
/// with each mark written to within `slack`; `None` unless the marks ascend and `n` values are
/// counted.
pub(super) fn histogram(marks: &[(f64, u64)], slack: f64, n: u64) -> Option<Arc<Distribution>> {
    let mut buckets = Vec::new();
    let mut below: Option<f64> = None;
    for (mark, count) in marks {
        if !mark.is_finite() || *mark < 0.0 || below.is_some_and(|below| below > *mark) {
            return None;
        }
        let low = (below.unwrap_or(*mark) - slack).max(0.0);
        if *count > 0 {
            buckets.push(Bucket { low, high: mark + slack, count: *count });
        }
        below = Some(*mark);
    }
    let total = marks.iter().try_fold(0_u64, |sum, (_, count)| sum.checked_add(*count))?;
    (total == n && n > 0)
        .then(|| Arc::new(Distribution { method: "histogram".to_owned(), buckets }))
}

/// The quantile that a percentage such as `99.9` names, without the error of a division: 0.999.
pub(super) fn quantile(percent: &str) -> Option<f64> {
    let plain = percent.bytes().all(|b| b.is_ascii_digit() || b == b'.') && !percent.is_empty();
    let q: f64 = plain.then(|| format!("{percent}e-2").parse().ok())??;
    (0.0..=1.0).contains(&q).then_some(q)
}

/// The quantile that a percentage names, unless it is the minimum or maximum.
pub(super) fn inner_quantile(percent: &str) -> Option<f64> {
    quantile(percent).filter(|q| *q > 0.0 && *q < 1.0)
}

/// The quantile of a name such as `p99` or `p99.9`, unless it is the minimum or maximum.
pub(super) fn percentile(name: &str) -> Option<f64> {
    inner_quantile(name.strip_prefix('p')?)
}

/// `p99.9` for `99.90`.
pub(super) fn percentile_name(percent: &str) -> String {
    let short = if percent.contains('.') {
        percent.trim_end_matches('0').trim_end_matches('.')
    } else {
        percent
    };
    format!("p{}", if short.is_empty() { "0" } else { short })
}

/// A unit of time as load tools write it, and its factor to our unit: minutes and hours become
/// seconds.
pub(super) fn time_unit(text: &str) -> Option<(Unit, f64)> {
    Some(match text {
        "ns" => (Unit::Nanoseconds, 1.0),
        "us" | "µs" | "μs" => (Unit::Microseconds, 1.0),
        "ms" | "[ms]" => (Unit::Milliseconds, 1.0),
        "s" | "sec" | "secs" | "seconds" => (Unit::Seconds, 1.0),
        "10 sec" => (Unit::Seconds, 10.0),
        "m" | "min" => (Unit::Seconds, 60.0),
        "10 min" => (Unit::Seconds, 600.0),
        "h" | "hr" => (Unit::Seconds, 3_600.0),
        _ => return None,
    })
}

/// Splits `44.00ms` or `44.00 ms` into `44.00` and `ms`; also NaN and a unit.
pub(super) fn split(text: &str) -> (&str, &str) {
    let text = text.trim();
    let end = text
        .find(|c: char| !(c.is_ascii_digit() || matches!(c, '.' | '-' | '+')))
        .unwrap_or(text.len());
    let end = if end == 0 { text.find(' ').unwrap_or(text.len()) } else { end };
    let (number, unit) = text.split_at_checked(end).unwrap_or((text, ""));
    (number, unit.trim())
}

/// Adds a time: a number and its unit, as written.
pub(super) fn time<'c>(
    collector: &'c mut Collector<'_>,
    ours: &str,
    theirs: &str,
    text: &str,
) -> Option<&'c mut Measurement> {
    let (number, written) = split(text);
    let Some((unit, scale)) = time_unit(written) else {
        collector.left_out(theirs);
        return None;
    };
    let m = collector.measure_text(ours, theirs, Slice::overall(), number)?;
    m.unit = Some(unit);
    if scale > 1.0 {
        m.value = m.value.map(|v| round12(v * scale));
        m.rounding *= scale;
    }
    Some(m)
}

/// Adds a size as tools write it with units of 1024: `36.13KB`, `8.20 KiB`, `14 bytes`.
pub(super) fn size<'c>(
    collector: &'c mut Collector<'_>,
    name: &str,
    text: &str,
) -> Option<&'c mut Measurement> {
    let (number, written) = split(text);
    let unit = match written {
        "B" | "bytes" | "byte" => Unit::Bytes,
        "KB" | "KiB" => Unit::Kibibytes,
        "MB" | "MiB" => Unit::Mebibytes,
        "GB" | "GiB" => Unit::Gibibytes,
        _ => {
            collector.left_out(name);
            return None;
        }
    };
    let m = collector.measure_text(name, name, Slice::overall(), number)?;
    m.unit = Some(unit);
    Some(m)
}

/// Adds the check whether requests succeeded, for a run that has no times.
pub(super) fn succeeded(collector: &mut Collector<'_>, of: &str, requests: u64, failed: u64) {
    let from = collector.evidence.measurements.len();
    Ended::of(requests, failed).tell(collector, from, &Slice::overall(), of);
}

/// Adds the share of requests that failed, if there was any request.
pub(super) fn error_rate(collector: &mut Collector<'_>, slice: Slice, requests: u64, failed: u64) {
    if requests == 0 || failed > requests {
        return;
    }
    if let Some(m) =
        collector.number("error_rate", "error_rate", slice, float(failed) / float(requests))
    {
        (m.n, m.trials, m.successes) = (Some(requests), Some(requests), Some(failed));
    }
}

/// Adds a count among `n` requests.
pub(super) fn count(
    collector: &mut Collector<'_>,
    name: &str,
    slice: Slice,
    value: u64,
    n: Option<u64>,
) {
    if let Some(m) = collector.number(name, name, slice, float(value)) {
        m.n = n;
    }
}

/// Whether a status code says that the request failed: 4xx, 5xx, or no status.
pub(super) fn is_failure(status: &str) -> bool {
    status.parse::<u16>().is_ok_and(|code| code >= 400 || code == 0)
}

/// Adds how often each status was answered, and returns how many answers there were and how many of
/// them failed.
pub(super) fn statuses<'s>(
    collector: &mut Collector<'_>,
    codes: impl IntoIterator<Item = (&'s str, u64)>,
) -> (u64, u64) {
    let (mut answers, mut failed) = (0_u64, 0_u64);
    for (code, times) in codes {
        count(collector, &format!("status_{code}"), Slice::overall(), times, None);
        answers = answers.saturating_add(times);
        failed = failed.saturating_add(if is_failure(code) { times } else { 0 });
    }
    (answers, failed)
}

/// The numbers of a column; `None` if there is no such column.
///
/// # Errors
/// At the first row without a number in this column: the file was cut off, or edited.
pub(super) fn column(
    id: &'static str,
    document: &Document<'_>,
    table: &Table,
    name: &str,
) -> Result<Option<Vec<f64>>, EvidenceError> {
    let Some(column) = table.column(name) else { return Ok(None) };
    let number = |row: &crate::evidence::table::Row| {
        let cell = row.get(column).unwrap_or("");
        Number::parse(cell).map(Number::value).ok_or_else(|| {
            let message = format!(
                "{} is {}, not a number; was the file cut off?",
                quoted(name),
                quoted(cell)
            );
            document.invalid(id, row.at, message)
        })
    };
    table.rows().iter().map(number).collect::<Result<Vec<_>, _>>().map(Some)
}

/// The text up to its last line break: in a line that was cut off, a number may be another number.
pub(super) fn whole_lines(text: &str) -> &str {
    text.rfind('\n').and_then(|end| text.get(..=end)).unwrap_or("")
}

/// The lines below the line `heading`, up to the next that is not indented, trimmed and without
/// empty ones.
pub(super) fn section<'t>(text: &'t str, heading: &str) -> Option<Vec<&'t str>> {
    let mut lines = text.lines();
    lines.by_ref().find(|line| line.trim_end() == heading)?;
    Some(
        lines
            .take_while(|line| line.is_empty() || line.starts_with(' '))
            .map(str::trim)
            .filter(|line| !line.is_empty())
            .collect(),
    )
}

/// Splits `[200] 600 responses` into `200` and `600 responses`.
pub(super) fn bracketed(line: &str) -> Option<(&str, &str)> {
    line.strip_prefix('[')?.split_once(']').map(|(inside, rest)| (inside, rest.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentages_are_the_nearest_doubles() {
        assert_eq!(
            ["99.9", "99.99", "50", "100", "50.000"].map(quantile),
            [0.999, 0.9999, 0.5, 1.0, 0.5].map(Some)
        );
        assert_eq!(["", "101", "-1", "1e1", "x"].map(quantile), [None; 5]);
        assert_eq!(["p1", "p99.9", "p99.00"].map(percentile), [0.01, 0.999, 0.99].map(Some));
        assert_eq!(["p0", "p100", "p", "pmax", "p9e1", "p-1"].map(percentile), [None; 6]);
        assert_eq!(
            ["10.00", "99.90", "99", "100.000", "0.00"].map(percentile_name),
            ["p10", "p99.9", "p99", "p100", "p0"]
        );
    }

    #[test]
    fn a_sample_keeps_how_exact_its_values_are() {
        let sample = Sample::of(vec![0.2, 0.1, 0.1], 0.05, Unit::Seconds).unwrap();
        let ranges: Vec<_> =
            sample.distribution.buckets.iter().map(|b| (b.low, b.high, b.count)).collect();
        assert_eq!(ranges, [(0.05, 0.15, 2), (0.15, 0.25, 1)]);
        let cut = distribution(&[1.0, 2.0, 2.0], Written::Cut(1.0)).unwrap();
        let ranges: Vec<_> = cut.buckets.iter().map(|b| (b.low, b.high, b.count)).collect();
        assert_eq!(ranges, [(1.0, 2.0, 1), (2.0, 3.0, 2)]);
        assert!(Sample::of(vec![-0.1], 0.0, Unit::Seconds).is_none());
        assert!(Sample::of(vec![], 0.0, Unit::Seconds).is_none());
    }

    #[test]
    fn a_histogram_that_does_not_count_n_is_none() {
        let marks = [(1.0, 1), (2.0, 0), (3.0, 4)];
        let sample = histogram(&marks, 0.5, 5).unwrap();
        let ranges: Vec<_> = sample.buckets.iter().map(|b| (b.low, b.high, b.count)).collect();
        assert_eq!(ranges, [(0.5, 1.5, 1), (1.5, 3.5, 4)]);
        assert!(histogram(&marks, 0.5, 6).is_none());
        assert!(histogram(&[(2.0, 1), (1.0, 1)], 0.0, 2).is_none());
    }

    #[test]
    fn numbers_are_parted_from_their_units() {
        assert_eq!(
            ["44.00ms", "8.20 KiB", " NaN secs", "1.5 10 sec", "7", ""].map(split),
            [
                ("44.00", "ms"),
                ("8.20", "KiB"),
                ("NaN", "secs"),
                ("1.5", "10 sec"),
                ("7", ""),
                ("", ""),
            ]
        );
    }
}
