//! The messages of `modelgate serve` about itself, and the stream that they are written to.

use crate::support::served::{modelgate, run};
use serde_json::Value;
use std::{
    io::{BufRead as _, BufReader, Lines},
    path::Path,
    process::{Child, ChildStderr, Command, Stdio},
};

/// A service, and the lines of its stderr.
struct Serving {
    child: Child,
    lines: Lines<BufReader<ChildStderr>>,
    said: Vec<String>,
}

impl Serving {
    fn start(folder: &Path, args: &[&str]) -> Self {
        let mut command = modelgate(folder);
        command
            .arg("serve")
            .args(args)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let lines = BufReader::new(child.stderr.take().unwrap()).lines();
        Self { child, lines, said: Vec::new() }
    }

    /// The address after `words`, as soon as it is printed.
    fn address_after(&mut self, words: &str) -> String {
        if let Some(found) = self.said.iter().find_map(|line| after(line, words)) {
            return found;
        }
        for line in self.lines.by_ref() {
            self.said.push(line.unwrap());
            if let Some(found) = self.said.last().and_then(|line| after(line, words)) {
                return found;
            }
        }
        panic!("it ended without saying `{words}`: {:?}", self.said);
    }

    /// Stops it as a service manager does; returns all lines of stderr, and stdout.
    fn end(mut self) -> (Vec<String>, String) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
        self.said.extend(self.lines.map(|line| line.unwrap()));
        let done = self.child.wait_with_output().unwrap();
        assert_eq!(done.status.code(), Some(0), "{:?}", self.said);
        (self.said, String::from_utf8(done.stdout).unwrap())
    }
}

fn after(line: &str, words: &str) -> Option<String> {
    let rest = line.split(words).nth(1)?;
    Some(
        rest.split(['"', ' ', '/'])
            .find(|part| part.contains(':') && !part.ends_with(':'))?
            .to_owned(),
    )
}

fn get(address: &str, path: &str) -> (u16, String) {
    tokio::runtime::Runtime::new().unwrap().block_on(async {
        let answer =
            reqwest::Client::new().get(format!("http://{address}{path}")).send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    })
}

/// Every line as JSON; each has a time, a level, a message and a target.
fn json_lines(lines: &[String]) -> Vec<Value> {
    let parse = |line: &String| {
        let value: Value = serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}"));
        for key in ["timestamp", "level", "message", "target"] {
            assert!(value[key].is_string(), "{key} in {line}");
        }
        assert!(!line.contains('\u{1b}') && !line.contains("\\u001b"), "{line}");
        value
    };
    lines.iter().map(parse).collect()
}

#[test]
fn a_json_log_has_nothing_else_on_stderr() {
    let folder = tempfile::tempdir().unwrap();
    // The messages at startup, the warning about the address, and the end.
    let mut serving = Serving::start(
        folder.path(),
        &["--listen", "0.0.0.0:0", "--log-format", "json", "--metrics-listen", "127.0.0.1:0"],
    );
    let address = serving.address_after("modelgate listens at http://");
    assert_eq!(get(&address.replace("0.0.0.0", "127.0.0.1"), "/no/such").0, 404);
    let (lines, stdout) = serving.end();
    let lines = json_lines(&lines);
    assert_eq!(stdout, "");
    assert!(lines.iter().any(|line| line["level"] == "WARN"
        && line["message"].as_str().unwrap().contains("--public-url")));
    assert!(lines.iter().any(|line| line["message"].as_str().unwrap().contains("stopping")));

    // The reason why it could not start: settings, the database, the command line.
    std::fs::write(folder.path().join("bad.toml"), "listne = 1\n").unwrap();
    std::fs::create_dir(folder.path().join("a-folder.db")).unwrap();
    for args in [
        &["--config", "bad.toml"][..],
        &["--listen", "nowhere"],
        &["--database", "a-folder.db", "--listen", "127.0.0.1:0"],
        &["--no-such-flag"],
    ] {
        for format in [&["--log-format", "json"][..], &["--log-format=json"]] {
            let mut command = modelgate(folder.path());
            command.arg("serve").args(format).args(args);
            let ended = run(command);
            assert!([2, 5].contains(&ended.code), "{args:?}: {ended:?}");
            let lines: Vec<String> = ended.stderr.lines().map(ToOwned::to_owned).collect();
            let last = json_lines(&lines).pop().unwrap_or_else(|| panic!("{args:?} says nothing"));
            assert_eq!(last["level"], "ERROR", "{last}");
            assert!(last["code"].is_string(), "{last}");
        }
    }
    let mut command = modelgate(folder.path());
    command
        .args(["serve", "--listen", "nowhere"])
        .env("MODELGATE_LOG_FORMAT", "json")
        .env("MODELGATE_LOG", "modelgate=loud");
    let ended = run(command).expect(5);
    let lines = json_lines(&ended.stderr.lines().map(ToOwned::to_owned).collect::<Vec<_>>());
    assert!(lines.iter().any(|line| line["level"] == "WARN"
        && line["message"].as_str().unwrap().contains("modelgate=loud")));
}

#[test]
fn an_address_that_leads_nowhere_is_warned_of() {
    let warned = |args: &[&str]| {
        let folder = tempfile::tempdir().unwrap();
        let mut serving = Serving::start(folder.path(), args);
        serving.address_after("modelgate listens at http://");
        let (lines, _) = serving.end();
        lines.iter().any(|line| {
            line.starts_with("warning: the public address is http")
                && line.contains("leads nowhere")
        })
    };
    assert!(warned(&["--listen", "0.0.0.0:0"]));
    assert!(warned(&["--listen", "127.0.0.1:0", "--public-url", "http://0.0.0.0:8080/gate"]));
    assert!(warned(&["--listen", "127.0.0.1:0", "--public-url", "https://[::]"]));
    assert!(!warned(&["--listen", "0.0.0.0:0", "--public-url", "https://gate.example.com"]));
    assert!(!warned(&["--listen", "127.0.0.1:0"]));
}

#[test]
fn metrics_may_have_an_address_of_their_own() {
    let folder = tempfile::tempdir().unwrap();
    let mut serving = Serving::start(
        folder.path(),
        &["--listen", "127.0.0.1:0", "--metrics-listen", "127.0.0.1:0"],
    );
    let main = serving.address_after("modelgate listens at http://");
    let metrics = serving.address_after("metrics are at http://");
    assert_ne!(main, metrics);
    assert_eq!(get(&main, "/metrics").0, 404);
    assert_eq!(get(&main, "/healthz").0, 200);
    let (status, text) = get(&metrics, "/metrics");
    assert!(status == 200 && text.contains("modelgate_http_requests_total"), "{text}");
    assert_eq!(get(&metrics, "/readyz").0, 200);
    for other in ["/", "/api/v1/openapi.json", "/sign-in", "/log/acme/checkpoint"] {
        assert_eq!(get(&metrics, other).0, 404, "{other}");
    }
    serving.end();

    let mut serving = Serving::start(folder.path(), &["--listen", "127.0.0.1:0"]);
    let main = serving.address_after("modelgate listens at http://");
    assert_eq!(get(&main, "/metrics").0, 200);
    serving.end();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let mut command = modelgate(folder.path());
    command.args([
        "serve",
        "--listen",
        "127.0.0.1:0",
        "--metrics-listen",
        &taken.local_addr().unwrap().to_string(),
    ]);
    assert!(run(command).expect(5).stderr.contains("cannot listen at"));
}
