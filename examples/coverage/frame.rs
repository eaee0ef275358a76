//! Rows in memory, and the numbers that modelgate computes from them.

use modelgate::{
    model::{Against, Columns, Contrast, Evidence, Plan, Slice},
    predictions::{
        Job, PredictionsError, SingleThread, Source,
        block::{Block, Reader, Values, Wanted, Worker},
        compute,
    },
};
use std::sync::atomic::{AtomicBool, Ordering};

/// One file of rows.
#[derive(Debug, Clone, Default)]
pub struct Frame {
    pub columns: Vec<(&'static str, Values)>,
}

impl Frame {
    pub fn with(mut self, name: &'static str, values: Values) -> Self {
        self.columns.push((name, values));
        self
    }
}

struct Reading<'f> {
    frame: &'f Frame,
    wanted: Vec<Wanted>,
    read: AtomicBool,
}

impl Source for Frame {
    fn open(&self, wanted: &[Wanted]) -> Result<Box<dyn Reader + '_>, PredictionsError> {
        let (wanted, read) = (wanted.to_vec(), AtomicBool::new(false));
        Ok(Box::new(Reading { frame: self, wanted, read }))
    }
}

impl Reader for Reading<'_> {
    fn worker(&self) -> Result<Box<dyn Worker + '_>, PredictionsError> {
        Ok(Box::new(Taking(self)))
    }
}

struct Taking<'r, 'f>(&'r Reading<'f>);

impl Worker for Taking<'_, '_> {
    fn next(&mut self, block: &mut Block) -> Result<bool, PredictionsError> {
        if self.0.read.swap(true, Ordering::Relaxed) {
            return Ok(false);
        }
        let find = |w: &Wanted| {
            let column = self.0.frame.columns.iter().find(|(name, _)| *name == w.name);
            column.map(|(_, values)| values.clone()).unwrap_or(Values::Int(Vec::new()))
        };
        let columns: Vec<Values> = self.0.wanted.iter().map(find).collect();
        *block = Block { rows: columns.first().map_or(0, Values::len), columns };
        Ok(true)
    }
}

/// What is measured on a frame: the columns, and the metrics by name.
#[derive(Debug, Clone, Default)]
pub struct Question {
    pub columns: Columns,
    pub metrics: Vec<&'static str>,
    /// Whether the metrics are compared with a second frame.
    pub compared: bool,
    /// The factor of the comparison.
    pub factor: f64,
}

impl Question {
    /// The evidence about `rows`, compared with `baseline` if the question is a comparison.
    pub fn ask(
        &self,
        rows: &Frame,
        baseline: Option<&Frame>,
        seed: u64,
        replicates: u32,
    ) -> Evidence {
        let contrast = |metric: &&'static str| Contrast {
            against: Against::Champion,
            metric: (*metric).to_owned(),
            quantile: None,
            slices: Vec::new(),
            factor: self.factor,
        };
        let plan = Plan {
            seed,
            replicates,
            metrics: if self.compared {
                ["accuracy".to_owned()].into()
            } else {
                let name = |m: &&str| m.split_once('@').map_or(*m, |(name, _)| name).to_owned();
                self.metrics.iter().map(name).collect()
            },
            contrasts: if self.compared {
                self.metrics.iter().map(contrast).collect()
            } else {
                Vec::new()
            },
            slices: self.columns.groups.iter().map(|g| vec![g.clone()]).collect(),
            ..Plan::default()
        };
        let baselines: Vec<(Against, &dyn Source)> =
            baseline.iter().map(|b| (Against::Champion, *b as &dyn Source)).collect();
        let job = Job {
            predictions: rows,
            labels: None,
            baselines: &baselines,
            drift_reference: None,
            columns: &self.columns,
            plan: &plan,
            pool: &SingleThread,
        };
        compute(&job).expect("rows that are drawn can be measured")
    }

    /// The value and the bounds of a metric; the difference for a comparison.
    pub fn read(&self, evidence: &Evidence, metric: &str) -> Answer {
        if self.compared {
            let Some(c) = evidence.comparisons.iter().find(|c| c.metric == metric) else {
                return Answer::default();
            };
            let bounds = c.bounds.first();
            return Answer {
                value: c.value.zip(c.baseline).map(|(a, b)| a - self.factor * b),
                lower: bounds.and_then(|i| i.lower),
                upper: bounds.and_then(|i| i.upper),
                events: c.events,
                method: bounds.map(|i| i.method.clone()),
            };
        }
        let (name, class) = metric.split_once('@').unwrap_or((metric, ""));
        let slice = if class.is_empty() { Slice::overall() } else { Slice::one("class", class) };
        let found = evidence.measurements.iter().find(|m| m.metric == name && m.slice == slice);
        let Some(m) = found else { return Answer::default() };
        let bounds = m.intervals.first();
        Answer {
            value: m.value,
            lower: bounds.and_then(|i| i.lower),
            upper: bounds.and_then(|i| i.upper),
            events: m.events,
            method: bounds.map(|i| i.method.clone()),
        }
    }
}

/// One number with its bounds.
#[derive(Debug, Clone, Default)]
pub struct Answer {
    pub value: Option<f64>,
    pub lower: Option<f64>,
    pub upper: Option<f64>,
    pub events: Option<u64>,
    pub method: Option<String>,
}
