//! Messages, and where they are: one after the other in a stream, by the footer's index in a file.

use crate::predictions::{Input, Limits, PredictionsError, fence::fenced, num, refusal};
use arrow_buffer::Buffer;
use arrow_ipc::{Block, RecordBatch};
use bytes::Bytes;

/// The first and the last bytes of a file.
pub(in crate::predictions) const MAGIC: &[u8] = b"ARROW1";

/// The first bytes of a message.
pub(in crate::predictions) const CONTINUES: &[u8] = &[0xff; 4];

/// The most bytes of a message without its body, or of a footer.
const LONGEST: u64 = 64 << 20;

/// What is in place of the size of a buffer that is stored as it is among compressed ones.
const NOT_COMPRESSED: i64 = -1;

/// The body of a message.
pub(super) struct Body {
    pub(super) bytes: Buffer,
    /// How many bytes the file has for it.
    pub(super) stored: u64,
    /// How many bytes the wanted buffers have after decompression.
    pub(super) size: u64,
}

/// Where a message is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    at: u64,
    /// Bytes before the body.
    head: u64,
    body: u64,
}

impl Place {
    /// Where the index of a file says that a message is.
    pub(super) fn of(input: &Input, block: &Block) -> Result<Self, PredictionsError> {
        let inside = || {
            let at = u64::try_from(block.offset()).ok()?;
            let head = u64::try_from(block.metaDataLength()).ok()?;
            let body = u64::try_from(block.bodyLength()).ok()?;
            let end = at.checked_add(head)?.checked_add(body)?;
            (end <= input.len() && head <= LONGEST).then_some(Self { at, head, body })
        };
        inside().ok_or_else(|| refusal::corrupt(input.name(), "its index points outside of it"))
    }
}

/// A message: its flat buffer, and where its body is.
pub(super) struct Message {
    bytes: Bytes,
    body: u64,
    size: u64,
}

impl Message {
    /// The message at this place.
    pub(super) fn read(input: &Input, place: Place) -> Result<Self, PredictionsError> {
        let broken = || refusal::corrupt(input.name(), "a message cannot be read");
        let head = input.slice(place.at, place.head)?.ok_or_else(broken)?;
        // Before version 0.15 a message began with its length.
        let prefix = if head.starts_with(CONTINUES) { 8 } else { 4 };
        if head.len() < prefix {
            return Err(broken());
        }
        Ok(Self { bytes: head.slice(prefix..), body: place.at + place.head, size: place.body })
    }

    /// The message of a stream that begins at this byte; `None` at its end.
    pub(super) fn next(input: &Input, at: u64) -> Result<Option<Self>, PredictionsError> {
        let broken = |what: &str| refusal::corrupt(input.name(), what);
        let mut head = [0; 8];
        if !input.read_exact_at(at, &mut head)? {
            return Err(broken("it ends without the mark of its end: it was cut off"));
        }
        let (mark, len) = head.split_at(4);
        if mark != CONTINUES {
            let what =
                "a message does not begin where it should; very old Arrow streams are not read";
            return Err(broken(what));
        }
        let len = len.first_chunk().map_or(0, |len| u64::from(u32::from_le_bytes(*len)));
        if len == 0 {
            return Ok(None);
        }
        if len > LONGEST || at + 8 + len > input.len() {
            return Err(broken("a message is longer than the file"));
        }
        let mut message = Self::read(input, Place { at, head: 8 + len, body: 0 })?;
        let size = message.parsed(input.name())?.bodyLength();
        let size = u64::try_from(size).map_err(|_| broken("a message cannot be read"))?;
        if message.body.checked_add(size).is_none_or(|end| end > input.len()) {
            return Err(broken("it is cut off within a batch"));
        }
        message.size = size;
        Ok(Some(message))
    }

    /// Where the next message of a stream begins.
    pub(super) fn end(&self) -> u64 {
        self.body + self.size
    }

    /// Its content.
    pub(super) fn parsed(&self, file: &str) -> Result<arrow_ipc::Message<'_>, PredictionsError> {
        fenced(|| arrow_ipc::root_as_message(&self.bytes))
            .map_err(|_| refusal::corrupt(file, "a message cannot be read"))
    }

    /// Its body, of which only the wanted buffers are read from a file; the rest stays zero.
    pub(super) fn body(
        &self,
        input: &Input,
        limits: &Limits,
        batch: &RecordBatch<'_>,
        wanted: impl Fn(usize) -> bool,
    ) -> Result<Body, PredictionsError> {
        let broken = || refusal::corrupt(input.name(), "the buffers of a batch lie outside it");
        let broken_size = || refusal::corrupt(input.name(), "the size of a buffer is impossible");
        let mut places = Vec::new();
        for (i, buffer) in batch.buffers().into_iter().flatten().enumerate() {
            let (from, len) = (u64::try_from(buffer.offset()), u64::try_from(buffer.length()));
            let (Ok(from), Ok(len)) = (from, len) else { return Err(broken()) };
            if from.checked_add(len).is_none_or(|end| end > self.size) {
                return Err(broken());
            }
            if wanted(i) {
                places.push((num::fits(from), num::fits(len)));
            }
        }
        let bytes = if let Some(bytes) = input.memory(self.body, self.size) {
            bytes
        } else {
            let mut bytes = vec![0; num::fits(self.size)];
            for (from, len) in &places {
                let part = bytes.get_mut(*from..from + len).ok_or_else(broken)?;
                if !input.read_exact_at(self.body + num::wide(*from), part)? {
                    return Err(broken());
                }
            }
            Bytes::from(bytes)
        };
        // A buffer may be compressed, or be there more than once, so the sum of what all become is
        // checked before anything is allocated for it.
        let compressed = batch.compression().is_some();
        let grown = |(from, len): &(usize, usize)| {
            let stored = bytes.get(*from..).and_then(|rest| rest.first_chunk());
            match stored.filter(|_| compressed && *len >= 8).map(|size| i64::from_le_bytes(*size)) {
                None | Some(NOT_COMPRESSED) => Ok(num::wide(*len)),
                Some(size) => u64::try_from(size).map_err(|_| broken_size()),
            }
        };
        let grown = places.iter().map(grown).collect::<Result<Vec<_>, _>>()?;
        let sum = grown.into_iter().fold(0, u64::saturating_add);
        if sum > limits.bytes || !limits.inflates(self.size, sum) {
            let what = "a batch decompresses to more than is read";
            return Err(refusal::too_large(input.name(), what));
        }
        Ok(Body { bytes: Buffer::from(bytes), stored: self.size, size: sum })
    }
}

/// The footer of a file.
pub(super) fn footer(input: &Input) -> Result<Bytes, PredictionsError> {
    const TAIL: u64 = 10;
    let broken = |what: &str| refusal::corrupt(input.name(), what);
    let cut = || broken("it does not end as an Arrow file does: it was cut off");
    let at = input.len().checked_sub(TAIL).ok_or_else(cut)?;
    let mut tail = [0; 10];
    if !input.read_exact_at(at, &mut tail)? || !tail.ends_with(MAGIC) {
        return Err(cut());
    }
    let len = arrow_ipc::reader::read_footer_length(tail).map_err(|_| cut())?;
    let start = at.checked_sub(num::wide(len)).filter(|_| num::wide(len) <= LONGEST);
    let start = start.ok_or_else(|| broken("its footer is too long"))?;
    input.slice(start, num::wide(len))?.ok_or_else(cut)
}
