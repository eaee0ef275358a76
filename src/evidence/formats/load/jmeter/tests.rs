use crate::evidence::read;
use crate::model::{Evidence, Measurement, Slice, Unit};

const JTL: &str = include_str!("../../../../../tests/fixtures/evidence/jmeter/samples.jtl");
const STATISTICS: &str = include_str!("../../../../../tests/fixtures/evidence/jmeter/statistics.json");

fn jmeter(text: &str) -> Evidence {
    let evidence = read(text.as_bytes(), None).unwrap();
    assert_eq!(evidence.format, "jmeter");
    evidence
}

fn of<'e>(evidence: &'e Evidence, name: &str, slice: &Slice) -> &'e Measurement {
    evidence.measurements.iter().find(|m| m.source_name == name && m.slice == *slice).unwrap()
}

#[test]
fn sums_of_transactions_are_no_samples_of_the_whole() {
    let evidence = jmeter(JTL);
    let all = Slice::overall();
    let p50 = of(&evidence, "p50", &all);
    assert_eq!((p50.value, p50.unit, p50.n, p50.rounding), (Some(120.0), Some(Unit::Milliseconds), Some(3), 1.0));
    assert_eq!(p50.distribution.as_ref().unwrap().at(3).map(|b| (b.low, b.high)), Some((430.0, 432.0)));
    assert_eq!(
        (of(&evidence, "error_rate", &all).successes, of(&evidence, "error_rate", &all).trials),
        (Some(1), Some(3))
    );
    assert_eq!(of(&evidence, "samples", &Slice::one("label", "buy")).value, Some(1.0));
    assert!(!evidence.checks[0].passed);
}

#[test]
fn rows_that_were_cut_off_are_refused() {
    for end in [JTL.len() - 2, JTL.len() - 30, JTL.len() - 60] {
        assert!(read(&JTL.as_bytes()[..end], None).is_err() || JTL[end..].trim().len() < 3, "{end}");
    }
    let header = JTL.lines().next().unwrap();
    assert!(!jmeter(&format!("{header}\n")).checks[0].passed);
}

#[test]
fn the_statistics_do_not_say_which_percentiles_they_have() {
    let evidence = jmeter(STATISTICS);
    let p = of(&evidence, "pct3ResTime", &Slice::overall());
    assert_eq!((p.value, p.quantile, p.n), (Some(431.0), None, Some(3)));
    let rate = of(&evidence, "error_rate", &Slice::overall());
    assert_eq!((rate.successes, rate.trials), (Some(1), Some(3)));
    assert_eq!(of(&evidence, "errorPct", &Slice::overall()).unit, Some(Unit::Percent));
    let total = of(&evidence, "medianResTime", &Slice::one("transaction", "Total"));
    assert!(total.aggregate && total.quantile == Some(0.5));
}
