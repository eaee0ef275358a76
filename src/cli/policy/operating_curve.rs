//! `modelgate policy operating-curve`.

use super::load;
use crate::{
    cli::{
        exit::{Failure, Outcome},
        files,
        output::{self, Format, plain},
    },
    model::{
        Op,
        number::{grouped, round12},
    },
    policy::power::{self, Proportion},
    render::Renderer,
    report::{
        numbers::Scale,
        operating::{Chance, Subject, curve},
    },
};
use serde::Serialize;
use std::path::{Path, PathBuf};

/// The number of points of a drawn curve.
const POINTS: u32 = 200;
/// The sample size if neither the rule nor the caller gives one.
const USUAL: u64 = 1_000;

/// Arguments of `modelgate policy operating-curve`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
For every limit on a proportion: the probability that the rule passes, fails or does not have enough data, against the true value,
computed exactly from the binomial distribution.

Examples:
  modelgate policy operating-curve policies/credit-risk.toml
  modelgate policy operating-curve policies/credit-risk.toml --rule accuracy-floor --n 3000 --svg curve.svg")]
pub struct Args {
    /// The policy file
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Only this rule
    #[arg(long, value_name = "ID")]
    rule: Option<String>,
    /// The sample size [default: the rule's `min_samples`, else 1000]
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u64).range(1..=1_000_000_000))]
    n: Option<u64>,
    /// Draw the curve into this file; needs a single limit, so name a rule
    #[arg(long, value_name = "FILE")]
    svg: Option<PathBuf>,
    /// How to print it
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// One curve as JSON.
#[derive(Debug, Serialize)]
struct CurveV1 {
    rule: String,
    metric: String,
    op: Op,
    limit: f64,
    n: u64,
    confidence: f64,
    /// The observed value nearest to the limit that passes.
    passes_from: Option<f64>,
    /// The observed value nearest to the limit that fails.
    fails_from: Option<f64>,
    points: Vec<Chance>,
}

pub(super) fn run(args: &Args) -> Outcome {
    let policy = load::policy(&args.file)?;
    let mut limits = power::proportions(&policy);
    if let Some(wanted) = &args.rule {
        limits.retain(|l| l.rule == wanted);
    }
    if limits.is_empty() {
        let what = args
            .rule
            .as_deref()
            .map_or_else(|| "no rule".to_owned(), |r| format!("no rule `{}`", plain(r)));
        let message = format!(
            "the policy has {what} with a limit on a proportion, such as accuracy or recall"
        );
        return Err(Failure::input("no-such-rule", message));
    }
    if let Some(path) = &args.svg {
        let [only] = limits.as_slice() else {
            let names: Vec<&str> = limits.iter().map(|l| l.rule).collect();
            let message = format!(
                "there are {} limits to draw; name one with `--rule`: {}",
                limits.len(),
                names.join(", ")
            );
            return Err(Failure::input("usage", message));
        };
        draw(args, only, path)?;
    }
    match args.format {
        Format::Json => output::json(&limits.iter().map(|l| of(args, l)).collect::<Vec<_>>())?,
        Format::Text => limits.iter().for_each(|l| print(&of(args, l))),
    }
    Ok(0)
}

fn size(args: &Args, limit: &Proportion<'_>) -> u64 {
    args.n.or(limit.min_samples).unwrap_or(USUAL).max(1)
}

/// Rates around the limit: from where almost nothing passes to where almost everything does.
fn rates(limit: &Proportion<'_>, n: u64, steps: u32) -> Vec<f64> {
    let t = limit.limit.value;
    let spread = (t * (1.0 - t)).max(1e-6).sqrt() * 6.0
        / f64::from(u32::try_from(n).unwrap_or(u32::MAX)).sqrt();
    let (low, high) = ((t - spread).max(0.0), (t + spread).min(1.0));
    (0..=steps).map(|i| round12(low + (high - low) * f64::from(i) / f64::from(steps))).collect()
}

fn chances(limit: &Proportion<'_>, n: u64, steps: u32) -> Vec<Chance> {
    let one = |rate: f64| {
        let c = limit.chances(n, rate);
        Chance {
            rate,
            pass: round12(c.pass),
            fail: round12(c.fail),
            inconclusive: round12(c.inconclusive),
        }
    };
    rates(limit, n, steps).into_iter().map(one).collect()
}

fn of(args: &Args, limit: &Proportion<'_>) -> CurveV1 {
    let n = size(args, limit);
    let needed = limit.needed(n);
    CurveV1 {
        rule: limit.rule.to_owned(),
        metric: limit.metric.to_owned(),
        op: limit.limit.op,
        limit: limit.limit.value,
        n,
        confidence: round12(1.0 - limit.alpha),
        passes_from: needed.passes.map(round12),
        fails_from: needed.fails.map(round12),
        points: chances(limit, n, 16),
    }
}

fn print(curve: &CurveV1) {
    let op = if curve.op == Op::AtLeast { "at least" } else { "at most" };
    let n = grouped(curve.n);
    output::line(&format!(
        "{}: {} {op} {}, on {n} samples",
        curve.rule,
        plain(&curve.metric),
        curve.limit
    ));
    // Enough digits that true values around a limit near 0 or 1 differ, and that none looks like
    // the limit.
    let scale =
        Scale::against(curve.limit, &curve.points.iter().map(|p| p.rate).collect::<Vec<_>>());
    let value = |x: Option<f64>| {
        let own = |x: f64| Scale::against(curve.limit, &[x]).text(x);
        x.map_or_else(|| "never".to_owned(), own)
    };
    output::line(&format!(
        "  passes when {} is observed, fails at {}",
        value(curve.passes_from),
        value(curve.fails_from)
    ));
    output::line("  true value    passes     fails  not enough data");
    for point in &curve.points {
        let percent = |p: f64| format!("{:.1}%", p * 100.0);
        let (pass, fail, rest) =
            (percent(point.pass), percent(point.fail), percent(point.inconclusive));
        let rate = scale.text(point.rate);
        output::line(&format!("  {rate:>10} {pass:>9} {fail:>9} {rest:>16}  {}", bar(point)));
    }
}

/// Pass, not enough data and fail as a bar of characters, which needs no colour.
fn bar(point: &Chance) -> String {
    let cells = |p: f64| (0..20_u32).filter(|i| (f64::from(*i) + 0.5) / 20.0 <= p).count();
    let (pass, fail) = (cells(point.pass), cells(point.fail));
    format!(
        "{}{}{}",
        "#".repeat(pass),
        ".".repeat(20_usize.saturating_sub(pass + fail)),
        "x".repeat(fail)
    )
}

fn draw(args: &Args, limit: &Proportion<'_>, path: &Path) -> Result<(), Failure> {
    let n = size(args, limit);
    let subject = Subject {
        rule: limit.rule,
        metric: limit.metric,
        limit: limit.limit.value,
        at_least: limit.limit.op == Op::AtLeast,
        n,
        confidence: round12(1.0 - limit.alpha),
    };
    let drawn = curve(&subject, &chances(limit, n, POINTS));
    let renderer = Renderer::new().map_err(|e| Failure::service(e.code(), e))?;
    let svg = renderer.render(&drawn).map_err(|e| Failure::service(e.code(), e))?;
    let shown = plain(&path.display().to_string());
    files::write(path, svg.as_bytes())?;
    output::note(&format!("{shown}: {}", drawn.desc));
    Ok(())
}
