//! Writes a value in one pass: the members of an object are written in the order they arrive and
//! sorted when the object ends.

use super::{JcsError, key::Key, number};
use serde::ser::{self, Serialize, Serializer};
use std::{
    borrow::Cow,
    cmp::Ordering,
    fmt::{self, Display, Write as _},
};

type Result<T> = std::result::Result<T, JcsError>;

/// The canonical bytes of `value`.
pub(super) fn write<T: Serialize + ?Sized>(value: &T) -> Result<Vec<u8>> {
    let mut writer =
        Writer { out: Vec::with_capacity(512), members: Vec::new(), scratch: Vec::new() };
    value.serialize(&mut writer)?;
    Ok(writer.out)
}

struct Writer {
    out: Vec<u8>,
    /// The members of every object that is still open, the outermost first.
    members: Vec<Member>,
    scratch: Vec<u8>,
}

/// A member of an object: its key, and the position of `"key":value,` in the output.
struct Member {
    key: Cow<'static, str>,
    start: usize,
    end: usize,
}

/// The order of RFC 8785: by UTF-16 code units. It differs from byte order only beyond the basic
/// multilingual plane.
fn order(a: &str, b: &str) -> Ordering {
    if a.is_ascii() && b.is_ascii() { a.cmp(b) } else { a.encode_utf16().cmp(b.encode_utf16()) }
}

/// Writes text without its quotes. Characters that JSON must escape get the one form that RFC 8785
/// allows.
fn escaped(out: &mut Vec<u8>, text: &str) {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    let plain = |b: u8| b >= 0x20 && b != b'"' && b != b'\\';
    if text.bytes().all(plain) {
        return out.extend_from_slice(text.as_bytes());
    }
    for byte in text.bytes() {
        let short = match byte {
            b'"' | b'\\' => byte,
            8 => b'b',
            9 => b't',
            10 => b'n',
            12 => b'f',
            13 => b'r',
            _ => 0,
        };
        if plain(byte) {
            out.push(byte);
        } else if short > 0 {
            out.extend([b'\\', short]);
        } else {
            let digit = |n: u8| HEX.get(usize::from(n)).copied().unwrap_or(b'0');
            out.extend([b'\\', b'u', b'0', b'0', digit(byte >> 4), digit(byte & 15)]);
        }
    }
}

/// A writer that escapes displayed text directly into the output.
struct Escaping<'w>(&'w mut Vec<u8>);

impl fmt::Write for Escaping<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        escaped(self.0, text);
        Ok(())
    }
}

impl Writer {
    fn text(&mut self, text: &str) {
        self.out.push(b'"');
        escaped(&mut self.out, text);
        self.out.push(b'"');
    }

    fn member<T: Serialize + ?Sized>(&mut self, key: Cow<'static, str>, value: &T) -> Result<()> {
        let start = self.out.len();
        self.text(&key);
        self.out.push(b':');
        value.serialize(&mut *self)?;
        self.out.push(b',');
        self.members.push(Member { key, start, end: self.out.len() });
        Ok(())
    }

    /// Ends an object whose members begin at `first` and whose bytes begin at `start`.
    fn close(&mut self, first: usize, start: usize) -> Result<()> {
        let members = self.members.get_mut(first..).unwrap_or_default();
        let in_order =
            |pair: &[Member]| matches!(pair, [a, b] if order(&a.key, &b.key) == Ordering::Less);
        if !members.windows(2).all(in_order) {
            members.sort_by(|a, b| order(&a.key, &b.key));
            if let Some([a, _]) = members.windows(2).find(|pair| !in_order(pair)) {
                return Err(JcsError(format!("the key `{}` comes twice", a.key.escape_debug())));
            }
            self.scratch.clear();
            for member in members {
                self.scratch
                    .extend_from_slice(self.out.get(member.start..member.end).unwrap_or_default());
            }
            self.out.truncate(start);
            self.out.extend_from_slice(&self.scratch);
        }
        if self.members.len() > first {
            self.out.pop();
        }
        self.members.truncate(first);
        self.out.push(b'}');
        Ok(())
    }

    fn object(&mut self) -> Object<'_> {
        self.out.push(b'{');
        Object {
            first: self.members.len(),
            start: self.out.len(),
            key: None,
            wrapped: false,
            writer: self,
        }
    }

    fn list(&mut self) -> List<'_> {
        self.out.push(b'[');
        List { empty: true, wrapped: false, writer: self }
    }

    /// Writes `{"variant":`; the value that follows closes the brace.
    fn wrap(&mut self, variant: &str) {
        self.out.push(b'{');
        self.text(variant);
        self.out.push(b':');
    }
}

/// An object being written.
struct Object<'w> {
    writer: &'w mut Writer,
    first: usize,
    start: usize,
    key: Option<String>,
    wrapped: bool,
}

impl Object<'_> {
    fn finish(self) -> Result<()> {
        self.writer.close(self.first, self.start)?;
        if self.wrapped {
            self.writer.out.push(b'}');
        }
        Ok(())
    }
}

/// A list being written.
struct List<'w> {
    writer: &'w mut Writer,
    empty: bool,
    wrapped: bool,
}

impl List<'_> {
    fn item<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<()> {
        if !self.empty {
            self.writer.out.push(b',');
        }
        self.empty = false;
        value.serialize(&mut *self.writer)
    }

    fn finish(self) {
        self.writer.out.extend_from_slice(if self.wrapped { b"]}" } else { b"]" });
    }
}

macro_rules! lists {
    ($($trait:ident::$method:ident),*) => {
        $(impl ser::$trait for List<'_> {
            type Ok = ();
            type Error = JcsError;

            fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<()> {
                self.item(value)
            }

            fn end(self) -> Result<()> {
                self.finish();
                Ok(())
            }
        })*
    };
}

lists! {
    SerializeSeq::serialize_element, SerializeTuple::serialize_element, SerializeTupleStruct::serialize_field,
    SerializeTupleVariant::serialize_field
}

macro_rules! objects {
    ($($trait:ident),*) => {
        $(impl ser::$trait for Object<'_> {
            type Ok = ();
            type Error = JcsError;

            fn serialize_field<T: Serialize + ?Sized>(&mut self, key: &'static str, value: &T) -> Result<()> {
                self.writer.member(Cow::Borrowed(key), value)
            }

            fn end(self) -> Result<()> {
                self.finish()
            }
        })*
    };
}

objects! { SerializeStruct, SerializeStructVariant }

impl ser::SerializeMap for Object<'_> {
    type Ok = ();
    type Error = JcsError;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<()> {
        self.key = Some(key.serialize(Key)?);
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<()> {
        let key = self.key.take().ok_or_else(|| JcsError("a value has no key".into()))?;
        self.writer.member(Cow::Owned(key), value)
    }

    fn end(self) -> Result<()> {
        self.finish()
    }
}

macro_rules! whole {
    ($($method:ident: $type:ty, $negative:expr, $magnitude:expr);*) => {
        $(fn $method(self, value: $type) -> Result<()> {
            number::whole(&mut self.out, $negative(value), $magnitude(value).into())
        })*
    };
}

impl<'w> Serializer for &'w mut Writer {
    type Ok = ();
    type Error = JcsError;
    type SerializeSeq = List<'w>;
    type SerializeTuple = List<'w>;
    type SerializeTupleStruct = List<'w>;
    type SerializeTupleVariant = List<'w>;
    type SerializeMap = Object<'w>;
    type SerializeStruct = Object<'w>;
    type SerializeStructVariant = Object<'w>;

    whole! {
        serialize_i8: i8, i8::is_negative, i8::unsigned_abs; serialize_i16: i16, i16::is_negative, i16::unsigned_abs;
        serialize_i32: i32, i32::is_negative, i32::unsigned_abs; serialize_i64: i64, i64::is_negative, i64::unsigned_abs;
        serialize_i128: i128, i128::is_negative, i128::unsigned_abs; serialize_u8: u8, |_| false, |v| v;
        serialize_u16: u16, |_| false, |v| v; serialize_u32: u32, |_| false, |v| v;
        serialize_u64: u64, |_| false, |v| v; serialize_u128: u128, |_| false, |v| v
    }

    fn serialize_bool(self, value: bool) -> Result<()> {
        self.out.extend_from_slice(if value { b"true" } else { b"false" });
        Ok(())
    }

    fn serialize_f32(self, value: f32) -> Result<()> {
        number::double(&mut self.out, value.into())
    }

    fn serialize_f64(self, value: f64) -> Result<()> {
        number::double(&mut self.out, value)
    }

    fn serialize_char(self, value: char) -> Result<()> {
        self.text(value.encode_utf8(&mut [0; 4]));
        Ok(())
    }

    fn serialize_str(self, value: &str) -> Result<()> {
        self.text(value);
        Ok(())
    }

    fn collect_str<T: Display + ?Sized>(self, value: &T) -> Result<()> {
        self.out.push(b'"');
        write!(Escaping(&mut self.out), "{value}").map_err(|e| JcsError(e.to_string()))?;
        self.out.push(b'"');
        Ok(())
    }

    fn serialize_bytes(self, value: &[u8]) -> Result<()> {
        value.serialize(self)
    }

    fn serialize_none(self) -> Result<()> {
        self.serialize_unit()
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<()> {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<()> {
        self.out.extend_from_slice(b"null");
        Ok(())
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<()> {
        self.serialize_unit()
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Result<()> {
        self.serialize_str(variant)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        value: &T,
    ) -> Result<()> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<()> {
        self.wrap(variant);
        value.serialize(&mut *self)?;
        self.out.push(b'}');
        Ok(())
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<List<'w>> {
        Ok(self.list())
    }

    fn serialize_tuple(self, _: usize) -> Result<List<'w>> {
        Ok(self.list())
    }

    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<List<'w>> {
        Ok(self.list())
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<List<'w>> {
        self.wrap(variant);
        Ok(List { wrapped: true, ..self.list() })
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Object<'w>> {
        Ok(self.object())
    }

    fn serialize_struct(self, name: &'static str, _: usize) -> Result<Object<'w>> {
        // serde_json passes raw text through under this name. It would be written unchanged, even
        // if it is not canonical.
        if name == "$serde_json::private::RawValue" {
            return Err(JcsError("raw JSON text has no canonical form until it is read".into()));
        }
        Ok(self.object())
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Object<'w>> {
        self.wrap(variant);
        Ok(Object { wrapped: true, ..self.object() })
    }
}
