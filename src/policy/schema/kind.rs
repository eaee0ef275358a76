//! What a rule of any kind does. The kinds are in `policy::rules`.

use super::{
    Limit, Policy, Rule, Target,
    view::{Findings, View},
};
use crate::{
    model::{Against, Plan},
    policy::{diagnostic::Collector, glob::Glob},
};
use std::{any::Any, collections::BTreeSet, fmt};

/// A rule of one kind, with its parameters. Only the first four methods are required.
pub(in crate::policy) trait Kind: Any + fmt::Debug + Send + Sync {
    /// The metric, or the pattern of the checks, that the rule is about.
    fn about(&self) -> &str;

    /// Evaluates the rule: adds findings to `out`.
    fn judge<'a>(&'a self, view: &View<'a>, rule: &'a Rule, out: &mut Findings<'a>);

    /// What the rule requires, as a sentence without its end.
    fn explain(&self, policy: &Policy) -> String;

    /// Whether `other` requires the same; see [`same`].
    fn same(&self, other: &dyn Kind) -> bool;

    /// Warns if the rule probably does not mean what it says.
    fn lint(&self, _found: &mut Collector<'_>, _policy: &Policy, _rule: &Rule) {}

    /// Whether every release that meets this rule also meets `other`, and the two differ.
    fn is_stricter(&self, _other: &dyn Kind) -> bool {
        false
    }

    /// The attributes whose groups the rule reads.
    fn attributes(&self) -> &[String] {
        &[]
    }

    /// The artifact that the rule compares with.
    fn baseline(&self) -> Option<Against> {
        None
    }

    /// Whether approvals decide the rule while there is no baseline.
    fn needs_review(&self) -> bool {
        false
    }

    /// The pattern that the rule matches names with.
    fn pattern(&self) -> Option<&Glob> {
        None
    }

    /// The limits whose power can be told.
    fn limits(&self) -> Option<Limits<'_>> {
        None
    }

    /// Adds what is to be computed from raw predictions.
    fn plan(&self, _needs: &mut Needs<'_>) {}
}

/// The limits of a rule about one number.
pub(in crate::policy) struct Limits<'r> {
    pub(in crate::policy) target: &'r Target,
    pub(in crate::policy) list: &'r [Limit],
    pub(in crate::policy) min_samples: Option<u64>,
}

/// What the rules of a policy need from raw predictions.
pub(in crate::policy) struct Needs<'p> {
    pub(in crate::policy) plan: Plan,
    /// The attributes to measure, alone or crossed.
    pub(in crate::policy) slices: BTreeSet<Vec<String>>,
    /// The columns whose drift is measured.
    pub(in crate::policy) drift: BTreeSet<String>,
    /// The attributes that `[recompute]` names.
    pub(in crate::policy) groups: &'p [String],
}

/// Whether `other` is of the kind of `rule` and equal to it.
pub(in crate::policy) fn same<K: Kind + PartialEq>(rule: &K, other: &dyn Kind) -> bool {
    as_kind::<K>(other).is_some_and(|other| rule == other)
}

/// The rule, if it is of the kind `K`.
pub(in crate::policy) fn as_kind<K: Kind>(rule: &dyn Kind) -> Option<&K> {
    let any: &dyn Any = rule;
    any.downcast_ref()
}
