//! The files of an exported decision. `docs/export.md` describes them for users.

use super::{
    Entry, Envelope, LedgerError, Proof, VerifierKey, bundle,
    statement::{RECORD_TYPE, Statement},
};
use crate::model::{Approval, Digest, Inputs, Record, jcs};
use std::collections::BTreeMap;

/// The names of the files that hold a signed statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Names {
    pub(super) word: &'static str,
    pub(super) envelope: &'static str,
    pub(super) leaf: &'static str,
    pub(super) proof: &'static str,
}

pub(super) const RECORD: Names = Names {
    word: "record",
    envelope: "record.dsse.json",
    leaf: "record.leaf.json",
    proof: "record.tlog-proof",
};
pub(super) const DECISION: Names = Names {
    word: "decision",
    envelope: "decision.dsse.json",
    leaf: "leaf.json",
    proof: "decision.tlog-proof",
};
pub(super) const BUNDLE: &str = "decision.sigstore.json";
pub(super) const INPUTS: &str = "inputs.json";

/// A folder of documents in an export.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Folder {
    /// Policies, as TOML.
    Policies,
    /// The candidate's evidence.
    Evidence,
    /// The champion's evidence.
    Champion,
    /// The reference's evidence.
    Reference,
    /// Mappings, as TOML.
    Mappings,
    /// Waivers.
    Waivers,
}

/// All folders.
pub const FOLDERS: [Folder; 6] = [
    Folder::Policies,
    Folder::Evidence,
    Folder::Champion,
    Folder::Reference,
    Folder::Mappings,
    Folder::Waivers,
];

impl Folder {
    /// The name of the folder.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Policies => "policies",
            Self::Evidence => "evidence",
            Self::Champion => "champion",
            Self::Reference => "reference",
            Self::Mappings => "mappings",
            Self::Waivers => "waivers",
        }
    }

    fn path(self, digest: &Digest, bytes: &[u8]) -> String {
        let json = bytes
            .iter()
            .find(|b| !b.is_ascii_whitespace())
            .is_some_and(|b| matches!(b, b'{' | b'['));
        let extension = match self {
            Self::Policies | Self::Mappings => ".toml",
            _ if json => ".json",
            _ => "",
        };
        format!("{}/{}{extension}", self.as_str(), digest.hex())
    }
}

/// Every document that a decision was made from, by folder, without duplicates, sorted.
pub fn documents(inputs: &Inputs) -> Vec<(Folder, Digest)> {
    let of = |baseline: &Option<crate::model::inputs::Baseline>| {
        baseline.as_ref().map(|b| b.evidence.iter().map(|e| e.digest).collect()).unwrap_or_default()
    };
    let lists: [(Folder, Vec<Digest>); 6] = [
        (Folder::Policies, inputs.policies.iter().map(|p| p.digest).collect()),
        (Folder::Evidence, inputs.evidence.iter().map(|e| e.digest).collect()),
        (Folder::Champion, of(&inputs.champion)),
        (Folder::Reference, of(&inputs.reference)),
        (Folder::Mappings, inputs.mappings.clone()),
        (Folder::Waivers, inputs.waivers.clone()),
    ];
    let mut out: Vec<_> =
        lists.into_iter().flat_map(|(f, list)| list.into_iter().map(move |d| (f, d))).collect();
    out.sort_unstable();
    out.dedup();
    out
}

/// The path of an approval's file: its id, or its number if it has no id.
pub(super) fn approval_path(number: usize, approval: &Approval) -> String {
    approval
        .id
        .as_ref()
        .map_or_else(|| format!("approvals/{number}.json"), |id| format!("approvals/{id}.json"))
}

/// A signed statement as it is stored, with the proof of its entry.
#[derive(Debug, Clone, Copy)]
pub struct Signed<'a> {
    /// The canonical JSON of its envelope.
    pub envelope: &'a [u8],
    /// The bytes of its log entry.
    pub leaf: &'a [u8],
    /// The proof that the entry is in the log.
    pub proof: &'a Proof,
}

/// The parts that an export is made from.
#[derive(Debug, Clone, Copy)]
pub struct Parts<'a> {
    /// The record.
    pub record: Signed<'a>,
    /// The verification summary, proved under the same checkpoint as the record; `None` if none was
    /// issued.
    pub summary: Option<Signed<'a>>,
    /// The bytes of every document of [`documents`], by digest. Other documents in the map are left
    /// out.
    pub documents: &'a BTreeMap<Digest, Vec<u8>>,
    /// The key of the log.
    pub log: &'a VerifierKey,
}

/// The files of an exported decision, each with its path in the export.
///
/// # Errors
/// If a part cannot be read, a document is missing, or the record and the summary are proved under
/// different checkpoints.
pub fn files(parts: &Parts<'_>) -> Result<Vec<(String, Vec<u8>)>, LedgerError> {
    let (mut out, listed) = frame(parts)?;
    let after = out.len().saturating_sub(listed.after);
    let mut documents = Vec::new();
    for (folder, digest) in listed.documents {
        let missing =
            || LedgerError::malformed("an export", format!("document {digest} is missing"));
        let bytes = parts.documents.get(&digest).ok_or_else(missing)?;
        documents.push((document_path(folder, &digest, bytes), bytes.clone()));
    }
    out.splice(after..after, documents);
    Ok(out)
}

/// A file of an export: its path and its bytes.
pub type File = (String, Vec<u8>);

/// The documents of an export, which can be large, and how many files follow them.
#[derive(Debug, Clone)]
pub struct Documents {
    /// The documents, without duplicates, sorted.
    pub documents: Vec<(Folder, Digest)>,
    /// The number of other files that follow the documents.
    pub after: usize,
}

/// The path of a document.
pub fn document_path(folder: Folder, digest: &Digest, bytes: &[u8]) -> String {
    folder.path(digest, bytes)
}

/// The files of an exported decision without its documents, so that the caller can read those one
/// at a time.
///
/// # Errors
/// If a part cannot be read, or the record and the summary are proved under different checkpoints.
pub fn frame(parts: &Parts<'_>) -> Result<(Vec<File>, Documents), LedgerError> {
    let payload = Envelope::parse(parts.record.envelope)?.payload;
    let record = Statement::<Record>::parse(&payload, RECORD_TYPE)?.predicate;
    let mut out = Vec::new();
    signed(RECORD, &parts.record, &mut out);
    if let Some(summary) = &parts.summary {
        if summary.proof.checkpoint != parts.record.proof.checkpoint {
            return Err(LedgerError::malformed(
                "an export",
                "record and summary must be proved under one checkpoint",
            ));
        }
        signed(DECISION, summary, &mut out);
        let envelope = Envelope::parse(summary.envelope)?;
        out.push((
            BUNDLE.into(),
            bundle::bundle(&envelope, summary.leaf, summary.proof, parts.log)?,
        ));
    }
    out.push((INPUTS.into(), jcs::to_vec(&record.inputs)?));
    let before = out.len();
    for (number, approval) in record.approvals.iter().enumerate() {
        out.push((approval_path(number, approval), jcs::to_vec(approval)?));
    }
    let Entry::Signed(entry) = Entry::parse(parts.record.leaf)? else {
        return Err(LedgerError::malformed(
            "an export",
            "the record's log entry is not that of an envelope",
        ));
    };
    out.extend(trust(&entry.key, parts.log)?);
    let after = out.len().saturating_sub(before);
    Ok((out, Documents { documents: documents(&record.inputs), after }))
}

fn signed(names: Names, signed: &Signed<'_>, out: &mut Vec<(String, Vec<u8>)>) {
    out.push((names.envelope.into(), signed.envelope.to_vec()));
    out.push((names.proof.into(), signed.proof.to_string().into_bytes()));
    out.push((names.leaf.into(), signed.leaf.to_vec()));
}

/// The files of [`trust`], in the same order.
pub(super) const TRUST: [&str; 4] =
    ["trust/decision.pem", "trust/log.vkey", "trust/jwks.json", "trust/trusted_root.json"];

/// The folder `trust`: the keys. A verifier fetches them from the service itself and pins them. In
/// an export, they are only data.
///
/// # Errors
/// Never, because text has canonical JSON.
pub fn trust(
    decision: &super::PublicKey,
    log: &VerifierKey,
) -> Result<Vec<(String, Vec<u8>)>, LedgerError> {
    let bytes = [
        decision.to_pem().into_bytes(),
        format!("{log}\n").into_bytes(),
        bundle::jwks(&[*decision])?,
        bundle::trusted_root(log)?,
    ];
    Ok(TRUST.iter().map(|path| (*path).to_owned()).zip(bytes).collect())
}
