//! Lists are returned page by page, for any length: each row appears once, even if rows are added
//! meanwhile.

use crate::{
    on_both_engines,
    support::{
        app::{TestApp, accuracy, answer, artifact, submission},
        database::TestDatabase,
    },
};
use modelgate::identity::Scope;
use serde_json::{Value, json};

const ROWS: usize = 5;

/// All rows of a list, read two at a time.
async fn all(app: &TestApp, token: &str, path: &str) -> Vec<Value> {
    let joint = if path.contains('?') { '&' } else { '?' };
    let (mut rows, mut next): (Vec<Value>, _) = (Vec::new(), String::new());
    loop {
        let (status, page) = app.get(token, &format!("{path}{joint}limit=2{next}")).await;
        assert_eq!(status, 200, "{path}: {page}");
        let data = page["data"].as_array().unwrap();
        assert!(data.len() <= 2, "{path}");
        rows.extend(data.iter().cloned());
        match page["next"].as_str() {
            Some(cursor) => next = format!("&cursor={cursor}"),
            None => return rows,
        }
    }
}

on_both_engines! {
    async fn a_list_of_releases_reads_no_inputs(database: TestDatabase) {
        let app = TestApp::start(&database).await;
        let ci = app.machine("acme", &[Scope::Read, Scope::Submit]).await;
        for name in ["v1", "v2"] {
            app.submit(&ci, &submission("acme/m", name, &accuracy(960, 1000))).await;
        }
        // Inputs can be large, and a list shows none of them: a row with unreadable inputs is still
        // listed.
        database.execute("UPDATE inputs SET document = '{'").await;
        let (status, list) = app.get(&ci, "/api/v1/releases").await;
        assert_eq!((status, list["data"].as_array().map(Vec::len)), (200, Some(2)), "{list}");
        app.stop().await;
    }

    async fn every_list_has_pages(database: TestDatabase) {
        let app = TestApp::start(&database).await;
        let admin = app.machine("acme", &[Scope::Admin, Scope::Submit, Scope::Read, Scope::Policy]).await;
        let floor = |n: usize| format!("name = \"floor\"\n# {n}\n[[rule]]\nid = \"a\"\nmetric = \"accuracy\"\nmin = 0.9\n");
        let (_, rows) = app.upload(&admin, "id,label\n1,0\n2,1\n").await;
        for n in 0..ROWS {
            assert_eq!(app.publish("acme", &floor(n)).await.0, 201);
            let mapping = app.http.post(format!("{}/api/v1/mappings", app.base)).bearer_auth(&admin);
            let text = format!("{}# {n}\n", crate::mappings::MAPPING);
            assert_eq!(answer(mapping.body(text)).await.0, 201);
            let set = json!({"name": format!("set-{n}"), "digest": rows["data"]["digest"], "id": "id", "label": "label"});
            assert_eq!(app.post(&admin, "/api/v1/datasets", &set).await.0, 201);
        }
        for n in 0..ROWS {
            let (model, name) = (format!("acme/model-{n}"), format!("a{n}"));
            let decided = app.submit(&admin, &submission(&model, &name, &accuracy(950, 1000))).await;
            assert_eq!(decided.1["verdict"]["verdict"], "allow", "{decided:?}");
        }
        for n in 0..ROWS {
            let body = json!({"model": "acme/model-0", "environment": "production", "artifact": artifact("a0"), "comment": format!("{n}")});
            assert_eq!(app.post(&admin, "/api/v1/references", &body).await.0, 201);
        }
        let references = "/api/v1/references?model=acme/model-0&environment=production";
        for (path, of) in [
            ("/api/v1/policies", "version"), ("/api/v1/mappings", "version"), ("/api/v1/datasets", "name"),
            ("/api/v1/models", "model"), ("/api/v1/releases", "artifact"), (references, "comment"),
        ] {
            let listed = all(&app, &admin, path).await;
            let mut distinct: Vec<String> = listed.iter().map(|row| row[of].to_string()).collect();
            distinct.sort();
            distinct.dedup();
            assert_eq!((listed.len(), distinct.len()), (ROWS, ROWS), "{path}: each row once");
            let joint = if path.contains('?') { '&' } else { '?' };
            for wrong in ["limit=0", "limit=201", "cursor=x"] {
                assert_eq!(app.get(&admin, &format!("{path}{joint}{wrong}")).await.0, 400, "{path} {wrong}");
            }
            let (_, whole) = app.get(&admin, path).await;
            assert_eq!((whole["data"].as_array().unwrap(), &whole["next"]), (&listed, &Value::Null), "{path}");
        }
        app.stop().await;
    }
}
