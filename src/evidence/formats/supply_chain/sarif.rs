//! SARIF 2.1.0: what static analysers and scanners write (Ruff, Bandit, Semgrep, Trivy and others).
//!
//! A result of level `error` or `warning` is a failed check with the name of its rule; `note` and
//! `none`, and results whose `kind` is not a failure, are checks that passed. A missing level is
//! that of the rule's default, else `warning`. Results that were suppressed, or that have
//! disappeared since the baseline, pass.
//!
//! Every run is a check with the tool's name. It fails with any failed result, and also if the run
//! has no list of results (an empty list is clean, a missing one says that nothing was analysed),
//! or if an invocation did not succeed or reported an error. A document without runs is a failed
//! check.

use super::common::{kind_of, one_line};
use crate::evidence::{
    Adapter, Carries, Collector, Declined, Document, EvidenceError, Family,
    json::{Json, Number, Value},
};
use crate::model::{Evidence, Producer, Slice};
use crate::stats::proportion::{counted, float};
use std::collections::{BTreeMap, HashMap};

/// The row of this format in the table of formats.
pub const ADAPTER: Adapter = Adapter {
    id: "sarif",
    title: "SARIF 2.1.0 log of a static analyser or scanner",
    family: Family::SupplyChain,
    written_by: "ruff check --output-format sarif, bandit -f sarif, semgrep --sarif, CodeQL",
    reads: "a check for every result, named by its rule, failed for errors and warnings; a check for every run, named by its \
            tool; how many results there are of each level.",
    carries: &[Carries::Metrics, Carries::Checks],
    recognised_by: "`version` = `2.1.0` and `runs` with a `tool`, or an empty list of them under SARIF's `$schema`",
    rule: "id = \"no-unsafe-calls\"\ncheck = \"bandit\"",
    detect,
    read,
};

fn detect(document: &Document<'_>) -> Result<(), Declined> {
    let object = document.object()?;
    if !object
        .get("version")
        .and_then(Json::as_str)
        .is_some_and(|version| version.starts_with("2.1"))
    {
        return Err(Declined::because("`version` is not `2.1.0`"));
    }
    let runs = object
        .get("runs")
        .and_then(Json::as_array)
        .ok_or_else(|| Declined::because("no list `runs`"))?;
    let schema =
        object.get("$schema").and_then(Json::as_str).is_some_and(|schema| schema.contains("sarif"));
    let tools =
        !runs.is_empty() && runs.iter().all(|run| run.at_path(&["tool", "driver"]).is_some());
    if tools || (schema && runs.is_empty()) {
        Ok(())
    } else {
        Err(Declined::because("a run without a `tool`"))
    }
}

fn read(document: &Document<'_>) -> Result<Evidence, EvidenceError> {
    let log = document.json().map_err(Clone::clone)?;
    document.require(ADAPTER.id, detect(document))?;
    let mut collector = Collector::new(document, ADAPTER.id);
    let runs = collector.list(log.get("runs"));
    if runs.is_empty() {
        collector.check("runs", false, Some("there is none".to_owned()));
    }
    for run in runs {
        read_run(document, &mut collector, run, runs.len() > 1)?;
    }
    collector.finish()
}

fn read_run(
    document: &Document<'_>,
    collector: &mut Collector<'_>,
    run: &Json<'_>,
    several: bool,
) -> Result<(), EvidenceError> {
    let driver = run.at_path(&["tool", "driver"]).unwrap_or(run);
    let tool = driver.text("name").unwrap_or("sarif");
    let version =
        driver.text("version").or_else(|| driver.text("semanticVersion")).map(str::to_owned);
    if !several {
        collector.evidence.producer =
            Some(Producer { tool: Some(tool.to_owned()), version, run: None });
    }
    let mut problems = invocations(collector, run);
    let results = match run.get("results") {
        None | Some(Json { value: Value::Null, .. }) => {
            problems.push("no results, so nothing was analysed".to_owned());
            &[][..]
        }
        Some(results) => results.as_array().ok_or_else(|| {
            let message = format!("{}; a list was expected", kind_of(Some(results), "results"));
            document.invalid(ADAPTER.id, results.at, message)
        })?,
    };
    let rules = Rules::of(collector, driver, run);
    let mut levels = BTreeMap::from([("error", 0), ("warning", 0), ("note", 0), ("none", 0)]);
    let mut failed = 0_usize;
    for result in results {
        let seen = judged(collector, &rules, result);
        if let Some(count) = seen.level.and_then(|level| levels.get_mut(level)) {
            *count += 1;
        }
        failed += usize::from(!seen.passed);
        collector.check(seen.name, seen.passed, Some(seen.detail));
    }
    if failed > 0 {
        problems.insert(0, format!("{failed} errors and warnings"));
    }
    for (level, count) in levels {
        let path = if several { format!("{tool}.{level}") } else { level.to_owned() };
        collector.number(level, &path, Slice::overall(), float(counted(count)));
    }
    let detail = (!problems.is_empty()).then(|| problems.join(", "));
    collector.check(tool, problems.is_empty(), detail);
    Ok(())
}

/// The problems because of which the tool itself did not run to its end.
fn invocations(collector: &mut Collector<'_>, run: &Json<'_>) -> Vec<String> {
    let mut problems = Vec::new();
    for invocation in collector.list(run.get("invocations")) {
        if let Some(end) = invocation.text("endTimeUtc").or_else(|| invocation.text("startTimeUtc"))
        {
            super::common::moment(collector, end);
        }
        match invocation.get("executionSuccessful").map(|said| &said.value) {
            Some(Value::Bool(false)) => problems.push("an invocation did not succeed".to_owned()),
            Some(Value::Bool(true)) | None => {}
            Some(_) => problems.push("whether an invocation succeeded is not said".to_owned()),
        }
        for key in ["processStartFailureMessage", "exitSignalName"] {
            problems.extend(invocation.text(key).map(|said| format!("{key}: {}", one_line(said))));
        }
        let overrides = collector.list(invocation.get("ruleConfigurationOverrides"));
        let off = |rule: &&Json<'_>| {
            rule.at_path(&["configuration", "enabled"])
                .is_some_and(|enabled| enabled.value == Value::Bool(false))
        };
        if let disabled @ 1.. = overrides.iter().filter(off).count() {
            collector.warn(format!(
                "{disabled} rules were switched off: nothing was looked for by them"
            ));
        }
        for key in ["toolExecutionNotifications", "toolConfigurationNotifications"] {
            let errors = collector
                .list(invocation.get(key))
                .iter()
                .filter(|notice| notice.text("level") == Some("error"));
            problems.extend(
                errors.take(5).map(|notice| {
                    one_line(message(notice).unwrap_or("the tool reported an error"))
                }),
            );
        }
    }
    problems
}

/// The interpretation of a result.
struct Judged {
    name: String,
    passed: bool,
    /// One of SARIF's levels; `None` if the result is not a failure.
    level: Option<&'static str>,
    detail: String,
}

fn judged(collector: &mut Collector<'_>, rules: &Rules<'_, '_>, result: &Json<'_>) -> Judged {
    let rule = rules.of_result(result);
    let name =
        result.text("ruleId").or_else(|| rule.and_then(|rule| rule.text("id"))).unwrap_or("result");
    let kind = result.text("kind").unwrap_or("fail");
    let default = rule
        .and_then(|rule| rule.get("defaultConfiguration"))
        .and_then(|default| default.text("level"));
    let level = match result.text("level").or(default) {
        Some("note") => "note",
        Some("none") => "none",
        Some("error") => "error",
        _ => "warning",
    };
    let gone = result.text("baselineState") == Some("absent");
    // A suppression is valid unless it is under review or was rejected.
    let accepted = |said: &Json<'_>| matches!(said.text("status"), None | Some("accepted"));
    let suppressed = collector.list(result.get("suppressions")).iter().any(accepted);
    // `open` and `review` are undecided, and undecided is not a pass.
    let failure = !matches!(kind, "pass" | "informational" | "notApplicable");
    let passed = gone || suppressed || !failure || matches!(level, "note" | "none");
    let place = collector
        .list(result.get("locations"))
        .first()
        .and_then(|place| place.get("physicalLocation"));
    let file = place.and_then(|place| place.at_path(&["artifactLocation", "uri"])?.as_str());
    let line = place
        .and_then(|place| place.at_path(&["region", "startLine"])?.as_number())
        .and_then(Number::count);
    let state = if suppressed { Some("suppressed") } else { Some("gone").filter(|_| gone) };
    let line = line.map(|line| format!("line {line}"));
    let said =
        [Some(if failure { level } else { kind }), state, message(result), file, line.as_deref()];
    let detail = one_line(&said.into_iter().flatten().collect::<Vec<_>>().join("; "));
    Judged { name: name.to_owned(), passed, level: failure.then_some(level), detail }
}

fn message<'j>(of: &'j Json<'_>) -> Option<&'j str> {
    of.get("message").and_then(|message| message.text("text").or_else(|| message.text("markdown")))
}

/// The rules of a tool and of its extensions, in their order and by their ids.
struct Rules<'j, 'a> {
    driver: &'j [Json<'a>],
    extensions: Vec<&'j [Json<'a>]>,
    by_id: HashMap<&'j str, &'j Json<'a>>,
}

impl<'j, 'a> Rules<'j, 'a> {
    fn of(collector: &mut Collector<'_>, driver: &'j Json<'a>, run: &'j Json<'a>) -> Self {
        let extensions = collector.list(run.at_path(&["tool", "extensions"]));
        let extensions: Vec<_> =
            extensions.iter().map(|extension| collector.list(extension.get("rules"))).collect();
        let driver = collector.list(driver.get("rules"));
        let mut by_id = HashMap::new();
        for rule in driver.iter().chain(extensions.iter().copied().flatten()) {
            if let Some(id) = rule.text("id") {
                by_id.entry(id).or_insert(rule);
            }
        }
        Self { driver, extensions, by_id }
    }

    /// The rule of a result, by its index in the component that the result names, else by its id.
    fn of_result(&self, result: &Json<'_>) -> Option<&'j Json<'a>> {
        let number = |json: Option<&Json<'_>>| usize::try_from(json?.as_number()?.count()?).ok();
        let rule = result.get("rule");
        let index = number(result.get("ruleIndex").or_else(|| rule?.get("index")));
        let id = result.text("ruleId").or_else(|| rule.and_then(|rule| rule.text("id")));
        // Without an index the component is the driver.
        let component = number(rule.and_then(|rule| rule.at_path(&["toolComponent", "index"])));
        let listed = component
            .map_or(Some(self.driver), |component| self.extensions.get(component).copied());
        let by_index = index.and_then(|index| listed?.get(index));
        by_index.or_else(|| self.by_id.get(id?).copied())
    }
}

#[cfg(test)]
mod tests {
    use crate::evidence::read;
    use crate::model::Evidence;

    fn sarif(run: &str) -> Evidence {
        let rules = r#"[{"id": "R1", "defaultConfiguration": {"level": "note"}}, {"id": "R2"}]"#;
        let tool = format!(
            r#""tool": {{"driver": {{"name": "scan", "version": "1", "rules": {rules}}}}}"#
        );
        read(format!(r#"{{"version": "2.1.0", "runs": [{{{tool}{run}}}]}}"#).as_bytes(), None)
            .unwrap()
    }

    fn checks(evidence: &Evidence) -> Vec<(&str, bool)> {
        evidence.checks.iter().map(|check| (check.name.as_str(), check.passed)).collect()
    }

    #[test]
    fn errors_and_warnings_fail_and_what_is_settled_does_not() {
        let evidence = sarif(
            r#", "results": [{"ruleId": "R1", "message": {"text": "m"}}, {"ruleId": "R2"}, {"ruleIndex": 1, "level": "error",
            "locations": [{"physicalLocation": {"artifactLocation": {"uri": "a.py"}, "region": {"startLine": 3}}}]},
            {"ruleId": "s", "suppressions": [{"kind": "inSource"}]}, {"ruleId": "u", "suppressions": [{"status": "rejected"}]},
            {"ruleId": "g", "baselineState": "absent"}, {"ruleId": "p", "kind": "pass"}, {"ruleId": "o", "kind": "open"}]"#,
        );
        let want = [
            ("R1", true),
            ("R2", false),
            ("R2", false),
            ("s", true),
            ("u", false),
            ("g", true),
            ("p", true),
            ("o", false),
            ("scan", false),
        ];
        assert_eq!(checks(&evidence), want);
        assert_eq!(evidence.checks[2].detail.as_deref(), Some("error; a.py; line 3"));
        let value = |name: &str| {
            evidence.measurements.iter().find(|m| m.source_name == name).unwrap().value
        };
        assert_eq!(
            (value("error"), value("warning"), value("note")),
            (Some(1.0), Some(5.0), Some(1.0))
        );
    }

    #[test]
    fn a_rule_is_looked_up_in_the_component_that_the_result_names() {
        let text = r#"{"version": "2.1.0", "runs": [{"tool": {"driver": {"name": "CodeQL", "rules": [
            {"id": "driver/a", "defaultConfiguration": {"level": "note"}}]}, "extensions": [{"name": "none"},
            {"name": "pack", "rules": [{"id": "py/eval", "defaultConfiguration": {"level": "error"}},
            {"id": "py/style", "defaultConfiguration": {"level": "note"}}]}]}, "results": [
            {"ruleId": "py/eval", "ruleIndex": 0, "rule": {"id": "py/eval", "index": 0, "toolComponent": {"index": 1}}},
            {"ruleId": "py/style"}, {"rule": {"index": 0, "toolComponent": {"index": 1}}}, {"ruleIndex": 0}]}]}"#;
        let evidence = read(text.as_bytes(), None).unwrap();
        let want = [
            ("py/eval", false),
            ("py/style", true),
            ("py/eval", false),
            ("driver/a", true),
            ("CodeQL", false),
        ];
        assert_eq!(checks(&evidence), want);
    }

    #[test]
    fn a_run_that_shows_nothing_is_no_pass() {
        assert_eq!(checks(&sarif(r#", "results": []"#)), [("scan", true)]);
        for broken in [
            "",
            r#", "results": null"#,
            r#", "results": [], "invocations": [{"executionSuccessful": false}]"#,
            r#", "results": [], "invocations": [{"executionSuccessful": true, "toolExecutionNotifications": [{"level": "error"}]}]"#,
        ] {
            assert_eq!(checks(&sarif(broken)), [("scan", false)], "{broken}");
        }
        let none = br#"{"$schema": "https://json.schemastore.org/sarif-2.1.0.json", "version": "2.1.0", "runs": []}"#;
        assert_eq!(checks(&read(none, None).unwrap()), [("runs", false)]);
    }

    #[test]
    fn two_runs_keep_their_counts_apart_and_what_is_no_list_is_refused() {
        let two =
            br#"{"version": "2.1.0", "runs": [{"tool": {"driver": {"name": "a"}}, "results": []},
            {"tool": {"driver": {"name": "b"}}, "results": [{}]}]}"#;
        let evidence = read(two, None).unwrap();
        assert_eq!(checks(&evidence), [("a", true), ("result", false), ("b", false)]);
        assert!(
            evidence
                .measurements
                .iter()
                .any(|m| m.source_name == "b.warning" && m.value == Some(1.0))
        );
        let error = read(
            br#"{"version": "2.1.0", "runs": [{"tool": {"driver": {}}, "results": 1}]}"#,
            None,
        )
        .unwrap_err();
        assert_eq!(error.code(), "evidence-invalid");
    }
}
