//! Rounding of derived numbers, so that a verdict is the same on every machine.

/// Rounds `x` to 12 significant decimal digits. Every derived number is rounded this way before it
/// is compared.
///
/// Returns a number that is not finite unchanged.
pub fn round12(x: f64) -> f64 {
    if !x.is_finite() || x == 0.0 {
        return x;
    }
    scaled(x).unwrap_or_else(|| format!("{x:.11e}").parse().unwrap_or(x))
}

/// The same by arithmetic, if that is certain to give the same result; several times faster than
/// text.
///
/// The power of ten and the rounded whole number are exact, so their quotient is the nearest double
/// to the decimal, the same as parsing it. Only the product can be off, by far less than a
/// thousandth: near a tie this returns `None`.
fn scaled(x: f64) -> Option<f64> {
    let size = x.abs();
    let (mut scale, mut top) = (1e11, 10.0);
    if !(1e-10..1e11).contains(&size) {
        return None;
    }
    while size >= top {
        scale /= 10.0;
        top *= 10.0;
    }
    while size * scale < 1e11 {
        scale *= 10.0;
    }
    let rounded = float(to_whole(size * scale)?);
    Some((rounded / scale).copysign(x))
}

/// Above this, the product of a number and a power of ten is not exact enough to be rounded.
const MOST_EXACT: f64 = 1e12;

/// The whole number nearest to a product that is off by less than a thousandth; `None` near a tie,
/// and for products that are too large, negative or NaN.
#[expect(
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "from 0 to 1e12, checked first"
)]
fn to_whole(product: f64) -> Option<u64> {
    if !(0.0..MOST_EXACT).contains(&product) {
        return None;
    }
    let whole = product as u64;
    let rest = product - float(whole);
    let tie = (rest - 0.5).abs() < 1e-3;
    (!tie).then_some(whole + u64::from(rest > 0.5))
}

/// A whole number of at most 1e12 as a double, which is exact.
#[expect(clippy::as_conversions, clippy::cast_precision_loss, reason = "at most 1e12")]
fn float(whole: u64) -> f64 {
    whole as f64
}

/// A count with thousands separators, for sentences: `12,000`.
pub fn grouped(count: u64) -> String {
    let mut out = String::new();
    push_grouped(&mut out, count);
    out
}

/// Appends a count as [`grouped`] writes it.
pub fn push_grouped(out: &mut String, count: u64) {
    if count < 1_000 {
        push_digits(out, count, 1);
    } else {
        push_grouped(out, count / 1_000);
        out.push(',');
        push_digits(out, count % 1_000, 3);
    }
}

/// Appends a whole number with at least `width` digits.
fn push_digits(out: &mut String, count: u64, width: usize) {
    let mut digits = [b'0'; 20];
    let (mut left, mut start) = (count, digits.len());
    for place in digits.iter_mut().rev() {
        if left == 0 && start + width <= 20 {
            break;
        }
        *place = b'0' + u8::try_from(left % 10).unwrap_or(0);
        left /= 10;
        start -= 1;
    }
    out.push_str(digits.get(start..).and_then(|d| std::str::from_utf8(d).ok()).unwrap_or_default());
}

/// A number rounded to a fixed number of decimals: `whole` divided by `scale`, a power of ten.
#[derive(Debug, Clone, Copy)]
pub struct Decimal {
    negative: bool,
    whole: u64,
    scale: u64,
    decimals: usize,
}

impl Decimal {
    /// `x` rounded to `decimals` digits after the point, as `format!("{x:.decimals$}")` rounds it;
    /// several times faster than text. `None` if arithmetic is not certain to give the same digits:
    /// near a tie, for large numbers and for many decimals.
    pub fn rounded(x: f64, decimals: usize) -> Option<Self> {
        let scale = *POWERS.get(decimals)?;
        // Below 1e12, the product is off by at most half a unit of its last digit, 6e-5.
        let whole = to_whole(x.abs() * float(scale))?;
        Some(Self { negative: x.is_sign_negative(), whole, scale, decimals })
    }

    /// The fewest decimals that are exactly `x` when they are parsed; `None` if these are many, or
    /// `x` is large. Two numbers of at most 15 digits are never the same double, so these are the
    /// digits that `x.to_string()` writes.
    pub fn shortest(x: f64) -> Option<Self> {
        (0..POWERS.len())
            .filter_map(|decimals| Self::rounded(x, decimals))
            .find(|decimal| decimal.value().to_bits() == x.to_bits())
    }

    /// The double that its text is parsed to: the quotient of two exact numbers.
    pub fn value(self) -> f64 {
        let size = float(self.whole) / float(self.scale);
        if self.negative { -size } else { size }
    }

    /// The same number without zeros at the end: `1.50` becomes `1.5`, and `2.0` becomes `2`.
    #[must_use]
    pub fn trimmed(mut self) -> Self {
        while self.decimals > 0 && self.whole.is_multiple_of(10) {
            self.whole /= 10;
            self.scale /= 10;
            self.decimals -= 1;
        }
        self
    }

    /// The number of digits after the point.
    pub fn decimals(self) -> usize {
        self.decimals
    }

    /// Appends the text.
    pub fn push(self, out: &mut String) {
        if self.negative {
            out.push('-');
        }
        push_digits(out, self.whole / self.scale, 1);
        if self.decimals > 0 {
            out.push('.');
            push_digits(out, self.whole % self.scale, self.decimals);
        }
    }
}

/// The powers of ten, by the number of decimals.
const POWERS: [u64; 13] = [
    1,
    10,
    100,
    1_000,
    10_000,
    100_000,
    1_000_000,
    10_000_000,
    100_000_000,
    1_000_000_000,
    10_000_000_000,
    100_000_000_000,
    1_000_000_000_000,
];

/// Appends what `x.to_string()` writes.
pub fn push_shortest(out: &mut String, x: f64) {
    match Decimal::shortest(x) {
        Some(decimal) => decimal.push(out),
        None => out.push_str(&x.to_string()),
    }
}

/// A value for display: at most six decimals, without trailing zeros; very large and very small
/// values with an exponent.
pub fn short(value: f64) -> String {
    let size = value.abs();
    if value != 0.0 && !(1e-4..1e9).contains(&size) {
        return format!("{value:.6e}");
    }
    // 0.9999997 is not 1, and a reader would take a bound of 1 for certainty.
    let decimals = if value < 1.0 && value > 0.999_999 { 12 } else { 6 };
    let text = format!("{value:.decimals$}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounds_to_twelve_significant_digits() {
        assert_eq!(round12(0.896_413_771_213_456_7), 0.896_413_771_213);
        assert_eq!(round12(123_456_789_012_345.0), 123_456_789_012_000.0);
        assert_eq!(round12(0.1 + 0.2), 0.3);
        assert_eq!(round12(0.0), 0.0);
        assert!(round12(f64::NAN).is_nan());
    }

    #[test]
    fn the_fast_way_is_the_way_of_text() {
        let mut state = 88_172_645_463_325_252_u64;
        for _ in 0..200_000 {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            let unit = (state >> 11) as f64 / (1_u64 << 53) as f64;
            for x in [
                unit,
                -unit,
                unit * 1e-9,
                unit * 1e7,
                (unit * 1e6).round() / 1e6,
                1.0 - unit * 1e-12,
            ] {
                let text: f64 = format!("{x:.11e}").parse().unwrap();
                assert_eq!(
                    round12(x).to_bits(),
                    if x == 0.0 { x.to_bits() } else { text.to_bits() },
                    "{x:e}"
                );
            }
        }
        for x in [
            1.0_f64,
            10.0,
            0.1,
            99_999_999_999.999,
            1e-10,
            0.999_999_999_999_5,
            999_999_999_999.5,
            1e300,
        ] {
            let text: f64 = format!("{x:.11e}").parse().unwrap();
            assert_eq!(round12(x), text, "{x:e}");
        }
    }

    #[test]
    fn groups_thousands() {
        assert_eq!([0, 999, 1_000, 1_234_567].map(grouped), ["0", "999", "1,000", "1,234,567"]);
    }

    #[test]
    fn decimals_are_the_digits_of_text() {
        let mut state = 88_172_645_463_325_252_u64;
        let (mut fast, mut all) = (0, 0);
        for round in 0..8_000 {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            let unit = (state >> 11) as f64 / (1_u64 << 53) as f64;
            let power = 10_f64.powi(round % 13);
            let grid = (unit * power).round() / power;
            for x in [
                unit,
                -unit,
                grid,
                grid + 0.5 / power,
                unit * 1e6,
                unit * 1e-6,
                round12(unit * 1e3),
                (unit * 1e9).round() / 1e3,
                f64::from_bits(state),
            ] {
                for decimals in [0, 1, 2, 3, 6, 12, 17] {
                    all += 1;
                    let text = format!("{x:.decimals$}");
                    if let Some(decimal) = Decimal::rounded(x, decimals) {
                        fast += 1;
                        let mut out = String::new();
                        decimal.push(&mut out);
                        assert_eq!(out, text, "{x:e}");
                        assert_eq!(
                            decimal.value().to_bits(),
                            text.parse::<f64>().unwrap().to_bits()
                        );
                        let mut out = String::new();
                        decimal.trimmed().push(&mut out);
                        let trimmed = text.trim_end_matches('0').trim_end_matches('.');
                        assert_eq!(out, if decimals == 0 { &text } else { trimmed }, "{x:e}");
                    }
                }
                let mut out = String::new();
                push_shortest(&mut out, x);
                assert_eq!(out, x.to_string(), "{x:e}");
            }
        }
        assert!(fast * 10 > all * 5, "{fast} of {all} by arithmetic");
        for x in [0.0, -0.0, 95.0, 0.95, 1e15, f64::NAN, f64::INFINITY, -0.5, 0.5, 1.5, 0.125] {
            let mut out = String::new();
            push_shortest(&mut out, x);
            assert_eq!(out, x.to_string());
        }
    }
}
