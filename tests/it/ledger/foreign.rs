//! Programs in other languages verify an export, and refuse changed ones: see
//! `tests/foreign/run.sh`. Run with `cargo test --test it -- --ignored foreign`; the first run
//! installs the programs.

use super::build::{Exported, Gate, PUBLIC_URLS, record};
use modelgate::model::Outcome;
use std::{fs, path::Path, process::Command, sync::Mutex};

/// The programs are installed once, never by two tests at the same time.
static INSTALLING: Mutex<()> = Mutex::new(());

fn write(exported: &Exported, to: &Path) {
    for (path, bytes) in &exported.files {
        let path = to.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
}

/// The programs that refuse this export, and all their output.
fn refusing(export: &Path, trust: &Path) -> (Vec<&'static str>, String) {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/foreign/run.sh");
    let output = Command::new(script).arg(export).arg(trust).output().unwrap();
    let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    let refused: Vec<_> = ["openssl", "python", "npm", "go"]
        .into_iter()
        .filter(|p| said.contains(&format!("FAILED  {p}")))
        .collect();
    assert_eq!(output.status.code(), Some(i32::from(!refused.is_empty())), "{said}");
    (refused, said)
}

#[test]
#[ignore = "needs node, npm, python3, go and a package registry"]
fn foreign_programs_agree() {
    let _one = INSTALLING.lock();
    for public_url in PUBLIC_URLS {
        agree(&Gate::at(public_url));
    }
}

fn agree(gate: &Gate) {
    let place = tempfile::tempdir().unwrap();
    let trust = place.path().join("allow/trust");
    for outcome in [Outcome::Allow, Outcome::Deny, Outcome::Pending, Outcome::Revoked] {
        let export = place.path().join(outcome.as_str());
        let exported = gate.export(&record(outcome));
        write(&exported, &export);
        let (refused, said) = refusing(&export, &trust);
        assert_eq!(refused, [""; 0], "{outcome}: {said}");
        // Of the statements, and of every document.
        let proofs = exported.files.keys().filter(|path| path.ends_with(".tlog-proof")).count();
        let statements = if matches!(outcome, Outcome::Allow | Outcome::Deny) { 2 } else { 1 };
        for (program, lines) in [
            ("openssl", statements),
            ("python securesystemslib", statements),
            ("npm", 1),
            ("go", proofs),
        ] {
            assert_eq!(said.matches(&format!("ok  {program}")).count(), lines, "{program}: {said}");
        }
    }
    let stranger = place.path().join("stranger");
    write(&Gate::new().export(&record(Outcome::Allow)), &stranger);
    let (refused, said) = refusing(&stranger, &trust);
    assert_eq!(refused, ["openssl", "python", "npm", "go"], "{said}");
}

#[test]
#[ignore = "needs node, npm, python3, go and a package registry"]
fn foreign_programs_refuse_what_was_changed() {
    let _one = INSTALLING.lock();
    let gate = Gate::new();
    let exported = gate.export(&record(Outcome::Allow));
    let place = tempfile::tempdir().unwrap();
    let true_export = place.path().join("true");
    write(&exported, &true_export);
    let trust = true_export.join("trust");
    assert_eq!(refusing(&true_export, &trust).0, [""; 0]);
    let of_document = |path: &&String| path.starts_with("proofs/") && path.ends_with("leaf.json");
    let leaf = exported.files.keys().find(of_document).unwrap().as_str();
    for (path, programs) in [
        (leaf, vec!["go"]),
        ("verdict.json", vec!["python"]),
        ("record.dsse.json", vec!["openssl", "python"]),
        ("record.leaf.json", vec!["go"]),
        ("record.tlog-proof", vec!["go"]),
        ("decision.dsse.json", vec!["openssl", "python"]),
        ("leaf.json", vec!["go"]),
        ("decision.tlog-proof", vec!["go"]),
        ("decision.sigstore.json", vec!["npm"]),
        ("inputs.json", vec!["python"]),
    ] {
        let changed = place.path().join(path.replace('/', "-"));
        write(&exported, &changed);
        let mut bytes = exported.files[path].clone();
        let middle = bytes.len() / 2;
        bytes[middle] = if bytes[middle] == b'A' { b'B' } else { b'A' };
        fs::write(changed.join(path), bytes).unwrap();
        let (refused, said) = refusing(&changed, &trust);
        assert_eq!(refused, programs, "{path}: {said}");
    }
}
