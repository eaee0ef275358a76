//! `modelgate replay`: recompute exported decisions.

use super::{
    exit::{Failure, Outcome},
    folder::{self, unreadable},
    output::{self, Format, plain},
};
use crate::app::offline::replay::{self, Files, RECORD, Replay};
use std::{
    fs,
    io::Read as _,
    path::{Path, PathBuf},
};

/// The code of an export that cannot be read.
const CODE: &str = "replay-unreadable";
/// The maximum size of an export.
const MAX_TOTAL: u64 = 1 << 30;

/// Arguments of `modelgate replay`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
A replay evaluates the exported inputs again, with the exported policies, at the recorded time, and compares the verdict
with the record byte for byte. It does not check signatures: `modelgate verify` does.

Exit codes: 0 every decision was recomputed to the same bytes, whatever its verdict; 1 one differs; 2 unreadable.

Examples:
  modelgate replay credit-risk-2026-11
  modelgate replay exports/ --format json")]
pub struct Args {
    /// Exported decisions, or folders of them
    #[arg(value_name = "DIR", required = true)]
    folders: Vec<PathBuf>,
    /// How to print the result
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// Runs the command.
pub fn run(args: &Args) -> Outcome {
    let mut exports = Vec::new();
    for folder in &args.folders {
        exports.extend(find(folder)?);
    }
    let done: Vec<Done> = exports
        .into_iter()
        .map(|path| {
            let result = one(&path);
            (path, result)
        })
        .collect();
    let code = |(_, result): &Done| match result {
        Ok(replay) => u8::from(!replay.same),
        Err(failure) => failure.exit,
    };
    let code = done.iter().map(code).max().unwrap_or(0);
    match args.format {
        Format::Json => output::json(&document(&done))?,
        Format::Text => done.iter().for_each(text),
    }
    Ok(code)
}

type Done = (PathBuf, Result<Replay, Failure>);

/// The folder itself, or those in it that are exports.
fn find(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    if folder.join(RECORD).exists() {
        return Ok(vec![folder.to_owned()]);
    }
    let list = fs::read_dir(folder).map_err(|e| unreadable(CODE, folder, e))?;
    let mut found: Vec<PathBuf> = list
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.join(RECORD).exists())
        .collect();
    found.sort_unstable();
    // Neither an export nor a folder of them: reading it says so.
    Ok(if found.is_empty() { vec![folder.to_owned()] } else { found })
}

fn one(folder: &Path) -> Result<Replay, Failure> {
    let mut files = Files::new();
    let mut left = MAX_TOTAL;
    for found in folder::files(folder, CODE)? {
        let mut bytes = Vec::new();
        let file = fs::File::open(&found.path).map_err(|e| unreadable(CODE, &found.path, e))?;
        file.take(left + 1)
            .read_to_end(&mut bytes)
            .map_err(|e| unreadable(CODE, &found.path, e))?;
        left = left
            .checked_sub(bytes.len() as u64)
            .ok_or_else(|| unreadable(CODE, folder, "it is too large for an exported decision"))?;
        files.insert(found.name, bytes);
    }
    replay::replay(&files).map_err(|e| {
        let shown = plain(&folder.display().to_string());
        Failure::input(e.code(), format!("`{shown}`: {}", plain(&e.to_string())))
    })
}

fn document(done: &[Done]) -> serde_json::Value {
    let one = |(path, result): &Done| {
        let path = path.display().to_string();
        match result {
            Ok(replay) => serde_json::json!({
                "path": path, "result": if replay.same { "same" } else { "different" }, "verdict": replay.verdict,
                "inputs_digest": replay.inputs_digest, "recorded": replay.recorded, "recomputed": replay.recomputed,
                "differences": replay.differences,
            }),
            Err(failure) => serde_json::json!({
                "path": path, "result": "unreadable", "error": {"code": failure.code, "message": failure.message},
            }),
        }
    };
    serde_json::json!({"results": done.iter().map(one).collect::<Vec<_>>()})
}

fn text((path, result): &Done) {
    let path = plain(&path.display().to_string());
    let replay = match result {
        Ok(replay) => replay,
        Err(failure) => return output::note(&format!("error: {}", failure.message)),
    };
    if replay.same {
        return output::line(&format!(
            "{path}: the same {} verdict, byte for byte ({})",
            replay.verdict, replay.recorded
        ));
    }
    output::line(&format!("{path}: DIFFERENT from the record, which says {}", replay.verdict));
    for difference in &replay.differences {
        output::line(&format!("  {}", plain(&difference.at)));
        output::line(&format!("    recorded    {}", plain(&difference.recorded)));
        output::line(&format!("    recomputed  {}", plain(&difference.recomputed)));
    }
}
