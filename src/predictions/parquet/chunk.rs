//! The pages of one column chunk, one after the other, checked and decompressed into buffers that are reused.

use super::{
    header::{self, Header, Not, Sort},
    inflate::inflate,
    rle::Rle,
    schema::Leaf,
};
use crate::predictions::{Input, Limits, PredictionsError, num, refusal};
use parquet::basic::Compression;

/// Where a column chunk is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Chunk {
    pub(super) at: u64,
    pub(super) end: u64,
    pub(super) codec: Compression,
}

/// Reads pages.
pub(super) struct Pages<'f> {
    pub(super) input: &'f Input,
    pub(super) leaf: &'f Leaf,
    limits: &'f Limits,
    chunk: Chunk,
    raw: Vec<u8>,
    page: Vec<u8>,
    len: usize,
}

impl<'f> Pages<'f> {
    pub(super) fn new(input: &'f Input, leaf: &'f Leaf, limits: &'f Limits, chunk: Chunk) -> Self {
        Self { input, leaf, limits, chunk, raw: Vec::new(), page: Vec::new(), len: 0 }
    }

    /// Continues with another chunk of the same column, in the same buffers.
    pub(super) fn open(&mut self, chunk: Chunk) {
        self.chunk = chunk;
        self.len = 0;
    }

    pub(super) fn corrupt(&self, what: impl std::fmt::Display) -> PredictionsError {
        refusal::corrupt(
            self.input.name(),
            format!("column {}: {what}", refusal::quoted(&self.leaf.name)),
        )
    }

    /// The bytes of the page that was read last.
    pub(super) fn bytes(&self) -> &[u8] {
        self.page.get(..self.len).unwrap_or_default()
    }

    /// Reads the header of the next page; its body must be read or skipped next. `None` at the end
    /// of the chunk.
    pub(super) fn header(&mut self) -> Result<Option<Header>, PredictionsError> {
        let left = self.chunk.end.saturating_sub(self.chunk.at);
        if left == 0 {
            return Ok(None);
        }
        let mut size = 512;
        loop {
            let window = num::fits(left).min(size);
            grow(&mut self.raw, window);
            let window = self.raw.get_mut(..window).unwrap_or_default();
            let n = self.input.read_at(self.chunk.at, window)?;
            match header::parse(window.get(..n).unwrap_or_default()) {
                Ok((header, len)) => {
                    let stored = num::wide(len) + num::wide(header.stored);
                    if stored > left
                        || !self.limits.inflates(num::wide(header.stored), num::wide(header.size))
                    {
                        return Err(self.corrupt("the sizes of a page are impossible"));
                    }
                    self.chunk.at += num::wide(len);
                    return Ok(Some(header));
                }
                Err(Not::Whole) if num::wide(n) < left && n == size && size < 1 << 22 => size *= 8,
                Err(_) => return Err(self.corrupt("the header of a page is none")),
            }
        }
    }

    /// Skips the body.
    pub(super) fn pass(&mut self, header: &Header) {
        self.chunk.at += num::wide(header.stored);
    }

    /// Reads the body and decompresses it.
    pub(super) fn body(&mut self, header: &Header) -> Result<(), PredictionsError> {
        // In V2 the levels come first, and are never compressed.
        let levels = match header.sort {
            Sort::DataV2 => header.definition_bytes.saturating_add(header.repetition_bytes),
            _ => 0,
        };
        if levels > header.stored || levels > header.size {
            return Err(self.corrupt("the levels of a page are longer than the page"));
        }
        let plain = self.chunk.codec == Compression::UNCOMPRESSED || !header.compressed;
        if plain && header.size != header.stored {
            return Err(self.corrupt("a page that is not compressed has two sizes"));
        }
        grow(&mut self.page, header.size);
        self.len = header.size;
        let page = self.page.get_mut(..header.size).unwrap_or_default();
        let whole = if plain {
            self.input.read_exact_at(self.chunk.at, page)?
        } else {
            grow(&mut self.raw, header.stored);
            let raw = self.raw.get_mut(..header.stored).unwrap_or_default();
            let whole = self.input.read_exact_at(self.chunk.at, raw)?;
            if let (Some((front, packed)), Some((to, rest))) =
                (raw.split_at_checked(levels), page.split_at_mut_checked(levels))
            {
                to.copy_from_slice(front);
                // Some writers omit even the empty compressed stream of a page without values.
                if whole && !rest.is_empty() {
                    inflate(self.chunk.codec, packed, rest).map_err(|what| self.corrupt(what))?;
                }
            }
            whole
        };
        if !whole {
            return Err(self.corrupt("the file ends within a page"));
        }
        self.chunk.at += num::wide(header.stored);
        Ok(())
    }

    /// Checks the levels of the page that was read; returns where its values begin. `row` is the
    /// row, from zero, of its first value.
    pub(super) fn levels(&self, header: &Header, row: u64) -> Result<usize, PredictionsError> {
        let bytes = self.bytes();
        let broken = || self.corrupt("the levels of a page cannot be read");
        let (at, values) = match header.sort {
            Sort::DataV2 if header.repetition_bytes > 0 => return Err(broken()),
            Sort::DataV2 => (0, header.definition_bytes),
            _ if self.leaf.present == 0 => (0, 0),
            // 3 is RLE; 4 is bit packing, which writers stopped using in 2013.
            _ if header.level_encoding != 3 => return Err(broken()),
            _ => {
                let len = bytes.first_chunk::<4>().ok_or_else(broken)?;
                let len = num::index(u32::from_le_bytes(*len));
                (4, len.checked_add(4).filter(|end| *end <= bytes.len()).ok_or_else(broken)?)
            }
        };
        if self.leaf.present > 0 {
            let width = u8::try_from(u32::BITS - self.leaf.present.leading_zeros()).unwrap_or(32);
            let part = bytes.get(..values).ok_or_else(broken)?;
            let mut levels = Rle::new(at, width).map_err(|_| broken())?;
            if let Some(absent) =
                levels.differs(part, self.leaf.present, header.values).map_err(|_| broken())?
            {
                let place = format!("row {}", row + num::wide(absent) + 1);
                return Err(refusal::null(self.input.name(), &self.leaf.name, place));
            }
        }
        Ok(values)
    }
}

/// Makes the buffer at least this long. It never becomes shorter, because growing it again would
/// zero it again.
fn grow(buffer: &mut Vec<u8>, len: usize) {
    if buffer.len() < len {
        buffer.resize(len, 0);
    }
}
