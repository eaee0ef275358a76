//! Fairlearn's `MetricFrame` and its disparity functions, as scripts dump them: fairlearn itself
//! writes no files.
//!
//! * the parts of a frame under their own names: `overall`, `by_group`, `difference`, `ratio`, `group_min`, …;
//! * `by_group` alone, in any shape of pandas' `to_json`, or as CSV;
//! * a flat object of disparities: `demographic_parity_difference`, `equalized_odds_ratio`, ….
//!
//! If the document does not name the sensitive features, they get fairlearn's own names for unnamed
//! features: `sensitive_feature_0`, and `control_feature_0`. Groups of several features are one
//! key, `Black|Female` or `('Black', 'Female')`, which is split if every key has the same number of
//! parts. n is the metric `count` (or `support`) of the group; the rates of a group together
//! determine the trials of each (`super::group_counts`). An intersection without rows has NaN.

mod axes;
mod known;
mod shape;
#[cfg(test)]
mod tests;

use super::group_counts::state;
use crate::evidence::{
    Adapter, Carries, Declined, Document, EvidenceError, Family,
    collector::Collector,
    formats::frame::{self, Cell, Line},
    json::{Json, Number, Object, Value},
    precision::Precision,
    undefined::reading,
};
use crate::model::{Evidence, Slice};
use axes::Axes;
use known::{COUNTS, is_disparity, is_metric, ours};
use shape::{Shape, are_metrics, keys, shape};
use std::collections::BTreeSet;

/// The row of this format in the table of formats.
pub const ADAPTER: Adapter = Adapter {
    id: "fairlearn-metric-frame",
    title: "fairlearn MetricFrame (overall, by_group, difference, ratio) or its disparities, as JSON or CSV",
    family: Family::Fairness,
    written_by: "json.dump({\"overall\": frame.overall.to_dict(), \"by_group\": frame.by_group.to_dict(\"index\")}, file)",
    reads: "every metric overall and of every group, with the metric `count` as n and the trials that the rates \
            determine together; `difference:accuracy` and the like as fairlearn's own aggregates.",
    carries: &[Carries::Metrics, Carries::Slices, Carries::SampleSize, Carries::Counts],
    recognised_by: "the key `by_group`; or a table with fairlearn's rates; or names such as `demographic_parity_difference`",
    rule: "id = \"four-fifths\"\nmetric = \"demographic_parity_ratio\"\nby = [\"sensitive_feature_0\"]\nmin = 0.8",
    detect,
    read,
};

/// What pandas calls an index without a name.
const UNNAMED: [&str; 4] = ["", "index", "level_0", "Unnamed: 0"];

/// An upper limit: no frame has more metrics.
const MOST_METRICS: usize = 1000;

/// An upper limit: no table crosses more features.
const MOST_FEATURES: usize = 16;

fn detect(document: &Document<'_>) -> Result<(), Declined> {
    if document.looks_like_json() {
        return shape(document).map(|_| ());
    }
    let header = document.header(b',')?;
    let named = header.first().is_some_and(|first| !is_metric(first));
    if named
        && are_metrics(header.iter().map(String::as_str))
        && !header.iter().any(|c| c == "attribute_name")
    {
        return Ok(());
    }
    Err(Declined::because("no column of groups before columns of fairlearn's rates"))
}

fn read(document: &Document<'_>) -> Result<Evidence, EvidenceError> {
    let collector = Collector::new(document, ADAPTER.id);
    document.require(ADAPTER.id, detect(document))?;
    let mut reader = if document.looks_like_json() {
        let json = document.json().map_err(Clone::clone)?;
        let mut numbers = Vec::new();
        gather(json, &mut numbers);
        Reader { collector: collector.precision(Precision::of_pandas(numbers)) }
    } else {
        let lines = frame::csv(document)?;
        let numbers = lines.iter().flat_map(Line::cells).filter_map(|(_, cell)| cell.number());
        let mut reader = Reader { collector: collector.precision(Precision::of_pandas(numbers)) };
        reader.groups(&lines, &Axes::default());
        return reader.finish();
    };
    match document.require(ADAPTER.id, shape(document))? {
        Shape::Frame(frame) => reader.frame(frame, None),
        Shape::Frames(frames) => {
            for frame in frames {
                if let Some(parts) = frame.value.as_object() {
                    reader.frame(parts, Some(&frame.key));
                }
            }
        }
        Shape::Groups(table) => reader.table(table, &is_metric, &Axes::default()),
        Shape::Flat(object) => reader.disparities(object, None),
    }
    reader.finish()
}

fn gather<'j>(json: &'j Json<'_>, into: &mut Vec<Number<'j>>) {
    match &json.value {
        Value::Number(number) => into.push(*number),
        Value::Array(list) => list.iter().for_each(|json| gather(json, into)),
        Value::Object(object) => object.iter().for_each(|m| gather(&m.value, into)),
        _ => {}
    }
}

struct Reader<'d> {
    collector: Collector<'d>,
}

impl Reader<'_> {
    fn finish(mut self) -> Result<Evidence, EvidenceError> {
        if self.collector.evidence.measurements.is_empty() {
            self.collector.check(
                "by_group",
                false,
                Some("there is no group and no number".to_owned()),
            );
        }
        self.collector.evidence.producer.get_or_insert_default().tool =
            Some("fairlearn".to_owned());
        self.collector.finish()
    }

    /// Reads the parts of a frame; `feature` is its sensitive feature, if a key above it says so.
    fn frame(&mut self, frame: &Object<'_>, feature: Option<&str>) {
        let from = self.collector.evidence.measurements.len();
        let overall = frame.get("overall");
        let axes = Axes::of(frame, feature);
        let single = frame.get("metric").and_then(Json::as_str).unwrap_or("metric");
        let mut rows = None;
        match overall.map(|json| (json, json.as_object())) {
            Some((_, Some(overall))) if axes.is_controlled() => {
                for level in overall {
                    let cells: Vec<_> =
                        level.value.as_object().into_iter().flatten().map(pair).collect();
                    self.group(&axes.level(&level.key), &cells);
                }
            }
            Some((_, Some(overall))) => {
                rows = self.group(&Slice::overall(), &overall.iter().map(pair).collect::<Vec<_>>());
            }
            Some((json, None)) => _ = self.group(&Slice::overall(), &[(single, Cell::Json(json))]),
            None => {}
        }
        for part in frame {
            match &*part.key {
                "overall" => {}
                "by_group" => self.by_group(&part.value, overall, &axes, single),
                name if axes::is_hint(name) || name == "metric" => {}
                name => self.aggregate(name, &part.value, &axes, rows, single),
            }
        }
        if frame.has("by_group") && !axes.is_controlled() {
            self.alone(from);
        }
    }

    /// Marks differences and ratios of a frame with only one group, which was compared with itself.
    fn alone(&mut self, from: usize) {
        let own = self.collector.evidence.measurements.get_mut(from..).unwrap_or_default();
        let groups: BTreeSet<&Slice> =
            own.iter().map(|m| &m.slice).filter(|slice| !slice.is_overall()).collect();
        if groups.len() != 1 {
            return;
        }
        let compares = |name: &str| {
            is_disparity(name) || ["difference", "ratio"].iter().any(|part| name.starts_with(part))
        };
        for m in own.iter_mut().filter(|m| m.slice.is_overall() && compares(&m.source_name)) {
            m.unfit = Some("the frame has one group, and no other to compare it with".to_owned());
        }
    }

    fn by_group(
        &mut self,
        groups: &Json<'_>,
        overall: Option<&Json<'_>>,
        axes: &Axes<'_>,
        single: &str,
    ) {
        let plain = groups
            .as_object()
            .filter(|o| !o.is_empty() && o.iter().all(|m| reading(&m.value).is_some()));
        if let Some(plain) = plain {
            // A frame of one metric: a number for each group.
            for (slice, member) in axes
                .slices(&plain.iter().map(|m| vec![&*m.key]).collect::<Vec<_>>())
                .iter()
                .zip(plain)
            {
                self.group(slice, &[(single, Cell::Json(&member.value))]);
            }
            return;
        }
        let overall =
            overall.filter(|json| json.as_object().is_some_and(|o| o.len() <= MOST_METRICS));
        let asked = |key: &str| {
            is_metric(key) || overall.is_some_and(|o| !axes.is_controlled() && o.get(key).is_some())
        };
        // A group may have the same name as a metric: the rows are by group if the first of them
        // contains metrics.
        let by_row =
            groups.as_object().and_then(|o| o.iter().next()).and_then(|m| m.value.as_object());
        let by_row = by_row.is_some_and(|row| keys(row).any(asked));
        self.table(groups, &|key| !by_row && asked(key), axes);
    }

    fn table(&mut self, table: &Json<'_>, known: &dyn Fn(&str) -> bool, axes: &Axes<'_>) {
        match frame::of_json(table, known) {
            Ok(lines) => self.groups(&lines, axes),
            Err((at, message)) => self.collector.mistake(at, message),
        }
    }

    /// Reads the rows of a table of groups.
    fn groups(&mut self, lines: &[Line<'_>], axes: &Axes<'_>) {
        if lines.iter().all(|line| !line.label.is_empty()) {
            let slices =
                axes.slices(&lines.iter().map(|line| line.label.clone()).collect::<Vec<_>>());
            for (slice, line) in slices.iter().zip(lines) {
                self.group(slice, &line.cells().collect::<Vec<_>>());
            }
            return;
        }
        let leading = leading(lines);
        // After `reset_index()` the index only counts the rows.
        let named: Vec<&str> = leading
            .iter()
            .copied()
            .filter(|c| leading.len() == 1 || !UNNAMED.contains(c))
            .collect();
        for line in lines {
            let name = |column: &&str| {
                let key = if UNNAMED.contains(column) { "sensitive_feature_0" } else { *column };
                Some((key.to_owned(), line.get(column)?.name().unwrap_or("").to_owned()))
            };
            let slice = Slice(named.iter().filter_map(name).collect());
            let cells: Vec<_> =
                line.cells().filter(|(column, _)| !leading.contains(column)).collect();
            if slice.is_overall() {
                self.collector.left_out("a row without a group");
            } else {
                self.group(&slice, &cells);
            }
        }
    }

    /// Adds the metrics of a group, or of all rows; returns n.
    fn group(&mut self, slice: &Slice, cells: &[(&str, Cell<'_>)]) -> Option<u64> {
        let count = |name: &&str| {
            cells.iter().find(|(column, _)| column == name).and_then(|(_, cell)| cell.count())
        };
        let n = COUNTS.iter().find_map(count);
        let from = self.collector.evidence.measurements.len();
        for (column, cell) in cells {
            match cell {
                Cell::Json(json) => {
                    _ = self.collector.measure(ours(column), column, slice.clone(), json);
                }
                Cell::Text(text) => {
                    _ = self.collector.measure_text(ours(column), column, slice.clone(), text);
                }
            }
        }
        if let Some(n) = n {
            state(self.collector.evidence.measurements.get_mut(from..).unwrap_or_default(), n);
        }
        n
    }

    /// Reads a part such as `difference`: a number for each metric, or for each metric of each
    /// level of the control features.
    fn aggregate(
        &mut self,
        name: &str,
        json: &Json<'_>,
        axes: &Axes<'_>,
        n: Option<u64>,
        single: &str,
    ) {
        let Some(object) = json.as_object() else {
            if is_disparity(name) {
                _ = self.collector.measure(name, name, Slice::overall(), json).map(|m| m.n = n);
            } else if reading(json).is_some() && json.as_str().is_none() {
                let name = format!("{name}:{single}");
                _ = self.collector.measure(&name, &name, Slice::overall(), json).map(|m| m.n = n);
            } else {
                self.collector.left_out(name);
            }
            return;
        };
        for member in object {
            let Some(inner) = member.value.as_object() else {
                let name = format!("{name}:{}", member.key);
                _ = self
                    .collector
                    .measure(&name, &name, Slice::overall(), &member.value)
                    .map(|m| m.n = n);
                continue;
            };
            for cell in inner {
                let (name, slice) = if axes.is_controlled() {
                    (format!("{name}:{}", cell.key), axes.level(&member.key))
                } else {
                    (format!("{name}:{}:{}", member.key, cell.key), Slice::overall())
                };
                self.collector.measure(&name, &name, slice, &cell.value);
            }
        }
    }

    /// Reads disparities by fairlearn's names; `path` is put before them if the enclosing object
    /// has several.
    fn disparities(&mut self, object: &Object<'_>, path: Option<&str>) {
        let n = COUNTS.iter().find_map(|name| object.get(name)?.as_number()?.count());
        for member in object {
            if let Some(inner) = member.value.as_object() {
                self.disparities(inner, Some(&member.key));
            } else if !COUNTS.contains(&&*member.key)
                && (is_metric(&member.key) || member.value.as_str().is_none())
            {
                let theirs = path.map_or_else(
                    || member.key.to_string(),
                    |path| format!("{path}.{}", member.key),
                );
                _ = self
                    .collector
                    .measure(ours(&member.key), &theirs, Slice::overall(), &member.value)
                    .map(|m| m.n = n);
            }
        }
    }
}

fn pair<'j>(member: &'j crate::evidence::json::Member<'j>) -> (&'j str, Cell<'j>) {
    (&*member.key, Cell::Json(&member.value))
}

/// The columns that name the group: the first, and the next ones that are not metrics and contain
/// other values than numbers.
fn leading<'c>(lines: &[Line<'c>]) -> Vec<&'c str> {
    let columns: Vec<&str> =
        lines.first().into_iter().flat_map(Line::cells).map(|(column, _)| column).collect();
    let words = |column: &str| {
        lines
            .iter()
            .filter_map(|line| line.get(column))
            .any(|cell| cell.number().is_none() && !cell.is_undefined())
    };
    let is_name = |(i, column): &(usize, &&str)| !is_metric(column) && (*i == 0 || words(column));
    columns
        .iter()
        .enumerate()
        .take(MOST_FEATURES)
        .take_while(is_name)
        .map(|(_, column)| *column)
        .collect()
}
