//! Model cards of the Hugging Face Hub: results that the author of a model states.
//!
//! * `README.md`: YAML between two lines `---`, with `model-index` (as `huggingface_hub` writes it,
//!   or written by hand);
//! * the same as bare YAML or JSON, including the answer of `GET /api/models/…` (`cardData`);
//! * `.eval_results/*.yaml` (`huggingface_hub` 1.0 and later): a list of `dataset: {id, task_id}`
//!   and `value`.
//!
//! A card does not say on how many rows a metric was computed, nor whether 61.0 is a percentage:
//! only a name with `%` or `percent` in it says that. A value that its metric cannot have is
//! undefined. A value may be text that contains a number, an object (then its paths are the names,
//! `exact_match.mean`) or prose (`20.0 ± 1.2`), which is left out. The slice is the data set as the
//! card gives it: `dataset_type`, `dataset_config`, `dataset_split`, `dataset_revision`. An average
//! (`args: {average: macro}`, or a `name` such as `Macro F1`) is not the f1 of a class: our name of
//! it is `f1_macro`.

mod shape;
#[cfg(test)]
mod tests;

use super::leaves::leaves;
use crate::evidence::{
    Adapter, Carries, Collector, Declined, Document, EvidenceError, Family,
    json::{Json, Object, Value},
    names, quoted,
};
use crate::model::{DatasetRef, Evidence, Slice, Unit};
use shape::{Shape, with_card};

/// The row of this format in the table of formats.
pub const ADAPTER: Adapter = Adapter {
    id: "hf-model-card",
    title: "Hugging Face model card: model-index in README.md, .eval_results",
    family: Family::Evaluation,
    written_by: "ModelCard.from_template(ModelCardData(eval_results=[…])).save(\"README.md\")",
    reads: "every stated metric with its data set as the slice, and the emissions of training. No n: a card states none.",
    carries: &[Carries::Metrics, Carries::Slices, Carries::Links],
    recognised_by: "`model-index` in the YAML between two lines `---`, in YAML or in JSON",
    rule: "id = \"wer-of-card\"\nmetric = \"wer\"\nsource = \"hf-model-card\"\nmax = 8\npoint_estimate = \"allow\"",
    detect,
    read,
};

/// Parts of `dataset`, and our key of the slice for each.
const AXES: [(&str, &str); 4] = [
    ("type", "dataset_type"),
    ("config", "dataset_config"),
    ("split", "dataset_split"),
    ("revision", "dataset_revision"),
];

fn detect(document: &Document<'_>) -> Result<(), Declined> {
    with_card(document, |json| Shape::of(json).map(|_| ())).flatten().map_err(Declined::because)
}

fn read(document: &Document<'_>) -> Result<Evidence, EvidenceError> {
    let mut reader = Reader { collector: Collector::new(document, ADAPTER.id), document };
    with_card(document, |json| match Shape::of(json) {
        Ok(Shape::Index { models, card }) => {
            if let Some(card) = card {
                reader.emissions(card);
            }
            reader.index(models)
        }
        Ok(Shape::Entries(entries)) => {
            for entry in entries {
                reader.entry(entry);
            }
            Ok(())
        }
        Err(why) => Err(reader.refuse(json, why)),
    })
    .map_err(|why| document.invalid(ADAPTER.id, 0, why))??;
    if reader.collector.evidence.measurements.is_empty() {
        reader.collector.warn("the card states no metric");
    }
    reader.collector.finish()
}

struct Reader<'d, 'b> {
    collector: Collector<'b>,
    document: &'d Document<'b>,
}

fn text<'j>(object: &'j Object<'_>, key: &str) -> Option<&'j str> {
    object.get(key).and_then(Json::as_str).filter(|text| !text.is_empty())
}

/// A label as text. YAML may have read the same label as a number or as a boolean.
fn label(json: &Json<'_>) -> Option<String> {
    match &json.value {
        Value::String(text) if !text.is_empty() => Some(text.to_string()),
        Value::Number(number) => Some(number.text().to_owned()),
        Value::Bool(said) => Some(said.to_string()),
        _ => None,
    }
}

impl Reader<'_, '_> {
    fn refuse(&self, json: &Json<'_>, why: impl Into<String>) -> EvidenceError {
        self.document.invalid(ADAPTER.id, json.at, why.into())
    }

    fn object<'j, 'a>(
        &self,
        json: &'j Json<'a>,
        what: &str,
    ) -> Result<&'j Object<'a>, EvidenceError> {
        json.as_object().ok_or_else(|| {
            self.refuse(json, format!("{what} is {}, expected an object", json.kind()))
        })
    }

    fn list<'j, 'a>(
        &self,
        object: &'j Object<'a>,
        key: &str,
    ) -> Result<&'j [Json<'a>], EvidenceError> {
        match object.get(key) {
            None | Some(Json { value: Value::Null, .. }) => Ok(&[]),
            Some(json) => json.as_array().ok_or_else(|| {
                self.refuse(json, format!("`{key}` is {}, expected a list", json.kind()))
            }),
        }
    }

    fn index(&mut self, models: &[Json<'_>]) -> Result<(), EvidenceError> {
        let mut datasets: Vec<Option<String>> = Vec::new();
        for model in models {
            let model_object = self.object(model, "an entry of `model-index`")?;
            let name = text(model_object, "name");
            let scope = name.filter(|_| models.len() > 1);
            for result in self.list(model_object, "results")? {
                datasets.push(self.result(self.object(result, "a result")?, scope)?);
            }
        }
        let first = datasets.first().cloned().flatten();
        if first.is_some() && datasets.iter().all(|name| *name == first) {
            self.collector.evidence.dataset = Some(DatasetRef { name: first, digest: None });
            self.collector.evidence.measurements.iter_mut().for_each(|m| m.dataset = None);
        }
        Ok(())
    }

    /// Reads the metrics of one task on one data set; returns the name of the data set.
    fn result(
        &mut self,
        result: &Object<'_>,
        scope: Option<&str>,
    ) -> Result<Option<String>, EvidenceError> {
        let mut slice = Slice::overall();
        let mut dataset = None;
        if let Some(json) = result.get("dataset") {
            let object = self.object(json, "`dataset`")?;
            for (theirs, ours) in AXES {
                if let Some(value) = object.get(theirs).and_then(label) {
                    slice.0.insert(ours.to_owned(), value);
                }
            }
            // Cards from before 2022 write the configuration as `args`.
            match object.get("args").map(|args| (args, label(args))) {
                Some((_, Some(args))) => {
                    slice.0.insert("dataset_args".to_owned(), args);
                }
                Some(_) => self.collector.left_out("dataset.args"),
                None => {}
            }
            dataset = text(object, "type").or_else(|| text(object, "name")).map(str::to_owned);
        }
        if let Some(url) =
            result.get("source").and_then(|source| source.get("url")).and_then(Json::as_str)
        {
            self.source(url);
        }
        for metric in self.list(result, "metrics")? {
            let metric = self.object(metric, "a metric")?;
            let from = self.collector.evidence.measurements.len();
            self.metric(metric, &slice);
            for m in self.collector.evidence.measurements.iter_mut().skip(from) {
                m.dataset.clone_from(&dataset);
                m.scope = scope.map(str::to_owned);
            }
        }
        Ok(dataset)
    }

    fn source(&mut self, url: &str) {
        if !self.collector.evidence.links.iter().any(|link| link.href == url) {
            self.collector.link("evaluation", url);
        }
    }

    fn metric(&mut self, metric: &Object<'_>, slice: &Slice) {
        let shown = text(metric, "name");
        let Some(name) = text(metric, "type").or(shown) else {
            self.collector.warn("a metric without `type` and `name` is left out");
            return;
        };
        let Some(value) = metric.get("value") else {
            self.collector.warn(format!("{} has no value and is left out", quoted(name)));
            return;
        };
        let args = metric.get("args").and_then(|args| args.get("average")).and_then(Json::as_str);
        let args = args.and_then(|word| average(word).or((word == "samples").then_some("samples")));
        let told = |name: &str| name.split(|c: char| !c.is_alphanumeric()).find_map(average);
        let ours = match args.or_else(|| shown.and_then(told)).filter(|_| told(name).is_none()) {
            Some(average) => format!("{}_{average}", names::of_sklearn(name)),
            None => names::of_sklearn(name).to_owned(),
        };
        let percent = [Some(name), shown].into_iter().flatten().any(says_percent);
        match &value.value {
            Value::Object(object) => {
                leaves(object, name, &mut |path, json| {
                    self.value(path, path, json, slice, percent);
                });
            }
            Value::Array(_) => self.collector.left_out(name),
            _ => self.value(&ours, name, value, slice, percent),
        }
    }

    fn value(&mut self, ours: &str, theirs: &str, json: &Json<'_>, slice: &Slice, percent: bool) {
        let (m, text) = match &json.value {
            Value::String(text) => {
                (self.collector.measure_text(ours, theirs, slice.clone(), text), Some(text))
            }
            _ => (self.collector.measure(ours, theirs, slice.clone(), json), None),
        };
        // `87 %` as text was converted to a fraction already.
        if let Some(m) = m.filter(|_| percent && !text.is_some_and(|text| text.contains('%'))) {
            m.unit = Some(Unit::Percent);
        }
    }

    /// Reads the emissions: grams of CO2 equivalent, a number or an object with `emissions`.
    fn emissions(&mut self, card: &Object<'_>) {
        let Some(json) = card.get("co2_eq_emissions") else { return };
        if let Some(grams) = json.get("emissions") {
            self.collector.measure(
                "co2_eq_emissions",
                "co2_eq_emissions.emissions",
                Slice::overall(),
                grams,
            );
        } else if json.as_number().is_some() {
            self.collector.measure("co2_eq_emissions", "co2_eq_emissions", Slice::overall(), json);
        }
    }

    /// Reads an entry of `.eval_results`, or the Hub API's form of one.
    fn entry(&mut self, json: &Json<'_>) {
        let entry = json.get("data").unwrap_or(json);
        let axes = [("id", "dataset"), ("task_id", "task"), ("revision", "dataset_revision")];
        let mut slice = Slice::overall();
        for (theirs, ours) in axes {
            if let Some(value) = entry.at_path(&["dataset", theirs]).and_then(label) {
                slice.0.insert(ours.to_owned(), value);
            }
        }
        if let Some(error) = json.get("error") {
            self.collector.check(
                "hf-model-card/eval-results-valid",
                false,
                error.as_str().map(str::to_owned),
            );
            return;
        }
        if let Some(url) = entry.at_path(&["source", "url"]).and_then(Json::as_str) {
            self.source(url);
        }
        if let Some(value) = entry.get("value") {
            self.value("value", "value", value, &slice, false);
        }
    }
}

/// The average over classes that a word names.
fn average(word: &str) -> Option<&'static str> {
    ["macro", "micro", "weighted"].into_iter().find(|average| word.eq_ignore_ascii_case(average))
}

/// Whether a name says that its value is a percentage.
fn says_percent(name: &str) -> bool {
    name.contains('%')
        || name
            .split(|c: char| !c.is_alphanumeric())
            .any(|word| word.eq_ignore_ascii_case("percent"))
}
