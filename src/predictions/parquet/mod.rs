//! Parquet: the crate decodes pages, a block of rows at a time, and keeps texts as codes of their
//! dictionaries. Workers share the row groups of a file.

mod delta;
mod inflate;
mod pages;
mod schema;
mod share;
mod thrift;

use super::{
    Input, Limits, PredictionsError,
    arrays::{Column, Place},
    block::{Block, Reader, Values, Wanted, Worker},
    fence::fenced,
    num, refusal,
};
use arrow_array::RecordBatch;
use pages::{OneChunk, Pages, Watch};
use parquet::{
    arrow::{
        FieldLevels,
        arrow_reader::{ParquetRecordBatchReader, RowGroups, RowSelection, RowSelector},
    },
    basic::{Encoding, PageType},
    column::page::PageIterator,
    errors::{ParquetError, Result as ParquetResult},
    file::metadata::{
        ColumnChunkMetaData, ParquetMetaData, ParquetMetaDataReader, RowGroupMetaData,
    },
};
use schema::Leaf;
use share::{BLOCK, Part, Share};
use std::sync::Arc;

/// The first and the last bytes of a file.
pub(super) const MAGIC: &[u8] = b"PAR1";

/// The first and the last bytes of a file with an encrypted footer.
pub(super) const ENCRYPTED: &[u8] = b"PARE";

/// The most bytes of a footer: it has some hundred bytes for each column of each row group.
const LONGEST_FOOTER: u64 = 64 << 20;

/// One Parquet file.
pub(super) struct ParquetReader {
    input: Arc<Input>,
    limits: Limits,
    metadata: ParquetMetaData,
    leaves: Vec<Leaf>,
    levels: FieldLevels,
    /// The row of the file, from zero, that is the first one of each row group.
    firsts: Vec<u64>,
    share: Share,
}

impl ParquetReader {
    /// Reads the footer and finds the columns.
    pub(super) fn open(
        input: Input,
        wanted: &[Wanted],
        limits: &Limits,
    ) -> Result<Self, PredictionsError> {
        let metadata = footer(&input, limits)?;
        let name = input.name();
        let schema = metadata.file_metadata().schema_descr();
        if schema.num_columns() > limits.columns {
            return Err(refusal::too_many_columns(name, schema.num_columns(), limits));
        }
        let leaves = schema::bind(name, schema, wanted)?;
        let mut coded = vec![true; leaves.len()];
        let (mut firsts, mut lengths, mut rows) = (Vec::new(), Vec::new(), 0_u64);
        for group in metadata.row_groups() {
            let n = u64::try_from(group.num_rows())
                .map_err(|_| refusal::corrupt(name, "a row group has less than no rows"))?;
            for (leaf, coded) in leaves.iter().zip(&mut coded) {
                let chunk = chunk(&input, group, leaf.place)?;
                *coded &= is_coded(&chunk).unwrap_or_else(|| has_dictionary(group, leaf.place));
            }
            firsts.push(rows);
            rows = rows
                .checked_add(n)
                .filter(|rows| *rows <= limits.rows)
                .ok_or_else(|| refusal::too_many_rows(name, limits))?;
            lengths.push(num::fits(n));
        }
        if u64::try_from(metadata.file_metadata().num_rows()) != Ok(rows) {
            return Err(refusal::corrupt(name, "its footer counts other rows than its row groups"));
        }
        let levels = schema::levels(schema, &leaves, &coded).map_err(|error| {
            refusal::corrupt(name, format!("its schema cannot be read ({error})"))
        })?;
        let (input, share) = (Arc::new(input), Share::new(lengths));
        Ok(Self { input, limits: *limits, metadata, leaves, levels, firsts, share })
    }
}

fn footer(input: &Input, limits: &Limits) -> Result<ParquetMetaData, PredictionsError> {
    let broken = |what: &str| refusal::corrupt(input.name(), what);
    let mut tail = [0; 8];
    let at =
        input.len().checked_sub(8).ok_or_else(|| broken("it is too short for a Parquet file"))?;
    let whole = input.read_exact_at(at, &mut tail)?;
    let (len, magic) = tail.split_at(4);
    if !whole || magic != MAGIC {
        return Err(broken("it does not end as a Parquet file does: it was cut off"));
    }
    let len = len.first_chunk::<4>().map_or(0, |len| u64::from(u32::from_le_bytes(*len)));
    let start = at
        .checked_sub(len)
        .filter(|_| len <= LONGEST_FOOTER)
        .ok_or_else(|| broken("its footer is too long"))?;
    let mut bytes = vec![0; num::fits(len)];
    if !input.read_exact_at(start, &mut bytes)? {
        return Err(broken("its footer is cut off"));
    }
    thrift::schema(&bytes, limits.depth).map_err(broken)?;
    fenced(|| ParquetMetaDataReader::decode_metadata(&bytes))
        .map_err(|error| broken(&format!("its footer cannot be read ({error})")))
}

/// Where a column is in a row group.
fn chunk(
    input: &Input,
    group: &RowGroupMetaData,
    place: usize,
) -> Result<ColumnChunkMetaData, PredictionsError> {
    let broken = || refusal::corrupt(input.name(), "its footer contradicts itself");
    let column = group.columns().get(place).ok_or_else(broken)?;
    if column.num_values() != group.num_rows() {
        return Err(broken());
    }
    if column.file_path().is_some_and(|path| !path.is_empty()) {
        return Err(refusal::unsupported(input.name(), "columns in another file are not read"));
    }
    // Some writers state an offset of zero if there is no dictionary.
    let data = column.data_page_offset();
    let at = column.dictionary_page_offset().filter(|at| *at > 0 && *at < data).unwrap_or(data);
    let start = u64::try_from(at).map_err(|_| broken())?;
    let len = u64::try_from(column.compressed_size()).map_err(|_| broken())?;
    start.checked_add(len).filter(|end| *end <= input.len()).ok_or_else(broken)?;
    let whole = column.clone().into_builder().set_data_page_offset(at);
    whole.set_dictionary_page_offset(None).build().map_err(|_| broken())
}

/// Whether all values of a chunk are codes of its dictionary, if the writer says so.
fn is_coded(chunk: &ColumnChunkMetaData) -> Option<bool> {
    let coded =
        |encoding| matches!(encoding, Encoding::RLE_DICTIONARY | Encoding::PLAIN_DICTIONARY);
    let pages = chunk.page_encoding_stats()?;
    let mut pages = pages.iter().filter(|page| page.page_type != PageType::DICTIONARY_PAGE);
    Some(pages.all(|page| coded(page.encoding)))
}

fn has_dictionary(group: &RowGroupMetaData, place: usize) -> bool {
    group.columns().get(place).is_some_and(|column| {
        column.dictionary_page_offset().is_some_and(|at| at > 0 && at < column.data_page_offset())
    })
}

/// One row group, as the crate reads it.
struct Group<'r> {
    reader: &'r ParquetReader,
    metadata: &'r RowGroupMetaData,
    rows: usize,
    watch: &'r Arc<Watch>,
}

impl RowGroups for Group<'_> {
    fn num_rows(&self) -> usize {
        self.rows
    }

    fn column_chunks(&self, place: usize) -> ParquetResult<Box<dyn PageIterator>> {
        let general = |error: PredictionsError| ParquetError::General(error.message);
        let chunk = chunk(&self.reader.input, self.metadata, place).map_err(general)?;
        let leaf = self.reader.leaves.iter().find(|leaf| leaf.place == place);
        let name = leaf.map_or("", |leaf| &leaf.name);
        let pages = Pages::new(self.watch, name, &chunk, self.num_rows())?;
        Ok(Box::new(OneChunk(Some(pages))))
    }

    fn row_groups(&self) -> Box<dyn Iterator<Item = &RowGroupMetaData> + '_> {
        Box::new(std::iter::once(self.metadata))
    }

    fn metadata(&self) -> &ParquetMetaData {
        &self.reader.metadata
    }
}

impl Reader for ParquetReader {
    fn worker(&self) -> Result<Box<dyn Worker + '_>, PredictionsError> {
        Ok(Box::new(ParquetWorker {
            reader: self,
            place: self.share.join(),
            watch: Arc::new(Watch::new(Arc::clone(&self.input), self.limits)),
            next: None,
            columns: self.leaves.iter().map(|_| Column::default()).collect(),
        }))
    }
}

struct ParquetWorker<'r> {
    reader: &'r ParquetReader,
    /// Its index in the share.
    place: usize,
    watch: Arc<Watch>,
    /// The crate's reader, and the row group and the row in it before which it is.
    next: Option<(ParquetRecordBatchReader, usize, usize)>,
    columns: Vec<Column>,
}

impl ParquetWorker<'_> {
    fn error(&self, what: String) -> PredictionsError {
        let name = self.reader.input.name();
        self.watch.refused().unwrap_or_else(|| refusal::corrupt(name, what))
    }

    /// The crate's reader before a row of a row group.
    fn open(&self, part: &Part) -> Result<ParquetRecordBatchReader, PredictionsError> {
        let reader = self.reader;
        let missing = || refusal::corrupt(reader.input.name(), "a row group is missing");
        let metadata = reader.metadata.row_groups().get(part.group).ok_or_else(missing)?;
        let rows = usize::try_from(metadata.num_rows()).map_err(|_| missing())?;
        let group = Group { reader, metadata, rows, watch: &self.watch };
        let rest = group.num_rows().saturating_sub(part.from);
        let selection = (part.from > 0).then(|| {
            RowSelection::from(vec![RowSelector::skip(part.from), RowSelector::select(rest)])
        });
        fenced(|| {
            let levels = &reader.levels;
            ParquetRecordBatchReader::try_new_with_row_groups(levels, &group, BLOCK, selection)
        })
        .map_err(|what| self.error(what))
    }

    /// The rows of a part.
    fn read(&mut self, part: &Part) -> Result<RecordBatch, PredictionsError> {
        self.watch.block();
        let mut batches = match self.next.take() {
            Some((batches, group, row)) if (group, row) == (part.group, part.from) => batches,
            _ => self.open(part)?,
        };
        let batch = fenced(|| batches.next().transpose()).map_err(|what| self.error(what))?;
        let Some(batch) = batch.filter(|batch| batch.num_rows() == part.rows) else {
            return Err(self.error("a column has fewer values than rows".to_owned()));
        };
        self.next = Some((batches, part.group, part.from + part.rows));
        Ok(batch)
    }
}

impl Worker for ParquetWorker<'_> {
    fn next(&mut self, block: &mut Block) -> Result<bool, PredictionsError> {
        let reader = self.reader;
        let Some(part) = reader.share.take(self.place) else {
            return Ok(false);
        };
        block.rows = part.rows;
        block.columns.resize_with(reader.leaves.len(), || Values::Int(Vec::new()));
        if reader.leaves.is_empty() {
            return Ok(true);
        }
        let batch = self.read(&part)?;
        let missing = || refusal::corrupt(reader.input.name(), "a row group is missing");
        let first = *reader.firsts.get(part.group).ok_or_else(missing)?;
        let columns = self.columns.iter_mut().zip(&mut block.columns);
        for (leaf, (column, values)) in reader.leaves.iter().zip(columns) {
            let place = Place {
                file: reader.input.name(),
                column: &leaf.name,
                kind: leaf.kind,
                limits: &reader.limits,
                row: first.saturating_add(num::wide(part.from)),
            };
            column.read(&place, &batch, leaf.descriptor.path().parts(), None, values)?;
        }
        Ok(true)
    }
}
