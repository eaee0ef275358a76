//! What the formats of performance tools have in common: percentiles by name, and samples that we sum up ourselves.

use crate::evidence::{Document, EvidenceError, adapter::Declined, collector::Collector, json::Json};
use crate::model::{Bucket, Distribution, Measurement, Slice, Unit};
use crate::stats::{proportion::float, quantile::type7};
use std::sync::Arc;

/// The quantile of a percentile as tools write it: 0.99 for `99` and `99.00`, 0.999 for `99.9`.
pub(super) fn quantile(percent: &str) -> Option<f64> {
    if percent.is_empty() || !percent.bytes().all(|b| b.is_ascii_digit() || b == b'.') {
        return None;
    }
    // The decimal point is moved within the text: 99.9 / 100 is not the double nearest 0.999.
    let q: f64 = format!("{percent}e-2").parse().ok()?;
    (q > 0.0 && q < 1.0).then_some(q)
}

/// The quantile of a name such as `p99` or `p99.9`.
pub(super) fn percentile(name: &str) -> Option<f64> {
    quantile(name.strip_prefix('p')?)
}

/// The unit that a tool writes, if it is one of ours.
pub(super) fn unit(text: &str) -> Option<Unit> {
    text.parse().ok()
}

/// A list as a count.
pub(super) fn count<T>(list: &[T]) -> u64 {
    u64::try_from(list.len()).unwrap_or(u64::MAX)
}

/// Refuses a document that `detect` declines, with its reason.
pub(super) fn wanted(
    format: &'static str,
    document: &Document<'_>,
    detected: Result<(), Declined>,
) -> Result<(), EvidenceError> {
    detected.map_err(|Declined { why }| EvidenceError::invalid(format, document, 0, why))
}

/// The text there, if there is any.
pub(super) fn text<'j>(json: Option<&'j Json<'_>>) -> Option<&'j str> {
    json.and_then(Json::as_str)
}

/// A sample that a document lists one by one.
pub(super) struct Sample<'s> {
    /// Our name of what its quantiles are: `latency`.
    pub metric: &'s str,
    /// The name of one number on it: `mean`, `p99` and so on are handed in.
    pub name: &'s dyn Fn(&str) -> String,
    /// What the source's family calls a mean.
    pub mean: &'s str,
    /// The unit.
    pub unit: Option<Unit>,
    /// How much of each value the tool cut off at most: 1 where it writes whole units.
    pub cut: f64,
    /// The group.
    pub slice: &'s Slice,
}

impl Sample<'_> {
    /// Adds mean, extremes and percentiles of the values, which are finite. Percentiles carry the whole sample, so that
    /// any quantile has exact bounds; they are interpolated as NumPy does by default.
    pub(super) fn add(&self, into: &mut Collector, mut values: Vec<f64>) {
        values.sort_unstable_by(f64::total_cmp);
        let (Some(least), Some(greatest)) = (values.first().copied(), values.last().copied()) else { return };
        let n = count(&values);
        let mean = values.iter().sum::<f64>() / float(n);
        let whole = distribution(&values, self.cut).map(Arc::new);
        let mut add = |stat: &str, value: f64| -> Option<()> {
            let name = (self.name)(stat);
            let q = percentile(stat);
            let metric = if q.is_some() { self.metric } else { &name };
            let m: &mut Measurement = into.number(metric, &name, self.slice.clone(), value)?;
            (m.n, m.unit, m.quantile) = (Some(n), self.unit, q);
            m.rounding = m.rounding.max(self.cut);
            m.distribution = q.and(whole.clone());
            Some(())
        };
        for (stat, value) in [(self.mean, mean), ("min", least), ("max", greatest)] {
            add(stat, value);
        }
        for stat in ["p50", "p75", "p90", "p95", "p99", "p99.9"] {
            if let Some(value) = percentile(stat).and_then(|q| type7(&values, q)) {
                add(stat, value);
            }
        }
    }
}

/// Sorted values as buckets, each of which may be `cut` larger than written; `None` where one is negative.
pub(super) fn distribution(sorted: &[f64], cut: f64) -> Option<Distribution> {
    if sorted.first().is_none_or(|least| *least < 0.0) {
        return None;
    }
    let mut buckets: Vec<Bucket> = Vec::new();
    for value in sorted {
        match buckets.last_mut() {
            Some(bucket) if bucket.low.total_cmp(value).is_eq() => bucket.count += 1,
            _ => buckets.push(Bucket { low: *value, high: value + cut, count: 1 }),
        }
    }
    Some(Distribution { method: "samples".to_owned(), buckets })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_the_nearest_doubles() {
        let read = ["p1", "p50", "p99", "p99.9", "p99.00", "p0", "p100", "p", "pmax", "p9e1", "p-1"].map(percentile);
        assert_eq!(
            read,
            [Some(0.01), Some(0.5), Some(0.99), Some(0.999), Some(0.99), None, None, None, None, None, None]
        );
    }
}
