//! One signed statement: its envelope, its log entry, its proof.

use super::{DECISION, Pinned, RECORD, VSA_TYPE, report::Steps};
use crate::ledger::{
    Checkpoint, Entry, Envelope, Proof, PublicKey, VerifierKey, entry::SignedEntry, hash,
};
use std::slice;

/// The bytes of a signed statement, as far as they are present.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Raw<'a> {
    pub(super) envelope: Option<&'a [u8]>,
    pub(super) leaf: Option<&'a [u8]>,
    pub(super) proof: Option<&'a [u8]>,
}

/// Whether a payload claims to be a verification summary.
pub(super) fn is_summary(payload: &[u8]) -> bool {
    #[derive(serde::Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Claim {
        predicate_type: String,
    }
    serde_json::from_slice::<Claim>(payload).is_ok_and(|claim| claim.predicate_type == VSA_TYPE)
}

/// A statement that was read. The steps say whether it can be trusted.
#[derive(Debug, Clone)]
pub(super) struct Verified {
    pub(super) envelope: Envelope,
    /// The key that signed the envelope, pinned or not.
    pub(super) key: Option<PublicKey>,
    pub(super) leaf: Vec<u8>,
    pub(super) proof: Option<Proof>,
    /// The key that signed the checkpoint, pinned or not.
    pub(super) log: Option<VerifierKey>,
    pub(super) head: Option<Checkpoint>,
}

/// Checks an envelope, its entry and its proof. `enclosed` is the log key that came with them.
/// `None` if there is no readable envelope.
pub(super) fn signed(
    steps: &mut Steps,
    word: &str,
    raw: &Raw<'_>,
    pinned: &Pinned,
    enclosed: Option<&VerifierKey>,
) -> Option<Verified> {
    let entry = raw.leaf.and_then(|leaf| Entry::parse(leaf).ok());
    let entry = entry.and_then(|e| if let Entry::Signed(entry) = e { Some(entry) } else { None });
    let (envelope, key) = envelope(steps, word, raw, pinned, entry.as_ref().map(|e| &e.key))?;
    let mut out = Verified { envelope, key, leaf: Vec::new(), proof: None, log: None, head: None };
    let name = format!("{word}-entry");
    let wanted = key.map(|key| SignedEntry::of(&out.envelope, key).to_bytes());
    match (raw.leaf, wanted) {
        (None, _) => steps.failed(&name, "its log entry is missing"),
        (Some(leaf), Some(wanted)) if leaf == wanted => {
            out.leaf = leaf.to_vec();
            steps.ok(&name, "the log entry is that of this envelope, signature and key");
        }
        (Some(_), _) => {
            steps.failed(&name, "the log entry is not that of this envelope, signature and key");
        }
    }
    logged(steps, word, raw, pinned, enclosed, &mut out);
    Some(out)
}

/// The word that starts the names of an envelope's steps.
pub(super) fn word(envelope: &Envelope) -> &'static str {
    if is_summary(&envelope.payload) { DECISION.word } else { RECORD.word }
}

/// Checks a single envelope. Its place in a log is left unchecked.
pub(super) fn envelope_only(steps: &mut Steps, bytes: &[u8], pinned: &Pinned) -> Option<Verified> {
    let word = Envelope::parse(bytes).map_or(DECISION.word, |envelope| word(&envelope));
    let (envelope, key) =
        envelope(steps, word, &Raw { envelope: Some(bytes), ..Raw::default() }, pinned, None)?;
    steps.unchecked(
        &format!("{word}-log"),
        "an envelope alone does not show that it was logged: verify the export",
    );
    Some(Verified { envelope, key, leaf: Vec::new(), proof: None, log: None, head: None })
}

fn envelope(
    steps: &mut Steps,
    word: &str,
    raw: &Raw<'_>,
    pinned: &Pinned,
    enclosed: Option<&PublicKey>,
) -> Option<(Envelope, Option<PublicKey>)> {
    let name = format!("{word}-signature");
    let Some(bytes) = raw.envelope else {
        steps.failed(&name, "its envelope is missing");
        return None;
    };
    let envelope = match Envelope::parse(bytes) {
        Ok(envelope) if envelope.to_bytes() == bytes => envelope,
        Ok(_) => {
            steps.failed(&name, "its envelope is not canonical JSON");
            return None;
        }
        Err(error) => {
            steps.failed(&name, error.to_string());
            return None;
        }
    };
    let keyid = &envelope.keyid;
    let key = match (pinned.decision.as_slice(), enclosed) {
        ([], None) => {
            steps.unchecked(
                &name,
                format!("said to be signed by {keyid}: no decision key was pinned"),
            );
            None
        }
        ([], Some(key)) => match envelope.verify(slice::from_ref(key)) {
            Ok(key) => {
                steps.unchecked(
                    &name,
                    format!("signed by {keyid}, a key that is known only from the export: pin it"),
                );
                Some(*key)
            }
            Err(error) => steps.result(&name, Err::<PublicKey, _>(error), ""),
        },
        (keys, _) => steps.result(
            &name,
            envelope.verify(keys).copied(),
            &format!("signed by pinned key {keyid}"),
        ),
    };
    Some((envelope, key))
}

fn logged(
    steps: &mut Steps,
    word: &str,
    raw: &Raw<'_>,
    pinned: &Pinned,
    enclosed: Option<&VerifierKey>,
    out: &mut Verified,
) {
    let name = format!("{word}-log");
    let proof = match raw.proof.map(read_proof) {
        None => return steps.failed(&name, "the proof that it was logged is missing"),
        Some(Err(why)) => return steps.failed(&name, why),
        Some(Ok(proof)) => proof,
    };
    let Some(leaf) = raw.leaf else { return };
    let leaf = hash::leaf_hash(leaf);
    let place = |head: &Checkpoint| {
        format!("entry {} of the {} in `{}`", proof.index, head.size, head.origin)
    };
    let verified = match (pinned.logs.as_slice(), enclosed) {
        ([], None) => {
            return steps.unchecked(&name, "said to be in a log: no log key was pinned");
        }
        ([], Some(key)) => proof.verify(&leaf, slice::from_ref(key)).inspect(|head| {
            let place = place(head);
            steps.unchecked(
                &name,
                format!("{place}, by a log key that is known only from the export: pin it"),
            );
        }),
        (keys, _) => proof.verify(&leaf, keys).inspect(|head| {
            steps.ok(&name, format!("{}, signed by its pinned key", place(head)));
        }),
    };
    match verified {
        Err(error) => steps.failed(&name, error.to_string()),
        Ok(head) => {
            let signer = |key: &&VerifierKey| {
                Checkpoint::verify(&proof.checkpoint, slice::from_ref(*key)).is_ok()
            };
            out.log = pinned.logs.iter().chain(enclosed).find(signer).cloned();
            out.head = Some(head);
            out.proof = Some(proof);
        }
    }
}

pub(super) fn read_proof(bytes: &[u8]) -> Result<Proof, String> {
    let text = std::str::from_utf8(bytes)
        .map_err(|_| "the proof that it was logged is not text".to_owned())?;
    let proof: Proof = text.parse().map_err(|e: crate::ledger::LedgerError| e.to_string())?;
    if proof.extra.is_some() {
        return Err("the proof that it was logged has extra data, which is not signed".into());
    }
    Ok(proof)
}
