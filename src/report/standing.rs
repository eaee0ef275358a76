//! What an artifact was compared with, and how often its test sets were used.

use super::values::Hash;
use crate::model::{Attempt, Inputs};
use serde::Serialize;

/// The champion or the reference of a decision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BaselineRow {
    /// `Champion` or `Reference`.
    pub name: &'static str,
    /// Its artifact.
    pub artifact: Hash,
}

/// How often a data set was used as a test set under a policy, this time included.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AttemptRow {
    /// `1 time`, `2 times`, …
    pub ordinal: String,
    /// The data set; `None` if the evidence names none.
    pub dataset: Option<String>,
    /// The policy.
    pub policy: String,
}

/// What it was compared with, if a rule compares and a baseline existed.
pub(super) fn baselines(inputs: &Inputs) -> Vec<BaselineRow> {
    let sides = [("Champion", &inputs.champion), ("Reference", &inputs.reference)];
    let row = |(name, side): (&'static str, &Option<crate::model::Baseline>)| {
        let artifact = side.as_ref()?.artifact.as_ref()?;
        Some(BaselineRow { name, artifact: Hash::from(artifact) })
    };
    sides.into_iter().filter_map(row).collect()
}

/// How often each data set was used.
pub(super) fn attempts(inputs: &Inputs) -> Vec<AttemptRow> {
    let row = |attempt: &Attempt| AttemptRow {
        ordinal: times(attempt.tries),
        dataset: Some(attempt.dataset.clone()).filter(|name| !name.is_empty()),
        policy: attempt.policy.clone(),
    };
    inputs.attempts.iter().map(row).collect()
}

fn times(n: u64) -> String {
    format!("{} {}", crate::model::number::grouped(n), if n == 1 { "time" } else { "times" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_said_as_people_say_them() {
        let said: Vec<String> = [1, 2, 21, 1_003].into_iter().map(times).collect();
        assert_eq!(said, ["1 time", "2 times", "21 times", "1,003 times"]);
    }
}
