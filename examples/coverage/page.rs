//! The tables and the plot of `docs/coverage.md`.

use super::run::Cell;
use std::{collections::BTreeMap, fmt::Write as _};

/// How many of the worst cells are listed.
const WORST: usize = 40;

/// The worst cell of each bound, and the worst cells of all. Sorts the cells.
pub fn tables(cells: &mut [Cell]) -> String {
    cells.sort_by(|a, b| b.shown().total_cmp(&a.shown()).then(a.situation.cmp(&b.situation)));
    let mut out = String::from(
        "| bound | cells | error in the worst | shown at 99% | in | rows | samples | decided in all |\n|---|---|---|---|---|---|---|---|\n",
    );
    let mut bounds: Vec<&str> = Vec::new();
    for cell in cells.iter() {
        if !bounds.contains(&cell.bound.as_str()) {
            bounds.push(&cell.bound);
        }
    }
    for bound in bounds {
        let own: Vec<&Cell> = cells.iter().filter(|c| c.bound == bound).collect();
        let Some(worst) = own.first() else { continue };
        let (decided, runs) = own.iter().fold((0, 0), |(d, r), c| (d + c.decided, r + c.runs));
        let _ = writeln!(
            out,
            "| {bound} | {} | {:.3} | {:.3} | {} | {} | {} | {} |",
            own.len(),
            worst.error(),
            worst.shown(),
            worst.situation,
            worst.rows,
            worst.runs,
            share(decided, runs)
        );
    }
    out += "\n| error | shown at 99% | bound | situation | rows | truth | samples | decided | mean distance |\n|---|---|---|---|---|---|---|---|---|\n";
    for cell in cells.iter().take(WORST) {
        let _ = writeln!(
            out,
            "| {:.3} | {:.3} | {} | {} | {} | {:.4} | {} | {} | {:.4} |",
            cell.error(),
            cell.shown(),
            cell.bound,
            cell.situation,
            cell.rows,
            cell.truth,
            cell.runs,
            share(cell.decided, cell.runs),
            cell.reach
        );
    }
    out
}

fn share(part: usize, of: usize) -> String {
    format!("{:.0}%", 100.0 * part as f64 / of.max(1) as f64)
}

/// Every cell as a dot, one line for each bound.
pub fn plot(cells: &[Cell]) -> String {
    let mut bounds: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
    for cell in cells {
        bounds.entry(&cell.bound).or_default().push(cell.error());
    }
    let (left, line, width) = (330.0, 18.0, 560.0);
    let height = 50.0 + line * bounds.len() as f64;
    let x = |error: f64| left + width * (error / 0.1).min(1.0);
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {} {height}\" role=\"img\" \
         aria-label=\"Share of bounds that miss the truth, by kind of bound\">\n\
         <style>text{{font:12px sans-serif;fill:#24292f}}.a{{stroke:#cf222e}}.g{{stroke:#d0d7de}}\
         circle{{fill:#0969da;fill-opacity:.45}}rect{{fill:#fff}}</style>\n\
         <rect width=\"100%\" height=\"100%\"/>\n",
        left + width + 30.0
    );
    for tick in [0.0, 0.02, 0.04, 0.05, 0.06, 0.08, 0.1] {
        let class = if tick == 0.05 { "a" } else { "g" };
        let _ = writeln!(
            out,
            "<line class=\"{class}\" x1=\"{0:.1}\" x2=\"{0:.1}\" y1=\"24\" y2=\"{1:.1}\"/>\
             <text x=\"{0:.1}\" y=\"16\" text-anchor=\"middle\">{tick}</text>",
            x(tick),
            height - 10.0
        );
    }
    for (row, (bound, errors)) in bounds.iter().enumerate() {
        let y = 42.0 + line * row as f64;
        let _ = writeln!(
            out,
            "<text x=\"{}\" y=\"{:.1}\" text-anchor=\"end\">{bound}</text>",
            left - 12.0,
            y + 4.0
        );
        for error in errors {
            let _ = writeln!(out, "<circle cx=\"{:.1}\" cy=\"{y:.1}\" r=\"3\"/>", x(*error));
        }
    }
    out + "</svg>\n"
}
