//! A disk that fails on demand, for one process: `disk.c`, which is loaded before the C library.

use std::{
    fs,
    io::{Seek as _, SeekFrom, Write as _},
    path::{Path, PathBuf},
    process::Command,
    sync::OnceLock,
};

/// The error of a failing operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// `ENOSPC`
    Full,
    /// `EIO`
    Broken,
}

/// The files of one folder, as a process sees them.
pub struct Disk {
    folder: PathBuf,
    control: PathBuf,
}

impl Disk {
    /// The disk with `folder`; its control file is kept next to it.
    pub fn of(folder: &Path) -> Self {
        let control = folder.with_extension("control");
        let disk = Self { folder: folder.to_owned(), control };
        fs::write(&disk.control, [0; 32]).unwrap();
        disk.heal();
        disk
    }

    /// Attaches the disk to a command that has not started yet.
    pub fn under(&self, command: &mut Command) {
        command
            .env("LD_PRELOAD", library())
            .env("DISK_FOLDER", &self.folder)
            .env("DISK_CONTROL", &self.control);
    }

    /// Lets `works` further operations succeed; the next one fails, and with `stays` all that
    /// follow.
    pub fn fail(&self, works: i64, fault: Fault, stays: bool) {
        let error = if fault == Fault::Full { 28 } else { 5 };
        self.set([works, error, i64::from(stays)]);
    }

    /// Lets all operations succeed.
    pub fn heal(&self) {
        self.set([-1, 0, 0]);
    }

    /// Whether fewer operations occurred than were allowed.
    pub fn untouched(&self) -> bool {
        let bytes = fs::read(&self.control).unwrap();
        i64::from_ne_bytes(bytes[..8].try_into().unwrap()) > 0
    }

    fn set(&self, values: [i64; 3]) {
        let mut file = fs::OpenOptions::new().write(true).open(&self.control).unwrap();
        // The error first, so that it is set when the count begins.
        for (at, value) in [(8, values[1]), (16, values[2]), (0, values[0])] {
            file.seek(SeekFrom::Start(at)).unwrap();
            file.write_all(&value.to_ne_bytes()).unwrap();
        }
    }
}

/// Built once per run, with the compiler that the crate itself needs.
fn library() -> &'static Path {
    static LIBRARY: OnceLock<PathBuf> = OnceLock::new();
    LIBRARY.get_or_init(|| {
        let source = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/support/disk.c");
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
        // Several test processes can build it at the same time: each moves its own into place.
        let (own, shared) =
            (folder.join(format!("disk-{}.so", std::process::id())), folder.join("disk.so"));
        let mut command = Command::new("cc");
        command.args(["-shared", "-fPIC", "-O1", "-o"]).arg(&own).args([source, "-ldl"]);
        let built = command
            .output()
            .unwrap_or_else(|e| panic!("cc, which builds SQLite too, cannot be run: {e}"));
        assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
        fs::rename(&own, &shared).unwrap();
        shared
    })
}
