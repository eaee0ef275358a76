//! The pages of a column chunk, as the crate reads them, checked before anything is allocated for
//! the sizes that they claim.

use super::{delta, inflate};
use crate::predictions::{Input, Limits, PredictionsError, num, refusal};
use bytes::Bytes;
use parquet::{
    basic::{Compression, Encoding, Type as Physical},
    column::page::{Page, PageIterator, PageMetadata, PageReader},
    errors::{ParquetError, Result as ParquetResult},
    file::{
        metadata::ColumnChunkMetaData,
        reader::{ChunkReader, Length},
        serialized_reader::SerializedPageReader,
    },
};
use std::{
    io::Read,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

/// The most bytes of pages of text that one block keeps; the most that one page can have.
const MOST_TEXT: u64 = 2 << 30;

/// What the pages of one worker have in common.
pub(super) struct Watch {
    pub(super) input: Arc<Input>,
    pub(super) limits: Limits,
    /// Why a page was refused. The crate would only pass on the message.
    refused: Mutex<Option<PredictionsError>>,
    /// Bytes of pages of text in the current block.
    text: AtomicU64,
}

impl Watch {
    pub(super) fn new(input: Arc<Input>, limits: Limits) -> Self {
        Self { input, limits, refused: Mutex::new(None), text: AtomicU64::new(0) }
    }

    /// Begins another block.
    pub(super) fn block(&self) {
        self.text.store(0, Ordering::Relaxed);
    }

    /// The reason for an error of the crate, if it was a refusal of ours.
    pub(super) fn refused(&self) -> Option<PredictionsError> {
        self.refused.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    fn refuse(&self, error: PredictionsError) -> String {
        let message = error.message.clone();
        *self.refused.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
        message
    }
}

/// The bytes of one column chunk.
struct Chunk {
    watch: Arc<Watch>,
    column: Arc<str>,
    /// The size after decompression that the header read last claims.
    size: Arc<AtomicU64>,
}

impl Chunk {
    fn corrupt(&self, what: impl std::fmt::Display) -> ParquetError {
        let what = format!("column {}: {what}", refusal::quoted(&self.column));
        let error = refusal::corrupt(self.watch.input.name(), what);
        ParquetError::General(self.watch.refuse(error))
    }
}

impl Length for Chunk {
    fn len(&self) -> u64 {
        self.watch.input.len()
    }
}

impl ChunkReader for Chunk {
    type T = Header;

    fn get_read(&self, start: u64) -> ParquetResult<Header> {
        let chunk = Self {
            watch: Arc::clone(&self.watch),
            column: Arc::clone(&self.column),
            size: Arc::clone(&self.size),
        };
        Ok(Header { chunk, at: start, buffer: [0; WINDOW], from: 0, to: 0, checked: false })
    }

    fn get_bytes(&self, start: u64, length: usize) -> ParquetResult<Bytes> {
        match self.watch.input.slice(start, num::wide(length)) {
            Ok(Some(bytes)) => Ok(bytes),
            Ok(None) => Err(self.corrupt("the file ends within a page")),
            Err(error) => Err(ParquetError::General(self.watch.refuse(error))),
        }
    }
}

/// Bytes of a header that are read at once: more than most headers have.
const WINDOW: usize = 256;

/// The bytes from the header of a page on.
struct Header {
    chunk: Chunk,
    at: u64,
    buffer: [u8; WINDOW],
    from: usize,
    to: usize,
    checked: bool,
}

impl Read for Header {
    fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
        if self.from == self.to {
            let watch = &self.chunk.watch;
            let n = watch
                .input
                .read_at(self.at, &mut self.buffer)
                .map_err(|error| std::io::Error::other(watch.refuse(error)))?;
            (self.from, self.to) = (0, n);
            self.at = self.at.saturating_add(num::wide(n));
            if !self.checked {
                self.checked = true;
                let header = self.buffer.get(..n).unwrap_or_default();
                self.check(header)
                    .map_err(|what| std::io::Error::other(self.chunk.corrupt(what)))?;
            }
        }
        let rest = self.buffer.get(self.from..self.to).unwrap_or_default();
        let n = rest.len().min(out.len());
        if let (Some(to), Some(rest)) = (out.get_mut(..n), rest.get(..n)) {
            to.copy_from_slice(rest);
        }
        self.from += n;
        Ok(n)
    }
}

impl Header {
    /// Checks the sizes of a page: the first three fields of its header, in the compact protocol of
    /// Thrift, are its type and its sizes after and before decompression.
    fn check(&self, header: &[u8]) -> Result<(), &'static str> {
        const BROKEN: &str = "the header of a page cannot be read, or is encrypted";
        let mut at = 0;
        let mut field = || {
            if header.get(at) != Some(&0x15) {
                return Err(BROKEN);
            }
            let (value, next) = delta::varint(header, at + 1).ok_or(BROKEN)?;
            at = next;
            if value % 2 == 0 { Ok(value / 2) } else { Err(BROKEN) }
        };
        let (_, size, stored) = (field()?, field()?, field()?);
        if !self.chunk.watch.limits.inflates(stored, size) {
            return Err("the sizes of a page are impossible");
        }
        self.chunk.size.store(size, Ordering::Relaxed);
        Ok(())
    }
}

/// The pages of one column chunk.
pub(super) struct Pages {
    inner: SerializedPageReader<Chunk>,
    chunk: Chunk,
    codec: Compression,
    physical: Physical,
    /// The bits of a definition level; zero if the column has none.
    level_bits: u32,
}

impl Pages {
    /// The pages of the chunk that `place` describes.
    pub(super) fn new(
        watch: &Arc<Watch>,
        column: &str,
        place: &ColumnChunkMetaData,
        rows: usize,
    ) -> ParquetResult<Self> {
        let codec = place.compression();
        // The crate decompresses these two to whatever they contain, so it gets them as they are.
        let ours = inflate::ours(codec);
        let seen = if ours { Compression::UNCOMPRESSED } else { codec };
        let seen = place.clone().into_builder().set_compression(seen).build()?;
        let size = Arc::new(AtomicU64::new(0));
        let chunk =
            || Chunk { watch: Arc::clone(watch), column: column.into(), size: Arc::clone(&size) };
        let inner = SerializedPageReader::new(Arc::new(chunk()), &seen, rows, None)?;
        let most = u16::try_from(place.column_descr().max_def_level()).unwrap_or(0);
        let level_bits = u16::BITS - most.leading_zeros();
        Ok(Self { inner, chunk: chunk(), codec, physical: place.column_type(), level_bits })
    }

    fn checked(&self, mut page: Page) -> ParquetResult<Page> {
        let corrupt = |what: String| self.chunk.corrupt(what);
        if inflate::ours(self.codec) {
            let size = num::fits(self.chunk.size.load(Ordering::Relaxed));
            page = inflate::page(self.codec, page, size).map_err(corrupt)?;
        }
        match &page {
            Page::DictionaryPage { buf, num_values, .. } => {
                // Every value takes at least a byte.
                if num::index(*num_values) > buf.len() {
                    return Err(self.chunk.corrupt("a dictionary ends too early"));
                }
            }
            Page::DataPage { .. } | Page::DataPageV2 { .. } => {
                delta::check(&page, self.level_bits).map_err(|what| corrupt(what.to_owned()))?;
                let coded = matches!(
                    page.encoding(),
                    Encoding::RLE_DICTIONARY | Encoding::PLAIN_DICTIONARY
                );
                let size = num::wide(page.buffer().len());
                let watch = &self.chunk.watch;
                if self.physical == Physical::BYTE_ARRAY
                    && !coded
                    && watch.text.fetch_add(size, Ordering::Relaxed) > MOST_TEXT
                {
                    let error = refusal::too_large(watch.input.name(), "its texts are too long");
                    return Err(ParquetError::General(watch.refuse(error)));
                }
            }
        }
        Ok(page)
    }
}

impl Iterator for Pages {
    type Item = ParquetResult<Page>;

    fn next(&mut self) -> Option<Self::Item> {
        self.get_next_page().transpose()
    }
}

impl PageReader for Pages {
    fn get_next_page(&mut self) -> ParquetResult<Option<Page>> {
        loop {
            let Some(page) = self.inner.get_next_page()? else { return Ok(None) };
            // The crate would take a page without values for the end of the chunk.
            if !page.is_data_page() || page.num_values() > 0 {
                return self.checked(page).map(Some);
            }
        }
    }

    fn peek_next_page(&mut self) -> ParquetResult<Option<PageMetadata>> {
        self.inner.peek_next_page()
    }

    fn skip_next_page(&mut self) -> ParquetResult<()> {
        self.inner.skip_next_page()
    }
}

/// The pages of a column in one row group.
pub(super) struct OneChunk(pub(super) Option<Pages>);

impl Iterator for OneChunk {
    type Item = ParquetResult<Box<dyn PageReader>>;

    fn next(&mut self) -> Option<Self::Item> {
        self.0.take().map(|pages| Ok(Box::new(pages) as Box<dyn PageReader>))
    }
}

impl PageIterator for OneChunk {}
