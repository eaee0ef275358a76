//! The dictionaries of classes and groups: one canonical text for each value, however a file writes
//! it, and a small number for each text.

use super::{
    PredictionsError,
    block::Values,
    class::{class_text, float_text},
    hash::Map,
    refusal,
};
use crate::model::is_missing_word;
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// More distinct values than this are not names.
const MOST_NAMES: usize = 100_000;
/// A number that no name has.
const NONE: u32 = u32::MAX;

/// How values become text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// Classes: `1`, `1.0` and `"1"` are the same, and so are `True` and `true`.
    Class,
    /// Groups: text stays as it is, numbers and booleans become `18` and `true`.
    Group,
}

/// The names seen so far, shared by all workers.
#[derive(Debug)]
pub(super) struct Dictionary {
    column: String,
    form: Form,
    /// The words for missing values that are names here.
    keep: Vec<String>,
    known: Mutex<Known>,
}

#[derive(Debug, Default)]
struct Known {
    index: HashMap<Box<str>, u32>,
    list: Vec<Box<str>>,
    /// How many of them are numbers.
    numbers: usize,
    fraction: Option<String>,
}

impl Dictionary {
    pub(super) fn new(column: impl Into<String>, form: Form, keep: &[String]) -> Self {
        let (column, keep) = (column.into(), keep.to_vec());
        Self { column, form, keep, known: Mutex::new(Known::default()) }
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The column that the names are from.
    pub(super) fn column(&self) -> &str {
        &self.column
    }

    /// The names, in the order of their numbers.
    pub(super) fn list(&self) -> Vec<Box<str>> {
        self.known().list.clone()
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.known().list.len()
    }

    /// Whether all names are numbers.
    pub(super) fn is_numeric(&self) -> bool {
        let known = self.known();
        known.numbers == known.list.len()
    }

    /// The words for missing values among the names that were not stated to be names, ascending.
    pub(super) fn missing_words(&self) -> Vec<String> {
        let known = self.known();
        let words = known.list.iter().filter(|name| self.is_missing(name));
        let mut words: Vec<String> = words.map(ToString::to_string).collect();
        words.sort_unstable();
        words
    }

    fn is_missing(&self, name: &str) -> bool {
        is_missing_word(name.trim()) && !self.keep.iter().any(|word| word == name.trim())
    }

    /// A number with a fraction among the values, if any: the first in the order of text.
    pub(super) fn fraction(&self) -> Option<String> {
        self.known().fraction.clone()
    }

    /// The number of a name; a new name gets the next one.
    fn number(&self, name: &str) -> Result<u32, PredictionsError> {
        if self.form == Form::Class && (name.is_empty() || self.is_missing(name)) {
            return Err(refusal::missing_class(name));
        }
        let mut known = self.known();
        if self.form == Form::Class
            && is_fraction(name)
            && known.fraction.as_deref().is_none_or(|other| name < other)
        {
            known.fraction = Some(name.to_owned());
        }
        if let Some(number) = known.index.get(name) {
            return Ok(*number);
        }
        if known.list.len() >= MOST_NAMES {
            return Err(PredictionsError::new(
                "predictions-too-many-names",
                format!(
                    "the column `{}` has more than {MOST_NAMES} distinct values: it holds no groups or classes; leave it out, \
                     or say `--task regression` if it holds numbers",
                    self.column
                ),
            ));
        }
        let number = u32::try_from(known.list.len()).unwrap_or(NONE);
        known.numbers += usize::from(name.parse::<f64>().is_ok_and(f64::is_finite));
        known.index.insert(name.into(), number);
        known.list.push(name.into());
        Ok(number)
    }
}

fn is_fraction(name: &str) -> bool {
    name.bytes().any(|b| b == b'.' || b == b'e' || b == b'E')
        && name.parse::<f64>().is_ok_and(|x| x.is_finite() && x.fract() != 0.0)
}

/// The texts of a block, and the number of each.
type Numbered = (Arc<[Box<str>]>, Vec<u32>);

/// One worker's access to the shared names, with a cache of the values it has seen.
#[derive(Debug)]
pub(super) struct Encoder<'n> {
    names: &'n Dictionary,
    small: [u32; 256],
    integers: Map<u64, u32>,
    floats: Map<u64, u32>,
    texts: HashMap<Box<str>, u32>,
    /// The dictionary of the block before, and the number of each entry.
    last: Option<Numbered>,
}

impl<'n> Encoder<'n> {
    pub(super) fn new(names: &'n Dictionary) -> Self {
        Self {
            names,
            small: [NONE; 256],
            integers: Map::default(),
            floats: Map::default(),
            texts: HashMap::new(),
            last: None,
        }
    }

    /// Replaces the content of `out` by the number of each value's name.
    pub(super) fn numbers(
        &mut self,
        values: &Values,
        out: &mut Vec<u32>,
    ) -> Result<(), PredictionsError> {
        out.clear();
        out.reserve(values.len());
        match values {
            Values::Int(list) => {
                // Usually all are small and known, so that no value needs a lookup of its own.
                if (0..256).contains(&list.iter().fold(0, |all, x| all | x)) {
                    out.extend(list.iter().map(|x| self.small[(*x & 255) as usize]));
                    if !out.contains(&NONE) {
                        return Ok(());
                    }
                    out.clear();
                }
                for x in list {
                    let place = usize::try_from(*x).unwrap_or(usize::MAX);
                    let known = self.small.get(place).copied().unwrap_or(NONE);
                    out.push(if known == NONE { self.integer(*x)? } else { known });
                }
            }
            Values::Bool(list) => {
                let both = [self.boolean(false, list)?, self.boolean(true, list)?];
                out.extend(list.iter().map(|b| both[usize::from(*b)]));
            }
            Values::F32(list) => {
                for x in list {
                    out.push(self.float(f64::from(*x))?);
                }
            }
            Values::F64(list) => {
                for x in list {
                    out.push(self.float(*x)?);
                }
            }
            Values::Text { dictionary, codes } => {
                // Blocks of one file often share one dictionary, which may be long.
                let mut block = match self.last.take() {
                    Some((last, block)) if Arc::ptr_eq(&last, dictionary) => block,
                    _ => {
                        let known = |text: &str| self.texts.get(text).copied().unwrap_or(NONE);
                        dictionary.iter().map(|text| known(text)).collect()
                    }
                };
                out.extend(codes.iter().map(|code| block[*code as usize]));
                if out.contains(&NONE) {
                    // A dictionary may have values that no row uses; they must not become names.
                    for (number, code) in
                        out.iter_mut().zip(codes).filter(|(number, _)| **number == NONE)
                    {
                        let place = *code as usize;
                        if block[place] == NONE {
                            block[place] = self.text(&dictionary[place])?;
                        }
                        *number = block[place];
                    }
                }
                self.last = Some((Arc::clone(dictionary), block));
            }
        }
        Ok(())
    }

    fn boolean(&mut self, value: bool, list: &[bool]) -> Result<u32, PredictionsError> {
        if list.contains(&value) {
            self.text(if value { "true" } else { "false" })
        } else {
            Ok(NONE)
        }
    }

    fn integer(&mut self, x: i64) -> Result<u32, PredictionsError> {
        let key = x.cast_unsigned();
        if let Some(number) = self.integers.get(&key) {
            return Ok(*number);
        }
        let number = self.names.number(&x.to_string())?;
        self.integers.insert(key, number);
        if let Some(slot) = usize::try_from(x).ok().and_then(|x| self.small.get_mut(x)) {
            *slot = number;
        }
        Ok(number)
    }

    fn float(&mut self, x: f64) -> Result<u32, PredictionsError> {
        if let Some(number) = self.floats.get(&x.to_bits()) {
            return Ok(*number);
        }
        let number = self.names.number(&float_text(x))?;
        self.floats.insert(x.to_bits(), number);
        Ok(number)
    }

    fn text(&mut self, text: &str) -> Result<u32, PredictionsError> {
        if let Some(number) = self.texts.get(text) {
            return Ok(*number);
        }
        let number = match self.names.form {
            Form::Class => self.names.number(&class_text(text))?,
            Form::Group => self.names.number(text)?,
        };
        self.texts.insert(text.into(), number);
        Ok(number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_class_has_one_name_however_it_is_written() {
        let names = Dictionary::new("label", Form::Class, &[]);
        let mut encoder = Encoder::new(&names);
        let texts: std::sync::Arc<[Box<str>]> = ["unused", "1", "1.0", "True", "01", "-0", " cat "]
            .map(Into::into)
            .into_iter()
            .collect();
        let mut out = Vec::new();
        for values in [
            Values::Text { dictionary: texts, codes: vec![1, 2, 3, 4, 5, 6] },
            Values::Int(vec![1, 0, -3]),
            Values::F64(vec![1.0, 0.0, 0.5]),
            Values::Bool(vec![true]),
        ] {
            let mut more = Vec::new();
            encoder.numbers(&values, &mut more).unwrap();
            out.extend(more.iter().map(|n| names.list()[*n as usize].to_string()));
        }
        assert_eq!(
            out,
            ["1", "1", "true", "01", "0", "cat", "1", "0", "-3", "1", "0", "0.5", "true"]
        );
        assert_eq!(names.fraction().as_deref(), Some("0.5"));
        assert!(!names.list().iter().any(|n| &**n == "unused" || &**n == "false"));
    }
}
