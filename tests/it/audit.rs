//! Audit reports: delimited and counted by the log's clock, the same at every request, and of any
//! length.

use crate::{
    on_both_engines,
    support::{
        app::{POLICY, TestApp, accuracy, submission},
        database::TestDatabase,
        served::{modelgate, run},
    },
};
use modelgate::identity::Scope;
use serde_json::Value;
use std::{
    io::{Read as _, Write as _},
    net::TcpListener,
};

async fn report(app: &TestApp, token: &str, from: &str, to: &str, format: &str) -> String {
    let url = format!("{}/api/v1/reports/audit?from={from}&to={to}&format={format}", app.base);
    let response = app.http.get(url).bearer_auth(token).send().await.unwrap();
    assert_eq!(response.status().as_u16(), 200);
    assert!(response.content_length().is_none(), "it is sent as it is made");
    response.text().await.unwrap()
}

async fn json(app: &TestApp, token: &str, from: &str, to: &str) -> Value {
    let text = report(app, token, from, to, "json").await;
    serde_json::from_str(&text).unwrap_or_else(|e| panic!("{e}: {text}"))
}

fn indexes(report: &Value) -> Vec<u64> {
    report["decisions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|d| d["record_index"].as_u64().unwrap())
        .collect()
}

on_both_engines! {
    async fn two_days_list_every_decision_once_whatever_time_was_asked(database: TestDatabase) {
        let app = TestApp::start(&database).await;
        let token = app.machine("acme", &[Scope::Read, Scope::Submit]).await;
        for name in ["v1", "v2"] {
            app.submit(&token, &submission("acme/m", name, &accuracy(960, 1000))).await;
            app.clock.forward("1h");
        }
        // Requested a second before midnight and logged a second after it, because of a slow
        // evaluation or a queue.
        database.execute("UPDATE decisions SET decided_at_us = decided_at_us + 1, record_idx = record_idx").await;
        database.execute("UPDATE releases SET requested_at_us = 1795219199000000").await;
        database.execute("UPDATE entries SET at_us = 1795219201000000 WHERE idx >= 6").await;
        let (first, second) = ("2026-11-20T00:00:00Z", "2026-11-21T00:00:00Z");
        let third = "2026-11-22T00:00:00Z";
        let (one, two) = (json(&app, &token, first, second).await, json(&app, &token, second, third).await);
        for day in [&one, &two] {
            assert_eq!(day["population"]["complete"], true, "{day}");
            assert_eq!(day["end"]["complete"], true, "{day}");
            assert_eq!(indexes(day).len() as u64, day["totals"]["decisions"].as_u64().unwrap());
        }
        let both = json(&app, &token, first, third).await;
        assert_eq!([indexes(&one), indexes(&two)].concat(), indexes(&both), "each is in exactly one of them");
        assert_eq!(indexes(&both).len(), 2);
        for decision in two["decisions"].as_array().unwrap() {
            assert!(decision["decided_at"].as_str().unwrap().starts_with("2026-11-21"), "{decision}");
        }
        app.stop().await;
    }

    async fn a_period_says_so_far_until_it_is_over_and_then_stays(database: TestDatabase) {
        let app = TestApp::start(&database).await;
        let token = app.machine("acme", &[Scope::Read, Scope::Submit]).await;
        app.submit(&token, &submission("acme/m", "v1", &accuracy(960, 1000))).await;
        let (from, to) = ("2026-11-20T00:00:00Z", "2026-11-21T00:00:00Z");
        let today = json(&app, &token, from, to).await;
        assert_eq!((&today["so_far"], &today["made_at"]), (&true.into(), &"2026-11-20T12:00:00Z".into()));
        let csv = report(&app, &token, from, to, "csv").await;
        assert!(csv.contains(",so_far,true\r\n") && csv.contains(",made_at,2026-11-20T12:00:00Z\r\n"), "{csv}");
        let html = report(&app, &token, from, to, "html").await;
        assert!(html.contains("<b>So far</b>, made") && html.contains("The report is complete."), "{html}");
        // The period is over by the clock, but entries that were being written may still be
        // missing.
        app.clock.forward("12h");
        assert_eq!(json(&app, &token, from, to).await["so_far"], true);
        app.clock.forward("2m");
        let over = json(&app, &token, from, to).await;
        assert_eq!((&over["so_far"], &over["made_at"]), (&false.into(), &Value::Null));
        app.submit(&token, &submission("acme/m", "v2", &accuracy(960, 1000))).await;
        let later = json(&app, &token, from, to).await;
        assert_eq!((&later["decisions"], &later["totals"]), (&over["decisions"], &over["totals"]));
        app.stop().await;
    }

    async fn who_reads_nothing_keeps_no_other_namespace_waiting(database: TestDatabase) {
        use modelgate::identity::Secret;
        let app = TestApp::start(&database).await;
        let scopes = [Scope::Read, Scope::Submit];
        let (acme, beta) = (app.machine("acme", &scopes).await, app.machine("beta", &scopes).await);
        let (_, ours) = app.submit(&acme, &submission("acme/m", "v1", &accuracy(960, 1000))).await;
        let (_, theirs) = app.submit(&beta, &submission("beta/m", "v1", &accuracy(960, 1000))).await;
        let actor = app.service.actor(&Secret::presented(&acme)).await.unwrap();
        let (from, to) = ("2026-11-20T00:00:00Z", "2026-11-21T00:00:00Z");
        let mut idle = Vec::new();
        for _ in 0..2 {
            let mut report = app.service.audit(&actor, from.parse().unwrap(), to.parse().unwrap()).await.unwrap();
            assert_eq!(report.decisions().await.unwrap().len(), 1);
            idle.push(report);
        }
        assert_eq!(indexes(&json(&app, &beta, from, to).await).len(), 1);
        // As many exports as one namespace can run at once.
        let id = ours["decision"].as_str().unwrap().parse().unwrap();
        let mut open = Vec::new();
        for _ in 0..4 {
            let asked = tokio::time::timeout(std::time::Duration::from_secs(1), app.service.export_decision(&actor, &id));
            open.extend(asked.await.ok().map(Result::unwrap));
        }
        assert!(open.len() >= 2);
        assert!(app.export(&beta, &theirs).await.contains_key("inputs.json"));
        drop((idle, open));
        app.stop().await;
    }

    async fn a_report_lists_policies_people_groups_and_what_was_observed(database: TestDatabase) {
        let app = TestApp::start(&database).await;
        let token = app.machine("acme", &[Scope::Read, Scope::Submit]).await;
        app.publish("acme", POLICY).await;
        let watch = "name = \"watch\"\nmode = \"observe\"\n[[rule]]\nid = \"high\"\nmetric = \"accuracy\"\nmin = 0.99\n";
        assert_eq!(app.publish("acme", watch).await.0, 201);
        let groups = "name = \"groups\"\n[[rule]]\nid = \"each\"\nmetric = \"accuracy\"\nslices = [\"sex\"]\nmin = 0.9\n";
        assert_eq!(app.publish("acme", groups).await.0, 201);
        app.person("acme", "ada", "model-risk").await;
        app.service.change_roles("ada", &["legal".into()], &["model-risk".into()]).await.unwrap();
        app.service.disable_user("ada").await.unwrap();
        let mut evidence = accuracy(960, 1000);
        let group = |sex: &str, right: u64| serde_json::json!({
            "metric": "accuracy", "value": right as f64 / 500.0, "n": 500, "successes": right, "slice": {"sex": sex}
        });
        evidence["measurements"].as_array_mut().unwrap().extend([group("female", 480), group("male", 400)]);
        let (status, denied) = app.submit(&token, &submission("acme/credit", "v1", &evidence)).await;
        assert_eq!(status, 201, "{denied}");
        let period = "/api/v1/reports/audit?from=2026-11-20T00:00:00Z&to=2026-11-21T00:00:00Z";
        let (_, report) = app.get(&token, &format!("{period}&format=json")).await;
        assert_eq!(report["end"]["complete"], true, "{report}");
        let said: Vec<&str> = report["changes"].as_array().unwrap().iter().map(|c| c["what"].as_str().unwrap()).collect();
        let digest = modelgate::model::Digest::of(POLICY.as_bytes());
        assert_eq!(said[0], format!("policy two-eyes was published: {digest}"));
        assert_eq!(said[3..], ["user ada was created with: model-risk", "user ada has now: legal", "user ada was disabled"]);
        assert_eq!((&report["changes"][0]["by"], &report["changes"][4]["kind"]), (&"test".into(), &"user".into()));
        let decision = &report["decisions"][0];
        assert_eq!(decision["observed"], serde_json::json!(["watch/high (fail)"]), "{decision}");
        assert_eq!(decision["blocking"], serde_json::json!(["groups/each sex = male (fail)"]), "{decision}");
        let text = async |format: &str| {
            let request = app.http.get(format!("{}{period}&format={format}", app.base)).bearer_auth(&token);
            request.send().await.unwrap().text().await.unwrap()
        };
        let (csv, html) = (text("csv").await, text("html").await);
        assert!(csv.contains("user ada has now: legal") && csv.contains("groups/each sex = male (fail)"), "{csv}");
        assert!(html.contains("user ada has now: legal") && html.contains("Observed to fail"), "{html}");
        app.stop().await;
    }

    // A report is for people who do not trust the database: what is not what was logged is named,
    // not listed, and the report says that it is not complete.
    async fn a_report_names_rows_that_are_not_what_was_logged(database: TestDatabase) {
        let app = TestApp::start(&database).await;
        let token = app.machine("acme", &[Scope::Read, Scope::Submit]).await;
        app.publish("acme", POLICY).await;
        let ada = app.person("acme", "ada", "model-risk").await;
        let (_, waiting) = app.submit(&token, &submission("acme/credit", "v1", &accuracy(960, 1000))).await;
        app.submit(&token, &submission("acme/credit", "v2", &accuracy(500, 1000))).await;
        let path = format!("/api/v1/releases/{}/approvals", waiting["release"].as_str().unwrap());
        let vote = serde_json::json!({"vote": "approve", "inputs_digest": waiting["verdict"]["inputs_digest"]});
        assert_eq!(app.post(&ada, &path, &vote).await.0, 200);
        let period = "/api/v1/reports/audit?from=2026-11-20T00:00:00Z&to=2026-11-21T00:00:00Z&format=json";
        for (edit, back, left) in [
            ("UPDATE decisions SET record = REPLACE_BYTES WHERE verdict = 'deny'", "record", (2, 1)),
            ("UPDATE decisions SET details = record WHERE verdict = 'deny'", "details", (2, 1)),
            ("UPDATE decisions SET inputs_digest = '' WHERE verdict = 'deny'", "inputs_digest", (2, 1)),
            ("UPDATE approvals SET document = REPLACE(document, 'ada of', 'eve of')", "document", (3, 0)),
            ("UPDATE releases SET submitter_name = 'Somebody', version = 'another-version'", "", (3, 1)),
        ] {
            let table = edit.split(' ').nth(1).unwrap();
            let edit = edit.replace("REPLACE_BYTES", "record_signature");
            database.execute_owned(format!("CREATE TABLE kept AS SELECT * FROM {table}")).await;
            database.execute_owned(edit.clone()).await;
            let (status, report) = app.get(&token, period).await;
            assert_eq!(status, 200, "{edit}: {report}");
            let count = |list: &str| report[list].as_array().unwrap().len();
            assert_eq!((count("decisions"), count("votes")), left, "{edit}: {report}");
            let whole = back.is_empty();
            assert_eq!(report["end"]["complete"], whole, "{edit}: {report}");
            assert_eq!(report["end"]["problems"].as_array().unwrap().is_empty(), whole, "{edit}: {report}");
            if whole {
                // The report says what the log states, not what the row says.
                assert!(!report.to_string().contains("Somebody") && !report.to_string().contains("another-version"), "{report}");
            } else {
                database.execute_owned(format!("UPDATE {table} SET {back} = (SELECT k.{back} FROM kept k WHERE k.id = {table}.id)")).await;
            }
            database.execute("DROP TABLE kept").await;
        }
        app.stop().await;
    }

    async fn an_entry_is_of_the_moment_when_it_went_into_the_log(database: TestDatabase) {
        use modelgate::{app::core::notary::row_entry, ledger::Fact, model::{Digest, Timestamp}, store::{Change, NewPublished, Store, Write}};
        let store = Store::open(&database.address).await.unwrap();
        let keys = modelgate::keys::Keyring::ephemeral().unwrap();
        let notary = modelgate::app::core::notary::Notary::new(&keys, "https://gate.example.com").unwrap();
        let before = modelgate::app::core::env::Env::default().now();
        // Requested an hour ago, and delayed.
        let change = Change::new("acme".parse().unwrap(), Timestamp::from_micros(before.micros() - 3_600_000_000));
        let digest = Digest::of(POLICY.as_bytes());
        let policy = Write::Policy(NewPublished {
            name: "two-eyes".into(),
            digest,
            source: POLICY.into(),
            published_by: "user:1".into(),
            entry: row_entry(Fact::PolicyPublished, "two-eyes", &digest),
        });
        store.append(&[change.with(policy)], &notary).await.unwrap();
        let entries = store.entries(&"acme".parse().unwrap(), 0, 10).await.unwrap();
        assert!(entries.iter().all(|entry| entry.at >= before), "a period that is over gets nothing more");
        store.close().await;
    }

    async fn pages_of_a_report_join_without_a_gap(database: TestDatabase) {
        let app = TestApp::start(&database).await;
        let token = app.machine("acme", &[Scope::Read, Scope::Submit]).await;
        app.publish("acme", POLICY).await;
        let mut waiting = Vec::new();
        for i in 0..3 {
            waiting.push(app.submit(&token, &submission("acme/m", &format!("v{i}"), &accuracy(960, 1000))).await.1);
        }
        let ada = app.person("acme", "ada", "model-risk").await;
        for answer in &waiting {
            let path = format!("/api/v1/releases/{}/approvals", answer["release"].as_str().unwrap());
            let digest = answer["verdict"]["inputs_digest"].clone();
            let vote = serde_json::json!({"vote": "approve", "comment": "<b>seen</b>", "inputs_digest": digest});
            assert_eq!(app.post(&ada, &path, &vote).await.0, 200);
        }
        copies(&database, 600).await;
        let (from, to) = ("2026-11-20T00:00:00Z", "2026-11-21T00:00:00Z");
        let whole = json(&app, &token, from, to).await;
        assert_eq!(whole["end"]["complete"], true, "{}", whole["population"]);
        let found = indexes(&whole);
        assert_eq!(found.len(), 606);
        assert!(found.windows(2).all(|pair| pair[0] < pair[1]), "in the order of the log, each once");
        assert_eq!(whole["votes"].as_array().unwrap().len(), 3);
        let csv = report(&app, &token, from, to, "csv").await;
        assert_eq!(csv.lines().filter(|line| line.starts_with("decision,")).count(), 606);
        assert!(csv.ends_with("report.complete,true\r\n"));
        let html = report(&app, &token, from, to, "html").await;
        assert_eq!(html.matches("<tr class=\"main\">").count(), 606);
        assert_eq!(html.matches("&lt;b&gt;seen&lt;/b&gt;").count(), 3);
        assert!(html.contains("606 decisions, 3 approvals and rejections and 0 overrides are listed"));
        assert!(html.trim_end().ends_with("</html>") && !html.contains("<!--"));
        app.stop().await;
    }

    async fn what_is_gone_is_named(database: TestDatabase) {
        let app = TestApp::start(&database).await;
        let token = app.machine("acme", &[Scope::Read, Scope::Submit]).await;
        for name in ["v1", "v2", "v3"] {
            app.submit(&token, &submission("acme/m", name, &accuracy(960, 1000))).await;
        }
        let (from, to) = ("2026-11-20T00:00:00Z", "2026-11-21T00:00:00Z");
        let whole = json(&app, &token, from, to).await;
        let listed = indexes(&whole);
        let problems = async |app: &TestApp| -> Vec<String> {
            let report = json(app, &token, from, to).await;
            assert_eq!((&report["population"]["complete"], &report["end"]["complete"]), (&false.into(), &false.into()));
            serde_json::from_value(report["population"]["problems"].clone()).unwrap()
        };
        database.execute_owned(format!("UPDATE decisions SET record_idx = {} WHERE record_idx = {}", listed[0], listed[1])).await;
        let found = problems(&app).await;
        assert!(found.contains(&format!("the decision at entry {} is listed twice", listed[0])), "{found:?}");
        assert!(found.contains(&format!("entry {} is a decision that is not listed", listed[1])), "{found:?}");
        database.execute_owned(format!("DELETE FROM entries WHERE idx = {}", listed[2])).await;
        let found = problems(&app).await;
        assert!(found.contains(&format!("entry {} is missing", listed[2])), "{found:?}");
        assert!(found.iter().any(|p| p.ends_with(&format!("has no entry {} in the log", listed[2]))), "{found:?}");
        app.stop().await;
    }
}

/// Signs as the service does, at the time of the newest entry.
struct AtOnce(modelgate::app::core::notary::Notary);

impl modelgate::store::Seal for AtOnce {
    fn opening(&self, of: &modelgate::model::Namespace) -> Vec<modelgate::store::NewEntry> {
        self.0.opening(of)
    }

    fn identity(&self, of: &modelgate::model::Namespace) -> modelgate::ledger::Identity {
        modelgate::store::Seal::identity(&self.0, of)
    }

    fn adopt(
        &self,
        of: &modelgate::model::Namespace,
        identity: &modelgate::ledger::Identity,
    ) -> Result<(), String> {
        self.0.adopt(of, identity)
    }

    fn tick(&self, newest_us: i64) -> Result<i64, i64> {
        Ok(newest_us)
    }

    fn seal(
        &self,
        of: &modelgate::model::Namespace,
        size: u64,
        root: &[u8; 32],
    ) -> Result<String, String> {
        self.0.seal(of, size, root)
    }
}

/// Copies the first decision `count` times, each with a release of its own, as another replica would
/// append it: the data of a busy year.
async fn copies(database: &TestDatabase, count: u32) {
    use modelgate::{
        app::core::notary::{Notary, fact_entry},
        keys::Keyring,
        ledger::facts::ReleaseRequested,
        ledger::record::{
            Context, ReleaseDecision,
            documents::{approval_bytes, verdict_bytes},
        },
        model::Release,
        model::Trigger,
        store::{Change, NewDecision, NewEntry, NewRelease, PackedDetails, Signed, Store, Write},
    };
    let store = Store::open(&database.address).await.unwrap();
    let keys = Keyring::open_or_create(&database.folder.path().join("keys")).unwrap();
    let notary = AtOnce(Notary::new(&keys, "https://gate.example.com").unwrap());
    let namespace = "acme".parse().unwrap();
    let first = store.releases_after(&namespace, -1).await.unwrap().remove(0);
    let decided = store.latest_decision(&namespace, &first.release.id).await.unwrap().unwrap();
    let record = decided.decision().unwrap().record;
    let votes: Vec<_> = record.approvals.iter().map(|vote| approval_bytes(vote).unwrap()).collect();
    let details = PackedDetails::pack(&verdict_bytes(&record.verdict).unwrap(), &votes).unwrap();
    let copy = |i: u32| {
        let id = format!("copy{i}");
        let release = Release { id: id.parse().unwrap(), ..first.release.clone() };
        let requested = fact_entry(&ReleaseRequested {
            release: release.id.clone(),
            model: Some(release.model.clone()),
            artifact: Some(release.artifact),
            environment: Some(release.environment.clone()),
            inputs_digest: first.inputs_digest,
            submitter: release.submitter.clone(),
            version: release.version.clone(),
            comment: release.comment.clone(),
            requested_at: release.requested_at,
        });
        let (decision, trigger) = (id.parse().unwrap(), Trigger::Submission);
        let context = Context { decision, release: release.id.clone(), seq: 0, trigger };
        let payload = ReleaseDecision::of(context, &record).unwrap().statement().unwrap();
        let sealed = notary.0.sign(&payload).unwrap();
        let signature = sealed.signature;
        let entry = NewEntry {
            kind: "decision-record",
            subject: id.clone(),
            body: sealed.leaf,
            fact: None,
        };
        let decision = NewDecision {
            id: id.parse().unwrap(),
            release: release.id.clone(),
            model: release.model.clone(),
            environment: release.environment.clone(),
            seq: 0,
            inputs_digest: first.inputs_digest,
            inputs: None,
            verdict: modelgate::model::Outcome::Pending,
            kid: decided.kid.clone(),
            record: Signed { payload, signature, entry },
            details: details.clone(),
            vsa: None,
        };
        let at = release.requested_at;
        let release =
            NewRelease { release, inputs_digest: first.inputs_digest, entry: requested.unwrap() };
        Change::new(namespace.clone(), at)
            .with(Write::Release(release))
            .with(Write::Decision(decision))
    };
    for batch in (0..count).collect::<Vec<_>>().chunks(250) {
        let changes: Vec<Change> = batch.iter().map(|i| copy(*i)).collect();
        assert!(store.append(&changes, &notary).await.unwrap().iter().all(Result::is_ok));
    }
    store.close().await;
}

/// The work of a child process of this test: makes a report over `AUDIT_DECISIONS` decisions in
/// every format and prints the peak memory in KiB. Run alone, it measures a large report.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "a measurement, run by another test in a process of its own"]
async fn memory_of_a_report() {
    let count = std::env::var("AUDIT_DECISIONS").map_or(8_000, |text| text.parse().unwrap());
    let formats = std::env::var("AUDIT_FORMATS").unwrap_or_else(|_| "csv json html".into());
    let database = TestDatabase::new(crate::support::database::Engine::Sqlite).await;
    let app = TestApp::start(&database).await;
    let token = app.machine("acme", &[Scope::Read, Scope::Submit]).await;
    app.publish("acme", POLICY).await;
    app.submit(&token, &submission("acme/m", "v1", &accuracy(960, 1000))).await;
    copies(&database, count).await;
    let before = resident("VmRSS");
    for format in formats.split(' ') {
        let began = std::time::Instant::now();
        let url = format!(
            "{}/api/v1/reports/audit?from=2026-11-20T00:00:00Z&to=2026-11-21T00:00:00Z&format={format}",
            app.base
        );
        let report = async {
            let mut response = app.http.get(url).bearer_auth(&token).send().await.unwrap();
            let mut bytes = 0;
            while let Some(piece) = response.chunk().await.unwrap() {
                bytes += piece.len();
            }
            bytes
        };
        let (bytes, beside) = submitting(&app, &token, format, report).await;
        println!(
            "{format}: {bytes} bytes in {:.1} s; submissions beside it {beside}",
            began.elapsed().as_secs_f64()
        );
        let pause = tokio::time::sleep(began.elapsed());
        println!(
            "submissions with nothing beside them {}",
            submitting(&app, &token, "alone", pause).await.1
        );
    }
    println!("grew by {} KiB", resident("VmHWM").saturating_sub(before));
    app.stop().await;
}

/// Submits one release after another until `until` is done, and reports how long each took.
async fn submitting<T>(
    app: &TestApp,
    token: &str,
    name: &str,
    until: impl Future<Output = T>,
) -> (T, String) {
    let took = std::cell::RefCell::new(Vec::new());
    let submit = async {
        for i in 0.. {
            let began = std::time::Instant::now();
            app.submit(
                token,
                &submission("acme/m", &format!("{name}-{i}"), &accuracy(960, 1000 + i)),
            )
            .await;
            took.borrow_mut().push(began.elapsed());
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    };
    let done = tokio::select! { done = until => done, () = submit => unreachable!("submissions do not end") };
    let mut took = took.into_inner();
    took.sort();
    let at =
        |q: usize| took.get(took.len() * q / 100).map_or(f64::NAN, |t| t.as_secs_f64() * 1000.0);
    (done, format!("n={} p50 {:.1} ms, p99 {:.1} ms", took.len(), at(50), at(99)))
}

fn resident(what: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with(what)).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

#[test]
fn a_longer_report_needs_no_more_memory() {
    let mut command = std::process::Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "--ignored", "--nocapture", "audit::memory_of_a_report"]);
    let ended = run(command).expect(0);
    let grew = ended.stdout.split("grew by ").nth(1).unwrap().split(' ').next().unwrap();
    let grew: u64 = grew.parse().unwrap();
    assert!(grew < 100 << 10, "8,000 decisions took {grew} KiB");
}

/// A service that breaks off its answer.
fn breaking_off(answer: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut request = [0; 4096];
            let _ = stream.read(&mut request);
            let _ = stream.write_all(answer.as_bytes());
        }
    });
    format!("http://{address}")
}

#[test]
fn a_report_that_breaks_off_leaves_no_file() {
    let folder = tempfile::tempdir().unwrap();
    let half = "HTTP/1.1 200 OK\r\ncontent-type: text/csv\r\ntransfer-encoding: chunked\r\n\r\n7\r\nrecord,\r\n";
    let url = breaking_off(half);
    for out in [&["--out", "november.csv"][..], &[]] {
        let mut command = modelgate(folder.path());
        command
            .args(["report", "audit", "--from", "2026-11-01", "--to", "2026-11-30", "--as", "csv"])
            .args(out);
        command.env("MODELGATE_SERVER", &url).env("MODELGATE_TOKEN", "mgt_x");
        let ended = run(command).expect(5);
        assert!(ended.stderr.contains("broke off"), "{ended:?}");
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "nothing is left");
}
