//! Rust source as the architecture test sees it: the modules, what each names, and how long each
//! is.
//!
//! It reads tokens, not text: comments, doc comments and strings name nothing, but paths inside
//! macros do.

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};
use std::{
    fs,
    path::{Path, PathBuf},
};

/// A path that the source names, such as `crate::policy::Policy`, from the root: `self` and `super`
/// are resolved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Name {
    /// `["crate", "policy", "Policy"]`, `["sqlx", "query"]`; a glob ends in `*`.
    pub segments: Vec<String>,
    /// What it is called in the file, if a `use` names it: its last segment, or its new name.
    pub bound: Option<String>,
    /// Line, from 1.
    pub line: usize,
    /// Named by code that is compiled only for tests.
    pub in_tests: bool,
}

/// A keyword that a rule checks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word {
    /// `unsafe` or `async`.
    pub text: String,
    /// Line, from 1.
    pub line: usize,
    /// Written in code that is compiled only for tests.
    pub in_tests: bool,
}

/// A module declared by a file: `mod name;`.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Child {
    path: Vec<String>,
    /// Inline modules between the file and the declaration.
    inline: Vec<String>,
    file: Option<String>,
    in_tests: bool,
}

/// One source file.
#[derive(Debug, Clone, Default)]
pub struct Module {
    /// Its path without `crate`: `["policy", "rules"]`; empty for the root.
    pub path: Vec<String>,
    /// Its file, from the package's root.
    pub file: PathBuf,
    /// Compiled only for tests.
    pub in_tests: bool,
    /// Every path it names.
    pub names: Vec<Name>,
    /// Every checked keyword.
    pub words: Vec<Word>,
    /// The functions marked `#[test]` or `#[tokio::test]`.
    pub tests: Vec<String>,
    /// The number of lines in the file.
    pub lines: usize,
    /// The number of lines inside inline `#[cfg(test)]` modules.
    pub test_lines: usize,
    children: Vec<Child>,
}

impl Module {
    /// Parses the text of one file.
    pub fn parse(path: &[&str], file: &str, text: &str, in_tests: bool) -> Self {
        let path = path.iter().map(|&s| s.to_owned()).collect();
        let lines = text.lines().count();
        let mut module = Self { path, file: file.into(), in_tests, lines, ..Self::default() };
        let tokens: TokenStream =
            text.parse().unwrap_or_else(|e| panic!("{file} is not Rust: {e}"));
        let at = module.path.clone();
        Walk { module: &mut module, at, inline: Vec::new(), in_tests }.group(tokens);
        module
    }

    /// The number of lines that are not inline tests.
    pub fn production_lines(&self) -> usize {
        self.lines - self.test_lines
    }
}

/// The modules under `root` (`src/lib.rs`), found as the compiler finds them.
pub fn modules(package: &Path, root: &str) -> Vec<Module> {
    let mut found = Vec::new();
    let mut waiting = vec![(Vec::<String>::new(), PathBuf::from(root), false)];
    while let Some((path, file, in_tests)) = waiting.pop() {
        let text = fs::read_to_string(package.join(&file))
            .unwrap_or_else(|e| panic!("{}: {e}", file.display()));
        let names: Vec<&str> = path.iter().map(String::as_str).collect();
        let module = Module::parse(&names, &file.to_string_lossy(), &text, in_tests);
        for child in &module.children {
            waiting.push((child.path.clone(), locate(package, &file, child), child.in_tests));
        }
        found.push(module);
    }
    found.sort_by(|a, b| a.file.cmp(&b.file));
    found
}

/// Every file in `folder` with this ending, from the package's root, without files that package
/// managers put there.
pub fn files(package: &Path, folder: &str, ending: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut waiting = vec![PathBuf::from(folder)];
    while let Some(folder) = waiting.pop() {
        for entry in fs::read_dir(package.join(&folder)).expect("a folder of source") {
            let entry = entry.expect("an entry");
            let path = folder.join(entry.file_name());
            if entry.file_type().expect("a type").is_dir() {
                if entry.file_name() != "node_modules" {
                    waiting.push(path);
                }
            } else if path.extension().is_some_and(|e| e == ending) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

fn locate(package: &Path, parent: &Path, child: &Child) -> PathBuf {
    let beside = parent.parent().expect("a folder");
    if let Some(file) = &child.file {
        return beside.join(file);
    }
    let stem = parent.file_stem().expect("a name").to_string_lossy().into_owned();
    let mut folder = beside.to_owned();
    if !["lib", "main", "mod"].contains(&stem.as_str()) {
        folder.push(stem);
    }
    folder.extend(&child.inline);
    let name = child.path.last().expect("a module has a name");
    let flat = folder.join(format!("{name}.rs"));
    if package.join(&flat).exists() { flat } else { folder.join(name).join("mod.rs") }
}

struct Walk<'a> {
    module: &'a mut Module,
    at: Vec<String>,
    inline: Vec<String>,
    in_tests: bool,
}

impl Walk<'_> {
    /// Reads everything between two brackets, or a whole file.
    fn group(&mut self, tokens: TokenStream) {
        let outside = self.in_tests;
        let tokens: Vec<TokenTree> = tokens.into_iter().collect();
        let (mut attributes, mut i) = (Vec::<Group>::new(), 0);
        while let Some(token) = tokens.get(i) {
            match token {
                TokenTree::Punct(p) if p.as_char() == '#' => {
                    if let Some(TokenTree::Group(attribute)) = tokens.get(i + 1) {
                        self.in_tests |= only_for_tests(attribute);
                        attributes.push(attribute.clone());
                        self.group(attribute.stream());
                        i += 2;
                        continue;
                    }
                    // `#![cfg(test)]` applies to everything that follows, so the next item does not
                    // reset it.
                    if let (Some(bang), Some(TokenTree::Group(inner))) =
                        (tokens.get(i + 1), tokens.get(i + 2))
                        && is(Some(bang), '!')
                    {
                        let rest = only_for_tests(inner);
                        self.group(inner.stream());
                        i += 3;
                        if rest {
                            self.in_tests = true;
                            self.group(tokens[i..].iter().cloned().collect());
                            i = tokens.len();
                        }
                        continue;
                    }
                    i += 1;
                }
                TokenTree::Ident(word) => {
                    let next = self.word(&word.to_string(), &tokens, i, &attributes);
                    if is(tokens.get(next - 1), ';') || braces(tokens.get(next - 1)).is_some() {
                        self.in_tests = outside;
                        attributes.clear();
                    }
                    i = next;
                }
                TokenTree::Group(group) => {
                    self.group(group.stream());
                    if group.delimiter() == Delimiter::Brace {
                        self.in_tests = outside;
                        attributes.clear();
                    }
                    i += 1;
                }
                _ => {
                    if is(Some(token), ';') || is(Some(token), ',') {
                        self.in_tests = outside;
                        attributes.clear();
                    }
                    i += 1;
                }
            }
        }
        self.in_tests = outside;
    }

    /// Reads the word at `i` and what belongs to it; returns the position to continue at.
    fn word(&mut self, word: &str, tokens: &[TokenTree], i: usize, attributes: &[Group]) -> usize {
        let line = tokens[i].span().start().line;
        if ["unsafe", "async"].contains(&word) {
            self.module.words.push(Word { text: word.to_owned(), line, in_tests: self.in_tests });
        }
        let next = ident(tokens.get(i + 1));
        match (word, next) {
            ("use", _) if !is(tokens.get(i + 1), '<') => {
                let end =
                    (i..tokens.len()).find(|&j| is(tokens.get(j), ';')).unwrap_or(tokens.len());
                self.tree(&tokens[i + 1..end], &[]);
                (end + 1).min(tokens.len())
            }
            ("mod", Some(name)) => self.submodule(name, tokens, i, attributes),
            ("extern", Some(word)) if word == "crate" => {
                if let Some(name) = ident(tokens.get(i + 2)) {
                    self.name(vec![name], line);
                }
                i + 3
            }
            ("fn", Some(name)) => {
                if attributes.iter().any(is_test_attribute) {
                    self.module.tests.push(name);
                }
                i + 2
            }
            // The macro of `lib.rs` that declares a module of a pure floor; its last word is the name.
            ("pure", _) if is(tokens.get(i + 1), '!') => {
                if let Some(TokenTree::Group(group)) = tokens.get(i + 2)
                    && let Some(name) = ident(group.stream().into_iter().last().as_ref())
                {
                    self.declare(name, None);
                }
                i + 3
            }
            // Each function in it becomes a test on SQLite and one on PostgreSQL.
            ("on_both_engines", _) if is(tokens.get(i + 1), '!') => {
                if let Some(group) = braces(tokens.get(i + 2)) {
                    let inner: Vec<TokenTree> = group.stream().into_iter().collect();
                    let named =
                        inner.windows(2).filter(|w| ident(w.first()).as_deref() == Some("fn"));
                    self.module.tests.extend(named.filter_map(|w| ident(w.get(1))));
                    self.group(group.stream());
                }
                i + 3
            }
            _ => self.path(tokens, i),
        }
    }

    fn submodule(
        &mut self,
        name: String,
        tokens: &[TokenTree],
        i: usize,
        attributes: &[Group],
    ) -> usize {
        let Some(body) = braces(tokens.get(i + 2)) else {
            if is(tokens.get(i + 2), ';') {
                self.declare(name, attributes.iter().find_map(path_attribute));
            }
            return i + 3;
        };
        if self.in_tests && !self.module.in_tests && self.inline.is_empty() {
            let span = body.delim_span();
            self.module.test_lines += span.close().end().line + 1 - tokens[i].span().start().line;
        }
        self.at.push(name.clone());
        self.inline.push(name);
        self.group(body.stream());
        self.at.pop();
        self.inline.pop();
        i + 3
    }

    fn declare(&mut self, name: String, file: Option<String>) {
        let mut path = self.at.clone();
        path.push(name);
        let child = Child { path, inline: self.inline.clone(), file, in_tests: self.in_tests };
        self.module.children.push(child);
    }

    /// A path in an expression or a type. Only a path with `::` leaves the module.
    fn path(&mut self, tokens: &[TokenTree], i: usize) -> usize {
        let mut segments = Vec::new();
        let mut j = i;
        while let Some(segment) = ident(tokens.get(j)) {
            segments.push(segment);
            j += 1;
            if is(tokens.get(j), ':')
                && is(tokens.get(j + 1), ':')
                && ident(tokens.get(j + 2)).is_some()
            {
                j += 2;
            } else {
                break;
            }
        }
        // `Vec::<T>::new`, `<T as Trait>::name` and `a.b` continue a path that was already named.
        let before = i.checked_sub(1).map(|b| &tokens[b]);
        let continues =
            is(before, ':') && i >= 3 && is(tokens.get(i - 2), ':') && is(tokens.get(i - 3), '>');
        let called = is(tokens.get(j), ':') && is(tokens.get(j + 1), ':');
        if (segments.len() > 1 || called) && !continues && !is(before, '.') {
            self.name(segments, tokens[i].span().start().line);
        }
        j
    }

    /// Reads the tree of a `use`.
    fn tree(&mut self, tokens: &[TokenTree], prefix: &[String]) {
        let (mut segments, mut renamed) = (prefix.to_vec(), None);
        let line = tokens.first().map_or(0, |t| t.span().start().line);
        for (i, token) in tokens.iter().enumerate() {
            match token {
                TokenTree::Ident(word) if word == "as" => {
                    renamed = ident(tokens.get(i + 1));
                    break;
                }
                TokenTree::Ident(word) if word == "self" && !segments.is_empty() => {}
                TokenTree::Ident(word) => segments.push(unraw(&word.to_string())),
                TokenTree::Punct(p) if p.as_char() == '*' => segments.push("*".to_owned()),
                TokenTree::Group(group) if i + 1 == tokens.len() => {
                    let inner: Vec<TokenTree> = group.stream().into_iter().collect();
                    for branch in inner.split(|t| is(Some(t), ',')).filter(|b| !b.is_empty()) {
                        self.tree(branch, &segments);
                    }
                    return;
                }
                _ => {}
            }
        }
        if let Some(last) = segments.last() {
            let bound = renamed.or_else(|| Some(last.clone()));
            self.name_as(segments, bound, line);
        }
    }

    fn name(&mut self, segments: Vec<String>, line: usize) {
        self.name_as(segments, None, line);
    }

    fn name_as(&mut self, segments: Vec<String>, bound: Option<String>, line: usize) {
        let segments = resolve(&self.at, segments);
        self.module.names.push(Name { segments, bound, line, in_tests: self.in_tests });
    }
}

/// The same path from the crate's root, if it starts with `self` or `super`.
fn resolve(at: &[String], segments: Vec<String>) -> Vec<String> {
    let mut base = at.to_vec();
    let mut rest = segments.as_slice();
    let relative = matches!(segments[0].as_str(), "self" | "super");
    while let [first, more @ ..] = rest {
        match first.as_str() {
            "super" => drop(base.pop()),
            "self" => {}
            _ => break,
        }
        rest = more;
    }
    // In the root file, a module's name alone is a path from the root.
    let from_root =
        at.is_empty() && segments[0] != "crate" && segments[0].starts_with(char::is_lowercase);
    if relative {
        ["crate".to_owned()].into_iter().chain(base).chain(rest.iter().cloned()).collect()
    } else if segments[0] == "modelgate" {
        ["crate".to_owned()].into_iter().chain(rest[1..].iter().cloned()).collect()
    } else if from_root && crate::architecture::floor(&segments[0]).is_some() {
        ["crate".to_owned()].into_iter().chain(segments).collect()
    } else {
        segments
    }
}

fn is(token: Option<&TokenTree>, wanted: char) -> bool {
    matches!(token, Some(TokenTree::Punct(p)) if p.as_char() == wanted)
}

fn ident(token: Option<&TokenTree>) -> Option<String> {
    match token {
        Some(TokenTree::Ident(word)) => Some(unraw(&word.to_string())),
        _ => None,
    }
}

fn unraw(word: &str) -> String {
    word.strip_prefix("r#").unwrap_or(word).to_owned()
}

fn braces(token: Option<&TokenTree>) -> Option<&Group> {
    match token {
        Some(TokenTree::Group(g)) if g.delimiter() == Delimiter::Brace => Some(g),
        _ => None,
    }
}

fn words(attribute: &Group) -> Vec<String> {
    let text = attribute.stream().to_string();
    text.split(|c: char| !c.is_alphanumeric() && c != '_')
        .filter(|w| !w.is_empty())
        .map(str::to_owned)
        .collect()
}

/// `#[cfg(test)]` and `#[cfg(all(test, …))]`; not `any` or `not`, which leave the code in a release
/// build.
fn only_for_tests(attribute: &Group) -> bool {
    let words = words(attribute);
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    matches!(words.as_slice(), ["cfg", "test"])
        || matches!(words.as_slice(), ["cfg", "all", "test", ..])
}

/// `#[test]`, `#[tokio::test]`, `#[tokio::test(…)]`.
fn is_test_attribute(attribute: &Group) -> bool {
    let words = words(attribute);
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    matches!(words.as_slice(), ["test"] | ["tokio", "test", ..])
}

/// The file of `#[path = "…"]`.
fn path_attribute(attribute: &Group) -> Option<String> {
    let text = attribute.stream().to_string();
    let value = text.strip_prefix("path")?.trim_start().strip_prefix('=')?;
    Some(value.trim().trim_matches('"').to_owned())
}
