use super::*;
use crate::{
    ledger::{
        fixture,
        record::{
            Context,
            documents::{approval_bytes, verdict_bytes},
        },
    },
    model::{Digest, Outcome, Trigger, jcs},
};
use serde_json::{Value, json};

fn stated(record: &Record) -> ReleaseDecision {
    let context = Context {
        decision: "01JD".parse().unwrap(),
        release: "01JR".parse().unwrap(),
        seq: 2,
        trigger: Trigger::Approval,
    };
    ReleaseDecision::of(context, record).unwrap()
}

fn payload_v1(record: &Record) -> Vec<u8> {
    let artifact = record.inputs.artifact.unwrap().hex();
    jcs::to_vec(&json!({
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{"name": record.inputs.model, "digest": {"sha256": artifact}}],
        "predicateType": "https://modelgate.dev/release-decision/v1",
        "predicate": RecordDocument::from(record.clone()),
    }))
    .unwrap()
}

/// The documents of a record, as canonical JSON.
fn documents(record: &Record) -> (Vec<u8>, Vec<u8>, Vec<Vec<u8>>) {
    let approvals = record.approvals.iter().map(|approval| approval_bytes(approval).unwrap());
    (
        jcs::to_vec(&record.inputs).unwrap(),
        verdict_bytes(&record.verdict).unwrap(),
        approvals.collect(),
    )
}

#[test]
fn a_record_says_what_docs_export_lists() {
    let record = fixture::record(Outcome::Allow);
    let payload = stated(&record).statement().unwrap();
    let value: Value = serde_json::from_slice(&payload).unwrap();
    assert_eq!(jcs::to_vec(&value).unwrap(), payload);
    let sha256 =
        |value: &Value| format!("sha256:{}", Digest::of(&jcs::to_vec(value).unwrap()).hex());
    let json = |bytes: &[u8]| serde_json::from_slice::<Value>(bytes).unwrap();
    assert_eq!(
        value,
        json!({
            "_type": "https://in-toto.io/Statement/v1",
            "predicateType": "https://modelgate.dev/release-decision/v2",
            "subject": [{"name": "acme/credit-risk", "digest": {"sha256": Digest::of(b"model").hex()}}],
            "predicate": {
                "decision": "01JD", "release": "01JR", "seq": 2, "trigger": "approval",
                "decided_at": "2026-11-20T13:00:00Z", "model": "acme/credit-risk",
                "artifact": format!("sha256:{}", Digest::of(b"model").hex()), "environment": "production",
                "verdict": "allow", "exit_code": 0, "until": null,
                "policies": [{"digest": format!("sha256:{}", Digest::of(b"policy 1").hex()), "mode": "enforce", "name": "credit"}],
                "findings": {"pass": 1},
                "inputs_digest": sha256(&serde_json::to_value(&record.inputs).unwrap()),
                "verdict_digest": sha256(&json(&verdict_bytes(&record.verdict).unwrap())),
                "approvals": record.approvals.iter()
                    .map(|approval| sha256(&json(&approval_bytes(approval).unwrap()))).collect::<Vec<_>>(),
                "engine": {"semantics": 1},
            },
        })
    );
}

#[test]
fn a_record_comes_back_from_its_documents() {
    for outcome in [Outcome::Allow, Outcome::Deny, Outcome::Pending, Outcome::Revoked] {
        let record = fixture::record(outcome);
        let said = stated(&record);
        let payload = said.statement().unwrap();
        let (inputs, verdict, approvals) = documents(&record);
        let own = Contents {
            inputs: &inputs,
            verdict: &verdict,
            approvals: approvals.iter().map(Vec::as_slice).collect(),
        };
        for read in [Stated::read(&payload).unwrap(), Stated::parse(&payload).unwrap()] {
            assert_eq!(read, Stated::V2(Box::new(said.clone())));
            assert_eq!(read.record(&own).unwrap(), record);
        }
        assert!(said.agrees(&record));
        let other =
            fixture::record(if outcome == Outcome::Deny { Outcome::Allow } else { Outcome::Deny });
        assert!(!said.agrees(&other));
        let (_, other, _) = documents(&other);
        for wrong in [
            Contents { inputs: b"{}", ..own.clone() },
            Contents { verdict: b"", ..own.clone() },
            Contents { verdict: &other, ..own.clone() },
            Contents { approvals: Vec::new(), ..own.clone() },
            Contents {
                approvals: [own.approvals.clone(), own.approvals.clone()].concat(),
                ..own.clone()
            },
        ] {
            assert!(said.record(&wrong).is_err());
        }
    }
}

#[test]
fn a_record_of_version_1_is_all_of_itself() {
    let record = fixture::record(Outcome::Deny);
    let payload = payload_v1(&record);
    for read in [Stated::read(&payload).unwrap(), Stated::parse(&payload).unwrap()] {
        assert_eq!(read.record(&Contents::default()).unwrap(), record);
    }
}

#[test]
fn only_what_is_understood_is_parsed() {
    let record = fixture::record(Outcome::Allow);
    for payload in [payload_v1(&record), stated(&record).statement().unwrap()] {
        let payload = String::from_utf8(payload).unwrap();
        assert!(Stated::parse(payload.as_bytes()).is_ok());
        let hex = Digest::of(b"model").hex();
        for bad in [
            String::new(),
            "{}".into(),
            format!("{payload} "),
            payload.replacen('{', "{ ", 1),
            payload.replacen('{', r#"{"AAA":1,"#, 1),
            payload.replace(r#""predicate":{"#, r#""predicate":{"AAA":1,"#),
            payload.replace(r#""mode":"#, r#""AAA":1,"mode":"#),
            payload.replace("Statement/v1", "Statement/v2"),
            payload.replace("release-decision/v", "release-decision/v9"),
            payload.replace(r#""subject":["#, r#""subject":[{"digest":{"sha256":""},"name":"x"},"#),
            payload.replace(r#""name":"acme/credit-risk""#, r#""name":"acme/other""#),
            payload.replace(&format!(r#"{{"sha256":"{hex}"}}"#), r#"{"sha256":"00"}"#),
        ] {
            assert_ne!(bad, payload);
            assert!(Stated::parse(bad.as_bytes()).is_err(), "{bad}");
        }
    }
}
