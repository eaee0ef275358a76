//! What all workers of a pass share.

use super::{
    cells::Cells,
    dictionary::{Dictionary, Form},
};
use crate::model::Columns;
use std::sync::atomic::{AtomicBool, Ordering};

/// More classes than this, if all of them are numbers, are taken for values of a regression.
const MOST_NUMERIC_CLASSES: usize = 100;

/// The state that all workers share.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) classes: Dictionary,
    /// The labels without the predictions, to decide what they are.
    pub(super) labels: Dictionary,
    pub(super) groups: Vec<Dictionary>,
    pub(super) cells: Cells,
    /// Whether rows are values of a regression.
    pub(super) continuous: bool,
    /// Whether labels that look like values may be treated as values.
    pub(super) may_be_continuous: bool,
    looks_continuous: AtomicBool,
}

impl Shared {
    pub(super) fn new(
        columns: &Columns,
        attributes: &[String],
        continuous: bool,
        may_be_continuous: bool,
    ) -> Self {
        let (label, keep) = (columns.label.as_deref().unwrap_or("label"), &columns.na_keep);
        let group = |attribute: &String| Dictionary::new(attribute, Form::Group, keep);
        Self {
            classes: Dictionary::new(label, Form::Class, keep),
            labels: Dictionary::new(label, Form::Class, keep),
            groups: attributes.iter().map(group).collect(),
            cells: Cells::default(),
            continuous,
            may_be_continuous,
            looks_continuous: AtomicBool::new(false),
        }
    }

    /// Whether the labels turned out to be values, so that the result of this pass is discarded.
    pub(super) fn looks_continuous(&self) -> bool {
        self.looks_continuous.load(Ordering::Relaxed)
    }

    /// Checks the labels seen so far; the result does not depend on the order of rows.
    pub(super) fn look(&self) {
        if !self.may_be_continuous || self.continuous {
            return;
        }
        let many = || self.labels.len() > MOST_NUMERIC_CLASSES && self.labels.is_numeric();
        if self.labels.fraction().is_some() || many() {
            self.looks_continuous.store(true, Ordering::Relaxed);
        }
    }
}
