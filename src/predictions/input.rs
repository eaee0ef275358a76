//! The bytes that the caller passes: a file that it opened, or memory.

use super::{PredictionsError, num, refusal};
use bytes::Bytes;
use std::{
    fmt,
    io::{Read, Seek, SeekFrom},
    sync::{Mutex, PoisonError},
};

/// A source that can be read at any position in any order, like an opened file.
trait Anywhere: Read + Seek + Send {}

impl<T: Read + Seek + Send> Anywhere for T {}

enum Backing {
    Memory(Bytes),
    File(Mutex<Box<dyn Anywhere>>),
}

/// One file of predictions, and its name in messages.
pub struct Input {
    name: String,
    len: u64,
    backing: Backing,
}

impl fmt::Debug for Input {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Input")
            .field("name", &self.name)
            .field("len", &self.len)
            .finish_non_exhaustive()
    }
}

impl Input {
    /// A file in memory.
    pub fn bytes(name: impl Into<String>, bytes: impl Into<Bytes>) -> Self {
        let bytes = bytes.into();
        Self {
            name: name.into(),
            len: u64::try_from(bytes.len()).unwrap_or(u64::MAX),
            backing: Backing::Memory(bytes),
        }
    }

    /// An opened file. It is read in any order, from its beginning to its end, whatever its current
    /// position.
    pub fn file(
        name: impl Into<String>,
        file: impl Read + Seek + Send + 'static,
    ) -> Result<Self, PredictionsError> {
        let (name, mut file) = (name.into(), file);
        let len = file.seek(SeekFrom::End(0)).map_err(|error| refusal::io(&name, &error))?;
        Ok(Self { name, len, backing: Backing::File(Mutex::new(Box::new(file))) })
    }

    /// Its name in messages.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How many bytes it has.
    pub(super) fn len(&self) -> u64 {
        self.len
    }

    /// Fills `buffer` from the byte `at` on, as far as the file goes; returns how many bytes were
    /// read.
    pub(super) fn read_at(&self, at: u64, buffer: &mut [u8]) -> Result<usize, PredictionsError> {
        match &self.backing {
            Backing::Memory(bytes) => {
                let rest =
                    usize::try_from(at).ok().and_then(|at| bytes.get(at..)).unwrap_or_default();
                let n = rest.len().min(buffer.len());
                if let (Some(to), Some(from)) = (buffer.get_mut(..n), rest.get(..n)) {
                    to.copy_from_slice(from);
                }
                Ok(n)
            }
            Backing::File(file) => {
                let mut file = file.lock().unwrap_or_else(PoisonError::into_inner);
                file.seek(SeekFrom::Start(at)).map_err(|error| refusal::io(&self.name, &error))?;
                let mut filled = 0;
                while let Some(rest) = buffer.get_mut(filled..).filter(|rest| !rest.is_empty()) {
                    match file.read(rest) {
                        Ok(0) => break,
                        Ok(n) => filled += n,
                        Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                        Err(error) => return Err(refusal::io(&self.name, &error)),
                    }
                }
                Ok(filled)
            }
        }
    }

    /// Fills all of `buffer` from the byte `at` on; `false` if the file ends before.
    pub(super) fn read_exact_at(
        &self,
        at: u64,
        buffer: &mut [u8],
    ) -> Result<bool, PredictionsError> {
        Ok(self.read_at(at, buffer)? == buffer.len())
    }

    /// `len` bytes from the byte `at` on, not copied; `None` if they are not in memory.
    pub(super) fn memory(&self, at: u64, len: u64) -> Option<Bytes> {
        let Backing::Memory(bytes) = &self.backing else { return None };
        let end = usize::try_from(at.checked_add(len)?).ok().filter(|end| *end <= bytes.len())?;
        Some(bytes.slice(usize::try_from(at).ok()?..end))
    }

    /// `len` bytes from the byte `at` on; `None` if the file ends before.
    pub(super) fn slice(&self, at: u64, len: u64) -> Result<Option<Bytes>, PredictionsError> {
        if let Some(bytes) = self.memory(at, len) {
            return Ok(Some(bytes));
        }
        if at.checked_add(len).is_none_or(|end| end > self.len) {
            return Ok(None);
        }
        let Backing::File(file) = &self.backing else { return Ok(None) };
        let failed = |error| refusal::io(&self.name, &error);
        let mut file = file.lock().unwrap_or_else(PoisonError::into_inner);
        file.seek(SeekFrom::Start(at)).map_err(failed)?;
        // Not zeroed first, as a buffer of this length would be.
        let mut out = Vec::with_capacity(num::fits(len));
        file.by_ref().take(len).read_to_end(&mut out).map_err(failed)?;
        Ok((num::wide(out.len()) == len).then(|| out.into()))
    }
}
