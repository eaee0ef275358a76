//! A stream of text that is cut at ends of records under a lock; the pieces are parsed without the
//! lock.

use super::{Limits, PredictionsError, num, refusal, stream::Stream};
use std::sync::{Mutex, PoisonError};

/// Bytes of a piece: small enough for the cache of one core.
const PIECE: usize = 512 << 10;

/// The most bytes of a record.
const LONGEST_RECORD: usize = 16 << 20;

/// Whole records, and where they are in the file.
#[derive(Debug, Default)]
pub(super) struct Piece {
    buffer: Vec<u8>,
    len: usize,
    /// Lines before it.
    pub(super) line: u64,
    /// Records before it.
    pub(super) row: u64,
    /// Records in it.
    pub(super) records: usize,
    /// Whether it contains a quote.
    pub(super) quotes: bool,
}

impl Piece {
    /// Its bytes; only the last record of a file may lack its line feed.
    pub(super) fn bytes(&self) -> &[u8] {
        self.buffer.get(..self.len).unwrap_or_default()
    }

    /// The line, from one, of the byte `at`.
    pub(super) fn line_at(&self, at: usize) -> u64 {
        let before = self.bytes().get(..at).unwrap_or(self.bytes());
        self.line + num::wide(memchr::memchr_iter(b'\n', before).count()) + 1
    }
}

/// What ends a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ends {
    /// Every line feed.
    Lines,
    /// Line feeds outside double quotes.
    Unquoted,
}

struct State {
    stream: Stream,
    rest: Vec<u8>,
    line: u64,
    row: u64,
    ended: bool,
    failed: bool,
}

/// Reads pieces from a stream.
pub(super) struct Pieces {
    name: String,
    ends: Ends,
    limits: Limits,
    state: Mutex<State>,
}

/// The result of a scan: the end of the last whole record, and how many records and lines end up to
/// there.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
struct Seen {
    cut: usize,
    records: usize,
    lines: usize,
    quotes: bool,
}

impl Pieces {
    /// A stream of which `rest` was already read, after `line` lines.
    pub(super) fn new(
        stream: Stream,
        rest: Vec<u8>,
        line: u64,
        ends: Ends,
        limits: &Limits,
    ) -> Self {
        let name = stream.name().to_owned();
        let state = Mutex::new(State { stream, rest, line, row: 0, ended: false, failed: false });
        Self { name, ends, limits: *limits, state }
    }

    /// The name of the file in messages.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Reads the next piece; `false` if there is none left.
    pub(super) fn next(&self, piece: &mut Piece) -> Result<bool, PredictionsError> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.failed {
            return Ok(false);
        }
        let got = self.cut(&mut state, piece);
        state.failed = got.is_err();
        got
    }

    fn cut(&self, state: &mut State, piece: &mut Piece) -> Result<bool, PredictionsError> {
        let mut len = state.rest.len();
        let mut want = PIECE.max(len);
        loop {
            if piece.buffer.len() < want {
                piece.buffer.resize(want, 0);
            }
            if let Some(front) = piece.buffer.get_mut(..state.rest.len()) {
                front.copy_from_slice(&state.rest);
            }
            if !state.ended {
                let space = piece.buffer.get_mut(len..want).unwrap_or_default();
                let n = state.stream.fill(space)?;
                state.ended = n < space.len();
                len += n;
            }
            let bytes = piece.buffer.get(..len).unwrap_or_default();
            let mut seen = scan(bytes, self.ends);
            if state.ended {
                // Blank lines after the last record are not records.
                let end =
                    bytes.iter().rposition(|b| !matches!(b, b'\n' | b'\r')).map_or(0, |at| at + 1);
                let end = if seen.cut > end { end } else { len };
                if end == 0 {
                    return Ok(false);
                }
                seen = Seen {
                    quotes: seen.quotes,
                    ..scan(bytes.get(..end).unwrap_or_default(), self.ends)
                };
                seen.records += 1;
                seen.cut = end;
            }
            if seen.cut > 0 {
                state.rest.clear();
                if !state.ended {
                    state.rest.extend_from_slice(bytes.get(seen.cut..).unwrap_or_default());
                }
                *piece = Piece {
                    buffer: std::mem::take(&mut piece.buffer),
                    len: seen.cut,
                    line: state.line,
                    row: state.row,
                    records: seen.records,
                    quotes: seen.quotes,
                };
                state.line += num::wide(seen.lines);
                state.row += num::wide(seen.records);
                if state.row > self.limits.rows {
                    return Err(refusal::too_many_rows(&self.name, &self.limits));
                }
                return Ok(true);
            }
            if len >= LONGEST_RECORD {
                let place = state.line + 1;
                let what = format!(
                    "the record that begins in line {place} does not end within 16 MiB; is a quote missing?"
                );
                return Err(refusal::too_large(&self.name, what));
            }
            // The bytes that were read stay in the buffer; only the rest is copied again.
            state.rest.clear();
            state.rest.extend_from_slice(bytes);
            want = (want * 2).min(LONGEST_RECORD);
        }
    }
}

fn scan(bytes: &[u8], ends: Ends) -> Seen {
    let quotes = ends == Ends::Unquoted && memchr::memchr(b'"', bytes).is_some();
    if !quotes {
        let Some(last) = memchr::memrchr(b'\n', bytes) else { return Seen::default() };
        let lines = memchr::memchr_iter(b'\n', bytes).count();
        return Seen { cut: last + 1, records: lines, lines, quotes };
    }
    let (mut seen, mut inside, mut lines) = (Seen { quotes, ..Seen::default() }, false, 0);
    for at in memchr::memchr2_iter(b'"', b'\n', bytes) {
        if bytes.get(at) == Some(&b'"') {
            inside = !inside;
            continue;
        }
        lines += 1;
        if !inside {
            seen.cut = at + 1;
            seen.records += 1;
            seen.lines = lines;
        }
    }
    seen
}
