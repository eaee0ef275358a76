//! Tests the rules themselves with planted violations, so that no rule passes because it sees
//! nothing.

use super::*;

fn planted(path: &[&str], text: &str) -> Module {
    Module::parse(path, "src/planted.rs", text, false)
}

/// How many violations `rule` finds in one line of the module `path`.
fn caught(rule: fn(&Module) -> Vec<String>, path: &[&str], line: &str) -> usize {
    rule(&planted(path, line)).len()
}

#[test]
fn imports_up_and_sideways_are_caught_however_they_are_written() {
    let policy: &[&str] = &["policy", "rules", "threshold"];
    for line in [
        "use crate::app;",
        "use crate::store::Store;",
        "use crate::evidence::read;",
        "use crate::{model::Slice, ledger::Entry};",
        "use crate::{model::{Slice, Unit}, policy::{self, glob}, web as page};",
        "pub(crate) use crate::report as r;",
        "use super::super::super::wire::V1;",
        "use super::{super::{super::identity::Role}};",
        "fn f() { crate::keys::sign() }",
        "fn f(x: &crate::app::Service) {}",
        "fn f() { let _ = vec![super::super::super::cli::main()]; }",
        "macro_rules! m { () => { $crate::store::open() } }",
        "mod inner { use super::super::super::super::github::Hook; }",
        "#[cfg(test)] mod tests { use crate::evidence::read; }",
        "use crate::*;",
        "use crate as root;",
        "use super::super::super::*;",
        "use crate::unheard_of::Thing;",
        "#[derive(crate::web::Derive)] struct S;",
    ] {
        assert_eq!(caught(forbidden_imports, policy, line), 1, "{line}");
    }
    assert_eq!(caught(forbidden_imports, policy, "use crate::{app, model, web::{a, b}};"), 3);
    assert_eq!(caught(forbidden_imports, &["app"], "use super::web::api;"), 1);
    assert_eq!(caught(forbidden_imports, &["stats"], "use crate::model::Slice;"), 1);
    assert_eq!(caught(forbidden_imports, &[], "pub use app::Service;"), 1);
}

#[test]
fn a_wing_that_imports_another_beside_or_above_it_is_caught() {
    let of = |path: &[&str], line: &str| caught(forbidden_wings, path, line);
    assert_eq!(of(&["app", "core", "writer"], "use crate::app::gate::submit::Answer;"), 1);
    assert_eq!(of(&["app", "registry", "blobs"], "use crate::app::accounts::people::X;"), 1);
    assert_eq!(of(&["app", "garden", "x"], "fn f() {}"), 1);
    for line in ["use crate::app::core::error::AppError;", "use crate::app::Service;"] {
        assert_eq!(of(&["app", "gate", "submit"], line), 0, "{line}");
    }
}

#[test]
fn imports_down_and_talk_of_others_are_left_alone() {
    let policy: &[&str] = &["policy", "rules", "threshold"];
    for line in [
        "use crate::{model::{Slice, Unit}, policy::{self, glob}, stats};",
        "use super::super::condition;",
        "use super::*;",
        "use self::inner::x;",
        "//! see crate::app and [`crate::web`]",
        "/// `crate::store::Store`\nfn f() {}",
        "const TEXT: &str = \"use crate::web::api;\";",
        "const RAW: &str = r#\"crate::web\"#;",
        "fn f() { store::x(); web.api(); }",
        "fn f() -> impl Iterator<Item = u8> + use<> {}",
    ] {
        assert_eq!(caught(forbidden_imports, policy, line), 0, "{line}");
    }
    let main = Module::parse(&[], "src/main.rs", "fn main() { modelgate::cli::main() }", false);
    assert!(forbidden_imports(&main).is_empty());
    let main = Module::parse(&[], "src/main.rs", "fn main() { modelgate::app::start() }", false);
    assert_eq!(forbidden_imports(&main).len(), 1);
}

#[test]
fn only_the_commands_that_start_the_server_see_the_web() {
    let line = "use crate::web::router;";
    assert_eq!(caught(forbidden_imports, &["cli", "serve"], line), 0);
    assert_eq!(caught(forbidden_imports, &["cli", "demo", "story"], line), 0);
    assert_eq!(caught(forbidden_imports, &["cli", "gate"], line), 1);
    assert_eq!(caught(forbidden_imports, &["cli"], line), 1);
}

#[test]
fn crates_away_from_home_are_caught() {
    for (path, line) in [
        (&["app"], "use sqlx::Row;"),
        (&["app"], "use sqlx;"),
        (&["app"], "use {serde::Serialize, axum::Router};"),
        (&["app"], "use ::axum::Router;"),
        (&["web"], "fn f() { ::sqlx::query(\"\"); }"),
        (&["web"], "#[derive(sqlx::FromRow)] struct Row;"),
        (&["store"], "extern crate octocrab;"),
        (&["policy"], "fn f(x: clap::Error) {}"),
        (&["web"], "fn f() { let _ = json!({\"a\": jsonwebtoken::decode(t)}); }"),
        (&["report"], "#[cfg(test)] mod tests { use handlebars::Handlebars; }"),
        (&["app"], "type Client = reqwest::Client;"),
    ] {
        assert_eq!(caught(strays, path, line), 1, "{line}");
    }
    assert_eq!(caught(strays, &["store", "db"], "use sqlx::{Any, Row};"), 0);
    assert_eq!(caught(strays, &["cli", "gate"], "use {reqwest::Client, clap::Args};"), 0);
    assert_eq!(
        caught(strays, &["app"], "fn f() { let axum = 1; other::sqlx::x(); } // sqlx::query"),
        0
    );
}

#[test]
fn impurity_is_caught_on_the_pure_floors_only() {
    for line in [
        "use std::fs;",
        "use std::{collections::BTreeMap, fs::File};",
        "use std as s;",
        "use std::*;",
        "use std::time::*;",
        "use std::time::{Duration, Instant};",
        "fn f() { std::env::var(\"A\"); }",
        "fn f() { time::SystemTime::UNIX_EPOCH; }",
        "fn f() { jiff::Timestamp::now(); }",
        "fn f() { io::stdin(); }",
        "use std::net::TcpStream;",
        "fn f() { tokio::spawn(x); }",
        "fn f() { getrandom::fill(x); }",
        "use aws_lc_rs::rand::SystemRandom;",
        "pub async fn f() {}",
        "#[cfg(test)] use std::fs; #[cfg(not(test))] use std::fs as g;",
        "#[cfg(test)] fn f() {} fn g() { std::process::exit(1) }",
    ] {
        assert_eq!(caught(impurities, &["policy", "rules"], line), 1, "{line}");
        assert_eq!(caught(impurities, &["app"], line), 0, "{line}");
    }
    for line in [
        "use std::{collections::BTreeMap, time::Duration, fmt::Write, io::Read};",
        "fn f(now: Timestamp) { later(now); self.now; x.now(); }",
        "#[cfg(test)] mod tests { use std::fs; fn f() { std::env::var(\"A\"); } }",
        "#![cfg(test)] use std::fs;",
        "// std::fs\nconst A: &str = \"tokio::spawn\";",
    ] {
        assert_eq!(caught(impurities, &["model", "time"], line), 0, "{line}");
    }
}

#[test]
fn unsafe_is_caught_and_the_word_in_a_comment_is_not() {
    assert_eq!(caught(unsafe_words, &["web"], "fn f() { unsafe { g() } }"), 1);
    assert_eq!(caught(unsafe_words, &["web"], "#[cfg(test)] mod tests { unsafe fn f() {} }"), 1);
    assert_eq!(caught(unsafe_words, &["web"], "// unsafe\nconst A: &str = \"unsafe\";"), 0);
}

#[test]
fn large_files_are_caught_without_their_tests() {
    let lines = |n: usize| "const A: u8 = 1;\n".repeat(n);
    let large = planted(&["app"], &lines(601));
    assert!(oversized(&[large])[0].starts_with("src/planted.rs: 601 lines"));
    let tested = format!("{}#[cfg(test)]\nmod tests {{\n{}}}\n", lines(100), lines(140));
    let tested = planted(&["app"], &tested);
    assert_eq!((tested.production_lines(), tested.test_lines), (101, 142));
    assert!(oversized(&[tested]).is_empty());
    let tested = format!("#[cfg(test)]\nmod tests {{\n{}}}\n", lines(149));
    assert_eq!(oversized(&[planted(&["app"], &tested)]).len(), 1);
    let middling = planted(&["app"], &lines(151));
    assert_eq!(oversized(&[middling]), ["the median of 1 files is 151 lines, more than 150"]);
    assert_eq!(percentile(&[1, 2, 3, 4], 50), 2);
    assert_eq!(percentile(&(1..=100).collect::<Vec<_>>(), 95), 95);
}

#[test]
fn a_file_that_nothing_declares_is_caught() {
    let modules = [planted(&["attic"], "")];
    let files = [PathBuf::from("src/planted.rs"), PathBuf::from("src/forgotten.rs")];
    let found = misplaced(&modules, &files);
    assert!(
        found[0].contains("`attic` stands on no floor") && found[1].starts_with("src/forgotten.rs"),
        "{found:?}"
    );
}

#[test]
fn invariants_without_a_test_are_caught() {
    let text = "# A\n\n## Invariants\n\n1. Pure. Kept by `a::pure_floors` and\n   `no_panic`.\n2. Said. See `x`.\n\n\
                ## More\n\n3. Not `here`. Kept by `other`.\n";
    let found = invariants(text);
    assert_eq!(found[&1], ["pure_floors", "no_panic"]);
    assert!(found[&2].is_empty());
    let tests = planted(
        &["app"],
        "#[test] fn pure_floors() {} fn no_panic() {} #[tokio::test] async fn late() {}",
    )
    .tests;
    assert_eq!(tests, ["pure_floors", "late"]);
    let twice =
        planted(&["app"], "on_both_engines! { async fn one(d: D) { f() } async fn two(d: D) {} }")
            .tests;
    assert_eq!(twice, ["one", "two"]);
    let tests: BTreeSet<String> = tests.into_iter().collect();
    let unkept = unkept(&found, &tests, &["late"]);
    assert!(unkept[0].contains("`no_panic`"), "{unkept:?}");
    assert!(unkept[1].contains("invariant 2 names no test"), "{unkept:?}");
    assert_eq!(unkept.len(), 2 + 8 + 1, "{unkept:?}");
}

#[test]
fn places_are_found_in_documents() {
    let text = "See [a](docs/a.md), [b](https://example.com) and [c](#c). `src/x/{y,z}.rs` and `src/web/<name>.rs`, \
                `modelgate serve`, `src/model/`.";
    assert_eq!(places(text), ["docs/a.md", "src/x/y.rs", "src/x/z.rs", "src/model/"]);
}

#[test]
fn the_drawing_shows_what_production_imports() {
    let modules = [
        planted(
            &["policy"],
            "use crate::{model::Slice, stats}; #[cfg(test)] mod tests { use crate::wire; }",
        ),
        planted(&["model"], ""),
    ];
    assert_eq!(drawing(&modules), "floor 1  policy      → model, stats\nfloor 0  model\n");
}
