//! Simulates how often each bound that may decide misses the truth.
//!
//!     cargo run --locked --release --example coverage -- docs/coverage.svg > table.md
//!
//! Draws samples of many kinds from a fixed seed, computes their bounds as `modelgate evidence
//! compute` does, and prints the table of `docs/coverage.md`, worst cell first. With a number as the
//! second argument, draws that many samples of each kind; with a word as the third, only the
//! situations of that family.
#![expect(
    clippy::pedantic,
    clippy::print_stdout,
    clippy::too_many_lines,
    reason = "a program that prints tables, with one list of situations a function"
)]

mod cells;
mod draw;
mod exact;
mod frame;
mod page;
mod run;

use std::{env, fs, process::ExitCode};

/// Samples of each kind, unless another number is asked for.
const RUNS: usize = 2_000;

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let Some(path) = arguments.first() else {
        println!("say where the plot goes: coverage docs/coverage.svg");
        return ExitCode::from(2);
    };
    let runs = arguments.get(1).and_then(|n| n.parse().ok()).unwrap_or(RUNS);
    let family = arguments.get(2).map_or("", String::as_str);
    let mut found = Vec::new();
    for (name, situations) in [
        ("areas", cells::areas as fn() -> Vec<cells::Situation>),
        ("paired", cells::paired),
        ("probabilities", cells::probabilities),
        ("classes", cells::classes),
        ("errors", cells::errors),
    ] {
        if family.is_empty() || family == name {
            found.extend(run::all(&situations(), runs));
        }
    }
    if family.is_empty() || family == "exact" {
        found.extend(exact::all());
    }
    println!("{}", page::tables(&mut found));
    match fs::write(path, page::plot(&found)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            println!("cannot write the plot: {error}");
            ExitCode::from(5)
        }
    }
}
