//! The short form of `examples/coverage`: cells in which bounds by the usual formulas miss far more
//! often than stated. The expected values are the stated errors themselves.

#[path = "../../examples/coverage/cells.rs"]
#[expect(dead_code, reason = "the example uses all of it")]
mod cells;
#[path = "../../examples/coverage/draw.rs"]
mod draw;
#[path = "../../examples/coverage/frame.rs"]
mod frame;
#[path = "../../examples/coverage/run.rs"]
#[expect(dead_code, reason = "the example uses all of it")]
mod run;

use run::Cell;

/// Runs of each cell.
const RUNS: usize = 40;

/// More misses than a bound has that errs at 5%, except in one of ten thousand tests.
const MOST: usize = 9;

fn cells(situations: Vec<cells::Situation>, name: &str, rows: usize) -> Vec<Cell> {
    let mut one: Vec<_> = situations.into_iter().filter(|s| s.name == name).collect();
    assert_eq!(one.len(), 1, "{name}");
    one.iter_mut().for_each(|s| s.sizes = vec![rows]);
    run::all_of(&one, RUNS, 40_000)
}

fn hold(cells: &[Cell]) {
    assert!(!cells.is_empty());
    for cell in cells {
        assert!(
            cell.misses <= MOST,
            "{} in {}: {} of {}",
            cell.bound,
            cell.situation,
            cell.misses,
            cell.runs
        );
    }
}

/// DeLong's bound misses an area of 0.98 on 20 positives in 24 of 100 samples, and a share of lost
/// positives in 60.
#[test]
fn areas_on_few_positives_hold() {
    for name in [
        "normal scores, area 0.98, 0.1 positive",
        "0.02 of the positives lost below all, 0.1 positive",
    ] {
        hold(&cells(cells::areas(), name, 200));
    }
}

/// Scores rounded to 0: the bootstrap misses the log loss in half of all samples.
#[test]
fn a_log_loss_of_scores_rounded_to_zero_holds() {
    hold(&cells(cells::probabilities(), "rounded to 0, 1% positive there", 200));
}

/// A perfect model on 50 rows: the bootstrap's lower bound of the calibration error is above the
/// truth in all samples.
#[test]
fn a_calibrated_model_is_not_found_wanting() {
    hold(&cells(cells::probabilities(), "calibrated, uniform", 50));
}

/// A class of 2%: macro averages.
#[test]
fn averages_with_a_rare_class_hold() {
    hold(&cells(cells::classes(), "one class of 2%", 300));
}

/// Errors without a variance of their squares.
#[test]
fn errors_with_heavy_tails_hold_or_have_no_bound() {
    hold(&cells(cells::errors(), "errors of Student's t, 3 degrees", 200));
}
