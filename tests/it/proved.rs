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
    proposal: String,
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
    let proposal = json!({
        "model": "acme/credit", "environment": "production", "artifact": artifact("good"), "comment": "pin"
    });
    let (status, proposed) = app.post(&people[0], "/api/v1/references", &proposal).await;
    assert_eq!(status, 201, "{proposed}");
    let proposal = proposed["reference"].as_str().unwrap().to_owned();
    let approval = json!({"comment": "yes"});
    let path = format!("/api/v1/references/{proposal}/approvals");
    assert_eq!(app.post(&people[1], &path, &approval).await.0, 200);
    let admin = app.machine("acme", &[Scope::Submit, Scope::Admin]).await;
    let upload = app.upload(&admin, "id,label\n1,a\n2,b\n").await.1["data"]["digest"]
        .as_str()
        .unwrap()
        .to_owned();
    let dataset =
        json!({"name": "labels", "digest": upload, "id": "id", "label": "label", "groups": []});
    let (status, registered) = app.post(&admin, "/api/v1/datasets", &dataset).await;
    assert!(status < 300, "{registered}");
    Stage { app, ci, people, good, bad, waiting, policy, mapping, proposal }
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
            Edit {
                what: "other inputs",
                table: "inputs",
                set: vec![("document", "REPLACE(document, 'two-eyes', 'no-eyes')".into())],
                rows: format!(
                    "digest = (SELECT d.inputs_digest FROM decisions d WHERE d.id = '{decision}')"
                ),
                lies: vec![gate("bad"), release.clone()],
            },
            Edit {
                what: "the inputs of another decision",
                table: "decisions",
                set: vec![("inputs_digest", other("inputs_digest"))],
                rows: format!("id = '{decision}'"),
                lies: vec![gate("bad"), release.clone()],
            },
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
                what: "the verdict of another decision",
                table: "decisions",
                set: vec![("details", other("details"))],
                rows: format!("id = '{decision}'"),
                lies: vec![gate("bad"), release.clone(), format!("/api/v1/decisions/{decision}")],
            },
            Edit {
                what: "no verdict",
                table: "decisions",
                set: vec![("details", "NULL".into())],
                rows: format!("id = '{decision}'"),
                lies: vec![release.clone(), format!("/api/v1/decisions/{decision}/export")],
            },
            Edit {
                what: "what is not a verdict",
                table: "decisions",
                set: vec![("details", "record".into())],
                rows: format!("id = '{decision}'"),
                lies: vec![release.clone(), format!("/api/v1/decisions/{decision}/export")],
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
        edits.extend(self.edits_of_lists());
        edits.extend(self.edits_of_registered());
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

impl Stage {
    /// Edits of the columns that lists and comparisons are read from.
    fn edits_of_lists(&self) -> Vec<Edit> {
        const LIST: &str = "/api/v1/releases?limit=10";
        let (good, bad) = (id(&self.good), id(&self.bad));
        let edit = |what, column: &'static str, value: &str, of: &str, lie: &str| Edit {
            what,
            table: "releases",
            set: vec![(column, value.to_owned())],
            rows: format!("id = '{of}'"),
            lies: vec![lie.to_owned()],
        };
        let references = "/api/v1/references?model=acme/credit&environment=production";
        vec![
            edit("a verdict in a list", "verdict", "'allow'", bad, LIST),
            edit("a model in a list", "model", "'acme/other'", bad, LIST),
            edit("an artifact in a list", "artifact", &format!("'{}'", artifact("x")), bad, LIST),
            edit("a comment in a list", "comment", "'harmless'", bad, LIST),
            edit("a submitter in a list", "submitter_name", "'Somebody'", bad, LIST),
            edit("a newer release of an artifact", "superseded_idx", "99", good, &gate("good")),
            Edit {
                what: "a reference that was proposed",
                table: "reference_proposals",
                set: vec![("comment", "'other'".into())],
                rows: format!("id = '{}'", self.proposal),
                lies: vec![references.into()],
            },
        ]
    }

    fn edits_of_registered(&self) -> Vec<Edit> {
        let dataset = |what, column, value: &str| Edit {
            what,
            table: "datasets",
            set: vec![(column, value.to_owned())],
            rows: "name = 'labels'".into(),
            lies: vec!["/api/v1/datasets/labels".into(), "/api/v1/datasets".into()],
        };
        vec![
            dataset("the labels of a data set", "label_column", "'id'"),
            dataset("the file of a data set", "digest", &format!("'{}'", artifact("x"))),
        ]
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
            let key = if table == "inputs" { "digest" } else if matches!(table, "policies" | "mappings" | "datasets") { "entry_idx" } else { "id" };
            database.execute_owned(format!("CREATE TABLE kept AS SELECT * FROM {table} WHERE {rows}")).await;
            let set_to = set.iter().map(|(column, value)| format!("{column} = {value}")).collect::<Vec<_>>().join(", ");
            database.execute_owned(format!("UPDATE {table} SET {set_to} WHERE {rows}")).await;
            for path in &lies {
                let (status, body) = stage.app.get(&stage.ci, path).await;
                if (status, &body["code"]) != (503, &json!("row-unproved")) {
                    served.push(format!("{what}: {path}: {status} {body}"));
                }
            }
            let checked = stage.app.service.check_all().await.unwrap();
            if checked.wrong.is_empty() || checked.wrong_count == 0 {
                served.push(format!("{what}: the check of the database found nothing"));
            }
            let back = set.iter().map(|(column, _)| format!("{column} = (SELECT {column} FROM kept WHERE kept.{key} = {table}.{key})"));
            let back = back.collect::<Vec<_>>().join(", ");
            database.execute_owned(format!("UPDATE {table} SET {back} WHERE {key} IN (SELECT {key} FROM kept)")).await;
            database.execute("DROP TABLE kept").await;
        }
        assert!(served.is_empty(), "{} edits were served:\n{}", served.len(), served.join("\n"));
        assert_eq!(stage.app.get(&stage.ci, &gate("good")).await.1["data"]["ok"], true);
        let checked = stage.app.service.check_all().await.unwrap();
        assert_eq!(checked.wrong, Vec::<String>::new());
        assert!(checked.rows > 20, "{checked:?}");
        stage.app.stop().await;
    }

    // Columns that no answer reads, and rows that are gone: the check names the table.
    async fn the_check_of_the_database_covers_every_table(database: TestDatabase) {
        let stage = staged(&database).await;
        let address = "127.0.0.1".parse().unwrap();
        stage.app.service.sign_in("ada", crate::support::app::PASSWORD, address, None).await.unwrap();
        stage.app.service.create_hook("acme".parse().unwrap(), "ci", None).await.unwrap();
        let mut missed = Vec::new();
        for (table, edit) in [
            ("evidence", "UPDATE evidence SET bytes = digest_bytes"),
            ("policies", "UPDATE policies SET source = 'x'"),
            ("releases", "UPDATE releases SET allowed_idx = 3 WHERE allowed_idx IS NULL"),
            ("releases", "UPDATE releases SET superseded_idx = 3"),
            ("decisions", "UPDATE decisions SET verdict = 'allow'"),
            ("approvals", "UPDATE approvals SET by_id = 'user:x'"),
            ("users", "UPDATE users SET roles = 'admin'"),
            ("tokens", "UPDATE tokens SET scopes = 'admin'"),
            ("hook_secrets", "UPDATE hook_secrets SET source = 'x'"),
            ("sessions", "UPDATE sessions SET csrf = 'x'"),
            ("uploads", "UPDATE uploads SET digest = 'sha256:0000000000000000000000000000000000000000000000000000000000000000'"),
            ("datasets", "UPDATE datasets SET id_column = 'x'"),
            ("reference_proposals", "UPDATE reference_proposals SET comment = 'x'"),
            ("reference_proposals", "UPDATE reference_pins SET comment = 'x'"),
            ("releases", "UPDATE tries SET tries = tries + 10"),
            ("mappings", "UPDATE mappings SET name = 'x'"),
            ("champions", "UPDATE champions SET allowed_idx = 1"),
            ("champions", "UPDATE champions SET release_id = (SELECT MIN(id) FROM releases WHERE verdict = 'deny')"),
            ("champions", "DELETE FROM champions"),
            ("approvals", "DELETE FROM approvals"),
            ("datasets", "DELETE FROM datasets"),
        ] {
            let written = edit.split(' ').nth(if edit.starts_with("DELETE") { 2 } else { 1 }).unwrap();
            database.execute_owned(format!("CREATE TABLE kept AS SELECT * FROM {written}")).await;
            let edit = edit.replace("digest_bytes", if database.url().starts_with("sqlite") { "CAST(digest AS BLOB)" } else { "CAST(digest AS BYTEA)" });
            database.execute_owned(edit.clone()).await;
            let checked = stage.app.service.check_all().await.unwrap();
            let name = format!("`{table}`");
            if !checked.wrong.iter().any(|wrong| wrong.contains(&name)) {
                missed.push(format!("{edit}: {:?}", checked.wrong));
            }
            if edit.starts_with("DELETE") {
                database.execute_owned(format!("INSERT INTO {written} SELECT * FROM kept")).await;
            } else {
                let column = edit.split(" SET ").nth(1).unwrap().split(' ').next().unwrap();
                let key = match written { "evidence" | "sessions" => "digest", "policies" | "uploads" | "datasets" | "mappings" => "entry_idx", "reference_pins" => "proposal_id", "tries" => "artifact", "champions" => "model", _ => "id" };
                database.execute_owned(format!("UPDATE {written} SET {column} = (SELECT k.{column} FROM kept k WHERE k.{key} = {written}.{key})")).await;
            }
            database.execute("DROP TABLE kept").await;
        }
        assert!(missed.is_empty(), "{}", missed.join("\n"));
        assert_eq!(stage.app.service.check_all().await.unwrap().wrong, Vec::<String>::new());
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

    async fn a_list_shows_nothing_that_was_edited(database: TestDatabase) {
        let stage = staged(&database).await;
        let reviewer = stage.app.service.actor(&Secret::presented(&stage.people[0])).await.unwrap();
        let filter = modelgate::app::Filter { limit: 10, ..Default::default() };
        assert!(stage.app.service.current(&reviewer, &filter).await.unwrap().len() > 2);
        for (edit, back) in [
            ("UPDATE releases SET comment = comment || '!'", "UPDATE releases SET comment = REPLACE(comment, '!', '')"),
            ("UPDATE releases SET verdict = 'revoked' WHERE verdict = 'deny'", "UPDATE releases SET verdict = 'deny' WHERE verdict = 'revoked'"),
            ("UPDATE releases SET decisions = decisions + 1", "UPDATE releases SET decisions = decisions - 1"),
            ("UPDATE decisions SET record_idx = record_idx + 1000", "UPDATE decisions SET record_idx = record_idx - 1000"),
            ("UPDATE decisions SET seq = seq + 100", "UPDATE decisions SET seq = seq - 100"),
        ] {
            database.execute(edit).await;
            let refused = stage.app.service.current(&reviewer, &filter).await.expect_err(edit);
            assert_eq!(refused.code, "row-unproved", "{edit}");
            database.execute(back).await;
            assert!(stage.app.service.current(&reviewer, &filter).await.is_ok(), "{back}");
        }
        database.execute("DELETE FROM decisions").await;
        assert_eq!(stage.app.service.current(&reviewer, &filter).await.unwrap_err().code, "row-unproved");
        stage.app.stop().await;
    }

    async fn people_tokens_and_sessions_that_were_edited_get_nothing(database: TestDatabase) {
        let stage = staged(&database).await;
        let read = "/api/v1/releases";
        let (eve, other) = (stage.app.person("acme", "eve", "intern").await, stage.app.person("acme", "mal", "intern").await);
        assert_eq!(vote(&stage.app, &eve, &stage.waiting).await.0, 403, "she has not the role");
        // Tokens are believed for two seconds.
        stage.app.clock.forward("3s");
        for (what, sql) in [
            ("roles", "UPDATE users SET roles = 'model-risk' WHERE name = 'eve'"),
            ("disabled", "UPDATE users SET disabled_at_us = 1 WHERE name = 'eve'"),
            ("no entry", "UPDATE users SET entry_idx = NULL WHERE name = 'eve'"),
            ("another person's entry", "UPDATE users SET entry_idx = (SELECT o.entry_idx FROM users o WHERE o.name = 'ada') WHERE name = 'eve'"),
        ] {
            database.execute("CREATE TABLE kept AS SELECT * FROM users").await;
            database.execute_owned(sql.to_owned()).await;
            let (status, refused) = vote(&stage.app, &eve, &stage.waiting).await;
            assert_eq!((status, &refused["code"]), (503, &json!("row-unproved")), "{what}: {refused}");
            assert_eq!(stage.app.service.list_users().await.unwrap_err().code, "row-unproved", "{what}");
            assert_eq!(stage.app.service.user_named("eve").await.unwrap_err().code, "row-unproved", "{what}");
            database.execute("UPDATE users SET roles = (SELECT k.roles FROM kept k WHERE k.id = users.id), \
                disabled_at_us = (SELECT k.disabled_at_us FROM kept k WHERE k.id = users.id), \
                entry_idx = (SELECT k.entry_idx FROM kept k WHERE k.id = users.id)").await;
            database.execute("DROP TABLE kept").await;
            stage.app.clock.forward("3s");
        }
        assert_eq!(vote(&stage.app, &eve, &stage.waiting).await.0, 403);
        // Roles that were taken away do not come back with an older state of the row.
        stage.app.service.change_roles("mal", &["model-risk".into()], &[]).await.unwrap();
        database.execute("CREATE TABLE kept AS SELECT * FROM users WHERE name = 'mal'").await;
        stage.app.service.change_roles("mal", &[], &["model-risk".into()]).await.unwrap();
        database.execute("UPDATE users SET roles = (SELECT roles FROM kept), entry_idx = (SELECT entry_idx FROM kept) WHERE name = 'mal'").await;
        stage.app.clock.forward("3s");
        let (status, refused) = vote(&stage.app, &other, &stage.waiting).await;
        assert_eq!((status, &refused["code"]), (503, &json!("row-unproved")), "{refused}");
        // A token with more scopes, a longer life, or another person.
        assert_eq!(stage.app.get(&stage.ci, read).await.0, 200);
        for set in ["scopes = 'read submit admin policy'", "expires_at_us = expires_at_us + 1", "user_id = (SELECT id FROM users WHERE name = 'ada')"] {
            let machine = stage.app.machine("acme", &[Scope::Read]).await;
            let digest = modelgate::model::Digest::of(machine.as_bytes());
            database.execute_owned(format!("UPDATE tokens SET {set} WHERE digest = '{digest}'")).await;
            let (status, refused) = stage.app.get(&machine, read).await;
            assert_eq!((status, &refused["code"]), (503, &json!("row-unproved")), "{set}: {refused}");
            assert_eq!(stage.app.service.list_tokens().await.unwrap_err().code, "row-unproved", "{set}");
        }
        stage.app.stop().await;
    }

    // Restating an edited row would make the edit true.
    async fn an_edited_token_becomes_no_fact_when_its_person_leaves(database: TestDatabase) {
        let stage = staged(&database).await;
        let admin = stage.app.machine("acme", &[Scope::Read]).await;
        let digest = modelgate::model::Digest::of(stage.people[0].as_bytes());
        database.execute_owned(format!("UPDATE tokens SET scopes = 'read submit admin policy' WHERE digest = '{digest}'")).await;
        let before = stage.app.entries_of(&admin, "token-changed").await;
        let left = stage.app.service.disable_user("ada").await.unwrap();
        assert!(left.disabled_at.is_some());
        assert_eq!(stage.app.entries_of(&admin, "token-changed").await, before, "no state of it was logged");
        let checked = stage.app.service.check_all().await.unwrap();
        assert!(checked.wrong.iter().any(|wrong| wrong.contains("`tokens`")), "{checked:?}");
        stage.app.clock.forward("3s");
        assert_eq!(stage.app.get(&stage.people[0], "/api/v1/releases").await.1["code"], "row-unproved");
        // Another person's row does not keep the operator from ending a token.
        let bob = stage.app.service.user_named("bob").await.unwrap();
        let (_, tokens) = stage.app.service.held_by(&bob).await.unwrap();
        assert!(stage.app.service.rotate_token(&tokens[0].id, "1d".parse().unwrap()).await.unwrap().is_some());
        assert!(stage.app.service.revoke_token(&tokens[0].id).await.unwrap());
        stage.app.stop().await;
    }

    async fn a_session_that_the_service_did_not_begin_is_not_one(database: TestDatabase) {
        let stage = staged(&database).await;
        let service = &stage.app.service;
        let address = "127.0.0.1".parse().unwrap();
        let cookie = service.sign_in("ada", crate::support::app::PASSWORD, address, None).await.unwrap();
        assert_eq!(service.signed_in(&cookie).await.unwrap().unwrap().actor.who.name, "ada of acme");
        // Bob's session becomes Ada's, and one is made up.
        let bob = service.sign_in("bob", crate::support::app::PASSWORD, address, None).await.unwrap();
        database.execute_owned(format!(
            "UPDATE sessions SET user_id = (SELECT id FROM users WHERE name = 'ada') WHERE digest = '{}'", bob.digest()
        )).await;
        assert_eq!(service.signed_in(&bob).await.unwrap_err().code, "row-unproved");
        let made = Secret::presented("mgs_made-up");
        database.execute_owned(format!(
            "INSERT INTO sessions (digest, user_id, csrf, expires_at_us, signature) SELECT '{}', user_id, csrf, expires_at_us, \
             signature FROM sessions WHERE digest = '{}'", made.digest(), cookie.digest()
        )).await;
        assert_eq!(service.signed_in(&made).await.unwrap_err().code, "row-unproved");
        assert!(service.signed_in(&cookie).await.unwrap().is_some());
        stage.app.stop().await;
    }

    // The newest release of an artifact was denied; an older one of it was allowed.
    async fn a_newer_denial_cannot_be_hidden(database: TestDatabase) {
        let stage = staged(&database).await;
        let again = stage.app.submit(&stage.ci, &submission("acme/credit", "good", &accuracy(400, 1000))).await.1;
        assert_eq!(stage.app.get(&stage.ci, &gate("good")).await.1["data"]["verdict"], "deny");
        let newer = id(&again);
        for set in ["artifact = 'sha256:0000000000000000000000000000000000000000000000000000000000000000'", "environment = 'staging'", "model = 'acme/other'", "entry_idx = 1"] {
            database.execute_owned(format!("CREATE TABLE kept AS SELECT artifact, environment, model, entry_idx FROM releases WHERE id = '{newer}'")).await;
            database.execute_owned(format!("UPDATE releases SET {set} WHERE id = '{newer}'")).await;
            let (status, body) = stage.app.get(&stage.ci, &gate("good")).await;
            assert_eq!((status, &body["code"]), (503, &json!("row-unproved")), "{set}: {body}");
            for column in ["artifact", "environment", "model", "entry_idx"] {
                database.execute_owned(format!("UPDATE releases SET {column} = (SELECT {column} FROM kept) WHERE id = '{newer}'")).await;
            }
            database.execute("DROP TABLE kept").await;
        }
        assert_eq!(stage.app.get(&stage.ci, &gate("good")).await.1["data"]["verdict"], "deny");
        stage.app.stop().await;
    }

    // Each edit would let a new artifact be compared with another champion or reference.
    async fn a_champion_and_a_reference_cannot_be_replaced(database: TestDatabase) {
        let app = TestApp::start(&database).await;
        let policy = "name = \"beat\"\n[[rule]]\nid = \"c\"\nmetric = \"accuracy\"\nagainst = \"champion\"\nmax_loss = 0.2\nfirst_release = \"allow\"\n\
                      [[rule]]\nid = \"r\"\nmetric = \"accuracy\"\nagainst = \"reference\"\nmax_loss = 0.2\nfirst_release = \"allow\"\n";
        assert_eq!(app.publish("acme", policy).await.0, 201);
        let ci = app.machine("acme", &[Scope::Read, Scope::Submit]).await;
        let people = [app.person("acme", "ada", "r").await, app.person("acme", "bob", "r").await];
        let mut releases = Vec::new();
        for (name, right) in [("one", 950), ("two", 960)] {
            let (status, decided) = app.submit(&ci, &submission("acme/credit", name, &accuracy(right, 1000))).await;
            assert_eq!((status, &decided["verdict"]["verdict"]), (201, &json!("allow")), "{decided}");
            let proposal = json!({"model": "acme/credit", "environment": "production", "artifact": artifact(name), "comment": "pin"});
            let proposed = app.post(&people[0], "/api/v1/references", &proposal).await.1;
            let path = format!("/api/v1/references/{}/approvals", proposed["reference"].as_str().unwrap());
            assert_eq!(app.post(&people[1], &path, &json!({"comment": ""})).await.0, 200);
            releases.push(id(&decided).to_owned());
        }
        let [one, two] = releases.as_slice() else { unreachable!() };
        let mut served = Vec::new();
        for (i, (table, key, set, rows)) in [
            ("releases", "id", "allowed_idx = NULL", format!("id = '{two}'")),
            ("releases", "id", "verdict = 'deny'", format!("id = '{two}'")),
            ("releases", "id", "allowed_idx = 9999", format!("id = '{one}'")),
            ("releases", "id", "environment = 'staging'", format!("id = '{two}'")),
            ("champions", "model", "environment = 'staging'", "model = 'acme/credit'".into()),
            ("champions", "model", "allowed_idx = 1", "model = 'acme/credit'".into()),
            ("champions", "model", &format!("release_id = '{one}'"), "model = 'acme/credit'".into()),
            ("reference_pins", "proposal_id", "environment = 'staging'", format!("release_id = '{two}'")),
            ("reference_pins", "proposal_id", "entry_idx = 1", format!("release_id = '{two}'")),
            ("reference_pins", "proposal_id", "comment = 'x'", format!("release_id = '{two}'")),
        ].into_iter().enumerate() {
            let column = set.split(' ').next().unwrap();
            database.execute_owned(format!("CREATE TABLE kept AS SELECT {key}, {column} FROM {table} WHERE {rows}")).await;
            database.execute_owned(format!("UPDATE {table} SET {set} WHERE {rows}")).await;
            let (status, body) = app.submit(&ci, &submission("acme/credit", &format!("new {i}"), &accuracy(900, 1000))).await;
            if (status, &body["code"]) != (503, &json!("row-unproved")) {
                served.push(format!("{table} {set}: {status} {body}"));
            }
            database.execute_owned(format!("UPDATE {table} SET {column} = (SELECT {column} FROM kept) WHERE {key} IN (SELECT {key} FROM kept)")).await;
            database.execute("DROP TABLE kept").await;
        }
        assert!(served.is_empty(), "{} edits were served:\n{}", served.len(), served.join("\n"));
        let (status, decided) = app.submit(&ci, &submission("acme/credit", "last", &accuracy(955, 1000))).await;
        assert_eq!((status, &decided["verdict"]["verdict"]), (201, &json!("allow")), "{decided}");
        app.stop().await;
    }

    // The numbers of two decisions on one release, traded: the state of the release would be the earlier.
    async fn a_denial_cannot_trade_places_with_what_was_before_it(database: TestDatabase) {
        let app = TestApp::start(&database).await;
        let policy = "name = \"eyes\"\n[[rule]]\nid = \"a\"\nmetric = \"accuracy\"\nmin = 0.9\n[[approval]]\nid = \"r\"\nrole = \"r\"\ncount = 2\n";
        assert_eq!(app.publish("acme", policy).await.0, 201);
        let ci = app.machine("acme", &[Scope::Read, Scope::Submit]).await;
        let [ada, bob] = [app.person("acme", "ada", "r").await, app.person("acme", "bob", "r").await];
        let (_, decided) = app.submit(&ci, &submission("acme/credit", "bad", &accuracy(960, 1000))).await;
        let path = format!("/api/v1/releases/{}/approvals", id(&decided));
        let body = |vote: &str| json!({"vote": vote, "inputs_digest": decided["verdict"]["inputs_digest"]});
        assert_eq!(app.post(&ada, &path, &body("approve")).await.0, 200);
        assert_eq!(app.post(&bob, &path, &body("reject")).await.0, 200);
        database.execute("UPDATE decisions SET seq = 9 WHERE seq = 1").await;
        database.execute("UPDATE decisions SET seq = 1 WHERE seq = 2").await;
        database.execute("UPDATE decisions SET seq = 2 WHERE seq = 9").await;
        database.execute("UPDATE releases SET verdict = 'pending'").await;
        let release = format!("/api/v1/releases/{}", id(&decided));
        for path in [release.as_str(), &gate("bad"), "/api/v1/releases"] {
            let (status, body) = app.get(&ci, path).await;
            assert_eq!((status, &body["code"]), (503, &json!("row-unproved")), "{path}: {body}");
        }
        assert!(app.service.check_all().await.unwrap().wrong_count > 0);
        app.stop().await;
    }

    // Both tables that name the champion, edited so that they agree.
    async fn a_denied_release_cannot_be_made_the_champion(database: TestDatabase) {
        let app = TestApp::start(&database).await;
        let policy = "name = \"beat\"\n[[rule]]\nid = \"floor\"\nmetric = \"accuracy\"\nmin = 0.8\n\
                      [[rule]]\nid = \"c\"\nmetric = \"accuracy\"\nagainst = \"champion\"\nmax_loss = 0.2\nfirst_release = \"allow\"\n";
        assert_eq!(app.publish("acme", policy).await.0, 201);
        let ci = app.machine("acme", &[Scope::Read, Scope::Submit]).await;
        for (name, right, verdict) in [("good", 950, "allow"), ("bad", 500, "deny")] {
            let (_, decided) = app.submit(&ci, &submission("acme/credit", name, &accuracy(right, 1000))).await;
            assert_eq!(decided["verdict"]["verdict"], verdict, "{decided}");
        }
        let index = "(SELECT d.record_idx FROM decisions d WHERE d.verdict = 'deny')";
        database.execute_owned(format!("UPDATE releases SET verdict = 'allow', allowed_idx = {index} WHERE verdict = 'deny'")).await;
        database.execute_owned(format!(
            "UPDATE champions SET allowed_idx = {index}, release_id = (SELECT d.release_id FROM decisions d WHERE d.verdict = 'deny')"
        )).await;
        let (status, body) = app.submit(&ci, &submission("acme/credit", "new", &accuracy(820, 1000))).await;
        assert_eq!((status, &body["code"]), (503, &json!("row-unproved")), "{body}");
        app.stop().await;
    }

    async fn an_older_version_of_a_policy_does_not_come_back(database: TestDatabase) {
        let stage = staged(&database).await;
        let strict = POLICY.replace("0.9", "0.99");
        assert_eq!(stage.app.publish("acme", &strict).await.0, 201);
        stage.app.stop().await;
        for edit in ["UPDATE policies SET version = 9 WHERE version = 1", "DELETE FROM policies WHERE version = 2", "UPDATE policies SET name = 'x' WHERE version = 2"] {
            database.execute("CREATE TABLE kept AS SELECT * FROM policies").await;
            database.execute_owned(edit.to_owned()).await;
            let app = TestApp::start(&database).await;
            let (status, refused) = app.submit(&stage.ci, &submission("acme/credit", "new", &accuracy(960, 1000))).await;
            assert_eq!((status, &refused["code"]), (503, &json!("row-unproved")), "{edit}: {refused}");
            app.stop().await;
            database.execute("DELETE FROM policies").await;
            database.execute("INSERT INTO policies SELECT * FROM kept").await;
            database.execute("DROP TABLE kept").await;
        }
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
