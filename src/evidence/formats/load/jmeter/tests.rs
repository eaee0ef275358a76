use crate::evidence::read;
use crate::model::{Evidence, Measurement, Slice, Unit};

const JTL: &str = include_str!("../../../../../tests/fixtures/evidence/jmeter/samples.jtl");
const STATISTICS: &str =
    include_str!("../../../../../tests/fixtures/evidence/jmeter/statistics.json");

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
    assert_eq!(
        (p50.value, p50.unit, p50.n, p50.rounding),
        (Some(120.0), Some(Unit::Milliseconds), Some(3), 1.0)
    );
    assert_eq!(
        p50.distribution.as_ref().unwrap().at(3).map(|b| (b.low, b.high)),
        Some((430.0, 432.0))
    );
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
        assert!(
            read(&JTL.as_bytes()[..end], None).is_err() || JTL[end..].trim().len() < 3,
            "{end}"
        );
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

#[test]
fn cells_may_be_parted_otherwise() {
    // `-Jjmeter.save.saveservice.default_delimiter`, JMeter 2.13.
    let text = "timeStamp,elapsed,label,responseCode,responseMessage,threadName,dataType,success,bytes,grpThreads,allThreads,Latency\n\
                1795302203219,241,score,200,OK,users 1-1,,true,126,3,3,241\n1795302203470,43,score,503,Service Unavailable,users 1-3,,false,143,3,3,43\n";
    for separator in [",", ";", "\t", "|"] {
        let evidence = jmeter(&text.replace(',', separator));
        let rate = of(&evidence, "error_rate", &Slice::overall());
        assert_eq!((rate.successes, rate.trials), (Some(1), Some(2)), "{separator}");
    }
}

#[test]
fn parent_samples_are_the_samples_where_there_are_no_others() {
    // A transaction controller that generates a parent sample, JMeter 2.13.
    let text = "timeStamp,elapsed,label,responseCode,responseMessage,threadName,dataType,success,bytes,grpThreads,allThreads,Latency\n\
                2026/11/21 23:03:07.388,509,predict,404,\"Number of samples in transaction : 2, number of failing samples : 1\",users 1-3,,false,259,3,3,0\n\
                2026/11/21 23:03:07.902,120,predict,,\"Number of samples in transaction : 2, number of failing samples : 0\",users 1-3,,true,252,3,3,0\n";
    let evidence = jmeter(text);
    for slice in [Slice::overall(), Slice::one("label", "predict")] {
        assert_eq!(of(&evidence, "samples", &slice).value, Some(2.0));
        assert_eq!(of(&evidence, "error_rate", &slice).successes, Some(1));
    }
}
