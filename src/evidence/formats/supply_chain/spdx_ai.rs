//! SPDX 3 documents with an AI package, as JSON-LD.
//!
//! Versions spell the same property differently: `ai_metric` (3.0.1), `metric` under a context (the
//! writer of spdx-tools, before 3.0), `ai:metric`, a whole address. Only the last part of a name is
//! used here. The value of a property may be written in place or be the id of another element.
//! Energy is free text before 3.0 (`0.42 kWh`), and since then numbers with a unit for training,
//! fine-tuning and inference. Metrics are pairs of text: those that are numbers are read, without
//! n, which no version can state.
//!
//! `safetyRiskAssessment` is a check of that name followed by its level, which passes for `low` and
//! `medium`. A document without an AI package says nothing about a model: the check for it fails.

use super::common::{decimal, energy, is_sha256, kind_of, moment, scoped, sha256};
use crate::evidence::{
    Adapter, Carries, Collector, Declined, Document, EvidenceError, Family,
    json::{Json, Number, Value},
    names,
    undefined::reading_text,
};
use crate::model::{Digest, Evidence, Link, Producer, Slice, Subject};
use std::collections::HashMap;

/// The row of this format in the table of formats.
pub const ADAPTER: Adapter = Adapter {
    id: "spdx-ai",
    title: "SPDX 3 document with an AI package, JSON-LD",
    family: Family::SupplyChain,
    written_by: "spdx-tools or another SPDX 3 library",
    reads: "metrics and decision thresholds that are numbers; energy with its unit; the package's version and digest; files \
            and data sets as links; the safety risk as a check, which fails for high and serious.",
    carries: &[Carries::Metrics, Carries::Checks, Carries::Links],
    recognised_by: "an `@context` of spdx.org for version 3",
    rule: "id = \"risk-is-low\"\ncheck = \"safetyRiskAssessment: low\"",
    detect,
    read,
};

fn detect(document: &Document<'_>) -> Result<(), Declined> {
    let object = document.object()?;
    let context = object.get("@context").ok_or_else(|| Declined::because("no key `@context`"))?;
    let spdx = |json: &Json<'_>| {
        json.as_str().is_some_and(|text| text.starts_with("https://spdx.org/rdf/"))
    };
    let named = match &context.value {
        Value::Array(list) => list.iter().any(spdx),
        Value::Object(terms) => terms.iter().any(|term| spdx(&term.value)),
        _ => spdx(context),
    };
    if named { Ok(()) } else { Err(Declined::because("`@context` is not one of SPDX 3")) }
}

fn read(document: &Document<'_>) -> Result<Evidence, EvidenceError> {
    let json = document.json().map_err(Clone::clone)?;
    document.require(ADAPTER.id, detect(document))?;
    let elements = match json.get("@graph") {
        None => std::slice::from_ref(json),
        Some(graph) => graph.as_array().ok_or_else(|| {
            let message = format!("{}; a list was expected", kind_of(Some(graph), "@graph"));
            document.invalid(ADAPTER.id, graph.at, message)
        })?,
    };
    let graph = Graph::of(elements);
    let mut collector = Collector::new(document, ADAPTER.id);
    let models: Vec<&Json<'_>> =
        elements.iter().filter(|element| is_a(element, "AIPackage")).collect();
    let named: Vec<&str> =
        models.iter().filter_map(|model| graph.text(model, "name")).take(5).collect();
    let detail = if models.is_empty() { "there is none".to_owned() } else { named.join(", ") };
    collector.check("elements of type AIPackage", !models.is_empty(), Some(detail));
    graph.about(&mut collector, elements);
    for model in &models {
        let from = collector.evidence.measurements.len();
        graph.package(&mut collector, model);
        if models.len() > 1 {
            scoped(&mut collector, from, graph.text(model, "name").unwrap_or("AIPackage"));
        }
    }
    if let [only] = models.as_slice() {
        let version = graph.text(only, "packageVersion").map(str::to_owned);
        collector.evidence.subject =
            Some(Subject { model: None, version, digest: graph.digest(only) });
    }
    graph.links(&mut collector, elements);
    collector.finish()
}

/// Properties that are prose.
const PROSE: [&str; 12] = [
    "limitation",
    "hyperparameter",
    "informationAboutTraining",
    "informationAboutApplication",
    "autonomyType",
    "modelDataPreprocessing",
    "modelExplainability",
    "standardCompliance",
    "useSensitivePersonalInformation",
    "sensitivePersonalInformation",
    "typeOfModel",
    "domain",
];

/// The last part of a name: `metric` of `ai_metric`, `ai:metric` and `https://spdx.org/rdf/3.0.1/terms/AI/metric`.
fn local(name: &str) -> &str {
    let last = name.rsplit(['/', '#', ':']).next().unwrap_or(name);
    match last.split_once('_') {
        Some(("ai" | "software" | "dataset" | "core" | "build", rest)) => rest,
        _ => last,
    }
}

fn property<'j, 'a>(element: &'j Json<'a>, name: &str) -> Option<&'j Json<'a>> {
    element
        .as_object()?
        .iter()
        .find(|member| local(&member.key) == name)
        .map(|member| &member.value)
}

fn is_a(element: &Json<'_>, kind: &str) -> bool {
    let Some(types) = element.get("type").or_else(|| element.get("@type")) else { return false };
    let is = |json: &Json<'_>| json.as_str().is_some_and(|name| local(name) == kind);
    types.as_array().map_or_else(|| is(types), |types| types.iter().any(is))
}

/// The elements by their ids.
struct Graph<'j, 'a> {
    elements: HashMap<&'j str, &'j Json<'a>>,
}

impl<'j, 'a> Graph<'j, 'a> {
    fn of(elements: &'j [Json<'a>]) -> Self {
        let id = |element: &'j Json<'a>| {
            ["spdxId", "@id"].iter().find_map(|key| element.get(key)?.as_str())
        };
        Self {
            elements: elements.iter().filter_map(|element| Some((id(element)?, element))).collect(),
        }
    }

    /// The value of a property: the element, if it is the id of one; the value of `{"@value": …}`.
    fn resolved(&self, json: &'j Json<'a>) -> &'j Json<'a> {
        let id = json.as_str().or_else(|| {
            json.get("@id").filter(|_| json.as_object().is_some_and(|o| o.len() == 1))?.as_str()
        });
        let other = id.and_then(|id| self.elements.get(id)).copied();
        other.or_else(|| json.get("@value")).unwrap_or(json)
    }

    /// All values of a property: a single one, or those of a list.
    fn values(&self, element: &'j Json<'a>, name: &str) -> Vec<&'j Json<'a>> {
        match property(element, name) {
            None => Vec::new(),
            Some(Json { value: Value::Array(list), .. }) => {
                list.iter().map(|json| self.resolved(json)).collect()
            }
            Some(one) => vec![self.resolved(one)],
        }
    }

    fn text(&self, element: &'j Json<'a>, name: &str) -> Option<&'j str> {
        self.values(element, name)
            .into_iter()
            .find_map(Json::as_str)
            .filter(|text| !text.is_empty())
    }

    fn about(&self, collector: &mut Collector<'_>, elements: &'j [Json<'a>]) {
        for element in elements
            .iter()
            .filter(|element| is_a(element, "SpdxDocument") || is_a(element, "AIPackage"))
        {
            for info in self.values(element, "creationInfo") {
                if let Some(created) = self.text(info, "created") {
                    moment(collector, created);
                }
                let tool = self
                    .values(info, "createdUsing")
                    .into_iter()
                    .find_map(|tool| self.text(tool, "name"));
                if let Some(tool) = tool {
                    collector.evidence.producer =
                        Some(Producer { tool: Some(tool.to_owned()), ..Producer::default() });
                }
            }
        }
    }

    /// The one SHA-256 of an element; `None` if there are several.
    fn digest(&self, element: &'j Json<'a>) -> Option<Digest> {
        let mut all = self.values(element, "verifiedUsing").into_iter();
        let mut all =
            all.by_ref().filter(|hash| self.text(hash, "algorithm").is_some_and(is_sha256));
        let digest = all.next().and_then(|hash| self.text(hash, "hashValue")).and_then(sha256);
        if all.next().is_some() { None } else { digest }
    }

    fn package(&self, collector: &mut Collector<'_>, model: &'j Json<'a>) {
        self.pairs(collector, model, "metric", "");
        self.pairs(collector, model, "metricDecisionThreshold", "metricDecisionThreshold.");
        for used in self.values(model, "energyConsumption") {
            self.energy(collector, used);
        }
        if property(model, "safetyRiskAssessment").is_some() {
            let level = self.text(model, "safetyRiskAssessment").map_or("unknown", local);
            let passed = matches!(level, "low" | "medium");
            collector.check(format!("safetyRiskAssessment: {level}"), passed, None);
        }
        for name in PROSE.iter().filter(|name| property(model, name).is_some()) {
            collector.left_out(name);
        }
    }

    /// Reads pairs of a key and a value, as entries of a dictionary or as one object.
    fn pairs(&self, collector: &mut Collector<'_>, model: &'j Json<'a>, name: &str, before: &str) {
        for entry in self.values(model, name) {
            if let (Some(key), Some(value)) = (self.text(entry, "key"), property(entry, "value")) {
                pair(collector, before, key, self.resolved(value));
            } else if let Some(object) = entry.as_object().filter(|object| !object.has("key")) {
                let own = object
                    .iter()
                    .filter(|member| !matches!(&*member.key, "type" | "@type" | "@id" | "spdxId"));
                own.for_each(|member| pair(collector, before, &member.key, &member.value));
            } else {
                collector.left_out(&format!("{name} without a key or a value"));
            }
        }
    }

    fn energy(&self, collector: &mut Collector<'_>, used: &'j Json<'a>) {
        if let Some(text) = used.as_str() {
            match quantity(text) {
                Some((number, unit)) => energy(collector, "energyConsumption", number, unit),
                None => collector.left_out(&format!("energyConsumption = {text}")),
            }
            return;
        }
        for name in [
            "trainingEnergyConsumption",
            "finetuningEnergyConsumption",
            "inferenceEnergyConsumption",
        ] {
            for part in self.values(used, name) {
                let number = property(part, "energyQuantity")
                    .map(|json| self.resolved(json))
                    .and_then(decimal);
                match (number, self.text(part, "energyUnit")) {
                    (Some(number), Some(unit)) => energy(collector, name, number, unit),
                    _ => collector.left_out(name),
                }
            }
        }
    }

    fn links(&self, collector: &mut Collector<'_>, elements: &'j [Json<'a>]) {
        for element in elements {
            let rel = match element {
                _ if is_a(element, "File") => "file",
                _ if is_a(element, "DatasetPackage") || is_a(element, "Dataset") => "dataset",
                _ => continue,
            };
            let place =
                self.text(element, "downloadLocation").filter(|place| *place != "NOASSERTION");
            if let Some(href) = place.or_else(|| self.text(element, "name")) {
                let digest = self.digest(element);
                collector.evidence.links.push(Link {
                    rel: rel.to_owned(),
                    href: href.to_owned(),
                    digest,
                });
            }
        }
    }
}

fn pair(collector: &mut Collector<'_>, before: &str, key: &str, value: &Json<'_>) {
    let path = format!("{before}{key}");
    let ours = if before.is_empty() { names::of_sklearn(key) } else { &path };
    match value.as_str() {
        Some(text) if reading_text(text).is_none() => {
            collector.left_out(&format!("{path} = {text}"));
        }
        Some(text) => {
            collector.measure_text(ours, &path, Slice::overall(), text);
        }
        None => {
            collector.measure(ours, &path, Slice::overall(), value);
        }
    }
}

/// Splits `0.42 kWh` into the number and the unit.
fn quantity(text: &str) -> Option<(Number<'_>, &str)> {
    let text = text.trim();
    let end = text.find(|c: char| c.is_whitespace() || c.is_alphabetic())?;
    let (number, unit) = text.split_at_checked(end)?;
    Some((Number::parse(number)?, unit.trim()))
}

#[cfg(test)]
mod tests {
    use crate::evidence::read;
    use crate::model::{Evidence, Unit};

    const CONTEXT: &str = r#""@context": "https://spdx.org/rdf/3.0.1/spdx-context.jsonld""#;

    fn spdx(graph: &str) -> Evidence {
        read(format!(r#"{{{CONTEXT}, "@graph": [{graph}]}}"#).as_bytes(), None).unwrap()
    }

    fn value(evidence: &Evidence, name: &str) -> Option<f64> {
        evidence.measurements.iter().find(|m| m.source_name == name).and_then(|m| m.value)
    }

    #[test]
    fn the_profile_of_3_0_1_is_read_with_references_resolved() {
        let digest = "b".repeat(64);
        let evidence = spdx(&format!(
            r#"{{"type": "CreationInfo", "@id": "_:info", "specVersion": "3.0.1", "created": "2026-05-01T00:00:00Z"}},
            {{"type": "ai_AIPackage", "spdxId": "urn:m", "creationInfo": "_:info", "name": "m", "software_packageVersion": "7",
              "ai_metric": [{{"type": "DictionaryEntry", "key": "accuracy", "value": "0.91"}},
                {{"type": "DictionaryEntry", "key": "r2", "value": "78.77%"}}, {{"type": "DictionaryEntry", "key": "auc", "value": "good"}}],
              "ai_metricDecisionThreshold": [{{"type": "DictionaryEntry", "key": "score", "value": "0.5"}}],
              "ai_energyConsumption": "_:energy", "ai_safetyRiskAssessment": "high",
              "verifiedUsing": [{{"type": "Hash", "algorithm": "sha256", "hashValue": "{digest}"}}]}},
            {{"type": "ai_EnergyConsumption", "@id": "_:energy",
              "ai_trainingEnergyConsumption": [{{"ai_energyQuantity": "0.5", "ai_energyUnit": "kilowattHour"}}],
              "ai_inferenceEnergyConsumption": [{{"ai_energyQuantity": 3.6, "ai_energyUnit": "megajoule"}}],
              "ai_finetuningEnergyConsumption": [{{"ai_energyQuantity": 1, "ai_energyUnit": "other"}}]}},
            {{"type": "software_File", "spdxId": "urn:f", "name": "m.bin", "verifiedUsing": {{"algorithm": "sha256", "hashValue": "{digest}"}}}}"#
        ));
        assert_eq!(
            (value(&evidence, "accuracy"), value(&evidence, "r2")),
            (Some(0.91), Some(0.7877))
        );
        assert_eq!(value(&evidence, "metricDecisionThreshold.score"), Some(0.5));
        let energy: Vec<_> = evidence
            .measurements
            .iter()
            .filter(|m| m.metric == "energy")
            .map(|m| (m.value, m.unit))
            .collect();
        assert_eq!(
            energy,
            [(Some(0.5), Some(Unit::KilowattHours)), (Some(3_600_000.0), Some(Unit::Joules))]
        );
        assert!(
            evidence
                .checks
                .iter()
                .any(|check| check.name == "safetyRiskAssessment: high" && !check.passed)
        );
        let subject = evidence.subject.unwrap();
        assert_eq!(
            (subject.version.as_deref(), subject.digest.unwrap().hex()),
            (Some("7"), digest.clone())
        );
        assert_eq!(
            (evidence.links[0].href.as_str(), evidence.links[0].digest.unwrap().hex()),
            ("m.bin", digest)
        );
        assert_eq!(evidence.produced_at.unwrap().to_string(), "2026-05-01T00:00:00Z");
        let warnings = evidence.warnings.join("\n");
        assert!(warnings.contains("auc = good") && warnings.contains("1 other"), "{warnings}");
    }

    #[test]
    fn energy_as_text_is_read_only_with_a_unit_that_we_know() {
        for (text, want) in [
            ("0.42 kWh", Some(0.42)),
            ("2.5 MWh", Some(2500.0)),
            ("95kWh", Some(95.0)),
            ("much", None),
            ("about 3 kWh", None),
            ("3", None),
            ("3 kWh per day", None),
            ("1e999 kWh", None),
        ] {
            let evidence = spdx(&format!(
                r#"{{"@type": "AIPackage", "name": "m", "energyConsumption": "{text}"}}"#
            ));
            assert_eq!(value(&evidence, "energyConsumption"), want, "{text}");
            assert_eq!(evidence.warnings.is_empty(), want.is_some(), "{text}");
        }
    }

    #[test]
    fn a_document_without_an_ai_package_fails_and_broken_ones_are_refused() {
        let evidence = spdx(r#"{"type": "software_Package", "name": "numpy"}"#);
        assert_eq!((evidence.checks.len(), evidence.checks[0].passed), (1, false));
        let error = read(format!("{{{CONTEXT}, \"@graph\": 3}}").as_bytes(), None).unwrap_err();
        assert_eq!(error.code(), "evidence-invalid");
        assert_eq!(
            read(br#"{"spdxVersion": "SPDX-2.3"}"#, None).unwrap_err().code(),
            "evidence-not-understood"
        );
        // An element that refers to itself must not cause an endless loop.
        spdx(
            r#"{"@type": "AIPackage", "@id": "a", "energyConsumption": "a", "metric": {"@id": "a"}, "name": "a"}"#,
        );
    }
}
