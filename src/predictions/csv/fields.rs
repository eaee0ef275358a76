//! Where the fields of a piece end.

use std::borrow::Cow;

/// The byte after each field: a delimiter, a line feed, or the end of the piece.
#[derive(Debug, Default)]
pub(super) struct Fields {
    ends: Vec<usize>,
}

/// What is wrong with the quoting, and at which byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Misquoted {
    /// A quote inside a field that does not begin with one.
    Stray(usize),
    /// Other characters between the closing quote and the end of the field.
    After(usize),
    /// A missing closing quote.
    Open(usize),
}

impl Fields {
    /// How many fields there are.
    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    /// Finds the ends of all fields.
    pub(super) fn index(
        &mut self,
        bytes: &[u8],
        delimiter: u8,
        quotes: bool,
    ) -> Result<(), Misquoted> {
        self.ends.clear();
        if quotes {
            self.quoted(bytes, delimiter)?;
        } else {
            self.plain(bytes, delimiter);
        }
        // The last record of a file may lack its line feed.
        if bytes.last().is_some_and(|last| *last != b'\n') {
            self.ends.push(bytes.len());
        }
        Ok(())
    }

    /// Searches eight bytes at a time, with the exact test for zero bytes (Warren, Hacker's
    /// Delight, 6-1).
    fn plain(&mut self, bytes: &[u8], delimiter: u8) {
        const LOW: u64 = 0x7f7f_7f7f_7f7f_7f7f;
        let splat = |byte: u8| u64::from_le_bytes([byte; 8]);
        let zeros = |x: u64| !(((x & LOW) + LOW) | x | LOW);
        let (d, n) = (splat(delimiter), splat(b'\n'));
        let (words, tail) = bytes.as_chunks::<8>();
        let mut base = 0;
        for word in words {
            let word = u64::from_le_bytes(*word);
            let mut hits = zeros(word ^ d) | zeros(word ^ n);
            while hits != 0 {
                self.ends.push(base + lane(hits));
                hits &= hits - 1;
            }
            base += 8;
        }
        let tail = tail.iter().enumerate().filter(|(_, b)| **b == delimiter || **b == b'\n');
        self.ends.extend(tail.map(|(i, _)| base + i));
    }

    fn quoted(&mut self, bytes: &[u8], delimiter: u8) -> Result<(), Misquoted> {
        let mut start = 0;
        while start < bytes.len() {
            let rest = bytes.get(start..).unwrap_or_default();
            let end = if rest.first() == Some(&b'"') {
                let close = closing(rest).ok_or(Misquoted::Open(start))?;
                let after = rest.get(close + 1..).unwrap_or_default();
                let gap = usize::from(after.starts_with(b"\r\n") || after == b"\r");
                match after.get(gap) {
                    None => break,
                    Some(b) if *b == delimiter && gap == 0 || *b == b'\n' => {
                        start + close + 1 + gap
                    }
                    Some(_) => return Err(Misquoted::After(start + close + 1)),
                }
            } else {
                match memchr::memchr3(delimiter, b'\n', b'"', rest) {
                    None => break,
                    Some(at) if rest.get(at) == Some(&b'"') => {
                        return Err(Misquoted::Stray(start + at));
                    }
                    Some(at) => start + at,
                }
            };
            self.ends.push(end);
            start = end + 1;
        }
        Ok(())
    }

    /// The field at this index, as it is written.
    #[inline]
    pub(super) fn raw<'b>(&self, bytes: &'b [u8], place: usize) -> &'b [u8] {
        let start =
            place.checked_sub(1).and_then(|before| self.ends.get(before)).map_or(0, |end| end + 1);
        self.ends.get(place).and_then(|end| bytes.get(start..*end)).unwrap_or_default()
    }

    /// Whether the field at this index is the last of its record.
    pub(super) fn ends_record(&self, bytes: &[u8], place: usize) -> bool {
        self.ends.get(place).is_some_and(|end| bytes.get(*end).is_none_or(|b| *b == b'\n'))
    }

    /// The position after the field at this index.
    pub(super) fn end(&self, place: usize) -> usize {
        self.ends.get(place).copied().unwrap_or(0)
    }
}

#[expect(clippy::as_conversions, reason = "less than eight")]
fn lane(hits: u64) -> usize {
    (hits.trailing_zeros() / 8) as usize
}

/// The position of the closing quote of a field that begins with a quote.
fn closing(field: &[u8]) -> Option<usize> {
    let mut from = 1;
    loop {
        let at = from + memchr::memchr(b'"', field.get(from..)?)?;
        if field.get(at + 1) != Some(&b'"') {
            return Some(at);
        }
        from = at + 2;
    }
}

/// The content of a field: without its quotes, and without the carriage return before a line feed.
#[inline]
pub(super) fn cell(raw: &[u8], last: bool) -> Cow<'_, [u8]> {
    let raw = if last { raw.strip_suffix(b"\r").unwrap_or(raw) } else { raw };
    match raw {
        [b'"', inner @ .., b'"'] => unquoted(inner),
        _ => Cow::Borrowed(raw),
    }
}

#[cold]
fn unescape(inner: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(inner.len());
    let mut rest = inner;
    while let Some(at) = memchr::memchr(b'"', rest) {
        out.extend_from_slice(rest.get(..=at).unwrap_or_default());
        rest = rest.get(at + 2..).unwrap_or_default();
    }
    out.extend_from_slice(rest);
    out
}

fn unquoted(inner: &[u8]) -> Cow<'_, [u8]> {
    match memchr::memchr(b'"', inner) {
        None => Cow::Borrowed(inner),
        Some(_) => Cow::Owned(unescape(inner)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cells(text: &str, quotes: bool) -> Result<Vec<String>, Misquoted> {
        let mut fields = Fields::default();
        fields.index(text.as_bytes(), b',', quotes)?;
        let one = |i| {
            cell(fields.raw(text.as_bytes(), i), fields.ends_record(text.as_bytes(), i))
                .into_owned()
        };
        Ok((0..fields.len()).map(|i| String::from_utf8(one(i)).unwrap()).collect())
    }

    #[test]
    fn fields_are_found_with_and_without_quotes() {
        let plain = "a,bb,,ccccccccccccccc\r\nd,,e,f\n,,,";
        let expected = ["a", "bb", "", "ccccccccccccccc", "d", "", "e", "f", "", "", "", ""];
        assert_eq!(cells(plain, false).unwrap(), expected);
        assert_eq!(cells(plain, true).unwrap(), expected);
        let quoted = "\"a,\n\",\"\"\"b\"\"\",\"\"\r\n\"c\",d,\"e\"";
        assert_eq!(cells(quoted, true).unwrap(), ["a,\n", "\"b\"", "", "c", "d", "e"]);
        assert_eq!(cells("\"a\"\r\n\"b\"\r", true).unwrap(), ["a", "b"]);
    }

    #[test]
    fn wrong_quoting_is_found_where_it_is() {
        assert_eq!(cells("a,b\"c\n", true), Err(Misquoted::Stray(3)));
        assert_eq!(cells("a,\"b\"c\n", true), Err(Misquoted::After(5)));
        assert_eq!(cells("a,\"bc\n", true), Err(Misquoted::Open(2)));
    }
}
