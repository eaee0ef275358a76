//! Reports as text, which `classification_report` returns by default, and as the CSV of a frame.

use super::ROW;
use crate::evidence::{
    Document,
    json::{Json, Member, Number, Object, Value},
    quoted,
    table::Row,
    undefined::{Reading, reading_text},
};
use std::{borrow::Cow, collections::HashSet};

/// The byte where a mistake is, and the mistake.
pub(super) type Mistake = (usize, String);

const NONE: &str = "no header with `precision`, `recall`, `f1-score` and `support`";

/// The averages of which one is the last row.
const LAST: [&str; 2] = ["weighted avg", "samples avg"];

/// Whether it is a report as text or as CSV.
pub(super) fn is_table(document: &Document<'_>) -> Result<(), String> {
    let text = document.text().map_err(|_| "not text")?;
    let csv =
        || document.header(b',').is_ok_and(|header| ROW.iter().all(|name| header.iter().any(|cell| cell == name)));
    if is_heading(text) || csv() { Ok(()) } else { Err(NONE.to_owned()) }
}

/// Whether the first line with anything in it is that of a report as text.
fn is_heading(text: &str) -> bool {
    let first = text.lines().find(|line| !line.trim().is_empty()).unwrap_or("");
    first.split_whitespace().eq(ROW)
}

/// The report as the object that JSON would hold.
pub(super) fn report<'j>(document: &'j Document<'_>) -> Result<Object<'j>, Mistake> {
    let text = document.text().map_err(|error| (0, error.to_string()))?;
    let members = if is_heading(text) { of_text(text)? } else { of_csv(document)? };
    // scikit-learn always ends with averages. A line that was cut off could be taken for a shorter one.
    if !members.last().is_some_and(|last| LAST.contains(&&*last.key)) {
        return Err((
            members.last().map_or(0, |last| last.key_at),
            "the last row is no average; was the file cut off?".to_owned(),
        ));
    }
    let mut names = HashSet::new();
    if let Some(twice) = members.iter().find(|member| !names.insert(member.key.as_ref())) {
        return Err((twice.key_at, format!("the row {} is given twice", quoted(&twice.key))));
    }
    drop(names);
    Ok(Object::new(members))
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
    let cells = ROW
        .iter()
        .zip(cells)
        .map(|(key, cell)| Ok(Member { key: Cow::Borrowed(*key), key_at: at, value: number(cell, at)? }));
    Ok(member(name, at, Value::Object(Object::new(cells.collect::<Result<_, Mistake>>()?))))
}

/// The lines below the heading. A name may have spaces in it, so a line is read from its end.
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
        // Of the accuracy only one number is written, in the column of the f1.
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

/// What stands in front of the last word, and the word.
fn last_word(line: &str) -> (&str, &str) {
    let line = line.trim_end();
    line.rsplit_once(char::is_whitespace).unwrap_or(("", line))
}

fn of_csv<'j>(document: &'j Document<'_>) -> Result<Vec<Member<'j>>, Mistake> {
    let table = document.csv().map_err(|error| (0, error.to_string()))?;
    let [Some(precision), Some(recall), Some(f1), Some(support)] = ROW.map(|name| table.column(name)) else {
        return Err((0, NONE.to_owned()));
    };
    if [precision, recall, f1, support].contains(&0) {
        return Err((0, "the first column holds no names of classes".to_owned()));
    }
    let mut members = Vec::new();
    for line in table.rows() {
        let cell = |column: usize| line.get(column).ok_or_else(|| short(line));
        let cells = [cell(precision)?, cell(recall)?, cell(f1)?, cell(support)?];
        let name = cell(0)?;
        // A frame repeats the accuracy in every column.
        let [first, others @ ..] = cells;
        members.push(if name == "accuracy" && others.iter().all(|cell| *cell == first) {
            member(name, line.at, number(first, line.at)?.value)
        } else {
            row(name, line.at, cells)?
        });
    }
    Ok(members)
}

fn short(line: &Row) -> Mistake {
    (line.at, format!("the row has {} cells only; was the file cut off?", line.len()))
}
