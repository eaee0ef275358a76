//! Arrow IPC, as a file or as a stream. The crate decodes batches; which messages there are, and
//! whether their sizes are possible, is found out here, so that workers decode different batches
//! at the same time and only the wanted columns are read.

mod message;
mod schema;

use super::{
    Input, Limits, PredictionsError,
    arrays::{Column, Entries, Place as Rows},
    block::{Block, Reader, Values, Wanted, Worker},
    fence::fenced,
    num, refusal,
};
use arrow_array::RecordBatch;
use arrow_ipc::{Endianness, convert::try_fb_to_schema, reader::read_record_batch};
pub(super) use message::{CONTINUES, MAGIC};
use message::{Message, Place};
use schema::Bound;
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, OnceLock, PoisonError},
    vec,
};

/// Rows of one block.
const BLOCK: usize = 1 << 16;

/// The dictionaries by their ids.
type Dictionaries = Arc<HashMap<i64, Entries>>;

/// One batch of rows, with the dictionaries that are valid for it.
struct Batch {
    message: Message,
    rows: usize,
    /// Rows of the file before it.
    first: u64,
    dictionaries: Dictionaries,
    /// Its columns, as soon as a worker has decoded them.
    decoded: OnceLock<Result<RecordBatch, PredictionsError>>,
}

/// Where the next messages are.
enum Next {
    /// From this byte of a stream on.
    Stream(u64),
    /// In the file, at these places.
    File(vec::IntoIter<Place>),
}

struct State {
    next: Next,
    rows: u64,
    ended: bool,
    batch: Option<Arc<Batch>>,
    /// Rows of the batch that workers have taken.
    taken: usize,
    dictionaries: Dictionaries,
    /// The bytes of all dictionaries so far, before and after decompression.
    dictionary_bytes: (u64, u64),
}

/// One Arrow file or stream.
pub(super) struct ArrowReader {
    input: Input,
    limits: Limits,
    bound: Bound,
    state: Mutex<State>,
}

impl ArrowReader {
    /// Reads the schema and finds the columns.
    pub(super) fn open(
        input: Input,
        wanted: &[Wanted],
        limits: &Limits,
    ) -> Result<Self, PredictionsError> {
        let mut head = [0; 6];
        if input.read_exact_at(0, &mut head)? && head == MAGIC {
            Self::file(input, wanted, limits)
        } else {
            Self::stream(input, wanted, limits)
        }
    }

    fn stream(input: Input, wanted: &[Wanted], limits: &Limits) -> Result<Self, PredictionsError> {
        let broken = || refusal::corrupt(input.name(), "it does not begin with a schema");
        let message = Message::next(&input, 0)?.ok_or_else(broken)?;
        let schema = message.parsed(input.name())?.header_as_schema().ok_or_else(broken)?;
        let bound = bind(&input, schema, wanted, limits)?;
        let next = Next::Stream(message.end());
        Ok(Self::new(input, *limits, bound, next))
    }

    fn file(input: Input, wanted: &[Wanted], limits: &Limits) -> Result<Self, PredictionsError> {
        let broken = |_| refusal::corrupt(input.name(), "its footer cannot be read");
        let bytes = message::footer(&input)?;
        let footer = fenced(|| arrow_ipc::root_as_footer(&bytes)).map_err(broken)?;
        let schema = footer.schema().ok_or_else(|| broken(String::new()))?;
        let bound = bind(&input, schema, wanted, limits)?;
        let places = footer.recordBatches().into_iter().flatten();
        let places = places.map(|block| Place::of(&input, block)).collect::<Result<Vec<_>, _>>()?;
        let blocks = footer.dictionaries().into_iter().flatten();
        let dictionaries =
            blocks.map(|block| Place::of(&input, block)).collect::<Result<Vec<_>, _>>()?;
        let reader = Self::new(input, *limits, bound, Next::File(places.into_iter()));
        {
            let mut state = reader.state.lock().unwrap_or_else(PoisonError::into_inner);
            for place in dictionaries {
                reader.message(&mut state, Message::read(&reader.input, place)?)?;
            }
        }
        Ok(reader)
    }

    fn new(input: Input, limits: Limits, bound: Bound, next: Next) -> Self {
        let state = State {
            next,
            rows: 0,
            ended: false,
            batch: None,
            taken: 0,
            dictionaries: Dictionaries::default(),
            dictionary_bytes: (0, 0),
        };
        Self { input, limits, bound, state: Mutex::new(state) }
    }

    /// The next rows: a batch, the first of them in it, and how many.
    fn take(&self) -> Result<Option<(Arc<Batch>, usize, usize)>, PredictionsError> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            if let Some(batch) = state.batch.clone() {
                let rows = BLOCK.min(batch.rows - state.taken);
                if rows > 0 {
                    let from = state.taken;
                    state.taken += rows;
                    return Ok(Some((batch, from, rows)));
                }
                state.batch = None;
            }
            if state.ended {
                return Ok(None);
            }
            let read = self.advance(&mut state);
            state.ended |= read.is_err();
            read?;
        }
    }

    /// Reads one more message.
    fn advance(&self, state: &mut State) -> Result<(), PredictionsError> {
        let message = match &mut state.next {
            Next::Stream(at) => {
                let message = Message::next(&self.input, *at)?;
                *at = message.as_ref().map_or(*at, Message::end);
                message
            }
            Next::File(places) => {
                places.next().map(|place| Message::read(&self.input, place)).transpose()?
            }
        };
        let Some(message) = message else {
            state.ended = true;
            return Ok(());
        };
        self.message(state, message)
    }

    fn message(&self, state: &mut State, message: Message) -> Result<(), PredictionsError> {
        let broken = || refusal::corrupt(self.input.name(), "a message cannot be read");
        let parsed = message.parsed(self.input.name())?;
        if parsed.header_as_dictionary_batch().is_some() {
            return self.dictionary(state, &message);
        }
        let batch = parsed.header_as_record_batch().ok_or_else(broken)?;
        let rows = u64::try_from(batch.length()).map_err(|_| broken())?;
        let first = state.rows;
        state.rows = first.saturating_add(rows);
        if state.rows > self.limits.rows {
            return Err(refusal::too_many_rows(self.input.name(), &self.limits));
        }
        let dictionaries = Arc::clone(&state.dictionaries);
        let (rows, decoded) = (num::fits(rows), OnceLock::new());
        state.batch = Some(Arc::new(Batch { message, rows, first, dictionaries, decoded }));
        state.taken = 0;
        Ok(())
    }

    /// Reads a dictionary, if a wanted column uses it.
    fn dictionary(&self, state: &mut State, message: &Message) -> Result<(), PredictionsError> {
        let broken = |what: String| {
            let what = format!("a dictionary cannot be read ({what})");
            refusal::corrupt(self.input.name(), what)
        };
        let parsed = message.parsed(self.input.name())?;
        let dictionary = parsed
            .header_as_dictionary_batch()
            .ok_or_else(|| broken("its header is of another kind".to_owned()))?;
        let Some(schema) = self.bound.dictionaries.get(&dictionary.id()) else { return Ok(()) };
        let batch = dictionary.data().ok_or_else(|| broken("it is empty".to_owned()))?;
        let body = message.body(&self.input, &self.limits, &batch, |_| true)?;
        // A delta is appended to what is there, so each of many may be small and still all together
        // be too large.
        let before = state.dictionaries.get(&dictionary.id()).filter(|_| dictionary.isDelta());
        if before.is_none() && dictionary.isDelta() {
            return Err(broken("it adds to one that is missing".to_owned()));
        }
        let len = before.map_or(0, |before| num::wide(before.len()));
        let more = u64::try_from(batch.length()).map_err(|_| broken("its length".to_owned()))?;
        if len.saturating_add(more) > num::wide(self.limits.distinct) {
            return Err(refusal::too_many_entries(self.input.name(), &self.limits));
        }
        let (stored, size) = &mut state.dictionary_bytes;
        *stored = stored.saturating_add(body.stored);
        *size = size.saturating_add(body.size);
        if *size > self.limits.bytes || !self.limits.inflates(*stored, *size) {
            let what = "its dictionaries decompress to more than is read";
            return Err(refusal::too_large(self.input.name(), what));
        }
        let (schema, none) = (Arc::clone(schema), HashMap::new());
        let version = parsed.version();
        let part = fenced(|| read_record_batch(&body.bytes, batch, schema, &none, None, &version));
        let part = part.map_err(broken)?;
        let part = part.columns().first().ok_or_else(|| broken("it has no entries".to_owned()))?;
        let whole = match before {
            Some(before) => before.and(Arc::clone(part)),
            None => Entries::new(Arc::clone(part)),
        };
        Arc::make_mut(&mut state.dictionaries).insert(dictionary.id(), whole);
        Ok(())
    }

    /// The columns of a batch.
    fn decoded<'b>(&self, batch: &'b Batch) -> Result<&'b RecordBatch, PredictionsError> {
        batch.decoded.get_or_init(|| self.decode(batch)).as_ref().map_err(Clone::clone)
    }

    fn decode(&self, batch: &Batch) -> Result<RecordBatch, PredictionsError> {
        let name = self.input.name();
        let broken =
            |what: String| refusal::corrupt(name, format!("a batch cannot be read ({what})"));
        let parsed = batch.message.parsed(name)?;
        let rows = parsed
            .header_as_record_batch()
            .ok_or_else(|| broken("its header is of another kind".to_owned()))?;
        let version = parsed.version();
        let schema = self.bound.schema(version);
        let views = rows.variadicBufferCounts().into_iter().flatten();
        let most = rows.buffers().map_or(0, |buffers| buffers.len());
        let wanted = fenced(|| {
            let wanted = schema::buffers(schema.fields(), &self.bound.roots, views, version, most);
            Ok::<_, String>(wanted)
        });
        let wanted = wanted.map_err(broken)?;
        let is_wanted = |i: usize| wanted.get(i).copied().unwrap_or(false);
        let body = batch.message.body(&self.input, &self.limits, &rows, is_wanted)?;
        let (schema, roots) = (Arc::clone(schema), Some(self.bound.roots.as_slice()));
        fenced(|| read_record_batch(&body.bytes, rows, schema, &HashMap::new(), roots, &version))
            .map_err(broken)
    }
}

fn bind(
    input: &Input,
    schema: arrow_ipc::Schema<'_>,
    wanted: &[Wanted],
    limits: &Limits,
) -> Result<Bound, PredictionsError> {
    if schema.endianness() != Endianness::Little {
        let what = "its numbers are big-endian; write it on a common machine";
        return Err(refusal::unsupported(input.name(), what));
    }
    let schema = fenced(|| try_fb_to_schema(schema)).map_err(|error| {
        refusal::unsupported(input.name(), format!("its schema cannot be read ({error})"))
    })?;
    schema::bind(input.name(), schema, wanted, limits)
}

impl Reader for ArrowReader {
    fn worker(&self) -> Result<Box<dyn Worker + '_>, PredictionsError> {
        let columns = self.bound.leaves.iter().map(|_| Column::default()).collect();
        Ok(Box::new(ArrowWorker { reader: self, columns }))
    }
}

struct ArrowWorker<'r> {
    reader: &'r ArrowReader,
    columns: Vec<Column>,
}

impl Worker for ArrowWorker<'_> {
    fn next(&mut self, block: &mut Block) -> Result<bool, PredictionsError> {
        let reader = self.reader;
        let Some((batch, from, rows)) = reader.take()? else {
            return Ok(false);
        };
        block.rows = rows;
        block.columns.resize_with(reader.bound.leaves.len(), || Values::Int(Vec::new()));
        let table = reader.decoded(&batch)?.slice(from, rows);
        let columns = self.columns.iter_mut().zip(&mut block.columns);
        for (leaf, (column, values)) in reader.bound.leaves.iter().zip(columns) {
            let place = Rows {
                file: reader.input.name(),
                column: &leaf.name,
                kind: leaf.kind,
                limits: &reader.limits,
                row: batch.first.saturating_add(num::wide(from)),
            };
            let entries = match leaf.dictionary.map(|id| batch.dictionaries.get(&id)) {
                Some(None) => {
                    let what =
                        format!("column {} lacks its dictionary", refusal::quoted(&leaf.name));
                    return Err(refusal::corrupt(reader.input.name(), what));
                }
                Some(entries) => entries,
                None => None,
            };
            column.read(&place, &table, &leaf.path, entries, values)?;
        }
        Ok(true)
    }
}
