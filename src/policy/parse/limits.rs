//! Reads limits: numbers with units. Rejects limits that no value can meet.

use super::section::{At, Section, finite, wrong_type};
use crate::{
    model::{
        Metric, Op, Quantity, Unit,
        metric::Kind,
        number::round12,
        unit::{Dimension, UnitError},
    },
    policy::{
        diagnostic::{Collector, quote, suggest},
        schema::Limit,
    },
};
use toml::de::DeValue;

const UNITS: [&str; 12] = ["ns", "us", "ms", "s", "%", "J", "Wh", "kWh", "B", "KiB", "MiB", "GiB"];

/// The evidence that can decide in addition to an exact bound; it changes which limits can be met.
#[derive(Debug, Clone, Copy)]
pub(in crate::policy) struct Lenience {
    pub(in crate::policy) claimed_intervals: bool,
    pub(in crate::policy) point_estimates: bool,
}

/// The limits of a rule, converted to one unit.
#[derive(Debug, Default)]
pub(in crate::policy) struct Limits {
    pub(in crate::policy) list: Vec<Limit>,
    pub(in crate::policy) unit: Option<Unit>,
}

/// Reads `min` and `max` in a rule about `metric`.
pub(in crate::policy) fn read(
    found: &mut Collector<'_>,
    rule: &Section<'_>,
    metric: &str,
    lenience: Lenience,
) -> Limits {
    let min = quantity(found, rule, "min").and_then(|q| fit(found, metric, "min", &q));
    let max = quantity(found, rule, "max").and_then(|q| fit(found, metric, "max", &q));
    let unit = min.as_ref().or(max.as_ref()).and_then(|q| q.value.unit);
    let (min, max) = (in_unit(found, "min", min, unit), in_unit(found, "max", max, unit));
    let known = Metric::find(metric);
    for (op, limit) in [(Op::AtLeast, &min), (Op::AtMost, &max)] {
        if let Some((limit, why)) =
            limit.as_ref().and_then(|l| Some((l, impossible(op, l.value, known, lenience)?)))
        {
            found.help("impossible-bound", limit.span.clone(), why.message, why.help);
        }
    }
    if let (Some(low), Some(high)) = (&min, &max) {
        apart(found, low, high, known, lenience);
    }
    let limit = |op, at: Option<At<f64>>| at.map(|at| Limit { op, value: at.value });
    Limits {
        list: [limit(Op::AtLeast, min), limit(Op::AtMost, max)].into_iter().flatten().collect(),
        unit,
    }
}

/// Reads a bare number, or a text such as `150 ms`.
pub(in crate::policy) fn quantity(
    found: &mut Collector<'_>,
    rule: &Section<'_>,
    key: &str,
) -> Option<At<Quantity>> {
    let value = rule.get(key)?;
    let DeValue::String(text) = value.get_ref() else {
        if matches!(value.get_ref(), DeValue::Integer(_) | DeValue::Float(_)) {
            let number = finite(value.get_ref());
            if number.is_none() {
                found.add("out-of-range", value.span(), format!("`{key}` is not a finite number"));
            }
            return number.map(|value_| At {
                value: Quantity { value: value_, unit: None },
                span: value.span(),
            });
        }
        return wrong_type(found, key, "a number, or text such as \"150 ms\"", value);
    };
    match text.parse::<Quantity>() {
        Ok(quantity) => Some(At { value: quantity, span: value.span() }),
        Err(UnitError::Unknown(unit)) => {
            let message = format!("`{key}` has the unknown unit {}", quote(&unit));
            found.help("unknown-unit", value.span(), message, suggest(&unit, &UNITS));
            None
        }
        Err(error @ UnitError::NotAQuantity(_)) => {
            found.add("wrong-type", value.span(), format!("`{key}`: {error}"));
            None
        }
    }
}

/// The dimension of `metric`: `Ok(None)` if it has no unit, `Err` if it can have any unit.
fn dimension(metric: &str) -> Result<Option<Dimension>, ()> {
    let metric = Metric::find(metric).ok_or(())?;
    match (metric.kind, metric.name) {
        (Kind::Latency, _) => Ok(Some(Dimension::Time)),
        (Kind::Proportion | Kind::ProportionOfRows | Kind::Score, _)
        | (Kind::NonNegative, "mean_absolute_percentage_error") => Ok(Some(Dimension::Fraction)),
        (Kind::NonNegative, "energy" | "energy_per_1000") => Ok(Some(Dimension::Energy)),
        (_, "log_loss" | "psi" | "r2" | "matthews_corrcoef" | "explained_variance") => Ok(None),
        _ => Err(()),
    }
}

/// A limit in a unit that its metric can have. Fractions are returned as bare numbers: `90%` is
/// 0.9.
pub(in crate::policy) fn fit(
    found: &mut Collector<'_>,
    metric: &str,
    key: &str,
    limit: &At<Quantity>,
) -> Option<At<Quantity>> {
    let fits = dimension(metric);
    let given = limit.value.unit.map(Unit::dimension);
    match (fits, given) {
        (Ok(Some(Dimension::Time)), None) => {
            let message = format!("`{key}` of `{metric}` needs a unit");
            let help =
                format!("write `{key} = \"{} ms\"`, or another unit of time", limit.value.value);
            found.help("missing-unit", limit.span.clone(), message, help);
            None
        }
        (Ok(fits), Some(given)) if fits != Some(given) => {
            let unit = limit.value.unit.map_or_else(String::new, |u| u.to_string());
            let message = format!("`{metric}` is not measured in `{unit}`");
            let help = match fits {
                Some(Dimension::Time) => "write a unit of time: ns, us, ms or s",
                Some(Dimension::Energy) => "write a unit of energy: J, Wh or kWh",
                Some(Dimension::Fraction) => {
                    "write a fraction such as 0.9, or a percentage such as \"90%\""
                }
                _ => "write a bare number",
            };
            found.help("wrong-unit", limit.span.clone(), message, help);
            None
        }
        (Ok(_), Some(Dimension::Fraction)) => {
            let value = round12(limit.value.value / 100.0);
            Some(At { value: Quantity { value, unit: None }, span: limit.span.clone() })
        }
        _ => Some(limit.clone()),
    }
}

/// A limit, converted to `unit`, which both limits of a rule share.
fn in_unit(
    found: &mut Collector<'_>,
    key: &str,
    limit: Option<At<Quantity>>,
    unit: Option<Unit>,
) -> Option<At<f64>> {
    let limit = limit?;
    let value = match (limit.value.unit, unit) {
        (None, None) => Some(limit.value.value),
        (Some(from), Some(to)) => from.convert(limit.value.value, to),
        _ => None,
    };
    if value.is_none() {
        found.add(
            "wrong-unit",
            limit.span.clone(),
            format!("`{key}` has a different unit from the other limit"),
        );
    }
    value.map(|value| At { value, span: limit.span })
}

struct Why {
    message: String,
    help: String,
}

/// The reason why no value can meet `limit`, if so.
fn impossible(op: Op, limit: f64, metric: Option<&Metric>, lenience: Lenience) -> Option<Why> {
    let metric = metric?;
    let (least, most) = metric.range().ends();
    let name = metric.name;
    match op {
        Op::AtLeast if limit > most => Some(Why {
            message: format!("no value can meet this: {name} is never above {most}"),
            help: if (2.0..=100.0).contains(&limit) {
                format!("a fraction is from 0 to 1; did you mean `{}`?", round12(limit / 100.0))
            } else {
                format!("write a `min` below {most}")
            },
        }),
        Op::AtMost if limit < least => Some(Why {
            message: format!("no value can meet this: {name} is never below {least}"),
            help: format!("write a `max` above {least}"),
        }),
        _ => exact(op, limit, metric, lenience).then(|| Why {
            message: format!(
                "no value can meet this: the exact bound of {name} never reaches {limit}"
            ),
            help: match op {
                Op::AtLeast => {
                    "write a `min` below 1: even without a failure, a bound stays below 1"
                }
                Op::AtMost => "write a `max` above 0: even without an event, a bound stays above 0",
            }
            .to_owned(),
        }),
    }
}

/// Whether the limit is exactly the end of the range, which an exact bound never reaches.
fn exact(op: Op, limit: f64, metric: &Metric, lenience: Lenience) -> bool {
    let only_exact =
        metric.is_proportion() && !lenience.claimed_intervals && !lenience.point_estimates;
    only_exact && matches!((op, limit), (Op::AtLeast, 1.0) | (Op::AtMost, 0.0))
}

/// Checks that values can lie between both limits.
fn apart(
    found: &mut Collector<'_>,
    min: &At<f64>,
    max: &At<f64>,
    metric: Option<&Metric>,
    lenience: Lenience,
) {
    if min.value > max.value {
        let message =
            format!("no value can meet this: `min` {} is above `max` {}", min.value, max.value);
        found.help("impossible-bound", max.span.clone(), message, "swap them, or leave one out");
    } else if min.value >= max.value && metric.is_some() && !lenience.point_estimates {
        let message =
            format!("no value can meet this: the two bounds are never both exactly {}", min.value);
        found.help(
            "impossible-bound",
            max.span.clone(),
            message,
            "leave a gap between `min` and `max`",
        );
    }
}
