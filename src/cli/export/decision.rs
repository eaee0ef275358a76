//! `modelgate export decision`.

use crate::{
    cli::{
        client::ServerArgs,
        exit::{Failure, Outcome},
        files,
        output::{self, Format, plain},
        service::block_on,
    },
    model::DecisionId,
    wire::common::{ExportV1, FileV1},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
};

/// Arguments of `modelgate export decision`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
The keys in the export's trust/ are data. To verify it, pin keys that you got in another way:
  modelgate verify DIR --trust PINNED

Examples:
  modelgate export decision 01K… --out credit-risk-2026-11
  modelgate export decision 01K… --out d --force --format json")]
pub struct Args {
    /// The decision
    id: DecisionId,
    /// Folder to write to; it is created, or must be empty
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Write into a folder that is not empty
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    server: ServerArgs,
    /// How to print what was written
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

pub(super) fn run(args: &Args) -> Outcome {
    let client = args.server.client()?;
    if !args.force {
        refuse_full(&args.out)?;
    }
    let export: ExportV1 = block_on(client.get(&format!("/api/v1/decisions/{}/export", args.id)))?;
    let written = decoded(export.files)?;
    files::write_all(&args.out, &written)?;
    let shown = plain(&args.out.display().to_string());
    match args.format {
        Format::Json => output::json(&serde_json::json!({
            "decision": args.id, "path": args.out.display().to_string(), "files": written.keys().collect::<Vec<_>>(),
        }))?,
        Format::Text => output::line(&format!("{shown}: {} files", written.len())),
    }
    Ok(0)
}

fn refuse_full(folder: &Path) -> Result<(), Failure> {
    let is_full = match fs::read_dir(folder) {
        Ok(mut list) => list.next().is_some(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => false,
        Err(error) => return Err(unwritable(folder, error)),
    };
    if is_full {
        let shown = plain(&folder.display().to_string());
        let message =
            format!("the folder `{shown}` is not empty; name another one, or pass `--force`");
        return Err(Failure::input("folder-not-empty", message));
    }
    Ok(())
}

/// The files by their paths. Data from the service is not trusted: a path that leads outside the
/// folder is refused, and with it the whole export.
pub(in crate::cli) fn decoded(files: Vec<FileV1>) -> Result<BTreeMap<String, Vec<u8>>, Failure> {
    let mut out = BTreeMap::new();
    for file in files {
        let wrong = |why: &str| {
            let message = format!(
                "the export names `{}`, which {why}; nothing was written",
                plain(&file.path)
            );
            Failure::service("export-refused", message)
        };
        if !is_safe(&file.path) {
            return Err(wrong("is not a path below its folder"));
        }
        let bytes = STANDARD.decode(&file.content_base64).map_err(|_| wrong("is not base64"))?;
        if out.insert(file.path.clone(), bytes).is_some() {
            return Err(wrong("it names twice"));
        }
    }
    if out.is_empty() {
        return Err(Failure::service("export-refused", "the export contains no file"));
    }
    Ok(out)
}

/// Plain names, separated by slashes: no `..`, no root, no drive, nothing hidden.
fn is_safe(path: &str) -> bool {
    let part = |part: &str| {
        !part.is_empty()
            && !part.starts_with('.')
            && part.len() <= 200
            && part.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b))
    };
    path.split('/').count() <= 4 && path.split('/').all(part)
}

fn unwritable(path: &Path, why: impl std::fmt::Display) -> Failure {
    Failure::input(
        "export-unwritable",
        format!("cannot write `{}`: {why}", plain(&path.display().to_string())),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(path: &str, text: &str) -> FileV1 {
        FileV1 { path: path.into(), content_base64: STANDARD.encode(text) }
    }

    #[test]
    fn a_path_that_leads_elsewhere_refuses_the_whole() {
        for bad in [
            "../x",
            "/etc/passwd",
            "a/../../x",
            "a//b",
            "",
            "a\\b",
            "C:x",
            ".bashrc",
            "a/./b",
            "a/\n",
            "a/b/c/d/e",
        ] {
            assert!(
                decoded(vec![file("record.dsse.json", "{}"), file(bad, "x")]).is_err(),
                "{bad}"
            );
        }
        assert!(decoded(vec![file("a", "1"), file("a", "2")]).is_err());
        assert!(decoded(vec![]).is_err());
        assert_eq!(decoded(vec![file("policies/ab.toml", "x")]).unwrap()["policies/ab.toml"], b"x");
    }

    #[cfg(unix)]
    #[test]
    fn links_are_neither_followed_nor_written_through() {
        let dir = tempfile::tempdir().unwrap();
        let (outside, inside) = (dir.path().join("outside"), dir.path().join("in"));
        fs::create_dir_all(outside.join("f")).unwrap();
        fs::create_dir_all(&inside).unwrap();
        fs::write(outside.join("t"), "kept").unwrap();
        std::os::unix::fs::symlink(outside.join("t"), inside.join("t")).unwrap();
        std::os::unix::fs::symlink(outside.join("f"), inside.join("f")).unwrap();
        files::write_all(&inside, &decoded(vec![file("t", "new")]).unwrap()).unwrap();
        assert_eq!(fs::read(outside.join("t")).unwrap(), b"kept");
        assert_eq!(fs::read(inside.join("t")).unwrap(), b"new");
        assert!(files::write_all(&inside, &decoded(vec![file("f/x", "new")]).unwrap()).is_err());
    }
}
