use super::*;
use crate::ledger::fixture;
use crate::model::{Outcome, PolicyRef};
use serde_json::{Value, json};

fn vsa(record: &Record) -> Value {
    let context = VsaContext {
        public_url: "https://gate.example.com/",
        decision: &"01JD".parse().unwrap(),
        record_envelope: Digest::of(b"envelope"),
    };
    serde_json::from_slice(&vsa_statement(&context, record).unwrap()).unwrap()
}

/// SLSA's verification summary v1, field by field.
#[test]
fn a_summary_says_what_slsa_asks() {
    let record = fixture::record(Outcome::Allow);
    let value = vsa(&record);
    let hex = |text: &str| Digest::of(text.as_bytes()).hex();
    let attestation = |digest: &str| json!({"uri": format!("https://gate.example.com/acme/evidence/sha256:{digest}"), "digest": {"sha256": digest}});
    let mut evidence = [hex("evidence 1"), hex("evidence 2")];
    evidence.sort();
    assert_eq!(
        value,
        json!({
            "_type": "https://in-toto.io/Statement/v1",
            "subject": [{"name": "acme/credit-risk", "digest": {"sha256": hex("model")}}],
            "predicateType": "https://slsa.dev/verification_summary/v1",
            "predicate": {
                "verifier": {"id": "https://gate.example.com/acme", "version": {"modelgate": "0.1.0"}},
                "timeVerified": "2026-11-20T13:00:00Z",
                "resourceUri": "https://gate.example.com/acme/models/credit-risk/environments/production",
                "policy": {
                    "uri": format!("https://gate.example.com/acme/policies/sha256:{}", hex("policy 1")),
                    "digest": {"sha256": hex("policy 1")},
                },
                "inputAttestations": [
                    {"uri": "https://gate.example.com/acme/decisions/01JD", "digest": {"sha256": hex("envelope")}},
                    attestation(&evidence[0]), attestation(&evidence[1]), attestation(&hex("champion evidence")),
                ],
                "verificationResult": "PASSED",
                "verifiedLevels": ["GATE_RELEASE_ALLOWED"],
                "slsaVersion": "1.2",
            },
        })
    );
    let denied = vsa(&fixture::record(Outcome::Deny));
    assert_eq!(denied["predicate"]["verificationResult"], "FAILED");
    assert_eq!(denied["predicate"]["verifiedLevels"], json!(["FAILED"]));
}

/// `printf '["sha256:…","sha256:…"]' | sha256sum`, independent of the order in which the policies
/// are listed.
#[test]
fn several_policies_have_one_digest() {
    let policy = |text: &str| PolicyRef { name: text.into(), digest: Digest::of(text.as_bytes()) };
    let mut list = [policy("a").digest.to_string(), policy("b").digest.to_string()];
    list.sort();
    let expected = Digest::of(format!(r#"["{}","{}"]"#, list[0], list[1]).as_bytes());
    for order in [["a", "b"], ["b", "a"]] {
        let inputs =
            crate::model::Inputs { policies: order.map(policy).to_vec(), ..Default::default() };
        let found = policy_of("https://gate.example.com/acme", &inputs).unwrap();
        assert_eq!(found.digest.sha256, expected.hex());
        assert_eq!(found.uri, format!("https://gate.example.com/acme/policy-sets/{expected}"));
    }
}

#[test]
fn what_is_not_final_has_no_summary_and_what_has_no_subject_no_statement() {
    let context = VsaContext {
        public_url: "https://x",
        decision: &"d".parse().unwrap(),
        record_envelope: Digest::of(b""),
    };
    for outcome in [Outcome::Pending, Outcome::Revoked] {
        assert_eq!(
            vsa_statement(&context, &fixture::record(outcome)).unwrap_err().code(),
            "ledger-no-subject"
        );
    }
    let strip: [fn(&mut Record); 3] =
        [|r| r.inputs.model = None, |r| r.inputs.artifact = None, |r| r.inputs.environment = None];
    for strip in strip {
        let mut record = fixture::record(Outcome::Allow);
        strip(&mut record);
        assert_eq!(vsa_statement(&context, &record).unwrap_err().code(), "ledger-no-subject");
    }
}

#[test]
fn only_what_is_understood_is_read() {
    let context = VsaContext {
        public_url: "https://gate.example.com/",
        decision: &"01JD".parse().unwrap(),
        record_envelope: Digest::of(b"envelope"),
    };
    let payload = vsa_statement(&context, &fixture::record(Outcome::Allow)).unwrap();
    let payload = String::from_utf8(payload).unwrap();
    assert!(Statement::<Vsa>::parse(payload.as_bytes(), VSA_TYPE).is_ok());
    for bad in [
        String::new(),
        "{}".into(),
        format!("{payload} "),
        payload.replacen('{', "{ ", 1),
        payload.replacen('{', r#"{"AAA":1,"#, 1),
        payload.replace(r#""predicate":{"#, r#""predicate":{"AAA":1,"#),
        payload.replace("Statement/v1", "Statement/v2"),
        payload.replace("verification_summary/v1", "verification_summary/v2"),
        payload.replace(r#""subject":["#, r#""subject":[{"digest":{"sha256":""},"name":"x"},"#),
    ] {
        assert_ne!(bad, payload);
        assert!(Statement::<Vsa>::parse(bad.as_bytes(), VSA_TYPE).is_err(), "{bad}");
    }
    assert!(Statement::<Vsa>::parse(payload.as_bytes(), crate::ledger::record::V2).is_err());
}
