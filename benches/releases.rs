//! Measures durable, signed, logged decisions per second:
//! `cargo bench --bench releases -- [--clients 1,32,100] [--requests N] [--filled N] [--database URL]`.
//!
//! Starts the release binary on an empty database, publishes a policy of 20 rules, and posts
//! releases from keep-alive connections, each request with different evidence: a row of results for
//! each number of clients. `--filled` makes so many decisions first, to see what a large database
//! costs. Client and server share the machine. In the same run it times the lower limit for durable
//! work on this machine: a synced write of the same size. Prints rates and latencies; compare the
//! ratio, because machines are noisy.
#![expect(
    clippy::pedantic,
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::disallowed_methods,
    reason = "a measurement for people to read"
)]

use std::{
    fmt::Write as _,
    fs::{File, OpenOptions},
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::TcpStream,
    ops::Range,
    path::Path,
    process::{Child, Command, Stdio},
    sync::{
        Arc, Barrier,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

struct Options {
    clients: Vec<u64>,
    /// Requests of each row; one client makes a tenth of them.
    requests: u64,
    /// Decisions to make before anything is measured.
    filled: u64,
    database: Option<String>,
}

fn options() -> Options {
    let mut options =
        Options { clients: vec![1, 32, 100], requests: 10_000, filled: 0, database: None };
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        let mut value = || words.next().unwrap_or_else(|| panic!("{word} needs a value"));
        let number = |text: &str| text.parse().expect("a number");
        match word.as_str() {
            "--clients" => options.clients = value().split(',').map(number).collect(),
            "--requests" => options.requests = number(&value()),
            "--filled" => options.filled = number(&value()),
            "--database" => options.database = Some(value()),
            _ => {}
        }
    }
    options
}

/// Twenty rules over the measurements in the evidence below.
fn policy() -> String {
    let mut text = String::from("name = \"bench\"\n");
    for i in 0..20 {
        write!(text, "[[rule]]\nid = \"r{i}\"\nmetric = \"recall\"\nslice = {{ class = \"{i}\" }}\nmin = 0.8\n")
            .unwrap();
    }
    text
}

/// About four kilobytes of native evidence, different for every `n`.
fn body(n: u64) -> String {
    let mut measurements = String::new();
    for i in 0..20 {
        let separator = if i == 0 { "" } else { "," };
        write!(
            measurements,
            "{separator}{{\"metric\":\"recall\",\"value\":0.93,\"n\":1000,\"trials\":1000,\"successes\":930,\
             \"slice\":{{\"class\":\"{i}\"}}}}"
        )
        .unwrap();
    }
    format!(
        "{{\"model\":\"acme/credit\",\"version\":\"{n}\",\"artifact\":\"sha256:{n:064x}\",\"environment\":\"production\",\
         \"evidence\":[{{\"document\":{{\"schema\":\"modelgate.evidence/v1\",\"produced_at\":\"2026-11-20T12:00:00Z\",\
         \"dataset\":{{\"name\":\"holdout-{n}\"}},\"measurements\":[{measurements}]}}}}]}}"
    )
}

struct Service {
    child: Child,
    address: String,
    token: String,
}

fn modelgate(data: &Path, database: Option<&str>) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_modelgate"));
    command.env_clear().env("MODELGATE_DATA", data).env("MODELGATE_LOG", "warn");
    if let Some(database) = database {
        command.env("MODELGATE_DATABASE", database);
    }
    command
}

fn start(data: &Path, database: Option<&str>) -> (Service, Duration) {
    let scopes = [
        "token",
        "create",
        "--namespace",
        "acme",
        "--scope",
        "submit",
        "--scope",
        "policy",
        "--scope",
        "read",
    ];
    let token = modelgate(data, database).args(scopes).output().unwrap();
    let token = String::from_utf8(token.stdout).unwrap().trim().to_owned();
    let started = Instant::now();
    let serve = ["serve", "--listen", "127.0.0.1:0"];
    let mut child = modelgate(data, database).args(serve).stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let address = lines
        .by_ref()
        .map_while(Result::ok)
        .find_map(|line| Some(line.split_once("http://")?.1.to_owned()));
    std::thread::spawn(move || lines.map_while(Result::ok).for_each(|line| eprintln!("{line}")));
    let address = address.expect("the service did not start");
    let mut connection = Connection::open(&address, &token);
    assert_eq!(connection.call("GET", "/healthz", ""), 200);
    (Service { child, address, token }, started.elapsed())
}

struct Connection {
    stream: BufReader<TcpStream>,
    head: String,
    line: String,
    answer: Vec<u8>,
}

impl Connection {
    fn open(address: &str, token: &str) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_nodelay(true).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        let head = format!(
            "Host: {address}\r\nAuthorization: Bearer {token}\r\nContent-Type: application/json\r\n"
        );
        Self { stream: BufReader::new(stream), head, line: String::new(), answer: Vec::new() }
    }

    fn call(&mut self, method: &str, path: &str, body: &str) -> u16 {
        let request = format!(
            "{method} {path} HTTP/1.1\r\n{}Content-Length: {}\r\n\r\n{body}",
            self.head,
            body.len()
        );
        self.stream.get_mut().write_all(request.as_bytes()).unwrap();
        let mut read_line = |line: &mut String| {
            line.clear();
            self.stream.read_line(line).unwrap();
        };
        read_line(&mut self.line);
        let status = self.line.split(' ').nth(1).and_then(|s| s.parse().ok()).unwrap();
        let mut length = 0;
        loop {
            read_line(&mut self.line);
            let header = self.line.trim_end();
            if header.is_empty() {
                break;
            }
            if let Some((name, value)) = header.split_once(':')
                && name.eq_ignore_ascii_case("content-length")
            {
                length = value.trim().parse().unwrap();
            }
        }
        self.answer.resize(length, 0);
        self.stream.read_exact(&mut self.answer).unwrap();
        status
    }
}

/// Posts the releases `numbers` from `clients` connections.
fn load(service: &Service, clients: u64, numbers: Range<u64>) -> (Duration, Vec<Duration>, u64) {
    let next = Arc::new(AtomicU64::new(numbers.start));
    let errors = Arc::new(AtomicU64::new(0));
    let ready = Arc::new(Barrier::new(usize::try_from(clients).unwrap() + 1));
    let threads: Vec<_> = (0..clients)
        .map(|_| {
            let (next, errors, ready) = (next.clone(), errors.clone(), ready.clone());
            let (address, token, end) =
                (service.address.clone(), service.token.clone(), numbers.end);
            let work = move || {
                let mut connection = Connection::open(&address, &token);
                let mut latencies = Vec::new();
                ready.wait();
                loop {
                    let n = next.fetch_add(1, Ordering::Relaxed);
                    if n >= end {
                        return latencies;
                    }
                    let body = body(n);
                    let sent = Instant::now();
                    if connection.call("POST", "/api/v1/releases", &body) != 201 {
                        errors.fetch_add(1, Ordering::Relaxed);
                    }
                    latencies.push(sent.elapsed());
                }
            };
            std::thread::Builder::new().stack_size(256 << 10).spawn(work).unwrap()
        })
        .collect();
    ready.wait();
    let started = Instant::now();
    let mut latencies: Vec<Duration> =
        threads.into_iter().flat_map(|t| t.join().unwrap()).collect();
    let elapsed = started.elapsed();
    latencies.sort_unstable();
    (elapsed, latencies, errors.load(Ordering::Relaxed))
}

/// Synced writes of one block per second: the cost of a decision if each were made durable
/// separately.
fn synced_writes(folder: &Path) -> f64 {
    let mut file = OpenOptions::new().create(true).append(true).open(folder.join("floor")).unwrap();
    let block = vec![7_u8; 4096];
    let started = Instant::now();
    let mut writes = 0_u32;
    while started.elapsed() < Duration::from_secs(2) {
        file.write_all(&block).unwrap();
        file.sync_data().unwrap();
        writes += 1;
    }
    f64::from(writes) / started.elapsed().as_secs_f64()
}

/// Resident memory in MiB, if the system reports it.
fn resident(pid: u32) -> Option<u64> {
    let mut text = String::new();
    File::open(format!("/proc/{pid}/status")).ok()?.read_to_string(&mut text).ok()?;
    let line = text.lines().find(|l| l.starts_with("VmRSS:"))?;
    Some(line.split_whitespace().nth(1)?.parse::<u64>().ok()? / 1024)
}

/// CPU seconds that a process used, user and system.
fn cpu_seconds(pid: u32) -> Option<f64> {
    let mut text = String::new();
    File::open(format!("/proc/{pid}/stat")).ok()?.read_to_string(&mut text).ok()?;
    let fields: Vec<&str> = text.rsplit_once(')')?.1.split_whitespace().collect();
    let ticks: u64 = fields.get(11)?.parse::<u64>().ok()? + fields.get(12)?.parse::<u64>().ok()?;
    Some(ticks as f64 / 100.0)
}

/// A row of results; returns the number of the next release.
fn measure(service: &Service, clients: u64, numbers: Range<u64>, floor: f64) -> u64 {
    let pid = service.child.id();
    let before = cpu_seconds(pid).unwrap_or(0.0);
    let (elapsed, latencies, errors) = load(service, clients, numbers.clone());
    let used = cpu_seconds(pid).unwrap_or(0.0) - before;
    let at = |q: f64| latencies[((latencies.len() - 1) as f64 * q) as usize].as_secs_f64() * 1e3;
    let count = latencies.len() as f64;
    let rate = count / elapsed.as_secs_f64();
    println!(
        "{clients:>7} {rate:>10.0} {:>8.1} {:>8.1} {:>8.1} {:>10.0} {:>9.2}",
        at(0.5),
        at(0.95),
        at(0.99),
        used * 1e6 / count,
        rate / floor
    );
    assert_eq!(errors, 0, "every request must be answered with a decision");
    numbers.end
}

fn main() {
    let options = options();
    let folder = tempfile::TempDir::new().unwrap();
    let floor = synced_writes(folder.path());
    let (mut service, first_answer) = start(folder.path(), options.database.as_deref());
    let memory = |service: &Service| {
        resident(service.child.id()).map_or("?".into(), |mebibytes| mebibytes.to_string())
    };
    println!("first answer    {:.1} ms after the start", first_answer.as_secs_f64() * 1e3);
    println!("memory at rest  {} MiB", memory(&service));
    println!("synced writes   {floor:.0} a second, the floor of one alone");
    let mut connection = Connection::open(&service.address, &service.token);
    assert_eq!(connection.call("POST", "/api/v1/policies", &policy()), 201);
    let mut next = options.filled;
    if next > 0 {
        let (elapsed, ..) = load(&service, 32, 0..next);
        println!("filled with     {next} decisions in {:.0} s", elapsed.as_secs_f64());
    }
    println!("clients decisions/s   p50 ms   p95 ms   p99 ms CPU us each  of floor");
    for clients in options.clients {
        let requests = if clients == 1 { options.requests / 10 } else { options.requests };
        next = measure(&service, clients, next..next + requests.max(1), floor);
    }
    println!("memory after    {} MiB", memory(&service));
    service.child.kill().unwrap();
    service.child.wait().unwrap();
}
