//! Reads some rows of one column from the buffers of a batch.

use super::{batch::Buffers, schema::Shape};
use crate::predictions::{Input, Limits, PredictionsError, num, refusal, text::Interner};

/// Values of one column.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Plain {
    Int(Vec<i64>),
    F32(Vec<f32>),
    F64(Vec<f64>),
    Bool(Vec<bool>),
    /// Codes of the interner that the caller passed.
    Text(Vec<u32>),
}

/// Where to read.
#[derive(Clone, Copy)]
pub(super) struct Rows<'a> {
    pub(super) input: &'a Input,
    pub(super) limits: &'a Limits,
    pub(super) buffers: &'a Buffers,
    /// The name of the column in messages.
    pub(super) column: &'a str,
    pub(super) from: u64,
    pub(super) count: usize,
}

/// The most bytes of text in one block.
const MOST_TEXT: u64 = 512 << 20;

impl Rows<'_> {
    pub(super) fn corrupt(&self, what: &str) -> PredictionsError {
        refusal::corrupt(
            self.input.name(),
            format!("column {}: {what}", refusal::quoted(self.column)),
        )
    }

    fn slice(
        &self,
        place: usize,
        from: u64,
        len: u64,
        out: &mut Vec<u8>,
    ) -> Result<(), PredictionsError> {
        self.buffers.slice(self.input, self.limits, place, from, len, out)
    }

    /// The first of these rows that is absent according to the bits in this buffer, counted from
    /// the first row. An empty buffer means that all are present.
    pub(super) fn absent(
        &self,
        place: usize,
        scratch: &mut Vec<u8>,
    ) -> Result<Option<usize>, PredictionsError> {
        if self.count == 0 || self.buffers.is_empty(place) {
            return Ok(None);
        }
        let bits = self.bits(place, scratch)?;
        Ok((0..self.count).find(|row| !bit(scratch, bits + row)))
    }

    /// Reads the bits of these rows; returns the position of the first one.
    fn bits(&self, place: usize, scratch: &mut Vec<u8>) -> Result<usize, PredictionsError> {
        let lead = num::fits(self.from % 8);
        let len = num::wide((lead + self.count).div_ceil(8));
        self.slice(place, self.from / 8, len, scratch)?;
        Ok(lead)
    }

    /// Reads the values of the column whose first buffer, the validity bits, has this index.
    pub(super) fn values(
        &self,
        shape: Shape,
        place: usize,
        interner: &mut Interner,
        scratch: &mut Vec<u8>,
    ) -> Result<Plain, PredictionsError> {
        let rows = num::wide(self.count);
        let mut fixed = |bytes: u64| {
            self.slice(
                place + 1,
                self.from.saturating_mul(bytes),
                rows.saturating_mul(bytes),
                scratch,
            )
        };
        Ok(match shape {
            Shape::Int { bytes, signed } => {
                fixed(num::wide(bytes))?;
                Plain::Int(self.integers(scratch, bytes, signed)?)
            }
            Shape::Half => {
                fixed(2)?;
                Plain::F32(
                    scratch
                        .as_chunks::<2>()
                        .0
                        .iter()
                        .map(|b| half(u16::from_le_bytes(*b)))
                        .collect(),
                )
            }
            Shape::Float => {
                fixed(4)?;
                Plain::F32(
                    scratch.as_chunks::<4>().0.iter().map(|b| f32::from_le_bytes(*b)).collect(),
                )
            }
            Shape::Double => {
                fixed(8)?;
                Plain::F64(
                    scratch.as_chunks::<8>().0.iter().map(|b| f64::from_le_bytes(*b)).collect(),
                )
            }
            Shape::Bool => {
                let lead = self.bits(place + 1, scratch)?;
                Plain::Bool((lead..lead + self.count).map(|at| bit(scratch, at)).collect())
            }
            Shape::Text { large } => Plain::Text(self.texts(place, large, interner, scratch)?),
            Shape::View(view) => Plain::Text(self.views(place, view, interner, scratch)?),
        })
    }

    fn integers(
        &self,
        bytes: &[u8],
        width: usize,
        signed: bool,
    ) -> Result<Vec<i64>, PredictionsError> {
        Ok(match (width, signed) {
            (1, true) => bytes.iter().map(|b| i64::from(b.cast_signed())).collect(),
            (1, false) => bytes.iter().map(|b| i64::from(*b)).collect(),
            (2, true) => {
                bytes.as_chunks().0.iter().map(|b| i64::from(i16::from_le_bytes(*b))).collect()
            }
            (2, false) => {
                bytes.as_chunks().0.iter().map(|b| i64::from(u16::from_le_bytes(*b))).collect()
            }
            (4, true) => {
                bytes.as_chunks().0.iter().map(|b| i64::from(i32::from_le_bytes(*b))).collect()
            }
            (4, false) => {
                bytes.as_chunks().0.iter().map(|b| i64::from(u32::from_le_bytes(*b))).collect()
            }
            (_, true) => bytes.as_chunks().0.iter().map(|b| i64::from_le_bytes(*b)).collect(),
            (_, false) => {
                let fits = |b: &[u8; 8]| i64::try_from(u64::from_le_bytes(*b)).ok();
                let all: Option<Vec<i64>> = bytes.as_chunks().0.iter().map(fits).collect();
                all.ok_or_else(|| self.corrupt("an integer is larger than 9223372036854775807"))?
            }
        })
    }

    fn code(&self, interner: &mut Interner, text: &[u8]) -> Result<u32, PredictionsError> {
        if text.len() > self.limits.cell {
            let what = format!(
                "a text in column {} is longer than {} bytes",
                refusal::quoted(self.column),
                self.limits.cell
            );
            return Err(refusal::too_large(self.input.name(), what));
        }
        let code = interner.code(text).ok_or_else(|| self.corrupt("a text is not UTF-8"))?;
        if interner.len() > self.limits.distinct {
            return Err(refusal::too_many_texts(self.input.name(), self.column, self.limits));
        }
        Ok(code)
    }

    fn texts(
        &self,
        place: usize,
        large: bool,
        interner: &mut Interner,
        scratch: &mut Vec<u8>,
    ) -> Result<Vec<u32>, PredictionsError> {
        if self.count == 0 {
            return Ok(Vec::new());
        }
        let width = if large { 8 } else { 4 };
        self.slice(place + 1, self.from * width, (num::wide(self.count) + 1) * width, scratch)?;
        let offsets: Vec<u64> = if large {
            scratch.as_chunks::<8>().0.iter().map(|b| u64::from_le_bytes(*b)).collect()
        } else {
            scratch.as_chunks::<4>().0.iter().map(|b| u64::from(u32::from_le_bytes(*b))).collect()
        };
        let (first, last) =
            (offsets.first().copied().unwrap_or(0), offsets.last().copied().unwrap_or(0));
        let broken = || self.corrupt("its offsets do not grow");
        let len = last.checked_sub(first).ok_or_else(broken)?;
        if !offsets.is_sorted() {
            return Err(broken());
        }
        if len > MOST_TEXT {
            return Err(refusal::too_large(self.input.name(), "its texts are too long"));
        }
        self.slice(place + 2, first, len, scratch)?;
        let text = |pair: &[u64; 2]| {
            let [start, end] = pair.map(|at| num::fits(at - first));
            self.code(interner, scratch.get(start..end).unwrap_or_default())
        };
        offsets.array_windows().map(text).collect()
    }

    fn views(
        &self,
        place: usize,
        view: usize,
        interner: &mut Interner,
        scratch: &mut Vec<u8>,
    ) -> Result<Vec<u32>, PredictionsError> {
        self.slice(place + 1, self.from * 16, num::wide(self.count) * 16, scratch)?;
        let views: Vec<[u8; 16]> = scratch.as_chunks().0.to_vec();
        let word = |view: &[u8; 16], at: usize| {
            let word = view.get(at..).and_then(|rest| rest.first_chunk::<4>());
            u32::from_le_bytes(word.copied().unwrap_or_default())
        };
        let mut data: Vec<Option<Vec<u8>>> =
            (0..self.buffers.data_buffers(view).min(1 << 16)).map(|_| None).collect();
        let mut codes = Vec::with_capacity(views.len());
        for view in &views {
            let len = num::index(word(view, 0));
            if let Some(short) = view.get(4..4 + len.min(13)).filter(|_| len <= 12) {
                codes.push(self.code(interner, short)?);
                continue;
            }
            let broken = || self.corrupt("a view points outside its buffers");
            let (buffer, at) = (num::index(word(view, 8)), num::index(word(view, 12)));
            let slot = data.get_mut(buffer).ok_or_else(broken)?;
            if slot.is_none() {
                *slot = Some(self.buffers.whole(self.input, self.limits, place + 2 + buffer)?);
            }
            let bytes = slot.as_deref().unwrap_or_default();
            codes.push(self.code(interner, bytes.get(at..at + len).ok_or_else(broken)?)?);
        }
        Ok(codes)
    }
}

fn bit(bytes: &[u8], at: usize) -> bool {
    bytes.get(at / 8).is_some_and(|byte| byte >> (at % 8) & 1 == 1)
}

/// A 16-bit float (IEEE 754-2008 binary16), which a 32-bit one holds exactly.
fn half(bits: u16) -> f32 {
    let (exponent, fraction) = (i32::from(bits >> 10 & 31), f32::from(bits & 1023));
    let value = match exponent {
        0 => fraction * 2_f32.powi(-24),
        31 if fraction == 0.0 => f32::INFINITY,
        31 => f32::NAN,
        _ => (1024.0 + fraction) * 2_f32.powi(exponent - 25),
    };
    if bits >> 15 == 1 { -value } else { value }
}

#[cfg(test)]
mod tests {
    use super::half;

    #[test]
    fn halves_are_what_ieee_says() {
        // Examples from Wikipedia, "Half-precision floating-point format".
        let cases = [
            (0x0001, 5.960_464_5e-8),
            (0x03ff, 6.097_555e-5),
            (0x0400, 6.103_515_6e-5),
            (0x3555, 0.333_251_95),
        ];
        for (bits, value) in
            cases.into_iter().chain([(0x3bff, 0.999_511_7), (0x3c00, 1.0), (0x7bff, 65504.0)])
        {
            assert_eq!(half(bits), value);
            assert_eq!(half(bits | 0x8000), -value);
        }
        assert!(half(0x7c00).is_infinite() && half(0x7e00).is_nan());
    }
}
