//! Labels in a separate data set: every id occurs exactly once on both sides, and no row is left
//! out.

use super::{
    PredictionsError,
    block::{Block, Reader, Values},
    cells::Finder,
    dictionary::Encoder,
    hash::Map,
    keys,
    roles::Roles,
    shared::Shared,
};
use std::sync::atomic::{AtomicU32, Ordering};

/// Labels and cells by id.
#[derive(Debug, Default)]
pub(super) struct Labels {
    places: Map<u128, u32>,
    /// The numbers of labels; empty if labels are values.
    pub(super) classes: Vec<u32>,
    /// Labels as values; empty if labels are classes.
    pub(super) values: Vec<f64>,
    pub(super) cells: Vec<u32>,
    ids: Vec<Box<str>>,
    used: Vec<AtomicU32>,
}

impl Labels {
    /// Reads the whole data set of labels.
    pub(super) fn read(
        reader: &dyn Reader,
        roles: &Roles,
        shared: &Shared,
    ) -> Result<Self, PredictionsError> {
        let mut labels = Self::default();
        let (mut encoder, mut only) = (Encoder::new(&shared.classes), Encoder::new(&shared.labels));
        let mut group_encoders: Vec<Encoder> = shared.groups.iter().map(Encoder::new).collect();
        let mut groups = vec![Vec::new(); roles.groups.len()];
        let mut finder = Finder::new(&shared.cells, shared.groups.len());
        let (mut block, mut numbers, mut values, mut cells, mut ids) =
            (Block::default(), Vec::new(), Vec::new(), Vec::new(), Vec::new());
        let mut worker = reader.worker()?;
        while worker.next(&mut block)? {
            if let Some(column) = roles.label.and_then(|p| block.columns.get(p)) {
                if shared.continuous {
                    keys::floats(column, &mut values);
                    labels.values.extend_from_slice(&values);
                } else {
                    encoder.numbers(column, &mut numbers)?;
                    labels.classes.extend_from_slice(&numbers);
                    only.numbers(column, &mut numbers)?;
                    shared.look();
                    if shared.looks_continuous() {
                        return Ok(labels);
                    }
                }
            }
            for ((encoder, place), numbers) in
                group_encoders.iter_mut().zip(&roles.groups).zip(&mut groups)
            {
                if let Some(column) = block.columns.get(*place) {
                    encoder.numbers(column, numbers)?;
                }
            }
            finder.cells(&groups, block.rows, &mut cells);
            labels.cells.extend_from_slice(&cells);
            if let Some(column) = roles.id.and_then(|p| block.columns.get(p)) {
                keys::wide_keys(column, &mut ids);
                labels.insert(column, &ids)?;
            }
        }
        labels.used.resize_with(labels.cells.len(), AtomicU32::default);
        Ok(labels)
    }

    fn insert(&mut self, column: &Values, ids: &[u128]) -> Result<(), PredictionsError> {
        for (row, id) in ids.iter().enumerate() {
            let place = u32::try_from(self.ids.len()).unwrap_or(u32::MAX);
            let shown = keys::shown(column, row);
            if self.places.insert(*id, place).is_some() {
                return Err(PredictionsError::new(
                    "predictions-duplicate-id",
                    format!(
                        "the id `{shown}` stands twice in the labels: every id must stand there exactly once"
                    ),
                ));
            }
            self.ids.push(shown.into());
        }
        Ok(())
    }

    /// Replaces the content of `out` by the index of each row's label.
    pub(super) fn places(
        &self,
        ids: Option<&Values>,
        rows: usize,
        out: &mut Vec<u32>,
    ) -> Result<(), PredictionsError> {
        out.clear();
        let mut keys = Vec::with_capacity(rows);
        let Some(column) = ids else {
            return Err(PredictionsError::new(
                "predictions-no-id",
                "the predictions have no id to join labels on",
            ));
        };
        keys::wide_keys(column, &mut keys);
        for (row, key) in keys.iter().enumerate() {
            let Some(place) = self.places.get(key) else {
                return Err(PredictionsError::new(
                    "predictions-missing-label",
                    format!(
                        "the id `{}` has a prediction but no label: hand in the labels of the very rows that were predicted",
                        keys::shown(column, row)
                    ),
                ));
            };
            if self.used[*place as usize].fetch_add(1, Ordering::Relaxed) > 0 {
                return Err(PredictionsError::new(
                    "predictions-duplicate-id",
                    format!(
                        "the id `{}` stands twice in the predictions: every id must stand there exactly once",
                        keys::shown(column, row)
                    ),
                ));
            }
            out.push(*place);
        }
        Ok(())
    }

    /// Checks that every label has a prediction.
    pub(super) fn all_used(&self) -> Result<(), PredictionsError> {
        let unused =
            self.used.iter().zip(&self.ids).filter(|(used, _)| used.load(Ordering::Relaxed) == 0);
        let Some((_, least)) = unused.clone().min_by(|a, b| a.1.cmp(b.1)) else { return Ok(()) };
        Err(PredictionsError::new(
            "predictions-missing-prediction",
            format!(
                "{} labelled rows have no prediction, such as the id `{least}`: a model must answer every row",
                unused.count()
            ),
        ))
    }
}
