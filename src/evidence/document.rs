//! One document, with its content in every syntax that a format may ask for. Each syntax is parsed
//! at most once.

use super::{
    archive::{self, Member},
    error::{EvidenceError, Mistake},
    json::{self, Json, JsonError, Object, Place},
    table::{self, Table},
    unpack::Unpacked,
    xml, yaml,
};
use crate::model::{Digest, Evidence};
use std::cell::OnceCell;

/// One document.
pub struct Document<'a> {
    digest: Digest,
    bytes: &'a [u8],
    json: OnceCell<Result<Json<'a>, JsonError>>,
    lines: OnceCell<Result<Vec<Json<'a>>, JsonError>>,
    front: OnceCell<Result<Json<'a>, JsonError>>,
    xml: OnceCell<Result<roxmltree::Document<'a>, EvidenceError>>,
    comma: OnceCell<Result<Table, EvidenceError>>,
    tab: OnceCell<Result<Table, EvidenceError>>,
    members: OnceCell<Result<Vec<Member>, EvidenceError>>,
}

impl<'a> Document<'a> {
    /// The document in these bytes.
    pub fn of(unpacked: &'a Unpacked<'_>) -> Self {
        Self::new(unpacked.digest, &unpacked.content)
    }

    /// The document whose bytes have this digest and unpack to `content`.
    pub const fn new(digest: Digest, content: &'a [u8]) -> Self {
        Self {
            digest,
            bytes: content,
            json: OnceCell::new(),
            lines: OnceCell::new(),
            front: OnceCell::new(),
            xml: OnceCell::new(),
            comma: OnceCell::new(),
            tab: OnceCell::new(),
            members: OnceCell::new(),
        }
    }

    /// The digest of its bytes.
    pub const fn digest(&self) -> Digest {
        self.digest
    }

    /// The content, unpacked.
    pub const fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// The content as text, without a byte order mark.
    ///
    /// # Errors
    /// At the first byte that is not UTF-8.
    pub fn text(&self) -> Result<&'a str, JsonError> {
        json::utf8(self.bytes).map(|text| text.strip_prefix('\u{feff}').unwrap_or(text))
    }

    /// The document as JSON.
    ///
    /// # Errors
    /// When it is not valid JSON, or exceeds a limit.
    pub fn json(&self) -> Result<&Json<'a>, &JsonError> {
        self.json.get_or_init(|| json::parse(self.bytes)).as_ref()
    }

    /// The values of JSON Lines, one per line; empty lines are skipped.
    ///
    /// # Errors
    /// At the first line that is not JSON.
    pub fn json_lines(&self) -> Result<&[Json<'a>], &JsonError> {
        // A document that is one JSON value is one line, however it is laid out. This way a large
        // document is not kept twice.
        if let Ok(json) = self.json() {
            return Ok(std::slice::from_ref(json));
        }
        self.lines.get_or_init(|| json::lines(self.bytes)).as_ref().map(Vec::as_slice)
    }

    /// The YAML between the lines `---` at the start of a Markdown document.
    ///
    /// # Errors
    /// When it does not start with such lines, or with YAML that we do not read.
    pub fn front_matter(&self) -> Result<&Json<'a>, &JsonError> {
        self.front.get_or_init(|| yaml::front_matter(self.text()?)).as_ref()
    }

    /// The document as XML.
    ///
    /// # Errors
    /// When it is not XML, or has a document type declaration: entities are never expanded.
    pub fn xml(&self) -> Result<&roxmltree::Document<'a>, &EvidenceError> {
        self.xml.get_or_init(|| xml::parse(self.text()?)).as_ref()
    }

    /// The document as comma-separated values.
    ///
    /// # Errors
    /// When it cannot be read as such.
    pub fn csv(&self) -> Result<&Table, &EvidenceError> {
        self.comma.get_or_init(|| table::read(self.text()?, b',')).as_ref()
    }

    /// The document as tab-separated values.
    ///
    /// # Errors
    /// When it cannot be read as such.
    pub fn tsv(&self) -> Result<&Table, &EvidenceError> {
        self.tab.get_or_init(|| table::read(self.text()?, b'\t')).as_ref()
    }

    /// The files of a zip or tar archive.
    ///
    /// # Errors
    /// As [`archive::members`].
    pub fn members(&self) -> Result<&[Member], &EvidenceError> {
        self.members.get_or_init(|| archive::members(self.bytes)).as_ref().map(Vec::as_slice)
    }

    /// As [`Self::members`], without copying their bytes.
    ///
    /// # Errors
    /// As [`archive::members`].
    pub fn into_members(self) -> Result<Vec<Member>, EvidenceError> {
        self.members.into_inner().unwrap_or_else(|| archive::members(self.bytes))
    }

    /// The cells of the first line, if it can be the header of a table: a cheap check before
    /// [`Self::csv`].
    ///
    /// # Errors
    /// Why it cannot be a header.
    pub fn header(&self, separator: u8) -> Result<Vec<String>, Declined> {
        let text = self.text().map_err(|_| Declined::because("not text"))?;
        table::header(text, separator)
            .ok_or_else(|| Declined::because("no header of columns in the first line"))
    }

    /// The document as a JSON object, for a format's `detect`.
    ///
    /// # Errors
    /// Why it is not an object.
    pub fn object(&self) -> Result<&Object<'a>, Declined> {
        match self.some_json()? {
            Json { value: json::Value::Object(object), .. } => Ok(object),
            other => Err(Declined::because(format!("not a JSON object but {}", other.kind()))),
        }
    }

    /// The document as a JSON list, for a format's `detect`.
    ///
    /// # Errors
    /// Why it is not a list.
    pub fn array(&self) -> Result<&[Json<'a>], Declined> {
        match self.some_json()? {
            Json { value: json::Value::Array(list), .. } => Ok(list),
            other => Err(Declined::because(format!("not a JSON list but {}", other.kind()))),
        }
    }

    fn some_json(&self) -> Result<&Json<'a>, Declined> {
        match self.json() {
            Ok(json) => Ok(json),
            Err(_) if self.bytes.is_empty() => Err(Declined::because("the document is empty")),
            Err(error) => Err(Declined::because(format!("not JSON: {error}"))),
        }
    }

    /// Whether it starts as JSON lists and objects do.
    pub fn looks_like_json(&self) -> bool {
        matches!(self.first(), Some(b'{' | b'['))
    }

    /// Whether it starts as XML does.
    pub fn looks_like_xml(&self) -> bool {
        self.first() == Some(&b'<')
    }

    fn first(&self) -> Option<&'a u8> {
        self.bytes.get(self.start()..).and_then(<[u8]>::first)
    }

    /// The byte where the content starts, after a byte order mark and space.
    fn start(&self) -> usize {
        let bytes = self.bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(self.bytes);
        self.bytes.len() - bytes.trim_ascii_start().len()
    }

    /// The line and column of the byte `at`.
    pub fn place(&self, at: usize) -> Place {
        Place::in_bytes(self.bytes, at)
    }

    /// What `found` has, for a format's `read`: a submission can name a format that declines the
    /// document.
    ///
    /// # Errors
    /// As [`Self::refuse`], if the format declines.
    pub fn require<T>(
        &self,
        format: &'static str,
        found: Result<T, Declined>,
    ) -> Result<T, EvidenceError> {
        found.map_err(|declined| self.refuse(format, declined))
    }

    /// The refusal of the document as a format that declines it: at the JSON value, or at the start
    /// of a document in another syntax, whose empty lines may mean something.
    pub fn refuse(&self, format: &'static str, Declined { why }: Declined) -> EvidenceError {
        let at = if self.looks_like_json() { self.start() } else { 0 };
        self.invalid(format, at, why)
    }

    /// The refusal of the document as `format`, for one mistake at the byte `at`.
    pub fn invalid(
        &self,
        format: &'static str,
        at: usize,
        message: impl Into<String>,
    ) -> EvidenceError {
        let place = Some(self.place(at));
        EvidenceError::Invalid {
            format,
            mistakes: vec![Mistake { path: String::new(), place, message: message.into() }],
        }
    }

    /// An empty [`Evidence`] of this document, for a format to fill.
    pub fn evidence(&self, format: &str) -> Evidence {
        Evidence::new(self.digest, format)
    }
}

/// Why a document is not of a format.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Declined {
    /// The reason, worded to follow a colon: "not JSON".
    pub why: String,
}

impl Declined {
    /// Declined because of `why`.
    pub fn because(why: impl Into<String>) -> Self {
        Self { why: why.into() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_required_is_found_or_refused_with_its_place() {
        let document = Document::new(Digest::of(b""), b"\xef\xbb\xbf\n  [7]");
        assert_eq!(document.require("x", document.array()).unwrap().len(), 1);
        assert_eq!(
            document.require("x", document.object()).unwrap_err().to_string(),
            "not valid as `x`: line 2, column 3: not a JSON object but a list"
        );
        for (bytes, says) in [(&b""[..], "the document is empty"), (b"\n\na,b", "not a list")] {
            let document = Document::new(Digest::of(b""), bytes);
            let declined: Result<(), _> = Err(Declined::because(says));
            assert_eq!(
                document.require("x", declined).unwrap_err().to_string(),
                format!("not valid as `x`: line 1, column 1: {says}")
            );
        }
    }

    #[test]
    fn one_value_is_one_line_and_several_are_several() {
        let document = |text: &'static str| Document::new(Digest::of(b""), text.as_bytes());
        assert_eq!(document("{\n\"a\": 1\n}\n").json_lines().unwrap().len(), 1);
        assert_eq!(document("{\"a\": 1}\n\n{\"a\": 2}\n").json_lines().unwrap().len(), 2);
        assert!(document("{\"a\": 1} {\"a\": 2}\n").json_lines().is_err());
    }

    #[test]
    fn long_lists_keep_their_order_wherever_they_stand() {
        let list = |n: usize| (0..n).map(|i| i.to_string()).collect::<Vec<_>>().join(",");
        let text = format!("[[{}],[{}],[7,8]]", list(100_002), list(3));
        let json = json::parse(text.as_bytes()).unwrap();
        let lengths: Vec<usize> =
            json.as_array().unwrap().iter().map(|l| l.as_array().unwrap().len()).collect();
        assert_eq!(lengths, [100_002, 3, 2]);
        assert_eq!(
            json.as_array().unwrap()[0].as_array().unwrap()[100_001].as_number().unwrap().value(),
            100_001.0
        );
    }
}
