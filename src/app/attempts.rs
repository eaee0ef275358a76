//! Which artifact of a model an artifact is, of those tried on a data set under each policy.
//!
//! Numbers are handed out here, and kept by the batch: it refuses a number that another service gave away. A number
//! whose release was not stored is a gap, as a try is a try.

use super::{Service, error::AppError};
use crate::{
    model::{Attempt, Digest, ModelId, Namespace},
    policy::Policy,
    store::Series,
};
use std::{
    collections::{BTreeSet, HashMap},
    sync::{Arc, Mutex, PoisonError},
};

/// Series remembered at once, and artifacts in each; what was forgotten is read again.
const SERIES: usize = 10_000;
const ARTIFACTS: usize = 50_000;
/// Data sets that one submission may name.
const MAX_DATASETS: usize = 1_000;

/// What is known of a series.
#[derive(Default)]
struct Known {
    last: u64,
    numbers: HashMap<Digest, u64>,
}

/// Numbers that were handed out.
#[derive(Default)]
pub(super) struct Numbers(Mutex<HashMap<Series, Known>>);

impl Numbers {
    /// The number of `artifact` in a series, a new one where it has none; `None` where nobody read the series yet.
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

    /// Takes over what the database says of a series: its last number, and that of `artifact`. Skips `skip` numbers.
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
    /// The numbers of an artifact of `model` on `datasets`, under each policy. They stay what they are once a release of the
    /// artifact was judged.
    ///
    /// # Errors
    /// When too many data sets are named, or the database fails.
    pub(super) async fn attempts(
        &self,
        model: &ModelId,
        artifact: &Digest,
        policies: &[Arc<Policy>],
        datasets: &BTreeSet<String>,
    ) -> Result<Vec<Attempt>, AppError> {
        if datasets.len() > MAX_DATASETS {
            let message = format!("the evidence names {} data sets; at most {MAX_DATASETS} may be", datasets.len());
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

    /// Reads again the numbers that the batch refused. Where it refused before, some are skipped, to get ahead of
    /// another service that hands out the same ones.
    ///
    /// # Errors
    /// When the database fails.
    pub(super) async fn reread_attempts(
        &self,
        model: &ModelId,
        artifact: &Digest,
        attempts: &[Attempt],
        attempt: u32,
    ) -> Result<(), AppError> {
        let skip = if attempt == 0 { 0 } else { 1 << attempt.min(8) };
        for attempt in attempts {
            self.read_series(series(model, &attempt.policy, &attempt.dataset), artifact, skip).await?;
        }
        Ok(())
    }

    async fn read_series(&self, series: Series, artifact: &Digest, skip: u64) -> Result<(), AppError> {
        let last = self.store.tries(&series).await?;
        let own = self.store.attempt_of(&series, artifact).await?;
        self.numbers.learn(series, last, artifact, own, skip);
        Ok(())
    }
}

fn series(model: &ModelId, policy: &str, dataset: &str) -> Series {
    let namespace: Namespace = model.namespace().clone();
    Series { namespace, policy: policy.to_owned(), model: model.clone(), dataset: dataset.to_owned() }
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
        assert_eq!(numbers.number(&key(), &a), None, "nobody asked the database yet");
        numbers.learn(key(), 7, &a, None, 0);
        assert_eq!([&a, &b, &a, &b].map(|x| numbers.number(&key(), x)), [Some(8), Some(9), Some(8), Some(9)]);
        // Another service gave 8 away, and stands at 20; it knew `b` as 3.
        numbers.learn(key(), 20, &a, None, 2);
        assert_eq!(numbers.number(&key(), &a), Some(23));
        numbers.learn(key(), 20, &b, Some(3), 0);
        assert_eq!([&b, &c].map(|x| numbers.number(&key(), x)), [Some(3), Some(24)]);
    }
}
