//! Every change to an export is refused.

use super::build::{Exported, Gate, payload, record, stated};
use modelgate::{
    ledger::{
        Envelope, VerifierKey,
        record::ReleaseDecision,
        verify::{self, Expected, Files, Pinned, Report, Status},
    },
    model::{Digest, Outcome, jcs, verdict::Mode},
};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::sync::LazyLock;

static GATE: LazyLock<Gate> = LazyLock::new(Gate::new);
static ALLOWED: LazyLock<Exported> = LazyLock::new(|| GATE.export(&record(Outcome::Allow)));
static ALLOWED_V1: LazyLock<Exported> = LazyLock::new(|| GATE.export_v1(&record(Outcome::Allow)));

fn verify(files: &Files, pinned: &Pinned) -> Report {
    verify::directory(files, pinned, &Expected::default()).expect("it is an export")
}

fn failed(report: &Report) -> Vec<&str> {
    report.steps.iter().filter(|s| s.status == Status::Failed).map(|s| s.name.as_str()).collect()
}

/// Refused with pinned keys; without them, the result is at most "not pinned".
fn refused(files: &Files, what: &str) {
    let report = verify(files, &ALLOWED.pinned);
    assert_eq!((report.exit_code(), failed(&report).is_empty()), (1, false), "{what}: {report:#?}");
    let unpinned = verify(files, &Pinned::default()).exit_code();
    assert!([1, 4].contains(&unpinned), "{what}: {unpinned} without keys");
}

fn with(path: &str, bytes: impl Into<Vec<u8>>) -> Files {
    let mut files = ALLOWED.files.clone();
    files.insert(path.into(), bytes.into());
    files
}

#[test]
fn a_decision_proves_its_own_verdict() {
    for (outcome, code) in
        [(Outcome::Allow, 0), (Outcome::Deny, 4), (Outcome::Pending, 3), (Outcome::Revoked, 1)]
    {
        let exported = GATE.export(&record(outcome));
        let report = verify(&exported.files, &exported.pinned);
        assert!(report.is_proved(), "{report:#?}");
        assert_eq!(report.exit_code(), code, "{outcome}");
        let nothing = verify(&exported.files, &Pinned::default());
        assert_eq!(
            (nothing.exit_code(), nothing.is_refuted()),
            (4, false),
            "{outcome}: {nothing:#?}"
        );
        for half in [
            Pinned { logs: vec![], ..exported.pinned.clone() },
            Pinned { decision: vec![], ..exported.pinned.clone() },
        ] {
            let report = verify(&exported.files, &half);
            assert_eq!(
                (report.exit_code(), report.is_refuted()),
                (4, false),
                "{outcome}: {report:#?}"
            );
        }
    }
}

#[test]
fn the_layout_is_the_designs() {
    let names: Vec<&str> =
        ALLOWED.files.keys().map(String::as_str).filter(|n| !n.contains('/')).collect();
    let all = [
        "decision.dsse.json",
        "decision.sigstore.json",
        "decision.tlog-proof",
        "inputs.json",
        "leaf.json",
        "record.dsse.json",
        "record.leaf.json",
        "record.tlog-proof",
        "release.json",
        "verdict.json",
    ];
    assert_eq!(names, all);
    let count = |folder: &str| ALLOWED.files.keys().filter(|n| n.starts_with(folder)).count();
    let folders = [
        "policies/",
        "evidence/",
        "champion/",
        "reference/",
        "mappings/",
        "waivers/",
        "approvals/",
        "trust/",
        "proofs/",
    ];
    // Nine entries, one of which has a document that names the policy: the request, two policies,
    // two documents of evidence and one more of the champion, a waiver, two approvals.
    assert_eq!(folders.map(count), [2, 2, 2, 0, 0, 1, 2, 4, 2 * 9 + 1]);
    assert_eq!(Digest::of(&ALLOWED.files["inputs.json"]), ALLOWED.record.inputs_digest);
    let pending = GATE.export(&record(Outcome::Pending));
    assert!(pending.files.keys().all(|n| !n.starts_with("decision") && n != "leaf.json"));
}

#[test]
fn a_pending_record_may_come_alone() {
    let mut pending = GATE.export(&record(Outcome::Pending));
    pending.files.retain(|n, _| n.starts_with("record.") || n.starts_with("trust/"));
    assert_eq!(verify(&pending.files, &pending.pinned).exit_code(), 3);
    let mut allowed = ALLOWED.files.clone();
    allowed.retain(|n, _| n.starts_with("record.") || n.starts_with("trust/"));
    refused(&allowed, "an allow whose record is alone");
}

#[test]
fn an_export_of_version_1_has_neither_proofs_nor_a_verdict() {
    for (outcome, code) in [(Outcome::Allow, 0), (Outcome::Deny, 4), (Outcome::Pending, 3)] {
        let exported = GATE.export_v1(&record(outcome));
        assert_eq!(verify(&exported.files, &exported.pinned).exit_code(), code, "{outcome}");
        assert_eq!(verify(&exported.files, &Pinned::default()).exit_code(), 4, "{outcome}");
    }
    let names: Vec<&String> = ALLOWED_V1.files.keys().collect();
    assert!(names.iter().all(|n| !n.starts_with("proofs") && *n != "verdict.json"), "{names:?}");
}

/// An export of the new version cannot be passed off as one of the old, which has fewer files.
#[test]
fn no_file_of_either_version_fits_the_other() {
    for (path, bytes) in &ALLOWED_V1.files {
        if ALLOWED.files.get(path).is_some_and(|own| own != bytes) {
            refused(&with(path, bytes.clone()), &format!("{path} of version 1"));
        }
    }
    let mut stripped = ALLOWED.files.clone();
    stripped.retain(|path, _| ALLOWED_V1.files.contains_key(path));
    refused(&stripped, "without the files that version 1 did not have");
    for extra in ["verdict.json", "release.json"] {
        let mut files = ALLOWED_V1.files.clone();
        files.insert(extra.into(), ALLOWED.files[extra].clone());
        assert_eq!(verify(&files, &ALLOWED_V1.pinned).exit_code(), 1, "{extra} in version 1");
    }
}

#[test]
fn every_document_was_logged_before_the_record() {
    let proofs: Vec<&String> =
        ALLOWED.files.keys().filter(|path| path.starts_with("proofs/")).collect();
    // Each file of an entry in the place of that of another entry.
    for path in &proofs {
        let ending = path.split_once('.').unwrap().1;
        for other in proofs.iter().filter(|other| other.ends_with(ending) && other != &path) {
            refused(&with(path, ALLOWED.files[*other].clone()), &format!("{other} as {path}"));
        }
    }
    // The entries in the log, but after the record.
    let sealed = GATE.sealer().seal(&payload(&ALLOWED.record)).unwrap();
    let summary = GATE.sealer().seal(&GATE.summary(&ALLOWED.record, &sealed)).unwrap();
    let later = GATE.export_with(&ALLOWED.record, &sealed, Some(&summary), (0, 4), true);
    let report = verify(&later.files, &later.pinned);
    assert_eq!(failed(&report), ["documents-logged"], "{report:#?}");
    let step = report.steps.iter().find(|step| step.name == "documents-logged").unwrap();
    assert!(step.detail.contains("comes after the record"), "{}", step.detail);
}

#[test]
fn every_file_is_needed_and_no_other_is_let_in() {
    for path in ALLOWED.files.keys() {
        let mut files = ALLOWED.files.clone();
        let bytes = files.remove(path).unwrap();
        refused(&files, &format!("without {path}"));
        refused(&with(path, *b""), &format!("{path} emptied"));
        refused(&with(path, &bytes[1..]), &format!("{path} without its first byte"));
        refused(&with(path, &bytes[..bytes.len() - 1]), &format!("{path} without its last byte"));
        refused(
            &with(path, [bytes.as_slice(), b"\n"].concat()),
            &format!("{path} with a newline more"),
        );
        refused(
            &with(path, [b" ", bytes.as_slice()].concat()),
            &format!("{path} with a space before"),
        );
        refused(&with(&format!("{path}.bak"), bytes.clone()), &format!("{path} twice"));
        refused(&with(&format!("x/{path}"), bytes.clone()), &format!("{path} elsewhere"));
        files.insert(format!("{path}x"), bytes);
        if verify(&files, &ALLOWED.pinned).exit_code() == 0 {
            // The extension of a document is only a convenience; its name is its digest.
            assert!(
                ["policies/", "evidence/", "champion/", "waivers/"]
                    .iter()
                    .any(|f| path.starts_with(f)),
                "{path}"
            );
        }
    }
    for extra in [
        "README.md",
        "evidence/x.json",
        "approvals/apr-3.json",
        "policies/",
        "decision.json",
        "trust/other.pem",
        "record.dsse.json/x",
    ] {
        refused(&with(extra, *b"{}"), extra);
    }
}

#[test]
fn every_byte_counts() {
    for (path, bytes) in &ALLOWED.files {
        let step = bytes.len() / 120 + 1;
        for at in (0..bytes.len()).step_by(step).chain([bytes.len() - 1]) {
            for flip in [1, 0x20] {
                let mut changed = bytes.clone();
                changed[at] ^= flip;
                refused(&with(path, changed), &format!("{path}, byte {at} ^ {flip}"));
            }
        }
    }
}

#[test]
fn files_of_another_export_do_not_fit() {
    let mut other = record(Outcome::Allow);
    other.inputs.environment = Some("staging".parse().unwrap());
    other.inputs_digest = other.inputs.digest().unwrap();
    other.verdict.environment = other.inputs.environment.clone();
    other.verdict.inputs_digest = other.inputs_digest;
    let (staging, denied) = (GATE.export(&other), GATE.export(&record(Outcome::Deny)));
    assert_eq!(verify(&staging.files, &ALLOWED.pinned).exit_code(), 0);
    for other in [&staging, &denied] {
        for (path, bytes) in &other.files {
            if ALLOWED.files.get(path).is_some_and(|own| own != bytes) {
                refused(&with(path, bytes.clone()), &format!("{path} of another export"));
            }
        }
        for prefix in ["record.", "decision."] {
            let mut files = ALLOWED.files.clone();
            let fits = |path: &&String| {
                path.starts_with(prefix) || (prefix == "decision." && *path == "leaf.json")
            };
            other.files.iter().filter(|(path, _)| fits(path)).for_each(|(path, bytes)| {
                files.insert(path.clone(), bytes.clone());
            });
            refused(&files, &format!("{prefix}* of another export"));
        }
    }
    let mut swapped = ALLOWED.files.clone();
    for (a, b) in [
        ("record.dsse.json", "decision.dsse.json"),
        ("record.leaf.json", "leaf.json"),
        ("record.tlog-proof", "decision.tlog-proof"),
    ] {
        let (x, y) = (swapped[a].clone(), swapped[b].clone());
        swapped.extend([(a.to_owned(), y), (b.to_owned(), x)]);
    }
    refused(&swapped, "record and summary in each other's place");
}

#[test]
fn an_older_head_of_the_same_log_is_refused_where_the_rest_has_a_newer() {
    let sealed = GATE.sealer().seal(&payload(&ALLOWED.record)).unwrap();
    let summary = GATE.sealer().seal(&GATE.summary(&ALLOWED.record, &sealed)).unwrap();
    let older = GATE.export_sealed(&ALLOWED.record, &sealed, Some(&summary), 9, 0);
    assert_eq!(
        verify(&older.files, &ALLOWED.pinned).exit_code(),
        0,
        "an older head alone is a head"
    );
    for path in ["record.tlog-proof", "decision.tlog-proof", "decision.sigstore.json"] {
        assert_ne!(older.files[path], ALLOWED.files[path]);
        refused(&with(path, older.files[path].clone()), &format!("{path} rolled back"));
    }
    let elsewhere = GATE.export_sealed(&ALLOWED.record, &sealed, Some(&summary), 2, 11);
    refused(
        &with("record.tlog-proof", elsewhere.files["record.tlog-proof"].clone()),
        "a proof at another index",
    );
}

#[test]
fn another_gates_export_convinces_nobody() {
    let (theirs, own) = (Gate::new().export(&record(Outcome::Allow)), &ALLOWED.pinned);
    assert_eq!(verify(&theirs.files, &theirs.pinned).exit_code(), 0);
    let report = verify(&theirs.files, own);
    assert_eq!(report.exit_code(), 1);
    for step in ["record-signature", "record-log", "decision-signature", "decision-log"] {
        assert!(failed(&report).contains(&step), "{step}: {report:#?}");
    }
    assert_eq!(verify(&theirs.files, &Pinned::default()).exit_code(), 4);
    for mixed in [
        Pinned { decision: own.decision.clone(), logs: theirs.pinned.logs.clone() },
        Pinned { decision: theirs.pinned.decision.clone(), logs: own.logs.clone() },
    ] {
        assert_eq!(verify(&theirs.files, &mixed).exit_code(), 1);
    }
    let all = Pinned {
        decision: [own.decision.clone(), theirs.pinned.decision.clone()].concat(),
        logs: [own.logs.clone(), theirs.pinned.logs.clone()].concat(),
    };
    for exported in [&theirs, &*ALLOWED] {
        assert_eq!(verify(&exported.files, &all).exit_code(), 0, "both are pinned");
    }
    // The other service's trust folder in our export, and the reverse.
    for (path, bytes) in theirs.files.iter().filter(|(path, _)| path.starts_with("trust/")) {
        refused(&with(path, bytes.clone()), path);
    }
}

#[test]
fn a_log_key_counts_under_its_own_name_alone() {
    for name in ["gate.example.com/log/other", "gate.example.com/log", "gate.example.com"] {
        let renamed = VerifierKey::new(name, *ALLOWED.log.key()).unwrap();
        let report =
            verify(&ALLOWED.files, &Pinned { logs: vec![renamed], ..ALLOWED.pinned.clone() });
        assert_eq!(report.exit_code(), 1, "{name}");
        assert!(failed(&report).contains(&"record-log"));
    }
}

#[test]
fn the_artifact_and_the_environment_must_be_the_ones_in_hand() {
    let expect = |artifact: Option<&[u8]>, environment: Option<&str>| {
        let environment = environment.map(|e| e.parse().unwrap());
        let expected = Expected { artifact: artifact.map(Digest::of), environment };
        verify::directory(&ALLOWED.files, &ALLOWED.pinned, &expected).unwrap().exit_code()
    };
    assert_eq!(expect(Some(super::build::ARTIFACT), Some("production")), 0);
    assert_eq!(expect(Some(b"another model"), Some("production")), 1);
    assert_eq!(expect(None, Some("staging")), 1);
    assert_eq!(expect(None, Some("Production")), 1);
}

/// Statements that a gate signed itself are also refused if they contradict the record.
#[test]
fn a_summary_says_what_its_record_says() {
    let record = record(Outcome::Deny);
    let sealed = GATE.sealer().seal(&payload(&record)).unwrap();
    let honest: Value = serde_json::from_slice(&GATE.summary(&record, &sealed)).unwrap();
    let export = |summary: &Value| {
        let summary = GATE.sealer().seal(&jcs::to_vec(summary).unwrap()).unwrap();
        let exported = GATE.export_sealed(&record, &sealed, Some(&summary), 9, 4);
        verify(&exported.files, &exported.pinned)
    };
    assert_eq!(export(&honest).exit_code(), 4);
    let changes: [(&str, Value); 17] = [
        (
            "/predicate/inputAttestations/0/uri",
            json!("https://gate.example.com/acme/decisions/other"),
        ),
        ("/predicate/verificationResult", json!("PASSED")),
        ("/predicate/verifiedLevels", json!(["GATE_RELEASE_ALLOWED"])),
        ("/predicate/verifiedLevels", json!([])),
        (
            "/predicate/resourceUri",
            json!("https://gate.example.com/acme/models/credit-risk/environments/staging"),
        ),
        ("/predicate/verifier/id", json!("https://gate.example.com/other")),
        ("/predicate/verifier/id", json!("https://evil.example.com/acme")),
        ("/predicate/timeVerified", json!("2027-11-20T13:00:00Z")),
        ("/predicate/policy/digest/sha256", json!(Digest::of(b"").hex())),
        ("/predicate/policy/uri", json!("https://gate.example.com/acme/policies/other")),
        ("/predicate/inputAttestations", json!([])),
        ("/predicate/inputAttestations/0/digest/sha256", json!(Digest::of(b"").hex())),
        ("/predicate/inputAttestations/1/digest/sha256", json!(Digest::of(b"").hex())),
        ("/predicate/inputAttestations/0/uri", json!("https://gate.example.com/acme/decisions/")),
        ("/predicate/slsaVersion", json!("1.0")),
        ("/subject/0/digest/sha256", json!(Digest::of(b"").hex())),
        ("/subject/0/name", json!("acme/other")),
    ];
    for (path, value) in changes {
        let mut changed = honest.clone();
        *changed.pointer_mut(path).unwrap() = value;
        let report = export(&changed);
        assert_eq!(report.exit_code(), 1, "{path}: {report:#?}");
        assert_eq!(failed(&report), ["decision-statement"], "{path}");
    }
    for (path, key) in [
        ("/predicate", "extra"),
        ("/predicate/verifier", "extra"),
        ("/subject/0", "extra"),
        ("", "extra"),
    ] {
        let mut changed = honest.clone();
        changed.pointer_mut(path).unwrap()[key] = json!(1);
        assert_eq!(export(&changed).exit_code(), 1, "{path}");
    }
}

#[test]
fn a_record_that_contradicts_itself_is_refused() {
    let export = |change: &dyn Fn(&mut modelgate::model::Record)| {
        let mut record = record(Outcome::Pending);
        change(&mut record);
        let exported = GATE.export_v1(&record);
        verify(&exported.files, &exported.pinned)
    };
    assert_eq!(export(&|_| {}).exit_code(), 3);
    type Change = fn(&mut modelgate::model::Record);
    let changes: [(&str, Change); 9] = [
        ("inputs-digest", |r| r.inputs_digest = Digest::of(b"")),
        ("inputs-digest", |r| r.inputs.context.clear()),
        ("inputs-digest", |r| r.inputs.evidence.reverse()),
        ("verdict-inputs", |r| r.verdict.inputs_digest = Digest::of(b"")),
        ("verdict-inputs", |r| r.verdict.environment = Some("staging".parse().unwrap())),
        ("verdict-inputs", |r| r.verdict.artifact = None),
        ("verdict-inputs", |r| r.verdict.policies.clear()),
        ("verdict-inputs", |r| r.verdict.policies[0].digest = Digest::of(b"")),
        ("verdict-inputs", |r| r.engine.semantics = 2),
    ];
    for (step, change) in changes {
        let report = export(&change);
        assert_eq!(report.exit_code(), 1, "{step}");
        assert!(failed(&report).contains(&step), "{step}: {report:#?}");
    }
}

/// What a record says at once must follow from its documents.
#[test]
fn a_record_that_contradicts_its_documents_is_refused() {
    type Change = fn(&mut ReleaseDecision);
    let export = |change: Change| {
        let record = record(Outcome::Deny);
        let mut said = stated(&record);
        change(&mut said);
        let exported = GATE.export_payload(&record, &said.statement().unwrap());
        verify(&exported.files, &exported.pinned)
    };
    assert_eq!(export(|_| {}).exit_code(), 4);
    let changes: [Change; 12] = [
        |said| said.verdict = Outcome::Allow,
        |said| said.exit_code = 0,
        |said| said.until = Some(said.decided_at),
        |said| said.policies.clear(),
        |said| said.policies[0].mode = Mode::Observe,
        |said| said.findings.clear(),
        |said| said.environment = "staging".parse().unwrap(),
        |said| said.model = "acme/other".parse().unwrap(),
        |said| said.artifact = Digest::of(b"other"),
        |said| said.engine.semantics = 2,
        |said| said.approvals.reverse(),
        |said| said.release = "rel-2".parse().unwrap(),
    ];
    for (at, change) in changes.into_iter().enumerate() {
        // The approvals are exported in their own order, so that a record with another one is told
        // when it is exported.
        if at == 10 {
            let record = record(Outcome::Deny);
            let mut said = stated(&record);
            change(&mut said);
            let mut files = GATE.export(&record).files;
            let sealed = GATE.sealer().seal(&said.statement().unwrap()).unwrap();
            files.insert("record.dsse.json".into(), sealed.envelope);
            assert_eq!(verify(&files, &ALLOWED.pinned).exit_code(), 1);
            continue;
        }
        let report = export(change);
        assert_eq!(report.exit_code(), 1, "change {at}: {report:#?}");
    }
}

/// An approval of another release, and one that was logged before the one that precedes it.
#[test]
fn approvals_are_of_the_release_and_in_order() {
    type Change = fn(&mut modelgate::model::Record);
    let changes: [Change; 2] =
        [|r| r.approvals[0].release = Some("rel-2".parse().unwrap()), |r| r.approvals.reverse()];
    let mut refused = 0;
    for change in changes {
        for outcome in [Outcome::Allow, Outcome::Deny] {
            let mut record = record(outcome);
            change(&mut record);
            let exported = GATE.export(&record);
            let report = verify(&exported.files, &exported.pinned);
            refused += usize::from(failed(&report) == ["approvals-order"]);
        }
    }
    let unchanged = failed(&verify(&ALLOWED.files, &ALLOWED.pinned)).is_empty();
    assert_eq!((refused, unchanged), (4, true));
}

/// A policy that only observes allows without a summary, and a summary with such an allow is
/// refused.
#[test]
fn where_nothing_is_enforced_no_summary_is_due() {
    let mut observed = record(Outcome::Allow);
    observed.verdict.policies.iter_mut().for_each(|p| p.mode = Mode::Observe);
    let sealed = GATE.sealer().seal(&payload(&observed)).unwrap();
    let alone = GATE.export_sealed(&observed, &sealed, None, 3, 3);
    assert_eq!(verify(&alone.files, &alone.pinned).exit_code(), 0);
    let with_summary = GATE.export(&observed);
    assert_eq!(verify(&with_summary.files, &with_summary.pinned).exit_code(), 1);
    let enforced = record(Outcome::Allow);
    let sealed = GATE.sealer().seal(&payload(&enforced)).unwrap();
    let alone = GATE.export_sealed(&enforced, &sealed, None, 3, 3);
    assert_eq!(verify(&alone.files, &alone.pinned).exit_code(), 1);
}

#[test]
fn one_file_proves_what_it_can() {
    let file = |path: &str, pinned: &Pinned| {
        verify::file(&ALLOWED.files[path], pinned, &Expected::default()).unwrap()
    };
    assert_eq!(file("decision.sigstore.json", &ALLOWED.pinned).exit_code(), 0);
    assert_eq!(file("decision.sigstore.json", &Pinned::default()).exit_code(), 4);
    for path in ["record.dsse.json", "decision.dsse.json"] {
        let report = file(path, &ALLOWED.pinned);
        assert_eq!(
            (report.exit_code(), report.is_refuted()),
            (4, false),
            "not shown to be logged: {report:#?}"
        );
        assert_eq!(file(path, &Pinned::default()).exit_code(), 4);
        assert_eq!(file(path, &Gate::new().export(&record(Outcome::Allow)).pinned).exit_code(), 1);
    }
    let denied = GATE.export(&record(Outcome::Deny)).files["decision.sigstore.json"].clone();
    assert_eq!(
        verify::file(&denied, &ALLOWED.pinned, &Expected::default()).unwrap().exit_code(),
        1
    );
    for path in
        ["inputs.json", "leaf.json", "record.tlog-proof", "trust/decision.pem", "trust/jwks.json"]
    {
        assert!(
            verify::file(&ALLOWED.files[path], &ALLOWED.pinned, &Expected::default()).is_err(),
            "{path}"
        );
    }
    let wanted = Expected { environment: Some("staging".parse().unwrap()), artifact: None };
    let report =
        verify::file(&ALLOWED.files["decision.sigstore.json"], &ALLOWED.pinned, &wanted).unwrap();
    assert_eq!(report.exit_code(), 1);
}

/// Every value in the bundle, changed or removed.
#[test]
fn every_value_in_a_bundle_counts() {
    fn paths(value: &Value, at: &str, out: &mut Vec<String>) {
        out.push(at.to_owned());
        match value {
            Value::Object(map) => map.iter().for_each(|(k, v)| paths(v, &format!("{at}/{k}"), out)),
            Value::Array(list) => {
                list.iter().enumerate().for_each(|(i, v)| paths(v, &format!("{at}/{i}"), out))
            }
            _ => {}
        }
    }
    let bytes = &ALLOWED.files["decision.sigstore.json"];
    let good: Value = serde_json::from_slice(bytes).unwrap();
    let mut all = Vec::new();
    paths(&good, "", &mut all);
    assert!(all.len() > 30, "{}", all.len());
    let report = |value: &Value| {
        let bytes = jcs::to_vec(value).unwrap();
        let report = verify::file(&bytes, &ALLOWED.pinned, &Expected::default());
        assert!(report.iter().all(|r| r.is_proved() || !failed(r).is_empty()), "{report:#?}");
        report.map_or(2, |r| r.exit_code())
    };
    assert_eq!(report(&good), 0);
    for path in all.iter().filter(|p| !p.is_empty()) {
        let (parent, key) = path.rsplit_once('/').unwrap();
        let mut gone = good.clone();
        match gone.pointer_mut(parent).unwrap() {
            Value::Object(map) => drop(map.remove(key)),
            Value::Array(list) => drop(list.remove(key.parse().unwrap())),
            _ => unreachable!(),
        }
        assert!([1, 2].contains(&report(&gone)), "{path} gone");
        for value in [
            json!(null),
            json!(""),
            json!("AAAA"),
            json!("1"),
            json!(1),
            json!([]),
            json!({}),
            json!([null, 1]),
        ] {
            let mut changed = good.clone();
            let place = changed.pointer_mut(path).unwrap();
            if *place != value {
                *place = value;
                assert!([1, 2].contains(&report(&changed)), "{path} changed");
            }
        }
        if let Some(Value::Object(map)) = good.pointer(path).cloned().as_mut() {
            map.insert("extra".into(), json!(1));
            let mut changed = good.clone();
            *changed.pointer_mut(path).unwrap() = Value::Object(map.clone());
            assert_eq!(report(&changed), 1, "{path} has more");
        }
    }
}

#[test]
fn a_signature_of_another_message_or_key_is_refused() {
    let envelope = |path: &str| Envelope::parse(&ALLOWED.files[path]).unwrap();
    let (record, decision) = (envelope("record.dsse.json"), envelope("decision.dsse.json"));
    let swapped = Envelope { signature: decision.signature.clone(), ..record.clone() };
    refused(&with("record.dsse.json", swapped.to_bytes()), "the summary's signature");
    let other = Gate::new();
    let stolen = other.sealer().seal(&record.payload).unwrap();
    refused(&with("record.dsse.json", stolen.envelope.clone()), "another key's signature");
    let renamed =
        Envelope { keyid: record.keyid.clone(), ..Envelope::parse(&stolen.envelope).unwrap() };
    refused(
        &with("record.dsse.json", renamed.to_bytes()),
        "another key's signature under our key's name",
    );
    let mut files = with("record.dsse.json", stolen.envelope);
    files.insert("record.leaf.json".into(), stolen.leaf);
    refused(&files, "another key's signature and its entry");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn random_edits_are_refused(file: prop::sample::Index, at: prop::sample::Index, remove in 0_usize..4, insert in prop::collection::vec(any::<u8>(), 0..4)) {
        let (path, bytes) = ALLOWED.files.iter().nth(file.index(ALLOWED.files.len())).unwrap();
        let at = at.index(bytes.len());
        let mut changed = bytes.clone();
        changed.splice(at..(at + remove).min(bytes.len()), insert);
        if changed != *bytes {
            prop_assert_eq!(verify(&with(path, changed.clone()), &ALLOWED.pinned).exit_code(), 1, "{}", path);
            if let Ok(report) = verify::file(&changed, &ALLOWED.pinned, &Expected::default()) {
                prop_assert_ne!(report.exit_code(), 0);
            }
        }
    }

    #[test]
    fn arbitrary_bytes_never_panic(path in "(record|decision)\\.(dsse\\.json|leaf\\.json|tlog-proof)", bytes: Vec<u8>, text: String) {
        let _ = verify::file(&bytes, &ALLOWED.pinned, &Expected::default());
        let _ = verify::file(text.as_bytes(), &ALLOWED.pinned, &Expected::default());
        for bytes in [bytes, text.into_bytes()] {
            let files: Files = [(path.clone(), bytes)].into();
            if let Some(report) = verify::directory(&files, &ALLOWED.pinned, &Expected::default()) {
                prop_assert_eq!(report.exit_code(), 1);
            }
        }
    }
}
