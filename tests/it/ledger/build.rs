//! Builds decisions about a credit model, signed, logged and exported as the service does it.

use modelgate::{
    keys::{FileSigner, Keyring},
    ledger::{
        Checkpoint, NoteSigner, Proof, Sealed, Sealer, VerifierKey,
        entry::{self, Fact},
        export::{self, Details, Logged, Parts, Signed},
        facts::{Document as _, PolicyPublished, ReleaseRequested},
        merkle::{self, Node, Tree},
        record::{
            Contents, Context, RecordDocument, ReleaseDecision,
            documents::{approval_bytes, approval_digest, verdict_bytes},
        },
        statement::{self, VsaContext},
        verify::{Files, Pinned},
    },
    model::{
        Approval, Baseline, Digest, Engine, EvidenceRef, Finding, Inputs, Outcome, Person,
        PolicyRef, PolicySummary, Record, Severity, Slice, Status, Trigger, Verdict, Vote, jcs,
        verdict::{ApprovalCount, Mode},
    },
};
use std::{collections::BTreeMap, sync::Arc};

pub const ARTIFACT: &[u8] = b"the bytes of a model";
/// The address of a gate in production, and on a laptop.
pub const PUBLIC_URLS: [&str; 2] = ["https://gate.example.com", "http://127.0.0.1:8080/"];
pub const DOCUMENTS: [&str; 6] = [
    "name = \"credit\"\n",
    "name = \"house rules\"\n",
    "{\"schema\":\"modelgate.evidence/v1\",\"a\":1}",
    "accuracy,0.93\n",
    "[{\"champion\":true}]",
    "{\"waiver\":1}",
];

/// The keys of a service.
pub struct Gate {
    pub keys: Keyring,
    pub public_url: &'static str,
}

/// An exported decision and everything needed to rebuild it.
pub struct Exported {
    pub record: Record,
    pub files: Files,
    pub pinned: Pinned,
    pub log: VerifierKey,
}

fn digest(text: &str) -> Digest {
    Digest::of(text.as_bytes())
}

pub fn record(outcome: Outcome) -> Record {
    let evidence = |text: &str| EvidenceRef {
        digest: digest(text),
        format: "native".into(),
        claimed: None,
        mapping: None,
    };
    let [credit, house, json, csv, champion, waiver] = DOCUMENTS;
    let policy = |name: &str, text: &str| PolicyRef { name: name.into(), digest: digest(text) };
    let inputs = Inputs {
        model: Some("acme/credit-risk".parse().unwrap()),
        artifact: Some(Digest::of(ARTIFACT)),
        environment: Some("production".parse().unwrap()),
        submitter: Some("ci".into()),
        policies: vec![policy("credit", credit), policy("house", house)],
        evidence: vec![evidence(json), evidence(csv)],
        champion: Some(Baseline {
            artifact: Some(digest("old")),
            evidence: vec![evidence(champion), evidence(json)],
        }),
        waivers: vec![digest(waiver)],
        context: [("tier".to_owned(), "high".to_owned())].into(),
        engine: 1,
        ..Inputs::default()
    }
    .sorted();
    let inputs_digest = inputs.digest().unwrap();
    let approval = |id: &str, name: &str| Approval {
        id: Some(id.parse().unwrap()),
        release: Some("rel-1".parse().unwrap()),
        by: Person { id: name.into(), name: name.to_uppercase() },
        roles: vec!["model-risk".into()],
        vote: Vote::Approve,
        comment: "looked at it \u{202e}".into(),
        inputs_digest,
        at: "2026-11-20T12:30:00Z".parse().unwrap(),
    };
    let status = if outcome == Outcome::Deny { Status::Inconclusive } else { Status::Pass };
    let finding = Finding {
        policy: "credit".into(),
        rule: "accuracy-floor".into(),
        status,
        severity: Severity::Block,
        metric: Some("accuracy".into()),
        quantile: None,
        unit: None,
        slice: Slice::one("sex", "female"),
        observed: Some(0.931),
        lower: Some(0.921_234_567_891),
        upper: None,
        required: None,
        n: Some(12_000),
        trials: Some(12_000),
        successes: Some(11_172),
        method: Some("clopper-pearson".into()),
        approximate: false,
        events: None,
        confidence: Some(0.95),
        samples_needed: None,
        allowed_failures: Some(3),
        by: None,
        groups: Vec::new(),
        against: None,
        value: None,
        baseline: None,
        tries: None,
        evidence: vec![digest(json)],
        message: "accuracy is 0.931 \u{2265} 0.9".into(),
    };
    let summary = |p: &PolicyRef| PolicySummary {
        name: p.name.clone(),
        digest: p.digest,
        mode: Mode::Enforce,
    };
    let count = ApprovalCount {
        policy: "credit".into(),
        id: "model-risk".into(),
        role: "model-risk".into(),
        needed: 2,
        given: 2,
        rejected: 0,
        ..ApprovalCount::default()
    };
    let verdict = Verdict {
        verdict: outcome,
        model: inputs.model.clone(),
        artifact: inputs.artifact,
        environment: inputs.environment.clone(),
        inputs_digest,
        policies: inputs.policies.iter().map(summary).collect(),
        findings: vec![finding],
        approvals: vec![count],
        engine: Engine { semantics: 1 },
    };
    Record {
        inputs_digest,
        inputs,
        approvals: vec![approval("apr-1", "ada"), approval("apr-2", "bob")],
        decided_at: "2026-11-20T13:00:00.25Z".parse().unwrap(),
        verdict,
        engine: Engine { semantics: 1 },
    }
}

/// A log that keeps all its leaves.
struct Log {
    signer: NoteSigner,
    leaves: Vec<Vec<u8>>,
}

impl Log {
    fn head(&self) -> String {
        let mut tree = Tree::new();
        self.leaves.iter().for_each(|leaf| {
            tree.append(merkle::leaf_hash(leaf));
        });
        Checkpoint::sign(tree.size(), tree.root(), &self.signer).unwrap()
    }

    fn proof(&self, index: u64, checkpoint: &str) -> Proof {
        let read = |node: Node| {
            let (from, width) = ((node.index << node.level) as usize, 1 << node.level);
            let mut tree = Tree::new();
            self.leaves.get(from..from + width)?.iter().for_each(|leaf| {
                tree.append(merkle::leaf_hash(leaf));
            });
            Some(tree.root())
        };
        let path = merkle::prove_inclusion(index, self.leaves.len() as u64, &read).unwrap();
        Proof { extra: None, index, path, checkpoint: checkpoint.into() }
    }
}

impl Gate {
    pub fn new() -> Self {
        Self::at(PUBLIC_URLS[0])
    }

    pub fn at(public_url: &'static str) -> Self {
        Self { keys: Keyring::ephemeral().unwrap(), public_url }
    }

    /// A gate with published keys: those of RFC 8410, section 10.3, and of RFC 8032, section 7.1,
    /// test 2.
    pub fn known() -> Self {
        const DECISION: &str = "MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC";
        const LOG: &str = "MC4CAQAwBQYDK2VwBCIEIEzNCJso/5banbbDRuwRTg9bijGfNaumJNqM9u1PuKb7";
        let key = |text: &str| {
            let [begin, end] = ["BEGIN", "END"].map(|word| format!("-----{word} PRIVATE KEY-----"));
            Arc::new(FileSigner::from_pem(&format!("{begin}\n{text}\n{end}\n")).unwrap())
        };
        Self {
            keys: Keyring { decision: key(DECISION), log: key(LOG) },
            public_url: PUBLIC_URLS[0],
        }
    }

    fn log(&self, namespace: &str, before: usize) -> Log {
        let origin =
            modelgate::ledger::checkpoint::origin(self.public_url, &namespace.parse().unwrap());
        let fact = |i: usize| entry::fact_bytes(Fact::EvidenceAccepted, &digest(&i.to_string()));
        Log {
            signer: NoteSigner::new(&origin, self.keys.log.clone()).unwrap(),
            leaves: (0..before).map(fact).collect(),
        }
    }

    pub fn sealer(&self) -> Sealer {
        Sealer::new(self.keys.decision.clone()).unwrap()
    }

    /// The verification summary of a sealed record.
    pub fn summary(&self, record: &Record, sealed: &Sealed) -> Vec<u8> {
        let decision = "01JD".parse().unwrap();
        let context = VsaContext {
            public_url: self.public_url,
            decision: &decision,
            record_envelope: sealed.envelope_digest,
        };
        statement::vsa_statement(&context, record).unwrap()
    }

    /// Signs, logs and exports `record`, with its summary if one is issued.
    pub fn export(&self, record: &Record) -> Exported {
        self.export_payload(record, &payload(record))
    }

    /// The same, as version 0.1 did it.
    pub fn export_v1(&self, record: &Record) -> Exported {
        self.export_payload(record, &payload_v1(record))
    }

    /// The same, with the statement of the record given.
    pub fn export_payload(&self, record: &Record, payload: &[u8]) -> Exported {
        let sealed = self.sealer().seal(payload).unwrap();
        let due = matches!(record.verdict.verdict, Outcome::Allow | Outcome::Deny);
        let summary = due.then(|| self.sealer().seal(&self.summary(record, &sealed)).unwrap());
        self.export_sealed(record, &sealed, summary.as_ref(), 9, 4)
    }

    /// Exports a sealed record, with this many entries before and after it. Right before it are the
    /// entries of its documents.
    pub fn export_sealed(
        &self,
        record: &Record,
        sealed: &Sealed,
        summary: Option<&Sealed>,
        before: usize,
        after: usize,
    ) -> Exported {
        self.export_with(record, sealed, summary, (before, after), false)
    }

    /// The same; with `late`, the entries of the documents come after the record.
    pub fn export_with(
        &self,
        record: &Record,
        sealed: &Sealed,
        summary: Option<&Sealed>,
        (before, after): (usize, usize),
        late: bool,
    ) -> Exported {
        let mut log = self.log("acme", before);
        let release = request(record);
        let entries = entries(record, &release);
        let leaves: Vec<_> = entries.iter().map(|(_, leaf, _)| leaf.clone()).collect();
        let signed = || std::iter::once(sealed).chain(summary).map(|sealed| sealed.leaf.clone());
        let own = signed().count();
        if late {
            log.leaves.extend(signed().chain(leaves.iter().cloned()));
        } else {
            log.leaves.extend(leaves.iter().cloned().chain(signed()));
        }
        let at = (if late { before } else { before + leaves.len() }) as u64;
        let first = (if late { before + own } else { before }) as u64;
        log.leaves.extend(
            (0..after).map(|i| entry::fact_bytes(Fact::ApprovalGiven, &digest(&i.to_string()))),
        );
        let head = log.head();
        let (proof, summary_proof) =
            (log.proof(at, &head), summary.map(|_| log.proof(at + 1, &head)));
        let documents: BTreeMap<Digest, Vec<u8>> =
            DOCUMENTS.iter().map(|d| (digest(d), d.as_bytes().to_vec())).collect();
        let logged: Vec<Logged> = (first..)
            .zip(entries)
            .map(|(at, (subject, leaf, fact))| Logged {
                subject,
                leaf,
                proof: log.proof(at, &head),
                fact,
            })
            .collect();
        let [inputs, verdict] =
            [jcs::to_vec(&record.inputs).unwrap(), verdict_bytes(&record.verdict).unwrap()];
        let approvals: Vec<Vec<u8>> =
            record.approvals.iter().map(|approval| approval_bytes(approval).unwrap()).collect();
        let own = Contents {
            inputs: &inputs,
            verdict: &verdict,
            approvals: approvals.iter().map(Vec::as_slice).collect(),
        };
        let payload = modelgate::ledger::Envelope::parse(&sealed.envelope).unwrap().payload;
        let is_v2 = String::from_utf8_lossy(&payload).contains("release-decision/v2");
        let parts = Parts {
            record: Signed { envelope: &sealed.envelope, leaf: &sealed.leaf, proof: &proof },
            details: is_v2.then_some(Details {
                documents: &own,
                release: &release,
                logged: &logged,
            }),
            summary: summary.zip(summary_proof.as_ref()).map(|(s, proof)| Signed {
                envelope: &s.envelope,
                leaf: &s.leaf,
                proof,
            }),
            documents: &documents,
            log: log.signer.verifier(),
        };
        let files = export::files(&parts).unwrap().into_iter().collect();
        let pinned = Pinned {
            decision: vec![*self.sealer().key()],
            logs: vec![log.signer.verifier().clone()],
        };
        Exported { record: record.clone(), files, pinned, log: log.signer.verifier().clone() }
    }
}

/// What a record of version 2 says about the only decision on release `rel-1`.
pub fn stated(record: &Record) -> ReleaseDecision {
    let context = Context {
        decision: "01JD".parse().unwrap(),
        release: "rel-1".parse().unwrap(),
        seq: 0,
        trigger: Trigger::Submission,
    };
    ReleaseDecision::of(context, record).unwrap()
}

/// The statement of a record.
pub fn payload(record: &Record) -> Vec<u8> {
    stated(record).statement().unwrap()
}

/// The statement of a record of version 1, as `docs/export.md` described it.
pub fn payload_v1(record: &Record) -> Vec<u8> {
    let artifact = record.inputs.artifact.map(|d| d.hex());
    jcs::to_vec(&serde_json::json!({
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{"name": record.inputs.model, "digest": {"sha256": artifact}}],
        "predicateType": "https://modelgate.dev/release-decision/v1",
        "predicate": RecordDocument::from(record.clone()),
    }))
    .unwrap()
}

/// The request of release `rel-1`.
fn request(record: &Record) -> Vec<u8> {
    let request = ReleaseRequested {
        release: "rel-1".parse().unwrap(),
        model: record.inputs.model.clone(),
        artifact: record.inputs.artifact,
        environment: record.inputs.environment.clone(),
        inputs_digest: record.inputs_digest,
        submitter: Person { id: "ci".into(), name: "CI".into() },
        version: Some("v2".into()),
        comment: String::new(),
        requested_at: "2026-11-20T12:00:00Z".parse().unwrap(),
    };
    request.to_bytes().unwrap()
}

/// The entries of all documents of a record. The first policy was published by a person that its
/// fact names, as since version 2 of that fact; the entry of the second one is about its bytes.
fn entries(record: &Record, release: &[u8]) -> Vec<(export::Subject, Vec<u8>, Option<Vec<u8>>)> {
    let entry = |(fact, digest): export::Subject| {
        if digest != self::digest(DOCUMENTS[0]) {
            return ((fact, digest), entry::fact_bytes(fact, &digest), None);
        }
        let document = PolicyPublished {
            name: "credit".into(),
            digest,
            published_by: Person { id: "eve".into(), name: "Eve".into() },
            published_at: "2026-11-19T12:00:00Z".parse().unwrap(),
        };
        let document = document.to_bytes().unwrap();
        let leaf = entry::fact_bytes(fact, &Digest::of(&document));
        ((fact, digest), leaf, Some(document))
    };
    let mut subjects = export::subjects(record, release).unwrap();
    subjects.retain(|(fact, _)| *fact != Fact::ApprovalGiven);
    // People approved one after the other.
    let mut approvals: Vec<&Approval> = record.approvals.iter().collect();
    approvals.sort_by_key(|approval| approval.id.clone());
    let given = |approval: &&Approval| (Fact::ApprovalGiven, approval_digest(approval).unwrap());
    subjects.extend(approvals.iter().map(given));
    subjects.into_iter().map(entry).collect()
}
