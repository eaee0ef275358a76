//! Writes that fail at every step, on both engines: each answer is a refusal or a promise, never
//! both.

use crate::{
    on_both_engines,
    support::{
        app::{POLICY, TestApp, accuracy, artifact, submission},
        database::{Engine, TestDatabase},
        process::Process,
        served::{modelgate, run},
        wire::{Cut, Wire},
    },
};
use modelgate::identity::Scope;
use serde_json::Value;
use std::{path::Path, process::Command, time::Duration};
use tempfile::TempDir;

const BOTH: [Scope; 2] = [Scope::Submit, Scope::Read];
/// More queries or writes than one submission makes.
const MOST: i64 = 200;

/// A service under test, in this process or another.
struct Asked {
    base: String,
    token: String,
    http: reqwest::Client,
    next: u64,
    /// Artifact and release of the submissions that were answered with 201.
    stored: Vec<(String, String)>,
    /// Artifacts of the submissions that were refused, except those with an unknown outcome.
    refused: Vec<String>,
}

impl Asked {
    fn new(base: &str, token: &str) -> Self {
        let http = reqwest::Client::builder().timeout(Duration::from_secs(60)).build().unwrap();
        let (stored, refused) = (Vec::new(), Vec::new());
        Self { base: base.into(), token: token.into(), http, next: 0, stored, refused }
    }

    async fn get(&self, path: &str) -> (u16, Value) {
        let request = self.http.get(format!("{}{path}", self.base)).bearer_auth(&self.token);
        crate::support::app::answer(request).await
    }

    /// Submits a new artifact; returns the status and the code of a refusal.
    async fn submit(&mut self) -> (u16, String) {
        self.next += 1;
        let name = format!("v{}", self.next);
        let body = submission("acme/credit", &name, &accuracy(900 + self.next % 100, 1000));
        let request =
            self.http.post(format!("{}/api/v1/releases", self.base)).bearer_auth(&self.token);
        let (status, said) = crate::support::app::answer(request.json(&body)).await;
        let code = said["code"].as_str().unwrap_or_default().to_owned();
        match (status, code.as_str()) {
            (201, _) => {
                self.stored.push((artifact(&name), said["release"].as_str().unwrap().to_owned()))
            }
            (503, "outcome-unknown") => {}
            (503, _) => self.refused.push(artifact(&name)),
            _ => panic!("{status} {said}"),
        }
        (status, code)
    }

    /// Submits until that works again, as it must after the faults end.
    async fn goes_on(&mut self) {
        for _ in 0..100 {
            if self.submit().await.0 == 201 {
                assert_eq!(self.get("/readyz").await.0, 200);
                return;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        panic!("the service does not go on after the fault ended: {:?}", self.submit().await);
    }

    /// Checks the service, which may be another process by now, against its answers.
    async fn check(&self) {
        for (artifact, release) in &self.stored {
            let (status, _) = self.get(&format!("/api/v1/releases/{release}")).await;
            assert_eq!(status, 200, "release {release} of {artifact} was acknowledged and is gone");
        }
        for artifact in &self.refused {
            let path =
                format!("/api/v1/gate?model=acme/credit&digest={artifact}&environment=production");
            let (_, said) = self.get(&path).await;
            assert_eq!(
                said["data"]["release"],
                Value::Null,
                "{artifact} was refused and is there: {said}"
            );
        }
    }
}

/// The binary on a database in `folder`.
fn kept_in(folder: &Path) -> Command {
    let mut command = modelgate(folder);
    command.env("MODELGATE_DATA", folder).env("MODELGATE_PUBLIC_URL", "http://gate.example.com");
    command
}

fn token(folder: &Path) -> String {
    let mut command = kept_in(folder);
    command.args(["token", "create", "--namespace", "acme"]);
    command.args(["--scope", "submit", "--scope", "read", "--scope", "policy"]);
    run(command).expect(0).stdout.trim().to_owned()
}

async fn publish(asked: &Asked) {
    let url = format!("{}/api/v1/policies", asked.base);
    let published =
        asked.http.post(url).bearer_auth(&asked.token).body(POLICY).send().await.unwrap();
    assert_eq!(published.status().as_u16(), 201);
}

#[cfg(target_os = "linux")]
mod disk {
    use super::*;
    use crate::support::disk::{Disk, Fault};

    /// Every write, truncation and flush of a batch fails, once alone and once with all that
    /// follow.
    async fn sweep(fault: Fault, stays: bool) {
        let root = TempDir::new().unwrap();
        let folder = root.path().join("data");
        std::fs::create_dir(&folder).unwrap();
        let (disk, token) = (Disk::of(&folder), token(&folder));
        let serve = || {
            let mut command = kept_in(&folder);
            disk.under(&mut command);
            Process::serve(command)
        };
        let mut served = serve();
        let mut asked = Asked::new(&served.url, &token);
        publish(&asked).await;
        asked.goes_on().await;
        let mut failed = 0;
        for works in 0..MOST {
            disk.fail(works, fault, stays);
            let (status, code) = asked.submit().await;
            let untouched = disk.untouched();
            if stays && !untouched && status == 503 {
                failed += 1;
                let (ready, why) = asked.get("/readyz").await;
                assert_eq!(ready, 503, "after {code}: {why}");
                assert_eq!(why["code"], "database-not-writable", "{why}");
            }
            disk.heal();
            asked.goes_on().await;
            if untouched {
                break;
            }
            assert_ne!(works, MOST - 1, "a submission makes more than {MOST} writes");
            // Sometimes the service is restarted, so that it cannot remember its answers.
            if works % 16 == 15 {
                served.kill();
                served = serve();
                asked.base.clone_from(&served.url);
            }
        }
        assert!(failed > 3 || !stays, "only {failed} writes failed");
        asked.check().await;
        served.kill();
        let served = serve();
        asked.base.clone_from(&served.url);
        asked.check().await;
    }

    #[tokio::test]
    async fn a_full_disk_loses_nothing_acknowledged() {
        sweep(Fault::Full, true).await;
    }

    #[tokio::test]
    async fn a_disk_that_is_full_for_a_moment_loses_nothing_acknowledged() {
        sweep(Fault::Full, false).await;
    }

    #[tokio::test]
    async fn a_broken_disk_loses_nothing_acknowledged() {
        sweep(Fault::Broken, true).await;
    }

    #[tokio::test]
    async fn a_disk_that_errs_once_loses_nothing_acknowledged() {
        sweep(Fault::Broken, false).await;
    }

    /// A limit on the size of files (`ulimit -f`) that is reached in the middle of a batch and then
    /// removed.
    #[tokio::test]
    async fn a_limit_on_files_loses_nothing_acknowledged() {
        let folder = TempDir::new().unwrap();
        let token = token(folder.path());
        // The signal would end the process; if it is ignored, the write fails.
        let shell = |limit: &str| {
            let plain = kept_in(folder.path());
            let mut command = Command::new("sh");
            command.current_dir(folder.path());
            crate::support::served::clean(&mut command);
            command.envs(plain.get_envs().filter_map(|(name, value)| Some((name, value?))));
            let script = format!("trap '' XFSZ; ulimit -f {limit}; exec \"$0\" \"$@\"");
            command.args(["-c", &script]).arg(plain.get_program());
            command
        };
        // In blocks of 512 bytes: a megabyte, which a few dozen submissions fill.
        let served = Process::serve(shell("2048"));
        let mut asked = Asked::new(&served.url, &token);
        publish(&asked).await;
        let mut refused = 0;
        for _ in 0..400 {
            refused += u32::from(asked.submit().await.0 == 503);
            if refused == 3 {
                break;
            }
        }
        assert_eq!(refused, 3, "the limit was never reached");
        assert_eq!(asked.get("/readyz").await.0, 503);
        asked.check().await;
        served.kill();
        let served = Process::serve(shell("unlimited"));
        asked.base.clone_from(&served.url);
        asked.check().await;
        asked.goes_on().await;
    }
}

/// Cuts the connection at every query of a batch, before the server has received it or before its
/// answer arrives.
async fn cut_everywhere(cut: Cut, stays: bool) {
    let mut database = TestDatabase::new(Engine::Postgres).await;
    let direct = database.address.clone();
    let wire = Wire::to(&direct);
    database.address.clone_from(&wire.address);
    let app = TestApp::start(&database).await;
    let token = app.machine("acme", &BOTH).await;
    assert_eq!(app.publish("acme", POLICY).await.0, 201);
    let mut asked = Asked::new(&app.base, &token);
    asked.goes_on().await;
    for works in 0..MOST {
        wire.cut(works, cut, stays);
        asked.submit().await;
        let untouched = wire.untouched();
        wire.heal();
        asked.goes_on().await;
        if untouched {
            break;
        }
        assert_ne!(works, MOST - 1, "a submission asks more than {MOST} questions");
    }
    asked.check().await;
    app.stop().await;
    database.address = direct;
    let app = TestApp::start(&database).await;
    asked.base.clone_from(&app.base);
    asked.check().await;
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_cut_before_any_question_loses_nothing_acknowledged() {
    cut_everywhere(Cut::Question, false).await;
}

/// This includes the reply to the commit: that batch is stored, looked up, and answered.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_that_is_lost_is_looked_up() {
    cut_everywhere(Cut::Answer, false).await;
}

/// Makes a statement on `table` fail: SQLite then rolls back automatically, as it does if its disk
/// is full.
fn failing(sqlite: bool, table: &str, operation: &str) -> [String; 2] {
    if sqlite {
        let fails = "BEGIN SELECT RAISE(ROLLBACK, 'the disk is full'); END";
        return [
            format!("CREATE TRIGGER fails BEFORE {operation} ON {table} {fails}"),
            "DROP TRIGGER fails".to_owned(),
        ];
    }
    let function = "CREATE OR REPLACE FUNCTION fails() RETURNS trigger LANGUAGE plpgsql AS \
                    $$ BEGIN RAISE EXCEPTION 'the disk is full' USING ERRCODE = '53100'; END $$";
    let trigger = format!("BEFORE {operation} ON {table} FOR EACH ROW EXECUTE FUNCTION fails()");
    [
        format!("{function}; CREATE TRIGGER fails {trigger}"),
        format!("DROP TRIGGER fails ON {table}"),
    ]
}

on_both_engines! {
    async fn a_statement_that_fails_loses_nothing_acknowledged(database: TestDatabase) {
        let sqlite = !database.address.starts_with("postgres");
        let app = TestApp::start(&database).await;
        let token = app.machine("acme", &BOTH).await;
        assert_eq!(app.publish("acme", POLICY).await.0, 201);
        let mut asked = Asked::new(&app.base, &token);
        let inserts = ["entries", "evidence", "releases", "decisions", "tries"].map(|table| (table, "INSERT"));
        for (table, operation) in inserts.into_iter().chain([("logs", "UPDATE")]) {
            let [break_it, mend_it] = failing(sqlite, table, operation);
            database.execute_owned(break_it).await;
            let (status, code) = asked.submit().await;
            assert_eq!(status, 503, "{table} {code}");
            database.execute_owned(mend_it).await;
            asked.goes_on().await;
        }
        // The routes for people use the same connection.
        let [break_it, mend_it] = failing(sqlite, "tokens", "INSERT");
        database.execute_owned(break_it).await;
        let new = modelgate::app::accounts::people::NewToken {
            namespace: "acme".parse().unwrap(),
            name: "t".into(),
            scopes: vec![Scope::Read],
            user: None,
            lives: "1d".parse().unwrap(),
        };
        assert!(app.service.create_token(new.clone()).await.is_err());
        database.execute_owned(mend_it).await;
        let (made, _) = app.service.create_token(new).await.unwrap();
        asked.goes_on().await;
        asked.check().await;
        app.stop().await;
        let app = TestApp::start(&database).await;
        asked.base.clone_from(&app.base);
        asked.check().await;
        assert!(app.service.list_tokens().await.unwrap().iter().any(|t| t.id == made.id), "the token is gone");
        app.stop().await;
    }

    async fn a_service_whose_database_takes_no_writes_is_not_ready(database: TestDatabase) {
        let sqlite = !database.address.starts_with("postgres");
        let app = TestApp::start(&database).await;
        let token = app.machine("acme", &BOTH).await;
        let mut asked = Asked::new(&app.base, &token);
        let [break_it, mend_it] = failing(sqlite, "probes", "INSERT");
        asked.goes_on().await;
        database.execute_owned(break_it).await;
        // The result of a probe is cached for a second.
        let mut ready = asked.get("/readyz").await;
        for _ in 0..100 {
            if ready.0 != 200 {
                break;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
            ready = asked.get("/readyz").await;
        }
        assert_eq!((ready.0, ready.1["code"].as_str()), (503, Some("database-not-writable")), "{ready:?}");
        assert_eq!(asked.get("/healthz").await.0, 200);
        database.execute_owned(mend_it).await;
        asked.goes_on().await;
        app.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_commit_that_the_server_refuses_loses_nothing_acknowledged() {
    let database = TestDatabase::new(Engine::Postgres).await;
    let app = TestApp::start(&database).await;
    let token = app.machine("acme", &BOTH).await;
    assert_eq!(app.publish("acme", POLICY).await.0, 201);
    let mut asked = Asked::new(&app.base, &token);
    // Checked when the transaction is committed, like a deferred constraint.
    let [function, _] = failing(false, "entries", "INSERT");
    let function = function.split_once("; CREATE TRIGGER").unwrap().0.to_owned();
    database.execute_owned(function).await;
    let trigger = "CREATE CONSTRAINT TRIGGER fails AFTER INSERT ON entries DEFERRABLE INITIALLY DEFERRED \
                   FOR EACH ROW EXECUTE FUNCTION fails()";
    for _ in 0..3 {
        database.execute(trigger).await;
        assert_eq!(asked.submit().await.0, 503);
        database.execute("DROP TRIGGER fails ON entries").await;
        asked.goes_on().await;
    }
    // The server ends every connection of the service.
    for _ in 0..3 {
        let end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
                   WHERE datname = current_database() AND pid <> pg_backend_pid()";
        database.execute(end).await;
        asked.submit().await;
        asked.goes_on().await;
    }
    asked.check().await;
    app.stop().await;
}

/// A server that is silent on a connection that stays open: waiting callers get an answer, and the
/// service continues.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_that_falls_silent_loses_nothing_acknowledged_and_stops_nobody() {
    let mut database = TestDatabase::new(Engine::Postgres).await;
    let direct = database.address.clone();
    let wire = Wire::to(&direct);
    database.address.clone_from(&wire.address);
    database.patience = Duration::from_millis(500);
    let app = TestApp::start(&database).await;
    let token = app.machine("acme", &BOTH).await;
    assert_eq!(app.publish("acme", POLICY).await.0, 201);
    let mut asked = Asked::new(&app.base, &token);
    asked.goes_on().await;
    // Every fifth query; the tests above cut the others.
    for works in (0..MOST).step_by(5) {
        wire.cut(works, Cut::Silence, false);
        asked.submit().await;
        let untouched = wire.untouched();
        wire.heal();
        asked.goes_on().await;
        if untouched {
            break;
        }
    }
    // And once everything is silent for longer than the service waits.
    wire.cut(12, Cut::Silence, true);
    assert_eq!(asked.submit().await.0, 503);
    wire.heal();
    asked.goes_on().await;
    asked.check().await;
    app.stop().await;
    database.address = direct;
    let app = TestApp::start(&database).await;
    asked.base.clone_from(&app.base);
    asked.check().await;
    app.stop().await;
}

/// A server that answers a commit before it is on disk would lose acknowledged data.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_commit_waits_for_the_disk_whatever_the_database_has_for_a_default() {
    for (default, expected) in [("off", "on"), ("remote_apply", "remote_apply")] {
        let database = TestDatabase::new(Engine::Postgres).await;
        let default = format!(
            "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET synchronous_commit = {default}', current_database()); \
             END $$"
        );
        database.execute_owned(default).await;
        let app = TestApp::start(&database).await;
        let token = app.machine("acme", &BOTH).await;
        // The settings of the writer's connection, recorded by the transaction itself.
        let seen = "CREATE TABLE seen (setting TEXT); CREATE FUNCTION see() RETURNS trigger LANGUAGE plpgsql AS \
                    $$ BEGIN INSERT INTO seen VALUES (current_setting('synchronous_commit')); RETURN NEW; END $$; \
                    CREATE TRIGGER see BEFORE UPDATE ON logs FOR EACH ROW EXECUTE FUNCTION see()";
        database.execute(seen).await;
        let mut asked = Asked::new(&app.base, &token);
        asked.goes_on().await;
        let held = format!(
            "DO $$ BEGIN IF (SELECT array_agg(DISTINCT setting) FROM seen) <> ARRAY['{expected}'] THEN \
             RAISE EXCEPTION 'not {expected}'; END IF; END $$"
        );
        database.execute_owned(held).await;
        app.stop().await;
    }
}

/// The tests' own server runs without `fsync`.
#[tokio::test]
async fn a_server_that_does_not_flush_is_told_at_the_start() {
    let database = TestDatabase::new(Engine::Postgres).await;
    let mut command = kept_in(database.folder.path());
    command.env("MODELGATE_DATABASE", &database.address);
    let mut process = Process::serve(command);
    process.signal("TERM");
    assert_eq!(process.ended(), Some(0));
    let said = process.said();
    assert!(
        said.iter().any(|line| line.contains("fsync") && line.contains("setting off")),
        "{said:?}"
    );
}
