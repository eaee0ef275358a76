//! `modelgate policy test`.

use super::load;
use crate::{
    app::offline::scenarios::{self, CaseReport},
    cli::{
        evidence_arg::EvidenceArg,
        exit::{Failure, Outcome},
        output::{self, Format, plain},
    },
    model::Submitted,
};
use anstyle::{AnsiColor, Style};
use serde::Serialize;
use std::path::{Path, PathBuf};

const CASES: &str = ".cases.toml";

/// Arguments of `modelgate policy test`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
The cases of `credit-risk.toml` are in `credit-risk.cases.toml` in the same folder.
Exit codes: 0 every case ended as expected, 1 one did not, 2 a file cannot be read.

Examples:
  modelgate policy test
  modelgate policy test policies/credit-risk.toml
  modelgate policy test policies --format json")]
pub struct Args {
    /// Policies, files of cases, or directories of them
    #[arg(value_name = "FILE|DIR", default_value = "policies")]
    paths: Vec<PathBuf>,
    /// How to print the results
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

#[derive(Serialize)]
struct TestV1 {
    ok: bool,
    passed: usize,
    failed: usize,
    files: Vec<FileV1>,
}

#[derive(Serialize)]
struct FileV1 {
    file: String,
    policy: String,
    cases: Vec<CaseReport>,
}

pub(super) fn run(args: &Args) -> Outcome {
    let mut files = Vec::new();
    for path in &args.paths {
        files.extend(cases_of(path)?);
    }
    files.sort();
    files.dedup();
    let mut out = TestV1 { ok: true, passed: 0, failed: 0, files: Vec::new() };
    for file in &files {
        let (policy, cases) = one(file)?;
        let passed = cases.iter().filter(|c| c.passed).count();
        out.passed += passed;
        out.failed += cases.len() - passed;
        out.files.push(FileV1 { file: file.display().to_string(), policy, cases });
    }
    out.ok = out.failed == 0;
    match args.format {
        Format::Json => output::json(&out)?,
        Format::Text => text(&out),
    }
    Ok(u8::from(!out.ok))
}

/// The files of cases that `path` means.
fn cases_of(path: &Path) -> Result<Vec<PathBuf>, Failure> {
    let shown = plain(&path.display().to_string());
    let none = |why: String| Failure::input("no-cases", why);
    if path.is_dir() {
        let entries =
            std::fs::read_dir(path).map_err(|e| none(format!("cannot read `{shown}`: {e}")))?;
        let mut list: Vec<PathBuf> =
            entries.filter_map(|e| e.ok().map(|e| e.path())).filter(|p| is_cases(p)).collect();
        if list.is_empty() {
            return Err(none(format!("`{shown}` contains no file of cases, `NAME{CASES}`")));
        }
        list.sort();
        return Ok(list);
    }
    let cases = if is_cases(path) { path.to_path_buf() } else { path.with_extension(&CASES[1..]) };
    if !cases.is_file() {
        let cases = plain(&cases.display().to_string());
        return Err(none(format!("there is no file of cases `{cases}`; see docs/policy-tests.md")));
    }
    Ok(vec![cases])
}

fn is_cases(path: &Path) -> bool {
    path.file_name().is_some_and(|n| n.to_string_lossy().ends_with(CASES))
}

fn one(cases: &Path) -> Result<(String, Vec<CaseReport>), Failure> {
    let name = cases.to_string_lossy();
    let policy =
        load::policy(Path::new(&format!("{}.toml", name.strip_suffix(CASES).unwrap_or(&name))))?;
    let text = load::text(cases)?;
    let beside = cases.parent().unwrap_or(Path::new("")).to_path_buf();
    let read = |path: &str| load_evidence(&beside, path);
    let reports = scenarios::run(&policy, &text, &read)
        .map_err(|e| Failure::input("cases-mistakes", format!("{}: {e}", plain(&name))))?;
    Ok((policy.name.clone(), reports))
}

/// Evidence by its path, which is relative to the folder of the file of cases and may have the
/// prefix that `--evidence` accepts.
fn load_evidence(beside: &Path, path: &str) -> Result<Vec<Submitted>, String> {
    let mut arg: EvidenceArg = path.parse().map_err(|e| format!("`{path}`: {e}"))?;
    arg.path = beside.join(&arg.path).display().to_string();
    arg.load().map(|loaded| loaded.submitted(&arg.path)).map_err(|failure| failure.message)
}

fn text(out: &TestV1) {
    let (good, bad) = (style(AnsiColor::Green), style(AnsiColor::Red));
    for file in &out.files {
        output::line(&plain(&file.file));
        for case in &file.cases {
            if case.passed {
                output::line(&format!("  {good}✓{good:#} {}", plain(&case.name)));
                continue;
            }
            output::line(&format!("  {bad}✗{bad:#} {}", plain(&case.name)));
            for difference in &case.differences {
                output::line(&format!("      {}", plain(difference)));
            }
        }
    }
    output::line(&format!("{} passed, {} failed", out.passed, out.failed));
}

fn style(color: AnsiColor) -> Style {
    Style::new().fg_color(Some(color.into())).bold()
}
