//! The computed numbers, found by the quantity that they measure.

use crate::model::{Evidence, Measurement, Metric, Slice, metric::Kind};
use std::collections::HashMap;

/// The quantity that a measurement is about.
type Key<'m> = (&'m str, &'m Slice, Option<&'m str>, Option<u64>, bool);

/// The numbers of one computed document.
pub(super) struct Truth<'m> {
    by_key: HashMap<Key<'m>, &'m Measurement>,
}

/// The attribute that names the classes of a model.
const CLASS: &str = "class";

fn key(m: &Measurement) -> Key<'_> {
    let quantile = m.quantile.map(|q| crate::model::number::round12(q).to_bits());
    // A group has one number. Overall, an average over groups is a different number from that of
    // all rows.
    (&m.metric, &m.slice, m.scope.as_deref(), quantile, m.slice.is_overall() && m.aggregate)
}

impl<'m> Truth<'m> {
    pub(super) fn of(evidence: &'m Evidence) -> Self {
        let mut by_key = HashMap::with_capacity(evidence.measurements.len());
        for m in &evidence.measurements {
            by_key.entry(key(m)).or_insert(m);
        }
        Self { by_key }
    }

    /// The computed number for the quantity of `claim`.
    pub(super) fn find(&self, claim: &'m Measurement) -> Option<&'m Measurement> {
        self.by_key.get(&key(claim)).copied()
    }

    /// Every count that tools mean by "rows" of this number. A metric that counts rows has only
    /// one. Otherwise, scikit-learn writes the support, which is the rows that have the class;
    /// other tools write the number of predictions of the class, or all rows that were evaluated.
    pub(super) fn rows(&self, found: &Measurement) -> Vec<u64> {
        let Some(own) = found.n else { return Vec::new() };
        let mut all = vec![own];
        let kind = Metric::find(&found.metric).map(|m| m.kind);
        let counted = |metric: &str, slice: &Slice| {
            self.by_key.get(&(metric, slice, None, None, false)).copied()
        };
        if matches!(kind, Some(Kind::Proportion | Kind::Score)) {
            all.extend(found.trials);
            all.extend(counted("recall", &found.slice).and_then(|m| m.trials));
        }
        if found.slice.0.contains_key(CLASS) {
            let mut everybody = found.slice.clone();
            everybody.0.remove(CLASS);
            all.extend(counted("accuracy", &everybody).and_then(|m| m.n));
        }
        all
    }
}
