//! How many samples a group has and how they were marked, as shown by the samples in the log.

use crate::evidence::json::{Json, Number, Value};
use crate::stats::proportion::counted;
use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet, btree_map::Entry},
};

/// The samples of a log: the complete ones, or the summaries of them in a zip.
pub struct Samples<'s> {
    list: &'s [Json<'s>],
    /// By scorer and key of the metadata.
    counted: RefCell<BTreeMap<(String, String), BTreeMap<String, u64>>>,
}

impl<'s> Samples<'s> {
    pub fn new(list: &'s [Json<'s>]) -> Self {
        Self { list, counted: RefCell::default() }
    }

    /// How many samples of a group a scorer scored, each counted once, whatever the number of
    /// epochs. `None` unless the groups together have as many samples as the scorer itself states.
    pub fn of(&self, scorer: &str, key: &str, group: &str, samples: Option<u64>) -> Option<u64> {
        let mut counted = self.counted.borrow_mut();
        let groups = match counted.entry((scorer.to_owned(), key.to_owned())) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(new) => new.insert(self.count(scorer, key)),
        };
        let all = groups.values().fold(0_u64, |sum, n| sum.saturating_add(*n));
        groups.get(group).copied().filter(|_| samples == Some(all))
    }

    /// How many samples there are, each counted once, whatever the number of epochs; `None` if the
    /// log has none.
    pub fn different(&self) -> Option<u64> {
        let ids: BTreeSet<String> =
            self.list.iter().filter_map(|sample| shown(sample.get("id")?)).collect();
        (!ids.is_empty()).then(|| counted(ids.len()))
    }

    /// Whether a scorer marked every sample either right or wrong, with nothing in between. If a
    /// sample has several named marks, `name` selects one. `None` if the log has no samples, or a
    /// mark whose value only the scorer knows.
    pub fn right_or_wrong(&self, scorer: &str, name: &str) -> Option<bool> {
        let mut all = None;
        for sample in self.list {
            let Some(mark) = sample.at_path(&["scores", scorer, "value"]) else { continue };
            let mark = mark.as_object().map_or(Some(mark), |marks| marks.get(name))?;
            match &mark.value {
                // The sample was not scored.
                Value::Null | Value::NonFinite(_) => {}
                value => all = Some(all.unwrap_or(true) && is_whole(value)?),
            }
        }
        all
    }

    fn count(&self, scorer: &str, key: &str) -> BTreeMap<String, u64> {
        let mut seen: BTreeSet<(String, String)> = BTreeSet::new();
        for sample in self.list {
            let score = sample.at_path(&["scores", scorer, "value"]);
            let has_one = score
                .is_some_and(|score| !matches!(score.value, Value::NonFinite(_) | Value::Null));
            let group = sample.at_path(&["metadata", key]).and_then(shown).filter(|_| has_one);
            if let Some((group, id)) = group.zip(sample.get("id").and_then(shown)) {
                seen.insert((group, id));
            }
        }
        let mut groups = BTreeMap::new();
        for (group, _) in seen {
            *groups.entry(group).or_default() += 1;
        }
        groups
    }
}

/// Whether the value of a mark is 1 or 0: Inspect's letters, its words for yes and no, and numbers,
/// which are used as they are.
fn is_whole(mark: &Value<'_>) -> Option<bool> {
    let number = |number: Number<'_>| [0.0, 1.0].contains(&number.value());
    match mark {
        Value::Bool(_) => Some(true),
        Value::Number(of) => Some(number(*of)),
        Value::String(text) => match &*text.to_lowercase() {
            "c" | "i" | "n" | "yes" | "no" | "true" | "false" => Some(true),
            "p" => Some(false),
            text => Number::parse(text).map(number),
        },
        Value::Null | Value::NonFinite(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

/// A scalar as Python's `str` prints it.
fn shown(json: &Json<'_>) -> Option<String> {
    match &json.value {
        Value::String(text) => Some(text.to_string()),
        Value::Number(number) => Some(number.text().to_owned()),
        Value::Bool(true) => Some("True".to_owned()),
        Value::Bool(false) => Some("False".to_owned()),
        Value::Null => Some("None".to_owned()),
        Value::NonFinite(_) | Value::Array(_) | Value::Object(_) => None,
    }
}
