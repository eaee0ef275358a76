//! Files that no format recognises, read with a mapping; and several documents in one archive.

use crate::{
    on_both_engines,
    support::{
        app::{Answer, TestApp, accuracy, answer, submission},
        database::TestDatabase,
        served::{Served, modelgate, run},
    },
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use modelgate::{app::offline::replay, identity::Scope, model::Digest};
use serde_json::{Value, json};
use std::{fs, io::Write as _};

const POLICY: &str =
    "name = \"floor\"\n[[rule]]\nid = \"accuracy-floor\"\nmetric = \"accuracy\"\nmin = 0.9\n";

pub const MAPPING: &str = r#"
name = "acme-eval"
syntax = "json"
[[measurement]]
metric = "accuracy"
value = { path = "$.score" }
n = { path = "$.rows" }
successes = { path = "$.right" }
[[check]]
name = "done"
passed = { path = "$.done" }
"#;

fn own(right: u32) -> Value {
    json!({"score": f64::from(right) / 1000.0, "rows": 1000, "right": right, "done": true})
}

fn zip(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, bytes) in files {
        writer.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
        writer.write_all(bytes).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

async fn publish(app: &TestApp, token: &str, toml: &str) -> Answer {
    let request = app.http.post(format!("{}/api/v1/mappings", app.base)).bearer_auth(token);
    answer(request.body(toml.to_owned())).await
}

fn mapped(name: &str, document: &Value, mapping: &str) -> Value {
    let mut body = submission("acme/credit", name, document);
    body["evidence"][0]["mapping"] = json!(mapping);
    body
}

on_both_engines! {
    async fn a_mapping_has_versions_and_belongs_to_its_namespace(database: TestDatabase) {
        let app = TestApp::start(&database).await;
        let author = app.machine("acme", &[Scope::Policy, Scope::Read]).await;
        let (status, first) = publish(&app, &author, MAPPING).await;
        assert_eq!((status, &first["version"], &first["name"]), (201, &json!(1), &json!("acme-eval")), "{first}");
        assert_eq!(publish(&app, &author, MAPPING).await.1, first);
        assert_eq!(app.entries_of(&author, "mapping-published").await, 1);
        let changed = MAPPING.replace("$.score", "$.value");
        assert_eq!(publish(&app, &author, &changed).await.1["version"], 2);
        assert_eq!(publish(&app, &author, MAPPING).await.1["version"], 3);
        let (_, list) = app.get(&author, "/api/v1/mappings").await;
        let versions: Vec<_> = list["data"].as_array().unwrap().iter().map(|m| m["version"].clone()).collect();
        assert_eq!(versions, [3, 2, 1]);
        let address = format!("{}/api/v1/mappings/{}", app.base, Digest::of(changed.as_bytes()));
        let body = app.http.get(&address).bearer_auth(&author).send().await.unwrap().text().await.unwrap();
        assert_eq!(body, changed);

        let (status, mistakes) = publish(&app, &author, &MAPPING.replace("$.rows", "rows[")).await;
        assert_eq!((status, &mistakes["code"]), (422, &json!("mapping-invalid")));
        assert!(mistakes["detail"].as_str().unwrap().contains("line 4"), "{mistakes}");
        let reader = app.machine("acme", &[Scope::Read]).await;
        assert_eq!(publish(&app, &reader, MAPPING).await.0, 403);

        let other = app.machine("zeta", &[Scope::Submit, Scope::Read]).await;
        assert_eq!(app.http.get(&address).bearer_auth(&other).send().await.unwrap().status().as_u16(), 404);
        let mut theirs = mapped("x", &own(950), "acme-eval");
        theirs["model"] = json!("zeta/credit");
        let (status, refused) = app.submit(&other, &theirs).await;
        assert_eq!((status, &refused["code"]), (422, &json!("mapping-unknown")));
        app.stop().await;
    }

    async fn what_a_mapping_read_is_judged_exported_and_replayed(database: TestDatabase) {
        let app = TestApp::start(&database).await;
        app.publish("acme", POLICY).await;
        let author = app.machine("acme", &[Scope::Policy]).await;
        publish(&app, &author, MAPPING).await;
        let digest = Digest::of(MAPPING.as_bytes());
        let ci = app.machine("acme", &[Scope::Submit, Scope::Read]).await;
        let (status, unread) = app.submit(&ci, &submission("acme/credit", "a", &own(950))).await;
        assert_eq!((status, &unread["code"]), (422, &json!("evidence-not-understood")));
        let (status, decided) = app.submit(&ci, &mapped("a", &own(950), "acme-eval")).await;
        assert_eq!((status, &decided["verdict"]["verdict"]), (201, &json!("allow")), "{decided}");
        let inputs = app.inputs(&ci, &decided).await;
        assert_eq!(inputs["mappings"], json!([digest]));
        assert_eq!((&inputs["evidence"][0]["mapping"], &inputs["evidence"][0]["format"]), (&json!(digest), &json!("mapping")));

        // The same bytes with another version of the mapping are different inputs, and the first
        // version stays unchanged.
        let stricter = MAPPING.replace("[[check]]", "unit = \"%\"\n[[check]]");
        publish(&app, &author, &stricter).await;
        let again = app.submit(&ci, &mapped("a", &own(950), "acme-eval")).await.1;
        assert_ne!(again["verdict"]["inputs_digest"], decided["verdict"]["inputs_digest"]);
        let by_digest = app.submit(&ci, &mapped("a", &own(950), &digest.to_string())).await.1;
        assert_eq!(by_digest["verdict"]["inputs_digest"], decided["verdict"]["inputs_digest"]);

        let mut files = app.export(&ci, &decided).await;
        let path = format!("mappings/{}.toml", digest.hex());
        assert_eq!(files.get(&path).map(Vec::as_slice), Some(MAPPING.as_bytes()));
        assert!(replay::replay(&files).unwrap().same);
        files.remove(&path);
        let replayed = replay::replay(&files).unwrap();
        assert!(!replayed.same && replayed.recomputed.is_none(), "{replayed:?}");
        app.stop().await;
    }

    async fn the_files_of_an_archive_are_documents_of_their_own(database: TestDatabase) {
        let app = TestApp::start(&database).await;
        app.publish("acme", POLICY).await;
        let ci = app.machine("acme", &[Scope::Submit, Scope::Read]).await;
        let good = accuracy(950, 1000).to_string();
        let junit = "<testsuite name=\"t\" tests=\"0\"></testsuite>";
        let archive = zip(&[("eval/a.json", good.as_bytes()), ("plot.png", b"\x89PNG\r\n"), ("notes.txt", b"hello")]);
        let mut body = submission("acme/credit", "a", &json!({}));
        body["evidence"] = json!([{"name": "all.zip", "content_base64": STANDARD.encode(&archive)}]);
        let (status, decided) = app.submit(&ci, &body).await;
        assert_eq!((status, &decided["verdict"]["verdict"]), (201, &json!("allow")), "{decided}");
        assert_eq!(decided["left_out"], json!(["all.zip: plot.png", "all.zip: notes.txt"]));
        let inputs = app.inputs(&ci, &decided).await;
        assert_eq!(inputs["evidence"][0]["digest"], json!(Digest::of(good.as_bytes())));
        assert!(replay::replay(&app.export(&ci, &decided).await).unwrap().same);

        // A large document is read on a blocking thread, and gets the same answer.
        let large = format!("{good}{}", " ".repeat(600_000));
        body["evidence"] = json!([{"name": "large.json", "content_base64": STANDARD.encode(&large)}]);
        let (status, decided) = app.submit(&ci, &body).await;
        assert_eq!((status, &decided["verdict"]["verdict"]), (201, &json!("allow")), "{decided}");
        assert_eq!(app.inputs(&ci, &decided).await["evidence"][0]["digest"], json!(Digest::of(large.as_bytes())));
        body["evidence"] = json!([{"name": "large.json", "content_base64": STANDARD.encode(large.replacen('}', "]", 1))}]);
        assert_eq!(app.submit(&ci, &body).await.0, 422);

        // A reader's warnings are reported with the verdict.
        let report = r#"{"accuracy": 0.95, "auc": NaN, "_evaluate_version": "0.4.6"}"#;
        let archive = zip(&[("eval/a.json", good.as_bytes()), ("eval/b.json", report.as_bytes())]);
        body["evidence"] = json!([{"name": "all.zip", "content_base64": STANDARD.encode(&archive)}]);
        let (status, decided) = app.submit(&ci, &body).await;
        assert_eq!(status, 201, "{decided}");
        assert_eq!(decided["warnings"], json!(["all.zip: eval/b.json: undefined, and never a pass: `auc` is NaN"]));

        // One broken document makes the service refuse all of them, and nothing is stored.
        let size = app.log_size("acme").await;
        for (name, bytes) in [("bad.json", &b"{\"a\": 1,"[..]), ("bad.xml", &junit.as_bytes()[..20]), ("../up.json", good.as_bytes())] {
            let archive = zip(&[("eval/a.json", good.as_bytes()), (name, bytes)]);
            body["evidence"] = json!([{"name": "all.zip", "content_base64": STANDARD.encode(&archive)}]);
            let (status, refused) = app.submit(&ci, &body).await;
            assert_eq!(status, 422, "{refused}");
            assert!(refused["detail"].as_str().unwrap().contains(name), "{refused}");
        }
        assert_eq!(app.log_size("acme").await, size);
        app.stop().await;
    }
}

#[test]
fn mappings_and_archives_on_the_command_line() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, bytes: &[u8]| fs::write(folder.path().join(name), bytes).unwrap();
    write("own.json", own(950).to_string().as_bytes());
    write("own.toml", MAPPING.as_bytes());
    write("bad.toml", MAPPING.replace("json", "yaml").as_bytes());
    write("policy.toml", POLICY.as_bytes());
    let good = accuracy(950, 1000).to_string();
    write("all.zip", &zip(&[("a/eval.json", good.as_bytes()), ("plot.png", b"\x89PNG")]));
    let told = |args: &[&str]| {
        let mut command = modelgate(folder.path());
        command.args(args);
        run(command)
    };
    let read =
        told(&["evidence", "inspect", "own.json", "--mapping", "own.toml", "--format", "json"])
            .expect(0)
            .json();
    assert_eq!(
        (&read["format"], &read["measurements"][0]["successes"]),
        (&json!("mapping"), &json!(950))
    );
    assert_eq!(read["checks"][0]["passed"], true);
    let check = ["check", "--policy", "policy.toml", "--format", "json", "--evidence"];
    let judged = told(&[&check[..], &["mapping=own.toml:own.json"]].concat()).expect(0).json();
    assert_eq!(judged["verdict"], "allow");
    told(&[&check[..], &["own.json"]].concat()).expect(2);
    told(&["mapping", "lint", "own.toml"]).expect(0);
    let lint = told(&["mapping", "lint", "own.toml", "bad.toml"]).expect(2);
    assert!(lint.stderr.contains("bad.toml") && lint.stderr.contains("line 3"), "{}", lint.stderr);

    let archive = told(&["evidence", "inspect", "all.zip", "--format", "json"]).expect(0).json();
    assert_eq!(
        (&archive["format"], &archive["documents"][0]["name"]),
        (&json!("zip"), &json!("a/eval.json"))
    );
    assert_eq!(archive["measurements"][0]["document"], "a/eval.json");
    assert!(archive["warnings"][0].as_str().unwrap().contains("plot.png"), "{archive}");
    let judged = told(&[&check[..], &["all.zip"]].concat()).expect(0);
    assert!(judged.stderr.contains("not read: all.zip: plot.png"), "{}", judged.stderr);
}

/// The page shows the mapping from the fixtures, and the mapping reads what the page says.
#[test]
fn the_mappings_of_the_page_read_their_documents() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let text = |path: &str| fs::read_to_string(root.join(path)).unwrap();
    let page = text("docs/mappings.md");
    assert!(
        page.contains(&format!("```toml\n{}```", text("tests/fixtures/mappings/acme-eval.toml")))
    );
    let read = |name: &str| {
        let mapping = modelgate::evidence::Mapping::parse(
            text(&format!("tests/fixtures/mappings/{name}.toml")).as_bytes(),
        );
        mapping
            .unwrap()
            .read(text(&format!("tests/fixtures/mappings/{name}.document")).as_bytes())
            .unwrap()
    };
    let eval = read("acme-eval");
    let values: Vec<_> = eval
        .measurements
        .iter()
        .map(|m| (m.value, m.known_trials(), m.slice.to_string()))
        .collect();
    let overall = || "overall".to_owned();
    assert_eq!(
        values,
        [
            (Some(0.931), Some(12_000), overall()),
            (Some(0.905), Some(1_600), "region = north".to_owned()),
            (Some(0.852), Some(1_500), "region = south".to_owned()),
            (Some(84.1), None, overall()),
        ]
    );
    assert_eq!(eval.checks.len(), 1);
    assert_eq!(read("sheet").measurements.len(), 2);
}

#[test]
fn a_mapping_is_published_and_named_by_the_gate() {
    let served = Served::start();
    let write = |name: &str, text: &str| fs::write(served.folder.path().join(name), text).unwrap();
    write("own.json", &own(950).to_string());
    write("own.toml", MAPPING);
    write("model.bin", "weights");
    let evidence = |which: &str| {
        let of = [
            "gate",
            "--model",
            "acme/other",
            "--environment",
            "staging",
            "--artifact",
            "model.bin",
            "--format",
            "json",
        ];
        served.run(&[&of[..], &["--evidence", &format!("mapping={which}:own.json")]].concat())
    };
    assert!(evidence("own.toml").expect(2).stdout.contains("mapping-unknown"));
    let published = served.run(&["mapping", "publish", "own.toml"]).expect(0);
    assert!(published.stdout.starts_with("acme-eval version 1"), "{}", published.stdout);
    assert!(served.run(&["mapping", "list"]).expect(0).stdout.contains("acme-eval version 1"));
    let by_file = evidence("own.toml").expect(4).json();
    let by_name = evidence("acme-eval").expect(4).json();
    assert_eq!(by_file["verdict"]["inputs_digest"], by_name["verdict"]["inputs_digest"]);
}
