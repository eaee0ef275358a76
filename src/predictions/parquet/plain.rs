//! Values as they are in plain pages, and dictionaries, which are plain pages.

use super::schema::Target;
use crate::predictions::{num, text::Interner};
use std::sync::Arc;

/// The dictionary of a column chunk, decoded.
pub(super) enum Dictionary {
    None,
    Int(Vec<i64>),
    F32(Vec<f32>),
    F64(Vec<f64>),
    /// Distinct texts, and for each code the index of its text, if a writer repeated a text.
    Text(Arc<[Box<str>]>, Option<Vec<u32>>),
}

impl Dictionary {
    /// How many codes it has.
    pub(super) fn len(&self) -> usize {
        match self {
            Self::None => 0,
            Self::Int(v) => v.len(),
            Self::F32(v) => v.len(),
            Self::F64(v) => v.len(),
            Self::Text(v, places) => places.as_ref().map_or(v.len(), Vec::len),
        }
    }

    /// Decodes a dictionary page.
    pub(super) fn decode(
        target: Target,
        bytes: &[u8],
        values: usize,
        cell: usize,
    ) -> Result<Self, &'static str> {
        const SHORT: &str = "a dictionary ends too early";
        Ok(match target {
            Target::Int32 | Target::Unsigned32 | Target::Int64 | Target::Unsigned64 => {
                let mut out = Vec::new();
                integers(target, bytes, values, &mut out).ok_or(SHORT)??;
                Self::Int(out)
            }
            Target::Float => {
                let mut out = Vec::new();
                floats(bytes, values, &mut out).ok_or(SHORT)?;
                Self::F32(out)
            }
            Target::Double => {
                let mut out = Vec::new();
                doubles(bytes, values, &mut out).ok_or(SHORT)?;
                Self::F64(out)
            }
            Target::Bool => return Err("booleans cannot have a dictionary"),
            Target::Text => {
                let (mut texts, mut places) = (Interner::default(), Vec::new());
                let mut rest = bytes;
                for _ in 0..values {
                    let (one, after) = text(rest).ok_or(SHORT)?;
                    if one.len() > cell {
                        return Err("a text is longer than is read");
                    }
                    places.push(texts.code(one).ok_or("a text is not UTF-8")?);
                    rest = after;
                }
                let distinct = texts.len() == places.len();
                Self::Text(texts.take(), (!distinct).then_some(places))
            }
        })
    }
}

/// Splits off the first text; returns it and the rest.
pub(super) fn text(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (len, rest) = bytes.split_first_chunk::<4>()?;
    rest.split_at_checked(num::index(u32::from_le_bytes(*len)))
}

/// Appends `n` integers.
pub(super) fn integers(
    target: Target,
    bytes: &[u8],
    n: usize,
    out: &mut Vec<i64>,
) -> Option<Result<(), &'static str>> {
    match target {
        Target::Int32 => {
            out.extend(words::<4>(bytes, n)?.iter().map(|b| i64::from(i32::from_le_bytes(*b))));
        }
        Target::Unsigned32 => {
            out.extend(words::<4>(bytes, n)?.iter().map(|b| i64::from(u32::from_le_bytes(*b))));
        }
        Target::Int64 => out.extend(words::<8>(bytes, n)?.iter().map(|b| i64::from_le_bytes(*b))),
        _ => {
            let words = words::<8>(bytes, n)?;
            out.extend(words.iter().map(|b| i64::from_le_bytes(*b)));
            // Read as signed numbers, those that do not fit are negative.
            if words.iter().any(|b| i64::from_le_bytes(*b) < 0) {
                return Some(Err("an integer is larger than 9223372036854775807"));
            }
        }
    }
    Some(Ok(()))
}

/// Appends `n` 32-bit floats.
pub(super) fn floats(bytes: &[u8], n: usize, out: &mut Vec<f32>) -> Option<()> {
    out.extend(words::<4>(bytes, n)?.iter().map(|b| f32::from_le_bytes(*b)));
    Some(())
}

/// Appends `n` 64-bit floats.
pub(super) fn doubles(bytes: &[u8], n: usize, out: &mut Vec<f64>) -> Option<()> {
    out.extend(words::<8>(bytes, n)?.iter().map(|b| f64::from_le_bytes(*b)));
    Some(())
}

fn words<const W: usize>(bytes: &[u8], n: usize) -> Option<&[[u8; W]]> {
    bytes.get(..n.checked_mul(W)?).map(|bytes| bytes.as_chunks::<W>().0)
}
