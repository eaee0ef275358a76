//! The pages of a column chunk, as the crate reads them, checked before anything is allocated for
//! the sizes that they claim.

use super::{
    delta, inflate,
    thrift::{self, Cursor},
};
use crate::predictions::{Input, Limits, PredictionsError, num, refusal};
use bytes::Bytes;
use parquet::{
    basic::{Compression, Type as Physical},
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
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

/// The most bytes of pages of text that the block of one worker keeps, which is the most that one
/// page can have. Workers have blocks of their own, so all of them together may keep this much each.
const MOST_TEXT: u64 = 2 << 30;

/// What the pages of one worker have in common.
pub(super) struct Watch {
    pub(super) input: Arc<Input>,
    pub(super) limits: Limits,
    /// Why a page was refused. The crate would only pass on the message.
    refused: Mutex<Option<PredictionsError>>,
    /// Bytes of pages of text in the current block of the worker.
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

    /// Adds a page of text to the block, before anything is allocated for it.
    fn keep(&self, size: u64) -> Result<(), PredictionsError> {
        if self.text.fetch_add(size, Ordering::Relaxed).saturating_add(size) > MOST_TEXT {
            return Err(refusal::too_large(self.input.name(), "its texts are too long"));
        }
        Ok(())
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

/// What the header read last claims.
#[derive(Default)]
struct Claim {
    /// The size after decompression.
    size: AtomicU64,
    /// Whether the page has values of its own, not codes of a dictionary.
    plain: AtomicBool,
}

/// The bytes of one column chunk.
#[derive(Clone)]
struct Chunk {
    watch: Arc<Watch>,
    column: Arc<str>,
    /// Whether its values are texts.
    text: bool,
    claim: Arc<Claim>,
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
        let chunk = self.clone();
        Ok(Header { chunk, at: start, buffer: [0; WINDOW], from: 0, to: 0, checked: false })
    }

    /// The bytes of the page whose header was read last. Pages that are skipped are not asked for.
    fn get_bytes(&self, start: u64, length: usize) -> ParquetResult<Bytes> {
        if self.text && self.claim.plain.load(Ordering::Relaxed) {
            let kept = self.watch.keep(self.claim.size.load(Ordering::Relaxed));
            kept.map_err(|error| ParquetError::General(self.watch.refuse(error)))?;
        }
        match self.watch.input.slice(start, num::wide(length)) {
            Ok(Some(bytes)) => Ok(bytes),
            Ok(None) => Err(self.corrupt("the file ends within a page")),
            Err(error) => Err(ParquetError::General(self.watch.refuse(error))),
        }
    }
}

/// Bytes of a header that are read at once: more than most headers have.
const WINDOW: usize = 256;

/// How much of a longer header is read to check it. It has up to four texts, as statistics.
const LONGER: [u64; 3] = [1 << 12, 1 << 16, 1 << 20];

const IMPOSSIBLE: &str = "the sizes of a page are impossible";
const BROKEN: &str = "the header of a page cannot be read, or is encrypted";

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
            if !self.checked {
                self.checked = true;
                self.check(n).map_err(std::io::Error::other)?;
            }
            self.at = self.at.saturating_add(num::wide(n));
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
    /// Checks the header, of which the first `n` bytes were read.
    fn check(&self, n: usize) -> Result<(), ParquetError> {
        let watch = &self.chunk.watch;
        let mut checked = self.claims(self.buffer.get(..n).unwrap_or_default());
        for longer in LONGER {
            if checked != Err(BROKEN) || n < WINDOW {
                break;
            }
            let rest = watch.input.len().saturating_sub(self.at);
            let header = watch.input.slice(self.at, rest.min(longer));
            let header = header.map_err(|error| ParquetError::General(watch.refuse(error)))?;
            checked = self.claims(&header.unwrap_or_default());
        }
        checked.map_err(|what| self.chunk.corrupt(what))
    }

    /// Checks the sizes of a page: the first three fields of its header are its type and its sizes
    /// after and before decompression. No later field may replace them, as the last one counts.
    fn claims(&self, header: &[u8]) -> Result<(), &'static str> {
        let mut cursor = Cursor::new(header);
        let mut first = [0; 3];
        for (last, value) in (0..).zip(&mut first) {
            if cursor.field(last) != Some((last + 1, thrift::INT)) {
                return Err(BROKEN);
            }
            *value = cursor.natural().ok_or(if last == 0 { BROKEN } else { IMPOSSIBLE })?;
        }
        let [page, size, stored] = first;
        if !self.chunk.watch.limits.inflates(stored, size) {
            return Err(IMPOSSIBLE);
        }
        let plain = plain(&mut cursor, page).ok_or(BROKEN)?;
        self.chunk.claim.size.store(size, Ordering::Relaxed);
        self.chunk.claim.plain.store(plain, Ordering::Relaxed);
        Ok(())
    }
}

/// Passes over the rest of the header of a page of this type; returns whether it is a page of values
/// that are no codes of a dictionary.
fn plain(cursor: &mut Cursor<'_>, page: u64) -> Option<bool> {
    const DATA: u64 = 0;
    const DATA_V2: u64 = 3;
    let (mut plain, mut last) = (false, 3);
    while let (number, is @ 1..) = cursor.field(last)? {
        match (number, is) {
            (4, thrift::INT) | (6, thrift::STRUCT) | (9.., _) => {
                cursor.skip(is, thrift::DEEPEST)?;
            }
            (5, thrift::STRUCT) => plain |= !is_coded(part(cursor, 4, 2)?) && page == DATA,
            (7, thrift::STRUCT) => _ = part(cursor, 2, 2)?,
            (8, thrift::STRUCT) => plain |= !is_coded(part(cursor, 6, 4)?) && page == DATA_V2,
            _ => return None,
        }
        last = number;
    }
    Some(plain)
}

/// Whether this is the number of an encoding by codes of a dictionary.
fn is_coded(encoding: u64) -> bool {
    const PLAIN_DICTIONARY: u64 = 2;
    const RLE_DICTIONARY: u64 = 8;
    matches!(encoding, PLAIN_DICTIONARY | RLE_DICTIONARY)
}

/// Passes over a struct whose fields up to the number `integers` are integers; returns the one with
/// the number `wanted`, without which the crate refuses the page.
fn part(cursor: &mut Cursor<'_>, integers: u16, wanted: u16) -> Option<u64> {
    let (mut found, mut last) = (0, 0);
    while let (number, is @ 1..) = cursor.field(last)? {
        if number > integers {
            cursor.skip(is, thrift::DEEPEST)?;
        } else {
            let value = cursor.natural().filter(|_| is == thrift::INT)?;
            found = if number == wanted { value } else { found };
        }
        last = number;
    }
    Some(found)
}

/// The pages of one column chunk.
pub(super) struct Pages {
    inner: SerializedPageReader<Chunk>,
    chunk: Chunk,
    codec: Compression,
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
        let text = place.column_type() == Physical::BYTE_ARRAY;
        let claim = Arc::default();
        let chunk = Chunk { watch: Arc::clone(watch), column: column.into(), text, claim };
        let inner = SerializedPageReader::new(Arc::new(chunk.clone()), &seen, rows, None)?;
        let most = u16::try_from(place.column_descr().max_def_level())
            .map_err(|_| chunk.corrupt("its levels are impossible"))?;
        let level_bits = u16::BITS - most.leading_zeros();
        Ok(Self { inner, chunk, codec, level_bits })
    }

    fn checked(&self, mut page: Page) -> ParquetResult<Page> {
        let corrupt = |what: String| self.chunk.corrupt(what);
        if inflate::ours(self.codec) {
            let size = num::fits(self.chunk.claim.size.load(Ordering::Relaxed));
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
                let texts = delta::check(&page, self.level_bits);
                let texts = texts.map_err(|what| corrupt(what.to_owned()))?;
                // What texts share is there once, and in memory for each of them.
                if !self.chunk.watch.limits.inflates(num::wide(page.buffer().len()), texts) {
                    return Err(self.chunk.corrupt(IMPOSSIBLE));
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

#[cfg(test)]
mod tests {
    use super::*;

    /// The pages of the only chunk of a file of texts, the watch over them, and their end.
    fn pages(bytes: &[u8]) -> (Arc<Watch>, Pages, usize) {
        let limits = Limits::default();
        let input = Arc::new(Input::bytes("file", bytes.to_vec()));
        let metadata = crate::predictions::parquet::footer(&input, &limits).unwrap();
        let group = metadata.row_group(0);
        let chunk = crate::predictions::parquet::chunk(&input, group, 0).unwrap();
        let (start, len) = chunk.byte_range();
        let watch = Arc::new(Watch::new(input, limits));
        let pages = Pages::new(&watch, "text", &chunk, 2).unwrap();
        (watch, pages, usize::try_from(start + len).unwrap())
    }

    #[test]
    fn a_page_of_text_counts_before_it_is_decompressed() {
        let path = "tests/fixtures/predictions/small/long_text.parquet";
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
        let bytes = std::fs::read(path).unwrap();
        // Its header, with statistics, is longer than what is read of a header at once.
        let (watch, mut pages, _) = pages(&bytes);
        assert_eq!(pages.get_next_page().unwrap().unwrap().num_values(), 2);
        assert_eq!(watch.text.load(Ordering::Relaxed), 6 + 2 * 404);
        // The decompressor would refuse the page as damaged.
        let (_, _, end) = self::pages(&bytes);
        let mut damaged = bytes;
        damaged[end - 20..end].fill(0xff);
        for (before, code) in [(0, None), (MOST_TEXT, Some("predictions-too-large"))] {
            let (watch, mut pages, _) = self::pages(&damaged);
            watch.text.store(before, Ordering::Relaxed);
            assert!(pages.get_next_page().is_err());
            assert_eq!(watch.refused().map(|error| error.code), code);
        }
    }

    #[test]
    fn the_pages_of_a_block_have_no_more_text_than_the_limit() {
        let watch = Watch::new(Arc::new(Input::bytes("file", Vec::new())), Limits::default());
        watch.keep(MOST_TEXT - 1).unwrap();
        watch.keep(1).unwrap();
        assert_eq!(watch.keep(1).unwrap_err().code, "predictions-too-large");
        watch.block();
        assert_eq!(watch.keep(MOST_TEXT + 1).unwrap_err().code, "predictions-too-large");
    }
}
