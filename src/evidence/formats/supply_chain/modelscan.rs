//! `modelscan -r json`: the unsafe code that a scan of model files found.
//!
//! Since 0.6 the report is one object with `summary`, `issues` and `errors`. In older versions the
//! counts are next to the summary, the issues under their severity, and errors are text. A file
//! that cannot be read counts as an error or as skipped and leaves zero issues: the check
//! `modelscan` passes only if something was scanned, nothing was found and nothing went wrong. The
//! timestamp has no zone, so the moment stays unknown.

use super::common::{kind_of, one_line};
use crate::evidence::{
    Adapter, Carries, Collector, Declined, Document, EvidenceError, Family,
    json::{Json, Number},
};
use crate::model::{Evidence, Producer, Slice};

/// The row of this format in the table of formats.
pub const ADAPTER: Adapter = Adapter {
    id: "modelscan",
    title: "ModelScan's JSON report",
    family: Family::SupplyChain,
    written_by: "modelscan -p model.pkl -r json -o scan.json",
    reads: "the counts of issues by severity, of files scanned and skipped; a failed check for every issue and error, named \
            `system in posix`; the check `modelscan`, which fails on any of them and where nothing was scanned.",
    carries: &[Carries::Metrics, Carries::Checks],
    recognised_by: "`modelscan_version` and `total_issues_by_severity`",
    rule: "id = \"no-unsafe-code\"\ncheck = \"modelscan\"",
    detect,
    read,
};

fn detect(document: &Document<'_>) -> Result<(), Declined> {
    let object = document.object()?;
    let summary = object.get("summary").ok_or_else(|| Declined::because("no key `summary`"))?;
    if summary.get("total_issues_by_severity").is_none() {
        return Err(Declined::because("no key `total_issues_by_severity` in `summary`"));
    }
    if summary.get("modelscan_version").is_none() && !object.has("modelscan_version") {
        return Err(Declined::because("no key `modelscan_version`"));
    }
    Ok(())
}

fn read(document: &Document<'_>) -> Result<Evidence, EvidenceError> {
    let report = document.json().map_err(Clone::clone)?;
    document.require(ADAPTER.id, detect(document))?;
    let empty = Json { at: report.at, value: crate::evidence::json::Value::Null };
    let summary = report.get("summary").unwrap_or(&empty);
    // The counts moved into the summary with 0.6.
    let place = if summary.get("total_issues").is_some() { summary } else { report };
    let mut scan = Scan { collector: Collector::new(document, ADAPTER.id), problems: Vec::new() };
    scan.about(place);
    scan.counts(document, summary, place)?;
    scan.issues(report);
    scan.errors(report);
    scan.skipped(place);
    let detail = (!scan.problems.is_empty()).then(|| scan.problems.join(", "));
    scan.collector.check("modelscan", scan.problems.is_empty(), detail);
    scan.collector.finish()
}

struct Scan<'d> {
    collector: Collector<'d>,
    /// Why the scan did not pass.
    problems: Vec<String>,
}

impl Scan<'_> {
    fn about(&mut self, place: &Json<'_>) {
        let version = place.text("modelscan_version").map(str::to_owned);
        self.collector.evidence.producer =
            Some(Producer { tool: Some("modelscan".to_owned()), version, run: None });
        if let Some(timestamp) = place.text("timestamp") {
            super::common::moment(&mut self.collector, timestamp);
        }
    }

    /// Reads a count of the report. A missing or invalid one is a mistake, because it must not be
    /// read as zero.
    fn count(
        &mut self,
        document: &Document<'_>,
        name: &str,
        json: Option<&Json<'_>>,
        at: usize,
    ) -> Result<u64, EvidenceError> {
        let count = json.and_then(Json::as_number).and_then(Number::count);
        let count = count.ok_or_else(|| {
            let at = json.map_or(at, |json| json.at);
            document.invalid(
                ADAPTER.id,
                at,
                format!("{}; a count was expected", kind_of(json, name)),
            )
        })?;
        if let Some(json) = json {
            self.collector.measure(name, name, Slice::overall(), json);
        }
        Ok(count)
    }

    fn counts(
        &mut self,
        document: &Document<'_>,
        summary: &Json<'_>,
        place: &Json<'_>,
    ) -> Result<(), EvidenceError> {
        let total = self.count(document, "total_issues", place.get("total_issues"), place.at)?;
        let mut sum = 0_u64;
        for member in self.collector.members(summary.get("total_issues_by_severity")) {
            let name = format!("issues_{}", member.key);
            sum = sum.saturating_add(self.count(
                document,
                &name,
                Some(&member.value),
                member.key_at,
            )?);
        }
        if total > 0 || sum > 0 {
            self.problems.push(format!("{} issues", total.max(sum)));
        }
        if total != sum {
            self.problems.push(format!("{total} issues in total, but {sum} by severity"));
        }
        let scanned = place.get("scanned").unwrap_or(place);
        let total =
            self.count(document, "total_scanned", scanned.get("total_scanned"), scanned.at)?;
        if total == 0 {
            self.problems.push("nothing was scanned".to_owned());
        }
        Ok(())
    }

    fn issues(&mut self, report: &Json<'_>) {
        let before = self.collector.evidence.checks.len();
        for issue in self.collector.list(report.get("issues")) {
            self.issue(issue, issue.text("severity"));
        }
        for member in self.collector.members(report.get("issues_by_severity")) {
            for issue in self.collector.list(Some(&member.value)) {
                self.issue(issue, Some(&member.key));
            }
        }
        if self.collector.evidence.checks.len() > before && self.problems.is_empty() {
            self.problems.push("issues that no total counts".to_owned());
        }
    }

    fn issue(&mut self, issue: &Json<'_>, severity: Option<&str>) {
        let name = match (issue.text("operator"), issue.text("module")) {
            (Some(operator), Some(module)) => format!("{operator} in {module}"),
            (Some(only), None) | (None, Some(only)) => only.to_owned(),
            (None, None) => issue.text("description").unwrap_or("an issue").to_owned(),
        };
        let said =
            [severity, issue.text("description"), issue.text("source"), issue.text("scanner")];
        let detail = said.into_iter().flatten().collect::<Vec<_>>().join("; ");
        self.collector.check(name, false, Some(one_line(&detail)));
    }

    fn errors(&mut self, report: &Json<'_>) {
        let errors = self.collector.list(report.get("errors"));
        for error in errors {
            let category = error.text("category").unwrap_or("error");
            let said = error.as_str().or_else(|| error.text("description")).unwrap_or("");
            let (name, detail) = match error.text("source") {
                Some(source) => (format!("{category} in {source}"), said.to_owned()),
                None => (category.to_owned(), said.to_owned()),
            };
            self.collector.check(name, false, Some(one_line(&detail)));
        }
        if !errors.is_empty() {
            self.problems.push(format!("{} errors", errors.len()));
        } else if report.get("errors").is_some_and(|errors| errors.as_array().is_none()) {
            self.problems.push(kind_of(report.get("errors"), "errors"));
        }
    }

    /// Reads the skipped files. Files of a type that no scanner supports are in every folder: they
    /// are reported and do not fail the check. A file that a scanner supports and could not read (a
    /// broken zip, a wrong magic number) was not scanned.
    fn skipped(&mut self, place: &Json<'_>) {
        let Some(skipped) = place.get("skipped") else { return };
        if let Some(total) = skipped.get("total_skipped") {
            self.collector.measure("total_skipped", "total_skipped", Slice::overall(), total);
        }
        for file in self.collector.list(skipped.get("skipped_files")) {
            let unread = file.text("category").filter(|category| *category != "SCAN_NOT_SUPPORTED");
            if let Some(category) = unread {
                let name = file.text("source").unwrap_or("a file");
                self.problems.push(format!("{name} was not scanned: {category}"));
            }
            if let Some(name) = file.as_str().or_else(|| file.text("source")) {
                self.collector.left_out(&format!("{name}, which the scan skipped"));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::evidence::read;

    fn scan(text: &str) -> crate::model::Evidence {
        read(text.as_bytes(), None).unwrap()
    }

    fn report(issues: u64, critical: u64, scanned: u64, errors: &str, more: &str) -> String {
        format!(
            r#"{{"summary": {{"total_issues_by_severity": {{"LOW": 0, "CRITICAL": {critical}}}, "total_issues": {issues},
            "modelscan_version": "0.8.8", "timestamp": "2026-11-20T14:20:38.465295", "scanned": {{"total_scanned": {scanned}}}
            {more}}}, "issues": [], "errors": [{errors}]}}"#
        )
    }

    fn passed(text: &str) -> bool {
        let evidence = scan(text);
        evidence.checks.iter().find(|check| check.name == "modelscan").unwrap().passed
    }

    #[test]
    fn only_a_scan_that_scanned_and_found_nothing_passes() {
        assert!(passed(&report(0, 0, 1, "", "")));
        assert!(!passed(&report(0, 0, 0, "", "")));
        assert!(!passed(&report(1, 1, 1, "", "")));
        assert!(!passed(&report(0, 1, 1, "", "")));
        assert!(!passed(&report(
            0,
            0,
            1,
            r#"{"category": "PICKLE_GENOPS", "description": "x", "source": "a.pkl"}"#,
            ""
        )));
        let listed = report(0, 0, 1, "", "")
            .replace("\"issues\": []", r#""issues": [{"operator": "eval", "module": "builtins"}]"#);
        assert!(!passed(&listed));
    }

    #[test]
    fn skipped_files_are_told_of_and_fail_nothing() {
        let more = r#", "skipped": {"total_skipped": 1, "skipped_files": [{"category": "SCAN_NOT_SUPPORTED", "source": "README.md"}]}"#;
        let evidence = scan(&report(0, 0, 2, "", more));
        assert!(evidence.checks.iter().all(|check| check.passed));
        assert!(
            evidence.warnings.iter().any(|warning| warning.contains("README.md")),
            "{:?}",
            evidence.warnings
        );
        assert_eq!(evidence.produced_at, None);
    }

    #[test]
    fn reports_of_older_versions_are_read_alike() {
        let old = r#"{"modelscan_version": "0.5.0", "timestamp": "2024-01-01T00:00:00", "input_path": "m", "total_issues": 1,
            "summary": {"total_issues_by_severity": {"LOW": 0, "HIGH": 1}},
            "issues_by_severity": {"HIGH": [{"description": "Use of unsafe operator", "operator": "open", "module": "webbrowser",
            "source": "m.pkl", "scanner": "s"}]}, "errors": ["broken file"], "scanned": {"total_scanned": 1, "scanned_files": ["m.pkl"]}}"#;
        let evidence = scan(old);
        let names: Vec<_> =
            evidence.checks.iter().map(|check| (check.name.as_str(), check.passed)).collect();
        assert_eq!(names, [("open in webbrowser", false), ("error", false), ("modelscan", false)]);
        assert_eq!(
            evidence.checks[0].detail.as_deref(),
            Some("HIGH; Use of unsafe operator; m.pkl; s")
        );
        assert_eq!(
            evidence.measurements.iter().find(|m| m.source_name == "issues_HIGH").unwrap().value,
            Some(1.0)
        );
    }

    #[test]
    fn a_count_that_is_missing_or_no_count_is_refused_with_its_place() {
        for broken in [
            report(0, 0, 1, "", "").replace("\"total_scanned\": 1", "\"total\": 1"),
            report(0, 0, 1, "", "").replace("\"CRITICAL\": 0", "\"CRITICAL\": NaN"),
            report(0, 0, 1, "", "").replace("\"total_issues\": 0", "\"total_issues\": -1"),
        ] {
            let error = read(broken.as_bytes(), None).unwrap_err();
            assert_eq!(error.code(), "evidence-invalid");
            assert!(error.to_string().contains("line "), "{error}");
        }
    }
}
