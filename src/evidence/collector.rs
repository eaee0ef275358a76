//! Fills the evidence of a document for a format.
//!
//! Undefined values and parts left out become one warning per kind, however many there are. A part
//! that a document may omit must not have another type: a list of failed checks that is text would
//! be read as no failed checks. Such a mistake refuses the document, once it has been read to its
//! end.

use super::{
    document::Document,
    error::{EvidenceError, Mistake},
    json::{Json, Member, Number, Object, Place, Value},
    message::quoted,
    precision::Precision,
    undefined::{Reading, reading, reading_text},
};
use crate::model::{Check, Evidence, Link, Measurement, Slice};

/// Fills the evidence of one document.
pub struct Collector<'d> {
    /// The evidence so far. Fields that this type has no method for are set here.
    pub evidence: Evidence,
    bytes: &'d [u8],
    format: &'static str,
    mistakes: Vec<(usize, String)>,
    precision: Precision,
    undefined: Heap,
    percent: Heap,
    not_numbers: Heap,
    left_out: Heap,
}

/// At most this many mistakes are reported. Finding the place of one takes time linear in the
/// document.
const MOST_MISTAKES: usize = 20;

/// Things of one kind: how many, and the first few by name.
#[derive(Default)]
struct Heap {
    named: Vec<String>,
    count: usize,
}

impl Heap {
    const NAMED: usize = 5;

    fn push(&mut self, name: impl FnOnce() -> String) {
        if self.named.len() < Self::NAMED {
            let name = name();
            // Repeating the same name for every row of a table adds nothing.
            if self.named.contains(&name) {
                return;
            }
            self.named.push(name);
        }
        self.count += 1;
    }

    fn warning(self, saying: &str) -> Option<String> {
        let rest = self.count.checked_sub(self.named.len()).filter(|rest| *rest > 0);
        let rest = rest.map(|rest| format!(" and {rest} more")).unwrap_or_default();
        (!self.named.is_empty()).then(|| format!("{saying}: {}{rest}", self.named.join("; ")))
    }
}

impl<'d> Collector<'d> {
    /// A collector for a document of `format`. Numbers are taken as exact to their last digit until
    /// [`Self::precision`] says otherwise.
    pub fn new(document: &Document<'d>, format: &'static str) -> Self {
        Self {
            evidence: document.evidence(format),
            bytes: document.bytes(),
            format,
            mistakes: Vec::new(),
            precision: Precision::AsWritten,
            undefined: Heap::default(),
            percent: Heap::default(),
            not_numbers: Heap::default(),
            left_out: Heap::default(),
        }
    }

    /// The format whose evidence it fills.
    pub const fn format(&self) -> &'static str {
        self.format
    }

    /// Sets how exact the numbers are.
    #[must_use]
    pub const fn precision(mut self, precision: Precision) -> Self {
        self.precision = precision;
        self
    }

    /// Adds a measurement from `json`: `ours` is our name of the metric, `theirs` the source's,
    /// `slice` the group. The caller fills the other fields. NaN and null become a measurement
    /// without a value, and a warning. Any other value that is not a number becomes a warning only.
    pub fn measure(
        &mut self,
        ours: &str,
        theirs: &str,
        slice: Slice,
        json: &Json<'_>,
    ) -> Option<&mut Measurement> {
        let read = reading(json);
        if read.is_none() {
            self.not_numbers.push(|| format!("{} is {}", quoted(theirs), json.kind()));
        }
        self.add(ours, theirs, slice, read?)
    }

    /// Adds a measurement from a table cell or a word of text; an empty one is undefined.
    pub fn measure_text(
        &mut self,
        ours: &str,
        theirs: &str,
        slice: Slice,
        text: &str,
    ) -> Option<&mut Measurement> {
        let read = reading_text(text);
        if read.is_none() {
            self.not_numbers.push(|| format!("{} is {}", quoted(theirs), quoted(text)));
        }
        self.add(ours, theirs, slice, read?)
    }

    /// Adds a number that the format itself computes or extracts: a count of rows, a number within
    /// prose.
    pub fn number(
        &mut self,
        ours: &str,
        theirs: &str,
        slice: Slice,
        value: f64,
    ) -> Option<&mut Measurement> {
        let mut m = Measurement::new(ours, theirs, Some(value));
        m.slice = slice;
        self.evidence.measurements.push(m);
        self.evidence.measurements.last_mut()
    }

    fn add(
        &mut self,
        ours: &str,
        theirs: &str,
        slice: Slice,
        read: Reading<'_>,
    ) -> Option<&mut Measurement> {
        let mut m = Measurement::new(ours, theirs, None);
        match read {
            Reading::Number(number) => {
                m.value = Some(number.value());
                m.rounding = self.precision.rounding(number);
            }
            Reading::Percent(number, text) => {
                m.value = Some(number.value() / 100.0);
                m.rounding = (number.rounding() / 100.0).max(crate::model::evidence::MIN_ROUNDING);
                m.written = Some(text.to_owned());
                self.percent.push(|| format!("{} is written {}", quoted(theirs), quoted(text)));
            }
            Reading::Undefined(text) => self.undefined.push(|| {
                let of = if slice.is_overall() {
                    String::new()
                } else {
                    format!(" of {}", quoted(&slice.to_string()))
                };
                let text = if text.is_empty() { "empty" } else { text };
                format!("{}{of} is {text}", quoted(theirs))
            }),
        }
        m.slice = slice;
        self.evidence.measurements.push(m);
        self.evidence.measurements.last_mut()
    }

    /// Adds a check.
    pub fn check(&mut self, name: impl Into<String>, passed: bool, detail: Option<String>) {
        self.evidence.checks.push(Check { name: name.into(), passed, detail });
    }

    /// Adds a link.
    pub fn link(&mut self, rel: &str, href: impl Into<String>) {
        self.evidence.links.push(Link { rel: rel.to_owned(), href: href.into(), digest: None });
    }

    /// Adds a warning.
    pub fn warn(&mut self, message: impl Into<String>) {
        self.evidence.warnings.push(message.into());
    }

    /// The elements of a list that may be missing or null. A value of another type is a mistake.
    pub fn list<'j, 'a>(&mut self, json: Option<&'j Json<'a>>) -> &'j [Json<'a>] {
        let Some(json) = json.filter(|json| json.value != Value::Null) else { return &[] };
        json.as_array().unwrap_or_else(|| {
            self.mistake(json.at, format!("a list was expected, not {}", json.kind()));
            &[]
        })
    }

    /// As [`Self::list`], for a list of objects. An element of another type is a mistake, too.
    pub fn objects<'j, 'a>(&mut self, json: Option<&'j Json<'a>>) -> Vec<&'j Object<'a>> {
        let elements = self.list(json);
        elements.iter().filter_map(|element| self.needed_object(element)).collect()
    }

    fn needed_object<'j, 'a>(&mut self, json: &'j Json<'a>) -> Option<&'j Object<'a>> {
        let object = json.as_object();
        if object.is_none() {
            self.mistake(json.at, format!("an object was expected, not {}", json.kind()));
        }
        object
    }

    /// An object that may be missing or null. A value of another type is a mistake.
    pub fn object<'j, 'a>(&mut self, json: Option<&'j Json<'a>>) -> Option<&'j Object<'a>> {
        json.filter(|json| json.value != Value::Null).and_then(|json| self.needed_object(json))
    }

    /// The members of an object that may be missing or null. A value of another type is a mistake.
    pub fn members<'j, 'a>(
        &mut self,
        json: Option<&'j Json<'a>>,
    ) -> std::slice::Iter<'j, Member<'a>> {
        self.object(json).map_or_else(|| [].iter(), Object::iter)
    }

    /// Records a mistake at the byte `at`. [`Self::finish`] then refuses the document.
    pub fn mistake(&mut self, at: usize, message: impl Into<String>) {
        if self.mistakes.len() < MOST_MISTAKES {
            self.mistakes.push((at, message.into()));
        }
    }

    /// Records a part of the document that is not read. All such parts become one warning.
    pub fn left_out(&mut self, part: &str) {
        self.left_out.push(|| quoted(part));
    }

    /// The evidence, with the collected warnings after all others.
    ///
    /// # Errors
    /// With every recorded mistake, if there is any.
    pub fn finish(self) -> Result<Evidence, EvidenceError> {
        let Self {
            mut evidence,
            bytes,
            format,
            mistakes,
            undefined,
            percent,
            not_numbers,
            left_out,
            ..
        } = self;
        if !mistakes.is_empty() {
            let placed = |(at, message)| Mistake {
                path: String::new(),
                place: Some(Place::in_bytes(bytes, at)),
                message,
            };
            return Err(EvidenceError::Invalid {
                format,
                mistakes: mistakes.into_iter().map(placed).collect(),
            });
        }
        let warnings = [
            undefined.warning("undefined, and never a pass"),
            percent.warning("percentages are read as fractions"),
            not_numbers.warning("not numbers, and left out"),
            left_out.warning("not read"),
        ];
        evidence.warnings.extend(warnings.into_iter().flatten());
        Ok(evidence)
    }
}

/// The finite number in `json`, for callers that need it before they measure.
pub fn finite<'j>(json: &'j Json<'j>) -> Option<Number<'j>> {
    match reading(json)? {
        Reading::Number(number) => Some(number),
        Reading::Percent(..) | Reading::Undefined(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{evidence::json, model::Digest};

    #[test]
    fn every_kind_of_oddity_is_one_warning() {
        let bytes = br#"{"a": NaN, "b": "97.5 %", "c": [1], "d": null, "e": 0.25}"#;
        let document = Document::new(Digest::of(bytes), bytes);
        let parsed = json::parse(bytes).unwrap();
        let mut collector = Collector::new(&document, "x");
        for member in parsed.as_object().unwrap() {
            collector.measure(&member.key, &member.key, Slice::overall(), &member.value);
        }
        collector.left_out("f");
        let evidence = collector.finish().unwrap();
        let values: Vec<_> = evidence.measurements.iter().map(|m| m.value).collect();
        assert_eq!(values, [None, Some(0.975), None, Some(0.25)]);
        assert_eq!(evidence.measurements[1].rounding, 0.0005);
        assert_eq!(evidence.measurements[1].written.as_deref(), Some("97.5 %"));
        assert_eq!(
            evidence.warnings,
            [
                "undefined, and never a pass: `a` is NaN; `d` is null",
                "percentages are read as fractions: `b` is written `97.5 %`",
                "not numbers, and left out: `c` is a list",
                "not read: `f`",
            ]
        );
    }

    #[test]
    fn what_may_be_missing_may_not_be_something_else() {
        let bytes =
            b"{\"list\": [{}, 7],\n \"text\": \"x\", \"null\": null, \"object\": {\"a\": 1}}";
        let document = Document::new(Digest::of(bytes), bytes);
        let parsed = json::parse(bytes).unwrap();
        let mut collector = Collector::new(&document, "x");
        for missing in ["nothing", "null"] {
            let json = parsed.get(missing);
            assert!(collector.list(json).is_empty() && collector.object(json).is_none());
            assert!(collector.objects(json).is_empty() && collector.members(json).next().is_none());
        }
        assert_eq!(
            (
                collector.list(parsed.get("list")).len(),
                collector.members(parsed.get("object")).len()
            ),
            (2, 1)
        );
        assert!(collector.finish().is_ok());

        let mut collector = Collector::new(&document, "x");
        collector.list(parsed.get("object"));
        collector.object(parsed.get("text"));
        assert_eq!(collector.objects(parsed.get("list")).len(), 1);
        let error = collector.finish().unwrap_err().to_string();
        for said in [
            "line 2, column 39: a list was expected, not an object",
            "line 2, column 10: an object was expected, not text",
            "line 1, column 15: an object was expected, not a number",
        ] {
            assert!(error.contains(said), "{error}");
        }
    }
}
