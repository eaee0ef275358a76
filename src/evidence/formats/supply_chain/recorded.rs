//! Values that tests recorded besides their outcome: `record_property("accuracy", 0.91)`, as stored
//! by `JUnit` XML and pytest's JSON.
//!
//! Two names are not metrics but describe the metrics recorded with them: `n`, the rows, and
//! `slice`, the group, written `sex=Female`. A value that is not a number is left out and named.
//! Each number is taken as exact to its last digit: the tests of one run have different authors.

use super::super::rows::{Rows, Said};
use crate::evidence::{Collector, json::Number, names, undefined::reading_text};
use crate::model::Slice;

/// Names and values that were recorded together: by one test, or by the whole run.
#[derive(Default)]
pub(super) struct Recorded {
    values: Vec<(String, String)>,
    n: Option<String>,
    slices: Vec<String>,
}

impl Recorded {
    /// Adds one pair.
    pub(super) fn push(&mut self, name: &str, value: &str) {
        match name {
            "n" => self.n = Some(value.to_owned()),
            "slice" => self.slices.push(value.to_owned()),
            _ => self.values.push((name.to_owned(), value.to_owned())),
        }
    }

    /// Adds all values that are numbers. `by` is the name in warnings of the test or run that
    /// recorded them.
    pub(super) fn measure(self, collector: &mut Collector<'_>, by: &str) {
        let beside = self.values.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let all: Vec<_> = self.n.iter().map(|n| ("n", n.as_str())).chain(beside).collect();
        let facts: Vec<_> = all
            .iter()
            .map(|(name, text)| {
                (*name, Number::parse(text.trim()).map_or(Said::Nothing, Said::Number))
            })
            .collect();
        let Rows { n, warning, .. } = Rows::of(&facts, &["n"], None);
        let told = warning.is_some();
        if let Some(warning) = warning {
            collector.warn(format!("{by}: {warning}"));
        }
        if let (Some(text), None, false) = (&self.n, n, told) {
            collector.left_out(&format!("n = {text} of {by}"));
        }
        let Some(slice) = slice(&self.slices) else {
            if !self.values.is_empty() {
                let all = self.slices.join(" and ");
                collector.left_out(&format!(
                    "the numbers of {by}, which are of {all}: which of which is not said"
                ));
            }
            return;
        };
        for (name, value) in self.values {
            if reading_text(&value).is_none() {
                collector.left_out(&format!("{name} = {value}"));
                continue;
            }
            if let Some(m) =
                collector.measure_text(names::of_sklearn(&name), &name, slice.clone(), &value)
            {
                m.n = n;
            }
        }
    }
}

/// The group of all values; `None` if one axis has two values. A repeated test records its group
/// twice.
fn slice(parts: &[String]) -> Option<Slice> {
    let mut slice = Slice::overall();
    for part in parts {
        let (key, value) = part.split_once('=').unwrap_or(("slice", part));
        let before = slice.0.insert(key.trim().to_owned(), value.trim().to_owned());
        if before.is_some_and(|before| before != value.trim()) {
            return None;
        }
    }
    Some(slice)
}
