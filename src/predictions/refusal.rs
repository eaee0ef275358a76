//! The messages of refusals: where, what, and what to do. Text from a file is always quoted.

use super::{
    Limits, PredictionsError,
    block::{Kind, Wanted},
};
use std::fmt::{Display, Write};

/// How many columns a message lists.
const LISTED: usize = 40;

/// Text from a file, made safe for a message: in backticks, on one line, of bounded length, without
/// control characters or characters that change the direction of the text.
pub(super) fn quoted(text: &str) -> String {
    const LONGEST: usize = 80;
    let mut out = String::with_capacity(text.len().min(LONGEST) + 2);
    out.push('`');
    for (i, c) in text.chars().enumerate() {
        if i == LONGEST {
            out.push('…');
            break;
        }
        if c.is_control()
            || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{2028}' | '\u{2029}')
        {
            out.extend(c.escape_unicode());
        } else {
            out.push(c);
        }
    }
    out.push('`');
    out
}

/// As [`quoted`], for bytes that might not be UTF-8 text.
pub(super) fn quoted_bytes(bytes: &[u8]) -> String {
    quoted(&String::from_utf8_lossy(bytes.get(..400).unwrap_or(bytes)))
}

/// The system could not read the file.
pub(super) fn io(file: &str, error: &std::io::Error) -> PredictionsError {
    PredictionsError::new(
        "predictions-io",
        format!("{} cannot be read: {}", quoted(file), error.kind()),
    )
}

/// The bytes contradict their format.
pub(super) fn corrupt(file: &str, what: impl Display) -> PredictionsError {
    let what: String =
        what.to_string().chars().map(|c| if c.is_control() { ' ' } else { c }).take(300).collect();
    PredictionsError::new(
        "predictions-corrupt",
        format!("{} is damaged: {what}; write it again", quoted(file)),
    )
}

/// The file is valid, but not supported.
pub(super) fn unsupported(file: &str, what: impl Display) -> PredictionsError {
    PredictionsError::new("predictions-unsupported", format!("{}: {what}", quoted(file)))
}

/// A limit is exceeded.
pub(super) fn too_large(file: &str, what: impl Display) -> PredictionsError {
    PredictionsError::new("predictions-too-large", format!("{}: {what}", quoted(file)))
}

/// A cell that must have a value is empty. `place` is `row 12` or `line 13`.
pub(super) fn null(file: &str, column: &str, place: impl Display) -> PredictionsError {
    PredictionsError::new(
        "predictions-null",
        format!(
            "null in column {} at {place} of {}: fill it, for example with `unknown`; no row is left out",
            quoted(column),
            quoted(file)
        ),
    )
}

/// A label or a prediction is missing: its text is empty, or a word for a missing value.
pub(super) fn missing_class(word: &str) -> PredictionsError {
    let message = if word.is_empty() {
        "an empty value is a label or a prediction: every row needs both; no row is left out"
            .to_owned()
    } else {
        format!(
            "{} is a label or a prediction, and means a missing value: every row needs both; no row is left out; \
             if it is a class, say `--na-keep {}`, or `na_keep` in `[recompute]`",
            quoted(word),
            quoted(word).trim_matches('`')
        )
    };
    PredictionsError::new("predictions-null", message)
}

/// A column of numbers whose drift is measured has rows without a number.
pub(super) fn missing_feature(column: &str, words: &[&str]) -> PredictionsError {
    let words: Vec<String> = words.iter().map(|word| quoted(word)).collect();
    let message = format!(
        "column {} has numbers and {}, which means a missing value: fill it; no row is left out",
        quoted(column),
        words.join(", ")
    );
    PredictionsError::new("predictions-null", message)
}

/// The warning that a column of names has words for a missing value.
pub(super) fn missing_name(column: &str, words: &[&str]) -> String {
    let words: Vec<String> = words.iter().map(|word| quoted(word)).collect();
    format!(
        "the column {} has {}, which means a missing value, and is counted like any other name; if that is \
         right, say so with `--na-keep`, or `na_keep` in `[recompute]`",
        quoted(column),
        words.join(", ")
    )
}

/// A column of numbers has a word for a missing value. `place` is `row 12` or `line 13`.
pub(super) fn missing_number(
    file: &str,
    column: &str,
    place: impl Display,
    word: &str,
) -> PredictionsError {
    PredictionsError::new(
        "predictions-null",
        format!(
            "{} in column {} at {place} of {} means a missing value: fill it; no row is left out",
            quoted(word),
            quoted(column),
            quoted(file)
        ),
    )
}

/// A number is not finite.
pub(super) fn not_finite(
    file: &str,
    column: &str,
    place: impl Display,
    value: impl Display,
) -> PredictionsError {
    PredictionsError::new(
        "predictions-not-finite",
        format!(
            "{value} in column {} at {place} of {}: every value has to be a finite number; find out why the model gives it, no row is left out",
            quoted(column),
            quoted(file)
        ),
    )
}

/// A cell in a column of numbers contains something else.
pub(super) fn not_a_number(
    file: &str,
    column: &str,
    place: impl Display,
    value: &[u8],
) -> PredictionsError {
    PredictionsError::new(
        "predictions-type",
        format!(
            "column {} has to hold numbers; {place} of {} has {}",
            quoted(column),
            quoted(file),
            quoted_bytes(value)
        ),
    )
}

/// The type of a whole column is not the wanted one.
pub(super) fn wrong_type(file: &str, column: &str, is: &str, wanted: Kind) -> PredictionsError {
    let need = match wanted {
        Kind::Number => "numbers are needed",
        Kind::Category => "a group has to be text, integers or booleans",
        Kind::Any => "numbers, text or booleans are needed",
    };
    let message = format!("column {} of {} holds {is}; {need}", quoted(column), quoted(file));
    PredictionsError::new("predictions-type", message)
}

/// The file has no such column.
pub(super) fn missing_column(file: &str, wanted: &Wanted, there: &[&str]) -> PredictionsError {
    let mut message = format!("{} has no column {}", quoted(file), quoted(&wanted.name));
    let mut near: Vec<(f64, &str)> = there
        .iter()
        .take(10_000)
        .filter(|name| name.len() <= 256)
        .map(|name| {
            (strsim::jaro_winkler(&name.to_lowercase(), &wanted.name.to_lowercase()), *name)
        })
        .filter(|(score, _)| *score > 0.8)
        .collect();
    near.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(b.1)));
    let near: Vec<String> = near.iter().take(3).map(|(_, name)| quoted(name)).collect();
    if !near.is_empty() {
        let _ = write!(message, "; did you mean {}?", near.join(" or "));
    }
    let listed: Vec<String> = there.iter().take(LISTED).map(|name| quoted(name)).collect();
    let _ = match listed.len() {
        0 => write!(message, "; it has no columns at all"),
        _ => write!(message, "; it has {}", listed.join(", ")),
    };
    if there.len() > LISTED {
        let _ = write!(message, " and {} more", there.len() - LISTED);
    }
    PredictionsError::new("predictions-missing-column", message)
}

/// Two columns have the wanted name.
pub(super) fn duplicate_column(file: &str, column: &str) -> PredictionsError {
    let message =
        format!("{} has more than one column {}; rename one", quoted(file), quoted(column));
    PredictionsError::new("predictions-duplicate-column", message)
}

/// There are more rows than the limit.
pub(super) fn too_many_rows(file: &str, limits: &Limits) -> PredictionsError {
    too_large(file, format!("more than {} rows; take a sample of them", limits.rows))
}

/// There are more columns than the limit.
pub(super) fn too_many_columns(file: &str, columns: usize, limits: &Limits) -> PredictionsError {
    too_large(
        file,
        format!(
            "{columns} columns are more than {}; write only those that are needed",
            limits.columns
        ),
    )
}

/// There are more distinct texts in one block than the limit.
pub(super) fn too_many_texts(file: &str, column: &str, limits: &Limits) -> PredictionsError {
    too_large(
        file,
        format!("column {} has more than {} distinct texts", quoted(column), limits.distinct),
    )
}

/// A dictionary of the file has more entries than the limit.
pub(super) fn too_many_entries(file: &str, limits: &Limits) -> PredictionsError {
    too_large(file, format!("a dictionary has more than {} entries", limits.distinct))
}

/// Text has another encoding than UTF-8.
pub(super) fn not_utf8(file: &str, column: &str, place: impl Display) -> PredictionsError {
    let message = format!(
        "column {} at {place} of {} is not UTF-8; write the file as UTF-8",
        quoted(column),
        quoted(file)
    );
    PredictionsError::new("predictions-syntax", message)
}
