//! The frame that every shape of the file contains: columns with a name and a field, rows of text.

use crate::evidence::{
    Declined, Document, EvidenceError,
    json::{Json, Object, Value},
};
use std::collections::HashMap;

/// The id of the format.
pub const ID: &str = "nannyml";

/// One column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// The metric, or the column and the method, joined by `/`.
    pub name: String,
    /// The quantity: `value`, `alert`, `upper_threshold`, …
    pub field: String,
    /// Whether it describes the chunk of the row, and not a metric.
    pub is_chunk: bool,
}

/// Columns and rows.
#[derive(Debug, Default)]
pub struct Frame {
    /// The columns.
    pub columns: Vec<Column>,
    /// The cells of every row, as many as there are columns.
    pub rows: Vec<Vec<String>>,
    /// The column of each metric's fields. A map, because a wide frame has thousands of columns.
    places: HashMap<String, HashMap<String, usize>>,
}

impl Frame {
    fn new(columns: Vec<Column>) -> Self {
        let mut places: HashMap<String, HashMap<String, usize>> = HashMap::new();
        for (i, column) in columns.iter().enumerate().filter(|(_, column)| !column.is_chunk) {
            places.entry(column.name.clone()).or_default().entry(column.field.clone()).or_insert(i);
        }
        Self { columns, rows: Vec::new(), places }
    }

    /// The column of this field of this metric.
    pub fn place(&self, name: &str, field: &str) -> Option<usize> {
        self.places.get(name)?.get(field).copied()
    }
}

/// The fields that describe a chunk.
const CHUNK: [&str; 8] = [
    "key",
    "chunk_index",
    "start_index",
    "end_index",
    "start_date",
    "end_date",
    "period",
    "targets_missing_rate",
];

/// The fields that `NannyML` writes for a metric. A name is matched against them in this order, so
/// longer endings come first.
const FIELDS: [&str; 8] = [
    "upper_confidence_boundary",
    "lower_confidence_boundary",
    "upper_threshold",
    "lower_threshold",
    "sampling_error",
    "realized",
    "value",
    "alert",
];

impl Column {
    /// The column of these levels: the last is the field; fields that describe the chunk are below
    /// `chunk`.
    fn of_levels(levels: &[&str]) -> Option<Self> {
        let (field, names) = levels.split_last()?;
        // A column of the data may also be named `chunk`.
        let is_chunk = CHUNK.contains(field)
            && names.first() == Some(&"chunk")
            && names.iter().all(|name| *name == "chunk");
        let names: Vec<&str> = names.iter().copied().filter(|name| !name.is_empty()).collect();
        Some(Self { name: names.join("/"), field: (*field).to_owned(), is_chunk })
    }

    /// The column of a name that joins the levels: with `|`, with `_`, or as a tuple.
    fn of_name(name: &str) -> Self {
        if let Some(tuple) = name.strip_prefix("('").and_then(|rest| rest.strip_suffix("')")) {
            let levels: Vec<&str> = tuple.split("', '").collect();
            if let Some(column) = Self::of_levels(&levels) {
                return column;
            }
        }
        let levels: Vec<&str> = name.split('|').collect();
        if let (true, Some(column)) = (levels.len() > 1, Self::of_levels(&levels)) {
            return column;
        }
        if let Some(field) =
            CHUNK.iter().find(|field| name.strip_prefix("chunk_") == Some(field) || name == **field)
        {
            return Self { name: "chunk".to_owned(), field: (*field).to_owned(), is_chunk: true };
        }
        let metric = FIELDS
            .iter()
            .find_map(|field| Some((name.strip_suffix(field)?.strip_suffix('_')?, *field)));
        match metric {
            Some((metric, field)) => {
                Self { name: metric.to_owned(), field: field.to_owned(), is_chunk: false }
            }
            None => Self { name: String::new(), field: name.to_owned(), is_chunk: false },
        }
    }

    fn is_key(&self) -> bool {
        self.is_chunk && self.field == "key"
    }
}

/// Whether these are the columns of a result.
fn are_ours(columns: &[Column]) -> bool {
    let has = |field: &str| columns.iter().any(|column| column.is_chunk && column.field == field);
    has("key") && has("chunk_index") && has("start_index") && has("end_index")
}

/// Whether the document is a result of `NannyML`.
pub fn detect(document: &Document<'_>) -> Result<(), Declined> {
    const WHY: &str = "no columns `key`, `chunk_index`, `start_index` and `end_index` of a chunk";
    let declined = || Err(Declined::because(WHY));
    if !document.looks_like_json() {
        let header = document.header(b',')?;
        if header.iter().filter(|cell| *cell == "chunk").count() < 4
            && !header.iter().any(|cell| cell == "chunk_key")
        {
            return declined();
        }
        return match document
            .csv()
            .ok()
            .and_then(|table| csv_columns(table.all().iter().take(MAX_LEVELS)))
        {
            Some(_) => Ok(()),
            None => declined(),
        };
    }
    let first = match document.array() {
        Ok(list) => list.first().and_then(Json::as_object),
        Err(_) => Some(document.object()?),
    };
    match first {
        Some(object) if are_ours(&columns(object)) => Ok(()),
        _ => declined(),
    }
}

/// The most header rows.
const MAX_LEVELS: usize = 4;

/// The columns that the header rows name, and how many header rows there are: the last is the one
/// that completes the chunk's fields.
fn csv_columns<'r>(
    rows: impl Iterator<Item = &'r crate::evidence::table::Row>,
) -> Option<(Vec<Option<Column>>, usize)> {
    let mut levels: Vec<Vec<&str>> = Vec::new();
    for row in rows {
        levels.push(row.cells().collect());
        let width = levels.iter().map(Vec::len).max().unwrap_or(0);
        let columns: Vec<Option<Column>> = (0..width)
            .map(|i| {
                let named: Vec<&str> =
                    levels.iter().map(|level| level.get(i).copied().unwrap_or("")).collect();
                match named.as_slice() {
                    // The index, which has no name.
                    _ if named
                        .iter()
                        .all(|name| name.is_empty() || name.starts_with("Unnamed: ")) =>
                    {
                        None
                    }
                    [one] => Some(Column::of_name(one)),
                    _ => Column::of_levels(&named),
                }
            })
            .collect();
        let known: Vec<Column> = columns.iter().flatten().cloned().collect();
        if are_ours(&known) {
            return Some((columns, levels.len()));
        }
    }
    None
}

fn columns(object: &Object<'_>) -> Vec<Column> {
    object.iter().map(|member| Column::of_name(&member.key)).collect()
}

/// Reads the frame.
///
/// # Errors
/// When the document is not such a frame.
pub fn read(document: &Document<'_>) -> Result<Frame, EvidenceError> {
    let frame = if document.looks_like_json() { json(document) } else { csv(document) }?;
    if !are_ours(&frame.columns) {
        return Err(refuse(
            document,
            0,
            "no columns `key`, `chunk_index`, `start_index` and `end_index` of a chunk",
        ));
    }
    Ok(frame)
}

fn csv(document: &Document<'_>) -> Result<Frame, EvidenceError> {
    let table = document.csv().map_err(Clone::clone)?;
    let Some((columns, levels)) = csv_columns(table.all().iter().take(MAX_LEVELS)) else {
        return Err(refuse(document, 0, "no header with the columns of a chunk"));
    };
    let width = columns.len();
    let mut frame = Frame::new(columns.iter().flatten().cloned().collect());
    for row in table.all().iter().skip(levels) {
        // pandas writes the name of the index on a separate line.
        if row.cells().skip(1).all(str::is_empty) {
            continue;
        }
        if row.len() != width {
            return Err(refuse(
                document,
                row.at,
                &format!("a row of {} cells below {width} columns", row.len()),
            ));
        }
        let kept = row.cells().zip(&columns).filter(|(_, column)| column.is_some());
        frame.rows.push(kept.map(|(cell, _)| cell.to_owned()).collect());
    }
    Ok(frame)
}

fn json(document: &Document<'_>) -> Result<Frame, EvidenceError> {
    let json = document.json().map_err(Clone::clone)?;
    match &json.value {
        Value::Array(rows) => records(document, rows),
        Value::Object(object) => by_column(document, object),
        _ => Err(refuse(document, json.at, &format!("not a list of chunks but {}", json.kind()))),
    }
}

fn records(document: &Document<'_>, rows: &[Json<'_>]) -> Result<Frame, EvidenceError> {
    let mut frame = Frame::default();
    let mut places: HashMap<&str, usize> = HashMap::new();
    for row in rows {
        let Some(object) = row.as_object() else {
            return Err(refuse(
                document,
                row.at,
                &format!("a chunk is no object but {}", row.kind()),
            ));
        };
        if places.is_empty() {
            frame = Frame::new(columns(object));
            places = object.iter().zip(0..).map(|(member, i)| (&*member.key, i)).collect();
        }
        let mut cells = vec![String::new(); frame.columns.len()];
        for member in object {
            let Some(cell) = places.get(&*member.key).and_then(|at| cells.get_mut(*at)) else {
                return Err(refuse(
                    document,
                    member.key_at,
                    "a column that the first chunk does not have",
                ));
            };
            *cell = shown(document, &member.value)?;
        }
        frame.rows.push(cells);
    }
    Ok(frame)
}

fn by_column(document: &Document<'_>, object: &Object<'_>) -> Result<Frame, EvidenceError> {
    let mut frame = Frame::new(columns(object));
    let Some(key) = frame.columns.iter().position(Column::is_key) else { return Ok(frame) };
    let index = object.iter().nth(key).and_then(|member| member.value.as_object());
    let index: Vec<&str> = index.into_iter().flatten().map(|cell| &*cell.key).collect();
    frame.rows = vec![Vec::new(); index.len()];
    for member in object {
        let cells = member.value.as_object().filter(|cells| {
            cells.len() == index.len()
                && cells.iter().zip(&index).all(|(cell, name)| cell.key == *name)
        });
        let Some(cells) = cells else {
            return Err(refuse(document, member.value.at, "the columns differ in their index"));
        };
        for (row, cell) in frame.rows.iter_mut().zip(cells) {
            row.push(shown(document, &cell.value)?);
        }
    }
    Ok(frame)
}

/// A cell as CSV would write it.
fn shown(document: &Document<'_>, json: &Json<'_>) -> Result<String, EvidenceError> {
    Ok(match &json.value {
        Value::Null => String::new(),
        Value::Bool(true) => "True".to_owned(),
        Value::Bool(false) => "False".to_owned(),
        Value::Number(number) => number.text().to_owned(),
        Value::NonFinite(text) => (*text).to_owned(),
        Value::String(text) => text.to_string(),
        Value::Array(_) | Value::Object(_) => {
            return Err(refuse(
                document,
                json.at,
                &format!("a cell is no value but {}", json.kind()),
            ));
        }
    })
}

fn refuse(document: &Document<'_>, at: usize, why: &str) -> EvidenceError {
    document.invalid(ID, at, why)
}
