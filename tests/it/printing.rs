//! A result that could not be printed is a failure, whichever command printed it.

use crate::support::served::{Served, demo_files, run, stored};
use std::{
    fs::{self, File},
    io::Write as _,
    process::{Command, Stdio},
};

fn full() -> Stdio {
    Stdio::from(File::options().write(true).open("/dev/full").unwrap())
}

/// Not open for writing, which the standard library takes for a stdout that took everything.
fn read_only() -> Stdio {
    Stdio::from(File::open("/dev/null").unwrap())
}

/// A pipe that nobody reads any more.
fn closed() -> Stdio {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    Stdio::from(writer)
}

/// The exit code and what was said on stderr.
fn printed_to(mut command: Command, stdout: Stdio) -> (i32, String) {
    let child = command.stdin(Stdio::null()).stdout(stdout).stderr(Stdio::piped()).spawn().unwrap();
    let done = child.wait_with_output().unwrap();
    (done.status.code().unwrap(), String::from_utf8_lossy(&done.stderr).into_owned())
}

/// Calls that end with 0 and print something, and those of the database itself.
fn calls(served: &Served, release: &str, decision: &str) -> Vec<Vec<String>> {
    let file = |path: &str| demo_files().join("..").join("..").join(path).display().to_string();
    let policy = file("policies/credit-risk.toml");
    let report = demo_files().join("good/classification-report.json").display().to_string();
    let rows = served.folder.path().join("rows.csv").display().to_string();
    let pinned = served.folder.path().join("pinned").display().to_string();
    let export = served.folder.path().join("export").display().to_string();
    let list = [
        "--help",
        "--version",
        "gate --help",
        "completions bash",
        "evidence formats",
        "evidence formats --format json",
        &format!("evidence inspect {report}"),
        &format!("evidence inspect {report} --format json"),
        &format!("evidence compute {rows} --label y --prediction p"),
        &format!("policy lint {policy}"),
        &format!("policy explain {policy}"),
        &format!("policy test {}", file("policies/credit-risk.cases.toml")),
        &format!("policy operating-curve {policy}"),
        &format!("policy publish {policy}"),
        &format!("status {release}"),
        &format!("report release {release}"),
        "report audit --from 2026-01-01 --to 2026-01-01 --as csv",
        &format!("verify {export} --trust {pinned}"),
        &format!("replay {export}"),
        &format!("export decision {decision} --out {export} --force"),
        "reference show --model acme/credit-risk --environment production",
        "key show --namespace acme",
        "token list",
        "user list",
        "db migrate",
    ];
    list.iter().map(|call| call.split(' ').map(str::to_owned).collect()).collect()
}

fn command(served: &Served, call: &[String]) -> Command {
    let mut command = stored(served.folder.path());
    command.args(call).env("MODELGATE_SERVER", &served.url).env("MODELGATE_TOKEN", &served.ci);
    command
}

#[test]
fn every_command_fails_when_stdout_takes_no_more() {
    let served = Served::start();
    let decided = served.gate("good", &["--format", "json"]);
    let (release, decision) = (decided.json()["release"].clone(), decided.json()["decision"].clone());
    let (release, decision) = (release.as_str().unwrap(), decision.as_str().unwrap());
    fs::write(served.folder.path().join("rows.csv"), "y,p\n1,1\n0,1\n0,0\n").unwrap();
    served.run(&["export", "decision", decision, "--out", "export"]).expect(0);
    let mut keys = stored(served.folder.path());
    keys.args(["key", "show", "--namespace", "acme", "--out", "pinned"]);
    run(keys).expect(0);
    for call in calls(&served, release, decision) {
        let whole = run(command(&served, &call));
        assert!(matches!(whole.code, 0 | 3) && !whole.stdout.is_empty(), "{call:?}: {whole:?}");
        for (stdout, word) in [(full(), "No space left"), (read_only(), "Bad file descriptor")] {
            let (code, said) = printed_to(command(&served, &call), stdout);
            assert!(code == 5 && said.contains(word), "{call:?} ended with {code}: {said}");
        }
        let (code, said) = printed_to(command(&served, &call), closed());
        assert!(
            code == whole.code && !said.contains("stdout"),
            "{call:?} into a closed pipe ended with {code}: {said}"
        );
    }
}

#[test]
fn a_token_that_could_not_be_printed_opens_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let create = |extra: &[&str], stdout: Stdio| {
        let mut command = stored(folder.path());
        command.args(["token", "create", "--namespace", "acme"]).args(extra);
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
    // The shell's limit of file sizes stands in for a disk that fills: 4 blocks of 512 or 1,024 bytes.
    let limited = |args: &[&str]| {
        let mut command = Command::new("sh");
        crate::support::served::clean(&mut command);
        let script = "trap '' XFSZ; ulimit -f 4; exec \"$0\" \"$@\"";
        command.current_dir(served.folder.path()).args(["-c", script, env!("CARGO_BIN_EXE_modelgate")]).args(args);
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
    let left: Vec<_> = fs::read_dir(served.folder.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert!(left.iter().all(|name| name == "data" || name == "kept.html"), "{left:?}");
}
