//! The recomputation of an exported decision: the same inputs, evaluated again, give the same
//! bytes, or a list of what differs.

use crate::{
    evidence::{self, Mapping},
    ledger::{export, record::documents::verdict_bytes},
    model::{
        Baseline, Digest, EvidenceRef, OLDEST_SEMANTICS, Outcome, Record, SEMANTICS, Submitted,
        Verdict, jcs,
    },
    policy::{self, Frozen, Policy},
};
use serde::Serialize;
use std::{collections::BTreeMap, sync::Arc};

/// The file that identifies a folder as an exported decision.
pub const RECORD: &str = "record.dsse.json";
/// The file with the frozen inputs.
const INPUTS: &str = "inputs.json";
/// The folders whose documents are evaluated.
const FOLDERS: [&str; 5] = ["policies", "evidence", "champion", "reference", "mappings"];
/// The most differences that are listed.
const MAX_TOLD: usize = 50;

/// The files of an export by their paths, with `/` as the separator.
pub type Files = BTreeMap<String, Vec<u8>>;

/// Why a decision cannot be recomputed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReplayError {
    /// The export has no record.
    #[error("it is not an exported decision: it has no `{RECORD}`")]
    NotAnExport,
    /// The record cannot be read.
    #[error("its record cannot be read: {0}")]
    Record(String),
    /// Another engine evaluated it.
    #[error(
        "it was evaluated with engine semantics {0}, which this version cannot run; use the version that made it"
    )]
    Semantics(u32),
    /// The export has no documents, as may be the case for a pending or revoked decision.
    #[error(
        "its documents are not part of the export, and nothing can be recomputed from the record alone"
    )]
    NoDocuments,
}

impl ReplayError {
    /// The stable code for scripts.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NotAnExport => "replay-not-an-export",
            Self::Record(_) => "replay-unreadable",
            Self::Semantics(_) => "replay-other-semantics",
            Self::NoDocuments => "replay-no-documents",
        }
    }
}

/// The result of recomputing a decision.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Replay {
    /// Whether everything matches the record, byte for byte.
    pub same: bool,
    /// The verdict in the record.
    pub verdict: Outcome,
    /// The digest of the inputs in the record.
    pub inputs_digest: Digest,
    /// The digest of the verdict's canonical bytes in the record.
    pub recorded: Digest,
    /// The same digest, recomputed; `None` if documents are missing or changed, so that nothing
    /// could be evaluated.
    pub recomputed: Option<Digest>,
    /// What differs.
    pub differences: Vec<Difference>,
}

/// One thing that differs between the record and what was recomputed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// The place: a path in the export, or in the verdict, such as `verdict.findings[2].status`.
    pub at: String,
    /// The value in the record.
    pub recorded: String,
    /// The recomputed value.
    pub recomputed: String,
}

impl Difference {
    fn new(
        at: impl Into<String>,
        recorded: impl Into<String>,
        recomputed: impl Into<String>,
    ) -> Self {
        Self { at: at.into(), recorded: recorded.into(), recomputed: recomputed.into() }
    }
}

/// Evaluates the export `files` again. Signatures and proofs are not checked: `verify` does that.
///
/// # Errors
/// When the export cannot be read, or nothing in it can be evaluated again.
pub fn replay(files: &Files) -> Result<Replay, ReplayError> {
    let record = record(files)?;
    let engines = [record.engine.semantics, record.inputs.engine];
    if let Some(unknown) =
        engines.into_iter().find(|engine| !(OLDEST_SEMANTICS..=SEMANTICS).contains(engine))
    {
        return Err(ReplayError::Semantics(unknown));
    }
    let known = Documents::of(files);
    let asked = record.inputs.policies.len() + record.inputs.evidence.len();
    if asked > 0 && known.is_empty() && !files.contains_key(INPUTS) {
        return Err(ReplayError::NoDocuments);
    }
    let mut differences = inputs(files, &record);
    let frozen = thaw(&known, &record, &mut differences);
    let recorded = document(&record.verdict)?;
    let judged = frozen.map(|frozen| frozen.judge(&record.approvals, record.decided_at));
    let judged = judged.as_ref().map(document).transpose()?;
    if let Some(judged) = &judged
        && *judged != recorded
    {
        differ("verdict", &value(&recorded), &value(judged), &mut differences);
    }
    differences.truncate(MAX_TOLD);
    Ok(Replay {
        same: differences.is_empty() && judged.as_ref() == Some(&recorded),
        verdict: record.verdict.verdict,
        inputs_digest: record.inputs_digest,
        recorded: Digest::of(&recorded),
        recomputed: judged.as_deref().map(Digest::of),
        differences,
    })
}

fn record(files: &Files) -> Result<Record, ReplayError> {
    if !files.contains_key(RECORD) {
        return Err(ReplayError::NotAnExport);
    }
    let record = export::record(files).map_err(|e| ReplayError::Record(e.to_string()))?;
    record.ok_or(ReplayError::NoDocuments)
}

fn document(verdict: &Verdict) -> Result<Vec<u8>, ReplayError> {
    verdict_bytes(verdict).map_err(|e| ReplayError::Record(e.to_string()))
}

fn inputs(files: &Files, record: &Record) -> Vec<Difference> {
    let mut out = Vec::new();
    let digest =
        record.inputs.clone().sorted().digest().map_or_else(|e| e.to_string(), |d| d.to_string());
    if digest != record.inputs_digest.to_string() {
        out.push(Difference::new("inputs_digest", record.inputs_digest.to_string(), digest));
    }
    if let Some(file) = files.get(INPUTS)
        && Some(file) != jcs::to_vec(&record.inputs).ok().as_ref()
    {
        let recorded = serde_json::to_value(&record.inputs).unwrap_or_default();
        let before = out.len();
        differ(INPUTS, &recorded, &value(file), &mut out);
        if out.len() == before {
            out.push(Difference::new(INPUTS, "canonical JSON", "the same in other bytes"));
        }
    }
    out
}

/// Documents by the digest of their bytes; the names of their files are not used.
struct Documents<'f> {
    by_digest: BTreeMap<Digest, &'f [u8]>,
    by_name: BTreeMap<Digest, &'f str>,
}

impl<'f> Documents<'f> {
    fn of(files: &'f Files) -> Self {
        let (mut by_digest, mut by_name) = (BTreeMap::new(), BTreeMap::new());
        for (path, bytes) in files {
            let Some((folder, name)) = path.split_once('/') else { continue };
            if !FOLDERS.contains(&folder) {
                continue;
            }
            by_digest.insert(Digest::of(bytes), bytes.as_slice());
            let hex = name.split('.').next().unwrap_or_default();
            if let Ok(digest) = format!("sha256:{hex}").parse() {
                by_name.insert(digest, path.as_str());
            }
        }
        Self { by_digest, by_name }
    }

    fn is_empty(&self) -> bool {
        self.by_digest.is_empty()
    }

    /// The document with that digest. If it is absent, adds the problem with the export to
    /// `differences`.
    fn find(
        &self,
        folder: &str,
        digest: &Digest,
        differences: &mut Vec<Difference>,
    ) -> Option<&'f [u8]> {
        let found = self.by_digest.get(digest).copied();
        if found.is_none() {
            let (at, now) = match self.by_name.get(digest) {
                Some(path) => ((*path).to_owned(), "its bytes were changed"),
                None => (format!("{folder}/{}", digest.hex()), "it is missing"),
            };
            differences.push(Difference::new(at, digest.to_string(), now));
        }
        found
    }
}

fn policies(
    known: &Documents<'_>,
    record: &Record,
    out: &mut Vec<Difference>,
) -> Option<Vec<Arc<Policy>>> {
    let mut read = Vec::new();
    let mut complete = true;
    for reference in &record.inputs.policies {
        let Some(bytes) = known.find("policies", &reference.digest, out) else {
            complete = false;
            continue;
        };
        let parsed = std::str::from_utf8(bytes).map_err(|e| e.to_string()).and_then(|text| {
            policy::parse(text).map(Arc::new).map_err(|mistakes| mistakes.to_string())
        });
        match parsed {
            Ok(policy) if policy.name == reference.name => read.push(policy),
            Ok(policy) => {
                out.push(Difference::new(
                    format!("policies/{}", reference.digest.hex()),
                    &reference.name,
                    policy.name.clone(),
                ));
                complete = false;
            }
            Err(why) => {
                out.push(Difference::new(
                    format!("policies/{}", reference.digest.hex()),
                    "a policy",
                    why,
                ));
                complete = false;
            }
        }
    }
    complete.then_some(read)
}

/// The inputs of the record, with the policies and documents that they name; `None` if one is absent
/// or was changed.
fn thaw(known: &Documents<'_>, record: &Record, out: &mut Vec<Difference>) -> Option<Frozen> {
    let inputs = &record.inputs;
    let policies = policies(known, record, out);
    let of = |baseline: &Option<Baseline>| {
        baseline.as_ref().map(|b| b.evidence.clone()).unwrap_or_default()
    };
    let evidence = documents(known, "evidence", &inputs.evidence, out);
    let champion = documents(known, "champion", &of(&inputs.champion), out);
    let reference = documents(known, "reference", &of(&inputs.reference), out);
    Some(Frozen {
        inputs: inputs.clone(),
        inputs_digest: record.inputs_digest,
        policies: policies?,
        evidence: Arc::new(evidence?),
        champion: Arc::new(champion?),
        reference: Arc::new(reference?),
    })
}

fn documents(
    known: &Documents<'_>,
    folder: &str,
    references: &[EvidenceRef],
    out: &mut Vec<Difference>,
) -> Option<Vec<Submitted>> {
    let mut read = Vec::new();
    let mut complete = true;
    for reference in references {
        let Ok(mapping) = mapping(known, reference, out) else {
            complete = false;
            continue;
        };
        match known
            .find(folder, &reference.digest, out)
            .map(|bytes| submitted(bytes, reference, mapping.as_ref()))
        {
            Some(Ok(submitted)) => read.push(submitted),
            Some(Err(why)) => {
                let at = format!("{folder}/{}", reference.digest.hex());
                out.push(Difference::new(
                    at,
                    format!("a document in the format {}", reference.format),
                    why,
                ));
                complete = false;
            }
            None => complete = false,
        }
    }
    complete.then_some(read)
}

/// The mapping that a document was read with. If it is absent or invalid, adds the problem with the
/// export to `out`.
fn mapping(
    known: &Documents<'_>,
    reference: &EvidenceRef,
    out: &mut Vec<Difference>,
) -> Result<Option<Mapping>, ()> {
    let Some(digest) = &reference.mapping else { return Ok(None) };
    let bytes = known.find("mappings", digest, out).ok_or(())?;
    Mapping::parse(bytes).map(Some).map_err(|error| {
        out.push(Difference::new(
            format!("mappings/{}", digest.hex()),
            "a mapping",
            error.to_string(),
        ));
    })
}

fn submitted(
    bytes: &[u8],
    reference: &EvidenceRef,
    mapping: Option<&Mapping>,
) -> Result<Submitted, String> {
    let evidence =
        evidence::reread(bytes, &reference.format, mapping).map_err(|e| e.to_string())?;
    Ok(Submitted {
        evidence,
        claimed: reference.claimed.clone().unwrap_or_default(),
        mapping: reference.mapping,
    })
}

fn value(bytes: &[u8]) -> serde_json::Value {
    serde_json::from_slice(bytes).unwrap_or_default()
}

/// Adds every place where two JSON values differ to `out`.
fn differ(
    at: &str,
    recorded: &serde_json::Value,
    now: &serde_json::Value,
    out: &mut Vec<Difference>,
) {
    use serde_json::Value::{Array, Null, Object};
    match (recorded, now) {
        _ if recorded == now || out.len() >= MAX_TOLD => {}
        (Object(old), Object(new)) => {
            let mut keys: Vec<&String> = old.keys().chain(new.keys()).collect();
            keys.sort_unstable();
            keys.dedup();
            for key in keys {
                let (old, new) = (old.get(key).unwrap_or(&Null), new.get(key).unwrap_or(&Null));
                differ(&format!("{at}.{key}"), old, new, out);
            }
        }
        (Array(old), Array(new)) if old.len() == new.len() => {
            for (i, (old, new)) in old.iter().zip(new).enumerate() {
                differ(&format!("{at}[{i}]"), old, new, out);
            }
        }
        (old, new) => out.push(Difference::new(at, short(old), short(new))),
    }
}

fn short(value: &serde_json::Value) -> String {
    let text = value.to_string();
    match text.char_indices().nth(200) {
        Some((at, _)) => format!("{}…", text.get(..at).unwrap_or_default()),
        None => text,
    }
}

#[cfg(test)]
mod tests;
