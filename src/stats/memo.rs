//! A cache of bounds, one per thread. The same numbers recur for each environment, each approval
//! and each replay. A cached bound equals the computed one, so only the running time differs.

use std::cell::Cell;

/// The number of cached bounds; a new bound replaces an older one in the same slot.
const SLOTS: usize = 1_024;

#[derive(Clone, Copy)]
struct Slot {
    successes: u64,
    trials: u64,
    alpha: u64,
    bound: f64,
}

const EMPTY: Slot = Slot { successes: 0, trials: 0, alpha: 0, bound: 0.0 };

thread_local! {
    static REMEMBERED: [Cell<Slot>; SLOTS] = const { [const { Cell::new(EMPTY) }; SLOTS] };
}

/// The bound for these numbers, from the cache or from `compute`. `trials` must not be 0.
pub(super) fn bound(successes: u64, trials: u64, alpha: f64, compute: impl FnOnce() -> f64) -> f64 {
    let alpha = alpha.to_bits();
    let mixed = (successes ^ trials.rotate_left(32) ^ alpha).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let place = usize::try_from(mixed >> 54).unwrap_or(0);
    REMEMBERED.with(|slots| {
        let Some(cell) = slots.get(place) else { return compute() };
        let slot = cell.get();
        if (slot.successes, slot.trials, slot.alpha) == (successes, trials, alpha) {
            return slot.bound;
        }
        let bound = compute();
        cell.set(Slot { successes, trials, alpha, bound });
        bound
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_remembered_is_what_was_computed() {
        for round in 0..2 {
            for n in 1..5_000_u64 {
                let want = n as f64;
                let got = bound(n / 2, n, 0.05, || want);
                assert_eq!(got, want, "round {round}");
            }
        }
        assert_eq!(bound(7, 9, 0.05, || 1.0), 1.0);
        assert_eq!(bound(7, 9, 0.05, || 2.0), 1.0, "remembered");
        assert_eq!(bound(7, 9, 0.01, || 2.0), 2.0, "another confidence");
    }
}
