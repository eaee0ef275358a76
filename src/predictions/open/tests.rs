//! Files of every format, compared with what was written into them.

use super::*;
use crate::predictions::block::{Kind, Values};
use std::{fs, io::Write, path::PathBuf, thread};

pub(super) fn fixture(name: &str) -> Vec<u8> {
    let path =
        PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/predictions").join(name);
    fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

pub(super) fn want(names: &[(&str, Kind)]) -> Vec<Wanted> {
    names.iter().map(|(name, kind)| Wanted { name: (*name).to_owned(), kind: *kind }).collect()
}

/// A value as text, the same for every type that represents it.
fn cells(values: &Values) -> Vec<String> {
    match values {
        Values::F32(v) => v.iter().map(ToString::to_string).collect(),
        Values::F64(v) => v.iter().map(ToString::to_string).collect(),
        Values::Int(v) => v.iter().map(ToString::to_string).collect(),
        Values::Bool(v) => v.iter().map(ToString::to_string).collect(),
        Values::Text { dictionary, codes } => {
            codes.iter().map(|c| dictionary[*c as usize].to_string()).collect()
        }
    }
}

fn draw(reader: &dyn Reader) -> Result<Vec<Vec<String>>, PredictionsError> {
    let (mut worker, mut block, mut rows) = (reader.worker()?, Block::default(), Vec::new());
    while worker.next(&mut block)? {
        let columns: Vec<Vec<String>> = block.columns.iter().map(cells).collect();
        assert!(columns.iter().all(|c| c.len() == block.rows));
        rows.extend(
            (0..block.rows).map(|row| columns.iter().map(|c| c[row].clone()).collect::<Vec<_>>()),
        );
    }
    Ok(rows)
}

/// Reads all rows, in the order of the files: once from memory, and once from a file with three
/// workers.
pub(super) fn rows(
    inputs: &[(&str, Vec<u8>)],
    wanted: &[Wanted],
) -> Result<Vec<Vec<String>>, PredictionsError> {
    let memory = inputs.iter().map(|(name, bytes)| Input::bytes(*name, bytes.clone())).collect();
    let one = draw(&*open(memory, wanted, &Limits::default())?)?;
    let on_disk = |(name, bytes): &(&str, Vec<u8>)| {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(bytes).unwrap();
        Input::file(*name, file).unwrap()
    };
    let reader = open(inputs.iter().map(on_disk).collect(), wanted, &Limits::default())?;
    let mut three: Vec<Vec<String>> = thread::scope(|scope| {
        let workers: Vec<_> = (0..3).map(|_| scope.spawn(|| draw(&*reader).unwrap())).collect();
        workers.into_iter().flat_map(|worker| worker.join().unwrap()).collect()
    });
    let mut sorted = one.clone();
    sorted.sort();
    three.sort();
    assert_eq!(sorted, three);
    Ok(one)
}

pub(super) fn refusal(name: &str, bytes: &[u8], wanted: &[(&str, Kind)]) -> (&'static str, String) {
    let error = rows(&[(name, bytes.to_vec())], &want(wanted)).unwrap_err();
    (error.code, error.message)
}

const ALL: [(&str, Kind); 7] = [
    ("label", Kind::Any),
    ("count", Kind::Number),
    ("score", Kind::Number),
    ("latency", Kind::Number),
    ("ok", Kind::Category),
    ("group", Kind::Category),
    ("id", Kind::Any),
];

/// The rows that `small/make.py` writes.
fn made(n: usize) -> Vec<Vec<String>> {
    let groups = ["a", "bb", "", "Māori", "a longer name than sixteen bytes"];
    let row = |i: usize| {
        let score = (i as f64 / 997.0) as f32;
        let numbers =
            [(i % 3).to_string(), (i as i64 * 1_000_003 - 500).to_string(), score.to_string()];
        let rest = [
            (i as f64 * 0.1).to_string(),
            i.is_multiple_of(7).to_string(),
            groups[i * i % 5].to_owned(),
        ];
        numbers.into_iter().chain(rest).chain([format!("row-{i}")]).collect()
    };
    (0..n).map(row).collect()
}

#[test]
fn every_codec_encoding_page_and_container_gives_the_rows_that_were_written() {
    let parquet = [
        "none_v1",
        "none_v2",
        "snappy_v1",
        "snappy_v2",
        "gzip_v1",
        "gzip_v2",
        "lz4_v1",
        "lz4_v2",
        "brotli_v1",
        "brotli_v2",
        "zstd_v1",
        "zstd_v2",
        "plain",
        "fallback",
        "delta_v1",
        "delta_v2",
        "split_int",
        "groups",
        "large_string",
        "required",
    ];
    let arrow = [
        "plain.arrow",
        "lz4.arrow",
        "zstd.arrows",
        "dictionary.arrows",
        "view.arrow",
        "large.arrow",
        "union_v4.arrow",
        "runs_v4.arrow",
        "runs_v5.arrow",
        "legacy.arrow",
    ];
    let names =
        parquet.iter().map(|name| format!("{name}.parquet")).chain(arrow.map(str::to_owned));
    for name in names {
        let bytes = fixture(&format!("small/{name}"));
        assert_eq!(rows(&[(&name, bytes)], &want(&ALL)).unwrap(), made(300), "{name}");
    }
}

#[test]
fn paths_lead_into_structs() {
    let nested: Vec<(String, Kind)> =
        ALL.iter().map(|(name, kind)| (format!("row.{name}"), *kind)).collect();
    let nested: Vec<(&str, Kind)> =
        nested.iter().map(|(name, kind)| (name.as_str(), *kind)).collect();
    for name in ["small/struct.parquet", "small/struct.arrow"] {
        assert_eq!(rows(&[(name, fixture(name))], &want(&nested)).unwrap(), made(300), "{name}");
        let (code, message) = refusal(name, &fixture(name), &[("row", Kind::Any)]);
        assert_eq!(code, "predictions-missing-column");
        assert!(message.contains("`row.label`"), "{message}");
    }
}

#[test]
fn many_files_are_one_set_and_files_without_rows_are_in_it() {
    let file = |name| (name, fixture(&format!("small/{name}")));
    let set = [
        file("empty.parquet"),
        file("groups.parquet"),
        file("empty.arrows"),
        file("view.arrow"),
        file("zstd_v2.parquet"),
    ];
    let expected: Vec<Vec<String>> = (0..3).flat_map(|_| made(300)).collect();
    assert_eq!(rows(&set, &want(&ALL)).unwrap(), expected);
    let lacking = [file("groups.parquet"), file("half.arrow")];
    let error = rows(&lacking, &want(&ALL)).unwrap_err();
    assert_eq!(error.message, "`half.arrow` has no column `label`; it has `score`, `u8`");
    assert_eq!(
        open(vec![], &want(&ALL), &Limits::default()).err().unwrap().code,
        "predictions-none"
    );
}

#[test]
fn integers_of_every_width_keep_their_values() {
    let wanted =
        [("u8", Kind::Any), ("u16", Kind::Any), ("u32", Kind::Number), ("i16", Kind::Category)];
    let read = rows(&[("u", fixture("small/unsigned.parquet"))], &want(&wanted)).unwrap();
    let row =
        |i: i64| [i % 256, i + 65000, i + 4_294_966_000, i - 32768].map(|x| x.to_string()).to_vec();
    assert_eq!(read, (0..300).map(row).collect::<Vec<_>>());
    let read =
        rows(&[("u", fixture("small/unsigned.parquet"))], &want(&[("u64", Kind::Any)])).unwrap();
    assert_eq!(read.last().unwrap(), &["9223372036854775807"]);
    let read = rows(
        &[("h", fixture("small/half.arrow"))],
        &want(&[("score", Kind::Number), ("u8", Kind::Any)]),
    )
    .unwrap();
    assert_eq!(read[299], ["37.375", "43"]);
    let read =
        rows(&[("d", fixture("small/delta.arrows"))], &want(&[("group", Kind::Any)])).unwrap();
    assert_eq!(read.concat(), ["a", "bb", "a", "bb", "ccc", "z", "a"]);
}

#[test]
fn decimals_half_floats_and_dictionaries_of_any_type_are_their_values() {
    let wanted = [("price", Kind::Number), ("wide", Kind::Number), ("whole", Kind::Any)];
    for name in ["small/decimal.parquet", "small/decimal.arrow"] {
        let read = rows(&[(name, fixture(name))], &want(&wanted)).unwrap();
        let row = |i: u32| {
            let sign = if i.is_multiple_of(2) { "" } else { "-" };
            let wide = format!("{sign}{}{}{i:04}.{i:03}", i + 1, "0123456789".repeat(3));
            let i = f64::from(i);
            [i / 100.0, wide.parse().unwrap(), i].map(|x| x.to_string()).to_vec()
        };
        assert_eq!(read, (0..300).map(row).collect::<Vec<_>>(), "{name}");
    }
    let name = "small/half.parquet";
    let read = rows(&[(name, fixture(name))], &want(&[("score", Kind::Number)])).unwrap();
    assert_eq!(read[299], ["37.375"]);
    let wanted = [
        ("number", Kind::Number),
        ("integer", Kind::Category),
        ("truth", Kind::Category),
        ("view", Kind::Any),
        ("twice", Kind::Any),
    ];
    let name = "small/codes.arrow";
    let read = rows(&[(name, fixture(name))], &want(&wanted)).unwrap();
    let row = |i: usize| {
        let numbers = [["0.5", "1.5", "2.5"][i % 3], ["-1", "0", "70000"][i % 3]];
        let texts = [["false", "true"][i % 2], ["a", "a text of more than twelve bytes"][i % 2]];
        [&numbers[..], &texts[..], &[["a", "b"][i % 2]]].concat()
    };
    assert_eq!(read, (0..300).map(row).collect::<Vec<_>>());
}

#[test]
fn dictionaries_that_grow_have_the_limits_of_one() {
    let wanted = want(&[("group", Kind::Any)]);
    let read = |name: &str, limits: &Limits| {
        open(vec![Input::bytes(name, fixture(name))], &wanted, limits).map(|reader| draw(&*reader))
    };
    let limits = Limits { distinct: 4, ..Limits::default() };
    // Two texts, then one more and one more: the fourth entry is refused before any row is read.
    let whole = read("small/delta.arrow", &limits).unwrap().unwrap();
    assert_eq!(whole.concat().join(" "), "a bb a bb ccc a bb ccc dddd");
    let refused = read("small/delta.arrow", &Limits { distinct: 3, ..limits }).err().unwrap();
    assert_eq!(refused.code, "predictions-too-large");
    assert!(refused.message.contains("a dictionary has more than 3 entries"));
    // No dictionary and no batch has more bytes than the limit, but the dictionaries together have.
    let refused = read("small/delta.arrow", &Limits { bytes: 30, ..limits }).err().unwrap();
    assert_eq!(refused.code, "predictions-too-large");
    assert!(refused.message.contains("its dictionaries decompress"), "{}", refused.message);
}

#[test]
fn an_arrow_file_is_read_through_its_footer() {
    // Written by pyarrow, with a batch between the others that the footer does not name.
    let wanted = want(&[("y", Kind::Any), ("p", Kind::Any)]);
    let read = rows(&[("footer", fixture("small/footer.arrow"))], &wanted).unwrap();
    let right = read.iter().filter(|row| row[0] == row[1]).count();
    assert_eq!((read.len(), right), (200, 100));
    // Polars writes nothing between its messages and the footer.
    let read = rows(&[("polars", fixture("small/polars.arrow"))], &wanted).unwrap();
    assert_eq!(read.len(), 4);
}

#[test]
fn one_table_in_four_formats_is_one_table() {
    let wanted = [
        ("id", Kind::Any),
        ("label", Kind::Number),
        ("pred", Kind::Number),
        ("score", Kind::Number),
        ("latency_ms", Kind::Number),
        ("sex", Kind::Category),
        ("race", Kind::Category),
        ("age_band", Kind::Category),
    ];
    let read = |name: &str| rows(&[(name, fixture(name))], &want(&wanted)).unwrap();
    let csv = read("adult_good.csv");
    assert_eq!(csv.len(), 3000);
    assert_eq!(csv[0], ["row-00000", "0", "1", "0.613906", "4.183", "Male", "White", ">60"]);
    for name in ["adult_good.parquet", "adult_good.arrow", "adult_good.arrows"] {
        assert_eq!(read(name), csv, "{name}");
    }
    let jsonl = read("adult_unicode.jsonl");
    assert_eq!(read("adult_unicode.csv"), jsonl);
    assert_eq!(jsonl.len(), 2000);
    assert!(
        jsonl.iter().any(|row| row[6].is_empty())
            && jsonl.iter().any(|row| row[6] == "Māori, Pacific")
    );
    // The same rows in 32-bit floats.
    let narrow = |row: Vec<String>| {
        let numbers = [3, 4].map(|i| row[i].parse::<f32>().unwrap());
        (row[0].clone(), row[1].clone(), numbers, row[5..].to_vec())
    };
    let [a, b] = ["adult_bad.jsonl", "adult_bad.parquet"]
        .map(|n| read(n).into_iter().map(narrow).collect::<Vec<_>>());
    assert_eq!(a, b);
}

#[test]
fn compressed_text_is_the_text() {
    let wanted = want(&[("id", Kind::Any), ("score", Kind::Number)]);
    for name in ["adult_good.csv", "adult_unicode.jsonl", "adult_unicode.csv"] {
        let bytes = fixture(name);
        let expected = rows(&[(name, bytes.clone())], &wanted).unwrap();
        let (front, back) = bytes.split_at(1000);
        let mut gzip = Vec::new();
        for part in [front, back] {
            let mut encoder = flate2::write::GzEncoder::new(&mut gzip, flate2::Compression::fast());
            encoder.write_all(part).unwrap();
            encoder.finish().unwrap();
        }
        let zstd = [front, back].map(|part| zstd::encode_all(part, 1).unwrap()).concat();
        for packed in [gzip, zstd] {
            assert_eq!(rows(&[("packed", packed.clone())], &wanted).unwrap(), expected);
            let (code, _) = refusal("cut", &packed[..packed.len() - 20], &[("id", Kind::Any)]);
            assert_eq!(code, "predictions-corrupt");
        }
    }
    let bomb = zstd::encode_all(&[b"a\n".to_vec(), vec![b'1'; 40 << 20]].concat()[..], 1).unwrap();
    assert_eq!(refusal("bomb", &bomb, &[("a", Kind::Any)]).0, "predictions-too-large");
}

#[test]
fn nothing_that_is_no_value_is_one() {
    let cases = [
        (
            "edge_nan_inf.jsonl",
            "score",
            Kind::Number,
            "predictions-not-finite",
            "NaN in column `score` at line 4 of",
        ),
        (
            "edge_nan_inf.jsonl",
            "latency_ms",
            Kind::Number,
            "predictions-not-finite",
            "NaN in column `latency_ms` at line 10 of",
        ),
        (
            "edge_nan_inf.parquet",
            "score",
            Kind::Number,
            "predictions-null",
            "null in column `score` at row 4 of",
        ),
        (
            "edge_nan_inf.parquet",
            "latency_ms",
            Kind::Any,
            "predictions-null",
            "null in column `latency_ms` at row 10 of",
        ),
        (
            "small/not_finite.parquet",
            "score",
            Kind::Number,
            "predictions-not-finite",
            "-inf in column `score` at row 251 of",
        ),
        (
            "small/not_finite.parquet",
            "narrow",
            Kind::Any,
            "predictions-not-finite",
            "NaN in column `narrow` at row 100 of",
        ),
        (
            "small/nulls.parquet",
            "group",
            Kind::Category,
            "predictions-null",
            "null in column `group` at row 212 of",
        ),
        (
            "small/nulls_v2.parquet",
            "group",
            Kind::Any,
            "predictions-null",
            "null in column `group` at row 212 of",
        ),
        (
            "small/nulls.arrows",
            "group",
            Kind::Any,
            "predictions-null",
            "null in column `group` at row 212 of",
        ),
        ("small/refused.parquet", "price", Kind::Category, "predictions-type", "holds decimals"),
        ("small/refused.parquet", "day", Kind::Any, "predictions-type", "holds dates or times"),
        ("small/refused.parquet", "when", Kind::Any, "predictions-type", "holds 96-bit times"),
        (
            "small/refused.parquet",
            "many.list.element",
            Kind::Any,
            "predictions-type",
            "holds lists or maps",
        ),
        (
            "small/refused.parquet",
            "bytes",
            Kind::Any,
            "predictions-type",
            "holds bytes of fixed length",
        ),
        (
            "small/refused.parquet",
            "nothing",
            Kind::Any,
            "predictions-type",
            "holds nothing but nulls",
        ),
        (
            "small/refused.parquet",
            "text",
            Kind::Number,
            "predictions-type",
            "holds text; numbers are needed",
        ),
        (
            "small/codes.arrow",
            "lacks",
            Kind::Any,
            "predictions-null",
            "null in column `lacks` at row 5 of",
        ),
        (
            "small/struct.arrow",
            "row.many",
            Kind::Any,
            "predictions-type",
            "holds lists, maps or unions",
        ),
        ("small/plain.arrow", "ok", Kind::Number, "predictions-type", "holds booleans"),
        (
            "small/plain.arrow",
            "score",
            Kind::Category,
            "predictions-type",
            "a group has to be text",
        ),
        (
            "small/plain.parquet",
            "Score",
            Kind::Number,
            "predictions-missing-column",
            "did you mean `score`?",
        ),
        (
            "adult_good.csv",
            "race",
            Kind::Number,
            "predictions-type",
            "row 1 (line 2) of `adult_good.csv` has `White`",
        ),
    ];
    for (name, column, kind, code, says) in cases {
        let (got, message) = refusal(name, &fixture(name), &[(column, kind)]);
        assert_eq!(got, code, "{message}");
        assert!(message.contains(says), "{message}");
    }
    // Columns that are not wanted are not checked.
    for name in ["edge_nan_inf.jsonl", "edge_nan_inf.parquet"] {
        assert_eq!(
            rows(&[(name, fixture(name))], &want(&[("label", Kind::Any)])).unwrap().len(),
            400
        );
    }
}
