//! The command line: one file per command, parsed here and run there.

pub mod approve;
pub mod artifact;
pub mod check;
pub mod client;
pub mod completions;
pub mod dataset;
pub mod db;
pub mod demo;
pub mod evidence;
pub mod evidence_arg;
pub mod exit;
pub mod export;
pub mod files;
pub mod folder;
pub mod gate;
pub mod key;
mod log_lines;
pub mod logging;
pub mod mapping;
pub mod output;
pub mod policy;
pub mod progress;
pub mod reference;
pub mod replay;
pub mod report;
pub mod serve;
pub mod service;
pub mod status;
pub mod token;
pub mod user;
pub mod verdict_text;
pub mod verify;

use crate::model::Vote;
use clap::{Parser, Subcommand, error::ErrorKind};
use exit::Failure;
use std::{ffi::OsString, process::ExitCode};

/// Put a gate between "trained" and "released".
#[derive(Debug, Parser)]
#[command(name = "modelgate", version, max_term_width = 100, disable_help_subcommand = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Show a complete example on a temporary database, then keep serving
    Demo(demo::Args),
    /// Download the report of a release or of a period
    Report(report::Args),
    /// Read evidence files: what is in them, which formats we know
    Evidence(evidence::Args),
    /// Evaluate evidence against policies offline; stores nothing
    Check(check::Args),
    /// Submit evidence to the service and get its verdict on the artifact
    Gate(gate::Args),
    /// Approve a release
    Approve(approve::Args),
    /// Reject a release
    Reject(approve::Args),
    /// Show the state of a release
    Status(status::Args),
    /// Lint, explain, test and publish policies
    Policy(policy::Args),
    /// Lint and publish how a team's own files are read
    Mapping(mapping::Args),
    /// Pin the artifact that others are compared with
    Reference(reference::Args),
    /// Register labels and groups that CI never sees
    Dataset(dataset::Args),
    /// Write the files that prove a decision without the service
    Export(export::Args),
    /// Verify an exported decision, offline
    Verify(verify::Args),
    /// Recompute the decisions of an export
    Replay(replay::Args),
    /// Run the service
    Serve(serve::Args),
    /// Show the public keys that others verify with
    Key(key::Args),
    /// Create, list and end API tokens
    Token(token::Args),
    /// Create and list the people who review
    User(user::Args),
    /// Migrate and check the database
    Db(db::Args),
    /// Complete our commands in a shell
    Completions(completions::Args),
}

fn dispatch(command: Command) -> exit::Outcome {
    match command {
        Command::Demo(args) => demo::run(args),
        Command::Report(args) => report::run(args),
        Command::Gate(args) => gate::run(args),
        Command::Approve(args) => approve::run(args, Vote::Approve),
        Command::Reject(args) => approve::run(args, Vote::Reject),
        Command::Status(args) => status::run(args),
        Command::Export(args) => export::run(args),
        Command::Completions(args) => completions::run(&args),
        Command::Serve(args) => serve::run(args),
        Command::Key(args) => key::run(args),
        Command::Token(args) => token::run(args),
        Command::User(args) => user::run(args),
        Command::Db(args) => db::run(args),
        Command::Dataset(args) => dataset::run(args),
        Command::Reference(args) => reference::run(args),
        Command::Mapping(args) => mapping::run(args),
        Command::Evidence(args) => evidence::run(args),
        Command::Check(args) => check::run(args),
        Command::Policy(args) => policy::run(args),
        Command::Verify(args) => verify::run(args),
        Command::Replay(args) => replay::run(&args),
    }
}

/// Runs the command line `argv` and returns the exit code of the process.
pub fn main(argv: impl IntoIterator<Item = OsString>) -> ExitCode {
    logging::report_panics();
    let argv: Vec<OsString> = argv.into_iter().collect();
    let as_json = wants(&argv, "json");
    let words: Vec<&str> = argv.iter().filter_map(|word| word.to_str()).collect();
    if logging::asks_for_json(&words) {
        output::notes_as_json();
    }
    let parsed = match Cli::try_parse_from(&argv) {
        Ok(cli) => cli,
        Err(error) if !error.use_stderr() => {
            output::raw(&error.render().ansi().to_string());
            return ended(Ok(0), false);
        }
        // Called without a command: show the help, not an error.
        Err(error)
            if error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand && !as_json =>
        {
            output::note(&error.render().ansi().to_string());
            return ExitCode::from(exit::USAGE);
        }
        Err(error) => {
            let message = error.render().ansi().to_string();
            let failure = Failure::input("usage", message.trim_end());
            // The runner shows annotations; an error that is only in the log is hard to find.
            return if wants(&argv, "github") {
                told_runner(&failure)
            } else {
                report(&failure, as_json)
            };
        }
    };
    ended(dispatch(parsed.command), as_json)
}

/// The exit code of a command with that outcome. A result that stdout did not accept is a failure,
/// too.
fn ended(outcome: exit::Outcome, as_json: bool) -> ExitCode {
    match (outcome, output::finish()) {
        (Err(failure), _) => report(&failure, as_json),
        (Ok(code), Err(failure)) if code != exit::USAGE => report(&failure, false),
        (Ok(code), _) => ExitCode::from(code),
    }
}

/// Prints a failure on stderr and, if the caller asked for JSON, as the one document on stdout.
fn report(failure: &Failure, as_json: bool) -> ExitCode {
    output::failure(failure);
    if as_json {
        let message = anstream::adapter::strip_str(&failure.message).to_string();
        let document = serde_json::json!({"error": {"code": failure.code, "message": message}});
        // The document is text and a code, so it has a JSON form; the exit code says the rest.
        let _ = output::json(&document);
    }
    ExitCode::from(failure.exit)
}

fn told_runner(failure: &Failure) -> ExitCode {
    match gate::failed(failure) {
        Ok(code) => ExitCode::from(code),
        Err(other) => report(&other, false),
    }
}

fn wants(argv: &[OsString], format: &str) -> bool {
    let words: Vec<_> = argv.iter().filter_map(|a| a.to_str()).collect();
    words.contains(&format!("--format={format}").as_str())
        || words.windows(2).any(|w| w == ["--format", format])
}
