//! Dictionaries that a file sends apart from their codes, and that may grow between batches. What
//! was converted once is kept, so that many small additions cost as much as one large one.

use super::{NO_ENTRY, Place, pick, texts};
use crate::predictions::{
    PredictionsError, block::Values, hash::Map, num, refusal, text::Interner,
};
use arrow_array::{Array, ArrayRef};
use std::sync::{Arc, Mutex, PoisonError};

/// A dictionary as it is for one batch. Batches before an addition still have the shorter one.
#[derive(Clone)]
pub(in crate::predictions) struct Entries {
    /// All parts, also those of later batches.
    parts: Arc<Mutex<Vec<ArrayRef>>>,
    /// How many parts, and how many entries in them, this dictionary has.
    count: usize,
    len: usize,
}

impl Entries {
    /// A dictionary of one part.
    pub(in crate::predictions) fn new(part: ArrayRef) -> Self {
        let len = part.len();
        Self { parts: Arc::new(Mutex::new(vec![part])), count: 1, len }
    }

    /// The dictionary with a part more. It must be the longest one so far.
    pub(in crate::predictions) fn and(&self, part: ArrayRef) -> Self {
        let len = self.len.saturating_add(part.len());
        let mut parts = self.parts.lock().unwrap_or_else(PoisonError::into_inner);
        parts.push(part);
        Self { parts: Arc::clone(&self.parts), count: parts.len(), len }
    }

    /// How many entries it has.
    pub(in crate::predictions) fn len(&self) -> usize {
        self.len
    }

    fn parts(&self, from: usize) -> Vec<ArrayRef> {
        let parts = self.parts.lock().unwrap_or_else(PoisonError::into_inner);
        parts.get(from..self.count).unwrap_or_default().to_vec()
    }
}

/// What one worker has converted of a dictionary.
pub(super) struct Known {
    parts: Arc<Mutex<Vec<ArrayRef>>>,
    count: usize,
    values: Entry,
    /// For each entry whether it is absent; empty as long as none is.
    absent: Vec<bool>,
    len: usize,
}

/// The values of the entries.
enum Entry {
    Texts(Box<Names>),
    Other(Values),
}

/// Entries that are texts.
#[derive(Default)]
struct Names {
    interner: Interner,
    /// The text of each entry: one text may occur more than once.
    codes: Vec<u32>,
    /// All texts, as blocks share them.
    shared: Arc<[Box<str>]>,
    /// Rows that were read since then.
    rows: usize,
}

impl Known {
    /// The part of the dictionary that is known, or a new one for another dictionary.
    pub(super) fn of(known: Option<Self>, entries: &Entries) -> Self {
        known.filter(|known| Arc::ptr_eq(&known.parts, &entries.parts)).unwrap_or_else(|| Self {
            parts: Arc::clone(&entries.parts),
            count: 0,
            values: Entry::Other(Values::Int(Vec::new())),
            absent: Vec::new(),
            len: 0,
        })
    }

    /// Converts the parts that are new.
    pub(super) fn grow(
        &mut self,
        place: &Place<'_>,
        entries: &Entries,
        convert: impl Fn(&ArrayRef) -> Result<Values, PredictionsError>,
    ) -> Result<(), PredictionsError> {
        for part in entries.parts(self.count) {
            if texts::is_text(part.data_type()) {
                if !matches!(self.values, Entry::Texts(_)) {
                    self.values = Entry::Texts(Box::default());
                }
                if let Entry::Texts(names) = &mut self.values {
                    texts::intern(place, &mut names.interner, &part, &mut names.codes)?;
                }
            } else {
                let more = convert(&part)?;
                let Entry::Other(values) = &mut self.values else {
                    return Err(place.corrupt("its dictionary changes"));
                };
                append(values, more).ok_or_else(|| place.corrupt("its dictionary changes"))?;
            }
            if let Some(nulls) = part.logical_nulls().filter(|nulls| nulls.null_count() > 0) {
                self.absent.resize(self.len, false);
                self.absent.extend(nulls.iter().map(|present| !present));
            }
            self.len = self.len.saturating_add(part.len());
        }
        self.count = self.count.max(entries.count);
        Ok(())
    }

    /// The values that these codes of the file have.
    pub(super) fn values(
        &mut self,
        place: &Place<'_>,
        entries: &Entries,
        mut codes: Vec<u32>,
    ) -> Result<Values, PredictionsError> {
        let most = codes.iter().fold(0, |most, code| most.max(*code));
        if !codes.is_empty() && num::index(most) >= entries.len {
            return Err(place.corrupt(NO_ENTRY));
        }
        let is_absent = |code: &u32| self.absent.get(num::index(*code)).copied().unwrap_or(false);
        if !self.absent.is_empty()
            && let Some(at) = codes.iter().position(is_absent)
        {
            return Err(refusal::null(place.file, place.column, place.row(at)));
        }
        let broken = || place.corrupt(NO_ENTRY);
        let values = match &mut self.values {
            Entry::Texts(names) => {
                for code in &mut codes {
                    *code = *names.codes.get(num::index(*code)).ok_or_else(broken)?;
                }
                let dictionary = names.dictionary(&mut codes);
                return Ok(Values::Text { dictionary, codes });
            }
            Entry::Other(Values::Int(list)) => pick(list, &codes).map(Values::Int),
            Entry::Other(Values::F32(list)) => pick(list, &codes).map(Values::F32),
            Entry::Other(Values::F64(list)) => pick(list, &codes).map(Values::F64),
            Entry::Other(Values::Bool(list)) => pick(list, &codes).map(Values::Bool),
            Entry::Other(Values::Text { dictionary, codes: texts }) => pick(texts, &codes)
                .map(|codes| Values::Text { dictionary: Arc::clone(dictionary), codes }),
        };
        values.ok_or_else(broken)
    }
}

impl Names {
    /// The dictionary of a block: all texts, so that blocks share it, or only those that the block
    /// has, while the dictionary grows faster than rows are read.
    fn dictionary(&mut self, codes: &mut [u32]) -> Arc<[Box<str>]> {
        self.rows = self.rows.saturating_add(codes.len());
        let all = self.interner.len();
        if self.shared.len() != all {
            if self.rows < all {
                return self.only(codes);
            }
            (self.shared, self.rows) = (self.interner.texts().into(), 0);
        }
        Arc::clone(&self.shared)
    }

    fn only(&self, codes: &mut [u32]) -> Arc<[Box<str>]> {
        let (mut places, mut texts) = (Map::default(), Vec::new());
        for code in codes {
            *code = *places.entry(*code).or_insert_with(|| {
                texts.push(Box::from(self.interner.text(*code)));
                num::small(texts.len()) - 1
            });
        }
        texts.into()
    }
}

/// Appends values of the same type; `None` if the type is another.
fn append(values: &mut Values, more: Values) -> Option<()> {
    match (values, more) {
        (values, more) if values.is_empty() => *values = more,
        (Values::Int(all), Values::Int(more)) => all.extend(more),
        (Values::F32(all), Values::F32(more)) => all.extend(more),
        (Values::F64(all), Values::F64(more)) => all.extend(more),
        (Values::Bool(all), Values::Bool(more)) => all.extend(more),
        _ => return None,
    }
    Some(())
}
