//! `gate --wait` while the service is away and a proxy answers instead.

use crate::support::served::{Served, demo_files, evidence};
use serde_json::Value;
use std::{
    collections::VecDeque,
    io::{Read as _, Write as _},
    net::{Shutdown, TcpListener, TcpStream},
    process::Stdio,
    sync::{Arc, Mutex},
    thread,
};

/// What an ingress does with a connection instead of forwarding it.
#[derive(Debug, Clone, Copy)]
enum Mishap {
    /// Answers with a status, additional headers and its own page.
    Says(&'static str),
    /// Begins a valid answer and breaks off.
    BreaksOff,
    /// Closes immediately.
    Closes,
}

const NOT_FOUND: Mishap = Mishap::Says("404 Not Found");
/// A maintenance page with a success status.
const MAINTENANCE: Mishap = Mishap::Says("200 OK");

/// An ingress in front of a service; reports how many connections it did not forward.
struct Ingress {
    url: String,
    mishaps: Arc<Mutex<VecDeque<Mishap>>>,
}

impl Ingress {
    fn start(service: &str, mishaps: &[Mishap]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let upstream = service.strip_prefix("http://").unwrap().to_owned();
        let mishaps = Arc::new(Mutex::new(mishaps.iter().copied().collect::<VecDeque<_>>()));
        let left = mishaps.clone();
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let (mishap, upstream) = (left.lock().unwrap().pop_front(), upstream.clone());
                thread::spawn(move || match mishap {
                    Some(mishap) => happen(mishap, stream),
                    None => hand_on(stream, &upstream),
                });
            }
        });
        Self { url, mishaps }
    }
}

fn happen(mishap: Mishap, mut stream: TcpStream) {
    // For any request; a body that is still on its way is ignored.
    let _ = stream.read(&mut [0; 1 << 16]);
    let page = "<html><head><title>default backend</title></head></html>";
    let _ = match mishap {
        Mishap::Says(status) => write!(
            stream,
            "HTTP/1.1 {status}\r\ncontent-type: text/html\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{page}",
            page.len()
        ),
        Mishap::BreaksOff => {
            write!(
                stream,
                "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 9000\r\n\r\n{{"
            )
        }
        Mishap::Closes => Ok(()),
    };
}

/// Forwards one request and its answer. The connection then ends, so that the ingress sees every
/// request.
fn hand_on(mut client: TcpStream, upstream: &str) {
    let mut service = TcpStream::connect(upstream).unwrap();
    let (mut from_client, mut to_service) =
        (client.try_clone().unwrap(), service.try_clone().unwrap());
    thread::spawn(move || {
        let _ = std::io::copy(&mut from_client, &mut to_service);
        let _ = to_service.shutdown(Shutdown::Write);
    });
    let mut answer = vec![0; 1 << 20];
    let count = service.read(&mut answer).unwrap_or_default();
    let _ = client.write_all(&answer[..count]);
    let _ = client.shutdown(Shutdown::Both);
    let _ = service.shutdown(Shutdown::Both);
}

fn gate(served: &Served, ingress: &Ingress, wait: &str) -> std::process::Command {
    let artifact = demo_files().join("good/model.txt");
    let mut command =
        served.command(&["gate", "--model", "acme/credit-risk", "--environment", "production"]);
    command.args([
        "--evidence",
        &evidence("good"),
        "--format",
        "json",
        "--idempotency-key",
        "w",
        "--wait",
        wait,
    ]);
    command.arg("--artifact").arg(artifact).env("MODELGATE_SERVER", &ingress.url);
    command
}

#[test]
fn waiting_outlives_a_service_that_is_away() {
    let served = Served::start();
    // First it is away before the first request.
    let ingress =
        Ingress::start(&served.url, &[Mishap::Says("502 Bad Gateway"), Mishap::Closes, NOT_FOUND]);
    let mut command = gate(&served, &ingress, "5m");
    let waiting =
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let release = loop {
        let listed = served.run(&[
            "status",
            "--model=acme/credit-risk",
            &digest(),
            "--environment=production",
            "--format=json",
        ]);
        match listed.code {
            3 => break listed.json()["release"].as_str().unwrap().to_owned(),
            _ => thread::sleep(std::time::Duration::from_millis(100)),
        }
    };
    // Then while it waits, in every way; people reach the service directly meanwhile.
    let away = [
        NOT_FOUND,
        Mishap::Says("503 Service Unavailable\r\nretry-after: 1"),
        MAINTENANCE,
        Mishap::BreaksOff,
        Mishap::Closes,
        Mishap::Says("403 Forbidden"),
    ];
    *ingress.mishaps.lock().unwrap() = away.into();
    served.run_as(&served.ada, &["approve", &release]).expect(0);
    served.run_as(&served.ben, &["approve", &release]).expect(0);
    let done = waiting.wait_with_output().unwrap();
    let said = String::from_utf8(done.stderr).unwrap();
    assert_eq!(done.status.code(), Some(0), "{said}");
    assert_eq!(
        serde_json::from_slice::<Value>(&done.stdout).unwrap()["verdict"]["verdict"],
        "allow"
    );
    assert!(ingress.mishaps.lock().unwrap().is_empty());
    assert!(said.contains("trying again: ") && said.contains("still waiting: "), "{said}");
}

fn digest() -> String {
    let bytes = std::fs::read(demo_files().join("good/model.txt")).unwrap();
    format!("--digest={}", modelgate::model::Digest::of(&bytes))
}

#[test]
fn a_service_that_stays_away_is_5_and_one_that_says_no_is_2() {
    let served = Served::start();
    let always = Ingress::start(&served.url, &[NOT_FOUND; 500]);
    let ended = crate::support::served::run(gate(&served, &always, "2s")).expect(5).json();
    assert_eq!(ended["error"]["code"], "http-404");
    // The service itself refuses: waiting does not change that.
    let through = Ingress::start(&served.url, &[]);
    let mut command = gate(&served, &through, "10m");
    command.env("MODELGATE_TOKEN", &served.ada);
    assert_eq!(crate::support::served::run(command).expect(2).json()["error"]["code"], "forbidden");
}
