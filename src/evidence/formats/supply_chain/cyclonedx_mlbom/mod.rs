//! `CycloneDX` bills of materials, as JSON from 1.2 and as XML; from 1.5 on a model has a `modelCard`.
//!
//! * `performanceMetrics` are numbers only if the author wrote numbers: the schema asks for text.
//!   Their `slice` is one word, and becomes the group `slice`. A `confidenceInterval` does not
//!   state its confidence, so its ends are separate numbers;
//! * `energyConsumptions` (1.6) are `energy:training` and the like;
//! * properties of a model (`eval:accuracy`) are numbers under the name `properties.eval:accuracy`;
//! * the model's SHA-256 is the subject; vulnerabilities are failed checks unless their analysis
//!   says that they do no harm.
//!
//! A bill without a model says nothing about one: the check for it fails. Prose, licences,
//! dependencies and components that are not models are not read.

#[cfg(test)]
mod tests;
mod xml;

use super::common::{decimal, energy, is_sha256, moment, one_line, scoped, sha256};
use crate::evidence::{
    Adapter, Carries, Collector, Declined, Document, EvidenceError, Family,
    json::{Json, Value},
    names,
    undefined::reading_text,
};
use crate::model::{Digest, Evidence, Link, Producer, Slice, Subject};

/// The row of this format in the table of formats.
pub const ADAPTER: Adapter = Adapter {
    id: "cyclonedx-mlbom",
    title: "CycloneDX bill of materials (ML-BOM), JSON or XML",
    family: Family::SupplyChain,
    written_by: "cyclonedx-python-lib, cdxgen, Trivy, or by hand",
    reads: "performance metrics and energy of the model card, where they are numbers; numeric properties of the model; its \
            digest and version; external references and data sets as links; a check that there is a model, and one for \
            every vulnerability.",
    carries: &[Carries::Metrics, Carries::Slices, Carries::Checks, Carries::Links],
    recognised_by: "`bomFormat` = `CycloneDX`, or the root element `bom` of its namespace",
    rule: "id = \"names-the-model\"\ncheck = \"component type is machine-learning-model\"",
    detect,
    read,
};

/// The type of a component that is a model.
const MODEL: &str = "machine-learning-model";

fn detect(document: &Document<'_>) -> Result<(), Declined> {
    if document.looks_like_xml() {
        return xml::detect(document);
    }
    match document.object()?.get("bomFormat").and_then(Json::as_str) {
        Some("CycloneDX") => Ok(()),
        Some(_) => Err(Declined::because("`bomFormat` is not `CycloneDX`")),
        None => Err(Declined::because("no key `bomFormat`")),
    }
}

fn read(document: &Document<'_>) -> Result<Evidence, EvidenceError> {
    if document.looks_like_xml() {
        let parsed = document.xml().map_err(Clone::clone)?;
        document.require(ADAPTER.id, detect(document))?;
        return bill(document, &xml::as_json(parsed.root_element()));
    }
    let bom = document.json().map_err(Clone::clone)?;
    document.require(ADAPTER.id, detect(document))?;
    bill(document, bom)
}

fn bill(document: &Document<'_>, bom: &Json<'_>) -> Result<Evidence, EvidenceError> {
    let mut collector = Collector::new(document, ADAPTER.id);
    let main = bom.at_path(&["metadata", "component"]);
    let mut below = Vec::new();
    let components = collector.list(bom.get("components"));
    let parts = collector.list(main.and_then(|main| main.get("components")));
    for component in parts.iter().chain(components) {
        models(&mut collector, component, &mut below);
    }
    about(&mut collector, bom);
    let main = main.filter(|main| main.text("type") == Some(MODEL));
    if let Some(main) = main {
        collector.check(
            "component type is machine-learning-model",
            true,
            main.text("name").map(str::to_owned),
        );
    }
    if main.is_none() || !below.is_empty() {
        let named: Vec<&str> =
            below.iter().filter_map(|model| model.text("name")).take(5).collect();
        let detail = if below.is_empty() { "there is none".to_owned() } else { named.join(", ") };
        collector.check(
            "components of type machine-learning-model",
            !below.is_empty(),
            Some(detail),
        );
    }
    let all: Vec<&Json<'_>> = main.into_iter().chain(below).collect();
    for model in &all {
        let from = collector.evidence.measurements.len();
        read_model(&mut collector, model);
        if all.len() > 1 {
            scoped(&mut collector, from, model.text("name").unwrap_or("model"));
        }
    }
    if let [only] = all.as_slice() {
        let digest = only_digest(&mut collector, only);
        let version = only.text("version").map(str::to_owned);
        collector.evidence.subject = Some(Subject { model: None, version, digest });
    }
    vulnerabilities(&mut collector, bom);
    if components.len() > all.len() {
        collector.left_out("components that are no models");
    }
    collector.finish()
}

/// Finds the models among a component and its parts. The depth of JSON is bounded, and so is the
/// recursion.
fn models<'j, 'a>(
    collector: &mut Collector<'_>,
    component: &'j Json<'a>,
    found: &mut Vec<&'j Json<'a>>,
) {
    if component.text("type") == Some(MODEL) || component.get("modelCard").is_some() {
        found.push(component);
    }
    for part in collector.list(component.get("components")) {
        models(collector, part, found);
    }
}

fn about(collector: &mut Collector<'_>, bom: &Json<'_>) {
    let Some(metadata) = bom.get("metadata") else { return };
    if let Some(timestamp) = metadata.text("timestamp") {
        moment(collector, timestamp);
    }
    // A list until 1.4, and an object with components from 1.5 on.
    let tools = metadata.get("tools");
    let listed =
        tools.map(|tools| tools.as_object().map_or(Some(tools), |tools| tools.get("components")));
    let tool = collector.list(listed.flatten()).first();
    collector.evidence.producer = tool.map(|tool| Producer {
        tool: tool.text("name").map(str::to_owned),
        version: tool.text("version").map(str::to_owned),
        run: None,
    });
}

/// The one SHA-256 of the component; `None` if there are several.
fn only_digest(collector: &mut Collector<'_>, component: &Json<'_>) -> Option<Digest> {
    let mut all = collector
        .list(component.get("hashes"))
        .iter()
        .filter(|hash| hash.text("alg").is_some_and(is_sha256));
    let digest = all.next().and_then(|hash| hash.text("content")).and_then(sha256);
    if all.next().is_some() { None } else { digest }
}

fn read_model(collector: &mut Collector<'_>, model: &Json<'_>) {
    for reference in collector.list(model.get("externalReferences")) {
        if let Some(url) = reference.text("url") {
            let digest = only_digest(collector, reference);
            link(collector, reference.text("type").unwrap_or("other"), url, digest);
        }
    }
    for part in collector
        .list(model.get("components"))
        .iter()
        .filter(|part| part.text("type") != Some(MODEL))
    {
        if let (Some(name), Some(digest)) = (part.text("name"), only_digest(collector, part)) {
            link(collector, part.text("type").unwrap_or("file"), name, Some(digest));
        }
    }
    properties(collector, model);
    let Some(card) = model.get("modelCard") else { return };
    properties(collector, card);
    for data in collector.list(card.at_path(&["modelParameters", "datasets"])) {
        let named = data.get("contents").and_then(|contents| contents.text("url"));
        if let Some(href) = named.or_else(|| data.text("ref")).or_else(|| data.text("name")) {
            link(collector, "dataset", href, None);
        }
    }
    let analysis = card.get("quantitativeAnalysis");
    for metric in collector.list(card.at_path(&["quantitativeAnalysis", "performanceMetrics"])) {
        performance(collector, metric);
    }
    if analysis.is_some_and(|analysis| analysis.get("graphics").is_some()) {
        collector.left_out("graphics");
    }
    for member in collector.members(card.get("considerations")) {
        if &*member.key == "environmentalConsiderations" {
            for used in collector.list(member.value.get("energyConsumptions")) {
                consumption(collector, used);
            }
        } else {
            collector.left_out(&member.key);
        }
    }
}

fn link(collector: &mut Collector<'_>, rel: &str, href: &str, digest: Option<Digest>) {
    collector.evidence.links.push(Link { rel: rel.to_owned(), href: href.to_owned(), digest });
}

fn properties(collector: &mut Collector<'_>, of: &Json<'_>) {
    for property in collector.list(of.get("properties")) {
        let (Some(name), Some(value)) = (property.text("name"), property.get("value")) else {
            continue;
        };
        let path = format!("properties.{name}");
        match &value.value {
            Value::String(said) if said.is_empty() || reading_text(said).is_none() => {
                collector.left_out(&path);
            }
            Value::String(said) => {
                collector.measure_text(name, &path, Slice::overall(), said);
            }
            _ => {
                collector.measure(name, &path, Slice::overall(), value);
            }
        }
    }
}

fn performance(collector: &mut Collector<'_>, metric: &Json<'_>) {
    let Some(name) = metric.text("type") else {
        return collector.left_out("a performance metric without a `type`");
    };
    let slice =
        metric.text("slice").map_or_else(Slice::overall, |slice| Slice::one("slice", slice));
    let Some(value) = metric.get("value") else {
        return collector.left_out(&format!("{name}, which has no `value`"));
    };
    measured(collector, names::of_sklearn(name), name, slice.clone(), value);
    let Some(interval) = metric.get("confidenceInterval") else { return };
    for end in ["lowerBound", "upperBound"] {
        if let Some(value) = interval.get(end) {
            let path = format!("{name}.{end}");
            measured(collector, &path, &path, slice.clone(), value);
        }
    }
    collector.left_out(&format!("the interval of {name} as such: its confidence is not said"));
}

fn measured(
    collector: &mut Collector<'_>,
    ours: &str,
    theirs: &str,
    slice: Slice,
    value: &Json<'_>,
) {
    match value.as_str() {
        Some(text) => collector.measure_text(ours, theirs, slice, text),
        None => collector.measure(ours, theirs, slice, value),
    };
}

/// Reads the energy that an activity such as training used, and the CO₂ that it caused.
fn consumption(collector: &mut Collector<'_>, used: &Json<'_>) {
    let activity = used.text("activity").unwrap_or("other");
    let amount = |of: &Json<'_>, collector: &mut Collector<'_>, name: &str| {
        if let (Some(number), Some(unit)) = (of.get("value").and_then(decimal), of.text("unit")) {
            energy(collector, name, number, unit);
        } else {
            collector.left_out(name);
        }
    };
    if let Some(cost) = used.get("activityEnergyCost") {
        amount(cost, collector, &format!("energy:{activity}"));
    }
    for provider in collector.list(used.get("energyProviders")) {
        let Some(provided) = provider.get("energyProvided") else { continue };
        let source = provider.text("energySource").unwrap_or("unknown");
        amount(provided, collector, &format!("energyProvided:{activity}:{source}"));
    }
    for key in ["co2CostEquivalent", "co2CostOffset"] {
        let Some(cost) = used.get(key) else { continue };
        let unit = cost.text("unit").unwrap_or("no unit");
        let name = format!("{key}:{activity}");
        if let Some(value) = cost.get("value") {
            measured(collector, &name, &name, Slice::overall(), value);
            collector.left_out(&format!("the unit of {name}, {unit}"));
        }
    }
}

/// States of analysis in which a vulnerability does no harm.
const HARMLESS: [&str; 4] =
    ["resolved", "resolved_with_pedigree", "false_positive", "not_affected"];

fn vulnerabilities(collector: &mut Collector<'_>, bom: &Json<'_>) {
    for vulnerability in collector.list(bom.get("vulnerabilities")) {
        let state = vulnerability.get("analysis").and_then(|analysis| analysis.text("state"));
        let severity = collector
            .list(vulnerability.get("ratings"))
            .iter()
            .find_map(|rating| rating.text("severity"));
        let said = [severity, state, vulnerability.text("description")];
        let detail = said.into_iter().flatten().collect::<Vec<_>>().join("; ");
        let name = vulnerability.text("id").unwrap_or("vulnerability");
        let harmless = state.is_some_and(|state| HARMLESS.contains(&state));
        collector.check(name, harmless, Some(one_line(&detail)));
    }
}
