//! Compiles TOML to a mapping, and reports every mistake at once.

use super::{
    bounds::Bounds,
    declared::{
        Check, Interval, MAX_MAPPING_BYTES, Mapping, Measurement, Quantity, Text, UnitText, Where,
    },
    error::MappingError,
    raw,
    raw::Syntax,
};
use crate::{
    evidence::{Mistake, json::Place, quoted},
    model::Digest,
};
use jsonpath_rust::parser::parse_json_path;
use std::{collections::BTreeMap, sync::Arc};
use toml::Spanned;

/// The most measurements and checks that a mapping may declare.
const MAX_DECLARED: usize = 1_000;

impl Mapping {
    /// Reads a mapping.
    ///
    /// # Errors
    /// Every mistake, with its place.
    ///
    /// ```
    /// use modelgate::evidence::mapping::Mapping;
    /// let mapping = Mapping::parse(br#"
    ///     name = "acme-eval"
    ///     syntax = "json"
    ///     [[measurement]]
    ///     each = "$.groups[*]"
    ///     metric = "accuracy"
    ///     value = { path = "$.acc" }
    ///     n = { path = "$.rows" }
    ///     slice = { region = { path = "$.name" } }
    /// "#)?;
    /// let evidence = mapping.read(br#"{"groups": [{"name": "north", "acc": 0.91, "rows": 1200}]}"#)?;
    /// assert_eq!(evidence.measurements[0].n, Some(1200));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn parse(bytes: &[u8]) -> Result<Self, MappingError> {
        if bytes.len() > MAX_MAPPING_BYTES {
            return Err(MappingError::one(
                "",
                0,
                format!("it is larger than {} KiB", MAX_MAPPING_BYTES >> 10),
            ));
        }
        let text = std::str::from_utf8(bytes)
            .map_err(|error| MappingError::one("", 0, format!("it is not UTF-8 text: {error}")))?;
        let raw: raw::Mapping = toml::from_str(text).map_err(|error| {
            MappingError::one(
                text,
                error.span().map_or(0, |span| span.start),
                error.message().to_owned(),
            )
        })?;
        let mut compiler =
            Compiler { text, syntax: raw.syntax, at: 0, mistakes: Vec::new(), patterns: 0 };
        let mapping = compiler.mapping(raw, Digest::of(bytes));
        if compiler.mistakes.is_empty() {
            Ok(mapping)
        } else {
            Err(MappingError { mistakes: compiler.mistakes })
        }
    }
}

struct Compiler<'t> {
    text: &'t str,
    syntax: Syntax,
    at: usize,
    mistakes: Vec<Mistake>,
    patterns: usize,
}

impl Compiler<'_> {
    fn mistake(&mut self, path: &str, message: impl Into<String>) {
        let place = Some(Place::of(self.text, self.at));
        self.mistakes.push(Mistake { path: path.to_owned(), place, message: message.into() });
    }

    fn mapping(&mut self, raw: raw::Mapping, digest: Digest) -> Mapping {
        self.at = raw.name.span().start;
        let name = raw.name.into_inner();
        let fine =
            |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '.' | '_');
        if name.is_empty() || name.len() > 100 || !name.chars().all(fine) {
            self.mistake("name", "expected 1 to 100 lower-case letters, digits, `-`, `_` and `.`, such as `acme-eval`");
        }
        if raw.measurement.is_empty() && raw.check.is_empty() {
            self.mistake("", "it reads nothing: add a `[[measurement]]` or a `[[check]]`");
        }
        if raw.measurement.len() + raw.check.len() > MAX_DECLARED {
            self.mistake("", format!("it has more than {MAX_DECLARED} measurements and checks"));
        }
        let dataset = raw.dataset.map(|text| self.text("dataset", text));
        let produced_at = raw.produced_at.map(|text| self.text("produced_at", text));
        let measurements = raw.measurement.into_iter().map(|one| self.measurement(one)).collect();
        let checks = raw.check.into_iter().map(|one| self.check(one)).collect();
        let (description, syntax) = (raw.description, raw.syntax);
        Mapping {
            name,
            description,
            digest,
            syntax,
            dataset,
            produced_at,
            measurements,
            checks,
            patterns: self.patterns,
        }
    }

    fn measurement(&mut self, raw: Spanned<raw::Measurement>) -> Measurement {
        self.at = raw.span().start;
        let raw = raw.into_inner();
        Measurement {
            each: self.each(raw.each),
            metric: self.text("metric", raw.metric),
            value: self.place("value", raw.value),
            n: raw.n.map(|place| self.place("n", place)),
            trials: raw.trials.map(|place| self.place("trials", place)),
            successes: raw.successes.map(|place| self.place("successes", place)),
            step: raw.step.map(|place| self.place("step", place)),
            quantile: raw.quantile.map(|quantity| self.fraction("quantile", quantity)),
            unit: raw.unit.and_then(|unit| self.unit(unit)),
            dataset: raw.dataset.map(|text| self.text("dataset", text)),
            scope: raw.scope.map(|text| self.text("scope", text)),
            interval: raw.interval.map(|interval| Interval {
                lower: self.place("interval.lower", interval.lower),
                upper: self.place("interval.upper", interval.upper),
                confidence: self.fraction("interval.confidence", interval.confidence),
                method: interval.method.map(|text| self.text("interval.method", text)),
            }),
            slice: self.slice(raw.slice),
            aggregate: raw.aggregate,
        }
    }

    fn check(&mut self, raw: Spanned<raw::Check>) -> Check {
        self.at = raw.span().start;
        let raw = raw.into_inner();
        Check {
            each: self.each(raw.each),
            name: self.text("name", raw.name),
            passed: self.place("passed", raw.passed),
            equals: raw.equals.map(|equals| match equals {
                raw::OneOrMany::One(one) => vec![one],
                raw::OneOrMany::Many(many) => many,
            }),
            detail: raw.detail.map(|text| self.text("detail", text)),
        }
    }

    fn slice(&mut self, raw: BTreeMap<String, raw::Text>) -> BTreeMap<String, Text> {
        raw.into_iter()
            .map(|(key, text)| {
                let path = format!("slice.{key}");
                if key.is_empty() {
                    self.mistake("slice", "a slice has a key without a name");
                }
                let text = self.text(&path, text);
                (key, text)
            })
            .collect()
    }

    fn each(&mut self, raw: Option<String>) -> Option<Where> {
        let path = raw?;
        if self.is_table() {
            self.mistake("each", "every row of a table is read by itself: leave `each` out");
            return None;
        }
        Some(self.path("each", path))
    }

    fn text(&mut self, path: &str, raw: raw::Text) -> Text {
        match raw {
            raw::Text::Fixed(text) => {
                if text.is_empty() {
                    self.mistake(path, "it is empty");
                } else if text.starts_with("$.") || text.starts_with("$[") {
                    self.mistake(
                        path,
                        format!(
                            "{} is fixed text; a place is written {{ path = \"…\" }}",
                            quoted(&text)
                        ),
                    );
                }
                Text::Fixed(text)
            }
            raw::Text::Found(place) => Text::Found(self.place(path, place)),
        }
    }

    fn unit(&mut self, raw: raw::Text) -> Option<UnitText> {
        match raw {
            raw::Text::Fixed(text) => match text.parse() {
                Ok(unit) => Some(UnitText::Fixed(unit)),
                Err(error) => {
                    self.mistake("unit", format!("{error}"));
                    None
                }
            },
            raw::Text::Found(place) => Some(UnitText::Found(self.place("unit", place))),
        }
    }

    /// A number strictly between 0 and 1.
    fn fraction(&mut self, path: &str, raw: raw::Quantity) -> Quantity {
        match raw {
            raw::Quantity::Fixed(number) => {
                if !(number > 0.0 && number < 1.0) {
                    self.mistake(
                        path,
                        format!("{number} is not between 0 and 1; 99% is written 0.99"),
                    );
                }
                Quantity::Fixed(number)
            }
            raw::Quantity::Found(place) => Quantity::Found(self.place(path, place)),
        }
    }

    const fn is_table(&self) -> bool {
        matches!(self.syntax, Syntax::Csv | Syntax::Tsv)
    }

    fn place(&mut self, path: &str, raw: raw::Place) -> Where {
        match raw {
            raw::Place::Column(raw::Column { column }) => {
                if !self.is_table() {
                    self.mistake(path, "JSON has no columns: write { path = \"$.…\" }");
                }
                Where::Column(column)
            }
            raw::Place::Path(raw::Path { path: found }) => {
                if self.is_table() {
                    self.mistake(path, "a table has no paths: write { column = \"…\" }");
                }
                self.path(path, found)
            }
        }
    }

    fn path(&mut self, path: &str, text: String) -> Where {
        // Each `..` descends into everything below everything that the previous one found.
        if text.matches("..").count() > 1 {
            self.mistake(
                path,
                format!("{} descends with `..` more than once; name the way", quoted(&text)),
            );
        }
        match parse_json_path(&text) {
            Ok(query) => {
                let bounds = Bounds::of(&query);
                if let Some(wrong) = bounds.wrong {
                    self.mistake(path, format!("{}: {wrong}", quoted(&text)));
                }
                self.patterns = self.patterns.saturating_add(bounds.patterns);
                Where::Path { text, query: Arc::new(query) }
            }
            Err(error) => {
                let why = error.to_string();
                let why = why
                    .lines()
                    .last()
                    .unwrap_or_default()
                    .trim()
                    .trim_start_matches("= ")
                    .to_owned();
                self.mistake(path, format!("{} is no JSONPath (RFC 9535): {why}", quoted(&text)));
                Where::Column(text)
            }
        }
    }
}
