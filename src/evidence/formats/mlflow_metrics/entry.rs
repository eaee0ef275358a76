//! One logged value, and what was logged together with it.

use crate::evidence::{
    confusion::Confusion,
    json::{Json, Number, Object, Value},
};

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
}

impl<'j> Entry<'j> {
    /// An entry of a flat object.
    pub(super) const fn saved(name: &'j str, value: &'j Json<'j>) -> Self {
        Self { name, value, step: None, logged_at: None, dataset: None, run: None, model: None }
    }

    /// An entry as the REST API writes it; `None` where it is none.
    pub(super) fn logged(object: &'j Object<'j>) -> Option<Self> {
        let text = |key: &str| object.get(key).and_then(Json::as_str).filter(|text| !text.is_empty());
        Some(Self {
            name: text("key")?,
            value: object.get("value")?,
            step: object.get("step").and_then(whole),
            logged_at: object.get("timestamp").and_then(whole),
            dataset: text("dataset_name"),
            run: text("run_id"),
            model: text("model_id"),
        })
    }

    /// What was logged by one call has all of this in common.
    pub(super) fn batch(&self) -> impl Eq + std::hash::Hash + use<'j> {
        (self.logged_at, self.step, self.dataset, self.run, self.model)
    }

    /// Later entries of one metric replace earlier ones, as MLflow does: by step, then by time.
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

/// What the evaluator logged beside its metrics.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Batch {
    examples: Option<u64>,
    true_positives: Option<u64>,
    false_positives: Option<u64>,
    true_negatives: Option<u64>,
    false_negatives: Option<u64>,
}

impl Batch {
    pub(super) fn add(&mut self, entry: &Entry<'_>) {
        let slot = match entry.name {
            "example_count" => &mut self.examples,
            "true_positives" => &mut self.true_positives,
            "false_positives" => &mut self.false_positives,
            "true_negatives" => &mut self.true_negatives,
            "false_negatives" => &mut self.false_negatives,
            _ => return,
        };
        *slot = entry.value.as_number().and_then(Number::count);
    }

    /// The rows evaluated, where MLflow says so.
    pub(super) fn rows(&self) -> Option<u64> {
        self.examples
    }

    /// The four counts, where all are there and they add up to the rows.
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
