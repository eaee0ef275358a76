//! JSON, token by token. Nothing is allocated for values that are skipped.

use std::borrow::Cow;

/// What is wrong, and at which byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) at: usize,
    pub(super) what: &'static str,
}

const CUT: &str = "the line ends within a row; every row has to be one object on one line";

/// A string between its quotes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Text<'b> {
    raw: &'b [u8],
    escaped: bool,
    at: usize,
}

impl<'b> Text<'b> {
    /// The content of the string.
    #[inline]
    pub(super) fn value(self) -> Result<Cow<'b, [u8]>, Fault> {
        if self.escaped {
            unescape(self.raw, self.at).map(Cow::Owned)
        } else {
            Ok(Cow::Borrowed(self.raw))
        }
    }

    /// Checks the escapes of a string whose content is not needed. A surrogate without its other
    /// half is valid in JSON, though it is not a character.
    fn check(self) -> Result<(), Fault> {
        if self.escaped { escapes(self.raw, self.at) } else { Ok(()) }
    }
}

/// A position in UTF-8 text.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scanner<'b> {
    pub(super) bytes: &'b [u8],
    pub(super) at: usize,
    /// How deep values may be nested.
    pub(super) depth: usize,
}

impl<'b> Scanner<'b> {
    /// The byte at the position.
    #[inline]
    pub(super) fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    /// The bytes from the position on.
    #[inline]
    pub(super) fn rest(&self) -> &'b [u8] {
        self.bytes.get(self.at..).unwrap_or_default()
    }

    /// A fault at this position.
    pub(super) fn fault<T>(&self, what: &'static str) -> Result<T, Fault> {
        Err(Fault { at: self.at, what })
    }

    /// Skips blanks within a line.
    #[inline]
    pub(super) fn blanks(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\r')) {
            self.at += 1;
        }
    }

    /// Skips this byte, or reports what was expected.
    #[inline]
    pub(super) fn expect(&mut self, byte: u8, what: &'static str) -> Result<(), Fault> {
        if self.peek() == Some(byte) {
            self.at += 1;
            return Ok(());
        }
        self.fault(what)
    }

    /// Reads a string. It is searched eight bytes at a time, with the exact tests for zero and for
    /// small bytes (Warren, Hacker's Delight, 6-1).
    #[inline]
    pub(super) fn string(&mut self) -> Result<Text<'b>, Fault> {
        self.expect(b'"', "a string was expected")?;
        let start = self.at;
        let mut escaped = false;
        loop {
            self.at += ordinary(self.rest());
            match self.peek() {
                Some(b'"') => {
                    let raw = self.bytes.get(start..self.at).unwrap_or_default();
                    self.at += 1;
                    return Ok(Text { raw, escaped, at: start });
                }
                Some(b'\\') => {
                    escaped = true;
                    self.at += 2;
                }
                Some(b'\n') | None => return self.fault("the line ends within a string"),
                Some(_) => {
                    return self
                        .fault("a control character stands in a string; it has to be escaped");
                }
            }
        }
    }

    /// Reads a word such as `true`, if it is at the position.
    pub(super) fn word(&mut self, word: &str) -> bool {
        let there = self.rest().starts_with(word.as_bytes());
        self.at += if there { word.len() } else { 0 };
        there
    }

    /// Reads `NaN`, `Infinity` or `-Infinity`, which are not JSON, but which many tools write.
    pub(super) fn not_finite(&mut self) -> Option<&'static str> {
        ["NaN", "-NaN", "Infinity", "-Infinity"].into_iter().find(|word| self.word(word))
    }

    /// Skips a value of any type.
    pub(super) fn skip(&mut self, depth: usize) -> Result<(), Fault> {
        match self.peek() {
            Some(b'"') => self.string()?.check(),
            Some(b'{') => self.members(depth, |scanner, key| {
                key.check()?;
                scanner.skip(depth + 1)
            }),
            Some(b'[') => self.elements(depth),
            _ if self.word("true")
                || self.word("false")
                || self.word("null")
                || self.not_finite().is_some() =>
            {
                Ok(())
            }
            _ => match crate::predictions::number::scan(self.rest()) {
                Some(number) if number.json => {
                    self.at += number.len;
                    Ok(())
                }
                _ => self.fault("a value was expected"),
            },
        }
    }

    fn deeper(&self, depth: usize) -> Result<(), Fault> {
        if depth >= self.depth { self.fault("it nests too deep") } else { Ok(()) }
    }

    /// Reads an object, and calls `member` before the value of each key.
    pub(super) fn members(
        &mut self,
        depth: usize,
        mut member: impl FnMut(&mut Self, Text<'b>) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        self.deeper(depth)?;
        self.expect(b'{', "an object was expected")?;
        self.blanks();
        if self.peek() == Some(b'}') {
            self.at += 1;
            return Ok(());
        }
        loop {
            let key = self.key()?;
            self.colon()?;
            member(self, key)?;
            if !self.more(b'}')? {
                return Ok(());
            }
        }
    }

    /// Reads a key.
    #[inline]
    pub(super) fn key(&mut self) -> Result<Text<'b>, Fault> {
        match self.peek() {
            Some(b'\n') | None => self.fault(CUT),
            _ => self.string(),
        }
    }

    /// Reads the colon after a key, and the blanks around it.
    #[inline]
    pub(super) fn colon(&mut self) -> Result<(), Fault> {
        self.blanks();
        self.expect(b':', "a colon was expected")?;
        self.blanks();
        Ok(())
    }

    /// Reads what follows a value: `true` for a comma, `false` for the closing bracket.
    #[inline]
    pub(super) fn more(&mut self, close: u8) -> Result<bool, Fault> {
        self.blanks();
        match self.peek() {
            Some(b',') => {
                self.at += 1;
                self.blanks();
                Ok(true)
            }
            Some(b) if b == close => {
                self.at += 1;
                Ok(false)
            }
            Some(b'\n') | None => self.fault(CUT),
            Some(_) => self.fault("a comma or the closing bracket was expected"),
        }
    }

    fn elements(&mut self, depth: usize) -> Result<(), Fault> {
        self.deeper(depth)?;
        self.at += 1;
        self.blanks();
        if self.peek() == Some(b']') {
            self.at += 1;
            return Ok(());
        }
        loop {
            self.skip(depth + 1)?;
            if !self.more(b']')? {
                return Ok(());
            }
        }
    }
}

/// How many bytes come before a quote, a backslash or a control character.
#[inline]
fn ordinary(bytes: &[u8]) -> usize {
    const LOW: u64 = 0x7f7f_7f7f_7f7f_7f7f;
    const QUOTE: u64 = u64::from_le_bytes([b'"'; 8]);
    const BACKSLASH: u64 = u64::from_le_bytes([b'\\'; 8]);
    const SPACE: u64 = u64::from_le_bytes([b' '; 8]);
    let zeros = |x: u64| !(((x & LOW) + LOW) | x | LOW);
    let mut passed = 0;
    let mut rest = bytes;
    while let Some((word, after)) = rest.split_first_chunk::<8>() {
        let word = u64::from_le_bytes(*word);
        // A borrow may mark a byte after a control character, never one before it: the lowest mark
        // is always correct.
        let hits = zeros(word ^ QUOTE)
            | zeros(word ^ BACKSLASH)
            | (word.wrapping_sub(SPACE) & !word & !LOW);
        if hits != 0 {
            return passed + usize::try_from(hits.trailing_zeros() / 8).unwrap_or(0);
        }
        passed += 8;
        rest = after;
    }
    passed + rest.iter().position(|b| matches!(b, b'"' | b'\\' | 0..0x20)).unwrap_or(rest.len())
}

const NO_ESCAPE: &str = "there is no such escape";
const NO_HEX: &str = "four hexadecimal digits were expected after \\u";

/// Checks that a backslash is only where an escape begins.
#[cold]
fn escapes(raw: &[u8], at: usize) -> Result<(), Fault> {
    let mut rest = raw;
    while let Some(slash) = memchr::memchr(b'\\', rest) {
        let escape = rest.get(slash + 1..).unwrap_or_default();
        rest = escape.get(1..).unwrap_or_default();
        match escape.first() {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => {}
            Some(b'u') => _ = hex(&mut rest).ok_or(Fault { at, what: NO_HEX })?,
            _ => return Err(Fault { at, what: NO_ESCAPE }),
        }
    }
    Ok(())
}

#[cold]
fn unescape(raw: &[u8], at: usize) -> Result<Vec<u8>, Fault> {
    let fault = |what| Fault { at, what };
    let mut out = Vec::with_capacity(raw.len());
    let mut rest = raw;
    while let Some(slash) = memchr::memchr(b'\\', rest) {
        let (before, escape) = rest.split_at_checked(slash).unwrap_or((rest, b""));
        out.extend_from_slice(before);
        rest = escape.get(2..).unwrap_or_default();
        out.push(match escape.get(1) {
            Some(b @ (b'"' | b'\\' | b'/')) => *b,
            Some(b'b') => 8,
            Some(b'f') => 12,
            Some(b'n') => b'\n',
            Some(b'r') => b'\r',
            Some(b't') => b'\t',
            Some(b'u') => {
                let mut unit = hex(&mut rest).ok_or(fault(NO_HEX))?;
                if (0xd800..0xdc00).contains(&unit) && rest.starts_with(b"\\u") {
                    rest = rest.get(2..).unwrap_or_default();
                    let low = hex(&mut rest).filter(|low| (0xdc00..0xe000).contains(low));
                    let low = low.ok_or(fault("half of a pair of surrogates stands alone"))?;
                    unit = 0x1_0000 + ((unit - 0xd800) << 10) + (low - 0xdc00);
                }
                let c = char::from_u32(unit)
                    .ok_or(fault("half of a pair of surrogates stands alone"))?;
                out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
                continue;
            }
            _ => return Err(fault(NO_ESCAPE)),
        });
    }
    out.extend_from_slice(rest);
    Ok(out)
}

fn hex(rest: &mut &[u8]) -> Option<u32> {
    let (digits, after) = rest.split_first_chunk::<4>()?;
    *rest = after;
    digits.iter().try_fold(0, |value, digit| Some(value << 4 | char::from(*digit).to_digit(16)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn string(text: &str) -> Result<String, &'static str> {
        let mut scanner = Scanner { bytes: text.as_bytes(), at: 0, depth: 3 };
        let value = scanner.string().and_then(Text::value).map_err(|f| f.what)?;
        Ok(String::from_utf8(value.into_owned()).unwrap())
    }

    #[test]
    fn strings_are_what_serde_json_says() {
        let good = [
            r#""""#,
            r#""abc""#,
            r#""0123456789\"\\\/\b\f\n\r\tabcdefgh""#,
            r#""\u0101\ud83d\ude00""#,
            "\"Māori\"",
        ];
        for text in good {
            assert_eq!(
                string(text).unwrap(),
                serde_json::from_str::<String>(text).unwrap(),
                "{text}"
            );
        }
        for text in [
            "\"",
            "\"abc",
            r#""\"#,
            r#""\""#,
            r#""\x""#,
            r#""\u12""#,
            r#""\ud800""#,
            r#""\ud800\u0041""#,
            "\"a\tb\"",
            "\"a\n\"",
        ] {
            assert!(
                string(text).is_err() && serde_json::from_str::<String>(text).is_err(),
                "{text}"
            );
        }
    }

    #[test]
    fn skips_what_serde_json_reads_and_stops_where_it_does() {
        let good = [
            r#"{"a":[1,-2.5e3,{"b":null}],"c":true}"#,
            "[]",
            "{}",
            "[ 1 , 2 ]",
            "-0.5",
            "false",
            r#"{"\u0061\n":"\\\/\"\u00e9"}"#,
        ];
        for text in good {
            let mut scanner = Scanner { bytes: text.as_bytes(), at: 0, depth: 3 };
            assert_eq!(scanner.skip(0), Ok(()), "{text}");
            assert_eq!(scanner.at, text.len());
        }
        for text in [
            "{",
            "[1,]",
            "{\"a\"}",
            "{\"a\":}",
            "01",
            "1.",
            "tru",
            "{\"a\":1,}",
            "[[[[1]]]]",
            "'a'",
            r#""\x""#,
            r#""\u12""#,
            r#""\uqqqq""#,
            r#"{"\a":1}"#,
            r#"[{"a":{"b":["\u00A"]}}]"#,
            r#"["\ud800\u"]"#,
        ] {
            let mut scanner = Scanner { bytes: text.as_bytes(), at: 0, depth: 3 };
            assert!(scanner.skip(0).is_err() || scanner.at < text.len(), "{text}");
        }
    }
}
