//! `modelgate serve` as a separate process on an empty SQLite database, and the commands run
//! against it.

use super::process::Process;
use modelgate::app::core::env::Env;
use std::{
    io::Write as _,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};
use tempfile::TempDir;

/// The result of a command.
#[derive(Debug)]
pub struct Ended {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Ended {
    /// The single JSON document on stdout.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|e| panic!("{e}: {self:?}"))
    }

    #[track_caller]
    pub fn expect(self, code: i32) -> Self {
        assert_eq!(self.code, code, "{}\n{}", self.stdout, self.stderr);
        self
    }
}

/// `modelgate`, without the variables of the caller's environment that it would read.
pub fn modelgate(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_modelgate"));
    clean(&mut command);
    command.current_dir(folder);
    command
}

/// Removes variables that modelgate or a runner would read from a command's environment.
#[expect(clippy::disallowed_methods, reason = "what a command would inherit is in the environment")]
pub fn clean(command: &mut Command) {
    for (name, _) in
        std::env::vars().filter(|(n, _)| n.starts_with("MODELGATE_") || n.starts_with("GITHUB_"))
    {
        command.env_remove(name);
    }
}

/// Runs a command until it ends.
pub fn run(mut command: Command) -> Ended {
    let done = command.stdin(Stdio::null()).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Ended {
        code: done.status.code().unwrap(),
        stdout: text(done.stdout),
        stderr: text(done.stderr),
    }
}

/// The folder of evidence that scikit-learn wrote for the demo.
pub fn demo_files() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/demo")
}

/// The evidence argument for one of the demo's models, with the current time.
pub fn evidence(which: &str) -> String {
    let now = Env::default().now();
    format!("dataset=applicants-2026q3,produced-at={now}:{}/{which}/*.json", demo_files().display())
}

/// A listening service.
pub struct Served {
    _process: Process,
    /// The address of the service.
    pub url: String,
    /// The folder in which commands run.
    pub folder: TempDir,
    /// A token that can submit, read and publish.
    pub ci: String,
    /// A token that can register data sets.
    pub admin: String,
    /// Two reviewers with the role model-risk.
    pub ada: String,
    pub ben: String,
}

impl Served {
    /// Starts with the credit-risk policy published.
    pub fn start() -> Self {
        Self::start_at("http://gate.test", "")
    }

    /// The same with a public address; commands reach it at `path`.
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
        let served = Self {
            url: format!("{}{path}", process.url),
            _process: process,
            folder,
            ci,
            admin,
            ada,
            ben,
        };
        let policy = Path::new(env!("CARGO_MANIFEST_DIR")).join("policies/credit-risk.toml");
        served.run(&["policy", "publish", policy.to_str().unwrap()]).expect(0);
        served
    }

    /// A command that calls this service as CI.
    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = modelgate(self.folder.path());
        command.args(args).env("MODELGATE_SERVER", &self.url).env("MODELGATE_TOKEN", &self.ci);
        command
    }

    /// Runs the command.
    pub fn run(&self, args: &[&str]) -> Ended {
        run(self.command(args))
    }

    /// Runs the command with another token.
    pub fn run_as(&self, token: &str, args: &[&str]) -> Ended {
        let mut command = self.command(args);
        command.env("MODELGATE_TOKEN", token);
        run(command)
    }

    /// Requests the release of one of the demo's models.
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

/// A command that opens the database directly.
pub fn stored(folder: &Path) -> Command {
    let mut command = modelgate(folder);
    command
        .env("MODELGATE_DATABASE", folder.join("data/modelgate.db"))
        .env("MODELGATE_PUBLIC_URL", "http://gate.test");
    command
}

fn user(folder: &Path, name: &str) {
    let mut command = stored(folder);
    command.args(["user", "create", name, "--namespace", "acme", "--role", "model-risk"]);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(b"correct horse battery").unwrap();
    assert!(child.wait().unwrap().success());
}
