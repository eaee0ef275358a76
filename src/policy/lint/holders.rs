//! Approval requirements that the people of a namespace cannot meet.

use super::super::{
    diagnostic::{Collector, quote},
    schema::Policy,
};
use crate::model::number::grouped;
use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Range,
};

/// The holders of each role: the stable ids of people, by role.
pub type Holders = BTreeMap<String, BTreeSet<String>>;

fn place(policy: &Policy, id: &str) -> Range<usize> {
    super::reach::place(policy, id)
}

/// Warns about roles without a holder, and about counts above the number of holders. Within one
/// policy every requirement needs different people, so requirements with the same role are added
/// up.
pub(super) fn check(found: &mut Collector<'_>, policy: &Policy, holders: &Holders) {
    let mut wanted: BTreeMap<&str, u64> = BTreeMap::new();
    for approval in &policy.approvals {
        let has = holders.get(&approval.role).map_or(0, BTreeSet::len);
        let has = u64::try_from(has).unwrap_or(u64::MAX);
        let asked = wanted.entry(&approval.role).or_default();
        *asked = asked.saturating_add(approval.count);
        if has == 0 {
            let message =
                format!("no user of this namespace holds the role {}", quote(&approval.role));
            let help = format!(
                "give the role to a user: `modelgate user create NAME --role {}`",
                approval.role
            );
            found.help("role-without-holder", place(policy, &approval.role), message, help);
        } else if *asked > has {
            let message = format!(
                "{} people with the role {} are needed, but only {} hold it",
                grouped(*asked),
                quote(&approval.role),
                grouped(has)
            );
            let help = "lower `count`, or give the role to more people";
            found.help("too-few-holders", place(policy, &approval.id), message, help);
        }
    }
}
