//! What an artifact was compared with, and how often its data had been tried.

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

/// Which artifact of those tried on a data set this one is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AttemptRow {
    /// `1st`, `2nd`, `3rd`, …
    pub ordinal: String,
    /// The data set; `None` where the evidence names none.
    pub dataset: Option<String>,
    /// The policy.
    pub policy: String,
}

/// What it was compared with, where a rule compares and there was something.
pub(super) fn baselines(inputs: &Inputs) -> Vec<BaselineRow> {
    let sides = [("Champion", &inputs.champion), ("Reference", &inputs.reference)];
    let row = |(name, side): (&'static str, &Option<crate::model::Baseline>)| {
        let artifact = side.as_ref()?.artifact.as_ref()?;
        Some(BaselineRow { name, artifact: Hash::from(artifact) })
    };
    sides.into_iter().filter_map(row).collect()
}

/// How often each data set had been tried.
pub(super) fn attempts(inputs: &Inputs) -> Vec<AttemptRow> {
    let row = |attempt: &Attempt| AttemptRow {
        ordinal: ordinal(attempt.tries),
        dataset: Some(attempt.dataset.clone()).filter(|name| !name.is_empty()),
        policy: attempt.policy.clone(),
    };
    inputs.attempts.iter().map(row).collect()
}

fn ordinal(n: u64) -> String {
    let ending = match (n % 100, n % 10) {
        (11..=13, _) => "th",
        (_, 1) => "st",
        (_, 2) => "nd",
        (_, 3) => "rd",
        _ => "th",
    };
    format!("{}{ending}", crate::model::number::grouped(n))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_said_as_people_say_them() {
        let said: Vec<String> = [1, 2, 3, 4, 11, 12, 13, 21, 102, 111, 1_003].into_iter().map(ordinal).collect();
        assert_eq!(said, ["1st", "2nd", "3rd", "4th", "11th", "12th", "13th", "21st", "102nd", "111th", "1,003rd"]);
    }
}
