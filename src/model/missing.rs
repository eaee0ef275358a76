//! Words that programs write for a value that is missing.

/// The words, as they are written: R, pandas, polars, Spark, Hive, databases, Ruby and
/// spreadsheets write them. `nan` and `null` count in any case.
pub const MISSING_WORDS: [&str; 14] = [
    "NA", "N/A", "n/a", "#N/A", "#NA", "<NA>", "<null>", "None", "NaN", "-nan", "NaT", "nil",
    "null", r"\N",
];

/// Whether a text, without blanks around it, is a word for a missing value. The empty text is not
/// a word.
pub fn is_missing_word(text: &str) -> bool {
    // Most texts are longer than every word, and a class is looked up for each new text.
    text.len() <= 6
        && (MISSING_WORDS.contains(&text)
            || ["nan", "-nan", "null"].iter().any(|word| text.eq_ignore_ascii_case(word)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_told_from_classes() {
        assert!(MISSING_WORDS.iter().all(|word| is_missing_word(word)));
        assert!(["NULL", "nan", "-NaN"].iter().all(|word| is_missing_word(word)));
        // Sodium, a common class, a name, and what is longer than a word.
        for class in ["Na", "na", "none", "NAT", "Nil", "", "N", "NaN-like", "None of these"] {
            assert!(!is_missing_word(class), "{class}");
        }
    }
}
