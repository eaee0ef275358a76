//! A sample as a histogram: the common form of `HdrHistogram`, `DDSketch` and raw samples.

use serde::{Deserialize, Serialize};

/// Counts of values by range, ascending at both ends. Every order statistic is known up to its
/// range. Ranges overlap only if samples were [merged](Distribution::merged).
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Distribution {
    /// The recording method: `hdr_v2`, `ddsketch`, `samples`; `merged` for several samples.
    pub method: String,
    /// The ranges that hold at least one value.
    pub buckets: Vec<Bucket>,
}

/// The number of values in one range. The ends are in the measurement's unit.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bucket {
    /// The least value that the range can hold.
    pub low: f64,
    /// The greatest value that the range can hold.
    pub high: f64,
    /// The number of values in the range; above 0.
    pub count: u64,
}

impl Distribution {
    /// The number of values in all ranges.
    pub fn count(&self) -> u64 {
        self.buckets.iter().fold(0, |n, b| n.saturating_add(b.count))
    }

    /// The range of the value with this rank; ranks start at 1.
    pub fn at(&self, rank: u64) -> Option<&Bucket> {
        let mut before = 0_u64;
        self.buckets.iter().find(|bucket| {
            before = before.saturating_add(bucket.count);
            before >= rank
        })
    }

    /// Merges samples, all in the same unit; `None` if the total count overflows.
    ///
    /// The value of rank k is at least the k-th of all low ends and at most the k-th of all high
    /// ends, where each end is repeated as often as its bucket counts. So lows and highs are sorted
    /// separately, and the bounds of every rank are certain even if the buckets of two samples
    /// overlap.
    pub fn merged(parts: &[Self]) -> Option<Self> {
        let all = || parts.iter().flat_map(|part| &part.buckets);
        all().try_fold(0_u64, |sum, b| sum.checked_add(b.count))?;
        let mut lows: Vec<(f64, u64)> = all().map(|b| (b.low, b.count)).collect();
        let mut highs: Vec<(f64, u64)> = all().map(|b| (b.high, b.count)).collect();
        lows.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
        highs.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
        let mut buckets: Vec<Bucket> = Vec::with_capacity(lows.len());
        let (mut lows, mut highs) = (lows.into_iter(), highs.into_iter());
        let (mut low, mut high) = (lows.next(), highs.next());
        while let (Some((from, lefts)), Some((to, rights))) = (low, high) {
            let count = lefts.min(rights);
            match buckets.last_mut() {
                Some(b) if b.low.total_cmp(&from).is_eq() && b.high.total_cmp(&to).is_eq() => {
                    b.count = b.count.saturating_add(count);
                }
                _ if count > 0 => buckets.push(Bucket { low: from, high: to, count }),
                _ => {}
            }
            low = if lefts > count { Some((from, lefts - count)) } else { lows.next() };
            high = if rights > count { Some((to, rights - count)) } else { highs.next() };
        }
        Some(Self { method: "merged".to_owned(), buckets })
    }
}
