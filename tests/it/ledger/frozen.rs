//! The first version's exports can still be verified: `tests/fixtures/ledger/allow`, which openssl,
//! securesystemslib, Sigstore's client and Go's checksum database accepted when it was made. It is
//! never regenerated, only extended.

use super::build::{Gate, record};
use crate::support::files::all_below;
use modelgate::{
    ledger::verify::{self, Expected, Files},
    model::Outcome,
};
use std::{path::Path, process::Command};

const FIXTURE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/ledger/allow");

#[test]
fn the_first_export_still_verifies() {
    let files: Files = all_below(Path::new(FIXTURE));
    let pinned = Gate::known().export(&record(Outcome::Allow)).pinned;
    let report = verify::directory(&files, &pinned, &Expected::default()).unwrap();
    assert_eq!(report.exit_code(), 0, "{report:#?}");
    assert_eq!(files.len(), 21);
}

/// All files except the summary, which contains the program's version.
#[test]
fn the_same_decision_is_signed_to_the_same_bytes() {
    let files: Files = all_below(Path::new(FIXTURE));
    let now = Gate::known().export(&record(Outcome::Allow)).files;
    assert_eq!(now.keys().collect::<Vec<_>>(), files.keys().collect::<Vec<_>>());
    let versioned = |path: &str| {
        path.starts_with("decision.") || path == "leaf.json" || path == "record.tlog-proof"
    };
    for (path, bytes) in now.iter().filter(|(path, _)| !versioned(path)) {
        assert_eq!(Some(bytes), files.get(path), "{path}");
    }
}

#[test]
fn the_command_proves_it_with_keys_from_elsewhere() {
    let keys = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/ledger/pinned");
    let verify = |more: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_modelgate"));
        command
            .args(["verify", FIXTURE, "--environment", "production"])
            .args(more)
            .output()
            .unwrap()
            .status
            .code()
    };
    assert_eq!(verify(&["--trust", keys]), Some(0));
    assert_eq!(verify(&[]), Some(4));
}
