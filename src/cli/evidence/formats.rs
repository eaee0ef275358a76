//! `modelgate evidence formats`.

use crate::{
    cli::{
        exit::Outcome,
        output::{self, Format},
    },
    evidence::ADAPTERS,
};

/// Arguments of `modelgate evidence formats`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// How to print the list
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

pub(super) fn run(args: &Args) -> Outcome {
    if args.format == Format::Json {
        let list: Vec<_> = ADAPTERS
            .iter()
            .map(|a| {
                serde_json::json!({
                    "format": a.id, "title": a.title, "carries": a.carries.iter().map(ToString::to_string).collect::<Vec<_>>(), "recognised_by": a.recognised_by
                })
            })
            .collect();
        output::json(&serde_json::json!({ "formats": list }))?;
        return Ok(0);
    }
    for adapter in ADAPTERS {
        output::line(&format!(
            "{}\n  {}\n  carries:        {}\n  recognised by:  {}\n",
            adapter.id,
            adapter.title,
            adapter.carries.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "),
            adapter.recognised_by
        ));
    }
    output::line("A file is recognised by its content; `--evidence format=<id>:<path>` names the format instead.");
    Ok(0)
}
