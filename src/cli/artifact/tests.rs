use super::*;
use std::{fs::File, io::Write as _, os::unix::fs::symlink, path::PathBuf};
use tempfile::TempDir;

/// The manifest, written by hand; FIPS 180-2 gives the digest of `abc`, and of the empty text.
const MANIFEST: &str = r#"{"files":[{"path":"b.bin","sha256":"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855","size":0},{"path":"b/abc","sha256":"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad","size":3}],"schema":"modelgate.directory/v1"}"#;

/// Writes files; a content that begins with `->` makes a link to the rest.
fn lay_out(folder: &Path, files: &[(&str, &str)]) {
    for (name, text) in files {
        let path = folder.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        match text.strip_prefix("->") {
            Some(target) => symlink(target, path).unwrap(),
            None => fs::write(path, text).unwrap(),
        }
    }
}

fn model(files: &[(&str, &str)]) -> (TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let model = dir.path().join("model");
    lay_out(&model, &[("b/abc", "abc"), ("b.bin", "")]);
    lay_out(&model, files);
    (dir, model)
}

#[test]
fn a_folder_is_known_by_names_sizes_and_bytes() {
    let (_dir, model) = model(&[]);
    assert_eq!(digest_of(&model).unwrap(), Digest::of(MANIFEST.as_bytes()));
    assert_eq!(whole_digest_of(&model).unwrap(), Digest::of(MANIFEST.as_bytes()));
    fs::rename(model.join("b.bin"), model.join("c.bin")).unwrap();
    assert_ne!(digest_of(&model).unwrap(), Digest::of(MANIFEST.as_bytes()));
    assert_eq!(digest_of(&model.join("b/abc")).unwrap(), Digest::of(b"abc"));
}

/// The layouts that `huggingface_hub` writes: https://huggingface.co/docs/hub/local-cache, and the head of its
/// `_local_folder.py`.
#[test]
fn two_downloads_of_one_model_have_one_digest() {
    let (abc, nothing) = (
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
        "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391",
    );
    let dir = tempfile::tempdir().unwrap();
    let repository = dir.path().join("hub/models--acme--credit");
    let commit = "11c5a3d5811f50298f278a704980280950aedb10";
    lay_out(
        &repository,
        &[
            (&format!("blobs/{abc}"), "abc"),
            (&format!("blobs/{nothing}"), ""),
            ("refs/main", commit),
            (&format!("snapshots/{commit}/b/abc"), &format!("->../../../blobs/{abc}")),
            (&format!("snapshots/{commit}/b.bin"), &format!("->../../blobs/{nothing}")),
            (".no_exist/x/added_tokens.json", ""),
        ],
    );
    let local = dir.path().join("local");
    lay_out(
        &local,
        &[
            ("b/abc", "abc"),
            ("b.bin", ""),
            (".cache/huggingface/.gitignore", "*"),
            (".cache/huggingface/.gitignore.lock", ""),
            (
                ".cache/huggingface/download/b/abc.metadata",
                "11c5a3d5811f50298f278a704980280950aedb10\nx\n1712656091.123\n",
            ),
            (".cache/huggingface/download/b/abc.lock", ""),
        ],
    );
    let digest = Digest::of(MANIFEST.as_bytes());
    let snapshot = repository.join("snapshots").join(commit);
    assert_eq!(digest_of(&snapshot).unwrap(), digest);
    let read = read(&local).unwrap();
    assert_eq!((read.digest, read.left_out), (digest, vec![".cache/".to_owned()]));
    // By another path to the same folder, and if the folder is itself a link.
    symlink(&repository, dir.path().join("elsewhere")).unwrap();
    assert_eq!(digest_of(&dir.path().join("elsewhere/snapshots").join(commit)).unwrap(), digest);
    symlink(&snapshot, dir.path().join("current")).unwrap();
    assert_eq!(digest_of(&dir.path().join("current")).unwrap(), digest);
    // Absolute links, as they are written across volumes.
    fs::remove_file(snapshot.join("b.bin")).unwrap();
    symlink(repository.join("blobs").join(nothing), snapshot.join("b.bin")).unwrap();
    assert_eq!(digest_of(&snapshot).unwrap(), digest);
    // A part of a snapshot is an artifact as well.
    assert_eq!(digest_of(&snapshot.join("b")).unwrap(), digest_of(&local.join("b")).unwrap());
    // The whole cache: a note says that all versions at once are unlikely to be released.
    assert_eq!(walk::folder(&repository).unwrap().snapshot, Some(snapshot));
}

#[test]
fn what_git_and_download_tools_keep_is_left_out_wherever_it_lies() {
    let (_dir, model) = model(&[
        (".git/HEAD", "ref: refs/heads/main\n"),
        (".DS_Store", "x"),
        ("b/.cache/huggingface/download/abc.metadata", "x"),
        ("b/.git", "gitdir: ../../.git/worktrees/b\n"),
        (".huggingface/download/b.bin.metadata", "x"),
    ]);
    let read = read(&model).unwrap();
    assert_eq!(read.digest, Digest::of(MANIFEST.as_bytes()));
    assert_eq!(read.left_out, [".DS_Store", ".git/", ".huggingface/", "b/.cache/", "b/.git"]);
    // The digest of modelgate 0.1 can still be computed.
    assert_ne!(whole_digest_of(&model).unwrap(), read.digest);
    // Names that only look similar, and code that Python would run, are part of the model.
    for (name, left_out) in [
        (".gitattributes", false),
        (".cached", false),
        ("__pycache__/m.pyc", false),
        (".cache/x", true),
    ] {
        let (_dir, model) = self::model(&[(name, "x")]);
        assert_eq!(
            digest_of(&model).unwrap() == Digest::of(MANIFEST.as_bytes()),
            left_out,
            "{name}"
        );
    }
}

#[test]
fn an_ignore_file_names_more_and_counts_itself() {
    let rules = "# notes\n*.log\n/runs/\n!keep.log\n.modelgateignore\n";
    let files = [("b/train.log", "x"), ("runs/1/events", "x"), ("keep.log", "x")];
    let (_dir, noisy) = model(&files);
    lay_out(&noisy, &[(".modelgateignore", rules)]);
    let (_other, quiet) = model(&[("keep.log", "x"), (".modelgateignore", rules)]);
    let read = read(&noisy).unwrap();
    assert_eq!(read.left_out, ["b/train.log", "runs/"]);
    assert_eq!(read.digest, digest_of(&quiet).unwrap());
    // An ignore file that is added to hide something makes another artifact, even if it names
    // itself.
    let (_bare, bare) = model(&[("keep.log", "x")]);
    assert_ne!(digest_of(&quiet).unwrap(), digest_of(&bare).unwrap());
    let (_wrong, wrong) = model(&[(".modelgateignore", "ok\nx[z-a]\n")]);
    let failure = digest_of(&wrong).unwrap_err();
    assert!(failure.message.contains("line 2"), "{}", failure.message);
    let (_all, all) = model(&[(".modelgateignore", "*")]);
    assert_eq!(self::read(&all).unwrap().left_out, ["b.bin", "b/"]);
}

#[test]
fn links_are_read_through_within_the_artifact_only() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("secret"), "abc").unwrap();
    let refused = |files: &[(&str, &str)], why: &str| {
        let (_dir, model) = model(files);
        lay_out(model.parent().unwrap(), &[("secret", "abc"), ("blobs/x", "abc")]);
        let failure = digest_of(&model).unwrap_err();
        assert_eq!(failure.code, CODE);
        assert!(failure.message.contains(why), "{why}: {}", failure.message);
    };
    refused(&[("l", "->../secret")], "outside the artifact");
    refused(&[("l", "->/etc/hostname")], "outside the artifact");
    refused(&[("l", "->..")], "outside the artifact");
    // There are blobs next to the folder, but the folder is not a snapshot.
    refused(&[("l", "->../blobs/x")], "outside the artifact");
    // One link after another, the last one leading out.
    refused(&[("a", "->c"), ("c", "->../secret")], "outside the artifact");
    refused(&[("l", "->nothing")], "which does not exist");
    refused(&[("l", "->l")], "leads nowhere");
    refused(&[("l", "->m"), ("m", "->l")], "leads nowhere");
    refused(&[("b/up", "->..")], "never ends");
    refused(&[("l", "->.")], "never ends");

    // Inside the artifact, a link is read as the file it leads to.
    let (_dir, linked) = model(&[("l", "->b/abc"), ("d", "->b")]);
    let (_other, copied) = model(&[("l", "abc"), ("d/abc", "abc")]);
    assert_eq!(digest_of(&linked).unwrap(), digest_of(&copied).unwrap());
    // A snapshot's links lead to its own blobs and no further.
    let cache = tempfile::tempdir().unwrap();
    lay_out(
        cache.path(),
        &[("m/blobs/1", "->../../other"), ("other", "x"), ("m/snapshots/r/f", "->../../blobs/1")],
    );
    assert!(
        digest_of(&cache.path().join("m/snapshots/r"))
            .unwrap_err()
            .message
            .contains("outside the artifact")
    );
    lay_out(cache.path(), &[("m/snapshots/s/f", "->../../refs/main"), ("m/refs/main", "x")]);
    assert!(
        digest_of(&cache.path().join("m/snapshots/s"))
            .unwrap_err()
            .message
            .contains("outside the artifact")
    );
}

#[test]
fn what_is_no_plain_file_is_refused_at_once() {
    let dir = tempfile::tempdir().unwrap();
    assert!(digest_of(dir.path()).unwrap_err().message.contains("the folder is empty"));
    lay_out(dir.path(), &[(".git/HEAD", "x")]);
    assert!(digest_of(dir.path()).unwrap_err().message.contains("everything in it is left out"));
    let _socket = std::os::unix::net::UnixListener::bind(dir.path().join("s")).unwrap();
    assert!(digest_of(dir.path()).unwrap_err().message.contains("a socket"));
    assert!(digest_of(&dir.path().join("s")).unwrap_err().message.contains("a socket"));
    fs::remove_file(dir.path().join("s")).unwrap();
    // No process writes to this pipe: opening it would block without end.
    assert!(
        std::process::Command::new("mkfifo").arg(dir.path().join("p")).status().unwrap().success()
    );
    assert!(digest_of(dir.path()).unwrap_err().message.contains("a named pipe"));
    assert!(digest_of(&dir.path().join("p")).unwrap_err().message.contains("a named pipe"));
    fs::write(dir.path().join(".modelgateignore"), "p\n").unwrap();
    digest_of(dir.path()).unwrap();
    assert!(digest_of(Path::new("/dev/null")).unwrap_err().message.contains("a device"));
    use std::os::unix::ffi::OsStrExt as _;
    fs::write(dir.path().join(std::ffi::OsStr::from_bytes(b"caf\xe9")), "x").unwrap();
    assert!(digest_of(dir.path()).unwrap_err().message.contains("not UTF-8"));
}

#[test]
fn a_folder_that_changes_meanwhile_has_no_digest() {
    let changed = |change: &mut dyn FnMut(&Path)| {
        let (_dir, model) = model(&[]);
        let walked = walk::folder(&model).unwrap();
        manifest(&model, &walked, &mut |_| change(&model))
    };
    assert_eq!(changed(&mut |_| ()).unwrap(), Digest::of(MANIFEST.as_bytes()));
    for change in [
        (&mut |model: &Path| {
            writeln!(File::options().append(true).open(model.join("b/abc")).unwrap(), "x").unwrap()
        }) as &mut dyn FnMut(&Path),
        // Hashed before, changed after; came; went.
        &mut |model: &Path| fs::write(model.join("b.bin"), "now").unwrap(),
        &mut |model: &Path| fs::write(model.join("new"), "x").unwrap(),
        &mut |model: &Path| fs::remove_file(model.join("b.bin")).unwrap(),
    ] {
        let failure = changed(change).unwrap_err();
        assert!(failure.message.contains("changed while"), "{}", failure.message);
    }
}
