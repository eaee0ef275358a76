//! Reports as text, which `classification_report` returns by default, and as a frame of pandas: as
//! CSV, transposed or not, or as JSON.

use crate::evidence::{
    Document,
    formats::frame::{self, Cell, Line, Mistake},
    json::{Json, Member, Number, Object, Value},
    quoted,
    table::{Row, Table},
    undefined::{Reading, reading_text},
};
use std::{borrow::Cow, collections::HashSet};

/// The keys of a row, in the order in which scikit-learn writes them.
pub(super) const ROW: [&str; 4] = ["precision", "recall", "f1-score", "support"];

const NONE: &str = "no header and no rows of `precision`, `recall`, `f1-score` and `support`";

/// The averages that the last row can be.
const LAST: [&str; 2] = ["weighted avg", "samples avg"];

/// Whether the document is a report as text or as CSV.
pub(super) fn is_table(document: &Document<'_>) -> Result<(), String> {
    let text = document.text().map_err(|_| "not text")?;
    let csv = || {
        document
            .header(b',')
            .is_ok_and(|header| ROW.iter().all(|name| header.iter().any(|cell| cell == name)))
    };
    let across = || {
        let averages =
            |header: Vec<String>| header.iter().any(|cell| LAST.contains(&cell.as_str()));
        text.contains("\nprecision,")
            && text.contains("\nsupport,")
            && document.header(b',').is_ok_and(averages)
    };
    if is_heading(text) || csv() || across() { Ok(()) } else { Err(NONE.to_owned()) }
}

/// Whether the value is a frame as JSON that names the columns separately from the rows: by column,
/// as `split`, records or `table`. A frame by row is written in the same shape as the report
/// itself.
pub(super) fn is_frame(json: &Json<'_>) -> bool {
    if let Some(records) = json.as_array() {
        return records
            .first()
            .and_then(Json::as_object)
            .is_some_and(|row| ROW.iter().all(|key| row.has(key)));
    }
    let Some(object) = json.as_object() else { return false };
    let listed = |key: &str| object.get(key).and_then(Json::as_array);
    if let Some(data) = listed("data") {
        let columns = listed("columns").unwrap_or(&[]);
        let named =
            ROW.iter().all(|name| columns.iter().any(|column| column.as_str() == Some(name)));
        return named
            || (object.has("schema")
                && data.first().is_some_and(|row| ROW.iter().all(|key| row.get(key).is_some())));
    }
    object.len() == ROW.len()
        && ROW.iter().all(|key| object.get(key).is_some_and(|json| json.as_object().is_some()))
}

/// The accuracy of a row that repeats it in every column, as a frame does.
pub(super) fn repeated<'j, 'a>(name: &str, row: &'j Object<'a>) -> Option<&'j Json<'a>> {
    let mut cells = row.iter().map(|cell| &cell.value);
    let first = cells.next().filter(|first| name == "accuracy" && first.as_number().is_some())?;
    cells.all(|cell| cell.value == first.value).then_some(first)
}

/// Whether the first line that is not blank is the heading of a report as text.
fn is_heading(text: &str) -> bool {
    let first = text.lines().find(|line| !line.trim().is_empty()).unwrap_or("");
    first.split_whitespace().eq(ROW)
}

/// The report as the object that its JSON would be.
pub(super) fn report<'j>(document: &'j Document<'_>) -> Result<Object<'j>, Mistake> {
    if document.looks_like_json() {
        let json = document.json().map_err(|error| (0, error.to_string()))?;
        let lines = frame::of_json(json, &|column| ROW.contains(&column))?;
        let members = lines.iter().map(of_line).collect::<Result<Vec<_>, _>>()?;
        once(&members)?;
        return Ok(Object::new(members));
    }
    let text = document.text().map_err(|error| (0, error.to_string()))?;
    let members = if is_heading(text) { of_text(text)? } else { of_csv(document)? };
    // scikit-learn always ends with averages. Without this check, a line that was cut off could be
    // taken for a complete, shorter one.
    if !members.last().is_some_and(|last| LAST.contains(&&*last.key)) {
        return Err((
            members.last().map_or(0, |last| last.key_at),
            "the last row is no average; was the file cut off?".to_owned(),
        ));
    }
    once(&members)?;
    Ok(Object::new(members))
}

fn once(members: &[Member<'_>]) -> Result<(), Mistake> {
    let mut names = HashSet::new();
    match members.iter().find(|member| !names.insert(member.key.as_ref())) {
        Some(twice) => {
            Err((twice.key_at, format!("the row {} is given twice", quoted(&twice.key))))
        }
        None => Ok(()),
    }
}

/// A row of a frame in JSON; its name is its label, or the first cell outside the four columns.
fn of_line<'j>(line: &Line<'j>) -> Result<Member<'j>, Mistake> {
    let beside =
        || line.cells().find(|(column, _)| !ROW.contains(column)).and_then(|(_, cell)| cell.name());
    let name = line
        .label
        .first()
        .copied()
        .or_else(beside)
        .ok_or((line.at, "a row without a name".to_owned()))?;
    let cells = ROW.iter().map(|key| match line.get(key) {
        Some(Cell::Json(json)) => {
            Ok(Member { key: Cow::Borrowed(*key), key_at: line.at, value: json.clone() })
        }
        _ => Err((line.at, format!("the row {} has no `{key}`", quoted(name)))),
    });
    Ok(member(name, line.at, Value::Object(Object::new(cells.collect::<Result<_, Mistake>>()?))))
}

fn member<'j>(key: &'j str, at: usize, value: Value<'j>) -> Member<'j> {
    Member { key: Cow::Borrowed(key), key_at: at, value: Json { at, value } }
}

fn number(text: &str, at: usize) -> Result<Json<'_>, Mistake> {
    match reading_text(text) {
        Some(Reading::Number(number)) => Ok(Json { at, value: Value::Number(number) }),
        Some(Reading::Undefined(_)) => Ok(Json { at, value: Value::Null }),
        Some(Reading::Percent(..)) | None => Err((at, format!("{} is no number", quoted(text)))),
    }
}

fn row<'j>(name: &'j str, at: usize, cells: [&'j str; 4]) -> Result<Member<'j>, Mistake> {
    let cells = ROW.iter().zip(cells).map(|(key, cell)| {
        Ok(Member { key: Cow::Borrowed(*key), key_at: at, value: number(cell, at)? })
    });
    Ok(member(name, at, Value::Object(Object::new(cells.collect::<Result<_, Mistake>>()?))))
}

/// Reads the lines below the heading. A name may contain spaces, so a line is read from its end.
fn of_text(text: &str) -> Result<Vec<Member<'_>>, Mistake> {
    let mut members = Vec::new();
    let mut at = 0;
    let mut heading = true;
    for line in text.split_inclusive('\n') {
        let start = at;
        at += line.len();
        let line = line.trim_end();
        if line.trim().is_empty() || std::mem::take(&mut heading) {
            continue;
        }
        let (rest, support) = last_word(line);
        let (rest, f1) = last_word(rest);
        // The line of the accuracy has only one number, in the column of the f1.
        if rest.trim() == "accuracy" && Number::parse(f1).is_some() {
            members.push(member("accuracy", start, number(f1, start)?.value));
            continue;
        }
        let (rest, recall) = last_word(rest);
        let (name, precision) = last_word(rest);
        members.push(row(name.trim(), start, [precision, recall, f1, support])?);
    }
    Ok(members)
}

/// The text before the last word, and the word.
fn last_word(line: &str) -> (&str, &str) {
    let line = line.trim_end();
    line.rsplit_once(char::is_whitespace).unwrap_or(("", line))
}

fn of_csv<'j>(document: &'j Document<'_>) -> Result<Vec<Member<'j>>, Mistake> {
    let table = document.csv().map_err(|error| (0, error.to_string()))?;
    let [Some(precision), Some(recall), Some(f1), Some(support)] =
        ROW.map(|name| table.column(name))
    else {
        return across(table);
    };
    if [precision, recall, f1, support].contains(&0) {
        return Err((0, "the first column holds no names of classes".to_owned()));
    }
    let mut members = Vec::new();
    for line in table.rows() {
        let cell = |column: usize| line.get(column).ok_or_else(|| short(line));
        members.push(row(
            cell(0)?,
            line.at,
            [cell(precision)?, cell(recall)?, cell(f1)?, cell(support)?],
        )?);
    }
    Ok(members)
}

/// The CSV of `DataFrame(report)`: a column for each class, a row for each of the four.
fn across(table: &Table) -> Result<Vec<Member<'_>>, Mistake> {
    let named = |name: &str| table.rows().iter().find(|row| row.get(0) == Some(name));
    let [Some(precision), Some(recall), Some(f1), Some(support)] = ROW.map(named) else {
        return Err((0, NONE.to_owned()));
    };
    let cells = |column: usize| {
        let of = |line| cell_of(line, column);
        Ok::<_, Mistake>([of(precision)?, of(recall)?, of(f1)?, of(support)?])
    };
    table
        .header()
        .enumerate()
        .skip(1)
        .map(|(column, name)| row(name, precision.at, cells(column)?))
        .collect()
}

fn cell_of(line: &Row, column: usize) -> Result<&str, Mistake> {
    line.get(column).ok_or_else(|| short(line))
}

fn short(line: &Row) -> Mistake {
    (line.at, format!("the row has {} cells only; was the file cut off?", line.len()))
}
