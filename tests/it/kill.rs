//! Killed repeatedly under load: acknowledged data is there, and every head that was seen is a
//! prefix.
//!
//! `MODELGATE_KILLS` sets the number of kills; the suite kills four times, `benches/kill.sh` as
//! often as requested. At the end, an older state of the database is restored under load, and
//! nothing is signed on top of it.

use crate::support::{
    app::{POLICY, accuracy, submission},
    database::sqlite_backup,
    process::Process,
    served::{modelgate, run},
};
use modelgate::ledger::{Checkpoint, TilePath, VerifierKey, merkle, tile};
use serde_json::Value;
use std::{
    path::Path,
    process::Command,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};
use tempfile::TempDir;

const CLIENTS: usize = 8;

/// The promises of the service: a release, and the index of its record.
type Acknowledged = Arc<Mutex<Vec<(String, u64)>>>;

fn kills() -> u32 {
    std::env::var("MODELGATE_KILLS")
        .ok()
        .map_or(4, |text| text.parse().expect("MODELGATE_KILLS is a number"))
}

/// The binary, with all its data in `data`.
fn kept_in(data: &Path) -> Command {
    let mut command = modelgate(data);
    command.env("MODELGATE_DATA", data).env("MODELGATE_PUBLIC_URL", "http://gate.example.com");
    command
}

fn http() -> reqwest::Client {
    reqwest::Client::builder().timeout(Duration::from_secs(20)).build().unwrap()
}

/// Submits until the service is gone, and records what was acknowledged.
async fn submit_until_gone(base: String, token: String, next: Arc<AtomicU64>, kept: Acknowledged) {
    let http = http();
    loop {
        let n = next.fetch_add(1, Ordering::SeqCst);
        let body = submission("acme/credit", &format!("v{n}"), &accuracy(900 + n % 100, 1000));
        let request = http.post(format!("{base}/api/v1/releases")).bearer_auth(&token);
        let Ok(response) =
            request.header("idempotency-key", format!("run-{n}")).json(&body).send().await
        else {
            return;
        };
        let status = response.status().as_u16();
        let Ok(answer) = response.json::<Value>().await else { return };
        assert_eq!(status, 201, "{answer}");
        let release = answer["release"].as_str().unwrap().to_owned();
        kept.lock().unwrap().push((release, answer["log"]["record"].as_u64().unwrap()));
    }
}

/// Reads the public head until the service is gone, and records every head that was seen.
async fn watch_until_gone(
    base: String,
    key: VerifierKey,
    gone: Arc<AtomicBool>,
    heads: Arc<Mutex<Vec<Checkpoint>>>,
) {
    let http = http();
    while !gone.load(Ordering::SeqCst) {
        let Ok(response) = http.get(format!("{base}/log/acme/checkpoint")).send().await else {
            return;
        };
        let Ok(note) = response.text().await else { return };
        heads.lock().unwrap().push(Checkpoint::verify(&note, std::slice::from_ref(&key)).unwrap());
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

async fn text(http: &reqwest::Client, url: String) -> Vec<u8> {
    let response = http.get(&url).send().await.unwrap();
    let status = response.status().as_u16();
    let bytes = response.bytes().await.unwrap().to_vec();
    assert_eq!(status, 200, "{url}: {}", String::from_utf8_lossy(&bytes));
    bytes
}

/// Rebuilds the log from its public side, compares it with every head that was seen, and returns
/// its size.
async fn check_heads(base: &str, key: &VerifierKey, heads: &[Checkpoint]) -> u64 {
    let http = http();
    let note = String::from_utf8(text(&http, format!("{base}/log/acme/checkpoint")).await).unwrap();
    let head = Checkpoint::verify(&note, std::slice::from_ref(key)).unwrap();
    let mut roots = vec![merkle::empty_root()];
    let mut tree = merkle::Tree::new();
    for index in 0..head.size.div_ceil(256) {
        let path = TilePath::Entries { index, width: tile::width_at(0, index, head.size) };
        for entry in
            tile::parse_entries(&text(&http, format!("{base}/log/acme/{path}")).await).unwrap()
        {
            tree.append(merkle::leaf_hash(entry));
            roots.push(tree.root());
        }
    }
    assert_eq!(tree.root(), head.root);
    for seen in heads {
        let index = usize::try_from(seen.size).unwrap();
        assert_eq!(
            roots.get(index),
            Some(&seen.root),
            "a head of {} entries is no prefix any more",
            seen.size
        );
    }
    head.size
}

async fn check_acknowledged(base: &str, token: &str, kept: &[(String, u64)]) {
    let http = http();
    for (release, record) in kept {
        let url = format!("{base}/api/v1/releases/{release}");
        let response = http.get(url).bearer_auth(token).send().await.unwrap();
        assert_eq!(
            response.status().as_u16(),
            200,
            "release {release} was acknowledged and is gone"
        );
        let found: Value = response.json().await.unwrap();
        assert_eq!(
            found["decisions"][0]["log"]["record"], *record,
            "release {release} moved in the log"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kill_nine_loses_nothing_acknowledged() {
    let data = TempDir::new().unwrap();
    let mut create = kept_in(data.path());
    create.args([
        "token",
        "create",
        "--namespace",
        "acme",
        "--scope",
        "read",
        "--scope",
        "submit",
        "--scope",
        "policy",
    ]);
    let token = run(create).expect(0).stdout.trim().to_owned();
    let (kept, heads): (Acknowledged, _) =
        (Acknowledged::default(), Arc::new(Mutex::new(Vec::new())));
    let next = Arc::new(AtomicU64::new(0));
    let mut served = Process::serve(kept_in(data.path()));
    let publish =
        http().post(format!("{}/api/v1/policies", served.url)).bearer_auth(&token).body(POLICY);
    assert_eq!(publish.send().await.unwrap().status().as_u16(), 201);
    let key = text(&http(), format!("{}/log/acme/vkey", served.url)).await;
    let key: VerifierKey = String::from_utf8(key).unwrap().trim().parse().unwrap();
    let mut checked = 0;
    for round in 0..kills() {
        let gone = Arc::new(AtomicBool::new(false));
        let clients: Vec<_> = (0..CLIENTS)
            .map(|_| {
                tokio::spawn(submit_until_gone(
                    served.url.clone(),
                    token.clone(),
                    next.clone(),
                    kept.clone(),
                ))
            })
            .collect();
        let watcher = tokio::spawn(watch_until_gone(
            served.url.clone(),
            key.clone(),
            gone.clone(),
            heads.clone(),
        ));
        // On a busy machine the first answers take a while. After them, a different moment of a batch
        // each time.
        for _ in 0..200 {
            if kept.lock().unwrap().len() > checked {
                break;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        tokio::time::sleep(Duration::from_millis(400 + u64::from(round) * 37 % 300)).await;
        served.kill();
        gone.store(true, Ordering::SeqCst);
        for client in clients {
            client.await.unwrap();
        }
        watcher.await.unwrap();
        served = Process::serve(kept_in(data.path()));
        let (all, seen) = (kept.lock().unwrap().clone(), heads.lock().unwrap().clone());
        let size = check_heads(&served.url, &key, &seen).await;
        check_acknowledged(&served.url, &token, &all[checked..]).await;
        println!(
            "kill {}: {} acknowledged, {} heads, {size} entries",
            round + 1,
            all.len(),
            seen.len()
        );
        assert!(all.len() > checked, "nothing was acknowledged before kill {}", round + 1);
        checked = all.len();
    }
    let all = kept.lock().unwrap().clone();
    check_acknowledged(&served.url, &token, &all).await;
    roll_back_under_load(data.path(), &served.url, &token, &next).await;
    served.kill();
    let mut check = kept_in(data.path());
    check.args(["db", "check"]);
    assert!(run(check).expect(5).stderr.contains("was rolled back"));
}

/// Submits until the service reports that its database was rolled back; returns the number of
/// earlier answers.
async fn submit_until_refused(base: String, token: String, next: Arc<AtomicU64>) -> u64 {
    let http = http();
    let mut answered = 0;
    loop {
        let n = next.fetch_add(1, Ordering::SeqCst);
        let body = submission("acme/credit", &format!("v{n}"), &accuracy(900 + n % 100, 1000));
        let request = http.post(format!("{base}/api/v1/releases")).bearer_auth(&token).json(&body);
        let response = request.send().await.unwrap();
        let status = response.status().as_u16();
        let said: Value = response.json().await.unwrap();
        if status == 201 {
            answered += 1;
            continue;
        }
        assert_eq!((status, said["code"].as_str()), (503, Some("log-rolled-back")), "{said}");
        return answered;
    }
}

/// An older state is restored while clients submit: from then on nothing is signed.
async fn roll_back_under_load(data: &Path, base: &str, token: &str, next: &Arc<AtomicU64>) {
    let (file, saved) = (data.join("modelgate.db"), data.join("older.saved"));
    let (file, saved) = (file.to_str().unwrap().to_owned(), saved.to_str().unwrap().to_owned());
    sqlite_backup(&file, &saved);
    let older = text(&http(), format!("{base}/log/acme/checkpoint")).await;
    let clients: Vec<_> = (0..CLIENTS)
        .map(|_| {
            tokio::spawn(submit_until_refused(base.to_owned(), token.to_owned(), next.clone()))
        })
        .collect();
    tokio::time::sleep(Duration::from_millis(500)).await;
    tokio::task::spawn_blocking(move || sqlite_backup(&saved, &file)).await.unwrap();
    let mut answered = 0;
    for client in clients {
        answered += client.await.unwrap();
    }
    assert!(answered > 0, "nothing was answered before the older state came");
    let refused = http().get(format!("{base}/log/acme/checkpoint")).send().await.unwrap();
    assert_eq!(refused.status().as_u16(), 503, "what the older state says is not served");
    let query = "import sqlite3, sys; print(sqlite3.connect(sys.argv[1]).execute('SELECT checkpoint FROM logs').fetchone()[0], end='')";
    let stored = Command::new("python3")
        .args(["-c", query])
        .arg(data.join("modelgate.db"))
        .output()
        .unwrap();
    assert_eq!(
        String::from_utf8(stored.stdout),
        String::from_utf8(older),
        "a head was signed over the older state"
    );
    println!("rolled back under load: {answered} answered before, none after");
}
