//! Simulates how many models that are not good enough pass each kind of gate, and how often a good
//! model passes.
//!
//!     cargo run --locked --release --example simulation -- docs/simulation.svg > table.md
//!
//! Draws 10,000 evaluations of each model from a fixed seed, prints a table in Markdown and writes
//! a plot of the probability to pass against the true rate, which is exact: a sum of binomial
//! probabilities.
#![expect(
    clippy::print_stdout,
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a program that prints, with counts far below 2^53"
)]

use modelgate::stats::{
    binomial::upper_tail,
    proportion::clopper_pearson_lower,
    resample::{mix64, row_state},
    score::{jeffreys, wilson},
};
use std::{env, fmt::Write as _, fs, process::ExitCode};

/// The one-sided error probability of a bound.
const ALPHA: f64 = 0.05;

const EVALUATIONS: u64 = 10_000;
const SEED: u64 = 20_261_121;

/// An evaluation set and a limit, with models below the limit, just below it, and clearly above.
struct Setting {
    rows: u64,
    bar: f64,
    models: [f64; 5],
}

const LARGE: Setting = Setting { rows: 1_000, bar: 0.9, models: [0.89, 0.895, 0.8999, 0.92, 0.93] };
/// Few rows, where the approximate bounds let through more than they state.
const SMALL: Setting = Setting { rows: 87, bar: 0.95, models: [0.93, 0.94, 0.9499, 0.98, 0.99] };

/// A kind of gate: its name, its colour and style in the plot, and whether it passes this number of
/// hits.
struct Gate {
    name: &'static str,
    class: &'static str,
    passes: fn(u64, &Setting) -> bool,
}

const GATES: [Gate; 6] = [
    Gate {
        name: "modelgate: exact one-sided 95% bound",
        class: "exact",
        passes: |hits, s| {
            clopper_pearson_lower(hits, s.rows, ALPHA).is_some_and(|lower| lower >= s.bar)
        },
    },
    Gate {
        name: "Wilson 95% bound",
        class: "wilson",
        passes: |hits, s| wilson(hits, s.rows, ALPHA).is_some_and(|b| b.lower >= s.bar),
    },
    Gate {
        name: "Jeffreys 95% bound",
        class: "jeffreys",
        passes: |hits, s| jeffreys(hits, s.rows, ALPHA).is_some_and(|b| b.lower >= s.bar),
    },
    Gate {
        name: "value − 1 standard error",
        class: "error",
        passes: |hits, s| value(hits, s) - error(hits, s) >= s.bar,
    },
    Gate {
        name: "value + 1 standard error",
        class: "lenient",
        passes: |hits, s| value(hits, s) + error(hits, s) >= s.bar,
    },
    Gate {
        name: "bare value (MLflow, SageMaker thresholds)",
        class: "bare",
        passes: |hits, s| value(hits, s) >= s.bar,
    },
];

fn value(hits: u64, setting: &Setting) -> f64 {
    hits as f64 / setting.rows as f64
}

fn error(hits: u64, setting: &Setting) -> f64 {
    let value = value(hits, setting);
    (value * (1.0 - value) / setting.rows as f64).sqrt()
}

/// The number of correct predictions of a model in one evaluation.
fn evaluate(rate: f64, rows: u64, model: u64, evaluation: u64) -> u64 {
    let state = row_state(SEED ^ mix64(model), evaluation);
    let below = (rate * (1_u64 << 53) as f64) as u64;
    (0..rows).filter(|row| row_state(state, *row) >> 11 < below).count() as u64
}

/// The smallest number of hits that passes; every gate also passes all larger numbers.
fn least(gate: &Gate, setting: &Setting) -> u64 {
    (0..=setting.rows).find(|hits| (gate.passes)(*hits, setting)).unwrap_or(setting.rows + 1)
}

fn main() -> ExitCode {
    let Some(path) = env::args_os().nth(1) else {
        println!("say where the plot goes: simulation docs/simulation.svg");
        return ExitCode::from(2);
    };
    println!("{}\n\n{}", table(&LARGE), table(&SMALL));
    match fs::write(&path, plot()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            println!("cannot write the plot: {error}");
            ExitCode::from(5)
        }
    }
}

fn table(setting: &Setting) -> String {
    let Setting { rows, bar, models } = *setting;
    let mut text = format!("| accuracy at least {bar}, {rows} rows | least that passes |");
    for rate in models {
        let _ = write!(text, " true {rate} |");
    }
    text.push_str("\n|---|---|");
    text.push_str(&"---|".repeat(models.len()));
    for gate in &GATES {
        let least = least(gate, setting);
        let _ = write!(text, "\n| {} | {:.3} |", gate.name, value(least, setting));
        for (model, rate) in (0..).zip(models) {
            let passed =
                (0..EVALUATIONS).filter(|e| evaluate(rate, rows, model, *e) >= least).count();
            let share = 100.0 * passed as f64 / EVALUATIONS as f64;
            let _ = write!(text, " {share:.1}% ({:.1}%) |", 100.0 * upper_tail(least, rows, rate));
        }
    }
    text
}

/// The frame of the plot in plot units, and the range of rates that it shows.
const LEFT: f64 = 60.0;
const TOP: f64 = 40.0;
const WIDTH: f64 = 600.0;
const HEIGHT: f64 = 320.0;
const FIRST: f64 = 0.87;
const LAST: f64 = 0.94;

fn place(rate: f64, chance: f64) -> (f64, f64) {
    (LEFT + (rate - FIRST) / (LAST - FIRST) * WIDTH, TOP + (1.0 - chance) * HEIGHT)
}

const STYLE: &str = "\
<style>
svg { --ink: #1f2328; --page: #ffffff; --line: #d1d9e0; --exact: #0b6bcb; --wilson: #1a7f37; --jeffreys: #8250df; \
--error: #9a6700; --lenient: #bc4c00; --bare: #cf222e; font: 13px system-ui, sans-serif }
@media (prefers-color-scheme: dark) { svg { --ink: #e6edf3; --page: #0d1117; --line: #3d444d; --exact: #58a6ff; \
--wilson: #3fb950; --jeffreys: #bc8cff; --error: #d29922; --lenient: #f0883e; --bare: #ff7b72 } }
text { fill: var(--ink) } .page { fill: var(--page) } .line { stroke: var(--line); fill: none }
.bar { stroke: var(--ink); stroke-dasharray: 3 3 } .curve { fill: none; stroke-width: 2 }
.exact { stroke: var(--exact); stroke-width: 7; stroke-opacity: 0.55 } .wilson { stroke: var(--wilson); stroke-dasharray: 7 3 }
.jeffreys { stroke: var(--jeffreys); stroke-dasharray: 2 3 } .error { stroke: var(--error); stroke-dasharray: 10 3 2 3 }
.lenient { stroke: var(--lenient); stroke-dasharray: 10 3 2 3 2 3 } .bare { stroke: var(--bare) }
</style>
";

fn plot() -> String {
    let Setting { rows, bar, .. } = LARGE;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 700 540\" role=\"img\" \
         aria-labelledby=\"title\">\n<title id=\"title\">Chance to pass a gate of accuracy {bar} on {rows} rows, by true \
         accuracy</title>\n{STYLE}<rect class=\"page\" width=\"700\" height=\"540\"/>\n\
         <text x=\"{LEFT}\" y=\"22\">Chance to pass “accuracy at least {bar}” on {rows} rows</text>\n"
    );
    for tenth in 0..=5 {
        let chance = f64::from(tenth) / 5.0;
        let (x, y) = place(FIRST, chance);
        let _ = writeln!(svg, "<path class=\"line\" d=\"M{x:.1} {y:.1}h{WIDTH}\"/>");
        let percent = tenth * 20;
        let _ = writeln!(
            svg,
            "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{percent}%</text>",
            x - 8.0,
            y + 4.0
        );
    }
    for step in 0..=7 {
        let rate = FIRST + f64::from(step) * 0.01;
        let (x, y) = place(rate, 0.0);
        let _ = writeln!(
            svg,
            "<text x=\"{x:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{rate:.2}</text>",
            y + 20.0
        );
    }
    let (x, y) = place(bar, 1.0);
    let _ = writeln!(svg, "<path class=\"bar\" d=\"M{x:.1} {y:.1}v{HEIGHT}\"/>");
    let (middle, bottom) = (LEFT + WIDTH / 2.0, TOP + HEIGHT + 40.0);
    let _ = writeln!(
        svg,
        "<text x=\"{middle}\" y=\"{bottom}\" text-anchor=\"middle\">true accuracy</text>"
    );
    for (row, gate) in (0..).zip(&GATES) {
        let least = least(gate, &LARGE);
        let points: Vec<String> = (0..=140)
            .map(|step| FIRST + f64::from(step) * 0.0005)
            .map(|rate| place(rate, upper_tail(least, rows, rate)))
            .map(|(x, y)| format!("{x:.1},{y:.1}"))
            .collect();
        let _ = writeln!(
            svg,
            "<polyline class=\"curve {}\" points=\"{}\"/>",
            gate.class,
            points.join(" ")
        );
        let y = bottom + 22.0 + 18.0 * f64::from(row);
        let _ = writeln!(svg, "<path class=\"curve {}\" d=\"M{LEFT} {y:.1}h36\"/>", gate.class);
        let at_bar = 100.0 * upper_tail(least, rows, bar);
        let _ = writeln!(
            svg,
            "<text x=\"{:.1}\" y=\"{:.1}\">{} passes {at_bar:.1}% of models at the bar</text>",
            LEFT + 46.0,
            y + 4.0,
            gate.name
        );
    }
    svg.push_str("</svg>\n");
    svg
}
