//! Files that import each other in a circle: none of them can be read, moved or tested without the
//! others.

use super::{expect_none, house};
use crate::support::source::Module;
use std::collections::{BTreeMap, BTreeSet};

/// Circles that are being undone elsewhere.
const STILL: [&str; 4] =
    ["evidence::formats::evaluation::tfma", "evidence::formats::native", "predictions", "stats"];

/// Which module imports which. A module and those inside it are one room with its parts: a table
/// of rules names the rules, and they name the types of the table. Everything else counts.
fn imports(modules: &[Module]) -> BTreeMap<Vec<String>, BTreeSet<Vec<String>>> {
    let known: BTreeSet<&[String]> = modules.iter().map(|m| m.path.as_slice()).collect();
    let mut all = BTreeMap::new();
    for module in modules.iter().filter(|module| !module.in_tests) {
        let production = module.names.iter().filter(|n| !n.in_tests && n.segments[0] == "crate");
        let targets = production.filter_map(|name| {
            let path = &name.segments[1..];
            // The longest beginning of the path that is a module.
            (1..=path.len()).rev().map(|end| &path[..end]).find(|path| known.contains(path))
        });
        let related =
            |other: &[String]| other.starts_with(&module.path) || module.path.starts_with(other);
        let imported: BTreeSet<Vec<String>> =
            targets.filter(|other| !related(other)).map(<[String]>::to_vec).collect();
        all.entry(module.path.clone()).or_insert_with(BTreeSet::new).extend(imported);
    }
    all
}

/// Everything that is imported from `start`, directly or not.
fn reached<'m>(
    imports: &'m BTreeMap<Vec<String>, BTreeSet<Vec<String>>>,
    start: &'m Vec<String>,
) -> BTreeSet<&'m Vec<String>> {
    let (mut seen, mut waiting) = (BTreeSet::new(), vec![start]);
    while let Some(at) = waiting.pop() {
        for next in imports.get(at).into_iter().flatten() {
            if seen.insert(next) {
                waiting.push(next);
            }
        }
    }
    seen
}

/// One sentence for each circle.
fn circles(modules: &[Module]) -> Vec<String> {
    let imports = imports(modules);
    let mut found = BTreeSet::new();
    for start in imports.keys() {
        let circle: BTreeSet<String> = reached(&imports, start)
            .into_iter()
            .filter(|other| reached(&imports, other).contains(start))
            .map(|path| path.join("::"))
            .collect();
        if circle.len() > 1 {
            found.insert(circle.into_iter().collect::<Vec<_>>().join(", "));
        }
    }
    found.into_iter().collect()
}

#[test]
fn no_files_import_each_other_in_a_circle() {
    let found: Vec<String> = circles(&house())
        .into_iter()
        .filter(|one| !STILL.iter().any(|s| one.starts_with(s)))
        .collect();
    expect_none("files import each other in a circle", &found);
}

#[test]
fn a_circle_is_found() {
    let planted = |path: &[&str], text: &str| Module::parse(path, "planted.rs", text, false);
    let modules = [
        planted(&["a", "one"], "use crate::a::two::Two; pub struct One;"),
        planted(&["a", "two"], "use super::three::Three; pub struct Two;"),
        planted(&["a", "three"], "use crate::a::one::One; pub struct Three;"),
        planted(&["a", "four"], "use crate::a::one::One;"),
        planted(&["a"], "mod one; mod two; mod three; mod four; pub use one::One;"),
    ];
    assert_eq!(circles(&modules), ["a::one, a::three, a::two"]);
    assert_eq!(circles(&modules[1..]), Vec::<String>::new());
}
