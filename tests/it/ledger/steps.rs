//! Each step reports its own error; it does not depend on later steps.

use super::build::{Exported, Gate, payload, record};
use modelgate::{
    ledger::verify::{self, Expected, Files, Pinned, Report, Status},
    model::{Digest, Outcome, jcs, verdict::Mode},
};
use serde_json::{Value, json};
use std::sync::LazyLock;

static GATE: LazyLock<Gate> = LazyLock::new(Gate::new);
static ALLOWED: LazyLock<Exported> = LazyLock::new(|| GATE.export(&record(Outcome::Allow)));

fn verify(files: &Files, pinned: &Pinned) -> Report {
    verify::directory(files, pinned, &Expected::default()).unwrap()
}

fn file(bytes: &[u8], pinned: &Pinned) -> Report {
    verify::file(bytes, pinned, &Expected::default()).unwrap()
}

fn status(report: &Report, name: &str) -> Option<Status> {
    report.steps.iter().find(|step| step.name == name).map(|step| step.status)
}

fn decision_only() -> Pinned {
    Pinned { logs: vec![], ..ALLOWED.pinned.clone() }
}

fn log_only() -> Pinned {
    Pinned { decision: vec![], ..ALLOWED.pinned.clone() }
}

#[test]
fn a_missing_or_foreign_part_fails_its_own_step() {
    let other = Gate::new().export(&record(Outcome::Deny));
    for (path, step) in [
        ("record.dsse.json", "record-signature"),
        ("record.leaf.json", "record-entry"),
        ("record.tlog-proof", "record-log"),
        ("decision.dsse.json", "decision-signature"),
        ("leaf.json", "decision-entry"),
        ("decision.tlog-proof", "decision-log"),
        ("decision.sigstore.json", "decision-bundle"),
        ("inputs.json", "record-documents"),
        ("verdict.json", "record-documents"),
        ("approvals/apr-1.json", "record-documents"),
        ("release.json", "release-request"),
        ("trust/decision.pem", "trust-folder"),
        ("trust/log.vkey", "trust-folder"),
        ("trust/jwks.json", "trust-folder"),
        ("trust/trusted_root.json", "trust-folder"),
    ] {
        let mut files = ALLOWED.files.clone();
        files.remove(path);
        assert_eq!(
            status(&verify(&files, &ALLOWED.pinned), step),
            Some(Status::Failed),
            "{path} missing"
        );
        if path.starts_with("record") || path.contains("decision") || path.starts_with("leaf") {
            files.insert(path.into(), other.files[path].clone());
            assert_eq!(
                status(&verify(&files, &ALLOWED.pinned), step),
                Some(Status::Failed),
                "{path} foreign"
            );
        }
        files.insert(path.into(), b"\xff".to_vec());
        assert_eq!(
            status(&verify(&files, &ALLOWED.pinned), step),
            Some(Status::Failed),
            "{path} unreadable"
        );
    }
    for folder in ["policies", "evidence", "champion", "waivers"] {
        let path = ALLOWED.files.keys().find(|path| path.starts_with(folder)).unwrap();
        let mut files = ALLOWED.files.clone();
        files.insert(path.clone(), b"other".to_vec());
        assert_eq!(
            status(&verify(&files, &ALLOWED.pinned), folder),
            Some(Status::Failed),
            "{path} changed"
        );
        files.remove(path);
        assert_eq!(
            status(&verify(&files, &ALLOWED.pinned), folder),
            Some(Status::Failed),
            "{path} missing"
        );
    }
}

/// The files of a complete export with a proof that contains extra data, which is not signed.
#[test]
fn extra_data_in_a_proof_is_refused() {
    let mut files = ALLOWED.files.clone();
    for (path, step) in
        [("record.tlog-proof", "record-log"), ("decision.tlog-proof", "decision-log")]
    {
        let text = String::from_utf8(files[path].clone()).unwrap();
        files.insert(path.into(), text.replacen("\nindex", "\nextra AAAA\nindex", 1).into_bytes());
        assert_eq!(status(&verify(&files, &ALLOWED.pinned), step), Some(Status::Failed), "{path}");
    }
}

#[test]
fn a_key_that_was_not_pinned_leaves_its_own_step_unchecked() {
    let bundle = &ALLOWED.files["decision.sigstore.json"];
    for (pinned, signature, log) in [
        (decision_only(), Status::Ok, Status::Unchecked),
        (log_only(), Status::Unchecked, Status::Ok),
        (Pinned::default(), Status::Unchecked, Status::Unchecked),
    ] {
        for (report, words) in [
            (verify(&ALLOWED.files, &pinned), ["record", "decision"].as_slice()),
            (file(bundle, &pinned), &["decision"]),
        ] {
            assert_eq!((report.exit_code(), report.is_refuted()), (4, false), "{report:#?}");
            for word in words {
                assert_eq!(status(&report, &format!("{word}-signature")), Some(signature));
                assert_eq!(status(&report, &format!("{word}-log")), Some(log));
            }
        }
    }
    for (path, word) in [("record.dsse.json", "record"), ("decision.dsse.json", "decision")] {
        for (pinned, signature) in
            [(Pinned::default(), Status::Unchecked), (ALLOWED.pinned.clone(), Status::Ok)]
        {
            let report = file(&ALLOWED.files[path], &pinned);
            assert_eq!(status(&report, &format!("{word}-signature")), Some(signature), "{path}");
            assert_eq!(status(&report, &format!("{word}-log")), Some(Status::Unchecked), "{path}");
        }
    }
    // Without keys, the claims of the export must still be consistent.
    let mut files = ALLOWED.files.clone();
    files.insert(
        "trust/log.vkey".into(),
        Gate::new().export(&record(Outcome::Allow)).files["trust/log.vkey"].clone(),
    );
    assert_eq!(verify(&files, &Pinned::default()).exit_code(), 1);
}

#[test]
fn a_statement_is_about_its_own_records_artifact() {
    let record = record(Outcome::Pending);
    let honest: Value = serde_json::from_slice(&payload(&record)).unwrap();
    let export = |statement: &Value| {
        let sealed = GATE.sealer().seal(&jcs::to_vec(statement).unwrap()).unwrap();
        let exported = GATE.export_sealed(&record, &sealed, None, 9, 4);
        verify(&exported.files, &exported.pinned)
    };
    assert_eq!(export(&honest).exit_code(), 3);
    for (path, value) in [
        ("/subject/0/name", json!("acme/other")),
        ("/subject/0/digest/sha256", json!(Digest::of(b"").hex())),
    ] {
        let mut changed = honest.clone();
        *changed.pointer_mut(path).unwrap() = value;
        let report = export(&changed);
        assert_eq!(
            (report.exit_code(), status(&report, "record-statement")),
            (1, Some(Status::Failed)),
            "{path}"
        );
    }
}

#[test]
fn one_enforcing_policy_is_enough_for_a_summary_to_be_due() {
    let mut mixed = record(Outcome::Allow);
    mixed.verdict.policies[0].mode = Mode::Observe;
    let exported = GATE.export(&mixed);
    assert_eq!(verify(&exported.files, &exported.pinned).exit_code(), 0);
    let sealed = GATE.sealer().seal(&payload(&mixed)).unwrap();
    let alone = GATE.export_sealed(&mixed, &sealed, None, 3, 3);
    assert_eq!(verify(&alone.files, &alone.pinned).exit_code(), 1);
}

#[test]
fn what_is_expected_of_nothing_fails() {
    let expected = Expected {
        artifact: Some(Digest::of(b"")),
        environment: Some("production".parse().unwrap()),
    };
    let report = verify::file(b"{\"mediaType\":1}", &ALLOWED.pinned, &expected).unwrap();
    assert_eq!(report.exit_code(), 1);
    for step in ["decision-bundle", "artifact", "environment"] {
        assert_eq!(status(&report, step), Some(Status::Failed), "{step}");
    }
}

#[test]
fn a_documents_name_is_its_digest_and_a_short_extension() {
    let path = ALLOWED
        .files
        .keys()
        .find(|path| path.starts_with("evidence/") && path.ends_with(".json"))
        .unwrap();
    let stem = path.strip_suffix(".json").unwrap();
    let renamed = |name: String| {
        let mut files = ALLOWED.files.clone();
        let bytes = files.remove(path).unwrap();
        files.insert(name, bytes);
        verify(&files, &ALLOWED.pinned).exit_code()
    };
    for fine in ["", ".json", ".csv", ".parquet8"] {
        assert_eq!(renamed(format!("{stem}{fine}")), 0, "{fine}");
    }
    for bad in [".", ".json.exe", ".parquets9", ".j\u{e9}", "/x", " ", ".a b"] {
        assert_eq!(renamed(format!("{stem}{bad}")), 1, "{bad}");
    }
    assert_eq!(renamed(stem.to_uppercase()), 1);
}
