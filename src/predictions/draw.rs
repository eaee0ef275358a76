//! Draws Poisson counts from keys instead of a generator: the same on any machine, in any order, in
//! any thread.

use super::hash::{STEP, mix};

/// Numbers in (0, 1), determined by a key, a replicate and a position.
#[derive(Debug, Clone, Copy)]
struct Stream(u64);

impl Stream {
    fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(STEP);
        ((mix(self.0) >> 12) as f64 + 0.5) / 4_503_599_627_370_496.0
    }
}

/// The state from which a cell's counts are drawn.
pub(super) fn cell_state(seed: u64, key: u64) -> u64 {
    mix(mix(seed.wrapping_add(STEP)) ^ key)
}

/// The sum of `rows` weights of Poisson(1) in one replicate: one draw of Poisson(`rows`).
///
/// Below 10 by multiplying uniform numbers (Knuth 1969), above by transformed rejection, PTRS
/// (Hörmann 1993).
pub(super) fn poisson(state: u64, replicate: u64, rows: u64) -> u64 {
    if rows == 0 {
        return 0;
    }
    let mut stream = Stream(mix(state ^ mix(replicate.wrapping_add(1).wrapping_mul(STEP))));
    let mean = rows as f64;
    if rows < 10 {
        let limit = libm::exp(-mean);
        let (mut product, mut count) = (stream.next(), 0);
        while product > limit {
            product *= stream.next();
            count += 1;
        }
        return count;
    }
    let log_mean = libm::log(mean);
    let width = 0.931 + 2.53 * mean.sqrt();
    let lean = -0.059 + 0.02483 * width;
    let inverse = 1.1239 + 1.1328 / (width - 3.4);
    let quick = 0.9277 - 3.6224 / (width - 2.0);
    loop {
        let u = stream.next() - 0.5;
        let v = stream.next();
        let near = 0.5 - u.abs();
        let k = ((2.0 * lean / near + width) * u + mean + 0.43).floor();
        if near >= 0.07 && v <= quick {
            return k as u64;
        }
        if k < 0.0 || (near < 0.013 && v > near) {
            continue;
        }
        let left = libm::log(v) + libm::log(inverse) - libm::log(lean / (near * near) + width);
        if left <= k * log_mean - mean - libm::lgamma(k + 1.0) {
            return k as u64;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Mean and variance of a Poisson count equal its rate, and the small counts have the right
    /// probabilities.
    #[test]
    fn draws_are_poisson() {
        for rows in [1, 3, 9, 10, 40, 1_000, 3_000_000_u64] {
            let draws = 100_000_u64;
            let (mut sum, mut squares, mut below) = (0.0, 0.0, 0.0);
            for replicate in 0..draws {
                let x = poisson(cell_state(7, rows), replicate, rows) as f64 - rows as f64;
                sum += x;
                squares += x * x;
                below += f64::from(u8::from(x < 0.0));
            }
            let (n, rate) = (draws as f64, rows as f64);
            assert!((sum / n).abs() < 5.0 * (rate / n).sqrt(), "mean at {rows}: {}", sum / n);
            let spread = ((2.0 + 1.0 / rate) / n).sqrt();
            assert!(
                (squares / n / rate - 1.0).abs() < 5.0 * spread,
                "variance at {rows}: {}",
                squares / n / rate
            );
            // scipy.stats.poisson.cdf(rows - 1, rows)
            let want = match rows {
                1 => 0.367_879_441_171_442_33,
                3 => 0.423_190_081_126_843_53,
                9 => 0.455_652_604_322_418_94,
                10 => 0.457_929_714_471_852_3,
                40 => 0.478_971_138_938_944_83,
                1_000 => 0.495_794_755_819_784_5,
                _ => 0.499_923_223_522_197_54,
            };
            assert!(
                (below / n - want).abs() < 5.0 * 0.5 / n.sqrt(),
                "below {rows}: {} not {want}",
                below / n
            );
        }
    }
}
