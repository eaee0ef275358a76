//! The tables of pandas, in any of the shapes that scripts write: CSV, and JSON as records,
//! columns, index, split, table or one record per line.

use crate::evidence::{
    Document, EvidenceError,
    json::{Json, Number, Object},
    undefined::{Reading, reading_text},
};

/// A cell.
#[derive(Debug, Clone, Copy)]
pub(super) enum Cell<'c> {
    /// A cell of JSON.
    Json(&'c Json<'c>),
    /// A cell of CSV.
    Text(&'c str),
}

impl<'c> Cell<'c> {
    /// Its finite number.
    pub(super) fn number(self) -> Option<Number<'c>> {
        match self {
            Self::Json(json) => json.as_number(),
            Self::Text(text) => match reading_text(text) {
                Some(Reading::Number(number)) => Some(number),
                _ => None,
            },
        }
    }

    /// The count it states.
    pub(super) fn count(self) -> Option<u64> {
        self.number().and_then(Number::count)
    }

    /// Whether it is null, empty or NaN.
    pub(super) fn is_undefined(self) -> bool {
        match self {
            Self::Json(json) => {
                json.as_number().is_none() && crate::evidence::undefined::reading(json).is_some()
            }
            Self::Text(text) => matches!(reading_text(text), Some(Reading::Undefined(_))),
        }
    }

    /// The cell as a boolean: pandas writes `True` in CSV, `true` in JSON, and 1 or 0 for a column
    /// of numbers.
    pub(super) fn flag(self) -> Option<bool> {
        match self {
            Self::Json(Json { value: crate::evidence::json::Value::Bool(flag), .. }) => Some(*flag),
            Self::Text("True" | "true") => Some(true),
            Self::Text("False" | "false") => Some(false),
            _ => match self.number().map(Number::value) {
                Some(1.0) => Some(true),
                Some(0.0) => Some(false),
                _ => None,
            },
        }
    }

    /// The cell as a name: text, or a number or a boolean as it is written.
    pub(super) fn name(self) -> Option<&'c str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Json(json) => {
                json.as_str().or_else(|| json.as_number().map(Number::text)).or(match json.kind() {
                    "true" => Some("True"),
                    "false" => Some("False"),
                    _ => None,
                })
            }
        }
    }
}

/// One row.
#[derive(Debug)]
pub(super) struct Line<'c> {
    /// The byte where it starts.
    pub at: usize,
    /// Its label in the index, if that is separate from the cells.
    pub label: Vec<&'c str>,
    /// Its cells, by column.
    cells: Vec<(&'c str, Cell<'c>)>,
}

impl<'c> Line<'c> {
    /// The cell of this column.
    pub(super) fn get(&self, column: &str) -> Option<Cell<'c>> {
        self.cells.iter().find(|(name, _)| *name == column).map(|(_, cell)| *cell)
    }

    /// The columns and their cells.
    pub(super) fn cells(&self) -> impl Iterator<Item = (&'c str, Cell<'c>)> {
        self.cells.iter().copied()
    }
}

/// What is wrong with a table, and at which byte.
pub(super) type Mistake = (usize, String);

/// The rows of a document: CSV whose header has the column `key`, or JSON.
///
/// # Errors
/// When it is neither, or a row has another type than the rest.
pub(super) fn lines<'d>(
    format: &'static str,
    document: &'d Document<'_>,
    key: &str,
) -> Result<Vec<Line<'d>>, EvidenceError> {
    if !document.looks_like_json() {
        return csv(document);
    }
    let lines = match document.json() {
        Ok(json) => of_json(json, &|column| column == key),
        // One record per line.
        Err(error) => match document.json_lines() {
            Ok(records) if records.len() > 1 => records.iter().map(record).collect(),
            _ => return Err(error.clone().into()),
        },
    };
    lines.map_err(|(at, message)| document.invalid(format, at, message))
}

/// The rows of CSV.
///
/// # Errors
/// When the document cannot be read as CSV.
pub(super) fn csv<'d>(document: &'d Document<'_>) -> Result<Vec<Line<'d>>, EvidenceError> {
    let table = document.csv().map_err(Clone::clone)?;
    let columns: Vec<&str> = table.header().collect();
    let line = |row: &'d crate::evidence::table::Row| Line {
        at: row.at,
        label: Vec::new(),
        cells: columns.iter().copied().zip(row.cells().map(Cell::Text)).collect(),
    };
    Ok(table.rows().iter().filter(|row| row.len() > 1).map(line).collect())
}

fn record<'j>(json: &'j Json<'j>) -> Result<Line<'j>, Mistake> {
    row(json, Vec::new())
}

fn row<'j>(json: &'j Json<'j>, label: Vec<&'j str>) -> Result<Line<'j>, Mistake> {
    let object = json
        .as_object()
        .ok_or_else(|| (json.at, format!("a row was expected, not {}", json.kind())))?;
    Ok(line(json.at, label, object))
}

fn line<'j>(at: usize, label: Vec<&'j str>, object: &'j Object<'j>) -> Line<'j> {
    Line { at, label, cells: object.iter().map(|m| (&*m.key, Cell::Json(&m.value))).collect() }
}

/// The rows of JSON; an empty list if it is neither an object nor a list. Objects of objects are
/// read by column if `known` accepts an outer key, else by row.
///
/// # Errors
/// When a row is not valid. It must not be skipped: a group that is lost would be a group that
/// passes.
pub(super) fn of_json<'j>(
    json: &'j Json<'j>,
    known: &dyn Fn(&str) -> bool,
) -> Result<Vec<Line<'j>>, Mistake> {
    if let Some(records) = json.as_array() {
        return records.iter().map(record).collect();
    }
    let Some(object) = json.as_object() else { return Ok(Vec::new()) };
    match object.get("data").and_then(Json::as_array) {
        Some(data) if object.has("schema") => return data.iter().map(record).collect(),
        Some(data) => return split(object, data),
        None => {}
    }
    if object.iter().any(|m| known(&m.key)) {
        return by_column(object);
    }
    object.iter().map(|m| row(&m.value, vec![&*m.key])).collect()
}

fn split<'j>(object: &'j Object<'j>, data: &'j [Json<'j>]) -> Result<Vec<Line<'j>>, Mistake> {
    let list = |key| object.get(key).and_then(Json::as_array).unwrap_or(&[]);
    let columns: Vec<&str> =
        list("columns").iter().map(|c| Cell::Json(c).name().unwrap_or("")).collect();
    let index = list("index");
    let rows = data.iter().enumerate().map(|(i, row)| {
        let cells = row.as_array().filter(|cells| cells.len() == columns.len());
        let wrong = || (row.at, format!("a row of {} cells was expected", columns.len()));
        let cells = cells.ok_or_else(wrong)?.iter().map(Cell::Json);
        let label = match index.get(i) {
            Some(label) => match label.as_array() {
                Some(labels) => labels.iter().map(|l| Cell::Json(l).name().unwrap_or("")).collect(),
                None => vec![Cell::Json(label).name().unwrap_or("")],
            },
            None => Vec::new(),
        };
        Ok(Line { at: row.at, label, cells: columns.iter().copied().zip(cells).collect() })
    });
    rows.collect()
}

fn by_column<'j>(object: &'j Object<'j>) -> Result<Vec<Line<'j>>, Mistake> {
    let mut lines: Vec<Line<'j>> = Vec::new();
    let mut places = std::collections::HashMap::new();
    for column in object {
        let wrong =
            || (column.value.at, format!("a column was expected, not {}", column.value.kind()));
        let cells = column.value.as_object().ok_or_else(wrong)?;
        for cell in cells {
            let at = *places.entry(&*cell.key).or_insert_with(|| {
                lines.push(Line { at: cell.key_at, label: vec![&*cell.key], cells: Vec::new() });
                lines.len() - 1
            });
            if let Some(line) = lines.get_mut(at) {
                line.cells.push((&*column.key, Cell::Json(&cell.value)));
            }
        }
    }
    Ok(lines)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::json;

    fn shapes(text: &str) -> Vec<(Vec<String>, Option<u64>)> {
        let parsed = json::parse(text.as_bytes()).unwrap();
        let lines = of_json(&parsed, &|column| column == "count").unwrap();
        lines
            .iter()
            .map(|l| {
                (
                    l.label.iter().map(|s| (*s).to_owned()).collect(),
                    l.get("count").and_then(Cell::count),
                )
            })
            .collect()
    }

    #[test]
    fn every_shape_of_pandas_gives_the_same_rows() {
        // pandas 3: DataFrame({"accuracy": …, "count": …}, index=["F", "M"]).to_json(orient=…)
        let labelled = vec![(vec!["F".to_owned()], Some(4)), (vec!["M".to_owned()], Some(8))];
        assert_eq!(
            shapes(r#"{"accuracy":{"F":0.5,"M":0.25},"count":{"F":4.0,"M":8.0}}"#),
            labelled
        );
        assert_eq!(
            shapes(r#"{"F":{"accuracy":0.5,"count":4.0},"M":{"accuracy":0.25,"count":8.0}}"#),
            labelled
        );
        assert_eq!(
            shapes(
                r#"{"columns":["accuracy","count"],"index":["F","M"],"data":[[0.5,4.0],[0.25,8.0]]}"#
            ),
            labelled
        );
        let records = vec![(vec![], Some(4)), (vec![], Some(8))];
        assert_eq!(shapes(r#"[{"sex":"F","count":4.0},{"sex":"M","count":8.0}]"#), records);
        assert_eq!(
            shapes(r#"{"schema":{},"data":[{"sex":"F","count":4.0},{"sex":"M","count":8.0}]}"#),
            records
        );
        let tuples =
            shapes(r#"{"columns":["count"],"index":[["B","F"],["W","M"]],"data":[[4.0],[8.0]]}"#);
        assert_eq!(tuples[1].0, ["W", "M"]);
    }

    #[test]
    fn yes_and_no_in_every_spelling() {
        let flags = ["True", "False", "1.0", "0", "", "2"].map(|text| Cell::Text(text).flag());
        assert_eq!(flags, [Some(true), Some(false), Some(true), Some(false), None, None]);
    }
}
