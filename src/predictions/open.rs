//! Opens files as one reader. The format of a file is recognised from its bytes, not from its name.

use super::{
    Input, Limits, PredictionsError,
    arrow::{self, ArrowReader},
    block::{Block, Reader, Wanted, Worker},
    csv::CsvReader,
    jsonl::JsonlReader,
    parquet::{self, ParquetReader},
    refusal,
    stream::Stream,
};

/// Opens files as one set of rows. Every file must have every wanted column. A worker reads one
/// file after another; when a file has no more rows for it, it continues with the next one.
///
/// # Errors
/// When a file cannot be read, has no known format, lacks a column, or has one of another type.
pub fn open(
    inputs: Vec<Input>,
    wanted: &[Wanted],
    limits: &Limits,
) -> Result<Box<dyn Reader + Send>, PredictionsError> {
    let files: Vec<Box<dyn Reader + Send>> =
        inputs.into_iter().map(|input| one(input, wanted, limits)).collect::<Result<_, _>>()?;
    if files.is_empty() {
        return Err(PredictionsError::new("predictions-none", "no file of predictions was given"));
    }
    Ok(Box::new(Set { files }))
}

fn one(
    input: Input,
    wanted: &[Wanted],
    limits: &Limits,
) -> Result<Box<dyn Reader + Send>, PredictionsError> {
    let mut head = [0; 16];
    let n = input.read_at(0, &mut head)?;
    let head = head.get(..n).unwrap_or_default();
    if head.starts_with(parquet::MAGIC) {
        return Ok(Box::new(ParquetReader::open(input, wanted, limits)?));
    }
    if head.starts_with(arrow::MAGIC) || head.starts_with(arrow::CONTINUES) {
        return Ok(Box::new(ArrowReader::open(input, wanted, limits)?));
    }
    if head.starts_with(parquet::ENCRYPTED) {
        let what =
            "its footer is encrypted, and no keys are read here; write it without encryption";
        return Err(refusal::unsupported(input.name(), what));
    }
    text(Stream::new(input, head, limits)?, wanted, limits)
}

/// Text, after decompression: JSON Lines if the first value is an object, else separated fields.
fn text(
    mut stream: Stream,
    wanted: &[Wanted],
    limits: &Limits,
) -> Result<Box<dyn Reader + Send>, PredictionsError> {
    let mut start = vec![0; 64 << 10];
    let n = stream.fill(&mut start)?;
    start.truncate(n);
    if start.starts_with(&[0xff, 0xfe]) || start.starts_with(&[0xfe, 0xff]) {
        return Err(refusal::unsupported(stream.name(), "it is UTF-16; write it as UTF-8"));
    }
    if start.starts_with(b"\xef\xbb\xbf") {
        start.drain(..3);
    }
    if start.trim_ascii().is_empty() {
        return Err(refusal::unsupported(
            stream.name(),
            "it is empty; there has to be at least a header",
        ));
    }
    // Neither text nor a supported format: zip archives, pickles, tables of other tools.
    if start.contains(&0) {
        let what =
            "it is of no format that is read here; give Parquet, Arrow, CSV or lines of JSON";
        return Err(refusal::unsupported(stream.name(), what));
    }
    match start.trim_ascii_start() {
        [b'{', ..] => return Ok(Box::new(JsonlReader::open(stream, start, wanted, limits)?)),
        [b'[', ..] => {
            let what = "it is a list in JSON; write one object a line, without the brackets and commas about them";
            return Err(refusal::unsupported(stream.name(), what));
        }
        _ => {}
    }
    Ok(Box::new(CsvReader::open(stream, start, wanted, limits)?))
}

struct Set {
    files: Vec<Box<dyn Reader + Send>>,
}

impl Reader for Set {
    fn worker(&self) -> Result<Box<dyn Worker + '_>, PredictionsError> {
        Ok(Box::new(InSet { files: self.files.iter(), now: None }))
    }
}

struct InSet<'s> {
    files: std::slice::Iter<'s, Box<dyn Reader + Send>>,
    now: Option<Box<dyn Worker + 's>>,
}

impl Worker for InSet<'_> {
    fn next(&mut self, block: &mut Block) -> Result<bool, PredictionsError> {
        loop {
            if let Some(now) = &mut self.now {
                if now.next(block)? {
                    return Ok(true);
                }
                self.now = None;
            }
            let Some(file) = self.files.next() else {
                return Ok(false);
            };
            self.now = Some(file.worker()?);
        }
    }
}

#[cfg(test)]
mod damage;
#[cfg(test)]
mod number_tests;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod text_tests;
