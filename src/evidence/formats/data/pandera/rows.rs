//! The table of failure cases, in every shape that pandas and polars write.

use crate::evidence::{
    Declined, Document, EvidenceError,
    json::{Json, Object, Value},
};
use std::collections::HashMap;

/// The id of the format.
pub const ID: &str = "pandera";

/// Whether a value is a JSON object with the columns of a failure case.
pub(super) fn is_case(json: &Json<'_>) -> bool {
    json.as_object().is_some_and(|row| COLUMNS.iter().all(|column| row.has(column)))
}

/// The columns that every version writes.
pub const COLUMNS: [&str; 4] = ["schema_context", "column", "check", "failure_case"];

/// What failed.
#[derive(Debug, Default)]
pub struct Cases {
    /// Rows of the table.
    pub rows: u64,
    /// By column and check, in the order of their first row.
    pub failed: Vec<Case>,
    known: HashMap<(String, String), usize>,
}

/// One check that failed.
#[derive(Debug)]
pub struct Case {
    /// The column; the schema's name, or `nan`, for a check of the whole frame.
    pub column: String,
    /// The check.
    pub check: String,
    /// How many values failed.
    pub failures: u64,
    /// The first of them.
    pub first: String,
}

impl Cases {
    fn push(&mut self, column: String, check: String, first: impl FnOnce() -> String) {
        self.rows += 1;
        let key = (column, check);
        if let Some(case) = self.known.get(&key).and_then(|at| self.failed.get_mut(*at)) {
            case.failures += 1;
            return;
        }
        let (column, check) = key.clone();
        self.known.insert(key, self.failed.len());
        self.failed.push(Case { column, check, failures: 1, first: first() });
    }

    fn json(
        &mut self,
        column: Option<&Json<'_>>,
        check: Option<&Json<'_>>,
        case: Option<&Json<'_>>,
    ) {
        self.push(shown(column), shown(check), || shown(case));
    }
}

/// A cell as pandas prints it: a missing one is `nan`.
pub fn shown(json: Option<&Json<'_>>) -> String {
    match json.map(|json| &json.value) {
        Some(Value::String(text)) => text.to_string(),
        Some(Value::Number(number)) => number.text().to_owned(),
        Some(Value::Bool(true)) => "True".to_owned(),
        Some(Value::Bool(false)) => "False".to_owned(),
        Some(Value::Array(list)) => {
            let list: Vec<String> = list.iter().map(|part| shown(Some(part))).collect();
            format!("({})", list.join(", "))
        }
        Some(Value::Object(_)) => "an object".to_owned(),
        Some(Value::NonFinite(_) | Value::Null) | None => "nan".to_owned(),
    }
}

/// Whether it is a table of failure cases as CSV, as a JSON list or as JSON Lines.
pub fn looks_like_table(document: &Document<'_>) -> Result<bool, Declined> {
    if !document.looks_like_json() {
        let header = document.header(b',')?;
        let missing = COLUMNS.iter().find(|column| !header.iter().any(|name| name == *column));
        return match missing {
            None => Ok(true),
            Some(column) => Err(Declined::because(format!("no column `{column}`"))),
        };
    }
    if let Ok(list) = document.array() {
        return match list.first() {
            None => Ok(true),
            Some(first) if is_case(first) => Ok(true),
            Some(_) => Err(Declined::because(
                "no list of rows with `schema_context`, `column`, `check` and `failure_case`",
            )),
        };
    }
    let first =
        document.text().unwrap_or("").lines().find(|line| !line.trim().is_empty()).unwrap_or("");
    let likely = COLUMNS.iter().all(|column| first.contains(column));
    Ok(likely
        && document.json().is_err()
        && document.json_lines().is_ok_and(|lines| lines.iter().all(is_case)))
}

/// Whether the object is the table by column, by index, as `split` or as `table`.
pub fn is_table(object: &Object<'_>) -> bool {
    COLUMNS.iter().all(|column| object.has(column))
        || is_by_index(object)
        || split(object).is_some()
        || data_of_table(object).is_some()
}

/// Whether the members are rows: `orient="index"`.
fn is_by_index(object: &Object<'_>) -> bool {
    object.iter().next().is_some_and(|row| is_case(&row.value))
}

/// The positions of column, check and failure case among the columns of `split`, and its rows.
fn split<'j>(object: &'j Object<'j>) -> Option<([usize; 3], &'j [Json<'j>])> {
    let columns = object.get("columns")?.as_array()?;
    let place = |name| columns.iter().position(|column| column.as_str() == Some(name));
    place("schema_context")?;
    Some((
        [place("column")?, place("check")?, place("failure_case")?],
        object.get("data")?.as_array()?,
    ))
}

/// The rows of `orient="table"`.
fn data_of_table<'j>(object: &'j Object<'j>) -> Option<&'j [Json<'j>]> {
    let fields = object.get("schema")?.get("fields")?.as_array()?;
    let named = |name: &str| {
        fields.iter().any(|field| field.get("name").and_then(Json::as_str) == Some(name))
    };
    COLUMNS.iter().all(|name| named(name)).then_some(())?;
    object.get("data")?.as_array()
}

/// Reads the table.
///
/// # Errors
/// When the document is not such a table.
pub fn read(document: &Document<'_>) -> Result<Cases, EvidenceError> {
    let mut cases = Cases::default();
    if !document.looks_like_json() {
        csv(document, &mut cases)?;
        return Ok(cases);
    }
    if let Ok(object) = document.object()
        && data_of_table(object).is_none()
        && !is_case_row(object)
    {
        if is_by_index(object) {
            object.iter().try_for_each(|member| row(document, &member.value, &mut cases))?;
        } else {
            by_column(document, object, &mut cases)?;
        }
        return Ok(cases);
    }
    records(document)?.iter().try_for_each(|record| row(document, record, &mut cases))?;
    Ok(cases)
}

fn row(document: &Document<'_>, json: &Json<'_>, cases: &mut Cases) -> Result<(), EvidenceError> {
    let Some(row) = json.as_object() else {
        return Err(refuse(document, json.at, &format!("a row is no object but {}", json.kind())));
    };
    if !row.has("column") || !row.has("check") {
        let at = row.iter().next().map_or(json.at, |member| member.key_at);
        return Err(refuse(document, at, "a row without `column` and `check`"));
    }
    cases.json(row.get("column"), row.get("check"), row.get("failure_case"));
    Ok(())
}

/// Whether the object is one row. The cells of a row are scalars; by column, they are objects or
/// lists.
fn is_case_row(object: &Object<'_>) -> bool {
    COLUMNS.iter().all(|name| object.has(name))
        && !object
            .get("check")
            .is_some_and(|check| check.as_object().is_some() || check.as_array().is_some())
}

fn records<'d>(document: &'d Document<'_>) -> Result<&'d [Json<'d>], EvidenceError> {
    if let Ok(list) = document.array() {
        return Ok(list);
    }
    if let Some(data) = document.object().ok().and_then(data_of_table) {
        return Ok(data);
    }
    document.json_lines().map_err(|error| EvidenceError::Json(error.clone()))
}

fn by_column(
    document: &Document<'_>,
    object: &Object<'_>,
    cases: &mut Cases,
) -> Result<(), EvidenceError> {
    if let Some(([column, check, case], data)) = split(object) {
        for row in data {
            let Some(cells) = row.as_array() else {
                return Err(refuse(
                    document,
                    row.at,
                    &format!("a row is no list but {}", row.kind()),
                ));
            };
            cases.json(cells.get(column), cells.get(check), cells.get(case));
        }
        return Ok(());
    }
    let at = document.json().map_or(0, |json| json.at);
    let column = |name: &str| {
        let json =
            object.get(name).ok_or_else(|| refuse(document, at, &format!("no column `{name}`")))?;
        cells(json).ok_or_else(|| {
            refuse(document, json.at, &format!("`{name}` is no column but {}", json.kind()))
        })
    };
    let (columns, checks, failures) =
        (column("column")?, column("check")?, column("failure_case")?);
    if columns.len() != checks.len() || checks.len() != failures.len() {
        return Err(refuse(document, at, "the columns differ in length"));
    }
    for (((index, column), (same, check)), (too, failure)) in
        columns.iter().zip(&checks).zip(&failures)
    {
        if index != same || same != too {
            return Err(refuse(document, check.at, "the columns differ in their index"));
        }
        cases.json(Some(column), Some(check), Some(failure));
    }
    Ok(())
}

/// The cells of a column, each with its index if it has one; a list (`to_dict("list")`) has none.
fn cells<'j, 'a>(column: &'j Json<'a>) -> Option<Vec<(Option<&'j str>, &'j Json<'a>)>> {
    match &column.value {
        Value::Object(cells) => {
            Some(cells.iter().map(|cell| (Some(&*cell.key), &cell.value)).collect())
        }
        Value::Array(cells) => Some(cells.iter().map(|cell| (None, cell)).collect()),
        _ => None,
    }
}

fn csv(document: &Document<'_>, cases: &mut Cases) -> Result<(), EvidenceError> {
    let table = document.csv().map_err(Clone::clone)?;
    let column = |name: &str| {
        table.column(name).ok_or_else(|| refuse(document, 0, &format!("no column `{name}`")))
    };
    let (columns, checks, failures) =
        (column("column")?, column("check")?, column("failure_case")?);
    let width = table.header().count();
    for row in table.rows() {
        if row.len() != width {
            return Err(refuse(
                document,
                row.at,
                &format!("a row of {} cells below {width} columns", row.len()),
            ));
        }
        let cell =
            |at: usize| row.get(at).filter(|text| !text.is_empty()).unwrap_or("nan").to_owned();
        cases.push(cell(columns), cell(checks), || cell(failures));
    }
    Ok(())
}

fn refuse(document: &Document<'_>, at: usize, why: &str) -> EvidenceError {
    document.invalid(ID, at, why)
}
