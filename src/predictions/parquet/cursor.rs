//! Reads the values of one column from some row on.

use super::{
    chunk::{Chunk, Pages},
    header::{Header, Sort},
    odd::{self, Odd},
    plain::{self, Dictionary},
    rle::Rle,
    schema::{Leaf, Target},
};
use crate::predictions::{
    Input, Limits, PredictionsError, block::Values, num, refusal, text, text::Interner,
};

/// The encoding of the values of the current page.
enum Form {
    /// Codes of the dictionary.
    Codes(Rle),
    /// Booleans as run lengths.
    Runs(Rle),
    /// Plain values, from this byte on.
    Plain(usize),
    /// Booleans with one bit each, from this bit on.
    Bits(usize),
    Odd(Box<Odd>),
}

/// A position before one row of a column.
pub(super) struct Cursor<'f> {
    pages: Pages<'f>,
    limits: &'f Limits,
    dictionary: Dictionary,
    interner: Interner,
    form: Form,
    /// Values left in the current page.
    left: usize,
    /// The row in the file, from zero, of the next value.
    row: u64,
    some: Vec<u32>,
}

/// How many codes are converted to values at a time.
const BATCH: usize = 1024;

impl<'f> Cursor<'f> {
    pub(super) fn new(input: &'f Input, leaf: &'f Leaf, limits: &'f Limits, chunk: Chunk) -> Self {
        Self {
            pages: Pages::new(input, leaf, limits, chunk),
            limits,
            dictionary: Dictionary::None,
            interner: Interner::default(),
            form: Form::Plain(0),
            left: 0,
            row: 0,
            some: vec![0; BATCH],
        }
    }

    /// Moves to a row: the `skip`-th of a chunk whose first row is `first`.
    pub(super) fn open(
        &mut self,
        chunk: Chunk,
        first: u64,
        skip: usize,
    ) -> Result<(), PredictionsError> {
        self.pages.open(chunk);
        self.dictionary = Dictionary::None;
        self.left = 0;
        self.row = first;
        let mut skip = skip;
        while skip > 0 {
            if self.left == 0 {
                skip -= self.next_page(skip)?;
                continue;
            }
            let step = skip.min(self.left);
            self.pass(step)?;
            skip -= step;
        }
        Ok(())
    }

    /// Replaces the content of `values` by the next `n` values.
    pub(super) fn fill(&mut self, n: usize, values: &mut Values) -> Result<(), PredictionsError> {
        match self.pages.leaf.target {
            Target::Int32 | Target::Unsigned32 | Target::Int64 | Target::Unsigned64 => {
                let mut out = match values {
                    Values::Int(v) => std::mem::take(v),
                    _ => Vec::new(),
                };
                out.clear();
                let filled = self.steps(n, |cursor, step| cursor.integers(step, &mut out));
                *values = Values::Int(out);
                filled
            }
            Target::Float => {
                let mut out = match values {
                    Values::F32(v) => std::mem::take(v),
                    _ => Vec::new(),
                };
                out.clear();
                let first = self.row;
                let filled = self.steps(n, |cursor, step| cursor.floats(step, &mut out));
                let finite = out.iter().fold(true, |all, x| all & x.is_finite());
                let wrong = if finite { None } else { out.iter().position(|x| !x.is_finite()) };
                let value = wrong.and_then(|at| out.get(at)).map_or(0.0, |x| f64::from(*x));
                *values = Values::F32(out);
                filled.and_then(|()| self.finite(wrong, first, value))
            }
            Target::Double => {
                let mut out = match values {
                    Values::F64(v) => std::mem::take(v),
                    _ => Vec::new(),
                };
                out.clear();
                let first = self.row;
                let filled = self.steps(n, |cursor, step| cursor.doubles(step, &mut out));
                let finite = out.iter().fold(true, |all, x| all & x.is_finite());
                let wrong = if finite { None } else { out.iter().position(|x| !x.is_finite()) };
                let value = wrong.and_then(|at| out.get(at)).copied().unwrap_or(0.0);
                *values = Values::F64(out);
                filled.and_then(|()| self.finite(wrong, first, value))
            }
            Target::Bool => {
                let mut out = match values {
                    Values::Bool(v) => std::mem::take(v),
                    _ => Vec::new(),
                };
                out.clear();
                let filled = self.steps(n, |cursor, step| cursor.booleans(step, &mut out));
                *values = Values::Bool(out);
                filled
            }
            Target::Text => self.texts(n, values),
        }
    }

    fn finite(&self, wrong: Option<usize>, first: u64, value: f64) -> Result<(), PredictionsError> {
        let Some(at) = wrong else { return Ok(()) };
        let place = format!("row {}", first + num::wide(at) + 1);
        Err(refusal::not_finite(self.pages.input.name(), &self.pages.leaf.name, place, value))
    }

    /// Calls `step` with the number of next values in one page, until these are `n` in all.
    fn steps(
        &mut self,
        n: usize,
        mut step: impl FnMut(&mut Self, usize) -> Result<(), PredictionsError>,
    ) -> Result<(), PredictionsError> {
        let mut n = n;
        while n > 0 {
            if self.left == 0 {
                self.next_page(0)?;
                continue;
            }
            let now = n.min(self.left);
            step(self, now)?;
            self.left -= now;
            self.row += num::wide(now);
            n -= now;
        }
        Ok(())
    }

    /// Reads pages up to a data page. A data page that has no more than `skip` values is skipped
    /// unread; returns how many values it had, else 0.
    fn next_page(&mut self, skip: usize) -> Result<usize, PredictionsError> {
        loop {
            let Some(header) = self.pages.header()? else {
                return Err(self.pages.corrupt("it has fewer values than rows"));
            };
            match header.sort {
                Sort::Index => self.pages.pass(&header),
                Sort::Dictionary => {
                    self.pages.body(&header)?;
                    // 0 is plain, 2 its older name for dictionaries.
                    if !matches!(header.encoding, 0 | 2) {
                        return Err(self
                            .pages
                            .corrupt("the encoding of a dictionary is not known"));
                    }
                    let (target, bytes) = (self.pages.leaf.target, self.pages.bytes());
                    self.dictionary =
                        Dictionary::decode(target, bytes, header.values, self.limits.cell)
                            .map_err(|what| self.pages.corrupt(what))?;
                }
                Sort::DataV1 | Sort::DataV2 => {
                    // A page without values must not make the caller's loop endless; the next page
                    // may have some.
                    if header.values == 0 || header.values <= skip {
                        self.pages.pass(&header);
                        self.row += num::wide(header.values);
                        if header.values == 0 {
                            continue;
                        }
                        return Ok(header.values);
                    }
                    self.pages.body(&header)?;
                    self.form = self.form(&header)?;
                    self.left = header.values;
                    return Ok(0);
                }
            }
        }
    }

    fn form(&self, header: &Header) -> Result<Form, PredictionsError> {
        let at = self.pages.levels(header, self.row)?;
        let bytes = self.pages.bytes();
        let broken = |_| self.pages.corrupt("the codes of a page cannot be read");
        Ok(match (header.encoding, self.pages.leaf.target) {
            (0, Target::Bool) => Form::Bits(at * 8),
            (0, _) => Form::Plain(at),
            (2 | 8, _) => {
                let width = bytes.get(at).copied().unwrap_or(0);
                Form::Codes(Rle::new(at + 1, width).map_err(broken)?)
            }
            // The run lengths come after their size.
            (3, Target::Bool) => Form::Runs(Rle::new(at + 4, 1).map_err(broken)?),
            (encoding, _) => {
                let values = bytes.get(at..).unwrap_or_default();
                let odd = odd::decoder(self.pages.leaf, encoding, values, header.values);
                Form::Odd(Box::new(odd.map_err(|what| self.pages.corrupt(what))?))
            }
        })
    }

    /// Skips values of the current page.
    fn pass(&mut self, n: usize) -> Result<(), PredictionsError> {
        let bytes = self.pages.bytes();
        let passed = match &mut self.form {
            Form::Codes(rle) | Form::Runs(rle) => rle.skip(bytes, n).map_err(|_| CODES),
            Form::Bits(at) => {
                *at += n;
                Ok(())
            }
            Form::Plain(at) => pass_plain(self.pages.leaf.target, bytes, at, n).ok_or(SHORT),
            Form::Odd(odd) => pass_odd(odd, n).map_err(|_| SHORT),
        };
        passed.map_err(|what| self.pages.corrupt(what))?;
        self.left -= n;
        self.row += num::wide(n);
        Ok(())
    }

    fn integers(&mut self, n: usize, out: &mut Vec<i64>) -> Result<(), PredictionsError> {
        let (bytes, target) = (self.pages.bytes(), self.pages.leaf.target);
        let done = match (&mut self.form, &self.dictionary) {
            (Form::Codes(rle), Dictionary::Int(dictionary)) => {
                gather(rle, bytes, dictionary, &mut self.some, n, out)
            }
            (Form::Plain(at), _) => {
                let wide = if matches!(target, Target::Int32 | Target::Unsigned32) { 4 } else { 8 };
                let done = plain::integers(target, bytes.get(*at..).unwrap_or_default(), n, out);
                *at += n * wide;
                done.unwrap_or(Err(SHORT)).map_err(str::to_owned)
            }
            (Form::Odd(odd), _) => match &mut **odd {
                Odd::Int32(odd) if target == Target::Unsigned32 => {
                    odd.take(n).map(|v| out.extend(v.iter().map(|x| i64::from(x.cast_unsigned()))))
                }
                Odd::Int32(odd) => odd.take(n).map(|v| out.extend(v.iter().map(|x| i64::from(*x)))),
                Odd::Int64(odd) => odd.take(n).and_then(|v| {
                    out.extend_from_slice(v);
                    let fits = target == Target::Int64 || v.iter().all(|x| *x >= 0);
                    if fits {
                        Ok(())
                    } else {
                        Err("an integer is larger than 9223372036854775807".to_owned())
                    }
                }),
                _ => Err(CODES.to_owned()),
            },
            _ => Err(CODES.to_owned()),
        };
        done.map_err(|what| self.pages.corrupt(what))
    }

    fn floats(&mut self, n: usize, out: &mut Vec<f32>) -> Result<(), PredictionsError> {
        let bytes = self.pages.bytes();
        let done = match (&mut self.form, &self.dictionary) {
            (Form::Codes(rle), Dictionary::F32(dictionary)) => {
                gather(rle, bytes, dictionary, &mut self.some, n, out)
            }
            (Form::Plain(at), _) => {
                let done = plain::floats(bytes.get(*at..).unwrap_or_default(), n, out);
                *at += n * 4;
                done.ok_or_else(|| SHORT.to_owned())
            }
            (Form::Odd(odd), _) => match &mut **odd {
                Odd::Float(odd) => odd.take(n).map(|v| out.extend_from_slice(v)),
                _ => Err(CODES.to_owned()),
            },
            _ => Err(CODES.to_owned()),
        };
        done.map_err(|what| self.pages.corrupt(what))
    }

    fn doubles(&mut self, n: usize, out: &mut Vec<f64>) -> Result<(), PredictionsError> {
        let bytes = self.pages.bytes();
        let done = match (&mut self.form, &self.dictionary) {
            (Form::Codes(rle), Dictionary::F64(dictionary)) => {
                gather(rle, bytes, dictionary, &mut self.some, n, out)
            }
            (Form::Plain(at), _) => {
                let done = plain::doubles(bytes.get(*at..).unwrap_or_default(), n, out);
                *at += n * 8;
                done.ok_or_else(|| SHORT.to_owned())
            }
            (Form::Odd(odd), _) => match &mut **odd {
                Odd::Double(odd) => odd.take(n).map(|v| out.extend_from_slice(v)),
                _ => Err(CODES.to_owned()),
            },
            _ => Err(CODES.to_owned()),
        };
        done.map_err(|what| self.pages.corrupt(what))
    }

    fn booleans(&mut self, n: usize, out: &mut Vec<bool>) -> Result<(), PredictionsError> {
        let bytes = self.pages.bytes();
        let done = match &mut self.form {
            Form::Runs(rle) => gather(rle, bytes, &[false, true], &mut self.some, n, out),
            Form::Bits(at) => {
                let bits = (*at..*at + n)
                    .map_while(|bit| bytes.get(bit / 8).map(|byte| byte >> (bit % 8) & 1 == 1));
                let before = out.len();
                out.extend(bits);
                *at += n;
                if out.len() == before + n { Ok(()) } else { Err(SHORT.to_owned()) }
            }
            _ => Err(CODES.to_owned()),
        };
        done.map_err(|what| self.pages.corrupt(what))
    }

    fn texts(&mut self, n: usize, values: &mut Values) -> Result<(), PredictionsError> {
        let mut codes = text::codes(values);
        let mut own = false;
        self.steps(n, |cursor, step| {
            let done = match (&mut cursor.form, &cursor.dictionary) {
                (Form::Codes(rle), Dictionary::Text(dictionary, places)) => {
                    let from = codes.len();
                    codes.resize(from + step, 0);
                    let new = codes.get_mut(from..).unwrap_or_default();
                    let len = num::small(cursor.dictionary.len());
                    rle.fill(cursor.pages.bytes(), new).map_err(|_| CODES.to_owned()).and_then(
                        |()| {
                            if new.iter().fold(0, |most, code| most.max(*code)) >= len {
                                return Err(CODES.to_owned());
                            }
                            if let Some(places) = places {
                                for code in new.iter_mut() {
                                    *code = places.get(num::index(*code)).copied().unwrap_or(0);
                                }
                            }
                            if own { cursor.interner.adopt(dictionary, new) } else { Ok(()) }
                        },
                    )
                }
                (form, dictionary) => {
                    let adopted = match dictionary {
                        Dictionary::Text(dictionary, _) if !own => {
                            cursor.interner.adopt(dictionary, &mut codes)
                        }
                        _ => Ok(()),
                    };
                    own = true;
                    let mut put = |text: &[u8]| match cursor.interner.code(text) {
                        _ if text.len() > cursor.limits.cell => {
                            Err("a text is longer than is read".to_owned())
                        }
                        Some(code) => {
                            codes.push(code);
                            Ok(())
                        }
                        None => Err("a text is not UTF-8".to_owned()),
                    };
                    adopted.and_then(|()| match form {
                        Form::Plain(at) => {
                            let mut rest = cursor.pages.bytes().get(*at..).unwrap_or_default();
                            let len = rest.len();
                            for _ in 0..step {
                                let (one, after) =
                                    plain::text(rest).ok_or_else(|| SHORT.to_owned())?;
                                put(one)?;
                                rest = after;
                            }
                            *at += len - rest.len();
                            Ok(())
                        }
                        Form::Odd(odd) => match &mut **odd {
                            Odd::Text(odd) => {
                                odd.take(step)?.iter().try_for_each(|text| put(odd::bytes(text)))
                            }
                            _ => Err(CODES.to_owned()),
                        },
                        _ => Err(CODES.to_owned()),
                    })
                }
            };
            done.map_err(|what| cursor.pages.corrupt(what))?;
            if own && cursor.interner.len() > cursor.limits.distinct {
                return Err(refusal::too_many_texts(
                    cursor.pages.input.name(),
                    &cursor.pages.leaf.name,
                    cursor.limits,
                ));
            }
            Ok(())
        })?;
        let dictionary = match &self.dictionary {
            Dictionary::Text(dictionary, _) if !own => std::sync::Arc::clone(dictionary),
            _ => self.interner.dictionary(),
        };
        *values = Values::Text { dictionary, codes };
        Ok(())
    }
}

const CODES: &str = "the codes of a page cannot be read";
const SHORT: &str = "a page ends too early";

/// Appends the values of the next `n` codes.
fn gather<T: Copy>(
    rle: &mut Rle,
    bytes: &[u8],
    dictionary: &[T],
    some: &mut [u32],
    n: usize,
    out: &mut Vec<T>,
) -> Result<(), String> {
    let mut n = n;
    while n > 0 {
        let step = n.min(some.len());
        let codes = some.get_mut(..step).unwrap_or_default();
        rle.fill(bytes, codes).map_err(|_| CODES.to_owned())?;
        let most = codes.iter().fold(0, |most, code| most.max(*code));
        let Some(fallback) = dictionary.get(num::index(most)).copied() else {
            return Err(CODES.to_owned());
        };
        out.extend(
            codes.iter().map(|code| dictionary.get(num::index(*code)).copied().unwrap_or(fallback)),
        );
        n -= step;
    }
    Ok(())
}

fn pass_plain(target: Target, bytes: &[u8], at: &mut usize, n: usize) -> Option<()> {
    let wide = match target {
        Target::Int32 | Target::Unsigned32 | Target::Float => 4,
        Target::Int64 | Target::Unsigned64 | Target::Double => 8,
        Target::Bool => return None,
        Target::Text => {
            for _ in 0..n {
                let (one, _) = plain::text(bytes.get(*at..)?)?;
                *at += one.len() + 4;
            }
            return Some(());
        }
    };
    *at = at.checked_add(n.checked_mul(wide)?)?;
    Some(())
}

fn pass_odd(odd: &mut Odd, n: usize) -> Result<(), String> {
    // In parts, because skipped values are decoded, too.
    let mut n = n;
    while n > 0 {
        let step = n.min(BATCH);
        match odd {
            Odd::Int32(odd) => drop(odd.take(step)?),
            Odd::Int64(odd) => drop(odd.take(step)?),
            Odd::Float(odd) => drop(odd.take(step)?),
            Odd::Double(odd) => drop(odd.take(step)?),
            Odd::Bool(odd) => drop(odd.take(step)?),
            Odd::Text(odd) => drop(odd.take(step)?),
        }
        n -= step;
    }
    Ok(())
}
