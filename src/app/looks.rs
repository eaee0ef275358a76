//! Which artifact of those tried on a data set an artifact is, under each policy.
//!
//! Numbers are handed out here, and kept by the batch: it refuses a number that another service gave away. A number
//! whose release was not stored is a gap, as a try is a try.

use super::{Service, error::AppError};
use crate::{
    model::{Digest, Look, Namespace},
    policy::Policy,
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

/// The artifacts that were tried on a data set under a policy.
type Key = (Namespace, String, String);

#[derive(Default)]
struct Series {
    last: u64,
    known: HashMap<Digest, u64>,
}

/// Numbers that were handed out.
#[derive(Default)]
pub(super) struct Numbers(Mutex<HashMap<Key, Series>>);

impl Numbers {
    /// The number of `artifact` in a series, a new one where it has none; `None` where nobody read the series yet.
    fn number(&self, key: &Key, artifact: &Digest) -> Option<u64> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let series = all.get_mut(key)?;
        if let Some(tries) = series.known.get(artifact) {
            return Some(*tries);
        }
        if series.known.len() >= ARTIFACTS {
            series.known.clear();
        }
        series.last += 1;
        series.known.insert(*artifact, series.last);
        Some(series.last)
    }

    /// Takes over what the database says of a series: its last number, and that of `artifact`. Skips `skip` numbers.
    fn learn(&self, key: Key, last: u64, artifact: &Digest, stored: Option<u64>, skip: u64) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= SERIES && !all.contains_key(&key) {
            all.clear();
        }
        let series = all.entry(key).or_default();
        series.last = series.last.max(last) + skip;
        match stored {
            Some(tries) => series.known.insert(*artifact, tries),
            None => series.known.remove(artifact),
        };
    }
}

impl Service {
    /// The numbers of an artifact on `datasets`, under each policy. They stay what they are once a release of the
    /// artifact was judged.
    ///
    /// # Errors
    /// When too many data sets are named, or the database fails.
    pub(super) async fn looks(
        &self,
        namespace: &Namespace,
        artifact: &Digest,
        policies: &[Arc<Policy>],
        datasets: &BTreeSet<String>,
    ) -> Result<Vec<Look>, AppError> {
        if datasets.len() > MAX_DATASETS {
            let message = format!("the evidence names {} data sets; at most {MAX_DATASETS} may be", datasets.len());
            return Err(AppError::invalid("too-many-datasets", message));
        }
        let mut looks = Vec::with_capacity(policies.len() * datasets.len());
        for (policy, dataset) in pairs(policies, datasets) {
            let key = (namespace.clone(), policy.clone(), dataset.clone());
            let tries = loop {
                match self.numbers.number(&key, artifact) {
                    Some(tries) => break tries,
                    None => self.read_series(key.clone(), artifact, 0).await?,
                }
            };
            looks.push(Look { policy, dataset, tries });
        }
        Ok(looks)
    }

    /// Reads again the numbers that the batch refused. Where it refused before, some are skipped, to get ahead of
    /// another service that hands out the same ones.
    ///
    /// # Errors
    /// When the database fails.
    pub(super) async fn reread_looks(
        &self,
        namespace: &Namespace,
        artifact: &Digest,
        looks: &[Look],
        attempt: u32,
    ) -> Result<(), AppError> {
        let skip = if attempt == 0 { 0 } else { 1 << attempt.min(8) };
        for look in looks {
            self.read_series((namespace.clone(), look.policy.clone(), look.dataset.clone()), artifact, skip).await?;
        }
        Ok(())
    }

    async fn read_series(&self, key: Key, artifact: &Digest, skip: u64) -> Result<(), AppError> {
        let (namespace, policy, dataset) = &key;
        let last = self.store.tries(namespace, policy, dataset).await?;
        let own = self.store.look_of(namespace, policy, dataset, artifact).await?;
        self.numbers.learn(key, last, artifact, own, skip);
        Ok(())
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

    fn key() -> Key {
        ("acme".parse().unwrap(), "p".into(), "holdout".into())
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
