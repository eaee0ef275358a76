//! Text tables such as CSV, with the place of every row.

use super::{
    error::EvidenceError,
    json::{MAX_VALUES, Place},
};

/// A table: rows of cells, of which the first is the header.
#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    rows: Vec<Row>,
}

/// One row.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// The byte where it starts.
    pub at: usize,
    cells: csv::StringRecord,
}

impl Row {
    /// The cell in this column, counted from 0, without the spaces around it; `None` if the row is
    /// shorter.
    pub fn get(&self, column: usize) -> Option<&str> {
        self.cells.get(column).map(str::trim)
    }

    /// The cells.
    pub fn cells(&self) -> impl Iterator<Item = &str> {
        self.cells.iter().map(str::trim)
    }

    /// How many cells there are.
    pub fn len(&self) -> usize {
        self.cells.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.cells.is_empty()
    }
}

impl Table {
    /// All rows, including the header.
    pub fn all(&self) -> &[Row] {
        &self.rows
    }

    /// The rows below the first.
    pub fn rows(&self) -> &[Row] {
        self.rows.get(1..).unwrap_or(&[])
    }

    /// The names of the columns.
    pub fn header(&self) -> impl Iterator<Item = &str> {
        self.rows.first().into_iter().flat_map(Row::cells)
    }

    /// The column of this name, counted from 0. `None` also if two columns share the name, because
    /// choosing one would be a guess.
    pub fn column(&self, name: &str) -> Option<usize> {
        let mut columns =
            self.header().enumerate().filter(|(_, column)| *column == name).map(|(i, _)| i);
        let column = columns.next();
        if columns.next().is_some() { None } else { column }
    }
}

/// Reads a table whose cells are separated by `separator`. Rows may differ in length.
///
/// # Errors
/// When a quoted cell never ends, or there are too many cells.
pub fn read(text: &str, separator: u8) -> Result<Table, EvidenceError> {
    // A single row of separators would fill the memory before its cells were counted.
    let most = memchr::memchr2_iter(separator, b'\n', text.as_bytes()).nth(MAX_VALUES);
    if let Some(at) = most {
        return Err(refused(
            text,
            Some(at),
            format!("the table holds more than {MAX_VALUES} cells; split it"),
        ));
    }
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(separator)
        .from_reader(text.as_bytes());
    let mut rows = Vec::new();
    let mut cells = 0_usize;
    for record in reader.records() {
        let record = record.map_err(|error| {
            let at = error.position().map(|p| usize::try_from(p.byte()).unwrap_or(usize::MAX));
            refused(text, at, error.to_string())
        })?;
        let at = start(
            text,
            record.position().map_or(0, |p| usize::try_from(p.byte()).unwrap_or(usize::MAX)),
        );
        cells = cells.saturating_add(record.len());
        if cells > MAX_VALUES {
            return Err(refused(
                text,
                Some(at),
                format!("the table holds more than {MAX_VALUES} cells; split it"),
            ));
        }
        rows.push(Row { at, cells: record });
    }
    unclosed(text, &rows, separator)?;
    Ok(Table { rows })
}

/// The longest first line that can be a header.
const MAX_HEADER_BYTES: usize = 1 << 16;

/// The cells of the first line; `None` if the text starts as JSON or XML does, or the line has only
/// one cell.
pub fn header(text: &str, separator: u8) -> Option<Vec<String>> {
    // Every format calls this, whatever the document is. A line that this limit cuts off is not a
    // header.
    let start = text.get(..text.floor_char_boundary(MAX_HEADER_BYTES))?;
    if start.trim_start().starts_with(['{', '[', '<']) {
        return None;
    }
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(separator)
        .from_reader(start.as_bytes());
    let first = reader.records().next()?.ok()?;
    let whole =
        start.len() == text.len() || reader.position().byte() < u64::try_from(start.len()).ok()?;
    (whole && first.len() > 1).then(|| first.iter().map(|cell| cell.trim().to_owned()).collect())
}

/// The first byte from `at` on that does not end a line: the CSV reader counts empty lines as part
/// of the row after them.
fn start(text: &str, at: usize) -> usize {
    let rest = text.get(at..).unwrap_or("");
    at + (rest.len() - rest.trim_start_matches(['\r', '\n']).len())
}

/// Refuses a quote that never closes. It would silently swallow the rest of the file; a row
/// appended after the last one would be swallowed, too.
fn unclosed(text: &str, rows: &[Row], separator: u8) -> Result<(), EvidenceError> {
    let Some(last) = rows.last() else { return Ok(()) };
    let tail = text.get(last.at..).unwrap_or("");
    if !tail.contains('"') {
        return Ok(());
    }
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(separator)
        .from_reader(std::io::Read::chain(tail.as_bytes(), &b"\nend\n"[..]));
    let ends = reader
        .byte_records()
        .last()
        .and_then(Result::ok)
        .is_some_and(|row| row.len() == 1 && row.get(0) == Some(b"end"));
    if ends {
        Ok(())
    } else {
        Err(refused(text, Some(last.at), "a quoted cell of this row never ends".to_owned()))
    }
}

fn refused(text: &str, at: Option<usize>, message: String) -> EvidenceError {
    EvidenceError::Syntax { syntax: "CSV", place: at.map(|at| Place::of(text, at)), message }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_found_by_their_column_and_keep_their_place() {
        let table = read("a,b c\n1, \"x, y\"\r\n\n2,\"q\"\"r\",3\n", b',').unwrap();
        assert_eq!(table.header().collect::<Vec<_>>(), ["a", "b c"]);
        let column = table.column("b c").unwrap();
        assert_eq!(table.rows()[1].get(column), Some("q\"r"));
        assert_eq!(table.rows()[1].len(), 3);
        assert_eq!(
            Place::of("a,b c\n1, \"x, y\"\r\n\n2,\"q\"\"r\",3\n", table.rows()[1].at).line,
            4
        );
    }

    #[test]
    fn a_quote_that_never_ends_is_refused_with_its_place() {
        let error = read("a,b\n1,2\n3,\"4\n5,6\n", b',').unwrap_err();
        assert_eq!(error.code(), "evidence-syntax");
        assert!(error.to_string().contains("line 3"), "{error}");
    }
}
