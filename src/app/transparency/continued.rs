//! A log that continues from an older state: what was lost, and the new name under which it
//! continues, so that no two heads with the same name ever disagree.

use crate::app::{
    Service, core::error::AppError, core::heads::HeadKeeper, core::notary::raw_entry,
};
use crate::{
    ledger::{
        Checkpoint, Fact, Identity, VerifierKey, checkpoint,
        facts::{Document, LogContinued},
    },
    model::Namespace,
    store::{Seal as _, Snapshot},
};
use std::{collections::BTreeMap, path::PathBuf};

/// How many entries at the beginning of a log may state that it continues others.
const CONTINUATIONS: u64 = 64;

/// What a database lacks of the entries that were signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Loss {
    /// The namespace of the log.
    pub namespace: Namespace,
    /// The last known head of the log.
    pub last: String,
    /// The name (origin) in that head.
    pub origin: String,
    /// How many entries that head covers.
    pub signed: u64,
    /// How many entries the database has.
    pub found: u64,
}

/// A log that continues under a new name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Continued {
    /// The namespace of the log.
    pub namespace: Namespace,
    /// Its new name.
    pub origin: String,
    /// The key that verifies its heads.
    pub key: VerifierKey,
    /// Its first head.
    pub checkpoint: String,
}

/// Keeps the heads of continued logs in `folders`, in place of the last heads under the old names.
///
/// # Errors
/// When a folder cannot be created.
pub fn keep_heads(folders: &[PathBuf], heads: Vec<(Namespace, String)>) -> Result<(), AppError> {
    HeadKeeper::open(folders).map_err(AppError::failed)?.keep(heads);
    Ok(())
}

/// The heads that a log states it continues, in the order of their entries: the newest first.
pub(in crate::app) async fn continued(
    snapshot: &mut Snapshot,
    namespace: &Namespace,
) -> Result<Vec<Checkpoint>, AppError> {
    #[derive(serde::Deserialize)]
    struct Document {
        checkpoint: String,
    }
    let mut found = Vec::new();
    for entry in snapshot.entries(namespace, 0, CONTINUATIONS).await? {
        if entry.kind != Fact::LogContinued.as_str() {
            continue;
        }
        let document =
            entry.fact.as_deref().and_then(|bytes| serde_json::from_slice::<Document>(bytes).ok());
        let head = document.and_then(|document| Checkpoint::unverified(&document.checkpoint).ok());
        found.push(
            head.ok_or_else(|| AppError::broken("the head that a log continues cannot be read"))?,
        );
    }
    Ok(found)
}

/// The original name of a namespace's log, from the name of a log that continues it.
fn first_origin<'o>(origin: &'o str, namespace: &Namespace) -> &'o str {
    let own = format!("/log/{namespace}");
    let before = origin.rsplit_once('/').map_or(origin, |(before, _)| before);
    if !origin.ends_with(&own) && before.ends_with(&own) { before } else { origin }
}

impl Service {
    /// What the database lacks of the entries that `others`, and the heads kept outside the
    /// database, prove were signed.
    ///
    /// # Errors
    /// When a kept head was not signed by this service, or the database fails.
    pub async fn losses(&self, others: &[(Namespace, String)]) -> Result<Vec<Loss>, AppError> {
        let mut notes: BTreeMap<Namespace, Vec<String>> =
            self.heads.all().map_err(AppError::failed)?;
        for (namespace, note) in others {
            // A head that another service signed proves nothing about these logs.
            if !self.is_ours(namespace, note).await? {
                continue;
            }
            notes.entry(namespace.clone()).or_default().push(note.clone());
        }
        let mut snapshot = self.store.snapshot().await?;
        let mut losses = Vec::new();
        for (namespace, notes) in notes {
            let mut worst: Option<Loss> = None;
            for note in notes {
                let Some(loss) = self.loss(&mut snapshot, &namespace, note).await? else {
                    continue;
                };
                let rank = |loss: &Loss| (loss.origin.len(), loss.origin.clone(), loss.signed);
                if worst.as_ref().is_none_or(|known| rank(known) < rank(&loss)) {
                    worst = Some(loss);
                }
            }
            losses.extend(worst);
        }
        snapshot.end().await?;
        Ok(losses)
    }

    async fn is_ours(&self, namespace: &Namespace, note: &str) -> Result<bool, AppError> {
        let Ok(head) = Checkpoint::unverified(note) else { return Ok(false) };
        let key = VerifierKey::new(&head.origin, *self.log_key(namespace).await?.key())
            .map_err(AppError::failed)?;
        Ok(Checkpoint::verify(note, &[key]).is_ok())
    }

    async fn loss(
        &self,
        snapshot: &mut Snapshot,
        namespace: &Namespace,
        note: String,
    ) -> Result<Option<Loss>, AppError> {
        let wrong = |e| {
            let message =
                format!("a kept head of `{namespace}` was not signed by this service: {e}");
            AppError::invalid("head-unreadable", message)
        };
        let origin = Checkpoint::unverified(&note).map_err(wrong)?.origin;
        let key =
            VerifierKey::new(&origin, *self.log_key(namespace).await?.key()).map_err(wrong)?;
        let last = Checkpoint::verify(&note, &[key]).map_err(wrong)?;
        let heads = snapshot.log_heads().await?;
        let head = heads.iter().find(|head| head.namespace == *namespace);
        let found = head.map_or(0, |head| head.size);
        let holds = match head
            .map(|head| Checkpoint::unverified(&head.checkpoint))
            .transpose()
            .map_err(wrong)?
        {
            Some(head) if head.origin == last.origin => {
                last.size <= found
                    && snapshot.root_at(namespace, last.size, found).await? == last.root
            }
            Some(_) => covers(&continued(snapshot, namespace).await?, &last),
            None => false,
        };
        let loss =
            Loss { namespace: namespace.clone(), last: note, origin, signed: last.size, found };
        Ok((!holds).then_some(loss))
    }

    /// Continues each of these logs under a new name. Its first leaf is the fact that it continues
    /// the last known head of the old log; the entries that the database still has follow. The new
    /// heads are not kept yet: see [`keep_heads`].
    ///
    /// # Errors
    /// When a key or the database fails.
    pub async fn continue_logs(&self, losses: &[Loss]) -> Result<Vec<Continued>, AppError> {
        let mut done = Vec::new();
        for loss in losses {
            let namespace = &loss.namespace;
            let origin =
                checkpoint::next_origin(first_origin(&loss.origin, namespace), &loss.origin);
            let identity = Identity { origin: origin.clone(), ..self.identity(namespace).await? };
            self.notary.know(namespace, &identity)?;
            let now = self.env.now();
            let document = LogContinued {
                at: now.to_string(),
                checkpoint: loss.last.clone(),
                lost: loss.signed.saturating_sub(loss.found),
                origin: origin.clone(),
                restored: loss.found,
            };
            let document = document.to_bytes().map_err(AppError::failed)?;
            let mut first = vec![raw_entry(Fact::LogContinued, &loss.origin, document)];
            if loss.found == 0 {
                first.extend(self.notary.opening(namespace));
            }
            let checkpoint =
                self.store.renew(namespace, &identity, &first, now.micros(), &*self.notary).await?;
            self.notary.take();
            done.push(Continued {
                namespace: namespace.clone(),
                origin,
                key: self.log_key(namespace).await?,
                checkpoint,
            });
        }
        Ok(done)
    }

    /// The keys that verify the heads of a namespace's log and of the logs that it continues, the
    /// current one first.
    ///
    /// # Errors
    /// When a name is not a valid log origin, or the database fails.
    pub async fn log_keys(&self, namespace: &Namespace) -> Result<Vec<VerifierKey>, AppError> {
        let present = self.log_key(namespace).await?;
        let named =
            |origin: &String| VerifierKey::new(origin, *present.key()).map_err(AppError::failed);
        origins(present.name(), namespace).iter().map(named).collect()
    }
}

/// The names of a log and of the logs before it, which are numbered in order; the current one
/// first.
fn origins(present: &str, namespace: &Namespace) -> Vec<String> {
    let first = first_origin(present, namespace);
    let mut known = vec![first.to_owned()];
    while known.last().is_some_and(|last| last != present) && known.len() < 1_000 {
        known.extend(known.last().map(|last| checkpoint::next_origin(first, last)));
    }
    known.reverse();
    known
}

/// Whether one of `heads`, which a log continues, is `kept` or a later head of the same name.
pub(in crate::app) fn covers(heads: &[Checkpoint], kept: &Checkpoint) -> bool {
    heads.iter().any(|head| {
        let same = head.size != kept.size || head.root == kept.root;
        head.origin == kept.origin && head.size >= kept.size && same
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_has_one_name_after_the_other() {
        let names = |present: &str, namespace: &str| origins(present, &namespace.parse().unwrap());
        assert_eq!(names("h/log/acme", "acme"), ["h/log/acme"]);
        assert_eq!(names("h/log/acme/3", "acme"), ["h/log/acme/3", "h/log/acme/2", "h/log/acme"]);
        assert_eq!(names("h/log/2", "2"), ["h/log/2"], "a namespace may be a number");
        assert_eq!(names("h/log/2/2", "2"), ["h/log/2/2", "h/log/2"]);
    }

    #[test]
    fn only_a_log_that_goes_on_from_a_later_head_covers_a_kept_one() {
        let head = |origin: &str, size, root: u8| Checkpoint {
            origin: origin.into(),
            size,
            root: [root; 32],
        };
        let continued = [head("a", 9, 9)];
        assert!(covers(&continued, &head("a", 9, 9)) && covers(&continued, &head("a", 4, 1)));
        for other in [head("a", 9, 8), head("a", 10, 1), head("b", 4, 1)] {
            assert!(!covers(&continued, &other), "{other:?}");
        }
    }
}
