//! One logged value, and what was logged together with it.

use super::super::super::rows::{Of, counts};
use crate::evidence::{
    confusion::Confusion,
    json::{Json, Number, Object, Value},
};
use std::collections::HashSet;

/// The evaluator's name for how many rows it evaluated, after a prefix if one was set.
pub(super) const ROWS: &str = "example_count";

/// One logged value.
#[derive(Debug, Clone, Copy)]
pub(super) struct Entry<'j> {
    pub(super) name: &'j str,
    pub(super) value: &'j Json<'j>,
    pub(super) step: Option<i64>,
    /// Milliseconds since the epoch.
    pub(super) logged_at: Option<i64>,
    pub(super) dataset: Option<&'j str>,
    pub(super) run: Option<&'j str>,
    model: Option<&'j str>,
    /// Its name, if nothing says what it was logged together with.
    alone: Option<&'j str>,
}

impl<'j> Entry<'j> {
    /// An entry of a flat object.
    pub(super) const fn saved(name: &'j str, value: &'j Json<'j>) -> Self {
        Self {
            name,
            value,
            step: None,
            logged_at: None,
            dataset: None,
            run: None,
            model: None,
            alone: None,
        }
    }

    /// An entry of a run's metrics that lost their moments: each may have been logged by a separate
    /// call.
    pub(super) const fn described(name: &'j str, value: &'j Json<'j>) -> Self {
        Self { alone: Some(name), ..Self::saved(name, value) }
    }

    /// An entry as the REST API writes it; `None` if the object is not one.
    pub(super) fn logged(object: &'j Object<'j>) -> Option<Self> {
        let text =
            |key: &str| object.get(key).and_then(Json::as_str).filter(|text| !text.is_empty());
        Some(Self {
            name: text("key")?,
            value: object.get("value")?,
            step: object.get("step").and_then(whole),
            logged_at: object.get("timestamp").and_then(whole),
            dataset: text("dataset_name"),
            run: text("run_id"),
            model: text("model_id"),
            alone: None,
        })
    }

    /// The longest of the evaluator's prefixes that its name begins with.
    pub(super) fn prefix(&self, prefixes: &HashSet<&'j str>) -> Option<&'j str> {
        prefixes
            .iter()
            .copied()
            .filter(|prefix| self.name.starts_with(prefix))
            .max_by_key(|prefix| prefix.len())
    }

    /// The key of a batch: everything that the metrics of one call have in common.
    pub(super) fn batch(&self) -> impl Eq + std::hash::Hash + use<'j> {
        (self.logged_at, self.step, self.dataset, self.run, self.model, self.alone)
    }

    /// The order of entries: a later entry of a metric replaces earlier ones, as in MLflow, by step
    /// and then by time.
    pub(super) fn age(&self) -> (Option<i64>, Option<i64>) {
        (self.step, self.logged_at)
    }
}

/// A 64-bit integer: a number, or text as protocol buffers write it in JSON.
pub(super) fn whole(json: &Json<'_>) -> Option<i64> {
    match &json.value {
        Value::Number(number) => number.text().parse().ok(),
        Value::String(text) => text.parse().ok(),
        _ => None,
    }
}

/// The counts that the evaluator logged together with its metrics.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Batch {
    examples: Option<u64>,
    /// The number of tested rows that the script itself states.
    tested: Option<u64>,
    true_positives: Option<u64>,
    false_positives: Option<u64>,
    true_negatives: Option<u64>,
    false_negatives: Option<u64>,
    binary: bool,
}

impl Batch {
    pub(super) fn add(&mut self, entry: &Entry<'_>, prefix: Option<&str>) {
        let name = prefix.and_then(|prefix| entry.name.strip_prefix(prefix)).unwrap_or(entry.name);
        let slot = match name {
            ROWS => &mut self.examples,
            "true_positives" => &mut self.true_positives,
            "false_positives" => &mut self.false_positives,
            "true_negatives" => &mut self.true_negatives,
            "false_negatives" => &mut self.false_negatives,
            // Only counts in the same flat file or the same call are about the same rows.
            name if matches!(counts(name), Some(Of::Test(_))) => {
                self.tested = entry.value.as_number().and_then(Number::count);
                return;
            }
            _ => return,
        };
        self.binary |= name != ROWS;
        *slot = entry.value.as_number().and_then(Number::count);
    }

    /// The evaluated rows, if MLflow states them and the script does not contradict.
    pub(super) fn rows(&self) -> Option<u64> {
        self.examples.filter(|_| self.contradiction().is_none())
    }

    /// The rows that MLflow counted and those that the script says were tested, if they differ.
    pub(super) fn contradiction(&self) -> Option<(u64, u64)> {
        self.examples.zip(self.tested).filter(|(examples, tested)| examples != tested)
    }

    /// Whether the evaluator's `recall_score`, `precision_score` and `f1_score` are averages over
    /// classes: for two classes it also writes the four counts.
    pub(super) const fn averages(&self) -> bool {
        self.examples.is_some() && !self.binary
    }

    /// The four counts, if all are present and add up to the rows.
    pub(super) fn confusion(&self) -> Option<Confusion> {
        let counts = Confusion {
            true_positives: self.true_positives?,
            false_positives: self.false_positives?,
            true_negatives: self.true_negatives?,
            false_negatives: self.false_negatives?,
        };
        self.examples.is_none_or(|rows| rows == counts.total()).then_some(counts)
    }
}
