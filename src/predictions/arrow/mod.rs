//! Arrow IPC, as a file or as a stream: a file is a stream between two magic words, followed by an
//! index that is not needed to read the file from front to back.
//!
//! The buffers are read here: of a batch only the wanted columns, and of these some rows at a time.

mod batch;
mod column;
mod schema;

use super::{
    Input, Limits, PredictionsError,
    block::{Block, Reader, Values, Wanted, Worker},
    num, refusal,
    text::Interner,
};
use batch::Buffers;
use column::{Plain, Rows};
use schema::{Bound, Leaf, Shape};
use std::{
    collections::BTreeMap,
    panic::catch_unwind,
    sync::{Arc, Mutex, PoisonError},
};

/// The first bytes of a file.
pub(super) const MAGIC: &[u8] = b"ARROW1";

/// The first bytes of a message.
pub(super) const CONTINUES: &[u8] = &[0xff; 4];

/// Rows of one block.
const BLOCK: usize = 1 << 16;

/// The most bytes of a message without its body.
const LONGEST: u64 = 64 << 20;

/// The values of a dictionary's codes.
#[derive(Debug, Clone)]
enum Dictionary {
    Text(Arc<[Box<str>]>, Vec<u32>),
    Int(Vec<i64>),
}

/// One batch of rows, with the dictionaries that are valid for it.
struct Batch {
    buffers: Buffers,
    rows: usize,
    /// Rows of the file before it.
    first: u64,
    dictionaries: Arc<BTreeMap<i64, Dictionary>>,
}

struct State {
    at: u64,
    rows: u64,
    ended: bool,
    batch: Option<Arc<Batch>>,
    next: usize,
    dictionaries: Arc<BTreeMap<i64, Dictionary>>,
}

/// One Arrow file or stream.
pub(super) struct ArrowReader {
    input: Input,
    limits: Limits,
    bound: Bound,
    state: Mutex<State>,
}

/// A message: its flat buffer, and where its body is.
struct Message {
    bytes: Vec<u8>,
    body: u64,
    size: u64,
}

impl Message {
    fn parsed(&self) -> Option<arrow_ipc::Message<'_>> {
        catch_unwind(|| arrow_ipc::root_as_message(&self.bytes).ok()).ok().flatten()
    }
}

impl ArrowReader {
    /// Reads the schema and finds the columns.
    pub(super) fn open(
        input: Input,
        wanted: &[Wanted],
        limits: &Limits,
    ) -> Result<Self, PredictionsError> {
        let mut head = [0; 6];
        let file = input.read_exact_at(0, &mut head)? && head == MAGIC;
        let broken = || refusal::corrupt(input.name(), "it does not begin with a schema");
        let message = message(&input, if file { 8 } else { 0 })?.ok_or_else(broken)?;
        let schema = message.parsed().ok_or_else(broken)?;
        let schema = schema.header_as_schema().ok_or_else(broken)?;
        let bound = schema::bind(input.name(), schema, wanted, limits)?;
        let at = message.body + message.size;
        let state =
            State { at, rows: 0, ended: false, batch: None, next: 0, dictionaries: Arc::default() };
        Ok(Self { input, limits: *limits, bound, state: Mutex::new(state) })
    }

    /// The next rows.
    fn take(&self) -> Result<Option<(Arc<Batch>, usize, usize)>, PredictionsError> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            if let Some(batch) = state.batch.clone() {
                let rows = BLOCK.min(batch.rows - state.next);
                if rows > 0 {
                    let from = state.next;
                    state.next += rows;
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
        let broken = || refusal::corrupt(self.input.name(), "a message cannot be read");
        let Some(message) = message(&self.input, state.at)? else {
            state.ended = true;
            return Ok(());
        };
        state.at = message.body + message.size;
        let parsed = message.parsed().ok_or_else(broken)?;
        if let Some(batch) = parsed.header_as_record_batch() {
            let buffers = Buffers::new(&self.input, &batch, message.body, message.size)?;
            let rows = u64::try_from(batch.length()).map_err(|_| broken())?;
            let differs = |leaf: &Leaf| buffers.length(leaf.node) != Some(rows);
            if self.bound.leaves.iter().any(differs) {
                return Err(refusal::corrupt(
                    self.input.name(),
                    "the columns of a batch differ in length",
                ));
            }
            let first = state.rows;
            state.rows = first.saturating_add(rows);
            if state.rows > self.limits.rows {
                return Err(refusal::too_many_rows(self.input.name(), &self.limits));
            }
            let dictionaries = Arc::clone(&state.dictionaries);
            state.batch =
                Some(Arc::new(Batch { buffers, rows: num::fits(rows), first, dictionaries }));
            state.next = 0;
        } else if let Some(dictionary) = parsed.header_as_dictionary_batch() {
            self.dictionary(state, &dictionary, &message)?;
        } else {
            return Err(broken());
        }
        Ok(())
    }

    fn dictionary(
        &self,
        state: &mut State,
        dictionary: &arrow_ipc::DictionaryBatch<'_>,
        message: &Message,
    ) -> Result<(), PredictionsError> {
        let broken = || refusal::corrupt(self.input.name(), "a dictionary cannot be read");
        let Some((id, shape)) =
            self.bound.dictionaries.iter().find(|(id, _)| *id == dictionary.id()).copied()
        else {
            return Ok(());
        };
        let batch = dictionary.data().ok_or_else(broken)?;
        let buffers = Buffers::new(&self.input, &batch, message.body, message.size)?;
        let rows = u64::try_from(batch.length()).map_err(|_| broken())?;
        if rows > num::wide(self.limits.distinct) {
            let what = format!("a dictionary has more than {} entries", self.limits.distinct);
            return Err(refusal::too_large(self.input.name(), what));
        }
        let leaf =
            self.bound.leaves.iter().find(|leaf| leaf.coded.is_some_and(|coded| coded.id == id));
        let column = leaf.map_or("", |leaf| leaf.name.as_str());
        let rows = num::fits(rows);
        let place = Rows {
            input: &self.input,
            limits: &self.limits,
            buffers: &buffers,
            column,
            from: 0,
            count: rows,
        };
        let mut scratch = Vec::new();
        if place.absent(0, &mut scratch)?.is_some() {
            return Err(refusal::null(self.input.name(), column, "some entry of the dictionary"));
        }
        let before = if dictionary.isDelta() { state.dictionaries.get(&id) } else { None };
        let mut interner = Interner::default();
        let mut codes = Vec::new();
        if let Some(Dictionary::Text(texts, known)) = before {
            codes.clone_from(known);
            interner.adopt(texts, &mut codes).map_err(|_| broken())?;
        }
        let whole = match (place.values(shape, 0, &mut interner, &mut scratch)?, before) {
            (Plain::Int(mut new), Some(Dictionary::Int(before))) => {
                new.splice(0..0, before.iter().copied());
                Dictionary::Int(new)
            }
            (Plain::Int(new), _) => Dictionary::Int(new),
            (Plain::Text(new), _) => {
                codes.extend(new);
                Dictionary::Text(interner.take(), codes)
            }
            _ => return Err(broken()),
        };
        Arc::make_mut(&mut state.dictionaries).insert(id, whole);
        Ok(())
    }
}

/// The message that begins at this byte; `None` at the end marker.
fn message(input: &Input, at: u64) -> Result<Option<Message>, PredictionsError> {
    let broken = |what: &str| refusal::corrupt(input.name(), what);
    let mut head = [0; 8];
    if !input.read_exact_at(at, &mut head)? {
        return Err(broken("it ends without the mark of its end: it was cut off"));
    }
    let (mark, len) = head.split_at(4);
    if mark != CONTINUES {
        return Err(broken(
            "a message does not begin where it should; very old Arrow files are not read",
        ));
    }
    let len = len.first_chunk::<4>().map_or(0, |len| u64::from(u32::from_le_bytes(*len)));
    if len == 0 {
        return Ok(None);
    }
    let body = at + 8 + len;
    if len > LONGEST || body > input.len() {
        return Err(broken("a message is longer than the file"));
    }
    let mut message = Message { bytes: vec![0; num::fits(len)], body, size: 0 };
    if !input.read_exact_at(at + 8, &mut message.bytes)? {
        return Err(broken("a message is cut off"));
    }
    let size = message.parsed().map(|parsed| parsed.bodyLength());
    let size = size
        .and_then(|size| u64::try_from(size).ok())
        .ok_or_else(|| broken("a message cannot be read"))?;
    if body.checked_add(size).is_none_or(|end| end > input.len()) {
        return Err(broken("it is cut off within a batch"));
    }
    message.size = size;
    Ok(Some(message))
}

impl Reader for ArrowReader {
    fn worker(&self) -> Result<Box<dyn Worker + '_>, PredictionsError> {
        let interners = self.bound.leaves.iter().map(|_| Interner::default()).collect();
        Ok(Box::new(ArrowWorker { reader: self, interners, scratch: Vec::new() }))
    }
}

struct ArrowWorker<'r> {
    reader: &'r ArrowReader,
    interners: Vec<Interner>,
    scratch: Vec<u8>,
}

impl Worker for ArrowWorker<'_> {
    fn next(&mut self, block: &mut Block) -> Result<bool, PredictionsError> {
        let reader = self.reader;
        let Some((batch, from, rows)) = reader.take()? else {
            return Ok(false);
        };
        block.rows = rows;
        block.columns.clear();
        for (leaf, interner) in reader.bound.leaves.iter().zip(&mut self.interners) {
            let place = Rows {
                input: &reader.input,
                limits: &reader.limits,
                buffers: &batch.buffers,
                column: &leaf.name,
                from: num::wide(from),
                count: rows,
            };
            block.columns.push(reader.values(leaf, &batch, &place, interner, &mut self.scratch)?);
        }
        Ok(true)
    }
}

impl ArrowReader {
    fn values(
        &self,
        leaf: &Leaf,
        batch: &Batch,
        rows: &Rows<'_>,
        interner: &mut Interner,
        scratch: &mut Vec<u8>,
    ) -> Result<Values, PredictionsError> {
        let number = |row: usize| format!("row {}", batch.first + rows.from + num::wide(row) + 1);
        let own = (leaf.node, leaf.buffer, leaf.views);
        for (_, buffer, views) in leaf.parents.iter().chain([&own]) {
            if let Some(absent) = rows.absent(batch.buffers.place(*buffer, *views), scratch)? {
                return Err(refusal::null(self.input.name(), &leaf.name, number(absent)));
            }
        }
        let place = batch.buffers.place(leaf.buffer, leaf.views);
        let plain = rows.values(leaf.shape, place, interner, scratch)?;
        let refuse = |row: usize, value: f64| {
            refusal::not_finite(self.input.name(), &leaf.name, number(row), value)
        };
        match plain {
            Plain::Int(codes) if let Some(coded) = leaf.coded => {
                decoded(batch.dictionaries.get(&coded.id), codes, coded.values, rows)
            }
            Plain::Int(v) => Ok(Values::Int(v)),
            Plain::Bool(v) => Ok(Values::Bool(v)),
            Plain::F32(v) => match v.iter().position(|x| !x.is_finite()) {
                Some(row) => Err(refuse(row, v.get(row).map_or(0.0, |x| f64::from(*x)))),
                None => Ok(Values::F32(v)),
            },
            Plain::F64(v) => match v.iter().position(|x| !x.is_finite()) {
                Some(row) => Err(refuse(row, v.get(row).copied().unwrap_or(0.0))),
                None => Ok(Values::F64(v)),
            },
            Plain::Text(codes) => Ok(Values::Text { dictionary: interner.dictionary(), codes }),
        }
    }
}

/// Replaces codes by their values.
fn decoded(
    dictionary: Option<&Dictionary>,
    codes: Vec<i64>,
    shape: Shape,
    rows: &Rows<'_>,
) -> Result<Values, PredictionsError> {
    let broken = || rows.corrupt("a code has no entry in its dictionary");
    let place = |code: i64| usize::try_from(code).map_err(|_| broken());
    match dictionary {
        Some(Dictionary::Text(texts, known)) => {
            let code = |code: i64| known.get(place(code)?).copied().ok_or_else(broken);
            let codes = codes.into_iter().map(code).collect::<Result<_, _>>()?;
            Ok(Values::Text { dictionary: Arc::clone(texts), codes })
        }
        Some(Dictionary::Int(values)) => {
            let value = |code: i64| values.get(place(code)?).copied().ok_or_else(broken);
            Ok(Values::Int(codes.into_iter().map(value).collect::<Result<_, _>>()?))
        }
        // An empty dictionary may be missing from the file.
        None if codes.is_empty() && matches!(shape, Shape::Int { .. }) => {
            Ok(Values::Int(Vec::new()))
        }
        None if codes.is_empty() => {
            Ok(Values::Text { dictionary: Arc::from([]), codes: Vec::new() })
        }
        None => Err(broken()),
    }
}
