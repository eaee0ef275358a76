//! Rows that were changed in the database are errors, never answers: each is proved by its entry in
//! the log.

use crate::{
    on_both_engines,
    support::{
        app::{POLICY, TestApp, accuracy, artifact, submission},
        database::TestDatabase,
    },
};
use modelgate::identity::{Scope, Secret};
use serde_json::{Value, json};

const MAPPING: &str = "name = \"ours\"\nsyntax = \"json\"\n[[measurement]]\nmetric = \"accuracy\"\nvalue = { path = \"$.acc\" }\n";

/// What a person with access to the database does, and the answers that must not follow from it.
struct Edit {
    what: &'static str,
    table: &'static str,
    /// Columns and the SQL of their new values.
    set: Vec<(&'static str, String)>,
    /// Which rows.
    rows: String,
    /// Addresses whose answer would be a lie.
    lies: Vec<String>,
}

/// A service with one allowed, one denied and one pending release.
struct Stage {
    app: TestApp,
    ci: String,
    people: [String; 2],
    good: Value,
    bad: Value,
    waiting: Value,
    policy: String,
    mapping: String,
}

async fn staged(database: &TestDatabase) -> Stage {
    let app = TestApp::start(database).await;
    let policy = app.publish("acme", POLICY).await.1["digest"].as_str().unwrap().to_owned();
    let ci = app.machine("acme", &[Scope::Read, Scope::Submit]).await;
    let owner = app.machine("acme", &[Scope::Policy]).await;
    let request = app.http.post(format!("{}/api/v1/mappings", app.base)).bearer_auth(&owner);
    let published = request.body(MAPPING).send().await.unwrap();
    assert_eq!(published.status(), 201);
    let mapping: Value = published.json().await.unwrap();
    let people = [
        app.person("acme", "ada", "model-risk").await,
        app.person("acme", "bob", "model-risk").await,
    ];
    let submit = async |name: &str, right: u64| {
        let (status, decided) =
            app.submit(&ci, &submission("acme/credit", name, &accuracy(right, 1000))).await;
        assert_eq!(status, 201, "{decided}");
        decided
    };
    let (bad, good, waiting) =
        (submit("bad", 500).await, submit("good", 960).await, submit("waiting", 970).await);
    for person in &people {
        let (status, voted) = vote(&app, person, &good).await;
        assert_eq!(status, 200, "{voted}");
    }
    let mapping = mapping["digest"].as_str().unwrap().to_owned();
    Stage { app, ci, people, good, bad, waiting, policy, mapping }
}

async fn vote(app: &TestApp, person: &str, decided: &Value) -> (u16, Value) {
    let path = format!("/api/v1/releases/{}/approvals", id(decided));
    let body = json!({"vote": "approve", "inputs_digest": decided["verdict"]["inputs_digest"]});
    app.post(person, &path, &body).await
}

fn id(decided: &Value) -> &str {
    decided["release"].as_str().unwrap()
}

fn gate(name: &str) -> String {
    let digest = artifact(name);
    format!("/api/v1/gate?model=acme/credit&digest={digest}&environment=production")
}

impl Stage {
    fn edits(&self) -> Vec<Edit> {
        let bad = id(&self.bad);
        let decision = self.bad["decision"].as_str().unwrap();
        let release = format!("/api/v1/releases/{bad}");
        let of_bad = format!("id = '{bad}'");
        let other = |column: &str| {
            let allowed = format!("release_id = '{}' AND verdict = 'allow'", id(&self.good));
            format!("(SELECT {column} FROM decisions WHERE {allowed})")
        };
        let on_release = |column: &'static str, value: &str| Edit {
            what: column,
            table: "releases",
            set: vec![(column, value.to_owned())],
            rows: of_bad.clone(),
            lies: vec![release.clone()],
        };
        let mut edits = vec![
            on_release("version", "'v9'"),
            on_release("submitter_id", "'user:other'"),
            on_release("submitter_name", "'Somebody Else'"),
            on_release("comment", "'urgent'"),
            on_release("requested_at_us", "requested_at_us + 1"),
            on_release("environment", "'staging'"),
            on_release("model", "'acme/other'"),
            on_release("inputs_digest", &format!("'{}'", artifact("other"))),
            on_release("inputs", "REPLACE(inputs, 'two-eyes', 'no-eyes')"),
            on_release("decisions", "decisions + 1"),
            Edit {
                what: "an allow's record for a denied release",
                table: "decisions",
                set: ["record", "record_signature"].map(|c| (c, other(c))).to_vec(),
                rows: format!("id = '{decision}'"),
                lies: vec![gate("bad"), release.clone(), format!("/api/v1/decisions/{decision}")],
            },
            Edit {
                what: "an allow's record and its entry for a denied release",
                table: "decisions",
                set: ["record", "record_signature", "record_idx"].map(|c| (c, other(c))).to_vec(),
                rows: format!("id = '{decision}'"),
                lies: vec![gate("bad"), release.clone(), format!("/api/v1/decisions/{decision}")],
            },
            Edit {
                what: "a summary that nobody issued",
                table: "decisions",
                set: vec![("vsa", "record".into()), ("vsa_signature", "record_signature".into())],
                rows: format!("id = '{decision}'"),
                lies: vec![format!("/api/v1/decisions/{decision}/export")],
            },
            Edit {
                what: "the denied artifact under the row of the allowed one",
                table: "releases",
                set: vec![("artifact", format!("'{}'", artifact("bad")))],
                rows: format!("id = '{}'", id(&self.good)),
                lies: vec![gate("bad")],
            },
            Edit {
                what: "a decision on another release",
                table: "decisions",
                set: vec![("release_id", format!("'{bad}'")), ("seq", "7".into())],
                rows: format!("release_id = '{}' AND verdict = 'allow'", id(&self.good)),
                lies: vec![gate("bad"), release.clone()],
            },
            Edit {
                what: "a vote of another person",
                table: "approvals",
                set: vec![("document", "REPLACE(document, 'ada', 'eve')".into())],
                rows: format!("release_id = '{}'", id(&self.good)),
                lies: vec![format!("/api/v1/releases/{}", id(&self.good))],
            },
            Edit {
                what: "another policy",
                table: "policies",
                set: vec![("source", "REPLACE(source, '0.9', '0.1')".into())],
                rows: "name = 'two-eyes'".into(),
                lies: vec![format!("/api/v1/policies/{}", self.policy)],
            },
            Edit {
                what: "another mapping",
                table: "mappings",
                set: vec![("source", "REPLACE(source, 'accuracy', 'recall')".into())],
                rows: "name = 'ours'".into(),
                lies: vec![format!("/api/v1/mappings/{}", self.mapping)],
            },
        ];
        let digest = artifact("policy");
        edits.push(Edit {
            what: "a policy with its digest",
            table: "policies",
            set: vec![("digest", format!("'{digest}'"))],
            rows: "name = 'two-eyes'".into(),
            lies: vec![format!("/api/v1/policies/{digest}")],
        });
        edits
    }
}

on_both_engines! {
    async fn what_was_edited_in_the_database_is_not_served(database: TestDatabase) {
        let stage = staged(&database).await;
        let mut served = Vec::new();
        for edit in stage.edits() {
            let Edit { what, table, set, rows, lies } = edit;
            for path in &lies {
                assert!(stage.app.get(&stage.ci, path).await.0 < 500, "{what}: {path} before");
            }
            let key = if table == "entries" { "idx" } else if matches!(table, "policies" | "mappings") { "entry_idx" } else { "id" };
            database.execute_owned(format!("CREATE TABLE kept AS SELECT * FROM {table} WHERE {rows}")).await;
            let set_to = set.iter().map(|(column, value)| format!("{column} = {value}")).collect::<Vec<_>>().join(", ");
            database.execute_owned(format!("UPDATE {table} SET {set_to} WHERE {rows}")).await;
            for path in &lies {
                let (status, body) = stage.app.get(&stage.ci, path).await;
                if (status, &body["code"]) != (503, &json!("row-unproved")) {
                    served.push(format!("{what}: {path}: {status} {body}"));
                }
            }
            let back = set.iter().map(|(column, _)| format!("{column} = (SELECT {column} FROM kept WHERE kept.{key} = {table}.{key})"));
            let back = back.collect::<Vec<_>>().join(", ");
            database.execute_owned(format!("UPDATE {table} SET {back} WHERE {key} IN (SELECT {key} FROM kept)")).await;
            database.execute("DROP TABLE kept").await;
        }
        assert!(served.is_empty(), "{} edits were served:\n{}", served.len(), served.join("\n"));
        assert_eq!(stage.app.get(&stage.ci, &gate("good")).await.1["data"]["ok"], true);
        stage.app.stop().await;
    }

    async fn an_approval_that_no_person_gave_leads_to_no_allow(database: TestDatabase) {
        let stage = staged(&database).await;
        // Ada's vote on the allowed release, copied to the one that waits, with everything in it.
        let (from, to) = (id(&stage.good), id(&stage.waiting));
        let digest = |decided: &Value| decided["verdict"]["inputs_digest"].as_str().unwrap().to_owned();
        let document = format!(
            "REPLACE(REPLACE(document, '{from}', '{to}'), '{}', '{}')", digest(&stage.good), digest(&stage.waiting)
        );
        database.execute_owned(format!(
            "INSERT INTO approvals (id, namespace, release_id, by_id, document, vote, at_us, entry_idx) \
             SELECT 'forged', namespace, '{to}', by_id, {document}, vote, at_us, entry_idx FROM approvals \
             WHERE release_id = '{from}' ORDER BY entry_idx LIMIT 1"
        )).await;
        let (status, refused) = vote(&stage.app, &stage.people[1], &stage.waiting).await;
        assert_eq!((status, &refused["code"]), (503, &json!("row-unproved")), "{refused}");
        assert_eq!(stage.app.get(&stage.ci, &gate("waiting")).await.1["data"]["ok"], false);
        stage.app.stop().await;
    }

    async fn an_edited_entry_proves_nothing(database: TestDatabase) {
        let stage = staged(&database).await;
        stage.app.stop().await;
        for (column, kind) in [("fact", "release-requested"), ("body", "decision-record")] {
            let app = TestApp::start(&database).await;
            let with = if column == "fact" { "body" } else { "leaf_hash" };
            database.execute_owned(format!("CREATE TABLE kept AS SELECT idx, {column} FROM entries WHERE kind = '{kind}'")).await;
            database.execute_owned(format!("UPDATE entries SET {column} = {with} WHERE kind = '{kind}'")).await;
            let (status, body) = app.get(&stage.ci, &gate("bad")).await;
            assert_eq!((status, &body["code"]), (503, &json!("row-unproved")), "{kind}: {body}");
            database.execute_owned(format!("UPDATE entries SET {column} = (SELECT kept.{column} FROM kept WHERE kept.idx = entries.idx) WHERE kind = '{kind}'")).await;
            database.execute("DROP TABLE kept").await;
            assert_eq!(app.get(&stage.ci, &gate("bad")).await.0, 200);
            app.stop().await;
        }
    }

    async fn a_vote_that_was_deleted_is_missed(database: TestDatabase) {
        let stage = staged(&database).await;
        assert_eq!(vote(&stage.app, &stage.people[0], &stage.waiting).await.0, 200);
        database.execute_owned(format!("DELETE FROM approvals WHERE release_id = '{}'", id(&stage.waiting))).await;
        let (status, refused) = vote(&stage.app, &stage.people[1], &stage.waiting).await;
        assert_eq!((status, &refused["code"]), (503, &json!("row-unproved")), "{refused}");
        let (status, page) = stage.app.get(&stage.ci, &format!("/api/v1/releases/{}", id(&stage.waiting))).await;
        assert_eq!((status, &page["code"]), (503, &json!("row-unproved")), "{page}");
        stage.app.stop().await;
    }

    async fn the_queue_shows_nothing_that_was_edited(database: TestDatabase) {
        let stage = staged(&database).await;
        let reviewer = stage.app.service.actor(&Secret::presented(&stage.people[0])).await.unwrap();
        assert_eq!(stage.app.service.pending(&reviewer, None, 10).await.unwrap().len(), 1);
        database.execute("UPDATE releases SET comment = 'harmless' WHERE verdict = 'pending'").await;
        let refused = stage.app.service.pending(&reviewer, None, 10).await.unwrap_err();
        assert_eq!(refused.code, "row-unproved");
        stage.app.stop().await;
    }

    async fn a_policy_that_was_edited_judges_nothing(database: TestDatabase) {
        let stage = staged(&database).await;
        database.execute("UPDATE policies SET source = REPLACE(source, '0.9', '0.1')").await;
        stage.app.stop().await;
        let app = TestApp::start(&database).await;
        let (status, refused) = app.submit(&stage.ci, &submission("acme/credit", "new", &accuracy(500, 1000))).await;
        assert_eq!((status, &refused["code"]), (503, &json!("row-unproved")), "{refused}");
        app.stop().await;
    }
}
