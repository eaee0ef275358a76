//! Secrets and data are private to the service's account, for every umask.

use crate::support::{
    process::Process,
    served::{clean, run, stored},
};
use std::{fs, os::unix::fs::PermissionsExt as _, path::Path, process::Command};
use tempfile::TempDir;

/// Everything below a folder, with its mode.
fn modes(folder: &Path, found: &mut Vec<(String, u32)>) {
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let metadata = entry.metadata().unwrap();
        found.push((entry.path().display().to_string(), metadata.permissions().mode() & 0o777));
        if metadata.is_dir() {
            modes(&entry.path(), found);
        }
    }
}

/// The binary with an umask that leaves everything open.
fn open_to_all(folder: &Path) -> Command {
    let mut command = Command::new("sh");
    clean(&mut command);
    command
        .current_dir(folder)
        .arg("-c")
        .arg("umask 000; exec \"$0\" \"$@\"")
        .arg(env!("CARGO_BIN_EXE_modelgate"));
    command.env("MODELGATE_DATABASE", folder.join("data/modelgate.db"));
    command
}

#[test]
fn nothing_of_the_service_can_be_read_by_others() {
    let folder = TempDir::new().unwrap();
    let data = folder.path().join("data");
    let mut create = open_to_all(folder.path());
    create.args([
        "token",
        "create",
        "--namespace",
        "acme",
        "--scope",
        "policy",
        "--scope",
        "submit",
    ]);
    let token = run(create).expect(0).stdout.trim().to_owned();
    let mut process = Process::serve(open_to_all(folder.path()));
    let http = reqwest::Client::new();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let policy = http.post(format!("{}/api/v1/policies", process.url)).bearer_auth(&token);
        assert_eq!(
            policy.body(crate::support::app::POLICY).send().await.unwrap().status().as_u16(),
            201
        );
        let rows = http.put(format!("{}/api/v1/predictions", process.url)).bearer_auth(&token);
        assert_eq!(rows.body("y,p\n1,1\n").send().await.unwrap().status().as_u16(), 201);
    });
    let mut found =
        vec![("data".to_owned(), fs::metadata(&data).unwrap().permissions().mode() & 0o777)];
    modes(&data, &mut found);
    for part in ["modelgate.db", "modelgate.db-wal", "heads/acme", "keys/log.key", "blobs/incoming"]
    {
        assert!(found.iter().any(|(path, _)| path.ends_with(part)), "{part} is not in {found:?}");
    }
    let open: Vec<_> = found.iter().filter(|(_, mode)| mode & 0o077 != 0).collect();
    assert!(open.is_empty(), "{open:?}");
    process.signal("TERM");
    assert_eq!(process.ended(), Some(0));
    // The modes that an earlier version left.
    for name in ["modelgate.db", "heads", "blobs"] {
        let mode = if name == "modelgate.db" { 0o644 } else { 0o755 };
        fs::set_permissions(data.join(name), fs::Permissions::from_mode(mode)).unwrap();
    }
    let mut list = stored(folder.path());
    list.args(["token", "list"]);
    run(list).expect(0);
    for name in ["modelgate.db", "heads", "blobs"] {
        let mode = fs::metadata(data.join(name)).unwrap().permissions().mode() & 0o077;
        assert_eq!(mode, 0, "{name} stayed open");
    }
}

#[test]
fn a_backup_with_keys_can_be_read_by_nobody_else() {
    let folder = TempDir::new().unwrap();
    let mut create = open_to_all(folder.path());
    create.args(["token", "create", "--namespace", "acme", "--scope", "policy"]);
    let token = run(create).expect(0).stdout.trim().to_owned();
    let mut process = Process::serve(open_to_all(folder.path()));
    tokio::runtime::Runtime::new().unwrap().block_on(async {
        let policy = reqwest::Client::new()
            .post(format!("{}/api/v1/policies", process.url))
            .bearer_auth(&token);
        assert_eq!(
            policy.body(crate::support::app::POLICY).send().await.unwrap().status().as_u16(),
            201
        );
    });
    process.signal("TERM");
    assert_eq!(process.ended(), Some(0));
    let mut backup = open_to_all(folder.path());
    backup.args(["db", "backup", "--with-keys", "--out", "backup"]);
    run(backup).expect(0);
    let out = folder.path().join("backup");
    let mut found =
        vec![("backup".to_owned(), fs::metadata(&out).unwrap().permissions().mode() & 0o777)];
    modes(&out, &mut found);
    for part in ["modelgate.db", "heads/acme", "keys/log.key", "keys/decision.key", "backup.json"] {
        assert!(found.iter().any(|(path, _)| path.ends_with(part)), "{part} is not in {found:?}");
    }
    for (path, mode) in found {
        let folder = ["backup", "/heads", "/keys"].iter().any(|end| path.ends_with(end));
        assert_eq!(mode, if folder { 0o700 } else { 0o600 }, "{path}");
    }
}
