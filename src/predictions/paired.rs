//! The predictions of two artifacts for the same rows, side by side.

use super::{
    PredictionsError,
    block::{Block, Values},
    cells::Finder,
    dictionary::{Dictionary, Encoder},
    hash::Map,
    job::{Job, Source},
    join::Labels,
    keys,
    roles::Roles,
    shared::Shared,
};
use crate::model::{Against, Task};

/// One row with the output of one artifact.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Seen {
    /// The number of the predicted class.
    pub(super) class: u32,
    /// The predicted value of a regression.
    pub(super) value: f64,
    pub(super) score: f64,
    pub(super) latency: f64,
}

/// One row that both artifacts predicted.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Both {
    pub(super) label: u32,
    pub(super) truth: f64,
    pub(super) cell: u32,
    /// The key that weights are drawn by: of the cluster or the id, else the position among all
    /// rows in order of content.
    pub(super) key: u64,
    pub(super) candidate: Seen,
    pub(super) baseline: Seen,
}

/// Rows of one artifact in the order of its files.
#[derive(Debug, Default)]
struct Side {
    labels: Vec<u32>,
    truths: Vec<f64>,
    cells: Vec<u32>,
    ids: Vec<u128>,
    keys: Vec<u64>,
    seen: Vec<Seen>,
    /// The text of an id, for messages.
    shown: Map<u128, Box<str>>,
}

/// The rows that both artifacts predicted, in an order that does not depend on the files', each
/// with the numbers that `shared` assigns to classes and cells.
pub(super) fn rows(
    job: &Job,
    against: Against,
    source: &dyn Source,
    attributes: &[String],
    shared: &Shared,
) -> Result<Vec<Both>, PredictionsError> {
    let task = if shared.continuous { Some(Task::Regression) } else { job.columns.task };
    let labels = |apart: Option<&dyn Source>| -> Result<Option<Labels>, PredictionsError> {
        let Some(apart) = apart else { return Ok(None) };
        let roles = Roles::of_labels(job.columns, attributes, task)?;
        Ok(Some(Labels::read(apart.open(&roles.wanted)?.as_ref(), &roles, shared)?))
    };
    let roles = Roles::of_predictions(job.columns, attributes, task, job.labels.is_some());
    let side = |source: &dyn Source| -> Result<Side, PredictionsError> {
        let labels = labels(job.labels)?;
        let side = Side::read(source, &roles, shared, labels.as_ref())?;
        labels.map_or(Ok(()), |l| l.all_used())?;
        Ok(side)
    };
    let (candidate, baseline) = (side(job.predictions)?, side(source)?);
    let places = places(&candidate, &baseline, against)?;
    let mut rows = Vec::with_capacity(places.len());
    for (i, place) in places.into_iter().enumerate() {
        let agree = candidate.labels.get(i) == baseline.labels.get(place)
            && candidate.truths.get(i) == baseline.truths.get(place);
        if !agree {
            return Err(PredictionsError::new(
                "predictions-labels-differ",
                format!(
                    "row {} of the candidate and its row of the {against} have different labels: both must have predicted \
                     the very same rows{}",
                    i + 1,
                    if candidate.ids.is_empty() {
                        " in the same order; or name an id to pair them by"
                    } else {
                        ""
                    }
                ),
            ));
        }
        rows.push(Both {
            label: candidate.labels.get(i).copied().unwrap_or(0),
            truth: candidate.truths.get(i).copied().unwrap_or(0.0),
            cell: candidate.cells[i],
            key: candidate.keys.get(i).copied().unwrap_or(0),
            candidate: candidate.seen[i],
            baseline: baseline.seen[place],
        });
    }
    Ok(rows)
}

/// For each row of the candidate, the index of the baseline's row.
fn places(
    candidate: &Side,
    baseline: &Side,
    against: Against,
) -> Result<Vec<usize>, PredictionsError> {
    if candidate.ids.is_empty() {
        if candidate.seen.len() == baseline.seen.len() {
            return Ok((0..candidate.seen.len()).collect());
        }
        return Err(PredictionsError::new(
            "predictions-rows-differ",
            format!(
                "the candidate predicted {} rows and the {against} {}: both must have predicted the very same rows; with an \
                 id the difference can be named",
                candidate.seen.len(),
                baseline.seen.len()
            ),
        ));
    }
    let twice = |id: &u128, side: &Side, who: &str| {
        let shown = side.shown.get(id).cloned().unwrap_or_default();
        PredictionsError::new(
            "predictions-duplicate-id",
            format!("the id `{shown}` stands twice in the predictions of the {who}"),
        )
    };
    let mut index: Map<u128, usize> = Map::default();
    for (i, id) in baseline.ids.iter().enumerate() {
        if index.insert(*id, i).is_some() {
            return Err(twice(id, baseline, &against.to_string()));
        }
    }
    let missing = |shown: Option<&Box<str>>, who: &str| {
        let shown = shown.cloned().unwrap_or_default();
        PredictionsError::new(
            "predictions-rows-differ",
            format!(
                "the {who} has no prediction for the id `{shown}`: both must have predicted the very same rows"
            ),
        )
    };
    let mut used = vec![false; baseline.ids.len()];
    let mut places = Vec::with_capacity(candidate.ids.len());
    for id in &candidate.ids {
        let Some(place) = index.get(id) else {
            return Err(missing(candidate.shown.get(id), &against.to_string()));
        };
        if std::mem::replace(&mut used[*place], true) {
            return Err(twice(id, candidate, "candidate"));
        }
        places.push(*place);
    }
    if let Some(left) = used.iter().position(|used| !used) {
        return Err(missing(baseline.shown.get(&baseline.ids[left]), "candidate"));
    }
    Ok(places)
}

impl Side {
    fn read(
        source: &dyn Source,
        roles: &Roles,
        shared: &Shared,
        apart: Option<&Labels>,
    ) -> Result<Self, PredictionsError> {
        let mut side = Self::default();
        let reader = source.open(&roles.wanted)?;
        // A single worker, because without an id the order of rows pairs them.
        let mut worker = reader.worker()?;
        let (mut labels, mut predictions) =
            (Encoder::new(&shared.classes), Encoder::new(&shared.classes));
        let mut encoders: Vec<Encoder> = shared.groups.iter().map(Encoder::new).collect();
        let mut finder = Finder::new(&shared.cells, shared.groups.len());
        let mut groups = vec![Vec::new(); roles.groups.len()];
        let (mut numbers, mut floats, mut cells, mut ids, mut keyed) =
            (Vec::new(), Vec::new(), Vec::new(), Vec::new(), Vec::new());
        let mut block = Block::default();
        while worker.next(&mut block)? {
            let column = |place: Option<usize>| place.and_then(|p| block.columns.get(p));
            let from = side.seen.len();
            side.seen.resize(from + block.rows, Seen::default());
            if let Some(values) = column(roles.label) {
                if shared.continuous {
                    keys::floats(values, &mut floats);
                    side.truths.extend_from_slice(&floats);
                } else {
                    labels.numbers(values, &mut numbers)?;
                    side.labels.extend_from_slice(&numbers);
                }
            }
            if let Some(apart) = apart {
                apart.places(column(roles.id), block.rows, &mut numbers)?;
                side.cells.extend(numbers.iter().map(|p| apart.cells[*p as usize]));
                side.labels.extend(numbers.iter().filter_map(|p| apart.classes.get(*p as usize)));
                side.truths.extend(numbers.iter().filter_map(|p| apart.values.get(*p as usize)));
            } else {
                for ((encoder, place), numbers) in
                    encoders.iter_mut().zip(&roles.groups).zip(&mut groups)
                {
                    if let Some(values) = block.columns.get(*place) {
                        encoder.numbers(values, numbers)?;
                    }
                }
                finder.cells(&groups, block.rows, &mut cells);
                side.cells.extend_from_slice(&cells);
            }
            let seen = &mut side.seen[from..];
            if let Some(values) = column(roles.prediction) {
                if shared.continuous {
                    set(values, &mut floats, seen, |row, x| row.value = x);
                } else {
                    predictions.numbers(values, &mut numbers)?;
                    seen.iter_mut().zip(&numbers).for_each(|(row, x)| row.class = *x);
                }
            }
            if let Some(values) = column(roles.score) {
                set(values, &mut floats, seen, |row, x| row.score = x);
            }
            if let Some(values) = column(roles.latency) {
                set(values, &mut floats, seen, |row, x| row.latency = x);
            }
            if let Some(values) = column(roles.id) {
                keys::wide_keys(values, &mut ids);
                side.ids.extend_from_slice(&ids);
                side.shown.extend(
                    ids.iter().enumerate().map(|(i, id)| (*id, keys::shown(values, i).into())),
                );
            }
            if let Some(values) = column(roles.cluster.or(roles.id)) {
                keys::keys(values, &mut keyed);
                side.keys.extend_from_slice(&keyed);
            }
        }
        Ok(side)
    }
}

fn set(values: &Values, floats: &mut Vec<f64>, seen: &mut [Seen], put: impl Fn(&mut Seen, f64)) {
    keys::floats(values, floats);
    seen.iter_mut().zip(floats).for_each(|(row, x)| put(row, *x));
}

/// The classes found while reading, in the order of their numbers. What they mean is decided from
/// all of them together.
pub(super) fn met(shared: &Shared) -> Vec<Box<str>> {
    Dictionary::list(&shared.classes)
}
