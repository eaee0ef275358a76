//! The folder of uploaded files: `<aa>/<hex>`, named by the digest of their bytes. A file appears
//! there complete or not at all; an unfinished file is under `incoming/`.

use crate::app::{
    core::blocking,
    core::error::{AppError, Kind},
    core::hashing::{PIECE, digest_of, finished},
    core::private,
};
use crate::model::{Digest, Timestamp};
use aws_lc_rs::digest::{Context, SHA256};
use std::{
    collections::HashMap,
    fs::{self, File},
    io::{self, Write as _},
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, SystemTime, UNIX_EPOCH},
};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The most uploads at once; each keeps a part in memory. Further uploads wait.
const AT_ONCE: usize = 32;

/// Which uploads the service accepts, and where it stores them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UploadLimits {
    /// The folder. Services that share a database must share it.
    pub folder: PathBuf,
    /// The largest file, in bytes.
    pub max_size: u64,
    /// How long one upload may take.
    pub deadline: Duration,
}

/// A file's size, and the time of its last change.
type Seen = (u64, Option<SystemTime>);

/// The folder of uploaded files.
#[derive(Debug, Clone)]
pub(in crate::app) struct Blobs {
    limits: Arc<UploadLimits>,
    /// Files whose bytes were checked against their name, by size and time of change.
    checked: Arc<Mutex<HashMap<Digest, Seen>>>,
    slots: Arc<Semaphore>,
}

/// A file that is being received. If it is dropped before it is finished, its bytes are removed.
pub struct Upload {
    blobs: Blobs,
    path: PathBuf,
    writing: Option<Writing>,
    buffer: Vec<u8>,
    size: u64,
    _slot: OwnedSemaphorePermit,
}

struct Writing {
    file: File,
    hash: Context,
}

impl Blobs {
    /// Opens the folder, and creates it if it does not exist. Removes unfinished files that were
    /// left long before `now`.
    pub(in crate::app) fn open(limits: UploadLimits, now: Timestamp) -> Result<Self, AppError> {
        let blobs = Self {
            limits: Arc::new(limits),
            checked: Arc::default(),
            slots: Arc::new(Semaphore::new(AT_ONCE)),
        };
        let made = private::own_folder(&blobs.limits.folder)
            .and_then(|()| private::own_folder(&blobs.incoming()));
        made.map_err(|e| blobs.failed("cannot be created", &e))?;
        blobs.sweep(now).map_err(|e| blobs.failed("cannot be read", &e))?;
        Ok(blobs)
    }

    pub(in crate::app) fn limits(&self) -> &UploadLimits {
        &self.limits
    }

    fn incoming(&self) -> PathBuf {
        self.limits.folder.join("incoming")
    }

    /// Removes unfinished files. Another service may be writing one, so only a file older than
    /// twice the deadline is removed.
    fn sweep(&self, now: Timestamp) -> io::Result<()> {
        let oldest = u128::try_from(now.micros())
            .unwrap_or(0)
            .saturating_sub(2 * self.limits.deadline.as_micros());
        for entry in fs::read_dir(self.incoming())? {
            let entry = entry?;
            let changed =
                entry.metadata()?.modified()?.duration_since(UNIX_EPOCH).unwrap_or_default();
            if changed.as_micros() < oldest {
                fs::remove_file(entry.path())?;
            }
        }
        Ok(())
    }

    fn failed(&self, what: &str, error: &io::Error) -> AppError {
        let folder = self.limits.folder.display();
        AppError::failed(io::Error::new(
            error.kind(),
            format!("the folder of blobs, {folder}, {what}: {error}"),
        ))
    }

    /// The path of the file with that digest.
    fn path(&self, digest: &Digest) -> PathBuf {
        let hex = digest.hex();
        self.limits.folder.join(hex.get(..2).unwrap_or_default()).join(hex)
    }

    /// Begins a file under the name `id`, which must be unique.
    pub(in crate::app) async fn begin(&self, id: &str) -> Result<Upload, AppError> {
        let slot = self.slots.clone().acquire_owned().await.map_err(AppError::failed)?;
        let path = self.incoming().join(id);
        let file = private::new_file(&path).map_err(|e| self.failed("cannot be written", &e))?;
        Ok(Upload {
            blobs: self.clone(),
            path,
            writing: Some(Writing { file, hash: Context::new(&SHA256) }),
            buffer: Vec::new(),
            size: 0,
            _slot: slot,
        })
    }

    /// The path of an uploaded file.
    pub(in crate::app) fn find(&self, digest: &Digest) -> Result<PathBuf, AppError> {
        let path = self.path(digest);
        fs::metadata(&path).map_err(|e| gone(digest, &e))?;
        Ok(path)
    }

    /// The path of an uploaded file, after checking that its bytes have this digest. Reads the
    /// whole file if that has not been checked yet.
    pub(in crate::app) fn checked(&self, digest: &Digest) -> Result<PathBuf, AppError> {
        let path = self.path(digest);
        let metadata = fs::metadata(&path).map_err(|e| gone(digest, &e))?;
        let seen = (metadata.len(), metadata.modified().ok());
        let known = |map: &HashMap<Digest, Seen>| map.get(digest) == Some(&seen);
        if known(&self.checked.lock().unwrap_or_else(PoisonError::into_inner)) {
            return Ok(path);
        }
        let found = digest_of(&path).map_err(|e| gone(digest, &e))?;
        if found != *digest {
            return Err(AppError::broken(format!(
                "the bytes of upload {digest} now have the digest {found}"
            )));
        }
        self.checked.lock().unwrap_or_else(PoisonError::into_inner).insert(*digest, seen);
        Ok(path)
    }
}

fn gone(digest: &Digest, error: &io::Error) -> AppError {
    let message = format!(
        "the upload {digest} is not in the folder of blobs; services that share a database must share that folder; \
         otherwise upload the file again"
    );
    let cause = io::Error::new(error.kind(), error.to_string());
    AppError { cause: Some(Box::new(cause)), ..AppError::new(Kind::Failed, "upload-gone", message) }
}

impl Upload {
    /// Refuses a file whose announced size is larger than the service accepts.
    ///
    /// # Errors
    /// When it is larger.
    pub fn expect(&self, size: u64) -> Result<(), AppError> {
        let max = self.blobs.limits.max_size;
        if size <= max {
            return Ok(());
        }
        let message = format!("the file is larger than the {max} bytes that this service accepts");
        Err(AppError::new(Kind::TooLarge, "upload-too-large", message))
    }

    /// Appends the next bytes.
    ///
    /// # Errors
    /// When the file becomes larger than the service accepts, or cannot be written.
    pub async fn write(&mut self, mut bytes: &[u8]) -> Result<(), AppError> {
        self.size = self.size.saturating_add(bytes.len() as u64);
        self.expect(self.size)?;
        while !bytes.is_empty() {
            let (now, later) = bytes.split_at(bytes.len().min(PIECE - self.buffer.len()));
            self.buffer.extend_from_slice(now);
            bytes = later;
            if self.buffer.len() == PIECE {
                self.flush(|_| Ok(())).await?;
            }
        }
        Ok(())
    }

    /// Hashes and writes the bytes gathered so far, then runs `then`, on a blocking thread.
    async fn flush(
        &mut self,
        then: impl FnOnce(&File) -> io::Result<()> + Send + 'static,
    ) -> Result<(), AppError> {
        let mut writing = self
            .writing
            .take()
            .ok_or_else(|| AppError::broken("an upload that had failed goes on"))?;
        let mut buffer = std::mem::take(&mut self.buffer);
        let work = move || {
            writing.hash.update(&buffer);
            writing.file.write_all(&buffer)?;
            then(&writing.file)?;
            buffer.clear();
            Ok((writing, buffer))
        };
        let done = blocking::run(work).await?;
        let (writing, buffer) = done.map_err(|e| self.blobs.failed("cannot be written", &e))?;
        (self.writing, self.buffer) = (Some(writing), buffer);
        Ok(())
    }

    /// Makes the file durable under its digest. Returns the digest and the size.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(in crate::app) async fn finish(mut self) -> Result<(Digest, u64), AppError> {
        self.flush(File::sync_all).await?;
        let writing =
            self.writing.take().ok_or_else(|| AppError::broken("an upload without its file"))?;
        let digest = finished(writing.hash);
        let (from, to, blobs) = (self.path.clone(), self.blobs.path(&digest), self.blobs.clone());
        let place = move || {
            let folder = to.parent().unwrap_or(&blobs.limits.folder);
            private::own_folder(folder)?;
            // Replaces a file with the same digest: if that one has been damaged on disk, this one
            // is good.
            fs::rename(&from, &to)?;
            // The name must be as durable as the bytes.
            File::open(folder)?.sync_all()?;
            File::open(&blobs.limits.folder)?.sync_all()
        };
        let placed = blocking::run(place).await?;
        placed.map_err(|e| self.blobs.failed("cannot be written", &e))?;
        Ok((digest, self.size))
    }
}

impl Drop for Upload {
    fn drop(&mut self) {
        // A finished file was renamed, so there is nothing to remove.
        let _ = fs::remove_file(&self.path);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    const DAY_US: i64 = 86_400_000_000;

    fn now() -> Timestamp {
        crate::app::core::env::Env::default().now()
    }

    fn open(folder: &Path, max_size: u64, now: Timestamp) -> Blobs {
        let limits =
            UploadLimits { folder: folder.into(), max_size, deadline: Duration::from_secs(60) };
        Blobs::open(limits, now).unwrap()
    }

    fn files(folder: &Path) -> usize {
        let entries = fs::read_dir(folder).unwrap().map(|e| e.unwrap().path());
        entries.map(|path| if path.is_dir() { files(&path) } else { 1 }).sum()
    }

    #[tokio::test]
    async fn bytes_are_found_under_their_digest() {
        let dir = tempfile::tempdir().unwrap();
        let blobs = open(dir.path(), 10 << 20, now());
        let bytes: Vec<u8> = (0..3_000_000_u32).map(|i| (i % 251) as u8).collect();
        for id in ["a", "b"] {
            let mut upload = blobs.begin(id).await.unwrap();
            for piece in bytes.chunks(70_001) {
                upload.write(piece).await.unwrap();
            }
            assert_eq!(upload.finish().await.unwrap(), (Digest::of(&bytes), 3_000_000));
        }
        assert_eq!(files(dir.path()), 1);
        let path = blobs.checked(&Digest::of(&bytes)).unwrap();
        assert_eq!(fs::read(&path).unwrap(), bytes);
        assert_eq!(blobs.checked(&Digest::of(b"other")).unwrap_err().code, "upload-gone");
        fs::write(&path, b"changed").unwrap();
        assert_eq!(blobs.checked(&Digest::of(&bytes)).unwrap_err().kind, Kind::Failed);
        let mut again = blobs.begin("c").await.unwrap();
        again.write(&bytes).await.unwrap();
        again.finish().await.unwrap();
        assert_eq!(
            blobs.checked(&Digest::of(&bytes)).unwrap(),
            path,
            "a new upload replaces the damaged file"
        );
    }

    #[tokio::test]
    async fn what_is_aborted_or_too_large_leaves_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let blobs = open(dir.path(), 2 << 20, now());
        let mut aborted = blobs.begin("a").await.unwrap();
        aborted.write(&vec![1; 1_500_000]).await.unwrap();
        assert_eq!(files(dir.path()), 1);
        drop(aborted);
        let mut large = blobs.begin("b").await.unwrap();
        assert_eq!(
            large.write(&vec![1; (2 << 20) + 1]).await.unwrap_err().code,
            "upload-too-large"
        );
        drop(large);
        assert_eq!(files(dir.path()), 0);
    }

    #[tokio::test]
    async fn only_what_was_left_long_ago_is_swept() {
        let dir = tempfile::tempdir().unwrap();
        std::mem::forget(open(dir.path(), 1, now()).begin("left").await.unwrap());
        open(dir.path(), 1, now());
        assert_eq!(files(dir.path()), 1, "another service may be writing it");
        open(dir.path(), 1, Timestamp::from_micros(now().micros() + DAY_US));
        assert_eq!(files(dir.path()), 0);
    }
}
