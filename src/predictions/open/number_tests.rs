//! Numbers with more digits than a double has, and dictionaries that grow.

use super::tests::{fixture, rows, want};
use super::*;
use crate::predictions::block::{Kind, Values};
use std::time::{Duration, Instant};

#[test]
fn ids_and_classes_keep_all_their_digits() {
    let wanted = want(&[("big", Kind::Any), ("id", Kind::Any)]);
    for name in ["small/exact.parquet", "small/exact.arrow"] {
        let read = rows(&[(name, fixture(name))], &wanted).unwrap();
        let row = |i: u64| {
            let tenths = if i.is_multiple_of(10) { String::new() } else { format!(".{}", i % 10) };
            vec![(u64::MAX - i).to_string(), format!("90071992547409{i:04}{tenths}")]
        };
        assert_eq!(read, (0..300).map(row).collect::<Vec<_>>(), "{name}");
        // As numbers they are the nearest doubles.
        let wanted = want(&[("big", Kind::Number), ("id", Kind::Number)]);
        let read = rows(&[(name, fixture(name))], &wanted).unwrap();
        let nearest = |text: &str| text.parse::<f64>().unwrap().to_string();
        assert_eq!(read[7], [nearest("18446744073709551608"), nearest("900719925474090007.7")]);
    }
}

/// The messages of a stream behind its schema, each with its body.
fn messages(bytes: &[u8]) -> (Vec<u8>, Vec<Vec<u8>>) {
    let (mut parts, mut at) = (Vec::new(), 0);
    loop {
        let head = |from: usize| u32::from_le_bytes(*bytes[from..].first_chunk().unwrap()) as usize;
        assert_eq!(head(at), 0xffff_ffff);
        let end = at + 8 + head(at + 4);
        if end == at + 8 {
            return (parts.remove(0), parts);
        }
        let message = arrow_ipc::root_as_message(&bytes[at + 8..end]).unwrap();
        let next = end + usize::try_from(message.bodyLength()).unwrap();
        parts.push(bytes[at..next].to_vec());
        at = next;
    }
}

/// Each addition was once copied together with all entries before it, and then looked up again.
#[test]
#[expect(clippy::disallowed_methods, reason = "what is tested is the time that it takes")]
fn many_additions_to_a_dictionary_take_as_long_as_their_entries() {
    // The dictionary `a`, `bb`; a batch; the addition `ccc`; a batch with the codes 0, 1 and 2.
    let (schema, parts) = messages(&fixture("small/delta.arrows"));
    let [first, _, addition, batch, ..] = parts.as_slice() else { panic!("other messages") };
    let additions = 40_000;
    let mut bytes = [&schema[..], first].concat();
    for _ in 0..additions {
        bytes.extend([&addition[..], batch].concat());
    }
    bytes.extend([0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0]);
    let start = Instant::now();
    let input = Input::bytes("many", bytes);
    let reader = open(vec![input], &want(&[("group", Kind::Any)]), &Limits::default()).unwrap();
    let (mut worker, mut block, mut count) = (reader.worker().unwrap(), Block::default(), 0);
    while worker.next(&mut block).unwrap() {
        let Values::Text { dictionary, codes } = &block.columns[0] else { panic!("no texts") };
        let texts: Vec<&str> = codes.iter().map(|code| &*dictionary[*code as usize]).collect();
        assert_eq!(texts, ["a", "bb", "ccc"]);
        count += 1;
    }
    assert_eq!(count, additions);
    // About a second; entry by entry again it was minutes.
    assert!(start.elapsed() < Duration::from_secs(60), "{:?}", start.elapsed());
}

/// A batch must not have codes of entries that are added after it.
#[test]
fn a_code_without_an_entry_yet_is_refused() {
    let (schema, parts) = messages(&fixture("small/delta.arrows"));
    let [first, batch, addition, longer, ..] = parts.as_slice() else { panic!("other messages") };
    let end = [0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0];
    let wanted = want(&[("group", Kind::Any)]);
    let read = |messages: &[&[u8]]| {
        let bytes = [&[&schema[..]], messages, &[&end[..]]].concat().concat();
        rows(&[("codes", bytes)], &wanted).map_err(|error| error.message)
    };
    assert_eq!(read(&[first, batch, addition, longer]).unwrap().len(), 5);
    for (messages, told) in [
        (&[&first[..], longer, addition][..], "a code has no entry in its dictionary"),
        (&[&batch[..]], "column `group` lacks its dictionary"),
        (&[&addition[..], batch], "it adds to one that is missing"),
    ] {
        let error = read(messages).unwrap_err();
        assert!(error.contains(told), "{error}");
    }
}
