//! The grammar of RFC 8259, in one pass, with bounded recursion.

use super::{Json, JsonError, Member, Number, Object, Place, Value};
use std::{borrow::Cow, collections::HashMap};

/// How deep lists and objects may be nested.
pub const MAX_DEPTH: usize = 128;

/// How many values a document may have: a bound on memory, about thirty times the largest real
/// report we have seen.
pub const MAX_VALUES: usize = 6_000_000;

/// Objects up to this size are searched for a repeated key pair by pair, larger ones with a hash table.
const FEW: usize = 16;

/// Lists longer than this are moved instead of copied, if possible.
const MANY: usize = 100_000;

/// Reads a whole document. A byte order mark at the start is skipped.
///
/// # Errors
/// The first thing that is wrong, with its line and column.
pub fn parse(bytes: &[u8]) -> Result<Json<'_>, JsonError> {
    let text = utf8(bytes)?;
    let pos = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
    let mut parser = Parser {
        text,
        bytes: text.as_bytes(),
        pos,
        values: 0,
        members: Vec::new(),
        elements: Vec::new(),
    };
    parser.document().map_err(|fault| fault.explain(text))
}

/// Reads JSON Lines: one value per line, with empty lines allowed. A byte order mark at the start
/// is skipped.
///
/// # Errors
/// The first thing that is wrong, with its line and column in the whole text.
pub fn lines(bytes: &[u8]) -> Result<Vec<Json<'_>>, JsonError> {
    let text = utf8(bytes)?;
    let pos = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
    let mut parser = Parser {
        text,
        bytes: text.as_bytes(),
        pos,
        values: 0,
        members: Vec::new(),
        elements: Vec::new(),
    };
    let mut out = Vec::new();
    parser.space();
    while parser.peek().is_some() {
        let line = parser.line().map_err(|fault| fault.explain(text))?;
        out.push(line);
    }
    Ok(out)
}

/// The document as text.
///
/// # Errors
/// At the first byte that is not UTF-8.
pub fn utf8(bytes: &[u8]) -> Result<&str, JsonError> {
    std::str::from_utf8(bytes).map_err(|error| {
        let byte = error.valid_up_to();
        let before = bytes.get(..byte).and_then(|b| std::str::from_utf8(b).ok()).unwrap_or("");
        let utf16 = bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]);
        let hint = if utf16 { "; it looks like UTF-16: save it as UTF-8" } else { "" };
        JsonError::NotUtf8 { byte, place: Place::of(before, byte), hint }
    })
}

/// What is wrong and at which byte. It becomes a [`JsonError`] only at the end, because lines are
/// not counted while parsing.
struct Fault {
    at: usize,
    what: What,
}

enum What {
    Expected(&'static str),
    Text(&'static str),
    Duplicate { key: String, first: usize },
    TooDeep,
    TooMany,
}

impl Fault {
    fn explain(self, text: &str) -> JsonError {
        let place = Place::of(text, self.at);
        match self.what {
            What::Expected(wanted) => {
                let found = match text.get(self.at..).and_then(|rest| rest.chars().next()) {
                    None => "the document ends here".to_owned(),
                    Some(c) => format!("found `{}`", c.escape_debug()),
                };
                JsonError::Syntax { place, message: format!("expected {wanted}, {found}") }
            }
            What::Text(message) => JsonError::Syntax { place, message: message.to_owned() },
            What::Duplicate { key, first } => {
                JsonError::DuplicateKey { key, place, first: Place::of(text, first) }
            }
            What::TooDeep => JsonError::TooDeep { place, limit: MAX_DEPTH },
            What::TooMany => JsonError::TooMany { place, limit: MAX_VALUES },
        }
    }
}

struct Parser<'a> {
    text: &'a str,
    bytes: &'a [u8],
    pos: usize,
    values: usize,
    /// Members and elements of objects and lists that are not closed yet. Each object and list is
    /// then allocated once, at its final size.
    members: Vec<Member<'a>>,
    elements: Vec<Json<'a>>,
}

type Parsed<T> = Result<T, Fault>;

impl<'a> Parser<'a> {
    fn document(&mut self) -> Parsed<Json<'a>> {
        self.space();
        let json = self.value(0)?;
        self.space();
        if self.peek().is_some() {
            return Err(self.expected("the end of the document"));
        }
        Ok(json)
    }

    /// Reads one value, and the end of its line.
    fn line(&mut self) -> Parsed<Json<'a>> {
        let json = self.value(0)?;
        let end = self.pos;
        self.space();
        let between = self.text.get(end..self.pos).unwrap_or("");
        if self.peek().is_some() && !between.contains('\n') {
            return Err(self.expected("the end of the line"));
        }
        Ok(json)
    }

    fn value(&mut self, depth: usize) -> Parsed<Json<'a>> {
        self.values += 1;
        if self.values > MAX_VALUES {
            return Err(Fault { at: self.pos, what: What::TooMany });
        }
        let at = self.pos;
        let value = match self.peek() {
            Some(b'"') => Value::String(self.string()?),
            Some(b'{') => self.object(depth)?,
            Some(b'[') => self.array(depth)?,
            Some(b'-' | b'0'..=b'9') => self.number()?,
            Some(b't') => self.word("true", Value::Bool(true))?,
            Some(b'f') => self.word("false", Value::Bool(false))?,
            Some(b'n') => self.word("null", Value::Null)?,
            Some(b'N') => self.word("NaN", Value::NonFinite("NaN"))?,
            Some(b'I') => self.word("Infinity", Value::NonFinite("Infinity"))?,
            _ => return Err(self.expected("a value")),
        };
        Ok(Json { at, value })
    }

    fn object(&mut self, depth: usize) -> Parsed<Value<'a>> {
        self.enter(depth)?;
        let outer = self.members.len();
        if self.eat(b'}') {
            return Ok(Value::Object(Object::default()));
        }
        loop {
            let key_at = self.pos;
            if self.peek() != Some(b'"') {
                return Err(self.expected("a key in double quotes"));
            }
            let key = self.string()?;
            self.space();
            if !self.eat(b':') {
                return Err(self.expected("`:` after the key"));
            }
            self.space();
            let value = self.value(depth + 1)?;
            self.members.push(Member { key, key_at, value });
            self.space();
            if self.eat(b'}') {
                break;
            }
            if !self.eat(b',') {
                return Err(self.expected("`,` or `}`"));
            }
            self.space();
        }
        let members: Vec<_> = self.members.drain(outer..).collect();
        refuse_repeated(&members)?;
        Ok(Value::Object(Object::new(members)))
    }

    fn array(&mut self, depth: usize) -> Parsed<Value<'a>> {
        self.enter(depth)?;
        let outer = self.elements.len();
        if self.eat(b']') {
            return Ok(Value::Array(Vec::new()));
        }
        loop {
            let element = self.value(depth + 1)?;
            self.elements.push(element);
            self.space();
            if self.eat(b']') {
                // If the buffer has only the elements of this list, a long list is moved as it is
                // instead of copied.
                let all = outer == 0 && self.elements.len() > MANY;
                let list = if all {
                    std::mem::take(&mut self.elements)
                } else {
                    self.elements.drain(outer..).collect()
                };
                return Ok(Value::Array(list));
            }
            if !self.eat(b',') {
                return Err(self.expected("`,` or `]`"));
            }
            self.space();
        }
    }

    /// Skips the opening bracket and the space after it.
    fn enter(&mut self, depth: usize) -> Parsed<()> {
        if depth >= MAX_DEPTH {
            return Err(Fault { at: self.pos, what: What::TooDeep });
        }
        self.pos += 1;
        self.space();
        Ok(())
    }

    fn number(&mut self) -> Parsed<Value<'a>> {
        let start = self.pos;
        if self.eat(b'-') && self.peek() == Some(b'I') {
            return self.word("Infinity", Value::NonFinite("-Infinity"));
        }
        let leading_zero = self.peek() == Some(b'0');
        let whole = self.digits("a digit")?;
        if leading_zero && whole > 1 {
            return Err(Fault {
                at: start,
                what: What::Text("a number may not start with a zero and go on"),
            });
        }
        if self.eat(b'.') {
            self.digits("a digit after the decimal point")?;
        }
        let exponent = self.eat(b'e') || self.eat(b'E');
        if exponent {
            let _signed = self.eat(b'+') || self.eat(b'-');
            self.digits("a digit in the exponent")?;
        }
        let text = self.text.get(start..self.pos).unwrap_or("");
        let number = Number::new(text);
        // Only these can exceed the range of a double; the others are not converted until they are
        // used.
        if (exponent || whole > 300) && !number.value().is_finite() {
            return Ok(Value::NonFinite(text));
        }
        Ok(Value::Number(number))
    }

    /// Skips one digit or more, and returns how many.
    fn digits(&mut self, wanted: &'static str) -> Parsed<usize> {
        let start = self.pos;
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.pos += 1;
        }
        if self.pos == start { Err(self.expected(wanted)) } else { Ok(self.pos - start) }
    }

    fn string(&mut self) -> Parsed<Cow<'a, str>> {
        self.pos += 1;
        let start = self.pos;
        self.plain_text();
        if self.peek() == Some(b'"') {
            let text = self.text.get(start..self.pos).unwrap_or("");
            self.pos += 1;
            return Ok(Cow::Borrowed(text));
        }
        let mut text = String::new();
        let mut from = start;
        loop {
            text.push_str(self.text.get(from..self.pos).unwrap_or(""));
            match self.peek() {
                Some(b'"') => {
                    self.pos += 1;
                    return Ok(Cow::Owned(text));
                }
                Some(b'\\') => text.push(self.escape()?),
                Some(_) => {
                    return Err(Fault {
                        at: self.pos,
                        what: What::Text("a control character in text must be escaped"),
                    });
                }
                None => {
                    return Err(Fault {
                        at: start - 1,
                        what: What::Text("text that starts here is never closed"),
                    });
                }
            }
            from = self.pos;
            self.plain_text();
        }
    }

    /// Skips the characters that text may contain unescaped.
    fn plain_text(&mut self) {
        let rest = self.bytes.get(self.pos..).unwrap_or(&[]);
        let plain = rest.iter().position(|b| matches!(b, b'"' | b'\\' | 0..=0x1f));
        self.pos += plain.unwrap_or(rest.len());
    }

    fn escape(&mut self) -> Parsed<char> {
        let at = self.pos;
        self.pos += 1;
        let escaped = self.peek();
        self.pos += 1;
        match escaped {
            Some(b'"') => Ok('"'),
            Some(b'\\') => Ok('\\'),
            Some(b'/') => Ok('/'),
            Some(b'b') => Ok('\u{8}'),
            Some(b'f') => Ok('\u{c}'),
            Some(b'n') => Ok('\n'),
            Some(b'r') => Ok('\r'),
            Some(b't') => Ok('\t'),
            Some(b'u') => self.unicode(at),
            _ => Err(Fault {
                at,
                what: What::Text("`\\` must be followed by one of \" \\ / b f n r t u"),
            }),
        }
    }

    fn unicode(&mut self, at: usize) -> Parsed<char> {
        let lone = || Fault { at, what: What::Text("half of a surrogate pair is no character") };
        let first = self.hex4(at)?;
        let code = if (0xd800..0xdc00).contains(&first) {
            if !(self.eat(b'\\') && self.eat(b'u')) {
                return Err(lone());
            }
            let second = self.hex4(at)?;
            if !(0xdc00..0xe000).contains(&second) {
                return Err(lone());
            }
            0x1_0000 + ((first - 0xd800) << 10) + (second - 0xdc00)
        } else {
            first
        };
        char::from_u32(code).ok_or_else(lone)
    }

    fn hex4(&mut self, at: usize) -> Parsed<u32> {
        let digits = self
            .text
            .get(self.pos..self.pos + 4)
            .filter(|d| d.bytes().all(|b| b.is_ascii_hexdigit()));
        self.pos += 4;
        digits.and_then(|digits| u32::from_str_radix(digits, 16).ok()).ok_or(Fault {
            at,
            what: What::Text("`\\u` must be followed by four hexadecimal digits"),
        })
    }

    fn word(&mut self, word: &'static str, value: Value<'a>) -> Parsed<Value<'a>> {
        if self.bytes.get(self.pos..).is_some_and(|rest| rest.starts_with(word.as_bytes())) {
            self.pos += word.len();
            Ok(value)
        } else {
            Err(self.expected("a value"))
        }
    }

    fn space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\n' | b'\r' | b'\t')) {
            self.pos += 1;
        }
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.pos).copied()
    }

    fn eat(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.pos += usize::from(found);
        found
    }

    fn expected(&self, wanted: &'static str) -> Fault {
        Fault { at: self.pos, what: What::Expected(wanted) }
    }
}

fn refuse_repeated(members: &[Member<'_>]) -> Parsed<()> {
    let repeated = |first: usize, again: &Member<'_>| Fault {
        at: again.key_at,
        what: What::Duplicate { key: again.key.clone().into_owned(), first },
    };
    if members.len() <= FEW {
        for (i, member) in members.iter().enumerate() {
            if let Some(first) = members.iter().take(i).find(|m| m.key == member.key) {
                return Err(repeated(first.key_at, member));
            }
        }
        return Ok(());
    }
    let mut seen: HashMap<&str, usize> = HashMap::with_capacity(members.len());
    for member in members {
        if let Some(first) = seen.insert(&member.key, member.key_at) {
            return Err(repeated(first, member));
        }
    }
    Ok(())
}
