//! Databases and exports that earlier versions wrote: they open, prove, answer as they did then, and
//! go on. `tests/fixtures/kept` has one folder for each version, and only grows.

use crate::support::{
    app::{TestApp, artifact},
    database::{Engine, TestDatabase},
};
use modelgate::ledger::verify;
use serde_json::{Value, json};
use std::{
    collections::BTreeMap, fs, io::Read as _, os::unix::fs::PermissionsExt as _, path::PathBuf,
};

/// Each version, and a time after everything in its folder. 0.1.0 was written by commit b44d589.
const VERSIONS: [(&str, &str); 1] = [("0.1.0", "2026-11-29T00:00:00Z")];

fn folder(version: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/kept").join(version)
}

fn expected(version: &str) -> Value {
    serde_json::from_slice(&fs::read(folder(version).join("expected.json")).unwrap()).unwrap()
}

fn copy(from: &std::path::Path, to: &std::path::Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let place = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &place);
        } else {
            fs::copy(entry.path(), &place).unwrap();
            // A clone has no modes: keys must be readable by their owner alone.
            fs::set_permissions(place, fs::Permissions::from_mode(0o600)).unwrap();
        }
    }
}

/// A copy of the database of a version, with its keys, heads and uploads.
async fn database((version, after): (&str, &'static str)) -> TestDatabase {
    let mut database = TestDatabase::new(Engine::Sqlite).await;
    database.now = after;
    let (from, to) = (folder(version), database.folder.path());
    for part in ["keys", "heads", "blobs"] {
        copy(&from.join(part), &to.join(part));
    }
    let mut bytes = Vec::new();
    let packed = fs::File::open(from.join("modelgate.db.gz")).unwrap();
    flate2::read::GzDecoder::new(packed).read_to_end(&mut bytes).unwrap();
    fs::write(&database.address, bytes).unwrap();
    database
}

#[test]
fn every_kept_version_is_tested() {
    let kept = fs::read_dir(folder("")).unwrap();
    let kept: Vec<String> =
        kept.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    assert_eq!(kept, VERSIONS.map(|(version, _)| version));
    for (version, _) in VERSIONS {
        let expected = expected(version);
        for part in ["gate", "releases", "history"] {
            let size = expected[part].as_object().map(serde_json::Map::len);
            assert!(size.or(expected[part].as_array().map(Vec::len)) > Some(7), "{version} {part}");
        }
    }
}

/// Takes out the reason that an earlier engine evaluated a release; whether it was there.
fn forget_engine(reasons: &mut Value) -> bool {
    let reasons = reasons.as_array_mut().unwrap();
    let before = reasons.len();
    reasons.retain(|reason| !reason.as_str().unwrap().contains("with other semantics"));
    reasons.len() < before
}

#[tokio::test]
async fn a_database_of_an_earlier_version_answers_as_it_did() {
    for (version, after) in VERSIONS {
        let (database, expected) = (database((version, after)).await, expected(version));
        let app = TestApp::start(&database).await;
        let ci = expected["tokens"]["ci"].as_str().unwrap();
        for (place, answer) in expected["gate"].as_object().unwrap() {
            let (name, environment) = place.split_once(' ').unwrap();
            let path = format!(
                "/api/v1/gate?model=acme/credit&digest={}&environment={environment}",
                artifact(name)
            );
            let mut now = app.get(ci, &path).await.1["data"].clone();
            // What waits must be evaluated again by the engine of today.
            let waits = answer["verdict"] == "pending";
            assert_eq!(forget_engine(&mut now["reasons"]), waits, "{version} {place}");
            assert_eq!(now, *answer, "{version} {place}");
        }
        let list = app.get(ci, "/api/v1/releases?limit=100").await.1;
        assert_eq!(list["data"], expected["releases"], "{version}");
        for (id, history) in expected["history"].as_object().unwrap() {
            let mut now = app.get(ci, &format!("/api/v1/releases/{id}")).await.1;
            if now["standing"]["obstacle"]["code"] == "engine-changed" {
                now["standing"]["obstacle"] = Value::Null;
            }
            for (key, value) in history.as_object().unwrap() {
                assert_eq!(now[key], *value, "{version} {id} {key}");
            }
        }
        assert_eq!(app.service.check_all().await.unwrap().wrong, Vec::<String>::new());
        let gone = expected["tokens"]["gone"].as_str().unwrap();
        assert_eq!(app.get(gone, "/api/v1/releases").await.0, 401, "it was revoked then");
        app.stop().await;
    }
}

#[tokio::test]
async fn a_database_of_an_earlier_version_goes_on() {
    for (version, after) in VERSIONS {
        let (database, expected) = (database((version, after)).await, expected(version));
        let app = TestApp::start(&database).await;
        let (ci, bob) = (
            expected["tokens"]["ci"].as_str().unwrap(),
            expected["tokens"]["bob"].as_str().unwrap(),
        );
        // Ada had approved what an earlier engine found. It is evaluated again, and both approve that.
        let half = &expected["names"]["half"];
        let release = format!("/api/v1/releases/{}", half["release"].as_str().unwrap());
        let path = format!("{release}/approvals");
        let vote = |inputs: &Value| json!({"vote": "approve", "inputs_digest": inputs});
        let (status, refused) = app.post(bob, &path, &vote(&half["inputs_digest"])).await;
        assert_eq!((status, &refused["code"]), (409, &json!("engine-changed")), "{refused}");
        let inputs = app.get(ci, &release).await.1["inputs_digest"].clone();
        assert_ne!(inputs, half["inputs_digest"]);
        let ada = expected["tokens"]["ada"].as_str().unwrap();
        let (status, waiting) = app.post(ada, &path, &vote(&inputs)).await;
        assert_eq!((status, &waiting["verdict"]["verdict"]), (200, &json!("pending")), "{waiting}");
        let (status, voted) = app.post(bob, &path, &vote(&inputs)).await;
        assert_eq!((status, &voted["verdict"]["verdict"]), (200, &json!("allow")), "{voted}");
        let old = expected["names"]["good"]["decision"].as_str().unwrap();
        let new = voted["decision"].as_str().unwrap();
        for decision in [old, new] {
            let files = app.export(ci, &json!({"decision": decision})).await;
            assert_whole(decision, &files);
        }
        // What was taken over once is not taken over again, and what has no entry is refused.
        app.stop().await;
        let app = TestApp::start(&database).await;
        assert_eq!(app.get(ci, "/api/v1/releases").await.0, 200);
        app.stop().await;
        database.execute("UPDATE tokens SET entry_idx = NULL").await;
        let app = TestApp::start(&database).await;
        assert_eq!(app.get(ci, "/api/v1/releases").await.1["code"], "row-unproved");
        app.stop().await;
    }
}

#[test]
fn an_export_of_an_earlier_version_verifies_and_replays() {
    for (version, _) in VERSIONS {
        for export in fs::read_dir(folder(version).join("exports")).unwrap().map(Result::unwrap) {
            let mut files = BTreeMap::new();
            read(&export.path(), "", &mut files);
            let name = export.file_name().into_string().unwrap();
            assert_whole(&name, &files);
            let replayed = modelgate::app::offline::replay::replay(&files).unwrap();
            assert!(replayed.same, "{name}");
        }
    }
}

/// An export that proves its decision, to a reader who pinned no key.
fn assert_whole(name: &str, files: &BTreeMap<String, Vec<u8>>) {
    let report = verify::directory(files, &verify::Pinned::default(), &verify::Expected::default());
    let report = report.unwrap();
    assert!(!report.is_refuted() && report.decision.is_some(), "{name}: {:?}", report.steps);
}

fn read(folder: &std::path::Path, below: &str, files: &mut BTreeMap<String, Vec<u8>>) {
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let name = format!("{below}{}", entry.file_name().into_string().unwrap());
        if entry.file_type().unwrap().is_dir() {
            read(&entry.path(), &format!("{name}/"), files);
        } else {
            files.insert(name, fs::read(entry.path()).unwrap());
        }
    }
}
