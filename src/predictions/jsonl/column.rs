//! The values of one wanted column in one piece, in the type that they turn out to have.

use crate::predictions::{
    block::{Kind, Values},
    number::Scanned,
    text::{self, Interner},
};

/// Why a value was not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Not {
    /// Its row already has one.
    Once,
    /// A number is wanted, and the value is not one.
    Number,
    /// A name is wanted, and the value is a number with a fraction.
    Name,
    /// It is larger than any double.
    Finite,
    /// It is longer than the limit.
    Short,
    /// The column mixes types: the piece is read again, with this column as text.
    Same,
}

/// One column.
pub(super) struct Column {
    kind: Kind,
    /// Every value is kept as text, as written.
    as_text: bool,
    /// Rows that have a value.
    rows: usize,
    values: Values,
    interner: Interner,
}

impl Column {
    pub(super) fn new(kind: Kind) -> Self {
        Self {
            kind,
            as_text: false,
            rows: 0,
            values: Values::Int(Vec::new()),
            interner: Interner::default(),
        }
    }

    /// Begins a piece, and reuses the buffer of the previous piece.
    pub(super) fn begin(&mut self, buffer: Values, as_text: bool) {
        self.rows = 0;
        self.as_text = as_text;
        self.values = buffer;
        match &mut self.values {
            Values::F32(v) => v.clear(),
            Values::F64(v) => v.clear(),
            Values::Int(v) => v.clear(),
            Values::Bool(v) => v.clear(),
            Values::Text { codes, .. } => codes.clear(),
        }
    }

    /// How many rows have a value.
    pub(super) fn rows(&self) -> usize {
        self.rows
    }

    /// How many distinct texts it has.
    pub(super) fn distinct(&self) -> usize {
        self.interner.len()
    }

    /// Ends the piece.
    pub(super) fn end(&mut self) -> Values {
        let mut values = std::mem::replace(&mut self.values, Values::Int(Vec::new()));
        if let Values::Text { dictionary, .. } = &mut values {
            *dictionary = self.interner.dictionary();
        }
        values
    }

    fn count(&mut self, row: usize) -> Result<(), Not> {
        if self.rows != row {
            return Err(Not::Once);
        }
        self.rows += 1;
        Ok(())
    }

    /// Adds a number, which has the text `written`.
    #[inline]
    pub(super) fn number(
        &mut self,
        row: usize,
        number: &Scanned,
        written: &[u8],
    ) -> Result<(), Not> {
        if self.as_text {
            return self.text(row, written, true);
        }
        self.count(row)?;
        if !number.value.is_finite() {
            return Err(Not::Finite);
        }
        // An identifier that a double cannot represent must not lose its last digits.
        let exact =
            self.kind == Kind::Number || number.integer.map_or_else(|| fraction(written), is_exact);
        match (&mut self.values, number.integer) {
            (Values::Int(v), Some(integer)) => v.push(integer),
            (_, Some(integer)) if row == 0 => self.values = Values::Int(vec![integer]),
            (_, None) if self.kind == Kind::Category => return Err(Not::Name),
            _ if !exact => return Err(Not::Same),
            (Values::F64(v), _) => v.push(number.value),
            (Values::Int(v), None)
                if self.kind == Kind::Number || v.iter().all(|i| is_exact(*i)) =>
            {
                let mut floats: Vec<f64> = v.iter().map(|i| float(*i)).collect();
                floats.push(number.value);
                self.values = Values::F64(floats);
            }
            (_, _) if row == 0 => self.values = Values::F64(vec![number.value]),
            _ => return Err(Not::Same),
        }
        Ok(())
    }

    /// Adds `true` or `false`.
    pub(super) fn boolean(&mut self, row: usize, boolean: bool) -> Result<(), Not> {
        if self.as_text {
            return self.text(row, if boolean { b"true" } else { b"false" }, true);
        }
        if self.kind == Kind::Number {
            return Err(Not::Number);
        }
        self.count(row)?;
        match &mut self.values {
            Values::Bool(v) => v.push(boolean),
            _ if row == 0 => self.values = Values::Bool(vec![boolean]),
            _ => return Err(Not::Same),
        }
        Ok(())
    }

    /// Adds a string, or any other value as text if it is `written` so in the file.
    #[inline]
    pub(super) fn text(&mut self, row: usize, text: &[u8], written: bool) -> Result<(), Not> {
        if self.kind == Kind::Number && !written {
            return Err(Not::Number);
        }
        self.count(row)?;
        if !matches!(self.values, Values::Text { .. }) {
            if row > 0 {
                return Err(Not::Same);
            }
            let codes = text::codes(&mut self.values);
            self.values = Values::Text { dictionary: std::sync::Arc::from([]), codes };
        }
        // The whole piece was already found to be UTF-8.
        let code = self.interner.code(text).ok_or(Not::Short)?;
        if let Values::Text { codes, .. } = &mut self.values {
            codes.push(code);
        }
        Ok(())
    }
}

fn fraction(written: &[u8]) -> bool {
    memchr::memchr3(b'.', b'e', b'E', written).is_some()
}

/// Whether a double represents the integer exactly.
fn is_exact(integer: i64) -> bool {
    integer.unsigned_abs() <= 1 << 53
}

#[expect(
    clippy::as_conversions,
    clippy::cast_precision_loss,
    reason = "as the same digits with a point would be read"
)]
fn float(integer: i64) -> f64 {
    integer as f64
}
