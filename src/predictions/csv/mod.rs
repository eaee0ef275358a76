//! Comma-, tab-, semicolon- and bar-separated text (RFC 4180), with a header.
//!
//! A piece is indexed once, field by field, and then each wanted column is read down its fields.

mod fields;
mod header;

use super::{
    Limits, PredictionsError,
    block::{Block, Kind, Reader, Values, Wanted, Worker},
    num,
    number::{self, Scanned},
    pieces::{Ends, Piece, Pieces},
    refusal,
    stream::Stream,
    text::{self, Interner},
};
use crate::model::is_missing_word;
use fields::{Fields, Misquoted, cell};

/// One file of separated text.
pub(super) struct CsvReader {
    pieces: Pieces,
    limits: Limits,
    delimiter: u8,
    /// Fields per record.
    width: usize,
    columns: Vec<Column>,
}

/// A wanted column.
struct Column {
    name: String,
    /// The index of its field in a record.
    place: usize,
    number: bool,
}

impl CsvReader {
    /// Reads the header and finds the columns.
    pub(super) fn open(
        mut stream: Stream,
        start: Vec<u8>,
        wanted: &[Wanted],
        limits: &Limits,
    ) -> Result<Self, PredictionsError> {
        let header = header::read(&mut stream, start, wanted, limits)?;
        let names: Vec<&str> = header.names.iter().map(String::as_str).collect();
        let mut sorted = names.clone();
        sorted.sort_unstable();
        if let Some([twice, _]) = sorted.array_windows().find(|[a, b]| a == b) {
            return Err(refusal::duplicate_column(stream.name(), twice));
        }
        let find = |wanted: &Wanted| {
            let place = names.iter().position(|name| *name == wanted.name);
            let place =
                place.ok_or_else(|| refusal::missing_column(stream.name(), wanted, &names))?;
            Ok(Column { name: wanted.name.clone(), place, number: wanted.kind == Kind::Number })
        };
        let columns = wanted.iter().map(find).collect::<Result<_, _>>()?;
        let width = names.len();
        let pieces = Pieces::new(stream, header.rest, header.lines, Ends::Unquoted, limits);
        Ok(Self { pieces, limits: *limits, delimiter: header.delimiter, width, columns })
    }
}

impl Reader for CsvReader {
    fn worker(&self) -> Result<Box<dyn Worker + '_>, PredictionsError> {
        Ok(Box::new(CsvWorker {
            reader: self,
            piece: Piece::default(),
            fields: Fields::default(),
            interners: self.columns.iter().map(|_| Interner::default()).collect(),
        }))
    }
}

struct CsvWorker<'r> {
    reader: &'r CsvReader,
    piece: Piece,
    fields: Fields,
    interners: Vec<Interner>,
}

impl Worker for CsvWorker<'_> {
    fn next(&mut self, block: &mut Block) -> Result<bool, PredictionsError> {
        let reader = self.reader;
        if !reader.pieces.next(&mut self.piece)? {
            return Ok(false);
        }
        let bytes = self.piece.bytes();
        self.fields
            .index(bytes, reader.delimiter, self.piece.quotes)
            .map_err(|what| reader.misquoted(&self.piece, what))?;
        let rows = self.rows()?;
        block.rows = rows;
        block.columns.resize_with(reader.columns.len(), || Values::Int(Vec::new()));
        for ((column, interner), values) in
            reader.columns.iter().zip(&mut self.interners).zip(&mut block.columns)
        {
            let down = Down { reader, piece: &self.piece, fields: &self.fields, column, rows };
            if column.number {
                down.numbers(values)?;
            } else {
                down.texts(values, interner)?;
            }
        }
        Ok(true)
    }
}

impl CsvWorker<'_> {
    /// How many records there are; an error if one has the wrong width.
    fn rows(&self) -> Result<usize, PredictionsError> {
        let (width, bytes) = (self.reader.width, self.piece.bytes());
        let rows = self.piece.records;
        // There are as many line feeds that end records as there are records. If one ends each last
        // field, none ends another field.
        let ends = |row: usize| self.fields.ends_record(bytes, (row + 1) * width - 1);
        if self.fields.len() == rows * width && (0..rows).all(ends) {
            return Ok(rows);
        }
        let (mut row, mut count) = (0, 0);
        for place in 0..self.fields.len() {
            count += 1;
            if !self.fields.ends_record(bytes, place) {
                continue;
            }
            if count != width {
                let line = self.piece.line_at(self.fields.end(place));
                let file = refusal::quoted(self.reader.pieces.name());
                let found = match count {
                    1 if self.fields.raw(bytes, place).is_empty() => "is empty".to_owned(),
                    1 => "has 1 field".to_owned(),
                    n => format!("has {n} fields"),
                };
                let message = format!("line {line} of {file} {found} where the header has {width}");
                return Err(PredictionsError::new("predictions-syntax", message));
            }
            (row, count) = (row + 1, 0);
        }
        Ok(row)
    }
}

impl CsvReader {
    fn misquoted(&self, piece: &Piece, what: Misquoted) -> PredictionsError {
        let (Misquoted::Stray(at) | Misquoted::After(at) | Misquoted::Open(at)) = what;
        header::misquoted(self.pieces.name(), what, piece.line_at(at))
    }
}

/// One column of one piece.
struct Down<'w> {
    reader: &'w CsvReader,
    piece: &'w Piece,
    fields: &'w Fields,
    column: &'w Column,
    rows: usize,
}

impl<'w> Down<'w> {
    fn raw(&self, row: usize) -> &'w [u8] {
        self.fields.raw(self.piece.bytes(), row * self.reader.width + self.column.place)
    }

    fn last(&self) -> bool {
        self.column.place + 1 == self.reader.width
    }

    fn place(&self, row: usize) -> String {
        let end = self.fields.end(row * self.reader.width + self.column.place);
        format!("row {} (line {})", self.piece.row + num::wide(row) + 1, self.piece.line_at(end))
    }

    fn numbers(&self, values: &mut Values) -> Result<(), PredictionsError> {
        let mut out = match values {
            Values::F64(v) => std::mem::take(v),
            _ => Vec::new(),
        };
        out.clear();
        out.reserve(self.rows);
        for row in 0..self.rows {
            let raw = self.raw(row);
            out.push(match number::scan(raw) {
                Some(Scanned { len, value, .. }) if len == raw.len() && value.is_finite() => value,
                _ => self.number(row)?,
            });
        }
        *values = Values::F64(out);
        Ok(())
    }

    /// A number with characters around it, or the refusal of a cell that is not a number.
    #[cold]
    fn number(&self, row: usize) -> Result<f64, PredictionsError> {
        let cell = cell(self.raw(row), self.last());
        let text = cell.trim_ascii();
        let (file, column) = (self.reader.pieces.name(), &self.column.name);
        if text.is_empty() {
            return Err(refusal::null(file, column, self.place(row)));
        }
        match number::scan(text) {
            Some(Scanned { len, value, .. }) if len == text.len() && value.is_finite() => {
                return Ok(value);
            }
            Some(Scanned { len, .. }) if len == text.len() => {}
            _ if not_finite(text) => {}
            _ if let Some(word) = missing(text) => {
                return Err(refusal::missing_number(file, column, self.place(row), word));
            }
            _ => return Err(refusal::not_a_number(file, column, self.place(row), text)),
        }
        Err(refusal::not_finite(file, column, self.place(row), refusal::quoted_bytes(text)))
    }

    fn texts(&self, values: &mut Values, interner: &mut Interner) -> Result<(), PredictionsError> {
        let mut codes = text::codes(values);
        codes.reserve(self.rows);
        let last = self.last();
        let (file, name, limits) =
            (self.reader.pieces.name(), &self.column.name, &self.reader.limits);
        for row in 0..self.rows {
            let cell = cell(self.raw(row), last);
            if cell.len() > limits.cell {
                let what = format!(
                    "the cell of column {} at {} is longer than {} bytes",
                    refusal::quoted(name),
                    self.place(row),
                    limits.cell
                );
                return Err(refusal::too_large(file, what));
            }
            let Some(code) = interner.code(&cell) else {
                return Err(refusal::not_utf8(file, name, self.place(row)));
            };
            codes.push(code);
        }
        if interner.len() > limits.distinct {
            return Err(refusal::too_many_texts(file, name, limits));
        }
        *values = Values::Text { dictionary: interner.dictionary(), codes };
        Ok(())
    }
}

/// The text, if it is a word for a missing value.
fn missing(text: &[u8]) -> Option<&str> {
    std::str::from_utf8(text).ok().filter(|text| is_missing_word(text))
}

/// Whether the text is a spelling of a value that is not finite.
fn not_finite(text: &[u8]) -> bool {
    let bare = text.strip_prefix(b"-").or_else(|| text.strip_prefix(b"+")).unwrap_or(text);
    ["nan", "inf", "infinity", "1.#inf", "1.#qnan", "1.#ind"]
        .iter()
        .any(|w| bare.eq_ignore_ascii_case(w.as_bytes()))
}
