//! One pass over the rows: counts, and the numbers that must be sorted.

use super::{
    PredictionsError,
    block::{Block, Reader, Values},
    cells::Finder,
    counts::Counts,
    dictionary::Encoder,
    job::ThreadPool,
    join::Labels,
    keys,
    radix::Numbers,
    roles::Roles,
    shared::Shared,
};
use std::sync::{
    Mutex, PoisonError,
    atomic::{AtomicBool, Ordering},
};

/// One row of a regression.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Pair {
    pub(super) label: f64,
    pub(super) prediction: f64,
    pub(super) key: u64,
    pub(super) cell: u32,
}

/// The result of one worker.
#[derive(Debug, Default)]
pub(super) struct Gathered {
    pub(super) rows: u64,
    pub(super) counts: Counts,
    /// Scores, tagged with the cell and, in the last two bits, the label's number: two classes have
    /// at most four spellings.
    pub(super) scores: Numbers,
    pub(super) latencies: Numbers,
    pub(super) energies: Numbers,
    pub(super) pairs: Vec<Pair>,
    /// The id of each row, if rows have ids and are not joined with a separate data set of labels.
    ids: Vec<u128>,
    /// Whether any score is outside [0, 1].
    pub(super) outside: bool,
}

/// Reads everything from `reader`, with the whole pool.
pub(super) fn scan(
    reader: &dyn Reader,
    roles: &Roles,
    shared: &Shared,
    labels: Option<&Labels>,
    pool: &dyn ThreadPool,
) -> Result<Vec<Gathered>, PredictionsError> {
    let done: Mutex<Vec<Result<Gathered, PredictionsError>>> = Mutex::new(Vec::new());
    let failed = AtomicBool::new(false);
    pool.run(&|_| {
        let result = Worker::new(roles, shared, labels).read(reader, &failed);
        if result.is_err() {
            failed.store(true, Ordering::Relaxed);
        }
        done.lock().unwrap_or_else(PoisonError::into_inner).push(result);
    });
    let mut results = done.into_inner().unwrap_or_else(PoisonError::into_inner);
    if results.iter().any(Result::is_err) {
        // Which worker failed first is a matter of timing, and the message must not depend on it.
        let least =
            results.into_iter().filter_map(Result::err).min_by(|a, b| a.message.cmp(&b.message));
        return Err(least
            .unwrap_or_else(|| PredictionsError::new("predictions-unreadable", "reading failed")));
    }
    let mut gathered: Vec<Gathered> = results.drain(..).collect::<Result<_, _>>()?;
    once(&mut gathered)?;
    Ok(gathered)
}

/// Checks that no id occurs twice: a row that is counted twice makes every bound too narrow.
fn once(gathered: &mut [Gathered]) -> Result<(), PredictionsError> {
    let mut ids: Vec<u128> = gathered.iter_mut().flat_map(|g| std::mem::take(&mut g.ids)).collect();
    ids.sort_unstable();
    if ids.windows(2).any(|pair| pair[0] == pair[1]) {
        let message =
            "an id stands twice in the predictions: every id must stand there exactly once";
        return Err(PredictionsError::new("predictions-duplicate-id", message));
    }
    Ok(())
}

struct Worker<'s> {
    roles: &'s Roles,
    shared: &'s Shared,
    labels: Option<&'s Labels>,
    label_encoder: Encoder<'s>,
    only_labels: Encoder<'s>,
    prediction_encoder: Encoder<'s>,
    group_encoders: Vec<Encoder<'s>>,
    finder: Finder<'s>,
    gathered: Gathered,
    label: Vec<u32>,
    prediction: Vec<u32>,
    groups: Vec<Vec<u32>>,
    cells: Vec<u32>,
    keys: Vec<u64>,
    wide: Vec<u128>,
    places: Vec<u32>,
    met: u64,
    scratch: Vec<u32>,
    truths: Vec<f64>,
    guesses: Vec<f64>,
}

impl<'s> Worker<'s> {
    fn new(roles: &'s Roles, shared: &'s Shared, labels: Option<&'s Labels>) -> Self {
        Self {
            roles,
            shared,
            labels,
            label_encoder: Encoder::new(&shared.classes),
            only_labels: Encoder::new(&shared.labels),
            prediction_encoder: Encoder::new(&shared.classes),
            group_encoders: shared.groups.iter().map(Encoder::new).collect(),
            finder: Finder::new(&shared.cells, shared.groups.len()),
            gathered: Gathered::default(),
            label: Vec::new(),
            prediction: Vec::new(),
            groups: vec![Vec::new(); roles.groups.len()],
            cells: Vec::new(),
            keys: Vec::new(),
            wide: Vec::new(),
            places: Vec::new(),
            met: 0,
            scratch: Vec::new(),
            truths: Vec::new(),
            guesses: Vec::new(),
        }
    }

    fn read(
        mut self,
        reader: &dyn Reader,
        failed: &AtomicBool,
    ) -> Result<Gathered, PredictionsError> {
        let mut worker = reader.worker()?;
        let mut block = Block::default();
        while worker.next(&mut block)? {
            self.block(&block)?;
            if failed.load(Ordering::Relaxed) || self.shared.looks_continuous() {
                break;
            }
        }
        Ok(self.gathered)
    }

    fn block(&mut self, block: &Block) -> Result<(), PredictionsError> {
        let column = |place: Option<usize>| place.and_then(|p| block.columns.get(p));
        self.gathered.rows += block.rows as u64;
        if let Some(values) = column(self.roles.id).filter(|_| self.labels.is_none()) {
            keys::wide_keys(values, &mut self.wide);
            self.gathered.ids.extend_from_slice(&self.wide);
        }
        self.truth(block)?;
        if self.shared.continuous {
            if let Some(values) = column(self.roles.prediction) {
                keys::floats(values, &mut self.guesses);
            }
        } else if let Some(values) = column(self.roles.prediction) {
            self.prediction_encoder.numbers(values, &mut self.prediction)?;
        } else {
            self.prediction.clear();
            self.prediction.resize(block.rows, 0);
        }
        let keyed = match column(self.roles.cluster.or(self.roles.id)) {
            Some(values) => {
                keys::keys(values, &mut self.keys);
                true
            }
            None => false,
        };
        let keys = keyed.then_some(self.keys.as_slice());
        let cells = &self.cells;
        if let Some(values) = column(self.roles.score).filter(|_| !self.shared.continuous) {
            self.gathered.outside |= outside(values);
            let label = &self.label;
            self.gathered.scores.add(values, |i| (cells[i] << 2) | (label[i] & 3), keys);
        }
        if let Some(values) = column(self.roles.latency) {
            self.gathered.latencies.add(values, |i| cells[i], None);
        }
        if let Some(values) = column(self.roles.energy) {
            self.gathered.energies.add(values, |i| cells[i], keys);
        }
        if self.shared.continuous {
            for i in 0..self.truths.len().min(self.guesses.len()) {
                let (label, prediction) = (self.truths[i], self.guesses[i]);
                let key = keys.map_or(0, |k| k[i]);
                self.gathered.pairs.push(Pair { label, prediction, key, cell: cells[i] });
            }
            return Ok(());
        }
        self.gathered.counts.add(cells, &self.label, &self.prediction);
        Ok(())
    }

    /// Fills the label and the cell of each row, from the block or from the separate data set of
    /// labels.
    fn truth(&mut self, block: &Block) -> Result<(), PredictionsError> {
        if let Some(labels) = self.labels {
            let ids = self.roles.id.and_then(|p| block.columns.get(p));
            labels.places(ids, block.rows, &mut self.places)?;
            self.cells.clear();
            self.cells.extend(self.places.iter().map(|p| labels.cells[*p as usize]));
            self.label.clear();
            self.truths.clear();
            if self.shared.continuous {
                self.truths.extend(self.places.iter().map(|p| labels.values[*p as usize]));
            } else {
                self.label.extend(
                    self.places
                        .iter()
                        .map(|p| labels.classes.get(*p as usize).copied().unwrap_or(0)),
                );
            }
            return Ok(());
        }
        self.label.clear();
        match self.roles.label.and_then(|p| block.columns.get(p)) {
            Some(values) if self.shared.continuous => keys::floats(values, &mut self.truths),
            Some(values) => {
                self.label_encoder.numbers(values, &mut self.label)?;
                // Labels are collected separately from predictions only if a block has one that is
                // new.
                let met = self.label.iter().fold(0, |met, l| met | 1_u64 << (*l).min(63));
                if met & !self.met != 0 || met >> 63 == 1 {
                    self.met |= met;
                    self.only_labels.numbers(values, &mut self.scratch)?;
                    self.shared.look();
                }
            }
            None => self.label.resize(block.rows, 0),
        }
        for ((encoder, place), numbers) in
            self.group_encoders.iter_mut().zip(&self.roles.groups).zip(&mut self.groups)
        {
            if let Some(values) = block.columns.get(*place) {
                encoder.numbers(values, numbers)?;
            }
        }
        self.finder.cells(&self.groups, block.rows, &mut self.cells);
        Ok(())
    }
}

fn outside(values: &Values) -> bool {
    match values {
        Values::F32(list) => list.iter().any(|x| !(0.0..=1.0).contains(x)),
        Values::F64(list) => list.iter().any(|x| !(0.0..=1.0).contains(x)),
        Values::Int(list) => list.iter().any(|x| !(0..=1).contains(x)),
        Values::Bool(_) | Values::Text { .. } => false,
    }
}
