//! A database that is an older state of itself: nothing is signed on top of it, and its log
//! continues only under another name.

use crate::{
    on_both_engines,
    support::{
        app::{POLICY, TestApp, accuracy, artifact, submission},
        database::{TestDatabase, sqlite_backup},
        process::Process,
        served::{Ended, modelgate, run},
    },
};
use modelgate::{identity::Scope, ledger::Checkpoint};
use serde_json::Value;
use std::{
    fs,
    path::Path,
    process::Command,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};
use tempfile::TempDir;

const BOTH: [Scope; 2] = [Scope::Submit, Scope::Read];

async fn submit(app: &TestApp, token: &str, name: &str) -> (u16, Value) {
    app.submit(token, &submission("acme/credit", name, &accuracy(950, 1000))).await
}

on_both_engines! {
    async fn a_database_rolled_back_under_a_running_service_is_not_signed_over(database: TestDatabase) {
        let app = TestApp::start(&database).await;
        let token = app.machine("acme", &BOTH).await;
        assert_eq!(app.publish("acme", POLICY).await.0, 201);
        assert_eq!(submit(&app, &token, "before").await.0, 201);
        database.save("older").await;
        for name in ["a", "b", "c"] {
            assert_eq!(submit(&app, &token, name).await.0, 201);
        }
        let kept = database.folder.path().join("heads/acme");
        let newest = fs::read_to_string(&kept).unwrap();
        database.save("newest").await;
        database.restore("older").await;
        let older = app.log_size("acme").await;
        assert!(older < Checkpoint::unverified(&newest).unwrap().size);
        // The first caller to get the error asks whether a model may be deployed, before anything
        // is written.
        let gate = format!("/api/v1/gate?model=acme/credit&digest={}&environment=production", artifact("before"));
        for address in [gate.as_str(), "/api/v1/releases", "/log/acme/checkpoint"] {
            let (status, said) = app.get(&token, address).await;
            assert_eq!((status, said["code"].as_str()), (503, Some("log-rolled-back")), "{address}: {said}");
        }
        assert_eq!(app.get(&token, "/healthz").await.0, 200);
        for name in ["d", "e"] {
            let (status, said) = submit(&app, &token, name).await;
            assert_eq!((status, said["code"].as_str()), (503, Some("log-rolled-back")), "{said}");
            assert!(said["detail"].as_str().unwrap().contains("db restore"), "it says what to do: {said}");
        }
        let (status, said) = app.get(&token, "/readyz").await;
        assert_eq!((status, said["code"].as_str()), (503, Some("log-rolled-back")), "{said}");
        assert_eq!(app.log_size("acme").await, older, "nothing was signed over the older state");
        assert_eq!(fs::read_to_string(&kept).unwrap(), newest, "the kept head stays");
        // A start does not accept it either.
        let error = TestApp::try_start(&database).await.err().unwrap();
        assert_eq!(error.code, "log-rolled-back");
        // With the newest state in place, the service continues automatically.
        database.restore("newest").await;
        let mut status = 0;
        for n in 0..100 {
            status = submit(&app, &token, &format!("again{n}")).await.0;
            if status == 201 {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        }
        assert_eq!(status, 201);
        assert_eq!(app.get(&token, "/readyz").await.0, 200);
        app.stop().await;
    }

    // Another service has extended the older state: it is as large as the signed log, but a
    // different log.
    async fn a_log_that_forked_is_not_signed_over(database: TestDatabase) {
        let app = TestApp::start(&database).await;
        let token = app.machine("acme", &BOTH).await;
        assert_eq!(submit(&app, &token, "before").await.0, 201);
        database.save("older").await;
        assert_eq!(submit(&app, &token, "mine").await.0, 201);
        let size = app.log_size("acme").await;
        database.restore("older").await;
        // A replica that does not know about it: same keys, another folder of heads.
        let other = database.another();
        fs::create_dir(other.folder.path().join("keys")).unwrap();
        for key in ["decision.key", "log.key"] {
            let to = other.folder.path().join("keys").join(key);
            fs::copy(database.folder.path().join("keys").join(key), to).unwrap();
        }
        let replica = TestApp::start(&other).await;
        let theirs = replica.machine("acme", &BOTH).await;
        while app.log_size("acme").await <= size {
            let name = format!("theirs{}", app.log_size("acme").await);
            assert_eq!(submit(&replica, &theirs, &name).await.0, 201);
        }
        // It is larger now: the first caller gets the error, and from then on every caller, also
        // after a probe of whether the database accepts writes.
        let gate = format!("/api/v1/gate?model=acme/credit&digest={}&environment=production", artifact("before"));
        let all = [gate.as_str(), "/readyz", "/log/acme/checkpoint", "/api/v1/releases"];
        for round in 0..2 {
            for address in all {
                let (status, said) = app.get(&token, address).await;
                assert_eq!((status, said["code"].as_str()), (503, Some("log-rolled-back")), "{address}: {said}");
            }
            let (status, said) = submit(&app, &token, &format!("d{round}")).await;
            assert_eq!((status, said["code"].as_str()), (503, Some("log-rolled-back")), "{said}");
            // Longer than the result of a probe is cached.
            tokio::time::sleep(std::time::Duration::from_millis(1_100)).await;
        }
        replica.stop().await;
        app.stop().await;
    }

    // The common folder of heads shows what another replica signed.
    async fn a_larger_head_that_only_a_folder_keeps_makes_a_service_unready(database: TestDatabase) {
        let app = TestApp::start(&database).await;
        let token = app.machine("acme", &BOTH).await;
        assert_eq!(submit(&app, &token, "before").await.0, 201);
        database.save("older").await;
        let older = fs::read_to_string(database.folder.path().join("heads/acme")).unwrap();
        let replica = TestApp::start(&database).await;
        assert_eq!(submit(&replica, &token, "theirs").await.0, 201);
        replica.stop().await;
        assert_ne!(fs::read_to_string(database.folder.path().join("heads/acme")).unwrap(), older);
        database.restore("older").await;
        tokio::time::sleep(std::time::Duration::from_millis(1_100)).await;
        for address in ["/readyz", "/log/acme/checkpoint", "/readyz"] {
            let (status, said) = app.get(&token, address).await;
            assert_eq!((status, said["code"].as_str()), (503, Some("log-rolled-back")), "{address}: {said}");
        }
        app.stop().await;
    }

    // The service then does not know what was signed before: it signs nothing, and does not blame
    // the database.
    async fn a_folder_of_heads_that_cannot_be_read_is_told_as_what_it_is(database: TestDatabase) {
        let app = TestApp::start(&database).await;
        let token = app.machine("acme", &BOTH).await;
        assert_eq!(submit(&app, &token, "a").await.0, 201);
        let head = database.folder.path().join("heads/acme");
        let note = fs::read(&head).unwrap();
        fs::remove_file(&head).unwrap();
        fs::create_dir(&head).unwrap();
        for name in ["b", "c"] {
            let (status, said) = submit(&app, &token, name).await;
            assert_eq!((status, said["code"].as_str()), (503, Some("heads-unreadable")), "{said}");
            assert!(said["detail"].as_str().unwrap().contains("cannot be read"), "{said}");
        }
        let (status, said) = app.get(&token, "/readyz").await;
        assert_eq!((status, said["code"].as_str()), (503, Some("heads-unreadable")), "{said}");
        // Earlier decisions stay readable.
        assert_eq!(app.get(&token, "/log/acme/checkpoint").await.0, 200);
        let refused = TestApp::try_start(&database).await.err().unwrap();
        assert_eq!(refused.code, "heads-unreadable");
        fs::remove_dir(&head).unwrap();
        fs::write(&head, note).unwrap();
        tokio::time::sleep(std::time::Duration::from_millis(300)).await;
        assert_eq!(submit(&app, &token, "d").await.0, 201);
        assert_eq!(app.get(&token, "/readyz").await.0, 200);
        app.stop().await;
    }
}

/// The binary, with all its data in `data`.
fn kept_in(data: &Path, args: &[&str]) -> Command {
    let mut command = modelgate(data.parent().unwrap());
    command
        .env("MODELGATE_DATA", data)
        .env("MODELGATE_PUBLIC_URL", "http://gate.example.com")
        .args(args);
    command
}

fn told(data: &Path, args: &[&str]) -> Ended {
    run(kept_in(data, args))
}

fn token(data: &Path) -> String {
    let args = [
        "token",
        "create",
        "--namespace",
        "acme",
        "--scope",
        "submit",
        "--scope",
        "read",
        "--scope",
        "policy",
    ];
    told(data, &args).expect(0).stdout.trim().to_owned()
}

async fn ask(url: &str, token: &str, name: &str) -> (u16, Value) {
    let body = submission("acme/credit", name, &accuracy(950, 1000));
    let request = reqwest::Client::new()
        .post(format!("{url}/api/v1/releases"))
        .bearer_auth(token)
        .json(&body);
    crate::support::app::answer(request).await
}

/// A service with a separate folder and some decisions.
async fn decided(data: &Path, token: &str, names: &[&str]) -> Vec<Value> {
    let served = Process::serve(kept_in(data, &[]));
    let mut said = Vec::new();
    for name in names {
        let (status, answer) = ask(&served.url, token, name).await;
        assert_eq!(status, 201, "{answer}");
        said.push(answer);
    }
    served.kill();
    said
}

fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy_folder(&entry.path(), &to)
        } else {
            fs::copy(entry.path(), to).unwrap();
        }
    }
}

#[tokio::test]
async fn a_whole_folder_of_an_older_backup_is_noticed_by_heads_kept_elsewhere() {
    let root = TempDir::new().unwrap();
    let (data, backup, heads) =
        (root.path().join("data"), root.path().join("backup"), root.path().join("heads"));
    let token = token(&data);
    let serve = |names: &'static [&'static str]| {
        let (data, heads, token) = (data.clone(), heads.clone(), token.clone());
        async move {
            let mut command = kept_in(&data, &[]);
            command.env("MODELGATE_HEADS", &heads);
            let served = Process::serve(command);
            for name in names {
                assert_eq!(ask(&served.url, &token, name).await.0, 201);
            }
            served.kill();
        }
    };
    serve(&["a", "b"]).await;
    copy_folder(&data, &backup);
    serve(&["c"]).await;
    fs::remove_dir_all(&data).unwrap();
    copy_folder(&backup, &data);
    let check = ["db", "check", "--heads", heads.to_str().unwrap()];
    let refused = told(&data, &check).expect(5);
    assert!(refused.stderr.contains("was rolled back"), "{refused:?}");
    // The folder is consistent in itself: nothing else could detect the change.
    told(&data, &["db", "check"]).expect(0);
}

#[tokio::test]
async fn a_backup_is_whole_and_a_restore_says_what_is_lost() {
    let root = TempDir::new().unwrap();
    let data = root.path().join("data");
    let token = token(&data);
    decided(&data, &token, &["a", "b"]).await;
    // Exported earlier, with keys pinned by others.
    let served = Process::serve(kept_in(&data, &[]));
    let (_, c) = ask(&served.url, &token, "c").await;
    let export = |served: &Process, decided: &Value, to: &str| {
        let mut command = modelgate(root.path());
        command.env("MODELGATE_SERVER", &served.url).env("MODELGATE_TOKEN", &token);
        command.args(["export", "decision", decided["decision"].as_str().unwrap(), "--out", to]);
        run(command).expect(0);
    };
    // While it serves.
    let backup = root.path().join("backup");
    let out = backup.to_str().unwrap();
    told(&data, &["db", "backup", "--out", out]).expect(0);
    assert!(!backup.join("keys").exists(), "keys leave only when that is said");
    let (_, d) = ask(&served.url, &token, "d").await;
    export(&served, &c, "old-c");
    export(&served, &d, "old-d");
    let in_use = told(&data, &["db", "restore", "--from", out]).expect(2);
    assert!(in_use.stderr.contains("in use"), "{in_use:?}");
    told(&data, &["key", "show", "--namespace", "acme", "--out", "old-keys"]).expect(0);
    served.kill();
    let refused = told(&data, &["db", "restore", "--from", out]).expect(2);
    assert!(refused.stderr.contains("1 decision among them"), "{refused:?}");
    assert!(refused.stderr.contains("--accept-loss"), "{refused:?}");
    told(&data, &["db", "check"]).expect(0);
    let said = told(&data, &["db", "restore", "--from", out, "--accept-loss", "--format", "json"])
        .expect(0)
        .json();
    assert_eq!(said["continued"][0]["old_origin"], "gate.example.com/log/acme", "{said}");
    assert_eq!(said["continued"][0]["origin"], "gate.example.com/log/acme/2", "{said}");
    told(&data, &["db", "check"]).expect(0);
    // Earlier exports can be verified with keys that were pinned earlier, including decisions that
    // are lost here.
    let verify = |export: &str, keys: &str| {
        let mut command = modelgate(root.path());
        command.args(["verify", export, "--trust", keys]);
        run(command).code
    };
    let before = (verify("old-c", "old-keys"), verify("old-d", "old-keys"));
    told(&data, &["key", "show", "--namespace", "acme", "--out", "new-keys"]).expect(0);
    assert_eq!(
        (verify("old-c", "new-keys"), verify("old-d", "new-keys")),
        before,
        "`key show` shows both logs"
    );
    // New decisions and restored ones are in the new log.
    let served = Process::serve(kept_in(&data, &[]));
    let (status, e) = ask(&served.url, &token, "e").await;
    assert_eq!(status, 201, "{e}");
    export(&served, &e, "new-e");
    export(&served, &c, "new-c");
    served.kill();
    assert_eq!((verify("new-e", "new-keys"), verify("new-c", "new-keys")), before);
    assert_eq!(verify("new-e", "old-keys"), 1, "the old log's key says nothing of the new one");
    told(&data, &["db", "check"]).expect(0);
    // Again: the third log with this name.
    told(&data, &["db", "restore", "--from", out, "--accept-loss"]).expect(0);
    let keys = told(&data, &["key", "show", "--namespace", "acme"]).expect(0).stdout;
    for origin in [
        "gate.example.com/log/acme/3+",
        "gate.example.com/log/acme/2+",
        "gate.example.com/log/acme+",
    ] {
        assert!(keys.contains(origin), "{keys}");
    }
    told(&data, &["db", "check"]).expect(0);
}

#[tokio::test]
async fn a_key_that_is_gone_is_not_replaced() {
    let root = TempDir::new().unwrap();
    let data = root.path().join("data");
    let token = token(&data);
    decided(&data, &token, &["a"]).await;
    for name in ["decision.key", "log.key"] {
        let key = data.join("keys").join(name);
        let bytes = fs::read(&key).unwrap();
        fs::remove_file(&key).unwrap();
        for args in
            [&["db", "check"][..], &["token", "list"], &["key", "show", "--namespace", "acme"]]
        {
            let refused = told(&data, args).expect(5);
            assert!(refused.stderr.contains("is gone"), "{refused:?}");
            assert!(!key.exists(), "a new key was made before the refusal");
        }
        // Also if the database is another, empty one: the kept heads were signed by the key.
        let refused = told(&data, &["db", "check", "--database", "other.db"]).expect(5);
        assert!(refused.stderr.contains("is gone"), "{refused:?}");
        assert!(!key.exists() && !root.path().join("other.db").exists(), "nothing is made");
        fs::write(&key, bytes).unwrap();
        use std::os::unix::fs::PermissionsExt as _;
        fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).unwrap();
    }
    told(&data, &["db", "check"]).expect(0);
}

#[tokio::test]
async fn damaged_pages_are_refused_before_anything_is_written() {
    let root = TempDir::new().unwrap();
    let data = root.path().join("data");
    let token = token(&data);
    decided(&data, &token, &["a", "b", "c"]).await;
    told(&data, &["db", "check"]).expect(0);
    let file = data.join("modelgate.db");
    let whole = fs::read(&file).unwrap();
    let pages = whole.len() / 4096;
    let mut refused = 0;
    for page in 1..pages {
        let mut bytes = whole.clone();
        bytes[page * 4096..(page + 1) * 4096].fill(0x5a);
        fs::write(&file, &bytes).unwrap();
        let ended = told(&data, &["db", "check"]);
        assert_eq!(ended.code, 5, "page {page}: {ended:?}");
        refused += 1;
    }
    assert!(refused > 20, "{refused}");
    // A start reads every page, too.
    let mut command = kept_in(&data, &["serve", "--listen", "127.0.0.1:0"]);
    command.env("MODELGATE_LOG", "off");
    let ended = run(command).expect(5);
    assert!(ended.stderr.contains("damaged"), "{ended:?}");
    fs::write(&file, &whole).unwrap();
    told(&data, &["db", "check"]).expect(0);
}

/// A database file that is moved away or replaced stays open in the service. The service would
/// acknowledge data that is lost with the process.
#[tokio::test]
async fn a_database_that_is_no_longer_at_its_path_is_told() {
    for (file, copied) in
        [("modelgate.db", true), ("modelgate.db", false), ("modelgate.db-wal", false)]
    {
        let root = TempDir::new().unwrap();
        let data = root.path().join("data");
        let token = token(&data);
        let mut served = Process::serve(kept_in(&data, &[]));
        assert_eq!(ask(&served.url, &token, "before").await.0, 201);
        let (path, aside) = (data.join(file), root.path().join("aside"));
        fs::rename(&path, &aside).unwrap();
        if copied {
            fs::copy(&aside, &path).unwrap();
        }
        let http = reqwest::Client::new();
        let gate = format!(
            "/api/v1/gate?model=acme/credit&digest={}&environment=production",
            artifact("before")
        );
        for address in ["/readyz", gate.as_str(), "/api/v1/releases", "/log/acme/checkpoint"] {
            let request = http.get(format!("{}{address}", served.url)).bearer_auth(&token);
            let (status, said) = crate::support::app::answer(request).await;
            assert_eq!(
                (status, said["code"].as_str()),
                (503, Some("database-replaced")),
                "{file} {address}: {said}"
            );
        }
        for name in ["a", "b"] {
            let (status, said) = ask(&served.url, &token, name).await;
            assert_eq!(
                (status, said["code"].as_str()),
                (503, Some("database-replaced")),
                "{file}: {said}"
            );
        }
        // With the file back, everything is as before.
        fs::rename(&aside, &path).unwrap();
        tokio::time::sleep(std::time::Duration::from_millis(300)).await;
        assert_eq!(ask(&served.url, &token, "after").await.0, 201);
        served.signal("TERM");
        assert_eq!(served.ended(), Some(0));
        let said = told(&data, &["db", "check"]).expect(0);
        assert!(said.stdout.contains("ok"), "{said:?}");
    }
}

/// Overwrites the first page of a table in a file that other processes have open.
fn damage(file: &Path, table: &str) {
    let script = "import sqlite3, sys\n\
                  c = sqlite3.connect('file:' + sys.argv[1] + '?mode=ro', uri=True)\n\
                  size = c.execute('PRAGMA page_size').fetchone()[0]\n\
                  sql = 'SELECT rootpage FROM sqlite_master WHERE name = ?'\n\
                  page = c.execute(sql, (sys.argv[2],)).fetchone()[0]\n\
                  c.close(); f = open(sys.argv[1], 'r+b'); f.seek((page - 1) * size); f.write(b'Z' * size)";
    assert!(
        Command::new("python3")
            .args(["-c", script])
            .arg(file)
            .arg(table)
            .status()
            .unwrap()
            .success()
    );
}

/// Damage that a running service meets: `readyz` reports it too, not only the failing request.
#[tokio::test]
async fn damage_that_was_read_is_told_by_readyz() {
    // In an answer, and in one whose head was sent long before.
    for streamed in [false, true] {
        let root = TempDir::new().unwrap();
        let data = root.path().join("data");
        let token = token(&data);
        let decision =
            decided(&data, &token, &["a"]).await[0]["decision"].as_str().unwrap().to_owned();
        // This also moves the write-ahead log into the file.
        told(&data, &["db", "check"]).expect(0);
        let served = Process::serve(kept_in(&data, &[]));
        damage(&data.join("modelgate.db"), if streamed { "inputs" } else { "decisions" });
        let http = reqwest::Client::new();
        let get = |path: &str| http.get(format!("{}{path}", served.url)).bearer_auth(&token);
        // A write makes the service read pages again.
        let policy =
            http.post(format!("{}/api/v1/policies", served.url)).bearer_auth(&token).body(POLICY);
        assert_eq!(crate::support::app::answer(policy).await.0, 201);
        if streamed {
            let period = "from=2026-01-01T00:00:00Z&to=2100-01-01T00:00:00Z&format=csv";
            let cut = match get(&format!("/api/v1/reports/audit?{period}")).send().await {
                Ok(begun) => begun.bytes().await.map(drop),
                // It may break off before its head left.
                Err(error) => Err(error),
            };
            assert!(cut.is_err(), "the answer broke off");
        } else {
            let (status, said) =
                crate::support::app::answer(get(&format!("/api/v1/decisions/{decision}"))).await;
            assert_eq!((status, said["code"].as_str()), (503, Some("database-damaged")), "{said}");
        }
        let mut ready = (200, Value::Null);
        for _ in 0..50 {
            ready = crate::support::app::answer(get("/readyz")).await;
            if ready.0 != 200 {
                break;
            }
            // The connection ends a moment before its cause is reported.
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        assert_eq!(
            (ready.0, ready.1["code"].as_str()),
            (503, Some("database-damaged")),
            "{ready:?}"
        );
    }
}

/// Changed rows, each by one byte that no page check detects.
#[tokio::test]
async fn rows_that_are_not_what_was_logged_are_found() {
    let root = TempDir::new().unwrap();
    let data = root.path().join("data");
    let token = token(&data);
    decided(&data, &token, &["a"]).await;
    told(&data, &["db", "check"]).expect(0);
    let (file, saved) = (data.join("modelgate.db"), root.path().join("saved.db"));
    let (file, saved) = (file.to_str().unwrap(), saved.to_str().unwrap());
    sqlite_backup(file, saved);
    for sql in [
        "UPDATE evidence SET bytes = x'7b7d'",
        "UPDATE inputs SET document = '{}'",
        "DELETE FROM inputs",
        "UPDATE tokens SET scopes = 'admin'",
        "UPDATE releases SET inputs_digest = 'sha256:00'",
        "UPDATE decisions SET record = x'7b7d'",
        "UPDATE decisions SET record_signature = x'00'",
        "UPDATE entries SET fact = x'7b7d' WHERE fact IS NOT NULL",
        "UPDATE entries SET kind = 'policy-published' WHERE idx = 0",
        "UPDATE entries SET body = x'00' WHERE idx = 1",
        "DELETE FROM entries WHERE idx = 1",
    ] {
        let changed = Command::new("python3")
            .args(["-c", "import sqlite3, sys\nc = sqlite3.connect(sys.argv[1]); c.execute(sys.argv[2]); c.commit()"])
            .args([file, sql])
            .status();
        assert!(changed.unwrap().success());
        told(&data, &["db", "check"]).expect(5);
        sqlite_backup(saved, file);
        told(&data, &["db", "check"]).expect(0);
    }
}

/// An operator's commands, and another replica, while CI keeps the service busy.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn commands_and_replicas_start_beside_a_busy_service() {
    let root = TempDir::new().unwrap();
    let data = root.path().join("data");
    let token = token(&data);
    let served = Process::serve(kept_in(&data, &[]));
    let (stop, next) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
    let load: Vec<_> = (0..4)
        .map(|_| {
            let (stop, next, url, token) =
                (stop.clone(), next.clone(), served.url.clone(), token.clone());
            tokio::spawn(async move {
                while !stop.load(Ordering::SeqCst) {
                    let name = format!("v{}", next.fetch_add(1, Ordering::SeqCst));
                    let (status, said) = ask(&url, &token, &name).await;
                    assert_eq!(status, 201, "{said}");
                }
            })
        })
        .collect();
    for round in 0..12 {
        let data = data.clone();
        let done = tokio::task::spawn_blocking(move || {
            told(&data, &["token", "create", "--namespace", "acme", "--scope", "read"]).expect(0);
            told(&data, &["db", "check"]).expect(0);
            Process::serve(kept_in(&data, &[])).kill();
        });
        done.await.unwrap_or_else(|e| panic!("round {round}: {e}"));
    }
    let before = next.load(Ordering::SeqCst);
    assert!(before > 12, "only {before} submissions came");
    stop.store(true, Ordering::SeqCst);
    for task in load {
        task.await.unwrap();
    }
    served.kill();
}
