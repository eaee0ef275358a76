//! Reads a document as evidence, with a mapping.

use super::{
    declared::{Check, Interval, MAPPED, Mapping, Measurement, Quantity, Text, UnitText, Where},
    node::{Kind, Node, Room},
    raw::Syntax,
};
use crate::{
    evidence::{
        Collector, Document, EvidenceError, Mistake, archive,
        json::{Json, JsonError, Number},
        names, quoted, settle,
        table::Table,
        undefined::{Reading, reading_text},
        unpack::Unpacked,
    },
    model::{self, DatasetRef, Evidence, Producer, Slice, Timestamp, Unit},
};
use jsonpath_rust::query::js_path_process;

/// The most values of a document that is read with a mapping.
const MAX_NODES: usize = 2_000_000;

/// The most bytes of the paths to all values.
const MAX_PATHS: usize = 256 << 20;

/// The most steps for patterns, and for measurements that walk through the whole document, over all
/// values together.
const MAX_STEPS: usize = 500_000;
const MAX_WALKS: usize = 200_000_000;

/// The most measurements and checks that one document may give.
const MAX_READ: usize = 200_000;

/// The most mistakes that are reported for one document.
const MAX_TOLD: usize = 50;

impl Mapping {
    /// Reads a document. The format of the evidence is [`MAPPED`], and its tool is the mapping's
    /// name.
    ///
    /// # Errors
    /// When the document is broken or too large; when a value is not where the mapping says, or
    /// there is more than one; when nothing is found at all.
    pub fn read(&self, bytes: &[u8]) -> Result<Evidence, EvidenceError> {
        self.document(&Document::of(&Unpacked::of(bytes)?))
    }

    /// As [`Self::read`], for a document that is already unpacked.
    pub(in crate::evidence) fn document(
        &self,
        document: &Document<'_>,
    ) -> Result<Evidence, EvidenceError> {
        if let Some(kind) = archive::kind(document.bytes()) {
            let why = format!(
                "a mapping reads one document and this is a {kind} archive; unpack it and name the file"
            );
            return Err(EvidenceError::Archive { why });
        }
        let mut reader = Reader {
            document,
            collector: Collector::new(document, MAPPED),
            mistakes: Vec::new(),
            found: 0,
        };
        reader.collector.evidence.producer =
            Some(Producer { tool: Some(self.name.clone()), version: None, run: None });
        match self.syntax {
            Syntax::Json => {
                let root = self.tree(document, document.json().map_err(Clone::clone)?)?;
                reader.json(self, &root, &[&root])?;
            }
            Syntax::JsonLines => {
                let lines = document.json_lines().map_err(Clone::clone)?;
                let list =
                    Json { at: 0, value: crate::evidence::json::Value::Array(lines.to_vec()) };
                let root = self.tree(document, &list)?;
                let Kind::List(lines) = &root.value else { return Err(nothing(document)) };
                reader.json(self, &root, &lines.iter().collect::<Vec<_>>())?;
            }
            Syntax::Csv => reader.table(self, document.csv().map_err(Clone::clone)?)?,
            Syntax::Tsv => reader.table(self, document.tsv().map_err(Clone::clone)?)?,
        }
        reader.finish()
    }

    /// The document as a tree that this mapping can walk in bounded time.
    fn tree(&self, document: &Document<'_>, json: &Json<'_>) -> Result<Node, EvidenceError> {
        let declared = (self.measurements.len() + self.checks.len()).max(1);
        let values = MAX_NODES.min(MAX_WALKS / declared).min(MAX_STEPS / self.patterns.max(1));
        let mut room = Room { values, paths: MAX_PATHS };
        let tree = Node::of(json, 0, &mut room);
        tree.ok_or_else(|| match room.values {
            0 if self.patterns > 0 && values < MAX_NODES => {
                let why = format!(
                    "more than {values} values, too many for `match` and `search`; compare with `==` or split it"
                );
                document.invalid(MAPPED, json.at, why)
            }
            0 => EvidenceError::Json(JsonError::TooMany { place: document.place(json.at), limit: values }),
            _ => {
                document.invalid(MAPPED, json.at, "the names above its values are too long to be read")
            }
        })
    }
}

fn nothing(document: &Document<'_>) -> EvidenceError {
    document.invalid(MAPPED, 0, "the mapping finds no measurement and no check in it")
}

/// The content of a place: where it is, and its text; `None` for null.
struct Cell {
    at: usize,
    text: Option<String>,
    /// The name of the value: the last key of its path, or its column.
    name: String,
}

/// A node of JSON or a row of a table: what one measurement is read from.
enum Part<'n> {
    Node(&'n Node),
    Row(&'n Table, usize),
}

struct Reader<'r, 'd> {
    document: &'r Document<'d>,
    collector: Collector<'d>,
    mistakes: Vec<Mistake>,
    found: usize,
}

impl Reader<'_, '_> {
    fn mistake(&mut self, at: usize, message: impl Into<String>) {
        if self.mistakes.len() <= MAX_TOLD {
            let place = Some(self.document.place(at));
            self.mistakes.push(Mistake { path: String::new(), place, message: message.into() });
        }
    }

    fn json(
        &mut self,
        mapping: &Mapping,
        root: &Node,
        parts: &[&Node],
    ) -> Result<(), EvidenceError> {
        self.about(mapping, &Part::Node(root));
        for measurement in &mapping.measurements {
            for part in self.parts(measurement.each.as_ref(), parts)? {
                self.measurement(measurement, &Part::Node(part))?;
            }
        }
        for check in &mapping.checks {
            for part in self.parts(check.each.as_ref(), parts)? {
                self.check(check, &Part::Node(part))?;
            }
        }
        Ok(())
    }

    fn parts<'n>(
        &mut self,
        each: Option<&Where>,
        parts: &[&'n Node],
    ) -> Result<Vec<&'n Node>, EvidenceError> {
        let Some(Where::Path { text, query }) = each else { return Ok(parts.to_vec()) };
        let mut out = Vec::new();
        for part in parts {
            let found = js_path_process(query, *part).map_err(|error| {
                self.document.invalid(MAPPED, part.at, format!("{}: {error}", quoted(text)))
            })?;
            out.extend(found.into_iter().map(jsonpath_rust::query::QueryRef::val));
        }
        if out.is_empty() {
            self.collector.left_out(text);
        }
        Ok(out)
    }

    fn table(&mut self, mapping: &Mapping, table: &Table) -> Result<(), EvidenceError> {
        if !table.rows().is_empty() {
            self.about(mapping, &Part::Row(table, 0));
        }
        for row in 0..table.rows().len() {
            for measurement in &mapping.measurements {
                self.measurement(measurement, &Part::Row(table, row))?;
            }
            for check in &mapping.checks {
                self.check(check, &Part::Row(table, row))?;
            }
        }
        Ok(())
    }

    fn about(&mut self, mapping: &Mapping, part: &Part<'_>) {
        if let Some(name) =
            mapping.dataset.as_ref().and_then(|text| self.text("dataset", text, part))
        {
            self.collector.evidence.dataset = Some(DatasetRef { name: Some(name.1), digest: None });
        }
        let Some((at, moment)) =
            mapping.produced_at.as_ref().and_then(|text| self.text("produced_at", text, part))
        else {
            return;
        };
        match moment.parse::<Timestamp>() {
            Ok(moment) => self.collector.evidence.produced_at = Some(moment),
            Err(_) => self.mistake(
                at,
                format!(
                    "{} is no moment: expected RFC 3339 with a zone, such as `2026-11-20T12:00:00Z`",
                    quoted(&moment)
                ),
            ),
        }
    }

    fn measurement(&mut self, of: &Measurement, part: &Part<'_>) -> Result<(), EvidenceError> {
        self.count()?;
        let Some(value) = self.cell("value", &of.value, part) else {
            self.collector.left_out(&of.value.shown());
            return Ok(());
        };
        let Some((_, metric)) = self.text("metric", &of.metric, part) else { return Ok(()) };
        let source_name =
            if matches!(of.metric, Text::Fixed(_)) { value.name } else { metric.clone() };
        let slice = self.slice(of, part);
        let counts = [&of.n, &of.trials, &of.successes].map(|place| {
            let place = place.as_ref()?;
            self.whole(place, part)
        });
        let step = of.step.as_ref().and_then(|place| self.whole(place, part));
        let quantile =
            of.quantile.as_ref().and_then(|quantity| self.fraction("quantile", quantity, part));
        let unit = of.unit.as_ref().and_then(|unit| self.unit(unit, part));
        let dataset = of.dataset.as_ref().and_then(|text| self.text("dataset", text, part));
        let scope = of.scope.as_ref().and_then(|text| self.text("scope", text, part));
        let interval = of.interval.as_ref().and_then(|interval| self.interval(interval, part));
        let said = value.text.as_deref().unwrap_or("null");
        let ours = names::of_sklearn(&metric).to_owned();
        let Some(m) = self.collector.measure_text(&ours, &source_name, slice, said) else {
            self.mistake(
                value.at,
                format!("{} is {}, not a number", quoted(&of.value.shown()), quoted(said)),
            );
            return Ok(());
        };
        [m.n, m.trials, m.successes] = counts;
        m.step = step.and_then(|step| i64::try_from(step).ok());
        // A percentage written with its sign has already been converted to a fraction.
        let signed = said.trim_end().ends_with('%');
        (m.quantile, m.unit) = (quantile, unit.filter(|unit| !(signed && *unit == Unit::Percent)));
        m.dataset = dataset.map(|(_, name)| name);
        m.scope = scope.map(|(_, name)| name);
        m.intervals.extend(interval);
        m.aggregate = of.aggregate;
        let impossible = match (m.successes, m.trials, m.n) {
            (Some(successes), Some(trials), _) if successes > trials => {
                Some("more successes than trials")
            }
            (Some(successes), None, Some(n)) if successes > n => Some("more successes than rows"),
            (_, Some(trials), Some(n)) if trials > n => Some("more trials than rows"),
            _ => None,
        };
        if let Some(impossible) = impossible {
            self.mistake(value.at, impossible);
        }
        Ok(())
    }

    fn check(&mut self, of: &Check, part: &Part<'_>) -> Result<(), EvidenceError> {
        self.count()?;
        let Some((at, name)) = self.text("name", &of.name, part) else { return Ok(()) };
        let Some(cell) = self.cell("passed", &of.passed, part) else {
            self.mistake(at, format!("the check {} does not say whether it passed", quoted(&name)));
            return Ok(());
        };
        let said = cell.text.unwrap_or_default();
        let passed = match &of.equals {
            Some(texts) => texts.contains(&said),
            None if said.eq_ignore_ascii_case("true") => true,
            None if said.eq_ignore_ascii_case("false") => false,
            None => {
                let shown = quoted(&of.passed.shown());
                let message = format!(
                    "{shown} is {}, neither true nor false; say what counts with `equals`",
                    quoted(&said)
                );
                self.mistake(cell.at, message);
                return Ok(());
            }
        };
        let detail = of.detail.as_ref().and_then(|text| self.detail(text, part));
        self.collector.check(name, passed, detail);
        Ok(())
    }

    /// The detail of a check: most tools write one only for checks that fail.
    fn detail(&mut self, of: &Text, part: &Part<'_>) -> Option<String> {
        match of {
            Text::Fixed(text) => Some(text.clone()),
            Text::Found(place) => {
                self.cell("detail", place, part)?.text.filter(|text| !text.is_empty())
            }
        }
    }

    fn slice(&mut self, of: &Measurement, part: &Part<'_>) -> Slice {
        let groups = of.slice.iter().filter_map(|(key, text)| {
            let (_, value) = self.text(key, text, part)?;
            Some((key.clone(), value))
        });
        Slice(groups.collect())
    }

    fn interval(&mut self, of: &Interval, part: &Part<'_>) -> Option<model::Interval> {
        let lower = self.number("interval.lower", &of.lower, part)?;
        let upper = self.number("interval.upper", &of.upper, part)?;
        let confidence = self.fraction("interval.confidence", &of.confidence, part)?;
        let method = of.method.as_ref().and_then(|text| self.text("interval.method", text, part));
        let method = method.map_or_else(|| "claimed".to_owned(), |(_, name)| name);
        Some(model::Interval {
            method,
            confidence,
            sides: 2,
            lower: Some(lower),
            upper: Some(upper),
        })
    }

    fn unit(&mut self, of: &UnitText, part: &Part<'_>) -> Option<Unit> {
        let place = match of {
            UnitText::Fixed(unit) => return Some(*unit),
            UnitText::Found(place) => place,
        };
        let cell = self.cell("unit", place, part)?;
        let text = cell.text.filter(|text| !text.is_empty())?;
        match text.parse() {
            Ok(unit) => Some(unit),
            Err(error) => {
                self.mistake(cell.at, format!("{error}"));
                None
            }
        }
    }

    fn fraction(&mut self, key: &str, of: &Quantity, part: &Part<'_>) -> Option<f64> {
        let place = match of {
            Quantity::Fixed(number) => return Some(*number),
            Quantity::Found(place) => place,
        };
        let cell = self.cell(key, place, part)?;
        let number = cell
            .text
            .as_deref()
            .and_then(Number::parse)
            .map(Number::value)
            .filter(|n| *n > 0.0 && *n < 1.0);
        if number.is_none() {
            self.mistake(
                cell.at,
                format!("{key} is {}, not between 0 and 1", quoted(&cell.text.unwrap_or_default())),
            );
        }
        number
    }

    /// An end of an interval. Absent, null and NaN are unknown; any other value that is not a
    /// number is a mistake.
    fn number(&mut self, key: &str, of: &Where, part: &Part<'_>) -> Option<f64> {
        let cell = self.cell(key, of, part)?;
        let text = cell.text.filter(|text| !text.is_empty())?;
        let number = Number::parse(&text).map(Number::value);
        if number.is_none() && !matches!(reading_text(&text), Some(Reading::Undefined(_))) {
            self.mistake(cell.at, format!("{key} is {}, not a number", quoted(&text)));
        }
        number
    }

    /// A count. Absent and null are unknown; any other value that is not a count is a mistake.
    fn whole(&mut self, of: &Where, part: &Part<'_>) -> Option<u64> {
        let cell = self.cell("count", of, part)?;
        let text = cell.text.filter(|text| !text.trim().is_empty())?;
        let count = Number::parse(text.trim()).and_then(Number::count);
        if count.is_none() {
            self.mistake(
                cell.at,
                format!("{} is {}, not a count", quoted(&of.shown()), quoted(&text)),
            );
        }
        count
    }

    /// Text that must be present: without it the number would be assigned to another group, or to
    /// nothing.
    fn text(&mut self, key: &str, of: &Text, part: &Part<'_>) -> Option<(usize, String)> {
        let place = match of {
            Text::Fixed(text) => return Some((part.at(), text.clone())),
            Text::Found(place) => place,
        };
        match self.cell(key, place, part) {
            Some(Cell { at, text: Some(text), .. }) if !text.is_empty() => Some((at, text)),
            other => {
                let at = other.map_or_else(|| part.at(), |cell| cell.at);
                self.mistake(at, format!("{key} has no text at {}", quoted(&place.shown())));
                None
            }
        }
    }

    /// The value at a place; `None` if there is none. More than one value is a mistake.
    fn cell(&mut self, key: &str, of: &Where, part: &Part<'_>) -> Option<Cell> {
        match (of, part) {
            (Where::Path { text, query }, Part::Node(node)) => {
                let mut found = js_path_process(query, *node).unwrap_or_default();
                if found.len() > 1 {
                    let message = format!(
                        "{key}: {} finds {} values; `each` reads them one by one",
                        quoted(text),
                        found.len()
                    );
                    self.mistake(node.at, message);
                    return None;
                }
                let found = found.pop()?;
                if matches!(found.val.value, Kind::List(_) | Kind::Map(_)) {
                    self.mistake(
                        found.val.at,
                        format!("{key}: {} is {}", quoted(text), found.val.kind()),
                    );
                    return None;
                }
                let name = last_name(&found.path).unwrap_or_else(|| text.clone());
                Some(Cell { at: found.val.at, text: found.val.text(), name })
            }
            (Where::Column(name), Part::Row(table, row)) => {
                let row = table.rows().get(*row)?;
                let Some(column) = table.column(name) else {
                    self.no_column(key, name, table);
                    return None;
                };
                Some(Cell {
                    at: row.at,
                    text: row.get(column).map(str::to_owned),
                    name: name.clone(),
                })
            }
            _ => None,
        }
    }

    /// Reports a missing column once, not for every row.
    fn no_column(&mut self, key: &str, name: &str, table: &Table) {
        let message = if table.header().any(|column| column == name) {
            format!("{key}: more than one column is called {}; rename one", quoted(name))
        } else {
            let columns = table.header().take(20).map(quoted).collect::<Vec<_>>().join(", ");
            format!("{key}: there is no column {}; the first line has {columns}", quoted(name))
        };
        if self.mistakes.iter().all(|told| told.message != message) {
            self.mistake(0, message);
        }
    }

    fn count(&mut self) -> Result<(), EvidenceError> {
        self.found += 1;
        if self.found > MAX_READ {
            let message = format!(
                "the mapping finds more than {MAX_READ} measurements and checks; split the document"
            );
            return Err(self.document.invalid(MAPPED, 0, message));
        }
        if self.mistakes.len() > MAX_TOLD {
            return Err(self.refused());
        }
        Ok(())
    }

    fn refused(&mut self) -> EvidenceError {
        EvidenceError::Invalid { format: MAPPED, mistakes: std::mem::take(&mut self.mistakes) }
    }

    fn finish(mut self) -> Result<Evidence, EvidenceError> {
        if !self.mistakes.is_empty() {
            return Err(self.refused());
        }
        let mut evidence = self.collector.finish()?;
        if evidence.measurements.is_empty() && evidence.checks.is_empty() {
            return Err(nothing(self.document));
        }
        settle::settle(&mut evidence);
        Ok(evidence)
    }
}

impl Part<'_> {
    fn at(&self) -> usize {
        match self {
            Self::Node(node) => node.at,
            Self::Row(table, row) => table.rows().get(*row).map_or(0, |row| row.at),
        }
    }
}

impl Where {
    fn shown(&self) -> String {
        match self {
            Self::Path { text, .. } => text.clone(),
            Self::Column(name) => name.clone(),
        }
    }
}

/// The last name of a normalised path such as `$['a'][0]['b']`.
fn last_name(path: &str) -> Option<String> {
    let inner = path.rsplit_once("['")?.1;
    inner.rsplit_once("']").map(|(name, _)| name.replace("\\'", "'"))
}
