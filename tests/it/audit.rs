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

    async fn an_entry_is_of_the_moment_when_it_went_into_the_log(database: TestDatabase) {
        use modelgate::{app::notary::row_entry, ledger::Fact, model::{Digest, Timestamp}, store::{Change, NewPublished, Store, Write}};
        let store = Store::open(&database.address).await.unwrap();
        let keys = modelgate::keys::Keyring::ephemeral().unwrap();
        let notary = modelgate::app::notary::Notary::new(&keys, "https://gate.example.com").unwrap();
        let before = modelgate::app::env::Env::default().now();
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

/// Copies the first decision `count` times, each with a separate release and entries, and advances
/// the head: the data of a busy year, without its signatures.
async fn copies(database: &TestDatabase, count: u32) {
    let numbers = format!("n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {count})");
    let first = "(SELECT MIN(record_idx) FROM decisions)";
    let size = "(SELECT size FROM logs)";
    let statements = [
        format!(
            "WITH RECURSIVE {numbers} INSERT INTO releases (id, namespace, model, version, artifact, environment, \
             submitter_id, submitter_name, comment, inputs_digest, requested_at_us, entry_idx, decisions, \
             verdict) SELECT 'copy' || n.i, r.namespace, r.model, r.version, r.artifact, r.environment, r.submitter_id, \
             r.submitter_name, r.comment, r.inputs_digest, r.requested_at_us, {size} + 2 * (n.i - 1), 1, \
             r.verdict FROM releases r, n WHERE r.id = (SELECT release_id FROM decisions WHERE record_idx = {first})"
        ),
        format!(
            "WITH RECURSIVE {numbers} INSERT INTO decisions (id, namespace, release_id, seq, verdict, decided_at_us, kid, \
             record, record_signature, record_idx) SELECT 'copy' || n.i, d.namespace, 'copy' || n.i, 0, d.verdict, \
             d.decided_at_us, d.kid, d.record, d.record_signature, {size} + 2 * (n.i - 1) + 1 FROM decisions d, n \
             WHERE d.record_idx = {first}"
        ),
        format!(
            "WITH RECURSIVE {numbers} INSERT INTO entries (namespace, idx, kind, subject, at_us, body, leaf_hash, fact) \
             SELECT e.namespace, {size} + 2 * (n.i - 1) + k.k, CASE WHEN k.k = 0 THEN 'release-requested' ELSE \
             'decision-record' END, 'copy' || n.i, (SELECT MAX(at_us) FROM entries), e.body, e.leaf_hash, NULL \
             FROM entries e, n, (SELECT 0 AS k UNION ALL SELECT 1) k WHERE e.idx = {first}"
        ),
        format!("UPDATE logs SET size = size + {}", 2 * count),
    ];
    for statement in statements {
        database.execute_owned(statement).await;
    }
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
