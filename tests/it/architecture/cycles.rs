//! The files of a module that data passes through in one direction: no two of them may need each
//! other, directly or through others.
//!
//! A file needs the file that defines what it names, wherever that is exported again.

use super::{expect_none, house};
use crate::support::source::Module;
use std::collections::{BTreeMap, BTreeSet};

/// The modules in which a `mod.rs` and the files beside it do not need each other either. Elsewhere
/// a table may name its entries, and they the types of the table.
const ONE_WAY: &[&str] = &["evidence"];

type Path = Vec<String>;

struct Files<'m>(BTreeMap<&'m [String], &'m Module>);

impl<'m> Files<'m> {
    fn of(modules: &'m [Module]) -> Self {
        let production = modules.iter().filter(|module| !module.in_tests);
        Self(production.map(|module| (module.path.as_slice(), module)).collect())
    }

    /// What `name` is called inside `module`, as a path from the root; `None` if it belongs to
    /// another crate or to the file itself.
    fn absolute(&self, module: &Module, name: &[String], depth: usize) -> Option<Path> {
        let (first, rest) = name.split_first()?;
        if first == "crate" {
            return Some(rest.to_vec());
        }
        let child: Path = module.path.iter().chain([first]).cloned().collect();
        if self.0.contains_key(child.as_slice()) {
            return Some(child.into_iter().chain(rest.iter().cloned()).collect());
        }
        let bound = self.bound(module, first, depth)?;
        Some(bound.into_iter().chain(rest.iter().cloned()).collect())
    }

    /// Where a `use` of `module` finds what it calls `name`.
    fn bound(&self, module: &Module, name: &str, depth: usize) -> Option<Path> {
        let import = module
            .names
            .iter()
            .find(|import| !import.in_tests && import.bound.as_deref() == Some(name))?;
        // `use serde::Serialize` in a module that has no `serde` ends here.
        let same = import.segments.first().is_some_and(|first| first == name);
        if depth == 0 || same { None } else { self.absolute(module, &import.segments, depth - 1) }
    }

    /// The file that defines what is at `path`; `None` if that is a whole module, or not ours.
    fn definer(&self, path: &[String], depth: usize) -> Option<&'m [String]> {
        let length = (1..=path.len()).rev().find(|&n| self.0.contains_key(&path[..n]))?;
        let (module, rest) = (self.0[&path[..length]], &path[length..]);
        let (item, inside) = rest.split_first()?;
        match self.bound(module, item, depth) {
            Some(elsewhere) if depth > 0 => {
                let path: Path = elsewhere.iter().chain(inside).cloned().collect();
                self.definer(&path, depth - 1)
            }
            _ => Some(module.path.as_slice()),
        }
    }

    /// The files that each file needs, among those below `root`. What a module and the files inside
    /// it need of each other counts only in [`ONE_WAY`].
    fn needs(&self, root: &str) -> BTreeMap<&'m [String], BTreeSet<&'m [String]>> {
        const DEPTH: usize = 8;
        let below = |path: &[String]| path.first().is_some_and(|first| first == root);
        let strict = ONE_WAY.contains(&root);
        let counts = |one: &[String], other: &[String]| {
            strict || !(one.starts_with(other) || other.starts_with(one))
        };
        let mut needs = BTreeMap::new();
        for (&path, &module) in self.0.iter().filter(|(path, _)| below(path)) {
            let names = module.names.iter().filter(|name| !name.in_tests);
            let needed: BTreeSet<_> = names
                .filter_map(|name| self.absolute(module, &name.segments, DEPTH))
                .filter_map(|name| self.definer(&name, DEPTH))
                .filter(|needed| *needed != path && below(needed) && counts(path, needed))
                .collect();
            needs.insert(path, needed);
        }
        needs
    }
}

/// The files below `root` that need each other: one sentence for each such group.
fn cycles(modules: &[Module], root: &str) -> Vec<String> {
    let needs = Files::of(modules).needs(root);
    let reached: BTreeMap<_, _> = needs
        .keys()
        .map(|&start| {
            let (mut reached, mut open) = (BTreeSet::new(), vec![start]);
            while let Some(path) = open.pop() {
                open.extend(needs[path].iter().copied().filter(|next| reached.insert(*next)));
            }
            (start, reached)
        })
        .collect();
    let groups: BTreeSet<Vec<String>> = reached
        .iter()
        .filter(|(path, reached)| reached.contains(*path))
        .map(|(path, from)| {
            let group = from.iter().filter(|other| reached[*other].contains(path));
            group.map(|other| other.join("::")).collect()
        })
        .collect();
    groups.iter().map(|group| group.join(" and ")).collect()
}

#[test]
fn data_passes_through_files_one_way() {
    let modules = house();
    let roots: BTreeSet<&String> = modules.iter().filter_map(|m| m.path.first()).collect();
    let found: Vec<String> = roots.iter().flat_map(|root| cycles(&modules, root)).collect();
    expect_none("files that need each other", &found);
}

#[test]
fn a_cycle_is_found_behind_what_is_exported_again() {
    let parse = |path: &[&str], text: &str| Module::parse(path, "src/planted.rs", text, false);
    let of = |reader: &str, error: &str| {
        let top = "mod error; mod reader; pub use error::Error; pub use reader::Reader;";
        let modules =
            [parse(&["m"], top), parse(&["m", "error"], error), parse(&["m", "reader"], reader)];
        cycles(&modules, "m")
    };
    let cycle = ["m::error and m::reader"];
    assert_eq!(of("use super::Error;", "use std::fmt;"), [""; 0]);
    assert_eq!(of("use super::Error;", "use super::Reader;"), cycle);
    assert_eq!(of("use super::error;\nfn f() { error::new() }", "use crate::m::Reader;"), cycle);
    assert_eq!(of("fn f() -> super::Error {}", "use super::reader as r; fn f() { r::g() }"), cycle);
    assert_eq!(
        of("use super::Error;", "#[cfg(test)] mod tests { use crate::m::Reader; }"),
        [""; 0]
    );
    let own = [
        parse(&["m"], "mod part; const ID: u8 = 1; fn f() { part::g() }"),
        parse(&["m", "part"], "use super::ID;"),
    ];
    assert_eq!(cycles(&own, "m"), [""; 0], "a table and its entries");
    let strict = [
        parse(&["evidence"], "mod part; const ID: u8 = 1; fn f() { part::g() }"),
        parse(&["evidence", "part"], "use super::ID;"),
    ];
    assert_eq!(cycles(&strict, "evidence"), ["evidence and evidence::part"]);
}
