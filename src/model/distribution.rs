//! A sample as a histogram: what `HdrHistogram`, `DDSketch` and raw samples have in common.

use serde::{Deserialize, Serialize};

/// Counts of values by range, ascending at both ends. Any order statistic is known up to its range. Ranges overlap only
/// where samples were [merged](Distribution::merged).
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Distribution {
    /// How it was recorded: `hdr_v2`, `ddsketch`, `samples`; `merged` for several.
    pub method: String,
    /// The ranges that hold anything.
    pub buckets: Vec<Bucket>,
}

/// How many values lie in one range, in the measurement's unit.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bucket {
    /// The least value that the range may hold.
    pub low: f64,
    /// The greatest value that the range may hold.
    pub high: f64,
    /// How many values it holds; above 0.
    pub count: u64,
}

impl Distribution {
    /// All values counted.
    pub fn count(&self) -> u64 {
        self.buckets.iter().fold(0, |n, b| n.saturating_add(b.count))
    }

    /// The range of the value of that rank, from 1.
    pub fn at(&self, rank: u64) -> Option<&Bucket> {
        let mut before = 0_u64;
        self.buckets.iter().find(|bucket| {
            before = before.saturating_add(bucket.count);
            before >= rank
        })
    }

    /// All samples as one, in the same unit each; `None` when they hold more than can be counted.
    ///
    /// The value of rank k is at least the k-th of all low edges and at most the k-th of all high edges, each edge taken
    /// as often as its bucket counts. So lows and highs are sorted apart, and every rank keeps bounds that are certain
    /// even where the buckets of two samples overlap.
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
