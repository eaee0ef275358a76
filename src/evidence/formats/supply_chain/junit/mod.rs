//! `JUnit` XML: pytest (both families, `xunit1` and `xunit2`), Surefire, jest-junit, go-junit-report, `gtest`, `ctest`.
//!
//! * Every `<testcase>` is a check. It passed unless it has a `<failure>`, an `<error>` or a
//!   `<skipped>`, or its `status` or `result` says so: a test that did not run shows nothing. If
//!   two classes have tests with the same name, the class is put before the name;
//! * the attributes of the suites are numbers (`tests`, `failures`, …), with a path if there are
//!   several suites;
//! * properties of a test and of a suite are metrics, see `super::recorded`; those of a Java
//!   machine are not;
//! * some runs and suites are failed checks with their name: a run without tests, a suite that
//!   counts failures and lists none, and one that counts more tests than it lists, or lists none of
//!   them (its file was cut off, or a worker died). pytest counts each subtest that passed and
//!   lists none of them: such a file looks the same as one that lost its tests;
//! * a test that says it made no assertion (`assertions="0"`) shows nothing either.
//!
//! pytest writes characters that XML cannot represent as `#x07`, and letters of parameters as
//! `\u5973`: both stay as they are. Older pytest writes the moment without a zone, so it stays
//! unknown.

#[cfg(test)]
mod tests;

use super::{
    common::{moment, one_line},
    recorded::Recorded,
};
use crate::evidence::{
    Adapter, Carries, Collector, Declined, Document, EvidenceError, Family, json::Number, quoted,
    xml,
};
use crate::model::{Evidence, Producer, Slice, Unit};
use roxmltree::Node;
use std::collections::{HashMap, HashSet};

/// The row of this format in the table of formats.
pub const ADAPTER: Adapter = Adapter {
    id: "junit",
    title: "JUnit XML of pytest, Surefire, jest-junit, go-junit-report and others",
    family: Family::SupplyChain,
    written_by: "pytest --junitxml=junit.xml",
    reads: "a check for every test case, failed where it failed, was skipped or did not run; the counts of the suites; \
            numbers that tests recorded as properties, with the properties `n` and `slice` beside them. A run without \
            tests is a failed check.",
    carries: &[Carries::Metrics, Carries::Slices, Carries::SampleSize, Carries::Checks],
    recognised_by: "the root element `testsuites` or `testsuite`",
    rule: "id = \"model-tests\"\ncheck = \"test_accuracy\"",
    detect,
    read,
};

fn detect(document: &Document<'_>) -> Result<(), Declined> {
    if !document.looks_like_xml() {
        return Err(Declined::because("not XML"));
    }
    let text = document.text().map_err(|_| Declined::because("not text"))?;
    if xml::root_tag(text).is_some_and(|root| root.contains("name=\"promptfoo\"")) {
        return Err(Declined::because(
            "the root element is named `promptfoo`, which has a format of its own",
        ));
    }
    match xml::root(text) {
        Some("testsuites" | "testsuite") => Ok(()),
        Some(other) => Err(Declined::because(format!("the root element is {}", quoted(other)))),
        None => Err(Declined::because("no root element")),
    }
}

fn read(document: &Document<'_>) -> Result<Evidence, EvidenceError> {
    let xml = document.xml().map_err(Clone::clone)?;
    let root = xml.root_element();
    if !matches!(root.tag_name().name(), "testsuites" | "testsuite") {
        let name = quoted(root.tag_name().name());
        let message =
            format!("the root element is {name}; `testsuites` or `testsuite` was expected");
        return Err(document.invalid(ADAPTER.id, root.range().start, message));
    }
    let mut collector = Collector::new(document, ADAPTER.id);
    let suites: Vec<Node<'_, '_>> = match root.tag_name().name() {
        "testsuite" => vec![root],
        _ => named(root, "testsuite").collect(),
    };
    let cases: Vec<Node<'_, '_>> =
        root.descendants().filter(|node| node.tag_name().name() == "testcase").collect();
    about(&mut collector, root);
    counts(&mut collector, root, &suites);
    let failed = tests(&mut collector, &cases);
    verdict(&mut collector, root, &suites, cases.len(), failed);
    recorded(&mut collector, root, &cases);
    let printed = |node: &Node<'_, '_>| {
        matches!(node.tag_name().name(), "system-out" | "system-err")
            && node.text().is_some_and(|said| !said.trim().is_empty())
    };
    if root.descendants().any(|node| printed(&node)) {
        collector.left_out("system-out and system-err");
    }
    collector.finish()
}

fn named<'x, 'i>(node: Node<'x, 'i>, name: &'static str) -> impl Iterator<Item = Node<'x, 'i>> {
    node.children().filter(move |child| child.tag_name().name() == name)
}

fn about(collector: &mut Collector<'_>, root: Node<'_, '_>) {
    for suite in root.descendants().filter(|node| node.tag_name().name().starts_with("testsuite")) {
        if let Some(timestamp) = suite.attribute("timestamp") {
            moment(collector, timestamp);
        }
    }
    let named = root.descendants().take(3).filter_map(|node| node.attribute("name"));
    let tool = named.fold(None, |tool, name| match name {
        "pytest" | "pytest tests" => Some("pytest"),
        "jest tests" => Some("jest"),
        _ => tool,
    });
    collector.evidence.producer =
        tool.map(|tool| Producer { tool: Some(tool.to_owned()), ..Producer::default() });
}

/// What suites count. Older pytest writes `skips`; other tools write `disabled` or `ignored` in
/// addition to `skipped`.
const COUNTS: [&str; 9] = [
    "tests",
    "failures",
    "errors",
    "skipped",
    "skips",
    "disabled",
    "ignored",
    "assertions",
    "flakes",
];

fn counts(collector: &mut Collector<'_>, root: Node<'_, '_>, suites: &[Node<'_, '_>]) {
    // Node's runner writes tests next to the suites, and no suite counts them.
    let beside = root.tag_name().name() == "testsuites" && named(root, "testcase").next().is_some();
    for name in COUNTS {
        let all: Option<u64> = total(suites, name).filter(|_| !suites.is_empty() && !beside);
        match (suites, root.attribute(name)) {
            ([only], stated) if !beside => {
                if let Some(text) = only.attribute(name).or(stated) {
                    counted(collector, name, name, text);
                }
            }
            (_, Some(text)) => counted(collector, name, name, text),
            (_, None) => {
                if let Some(sum) = all {
                    collector.number(
                        name,
                        name,
                        Slice::overall(),
                        crate::stats::proportion::float(sum),
                    );
                }
            }
        }
        if let (Some(stated), Some(sum)) = (count(root, name), all)
            && stated != sum
        {
            collector.warn(format!("the document says {stated} {name}, its suites say {sum}"));
        }
        for suite in suites.iter().filter(|_| suites.len() > 1 || beside) {
            if let Some(text) = suite.attribute(name) {
                let path = format!("{}.{name}", suite.attribute("name").unwrap_or("testsuite"));
                counted(collector, name, &path, text);
            }
        }
    }
    let time = match suites {
        [only] if !beside => only.attribute("time"),
        _ => root.attribute("time"),
    };
    if let Some(m) =
        time.and_then(|text| collector.measure_text("time", "time", Slice::overall(), text))
    {
        m.unit = Some(Unit::Seconds);
    }
}

/// Adds a count as a measurement. A value that is not a count is left out: half a test or 97 % of
/// them is not one.
fn counted(collector: &mut Collector<'_>, name: &str, path: &str, text: &str) {
    if Number::parse(text.trim()).and_then(Number::count).is_some() {
        collector.measure_text(name, path, Slice::overall(), text);
    } else {
        collector.left_out(&format!("{path} = {text}"));
    }
}

fn count(node: Node<'_, '_>, name: &str) -> Option<u64> {
    node.attribute(name).and_then(|text| Number::parse(text.trim())).and_then(Number::count)
}

/// The sum over all suites; `None` if one of them does not state it.
fn total(suites: &[Node<'_, '_>], name: &str) -> Option<u64> {
    suites.iter().try_fold(0_u64, |sum, suite| sum.checked_add(count(*suite, name)?))
}

/// Adds one check for each test; returns how many failed.
fn tests(collector: &mut Collector<'_>, cases: &[Node<'_, '_>]) -> usize {
    // A test that one class lists twice failed twice, which is how pytest reports a test and its
    // teardown.
    let mut given: HashMap<&str, HashSet<&str>> = HashMap::new();
    for case in cases {
        let class = case.attribute("classname").unwrap_or("");
        given.entry(case.attribute("name").unwrap_or("")).or_default().insert(class);
    }
    let mut failed = 0;
    for case in cases {
        let name = case.attribute("name").unwrap_or("");
        let class = case.attribute("classname").filter(|class| !class.is_empty() && *class != name);
        let shown = match class {
            Some(class) if name.is_empty() => class.to_owned(),
            Some(class) if given.get(name).is_some_and(|classes| classes.len() > 1) => {
                format!("{class}.{name}")
            }
            _ if name.is_empty() => "testcase".to_owned(),
            _ => name.to_owned(),
        };
        let again = case
            .children()
            .any(|child| child.tag_name().name().starts_with("rerun") || is_flaky(child));
        if again {
            collector.left_out(&format!("earlier attempts at {shown}"));
        }
        let said = outcome(*case);
        failed += usize::from(
            said.as_ref()
                .is_some_and(|said| said.starts_with("failed") || said.starts_with("error")),
        );
        let later = again.then(|| "passed at a later attempt".to_owned());
        collector.check(shown, said.is_none(), said.or(later));
    }
    failed
}

fn is_flaky(node: Node<'_, '_>) -> bool {
    matches!(node.tag_name().name(), "flakyFailure" | "flakyError")
}

/// Why a test did not pass; `None` if it did.
fn outcome(case: Node<'_, '_>) -> Option<String> {
    for (element, word) in
        [("failure", "failed"), ("error", "error"), ("skipped", "skipped"), ("disabled", "skipped")]
    {
        if let Some(found) = named(case, element).next() {
            let said = found
                .attribute("message")
                .or_else(|| found.text())
                .or_else(|| found.attribute("type"));
            let said = one_line(said.unwrap_or(""));
            return Some(if said.is_empty() { word.to_owned() } else { format!("{word}: {said}") });
        }
    }
    let said = [case.attribute("status"), case.attribute("result")].into_iter().flatten();
    for word in said {
        match word.to_ascii_lowercase().as_str() {
            "notrun" | "disabled" | "skipped" | "suppressed" | "pending" | "ignored"
            | "untested" | "undefined" => {
                return Some(format!("skipped: {}", one_line(word)));
            }
            "fail" | "failed" | "failure" | "error" | "broken" => {
                return Some(format!("failed: {}", one_line(word)));
            }
            _ => {}
        }
    }
    let asserts = case.attribute("assertions").map(str::trim);
    (asserts == Some("0")).then(|| "no assertion was made".to_owned())
}

/// Adds a failed check for every suite that counts more tests than it lists, and for the whole run
/// if only its total shows it.
fn unlisted(collector: &mut Collector<'_>, root: Node<'_, '_>) {
    let below = |node: Node<'_, '_>, name: &'static str| {
        let found = node.descendants().filter(move |below| below.tag_name().name() == name);
        u64::try_from(found.count()).unwrap_or(u64::MAX)
    };
    let mut told = false;
    let suites = root.descendants().filter(|node| node.tag_name().name() == "testsuite");
    for suite in suites.chain(Some(root).filter(|root| root.tag_name().name() == "testsuites")) {
        let (counted, listed) = (count(suite, "tests").unwrap_or(0), below(suite, "testcase"));
        // pytest counts a test twice if its teardown failed, and such a test has an error.
        let twice = below(suite, "error");
        let whole = suite == root && root.tag_name().name() == "testsuites";
        if counted <= listed.saturating_add(twice) || whole && told {
            continue;
        }
        told = true;
        let name = suite.attribute("name").filter(|name| !name.is_empty());
        let name = name.unwrap_or(if whole { "junit" } else { "testsuite" });
        collector.warn(format!("the suite {name} says {counted} tests, and lists {listed}"));
        collector.check(
            name,
            false,
            Some(format!("{counted} tests are counted, {listed} are listed")),
        );
    }
}

/// Adds a failed check for a run that shows nothing, or that hides failures.
fn verdict(
    collector: &mut Collector<'_>,
    root: Node<'_, '_>,
    suites: &[Node<'_, '_>],
    cases: usize,
    failed: usize,
) {
    let name = suites.first().filter(|_| suites.len() == 1).unwrap_or(&root).attribute("name");
    let name =
        name.or_else(|| root.attribute("name")).filter(|name| !name.is_empty()).unwrap_or("junit");
    if cases == 0 {
        collector.check(name, false, Some("no test ran".to_owned()));
        return;
    }
    unlisted(collector, root);
    let written = |node: Node<'_, '_>| {
        count(node, "failures").unwrap_or(0).saturating_add(count(node, "errors").unwrap_or(0))
    };
    let said = suites
        .iter()
        .map(|suite| written(*suite))
        .fold(0_u64, u64::saturating_add)
        .max(written(root));
    if said > 0 && failed == 0 {
        collector.check(
            name,
            false,
            Some(format!("{said} failures and errors are counted, and none is listed")),
        );
    } else {
        hidden(collector, suites);
    }
    for suite in suites.iter().filter(|suite| count(**suite, "tests") == Some(0)) {
        collector.left_out(&format!(
            "the suite {}, which has no tests",
            suite.attribute("name").unwrap_or("")
        ));
    }
}

/// Adds a failed check for every suite that counts failures and lists none, while another suite
/// lists its own.
fn hidden(collector: &mut Collector<'_>, suites: &[Node<'_, '_>]) {
    for suite in suites.iter().filter(|_| suites.len() > 1) {
        let cases = || suite.descendants().filter(|node| node.tag_name().name() == "testcase");
        let said = ["failures", "errors"]
            .iter()
            .filter_map(|key| count(*suite, key))
            .fold(0, u64::saturating_add);
        // A suite without any test already has a failed check.
        if said > 0 && cases().next().is_some() && cases().all(|case| outcome(case).is_none()) {
            let name =
                suite.attribute("name").filter(|name| !name.is_empty()).unwrap_or("testsuite");
            collector.check(
                name,
                false,
                Some(format!("{said} failures and errors are counted, and none is listed")),
            );
        }
    }
}

/// Whether this is a property of a Java machine or a Go tool chain, which no test recorded.
fn is_environment(name: &str) -> bool {
    ["java.", "sun.", "os.", "user.", "go.", "env."].iter().any(|start| name.starts_with(start))
}

fn recorded(collector: &mut Collector<'_>, root: Node<'_, '_>, cases: &[Node<'_, '_>]) {
    for suite in root.descendants().filter(|node| node.tag_name().name().starts_with("testsuite")) {
        let of_suite: Vec<_> = named(suite, "properties")
            .flat_map(|properties| named(properties, "property"))
            .collect();
        let name = suite.attribute("name").unwrap_or("testsuite");
        if of_suite.iter().any(|property| property.attribute("name").is_some_and(is_environment)) {
            collector.left_out(&format!("the properties of {name}, those of its environment"));
        } else {
            properties(collector, of_suite.into_iter(), name);
        }
    }
    for case in cases {
        let own = case.descendants().filter(|node| node.tag_name().name() == "property");
        properties(collector, own, case.attribute("name").unwrap_or("testcase"));
    }
}

fn properties<'x, 'i: 'x>(
    collector: &mut Collector<'_>,
    all: impl Iterator<Item = Node<'x, 'i>>,
    by: &str,
) {
    let mut recorded = Recorded::default();
    for property in all {
        if let Some(name) = property.attribute("name") {
            recorded
                .push(name, property.attribute("value").or_else(|| property.text()).unwrap_or(""));
        }
    }
    recorded.measure(collector, by);
}
