//! Large requests never block the threads that answer other requests.

use crate::{
    on_both_engines,
    support::{
        app::{TestApp, submission},
        database::TestDatabase,
    },
};
use modelgate::identity::Scope;
use serde_json::json;
use std::time::{Duration, Instant};

/// The share of the time until `work` is done during which the answering threads were busy, in
/// units of one thread. The test itself runs on none of them.
async fn busy_while<T>(work: impl Future<Output = T>) -> (T, f64) {
    let metrics = tokio::runtime::Handle::current().metrics();
    let busy = || {
        (0..metrics.num_workers()).map(|i| metrics.worker_total_busy_duration(i)).sum::<Duration>()
    };
    // Busy time is recorded when the thread becomes idle.
    tokio::time::sleep(Duration::from_millis(5)).await;
    let (before, began) = (busy(), Instant::now());
    let done = work.await;
    tokio::time::sleep(Duration::from_millis(5)).await;
    let (after, took) = (busy(), began.elapsed());
    (done, (after - before).as_secs_f64() / took.as_secs_f64())
}

on_both_engines! {
    async fn what_is_large_is_worked_on_beside_the_requests(database: TestDatabase) {
        let app = TestApp::start(&database).await;
        let policy = "name = \"p\"\n[[rule]]\nid = \"r\"\nmetric = \"recall\"\nslices = [\"city\"]\nmin = 0.5\n";
        app.publish("acme", policy).await;
        let token = app.machine("acme", &[Scope::Read, Scope::Submit]).await;
        let cities = (0..20_000).map(|i| {
            json!({"metric": "recall", "value": 0.8, "n": 100, "successes": 80, "slice": {"city": format!("{i:05}")}})
        });
        let measurements: Vec<_> = cities.collect();
        let document = json!({"schema": "modelgate.evidence/v1", "measurements": measurements});
        let body = submission("acme/m", "v1", &document).to_string();
        let posted = |body: String| {
            let request = app.http.post(format!("{}/api/v1/releases", app.base)).bearer_auth(&token);
            let request = request.header("content-type", "application/json").body(body);
            async move { request.send().await.unwrap().bytes().await.unwrap() }
        };
        let (answer, first) = busy_while(posted(body.clone())).await;
        let decided: serde_json::Value = serde_json::from_slice(&answer).unwrap();
        let release = decided["release"].as_str().unwrap();
        let (_, again) = busy_while(posted(body)).await;
        let got = |path: String| {
            let request = app.http.get(format!("{}{path}", app.base)).bearer_auth(&token);
            async move { request.send().await.unwrap().bytes().await.unwrap() }
        };
        let (whole, read) = busy_while(got(format!("/api/v1/releases/{release}"))).await;
        assert!(whole.len() > 5_000_000);
        // About 0.2 together; it would be 1.4 if the answering threads did all the work.
        let together = first + again + read;
        assert!(together < 0.6, "busy for {first:.2}, {again:.2} and {read:.2} of the time");
        app.stop().await;
    }
}
