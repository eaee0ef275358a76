//! The word that was probably intended in place of an unknown one.

/// The similarity from which a word is suggested in place of another.
const NEAR: f64 = 0.75;

/// The word that was probably intended.
pub(super) fn nearest<'w>(word: &str, words: &[&'w str]) -> Option<&'w str> {
    let near = |other: &&'w str| (strsim::jaro_winkler(word, other), *other);
    let best = words.iter().map(near).max_by(|a, b| a.0.total_cmp(&b.0));
    best.filter(|(likeness, _)| *likeness >= NEAR).map(|(_, word)| word)
}

/// A message of serde about an unknown word, with the word that was probably intended.
pub(super) fn with_nearest(sentence: String) -> String {
    let Some((_, rest)) = sentence.split_once("unknown variant `") else { return sentence };
    let words: Vec<&str> = rest.split('`').step_by(2).filter(|word| !word.contains(' ')).collect();
    match words.split_first().and_then(|(wrong, words)| nearest(wrong, words)) {
        Some(word) => format!("{sentence}; did you mean `{word}`?"),
        None => sentence,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_misspelt_is_told_with_what_was_meant() {
        let sentence = "verdict: unknown variant `alow`, expected one of `allow`, `deny`, `pending`, `revoked`";
        assert!(with_nearest(sentence.into()).ends_with("did you mean `allow`?"));
        assert_eq!(
            with_nearest("unknown variant `x`, expected `html` or `csv`".into())
                .matches("did you")
                .count(),
            0
        );
    }
}
