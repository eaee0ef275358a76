//! A result that could not be printed is a failure, for every command.

use crate::support::served::{Served, demo_files, modelgate, run, stored};
use std::{
    fs::{self, File},
    io::Write as _,
    path::Path,
    process::{Command, Stdio},
};

fn full() -> Stdio {
    Stdio::from(File::options().write(true).open("/dev/full").unwrap())
}

/// A stdout that is not open for writing, which the standard library treats as if it had accepted
/// everything.
fn read_only() -> Stdio {
    Stdio::from(File::open("/dev/null").unwrap())
}

/// A pipe without a reader.
fn closed() -> Stdio {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    Stdio::from(writer)
}

/// The exit code and the text on stderr.
fn printed_to(mut command: Command, stdout: Stdio) -> (i32, String) {
    let child = command.stdout(stdout).stderr(Stdio::piped()).spawn().unwrap();
    let done = child.wait_with_output().unwrap();
    (done.status.code().unwrap(), String::from_utf8_lossy(&done.stderr).into_owned())
}

/// Commands that are not called here, and the reasons.
const NOT_CALLED: [(&str, &str); 6] = [
    ("demo", "it serves until it is ended"),
    ("serve", "it serves until it is ended, and prints nothing"),
    (
        "token create",
        "what it prints exists nowhere else: a_token_that_could_not_be_printed_opens_nothing",
    ),
    ("token rotate", "the same: a_rotation_that_could_not_be_printed_changes_nothing"),
    ("token revoke", "it prints nothing"),
    ("db restore", "it needs the service to be stopped: a_restore_fails_when_stdout_takes_no_more"),
];

/// Every command without subcommands, as the help lists them.
fn commands(folder: &Path, under: &[String]) -> Vec<String> {
    let mut command = modelgate(folder);
    let help = run_with(command.args(under).arg("--help"));
    let Some((_, list)) = help.split_once("\nCommands:\n") else { return vec![under.join(" ")] };
    let list = list.split("\n\n").next().unwrap();
    let names = list
        .lines()
        .filter_map(|line| line.strip_prefix("  "))
        .filter(|rest| !rest.starts_with(' '));
    let names = names.map(|rest| rest.split(' ').next().unwrap().to_owned());
    names.flat_map(|name| commands(folder, &[under, &[name]].concat())).collect()
}

fn run_with(command: &mut Command) -> String {
    let done = command.stdin(Stdio::null()).output().unwrap();
    assert!(done.status.success(), "{command:?}");
    String::from_utf8(done.stdout).unwrap()
}

/// The objects of the calls: an allowed release, its decision, a pending release, and a proposed
/// reference.
struct Scene {
    served: Served,
    artifact: String,
    allowed: String,
    decision: String,
    waiting: String,
    reference: String,
}

impl Scene {
    fn new() -> Self {
        let served = Served::start();
        let text = |value: &serde_json::Value| {
            value.as_str().unwrap_or_else(|| panic!("{value}")).to_owned()
        };
        let first = served.gate("good", &["--format", "json"]).json();
        let allowed = text(&first["release"]);
        served.run_as(&served.ada, &["approve", &allowed]).expect(0);
        let decided =
            served.run_as(&served.ben, &["approve", &allowed, "--format", "json"]).expect(0).json();
        let (decision, artifact) =
            (text(&decided["decision"]), text(&first["verdict"]["artifact"]));
        let environment = ["--model", "acme/credit-risk", "--environment", "production"];
        let propose = [
            &["reference", "propose", "--digest", &artifact, "--format", "json"][..],
            &environment,
        ]
        .concat();
        let reference = text(&served.run_as(&served.ada, &propose).expect(0).json()["reference"]);
        let folder = served.folder.path();
        fs::write(folder.join("rows.csv"), "y,p\n1,1\n0,1\n0,0\n").unwrap();
        fs::write(folder.join("labels.csv"), "id,label\n1,0\n2,1\n").unwrap();
        fs::write(folder.join("own.toml"), crate::mappings::MAPPING).unwrap();
        fs::write(
            folder.join("floor.toml"),
            "name = \"f\"\n[[rule]]\nid = \"a\"\nmetric = \"accuracy\"\nmin = 0.5\n",
        )
        .unwrap();
        fs::write(folder.join("own.json"), crate::support::app::accuracy(960, 1000).to_string())
            .unwrap();
        fs::write(folder.join("password"), "correct horse battery staple").unwrap();
        let policy =
            format!("applies_to = {{ models = [\"*/other\"] }}\n{}", crate::support::app::POLICY);
        fs::write(folder.join("two-eyes.toml"), policy).unwrap();
        served.run(&["policy", "publish", "two-eyes.toml"]).expect(0);
        let other =
            ["gate", "--model", "acme/other", "--environment", "production", "--digest", &artifact];
        let other = [&other[..], &["--evidence", "own.json", "--format", "json"]].concat();
        let waiting = text(&served.run(&other).expect(3).json()["release"]);
        served.run(&["export", "decision", &decision, "--out", "export"]).expect(0);
        for call in ["key show --namespace acme --out pinned", "user create carl --namespace acme"]
        {
            let mut command = stored(folder);
            command
                .args(call.split(' '))
                .stdin(File::open(folder.join("password")).unwrap())
                .stdout(Stdio::null());
            assert!(command.status().unwrap().success(), "{call}");
        }
        Self { served, artifact, allowed, decision, waiting, reference }
    }

    /// Calls that succeed and print something. `{n}` is a new number each time; a word before `:`
    /// names the user.
    fn calls(&self) -> Vec<String> {
        let Self { artifact, allowed, decision, waiting, reference, .. } = self;
        let file = |path: &str| demo_files().join("..").join("..").join(path).display().to_string();
        let policy = file("policies/credit-risk.toml");
        let report = demo_files().join("good/classification-report.json").display().to_string();
        let good = "--model acme/credit-risk --environment production";
        let list = [
            "--help",
            "--version",
            "gate --help",
            "completions bash",
            "evidence formats",
            "evidence formats --format json",
            &format!("evidence inspect {report}"),
            &format!("evidence inspect {report} --format json"),
            "evidence compute rows.csv --label y --prediction p",
            "check --policy floor.toml --evidence own.json",
            &format!(
                "gate --model acme/other --environment dev --digest {artifact} --evidence own.json"
            ),
            &format!("ada: approve {allowed}"),
            &format!("ada: reject {waiting} --idempotency-key k"),
            &format!("status {allowed}"),
            &format!("policy lint {policy}"),
            &format!("policy explain {policy}"),
            &format!("policy test {}", file("policies/credit-risk.cases.toml")),
            &format!("policy operating-curve {policy}"),
            &format!("policy publish {policy}"),
            "mapping lint own.toml",
            "mapping publish own.toml",
            "mapping list",
            "admin: dataset register own --file labels.csv --id id --label label",
            "dataset list",
            &format!("ada: reference propose {good} --digest {artifact} --idempotency-key p"),
            &format!("ben: reference approve {reference}"),
            &format!("reference show {good}"),
            &format!("report release {allowed}"),
            "report audit --from 2026-01-01 --to 2026-01-01 --as csv",
            &format!("export decision {decision} --out export --force"),
            "verify export --trust pinned",
            "replay export",
            "key show --namespace acme",
            "token list",
            "user create p{n} --namespace acme",
            "user list",
            "user show carl",
            "user disable carl",
            "user enable carl",
            "user password carl",
            "user roles carl --add legal",
            "db migrate",
            "db check",
            "db backup --out backup{n}",
        ];
        list.iter().map(|call| (*call).to_owned()).collect()
    }

    fn command(&self, call: &str, number: usize) -> Command {
        let folder = self.served.folder.path();
        let (token, call) = match call.split_once(": ") {
            Some(("ada", call)) => (&self.served.ada, call),
            Some(("ben", call)) => (&self.served.ben, call),
            Some(("admin", call)) => (&self.served.admin, call),
            _ => (&self.served.ci, call),
        };
        let mut command = stored(folder);
        command.args(call.replace("{n}", &number.to_string()).split(' '));
        command.env("MODELGATE_SERVER", &self.served.url).env("MODELGATE_TOKEN", token);
        command.stdin(File::open(folder.join("password")).unwrap());
        command
    }
}

#[test]
fn every_command_fails_when_stdout_takes_no_more() {
    let scene = Scene::new();
    let calls = scene.calls();
    for command in commands(scene.served.folder.path(), &[]) {
        let called = calls.iter().any(|call| {
            let call = call.split_once(": ").map_or(call.as_str(), |(_, call)| call);
            call.strip_prefix(&command).is_some_and(|rest| rest.is_empty() || rest.starts_with(' '))
        });
        let reason = NOT_CALLED.iter().any(|(name, _)| *name == command);
        assert!(called != reason, "`{command}` needs a call here, or a reason why there is none");
    }
    let mut numbers = 0..;
    let mut command = |call: &str| scene.command(call, numbers.next().unwrap());
    for call in &calls {
        let done = command(call).output().unwrap();
        let whole = done.status.code().unwrap();
        let good = matches!(whole, 0 | 3) && !done.stdout.is_empty();
        assert!(good, "{call:?}: {whole} {}", String::from_utf8_lossy(&done.stderr));
        for (stdout, word) in [(full(), "No space left"), (read_only(), "Bad file descriptor")] {
            let (code, said) = printed_to(command(call), stdout);
            assert!(code == 5 && said.contains(word), "{call:?} ended with {code}: {said}");
        }
        let (code, said) = printed_to(command(call), closed());
        assert!(
            code == whole && !said.contains("stdout"),
            "{call:?} into a closed pipe ended with {code}: {said}"
        );
    }
}

#[test]
fn a_restore_fails_when_stdout_takes_no_more() {
    let folder = tempfile::tempdir().unwrap();
    let mut migrate = stored(folder.path());
    migrate.args(["db", "migrate"]);
    run(migrate).expect(0);
    let restore = |stdout: Stdio| {
        let mut command = stored(folder.path());
        command.args(["db", "restore"]).stdin(Stdio::null());
        printed_to(command, stdout)
    };
    for stdout in [full(), read_only()] {
        let (code, said) = restore(stdout);
        assert_eq!(code, 5, "{said}");
    }
    assert_eq!(restore(Stdio::null()).0, 0);
}

#[test]
fn a_rotation_that_could_not_be_printed_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let call = |args: &[&str]| {
        let mut command = stored(folder.path());
        command.args(args);
        command
    };
    let listed = || {
        let tokens = run(call(&["token", "list", "--format", "json"])).expect(0).json();
        tokens.as_array().unwrap().clone()
    };
    for kind in [&[][..], &["--hook", "ci"]] {
        run(call(&[&["token", "create", "--namespace", "acme"], kind].concat())).expect(0);
    }
    for old in listed() {
        let id = old["id"].as_str().unwrap();
        let of_it = || listed().into_iter().find(|token| token["id"] == old["id"]).unwrap();
        for stdout in [full(), read_only(), closed()] {
            let (code, said) =
                printed_to(call(&["token", "rotate", id, "--overlap", "1s"]), stdout);
            assert!(code == 5 && said.contains("ended at once"), "{code}: {said}");
            assert_eq!(of_it(), old, "its caller has nothing else");
        }
        let others = listed()
            .into_iter()
            .filter(|token| token["kind"] == old["kind"] && token["id"] != old["id"]);
        assert_eq!(
            others.filter(|token| token["revoked_at"].is_null()).count(),
            0,
            "what was not told opens nothing"
        );
        let rotated = run(call(&["token", "rotate", id, "--overlap", "1s", "--format", "json"]))
            .expect(0)
            .json();
        assert_ne!(rotated["id"], old["id"]);
        assert_ne!(
            of_it()["expires_at"],
            old["expires_at"],
            "once the new one is told, the old one ends"
        );
    }
}

#[test]
fn a_token_that_could_not_be_printed_opens_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let create = |extra: &[&str], stdout: Stdio| {
        let mut command = stored(folder.path());
        command.args(["token", "create", "--namespace", "acme"]).args(extra).stdin(Stdio::null());
        printed_to(command, stdout)
    };
    for stdout in [full(), read_only(), closed()] {
        let (code, said) = create(&[], stdout);
        assert!(code == 5 && said.contains("ended at once"), "{code}: {said}");
    }
    assert_eq!(create(&["--hook", "ci"], full()).0, 5);
    assert_eq!(create(&["--format", "json"], full()).0, 5);
    let mut list = stored(folder.path());
    list.args(["token", "list", "--format", "json"]);
    let tokens = run(list).expect(0).json();
    let tokens = tokens.as_array().unwrap();
    assert_eq!(tokens.len(), 5);
    assert!(tokens.iter().all(|token| !token["revoked_at"].is_null()), "{tokens:?}");
}

#[test]
fn a_file_that_cannot_be_written_whole_is_not_there() {
    let served = Served::start();
    let decided = served.gate("good", &["--format", "json"]).json();
    let release = decided["release"].as_str().unwrap();
    // The shell's limit on file sizes simulates a full disk: 4 blocks of 512 or 1,024 bytes.
    let limited = |args: &[&str]| {
        let mut command = Command::new("sh");
        crate::support::served::clean(&mut command);
        let script = "trap '' XFSZ; ulimit -f 4; exec \"$0\" \"$@\"";
        command
            .current_dir(served.folder.path())
            .args(["-c", script, env!("CARGO_BIN_EXE_modelgate")])
            .args(args);
        command.env("MODELGATE_SERVER", &served.url).env("MODELGATE_TOKEN", &served.ci);
        run(command)
    };
    let mut before = File::create(served.folder.path().join("kept.html")).unwrap();
    before.write_all(b"before").unwrap();
    for name in ["new.html", "kept.html"] {
        let ended = limited(&["report", "release", release, "--out", name]);
        assert!(ended.code == 5 && ended.stderr.contains("File too large"), "{ended:?}");
    }
    let decision = decided["decision"].as_str().unwrap();
    limited(&["export", "decision", decision, "--out", "deep/export"]).expect(5);
    assert_eq!(fs::read(served.folder.path().join("kept.html")).unwrap(), b"before");
    let left: Vec<_> =
        fs::read_dir(served.folder.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert!(left.iter().all(|name| name == "data" || name == "kept.html"), "{left:?}");
}
