//! `modelgate demo`: the whole demonstration, as a new user runs it.

use crate::support::served::{modelgate, run};
use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::TcpStream,
    process::Stdio,
};

#[test]
fn the_story_is_told_once_and_its_decision_stands_on_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = modelgate(folder.path());
    command.args(["demo", "--once", "--keep", "story"]);
    let told = run(command).expect(0).stdout;
    let mut rest = told.as_str();
    for part in [
        "[1/9]",
        "user create ada",
        "user create ben",
        "token create",
        "[2/9]",
        "listens at http://127.0.0.1:",
        "[3/9]",
        "policy publish",
        "[4/9]",
        "modelgate gate",
        "DENY",
        "defaults-found",
        "exit code 1, as it should",
        "[5/9]",
        "PENDING",
        "0 of 2 people",
        "exit code 3, as it should",
        "[6/9]",
        "modelgate approve",
        "modelgate approve",
        "ALLOW",
        "[7/9]",
        "export decision",
        "decision.dsse.json",
        "[8/9]",
        "has stopped",
        "verify decision",
        "Proved:",
        "exit code 0",
        "replay decision",
        "byte for byte",
        "verify tampered",
        "FAILED",
        "exit code 1, as it should",
        "[9/9]",
    ] {
        let at = rest
            .find(part)
            .unwrap_or_else(|| panic!("`{part}` is not told, or too early:\n{told}"));
        rest = &rest[at + part.len()..];
    }
    assert!(!told.contains("mgt_"), "a token is shown");

    let story = folder.path().join("story");
    let proved = |folder: &str, code| {
        let mut command = modelgate(&story);
        command.args(["verify", folder, "--trust", "pinned", "--artifact", "good/model.txt"]);
        run(command).expect(code)
    };
    proved("decision", 0);
    proved("tampered", 1);
    // A second demonstration must not mix with the first.
    let mut command = modelgate(folder.path());
    command.args(["demo", "--once", "--keep", "story"]);
    run(command).expect(2);
}

#[test]
fn it_serves_on_until_it_is_told_to_stop() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = modelgate(folder.path());
    command.args(["demo", "--keep", "story"]);
    let mut child =
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
    let open = lines.find(|line| line.contains("Open http://"));
    let Some(open) = open else {
        panic!("it ended early: {:?}", child.wait());
    };
    let address = open.split("http://").nth(1).unwrap().split('/').next().unwrap();
    let mut stream = TcpStream::connect(address).unwrap();
    write!(stream, "GET / HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200") || answer.starts_with("HTTP/1.1 303"), "{answer}");
    let stopped = std::process::Command::new("kill").arg(child.id().to_string()).status().unwrap();
    assert!(stopped.success());
    assert_eq!(child.wait().unwrap().code(), Some(0));
}
