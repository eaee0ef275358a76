//! The part of GitHub's runner that a composite action needs. It refuses anything it does not know,
//! because a skipped step would look successful.

use crate::support::served::clean;
use std::{collections::BTreeMap, fs, path::PathBuf, process::Command};
use tempfile::TempDir;
use yaml_rust2::{Yaml, YamlLoader};

/// A workspace, and the files that steps write.
pub struct Runner {
    home: TempDir,
    action: PathBuf,
    env: Vec<(&'static str, String)>,
}

/// The result of a run.
#[derive(Debug)]
pub struct Finished {
    /// The exit code of the first step that failed, otherwise 0.
    pub code: i32,
    /// Everything that was printed, as the log shows it.
    pub log: String,
    /// The workflow commands in the log, in order, except those that stop and resume commands.
    pub commands: Vec<String>,
    /// The action's outputs.
    pub outputs: BTreeMap<String, String>,
    /// The step summary.
    pub summary: String,
}

impl Runner {
    pub fn new() -> Self {
        let home = TempDir::new().unwrap();
        for name in ["work space", "temp", "files"] {
            fs::create_dir(home.path().join(name)).unwrap();
        }
        Self { home, action: PathBuf::from(env!("CARGO_MANIFEST_DIR")), env: Vec::new() }
    }

    /// Sets a variable for the step that uses the action.
    pub fn env(mut self, name: &'static str, value: &str) -> Self {
        self.env.push((name, value.to_owned()));
        self
    }

    pub fn workspace(&self) -> PathBuf {
        self.home.path().join("work space")
    }

    /// Runs the action with these inputs.
    pub fn run(&self, given: &[(&'static str, String)]) -> Finished {
        let text = fs::read_to_string(self.action.join("action.yml")).unwrap();
        let action = &YamlLoader::load_from_str(&text).unwrap()[0];
        assert_eq!(action["runs"]["using"].as_str(), Some("composite"));
        let mut context = Context { inputs: inputs(action, given), steps: BTreeMap::new() };
        let (mut code, mut log, mut commands, mut summary) =
            (0, String::new(), Vec::new(), String::new());
        for step in action["runs"]["steps"].as_vec().unwrap() {
            for (key, _) in step.as_hash().unwrap() {
                let key = key.as_str().unwrap();
                assert!(
                    ["id", "name", "shell", "run", "env"].contains(&key),
                    "this runner knows no `{key}`"
                );
            }
            assert_eq!(step["shell"].as_str(), Some("bash"), "this runner knows bash only");
            let done = self.step(step, &context);
            log.push_str(&done.log);
            commands.extend(understood(&done.log));
            summary.push_str(&done.summary);
            if let Some(id) = step["id"].as_str() {
                context.steps.insert(id.to_owned(), done.outputs);
            }
            if done.code != 0 {
                code = done.code;
                break;
            }
        }
        let outputs = action["outputs"].as_hash().unwrap().iter();
        let outputs = outputs.map(|(k, v)| {
            (k.as_str().unwrap().to_owned(), context.evaluate(v["value"].as_str().unwrap()))
        });
        Finished { code, log, commands, outputs: outputs.collect(), summary }
    }

    fn step(&self, step: &Yaml, context: &Context) -> Step {
        let script = step["run"].as_str().unwrap();
        assert!(!script.contains("${{"), "an expression in `run` would be a command: {script}");
        let path = |name: &str| self.home.path().join("files").join(name);
        fs::write(path("script.sh"), script).unwrap();
        let mut command = Command::new("bash");
        // The same options that GitHub uses for `shell: bash`.
        command.args(["--noprofile", "--norc", "-e", "-o", "pipefail"]).arg(path("script.sh"));
        clean(&mut command);
        // No other modelgate on this machine can be on the PATH by chance.
        command.env("PATH", "/usr/local/bin:/usr/bin:/bin");
        for (name, value) in [
            ("CI", "true"),
            ("GITHUB_ACTIONS", "true"),
            ("GITHUB_RUN_ID", "1"),
            ("GITHUB_JOB", "gate"),
        ] {
            command.env(name, value);
        }
        for name in
            ["GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY", "GITHUB_ENV", "GITHUB_PATH", "GITHUB_STATE"]
        {
            fs::write(path(name), "").unwrap();
            command.env(name, path(name));
        }
        command
            .env("GITHUB_WORKSPACE", self.workspace())
            .env("RUNNER_TEMP", self.home.path().join("temp"));
        command.env("GITHUB_ACTION_PATH", &self.action).current_dir(self.workspace());
        command.envs(self.env.iter().map(|(name, value)| (name, value)));
        for (name, value) in step["env"].as_hash().into_iter().flatten() {
            command.env(name.as_str().unwrap(), context.evaluate(value.as_str().unwrap()));
        }
        let done = command.output().unwrap();
        let log = String::from_utf8([done.stdout, done.stderr].concat()).unwrap();
        let read = |name: &str| fs::read_to_string(path(name)).unwrap();
        assert!(
            read("GITHUB_ENV").is_empty() && read("GITHUB_PATH").is_empty(),
            "later steps would be changed"
        );
        Step {
            code: done.status.code().unwrap(),
            log,
            outputs: pairs(&read("GITHUB_OUTPUT")),
            summary: read("GITHUB_STEP_SUMMARY"),
        }
    }
}

struct Step {
    code: i32,
    log: String,
    outputs: BTreeMap<String, String>,
    summary: String,
}

struct Context {
    inputs: BTreeMap<String, String>,
    steps: BTreeMap<String, BTreeMap<String, String>>,
}

impl Context {
    /// The text with every `${{ … }}` replaced.
    fn evaluate(&self, text: &str) -> String {
        let mut out = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("${{") {
            let (expression, after) = after.split_once("}}").expect("an expression ends");
            out.push_str(before);
            out.push_str(&self.value(expression.trim()));
            rest = after;
        }
        out + rest
    }

    fn value(&self, expression: &str) -> String {
        match expression.split('.').collect::<Vec<_>>()[..] {
            ["inputs", name] => self
                .inputs
                .get(name)
                .unwrap_or_else(|| panic!("there is no input `{name}`"))
                .clone(),
            ["steps", id, "outputs", name] => {
                self.steps.get(id).and_then(|s| s.get(name)).cloned().unwrap_or_default()
            }
            _ => panic!("this runner knows no expression `{expression}`"),
        }
    }
}

/// The inputs as the steps see them: the given values, otherwise the defaults. GitHub does not
/// enforce `required`.
fn inputs(action: &Yaml, given: &[(&'static str, String)]) -> BTreeMap<String, String> {
    let mut out = BTreeMap::new();
    for (name, input) in action["inputs"].as_hash().unwrap() {
        let name = name.as_str().unwrap();
        let value = given.iter().find(|(n, _)| *n == name).map(|(_, v)| v.clone());
        assert!(
            value.is_some() || input["required"].as_bool() == Some(false),
            "the input `{name}` is required"
        );
        out.insert(
            name.to_owned(),
            value.unwrap_or_else(|| input["default"].as_str().unwrap_or_default().to_owned()),
        );
    }
    for (name, _) in given {
        assert!(out.contains_key(*name), "the action has no input `{name}`");
    }
    out
}

/// Parses `name=value` lines and `name<<END` blocks, as the runner reads its output files.
fn pairs(text: &str) -> BTreeMap<String, String> {
    let mut out = BTreeMap::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        let heredoc = line.find("<<").filter(|at| line.find('=').is_none_or(|equals| *at < equals));
        if let Some(at) = heredoc {
            let end = &line[at + 2..];
            let value: Vec<&str> = lines.by_ref().take_while(|l| *l != end).collect();
            out.insert(line[..at].to_owned(), value.join("\n"));
        } else if let Some((name, value)) = line.split_once('=') {
            out.insert(name.to_owned(), value.to_owned());
        } else {
            assert!(line.is_empty(), "the runner cannot read the output `{line}`");
        }
    }
    out
}

/// The workflow commands that a runner acts on: a line that begins, after spaces, with `::`, or
/// contains the older form `##[` anywhere, except while commands are stopped.
fn understood(log: &str) -> Vec<String> {
    let (mut out, mut stopped) = (Vec::new(), None::<String>);
    for line in
        log.lines().map(str::trim_start).filter(|l| l.starts_with("::") || l.contains("##["))
    {
        match &stopped {
            Some(end) if line == format!("::{end}::") => stopped = None,
            Some(_) => {}
            None if !line.starts_with("::") => out.push(line.to_owned()),
            None => match line.strip_prefix("::stop-commands::") {
                Some(end) => stopped = Some(end.to_owned()),
                None => out.push(line.to_owned()),
            },
        }
    }
    assert_eq!(stopped, None, "commands were stopped for good");
    out
}
