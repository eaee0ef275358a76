//! Checks the structure that `ARCHITECTURE.md` describes against the source: which module imports
//! which, which module names which crate, how large the files are, and whether every invariant
//! names a test that exists.
//!
//! `cargo test --test it architecture -- --nocapture` prints the drawing; `make floors` writes it.

mod cycles;
mod planted;

use crate::support::source::{self, Module, Name};
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
};

/// Every module and its floor. A module imports only lower floors.
const FLOORS: &[(&str, u8)] = &[
    ("model", 0),
    ("stats", 0),
    ("config", 1),
    ("evidence", 1),
    ("identity", 1),
    ("ledger", 1),
    ("policy", 1),
    ("predictions", 1),
    ("report", 1),
    ("wire", 1),
    ("github", 2),
    ("keys", 2),
    ("outbound", 2),
    ("render", 2),
    ("store", 2),
    ("app", 3),
    ("web", 4),
    ("cli", 5),
];

/// The commands that start the server; the others never import `web`.
const STARTS_THE_WEB: &[&str] = &["serve", "demo"];

/// Crates that are used in one place only, so that they can be replaced there.
const HOMES: &[(&str, &[&str])] = &[
    ("axum", &["web"]),
    ("clap", &["cli"]),
    ("clap_complete", &["cli"]),
    ("handlebars", &["render"]),
    ("jsonwebtoken", &["identity"]),
    ("octocrab", &["github"]),
    ("reqwest", &["outbound", "cli"]),
    ("sqlx", &["store"]),
    ("tower", &["web"]),
    ("tower_http", &["web"]),
];

/// What floors 0 and 1 never name: files, the network, the machine, its clock, its randomness, a
/// runtime. Each is a sequence of segments anywhere in a path.
const IMPURE: &[&[&str]] = &[
    &["std", "*"],
    &["std", "env"],
    &["std", "fs"],
    &["std", "net"],
    &["std", "os"],
    &["std", "process"],
    &["std", "thread"],
    &["std", "time", "*"],
    &["std", "io", "*"],
    &["io", "stderr"],
    &["io", "stdin"],
    &["io", "stdout"],
    &["time", "Instant"],
    &["time", "SystemTime"],
    &["now"],
    &["tokio"],
    &["getrandom"],
    &["rand"],
    &["rand_core"],
    &["OsRng"],
];

/// The wings of `app`, and the step that each is on: a wing imports only lower steps.
const WINGS: &[(&str, u8)] = &[
    ("core", 0),
    ("offline", 1),
    ("registry", 1),
    ("accounts", 1),
    ("reports", 1),
    ("gate", 2),
    ("transparency", 3),
];

const FILE_CAP: usize = 600;
const FILE_P95: usize = 400;
const FILE_MEDIAN: usize = 150;
const INLINE_TESTS_CAP: usize = 150;
const MAIN_CAP: usize = 30;

/// Tests that `ARCHITECTURE.md` names before they are written. The commit that adds the test
/// removes its name from this list: a name that is listed here although the test exists is a
/// failure.
const AWAITED: &[&str] = &[];

const DRAWN_FROM: &str = "<!-- floors: drawn by `make floors` -->";
const DRAWN_TO: &str = "<!-- /floors -->";

/// The floor of a module.
pub(crate) fn floor(module: &str) -> Option<u8> {
    FLOORS.iter().find(|(name, _)| *name == module).map(|(_, floor)| *floor)
}

fn package() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn house() -> Vec<Module> {
    let mut modules = source::modules(package(), "src/lib.rs");
    modules.extend(source::modules(package(), "src/main.rs"));
    modules
}

/// Fails with every violation, one per line.
fn expect_none(what: &str, violations: &[String]) {
    assert!(
        violations.is_empty(),
        "{what}: {} violations\n  {}\n",
        violations.len(),
        violations.join("\n  ")
    );
}

// ---- The rules: each returns one sentence per violation.

fn at(module: &Module, line: usize) -> String {
    format!("{}:{line}", module.file.display())
}

/// Imports that go up or sideways.
fn forbidden_imports(module: &Module) -> Vec<String> {
    module.names.iter().filter_map(|name| forbidden_import(module, name)).collect()
}

fn forbidden_import(module: &Module, name: &Name) -> Option<String> {
    if name.segments[0] != "crate" {
        return None;
    }
    let place = at(module, name.line);
    let target = match name.segments.get(1).map(String::as_str) {
        None | Some("*") => {
            return Some(format!("{place} imports the whole crate; name the module"));
        }
        Some(target) => target,
    };
    let Some(to) = floor(target) else {
        return Some(format!("{place} names `crate::{target}`, which stands on no floor"));
    };
    let Some(own) = module.path.first().map(String::as_str) else {
        // `lib.rs` only declares modules, `main.rs` only starts the command line.
        let starts = module.file.ends_with("main.rs") && target == "cli";
        return (!starts).then(|| {
            format!("{place}: only `main.rs` names a module from the root, and only `cli`")
        });
    };
    let from = floor(own)?;
    if own == target {
        return None;
    }
    if to >= from {
        let way = if to > from { "up" } else { "sideways" };
        return Some(format!(
            "{place}: `{own}` (floor {from}) imports {way} from `{target}` (floor {to})"
        ));
    }
    let command = module.path.get(1).map_or("mod", String::as_str);
    if own == "cli" && target == "web" && !STARTS_THE_WEB.contains(&command) {
        return Some(format!(
            "{place}: `cli::{command}` imports `web`; only {STARTS_THE_WEB:?} may"
        ));
    }
    if own == "web" && target == "store" {
        return Some(format!("{place}: `web` asks `app`, which names what it answers with"));
    }
    None
}

/// Modules without a floor, and files that no module declares.
fn misplaced(modules: &[Module], files: &[PathBuf]) -> Vec<String> {
    let mut found = Vec::new();
    for module in modules {
        if let Some(top) = module.path.first()
            && floor(top).is_none()
        {
            found.push(format!(
                "{}: `{top}` stands on no floor; add it to FLOORS",
                module.file.display()
            ));
        }
    }
    let declared: BTreeSet<&PathBuf> = modules.iter().map(|m| &m.file).collect();
    let orphans = files.iter().filter(|f| !declared.contains(f));
    found.extend(
        orphans.map(|f| {
            format!("{}: no module declares this file, so nothing compiles it", f.display())
        }),
    );
    found
}

/// Crates that are named outside their homes.
fn strays(module: &Module) -> Vec<String> {
    let own = module.path.first().map_or("", String::as_str);
    let stray = |name: &Name| {
        let (krate, homes) = HOMES.iter().find(|(krate, _)| *krate == name.segments[0])?;
        let stray = !homes.contains(&own);
        stray.then(|| {
            format!("{} names `{krate}`, which lives in {homes:?} only", at(module, name.line))
        })
    };
    module.names.iter().filter_map(stray).collect()
}

/// I/O, clocks and randomness on the pure floors.
fn impurities(module: &Module) -> Vec<String> {
    let Some(own) = module.path.first().filter(|top| floor(top).is_some_and(|f| f <= 1)) else {
        return Vec::new();
    };
    let impure = |name: &&Name| {
        let runs = |run: &&[&str]| name.segments.windows(run.len()).any(|w| w == *run);
        !name.in_tests
            && (name.segments.len() == 1 && name.segments[0] == "std" || IMPURE.iter().any(runs))
    };
    let names = module.names.iter().filter(impure).map(|n| (n.line, n.segments.join("::")));
    let words = module
        .words
        .iter()
        .filter(|w| w.text == "async" && !w.in_tests)
        .map(|w| (w.line, w.text.clone()));
    names
        .chain(words)
        .map(|(line, what)| format!("{}: `{own}` is pure and names `{what}`", at(module, line)))
        .collect()
}

fn unsafe_words(module: &Module) -> Vec<String> {
    let found = module.words.iter().filter(|w| w.text == "unsafe");
    found.map(|w| format!("{} says `unsafe`", at(module, w.line))).collect()
}

/// The value that `percent` of the sorted values do not exceed: the nearest rank.
fn percentile(sorted: &[usize], percent: usize) -> usize {
    let rank = (sorted.len() * percent).div_ceil(100);
    sorted.get(rank.max(1) - 1).copied().unwrap_or(0)
}

/// Files that exceed their budgets.
fn oversized(modules: &[Module]) -> Vec<String> {
    let mut found = Vec::new();
    let production: Vec<&Module> = modules.iter().filter(|m| !m.in_tests).collect();
    for module in &production {
        let (lines, tests) = (module.production_lines(), module.test_lines);
        let cap = if module.file.ends_with("src/main.rs") { MAIN_CAP } else { FILE_CAP };
        if lines > cap {
            found.push(format!("{}: {lines} lines, more than {cap}", module.file.display()));
        }
        if tests > INLINE_TESTS_CAP {
            let file = module.file.display();
            found
                .push(format!("{file}: {tests} lines of inline tests, more than {INLINE_TESTS_CAP}; move them beside"));
        }
    }
    let mut sorted: Vec<usize> = production.iter().map(|m| m.production_lines()).collect();
    sorted.sort_unstable();
    for (name, percent, cap) in [("median", 50, FILE_MEDIAN), ("95th percentile", 95, FILE_P95)] {
        let value = percentile(&sorted, percent);
        if value > cap {
            found.push(format!(
                "the {name} of {} files is {value} lines, more than {cap}",
                sorted.len()
            ));
        }
    }
    found
}

/// The ten invariants of `ARCHITECTURE.md` by number, with the tests that each one names after
/// "Kept by".
fn invariants(text: &str) -> BTreeMap<usize, Vec<String>> {
    let section = text.split("\n## ").find(|s| s.starts_with("Invariants")).unwrap_or_default();
    let mut found: BTreeMap<usize, String> = BTreeMap::new();
    let mut current = None;
    for line in section.lines() {
        if let Some((number, rest)) = line.split_once(". ")
            && let Ok(number) = number.parse()
        {
            current = Some(number);
            found.insert(number, rest.to_owned());
        } else if let Some(text) = current.and_then(|n| found.get_mut(&n)) {
            let _ = write!(text, " {}", line.trim());
        }
    }
    let tests = |text: String| {
        let kept = text.split_once("Kept by").map(|(_, kept)| kept.to_owned()).unwrap_or_default();
        kept.split('`')
            .skip(1)
            .step_by(2)
            .map(|name| name.rsplit("::").next().unwrap_or(name).to_owned())
            .collect()
    };
    found.into_iter().map(|(number, text)| (number, tests(text))).collect()
}

/// Invariants that name no test, or one that does not exist.
fn unkept(
    invariants: &BTreeMap<usize, Vec<String>>,
    tests: &BTreeSet<String>,
    awaited: &[&str],
) -> Vec<String> {
    let mut found = Vec::new();
    for number in 1..=10 {
        match invariants.get(&number).map(Vec::as_slice) {
            None => found.push(format!("invariant {number} is missing")),
            Some([]) => found.push(format!("invariant {number} names no test after \"Kept by\"")),
            Some(names) => {
                let absent =
                    names.iter().filter(|n| !tests.contains(*n) && !awaited.contains(&n.as_str()));
                found.extend(absent.map(|n| {
                    format!("invariant {number} names `{n}`, and no test is called that")
                }));
            }
        }
    }
    let arrived = awaited.iter().filter(|n| tests.contains(**n));
    found.extend(arrived.map(|n| format!("`{n}` exists now: take it off AWAITED")));
    found
}

/// The paths that a document names: targets of links, and text in backticks that begins like a path
/// of this package. `src/a/{b,c}.rs` is two paths; text with a `<` or an `…` is a pattern and is
/// left out.
fn places(text: &str) -> Vec<String> {
    let links = text
        .split("](")
        .skip(1)
        .filter_map(|rest| rest.split_once(')'))
        .map(|(target, _)| target.to_owned());
    let roots = ["src/", "tests/", "docs/", "migrations/", "policies/", "templates/", "scripts/"];
    let ticked =
        text.split('`').skip(1).step_by(2).filter(|t| roots.iter().any(|root| t.starts_with(root)));
    let several = ticked.flat_map(|path| match path.split_once('{').zip(path.split_once('}')) {
        Some(((before, _), (inner, after))) => {
            let inner = inner.rsplit('{').next().unwrap_or_default();
            inner.split(',').map(|one| format!("{before}{one}{after}")).collect()
        }
        None => vec![path.to_owned()],
    });
    let plain = |path: &String| {
        !path.contains(['<', '…', '*', ' ']) && !path.contains("://") && !path.starts_with('#')
    };
    links.chain(several).filter(plain).collect()
}

/// The paths that a document names and that do not exist.
fn nowhere(document: &Path) -> Vec<String> {
    let text = fs::read_to_string(package().join(document)).expect("a document");
    let folder = document.parent().unwrap_or(Path::new(""));
    let there = |path: &String| {
        [folder, Path::new("")].iter().any(|from| package().join(from).join(path).exists())
    };
    let missing = places(&text).into_iter().filter(|path| !there(path));
    missing
        .map(|path| format!("{} names `{path}`, which is not there", document.display()))
        .collect()
}

/// Imports of a wing of `app` from one that is not below it.
fn forbidden_wings(module: &Module) -> Vec<String> {
    let step = |wing: &str| WINGS.iter().find(|(name, _)| *name == wing).map(|(_, step)| *step);
    let [app, own, ..] = module.path.as_slice() else { return Vec::new() };
    if app != "app" {
        return Vec::new();
    }
    let Some(from) = step(own) else {
        return vec![format!("{}: `{own}` is not a wing of `app`", module.file.display())];
    };
    let up = |name: &&Name| {
        let [root, floor, wing, ..] = name.segments.as_slice() else { return false };
        let other = root == "crate" && floor == "app" && wing != own && !name.in_tests;
        other && step(wing).is_some_and(|to| to >= from)
    };
    let names = module.names.iter().filter(up);
    names
        .map(|n| format!("{}: `{own}` imports `{}`", at(module, n.line), n.segments.join("::")))
        .collect()
}

/// The actual structure: a line for each module, from the top floor down, and what production code
/// imports.
fn drawing(modules: &[Module]) -> String {
    let mut imports: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for module in modules {
        let Some(own) = module.path.first() else { continue };
        let imports = imports.entry(own).or_default();
        let names = module.names.iter().filter(|n| !n.in_tests && n.segments[0] == "crate");
        imports.extend(
            names.filter_map(|n| n.segments.get(1)).filter(|t| *t != own).map(String::as_str),
        );
    }
    let mut text = String::new();
    for level in (0..=5).rev() {
        let here: Vec<&str> =
            FLOORS.iter().filter(|(_, f)| *f == level).map(|(name, _)| *name).collect();
        let mut label = format!("floor {level}");
        for name in here.iter().filter(|name| imports.contains_key(*name)) {
            let targets: Vec<&str> = imports[name].iter().copied().collect();
            let arrow = if targets.is_empty() {
                String::new()
            } else {
                format!(" → {}", targets.join(", "))
            };
            let _ = writeln!(text, "{label:8} {name:11}{arrow}");
            label.clear();
        }
    }
    text.lines().map(str::trim_end).fold(String::new(), |all, line| all + line + "\n")
}

// ---- The checks of this code base.

#[test]
fn modules_import_only_lower_floors() {
    let violations: Vec<String> = house().iter().flat_map(forbidden_imports).collect();
    expect_none(
        "a module imports only lower floors, and siblings never import each other",
        &violations,
    );
}

#[test]
fn the_wings_of_app_import_only_what_is_below_them() {
    let violations: Vec<String> = house().iter().flat_map(forbidden_wings).collect();
    expect_none("a wing of `app` imports only wings of lower steps", &violations);
}

#[test]
fn every_file_stands_on_a_floor() {
    let files = source::files(package(), "src", "rs");
    assert!(files.len() > 100, "the source was found: {} files", files.len());
    expect_none(
        "every file belongs to a module, and every module to a floor",
        &misplaced(&house(), &files),
    );
}

#[test]
fn crates_stay_in_their_homes() {
    let violations: Vec<String> = house().iter().flat_map(strays).collect();
    expect_none("a third-party name appears only in its home", &violations);
}

#[test]
fn floors_zero_and_one_are_pure() {
    let violations: Vec<String> = house().iter().flat_map(impurities).collect();
    expect_none("floors 0 and 1 do no I/O, read no clock and draw no randomness", &violations);
}

#[test]
fn nothing_is_unsafe() {
    let violations: Vec<String> = house().iter().flat_map(unsafe_words).collect();
    expect_none("unsafe code is nowhere", &violations);
}

#[test]
fn files_are_small() {
    expect_none("files keep to their budgets", &oversized(&house()));
}

#[test]
fn every_invariant_names_a_test() {
    let text = fs::read_to_string(package().join("ARCHITECTURE.md")).expect("ARCHITECTURE.md");
    let mut tests: BTreeSet<String> = house().into_iter().flat_map(|m| m.tests).collect();
    for file in source::files(package(), "tests", "rs") {
        let text = fs::read_to_string(package().join(&file)).expect("a test's source");
        tests.extend(Module::parse(&["tests"], &file.to_string_lossy(), &text, true).tests);
    }
    expect_none(
        "every invariant names the test that keeps it",
        &unkept(&invariants(&text), &tests, AWAITED),
    );
}

#[test]
fn documents_name_places_that_exist() {
    let mut documents: Vec<PathBuf> = source::files(package(), "docs", "md");
    documents.extend(
        ["ARCHITECTURE.md", "CHANGELOG.md", "CONTRIBUTING.md", "README.md", "SECURITY.md"]
            .map(PathBuf::from),
    );
    let violations: Vec<String> = documents.iter().flat_map(|document| nowhere(document)).collect();
    expect_none("documents name places that exist", &violations);
}

#[test]
fn the_drawing_is_the_house() {
    let drawn = drawing(&house());
    println!("{drawn}");
    let path = package().join("ARCHITECTURE.md");
    let text = fs::read_to_string(&path).expect("ARCHITECTURE.md");
    let (before, rest) =
        text.split_once(DRAWN_FROM).expect("ARCHITECTURE.md has a place for the floors");
    let (old, after) = rest.split_once(DRAWN_TO).expect("the place for the floors ends");
    let new = format!("\n```text\n{drawn}```\n");
    if std::env::var_os("MODELGATE_DRAW_FLOORS").is_some() {
        fs::write(&path, format!("{before}{DRAWN_FROM}{new}{DRAWN_TO}{after}"))
            .expect("ARCHITECTURE.md is written");
    } else {
        assert_eq!(old, new, "the imports have changed: run `make floors` and read what it draws");
    }
}
