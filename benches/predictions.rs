//! Measures computing evidence from raw predictions, and the bootstrap alone.
//!
//! Run with
//! `cargo bench --bench predictions -- FILE label=C prediction=C [score=C] [latency=C] [group=C …]`;
//! without a file, only the bootstrap is measured. Times are of one run each: compare ratios
//! between runs in one session.
#![expect(
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a benchmark prints what it measured"
)]

use modelgate::{
    app::offline::compute::{Request, Threads, compute},
    model::{Columns, Plan, Timed, Unit},
    predictions::{self, Job, PredictionsError, Source, block},
};
use std::{path::PathBuf, sync::Mutex, time::Instant};

fn timed<T>(name: &str, work: impl FnOnce() -> T) -> T {
    let started = Instant::now();
    let result = work();
    println!("{name:<60} {:>9.3} s", started.elapsed().as_secs_f64());
    result
}

/// Rows of a made-up model: label, prediction, score.
struct Made {
    rows: u32,
}

impl Source for Made {
    fn open(
        &self,
        wanted: &[block::Wanted],
    ) -> Result<Box<dyn block::Reader + '_>, PredictionsError> {
        let mut state = 1_u64;
        let mut next = || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            f64::from(u32::try_from(state >> 40).expect("24 bits")) / f64::from(1_u32 << 24)
        };
        let scores: Vec<f64> = (0..self.rows).map(|_| next()).collect();
        let labels: Vec<i64> = scores.iter().map(|p| i64::from(next() < *p)).collect();
        let column = |wanted: &block::Wanted| match wanted.name.as_str() {
            "score" => block::Values::F64(scores.clone()),
            "prediction" => {
                block::Values::Int(scores.iter().map(|p| i64::from(*p >= 0.5)).collect())
            }
            _ => block::Values::Int(labels.clone()),
        };
        let rows = usize::try_from(self.rows).expect("a count");
        let block = block::Block { rows, columns: wanted.iter().map(column).collect() };
        Ok(Box::new(Once(Mutex::new(Some(block)))))
    }
}

struct Once(Mutex<Option<block::Block>>);

impl block::Reader for Once {
    fn worker(&self) -> Result<Box<dyn block::Worker + '_>, PredictionsError> {
        Ok(Box::new(Taker(self)))
    }
}

struct Taker<'o>(&'o Once);

impl block::Worker for Taker<'_> {
    fn next(&mut self, block: &mut block::Block) -> Result<bool, PredictionsError> {
        let next = self.0.0.lock().expect("nobody failed").take();
        Ok(next.map(|next| *block = next).is_some())
    }
}

fn main() {
    let mut args = std::env::args().skip(1).filter(|a| a != "--bench");
    let file = args.next();
    let mut columns = Columns::default();
    for (key, name) in
        args.filter_map(|a| a.split_once('=').map(|(k, n)| (k.to_owned(), n.to_owned())))
    {
        match key.as_str() {
            "label" => columns.label = Some(name),
            "prediction" => columns.prediction = Some(name),
            "score" => columns.score = Some(name),
            "latency" => columns.latency = Some(Timed { column: name, unit: Unit::Milliseconds }),
            _ => columns.groups.push(name),
        }
    }
    if let Some(file) = file {
        let slices = columns.groups.iter().map(|g| vec![g.clone()]).collect();
        let mut request = Request {
            predictions: vec![PathBuf::from(file)],
            plan: Plan { slices, ..Plan::default() },
            columns: columns.clone(),
            ..Request::default()
        };
        timed("everything that the columns allow", || compute(&request).expect("evidence"));
        (request.columns.score, request.columns.latency) = (None, None);
        timed("counts by group, with bounds and disparities", || {
            compute(&request).expect("evidence")
        });
    }
    let columns = Columns {
        label: Some("label".into()),
        prediction: Some("prediction".into()),
        score: Some("score".into()),
        ..Columns::default()
    };
    for (rows, cluster) in [(10_000, false), (1_000_000, false), (1_000_000, true)] {
        // Clusters of one row force the row-by-row bootstrap, which large slices otherwise do not
        // use.
        let columns = Columns { cluster: cluster.then(|| "score".into()), ..columns.clone() };
        let metrics = ["roc_auc".to_owned()].into();
        let plan = Plan { metrics, ..Plan::default() };
        let made = Made { rows };
        let pool = Threads::new(0);
        let job = Job {
            predictions: &made,
            labels: None,
            baselines: &[],
            drift_reference: None,
            columns: &columns,
            plan: &plan,
            pool: &pool,
        };
        let how =
            if cluster { "1,000 replicates of the area" } else { "area with DeLong's bounds" };
        timed(&format!("{how}, {rows} rows"), || predictions::compute(&job).expect("evidence"));
    }
}
