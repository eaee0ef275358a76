//! Quantiles of latency in all slices at once: only the buckets with a wanted rank are sorted.

use super::{
    cells::Layout,
    job::ThreadPool,
    pool,
    radix::{Bucket, Buckets, Room, Row, RowBuckets},
    sink::{Sink, interval},
};
use crate::{model::Unit, stats::quantile};
use std::collections::BTreeMap;

/// The values at wanted ranks, counted from 0, of each slice.
type Ranked = Vec<BTreeMap<u64, f64>>;

/// Writes the plan's quantiles of every slice, with the order statistics that bound them (Conover 1999, §3.2).
pub(super) fn measure(
    sink: &mut Sink,
    rows_by_bucket: &RowBuckets,
    unit: Unit,
    layout: &Layout,
    cells: usize,
    pool: &dyn ThreadPool,
) {
    if !sink.wants("latency") {
        return;
    }
    let plan = sink.plan;
    let wanted = |n: u64| -> BTreeMap<u64, f64> {
        let mut ranks = BTreeMap::new();
        for q in plan.quantiles.iter().filter(|_| n > 0) {
            let (low, high, _) = place(n, *q);
            ranks.extend([(low, f64::NAN), (high, f64::NAN)]);
            for confidence in &plan.confidences {
                let (lower, upper) = quantile::ranks(n, *q, 1.0 - confidence);
                ranks.extend([lower, upper].into_iter().flatten().map(|r| (r - 1, f64::NAN)));
            }
        }
        ranks
    };
    let (rows, ranked) = match rows_by_bucket {
        RowBuckets::Narrow(buckets) => select(buckets, layout, cells, &wanted, pool),
        RowBuckets::Wide(buckets) => select(buckets, layout, cells, &wanted, pool),
    };
    for ((slice, n), ranked) in layout.slices.iter().zip(rows).zip(&ranked) {
        for q in &plan.quantiles {
            let at = |rank: u64| ranked.get(&rank).copied();
            let (low, high, share) = place(n, *q);
            let value = at(low).zip(at(high)).map(|(a, b)| a + (b - a) * share);
            let bound = |confidence: &f64| {
                let (lower, upper) = quantile::ranks(n, *q, 1.0 - confidence);
                let [lower, upper] = [lower, upper].map(|rank| at(rank? - 1));
                interval("order-statistic", *confidence, lower, upper)
            };
            let intervals = plan.confidences.iter().map(bound).collect();
            if let Some(m) = sink.number("latency", slice, value, n, intervals, "it has no rows") {
                m.quantile = Some(*q);
                m.unit = Some(unit);
                m.source_name = format!("p{}", crate::model::number::round12(q * 100.0));
            }
        }
    }
}

/// The ranks, counted from 0, between which a quantile is, and how far it is from the first: type 7
/// of Hyndman and Fan (1996).
fn place(n: u64, q: f64) -> (u64, u64, f64) {
    let last = n.saturating_sub(1);
    let at = last as f64 * q;
    let low = (at.floor() as u64).min(last);
    (low, (low + 1).min(last), at - low as f64)
}

/// The number of rows of each slice, and the values at the ranks that `wanted` names for this
/// number.
fn select<R: Row>(
    buckets: &Buckets<R>,
    layout: &Layout,
    cells: usize,
    wanted: &(dyn Fn(u64) -> BTreeMap<u64, f64> + Sync),
    pool: &dyn ThreadPool,
) -> (Vec<u64>, Ranked) {
    let ranges = buckets.ranges(pool.size() * 4);
    let counted = pool::each(pool, ranges.len(), |i| {
        let mut counts = vec![0_u64; cells];
        for row in ranges[i].iter().flat_map(Bucket::rows) {
            counts[row.tag() as usize] += 1;
        }
        counts
    });
    let mut passed = vec![0_u64; layout.slices.len()];
    let mut starts = Vec::with_capacity(ranges.len());
    for counts in counted {
        starts.push(passed.clone());
        for (cell, rows) in counts.into_iter().enumerate().filter(|(_, rows)| *rows > 0) {
            for slice in layout.of(cell as u32) {
                passed[*slice as usize] += rows;
            }
        }
    }
    let mut ranked: Ranked = passed.iter().map(|n| wanted(*n)).collect();
    let asked: Vec<Vec<u64>> = ranked.iter().map(|r| r.keys().copied().collect()).collect();
    let found = pool::each(pool, ranges.len(), |i| {
        Walk {
            layout,
            asked: &asked,
            passed: starts[i].clone(),
            counts: vec![0; cells],
            found: Vec::new(),
        }
        .range(ranges[i])
    });
    for (slice, rank, value) in found.into_iter().flatten() {
        ranked[slice].insert(rank, value);
    }
    (passed, ranked)
}

struct Walk<'a> {
    layout: &'a Layout,
    asked: &'a [Vec<u64>],
    passed: Vec<u64>,
    counts: Vec<u64>,
    found: Vec<(usize, u64, f64)>,
}

impl Walk<'_> {
    fn range<R: Row>(mut self, range: &[Bucket<R>]) -> Vec<(usize, u64, f64)> {
        let (mut room, mut met) = (Room::default(), Vec::new());
        for bucket in range {
            met.clear();
            for row in bucket.rows() {
                let cell = row.tag() as usize;
                if self.counts[cell] == 0 {
                    met.push(cell);
                }
                self.counts[cell] += 1;
            }
            let before = self.passed.clone();
            for cell in &met {
                let rows = std::mem::take(&mut self.counts[*cell]);
                for slice in self.layout.of(*cell as u32) {
                    self.passed[*slice as usize] += rows;
                }
            }
            let holds = |slice: usize| {
                let asked = &self.asked[slice];
                let next = asked.partition_point(|rank| *rank < before[slice]);
                asked.get(next).is_some_and(|rank| *rank < self.passed[slice])
            };
            let holding: Vec<bool> = (0..before.len()).map(holds).collect();
            if holding.contains(&true) {
                self.find(bucket.sorted(&mut room), before, &holding);
            }
        }
        self.found
    }

    fn find<R: Row>(&mut self, rows: &[R], mut at: Vec<u64>, holding: &[bool]) {
        for row in rows {
            for slice in self.layout.of(row.tag()) {
                let slice = *slice as usize;
                if holding[slice] {
                    if self.asked[slice].binary_search(&at[slice]).is_ok() {
                        self.found.push((slice, at[slice], row.value()));
                    }
                    at[slice] += 1;
                }
            }
        }
    }
}
