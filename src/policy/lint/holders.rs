//! Approvals that the people of a namespace cannot give, however willing.

use super::super::{
    diagnostic::{Collector, quote},
    schema::Policy,
};
use crate::model::number::grouped;
use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Range,
};

/// Who holds which role: the stable ids of people by role.
pub type Holders = BTreeMap<String, BTreeSet<String>>;

fn place(policy: &Policy, id: &str) -> Range<usize> {
    super::reach::place(policy, id)
}

/// Roles without a holder, and counts above the holders. Within one policy every requirement needs other people, so
/// that requirements of one role are added up.
pub(super) fn check(found: &mut Collector<'_>, policy: &Policy, holders: &Holders) {
    let mut wanted: BTreeMap<&str, u64> = BTreeMap::new();
    for approval in &policy.approvals {
        let has = holders.get(&approval.role).map_or(0, BTreeSet::len);
        let has = u64::try_from(has).unwrap_or(u64::MAX);
        let asked = wanted.entry(&approval.role).or_default();
        *asked = asked.saturating_add(approval.count);
        if has == 0 {
            let message = format!("no user of this namespace holds the role {}", quote(&approval.role));
            let help = format!("give it to somebody: `modelgate user create NAME --role {}`", approval.role);
            found.help("role-without-holder", place(policy, &approval.role), message, help);
        } else if *asked > has {
            let message = format!(
                "{} people with the role {} are needed, and {} hold it",
                grouped(*asked),
                quote(&approval.role),
                grouped(has)
            );
            let help = "lower `count`, or give the role to more people";
            found.help("too-few-holders", place(policy, &approval.id), message, help);
        }
    }
}
