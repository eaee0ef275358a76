//! Attempts: the number of an artifact among those of its model that were evaluated on a data set
//! under a policy.
//!
//! Numbers are assigned here and stored by the batch, which refuses a number that another service
//! has assigned to another artifact. If the release was not stored, its number stays unused: an
//! attempt counts whether or not its release is stored.

use crate::app::{Service, core::error::AppError};
use crate::{
    model::{Attempt, Digest, ModelId, Namespace},
    policy::Policy,
    store::Series,
};
use std::{
    collections::{BTreeSet, HashMap},
    sync::{Arc, Mutex, PoisonError},
};

/// Series kept in memory, and artifacts in each. A series or artifact that was dropped is read from
/// the database again.
const SERIES: usize = 10_000;
const ARTIFACTS: usize = 50_000;
/// The most data sets that one submission may name.
const MAX_DATASETS: usize = 1_000;

/// The known numbers of a series.
#[derive(Default)]
struct Known {
    last: u64,
    numbers: HashMap<Digest, u64>,
}

/// The numbers that were assigned so far.
#[derive(Default)]
pub(in crate::app) struct Numbers(Mutex<HashMap<Series, Known>>);

impl Numbers {
    /// The number of `artifact` in a series, a new one if it has none. `None` if the series has not
    /// been read from the database yet.
    fn number(&self, series: &Series, artifact: &Digest) -> Option<u64> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let known = all.get_mut(series)?;
        if let Some(tries) = known.numbers.get(artifact) {
            return Some(*tries);
        }
        if known.numbers.len() >= ARTIFACTS {
            known.numbers.clear();
        }
        known.last += 1;
        known.numbers.insert(*artifact, known.last);
        Some(known.last)
    }

    /// Records what the database has for a series: its last number, and the number of `artifact`.
    /// Skips `skip` numbers.
    fn learn(&self, series: Series, last: u64, artifact: &Digest, stored: Option<u64>, skip: u64) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= SERIES && !all.contains_key(&series) {
            all.clear();
        }
        let known = all.entry(series).or_default();
        known.last = known.last.max(last) + skip;
        match stored {
            Some(tries) => known.numbers.insert(*artifact, tries),
            None => known.numbers.remove(artifact),
        };
    }
}

impl Service {
    /// The numbers of an artifact of `model` on `datasets`, under each policy. They never change
    /// once a release of the artifact was evaluated.
    ///
    /// # Errors
    /// When too many data sets are named, or the database fails.
    pub(in crate::app) async fn attempts(
        &self,
        model: &ModelId,
        artifact: &Digest,
        policies: &[Arc<Policy>],
        datasets: &BTreeSet<String>,
    ) -> Result<Vec<Attempt>, AppError> {
        if datasets.len() > MAX_DATASETS {
            let message = format!(
                "the evidence names {} data sets; the maximum is {MAX_DATASETS}",
                datasets.len()
            );
            return Err(AppError::invalid("too-many-datasets", message));
        }
        let mut attempts = Vec::with_capacity(policies.len() * datasets.len());
        for (policy, dataset) in pairs(policies, datasets) {
            let series = series(model, &policy, &dataset);
            let tries = loop {
                match self.numbers.number(&series, artifact) {
                    Some(tries) => break tries,
                    None => self.read_series(series.clone(), artifact, 0).await?,
                }
            };
            attempts.push(Attempt { policy, dataset, tries });
        }
        Ok(attempts)
    }

    /// Reads the numbers again after the batch refused them. After a second refusal it skips some,
    /// to get ahead of another service that assigns the same ones.
    ///
    /// # Errors
    /// When the database fails.
    pub(in crate::app) async fn reread_attempts(
        &self,
        model: &ModelId,
        artifact: &Digest,
        attempts: &[Attempt],
        attempt: u32,
    ) -> Result<(), AppError> {
        let skip = if attempt == 0 { 0 } else { 1 << attempt.min(8) };
        for attempt in attempts {
            self.read_series(series(model, &attempt.policy, &attempt.dataset), artifact, skip)
                .await?;
        }
        Ok(())
    }

    async fn read_series(
        &self,
        series: Series,
        artifact: &Digest,
        skip: u64,
    ) -> Result<(), AppError> {
        let (last, own) = self.store.tries(&series, artifact).await?;
        self.numbers.learn(series, last, artifact, own, skip);
        Ok(())
    }
}

pub(in crate::app) fn series(model: &ModelId, policy: &str, dataset: &str) -> Series {
    let namespace: Namespace = model.namespace().clone();
    Series {
        namespace,
        policy: policy.to_owned(),
        model: model.clone(),
        dataset: dataset.to_owned(),
    }
}

fn pairs<'a>(
    policies: &'a [Arc<Policy>],
    datasets: &'a BTreeSet<String>,
) -> impl Iterator<Item = (String, String)> + 'a {
    policies.iter().flat_map(|p| datasets.iter().map(|d| (p.name.clone(), d.clone())))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> Series {
        series(&"acme/credit".parse().unwrap(), "p", "holdout")
    }

    #[test]
    fn an_artifact_keeps_its_number_and_no_two_share_one() {
        let (numbers, [a, b, c]) = (Numbers::default(), [b"a", b"b", b"c"].map(|x| Digest::of(x)));
        assert_eq!(numbers.number(&key(), &a), None, "the series has not been read yet");
        numbers.learn(key(), 7, &a, None, 0);
        assert_eq!(
            [&a, &b, &a, &b].map(|x| numbers.number(&key(), x)),
            [Some(8), Some(9), Some(8), Some(9)]
        );
        // Another service has assigned 8, and its last number is 20; it has 3 for `b`.
        numbers.learn(key(), 20, &a, None, 2);
        assert_eq!(numbers.number(&key(), &a), Some(23));
        numbers.learn(key(), 20, &b, Some(3), 0);
        assert_eq!([&b, &c].map(|x| numbers.number(&key(), x)), [Some(3), Some(24)]);
    }
}
