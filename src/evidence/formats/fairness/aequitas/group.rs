//! One row of Aequitas: a group, its counts and the values derived from them.

use super::columns::{BESIDES, Model, model, ours, parity, verdict_of};
use crate::evidence::{
    collector::Collector,
    confusion::Confusion,
    formats::{
        fairness::group_counts::sharpen,
        frame::{Cell, Line},
    },
    quoted,
};
use crate::model::Slice;
use crate::stats::proportion::float;
use std::collections::HashMap;

/// The rows of a document by model, attribute and value.
pub(super) type Groups<'l, 'c> = HashMap<(Model<'c>, &'c str, &'c str), &'l Line<'c>>;

/// A row, with all rows of the document for comparison.
pub(super) struct Group<'g, 'l, 'c> {
    pub(super) line: &'l Line<'c>,
    pub(super) attribute: &'c str,
    pub(super) groups: &'g Groups<'l, 'c>,
    pub(super) scope: Option<String>,
    /// Whether its attribute has no other group.
    pub(super) alone: bool,
}

impl Group<'_, '_, '_> {
    /// Adds the group's numbers and verdicts.
    pub(super) fn read(&self, collector: &mut Collector<'_>) {
        let value = self.line.get("attribute_value").and_then(Cell::name);
        let slice = Slice::one(self.attribute, value.unwrap_or(""));
        let confusion = self.confusion(collector, &slice);
        let n =
            self.count("group_size").or_else(|| confusion.map(Confusion::total)).or_else(|| {
                self.count("pp").zip(self.count("pn")).and_then(|(pp, pn)| pp.checked_add(pn))
            });
        let behind = match value {
            Some(value) => format!("[{}={value}]", self.attribute),
            None => format!("[{}]", self.attribute),
        };
        for (column, cell) in self.line.cells() {
            if BESIDES.contains(&column)
                || matches!(column, "group_size" | "total_entities")
                || column.ends_with("_ref_group_value")
            {
                continue;
            }
            if parity(column).is_some() {
                let model =
                    self.scope.as_ref().map(|scope| format!(" ({scope})")).unwrap_or_default();
                let name = format!("{column} {behind}{model}");
                if self.alone {
                    let why = "there is no other group to compare with";
                    collector.check(name, false, Some(why.to_owned()));
                } else {
                    verdict_of(collector, column, &name, cell, self.why(column));
                }
            } else if column.ends_with("_significance")
                && self.significance(collector, column, &behind, cell)
            {
                // A masked significance was added as a check.
            } else {
                self.number(collector, column, &slice, cell, n, confusion);
            }
        }
    }

    fn count(&self, column: &str) -> Option<u64> {
        self.line.get(column).and_then(Cell::count)
    }

    fn counts(&self) -> Option<Confusion> {
        Some(Confusion {
            true_positives: self.count("tp")?,
            false_positives: self.count("fp")?,
            true_negatives: self.count("tn")?,
            false_negatives: self.count("fn")?,
        })
    }

    /// The four counts, if they add up to the size of the group.
    fn confusion(&self, collector: &mut Collector<'_>, slice: &Slice) -> Option<Confusion> {
        let confusion = self.counts()?;
        let size = self.count("group_size");
        if size.is_none_or(|size| size == confusion.total()) {
            return Some(confusion);
        }
        let of = quoted(&slice.to_string());
        collector.warn(format!(
            "`tp`, `fp`, `tn` and `fn` of {of} do not add up to its `group_size`: its trials are unknown"
        ));
        None
    }

    fn number(
        &self,
        collector: &mut Collector<'_>,
        column: &str,
        slice: &Slice,
        cell: Cell<'_>,
        n: Option<u64>,
        confusion: Option<Confusion>,
    ) {
        let known = ours(column);
        let counted = confusion.zip(known).and_then(|(counts, ours)| self.counted(counts, ours));
        let m = match cell {
            Cell::Json(json) => {
                collector.measure(known.unwrap_or(column), column, slice.clone(), json)
            }
            Cell::Text(text) => {
                collector.measure_text(known.unwrap_or(column), column, slice.clone(), text)
            }
        };
        let Some(m) = m else { return };
        m.n = n;
        m.scope.clone_from(&self.scope);
        // The only group is its own reference, so the disparity shows nothing.
        if self.alone && column.ends_with("_disparity") {
            m.unfit =
                Some("the attribute has one group, and no other to compare it with".to_owned());
        }
        let mut differs = false;
        match (counted, m.value) {
            (Some((_, trials)), None) => m.trials = Some(trials),
            (Some((successes, trials)), Some(value)) => {
                let agrees = trials > 0
                    && (float(successes) / float(trials) - value).abs() <= m.rounding + 1e-15;
                if agrees {
                    sharpen(m, float(successes) / float(trials));
                }
                (m.trials, m.successes) =
                    if agrees { (Some(trials), Some(successes)) } else { (None, None) };
                differs = !agrees;
            }
            (None, _) => {
                if let Some(exact) = self.disparity(column) {
                    sharpen(m, exact);
                }
            }
        }
        let stands_in =
            m.value.is_some_and(|value| value.to_bits() == 10f64.to_bits()) && self.by_zero(column);
        if differs {
            let of = quoted(&slice.to_string());
            collector.warn(format!(
                "`{column}` of {of} is not what its counts say: its trials are unknown"
            ));
        }
        if stands_in {
            let of = quoted(&slice.to_string());
            collector.warn(format!(
                "`{column}` of {of} is 10, which stands for a division by zero: the reference group's rate is 0"
            ));
        }
    }

    /// Successes and trials of the rate that we call `ours`.
    fn counted(&self, counts: Confusion, ours: &str) -> Option<(u64, u64)> {
        let Confusion {
            true_positives: tp,
            false_positives: fp,
            true_negatives: tn,
            false_negatives: fn_,
        } = counts;
        let sum = |a: u64, b: u64| a.checked_add(b);
        match ours {
            "false_omission_rate" => Some((fn_, sum(fn_, tn)?)),
            "false_discovery_rate" => Some((fp, sum(tp, fp)?)),
            "prev" => Some((sum(tp, fn_)?, counts.total())),
            "ppr" => Some((sum(tp, fp)?, self.count("k")?)),
            _ => counts.of(ours),
        }
    }

    /// Reads a boolean as a check; returns false for a p-value, which is a number.
    fn significance(
        &self,
        collector: &mut Collector<'_>,
        column: &str,
        behind: &str,
        cell: Cell<'_>,
    ) -> bool {
        let masked = match cell {
            Cell::Json(json) => matches!(json.kind(), "true" | "false"),
            Cell::Text(text) => matches!(text, "True" | "False"),
        };
        match cell.flag().filter(|_| masked) {
            Some(significant) => {
                let detail = if significant { "significant" } else { "not significant" };
                let model =
                    self.scope.as_ref().map(|scope| format!(" ({scope})")).unwrap_or_default();
                collector.check(
                    format!("{column} {behind}{model}"),
                    !significant,
                    Some(detail.to_owned()),
                );
                true
            }
            None if cell.is_undefined() => {
                collector.left_out(column);
                true
            }
            None => false,
        }
    }

    /// The disparity that a verdict is based on, in words.
    fn why(&self, column: &str) -> Option<String> {
        let disparity = parity(column).filter(|disparity| !disparity.is_empty())?;
        let value = self.line.get(disparity)?.name()?;
        let reference = self
            .reference(disparity)
            .map(|r| format!(" against {}", quoted(r)))
            .unwrap_or_default();
        Some(format!("`{disparity}` is {value}{reference}"))
    }

    fn reference(&self, disparity: &str) -> Option<&str> {
        let column = format!("{}_ref_group_value", disparity.strip_suffix("_disparity")?);
        self.line.get(&column)?.name()
    }

    /// The reference group's row for a disparity.
    fn of_reference(&self, disparity: &str) -> Option<Self> {
        let line =
            self.groups.get(&(model(self.line), self.attribute, self.reference(disparity)?))?;
        Some(Self {
            line,
            attribute: self.attribute,
            groups: self.groups,
            scope: None,
            alone: self.alone,
        })
    }

    /// A rate, computed from its counts.
    fn rate(&self, theirs: &str) -> Option<f64> {
        let ours = ours(theirs)?;
        let (successes, trials) = self.counted(self.counts()?, ours)?;
        (trials > 0).then(|| float(successes) / float(trials))
    }

    /// A disparity, computed from the counts of both groups.
    fn disparity(&self, column: &str) -> Option<f64> {
        let rate = column.strip_suffix("_disparity")?;
        let ratio = self.rate(rate)? / self.of_reference(column)?.rate(rate)?;
        ratio.is_finite().then_some(ratio)
    }

    /// Whether the reference group's rate is 0 for this disparity.
    fn by_zero(&self, column: &str) -> bool {
        let Some(rate) = column.strip_suffix("_disparity").filter(|rate| ours(rate).is_some())
        else {
            return false;
        };
        let reference = self.of_reference(column);
        let reference = reference.and_then(|reference| reference.line.get(rate)?.number());
        reference.is_some_and(|rate| rate.value() == 0.0)
    }
}
