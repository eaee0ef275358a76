//! JSON Lines: one object per line, with its keys in any order.
//!
//! A column of `Kind::Number` takes numbers only. In other columns integers stay integers, and
//! integers mixed with fractions become doubles. Within one block, a column that mixes numbers,
//! text or booleans, or that has integers beyond 64 bits, becomes text as written.

mod column;
mod plan;
mod scanner;

use super::{
    Limits, PredictionsError,
    block::{Block, Kind, Reader, Values, Wanted, Worker},
    number,
    pieces::{Ends, Piece, Pieces},
    refusal,
    stream::Stream,
};
use column::{Column, Not};
use plan::{Action, Plan};
use scanner::{Fault, Scanner, Text};

/// One file of JSON Lines.
pub(super) struct JsonlReader {
    pieces: Pieces,
    limits: Limits,
    wanted: Vec<Wanted>,
    plan: Plan,
}

/// The most bytes of the first row.
const LONGEST: usize = 16 << 20;

impl JsonlReader {
    /// Finds the columns in the first row.
    pub(super) fn open(
        mut stream: Stream,
        start: Vec<u8>,
        wanted: &[Wanted],
        limits: &Limits,
    ) -> Result<Self, PredictionsError> {
        let mut start = start;
        let blank = start.iter().position(|b| !b.is_ascii_whitespace()).unwrap_or(0);
        let end = loop {
            if let Some(at) = memchr::memchr(b'\n', start.get(blank..).unwrap_or_default()) {
                break blank + at;
            }
            if start.len() > LONGEST {
                return Err(refusal::too_large(
                    stream.name(),
                    "its first row does not end within 16 MiB",
                ));
            }
            let mut more = vec![0; 256 << 10];
            let n = stream.fill(&mut more)?;
            if n == 0 {
                break start.len();
            }
            start.extend_from_slice(more.get(..n).unwrap_or_default());
        };
        let first = start.get(blank..end).unwrap_or_default();
        let mut paths = Vec::new();
        let mut scanner = Scanner { bytes: first, at: 0, depth: limits.depth };
        // An error in this row is reported when the row is read, together with its line.
        let _ = collect(&mut scanner, "", 0, limits, &mut paths);
        let names: Vec<&str> = paths.iter().map(String::as_str).collect();
        let whole = scanner.rest().trim_ascii().is_empty();
        if let Some(missing) = wanted.iter().find(|w| whole && !names.contains(&w.name.as_str())) {
            return Err(refusal::missing_column(stream.name(), missing, &names));
        }
        let pieces = Pieces::new(stream, start, 0, Ends::Lines, limits);
        Ok(Self { pieces, limits: *limits, wanted: wanted.to_vec(), plan: Plan::new(wanted) })
    }

    /// The error for a broken line, with file, line and column.
    fn broken(&self, piece: &Piece, fault: Fault) -> PredictionsError {
        let before = piece.bytes().get(..fault.at).unwrap_or(piece.bytes());
        let line =
            before.get(memchr::memrchr(b'\n', before).map_or(0, |at| at + 1)..).unwrap_or_default();
        let column = String::from_utf8_lossy(line).chars().count() + 1;
        let (line, file) = (piece.line_at(fault.at), refusal::quoted(self.pieces.name()));
        let message = format!("line {line}, column {column} of {file}: {}", fault.what);
        PredictionsError::new("predictions-syntax", message)
    }
}

/// Collects the paths to every value in a row that is not an object.
fn collect(
    scanner: &mut Scanner<'_>,
    prefix: &str,
    depth: usize,
    limits: &Limits,
    paths: &mut Vec<String>,
) -> Result<(), Fault> {
    scanner.members(depth, |scanner, key| {
        let path = format!("{prefix}{}", String::from_utf8_lossy(&key.value()?));
        if paths.len() >= limits.columns || path.len() > limits.cell {
            return scanner.fault("it has more columns than are read");
        }
        if scanner.peek() == Some(b'{') {
            return collect(scanner, &format!("{path}."), depth + 1, limits, paths);
        }
        paths.push(path);
        scanner.skip(depth + 1)
    })
}

impl Reader for JsonlReader {
    fn worker(&self) -> Result<Box<dyn Worker + '_>, PredictionsError> {
        Ok(Box::new(JsonlWorker {
            reader: self,
            piece: Piece::default(),
            columns: self.wanted.iter().map(|wanted| Column::new(wanted.kind)).collect(),
            order: (0..self.plan.nodes()).map(|_| Vec::new()).collect(),
        }))
    }
}

struct JsonlWorker<'r> {
    reader: &'r JsonlReader,
    piece: Piece,
    columns: Vec<Column>,
    order: Vec<Order>,
}

/// The keys of an object in the order in which earlier rows had them, each as it is written,
/// including the colon. Rows that one program wrote have the same keys, so usually one comparison
/// identifies the key.
type Order = Vec<(Vec<u8>, Action)>;

/// How many keys of an object are remembered.
const REMEMBERED: usize = 512;

/// Why a row was not accepted.
enum Stop {
    Fault(Fault),
    /// A value was not accepted: the column, and where the value begins.
    Value(usize, usize, Not),
    Null(usize, usize),
    NotFinite(usize, usize, &'static str),
    Nested(usize, usize),
}

impl From<Fault> for Stop {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

impl Worker for JsonlWorker<'_> {
    fn next(&mut self, block: &mut Block) -> Result<bool, PredictionsError> {
        let reader = self.reader;
        if !reader.pieces.next(&mut self.piece)? {
            return Ok(false);
        }
        if let Err(error) = std::str::from_utf8(self.piece.bytes()) {
            let fault =
                Fault { at: error.valid_up_to(), what: "it is not UTF-8; write the file as UTF-8" };
            return Err(reader.broken(&self.piece, fault));
        }
        block.columns.resize_with(self.columns.len(), || Values::Int(Vec::new()));
        let mut as_text = vec![false; self.columns.len()];
        loop {
            for ((column, values), as_text) in
                self.columns.iter_mut().zip(&mut block.columns).zip(&as_text)
            {
                column.begin(std::mem::replace(values, Values::Int(Vec::new())), *as_text);
            }
            let bytes = self.piece.bytes();
            let mut rows =
                Rows { reader, bytes, columns: &mut self.columns, order: &mut self.order, row: 0 };
            match rows.all() {
                Ok(n) => {
                    block.rows = n;
                    break;
                }
                Err(Stop::Value(column, _, Not::Same)) if as_text.get(column) == Some(&false) => {
                    if let Some(as_text) = as_text.get_mut(column) {
                        *as_text = true;
                    }
                    for (column, values) in self.columns.iter_mut().zip(&mut block.columns) {
                        *values = column.end();
                    }
                }
                Err(stop) => return Err(self.refusal(stop)),
            }
        }
        for ((column, wanted), values) in
            self.columns.iter_mut().zip(&reader.wanted).zip(&mut block.columns)
        {
            if column.distinct() > reader.limits.distinct {
                return Err(refusal::too_many_texts(
                    reader.pieces.name(),
                    &wanted.name,
                    &reader.limits,
                ));
            }
            *values = column.end();
        }
        Ok(true)
    }
}

impl JsonlWorker<'_> {
    fn refusal(&self, stop: Stop) -> PredictionsError {
        let file = self.reader.pieces.name();
        let name = |column: usize| self.reader.wanted.get(column).map_or("", |w| w.name.as_str());
        let kind = |column: usize| self.reader.wanted.get(column).map_or(Kind::Any, |w| w.kind);
        let line = |at| format!("line {}", self.piece.line_at(at));
        let written = |at: usize| {
            let rest = self.piece.bytes().get(at..).unwrap_or_default();
            let mut scanner = Scanner { bytes: rest, at: 0, depth: self.reader.limits.depth };
            let _ = scanner.skip(0);
            rest.get(..scanner.at).unwrap_or_default()
        };
        match stop {
            Stop::Fault(fault) => self.reader.broken(&self.piece, fault),
            Stop::Null(column, at) => refusal::null(file, name(column), line(at)),
            Stop::NotFinite(column, at, word) => {
                refusal::not_finite(file, name(column), line(at), word)
            }
            Stop::Nested(column, at) => {
                let is = format!("a list or an object in {}", line(at));
                refusal::wrong_type(file, name(column), &is, kind(column))
            }
            Stop::Value(column, at, not) => match not {
                Not::Once => {
                    let what = format!(
                        "{} of {} has the key {} twice",
                        line(at),
                        refusal::quoted(file),
                        refusal::quoted(name(column))
                    );
                    PredictionsError::new("predictions-duplicate-column", what)
                }
                Not::Number | Not::Same => {
                    refusal::not_a_number(file, name(column), line(at), written(at))
                }
                Not::Name => {
                    let is = format!("a number with a fraction in {}", line(at));
                    refusal::wrong_type(file, name(column), &is, kind(column))
                }
                Not::Finite => refusal::not_finite(
                    file,
                    name(column),
                    line(at),
                    refusal::quoted_bytes(written(at)),
                ),
                Not::Short => refusal::too_large(
                    file,
                    format!(
                        "a text in column {} at {} is too long",
                        refusal::quoted(name(column)),
                        line(at)
                    ),
                ),
            },
        }
    }
}

/// Reads the rows of one piece.
struct Rows<'w> {
    reader: &'w JsonlReader,
    bytes: &'w [u8],
    columns: &'w mut [Column],
    order: &'w mut [Order],
    row: usize,
}

impl<'w> Rows<'w> {
    fn all(&mut self) -> Result<usize, Stop> {
        let mut scanner = Scanner { bytes: self.bytes, at: 0, depth: self.reader.limits.depth };
        loop {
            scanner.blanks();
            match scanner.peek() {
                None => return Ok(self.row),
                Some(b'\n') => {
                    scanner.at += 1;
                    continue;
                }
                _ => {}
            }
            let start = scanner.at;
            self.object(&mut scanner, 0, 0)?;
            scanner.blanks();
            if !matches!(scanner.peek(), Some(b'\n') | None) {
                return Ok(scanner.fault("something stands behind the object")?);
            }
            if let Some(column) =
                self.columns.iter().position(|column| column.rows() != self.row + 1)
            {
                return Err(Stop::Null(column, start));
            }
            self.row += 1;
        }
    }

    fn object(&mut self, scanner: &mut Scanner<'w>, node: usize, depth: usize) -> Result<(), Stop> {
        if depth >= scanner.depth {
            return Ok(scanner.fault("it nests too deep")?);
        }
        scanner
            .expect(b'{', "an object was expected; every row has to be one object on one line")?;
        scanner.blanks();
        if scanner.peek() == Some(b'}') {
            scanner.at += 1;
            return Ok(());
        }
        for place in 0..self.reader.limits.columns {
            let known = self.order.get(node).and_then(|order| order.get(place));
            let action = match known.filter(|(key, _)| scanner.rest().starts_with(key)) {
                Some((key, action)) => {
                    scanner.at += key.len();
                    scanner.blanks();
                    *action
                }
                None => self.key(scanner, node, place)?,
            };
            match action {
                Action::Leaf(leaf) => self.leaf(scanner, leaf)?,
                Action::Inner(inner) if scanner.peek() == Some(b'{') => {
                    self.object(scanner, inner, depth + 1)?;
                }
                Action::Inner(_) | Action::Skip => scanner.skip(depth + 1)?,
            }
            if !scanner.more(b'}')? {
                return Ok(());
            }
        }
        Ok(scanner.fault("it has more columns than are read")?)
    }

    /// Reads a key that is not the remembered one.
    fn key(
        &mut self,
        scanner: &mut Scanner<'w>,
        node: usize,
        place: usize,
    ) -> Result<Action, Stop> {
        let start = scanner.at;
        let key: Text<'w> = scanner.key()?;
        scanner.colon()?;
        let action = self.reader.plan.action(node, &key.value()?);
        let written = self.bytes.get(start..scanner.at).unwrap_or_default();
        if let Some(order) = self.order.get_mut(node)
            && written.len() <= 256
        {
            if let Some(known) = order.get_mut(place) {
                *known = (written.to_vec(), action);
            } else if order.len() == place && place < REMEMBERED {
                order.push((written.to_vec(), action));
            }
        }
        Ok(action)
    }

    #[inline]
    fn leaf(&mut self, scanner: &mut Scanner<'w>, leaf: usize) -> Result<(), Stop> {
        let at = scanner.at;
        let reader = self.reader;
        let columns = reader.plan.leaves.get(leaf).map_or(&[][..], |columns| columns);
        let first = columns.first().copied().unwrap_or(0);
        match scanner.peek() {
            Some(b'"') => {
                let text = scanner.string()?.value()?;
                if text.len() > reader.limits.cell {
                    return Err(Stop::Value(first, at, Not::Short));
                }
                self.each(columns, at, |column, row| column.text(row, &text, false))
            }
            Some(b'0'..=b'9' | b'-') if let Some(number) = number::scan(scanner.rest()) => {
                if !number.json {
                    return Ok(scanner.fault("a number is not written as JSON writes it")?);
                }
                let written = scanner.rest().get(..number.len).unwrap_or_default();
                scanner.at += number.len;
                if written.len() > reader.limits.cell {
                    return Err(Stop::Value(first, at, Not::Short));
                }
                self.each(columns, at, |column, row| column.number(row, &number, written))
            }
            Some(b'{' | b'[') => Err(Stop::Nested(first, at)),
            _ if scanner.word("true") => {
                self.each(columns, at, |column, row| column.boolean(row, true))
            }
            _ if scanner.word("false") => {
                self.each(columns, at, |column, row| column.boolean(row, false))
            }
            _ if scanner.word("null") => Err(Stop::Null(first, at)),
            _ => match scanner.not_finite() {
                Some(word) => Err(Stop::NotFinite(first, at, word)),
                None => Ok(scanner.fault("a value was expected")?),
            },
        }
    }

    fn each(
        &mut self,
        columns: &[usize],
        at: usize,
        put: impl Fn(&mut Column, usize) -> Result<(), Not>,
    ) -> Result<(), Stop> {
        for place in columns {
            if let Some(column) = self.columns.get_mut(*place) {
                put(column, self.row).map_err(|not| Stop::Value(*place, at, not))?;
            }
        }
        Ok(())
    }
}
