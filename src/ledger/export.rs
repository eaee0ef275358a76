//! The files of an exported decision. `docs/export.md` describes them for users.

use super::{
    Entry, Envelope, Fact, LedgerError, Proof, VerifierKey, bundle,
    facts::{Document, MappingPublished, PolicyPublished},
    record::{
        self, ReleaseDecision, Stated,
        documents::{approval_bytes, approval_digest},
    },
};
use crate::model::{Approval, Baseline, Digest, Inputs, Record, jcs};
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
pub(super) const VERDICT: &str = "verdict.json";
pub(super) const RELEASE: &str = "release.json";

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

    /// The kind of the entry that says that the log has a document of this folder.
    pub const fn fact(self) -> Fact {
        match self {
            Self::Policies => Fact::PolicyPublished,
            Self::Evidence | Self::Champion | Self::Reference => Fact::EvidenceAccepted,
            Self::Mappings => Fact::MappingPublished,
            Self::Waivers => Fact::WaiverGiven,
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
    let of = |baseline: &Option<Baseline>| {
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

/// A document that an entry of the log is about: the kind of the entry, and the digest of the document.
pub type Subject = (Fact, Digest);

/// Every document that must have an entry before the record: the request of the release, what the
/// decision was made from, and its approvals. Without duplicates, sorted by the word of the kind.
///
/// # Errors
/// Never in practice: an approval contains no number that JSON cannot express.
pub fn subjects(record: &Record, release: &[u8]) -> Result<Vec<Subject>, LedgerError> {
    let mut out = vec![(Fact::ReleaseRequested, Digest::of(release))];
    out.extend(documents(&record.inputs).into_iter().map(|(folder, d)| (folder.fact(), d)));
    for approval in &record.approvals {
        out.push((Fact::ApprovalGiven, approval_digest(approval)?));
    }
    out.sort_unstable_by_key(|(fact, digest)| (fact.as_str(), *digest));
    out.dedup();
    Ok(out)
}

/// The paths of the files about the entry of a document.
pub(super) struct EntryPaths {
    pub(super) leaf: String,
    pub(super) proof: String,
    pub(super) fact: String,
}

impl EntryPaths {
    pub(super) fn of((fact, digest): &Subject) -> Self {
        let path = |ending| format!("proofs/{}/{}.{ending}", fact.as_str(), digest.hex());
        Self { leaf: path("leaf.json"), proof: path("tlog-proof"), fact: path("fact.json") }
    }
}

/// Whether the bytes of an entry are about a document: the entry has its digest, or that of a fact
/// that names it.
pub(super) fn is_about(leaf: &[u8], (wanted, digest): &Subject, fact: Option<&[u8]>) -> bool {
    let Ok(Entry::Fact { fact: kind, hash }) = Entry::parse(leaf) else { return false };
    let Some(document) = fact else { return kind == *wanted && hash == *digest };
    let names = match wanted {
        Fact::PolicyPublished => named(document, |fact: PolicyPublished| fact.digest),
        Fact::MappingPublished => named(document, |fact: MappingPublished| fact.digest),
        _ => None,
    };
    kind == *wanted && hash == Digest::of(document) && names == Some(*digest)
}

/// The digest that the document of a fact names, if it is one, in canonical form.
fn named<D: Document>(bytes: &[u8], digest: impl Fn(D) -> Digest) -> Option<Digest> {
    let fact = D::parse(bytes).ok()?;
    (jcs::to_vec(&fact).ok()? == bytes).then(|| digest(fact))
}

/// The documents of a record in the files of its export; one that is absent is empty.
pub(super) fn documents_of<'f>(
    files: &'f BTreeMap<String, Vec<u8>>,
    decision: &ReleaseDecision,
) -> record::Contents<'f> {
    let approvals = files.iter().filter(|(path, _)| path.starts_with("approvals/"));
    let found: BTreeMap<Digest, &[u8]> =
        approvals.map(|(_, bytes)| (Digest::of(bytes), bytes.as_slice())).collect();
    let file = |path| files.get(path).map(Vec::as_slice).unwrap_or_default();
    record::Contents {
        inputs: file(INPUTS),
        verdict: file(VERDICT),
        approvals: decision.approvals.iter().filter_map(|d| found.get(d).copied()).collect(),
    }
}

/// The record in an export, with its documents; `None` if those are not part of it. Signatures and
/// proofs are not checked.
///
/// # Errors
/// If the export has no record, or the record or one of its documents cannot be read.
pub fn record(files: &BTreeMap<String, Vec<u8>>) -> Result<Option<Record>, LedgerError> {
    let absent = || LedgerError::malformed("an export", "it has no record");
    let envelope = Envelope::parse(files.get(RECORD.envelope).ok_or_else(absent)?)?;
    let stated = Stated::parse(&envelope.payload)?;
    match stated {
        Stated::V1(record) => Ok(Some(*record)),
        Stated::V2(_) if !files.contains_key(INPUTS) && !files.contains_key(VERDICT) => Ok(None),
        Stated::V2(decision) => decision.record(&documents_of(files, &decision)).map(Some),
    }
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

/// The entry of a document, with the proof that it is in the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Logged {
    /// The document.
    pub subject: Subject,
    /// The bytes of the entry.
    pub leaf: Vec<u8>,
    /// Its proof, under the same checkpoint as that of the record.
    pub proof: Proof,
    /// The document of the entry, if that is not the document itself but one that names it.
    pub fact: Option<Vec<u8>>,
}

impl Logged {
    /// Whether the entry is about the document.
    pub fn is_about(&self) -> bool {
        is_about(&self.leaf, &self.subject, self.fact.as_deref())
    }
}

/// What an export contains besides, if its record is of version 2.
#[derive(Debug, Clone, Copy)]
pub struct Details<'a> {
    /// The documents of the record.
    pub documents: &'a record::Contents<'a>,
    /// The request of the release: the document of its entry.
    pub release: &'a [u8],
    /// The entries of [`subjects`].
    pub logged: &'a [Logged],
}

/// The parts that an export is made from.
#[derive(Debug, Clone, Copy)]
pub struct Parts<'a> {
    /// The record.
    pub record: Signed<'a>,
    /// The rest of a record of version 2.
    pub details: Option<Details<'a>>,
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
pub struct Listing {
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
pub fn frame(parts: &Parts<'_>) -> Result<(Vec<File>, Listing), LedgerError> {
    let payload = Envelope::parse(parts.record.envelope)?.payload;
    let none = record::Contents::default();
    let record = Stated::read(&payload)?
        .record(parts.details.as_ref().map_or(&none, |details| details.documents))?;
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
    if let Some(details) = &parts.details {
        out.push((VERDICT.into(), details.documents.verdict.to_vec()));
        out.push((RELEASE.into(), details.release.to_vec()));
    }
    let before = out.len();
    for (number, approval) in record.approvals.iter().enumerate() {
        out.push((approval_path(number, approval), approval_bytes(approval)?));
    }
    for logged in parts.details.iter().flat_map(|details| details.logged) {
        let paths = EntryPaths::of(&logged.subject);
        out.push((paths.leaf, logged.leaf.clone()));
        out.push((paths.proof, logged.proof.to_string().into_bytes()));
        out.extend(logged.fact.clone().map(|fact| (paths.fact, fact)));
    }
    let Entry::Signed(entry) = Entry::parse(parts.record.leaf)? else {
        return Err(LedgerError::malformed(
            "an export",
            "the record's log entry is not that of an envelope",
        ));
    };
    out.extend(trust(&entry.key, parts.log)?);
    let after = out.len().saturating_sub(before);
    Ok((out, Listing { documents: documents(&record.inputs), after }))
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
