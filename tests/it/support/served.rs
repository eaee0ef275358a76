//! `modelgate serve` as a process of its own on an empty SQLite database, and the commands run against it.

use super::process::Process;
use modelgate::app::env::Env;
use std::{
    io::Write as _,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};
use tempfile::TempDir;

/// How a command ended.
#[derive(Debug)]
pub struct Ended {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Ended {
    /// The one JSON document on stdout.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|e| panic!("{e}: {self:?}"))
    }

    #[track_caller]
    pub fn expect(self, code: i32) -> Self {
        assert_eq!(self.code, code, "{}\n{}", self.stdout, self.stderr);
        self
    }
}

/// `modelgate`, without anything of the caller's environment that it would read.
pub fn modelgate(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_modelgate"));
    clean(&mut command);
    command.current_dir(folder);
    command
}

/// Takes out of a command's environment what modelgate or a runner would read.
#[allow(clippy::disallowed_methods, reason = "what a command would inherit is in the environment")]
pub fn clean(command: &mut Command) {
    for (name, _) in std::env::vars().filter(|(n, _)| n.starts_with("MODELGATE_") || n.starts_with("GITHUB_")) {
        command.env_remove(name);
    }
}

/// Runs a command to its end.
pub fn run(mut command: Command) -> Ended {
    let done = command.stdin(Stdio::null()).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Ended { code: done.status.code().unwrap(), stdout: text(done.stdout), stderr: text(done.stderr) }
}

/// The folder of evidence that scikit-learn wrote for the demo.
pub fn demo_files() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/demo")
}

/// The evidence argument of one of the demo's models, made now.
pub fn evidence(which: &str) -> String {
    let now = Env::default().now();
    format!("dataset=applicants-2026q3,produced-at={now}:{}/{which}/*.json", demo_files().display())
}

/// A service that listens.
pub struct Served {
    _process: Process,
    /// Its address.
    pub url: String,
    /// Its folder, where commands run.
    pub folder: TempDir,
    /// May submit, read and publish.
    pub ci: String,
    /// May register data sets.
    pub admin: String,
    /// Two reviewers, of model-risk.
    pub ada: String,
    pub ben: String,
}

impl Served {
    /// With the credit-risk policy published.
    pub fn start() -> Self {
        Self::start_at("http://gate.test", "")
    }

    /// The same, known to others by an address; commands reach it at `path` of its own.
    pub fn start_at(public_url: &str, path: &str) -> Self {
        let folder = TempDir::new().unwrap();
        for name in ["ada", "ben"] {
            user(folder.path(), name);
        }
        let token = |extra: &str| {
            let mut command = stored(folder.path());
            command.args(["token", "create", "--namespace", "acme"]).args(extra.split(' '));
            run(command).expect(0).stdout.trim().to_owned()
        };
        let ci = token("--scope submit --scope read --scope policy");
        let admin = token("--scope submit --scope read --scope admin");
        let ada = token("--user ada --scope approve --scope read");
        let ben = token("--user ben --scope approve --scope read");
        let mut command = stored(folder.path());
        command.env("MODELGATE_PUBLIC_URL", public_url);
        let process = Process::serve(command);
        let served = Self { url: format!("{}{path}", process.url), _process: process, folder, ci, admin, ada, ben };
        let policy = Path::new(env!("CARGO_MANIFEST_DIR")).join("policies/credit-risk.toml");
        served.run(&["policy", "publish", policy.to_str().unwrap()]).expect(0);
        served
    }

    /// A command that talks to this service as CI.
    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = modelgate(self.folder.path());
        command.args(args).env("MODELGATE_SERVER", &self.url).env("MODELGATE_TOKEN", &self.ci);
        command
    }

    /// Runs it.
    pub fn run(&self, args: &[&str]) -> Ended {
        run(self.command(args))
    }

    /// Runs it with another token.
    pub fn run_as(&self, token: &str, args: &[&str]) -> Ended {
        let mut command = self.command(args);
        command.env("MODELGATE_TOKEN", token);
        run(command)
    }

    /// Asks for the release of one of the demo's models.
    pub fn gate(&self, which: &str, extra: &[&str]) -> Ended {
        let artifact = demo_files().join(which).join("model.txt");
        let evidence = evidence(which);
        let args = [
            "gate",
            "--model",
            "acme/credit-risk",
            "--artifact",
            artifact.to_str().unwrap(),
            "--environment",
            "production",
            "--evidence",
            &evidence,
        ];
        self.run(&[&args, extra].concat())
    }
}

/// A command that opens the database itself.
pub fn stored(folder: &Path) -> Command {
    let mut command = modelgate(folder);
    command.env("MODELGATE_DATABASE", folder.join("data/modelgate.db")).env("MODELGATE_PUBLIC_URL", "http://gate.test");
    command
}

fn user(folder: &Path, name: &str) {
    let mut command = stored(folder);
    command.args(["user", "create", name, "--namespace", "acme", "--role", "model-risk"]);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(b"correct horse battery").unwrap();
    assert!(child.wait().unwrap().success());
}
