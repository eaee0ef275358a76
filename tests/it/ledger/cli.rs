//! `modelgate verify`, run as users run it.

use super::build::{ARTIFACT, Exported, Gate, record};
use modelgate::model::Outcome;
use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

struct Place {
    root: tempfile::TempDir,
    export: PathBuf,
    trust: PathBuf,
}

fn write(exported: &Exported) -> Place {
    let root = tempfile::tempdir().unwrap();
    let (export, trust) = (root.path().join("export"), root.path().join("pinned"));
    for (path, bytes) in &exported.files {
        let path = export.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
    fs::create_dir(&trust).unwrap();
    for name in ["decision.pem", "log.vkey"] {
        fs::copy(export.join("trust").join(name), trust.join(name)).unwrap();
    }
    fs::write(root.path().join("model.bin"), ARTIFACT).unwrap();
    Place { root, export, trust }
}

struct Ran {
    code: i32,
    out: String,
    err: String,
}

fn run(directory: &Path, args: &[&str]) -> Ran {
    let output = Command::new(env!("CARGO_BIN_EXE_modelgate"))
        .arg("verify")
        .args(args)
        .current_dir(directory)
        .output()
        .unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Ran { code: output.status.code().unwrap(), out: text(output.stdout), err: text(output.stderr) }
}

#[test]
fn the_exit_code_is_that_of_what_is_proved() {
    let gate = Gate::new();
    for (outcome, code) in
        [(Outcome::Allow, 0), (Outcome::Deny, 4), (Outcome::Pending, 3), (Outcome::Revoked, 1)]
    {
        let place = write(&gate.export(&record(outcome)));
        let here = place.root.path();
        let proved = run(here, &["export", "--trust", "pinned"]);
        assert_eq!(proved.code, code, "{}{}", proved.out, proved.err);
        assert!(
            proved.out.contains(&format!("Proved: {outcome} for acme/credit-risk in production")),
            "{}",
            proved.out
        );
        assert!(
            !proved.out.contains("FAILED") && !proved.out.contains("not checked"),
            "{}",
            proved.out
        );
        assert_eq!(run(here, &["export"]).code, 4);
        assert_eq!(run(here, &["export", "--key", "pinned/decision.pem"]).code, 4);
        assert_eq!(run(here, &["export", "--key", "pinned/log.vkey"]).code, 4);
        assert_eq!(
            run(here, &["export", "--key", "pinned/log.vkey", "--key", "pinned/decision.pem"]).code,
            code
        );
        let vkey = fs::read_to_string(place.trust.join("log.vkey")).unwrap();
        assert_eq!(
            run(here, &["export", "--key", vkey.trim(), "--key", "pinned/decision.pem"]).code,
            code
        );
    }
}

#[test]
fn what_could_not_be_checked_is_said() {
    let place = write(&Gate::new().export(&record(Outcome::Allow)));
    let ran = run(place.root.path(), &["export", "--key", "pinned/decision.pem"]);
    assert_eq!(ran.code, 4);
    assert!(ran.out.contains("not checked  record-log"), "{}", ran.out);
    assert!(ran.out.contains("Not proved"), "{}", ran.out);
    assert!(ran.out.contains("ok           record-signature"), "{}", ran.out);
}

#[test]
fn the_artifact_and_the_environment_are_compared() {
    let place = write(&Gate::new().export(&record(Outcome::Allow)));
    let here = place.root.path();
    let verify = |more: &[&str]| run(here, &[&["export", "--trust", "pinned"], more].concat());
    assert_eq!(verify(&["--artifact", "model.bin", "--environment", "production"]).code, 0);
    let wrong = verify(&["--artifact", "pinned/log.vkey"]);
    assert_eq!(wrong.code, 1);
    assert!(wrong.out.contains("FAILED       artifact"), "{}", wrong.out);
    assert_eq!(verify(&["--environment", "staging"]).code, 1);
    assert_eq!(verify(&["--digest", &modelgate::model::Digest::of(ARTIFACT).to_string()]).code, 0);
    assert_eq!(
        verify(&["--artifact", "pinned"]).code,
        1,
        "a folder is an artifact too, and another one"
    );
    for unreadable in
        [["--artifact", "no-such-file"], ["--environment", "a b"], ["--digest", "sha256:x"]]
    {
        assert_eq!(verify(&unreadable).code, 2, "{unreadable:?}");
    }
}

#[test]
fn json_is_one_document() {
    let gate = Gate::new();
    let place = write(&gate.export(&record(Outcome::Allow)));
    let here = place.root.path();
    let bundle = "export/decision.sigstore.json";
    let ran = run(here, &["export", bundle, "--trust", "pinned", "--format", "json"]);
    assert_eq!(ran.code, 0, "{}", ran.out);
    let document: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
    let results = document["results"].as_array().unwrap();
    assert_eq!((results.len(), ran.err.as_str()), (2, ""));
    for result in results {
        assert_eq!(result["result"], "proved");
        assert_eq!(result["exit_code"], 0);
        assert_eq!(result["decision"]["verdict"], "allow");
        assert_eq!(result["decision"]["model"], "acme/credit-risk");
        assert!(result["steps"].as_array().unwrap().iter().all(|step| step["status"] == "ok"));
    }
    let ran = run(here, &["export", "nowhere", "--format", "json"]);
    assert_eq!(ran.code, 2, "an unreadable path outranks the rest");
    let document: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(document["results"][1]["result"], "unreadable");
    let ran = run(here, &["export", "--key", "nowhere", "--format", "json"]);
    assert_eq!(ran.code, 2);
    assert_eq!(
        serde_json::from_str::<serde_json::Value>(&ran.out).unwrap()["error"]["code"],
        "verify-unreadable"
    );
}

#[test]
fn the_worst_of_several_counts() {
    let gate = Gate::new();
    let (allowed, pending) = (
        write(&gate.export(&record(Outcome::Allow))),
        write(&gate.export(&record(Outcome::Pending))),
    );
    let (a, p) = (allowed.export.to_str().unwrap(), pending.export.to_str().unwrap());
    let here = allowed.root.path();
    assert_eq!(run(here, &[a, p, "--trust", "pinned"]).code, 3);
    assert_eq!(run(here, &[a, p]).code, 4);
    fs::write(pending.export.join("inputs.json"), "{}").unwrap();
    assert_eq!(run(here, &[p, a, "--trust", "pinned"]).code, 1);
    assert_eq!(run(here, &[p, a, "nowhere", "--trust", "pinned"]).code, 2);
}

#[test]
fn what_is_no_export_is_unreadable() {
    let place = write(&Gate::new().export(&record(Outcome::Allow)));
    let here = place.root.path();
    fs::create_dir(here.join("empty")).unwrap();
    fs::write(here.join("words"), "hello").unwrap();
    fs::write(here.join("object.json"), "{}").unwrap();
    for path in
        ["nowhere", "empty", "words", "object.json", "export/inputs.json", "export/evidence"]
    {
        let ran = run(here, &[path, "--trust", "pinned"]);
        assert_eq!(ran.code, 2, "{path}: {}", ran.out);
        assert!(ran.err.starts_with("error: "), "{path}: {}", ran.err);
    }
    for keys in [
        ["--trust", "empty"],
        ["--trust", "nowhere"],
        ["--key", "words"],
        ["--key", "nowhere"],
        ["--key", "export/inputs.json"],
    ] {
        assert_eq!(run(here, &[&["export"], keys.as_slice()].concat()).code, 2, "{keys:?}");
    }
    assert_eq!(run(here, &[]).code, 2);
    fs::remove_file(place.export.join("record.dsse.json")).unwrap();
    assert_eq!(
        run(here, &["export", "--trust", "pinned"]).code,
        1,
        "an export without its record is not whole"
    );
}

#[cfg(unix)]
#[test]
fn links_are_not_followed() {
    let place = write(&Gate::new().export(&record(Outcome::Allow)));
    let (inside, outside) =
        (place.export.join("inputs.json"), place.root.path().join("inputs.json"));
    fs::rename(&inside, &outside).unwrap();
    std::os::unix::fs::symlink(&outside, &inside).unwrap();
    let ran = run(place.root.path(), &["export", "--trust", "pinned"]);
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains("no links"), "{}", ran.err);
}

#[test]
fn the_exports_own_keys_make_nothing_true() {
    let (own, theirs) = (Gate::new(), Gate::new());
    let (own, theirs) = (
        write(&own.export(&record(Outcome::Allow))),
        write(&theirs.export(&record(Outcome::Allow))),
    );
    let export = theirs.export.to_str().unwrap();
    assert_eq!(run(own.root.path(), &[export, "--trust", "pinned"]).code, 1);
    assert_eq!(run(own.root.path(), &[export]).code, 4);
}

/// A user who pins the key from the export itself gets a warning.
#[test]
fn a_key_out_of_the_export_is_remarked_upon() {
    let place = write(&Gate::new().export(&record(Outcome::Allow)));
    let ran = run(place.root.path(), &["export", "--trust", "export/trust"]);
    assert_eq!(ran.code, 0);
    assert!(ran.err.starts_with("note: a pinned key is in the export itself"), "{}", ran.err);
    assert_eq!(run(place.root.path(), &["export", "--trust", "pinned"]).err, "");
}

/// A name in an export cannot colour or move the text in the terminal.
#[test]
fn text_from_an_export_is_shown_as_data() {
    let place = write(&Gate::new().export(&record(Outcome::Allow)));
    fs::write(place.export.join("evil\u{1b}[2J\u{202e}name"), "x").unwrap();
    let ran = run(place.root.path(), &["export", "--trust", "pinned"]);
    assert_eq!(ran.code, 1);
    assert!(ran.out.contains("nothing-else"), "{}", ran.out);
    assert!(!ran.out.contains('\u{1b}') && !ran.out.contains('\u{202e}'), "{:?}", ran.out);
}
