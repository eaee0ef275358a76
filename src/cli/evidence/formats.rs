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
`--evidence format=<id>:<path>` names the format instead, and `modelgate mapping` is for files of no known format.

Examples:
  modelgate evidence formats
  modelgate evidence formats junit
  modelgate evidence formats --format json")]
pub struct Args {
    /// Only formats whose id or tool holds this text, with all that is known of them
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
    /// The page of the documents.
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
            output::json(&serde_json::json!({ "formats": adapters.iter().map(|a| json(a)).collect::<Vec<_>>() }))?;
        }
        Format::Markdown => output::raw(&markdown(&adapters)),
        Format::Text if args.named.is_some() => adapters.iter().for_each(|a| output::line(&whole(a))),
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
    out.push_str("`modelgate evidence formats <text>` tells more of one.\n");
    out
}

/// What the page says of runs that measured little.
const NOTHING: &str = "## Nothing measured is not good news

Tools call a run passed, perfect or fast that measured nothing. Here such a check failed, with a detail that says why:
no test ran or all were skipped, a suite counts more tests than it lists, an expectation looked at no row or at nulls
only, a threshold was kept over no sample, a test case has no metric, an attribute has one group and no other to compare
it with, models were built with `--empty`. A share of tests counts each test once: 20 tests that are each run 10 times
are 20 trials, not 200.

Load tools take their times from the requests that were answered. To us a request that failed took longer than any
limit. So the check `requests succeeded` fails where one failed, or where more were never finished than were; a quantile
that lies among the failed ones (p99 where more than 1 of 100 failed, p50 where more than half did) is no quantile of the
run; and of a run in which more than half failed no time and no rate is one. Those values stay as the tool wrote them,
`unfit` says why, and a rule on one is an `error`. So are the metrics of a run that its tracker calls failed, killed or
crashed, and the differences of a frame with one group.
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
         {} formats are recognised by what is in a file, never by its name. Any of them may be compressed with gzip or zstd,\n\
         and several may come in one zip or tar. Send what your tools write, as it is:\n\n\
         ```sh\nmodelgate evidence inspect report.json        # what we read out of it\n\
         modelgate gate --evidence report.json …       # what is judged\n```\n\n\
         What every format keeps to: n, slice, interval and unit are taken where the file has them and are absent where it has\n\
         not; NaN, infinities and null are undefined, and undefined is never a pass; the tool's own name of a metric stands\n\
         beside ours, and a rule may use either; what is not read is warned of. What a metric's name ends in decides\n\
         what it can be: a `val/test_accuracy` of 71.25 stays as it is written, and every rule on it is an error. A file of no\n\
         known format is read with a [mapping](mappings.md); a new format is [one file](contributing/add-a-format.md).\n\n{NOTHING}",
        adapters.len()
    );
    out.push_str("\n| format | what it is | carries |\n|---|---|---|\n");
    for family in Family::ALL {
        for a in adapters.iter().filter(|a| a.family == family) {
            out.push_str(&format!("| [`{}`](#{}) | {} | {} |\n", a.id, a.id, cell(a.title), carries(a)));
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

/// A command as code, unless the text brings its own.
fn code(text: &str) -> String {
    if text.contains('`') { text.to_owned() } else { format!("`{text}`") }
}
