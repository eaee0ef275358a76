//! What is known of each method: whether its bounds are approximate, and with how few events they do
//! not hold. The numbers were found by simulation; `docs/coverage.md` has the table.

/// What is known of a method.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Known {
    /// Whether it is right on average or by simulation, and not by a proof.
    pub approximate: bool,
    /// With fewer events than this, nothing is decided.
    pub least: u64,
    /// Whether it errs more often than stated, and was replaced.
    pub retired: bool,
}

const EXACT: Known = Known { approximate: false, least: 0, retired: false };
const RETIRED: Known = Known { approximate: true, least: 0, retired: true };

const fn approximate(least: u64) -> Known {
    Known { approximate: true, least, retired: false }
}

/// The methods that are not exact, or count events.
const METHODS: [(&str, Known); 22] = [
    ("chance-subtracted", approximate(20)),
    ("delong", RETIRED),
    ("delong-paired", RETIRED),
    ("delong-paired-tango", RETIRED),
    ("gaffke", approximate(10)),
    ("gaffke-paired", approximate(0)),
    ("jeffreys", approximate(JEFFREYS)),
    ("logit-normal", RETIRED),
    ("melded", approximate(0)),
    ("mover", approximate(0)),
    ("mover-clopper-pearson", approximate(5)),
    ("mover-order-statistic", approximate(0)),
    ("mover-wilson", RETIRED),
    ("newcombe", RETIRED),
    ("normal", RETIRED),
    ("normal-bootstrap-percentile", RETIRED),
    ("poisson-bootstrap-bca", RETIRED),
    ("poisson-bootstrap-percentile", RETIRED),
    ("tango", RETIRED),
    ("unseen-row", approximate(10)),
    ("unseen-row-tail", approximate(100)),
    ("wilson", approximate(WILSON)),
];

/// For Wilson's bounds: the least number of successes, and of failures.
const WILSON: u64 = 100;
/// The same for those of Jeffreys.
const JEFFREYS: u64 = 50;

/// What is known of the method of this name.
pub fn known(method: &str) -> Known {
    METHODS.iter().find(|(name, _)| *name == method).map_or(EXACT, |(_, known)| *known)
}

/// Whether findings say that bounds by this method are approximate. Intervals that documents claim
/// are not known to be anything.
pub fn is_approximate(method: &str) -> bool {
    method.starts_with("claimed:") || known(method).approximate
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted_and_found() {
        assert!(METHODS.windows(2).all(|w| w[0].0 < w[1].0));
        assert_eq!(known("clopper-pearson"), EXACT);
        assert!(known("wilson").approximate && known("delong").retired);
    }
}
