//! The protocol buffers of TFMA, read in the same way from their JSON and from their wire format.
//!
//! * JSON spells fields as the proto does (`slice_key`) or in camel case (`sliceKey`), 64-bit
//!   integers and NaN as text, bytes as base64, a wrapper such as `DoubleValue` as its bare value;
//! * fields with their default value are absent in both; null in JSON is absent, too;
//! * on the wire, the last value of a field that is given twice is used.

use super::super::plain;
use super::record::{MOST, Mistake};
use super::wire::{Field, Fields, Wire, other};
use crate::evidence::{
    json::{Json, Value},
    quoted,
};
use base64::{Engine as _, alphabet, engine};

/// Standard base64. Some writers omit the padding.
const BASE64: engine::GeneralPurpose = engine::GeneralPurpose::new(
    &alphabet::STANDARD,
    engine::GeneralPurposeConfig::new()
        .with_decode_padding_mode(engine::DecodePaddingMode::Indifferent),
);

/// A message in either form.
#[derive(Debug, Clone, Copy)]
pub(in super::super) enum Node<'d> {
    /// As JSON.
    Json(&'d Json<'d>),
    /// On the wire: its bytes and where they start.
    Wire(&'d [u8], usize),
}

type Read<T> = Result<T, Mistake>;

impl<'d> Node<'d> {
    /// Where it starts.
    pub(in super::super) fn at(self) -> usize {
        match self {
            Self::Json(json) => json.at,
            Self::Wire(_, at) => at,
        }
    }

    /// The numbers of its fields with their wire types, in order; empty for JSON.
    pub(in super::super) fn shape(self) -> Read<Vec<(u32, u8)>> {
        let Self::Wire(bytes, at) = self else { return Ok(Vec::new()) };
        Fields { bytes, pos: 0, at }
            .map(|field| field.map(|(number, value)| (number, value.kind())))
            .collect()
    }

    fn member(self, field: &Field) -> Option<&'d Json<'d>> {
        if let Self::Json(json) = self { plain::field(json, field.0) } else { None }
    }

    fn last(self, field: &Field) -> Read<Option<Wire<'d>>> {
        Ok(self.every(field)?.pop())
    }

    fn every(self, field: &Field) -> Read<Vec<Wire<'d>>> {
        let Self::Wire(bytes, at) = self else { return Ok(Vec::new()) };
        let mut out = Vec::new();
        for read in (Fields { bytes, pos: 0, at }) {
            let (number, value) = read?;
            if number == field.1 {
                out.push(value);
            }
            if out.len() > MOST {
                return Err(Mistake::new(
                    at,
                    format!("more than {MOST} values of `{}`; split the file", field.0),
                ));
            }
        }
        Ok(out)
    }

    /// The message that a value on the wire is.
    fn inside(self, value: Wire<'d>, field: &Field) -> Read<Self> {
        value.bytes(field, self.at()).map(|(bytes, at)| Self::Wire(bytes, at))
    }

    /// The message in a field.
    pub(in super::super) fn message(self, field: &Field) -> Read<Option<Self>> {
        if let Some(json) = self.member(field) {
            return if json.as_object().is_some() {
                Ok(Some(Self::Json(json)))
            } else {
                Err(wrong(field, json, "an object"))
            };
        }
        self.last(field)?.map(|value| self.inside(value, field)).transpose()
    }

    /// The messages of a repeated field.
    pub(in super::super) fn messages(self, field: &Field) -> Read<Vec<Self>> {
        if let Some(json) = self.member(field) {
            let list = json.as_array().ok_or_else(|| wrong(field, json, "a list"))?;
            let odd = list.iter().find(|element| element.as_object().is_none());
            return odd.map_or_else(
                || Ok(list.iter().map(Self::Json).collect()),
                |odd| Err(wrong(field, odd, "an object")),
            );
        }
        self.every(field)?.into_iter().map(|value| self.inside(value, field)).collect()
    }

    /// The entries of a map from text to messages.
    pub(in super::super) fn map(self, field: &Field) -> Read<Vec<(String, Self)>> {
        if let Some(json) = self.member(field) {
            let object = json.as_object().ok_or_else(|| wrong(field, json, "an object"))?;
            return Ok(object
                .iter()
                .map(|member| (member.key.to_string(), Self::Json(&member.value)))
                .collect());
        }
        let mut out = Vec::new();
        for entry in self.messages(field)? {
            let value = entry.message(&Field("value", 2))?.unwrap_or(Self::Wire(&[], entry.at()));
            out.push((entry.text(&Field("key", 1))?.unwrap_or_default(), value));
        }
        Ok(out)
    }

    /// Whether the field is present.
    pub(in super::super) fn has(self, field: &Field) -> Read<bool> {
        Ok(self.member(field).is_some() || self.last(field)?.is_some())
    }

    /// The text of a field.
    pub(in super::super) fn text(self, field: &Field) -> Read<Option<String>> {
        if let Some(json) = self.member(field) {
            return json
                .as_str()
                .map(|text| Some(text.to_owned()))
                .ok_or_else(|| wrong(field, json, "text"));
        }
        let Some(value) = self.last(field)? else { return Ok(None) };
        let (bytes, at) = value.bytes(field, self.at())?;
        match std::str::from_utf8(bytes) {
            Ok(text) => Ok(Some(text.to_owned())),
            Err(_) => Err(Mistake::new(at, format!("`{}` at byte {at} is not UTF-8", field.0))),
        }
    }

    /// The texts of a repeated field on the wire.
    pub(in super::super) fn texts(self, field: &Field) -> Read<Vec<String>> {
        let text = |value: Wire<'d>| {
            value
                .bytes(field, self.at())
                .map(|(bytes, _)| String::from_utf8_lossy(bytes).into_owned())
        };
        self.every(field)?.into_iter().map(text).collect()
    }

    /// The bytes of a field.
    pub(in super::super) fn bytes(self, field: &Field) -> Read<Option<Vec<u8>>> {
        if let Some(json) = self.member(field) {
            let text = json.as_str().ok_or_else(|| wrong(field, json, "base64"))?;
            let text = text.replace('-', "+").replace('_', "/");
            return BASE64.decode(text).map(Some).map_err(|_| wrong(field, json, "base64"));
        }
        self.last(field)?
            .map(|value| value.bytes(field, self.at()).map(|(bytes, _)| bytes.to_vec()))
            .transpose()
    }

    /// A boolean; absent is false.
    pub(in super::super) fn flag(self, field: &Field) -> Read<bool> {
        if let Some(json) = self.member(field) {
            return match json.value {
                Value::Bool(flag) => Ok(flag),
                _ => Err(wrong(field, json, "true or false")),
            };
        }
        Ok(matches!(self.last(field)?, Some(Wire::Varint(flag)) if flag != 0))
    }

    /// The integer of a field.
    pub(in super::super) fn integer(self, field: &Field) -> Read<Option<i64>> {
        if let Some(json) = self.member(field) {
            let text = json.as_number().map(|number| number.text().to_owned());
            let text = text.or_else(|| json.as_str().map(str::to_owned)).unwrap_or_default();
            let whole = text.strip_suffix(".0").unwrap_or(&text);
            return whole.parse().map(Some).map_err(|_| wrong(field, json, "a whole number"));
        }
        match self.last(field)? {
            None => Ok(None),
            Some(Wire::Varint(value)) => Ok(Some(i64::from_le_bytes(value.to_le_bytes()))),
            Some(_) => Err(other(field, self.at())),
        }
    }

    /// One of the words of an enumeration, which JSON writes as text and the wire as a number.
    pub(in super::super) fn choice(
        self,
        field: &Field,
        words: &[&'static str],
    ) -> Read<Option<&'static str>> {
        if let Some(word) = self.member(field).and_then(Json::as_str) {
            return Ok(words.iter().find(|known| **known == word).copied());
        }
        let place = self.integer(field)?.and_then(|place| usize::try_from(place).ok());
        Ok(place.and_then(|place| words.get(place)).copied())
    }

    /// A double or a float as text, so that JSON keeps its digits; `NaN` and infinities are words.
    pub(in super::super) fn double(self, field: &Field) -> Read<Option<String>> {
        if let Some(json) = self.member(field) {
            return match &json.value {
                Value::Number(number) => Ok(Some(number.text().to_owned())),
                Value::NonFinite(text) => Ok(Some((*text).to_owned())),
                Value::String(text) => Ok(Some(text.to_string())),
                _ => Err(wrong(field, json, "a number")),
            };
        }
        match self.last(field)? {
            None => Ok(None),
            Some(Wire::Fixed64(bytes)) => Ok(Some(format!("{:?}", f64::from_le_bytes(bytes)))),
            Some(Wire::Fixed32(bytes)) => Ok(Some(format!("{:?}", f32::from_le_bytes(bytes)))),
            Some(_) => Err(other(field, self.at())),
        }
    }

    /// A `DoubleValue`: absent means unknown, not zero.
    pub(in super::super) fn wrapped_double(self, field: &Field) -> Read<Option<String>> {
        match self {
            Self::Json(_) => self.double(field),
            Self::Wire(..) => match self.message(field)? {
                None => Ok(None),
                Some(wrapper) => {
                    Ok(Some(wrapper.double(&VALUE)?.unwrap_or_else(|| "0.0".to_owned())))
                }
            },
        }
    }

    /// An `Int32Value` or `Int64Value`.
    pub(in super::super) fn wrapped_integer(self, field: &Field) -> Read<Option<i64>> {
        match self {
            Self::Json(_) => self.integer(field),
            Self::Wire(..) => match self.message(field)? {
                None => Ok(None),
                Some(wrapper) => Ok(Some(wrapper.integer(&VALUE)?.unwrap_or(0))),
            },
        }
    }

    /// A `BoolValue`; absent is false.
    pub(in super::super) fn wrapped_flag(self, field: &Field) -> Read<bool> {
        match self {
            Self::Json(_) => self.flag(field),
            Self::Wire(..) => {
                self.message(field)?.map_or(Ok(false), |wrapper| wrapper.flag(&VALUE))
            }
        }
    }

    /// The numbers of a repeated field, as text.
    pub(in super::super) fn numbers(self, field: &Field) -> Read<Vec<String>> {
        if let Some(json) = self.member(field) {
            let list = json.as_array().ok_or_else(|| wrong(field, json, "a list"))?;
            let number = |json: &Json<'_>| match &json.value {
                Value::Number(number) => Ok(number.text().to_owned()),
                Value::NonFinite(text) => Ok((*text).to_owned()),
                Value::String(text) => Ok(text.to_string()),
                _ => Err(wrong(field, json, "a number")),
            };
            return list.iter().map(number).collect();
        }
        let mut out = Vec::new();
        for value in self.every(field)? {
            match value {
                Wire::Fixed64(bytes) => out.push(format!("{:?}", f64::from_le_bytes(bytes))),
                Wire::Fixed32(bytes) => out.push(format!("{:?}", f32::from_le_bytes(bytes))),
                Wire::Varint(value) => {
                    out.push(i64::from_le_bytes(value.to_le_bytes()).to_string());
                }
                Wire::Bytes(bytes, at) => packed(field, bytes, at, &mut out)?,
            }
        }
        Ok(out)
    }
}

const VALUE: Field = Field("value", 1);

/// Reads packed numbers. Only the field says which type they have.
fn packed(field: &Field, bytes: &[u8], at: usize, out: &mut Vec<String>) -> Read<()> {
    if field.0.starts_with("float64") {
        let (numbers, rest) = bytes.as_chunks::<8>();
        out.extend(numbers.iter().map(|number| format!("{:?}", f64::from_le_bytes(*number))));
        return if rest.is_empty() { Ok(()) } else { Err(other(field, at)) };
    }
    if field.0.starts_with("float32") {
        let (numbers, rest) = bytes.as_chunks::<4>();
        out.extend(numbers.iter().map(|number| format!("{:?}", f32::from_le_bytes(*number))));
        return if rest.is_empty() { Ok(()) } else { Err(other(field, at)) };
    }
    let mut fields = Fields { bytes, pos: 0, at };
    while fields.pos < bytes.len() {
        out.push(i64::from_le_bytes(fields.varint()?.to_le_bytes()).to_string());
    }
    Ok(())
}

fn wrong(field: &Field, json: &Json<'_>, wanted: &str) -> Mistake {
    Mistake::new(
        json.at,
        format!(
            "`{}` is {}, not {wanted}",
            field.0,
            json.as_str().map_or_else(|| json.kind().to_owned(), quoted)
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::json;

    /// The encodings in the documentation of protocol buffers: field 1 is 150, field 2 is
    /// "testing".
    #[test]
    fn the_wire_format_is_read_as_documented() {
        let node = Node::Wire(b"\x08\x96\x01\x12\x07testing", 0);
        assert_eq!(node.integer(&Field("a", 1)), Ok(Some(150)));
        assert_eq!(node.text(&Field("b", 2)), Ok(Some("testing".to_owned())));
        assert_eq!(node.integer(&Field("c", 3)), Ok(None));
        let negative = Node::Wire(b"\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 0);
        assert_eq!(negative.integer(&Field("a", 1)), Ok(Some(-1)));
        for broken in [
            &b"\x08"[..],
            b"\x12\x07test",
            b"\x00",
            b"\x0b",
            b"\x09\x00",
            b"\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01",
        ] {
            assert!(Node::Wire(broken, 0).integer(&Field("z", 9)).is_err(), "{broken:?}");
        }
    }

    #[test]
    fn json_is_read_in_both_spellings() {
        let snake = json::parse(br#"{"slice_key": {"int64_value": "5"}, "a": null}"#).unwrap();
        let camel = json::parse(br#"{"sliceKey": {"int64Value": 5}}"#).unwrap();
        for json in [&snake, &camel] {
            let key = Node::Json(json).message(&Field("slice_key", 1)).unwrap().unwrap();
            assert_eq!(key.integer(&Field("int64_value", 4)), Ok(Some(5)));
            assert_eq!(Node::Json(json).integer(&Field("a", 2)), Ok(None));
        }
    }
}
