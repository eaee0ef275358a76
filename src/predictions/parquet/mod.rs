//! Parquet: pages are decoded here, so that dictionaries stay codes and buffers are reused; the
//! crate reads the footer.

mod chunk;
mod cursor;
mod header;
mod inflate;
mod odd;
mod plain;
mod rle;
mod schema;
mod share;

use super::{
    Input, Limits, PredictionsError,
    block::{Block, Reader, Values, Wanted, Worker},
    num, refusal,
};
use chunk::Chunk;
use cursor::Cursor;
use parquet::file::metadata::{
    ColumnChunkMetaData, ParquetMetaData, ParquetMetaDataReader, RowGroupMetaData,
};
use schema::Leaf;
use share::Share;

/// The first and the last bytes of a file.
pub(super) const MAGIC: &[u8] = b"PAR1";

/// The most bytes of a footer: it has some hundred bytes for each column of each row group.
const LONGEST_FOOTER: u64 = 64 << 20;

/// One Parquet file.
pub(super) struct ParquetReader {
    input: Input,
    limits: Limits,
    leaves: Vec<Leaf>,
    groups: Vec<Group>,
    share: Share,
}

/// Where the wanted columns of a row group are.
struct Group {
    /// The row of the file, from zero, that is its first one.
    first: u64,
    chunks: Vec<Chunk>,
}

impl ParquetReader {
    /// Reads the footer and finds the columns.
    pub(super) fn open(
        input: Input,
        wanted: &[Wanted],
        limits: &Limits,
    ) -> Result<Self, PredictionsError> {
        let metadata = footer(&input)?;
        let name = input.name();
        let schema = metadata.file_metadata().schema_descr();
        if schema.num_columns() > limits.columns {
            return Err(refusal::too_many_columns(name, schema.num_columns(), limits));
        }
        let leaves = schema::bind(name, schema, wanted)?;
        let mut groups = Vec::new();
        let mut lengths = Vec::new();
        let mut rows = 0_u64;
        for group in metadata.row_groups() {
            let n = u64::try_from(group.num_rows())
                .map_err(|_| refusal::corrupt(name, "a row group has less than no rows"))?;
            let chunks =
                leaves.iter().map(|leaf| chunk(&input, group, leaf)).collect::<Result<_, _>>()?;
            groups.push(Group { first: rows, chunks });
            rows = rows
                .checked_add(n)
                .filter(|rows| *rows <= limits.rows)
                .ok_or_else(|| refusal::too_many_rows(name, limits))?;
            lengths.push(num::fits(n));
        }
        if u64::try_from(metadata.file_metadata().num_rows()) != Ok(rows) {
            return Err(refusal::corrupt(name, "its footer counts other rows than its row groups"));
        }
        Ok(Self { input, limits: *limits, leaves, groups, share: Share::new(lengths) })
    }
}

fn footer(input: &Input) -> Result<ParquetMetaData, PredictionsError> {
    let broken = |what: &str| refusal::corrupt(input.name(), what);
    let mut tail = [0; 8];
    let at =
        input.len().checked_sub(8).ok_or_else(|| broken("it is too short for a Parquet file"))?;
    let whole = input.read_exact_at(at, &mut tail)?;
    let (len, magic) = tail.split_at(4);
    if !whole || magic != MAGIC {
        return Err(broken(
            "it does not end as a Parquet file does: it was cut off, or is encrypted",
        ));
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
    odd::fenced(|| ParquetMetaDataReader::decode_metadata(&bytes))
        .map_err(|error| broken(&format!("its footer cannot be read ({error})")))
}

fn chunk(input: &Input, group: &RowGroupMetaData, leaf: &Leaf) -> Result<Chunk, PredictionsError> {
    let broken = || refusal::corrupt(input.name(), "its footer contradicts itself");
    let column: &ColumnChunkMetaData = group.columns().get(leaf.place).ok_or_else(broken)?;
    if column.num_values() != group.num_rows() {
        return Err(broken());
    }
    if column.file_path().is_some_and(|path| !path.is_empty()) {
        return Err(refusal::unsupported(input.name(), "columns in another file are not read"));
    }
    // Some writers state an offset of zero if there is no dictionary.
    let data = column.data_page_offset();
    let at = column.dictionary_page_offset().filter(|at| *at > 0 && *at < data).unwrap_or(data);
    let at = u64::try_from(at).map_err(|_| broken())?;
    let len = u64::try_from(column.compressed_size()).map_err(|_| broken())?;
    let end = at.checked_add(len).filter(|end| *end <= input.len()).ok_or_else(broken)?;
    Ok(Chunk { at, end, codec: column.compression() })
}

impl Reader for ParquetReader {
    fn worker(&self) -> Result<Box<dyn Worker + '_>, PredictionsError> {
        let place = self.share.join();
        Ok(Box::new(ParquetWorker { reader: self, place, stands: None, cursors: Vec::new() }))
    }
}

struct ParquetWorker<'r> {
    reader: &'r ParquetReader,
    /// Its index in the share.
    place: usize,
    /// The row group, and the row in it, before which the cursors are.
    stands: Option<(usize, usize)>,
    cursors: Vec<Cursor<'r>>,
}

impl<'r> ParquetWorker<'r> {
    /// Moves the cursors to a row of a row group.
    fn go(&mut self, group: usize, row: usize) -> Result<(), PredictionsError> {
        let reader: &'r ParquetReader = self.reader;
        let Some(Group { first, chunks }) = reader.groups.get(group) else { return Ok(()) };
        if self.cursors.is_empty() {
            let fresh = reader.leaves.iter().zip(chunks);
            self.cursors = fresh
                .map(|(leaf, chunk)| Cursor::new(&reader.input, leaf, &reader.limits, *chunk))
                .collect();
        }
        for (cursor, chunk) in self.cursors.iter_mut().zip(chunks) {
            cursor.open(*chunk, *first, row)?;
        }
        Ok(())
    }
}

impl Worker for ParquetWorker<'_> {
    fn next(&mut self, block: &mut Block) -> Result<bool, PredictionsError> {
        let Some(part) = self.reader.share.take(self.place) else {
            return Ok(false);
        };
        if self.stands != Some((part.group, part.from)) {
            self.go(part.group, part.from)?;
        }
        block.rows = part.rows;
        block.columns.resize_with(self.reader.leaves.len(), || Values::Int(Vec::new()));
        for (cursor, values) in self.cursors.iter_mut().zip(&mut block.columns) {
            cursor.fill(part.rows, values)?;
        }
        self.stands = Some((part.group, part.from + part.rows));
        Ok(true)
    }
}
