use super::*;
use crate::{
    ledger::{
        Envelope, Signer as _, envelope,
        record::{Context, ReleaseDecision, documents::approval_bytes},
    },
    model::{Approval, Engine, Person, Trigger, Vote},
    policy::{Dossier, Request},
};

const POLICY: &str = r#"
name = "credit"
applies_to = { models = ["*/credit-*"] }
[[rule]]
id = "accuracy-floor"
metric = "accuracy"
min = 0.9
[[approval]]
id = "risk"
role = "risk"
count = 1
"#;
const EVIDENCE: &str = r#"{"schema":"modelgate.evidence/v1","measurements":[{"metric":"accuracy","value":0.95,"n":4000,"successes":3800}]}"#;

/// The record of a decision on this policy and evidence, as the service makes it.
fn decided() -> Record {
    let policies = vec![Arc::new(policy::parse(POLICY).unwrap())];
    let read = evidence::read(EVIDENCE.as_bytes(), None).unwrap();
    let evidence = vec![Submitted { evidence: read, claimed: Default::default(), mapping: None }];
    let request = Request {
        model: "acme/credit-risk".parse().ok(),
        artifact: Some(Digest::of(b"model")),
        environment: "production".parse().ok(),
        submitter: Some("ci".into()),
        ..Request::default()
    };
    let evidence = Arc::new(evidence);
    let dossier = Dossier { request, policies, evidence, ..Dossier::default() };
    let (frozen, _) = dossier.freeze().unwrap();
    let inputs_digest = frozen.inputs_digest;
    let at = "2026-11-20T12:00:00Z".parse().unwrap();
    let approval = Approval {
        id: None,
        release: None,
        by: Person { id: "ada".into(), name: "Ada".into() },
        roles: vec!["risk".into()],
        vote: Vote::Approve,
        comment: "yes".into(),
        inputs_digest,
        at,
    };
    let verdict = frozen.judge(std::slice::from_ref(&approval), at);
    assert_eq!(verdict.verdict, Outcome::Allow);
    Record {
        inputs_digest,
        inputs: frozen.inputs,
        approvals: vec![approval],
        decided_at: at,
        verdict,
        engine: Engine { semantics: SEMANTICS },
    }
}

fn export(record: &Record) -> Files {
    let context = Context {
        decision: "01JD".parse().unwrap(),
        release: "rel-1".parse().unwrap(),
        seq: 1,
        trigger: Trigger::Approval,
    };
    let payload = ReleaseDecision::of(context, record).unwrap().statement().unwrap();
    let signer = crate::keys::FileSigner::generate().unwrap();
    let signature = signer.sign(&envelope::pae(envelope::PAYLOAD_TYPE, &payload)).unwrap();
    let envelope = Envelope { payload, keyid: signer.kid().to_owned(), signature }.to_bytes();
    let hex = |text: &str| Digest::of(text.as_bytes()).hex();
    let approvals = record.approvals.iter().enumerate();
    let approvals = approvals
        .map(|(i, approval)| (format!("approvals/{i}.json"), approval_bytes(approval).unwrap()));
    let mut files: Files = approvals.collect();
    files.extend([
        (RECORD.to_owned(), envelope),
        (INPUTS.to_owned(), jcs::to_vec(&record.inputs).unwrap()),
        ("verdict.json".to_owned(), verdict_bytes(&record.verdict).unwrap()),
        (format!("policies/{}.toml", hex(POLICY)), POLICY.into()),
        (format!("evidence/{}.json", hex(EVIDENCE)), EVIDENCE.into()),
    ]);
    files
}

fn path(files: &Files, folder: &str) -> String {
    files.keys().find(|p| p.starts_with(folder)).unwrap().clone()
}

#[test]
fn the_same_inputs_give_the_same_bytes() {
    let replay = replay(&export(&decided())).unwrap();
    assert!(replay.same, "{replay:?}");
    assert_eq!(replay.recomputed, Some(replay.recorded));
    assert_eq!(replay.verdict, Outcome::Allow);
}

#[test]
fn a_document_is_found_by_its_digest_and_not_by_its_name() {
    let mut files = export(&decided());
    let path = path(&files, "policies/");
    let bytes = files.remove(&path).unwrap();
    files.insert("policies/credit.toml".into(), bytes);
    assert!(replay(&files).unwrap().same);
}

#[test]
fn changed_and_missing_documents_are_named() {
    for folder in ["policies/", "evidence/"] {
        let whole = export(&decided());
        let path = path(&whole, folder);
        let mut files = whole.clone();
        let text = String::from_utf8(files[&path].clone()).unwrap();
        files.insert(path.clone(), text.replace("0.9", "0.8").into_bytes());
        let changed = replay(&files).unwrap();
        assert!(!changed.same && changed.recomputed.is_none());
        assert_eq!(changed.differences[0].at, path);
        assert_eq!(changed.differences[0].recomputed, "its bytes were changed");
        let mut files = whole;
        files.remove(&path);
        assert_eq!(replay(&files).unwrap().differences[0].recomputed, "it is missing");
    }
}

#[test]
fn a_verdict_that_does_not_follow_is_told_with_its_place() {
    let mut record = decided();
    record.approvals.clear();
    let replay = replay(&export(&record)).unwrap();
    assert!(!replay.same);
    let at: Vec<_> = replay.differences.iter().map(|d| d.at.as_str()).collect();
    assert_eq!(
        at,
        ["verdict.approvals[0].given", "verdict.approvals[0].people", "verdict.verdict"]
    );
    assert_eq!(
        (replay.differences[2].recorded.as_str(), replay.differences[2].recomputed.as_str()),
        ("\"allow\"", "\"pending\"")
    );

    let mut record = decided();
    record.verdict.findings[0].lower = Some(0.999);
    let replay = super::replay(&export(&record)).unwrap();
    assert_eq!(replay.differences.len(), 1);
    assert_eq!(replay.differences[0].at, "verdict.findings[0].lower");
}

#[test]
fn inputs_that_do_not_have_their_digest_are_told() {
    let mut record = decided();
    record.inputs.context.insert("tier".into(), "low".into());
    let of_other_inputs = export(&record);
    let mut emptied = export(&decided());
    emptied.insert(INPUTS.into(), b"{}".to_vec());
    for files in [of_other_inputs, emptied] {
        let error = replay(&files).unwrap_err().to_string();
        assert!(error.contains("inputs.json"), "{error}");
    }
}

#[test]
fn what_cannot_be_recomputed_is_an_error() {
    assert_eq!(replay(&Files::new()), Err(ReplayError::NotAnExport));
    assert!(matches!(
        replay(&Files::from([(RECORD.into(), b"{".to_vec())])),
        Err(ReplayError::Record(_))
    ));
    let mut record = decided();
    record.engine.semantics = 99;
    assert_eq!(replay(&export(&record)), Err(ReplayError::Semantics(99)));
    let mut files = export(&decided());
    files.retain(|path, _| path == RECORD);
    assert_eq!(replay(&files), Err(ReplayError::NoDocuments));
}
