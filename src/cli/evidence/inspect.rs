//! `modelgate evidence inspect`.

use super::table::Table;
use crate::{
    app,
    cli::{
        evidence_arg::EvidenceArg,
        exit::{Failure, Outcome},
        output::{self, Format, plain},
    },
    evidence,
    model::{Slice, number::short},
    wire::inspect::{InspectV1, IntervalV1, MeasurementV1},
};
use std::fmt::Write as _;

/// Arguments of `modelgate evidence inspect`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  modelgate evidence inspect report.json
  modelgate evidence inspect report.json --format json
  modelgate evidence inspect --as mlflow-metrics metrics.json
  curl -s https://mlflow.example/api/2.0/mlflow/runs/get?run_id=… | modelgate evidence inspect -")]
pub struct Args {
    /// The file, or `-` for standard input; may carry a prefix such as `format=mlflow-metrics:`
    #[arg(value_name = "FILE")]
    file: EvidenceArg,
    /// Read it as this format, whatever its content looks like
    #[arg(long = "as", value_name = "FORMAT")]
    read_as: Option<String>,
    /// How to read a file of no known format
    #[arg(long, value_name = "FILE")]
    mapping: Option<String>,
    /// How to print what was read
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

pub(super) fn run(args: &Args) -> Outcome {
    let mut file = args.file.clone();
    if let Some(mapping) = &args.mapping {
        file.mapping = Some(mapping.clone());
    }
    if let Some(format) = &args.read_as {
        if file.format.as_ref().is_some_and(|other| other != format) {
            return Err(Failure::input(
                "usage",
                "`--as` and the prefix of the file name two formats; keep one",
            ));
        }
        file.format = Some(format.clone());
    }
    let loaded = file.load()?;
    let report = app::offline::inspect::opened(&loaded.opened, loaded.digest);
    match args.format {
        Format::Json => output::json(&report)?,
        Format::Text => output::raw(&text(&report, file.format.is_some())),
    }
    Ok(0)
}

fn text(report: &InspectV1, told: bool) -> String {
    let mut out = String::new();
    let how = match evidence::find(&report.format) {
        Ok(adapter) if !told => format!("recognised by {}", adapter.recognised_by),
        _ if !report.documents.is_empty() => format!("documents read: {}", report.documents.len()),
        _ => "as given".to_owned(),
    };
    let mut about = |name: &str, value: Option<String>| {
        if let Some(value) = value {
            let _ = writeln!(out, "{name:<10}{}", plain(&value));
        }
    };
    about("format", Some(format!("{} ({how})", report.format)));
    about("digest", Some(report.digest.to_string()));
    about(
        "subject",
        report.subject.as_ref().map(|s| {
            joined([
                s.model.as_ref().map(ToString::to_string),
                s.version.clone(),
                s.digest.map(|d| d.to_string()),
            ])
        }),
    );
    about(
        "dataset",
        report
            .dataset
            .as_ref()
            .map(|d| joined([d.name.clone(), d.digest.map(|d| d.to_string()), None])),
    );
    about(
        "producer",
        report
            .producer
            .as_ref()
            .map(|p| joined([p.tool.clone(), p.version.clone(), p.run.clone()])),
    );
    about("produced", report.produced_at.map(|at| at.to_string()));
    if !report.measurements.is_empty() {
        let _ = write!(out, "\n{}", measurements(&report.measurements));
        let _ = writeln!(
            out,
            "\nlower and upper are one-sided bounds at 95%, exact from counts unless a method is named"
        );
    }
    section(
        &mut out,
        "checks",
        report.checks.iter().map(|check| {
            let mark = if check.passed { "pass" } else { "FAIL" };
            let detail =
                check.detail.as_ref().map(|detail| format!(": {detail}")).unwrap_or_default();
            format!("{mark}  {}{detail}", check.name)
        }),
    );
    section(
        &mut out,
        "links",
        report.links.iter().map(|link| {
            joined([
                Some(link.rel.clone()),
                Some(link.href.clone()),
                link.digest.map(|digest| digest.to_string()),
            ])
        }),
    );
    section(&mut out, "warnings", report.warnings.iter().cloned());
    out
}

pub(super) fn section(out: &mut String, name: &str, lines: impl ExactSizeIterator<Item = String>) {
    if lines.len() > 0 {
        let _ = writeln!(out, "\n{name}");
    }
    for line in lines {
        let _ = writeln!(out, "  {}", plain(&line));
    }
}

fn joined(parts: [Option<String>; 3]) -> String {
    parts.into_iter().flatten().collect::<Vec<_>>().join("  ")
}

fn measurements(list: &[MeasurementV1]) -> String {
    let heading = ["metric", "slice", "value", "n", "trials", "lower", "upper", "note"];
    let mut table = Table::new(&heading, &[2, 3, 4, 5, 6]);
    for m in list {
        let bound = |end: fn(&IntervalV1) -> Option<f64>| {
            m.interval.as_ref().and_then(end).map_or_else(dash, short)
        };
        table.row([
            m.name(),
            Slice(m.slice.clone()).to_string(),
            m.shown(),
            m.n.map_or_else(dash, |n| n.to_string()),
            m.trials.map_or_else(dash, |trials| trials.to_string()),
            bound(|interval| interval.lower),
            bound(|interval| interval.upper),
            m.note(),
        ]);
    }
    table.text()
}

pub(super) fn dash() -> String {
    "-".to_owned()
}
