//! `modelgate policy lint`.

use super::{
    is_cases, load,
    render::{self, MistakeV1},
};
use crate::{
    cli::{
        exit::{Outcome, USAGE},
        output::{self, Format, plain},
    },
    policy,
};
use serde::Serialize;
use std::path::PathBuf;

/// Arguments of `modelgate policy lint`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Exit codes: 0 no mistake (warnings are shown), 2 a mistake or an unreadable file.

Examples:
  modelgate policy lint policies/*.toml
  modelgate policy lint credit-risk.toml --format json")]
pub struct Args {
    /// Policy files
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// How to print what was found
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

#[derive(Serialize)]
struct LintV1 {
    ok: bool,
    policies: Vec<PolicyV1>,
    mistakes: Vec<MistakeV1>,
    warnings: Vec<MistakeV1>,
}

#[derive(Serialize)]
struct PolicyV1 {
    file: String,
    name: String,
    digest: String,
    rules: usize,
}

pub(super) fn run(args: &Args) -> Outcome {
    let mut out =
        LintV1 { ok: true, policies: Vec::new(), mistakes: Vec::new(), warnings: Vec::new() };
    for path in args.files.iter().filter(|p| !is_cases(p)) {
        let file = path.display().to_string();
        let text = load::text(path)?;
        match policy::admit(&text) {
            Ok(read) => {
                let warnings = policy::lint(&read, None);
                out.warnings.extend(warnings.list.iter().map(|w| MistakeV1::new(&file, w)));
                if args.format == Format::Text {
                    if !warnings.list.is_empty() {
                        output::note(&render::warnings(&file, &warnings));
                    }
                    let rules = read.rules.len();
                    let noun = if rules == 1 { "rule" } else { "rules" };
                    // The number of warnings is part of the result, so that it is not lost if only
                    // stdout is kept.
                    let warned = match warnings.list.len() {
                        0 => String::new(),
                        1 => ", 1 warning".to_owned(),
                        n => format!(", {n} warnings"),
                    };
                    output::line(&format!(
                        "{}: {} is fine, {rules} {noun}{warned}",
                        plain(&file),
                        read.name
                    ));
                }
                out.policies.push(PolicyV1 {
                    file,
                    digest: read.digest.to_string(),
                    rules: read.rules.len(),
                    name: read.name,
                });
            }
            Err(mistakes) => {
                out.ok = false;
                out.mistakes.extend(mistakes.list.iter().map(|m| MistakeV1::new(&file, m)));
                if args.format == Format::Text {
                    output::note(&render::report(&file, &mistakes));
                }
            }
        }
    }
    if args.format == Format::Json {
        output::json(&out)?;
    }
    Ok(if out.ok { 0 } else { USAGE })
}
