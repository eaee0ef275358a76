//! Where the demo happens: its folder, its address, and the commands it runs.

use super::{Failure, files};
use crate::{
    app::core::env::Env,
    cli::{
        folder::unreadable,
        output::{self, plain},
    },
    config::{Partial, Settings},
};
use std::{
    fs,
    io::{IsTerminal as _, Write as _},
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

/// One command of the story.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Call<'a> {
    /// Its arguments.
    pub(super) args: &'a [&'a str],
    /// The token that it acts with.
    pub(super) token: Option<&'a str>,
    /// What is written to its stdin, and the file that is shown as the source.
    pub(super) stdin: Option<(&'a str, &'a str)>,
    /// The exit code that it should end with.
    pub(super) expect: u8,
    /// Whether its output is a secret.
    pub(super) secret: bool,
}

/// The demo's folder and address.
pub(super) struct Stage {
    /// The folder.
    pub(super) folder: PathBuf,
    /// The settings of its service.
    pub(super) settings: Settings,
    exe: PathBuf,
}

impl Stage {
    /// An empty folder with the demo's files, and an address that is free.
    pub(super) fn new(keep: Option<PathBuf>, listen: Option<String>) -> Result<Self, Failure> {
        let exe = std::env::current_exe().map_err(|e| Failure::service("demo-executable", e))?;
        let fresh =
            || std::env::temp_dir().join(format!("modelgate-demo-{}", Env::default().new_id()));
        let folder = empty(&keep.unwrap_or_else(fresh))?;
        files::lay_out(&folder)?;
        let listen = listen.map_or_else(free_address, Ok)?;
        let data = folder.join("service");
        let settings = Partial {
            database: Some(data.join("modelgate.db").to_string_lossy().into_owned()),
            data: Some(data),
            public_url: Some(format!("http://{listen}")),
            listen: Some(listen),
            ..Partial::default()
        };
        Ok(Self { folder, settings: settings.resolve()?, exe })
    }

    /// The address of the service.
    pub(super) fn url(&self) -> &str {
        &self.settings.public_url
    }

    /// Runs a command in the demo's folder, shows it as a user would type it with everything that
    /// it prints, and returns its stdout.
    ///
    /// # Errors
    /// When it does not end as it should.
    pub(super) fn run(&self, call: Call<'_>) -> Result<String, Failure> {
        output::line(&format!("\n  $ {}", typed(call)));
        let failed = |why: String| {
            Failure::with_exit(1, "demo-failed", format!("the demo ends here: {why}"))
        };
        let mut command = Command::new(&self.exe);
        command.args(call.args).current_dir(&self.folder).stdin(Stdio::piped());
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        command.env("MODELGATE_SERVER", self.url()).env("MODELGATE_PUBLIC_URL", self.url());
        command
            .env("MODELGATE_DATABASE", &self.settings.database)
            .env("MODELGATE_DATA", &self.settings.data);
        command.env("MODELGATE_TOKEN", call.token.unwrap_or_default()).env_remove("MODELGATE_LOG");
        if std::io::stdout().is_terminal() && !call.secret {
            command.env("CLICOLOR_FORCE", "1");
        }
        let mut child = command.spawn().map_err(|e| failed(e.to_string()))?;
        if let (Some(mut stdin), Some((text, _))) = (child.stdin.take(), call.stdin) {
            stdin.write_all(text.as_bytes()).map_err(|e| failed(e.to_string()))?;
        }
        let done = child.wait_with_output().map_err(|e| failed(e.to_string()))?;
        let stdout = String::from_utf8_lossy(&done.stdout).into_owned();
        let shown = if call.secret { "(a secret)\n".to_owned() } else { stdout.clone() };
        // Messages on stderr come before the result.
        for line in String::from_utf8_lossy(&done.stderr).lines().chain(shown.lines()) {
            output::line(format!("    {line}").trim_end());
        }
        let code = done.status.code();
        if code != Some(i32::from(call.expect)) {
            let code = code.map_or_else(|| "a signal".to_owned(), |c| format!("exit code {c}"));
            return Err(failed(format!("that ended with {code}; {} was expected", call.expect)));
        }
        output::line(&format!("    → exit code {}, as it should", call.expect));
        Ok(anstream::adapter::strip_str(&stdout).to_string())
    }
}

/// The word after `label` at the start of a line.
pub(super) fn word_after(text: &str, label: &str) -> Result<String, Failure> {
    let word = text.lines().find_map(|line| line.strip_prefix(label)?.split_whitespace().next());
    let missing = || {
        Failure::with_exit(1, "demo-failed", format!("the demo ends here: no {label}was printed"))
    };
    word.map(ToOwned::to_owned).ok_or_else(missing)
}

/// A command as a user would type it.
fn typed(call: Call<'_>) -> String {
    let quoted = |arg: &&str| {
        let simple = |b: u8| b.is_ascii_alphanumeric() || b"-_./:=,@".contains(&b);
        if !arg.is_empty() && arg.bytes().all(simple) {
            (*arg).to_owned()
        } else {
            format!("'{arg}'")
        }
    };
    let words: Vec<String> = call.args.iter().map(quoted).collect();
    let from = call.stdin.map(|(_, file)| format!(" < {file}")).unwrap_or_default();
    format!("modelgate {}{from}", words.join(" "))
}

fn empty(folder: &Path) -> Result<PathBuf, Failure> {
    const CODE: &str = "demo-folder";
    let make = || -> std::io::Result<bool> {
        private(folder)?;
        Ok(fs::read_dir(folder)?.next().is_none())
    };
    if !make().map_err(|e| unreadable(CODE, folder, e))? {
        let shown = plain(&folder.display().to_string());
        return Err(Failure::input(
            CODE,
            format!("the folder `{shown}` is not empty; name another one"),
        ));
    }
    // The commands run in it, whatever the path was relative to.
    fs::canonicalize(folder).map_err(|e| unreadable(CODE, folder, e))
}

/// A folder that only its owner can read: it contains keys and passwords.
#[cfg(unix)]
fn private(folder: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::DirBuilderExt as _;
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

#[cfg(not(unix))]
fn private(folder: &Path) -> std::io::Result<()> {
    fs::create_dir_all(folder)
}

/// A port that is free now. Another program may take it before we do; then the start fails and says so.
fn free_address() -> Result<String, Failure> {
    let bound = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
    bound.map(|address| address.to_string()).map_err(|e| Failure::service("listen", e))
}
