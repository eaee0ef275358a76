//! The first record: the names, and the delimiter between fields.

use super::fields::{Fields, Misquoted, cell};
use crate::predictions::{Limits, PredictionsError, block::Wanted, refusal, stream::Stream};

/// What the first record determines.
#[derive(Debug)]
pub(super) struct Header {
    pub(super) delimiter: u8,
    pub(super) names: Vec<String>,
    /// The bytes that were read after it.
    pub(super) rest: Vec<u8>,
    /// How many lines it takes.
    pub(super) lines: u64,
}

/// The known delimiters. If several fit equally well, the first of them is used.
const DELIMITERS: [u8; 4] = *b",\t;|";

/// The most bytes of a header.
const LONGEST: usize = 4 << 20;

/// Reads the header, of which `start` was already read.
pub(super) fn read(
    stream: &mut Stream,
    start: Vec<u8>,
    wanted: &[Wanted],
    limits: &Limits,
) -> Result<Header, PredictionsError> {
    let mut bytes = start;
    let mut searched = 0;
    let mut inside = false;
    let end = loop {
        let new = bytes.get(searched..).unwrap_or_default();
        let mut found = None;
        for at in memchr::memchr2_iter(b'"', b'\n', new) {
            match new.get(at) {
                Some(b'"') => inside = !inside,
                _ if !inside => {
                    found = Some(searched + at);
                    break;
                }
                _ => {}
            }
        }
        if let Some(found) = found {
            break found;
        }
        searched = bytes.len();
        if searched > LONGEST {
            return Err(refusal::too_large(
                stream.name(),
                "its first line does not end within 4 MiB",
            ));
        }
        let mut more = vec![0; 64 << 10];
        let n = stream.fill(&mut more)?;
        if n == 0 {
            break searched;
        }
        bytes.extend_from_slice(more.get(..n).unwrap_or_default());
    };
    let record = bytes.get(..end).unwrap_or_default();
    let lines = u64::try_from(memchr::memchr_iter(b'\n', record).count()).unwrap_or(0) + 1;
    let rest = bytes.get(end + 1..).unwrap_or_default().to_vec();
    let (delimiter, names) = names(stream.name(), record, wanted)?;
    if names.len() > limits.columns {
        return Err(refusal::too_many_columns(stream.name(), names.len(), limits));
    }
    if names.iter().any(|name| name.len() > limits.cell) {
        return Err(refusal::too_large(
            stream.name(),
            format!("a column's name has more than {} bytes", limits.cell),
        ));
    }
    Ok(Header { delimiter, names, rest, lines })
}

/// The delimiter with which most wanted columns are found; among equal ones, the one that occurs
/// most often.
fn names(
    file: &str,
    record: &[u8],
    wanted: &[Wanted],
) -> Result<(u8, Vec<String>), PredictionsError> {
    let mut best: Option<(usize, usize, u8, Vec<String>)> = None;
    let mut wrong = None;
    for delimiter in DELIMITERS {
        match split(record, delimiter) {
            Ok(names) => {
                let found = wanted.iter().filter(|w| names.contains(&w.name)).count();
                if best.as_ref().is_none_or(|(f, n, ..)| (found, names.len()) > (*f, *n)) {
                    best = Some((found, names.len(), delimiter, names));
                }
            }
            Err(what) => wrong = Some(what),
        }
    }
    match best {
        Some((_, _, delimiter, names)) => Ok((delimiter, names)),
        None => Err(misquoted(file, wrong.unwrap_or(Misquoted::Open(0)), 1)),
    }
}

fn split(record: &[u8], delimiter: u8) -> Result<Vec<String>, Misquoted> {
    let mut fields = Fields::default();
    fields.index(record, delimiter, true)?;
    let last = fields.len().saturating_sub(1);
    let name = |i| String::from_utf8_lossy(&cell(fields.raw(record, i), i == last)).into_owned();
    Ok((0..fields.len()).map(name).collect())
}

/// The error for wrong quotes.
pub(super) fn misquoted(file: &str, what: Misquoted, line: u64) -> PredictionsError {
    let what = match what {
        Misquoted::Stray(_) => {
            "a quote stands inside a field that does not begin with one; quote the field and double the quote"
        }
        Misquoted::After(_) => "something stands between a closing quote and the end of the field",
        Misquoted::Open(_) => "a quote is not closed",
    };
    PredictionsError::new(
        "predictions-syntax",
        format!("line {line} of {}: {what}", refusal::quoted(file)),
    )
}
