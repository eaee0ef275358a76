//! `modelgate evidence formats`.

use super::table::Table;
use crate::{
    cli::{
        exit::{Failure, Outcome},
        output,
    },
    evidence::{self, ADAPTERS, Adapter, Family},
};

/// Arguments of `modelgate evidence formats`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
A file is recognised by its content, compressed with gzip or zstd or not; several may come in one zip or tar.
`--evidence format=<id>:<path>` names the format explicitly, and `modelgate mapping` is for files of no known format.

Examples:
  modelgate evidence formats
  modelgate evidence formats junit
  modelgate evidence formats --format json")]
pub struct Args {
    /// Only formats whose id or tool contains this text, with all details
    #[arg(value_name = "TEXT")]
    named: Option<String>,
    /// How to print the list
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// How the list is printed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// For people.
    #[default]
    Text,
    /// Exactly one JSON document.
    Json,
    /// The page of the documentation.
    Markdown,
}

pub(super) fn run(args: &Args) -> Outcome {
    let wanted = args.named.as_deref().unwrap_or_default().to_lowercase();
    let named = |a: &&Adapter| a.id.contains(&wanted) || a.title.to_lowercase().contains(&wanted);
    let adapters: Vec<&Adapter> = ADAPTERS.iter().filter(named).collect();
    if adapters.is_empty() {
        evidence::find(&wanted).map_err(|error| Failure::input(error.code(), error))?;
    }
    match args.format {
        Format::Json => {
            output::json(
                &serde_json::json!({ "formats": adapters.iter().map(|a| json(a)).collect::<Vec<_>>() }),
            )?;
        }
        Format::Markdown => output::raw(&markdown(&adapters)),
        Format::Text if args.named.is_some() => {
            for adapter in &adapters {
                output::line(&whole(adapter));
            }
        }
        Format::Text => output::raw(&list(&adapters)),
    }
    Ok(0)
}

fn json(a: &Adapter) -> serde_json::Value {
    serde_json::json!({
        "format": a.id, "title": a.title, "family": a.family.heading(), "written_by": a.written_by, "reads": a.reads,
        "carries": a.carries.iter().map(ToString::to_string).collect::<Vec<_>>(), "recognised_by": a.recognised_by,
        "rule": a.rule,
    })
}

fn carries(a: &Adapter) -> String {
    a.carries.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

fn list(adapters: &[&Adapter]) -> String {
    let mut out = String::new();
    for family in Family::ALL {
        let mut table = Table::new(&["format", "carries", "what it is"], &[]);
        for adapter in adapters.iter().filter(|a| a.family == family) {
            table.row([adapter.id.to_owned(), carries(adapter), adapter.title.to_owned()]);
        }
        if adapters.iter().any(|a| a.family == family) {
            out.push_str(&format!("{}\n{}\n", family.heading(), table.text()));
        }
    }
    out.push_str("`modelgate evidence formats <text>` shows the details of a format.\n");
    out
}

/// What the page says about runs that measured little.
const NOTHING: &str = "## Nothing measured is not good news

Tools report a run as passed, perfect or fast even if it measured nothing. In modelgate such a check fails, with a detail
that says why: no test ran or all were skipped, a suite counts more tests than it lists, an expectation checked no row
or only nulls, a threshold was met on no sample, a test case has no metric, an attribute has one group and no other to
compare it with, models were built with `--empty`. A share of tests counts each test once: 20 tests that each run 10
times are 20 trials, not 200.

Load tools take their times from the requests that were answered. modelgate treats a failed request as slower than any
limit. So the check `requests succeeded` fails if a request failed, or if more requests were never finished than were
finished. A quantile among the failed requests (p99 if more than 1 of 100 failed, p50 if more than half did) is not a
quantile of the run. If more than half of the requests failed, no time and no rate of the run is valid. Those values stay
as the tool wrote them, `unfit` says why, and a rule on one is an `error`. The same is true for the metrics of a run that
its tracker reports as failed, killed or crashed, and for the differences of a frame with one group.
";

fn whole(a: &Adapter) -> String {
    let rule = format!("    [[rule]]\n    {}", a.rule.replace('\n', "\n    "));
    format!(
        "{}\n  {}\n  written by:     {}\n  carries:        {}\n  recognised by:  {}\n  reads:          {}\n  a rule:\n{rule}",
        a.id,
        a.title,
        a.written_by,
        carries(a),
        a.recognised_by,
        a.reads
    )
}

fn markdown(adapters: &[&Adapter]) -> String {
    let mut out = format!(
        "# Formats of evidence\n\n<!-- Made by `modelgate evidence formats --format markdown`; `make formats` writes it. -->\n\n\
         {} formats are recognised by the content of a file, never by its name. Each may be compressed with gzip or zstd,\n\
         and several may come in one zip or tar. Send what your tools write, as it is:\n\n\
         ```sh\nmodelgate evidence inspect report.json        # what is read from it\n\
         modelgate gate --evidence report.json …       # what is evaluated\n```\n\n\
         Rules for every format: n, slice, interval and unit are read if the file has them, and are absent otherwise; NaN,\n\
         infinities and null are undefined, and undefined is never a pass; a metric has the tool's own name and modelgate's\n\
         name, and a rule may use either; a warning names what is not read. The end of a metric's name decides which values it\n\
         can have: a `val/test_accuracy` of 71.25 stays as it is written, and every rule on it is an error. A file of no\n\
         known format is read with a [mapping](mappings.md); a new format is [one file](contributing/add-a-format.md).\n\n{NOTHING}",
        adapters.len()
    );
    out.push_str("\n| format | what it is | carries |\n|---|---|---|\n");
    for family in Family::ALL {
        for a in adapters.iter().filter(|a| a.family == family) {
            out.push_str(&format!(
                "| [`{}`](#{}) | {} | {} |\n",
                a.id,
                a.id,
                cell(a.title),
                carries(a)
            ));
        }
    }
    for family in Family::ALL {
        let mut of = adapters.iter().filter(|a| a.family == family).peekable();
        if of.peek().is_some() {
            out.push_str(&format!("\n## {}\n", family.heading()));
        }
        for a in of {
            out.push_str(&format!(
                "\n### {}\n\n{}.\n\n- Written by: {}\n- Read: {}\n- Recognised by {}.\n\n```toml\n[[rule]]\n{}\n```\n",
                a.id,
                a.title.trim_end_matches('.'),
                code(a.written_by),
                a.reads,
                a.recognised_by.trim_end_matches('.'),
                a.rule.trim_end()
            ));
        }
    }
    out
}

fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}

/// A command as code, unless the text has its own.
fn code(text: &str) -> String {
    if text.contains('`') { text.to_owned() } else { format!("`{text}`") }
}
