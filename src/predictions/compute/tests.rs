//! Properties that hold for any order of rows, any split and any pool, in both forms in which rows
//! are stored.

use super::super::{
    Job, PredictionsError, Source, ThreadPool,
    block::{Block, Reader, Values, Wanted, Worker},
    compute,
};
use crate::{
    model::{Columns, Evidence, Plan, Slice, Timed, Unit},
    stats::resample::row_state,
};
use std::sync::atomic::{AtomicUsize, Ordering};

/// Rows in memory, read in blocks of some size, in some order.
struct Table {
    rows: Vec<u64>,
    block: usize,
    wide: bool,
}

impl Table {
    fn column(&self, name: &str, rows: &[u64]) -> Values {
        let draw = |salt: u64, n: u64| -> Vec<u64> {
            rows.iter().map(|r| row_state(salt, *r) % n).collect()
        };
        match name {
            "score" | "latency" => {
                let list =
                    draw(1 + u64::from(name == "score"), 512).into_iter().map(|x| x as f32 / 512.0);
                if self.wide {
                    Values::F64(list.map(f64::from).collect())
                } else {
                    Values::F32(list.collect())
                }
            }
            "site" => Values::Int(draw(5, 7).into_iter().map(|x| x as i64).collect()),
            "label" => Values::Bool(draw(6, 3).into_iter().map(|x| x == 0).collect()),
            _ => Values::Int(draw(7, 2).into_iter().map(|x| x as i64).collect()),
        }
    }
}

struct Handing<'t> {
    table: &'t Table,
    wanted: Vec<Wanted>,
    next: AtomicUsize,
}

impl Source for Table {
    fn open(&self, wanted: &[Wanted]) -> Result<Box<dyn Reader + '_>, PredictionsError> {
        Ok(Box::new(Handing { table: self, wanted: wanted.to_vec(), next: AtomicUsize::new(0) }))
    }
}

impl Reader for Handing<'_> {
    fn worker(&self) -> Result<Box<dyn Worker + '_>, PredictionsError> {
        Ok(Box::new(Taking(self)))
    }
}

struct Taking<'h, 't>(&'h Handing<'t>);

impl Worker for Taking<'_, '_> {
    fn next(&mut self, block: &mut Block) -> Result<bool, PredictionsError> {
        let place = self.0.next.fetch_add(1, Ordering::Relaxed);
        let Some(rows) = self.0.table.rows.chunks(self.0.table.block).nth(place) else {
            return Ok(false);
        };
        let columns = self.0.wanted.iter().map(|w| self.0.table.column(&w.name, rows)).collect();
        *block = Block { rows: rows.len(), columns };
        Ok(true)
    }
}

struct Threads(usize);

impl ThreadPool for Threads {
    fn size(&self) -> usize {
        self.0
    }
    fn run(&self, work: &(dyn Fn(usize) + Sync)) {
        std::thread::scope(|scope| (0..self.0).for_each(|i| drop(scope.spawn(move || work(i)))));
    }
}

fn evidence(rows: Vec<u64>, block: usize, wide: bool, threads: usize) -> Evidence {
    let columns = Columns {
        label: Some("label".into()),
        prediction: Some("prediction".into()),
        score: Some("score".into()),
        groups: vec!["site".into()],
        latency: Some(Timed { column: "latency".into(), unit: Unit::Milliseconds }),
        ..Columns::default()
    };
    let plan = Plan { slices: vec![vec!["site".into()]], replicates: 100, ..Plan::default() };
    let table = Table { rows, block, wide };
    let pool = Threads(threads);
    let job = Job {
        predictions: &table,
        labels: None,
        baselines: &[],
        drift_reference: None,
        columns: &columns,
        plan: &plan,
        pool: &pool,
    };
    compute(&job).unwrap()
}

#[test]
fn the_same_for_any_order_block_pool_and_width() {
    let rows: Vec<u64> = (0..12_000).collect();
    let want = evidence(rows.clone(), 12_000, false, 1);
    for (round, threads) in [1, 2, 3, 4].into_iter().enumerate() {
        let mut turned = rows.clone();
        turned.sort_by_key(|r| row_state(100 + round as u64, *r));
        assert_eq!(
            evidence(turned, 997 * (round + 1), round % 2 == 1, threads),
            want,
            "{threads} threads"
        );
    }
}

/// Computes the metrics by their definitions, pair by pair and row by row.
#[test]
fn ranks_and_quantiles_are_what_their_definitions_say() {
    let rows: Vec<u64> = (0..2_000).collect();
    let found = evidence(rows.clone(), 300, false, 2);
    let value = |metric: &str, quantile: Option<f64>| {
        let one = |m: &&crate::model::Measurement| {
            m.metric == metric && m.slice == Slice::overall() && m.quantile == quantile
        };
        found.measurements.iter().find(one).unwrap().value.unwrap()
    };
    let score = |r: &u64| (row_state(2, *r) % 512) as f64;
    let (positives, negatives): (Vec<u64>, Vec<u64>) =
        rows.iter().partition(|r| row_state(6, **r).is_multiple_of(3));
    let mut sum = 0.0;
    for a in positives.iter().map(score) {
        for b in negatives.iter().map(score) {
            sum += if a > b {
                1.0
            } else if a == b {
                0.5
            } else {
                0.0
            };
        }
    }
    let area = sum / (positives.len() * negatives.len()) as f64;
    assert!((value("roc_auc", None) - area).abs() < 1e-11);
    let mut latencies: Vec<f64> =
        rows.iter().map(|r| (row_state(1, *r) % 512) as f64 / 512.0).collect();
    latencies.sort_by(f64::total_cmp);
    for q in [0.5, 0.99] {
        let want = crate::stats::quantile::type7(&latencies, q).unwrap();
        assert!((value("latency", Some(q)) - want).abs() < 1e-11);
    }
}
