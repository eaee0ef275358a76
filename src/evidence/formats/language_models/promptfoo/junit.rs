//! `--output results.junit.xml`: a suite for each prompt of each provider.

use super::rows::{Outcome, Tally};
use crate::evidence::{
    Collector,
    formats::language_models::common::{Tests, brief, joined, pass_rate},
};
use crate::model::Slice;
use roxmltree::{Document, Node};

/// Reads the test cases.
pub fn read(collector: &mut Collector<'_>, document: &Document<'_>) {
    let mut whole = Tally::default();
    let mut tests = Tests::default();
    for suite in elements(document.root_element(), "testsuite") {
        let name = suite.attribute("name").unwrap_or_default();
        for case in elements(suite, "testcase") {
            let outcome = check(collector, case, name);
            whole.add(outcome);
            let key = described(case).map(|described| format!("{name}\n{described}"));
            tests.add(
                key.unwrap_or_else(|| format!("#{}", whole.total())),
                outcome == Outcome::Passed,
            );
        }
        if collector.evidence.produced_at.is_none() {
            collector.evidence.produced_at =
                suite.attribute("timestamp").and_then(|text| text.parse().ok());
        }
    }
    for (name, value) in
        [("successes", whole.passed), ("failures", whole.failed), ("errors", whole.errored)]
    {
        if let Some(m) =
            collector.number(name, name, Slice::overall(), crate::stats::proportion::float(value))
        {
            m.n = Some(tests.share().different(whole.total()));
        }
    }
    let from = collector.evidence.measurements.len();
    pass_rate(collector, "pass rate", Slice::overall(), tests.share());
    let stated =
        document.root_element().attribute("tests").and_then(|text| text.parse::<u64>().ok());
    if let Some(tests) = stated.filter(|tests| *tests != whole.total()) {
        let why = format!("{tests} tests are stated, and {} are written", whole.total());
        collector
            .evidence
            .measurements
            .iter_mut()
            .skip(from)
            .for_each(|m| m.unfit = Some(why.clone()));
        collector.check("tests", false, Some(why));
    }
}

fn elements<'n, 'i>(node: Node<'n, 'i>, name: &'static str) -> impl Iterator<Item = Node<'n, 'i>> {
    node.children().filter(move |child| child.tag_name().name() == name)
}

/// The description of a test, after its number: `test 7: …`. Repeats have different numbers and the
/// same description.
fn described<'n>(case: Node<'n, '_>) -> Option<&'n str> {
    let (number, said) = case.attribute("name")?.split_once(": ")?;
    let numbered =
        number.strip_prefix("test ").is_some_and(|n| n.chars().all(|c| c.is_ascii_digit()));
    Some(said.trim()).filter(|said| numbered && !said.is_empty())
}

fn check(collector: &mut Collector<'_>, case: Node<'_, '_>, suite: &str) -> Outcome {
    let fault = |name| elements(case, name).next();
    let (outcome, fault) = match (fault("error").or_else(|| fault("skipped")), fault("failure")) {
        (Some(error), _) => (Outcome::Errored, Some(error)),
        (None, Some(failure)) => (Outcome::Failed, Some(failure)),
        (None, None) => (Outcome::Passed, None),
    };
    let said = fault.map(|fault| {
        brief(fault.text().or_else(|| fault.attribute("message")).unwrap_or_default())
    });
    let kind = (outcome == Outcome::Errored).then(|| "error".to_owned());
    let name = format!("{} {suite}", case.attribute("name").unwrap_or("test"));
    collector.check(name.trim(), outcome == Outcome::Passed, joined([kind, said]));
    outcome
}
