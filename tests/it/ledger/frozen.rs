//! The exports of each version of the record can still be verified: `tests/fixtures/ledger/allow` and
//! `allow-v2`, which openssl, securesystemslib, Sigstore's client and Go's checksum database accepted
//! when they were made. They are never regenerated, only extended.

use super::build::{Exported, Gate, record};
use crate::support::files::all_below;
use modelgate::{
    ledger::verify::{self, Expected, Files},
    model::Outcome,
};
use std::{path::Path, process::Command};

/// The folder of an export, how it is made today, and how many files it has.
type Version = (&'static str, fn() -> Exported, usize);

const VERSIONS: [Version; 2] = [
    ("allow", || Gate::known().export_v1(&record(Outcome::Allow)), 21),
    ("allow-v2", || Gate::known().export(&record(Outcome::Allow)), 42),
];

fn folder(name: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/ledger").join(name)
}

#[test]
fn the_first_export_of_each_version_still_verifies() {
    let pinned = Gate::known().export(&record(Outcome::Allow)).pinned;
    for (name, _, count) in VERSIONS {
        let files: Files = all_below(&folder(name));
        let report = verify::directory(&files, &pinned, &Expected::default()).unwrap();
        assert_eq!(report.exit_code(), 0, "{name}: {report:#?}");
        assert_eq!(files.len(), count, "{name}");
    }
}

/// All files except the summary, which contains the program's version, and what is proved under a
/// head over it.
#[test]
fn the_same_decision_is_signed_to_the_same_bytes() {
    for (name, export, _) in VERSIONS {
        let (files, now): (Files, Files) = (all_below(&folder(name)), export().files);
        assert_eq!(now.keys().collect::<Vec<_>>(), files.keys().collect::<Vec<_>>(), "{name}");
        let versioned = |path: &str| {
            path.starts_with("decision.") || path == "leaf.json" || path.ends_with(".tlog-proof")
        };
        for (path, bytes) in now.iter().filter(|(path, _)| !versioned(path)) {
            assert_eq!(Some(bytes), files.get(path), "{name}: {path}");
        }
    }
}

#[test]
fn the_command_proves_it_with_keys_from_elsewhere() {
    let keys = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/ledger/pinned");
    for (name, ..) in VERSIONS {
        let verify = |more: &[&str]| {
            let mut command = Command::new(env!("CARGO_BIN_EXE_modelgate"));
            command.arg("verify").arg(folder(name)).args(["--environment", "production"]);
            command.args(more).output().unwrap().status.code()
        };
        assert_eq!(verify(&["--trust", keys]), Some(0), "{name}");
        assert_eq!(verify(&[]), Some(4), "{name}");
    }
}
